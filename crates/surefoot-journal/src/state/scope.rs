//! The scopes of a run: what a `during` entered, and must leave.

use std::collections::BTreeMap;

use surefoot_plan::{Node, Nodes, ScopeEnd, Step, StepId};

use super::RunState;
use super::step::Stage;
use crate::{Debt, Timestamp};

/// A scope of the plan.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Scope {
    /// The step that enters.
    pub enter: StepId,
    /// The step that leaves.
    pub leave: StepId,
    /// What it is called for people, as "alerts are silenced".
    pub title: String,
    /// How long it may last, in milliseconds.
    pub max_ms: u64,
    /// When entering began; none before that.
    pub since: Option<Timestamp>,
}

/// Reads the scopes in these nodes, by the step that enters.
pub(super) fn scopes_of(nodes: &[Node]) -> BTreeMap<StepId, Scope> {
    let scope = |step: &Step| match &step.scope {
        Some(ScopeEnd::Enters { title, leave, max_ms }) => Some(Scope {
            enter: step.id.clone(),
            leave: leave.clone(),
            title: title.clone(),
            max_ms: *max_ms,
            since: None,
        }),
        Some(ScopeEnd::Leaves { .. }) | None => None,
    };
    Nodes::of(nodes).filter_map(step_of).filter_map(scope).map(|scope| (scope.enter.clone(), scope)).collect()
}

fn step_of(node: &Node) -> Option<&Step> {
    match node {
        Node::Step(step) => Some(step),
        Node::Wait(_)
        | Node::If { .. }
        | Node::Each(_)
        | Node::Parallel(_)
        | Node::Stop { .. }
        | Node::Assume { .. } => None,
    }
}

impl RunState {
    /// Returns the scopes that are open, outermost first: entering began, and they are not known to be left.
    pub fn open_scopes(&self) -> impl Iterator<Item = &Scope> {
        self.debts.iter().filter_map(|debt| self.open_scope(debt))
    }

    /// Returns what a point of no return seals now, in the order in which it would be paid: all that is owed, but
    /// for the duty to leave an open scope.
    pub fn to_be_sealed(&self) -> Vec<Debt> {
        self.owed().filter(|debt| self.open_scope(debt).is_none()).cloned().collect()
    }

    /// The open scope that a debt is the duty to leave.
    pub(super) fn open_scope(&self, debt: &Debt) -> Option<&Scope> {
        let Debt::Rollback(step) = debt;
        self.scopes.get(step).filter(|scope| !self.is_left(scope))
    }

    /// A scope that was left can be entered again, which then is owed.
    fn is_left(&self, scope: &Scope) -> bool {
        let is_done = self.steps.get(&scope.leave).is_some_and(|state| state.stage == Stage::Done);
        is_done && self.debts.contains(&Debt::Rollback(scope.leave.clone()))
    }

    /// Entering begins, or is done once more.
    pub(super) fn began_scope(&mut self, step: &StepId, at: Timestamp) {
        if let Some(scope) = self.scopes.get_mut(step) {
            scope.since.get_or_insert(at);
        }
    }
}
