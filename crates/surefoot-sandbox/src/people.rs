//! Whom the real world asks: the seam to the command line.

use std::future::Future;

use surefoot_executor::Question;
use surefoot_journal::{Claim, Given, Identity, Outcome, Shown};
use surefoot_plan::{Name, StepId};

/// One more person's agreement that is wanted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ApprovalWanted {
    /// For which step.
    pub step: StepId,
    /// Whose yes is needed.
    pub role: Name,
    /// How many different people must say it.
    pub people: u32,
    /// Who has said it, and when that is too old.
    pub given: Vec<Given>,
    /// How long a yes is good for, in milliseconds.
    pub expires_ms: u64,
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

    /// Tells a channel.
    fn notify(&self, channel: Name, text: String) -> impl Future<Output = Outcome>;

    /// Waits for one more person's agreement.
    fn approval(&self, wanted: ApprovalWanted) -> impl Future<Output = Outcome>;
}
