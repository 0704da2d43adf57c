//! `surefoot transcript`: the story of a run.

use surefoot_view::{Beside, Transcript};

use crate::args::{self, StoryFormat};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::{output, runs};

/// Tells the story of a run.
pub(crate) fn transcript(arguments: &args::Transcript) -> Result<Exit, CommandError> {
    let root = runs::root(&arguments.state)?;
    let folder = runs::find(&root, arguments.run.as_deref())?;
    let (records, torn_bytes) = runs::read(&folder)?;
    let mut missing_files = Transcript::files(&records);
    missing_files.retain(|name| !folder.path().join(name).exists());
    let at_work = folder.holder().ok().flatten().is_some();
    let beside = Beside { torn_bytes, missing_files, at_work };
    let story = Transcript::of(&records, &beside)
        .ok_or_else(|| CommandError::new(Exit::JournalDamaged, "the journal does not begin with a start."))?;
    let told = match arguments.format {
        StoryFormat::Text => story.text(),
        StoryFormat::Markdown => story.markdown(),
        StoryFormat::Json => Ok(story.json()),
    };
    output::print(&told.map_err(|error| CommandError::new(Exit::Internal, format!("{error}.")))?);
    Ok(Exit::Done)
}
