//! The library: functions that know what they read, do and need.
//!
//! In: a function's name, its arguments, and [`Hands`]: the few things a function may do, each within
//! the rights of its step. Out: a value, or why there is none, and whether anything can have acted.
//!
//! Must hold: the table here and the compiler's signatures are the same, name by name and type by type
//! (a test compares them); a function asks for nothing that its signature does not declare.
//!
//! Not here: confinement and claims, which stand around every call (`supervisor`).

mod files;
mod net;
mod postgres;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use surefoot_executor::{Exit, Granted, Piece, Text};
use surefoot_plan::{Name, Value};

/// What a function of the library may do. Each is done with the rights of the step it stands in.
pub trait Hands {
    /// Tries to open a TCP connection, and closes it. Done outside the confinement, to granted addresses
    /// only: inside, the broker accepts before it knows whether the host does.
    fn dial(&mut self, host: &str, port: u16, within: Duration) -> Dial;

    /// Runs one program, confined, and waits for it. `Err`: it was not started, and why.
    fn run(&mut self, program: Program) -> Result<Ran, String>;

    /// The rights of the step.
    fn rights(&self) -> &Granted;

    /// The folder of the run where before-images are kept.
    fn kept(&self) -> &Path;
}

/// What came of a connection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Dial {
    /// It was accepted.
    Accepted,
    /// The host answered that nobody listens there.
    Refused,
    /// There was no answer, or the host is not known: nothing can be told. And why.
    NoAnswer(String),
}

/// A program that a function runs.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Program {
    /// The program and its arguments.
    pub arguments: Vec<String>,
    /// Its environment, beside the scrubbed default set.
    pub env: BTreeMap<Name, Text>,
    /// What it reads from standard input.
    pub stdin: String,
}

/// How a program ended that a function ran.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ran {
    /// How.
    pub exit: Exit,
    /// What it printed, up to the limit of output.
    pub stdout: Vec<u8>,
    /// The end of what it complained, redacted.
    pub stderr: String,
}

/// Why a function gives no value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Failure {
    /// It is proved that nothing acted. For a read: nothing can be told.
    NotPerformed(String),
    /// It acted, or may have, and did not end well.
    Failed(String),
}

/// The arguments of a call, by name.
pub type Arguments = BTreeMap<Name, Value>;

/// A function of the library as it is built.
pub struct Implementation {
    /// As `postgres.promote`.
    pub name: &'static str,
    /// Its parameters: name, and type as the language writes it.
    pub parameters: &'static [(&'static str, &'static str)],
    /// Whether it changes the world.
    pub acts: bool,
    perform: fn(&Arguments, &mut dyn Hands) -> Result<Value, Failure>,
}

/// The parameters of every function that asks a server.
const SERVER: [(&str, &str); 5] =
    [("host", "host"), ("port", "port"), ("password", "secret text"), ("user", "text"), ("database", "text")];

/// Every function of the library.
pub static IMPLEMENTATIONS: &[Implementation] = &[
    Implementation {
        name: "files.content",
        parameters: &[("path", "path")],
        acts: false,
        perform: files::content,
    },
    Implementation {
        name: "files.exists",
        parameters: &[("path", "path")],
        acts: false,
        perform: files::exists,
    },
    Implementation { name: "files.keep", parameters: &[("path", "path")], acts: false, perform: files::keep },
    Implementation {
        name: "files.remove",
        parameters: &[("path", "path")],
        acts: true,
        perform: files::remove,
    },
    Implementation {
        name: "files.restore",
        parameters: &[("kept", "kept")],
        acts: true,
        perform: files::restore,
    },
    Implementation {
        name: "files.write",
        parameters: &[("path", "path"), ("text", "text")],
        acts: true,
        perform: files::write,
    },
    Implementation {
        name: "net.accepts",
        parameters: &[("host", "host"), ("port", "port")],
        acts: false,
        perform: net::accepts,
    },
    Implementation {
        name: "postgres.in_recovery",
        parameters: &SERVER,
        acts: false,
        perform: postgres::in_recovery,
    },
    Implementation {
        name: "postgres.is_primary",
        parameters: &SERVER,
        acts: false,
        perform: postgres::is_primary,
    },
    Implementation { name: "postgres.lag", parameters: &SERVER, acts: false, perform: postgres::lag },
    Implementation { name: "postgres.promote", parameters: &SERVER, acts: true, perform: postgres::promote },
    Implementation {
        name: "postgres.replay_position",
        parameters: &SERVER,
        acts: false,
        perform: postgres::replay_position,
    },
    Implementation {
        name: "postgres.replayed_all",
        parameters: &[
            ("host", "host"),
            ("port", "port"),
            ("password", "secret text"),
            ("user", "text"),
            ("database", "text"),
            ("primary_data", "path"),
        ],
        acts: false,
        perform: postgres::replayed_all,
    },
    Implementation {
        name: "postgres.rows",
        parameters: &[
            ("host", "host"),
            ("port", "port"),
            ("password", "secret text"),
            ("user", "text"),
            ("database", "text"),
            ("table", "text"),
        ],
        acts: false,
        perform: postgres::rows,
    },
    Implementation {
        name: "postgres.shut_down_in_recovery",
        parameters: &[("data", "path")],
        acts: false,
        perform: postgres::shut_down_in_recovery,
    },
    Implementation {
        name: "postgres.streaming_replicas",
        parameters: &SERVER,
        acts: false,
        perform: postgres::streaming_replicas,
    },
];

/// Performs a function of the library, or reads with it.
///
/// # Errors
/// Says whether anything can have acted. A function that is not built here is `NotPerformed`.
pub fn perform(function: &str, arguments: &Arguments, hands: &mut dyn Hands) -> Result<Value, Failure> {
    let known = IMPLEMENTATIONS.iter().find(|implementation| implementation.name == function);
    let implementation = known
        .ok_or_else(|| Failure::NotPerformed(format!("this version has no library function `{function}`")))?;
    (implementation.perform)(arguments, hands)
}

/// A text argument.
fn text<'a>(arguments: &'a Arguments, name: &str) -> Result<&'a str, Failure> {
    match arguments.get(name) {
        Some(Value::Text(text)) => Ok(text),
        other => Err(mistyped(name, "text", other)),
    }
}

/// A port argument, 1 to 65535.
fn port(arguments: &Arguments) -> Result<u16, Failure> {
    let given = arguments.get("port");
    let Some(Value::Int(number)) = given else { return Err(mistyped("port", "a port", given)) };
    u16::try_from(*number).map_err(|_| mistyped("port", "a port, 1 to 65535", given))
}

/// A text argument that may be secret, as a text for an environment.
fn maybe_secret(arguments: &Arguments, name: &str) -> Result<Text, Failure> {
    match arguments.get(name) {
        Some(Value::Secret(secret)) => Ok(vec![Piece::Secret(secret.clone())]),
        Some(Value::Text(text)) => Ok(vec![Piece::Plain(text.clone())]),
        other => Err(mistyped(name, "text", other)),
    }
}

fn mistyped(name: &str, wanted: &str, given: Option<&Value>) -> Failure {
    let given = given.map_or_else(|| "nothing".to_owned(), |value| format!("`{value}`"));
    Failure::NotPerformed(format!("its argument `{name}` must be {wanted}, and is {given}"))
}

#[cfg(test)]
mod tests;
