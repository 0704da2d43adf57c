//! Cuts a text into tokens, by the grammar's rule `tokens`.
//!
//! Total: every byte belongs to exactly one token, whatever the text.

use pest::Parser as _;

use crate::grammar::{Grammar, Rule};
use crate::kind::SyntaxKind;

/// A token: its kind, and the byte after its last. It begins where the one before it ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Token {
    pub(crate) kind: SyntaxKind,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// How many bytes are read at once, up to the end of their line: what is noted of them meanwhile takes up to two
/// hundred times as much.
const PIECE_BYTES: usize = 4 << 10;

/// Cuts `text` into tokens. The last is the end of the file, and empty.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    in_pieces(text, PIECE_BYTES)
}

/// How often it is looked to the end of a file whether something is closed there. More is not worth the memory.
const LOOKS_MAX: u32 = 8;

/// The tokens of a text that is read so many bytes at once, or a little more. How many makes no difference to what
/// is read: only a text or a script of many lines, and a command that goes on behind a `\`, go over the end of a line.
fn in_pieces(text: &str, bytes: usize) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(text.len() / 4);
    let (mut at, mut looks) = (0, 0);
    while at < text.len() {
        let end = end_of_piece(text, at, bytes);
        let mut first = tokens.len();
        read(Rule::tokens, text, at..end, &mut tokens);
        at = end;
        // What begins in this piece may end in another.
        while end < text.len()
            && let Some((index, rule)) = unclosed(&tokens, first)
        {
            let open = tokens.get(index).map_or(end, |open| open.start as usize);
            let mut alone = Vec::new();
            let rule = if looks < LOOKS_MAX { rule } else { Rule::tokens };
            looks += 1;
            read(rule, text, open..text.len(), &mut alone);
            if alone.len() > 1 {
                at = alone.last().map_or(end, |token| token.end as usize);
                tokens.truncate(index);
                tokens.append(&mut alone);
                break;
            }
            // It is closed nowhere, and what comes after it was read rightly.
            first = index + 1;
        }
    }
    let end = offset(text.len());
    tokens.push(Token { kind: SyntaxKind::EndOfFile, start: end, end });
    tokens
}

/// Where a piece ends that begins at `at`: behind a newline at which no command goes on.
fn end_of_piece(text: &str, at: usize, bytes: usize) -> usize {
    let rest = text.as_bytes().get(at..).unwrap_or_default();
    let goes_on = |newline: usize| {
        let line = rest.get(..newline).unwrap_or_default();
        line.strip_suffix(b"\r").unwrap_or(line).ends_with(b"\\")
    };
    let mut from = bytes;
    while let Some(found) = rest.get(from..).and_then(|rest| rest.iter().position(|byte| *byte == b'\n')) {
        let newline = from + found;
        if !goes_on(newline) {
            return at + newline + 1;
        }
        from = newline + 1;
    }
    text.len()
}

/// The first text or script of many lines, from a token on, that is opened and not closed; and the rule that reads it.
fn unclosed(tokens: &[Token], from: usize) -> Option<(usize, Rule)> {
    let mut open = None;
    for (index, token) in tokens.iter().enumerate().skip(from) {
        #[expect(clippy::wildcard_enum_match_arm, reason = "all others neither open nor close one")]
        match token.kind {
            SyntaxKind::BlockOpen | SyntaxKind::FenceOpen if open.is_some() => break,
            SyntaxKind::BlockOpen => open = Some((index, Rule::one_block)),
            SyntaxKind::FenceOpen => open = Some((index, Rule::one_fence)),
            SyntaxKind::BlockClose | SyntaxKind::FenceClose => open = None,
            _ => {}
        }
    }
    open
}

/// Reads a part of a text by a rule of tokens.
fn read(rule: Rule, text: &str, part: std::ops::Range<usize>, tokens: &mut Vec<Token>) {
    let Some(piece) = text.get(part.clone()) else { return };
    match Grammar::parse(rule, piece) {
        Ok(pairs) => {
            for pair in pairs.flatten() {
                let Some(kind) = kind(pair.as_rule()) else { continue };
                let span = pair.as_span();
                let (start, end) = (offset(part.start + span.start()), offset(part.start + span.end()));
                if start < end {
                    tokens.push(Token { kind, start, end });
                }
            }
        }
        // The rule ends in a token for any character, so it accepts every text.
        Err(_) => {
            let (start, end) = (offset(part.start), offset(part.end));
            tokens.push(Token { kind: SyntaxKind::Error, start, end });
        }
    }
}

fn offset(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// The kind of a token rule; none for the rules of the gate, which never occur here.
fn kind(rule: Rule) -> Option<SyntaxKind> {
    TOKENS.iter().find(|(token, _)| *token == rule).map(|(_, kind)| *kind)
}

/// The token rules of the grammar, the frequent ones first.
const TOKENS: &[(Rule, SyntaxKind)] = &[
    (Rule::whitespace, SyntaxKind::Whitespace),
    (Rule::ident, SyntaxKind::Ident),
    (Rule::newline, SyntaxKind::Newline),
    (Rule::word_text, SyntaxKind::WordText),
    (Rule::comma, SyntaxKind::Comma),
    (Rule::dot, SyntaxKind::Dot),
    (Rule::string_open, SyntaxKind::StringOpen),
    (Rule::string_text, SyntaxKind::StringText),
    (Rule::string_close, SyntaxKind::StringClose),
    (Rule::interp_open, SyntaxKind::InterpOpen),
    (Rule::interp_close, SyntaxKind::InterpClose),
    (Rule::brace_open, SyntaxKind::BraceOpen),
    (Rule::brace_close, SyntaxKind::BraceClose),
    (Rule::paren_open, SyntaxKind::ParenOpen),
    (Rule::paren_close, SyntaxKind::ParenClose),
    (Rule::colon, SyntaxKind::Colon),
    (Rule::equal, SyntaxKind::Equal),
    (Rule::dollar, SyntaxKind::Dollar),
    (Rule::comment, SyntaxKind::Comment),
    (Rule::doc, SyntaxKind::Doc),
    (Rule::duration, SyntaxKind::Duration),
    (Rule::int, SyntaxKind::Int),
    (Rule::continuation, SyntaxKind::Continuation),
    (Rule::date, SyntaxKind::Date),
    (Rule::size, SyntaxKind::Size),
    (Rule::percent, SyntaxKind::Percent),
    (Rule::float, SyntaxKind::Float),
    (Rule::bad_number, SyntaxKind::BadNumber),
    (Rule::string_escape, SyntaxKind::StringEscape),
    (Rule::block_open, SyntaxKind::BlockOpen),
    (Rule::block_string_text, SyntaxKind::StringText),
    (Rule::block_escape, SyntaxKind::StringEscape),
    (Rule::block_close, SyntaxKind::BlockClose),
    (Rule::raw_text, SyntaxKind::RawText),
    (Rule::raw_unclosed, SyntaxKind::RawUnclosed),
    (Rule::splice, SyntaxKind::Splice),
    (Rule::fence_open, SyntaxKind::FenceOpen),
    (Rule::fence_tag, SyntaxKind::FenceTag),
    (Rule::fence_gap, SyntaxKind::Whitespace),
    (Rule::script_text, SyntaxKind::ScriptText),
    (Rule::fence_close, SyntaxKind::FenceClose),
    (Rule::word_escape, SyntaxKind::WordEscape),
    (Rule::word_bad, SyntaxKind::WordBad),
    (Rule::bar, SyntaxKind::Bar),
    (Rule::bracket_open, SyntaxKind::BracketOpen),
    (Rule::bracket_close, SyntaxKind::BracketClose),
    (Rule::semicolon, SyntaxKind::Semicolon),
    (Rule::arrow, SyntaxKind::Arrow),
    (Rule::equal_equal, SyntaxKind::EqualEqual),
    (Rule::not_equal, SyntaxKind::NotEqual),
    (Rule::less, SyntaxKind::Less),
    (Rule::less_equal, SyntaxKind::LessEqual),
    (Rule::greater, SyntaxKind::Greater),
    (Rule::greater_equal, SyntaxKind::GreaterEqual),
    (Rule::plus, SyntaxKind::Plus),
    (Rule::minus, SyntaxKind::Minus),
    (Rule::star, SyntaxKind::Star),
    (Rule::slash, SyntaxKind::Slash),
    (Rule::or_else, SyntaxKind::OrElse),
    (Rule::question, SyntaxKind::Question),
    (Rule::error, SyntaxKind::Error),
];

#[cfg(test)]
mod tests;
