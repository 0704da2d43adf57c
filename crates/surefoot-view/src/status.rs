//! Where a run stands, for the one who is called at night: what is done, unknown and owed, how far the
//! point of no return is, what it waits for and what to type.

use surefoot_journal::{
    ApprovalState, Asks, Debt, Facing, ForwardVerdict, HeldWhy, Holder, Identity, IllegalTransition, Notice,
    Record, RunState, Stage, Standing, Timestamp,
};
use surefoot_plan::{Class, Names, Plan, StepId, Type, Way};

use crate::ledger::ledgers;
use crate::progress::{Mark, Progress, Row};
use crate::say;
use crate::style::{Page, Role, Style, cut, plain, width};
use crate::tell;

/// Most names that are listed in a sentence.
const NAMED_MAX: usize = 6;

/// Most debts that are listed one by one.
const OWED_MAX: usize = 12;

/// What is known of a run besides its journal.
#[derive(Clone, Debug, Default)]
pub struct Around {
    /// How the run is called in commands: the shortest start of its id that is its own.
    pub short: String,
    /// Who works on it just now, if anyone does.
    pub at_work: Option<Holder>,
    /// What it asks people just now; what was asked when nobody works on it is not asked any more.
    pub asked: Vec<Notice>,
    /// The time.
    pub now: Timestamp,
}

impl Around {
    /// The questions that are open just now, each with its step.
    fn questions(&self) -> impl Iterator<Item = (&Notice, &Asks)> {
        let asked = self.asked.iter().filter(|_| self.at_work.is_some());
        asked.map(|notice| (notice, &notice.asks)).filter(|(_, asks)| matches!(asks, Asks::Answer { .. }))
    }
}

/// Shows where a run stands.
pub fn status(records: &[Record], around: &Around, style: &Style) -> Result<String, IllegalTransition> {
    let Some(story) = Story::of(records)? else { return Ok("The run has not begun.\n".to_owned()) };
    let Story { plan, state, progress, .. } = &story;
    let rows = progress.rows(plan, state, around.at_work.is_some());
    let mut page = Page::new(style);
    page.text(0, &format!("run {}", story.run));
    page.text(0, &format!("{}: {}", plan.runbook, title(plan)));
    page.gap();
    let (began, ago) = (say::moment(progress.began), say::elapsed(around.now.since(progress.began)));
    page.field(0, "began", LABEL, &format!("{began}, {ago} ago, by {} on {}", story.by, story.host));
    page.field(0, "now", LABEL, &now(plan, state, around));
    if let Some(failure) = state.failure() {
        let step = failure.step.as_ref().map_or_else(|| "at its end".to_owned(), |step| format!("`{step}`"));
        page.field(0, "failed", LABEL, &format!("{step}: {}", failure.why));
    }
    for open in say::open_scopes(state, around.now) {
        page.field(0, "still open", LABEL, &open);
    }
    for line in waits_for(plan, state, around) {
        page.field(0, "waits for", LABEL, &line);
    }
    page.gap();
    rows_text(&mut page, plan, progress, &rows, state);
    page.gap();
    for diagnosis in ledgers(&Names::found(plan, state.bound()), plan, records) {
        page.field(0, "asked", LABEL, &format!("{} {}.", diagnosis.question, diagnosis.answer));
        let causes = diagnosis.causes.into_iter();
        let causes: Vec<(String, String)> = causes
            .map(|cause| (cause.verdict.to_owned(), format!("{} ({})", cause.text, cause.asked)))
            .collect();
        page.columns("", LABEL, &causes);
        page.gap();
    }
    let done: Vec<&str> = rows
        .iter()
        .filter(|row| row.mark == Mark::Done && row.is_step)
        .map(|row| row.id.0.as_str())
        .collect();
    let steps = rows.iter().filter(|row| row.is_step && row.mark != Mark::Skipped).count();
    page.field(0, "done", LABEL, &format!("{} of {steps} steps{}", done.len(), listed(&done)));
    page.field(0, "unknown", LABEL, &unknown(state));
    page.columns("owed", LABEL, &owed(plan, state));
    page.field(0, "no return", LABEL, &seal(state, &rows));
    page.gap();
    page.columns("type", LABEL, &what_to_type(plan, state, around));
    Ok(page.finish())
}

/// The width of the labels.
const LABEL: usize = 10;

/// A run, as its records tell it.
pub(crate) struct Story<'a> {
    /// The plan.
    pub(crate) plan: &'a Plan,
    /// Where it stands.
    pub(crate) state: RunState,
    /// Choices and times.
    pub(crate) progress: Progress,
    /// Its id.
    pub(crate) run: &'a str,
    /// Who began it.
    pub(crate) by: String,
    /// Where.
    pub(crate) host: &'a str,
}

impl<'a> Story<'a> {
    /// Folds the records of a run. None if there are none.
    pub(crate) fn of(records: &'a [Record]) -> Result<Option<Story<'a>>, IllegalTransition> {
        let Some(surefoot_journal::Event::Started(started)) = records.first().map(|record| &record.event)
        else {
            return Ok(None);
        };
        let mut state = RunState::new();
        for record in records {
            state.apply(record)?;
        }
        Ok(Some(Story {
            plan: &started.plan,
            state,
            progress: Progress::of(records),
            run: &started.run.0,
            by: say::who(&started.operator),
            host: &started.host,
        }))
    }
}

/// The title of a plan: the first paragraph of what its author says.
pub(crate) fn title(plan: &Plan) -> String {
    plan.doc.split("\n\n").next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a run does now, in a sentence.
fn now(plan: &Plan, state: &RunState, around: &Around) -> String {
    let way = match state.facing() {
        surefoot_journal::Facing::Forward => "going forward",
        surefoot_journal::Facing::Back => "going BACK",
    };
    let hands = match &around.at_work {
        Some(holder) => format!(
            "process {} of {} works on it since {} on {}",
            holder.pid,
            holder.by.user,
            say::moment(holder.since),
            holder.host
        ),
        None => "no process works on it".to_owned(),
    };
    match state.standing() {
        Standing::New => "not begun".to_owned(),
        Standing::Going if around.at_work.is_none() => format!("CUT OFF while {way}; {hands}"),
        Standing::Going => format!("{way}; {hands}"),
        Standing::Held(_) => format!("HELD: it waits for a person; {hands}"),
        Standing::Stuck { debt, .. } => format!("STUCK: the rollback of {} failed; {hands}", say::debt(debt)),
        Standing::Ended(ended) => format!(
            "over. Forward: {}. Way back: {}. Facts: {}.",
            how_far(state, ended.forward),
            say::way_back(ended),
            say::facts(plan, ended)
        ),
    }
}

/// How far a run came, with the reason if it ended early.
pub(crate) fn how_far(state: &RunState, verdict: ForwardVerdict) -> String {
    let failed = match (verdict, state.failed_turns().len()) {
        (ForwardVerdict::DoneWithFailures, count) => {
            let failed = state.failed_turns().iter().take(say::ITEMS_MAX).filter_map(|turn| {
                state.entered().get(&turn.node)?.get(turn.index as usize).map(ToString::to_string)
            });
            let failed = failed.collect::<Vec<_>>().join(", ");
            let more = if count > say::ITEMS_MAX { ", ..." } else { "" };
            format!(" ({count}: {failed}{more})")
        }
        _ => String::new(),
    };
    format!("{}{failed}{}", say::forward(verdict), say::reason(state.stopped().unwrap_or_default()))
}

/// Adds a line for each part of the plan, and the point of no return between them.
fn rows_text(page: &mut Page, plan: &Plan, progress: &Progress, rows: &[Row], state: &RunState) {
    let style = page.style;
    let wide = |of: fn(&Row) -> usize| rows.iter().map(of).max().unwrap_or(0);
    let number = wide(|row| row.number.len());
    let name = wide(|row| if row.is_step { width(&row.id.0) } else { 0 }).min(30);
    let word = wide(|row| width(row.word));
    for row in rows {
        if row.seals && !state.seals().contains(&row.id) {
            let reached = row.word != "not reached";
            page.rule(if reached { "point of no return" } else { "point of no return: not reached" });
        }
        let (sign, ascii) = row.mark.sign();
        let took = took(progress, row);
        let id = if row.is_step { row.id.0.as_str() } else { "" };
        let title = match row.is_step && row.title.is_empty() {
            true => plan.step(&row.id).map(|step| step.doc.clone()).unwrap_or_default(),
            false => row.title.clone(),
        };
        let line = format!(
            "{:>number$} {} {:<word$}  {:<name$}  {title}{took}",
            row.number,
            style.sign(sign, ascii),
            row.word,
            plain(id),
        );
        page.verbatim(0, &cut(&plain(&line), style.columns(), &style));
        if row.seals && state.seals().contains(&row.id) {
            page.rule("point of no return: passed");
        }
    }
}

/// How long a part took, if it is over.
fn took(progress: &Progress, row: &Row) -> String {
    let over = matches!(row.mark, Mark::Done | Mark::Failed | Mark::Back);
    match progress.forward_span(&row.id).filter(|_| over) {
        Some((from, to)) => format!("  ({})", say::elapsed(to.since(from))),
        None => String::new(),
    }
}

/// The first of several names, after a colon.
fn listed(names: &[&str]) -> String {
    let mut shown: Vec<&str> = names.iter().take(NAMED_MAX).copied().collect();
    let more = format!("and {} more", names.len().saturating_sub(NAMED_MAX));
    if names.len() > NAMED_MAX {
        shown.push(&more);
    }
    if shown.is_empty() { String::new() } else { format!(": {}", shown.join(", ")) }
}

/// What nobody can tell.
fn unknown(state: &RunState) -> String {
    let running = |id: &StepId| state.step(id).and_then(surefoot_journal::StepState::running).is_some();
    let mut unknown: Vec<String> = Vec::new();
    for (id, step) in state.steps() {
        if step.stage == Stage::Doubt {
            unknown.push(format!("{id}: {}", step.why));
        } else if running(id) {
            unknown.push(format!("{id}: a statement was begun, and no outcome is recorded yet"));
        }
    }
    if unknown.is_empty() { "nothing".to_owned() } else { unknown.join("; ") }
}

/// What is owed, in the order in which it would be paid, with what would be done.
fn owed(plan: &Plan, state: &RunState) -> Vec<(String, String)> {
    let debts: Vec<&str> = state.owed().map(say::debt).collect();
    let mut lines = Vec::new();
    for (at, debt) in debts.iter().enumerate() {
        if debts.len() > OWED_MAX && at == OWED_MAX - 1 {
            lines.push((format!("... {} more ...", debts.len() - OWED_MAX), String::new()));
        }
        if debts.len() <= OWED_MAX || at < OWED_MAX - 1 || at == debts.len() - 1 {
            lines.push((format!("{}. {debt}", at + 1), rollback_text(plan, debt)));
        }
    }
    if lines.is_empty() {
        let closed: Vec<&str> = state.closed().map(say::debt).collect();
        let could = numbered(&closed).map(|closed| format!("; it could still be taken back: {closed}"));
        lines.push((format!("nothing{}", could.unwrap_or_default()), String::new()));
    }
    lines
}

/// What a rollback does, in a line.
pub(crate) fn rollback_text(plan: &Plan, step: &str) -> String {
    let way = plan.step(&StepId(step.to_owned())).map(|step| &step.way);
    let Some(Way::Rollback(rollback)) = way else { return String::new() };
    let lines = rollback.body.iter().filter_map(|found| say::statement(plan, found).into_iter().next());
    lines.collect::<Vec<_>>().join("; ")
}

/// Numbered names; none if there are none.
pub(crate) fn numbered(steps: &[&str]) -> Option<String> {
    let one = |(at, step): (usize, &&str)| format!("{}. {step}", at + 1);
    let shown: Vec<String> = match steps {
        [] => return None,
        steps if steps.len() <= NAMED_MAX => steps.iter().enumerate().map(one).collect(),
        steps => {
            let mut shown: Vec<String> = steps.iter().enumerate().take(NAMED_MAX - 2).map(one).collect();
            shown.push(format!("... {} more", steps.len() + 1 - NAMED_MAX));
            shown.extend(steps.iter().enumerate().next_back().map(one));
            shown
        }
    };
    Some(shown.join(", "))
}

/// How far the point of no return is.
fn seal(state: &RunState, rows: &[Row]) -> String {
    let open = |row: &&Row| matches!(row.mark, Mark::Later | Mark::Current | Mark::Unknown | Mark::Failed);
    let passed = state.seals().last().map(|step| format!("passed with `{step}`"));
    if let Some(step) = state.pending_seal() {
        return format!("`{step}` has started: it is not known yet whether it can be gone back");
    }
    if !rows.iter().any(|row| row.seals) {
        return "none: there is no point of no return".to_owned();
    }
    let back = state.facing() == surefoot_journal::Facing::Back || state.ended().is_some();
    let ahead: Vec<&Row> = rows.iter().filter(open).collect();
    let next = ahead.iter().position(|row| row.seals && !state.seals().contains(&row.id));
    match (next, passed) {
        (_, Some(passed)) if back => passed,
        (_, None) if back => "not passed".to_owned(),
        (Some(at), passed) => {
            let step = ahead.get(at).map(|row| row.id.0.as_str()).unwrap_or_default();
            let passed = passed.map(|passed| format!("{passed}; ")).unwrap_or_default();
            match at {
                0 => format!("{passed}next: `{step}`"),
                1 => format!("{passed}after one more: `{step}`"),
                _ => format!("{passed}after {at} more: `{step}`"),
            }
        }
        (None, Some(passed)) => format!("{passed}; what is owed is owed down to there"),
        (None, None) => "none is left to come".to_owned(),
    }
}

/// Who has said yes to a step, and until when that counts.
pub(crate) fn yeses(asked: &ApprovalState) -> impl Iterator<Item = (&Identity, Timestamp)> {
    let until = |at: Timestamp| Timestamp(at.0.saturating_add(asked.expires_ms));
    asked.answers.iter().map(move |answer| (&answer.by, until(answer.at)))
}

/// What a run waits for.
fn waits_for(plan: &Plan, state: &RunState, around: &Around) -> Vec<String> {
    let mut lines = Vec::new();
    match state.standing() {
        Standing::Held(why) => {
            let told = tell::held(&Names::found(plan, state.bound()), why);
            lines.push(told.text.replacen("the run waits for a person: ", "a person: ", 1));
            lines.extend(told.evidence);
        }
        Standing::Stuck { why, .. } => lines.push(format!("a person, because {why}")),
        Standing::Going if around.at_work.is_some() => {
            for (step, asked) in state.asked() {
                let people = state.header().and_then(|header| header.roles.get(&asked.role));
                let people = people.map_or_else(
                    || "nobody: surefoot.toml names none".to_owned(),
                    |people| say::others(people, asked.answers.iter().map(|answer| &answer.by)),
                );
                let whose = say::whose_yes(&asked.role, asked.people, asked.missing());
                let mut parts = vec![format!("the yes of {whose} ({people}) to `{step}`")];
                parts.extend(say::given(yeses(asked)));
                lines.push(parts.join("; "));
            }
        }
        Standing::New | Standing::Going | Standing::Ended(_) => {}
    }
    for (_, asks) in around.questions() {
        let Asks::Answer { text, see, role, limit, .. } = asks else { continue };
        let who = role.as_ref().map_or_else(|| "the operator".to_owned(), |role| format!("a {role}"));
        lines.push(format!("the answer of {who}: {text}"));
        let normal =
            |normal: &str| if normal.is_empty() { String::new() } else { format!(" (normal: {normal})") };
        lines.extend(see.iter().map(|(place, as_usual)| format!("see {place}{}", normal(as_usual))));
        lines.extend(limit.as_ref().map(crate::notice::limit));
    }
    lines
}

/// How an open question is answered from another terminal; what else a run at work could be told is refused
/// while it waits.
fn how_to_answer(around: &Around) -> Vec<(String, String)> {
    let answer = |(notice, asks): (&Notice, &Asks)| {
        let Asks::Answer { answer, is_fact, .. } = asks else { return None };
        let step = notice.step.as_ref().map(|step| format!(" --step {}", say::word(&step.0)));
        let words = if let Type::OneOf(words) = answer {
            words.join(" / ")
        } else if *answer == Type::Bool {
            "yes / no".to_owned()
        } else {
            surefoot_plan::describe(answer)
        };
        let unsure = if *is_fact { " / cannot tell" } else { "" };
        let command = format!("surefoot answer {} ANSWER{}", around.short, step.unwrap_or_default());
        Some((command, format!("ANSWER: {words}{unsure}")))
    };
    around.questions().filter_map(answer).collect()
}

/// The commands that lead on from here, each with what it does.
pub fn what_to_type(plan: &Plan, state: &RunState, around: &Around) -> Vec<(String, String)> {
    let run = &around.short;
    let resume = |what: &str| (format!("surefoot resume {run}"), what.to_owned());
    let rollback = |what: &str| (format!("surefoot rollback {run}"), what.to_owned());
    let forgive = |debt: &Debt| {
        let command = format!("surefoot forgive {run} {} --reason WHY", say::debt(debt));
        (command, "lets this debt go: what it would take back stays".to_owned())
    };
    let has_debts = state.owed().len() > 0;
    let mut lines = how_to_answer(around);
    match state.standing() {
        Standing::New => {}
        Standing::Held(_) | Standing::Stuck { .. } if !lines.is_empty() => {}
        Standing::Going if around.at_work.is_none() => {
            lines.push(resume("finds out what became of the last step, and goes on"));
        }
        Standing::Going => {
            for (step, _) in state.asked() {
                let command = format!("surefoot approve {run} {}", say::word(&step.0));
                lines.push((command, "typed by one of them".to_owned()));
            }
            lines.push((
                format!("surefoot cancel {run}"),
                "asks it to stop after the step at hand".to_owned(),
            ));
        }
        Standing::Held(why) => {
            lines.push(match why {
                HeldWhy::Doubt(_) => resume("looks again, and asks you what happened"),
                HeldWhy::UnknownFact(_) | HeldWhy::Assumption { .. } => resume("probes again, and goes on"),
                HeldWhy::Failed(_) | HeldWhy::Cancelled | HeldWhy::Crash
                    if state.facing() == Facing::Back =>
                {
                    resume("goes on with the way back")
                }
                HeldWhy::Failed(_) => resume("does again what failed, and goes on"),
                HeldWhy::Cancelled | HeldWhy::Crash => resume("goes on where it stopped"),
            });
            if has_debts {
                lines.push(rollback("takes back what is owed"));
            }
        }
        Standing::Stuck { debt, .. } => {
            lines.push(rollback("tries again, once you have mended the cause"));
            lines.push(forgive(debt));
        }
        Standing::Ended(ended) => {
            if let Some(first) = ended.owed.first() {
                lines.push(rollback("takes back what is owed"));
                lines.push(forgive(first));
            } else if ended.forward.is_good() {
                lines.extend(taken_back(plan, state).map(|what| rollback(&what)));
            }
            lines.push((format!("surefoot transcript {run}"), "tells the whole story".to_owned()));
        }
    }
    lines
}

/// What a rollback of a run that is done would take back, and what it would not; none if nothing can be.
fn taken_back(plan: &Plan, state: &RunState) -> Option<String> {
    let closed: Vec<&str> = state.closed().map(say::debt).collect();
    if closed.is_empty() {
        return None;
    }
    let changes = |id: &StepId| plan.step(id).is_some_and(|step| step.class != Class::Read);
    let rest = state.steps().filter(|(id, found)| found.acted && changes(id));
    let rest = rest.map(|(id, _)| id).find(|id| !closed.contains(&id.0.as_str()));
    let names = listed(&closed);
    // Short, and the names last: the line is cut where the terminal ends.
    Some(match (state.seals().last(), rest) {
        (Some(seal), _) => format!("takes back what came after {seal}, no more{names}"),
        (None, Some(_)) => format!("takes back only what has a rollback{names}"),
        (None, None) => "takes all of it back".to_owned(),
    })
}

/// A run in a list.
#[derive(Clone, Debug)]
pub struct RunRow {
    /// How it is called in commands.
    pub short: String,
    /// Its records, or in words that they cannot be read, and why.
    pub records: Result<Vec<Record>, String>,
    /// Who works on it just now, if anyone does.
    pub at_work: Option<Holder>,
}

/// Lists runs, each in a line.
pub fn runs(rows: &[RunRow], now: Timestamp, style: &Style) -> String {
    if rows.is_empty() {
        return "There are no runs here.\n".to_owned();
    }
    let mut lines: Vec<[String; 5]> = vec![["RUN", "BEGAN", "BY", "RUNBOOK", "STATE"].map(str::to_owned)];
    for row in rows {
        lines.push(run_line(row, now));
    }
    let mut wide = [0; 5];
    for line in &lines {
        for (wide, cell) in wide.iter_mut().zip(line) {
            *wide = (*wide).max(width(&plain(cell)));
        }
    }
    let mut text = String::new();
    for (at, line) in lines.iter().enumerate() {
        let mut shown = String::new();
        for (cell, wide) in line.iter().zip(wide) {
            let cell = plain(cell);
            shown.push_str(&format!("{cell}{}  ", " ".repeat(wide.saturating_sub(width(&cell)))));
        }
        let shown = cut(shown.trim_end(), style.columns(), style);
        text.push_str(&if at == 0 { style.paint(Role::Strong, &shown) } else { shown });
        text.push('\n');
    }
    text
}

/// One run: its name, its beginning, who, what, and how it stands.
fn run_line(row: &RunRow, now: Timestamp) -> [String; 5] {
    let unreadable = |why: String| [row.short.clone(), "?".into(), "?".into(), "?".into(), why];
    let records = match &row.records {
        Ok(records) => records,
        Err(why) => return unreadable(why.clone()),
    };
    let story = match Story::of(records) {
        Ok(Some(story)) => story,
        Ok(None) => return unreadable("not begun".into()),
        Err(why) => return unreadable(format!("DAMAGED: {why}")),
    };
    let Story { plan, state, progress, by, .. } = &story;
    let owes = match state.owed().len() {
        0 => String::new(),
        count => format!(", OWES {count}"),
    };
    let standing = match state.standing() {
        Standing::New => "not begun".to_owned(),
        Standing::Going => {
            let way = match state.facing() {
                surefoot_journal::Facing::Forward => "running",
                surefoot_journal::Facing::Back => "rolling back",
            };
            match row.at_work.is_some() {
                true => format!("{way}{owes}"),
                false => format!("CUT OFF while {way}{owes}"),
            }
        }
        Standing::Held(_) => format!("HELD, waits for a person{owes}"),
        Standing::Stuck { debt, .. } => format!("STUCK at the rollback of {}{owes}", say::debt(debt)),
        Standing::Ended(ended) => {
            let back = match ended.way_back {
                surefoot_journal::WayBackVerdict::NoneNeeded => "",
                surefoot_journal::WayBackVerdict::Complete => ", rolled back",
                surefoot_journal::WayBackVerdict::LetGo => ", what it owed was let go",
                surefoot_journal::WayBackVerdict::ToTheSeal => ", rolled back to the point of no return",
                surefoot_journal::WayBackVerdict::Stuck => ", STUCK",
                surefoot_journal::WayBackVerdict::Owing => "",
            };
            let forward = match ended.forward {
                ForwardVerdict::Done => "done",
                ForwardVerdict::DoneWithFailures => "done, some turns failed",
                ForwardVerdict::Stopped => "ended early, and well",
                ForwardVerdict::Failed => "failed",
                ForwardVerdict::Cancelled => "cancelled",
                ForwardVerdict::Refused => "not begun, a condition was false",
            };
            format!("{forward}{back}{owes}")
        }
    };
    let open: Vec<String> =
        state.open_scopes().map(|scope| format!("STILL OPEN: {}; ", scope.title)).collect();
    let standing = format!("{}{standing}", open.concat());
    let ago = format!("{} ago", say::elapsed(now.since(progress.began)));
    let by = by.split(' ').next().unwrap_or_default().to_owned();
    [row.short.clone(), ago, by, plan.runbook.clone(), standing]
}

#[cfg(test)]
mod tests;
