//! Where one step stands: forward, and on its way back.

use std::collections::BTreeMap;

use surefoot_plan::{Name, Value};

use crate::{Claim, Effect, Outcome, Reading, Refusal};

/// How far a step came on the way forward.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum Stage {
    /// Nothing was done.
    #[default]
    New,
    /// What it needs was probed.
    Guarded,
    /// What is true before it was recorded.
    Prepared,
    /// A statement may be running.
    Acting,
    /// A statement is over, or a doubt about it was answered.
    Between,
    /// What it ensures was probed.
    Observed,
    /// What it needs did not hold.
    Refused,
    /// It is proved that it did not act.
    NotDone,
    /// It is over and not done.
    Partial,
    /// It cannot be told.
    Doubt,
    /// It had its full effect.
    Done,
    /// It failed for good, unless a person says otherwise.
    Failed,
}

/// How far a step's rollback came.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum BackStage {
    /// Nothing was done.
    #[default]
    Untouched,
    /// What it needs was probed.
    Guarded,
    /// What it needs did not hold.
    Refused,
    /// A statement may be running.
    Acting,
    /// A statement is over.
    Between,
    /// What it brings back was probed.
    Observed,
    /// It failed for good, unless a person says otherwise.
    Stuck,
    /// It was paid.
    Paid,
    /// It will never be paid: a point of no return was passed.
    Sealed,
    /// A person let it go.
    Forgiven,
}

/// One performance of one statement.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClaimState {
    /// Its name.
    pub claim: Claim,
    /// What became of it; none while it may be running.
    pub outcome: Option<Outcome>,
    /// In which life of the executor it was announced.
    pub life: u32,
    /// A person, or its supervisor, says that it is over.
    pub over: bool,
    /// How often it was asked after since.
    pub examined: u32,
}

/// Where one step stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StepState {
    /// How far it came forward.
    pub stage: Stage,
    /// How far its rollback came.
    pub back: BackStage,
    /// What it did to the world, as far as is known.
    pub effect: Effect,
    /// Whether any statement of it may have acted, in any attempt that counts.
    pub acted: bool,
    /// The number of the last attempt forward; 0 before the first.
    pub attempt: u32,
    /// How many statements of that attempt ended well.
    pub statements: u32,
    /// How often it failed in a way that uses up an attempt.
    pub failures: u32,
    /// It may be done again without using up an attempt: a crash cut it off, or a person said so.
    pub free: bool,
    /// Why it is not done, where it is not.
    pub why: String,
    /// The last statement that was announced, in either direction.
    pub claim: Option<ClaimState>,
    /// Whether `base` and `captures` are recorded.
    pub prepared: bool,
    /// In which life of the executor its guard was last probed; none if that is too long ago.
    pub guarded_in: Option<u32>,
    /// Why its guard did not hold, unless a person let it be looked at again.
    pub refusal: Option<Refusal>,
    /// How long the statements of the attempt at hand took, in milliseconds.
    pub spent_ms: u64,
    /// Whether the invariants were probed since it was done.
    pub checked: bool,
    /// What was true of the facts it may change.
    pub base: Vec<Reading>,
    /// What its `before` read.
    pub captures: BTreeMap<Name, Value>,
    /// The number of the last attempt of its rollback; 0 before the first.
    pub back_attempt: u32,
    /// How many statements of that attempt ended well.
    pub back_statements: u32,
    /// The attempts of its rollback that do not count against the limit.
    pub back_free: u32,
    /// How many statements of the attempt at hand have their value named.
    pub named: u32,
    /// How often a doubt about it was looked into since it arose.
    pub doubts: u32,
}

impl Default for StepState {
    fn default() -> StepState {
        StepState {
            stage: Stage::New,
            back: BackStage::Untouched,
            effect: Effect::None,
            acted: false,
            attempt: 0,
            statements: 0,
            failures: 0,
            free: false,
            why: String::new(),
            claim: None,
            prepared: false,
            guarded_in: None,
            refusal: None,
            spent_ms: 0,
            checked: false,
            base: Vec::new(),
            captures: BTreeMap::new(),
            back_attempt: 0,
            back_statements: 0,
            back_free: 0,
            named: 0,
            doubts: 0,
        }
    }
}

impl StepState {
    /// Returns the claim whose end is not known to be over.
    pub fn running(&self) -> Option<&ClaimState> {
        self.claim.as_ref().filter(|claim| !claim.over)
    }
}

impl Stage {
    /// Every stage, for the coverage.
    pub const ALL: [Stage; 12] = [
        Stage::New,
        Stage::Guarded,
        Stage::Prepared,
        Stage::Acting,
        Stage::Between,
        Stage::Observed,
        Stage::Refused,
        Stage::NotDone,
        Stage::Partial,
        Stage::Doubt,
        Stage::Done,
        Stage::Failed,
    ];

    /// Returns its name, as the coverage shows it.
    pub fn name(self) -> &'static str {
        match self {
            Stage::New => "new",
            Stage::Guarded => "guarded",
            Stage::Prepared => "prepared",
            Stage::Acting => "acting",
            Stage::Between => "between",
            Stage::Observed => "observed",
            Stage::Refused => "refused",
            Stage::NotDone => "not done",
            Stage::Partial => "partial",
            Stage::Doubt => "in doubt",
            Stage::Done => "done",
            Stage::Failed => "failed",
        }
    }
}

impl BackStage {
    /// Every stage, for the coverage.
    pub const ALL: [BackStage; 10] = [
        BackStage::Untouched,
        BackStage::Guarded,
        BackStage::Refused,
        BackStage::Acting,
        BackStage::Between,
        BackStage::Observed,
        BackStage::Stuck,
        BackStage::Paid,
        BackStage::Sealed,
        BackStage::Forgiven,
    ];

    /// Returns its name, as the coverage shows it.
    pub fn name(self) -> &'static str {
        match self {
            BackStage::Untouched => "rollback untouched",
            BackStage::Guarded => "rollback guarded",
            BackStage::Refused => "rollback refused",
            BackStage::Acting => "rollback acting",
            BackStage::Between => "rollback between",
            BackStage::Observed => "rollback observed",
            BackStage::Stuck => "rollback stuck",
            BackStage::Paid => "rollback paid",
            BackStage::Sealed => "rollback sealed",
            BackStage::Forgiven => "rollback forgiven",
        }
    }
}
