//! Asks the world: facts, and values that are read. Nothing here changes anything.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use surefoot_journal::{Answer, Answered, Outcome, Reading, RunState};
use surefoot_plan::{
    Cell, Expr, Formula, Name, PersonQuestion, Read, Rights, Source, StepId, Value, ValueId, eval, ground,
    is_of_type,
};

use crate::known::Known;
use crate::program::Program;
use crate::request;
use crate::world::{EffectRequest, ReadFrom, World};

/// How long one read of a probe may take, in milliseconds. A probe that hangs must not hold up an
/// outage for longer than an operator waits before looking for themselves.
pub(crate) const READ_DEADLINE_MS: u64 = 30_000;

/// How deep a fact may rest on other facts. The compiler refuses a circle; this ends one in a plan that
/// was not made by it.
const FACT_DEPTH_MAX: u32 = 16;

/// Asks the world for one run.
pub(crate) struct Asker<'a, W> {
    /// The plan.
    pub(crate) program: &'a Program,
    /// The run.
    pub(crate) state: &'a RunState,
    /// The world.
    pub(crate) world: &'a W,
    /// The step for which is asked.
    pub(crate) step: Option<&'a StepId>,
    /// With which rights it reads itself; those of the whole runbook if none. Facts are asked with those, always.
    pub(crate) rights: Option<&'a Rights>,
    /// Values that were found and are not in the state yet.
    pub(crate) found: BTreeMap<ValueId, Value>,
    /// What people were asked for a fact or a capture, and how they answered.
    pub(crate) answered: RefCell<Vec<Answered>>,
}

/// What reading gives: a value, or why there is none.
type Found = Result<Value, String>;

impl<'a, W: World> Asker<'a, W> {
    /// Asks for a run, with the rights of its runbook.
    pub(crate) fn new(program: &'a Program, state: &'a RunState, world: &'a W) -> Asker<'a, W> {
        Asker {
            program,
            state,
            world,
            step: None,
            rights: None,
            found: BTreeMap::new(),
            answered: RefCell::default(),
        }
    }

    /// What is known here.
    fn known<'b>(&'b self, readings: &'b [Reading]) -> Known<'b> {
        Known {
            found: Some(&self.found),
            now: Some(self.world.now()),
            ..Known::with(self.program, self.state, readings)
        }
    }

    /// Probes every cell that these formulas ask, and these cells, once each.
    pub(crate) async fn probe<'f>(
        &self,
        formulas: impl Iterator<Item = &'f Formula>,
        cells: &[Cell],
    ) -> Vec<Reading> {
        let mut wanted: Vec<&Cell> = Vec::new();
        for formula in formulas {
            wanted.extend(formula.atoms().into_iter().map(|atom| &atom.cell));
            formula.visit_exprs(&mut |expr| push_cells(expr, &mut wanted));
        }
        wanted.extend(cells);
        self.cells(&wanted, 0).await
    }

    /// Probes these cells, once each.
    async fn cells(&self, wanted: &[&Cell], depth: u32) -> Vec<Reading> {
        let mut readings: Vec<Reading> = Vec::with_capacity(wanted.len());
        for cell in wanted {
            let known = self.known(&readings);
            match ground(cell, &known) {
                Ok(cell) if readings.iter().any(|reading| reading.cell == cell) => {}
                Ok(cell) => {
                    let answer = match self.answer(&cell, depth).await {
                        Ok(value) => Answer::Known(value),
                        Err(why) => Answer::Unknown(why),
                    };
                    readings.push(Reading { cell, answer });
                }
                // Its arguments have no value here, so neither has it.
                Err(error) => {
                    readings
                        .push(Reading { cell: (*cell).clone(), answer: Answer::Unknown(error.to_string()) });
                }
            }
        }
        readings
    }

    /// Answers one question. Boxed, because a fact may rest on facts.
    fn answer<'b>(&'b self, cell: &'b Cell, depth: u32) -> Pin<Box<dyn Future<Output = Found> + 'b>> {
        Box::pin(async move {
            if depth > FACT_DEPTH_MAX {
                return Err(format!("it rests on more than {FACT_DEPTH_MAX} facts, one on the other"));
            }
            match self.world.answer(cell) {
                Some(Answer::Known(value)) => return Ok(value),
                Some(Answer::Unknown(why)) => return Err(why),
                None => {}
            }
            let plan = self.program.plan();
            let Some(question) = plan.questions.get(&cell.question) else {
                return Err(format!("the plan has no question `{}`", cell.question));
            };
            let mut arguments: BTreeMap<Name, Value> = BTreeMap::new();
            for (parameter, argument) in question.parameters.iter().zip(&cell.arguments) {
                let value = eval(argument, &self.known(&[])).map_err(|error| error.to_string())?;
                arguments.insert(parameter.name.clone(), value);
            }
            for read in &question.probe.reads {
                let value = self.read(read, Some(&arguments), depth + 1).await?;
                arguments.insert(read.name.clone(), value);
            }
            let value = self.value(&question.probe.answer, Some(&arguments), depth + 1).await?;
            if is_of_type(&value, &question.answer) {
                Ok(value)
            } else {
                Err(format!("the answer `{value}` is not {}", surefoot_plan::describe(&question.answer)))
            }
        })
    }

    /// Reads a value.
    pub(crate) async fn read(
        &self,
        read: &Read,
        arguments: Option<&BTreeMap<Name, Value>>,
        depth: u32,
    ) -> Found {
        let from = match &read.source {
            Source::Value(expr) => return self.value(expr, arguments, depth).await,
            Source::Fact(cell) => {
                let readings = self.cells(&cells_of_arguments(cell), depth).await;
                let known = Known { arguments, ..self.known(&readings) };
                let cell = ground(cell, &known).map_err(|error| error.to_string())?;
                return self.answer(&cell, depth).await;
            }
            Source::Command(exec) => {
                let mut cells = Vec::new();
                exprs_of(exec, &mut |expr| push_cells(expr, &mut cells));
                let readings = self.cells(&cells, depth).await;
                let known = Known { arguments, ..self.known(&readings) };
                ReadFrom::Command(request::command(exec, Some(&read.r#type), &known)?)
            }
            Source::Library(call) => {
                let mut cells = Vec::new();
                call.arguments.values().for_each(|expr| push_cells(expr, &mut cells));
                let readings = self.cells(&cells, depth).await;
                let known = Known { arguments, ..self.known(&readings) };
                let arguments = request::arguments(call, &known)?;
                ReadFrom::Library { function: call.function.clone(), arguments }
            }
            Source::Person(asked) => {
                let outcome = self.ask(asked, arguments).await?;
                if let Outcome::Performed(report) = &outcome {
                    self.answered.borrow_mut().extend(report.answered.clone());
                }
                return value_of(outcome);
            }
        };
        // A fact is asked alike wherever it is read: with what the runbook may read.
        let own = self.rights.filter(|_| depth == 0);
        let rights = own.unwrap_or(&self.program.plan().allow);
        let known = self.known(&[]);
        let request = EffectRequest::Read {
            label: read.name.clone(),
            from,
            rights: request::read_only(request::granted(rights, &known)?),
            deadline_ms: READ_DEADLINE_MS,
        };
        value_of(self.world.perform(request).await)
    }

    /// Reads a value of a statement; what a person was asked comes with who answered.
    pub(crate) async fn read_or_ask(&self, read: &Read) -> Result<(Value, Option<Answered>), String> {
        let Source::Person(asked) = &read.source else {
            return Ok((self.read(read, None, 0).await?, None));
        };
        let outcome = self.ask(asked, None).await?;
        let answered = if let Outcome::Performed(report) = &outcome { report.answered.clone() } else { None };
        Ok((value_of(outcome)?, answered))
    }

    /// Asks a person.
    async fn ask(
        &self,
        asked: &PersonQuestion,
        arguments: Option<&BTreeMap<Name, Value>>,
    ) -> Result<Outcome, String> {
        let known = Known { arguments, ..self.known(&[]) };
        let Some(header) = self.state.header() else { return Err("the run has not started".into()) };
        // Only the probe of a fact is given arguments, be it none.
        let is_fact = arguments.is_some();
        let question = request::question(asked, header.run.clone(), self.step.cloned(), is_fact, &known)?;
        Ok(self.world.perform(EffectRequest::Ask(question)).await)
    }

    /// Computes an expression; the facts it asks are probed first.
    pub(crate) async fn value(
        &self,
        expr: &Expr,
        arguments: Option<&BTreeMap<Name, Value>>,
        depth: u32,
    ) -> Found {
        let mut cells = Vec::new();
        push_cells(expr, &mut cells);
        let readings = self.cells(&cells, depth).await;
        eval(expr, &Known { arguments, ..self.known(&readings) }).map_err(|error| error.to_string())
    }
}

/// The value in an outcome, or why there is none.
fn value_of(outcome: Outcome) -> Found {
    match outcome {
        Outcome::Performed(report) => match report.value {
            Some(value) if report.ok => Ok(value),
            Some(_) | None if report.why.is_empty() => Err("there was no answer".into()),
            Some(_) | None => Err(report.why),
        },
        Outcome::NotPerformed { why } | Outcome::Unknown { why, .. } => Err(why),
    }
}

/// The facts that an expression asks.
pub(crate) fn push_cells<'e>(expr: &'e Expr, cells: &mut Vec<&'e Cell>) {
    expr.visit(&mut |inner| {
        if let Expr::Fact(cell) = inner {
            cells.push(cell);
        }
    });
}

/// The facts that the arguments of a cell ask.
fn cells_of_arguments(cell: &Cell) -> Vec<&Cell> {
    let mut cells = Vec::new();
    cell.arguments.iter().for_each(|argument| push_cells(argument, &mut cells));
    cells
}

/// Every expression of a command.
pub(crate) fn exprs_of<'e>(exec: &'e surefoot_plan::Exec, visit: &mut impl FnMut(&'e Expr)) {
    for word in exec.pipeline.iter().flatten() {
        match word {
            surefoot_plan::Word::One(expr)
            | surefoot_plan::Word::Each(expr)
            | surefoot_plan::Word::Revealing { text: expr, .. } => visit(expr),
        }
    }
    exec.env.values().for_each(&mut *visit);
    exec.script.iter().flat_map(|script| script.arguments.values()).for_each(&mut *visit);
    exec.folder.iter().chain(&exec.stdin).for_each(visit);
}
