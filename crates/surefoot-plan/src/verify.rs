//! The verifier: every obligation of a plan holds, or is a probe, or the plan is refused.
//!
//! In: a plan, from the compiler or from a file, and what is asked of it. Out: the plan with its proof, or
//! everything that is wrong with it, each with the path that leads there.
//!
//! Must hold, for every plan that is accepted, if its contracts are true and nobody else changes its facts:
//! - a condition that is *proved* is never false where it must hold;
//! - the invariants hold at every moment, also while a step or a rollback is half done;
//! - wherever the run stops before a point of no return, the owed rollbacks, latest first, end where it
//!   began, but for what `leaves` names.
//!
//! `tests/property.rs` beside this file holds it against an exhaustive machine, and each rule against its
//! absence. Not here: what words an author used, and where they stand (`surefoot-compile`).

mod back;
mod bounds;
mod branches;
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "only a few kinds of expression and value say anything here"
)]
mod cells;
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "only literals, texts and items say that they are different"
)]
mod distinct;
mod facts;
mod flow;
mod items;
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a secret is one kind of expression; all others are gone through"
)]
mod labels;
mod obligations;
mod program;
mod proof;
mod report;
mod rights;
mod shape;
mod table;
mod turns;
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "all but a few kinds of expression only pass a reading on"
)]
mod values;
mod violation;

pub use bounds::{EVERY_MS_MIN, TIMES_MAX, WAIT_MS_MAX};
pub use proof::{Exception, ExceptionKind, Obligation, Owed, Place, Proof, Summary, Verdict, What};
pub use shape::NESTING_MAX;
pub use table::ATOMS_MAX;
pub use violation::{Condition, Violation};

use crate::{Plan, PlanDigest};

/// What is asked of a plan.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Policy {
    /// Whether every input must have a value: the plan is to be run, or approved.
    pub bound: bool,
}

/// A plan with its proof. Made only by [`verify`].
#[derive(Clone, Debug, PartialEq)]
pub struct VerifiedPlan {
    plan: Plan,
    proof: Proof,
    digest: PlanDigest,
}

impl VerifiedPlan {
    /// Returns the plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Returns what was found out about it.
    pub fn proof(&self) -> &Proof {
        &self.proof
    }

    /// Returns its digest.
    pub fn digest(&self) -> &PlanDigest {
        &self.digest
    }
}

/// Verifies a plan, or says everything that is wrong with it.
pub fn verify(plan: Plan, policy: &Policy) -> Result<VerifiedPlan, Vec<Violation>> {
    verify_by(plan, policy, &Rules::default())
}

/// The rules of the walk. Each can be left out, in tests alone, to show that it is needed.
#[derive(Clone, Copy, Debug)]
struct Rules {
    /// A step may stop half way: its invariants must hold for every value of what it changes.
    half_done: bool,
    /// The same for a rollback.
    rollback_invariants: bool,
    /// A rollback that always sets the same must set what was there.
    definite: bool,
    /// A point of no return ends what was owed.
    seals: bool,
    /// What a step leaves changed is not known after its rollback.
    residuals: bool,
    /// Facts that may be one are changed together.
    aliases: bool,
    /// After a choice only that is known on which its arms agree.
    joins: bool,
    /// Only when every arm of a choice has ended the run is what follows it never reached.
    stops: bool,
    /// In the turn of an item, what the turns of others change is not known.
    turns: bool,
    /// After a loop that goes on although a turn failed, not every turn has had its effect.
    failed_turns: bool,
    /// In a branch, what the others change is not known, and an invariant must hold for every value of that.
    branches: bool,
    /// No branch changes what another changes or asks.
    interference: bool,
    /// What is assumed holds from there on, and not before.
    assumptions: bool,
    /// Where a cause is tried, nothing is known of it in what follows when it was not found.
    doubts: bool,
    /// A point of no return does not end the duty to leave the scopes that are open.
    scopes: bool,
    /// The whole way back must end where it began.
    restored: bool,
    /// A rollback that is proved at its own stop is not judged again. Not needed: it makes verifying cheap.
    local: bool,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules {
            half_done: true,
            rollback_invariants: true,
            definite: true,
            seals: true,
            residuals: true,
            aliases: true,
            joins: true,
            stops: true,
            turns: true,
            failed_turns: true,
            branches: true,
            interference: true,
            assumptions: true,
            doubts: true,
            scopes: true,
            restored: true,
            local: true,
        }
    }
}

fn verify_by(plan: Plan, policy: &Policy, rules: &Rules) -> Result<VerifiedPlan, Vec<Violation>> {
    let (digest, nesting) = plan.digest_and_nesting();
    // What does not fit together is not walked: everything after it would be noise.
    let mut violations = shape::check(&plan, policy, nesting);
    if violations.is_empty() {
        violations = values::check(&plan);
        violations.extend(bounds::check(&plan));
        violations.extend(branches::check(&plan));
        violations.extend(rights::check(&plan));
        violations.extend(labels::check(&plan));
        let mut cells = cells::Cells::new(&plan);
        let program = program::Program::new(&plan, &mut cells, rules);
        let (proof, report) = flow::walk(&plan, &cells, &program, rules);
        violations.extend(report.violations);
        if violations.is_empty() {
            drop(program);
            return Ok(VerifiedPlan { plan, proof, digest });
        }
    }
    violations.truncate(VIOLATIONS_MAX);
    Err(violations)
}

/// Most violations that one verification lists. Nobody reads more, and the rest often has the same cause.
const VIOLATIONS_MAX: usize = 100;

#[cfg(test)]
mod tests;

/// A random plan, for tests of other modules.
#[cfg(test)]
pub(crate) fn sample(seed: u64) -> Plan {
    tests::sample(seed)
}
