//! Every right that a step has is within `allow`, and every program that it names within its rights.

use std::collections::BTreeSet;

use super::violation::{Condition, Violation};
use crate::{Exec, Expr, Plan, Read, Rights, Source, Statement, StepId, Value, Way, Word, interpreter};

struct Bounds<'a> {
    allow: &'a Rights,
    violations: Vec<Violation>,
}

/// Finds everything that is done, or may be done, outside `allow`.
pub(super) fn check(plan: &Plan) -> Vec<Violation> {
    let mut bounds = Bounds { allow: &plan.allow, violations: Vec::new() };
    for read in &plan.lets {
        bounds.read(None, read, &plan.allow);
    }
    for question in plan.questions.values() {
        question.probe.reads.iter().for_each(|read| bounds.read(None, read, &plan.allow));
    }
    for collect in &plan.collect {
        bounds.within(None, &collect.rights);
        bounds.statement(None, &collect.statement, &collect.rights);
    }
    for step in plan.steps() {
        let id = Some(&step.id);
        bounds.within(id, &step.rights);
        bounds.within(id, &step.rollback_rights);
        step.before.iter().for_each(|read| bounds.read(id, read, &step.rights));
        step.body.iter().for_each(|statement| bounds.statement(id, statement, &step.rights));
        if let Way::Rollback(rollback) = &step.way {
            rollback.body.iter().for_each(|statement| bounds.statement(id, statement, &step.rollback_rights));
        }
    }
    bounds.violations
}

impl Bounds<'_> {
    /// Rights are within `allow`.
    fn within(&mut self, step: Option<&StepId>, rights: &Rights) {
        let allow = self.allow;
        for (word, granted, allowed) in [
            ("run", &rights.run, &allow.run),
            ("detach", &rights.detach, &allow.detach),
            ("as", &rights.users, &allow.users),
        ] {
            self.names(step, word, granted, allowed);
        }
        if rights.connect_any.is_some() && allow.connect_any.is_none() {
            self.report(step, "connect", "any");
        }
        let anywhere = allow.connect_any.is_some();
        for to in rights.connect.iter().filter(|to| !anywhere && !allow.connect.contains(to)) {
            self.report(step, "connect", &format!("{}:{}", to.host, to.port));
        }
        for port in rights.listen.iter().filter(|port| !allow.listen.contains(port)) {
            self.report(step, "listen", &port.to_string());
        }
        for path in &rights.read {
            if !allow.read.iter().chain(&allow.write).any(|allowed| covers(allowed, path)) {
                self.report(step, "read", &path.to_string());
            }
        }
        for path in &rights.write {
            if !allow.write.iter().any(|allowed| covers(allowed, path)) {
                self.report(step, "write", &path.to_string());
            }
        }
    }

    fn names(
        &mut self,
        step: Option<&StepId>,
        word: &str,
        granted: &BTreeSet<String>,
        allowed: &BTreeSet<String>,
    ) {
        for name in granted.difference(allowed) {
            self.report(step, word, name);
        }
    }

    fn statement(&mut self, step: Option<&StepId>, statement: &Statement, rights: &Rights) {
        match statement {
            Statement::Command { exec, .. } => self.exec(step, exec, rights),
            Statement::Read(read) => self.read(step, read, rights),
            Statement::Library(_) | Statement::Manual(_) | Statement::Note(_) | Statement::Notify { .. } => {}
        }
    }

    fn read(&mut self, step: Option<&StepId>, read: &Read, rights: &Rights) {
        match &read.source {
            Source::Command(exec) => self.exec(step, exec, rights),
            Source::Library(_) | Source::Person(_) | Source::Fact(_) | Source::Value(_) => {}
        }
    }

    fn exec(&mut self, step: Option<&StepId>, exec: &Exec, rights: &Rights) {
        for program in &exec.pipeline {
            match program.first() {
                Some(Word::One(Expr::Literal(Value::Text(name)))) => {
                    if !rights.run.contains(name) {
                        self.report(step, "run", name);
                    }
                }
                // What comes from outside never becomes a program.
                Some(Word::One(expr) | Word::Each(expr) | Word::Revealing { text: expr, .. }) => {
                    self.report(step, "run", &expr.to_string())
                }
                None => self.report(step, "run", "(nothing)"),
            }
        }
        if let Some(script) = &exec.script {
            let program = interpreter(&script.language);
            if !program.is_some_and(|program| rights.run.contains(program)) {
                self.report(step, "run", program.unwrap_or(&script.language));
            }
        }
        if let Some(user) = exec.user.as_ref().filter(|user| !rights.users.contains(*user)) {
            self.report(step, "as", user);
        }
    }

    fn report(&mut self, step: Option<&StepId>, word: &str, name: &str) {
        let who = step.map_or_else(|| "the runbook".to_owned(), |step| format!("`{step}`"));
        let done = match word {
            "run" => "runs",
            "detach" => "may leave running",
            "as" => "acts as the user",
            "connect" => "connects to",
            "listen" => "listens on",
            "read" => "reads",
            _ => "writes",
        };
        let violation = Violation {
            condition: Condition::OutsideAllow,
            steps: step.cloned().into_iter().collect(),
            names: vec![name.to_owned()],
            message: format!("{who} {done} `{name}`, which is outside `allow`"),
            trace: Vec::new(),
            help: format!("add `{word} {name}` to `allow`, if it is meant; `surefoot check --fix` writes it"),
            more: 0,
        };
        // One right that is missing is one cause, however many steps need it.
        let same = |known: &&mut Violation| known.names == violation.names && known.help == violation.help;
        match self.violations.iter_mut().find(same) {
            Some(known) => known.more += 1,
            None => self.violations.push(violation),
        }
    }
}

/// Whether an allowed path is a path, or a folder in which it lies, whatever the inputs are.
fn covers(allowed: &Expr, path: &Expr) -> bool {
    let (allowed, path) = (parts(allowed), parts(path));
    // A path that leads upwards names another place than it seems to.
    let leads_up = |part: &&Expr| matches!(part, Expr::Literal(Value::Text(text)) if text.split('/').any(|component| component == ".."));
    if path.iter().any(leads_up) {
        return false;
    }
    for (index, part) in allowed.iter().enumerate() {
        let Some(other) = path.get(index) else { return false };
        if part == other {
            continue;
        }
        // The last part of the allowed path may go on in the other.
        let (Expr::Literal(Value::Text(part)), Expr::Literal(Value::Text(other))) = (part, other) else {
            return false;
        };
        let part = part.trim_end_matches('/');
        let is_last = index + 1 == allowed.len();
        return is_last && other.strip_prefix(part).is_some_and(|below| below.starts_with('/'));
    }
    match path.get(allowed.len()) {
        None => true,
        Some(Expr::Literal(Value::Text(below))) => below.starts_with('/'),
        Some(_) => false,
    }
}

/// The parts of a path that are joined.
fn parts(path: &Expr) -> Vec<&Expr> {
    if let Expr::Join(parts) = path { parts.iter().collect() } else { vec![path] }
}
