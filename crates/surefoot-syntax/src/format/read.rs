//! The tree becomes lines.
//!
//! Statements are the lines of a block. Within a statement, what stands between brackets becomes the lines of a
//! list: cut after each comma, or where an expression is best broken.

mod parts;
mod statement;

use rowan::{NodeOrToken, TextRange};

use super::layout::{Block, Line, List, Part, What, Wrap};
use super::{Grain, Tree, is_odd, trim_blanks};
use crate::kind::{SyntaxKind, SyntaxNode, SyntaxToken};
use crate::{FileId, Span};

type Element = NodeOrToken<SyntaxNode, SyntaxToken>;

/// Reads the lines of a file.
pub(super) struct Reader<'t> {
    text: &'t str,
    file: FileId,
    tree: &'t Tree,
    grain: Grain,
    /// What is left as it is.
    pub(super) left: Vec<Span>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str, tree: &'t Tree, grain: Grain) -> Self {
        Reader { text, file: tree.file, tree, grain, left: Vec::new() }
    }

    /// The lines of a file or of a block.
    pub(super) fn lines(&mut self, node: &SyntaxNode) -> Vec<Line<'t>> {
        let elements: Vec<Element> = node.children_with_tokens().collect();
        let mut lines = Vec::new();
        let mut breaks = 0;
        let mut rest = elements.as_slice();
        while let Some((element, after)) = rest.split_first() {
            let read = match element {
                NodeOrToken::Token(token) => match token.kind() {
                    SyntaxKind::Newline => {
                        breaks += 1;
                        true
                    }
                    SyntaxKind::Whitespace => !is_odd(token),
                    SyntaxKind::Comment => {
                        lines.push(self.comment(token, breaks));
                        breaks = 0;
                        true
                    }
                    // The block's own.
                    SyntaxKind::BraceOpen | SyntaxKind::BraceClose => true,
                    _ => false,
                },
                NodeOrToken::Node(node) => match self.statement(node, breaks) {
                    Some(read) => {
                        lines.extend(read);
                        breaks = 0;
                        true
                    }
                    None => false,
                },
            };
            if read {
                rest = after;
            } else {
                let (line, broken, after) = self.leave(rest, breaks);
                lines.push(line);
                breaks = broken;
                rest = after;
            }
        }
        lines
    }

    /// Leaves what comes first as it is, with all that follows it on its line. Gives the line breaks after it too,
    /// and what comes then.
    fn leave<'e>(&mut self, elements: &'e [Element], breaks: u32) -> (Line<'t>, u32, &'e [Element]) {
        let start = elements.first().map_or(0, |first| first.text_range().start().into());
        let mut rest = elements;
        let mut taken = "";
        // A damaged block may end in the blanks before the next statement.
        while let Some((next, after)) = rest.split_first()
            && !matches!(next.kind(), SyntaxKind::Newline | SyntaxKind::BraceClose)
            && !blank_end(taken).contains('\n')
        {
            taken = self.text.get(start..next.text_range().end().into()).unwrap_or_default();
            rest = after;
        }
        let end = blank_end(taken);
        let (blanks, broken) =
            end.split_once('\n').map_or((end, None), |(blanks, rest)| (blanks, Some(rest)));
        let kept = taken.len() - end.len() + blanks.len();
        let mut text = taken.get(..kept).unwrap_or_default();
        if !self.text.get(start + kept..).is_some_and(|rest| rest.starts_with('\n')) {
            text = trim_blanks(text);
        } else if self.tree.carriage_returns {
            // It belongs to the end of the line, which is written again.
            text = text.strip_suffix('\r').unwrap_or(text);
        }
        let before = self.text.get(..start).unwrap_or_default();
        let margin = before.rsplit('\n').next().unwrap_or_default();
        let begins_line = blank_end(margin) == margin;
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        self.left.push(Span { file: self.file, start: place(start), end: place(start + text.len()) });
        let line = Line {
            breaks: count(breaks),
            what: What::Own,
            margin: begins_line.then_some(margin),
            may_break: false,
            parts: vec![whole(text)],
        };
        let broken = broken.map_or(0, |rest| 1 + rest.matches('\n').count());
        (line, u32::try_from(broken).unwrap_or(u32::MAX), rest)
    }

    /// Whether a statement or an item is left as it is.
    fn is_damaged(&self, node: &SyntaxNode) -> bool {
        let range = node.text_range();
        if self.grain == Grain::Statement {
            return is_damage(node.kind()) || self.tree.damaged.contains(&range.start().into());
        }
        let inside = u32::from(range.start())..u32::from(range.end());
        self.tree.damaged.range(inside).next().is_some()
            || node.descendants_with_tokens().any(|part| match part {
                NodeOrToken::Node(node) => is_damage(node.kind()),
                NodeOrToken::Token(token) => is_odd(&token),
            })
    }

    /// A `#` or `##` line.
    fn comment(&self, token: &SyntaxToken, breaks: u32) -> Line<'t> {
        let text = trim_blanks(self.at(token.text_range()));
        Line {
            breaks: count(breaks),
            what: if token.kind() == SyntaxKind::Comment { What::Comment } else { What::Own },
            margin: None,
            may_break: false,
            parts: vec![whole(text)],
        }
    }

    /// The text of a range of the tree.
    fn at(&self, range: TextRange) -> &'t str {
        self.text.get(usize::from(range.start())..usize::from(range.end())).unwrap_or_default()
    }
}

fn is_damage(kind: SyntaxKind) -> bool {
    matches!(kind, SyntaxKind::Damaged | SyntaxKind::NotBuilt)
}

/// The blanks and line breaks that a text ends in.
fn blank_end(text: &str) -> &str {
    text.get(trim_blanks(text).len()..).unwrap_or_default()
}

/// The line breaks that are kept: one ends a line, a second leaves one blank.
fn count(breaks: u32) -> u8 {
    u8::try_from(breaks.min(2)).unwrap_or(2)
}

/// A part that is a line by itself.
fn whole(text: &str) -> Part<'_> {
    Part::Text { text, blank: false, wrap: Wrap::No }
}
