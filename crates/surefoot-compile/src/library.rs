//! The library: what each of its functions takes, answers, changes and needs.
//!
//! The sandbox holds the implementations; a test compares the two tables. `stdlib/README.md` shows
//! this table to authors, and a test holds it to it.

mod files;
mod net;
mod postgres;

use std::collections::BTreeMap;
use std::fmt;

use surefoot_plan::{Type, Value};

/// A function of the library.
#[derive(Debug)]
pub struct Signature {
    /// Its module, as `postgres`.
    pub module: &'static str,
    /// Its name, as `promote`.
    pub name: &'static str,
    /// What it takes, in order.
    pub parameters: &'static [Parameter],
    /// What it answers; an action answers nothing.
    pub result: Option<Kind>,
    /// What it does to the world.
    pub effect: Effect,
    /// What it needs, beside what it is given.
    pub needs: &'static [Need],
    /// The read that records what the action changes, and the action that brings it back.
    pub inverse: Option<Inverse>,
    /// A question of the same module that the action settles, with the same arguments, and its answer.
    pub settles: Option<(&'static str, bool)>,
    /// What it is, for people.
    pub doc: &'static str,
}

/// What a function of the library takes.
#[derive(Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Whether it may be given a secret.
    pub secret: bool,
    /// The text it has if none is given; without one it must be given.
    pub default: Option<&'static str>,
}

/// A type in the table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// `text`
    Text,
    /// `int`
    Int,
    /// `bool`
    Bool,
    /// `size`
    Size,
    /// `host`
    Host,
    /// `port`
    Port,
    /// `path`
    Path,
    /// What `files.keep` answers: a file as it was, kept in the run's folder.
    Kept,
}

/// What a function of the library does to the world.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Effect {
    /// It only asks.
    Read,
    /// It acts; twice is the same as once.
    Idempotent,
    /// It acts; whether it did can be asked afterwards.
    Verified,
}

/// Something a function of the library needs a right for. Names are those of its parameters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Need {
    /// A program.
    Run(&'static str),
    /// A connection.
    Connect {
        /// The parameter with the host.
        host: &'static str,
        /// The parameter with the port.
        port: &'static str,
    },
    /// To read a path.
    Read(&'static str),
    /// To write a path.
    Write(&'static str),
    /// To write the path in the field `path` of a kept file.
    WriteKept(&'static str),
}

/// How an action is taken back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Inverse {
    /// The read done before, in the same module.
    pub keep: &'static str,
    /// The parameter of the action that it is given.
    pub of: &'static str,
    /// The action that takes what it answered.
    pub restore: &'static str,
}

/// Returns every function of the library, by module and then as documented.
pub fn signatures() -> impl Iterator<Item = &'static Signature> {
    [postgres::SIGNATURES, net::SIGNATURES, files::SIGNATURES].into_iter().flatten()
}

/// Returns the modules of the library.
pub(crate) fn modules() -> impl Iterator<Item = &'static str> {
    ["postgres", "net", "files"].into_iter()
}

/// Returns a function of the library.
pub(crate) fn signature(module: &str, name: &str) -> Option<&'static Signature> {
    signatures().find(|signature| signature.module == module && signature.name == name)
}

/// Returns the text of a module, by which a plan pins it.
pub(crate) fn module_text(module: &str) -> String {
    let mut text = String::new();
    for signature in signatures().filter(|signature| signature.module == module) {
        text.push_str(&format!("## {}\n{signature}\n", signature.doc));
    }
    text
}

impl Signature {
    /// Returns its full name, as `postgres.promote`.
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.module, self.name)
    }

    /// Returns a parameter by its name.
    pub fn parameter(&self, name: &str) -> Option<&'static Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }

    /// Whether it acts.
    pub fn acts(&self) -> bool {
        match self.effect {
            Effect::Read => false,
            Effect::Idempotent | Effect::Verified => true,
        }
    }
}

impl Kind {
    /// Returns the type in a plan.
    pub fn to_type(self) -> Type {
        match self {
            Kind::Text => Type::Text,
            Kind::Int => Type::Int,
            Kind::Bool => Type::Bool,
            Kind::Size => Type::Size,
            Kind::Host => Type::Host,
            Kind::Port => Type::Port,
            Kind::Path => Type::Path,
            Kind::Kept => Type::Record(BTreeMap::from([
                ("path".to_owned(), Type::Path),
                ("exists".to_owned(), Type::Bool),
                ("sha256".to_owned(), Type::Text),
                ("mode".to_owned(), Type::Int),
                ("uid".to_owned(), Type::Int),
                ("gid".to_owned(), Type::Int),
            ])),
        }
    }
}

impl Parameter {
    /// Returns the value it has if none is given.
    pub fn default_value(&self) -> Option<Value> {
        self.default.map(|text| Value::Text(text.to_owned()))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Text => "text",
            Kind::Int => "int",
            Kind::Bool => "bool",
            Kind::Size => "size",
            Kind::Host => "host",
            Kind::Port => "port",
            Kind::Path => "path",
            Kind::Kept => "kept",
        })
    }
}

impl fmt::Display for Signature {
    /// Writes it as its author would: `files.write(path: path, text: text)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}(", self.module, self.name)?;
        for (index, parameter) in self.parameters.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            let secret = if parameter.secret { "secret " } else { "" };
            write!(f, "{comma}{}: {secret}{}", parameter.name, parameter.kind)?;
            if let Some(default) = parameter.default {
                write!(f, " = \"{default}\"")?;
            }
        }
        f.write_str(")")?;
        match self.result {
            Some(kind) => write!(f, " -> {kind}"),
            None => Ok(()),
        }
    }
}
