//! The `surefoot` command: arguments, configuration, the terminal, and the wiring of the rooms.
//!
//! May never: contain logic. What a runbook means, what a run does next and what a person reads of it
//! is decided in the rooms; here they are connected.

mod args;
#[expect(dead_code, reason = "each command is wired as its room lands")]
mod error;
#[expect(dead_code, reason = "each command is wired as its room lands")]
mod exit;
#[expect(dead_code, reason = "each command is wired as its room lands")]
mod output;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Arguments, Command};
use error::CommandError;
use exit::Exit;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return show_usage(&error),
    };
    match dispatch(arguments.command) {
        Ok(exit) => exit.into(),
        Err(error) => {
            error.print();
            error.kind.into()
        }
    }
}

/// Shows what clap has to say: help and version are no errors.
fn show_usage(error: &clap::Error) -> ExitCode {
    let text = error.render().to_string();
    if error.use_stderr() {
        output::complain(text.trim_end());
        Exit::Usage.into()
    } else {
        output::print(&text);
        Exit::Done.into()
    }
}

fn dispatch(command: Command) -> Result<Exit, CommandError> {
    Err(CommandError::usage(format!("this is not built yet: {command:?}.")))
}
