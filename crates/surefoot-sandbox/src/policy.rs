//! What a supervisor is told: what to do, with which rights, and where to write how it ended.
//!
//! It travels as JSON in a sealed descriptor from the executor to the supervisor, and never holds a
//! secret: those travel beside it, in a descriptor of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use surefoot_executor::{Address, Piece, Text};
use surefoot_plan::Name;

use crate::hands::Call;

/// The values of the secret inputs, by name.
pub type Secrets = BTreeMap<Name, String>;

/// Bytes kept of what a command under a claim prints to one stream: what a person may still want to read.
pub(crate) const KEPT_MAX: u64 = 8 << 20;

/// Bytes kept of what a probe prints to one stream. It is held in memory and decoded: an answer is short.
pub(crate) const PROBE_KEPT_MAX: u64 = 1 << 20;

/// What a supervisor does.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Policy {
    /// What to call it in a message.
    pub(crate) title: String,
    /// The folder that is the claim; none for a probe, which ends with its executor.
    pub(crate) claim: Option<PathBuf>,
    /// What is done.
    pub(crate) job: Job,
    /// How long it may take.
    pub(crate) deadline_ms: u64,
    /// How long it may take to end after it was asked to.
    pub(crate) grace_ms: u64,
    /// How much is kept of each stream, in bytes.
    pub(crate) kept_max: u64,
}

/// What is done.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) enum Job {
    /// Programs, in a confinement.
    Programs(Box<Payload>),
    /// A call of the library.
    Library(Box<Call>),
}

/// Programs and what they may do.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Payload {
    /// The programs of the pipeline.
    pub(crate) members: Vec<Member>,
    /// The operator's `PATH`, on which the programs were found.
    pub(crate) path: String,
    /// The environment, beside the scrubbed default set.
    pub(crate) environment: BTreeMap<Name, Vec<Part>>,
    /// What the first reads; nothing if none.
    pub(crate) stdin: Option<Vec<Part>>,
    /// Where they run; a private folder if none.
    pub(crate) folder: Option<PathBuf>,
    /// Who they run as; the operator if none.
    pub(crate) user: Option<User>,
    /// Files that may be executed, resolved; loaders and interpreters included.
    pub(crate) execute: BTreeSet<PathBuf>,
    /// Paths that may be read.
    pub(crate) read: Vec<PathBuf>,
    /// Paths that may be written.
    pub(crate) write: Vec<PathBuf>,
    /// Where connections may go.
    pub(crate) connect: Vec<Peer>,
    /// Whether connections may go anywhere: it has the machine's network.
    pub(crate) connect_any: bool,
    /// Ports that may be listened on.
    pub(crate) listen: Vec<u16>,
    /// What it sees of the machine.
    pub(crate) view: View,
    /// Whether it may change anything.
    pub(crate) change: bool,
    /// What is not enforced, because the operator waived it.
    pub(crate) waived: Waived,
}

impl Payload {
    /// Whether it has a network of its own, which leads only where it may connect.
    pub(crate) fn has_own_network(&self) -> bool {
        self.view == View::Private && !self.connect_any && !self.waived.namespaces
    }
}

/// One program of a pipeline.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Member {
    /// What to execute.
    pub(crate) program: PathBuf,
    /// Its arguments, its own name first.
    pub(crate) arguments: Vec<Vec<Part>>,
}

/// What a payload sees of the machine.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum View {
    /// A network, processes and IPC of its own, which end with it.
    Private,
    /// The machine's, and what it starts may live on: the `detach` right.
    Host,
}

/// What the operator waived.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Waived {
    /// Namespaces: files, network and processes of its own.
    pub(crate) namespaces: bool,
    /// Landlock.
    pub(crate) landlock: bool,
}

/// A user of the machine.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) groups: Vec<u32>,
}

/// A host and a port.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Peer {
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl From<&Address> for Peer {
    fn from(address: &Address) -> Peer {
        Peer { host: address.host.clone(), port: address.port }
    }
}

/// A part of a text.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum Part {
    Plain(String),
    Secret(Name),
}

/// Copies a text into the form in which it travels.
pub(crate) fn parts(text: &Text) -> Vec<Part> {
    text.iter()
        .map(|piece| match piece {
            Piece::Plain(text) => Part::Plain(text.clone()),
            Piece::Secret(name) => Part::Secret(name.clone()),
        })
        .collect()
}

/// Puts the secrets in. `None` if one is missing, or if the text would hold a zero byte.
pub(crate) fn fill(parts: &[Part], secrets: &Secrets) -> Option<String> {
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Plain(plain) => text.push_str(plain),
            Part::Secret(name) => text.push_str(secrets.get(name)?),
        }
    }
    Some(text)
}
