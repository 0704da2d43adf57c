//! What will be done: the plan, its digest and its verifier. The waist of Surefoot.
//!
//! A [`Plan`] is closed: no source is needed to read, check or perform it. It never holds a secret
//! value. `verify` is the only way to a `VerifiedPlan`, and the executor performs nothing else.
//!
//! May never: know source text; do I/O; know the time.

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is not of the wanted type is refused, whatever it is"
)]
mod decode;
mod digest;
mod each;
mod effect;
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "an operator refuses every kind of value that it is not for"
)]
mod eval;
mod expr;
mod fact;
mod half_done;
mod names;
mod parallel;
mod plan;
mod read;
#[expect(clippy::wildcard_enum_match_arm, reason = "all but a few kinds of expression read without brackets")]
mod show;
mod step;
#[cfg(test)]
mod testing;
mod value;
mod verify;
mod walk;

pub use decode::{DECODED_BYTES_MAX, decode, decode_exit, describe, from_json, is_of_type, parse_text};
pub use digest::PlanDigest;
pub use each::{EACH_MAX, Each, ItemsError, TurnsBack, Wave};
pub use effect::{
    Decoder, Endpoint, Exec, LibraryCall, Person, PersonQuestion, Read, Reveal, Rights, Script, Source, Word,
    interpreter, is_sql_name,
};
pub use eval::{
    COMPUTED_MAX, Environment, EvalError, TextPiece, Values, decide_atom, decide_formula, eval, eval_text,
    ground, substitute, test_answer, why_unknown,
};
pub use expr::{BinaryOperator, Expr, Function, UnaryOperator, ValueId};
pub use fact::{Atom, Cell, Comparison, Formula, Literal, Parameter, Probe, Question, QuestionId, Test, Tri};
pub use half_done::{half_done, half_done_beside, may_be_among};
pub use names::Names;
pub use parallel::{BRANCHES_MAX, Parallel, parallels_of};
pub use plan::{
    About, Collect, FormatVersion, Hypothesis, Input, InputValue, Invariant, Left, NamedFact, Node,
    OnFailure, Plan, SourceFile, Waived,
};
pub use read::{FORMAT, NODES_MAX, PLAN_BYTES_MAX, ReadError};
pub use step::{
    APPROVERS_MAX, After, Approval, CallEnd, Class, Ensure, GRACE_MS, Irreversible, Leaves, Require,
    Restores, Retry, Rollback, ScopeEnd, ShownValue, Statement, Step, StepId, Wait, Way,
};
pub use value::{Name, Real, Type, Value};
pub use verify::{
    ATOMS_MAX, Condition, EVERY_MS_MIN, Exception, ExceptionKind, NESTING_MAX, Obligation, Owed, Place,
    Policy, Proof, Summary, TIMES_MAX, Verdict, VerifiedPlan, Violation, WAIT_MS_MAX, What, verify,
};
pub use walk::{Nodes, atoms_of, steps_of};
