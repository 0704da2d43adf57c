//! What other people and processes leave for a run: approvals, answers, cancels.
//!
//! The run tells everyone what it asks ([`Notice`], in `asked/`); anyone may leave a [`Letter`] in
//! `inbox/`. Who left it is who owns the file, read from the open file itself, so that no name and no
//! content can pretend otherwise. A letter names the run and the notice that it answers, so that none
//! can be used again elsewhere. Whether its sender may say what it says is for the executor to decide.
//!
//! Must hold: reading a letter never blocks, follows no link, and reads no more than its limit.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use surefoot_plan::{Name, StepId, Type, Value, Waived};

use crate::folder::file_name;
use crate::{Answer, Choice, Identity, RunId, Timestamp};

/// Longest letter or notice, in bytes. A comment is a few lines; anyone may leave letters.
const LETTER_BYTES_MAX: u64 = 64 << 10;

/// Most letters that are read at once. Anyone may leave letters; the rest waits for the next time.
const LETTERS_MAX: usize = 64;

/// Begins the name of a letter that is not whole yet.
const UNFINISHED: &str = "new.";

/// What people are asked. Anyone may read it: it holds no output and no secret.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Notice {
    /// Which run asks.
    pub run: RunId,
    /// Of which runbook.
    pub runbook: Name,
    /// The digest of the plan.
    pub plan: String,
    /// Which step asks; none for a question about the run.
    pub step: Option<StepId>,
    /// What the step is called.
    pub title: String,
    /// Those who run it, and so cannot approve it.
    pub operators: Vec<Identity>,
    /// Since when.
    pub since: Timestamp,
    /// Findings that the plan's author does not mind for a while.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waived: Vec<Waived>,
    /// What is asked.
    pub asks: Asks,
}

/// What is asked.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Asks {
    /// A second person's yes.
    Approval {
        /// Whose.
        role: Name,
        /// Who has that role.
        people: Vec<String>,
        /// How many different people of them must say it.
        #[serde(default = "one")]
        wanted: u32,
        /// Who has said it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        given: Vec<Given>,
        /// What they are to see first.
        shown: Vec<Shown>,
        /// How long their yes is good for, in milliseconds.
        expires_ms: u64,
        /// Why the step cannot be taken back; empty if it can.
        irreversible: String,
        /// What the plan takes for true, each with its reason.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        assumes: Vec<String>,
        /// The secrets that the plan lets others read, each with its reason.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        reveals: Vec<String>,
        /// Why the plan may connect anywhere; empty if it may not.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        anywhere: String,
    },
    /// An answer.
    Answer {
        /// The question.
        text: String,
        /// What may be answered.
        answer: Type,
        /// Where to look, and what is normal there.
        see: Vec<(String, String)>,
        /// Which role may answer; the operator if none.
        role: Option<Name>,
        /// How long the run waits, and what counts then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<Limit>,
        /// Whether "I cannot tell" is an answer too.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        is_fact: bool,
    },
    /// How a run that waits goes on.
    Choice {
        /// Why it waits.
        why: String,
        /// What can be chosen.
        choices: Vec<Choice>,
    },
}

/// A yes that was given.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Given {
    /// Who.
    pub by: Identity,
    /// When it is too old.
    pub until: Timestamp,
}

/// How many people are asked where an older notice does not say it.
fn one() -> u32 {
    1
}

/// How long a question is open.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Limit {
    /// In milliseconds.
    pub within_ms: u64,
    /// The answer that counts then; none if it fails.
    pub default: Option<Value>,
}

/// A fact that someone is shown: they may not have the plan, so it is called as its author calls it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Shown {
    /// The fact.
    pub fact: String,
    /// What was found.
    pub answer: Answer,
}

impl Notice {
    /// Names exactly this notice: asked again with other facts, it is another one.
    ///
    /// Not by who has said yes: what two people say at the same time are two answers to one notice.
    pub fn digest(&self) -> String {
        let mut asked = self.clone();
        if let Asks::Approval { given, .. } = &mut asked.asks {
            given.clear();
        }
        let text = serde_json::to_vec(&asked).unwrap_or_default();
        Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// What someone leaves.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Letter {
    /// For which run.
    pub run: RunId,
    /// The notice that it answers, by its digest; empty for a cancel, which answers none.
    pub notice: String,
    /// When it was left, by its sender's clock.
    pub at: Timestamp,
    /// What it says.
    pub says: Says,
}

/// What a letter says.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Says {
    /// Yes or no to a step.
    Approval {
        /// The step.
        step: StepId,
        /// Which.
        approved: bool,
        /// Why, or with what in mind.
        comment: String,
    },
    /// An answer to a question.
    Answer {
        /// The step that asks; none for a question about the run.
        step: Option<StepId>,
        /// The answer.
        value: Value,
        /// Why, or on what evidence.
        comment: String,
    },
    /// That they cannot tell.
    Unsure {
        /// The step that asks; none for a question about the run.
        step: Option<StepId>,
        /// Why not.
        comment: String,
    },
    /// How a run that waits goes on.
    Choice {
        /// What.
        choice: Choice,
        /// Why.
        reason: String,
    },
    /// Stop.
    Cancel {
        /// 1: finish what runs; 2: stop what runs; 3: kill it.
        level: u8,
        /// Why.
        reason: String,
    },
}

/// A letter that was found, with its sender.
#[derive(Debug)]
pub struct Received {
    /// Who left it, as the operating system says.
    pub from: Identity,
    /// What they left.
    pub letter: Letter,
    /// The file, until it is dropped with [`Received::discard`].
    path: PathBuf,
}

impl Received {
    /// Takes it out of the inbox. Done once what it says is in the journal: a crash before that finds it
    /// again.
    pub fn discard(self) -> io::Result<()> {
        fs::remove_file(self.path)
    }
}

/// Something in the inbox that is no letter.
#[derive(Debug, thiserror::Error)]
#[error("a file in the run's inbox{} was thrown away: {why}", from.as_ref().map(|from| format!(", left by {},", from.user)).unwrap_or_default())]
pub struct Rejected {
    /// Who left it, if it could be opened.
    pub from: Option<Identity>,
    /// Why it is no letter.
    pub why: String,
}

/// A letter that could not be left, or a notice that could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum InboxError {
    /// The folder cannot be reached by this user.
    #[error(
        "{} cannot be reached by you; ask who runs it to keep runs in a folder that you may pass through \
         (--state), or to let others through its parents", .0.display()
    )]
    NotReachable(PathBuf),
    /// What is to be written is too long.
    #[error("this is longer than the {LETTER_BYTES_MAX} bytes that fit")]
    TooLong,
    /// A notice is no notice.
    #[error("{} is no notice: {why}", path.display())]
    NoNotice {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// Something else.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: io::Error,
    },
}

/// The notices and letters of a run.
#[derive(Clone, Debug)]
pub struct Inbox {
    /// The run.
    run: RunId,
    /// Where its notices are.
    asked: PathBuf,
    /// Where its letters are.
    inbox: PathBuf,
}

impl Inbox {
    /// The notices and letters in a run's folder.
    pub(crate) fn new(folder: &Path, run: &RunId) -> Inbox {
        Inbox { run: run.clone(), asked: folder.join("asked"), inbox: folder.join("inbox") }
    }

    /// Tells everyone what is asked; instead of what was asked before for the same step.
    pub fn ask(&self, notice: &Notice) -> Result<(), InboxError> {
        let path = self.notice_path(notice.step.as_ref());
        let text = text_of(notice, &path)?;
        let new = path.with_extension("new");
        let written = fs::remove_file(&new)
            .or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
            .and_then(|()| write_new(&new, &text))
            .and_then(|()| fs::rename(&new, &path));
        written.map_err(|error| failed(&path, error))
    }

    /// Asks no longer.
    pub fn withdraw(&self, step: Option<&StepId>) -> Result<(), InboxError> {
        let path = self.notice_path(step);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(&path, error)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// What is asked, in the order of the steps' names.
    pub fn notices(&self) -> Result<Vec<Notice>, InboxError> {
        let mut paths = Vec::new();
        for entry in fs::read_dir(&self.asked).map_err(|error| failed(&self.asked, error))? {
            let path = entry.map_err(|error| failed(&self.asked, error))?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                paths.push(path);
            }
        }
        paths.sort_unstable();
        let mut notices = Vec::new();
        for path in paths {
            match open(&path).and_then(|file| read_limited(&file)) {
                Ok(text) => {
                    notices.push(serde_json::from_slice(&text).map_err(|error| InboxError::NoNotice {
                        path: path.clone(),
                        why: error.to_string(),
                    })?)
                }
                // Answered between the listing and now.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(failed(&path, error)),
            }
        }
        Ok(notices)
    }

    /// Leaves a letter. Another user than the run's may do this.
    pub fn send(&self, letter: &Letter) -> Result<(), InboxError> {
        let text = text_of(letter, &self.inbox)?;
        let mut chance = [0; 16];
        let drawn = File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut chance));
        drawn.map_err(|error| failed(&self.inbox, error))?;
        let name: String = chance.iter().map(|byte| format!("{byte:02x}")).collect();
        let new = self.inbox.join(format!("{UNFINISHED}{name}"));
        let path = self.inbox.join(format!("{:015}.{name}", letter.at.0));
        write_new(&new, &text).and_then(|()| fs::rename(&new, &path)).map_err(|error| failed(&path, error))
    }

    /// What was left, oldest first by its senders' clocks; what is no letter is thrown away and told.
    pub fn letters(&self) -> Result<(Vec<Received>, Vec<Rejected>), InboxError> {
        let mut paths = Vec::new();
        for entry in fs::read_dir(&self.inbox).map_err(|error| failed(&self.inbox, error))? {
            let entry = entry.map_err(|error| failed(&self.inbox, error))?;
            if !entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
                paths.push(entry.path());
            }
        }
        paths.sort_unstable();
        let (mut letters, mut rejected) = (Vec::new(), Vec::new());
        for path in paths.into_iter().take(LETTERS_MAX) {
            match self.receive(&path) {
                Ok(received) => letters.push(received),
                Err(why) => {
                    // A folder cannot be removed so; it stays, and is told again.
                    let _ = fs::remove_file(&path);
                    rejected.push(why);
                }
            }
        }
        Ok((letters, rejected))
    }

    /// Reads one file of the inbox.
    fn receive(&self, path: &Path) -> Result<Received, Rejected> {
        let no = |from: Option<&Identity>, why: String| Rejected { from: from.cloned(), why };
        let file = open(path).map_err(|error| no(None, format!("it cannot be opened: {error}")))?;
        let found = file.metadata().map_err(|error| no(None, error.to_string()))?;
        let from = crate::person::identity(found.uid());
        let no = |why: &str| no(Some(&from), why.to_owned());
        if !found.is_file() {
            return Err(no("it is no regular file"));
        }
        if found.nlink() != 1 {
            return Err(no("it has more than one name, so its owner may not have put it there"));
        }
        if found.mode() & 0o022 != 0 {
            return Err(no("others than its owner can write it"));
        }
        let text = read_limited(&file).map_err(|error| no(&format!("it cannot be read: {error}")))?;
        let letter: Letter =
            serde_json::from_slice(&text).map_err(|error| no(&format!("it is no letter: {error}")))?;
        if letter.run != self.run {
            return Err(no(&format!("it is for run {}", letter.run.0)));
        }
        Ok(Received { from, letter, path: path.to_owned() })
    }

    /// The file of a notice. The name for no step is none that [`file_name`] makes.
    fn notice_path(&self, step: Option<&StepId>) -> PathBuf {
        let name = step.map_or_else(|| "=run".to_owned(), |step| file_name(&step.0));
        self.asked.join(format!("{name}.json"))
    }
}

/// What is written for a letter or a notice.
fn text_of(value: &impl Serialize, path: &Path) -> Result<Vec<u8>, InboxError> {
    let mut text = serde_json::to_vec(value).map_err(|error| failed(path, error.into()))?;
    text.push(b'\n');
    match text.len() as u64 > LETTER_BYTES_MAX {
        true => Err(InboxError::TooLong),
        false => Ok(text),
    }
}

/// Writes a file that everyone may read and nobody but its owner may change, and that did not exist.
fn write_new(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o644).open(path)?;
    file.set_permissions(Permissions::from_mode(0o644))?;
    file.write_all(text)?;
    file.sync_all()
}

/// Opens a file that someone else may have put there: no link is followed, and a pipe does not block.
fn open(path: &Path) -> io::Result<File> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY).bits();
    OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(path)
}

/// Reads a file up to the limit, and refuses a longer one.
fn read_limited(file: &File) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    file.take(LETTER_BYTES_MAX + 1).read_to_end(&mut text)?;
    match text.len() as u64 > LETTER_BYTES_MAX {
        true => Err(io::Error::other(format!("it is longer than {LETTER_BYTES_MAX} bytes"))),
        false => Ok(text),
    }
}

/// Names the file that failed; and what to do if it cannot be reached.
fn failed(path: &Path, error: io::Error) -> InboxError {
    if error.kind() == io::ErrorKind::PermissionDenied {
        InboxError::NotReachable(path.to_owned())
    } else {
        InboxError::Io { path: path.to_owned(), error }
    }
}

#[cfg(test)]
mod tests;
