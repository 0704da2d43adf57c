//! The facts of a plan as the verifier sees them: cells with a small number of regions.
//!
//! Two cells with the same question and the same arguments (secret ones left out) are one. The answers of
//! a question are cut into regions at the constants that the plan compares them with: below the first,
//! the first itself, between it and the second, and so on. Within a region every comparison of the plan
//! with a constant has the same result, so a region is all that the proof has to know.
//!
//! A comparison with something that has no value yet (an unbound input) is a yes-or-no of its own.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::branches::reads_of;
use super::distinct::Distinct;
use super::items::{Items, changes_of_others, loops};
use crate::eval::{Values, eval, moment};
use crate::{
    Atom, BinaryOperator, Cell, Comparison, Each, Expr, Formula, Literal, Plan, Real, Test, Type,
    UnaryOperator, Value,
};

/// Most constants that cut the answers of one question: two regions for each and one more fit a word of
/// 64 bits. A comparison with a constant beyond them is treated as one with an unknown value.
const CONSTANTS_MAX: usize = 31;

/// Which cell, by its place in the table.
pub(super) type CellIx = usize;

/// A set of regions.
pub(super) type Regions = u64;

/// The answer "no" of a yes-or-no question, as a set of regions.
pub(super) const NO: Regions = 1;
/// The answer "yes" of a yes-or-no question, as a set of regions.
pub(super) const YES: Regions = 2;

/// The cells of a plan.
#[derive(Debug, Default)]
pub(super) struct Cells {
    /// What is known of each.
    pub(super) table: Vec<CellFacts>,
    index: HashMap<Cell, CellIx>,
    values: HashMap<Expr, CellIx>,
    constants: HashMap<String, Vec<Value>>,
    tests: HashMap<(Comparison, Expr), u32>,
    items: Items,
    /// How many of them the plan names: without those about any other item of a loop.
    pub(super) named: usize,
    equalities: BTreeSet<u32>,
}

/// What is known of a cell.
#[derive(Debug)]
pub(super) struct CellFacts {
    /// How it reads.
    pub(super) shown: String,
    /// All its regions.
    pub(super) all: Regions,
    /// Whether it is a yes or no.
    pub(super) yes_no: bool,
    /// Other cells that may be the same one, under other names.
    pub(super) aliases: Vec<CellIx>,
    /// The invariants that ask it.
    pub(super) invariants: Vec<usize>,
    /// It is an expression over values that asks no fact: nothing ever changes it.
    pub(super) is_value: bool,
}

/// A formula over cells.
#[derive(Clone, Debug)]
pub(super) enum Form {
    /// Known.
    Constant(bool),
    /// The cell's answer is in one of these regions.
    In(CellIx, Regions),
    /// The cell passes a test whose right side is not known yet.
    Passes(CellIx, u32),
    /// The opposite.
    Not(Box<Form>),
    /// Every one.
    All(Vec<Form>),
    /// One at least.
    Any(Vec<Form>),
}

/// What a literal says of its cell.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Says {
    /// Its answer is in one of these regions.
    In(Regions),
    /// It passes, or not, a test whose right side is not known yet.
    Passes(u32, bool),
}

impl Cells {
    /// Finds every cell of a plan.
    pub(super) fn new(plan: &Plan) -> Cells {
        let mut cells = Cells { items: Items::new(plan), ..Cells::default() };
        cells.collect_constants(plan);
        for atom in plan.atoms() {
            cells.intern(plan, &atom.cell);
        }
        cells.named = cells.len();
        // What the turns of other items change has cells of its own.
        for each in loops(plan) {
            for cell in changes_of_others(each) {
                cells.intern(plan, &cell);
            }
        }
        // What a branch reads is compared with what the others change.
        for parallel in plan.parallels() {
            for cell in parallel.branches.iter().flat_map(|branch| reads_of(branch)) {
                cells.intern(plan, &cell);
            }
        }
        cells.find_aliases(plan);
        cells
    }

    /// Returns the place of a cell. Every cell of the plan has one.
    pub(super) fn of(&self, plan: &Plan, cell: &Cell) -> Option<CellIx> {
        self.index.get(&normal(plan, cell, &self.items)).copied()
    }

    /// Returns the cells that ask about the item of a loop.
    pub(super) fn about_item(&self, each: &Each) -> BTreeSet<CellIx> {
        let item = self.items.first(&each.item_id());
        let asks = |cell: &Cell| {
            let mut found = false;
            for argument in &cell.arguments {
                argument.visit(&mut |part| found |= matches!(part, Expr::Local(id) if *id == item));
            }
            found
        };
        self.index.iter().filter(|(cell, _)| asks(cell)).map(|(_, at)| *at).collect()
    }

    /// Returns how many there are.
    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// Returns what is known of a cell.
    pub(super) fn get(&self, cell: CellIx) -> Option<&CellFacts> {
        self.table.get(cell)
    }

    /// Returns the cells that may be the same as one of these, and these.
    pub(super) fn with_aliases(&self, cells: &BTreeSet<CellIx>) -> BTreeSet<CellIx> {
        let aliases = cells.iter().filter_map(|cell| self.get(*cell)).flat_map(|facts| &facts.aliases);
        cells.iter().chain(aliases).copied().collect()
    }

    /// Returns whether two cells are, or may be, the same.
    pub(super) fn may_equal(&self, left: CellIx, right: CellIx) -> bool {
        left == right || self.get(left).is_some_and(|facts| facts.aliases.contains(&right))
    }

    /// Turns a formula into one over cells.
    pub(super) fn compile(&mut self, plan: &Plan, formula: &Formula) -> Form {
        match formula {
            Formula::Atom(atom) => {
                let Some(cell) = self.of(plan, &atom.cell) else { return Form::Constant(false) };
                match self.says(plan, atom, true) {
                    Says::In(regions) => Form::In(cell, regions),
                    Says::Passes(test, _) => Form::Passes(cell, test),
                }
            }
            Formula::Value(expr) => self.compile_value(expr),
            Formula::Not(inner) => Form::Not(Box::new(self.compile(plan, inner))),
            Formula::All(parts) => Form::All(parts.iter().map(|part| self.compile(plan, part)).collect()),
            Formula::Any(parts) => Form::Any(parts.iter().map(|part| self.compile(plan, part)).collect()),
        }
    }

    /// Returns what a literal says of its cell.
    pub(super) fn literal(&mut self, plan: &Plan, literal: &Literal) -> Says {
        self.says(plan, &literal.atom, literal.holds)
    }

    /// Returns whether a test asks for equality: passing it tells the value.
    pub(super) fn is_equality(&self, test: u32) -> bool {
        self.equalities.contains(&test)
    }

    fn says(&mut self, plan: &Plan, atom: &Atom, holds: bool) -> Says {
        let question = plan.questions.get(&atom.cell.question);
        let answer = question.map_or(&Type::Bool, |question| &question.answer);
        let all = self.all_regions(&atom.cell.question, answer);
        let passing = match &atom.test {
            Test::Holds => Some(YES),
            Test::Compares(comparison, expr) => {
                let constant = constant(answer, expr);
                constant.and_then(|value| self.regions_of(&atom.cell.question, answer, *comparison, &value))
            }
        };
        match (passing, &atom.test) {
            (Some(regions), _) => Says::In(if holds { regions } else { all & !regions }),
            (None, Test::Compares(comparison, expr)) => Says::Passes(self.test(*comparison, expr), holds),
            (None, Test::Holds) => Says::In(all),
        }
    }

    /// A value expression as a formula: its `and`, `or` and `not` are taken apart, so that `a and b` and
    /// `a` share `a`.
    fn compile_value(&mut self, expr: &Expr) -> Form {
        if let Ok(Value::Bool(known)) = eval(expr, &Values::default()) {
            return Form::Constant(known);
        }
        match expr {
            Expr::Unary(UnaryOperator::Not, inner) => Form::Not(Box::new(self.compile_value(inner))),
            Expr::Binary(BinaryOperator::And, left, right) => {
                Form::All(vec![self.compile_value(left), self.compile_value(right)])
            }
            Expr::Binary(BinaryOperator::Or, left, right) => {
                Form::Any(vec![self.compile_value(left), self.compile_value(right)])
            }
            expr => Form::In(self.intern_value(expr), YES),
        }
    }

    fn intern_value(&mut self, expr: &Expr) -> CellIx {
        let mut volatile = false;
        expr.visit(&mut |part| volatile |= matches!(part, Expr::Now));
        if let Some(cell) = self.values.get(expr).copied().filter(|_| !volatile) {
            return cell;
        }
        let cell = self.table.len();
        self.table.push(CellFacts {
            shown: expr.to_string(),
            all: YES | NO,
            yes_no: true,
            aliases: Vec::new(),
            invariants: Vec::new(),
            is_value: true,
        });
        self.values.insert(expr.clone(), cell);
        cell
    }

    fn intern(&mut self, plan: &Plan, cell: &Cell) -> CellIx {
        let public = normal(plan, cell, &self.items);
        if let Some(found) = self.index.get(&public) {
            return *found;
        }
        let answer = plan.questions.get(&cell.question).map_or(&Type::Bool, |question| &question.answer);
        let at = self.table.len();
        self.table.push(CellFacts {
            shown: public.to_string(),
            all: self.all_regions(&cell.question, answer),
            yes_no: matches!(answer, Type::Bool),
            aliases: Vec::new(),
            invariants: Vec::new(),
            is_value: false,
        });
        self.index.insert(public, at);
        at
    }

    fn test(&mut self, comparison: Comparison, expr: &Expr) -> u32 {
        let next = u32::try_from(self.tests.len()).unwrap_or(u32::MAX);
        let test = *self.tests.entry((comparison, expr.clone())).or_insert(next);
        if comparison == Comparison::Equal {
            self.equalities.insert(test);
        }
        test
    }

    /// The regions in which an answer can be: those between two constants that are next to each other hold
    /// nothing.
    fn all_regions(&self, question: &str, answer: &Type) -> Regions {
        if let Type::Bool = answer {
            return YES | NO;
        }
        let constants = self.constants.get(question).map_or(&[][..], Vec::as_slice);
        let mut all = u64::MAX >> (63 - 2 * constants.len());
        for gap in 0..=constants.len() {
            let below = gap.checked_sub(1).and_then(|below| constants.get(below));
            if !can_lie_between(answer, below, constants.get(gap)) {
                all &= !(1 << (2 * gap));
            }
        }
        all
    }

    /// The regions whose answers compare so with a constant; none if the constant cuts no region.
    fn regions_of(
        &self,
        question: &str,
        answer: &Type,
        comparison: Comparison,
        value: &Value,
    ) -> Option<Regions> {
        let (below, equal) = if let Type::Bool = answer {
            match value {
                Value::Bool(true) => (NO, YES),
                Value::Bool(false) => (0, NO),
                _ => return None,
            }
        } else {
            let at = self.constants.get(question)?.binary_search(value).ok()?;
            ((1 << (2 * at + 1)) - 1, 1 << (2 * at + 1))
        };
        let all = self.all_regions(question, answer);
        Some(match comparison {
            Comparison::Equal => equal,
            Comparison::NotEqual => all & !equal,
            Comparison::Less => below,
            Comparison::LessOrEqual => below | equal,
            Comparison::Greater => all & !(below | equal),
            Comparison::GreaterOrEqual => all & !below,
        })
    }

    fn collect_constants(&mut self, plan: &Plan) {
        let mut found: BTreeMap<String, BTreeSet<Value>> = BTreeMap::new();
        for atom in plan.atoms() {
            let answer = plan.questions.get(&atom.cell.question).map(|question| &question.answer);
            if let (Test::Compares(_, expr), Some(answer)) = (&atom.test, answer)
                && let Some(value) = constant(answer, expr)
            {
                found.entry(atom.cell.question.clone()).or_default().insert(value);
            }
        }
        let cut = |(question, values): (String, BTreeSet<Value>)| {
            (question, values.into_iter().take(CONSTANTS_MAX).collect())
        };
        self.constants = found.into_iter().map(cut).collect();
    }

    /// Finds the cells of one question whose arguments are not known to be different.
    fn find_aliases(&mut self, plan: &Plan) {
        let mut by_question: BTreeMap<&str, Vec<(&Cell, CellIx)>> = BTreeMap::new();
        // Sorted, so that the same plan always gives the same messages.
        let sorted: BTreeMap<&Cell, CellIx> = self.index.iter().map(|(cell, at)| (cell, *at)).collect();
        for (cell, at) in sorted {
            by_question.entry(&cell.question).or_default().push((cell, at));
        }
        let distinct = Distinct::new(plan, &self.items);
        let mut pairs = Vec::new();
        for cells in by_question.values() {
            distinct.may_be_equal(cells, &mut |left, right| pairs.push((left, right)));
        }
        pairs.extend(related(plan, &by_question));
        for (left, right) in pairs {
            for (cell, alias) in [(left, right), (right, left)] {
                if let Some(facts) = self.table.get_mut(cell) {
                    facts.aliases.push(alias);
                }
            }
        }
    }
}

/// The normal form of a cell: without its secret arguments, and each argument computed if it can be. An item of
/// a list is the same in every loop over it.
fn normal(plan: &Plan, cell: &Cell, items: &Items) -> Cell {
    let mut cell = plan.public_cell(cell);
    for argument in &mut cell.arguments {
        items.put_first(argument);
        if !matches!(argument, Expr::Literal(_))
            && let Ok(value) = eval(argument, &Values::default())
        {
            *argument = Expr::Literal(value);
        }
    }
    cell
}

/// Pairs of cells that are answered from the same fact: changing one may change the other.
///
/// A question whose probe asks another fact is as that fact is, and so is every other question that does.
fn related(plan: &Plan, by_question: &BTreeMap<&str, Vec<(&Cell, CellIx)>>) -> Vec<(CellIx, CellIx)> {
    let asked: BTreeMap<&str, BTreeSet<&str>> =
        plan.questions.iter().map(|(id, question)| (id.as_str(), question.asks())).collect();
    let mut reach: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (id, first) in asked.iter().filter(|(_, first)| !first.is_empty()) {
        let mut all = BTreeSet::from([*id]);
        let mut open: Vec<&str> = first.iter().copied().collect();
        while let Some(next) = open.pop() {
            if all.insert(next) {
                open.extend(asked.get(next).into_iter().flatten());
            }
        }
        reach.insert(id, all);
    }
    let mut pairs = Vec::new();
    let cells = |id: &str| by_question.get(id).map_or(&[][..], Vec::as_slice);
    for (id, all) in &reach {
        for (index, (_, left)) in cells(id).iter().enumerate() {
            // Its own other cells, what it asks, and what asks the same.
            pairs.extend(cells(id).iter().skip(index + 1).map(|(_, right)| (*left, *right)));
            for other in by_question.keys().filter(|other| *other != id) {
                let is_related = match reach.get(other) {
                    // Of two that both ask, each pair once.
                    Some(theirs) => id < other && !all.is_disjoint(theirs),
                    None => all.contains(other),
                };
                if is_related {
                    pairs.extend(cells(other).iter().map(|(_, right)| (*left, *right)));
                }
            }
        }
    }
    pairs
}

/// Whether an answer can lie between two constants; none: below the first, above the last.
fn can_lie_between(answer: &Type, below: Option<&Value>, above: Option<&Value>) -> bool {
    match (answer, below, above) {
        (Type::Optional(inner), below, above) => can_lie_between(inner, below, above),
        (Type::OneOf(words), below, above) => words.iter().any(|word| {
            let word = Value::Text(word.clone());
            below.is_none_or(|below| *below < word) && above.is_none_or(|above| word < *above)
        }),
        (_, Some(Value::Int(below)), Some(Value::Int(above))) => above.saturating_sub(*below) > 1,
        (_, Some(Value::Duration(below)), Some(Value::Duration(above)))
        | (_, Some(Value::Size(below)), Some(Value::Size(above))) => above - below > 1,
        (_, None, Some(Value::Duration(above) | Value::Size(above))) => *above > 0,
        (_, _, _) => true,
    }
}

/// The constant that an expression is, in the form of a question's answers.
fn constant(answer: &Type, expr: &Expr) -> Option<Value> {
    let value = eval(expr, &Values::default()).ok()?;
    match (answer, value) {
        (Type::Optional(inner), value) => constant(inner, &Expr::Literal(value)),
        (Type::Float, Value::Int(value)) => Some(Value::Float(Real(value as f64))),
        // Moments compare by time, not by how they are written.
        (Type::Time, Value::Time(text)) => moment(&text).ok().map(Value::Int),
        // In JSON 1 and 1.0 are equal, and no order fits all kinds: left to the run.
        (Type::Json, Value::Float(_) | Value::Int(_)) => None,
        (_, Value::Secret(_)) => None,
        (_, value) => Some(value),
    }
}
