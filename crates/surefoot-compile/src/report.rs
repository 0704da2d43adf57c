//! Says findings in few words: edits, offers for wrong names, and lists.

use std::fmt::Write;

use surefoot_syntax::{Applicability, Diagnostic, Label, Span};

/// Names that are offered for a wrong one are at least this alike, from 0 to 1.
///
/// Jaro-Winkler over 0.8 is a slip of the finger; under it, an offer confuses more than it helps.
const SIMILARITY_MIN: f64 = 0.8;

/// Starts an error.
pub(crate) fn error(code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(code, span, message)
}

/// Starts a warning.
pub(crate) fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::warning(code, span, message)
}

/// Adds to a diagnostic what only the compiler says.
pub(crate) trait Report: Sized {
    /// Adds an edit that its author must look at.
    fn maybe_fixed_by(self, title: impl Into<String>, span: Span, text: impl Into<String>) -> Self;
    /// Adds the path that leads there.
    fn along(self, path: Vec<Label>) -> Self;
    /// Offers the most alike of some names, with its edit.
    fn did_you_mean<'a>(self, wrong: &str, span: Span, names: impl Iterator<Item = &'a str>) -> Self;
}

impl Report for Diagnostic {
    fn maybe_fixed_by(self, title: impl Into<String>, span: Span, text: impl Into<String>) -> Self {
        self.fix(Applicability::Unsafe, title, span, text)
    }

    fn along(mut self, path: Vec<Label>) -> Self {
        self.trace = path;
        self
    }

    fn did_you_mean<'a>(self, wrong: &str, span: Span, names: impl Iterator<Item = &'a str>) -> Self {
        match most_alike(wrong, names) {
            Some(name) => self.maybe_fixed_by(format!("write `{name}`"), span, name),
            None => self,
        }
    }
}

/// Returns the name most like `wrong`, if one is like it. Of equals the first in the alphabet.
fn most_alike<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names
        .map(|name| (strsim::jaro_winkler(wrong, name), name))
        .filter(|(likeness, name)| *likeness >= SIMILARITY_MIN && *name != wrong)
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
        .map(|(_, name)| name)
}

/// Writes a list as people do: `a, b and c`.
pub(crate) fn listed<T: std::fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    let mut text = String::new();
    for (index, item) in items.iter().enumerate() {
        let between = match (index, index + 1 == items.len()) {
            (0, _) => "",
            (_, true) => " and ",
            (_, false) => ", ",
        };
        // Writing to a string cannot fail.
        let _ = write!(text, "{between}{item}");
    }
    text
}

/// Returns the empty span right before another.
pub(crate) fn before(span: Span) -> Span {
    Span { end: span.start, ..span }
}

/// Returns the empty span right after another.
pub(crate) fn after(span: Span) -> Span {
    Span { start: span.end, ..span }
}
