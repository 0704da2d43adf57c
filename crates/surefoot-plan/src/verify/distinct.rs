//! Which arguments are different things, and so which cells of one question may be the same.
//!
//! Two arguments are distinct if they are different literals, different items of one list (lists are sets),
//! named by a `where a != b`, an item of a loop and any other one, or texts that cannot come out equal: what both begin and end with is left out,
//! and the rest differs.
//!
//! Looking at every pair of a fact's cells would make ten thousand steps over one fact a matter of minutes.
//! So cells whose arguments have the same *shape* (the same but for one gap, as in `"${folder}/f1"` and
//! `"${folder}/f2"`) are not compared: what stands in the gap differs.

use std::collections::{BTreeMap, BTreeSet};

use super::cells::CellIx;
use super::items::Items;
use crate::{BinaryOperator, Cell, Expr, Name, Plan, Value};

/// What is known to be different.
#[derive(Debug, Default)]
pub(super) struct Distinct {
    pairs: BTreeSet<(Expr, Expr)>,
}

/// A part of an argument.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Part<'a> {
    /// Text that is known.
    Text(&'a str),
    /// Another value that is known.
    Value(&'a Value),
    /// An item of a list.
    Item(&'a Name, u32),
    /// What has no value yet.
    Open(&'a Expr),
}

/// A part of a shape: gaps stand for what may differ.
#[derive(Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Mold<'a> {
    Text,
    Value,
    Item(&'a Name),
    Open(&'a Expr),
}

/// The smallest part of a text that is compared.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Unit<'a> {
    Char(char),
    Value(&'a Value),
    Item(&'a Name, u32),
    Open(&'a Expr),
}

impl Distinct {
    /// Finds each `where a != b` of a plan.
    pub(super) fn new(plan: &Plan, items: &Items) -> Distinct {
        let mut distinct = Distinct::default();
        let mut open: Vec<&Expr> = plan.constraints.iter().map(|(constraint, _)| constraint).collect();
        while let Some(expr) = open.pop() {
            match expr {
                Expr::Binary(BinaryOperator::And, left, right) => open.extend([&**left, &**right]),
                Expr::Binary(BinaryOperator::NotEqual, left, right) => {
                    distinct.pairs.insert(((**left).clone(), (**right).clone()));
                    distinct.pairs.insert(((**right).clone(), (**left).clone()));
                }
                _ => {}
            }
        }
        // Another item of the list is another one: it holds none twice.
        for (item, other) in items.pairs() {
            distinct.pairs.insert((item.clone(), other.clone()));
            distinct.pairs.insert((other, item));
        }
        distinct
    }

    /// Calls `visit` once with each pair of cells of one question that may be the same.
    pub(super) fn may_be_equal(&self, cells: &[(&Cell, CellIx)], visit: &mut dyn FnMut(CellIx, CellIx)) {
        let mut by_shape: BTreeMap<Vec<Vec<Mold<'_>>>, Vec<(&Cell, CellIx)>> = BTreeMap::new();
        for (cell, at) in cells {
            let shape = |argument| parts(argument).iter().map(mold).collect();
            by_shape.entry(cell.arguments.iter().map(shape).collect()).or_default().push((cell, *at));
        }
        let shapes: Vec<Vec<(&Cell, CellIx)>> = by_shape.into_values().collect();
        for (index, shape) in shapes.iter().enumerate() {
            if !differ_in_one_gap(shape) {
                for (first, left) in shape.iter().enumerate() {
                    self.compare(left, shape.iter().skip(first + 1), visit);
                }
            }
            for left in shape {
                self.compare(left, shapes.iter().skip(index + 1).flatten(), visit);
            }
        }
    }

    fn compare<'a>(
        &self,
        (left, left_at): &(&Cell, CellIx),
        others: impl Iterator<Item = &'a (&'a Cell, CellIx)>,
        visit: &mut dyn FnMut(CellIx, CellIx),
    ) {
        for (right, right_at) in others {
            // Arguments are distinct if one position is.
            let mut pairs = left.arguments.iter().zip(&right.arguments);
            if !pairs.any(|(left, right)| self.are_distinct(left, right)) {
                visit(*left_at, *right_at);
            }
        }
    }

    fn are_distinct(&self, left: &Expr, right: &Expr) -> bool {
        if let (Expr::Literal(left), Expr::Literal(right)) = (left, right) {
            return left != right;
        }
        if self.pairs.contains(&(left.clone(), right.clone())) {
            return true;
        }
        let (left, right) = (units(left), units(right));
        let front = left.iter().zip(&right).take_while(|(left, right)| left == right).count();
        let (left, right) = (left.get(front..).unwrap_or(&[]), right.get(front..).unwrap_or(&[]));
        let back =
            left.iter().rev().zip(right.iter().rev()).take_while(|(left, right)| left == right).count();
        let rest = |units: &[Unit<'_>]| units.len() - back;
        let (left, right) = (left.get(..rest(left)).unwrap_or(&[]), right.get(..rest(right)).unwrap_or(&[]));
        match (left, right) {
            // One is the other with something in the middle: distinct if that is surely something.
            ([], more) | (more, []) => more.iter().any(|unit| matches!(unit, Unit::Char(_))),
            ([Unit::Item(list, index)], [Unit::Item(other, other_index)]) => {
                list == other && index != other_index
            }
            ([Unit::Open(one)], [Unit::Open(other)]) => {
                self.pairs.contains(&((*one).clone(), (*other).clone()))
            }
            (left, right) => {
                let clash = |left: Option<&Unit<'_>>, right: Option<&Unit<'_>>| matches!((left, right), (Some(Unit::Char(left)), Some(Unit::Char(right))) if left != right);
                clash(left.first(), right.first()) || clash(left.last(), right.last())
            }
        }
    }
}

/// Whether cells of one shape are all different: in each argument at most one gap is filled in more than one
/// way, so that two cells that are not written the same differ in one of these.
fn differ_in_one_gap(shape: &[(&Cell, CellIx)]) -> bool {
    let Some(((first, _), others)) = shape.split_first() else { return true };
    first.arguments.iter().enumerate().all(|(position, argument)| {
        let first = parts(argument);
        let mut filled = BTreeSet::new();
        for (cell, _) in others {
            let other = cell.arguments.get(position).map(parts).unwrap_or_default();
            let differing = first.iter().zip(&other).enumerate().filter(|(_, (one, other))| one != other);
            filled.extend(differing.map(|(gap, _)| gap));
        }
        filled.len() <= 1
    })
}

fn parts(argument: &Expr) -> Vec<Part<'_>> {
    match argument {
        Expr::Join(exprs) => exprs.iter().map(part).collect(),
        expr => vec![part(expr)],
    }
}

fn part(expr: &Expr) -> Part<'_> {
    match expr {
        Expr::Literal(Value::Text(text)) => Part::Text(text),
        Expr::Literal(value) => Part::Value(value),
        Expr::Item { list, index } => Part::Item(list, *index),
        expr => Part::Open(expr),
    }
}

fn mold<'a>(part: &Part<'a>) -> Mold<'a> {
    match part {
        Part::Text(_) => Mold::Text,
        Part::Value(_) => Mold::Value,
        Part::Item(list, _) => Mold::Item(list),
        Part::Open(expr) => Mold::Open(expr),
    }
}

fn units(argument: &Expr) -> Vec<Unit<'_>> {
    let mut units = Vec::new();
    for part in parts(argument) {
        match part {
            Part::Text(text) => units.extend(text.chars().map(Unit::Char)),
            Part::Value(value) => units.push(Unit::Value(value)),
            Part::Item(list, index) => units.push(Unit::Item(list, index)),
            Part::Open(expr) => units.push(Unit::Open(expr)),
        }
    }
    units
}

#[cfg(test)]
mod tests;
