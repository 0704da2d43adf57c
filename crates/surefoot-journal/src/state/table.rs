//! The two tables of what may follow what, for one step: forward, and on its way back.
//!
//! Everything that is not in them is refused. The names T1 to T14 are those of the language's semantics.

use super::step::{BackStage, Stage};

/// What can happen to a step on the way forward.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Forward {
    /// Its guard was probed, and the answer counts.
    Guard,
    /// T1: what is true before it was recorded.
    Before,
    /// T1: a statement is about to act.
    Intent,
    /// A statement that does not act is over: a value was found, or a line noted.
    Passed,
    /// A statement is over, or nobody can tell.
    Outcome,
    /// What it ensures was probed, and the answer counts.
    Ensures,
    /// T2.
    Refused,
    /// T5.
    NotDone,
    /// T4.
    Partial,
    /// T3.
    Done,
    /// T7: a doubt arises.
    InDoubt,
    /// T7: facts were probed to end a doubt, or to see whether a failed step is done by now.
    Look,
    /// T7: it had its full effect.
    ResolvedFull,
    /// T7: it is over and not full.
    ResolvedPart,
    /// T7: it did not act.
    ResolvedNone,
    /// T7: it is over, and nobody can tell more.
    ResolvedOver,
    /// T8, T9.
    Failed,
}

/// Returns the stage a step comes to, or none if that cannot happen.
pub fn forward(stage: Stage, event: Forward) -> Option<Stage> {
    use Stage as S;
    let next = match event {
        Forward::Guard => match stage {
            S::New | S::Guarded | S::Prepared | S::Refused | S::NotDone | S::Partial | S::Failed => {
                S::Guarded
            }
            S::Acting | S::Between | S::Observed | S::Doubt | S::Done => return None,
        },
        Forward::Before => match stage {
            S::Guarded => S::Prepared,
            S::New | S::Prepared | S::Acting | S::Between | S::Observed | S::Refused => return None,
            S::NotDone | S::Partial | S::Doubt | S::Done | S::Failed => return None,
        },
        // From `Guarded` only a repetition: its caller looks whether what was before is recorded.
        Forward::Intent => match stage {
            S::Guarded | S::Prepared | S::Between => S::Acting,
            S::New | S::Acting | S::Observed | S::Refused | S::NotDone => return None,
            S::Partial | S::Doubt | S::Done | S::Failed => return None,
        },
        Forward::Passed => match stage {
            S::Guarded | S::Prepared | S::Between => S::Between,
            S::New | S::Acting | S::Observed | S::Refused | S::NotDone => return None,
            S::Partial | S::Doubt | S::Done | S::Failed => return None,
        },
        Forward::Outcome => match stage {
            S::Acting | S::Doubt => S::Between,
            S::New | S::Guarded | S::Prepared | S::Between | S::Observed | S::Refused => return None,
            S::NotDone | S::Partial | S::Done | S::Failed => return None,
        },
        Forward::Ensures => match stage {
            S::Between => S::Observed,
            S::New | S::Guarded | S::Prepared | S::Acting | S::Observed | S::Refused => return None,
            S::NotDone | S::Partial | S::Doubt | S::Done | S::Failed => return None,
        },
        Forward::Refused => match stage {
            S::Guarded => S::Refused,
            S::New | S::Prepared | S::Acting | S::Between | S::Observed | S::Refused => return None,
            S::NotDone | S::Partial | S::Doubt | S::Done | S::Failed => return None,
        },
        Forward::NotDone => match stage {
            S::New | S::Guarded | S::Prepared | S::Between | S::Observed => S::NotDone,
            S::Acting | S::Refused | S::NotDone | S::Partial | S::Doubt | S::Done | S::Failed => return None,
        },
        // From `Guarded`: a repetition whose first statement cannot be begun, while an earlier attempt acted.
        Forward::Partial => match stage {
            S::Between | S::Observed | S::Guarded => S::Partial,
            S::New | S::Prepared | S::Acting | S::Refused | S::NotDone | S::Partial => return None,
            S::Doubt | S::Done | S::Failed => return None,
        },
        Forward::Done => match stage {
            S::Between | S::Observed | S::Prepared => S::Done,
            S::New | S::Guarded | S::Acting | S::Refused | S::NotDone | S::Partial => return None,
            S::Doubt | S::Done | S::Failed => return None,
        },
        Forward::InDoubt => match stage {
            S::Between | S::Observed => S::Doubt,
            S::New | S::Guarded | S::Prepared | S::Acting | S::Refused | S::NotDone => return None,
            S::Partial | S::Doubt | S::Done | S::Failed => return None,
        },
        Forward::Look => match stage {
            S::Between | S::Observed | S::Doubt | S::Partial | S::Failed => stage,
            S::New | S::Guarded | S::Prepared | S::Acting | S::Refused | S::NotDone => return None,
            S::Done => return None,
        },
        Forward::ResolvedFull => match stage {
            S::Doubt | S::Failed => S::Done,
            S::New | S::Guarded | S::Prepared | S::Acting | S::Between | S::Observed => return None,
            S::Refused | S::NotDone | S::Partial | S::Done => return None,
        },
        Forward::ResolvedPart => match stage {
            S::Doubt => S::Partial,
            S::New | S::Guarded | S::Prepared | S::Acting | S::Between | S::Observed => return None,
            S::Refused | S::NotDone | S::Partial | S::Done | S::Failed => return None,
        },
        Forward::ResolvedNone => match stage {
            S::Doubt => S::NotDone,
            S::New | S::Guarded | S::Prepared | S::Acting | S::Between | S::Observed => return None,
            S::Refused | S::NotDone | S::Partial | S::Done | S::Failed => return None,
        },
        Forward::ResolvedOver => match stage {
            S::Doubt => S::Doubt,
            S::New | S::Guarded | S::Prepared | S::Acting | S::Between | S::Observed => return None,
            S::Refused | S::NotDone | S::Partial | S::Done | S::Failed => return None,
        },
        // From `Done`: what it ensures is true, and an invariant is not.
        Forward::Failed => match stage {
            S::Refused | S::NotDone | S::Partial | S::Done => S::Failed,
            S::New | S::Guarded | S::Prepared | S::Acting | S::Between | S::Observed => return None,
            S::Doubt | S::Failed => return None,
        },
    };
    Some(next)
}

/// What can happen to a step on its way back.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Back {
    /// Its guard was probed, and the answer counts.
    Guard,
    /// Its guard did not hold.
    Refused,
    /// T10: a statement is about to act.
    Intent,
    /// A statement that does not act is over.
    Passed,
    /// A statement is over, or nobody can tell.
    Outcome,
    /// What it brings back was probed, and the answer counts.
    Ensures,
    /// T10: it is paid.
    Paid,
    /// T10: it need not run.
    Skipped,
    /// T10: it failed for good.
    Stuck,
    /// A person lets it go.
    Forgiven,
    /// T6: it will never run.
    Sealed,
}

/// Returns the stage a rollback comes to, or none if that cannot happen.
pub fn back(stage: BackStage, event: Back) -> Option<BackStage> {
    use BackStage as B;
    let next = match event {
        Back::Guard => match stage {
            B::Untouched | B::Guarded | B::Between | B::Observed | B::Stuck => B::Guarded,
            B::Refused | B::Acting | B::Paid | B::Sealed | B::Forgiven => return None,
        },
        Back::Refused => match stage {
            B::Guarded => B::Refused,
            B::Untouched | B::Refused | B::Acting | B::Between | B::Observed | B::Stuck => return None,
            B::Paid | B::Sealed | B::Forgiven => return None,
        },
        Back::Intent => match stage {
            B::Guarded | B::Between => B::Acting,
            B::Untouched | B::Refused | B::Acting | B::Observed | B::Stuck => return None,
            B::Paid | B::Sealed | B::Forgiven => return None,
        },
        Back::Passed => match stage {
            B::Guarded | B::Between => B::Between,
            B::Untouched | B::Refused | B::Acting | B::Observed | B::Stuck => return None,
            B::Paid | B::Sealed | B::Forgiven => return None,
        },
        // From `Between`: asked after again, because it may not be over.
        Back::Outcome => match stage {
            B::Acting | B::Between => B::Between,
            B::Untouched | B::Guarded | B::Refused | B::Observed | B::Stuck => return None,
            B::Paid | B::Sealed | B::Forgiven => return None,
        },
        Back::Ensures => match stage {
            B::Untouched | B::Between => B::Observed,
            B::Guarded | B::Refused | B::Acting | B::Observed | B::Stuck => return None,
            B::Paid | B::Sealed | B::Forgiven => return None,
        },
        Back::Paid => match stage {
            B::Observed => B::Paid,
            B::Untouched | B::Guarded | B::Refused | B::Acting | B::Between | B::Stuck => return None,
            B::Paid | B::Sealed | B::Forgiven => return None,
        },
        Back::Skipped => match stage {
            B::Observed => B::Paid,
            B::Untouched | B::Guarded | B::Between | B::Refused | B::Acting | B::Stuck => return None,
            B::Paid | B::Sealed | B::Forgiven => return None,
        },
        Back::Stuck => match stage {
            B::Refused | B::Guarded | B::Between | B::Observed => B::Stuck,
            B::Untouched | B::Acting | B::Stuck | B::Paid | B::Sealed | B::Forgiven => return None,
        },
        Back::Forgiven => match stage {
            B::Untouched | B::Guarded | B::Refused | B::Between | B::Observed | B::Stuck => B::Forgiven,
            B::Acting | B::Paid | B::Sealed | B::Forgiven => return None,
        },
        Back::Sealed => match stage {
            B::Untouched => B::Sealed,
            B::Guarded | B::Refused | B::Acting | B::Between | B::Observed | B::Stuck => return None,
            B::Paid | B::Sealed | B::Forgiven => return None,
        },
    };
    Some(next)
}

impl Forward {
    /// Every event, for the coverage.
    pub const ALL: [Forward; 17] = [
        Forward::Guard,
        Forward::Before,
        Forward::Intent,
        Forward::Passed,
        Forward::Outcome,
        Forward::Ensures,
        Forward::Refused,
        Forward::NotDone,
        Forward::Partial,
        Forward::Done,
        Forward::InDoubt,
        Forward::Look,
        Forward::ResolvedFull,
        Forward::ResolvedPart,
        Forward::ResolvedNone,
        Forward::ResolvedOver,
        Forward::Failed,
    ];

    /// Returns its name, as the coverage shows it.
    pub fn name(self) -> &'static str {
        match self {
            Forward::Guard => "guard probed",
            Forward::Before => "before",
            Forward::Intent => "intent",
            Forward::Passed => "passed",
            Forward::Outcome => "outcome",
            Forward::Ensures => "ensures probed",
            Forward::Refused => "refused",
            Forward::NotDone => "not done",
            Forward::Partial => "partial",
            Forward::Done => "done",
            Forward::InDoubt => "in doubt",
            Forward::Look => "looked at",
            Forward::ResolvedFull => "resolved: full",
            Forward::ResolvedPart => "resolved: part",
            Forward::ResolvedNone => "resolved: none",
            Forward::ResolvedOver => "resolved: over",
            Forward::Failed => "failed",
        }
    }
}

impl Back {
    /// Every event, for the coverage.
    pub const ALL: [Back; 11] = [
        Back::Guard,
        Back::Refused,
        Back::Intent,
        Back::Passed,
        Back::Outcome,
        Back::Ensures,
        Back::Paid,
        Back::Skipped,
        Back::Stuck,
        Back::Forgiven,
        Back::Sealed,
    ];

    /// Returns its name, as the coverage shows it.
    pub fn name(self) -> &'static str {
        match self {
            Back::Guard => "guard probed",
            Back::Refused => "refused",
            Back::Intent => "intent",
            Back::Passed => "passed",
            Back::Outcome => "outcome",
            Back::Ensures => "ensures probed",
            Back::Paid => "paid",
            Back::Skipped => "skipped",
            Back::Stuck => "stuck",
            Back::Forgiven => "forgiven",
            Back::Sealed => "sealed",
        }
    }
}
