//! One slip of the finger in a name is one message, wherever the name is given or read.

#![expect(clippy::disallowed_methods, reason = "cases are files of the repository")]

use std::path::Path;

use surefoot_compile::{analyze, check};
use surefoot_syntax::{Diagnostic, FileId, Severity, Source, SyntaxKind, parse};
use surefoot_tests::{Beside, runbooks};

/// An unoptimized test tries every third name.
const EACH: usize = if cfg!(debug_assertions) { 3 } else { 1 };

fn found(folder: &Path, text: &str) -> Vec<Diagnostic> {
    let source = Source { id: FileId(0), path: "x.runbook".to_owned(), text: text.to_owned() };
    check(&analyze(&Beside(folder.to_owned()), source))
}

/// Where names of at least four letters stand.
fn names(text: &str) -> Vec<std::ops::Range<usize>> {
    let source = Source { id: FileId(0), path: String::new(), text: text.to_owned() };
    let root = parse(&source).syntax();
    let tokens = root.descendants_with_tokens().filter_map(|part| part.into_token());
    let named = tokens.filter(|token| {
        token.kind() == SyntaxKind::Ident
            && token.text().len() >= 4
            && token.parent().is_some_and(|parent| parent.kind() == SyntaxKind::Name)
    });
    named.map(|token| token.text_range().start().into()..token.text_range().end().into()).collect()
}

#[test]
fn a_slip_in_a_name_is_one_message() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["cases/keywords", "cases/plan", "cases/format", "../examples"] {
        runbooks(&root.join(folder), &mut files);
    }
    let (mut slips, mut said) = (0, 0);
    let mut many: Vec<String> = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let folder = path.parent().unwrap();
        if !found(folder, &text).is_empty() {
            continue;
        }
        for range in names(&text).into_iter().step_by(EACH) {
            let middle = range.start + range.len() / 2;
            let mut slipped = text.clone();
            slipped.remove(middle);
            let errors: Vec<Diagnostic> = found(folder, &slipped)
                .into_iter()
                .filter(|found| found.severity == Severity::Error)
                .collect();
            slips += 1;
            said += errors.len();
            if errors.len() > 1 {
                let messages: Vec<String> =
                    errors.iter().map(|found| format!("    {}: {}", found.code, found.message)).collect();
                many.push(format!(
                    "{}: `{}`\n{}",
                    path.file_name().unwrap().display(),
                    &text[range],
                    messages.join("\n")
                ));
            }
        }
    }
    assert!(slips > 200, "only {slips} slips");
    let summary = format!("{slips} slips, {said} messages, {} with several", many.len());
    assert!(said <= slips, "{summary}\n{}", many.join("\n"));
    // A field that is given in a type and again in a value has two ends, and either may be meant.
    assert!(many.len() * 100 <= slips, "{summary}\n{}", many.join("\n"));
}

#[test]
fn a_line_that_does_not_read_is_one_message() {
    let folder = Path::new(".");
    for (text, code) in [
        ("runbook r {\n    param node host\n    step one on node { note \"${node}\" }\n}\n", "SF0002"),
        (
            "runbook r {\n    stap one {\n        let x = 1\n    }\n    step two { note \"${one.x}\" }\n}\n",
            "SF0014",
        ),
        (
            "runbook r {\n    fact up(n: text = ask \"?\"\n    requires up(\"a\")\n    step one { note \"x\" }\n}\n",
            "SF0002",
        ),
        (
            "use \"./none.runbook\" as other\nrunbook r {\n    requires other.up, other.fine(3)\n    step one { note \"x\" }\n}\n",
            "SF0111",
        ),
        ("runbook r {\n    requires nowhere, nowhere\n    step one { note \"${nowhere}\" }\n}\n", "SF0101"),
    ] {
        let codes: Vec<&str> = found(folder, text).iter().map(|found| found.code).collect();
        assert_eq!(codes, [code], "{text}");
    }
}
