use surefoot_journal::Event;
use surefoot_plan::{Each, Expr, Hypothesis, Names, Node, Plan, Policy, StepId, Tri, Value, verify};

use super::ledgers;
use crate::lines::Lines;
use crate::status::{Around, status};
use crate::style::Style;
use crate::testing::{Story, plan};
use crate::transcript::{Beside, Transcript};
use surefoot_journal::RunState;

/// A plan that asks for three causes, before all else that it does.
fn diagnosing() -> Plan {
    let mut plan = plan();
    let fact = plan.facts[0].formula.clone();
    let stop = Node::Stop { id: StepId("stop[1]".into()), why: "call the owner".into() };
    let texts = ["the consumers are down", "the disk is full", "there is a burst"];
    let tried = texts.iter().enumerate().rev().fold(vec![stop], |rest, (index, text)| {
        vec![Node::If {
            id: StepId(format!("diagnose[1][{}]", index + 1)),
            condition: fact.clone(),
            text: "asked".into(),
            then: Vec::new(),
            otherwise: rest,
            unknown: None,
            hypothesis: Some(Hypothesis {
                question: "Why is the queue growing?".into(),
                text: (*text).into(),
            }),
        }]
    });
    plan.body.splice(0..0, tried);
    plan
}

fn tried(arms: &[Tri]) -> Story {
    let mut story = Story::of(diagnosing());
    for (index, arm) in arms.iter().enumerate() {
        story.add(Event::Chose { node: StepId(format!("diagnose[1][{}]", index + 1)), arm: *arm });
    }
    story
}

#[track_caller]
fn check(arms: &[Tri], answer: &str, verdicts: [&str; 3]) {
    let (plan, story) = (diagnosing(), tried(arms));
    let ledgers = ledgers(&Names::of(&plan), &plan, story.records());
    assert_eq!(ledgers.len(), 1);
    assert_eq!(ledgers[0].answer, answer);
    let found: Vec<&str> = ledgers[0].causes.iter().map(|cause| cause.verdict).collect();
    assert_eq!(found, verdicts);
}

#[test]
fn every_cause_has_its_verdict() {
    use Tri::{False, True, Unknown};
    check(&[False, Unknown], "not found yet", ["ruled out", "not told", "not tried"]);
    check(&[Unknown, True], "the disk is full", ["not told", "found", "not tried"]);
    check(&[False, False, False], "none of these", ["ruled out"; 3]);
    let unsure = "none of these was found, and 1 of them could not be told";
    check(&[False, Unknown, False], unsure, ["ruled out", "not told", "ruled out"]);
    let plan = diagnosing();
    assert_eq!(ledgers(&Names::of(&plan), &plan, tried(&[]).records()), []);
}

#[test]
fn the_ledger_is_told_live_in_the_status_and_in_the_transcript() {
    let story = tried(&[Tri::False, Tri::Unknown, Tri::True]);
    let (mut lines, mut state, mut live) = (Lines::new(), RunState::new(), Vec::new());
    for record in story.records() {
        state.apply(record).unwrap();
        live.extend(lines.tell(&diagnosing(), record, &state));
    }
    insta::assert_snapshot!("live", live.join("\n"));
    let around = Around { short: "01M8".into(), at_work: None, now: story.now(), asked: Vec::new() };
    insta::assert_snapshot!("status", status(story.records(), &around, &Style::default()).unwrap());
    let told = Transcript::of(story.records(), &Beside::default()).unwrap();
    let part = |text: String, from: &str, to: &str| {
        let start = text.find(from).unwrap();
        text[start..start + text[start..].find(to).unwrap()].to_owned()
    };
    insta::assert_snapshot!("transcript", part(told.text().unwrap(), "PARTS", "THE START"));
    insta::assert_snapshot!("markdown", part(told.markdown().unwrap(), "## Why", "## The start"));
}

#[test]
fn a_plan_shows_every_cause() {
    let verified = verify(diagnosing(), &Policy::default()).unwrap();
    let text = crate::plan::plan(&verified, &Style::default());
    let from = text.find("STEPS").unwrap();
    insta::assert_snapshot!("plan", &text[from..text.find("2  fence").unwrap()]);
}

#[test]
fn each_turn_of_a_loop_has_its_own() {
    let mut plan = diagnosing();
    let cause = plan.body.remove(0);
    let each = Each {
        id: StepId("for[1]".into()),
        item: "node".into(),
        list: Expr::List(Vec::new()),
        text: "nodes".into(),
        max: 5,
        tolerate: 0,
        waves: Vec::new(),
        pause_ms: 0,
        on_failure: surefoot_plan::TurnsBack::All,
        body: vec![cause],
    };
    let items = ["k1", "k2"].map(|name| Value::Text(name.into())).to_vec();
    let first = each.turn(&items[0]).remove(0).id().clone();
    let entered = Event::Entered { node: each.id.clone(), items };
    plan.body.insert(0, Node::Each(Box::new(each)));
    let mut story = Story::of(plan.clone());
    story.add(entered);
    story.add(Event::Chose { node: first.clone(), arm: Tri::True });
    let found = ledgers(&Names::of(&plan), &plan, story.records());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].question, "k1: Why is the queue growing?");
    assert_eq!(crate::tell::cause(&plan, &first).unwrap().text, "the consumers are down");
}
