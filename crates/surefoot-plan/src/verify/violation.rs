//! Why a plan is not allowed.

use serde::Serialize;

use crate::StepId;

/// Something in a plan that must not be, with the path that leads there.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Violation {
    /// What is wrong.
    pub condition: Condition,
    /// The nodes it is about, the one that an author would change first.
    pub steps: Vec<StepId>,
    /// The facts, values, programs or paths it is about, as they read in the plan.
    pub names: Vec<String>,
    /// One sentence that says what is wrong.
    pub message: String,
    /// How the run comes there: one sentence for each thing that happens, in order. May be empty.
    pub trace: Vec<String>,
    /// What to do about it.
    pub help: String,
    /// At how many later places the same cause shows again.
    pub more: usize,
}

/// What is wrong with a plan. Each has a code, and a page that explains it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// A part of the plan does not fit the others: an unknown question, a name given twice.
    Malformed,
    /// An input has no value, and the plan is to be run.
    InputUnbound,
    /// A value breaks the `where` of its input.
    ConstraintBroken,
    /// The plan is too large, too deep, or a formula asks too many facts.
    TooLarge,
    /// A wait, a retry, a deadline or an approval without an end.
    Unbounded,
    /// A step or wait reads a value that may not exist there.
    ValueMayNotExist,
    /// A part of the plan stands after one that ends the run on every path.
    NeverReached,
    /// What is assumed is known false.
    AssumedFalse,
    /// A changing step has no way back, and does not say so.
    NoWayBack,
    /// A rollback needs what is known false when it runs.
    RollbackNeedsFalse,
    /// An invariant is known to break while a rollback runs.
    RollbackBreaksInvariant,
    /// A rollback reads a value that may not exist when it runs.
    RollbackReadsMissing,
    /// A rollback always sets the same, and that may not be what was there.
    NotDefiniteBefore,
    /// The whole way back does not end where it began.
    NotRestored,
    /// A step after the point of no return that is not safe to repeat.
    OnceAfterSeal,
    /// An irreversible step that is not safe to repeat, and names no runbook that helps.
    OnceSeal,
    /// An irreversible step that nobody approves.
    SealNotApproved,
    /// A loop takes back its waves, and an irreversible step stands in it.
    SealInWave,
    /// A branch changes what another branch changes or asks.
    BranchesInterfere,
    /// Something stands in a branch that cannot be done while others are at work.
    InBranch,
    /// `undone when` asks a fact that the step itself changes.
    UndoneWhenChanged,
    /// A rollback has no statement that changes anything.
    EmptyRollback,
    /// A rollback asks a person a question.
    RollbackAsks,
    /// Entering or leaving a scope is not safe to repeat.
    ScopeOnce,
    /// A step inside a scope changes what entering it changed.
    ScopeShared,
    /// Leaving a scope does not say what becomes of a fact that entering it changed, or changes another.
    ScopeFacts,
    /// A step, a wait or the runbook requires what is known false.
    RequiresFalse,
    /// An invariant is known to break in the middle of a step.
    InvariantBroken,
    /// The `ensures` of one step contradict each other.
    EnsuresContradict,
    /// The runbook's `ensures` is known false at its end.
    EndFalse,
    /// A step says it only reads, or tells whether it took effect, and does not.
    ClassWrong,
    /// A program, path, port, host or user outside `allow`.
    OutsideAllow,
    /// A secret would reach a place where others can read it.
    SecretExposed,
}

impl Condition {
    /// Returns the code of the condition's page.
    pub fn code(self) -> &'static str {
        match self {
            Condition::Malformed => "SF0390",
            Condition::InputUnbound => "SF0391",
            Condition::ConstraintBroken => "SF0392",
            Condition::TooLarge => "SF0393",
            Condition::Unbounded => "SF0301",
            Condition::ValueMayNotExist => "SF0302",
            Condition::NeverReached => "SF0330",
            Condition::AssumedFalse => "SF0332",
            Condition::NoWayBack => "SF0401",
            Condition::RollbackNeedsFalse => "SF0402",
            Condition::RollbackBreaksInvariant => "SF0403",
            Condition::RollbackReadsMissing => "SF0404",
            Condition::NotDefiniteBefore => "SF0405",
            Condition::NotRestored => "SF0406",
            Condition::OnceAfterSeal => "SF0407",
            Condition::OnceSeal => "SF0408",
            Condition::SealNotApproved => "SF0409",
            Condition::SealInWave => "SF0418",
            Condition::BranchesInterfere => "SF0507",
            Condition::InBranch => "SF0419",
            Condition::UndoneWhenChanged => "SF0410",
            Condition::EmptyRollback => "SF0412",
            Condition::RollbackAsks => "SF0411",
            Condition::ScopeOnce => "SF0413",
            Condition::ScopeShared => "SF0414",
            Condition::ScopeFacts => "SF0415",
            Condition::RequiresFalse => "SF0501",
            Condition::InvariantBroken => "SF0502",
            Condition::EnsuresContradict => "SF0503",
            Condition::EndFalse => "SF0504",
            Condition::ClassWrong => "SF0505",
            Condition::OutsideAllow => "SF0601",
            Condition::SecretExposed => "SF0701",
        }
    }

    /// Every condition, in the order of the declaration.
    pub const ALL: [Condition; 33] = [
        Condition::Malformed,
        Condition::InputUnbound,
        Condition::ConstraintBroken,
        Condition::TooLarge,
        Condition::Unbounded,
        Condition::ValueMayNotExist,
        Condition::NeverReached,
        Condition::AssumedFalse,
        Condition::NoWayBack,
        Condition::RollbackNeedsFalse,
        Condition::RollbackBreaksInvariant,
        Condition::RollbackReadsMissing,
        Condition::NotDefiniteBefore,
        Condition::NotRestored,
        Condition::OnceAfterSeal,
        Condition::OnceSeal,
        Condition::SealNotApproved,
        Condition::SealInWave,
        Condition::BranchesInterfere,
        Condition::InBranch,
        Condition::UndoneWhenChanged,
        Condition::EmptyRollback,
        Condition::RollbackAsks,
        Condition::ScopeOnce,
        Condition::ScopeShared,
        Condition::ScopeFacts,
        Condition::RequiresFalse,
        Condition::InvariantBroken,
        Condition::EnsuresContradict,
        Condition::EndFalse,
        Condition::ClassWrong,
        Condition::OutsideAllow,
        Condition::SecretExposed,
    ];
}

impl std::fmt::Display for Violation {
    /// Writes the code, the message, the trace and the help, each on its lines.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.condition.code(), self.message)?;
        for (index, sentence) in self.trace.iter().enumerate() {
            write!(f, "\n  {}. {sentence}", index + 1)?;
        }
        if self.more > 0 {
            let places = if self.more == 1 { "place" } else { "places" };
            write!(f, "\n  and at {} later {places}", self.more)?;
        }
        if !self.help.is_empty() {
            write!(f, "\n  help: {}", self.help)?;
        }
        Ok(())
    }
}
