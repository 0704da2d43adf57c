//! Looks at a journal and a world from outside: nothing here uses the fold.
//!
//! What the executor promises is checked on its records and on what the model saw, so that a mistake in
//! the fold cannot hide itself.

#![expect(clippy::wildcard_enum_match_arm, reason = "each check looks at the few events that concern it")]
#![expect(clippy::collapsible_match, reason = "a guard would hide what is not checked")]

use std::collections::{BTreeMap, BTreeSet};

use surefoot_executor::simulated::Performed;
use surefoot_journal::{Claim, Debt, Effect, Event, Phase, Record, ResolvedBy};
use surefoot_plan::{Class, Plan, ScopeEnd, Step, StepId, Way};

/// Returns what is wrong; nothing if all promises were kept.
pub(crate) fn audit(plan: &Plan, records: &[Record], performed: &[Performed]) -> Vec<String> {
    // A loop is its turns, as the journal says them.
    let mut plan = plan.clone();
    for record in records {
        if let Event::Entered { node, items } = &record.event {
            plan.enter(node, items);
        }
    }
    let plan = &plan;
    let mut wrong = Vec::new();
    intents_first(records, performed, &mut wrong);
    direction(records, &mut wrong);
    not_twice(plan, records, performed, &mut wrong);
    debts(plan, records, &mut wrong);
    seals(plan, records, &mut wrong);
    halts(records, &mut wrong);
    wrong
}

/// Nothing is performed that is not first in the journal.
fn intents_first(records: &[Record], performed: &[Performed], wrong: &mut Vec<String>) {
    let intents: BTreeSet<&Claim> = records
        .iter()
        .filter_map(|record| if let Event::Intent { claim, .. } = &record.event { Some(claim) } else { None })
        .collect();
    for act in performed {
        if !intents.contains(&act.claim) {
            wrong.push(format!("{:?} was performed without an intent", act.claim));
        }
    }
}

/// A run never goes forward after it turned back, and takes nothing back before.
fn direction(records: &[Record], wrong: &mut Vec<String>) {
    let (mut back, mut stopped) = (false, false);
    for record in records {
        match &record.event {
            Event::TurnedBack { .. } if back => wrong.push("it turned back twice".into()),
            Event::TurnedBack { .. } => back = true,
            // Turns alone are taken back, and then the run goes on.
            Event::TurnsFailed { .. } if back => wrong.push("turns failed on the way back".into()),
            Event::TurnsFailed { .. } => back = true,
            Event::TurnsTakenBack { .. } => back = false,
            Event::Stopped { .. } => stopped = true,
            Event::Intent { claim, .. } if claim.phase == Phase::Forward && stopped => {
                wrong.push(format!("record {}: {:?} after the run ended early", record.seq, claim));
            }
            Event::Intent { claim, .. } if (claim.phase == Phase::Rollback) != back => {
                wrong.push(format!("record {}: {:?} in the wrong direction", record.seq, claim));
            }
            _ => {}
        }
    }
}

/// No step that is not safe to repeat has its effect twice, unless a person decided it.
fn not_twice(plan: &Plan, records: &[Record], performed: &[Performed], wrong: &mut Vec<String>) {
    let decisions = records
        .iter()
        .filter(|record| match &record.event {
            Event::Decided { .. } => true,
            Event::Resolved { by, .. } => matches!(by, ResolvedBy::Person(_)),
            _ => false,
        })
        .count();
    for step in plan.steps() {
        let last = step.body.iter().rposition(surefoot_plan::Statement::acts);
        let acted = performed.iter().filter(|act| {
            act.acted
                && act.claim.step == step.id
                && act.claim.phase == Phase::Forward
                && Some(act.claim.statement as usize) == last
        });
        let acted = acted.count();
        let repeatable = matches!(step.class, Class::Read | Class::Idempotent);
        if !repeatable && acted > 1 + decisions {
            wrong.push(format!("{} had its effect {acted} times", step.id));
        }
    }
}

/// At every end, what is owed is exactly what may have acted and was neither paid, sealed nor forgiven; and
/// debts are paid latest first.
fn debts(plan: &Plan, records: &[Record], wrong: &mut Vec<String>) {
    let takes_back: BTreeMap<&StepId, bool> =
        plan.steps().map(|step| (&step.id, matches!(step.way, Way::Rollback(_)))).collect();
    let mut owed: Vec<StepId> = Vec::new();
    let mut closed: Vec<StepId> = Vec::new();
    let mut done: BTreeSet<&StepId> = BTreeSet::new();
    for record in records {
        match &record.event {
            Event::Done { step } | Event::Resolved { step, effect: Effect::Full, .. } => {
                done.insert(step);
                done_beside(plan, step, &done, &mut owed);
            }
            Event::Intent { claim, .. } if claim.phase == Phase::Forward => {
                if takes_back.get(&claim.step) == Some(&true) && !owed.contains(&claim.step) {
                    owed.push(claim.step.clone());
                }
            }
            Event::Intent { claim, .. } => {
                if owed.last() != Some(&claim.step) {
                    wrong
                        .push(format!("record {}: {} is taken back out of its turn", record.seq, claim.step));
                }
            }
            Event::NotDone { step, .. } | Event::Resolved { step, effect: Effect::None, .. } => {
                owed.retain(|owed| owed != step);
            }
            Event::Paid { debt: Debt::Rollback(step), .. } => {
                if owed.pop().as_ref() != Some(step) {
                    wrong.push(format!("record {}: {step} is paid out of its turn", record.seq));
                }
            }
            Event::Forgiven { debt: Debt::Rollback(step), .. } => owed.retain(|owed| owed != step),
            Event::Sealed { .. } => {
                let open = open_scopes(plan, records, record.seq);
                owed.retain(|owed| open.contains(owed));
            }
            Event::Decided { .. } if owed.is_empty() => owed.append(&mut closed),
            Event::Ended(ended) => {
                let listed: Vec<StepId> =
                    ended.owed.iter().rev().map(|Debt::Rollback(step)| step.clone()).collect();
                if ended.forward.is_good() {
                    closed = std::mem::take(&mut owed);
                } else if listed != owed {
                    wrong.push(format!("it ended owing {owed:?} and lists {listed:?}"));
                }
            }
            _ => {}
        }
    }
}

/// Of steps that are done at the same time, what was done last is taken back first; before all what is not done.
fn done_beside(plan: &Plan, step: &StepId, done: &BTreeSet<&StepId>, owed: &mut Vec<StepId>) {
    let Some(block) = plan.parallels().find(|block| block.places().any(|(part, _)| part == step)) else {
        return;
    };
    let Some(at) = owed.iter().position(|owed| owed == step) else { return };
    let own = owed.remove(at);
    let open = |other: &StepId| !done.contains(other) && block.places().any(|(part, _)| part == other);
    let first = owed.iter().position(open).unwrap_or(owed.len());
    owed.insert(first, own);
}

/// Once something failed nothing new begins forward before it is answered; and nothing is taken back, or ends, while a
/// statement may still run.
fn halts(records: &[Record], wrong: &mut Vec<String>) {
    let mut failed = false;
    let mut running: BTreeSet<&Claim> = BTreeSet::new();
    for record in records {
        match &record.event {
            Event::Failed { .. } => failed = true,
            Event::Decided { .. } | Event::TurnsTakenBack { .. } | Event::Resolved { .. } => failed = false,
            Event::Intent { claim, .. } => {
                if failed && claim.phase == Phase::Forward {
                    wrong.push(format!("record {}: {claim:?} begins after a failure", record.seq));
                }
                running.insert(claim);
            }
            Event::Outcome { claim, .. } => {
                running.remove(claim);
            }
            Event::TurnedBack { .. } | Event::TurnsFailed { .. } if !running.is_empty() => {
                wrong.push(format!("record {}: it turns back while {running:?} may run", record.seq));
            }
            _ => {}
        }
    }
}

/// The steps that entered a scope which was not left before this record.
fn open_scopes<'a>(plan: &'a Plan, records: &[Record], seq: u64) -> BTreeSet<&'a StepId> {
    let done = |leave: &StepId| {
        let earlier = records.iter().filter(|record| record.seq < seq);
        earlier.into_iter().any(|record| match &record.event {
            Event::Done { step } | Event::Resolved { step, effect: Effect::Full, .. } => step == leave,
            _ => false,
        })
    };
    let open = |step: &'a Step| match &step.scope {
        Some(ScopeEnd::Enters { leave, .. }) if !done(leave) => Some(&step.id),
        _ => None,
    };
    plan.steps().filter_map(open).collect()
}

/// Nothing from before an irreversible step is taken back once that may have acted.
fn seals(plan: &Plan, records: &[Record], wrong: &mut Vec<String>) {
    let irreversible: BTreeSet<&StepId> =
        plan.steps().filter(|step| matches!(step.way, Way::Irreversible(_))).map(|step| &step.id).collect();
    let mut before: BTreeSet<&StepId> = BTreeSet::new();
    let mut closed: BTreeSet<&StepId> = BTreeSet::new();
    for record in records {
        match &record.event {
            Event::Intent { claim, .. } if claim.phase == Phase::Forward => {
                if irreversible.contains(&claim.step) {
                    closed.extend(before.difference(&open_scopes(plan, records, record.seq)));
                } else {
                    before.insert(&claim.step);
                }
            }
            Event::Intent { claim, .. } if closed.contains(&claim.step) => {
                wrong.push(format!("record {}: {} is taken back across a seal", record.seq, claim.step));
            }
            Event::NotDone { step, .. } | Event::Resolved { step, effect: Effect::None, .. }
                if irreversible.contains(step) =>
            {
                closed.clear();
            }
            _ => {}
        }
    }
}
