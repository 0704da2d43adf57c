//! `surefoot fmt`: lays runbooks out in the one way that every runbook is laid out.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use surefoot_syntax::{FileId, Formatted, Source, format, unified_diff};

use crate::error::{CommandError, at_path};
use crate::exit::Exit;
use crate::{args, output, replace, sources};

/// How many places are named that cannot be read. Whoever has more reads them with `surefoot check`.
const RANGES_SHOWN_MAX: usize = 8;

/// A file, before and after.
struct Work {
    /// What the operator calls it.
    name: String,
    /// Where it is; none for standard input.
    path: Option<PathBuf>,
    before: String,
    after: Formatted,
}

/// Formats files, or says which would change. All are read before the first is written.
pub(crate) fn fmt(arguments: &args::Fmt) -> Result<Exit, CommandError> {
    let mut exit = Exit::Done;
    for work in &read(&arguments.paths)? {
        if !work.after.left.is_empty() {
            say_left(work);
            exit = Exit::Refused;
        }
        let changes = work.before != work.after.text;
        if arguments.check && changes {
            exit = Exit::Refused;
        }
        match &work.path {
            _ if arguments.diff => {
                output::print(&unified_diff([&work.name; 2], &work.before, &work.after.text));
            }
            _ if arguments.check && changes => output::line(&work.name),
            _ if arguments.check => {}
            None => output::print(&work.after.text),
            Some(path) if changes => {
                replace::replace(path, &work.after.text)
                    .map_err(|error| CommandError::usage(at_path(path, &error)))?;
                output::line(&format!("formatted {}", work.name));
            }
            Some(_) => {}
        }
    }
    Ok(exit)
}

fn read(paths: &[PathBuf]) -> Result<Vec<Work>, CommandError> {
    let is_input = |path: &PathBuf| path.as_os_str() == "-";
    if paths.iter().any(is_input) {
        if paths.len() > 1 {
            return Err(CommandError::usage("`-` is standard input, and stands alone."));
        }
        let text = sources::read_standard_input(sources::SOURCE_BYTES_MAX)?;
        return Ok(vec![work("standard input".to_owned(), None, text)]);
    }
    let mut files = BTreeSet::new();
    for path in paths {
        if path.is_dir() {
            let count = files.len();
            find(path, &mut files).map_err(|error| CommandError::usage(at_path(path, &error)))?;
            if files.len() == count {
                return Err(CommandError::usage(format!("{} holds no `.runbook` file.", path.display())));
            }
        } else {
            files.insert(path.clone());
        }
    }
    let read = |path: PathBuf| {
        let text = sources::read_file(&path, sources::SOURCE_BYTES_MAX)?;
        Ok(work(path.display().to_string(), Some(path), text))
    };
    files.into_iter().map(read).collect()
}

fn work(name: String, path: Option<PathBuf>, before: String) -> Work {
    let source = Source { id: FileId(0), path: name.clone(), text: before };
    let after = format(&source);
    Work { name, path, before: source.text, after }
}

/// The runbooks in a folder and those below it. Hidden folders and links are none of it.
fn find(folder: &Path, files: &mut BTreeSet<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        // `./a.runbook` is called `a.runbook`.
        let path = entry.path();
        let path = path.strip_prefix(".").map(PathBuf::from).unwrap_or(path);
        if kind.is_dir() && !is_hidden {
            find(&path, files)?;
        } else if kind.is_file() && path.extension().is_some_and(|extension| extension == "runbook") {
            files.insert(path);
        }
    }
    Ok(())
}

/// Says what cannot be read, by its lines.
fn say_left(work: &Work) {
    let line = |at: u32| {
        let before = work.before.as_bytes().get(..at as usize).unwrap_or_default();
        before.iter().filter(|byte| **byte == b'\n').count() + 1
    };
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for place in &work.after.left {
        let (first, last) = (line(place.start), line(place.end));
        match ranges.last_mut() {
            Some(range) if first <= range.1 + 1 => range.1 = last,
            _ => ranges.push((first, last)),
        }
    }
    let is_one = matches!(ranges.as_slice(), [(first, last)] if first == last);
    let mut named: Vec<String> = ranges
        .iter()
        .take(RANGES_SHOWN_MAX)
        .map(|(first, last)| if first == last { first.to_string() } else { format!("{first}-{last}") })
        .collect();
    if ranges.len() > named.len() {
        named.push("more".to_owned());
    }
    output::complain(&format!(
        "surefoot: {}: what stands on line{} {} cannot be read, and is left as it is.",
        work.name,
        if is_one { "" } else { "s" },
        named.join(", ")
    ));
    if work.path.is_some() {
        output::complain(&format!("  help: `surefoot check {}` says what is wrong with it", work.name));
    }
}
