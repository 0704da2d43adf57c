//! Expressions that are left in a plan: everything the compiler could not compute.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Cell, Name, StepId, Value};

/// An expression. It has no effect and always ends.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields)]
#[serde(rename_all = "snake_case")]
pub enum Expr {
    /// A value known when the plan was made.
    Literal(Value),
    /// An input: one that is not bound yet (the plan is symbolic), or a secret one (never bound).
    Input(Name),
    /// The n-th item of a list input that is not bound yet. Items of one list are distinct.
    Item {
        /// The list.
        list: Name,
        /// Which item, from 0.
        index: u32,
    },
    /// A value that the run finds: a `let`, a `before`, an answer.
    Local(ValueId),
    /// An argument of the question whose probe this stands in; or a read of that probe.
    Argument(Name),
    /// The value of a fact, probed.
    Fact(Cell),
    /// The moment at which the expression is evaluated. Only in steps.
    Now,
    /// The id of the run. Only in steps.
    RunId,
    /// Text from parts; each is shown as text.
    Join(Vec<Expr>),
    /// A list.
    List(Vec<Expr>),
    /// A record.
    Record(BTreeMap<Name, Expr>),
    /// A field of a record or JSON object. `none` where it is absent.
    Field(Box<Expr>, Name),
    /// An operator on one value.
    Unary(UnaryOperator, Box<Expr>),
    /// An operator on two values.
    Binary(BinaryOperator, Box<Expr>, Box<Expr>),
    /// A pure function of the language.
    Call(Function, Vec<Expr>),
    /// `if c then a else b`.
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `[item for name in list if condition]`; the item is `Argument(name)` inside.
    Comprehension {
        /// What each turn gives.
        item: Box<Expr>,
        /// The name that is bound in turn.
        name: Name,
        /// The list gone through.
        list: Box<Expr>,
        /// Which turns count; all if absent.
        condition: Option<Box<Expr>>,
    },
}

/// Names a value that a run finds.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ValueId {
    /// The step that finds it; none for a `let` of the runbook.
    pub step: Option<StepId>,
    /// Its name.
    pub name: Name,
}

/// An operator on one value.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UnaryOperator {
    /// `not`
    Not,
    /// `-`
    Minus,
}

/// An operator on two values.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BinaryOperator {
    /// `and`
    And,
    /// `or`
    Or,
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
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Times,
    /// `/`
    Divide,
    /// `matches`
    Matches,
    /// `in`
    In,
    /// `??`
    OrElse,
}

/// A pure function of the language; one page lists them all.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is named as in the language; eval.rs says what it does")]
pub enum Function {
    Count,
    Join,
    Split,
    Lines,
    Columns,
    First,
    Last,
    Trim,
    Contains,
    StartsWith,
    EndsWith,
    Replace,
    Lower,
    Upper,
    Json,
    Base64,
    InUnit,
    Round,
    Min,
    Max,
}
