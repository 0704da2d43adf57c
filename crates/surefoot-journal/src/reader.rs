//! Reads a journal from its start, and says exactly where it stops being one.
//!
//! In: the bytes of a journal. Out: its records, in order.
//!
//! Must hold: every record that comes out was written, in this order, by one writer. A torn last
//! line is no damage: its record announced nothing that was done, because an effect waits for the
//! sync. Anything else that is wrong is refused with its line, and never mended.

use std::io::{self, BufRead, Read as _};

use serde::Deserialize;
use surefoot_plan::FormatVersion;

use crate::record::{Chain, Damage, FORMAT, RECORD_BYTES_MAX, Record};

/// A journal that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A line is damaged.
    #[error("line {line} of the journal is damaged: {damage}")]
    Damaged {
        /// Which, from 1.
        line: u64,
        /// What is wrong with it.
        damage: Damage,
    },
    /// It holds nothing, or only the beginning of its first record.
    #[error("the journal has no whole record, though it was created with one")]
    Empty,
    /// The run began, and its journal is not there any more.
    #[error("the journal is missing, though the run began with one")]
    Missing,
    /// A newer Surefoot wrote it.
    #[error(
        "the journal has format {}.{}, and this Surefoot reads up to {}.{}: use the version that wrote it",
        found.major, found.minor, FORMAT.major, FORMAT.minor
    )]
    Newer {
        /// Its format.
        found: FormatVersion,
    },
    /// It cannot be read at all.
    #[error("the journal cannot be read: {0}")]
    Io(#[from] io::Error),
}

impl ReadError {
    /// Why a journal could not be opened.
    pub(crate) fn at_open(error: io::Error) -> ReadError {
        if error.kind() == io::ErrorKind::NotFound { ReadError::Missing } else { ReadError::Io(error) }
    }
}

/// Reads the records of a journal one by one.
#[derive(Debug)]
pub struct Reader<R> {
    /// The bytes.
    source: R,
    /// The records so far.
    chain: Chain,
    /// The format, once the first line is read.
    format: FormatVersion,
    /// How many bytes the records so far take.
    end: u64,
    /// How many bytes of a torn last line follow them.
    torn: u64,
    /// Whether there is nothing more to read.
    over: bool,
    /// The line that is read.
    line: Vec<u8>,
}

impl<R: BufRead> Reader<R> {
    /// Reads from the start of a journal.
    pub fn new(source: R) -> Reader<R> {
        Reader {
            source,
            chain: Chain::default(),
            format: FORMAT,
            end: 0,
            torn: 0,
            over: false,
            line: Vec::new(),
        }
    }

    /// The next record; none at the end.
    pub fn next_record(&mut self) -> Result<Option<Record>, ReadError> {
        if self.over {
            return Ok(None);
        }
        let record = self.read_record();
        self.over = !matches!(record, Ok(Some(_)));
        record
    }

    /// Where the journal stands after the records read so far.
    pub fn position(&self) -> Chain {
        self.chain
    }

    /// How many bytes the records read so far take.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// How many bytes of a torn last line follow the last record. Known at the end.
    pub fn torn(&self) -> u64 {
        self.torn
    }

    /// The format of the journal. Known after the first record.
    pub fn format(&self) -> FormatVersion {
        self.format
    }

    /// Reads a line, and what it says.
    fn read_record(&mut self) -> Result<Option<Record>, ReadError> {
        self.line.clear();
        // One byte more than fits, so that a line of exactly the limit is told from a longer one.
        let limit = RECORD_BYTES_MAX as u64 + 1;
        let length = (&mut self.source).take(limit).read_until(b'\n', &mut self.line)?;
        let line = self.chain.length() + 1;
        if self.line.last() != Some(&b'\n') {
            if self.line.len() > RECORD_BYTES_MAX {
                return Err(ReadError::Damaged { line, damage: Damage::TooLong });
            }
            if self.chain.length() == 0 {
                return Err(ReadError::Empty);
            }
            // A whole record with another last byte than a line break was not torn: a tear only
            // takes bytes away.
            if let Some(last) = self.line.last_mut() {
                *last = b'\n';
                let mut chain = self.chain;
                if chain.read(&self.line).is_ok() {
                    return Err(ReadError::Damaged { line, damage: Damage::NoRecord });
                }
            }
            self.torn = length as u64;
            return Ok(None);
        }
        if self.chain.length() == 0 {
            self.format =
                format_of(&self.line).ok_or(ReadError::Damaged { line, damage: Damage::NoRecord })?;
            if self.format.major > FORMAT.major {
                return Err(ReadError::Newer { found: self.format });
            }
        }
        match self.chain.read(&self.line) {
            Ok(record) => {
                self.end += length as u64;
                Ok(Some(record))
            }
            // Its bytes are whole: an event that this version does not know.
            Err(Damage::Unreadable(_)) if self.format > FORMAT => {
                Err(ReadError::Newer { found: self.format })
            }
            Err(damage) => Err(ReadError::Damaged { line, damage }),
        }
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_record().transpose()
    }
}

/// Reads the version from a first line, of this format or of a later one.
fn format_of(line: &[u8]) -> Option<FormatVersion> {
    #[derive(Deserialize)]
    struct First<'a> {
        #[serde(borrow)]
        v: &'a str,
    }
    let First { v } = serde_json::from_slice(line).ok()?;
    let (major, minor) = v.split_once('.')?;
    Some(FormatVersion { major: major.parse().ok()?, minor: minor.parse().ok()? })
}

#[cfg(test)]
mod tests;
