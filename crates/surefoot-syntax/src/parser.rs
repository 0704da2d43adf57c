//! Builds the lossless tree from the tokens, and goes on after every mistake.
//!
//! In: tokens. Out: a green tree with every byte of the text, and diagnostics.
//!
//! Must hold:
//! - the text of the tree is the text of the file;
//! - one mistake, one diagnostic: after one, nothing more is said until a statement reads well again;
//! - damage stays in its statement: a step that was not touched is in the tree;
//! - recursion and the height of the tree are bounded by [`NESTING_MAX`] and [`HEIGHT_MAX`].
//!
//! Not here: what words mean (`surefoot-compile`), what a literal's text says (`lower`).

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the kinds of the tree are over a hundred; each place knows a few and leaves the rest alone"
)]

mod block;
mod command;
mod expr;
mod item;
mod quote;
mod scenario;
mod statement;
mod step;

use std::collections::BTreeSet;

use rowan::{Checkpoint, GreenNode, GreenNodeBuilder};

pub(crate) use self::statement::words_not_built;
use crate::kind::{SyntaxKind, raw};
use crate::lexer::Token;
use crate::{Diagnostic, FileId, Span};

/// Most brackets, blocks and conditions inside one another.
///
/// Nobody reads 128 levels; a stack of 2 MiB holds them many times over, in every pass that recurses.
pub(crate) const NESTING_MAX: u32 = 128;

/// Most levels one expression may have, its operators counted as levels: `a + b + c` has three.
///
/// A chain of operators is a tree that leans to one side. What walks or drops it recurses once a level.
const HEIGHT_MAX: u32 = 256;

/// Most mistakes of one file that are said. Nobody reads more, and each takes a kilobyte.
pub(crate) const MISTAKES_MAX: usize = 250;

/// A statement cannot be read further; the diagnostic has been given.
pub(crate) struct Halt;

type Parsed<T = ()> = Result<T, Halt>;

/// What the parser made of a file.
pub(crate) struct Built {
    pub(crate) green: GreenNode,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Where each statement begins that has a mistake of its own, not only in a statement inside it.
    pub(crate) damaged: BTreeSet<u32>,
}

/// Builds the tree of `text`, which `tokens` were cut from.
pub(crate) fn build(file: FileId, text: &str, tokens: &[Token]) -> Built {
    let mut parser = Parser {
        file,
        text,
        tokens,
        position: 0,
        builder: GreenNodeBuilder::new(),
        diagnostics: Vec::new(),
        joined: 0,
        depth: 0,
        height: 0,
        suppressed: false,
        mistakes: 0,
        placed: 0,
        damaged: BTreeSet::new(),
        balanced: block::balanced(text, tokens),
        opened: 0,
        torn: false,
        values: 0,
        quiet: 0,
    };
    parser.builder.start_node(raw(SyntaxKind::File));
    if let Some(token) = block::too_deep(tokens) {
        parser.report(too_deep(parser.span_of(token)));
        while parser.raw().kind != SyntaxKind::EndOfFile {
            parser.bump_raw();
        }
    } else {
        parser.file();
        parser.blanks(true);
    }
    parser.builder.finish_node();
    Built { green: parser.builder.finish(), diagnostics: parser.diagnostics, damaged: parser.damaged }
}

fn too_deep(span: Span) -> Diagnostic {
    Diagnostic::error("SF0009", span, "this is nested too deep")
        .here(format!("more than {NESTING_MAX} levels"))
        .help("give an inner part a name with `let` or `fact` and use the name")
}

/// The state of the parser.
pub(crate) struct Parser<'s> {
    file: FileId,
    text: &'s str,
    tokens: &'s [Token],
    /// The next token that is not in the tree yet.
    position: usize,
    builder: GreenNodeBuilder<'static>,
    diagnostics: Vec<Diagnostic>,
    /// How many brackets are open around here: inside them a newline is a blank.
    joined: u32,
    depth: u32,
    /// The levels of the expression read last.
    height: u32,
    /// Whether a mistake was reported and nothing has read well since.
    suppressed: bool,
    /// How many mistakes were met, said or not.
    mistakes: u32,
    /// How many of them stand in a statement that is in `damaged`.
    placed: u32,
    /// Where each statement begins that has a mistake of its own.
    damaged: BTreeSet<u32>,
    /// Whether every brace of the file has its partner. If so, indentation means nothing.
    balanced: bool,
    /// Where the block around here was opened.
    opened: u32,
    /// Whether the statement before ended too early.
    torn: bool,
    /// How many braces of values are open in the statement.
    values: u32,
    /// In how many statements that cannot be read we are: nothing is said in them.
    quiet: u32,
}

const END: Token = Token { kind: SyntaxKind::EndOfFile, start: 0, end: 0 };

impl<'s> Parser<'s> {
    fn token(&self, index: usize) -> Token {
        self.tokens.get(index).or(self.tokens.last()).copied().unwrap_or(END)
    }

    /// The next token, blanks included.
    fn raw(&self) -> Token {
        self.token(self.position)
    }

    /// Where the next token that says something stands, from `index` on.
    fn skip_trivia(&self, mut index: usize) -> usize {
        loop {
            let kind = self.token(index).kind;
            if kind.is_trivia() || self.joined > 0 && kind == SyntaxKind::Newline {
                index += 1;
            } else {
                return index;
            }
        }
    }

    fn current(&self) -> Token {
        self.token(self.skip_trivia(self.position))
    }

    fn kind(&self) -> SyntaxKind {
        self.current().kind
    }

    /// The token after `n` more.
    fn ahead(&self, n: usize) -> Token {
        let mut index = self.skip_trivia(self.position);
        for _ in 0..n {
            index = self.skip_trivia(index + 1);
        }
        self.token(index)
    }

    fn at(&self, kind: SyntaxKind) -> bool {
        self.kind() == kind
    }

    fn text_of(&self, token: Token) -> &'s str {
        self.text.get(token.start as usize..token.end as usize).unwrap_or_default()
    }

    /// The next token's text if it is a word, else nothing.
    fn word(&self) -> &'s str {
        let token = self.current();
        if token.kind == SyntaxKind::Ident { self.text_of(token) } else { "" }
    }

    fn at_word(&self, word: &str) -> bool {
        self.word() == word
    }

    fn at_any(&self, words: &[&str]) -> bool {
        words.contains(&self.word())
    }

    /// Whether a statement ends here.
    fn at_end(&self) -> bool {
        matches!(self.kind(), SyntaxKind::Newline | SyntaxKind::BraceClose | SyntaxKind::EndOfFile)
    }

    fn span_of(&self, token: Token) -> Span {
        Span { file: self.file, start: token.start, end: token.end }
    }

    /// The place of the next token; of a newline or the file's end, the place just after what was written.
    fn here(&self) -> Span {
        let token = self.current();
        if matches!(token.kind, SyntaxKind::Newline | SyntaxKind::EndOfFile) {
            return self.after_last();
        }
        self.span_of(token)
    }

    /// The empty place after the last token that says something.
    fn after_last(&self) -> Span {
        let mut index = self.position;
        while index > 0 {
            let token = self.token(index - 1);
            if !token.kind.is_trivia() && token.kind != SyntaxKind::Newline {
                return Span { file: self.file, start: token.end, end: token.end };
            }
            index -= 1;
        }
        Span { file: self.file, start: 0, end: 0 }
    }

    /// What stands here, for "…, found X".
    fn found(&self) -> String {
        let token = self.current();
        match token.kind {
            SyntaxKind::Newline => "the end of the line".to_owned(),
            SyntaxKind::EndOfFile => "the end of the file".to_owned(),
            SyntaxKind::StringOpen
            | SyntaxKind::BlockOpen
            | SyntaxKind::RawText
            | SyntaxKind::RawUnclosed => "a text".to_owned(),
            SyntaxKind::FenceOpen => "a script".to_owned(),
            SyntaxKind::Doc => "a `##` comment".to_owned(),
            _ => format!("`{}`", self.text_of(token)),
        }
    }

    // Building.

    fn bump_raw(&mut self) {
        let token = self.raw();
        if token.kind != SyntaxKind::EndOfFile {
            self.builder.token(raw(token.kind), self.text_of(token));
            self.position += 1;
        }
    }

    /// Puts the blanks before the next token into the tree; newlines too if they say nothing here.
    fn blanks(&mut self, newlines: bool) {
        loop {
            let kind = self.raw().kind;
            if kind.is_trivia() || kind == SyntaxKind::Newline && (newlines || self.joined > 0) {
                self.bump_raw();
            } else {
                return;
            }
        }
    }

    fn bump(&mut self) {
        self.blanks(false);
        self.bump_raw();
    }

    /// Takes the next token as a token of another kind: a sign that does not belong here.
    fn bump_as_damage(&mut self) {
        self.blanks(false);
        self.builder.start_node(raw(SyntaxKind::Damaged));
        self.bump_raw();
        self.builder.finish_node();
    }

    fn eat(&mut self, kind: SyntaxKind) -> bool {
        let there = self.at(kind);
        if there {
            self.bump();
        }
        there
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let there = self.at_word(word);
        if there {
            self.bump();
        }
        there
    }

    /// Builds a node; it is closed however its parts end.
    fn node<T>(&mut self, kind: SyntaxKind, parts: impl FnOnce(&mut Self) -> T) -> T {
        self.blanks(false);
        self.builder.start_node(raw(kind));
        let result = parts(self);
        self.builder.finish_node();
        result
    }

    fn checkpoint(&mut self) -> Checkpoint {
        self.blanks(false);
        self.builder.checkpoint()
    }

    /// Builds a node around what was built since `checkpoint`.
    fn wrap<T>(&mut self, checkpoint: Checkpoint, kind: SyntaxKind, parts: impl FnOnce(&mut Self) -> T) -> T {
        self.builder.start_node_at(checkpoint, raw(kind));
        let result = parts(self);
        self.builder.finish_node();
        result
    }

    /// Reads parts between brackets, where a newline is a blank.
    fn joined<T>(&mut self, parts: impl FnOnce(&mut Self) -> T) -> T {
        self.joined += 1;
        let result = parts(self);
        self.joined -= 1;
        result
    }

    /// Reads parts one level deeper, or says that it is too deep.
    fn nested<T>(&mut self, parts: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= NESTING_MAX {
            return self.halt(too_deep(self.here()));
        }
        self.depth += 1;
        let result = parts(self);
        self.depth -= 1;
        result
    }

    // Reporting.

    /// Reports, unless a mistake before this one may be its cause.
    fn report(&mut self, diagnostic: Diagnostic) {
        if !self.suppressed && self.quiet == 0 && self.diagnostics.len() < MISTAKES_MAX {
            self.diagnostics.push(diagnostic);
        }
        self.mistakes += 1;
        self.suppressed = true;
    }

    fn halt<T>(&mut self, diagnostic: Diagnostic) -> Parsed<T> {
        self.report(diagnostic);
        Err(Halt)
    }

    /// Says what was expected here instead of what stands here.
    fn expected<T>(&mut self, what: &str) -> Parsed<T> {
        let diagnostic =
            Diagnostic::error("SF0002", self.here(), format!("expected {what}, found {}", self.found()));
        // What is expected names the words of the language between backquotes.
        let words = what.split('`').skip(1).step_by(2);
        let diagnostic =
            self.or_meant(diagnostic, words.filter(|word| word.chars().all(char::is_alphabetic)));
        self.halt(diagnostic)
    }

    /// Offers the word that was meant by the one that stands here.
    fn or_meant<'w>(&self, diagnostic: Diagnostic, words: impl Iterator<Item = &'w str>) -> Diagnostic {
        match self.word() {
            "" => diagnostic,
            word => diagnostic.did_you_mean(word, self.here(), words),
        }
    }

    fn expect(&mut self, kind: SyntaxKind, what: &str) -> Parsed {
        if self.eat(kind) { Ok(()) } else { self.expected(what) }
    }

    fn expect_word(&mut self, word: &str) -> Parsed {
        if self.eat_word(word) { Ok(()) } else { self.expected(&format!("`{word}`")) }
    }
}
