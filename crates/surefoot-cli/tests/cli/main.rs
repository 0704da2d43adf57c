//! The command as its users meet it: what it prints, how it exits, and what it leaves behind.

#![expect(clippy::disallowed_methods, reason = "runs the command and looks at files")]
#![expect(clippy::unwrap_used, reason = "a helper of a test fails like a test")]

mod answers;
mod calls;
mod channels;
mod check;
mod command;
mod demo;
mod fmt;
mod locks;
mod parallel;
mod place;
mod pty;
mod run_folder;
mod scopes;
mod stop;
mod taken_back;
mod terminal;
mod values;
