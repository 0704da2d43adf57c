//! `checks.md` tells the truth: every check has its code and its examples, or says what it needs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use surefoot_syntax::{FileId, Source, explain, parse, words_not_built};
use surefoot_tests::Beside;

use crate::found_in;

/// The checks, which the page may not lose: what a compiler should find, and what was wrong in real runbooks.
const CHECKS: &[&str] = &[
    "mutate-without-rollback",
    "rollback-precondition-broken",
    "irreversible-not-acknowledged",
    "fallible-after-pivot",
    "rollback-value-unavailable",
    "untrusted-into-shell",
    "precondition-contradicted",
    "rollback-leaves-residue",
    "effect-not-allowed",
    "secret-reaches-sink",
    "own-output-may-be-absent",
    "maybe-unassigned",
    "pivot-misplaced",
    "parallel-interference",
    "unbounded-wait",
    "rollback-exceeds-forward-rights",
    "unprovable-precondition",
    "unbounded-blast-radius",
    "mutate-without-verify",
    "stale-check",
    "rollback-not-idempotent",
    "rollback-hardcodes-previous",
    "destructive-without-approval",
    "late-shape",
    "constraint-violated",
    "type-mismatch",
    "unit-missing",
    "unknown-or-missing-argument",
    "unknown-name",
    "invisible-text",
    "secret-in-argv",
    "never-rehearsed",
    "unchecked-result",
    "raw-shell-has-action",
    "unpinned-dependency",
    "import-cycle",
    "duplicate-name",
    "bad-suppression",
    "unused",
    "unclosed-block",
    "undefined-value",
    "defined-after-use",
    "placeholder",
    "unused-capture",
    "empty-in-destructive-path",
    "secret-in-plain",
    "step-that-does-not-exist",
    "branch-that-falls-through",
    "loop-variable-unused",
    "unknown-sub-runbook",
    "no-way-back",
    "irreversible-before-approval",
    "delete-before-verify",
    "freeze-without-release",
    "pipeline-without-pipefail",
    "script-does-not-parse",
    "no-postcondition",
    "fixed-sleep",
    "poll-without-timeout",
    "passes-on-empty-output",
    "interactive-program",
    "tool-version",
    "context-not-asserted",
    "changed-but-not-saved",
    "review-overdue",
    "dead-link",
    "todo",
];

/// What an example of a code's page is called.
const PAGE: &str = "example.runbook";

/// One row of the page.
struct Row<'p> {
    check: &'p str,
    code: &'p str,
    examples: &'p str,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("checks")
}

fn rows(page: &str) -> Vec<Row<'_>> {
    let cells = page.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let cells = cells.map(|line| line.split(" | ").collect::<Vec<_>>());
    cells
        .filter(|cells| cells.first() != Some(&"check"))
        .map(|cells| match cells.as_slice() {
            [check, _, code, examples] => Row { check, code, examples },
            _ => panic!("a row has four cells: {cells:?}"),
        })
        .collect()
}

/// What is found in an example, as codes. The pages of syntax show it alone: what their examples mean is left open.
fn codes_of(code: &str, path: &str, text: &str) -> Vec<&'static str> {
    if path == PAGE && code < "SF0030" {
        let source = Source { id: FileId(0), path: path.to_owned(), text: text.to_owned() };
        return parse(&source).diagnostics.iter().map(|found| found.code).collect();
    }
    if path == PAGE {
        return super::found(text).iter().map(|found| found.code).collect();
    }
    found_in(&Beside(folder()), path, text).iter().map(|found| found.code).collect()
}

#[test]
fn every_check_has_its_code_and_its_examples_or_says_what_it_needs() {
    let page = include_str!("checks.md");
    let rows = rows(page);
    assert_eq!(rows.iter().map(|row| row.check).collect::<Vec<_>>(), CHECKS);
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    for Row { check, code, examples } in rows {
        if code == "not built" {
            let word = examples.strip_prefix('`').and_then(|rest| rest.strip_suffix('`'));
            if word.is_some_and(|word| !words_not_built().contains(&word)) {
                wrong.push(format!("{check}: {examples} is built now, and so can this check be"));
            }
            continue;
        }
        let Some(explained) = explain(code) else {
            wrong.push(format!("{check}: {code} has no page"));
            continue;
        };
        let (refused, accepted) = if examples == "page" {
            let texts = |part: &str| -> Vec<(String, String)> {
                explained.examples(part).into_iter().map(|text| (PAGE.to_owned(), text.to_owned())).collect()
            };
            (texts("Refused"), texts("Accepted"))
        } else {
            let mut one = |part: &str| {
                let name = format!("{examples}.{part}.runbook");
                let text = std::fs::read_to_string(folder().join(&name)).unwrap_or_default();
                used.insert(name.clone());
                vec![(name, text)]
            };
            (one("refused"), one("accepted"))
        };
        for (part, examples) in [("refused", &refused), ("accepted", &accepted)] {
            if examples.iter().all(|(_, text)| text.is_empty()) {
                wrong.push(format!("{check}: {code} has no example that is {part}"));
            }
        }
        for (path, text) in &refused {
            let said = codes_of(code, path, text);
            if said != [explained.code] {
                wrong.push(format!("{check}: its refused example gives {said:?}, and not {code}\n{text}"));
            }
        }
        for (path, text) in &accepted {
            let said = codes_of(code, path, text);
            if !said.is_empty() {
                wrong.push(format!("{check}: its accepted example gives {said:?}\n{text}"));
            }
        }
    }
    for entry in std::fs::read_dir(folder()).expect("the folder of the examples") {
        let name = entry.expect("an example").file_name().to_string_lossy().into_owned();
        if !used.contains(&name) && !name.ends_with(".library.runbook") {
            wrong.push(format!("checks/{name} stands in no row of the page"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
