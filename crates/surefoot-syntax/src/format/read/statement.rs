//! One statement becomes one line, with the comments that stand before and behind it.

use rowan::NodeOrToken;

use super::parts::Reading;
use super::{Block, Line, Reader, What, count, is_odd};
use crate::kind::{SyntaxKind, SyntaxNode, SyntaxToken};

impl<'t> Reader<'t> {
    /// The lines of a statement: its `##` lines, itself, the comment behind it. None if it is damaged.
    pub(super) fn statement(&mut self, node: &SyntaxNode, breaks: u32) -> Option<Vec<Line<'t>>> {
        if self.is_damaged(node) {
            return None;
        }
        let mut lines = Vec::new();
        let mut breaks = breaks;
        if let Some(docs) = node.first_child().filter(|child| child.kind() == SyntaxKind::DocLines) {
            breaks = self.docs(&docs, breaks, &mut lines);
        }
        let left = self.left.len();
        let mut reading = Reading::default();
        self.walk(node, &mut reading);
        let Some((parts, may_break, comments)) = reading.end() else {
            self.left.truncate(left);
            return None;
        };
        // `false on 1` may stand behind the command of a fact.
        let what = if node.kind() == SyntaxKind::FalseOn { What::Tail } else { What::Own };
        lines.push(Line { breaks: count(breaks), what, margin: None, may_break, parts });
        lines.extend(comments);
        Some(lines)
    }

    /// The `##` lines of a statement, and the comments between them. Gives the line breaks after them.
    fn docs(&mut self, node: &SyntaxNode, breaks: u32, lines: &mut Vec<Line<'t>>) -> u32 {
        let mut breaks = breaks;
        for token in node.children_with_tokens().filter_map(NodeOrToken::into_token) {
            if token.kind() == SyntaxKind::Newline {
                breaks += 1;
            } else if token.kind() != SyntaxKind::Whitespace {
                lines.push(self.comment(&token, breaks));
                breaks = 0;
            }
        }
        breaks
    }

    fn walk(&mut self, node: &SyntaxNode, reading: &mut Reading<'t>) {
        for element in node.children_with_tokens() {
            match element {
                NodeOrToken::Token(token) if token.kind() == SyntaxKind::FenceOpen => {
                    // A script is left as it is, to the end of its fence.
                    let text =
                        self.text.get(token.text_range().start().into()..node.text_range().end().into());
                    reading.text(text.unwrap_or_default(), token.kind(), node.kind());
                    return;
                }
                NodeOrToken::Token(token) => self.token(&token, node, reading),
                NodeOrToken::Node(child) => match child.kind() {
                    SyntaxKind::DocLines => {}
                    SyntaxKind::Block => {
                        let on_one_line = !child.text().contains_char('\n');
                        let block = Block { on_one_line, lines: self.lines(&child) };
                        reading.block(block);
                    }
                    // What stands in them is theirs, blanks too.
                    kind @ (SyntaxKind::Text
                    | SyntaxKind::Word
                    | SyntaxKind::Interpolation
                    | SyntaxKind::Program
                    | SyntaxKind::Name) => {
                        let mut tokens = child.descendants_with_tokens().filter_map(NodeOrToken::into_token);
                        if tokens.any(|token| is_odd(&token)) {
                            reading.give_up();
                        }
                        reading.text(self.at(child.text_range()), kind, node.kind());
                    }
                    _ => self.walk(&child, reading),
                },
            }
        }
    }

    fn token(&self, token: &SyntaxToken, parent: &SyntaxNode, reading: &mut Reading<'t>) {
        let text = self.at(token.text_range());
        match token.kind() {
            SyntaxKind::Whitespace if is_odd(token) => reading.give_up(),
            SyntaxKind::Whitespace => reading.blank(),
            SyntaxKind::Newline => reading.newline(),
            SyntaxKind::Continuation => reading.continuation(),
            SyntaxKind::Comment => reading.comment(|breaks| self.comment(token, breaks)),
            SyntaxKind::ParenOpen | SyntaxKind::BracketOpen | SyntaxKind::BraceOpen => {
                reading.open(text, token.kind(), parent);
            }
            SyntaxKind::ParenClose | SyntaxKind::BracketClose | SyntaxKind::BraceClose => {
                reading.close(text, token.kind(), parent.kind());
            }
            SyntaxKind::Comma => reading.comma(text, parent.kind()),
            kind => {
                reading.cut_at(token.text_range().start());
                reading.text(text, kind, parent.kind());
            }
        }
    }
}
