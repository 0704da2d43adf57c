//! The compiler, the verifier and the executor say the same of random runbooks.
//!
//! Whatever is accepted is run in a model with a fault, a crash and an unknown outcome at every point. What is
//! checked is what is really so in the model, and what stands in the journal; nothing here asks the executor.
//! `SUREFOOT_RUNBOOKS=20000 cargo test -p surefoot-tests --test agree` tries more of them.

#[path = "../../crates/surefoot-executor/tests/runs/audit.rs"]
mod audit;
mod book;
mod generate;
mod monotone;
mod mutations;
mod run;
mod runs;
mod world;
