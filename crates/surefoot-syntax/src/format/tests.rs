//! Properties of formatting: over every runbook there is, over damaged ones, over texts put together at random.

use super::{Formatted, Grain, Tree, format, on_one_line, print};
use crate::kind::SyntaxKind;
use crate::tests::recovery::{mutants, steps};
use crate::tests::{PIECES, runbooks};
use crate::{FileId, Source, lexer, parse};

/// Which of the mutants are tried. All of them are in an optimized build.
const STRIDE: usize = if cfg!(debug_assertions) { 61 } else { 1 };

fn source(text: &str) -> Source {
    Source { id: FileId(0), path: "test.runbook".to_owned(), text: text.to_owned() }
}

fn formatted(text: &str) -> Formatted {
    format(&source(text))
}

/// Every runbook of the repository, and the examples of the pages.
fn texts() -> Vec<(String, String)> {
    let files = runbooks().into_iter().map(|(path, text)| (path.display().to_string(), text));
    let pages = crate::codes().iter().flat_map(|page| {
        let examples = ["Refused", "Accepted"].into_iter().flat_map(|section| page.examples(section));
        examples.map(|example| (page.code.to_owned(), example.to_owned()))
    });
    files.chain(pages).collect()
}

/// The tokens of a text without its blanks: what must not change. Read from the tokens, not from the tree.
fn words(text: &str) -> Vec<&str> {
    let tokens = lexer::tokens(text);
    let tokens = tokens.iter().filter(|token| {
        !matches!(token.kind, SyntaxKind::Whitespace | SyntaxKind::Newline | SyntaxKind::EndOfFile)
    });
    tokens
        .map(|token| {
            let word = &text[token.start as usize..token.end as usize];
            let is_comment = matches!(token.kind, SyntaxKind::Comment | SyntaxKind::Doc);
            if token.kind == SyntaxKind::Continuation {
                "\\"
            } else if is_comment {
                word.trim_end_matches([' ', '\t', '\r'])
            } else {
                word
            }
        })
        .collect()
}

/// What must hold for every text.
fn check(name: &str, text: &str) -> Formatted {
    let once = formatted(text);
    assert_eq!(
        words(&once.text),
        words(text),
        "{name}: more than blanks has changed in\n{text}\n--- now\n{}",
        once.text
    );
    let twice = formatted(&once.text);
    assert_eq!(twice.text, once.text, "{name}: formatted again it changes again:\n{text}");
    let mut from = 0;
    for place in &once.left {
        let left = &text[place.start as usize..place.end as usize];
        let there = once.text[from..].find(left).unwrap_or_else(|| {
            panic!("{name}: it was not left as it is: {left}\n--- in\n{text}\n--- now\n{}", once.text)
        });
        from += there + left.len();
    }
    once
}

#[test]
fn every_runbook_changes_in_its_blanks_only_and_only_once() {
    for (name, text) in texts() {
        let once = check(&name, &text);
        let parsed = parse(&source(&text));
        let is_read = !parsed.diagnostics.iter().any(|found| found.code.starts_with("SF00"));
        if is_read {
            assert_eq!(once.left, [], "{name}");
            let tree = Tree::of(FileId(0), &text);
            let printed = print::print(&text, &tree, Grain::Statement).0;
            assert_eq!(once.text, printed, "{name}: it took a second round\n{text}");
        }
        assert_eq!(parse(&source(&once.text)).diagnostics.len(), parsed.diagnostics.len(), "{name}");
        // With the line ends of another system.
        let windows = text.replace("\r\n", "\n").replace('\n', "\r\n");
        let windows = if windows.ends_with('\n') { windows } else { windows + "\r\n" };
        assert_eq!(formatted(&windows).text, once.text.replace('\n', "\r\n"), "{name}");
    }
}

/// The text with other blanks, as one writes who takes no care; with `margins`, other blanks begin its lines too.
fn untidy(text: &str, seed: usize, margins: bool) -> String {
    let root = parse(&source(text)).syntax();
    let mut untidy = String::new();
    for token in root.descendants_with_tokens().filter_map(rowan::NodeOrToken::into_token) {
        let place = usize::from(token.text_range().start()) + seed;
        let begins_line = untidy.is_empty() || untidy.ends_with('\n');
        let is_fixed = token
            .parent()
            .into_iter()
            .flat_map(|node| node.ancestors())
            .any(|node| matches!(node.kind(), SyntaxKind::Text | SyntaxKind::Word | SyntaxKind::Script));
        if token.kind() == SyntaxKind::Newline {
            untidy.push_str(if begins_line { "\n" } else { ["", " ", "\t", "   "][place % 4] });
            untidy.push('\n');
        } else if token.kind() == SyntaxKind::Whitespace && !is_fixed && (margins || !begins_line) {
            untidy.push_str(["\t", "   ", " ", " \t "][place % 4]);
        } else {
            untidy.push_str(token.text());
        }
    }
    untidy
}

#[test]
fn however_it_is_written_it_is_laid_out_the_same() {
    for (name, text) in texts() {
        if parse(&source(&text)).diagnostics.iter().any(|found| found.code.starts_with("SF00")) {
            continue;
        }
        for seed in 0..2 {
            let untidy = untidy(&text, seed, true);
            assert_eq!(formatted(&untidy).text, formatted(&text).text, "{name}:\n{untidy}");
        }
    }
}

#[test]
fn a_mistake_is_left_as_it_is_and_the_rest_is_formatted() {
    let (mut untouched, mut laid_out, mut whole) = (0, 0, 0);
    for text in [
        include_str!("../../../../tests/cases/syntax/switchover.runbook"),
        include_str!("../../../../tests/cases/syntax/everything.runbook"),
        include_str!("../../../../examples/config-change/change-workers.runbook"),
    ] {
        let tidy = steps(&parse(&source(&formatted(text).text)).syntax());
        let text = untidy(text, 1, false);
        let before = steps(&parse(&source(&text)).syntax());
        for mutant in mutants(&text).into_iter().step_by(STRIDE) {
            let once = check("mutant", &mutant.text);
            if once.left.is_empty() {
                continue;
            }
            // A whole file is left where it cannot be known which `}` belongs to which `{`.
            whole += usize::from(once.text == mutant.text);
            for (name, (start, end, _)) in &before {
                if mutant.end < *start || mutant.start > *end {
                    untouched += 1;
                    laid_out += usize::from(once.text.contains(&tidy[name].2));
                }
            }
        }
    }
    let percent = laid_out * 100 / untouched;
    println!("{percent} % of {untouched} steps are formatted; {whole} files are left whole");
    assert!(percent >= 80, "only {percent} % of the steps without a mistake are formatted");
}

#[test]
fn an_expression_reads_the_same_however_it_is_spaced() {
    for (written, laid_out) in [
        ("a", "a"),
        (" count( xs )>0", "count(xs) > 0"),
        ("f(a,\n  [1,2 , { x:-1 }])", "f(a, [1, 2, { x: -1 }])"),
        ("(a # why\n and\n b)", "(a and b)"),
        ("int   $  app   show ==  3", "int $ app show == 3"),
        ("text $ app \\\n  show", "text $ app show"),
        ("\"a   ${ b }\"+ 'c'", "\"a   ${ b }\" + 'c'"),
        // No expression.
        ("a  b", "a  b"),
        ("a) fact  b = (c", "a) fact  b = (c"),
        ("", ""),
    ] {
        assert_eq!(on_one_line(written), laid_out);
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_text_changes_in_its_blanks_only(text in "\\PC*|[ -~\\n]{0,300}") {
        check("any", &text);
    }

    #[test]
    fn any_order_of_pieces_changes_in_its_blanks_only(pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..80), blanks: bool) {
        check("pieces", &pieces.join(if blanks { " " } else { "" }));
    }
}
