//! The commands, one file each.

mod approve;
mod debug;
mod journal;
mod runs;

use crate::args::Command;
use crate::error::CommandError;
use crate::exit::Exit;

/// Does what was asked.
pub(crate) fn dispatch(command: Command) -> Result<Exit, CommandError> {
    match command {
        Command::Approve(arguments) => approve::approve(&arguments),
        Command::Answer(arguments) => approve::answer(&arguments),
        Command::Cancel(arguments) => approve::cancel(&arguments),
        Command::Debug(what) => debug::debug(&what),
        Command::Journal(arguments) => journal::journal(&arguments),
        Command::Runs(arguments) => runs::runs(&arguments),
        other => Err(CommandError::usage(format!("this is not built yet: {other:?}."))),
    }
}
