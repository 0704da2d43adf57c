//! Branches that are done at the same time: what each does next, and when all of them halt.
//!
//! Must hold:
//! - a branch is decided about by what happened in it alone;
//! - once something failed, a person asked to stop, or a branch waits for a person, nothing new begins in any
//!   branch: what runs is finished, and only when all are at rest the run goes back or asks;
//! - behind the block nothing begins before every branch is over.

use surefoot_journal::{Event, HeldWhy, Line, Phase, Point};
use surefoot_plan::StepId;

use super::{Given, Order, View, failure, flow};
use crate::program::Part;

/// Begins a block.
pub(super) fn begin(block: &StepId) -> Order {
    Order::Record(Event::Branched { node: block.clone() })
}

/// Returns what the branches that are under way do next.
pub(super) fn next(view: View<'_>, block: &StepId, lines: &[Line]) -> Vec<Given> {
    let state = view.state;
    let Some(Part::Parallel(part)) = view.program.part(block) else {
        unreachable!("the fold refuses branches of what is no block")
    };
    // What failed is looked at again only when somebody decided to go on.
    let failed_in = state.failure().and_then(|failure| state.branch(failure.step.as_ref()?));
    let in_branch = |(line, at): (_, u32)| {
        if failed_in == Some((block, at)) {
            return None;
        }
        let first = view.program.first_of(&part, at);
        flow::in_branch(View { line: Some(line), ..view }, first).map(|order| (at, order))
    };
    let orders: Vec<(u32, Order)> = lines.iter().zip(0..).filter_map(in_branch).collect();
    let waits = orders.iter().find_map(|(_, order)| match order {
        Order::Record(event @ Event::Held { .. }) => Some(event.clone()),
        Order::Record(_) | Order::Let(_) | Order::Probe(_) | Order::Prepare(_) | Order::Perform(_) => None,
        Order::Examine(_) | Order::Approve(_) | Order::Collect(_) | Order::Pause(_) | Order::Ask => None,
    });
    if state.failure().is_none() && state.cancel().is_none() && waits.is_none() {
        if orders.is_empty() {
            return vec![Given::alone(Order::Record(Event::Joined { node: block.clone() }))];
        }
        return orders.into_iter().map(|(branch, order)| Given { branch: Some(branch), order }).collect();
    }
    let failed = state.failure().is_some();
    let finishing = orders.into_iter().filter(|(_, order)| finishes(view, order, failed));
    let finishing: Vec<Given> =
        finishing.map(|(branch, order)| Given { branch: Some(branch), order }).collect();
    if !finishing.is_empty() {
        return finishing;
    }
    // All are at rest.
    let running = lines
        .iter()
        .filter_map(|line| line.active.as_ref())
        .find(|step| state.step(step).is_some_and(|step| step.running().is_some()));
    let order = match (running, waits) {
        // While anything may still run, nothing is taken back.
        (Some(step), _) if failed => Order::Record(Event::Held { why: HeldWhy::Doubt(step.clone()) }),
        (None, _) if failed => failure::next(view),
        (_, _) if state.cancel().is_some() => Order::Record(Event::Held { why: HeldWhy::Cancelled }),
        (_, Some(event)) => Order::Record(event),
        (_, None) => unreachable!("something made them halt"),
    };
    vec![Given::alone(order)]
}

/// Whether an order only finishes what has begun. `failed`: then a step that has more statements is left as it is,
/// because a failure is to be answered; else it is done to its end.
fn finishes(view: View<'_>, order: &Order, failed: bool) -> bool {
    match order {
        Order::Record(Event::Held { .. } | Event::Failed { .. }) => false,
        Order::Record(_) | Order::Examine(_) => true,
        Order::Probe(probe) => match &probe.point {
            Point::Ensures(..) | Point::Invariants(_) | Point::Doubt(_) => true,
            Point::Entry
            | Point::End
            | Point::Guard(..)
            | Point::Base(_)
            | Point::Condition(_)
            | Point::Shown(_)
            | Point::Restored
            | Point::Resume => false,
        },
        Order::Perform(claim) => {
            let begun = view.state.step(&claim.step).is_some_and(|step| {
                step.acted && step.attempt == claim.attempt && claim.phase == Phase::Forward
            });
            begun && !failed
        }
        Order::Let(_)
        | Order::Prepare(_)
        | Order::Approve(_)
        | Order::Collect(_)
        | Order::Pause(_)
        | Order::Ask => false,
    }
}
