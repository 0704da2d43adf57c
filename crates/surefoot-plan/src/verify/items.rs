//! The items of loops over lists that a run finds.
//!
//! A loop is proved once, in general form: for one item of which nothing is known but that every other item is
//! another one. What the turns of the others change is asked about a second item that stands for all of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Cell, Each, Expr, Node, Plan, Step, ValueId, Way};

/// The items of a plan's loops.
#[derive(Debug, Default)]
pub(super) struct Items {
    /// For the item of each loop, that of the first loop over the same list.
    first: BTreeMap<ValueId, ValueId>,
    /// Those of the first loops.
    own: BTreeSet<ValueId>,
}

impl Items {
    /// Finds them.
    pub(super) fn new(plan: &Plan) -> Items {
        let mut items = Items::default();
        let mut lists: Vec<(&Expr, ValueId)> = Vec::new();
        for each in loops(plan) {
            let known = lists.iter().find(|(list, _)| **list == each.list).map(|(_, item)| item.clone());
            let first = known.unwrap_or_else(|| {
                // A fact may have another answer when it is asked again.
                if is_fixed(&each.list) {
                    lists.push((&each.list, each.item_id()));
                }
                each.item_id()
            });
            items.own.insert(first.clone());
            items.first.insert(other(&each.item_id()), other(&first));
            items.first.insert(each.item_id(), first);
        }
        items
    }

    /// Returns the item of the first loop over the list that this is an item of.
    pub(super) fn first(&self, item: &ValueId) -> ValueId {
        self.first.get(item).unwrap_or(item).clone()
    }

    /// Puts it in the place of the others, in an argument of a fact.
    pub(super) fn put_first(&self, expr: &mut Expr) {
        match expr {
            Expr::Local(id) => *id = self.first(id),
            Expr::Join(parts) | Expr::List(parts) | Expr::Call(_, parts) => {
                parts.iter_mut().for_each(|part| self.put_first(part));
            }
            Expr::Field(inner, _) | Expr::Unary(_, inner) => self.put_first(inner),
            Expr::Binary(_, left, right) => [left, right].into_iter().for_each(|part| self.put_first(part)),
            // Seldom an argument: there an item stays the one of its own loop.
            Expr::Literal(_)
            | Expr::Input(_)
            | Expr::Item { .. }
            | Expr::Argument(_)
            | Expr::Fact(_)
            | Expr::Now
            | Expr::RunId
            | Expr::Record(_)
            | Expr::If(..)
            | Expr::Comprehension { .. } => {}
        }
    }

    /// Each item, with the one that stands for all others.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (Expr, Expr)> {
        self.own.iter().map(|item| (Expr::Local(item.clone()), Expr::Local(other(item))))
    }
}

/// The loops of a plan, in its order.
pub(super) fn loops(plan: &Plan) -> impl Iterator<Item = &Each> {
    plan.nodes().filter_map(|node| match node {
        Node::Each(each) => Some(each.as_ref()),
        Node::Step(_)
        | Node::Wait(_)
        | Node::If { .. }
        | Node::Parallel(_)
        | Node::Stop { .. }
        | Node::Assume { .. } => None,
    })
}

/// What stands for the items of all other turns. No name of a runbook has a blank.
fn other(item: &ValueId) -> ValueId {
    ValueId { step: item.step.clone(), name: format!("another {}", item.name) }
}

/// The cells that the turns of other items may change, rollbacks included.
pub(super) fn changes_of_others(each: &Each) -> Vec<Cell> {
    let body = each.body_with(&Expr::Local(other(&each.item_id())));
    crate::steps_of(&body).flat_map(Step::rollback_changes).cloned().collect()
}

/// The cells that the turns of other items may leave changed when they are taken back.
pub(super) fn left_by_others(each: &Each) -> Vec<Cell> {
    left_by(&each.body_with(&Expr::Local(other(&each.item_id()))))
}

/// The cells that these nodes may leave changed when they are taken back: what they leave knowingly, and what
/// their rollbacks set themselves.
pub(super) fn left_by(nodes: &[Node]) -> Vec<Cell> {
    let cells = |step: &Step| {
        let mut left: Vec<Cell> = step.residuals().into_iter().cloned().collect();
        if let Way::Rollback(rollback) = &step.way {
            left.extend(rollback.ensures.iter().map(|ensure| ensure.literal.atom.cell.clone()));
        } else {
            left.extend(step.changes().into_iter().cloned());
        }
        left
    };
    crate::steps_of(nodes).flat_map(cells).collect()
}

/// Whether a list is the same wherever it is read.
fn is_fixed(list: &Expr) -> bool {
    let mut fixed = true;
    list.visit(&mut |part| fixed &= !matches!(part, Expr::Fact(_) | Expr::Now));
    fixed
}
