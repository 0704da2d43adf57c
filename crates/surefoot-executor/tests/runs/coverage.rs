//! Every legal transition of a step happens in some history, and every illegal one is refused.

use std::collections::BTreeSet;

use surefoot_executor::simulated::{Fault, Injected};
use surefoot_journal::table::{Back, Forward, back, forward};
use surefoot_journal::{BackStage, Choice, Effect, HeldWhy, Phase, Stage, Standing};

use surefoot_plan::{Class, Node, Plan, Value, Way};

use crate::faults::{cases, steps};
use crate::harness::{Death, Run, program};
use crate::plans::*;

/// Something that a person says to a run.
type Said = Box<dyn Fn(&mut Run<'_>)>;

/// What may be done with a run that waits for a person.
fn ways_on(run: &Run<'_>) -> Vec<Said> {
    let mut ways: Vec<Said> = Vec::new();
    let choices = [Choice::GoOn, Choice::RollBack, Choice::Stop, Choice::RetryRollback];
    for choice in choices {
        ways.push(Box::new(move |run| run.decide(choice)));
    }
    if let Standing::Held(HeldWhy::Doubt(step)) = run.state.standing() {
        for effect in [Effect::Full, Effect::Part, Effect::None, Effect::Unknown] {
            let step = step.0.clone();
            ways.push(Box::new(move |run| run.resolve(&step, effect)));
        }
    }
    if let Standing::Stuck { debt, .. } = run.state.standing() {
        let debt = debt.clone();
        ways.push(Box::new(move |run| run.forgive(debt.clone())));
    }
    ways
}

/// Runs every fault, with a crash here and there, and all that people may say to what waits then.
fn histories(mut see: impl FnMut(&Run<'_>)) {
    for case in cases() {
        let program = program(case.plan.clone());
        let steps = steps(&case.plan);
        for step in &steps {
            for (fault, phase) in
                Fault::ALL.into_iter().flat_map(|fault| [(fault, Phase::Forward), (fault, Phase::Rollback)])
            {
                let begin = || {
                    let mut run = Run::new(&program, &case.start);
                    run.world.inject(Injected { step: step.clone(), phase, fault, times: 9 });
                    if phase == Phase::Rollback {
                        let last = steps.last().cloned().unwrap_or_else(|| step.clone());
                        let fault = Fault::After;
                        run.world.inject(Injected { step: last, phase: Phase::Forward, fault, times: 9 });
                    }
                    run.live(None);
                    run
                };
                let first = begin();
                see(&first);
                for way in ways_on(&first) {
                    let mut run = begin();
                    run.world.finish_running();
                    way(&mut run);
                    run.live(None);
                    see(&run);
                }
                for k in (2..first.journal.records.len() as u64).step_by(3) {
                    let mut run = Run::new(&program, &case.start);
                    run.world.inject(Injected { step: step.clone(), phase, fault, times: 1 });
                    run.live(Some(Death::After(k)));
                    run.world.lose_claims();
                    run.live(None);
                    see(&run);
                }
            }
        }
    }
}

/// Histories in which the world does something by itself, or a read fails.
fn surprises(mut see: impl FnMut(&Run<'_>)) {
    let yes = || Value::Bool(true);
    let fail = |step: &str, fault| Injected { step: id(step), phase: Phase::Forward, fault, times: 9 };
    let mut go = |plan: Plan,
                  start: &[(&'static str, bool)],
                  change: &dyn Fn(&Run<'_>),
                  again: &dyn Fn(&mut Run<'_>)| {
        let program = program(plan);
        let mut run = Run::new(&program, start);
        change(&run);
        run.live(None);
        see(&run);
        again(&mut run);
        run.live(None);
        see(&run);
    };
    let nothing: &dyn Fn(&mut Run<'_>) = &|_| {};
    let switch: &[(&str, bool)] = &SWITCHOVER_START;
    // Somebody else promotes while the fence fails: its rollback is refused.
    let change = |run: &Run<'_>| {
        run.world.inject(fail("fence", Fault::After));
        run.world.set_after(id("fence"), cell("standby"), yes());
    };
    go(switchover(), switch, &change, nothing);
    // An invariant breaks after a step.
    go(switchover(), switch, &|run| run.world.set_after(id("repoint"), cell("primary"), yes()), nothing);
    // What a step needs cannot be told, and then it can.
    let again = |run: &mut Run<'_>| {
        run.world.hide(cell("standby"), false);
        run.decide(Choice::GoOn);
    };
    go(switchover(), switch, &|run| run.world.hide_after(id("promote"), cell("standby")), &again);
    let show = |run: &mut Run<'_>| {
        run.world.hide(cell("primary"), false);
        run.decide(Choice::GoOn);
    };
    go(
        linear(3),
        &[("f0", false), ("f1", false), ("f2", false)],
        &|run| {
            run.world.hide_after(id("s0"), cell("f1"));
        },
        &|run| {
            run.world.hide(cell("f1"), false);
            run.decide(Choice::GoOn);
        },
    );
    go(switchover(), switch, &|run| run.world.hide_after(id("fence"), cell("primary")), &show);
    // The promotion lies, and the standby is found shut down.
    let change = |run: &Run<'_>| {
        run.world.inject(fail("promote", Fault::Lie));
        run.world.set(cell("shut_down"), yes());
    };
    go(switchover(), switch, &change, nothing);
    go(switchover(), switch, &|run| run.world.approval(None, false), nothing);
    // A read fails: before a step, in it, in a repetition, on the way back.
    for label in ["old", "first", "now"] {
        let change = |run: &Run<'_>| {
            run.world.unreadable(label);
            run.world.inject(fail("scale", Fault::Before));
        };
        go(wide(), &WIDE_START, &change, nothing);
    }
    let change = |run: &Run<'_>| {
        run.world.inject(fail("scale", Fault::Before));
        run.world.unreadable_after(id("scale"), "first");
    };
    go(wide(), &WIDE_START, &change, nothing);
    // A step that does nothing.
    let mut plan = linear(3);
    if let Some(Node::Step(first)) = plan.body.first_mut() {
        first.body.clear();
        first.ensures.clear();
        first.class = Class::Read;
        first.way = Way::Nothing;
    }
    go(
        plan,
        &[("f0", false), ("f1", false), ("f2", false)],
        &|run| run.world.inject(fail("s2", Fault::After)),
        nothing,
    );
}

/// A debt is let go wherever the executor died on the way back.
fn let_go(mut see: impl FnMut(&Run<'_>)) {
    for plan in [linear(3), switchover()] {
        let program = program(plan);
        let begin = || {
            let start = SWITCHOVER_START.into_iter().chain([("f0", false), ("f1", false), ("f2", false)]);
            let run = Run::new(&program, &start.collect::<Vec<_>>());
            for step in ["s2", "fence"] {
                let (step, phase) = (id(step), Phase::Forward);
                run.world.inject(Injected { step, phase, fault: Fault::After, times: 1 });
            }
            // The rollback of the fence is refused.
            run.world.set_after(id("fence"), cell("standby"), Value::Bool(true));
            run
        };
        let mut whole = begin();
        whole.live(None);
        for k in 2..whole.journal.records.len() as u64 {
            let mut run = begin();
            run.live(Some(Death::After(k)));
            for debt in run.state.owed().cloned().collect::<Vec<_>>() {
                run.forgive(debt);
            }
            run.live(None);
            see(&run);
        }
    }
}

#[test]
fn every_transition_of_a_step_happens() {
    let mut met: BTreeSet<(&str, &str)> = BTreeSet::new();
    histories(|run| met.extend(run.state.met()));
    surprises(|run| met.extend(run.state.met()));
    let_go(|run| met.extend(run.state.met()));
    let mut missing = Vec::new();
    for stage in Stage::ALL {
        for event in Forward::ALL {
            if forward(stage, event).is_some() && !met.contains(&(stage.name(), event.name())) {
                missing.push(format!("{} + {}", stage.name(), event.name()));
            }
        }
    }
    for stage in BackStage::ALL {
        for event in Back::ALL {
            if back(stage, event).is_some() && !met.contains(&(stage.name(), event.name())) {
                missing.push(format!("{} + {}", stage.name(), event.name()));
            }
        }
    }
    assert!(
        missing.is_empty(),
        "{} of {} never happen: {missing:#?}",
        missing.len(),
        met.len() + missing.len()
    );
}
