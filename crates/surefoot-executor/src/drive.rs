//! The one loop: decide, record, act, record.
//!
//! Must hold:
//! - an intent is durable before the world is asked to act;
//! - a record that the fold refuses is never written, and one that cannot be written ends the run at
//!   once: nothing more is started;
//! - a fresh run and a resumed one take this same path.
//!
//! Not here: what is next (`decide`), how it is done (`World`), how it is shown (the observer).

mod branches;
mod hold;
mod perform;
mod tell;

use std::cell::RefCell;
use std::collections::{BTreeSet, VecDeque};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use surefoot_journal::{
    Answer, AppendError, Choice, Debt, Effect, Event, Identity, IllegalTransition, Journal, Phase, Point,
    Record, RunState, Timestamp, Waited,
};
use surefoot_plan::{After, StepId, Tri};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::ask::Asker;
use crate::decide::rollback::ROLLBACK_PAUSE_MS;
use crate::decide::{Given, Order, Probe, decide, judge};
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
    let shared = Shared {
        program,
        state: RefCell::new(Rc::new(std::mem::take(state))),
        journal: RefCell::new(journal),
        world,
        control: RefCell::new(control),
        observe: RefCell::new(observe),
        unwanted: RefCell::default(),
    };
    let driven = Driver { shared: &shared, branch: None }.run().await;
    *state = Rc::unwrap_or_clone(shared.state.into_inner());
    driven
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

/// A run under way: what its branches share.
///
/// One task owns it. Nothing here is borrowed while anything is waited for, so that branches take turns.
struct Shared<'a, 'o, W, J> {
    /// The plan.
    program: &'a Program,
    /// The run. Who waits for the world keeps what was known when they asked.
    state: RefCell<Rc<RunState>>,
    /// Its journal.
    journal: RefCell<&'a mut J>,
    /// Its world.
    world: &'a W,
    /// How it is steered.
    control: RefCell<&'a mut Control>,
    /// Who watches.
    observe: RefCell<&'a mut Observer<'o>>,
    /// The branches that are at work on what is not wanted any more.
    unwanted: RefCell<BTreeSet<u32>>,
}

/// One line of a run under way: the run itself, or one of its branches.
struct Driver<'s, 'a, 'o, W, J> {
    /// What it shares with the others.
    shared: &'s Shared<'a, 'o, W, J>,
    /// Which branch; none for the run itself.
    branch: Option<u32>,
}

/// What ends a wait for something else.
enum News {
    /// Somebody says something.
    Said(Signal),
    /// Another branch heard something, or what this one does is not wanted any more.
    Changed,
}

impl<'s, 'a, W: World, J: Journal> Driver<'s, 'a, '_, W, J> {
    /// The run, as it is now.
    fn state(&self) -> Rc<RunState> {
        Rc::clone(&self.shared.state.borrow())
    }

    /// The plan.
    fn program(&self) -> &'a Program {
        self.shared.program
    }

    /// The world.
    fn world(&self) -> &'a W {
        self.shared.world
    }

    /// How hard the operator asked to stop, if that is not yet answered.
    fn cancel(&self) -> Option<u8> {
        self.shared.state.borrow().cancel()
    }

    /// Whether what this branch is at is not wanted any more.
    fn is_unwanted(&self) -> bool {
        self.branch.is_some_and(|branch| self.shared.unwanted.borrow().contains(&branch))
    }

    /// The loop.
    async fn run(&self) -> Result<(), Halt> {
        self.heed_decisions()?;
        loop {
            self.heed_all()?;
            let mut given = decide(self.program(), &self.state(), self.world().now()).into_iter();
            let Some(first) = given.next() else { return Ok(()) };
            let goes_on = match first {
                Given { branch: None, order } => self.carry_out(order).await?,
                Given { branch: Some(_), .. } => {
                    self.branches().await?;
                    true
                }
            };
            if !goes_on {
                return Ok(());
            }
        }
    }

    /// Heeds what was said by now.
    fn heed_all(&self) -> Result<(), Halt> {
        loop {
            let signal = self.shared.control.borrow_mut().signals.try_recv();
            match signal {
                Ok(signal) => self.heed(signal)?,
                Err(_) => return Ok(()),
            }
        }
    }

    /// Carries out one order. False if the run now waits for a person who is not there.
    async fn carry_out(&self, order: Order) -> Result<bool, Halt> {
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
    fn append(&self, event: Event) -> Result<(), Halt> {
        let now = self.world().now();
        let mut state = self.shared.state.borrow_mut();
        let record = record(Rc::make_mut(&mut state), &mut **self.shared.journal.borrow_mut(), now, event)?;
        (self.shared.observe.borrow_mut())(&record, &state);
        Ok(())
    }

    /// Heeds what a person says while the run goes.
    fn heed(&self, signal: Signal) -> Result<(), Halt> {
        match signal {
            Signal::Cancel { level, by, why } => self.ask_to_stop(level, by, why),
            Signal::HungUp => {
                self.shared.control.borrow_mut().gone = true;
                self.ask_to_stop(1, None, HUNG_UP.into())
            }
            Signal::Note(text) => self.append(Event::Noted { at: None, text }),
            Signal::Decide { .. } | Signal::Resolve { .. } | Signal::Forgive { .. } => {
                self.shared.control.borrow_mut().decisions.push_back(signal);
                Ok(())
            }
        }
    }

    /// Records that somebody, or a signal, asks to stop.
    fn ask_to_stop(&self, level: u8, by: Option<Identity>, why: String) -> Result<(), Halt> {
        match self.append(Event::CancelAsked { level, by, why }) {
            // It is held or over already: there is nothing to stop.
            Err(Halt::Illegal(_)) => Ok(()),
            other => other,
        }
    }

    /// Lets time pass, unless somebody asks to stop harder than before. Whether time passed.
    async fn pause(&self, ms: u64, stops_at: u8) -> Result<bool, Halt> {
        if ms == 0 {
            return Ok(true);
        }
        let until = self.world().uptime_ms().saturating_add(ms);
        loop {
            if self.cancel().is_some_and(|level| level >= stops_at) || stops_at == 1 && self.is_unwanted() {
                return Ok(false);
            }
            let left = until.saturating_sub(self.world().uptime_ms());
            if left == 0 {
                return Ok(true);
            }
            tokio::select! {
                biased;
                news = self.news() => self.hear(news)?,
                () = self.world().sleep(left) => return Ok(true),
            }
        }
    }

    /// Waits until somebody says something, or another branch heard something that concerns this one.
    async fn news(&self) -> News {
        let (cancel, is_unwanted) = (self.cancel(), self.is_unwanted());
        poll_fn(|context| {
            if (self.cancel(), self.is_unwanted()) != (cancel, is_unwanted) {
                return Poll::Ready(News::Changed);
            }
            match self.shared.control.borrow_mut().signals.poll_recv(context) {
                Poll::Ready(Some(signal)) => Poll::Ready(News::Said(signal)),
                // When nobody is there any more, nobody says anything.
                Poll::Ready(None) | Poll::Pending => Poll::Pending,
            }
        })
        .await
    }

    /// Heeds what ended a wait.
    fn hear(&self, news: News) -> Result<(), Halt> {
        match news {
            News::Said(signal) => self.heed(signal),
            News::Changed => Ok(()),
        }
    }

    /// Probes until all holds, or the patience of what does not is over.
    async fn probe(&self, probe: Probe) -> Result<(), Halt> {
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
        let start = self.world().uptime_ms();
        let (node, of, after) = self.told_at(&probe.point);
        let mut lasting = self.lasting(&node, of, &after, 0);
        let mut in_a_row = 0;
        let mut tries = 0;
        let mut shown: Option<Vec<surefoot_journal::Reading>> = None;
        loop {
            let (readings, answered) = {
                let state = self.state();
                let asker = Asker::new(self.program(), &state, self.world());
                let formulas = probe.conditions.iter().map(|condition| &condition.formula);
                (asker.probe(formulas, &probe.cells).await, asker.answered.take())
            };
            let waited = self.world().uptime_ms().saturating_sub(start);
            let (found, patient, every) = self.look(&probe, &readings, waited);
            let holds = found == Tri::True;
            in_a_row = if holds { in_a_row + 1 } else { 0 };
            tries += 1;
            let again = found == Tri::Unknown && !patient && tries < probe.tries;
            let every = if again { ROLLBACK_PAUSE_MS } else { every };
            let enough = in_a_row >= probe.times;
            let stopped = self.cancel().is_some_and(|level| level >= 2);
            if enough || stopped || !(patient || again || (holds && waited <= patience(&probe))) {
                return self.append(Event::Probed { point: probe.point, readings, settled: true, answered });
            }
            // Only what is new is recorded: a wait of an hour is not a record a second.
            if shown.as_ref() != Some(&readings) {
                shown = Some(readings.clone());
                let point = probe.point.clone();
                self.append(Event::Probed { point, readings, settled: false, answered })?;
            }
            let uptime_ms = self.world().uptime_ms();
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
            |id: &StepId| self.program().step(id).map(|part| part.step.after.clone()).unwrap_or_default();
        match point {
            Point::Condition(id) => {
                let after = match self.program().part(id) {
                    Some(Part::Wait(part)) => part.wait.after.clone(),
                    Some(
                        Part::Step(_)
                        | Part::If(_)
                        | Part::Each(_)
                        | Part::Parallel(_)
                        | Part::Stop(..)
                        | Part::Assume(_),
                    )
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
        let state = self.state();
        let known = Known::with(self.program(), &state, readings);
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
