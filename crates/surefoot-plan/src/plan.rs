//! The plan itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Atom, Expr, Formula, Literal, Name, Question, QuestionId, Read, Require, Rights, Statement, Step, StepId,
    Type, Value, Wait,
};

/// What will be done. Closed, versioned, content-addressed, without any secret value.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The version of this format.
    pub format: FormatVersion,
    /// The runbook it was made from.
    pub runbook: Name,
    /// What its author says about it; the first paragraph is its title.
    pub doc: String,
    /// Who answers for it.
    pub about: About,
    /// The files it was made from, library included.
    pub sources: Vec<SourceFile>,
    /// Its inputs, in the order of the source.
    pub inputs: Vec<Input>,
    /// Conditions over inputs that are checked when they are bound: each `where`, with its text.
    pub constraints: Vec<(Expr, String)>,
    /// The names that it locks, as texts: taken before anything is done, and kept until nothing is owed. Since format
    /// 1.2.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub locks: Vec<Expr>,
    /// The upper bound of what it does.
    pub allow: Rights,
    /// The questions it asks.
    pub questions: BTreeMap<QuestionId, Question>,
    /// Names that its author gave to formulas, so that people read those names. Nothing is decided by them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<NamedFact>,
    /// What is read once, at the start of the run.
    pub lets: Vec<Read>,
    /// What must hold at the start.
    pub requires: Vec<Require>,
    /// What must hold always.
    pub invariants: Vec<Invariant>,
    /// What is done, in order.
    pub body: Vec<Node>,
    /// What holds at the end.
    pub ensures: Vec<Require>,
    /// What happens when a step fails.
    pub on_failure: OnFailure,
    /// What is gathered when a step fails, for people.
    pub collect: Vec<Collect>,
    /// Findings that its author does not mind for a while. Nothing is decided by them: people see them. Since format 1.2.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waived: Vec<Waived>,
}

/// A finding of the compiler that is silenced until a day: an exception.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Waived {
    /// Its code, as `SF0312`.
    pub code: String,
    /// What it is silenced in, as `step promote`.
    pub within: String,
    /// The last day, as `2026-12-31`.
    pub until: String,
    /// Who answers for it.
    pub by: String,
    /// Why.
    pub why: String,
}

/// The version of a format: a reader reads every older one, and refuses a newer major.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FormatVersion {
    /// Changed when an old reader would misread it.
    pub major: u32,
    /// Changed when something was added.
    pub minor: u32,
}

/// Who answers for a runbook.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// Its owner.
    pub owner: Option<String>,
    /// The day of the last review, as `2026-10-01`.
    pub reviewed: Option<String>,
    /// How often it is to be reviewed, in milliseconds.
    pub review_every_ms: Option<u64>,
    /// For which severities it is meant.
    pub severity: Vec<String>,
}

/// A file the plan was made from.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SourceFile {
    /// Its path as given, or `std.NAME`.
    pub path: String,
    /// The SHA-256 of what its author wrote, in hex: its tokens without blanks, line breaks and comments, so that
    /// a plan that was approved is the same after its file is formatted.
    pub sha256: String,
}

/// An input of a runbook: a `param`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub r#type: Type,
    /// What it is bound to.
    pub value: InputValue,
    /// What its author says about it; may be empty.
    pub doc: String,
}

/// What an input is bound to.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum InputValue {
    /// Nothing yet: the plan is symbolic, and can be checked but not run.
    Unbound,
    /// A value, given or by default. It has replaced the input wherever that was read.
    Bound(Value),
    /// A secret, read from this environment variable when it is needed. Never bound.
    SecretFromEnv(String),
}

/// Something that must hold at every moment.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Invariant {
    /// What must hold.
    pub formula: Formula,
    /// Why; empty if nothing was said.
    pub message: String,
}

/// The name of a formula: a fact that only combines others.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NamedFact {
    /// Its name, as `primary_serving`.
    pub name: Name,
    /// What it stands for.
    pub formula: Formula,
    /// What its author says about it; may be empty.
    pub doc: String,
}

/// A part of a plan.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[serde(rename_all = "snake_case")]
pub enum Node {
    /// Does something.
    Step(Box<Step>),
    /// Waits.
    Wait(Box<Wait>),
    /// Chooses.
    If {
        /// Its name in the plan.
        id: StepId,
        /// What decides.
        condition: Formula,
        /// What its author wrote there, for people: of a condition over inputs only its truth is left.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        text: String,
        /// When it is known true.
        then: Vec<Node>,
        /// When it is known false.
        otherwise: Vec<Node>,
        /// When it cannot be told; the run stops for a person if none.
        unknown: Option<Vec<Node>>,
        /// It tries a cause: what cannot be told is recorded, and the run goes on as when it is known false.
        /// There is no `unknown` then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hypothesis: Option<Hypothesis>,
    },
    /// Does its body once for each item of a list that the run finds. Since format 1.2.
    Each(Box<crate::Each>),
    /// Does several lines of parts at the same time. Since format 1.3.
    Parallel(Box<crate::Parallel>),
    /// Ends the run well and early: nothing after it is done, and the runbook's `ensures` are not asked.
    Stop {
        /// Its name in the plan.
        id: StepId,
        /// Why.
        why: String,
    },
    /// Takes something for true from here on, whatever can be told of it. Listed as an exception.
    Assume {
        /// Its name in the plan.
        id: StepId,
        /// What is taken for true.
        literal: Literal,
        /// Why.
        why: String,
    },
}

/// A possible cause that a choice tries.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Hypothesis {
    /// What is asked, as `Why is the queue growing?`.
    pub question: String,
    /// What it would mean if the condition is true, as `the consumers are down`.
    pub text: String,
}

/// What happens when a step fails.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// What is owed is paid, latest first.
    #[default]
    Rollback,
    /// The run stops and keeps what is owed.
    Stop,
    /// A person chooses.
    Ask,
}

/// What is gathered when a step fails; it only reads, and its failure changes nothing.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Collect {
    /// What is run.
    pub statement: Statement,
    /// What it is granted.
    pub rights: Rights,
}

/// What a plan leaves changed, for its header.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Left {
    /// The step that leaves it.
    pub step: StepId,
    /// What is left; empty: harmless.
    pub atoms: Vec<Atom>,
    /// Why.
    pub why: String,
}
