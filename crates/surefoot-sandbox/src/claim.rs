//! The claim of a statement: who may act, that it started, and how it ended; each durable when it is said.
//!
//! A claim is a folder that is made by `mkdir`, so only one can make it. In it, `started` is made at most
//! once and whole: by the supervisor, or as a tombstone by an executor that must know whether it acts. Who
//! comes second does not act. `exit` appears by rename.
//!
//! Must hold: nothing acts before its `started` is durable; once a tombstone stands, nothing will ever act.

#![expect(clippy::disallowed_methods, reason = "claims are files")]

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FallocateFlags, RenameFlags};
use serde::{Deserialize, Serialize};

use crate::ending::Ending;

/// Bytes set aside for the exit report before anything acts, so that a full disk cannot lose the outcome.
const ENDING_RESERVED: u64 = 16 << 10;

/// Who took a claim.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StartedBy {
    /// A supervisor, which acts.
    Supervisor {
        /// Its process.
        pid: u32,
        /// The boot of the machine.
        boot_id: String,
        /// When it started, in ticks since that boot.
        start_time: u64,
    },
    /// An executor that needed to know: nothing has acted, and nothing will.
    Tombstone,
}

/// Takes a claim for this process. An error says why nothing may act.
pub(crate) fn take(folder: &Path) -> Result<Taken, Box<Ending>> {
    try_to_take(folder).map_err(|why| {
        let taken_before = why == TAKEN_BEFORE;
        Box::new(Ending { taken_before, ..Ending::refused(why) })
    })
}

fn try_to_take(folder: &Path) -> Result<Taken, String> {
    if let Err(error) = make_folder(folder)
        && error.kind() != io::ErrorKind::AlreadyExists
    {
        return Err(format!("the claim cannot be written to {}: {error}", folder.display()));
    }
    if folder.join(STARTED).exists() {
        return Err(TAKEN_BEFORE.to_owned());
    }
    let draft = folder.join(format!("{EXIT}.{}", std::process::id()));
    let file = reserve(&draft)
        .map_err(|error| format!("the outcome could not be written to {}: {error}", folder.display()))?;
    let identity = identity(std::process::id())
        .ok_or_else(|| "the start of the supervisor cannot be told from /proc".to_owned())?;
    let why = match write_started(folder, &identity) {
        Ok(true) => return Ok(Taken { folder: folder.to_owned(), draft, file }),
        Ok(false) => TAKEN_BEFORE.to_owned(),
        Err(error) => format!("the claim cannot be written to {}: {error}", folder.display()),
    };
    let _ = std::fs::remove_file(&draft);
    Err(why)
}

/// A claim that this process holds.
#[derive(Debug)]
pub(crate) struct Taken {
    folder: PathBuf,
    /// The exit report to be, with room set aside for it.
    draft: PathBuf,
    file: File,
}

impl Taken {
    /// Where the claim is.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes how it ended, durably.
    pub(crate) fn end(mut self, ending: &Ending) -> io::Result<()> {
        let text = serde_json::to_vec(ending).map_err(io::Error::other)?;
        self.file.write_all(&text)?;
        // Readers see all of it or nothing. After a loss of power it may be there and not whole, which does not
        // read as a report; syncing it before the rename too would cost a second commit of the disk's journal.
        std::fs::rename(&self.draft, self.folder.join(EXIT))?;
        self.file.sync_data()?;
        sync_folder(&self.folder)
    }
}

const STARTED: &str = "started";
const EXIT: &str = "exit";
const TAKEN_BEFORE: &str = "its claim was taken before";

fn reserve(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    match rustix::fs::fallocate(&file, FallocateFlags::KEEP_SIZE, 0, ENDING_RESERVED) {
        // Some file systems cannot set bytes aside. Then the report is written as room allows.
        Ok(()) | Err(rustix::io::Errno::OPNOTSUPP) => Ok(file),
        Err(error) => {
            let _ = std::fs::remove_file(path);
            Err(error.into())
        }
    }
}

fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(folder)
}

/// Writes `started`, whole and durable, unless it is there. True if it was written.
fn write_started(folder: &Path, by: &StartedBy) -> io::Result<bool> {
    let draft = folder.join(format!("{STARTED}.{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(&serde_json::to_vec(by).map_err(io::Error::other)?)?;
    let renamed = rustix::fs::renameat_with(CWD, &draft, CWD, folder.join(STARTED), RenameFlags::NOREPLACE);
    match renamed {
        Ok(()) => {
            file.sync_data()?;
            sync_folder(folder)?;
            folder.parent().map_or(Ok(()), sync_folder)?;
            Ok(true)
        }
        Err(rustix::io::Errno::EXIST) => {
            std::fs::remove_file(&draft)?;
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// How a claim stands.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Standing {
    /// Nothing acted, and nothing will: the claim is closed now, if it was not.
    Closed,
    /// This process is at it.
    Running(u32),
    /// It ended like this.
    Ended(Ending),
    /// It started, is over, and did not say how it ended.
    Lost(String),
}

/// Finds out how a claim stands. If nobody took it, it is closed, durably.
pub(crate) fn examine(folder: &Path) -> io::Result<Standing> {
    if let Err(error) = make_folder(folder)
        && error.kind() != io::ErrorKind::AlreadyExists
    {
        return Err(error);
    }
    if write_started(folder, &StartedBy::Tombstone)? {
        return Ok(Standing::Closed);
    }
    let (pid, boot_id, start_time) = match serde_json::from_slice(&std::fs::read(folder.join(STARTED))?) {
        Ok(StartedBy::Supervisor { pid, boot_id, start_time }) => (pid, boot_id, start_time),
        Ok(StartedBy::Tombstone) => return Ok(Standing::Closed),
        Err(_) => return Ok(Standing::Lost("the machine lost its power while it began".into())),
    };
    // Looked at before `exit` is: a supervisor that is seen gone has written what it will ever write.
    let runs = identity(pid) == Some(StartedBy::Supervisor { pid, boot_id: boot_id.clone(), start_time });
    match std::fs::read(folder.join(EXIT)) {
        Ok(text) => {
            return Ok(match serde_json::from_slice(&text) {
                Ok(ending) => Standing::Ended(ending),
                Err(_) => Standing::Lost(
                    "how it ended was not written down whole: the machine lost its power".into(),
                ),
            });
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    if runs {
        return Ok(Standing::Running(pid));
    }
    if boot_id != this_boot() {
        return Ok(Standing::Lost("the machine was restarted while it ran".into()));
    }
    Ok(Standing::Lost(format!("its supervisor (pid {pid}) was killed before it could write how it ended")))
}

/// The supervisor that is at a claim just now, if one is. Tells without closing the claim.
pub fn at_work(folder: &Path) -> Option<u32> {
    if folder.join(EXIT).exists() {
        return None;
    }
    let started: StartedBy = serde_json::from_slice(&std::fs::read(folder.join(STARTED)).ok()?).ok()?;
    match started {
        StartedBy::Supervisor { pid, .. } => (identity(pid) == Some(started)).then_some(pid),
        StartedBy::Tombstone => None,
    }
}

/// The boot of this machine.
pub fn this_boot() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

/// What identifies a process for ever. None if there is none.
fn identity(pid: u32) -> Option<StartedBy> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in brackets, may hold anything; after the last bracket come plain numbers.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let state = fields.next()?;
    // A zombie is over; its parent has only not looked yet.
    if state == "Z" || state == "X" {
        return None;
    }
    // `starttime` is field 22; the state was field 3.
    let start_time = fields.nth(18)?.parse().ok()?;
    Some(StartedBy::Supervisor { pid, boot_id: this_boot(), start_time })
}

#[cfg(test)]
mod tests;
