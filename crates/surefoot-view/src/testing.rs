//! What the tests of this room share: a switchover, and runs of it.

use std::collections::{BTreeMap, BTreeSet};

use surefoot_journal::{
    Answer, Claim, Debt, Ended, Event, Exit, FactsVerdict, ForwardVerdict, Identity, Journal as _,
    MemoryJournal, Outcome, Output, Phase, Point, Reading, Record, Report, RunId, Started, Stream, Timestamp,
    WayBackVerdict, WorldKind,
};
use surefoot_plan::{
    About, Approval, Atom, Cell, Class, Collect, Comparison, Decoder, Endpoint, Ensure, Exec, Expr, FORMAT,
    Formula, Input, InputValue, Invariant, Irreversible, Leaves, LibraryCall, Literal, NamedFact, Node,
    OnFailure, Parameter, Plan, Probe, Question, Require, Restores, Rights, Rollback, SourceFile, Statement,
    Step, StepId, Test, Type, Value, Wait, Waived, Way, Word,
};

/// When the runs begin.
pub(crate) const START: Timestamp = Timestamp(1_795_317_247_250);

pub(crate) fn text(text: &str) -> Expr {
    Expr::Literal(Value::Text(text.into()))
}

fn cell(question: &str, arguments: Vec<Expr>) -> Cell {
    Cell { question: question.into(), arguments }
}

/// Whether the server at a port is a primary.
fn primary(port: i64) -> Cell {
    cell("postgres.is_primary", vec![text("127.0.0.1"), Expr::Literal(Value::Int(port)), secret()])
}

/// A cell as a probe of a run is recorded: a secret argument only names itself.
fn recorded(mut cell: Cell) -> Cell {
    for argument in &mut cell.arguments {
        if let Expr::Input(name) = argument {
            *argument = Expr::Literal(Value::Secret(name.clone()));
        }
    }
    cell
}

fn limit() -> Cell {
    cell("client_limit", vec![Expr::Literal(Value::Int(54361))])
}

fn secret() -> Expr {
    Expr::Input("password".into())
}

fn holds(cell: Cell) -> Formula {
    Formula::Atom(Atom { cell, test: Test::Holds })
}

fn not(formula: Formula) -> Formula {
    Formula::Not(Box::new(formula))
}

fn is(cell: Cell, value: i64) -> Atom {
    Atom { cell, test: Test::Compares(Comparison::Equal, Expr::Literal(Value::Int(value))) }
}

fn require(formula: Formula, message: &str) -> Require {
    Require { formula, every_ms: 1000, within_ms: 0, message: message.into() }
}

fn ensure(cell: Cell, holds: bool, within_ms: u64) -> Ensure {
    let literal = Literal { atom: Atom { cell, test: Test::Holds }, holds };
    Ensure { literal, every_ms: 200, within_ms }
}

fn question(parameters: &[&str], answer: Type) -> Question {
    let parameters = parameters.iter().map(|name| Parameter {
        name: (*name).into(),
        r#type: match *name {
            "port" | "server" => Type::Port,
            "host" => Type::Host,
            "data" => Type::Path,
            _ => Type::Text,
        },
        secret: *name == "password",
    });
    let probe = Probe { reads: Vec::new(), answer: Expr::Literal(Value::Bool(true)) };
    Question { parameters: parameters.collect(), answer, probe, doc: String::new() }
}

/// A command of these words.
pub(crate) fn command(words: &[&str]) -> Statement {
    let exec = Exec {
        pipeline: vec![words.iter().map(|word| Word::One(text(word))).collect()],
        script: None,
        target: None,
        folder: None,
        env: BTreeMap::new(),
        stdin: None,
        user: None,
        exits: BTreeSet::from([0]),
        decoder: Decoder::Nothing,
        only_looks: false,
    };
    Statement::Command { exec, name: None }
}

/// The same, with the password in its environment.
fn with_password(statement: Statement) -> Statement {
    let Statement::Command { mut exec, name } = statement else { panic!("a command was meant") };
    exec.env.insert("PGPASSWORD".into(), Expr::Input("password".into()));
    Statement::Command { exec, name }
}

fn rollback(body: Vec<Statement>) -> Way {
    let requires = Vec::new();
    Way::Rollback(Rollback {
        requires,
        body,
        ensures: Vec::new(),
        restores: Restores::Captured,
        derived: false,
    })
}

fn run(programs: &[&str]) -> Rights {
    Rights { run: programs.iter().map(|name| (*name).to_owned()).collect(), ..Rights::default() }
}

/// A step that changes what it ensures.
pub(crate) fn step(id: &str, title: &str, body: Vec<Statement>, ensures: Vec<Ensure>, way: Way) -> Node {
    Node::Step(Box::new(Step {
        id: StepId(id.into()),
        title: title.into(),
        doc: String::new(),
        target: None,
        deadline_ms: 120_000,
        approval: None,
        requires: Vec::new(),
        before: Vec::new(),
        body,
        ensures,
        leaves: Vec::new(),
        class: Class::Verified,
        retry: None,
        way,
        on_failure: None,
        rights: run(&["psql"]),
        rollback_rights: run(&["psql"]),
        scope: None,
        call: None,
        after: Vec::new(),
    }))
}

fn edit(mut node: Node, change: impl FnOnce(&mut Step)) -> Node {
    if let Node::Step(step) = &mut node {
        change(step);
    }
    node
}

/// The main job in small.
pub(crate) fn plan() -> Plan {
    let fence = step(
        "fence",
        "Keep the clients out of the old primary",
        vec![with_password(command(&["psql", "-c", "alter role app connection limit 0"]))],
        vec![Ensure { literal: Literal { atom: is(limit(), 0), holds: true }, every_ms: 1000, within_ms: 0 }],
        rollback(vec![with_password(command(&["psql", "-c", "alter role app connection limit -1"]))]),
    );
    let stop = step(
        "stop",
        "Stop the old primary",
        vec![
            with_password(command(&["psql", "-c", "checkpoint"])),
            command(&["pg_ctl", "--mode=fast", "--wait", "stop"]),
        ],
        vec![ensure(primary(54361), false, 30_000)],
        rollback(vec![command(&["pg_ctl", "--mode=fast", "--wait", "restart"])]),
    );
    let stop = edit(stop, |step| {
        step.requires = vec![require(holds(primary(54361)), "")];
        step.rights = run(&["psql", "pg_ctl"]);
        step.rollback_rights =
            Rights { detach: BTreeSet::from(["pg_ctl".into()]), ..run(&["pg_ctl", "postgres"]) };
    });
    let promote = edit(
        step(
            "promote",
            "Promote the standby",
            vec![Statement::Library(LibraryCall {
                function: "postgres.promote".into(),
                arguments: [
                    ("host".into(), text("127.0.0.1")),
                    ("port".into(), Expr::Literal(Value::Int(54362))),
                ]
                .into(),
            })],
            vec![ensure(primary(54362), true, 60_000)],
            Way::Irreversible(Irreversible {
                why: "the standby starts a timeline of its own".into(),
                undone_when: Some(holds(cell(
                    "postgres.shut_down_in_recovery",
                    vec![text("/lab/beta/data")],
                ))),
                without_approval: None,
                recover_with: Some("rebuild-standby.runbook".into()),
            }),
        ),
        |step| {
            step.requires = vec![require(not(holds(primary(54361))), "")];
            step.approval = Some(Approval {
                role: "lead".into(),
                people: 1,
                values: Vec::new(),
                showing: vec![primary(54361)],
                expires_ms: 600_000,
            });
        },
    );
    let note = edit(
        step(
            "tell",
            "Write down when it happened",
            vec![command(&["psql", "-c", "insert into handovers values (now())"])],
            Vec::new(),
            Way::Nothing,
        ),
        |step| {
            step.class = Class::Idempotent;
            step.leaves = vec![Leaves { atoms: Vec::new(), why: "one row in the table handovers".into() }];
        },
    );
    let rejoin = edit(
        step(
            "rejoin",
            "Let the old primary follow the new one",
            vec![command(&["pg_rewind", "--write-recovery-conf"]), command(&["pg_ctl", "--wait", "start"])],
            vec![ensure(
                cell("postgres.in_recovery", vec![Expr::Literal(Value::Int(54361)), secret()]),
                true,
                60_000,
            )],
            rollback(vec![command(&["pg_ctl", "--mode=fast", "--wait", "stop"])]),
        ),
        |step| {
            step.class = Class::Idempotent;
            step.rights = run(&["pg_rewind", "pg_ctl"]);
            step.rollback_rights = run(&["pg_ctl"]);
        },
    );
    let wait = Node::Wait(Box::new(Wait {
        after: Vec::new(),
        id: StepId("wait[1]".into()),
        until: Require {
            formula: holds(cell("postgres.replayed_all", vec![Expr::Literal(Value::Int(54362)), secret()])),
            every_ms: 200,
            within_ms: 60_000,
            message: String::new(),
        },
        times: 1,
        otherwise: Vec::new(),
    }));
    let named = |name: &str, formula: Formula| NamedFact { name: name.into(), formula, doc: String::new() };
    let both = Formula::All(vec![holds(primary(54361)), holds(primary(54362))]);
    Plan {
        format: FORMAT,
        runbook: "switchover".into(),
        doc: "Move the primary of a PostgreSQL pair to its standby.\n\nUse it when both are healthy.".into(),
        about: About {
            owner: Some("team-databases".into()),
            reviewed: Some("2026-11-20".into()),
            review_every_ms: Some(90 * 86_400_000),
            severity: vec!["P2".into(), "P3".into()],
        },
        sources: vec![
            SourceFile { path: "switchover.runbook".into(), sha256: "5e".repeat(32) },
            SourceFile { path: "std.postgres".into(), sha256: "a7".repeat(32) },
        ],
        inputs: vec![
            input("primary_port", Type::Port, InputValue::Bound(Value::Int(54361))),
            input("standby_port", Type::Port, InputValue::Bound(Value::Int(54362))),
            input("max_lag", Type::Size, InputValue::Bound(Value::Size(1 << 20))),
            input("password", Type::Text, InputValue::SecretFromEnv("PGPASSWORD".into())),
        ],
        locks: Vec::new(),
        constraints: vec![(Expr::Literal(Value::Bool(true)), "standby_port != primary_port".into())],
        allow: Rights {
            run: ["pg_ctl", "pg_rewind", "postgres", "psql", "tail"].map(str::to_owned).into(),
            detach: BTreeSet::from(["pg_ctl".into()]),
            connect: [54361, 54362]
                .map(|port| Endpoint { host: text("127.0.0.1"), port: Expr::Literal(Value::Int(port)) })
                .into(),
            connect_any: None,
            listen: vec![Expr::Literal(Value::Int(54361))],
            read: vec![text("/lab/beta")],
            write: vec![text("/lab/alpha")],
            users: BTreeSet::new(),
        },
        questions: [
            ("postgres.is_primary", question(&["host", "port", "password"], Type::Bool)),
            ("postgres.in_recovery", question(&["port", "password"], Type::Bool)),
            ("postgres.replayed_all", question(&["port", "password"], Type::Bool)),
            ("postgres.shut_down_in_recovery", question(&["data"], Type::Bool)),
            ("client_limit", question(&["server"], Type::Int)),
        ]
        .map(|(name, question)| (name.to_owned(), question))
        .into(),
        facts: vec![named("old_serving", holds(primary(54361))), named("new_serving", holds(primary(54362)))],
        lets: Vec::new(),
        requires: vec![
            require(holds(primary(54361)), ""),
            require(not(holds(primary(54362))), ""),
            require(not(Formula::Atom(is(limit(), 0))), "clients are kept out already"),
        ],
        invariants: vec![Invariant { formula: not(both), message: "two primaries: split brain".into() }],
        body: vec![fence, stop, wait, promote, note, rejoin],
        ensures: vec![require(holds(primary(54362)), "")],
        on_failure: OnFailure::Rollback,
        collect: vec![Collect {
            statement: command(&["tail", "-n", "30", "/lab/alpha/server.log"]),
            rights: run(&["tail"]),
        }],
        waived: vec![Waived {
            code: "SF0312".into(),
            within: "step note".into(),
            until: "2026-12-31".into(),
            by: "team-databases".into(),
            why: "the note is kept by hand".into(),
        }],
    }
}

fn input(name: &str, r#type: Type, value: InputValue) -> Input {
    Input { name: name.into(), r#type, value, doc: String::new() }
}

pub(crate) fn anna() -> Identity {
    Identity { user: "anna".into(), uid: 1000, verified: false }
}

/// So many of the role `lead` are asked to approve a step.
pub(crate) fn approval_asked(step: &str, people: u32) -> Event {
    Event::ApprovalAsked {
        step: StepId(step.into()),
        role: "lead".into(),
        people,
        shown: Vec::new(),
        values: Vec::new(),
        expires_ms: 600_000,
    }
}

pub(crate) fn bert() -> Identity {
    Identity { user: "bert".into(), uid: 1001, verified: false }
}

/// A run in the making: events with moments, in an order that the state accepts.
pub(crate) struct Story {
    journal: MemoryJournal,
    now: Timestamp,
    plan: Plan,
}

impl Story {
    /// A run of the switchover that has asked everything it asks at its start.
    pub(crate) fn begin() -> Story {
        Story::of(plan())
    }

    /// The same, with another plan that asks the same at its start.
    pub(crate) fn of(plan: Plan) -> Story {
        let started = Started {
            run: RunId("01M80KYB8J0123456789ABCDEF".into()),
            digest: plan.digest().0,
            plan: plan.clone(),
            world: WorldKind::Real,
            operator: anna(),
            host: "db1".into(),
            boot_id: "b".into(),
            version: "0.0.0".into(),
            waivers: Vec::new(),
            roles: [("lead".into(), vec!["bert".into()])].into(),
            channels: BTreeMap::new(),
        };
        let mut story = Story { journal: MemoryJournal::new(), now: START, plan };
        story.add(Event::Started(Box::new(started)));
        story.probe(Point::Entry, &[(primary(54361), true), (primary(54362), false)]);
        story
    }

    /// Adds an event 100 ms after the one before, or `after` ms where that is said.
    pub(crate) fn add(&mut self, event: Event) -> &mut Story {
        self.journal.append(self.now, event).unwrap();
        self.now.0 += 100;
        self
    }

    pub(crate) fn pass(&mut self, ms: u64) -> &mut Story {
        self.now.0 += ms;
        self
    }

    pub(crate) fn probe(&mut self, point: Point, found: &[(Cell, bool)]) -> &mut Story {
        let readings = found.iter().map(|(cell, answer)| Reading {
            cell: recorded(cell.clone()),
            answer: Answer::Known(Value::Bool(*answer)),
        });
        let readings = readings.collect();
        self.add(Event::Probed { point, readings, settled: true, answered: Vec::new() })
    }

    /// Up to the first intent of a step.
    pub(crate) fn start(&mut self, name: &str) -> &mut Story {
        let step = StepId(name.into());
        self.probe(Point::Guard(step.clone(), Phase::Forward), &[(primary(54361), true)]);
        let cell = if name == "fence" { limit() } else { primary(54361) };
        let answer = Answer::Known(if name == "fence" { Value::Int(-1) } else { Value::Bool(true) });
        self.add(Event::Before {
            step,
            base: vec![Reading { cell: recorded(cell), answer }],
            captures: BTreeMap::new(),
            answered: Vec::new(),
        });
        self.add(Event::Intent { claim: claim(name, Phase::Forward, 0), shown: Vec::new() })
    }

    /// All statements of a step, from its start to its end.
    pub(crate) fn done(&mut self, name: &str) -> &mut Story {
        let step = StepId(name.into());
        let statements = self.plan.step(&step).unwrap().body.len() as u32;
        self.start(name);
        for statement in 0..statements {
            if statement > 0 {
                self.add(Event::Intent { claim: claim(name, Phase::Forward, statement), shown: Vec::new() });
            }
            self.pass(800).outcome(name, Phase::Forward, statement, report(true, "", Some(0), "ok\n"));
        }
        self.probe(Point::Ensures(step.clone(), Phase::Forward), &[(primary(54361), name == "fence")]);
        self.add(Event::Done { step: step.clone() });
        self.probe(Point::Invariants(step), &[(primary(54361), name == "fence"), (primary(54362), false)])
    }

    pub(crate) fn outcome(&mut self, name: &str, phase: Phase, statement: u32, report: Report) -> &mut Story {
        self.add(Event::Outcome { claim: claim(name, phase, statement), outcome: Outcome::Performed(report) })
    }

    /// A step whose first statement fails, up to the failure.
    pub(crate) fn fail(&mut self, name: &str) -> &mut Story {
        let step = StepId(name.into());
        let why = "its first statement ended with exit 1";
        self.start(name);
        let output =
            "psql: error: connection to server failed:\n\u{1b}[31mFATAL\u{1b}[0m:  too many connections\n";
        self.outcome(name, Phase::Forward, 0, report(false, "exit 1", Some(1), output));
        self.add(Event::Partial { step: step.clone(), why: why.into() });
        self.add(Event::Failed { step: Some(step), why: why.into() })
    }

    /// Everything that is owed, paid; to the end of the run.
    pub(crate) fn all_back(&mut self, steps: &[&str]) -> &mut Story {
        self.add(Event::TurnedBack { why: "a step failed, and the runbook says to roll back".into() });
        for name in steps {
            self.back(name);
        }
        self.probe(Point::Restored, &[(primary(54361), true)]);
        self.add(Event::Ended(Ended {
            forward: ForwardVerdict::Failed,
            way_back: WayBackVerdict::Complete,
            facts: FactsVerdict::AsBefore,
            owed: Vec::new(),
        }))
    }

    /// One rollback, paid.
    pub(crate) fn back(&mut self, name: &str) -> &mut Story {
        let step = StepId(name.into());
        self.probe(Point::Guard(step.clone(), Phase::Rollback), &[]);
        self.add(Event::Intent { claim: claim(name, Phase::Rollback, 0), shown: Vec::new() });
        self.pass(400).outcome(name, Phase::Rollback, 0, report(true, "", Some(0), ""));
        self.probe(Point::Ensures(step.clone(), Phase::Rollback), &[(primary(54361), true)]);
        self.add(Event::Paid { debt: Debt::Rollback(step), skipped: None })
    }

    pub(crate) fn records(&self) -> &[Record] {
        self.journal.records()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }
}

pub(crate) fn claim(name: &str, phase: Phase, statement: u32) -> Claim {
    Claim { step: StepId(name.into()), phase, attempt: 1, statement }
}

pub(crate) fn report(ok: bool, why: &str, exit: Option<i32>, printed: &str) -> Report {
    let mut output = Vec::new();
    if !printed.is_empty() {
        output.push(Output {
            stream: if ok { Stream::Out } else { Stream::Err },
            bytes: printed.len() as u64,
            sha256: "c0".repeat(32),
            file: None,
            tail: printed.into(),
            cut: false,
        });
    }
    Report {
        ok,
        why: why.into(),
        exit: exit.map(Exit::Code),
        value: None,
        output,
        elapsed_ms: 812,
        left_running: Vec::new(),
        answered: None,
    }
}
