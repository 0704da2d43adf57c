//! Finds the runbooks that are meant: files as they are named, folders with all that is in them.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use crate::error::{CommandError, at_path};

/// The ending of a runbook's name.
const ENDING: &str = "runbook";

/// A folder of build products, which no author writes in.
const PRODUCTS: &str = "target";

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    /// The runbooks, each once: in the order of the arguments, those of a folder by name.
    pub(crate) files: Vec<PathBuf>,
    /// Folders that could not be read.
    pub(crate) unread: Vec<CommandError>,
}

/// Finds the runbooks of these files and folders. A folder without any is a mistake of whoever named it: a check
/// that silently checks nothing protects nobody.
pub(crate) fn runbooks(paths: &[PathBuf]) -> Result<Walked, CommandError> {
    let mut walked = Walked::default();
    let mut seen = BTreeSet::new();
    for path in paths {
        let path = plain(path);
        if !path.is_dir() {
            if seen.insert(path.clone()) {
                walked.files.push(path);
            }
            continue;
        }
        let mut found = Vec::new();
        folder(&path, &mut found, &mut walked.unread);
        if found.is_empty() && walked.unread.is_empty() {
            return Err(CommandError::usage(at_path(&path, &"no runbook is in this folder"))
                .hint("a runbook's name ends in `.runbook`; hidden folders and `target` are left out"));
        }
        walked.files.extend(found.into_iter().filter(|file| seen.insert(file.clone())));
    }
    Ok(walked)
}

/// The path without `.` in it, so that a file has one name however it is reached.
fn plain(path: &Path) -> PathBuf {
    let parts: PathBuf = path.components().filter(|part| *part != Component::CurDir).collect();
    if parts.as_os_str().is_empty() { PathBuf::from(".") } else { parts }
}

fn folder(path: &Path, found: &mut Vec<PathBuf>, unread: &mut Vec<CommandError>) {
    let entries = std::fs::read_dir(path).and_then(|entries| entries.collect::<Result<Vec<_>, _>>());
    let mut entries = match entries {
        Ok(entries) => entries,
        Err(error) => {
            unread.push(CommandError::usage(at_path(path, &error)));
            return;
        }
    };
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        let whole = if path == Path::new(".") { PathBuf::from(&name) } else { path.join(&name) };
        // A link to a folder is not followed: it may lead back here.
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder {
            let hidden = name.as_encoded_bytes().first() == Some(&b'.');
            if !hidden && name != PRODUCTS {
                folder(&whole, found, unread);
            }
        } else if whole.extension().is_some_and(|ending| ending == ENDING) && whole.is_file() {
            found.push(whole);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::runbooks;

    #[test]
    fn folders_are_walked_in_order_and_hidden_ones_and_products_are_left_out() {
        let place = tempfile::tempdir().unwrap();
        for file in
            ["b.runbook", "a/z.runbook", "a/a.runbook", ".git/x.runbook", "target/y.runbook", "a/note.md"]
        {
            let path = place.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::File::create(path).unwrap();
        }
        std::os::unix::fs::symlink(place.path(), place.path().join("a/loop")).unwrap();
        let named = place.path().join("./a/note.md");
        let walked =
            runbooks(&[named.clone(), place.path().to_owned(), place.path().join("b.runbook")]).unwrap();
        let found: Vec<PathBuf> =
            walked.files.iter().map(|path| path.strip_prefix(place.path()).unwrap().to_owned()).collect();
        let wanted: Vec<PathBuf> =
            ["a/note.md", "a/a.runbook", "a/z.runbook", "b.runbook"].iter().map(PathBuf::from).collect();
        assert_eq!(found, wanted);
        let nothing = runbooks(&[place.path().join(".git").join("..").join("target")]);
        assert_eq!(
            nothing.unwrap().files.len(),
            1,
            "a folder that is named is walked, whatever it is called"
        );
        std::fs::create_dir(place.path().join("empty")).unwrap();
        assert!(runbooks(&[place.path().join("empty")]).is_err());
    }
}
