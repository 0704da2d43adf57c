//! Keeps what one stream printed: without secrets, bounded, and always its end.
//!
//! When there is more than may be kept, the beginning and the end are, with a line between that says how
//! much is missing.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use surefoot_journal::{Output, Stream};

use crate::redact::{Forms, Redactor};

/// Bytes of the end that are always kept.
const END_BYTES: usize = 64 << 10;

/// Bytes of text in a report.
const TAIL_MAX: usize = 2 << 10;

/// What one stream printed.
pub(crate) struct Capture {
    stream: Stream,
    redactor: Redactor,
    file: Option<PathBuf>,
    open: Option<File>,
    /// What is kept of the beginning, if there is no file.
    memory: Vec<u8>,
    front: u64,
    front_max: u64,
    end: VecDeque<u8>,
    skipped: u64,
    printed: u64,
    digest: Sha256,
    failed: Option<String>,
}

impl Capture {
    /// Keeps a stream in a file, or in memory if there is none.
    pub(crate) fn new(stream: Stream, forms: Forms, file: Option<PathBuf>, kept_max: u64) -> Capture {
        Capture {
            stream,
            redactor: Redactor::new(forms),
            file,
            open: None,
            memory: Vec::new(),
            front: 0,
            front_max: kept_max.saturating_sub(END_BYTES as u64),
            end: VecDeque::new(),
            skipped: 0,
            printed: 0,
            digest: Sha256::new(),
            failed: None,
        }
    }

    /// Takes what was read, and returns what of it may be shown.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.printed += bytes.len() as u64;
        let mut clean = Vec::with_capacity(bytes.len());
        self.redactor.push(bytes, &mut clean);
        self.keep(&clean);
        clean
    }

    /// Ends the stream. Returns the report, what may still be shown, and what was kept in memory.
    ///
    /// `name` is what the report calls the file.
    pub(crate) fn finish(mut self, name: &Path) -> (Output, Vec<u8>, Vec<u8>) {
        let mut clean = Vec::new();
        self.redactor.finish(&mut clean);
        self.keep(&clean);
        let cut = self.skipped > 0;
        let end: Vec<u8> = std::mem::take(&mut self.end).into();
        if cut {
            let line = format!("\n[surefoot: {} bytes are not kept here]\n", self.skipped);
            self.store(line.as_bytes());
        }
        self.store(&end);
        let kept = self.front;
        // What stands in the report is durable with it; more than that is made durable here.
        if kept > TAIL_MAX as u64
            && let Some(file) = &self.open
            && let Err(error) = file.sync_data()
        {
            self.failed.get_or_insert(error.to_string());
        }
        let tail = match self.failed.take() {
            Some(why) => format!("[surefoot: this output could not be kept: {why}]"),
            None => tail(&end),
        };
        let digest: String =
            std::mem::take(&mut self.digest).finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let output = Output {
            stream: self.stream,
            bytes: self.printed,
            sha256: digest,
            file: (self.file.is_some() && kept > TAIL_MAX as u64).then(|| name.display().to_string()),
            tail,
            cut,
        };
        (output, clean, self.memory)
    }

    fn keep(&mut self, clean: &[u8]) {
        self.end.extend(clean);
        let over = self.end.len().saturating_sub(END_BYTES);
        if over == 0 {
            return;
        }
        let gone: Vec<u8> = self.end.drain(..over).collect();
        let room = usize::try_from(self.front_max.saturating_sub(self.front)).unwrap_or(usize::MAX);
        let (front, skipped) = gone.split_at(room.min(gone.len()));
        self.store(front);
        self.skipped += skipped.len() as u64;
    }

    fn store(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.front += bytes.len() as u64;
        self.digest.update(bytes);
        let Some(path) = &self.file else {
            self.memory.extend_from_slice(bytes);
            return;
        };
        if self.failed.is_some() {
            return;
        }
        let written = match &mut self.open {
            Some(file) => file.write_all(bytes),
            None => open(path).and_then(|mut file| {
                file.write_all(bytes)?;
                self.open = Some(file);
                Ok(())
            }),
        };
        // A full disk loses output, never the outcome.
        if let Err(error) = written {
            self.failed = Some(error.to_string());
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// The end of some bytes, as text.
pub(crate) fn tail(bytes: &[u8]) -> String {
    let start = bytes.len().saturating_sub(TAIL_MAX);
    let mut text = String::new();
    for chunk in bytes.get(start..).unwrap_or_default().utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\n' | '\t' => text.push(character),
                control if control.is_control() => {
                    let mut buffer = [0; 4];
                    for byte in control.encode_utf8(&mut buffer).bytes() {
                        text.push_str(&format!("\\x{byte:02x}"));
                    }
                }
                other => text.push(other),
            }
        }
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    let mut cut = text.len().saturating_sub(TAIL_MAX);
    while !text.is_char_boundary(cut) {
        cut += 1;
    }
    text.split_off(cut)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use surefoot_journal::Stream;

    use super::{Capture, tail};
    use crate::redact::Forms;

    fn capture(kept_max: u64) -> Capture {
        Capture::new(Stream::Out, Forms::default(), None, kept_max)
    }

    #[test]
    fn a_short_output_is_kept_whole() {
        let mut capture = capture(1 << 20);
        capture.push(b"hello ");
        capture.push(b"world\n");
        let (output, _, memory) = capture.finish(Path::new("x"));
        assert_eq!(memory, b"hello world\n");
        assert_eq!((output.bytes, output.cut, output.tail.as_str()), (12, false, "hello world\n"));
        assert_eq!(output.file, None);
    }

    #[test]
    fn a_long_output_keeps_its_beginning_and_its_end() {
        let mut capture = capture(100 << 10);
        capture.push(b"first line\n");
        for _ in 0..1000 {
            capture.push(&[b'x'; 1000]);
        }
        capture.push(b"last line\n");
        let (output, _, memory) = capture.finish(Path::new("x"));
        assert!(output.cut && output.bytes == 1_000_021);
        assert!(memory.len() < (100 << 10) + 100, "{}", memory.len());
        assert!(memory.starts_with(b"first line\n") && memory.ends_with(b"last line\n"));
        assert!(output.tail.ends_with("last line\n"));
        let text = String::from_utf8(memory).expect("text");
        assert!(text.contains("bytes are not kept here]"));
    }

    #[test]
    fn what_is_no_text_is_shown_as_numbers() {
        assert_eq!(tail(b"a\xff\x00\x1b[31mb\n"), "a\\xff\\x00\\x1b[31mb\n");
        assert!(tail(&[0; 10_000]).len() <= 2048);
    }
}
