//! Runs in a model: what happens, and what is left of the world.

use surefoot_executor::simulated::{Fault, Injected};
use surefoot_journal::{
    Choice, Event, FactsVerdict, ForwardVerdict, HeldWhy, Phase, Standing, WayBackVerdict,
};
use surefoot_plan::{Tri, Value};

use crate::harness::{Run, program};
use crate::plans::*;

#[test]
fn a_linear_plan_is_done() {
    let program = program(linear(3));
    let mut run = Run::new(&program, &[("f0", false), ("f1", false), ("f2", false)]);
    assert!(run.live(None));
    let ended = run.ended();
    assert_eq!(ended.forward, ForwardVerdict::Done, "{}", run.story());
    assert_eq!(run.state.owed().len(), 0);
    assert_eq!(run.state.closed().len(), 3);
    assert!(run.is("f0") && run.is("f1") && run.is("f2"));
}

#[test]
fn a_failed_step_is_rolled_back_with_all_before_it() {
    let program = program(linear(3));
    let mut run = Run::new(&program, &[("f0", false), ("f1", false), ("f2", false)]);
    run.world.inject(Injected { step: id("s2"), phase: Phase::Forward, fault: Fault::After, times: 1 });
    assert!(run.live(None));
    let ended = run.ended();
    assert_eq!(ended.forward, ForwardVerdict::Failed, "{}", run.story());
    assert_eq!(ended.way_back, WayBackVerdict::Complete, "{}", run.story());
    assert_eq!(ended.facts, FactsVerdict::AsBefore);
    assert!(!run.is("f0") && !run.is("f1") && !run.is("f2"));
}

#[test]
fn the_switchover_is_done() {
    let program = program(switchover());
    let mut run = Run::new(&program, &SWITCHOVER_START);
    assert!(run.live(None));
    let ended = run.ended();
    assert_eq!(ended.forward, ForwardVerdict::Done, "{}", run.story());
    assert_eq!(run.world.approvals(), 1);
    assert_eq!(run.state.seals(), [id("promote")]);
}

#[test]
fn a_stop_ends_the_run_well_and_nothing_behind_it_is_done_or_asked() {
    let program = program(early());
    let mut run = Run::new(&program, &EARLY_START);
    assert!(run.live(None));
    let ended = run.ended();
    assert_eq!((ended.forward, ended.facts), (ForwardVerdict::Stopped, FactsVerdict::NotAsked));
    assert_eq!(ended.way_back, WayBackVerdict::NoneNeeded, "{}", run.story());
    assert_eq!(run.state.stopped(), Some("it is enough"));
    // The runbook ensures `f2`, which nobody made true and nobody asked for.
    assert!(run.is("f0") && run.is("f1") && !run.is("f2"), "{}", run.story());
    // What was done is closed, as at the end: it may still be taken back.
    assert_eq!((run.state.owed().len(), run.state.closed().len()), (0, 2));
    run.decide(Choice::RollBack);
    assert!(run.live(None));
    assert_eq!(run.ended().way_back, WayBackVerdict::Complete, "{}", run.story());
    assert!(!run.is("f0") && !run.is("f1"));
}

#[test]
fn what_stops_only_in_one_arm_goes_on_in_the_other() {
    let program = program(early());
    let mut run = Run::new(&program, &EARLY_START);
    run.world.set(cell("enough"), Value::Bool(false));
    assert!(run.live(None));
    assert_eq!(run.ended().forward, ForwardVerdict::Done, "{}", run.story());
    assert!(run.is("f2") && !run.is("f1"));
}

#[test]
fn causes_are_tried_in_order_and_what_cannot_be_told_is_recorded_and_passed() {
    let program = program(diagnosing());
    for (hidden, down, expected, done) in [
        (false, true, vec![Tri::False, Tri::True], "f1"),
        (true, true, vec![Tri::Unknown, Tri::True], "f1"),
        (true, false, vec![Tri::Unknown, Tri::False], "f2"),
    ] {
        let mut run = Run::new(&program, &DIAGNOSING_START);
        run.world.hide(cell("full"), hidden);
        run.world.set(cell("down"), Value::Bool(down));
        assert!(run.live(None));
        assert_eq!(run.ended().forward, ForwardVerdict::Done, "{}", run.story());
        let chose = run.journal.records.iter().filter_map(|record| {
            let Event::Chose { arm, .. } = &record.event else { return None };
            Some(*arm)
        });
        assert_eq!(chose.collect::<Vec<_>>(), expected);
        assert_eq!(run.is("f1") != run.is("f2"), run.is(done), "{}", run.story());
    }
    // A cause that is found ends the search.
    let mut run = Run::new(&program, &DIAGNOSING_START);
    run.world.set(cell("full"), Value::Bool(true));
    assert!(run.live(None));
    assert!(run.is("f0") && !run.is("f1") && !run.is("f2"), "{}", run.story());
}

#[test]
fn an_assumption_that_is_known_false_holds_the_run_and_is_named() {
    let program = program(assuming());
    let mut run = Run::new(&program, &ASSUMING_START);
    run.world.set(cell("quiet"), Value::Bool(false));
    assert!(run.live(None));
    let Standing::Held(HeldWhy::Assumption { assume, why }) = run.state.standing().clone() else {
        panic!("{}", run.story())
    };
    assert_eq!((assume, why.condition.as_str()), (id("assume[1]"), "quiet"));
    assert!(why.known_false && why.drift && why.message == "nobody works at night", "{why:?}");
    assert!(run.is("f0") && !run.is("f1"));
    // It is asked again: still false, it holds again; true by now, the run goes on.
    run.decide(Choice::GoOn);
    assert!(run.live(None));
    assert!(matches!(run.state.standing(), Standing::Held(HeldWhy::Assumption { .. })), "{}", run.story());
    run.world.set(cell("quiet"), Value::Bool(true));
    run.decide(Choice::GoOn);
    assert!(run.live(None));
    assert_eq!(run.ended().forward, ForwardVerdict::Done, "{}", run.story());
}

#[test]
fn an_assumption_that_is_known_false_can_be_answered_by_the_way_back() {
    let program = program(assuming());
    let mut run = Run::new(&program, &ASSUMING_START);
    run.world.set(cell("quiet"), Value::Bool(false));
    assert!(run.live(None));
    run.decide(Choice::RollBack);
    assert!(run.live(None));
    assert_eq!(run.ended().way_back, WayBackVerdict::Complete, "{}", run.story());
    assert!(!run.is("f0") && !run.is("f1"));
}

#[test]
fn what_cannot_be_told_is_taken_for_true_where_it_is_assumed_and_nowhere_else() {
    let program = program(assuming());
    let mut run = Run::new(&program, &ASSUMING_START);
    run.world.hide(cell("quiet"), true);
    assert!(run.live(None));
    let assumed = run
        .journal
        .records
        .iter()
        .any(|record| record.event == Event::Assumed { assume: id("assume[1]"), found: Tri::Unknown });
    assert!(assumed, "{}", run.story());
    // The step behind it requires the fact itself: that is asked, and not assumed.
    assert!(matches!(run.state.standing(), Standing::Held(HeldWhy::UnknownFact(_))), "{}", run.story());
}
