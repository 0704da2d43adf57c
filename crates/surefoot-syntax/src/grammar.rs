//! The published grammar, compiled.

use pest_derive::Parser;

/// The parser that pest makes of the published grammar.
#[derive(Parser)]
#[grammar = "../../grammar/runbook.pest"]
pub(crate) struct Grammar;
