//! A step: one unit of a runbook, with its contract and its way back.

use serde::{Deserialize, Serialize};

use crate::{Exec, Expr, Formula, LibraryCall, Literal, Name, PersonQuestion, Read, Rights};

/// Names a step in its plan, as a path a person can read: `promote`, `drain[db2]`.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct StepId(pub String);

impl std::fmt::Display for StepId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// How long a command has to end after its time is over and it was asked to, in milliseconds, before it is
/// killed: what databases and queues need to stop cleanly.
pub const GRACE_MS: u64 = 10_000;

/// One unit of a runbook.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its name, unique in the plan.
    pub id: StepId,
    /// What it is called for people; empty if nothing was said.
    pub title: String,
    /// What its author says about it; may be empty.
    pub doc: String,
    /// The host it acts on; this machine if none.
    pub target: Option<Expr>,
    /// How long an attempt's statements may take, in milliseconds.
    pub deadline_ms: u64,
    /// Who must agree before it starts.
    pub approval: Option<Approval>,
    /// What must hold before it starts.
    pub requires: Vec<Require>,
    /// What is read and recorded before anything changes.
    pub before: Vec<Read>,
    /// What is done, in order.
    pub body: Vec<Statement>,
    /// What it sets.
    pub ensures: Vec<Ensure>,
    /// What it may change and does not take back.
    pub leaves: Vec<Leaves>,
    /// How safe it is to repeat.
    pub class: Class,
    /// How often it is tried.
    pub retry: Option<Retry>,
    /// How it is taken back.
    pub way: Way,
    /// What happens when it fails; the runbook's choice if none.
    pub on_failure: Option<crate::OnFailure>,
    /// What it is granted while it runs forward.
    pub rights: Rights,
    /// What its rollback is granted.
    pub rollback_rights: Rights,
    /// Whether it begins or ends a `during`: what stands between the two is done inside it. Since format 1.2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<ScopeEnd>,
    /// Who is told when something in it is waited for: its approval, what it requires or ensures, a person. Since
    /// format 1.4.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<After>,
    /// Whether a called runbook begins or ends with it: what stands between the two is that runbook's. It does nothing
    /// itself: at its beginning a runbook reads and requires, at its end what it ensures is asked. Since format 1.4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallEnd>,
}

/// Which end of a called runbook a step is. Nothing is decided by it: people read it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CallEnd {
    /// It begins.
    Begins {
        /// The runbook's name.
        runbook: Name,
        /// Its file, as the caller names it.
        file: String,
        /// The step with which it ends, after this one in the same list of nodes.
        end: StepId,
    },
    /// It ends.
    Ends {
        /// The step with which it began.
        begin: StepId,
    },
}

/// Which end of a `during` a step is. What entering changes is taken back by leaving, and what leaving
/// changes by entering again: so each is the rollback of the other.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ScopeEnd {
    /// It enters. Its rollback, leaving, is owed from the moment it starts, and no point of no return seals it.
    Enters {
        /// What it is called for people, as "alerts are silenced".
        title: String,
        /// The step that leaves, after it in the same list of nodes.
        leave: StepId,
        /// How long it may last, in milliseconds.
        max_ms: u64,
    },
    /// It leaves.
    Leaves {
        /// The step that entered.
        enter: StepId,
    },
}

/// One thing a step does.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[serde(rename_all = "snake_case")]
pub enum Statement {
    /// Runs a command; what it prints may be named.
    Command {
        /// The command.
        exec: Exec,
        /// The name of its decoded output, if it has one.
        name: Option<Name>,
    },
    /// Acts through the library.
    Library(LibraryCall),
    /// Reads or computes a value and names it: a `let`.
    Read(Read),
    /// A person does it with hands.
    Manual(PersonQuestion),
    /// Writes a line to the transcript.
    Note(Expr),
    /// Tells a channel. It never fails: whether it was delivered is recorded. Since format 1.4.
    Notify {
        /// The channel, which the configuration binds.
        channel: Name,
        /// What it is told.
        text: Expr,
    },
}

/// Who is told when something has been waited for so long; once for each wait.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct After {
    /// How long, in milliseconds.
    pub after_ms: u64,
    /// The channel, which the configuration binds.
    pub channel: Name,
    /// What it is told. It reads only what is there before the wait begins.
    pub text: Expr,
}

/// A condition with patience.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Require {
    /// What must hold.
    pub formula: Formula,
    /// Between two probes, in milliseconds.
    pub every_ms: u64,
    /// How long it may take to become true, in milliseconds; 0: at once.
    pub within_ms: u64,
    /// Why it matters; empty if nothing was said.
    pub message: String,
}

/// What a step sets, and how long that may take to show.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Ensure {
    /// What is true afterwards.
    pub literal: Literal,
    /// Between two probes, in milliseconds.
    pub every_ms: u64,
    /// How long it may take, in milliseconds; 0: at once.
    pub within_ms: u64,
}

/// Something that stays changed, knowingly.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Leaves {
    /// What stays changed. Empty: all that the step changes, and it is harmless.
    pub atoms: Vec<crate::Atom>,
    /// Why that is right.
    pub why: String,
}

/// How a step is taken back.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// By its rollback.
    Rollback(Rollback),
    /// Not at all: it is a point of no return.
    Irreversible(Irreversible),
    /// It need not be: what it changes is named by `leaves`, or it changes nothing.
    Nothing,
}

/// What takes a step back. Right for a step that had no effect, half of it, or all.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rollback {
    /// What must hold before it runs.
    pub requires: Vec<Require>,
    /// What is done, in order.
    pub body: Vec<Statement>,
    /// What it sets, where that is not what was recorded before the step.
    pub ensures: Vec<Ensure>,
    /// Whether it brings back what was recorded, or always sets the same.
    pub restores: Restores,
    /// Whether the library derived it from inverses.
    pub derived: bool,
}

/// What a rollback sets.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Restores {
    /// What a `before` recorded: it reads one, or was derived.
    Captured,
    /// Always the same.
    Fixed,
}

/// Why a step cannot be taken back.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Irreversible {
    /// The reason.
    pub why: String,
    /// What, if true once the step is over, proves that it never happened.
    pub undone_when: Option<Formula>,
    /// Why it needs no approval, if it says so.
    pub without_approval: Option<String>,
    /// A runbook that helps when it went wrong.
    pub recover_with: Option<String>,
}

/// Most people whose yes a step may need: more would never be at hand before the first yes is too old.
pub const APPROVERS_MAX: u32 = 20;

/// The yes of a second person, or of several.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Whose.
    pub role: crate::Person,
    /// How many different people of that role must say yes. Since format 1.3.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub people: u32,
    /// What they are shown, probed at that moment.
    pub showing: Vec<crate::Cell>,
    /// Values that they are shown besides. Since format 1.3.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<ShownValue>,
    /// How long each yes is good for, in milliseconds.
    pub expires_ms: u64,
}

/// A value that an approver is shown.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ShownValue {
    /// What it is called: as its author wrote it. Empty for a text, which says what it is about.
    pub text: String,
    /// What it is.
    pub value: Expr,
}

impl ShownValue {
    /// Returns how it is called where its value is not known yet.
    pub fn name(&self) -> String {
        if self.text.is_empty() { self.value.to_string() } else { self.text.clone() }
    }
}

/// How many people must agree where a plan does not say it.
fn one() -> u32 {
    1
}

/// Whether one is enough: the digest of an older plan stays what it was.
fn is_one(people: &u32) -> bool {
    *people == 1
}

/// How safe a step is to repeat.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// It changes nothing.
    Read,
    /// Twice is the same as once.
    Idempotent,
    /// Its `ensures` tells whether it took effect, if it was not true already.
    Verified,
    /// Only a person can tell.
    Once,
}

/// How often a step is tried.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// Attempts after the first.
    pub times: u32,
    /// Between two attempts, in milliseconds.
    pub every_ms: u64,
}

/// Waits until something holds.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// Its name in the plan: `wait[1]`, or what its condition says.
    pub id: StepId,
    /// What is waited for; its message says why.
    pub until: Require,
    /// How often in a row it must hold.
    pub times: u32,
    /// Who is told when it lasts. Since format 1.4.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<After>,
    /// What is done when time is over; the run fails if empty.
    pub otherwise: Vec<crate::Node>,
}
