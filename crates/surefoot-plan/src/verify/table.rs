//! Truth tables: what is known of a formula.
//!
//! In: a formula, what is known of the facts, the cells that may have any value ("for all"), those of which
//! nothing is known here ("free"), and the invariants. Out: whether it holds in all, some or none of the worlds that fit; and for those in which
//! it holds, what that says about each unknown.

use std::collections::BTreeSet;

use super::cells::{CellIx, Cells, Form, Regions};
use super::facts::{Facts, Name, Origin};

/// Most facts that one formula may ask.
///
/// A formula is judged by a truth table, which doubles with each fact. No runbook that was read for the
/// design has more than five in one condition.
pub const ATOMS_MAX: usize = 12;

/// Most rows of one truth table: twelve yes-or-no facts.
const ROWS_MAX: usize = 1 << ATOMS_MAX;

/// What is known of a formula.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Known {
    /// It holds in all worlds that fit.
    Always,
    /// It holds in some.
    Sometimes,
    /// It holds in none.
    Never,
}

/// The result of a truth table.
#[derive(Debug)]
pub(super) struct Judgement {
    /// What is known of the formula.
    pub(super) known: Known,
    /// The unknowns that it depends on, each with the regions (and outcomes) that fit.
    unknowns: Vec<Unknown>,
}

/// Something whose value is not known.
#[derive(Debug)]
struct Unknown {
    of: Variable,
    /// Whose value it is.
    cell: CellIx,
    /// What is possible.
    possible: Regions,
    /// What occurs in a world in which the formula holds.
    fits: Regions,
    /// The value in the row that is looked at: one region; or, for a test, yes or no.
    value: Regions,
    /// Whether the formula must hold whatever this is.
    for_all: bool,
}

/// What a column of the table stands for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Variable {
    /// The value of a name.
    Name(Name),
    /// The outcome of a test on a name.
    Test(Name, u32),
    /// The value of a cell of which nothing is known.
    Free(CellIx),
    /// The outcome of a test on a cell of which nothing is known.
    FreeTest(CellIx, u32),
    /// Any value of a cell.
    AnyOf(CellIx),
    /// Any outcome of a test on a cell.
    AnyTest(CellIx, u32),
}

/// What a formula is judged by.
pub(super) struct Judge<'a> {
    /// The cells.
    pub(super) cells: &'a Cells,
    /// What is known of them.
    pub(super) facts: &'a Facts,
    /// What holds always.
    pub(super) invariants: &'a [Form],
    /// Cells of which nothing is known here, whatever the facts say.
    pub(super) free: &'a dyn Fn(CellIx) -> bool,
}

impl Judge<'_> {
    /// Judges `∀ cells. formula`, in the worlds that fit the facts and the invariants.
    pub(super) fn judge(&self, formula: &Form, for_all: &BTreeSet<CellIx>) -> Judgement {
        let mut table = Table { judge: self, for_all, unknowns: Vec::new() };
        table.collect(formula, true);
        if rows(&table.unknowns) > ROWS_MAX {
            // Too much to decide: it is asked when the run comes there.
            return Judgement { known: Known::Sometimes, unknowns: Vec::new() };
        }
        let constraints = table.collect_invariants();
        let (mut any, mut all) = (false, true);
        table.unknowns.sort_by_key(|unknown| unknown.for_all);
        let free = table.unknowns.iter().take_while(|unknown| !unknown.for_all).count();
        table.first(0, free);
        loop {
            if constraints.iter().all(|constraint| table.holds(constraint, false)) {
                if table.holds_for_all(formula, free) {
                    any = true;
                    table.take_down(free);
                } else {
                    all = false;
                }
            }
            if !table.next(0, free) {
                break;
            }
        }
        // No world fits at all: an earlier contradiction, which has been reported there.
        let known = match (any, all) {
            (_, true) => Known::Always,
            (true, false) => Known::Sometimes,
            (false, false) => Known::Never,
        };
        table.unknowns.truncate(free);
        Judgement { known, unknowns: table.unknowns }
    }
}

impl Judgement {
    /// Adds to the facts that the formula holds: what all of its worlds have in common. Returns the names
    /// about which that was news.
    pub(super) fn assume(&self, facts: &mut Facts, origin: Origin) -> Vec<Name> {
        let mut news = Vec::new();
        if self.known != Known::Sometimes {
            return news;
        }
        for unknown in &self.unknowns {
            let (name, is_news) = match unknown.of {
                Variable::Name(name) => (name, facts.learn(name, unknown.fits, None, origin)),
                Variable::Test(name, test) if unknown.fits.count_ones() == 1 => {
                    (name, facts.learn(name, Regions::MAX, Some((test, unknown.fits == 2)), origin))
                }
                Variable::Test(name, _) => (name, false),
                Variable::Free(_) | Variable::FreeTest(..) | Variable::AnyOf(_) | Variable::AnyTest(..) => {
                    continue;
                }
            };
            if is_news {
                news.push(name);
            }
        }
        news
    }

    /// The cells that it depends on.
    pub(super) fn cells(&self) -> impl Iterator<Item = CellIx> {
        self.unknowns.iter().map(|unknown| unknown.cell)
    }
}

/// Calls `visit` with each cell of a formula.
pub(super) fn for_each_cell(form: &Form, visit: &mut dyn FnMut(CellIx)) {
    match form {
        Form::Constant(_) => {}
        Form::In(cell, _) | Form::Passes(cell, _) => visit(*cell),
        Form::Not(inner) => for_each_cell(inner, visit),
        Form::All(parts) | Form::Any(parts) => parts.iter().for_each(|part| for_each_cell(part, visit)),
    }
}

struct Table<'a> {
    judge: &'a Judge<'a>,
    for_all: &'a BTreeSet<CellIx>,
    unknowns: Vec<Unknown>,
}

/// How many rows a table with these columns has, or more than are allowed.
fn rows(unknowns: &[Unknown]) -> usize {
    unknowns.iter().fold(1, |rows, unknown| {
        if rows > ROWS_MAX { rows } else { rows * (unknown.possible.count_ones().max(1) as usize) }
    })
}

impl<'a> Table<'a> {
    /// Makes a column for everything in a formula that is not known. In the formula itself the cells of
    /// "for all" are columns of their own; in an invariant they are what they are.
    fn collect(&mut self, form: &Form, quantified: bool) {
        match form {
            Form::Constant(_) => {}
            Form::In(cell, _) => {
                let of = self.variable(*cell, None, quantified);
                let possible = match of {
                    Variable::Name(name) => self.judge.facts.known(name).map(|known| known.regions),
                    Variable::Free(_)
                    | Variable::AnyOf(_)
                    | Variable::Test(..)
                    | Variable::FreeTest(..)
                    | Variable::AnyTest(..) => self.judge.cells.get(*cell).map(|facts| facts.all),
                };
                self.add(of, *cell, possible.unwrap_or(Regions::MAX));
            }
            Form::Passes(cell, test) => {
                let of = self.variable(*cell, Some(*test), quantified);
                let known = match of {
                    Variable::Test(name, _) => {
                        self.judge.facts.known(name).and_then(|known| known.tests.get(test))
                    }
                    Variable::Name(_)
                    | Variable::Free(_)
                    | Variable::FreeTest(..)
                    | Variable::AnyOf(_)
                    | Variable::AnyTest(..) => None,
                };
                self.add(of, *cell, known.map_or(3, |holds| 1 << u8::from(*holds)));
            }
            Form::Not(inner) => self.collect(inner, quantified),
            Form::All(parts) | Form::Any(parts) => {
                parts.iter().for_each(|part| self.collect(part, quantified))
            }
        }
    }

    /// Takes in the invariants that say something about what is there already, then those that say something
    /// about what came with these, as far as the table may grow. Leaving one out makes the result weaker,
    /// never wrong.
    fn collect_invariants(&mut self) -> Vec<&'a Form> {
        let mut used = Vec::new();
        let mut seen = BTreeSet::new();
        let mut next = 0;
        while let Some(unknown) = self.unknowns.get(next) {
            let cell = unknown.cell;
            // A column of "for all" stands for values that the world does not have.
            let is_real = !unknown.for_all;
            next += 1;
            let invariants = self.judge.cells.get(cell).filter(|_| is_real).map(|facts| &facts.invariants);
            for index in invariants.into_iter().flatten() {
                let Some(form) = self.judge.invariants.get(*index).filter(|_| seen.insert(*index)) else {
                    continue;
                };
                let columns = self.unknowns.len();
                self.collect(form, false);
                if rows(&self.unknowns) > ROWS_MAX {
                    self.unknowns.truncate(columns);
                } else {
                    used.push(form);
                }
            }
        }
        used
    }

    fn add(&mut self, of: Variable, cell: CellIx, possible: Regions) {
        if !self.unknowns.iter().any(|unknown| unknown.of == of) {
            let for_all = matches!(of, Variable::AnyOf(_) | Variable::AnyTest(..));
            self.unknowns.push(Unknown { of, cell, possible, fits: 0, value: 0, for_all });
        }
    }

    fn variable(&self, cell: CellIx, test: Option<u32>, quantified: bool) -> Variable {
        match (quantified && self.for_all.contains(&cell), (self.judge.free)(cell), test) {
            (true, _, None) => Variable::AnyOf(cell),
            (true, _, Some(test)) => Variable::AnyTest(cell, test),
            (false, true, None) => Variable::Free(cell),
            (false, true, Some(test)) => Variable::FreeTest(cell, test),
            (false, false, None) => Variable::Name(self.judge.facts.name(cell)),
            (false, false, Some(test)) => Variable::Test(self.judge.facts.name(cell), test),
        }
    }

    fn value(&self, of: Variable) -> Regions {
        self.unknowns.iter().find(|unknown| unknown.of == of).map_or(0, |unknown| unknown.value)
    }

    fn holds(&self, form: &Form, quantified: bool) -> bool {
        match form {
            Form::Constant(value) => *value,
            Form::In(cell, regions) => self.value(self.variable(*cell, None, quantified)) & regions != 0,
            Form::Passes(cell, test) => self.value(self.variable(*cell, Some(*test), quantified)) == 2,
            Form::Not(inner) => !self.holds(inner, quantified),
            Form::All(parts) => parts.iter().all(|part| self.holds(part, quantified)),
            Form::Any(parts) => parts.iter().any(|part| self.holds(part, quantified)),
        }
    }

    fn holds_for_all(&mut self, form: &Form, free: usize) -> bool {
        let end = self.unknowns.len();
        self.first(free, end);
        loop {
            if !self.holds(form, true) {
                return false;
            }
            if !self.next(free, end) {
                return true;
            }
        }
    }

    /// Sets some columns to the first of their values.
    fn first(&mut self, begin: usize, end: usize) {
        for unknown in self.unknowns.iter_mut().take(end).skip(begin) {
            unknown.value = unknown.possible & unknown.possible.wrapping_neg();
        }
    }

    /// Goes on to the next row. Returns whether there is one.
    fn next(&mut self, begin: usize, end: usize) -> bool {
        for unknown in self.unknowns.iter_mut().take(end).skip(begin) {
            // The bits above the present one.
            let above = unknown.possible & !(unknown.value | unknown.value.wrapping_sub(1));
            if unknown.value != 0 && above != 0 {
                unknown.value = above & above.wrapping_neg();
                return true;
            }
            unknown.value = unknown.possible & unknown.possible.wrapping_neg();
        }
        false
    }

    fn take_down(&mut self, free: usize) {
        for unknown in self.unknowns.iter_mut().take(free) {
            unknown.fits |= unknown.value;
        }
    }
}
