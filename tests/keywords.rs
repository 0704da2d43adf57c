//! No keyword is accepted and ignored.
//!
//! A case is a runbook in which a line ends with ` #-`: without its keyword the line is gone, or is what stands
//! behind the mark. Both are made into plans and, where the case says so, run in a model; what is seen must differ.

#![expect(clippy::disallowed_methods, reason = "cases are files of the repository")]
#![expect(clippy::unwrap_used, reason = "a helper of a test fails like a test")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use surefoot_syntax::{FileId, Source, parse};
use surefoot_tests::{Settings, plan, run};

/// Where the cases are.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/keywords")
}

/// The cases: name and text.
fn cases() -> Vec<(String, String)> {
    let mut cases: Vec<(String, String)> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "runbook"))
        .map(|path| {
            (
                path.file_stem().unwrap().to_string_lossy().into_owned(),
                std::fs::read_to_string(&path).unwrap(),
            )
        })
        .filter(|(_, text)| !Settings::of(text).helper)
        .collect();
    cases.sort();
    cases
}

/// The text with its keyword, or without.
fn variant(text: &str, with: bool) -> String {
    let line = |line: &str| match line.split_once(" #-") {
        Some((kept, _)) if with => format!("{kept}\n"),
        Some((kept, other)) => {
            let indent = kept.len() - kept.trim_start().len();
            format!("{}{}\n", &kept[..indent], other.trim())
        }
        None => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

/// What is seen of a runbook.
fn observed(text: &str, settings: &Settings) -> String {
    let plan = match plan(text, &folder(), settings) {
        Ok(plan) => plan,
        Err(findings) => return findings,
    };
    match settings.observe.as_str() {
        "run" => run(plan, settings).join("\n"),
        "plan" => {
            let mut plan = plan;
            plan.sources.clear();
            serde_json::to_string_pretty(&plan).unwrap()
        }
        other => panic!("there is nothing to observe at `{other}`"),
    }
}

#[test]
fn every_keyword_does_something() {
    let mut wrong = Vec::new();
    for (name, text) in cases() {
        assert!(text.contains(" #-"), "{name}: no line is marked");
        let settings = Settings::of(&text);
        let with = observed(&variant(&text, true), &settings);
        let without = observed(&variant(&text, false), &settings);
        if with == without {
            wrong.push(format!("{name}: nothing changes without it\n{with}"));
        }
        // A case that is refused with its keyword shows nothing of what the keyword does; `where` and
        // `secret` are there to refuse.
        let refuses = ["where", "secret", "matches", "in_list", "todo"].contains(&name.as_str())
            || name.starts_with("scenario");
        let refused = plan(&variant(&text, true), &folder(), &settings).is_err();
        if refused != refuses {
            wrong.push(format!("{name}: {}\n{with}", if refused { "refused" } else { "accepted" }));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// What a file can say, each shown by a case of this name or one that begins with it.
#[test]
fn no_keyword_is_without_a_case() {
    let named: BTreeSet<String> = cases().into_iter().map(|(name, _)| name).collect();
    for keyword in KEYWORDS {
        assert!(
            named.iter().any(|name| name == keyword || name.starts_with(&format!("{keyword}_"))),
            "{keyword}"
        );
    }
}

/// The keywords of the language as far as it is built.
const KEYWORDS: &[&str] = &[
    "after",
    "about",
    "action",
    "all",
    "allow",
    "and",
    "any",
    "approved",
    "as",
    "ask",
    "assume",
    "before",
    "call",
    "connect",
    "decoder",
    "detach",
    "diagnose",
    "during",
    "else",
    "ensures",
    "enter",
    "env",
    "exit",
    "fact",
    "false_on",
    "for",
    "from_env",
    "function",
    "idempotent",
    "if",
    "in",
    "invariant",
    "irreversible",
    "leave",
    "leaves",
    "let",
    "list_of",
    "listen",
    "lock",
    "manual",
    "match",
    "matches",
    "not",
    "note",
    "notify",
    "on_failure",
    "one_of",
    "or",
    "parallel",
    "param",
    "python",
    "read",
    "recover_with",
    "requires",
    "retry",
    "reveal",
    "rollback",
    "run",
    "runbook",
    "scenario",
    "secret",
    "see",
    "stdin",
    "sql",
    "step",
    "stop",
    "todo",
    "type",
    "undone_when",
    "unknown",
    "use",
    "wait",
    "waive",
    "where",
    "without_approval",
    "write",
];

/// What is designed and not built is refused in one finding that names it, and hides nothing around it.
#[test]
fn what_is_not_built_is_refused_by_name() {
    let in_runbook = [("during", "during postgres.maintenance(node) max 1h {\n }")];
    let in_step =
        [("interactive", "interactive $ top"), ("else rollback", "ensures up within 5s else rollback")];
    let whole = |runbook: &str, step: &str| {
        format!(
            "runbook r {{\n fact up {{ $ true }}\n {runbook}\n step s {{\n {step}\n note \"x\"\n }}\n}}\n"
        )
    };
    let cases = (in_runbook.iter().map(|(name, text)| (name, whole(text, ""))))
        .chain(in_step.iter().map(|(name, text)| (name, whole("", text))));
    let mut wrong = Vec::new();
    for (name, text) in cases {
        let source = Source { id: FileId(0), path: "case.runbook".to_owned(), text };
        let codes: Vec<&str> = parse(&source).diagnostics.iter().map(|found| found.code).collect();
        if codes != ["SF0010"] {
            wrong.push(format!("{name}: {codes:?}\n{}", source.text));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
