//! Formatting changes no plan, and nothing but blanks of a text that was damaged at random.

#![expect(
    clippy::disallowed_methods,
    reason = "reads the files of the repository, and stops when its time is over"
)]
#![expect(clippy::unwrap_used, reason = "a helper of a test fails like a test")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use surefoot_compile::{Sources, analyze};
use surefoot_syntax::{FileId, Formatted, Source, format};
use surefoot_tests::{Random, damaged};

/// How long texts are damaged at random.
const TIME_MAX: Duration = Duration::from_secs(3);

/// How many are damaged at least, however slow the machine is.
const TEXTS_MIN: u64 = 50;

/// Every runbook of the repository.
fn runbooks() -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        let mut paths: Vec<PathBuf> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "runbook") {
                found.push((path.clone(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut found = Vec::new();
    walk(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")), &mut found);
    assert!(found.len() > 100, "only {} runbooks", found.len());
    found
}

fn formatted(text: &str) -> Formatted {
    format(&Source { id: FileId(0), path: "case.runbook".to_owned(), text: text.to_owned() })
}

/// Reads the files beside a runbook, formatted too or as they are.
struct Beside {
    folder: PathBuf,
    formats: bool,
}

impl Sources for Beside {
    fn read(&self, path: &str) -> Result<String, String> {
        let text = std::fs::read_to_string(self.folder.join(path)).map_err(|error| error.to_string())?;
        Ok(if self.formats { formatted(&text).text } else { text })
    }
}

/// The digest of each plan of a runbook, and the codes of what is wrong with it.
fn plans(folder: &Path, text: &str, formats: bool) -> (BTreeMap<String, String>, Vec<&'static str>) {
    let source = Source { id: FileId(0), path: "case.runbook".to_owned(), text: text.to_owned() };
    let analysis = analyze(&Beside { folder: folder.to_owned(), formats }, source);
    let digests = analysis
        .runbooks()
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), analysis.symbolic(name)?.plan.digest().to_string())));
    let digests = digests.collect();
    (digests, analysis.diagnostics().iter().map(|found| found.code).collect())
}

#[test]
fn formatting_changes_no_plan() {
    let mut compared = 0;
    for (path, text) in runbooks() {
        let folder = path.parent().unwrap();
        let before = plans(folder, &text, false);
        let after = plans(folder, &formatted(&text).text, true);
        assert_eq!(after, before, "{}", path.display());
        compared += before.0.len();
    }
    assert!(compared > 100, "only {compared} plans were compared");
}

#[test]
fn the_examples_are_formatted() {
    for (path, text) in runbooks() {
        if path.components().any(|part| part.as_os_str() == "examples") {
            assert!(formatted(&text).text == text, "surefoot fmt {}", path.display());
        }
    }
    let readme = include_str!("../README.md");
    let text = readme.split("```runbook\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    assert_eq!(formatted(text).text, text, "the runbook of the README");
}

#[test]
fn a_text_damaged_at_random_keeps_all_but_its_blanks() {
    let said =
        |text: &str| text.chars().filter(|c| !matches!(c, ' ' | '\t' | '\r' | '\n')).collect::<String>();
    let texts = runbooks();
    let started = Instant::now();
    let mut seed = 0u64;
    while seed < TEXTS_MIN || started.elapsed() < TIME_MAX {
        seed += 1;
        let mut random = Random::new(seed);
        let (_, text) = &texts[random.below(texts.len())];
        let text = damaged(text, &mut random);
        let once = formatted(&text);
        assert_eq!(said(&once.text), said(&text), "seed {seed}: something was lost of\n{text}");
        assert_eq!(formatted(&once.text).text, once.text, "seed {seed}: it changes again:\n{text}");
        let mut from = 0;
        for place in &once.left {
            let left = &text[place.start as usize..place.end as usize];
            let there = once.text[from..].find(left);
            from += there.unwrap_or_else(|| panic!("seed {seed}: not left as it is: {left:?}")) + left.len();
        }
    }
    println!("{seed} texts");
}
