//! A source file and places in it.

use serde::{Deserialize, Serialize};

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
