//! Cases as files: a folder a kind, the expectation beside its source.
//!
//! A kind is one function below and one module `cases/KIND.rs`. `INSTA_UPDATE=always cargo cases` writes the
//! expectations; read each before it is committed.

#![expect(clippy::disallowed_methods, reason = "cases are files of the repository")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

#[path = "cases/check.rs"]
mod check;
#[path = "cases/fix.rs"]
mod fix;
#[path = "cases/format.rs"]
mod format;
#[path = "cases/formats.rs"]
mod formats;
#[path = "cases/plan.rs"]
mod plan;
#[path = "cases/syntax.rs"]
mod syntax;

/// Runbooks become trees; what is wrong with them is said.
#[test]
fn syntax() {
    each("syntax", "runbook", syntax::show);
}

/// However a runbook is written, it is laid out in one way.
#[test]
fn format() {
    each("format", "runbook", format::show);
}

/// What is wrong with a runbook is said, at its lines.
#[test]
fn check() {
    each("check", "runbook", check::show);
}

/// What is wrong with a runbook is mended, or an edit is proposed.
#[test]
fn fix() {
    each("fix", "runbook", fix::show);
}

/// What is wrong with a runbook is said to programs.
#[test]
fn formats() {
    each("formats", "runbook", formats::show);
}

/// Runbooks become plans.
#[test]
fn plan() {
    each("plan", "runbook", plan::show);
}

/// One case.
struct Case {
    /// Its path from the folder of its kind.
    name: String,
    /// The file.
    path: PathBuf,
    /// What stands in it.
    text: String,
}

/// Compares what `show` makes of each case of a kind with the expectation beside it. All are tried before it fails.
fn each(kind: &str, extension: &str, show: impl Fn(&Case) -> String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases").join(kind);
    let cases = cases(&folder, extension);
    assert!(!cases.is_empty(), "no cases in {}", folder.display());
    let mut failed = Vec::new();
    for path in cases {
        let name = path.strip_prefix(&folder).unwrap_or(&path).display().to_string();
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        let case = Case { name, path: path.clone(), text };
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(path.parent().unwrap_or(&folder));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.set_input_file(&path);
        let file_name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let run = || settings.bind(|| insta::assert_snapshot!(file_name, show(&case)));
        if catch_unwind(AssertUnwindSafe(run)).is_err() {
            failed.push(case.name.clone());
        }
    }
    assert!(failed.is_empty(), "{kind}: these cases differ from what is expected: {}", failed.join(", "));
}

/// The files of a kind, in order.
fn cases(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            found.extend(cases(&path, extension));
        } else if path.extension().is_some_and(|there| there == extension) {
            found.push(path);
        }
    }
    found
}
