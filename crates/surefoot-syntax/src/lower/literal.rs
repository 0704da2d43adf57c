//! Literals: what their text says.

use std::str::FromStr;

use super::{Lower, tokens};
use crate::Diagnostic;
use crate::ast::{Bits, ExprKind, Text, WordPart};
use crate::kind::{SyntaxKind, SyntaxNode, SyntaxToken};

impl Lower {
    /// The value of a literal; none if it is too large, which is said.
    pub(super) fn literal(&mut self, node: &SyntaxNode) -> Option<ExprKind> {
        let token = tokens(node).find(|token| !super::is_blank(token.kind()))?;
        let text = token.text();
        Some(match token.kind() {
            SyntaxKind::Ident if text == "none" => ExprKind::None,
            SyntaxKind::Ident => ExprKind::Bool(text == "true"),
            SyntaxKind::Int => ExprKind::Int(self.number::<i64>(node, "this number is too large")?),
            SyntaxKind::Float => ExprKind::Float(self.float(&token, text)?),
            SyntaxKind::Percent => ExprKind::Percent(self.float(&token, text.trim_end_matches('%'))?),
            SyntaxKind::Duration => ExprKind::Duration(self.milliseconds(node)?),
            SyntaxKind::Size => ExprKind::Size(self.bytes(&token)?),
            SyntaxKind::Date => ExprKind::Time(text.to_owned()),
            _ => return None,
        })
    }

    /// The number that a literal is.
    pub(super) fn number<T: FromStr>(&mut self, literal: &SyntaxNode, otherwise: &str) -> Option<T> {
        let token = tokens(literal).find(|token| !super::is_blank(token.kind()))?;
        if let Ok(number) = token.text().parse() {
            return Some(number);
        }
        self.too_large(&token, otherwise);
        None
    }

    fn float(&mut self, token: &SyntaxToken, digits: &str) -> Option<Bits> {
        let number: f64 = digits.parse().ok()?;
        if number.is_finite() {
            return Some(Bits(number.to_bits()));
        }
        self.too_large(token, "this number is too large");
        None
    }

    /// A duration in milliseconds.
    pub(super) fn milliseconds(&mut self, literal: &SyntaxNode) -> Option<u64> {
        let token = tokens(literal).find(|token| token.kind() == SyntaxKind::Duration)?;
        let (digits, unit) = split(token.text());
        let factor: u64 = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        let value = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
        if value.is_none() {
            self.too_large(&token, "this duration is too large");
        }
        value
    }

    fn bytes(&mut self, token: &SyntaxToken) -> Option<u64> {
        let (digits, unit) = split(token.text());
        let factor: u64 = match unit {
            "B" => 1,
            "KB" => 1_000,
            "MB" => 1_000_000,
            "GB" => 1_000_000_000,
            "TB" => 1_000_000_000_000,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            "TiB" => 1 << 40,
            _ => return None,
        };
        let value = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
        if value.is_none() {
            self.too_large(token, "this size is too large");
        }
        value
    }

    fn too_large(&mut self, token: &SyntaxToken, message: &str) {
        let span = self.token_span(token);
        self.diagnostics.push(Diagnostic::error("SF0015", span, message));
    }

    /// A text without values.
    pub(super) fn fixed_text(&mut self, node: &SyntaxNode) -> Option<Text> {
        if node.kind() != SyntaxKind::Text {
            return None;
        }
        let mut text = String::new();
        for part in self.text_parts(node)? {
            match part {
                WordPart::Text(part) => text.push_str(&part),
                WordPart::Value(_) | WordPart::Splice(_) => return None,
            }
        }
        Some(Text { text, span: self.span(node) })
    }

    /// The parts of a text; none if it is not closed.
    pub(super) fn text_parts(&mut self, node: &SyntaxNode) -> Option<Vec<WordPart>> {
        let first = tokens(node).next()?;
        match first.kind() {
            SyntaxKind::RawText => {
                let text = first.text();
                let text = text.get(1..text.len().saturating_sub(1)).unwrap_or_default();
                return Some(if text.is_empty() {
                    Vec::new()
                } else {
                    vec![WordPart::Text(text.to_owned())]
                });
            }
            SyntaxKind::StringOpen if super::has_token(node, SyntaxKind::StringClose) => {}
            SyntaxKind::BlockOpen if super::has_token(node, SyntaxKind::BlockClose) => {}
            _ => return None,
        }
        let margin = (first.kind() == SyntaxKind::BlockOpen).then(|| margin(node));
        let mut parts: Vec<WordPart> = Vec::new();
        let mut line_start = false;
        for (index, part) in node.children_with_tokens().enumerate() {
            let piece = match part {
                rowan::NodeOrToken::Node(node) if node.kind() == SyntaxKind::Interpolation => {
                    line_start = false;
                    parts.push(self.interpolated(&node));
                    continue;
                }
                rowan::NodeOrToken::Node(_) => continue,
                rowan::NodeOrToken::Token(token) => match token.kind() {
                    SyntaxKind::StringText => match margin {
                        None => token.text().to_owned(),
                        Some(margin) => cut_margin(token.text(), margin, index == 1, &mut line_start),
                    },
                    SyntaxKind::StringEscape => {
                        line_start = false;
                        self.escape(&token)
                    }
                    _ => continue,
                },
            };
            if let Some(WordPart::Text(last)) = parts.last_mut() {
                last.push_str(&piece);
            } else if !piece.is_empty() {
                parts.push(WordPart::Text(piece));
            }
        }
        Some(parts)
    }

    /// What an escape stands for.
    fn escape(&mut self, token: &SyntaxToken) -> String {
        let written = token.text();
        let escaped = match written {
            "\\n" => Some('\n'),
            "\\t" => Some('\t'),
            "\\r" => Some('\r'),
            "\\\"" => Some('"'),
            "\\\\" => Some('\\'),
            "\\$" => Some('$'),
            _ => written
                .strip_prefix("\\u{")
                .and_then(|rest| rest.strip_suffix('}'))
                .and_then(|hex| u32::from_str_radix(hex, 16).ok())
                .and_then(char::from_u32),
        };
        if let Some(escaped) = escaped {
            return escaped.to_string();
        }
        let span = self.token_span(token);
        self.diagnostics.push(
            Diagnostic::error("SF0016", span, format!("`{written}` is not an escape")).help(
                "escapes are `\\n`, `\\t`, `\\r`, `\\\"`, `\\\\`, `\\$` and `\\u{…}`; in a text between single quotes a backslash is itself",
            ),
        );
        String::new()
    }
}

fn split(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

/// The indentation that all lines of a `"""` text share; the line of its end counts too.
fn margin(node: &SyntaxNode) -> usize {
    let text = node.text().to_string();
    let inside = text.get(3..text.len().saturating_sub(3)).unwrap_or_default();
    let mut lines = inside.split('\n').skip(1).peekable();
    let mut margin = None;
    while let Some(line) = lines.next() {
        let blanks = line.len() - line.trim_start_matches([' ', '\t']).len();
        let is_last = lines.peek().is_none();
        if is_last || blanks < line.trim_end_matches('\r').len() {
            margin = Some(margin.map_or(blanks, |margin: usize| margin.min(blanks)));
        }
    }
    margin.unwrap_or(0)
}

/// Takes the margin from the lines of one piece of a `"""` text, and the line break after its opening.
fn cut_margin(text: &str, margin: usize, is_first: bool, line_start: &mut bool) -> String {
    let mut cut = String::with_capacity(text.len());
    let mut text = text;
    if is_first
        && let Some((before, rest)) = text.split_once('\n')
        && before.trim().is_empty()
    {
        text = rest;
        *line_start = true;
    }
    for line in text.split_inclusive('\n') {
        let blanks = if *line_start { line.len() - line.trim_start_matches([' ', '\t']).len() } else { 0 };
        cut.push_str(line.get(margin.min(blanks)..).unwrap_or_default());
        *line_start = line.ends_with('\n');
    }
    cut
}
