//! What a `during` enters is left: on every way, and past a point of no return.

use surefoot_executor::simulated::{Fault, Injected};
use surefoot_journal::{Choice, Event, ForwardVerdict, Phase, Standing, WayBackVerdict};
use surefoot_plan::{Node, ScopeEnd};

use crate::harness::{Run, program};
use crate::plans::*;

/// What was begun, in order: a step's statements forward, or those of its rollback.
fn acts(run: &Run<'_>) -> Vec<String> {
    let act = |event: &Event| {
        let Event::Intent { claim, .. } = event else { return None };
        let back = if claim.phase == Phase::Forward { "" } else { " back" };
        Some(format!("{}{back}", claim.step))
    };
    let mut acts: Vec<String> = run.journal.records.iter().filter_map(|record| act(&record.event)).collect();
    acts.dedup();
    acts
}

fn fails(run: &mut Run<'_>, step: &str, fault: Fault, phase: Phase) {
    run.world.inject(Injected { step: id(step), phase, fault, times: 9 });
}

#[test]
fn a_scope_is_left_on_success_and_what_was_done_in_it_stays() {
    let program = program(scoped());
    let mut run = Run::new(&program, &SCOPE_START);
    assert!(run.live(None));
    assert_eq!(run.ended().forward, ForwardVerdict::Done, "{}", run.story());
    assert_eq!(acts(&run), ["first", "enter", "inner", "leave", "last"]);
    assert!(!run.is("quiet") && run.is("f1"));
}

#[test]
fn a_failure_inside_leaves_the_scope_before_what_came_before_it_is_taken_back() {
    let program = program(scoped());
    let mut run = Run::new(&program, &SCOPE_START);
    fails(&mut run, "inner", Fault::After, Phase::Forward);
    assert!(run.live(None));
    assert_eq!(run.ended().way_back, WayBackVerdict::Complete, "{}", run.story());
    assert_eq!(acts(&run), ["first", "enter", "inner", "inner back", "enter back", "first back"]);
}

#[test]
fn a_scope_that_was_left_is_entered_again_to_take_back_what_was_done_in_it() {
    let program = program(scoped());
    let mut run = Run::new(&program, &SCOPE_START);
    fails(&mut run, "last", Fault::After, Phase::Forward);
    assert!(run.live(None));
    assert_eq!(run.ended().way_back, WayBackVerdict::Complete, "{}", run.story());
    let back = ["last back", "leave back", "inner back", "enter back", "first back"];
    assert_eq!(acts(&run)[5..], back, "{}", run.story());
    assert!(!run.is("quiet") && !run.is("f1"));
}

#[test]
fn a_scope_in_which_nothing_is_owed_is_not_entered_again() {
    let mut plan = scoped();
    plan.body.remove(2);
    let program = program(plan);
    let mut run = Run::new(&program, &SCOPE_START);
    fails(&mut run, "last", Fault::After, Phase::Forward);
    assert!(run.live(None));
    assert_eq!(acts(&run)[4..], ["last back", "first back"], "{}", run.story());
}

#[test]
fn leaving_stays_owed_past_a_point_of_no_return() {
    let program = program(sealed_in_a_scope());
    let mut run = Run::new(&program, &SCOPE_START);
    fails(&mut run, "last", Fault::After, Phase::Forward);
    run.live(None);
    run.decide(Choice::RollBack);
    assert!(run.live(None));
    assert_eq!(run.ended().way_back, WayBackVerdict::ToTheSeal, "{}", run.story());
    assert_eq!(acts(&run)[4..], ["last back", "enter back"], "{}", run.story());
    assert!(!run.is("quiet") && run.is("f0") && run.is("f1"));
}

#[test]
fn a_run_that_waits_or_stops_inside_a_scope_says_that_it_is_open() {
    let program = program(sealed_in_a_scope());
    let mut run = Run::new(&program, &SCOPE_START);
    fails(&mut run, "last", Fault::After, Phase::Forward);
    run.live(None);
    assert!(matches!(run.state.standing(), Standing::Held(_)), "{}", run.story());
    let open: Vec<_> = run.state.open_scopes().map(|scope| scope.title.as_str()).collect();
    assert_eq!(open, ["alerts are silenced"]);
    run.decide(Choice::Stop);
    assert!(run.live(None));
    assert_eq!(run.ended().way_back, WayBackVerdict::Owing, "{}", run.story());
    assert_eq!(run.state.open_scopes().count(), 1);
}

#[test]
fn leaving_that_fails_waits_for_a_person_who_can_have_it_done_again() {
    let program = program(scoped());
    let mut run = Run::new(&program, &SCOPE_START);
    run.world.inject(Injected { step: id("leave"), phase: Phase::Forward, fault: Fault::Before, times: 1 });
    run.live(None);
    assert!(matches!(run.state.standing(), Standing::Held(_)), "{}", run.story());
    run.decide(Choice::GoOn);
    assert!(run.live(None));
    assert_eq!(run.ended().forward, ForwardVerdict::Done, "{}", run.story());
    assert!(!run.is("quiet"));
}

#[test]
fn nothing_more_is_begun_in_a_scope_that_is_open_for_longer_than_it_may_be() {
    let mut plan = scoped();
    let Some(Node::Step(enter)) = plan.body.get_mut(1) else { panic!("no step") };
    if let Some(ScopeEnd::Enters { max_ms, .. }) = &mut enter.scope {
        *max_ms = 0;
    }
    let program = program(plan);
    let mut run = Run::new(&program, &SCOPE_START);
    assert!(run.live(None));
    assert_eq!(acts(&run), ["first", "enter", "enter back", "first back"], "{}", run.story());
    let failure = run.state.failure().map(|failure| failure.why.clone()).unwrap_or_default();
    assert!(failure.contains("\"alerts are silenced\" holds for"), "{failure}");
    assert!(!run.is("quiet"));
}
