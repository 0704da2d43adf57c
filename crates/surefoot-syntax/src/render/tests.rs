//! What a person and a program are shown.

use super::{Format, RenderOptions, render};
use crate::{FileId, Source, parse};

fn shown(text: &str, format: Format) -> String {
    let source = Source { id: FileId(0), path: "demo.runbook".to_owned(), text: text.to_owned() };
    let options = RenderOptions { format, unicode: false, ..RenderOptions::default() };
    render(&parse(&source).diagnostics, &[source], &options)
}

const BROKEN: &str =
    "runbook demo {\n    step stop-it {\n        $ true\n        leaves \"nothing\"\n    }\n}\n";

#[test]
fn a_person_sees_the_place_and_the_edit() {
    let shown = shown(BROKEN, Format::Human);
    for part in ["error[SF0020]", "demo.runbook:2:10", "step stop-it {", "step stop_it {"] {
        assert!(shown.contains(part), "{part} is missing:\n{shown}");
    }
    assert!(!shown.contains('\u{1b}'));
}

#[test]
fn the_short_form_is_one_line_a_finding() {
    assert_eq!(
        shown(BROKEN, Format::Short),
        "demo.runbook:2:10: error[SF0020]: `stop-it` cannot be a name\n"
    );
}

#[test]
fn a_program_gets_bytes_lines_and_edits() {
    let document: serde_json::Value = serde_json::from_str(&shown(BROKEN, Format::Json)).unwrap();
    let found = &document["diagnostics"][0];
    assert_eq!(found["code"], "SF0020");
    assert_eq!(found["primary"]["place"]["line"], 2);
    assert_eq!(found["fixes"][0]["edits"][0]["text"], "stop_it");
}

#[test]
fn columns_are_counted_in_characters() {
    let shown = shown("# ä\nrunbook demo { param ä: text }\n", Format::Short);
    assert!(shown.starts_with("demo.runbook:2:22: "), "{shown}");
}

#[test]
fn what_is_too_much_is_counted() {
    let text = "runbook demo {\n".to_owned() + &"    param x: text\n    foo\n".repeat(80) + "}\n";
    let shown = shown(&text, Format::Human);
    assert!(shown.contains("… and 30 more."), "{shown}");
}

#[test]
fn a_source_cannot_steer_the_terminal() {
    let text = "runbook demo {\n    step a {\n        $ A=\u{1b}[31m\u{202e}x b\n    }\n}\n";
    for format in [Format::Human, Format::Short] {
        let shown = shown(text, format);
        assert!(!shown.contains('\u{1b}') && !shown.contains('\u{202e}'), "{shown:?}");
    }
}
