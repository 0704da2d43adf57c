//! Where each part of a plan was written: the way from a violation back to its author's line.

use std::collections::BTreeMap;

use surefoot_plan::{Name, QuestionId, StepId};
use surefoot_syntax::Span;

/// The places of a plan's parts.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    /// The runbook's head.
    pub runbook: Span,
    /// The runbook's `allow`, if it has one.
    pub allow: Option<Span>,
    /// Steps.
    pub steps: BTreeMap<StepId, StepOrigin>,
    /// Waits and choices: the condition of each.
    pub nodes: BTreeMap<StepId, Span>,
    /// Questions.
    pub questions: BTreeMap<QuestionId, Span>,
    /// Inputs.
    pub inputs: BTreeMap<Name, Span>,
    /// The runbook's own reads, in the plan's order.
    pub lets: Vec<Span>,
    /// The runbook's own `requires`, in the plan's order.
    pub requires: Vec<Span>,
    /// The invariants, in the plan's order.
    pub invariants: Vec<Span>,
    /// The runbook's own `ensures`, in the plan's order.
    pub ensures: Vec<Span>,
    /// What is gathered on failure, in the plan's order.
    pub collect: Vec<Span>,
}

/// The places of a step's parts.
#[derive(Clone, Debug, Default)]
pub struct StepOrigin {
    /// From `step` to its title.
    pub head: Span,
    /// All of it.
    pub whole: Span,
    /// Its approval.
    pub approval: Option<Span>,
    /// Its `requires`, in the plan's order.
    pub requires: Vec<Span>,
    /// Its `before` reads, in the plan's order.
    pub before: Vec<Span>,
    /// Its statements, in the plan's order.
    pub body: Vec<Span>,
    /// Its `ensures`, in the plan's order.
    pub ensures: Vec<Span>,
    /// Its `leaves`, in the plan's order.
    pub leaves: Vec<Span>,
    /// Its `retry`.
    pub retry: Option<Span>,
    /// Its `rollback`.
    pub rollback: Option<Span>,
    /// The `requires` of its rollback, in the plan's order.
    pub rollback_requires: Vec<Span>,
    /// The statements of its rollback, in the plan's order.
    pub rollback_body: Vec<Span>,
    /// The `ensures` of its rollback, in the plan's order.
    pub rollback_ensures: Vec<Span>,
    /// Its `irreversible`.
    pub irreversible: Option<Span>,
    /// The condition after `undone when`.
    pub undone_when: Option<Span>,
}
