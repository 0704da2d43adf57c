//! A source file and places in it.

use serde::{Deserialize, Serialize};

use crate::Diagnostic;

/// Names a file among those of one compilation: an index, in the order they were opened.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct FileId(pub u32);

/// The text of one file.
#[derive(Clone, Debug)]
pub struct Source {
    /// Which file.
    pub id: FileId,
    /// Its path as the user gave it, or `std.NAME` for a module of the library.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// A range of bytes in one file. Lines and columns are computed where a person reads them.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Span {
    /// Which file.
    pub file: FileId,
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

impl Source {
    /// The text of a file from its bytes. If they are not UTF-8, what can be read is kept up to the first byte that
    /// does not fit, so that its place can be shown, and the diagnostic says so.
    #[must_use]
    pub fn decode(id: FileId, path: String, bytes: Vec<u8>) -> (Self, Option<Diagnostic>) {
        match String::from_utf8(bytes) {
            Ok(text) => (Self { id, path, text }, None),
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                let byte = error.as_bytes().get(valid).copied().unwrap_or(0);
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                let start = u32::try_from(valid).unwrap_or(u32::MAX);
                let place = Span { file: id, start, end: start };
                let diagnostic = Diagnostic::error("SF0008", place, "the file is not UTF-8")
                    .here(format!("the byte {byte:#04x} does not fit here"))
                    .help("save the file as UTF-8");
                (Self { id, path, text }, Some(diagnostic))
            }
        }
    }
}
