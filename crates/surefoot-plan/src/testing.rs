//! Small plans for this crate's tests.

use std::collections::{BTreeMap, BTreeSet};

use crate::*;

/// A yes-or-no question without arguments, answered by a command.
pub(crate) fn question() -> Question {
    Question {
        parameters: Vec::new(),
        answer: Type::Bool,
        probe: Probe { reads: Vec::new(), answer: Expr::Literal(Value::Bool(true)) },
        doc: String::new(),
    }
}

/// The atom of a yes-or-no question without arguments.
pub(crate) fn atom(name: &str) -> Atom {
    Atom { cell: Cell { question: name.into(), arguments: Vec::new() }, test: Test::Holds }
}

/// A step that runs `true`, ensures what is named (`!` before a name: its negation), and is taken
/// back by running `true` again.
pub(crate) fn step(id: &str, ensures: &[&str]) -> Step {
    Step {
        id: StepId(id.into()),
        title: String::new(),
        doc: String::new(),
        target: None,
        deadline_ms: 600_000,
        approval: None,
        requires: Vec::new(),
        before: Vec::new(),
        body: vec![command("true")],
        ensures: ensures.iter().map(|name| ensure(name)).collect(),
        leaves: Vec::new(),
        class: Class::Verified,
        retry: None,
        way: Way::Rollback(Rollback {
            requires: Vec::new(),
            body: vec![command("true")],
            ensures: Vec::new(),
            restores: Restores::Fixed,
            derived: false,
        }),
        on_failure: None,
        rights: rights(),
        rollback_rights: rights(),
        scope: None,
        call: None,
        after: Vec::new(),
    }
}

/// The right to run `true`.
pub(crate) fn rights() -> Rights {
    Rights { run: BTreeSet::from(["true".to_owned()]), ..Rights::default() }
}

/// A statement that runs one program without arguments.
pub(crate) fn command(program: &str) -> Statement {
    Statement::Command {
        exec: Exec {
            pipeline: vec![vec![Word::One(Expr::Literal(Value::Text(program.into())))]],
            script: None,
            target: None,
            folder: None,
            env: BTreeMap::new(),
            stdin: None,
            user: None,
            exits: BTreeSet::from([0]),
            decoder: Decoder::Nothing,
            only_looks: false,
        },
        name: None,
    }
}

/// `name`, or its negation if it begins with `!`.
pub(crate) fn literal(name: &str) -> Literal {
    match name.strip_prefix('!') {
        Some(name) => Literal { atom: atom(name), holds: false },
        None => Literal { atom: atom(name), holds: true },
    }
}

/// Ensures a literal at once.
pub(crate) fn ensure(name: &str) -> Ensure {
    Ensure { literal: literal(name), every_ms: 1_000, within_ms: 0 }
}

/// Requires a literal at once.
pub(crate) fn require(name: &str) -> Require {
    Require { formula: formula(name), every_ms: 1_000, within_ms: 0, message: String::new() }
}

/// The formula of a literal.
pub(crate) fn formula(name: &str) -> Formula {
    let literal = literal(name);
    let atom = Formula::Atom(literal.atom);
    if literal.holds { atom } else { Formula::Not(Box::new(atom)) }
}

/// A plan of these steps over the facts `a`, `b` and `c`.
pub(crate) fn plan_of(steps: Vec<Step>) -> Plan {
    Plan {
        format: FORMAT,
        runbook: "demo".into(),
        doc: "A demonstration.".into(),
        about: About::default(),
        sources: Vec::new(),
        inputs: Vec::new(),
        constraints: Vec::new(),
        allow: rights(),
        questions: ["a", "b", "c"].into_iter().map(|name| (name.to_owned(), question())).collect(),
        facts: Vec::new(),
        lets: Vec::new(),
        requires: Vec::new(),
        invariants: Vec::new(),
        body: steps.into_iter().map(|step| Node::Step(Box::new(step))).collect(),
        ensures: Vec::new(),
        on_failure: OnFailure::Rollback,
        collect: Vec::new(),
        waived: Vec::new(),
        locks: Vec::new(),
    }
}

/// A plan of two steps.
pub(crate) fn plan() -> Plan {
    let mut plan = plan_of(vec![step("one", &["a"]), step("two", &["!b"])]);
    plan.requires = vec![require("!a"), require("b")];
    plan
}
