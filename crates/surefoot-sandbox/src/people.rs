//! Whom the real world asks: the seam to the command line.

use std::future::Future;

use surefoot_executor::Question;
use surefoot_journal::{Claim, Identity, Outcome, Shown};
use surefoot_plan::{Name, StepId};

/// A second person's agreement that is wanted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ApprovalWanted {
    /// For which step.
    pub step: StepId,
    /// Whose yes is needed.
    pub role: Name,
    /// What they are shown.
    pub shown: Vec<Shown>,
    /// Who runs, and so cannot give it.
    pub operators: Vec<Identity>,
}

/// Asks people.
pub trait People {
    /// Asks a question; the answer is the report's value.
    fn ask(&self, question: Question) -> impl Future<Output = Outcome>;

    /// Lets a person do something, under this claim, and hears how it went.
    fn manual(&self, claim: Claim, question: Question) -> impl Future<Output = Outcome>;

    /// Waits for a second person's agreement.
    fn approval(&self, wanted: ApprovalWanted) -> impl Future<Output = Outcome>;
}
