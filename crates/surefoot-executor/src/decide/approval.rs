//! Whether the yes of a second person, or of several, is there, and still counts.

use surefoot_journal::{ApprovalAnswer, ApprovalState, Event, Point, Reading};
use surefoot_plan::{Approval, eval, ground};

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
        None => (source, view.state.approval(source).filter(|asked| asked.is_answered())),
    };
    let Some(asked) = asked else { return Some(ask(view, step, approval)) };
    if let Some(answer) = asked.refusal() {
        let why = match answer.comment.as_str() {
            "" => format!("{} did not approve it", answer.by.user),
            comment => format!("{} did not approve it: {comment}", answer.by.user),
        };
        return Some(Order::Record(Event::NotDone { step: id.clone(), why }));
    }
    let gone = asked.answers.iter().find_map(|answer| Some((answer, gone(view, approval, answer)?)));
    if let Some((answer, why)) = gone {
        // The others keep theirs. Where nobody else has said yes, it is asked anew, with what is so now.
        let by = (asked.answers.len() > 1 && asked_for == id).then(|| answer.by.clone());
        return Some(Order::Record(Event::ApprovalVoided { step: asked_for.clone(), by, why }));
    }
    if !asked.is_answered() {
        return Some(Order::Approve(id.clone()));
    }
    let why = changed(view, asked, evidence)?;
    Some(Order::Record(Event::ApprovalVoided { step: asked_for.clone(), by: None, why }))
}

/// Why one person's yes counts no more; none if it does.
fn gone(view: View<'_>, approval: &Approval, answer: &ApprovalAnswer) -> Option<String> {
    if view.now.since(answer.at) > approval.expires_ms {
        return Some(format!("the approval of {} has expired", answer.by.user));
    }
    if view.state.operators().iter().any(|operator| operator.uid == answer.by.uid) {
        return Some(format!("{} runs this now, and cannot approve it", answer.by.user));
    }
    None
}

/// What is not as it was shown to those who said yes; none if all is.
fn changed(view: View<'_>, asked: &ApprovalState, evidence: Option<&[Reading]>) -> Option<String> {
    for before in &asked.shown {
        let now = evidence?.iter().find(|reading| reading.cell == before.cell)?;
        if shown(&now.answer) != shown(&before.answer) {
            let fact = view.names().cell(&before.cell);
            let names: Vec<&str> = asked.answers.iter().map(|answer| answer.by.user.as_str()).collect();
            let were = if names.len() == 1 { "was" } else { "were" };
            return Some(format!("{fact} is not what {} {were} shown", names.join(" and ")));
        }
    }
    None
}

/// Probes what is shown, then asks.
fn ask(view: View<'_>, step: &StepPart, approval: &Approval) -> Order {
    let id = &step.step.id;
    let point = Point::Shown(id.clone());
    let Some(probe) = super::judge::probed(view, &point) else {
        return Order::Probe(Probe { cells: approval.showing.clone(), ..Probe::new(point, &[]) });
    };
    let known = Known { now: Some(view.now), ..Known::with(view.program, view.state, &[]) };
    let mut values = Vec::new();
    for shown in &approval.values {
        match eval(&shown.value, &known) {
            Ok(value) => values.push((shown.text.clone(), value)),
            Err(why) => {
                let why = format!("nobody was asked for their yes: `{}` has no value: {why}", shown.name());
                return Order::Record(Event::NotDone { step: id.clone(), why });
            }
        }
    }
    Order::Record(Event::ApprovalAsked {
        step: id.clone(),
        role: approval.role.clone(),
        people: approval.people,
        shown: probe.readings.clone(),
        values,
        expires_ms: approval.expires_ms,
    })
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
