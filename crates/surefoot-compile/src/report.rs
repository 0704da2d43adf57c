//! Says findings in few words: edits, offers for wrong names, and lists.

use std::fmt::Write;

use surefoot_syntax::{Applicability, Diagnostic, Label, Span};

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
    /// Adds an edit that is surely what was meant.
    fn fixed_by(self, title: impl Into<String>, span: Span, text: impl Into<String>) -> Self;
    /// Adds the path that leads there.
    fn along(self, path: Vec<Label>) -> Self;
}

impl Report for Diagnostic {
    fn maybe_fixed_by(self, title: impl Into<String>, span: Span, text: impl Into<String>) -> Self {
        self.fix(Applicability::Unsafe, title, span, text)
    }

    fn fixed_by(self, title: impl Into<String>, span: Span, text: impl Into<String>) -> Self {
        self.fix(Applicability::Safe, title, span, text)
    }

    fn along(mut self, path: Vec<Label>) -> Self {
        self.trace = path;
        self
    }
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
