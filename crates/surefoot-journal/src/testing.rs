//! What the tests of this room share: a small plan, and events.

use surefoot_plan::{Name, Plan, StepId, Value, ValueId};

use crate::{Claim, Event, Identity, Outcome, Phase, Record, Report, RunId, Started, Timestamp, WorldKind};

pub(crate) const NOW: Timestamp = Timestamp(1_795_317_247_250);

/// A plan of one step, which can be taken back.
pub(crate) fn plan() -> Plan {
    let rights = serde_json::json!({
        "run": [], "detach": [], "connect": [], "listen": [], "read": [], "write": [], "users": []
    });
    let fence = serde_json::json!({
        "id": "fence", "title": "", "doc": "", "target": null, "deadline_ms": 1000, "approval": null, "requires": [],
        "before": [], "body": [], "ensures": [], "leaves": [], "class": "verified", "retry": null,
        "way": {"rollback": {"requires": [], "body": [], "ensures": [], "restores": "fixed", "derived": false}},
        "on_failure": null, "rights": rights, "rollback_rights": rights
    });
    serde_json::from_value(serde_json::json!({
        "format": {"major": 1, "minor": 0}, "runbook": "switchover", "doc": "", "sources": [], "inputs": [],
        "about": {"owner": null, "reviewed": null, "review_every_ms": null, "severity": []},
        "constraints": [], "allow": rights, "questions": {}, "lets": [], "requires": [], "invariants": [],
        "body": [{"step": fence}], "ensures": [], "on_failure": "rollback", "collect": []
    }))
    .unwrap()
}

pub(crate) fn anna() -> Identity {
    Identity { user: "anna".into(), uid: 1000, verified: false }
}

pub(crate) fn run() -> RunId {
    RunId("01KAM3X9V0ZZZZZZZZZZZZZZZZ".into())
}

pub(crate) fn started() -> Started {
    Started {
        run: run(),
        plan: plan(),
        digest: "ab".repeat(32),
        world: WorldKind::Real,
        operator: anna(),
        host: "db1".into(),
        boot_id: "b".into(),
        version: "0.0.0".into(),
        waivers: Vec::new(),
        roles: [("lead".into(), vec!["bert".into()])].into(),
        channels: [].into(),
    }
}

pub(crate) fn claim(step: &str) -> Claim {
    Claim { step: StepId(step.into()), phase: Phase::Forward, attempt: 1, statement: 0 }
}

/// What a step of two records looks like.
pub(crate) fn step(name: &str) -> [Event; 2] {
    let report = Report {
        ok: true,
        why: String::new(),
        exit: Some(crate::Exit::Code(0)),
        value: Some(Value::Float(surefoot_plan::Real(0.1))),
        output: Vec::new(),
        elapsed_ms: 12,
        left_running: Vec::new(),
        answered: None,
    };
    [
        Event::Intent { claim: claim(name), shown: Vec::new() },
        Event::Outcome { claim: claim(name), outcome: Outcome::Performed(report) },
    ]
}

/// A value with this text.
pub(crate) fn bound(text: &str) -> Event {
    let name: Name = "answer".into();
    Event::Bound {
        id: ValueId { step: None, name },
        value: Value::Text(text.into()),
        at: None,
        answered: None,
    }
}

/// The text of a journal of a few records, and the records.
pub(crate) fn small() -> (Vec<u8>, Vec<Record>) {
    let mut chain = crate::Chain::default();
    let mut text = Vec::new();
    let [intent, outcome] = step("promote");
    let events = [Event::Started(Box::new(started())), intent, outcome, bound("Übung\n\u{1b}[31m")];
    let records = events.into_iter().map(|event| chain.write(NOW, event, &mut text).unwrap()).collect();
    (text, records)
}

/// A run that began its only step, failed, and still owes it: everything after its first record.
pub(crate) fn owing() -> Vec<Event> {
    let step = StepId("fence".into());
    let [intent, outcome] = self::step("fence");
    vec![
        Event::Probed {
            point: crate::Point::Guard(step.clone(), Phase::Forward),
            readings: Vec::new(),
            settled: true,
            answered: Vec::new(),
        },
        Event::Before { step: step.clone(), base: Vec::new(), captures: [].into(), answered: Vec::new() },
        intent,
        outcome,
        Event::Partial { step: step.clone(), why: "it lied".into() },
        Event::Failed { step: Some(step.clone()), why: "it lied".into() },
        Event::Ended(crate::Ended {
            forward: crate::ForwardVerdict::Failed,
            way_back: crate::WayBackVerdict::Owing,
            facts: crate::FactsVerdict::Unknown,
            owed: vec![crate::Debt::Rollback(step)],
        }),
    ]
}

/// A person lets go of what that run owes.
pub(crate) fn forgiven() -> Event {
    let debt = crate::Debt::Rollback(StepId("fence".into()));
    Event::Forgiven { debt, by: anna(), reason: "it is as it should be".into() }
}
