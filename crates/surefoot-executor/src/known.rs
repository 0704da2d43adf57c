//! What a run knows: its inputs, the values it found, and the facts it has just probed.

use std::collections::BTreeMap;

use surefoot_journal::{Answer, Reading, RunState, Timestamp};
use surefoot_plan::{Cell, Environment, Name, Value, ValueId};

use crate::program::Program;

/// An environment for expressions and formulas.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known<'a> {
    /// The plan's inputs.
    pub(crate) program: &'a Program,
    /// The values that were found.
    pub(crate) state: &'a RunState,
    /// The facts that count here.
    pub(crate) readings: &'a [Reading],
    /// The arguments of the question that is being answered.
    pub(crate) arguments: Option<&'a BTreeMap<Name, Value>>,
    /// Values that were found and are not in the state yet.
    pub(crate) found: Option<&'a BTreeMap<ValueId, Value>>,
    /// The moment.
    pub(crate) now: Option<Timestamp>,
}

impl<'a> Known<'a> {
    /// Knows the facts of these readings.
    pub(crate) fn with(program: &'a Program, state: &'a RunState, readings: &'a [Reading]) -> Known<'a> {
        Known { program, state, readings, arguments: None, found: None, now: None }
    }
}

impl Environment for Known<'_> {
    fn input(&self, name: &Name) -> Option<Value> {
        self.program.inputs().get(name).cloned()
    }

    fn local(&self, id: &ValueId) -> Option<Value> {
        let found = self.found.and_then(|found| found.get(id));
        found.or_else(|| self.state.bound().get(id)).cloned()
    }

    fn argument(&self, name: &Name) -> Option<Value> {
        self.arguments.and_then(|arguments| arguments.get(name)).cloned()
    }

    fn fact(&self, cell: &Cell) -> Option<Value> {
        let reading = self.readings.iter().find(|reading| reading.cell == *cell)?;
        match &reading.answer {
            Answer::Known(value) => Some(value.clone()),
            Answer::Unknown(_) => None,
        }
    }

    fn now(&self) -> Option<String> {
        self.now.map(|now| now.to_string())
    }

    fn run_id(&self) -> Option<String> {
        self.state.header().map(|header| header.run.0.clone())
    }
}
