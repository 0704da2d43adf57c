//! Channels: what they are told, when, and that it happens once.

use std::collections::VecDeque;

use surefoot_executor::simulated::Simulated;
use surefoot_executor::{Act, Control, EffectRequest, Program, Timestamp, World, drive, record};
use surefoot_journal::{Answer, Event, ForwardVerdict, NotifiedFor, Outcome, RunState, Standing, Waited};
use surefoot_plan::{
    After, Approval, Cell, Expr, Node, PersonQuestion, Plan, Require, Statement, Value, ValueId, Wait,
};
use tokio::sync::mpsc;

use crate::harness::{Death, Mortal, Run, operator, program, started};
use crate::plans::*;

/// Tells a channel after so long.
fn after(after_ms: u64, channel: &str) -> After {
    After { after_ms, channel: channel.into(), text: Expr::Literal(Value::Text("it lasts".into())) }
}

/// A wait of a minute for `f0`, of which two channels are told.
fn waiting() -> Plan {
    let wait = Wait {
        id: id("wait[1]"),
        until: Require { within_ms: 60_000, every_ms: 1_000, ..require("f0") },
        times: 1,
        after: vec![after(30_000, "lead"), after(10_500, "ops")],
        otherwise: Vec::new(),
    };
    let mut plan = linear(1);
    plan.body = vec![Node::Wait(Box::new(wait))];
    plan
}

fn told(world: &Simulated<'_>) -> Vec<(u64, String)> {
    world.told().into_iter().map(|(at, channel, _)| (at, channel)).collect()
}

#[test]
fn a_channel_is_told_what_a_step_says_and_a_run_goes_on_if_it_is_not() {
    for deaf in [false, true] {
        let mut plan = linear(1);
        let text = Expr::Literal(Value::Text("it begins".into()));
        let tell = Statement::Notify { channel: "ops".into(), text };
        for node in &mut plan.body {
            if let Node::Step(step) = node {
                step.body.insert(0, tell.clone());
            }
        }
        let program = program(plan);
        let mut run = Run::new(&program, &[("f0", false)]);
        if deaf {
            run.world.deafen("ops");
        }
        assert!(run.live(None));
        assert_eq!(run.ended().forward, ForwardVerdict::Done);
        assert_eq!(told(&run.world).len(), usize::from(!deaf));
        let recorded = run.journal.records.iter().find_map(|record| {
            let Event::Notified { why: NotifiedFor::Statement(claim), channel, text, failed } = &record.event
            else {
                return None;
            };
            Some((claim.statement, channel.clone(), text.clone(), failed.clone()))
        });
        let failed = deaf.then(|| "nobody listens to it".to_owned());
        assert_eq!(recorded, Some((0, "ops".into(), "it begins".into(), failed)));
    }
}

#[test]
fn a_message_without_a_text_fails_nothing() {
    let mut plan = linear(1);
    let missing = Expr::Field(
        Box::new(Expr::Local(ValueId { step: Some(id("s0")), name: "seen".into() })),
        "nowhere".into(),
    );
    for node in &mut plan.body {
        if let Node::Step(step) = node {
            step.body.insert(0, Statement::Notify { channel: "ops".into(), text: missing.clone() });
            let seen = surefoot_plan::Read {
                name: "seen".into(),
                r#type: surefoot_plan::Type::Text,
                source: surefoot_plan::Source::Value(Expr::Literal(Value::Text("x".into()))),
            };
            step.body.insert(0, Statement::Read(seen));
        }
    }
    let program = program(plan);
    let mut run = Run::new(&program, &[("f0", false)]);
    assert!(run.live(None));
    assert_eq!(run.ended().forward, ForwardVerdict::Done);
    assert!(run.world.told().is_empty());
    assert!(run.story().contains("the message has no text"), "{}", run.story());
}

#[test]
fn who_is_told_of_a_wait_is_told_when_it_lasts_so_long_and_once() {
    let program = program(waiting());
    for (comes_true, expected) in [
        (5_000, vec![]),
        (20_000, vec![(10_500, "ops".to_owned())]),
        (50_000, vec![(10_500, "ops".to_owned()), (30_000, "lead".to_owned())]),
    ] {
        let mut run = Run::new(&program, &[("f0", false)]);
        run.world.set_at(comes_true, cell("f0"), Value::Bool(true));
        assert!(run.live(None));
        assert_eq!(told(&run.world), expected, "{}", run.story());
        assert_eq!(run.ended().forward, ForwardVerdict::Done);
    }
}

#[test]
fn a_run_that_is_taken_up_tells_nobody_again_of_whom_the_journal_says_it() {
    let program = program(waiting());
    let mut run = Run::new(&program, &[("f0", false)]);
    run.world.set_at(50_000, cell("f0"), Value::Bool(true));
    // The executor is killed as soon as it is recorded that `ops` was told: the third record.
    assert!(!run.live(Some(Death::After(3))), "{}", run.story());
    assert!(matches!(run.journal.records.last().map(|last| &last.event), Some(Event::Notified { .. })));
    assert!(run.live(None));
    let channels: Vec<String> = told(&run.world).into_iter().map(|(_, channel)| channel).collect();
    assert_eq!(channels.iter().filter(|channel| *channel == "ops").count(), 1, "{}", run.story());
    assert_eq!(run.ended().forward, ForwardVerdict::Done);
}

#[test]
fn a_wait_that_is_begun_again_is_another() {
    let mut plan = waiting();
    plan.on_failure = surefoot_plan::OnFailure::Ask;
    let program = program(plan);
    let mut run = Run::new(&program, &[("f0", false)]);
    run.world.set_at(75_000, cell("f0"), Value::Bool(true));
    assert!(run.live(None));
    assert!(matches!(run.state.standing(), Standing::Held(_)), "{}", run.story());
    assert_eq!(told(&run.world).len(), 2);
    run.decide(surefoot_journal::Choice::GoOn);
    assert!(run.live(None));
    assert_eq!(run.ended().forward, ForwardVerdict::Done);
    assert_eq!(told(&run.world).len(), 3, "{}", run.story());
}

/// A world in which people take their time.
struct Slow<'a> {
    inner: Simulated<'a>,
    takes_ms: u64,
}

impl World for Slow<'_> {
    async fn perform(&self, request: EffectRequest) -> Outcome {
        let person = matches!(
            request,
            EffectRequest::Approval { .. }
                | EffectRequest::Ask(_)
                | EffectRequest::Act { act: Act::Manual(_), .. }
        );
        if person {
            tokio::task::yield_now().await;
            self.inner.sleep(self.takes_ms).await;
        }
        self.inner.perform(request).await
    }

    fn now(&self) -> Timestamp {
        self.inner.now()
    }

    fn answer(&self, cell: &Cell) -> Option<Answer> {
        self.inner.answer(cell)
    }

    async fn sleep(&self, ms: u64) {
        self.inner.sleep(ms).await;
    }
}

/// Runs a plan among people who take their time; returns what channels were told, and the state.
fn among_slow_people(program: &Program, takes_ms: u64) -> (Vec<NotifiedFor>, RunState) {
    let inner = Simulated::new(program);
    inner.set(cell("f0"), Value::Bool(false));
    inner.reply("Which?", Value::Text("this".into()));
    let world = Slow { inner, takes_ms };
    let (mut state, mut journal) = (RunState::new(), Mortal::default());
    record(&mut state, &mut journal, world.now(), started(program.plan())).expect("recorded");
    let (_hand, signals) = mpsc::unbounded_channel();
    let (decisions, rejected) = (VecDeque::new(), Vec::new());
    let mut control =
        Control { operator: operator(), terminal: false, gone: false, signals, decisions, rejected };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime
        .block_on(drive(program, &mut state, &mut journal, &world, &mut control, &mut |_, _| {}))
        .expect("a run goes on");
    let told = journal.records.iter().filter_map(|record| {
        let Event::Notified { why, failed: None, .. } = &record.event else { return None };
        Some(why.clone())
    });
    (told.collect(), state)
}

#[test]
fn an_approval_a_question_and_work_for_hands_that_last_are_told() {
    let question = |text: &str, answer| PersonQuestion {
        text: Expr::Literal(Value::Text(text.into())),
        answer,
        see: Vec::new(),
        by: None,
        within_ms: None,
        default: None,
    };
    let mut plan = linear(1);
    for node in &mut plan.body {
        let Node::Step(step) = node else { continue };
        step.after = vec![after(60_000, "lead")];
        step.approval = Some(Approval {
            role: "lead".into(),
            people: 1,
            showing: Vec::new(),
            values: Vec::new(),
            expires_ms: 600_000,
        });
        let source = surefoot_plan::Source::Person(question("Which?", surefoot_plan::Type::Text));
        let asked = surefoot_plan::Read { name: "which".into(), r#type: surefoot_plan::Type::Text, source };
        step.body =
            vec![Statement::Read(asked), Statement::Manual(question("Do it", surefoot_plan::Type::Bool))];
    }
    let program = program(plan);
    let node = program.plan().steps().next().expect("a step").id.clone();
    let wait = |of| NotifiedFor::Wait { node: node.clone(), of, index: 0 };
    let person = |statement| wait(Waited::Person { attempt: 1, statement });
    let (told, state) = among_slow_people(&program, 90_000);
    assert_eq!(told, [wait(Waited::Approval), person(0), person(1)]);
    assert_eq!(state.ended().map(|ended| ended.forward), Some(ForwardVerdict::Done));
    assert!(told.iter().all(|why| state.is_notified(why)));
}
