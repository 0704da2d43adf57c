//! How facts and formulas read: by the names that their author gave them, where there are such.

use std::collections::BTreeMap;

use crate::{Atom, Cell, Environment, Formula, Literal, Name, Plan, Test, Value, ValueId, ground};

/// The names that a plan gives to formulas.
#[derive(Debug)]
pub struct Names<'a> {
    /// The plan.
    plan: &'a Plan,
    /// Each name by what it stands for, secret arguments left out.
    names: BTreeMap<Formula, &'a str>,
}

impl<'a> Names<'a> {
    /// Returns the names of a plan. If two stand for one formula, the first is used.
    pub fn of(plan: &'a Plan) -> Names<'a> {
        let names = plan.facts.iter().rev().map(|fact| (public(plan, &fact.formula), fact.name.as_str()));
        Names { plan, names: names.collect() }
    }

    /// Returns the names of a plan in a run that found these values: a fact about a value has its name
    /// also where the value stands in its place.
    pub fn found(plan: &'a Plan, values: &BTreeMap<ValueId, Value>) -> Names<'a> {
        let mut names = Names::of(plan);
        for fact in &plan.facts {
            let computed = map_cells(&fact.formula, &|cell| {
                let cell = plan.public_cell(cell);
                ground(&cell, &Found(values)).unwrap_or(cell)
            });
            names.names.entry(computed).or_insert(fact.name.as_str());
        }
        names
    }

    /// Returns how a formula reads.
    pub fn formula(&self, formula: &Formula) -> String {
        if let Some(name) = self.name(formula) {
            return name.to_owned();
        }
        match formula {
            Formula::Atom(atom) => {
                Atom { cell: self.plan.public_cell(&atom.cell), ..atom.clone() }.to_string()
            }
            Formula::Not(part) => match &**part {
                Formula::Atom(Atom { test: Test::Compares(..), .. }) if self.name(part).is_none() => {
                    format!("not ({})", self.formula(part))
                }
                Formula::Atom(_) | Formula::Value(_) | Formula::Not(_) => {
                    format!("not {}", self.formula(part))
                }
                Formula::All(_) | Formula::Any(_) => format!("not {}", self.inner(part)),
            },
            Formula::All(parts) if !parts.is_empty() => self.connected(parts, " and "),
            Formula::Any(parts) if !parts.is_empty() => self.connected(parts, " or "),
            Formula::Value(_) | Formula::All(_) | Formula::Any(_) => formula.to_string(),
        }
    }

    /// Returns how an atom reads.
    pub fn atom(&self, atom: &Atom) -> String {
        self.formula(&Formula::Atom(atom.clone()))
    }

    /// Returns how an atom, or its negation, reads.
    pub fn literal(&self, literal: &Literal) -> String {
        let atom = Formula::Atom(literal.atom.clone());
        match literal.holds {
            true => self.formula(&atom),
            false => self.formula(&Formula::Not(Box::new(atom))),
        }
    }

    /// Returns how a question with its arguments reads; by name if it is a yes or no that has one.
    pub fn cell(&self, cell: &Cell) -> String {
        self.atom(&Atom { cell: cell.clone(), test: Test::Holds })
    }

    /// The name of a formula, if it has one.
    fn name(&self, formula: &Formula) -> Option<&'a str> {
        // Most plans name few formulas, and many name none.
        if self.names.is_empty() { None } else { self.names.get(&public(self.plan, formula)).copied() }
    }

    /// A formula inside another: in brackets where they are needed to read it right.
    fn inner(&self, part: &Formula) -> String {
        match part {
            Formula::All(parts) | Formula::Any(parts) if parts.len() > 1 && self.name(part).is_none() => {
                format!("({})", self.formula(part))
            }
            Formula::All(_) | Formula::Any(_) | Formula::Atom(_) | Formula::Value(_) | Formula::Not(_) => {
                self.formula(part)
            }
        }
    }

    /// Several formulas with a word between them.
    fn connected(&self, parts: &[Formula], word: &str) -> String {
        match parts {
            [part] => self.formula(part),
            parts => parts.iter().map(|part| self.inner(part)).collect::<Vec<_>>().join(word),
        }
    }
}

/// A formula without secret arguments: they do not tell two facts apart.
fn public(plan: &Plan, formula: &Formula) -> Formula {
    map_cells(formula, &|cell| plan.public_cell(cell))
}

/// A formula with other cells in the place of its own.
fn map_cells(formula: &Formula, map: &dyn Fn(&Cell) -> Cell) -> Formula {
    let all = |parts: &[Formula]| parts.iter().map(|part| map_cells(part, map)).collect();
    match formula {
        Formula::Atom(atom) => Formula::Atom(Atom { cell: map(&atom.cell), ..atom.clone() }),
        Formula::Value(_) => formula.clone(),
        Formula::Not(part) => Formula::Not(Box::new(map_cells(part, map))),
        Formula::All(parts) => Formula::All(all(parts)),
        Formula::Any(parts) => Formula::Any(all(parts)),
    }
}

/// The values that a run found, and nothing else.
struct Found<'v>(&'v BTreeMap<ValueId, Value>);

impl Environment for Found<'_> {
    fn input(&self, _: &Name) -> Option<Value> {
        None
    }
    fn local(&self, id: &ValueId) -> Option<Value> {
        self.0.get(id).cloned()
    }
    fn argument(&self, _: &Name) -> Option<Value> {
        None
    }
    fn fact(&self, _: &Cell) -> Option<Value> {
        None
    }
}

#[cfg(test)]
mod tests;
