//! The way back: how facts are compared with what was recorded, and what is tried again.

use surefoot_executor::Program;
use surefoot_executor::simulated::{Fault, Injected};
use surefoot_journal::{Choice, Debt, FactsVerdict, Phase, Standing, WayBackVerdict};
use surefoot_plan::{
    Atom, Comparison, Ensure, Expr, Formula, Literal, Node, Plan, Question, Require, Test, Type, Value,
};

use crate::harness::{Run, program};
use crate::plans::*;

fn compares(name: &str, comparison: Comparison, with: i64) -> Atom {
    Atom { cell: cell(name), test: Test::Compares(comparison, Expr::Literal(Value::Int(with))) }
}

/// A step that sets `lag`, and one that fails after it.
fn lag_plan(comparison: Comparison, with: i64) -> Plan {
    let mut plan = linear(2);
    let asked = plan.questions.get("f0").cloned();
    plan.questions.extend(asked.map(|asked| ("lag".into(), Question { answer: Type::Int, ..asked })));
    if let Some(Node::Step(step)) = plan.body.first_mut() {
        let literal = Literal { atom: compares("lag", comparison, with), holds: true };
        step.ensures = vec![Ensure { literal, every_ms: 1_000, within_ms: 0 }];
        step.requires.clear();
    }
    plan
}

/// Runs it until its second step fails. `lag` was 20 before, is 40 from then on, and nothing that a rollback
/// does changes it.
fn taken_back(program: &Program) -> Run<'_> {
    let mut run = Run::new(program, &[("f1", false)]);
    run.world.set(cell("lag"), Value::Int(20));
    run.world.inject(Injected { step: id("s1"), phase: Phase::Forward, fault: Fault::After, times: 1 });
    run.world.inject(Injected { step: id("s0"), phase: Phase::Rollback, fault: Fault::Lie, times: 9 });
    run.world.set_after(id("s1"), cell("lag"), Value::Int(40));
    assert!(run.live(None));
    run
}

#[test]
fn a_number_that_moved_within_its_verdict_is_as_before() {
    let program = program(lag_plan(Comparison::Less, 10));
    let run = taken_back(&program);
    let ended = run.ended();
    assert_eq!(ended.way_back, WayBackVerdict::Complete, "{}", run.story());
    assert_eq!(ended.facts, FactsVerdict::AsBefore, "{}", run.story());
    assert_eq!(run.facts().get("lag"), Some(&Value::Int(40)), "the number itself is another");
}

#[test]
fn a_number_whose_verdict_is_another_to_the_runbook_is_not_as_before() {
    // It was low enough to begin with, and would be refused now.
    let mut plan = lag_plan(Comparison::Less, 10);
    let formula = Formula::Atom(compares("lag", Comparison::Less, 30));
    plan.requires.push(Require { formula, ..require("f0") });
    let program = program(plan);
    let run = taken_back(&program);
    let ended = run.ended();
    assert_eq!(ended.way_back, WayBackVerdict::Complete, "{}", run.story());
    assert_eq!(ended.facts, FactsVerdict::NotAsBefore, "{}", run.story());
}

#[test]
fn a_number_that_a_step_sets_exactly_is_brought_back_exactly() {
    // 20 and 40 are both not 3, and still not the same number of replicas.
    let program = program(lag_plan(Comparison::Equal, 3));
    let mut run = taken_back(&program);
    assert!(matches!(run.state.standing(), Standing::Stuck { .. }), "{}", run.story());
    // What is let go is looked at all the same.
    run.forgive(Debt::Rollback(id("s0")));
    assert!(run.live(None));
    assert_eq!(run.ended().facts, FactsVerdict::NotAsBefore, "{}", run.story());
}

/// Runs the wide plan until its last step fails.
fn wide_run(program: &Program) -> Run<'_> {
    let run = Run::new(program, &WIDE_START);
    run.world.inject(Injected { step: id("last"), phase: Phase::Forward, fault: Fault::After, times: 1 });
    run
}

#[test]
fn a_read_that_fails_on_the_way_back_is_tried_again_then_stuck() {
    let program = program(wide());
    let mut run = wide_run(&program);
    run.world.unreadable_for("now", 2);
    assert!(run.live(None));
    assert_eq!(run.ended().way_back, WayBackVerdict::Complete, "{}", run.story());
    assert_eq!(run.world.unread(), 2);

    let mut run = wide_run(&program);
    run.world.unreadable("now");
    assert!(run.live(None));
    let Standing::Stuck { why, .. } = run.state.standing() else { panic!("{}", run.story()) };
    assert!(why.contains("`now` has no value"), "{why}");
    assert_eq!(run.world.unread(), 3, "{}", run.story());
    // A person who tries again gets as many tries.
    run.world.unreadable_for("now", 2);
    run.decide(Choice::RetryRollback);
    assert!(run.live(None));
    assert_eq!(run.ended().way_back, WayBackVerdict::Complete, "{}", run.story());
}

#[test]
fn a_guard_that_cannot_be_told_on_the_way_back_is_asked_again_then_stuck() {
    let program = program(switchover());
    let begin = || {
        let run = Run::new(&program, &SWITCHOVER_START);
        run.world.inject(Injected {
            step: id("fence"),
            phase: Phase::Forward,
            fault: Fault::After,
            times: 1,
        });
        // No answer of a yes-or-no: the probe failed.
        run.world.set_after(id("fence"), cell("standby"), Value::Text("?".into()));
        run
    };
    let mut run = begin();
    run.world.set_at(3_000, cell("standby"), Value::Bool(false));
    assert!(run.live(None));
    assert_eq!(run.ended().way_back, WayBackVerdict::Complete, "{}", run.story());
    assert!(run.is("primary"));

    let mut run = begin();
    run.world.set_at(30_000, cell("standby"), Value::Bool(false));
    assert!(run.live(None));
    assert!(matches!(run.state.standing(), Standing::Stuck { .. }), "{}", run.story());
    assert!(!run.is("primary"), "it was not started\n{}", run.story());
}
