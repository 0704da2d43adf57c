//! Positive controls: with a rule broken, the matrix must find it. A matrix that finds nothing then proves
//! nothing at all.

use surefoot_executor::simulated::{Fault, Injected};
use surefoot_journal::{Effect, ForwardVerdict, HeldWhy, Phase, Standing};

use crate::audit::audit;
use crate::faults::cases;
use crate::harness::{Death, Run, program};
use crate::plans::*;

/// How many crashes of the linear plan end in something wrong, when a rule is broken.
fn found(break_it: impl Fn(&mut Run<'_>), at_death: impl Fn(&mut Run<'_>)) -> usize {
    let program = program(linear(4));
    let start = [("f0", false), ("f1", false), ("f2", false), ("f3", false)];
    let mut whole = Run::new(&program, &start);
    whole.live(None);
    let mut found = 0;
    for k in 1..whole.journal.records.len() as u64 {
        for death in [Death::After(k), Death::Before(k)] {
            let mut run = Run::new(&program, &start);
            break_it(&mut run);
            run.live(Some(death));
            at_death(&mut run);
            while !run.live(None) {}
            let wrong = audit(program.plan(), &run.journal.records, &run.world.performed());
            found += usize::from(!wrong.is_empty() || run.facts() != whole.facts());
        }
    }
    found
}

#[test]
fn nothing_is_found_where_nothing_is_broken() {
    assert_eq!(found(|_| {}, |_| {}), 0);
}

#[test]
fn an_intent_that_is_not_durable_is_found() {
    // A journal that says "durable" too early: the last record that it promised is gone after the crash.
    let forget = |run: &mut Run<'_>| {
        if run.journal.records.len() > 1 {
            run.journal.records.pop();
        }
    };
    let lost = found(|_| {}, forget);
    assert!(lost >= 4, "only {lost}");
}

#[test]
fn a_supervisor_that_takes_no_claim_is_found() {
    // Asked after a crash, it says that nothing was started, although it was.
    let twice = found(|_| {}, |run| run.world.forget_claims());
    assert!(twice >= 3, "only {twice}");
}

#[test]
fn a_rollback_that_does_nothing_is_found() {
    let program = program(linear(2));
    let mut run = Run::new(&program, &[("f0", false), ("f1", false)]);
    run.world.inject(Injected { step: id("s1"), phase: Phase::Forward, fault: Fault::After, times: 1 });
    run.world.inject(Injected { step: id("s0"), phase: Phase::Rollback, fault: Fault::Lie, times: 9 });
    assert!(run.live(None));
    assert!(matches!(run.state.standing(), Standing::Stuck { .. }), "{}", run.story());
}

#[test]
fn a_power_cut_at_every_record_never_repeats_what_is_not_safe_to_repeat() {
    // Supervisors die with the executor: what began is over, and nobody wrote down how.
    let mut asked = 0;
    for case in cases() {
        let program = program(case.plan.clone());
        let mut whole = Run::new(&program, &case.start);
        assert!(whole.live(None));
        for k in 1..whole.journal.records.len() as u64 {
            for death in [Death::After(k), Death::Before(k)] {
                let mut run = Run::new(&program, &case.start);
                run.live(Some(death));
                run.world.lose_claims();
                while !run.live(None) {}
                let at = format!("{}, {death:?}\n{}", case.name, run.story());
                if let Standing::Held(HeldWhy::Doubt(step)) = run.state.standing().clone() {
                    asked += 1;
                    assert!(matches!(step.0.as_str(), "last" | "s1" | "scale"), "{at}");
                    run.resolve(&step.0, Effect::Full);
                    assert!(run.live(None));
                }
                let wrong = audit(program.plan(), &run.journal.records, &run.world.performed());
                assert!(wrong.is_empty(), "{wrong:?} {at}");
                let forward = run.state.ended().map(|ended| ended.forward);
                assert!(
                    matches!(
                        forward,
                        Some(ForwardVerdict::Done | ForwardVerdict::Stopped | ForwardVerdict::Failed)
                    ),
                    "{at}"
                );
            }
        }
    }
    assert!(asked > 0, "a step of class once needs a person");
}
