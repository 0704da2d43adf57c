//! The `surefoot` command: arguments, configuration, the terminal, and the wiring of the rooms.
//!
//! May never: contain logic. What a runbook means, what a run does next and what a person reads of it
//! is decided in the rooms; here they are connected.

mod args;
mod bind;
mod command;
mod config;
mod confine;
mod error;
mod exit;
mod hand;
mod inputs;
mod load;
mod output;
mod people;
mod replace;
mod runs;
mod screen;
mod session;
mod sources;
mod terminal;
mod waive;

use std::process::ExitCode;

use clap::Parser as _;

use args::Arguments;
use exit::Exit;

fn main() -> ExitCode {
    // A supervisor is this program too: it must be single-threaded and know nothing of arguments.
    surefoot_sandbox::maybe_supervise();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return show_usage(&error),
    };
    match command::dispatch(arguments.command) {
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
