//! `surefoot debug`: looks into Surefoot itself.

use std::path::Path;

use surefoot_syntax::{FileId, Source};

use crate::args::Debug;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::{output, sources};

/// Shows what a file became.
pub(crate) fn debug(what: &Debug) -> Result<Exit, CommandError> {
    match what {
        Debug::Tree { file } => tree(file),
    }
}

/// Shows the tree of a runbook, damage included.
fn tree(path: &Path) -> Result<Exit, CommandError> {
    let text = sources::read_file(path, sources::SOURCE_BYTES_MAX)?;
    let parsed = surefoot_syntax::parse(&Source { id: FileId(0), path: path.display().to_string(), text });
    output::print(&format!("{:#?}", parsed.syntax()));
    Ok(if parsed.has_errors() { Exit::Refused } else { Exit::Done })
}
