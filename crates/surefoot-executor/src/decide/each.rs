//! Loops whose list the run finds: the list is found, looked at as a whole, and recorded; and what follows when
//! something fails in a turn.

use surefoot_journal::{Event, Failure, HeldWhy, LastProbe, Point, Refusal, Timestamp, Turning};
use surefoot_plan::{Cell, Each, ItemsError, OnFailure, StepId, TurnsBack, eval};

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
    // It was taken back with its wave, and now a person decides.
    if state.failed_turns().contains(turn) {
        return Some(Order::Record(Event::Held { why: HeldWhy::Failed(failure.step.clone()) }));
    }
    let failed = state.failed_turns().iter().filter(|failed| failed.node == turn.node).count();
    let items = state.entered().get(&turn.node)?;
    let (node, why) = (turn.node.clone(), failure.why.clone());
    if failed < part.each.tolerate as usize {
        let items = vec![items.get(turn.index as usize)?.clone()];
        return Some(Order::Record(Event::TurnsFailed { node, items, why, asks: false }));
    }
    match part.each.on_failure {
        TurnsBack::All => None,
        TurnsBack::Wave => {
            let (first, _) = wave_of(&part.each, turn.index, items.len());
            let items = items.iter().take(turn.index as usize + 1).skip(first as usize).cloned().collect();
            Some(Order::Record(Event::TurnsFailed { node, items, why, asks: true }))
        }
    }
}

/// What is to be done before the first part of a wave; nothing where it has begun.
pub(super) fn wave(view: View<'_>, id: &StepId) -> Option<Order> {
    let state = view.state;
    let turn = state.turn(id)?;
    let Some(Part::Each(part)) = view.program.part(&turn.node) else { return None };
    if part.each.waves.is_empty() {
        return None;
    }
    let items = state.entered().get(&turn.node)?;
    let (first, last) = wave_of(&part.each, turn.index, items.len());
    let known = state.wave(&turn.node).filter(|(wave, _)| wave.first == first);
    let Some((wave, not_before)) = known else {
        let pause = if first == 0 { 0 } else { part.each.pause_ms };
        let items = items.iter().take(last as usize + 1).skip(first as usize).cloned().collect();
        let not_before = Timestamp(view.now.0.saturating_add(pause));
        return Some(Order::Record(Event::WaveNext { node: turn.node.clone(), items, not_before }));
    };
    let began = view.finished().and_then(|finished| state.turn(&finished.node));
    if began.is_some_and(|began| wave.has(began)) {
        return None;
    }
    // A clock that was set back never makes it wait for longer than it was to.
    let left = not_before.since(view.now).min(part.each.pause_ms);
    (left > 0).then_some(Order::Pause(left))
}

/// The wave of a turn: its first turn and its last.
fn wave_of(each: &Each, turn: u32, turns: usize) -> (u32, u32) {
    each.wave(turn, u32::try_from(turns).unwrap_or(u32::MAX))
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
