//! Shows it to a person: plans, runs and their stories.
//!
//! In: a plan, the state folded from a journal, and its records. Out: text. Everything here is a pure
//! function; what is shown is derived from the journal and never decides anything.
//!
//! May never: execute; write the journal; print.

mod blast;
mod ledger;
mod lines;
mod notice;
mod plan;
mod progress;
mod say;
mod screen;
mod status;
mod style;
mod tell;
#[cfg(test)]
mod testing;
mod transcript;

pub use ledger::{Cause, Diagnosis};
pub use lines::{EVENTS_FORMAT, Lines, json_line};
pub use notice::{limit, notice, others, whose_yes, yeses};
pub use plan::{assumptions, plan, reveals};
pub use screen::{Screen, Size, redraw};
pub use status::{Around, RunRow, runs, status, what_to_type};
pub use style::{Style, WIDTH, plain, plain_text};
pub use transcript::{
    Beside, Entry, InputGiven, JournalEnd, Part, Person, Printed, Section, TRANSCRIPT_FORMAT, Transcript,
    Verdicts,
};
