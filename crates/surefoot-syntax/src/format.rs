//! Lays a file out in the one way that every runbook is laid out.
//!
//! In: the text of a file, damaged or not. Out: the text with other blanks and line breaks. There are no options.
//!
//! Must hold:
//! - nothing changes but blanks: the tree, and so the plan, stay what they were, and no comment is lost;
//! - what was formatted is left as it is when it is formatted again;
//! - a statement that cannot be read is left byte for byte, and so is what stands in texts and scripts.
//!
//! The first two are looked at each time before a text is given back: the worst that a mistake in here can do is
//! to leave a file as it is.
//!
//! Two steps: [`read`] makes lines of the tree, [`print`] makes a text of the lines. A construct that is added to
//! the language is laid out without a word here, as long as it is made of words, brackets and blocks.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "what a kind asks for is said here; any other, and one that is added later, has one blank around it"
)]

mod layout;
mod print;
mod read;

use std::collections::BTreeSet;

use rowan::WalkEvent;

use crate::kind::{SyntaxKind, SyntaxNode, SyntaxToken};
use crate::{FileId, Source, Span, lexer, parser, visible};

/// Widest line that is not broken where it can be, in characters.
const WIDTH_MAX: usize = 100;

/// How often a damaged file is formatted until nothing changes any more. Its tree depends on where its lines begin,
/// which formatting moves; most files stay as they are the second time.
const ROUNDS_MAX: u32 = 4;

/// A file, formatted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Formatted {
    /// The text.
    pub text: String,
    /// What cannot be read and was left as it was: places in the text that was given.
    pub left: Vec<Span>,
}

/// Formats a file. Never fails: what cannot be read is left as it is.
#[must_use]
pub fn format(source: &Source) -> Formatted {
    let whole = || {
        let end = u32::try_from(source.text.len()).unwrap_or(u32::MAX);
        Formatted { text: source.text.clone(), left: vec![Span { file: source.id, start: 0, end }] }
    };
    if source.text.len() > crate::FILE_BYTES_MAX {
        return whole();
    }
    let before = Tree::of(source.id, &source.text);
    // In a file whose braces do not match, moving a statement may change to which block the next one belongs. Then
    // only the items are formatted that have no damage in them.
    for grain in [Grain::Statement, Grain::Item] {
        let (printed, left) = print::print(&source.text, &before, grain);
        if let Some(text) = settle(printed, &before, grain) {
            return Formatted { text, left };
        }
    }
    whole()
}

/// An expression on one line, as it is laid out: it reads the same however its author set its blanks. The text is
/// given back as it is if it is no expression.
#[must_use]
pub fn on_one_line(expression: &str) -> String {
    let head = "fact it = (";
    // A command ends where its line ends.
    let text = [head, expression, "\n)"].concat();
    let tree = Tree::of(FileId(0), &text);
    let line = print::print_on_one_line(&text, &tree).filter(|_| tree.root.children().count() == 1);
    let inside = line.as_deref().and_then(|line| line.strip_prefix(head)?.strip_suffix(')'));
    inside.unwrap_or(expression).to_owned()
}

/// What is left as it is where something in it is damaged.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Grain {
    /// The statement.
    Statement,
    /// The item of the file with all that is in it.
    Item,
}

/// What is known of a text that is to be formatted.
struct Tree {
    file: FileId,
    root: SyntaxNode,
    /// Where the statements begin that are damaged.
    damaged: BTreeSet<u32>,
    /// Its lines end in a carriage return and a line feed, all of them.
    carriage_returns: bool,
}

impl Tree {
    fn of(file: FileId, text: &str) -> Tree {
        let mut tokens = lexer::tokens(text);
        visible::check(file, text, &mut tokens);
        let built = parser::build(file, text, &tokens);
        let mut ends = tokens
            .iter()
            .filter(|token| token.kind == SyntaxKind::Newline)
            .map(|token| text.get(..token.start as usize).is_some_and(|before| before.ends_with('\r')))
            .peekable();
        let carriage_returns = ends.peek().is_some() && ends.all(|end| end);
        Tree { file, root: SyntaxNode::new_root(built.green), damaged: built.damaged, carriage_returns }
    }
}

/// Formats what was printed until nothing changes any more. None if more than blanks differ from what was `before`,
/// or if that has no end.
fn settle(printed: String, before: &Tree, grain: Grain) -> Option<String> {
    let mut printed = printed;
    for _ in 0..ROUNDS_MAX {
        let after = Tree::of(before.file, &printed);
        if !differ_in_blanks_only(&before.root, &after.root) {
            return None;
        }
        let again = print::print(&printed, &after, grain).0;
        if again == printed {
            return Some(printed);
        }
        printed = again;
    }
    None
}

/// Whether two trees have the same nodes and tokens, and the same comments. A comment may hang at another node.
fn differ_in_blanks_only(before: &SyntaxNode, after: &SyntaxNode) -> bool {
    said(before).eq(said(after)) && comments(before).eq(comments(after))
}

/// A token that says something, or where a node begins or ends.
type Said = (SyntaxKind, Option<String>);

fn said(root: &SyntaxNode) -> impl Iterator<Item = Said> {
    root.preorder_with_tokens().filter_map(|event| match event {
        WalkEvent::Enter(rowan::NodeOrToken::Node(node)) => Some((node.kind(), None)),
        WalkEvent::Leave(rowan::NodeOrToken::Node(_)) => Some((SyntaxKind::EndOfFile, None)),
        WalkEvent::Enter(rowan::NodeOrToken::Token(token)) => match token.kind() {
            SyntaxKind::Newline | SyntaxKind::Comment => None,
            SyntaxKind::Whitespace if !is_odd(&token) => None,
            // It joins two lines, whichever line breaks these have.
            SyntaxKind::Continuation => Some((SyntaxKind::Continuation, None)),
            SyntaxKind::Doc => Some((SyntaxKind::Doc, Some(trim_blanks(token.text()).to_owned()))),
            kind => Some((kind, Some(token.text().to_owned()))),
        },
        WalkEvent::Leave(rowan::NodeOrToken::Token(_)) => None,
    })
}

fn comments(root: &SyntaxNode) -> impl Iterator<Item = String> {
    root.descendants_with_tokens()
        .filter_map(rowan::NodeOrToken::into_token)
        .filter(|token| token.kind() == SyntaxKind::Comment)
        .map(|token| trim_blanks(token.text()).to_owned())
}

/// A text without the blanks and line breaks that it ends in. A character that only looks like a blank is none.
fn trim_blanks(text: &str) -> &str {
    text.trim_end_matches([' ', '\t', '\r', '\n'])
}

/// Whether a blank is none: a character that cannot be seen, which the author must know of.
fn is_odd(token: &SyntaxToken) -> bool {
    let plain = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n');
    token.kind() == SyntaxKind::Whitespace && !token.text().chars().all(plain)
}

#[cfg(test)]
mod tests;
