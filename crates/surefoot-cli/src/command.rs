//! The commands, one file each.

mod approve;
mod check;
mod debug;
mod doctor;
mod dry_run;
mod explain;
mod fmt;
mod journal;
mod plan;
mod run;
mod runs;
pub(crate) mod status;
mod transcript;

use crate::args::Command;
use crate::error::CommandError;
use crate::exit::Exit;

/// Does what was asked.
pub(crate) fn dispatch(command: Command) -> Result<Exit, CommandError> {
    match command {
        Command::Answer(arguments) => approve::answer(&arguments),
        Command::Approve(arguments) => approve::approve(&arguments),
        Command::Cancel(arguments) => approve::cancel(&arguments),
        Command::Check(arguments) => check::check(&arguments),
        Command::Debug(what) => debug::debug(&what),
        Command::Doctor => doctor::doctor(),
        Command::DryRun(arguments) => dry_run::dry_run(&arguments),
        Command::Explain(arguments) => explain::explain(&arguments),
        Command::Fmt(arguments) => fmt::fmt(&arguments),
        Command::Forgive(arguments) => run::forgive(&arguments),
        Command::Journal(arguments) => journal::journal(&arguments),
        Command::Plan(arguments) => plan::plan(&arguments),
        Command::Resume(arguments) => run::resume(&arguments),
        Command::Rollback(arguments) => run::rollback(&arguments),
        Command::Run(arguments) => run::run(&arguments),
        Command::Runs(arguments) => runs::runs(&arguments),
        Command::Status(arguments) => status::status(&arguments),
        Command::Transcript(arguments) => transcript::transcript(&arguments),
        Command::Verify(arguments) => plan::verify(&arguments),
    }
}
