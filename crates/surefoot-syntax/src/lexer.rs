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

/// Cuts `text` into tokens. The last is the end of the file, and empty.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
    let mut tokens = Vec::with_capacity(text.len() / 4);
    match Grammar::parse(Rule::tokens, text) {
        Ok(pairs) => {
            for pair in pairs.flatten() {
                let Some(kind) = kind(pair.as_rule()) else { continue };
                let span = pair.as_span();
                let (start, end) = (offset(span.start()), offset(span.end()));
                if start < end {
                    tokens.push(Token { kind, start, end });
                }
            }
        }
        // The rule ends in a token for any character, so it accepts every text.
        Err(_) if end > 0 => tokens.push(Token { kind: SyntaxKind::Error, start: 0, end }),
        Err(_) => {}
    }
    tokens.push(Token { kind: SyntaxKind::EndOfFile, start: end, end });
    tokens
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
