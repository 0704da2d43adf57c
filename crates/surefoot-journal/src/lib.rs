//! What has been done: the journal of a run, its folder, and the state folded from it.
//!
//! Must hold: an append is durable before it returns; `RunState` is a function of the records alone.
//!
//! May never: decide; perform; render.

mod event;

pub use event::{
    Answer, Choice, Claim, Debt, Effect, Ended, Event, Exit, FactsVerdict, ForwardVerdict, HeldWhy, Identity,
    Outcome, Output, Phase, Point, Reading, Refusal, Report, ResolvedBy, RunId, Started, Stream,
    WayBackVerdict, WorldKind,
};
