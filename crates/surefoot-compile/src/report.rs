//! Builds diagnostics in few words, so that each place that finds something can say it well.

use std::fmt::Write;

use surefoot_syntax::{Applicability, Diagnostic, Edit, Fix, Label, Note, NoteKind, Severity, Span};

/// Names that are offered for a wrong one are at least this alike, from 0 to 1.
///
/// Jaro-Winkler over 0.8 is a slip of the finger; under it, an offer confuses more than it helps.
const SIMILARITY_MIN: f64 = 0.8;

/// Starts an error.
pub(crate) fn error(code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
    diagnostic(Severity::Error, code, span, message.into())
}

/// Starts a warning.
pub(crate) fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
    diagnostic(Severity::Warning, code, span, message.into())
}

fn diagnostic(severity: Severity, code: &'static str, span: Span, message: String) -> Diagnostic {
    Diagnostic {
        code,
        severity,
        message,
        primary: Label { span, text: String::new() },
        secondary: Vec::new(),
        notes: Vec::new(),
        fixes: Vec::new(),
        trace: Vec::new(),
    }
}

/// Adds to a diagnostic, so that it is written as one expression.
pub(crate) trait Report: Sized {
    /// Says what to see at the first place.
    fn here(self, text: impl Into<String>) -> Self;
    /// Adds another place.
    fn label(self, span: Span, text: impl Into<String>) -> Self;
    /// Adds a fact that explains.
    fn note(self, text: impl Into<String>) -> Self;
    /// Adds what to do.
    fn help(self, text: impl Into<String>) -> Self;
    /// Adds an edit that is surely meant.
    fn fixed_by(self, title: impl Into<String>, span: Span, text: impl Into<String>) -> Self;
    /// Adds an edit that its author must look at.
    fn maybe_fixed_by(self, title: impl Into<String>, span: Span, text: impl Into<String>) -> Self;
    /// Adds the path that leads there.
    fn along(self, path: Vec<Label>) -> Self;
    /// Offers the most alike of some names, with its edit.
    fn did_you_mean<'a>(self, wrong: &str, span: Span, names: impl Iterator<Item = &'a str>) -> Self;
}

impl Report for Diagnostic {
    fn here(mut self, text: impl Into<String>) -> Self {
        self.primary.text = text.into();
        self
    }

    fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.secondary.push(Label { span, text: text.into() });
        self
    }

    fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(Note { kind: NoteKind::Note, text: text.into() });
        self
    }

    fn help(mut self, text: impl Into<String>) -> Self {
        self.notes.push(Note { kind: NoteKind::Help, text: text.into() });
        self
    }

    fn fixed_by(mut self, title: impl Into<String>, span: Span, text: impl Into<String>) -> Self {
        self.fixes.push(one_edit(title.into(), span, text.into(), Applicability::Safe));
        self
    }

    fn maybe_fixed_by(mut self, title: impl Into<String>, span: Span, text: impl Into<String>) -> Self {
        self.fixes.push(one_edit(title.into(), span, text.into(), Applicability::Unsafe));
        self
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

fn one_edit(title: String, span: Span, text: String, applicability: Applicability) -> Fix {
    Fix { title, edits: vec![Edit { span, text }], applicability }
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
