//! One step on the way forward: guard, record, act, look.

use surefoot_journal::{Claim, ClaimState, Event, HeldWhy, Outcome, Phase, Point, Stage, StepState};
use surefoot_plan::Statement;

use super::{Order, Probe, View, approval, doubt, flow, judge, retry, scope};
use crate::program::StepPart;

/// Returns what is next for the step that is under way.
pub(super) fn next(view: View<'_>, part: &StepPart) -> Order {
    let fresh = StepState::default();
    let id = &part.step.id;
    let state = view.state.step(id).unwrap_or(&fresh);
    // Where nothing runs and nothing is in doubt, an operator who asked to stop is heard.
    if view.state.cancel().is_some() && may_stop(state.stage) {
        return Order::Record(Event::Held { why: HeldWhy::Cancelled });
    }
    match state.stage {
        Stage::New => scope::overdue(view, part)
            .map(|why| Order::Record(Event::NotDone { step: id.clone(), why }))
            .or_else(|| approval::needed(view, part, None))
            .unwrap_or_else(|| guard(view, part, state, 0)),
        Stage::Guarded => guarded(view, part, state),
        Stage::Prepared => {
            if state.guarded_in != Some(view.state.life()) {
                return guard(view, part, state, 0);
            }
            // An intent is what a yes covers: one that expired while the base was read covers nothing.
            match approval::needed(view, part, None) {
                Some(order) => order,
                None => statement(part, state, 0, state.attempt + 1),
            }
        }
        // Only after a crash: a living executor records the outcome before it decides again.
        Stage::Acting => match &state.claim {
            Some(claim) => Order::Examine(claim.claim.clone()),
            None => unreachable!("a step acts under a claim"),
        },
        Stage::Between => between(view, part, state),
        Stage::Observed => observed(view, part),
        Stage::Doubt => doubt::next(view, part, state),
        Stage::Refused => match &state.refusal {
            None => guard(view, part, state, 0),
            Some(why) if why.known_false => {
                Order::Record(Event::Failed { step: Some(id.clone()), why: state.why.clone() })
            }
            Some(why) => Order::Record(Event::Held { why: HeldWhy::UnknownFact(why.clone()) }),
        },
        Stage::NotDone | Stage::Partial => retry::next(view, part, state),
        Stage::Failed => retry::after_a_decision(view, part, state),
        Stage::Done => match flow::invariants(view, part, state) {
            Some(order) => order,
            None => unreachable!("a step that is done is not under way"),
        },
    }
}

/// Whether nothing of a step runs or is in doubt.
fn may_stop(stage: Stage) -> bool {
    match stage {
        Stage::New | Stage::Guarded | Stage::Prepared | Stage::Refused => true,
        Stage::NotDone | Stage::Partial | Stage::Failed => true,
        Stage::Acting | Stage::Between | Stage::Observed | Stage::Doubt | Stage::Done => false,
    }
}

/// Probes the guard, and again what an approver was shown.
pub(super) fn guard(view: View<'_>, part: &StepPart, state: &StepState, delay_ms: u64) -> Order {
    let point = Point::Guard(part.step.id.clone(), Phase::Forward);
    let cells = approval::evidence(view, part);
    Order::Probe(Probe { cells, delay_ms, ..Probe::new(point, guard_of(part, state)) })
}

/// What must hold before a step: the first time, or again.
fn guard_of<'a>(part: &'a StepPart, state: &StepState) -> &'a [super::Condition] {
    if state.acted { &part.guard_again } else { &part.guard }
}

/// The guard was probed.
fn guarded(view: View<'_>, part: &StepPart, state: &StepState) -> Order {
    let id = &part.step.id;
    let point = Point::Guard(id.clone(), Phase::Forward);
    let fresh = state.guarded_in == Some(view.state.life());
    let Some(probe) = judge::probed(view, &point).filter(|_| fresh) else {
        // After a crash, or after somebody was asked: what was true then is not known to be true now.
        return match approval::needed(view, part, None) {
            Some(order) => order,
            None => guard(view, part, state, 0),
        };
    };
    if let Err(why) = judge::all(view, guard_of(part, state), &probe.readings) {
        return Order::Record(Event::Refused { step: Some(id.clone()), phase: Phase::Forward, why });
    }
    if let Some(order) = approval::needed(view, part, Some(&probe.readings)) {
        return order;
    }
    if state.acted { statement(part, state, 0, state.attempt + 1) } else { Order::Prepare(id.clone()) }
}

/// Performs a statement; or looks at what they did, when there is none left.
fn statement(part: &StepPart, state: &StepState, index: u32, attempt: u32) -> Order {
    let claim = Claim { step: part.step.id.clone(), phase: Phase::Forward, attempt, statement: index };
    if (index as usize) < part.step.body.len() {
        return Order::Perform(claim);
    }
    if part.ensures.is_empty() || (!state.acted && part.step.body.is_empty()) {
        return Order::Record(Event::Done { step: part.step.id.clone() });
    }
    let point = Point::Ensures(part.step.id.clone(), Phase::Forward);
    Order::Probe(Probe::new(point, &part.ensures))
}

/// A statement is over.
fn between(view: View<'_>, part: &StepPart, state: &StepState) -> Order {
    if let Some(claim) = last_claim(state) {
        match &claim.outcome {
            None => return Order::Examine(claim.claim.clone()),
            Some(Outcome::Unknown { why, .. }) => {
                return Order::Record(Event::InDoubt { step: part.step.id.clone(), why: why.clone() });
            }
            Some(Outcome::NotPerformed { why }) => return not_performed(part, state, claim, why),
            Some(Outcome::Performed(report)) if !report.ok => {
                return not_done(view, part, &report.why);
            }
            Some(Outcome::Performed(report)) => {
                // What it printed has a name: the value is in the journal already, and is given it now.
                let name = name_of(part.step.body.get(claim.claim.statement as usize));
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
    statement(part, state, state.statements, state.attempt)
}

/// The last claim, if it is of the attempt and the statement at hand.
fn last_claim(state: &StepState) -> Option<&ClaimState> {
    state.claim.as_ref().filter(|known| {
        let claim = &known.claim;
        let ended_well = matches!(&known.outcome, Some(Outcome::Performed(report)) if report.ok);
        claim.phase == Phase::Forward
            && claim.attempt == state.attempt
            && claim.statement + u32::from(ended_well) == state.statements
    })
}

/// The name that what a statement prints has.
pub(super) fn name_of(statement: Option<&Statement>) -> Option<&surefoot_plan::Name> {
    match statement {
        Some(Statement::Command { name, .. }) => name.as_ref(),
        Some(
            Statement::Library(_)
            | Statement::Read(_)
            | Statement::Manual(_)
            | Statement::Note(_)
            | Statement::Notify { .. },
        )
        | None => None,
    }
}

/// It is proved that a statement did not act.
fn not_performed(part: &StepPart, state: &StepState, claim: &ClaimState, why: &str) -> Order {
    let step = part.step.id.clone();
    if !state.acted {
        return Order::Record(Event::NotDone { step, why: why.to_owned() });
    }
    // A crash came between the intent and the act, and every earlier statement ended well: it goes on.
    if state.free {
        return statement(part, state, claim.claim.statement, state.attempt + 1);
    }
    Order::Record(Event::Partial { step, why: why.to_owned() })
}

/// A step is over and not done. An irreversible one may prove that it never happened.
fn not_done(view: View<'_>, part: &StepPart, why: &str) -> Order {
    let step = part.step.id.clone();
    if view.state.pending_seal() == Some(&step) && !part.undone_when.is_empty() {
        let point = Point::Doubt(step.clone());
        let Some(probe) = judge::probed(view, &point) else {
            return Order::Probe(Probe::new(point, &part.undone_when));
        };
        if judge::all(view, &part.undone_when, &probe.readings).is_ok() {
            let why = format!("{why}; it never happened, because {}", conditions(&part.undone_when));
            return Order::Record(Event::NotDone { step, why });
        }
    }
    Order::Record(Event::Partial { step, why: why.to_owned() })
}

/// Conditions as one text.
pub(super) fn conditions(conditions: &[super::Condition]) -> String {
    conditions.iter().map(|condition| format!("`{}`", condition.text)).collect::<Vec<_>>().join(" and ")
}

/// What a step ensures was probed.
fn observed(view: View<'_>, part: &StepPart) -> Order {
    let step = part.step.id.clone();
    let point = Point::Ensures(step.clone(), Phase::Forward);
    let probe = match view.last_probe() {
        Some(probe) if probe.settled && probe.point == point => probe,
        // What proves that an irreversible step never happened was probed since, because it is not done.
        Some(probe) if probe.settled && probe.point == Point::Doubt(step.clone()) => {
            return not_done(view, part, "it ended well, and what it ensures is not so");
        }
        Some(_) | None => return Order::Probe(Probe::new(point, &part.ensures)),
    };
    match judge::all(view, &part.ensures, &probe.readings) {
        Ok(()) => Order::Record(Event::Done { step }),
        Err(why) if why.known_false => {
            not_done(view, part, &format!("it ended well, and what it ensures is not so: {why}"))
        }
        Err(why) => Order::Record(Event::InDoubt { step, why: why.to_string() }),
    }
}
