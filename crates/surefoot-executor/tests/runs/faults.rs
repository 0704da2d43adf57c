//! The fault matrix: every fault at every step, a crash at every record, and every pair of crashes.

use std::collections::BTreeMap;

use surefoot_executor::Program;
use surefoot_executor::simulated::{Fault, Injected};
use surefoot_journal::{FactsVerdict, ForwardVerdict, Phase, Standing, WayBackVerdict};
use surefoot_plan::{Cell, Plan, StepId, Value};

use crate::audit::audit;
use crate::harness::{Death, Run, program};
use crate::plans::*;

/// A plan with what is true before it.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) plan: Plan,
    pub(crate) start: Vec<(&'static str, bool)>,
}

impl Case {
    /// How it ends where nothing goes wrong.
    fn ends_well(&self) -> ForwardVerdict {
        if self.name == "early" { ForwardVerdict::Stopped } else { ForwardVerdict::Done }
    }
}

/// The plans that every fault is tried on.
pub(crate) fn cases() -> Vec<Case> {
    let facts = vec![("f0", false), ("f1", false), ("f2", false), ("f3", false)];
    let mut with_retry = linear(3);
    for node in &mut with_retry.body {
        if let surefoot_plan::Node::Step(step) = node {
            step.retry = Some(surefoot_plan::Retry { times: 1, every_ms: 1_000 });
        }
    }
    vec![
        Case { name: "linear", plan: linear(4), start: facts.clone() },
        Case { name: "retry", plan: with_retry, start: facts },
        Case { name: "switchover", plan: switchover(), start: SWITCHOVER_START.to_vec() },
        Case { name: "wide", plan: wide(), start: WIDE_START.to_vec() },
        Case { name: "assuming", plan: assuming(), start: ASSUMING_START.to_vec() },
        Case { name: "diagnosing", plan: diagnosing(), start: DIAGNOSING_START.to_vec() },
        Case { name: "scoped", plan: scoped(), start: SCOPE_START.to_vec() },
        Case { name: "sealed in a scope", plan: sealed_in_a_scope(), start: SCOPE_START.to_vec() },
        Case { name: "rolling", plan: rolling(), start: ROLLING_START.to_vec() },
        Case { name: "tolerant", plan: tolerant(), start: ROLLING_START.to_vec() },
        Case { name: "branching", plan: branching(), start: BRANCHING_START.to_vec() },
        Case { name: "in a branch", plan: branching(), start: BRANCHING_START.to_vec() },
        Case { name: "early", plan: early(), start: EARLY_START.to_vec() },
    ]
}

/// The steps of a plan; of a loop those of its turns.
pub(crate) fn steps(plan: &Plan) -> Vec<StepId> {
    let mut plan = plan.clone();
    plan.enter(&id("for[1]"), &brokers());
    plan.steps().map(|step| step.id.clone()).collect()
}

/// Checks all that must hold of a run, wherever it came to rest.
fn check(case: &Case, run: &Run<'_>, what: &str) {
    let wrong = audit(run.program.plan(), &run.journal.records, &run.world.performed());
    assert!(wrong.is_empty(), "{}, {what}: {}\n{}", case.name, wrong.join("\n"), run.story());
    let facts = run.world.facts();
    match run.state.standing() {
        Standing::Ended(ended) => {
            if ended.way_back == WayBackVerdict::Complete && ended.facts != FactsVerdict::Unknown {
                let mut before = run.before.clone();
                leave(run, &mut before);
                assert_eq!(facts, before, "{}, {what}: not as before\n{}", case.name, run.story());
            }
        }
        Standing::Held(_) | Standing::Stuck { .. } => {}
        Standing::New | Standing::Going => panic!("{}, {what}: it just stopped\n{}", case.name, run.story()),
    }
}

/// What steps that acted leave changed, as it is now.
fn leave(run: &Run<'_>, before: &mut BTreeMap<Cell, Value>) {
    let facts = run.world.facts();
    let mut plan = run.program.plan().clone();
    run.state.entered().iter().for_each(|(id, items)| plan.enter(id, items));
    for step in plan.steps().filter(|step| run.state.step(&step.id).is_some_and(|s| s.acted)) {
        for cell in step.residuals() {
            before.remove(cell);
            before.extend(facts.get(cell).map(|value| (cell.clone(), value.clone())));
        }
    }
}

/// Lives of the executor until the run rests.
fn live_on(run: &mut Run<'_>) {
    while !run.live(None) {}
}

#[test]
fn every_fault_at_every_step() {
    for case in cases() {
        let program = program(case.plan.clone());
        for step in steps(&case.plan) {
            for fault in Fault::ALL {
                for times in [1, 2, 9] {
                    let mut run = Run::new(&program, &case.start);
                    let phase = Phase::Forward;
                    run.world.inject(Injected { step: step.clone(), phase, fault, times });
                    live_on(&mut run);
                    check(&case, &run, &format!("{fault:?} at {step}, {times} times"));
                }
            }
        }
    }
}

#[test]
fn a_crash_at_every_record_changes_nothing() {
    for case in cases() {
        let program = program(case.plan.clone());
        let (length, wanted) = undisturbed(&case, &program, None);
        for k in 1..length {
            for death in [Death::After(k), Death::Before(k)] {
                let mut run = Run::new(&program, &case.start);
                assert!(!run.live(Some(death)));
                live_on(&mut run);
                check(&case, &run, &format!("{death:?}"));
                assert_eq!(run.facts(), wanted, "{}, {death:?}\n{}", case.name, run.story());
                assert_eq!(
                    forward(&run),
                    Some(case.ends_well()),
                    "{}, {death:?}\n{}",
                    case.name,
                    run.story()
                );
            }
        }
    }
}

/// A run without a crash: how long its journal is, and how the world is left.
fn undisturbed(case: &Case, program: &Program, fault: Option<&Injected>) -> (u64, BTreeMap<String, Value>) {
    let mut run = Run::new(program, &case.start);
    fault.into_iter().for_each(|fault| run.world.inject(fault.clone()));
    assert!(run.live(None));
    (run.journal.records.len() as u64, run.facts())
}

fn forward(run: &Run<'_>) -> Option<ForwardVerdict> {
    run.state.ended().map(|ended| ended.forward)
}

/// What the two matrices of crashes share: every pair, forward and on the way back.
fn pairs(fault: impl Fn(&Case) -> Option<Injected>, verdict: ForwardVerdict) -> u64 {
    let mut runs = 0;
    for case in cases() {
        let program = program(case.plan.clone());
        let fault = fault(&case);
        // Forward it is another case's plan.
        let is_again = fault.is_none() && case.name == "in a branch";
        if is_again || fault.is_none() && verdict != ForwardVerdict::Done {
            continue;
        }
        let (length, wanted) = undisturbed(&case, &program, fault.as_ref());
        for first in (1..length).flat_map(|k| [Death::After(k), Death::Before(k)]) {
            // Only as far as the resumed run comes.
            for second in 1.. {
                let mut died_twice = false;
                for kind in [Death::After, Death::Before] {
                    let mut run = Run::new(&program, &case.start);
                    fault.iter().for_each(|fault| run.world.inject(fault.clone()));
                    run.watched = false;
                    assert!(!run.live(Some(first)));
                    let at = kind(run.journal.records.len() as u64 + second);
                    died_twice |= !run.live(Some(at));
                    live_on(&mut run);
                    runs += 1;
                    let what = format!("{first:?}, then {at:?}");
                    check(&case, &run, &what);
                    assert_eq!(run.facts(), wanted, "{}, {what}\n{}", case.name, run.story());
                    let verdict = if verdict == ForwardVerdict::Done { case.ends_well() } else { verdict };
                    assert_eq!(forward(&run), Some(verdict), "{}, {what}\n{}", case.name, run.story());
                }
                if !died_twice {
                    break;
                }
            }
        }
    }
    runs
}

#[test]
fn every_pair_of_crashes_forward() {
    let runs = pairs(|_| None, ForwardVerdict::Done);
    assert!(runs > 1_000, "only {runs}");
}

#[test]
fn every_pair_of_crashes_on_the_way_back() {
    let fault = |case: &Case| {
        let (step, fault) = match case.name {
            "switchover" | "sealed in a scope" => ("promote", Fault::NotStarted),
            "in a branch" => ("b1", Fault::After),
            "scoped" => ("last", Fault::After),
            "retry" => ("s2", Fault::During),
            "wide" => ("last", Fault::After),
            "tolerant" => ("speak", Fault::After),
            "rolling" => ("restart[k2]", Fault::After),
            "assuming" | "diagnosing" | "early" => ("second", Fault::After),
            _ => ("s3", Fault::After),
        };
        Some(Injected { step: id(step), phase: Phase::Forward, fault, times: 9 })
    };
    let runs = pairs(fault, ForwardVerdict::Failed);
    assert!(runs > 1_000, "only {runs}");
}
