//! The story of a run: what was done, by whom, with which evidence; derived from its journal.
//!
//! In: the records of a run, and what was found out beside them. Out: a [`Transcript`], shown as text,
//! Markdown or JSON.
//!
//! Must hold: nothing is told that no record says, and what is missing is shown as missing; text from
//! outside (outputs, answers, comments) can neither act on a terminal nor break out of its place.

mod render;

use std::collections::BTreeSet;

use serde::Serialize;
use surefoot_journal::{
    Ended, Event, FactsVerdict, ForwardVerdict, Identity, Outcome, Output, Record, RunState, Standing,
    Timestamp, WayBackVerdict, WorldKind,
};
use surefoot_plan::{InputValue, Names, Place, Plan, Policy, Proof, StepId, Verdict, verify};

use crate::ledger::{Diagnosis, ledgers};
use crate::progress::Progress;
use crate::say;
use crate::status::{self, title};
use crate::tell::{self, About, about, tell};

/// The version of the JSON form. Fields are only added; a reader ignores those it does not know.
pub const TRANSCRIPT_FORMAT: &str = "1.0";

/// What is known of a run besides the records.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// How many bytes of a torn last line the journal has.
    pub torn_bytes: u64,
    /// Which files of outputs are not in the run's folder any more.
    pub missing_files: BTreeSet<String>,
    /// Whether a process works on the run just now.
    pub at_work: bool,
}

/// The story of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Transcript {
    /// The version of this form.
    pub format: &'static str,
    /// The run.
    pub run: String,
    /// The runbook.
    pub runbook: String,
    /// The first paragraph of what its author says.
    pub title: String,
    /// The digest of the plan.
    pub plan: String,
    /// `real`, `dry` or `simulated`.
    pub world: &'static str,
    /// The machine on which it began.
    pub host: String,
    /// The version of Surefoot that began it.
    pub version: String,
    /// All who ever drove it.
    pub operators: Vec<Person>,
    /// When it began.
    pub began: Timestamp,
    /// When its last record was written.
    pub last: Timestamp,
    /// Its journal.
    pub journal: JournalEnd,
    /// What it was given.
    pub inputs: Vec<InputGiven>,
    /// What the operator waived.
    pub waivers: Vec<String>,
    /// The secrets that the plan let others read, each with its reason.
    pub reveals: Vec<String>,
    /// What the proof of the plan speaks about.
    pub proof: Option<String>,
    /// How it stands, in a sentence.
    pub standing: String,
    /// Its three verdicts, if it is over.
    pub verdicts: Option<Verdicts>,
    /// What is owed, the next to be paid first.
    pub owed: Vec<String>,
    /// The points of no return that were passed.
    pub sealed: Vec<String>,
    /// The parts of its plan.
    pub parts: Vec<Part>,
    /// What was found of each cause that was tried.
    pub diagnoses: Vec<Diagnosis>,
    /// What happened, in order.
    pub sections: Vec<Section>,
    /// What a reader would expect here and is not recorded.
    pub missing: Vec<String>,
}

/// Someone.
#[derive(Clone, Debug, Serialize)]
pub struct Person {
    /// The user's name.
    pub user: String,
    /// The user's number.
    pub uid: u32,
    /// Whether a signature proves it.
    pub verified: bool,
}

/// What a journal holds.
#[derive(Clone, Debug, Serialize)]
pub struct JournalEnd {
    /// How many records.
    pub records: u64,
    /// The hash of the last.
    pub head: String,
    /// How many bytes of a torn last line follow.
    pub torn_bytes: u64,
}

/// An input.
#[derive(Clone, Debug, Serialize)]
pub struct InputGiven {
    /// Its name.
    pub name: String,
    /// Its value, as shown; none for a secret.
    pub value: Option<String>,
    /// The environment variable that a secret came from.
    pub secret_from: Option<String>,
}

/// The verdicts of a run that is over.
#[derive(Clone, Debug, Serialize)]
pub struct Verdicts {
    /// `done`, `stopped` (ended early, and well), `failed`, `cancelled` or `refused`.
    pub forward: &'static str,
    /// `none_needed`, `complete`, `to_the_seal`, `stuck` or `owing`.
    pub way_back: &'static str,
    /// `as_ensured`, `not_asked`, `as_before`, `as_before_except`, `unknown`, `not_as_before` or `untouched`.
    pub facts: &'static str,
    /// The same for people.
    pub text: [String; 3],
}

/// A step, wait or `if`.
#[derive(Clone, Debug, Serialize)]
pub struct Part {
    /// Its number, as `4` or `4.a1`.
    pub number: String,
    /// Its name in the plan.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// Whether it is a point of no return.
    pub point_of_no_return: bool,
    /// How it stands.
    pub standing: String,
    /// When it began.
    pub began: Option<Timestamp>,
    /// How long it took, in milliseconds.
    pub took_ms: Option<u64>,
    /// What was proved to hold before it; it was probed all the same.
    pub proved: Vec<String>,
    /// What nobody could prove, and only a probe tells.
    pub probed: Vec<String>,
}

/// What happened to one thing without a break.
#[derive(Clone, Debug, Serialize)]
pub struct Section {
    /// `run`, `step` or `rollback`.
    pub about: &'static str,
    /// The step.
    pub step: Option<String>,
    /// What to write above it.
    pub title: String,
    /// What happened.
    pub entries: Vec<Entry>,
}

/// What one record says.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// The number of the record.
    pub seq: u64,
    /// When.
    pub time: Timestamp,
    /// What kind of event.
    pub event: &'static str,
    /// What happened, in a sentence.
    pub text: String,
    /// What that rests on.
    pub evidence: Vec<String>,
    /// What was printed.
    pub outputs: Vec<Printed>,
}

/// What was printed to one stream.
#[derive(Clone, Debug, Serialize)]
pub struct Printed {
    /// `out` or `err`.
    pub stream: &'static str,
    /// How many bytes.
    pub bytes: u64,
    /// The SHA-256 of what was kept.
    pub sha256: String,
    /// The file that holds it, in the run's folder.
    pub file: Option<String>,
    /// Whether that file is gone.
    pub file_missing: bool,
    /// Whether some was not kept.
    pub cut: bool,
    /// The end of it.
    pub tail: String,
}

impl Transcript {
    /// Tells the story of a run. None if it has no first record.
    pub fn of(records: &[Record], beside: &Beside) -> Option<Transcript> {
        let first = records.first()?;
        let last = records.last()?;
        let Event::Started(started) = &first.event else { return None };
        let plan = &started.plan;
        let mut state = RunState::new();
        let mut missing = Vec::new();
        for record in records {
            if let Err(why) = state.apply(record) {
                missing.push(format!("From record {} on, the records make no sense: {why}.", record.seq));
                break;
            }
        }
        missing.extend(what_is_missing(records, &state, beside));
        let progress = Progress::of(records);
        // The proof is no part of the journal: it follows from the plan, which is.
        let proof = match verify(plan.clone(), &Policy::default()) {
            Ok(verified) => Some(verified.proof().clone()),
            Err(violations) => {
                let count = violations.len();
                missing.push(format!(
                    "This version of Surefoot refuses the plan ({count} violations): no proof is shown."
                ));
                None
            }
        };
        Some(Transcript {
            format: TRANSCRIPT_FORMAT,
            run: started.run.0.clone(),
            runbook: plan.runbook.clone(),
            title: title(plan),
            plan: started.digest.clone(),
            world: match started.world {
                WorldKind::Real => "real",
                WorldKind::Dry => "dry",
                WorldKind::Simulated => "simulated",
            },
            host: started.host.clone(),
            version: started.version.clone(),
            operators: state.operators().iter().map(Person::of).collect(),
            began: first.time,
            last: last.time,
            journal: JournalEnd {
                records: last.seq,
                head: last.hash.to_string(),
                torn_bytes: beside.torn_bytes,
            },
            inputs: inputs(plan),
            waivers: started.waivers.clone(),
            reveals: crate::plan::reveals(&started.plan),
            proof: proof.as_ref().map(|proof| proof.summary.to_string()),
            standing: standing(&state, beside),
            verdicts: state.ended().map(|ended| Verdicts::of(plan, ended, &state)),
            owed: state.owed().map(|debt| say::debt(debt).to_owned()).collect(),
            sealed: state.seals().iter().map(|step| step.0.clone()).collect(),
            parts: parts(plan, proof.as_ref(), &state, &progress, beside.at_work),
            diagnoses: ledgers(&Names::found(plan, state.bound()), plan, records),
            sections: sections(&Names::found(plan, state.bound()), plan, records, beside),
            missing,
        })
    }

    /// The files that hold outputs of a run, by their names in its folder.
    pub fn files(records: &[Record]) -> BTreeSet<String> {
        outputs(records).filter_map(|output| output.file.clone()).collect()
    }

    /// The story as JSON.
    pub fn json(&self) -> String {
        // It holds text and numbers only, so it can always be written.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

impl Person {
    /// Someone, as recorded.
    fn of(identity: &Identity) -> Person {
        Person { user: identity.user.clone(), uid: identity.uid, verified: identity.verified }
    }
}

impl Verdicts {
    /// The verdicts, as recorded.
    fn of(plan: &Plan, ended: &Ended, state: &RunState) -> Verdicts {
        Verdicts {
            forward: match ended.forward {
                ForwardVerdict::Done => "done",
                ForwardVerdict::DoneWithFailures => "done_with_failures",
                ForwardVerdict::Stopped => "stopped",
                ForwardVerdict::Failed => "failed",
                ForwardVerdict::Cancelled => "cancelled",
                ForwardVerdict::Refused => "refused",
            },
            way_back: match ended.way_back {
                WayBackVerdict::NoneNeeded => "none_needed",
                WayBackVerdict::Complete => "complete",
                WayBackVerdict::LetGo => "let_go",
                WayBackVerdict::ToTheSeal => "to_the_seal",
                WayBackVerdict::Stuck => "stuck",
                WayBackVerdict::Owing => "owing",
            },
            facts: match ended.facts {
                FactsVerdict::AsEnsured => "as_ensured",
                FactsVerdict::NotAsked => "not_asked",
                FactsVerdict::AsBefore => "as_before",
                FactsVerdict::AsBeforeExcept => "as_before_except",
                FactsVerdict::Unknown => "unknown",
                FactsVerdict::NotAsBefore => "not_as_before",
                FactsVerdict::Untouched => "untouched",
            },
            text: [
                status::how_far(state, ended.forward),
                say::way_back(ended).to_owned(),
                say::facts(plan, ended).to_owned(),
            ],
        }
    }
}

/// How a run stands, in a sentence.
fn standing(state: &RunState, beside: &Beside) -> String {
    match state.standing() {
        Standing::New => "not begun".to_owned(),
        Standing::Going if beside.at_work => "under way".to_owned(),
        Standing::Going => "CUT OFF: no process works on it, and it is not over".to_owned(),
        Standing::Held(_) => "HELD: it waits for a person".to_owned(),
        Standing::Stuck { debt, .. } => format!("STUCK at the rollback of {}", say::debt(debt)),
        Standing::Ended(_) => "over".to_owned(),
    }
}

/// What a run was given. A secret is only named.
fn inputs(plan: &Plan) -> Vec<InputGiven> {
    let given = |input: &surefoot_plan::Input| {
        let (value, secret_from) = match &input.value {
            InputValue::Unbound => (None, None),
            InputValue::Bound(value) => (Some(value.to_string()), None),
            InputValue::SecretFromEnv(variable) => (None, Some(variable.clone())),
        };
        InputGiven { name: input.name.clone(), value, secret_from }
    };
    plan.inputs.iter().map(given).collect()
}

/// The parts of a plan, as they stand.
fn parts(
    plan: &Plan,
    proof: Option<&Proof>,
    state: &RunState,
    progress: &Progress,
    alive: bool,
) -> Vec<Part> {
    let rows = progress.rows(plan, state, alive);
    let part = |row: crate::progress::Row| {
        let span = progress.forward_span(&row.id);
        // Of a turn, what is proved of every one.
        let general = plan.general(&row.id).clone();
        let place = if row.is_step { Place::Step(general) } else { Place::Wait(general) };
        let known = |wanted: Verdict| {
            let found = proof.map_or(&[][..], |proof| proof.at(&place));
            let found = found.iter().filter(|obligation| obligation.verdict == wanted);
            found.map(|obligation| obligation.text.clone()).collect()
        };
        Part {
            number: row.number,
            title: row.title,
            point_of_no_return: row.seals,
            standing: row.word.to_owned(),
            began: span.map(|(from, _)| from),
            took_ms: span.map(|(from, to)| to.since(from)),
            proved: known(Verdict::Proved),
            probed: known(Verdict::Probe),
            id: row.id.0,
        }
    };
    rows.into_iter().map(part).collect()
}

/// What happened, cut where the subject changes.
fn sections(names: &Names<'_>, plan: &Plan, records: &[Record], beside: &Beside) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    // Where the branches that are under way begin: what concerns one step of them stands together.
    let mut branches: Option<usize> = None;
    for record in records {
        let (about, step, title) = match about(&record.event) {
            About::Run => ("run", None, run_title(&record.event)),
            About::Node(id) => ("step", Some(id), node_title(plan, &id.0, "")),
            About::Back(id) => ("rollback", Some(id), node_title(plan, &id.0, "taking back ")),
        };
        let told = tell(plan, names, &record.event);
        let entry = Entry {
            seq: record.seq,
            time: record.time,
            event: record.event.kind(),
            text: told.text,
            evidence: told.evidence,
            outputs: told.outputs.into_iter().map(|output| Printed::of(output, beside)).collect(),
        };
        let step = step.map(|step| step.0.clone());
        let from = branches.filter(|_| about == "step").unwrap_or(sections.len().saturating_sub(1));
        let mut open = sections.iter_mut().skip(from);
        match open.find(|section| section.about == about && section.step == step) {
            Some(section) => section.entries.push(entry),
            None => sections.push(Section { about, step, title, entries: vec![entry] }),
        }
        if let Event::Branched { .. } = &record.event {
            branches = Some(sections.len());
        }
        if ends_branches(&record.event) {
            branches = None;
        }
        // What concerns the run stands between what was before it and what comes behind it.
        if about == "run" && branches.is_some() {
            branches = Some(sections.len());
        }
    }
    sections
}

/// Whether there are no branches under way any more.
fn ends_branches(event: &Event) -> bool {
    let events = |event: &Event| matches!(event, Event::TurnedBack { .. } | Event::TurnsFailed { .. });
    events(event) || matches!(event, Event::Joined { .. } | Event::Ended(_))
}

/// What to write above what concerns the run.
fn run_title(event: &Event) -> String {
    let title = match event {
        Event::Started(_) => "The start",
        Event::Ended(_) => "The end",
        Event::Probed { point: surefoot_journal::Point::Restored | surefoot_journal::Point::End, .. } => {
            "The end"
        }
        Event::TurnedBack { .. } | Event::Collected { .. } => "The way back",
        Event::Resumed { .. } | Event::Recovered { .. } => "Taken up again",
        Event::Held { .. } | Event::Decided { .. } | Event::CancelAsked { .. } => "A person decides",
        Event::Probed { .. }
        | Event::Bound { .. }
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
        | Event::ApprovalAsked { .. }
        | Event::ApprovalAnswered { .. }
        | Event::ApprovalVoided { .. }
        | Event::Refused { .. }
        | Event::Before { .. }
        | Event::Intent { .. }
        | Event::Outcome { .. }
        | Event::Done { .. }
        | Event::Partial { .. }
        | Event::NotDone { .. }
        | Event::Sealed { .. }
        | Event::InDoubt { .. }
        | Event::Resolved { .. }
        | Event::Failed { .. }
        | Event::Paid { .. }
        | Event::Stuck { .. }
        | Event::Forgiven { .. }
        | Event::Noted { .. }
        | Event::Notified { .. } => "The run",
    };
    title.to_owned()
}

/// What to write above what concerns a step or wait.
fn node_title(plan: &Plan, id: &str, before: &str) -> String {
    let step = plan.step(&StepId(id.to_owned()));
    match step.map(|step| step.title.as_str()).filter(|title| !title.is_empty()) {
        Some(title) => format!("{before}{id}: {title}"),
        None => format!("{before}{id}"),
    }
}

impl Printed {
    /// What was printed, as recorded.
    fn of(output: &Output, beside: &Beside) -> Printed {
        Printed {
            stream: tell::stream(output.stream),
            bytes: output.bytes,
            sha256: output.sha256.clone(),
            file_missing: output.file.as_ref().is_some_and(|file| beside.missing_files.contains(file)),
            file: output.file.clone(),
            cut: output.cut,
            tail: output.tail.clone(),
        }
    }
}

/// Everything that was printed.
fn outputs(records: &[Record]) -> impl Iterator<Item = &Output> {
    let reports = records.iter().filter_map(|record| {
        if let Event::Outcome { outcome: Outcome::Performed(report), .. }
        | Event::Collected { outcome: Outcome::Performed(report), .. } = &record.event
        {
            return Some(report);
        }
        None
    });
    reports.flat_map(|report| &report.output)
}

/// What a reader would expect and no record tells.
fn what_is_missing(records: &[Record], state: &RunState, beside: &Beside) -> Vec<String> {
    let mut missing = Vec::new();
    if beside.torn_bytes > 0 {
        missing.push(format!(
            "The last record is torn ({} bytes) and left out; it announced nothing that was done.",
            beside.torn_bytes
        ));
    }
    for (id, step) in state.steps() {
        if let Some(running) = step.running() {
            let statement = running.claim.statement + 1;
            missing.push(format!("`{id}`: what became of statement {statement} is not recorded."));
        }
    }
    if state.ended().is_none() {
        missing.push("The run is not over, so it has no verdicts.".to_owned());
    }
    for file in outputs(records).filter_map(|output| output.file.as_ref()) {
        if beside.missing_files.contains(file) {
            missing.push(format!("The output kept in {file} is not in the run's folder any more."));
        }
    }
    missing
}

#[cfg(test)]
mod tests;
