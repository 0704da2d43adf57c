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

/// The cell of a fact: `up`, or `up(k1)` with a text as its argument.
pub(crate) fn cell(name: &str) -> Cell {
    match name.trim_end_matches(')').split_once('(') {
        Some((question, of)) => Cell { question: question.into(), arguments: vec![text(of)] },
        None => Cell { question: name.into(), arguments: Vec::new() },
    }
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
            only_looks: false,
        },
        name: None,
    }
}

/// The right to run every program of these plans.
fn rights() -> Rights {
    let programs =
        ["do", "back", "start", "first", "second", "read", "get", "look", "scale", "use", "whoami", "tail"];
    Rights { run: programs.into_iter().map(str::to_owned).collect(), ..Rights::default() }
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
        rights: rights(),
        rollback_rights: rights(),
        scope: None,
        call: None,
        after: Vec::new(),
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
        locks: Vec::new(),
        constraints: Vec::new(),
        allow: rights(),
        questions: facts.iter().map(|name| ((*name).to_owned(), question())).collect(),
        facts: Vec::new(),
        lets: Vec::new(),
        requires: Vec::new(),
        invariants: Vec::new(),
        body,
        ensures: Vec::new(),
        on_failure: OnFailure::Rollback,
        collect: Vec::new(),
        waived: Vec::new(),
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
        after: Vec::new(),
        id: id("wait[1]"),
        until: Require { within_ms: 60_000, ..require("replayed") },
        times: 1,
        otherwise: Vec::new(),
    };
    let mut promote = step("promote", &["!primary"], &["standby"]);
    promote.approval = Some(Approval {
        role: "lead".into(),
        people: 1,
        values: Vec::new(),
        showing: vec![cell("replayed")],
        expires_ms: 600_000,
    });
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

/// The expression of a text.
fn text(text: &str) -> Expr {
    Expr::Literal(Value::Text(text.into()))
}

/// A `let` or `before` that reads what a command prints.
fn read(name: &str, words: Vec<Expr>) -> Read {
    let Statement::Command { mut exec, .. } = command("read") else { unreachable!() };
    exec.pipeline = vec![words.into_iter().map(Word::One).collect()];
    exec.decoder = Decoder::Text;
    Read { name: name.into(), r#type: Type::Text, source: Source::Command(exec) }
}

/// A bit of everything: a `let`, a `before`, named output, notes, a fact with a value, a choice, a rollback
/// that covers two steps, something left, something gathered.
pub(crate) fn wide() -> Plan {
    let facts = ["flag", "drained", "up", "warm", "logged"];
    let mut scale = step("scale", &[], &[]);
    let replicas = Cell { question: "replicas".into(), arguments: Vec::new() };
    let three = Expr::Literal(Value::Int(3));
    scale.ensures = vec![Ensure {
        literal: Literal {
            atom: Atom { cell: replicas, test: Test::Compares(Comparison::Equal, three) },
            holds: true,
        },
        every_ms: 1_000,
        within_ms: 5_000,
    }];
    let local =
        |step: Option<&str>, name: &str| Expr::Local(ValueId { step: step.map(id), name: name.into() });
    scale.class = Class::Idempotent;
    scale.retry = Some(Retry { times: 1, every_ms: 1_000 });
    scale.before = vec![read("old", vec![text("get"), local(None, "who")])];
    let Statement::Command { exec: mut named, .. } = command("scale") else { unreachable!() };
    named.decoder = Decoder::Text;
    let Statement::Command { exec: mut using, .. } = command("use") else { unreachable!() };
    using.pipeline = vec![vec![Word::One(text("use")), Word::One(local(Some("scale"), "said"))]];
    scale.body = vec![
        Statement::Read(read("first", vec![text("look")])),
        Statement::Command { exec: named, name: Some("said".into()) },
        Statement::Note(Expr::Join(vec![text("it said "), local(Some("scale"), "said")])),
        Statement::Command { exec: using, name: None },
    ];
    let Statement::Command { exec: mut back, .. } = command("back") else { unreachable!() };
    back.pipeline = vec![vec![Word::One(text("back")), Word::One(local(Some("scale"), "old"))]];
    scale.way = Way::Rollback(Rollback {
        requires: Vec::new(),
        body: vec![
            Statement::Read(read("now", vec![text("look")])),
            Statement::Note(text("going back")),
            Statement::Command { exec: back, name: None },
        ],
        ensures: Vec::new(),
        restores: Restores::Captured,
        derived: false,
    });
    let warm = step("warm", &["!warm"], &["warm"]);
    let drain = step("drain", &["!drained"], &["drained"]);
    let mut stop = step("stop", &["up"], &["!up"]);
    stop.way = Way::Rollback(Rollback {
        requires: Vec::new(),
        body: vec![command("start")],
        ensures: vec![ensure("up"), ensure("!drained")],
        restores: Restores::Fixed,
        derived: false,
    });
    let mut log = step("log", &[], &["logged"]);
    log.class = Class::Idempotent;
    log.way = Way::Nothing;
    log.leaves = vec![Leaves { atoms: vec![literal("logged").atom], why: "a log is kept".into() }];
    let mut last = step("last", &[], &[]);
    last.class = Class::Once;
    let choice = Node::If {
        id: id("if[1]"),
        text: String::new(),
        condition: formula("flag"),
        then: vec![node(warm)],
        otherwise: Vec::new(),
        unknown: None,
        hypothesis: None,
    };
    let mut plan = plan(&facts, vec![node(scale), choice, node(drain), node(stop), node(log), node(last)]);
    let int = Question { answer: Type::Int, ..question() };
    plan.questions.insert("replicas".into(), int);
    plan.lets = vec![read("who", vec![text("whoami")])];
    plan.collect = vec![Collect { statement: command("tail"), rights: rights() }];
    plan
}

/// What is true before the wide plan, but for its number.
pub(crate) const WIDE_START: [(&str, bool); 5] =
    [("flag", true), ("drained", false), ("up", true), ("warm", false), ("logged", false)];

/// A run that ends early where `enough` holds: after one step, and before another and what is ensured.
pub(crate) fn early() -> Plan {
    let stop = Node::Stop { id: id("stop[1]"), why: "it is enough".into() };
    let second = step("second", &["!f1"], &["f1"]);
    let choice = Node::If {
        id: id("if[1]"),
        text: String::new(),
        condition: formula("enough"),
        then: vec![node(second), stop],
        otherwise: Vec::new(),
        unknown: None,
        hypothesis: None,
    };
    let first = step("first", &["!f0"], &["f0"]);
    let last = step("last", &["!f2"], &["f2"]);
    let mut plan = plan(&["enough", "f0", "f1", "f2"], vec![node(first), choice, node(last)]);
    plan.ensures = vec![require("f2")];
    plan
}

/// What is true before the early plan.
pub(crate) const EARLY_START: [(&str, bool); 4] =
    [("enough", true), ("f0", false), ("f1", false), ("f2", false)];

/// A plan that rests on an assumption between its two steps.
pub(crate) fn assuming() -> Plan {
    let assume =
        Node::Assume { id: id("assume[1]"), literal: literal("quiet"), why: "nobody works at night".into() };
    let second = step("second", &["quiet", "!f1"], &["f1"]);
    plan(&["quiet", "f0", "f1"], vec![node(step("first", &["!f0"], &["f0"])), assume, node(second)])
}

/// What is true before the assuming plan.
pub(crate) const ASSUMING_START: [(&str, bool); 3] = [("quiet", true), ("f0", false), ("f1", false)];

/// A plan that looks for a cause: `full` or `down`, each with its cure; else another step.
pub(crate) fn diagnosing() -> Plan {
    let cause = |number: u32, fact: &str, then: Vec<Node>, otherwise: Vec<Node>| Node::If {
        id: id(&format!("diagnose[1][{number}]")),
        condition: formula(fact),
        text: fact.into(),
        then,
        otherwise,
        unknown: None,
        hypothesis: Some(Hypothesis { question: "Why is it slow?".into(), text: format!("it is {fact}") }),
    };
    let step = |name: &str, fact: &str| node(step(name, &[&format!("!{fact}")], &[fact]));
    let down = cause(2, "down", vec![step("second", "f1")], vec![step("last", "f2")]);
    let full = cause(1, "full", Vec::new(), vec![down]);
    plan(&["full", "down", "f0", "f1", "f2"], vec![step("first", "f0"), full])
}

/// What is true before the plan that looks for a cause.
pub(crate) const DIAGNOSING_START: [(&str, bool); 5] =
    [("full", false), ("down", true), ("f0", false), ("f1", false), ("f2", false)];

/// The two ends of a scope: while it is open, `quiet` holds.
pub(crate) fn scope() -> [Node; 2] {
    let mut enter = step("enter", &["!quiet"], &["quiet"]);
    let mut leave = step("leave", &[], &["!quiet"]);
    let way = |ensures: &[Ensure]| {
        let (requires, body, ensures) = (Vec::new(), vec![command("back")], ensures.to_vec());
        Way::Rollback(Rollback { requires, body, ensures, restores: Restores::Fixed, derived: false })
    };
    (enter.way, leave.way) = (way(&leave.ensures), way(&enter.ensures));
    let (title, leave_id, max_ms) = ("alerts are silenced".into(), leave.id.clone(), 7_200_000);
    enter.scope = Some(ScopeEnd::Enters { title, leave: leave_id, max_ms });
    leave.scope = Some(ScopeEnd::Leaves { enter: enter.id.clone() });
    leave.on_failure = Some(OnFailure::Ask);
    [node(enter), node(leave)]
}

/// A step before, in and after a scope.
pub(crate) fn scoped() -> Plan {
    let [enter, leave] = scope();
    let mut inner = step("inner", &["!f1"], &["f1"]);
    if let Way::Rollback(rollback) = &mut inner.way {
        rollback.requires = vec![require("quiet")];
    }
    let (first, last) = (step("first", &["!f0"], &["f0"]), step("last", &["!f2"], &["f2"]));
    plan(&["quiet", "f0", "f1", "f2"], vec![node(first), enter, node(inner), leave, node(last)])
}

/// The same, with a point of no return in the scope and a step behind it.
pub(crate) fn sealed_in_a_scope() -> Plan {
    let [enter, leave] = scope();
    let mut promote = step("promote", &["!f1"], &["f1"]);
    promote.way = Way::Irreversible(Irreversible {
        why: "it is gone".into(),
        undone_when: None,
        without_approval: Some("a test".into()),
        recover_with: None,
    });
    let (first, last) = (step("first", &["!f0"], &["f0"]), step("last", &["!f2"], &["f2"]));
    plan(&["quiet", "f0", "f1", "f2"], vec![node(first), enter, node(promote), node(last), leave])
}

/// What is true before the plans with a scope.
pub(crate) const SCOPE_START: [(&str, bool); 4] =
    [("quiet", false), ("f0", false), ("f1", false), ("f2", false)];
/// The item of the loop in `rolling`.
fn broker() -> Expr {
    Expr::Local(ValueId { step: Some(id("for[1]")), name: "broker".into() })
}

/// The literal of a fact about the item of the loop, or its negation if it begins with `!`.
fn of_broker(name: &str) -> Literal {
    let mut literal = literal(name);
    literal.atom.cell.arguments = vec![broker()];
    literal
}

/// A rolling restart of what a `let` finds: one step before the loop, two in each turn, one after it.
pub(crate) fn rolling() -> Plan {
    let requires = |literal: Literal| {
        let atom = Formula::Atom(literal.atom);
        let formula = if literal.holds { atom } else { Formula::Not(Box::new(atom)) };
        Require { formula, ..require("quiet") }
    };
    let mut drain = step("drain", &["quiet"], &[]);
    drain.requires.push(requires(of_broker("!drained")));
    drain.ensures = vec![Ensure { literal: of_broker("drained"), ..ensure("quiet") }];
    let mut restart = step("restart", &[], &[]);
    restart.requires.push(requires(of_broker("drained")));
    restart.ensures = vec![Ensure { literal: of_broker("fresh"), ..ensure("quiet") }];
    restart.class = Class::Idempotent;
    let Statement::Command { mut exec, .. } = command("do") else { unreachable!() };
    exec.pipeline = vec![vec![Word::One(text("do")), Word::One(broker())]];
    restart.body = vec![command("first"), Statement::Command { exec, name: None }];
    let each = Each {
        id: id("for[1]"),
        item: "broker".into(),
        list: Expr::Local(ValueId { step: None, name: "brokers".into() }),
        text: "brokers".into(),
        max: 3,
        tolerate: 0,
        waves: Vec::new(),
        pause_ms: 0,
        on_failure: TurnsBack::All,
        body: vec![node(drain), node(restart)],
    };
    let body = vec![
        node(step("silence", &["!quiet"], &["quiet"])),
        Node::Each(Box::new(each)),
        node(step("speak", &["quiet", "!noted"], &["noted"])),
    ];
    let mut plan = plan(&["quiet", "noted", "drained", "fresh"], body);
    for name in ["drained", "fresh"] {
        let of = Parameter { name: "broker".into(), r#type: Type::Text, secret: false };
        let question = Question { parameters: vec![of], ..question() };
        plan.questions.insert(name.into(), question);
    }
    let Read { source, .. } = read("brokers", vec![text("look")]);
    plan.lets = vec![Read { name: "brokers".into(), r#type: Type::List(Box::new(Type::Text)), source }];
    plan
}

/// The rolling restart, in which one turn may fail.
pub(crate) fn tolerant() -> Plan {
    let mut plan = rolling();
    for node in &mut plan.body {
        if let Node::Each(each) = node {
            each.tolerate = 1;
        }
    }
    plan
}

/// What is true before the rolling restart.
pub(crate) const ROLLING_START: [(&str, bool); 6] = [
    ("quiet", false),
    ("noted", false),
    ("drained(k1)", false),
    ("fresh(k1)", false),
    ("drained(k2)", false),
    ("fresh(k2)", false),
];

/// What the list of the rolling restart holds.
pub(crate) fn brokers() -> Vec<Value> {
    ["k1", "k2"].map(|name| Value::Text(name.into())).to_vec()
}

/// Two branches at the same time, of two steps each, between two steps: the first branch has a choice and a step of two
/// statements, the second a wait.
pub(crate) fn branching() -> Plan {
    let mut a1 = step("a1", &["!f1"], &["f1"]);
    a1.body = vec![command("first"), command("second")];
    a1.class = Class::Idempotent;
    let choice = Node::If {
        id: id("if[1]"),
        text: String::new(),
        condition: formula("flag"),
        then: vec![node(step("a2", &["f1", "!f2"], &["f2"]))],
        otherwise: Vec::new(),
        unknown: None,
        hypothesis: None,
    };
    let until = Require { within_ms: 60_000, ..require("ready") };
    let wait = Wait { id: id("wait[1]"), until, times: 1, after: Vec::new(), otherwise: Vec::new() };
    let b1 = step("b1", &["!g1"], &["g1"]);
    let b2 = step("b2", &["g1", "!g2"], &["g2"]);
    let branches = vec![vec![node(a1), choice], vec![node(b1), Node::Wait(Box::new(wait)), node(b2)]];
    let block = Node::Parallel(Box::new(surefoot_plan::Parallel { id: id("parallel[1]"), branches }));
    let facts = ["flag", "ready", "broken", "f0", "f1", "f2", "g1", "g2", "f3"];
    let before = node(step("before", &["!f0"], &["f0"]));
    let behind = node(step("s3", &["f2", "g2", "!f3"], &["f3"]));
    let mut plan = plan(&facts, vec![before, block, behind]);
    plan.invariants = vec![Invariant { formula: formula("!broken"), message: "it broke".into() }];
    plan
}

/// What is true before the branches.
pub(crate) const BRANCHING_START: [(&str, bool); 9] = [
    ("flag", true),
    ("ready", true),
    ("broken", false),
    ("f0", false),
    ("f1", false),
    ("f2", false),
    ("g1", false),
    ("g2", false),
    ("f3", false),
];
