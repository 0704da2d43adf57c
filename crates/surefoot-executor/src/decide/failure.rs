//! What a failure means for the run.

use surefoot_journal::{Event, HeldWhy};
use surefoot_plan::OnFailure;

use super::{Order, View, each, end};

/// Returns what follows from the failure that is not answered yet.
pub(super) fn next(view: View<'_>) -> Order {
    let state = view.state;
    let Some(failure) = state.failure() else { unreachable!("only called after a failure") };
    let plan = view.program.plan();
    if (state.collected() as usize) < plan.collect.len() && state.has_acted() {
        return Order::Collect(state.collected());
    }
    if state.cancel().is_none()
        && let Some(order) = each::failed(view, failure)
    {
        return order;
    }
    // After a point of no return nothing is automatic: the only way is forward, and a person says so.
    if !state.seals().is_empty() {
        return Order::Record(Event::Held { why: HeldWhy::Failed(failure.step.clone()) });
    }
    if state.cancel().is_some() {
        return Order::Record(Event::Held { why: HeldWhy::Cancelled });
    }
    let of_step = failure.step.as_ref().and_then(|id| view.program.step(id));
    match of_step.and_then(|part| part.step.on_failure).unwrap_or(plan.on_failure) {
        OnFailure::Rollback if !state.has_acted() => end::nothing_to_do(view),
        OnFailure::Rollback => Order::Record(Event::TurnedBack { why: failure.why.clone() }),
        OnFailure::Stop => end::stopped(view),
        OnFailure::Ask => Order::Record(Event::Held { why: HeldWhy::Failed(failure.step.clone()) }),
    }
}
