//! The seam to the world: what the executor asks for, with every expression already computed.
//!
//! The executor never asks which world it is in, and never holds a secret: a [`Piece::Secret`] names
//! one, and the world puts it in at the last moment.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use serde::{Deserialize, Serialize};
use surefoot_journal::{Answer, Claim, Given, Identity, Outcome, RunId, Shown, Timestamp};
use surefoot_plan::{Cell, Decoder, Name, StepId, Type, Value};

/// Performs effects, reads facts, asks people, and tells the time.
pub trait World {
    /// Performs one effect, or finds out why not. Never panics; a failure is an outcome.
    ///
    /// A `Read` that is answered gives `Performed` with a value, or with `ok: false` when the answer
    /// is unknown. An `Ask` gives the answer as its value.
    fn perform(&self, request: EffectRequest) -> impl Future<Output = Outcome>;

    /// The time.
    fn now(&self) -> Timestamp;

    /// What this world knows of a fact without reading it; none if it is read. The cell's arguments are
    /// values. Only worlds that are not real know facts.
    fn answer(&self, _cell: &Cell) -> Option<Answer> {
        None
    }

    /// How long the world has been there, in milliseconds, by a clock that never jumps: what patience is
    /// measured with.
    fn uptime_ms(&self) -> u64 {
        self.now().0
    }

    /// Lets time pass, in milliseconds.
    fn sleep(&self, ms: u64) -> impl Future<Output = ()>;
}

/// What the executor asks of a world.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum EffectRequest {
    /// Performs a statement, once, under its claim. Its intent is in the journal.
    Act {
        /// Names this performance; the supervisor takes it atomically before it acts.
        claim: Claim,
        /// What is done.
        act: Act,
        /// With which rights.
        rights: Granted,
        /// How long it may take, in milliseconds.
        deadline_ms: u64,
        /// What to call the step in a message.
        title: String,
    },
    /// Reads, without any right to change.
    Read {
        /// What for: the fact or name, for messages.
        label: String,
        /// What is read.
        from: ReadFrom,
        /// With which rights; `write` and `listen` are ignored.
        rights: Granted,
        /// How long it may take, in milliseconds.
        deadline_ms: u64,
    },
    /// What became of a claim, after a crash: the outcome if its supervisor recorded it; waits for it
    /// if it still runs; `NotPerformed`, and the claim is taken so that no late supervisor can act, if
    /// it was never claimed; else unknown.
    Examine {
        /// The claim.
        claim: Claim,
        /// How it would be decoded.
        act: Act,
    },
    /// Stops what runs under a claim: level 2 asks it to end, level 3 kills it.
    Interrupt {
        /// The claim.
        claim: Claim,
        /// 2 or 3.
        level: u8,
    },
    /// Asks a person.
    Ask(Question),
    /// Tells a channel. Performed with `ok`: it was delivered.
    Notify {
        /// The channel.
        channel: Name,
        /// What it is told.
        text: String,
    },
    /// Waits for one more person's answer to `surefoot approve`. The value is a record
    /// `{ approved: bool, user: text, uid: int, comment: text }`.
    Approval {
        /// The step.
        step: StepId,
        /// Whose yes is needed.
        role: Name,
        /// How many different people must say it.
        people: u32,
        /// Who has said it, and when that is too old; they are asked no more.
        given: Vec<Given>,
        /// How long a yes is good for, in milliseconds.
        expires_ms: u64,
        /// What they are shown.
        shown: Vec<Shown>,
        /// Who runs, and so cannot approve.
        operators: Vec<Identity>,
    },
}

/// What is done to the world.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Act {
    /// Runs a command.
    Command(Command),
    /// Acts through the library.
    Library {
        /// As `postgres.promote`.
        function: Name,
        /// Its arguments. A secret one is `Value::Secret`.
        arguments: BTreeMap<Name, Value>,
    },
    /// A person does it.
    Manual(Question),
}

/// What is read from the world.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "made and taken apart once for each read")]
pub enum ReadFrom {
    /// A command, decoded.
    Command(Command),
    /// The library.
    Library {
        /// As `postgres.is_primary`.
        function: Name,
        /// Its arguments.
        arguments: BTreeMap<Name, Value>,
    },
}

/// A command with every expression computed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Command {
    /// The programs, each as its arguments, the program itself first.
    pub pipeline: Vec<Vec<Text>>,
    /// The secrets that may stand among the arguments, and why. No other may.
    pub revealed: BTreeMap<Name, String>,
    /// The script instead.
    pub script: Option<ScriptCall>,
    /// The folder; the run's working copy if none.
    pub folder: Option<String>,
    /// The environment, beside the scrubbed default set.
    pub env: BTreeMap<Name, Text>,
    /// Standard input.
    pub stdin: Option<Text>,
    /// The user; the operator if none.
    pub user: Option<Name>,
    /// The exits that count as success.
    pub exits: BTreeSet<i32>,
    /// How its output is read.
    pub decoder: Decoder,
    /// The type that is wanted, for [`Decoder::Json`] and [`Decoder::Table`] too.
    pub r#type: Option<Type>,
}

/// A script with its values.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ScriptCall {
    /// `sh`, `bash`, `python` or `sql`.
    pub language: Name,
    /// Its text: constant.
    pub text: String,
    /// The names of the values that it takes; they stand in the environment.
    pub arguments: Vec<Name>,
}

/// Text that may hold secrets.
pub type Text = Vec<Piece>;

/// A part of a text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Piece {
    /// As it stands.
    Plain(String),
    /// The value of the secret input of this name.
    Secret(Name),
}

/// The rights of one performance, with every expression computed.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Granted {
    /// Programs that may be executed.
    pub run: BTreeSet<String>,
    /// Programs that may leave a process behind.
    pub detach: BTreeSet<String>,
    /// Where connections may go.
    pub connect: Vec<Address>,
    /// Whether connections may go anywhere.
    pub connect_any: bool,
    /// Ports that may be listened on.
    pub listen: Vec<u16>,
    /// Paths that may be read.
    pub read: Vec<String>,
    /// Paths that may be read and written.
    pub write: Vec<String>,
    /// Users a program may run as.
    pub users: BTreeSet<String>,
}

/// Where a connection may go.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Address {
    /// A name or an address.
    pub host: String,
    /// A TCP port.
    pub port: u16,
}

/// A question to a person, with every expression computed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Question {
    /// Which run asks.
    pub run: RunId,
    /// Which step asks, if one does.
    pub step: Option<StepId>,
    /// What is asked.
    pub text: String,
    /// What may be answered.
    pub answer: Type,
    /// Whether "I cannot tell" is an answer too: a fact is then unknown.
    pub is_fact: bool,
    /// Where to look, and what is normal there.
    pub see: Vec<(String, String)>,
    /// Which role may answer; the operator if none.
    pub by: Option<Name>,
    /// How long to wait, in milliseconds.
    pub within_ms: Option<u64>,
    /// The answer when time is over.
    pub default: Option<Value>,
}
