//! What channels are told, and of what.

use serde::{Deserialize, Serialize};
use surefoot_plan::StepId;

use super::Claim;

/// Why a channel was told something.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NotifiedFor {
    /// It is this statement.
    Statement(Claim),
    /// Something was waited for as long as that.
    Wait {
        /// The step or wait.
        node: StepId,
        /// What was waited for.
        of: Waited,
        /// Which of those who are told then, from 0.
        index: u32,
    },
}

/// What is waited for, in a step or a wait.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Waited {
    /// What a `wait until` says.
    Condition,
    /// The yes of others.
    Approval,
    /// What a step requires.
    Requires,
    /// What a step ensures.
    Ensures,
    /// A person, at a statement of an attempt.
    Person {
        /// The attempt.
        attempt: u32,
        /// The statement.
        statement: u32,
    },
}
