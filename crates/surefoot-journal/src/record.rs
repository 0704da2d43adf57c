//! A record: an event, numbered, timed and chained. One line of a journal.
//!
//! ```text
//! {"v":"1.4","seq":1,"time":"…","prev":"000…","event":{…},"hash":"…"}
//! {"seq":2,"time":"…","prev":"…","event":{…},"hash":"…"}
//! ```
//!
//! `hash` is the SHA-256 of the bytes of the line before `,"hash"`; `prev` is the hash of the line
//! before, and 64 zeros in the first. `v`, in the first line only, is the version of the format.
//! The order of the keys is part of the format.
//!
//! Must hold: what [`Chain::write`] writes, [`Chain::read`] reads, to an equal record; any other
//! bytes are refused. The chain cannot show that its last record was cut off: the head is for that.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use surefoot_plan::FormatVersion;

use crate::{Event, Timestamp};

/// The version of the journal's format that is written.
pub const FORMAT: FormatVersion = FormatVersion { major: 1, minor: 4 };

/// Most bytes of one record, with its line break.
///
/// The first record holds the plan; one of 10,000 steps takes about 20 MB. A longer line is more
/// likely damage than a record, and must not be read into memory to find out.
pub const RECORD_BYTES_MAX: usize = 64 << 20;

/// Between a record's event and its hash.
const HASH_KEY: &[u8] = b",\"hash\":\"";
/// After a record's hash.
const LINE_END: &[u8] = b"\"}\n";
/// A SHA-256 in hex.
const HASH_BYTES: usize = 64;

/// What happened, numbered and chained.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Record {
    /// Its number, from 1.
    pub seq: u64,
    /// When it was written.
    pub time: Timestamp,
    /// What happened.
    pub event: Event,
    /// The hash of the record before it.
    pub prev: RecordHash,
    /// The hash of this one.
    pub hash: RecordHash,
}

/// The hash of a record, and so of all records up to it.
#[derive(Clone, Copy, Default, Eq, Hash, PartialEq)]
pub struct RecordHash([u8; 32]);

impl RecordHash {
    /// The start of it: enough to tell two journals apart by eye or over the telephone.
    pub fn short(&self) -> String {
        self.to_string().chars().take(12).collect()
    }

    /// Reads 64 lower-case hex digits, and nothing else: a record has one spelling.
    fn from_hex(hex: &[u8]) -> Option<RecordHash> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        let mut hash = [0; 32];
        if hex.len() != HASH_BYTES {
            return None;
        }
        for (byte, pair) in hash.iter_mut().zip(hex.chunks_exact(2)) {
            let &[high, low] = pair else { return None };
            *byte = digit(high)? << 4 | digit(low)?;
        }
        Some(RecordHash(hash))
    }
}

impl fmt::Display for RecordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for RecordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.short())
    }
}

/// Where a journal stands: how many records it has, and the hash of the last.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Chain {
    /// How many records there are.
    length: u64,
    /// The hash of the last; zeros if there is none.
    head: RecordHash,
}

/// A record that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// It is longer than [`RECORD_BYTES_MAX`].
    #[error(
        "a record of {bytes} bytes is longer than the {RECORD_BYTES_MAX} that fit on a line of a journal"
    )]
    TooLong {
        /// How long it is.
        bytes: usize,
    },
    /// It would not be read back as it is: a number that is none, or nesting that is too deep.
    #[error("this event could not be read back: {why}")]
    NotReadable {
        /// Why.
        why: String,
    },
}

/// What is wrong with a line.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Damage {
    /// It is no record at all.
    #[error("it is no record")]
    NoRecord,
    /// It is longer than [`RECORD_BYTES_MAX`].
    #[error("it is longer than a record can be")]
    TooLong,
    /// Its bytes are not those that were hashed.
    #[error("its text was changed: its hash is not that of its text")]
    Changed,
    /// It is a record, in the wrong place.
    #[error("it is record {found}, where record {expected} belongs")]
    Number {
        /// Which belongs here.
        expected: u64,
        /// Which it is.
        found: u64,
    },
    /// It follows another record than the one before it.
    #[error("it does not follow the record before it")]
    Chain,
    /// Its hash is right, and it still cannot be understood.
    #[error("it cannot be understood: {0}")]
    Unreadable(String),
    /// The first record is not `started`, or another is.
    #[error("a journal begins with `started`, and has it nowhere else")]
    Start,
}

/// The fields of a line that are read; the hash is taken from the bytes.
#[derive(Deserialize)]
struct Line {
    /// [`Record::seq`].
    seq: u64,
    /// [`Record::time`].
    time: Timestamp,
    /// [`Record::prev`].
    prev: String,
    /// [`Record::event`].
    event: Event,
}

impl Chain {
    /// How many records there are.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The hash of the last record, and so of all. Zeros if there is none.
    pub fn head(&self) -> RecordHash {
        self.head
    }

    /// Makes the next record and appends its line to `out`. If it fails, nothing has changed.
    pub fn write(&mut self, time: Timestamp, event: Event, out: &mut Vec<u8>) -> Result<Record, EncodeError> {
        let start = out.len();
        let record = self.encode(time, event, out);
        match &record {
            Ok(record) => *self = Chain { length: record.seq, head: record.hash },
            Err(_) => out.truncate(start),
        }
        record
    }

    /// Appends the line of the next record to `out`.
    fn encode(&self, time: Timestamp, event: Event, out: &mut Vec<u8>) -> Result<Record, EncodeError> {
        #[derive(Serialize)]
        struct Fields<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            v: Option<String>,
            seq: u64,
            time: Timestamp,
            prev: String,
            event: &'a Event,
        }
        let start = out.len();
        let seq = self.length + 1;
        let fields = Fields {
            v: (seq == 1).then(|| format!("{}.{}", FORMAT.major, FORMAT.minor)),
            seq,
            time,
            prev: self.head.to_string(),
            event: &event,
        };
        serde_json::to_writer(&mut *out, &fields)
            .map_err(|error| EncodeError::NotReadable { why: error.to_string() })?;
        // The closing brace belongs after the hash.
        out.pop();
        let hash = RecordHash(Sha256::digest(out.get(start..).unwrap_or_default()).into());
        out.extend_from_slice(HASH_KEY);
        out.extend_from_slice(hash.to_string().as_bytes());
        out.extend_from_slice(LINE_END);
        let line = out.get(start..).unwrap_or_default();
        if line.len() > RECORD_BYTES_MAX {
            return Err(EncodeError::TooLong { bytes: line.len() });
        }
        // A record that cannot be read back would make the run unrecoverable. Reading it now costs a
        // hundredth of the sync that follows.
        let read =
            self.decode(line).map_err(|damage| EncodeError::NotReadable { why: damage.to_string() })?;
        if read.event != event {
            return Err(EncodeError::NotReadable { why: "a value changes when it is written".into() });
        }
        Ok(read)
    }

    /// Reads the next record from its line, line break included. If it fails, nothing has changed.
    pub fn read(&mut self, line: &[u8]) -> Result<Record, Damage> {
        let record = self.decode(line)?;
        *self = Chain { length: record.seq, head: record.hash };
        Ok(record)
    }

    /// Reads the line of the next record.
    fn decode(&self, line: &[u8]) -> Result<Record, Damage> {
        if line.len() > RECORD_BYTES_MAX {
            return Err(Damage::TooLong);
        }
        let tail = HASH_KEY.len() + HASH_BYTES + LINE_END.len();
        let (text, tail) =
            line.len().checked_sub(tail).and_then(|at| line.split_at_checked(at)).ok_or(Damage::NoRecord)?;
        let hash = tail
            .strip_prefix(HASH_KEY)
            .and_then(|rest| rest.strip_suffix(LINE_END))
            .and_then(RecordHash::from_hex)
            .ok_or(Damage::NoRecord)?;
        if hash.0 != <[u8; 32]>::from(Sha256::digest(text)) {
            return Err(Damage::Changed);
        }
        // The text with the hash as one more field is a whole object again.
        let object = line.strip_suffix(b"\n").unwrap_or(line);
        let Line { seq, time, prev, event } =
            serde_json::from_slice(object).map_err(|error| Damage::Unreadable(error.to_string()))?;
        if seq != self.length + 1 {
            return Err(Damage::Number { expected: self.length + 1, found: seq });
        }
        if prev != self.head.to_string() {
            return Err(Damage::Chain);
        }
        if (seq == 1) != matches!(event, Event::Started(_)) {
            return Err(Damage::Start);
        }
        Ok(Record { seq, time, event, prev: self.head, hash })
    }
}
