//! Plans for tests, written by hand: small, and each shows one thing.

use std::collections::{BTreeMap, BTreeSet};

use surefoot_plan::*;

/// A yes-or-no question without arguments.
fn question() -> Question {
    Question {
        parameters: Vec::new(),
        answer: Type::Bool,
        probe: Probe { reads: Vec::new(), answer: Expr::Literal(Value::Bool(true)) },
        doc: String::new(),
    }
}

/// The cell of a fact without arguments.
pub(crate) fn cell(name: &str) -> Cell {
    Cell { question: name.into(), arguments: Vec::new() }
}

/// The name of a step.
pub(crate) fn id(name: &str) -> StepId {
    StepId(name.into())
}

/// The literal `name`, or its negation if it begins with `!`.
pub(crate) fn literal(name: &str) -> Literal {
    let atom = |name: &str| Atom { cell: cell(name), test: Test::Holds };
    match name.strip_prefix('!') {
        Some(name) => Literal { atom: atom(name), holds: false },
        None => Literal { atom: atom(name), holds: true },
    }
}

/// The formula of a literal.
pub(crate) fn formula(name: &str) -> Formula {
    let literal = literal(name);
    let atom = Formula::Atom(literal.atom);
    if literal.holds { atom } else { Formula::Not(Box::new(atom)) }
}

/// Requires a literal at once.
pub(crate) fn require(name: &str) -> Require {
    Require { formula: formula(name), every_ms: 1_000, within_ms: 0, message: String::new() }
}

/// Ensures a literal, within ten seconds.
pub(crate) fn ensure(name: &str) -> Ensure {
    Ensure { literal: literal(name), every_ms: 1_000, within_ms: 10_000 }
}

/// A statement that runs one program.
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
        },
        name: None,
    }
}

/// A rollback that brings back what was.
pub(crate) fn rollback() -> Way {
    Way::Rollback(Rollback {
        requires: Vec::new(),
        body: vec![command("back")],
        ensures: Vec::new(),
        restores: Restores::Captured,
        derived: false,
    })
}

/// A step of class verified, taken back by bringing back what was.
pub(crate) fn step(name: &str, requires: &[&str], ensures: &[&str]) -> Step {
    Step {
        id: id(name),
        title: String::new(),
        doc: String::new(),
        target: None,
        deadline_ms: 600_000,
        approval: None,
        requires: requires.iter().map(|name| require(name)).collect(),
        before: Vec::new(),
        body: vec![command("do")],
        ensures: ensures.iter().map(|name| ensure(name)).collect(),
        leaves: Vec::new(),
        class: Class::Verified,
        retry: None,
        way: rollback(),
        on_failure: None,
        rights: Rights::default(),
        rollback_rights: Rights::default(),
    }
}

/// A node of a step.
pub(crate) fn node(step: Step) -> Node {
    Node::Step(Box::new(step))
}

/// A plan over these facts.
pub(crate) fn plan(facts: &[&str], body: Vec<Node>) -> Plan {
    Plan {
        format: FORMAT,
        runbook: "demo".into(),
        doc: String::new(),
        about: About::default(),
        sources: Vec::new(),
        inputs: Vec::new(),
        constraints: Vec::new(),
        allow: Rights::default(),
        questions: facts.iter().map(|name| ((*name).to_owned(), question())).collect(),
        facts: Vec::new(),
        lets: Vec::new(),
        requires: Vec::new(),
        invariants: Vec::new(),
        body,
        ensures: Vec::new(),
        on_failure: OnFailure::Rollback,
        collect: Vec::new(),
    }
}

/// `n` steps, each of which ensures a fact of its own; the first two statements of the second step.
pub(crate) fn linear(n: usize) -> Plan {
    let facts: Vec<String> = (0..n).map(|i| format!("f{i}")).collect();
    let names: Vec<&str> = facts.iter().map(String::as_str).collect();
    let body = (0..n)
        .map(|i| {
            let mut step = step(&format!("s{i}"), &[&format!("!f{i}")], &[&format!("f{i}")]);
            if i == 1 {
                step.body = vec![command("first"), command("second")];
                step.class = Class::Idempotent;
            }
            node(step)
        })
        .collect();
    plan(&names, body)
}

/// The switchover, with its facts as yes-or-nos: fence, wait, promote, repoint, rejoin.
pub(crate) fn switchover() -> Plan {
    let facts = ["primary", "standby", "replayed", "clients", "follows", "shut_down"];
    let mut fence = step("fence", &["primary"], &["!primary"]);
    fence.way = Way::Rollback(Rollback {
        requires: Vec::new(),
        body: vec![command("start")],
        ensures: vec![ensure("primary")],
        restores: Restores::Fixed,
        derived: false,
    });
    let wait = Wait {
        id: id("wait[1]"),
        until: Require { within_ms: 60_000, ..require("replayed") },
        times: 1,
        otherwise: Vec::new(),
    };
    let mut promote = step("promote", &["!primary"], &["standby"]);
    promote.approval =
        Some(Approval { role: "lead".into(), showing: vec![cell("replayed")], expires_ms: 600_000 });
    promote.way = Way::Irreversible(Irreversible {
        why: "a new timeline".into(),
        undone_when: Some(formula("shut_down")),
        without_approval: None,
        recover_with: None,
    });
    let mut repoint = step("repoint", &["standby"], &["clients"]);
    repoint.class = Class::Idempotent;
    let mut rejoin = step("rejoin", &[], &["follows"]);
    rejoin.class = Class::Idempotent;
    rejoin.way = Way::Nothing;
    rejoin.leaves =
        vec![Leaves { atoms: vec![literal("follows").atom], why: "it is a standby from now on".into() }];
    let mut plan = plan(
        &facts,
        vec![node(fence), Node::Wait(Box::new(wait)), node(promote), node(repoint), node(rejoin)],
    );
    plan.requires = vec![require("primary"), require("!standby")];
    plan.invariants = vec![Invariant {
        formula: Formula::Not(Box::new(Formula::All(vec![formula("primary"), formula("standby")]))),
        message: "two primaries".into(),
    }];
    plan.ensures = vec![require("standby")];
    plan
}

/// What is true before a switchover.
pub(crate) const SWITCHOVER_START: [(&str, bool); 6] = [
    ("primary", true),
    ("standby", false),
    ("replayed", true),
    ("clients", false),
    ("follows", false),
    ("shut_down", false),
];
