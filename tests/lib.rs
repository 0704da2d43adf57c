//! The route in one call: a source becomes a plan, and the plan runs in a model of the world.
//!
//! For tests that ask what a runbook means, not how a machine performs it.

mod damage;
mod random;

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use surefoot_compile::{Inputs, Sources, analyze, lower};
use surefoot_executor::simulated::{Fault, Injected, Simulated, run_now};
use surefoot_executor::{Control, Program, Timestamp, drive, record};
use surefoot_journal::{
    AppendError, Chain, Event, Identity, Journal, Phase, Record, RecordHash, ReserveError, RunId, RunState,
    Started, WorldKind,
};
use surefoot_plan::{Cell, Expr, Formula, Plan, Policy, StepId, Test, Value, verify};
use surefoot_syntax::{FileId, Format, RenderOptions, Severity, Source, render};

pub use damage::damaged;
pub use random::Random;

/// What a case says about itself, in its first lines, behind `#!`.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Where what it shows is seen: `plan`, or `run`.
    pub observe: String,
    /// It is used by other cases, and is none itself.
    pub helper: bool,
    /// Inputs, as typed.
    pub inputs: BTreeMap<String, String>,
    /// Facts that are known at the start: `up`, `not up`.
    pub start: Vec<String>,
    /// Faults, as `fail STEP before`, `lie STEP`, `hang STEP`.
    pub faults: Vec<String>,
    /// What the operator answers to each question.
    pub answers: BTreeMap<String, String>,
    /// The lists that reads find, by what they are called.
    pub lists: BTreeMap<String, Vec<String>>,
}

impl Settings {
    /// Reads the settings of a case.
    ///
    /// # Panics
    /// When they cannot be read.
    #[must_use]
    pub fn of(text: &str) -> Settings {
        let lines: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("#!")).collect();
        toml::from_str(&lines.join("\n"))
            .unwrap_or_else(|error| panic!("its settings cannot be read: {error}"))
    }
}

/// Reads the files that a runbook uses, from this folder.
#[derive(Clone, Debug)]
pub struct Beside(pub PathBuf);

impl Sources for Beside {
    #[expect(clippy::disallowed_methods, reason = "cases are files of the repository")]
    fn read(&self, path: &str) -> Result<String, String> {
        std::fs::read_to_string(self.0.join(path)).map_err(|error| error.to_string())
    }
}

/// Finds every runbook in a folder and those inside it.
///
/// # Panics
/// When a folder cannot be read.
pub fn runbooks(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of the repository") {
        let path = entry.expect("a file of the repository").path();
        if path.is_dir() {
            runbooks(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "runbook") {
            found.push(path);
        }
    }
}

/// Makes the verified plan of the one runbook in a text, or says what is wrong, a line a finding.
///
/// # Errors
/// What is wrong with it.
pub fn plan(text: &str, folder: &Path, settings: &Settings) -> Result<Plan, String> {
    let root = Source { id: FileId(0), path: "case.runbook".to_owned(), text: text.to_owned() };
    let analysis = analyze(&Beside(folder.to_owned()), root);
    let sources: Vec<Source> = analysis.sources().cloned().collect();
    let short = RenderOptions { format: Format::Short, ..RenderOptions::default() };
    let runbook = analysis.runbooks().first().map_or(String::new(), |name| (*name).to_owned());
    let inputs =
        Inputs::from_texts(settings.inputs.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    let mut found = analysis.diagnostics().to_vec();
    let lowered = match lower(&analysis, &runbook, &inputs) {
        Ok(lowered) if !analysis.has_errors() => lowered,
        Ok(_) => return Err(render(&found, &sources, &short)),
        Err(errors) => {
            found.retain(|diagnostic| diagnostic.severity != Severity::Error);
            found.extend(errors);
            return Err(render(&found, &sources, &short));
        }
    };
    match verify(lowered.plan, &Policy { bound: false }) {
        Ok(verified) => Ok(verified.plan().clone()),
        Err(violations) => {
            let lines = violations
                .iter()
                .map(|violation| format!("[{}] {}\n", violation.condition.code(), violation.message));
            Err(lines.collect())
        }
    }
}

/// Runs a plan in a model and returns its story: a line a record, without what is the same in every run.
///
/// # Panics
/// When the executor makes a mistake, or the settings name what is not there.
#[must_use]
pub fn run(plan: Plan, settings: &Settings) -> Vec<String> {
    let verified = verify(plan, &Policy { bound: false }).expect("the plan was verified");
    let program = Program::new(Arc::new(verified));
    let world = Simulated::new(&program);
    for fact in &settings.start {
        let (name, value) = fact.strip_prefix("not ").map_or((fact.as_str(), true), |name| (name, false));
        world.set(cell(program.plan(), name), Value::Bool(value));
    }
    for fault in &settings.faults {
        world.inject(injected(fault));
    }
    for (question, answer) in &settings.answers {
        world.reply(question.clone(), Value::Text(answer.clone()));
    }
    for (name, items) in &settings.lists {
        let items = items.iter().map(|item| Value::Text(item.clone())).collect();
        world.reply(name.clone(), Value::List(items));
    }
    let mut journal = Memory::default();
    let mut state = RunState::new();
    let now = Timestamp(1_767_225_600_000);
    record(&mut state, &mut journal, now, started(program.plan())).expect("a run begins");
    let (_sender, signals) = tokio::sync::mpsc::unbounded_channel();
    let decisions = VecDeque::new();
    let mut control = Control {
        operator: operator(),
        terminal: false,
        gone: false,
        signals,
        decisions,
        rejected: Vec::new(),
    };
    run_now(drive(&program, &mut state, &mut journal, &world, &mut control, &mut |_, _| {}))
        .expect("a run goes on");
    journal.records.iter().skip(1).map(|record| line(record, now)).collect()
}

/// The cell of a fact, by its name; `up(k1)` has the text `k1` as its argument.
fn cell(plan: &Plan, name: &str) -> Cell {
    if let Some((question, argument)) = name.trim_end_matches(')').split_once('(') {
        let argument = Expr::Literal(Value::Text(argument.to_owned()));
        return Cell { question: question.to_owned(), arguments: vec![argument] };
    }
    let named = plan.facts.iter().find(|fact| fact.name == name).and_then(|fact| match &fact.formula {
        Formula::Atom(atom) if atom.test == Test::Holds => Some(atom.cell.clone()),
        Formula::Atom(_) | Formula::Value(_) | Formula::Not(_) | Formula::All(_) | Formula::Any(_) => None,
    });
    named.unwrap_or_else(|| Cell { question: name.to_owned(), arguments: Vec::<Expr>::new() })
}

/// Reads `fail STEP before`, `lie STEP`, `hang STEP`.
fn injected(text: &str) -> Injected {
    let words: Vec<&str> = text.split(' ').collect();
    let (step, fault) = match words.as_slice() {
        ["fail", step, "before"] => (step, Fault::Before),
        ["fail", step, "during"] => (step, Fault::During),
        ["fail", step, "after"] => (step, Fault::After),
        ["lie", step] => (step, Fault::Lie),
        ["hang", step] => (step, Fault::Hang),
        _ => panic!("no fault: {text}"),
    };
    Injected { step: StepId((*step).to_owned()), phase: Phase::Forward, fault, times: 1 }
}

/// A record in one line: when, and what.
fn line(record: &Record, start: Timestamp) -> String {
    let at = record.time.0.saturating_sub(start.0);
    let mut what = format!("{:?}", record.event);
    if let Event::Probed { point, readings, settled, .. } = &record.event {
        let found = readings.iter().map(|reading| format!("{} {:?}", reading.cell, reading.answer));
        let found = found.collect::<Vec<_>>().join(", ");
        what = format!("probed for {point:?}: {found}{}", if *settled { "" } else { " (not yet)" });
    }
    format!("{at:>6} ms {what}")
}

/// Who runs what the tests run.
#[must_use]
pub fn operator() -> Identity {
    Identity { user: "operator".into(), uid: 1_000, verified: false }
}

/// The first record of a run of a plan in a model.
#[must_use]
pub fn started(plan: &Plan) -> Event {
    Event::Started(Box::new(Started {
        run: RunId("01J0000000000000000000TEST".into()),
        plan: plan.clone(),
        digest: String::new(),
        world: WorldKind::Simulated,
        operator: operator(),
        host: "here".into(),
        boot_id: "boot".into(),
        version: "0".into(),
        waivers: Vec::new(),
        roles: BTreeMap::new(),
        channels: BTreeMap::new(),
    }))
}

/// Where the executor dies.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Death {
    /// As soon as this record is durable: nothing that follows from it happens.
    After(u64),
    /// Before the record after this one is written: what follows from this one has happened.
    Before(u64),
}

/// A journal that forgets when the test is over.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// What was written.
    pub records: Vec<Record>,
    /// Where the executor that writes it dies, if it does.
    pub death: Option<Death>,
}

/// More records than any run of a test has.
const RECORDS_MAX: u64 = 5_000;

impl Journal for Memory {
    fn append(&mut self, time: Timestamp, event: Event) -> Result<Record, AppendError> {
        let seq = self.records.len() as u64 + 1;
        assert!(seq < RECORDS_MAX, "it goes round in circles: {event:?}");
        if self.death == Some(Death::Before(seq - 1)) {
            return Err(AppendError::Broken);
        }
        let record = Record { seq, time, event, prev: RecordHash::default(), hash: RecordHash::default() };
        self.records.push(record.clone());
        if self.death == Some(Death::After(seq)) {
            return Err(AppendError::Broken);
        }
        Ok(record)
    }
    fn reserve(&mut self, _bytes: u64) -> Result<(), ReserveError> {
        Ok(())
    }
    fn chain(&self) -> Chain {
        Chain::default()
    }
}
