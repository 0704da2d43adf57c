//! Loops whose list the run finds: the list is found, looked at as a whole, and recorded.

use surefoot_journal::{Event, HeldWhy, LastProbe, Point, Refusal};
use surefoot_plan::{Cell, ItemsError, eval};

use super::{Order, Probe, View, judge};
use crate::ask::push_cells;
use crate::known::Known;
use crate::program::EachPart;

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
