//! Tells one event in a sentence, with what it rests on.

use surefoot_journal::{
    Claim, Debt, Event, Exit, HeldWhy, NotifiedFor, Outcome, Output, Phase, Point, Reading, Refusal, Report,
    ResolvedBy, Stream, WorldKind,
};
use surefoot_plan::{GRACE_MS, Hypothesis, Names, Node, Plan, Statement, StepId, Tri, Way};

use crate::say;

/// An event in words.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Told<'a> {
    /// The sentence.
    pub(crate) text: String,
    /// What it rests on: readings, values, reasons; each in a line.
    pub(crate) evidence: Vec<String>,
    /// What was printed.
    pub(crate) outputs: Vec<&'a Output>,
}

/// What an event is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum About<'a> {
    /// The run.
    Run,
    /// A step, a wait or an `if`, on the way forward.
    Node(&'a StepId),
    /// A step's rollback.
    Back(&'a StepId),
}

impl<'a> Told<'a> {
    /// A sentence that needs nothing more.
    fn only(text: impl Into<String>) -> Told<'a> {
        Told { text: text.into(), ..Told::default() }
    }

    /// A sentence with lines that it rests on.
    fn with(text: impl Into<String>, evidence: Vec<String>) -> Told<'a> {
        Told { text: text.into(), evidence, outputs: Vec::new() }
    }
}

/// What an event is about.
pub(crate) fn about(event: &Event) -> About<'_> {
    match event {
        Event::Probed { point, .. } => match point {
            Point::Entry | Point::End | Point::Restored | Point::Resume => About::Run,
            Point::Guard(step, phase) | Point::Ensures(step, phase) => of_phase(step, *phase),
            Point::Base(step)
            | Point::Invariants(step)
            | Point::Condition(step)
            | Point::Doubt(step)
            | Point::Shown(step) => About::Node(step),
        },
        Event::Bound { id, at, .. } => match (at, &id.step) {
            (Some(claim), _) => of_phase(&claim.step, claim.phase),
            (None, Some(step)) => About::Node(step),
            (None, None) => About::Run,
        },
        Event::Noted { at, .. } => at.as_ref().map_or(About::Run, |claim| of_phase(&claim.step, claim.phase)),
        Event::Notified { why: NotifiedFor::Statement(claim), .. } => of_phase(&claim.step, claim.phase),
        Event::Notified { why: NotifiedFor::Wait { node, .. }, .. } => About::Node(node),
        Event::Refused { step, phase, .. } => step.as_ref().map_or(About::Run, |step| of_phase(step, *phase)),
        Event::Failed { step, .. } => step.as_ref().map_or(About::Run, About::Node),
        Event::Intent { claim, .. } | Event::Outcome { claim, .. } => of_phase(&claim.step, claim.phase),
        Event::Waited { wait: step, .. }
        | Event::Chose { node: step, .. }
        | Event::Entered { node: step, .. }
        | Event::WaveNext { node: step, .. }
        | Event::TurnsFailed { node: step, .. }
        | Event::TurnsTakenBack { node: step, .. }
        | Event::Branched { node: step }
        | Event::Joined { node: step }
        | Event::Stopped { stop: step, .. }
        | Event::Assumed { assume: step, .. }
        | Event::ApprovalAsked { step, .. }
        | Event::ApprovalAnswered { step, .. }
        | Event::ApprovalVoided { step, .. }
        | Event::Before { step, .. }
        | Event::Done { step }
        | Event::Partial { step, .. }
        | Event::NotDone { step, .. }
        | Event::Sealed { step, .. }
        | Event::InDoubt { step, .. }
        | Event::Resolved { step, .. } => About::Node(step),
        Event::Paid { debt, .. } | Event::Stuck { debt, .. } | Event::Forgiven { debt, .. } => {
            let Debt::Rollback(step) = debt;
            About::Back(step)
        }
        Event::Started(_)
        | Event::Resumed { .. }
        | Event::Recovered { .. }
        | Event::Collected { .. }
        | Event::TurnedBack { .. }
        | Event::Held { .. }
        | Event::Decided { .. }
        | Event::CancelAsked { .. }
        | Event::Ended(_) => About::Run,
    }
}

/// A step forward, or its rollback.
fn of_phase(step: &StepId, phase: Phase) -> About<'_> {
    match phase {
        Phase::Forward => About::Node(step),
        Phase::Rollback => About::Back(step),
    }
}

/// Tells an event.
pub(crate) fn tell<'a>(plan: &Plan, names: &Names<'_>, event: &'a Event) -> Told<'a> {
    match event {
        Event::Started(started) => {
            let world = match started.world {
                WorldKind::Real => "",
                WorldKind::Dry => ", DRY: nothing is changed",
                WorldKind::Simulated => ", SIMULATED: nothing is real",
            };
            let text = format!("begun by {} on {}{world}", say::who(&started.operator), started.host);
            Told::with(text, started.waivers.iter().map(|waiver| format!("waived: {waiver}")).collect())
        }
        Event::Resumed { operator, host, .. } => {
            Told::only(format!("taken up again by {} on {host}", say::who(operator)))
        }
        Event::Recovered { bytes } => Told::only(format!(
            "a torn last record of {bytes} bytes was dropped; it announced nothing that was done"
        )),
        Event::Probed { point, readings, settled, answered } => {
            let again = if *settled { "" } else { "; asked again soon" };
            let mut evidence = reading_lines(names, readings);
            evidence.extend(answered.iter().flat_map(say::answered));
            Told::with(format!("{}{again}", point_text(point)), evidence)
        }
        Event::Bound { id, value, answered, .. } => {
            Told::with(format!("{id} = {value}"), answered.iter().flat_map(say::answered).collect())
        }
        Event::Waited { reached, .. } => Told::only(match reached {
            true => "it came true",
            false => "it did not come true in time",
        }),
        Event::Entered { items, .. } => Told::only(say::items(items)),
        Event::WaveNext { items, not_before, .. } => Told::only(format!(
            "the next wave ({}) begins not before {}",
            say::listed(items),
            say::clock(*not_before)
        )),
        Event::TurnsFailed { items, why, asks: true, .. } => Told::only(format!(
            "its wave is taken back, and then a person decides ({}): {why}",
            say::listed(items)
        )),
        Event::TurnsFailed { items, why, .. } => Told::only(format!(
            "what failed is taken back, and the loop goes on ({}): {why}",
            say::listed(items)
        )),
        Event::TurnsTakenBack { items, .. } => Told::only(format!("taken back: {}", say::listed(items))),
        Event::Branched { node } => Told::only(say::branches_begin(plan, node)),
        Event::Joined { .. } => Told::only("all its branches are over, and well: the run goes on behind it"),
        Event::Chose { node, arm } if cause(plan, node).is_some() => {
            let cause = cause(plan, node).map(|cause| cause.text.as_str()).unwrap_or_default();
            Told::only(match arm {
                Tri::True => format!("FOUND: {cause}"),
                Tri::False => format!("ruled out: {cause}"),
                Tri::Unknown => format!("it CANNOT BE TOLD whether {cause}; the run goes on"),
            })
        }
        Event::Chose { node, arm } => {
            let asked = asked(plan, node);
            Told::only(match arm {
                Tri::True => format!("{asked} is true"),
                Tri::False => format!("{asked} is false"),
                Tri::Unknown => format!("{asked} cannot be told: the `unknown` branch is taken"),
            })
        }
        Event::Assumed { assume, found } => {
            let what = assumed(plan, names, assume);
            Told::only(match found {
                Tri::True => format!("what the plan assumes holds: {what}"),
                Tri::False | Tri::Unknown => format!("it cannot be told, and is ASSUMED: {what}"),
            })
        }
        Event::Stopped { why, .. } => Told::only(format!("the run ends here, well and early: {why}")),
        Event::ApprovalAsked { role, people, shown, values, .. } => {
            let mut evidence = reading_lines(names, shown);
            evidence.extend(values.iter().map(|(text, value)| say::shown_value(text, value)));
            let who = match people {
                1 => format!("a {role} is asked to approve"),
                people => format!("{people} people of {role} are asked to approve"),
            };
            Told::with(who, evidence)
        }
        Event::ApprovalAnswered { by, approved, comment, .. } => {
            let verb = if *approved { "approved" } else { "REFUSED" };
            Told::only(format!("{verb} by {}{}", say::who(by), say::reason(comment)))
        }
        Event::ApprovalVoided { why, by: None, .. } => {
            Told::only(format!("the approval counts no more: {why}"))
        }
        Event::ApprovalVoided { why, by: Some(by), .. } => {
            Told::only(format!("the yes of {} counts no more: {why}", say::who(by)))
        }
        Event::Refused { why, phase, .. } => {
            let what = match phase {
                Phase::Forward => "not started: a condition",
                Phase::Rollback => "the rollback is not started: a condition",
            };
            refusal(names, what, why)
        }
        Event::Before { base, captures, answered, .. } => {
            let mut evidence = reading_lines(names, base);
            evidence.extend(captures.iter().map(|(name, value)| format!("{name} = {value}")));
            evidence.extend(answered.iter().flat_map(say::answered));
            Told::with("recorded what was true before it", evidence)
        }
        Event::Intent { claim, shown } => {
            // A journal of format 1.0 does not say what was done with which values: the plan's words stand in.
            let evidence = match shown.is_empty() {
                true => statement_of(plan, claim).map_or_else(Vec::new, |found| say::statement(plan, found)),
                false => shown.clone(),
            };
            let attempt =
                if claim.attempt > 1 { format!(" (attempt {})", claim.attempt) } else { String::new() };
            Told::with(format!("does statement {}{attempt}", claim.statement + 1), evidence)
        }
        Event::Outcome { claim, outcome } => {
            let limit = plan.step(&claim.step).map(|step| step.deadline_ms);
            tell_outcome(outcome, limit)
        }
        Event::Done { .. } => Told::only("DONE"),
        Event::Partial { why, .. } => Told::only(format!("NOT DONE, and may be half done: {why}")),
        Event::NotDone { why, .. } => Told::only(format!("NOT DONE: it did not act: {why}")),
        Event::Sealed { debts, .. } => {
            let text = "POINT OF NO RETURN passed: what came before it is never taken back";
            let sealed = debts.iter().map(say::debt).collect::<Vec<_>>().join(", ");
            Told::with(text, if sealed.is_empty() { Vec::new() } else { vec![format!("sealed: {sealed}")] })
        }
        Event::InDoubt { why, .. } => Told::only(format!("UNKNOWN whether it took effect: {why}")),
        Event::Resolved { effect, by, evidence, .. } => {
            let text = format!("{}, says {}", say::effect(*effect), say::resolved_by(by));
            let label = if matches!(by, ResolvedBy::Person(_)) { "reason" } else { "evidence" };
            let empty = evidence.is_empty();
            Told::with(text, if empty { Vec::new() } else { vec![format!("{label}: {evidence}")] })
        }
        Event::Failed { why, .. } => Told::only(format!("FAILED: {why}")),
        Event::Collected { index, outcome } => {
            let mut told = tell_outcome(outcome, None);
            let what = usize::try_from(*index).ok().and_then(|index| plan.collect.get(index));
            let lines = what.map_or_else(Vec::new, |found| say::statement(plan, &found.statement));
            told.text = format!("gathered after the failure: {}", told.text);
            told.evidence.splice(0..0, lines);
            told
        }
        Event::TurnedBack { why } => Told::only(format!("the run turns back: {why}")),
        Event::Paid { skipped: None, .. } => Told::only("TAKEN BACK"),
        Event::Paid { skipped: Some(why), .. } => Told::only(format!("need not be taken back: {why}")),
        Event::Stuck { why, .. } => Told::only(format!("STUCK, and still owed: {why}")),
        Event::Forgiven { by, reason, .. } => {
            Told::only(format!("let go by {}: it stays as it is{}", say::who(by), say::reason(reason)))
        }
        Event::Held { why } => held(names, why),
        Event::Decided { choice, by, reason } => {
            let who = by.as_ref().map_or_else(|| "the runbook".to_owned(), say::who);
            Told::only(format!("{who} decided: {}{}", say::choice(*choice), say::reason(reason)))
        }
        Event::CancelAsked { level, by, why } => {
            let what = match level {
                0 | 1 => "stop when what runs is over",
                2 => "stop what runs, too",
                3.. => "kill what runs",
            };
            Told::only(match by {
                Some(by) => format!("{} asked to {what}{}", say::who(by), say::reason(why)),
                None if why.is_empty() => format!("a signal asked to {what}"),
                None => format!("{why}: {what}"),
            })
        }
        Event::Noted { text, .. } => Told::only(format!("note: {text}")),
        Event::Notified { why, channel, text, failed } => {
            let lasts = if let NotifiedFor::Wait { .. } = why { "it lasts, and " } else { "" };
            Told::only(match failed {
                None => format!("{lasts}{channel} was told: {text}"),
                Some(failed) => format!("{lasts}{channel} was NOT told, because {failed}: {text}"),
            })
        }
        Event::Ended(ended) => {
            let mut evidence = vec![
                format!("forward:  {}", say::forward(ended.forward)),
                format!("way back: {}", say::way_back(ended)),
                format!("facts:    {}", say::facts(plan, ended)),
            ];
            for (at, debt) in ended.owed.iter().enumerate() {
                evidence.push(format!("owed:     {}. {}", at + 1, say::debt(debt)));
            }
            Told::with("the run is over", evidence)
        }
    }
}

/// What a part of a plan assumes, with the reason.
pub(crate) fn assumed(plan: &Plan, names: &Names<'_>, id: &StepId) -> String {
    let mut found = plan.nodes().filter(|node| node.id() == plan.general(id));
    match found.next() {
        Some(Node::Assume { literal, why, .. }) => {
            format!("{}{}", names.literal(literal), say::reason(why))
        }
        Some(
            Node::Step(_)
            | Node::Wait(_)
            | Node::If { .. }
            | Node::Each(_)
            | Node::Parallel(_)
            | Node::Stop { .. },
        )
        | None => id.to_string(),
    }
}

/// The cause that a part of a plan tries.
pub(crate) fn cause<'a>(plan: &'a Plan, id: &StepId) -> Option<&'a Hypothesis> {
    plan.nodes().find(|node| node.id() == plan.general(id)).and_then(|node| match node {
        Node::If { hypothesis, .. } => hypothesis.as_ref(),
        Node::Step(_)
        | Node::Wait(_)
        | Node::Each(_)
        | Node::Parallel(_)
        | Node::Stop { .. }
        | Node::Assume { .. } => None,
    })
}

/// What a choice asked, in its author's words.
fn asked(plan: &Plan, id: &StepId) -> String {
    let node = plan.nodes().find(|node| node.id() == plan.general(id));
    let text = node.map_or("", |node| match node {
        Node::If { text, .. } => text.as_str(),
        Node::Step(_)
        | Node::Wait(_)
        | Node::Each(_)
        | Node::Parallel(_)
        | Node::Stop { .. }
        | Node::Assume { .. } => "",
    });
    if text.is_empty() { "it".to_owned() } else { format!("`{text}`") }
}

/// The statement that a claim names.
pub(crate) fn statement_of<'a>(plan: &'a Plan, claim: &Claim) -> Option<&'a Statement> {
    let step = plan.step(&claim.step)?;
    let body = match (claim.phase, &step.way) {
        (Phase::Forward, _) => &step.body,
        (Phase::Rollback, Way::Rollback(rollback)) => &rollback.body,
        (Phase::Rollback, Way::Irreversible(_) | Way::Nothing) => return None,
    };
    body.get(usize::try_from(claim.statement).ok()?)
}

/// Why facts were probed.
fn point_text(point: &Point) -> String {
    let text = match point {
        Point::Entry => "probed at the start",
        Point::End => "probed at the end",
        Point::Guard(_, Phase::Forward) => "probed before it",
        Point::Guard(_, Phase::Rollback) => "probed before its rollback",
        Point::Base(_) => "probed what it may change",
        Point::Ensures(_, Phase::Forward) => "probed after it",
        Point::Ensures(_, Phase::Rollback) => "probed after its rollback",
        Point::Invariants(_) => "probed what must hold always",
        Point::Condition(_) => "probed what it waits for, or asks",
        Point::Doubt(_) => "probed whether it took effect",
        Point::Shown(_) => "probed for the one who approves",
        Point::Restored => "probed after the way back",
        Point::Resume => "probed again",
    };
    text.to_owned()
}

/// Each reading in a line.
fn reading_lines(names: &Names<'_>, readings: &[Reading]) -> Vec<String> {
    readings.iter().map(|reading| say::reading(names, reading)).collect()
}

/// Tells why something was not started.
fn refusal<'a>(names: &Names<'_>, what: &str, why: &Refusal) -> Told<'a> {
    let found = if why.known_false { "is false" } else { "cannot be told" };
    let drift = match why.drift {
        true => "; the plan had proved it, so the world is not as was assumed",
        false => "",
    };
    let text = format!("{what} {found}: {}{}{drift}", why.condition, say::reason(&why.message));
    Told::with(text, reading_lines(names, &why.readings))
}

/// Tells why a run waits for a person.
pub(crate) fn held<'a>(names: &Names<'_>, why: &HeldWhy) -> Told<'a> {
    match why {
        HeldWhy::UnknownFact(refused) => refusal(names, "the run waits for a person: a condition", refused),
        HeldWhy::Assumption { assume, why } => Told::with(
            format!(
                "the run waits for a person: {assume} assumes what is known FALSE: {}{}",
                why.condition,
                say::reason(&why.message)
            ),
            reading_lines(names, &why.readings),
        ),
        HeldWhy::Doubt(step) => Told::only(format!(
            "the run waits for a person: nothing tells whether `{step}` took effect, so look, and say"
        )),
        HeldWhy::Failed(Some(step)) => {
            Told::only(format!("the run waits for a person: how to go on after `{step}` failed"))
        }
        HeldWhy::Failed(None) => Told::only(
            "the run waits for a person: how to go on, as what it ensures at its end does not hold",
        ),
        HeldWhy::Cancelled => {
            Told::only("the run waits for a person: how to go on after it was asked to stop")
        }
        HeldWhy::Crash => Told::only("the run waits for a person: how to go on after its executor was lost"),
    }
}

/// Tells what became of a statement.
fn tell_outcome(outcome: &Outcome, limit_ms: Option<u64>) -> Told<'_> {
    match outcome {
        Outcome::Performed(report) => tell_report(report, limit_ms),
        Outcome::NotPerformed { why } => Told::only(format!("nothing was performed: {why}")),
        Outcome::Unknown { why, over } => {
            let still = if *over { "it is over" } else { "IT MAY STILL RUN" };
            Told::only(format!("nobody can tell what became of it ({still}): {why}"))
        }
    }
}

/// Tells how a statement ended, which had this long.
fn tell_report(report: &Report, limit_ms: Option<u64>) -> Told<'_> {
    let mut text =
        if report.ok { "ended well".to_owned() } else { format!("did not end well: {}", report.why) };
    if let Some(exit) = report.exit
        && !text.contains(&say::exit(exit))
    {
        text.push_str(&format!(", {}", say::exit(exit)));
    }
    match (report.exit, limit_ms) {
        // It is asked to end then, and killed if it does not: both take longer than it was given.
        (Some(Exit::TimedOut), Some(limit)) => text.push_str(&format!(
            " ({}, then {} to end; it was gone after {})",
            say::duration(limit),
            say::duration(GRACE_MS),
            say::elapsed(report.elapsed_ms)
        )),
        (Some(_) | None, _) => text.push_str(&format!(" after {}", say::elapsed(report.elapsed_ms))),
    }
    let mut evidence = Vec::new();
    if let Some(value) = &report.value {
        evidence.push(format!("value: {value}"));
    }
    evidence.extend(report.answered.iter().flat_map(say::answered));
    evidence.extend(report.left_running.iter().map(|program| format!("left running: {program}")));
    Told { text, evidence, outputs: report.output.iter().collect() }
}

/// The name of a stream.
pub(crate) fn stream(stream: Stream) -> &'static str {
    match stream {
        Stream::Out => "out",
        Stream::Err => "err",
    }
}
