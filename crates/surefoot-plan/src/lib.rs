//! What will be done: the plan, its digest and its verifier. The waist of Surefoot.
//!
//! A [`Plan`] is closed: no source is needed to read, check or perform it. It never holds a secret
//! value. `verify` is the only way to a `VerifiedPlan`, and the executor performs nothing else.
//!
//! May never: know source text; do I/O; know the time.

mod effect;
mod expr;
mod fact;
mod plan;
mod step;
mod value;

pub use effect::{
    Decoder, Endpoint, Exec, LibraryCall, Person, PersonQuestion, Read, Rights, Script, Source, Word,
};
pub use expr::{BinaryOperator, Expr, Function, UnaryOperator, ValueId};
pub use fact::{Atom, Cell, Comparison, Formula, Literal, Parameter, Probe, Question, QuestionId, Test, Tri};
pub use plan::{
    About, Collect, FormatVersion, Input, InputValue, Invariant, Left, NamedFact, Node, OnFailure, Plan,
    SourceFile,
};
pub use step::{
    Approval, Class, Ensure, Irreversible, Leaves, Require, Restores, Retry, Rollback, Statement, Step,
    StepId, Wait, Way,
};
pub use value::{Name, Real, Type, Value};
