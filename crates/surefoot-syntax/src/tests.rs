//! Properties of parsing that hold for every text.

use std::path::{Path, PathBuf};

use crate::{FileId, Parse, Source, parse};

fn read(text: &str) -> Parse {
    parse(&Source { id: FileId(0), path: "test.runbook".to_owned(), text: text.to_owned() })
}

/// Every `.runbook` file of the repository.
fn runbooks() -> Vec<(PathBuf, String)> {
    files(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")), "runbook")
}

/// The sources of this room, tests apart.
pub(crate) fn sources() -> Vec<(String, String)> {
    files(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), "rs")
        .into_iter()
        .filter(|(path, _)| !path.ends_with("tests.rs"))
        .map(|(path, text)| (path.display().to_string(), text))
        .collect()
}

#[expect(clippy::disallowed_methods, reason = "tests read the repository")]
fn files(folder: &Path, extension: &str) -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, wanted: &str, found: &mut Vec<(PathBuf, String)>) {
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.sort();
        for path in paths {
            if path.is_dir() && !path.ends_with("target") && !path.ends_with(".git") {
                walk(&path, wanted, found);
            } else if path.extension().is_some_and(|extension| extension == wanted) {
                found.push((path.clone(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut found = Vec::new();
    walk(folder, extension, &mut found);
    found
}

#[test]
fn the_tree_has_every_byte_of_every_runbook() {
    let runbooks = runbooks();
    assert!(!runbooks.is_empty());
    for (path, text) in runbooks {
        assert_eq!(read(&text).syntax().text(), text.as_str(), "{}", path.display());
    }
}
