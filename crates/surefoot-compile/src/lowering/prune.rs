//! Leaves out of a plan the questions that nothing asks.
//!
//! A question is put into the plan when it is met. One that is met inside a larger question is asked by
//! that one's probe, and not by itself.

use std::collections::BTreeSet;

use surefoot_plan::{
    Cell, Ensure, Expr, Formula, Node, Plan, QuestionId, Read, Require, Source, Statement, Step, Way,
};

/// Leaves out the questions that nothing asks.
pub(super) fn prune(plan: &mut Plan) {
    let mut asked = Asked::default();
    asked.plan(plan);
    // A probe may ask facts, whose probes may ask facts.
    let mut done: BTreeSet<QuestionId> = BTreeSet::new();
    while let Some(id) = asked.0.difference(&done).next().cloned() {
        if let Some(question) = plan.questions.get(&id) {
            asked.reads(&question.probe.reads);
            asked.expr(&question.probe.answer);
        }
        done.insert(id);
    }
    plan.questions.retain(|id, _| done.contains(id));
    plan.facts.retain(|fact| fact.formula.atoms().iter().all(|atom| done.contains(&atom.cell.question)));
}

/// The questions that are asked.
#[derive(Default)]
struct Asked(BTreeSet<QuestionId>);

impl Asked {
    fn plan(&mut self, plan: &Plan) {
        self.reads(&plan.lets);
        self.requires(&plan.requires);
        self.requires(&plan.ensures);
        for invariant in &plan.invariants {
            self.formula(&invariant.formula);
        }
        for collect in &plan.collect {
            self.statement(&collect.statement);
        }
        self.nodes(&plan.body);
    }

    fn nodes(&mut self, nodes: &[Node]) {
        for node in nodes {
            match node {
                Node::Step(step) => self.step(step),
                Node::Each(each) => {
                    self.expr(&each.list);
                    self.nodes(&each.body);
                }
                Node::Parallel(parallel) => {
                    parallel.branches.iter().for_each(|branch| self.nodes(branch));
                }
                Node::Stop { .. } => {}
                Node::Assume { literal, .. } => self.cell(&literal.atom.cell),
                Node::Wait(wait) => {
                    self.requires(std::slice::from_ref(&wait.until));
                    self.nodes(&wait.otherwise);
                }
                Node::If { condition, then, otherwise, unknown, .. } => {
                    self.formula(condition);
                    self.nodes(then);
                    self.nodes(otherwise);
                    self.nodes(unknown.as_deref().unwrap_or_default());
                }
            }
        }
    }

    fn step(&mut self, step: &Step) {
        self.requires(&step.requires);
        self.reads(&step.before);
        step.body.iter().for_each(|statement| self.statement(statement));
        self.ensures(&step.ensures);
        for atom in step.leaves.iter().flat_map(|leaves| &leaves.atoms) {
            self.cell(&atom.cell);
        }
        for cell in step.approval.iter().flat_map(|approval| &approval.showing) {
            self.cell(cell);
        }
        match &step.way {
            Way::Rollback(rollback) => {
                self.requires(&rollback.requires);
                rollback.body.iter().for_each(|statement| self.statement(statement));
                self.ensures(&rollback.ensures);
            }
            Way::Irreversible(irreversible) => {
                irreversible.undone_when.iter().for_each(|formula| self.formula(formula))
            }
            Way::Nothing => {}
        }
    }

    fn requires(&mut self, requires: &[Require]) {
        for require in requires {
            self.formula(&require.formula);
        }
    }

    fn ensures(&mut self, ensures: &[Ensure]) {
        for ensure in ensures {
            self.cell(&ensure.literal.atom.cell);
        }
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Read(read) => self.reads(std::slice::from_ref(read)),
            // What stands in their arguments was read before, and is a value.
            Statement::Command { .. }
            | Statement::Library(_)
            | Statement::Manual(_)
            | Statement::Note(_)
            | Statement::Notify { .. } => {}
        }
    }

    fn reads(&mut self, reads: &[Read]) {
        for read in reads {
            match &read.source {
                Source::Fact(cell) => self.cell(cell),
                Source::Value(expr) => self.expr(expr),
                Source::Command(_) | Source::Library(_) | Source::Person(_) => {}
            }
        }
    }

    fn formula(&mut self, formula: &Formula) {
        for atom in formula.atoms() {
            self.cell(&atom.cell);
        }
        formula.visit_exprs(&mut |expr| {
            if let Expr::Fact(cell) = expr {
                self.0.insert(cell.question.clone());
            }
        });
    }

    fn expr(&mut self, expr: &Expr) {
        expr.visit(&mut |inner| {
            if let Expr::Fact(cell) = inner {
                self.0.insert(cell.question.clone());
            }
        });
    }

    fn cell(&mut self, cell: &Cell) {
        self.0.insert(cell.question.clone());
        cell.arguments.iter().for_each(|argument| self.expr(argument));
    }
}
