//! Writes a journal: one record, one write, one sync.
//!
//! Must hold:
//! - when [`Journal::append`] returns a record, it survives a power cut;
//! - a write or a sync that failed is final: the writer gives nothing but errors from then on. A
//!   later sync may succeed although the pages were dropped, so only reading the file again, by
//!   opening the run anew, tells what is in it;
//! - what was reserved can be appended on a full disk.
//!
//! Not here: where the file lies and who may write it (`folder`, `lock`).

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;

use rustix::fs::FallocateFlags;

use crate::folder::sync_folder;
use crate::lock::RunLock;
use crate::{Chain, EncodeError, Event, ReadError, Reader, Record, RunFolder, Started, Timestamp};

/// How much more than asked is reserved at once, so that most steps need no system call for it.
const RESERVE_STEP_BYTES: u64 = 256 << 10;

/// Takes the records of a run. Durable where the run is real; in memory where it is not.
pub trait Journal {
    /// Adds a record. When this returns it, the record is durable.
    fn append(&mut self, time: Timestamp, event: Event) -> Result<Record, AppendError>;

    /// Makes sure that records of this many bytes can be appended even when the disk is full.
    ///
    /// Asked before each step, for its own records and those of the whole way back. If it fails, the
    /// step does not start; the journal can still be appended to, within what was reserved before.
    fn reserve(&mut self, bytes: u64) -> Result<(), ReserveError>;

    /// Where the journal stands.
    fn chain(&self) -> Chain;
}

/// A record that was not written, or not durably.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The file could not be written or synced. Final.
    #[error("the journal cannot be written: {0}")]
    Io(#[source] io::Error),
    /// An earlier append failed.
    #[error("the journal cannot be written any more, because an earlier write failed")]
    Broken,
    /// The event is at fault. Nothing was written.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

/// Space that could not be reserved.
#[derive(Debug, thiserror::Error)]
pub enum ReserveError {
    /// The disk is full.
    #[error("no space is left to record {bytes} bytes of the step and its way back")]
    Full {
        /// How much was asked for.
        bytes: u64,
    },
    /// The file system cannot reserve.
    #[error(
        "the file system of the run folder cannot reserve space, so a full disk could stop a way back; \
         use a folder on ext4, xfs, btrfs or tmpfs"
    )]
    Unsupported,
    /// Something else.
    #[error("no space can be reserved in the journal: {0}")]
    Io(#[source] io::Error),
}

/// A journal that cannot be created or opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A newer Surefoot wrote it: it can be shown, but not continued.
    #[error(
        "the run was recorded by a newer Surefoot (journal format {}.{}); continue it with that version",
        .0.major, .0.minor
    )]
    Newer(surefoot_plan::FormatVersion),
    /// Its first record, or the record that it was recovered, cannot be written.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// Its file cannot be created or opened.
    #[error("the journal cannot be opened: {0}")]
    Io(#[from] io::Error),
}

/// The journal of a real run.
#[derive(Debug)]
pub struct Writer {
    /// The file, opened for appending.
    file: File,
    /// Where it stands.
    chain: Chain,
    /// Its length in bytes.
    end: u64,
    /// Up to which byte space is reserved, as far as this writer knows.
    reserved: u64,
    /// Whether a write or a sync failed.
    broken: bool,
    /// The line that is written.
    line: Vec<u8>,
    /// Held as long as the journal can be written.
    _lock: RunLock,
}

/// A journal that was opened again.
#[derive(Debug)]
pub struct Opened {
    /// Continues it.
    pub writer: Writer,
    /// All of its records. The last is [`Event::Recovered`] if a torn line was dropped.
    pub records: Vec<Record>,
}

impl Writer {
    /// Creates the journal of a run with its first record, all or nothing.
    pub fn create(
        folder: &RunFolder,
        lock: RunLock,
        time: Timestamp,
        started: Started,
    ) -> Result<(Writer, Record), OpenError> {
        let path = folder.journal();
        let temporary = path.with_extension("new");
        // A journal is created once: two would be two truths.
        if path.exists() {
            return Err(OpenError::Io(io::ErrorKind::AlreadyExists.into()));
        }
        let mut chain = Chain::default();
        let mut line = Vec::new();
        let record = chain
            .write(time, Event::Started(Box::new(started)), &mut line)
            .map_err(|error| OpenError::Append(error.into()))?;
        let mut file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(&temporary)?;
        file.write_all(&line)?;
        file.sync_all()?;
        folder.mark_begun()?;
        fs::rename(&temporary, &path)?;
        sync_folder(folder.path())?;
        let end = line.len() as u64;
        let writer = Writer { file, chain, end, reserved: end, broken: false, line, _lock: lock };
        Ok((writer, record))
    }

    /// Opens the journal of a run to continue it, and drops a torn last line.
    pub fn open(folder: &RunFolder, lock: RunLock, time: Timestamp) -> Result<Opened, OpenError> {
        let file =
            OpenOptions::new().read(true).append(true).open(folder.journal()).map_err(ReadError::at_open)?;
        let mut reader = Reader::new(BufReader::with_capacity(1 << 20, &file));
        let mut records = Vec::new();
        while let Some(record) = reader.next_record()? {
            records.push(record);
        }
        if reader.format() > crate::FORMAT {
            return Err(OpenError::Newer(reader.format()));
        }
        let (chain, end, torn) = (reader.position(), reader.end(), reader.torn());
        let mut writer =
            Writer { file, chain, end, reserved: end, broken: false, line: Vec::new(), _lock: lock };
        if torn > 0 {
            // This gives back what was reserved beyond the end; taking it again at once is all that can
            // be done, and a full disk then shows here, before anything is done.
            writer.file.set_len(end)?;
            let _ = writer.reserve(RESERVE_STEP_BYTES);
            records.push(writer.append(time, Event::Recovered { bytes: torn })?);
        }
        Ok(Opened { writer, records })
    }

    /// Reserves `bytes` beyond the end of the file, without making the file longer.
    fn fallocate(&mut self, bytes: u64) -> Result<(), rustix::io::Errno> {
        rustix::fs::fallocate(&self.file, FallocateFlags::KEEP_SIZE, self.end, bytes)?;
        self.reserved = self.end + bytes;
        Ok(())
    }
}

impl Journal for Writer {
    fn append(&mut self, time: Timestamp, event: Event) -> Result<Record, AppendError> {
        if self.broken {
            return Err(AppendError::Broken);
        }
        self.line.clear();
        let mut chain = self.chain;
        let record = chain.write(time, event, &mut self.line)?;
        // `sync_data` of the standard library and nothing else: crash tests count this call.
        if let Err(error) = self.file.write_all(&self.line).and_then(|()| self.file.sync_data()) {
            self.broken = true;
            return Err(AppendError::Io(error));
        }
        self.chain = chain;
        self.end += self.line.len() as u64;
        Ok(record)
    }

    fn reserve(&mut self, bytes: u64) -> Result<(), ReserveError> {
        use rustix::io::Errno;

        if self.end + bytes <= self.reserved {
            return Ok(());
        }
        // More than asked, if there is room for it; else exactly what was asked.
        match self.fallocate(bytes + RESERVE_STEP_BYTES).or_else(|_| self.fallocate(bytes)) {
            Ok(()) => Ok(()),
            Err(Errno::NOSPC | Errno::DQUOT | Errno::FBIG) => Err(ReserveError::Full { bytes }),
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => Err(ReserveError::Unsupported),
            Err(error) => Err(ReserveError::Io(error.into())),
        }
    }

    fn chain(&self) -> Chain {
        self.chain
    }
}

/// The journal of a run that is not real: it has the same records and hashes, and lasts as long as
/// the process.
#[derive(Clone, Debug, Default)]
pub struct MemoryJournal {
    /// Where it stands.
    chain: Chain,
    /// Its text, as a file would hold it.
    text: Vec<u8>,
    /// Its records.
    records: Vec<Record>,
}

impl MemoryJournal {
    /// An empty journal.
    pub fn new() -> MemoryJournal {
        MemoryJournal::default()
    }

    /// A journal that has these records already, as one that was opened again.
    pub fn with(records: Vec<Record>) -> Result<MemoryJournal, EncodeError> {
        let mut journal = MemoryJournal::default();
        for record in records {
            journal.records.push(journal.chain.write(record.time, record.event, &mut journal.text)?);
        }
        Ok(journal)
    }

    /// Its records.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Its text, as a file would hold it.
    pub fn text(&self) -> &[u8] {
        &self.text
    }
}

impl Journal for MemoryJournal {
    fn append(&mut self, time: Timestamp, event: Event) -> Result<Record, AppendError> {
        let record = self.chain.write(time, event, &mut self.text)?;
        self.records.push(record.clone());
        Ok(record)
    }

    fn reserve(&mut self, _bytes: u64) -> Result<(), ReserveError> {
        Ok(())
    }

    fn chain(&self) -> Chain {
        self.chain
    }
}

#[cfg(test)]
mod tests;
