//! The state of a run: a fold of its events, and of nothing else.
//!
//! In: events, in their order, with the moments they were recorded. Out: [`RunState`], which a fresh run,
//! a resumed one, the verdict and every view share.
//!
//! Must hold:
//! - the same events give the same state, wherever the fold was stopped and begun again;
//! - an event that the tables in `state/apply.rs` do not allow is refused and changes nothing;
//! - a run that turned back never goes forward again, but for one that takes back turns of a loop alone.
//!
//! Not here: what happens next (`surefoot-executor`), and how records are kept (`record`, `writer`).

mod apply;
mod lines;
mod people;
mod scope;
mod step;
pub mod table;
mod turns;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use surefoot_plan::{Cell, Class, Each, Name, Node, StepId, Value, ValueId, Way};
use thiserror::Error;

use crate::{
    Answer, Debt, Ended, HeldWhy, Identity, NotifiedFor, Point, Reading, RunId, Started, Timestamp, WorldKind,
};

pub use lines::Line;
pub use scope::Scope;
pub use step::{BackStage, ClaimState, Stage, StepState};

/// Why a record cannot follow those before it: the journal is damaged, or the executor is wrong.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("event {number} ({event}) cannot happen here: {why} (the run is {state})")]
pub struct IllegalTransition {
    /// Which event of the journal, from 0.
    pub number: u64,
    /// What kind of event.
    pub event: &'static str,
    /// Where the run stands.
    pub state: String,
    /// What is wrong.
    pub why: String,
}

/// The direction a run faces. It turns from back to forward only behind turns of a loop that were taken back alone.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Facing {
    /// It does its steps.
    #[default]
    Forward,
    /// It pays what is owed.
    Back,
}

/// Whether a run moves.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Standing {
    /// There is no first record yet.
    #[default]
    New,
    /// It moves.
    Going,
    /// It waits for a person.
    Held(HeldWhy),
    /// A rollback failed for good, and waits for a person.
    Stuck {
        /// Which debt.
        debt: Debt,
        /// Why.
        why: String,
    },
    /// It is over.
    Ended(Ended),
}

/// What a step's start means for the way back; read from the plan in the first record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Duty {
    /// Its rollback becomes owed.
    Rollback,
    /// What is owed is sealed.
    Seal,
    /// Nothing.
    Nothing,
}

/// What the first record says, without the plan.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Header {
    /// The run.
    pub run: RunId,
    /// The digest of its plan.
    pub digest: String,
    /// Which world performs it.
    pub world: WorldKind,
    /// Who began it.
    pub operator: Identity,
    /// Who holds which role.
    pub roles: BTreeMap<Name, Vec<String>>,
    /// What each channel is bound to.
    pub channels: BTreeMap<Name, String>,
    /// The boot of the machine in which it runs now.
    pub boot_id: String,
}

/// The last thing on the way forward that came to its end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finished {
    /// The step, wait, `if` or loop.
    pub node: StepId,
    /// How.
    pub how: FinishedHow,
}

/// How something on the way forward came to its end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FinishedHow {
    /// A step is done.
    Done,
    /// A wait came true, or gave up.
    Waited(bool),
    /// An `if` chose.
    Chose(surefoot_plan::Tri),
    /// A loop found its list.
    Entered,
    /// The turns of a loop up to this one, from 0, are over: this one was taken back.
    TakenBack(u32),
    /// A `stop` ended the run.
    Stopped,
    /// What it assumes is not known false.
    Assumed,
    /// All branches of a block are over.
    Joined,
}

/// A turn of a loop.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Turn {
    /// The loop.
    pub node: StepId,
    /// Which item of its list, from 0.
    pub index: u32,
}

/// Turns of a loop that are taken back alone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Turning {
    /// The loop.
    pub node: StepId,
    /// The first of them.
    pub first: u32,
    /// The last of them.
    pub last: u32,
    /// Whether a person decides how it goes on, once they are taken back.
    pub asks: bool,
}

/// The last time facts were probed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LastProbe {
    /// Why.
    pub point: Point,
    /// What was found.
    pub readings: Vec<Reading>,
    /// Whether this answer counts.
    pub settled: bool,
    /// In which life of the executor.
    pub life: u32,
}

/// What was true before a run changed a fact.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Base {
    /// The step that recorded it.
    pub step: StepId,
    /// What it was.
    pub answer: Answer,
}

/// A request for the yes of a second person, or of several.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ApprovalState {
    /// Whose yes is needed.
    pub role: Name,
    /// How many different people must say it.
    pub people: u32,
    /// What they were shown.
    pub shown: Vec<Reading>,
    /// Values that they were shown besides.
    pub values: Vec<(String, Value)>,
    /// How long each yes is good for, in milliseconds.
    pub expires_ms: u64,
    /// When they were asked.
    pub asked: Timestamp,
    /// Their answers, in order: each yes that counts, and the no that ended it.
    pub answers: Vec<ApprovalAnswer>,
}

impl ApprovalState {
    /// The no, if one of them said it: one is enough.
    pub fn refusal(&self) -> Option<&ApprovalAnswer> {
        self.answers.iter().find(|answer| !answer.approved)
    }

    /// How many more must say yes.
    pub fn missing(&self) -> u32 {
        let given = u32::try_from(self.answers.len()).unwrap_or(u32::MAX);
        self.people.saturating_sub(given)
    }

    /// Whether nobody is asked any more: enough have said yes, or one has said no.
    pub fn is_answered(&self) -> bool {
        self.refusal().is_some() || self.missing() == 0
    }
}

/// A second person's answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ApprovalAnswer {
    /// Who.
    pub by: Identity,
    /// Yes or no.
    pub approved: bool,
    /// When it was recorded.
    pub at: Timestamp,
    /// What they said.
    pub comment: String,
}

/// What a failure was.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Failure {
    /// The step or wait; none for the runbook's own `ensures`.
    pub step: Option<StepId>,
    /// Why, in a sentence.
    pub why: String,
}

/// Where a run stands. Everything that is decided later follows from it and the plan.
#[derive(Clone, Debug, Default)]
pub struct RunState {
    /// How many events were folded.
    count: u64,
    /// When the last of them was recorded.
    at: Timestamp,
    /// What the first said.
    header: Option<Header>,
    /// What each step's start means.
    duties: HashMap<StepId, Duty>,
    /// The scopes of the plan, by the step that enters.
    scopes: BTreeMap<StepId, Scope>,
    /// The loops whose list the run finds, until it has.
    loops: HashMap<StepId, Arc<Each>>,
    /// What those went through that have found theirs.
    entered: BTreeMap<StepId, Arc<[Value]>>,
    /// The blocks whose branches are done at the same time, with how many there are.
    blocks: HashMap<StepId, u32>,
    /// The block and the branch in which each part of one stands.
    places: HashMap<StepId, lines::Place>,
    /// The branches that are under way.
    branches: Option<lines::Branches>,
    /// The turn in which each part of a loop's turns is.
    turns: HashMap<StepId, Turn>,
    /// The turns that failed and were taken back, or are, while the run goes on.
    failed_turns: BTreeSet<Turn>,
    /// The turns that are being taken back alone.
    turning: Option<Turning>,
    /// The wave of each loop that was the last to be next.
    waves: BTreeMap<StepId, (Turning, Timestamp)>,
    /// Which way it faces.
    facing: Facing,
    /// Whether it moves.
    standing: Standing,
    /// How often an executor took it up: 0 in the first life.
    life: u32,
    /// All who ever drove it.
    operators: Vec<Identity>,
    /// What was found: `let`s, captures, answers.
    bound: BTreeMap<ValueId, Value>,
    /// Each step that anything happened to.
    steps: BTreeMap<StepId, StepState>,
    /// The step that is between its first record and its end.
    active: Option<StepId>,
    /// What came to its end last on the way forward.
    finished: Option<Finished>,
    /// Why the run ended early, if it did.
    stopped: Option<String>,
    /// A wait that a person wants again.
    again: Option<StepId>,
    /// What is owed; the next to be paid is last.
    debts: Vec<Debt>,
    /// What was owed when the run ended well; offered until the next seal.
    closed: Vec<Debt>,
    /// The irreversible step that has started and may yet turn out not to have acted.
    pending: Option<StepId>,
    /// The points of no return that were passed.
    seals: Vec<StepId>,
    /// What was true before the run changed it, since the last seal.
    base: BTreeMap<Cell, Base>,
    /// The last time facts were probed, unless a decision made it stale.
    last_probe: Option<LastProbe>,
    /// Whose yes was asked.
    approvals: BTreeMap<StepId, ApprovalState>,
    /// Waits of which a channel was told that they last.
    notified: BTreeSet<NotifiedFor>,
    /// How hard the operator asked to stop.
    cancel: Option<u8>,
    /// A person wants the run to turn back.
    back_wanted: bool,
    /// A person wants the run to end here.
    stop_wanted: bool,
    /// Why the run's own conditions did not hold at its start.
    refused: Option<crate::Refusal>,
    /// The failure that is not yet answered, or that turned the run back.
    failure: Option<Failure>,
    /// How many of the plan's `collect` ran since the last failure.
    collected: u32,
    /// Whether a person stopped the run.
    cancelled: bool,
    /// Which pairs of stage and event were met; for the coverage of the tables.
    met: Option<BTreeSet<(&'static str, &'static str)>>,
}

impl RunState {
    /// Returns a state to which no event happened.
    pub fn new() -> RunState {
        RunState::default()
    }

    /// Returns a state that keeps the pairs of stage and event it meets, for a test's coverage.
    pub fn watched() -> RunState {
        RunState { met: Some(BTreeSet::new()), ..RunState::default() }
    }

    /// Returns the pairs of stage and event that were met, if they are kept.
    pub fn met(&self) -> impl Iterator<Item = (&'static str, &'static str)> + '_ {
        self.met.iter().flatten().copied()
    }

    /// Whether a channel was told of this already.
    pub fn is_notified(&self, why: &NotifiedFor) -> bool {
        self.notified.contains(why)
    }

    /// Returns how many events were folded.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Returns when the last event was recorded.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// Returns what the first event said.
    pub fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// Returns which way the run faces.
    pub fn facing(&self) -> Facing {
        self.facing
    }

    /// Returns whether the run moves.
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// Returns the verdicts, once the run is over.
    pub fn ended(&self) -> Option<&Ended> {
        match &self.standing {
            Standing::Ended(ended) => Some(ended),
            Standing::New | Standing::Going | Standing::Held(_) | Standing::Stuck { .. } => None,
        }
    }

    /// Returns how often an executor took the run up again.
    pub fn life(&self) -> u32 {
        self.life
    }

    /// Returns all who ever drove the run.
    pub fn operators(&self) -> &[Identity] {
        &self.operators
    }

    /// Returns the values that were found.
    pub fn bound(&self) -> &BTreeMap<ValueId, Value> {
        &self.bound
    }

    /// Returns what happened to a step; none if nothing did.
    pub fn step(&self, id: &StepId) -> Option<&StepState> {
        self.steps.get(id)
    }

    /// Returns every step that anything happened to, by name.
    pub fn steps(&self) -> impl Iterator<Item = (&StepId, &StepState)> {
        self.steps.iter()
    }

    /// Returns the step that is under way forward.
    pub fn active(&self) -> Option<&StepId> {
        self.active.as_ref()
    }

    /// Returns what came to its end last on the way forward.
    pub fn finished(&self) -> Option<&Finished> {
        self.finished.as_ref()
    }

    /// Returns why the run ended early, if it came to a `stop`.
    pub fn stopped(&self) -> Option<&str> {
        self.stopped.as_deref()
    }

    /// Returns the wait that a person wants again.
    pub fn again(&self) -> Option<&StepId> {
        self.again.as_ref()
    }

    /// Returns what is owed, in the order in which it would be paid.
    pub fn owed(&self) -> impl ExactSizeIterator<Item = &Debt> {
        self.debts.iter().rev()
    }

    /// Returns the debts that a run which ended well could still pay, in the order of payment.
    pub fn closed(&self) -> impl ExactSizeIterator<Item = &Debt> {
        self.closed.iter().rev()
    }

    /// Returns the irreversible step that has started and is not yet known to have acted or not.
    pub fn pending_seal(&self) -> Option<&StepId> {
        self.pending.as_ref()
    }

    /// Returns the points of no return that were passed, in order.
    pub fn seals(&self) -> &[StepId] {
        &self.seals
    }

    /// Returns what was true before the run changed it, since the last seal.
    pub fn base(&self) -> &BTreeMap<Cell, Base> {
        &self.base
    }

    /// Returns the last time facts were probed, if nothing has made it stale.
    pub fn last_probe(&self) -> Option<&LastProbe> {
        self.last_probe.as_ref()
    }

    /// Returns the request for a second person's yes.
    pub fn approval(&self, step: &StepId) -> Option<&ApprovalState> {
        self.approvals.get(step)
    }

    /// Returns the steps for which a second person's yes is asked and not given.
    pub fn asked(&self) -> impl Iterator<Item = (&StepId, &ApprovalState)> {
        self.approvals.iter().filter(|(_, asked)| !asked.is_answered())
    }

    /// Returns how hard the operator asked to stop, if that is not yet answered.
    pub fn cancel(&self) -> Option<u8> {
        self.cancel
    }

    /// Returns whether a person wants the run to turn back.
    pub fn back_wanted(&self) -> bool {
        self.back_wanted
    }

    /// Returns whether a person wants the run to end here.
    pub fn stop_wanted(&self) -> bool {
        self.stop_wanted
    }

    /// Returns whether a person stopped the run.
    pub fn cancelled(&self) -> bool {
        self.cancelled
    }

    /// Returns why the runbook's own conditions did not hold.
    pub fn refused(&self) -> Option<&crate::Refusal> {
        self.refused.as_ref()
    }

    /// Returns the last failure, unless a person let the run go on after it.
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// Returns how many of the plan's `collect` ran since the last failure.
    pub fn collected(&self) -> u32 {
        self.collected
    }

    /// Returns what a step's start means for the way back; none if the plan has no such step.
    pub fn duty(&self, step: &StepId) -> Option<Duty> {
        self.duties.get(step).copied()
    }

    /// Returns the items of each loop that found its list.
    pub fn entered(&self) -> &BTreeMap<StepId, Arc<[Value]>> {
        &self.entered
    }

    /// Returns the turn of a loop in which a part of the plan is.
    pub fn turn(&self, id: &StepId) -> Option<&Turn> {
        self.turns.get(id)
    }

    /// Returns the turns that failed and were taken back, or are, while the run goes on.
    pub fn failed_turns(&self) -> &BTreeSet<Turn> {
        &self.failed_turns
    }

    /// Returns the wave of a loop that was the last to be next, and when it may begin.
    pub fn wave(&self, node: &StepId) -> Option<&(Turning, Timestamp)> {
        self.waves.get(node)
    }

    /// Returns the turns that are being taken back alone, if the run faces back only for them.
    pub fn turning(&self) -> Option<&Turning> {
        self.turning.as_ref()
    }

    /// Returns whether anything may have acted on the world.
    pub fn has_acted(&self) -> bool {
        self.steps.values().any(|step| step.acted)
    }
}

/// Writes where a run stands in a word or two, for messages.
impl std::fmt::Display for RunState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let way = match self.facing {
            Facing::Forward => "going forward",
            Facing::Back => "going back",
        };
        match &self.standing {
            Standing::New => f.write_str("not started"),
            Standing::Going => f.write_str(way),
            Standing::Held(_) => write!(f, "held, {way}"),
            Standing::Stuck { .. } => f.write_str("stuck"),
            Standing::Ended(_) => f.write_str("over"),
        }
    }
}

/// Reads from nodes what the start of each step means, and the loops whose steps are known only later.
fn duties_of(nodes: &[Node]) -> (HashMap<StepId, Duty>, HashMap<StepId, Arc<Each>>) {
    let (mut duties, mut loops) = (HashMap::new(), HashMap::new());
    let mut rest: Vec<&[Node]> = vec![nodes];
    while let Some(nodes) = rest.pop() {
        for node in nodes {
            match node {
                Node::Step(step) => {
                    let duty = match &step.way {
                        Way::Rollback(_) => Duty::Rollback,
                        Way::Irreversible(_) => Duty::Seal,
                        Way::Nothing => Duty::Nothing,
                    };
                    // A step that only reads has nothing to take back, whatever stands beside it.
                    let duty = if step.class == Class::Read { Duty::Nothing } else { duty };
                    duties.insert(step.id.clone(), duty);
                }
                Node::Each(each) => {
                    loops.insert(each.id.clone(), Arc::new(each.as_ref().clone()));
                }
                Node::Parallel(parallel) => rest.extend(parallel.branches.iter().map(Vec::as_slice)),
                Node::Stop { .. } | Node::Assume { .. } => {}
                Node::Wait(wait) => rest.push(&wait.otherwise),
                Node::If { then, otherwise, unknown, .. } => {
                    rest.push(then);
                    rest.push(otherwise);
                    rest.extend(unknown.as_deref());
                }
            }
        }
    }
    (duties, loops)
}

impl Header {
    /// Takes what the first record says, without the plan.
    fn of(started: &Started) -> Header {
        Header {
            run: started.run.clone(),
            digest: started.digest.clone(),
            world: started.world,
            operator: started.operator.clone(),
            roles: started.roles.clone(),
            channels: started.channels.clone(),
            boot_id: started.boot_id.clone(),
        }
    }
}
