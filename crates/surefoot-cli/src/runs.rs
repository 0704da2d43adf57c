//! Finds runs, and says in the operator's words why one cannot be read, locked or written.

use surefoot_compile::Day;
use surefoot_journal::{
    AppendError, CreateError, FindError, IllegalTransition, InboxError, LockError, OpenError, ReadError,
    Record, RunFolder, StateRoot, Timestamp,
};

use crate::args::State;
use crate::config::{self, Config};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::sources;

/// The folder that holds all runs, for a command that is given no runbook: the configuration is the
/// nearest above the folder the operator is in.
pub(crate) fn root(state: &State) -> Result<StateRoot, CommandError> {
    let config = config::near(&sources::current_folder()?.join("surefoot.toml"))?;
    root_with(state, &config)
}

/// The folder that holds all runs.
pub(crate) fn root_with(state: &State, config: &Config) -> Result<StateRoot, CommandError> {
    Ok(StateRoot::new(config::state_root(state, config)?))
}

/// Finds a run by the beginning of its id; the latest if none is given.
pub(crate) fn find(root: &StateRoot, prefix: Option<&str>) -> Result<RunFolder, CommandError> {
    match prefix {
        Some(prefix) => root.find(prefix).map_err(|error| find_error(root, &error)),
        None => {
            let runs = root.runs().map_err(|error| find_error(root, &error))?;
            runs.last().map(|run| root.folder(run)).ok_or_else(|| {
                CommandError::usage(format!("there is no run in {} yet.", root.path().display()))
            })
        }
    }
}

/// Reads all records of a run; the length of a torn last line comes second.
pub(crate) fn read(folder: &RunFolder) -> Result<(Vec<Record>, u64), CommandError> {
    folder.read().map_err(|error| read_error(folder, &error))
}

/// A run that was not found.
pub(crate) fn find_error(root: &StateRoot, error: &FindError) -> CommandError {
    let said = CommandError::usage(sentence(error));
    match error {
        FindError::None(_) => said.hint(format!(
            "runs are looked for in {}; `--state DIR` names another folder",
            root.path().display()
        )),
        FindError::Several { .. } | FindError::Io { .. } => said,
    }
}

/// A journal that cannot be read.
pub(crate) fn read_error(folder: &RunFolder, error: &ReadError) -> CommandError {
    let path = folder.journal();
    let text = format!("{}: {}", path.display(), sentence(error));
    match error {
        ReadError::Damaged { .. } | ReadError::Empty => CommandError::new(Exit::JournalDamaged, text)
            .hint("nothing was changed; the lines before the damaged one are intact and can be read with `less`")
            .hint("what is owed has to be found out by hand: the `intent` records name what was begun")
            .hint(freed(folder)),
        ReadError::Missing => CommandError::new(Exit::JournalDamaged, text)
            .hint("nothing was changed; if there is a copy of the journal, put it back, and type the same again")
            .hint(format!(
                "without it, what is owed has to be found out by hand: {} names what was begun",
                folder.claims().display()
            ))
            .hint(freed(folder)),
        ReadError::Newer { .. } => CommandError::new(Exit::JournalDamaged, text),
        ReadError::Io(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            CommandError::usage(format!("{}: you may not read it.", path.display()))
                .hint("only the user who started a run can read its journal")
        }
        ReadError::Io(_) => CommandError::usage(text),
    }
}

/// How a run whose journal cannot be read is let go.
fn freed(folder: &RunFolder) -> String {
    if let Some(said) = folder.was_let_go() {
        return format!("{} let it go at {}: {}", said.by.user, said.at, said.reason);
    }
    format!(
        "once the place is as it should be, free it for other runs: surefoot forgive {} --journal-damaged --reason \"…\"",
        folder.run().0
    )
}

/// A run that cannot be locked.
pub(crate) fn lock_error(error: &LockError) -> CommandError {
    match error {
        LockError::Held { .. } => CommandError::new(Exit::Locked, sentence(error))
            .hint("wait for it, watch it with `surefoot status`, or stop it with `surefoot cancel`"),
        LockError::Unfinished { .. } | LockError::Unreadable { .. } => {
            CommandError::new(Exit::Locked, sentence(error))
        }
        LockError::Io { error: io, .. } => unwritable(io.kind(), sentence(error)),
    }
}

/// A journal that cannot be opened for writing.
pub(crate) fn open_error(folder: &RunFolder, error: &OpenError) -> CommandError {
    match error {
        OpenError::Read(error) => read_error(folder, error),
        OpenError::Newer(_) => CommandError::new(Exit::JournalDamaged, sentence(error)),
        OpenError::Append(error) => append_error(folder, error),
        OpenError::Io(_) => CommandError::new(
            Exit::JournalUnwritable,
            format!("{}: {}", folder.journal().display(), sentence(error)),
        ),
    }
}

/// A record that was not written.
pub(crate) fn append_error(folder: &RunFolder, error: &AppendError) -> CommandError {
    let text = format!("{}: {}", folder.journal().display(), sentence(error));
    match error {
        AppendError::Io(_) | AppendError::Broken => CommandError::new(Exit::JournalUnwritable, text)
            .hint("nothing more was begun; what was begun before runs on under its supervisor")
            .hint(format!("make room, then: surefoot resume {}", folder.run().0)),
        AppendError::Encode(_) => CommandError::new(Exit::Internal, text),
    }
}

/// A run folder that cannot be made.
pub(crate) fn create_error(error: &CreateError) -> CommandError {
    unwritable(error.kind(), sentence(error)).hint("`--state DIR` names another folder to keep runs in")
}

/// What cannot be written: a full disk is no mistake of who types.
fn unwritable(kind: std::io::ErrorKind, text: String) -> CommandError {
    use std::io::ErrorKind::{QuotaExceeded, StorageFull};
    match kind == StorageFull || kind == QuotaExceeded {
        true => CommandError::new(Exit::JournalUnwritable, format!("{text} Nothing was done."))
            .hint("make room, and type the same again"),
        false => CommandError::usage(text),
    }
}

/// A letter or a notice that could not be left or read.
pub(crate) fn inbox_error(error: &InboxError) -> CommandError {
    CommandError::usage(sentence(error))
}

/// Records that cannot follow each other.
pub(crate) fn illegal(folder: &RunFolder, error: &IllegalTransition) -> CommandError {
    CommandError::new(Exit::JournalDamaged, format!("{}: {error}.", folder.journal().display()))
}

/// Makes a sentence of a library's message.
pub(crate) fn sentence(error: &impl std::fmt::Display) -> String {
    let text = error.to_string();
    if text.ends_with(['.', '`', ':']) { text } else { format!("{text}.") }
}

/// The day, in UTC.
pub(crate) fn today() -> Result<Day, CommandError> {
    let ms = i64::try_from(now().0).unwrap_or(i64::MAX);
    let text = jiff::Timestamp::from_millisecond(ms).map(|time| time.to_string()).unwrap_or_default();
    text.get(..10).and_then(Day::parse).ok_or_else(|| {
        CommandError::usage("the clock of this machine shows no day.")
            .hint("set it; waivers and reviews end on days")
    })
}

/// The time.
#[expect(clippy::disallowed_methods, reason = "the command is where time comes in")]
pub(crate) fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    use super::*;

    #[test]
    fn a_full_disk_while_locking_is_no_mistake_of_who_types() {
        let error = |kind: ErrorKind| {
            lock_error(&LockError::Io { what: "r".to_owned(), error: Error::new(kind, "no room") }).kind
        };
        assert_eq!(error(ErrorKind::StorageFull), Exit::JournalUnwritable);
        assert_eq!(error(ErrorKind::QuotaExceeded), Exit::JournalUnwritable);
        assert_eq!(error(ErrorKind::PermissionDenied), Exit::Usage);
    }
}
