//! Locks: who works on something, since when, and that nobody else does.
//!
//! A lock is a file that its holder has locked with the operating system; its content says who that
//! is. The lock itself ends with the process, however that ends, so none is ever stale. The content
//! stays: the lock of a target keeps naming the run that has not finished with it.
//!
//! The name of a target's lock is the runbook and those of its inputs that say *where*: hosts, ports,
//! paths and URLs. Two runs of one runbook on the same place exclude each other even if they differ in
//! how (a limit, a text, a count); on other places they do not. A lock reaches as far as the folder
//! that holds it: runs kept in different state folders do not see each other.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use surefoot_plan::{Expr, InputValue, Plan, Type, Value, Values, eval};

use crate::{Identity, Needs, RunId, Timestamp};

/// Longest content of a lock that is read, in bytes; ours has about 300.
const HOLDER_BYTES_MAX: u64 = 64 << 10;

/// How often a lock is tried before it counts as held, and the time between. One that is only asked
/// about (`who_holds`) is free again at the second try.
const ATTEMPTS: u32 = 4;
/// See [`ATTEMPTS`].
const PATIENCE: Duration = Duration::from_millis(10);

/// Who holds a lock.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Holder {
    /// For which run.
    pub run: RunId,
    /// Of which runbook.
    pub runbook: String,
    /// Who.
    pub by: Identity,
    /// Since when.
    pub since: Timestamp,
    /// The process.
    pub pid: u32,
    /// The machine.
    pub host: String,
    /// The boot of the machine.
    pub boot_id: String,
}

impl Holder {
    /// This process, for a run.
    pub fn here(run: &RunId, runbook: &str, since: Timestamp) -> Holder {
        Holder {
            run: run.clone(),
            runbook: runbook.to_owned(),
            by: crate::person::operator(),
            since,
            pid: std::process::id(),
            host: crate::person::host(),
            boot_id: crate::person::boot_id(),
        }
    }
}

/// A lock that was not had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// A living process holds it.
    #[error("{}", held(what, holder.as_deref()))]
    Held {
        /// What is locked, in words.
        what: String,
        /// Who holds it; none if that could not be read.
        holder: Option<Box<Holder>>,
    },
    /// No process holds it, but a run that is not finished does.
    #[error(
        "{what}: run {run} by {user} is unfinished since {since}; go on with `surefoot resume {run}`, take it \
         back with `surefoot rollback {run}`, or let go of what it owes with `surefoot forgive {run} STEP \
         --reason \"…\"`",
        run = holder.run.0, user = holder.by.user, since = holder.since
    )]
    Unfinished {
        /// What is locked, in words.
        what: String,
        /// The run.
        holder: Box<Holder>,
    },
    /// No process holds it, but a run does whose journal cannot be read.
    #[error(
        "{what}: run {run} by {user} began at {since}, and its journal cannot be read, so nobody can tell what it \
         still owes; see what is wrong with `surefoot journal {run}`, look at the place itself, and once it is as \
         it should be, free it with `surefoot forgive {run} --journal-damaged --reason \"…\"`",
        run = holder.run.0, user = holder.by.user, since = holder.since
    )]
    Unreadable {
        /// What is locked, in words.
        what: String,
        /// The run.
        holder: Box<Holder>,
    },
    /// The file cannot be used.
    #[error("the lock of {what} cannot be taken: {error}")]
    Io {
        /// What is locked, in words.
        what: String,
        /// Why not.
        error: io::Error,
    },
}

/// The words for a lock that is held.
fn held(what: &str, holder: Option<&Holder>) -> String {
    match holder {
        Some(Holder { run, by, since, pid, host, .. }) => {
            let (run, user) = (&run.0, &by.user);
            format!("{what}: {user} is at work on it since {since}, in run {run} (process {pid} on {host})")
        }
        None => format!("{what}: another process has just begun to work on it"),
    }
}

/// The right to write a run's journal. Ends when dropped, or with the process.
#[derive(Debug)]
pub struct RunLock {
    /// Locked as long as it is open.
    _file: File,
}

/// The name of what a run works on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Target {
    /// The name of its file.
    pub(crate) file: String,
    /// What it is, for people: `switchover (primary: db1, standby: db2)`.
    pub shown: String,
}

impl Target {
    /// All that a run of a plan keeps others from: what it works on, and each name that it locks, in an order that is
    /// the same for every run, so that no two wait for each other.
    pub fn all_of(plan: &Plan) -> Vec<Target> {
        let mut names: Vec<String> = plan.locks.iter().filter_map(name_of).collect();
        names.sort();
        names.dedup();
        let named = names.into_iter().map(|name| {
            let file = format!("lock.{}", short_digest(&name));
            Target { file, shown: format!("`{name}`") }
        });
        std::iter::once(Target::of(plan)).chain(named).collect()
    }

    /// What a plan works on.
    pub fn of(plan: &Plan) -> Target {
        let mut places = Vec::new();
        for input in &plan.inputs {
            if let (true, InputValue::Bound(value)) = (names_a_place(&input.r#type), &input.value) {
                places.push(format!("{}: {value}", input.name));
            }
        }
        let shown = match places.is_empty() {
            true => plan.runbook.clone(),
            false => format!("{} ({})", plan.runbook, places.join(", ")),
        };
        let file = format!("{}.{}", crate::folder::file_name(&plan.runbook), short_digest(&shown));
        Target { file, shown }
    }
}

/// The first 16 digits of a text's digest: enough that no two names meet in one file.
fn short_digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The name of a lock in a plan whose inputs are bound.
fn name_of(name: &Expr) -> Option<String> {
    match eval(name, &Values::default()) {
        Ok(Value::Text(name)) => Some(name),
        Ok(_) | Err(_) => None,
    }
}

/// Whether a value of this type says where something is done.
fn names_a_place(r#type: &Type) -> bool {
    match r#type {
        Type::Host | Type::Port | Type::Path | Type::Url => true,
        Type::List(item) | Type::Optional(item) => names_a_place(item),
        Type::Record(fields) => fields.values().any(names_a_place),
        Type::Text
        | Type::Int
        | Type::Float
        | Type::Bool
        | Type::Duration
        | Type::Size
        | Type::Percent
        | Type::Time
        | Type::Json
        | Type::OneOf(_) => false,
    }
}

/// The right to work on a target.
///
/// Dropped, or lost with the process, it leaves the target to its run: only that run can take it
/// again. [`TargetLock::release`] leaves it to anyone.
#[derive(Debug)]
pub struct TargetLock {
    /// Locked as long as it is open.
    file: File,
}

impl TargetLock {
    /// Ends it for good: the run is over and owes nothing.
    pub fn release(self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.sync_data()
    }
}

/// Takes the lock of a run.
pub(crate) fn lock_run(path: &Path, holder: &Holder) -> Result<RunLock, LockError> {
    let what = format!("run {}", holder.run.0);
    let (mut file, _) = take(path, &what)?;
    write_holder(&mut file, holder).map_err(|error| LockError::Io { what, error })?;
    Ok(RunLock { _file: file })
}

/// Takes the lock of a target for a run, unless another run still needs it.
pub(crate) fn lock_target(
    path: &Path,
    target: &Target,
    holder: &Holder,
    needs: impl FnOnce(&RunId) -> Needs,
) -> Result<TargetLock, LockError> {
    let what = format!("{} is locked", target.shown);
    let (mut file, before) = take(path, &what)?;
    let needed = before.filter(|before| before.run != holder.run).map(|before| (needs(&before.run), before));
    match needed {
        Some((Needs::More, before)) => Err(LockError::Unfinished { what, holder: Box::new(before) }),
        Some((Needs::Unreadable, before)) => Err(LockError::Unreadable { what, holder: Box::new(before) }),
        Some((Needs::Nothing, _)) | None => {
            write_holder(&mut file, holder).map_err(|error| LockError::Io { what, error })?;
            Ok(TargetLock { file })
        }
    }
}

/// Locks a file, and reads who had it before; or finds out who has it.
fn take(path: &Path, what: &str) -> Result<(File, Option<Holder>), LockError> {
    let io = |error| LockError::Io { what: what.to_owned(), error };
    let mut file =
        OpenOptions::new().read(true).append(true).create(true).mode(0o644).open(path).map_err(io)?;
    for attempt in 1.. {
        match file.try_lock() {
            Ok(()) => break,
            // Someone may only be asking who holds it, which takes microseconds.
            Err(TryLockError::WouldBlock) if attempt < ATTEMPTS => thread::sleep(PATIENCE),
            Err(TryLockError::WouldBlock) => {
                let holder = read_holder(&mut file).map(Box::new);
                return Err(LockError::Held { what: what.to_owned(), holder });
            }
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
    }
    let holder = read_holder(&mut file);
    Ok((file, holder))
}

/// Reads who holds, or held, a lock; none if nobody does. Each holder is a line, and the last whole one
/// counts: a line that a crash tore leaves the one before it standing.
fn read_holder(file: &mut File) -> Option<Holder> {
    let mut text = Vec::new();
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(HOLDER_BYTES_MAX))).ok()?;
    file.take(HOLDER_BYTES_MAX).read_to_end(&mut text).ok()?;
    text.rsplit(|byte| *byte == b'\n').find_map(|line| serde_json::from_slice(line).ok())
}

/// Writes who holds a lock, without taking away who held it until that is written.
fn write_holder(file: &mut File, holder: &Holder) -> io::Result<()> {
    let mut text = vec![b'\n'];
    serde_json::to_writer(&mut text, holder)?;
    text.push(b'\n');
    file.write_all(&text)?;
    file.sync_data()
}

/// Who works on a run just now, if anyone does. Tells without disturbing: it takes no lock for longer
/// than the question.
pub(crate) fn who_holds(path: &Path) -> io::Result<Option<Holder>> {
    let mut file = match OpenOptions::new().read(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => Ok(read_holder(&mut file)),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests;
