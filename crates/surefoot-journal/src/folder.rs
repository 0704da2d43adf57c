//! Where runs lie: the state root, and the folder of each run.
//!
//! ```text
//! ROOT/locks/NAME                who works on a target
//! ROOT/runs/RUN/journal.jsonl    the journal: the truth
//!               lock             who writes the journal
//!               claims/          what the supervisors did, one folder for each statement
//!               outputs/         what was printed and is too long for a record
//!               kept/            before-images of files
//!               asked/           what other people are asked; everyone may read it
//!               inbox/           what other people and processes leave; everyone may add to it
//!               began            that a journal was made: without it, its absence means nothing
//!               let-go.jsonl     that a person let a run go whose journal cannot be read
//!               ballast          space that is set aside for the way back
//! ```
//!
//! Only its owner reads a run's journal, outputs, claims and kept files. Others may pass through the
//! folder, read `asked` and add to `inbox`: that is how a second person approves.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, BufReader, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::FallocateFlags;
use sha2::{Digest as _, Sha256};

use crate::lock::{self, Holder, LockError, RunLock, Target, TargetLock};
use crate::{Claim, Inbox, Phase, ReadError, Reader, Record, RunId, RunState, Timestamp};

/// Longest name of a file made from a step's name, in bytes. File systems take 255, and a claim's
/// folder adds its phase, attempt and statement.
const FILE_NAME_BYTES_MAX: usize = 160;

/// The letters of a run's id: no `I`, `L`, `O` or `U`, which are misread.
const ID_LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Stands in the folder of a run that has, or had, a journal.
const BEGAN: &str = "began";

/// How many letters an id has: 10 of time and 16 of chance.
const ID_LENGTH: usize = 26;

/// File systems on which a lock or a sync does not mean what it must: NFS, SMB, CIFS, SMB2.
const NETWORK_FILE_SYSTEMS: [u32; 4] = [0x6969, 0x517B, 0xFF53_4D42, 0xFE53_4D42];

/// The folder that holds all runs of its owner.
#[derive(Clone, Debug)]
pub struct StateRoot {
    /// Where it is.
    path: PathBuf,
}

/// The folder of one run.
#[derive(Clone, Debug)]
pub struct RunFolder {
    /// Where it is.
    path: PathBuf,
    /// Whose it is.
    run: RunId,
}

/// What a run needs of the place that it works on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Needs {
    /// Nothing more: it never began, it ended and owes nothing, or a person let it go.
    Nothing,
    /// It is not over, or owes something.
    More,
    /// Its journal cannot be read: nobody can tell, and someone has to look.
    Unreadable,
}

/// A run that was not found.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// No run begins so.
    #[error("no run begins with `{0}`; `surefoot runs` lists them")]
    None(String),
    /// Several runs begin so.
    #[error("{} runs begin with `{prefix}`: {}", runs.len(), shown(runs))]
    Several {
        /// What was asked for.
        prefix: String,
        /// The runs that begin so.
        runs: Vec<RunId>,
    },
    /// The folder cannot be read.
    #[error("the runs in {} cannot be listed: {error}", path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
}

/// The first few of many runs.
fn shown(runs: &[RunId]) -> String {
    let mut shown: Vec<&str> = runs.iter().take(5).map(|run| run.0.as_str()).collect();
    if runs.len() > shown.len() {
        shown.push("…");
    }
    shown.join(", ")
}

/// A folder that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// It lies on a network file system.
    #[error(
        "{} lies on a network file system, where a lock and a sync cannot be relied on; choose a local folder \
         with --state",
        .0.display()
    )]
    Network(PathBuf),
    /// The file system says no.
    #[error("{} cannot be made: {error}", path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
}

impl CreateError {
    /// Of what kind it is.
    pub fn kind(&self) -> io::ErrorKind {
        match self {
            CreateError::Network(_) => io::ErrorKind::Unsupported,
            CreateError::Io { error, .. } => error.kind(),
        }
    }
}

impl StateRoot {
    /// The root at this path. Nothing is made or read yet.
    pub fn new(path: impl Into<PathBuf>) -> StateRoot {
        StateRoot { path: path.into() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A new id for a run that starts now.
    pub fn new_run(&self, time: Timestamp) -> io::Result<RunId> {
        let mut chance = [0; 10];
        File::open("/dev/urandom")?.read_exact(&mut chance)?;
        Ok(run_id(time, chance))
    }

    /// Makes the folder of a run, empty.
    pub fn create(&self, run: &RunId) -> Result<RunFolder, CreateError> {
        make_all(&self.path)?;
        refuse_network(&self.path)?;
        let runs = self.path.join("runs");
        make_if_missing(&runs, 0o755)?;
        let path = runs.join(&run.0);
        make(&path, 0o711)?;
        for (name, mode) in [
            ("claims", 0o700),
            ("outputs", 0o700),
            ("kept", 0o700),
            ("asked", 0o755),
            // Anyone may add, nobody but the owner may list, and nobody may take what another left.
            ("inbox", 0o1733),
        ] {
            make(&path.join(name), mode)?;
        }
        for folder in [&path, &runs] {
            sync_folder(folder).map_err(|error| CreateError::Io { path: folder.clone(), error })?;
        }
        Ok(RunFolder { path, run: run.clone() })
    }

    /// All runs that began, oldest first.
    pub fn runs(&self) -> Result<Vec<RunId>, FindError> {
        let path = self.path.join("runs");
        let failed = |error| FindError::Io { path: path.clone(), error };
        let mut runs = Vec::new();
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(runs),
            Err(error) => return Err(failed(error)),
        };
        for entry in entries {
            let entry = entry.map_err(failed)?;
            if let Ok(name) = entry.file_name().into_string()
                && is_run_id(&name)
                && let run = RunId(name)
                && self.folder(&run).has_begun()
            {
                runs.push(run);
            }
        }
        runs.sort_unstable();
        Ok(runs)
    }

    /// Finds a run by the start of its id, in either case.
    pub fn find(&self, prefix: &str) -> Result<RunFolder, FindError> {
        let wanted = prefix.to_ascii_uppercase();
        let mut runs = self.runs()?;
        runs.retain(|run| run.0.starts_with(&wanted) && !wanted.is_empty());
        match runs.as_slice() {
            [] => Err(FindError::None(prefix.to_owned())),
            [run] => Ok(self.folder(run)),
            _ => Err(FindError::Several { prefix: prefix.to_owned(), runs }),
        }
    }

    /// The folder of a run, whether it exists or not.
    pub fn folder(&self, run: &RunId) -> RunFolder {
        RunFolder { path: self.path.join("runs").join(&run.0), run: run.clone() }
    }

    /// Takes the lock of what a run works on, or says who has it.
    pub fn lock_target(&self, target: &Target, holder: &Holder) -> Result<TargetLock, LockError> {
        let locks = self.path.join("locks");
        make_all(&self.path).and_then(|()| make_if_missing(&locks, 0o755)).map_err(|error| {
            // Of what kind it is tells whether the disk is full, and where is in its text.
            let (text, kind) = (error.to_string(), error.kind());
            LockError::Io { what: target.shown.clone(), error: io::Error::new(kind, text) }
        })?;
        lock::lock_target(&locks.join(&target.file), target, holder, |run| self.folder(run).needs())
    }
}

impl RunFolder {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whose it is.
    pub fn run(&self) -> &RunId {
        &self.run
    }

    /// The file of its journal.
    pub fn journal(&self) -> PathBuf {
        self.path.join("journal.jsonl")
    }

    /// The folder of a statement's claim.
    pub fn claim(&self, claim: &Claim) -> PathBuf {
        let phase = match claim.phase {
            Phase::Forward => "forward",
            Phase::Rollback => "rollback",
        };
        let Claim { step, attempt, statement, .. } = claim;
        self.path.join("claims").join(format!("{}.{phase}.{attempt}.{statement}", file_name(&step.0)))
    }

    /// The folder of all claims.
    pub fn claims(&self) -> PathBuf {
        self.path.join("claims")
    }

    /// The folder of long outputs.
    pub fn outputs(&self) -> PathBuf {
        self.path.join("outputs")
    }

    /// The folder of before-images.
    pub fn kept(&self) -> PathBuf {
        self.path.join("kept")
    }

    /// What other people are asked, and what they answer.
    pub fn inbox(&self) -> Inbox {
        Inbox::new(&self.path, &self.run)
    }

    /// Takes the right to write the journal, or says who has it.
    pub fn lock(&self, holder: &Holder) -> Result<RunLock, LockError> {
        lock::lock_run(&self.path.join("lock"), holder)
    }

    /// Who works on it just now, if anyone does.
    pub fn holder(&self) -> io::Result<Option<Holder>> {
        lock::who_holds(&self.path.join("lock"))
    }

    /// Reads its journal. A torn last line is left out; its length comes second.
    pub fn read(&self) -> Result<(Vec<Record>, u64), ReadError> {
        let mut reader = self.reader()?;
        let mut records = Vec::new();
        while let Some(record) = reader.next_record()? {
            records.push(record);
        }
        Ok((records, reader.torn()))
    }

    /// Reads its journal record by record.
    pub fn reader(&self) -> Result<Reader<BufReader<File>>, ReadError> {
        let file = File::open(self.journal()).map_err(ReadError::at_open)?;
        Ok(Reader::new(BufReader::with_capacity(1 << 20, file)))
    }

    /// Sets this many bytes of the disk aside, to be given back by [`RunFolder::give_back`].
    ///
    /// A rollback runs programs, and those need room for their claims and outputs. The journal keeps its
    /// own reserve.
    pub fn set_aside(&self, bytes: u64) -> io::Result<()> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(self.path.join("ballast"))?;
        rustix::fs::fallocate(&file, FallocateFlags::KEEP_SIZE, 0, bytes.max(1))?;
        Ok(())
    }

    /// Gives back what was set aside. Asked when a run turns back, before its first rollback.
    pub fn give_back(&self) -> io::Result<()> {
        match fs::remove_file(self.path.join("ballast")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Whether the run ever had a journal.
    pub fn has_begun(&self) -> bool {
        let acted = || fs::read_dir(self.claims()).is_ok_and(|mut claims| claims.next().is_some());
        self.journal().exists() || self.path.join(BEGAN).exists() || acted()
    }

    /// Says that the run has a journal from now on, so that its absence is found out.
    pub(crate) fn mark_begun(&self) -> io::Result<()> {
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o644)
            .open(self.path.join(BEGAN))?;
        Ok(())
    }

    /// What the run needs of the place that it works on.
    pub fn needs(&self) -> Needs {
        if !self.has_begun() {
            return Needs::Nothing;
        }
        let (records, torn) = match self.read() {
            Ok(read) => read,
            // It is newer, or may not be read by this user: nothing is wrong with it.
            Err(ReadError::Newer { .. } | ReadError::Io(_)) => return Needs::More,
            Err(ReadError::Damaged { .. } | ReadError::Empty | ReadError::Missing) => {
                return self.was_let_go().map_or(Needs::Unreadable, |_| Needs::Nothing);
            }
        };
        let mut state = RunState::new();
        if !records.iter().all(|record| state.apply(record).is_ok()) {
            return self.was_let_go().map_or(Needs::Unreadable, |_| Needs::Nothing);
        }
        match state.ended() {
            Some(ended) if ended.owed.is_empty() && torn == 0 => Needs::Nothing,
            Some(_) | None => Needs::More,
        }
    }
}

/// Makes a file name from any text: readable, without `/`, without a leading dot, not too long, and
/// different for different texts.
pub fn file_name(text: &str) -> String {
    let mut name = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'[' | b']' => {
                name.push(char::from(byte));
            }
            _ => name.push_str(&format!("%{byte:02X}")),
        }
    }
    if name.len() > FILE_NAME_BYTES_MAX || name.is_empty() {
        let digest: String =
            Sha256::digest(text.as_bytes()).iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        name.truncate(FILE_NAME_BYTES_MAX - digest.len() - 1);
        name.push('~');
        name.push_str(&digest);
    }
    name
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Makes an id: 48 bits of time, then 80 of chance, so that ids sort by time.
fn run_id(time: Timestamp, chance: [u8; 10]) -> RunId {
    let mut bits = u128::from(time.0) << 80;
    for (at, byte) in chance.into_iter().rev().enumerate() {
        bits |= u128::from(byte) << (8 * at);
    }
    let letter = |at: usize| {
        let five = usize::try_from(bits >> (5 * (ID_LENGTH - 1 - at)) & 31).unwrap_or_default();
        char::from(ID_LETTERS.get(five).copied().unwrap_or(b'0'))
    };
    RunId((0..ID_LENGTH).map(letter).collect())
}

/// Whether a name is one of ours.
fn is_run_id(name: &str) -> bool {
    name.len() == ID_LENGTH && name.bytes().all(|byte| ID_LETTERS.contains(&byte))
}

/// Makes a folder with exactly these permissions, whatever the process's mask is.
fn make(path: &Path, mode: u32) -> Result<(), CreateError> {
    let failed = |error| CreateError::Io { path: path.to_owned(), error };
    DirBuilder::new().mode(mode & 0o700).create(path).map_err(failed)?;
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(failed)
}

/// The same, unless it exists.
fn make_if_missing(path: &Path, mode: u32) -> Result<(), CreateError> {
    match make(path, mode) {
        Err(CreateError::Io { error, .. }) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

/// Makes the state root and what is missing above it. Others may pass through it, and no more than that
/// is asked of folders that exist already.
fn make_all(path: &Path) -> Result<(), CreateError> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(above) = path.parent().filter(|above| !above.as_os_str().is_empty() && !above.is_dir()) {
        fs::create_dir_all(above).map_err(|error| CreateError::Io { path: above.to_owned(), error })?;
    }
    make_if_missing(path, 0o755)
}

/// Refuses a folder on a network file system.
fn refuse_network(path: &Path) -> Result<(), CreateError> {
    let found = rustix::fs::statfs(path)
        .map_err(|error| CreateError::Io { path: path.into(), error: error.into() })?;
    let kind = u32::try_from(found.f_type & 0xFFFF_FFFF).unwrap_or_default();
    match NETWORK_FILE_SYSTEMS.contains(&kind) {
        true => Err(CreateError::Network(path.to_owned())),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests;
