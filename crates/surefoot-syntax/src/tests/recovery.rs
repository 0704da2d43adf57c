//! The recovery scoreboard: single mistakes in whole runbooks, and what is left of the rest.
//!
//! The floors are those of the project: of the steps that were not touched at least 97 % stay in the tree, with
//! their whole text; at most 1.1 findings a mistake; and the parser and the gate never disagree.

use std::collections::BTreeMap;

use super::{VALUES, read};
use crate::gate;
use crate::kind::{SyntaxKind, SyntaxNode};
use crate::lexer::tokens;

/// What somebody types by mistake.
const INSERTED: &[&str] = &["{", "}", "(", ")", "\"", "step", "==", ",", "x", "\n", "'", "1", "[", "in"];

/// Which of the mutants are tried. All of them are in an optimized build.
const STRIDE: usize = if cfg!(debug_assertions) { 17 } else { 1 };

/// One damaged text, and which bytes of the original were touched.
pub(crate) struct Mutant {
    pub(crate) text: String,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// All single deletions, one insertion at each token, each line truncated at one token.
pub(crate) fn mutants(text: &str) -> Vec<Mutant> {
    let tokens = tokens(text);
    let mut mutants = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let (start, end) = (token.start as usize, token.end as usize);
        if token.kind.is_trivia() || token.kind == SyntaxKind::Newline || start == end {
            continue;
        }
        mutants.push(Mutant { text: [&text[..start], &text[end..]].concat(), start, end });
        let inserted = INSERTED[index % INSERTED.len()];
        let text_with = [&text[..start], inserted, " ", &text[start..]].concat();
        mutants.push(Mutant { text: text_with, start, end: start });
        if index % 4 == 0 {
            let line_end = text[start..].find('\n').map_or(text.len(), |newline| start + newline);
            mutants.push(Mutant { text: [&text[..start], &text[line_end..]].concat(), start, end: line_end });
        }
    }
    mutants
}

/// The steps of a tree by name, each with its text from its first word.
pub(crate) fn steps(root: &SyntaxNode) -> BTreeMap<String, (usize, usize, String)> {
    root.descendants()
        .filter(|node| node.kind() == SyntaxKind::Step)
        .filter_map(|node| {
            let name = node.children().find(|child| child.kind() == SyntaxKind::Name)?.text().to_string();
            let range = node.text_range();
            Some((name, (range.start().into(), range.end().into(), node.text().to_string())))
        })
        .collect()
}

#[derive(Debug, Default)]
struct Score {
    refused: usize,
    findings: usize,
    most: usize,
    one: usize,
    steps: usize,
    kept: usize,
    disagreements: Vec<String>,
}

/// Damages a text in every way, or in each `stride`-th.
fn score(text: &str, stride: usize) -> Score {
    let whole = read(text);
    assert_eq!(whole.diagnostics, [], "the sample is right");
    let steps_before = steps(&whole.syntax());
    let mut score = Score::default();
    for mutant in mutants(text).into_iter().step_by(stride) {
        let parse = read(&mutant.text);
        assert_eq!(parse.syntax().text(), mutant.text.as_str(), "the tree has lost text");
        let accepted = gate::stopped_at(&mutant.text).is_none();
        let said = parse.diagnostics.len();
        let of_syntax = parse.diagnostics.iter().any(|found| !VALUES.contains(&found.code));
        if accepted == of_syntax {
            let around = mutant.text[..mutant.start].rfind('\n').map_or(0, |newline| newline + 1);
            let line: String = mutant.text[around..].lines().next().unwrap_or_default().to_owned();
            score.disagreements.push(format!("{line}: {:?}", parse.diagnostics));
        }
        if accepted {
            continue;
        }
        score.refused += 1;
        score.findings += said;
        score.most = score.most.max(said);
        score.one += usize::from(said == 1);
        let steps_after = steps(&parse.syntax());
        for (name, (start, end, text)) in &steps_before {
            if mutant.end < *start || mutant.start > *end {
                score.steps += 1;
                let kept = steps_after.get(name).is_some_and(|(_, _, after)| after == text);
                score.kept += usize::from(kept);
            }
        }
    }
    score
}

#[test]
fn mistakes_stay_where_they_are() {
    let mut sum = Score::default();
    for text in [
        include_str!("../../../../tests/cases/syntax/switchover.runbook"),
        include_str!("../../../../tests/cases/syntax/everything.runbook"),
        include_str!("../../../../examples/config-change/change-workers.runbook"),
    ] {
        let score = score(text, STRIDE);
        sum.refused += score.refused;
        sum.findings += score.findings;
        sum.most = sum.most.max(score.most);
        sum.one += score.one;
        sum.steps += score.steps;
        sum.kept += score.kept;
        sum.disagreements.extend(score.disagreements);
    }
    let percent = |part: usize, of: usize| part as f64 * 100.0 / of as f64;
    let kept = percent(sum.kept, sum.steps);
    let findings = sum.findings as f64 / sum.refused as f64;
    println!(
        "kept {kept:.1} %, {findings:.2} findings a mistake, at most {}, {:.1} % have one",
        sum.most,
        percent(sum.one, sum.refused)
    );
    assert!(kept >= 97.0, "only {kept:.1} % of the untouched steps are left");
    assert!(findings <= 1.1, "{findings:.2} findings a mistake");
    assert_eq!(sum.disagreements, Vec::<String>::new());
}
