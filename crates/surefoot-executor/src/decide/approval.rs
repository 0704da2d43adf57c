//! Whether a second person's yes is there, and still counts.

use surefoot_journal::{ApprovalState, Event, Point, Reading};
use surefoot_plan::{Approval, ground};

use super::judge::shown;
use super::{Order, Probe, View};
use crate::known::Known;
use crate::program::StepPart;

/// What is to be done about the yes that a step needs; nothing if it is there.
///
/// `evidence` is what was probed just now, where it was: a changed verdict voids the yes.
pub(super) fn needed(view: View<'_>, step: &StepPart, evidence: Option<&[Reading]>) -> Option<Order> {
    let id = &step.step.id;
    if step.uncovered {
        let why = "it is irreversible and nobody approved it".to_owned();
        return Some(Order::Record(Event::NotDone { step: id.clone(), why }));
    }
    let (source, approval) = step.approval.as_ref()?;
    // Its own yes, or that of the step before it which covers it.
    let (asked_for, asked) = match view.state.approval(id) {
        Some(asked) => (id, Some(asked)),
        None => (source, view.state.approval(source).filter(|asked| asked.answer.is_some())),
    };
    let Some(asked) = asked else { return Some(ask(view, step, approval)) };
    let Some(answer) = &asked.answer else { return Some(Order::Approve(id.clone())) };
    if !answer.approved {
        let why = match answer.comment.as_str() {
            "" => format!("{} did not approve it", answer.by.user),
            comment => format!("{} did not approve it: {comment}", answer.by.user),
        };
        return Some(Order::Record(Event::NotDone { step: id.clone(), why }));
    }
    let why = void(view, approval, asked, evidence)?;
    Some(Order::Record(Event::ApprovalVoided { step: asked_for.clone(), why }))
}

/// Why a yes counts no more; none if it does.
fn void(
    view: View<'_>,
    approval: &Approval,
    asked: &ApprovalState,
    evidence: Option<&[Reading]>,
) -> Option<String> {
    let answer = asked.answer.as_ref()?;
    if view.now.since(answer.at) > approval.expires_ms {
        return Some(format!("the approval of {} has expired", answer.by.user));
    }
    if view.state.operators().iter().any(|operator| operator.uid == answer.by.uid) {
        return Some(format!("{} runs this now, and cannot approve it", answer.by.user));
    }
    for before in &asked.shown {
        let now = evidence?.iter().find(|reading| reading.cell == before.cell)?;
        if shown(&now.answer) != shown(&before.answer) {
            let fact = view.names().cell(&before.cell);
            return Some(format!("{fact} is not what {} was shown", answer.by.user));
        }
    }
    None
}

/// Probes what is shown, then asks.
fn ask(view: View<'_>, step: &StepPart, approval: &Approval) -> Order {
    let id = &step.step.id;
    let point = Point::Shown(id.clone());
    match super::judge::probed(view, &point) {
        Some(probe) => Order::Record(Event::ApprovalAsked {
            step: id.clone(),
            role: approval.role.clone(),
            shown: probe.readings.clone(),
        }),
        None => Order::Probe(Probe { cells: approval.showing.clone(), ..Probe::new(point, &[]) }),
    }
}

/// The cells that a step's approver was shown, as they are now.
pub(super) fn evidence(view: View<'_>, step: &StepPart) -> Vec<surefoot_plan::Cell> {
    let Some((source, approval)) = &step.approval else { return Vec::new() };
    let known = Known::with(view.program, view.state, &[]);
    let asked = view.state.approval(&step.step.id).or_else(|| view.state.approval(source));
    match asked {
        Some(asked) => asked.shown.iter().map(|reading| reading.cell.clone()).collect(),
        None => approval.showing.iter().filter_map(|cell| ground(cell, &known).ok()).collect(),
    }
}
