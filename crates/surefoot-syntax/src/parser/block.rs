//! Blocks: `{`, statements, `}`; and finding back into them after a mistake.
//!
//! Braces decide where a block ends. Only in a file whose braces do not match does indentation count, to find
//! the block that lost one.

use super::statement::Place;
use super::{NESTING_MAX, Parsed, Parser};
use crate::kind::SyntaxKind;
use crate::lexer::Token;
use crate::{Diagnostic, Span};

/// Whether every brace has its partner. A `{` that a command may not hold counts: its `}` ends no block.
pub(super) fn balanced(text: &str, tokens: &[Token]) -> bool {
    let mut open = 0u32;
    for token in tokens {
        let refused = token.kind == SyntaxKind::WordBad
            && text.get(token.start as usize..token.end as usize) == Some("{");
        if refused || token.kind == SyntaxKind::BraceOpen {
            open += 1;
        } else if token.kind == SyntaxKind::BraceClose {
            let Some(less) = open.checked_sub(1) else { return false };
            open = less;
        }
    }
    open == 0
}

/// The first bracket that is nested too deep. Counted on tokens, before anything recurses.
pub(super) fn too_deep(tokens: &[Token]) -> Option<Token> {
    let mut depth = 0u32;
    for token in tokens {
        if closing(token.kind).is_some() {
            depth += 1;
            if depth > NESTING_MAX {
                return Some(*token);
            }
        } else if is_closing(token.kind) {
            depth = depth.saturating_sub(1);
        }
    }
    None
}

fn closing(open: SyntaxKind) -> Option<SyntaxKind> {
    if open == SyntaxKind::BraceOpen {
        Some(SyntaxKind::BraceClose)
    } else if open == SyntaxKind::ParenOpen {
        Some(SyntaxKind::ParenClose)
    } else if open == SyntaxKind::BracketOpen {
        Some(SyntaxKind::BracketClose)
    } else {
        None
    }
}

fn is_closing(kind: SyntaxKind) -> bool {
    matches!(kind, SyntaxKind::BraceClose | SyntaxKind::ParenClose | SyntaxKind::BracketClose)
}

/// How a line begins.
#[derive(Clone, Copy)]
pub(super) struct Margin {
    /// The bytes before its first token.
    pub(super) column: u32,
    /// Whether the token in question is the first.
    pub(super) first: bool,
}

impl Parser<'_> {
    /// The margin of the line `token` stands on.
    pub(super) fn margin(&self, token: Token) -> Margin {
        let before = self.text.get(..token.start as usize).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        let blanks = line.len() - line.trim_start().len();
        Margin { column: u32::try_from(blanks).unwrap_or(u32::MAX), first: blanks == line.len() }
    }

    /// Reads `{ … }`. `owner` says whose it is: "a step"; `head` is where the owner begins.
    pub(super) fn block(&mut self, owner: &str, head: Token, place: Place) -> Parsed {
        let margin = self.margin(head).column;
        self.nested(|p| {
            p.node(SyntaxKind::Block, |p| {
                if !p.at(SyntaxKind::BraceOpen) {
                    let diagnostic =
                        Diagnostic::error("SF0002", p.here(), format!("{owner} needs a `{{` here"))
                            .label(p.span_of(head), "begins here");
                    p.report(diagnostic);
                    p.skip_to_block();
                }
                let open = p.current();
                let opened = p.eat(SyntaxKind::BraceOpen);
                if !opened && !p.continues_indented(margin) {
                    return Err(super::Halt);
                }
                let around = std::mem::replace(&mut p.opened, open.start);
                p.statements(place, Some(margin));
                p.opened = around;
                if p.eat(SyntaxKind::BraceClose) {
                    return Ok(());
                }
                p.report(unclosed(p.span_of(if opened { open } else { head }), p.here(), owner));
                Ok(())
            })
        })
    }

    /// Whether the next line that is not blank stands further in than `margin`.
    fn continues_indented(&self, margin: u32) -> bool {
        let mut index = self.position;
        let mut newline = false;
        loop {
            let token = self.token(index);
            if token.kind == SyntaxKind::Newline {
                newline = true;
            } else if !token.kind.is_trivia() {
                return newline && token.kind != SyntaxKind::EndOfFile && self.margin(token).column > margin;
            }
            index += 1;
        }
    }

    /// Reads statements up to the `}` that ends them, which is left. `margin` is that of the block's head.
    pub(super) fn statements(&mut self, place: Place, margin: Option<u32>) {
        loop {
            self.blanks(true);
            let token = self.current();
            if token.kind == SyntaxKind::EndOfFile {
                return;
            }
            if token.kind == SyntaxKind::BraceClose {
                if self.is_stray(token, margin) {
                    self.stray_brace();
                    continue;
                }
                return;
            }
            if self.is_outside(token, place, margin) {
                return;
            }
            let before = self.position;
            self.statement(place);
            if self.position == before {
                // Nothing could be made of it: never stay where we are.
                self.bump_as_damage();
            }
        }
    }

    /// Whether this `}` closes nothing: it stands further in than the block it would end.
    fn is_stray(&self, token: Token, margin: Option<u32>) -> bool {
        let Some(margin) = margin else { return true };
        if self.balanced {
            return false;
        }
        let at = self.margin(token);
        if at.first {
            return at.column > margin && !self.is_last(token);
        }
        // On a line with a statement before it, while its block was opened on another.
        let block = self.text.get(self.opened as usize..token.start as usize).unwrap_or_default();
        block.contains('\n')
    }

    /// Whether nothing follows.
    fn is_last(&self, token: Token) -> bool {
        self.text.get(token.end as usize..).unwrap_or_default().trim_start().is_empty()
    }

    fn stray_brace(&mut self) {
        let diagnostic = Diagnostic::error("SF0007", self.here(), "this `}` closes nothing")
            .help("remove it, or look above for a block that was closed too early");
        self.report(diagnostic);
        self.bump_as_damage();
    }

    /// Whether this line can only stand outside of the block, which has lost its `}`.
    fn is_outside(&self, token: Token, place: Place, margin: Option<u32>) -> bool {
        let Some(margin) = margin else { return false };
        if self.balanced {
            return false;
        }
        let at = self.margin(token);
        if !at.first {
            return false;
        }
        at.column <= margin || place.ends_before(self.word())
    }

    /// Skips what is left of a damaged head: to the `{` on its line, else to the end of the line.
    pub(super) fn skip_to_block(&mut self) {
        let mut index = self.position;
        let mut depth = 0u32;
        let brace = loop {
            let token = self.token(index);
            match token.kind {
                SyntaxKind::BraceOpen => {
                    let next = self.next_on_line(index + 1);
                    if depth == 0 && (next == SyntaxKind::Newline || !self.closes_before_block(index)) {
                        break Some(index);
                    }
                    depth += 1;
                }
                SyntaxKind::BraceClose => depth = depth.saturating_sub(1),
                SyntaxKind::Newline | SyntaxKind::EndOfFile => break None,
                _ => {}
            }
            index += 1;
        };
        let end = brace.unwrap_or(index);
        if self.position < end {
            self.blanks(false);
            self.builder.start_node(crate::kind::raw(SyntaxKind::Damaged));
            while self.position < end {
                if self.raw().kind == SyntaxKind::BraceClose {
                    self.values = self.values.saturating_sub(1);
                }
                self.bump_raw();
            }
            self.builder.finish_node();
        }
    }

    /// The next kind on the line, blanks left out.
    fn next_on_line(&self, mut index: usize) -> SyntaxKind {
        while self.token(index).kind.is_trivia() {
            index += 1;
        }
        self.token(index).kind
    }

    /// Whether the braces at `index` are closed on this line and another `{` follows them there.
    fn closes_before_block(&self, mut index: usize) -> bool {
        let mut depth = 0u32;
        loop {
            match self.token(index).kind {
                SyntaxKind::BraceOpen if depth == 0 => depth = 1,
                SyntaxKind::BraceOpen => depth += 1,
                SyntaxKind::BraceClose => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return self.brace_follows(index + 1);
                    }
                }
                SyntaxKind::Newline | SyntaxKind::EndOfFile => return false,
                _ => {}
            }
            index += 1;
        }
    }

    fn brace_follows(&self, mut index: usize) -> bool {
        loop {
            match self.token(index).kind {
                SyntaxKind::BraceOpen => return true,
                SyntaxKind::Newline | SyntaxKind::EndOfFile => return false,
                _ => index += 1,
            }
        }
    }

    /// Finds the end of a damaged statement. Blocks in it are read, for the sake of what stands in them.
    pub(super) fn recover(&mut self) {
        self.joined = 0;
        if self.at_end() && self.values == 0 {
            return;
        }
        self.node(SyntaxKind::Damaged, |p| {
            // Braces that were opened in the statement and end no block.
            let mut refused = std::mem::take(&mut p.values);
            loop {
                match p.raw().kind {
                    SyntaxKind::Newline if refused > 0 && p.balanced => p.bump_raw(),
                    SyntaxKind::BraceClose if refused == 0 && p.is_stray(p.raw(), Some(0)) => p.bump_raw(),
                    SyntaxKind::WordBad if p.text_of(p.raw()) == "{" => {
                        refused += 1;
                        p.bump_raw();
                    }
                    SyntaxKind::BraceClose if refused > 0 => {
                        refused -= 1;
                        p.bump_raw();
                    }
                    SyntaxKind::Newline | SyntaxKind::EndOfFile | SyntaxKind::BraceClose => return,
                    SyntaxKind::BraceOpen => {
                        let head = p.raw();
                        if p.depth >= NESTING_MAX {
                            p.bump_raw();
                            continue;
                        }
                        p.depth += 1;
                        p.quiet += 1;
                        let margin = p.margin(head).column;
                        let around = std::mem::replace(&mut p.opened, head.start);
                        p.node(SyntaxKind::Block, |p| {
                            p.bump_raw();
                            p.statements(Place::Anywhere, Some(margin));
                            p.eat(SyntaxKind::BraceClose);
                        });
                        p.opened = around;
                        p.quiet -= 1;
                        p.depth -= 1;
                    }
                    _ => p.bump_raw(),
                }
            }
        });
    }

    /// Skips a construct that is not built: to the end of its line, or of the block that its line opens.
    pub(super) fn skip_construct(&mut self) {
        let mut depth = 0u32;
        loop {
            match self.raw().kind {
                SyntaxKind::EndOfFile => return,
                SyntaxKind::Newline if depth == 0 => return,
                SyntaxKind::BraceClose if depth == 0 => return,
                kind if closing(kind).is_some() => depth += 1,
                kind if is_closing(kind) => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.bump_raw();
        }
    }
}

fn unclosed(open: Span, here: Span, owner: &str) -> Diagnostic {
    Diagnostic::error("SF0003", open, format!("the block of {owner} is not closed"))
        .here("opened here")
        .label(here, "a `}` is missing before this")
}
