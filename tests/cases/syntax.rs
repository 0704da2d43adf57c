//! The diagnostics of a file, then its tree.

use surefoot_syntax::{FileId, RenderOptions, Source, SyntaxNode, parse, render};

use crate::Case;

/// Shows what became of a file.
pub(crate) fn show(case: &Case) -> String {
    let source = Source { id: FileId(0), path: case.name.clone(), text: case.text.clone() };
    let parse = parse(&source);
    assert_eq!(parse.syntax().text(), source.text.as_str(), "{}: the tree has lost text", case.name);
    let mut shown = render(&parse.diagnostics, &[source], &RenderOptions::default());
    tree(&parse.syntax(), 0, &mut shown);
    shown
}

/// A node a line: its kind, the tokens directly in it (without blanks), then its nodes.
fn tree(node: &SyntaxNode, depth: usize, shown: &mut String) {
    let tokens: Vec<String> = node
        .children_with_tokens()
        .filter_map(|part| part.into_token())
        .map(|token| token.text().trim().escape_debug().to_string())
        .filter(|text| !text.is_empty() && !text.starts_with('#'))
        .collect();
    let blanks = "  ".repeat(depth);
    let kind = format!("{:?}", node.kind());
    let line = if tokens.is_empty() {
        format!("{blanks}{kind}")
    } else {
        format!("{blanks}{kind} {}", tokens.join(" "))
    };
    shown.push_str(&line);
    shown.push('\n');
    for child in node.children() {
        tree(&child, depth + 1, shown);
    }
}
