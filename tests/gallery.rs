//! The gallery in `examples/gallery/`: real runbooks, translated. Each says what people need without a way around the
//! proof, and almost without scripts.

#![expect(clippy::disallowed_methods, reason = "the runbooks are files of the repository")]
#![expect(clippy::unwrap_used, reason = "a helper of a test fails like a test")]

use std::path::Path;

use surefoot_compile::{NoSources, analyze, check};
use surefoot_syntax::{FileId, Source, format};

/// Most steps for each script whose text the compiler only reads.
const STEPS_FOR_A_SCRIPT: usize = 10;

/// The runbooks: name and text.
fn runbooks() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/gallery");
    let mut found: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "runbook"))
        .map(|path| {
            (
                path.file_name().unwrap().to_string_lossy().into_owned(),
                std::fs::read_to_string(&path).unwrap(),
            )
        })
        .collect();
    found.sort();
    found
}

/// Whether a line of a file begins with a word.
fn has(text: &str, word: &str) -> bool {
    text.lines().any(|line| line.trim_start().strip_prefix(word).is_some_and(|rest| rest.starts_with(' ')))
}

#[test]
fn nothing_is_wrong_with_a_runbook_of_the_gallery() {
    let mut wrong = Vec::new();
    for (name, text) in runbooks() {
        let source = Source { id: FileId(0), path: name.clone(), text: text.clone() };
        if format(&source).text != text {
            wrong.push(format!("{name}: it is not formatted"));
        }
        let found = check(&analyze(&NoSources, source));
        wrong.extend(found.iter().map(|found| format!("{name}: {}: {}", found.code, found.message)));
        for word in ["assume", "waive"] {
            if has(&text, word) {
                wrong.push(format!("{name}: it goes around the proof with `{word}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn almost_nothing_in_the_gallery_is_a_script() {
    let runbooks = runbooks();
    assert!(!runbooks.is_empty());
    let lines = || runbooks.iter().flat_map(|(_, text)| text.lines()).map(str::trim_start);
    let steps = lines().filter(|line| line.starts_with("step ")).count();
    let scripts = lines().filter(|line| line.starts_with("```")).count() / 2;
    assert!(scripts * STEPS_FOR_A_SCRIPT <= steps, "{scripts} scripts in {steps} steps");
}
