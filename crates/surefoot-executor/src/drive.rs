//! The one loop: decide, record, act, record.
//!
//! Must hold:
//! - an intent is durable before the world is asked to act;
//! - a record that the fold refuses is never written, and one that cannot be written ends the run at
//!   once: nothing more is started;
//! - a fresh run and a resumed one take this same path.
//!
//! Not here: what is next (`decide`), how it is done (`World`), how it is shown (the observer).

mod hold;
mod perform;
mod tell;

use std::collections::VecDeque;
use std::future::pending;

use surefoot_journal::{
    Answer, AppendError, Choice, Debt, Effect, Event, Identity, IllegalTransition, Journal, Phase, Point,
    Record, RunState, Timestamp, Waited,
};
use surefoot_plan::{After, StepId, Tri};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::ask::Asker;
use crate::decide::rollback::ROLLBACK_PAUSE_MS;
use crate::decide::{Order, Probe, decide, judge};
use crate::known::Known;
use crate::program::{Part, Program};
use crate::world::World;

pub use hold::{going_on, turning_back};

/// What people say to a run while it goes.
#[derive(Clone, Debug)]
pub enum Signal {
    /// Stop. 1: finish what runs; 2: ask what runs to end; 3: kill it.
    Cancel {
        /// How hard.
        level: u8,
        /// Who; none if no person did, but a signal.
        by: Option<Identity>,
        /// Why, or which signal; may be empty.
        why: String,
    },
    /// The operator's terminal was closed: what runs is finished, and then the run waits for them.
    HungUp,
    /// How a held or stuck run goes on.
    Decide {
        /// What.
        choice: Choice,
        /// Who.
        by: Identity,
        /// Why.
        reason: String,
    },
    /// What became of a step in doubt.
    Resolve {
        /// Which.
        step: StepId,
        /// What it did; [`Effect::Unknown`]: it is over, and nobody can tell more.
        effect: Effect,
        /// Who says so.
        by: Identity,
        /// What they rely on.
        evidence: String,
    },
    /// A debt is let go.
    Forgive {
        /// Which.
        debt: Debt,
        /// Who.
        by: Identity,
        /// Why.
        reason: String,
    },
    /// A line for the transcript.
    Note(String),
}

/// What is recorded when the terminal of the operator is closed.
const HUNG_UP: &str = "the terminal was closed";

/// How a run is steered.
#[derive(Debug)]
pub struct Control {
    /// Who drives it.
    pub operator: Identity,
    /// Whether the operator can be asked now.
    pub terminal: bool,
    /// The operator's terminal was closed. They did not ask to stop: the run waits until they are back.
    pub gone: bool,
    /// What people say while it goes.
    pub signals: UnboundedReceiver<Signal>,
    /// What was decided before it was taken up; used, in order, where it waits for a person.
    pub decisions: VecDeque<Signal>,
    /// What was said and could not be heeded, and why.
    pub rejected: Vec<(Signal, String)>,
}

/// Why a run could not go on.
#[derive(Debug, thiserror::Error)]
pub enum Halt {
    /// The journal cannot be written: nothing more was started.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// Our own mistake: what was to be recorded cannot follow. It was not written.
    #[error("this is a mistake in Surefoot: {0}")]
    Illegal(#[from] IllegalTransition),
}

/// Sees every record with the state it led to.
pub type Observer<'a> = dyn FnMut(&Record, &RunState) + 'a;

/// Drives a run until it is over, or waits for a person who is not there.
///
/// The first record, or that it was resumed, is in the journal and the state already.
pub async fn drive<W: World, J: Journal>(
    program: &Program,
    state: &mut RunState,
    journal: &mut J,
    world: &W,
    control: &mut Control,
    observe: &mut Observer<'_>,
) -> Result<(), Halt> {
    let mut driver = Driver { program, state, journal, world, control, observe };
    driver.run().await
}

/// Folds and records an event: what a caller uses for `started`, `resumed` and a decision.
pub fn record<J: Journal>(
    state: &mut RunState,
    journal: &mut J,
    now: Timestamp,
    event: Event,
) -> Result<Record, Halt> {
    // Folded first: what the fold refuses is never written. If the append fails the run ends here, so
    // that nothing ever sees a state that is ahead of its journal.
    state.apply_event(&event, now)?;
    Ok(journal.append(now, event)?)
}

/// A run under way.
struct Driver<'a, 'o, W, J> {
    /// The plan.
    program: &'a Program,
    /// The run.
    state: &'a mut RunState,
    /// Its journal.
    journal: &'a mut J,
    /// Its world.
    world: &'a W,
    /// How it is steered.
    control: &'a mut Control,
    /// Who watches.
    observe: &'a mut Observer<'o>,
}

impl<W: World, J: Journal> Driver<'_, '_, W, J> {
    /// The loop.
    async fn run(&mut self) -> Result<(), Halt> {
        self.heed_decisions()?;
        loop {
            while let Ok(signal) = self.control.signals.try_recv() {
                self.heed(signal)?;
            }
            let orders = decide(self.program, self.state, self.world.now());
            if orders.is_empty() {
                return Ok(());
            }
            for order in orders {
                if !self.carry_out(order).await? {
                    return Ok(());
                }
            }
        }
    }

    /// Carries out one order. False if the run now waits for a person who is not there.
    async fn carry_out(&mut self, order: Order) -> Result<bool, Halt> {
        match order {
            Order::Record(event) => self.append(event)?,
            Order::Let(index) => self.read_let(index).await?,
            Order::Probe(probe) => self.probe(probe).await?,
            Order::Prepare(step) => self.prepare(step).await?,
            Order::Perform(claim) => self.perform(claim).await?,
            Order::Examine(claim) => self.examine(claim).await?,
            Order::Approve(step) => self.approve(step).await?,
            Order::Collect(index) => self.collect(index).await?,
            Order::Pause(ms) => {
                self.pause(ms, 1).await?;
            }
            Order::Ask => return self.ask_person().await,
        }
        Ok(true)
    }

    /// Folds, records and shows an event.
    fn append(&mut self, event: Event) -> Result<(), Halt> {
        let record = record(self.state, self.journal, self.world.now(), event)?;
        (self.observe)(&record, self.state);
        Ok(())
    }

    /// Heeds what a person says while the run goes.
    fn heed(&mut self, signal: Signal) -> Result<(), Halt> {
        match signal {
            Signal::Cancel { level, by, why } => self.cancel(level, by, why),
            Signal::HungUp => {
                self.control.gone = true;
                self.cancel(1, None, HUNG_UP.into())
            }
            Signal::Note(text) => self.append(Event::Noted { at: None, text }),
            Signal::Decide { .. } | Signal::Resolve { .. } | Signal::Forgive { .. } => {
                self.control.decisions.push_back(signal);
                Ok(())
            }
        }
    }

    /// Records that somebody, or a signal, asks to stop.
    fn cancel(&mut self, level: u8, by: Option<Identity>, why: String) -> Result<(), Halt> {
        match self.append(Event::CancelAsked { level, by, why }) {
            // It is held or over already: there is nothing to stop.
            Err(Halt::Illegal(_)) => Ok(()),
            other => other,
        }
    }

    /// Lets time pass, unless somebody asks to stop harder than before. Whether time passed.
    async fn pause(&mut self, ms: u64, stops_at: u8) -> Result<bool, Halt> {
        if ms == 0 {
            return Ok(true);
        }
        let until = self.world.uptime_ms().saturating_add(ms);
        loop {
            if self.state.cancel().is_some_and(|level| level >= stops_at) {
                return Ok(false);
            }
            let left = until.saturating_sub(self.world.uptime_ms());
            if left == 0 {
                return Ok(true);
            }
            let signal = tokio::select! {
                biased;
                signal = next_signal(&mut self.control.signals) => signal,
                () = self.world.sleep(left) => return Ok(true),
            };
            self.heed(signal)?;
        }
    }

    /// Probes until all holds, or the patience of what does not is over.
    async fn probe(&mut self, probe: Probe) -> Result<(), Halt> {
        // What only waits can be left at any time; what looks at the effect of a step is finished.
        let stops_at = match &probe.point {
            Point::Entry | Point::End | Point::Condition(_) | Point::Shown(_) => 1,
            Point::Guard(_, Phase::Forward) | Point::Resume => 1,
            Point::Guard(_, Phase::Rollback) | Point::Base(_) | Point::Ensures(..) => 2,
            Point::Invariants(_) | Point::Doubt(_) | Point::Restored => 2,
        };
        if !self.pause(probe.delay_ms, stops_at).await? {
            return Ok(());
        }
        let start = self.world.uptime_ms();
        let (node, of, after) = self.told_at(&probe.point);
        let mut lasting = self.lasting(&node, of, &after, 0);
        let mut in_a_row = 0;
        let mut tries = 0;
        let mut shown: Option<Vec<surefoot_journal::Reading>> = None;
        loop {
            let (readings, answered) = {
                let asker = Asker::new(self.program, self.state, self.world);
                let formulas = probe.conditions.iter().map(|condition| &condition.formula);
                (asker.probe(formulas, &probe.cells).await, asker.answered.take())
            };
            let waited = self.world.uptime_ms().saturating_sub(start);
            let (found, patient, every) = self.look(&probe, &readings, waited);
            let holds = found == Tri::True;
            in_a_row = if holds { in_a_row + 1 } else { 0 };
            tries += 1;
            let again = found == Tri::Unknown && !patient && tries < probe.tries;
            let every = if again { ROLLBACK_PAUSE_MS } else { every };
            let enough = in_a_row >= probe.times;
            let stopped = self.state.cancel().is_some_and(|level| level >= 2);
            if enough || stopped || !(patient || again || (holds && waited <= patience(&probe))) {
                return self.append(Event::Probed { point: probe.point, readings, settled: true, answered });
            }
            // Only what is new is recorded: a wait of an hour is not a record a second.
            if shown.as_ref() != Some(&readings) {
                shown = Some(readings.clone());
                let point = probe.point.clone();
                self.append(Event::Probed { point, readings, settled: false, answered })?;
            }
            let uptime_ms = self.world.uptime_ms();
            let every = lasting.left(uptime_ms).map_or(every, |left| every.min(left.max(EVERY_MS_MIN)));
            if !self.pause(every, stops_at).await? && stops_at == 1 {
                return Ok(());
            }
            self.tell_of(&mut lasting).await?;
        }
    }

    /// Who is told when a probe lasts.
    fn told_at(&self, point: &Point) -> (StepId, Waited, Vec<After>) {
        let of_step =
            |id: &StepId| self.program.step(id).map(|part| part.step.after.clone()).unwrap_or_default();
        match point {
            Point::Condition(id) => {
                let after = match self.program.part(id) {
                    Some(Part::Wait(part)) => part.wait.after.clone(),
                    Some(Part::Step(_) | Part::If(_) | Part::Each(_) | Part::Stop(..) | Part::Assume(_))
                    | None => Vec::new(),
                };
                (id.clone(), Waited::Condition, after)
            }
            Point::Guard(id, Phase::Forward) => (id.clone(), Waited::Requires, of_step(id)),
            Point::Ensures(id, Phase::Forward) => (id.clone(), Waited::Ensures, of_step(id)),
            Point::Entry
            | Point::End
            | Point::Shown(_)
            | Point::Guard(_, Phase::Rollback)
            | Point::Ensures(_, Phase::Rollback)
            | Point::Resume
            | Point::Base(_)
            | Point::Invariants(_)
            | Point::Doubt(_)
            | Point::Restored => (StepId(String::new()), Waited::Condition, Vec::new()),
        }
    }

    /// Whether all holds; whether what does not has patience left; and when to look again.
    fn look(&self, probe: &Probe, readings: &[surefoot_journal::Reading], waited: u64) -> (Tri, bool, u64) {
        let known = Known::with(self.program, self.state, readings);
        let (mut found, mut patient, mut every) = (Tri::True, true, u64::MAX);
        for condition in &probe.conditions {
            every = every.min(condition.every_ms.max(EVERY_MS_MIN));
            let holds = judge::holds(condition, &known);
            if holds != Tri::True {
                found = found.and(holds);
                patient &= waited < condition.within_ms;
            }
        }
        let patient = found != Tri::True && patient;
        // What is only looked at can be told, or it is asked again like a condition.
        let untold = |reading: &surefoot_journal::Reading| matches!(reading.answer, Answer::Unknown(_));
        if probe.tries > 1 && !probe.cells.is_empty() && readings.iter().any(untold) {
            found = found.and(Tri::Unknown);
        }
        (found, patient, if every == u64::MAX { EVERY_MS_MIN } else { every })
    }
}

/// Least time between two probes, in milliseconds: a probe starts a process.
const EVERY_MS_MIN: u64 = 10;

/// The longest patience of a probe, in milliseconds.
fn patience(probe: &Probe) -> u64 {
    probe.conditions.iter().map(|condition| condition.within_ms).max().unwrap_or(0)
}

/// The next thing somebody says. Waits for ever when nobody is there any more.
async fn next_signal(signals: &mut UnboundedReceiver<Signal>) -> Signal {
    match signals.recv().await {
        Some(signal) => signal,
        None => pending().await,
    }
}
