//! Reads the files a command is given.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::error::{CommandError, at_path};

/// Most bytes of a runbook that are read; the language's own limit for a file.
pub(crate) const SOURCE_BYTES_MAX: u64 = 4 << 20;

/// The modules a runbook uses, from the disk.
pub(crate) struct Disk {
    /// The folder that relative paths start from.
    folder: PathBuf,
}

impl Disk {
    /// Relative to the folder the command was started in.
    pub(crate) fn here() -> Result<Self, CommandError> {
        Ok(Disk { folder: current_folder()? })
    }
}

impl surefoot_compile::Sources for Disk {
    fn read(&self, path: &str) -> Result<String, String> {
        read_bounded(&self.folder.join(path), SOURCE_BYTES_MAX)
    }
}

/// The folder the command was started in.
pub(crate) fn current_folder() -> Result<PathBuf, CommandError> {
    std::env::current_dir()
        .map_err(|error| CommandError::usage(format!("the folder you are in cannot be named: {error}.")))
}

/// Reads a whole text file, if it is not larger than a limit.
pub(crate) fn read_file(path: &Path, limit: u64) -> Result<String, CommandError> {
    read_bounded(path, limit).map_err(|why| CommandError::usage(at_path(path, &why)))
}

/// Reads a whole file, if it is not larger than a limit.
pub(crate) fn read_bytes(path: &Path, limit: u64) -> Result<Vec<u8>, CommandError> {
    bytes(path, limit).map_err(|why| CommandError::usage(at_path(path, &why)))
}

/// Reads the whole of standard input as text, if it is not larger than a limit.
pub(crate) fn read_standard_input(limit: u64) -> Result<String, CommandError> {
    bounded(std::io::stdin().lock(), limit)
        .and_then(text)
        .map_err(|why| CommandError::usage(format!("standard input: {why}.")))
}

fn read_bounded(path: &Path, limit: u64) -> Result<String, String> {
    bytes(path, limit).and_then(text)
}

fn text(bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|error| {
        format!(
            "it is not UTF-8 text (the first wrong byte is number {})",
            error.utf8_error().valid_up_to() + 1
        )
    })
}

fn bytes(path: &Path, limit: u64) -> Result<Vec<u8>, String> {
    bounded(File::open(path).map_err(|error| said(&error))?, limit)
}

fn bounded(source: impl std::io::Read, limit: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    // One byte more than the limit tells a file that is too large from one that just fits; the size
    // the system states is 0 for a pipe.
    source.take(limit + 1).read_to_end(&mut bytes).map_err(|error| said(&error))?;
    if bytes.len() as u64 > limit {
        return Err(format!("it is larger than {} MiB, the most that is read", limit >> 20));
    }
    Ok(bytes)
}

/// What an error of the system means for the reader of a file.
fn said(error: &std::io::Error) -> String {
    let words = [
        (std::io::ErrorKind::NotFound, "there is no such file"),
        (std::io::ErrorKind::PermissionDenied, "you may not read it"),
        (std::io::ErrorKind::IsADirectory, "it is a folder"),
    ];
    let word = words.iter().find(|(kind, _)| *kind == error.kind());
    word.map_or_else(|| error.to_string(), |(_, word)| (*word).to_owned())
}
