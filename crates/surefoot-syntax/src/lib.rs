//! Text becomes a tree.
//!
//! In: the bytes of a file. Out: a [`Parse`]: a lossless tree, the [`ast`] read from it, and diagnostics.
//! Parsing is total: it never fails and never panics, and damage stays where it is.
//!
//! May never: fail on bad source; know what a name means; do I/O.

pub mod ast;
mod diagnostic;
mod source;

pub use diagnostic::{Applicability, Diagnostic, Edit, Fix, Label, Note, NoteKind, Severity};
pub use source::{FileId, Source, Span};
