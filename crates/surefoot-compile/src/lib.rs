//! A tree becomes a plan.
//!
//! In: the text of a runbook and of the files it uses. Out: an [`Analysis`] with everything that is
//! wrong, and from it, with inputs, a [`surefoot_plan::Plan`] that needs no source any more, and its
//! [`Origins`]: where each part of it was written.
//!
//! The stations: `load` opens files; `lowering` resolves names, gives types, follows secrets, infers
//! rights, and writes the plan; `script` reads the scripts for it; `explain` says the verifier's violations at the author's lines.
//!
//! Deliberately absent: whether a plan is safe. That is decided once, by the verifier in
//! `surefoot-plan`, which trusts no compiler.
//!
//! May never: do I/O; know the time; stop at the first error.

mod analysis;
mod day;
mod explain;
mod inputs;
mod known;
mod library;
mod load;
mod lowering;
mod mend;
mod origins;
mod report;
mod scope;
mod script;
mod term;
mod types;
mod waive;

pub use analysis::{Analysis, Lowered, analyze, lower};
pub use day::Day;
pub use explain::{check, check_on, explain_violation};
pub use inputs::{Given, Inputs};
pub use library::{Effect, Inverse, Kind, Need, Parameter, Signature, signatures};
pub use load::{NoSources, Sources};
pub use mend::{Changed, Mending, PASSES_MAX};
pub use origins::{Origins, StepOrigin};

/// The functions of the language, each as an author reads it: `trim(text) -> text`.
pub fn functions() -> impl Iterator<Item = &'static str> {
    lowering::functions()
}

/// The types that have a name of their own.
pub fn type_names() -> impl Iterator<Item = &'static str> {
    lowering::type_names()
}
