//! The way back: what is owed is paid, latest first.
//!
//! Must hold:
//! - while anything may still run, nothing is taken back;
//! - a rollback whose guard is not known to hold does not start: the run is stuck before it acts;
//! - below a debt that is not settled nothing moves.

use surefoot_journal::{
    Answer, BackStage, Claim, Debt, Event, HeldWhy, LastProbe, Outcome, Phase, Point, Stage, StepState,
};
use surefoot_plan::{Cell, Ensure, Environment as _, StepId, Test, Value, ground};

use super::{Condition, Order, Probe, View, doubt, each, end, judge, scope, step};
use crate::known::Known;
use crate::program::StepPart;

/// How often a rollback is tried, and each of its reads and probes within one try. It is idempotent by
/// contract, so trying again is right; more than a few times only hides for how long it has been failing.
pub(crate) const ROLLBACK_TRIES: u32 = 3;

/// Between two tries of a rollback, a read or a probe, in milliseconds.
pub(crate) const ROLLBACK_PAUSE_MS: u64 = 2_000;

/// A person wants to turn back: what runs is waited for, and an irreversible step is cleared up, first.
pub(super) fn turn(view: View<'_>) -> Order {
    // In several branches, each of them may be at work.
    for id in view.state.under_way() {
        let (Some(part), Some(state)) = (view.program.step(id), view.state.step(id)) else { continue };
        let pending = view.state.pending_seal() == Some(id);
        if let Some(claim) = state.running() {
            let known_unknown = matches!(claim.outcome, Some(Outcome::Unknown { .. }));
            return if !known_unknown || claim.examined == 0 {
                Order::Examine(claim.claim.clone())
            } else {
                Order::Record(Event::Held { why: HeldWhy::Doubt(id.clone()) })
            };
        }
        if pending {
            return if state.stage == Stage::Doubt {
                doubt::next(view, &part, state)
            } else {
                step::next(view, &part)
            };
        }
    }
    if let Some(id) = view.state.pending_seal() {
        let debts = view.state.to_be_sealed();
        return Order::Record(Event::Sealed { step: id.clone(), debts });
    }
    let why = match view.state.failure() {
        Some(failure) => failure.why.clone(),
        None => "a person decided to roll back".into(),
    };
    Order::Record(Event::TurnedBack { why })
}

/// Returns what a run that faces back does next.
pub(super) fn next(view: View<'_>) -> Order {
    let next = view.state.owed().next();
    if let Some(turning) = view.state.turning() {
        let turn = next.and_then(|Debt::Rollback(id)| view.state.turn(id));
        if !turn.is_some_and(|turn| turning.has(turn)) {
            return each::taken_back(view, turning);
        }
    }
    let Some(Debt::Rollback(id)) = next else { return at_end(view) };
    let fresh = StepState::default();
    let state = view.state.step(id).unwrap_or(&fresh);
    let Some(part) = view.program.step(id) else {
        unreachable!("the fold refuses a debt of a step that the plan does not have")
    };
    if view.state.cancel().is_some() && matches!(state.back, BackStage::Untouched | BackStage::Guarded) {
        return Order::Record(Event::Held { why: HeldWhy::Cancelled });
    }
    if let Some(order) = still_running(id, state) {
        return order;
    }
    match state.back {
        BackStage::Untouched => {
            if let Some(enter) = scope::empty(view, &part) {
                let point = Point::Ensures(id.clone(), Phase::Rollback);
                return Order::Probe(Probe { cells: enter.changes.clone(), ..Probe::new(point, &[]) });
            }
            if covered_by_later(view, &part) {
                let point = Point::Ensures(id.clone(), Phase::Rollback);
                return Order::Probe(Probe { cells: part.changes.clone(), ..Probe::new(point, &[]) });
            }
            guard(&part, 0)
        }
        BackStage::Guarded => guarded(view, &part, state),
        BackStage::Refused => {
            let why = match &state.refusal {
                Some(why) => format!("it was not started, because {why}"),
                None => "it was not started".into(),
            };
            stuck(id, why)
        }
        BackStage::Between => between(view, &part, state),
        BackStage::Observed => observed(view, &part, state),
        BackStage::Stuck => guard(&part, 0),
        BackStage::Acting => match &state.claim {
            Some(claim) => Order::Examine(claim.claim.clone()),
            None => unreachable!("a rollback acts under a claim"),
        },
        BackStage::Paid | BackStage::Sealed | BackStage::Forgiven => {
            unreachable!("the fold takes a settled debt off the stack")
        }
    }
}

/// What is done about a statement that may still run. None if nothing may.
fn still_running(id: &StepId, state: &StepState) -> Option<Order> {
    let claim = state.running()?;
    if claim.outcome.is_none() || claim.examined == 0 {
        return Some(Order::Examine(claim.claim.clone()));
    }
    Some(Order::Record(Event::Held { why: HeldWhy::Doubt(id.clone()) }))
}

/// Probes the guard of a rollback.
fn guard(part: &StepPart, delay_ms: u64) -> Order {
    let point = Point::Guard(part.step.id.clone(), Phase::Rollback);
    // A guard that is false is an answer. One that cannot be told may only be a probe that failed.
    Order::Probe(Probe { delay_ms, tries: ROLLBACK_TRIES, ..Probe::new(point, &part.rollback_guard) })
}

/// The guard of a rollback was probed.
fn guarded(view: View<'_>, part: &StepPart, state: &StepState) -> Order {
    let id = &part.step.id;
    let point = Point::Guard(id.clone(), Phase::Rollback);
    let fresh = |probe: &&LastProbe| probe.life == view.state.life();
    let Some(probe) = judge::probed(view, &point).filter(fresh) else { return guard(part, 0) };
    match judge::all(view, &part.rollback_guard, &probe.readings) {
        Ok(()) => statement(part, 0, state.back_attempt + 1),
        Err(why) => Order::Record(Event::Refused { step: Some(id.clone()), phase: Phase::Rollback, why }),
    }
}

/// Performs a statement of a rollback; or looks at what they did.
fn statement(part: &StepPart, index: u32, attempt: u32) -> Order {
    let id = &part.step.id;
    if (index as usize) < part.statements(Phase::Rollback).len() {
        let claim = Claim { step: id.clone(), phase: Phase::Rollback, attempt, statement: index };
        return Order::Perform(claim);
    }
    let cells = part.changes.clone();
    let conditions = &part.rollback_ensures;
    let point = Point::Ensures(id.clone(), Phase::Rollback);
    Order::Probe(Probe { cells, ..Probe::new(point, conditions) })
}

/// A statement of a rollback is over.
fn between(view: View<'_>, part: &StepPart, state: &StepState) -> Order {
    let claim = state.claim.as_ref().filter(|known| {
        let ended_well = matches!(&known.outcome, Some(Outcome::Performed(report)) if report.ok);
        known.claim.phase == Phase::Rollback
            && known.claim.attempt == state.back_attempt
            && known.claim.statement + u32::from(ended_well) == state.back_statements
    });
    if let Some(claim) = claim {
        match &claim.outcome {
            None => return Order::Examine(claim.claim.clone()),
            Some(Outcome::Unknown { why, .. } | Outcome::NotPerformed { why }) => {
                return again(part, state, why);
            }
            Some(Outcome::Performed(report)) if !report.ok => return again(part, state, &report.why),
            Some(Outcome::Performed(report)) => {
                let statements = part.statements(Phase::Rollback);
                let name = step::name_of(statements.get(claim.claim.statement as usize));
                if let (Some(name), Some(value)) = (name, &report.value)
                    && state.named <= claim.claim.statement
                {
                    let id = surefoot_plan::ValueId { step: Some(part.step.id.clone()), name: name.clone() };
                    let at = Some(claim.claim.clone());
                    return Order::Record(Event::Bound { id, value: value.clone(), at, answered: None });
                }
            }
        }
    }
    let _ = view;
    statement(part, state.back_statements, state.back_attempt)
}

/// Tries a rollback again, or gives up.
fn again(part: &StepPart, state: &StepState, why: &str) -> Order {
    if state.back_attempt - state.back_free.min(state.back_attempt) < ROLLBACK_TRIES {
        return guard(part, ROLLBACK_PAUSE_MS);
    }
    stuck(&part.step.id, why.to_owned())
}

/// A rollback failed for good.
fn stuck(id: &StepId, why: String) -> Order {
    Order::Record(Event::Stuck { debt: Debt::Rollback(id.clone()), why })
}

/// What a rollback brings back was probed.
fn observed(view: View<'_>, part: &StepPart, state: &StepState) -> Order {
    let id = &part.step.id;
    let point = Point::Ensures(id.clone(), Phase::Rollback);
    let Some(probe) = judge::probed(view, &point) else {
        return Order::Probe(Probe {
            cells: part.changes.clone(),
            ..Probe::new(point, &part.rollback_ensures)
        });
    };
    let debt = Debt::Rollback(id.clone());
    if state.back_attempt == 0
        && let Some(enter) = scope::empty(view, part)
    {
        let fresh = StepState::default();
        let entered = view.state.step(&enter.step.id).unwrap_or(&fresh);
        return match as_recorded(view, &enter, entered, probe) {
            Ok(()) => {
                let why = "nothing that was done in the scope is owed, and all is as before it was entered";
                Order::Record(Event::Paid { debt, skipped: Some(why.to_owned()) })
            }
            Err(_) => guard(part, 0),
        };
    }
    if state.back_attempt == 0 {
        return match as_recorded(view, part, state, probe) {
            Ok(()) => {
                let why = "a later rollback brought its facts back".to_owned();
                Order::Record(Event::Paid { debt, skipped: Some(why) })
            }
            Err(_) => guard(part, 0),
        };
    }
    let restored = judge::all(view, &part.rollback_ensures, &probe.readings)
        .map_err(|why| why.to_string())
        .and_then(|()| as_recorded(view, part, state, probe));
    match restored {
        Ok(()) => Order::Record(Event::Paid { debt, skipped: None }),
        Err(why) => again(part, state, &format!("its statements ended well, but {why}")),
    }
}

/// Whether what a step changed is as it was recorded, but for what it leaves and what its rollback sets
/// itself.
fn as_recorded(view: View<'_>, part: &StepPart, state: &StepState, probe: &LastProbe) -> Result<(), String> {
    let known = Known::with(view.program, view.state, &probe.readings);
    let own: Vec<Cell> = part.rollback_ensures.iter().flat_map(|set| set.formula.cells()).cloned().collect();
    let skip = |cell: &Cell| {
        let same = |other: &Cell| ground(other, &known).is_ok_and(|other| other == *cell);
        part.leaves.iter().any(same) || (state.back_attempt > 0 && own.iter().any(same))
    };
    for before in state.base.iter().filter(|before| !skip(&before.cell)) {
        // What was not known before cannot be missed now.
        let Answer::Known(wanted) = &before.answer else { continue };
        let fact = || view.names().cell(&before.cell);
        match known.fact(&before.cell) {
            None => return Err(format!("it cannot be told whether {} is {wanted} again", fact())),
            Some(now) if now == *wanted => {}
            Some(now) if same_to(part, &before.cell, wanted, &now, &known) => {}
            Some(now) => return Err(format!("{} is {now}, not {wanted} as before", fact())),
        }
    }
    Ok(())
}

/// Whether two answers are the same to the step that changed the fact: both are, or are not, what it ensures.
fn same_to(part: &StepPart, cell: &Cell, was: &Value, now: &Value, known: &Known<'_>) -> bool {
    let about = |ensure: &&Ensure| ground(&ensure.literal.atom.cell, known).as_ref() == Ok(cell);
    let ensured = part.step.ensures.iter().filter(about);
    let tests: Vec<&Test> = ensured.map(|ensure| &ensure.literal.atom.test).collect();
    !tests.is_empty()
        && tests.iter().all(|test| judge::has_leeway(test))
        && judge::same_verdict(&tests, was, now, known)
}

/// Whether later rollbacks that were paid set, by their own `ensures`, all that a step changed.
fn covered_by_later(view: View<'_>, part: &StepPart) -> bool {
    let restores: Vec<&Cell> = part.changes.iter().filter(|cell| !part.leaves.contains(cell)).collect();
    if restores.is_empty() {
        return false;
    }
    let paid = view.state.steps().filter(|(_, state)| state.back == BackStage::Paid);
    let paid: Vec<_> = paid.filter_map(|(id, _)| view.program.step(id)).collect();
    let set: Vec<&Condition> = paid.iter().flat_map(|part| &part.rollback_ensures).collect();
    restores.iter().all(|cell| set.iter().any(|set| set.formula.cells().contains(cell)))
}

/// All is paid: every changed fact is compared with what was recorded.
fn at_end(view: View<'_>) -> Order {
    let cells: Vec<Cell> = view
        .state
        .base()
        .iter()
        .filter(|(cell, base)| {
            let Some(part) = view.program.step(&base.step) else { return false };
            let acted = view.state.step(&base.step).is_some_and(|state| state.acted);
            let known = Known::with(view.program, view.state, &[]);
            let left = part.leaves.iter().any(|left| ground(left, &known).is_ok_and(|left| left == **cell));
            acted && !left
        })
        .map(|(cell, _)| cell.clone())
        .collect();
    if cells.is_empty() {
        return end::restored(view, None);
    }
    match judge::probed(view, &Point::Restored) {
        Some(probe) => end::restored(view, Some(probe)),
        None => Order::Probe(Probe { cells, ..Probe::new(Point::Restored, &[]) }),
    }
}
