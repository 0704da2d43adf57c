//! Words that stand bare where a text in quotes is meant: paths, owners, patterns.

use super::{Parsed, Parser};
use crate::kind::SyntaxKind;
use crate::{Applicability, Diagnostic, Span};

impl Parser<'_> {
    /// Says what was expected here; if one bare word stands here, with the edit that writes it in quotes.
    pub(super) fn unquoted<T>(&mut self, what: &str) -> Parsed<T> {
        let diagnostic =
            Diagnostic::error("SF0002", self.here(), format!("expected {what}, found {}", self.found()));
        let Some((word, ends)) = self.bare_word() else { return self.halt(diagnostic) };
        let text =
            format!("\"{}\"", self.text.get(word.start as usize..word.end as usize).unwrap_or_default());
        // With more words behind it, nobody can tell where the text was to end.
        let applicability = if ends { Applicability::Safe } else { Applicability::Unsafe };
        self.halt(diagnostic.fix(applicability, "write it in quotes", word, text))
    }

    /// Whether a path stands here without quotes: `/etc/app`, `./x`.
    pub(super) fn at_bare_path(&self) -> bool {
        let (sign, next) = (self.current(), self.ahead(1));
        let begins = matches!(sign.kind, SyntaxKind::Slash | SyntaxKind::Dot);
        begins
            && next.start == sign.end
            && matches!(next.kind, SyntaxKind::Ident | SyntaxKind::Slash | SyntaxKind::Dot)
    }

    /// The signs and letters that stand here without a blank between them, if they could be a text; and whether
    /// nothing but a comma or the end of the line follows.
    fn bare_word(&self) -> Option<(Span, bool)> {
        let first = self.skip_trivia(self.position);
        let start = self.token(first).start;
        let mut end = start;
        let mut index = first;
        while self.token(index).start == end && is_bare(self.text_of(self.token(index))) {
            end = self.token(index).end;
            index += 1;
        }
        let next = self.token(self.skip_trivia(index));
        let apart = matches!(
            next.kind,
            SyntaxKind::Newline
                | SyntaxKind::EndOfFile
                | SyntaxKind::Comma
                | SyntaxKind::BraceClose
                | SyntaxKind::ParenClose
                | SyntaxKind::BracketClose
        );
        (end > start).then_some((Span { start, end, file: self.file }, apart))
    }

    /// Offers quotes around a word of a command that holds a sign of the shell. The program may take the pattern
    /// itself, or its author meant the shell to expand it: only they know.
    pub(super) fn quoted_word(&self, diagnostic: Diagnostic, start: u32) -> Diagnostic {
        let mut index = self.position;
        let is_part =
            |kind| super::command::is_word_part(kind) || kind == SyntaxKind::ParenClose && self.joined == 0;
        while is_part(self.token(index).kind) {
            index += 1;
        }
        let end = self.token(index.saturating_sub(1)).end;
        let span = Span { start, end, file: self.file };
        let word = self.text.get(start as usize..end as usize).unwrap_or_default();
        if word.contains(['\'', '"', '\\', '$', '`']) {
            return diagnostic;
        }
        let title = "if the program is to get it as it stands, write it in quotes";
        diagnostic.fix(Applicability::Unsafe, title, span, format!("'{word}'"))
    }
}

/// Whether a token may be part of a text without quotes.
fn is_bare(text: &str) -> bool {
    let is_sign = |c: char| "/._-+:@~%".contains(c);
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || is_sign(c))
}
