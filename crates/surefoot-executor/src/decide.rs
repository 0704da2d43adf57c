//! Decides what a run does next.
//!
//! In: a plan made ready, the state folded from the journal, and the time.
//! Out: orders. Nothing is done here.
//!
//! Must hold:
//! - the same three inputs give the same orders, for ever: a resumed run depends on it;
//! - whatever is true of the world is read from the journal's last probe, never remembered;
//! - a loop goes by the record of its list, and never looks again;
//! - while a run is held, stuck or over, nothing is ordered but to ask a person.
//!
//! Not here: performing (`World`), recording (`surefoot-journal`), waiting (`drive`).

mod approval;
mod doubt;
mod each;
mod end;
mod failure;
mod flow;
pub(crate) mod judge;
mod retry;
pub(crate) mod rollback;
mod scope;
mod step;

use surefoot_journal::{Claim, Event, Facing, Point, RunState, Standing, Timestamp};
use surefoot_plan::{Cell, Names, StepId};

use crate::program::{Condition, Program};

/// Something that must now be done.
#[derive(Clone, Debug)]
pub enum Order {
    /// A conclusion is recorded.
    Record(Event),
    /// The `let` of the runbook with this number is read.
    Let(usize),
    /// Facts are probed.
    Probe(Probe),
    /// What is true before a step is probed and read, and recorded.
    Prepare(StepId),
    /// A statement is performed; its intent is recorded first if it acts.
    Perform(Claim),
    /// The world is asked what became of a statement.
    Examine(Claim),
    /// A second person is asked.
    Approve(StepId),
    /// Something is gathered for people.
    Collect(u32),
    /// Time passes, in milliseconds.
    Pause(u64),
    /// A person is asked how the run goes on.
    Ask,
}

/// Facts to be probed, with patience.
#[derive(Clone, Debug)]
pub struct Probe {
    /// Why.
    pub point: Point,
    /// What must hold; probed until all do, or the patience of one that does not is over.
    pub conditions: Vec<Condition>,
    /// What else is probed.
    pub cells: Vec<Cell>,
    /// How long to wait before the first probe, in milliseconds.
    pub delay_ms: u64,
    /// How often in a row all must hold.
    pub times: u32,
    /// How often is asked what cannot be told, before that is the answer.
    pub tries: u32,
}

impl Probe {
    /// Probes what must hold.
    fn new(point: Point, conditions: &[Condition]) -> Probe {
        Probe { point, conditions: conditions.to_vec(), cells: Vec::new(), delay_ms: 0, times: 1, tries: 1 }
    }
}

/// What decisions look at.
#[derive(Clone, Copy, Debug)]
struct View<'a> {
    /// The plan.
    program: &'a Program,
    /// The run.
    state: &'a RunState,
    /// The time. Only approvals and scopes look at it.
    now: Timestamp,
}

impl<'a> View<'a> {
    /// How facts are called, for messages.
    fn names(self) -> Names<'a> {
        Names::found(self.program.plan(), self.state.bound())
    }
}

/// Returns what a run does next; nothing if it is over.
///
/// One order at a time: a plan is a line for now, and each order's record can change the next.
pub fn decide(program: &Program, state: &RunState, now: Timestamp) -> Vec<Order> {
    program.enter(state.entered());
    next(View { program, state, now }).into_iter().collect()
}

/// Returns the next order.
fn next(view: View<'_>) -> Option<Order> {
    match view.state.standing() {
        Standing::New | Standing::Ended(_) => return None,
        Standing::Held(_) | Standing::Stuck { .. } => return Some(Order::Ask),
        Standing::Going => {}
    }
    if view.state.stop_wanted() {
        return Some(end::stopped(view));
    }
    Some(match view.state.facing() {
        Facing::Forward if view.state.back_wanted() => rollback::turn(view),
        Facing::Forward => flow::next(view),
        Facing::Back => rollback::next(view),
    })
}
