//! Journals of every released format, read for ever.
//!
//! `golden/1.0.jsonl` holds every kind of event with every kind of answer, outcome and value. It is
//! never changed: if it cannot be read any more, or reads as something else, a journal of someone's
//! outage cannot be read either. A newer format adds a file: `1.1.jsonl` has what that added besides.

#![expect(clippy::disallowed_methods, reason = "the golden journals are files")]
#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use surefoot_journal::{
    Answer, Answered, AnsweredBy, Chain, Choice, Claim, Debt, Effect, Ended, Event, Exit, FactsVerdict,
    ForwardVerdict, HeldWhy, Identity, NotifiedFor, Outcome, Output, Phase, Point, Reader, Reading, Record,
    Refusal, Report, ResolvedBy, RunId, Started, Stream, Timestamp, Waited, WayBackVerdict, WorldKind,
};
use surefoot_plan::{Cell, Expr, Plan, Real, StepId, Tri, Value, ValueId};

/// The hash of the last record of `1.0.jsonl`.
const HEAD: &str = "e3861aff1e27c5a20ec6bfa0035566af03e376c1f1beff244a6c2603da5d0003";

/// The hash of the last record of `1.1.jsonl`.
const HEAD_1_1: &str = "3d1ab168775b5e8e621382279de488fc9658c7c9c4a6419d6a2bf3e632511bba";

/// The hash of the last record of `1.2.jsonl`.
const HEAD_1_2: &str = "487478791257d989f57e2307635aa55e70515dfeb6f2d18f98201d8797457cfd";

/// The hash of the last record of `1.3.jsonl`.
const HEAD_1_3: &str = "44d97b517d28a3da2f57f11391f4494456412a3a47a1331af5229ae519b76b2f";

/// The hash of the last record of `1.4.jsonl`.
const HEAD_1_4: &str = "ec7e6b13f8d02604dda2e350d9b53a251010f3725d76beddd68b5e5cffbfd653";

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn read(text: &[u8]) -> (Vec<Record>, String) {
    let mut reader = Reader::new(text);
    let records: Vec<Record> = reader.by_ref().map(Result::unwrap).collect();
    assert_eq!(reader.torn(), 0);
    (records, reader.position().head().to_string())
}

#[test]
fn a_journal_of_format_1_0_is_read() {
    let (records, head) = read(&fs::read(path("1.0.jsonl")).unwrap());
    assert_eq!(head, HEAD);
    let events: Vec<Event> = records.into_iter().map(|record| record.event).collect();
    for (at, (read, meant)) in events.iter().zip(every_event()).enumerate() {
        assert_eq!(*read, meant, "line {}", at + 1);
    }
    assert_eq!(events.len(), every_event().len());
}

#[test]
fn a_journal_of_format_1_1_is_read() {
    let (records, head) = read(&fs::read(path("1.1.jsonl")).unwrap());
    let events: Vec<Event> = records.into_iter().map(|record| record.event).collect();
    assert_eq!(events, [every_event(), added_in_1_1()].concat());
    assert_eq!(head, HEAD_1_1);
}

#[test]
fn a_journal_of_format_1_2_is_read() {
    let (records, head) = read(&fs::read(path("1.2.jsonl")).unwrap());
    let events: Vec<Event> = records.into_iter().map(|record| record.event).collect();
    assert_eq!(events, [every_event(), added_in_1_1(), added_in_1_2()].concat());
    assert_eq!(head, HEAD_1_2);
}

#[test]
fn a_journal_of_format_1_3_is_read() {
    let (records, head) = read(&fs::read(path("1.3.jsonl")).unwrap());
    let events: Vec<Event> = records.into_iter().map(|record| record.event).collect();
    assert_eq!(events, [every_event(), added_in_1_1(), added_in_1_2(), added_in_1_3()].concat());
    assert_eq!(head, HEAD_1_3);
}

#[test]
fn a_journal_of_format_1_4_is_read() {
    let (records, head) = read(&fs::read(path("1.4.jsonl")).unwrap());
    let events: Vec<Event> = records.into_iter().map(|record| record.event).collect();
    let all = [every_event(), added_in_1_1(), added_in_1_2(), added_in_1_3(), added_in_1_4()].concat();
    assert_eq!(events, all);
    assert_eq!(head, HEAD_1_4);
}

#[test]
fn it_is_still_written_so() {
    // Not required of a newer format, which has its own file. Required of this one: two writers of one
    // format write the same bytes.
    let (mut chain, mut text) = (Chain::default(), Vec::new());
    let all = [every_event(), added_in_1_1(), added_in_1_2(), added_in_1_3(), added_in_1_4()].concat();
    for (at, event) in all.into_iter().enumerate() {
        chain.write(Timestamp(1_795_317_247_250 + at as u64 * 1001), event, &mut text).unwrap();
    }
    if !path("1.4.jsonl").exists() {
        // Only where a format is being made: a released file is never absent.
        fs::write(path("1.4.jsonl"), &text).unwrap();
        panic!("written anew; its head is {}", chain.head());
    }
    assert!(fs::read(path("1.4.jsonl")).unwrap() == text, "the bytes have changed: that is another format");
}

/// What format 1.4 added: channels, what they were told, and that something lasts.
fn added_in_1_4() -> Vec<Event> {
    let node = || StepId("drain[db2]".into());
    let wait = |of, index| NotifiedFor::Wait { node: node(), of, index };
    let notified = |why, failed: Option<&str>| Event::Notified {
        why,
        channel: "ops".into(),
        text: "it lasts".into(),
        failed: failed.map(str::to_owned),
    };
    let claim = Claim { step: node(), phase: Phase::Forward, attempt: 1, statement: 0 };
    vec![
        notified(NotifiedFor::Statement(claim), None),
        notified(wait(Waited::Condition, 0), Some("no terminal is there")),
        notified(wait(Waited::Approval, 1), None),
        notified(wait(Waited::Requires, 0), None),
        notified(wait(Waited::Ensures, 0), None),
        notified(wait(Waited::Person { attempt: 1, statement: 2 }, 0), None),
    ]
}

/// What format 1.3 added: branches, the yes of several people, one of them that counts no more, and values that they are
/// shown.
fn added_in_1_3() -> Vec<Event> {
    let step = || StepId("drain[db2]".into());
    let anna = || Identity { user: "anna".into(), uid: 1000, verified: false };
    vec![
        Event::ApprovalAsked {
            step: step(),
            role: "lead".into(),
            people: 2,
            shown: Vec::new(),
            values: vec![("ticket".into(), Value::Text("OPS-7".into()))],
            expires_ms: 600_000,
        },
        Event::ApprovalVoided { step: step(), by: Some(anna()), why: "expired".into() },
        Event::Branched { node: StepId("parallel[1]".into()) },
        Event::Joined { node: StepId("parallel[1]".into()) },
    ]
}

/// What format 1.2 added: loops that found their list, turns that failed, an end with such turns, and one
/// with debts that were let go.
fn added_in_1_2() -> Vec<Event> {
    let items = || vec![Value::Text("k1".into()), Value::Text("k2".into())];
    let node = || StepId("for[1]".into());
    let (forward, way_back) = (ForwardVerdict::DoneWithFailures, WayBackVerdict::NoneNeeded);
    vec![
        Event::Entered { node: node(), items: items() },
        Event::WaveNext { node: node(), items: items(), not_before: Timestamp(1_795_317_247_250) },
        Event::TurnsFailed { node: node(), items: items(), why: "exit 1".into(), asks: false },
        Event::TurnsFailed { node: node(), items: items(), why: "exit 1".into(), asks: true },
        Event::TurnsTakenBack { node: node(), items: items() },
        Event::Ended(Ended { forward, way_back, facts: FactsVerdict::AsEnsured, owed: Vec::new() }),
        Event::Ended(Ended {
            forward: ForwardVerdict::Failed,
            way_back: WayBackVerdict::LetGo,
            facts: FactsVerdict::AsBeforeExcept,
            owed: Vec::new(),
        }),
    ]
}

/// What format 1.1 added: who answered, what is done with its values, stops that no person asked
/// for, assumptions, and a good and early end.
fn added_in_1_1() -> Vec<Event> {
    let step = || StepId("drain[db2]".into());
    let anna = || Identity { user: "anna".into(), uid: 1000, verified: false };
    let claim = || Claim { step: step(), phase: Phase::Forward, attempt: 2, statement: 1 };
    let answered = |by| Some(Answered { question: "Go on?".into(), by, comment: "looked".into() });
    let bound = |by| Event::Bound {
        id: ValueId { step: Some(step()), name: "n".into() },
        value: Value::Int(1),
        at: Some(claim()),
        answered: answered(by),
    };
    let refusal = Refusal {
        condition: "serving".into(),
        readings: Vec::new(),
        known_false: true,
        message: "nobody can ask".into(),
        drift: true,
    };
    let early = |facts| {
        let (forward, way_back) = (ForwardVerdict::Stopped, WayBackVerdict::NoneNeeded);
        Event::Ended(Ended { forward, way_back, facts, owed: Vec::new() })
    };
    let report = Report {
        ok: true,
        why: String::new(),
        exit: None,
        value: Some(Value::Text("done".into())),
        output: Vec::new(),
        elapsed_ms: 7,
        left_running: Vec::new(),
        answered: answered(AnsweredBy::Person(anna())),
    };
    vec![
        bound(AnsweredBy::Person(anna())),
        bound(AnsweredBy::Default { within_ms: 3000 }),
        Event::Intent { claim: claim(), shown: vec!["$ touch /srv/x".into()] },
        Event::Outcome { claim: claim(), outcome: Outcome::Performed(report) },
        Event::Decided { choice: Choice::RollBack, by: None, reason: "nobody could be asked".into() },
        Event::CancelAsked { level: 1, by: None, why: "the terminal was closed".into() },
        Event::Assumed { assume: StepId("assume[1]".into()), found: Tri::True },
        Event::Assumed { assume: StepId("assume[1]".into()), found: Tri::Unknown },
        Event::Held { why: HeldWhy::Assumption { assume: StepId("assume[1]".into()), why: refusal } },
        Event::Stopped { stop: StepId("stop[1]".into()), why: "it is done already".into() },
        early(FactsVerdict::NotAsked),
        early(FactsVerdict::Untouched),
        Event::Probed {
            point: Point::Entry,
            readings: Vec::new(),
            settled: true,
            answered: answered(AnsweredBy::Person(anna())).into_iter().collect(),
        },
        Event::Before {
            step: step(),
            base: Vec::new(),
            captures: BTreeMap::from([("old".into(), Value::Int(3))]),
            answered: answered(AnsweredBy::Default { within_ms: 3000 }).into_iter().collect(),
        },
    ]
}

#[test]
fn every_kind_of_event_is_in_it() {
    let all = [every_event(), added_in_1_1(), added_in_1_2(), added_in_1_3(), added_in_1_4()].concat();
    let kinds: BTreeSet<&str> = all.iter().map(Event::kind).collect();
    assert_eq!(kinds.len(), 40, "an event was added: so was a version, and its file is missing: {kinds:?}");
}

/// Every kind of event, and every variant of what they hold.
fn every_event() -> Vec<Event> {
    let step = || StepId("drain[db2]".into());
    let anna = || Identity { user: "anna".into(), uid: 1000, verified: false };
    let claim = |phase| Claim { step: step(), phase, attempt: 2, statement: 1 };
    let debt = || Debt::Rollback(step());
    let cell = || Cell {
        question: "postgres.lag".into(),
        arguments: vec![Expr::Literal(Value::Text("db2".into()))],
    };
    let readings = || {
        vec![
            Reading { cell: cell(), answer: Answer::Known(Value::Size(1 << 20)) },
            Reading { cell: cell(), answer: Answer::Unknown("no row".into()) },
        ]
    };
    let refusal = || Refusal {
        condition: "lag < 1MiB".into(),
        readings: readings(),
        known_false: true,
        message: "it would lose data".into(),
        drift: true,
    };
    let values = Value::List(vec![
        Value::None,
        Value::Bool(true),
        Value::Int(-42),
        Value::Float(Real(0.1)),
        Value::Text("Ünï\n\u{1b}[31m\"".into()),
        Value::Duration(1500),
        Value::Size(u64::MAX),
        Value::Percent(Real(99.9)),
        Value::Time("2026-11-22".into()),
        Value::Record(BTreeMap::from([("a".into(), Value::Secret("password".into()))])),
    ]);
    let report = |exit| Report {
        ok: false,
        why: "exit 1".into(),
        exit: Some(exit),
        value: Some(Value::Int(1)),
        output: vec![
            Output {
                stream: Stream::Out,
                bytes: 12,
                sha256: "c0".repeat(32),
                file: Some("outputs/c0".into()),
                tail: "tail\n".into(),
                cut: true,
            },
            Output {
                stream: Stream::Err,
                bytes: 0,
                sha256: String::new(),
                file: None,
                tail: String::new(),
                cut: false,
            },
        ],
        elapsed_ms: 812,
        left_running: vec!["postgres (pid 4711)".into()],
        answered: None,
    };
    let outcome = |outcome| Event::Outcome { claim: claim(Phase::Forward), outcome };
    let probed = |point| Event::Probed { point, readings: readings(), settled: true, answered: Vec::new() };
    let mut events = vec![
        Event::Started(Box::new(Started {
            run: RunId("01M80KYB8J0123456789ABCDEF".into()),
            plan: plan(),
            digest: "sha256:0".into(),
            world: WorldKind::Real,
            operator: anna(),
            host: "db1".into(),
            boot_id: "b".into(),
            version: "0.0.0".into(),
            waivers: vec!["network: the kernel is old".into()],
            roles: BTreeMap::from([("lead".into(), vec!["bert".into()])]),
            channels: BTreeMap::new(),
        })),
        Event::Resumed { operator: anna(), host: "db1".into(), boot_id: "c".into(), version: "0.0.1".into() },
        Event::Recovered { bytes: 17 },
        Event::Probed { point: Point::Entry, readings: Vec::new(), settled: false, answered: Vec::new() },
        Event::Bound {
            id: ValueId { step: None, name: "all".into() },
            value: values,
            at: None,
            answered: None,
        },
        Event::Bound {
            id: ValueId { step: Some(step()), name: "n".into() },
            value: Value::Int(1),
            at: Some(claim(Phase::Rollback)),
            answered: None,
        },
        Event::Waited { wait: step(), reached: true },
        Event::ApprovalAsked {
            step: step(),
            role: "lead".into(),
            people: 1,
            shown: readings(),
            values: Vec::new(),
            expires_ms: 0,
        },
        Event::ApprovalAnswered { step: step(), by: anna(), approved: true, comment: "go".into() },
        Event::ApprovalVoided { step: step(), by: None, why: "expired".into() },
        Event::Refused { step: Some(step()), phase: Phase::Forward, why: refusal() },
        Event::Refused { step: None, phase: Phase::Forward, why: refusal() },
        Event::Before {
            step: step(),
            base: readings(),
            captures: BTreeMap::from([("old".into(), Value::Int(3))]),
            answered: Vec::new(),
        },
        Event::Intent { claim: claim(Phase::Forward), shown: Vec::new() },
        Event::Intent { claim: claim(Phase::Rollback), shown: Vec::new() },
        outcome(Outcome::Performed(report(Exit::Code(1)))),
        outcome(Outcome::Performed(report(Exit::Signal(9)))),
        outcome(Outcome::Performed(report(Exit::TimedOut))),
        outcome(Outcome::NotPerformed { why: "no such program".into() }),
        outcome(Outcome::Unknown { why: "the machine was restarted".into(), over: true }),
        Event::Done { step: step() },
        Event::Partial { step: step(), why: "exit 1".into() },
        Event::NotDone { step: step(), why: "no such program".into() },
        Event::Sealed { step: step(), debts: vec![debt()] },
        Event::InDoubt { step: step(), why: "no record".into() },
        Event::Failed { step: Some(step()), why: "exit 1".into() },
        Event::Failed { step: None, why: "not ensured".into() },
        Event::Collected { index: 0, outcome: Outcome::NotPerformed { why: "not allowed".into() } },
        Event::TurnedBack { why: "a step failed".into() },
        Event::Paid { debt: debt(), skipped: None },
        Event::Paid { debt: debt(), skipped: Some("it never acted".into()) },
        Event::Stuck { debt: debt(), why: "exit 1".into() },
        Event::Forgiven { debt: debt(), by: anna(), reason: "db2 is gone".into() },
        Event::Noted { at: None, text: "called the customer".into() },
        Event::Noted { at: Some(claim(Phase::Forward)), text: "note".into() },
    ];
    for point in [
        Point::End,
        Point::Guard(step(), Phase::Forward),
        Point::Base(step()),
        Point::Ensures(step(), Phase::Rollback),
        Point::Invariants(step()),
        Point::Condition(step()),
        Point::Doubt(step()),
        Point::Shown(step()),
        Point::Restored,
        Point::Resume,
    ] {
        events.push(probed(point));
    }
    for arm in [Tri::True, Tri::False, Tri::Unknown] {
        events.push(Event::Chose { node: StepId("if[1]".into()), arm });
    }
    let resolved = [
        (Effect::None, ResolvedBy::Claim),
        (Effect::Full, ResolvedBy::Facts),
        (Effect::Part, ResolvedBy::Class),
        (Effect::Unknown, ResolvedBy::Person(anna())),
    ];
    for (effect, by) in resolved {
        events.push(Event::Resolved { step: step(), effect, by, evidence: "looked".into() });
    }
    for why in [
        HeldWhy::UnknownFact(refusal()),
        HeldWhy::Doubt(step()),
        HeldWhy::Failed(Some(step())),
        HeldWhy::Failed(None),
        HeldWhy::Cancelled,
        HeldWhy::Crash,
    ] {
        events.push(Event::Held { why });
    }
    for choice in [Choice::GoOn, Choice::RollBack, Choice::Stop, Choice::RetryRollback] {
        events.push(Event::Decided { choice, by: Some(anna()), reason: "it is late".into() });
    }
    for level in 1..=3 {
        events.push(Event::CancelAsked { level, by: Some(anna()), why: String::new() });
    }
    use FactsVerdict as Facts;
    use ForwardVerdict as Forward;
    use WayBackVerdict as Back;
    for (forward, way_back, facts) in [
        (Forward::Done, Back::NoneNeeded, Facts::AsEnsured),
        (Forward::Failed, Back::Complete, Facts::AsBefore),
        (Forward::Failed, Back::ToTheSeal, Facts::AsBeforeExcept),
        (Forward::Cancelled, Back::Stuck, Facts::Unknown),
        (Forward::Cancelled, Back::Owing, Facts::NotAsBefore),
        (Forward::Refused, Back::NoneNeeded, Facts::Untouched),
    ] {
        events.push(Event::Ended(Ended { forward, way_back, facts, owed: vec![debt()] }));
    }
    events
}

/// A plan of no steps, as format 1.0 writes it.
fn plan() -> Plan {
    let rights = serde_json::json!({
        "run": [], "detach": [], "connect": [], "listen": [], "read": [], "write": [], "users": []
    });
    serde_json::from_value(serde_json::json!({
        "format": {"major": 1, "minor": 0}, "runbook": "switchover", "doc": "", "sources": [], "inputs": [],
        "about": {"owner": null, "reviewed": null, "review_every_ms": null, "severity": []},
        "constraints": [], "allow": rights, "questions": {}, "lets": [], "requires": [], "invariants": [],
        "body": [], "ensures": [], "on_failure": "rollback", "collect": []
    }))
    .unwrap()
}
