//! What is done to the world, or read from it, and the rights that takes.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{Cell, Expr, Name, Type};

/// Reads something and gives it a name.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// The name of what is read.
    pub name: Name,
    /// Its type.
    pub r#type: Type,
    /// Where it comes from.
    pub source: Source,
}

/// Where a value comes from.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// What a command prints, or its exit.
    Command(Exec),
    /// What a function of the library finds.
    Library(LibraryCall),
    /// What a person says.
    Person(PersonQuestion),
    /// A fact's answer.
    Fact(Cell),
    /// A computed value.
    Value(Expr),
}

/// A command: programs in a pipeline, or a script. There is no shell around it and no text is spliced.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Exec {
    /// The programs, each as its words; several form a pipeline. Empty when there is a script.
    pub pipeline: Vec<Vec<Word>>,
    /// The script to run instead.
    pub script: Option<Script>,
    /// The host it runs on; this machine if none.
    pub target: Option<Expr>,
    /// The folder it runs in; the run's working copy if none.
    pub folder: Option<Expr>,
    /// Environment variables, beside the scrubbed default set. The only place, with `stdin`, for a secret.
    pub env: BTreeMap<Name, Expr>,
    /// What it reads from standard input; nothing if none.
    pub stdin: Option<Expr>,
    /// The user it runs as; the operator if none.
    pub user: Option<Name>,
    /// The exits that count as success.
    pub exits: BTreeSet<i32>,
    /// How its output is read.
    pub decoder: Decoder,
    /// Whether its words say that it only looks, whatever the world is like: it changes nothing outside of itself,
    /// and a step of nothing else has no path to write.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub only_looks: bool,
}

/// One word of a command, or zero or more words from a list.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// Exactly one argument.
    One(Expr),
    /// An argument for each item of a list.
    Each(Expr),
    /// Exactly one argument in which secrets stand, where every user of the machine can read them. Since format 1.3.
    Revealing {
        /// What the argument is.
        text: Expr,
        /// Which secrets, and why.
        secrets: Vec<Reveal>,
    },
}

/// A secret that stands where it can be read, knowingly: `reveal(x, "why")`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Reveal {
    /// The secret: an input, or an argument of a question.
    pub secret: Expr,
    /// Why that is accepted.
    pub why: String,
}

/// Returns the program that runs scripts in a language, if scripts can be written in it.
pub fn interpreter(language: &str) -> Option<&'static str> {
    match language {
        "sh" => Some("sh"),
        "bash" => Some("bash"),
        "python" => Some("python3"),
        "sql" => Some("psql"),
        _ => None,
    }
}

/// Whether a value of an sql script may have this name. `psql` reads its own settings from names in capitals: one of
/// them lets a script go on after an error.
pub fn is_sql_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A script.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// `sh` or `bash`, run with `errexit`, `nounset` and, in bash, `pipefail`; `python`, run by `python3` as if it
    /// stood alone; `sql`, run by `psql`, which stops at the first error.
    pub language: Name,
    /// Its text, as written. Constant: values come by environment.
    pub text: String,
    /// Values it takes, as environment variables.
    pub arguments: BTreeMap<Name, Expr>,
}

/// How a command's output becomes a value.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[serde(rename_all = "snake_case")]
pub enum Decoder {
    /// The output is kept, not read.
    Nothing,
    /// Its exit answers: 0 yes, these no, any other unknown. Only in probes.
    Exit {
        /// The exits that mean no.
        false_on: BTreeSet<i32>,
    },
    /// All of it, without the last line break.
    Text,
    /// A list of its lines.
    Lines,
    /// One whole number.
    Int,
    /// One number.
    Float,
    /// One of true, false, t, f, yes, no, on, off, 1, 0.
    Bool,
    /// One size: a number of bytes, or a number with a unit.
    Size,
    /// JSON.
    Json,
    /// A list of records; the first line names the fields.
    Table,
}

impl Decoder {
    /// Returns how it is written before a command, blank included; empty if it is not written.
    pub fn before_command(&self) -> &'static str {
        match self {
            Decoder::Nothing | Decoder::Exit { .. } => "",
            Decoder::Text => "text ",
            Decoder::Lines => "lines ",
            Decoder::Int => "int ",
            Decoder::Float => "float ",
            Decoder::Bool => "bool ",
            Decoder::Size => "size ",
            Decoder::Json => "json ",
            Decoder::Table => "table ",
        }
    }

    /// Returns the type of what it reads, where nothing else says it; none if it reads nothing.
    pub fn answer(&self) -> Option<Type> {
        match self {
            Decoder::Nothing => None,
            Decoder::Exit { .. } | Decoder::Bool => Some(Type::Bool),
            Decoder::Text => Some(Type::Text),
            Decoder::Lines => Some(Type::List(Box::new(Type::Text))),
            Decoder::Int => Some(Type::Int),
            Decoder::Float => Some(Type::Float),
            Decoder::Size => Some(Type::Size),
            Decoder::Json => Some(Type::Json),
            Decoder::Table => Some(Type::List(Box::new(Type::Json))),
        }
    }
}

/// A call of the library, which knows what it reads, does and needs.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LibraryCall {
    /// As `postgres.promote`.
    pub function: Name,
    /// Its arguments by name; all that it has, defaults filled in.
    pub arguments: BTreeMap<Name, Expr>,
}

/// A question to a person.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PersonQuestion {
    /// What is asked, or to be done.
    pub text: Expr,
    /// What kind of answer is meant.
    pub answer: Type,
    /// Where to look, and what is normal there.
    pub see: Vec<(Expr, Expr)>,
    /// Who may answer; the operator if none.
    pub by: Option<Person>,
    /// How long to wait, in milliseconds; as long as the run if none.
    pub within_ms: Option<u64>,
    /// The answer when time is over; the step fails if none.
    pub default: Option<Expr>,
}

/// A role, bound to people by configuration.
pub type Person = Name;

/// What may be done: an upper bound.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rights {
    /// Programs that may be executed, by name or absolute path.
    pub run: BTreeSet<String>,
    /// Programs that may leave a process running after their step, or ask after one.
    pub detach: BTreeSet<String>,
    /// Where connections may go.
    pub connect: Vec<Endpoint>,
    /// Why connections may go anywhere, if they may. Since format 1.3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect_any: Option<String>,
    /// Local TCP ports that may be listened on.
    pub listen: Vec<Expr>,
    /// Paths that may be read, with all below them.
    pub read: Vec<Expr>,
    /// Paths that may be read and written, with all below them.
    pub write: Vec<Expr>,
    /// Users a program may run as.
    pub users: BTreeSet<String>,
}

/// Where a connection may go.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// The host.
    pub host: Expr,
    /// The TCP port.
    pub port: Expr,
}
