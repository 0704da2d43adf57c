//! The way forward through the plan: its beginning, waits, choices, and its end.

use surefoot_journal::{
    Ended, Event, FactsVerdict, FinishedHow, ForwardVerdict, HeldWhy, Phase, Point, Reading, Refusal,
    StepState, WayBackVerdict,
};
use surefoot_plan::{Tri, ValueId, decide_formula};

use super::{Order, Probe, View, branches, each, end, failure, judge, step};
use crate::known::Known;
use crate::program::{AssumePart, IfPart, Part, StepPart, WaitPart};

/// Returns what a run that faces forward does next.
pub(super) fn next(view: View<'_>) -> Order {
    let state = view.state;
    if state.refused().is_some() {
        return end::refused(view);
    }
    if state.failure().is_some() {
        return failure::next(view);
    }
    if let Some(active) = view.active()
        && let Some(part) = view.program.step(active)
    {
        return step::next(view, &part);
    }
    if state.cancel().is_some() {
        return Order::Record(Event::Held { why: HeldWhy::Cancelled });
    }
    if view.finished().is_none()
        && view.again().is_none()
        && let Some(order) = start(view)
    {
        return order;
    }
    match go_on(view, view.program.first()) {
        Next::Order(order) => order,
        Next::Part(part) => match each::wave(view, part.id()) {
            Some(order) => order,
            None => begin(view, &part),
        },
        Next::Over => at_end(view),
    }
}

/// Returns what a branch does next; none if it is over.
pub(super) fn in_branch(view: View<'_>, first: Option<Part>) -> Option<Order> {
    if let Some(active) = view.active()
        && let Some(part) = view.program.step(active)
    {
        return Some(step::next(view, &part));
    }
    match go_on(view, first) {
        Next::Order(order) => Some(order),
        Next::Part(part) => Some(begin(view, &part)),
        Next::Over => None,
    }
}

/// What follows on a line where no step is under way.
#[expect(clippy::large_enum_variant, reason = "made and taken apart once for each order")]
enum Next {
    /// This is to be done first.
    Order(Order),
    /// This part begins.
    Part(Part),
    /// Nothing follows.
    Over,
}

/// Returns what follows on a line that begins with this part.
fn go_on(view: View<'_>, first: Option<Part>) -> Next {
    if let Some(again) = view.again()
        && let Some(part) = view.program.part(again)
    {
        return Next::Order(begin(view, &part));
    }
    let Some(finished) = view.finished() else { return first.map_or(Next::Over, Next::Part) };
    if let Some(order) = after_step(view) {
        return Next::Order(order);
    }
    // A wait that gave up and has nothing else to do fails.
    if finished.how == FinishedHow::Waited(false)
        && let Some(Part::Wait(wait)) = view.program.part(&finished.node)
        && (wait.wait.otherwise.is_empty() || view.program.is_unreachable(&finished.node, Tri::False))
    {
        return Next::Order(failed_wait(&wait));
    }
    view.program.after(finished).map_or(Next::Over, Next::Part)
}

/// Begins a part of the plan.
fn begin(view: View<'_>, part: &Part) -> Order {
    match part {
        Part::Step(part) => step::next(view, part),
        Part::Wait(wait) => next_of_wait(view, wait),
        Part::If(choice) => next_of_if(view, choice),
        Part::Each(part) => each::next(view, part),
        Part::Parallel(part) => branches::begin(&part.id),
        Part::Assume(assumed) => next_of_assume(view, assumed),
        Part::Stop(id, why) => Order::Record(Event::Stopped { stop: id.clone(), why: why.to_string() }),
    }
}

/// The beginning: the runbook's `let`s, then what must hold at the start. None when it may begin.
fn start(view: View<'_>) -> Option<Order> {
    let bound = view.state.bound();
    let missing = view
        .program
        .plan()
        .lets
        .iter()
        .position(|read| !bound.contains_key(&ValueId { step: None, name: read.name.clone() }));
    if let Some(index) = missing {
        return Some(Order::Let(index));
    }
    let entry = &view.program.entry;
    if entry.is_empty() {
        return None;
    }
    let fresh = |probe: &&surefoot_journal::LastProbe| probe.life == view.state.life();
    let point = Point::Entry;
    // The first wait or `if` probes too, and so does what an approver of the first step is shown: that the entry
    // held is then known from it.
    if let Some(Point::Condition(_) | Point::Shown(_)) =
        view.last_probe().filter(fresh).map(|probe| &probe.point)
    {
        return None;
    }
    let Some(probe) = judge::probed(view, &point).filter(fresh) else {
        return Some(Order::Probe(Probe::new(point, entry)));
    };
    let why = judge::all(view, entry, &probe.readings).err()?;
    Some(Order::Record(if why.known_false {
        Event::Refused { step: None, phase: Phase::Forward, why }
    } else {
        Event::Held { why: HeldWhy::UnknownFact(why) }
    }))
}

/// What is left to do after a step that is done: the seal, then the invariants. None if nothing.
fn after_step(view: View<'_>) -> Option<Order> {
    let finished = view.finished()?;
    if finished.how != FinishedHow::Done {
        return None;
    }
    let id = &finished.node;
    if view.state.pending_seal() == Some(id) {
        let debts = view.state.to_be_sealed();
        return Some(Order::Record(Event::Sealed { step: id.clone(), debts }));
    }
    let part = view.program.step(id)?;
    invariants(view, &part, view.state.step(id)?)
}

/// Probes the invariants after a changing step. None if they hold.
pub(super) fn invariants(view: View<'_>, part: &StepPart, state: &StepState) -> Option<Order> {
    let conditions = &view.program.invariants;
    if conditions.is_empty() || !part.acts {
        return None;
    }
    let id = &part.step.id;
    let point = Point::Invariants(id.clone());
    let Some(probe) = judge::probed(view, &point) else {
        return if state.checked { None } else { Some(Order::Probe(Probe::new(point, conditions))) };
    };
    let why = judge::all(view, conditions, &probe.readings).err()?;
    Some(Order::Record(if why.known_false {
        let why = format!("after it, an invariant does not hold: {why}");
        Event::Failed { step: Some(id.clone()), why }
    } else {
        Event::Held { why: HeldWhy::UnknownFact(why) }
    }))
}

/// Waits.
fn next_of_wait(view: View<'_>, part: &WaitPart) -> Order {
    let id = &part.wait.id;
    let point = Point::Condition(id.clone());
    let Some(probe) = judge::probed(view, &point) else {
        return Order::Probe(Probe { times: part.wait.times.max(1), ..Probe::new(point, &part.until) });
    };
    let reached = judge::all(view, &part.until, &probe.readings).is_ok();
    Order::Record(Event::Waited { wait: id.clone(), reached })
}

/// Asks what is assumed. What cannot be told is taken for true; what is known false waits for a person.
fn next_of_assume(view: View<'_>, part: &AssumePart) -> Order {
    let point = Point::Condition(part.id.clone());
    let Some(probe) = judge::probed(view, &point) else {
        return Order::Probe(Probe::new(point, &part.condition));
    };
    Order::Record(match judge::all(view, &part.condition, &probe.readings) {
        Err(why) if why.known_false => {
            Event::Held { why: HeldWhy::Assumption { assume: part.id.clone(), why } }
        }
        Err(_) => Event::Assumed { assume: part.id.clone(), found: Tri::Unknown },
        Ok(()) => Event::Assumed { assume: part.id.clone(), found: Tri::True },
    })
}

/// A wait gave up.
fn failed_wait(part: &WaitPart) -> Order {
    let until = &part.wait.until;
    let mut why = format!(
        "`{}` did not come true within {}",
        until.formula,
        surefoot_plan::Value::Duration(until.within_ms)
    );
    if !until.message.is_empty() {
        why = format!("{why}: {}", until.message);
    }
    Order::Record(Event::Failed { step: Some(part.wait.id.clone()), why })
}

/// Chooses. What cannot be told takes its own arm, or stops for a person; where a cause is tried, it goes on.
fn next_of_if(view: View<'_>, part: &IfPart) -> Order {
    let point = Point::Condition(part.id.clone());
    let Some(probe) = judge::probed(view, &point) else {
        return Order::Probe(Probe::new(point, &part.condition));
    };
    let known = Known::with(view.program, view.state, &probe.readings);
    let arm = part
        .condition
        .iter()
        .fold(Tri::True, |all, condition| all.and(decide_formula(&condition.formula, &known)));
    let taken = if part.doubted && arm == Tri::Unknown { Tri::False } else { arm };
    if view.program.is_unreachable(&part.id, taken) {
        return ruled_out(part, probe.readings.clone());
    }
    if arm == Tri::Unknown
        && !part.has_unknown
        && let Err(why) = judge::all(view, &part.condition, &probe.readings)
    {
        return Order::Record(Event::Held { why: HeldWhy::UnknownFact(why) });
    }
    Order::Record(Event::Chose { node: part.id.clone(), arm })
}

/// An arm that the proof rules out would be taken: an assumption broke, and nothing is proved of it.
fn ruled_out(part: &IfPart, readings: Vec<Reading>) -> Order {
    let texts: Vec<&str> = part.condition.iter().map(|condition| condition.text.as_str()).collect();
    let why = Refusal {
        condition: texts.join(" and "),
        readings,
        known_false: true,
        message: "the proof of the plan rules this out, and speaks about nothing that would follow".into(),
        drift: true,
    };
    Order::Record(Event::Held { why: HeldWhy::UnknownFact(why) })
}

/// The end: what the runbook ensures, unless it came to a `stop`.
fn at_end(view: View<'_>) -> Order {
    if view.state.stopped().is_some() {
        return end::early(view);
    }
    let conditions = &view.program.end;
    if !conditions.is_empty() {
        let Some(probe) = judge::probed(view, &Point::End) else {
            return Order::Probe(Probe::new(Point::End, conditions));
        };
        if let Err(why) = judge::all(view, conditions, &probe.readings) {
            return Order::Record(if why.known_false {
                Event::Failed { step: None, why: format!("the runbook's end is not reached: {why}") }
            } else {
                Event::Held { why: HeldWhy::UnknownFact(why) }
            });
        }
    }
    Order::Record(Event::Ended(Ended {
        forward: end::good(view, ForwardVerdict::Done),
        way_back: WayBackVerdict::NoneNeeded,
        facts: FactsVerdict::AsEnsured,
        owed: Vec::new(),
    }))
}
