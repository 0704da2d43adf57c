//! Branches that are done at the same time.
//!
//! Each branch is a line of its own: its parts follow each other, and nothing is known of when the parts of
//! another branch are done. The run goes on behind the block when all its branches are over. What they owe is
//! taken back in one line, the steps that were done last first.

use serde::{Deserialize, Serialize};

use crate::{Node, Plan, StepId};

/// Most branches of one block. Each is something that an operator watches while it runs, and that may go wrong
/// while the others do.
pub const BRANCHES_MAX: usize = 16;

/// Does its branches at the same time.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Parallel {
    /// Its name in the plan.
    pub id: StepId,
    /// What is done in each branch, in the order of the source.
    pub branches: Vec<Vec<Node>>,
}

impl Parallel {
    /// Returns the branch of each part inside it, from 0.
    pub fn places(&self) -> impl Iterator<Item = (&StepId, u32)> {
        self.branches
            .iter()
            .zip(0..)
            .flat_map(|(branch, at)| crate::Nodes::of(branch).map(move |node| (node.id(), at)))
    }
}

impl Plan {
    /// Returns the blocks whose branches are done at the same time, in the order of the plan.
    pub fn parallels(&self) -> impl Iterator<Item = &Parallel> {
        parallels_of(&self.body)
    }
}

/// Returns the blocks among these nodes, and inside them, whose branches are done at the same time.
pub fn parallels_of(nodes: &[Node]) -> impl Iterator<Item = &Parallel> {
    crate::Nodes::of(nodes).filter_map(|node| match node {
        Node::Parallel(parallel) => Some(parallel.as_ref()),
        Node::Step(_)
        | Node::Wait(_)
        | Node::If { .. }
        | Node::Each(_)
        | Node::Stop { .. }
        | Node::Assume { .. } => None,
    })
}
