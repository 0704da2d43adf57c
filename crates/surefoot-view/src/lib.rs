//! Shows it to a person: plans, runs and their stories.
//!
//! In: a plan, the state folded from a journal, and its records. Out: text. Everything here is a pure
//! function; what is shown is derived from the journal and never decides anything.
//!
//! May never: execute; write the journal; print.

mod blast;
mod names;
mod progress;
mod say;
mod status;
mod style;
mod tell;
#[cfg(test)]
mod testing;
mod way;

pub use status::{Around, RunRow, runs, status};
pub use style::{Style, WIDTH};
