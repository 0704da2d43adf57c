//! A run as it is told where there is no terminal: a line for each thing that matters, or JSON.

use serde::Serialize;
use surefoot_journal::{Event, Facing, Outcome, Phase, Record, RunState, Timestamp};
use surefoot_plan::{Names, Plan};

use crate::progress::{Mark, Progress, Row};
use crate::say;
use crate::screen;
use crate::style::{plain, plain_lines};
use crate::tell::{About, about, tell};

/// The version of the JSON form. Fields are only added; a reader ignores those it does not know.
pub const EVENTS_FORMAT: &str = "1.0";

/// Most lines of output that are told after a failure; the transcript has more.
const TAIL_LINES_MAX: usize = 10;

/// Tells a run line by line.
#[derive(Debug, Default)]
pub struct Lines {
    /// What was owed when it was last told.
    owed: String,
    /// The reason that was told last: a failure is recorded several times, and told with its reason once.
    why: String,
    /// Which branches were taken.
    progress: Progress,
}

impl Lines {
    /// Tells from the start.
    pub fn new() -> Lines {
        Lines { owed: "nothing".to_owned(), ..Lines::default() }
    }

    /// Takes in a record that is not told: what happened before the run was taken up.
    pub fn observe(&mut self, record: &Record) {
        self.progress.observe(record);
    }

    /// The lines that a record is worth, with the state it led to.
    pub fn tell(&mut self, plan: &Plan, record: &Record, state: &RunState) -> Vec<String> {
        self.observe(record);
        let mut lines = Vec::new();
        if let Some(weight) = weight(&record.event) {
            let told = tell(plan, &Names::found(plan, state.bound()), &record.event);
            let clock = say::clock(record.time);
            if let Event::Intent { claim, .. } = &record.event
                && (claim.statement, claim.attempt) == (0, 1)
                && let Some(step) = plan.step(&claim.step).filter(|step| !step.title.is_empty())
            {
                let back = if claim.phase == Phase::Rollback { "rollback of " } else { "" };
                let title = say::title(plan, step, claim.phase);
                lines.push(plain(&format!("{clock}  {back}{}: {title}", step.id)));
            }
            let subject = match about(&record.event) {
                About::Run => String::new(),
                About::Node(id) => format!("{id}: "),
                About::Back(id) => format!("rollback of {id}: "),
            };
            let mut text = told.text;
            if let Event::Done { step, .. } = &record.event
                && let Some(step) = plan.step(step).filter(|step| step.call.is_some())
            {
                // It does nothing: what it is called says what begins or is over.
                text.clone_from(&step.title);
            }
            if let Some(why) = why(&record.event) {
                if *why == self.why {
                    text = text.strip_suffix(&format!(": {why}")).unwrap_or(&text).to_owned();
                }
                self.why.clone_from(why);
            }
            lines.push(plain(&format!("{clock}  {subject}{text}")));
            if weight == Weight::Full {
                lines.extend(told.evidence.iter().map(|line| format!("            {}", plain(line))));
                for output in told.outputs {
                    let all = plain_lines(&output.tail);
                    let skip = all.len().saturating_sub(TAIL_LINES_MAX);
                    lines.extend(all.iter().skip(skip).map(|line| format!("          | {line}")));
                }
            }
        }
        if let Event::Held { .. } | Event::Stuck { .. } | Event::Ended(_) = &record.event {
            let open = say::open_scopes(state, record.time);
            lines.extend(open.iter().map(|open| plain(&format!("          still open: {open}"))));
        }
        if let (Event::Held { .. }, Facing::Forward) = (&record.event, state.facing()) {
            let left = self.left_to_do(plan, state);
            lines.extend(left.map(|left| plain(&format!("          left to do: {left}"))));
        }
        let owed = screen::owed(state);
        if owed != self.owed {
            lines.push(plain(&format!("          owed if you stop now: {owed}")));
            self.owed = owed;
        }
        lines
    }

    /// The steps that a run which goes on will do, or may, in order; none if it did all.
    fn left_to_do(&self, plan: &Plan, state: &RunState) -> Option<String> {
        let over = |row: &Row| matches!(row.mark, Mark::Done | Mark::Skipped);
        let rows = self.progress.rows(plan, state, true);
        let left: Vec<&str> =
            rows.iter().filter(|row| row.is_step && !over(row)).map(|row| row.id.0.as_str()).collect();
        (!left.is_empty()).then(|| left.join(", "))
    }
}

/// How much of an event is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Weight {
    /// Its sentence.
    Sentence,
    /// All that it rests on, too.
    Full,
}

/// The reason of an event that ends something.
fn why(event: &Event) -> Option<&String> {
    if let Event::Partial { why, .. }
    | Event::NotDone { why, .. }
    | Event::Failed { why, .. }
    | Event::TurnsFailed { why, .. }
    | Event::TurnedBack { why } = event
    {
        return Some(why);
    }
    None
}

/// How much of an event is told; none for what only a transcript needs.
fn weight(event: &Event) -> Option<Weight> {
    match event {
        // Whoever answered knows it; whoever did not must hear what was taken instead.
        Event::Bound { answered: Some(_), .. } => Some(Weight::Full),
        Event::Probed { settled: true, .. } | Event::Before { .. } | Event::Bound { .. } => None,
        Event::Probed { settled: false, .. } => None,
        Event::Outcome { outcome: Outcome::Performed(report), .. } if report.ok => None,
        Event::Intent { .. }
        | Event::Outcome { .. }
        | Event::ApprovalAsked { .. }
        | Event::Refused { .. }
        | Event::Sealed { .. }
        | Event::Resolved { .. }
        | Event::Collected { .. }
        | Event::Held { .. }
        | Event::Ended(_)
        | Event::Started(_) => Some(Weight::Full),
        Event::Resumed { .. }
        | Event::Recovered { .. }
        | Event::Waited { .. }
        | Event::Chose { .. }
        | Event::Entered { .. }
        | Event::WaveNext { .. }
        | Event::TurnsFailed { .. }
        | Event::TurnsTakenBack { .. }
        | Event::Branched { .. }
        | Event::Joined { .. }
        | Event::Stopped { .. }
        | Event::Assumed { .. }
        | Event::ApprovalAnswered { .. }
        | Event::ApprovalVoided { .. }
        | Event::Done { .. }
        | Event::Partial { .. }
        | Event::NotDone { .. }
        | Event::InDoubt { .. }
        | Event::Failed { .. }
        | Event::TurnedBack { .. }
        | Event::Paid { .. }
        | Event::Stuck { .. }
        | Event::Forgiven { .. }
        | Event::Decided { .. }
        | Event::CancelAsked { .. }
        | Event::Noted { .. }
        | Event::Notified { .. } => Some(Weight::Sentence),
    }
}

/// What a record says, for a program.
#[derive(Debug, Serialize)]
struct Told<'a> {
    /// The version of this form.
    format: &'static str,
    /// The run.
    run: &'a str,
    /// The number of the record.
    seq: u64,
    /// When.
    time: Timestamp,
    /// What kind of event.
    event: &'static str,
    /// `run`, `step` or `rollback`.
    about: &'static str,
    /// The step.
    step: Option<&'a str>,
    /// What happened, in a sentence.
    text: String,
    /// What that rests on.
    evidence: Vec<String>,
    /// Where the run stands then: `not started`, `going forward`, `held, going back`, `stuck`, `over`.
    standing: String,
    /// What is owed then, the next to be paid first.
    owed: Vec<&'a str>,
}

/// A record as a line of JSON, with the state it led to.
pub fn json_line(plan: &Plan, record: &Record, state: &RunState) -> String {
    let told = tell(plan, &Names::found(plan, state.bound()), &record.event);
    let (about, step) = match about(&record.event) {
        About::Run => ("run", None),
        About::Node(id) => ("step", Some(id.0.as_str())),
        About::Back(id) => ("rollback", Some(id.0.as_str())),
    };
    let told = Told {
        format: EVENTS_FORMAT,
        run: state.header().map(|header| header.run.0.as_str()).unwrap_or_default(),
        seq: record.seq,
        time: record.time,
        event: record.event.kind(),
        about,
        step,
        text: told.text,
        evidence: told.evidence,
        standing: state.to_string(),
        owed: state.owed().map(say::debt).collect(),
    };
    // It holds text and numbers only, so it can always be written.
    serde_json::to_string(&told).unwrap_or_default()
}

#[cfg(test)]
mod tests;
