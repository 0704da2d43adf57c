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
mod branches;
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

use surefoot_journal::{
    Claim, Event, Facing, Finished, LastProbe, Line, Point, RunState, Standing, Timestamp,
};
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

/// An order, and for which branch.
#[derive(Clone, Debug)]
pub struct Given {
    /// The branch of the block that is under way; none if nothing else may be done meanwhile.
    pub branch: Option<u32>,
    /// What is done.
    pub order: Order,
}

impl Given {
    /// An order beside which nothing is done.
    fn alone(order: Order) -> Given {
        Given { branch: None, order }
    }
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
    /// The branch that is decided about; none if that is the run itself.
    line: Option<&'a Line>,
    /// The time. Only approvals and scopes look at it.
    now: Timestamp,
}

impl<'a> View<'a> {
    /// The step that is under way forward.
    fn active(self) -> Option<&'a StepId> {
        self.line.map_or_else(|| self.state.active(), |line| line.active.as_ref())
    }

    /// What came to its end last on the way forward.
    fn finished(self) -> Option<&'a Finished> {
        self.line.map_or_else(|| self.state.finished(), |line| line.finished.as_ref())
    }

    /// The wait that a person wants again.
    fn again(self) -> Option<&'a StepId> {
        self.line.map_or_else(|| self.state.again(), |line| line.again.as_ref())
    }

    /// The last time facts were probed.
    fn last_probe(self) -> Option<&'a LastProbe> {
        self.line.map_or_else(|| self.state.last_probe(), |line| line.last_probe.as_ref())
    }

    /// How facts are called, for messages.
    fn names(self) -> Names<'a> {
        Names::found(self.program.plan(), self.state.bound())
    }
}

/// Returns what a run does next; nothing if it is over.
///
/// One order at a time, because each order's record can change the next; but where branches are done at the same
/// time, one for each of them. An order for a branch that is at work already is the work that it is at.
pub fn decide(program: &Program, state: &RunState, now: Timestamp) -> Vec<Given> {
    program.enter(state.entered());
    next(View { program, state, line: None, now })
}

/// Returns the next orders.
fn next(view: View<'_>) -> Vec<Given> {
    let order = match view.state.standing() {
        Standing::New | Standing::Ended(_) => return Vec::new(),
        Standing::Held(_) | Standing::Stuck { .. } => Order::Ask,
        Standing::Going if view.state.stop_wanted() => end::stopped(view),
        Standing::Going => match (view.state.facing(), view.state.branches()) {
            (Facing::Forward, _) if view.state.back_wanted() => rollback::turn(view),
            (Facing::Forward, Some((block, lines))) => return branches::next(view, block, lines),
            (Facing::Forward, None) => flow::next(view),
            (Facing::Back, _) => rollback::next(view),
        },
    };
    vec![Given::alone(order)]
}
