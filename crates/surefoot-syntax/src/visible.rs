//! Refuses characters that cannot be seen, or that make a line read differently from what it does.
//!
//! They may stand nowhere in a file, comments included: whoever reviews it must see what is there. A text that
//! needs one writes it as an escape. The characters that only look like a blank are refused where they would
//! join or split words.

use crate::kind::SyntaxKind;
use crate::lexer::Token;
use crate::{Applicability, Diagnostic, FileId, Span};

/// Finds them, and makes blanks of those that stand between tokens, so that they are reported once.
pub(crate) fn check(file: FileId, text: &str, tokens: &mut [Token]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for token in tokens {
        let written = text.get(token.start as usize..token.end as usize).unwrap_or_default();
        if written
            .bytes()
            .all(|byte| byte.is_ascii_graphic() || byte == b' ' || byte == b'\n' || byte == b'\t')
        {
            continue;
        }
        for (offset, character) in written.char_indices() {
            let start = token.start + u32::try_from(offset).unwrap_or(0);
            let span = Span { file, start, end: start + u32::try_from(character.len_utf8()).unwrap_or(1) };
            let rest = text.get(span.end as usize..).unwrap_or_default();
            if let Some(diagnostic) = refused(character, rest, token.kind, span) {
                found.push(diagnostic);
                if token.kind == SyntaxKind::Error {
                    token.kind = SyntaxKind::Whitespace;
                }
            }
        }
    }
    found
}

/// The text with what cannot be seen, or would steer a terminal, written as an escape.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if character != '\n' && (character.is_control() || reverses(character) || hides(character)) {
            escaped.extend(character.escape_unicode());
        } else {
            escaped.push(character);
        }
    }
    escaped
}

fn reverses(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
}

fn hides(character: char) -> bool {
    matches!(
        character,
        '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{feff}' | '\u{ad}' | '\u{180e}' | '\u{115f}'
            | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{2028}' | '\u{2029}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

fn refused(character: char, rest: &str, kind: SyntaxKind, span: Span) -> Option<Diagnostic> {
    let name = match character {
        '\t' | '\n' => return None,
        '\r' if rest.starts_with('\n') => return None,
        _ if reverses(character) => "a character that reverses how the line is shown",
        '\u{feff}' if span.start == 0 => "a byte order mark",
        _ if hides(character) => "a character that cannot be seen",
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
            if matches!(kind, SyntaxKind::Error | SyntaxKind::WordText) =>
        {
            "a character that only looks like a blank"
        }
        _ if character.is_control() => "a control character",
        _ => return None,
    };
    let code = u32::from(character);
    let diagnostic = Diagnostic::error("SF0017", span, format!("this is {name}, U+{code:04X}"));
    Some(if kind == SyntaxKind::StringText {
        let seen = format!("\\u{{{code:x}}}");
        diagnostic.fix(Applicability::Unsafe, "remove it, or write it so that it can be seen", span, seen)
    } else if name.ends_with("blank") {
        diagnostic.fix(Applicability::Unsafe, "write a blank", span, " ")
    } else {
        diagnostic.fix(Applicability::Unsafe, "remove it", span, "")
    })
}
