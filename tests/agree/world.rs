//! A model of the world that is watched: what is half done becomes anything, and the invariants are looked at
//! whenever something has changed.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use surefoot_executor::simulated::{Performed, Simulated};
use surefoot_executor::{Answer, EffectRequest, Outcome, Program, Timestamp, World};
use surefoot_journal::Claim;
use surefoot_plan::{Cell, Formula, Plan, Tri, Value, Values, decide_formula};

use crate::generate::{NUMBERS, WORDS};

/// What everything is.
pub(crate) type Facts = BTreeMap<Cell, Value>;

/// A watched model.
pub(crate) struct Watched<'a> {
    /// The model.
    pub(crate) inner: Simulated<'a>,
    plan: &'a Plan,
    /// Decides what becomes of what is half done, or left: the same for the same claim.
    seed: u64,
    /// What was wrong.
    wrong: RefCell<Vec<String>>,
}

/// What is known of a formula where this is so.
pub(crate) fn decided(formula: &Formula, facts: &Facts) -> Tri {
    decide_formula(formula, &Values { facts: facts.clone(), ..Values::default() })
}

impl<'a> Watched<'a> {
    pub(crate) fn new(program: &'a Program, seed: u64) -> Watched<'a> {
        let inner = Simulated::new(program);
        Watched { inner, plan: program.plan(), seed, wrong: RefCell::default() }
    }

    /// What was wrong.
    pub(crate) fn wrong(&self) -> Vec<String> {
        self.wrong.borrow().clone()
    }

    /// Keeps that something was wrong.
    pub(crate) fn note(&self, what: String) {
        self.wrong.borrow_mut().push(what);
    }

    /// Makes something of what the model cannot tell any more, and of what it left.
    fn settle(&self, before: &Facts, claim: &Claim) {
        let after = self.inner.facts();
        // A crash changes which attempt it is, and not what the world makes of it.
        let acted =
            |act: &&Performed| act.acted && act.claim.step == claim.step && act.claim.phase == claim.phase;
        let times = self.inner.performed().iter().filter(acted).count();
        for (cell, value) in before {
            let left = Value::Text("left".into());
            if after.get(cell).is_none_or(|now| *now == left) {
                let mut hasher = DefaultHasher::new();
                (self.seed, &claim.step, claim.phase, times, cell).hash(&mut hasher);
                let random = hasher.finish();
                // Now and then it stays something that nobody can tell.
                if !random.is_multiple_of(7) || after.contains_key(cell) {
                    self.inner.set(cell.clone(), any_like(value, random / 7));
                }
            }
        }
    }

    fn look(&self, claim: &Claim) {
        let facts = self.inner.facts();
        for invariant in &self.plan.invariants {
            if decided(&invariant.formula, &facts) == Tri::False {
                let text = format!("the invariant {:?} is broken by {claim:?}", invariant.formula);
                self.note(text);
            }
        }
    }
}

/// Any value of the kind of another.
pub(crate) fn any_like(value: &Value, random: u64) -> Value {
    let place = usize::try_from(random % 1_000).unwrap_or(0);
    match value {
        Value::Bool(_) => Value::Bool(place.is_multiple_of(2)),
        Value::Int(_) => Value::Int(i64::try_from(place).unwrap_or(0) % NUMBERS),
        Value::Text(_) => Value::Text(WORDS.get(place % WORDS.len()).copied().unwrap_or_default().to_owned()),
        Value::None
        | Value::Float(_)
        | Value::Duration(_)
        | Value::Size(_)
        | Value::Percent(_)
        | Value::Time(_)
        | Value::List(_)
        | Value::Record(_)
        | Value::Secret(_) => value.clone(),
    }
}

impl World for Watched<'_> {
    async fn perform(&self, request: EffectRequest) -> Outcome {
        let claim = if let EffectRequest::Act { claim, .. } = &request { Some(claim.clone()) } else { None };
        let before = self.inner.facts();
        let outcome = self.inner.perform(request).await;
        if let Some(claim) = claim {
            self.settle(&before, &claim);
            self.look(&claim);
        }
        outcome
    }

    fn now(&self) -> Timestamp {
        self.inner.now()
    }

    fn answer(&self, cell: &Cell) -> Option<Answer> {
        self.inner.answer(cell)
    }

    async fn sleep(&self, ms: u64) {
        self.inner.sleep(ms).await;
    }
}
