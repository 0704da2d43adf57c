//! The strict gate: the published grammar accepts the file, or it is not a runbook.
//!
//! The parser that recovers is written by hand, and a hand drifts lenient. What it accepts and the grammar refuses
//! is refused, with the place where the grammar stopped.

use pest::Parser as _;
use pest::error::InputLocation;

use crate::grammar::{Grammar, Rule};
use crate::{Diagnostic, FileId, Span};

/// What the grammar has against a file in which the parser found no mistake.
pub(crate) fn refusal(file: FileId, text: &str) -> Option<Diagnostic> {
    let stopped = stopped_at(text)?;
    let place = Span { file, start: stopped, end: stopped };
    Some(
        Diagnostic::error(
            "SF0001",
            place,
            "the published grammar refuses this, and we cannot say better why",
        )
        .here("it stopped here")
        .help("write the statement in a simpler way, and report the file: this is also a mistake of ours"),
    )
}

/// Where the grammar stopped; none if it accepts the text. The text must not be nested deeper than the parser allows.
pub(crate) fn stopped_at(text: &str) -> Option<u32> {
    let error = Grammar::parse(Rule::file, text).err()?;
    let (InputLocation::Pos(offset) | InputLocation::Span((offset, _))) = error.location;
    Some(u32::try_from(offset).unwrap_or(u32::MAX))
}
