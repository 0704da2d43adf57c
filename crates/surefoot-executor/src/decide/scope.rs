//! Scopes: how long one may be open, and whether one that was left has to be entered again on the way back.

use std::sync::Arc;

use surefoot_journal::{BackStage, Debt};
use surefoot_plan::{ScopeEnd, Value};

use super::View;
use crate::program::StepPart;

/// Why a step is not begun: a scope around it has been open for longer than it may be. Leaving is always begun.
pub(super) fn overdue(view: View<'_>, part: &StepPart) -> Option<String> {
    if let Some(ScopeEnd::Leaves { .. }) = part.step.scope {
        return None;
    }
    // A scope of another branch is none of its business.
    let own = view.state.branch(&part.step.id);
    let is_beside = |enter| match (own, view.state.branch(enter)) {
        (Some((block, branch)), Some((other, of))) => block == other && branch != of,
        (_, _) => false,
    };
    let scope = view.state.open_scopes().find(|scope| {
        !is_beside(&scope.enter)
            && scope.enter != part.step.id
            && scope.since.is_some_and(|since| view.now.since(since) > scope.max_ms)
    })?;
    let open = scope.since.map_or(0, |since| view.now.since(since) / 1_000 * 1_000);
    Some(format!(
        "\"{}\" holds for {} by now and may for {} at most: nothing more is begun in it",
        scope.title,
        Value::Duration(open),
        Value::Duration(scope.max_ms)
    ))
}

/// The step that entered a scope which was left, and in which nothing is owed: this is one of its two ends, the
/// next to be paid. Where all is as before it was entered, neither has to run.
pub(super) fn empty(view: View<'_>, part: &StepPart) -> Option<Arc<StepPart>> {
    match part.step.scope.as_ref()? {
        ScopeEnd::Leaves { enter } => {
            let mut owed = view.state.owed().skip(1);
            let is_next = owed.next() == Some(&Debt::Rollback(enter.clone()));
            view.program.step(enter).filter(|_| is_next)
        }
        // The other end was just found to need nothing.
        ScopeEnd::Enters { leave, .. } => {
            let left = view.state.step(leave)?;
            let is_skipped = left.back == BackStage::Paid && left.back_attempt == 0;
            view.program.step(&part.step.id).filter(|_| is_skipped)
        }
    }
}
