//! What must hold while a step is half done: a formula, for every value that what the step changes may have.

use std::collections::BTreeSet;

use crate::{Atom, Cell, Expr, Formula};

/// Most atoms of a formula that a step may change: each doubles what must be looked at.
const HALF_DONE_ATOMS_MAX: usize = 12;

/// Returns what must hold so that a formula holds whatever these cells are; none if it asks none of them.
pub fn half_done(formula: &Formula, changes: &[Cell]) -> Option<Formula> {
    half_done_beside(formula, changes, &[])
}

/// Returns the same where other branches change these other cells meanwhile.
pub fn half_done_beside(formula: &Formula, changes: &[Cell], beside: &[Cell]) -> Option<Formula> {
    let atoms = formula.atoms();
    if !atoms.iter().any(|atom| may_be_among(&atom.cell, changes)) {
        return None;
    }
    let mut changed: Vec<&Atom> = Vec::new();
    for atom in atoms {
        let changes = may_be_among(&atom.cell, changes) || may_be_among(&atom.cell, beside);
        if changes && !changed.contains(&atom) {
            changed.push(atom);
        }
    }
    Some(for_every_value(formula, &changed))
}

/// Whether a cell is one of these, or may turn out to be when their arguments are computed.
pub fn may_be_among(cell: &Cell, cells: &[Cell]) -> bool {
    cells.iter().any(|other| may_be_equal(cell, other))
}

/// Whether two cells may be one: the same question, and no argument that is surely different.
fn may_be_equal(one: &Cell, other: &Cell) -> bool {
    one.question == other.question
        && one.arguments.iter().zip(&other.arguments).all(|pair| match pair {
            (Expr::Literal(one), Expr::Literal(other)) => one == other,
            _ => true,
        })
}

/// The formula that holds if the given one holds whatever these atoms are.
fn for_every_value(formula: &Formula, atoms: &[&Atom]) -> Formula {
    if atoms.len() > HALF_DONE_ATOMS_MAX {
        // Never true: the verifier refuses such a plan, and what cannot be looked at is not assumed.
        return Formula::Any(Vec::new());
    }
    let all = BTreeSet::from_iter((0..1_u32 << atoms.len()).map(|values| {
        assign(formula, &|atom| {
            let at = atoms.iter().position(|changed| *changed == atom)?;
            Some(values >> at & 1 == 1)
        })
    }));
    Formula::All(all.into_iter().collect())
}

/// Puts known values in the place of atoms.
fn assign(formula: &Formula, value: &impl Fn(&Atom) -> Option<bool>) -> Formula {
    match formula {
        Formula::Atom(atom) => match value(atom) {
            Some(true) => Formula::All(Vec::new()),
            Some(false) => Formula::Any(Vec::new()),
            None => formula.clone(),
        },
        Formula::Value(_) => formula.clone(),
        Formula::Not(inner) => Formula::Not(Box::new(assign(inner, value))),
        Formula::All(parts) => Formula::All(parts.iter().map(|part| assign(part, value)).collect()),
        Formula::Any(parts) => Formula::Any(parts.iter().map(|part| assign(part, value)).collect()),
    }
}

impl Formula {
    /// Returns the same without parts that are always true or never, and without a part twice.
    pub fn simplified(&self) -> Formula {
        let (parts, is_all) = match self {
            Formula::Atom(_) | Formula::Value(_) => return self.clone(),
            Formula::Not(inner) => {
                let inner = inner.simplified();
                return if inner == Formula::All(Vec::new()) {
                    Formula::Any(Vec::new())
                } else if inner == Formula::Any(Vec::new()) {
                    Formula::All(Vec::new())
                } else {
                    Formula::Not(Box::new(inner))
                };
            }
            Formula::All(parts) => (parts, true),
            Formula::Any(parts) => (parts, false),
        };
        let (settles, says_nothing) = match is_all {
            true => (Formula::Any(Vec::new()), Formula::All(Vec::new())),
            false => (Formula::All(Vec::new()), Formula::Any(Vec::new())),
        };
        let mut kept: Vec<Formula> = Vec::new();
        for part in parts.iter().map(Formula::simplified) {
            if part == settles {
                return settles;
            }
            if part != says_nothing && !kept.contains(&part) {
                kept.push(part);
            }
        }
        match (kept.len(), is_all) {
            (1, _) => kept.remove(0),
            (_, true) => Formula::All(kept),
            (_, false) => Formula::Any(kept),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::half_done;
    use crate::{Atom, Cell, Formula, Test};

    fn cell(question: &str) -> Cell {
        Cell { question: question.to_owned(), arguments: Vec::new() }
    }

    fn is(question: &str) -> Formula {
        Formula::Atom(Atom { cell: cell(question), test: Test::Holds })
    }

    #[test]
    fn what_must_hold_half_way_says_nothing_of_what_changes() {
        let kept = Formula::Any(vec![is("a"), Formula::Not(Box::new(is("b")))]);
        let simplified = |changes: &[&str]| {
            let changes: Vec<Cell> = changes.iter().map(|change| cell(change)).collect();
            half_done(&kept, &changes).map(|formula| formula.simplified())
        };
        assert_eq!(simplified(&["c"]), None);
        assert_eq!(simplified(&["a"]), Some(Formula::Not(Box::new(is("b")))));
        assert_eq!(simplified(&["b"]), Some(is("a")));
        assert_eq!(simplified(&["a", "b"]), Some(Formula::Any(Vec::new())));
        let either = Formula::Any(vec![is("a"), Formula::Not(Box::new(is("a")))]);
        let always = half_done(&either, &[cell("a")]).map(|formula| formula.simplified());
        assert_eq!(always, Some(Formula::All(Vec::new())));
    }
}
