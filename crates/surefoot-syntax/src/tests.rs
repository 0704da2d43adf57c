//! Properties of parsing that hold for every text.

pub(crate) mod recovery;

use std::path::{Path, PathBuf};

use crate::{FileId, Parse, Source, parse};

fn read(text: &str) -> Parse {
    parse(&Source { id: FileId(0), path: "test.runbook".to_owned(), text: text.to_owned() })
}

/// Every `.runbook` file of the repository.
pub(crate) fn runbooks() -> Vec<(PathBuf, String)> {
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

#[test]
fn the_gate_accepts_what_the_parser_accepts_and_only_that() {
    let mut texts: Vec<(String, String)> =
        runbooks().into_iter().map(|(path, text)| (path.display().to_string(), text)).collect();
    for page in crate::codes() {
        for section in ["Refused", "Accepted"] {
            let examples = page.examples(section).into_iter();
            texts.extend(examples.map(|example| (format!("{} {section}", page.code), example.to_owned())));
        }
    }
    for (name, text) in texts {
        let of_syntax: Vec<_> =
            read(&text).diagnostics.into_iter().filter(|found| !VALUES.contains(&found.code)).collect();
        // SF0015 is a unit the grammar does not have, or a number that is too large.
        if name.starts_with("SF0015") {
            continue;
        }
        if crate::gate::stopped_at(&text).is_some() {
            assert_ne!(of_syntax, [], "{name}: the gate refuses it and the parser does not");
            assert!(of_syntax.iter().all(|found| found.code != "SF0001"), "{name}: only the gate refuses it");
        } else {
            assert_eq!(of_syntax, [], "{name}: the parser refuses it and the gate does not");
        }
    }
}

/// Codes about what a word, a number or a character says: the grammar does not know them.
const VALUES: &[&str] = &["SF0016", "SF0017", "SF0021", "SF0022", "SF0023"];

#[test]
fn depth_is_refused_before_anything_recurses() {
    for open in
        ["(", "[", "{ a: ", "not ", "-", "if a then ", "x + ", "a.b().", "$ a ${", "if a { ", "list of "]
    {
        let times = if open == "(" { 100_000 } else { 1_000 };
        let text = format!("runbook demo {{ let x = {} }}", open.repeat(times));
        let parse = read(&text);
        assert_eq!(parse.syntax().text(), text.as_str());
        assert!(
            !parse.diagnostics.is_empty() && parse.diagnostics.len() < 10,
            "{open}: {}",
            parse.diagnostics.len()
        );
    }
    for (open, close) in [("(", ")"), ("[", "]"), ("f(", ")"), ("{ a: ", " }")] {
        let text = |depth: usize| {
            format!("runbook demo {{ let x = {}1{} }}\n", open.repeat(depth), close.repeat(depth))
        };
        let said = |depth| read(&text(depth)).diagnostics.iter().map(|found| found.code).collect::<Vec<_>>();
        assert_eq!(said(126), [""; 0], "{open}");
        assert_eq!(said(128), ["SF0009"], "{open}");
    }
    let chain = |terms: usize| format!("runbook demo {{ let x = 1{} }}\n", " + 1".repeat(terms));
    assert_eq!(read(&chain(250)).diagnostics, []);
    assert_eq!(read(&chain(300)).diagnostics.iter().map(|found| found.code).collect::<Vec<_>>(), ["SF0009"]);
    let steps = "    if a { step x { $ true } } else ".repeat(200);
    let codes = read(&format!("runbook demo {{\n{steps} if a {{ }}\n}}\n")).diagnostics;
    assert_eq!(codes.first().map(|found| found.code), Some("SF0009"));
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    let text = "#".repeat(crate::FILE_BYTES_MAX + 1);
    let parse = read(&text);
    assert_eq!(parse.diagnostics.iter().map(|found| found.code).collect::<Vec<_>>(), ["SF0018"]);
    assert_eq!(parse.syntax().text(), text.as_str());
}

#[test]
fn bytes_that_are_not_utf_8_are_refused_at_their_place() {
    let (source, said) = Source::decode(FileId(0), "latin.runbook".to_owned(), b"# Schl\xf6sser\n".to_vec());
    let said = said.expect("a finding");
    assert_eq!((said.code, said.primary.span.start), ("SF0008", 6));
    assert!(source.text.starts_with("# Schl"));
    assert_eq!(Source::decode(FileId(0), String::new(), "ö".into()).1, None);
}

#[test]
fn a_character_that_cannot_be_seen_is_found_wherever_it_stands() {
    for (text, found) in [
        ("# a\u{202e}b\n", true),
        ("runbook demo { step a \"x\u{200b}y\" { $ true } }", true),
        ("runbook demo { step a { $ echo\u{a0}b } }", true),
        ("runbook\u{a0}demo { step a { $ true } }", true),
        ("\u{feff}runbook demo { }", true),
        ("runbook demo { }\r", true),
        ("runbook demo { }\r\n", false),
        ("# f\u{fc}r 5\u{a0}% \u{1f600}\n", false),
        ("runbook demo { step a \"\\u{202e}\" { $ true } }", false),
    ] {
        let codes: Vec<&str> = read(text).diagnostics.iter().map(|found| found.code).collect();
        assert_eq!(codes, if found { vec!["SF0017"] } else { vec![] }, "{text:?}");
    }
}

/// Pieces of the language, to be put together at random.
pub(crate) const PIECES: &[&str] = &[
    "runbook",
    "step",
    "a",
    "b",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "\n",
    "\n",
    " ",
    "$",
    "$ echo ",
    "${",
    "\"",
    "'",
    "\"\"\"",
    "```",
    "sh",
    "bash(x: 1) ```\n",
    "##",
    "# c",
    "requires",
    "ensures",
    "not",
    "and",
    "==",
    "=",
    ":",
    ",",
    ".",
    "...",
    "rollback {",
    "on",
    "failure",
    "collect",
    "within",
    "5s",
    "7",
    "fact",
    "let",
    "if",
    "else",
    "unknown",
    "for",
    "in",
    "wait until",
    "ask",
    "env { A: 1 }",
    "exit 0,",
    "json",
    "scenario",
    "expect",
    "|",
    "\\",
    "\u{202e}",
    "ä",
    "\r",
    "false on 1",
    "parallel",
    "irreversible",
    "leaves",
    "-",
    "+",
    "??",
    "=>",
    "allow",
    "connect a:1",
    "param x: list of text",
    "all",
    "match",
    "diagnose \"why\" {",
    "type",
    "function f(a: int): int =",
    "otherwise {",
    "any",
];

#[test]
fn of_a_file_full_of_mistakes_as_many_are_said_as_are_read() {
    let text = "\\\n".repeat(3 * crate::parser::MISTAKES_MAX);
    assert_eq!(read(&text).diagnostics.len(), crate::parser::MISTAKES_MAX);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 100, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_text_is_read_and_kept(text in "\\PC*|[ -~\\n]{0,300}") {
        let parse = read(&text);
        proptest::prop_assert_eq!(parse.syntax().text().to_string(), text);
    }

    #[test]
    fn any_order_of_pieces_is_read_and_kept(pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..80), blanks: bool) {
        let text = pieces.join(if blanks { " " } else { "" });
        let parse = read(&text);
        proptest::prop_assert_eq!(parse.syntax().text().to_string(), text);
        proptest::prop_assert!(parse.diagnostics.iter().all(|found| found.code != "SF0001"), "{:?}", parse.diagnostics);
    }
}
