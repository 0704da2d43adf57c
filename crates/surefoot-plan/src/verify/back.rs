//! The walk back: from wherever the run can stop, through everything that is owed there.
//!
//! A rollback that is proved at its own stop, with nothing known of what its step or later ones changed, is
//! proved at every stop: the walk does not judge it again. What is left is walked, and only when something
//! changed on which it depends. So the cost stays near linear.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::branches::Around;
use super::cells::CellIx;
use super::facts::{Knowledge, Learnt, Name, Origin};
use super::flow::{Verifier, same};
use super::table::Known;

/// Something owed, or the lack of it.
#[derive(Debug)]
pub(super) enum Debt {
    /// Nothing is owed below. The way back must end where each cell has the value of this name.
    Bottom { base: Vec<Name> },
    /// The run may be taken back to here and go on: then each cell has the value of this name again, also one
    /// that was `left` changed before.
    Base { below: usize, base: Vec<Name>, left: BTreeSet<CellIx>, is_open: bool },
    /// A step's rollback.
    Rollback {
        node: usize,
        below: usize,
        /// The cells that it brings back, with the names they had.
        before: Vec<(CellIx, Name)>,
        /// The cells that it sets to something that is not known to have been there.
        sets: Vec<(CellIx, Knowledge)>,
        /// Whether the local rule proves it.
        is_proved: bool,
        /// Whether it, or anything below, has to be walked.
        is_open: bool,
    },
    /// What the other branches of a block owe, which is taken back in between: then each cell that they change has
    /// the name it had before the block.
    Beside {
        node: usize,
        below: usize,
        /// The cells that they bring back, with the names they had.
        before: Vec<(CellIx, Name)>,
        around: Rc<Around>,
        is_open: bool,
    },
    /// What the branches of a block owe, in whatever order: each down to its own base.
    Branches {
        node: usize,
        /// For each branch its base, its top, and what it may change.
        arms: Vec<(usize, usize, BTreeSet<CellIx>)>,
        below: usize,
        is_open: bool,
    },
    /// What one of some arms owes. `below` is none if an arm sealed: then each goes down to its own bottom.
    Choice {
        node: usize,
        /// The stack of each arm, with what was learnt in it: it holds whenever that arm was taken.
        arms: Vec<(usize, Learnt)>,
        below: Option<usize>,
        /// The cells that the arms do not agree on, with the names they had before.
        lost: Vec<(CellIx, Name)>,
        is_open: bool,
    },
}

/// Where a run stops.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stop {
    /// This step is refused, or had no effect.
    Before(usize),
    /// This step is half done.
    During(usize),
    /// This node is done, and what comes next does not begin.
    After(usize),
    /// Everything is done, and the end is not as it should be.
    End,
}

/// What a walk back carries along.
#[derive(Clone, Debug)]
struct Walk {
    stop: Stop,
    /// Only the debt on top is judged.
    only_top: bool,
    /// Cells that a paid debt left changed, or set to another value than they had.
    unsettled: BTreeSet<CellIx>,
    /// Cells that a paid debt left changed, knowingly.
    left: BTreeSet<CellIx>,
    /// Cells that a rollback's own `ensures` set to another value than they had, with the node.
    deviating: Vec<(CellIx, usize)>,
    /// The nodes that were taken back so far.
    paid: Vec<usize>,
}

impl Verifier<'_> {
    /// Whether a stack has anything that has to be walked.
    pub(super) fn is_open(&self, top: usize) -> bool {
        match self.debts.get(top) {
            Some(
                Debt::Rollback { is_open, .. }
                | Debt::Choice { is_open, .. }
                | Debt::Base { is_open, .. }
                | Debt::Beside { is_open, .. }
                | Debt::Branches { is_open, .. },
            ) => *is_open,
            Some(Debt::Bottom { .. }) | None => false,
        }
    }

    /// Walks back from a stop, if that can tell anything new.
    pub(super) fn stop(&mut self, top: usize, stop: Stop, is_last: bool) {
        self.stop_new(top, stop, false, is_last);
    }

    /// The same, where the debt on top may be new. `is_last`: no more stops before the facts change.
    pub(super) fn stop_new(&mut self, top: usize, stop: Stop, is_new: bool, is_last: bool) {
        if matches!(stop, Stop::After(_)) {
            self.report.count_stop();
        }
        let top_is_closed = matches!(
            self.debts.get(top),
            Some(Debt::Rollback { is_proved: true, sets, .. }) if sets.is_empty()
        );
        if self.is_open(top) && (self.is_dirty || is_new && !top_is_closed) {
            let walk = Walk {
                stop,
                only_top: !self.is_dirty,
                unsettled: BTreeSet::new(),
                left: BTreeSet::new(),
                deviating: Vec::new(),
                paid: Vec::new(),
            };
            // What is learnt on the way back is forgotten with it, and is no news.
            let was_dirty = self.is_dirty;
            let around = Rc::clone(&self.around);
            let (mark, names) = (self.facts.mark(), self.facts.name_count());
            self.back(top, None, walk);
            self.facts.forget_since(mark, names);
            self.is_dirty = was_dirty;
            self.around = around;
        }
        if is_last {
            self.is_dirty = false;
        }
    }

    /// Walks a stack down to `end`, or to its bottom.
    fn back(&mut self, top: usize, end: Option<usize>, mut walk: Walk) -> Walk {
        let mut next = Some(top);
        while let Some(at) = next.filter(|at| Some(*at) != end) {
            if !self.is_open(at) && walk.deviating.is_empty() {
                return walk;
            }
            next = match self.debts.get(at) {
                Some(Debt::Bottom { .. }) => {
                    self.compare_with_base(at, &walk);
                    None
                }
                Some(Debt::Base { below, left, .. }) => {
                    let (below, left) = (*below, left.clone());
                    self.compare_with_base(at, &walk);
                    walk.left.extend(left);
                    Some(below)
                }
                Some(Debt::Rollback { node, below, is_proved, .. }) => {
                    let (node, below, is_proved) = (*node, *below, *is_proved);
                    if !is_proved {
                        self.judge_rollback(node, &walk);
                    }
                    let deviates = self.debts.get(at).is_some_and(Debt::deviates);
                    if walk.only_top && !deviates && walk.deviating.is_empty() {
                        return walk;
                    }
                    self.pay(at, node, &mut walk);
                    Some(below)
                }
                Some(Debt::Beside { node, below, before, around, .. }) => {
                    let (node, below) = (*node, *below);
                    self.pay_beside(node, before.clone(), &Rc::clone(around), &mut walk);
                    Some(below)
                }
                Some(Debt::Branches { node, arms, below, .. }) => {
                    let (node, arms, below) = (*node, arms.clone(), *below);
                    walk = self.back_through_branches(node, arms, walk);
                    Some(below)
                }
                Some(Debt::Choice { node, arms, below, .. }) => {
                    let (node, arms, below) = (*node, arms.clone(), *below);
                    walk = self.back_through_choice(at, node, arms, below, walk);
                    below
                }
                None => None,
            };
        }
        walk
    }

    fn back_through_choice(
        &mut self,
        at: usize,
        node: usize,
        arms: Vec<(usize, Learnt)>,
        below: Option<usize>,
        walk: Walk,
    ) -> Walk {
        let mut after = walk.clone();
        let mut ends = Vec::new();
        let mut left: Option<BTreeSet<CellIx>> = None;
        for (top, learnt) in arms {
            let mark = self.facts.mark();
            if !self.facts.learn_all(&learnt, Origin::Probed(node)) {
                // What was learnt since shows that this arm was not taken.
                self.facts.return_to(mark);
                continue;
            }
            let arm = self.back(top, below, walk.clone());
            ends.push(self.facts.end_arm(mark));
            after.unsettled.extend(arm.unsettled);
            left = Some(match left {
                Some(left) => left.intersection(&arm.left).copied().collect(),
                None => arm.left,
            });
            after.deviating.extend(arm.deviating);
            after.paid.extend(arm.paid.into_iter().skip(walk.paid.len()));
        }
        after.left.extend(left.into_iter().flatten());
        if below.is_none() {
            return after;
        }
        self.facts.join(ends, node);
        // A cell that the arms changed in different ways was brought back in each: it has its old value,
        // unless a debt that is paid by now left it changed, or a step since then did that owes nothing.
        let lost = match self.debts.get(at) {
            Some(Debt::Choice { lost, .. }) => lost.clone(),
            Some(
                Debt::Rollback { .. }
                | Debt::Bottom { .. }
                | Debt::Base { .. }
                | Debt::Beside { .. }
                | Debt::Branches { .. },
            )
            | None => Vec::new(),
        };
        for (cell, name) in lost {
            let is_left = self.program.left_last.get(cell).is_some_and(|last| *last > node + 1);
            if !is_left && !after.unsettled.contains(&cell) {
                self.facts.rename(cell, name);
            }
        }
        after
    }

    /// Takes back what the branches of a block owe: each with nothing known of the others, which are taken back in
    /// between.
    fn back_through_branches(
        &mut self,
        node: usize,
        arms: Vec<(usize, usize, BTreeSet<CellIx>)>,
        walk: Walk,
    ) -> Walk {
        let mut after = walk.clone();
        let mut ends = Vec::new();
        for (base, top, own) in arms {
            let Some(Debt::Beside { around, .. }) = self.debts.get(base) else { continue };
            let outer = std::mem::replace(&mut self.around, Rc::clone(around));
            let mark = self.facts.mark();
            self.forget_around(node);
            let arm = self.back(top, Some(base), walk.clone());
            ends.push((self.facts.end_arm(mark), own));
            self.around = outer;
            after.unsettled.extend(arm.unsettled);
            after.left.extend(arm.left);
            after.deviating.extend(arm.deviating.into_iter().skip(walk.deviating.len()));
            after.paid.extend(arm.paid.into_iter().skip(walk.paid.len()));
        }
        for (end, own) in ends {
            self.facts.take(end, &own, Origin::RolledBack(node));
        }
        after
    }

    /// The other branches of a block are taken back: nothing runs beside what is below.
    fn pay_beside(&mut self, node: usize, before: Vec<(CellIx, Name)>, around: &Around, walk: &mut Walk) {
        self.around = Rc::default();
        for (cell, name) in before {
            // What only may be the same as what they change stays what it is by now, if anything else changed it.
            let is_left_later = self.program.left_last.get(cell).is_some_and(|last| *last > node + 1);
            let is_doubtful =
                !around.sure.contains(&cell) && (is_left_later || walk.unsettled.contains(&cell));
            if around.left.contains(&cell) && self.rules.residuals || is_doubtful {
                self.facts.havoc(self.cells, cell, Origin::Changed(node));
                walk.unsettled.insert(cell);
            } else {
                self.facts.rename(cell, name);
            }
        }
    }

    /// Judges a rollback where it would run now.
    fn judge_rollback(&mut self, node: usize, walk: &Walk) {
        let Some(rollback) = self.program.nodes.get(node).and_then(|facts| facts.rollback.as_ref()) else {
            return;
        };
        for (index, conjunct) in rollback.guard.iter().enumerate() {
            let judgement = self.judge(&conjunct.form, &conjunct.for_all);
            super::table::for_each_cell(&conjunct.form, &mut |cell| {
                self.watched.insert(cell);
            });
            self.watched.extend(judgement.cells());
            if judgement.known == Known::Never {
                self.report.rollback_refused(&self.facts, node, conjunct, walk.stop, &walk.paid);
            }
            let place = self.backward.get_mut(node).and_then(|verdicts| verdicts.get_mut(index));
            if let Some(verdict) = place {
                *verdict = judgement.known.max(*verdict);
            }
            self.assume_part(conjunct, &judgement, Origin::Probed(node));
        }
    }

    /// What a rollback that succeeded makes of the facts.
    fn pay(&mut self, at: usize, node: usize, walk: &mut Walk) {
        let Some(facts) = self.program.nodes.get(node) else { return };
        let Some(Debt::Rollback { before, sets, .. }) = self.debts.get(at) else { return };
        for (cell, name) in before {
            let is_left = facts.leaves_wide.contains(cell);
            // It may be the same as a cell that is brought back, or not: then it stays what it is by now, which a
            // later step may have made of it that owes nothing.
            let is_left_later = self.program.left_last.get(*cell).is_some_and(|last| *last > node + 1);
            let is_doubtful =
                !facts.changes.contains(cell) && (is_left_later || walk.unsettled.contains(cell));
            if is_left && self.rules.residuals || is_doubtful {
                self.facts.havoc(self.cells, *cell, Origin::Changed(node));
                walk.unsettled.insert(*cell);
            } else {
                self.facts.rename(*cell, *name);
            }
        }
        walk.left.extend(&facts.leaves);
        for (cell, knowledge) in sets {
            for alias in self.cells.get(*cell).into_iter().flat_map(|facts| &facts.aliases) {
                self.facts.blur(*alias, knowledge, Origin::RolledBack(node));
                walk.unsettled.insert(*alias);
            }
            self.facts.set(*cell, knowledge.clone());
            self.watched.insert(*cell);
            walk.unsettled.insert(*cell);
            walk.deviating.push((*cell, node));
        }
        walk.paid.push(node);
    }

    /// The whole way back ends where it began, but for what is left knowingly.
    fn compare_with_base(&mut self, at: usize, walk: &Walk) {
        let Some(Debt::Bottom { base } | Debt::Base { base, .. }) = self.debts.get(at) else { return };
        if !self.rules.restored {
            return;
        }
        for (cell, node) in &walk.deviating {
            let is_left = walk.left.contains(cell) || self.left.contains(cell);
            let name = self.facts.name(*cell);
            let is_back = base.get(*cell).is_some_and(|before| {
                *before == name
                    || match (self.facts.known(*before), self.facts.known(name)) {
                        (Some(before), Some(now)) => same(self.cells, before, now),
                        (None, _) | (_, None) => false,
                    }
            });
            if !is_left && !is_back {
                self.report.not_restored(*cell, *node, walk.stop);
            }
        }
    }
}

impl Debt {
    /// Whether it sets something that was not there.
    fn deviates(&self) -> bool {
        matches!(self, Debt::Rollback { sets, .. } if !sets.is_empty())
    }
}
