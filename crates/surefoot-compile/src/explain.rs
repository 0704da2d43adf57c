//! Says the verifier's violations at the author's lines.
//!
//! The verifier speaks of steps and facts by name; what was written where is in [`Origins`]. Nothing is
//! judged here: there is one truth, and it is the verifier's.

use std::collections::BTreeSet;

use surefoot_plan::{
    Atom, Condition, Ensure, Formula, Plan, Policy, Require, StepId, Test, Violation, Way, verify,
};
use surefoot_syntax::{Diagnostic, Label, Severity, Span};

use crate::analysis::{Analysis, Lowered};
use crate::day::Day;
use crate::origins::{Origins, StepOrigin};
use crate::report::{Report, error};

/// Finds everything that is wrong with a file: what the compiler found, and, if nothing is wrong with
/// that, what the verifier says of each runbook with its inputs open. What is waived is left out.
pub fn check(analysis: &Analysis) -> Vec<Diagnostic> {
    everything(analysis, None)
}

/// The same on a day: waivers may have ended, and reviews be overdue.
pub fn check_on(analysis: &Analysis, today: &Day) -> Vec<Diagnostic> {
    everything(analysis, Some(today))
}

fn everything(analysis: &Analysis, today: Option<&Day>) -> Vec<Diagnostic> {
    let mut found = analysis.without_waived(compiled_and_verified(analysis), today);
    found.sort_by(|a, b| (a.primary.span, a.code).cmp(&(b.primary.span, b.code)));
    // Turns of one loop are one place.
    found.dedup_by(|a, b| a.code == b.code && a.primary.span == b.primary.span);
    found
}

fn compiled_and_verified(analysis: &Analysis) -> Vec<Diagnostic> {
    let mut found = analysis.diagnostics().to_vec();
    if found.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
        return found;
    }
    // A step that is refused needs no warning beside it.
    let mut refused: BTreeSet<Span> = BTreeSet::new();
    for runbook in analysis.runbooks() {
        let Some(lowered) = analysis.symbolic(runbook) else { continue };
        let Err(violations) = verify(lowered.plan.clone(), &Policy::default()) else { continue };
        for violation in &violations {
            found.push(explain_violation(violation, lowered));
            let steps = violation.steps.iter().filter_map(|id| lowered.origins.steps.get(id));
            refused.extend(steps.map(|origin| origin.head));
        }
    }
    found.retain(|diagnostic| {
        diagnostic.severity == Severity::Error || !refused.contains(&diagnostic.primary.span)
    });
    found
}

/// Says a violation at the lines that it is about.
pub fn explain_violation(violation: &Violation, lowered: &Lowered) -> Diagnostic {
    let Lowered { plan, origins } = lowered;
    let place = place(violation, plan, origins);
    let mut found = error(violation.condition.code(), place, violation.message.clone());
    for (span, text) in others(violation, plan, origins, place) {
        found = found.label(span, text);
    }
    let trace = violation.trace.iter().map(|sentence| Label {
        span: place_of_sentence(sentence, origins).unwrap_or(place),
        text: sentence.clone(),
    });
    let trace: Vec<Label> = trace.collect();
    found = found.along(trace);
    if violation.more > 0 {
        let places = if violation.more == 1 { "place" } else { "places" };
        found = found.note(format!("the same cause shows at {} later {places}", violation.more));
    }
    if violation.help.is_empty() { found } else { found.help(violation.help.clone()) }
}

/// Returns the place that an author would change first.
fn place(violation: &Violation, plan: &Plan, origins: &Origins) -> Span {
    let first = violation.steps.first();
    let step = first.and_then(|id| Some((plan.step(id)?, origins.steps.get(id)?)));
    let names = &violation.names;
    let Some((step, origin)) = step else {
        return match first.and_then(|id| origins.nodes.get(id)) {
            Some(span) => *span,
            None => outside(violation, plan, origins),
        };
    };
    match violation.condition {
        Condition::RequiresFalse => {
            asked(&step.requires, &origin.requires, names, plan).unwrap_or(origin.head)
        }
        Condition::EnsuresContradict => {
            set(&step.ensures, &origin.ensures, names, plan).unwrap_or(origin.head)
        }
        Condition::RollbackNeedsFalse => {
            let requires = match &step.way {
                Way::Rollback(rollback) => asked(&rollback.requires, &origin.rollback_requires, names, plan),
                Way::Irreversible(_) | Way::Nothing => None,
            };
            requires.or(origin.rollback).unwrap_or(origin.head)
        }
        Condition::RollbackBreaksInvariant
        | Condition::RollbackReadsMissing
        | Condition::NotDefiniteBefore
        | Condition::NotRestored
        | Condition::EmptyRollback
        | Condition::RollbackAsks => origin.rollback.map_or(origin.head, |span| opening(span, "rollback")),
        Condition::OnceSeal | Condition::SealNotApproved => origin.irreversible.unwrap_or(origin.head),
        Condition::UndoneWhenChanged => origin.undone_when.or(origin.irreversible).unwrap_or(origin.head),
        Condition::Unbounded => origin.retry.unwrap_or(origin.head),
        Condition::Malformed
        | Condition::SealInWave
        | Condition::BranchesInterfere
        | Condition::InBranch
        | Condition::InputUnbound
        | Condition::ConstraintBroken
        | Condition::TooLarge
        | Condition::ValueMayNotExist
        | Condition::NeverReached
        | Condition::AssumedFalse
        | Condition::NoWayBack
        | Condition::ScopeOnce
        | Condition::ScopeShared
        | Condition::ScopeFacts
        | Condition::OnceAfterSeal
        | Condition::InvariantBroken
        | Condition::EndFalse
        | Condition::ClassWrong
        | Condition::OutsideAllow
        | Condition::SecretExposed => origin.head,
    }
}

/// Returns the place of what no step is named for.
fn outside(violation: &Violation, plan: &Plan, origins: &Origins) -> Span {
    let names = &violation.names;
    let found = match violation.condition {
        Condition::RequiresFalse => asked(&plan.requires, &origins.requires, names, plan),
        Condition::EndFalse => asked(&plan.ensures, &origins.ensures, names, plan),
        Condition::InputUnbound | Condition::ConstraintBroken => {
            names.iter().find_map(|name| origins.inputs.get(name)).copied()
        }
        Condition::OutsideAllow => origins.allow,
        Condition::Malformed
        | Condition::TooLarge
        | Condition::Unbounded
        | Condition::ValueMayNotExist
        | Condition::NeverReached
        | Condition::AssumedFalse
        | Condition::NoWayBack
        | Condition::RollbackNeedsFalse
        | Condition::RollbackBreaksInvariant
        | Condition::RollbackReadsMissing
        | Condition::NotDefiniteBefore
        | Condition::NotRestored
        | Condition::OnceAfterSeal
        | Condition::OnceSeal
        | Condition::SealNotApproved
        | Condition::SealInWave
        | Condition::BranchesInterfere
        | Condition::InBranch
        | Condition::UndoneWhenChanged
        | Condition::EmptyRollback
        | Condition::RollbackAsks
        | Condition::ScopeOnce
        | Condition::ScopeShared
        | Condition::ScopeFacts
        | Condition::InvariantBroken
        | Condition::EnsuresContradict
        | Condition::ClassWrong
        | Condition::SecretExposed => None,
    };
    found.unwrap_or(origins.runbook)
}

/// Returns the other ends: the steps that it is about beside the first, and the invariant that breaks.
fn others(violation: &Violation, plan: &Plan, origins: &Origins, place: Span) -> Vec<(Span, String)> {
    let mut found: Vec<(Span, String)> = Vec::new();
    for id in violation.steps.iter().skip(1) {
        let head = origins.steps.get(id).map(|origin| origin.head);
        let Some(span) = head.or_else(|| origins.nodes.get(id).copied()) else { continue };
        if span != place && !found.iter().any(|(there, _)| *there == span) {
            found.push((span, format!("`{id}`")));
        }
    }
    let breaks =
        matches!(violation.condition, Condition::RollbackBreaksInvariant | Condition::InvariantBroken);
    if breaks {
        for (invariant, span) in plan.invariants.iter().zip(&origins.invariants) {
            if shares(&invariant.formula, &violation.names, plan) {
                found.push((*span, "this must hold at every moment".to_owned()));
            }
        }
    }
    found
}

/// Returns the place of the condition that asks one of these facts.
fn asked(requires: &[Require], spans: &[Span], names: &[String], plan: &Plan) -> Option<Span> {
    let mut found = requires.iter().zip(spans).filter(|(require, _)| shares(&require.formula, names, plan));
    found.next().map(|(_, span)| *span).or_else(|| spans.first().copied())
}

/// Returns the place of what sets one of these facts.
fn set(ensures: &[Ensure], spans: &[Span], names: &[String], plan: &Plan) -> Option<Span> {
    let mut found = ensures
        .iter()
        .zip(spans)
        .filter(|(ensure, _)| shares(&Formula::Atom(ensure.literal.atom.clone()), names, plan));
    found.next().map(|(_, span)| *span).or_else(|| spans.first().copied())
}

/// Whether a formula asks one of the named facts.
fn shares(formula: &Formula, names: &[String], plan: &Plan) -> bool {
    formula.atoms().into_iter().any(|atom| {
        let shown = plan.show_cell(&atom.cell);
        let named = plan.facts.iter().find(|fact| match &fact.formula {
            Formula::Atom(Atom { cell, test: Test::Holds }) => *cell == atom.cell,
            Formula::Atom(_) | Formula::Value(_) | Formula::Not(_) | Formula::All(_) | Formula::Any(_) => {
                false
            }
        });
        names.contains(&shown) || named.is_some_and(|fact| names.contains(&fact.name))
    })
}

/// Returns the place of the first step that a sentence names between backquotes.
fn place_of_sentence(sentence: &str, origins: &Origins) -> Option<Span> {
    let mut quoted = sentence.split('`').skip(1).step_by(2);
    quoted.find_map(|name| {
        let id = StepId(name.to_owned());
        let node = origins.nodes.get(&id).copied();
        node.or_else(|| origins.steps.get(&id).map(|origin| place_in_step(sentence, name, origin)))
    })
}

fn place_in_step(sentence: &str, name: &str, origin: &StepOrigin) -> Span {
    let rollback = sentence.contains(&format!("rollback of `{name}`"));
    match origin.rollback.filter(|_| rollback) {
        Some(span) => opening(span, "rollback"),
        None => origin.head,
    }
}

/// Returns the place of the word that opens a block.
fn opening(block: Span, word: &str) -> Span {
    let length = u32::try_from(word.len()).unwrap_or(0);
    Span { end: block.end.min(block.start.saturating_add(length)), ..block }
}
