//! Facts: named questions about the world, and formulas over them.

use serde::{Deserialize, Serialize};

use crate::{Expr, Name, Read, Type};

/// Names a question, as a person would read it: `primary_serving`, `postgres.lag`.
pub type QuestionId = String;

/// A question about the world, answered by its probe.
///
/// Only what asks the world itself is a question. A fact that combines others is a name for a
/// formula, and the compiler has replaced it by that formula.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Its arguments, in order.
    pub parameters: Vec<Parameter>,
    /// The type of its answer; [`Type::Bool`] for a yes or no.
    pub answer: Type,
    /// How the world is asked.
    pub probe: Probe,
    /// What its author says about it. May be empty.
    pub doc: String,
}

/// An argument that a question takes.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Its name, [`Expr::Argument`] in the probe.
    pub name: Name,
    /// Its type.
    pub r#type: Type,
    /// Whether it is secret. Secret arguments do not tell two cells apart.
    pub secret: bool,
}

/// How a question is answered: reads, done in order, then an expression over them.
///
/// It only reads: the sandbox gives it no writable path. Anything that fails, or does not read as
/// the question's type, makes the answer unknown.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// What is read first; each is an [`Expr::Argument`] of its name for what follows.
    pub reads: Vec<Read>,
    /// The answer.
    pub answer: Expr,
}

/// One thing that can be asked: a question with its arguments.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// Which question.
    pub question: QuestionId,
    /// Its arguments, in order.
    pub arguments: Vec<Expr>,
}

/// A yes-or-no about one cell.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Atom {
    /// What is asked.
    pub cell: Cell,
    /// Which answers mean yes.
    pub test: Test,
}

/// Which answers of a cell make an atom true.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Test {
    /// The answer is a yes or no itself.
    Holds,
    /// The answer compares so with this value, which asks no fact.
    Compares(Comparison, Expr),
}

/// A comparison of two values.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// An atom, or its negation.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Literal {
    /// The atom.
    pub atom: Atom,
    /// Whether it is to be true (or, if not, false).
    pub holds: bool,
}

/// A yes-or-no over facts and values, three-valued when it is asked.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Formula {
    /// Asks one fact.
    Atom(Atom),
    /// A yes-or-no expression over values that asks no fact.
    Value(Expr),
    /// The opposite; unknown stays unknown.
    Not(Box<Formula>),
    /// Every one holds. True when empty.
    All(Vec<Formula>),
    /// One at least holds. False when empty.
    Any(Vec<Formula>),
}

/// What is known of a yes-or-no.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tri {
    /// It holds.
    True,
    /// It does not.
    False,
    /// It cannot be told. Never counts as either.
    Unknown,
}
