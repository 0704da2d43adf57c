//! The ends of a run, and their verdicts.

use std::collections::{BTreeMap, BTreeSet};

use surefoot_journal::{
    Answer, BackStage, Ended, Event, FactsVerdict, ForwardVerdict, HeldWhy, LastProbe, Stage, WayBackVerdict,
};
use surefoot_plan::{Cell, Test, Value, ground};

use super::{Order, View, judge};
use crate::known::Known;

/// The runbook's own conditions did not hold at the start.
pub(super) fn refused(view: View<'_>) -> Order {
    match view.state.refused() {
        Some(why) if !why.known_false => {
            Order::Record(Event::Held { why: HeldWhy::UnknownFact(why.clone()) })
        }
        Some(_) | None => {
            ended(view, ForwardVerdict::Refused, WayBackVerdict::NoneNeeded, FactsVerdict::Untouched)
        }
    }
}

/// A failure before anything acted.
pub(super) fn nothing_to_do(view: View<'_>) -> Order {
    let failed = view.state.failure().and_then(|failure| failure.step.as_ref());
    let refused = failed
        .and_then(|id| view.state.step(id))
        .is_some_and(|step| step.stage == Stage::Failed && step.refusal.is_some());
    let forward = if refused { ForwardVerdict::Refused } else { ForwardVerdict::Failed };
    ended(view, forward, WayBackVerdict::NoneNeeded, FactsVerdict::Untouched)
}

/// The run came to a `stop`: it ends well, and what the runbook ensures is not asked.
pub(super) fn early(view: View<'_>) -> Order {
    let facts = if view.state.has_acted() { FactsVerdict::NotAsked } else { FactsVerdict::Untouched };
    Order::Record(Event::Ended(Ended {
        forward: good(view, ForwardVerdict::Stopped),
        way_back: WayBackVerdict::NoneNeeded,
        facts,
        owed: Vec::new(),
    }))
}

/// A good end, unless turns failed on the way there.
pub(super) fn good(view: View<'_>, end: ForwardVerdict) -> ForwardVerdict {
    if view.state.failed_turns().is_empty() { end } else { ForwardVerdict::DoneWithFailures }
}

/// The run ends here, and what is owed stays owed.
pub(super) fn stopped(view: View<'_>) -> Order {
    let owing = view.state.owed().len() > 0 || view.state.pending_seal().is_some();
    let way_back = match owing {
        true if in_back(view, BackStage::Stuck) => WayBackVerdict::Stuck,
        true => WayBackVerdict::Owing,
        false => WayBackVerdict::NoneNeeded,
    };
    // Not probed: who stops a run wants it to end.
    let facts = if view.state.has_acted() { FactsVerdict::Unknown } else { FactsVerdict::Untouched };
    ended(view, forward(view), way_back, facts)
}

/// The whole way back was gone.
pub(super) fn restored(view: View<'_>, probe: Option<&LastProbe>) -> Order {
    // Whatever was owed has been met by now: paid, found to need nothing, or let go.
    let owed = view.state.steps().any(|(_, step)| step.back != BackStage::Untouched);
    let way_back = match (view.state.seals().is_empty(), owed) {
        (false, _) => WayBackVerdict::ToTheSeal,
        (true, true) if in_back(view, BackStage::Forgiven) => WayBackVerdict::LetGo,
        (true, true) => WayBackVerdict::Complete,
        (true, false) => WayBackVerdict::NoneNeeded,
    };
    if !view.state.has_acted() {
        return ended(view, forward(view), WayBackVerdict::NoneNeeded, FactsVerdict::Untouched);
    }
    let mut facts = FactsVerdict::AsBefore;
    let tests = Tests::of(view);
    for reading in probe.iter().flat_map(|probe| &probe.readings) {
        let Some(base) = view.state.base().get(&reading.cell) else { continue };
        facts = match (&base.answer, &reading.answer) {
            _ if facts == FactsVerdict::NotAsBefore => facts,
            (Answer::Known(before), Answer::Known(now)) if before == now => facts,
            (Answer::Known(before), Answer::Known(now)) if tests.same(&reading.cell, before, now) => facts,
            (Answer::Known(_), Answer::Known(_)) => FactsVerdict::NotAsBefore,
            (Answer::Unknown(_), _) | (_, Answer::Unknown(_)) => FactsVerdict::Unknown,
        };
    }
    let left = view.state.steps().any(|(id, step)| {
        step.acted && view.program.step(id).is_some_and(|part| !part.step.leaves.is_empty())
    });
    if facts == FactsVerdict::AsBefore && (left || in_back(view, BackStage::Forgiven)) {
        facts = FactsVerdict::AsBeforeExcept;
    }
    ended(view, forward(view), way_back, facts)
}

/// Whether the rollback of some step stands so.
fn in_back(view: View<'_>, stage: BackStage) -> bool {
    view.state.steps().any(|(_, step)| step.back == stage)
}

/// How a run looks at its facts.
struct Tests<'a> {
    /// The facts that a step sets exactly, or does not set at all: they are as before, or they are not.
    exact: BTreeSet<Cell>,
    /// Every test that the plan makes of a fact. Answers that pass the same ones lie in one region of the
    /// verifier, and are one to all that it proved.
    asked: BTreeMap<Cell, Vec<Test>>,
    /// The values of the run.
    known: Known<'a>,
}

impl<'a> Tests<'a> {
    /// Gathers them.
    fn of(view: View<'a>) -> Tests<'a> {
        let known = Known::with(view.program, view.state, &[]);
        let mut asked: BTreeMap<Cell, Vec<Test>> = BTreeMap::new();
        for atom in view.program.atoms() {
            if let Ok(cell) = ground(&atom.cell, &known) {
                asked.entry(cell).or_default().push(atom.test);
            }
        }
        let acted = view.state.steps().filter(|(_, step)| step.acted);
        let mut exact = BTreeSet::new();
        for part in acted.filter_map(|(id, _)| view.program.step(id)) {
            let with_leeway = |cell: &Cell| {
                let mut set = part.step.ensures.iter().filter(|ensure| ensure.literal.atom.cell == *cell);
                set.clone().next().is_some() && set.all(|ensure| judge::has_leeway(&ensure.literal.atom.test))
            };
            let cells = part.changes.iter().filter(|cell| !with_leeway(cell));
            exact.extend(cells.filter_map(|cell| ground(cell, &known).ok()));
        }
        Tests { exact, asked, known }
    }

    /// Whether a fact is as before, although its answer is another.
    fn same(&self, cell: &Cell, before: &Value, now: &Value) -> bool {
        let asked = self.asked.get(cell).filter(|_| !self.exact.contains(cell));
        asked.is_some_and(|tests| {
            let tests: Vec<&Test> = tests.iter().collect();
            judge::same_verdict(&tests, before, now, &self.known)
        })
    }
}

/// How far the run came, if not to its end.
fn forward(view: View<'_>) -> ForwardVerdict {
    if view.state.cancelled() { ForwardVerdict::Cancelled } else { ForwardVerdict::Failed }
}

/// The run is over.
fn ended(view: View<'_>, forward: ForwardVerdict, way_back: WayBackVerdict, facts: FactsVerdict) -> Order {
    let owed = view.state.owed().cloned().collect();
    Order::Record(Event::Ended(Ended { forward, way_back, facts, owed }))
}
