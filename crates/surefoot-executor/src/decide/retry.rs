//! Whether a step that is not done is tried again.
//!
//! Allowed: if it is known that nothing acted; or if twice is the same as once; or if its witnesses
//! show no effect. Never otherwise, whatever `retry` says: a person may still decide it.

use surefoot_journal::{Effect, Event, Phase, Point, Stage, StepState};
use surefoot_plan::{Cell, Class, ground};

use super::judge::Witnesses;
use super::{Order, Probe, View, flow, judge, scope, step};
use crate::known::Known;
use crate::program::StepPart;

/// What follows for a step that is over and not done.
pub(super) fn next(view: View<'_>, part: &StepPart, state: &StepState) -> Order {
    let id = &part.step.id;
    if view.state.pending_seal() == Some(id) {
        let debts = view.state.to_be_sealed();
        return Order::Record(Event::Sealed { step: id.clone(), debts });
    }
    let times = part.step.retry.as_ref().map_or(0, |retry| retry.times);
    let left = state.free || state.failures <= times;
    let delay_ms = if state.free { 0 } else { part.step.retry.as_ref().map_or(0, |retry| retry.every_ms) };
    let failed = Order::Record(Event::Failed { step: Some(id.clone()), why: state.why.clone() });
    if !left {
        return failed;
    }
    if state.effect == Effect::None {
        // After a no, nobody is asked again: a yes that was refused is a failure.
        let refused = view.state.approval(id).is_some_and(|asked| asked.refusal().is_some());
        let overdue = state.attempt == 0 && scope::overdue(view, part).is_some();
        if overdue || part.uncovered || refused {
            return failed;
        }
        return step::guard(view, part, state, delay_ms);
    }
    match part.step.class {
        Class::Read | Class::Idempotent => step::guard(view, part, state, delay_ms),
        Class::Once => failed,
        Class::Verified => match seen(view, part) {
            None => Order::Probe(Probe::new(Point::Doubt(id.clone()), &part.ensures)),
            Some(readings) => match judge::witnesses(view, part, state, readings) {
                Witnesses::AllFalse => step::guard(view, part, state, delay_ms),
                Witnesses::None | Witnesses::AllTrue | Witnesses::Mixed | Witnesses::Unknown => failed,
            },
        },
    }
}

/// What was last seen of a step's facts since it ended.
fn seen<'a>(view: View<'a>, part: &StepPart) -> Option<&'a [surefoot_journal::Reading]> {
    let id = &part.step.id;
    let probe = view.last_probe().filter(|probe| probe.settled)?;
    let about_it =
        probe.point == Point::Ensures(id.clone(), Phase::Forward) || probe.point == Point::Doubt(id.clone());
    // A probe of `undone when` alone does not ask what the step ensures.
    let asked = |cell: &Cell| {
        let known = Known::with(view.program, view.state, &[]);
        let cell = ground(cell, &known);
        cell.is_err() || probe.readings.iter().any(|reading| cell.as_ref() == Ok(&reading.cell))
    };
    let asks_all = part.step.ensures.iter().all(|ensure| asked(&ensure.literal.atom.cell));
    if about_it && asks_all { Some(&probe.readings) } else { None }
}

/// A person let a failed step go on: it is done by now, or it is done again.
pub(super) fn after_a_decision(view: View<'_>, part: &StepPart, state: &StepState) -> Order {
    let id = &part.step.id;
    if state.effect == Effect::Full {
        // It was done, and an invariant did not hold: that is looked at again.
        return match flow::invariants(view, part, state) {
            Some(order) => order,
            None => Order::Record(Event::Resolved {
                step: id.clone(),
                effect: Effect::Full,
                by: surefoot_journal::ResolvedBy::Facts,
                evidence: "the invariants hold".into(),
            }),
        };
    }
    if !state.acted || part.ensures.is_empty() {
        return step::guard(view, part, state, 0);
    }
    debug_assert_eq!(state.stage, Stage::Failed, "only a failed step is decided about");
    let point = Point::Doubt(id.clone());
    let Some(probe) = judge::probed(view, &point) else {
        return Order::Probe(Probe::new(point, &part.ensures));
    };
    match judge::all(view, &part.ensures, &probe.readings) {
        Ok(()) => Order::Record(Event::Resolved {
            step: id.clone(),
            effect: Effect::Full,
            by: surefoot_journal::ResolvedBy::Facts,
            evidence: step::conditions(&part.ensures),
        }),
        Err(_) => step::guard(view, part, state, 0),
    }
}
