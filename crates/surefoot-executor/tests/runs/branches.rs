//! Branches that are done at the same time.

#![expect(clippy::wildcard_enum_match_arm, reason = "only a few kinds of event are looked at")]

use surefoot_executor::Signal;
use surefoot_executor::simulated::{Fault, Injected};
use surefoot_journal::{
    Choice, Debt, Effect, Event, ForwardVerdict, HeldWhy, Phase, Standing, WayBackVerdict,
};
use surefoot_plan::{Node, Plan};
use tokio::sync::mpsc;

use crate::harness::{Death, Run, operator, program};
use crate::plans::*;

/// What was begun, and what ended, in order.
fn acts(run: &Run<'_>) -> Vec<String> {
    let act = |event: &Event| match event {
        Event::Intent { claim, .. } if claim.phase == Phase::Forward => {
            Some(format!("{}.{}", claim.step, claim.statement))
        }
        Event::Intent { claim, .. } => Some(format!("{} back", claim.step)),
        Event::Outcome { claim, .. } if claim.phase == Phase::Forward => {
            Some(format!("({}.{})", claim.step, claim.statement))
        }
        Event::Branched { .. } => Some("{".into()),
        Event::Joined { .. } => Some("}".into()),
        Event::Failed { .. } => Some("failed".into()),
        Event::Held { .. } => Some("held".into()),
        Event::TurnedBack { .. } => Some("back".into()),
        _ => None,
    };
    run.journal.records.iter().filter_map(|record| act(&record.event)).collect()
}

fn fails(run: &Run<'_>, step: &str, fault: Fault) {
    run.world.inject(Injected { step: id(step), phase: Phase::Forward, fault, times: 9 });
}

fn owed<'a>(run: &'a Run<'_>) -> Vec<&'a str> {
    run.state.owed().map(|Debt::Rollback(step)| step.0.as_str()).collect()
}

/// Two branches of these steps, each over a fact of its own.
fn two(one: &[&str], other: &[&str]) -> (Plan, Vec<(&'static str, bool)>) {
    let facts = ["f0", "f1", "f2", "f3"];
    let mut rest = facts.iter();
    let mut branch = |names: &[&str]| -> Vec<Node> {
        let step = |name: &&str| {
            let fact = rest.next().expect("a fact");
            node(step(name, &[&format!("!{fact}")], &[fact]))
        };
        names.iter().map(step).collect()
    };
    let branches = vec![branch(one), branch(other)];
    let block = Node::Parallel(Box::new(surefoot_plan::Parallel { id: id("parallel[1]"), branches }));
    (plan(&facts, vec![block]), facts.map(|fact| (fact, false)).to_vec())
}

#[test]
fn branches_are_at_work_at_the_same_time_and_the_run_goes_on_when_all_are_over() {
    let program = program(branching());
    let mut run = Run::new(&program, &BRANCHING_START);
    assert!(run.live(None));
    assert_eq!(run.ended().forward, ForwardVerdict::Done, "{}", run.story());
    let acts = acts(&run);
    let at =
        |what: &str| acts.iter().position(|act| act == what).unwrap_or_else(|| panic!("{what}: {acts:?}"));
    assert!(at("a1.0") < at("(b1.0)") && at("b1.0") < at("(a1.0)"), "{acts:?}");
    assert!(at("{") < at("a1.0") && at("(b2.0)") < at("}") && at("(a2.0)") < at("}"), "{acts:?}");
    assert!(at("}") < at("s3.0"));
    assert!(run.is("f2") && run.is("g2"));
}

#[test]
fn what_was_done_last_is_taken_back_first_whatever_began_first() {
    let (mut plan, start) = two(&["slow"], &["quick"]);
    if let Some(Node::Parallel(block)) = plan.body.first_mut()
        && let Some(Node::Step(slow)) = block.branches.first_mut().and_then(|branch| branch.first_mut())
    {
        slow.body = vec![command("first"), command("second")];
    }
    plan.body.push(node(step("last", &["!f2"], &["f2"])));
    let program = program(plan);
    let mut run = Run::new(&program, &start);
    fails(&run, "last", Fault::Before);
    assert!(run.live(None));
    let acts = acts(&run);
    assert_eq!(acts[1..3], ["slow.0", "quick.0"], "{acts:?}");
    assert_eq!(acts[acts.len() - 3..], ["last back", "slow back", "quick back"], "{acts:?}");
    assert_eq!(run.ended().way_back, WayBackVerdict::Complete);
}

#[test]
fn after_a_failure_the_others_begin_nothing_more_and_what_is_owed_is_taken_back() {
    let (plan, start) = two(&["a1", "a2"], &["b1", "b2"]);
    let program = program(plan);
    let mut run = Run::new(&program, &start);
    fails(&run, "b1", Fault::After);
    assert!(run.live(None));
    let acts = acts(&run);
    assert!(!acts.iter().any(|act| act.starts_with("a2") || act.starts_with("b2")), "{acts:?}");
    assert_eq!(acts[acts.len() - 2..], ["b1 back", "a1 back"], "{acts:?}");
    assert_eq!(run.ended().way_back, WayBackVerdict::Complete, "{}", run.story());
    assert!(!run.is("f0") && !run.is("f2"));
}

#[test]
fn a_step_with_more_statements_is_left_half_done_after_a_failure_and_taken_back() {
    let program = program(branching());
    let mut run = Run::new(&program, &BRANCHING_START);
    fails(&run, "b1", Fault::Before);
    assert!(run.live(None));
    let acts = acts(&run);
    assert!(acts.contains(&"(a1.0)".to_owned()) && !acts.contains(&"a1.1".to_owned()), "{acts:?}");
    assert!(acts.contains(&"a1 back".to_owned()), "{acts:?}");
    assert_eq!(run.ended().way_back, WayBackVerdict::Complete, "{}", run.story());
}

#[test]
fn nothing_is_taken_back_while_a_step_of_another_branch_may_still_run() {
    let (plan, start) = two(&["a1"], &["b1"]);
    let program = program(plan);
    let mut run = Run::new(&program, &start);
    fails(&run, "a1", Fault::Running);
    fails(&run, "b1", Fault::After);
    assert!(run.live(None));
    assert_eq!(*run.state.standing(), Standing::Held(HeldWhy::Doubt(id("a1"))), "{}", run.story());
    assert!(!acts(&run).contains(&"back".to_owned()));
    // A person says that it is over: both are taken back.
    run.resolve("a1", Effect::Unknown);
    run.world.finish_running();
    assert!(run.live(None));
    assert_eq!(run.ended().way_back, WayBackVerdict::Complete, "{}", run.story());
    assert!(!run.is("f0") && !run.is("f1"));
}

#[test]
fn a_branch_that_waits_for_a_person_lets_the_others_finish_what_runs_and_then_all_go_on() {
    let program = program(branching());
    let mut run = Run::new(&program, &BRANCHING_START);
    run.world.hide_after(id("a1"), cell("flag"));
    assert!(run.live(None));
    let Standing::Held(HeldWhy::UnknownFact(why)) = run.state.standing() else { panic!("{}", run.story()) };
    assert!(why.condition.contains("flag"));
    assert!(run.state.steps().all(|(_, step)| step.running().is_none()), "{}", run.story());
    assert!(owed(&run).contains(&"a1") && owed(&run).contains(&"b1"));
    run.world.hide(cell("flag"), false);
    run.decide(Choice::GoOn);
    assert!(run.live(None));
    assert_eq!(run.ended().forward, ForwardVerdict::Done, "{}", run.story());
}

#[test]
fn a_wait_that_gives_up_in_a_branch_fails_the_run_and_can_be_tried_again() {
    let mut plan = branching();
    plan.on_failure = surefoot_plan::OnFailure::Ask;
    let program = program(plan);
    let mut run = Run::new(&program, &BRANCHING_START);
    run.world.set(cell("ready"), surefoot_plan::Value::Bool(false));
    assert!(run.live(None));
    assert_eq!(
        *run.state.standing(),
        Standing::Held(HeldWhy::Failed(Some(id("wait[1]")))),
        "{}",
        run.story()
    );
    run.world.set(cell("ready"), surefoot_plan::Value::Bool(true));
    run.decide(Choice::GoOn);
    assert!(run.live(None));
    assert_eq!(run.ended().forward, ForwardVerdict::Done, "{}", run.story());
}

#[test]
fn who_asks_to_stop_is_heard_in_every_branch_and_the_steps_that_run_are_finished() {
    let program = program(branching());
    let mut run = Run::new(&program, &BRANCHING_START);
    let (hand, signals) = mpsc::unbounded_channel();
    run.signals = Some(signals);
    let stop = Signal::Cancel { level: 1, by: Some(operator()), why: String::new() };
    let mut said = false;
    assert!(run.live_with(None, |record, _| {
        if let Event::Intent { claim, .. } = &record.event
            && claim.step == id("b1")
            && !std::mem::replace(&mut said, true)
        {
            hand.send(stop.clone()).expect("it listens");
        }
    }));
    // Nobody could be asked, so it is taken back: what was done last first.
    let acts = acts(&run);
    assert!(acts.contains(&"(a1.1)".to_owned()), "{acts:?}");
    assert!(!acts.iter().any(|act| act.starts_with("a2") || act.starts_with("b2")), "{acts:?}");
    assert_eq!(run.ended().forward, ForwardVerdict::Cancelled, "{}", run.story());
    assert_eq!(run.ended().way_back, WayBackVerdict::Complete, "{}", run.story());
}

#[test]
fn a_resumed_run_finds_each_branch_where_it_was() {
    let program = program(branching());
    let mut whole = Run::new(&program, &BRANCHING_START);
    assert!(whole.live(None));
    for k in 2..whole.journal.records.len() as u64 {
        let mut run = Run::new(&program, &BRANCHING_START);
        run.live(Some(Death::After(k)));
        let begun: Vec<String> = acts(&run).into_iter().filter(|act| act.starts_with('(')).collect();
        assert!(run.live(None));
        assert_eq!(run.ended().forward, ForwardVerdict::Done, "{k}\n{}", run.story());
        // What was known to be over is not done again.
        let all = acts(&run);
        for act in begun {
            assert_eq!(all.iter().filter(|other| **other == act).count(), 1, "{k}: {act}\n{}", run.story());
        }
    }
}

/// The rolling restart that tolerates a failure, with the two steps of each turn done at the same time.
fn in_turns() -> Plan {
    let mut plan = tolerant();
    for node in &mut plan.body {
        if let Node::Each(each) = node {
            let steps = std::mem::take(&mut each.body).into_iter();
            let branches = steps.map(|mut node| {
                if let Node::Step(step) = &mut node
                    && step.id == id("restart")
                {
                    step.requires.clear();
                }
                vec![node]
            });
            let branches = branches.collect();
            let block = surefoot_plan::Parallel { id: id("parallel[1]"), branches };
            each.body = vec![Node::Parallel(Box::new(block))];
        }
    }
    plan
}

#[test]
fn a_turn_that_fails_in_a_branch_is_taken_back_with_its_other_branches_and_the_loop_goes_on() {
    let program = program(in_turns());
    let mut whole = Run::new(&program, &ROLLING_START);
    fails(&whole, "restart[k1]", Fault::After);
    assert!(whole.live(None));
    let all = acts(&whole);
    let at = |what: &str| all.iter().position(|act| act == what).unwrap_or_else(|| panic!("{what}: {all:?}"));
    assert!(at("drain[k1].0") < at("(restart[k1].0)"), "{all:?}");
    assert!(
        at("drain[k1] back") < at("drain[k2].0") && at("restart[k1] back") < at("drain[k2].0"),
        "{all:?}"
    );
    assert_eq!(whole.ended().forward, ForwardVerdict::DoneWithFailures, "{}", whole.story());
    assert!(!whole.is("drained(\"k1\")") && whole.is("drained(\"k2\")"), "{:?}", whole.facts());
    // The same wherever it is killed.
    for k in 2..whole.journal.records.len() as u64 {
        for death in [Death::After(k), Death::Before(k)] {
            let mut run = Run::new(&program, &ROLLING_START);
            fails(&run, "restart[k1]", Fault::After);
            run.live(Some(death));
            assert!(run.live(None), "{death:?}");
            assert_eq!(run.facts(), whole.facts(), "{death:?}\n{}", run.story());
        }
    }
}

/// A scope in one branch, a step in the other, and one behind both.
fn scope_beside() -> (Plan, Vec<(&'static str, bool)>) {
    let [enter, leave] = scope();
    let own = step("inner", &["!f1"], &["f1"]);
    let other = step("other", &["!f0"], &["f0"]);
    let branches = vec![vec![enter, node(own), leave], vec![node(other)]];
    let block = Node::Parallel(Box::new(surefoot_plan::Parallel { id: id("parallel[1]"), branches }));
    let last = node(step("last", &["!f2"], &["f2"]));
    (plan(&["quiet", "f0", "f1", "f2"], vec![block, last]), SCOPE_START.to_vec())
}

#[test]
fn a_scope_in_a_branch_is_left_whatever_fails_beside_it_or_behind() {
    let (plan, start) = scope_beside();
    let program = program(plan);
    for step in ["other", "inner", "last"] {
        for fault in [Fault::Before, Fault::During, Fault::After] {
            let mut run = Run::new(&program, &start);
            fails(&run, step, fault);
            assert!(run.live(None));
            assert_eq!(run.ended().way_back, WayBackVerdict::Complete, "{step}, {fault:?}\n{}", run.story());
            assert_eq!(run.world.facts(), run.before, "{step}, {fault:?}\n{}", run.story());
        }
    }
}
