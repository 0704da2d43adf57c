//! No secret reaches a place where others can read it.
//!
//! A secret may go to a program's environment or standard input, to a secret argument of a question, and to
//! an argument of the library that is made for it. It stands there alone, or as a part of a text: nothing is
//! computed with it.

use std::collections::BTreeSet;

use super::violation::{Condition, Violation};
use crate::{
    Cell, Exec, Expr, Formula, InputValue, LibraryCall, Name, Node, PersonQuestion, Plan, Read, Source,
    Statement, Step, StepId, Test, Value, Way,
};

/// The arguments of the library that are made for secrets, by name. By convention, so that a plan can be
/// judged without the library.
const SECRET_ARGUMENTS: [&str; 1] = ["password"];

struct Labels<'a> {
    plan: &'a Plan,
    secrets: BTreeSet<&'a Name>,
    node: Option<&'a StepId>,
    violations: Vec<Violation>,
}

/// Finds every secret that would reach a place where others can read it.
pub(super) fn check(plan: &Plan) -> Vec<Violation> {
    let is_secret = |input: &&crate::Input| matches!(input.value, InputValue::SecretFromEnv(_));
    let secrets = plan.inputs.iter().filter(is_secret).map(|input| &input.name).collect();
    let mut labels = Labels { plan, secrets, node: None, violations: Vec::new() };
    for question in plan.questions.values() {
        // Inside a probe its secret arguments are secrets too.
        let own: Vec<&Name> = question
            .parameters
            .iter()
            .filter(|parameter| parameter.secret)
            .map(|parameter| &parameter.name)
            .collect();
        let before = labels.secrets.clone();
        labels.secrets.extend(own);
        question.probe.reads.iter().for_each(|read| labels.read(read));
        labels.open(&question.probe.answer, "the answer of a fact, which is journaled");
        labels.secrets = before;
    }
    plan.lets.iter().for_each(|read| labels.read(read));
    plan.constraints.iter().for_each(|(expr, _)| labels.open(expr, "a `where`, which is shown"));
    plan.locks.iter().for_each(|name| labels.open(name, "the name of a lock, which others read"));
    plan.allow.visit_exprs(&mut |expr| labels.open(expr, "`allow`, which is shown"));
    for require in plan.requires.iter().chain(&plan.ensures) {
        labels.formula(&require.formula);
    }
    plan.invariants.iter().for_each(|invariant| labels.formula(&invariant.formula));
    plan.collect.iter().for_each(|collect| labels.statement(&collect.statement));
    for node in plan.nodes() {
        labels.node = Some(node.id());
        match node {
            Node::Step(step) => labels.step(step),
            Node::Wait(wait) => {
                labels.formula(&wait.until.formula);
                wait.after.iter().for_each(|after| labels.open(&after.text, MESSAGE));
            }
            Node::If { condition, .. } => labels.formula(condition),
            Node::Each(each) => labels.open(&each.list, "the list of a loop, which is journaled"),
            Node::Parallel(_) | Node::Stop { .. } => {}
            Node::Assume { literal, .. } => labels.formula(&literal.formula()),
        }
    }
    labels.violations
}

/// Where what a channel is told goes.
const MESSAGE: &str = "a message to a channel, which others read";

impl<'a> Labels<'a> {
    fn step(&mut self, step: &Step) {
        step.target.iter().for_each(|target| self.open(target, "the name of a host"));
        for rights in [&step.rights, &step.rollback_rights] {
            rights.visit_exprs(&mut |expr| self.open(expr, "a right, which is shown"));
        }
        if let Some(approval) = &step.approval {
            approval.showing.iter().for_each(|cell| self.cell(cell));
            approval.values.iter().for_each(|shown| self.open(&shown.value, "what an approver is shown"));
        }
        step.after.iter().for_each(|after| self.open(&after.text, MESSAGE));
        step.requires.iter().for_each(|require| self.formula(&require.formula));
        step.before.iter().for_each(|read| self.read(read));
        step.body.iter().for_each(|statement| self.statement(statement));
        for ensure in &step.ensures {
            self.atom(&ensure.literal.atom);
        }
        step.leaves.iter().flat_map(|leaves| &leaves.atoms).for_each(|atom| self.atom(atom));
        match &step.way {
            Way::Rollback(rollback) => {
                rollback.requires.iter().for_each(|require| self.formula(&require.formula));
                rollback.body.iter().for_each(|statement| self.statement(statement));
                rollback.ensures.iter().for_each(|ensure| self.atom(&ensure.literal.atom));
            }
            Way::Irreversible(seal) => seal.undone_when.iter().for_each(|formula| self.formula(formula)),
            Way::Nothing => {}
        }
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Command { exec, .. } => self.exec(exec),
            Statement::Library(call) => self.library(call),
            Statement::Read(read) => self.read(read),
            Statement::Manual(question) => self.person(question),
            Statement::Note(line) => self.open(line, "a note, which stands in the transcript"),
            Statement::Notify { text, .. } => self.open(text, MESSAGE),
        }
    }

    fn read(&mut self, read: &Read) {
        match &read.source {
            Source::Command(exec) => self.exec(exec),
            Source::Library(call) => self.library(call),
            Source::Person(question) => self.person(question),
            Source::Fact(cell) => self.cell(cell),
            Source::Value(expr) => self.open(expr, "a value that the journal keeps"),
        }
    }

    fn exec(&mut self, exec: &Exec) {
        for program in &exec.pipeline {
            for word in program {
                match word {
                    crate::Word::One(expr) | crate::Word::Each(expr) => {
                        self.open(
                            expr,
                            "the arguments of a program, which every user of the machine can read",
                        );
                    }
                    crate::Word::Revealing { text, secrets } => {
                        let revealed: Vec<&Expr> = secrets.iter().map(|reveal| &reveal.secret).collect();
                        self.revealing(text, &revealed);
                    }
                }
            }
        }
        let hidden = exec.env.values().chain(&exec.stdin);
        let arguments = exec.script.iter().flat_map(|script| script.arguments.values());
        hidden.chain(arguments).for_each(|expr| self.standing(expr, "the environment or input of a program"));
        exec.target.iter().for_each(|expr| self.open(expr, "the name of a host"));
        exec.folder.iter().for_each(|expr| self.open(expr, "the name of a folder"));
    }

    fn library(&mut self, call: &LibraryCall) {
        for (name, expr) in &call.arguments {
            let is_bare =
                matches!(expr, Expr::Input(_) | Expr::Argument(_) | Expr::Literal(Value::Secret(_)));
            if !(is_bare && SECRET_ARGUMENTS.contains(&name.as_str())) {
                self.open(
                    expr,
                    &format!("the argument `{name}` of `{}`, which is not made for secrets", call.function),
                );
            }
        }
    }

    fn person(&mut self, question: &PersonQuestion) {
        question.visit_exprs(&mut |expr| self.open(expr, "a question to a person"));
    }

    fn formula(&mut self, formula: &Formula) {
        match formula {
            Formula::Atom(atom) => self.atom(atom),
            Formula::Value(expr) => self.open(expr, "a condition, which is shown"),
            Formula::Not(inner) => self.formula(inner),
            Formula::All(parts) | Formula::Any(parts) => parts.iter().for_each(|part| self.formula(part)),
        }
    }

    fn atom(&mut self, atom: &crate::Atom) {
        self.cell(&atom.cell);
        match &atom.test {
            Test::Holds => {}
            Test::Compares(_, expr) => self.open(expr, "a condition, which is shown"),
        }
    }

    fn cell(&mut self, cell: &Cell) {
        let parameters = self.plan.questions.get(&cell.question).map(|question| &question.parameters);
        for (index, argument) in cell.arguments.iter().enumerate() {
            let is_secret =
                parameters.and_then(|all| all.get(index)).is_some_and(|parameter| parameter.secret);
            if is_secret {
                self.standing(argument, "an argument of a fact");
            } else {
                self.open(argument, "an argument of a fact, which is shown");
            }
        }
    }

    /// No secret may be here at all.
    fn open(&mut self, expr: &Expr, place: &str) {
        match expr {
            Expr::Fact(cell) => self.cell(cell),
            expr if self.is_secret(expr) => self.report(expr, place),
            expr => expr.children().into_iter().for_each(|child| self.open(child, place)),
        }
    }

    /// In an argument of a program: these secrets may be here, alone or as a part of a text, and no other.
    fn revealing(&mut self, expr: &Expr, revealed: &[&Expr]) {
        match expr {
            expr if revealed.contains(&expr) => {}
            Expr::Join(parts) => parts.iter().for_each(|part| self.revealing(part, revealed)),
            expr => {
                self.open(expr, "the arguments of a program, and only others are revealed there");
            }
        }
    }

    /// A secret may be here, alone or as a part of a text.
    fn standing(&mut self, expr: &Expr, place: &str) {
        match expr {
            expr if self.is_secret(expr) => {}
            Expr::Join(parts) => parts.iter().for_each(|part| self.standing(part, place)),
            Expr::If(condition, then, otherwise) => {
                self.open(condition, "a condition, which is shown");
                self.standing(then, place);
                self.standing(otherwise, place);
            }
            expr => self.open(expr, &format!("something that is computed for {place}")),
        }
    }

    fn is_secret(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Input(name) | Expr::Argument(name) => self.secrets.contains(name),
            Expr::Literal(Value::Secret(_)) => true,
            _ => false,
        }
    }

    fn report(&mut self, expr: &Expr, place: &str) {
        let name = match expr {
            Expr::Literal(Value::Secret(name)) => name.clone(),
            expr => expr.to_string(),
        };
        let who = self.node.map_or_else(String::new, |node| format!("in `{node}` "));
        self.violations.push(Violation {
            condition: Condition::SecretExposed,
            steps: self.node.cloned().into_iter().collect(),
            names: vec![name.clone()],
            message: format!("{who}the secret `{name}` would reach {place}"),
            trace: Vec::new(),
            help: format!(
                "give it by environment or standard input: `env {{ NAME: {name} }} $ …`, `stdin {name} $ …`"
            ),
            more: 0,
        });
    }
}
