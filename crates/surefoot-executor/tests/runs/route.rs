//! Runs in a model: what happens, and what is left of the world.

use surefoot_executor::simulated::{Fault, Injected};
use surefoot_journal::{FactsVerdict, ForwardVerdict, Phase, WayBackVerdict};

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
