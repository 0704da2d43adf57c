//! `surefoot journal`: checks the chain of a run's journal, and prints it.

use crate::args;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::{output, runs};

/// Checks a journal, and prints its records as they are in the file.
pub(crate) fn journal(arguments: &args::Journal) -> Result<Exit, CommandError> {
    let root = runs::root(&arguments.state)?;
    let folder = runs::find(&root, arguments.run.as_deref())?;
    let mut reader = folder.reader().map_err(|error| runs::read_error(&folder, &error))?;
    while let Some(record) = reader.next_record().map_err(|error| runs::read_error(&folder, &error))? {
        if !arguments.verify {
            let event = serde_json::to_string(&record.event).map_err(|error| {
                CommandError::new(Exit::Internal, format!("a record cannot be shown: {error}."))
            })?;
            output::line(&format!("{:>5}  {}  {}  {event}", record.seq, record.time, record.hash.short()));
        }
    }
    let chain = reader.position();
    let said = format!(
        "{}: {} record{}, the chain is whole, its head is {}.",
        folder.journal().display(),
        chain.length(),
        if chain.length() == 1 { "" } else { "s" },
        chain.head().short()
    );
    output::complain(&said);
    if reader.torn() > 0 {
        output::complain(&format!(
            "  note: {} bytes of a torn last line follow; they announced nothing that was done, and resume drops them",
            reader.torn()
        ));
    }
    Ok(Exit::Done)
}
