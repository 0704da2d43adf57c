//! Loops whose list the run finds: the list is found, looked at as a whole, and recorded; and what follows when
//! something fails in a turn.

use surefoot_journal::{Event, Failure, HeldWhy, LastProbe, Point, Refusal, Turning};
use surefoot_plan::{Cell, ItemsError, OnFailure, eval};

use super::{Order, Probe, View, judge};
use crate::ask::push_cells;
use crate::known::Known;
use crate::program::{EachPart, Part};

/// Begins a loop. Whatever is wrong with its list is found before the first turn: nothing is done then.
pub(super) fn next(view: View<'_>, part: &EachPart) -> Order {
    let each = &part.each;
    let point = Point::Condition(each.id.clone());
    let mut asked: Vec<&Cell> = Vec::new();
    push_cells(&each.list, &mut asked);
    // What was found before a crash and not recorded as the loop's list may be old by now.
    let fresh = |probe: &&LastProbe| probe.life == view.state.life();
    let readings = match judge::probed(view, &point).filter(fresh) {
        Some(probe) => probe.readings.clone(),
        None if asked.is_empty() => Vec::new(),
        None => {
            let cells = asked.into_iter().cloned().collect();
            return Order::Probe(Probe { cells, ..Probe::new(point, &[]) });
        }
    };
    let found = eval(&each.list, &Known::with(view.program, view.state, &readings));
    Order::Record(match found {
        Err(why) => {
            let message = format!("its list has no value: {why}");
            let condition = format!("for {} in {}", each.item, each.text);
            let why = Refusal { condition, readings, known_false: false, message, drift: false };
            Event::Held { why: HeldWhy::UnknownFact(why) }
        }
        Ok(list) => match each.items(list) {
            Ok(items) => Event::Entered { node: each.id.clone(), items },
            Err(why) => Event::Failed { step: Some(each.id.clone()), why: refused(&each.text, &why) },
        },
    })
}

/// What follows from a failure in a turn: if the loop tolerates it, the turn is taken back, and nothing else.
/// None if the failure is the run's.
pub(super) fn failed(view: View<'_>, failure: &Failure) -> Option<Order> {
    let state = view.state;
    let step = failure.step.as_ref()?;
    let turn = state.turn(step)?;
    let Some(Part::Each(part)) = view.program.part(&turn.node) else { return None };
    let own = view.program.step(step).and_then(|part| part.step.on_failure);
    if matches!(own, Some(OnFailure::Stop | OnFailure::Ask)) {
        return None;
    }
    // Each turn begins anew, so what was sealed before it is no matter.
    if state.seals().iter().any(|seal| state.turn(seal) == Some(turn)) {
        return None;
    }
    let failed = state.failed_turns().iter().filter(|failed| failed.node == turn.node).count();
    let item = state.entered().get(&turn.node)?.get(turn.index as usize)?.clone();
    if failed >= part.each.tolerate as usize {
        return None;
    }
    let (node, why) = (turn.node.clone(), failure.why.clone());
    Some(Order::Record(Event::TurnsFailed { node, items: vec![item], why }))
}

/// All that these turns owe is paid: the run goes forward again, behind them.
pub(super) fn taken_back(view: View<'_>, turning: &Turning) -> Order {
    let items = view.state.entered().get(&turning.node).map_or(&[][..], |items| items);
    let items = items.iter().take(turning.last as usize + 1).skip(turning.first as usize);
    Order::Record(Event::TurnsTakenBack { node: turning.node.clone(), items: items.cloned().collect() })
}

/// Why a list cannot be gone through, in a sentence without its stop.
fn refused(text: &str, why: &ItemsError) -> String {
    let of = |what: String| format!("the list `{text}` {what}, so nothing of the loop was done");
    match why {
        ItemsError::NoList(_) => of("is no list".into()),
        ItemsError::TooMany { found, max } => of(format!("has {found} items, and at most {max} are allowed")),
        ItemsError::Twice(item) => of(format!("holds {item} twice")),
        ItemsError::NoKey(item) => of(format!("holds {item:?}, which cannot name a turn")),
    }
}
