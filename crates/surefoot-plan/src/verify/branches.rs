//! Branches that are done at the same time: each by itself, in a world in which the others may be anywhere.
//!
//! Must hold: no branch changes what another changes or asks. Then it does not matter in which order their
//! steps, and later their rollbacks, come after each other: each is judged with nothing known of what the
//! others change, and with its invariants for every value of that.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use super::Rules;
use super::back::{Debt, Stop};
use super::cells::{CellIx, Cells};
use super::facts::{Name, Origin};
use super::flow::{Flow, Verifier};
use super::items::left_by;
use super::proof::WayEntry;
use super::violation::{Condition, Violation};
use crate::{
    BRANCHES_MAX, Cell, Ensure, Expr, Formula, Node, Parallel, Plan, Read, Require, Source, Statement, Step,
    StepId, Way,
};

/// What the other branches may change while a part is done.
#[derive(Debug, Default)]
pub(super) struct Around {
    /// The cells, with everything that may be the same.
    pub(super) wide: BTreeSet<CellIx>,
    /// Those that they change whatever the inputs are.
    pub(super) sure: BTreeSet<CellIx>,
    /// What of them may stay changed when they are taken back, with everything that may be the same.
    pub(super) left: BTreeSet<CellIx>,
}

/// For each part inside a branch, by its name, what the other branches may change meanwhile.
pub(super) fn around<'a>(plan: &'a Plan, cells: &Cells, rules: &Rules) -> HashMap<&'a str, Rc<Around>> {
    let mut found = HashMap::new();
    let wide = |of: &BTreeSet<CellIx>| if rules.aliases { cells.with_aliases(of) } else { of.clone() };
    for parallel in plan.parallels() {
        for (at, branch) in parallel.branches.iter().enumerate() {
            let others = parallel.branches.iter().enumerate().filter(|(other, _)| *other != at);
            let mut around = Around::default();
            for (_, other) in others {
                around.sure.extend(places(
                    plan,
                    cells,
                    crate::steps_of(other).flat_map(Step::rollback_changes),
                ));
                around.left.extend(places(plan, cells, left_by(other).iter()));
            }
            around.wide = wide(&around.sure);
            around.left = wide(&around.left);
            let around = Rc::new(around);
            found.extend(crate::Nodes::of(branch).map(|node| (node.id().0.as_str(), Rc::clone(&around))));
        }
    }
    found
}

fn places<'a>(
    plan: &'a Plan,
    cells: &'a Cells,
    of: impl Iterator<Item = &'a Cell>,
) -> impl Iterator<Item = CellIx> {
    of.filter_map(|cell| cells.of(plan, cell))
}

/// Everything that some nodes ask, or whose value they read: not what the invariants ask, which hold whatever the
/// other branches do.
pub(super) fn reads_of(nodes: &[Node]) -> Vec<Cell> {
    let mut reads = Reads(Vec::new());
    for node in crate::Nodes::of(nodes) {
        match node {
            Node::Step(step) => reads.step(step),
            Node::Wait(wait) => reads.formula(&wait.until.formula),
            Node::If { condition, .. } => reads.formula(condition),
            Node::Each(each) => reads.expr(&each.list),
            Node::Assume { literal, .. } => reads.formula(&literal.formula()),
            Node::Parallel(_) | Node::Stop { .. } => {}
        }
    }
    reads.0
}

/// The cells that are read.
struct Reads(Vec<Cell>);

impl Reads {
    fn step(&mut self, step: &Step) {
        step.target.iter().for_each(|target| self.expr(target));
        self.0.extend(step.approval.iter().flat_map(|approval| &approval.showing).cloned());
        self.requires(&step.requires);
        step.before.iter().for_each(|read| self.read(read));
        step.body.iter().for_each(|statement| self.statement(statement));
        self.ensures(&step.ensures);
        step.leaves.iter().flat_map(|leaves| &leaves.atoms).for_each(|atom| self.0.push(atom.cell.clone()));
        match &step.way {
            Way::Rollback(rollback) => {
                self.requires(&rollback.requires);
                rollback.body.iter().for_each(|statement| self.statement(statement));
                self.ensures(&rollback.ensures);
            }
            Way::Irreversible(seal) => {
                seal.undone_when.iter().for_each(|formula| self.formula(formula));
            }
            Way::Nothing => {}
        }
        step.rights.visit_exprs(&mut |expr| self.expr(expr));
        step.rollback_rights.visit_exprs(&mut |expr| self.expr(expr));
    }

    fn statement(&mut self, statement: &Statement) {
        if let Statement::Read(read) = statement {
            self.read(read);
        }
        statement.visit_exprs(&mut |expr| self.expr(expr));
    }

    fn read(&mut self, read: &Read) {
        if let Source::Fact(cell) = &read.source {
            self.0.push(cell.clone());
        }
        read.source.visit_exprs(&mut |expr| self.expr(expr));
    }

    fn requires(&mut self, requires: &[Require]) {
        requires.iter().for_each(|require| self.formula(&require.formula));
    }

    fn ensures(&mut self, ensures: &[Ensure]) {
        ensures.iter().for_each(|ensure| self.formula(&ensure.literal.formula()));
    }

    fn formula(&mut self, formula: &Formula) {
        self.0.extend(formula.cells().into_iter().cloned());
        formula.visit_exprs(&mut |expr| self.expr(expr));
    }

    fn expr(&mut self, expr: &Expr) {
        expr.visit(&mut |part| {
            if let Expr::Fact(cell) = part {
                self.0.push(cell.clone());
            }
        });
    }
}

/// The questions that the probe of one asks, however far away, and itself.
fn asked_by<'a>(plan: &'a Plan, question: &'a str) -> BTreeSet<&'a str> {
    let mut asked = BTreeSet::from([question]);
    let mut rest = vec![question];
    while let Some(next) = rest.pop() {
        for other in plan.questions.get(next).into_iter().flat_map(crate::Question::asks) {
            if asked.insert(other) {
                rest.push(other);
            }
        }
    }
    asked
}

/// Finds what may not stand in a branch.
pub(super) fn check(plan: &Plan) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut push = |condition, steps: Vec<StepId>, message: String, help: &str| {
        let (names, trace) = (Vec::new(), Vec::new());
        violations.push(Violation { condition, steps, names, message, trace, help: help.into(), more: 0 });
    };
    for parallel in plan.parallels() {
        let id = &parallel.id;
        let width = parallel.branches.len();
        if width > BRANCHES_MAX {
            push(
                Condition::TooLarge,
                vec![id.clone()],
                format!("`{id}` has {width} branches; at most {BRANCHES_MAX} are allowed"),
                "put several of them into one branch, or make two blocks of them",
            );
        }
        for node in parallel.branches.iter().flat_map(|branch| crate::Nodes::of(branch)) {
            let steps = vec![node.id().clone(), id.clone()];
            let inner = node.id();
            match node {
                Node::Step(step) => {
                    if let Way::Irreversible(_) = step.way {
                        push(
                            Condition::InBranch,
                            steps,
                            format!(
                                "`{inner}` is irreversible, and stands in a branch of `{id}`: it would seal what the other branches owe while they are half done"
                            ),
                            "put it after the block",
                        );
                    } else if step.approval.is_some() {
                        push(
                            Condition::InBranch,
                            steps,
                            format!(
                                "`{inner}` needs an approval, and stands in a branch of `{id}`: the others would go on while somebody decides"
                            ),
                            "ask in a step before the block",
                        );
                    } else if asks_a_person(plan, step) {
                        push(
                            Condition::InBranch,
                            steps,
                            format!(
                                "`{inner}` asks a person, or is done by one, and stands in a branch of `{id}`: several would ask one operator at the same time"
                            ),
                            "put it before or after the block",
                        );
                    }
                }
                Node::Wait(_) | Node::If { .. } | Node::Assume { .. } => {
                    let one = std::slice::from_ref(node);
                    if asked_in(plan, &own_reads(one)) {
                        push(
                            Condition::InBranch,
                            steps,
                            format!(
                                "`{inner}` asks a fact that a person answers, and stands in a branch of `{id}`: several would ask one operator at the same time"
                            ),
                            "put it before or after the block",
                        );
                    }
                }
                Node::Each(_) => push(
                    Condition::InBranch,
                    steps,
                    format!(
                        "`{inner}` goes through a list that the run finds, and stands in a branch of `{id}`: a turn that fails is taken back by itself, and the others would go on meanwhile"
                    ),
                    "put the block into the loop, or the loop before or after the block",
                ),
                Node::Parallel(_) => push(
                    Condition::InBranch,
                    steps,
                    format!(
                        "`{inner}` stands in a branch of `{id}`, which does its branches at the same time already"
                    ),
                    "make its branches branches of the outer block",
                ),
                Node::Stop { .. } => push(
                    Condition::InBranch,
                    steps,
                    format!(
                        "`{inner}` would end the run in a branch of `{id}`, while the others are at work"
                    ),
                    "put it before or after the block",
                ),
            }
        }
    }
    violations
}

/// What a node asks itself, without what is inside it.
fn own_reads(node: &[Node]) -> Vec<Cell> {
    let mut reads = Reads(Vec::new());
    match node.first() {
        Some(Node::Wait(wait)) => reads.formula(&wait.until.formula),
        Some(Node::If { condition, .. }) => reads.formula(condition),
        Some(Node::Assume { literal, .. }) => reads.formula(&literal.formula()),
        Some(Node::Step(_) | Node::Each(_) | Node::Parallel(_) | Node::Stop { .. }) | None => {}
    }
    reads.0
}

/// Whether one of these cells is answered by a person.
fn asked_in(plan: &Plan, cells: &[Cell]) -> bool {
    let by_person = |question: &str| {
        plan.questions.get(question).is_some_and(|question| {
            question.probe.reads.iter().any(|read| matches!(read.source, Source::Person(_)))
        })
    };
    cells.iter().any(|cell| asked_by(plan, &cell.question).into_iter().any(by_person))
}

/// Whether a step asks a person something on its way forward. Its rollback runs when the block is over.
fn asks_a_person(plan: &Plan, step: &Step) -> bool {
    let asks = |read: &Read| matches!(read.source, Source::Person(_));
    let by_hand = step.body.iter().any(|statement| match statement {
        Statement::Manual(_) => true,
        Statement::Read(read) => asks(read),
        Statement::Command { .. } | Statement::Library(_) | Statement::Note(_) | Statement::Notify { .. } => {
            false
        }
    });
    let forward = Step { way: Way::Nothing, ..step.clone() };
    let reads = reads_of(&[Node::Step(Box::new(forward))]);
    by_hand || step.before.iter().any(asks) || asked_in(plan, &reads)
}

impl<'a> Verifier<'a> {
    /// Walks branches that are done at the same time.
    pub(super) fn parallel(&mut self, at: usize, parallel: &'a Parallel, flow: Flow) -> Flow {
        self.stop(flow.top, Stop::Before(at), false);
        // Where they do touch each other, that is said, and everything that follows from it would be noise.
        let interferes = self.rules.interference && self.interference(parallel);
        let outer_left = self.left.clone();
        let mut left = outer_left.clone();
        let (mut arms, mut ends) = (Vec::new(), Vec::new());
        for (index, branch) in parallel.branches.iter().enumerate() {
            let around = branch.first().and_then(|first| self.program.around.get(first.id().0.as_str()));
            let around = around.filter(|_| !interferes).cloned().unwrap_or_default();
            let mark = self.facts.mark();
            let outer = std::mem::replace(&mut self.around, Rc::clone(&around));
            let before: Vec<(CellIx, Name)> =
                around.wide.iter().map(|cell| (*cell, self.facts.name(*cell))).collect();
            self.forget_around(at);
            self.is_dirty = true;
            self.left.clone_from(&outer_left);
            let below = flow.top;
            let debt = Debt::Beside { node: at, below, before, around, is_open: self.is_open(below) };
            let base = self.push(debt, WayEntry::Beside { node: at, branch: index, below });
            let end = self.nodes(branch, Flow { top: base, ..flow });
            left.extend(self.left.iter().copied());
            self.around = outer;
            arms.push((base, end.top));
            ends.push(self.facts.end_arm(mark));
        }
        self.left = left;
        // They do not touch each other: what each leaves is so, whenever it was done.
        for (branch, end) in parallel.branches.iter().zip(ends) {
            let own = self.own(branch);
            self.facts.take(end, &own, Origin::Changed(at));
        }
        self.is_dirty = true;
        self.ways.branches.insert(at, arms.clone());
        let mut flow = flow;
        if arms.iter().any(|(base, top)| base != top) {
            let is_open = arms.iter().any(|(_, top)| self.is_open(*top));
            let branches = parallel.branches.iter();
            let arms = arms.into_iter().zip(branches.map(|branch| self.own(branch)));
            let arms = arms.map(|((base, top), own)| (base, top, own)).collect();
            let debt = Debt::Branches { node: at, arms, below: flow.top, is_open };
            flow.top = self.push(debt, WayEntry::Branches { node: at, below: flow.top });
        }
        self.ways.tops.insert(parallel.id.clone(), flow.top);
        self.stop(flow.top, Stop::After(at), true);
        flow
    }

    /// Nothing is known of what the other branches change.
    pub(super) fn forget_around(&mut self, at: usize) {
        if !self.rules.branches {
            return;
        }
        for cell in self.around.wide.clone() {
            self.facts.havoc(self.cells, cell, Origin::Changed(at));
        }
    }

    /// What a branch may change, with everything that may be the same.
    fn own(&self, branch: &[Node]) -> BTreeSet<CellIx> {
        let changed = crate::steps_of(branch).flat_map(Step::rollback_changes);
        let own = places(self.plan, self.cells, changed).collect();
        if self.rules.aliases { self.cells.with_aliases(&own) } else { own }
    }

    /// No branch changes what another changes or asks. Whether one does.
    fn interference(&mut self, parallel: &Parallel) -> bool {
        let mut found = false;
        let branches: Vec<Vec<&Step>> =
            parallel.branches.iter().map(|branch| crate::steps_of(branch).collect()).collect();
        for (one, steps) in branches.iter().enumerate() {
            for changer in steps {
                for (other, branch) in parallel.branches.iter().enumerate().filter(|(other, _)| *other != one)
                {
                    found |= self.interferes(parallel, changer, branch, other > one);
                }
            }
        }
        found
    }

    /// Whether a step changes what a part of another branch asks; or changes, which is said once.
    fn interferes(&mut self, parallel: &Parallel, changer: &Step, branch: &[Node], is_first: bool) -> bool {
        for cell in changer.rollback_changes() {
            let Some(changed) = self.cells.of(self.plan, cell) else { continue };
            let is_same = |other: &Cell| {
                let other_at = self.cells.of(self.plan, other);
                let same = other_at.is_some_and(|other| self.cells.may_equal(changed, other));
                // A fact that rests on others is asked through them: whatever their arguments are.
                same || other.question != cell.question
                    && asked_by(self.plan, &other.question).contains(cell.question.as_str())
            };
            for node in crate::Nodes::of(branch) {
                let changes =
                    |step: &Step| step.rollback_changes().into_iter().find(|other| is_same(other)).cloned();
                let both = if let Node::Step(step) = node { changes(step) } else { None };
                let asked = || match node {
                    Node::Step(_) => reads_of(std::slice::from_ref(node)),
                    Node::Wait(_) | Node::If { .. } | Node::Assume { .. } => {
                        own_reads(std::slice::from_ref(node))
                    }
                    Node::Each(_) | Node::Parallel(_) | Node::Stop { .. } => Vec::new(),
                };
                let (changes, found) = match both {
                    // The other order says the same.
                    Some(_) if !is_first => continue,
                    Some(cell) => (true, Some(cell)),
                    None => (false, asked().into_iter().find(|other| is_same(other))),
                };
                let Some(other) = found else { continue };
                let other = self.cells.of(self.plan, &other);
                self.report.interferes(&parallel.id, &changer.id, changed, node.id(), other, changes);
                return true;
            }
        }
        false
    }
}
