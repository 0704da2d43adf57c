//! A run in a model that can be killed anywhere.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use surefoot_executor::simulated::{Simulated, run_now};
use surefoot_executor::{Control, Halt, Program, Signal, Timestamp, drive, record};
use surefoot_journal::{
    AppendError, Chain, Choice, Debt, Effect, Ended, Event, Identity, Journal, Record, RecordHash,
    ReserveError, RunId, RunState, Started, WorldKind,
};
use surefoot_plan::{Cell, Plan, Policy, StepId, Value, verify};
use tokio::sync::mpsc;

/// Where the executor dies.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Death {
    /// As soon as this record is durable: nothing that follows from it happens.
    After(u64),
    /// Before the record after this one is written: what follows from this one has happened.
    Before(u64),
}

/// A journal that is killed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mortal {
    pub(crate) records: Vec<Record>,
    pub(crate) death: Option<Death>,
}

impl Journal for Mortal {
    fn append(&mut self, time: Timestamp, event: Event) -> Result<Record, AppendError> {
        let seq = self.records.len() as u64 + 1;
        assert!(
            seq < 5_000,
            "it goes round in circles\n{}",
            story(self.records.get(4_950..).unwrap_or_default())
        );
        if self.death == Some(Death::Before(seq - 1)) {
            return Err(AppendError::Broken);
        }
        let (prev, hash) = (RecordHash::default(), RecordHash::default());
        let record = Record { seq, time, event, prev, hash };
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

pub(crate) fn operator() -> Identity {
    Identity { user: "operator".into(), uid: 1_000, verified: false }
}

pub(crate) fn started(plan: &Plan) -> Event {
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

/// A run in a model, over as many lives of the executor as it takes.
pub(crate) struct Run<'a> {
    pub(crate) program: &'a Program,
    pub(crate) world: Simulated<'a>,
    pub(crate) journal: Mortal,
    pub(crate) state: RunState,
    pub(crate) decisions: VecDeque<Signal>,
    pub(crate) rejected: Vec<(Signal, String)>,
    pub(crate) watched: bool,
    pub(crate) before: BTreeMap<Cell, Value>,
    pub(crate) signals: Option<mpsc::UnboundedReceiver<Signal>>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(program: &'a Program, start: &[(&str, bool)]) -> Run<'a> {
        let world = Simulated::new(program);
        for (name, value) in start {
            world.set(crate::plans::cell(name), Value::Bool(*value));
        }
        if program.plan().questions.contains_key("replicas") {
            world.set(crate::plans::cell("replicas"), Value::Int(5));
        }
        if program.plan().lets.iter().any(|read| read.name == "brokers") {
            world.reply("brokers", Value::List(crate::plans::brokers()));
        }
        let before = world.facts();
        Run {
            program,
            world,
            journal: Mortal::default(),
            state: RunState::watched(),
            decisions: VecDeque::new(),
            rejected: Vec::new(),
            watched: true,
            before,
            signals: None,
        }
    }

    /// Decides this where the run next waits for a person.
    pub(crate) fn decide(&mut self, choice: Choice) {
        self.decisions.push_back(Signal::Decide { choice, by: operator(), reason: "a test".into() });
    }

    pub(crate) fn resolve(&mut self, step: &str, effect: Effect) {
        let step = StepId(step.into());
        self.decisions.push_back(Signal::Resolve { step, effect, by: operator(), evidence: "a test".into() });
    }

    pub(crate) fn forgive(&mut self, debt: Debt) {
        self.decisions.push_back(Signal::Forgive { debt, by: operator(), reason: "a test".into() });
    }

    /// One life of the executor. True if it was not killed.
    pub(crate) fn live(&mut self, death: Option<Death>) -> bool {
        self.live_with(death, |_, _| {})
    }

    pub(crate) fn live_with(
        &mut self,
        death: Option<Death>,
        mut see: impl FnMut(&Record, &RunState),
    ) -> bool {
        self.journal.death = death;
        let first = if self.journal.records.is_empty() {
            started(self.program.plan())
        } else {
            // Whatever the last life thought is gone: only the journal is left.
            let mut state = if self.watched { RunState::watched() } else { RunState::new() };
            for record in &self.journal.records {
                if let Err(error) = state.apply(record) {
                    panic!("{error}\n{}", self.story());
                }
            }
            self.state = state;
            Event::Resumed {
                operator: operator(),
                host: "here".into(),
                boot_id: "boot".into(),
                version: "0".into(),
            }
        };
        let result = (|| {
            let now = Timestamp(1_767_225_600_000);
            record(&mut self.state, &mut self.journal, now, first)?;
            let (_sender, nobody) = mpsc::unbounded_channel();
            let signals = self.signals.take().unwrap_or(nobody);
            let mut control = Control {
                operator: operator(),
                terminal: false,
                gone: false,
                signals,
                decisions: std::mem::take(&mut self.decisions),
                rejected: Vec::new(),
            };
            let result = run_now(drive(
                self.program,
                &mut self.state,
                &mut self.journal,
                &self.world,
                &mut control,
                &mut see,
            ));
            self.decisions = control.decisions;
            self.rejected.append(&mut control.rejected);
            result
        })();
        match result {
            Ok(()) => true,
            Err(Halt::Append(_)) => false,
            Err(Halt::Illegal(error)) => panic!("{error}\n{}", self.story()),
        }
    }

    /// The journal, a line a record.
    pub(crate) fn story(&self) -> String {
        story(&self.journal.records)
    }

    /// The verdicts.
    pub(crate) fn ended(&self) -> Ended {
        match self.state.ended() {
            Some(ended) => ended.clone(),
            None => panic!("it is not over\n{}", self.story()),
        }
    }

    /// The facts by name.
    pub(crate) fn facts(&self) -> BTreeMap<String, Value> {
        self.world.facts().into_iter().map(|(cell, value)| (cell.to_string(), value)).collect()
    }

    pub(crate) fn is(&self, fact: &str) -> bool {
        self.facts().get(fact) == Some(&Value::Bool(true))
    }
}

pub(crate) fn story(records: &[Record]) -> String {
    let mut text = String::new();
    for record in records {
        let mut line = format!("{:?}", record.event);
        if let Event::Started(_) = record.event {
            line = "Started".into();
        }
        line.truncate(260);
        text.push_str(&format!("{:3} {line}\n", record.seq));
    }
    text
}

pub(crate) fn program(plan: Plan) -> Program {
    match verify(plan, &Policy::default()) {
        Ok(verified) => Program::new(Arc::new(verified)),
        Err(violations) => panic!("{violations:#?}"),
    }
}
