//! Branches that are done at the same time: each is a line of its own, until all are over.
//!
//! Must hold: what happens in one branch leaves the line of every other as it is; behind the block, and once the run
//! turned back, there is one line again.

use std::collections::HashMap;

use surefoot_plan::{Node, StepId};

use super::apply::Refused;
use super::step::Stage;
use super::{Finished, FinishedHow, LastProbe, RunState};
use crate::{Debt, Event, NotifiedFor, Point};

/// Where one line of a run stands: the run itself, or one of the branches that are done at the same time.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// The step that is between its first record and its end.
    pub active: Option<StepId>,
    /// What came to its end last on the way forward.
    pub finished: Option<Finished>,
    /// A wait that a person wants again.
    pub again: Option<StepId>,
    /// The last time facts were probed, unless a decision made it stale.
    pub last_probe: Option<LastProbe>,
}

/// The branches that are under way.
#[derive(Clone, Debug)]
pub(super) struct Branches {
    /// The block.
    node: StepId,
    /// Where each branch stands.
    lines: Vec<Line>,
}

/// The place of a part inside a block: the block, and the branch, from 0.
pub(super) type Place = (StepId, u32);

/// Reads the blocks in these nodes, each with the number of its branches, and the place of each part inside them.
/// What stands in a loop whose list is not found yet is no part of the run.
pub(super) fn blocks_of(nodes: &[Node]) -> (HashMap<StepId, u32>, HashMap<StepId, Place>) {
    let (mut blocks, mut places) = (HashMap::new(), HashMap::new());
    let mut rest: Vec<&[Node]> = vec![nodes];
    while let Some(nodes) = rest.pop() {
        for node in nodes {
            match node {
                Node::Parallel(parallel) => {
                    let width = u32::try_from(parallel.branches.len()).unwrap_or(u32::MAX);
                    blocks.insert(parallel.id.clone(), width);
                    let inside = parallel.places();
                    places.extend(inside.map(|(id, branch)| (id.clone(), (parallel.id.clone(), branch))));
                }
                Node::Wait(wait) => rest.push(&wait.otherwise),
                Node::If { then, otherwise, unknown, .. } => {
                    rest.push(then);
                    rest.push(otherwise);
                    rest.extend(unknown.as_deref());
                }
                Node::Step(_) | Node::Each(_) | Node::Stop { .. } | Node::Assume { .. } => {}
            }
        }
    }
    (blocks, places)
}

impl RunState {
    /// Returns the block whose branches are under way, and where each stands.
    pub fn branches(&self) -> Option<(&StepId, &[Line])> {
        self.branches.as_ref().map(|branches| (&branches.node, branches.lines.as_slice()))
    }

    /// Returns the branch in which a part of the run stands: the block, and which branch, from 0.
    pub fn branch(&self, id: &StepId) -> Option<(&StepId, u32)> {
        self.places.get(id).map(|(block, branch)| (block, *branch))
    }

    /// Returns the steps that are under way forward: several where branches are.
    pub fn under_way(&self) -> impl Iterator<Item = &StepId> {
        let lines = self.branches.iter().flat_map(|branches| &branches.lines);
        self.active.iter().chain(lines.filter_map(|line| line.active.as_ref()))
    }

    /// Returns what came to its end last on each line of the way forward.
    pub fn last_finished(&self) -> impl Iterator<Item = &Finished> {
        let lines = self.branches.iter().flat_map(|branches| &branches.lines);
        self.finished.iter().chain(lines.filter_map(|line| line.finished.as_ref()))
    }

    /// Whether a person wants a wait again.
    pub fn is_again(&self, wait: &StepId) -> bool {
        let lines = self.branches.iter().flat_map(|branches| &branches.lines);
        self.again.iter().chain(lines.filter_map(|line| line.again.as_ref())).any(|again| again == wait)
    }

    /// The branch that an event concerns, while branches are under way.
    pub(super) fn line_of(&self, event: &Event) -> Option<usize> {
        let open = self.branches.as_ref()?;
        let (block, branch) = self.places.get(part_of(event)?)?;
        (*block == open.node).then_some(*branch as usize)
    }

    /// Exchanges the line of the run with that of a branch.
    pub(super) fn swap(&mut self, branch: usize) {
        let Some(line) = self.branches.as_mut().and_then(|branches| branches.lines.get_mut(branch)) else {
            return;
        };
        std::mem::swap(&mut self.active, &mut line.active);
        std::mem::swap(&mut self.finished, &mut line.finished);
        std::mem::swap(&mut self.again, &mut line.again);
        std::mem::swap(&mut self.last_probe, &mut line.last_probe);
    }

    /// Each line, one after the other, in the place of that of the run.
    pub(super) fn each_line(&mut self, mut with: impl FnMut(&mut RunState)) {
        with(self);
        for branch in 0..self.branches.as_ref().map_or(0, |branches| branches.lines.len()) {
            self.swap(branch);
            with(self);
            self.swap(branch);
        }
    }

    /// The branches of a block begin.
    pub(super) fn branched(&mut self, node: &StepId) -> Result<(), Refused> {
        self.idle_forward(node)?;
        let Some(width) = self.blocks.get(node) else {
            return Err(format!("{node} has no branches"));
        };
        let lines = vec![Line::default(); *width as usize];
        self.branches = Some(Branches { node: node.clone(), lines });
        self.again = None;
        Ok(())
    }

    /// All branches of a block are over.
    pub(super) fn joined(&mut self, node: &StepId) -> Result<(), Refused> {
        self.forward_going()?;
        match &self.branches {
            Some(branches) if branches.node == *node => {
                if let Some(step) = branches.lines.iter().find_map(|line| line.active.as_ref()) {
                    return Err(format!("step {step} is under way"));
                }
            }
            Some(_) | None => return Err(format!("the branches of {node} are not under way")),
        }
        if self.failure.is_some() {
            return Err("something failed in a branch".into());
        }
        self.branches = None;
        self.last_probe = None;
        self.finished = Some(Finished { node: node.clone(), how: FinishedHow::Joined });
        Ok(())
    }

    /// There is one line again: the run turned back.
    pub(super) fn one_line(&mut self) {
        self.active = None;
        if self.branches.take().is_some() {
            self.last_probe = None;
        }
    }

    /// Whether something is done outside the branches that are under way.
    pub(super) fn is_beside_branches(&self, id: &StepId) -> Option<&StepId> {
        let open = self.branches.as_ref()?;
        let inside = self.places.get(id).is_some_and(|(block, _)| *block == open.node);
        (!inside).then_some(&open.node)
    }

    /// A step of a branch is done: what it owes comes after what is owed for the steps that were done before, and
    /// before what is still under way. So what was done last is taken back first.
    pub(super) fn done_in_branch(&mut self, step: &StepId) {
        let Some((block, _)) = self.places.get(step) else { return };
        let own = Debt::Rollback(step.clone());
        let Some(at) = self.debts.iter().position(|debt| *debt == own) else { return };
        let under_way = |debt: &Debt| {
            let Debt::Rollback(other) = debt;
            other != step
                && self.places.get(other).is_some_and(|(other, _)| other == block)
                && self.steps.get(other).is_none_or(|state| state.stage != Stage::Done)
        };
        let first = self.debts.iter().position(under_way).unwrap_or(self.debts.len());
        // Where nothing else is under way it is the last already.
        if first < at {
            let debt = self.debts.remove(at);
            self.debts.insert(first, debt);
        }
    }
}

/// The part of the plan that an event is about.
fn part_of(event: &Event) -> Option<&StepId> {
    match event {
        Event::Probed { point, .. } => match point {
            Point::Guard(step, _) | Point::Ensures(step, _) => Some(step),
            Point::Base(step)
            | Point::Invariants(step)
            | Point::Condition(step)
            | Point::Doubt(step)
            | Point::Shown(step) => Some(step),
            Point::Entry | Point::End | Point::Restored | Point::Resume => None,
        },
        Event::Bound { at, .. } | Event::Noted { at, .. } => at.as_ref().map(|claim| &claim.step),
        Event::Intent { claim, .. } | Event::Outcome { claim, .. } => Some(&claim.step),
        Event::Notified { why: NotifiedFor::Statement(claim), .. } => Some(&claim.step),
        Event::Notified { why: NotifiedFor::Wait { node, .. }, .. } => Some(node),
        Event::Refused { step, .. } | Event::Failed { step, .. } => step.as_ref(),
        Event::Waited { wait: part, .. }
        | Event::Chose { node: part, .. }
        | Event::Entered { node: part, .. }
        | Event::WaveNext { node: part, .. }
        | Event::Branched { node: part }
        | Event::Joined { node: part }
        | Event::Assumed { assume: part, .. }
        | Event::Stopped { stop: part, .. }
        | Event::ApprovalAsked { step: part, .. }
        | Event::ApprovalAnswered { step: part, .. }
        | Event::ApprovalVoided { step: part, .. }
        | Event::Before { step: part, .. }
        | Event::Done { step: part }
        | Event::Partial { step: part, .. }
        | Event::NotDone { step: part, .. }
        | Event::Sealed { step: part, .. }
        | Event::InDoubt { step: part, .. }
        | Event::Resolved { step: part, .. } => Some(part),
        Event::Started(_)
        | Event::Resumed { .. }
        | Event::Recovered { .. }
        | Event::TurnsFailed { .. }
        | Event::TurnsTakenBack { .. }
        | Event::Collected { .. }
        | Event::TurnedBack { .. }
        | Event::Paid { .. }
        | Event::Stuck { .. }
        | Event::Forgiven { .. }
        | Event::Held { .. }
        | Event::Decided { .. }
        | Event::CancelAsked { .. }
        | Event::Ended(_) => None,
    }
}
