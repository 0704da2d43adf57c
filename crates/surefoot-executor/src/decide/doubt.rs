//! What ends a doubt: the claim, the class, the facts, a person. The first that answers wins.

use surefoot_journal::{Effect, Event, HeldWhy, Outcome, Point, ResolvedBy, StepState};
use surefoot_plan::Class;

use super::judge::Witnesses;
use super::{Order, Probe, View, judge, step};
use crate::program::StepPart;

/// What follows for a step in doubt.
pub(super) fn next(view: View<'_>, part: &StepPart, state: &StepState) -> Order {
    let id = &part.step.id;
    let person = Order::Record(Event::Held { why: HeldWhy::Doubt(id.clone()) });
    let cut_off = state.claim.as_ref().filter(|claim| matches!(claim.outcome, Some(Outcome::Unknown { .. })));
    if let Some(claim) = cut_off {
        if !claim.over {
            // Nothing that may still run is done again, and its facts may yet change.
            return if claim.examined == 0 { Order::Examine(claim.claim.clone()) } else { person };
        }
        let left = state.free || state.failures < part.step.retry.as_ref().map_or(0, |retry| retry.times);
        if left && matches!(part.step.class, Class::Read | Class::Idempotent) {
            return resolved(part, Effect::Part, ResolvedBy::Class, "twice is the same as once".into());
        }
    }
    if part.ensures.is_empty() && part.undone_when.is_empty() {
        return person;
    }
    let point = Point::Doubt(id.clone());
    let Some(probe) = judge::probed(view, &point).filter(|_| state.doubts > 0) else {
        let cells = part.undone_when.iter().flat_map(|when| when.formula.cells()).cloned().collect();
        return Order::Probe(Probe { cells, ..Probe::new(point, &part.ensures) });
    };
    let readings = &probe.readings;
    if view.state.pending_seal() == Some(id)
        && !part.undone_when.is_empty()
        && judge::all(view, &part.undone_when, readings).is_ok()
    {
        return resolved(part, Effect::None, ResolvedBy::Facts, step::conditions(&part.undone_when));
    }
    let all_hold = !part.ensures.is_empty() && judge::all(view, &part.ensures, readings).is_ok();
    match judge::witnesses(view, part, state, readings) {
        Witnesses::AllTrue if all_hold => {
            resolved(part, Effect::Full, ResolvedBy::Facts, step::conditions(&part.ensures))
        }
        // Its statements are known to have ended well; only the facts were in doubt.
        Witnesses::None if all_hold && cut_off.is_none() => {
            resolved(part, Effect::Full, ResolvedBy::Facts, step::conditions(&part.ensures))
        }
        Witnesses::AllFalse => resolved(part, Effect::Part, ResolvedBy::Facts, "no effect is seen".into()),
        Witnesses::Mixed => {
            resolved(part, Effect::Part, ResolvedBy::Facts, "some of its effect is seen, not all".into())
        }
        Witnesses::None | Witnesses::AllTrue | Witnesses::Unknown => person,
    }
}

/// The doubt is over.
fn resolved(part: &StepPart, effect: Effect, by: ResolvedBy, evidence: String) -> Order {
    Order::Record(Event::Resolved { step: part.step.id.clone(), effect, by, evidence })
}
