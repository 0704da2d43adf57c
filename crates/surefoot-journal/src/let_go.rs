//! What a person says of a run whose journal cannot be read: that its place is free again, and why.
//!
//! It cannot stand in the journal, which is damaged; it is a file of its own in the run's folder, beside
//! its lock, and stays there.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;

use serde::{Deserialize, Serialize};

use crate::folder::sync_folder;
use crate::{Identity, RunFolder, Timestamp};

/// A run was let go although nobody can tell what it owes.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct LetGo {
    /// Who says so.
    pub by: Identity,
    /// When.
    pub at: Timestamp,
    /// Why that is right.
    pub reason: String,
    /// What is wrong with the journal.
    pub damage: String,
}

impl RunFolder {
    /// Lets the run go, durably. What was said before is kept: each is a line.
    pub fn let_go(&self, said: &LetGo) -> io::Result<()> {
        let mut line = serde_json::to_vec(said)?;
        line.push(b'\n');
        let path = self.path().join(FILE);
        let mut file = OpenOptions::new().append(true).create(true).mode(0o644).open(path)?;
        file.write_all(&line)?;
        file.sync_all()?;
        sync_folder(self.path())
    }

    /// What was said last, if the run was let go.
    pub fn was_let_go(&self) -> Option<LetGo> {
        let mut text = String::new();
        File::open(self.path().join(FILE)).ok()?.read_to_string(&mut text).ok()?;
        text.lines().rev().find_map(|line| serde_json::from_str(line).ok())
    }
}

/// Its name in the run's folder.
const FILE: &str = "let-go.jsonl";
