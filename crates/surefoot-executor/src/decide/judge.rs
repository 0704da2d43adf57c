//! Judges what was probed.

use surefoot_journal::{Answer, LastProbe, Point, Reading, Refusal, StepState};
use surefoot_plan::{
    Comparison, Environment as _, Literal, Test, Tri, Value, decide_formula, ground, test_answer,
};

use super::View;
use crate::known::Known;
use crate::program::{Condition, StepPart};

/// Returns the last probe if it was for this, and its answer counts.
pub(super) fn probed<'a>(view: View<'a>, point: &Point) -> Option<&'a LastProbe> {
    view.last_probe().filter(|probe| probe.settled && probe.point == *point)
}

/// Decides one condition.
pub(crate) fn holds(condition: &Condition, known: &Known<'_>) -> Tri {
    decide_formula(&condition.formula, known)
}

/// Decides whether all conditions hold, or says which does not. Known false weighs more than unknown.
pub(super) fn all(view: View<'_>, conditions: &[Condition], readings: &[Reading]) -> Result<(), Refusal> {
    let known = Known::with(view.program, view.state, readings);
    let mut unknown = None;
    for condition in conditions {
        match holds(condition, &known) {
            Tri::True => {}
            Tri::False => return Err(refusal(condition, readings, &known, true)),
            Tri::Unknown => unknown = unknown.or(Some(condition)),
        }
    }
    match unknown {
        None => Ok(()),
        Some(condition) => Err(refusal(condition, readings, &known, false)),
    }
}

/// Says why a condition does not hold, with the readings it rests on.
fn refusal(condition: &Condition, readings: &[Reading], known: &Known<'_>, known_false: bool) -> Refusal {
    let asked: Vec<_> =
        condition.formula.atoms().iter().filter_map(|atom| ground(&atom.cell, known).ok()).collect();
    Refusal {
        condition: condition.text.clone(),
        readings: readings.iter().filter(|reading| asked.contains(&reading.cell)).cloned().collect(),
        known_false,
        message: condition.message.clone(),
        drift: condition.proved,
    }
}

/// What the witnesses of a step say: those of its `ensures` that were false before it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Witnesses {
    /// There is none: it cannot be told.
    None,
    /// All true: it took effect.
    AllTrue,
    /// All false: no effect is seen.
    AllFalse,
    /// Some true, some false.
    Mixed,
    /// One at least cannot be told.
    Unknown,
}

/// Asks the witnesses.
pub(super) fn witnesses(
    view: View<'_>,
    step: &StepPart,
    state: &StepState,
    readings: &[Reading],
) -> Witnesses {
    let known = Known::with(view.program, view.state, readings);
    let (mut seen_true, mut seen_false, mut seen_unknown) = (false, false, false);
    for ensure in &step.step.ensures {
        if !was_false_before(view, &ensure.literal, state) {
            continue;
        }
        match literal(&ensure.literal, &known) {
            Tri::True => seen_true = true,
            Tri::False => seen_false = true,
            Tri::Unknown => seen_unknown = true,
        }
    }
    match (seen_true, seen_false, seen_unknown) {
        (_, _, true) => Witnesses::Unknown,
        (false, false, false) => Witnesses::None,
        (true, false, false) => Witnesses::AllTrue,
        (false, true, false) => Witnesses::AllFalse,
        (true, true, false) => Witnesses::Mixed,
    }
}

/// Whether a literal was known not to hold before its step: what makes it a witness.
fn was_false_before(view: View<'_>, wanted: &Literal, state: &StepState) -> bool {
    let known = Known::with(view.program, view.state, &state.base);
    literal(wanted, &known) == Tri::False
}

/// Decides a literal.
fn literal(wanted: &Literal, known: &Known<'_>) -> Tri {
    let Ok(cell) = ground(&wanted.atom.cell, known) else { return Tri::Unknown };
    let Some(answer) = known.fact(&cell) else { return Tri::Unknown };
    match test_answer(&wanted.atom.test, &answer, known) {
        Ok(truth) => Tri::from(truth == wanted.holds),
        Err(_) => Tri::Unknown,
    }
}

/// Whether two answers are the same as far as these tests tell: a lag of 3 MiB and one of 4 MiB both fail
/// `lag < 1MiB`. An answer that a test gives exactly (a yes or no, `==`) has no such leeway.
pub(super) fn same_verdict(tests: &[&Test], was: &Value, now: &Value, known: &Known<'_>) -> bool {
    tests.iter().all(|test| {
        let was = test_answer(test, was, known);
        was.is_ok() && was == test_answer(test, now, known)
    })
}

/// Whether what a step sets a fact to leaves leeway: it compares it, and not for equality.
pub(super) fn has_leeway(test: &Test) -> bool {
    match test {
        Test::Holds | Test::Compares(Comparison::Equal | Comparison::NotEqual, _) => false,
        Test::Compares(
            Comparison::Less | Comparison::LessOrEqual | Comparison::Greater | Comparison::GreaterOrEqual,
            _,
        ) => true,
    }
}

/// What an approver sees in an answer: a changed yes or no voids their yes, a changed number does not.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Shown {
    /// A yes or no.
    Yes(bool),
    /// Something else that is known.
    Something,
    /// Nothing is known.
    Nothing,
}

/// Returns what an approver sees in an answer.
pub(super) fn shown(answer: &Answer) -> Shown {
    match answer {
        Answer::Known(Value::Bool(yes)) => Shown::Yes(*yes),
        Answer::Known(_) => Shown::Something,
        Answer::Unknown(_) => Shown::Nothing,
    }
}
