//! What to do next, and doing it through a [`World`].
//!
//! Must hold: nothing is performed that is not first in the journal; `decide` is pure; a fresh run and
//! a resumed one take the same path.
//!
//! May never: touch the operating system; link wasmtime; print.

mod ask;
mod decide;
mod drive;
pub mod dry;
mod known;
mod program;
mod request;
mod shown;
pub mod simulated;
mod world;

pub use decide::{Order, Probe, decide};
pub use drive::{Control, Halt, Observer, Signal, drive, going_on, record, turning_back};
pub use program::{Condition, Program};
pub use surefoot_journal::Timestamp;
pub use world::{
    Act, Address, Command, EffectRequest, Granted, Piece, Question, ReadFrom, ScriptCall, Text, World,
};

/// What a [`World`] answers with; the journal records it as it is.
pub use surefoot_journal::{
    Answer, Claim, Exit, Identity, Outcome, Output, Phase, Reading, Report, RunId, Stream,
};
