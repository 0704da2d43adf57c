//! What can happen in a run. One event is one record of the journal.
//!
//! The names follow the transitions T1 to T14 of the language's semantics. Names are never reused:
//! every journal ever written stays readable.

mod kind;
mod told;

use std::collections::BTreeMap;

use crate::Timestamp;
use serde::{Deserialize, Serialize};
use surefoot_plan::{Cell, Name, Plan, StepId, Value, ValueId};

pub use told::{NotifiedFor, Waited};

/// Names a run: 26 letters and digits that sort by time. Shown by its shortest unique prefix.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct RunId(pub String);

/// Who did something. Until signatures exist it is what the operating system says, and unverified.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Identity {
    /// The user's name.
    pub user: String,
    /// The user's number.
    pub uid: u32,
    /// Whether a signature proves it. Always false for now.
    pub verified: bool,
}

/// Which world performs a run. A journal of another world than `real` can never be resumed as real.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WorldKind {
    /// The sandbox.
    Real,
    /// Nothing is changed.
    Dry,
    /// A model.
    Simulated,
}

/// Names one performance of one statement: what the supervisor claims before it acts.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Claim {
    /// The step.
    pub step: StepId,
    /// Forward, or its rollback.
    pub phase: Phase,
    /// Which try, from 1.
    pub attempt: u32,
    /// Which statement of the block, from 0.
    pub statement: u32,
}

/// The direction in which a step is performed.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Its statements.
    Forward,
    /// Its rollback's statements.
    Rollback,
}

/// What the world says of an effect.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It acted, and is over; the report says whether it ended well.
    Performed(Report),
    /// It is proved that nothing acted.
    NotPerformed {
        /// Why.
        why: String,
    },
    /// It cannot be told, or may still run.
    Unknown {
        /// Why.
        why: String,
        /// Whether it is over.
        over: bool,
    },
}

/// How something ended.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Report {
    /// Whether it ended well: an accepted exit, and output that reads as its type.
    pub ok: bool,
    /// Why it did not end well; empty if it did.
    pub why: String,
    /// How the last program ended, if there was one.
    pub exit: Option<Exit>,
    /// What was read, decoded. Never a secret: redacted.
    pub value: Option<Value>,
    /// What was printed.
    pub output: Vec<Output>,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
    /// Programs that a `detach` right let live on, as "postgres (pid 4711)".
    pub left_running: Vec<String>,
    /// Who said so, if a person was asked. Since format 1.1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<Answered>,
}

/// How a question to people came to its answer.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Answered {
    /// What was asked.
    pub question: String,
    /// Who answered.
    pub by: AnsweredBy,
    /// On what evidence; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
}

/// Who answered a question.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AnsweredBy {
    /// This person.
    Person(Identity),
    /// Nobody in this time, in milliseconds: the runbook's default was taken.
    Default {
        /// How long it was waited.
        within_ms: u64,
    },
}

/// How a program ended.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// Its deadline passed and it was killed.
    TimedOut,
}

/// What was printed to one stream, redacted.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Output {
    /// Which stream.
    pub stream: Stream,
    /// How many bytes were printed.
    pub bytes: u64,
    /// The SHA-256, in hex, of what was kept.
    pub sha256: String,
    /// The file in the run's folder that holds what was kept; none if all of it is in `tail`.
    pub file: Option<String>,
    /// The end of it as text, at most 2 KiB; bytes that are no text are shown as `\xNN`.
    pub tail: String,
    /// Whether some was not kept because it was too much.
    pub cut: bool,
}

/// A stream of a program.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// A fact as probed. Its cell's arguments are values; secret ones are `Value::Secret`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Reading {
    /// What was asked.
    pub cell: Cell,
    /// What was found.
    pub answer: Answer,
}

/// What a probe found.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// This.
    Known(Value),
    /// Nothing that can be relied on, and why.
    Unknown(String),
}

/// Why facts were probed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Point {
    /// The runbook's `requires`, and its invariants, before anything.
    Entry,
    /// The runbook's `ensures`.
    End,
    /// A step's (or its rollback's) `requires` and the invariants it could break.
    Guard(StepId, Phase),
    /// What a step may change, before it starts.
    Base(StepId),
    /// A step's (or its rollback's) `ensures`; for a rollback, what was recorded.
    Ensures(StepId, Phase),
    /// The invariants after a changing step.
    Invariants(StepId),
    /// What a wait, or an `if`, asks.
    Condition(StepId),
    /// What resolves a doubt about a step, `undone when` included.
    Doubt(StepId),
    /// What an approver is shown.
    Shown(StepId),
    /// Everything that changed, after the whole walk back.
    Restored,
    /// What a resumed run asks again.
    Resume,
}

/// What a step did to the world, as far as is known.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It is proved that nothing acted.
    None,
    /// All statements ended well, and every `ensures` was probed true.
    Full,
    /// It is over, but not full.
    Part,
    /// It cannot be told, or may still run.
    Unknown,
}

/// Who or what ended a doubt.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ResolvedBy {
    /// The supervisor's record.
    Claim,
    /// Its class: it can be done again.
    Class,
    /// Its facts.
    Facts,
    /// A person.
    Person(Identity),
}

/// Why a step did not start.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Refusal {
    /// The condition, as written.
    pub condition: String,
    /// What was found.
    pub readings: Vec<Reading>,
    /// Known false; else it cannot be told.
    pub known_false: bool,
    /// The author's reason why it matters; may be empty.
    pub message: String,
    /// The verifier had proved it: an assumption broke.
    pub drift: bool,
}

/// A duty on the stack.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Debt {
    /// The rollback of this step.
    Rollback(StepId),
}

/// Why a run waits for a person.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HeldWhy {
    /// A fact that is needed cannot be told.
    UnknownFact(Refusal),
    /// A doubt that only a person can end.
    Doubt(StepId),
    /// A step failed, and the runbook says `ask`, or it is sealed. None: the runbook's own `ensures`.
    Failed(Option<StepId>),
    /// The operator interrupted.
    Cancelled,
    /// The operator's terminal or executor is gone; found on resume.
    Crash,
    /// What the plan assumes is known false.
    Assumption {
        /// The part of the plan that assumes it.
        assume: StepId,
        /// What was found.
        why: Refusal,
    },
}

/// The first record of a run.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Started {
    /// The run.
    pub run: RunId,
    /// All of the plan: nothing is planned again under a running run.
    pub plan: Plan,
    /// Its digest.
    pub digest: String,
    /// Which world performs it.
    pub world: WorldKind,
    /// Who runs it.
    pub operator: Identity,
    /// The machine.
    pub host: String,
    /// The boot of the machine.
    pub boot_id: String,
    /// The version of Surefoot.
    pub version: String,
    /// What the operator waived: what cannot be enforced, and why that is accepted.
    pub waivers: Vec<String>,
    /// The roles of the configuration, and who holds them.
    pub roles: BTreeMap<Name, Vec<String>>,
    /// The channels of the configuration, each with what it is bound to: `terminal`. Since format 1.4.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub channels: BTreeMap<Name, String>,
}

/// The last record of a run.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Ended {
    /// How far it came.
    pub forward: ForwardVerdict,
    /// What became of the debts.
    pub way_back: WayBackVerdict,
    /// How the facts stand.
    pub facts: FactsVerdict,
    /// What is still owed, in the order in which it would be paid.
    pub owed: Vec<Debt>,
}

/// How far a run came.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ForwardVerdict {
    /// To its end.
    Done,
    /// To its end, but for turns of loops that failed and were taken back. Since format 1.2.
    DoneWithFailures,
    /// To a `stop`: it ended well and early.
    Stopped,
    /// A step failed, or a condition was false.
    Failed,
    /// A person stopped it.
    Cancelled,
    /// A condition at the entry was false, and nothing was done.
    Refused,
}

/// What became of what was owed.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WayBackVerdict {
    /// Nothing had to be taken back.
    NoneNeeded,
    /// All was paid.
    Complete,
    /// Nothing is owed any more, but a person let some of it go, and that stays. Since format 1.2.
    LetGo,
    /// All since the point of no return was paid.
    ToTheSeal,
    /// A rollback failed, and what is below it stays owed.
    Stuck,
    /// It is still owed.
    Owing,
}

/// How the facts stand at the end.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FactsVerdict {
    /// As the runbook's end ensures.
    AsEnsured,
    /// The run ended early, and the runbook's end was not asked.
    NotAsked,
    /// As they were recorded.
    AsBefore,
    /// As they were recorded, but for what `leaves` names.
    AsBeforeExcept,
    /// Some cannot be told.
    Unknown,
    /// Some are not as recorded.
    NotAsBefore,
    /// Nothing was done.
    Untouched,
}

/// What happened.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The run begins.
    Started(Box<Started>),
    /// An executor took the run over: after a crash, or a stop.
    Resumed {
        /// Who.
        operator: Identity,
        /// The machine.
        host: String,
        /// The boot of the machine.
        boot_id: String,
        /// The version of Surefoot.
        version: String,
    },
    /// A torn last line was dropped: it announced nothing that was done.
    Recovered {
        /// How many bytes.
        bytes: u64,
    },
    /// Facts were probed.
    Probed {
        /// Why.
        point: Point,
        /// What was found.
        readings: Vec<Reading>,
        /// Whether this answer is the one that counts; if not, it is asked again soon.
        settled: bool,
        /// How people came to say what of it they were asked. Since format 1.1.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        answered: Vec<Answered>,
    },
    /// A value was found: a `let` of the runbook or of a step, an answer.
    Bound {
        /// Its name.
        id: ValueId,
        /// The value.
        value: Value,
        /// The statement that found it; none for a `let` of the runbook.
        at: Option<Claim>,
        /// How a person came to give it, if one was asked. Since format 1.1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answered: Option<Answered>,
    },
    /// A wait is over, or gave up.
    Waited {
        /// The wait.
        wait: StepId,
        /// Whether it came true.
        reached: bool,
    },
    /// An `if` chose.
    Chose {
        /// The `if`.
        node: StepId,
        /// The arm: true, false, or the one for unknown.
        arm: surefoot_plan::Tri,
    },
    /// A loop found its list, and goes through it. A resumed run goes by this record, and never looks again.
    /// Since format 1.2.
    Entered {
        /// The loop.
        node: StepId,
        /// What the list holds, each item once.
        items: Vec<Value>,
    },
    /// A wave of a loop is next. Since format 1.2.
    WaveNext {
        /// The loop.
        node: StepId,
        /// The items of its turns.
        items: Vec<Value>,
        /// When it may begin: a run that was cut off does not wait again from the start.
        not_before: Timestamp,
    },
    /// Something failed in a loop that goes on all the same: these turns are taken back, and nothing else. Since
    /// format 1.2.
    TurnsFailed {
        /// The loop.
        node: StepId,
        /// The items of the turns, in the order of the list.
        items: Vec<Value>,
        /// Why, in a sentence.
        why: String,
        /// Whether a person decides how it goes on, once they are taken back: they are a wave.
        asks: bool,
    },
    /// These turns are taken back: the run goes forward again, behind them. Since format 1.2.
    TurnsTakenBack {
        /// The loop.
        node: StepId,
        /// The items of the turns.
        items: Vec<Value>,
    },
    /// The branches of a block begin: from now on each goes on by itself. Since format 1.3.
    Branched {
        /// The block.
        node: StepId,
    },
    /// All branches of a block are over, and well: the run goes on behind it. Since format 1.3.
    Joined {
        /// The block.
        node: StepId,
    },
    /// What the plan assumes was asked, and nothing speaks against it.
    Assumed {
        /// The part of the plan that assumes it.
        assume: StepId,
        /// Whether it is known to hold, or cannot be told.
        found: surefoot_plan::Tri,
    },
    /// The run came to a `stop`: it ends well and early.
    Stopped {
        /// Which.
        stop: StepId,
        /// Why.
        why: String,
    },
    /// A second person was asked.
    ApprovalAsked {
        /// For which step.
        step: StepId,
        /// Whose yes is needed.
        role: Name,
        /// How many different people must say it. Since format 1.3; before, one.
        #[serde(default = "one", skip_serializing_if = "is_one")]
        people: u32,
        /// What they are shown.
        shown: Vec<Reading>,
        /// Values that they are shown besides, by what they are called. Since format 1.3.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        values: Vec<(String, Value)>,
        /// How long each yes is good for, in milliseconds; not recorded before format 1.3.
        #[serde(default, skip_serializing_if = "is_zero")]
        expires_ms: u64,
    },
    /// A second person said yes or no.
    ApprovalAnswered {
        /// For which step.
        step: StepId,
        /// Who.
        by: Identity,
        /// Their answer.
        approved: bool,
        /// What they said.
        comment: String,
    },
    /// A second person's yes counts no more: it expired, or what they were shown has changed.
    ApprovalVoided {
        /// For which step.
        step: StepId,
        /// Whose yes alone counts no more; all of them if none. Since format 1.3.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Identity>,
        /// Why.
        why: String,
    },
    /// T2. A guard did not hold; nothing was done.
    Refused {
        /// The step; none if it is the runbook's own condition, at its start or end.
        step: Option<StepId>,
        /// Its rollback, or itself.
        phase: Phase,
        /// Why.
        why: Refusal,
    },
    /// T1. What was true, and what was read, before a step changes anything.
    Before {
        /// The step.
        step: StepId,
        /// The facts it may change.
        base: Vec<Reading>,
        /// What its `before` read.
        captures: BTreeMap<Name, Value>,
        /// How people came to say what of it they were asked. Since format 1.1.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        answered: Vec<Answered>,
    },
    /// T1, T10. A statement is about to act. The first of a step makes its rollback owed, or seals.
    Intent {
        /// What is claimed.
        claim: Claim,
        /// What is done, in lines, with every value put in; a secret is only named. Since format 1.1.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        shown: Vec<String>,
    },
    /// A statement is over, or nobody can tell.
    Outcome {
        /// What was claimed.
        claim: Claim,
        /// What became of it.
        outcome: Outcome,
    },
    /// T3. A step had its full effect.
    Done {
        /// The step.
        step: StepId,
    },
    /// T4. A step is over and not done; it may be half done.
    Partial {
        /// The step.
        step: StepId,
        /// Why.
        why: String,
    },
    /// T5. It is proved that a step did not act.
    NotDone {
        /// The step.
        step: StepId,
        /// Why.
        why: String,
    },
    /// T6. A point of no return was passed; these debts will never be paid.
    Sealed {
        /// The step that sealed.
        step: StepId,
        /// What was owed.
        debts: Vec<Debt>,
    },
    /// T7. It cannot be told what a step did.
    InDoubt {
        /// The step.
        step: StepId,
        /// Why.
        why: String,
    },
    /// T7. A doubt is over.
    Resolved {
        /// The step.
        step: StepId,
        /// What it did.
        effect: Effect,
        /// Who says so.
        by: ResolvedBy,
        /// What they rely on.
        evidence: String,
    },
    /// T8, T9. A step, a condition or a wait failed for good.
    Failed {
        /// The step or wait; none if the runbook's own `ensures` is false.
        step: Option<StepId>,
        /// Why, in a sentence.
        why: String,
    },
    /// Something was gathered for people after a failure.
    Collected {
        /// Which of the plan's `collect`.
        index: u32,
        /// What became of it.
        outcome: Outcome,
    },
    /// The run turned back. It never goes forward again.
    TurnedBack {
        /// Why, in a sentence.
        why: String,
    },
    /// T10. A debt is paid.
    Paid {
        /// The debt.
        debt: Debt,
        /// It did not have to run: its step had no effect, or a later rollback brought its facts back.
        skipped: Option<String>,
    },
    /// T10. A rollback failed for good; the debt stays.
    Stuck {
        /// The debt.
        debt: Debt,
        /// Why.
        why: String,
    },
    /// A person let a debt go.
    Forgiven {
        /// The debt.
        debt: Debt,
        /// Who.
        by: Identity,
        /// Why.
        reason: String,
    },
    /// The run waits for a person.
    Held {
        /// Why.
        why: HeldWhy,
    },
    /// It was decided how a held run goes on.
    Decided {
        /// What.
        choice: Choice,
        /// Who; none since format 1.1 if nobody could be asked, and the runbook's `on failure` says it.
        by: Option<Identity>,
        /// Why.
        reason: String,
    },
    /// T13. A person, or a signal, asked to stop.
    CancelAsked {
        /// 1: finish what runs; 2: stop what runs; 3: kill it.
        level: u8,
        /// Who; none since format 1.1 if it was a signal that no person at the terminal sends.
        by: Option<Identity>,
        /// Why, or which signal; may be empty. Since format 1.1.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        why: String,
    },
    /// A line for the transcript.
    Noted {
        /// The statement it is; none if a person noted it.
        at: Option<Claim>,
        /// The line.
        text: String,
    },
    /// A channel was told something, or it could not be. Since format 1.4.
    Notified {
        /// Why it was told.
        why: NotifiedFor,
        /// The channel.
        channel: Name,
        /// What it was told.
        text: String,
        /// Why it was not delivered; none if it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failed: Option<String>,
    },
    /// The run is over.
    Ended(Ended),
}

/// How many people a step asks where an older journal does not say it.
fn one() -> u32 {
    1
}

/// Whether it is not recorded.
fn is_zero(ms: &u64) -> bool {
    *ms == 0
}

/// Whether one person is enough.
fn is_one(people: &u32) -> bool {
    *people == 1
}

/// How a held or stuck run goes on.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// Forward: the step again, or the next.
    GoOn,
    /// Back, as far as the last seal.
    RollBack,
    /// Stop here and keep what is owed.
    Stop,
    /// Try the rollback again that is stuck.
    RetryRollback,
}

/// Writes why a guard did not hold, in a sentence without its stop.
impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let found = if self.known_false { "is false" } else { "cannot be told" };
        write!(f, "`{}` {found}", self.condition)?;
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        Ok(())
    }
}
