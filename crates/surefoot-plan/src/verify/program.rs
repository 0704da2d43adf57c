//! A plan, prepared for the walk: every formula over cells, every guard with what it must hold for.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use super::Rules;
use super::branches::{Around, around};
use super::cells::{CellIx, Cells, Form, Says};
use super::items::{changes_of_others, left_by_others};
use super::proof::What;
use super::table::for_each_cell;
use crate::{
    Atom, Cell, Comparison, Each, Ensure, Expr, Names, Node, Plan, Read, Require, Restores, Source, Step,
    Test, Way,
};

/// A plan, prepared.
#[derive(Debug)]
pub(super) struct Program<'a> {
    /// Every node, each before those inside it.
    pub(super) nodes: Vec<NodeFacts<'a>>,
    /// The place of each node.
    pub(super) index: HashMap<&'a str, usize>,
    /// The runbook's `requires`.
    pub(super) requires: Vec<Form>,
    /// The runbook's `ensures`.
    pub(super) ensures: Vec<Form>,
    /// The invariants.
    pub(super) invariants: Vec<Form>,
    /// For each cell, the last node that may leave it changed, or whose rollback sets it: one more than its
    /// place, so that 0 says none.
    pub(super) left_last: Vec<usize>,
    /// For each part inside a branch, what the other branches may change meanwhile.
    pub(super) around: HashMap<&'a str, Rc<Around>>,
    /// The names that the author gave to formulas.
    pub(super) names: Names<'a>,
}

/// A node, prepared.
#[derive(Debug)]
pub(super) struct NodeFacts<'a> {
    /// The node.
    pub(super) node: &'a Node,
    /// What must hold before it: for a wait or an `if`, its condition.
    pub(super) guard: Vec<Conjunct>,
    /// What the step may change.
    pub(super) changes: BTreeSet<CellIx>,
    /// The same, with everything that may be the same cell.
    pub(super) changes_wide: BTreeSet<CellIx>,
    /// What it leaves changed.
    pub(super) leaves: BTreeSet<CellIx>,
    /// The same, with everything that may be the same cell.
    pub(super) leaves_wide: BTreeSet<CellIx>,
    /// What it sets.
    pub(super) sets: Vec<(CellIx, Says)>,
    /// Its rollback, if it has one.
    pub(super) rollback: Option<RollbackFacts>,
    /// What `undone when` asks.
    pub(super) undone_when: BTreeSet<CellIx>,
}

/// A rollback, prepared.
#[derive(Debug)]
pub(super) struct RollbackFacts {
    /// What must hold before it.
    pub(super) guard: Vec<Conjunct>,
    /// What it sets by its own `ensures`.
    pub(super) sets: Vec<(CellIx, Says)>,
    /// Whether it brings back what was recorded.
    pub(super) restores: Restores,
    /// What it, or its step, may change, with everything that may be the same cell.
    pub(super) changes_wide: BTreeSet<CellIx>,
}

/// A part of a guard.
#[derive(Clone, Debug)]
pub(super) struct Conjunct {
    /// Where it comes from.
    pub(super) what: What,
    /// What must hold.
    pub(super) form: Form,
    /// For every value of these cells.
    pub(super) for_all: BTreeSet<CellIx>,
    /// Those of them that are meant whatever the inputs are; the others only if they are the same as one of
    /// these. What a probe tells is told for these alone.
    pub(super) for_sure: BTreeSet<CellIx>,
}

impl<'a> Program<'a> {
    /// Prepares a plan.
    pub(super) fn new(plan: &'a Plan, cells: &mut Cells, rules: &Rules) -> Program<'a> {
        let mut program = Program {
            nodes: Vec::new(),
            index: HashMap::new(),
            requires: Vec::new(),
            ensures: Vec::new(),
            invariants: Vec::new(),
            left_last: Vec::new(),
            around: around(plan, cells, rules),
            names: Names::of(plan),
        };
        let mut compile = |requires: &[Require]| -> Vec<Form> {
            requires.iter().map(|require| cells.compile(plan, &require.formula)).collect()
        };
        program.requires = compile(&plan.requires);
        program.ensures = compile(&plan.ensures);
        program.invariants = plan.invariants.iter().map(|one| cells.compile(plan, &one.formula)).collect();
        for (index, invariant) in program.invariants.iter().enumerate() {
            for_each_cell(invariant, &mut |cell| {
                if let Some(facts) = cells.table.get_mut(cell)
                    && !facts.invariants.contains(&index)
                {
                    facts.invariants.push(index);
                }
            });
        }
        for node in plan.nodes() {
            program.index.insert(node.id().0.as_str(), program.nodes.len());
            let facts = program.prepare(plan, cells, node, rules);
            program.nodes.push(facts);
        }
        program.left_last = vec![0; cells.len()];
        for (index, node) in program.nodes.iter().enumerate() {
            let own =
                node.rollback.iter().flat_map(|rollback| &rollback.sets).map(|(cell, _)| *cell).collect();
            // In the turns of other items each part of a loop's body comes after every other.
            let index = match node.node {
                Node::Each(each) => index + 1 + crate::Nodes::of(&each.body).count(),
                Node::Step(_)
                | Node::Wait(_)
                | Node::If { .. }
                | Node::Parallel(_)
                | Node::Stop { .. }
                | Node::Assume { .. } => index,
            };
            for cell in node.leaves_wide.iter().copied().chain(cells.with_aliases(&own)) {
                if let Some(last) = program.left_last.get_mut(cell) {
                    *last = (index + 1).max(*last);
                }
            }
        }
        program
    }

    fn prepare(&self, plan: &'a Plan, cells: &mut Cells, node: &'a Node, rules: &Rules) -> NodeFacts<'a> {
        let mut facts = NodeFacts {
            node,
            guard: Vec::new(),
            changes: BTreeSet::new(),
            changes_wide: BTreeSet::new(),
            leaves: BTreeSet::new(),
            leaves_wide: BTreeSet::new(),
            sets: Vec::new(),
            rollback: None,
            undone_when: BTreeSet::new(),
        };
        let condition = match node {
            Node::Step(step) => {
                self.prepare_step(plan, cells, step, &mut facts, rules);
                return facts;
            }
            Node::Wait(wait) => &wait.until.formula,
            Node::If { condition, .. } => condition,
            Node::Each(each) => {
                self.prepare_loop(plan, cells, each, &mut facts, rules);
                return facts;
            }
            Node::Parallel(_) | Node::Stop { .. } => return facts,
            Node::Assume { literal, .. } => &literal.formula(),
        };
        let form = cells.compile(plan, condition);
        facts.guard.push(Conjunct {
            what: What::Requires(0),
            form,
            for_all: BTreeSet::new(),
            for_sure: BTreeSet::new(),
        });
        facts
    }

    /// What the turns of other items change is what is unknown in the turn of one.
    fn prepare_loop(
        &self,
        plan: &Plan,
        cells: &Cells,
        each: &Each,
        facts: &mut NodeFacts<'_>,
        rules: &Rules,
    ) {
        if !rules.turns {
            return;
        }
        facts.changes = places(plan, cells, &changes_of_others(each).iter().collect());
        facts.changes_wide =
            if rules.aliases { cells.with_aliases(&facts.changes) } else { facts.changes.clone() };
        // Not `leaves`: there may be no other turn, so it excuses nothing.
        let left = places(plan, cells, &left_by_others(each).iter().collect());
        facts.leaves_wide = if rules.aliases { cells.with_aliases(&left) } else { left };
    }

    fn prepare_step(
        &self,
        plan: &Plan,
        cells: &mut Cells,
        step: &Step,
        facts: &mut NodeFacts<'_>,
        rules: &Rules,
    ) {
        let wide = |cells: &Cells, of: &BTreeSet<CellIx>| {
            if rules.aliases { cells.with_aliases(of) } else { of.clone() }
        };
        facts.changes = places(plan, cells, &step.changes());
        facts.changes_wide = wide(cells, &facts.changes);
        facts.leaves = places(plan, cells, &step.residuals());
        facts.leaves_wide = wide(cells, &facts.leaves);
        facts.sets = sets(plan, cells, &step.ensures);
        facts.guard = required(plan, cells, &step.requires);
        if rules.half_done {
            let asked = &facts.changes_wide;
            // What the other branches change may be anything at any moment, like what it changes itself.
            match self.around.get(step.id.0.as_str()).filter(|_| rules.branches) {
                None => facts.guard.extend(self.invariants_over(cells, asked, asked, &facts.changes)),
                Some(around) => {
                    let all = asked.union(&around.wide).copied().collect();
                    let sure = facts.changes.union(&around.sure).copied().collect();
                    facts.guard.extend(self.invariants_over(cells, asked, &all, &sure));
                }
            }
        }
        match &step.way {
            Way::Rollback(rollback) => {
                let changes = places(plan, cells, &step.rollback_changes());
                let changes_wide = wide(cells, &changes);
                let mut guard = required(plan, cells, &rollback.requires);
                if rules.rollback_invariants {
                    guard.extend(self.invariants_over(cells, &changes_wide, &changes_wide, &changes));
                }
                facts.rollback = Some(RollbackFacts {
                    guard,
                    sets: sets(plan, cells, &not_as_before(step, &rollback.ensures)),
                    restores: rollback.restores,
                    changes_wide,
                });
            }
            Way::Irreversible(seal) => {
                if let Some(formula) = &seal.undone_when {
                    let form = cells.compile(plan, formula);
                    for_each_cell(&form, &mut |cell| {
                        facts.undone_when.insert(cell);
                    });
                }
            }
            Way::Nothing => {}
        }
    }

    /// The invariants that ask one of these cells, for every value of those.
    fn invariants_over(
        &self,
        cells: &Cells,
        asking: &BTreeSet<CellIx>,
        over: &BTreeSet<CellIx>,
        sure: &BTreeSet<CellIx>,
    ) -> Vec<Conjunct> {
        let asked = asking.iter().filter_map(|cell| cells.get(*cell)).flat_map(|facts| &facts.invariants);
        let indices: BTreeSet<usize> = asked.copied().collect();
        let conjunct = |index: usize| {
            let form = self.invariants.get(index)?.clone();
            Some(Conjunct {
                what: What::Invariant(index),
                form,
                for_all: over.clone(),
                for_sure: sure.clone(),
            })
        };
        indices.into_iter().filter_map(conjunct).collect()
    }
}

fn required(plan: &Plan, cells: &mut Cells, requires: &[Require]) -> Vec<Conjunct> {
    let conjunct = |(index, require): (usize, &Require)| Conjunct {
        what: What::Requires(index),
        form: cells.compile(plan, &require.formula),
        for_all: BTreeSet::new(),
        for_sure: BTreeSet::new(),
    };
    requires.iter().enumerate().map(conjunct).collect()
}

/// What a rollback ensures, without that a fact is what `before` read of it: it brings back what was there.
fn not_as_before(step: &Step, ensures: &[Ensure]) -> Vec<Ensure> {
    let is_captured = |ensure: &&Ensure| {
        let Atom { cell, test: Test::Compares(Comparison::Equal, Expr::Local(id)) } = &ensure.literal.atom
        else {
            return false;
        };
        let reads = |read: &Read| read.name == id.name && read.source == Source::Fact(cell.clone());
        ensure.literal.holds && id.step.as_ref() == Some(&step.id) && step.before.iter().any(reads)
    };
    ensures.iter().filter(|ensure| !is_captured(ensure)).cloned().collect()
}

fn sets(plan: &Plan, cells: &mut Cells, ensures: &[Ensure]) -> Vec<(CellIx, Says)> {
    let mut sets = Vec::new();
    for ensure in ensures {
        if let Some(cell) = cells.of(plan, &ensure.literal.atom.cell) {
            sets.push((cell, cells.literal(plan, &ensure.literal)));
        }
    }
    sets
}

fn places(plan: &Plan, cells: &Cells, of: &BTreeSet<&Cell>) -> BTreeSet<CellIx> {
    of.iter().filter_map(|cell| cells.of(plan, cell)).collect()
}
