//! Edits that are made unseen never make a runbook worse, whatever it was.

#![expect(clippy::disallowed_methods, reason = "cases are files of the repository")]
#![expect(clippy::unwrap_used, reason = "a helper of a test fails like a test")]

use std::path::Path;

use surefoot_compile::{Mending, NoSources, Sources, analyze, check};
use surefoot_syntax::{Diagnostic, FileId, Severity, Source, codes, parse};
use surefoot_tests::runbooks;

/// One file, and no other.
struct One<'t>(&'t str);

impl Sources for One<'_> {
    fn read(&self, path: &str) -> Result<String, String> {
        if path == "x.runbook" { Ok(self.0.to_owned()) } else { Err("there is no other file".to_owned()) }
    }
}

fn found(text: &str) -> Vec<Diagnostic> {
    let source = Source { id: FileId(0), path: "x.runbook".to_owned(), text: text.to_owned() };
    check(&analyze(&NoSources, source))
}

/// The mended text.
#[track_caller]
fn mended(name: &str, text: &str) -> String {
    let one = One(text);
    let mut mending = Mending::new(&one);
    mending.mend("x.runbook", &|_| true, &check).unwrap();
    assert!(!mending.unfinished, "{name}: it is mended for ever");
    mending.read("x.runbook").unwrap()
}

/// Every runbook of the cases, and every example of a code's page.
fn texts() -> Vec<(String, String)> {
    let mut files = Vec::new();
    runbooks(&Path::new(env!("CARGO_MANIFEST_DIR")).join("cases"), &mut files);
    let files = files.iter().map(|path| (path.display().to_string(), std::fs::read_to_string(path).unwrap()));
    let pages = codes().iter().flat_map(|page| {
        let refused = page.examples("Refused").into_iter();
        refused.map(|text| (page.code.to_owned(), text.to_owned()))
    });
    files.chain(pages).collect()
}

/// How many errors of each kind there are: of the text, and of what it means.
fn errors(text: &str) -> (usize, usize) {
    let found = found(text);
    let errors = found.iter().filter(|found| found.severity == Severity::Error);
    let (syntax, other): (Vec<_>, Vec<_>) = errors.partition(|found| found.code.starts_with("SF00"));
    (syntax.len(), other.len())
}

#[test]
fn a_mended_runbook_is_never_worse_and_is_mended_once() {
    let texts = texts();
    assert!(texts.len() > 200, "only {} texts", texts.len());
    let mut changed = 0;
    for (name, text) in texts {
        let after = mended(&name, &text);
        if after == text {
            continue;
        }
        changed += 1;
        let source = Source { id: FileId(0), path: name.clone(), text: after.clone() };
        assert_eq!(parse(&source).syntax().text().to_string(), after);
        let (before, now) = (errors(&text), errors(&after));
        assert!(now.0 <= before.0, "{name}: it reads worse\n{text}\n----\n{after}");
        // What could not be looked at before, while the text or its names were wrong, is seen now.
        let still = found(&after).iter().filter(|one| said(&text, one)).count();
        let cleared = now.0 < before.0 || before.1 > 0 && still < found(&text).len();
        assert!(now.1 <= before.1 || cleared, "{name}: there is more wrong\n{text}\n----\n{after}");
        assert_eq!(mended(&name, &after), after, "{name}");
    }
    assert!(changed > 20, "only {changed} texts were mended");
}

/// Whether the same was said of a text before.
fn said(text: &str, diagnostic: &Diagnostic) -> bool {
    found(text).iter().any(|found| found.code == diagnostic.code && found.message == diagnostic.message)
}
