//! What is wrong with a source, said so that its author can act on it.

use serde::Serialize;

use crate::Span;

/// One finding: one cause, one message.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Diagnostic {
    /// Its code, as `SF0401`; a page explains it (`surefoot explain SF0401`).
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence in the author's words, without a final stop.
    pub message: String,
    /// Where it is: the place to look at first.
    pub primary: Label,
    /// The other ends.
    pub secondary: Vec<Label>,
    /// More that helps.
    pub notes: Vec<Note>,
    /// Edits that mend it.
    pub fixes: Vec<Fix>,
    /// The path that leads there, in order: steps, a secret's way, an import chain.
    pub trace: Vec<Label>,
}

/// A place and what to see there.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What; may be empty on a primary label.
    pub text: String,
}

/// More about a diagnostic.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Note {
    /// What kind.
    pub kind: NoteKind,
    /// The text.
    pub text: String,
}

/// What a note is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteKind {
    /// A fact that explains.
    Note,
    /// What to do.
    Help,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// No plan is made.
    Error,
    /// A plan is made, and it says so.
    Warning,
}

/// Edits that mend a finding.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Fix {
    /// What it does, as a request: "write `every 5s`".
    pub title: String,
    /// The edits; they do not overlap.
    pub edits: Vec<Edit>,
    /// Whether it may be applied unseen.
    pub applicability: Applicability,
}

/// Replaces a range by a text.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Edit {
    /// What is replaced; empty to insert.
    pub span: Span,
    /// By what.
    pub text: String,
}

/// Whether a fix may be applied unseen.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Applicability {
    /// It keeps the meaning, or is surely what was meant.
    Safe,
    /// Its author must look at it.
    Unsafe,
}

impl Diagnostic {
    /// An error at a place. More is added with the methods below.
    #[must_use]
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            primary: Label { span, text: String::new() },
            secondary: Vec::new(),
            notes: Vec::new(),
            fixes: Vec::new(),
            trace: Vec::new(),
        }
    }

    /// A warning at a place.
    #[must_use]
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, span, message) }
    }

    /// Says what to see at the place itself.
    #[must_use]
    pub fn here(mut self, text: impl Into<String>) -> Self {
        self.primary.text = text.into();
        self
    }

    /// Adds the other end.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.secondary.push(Label { span, text: text.into() });
        self
    }

    /// Adds a fact that explains.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(Note { kind: NoteKind::Note, text: text.into() });
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.notes.push(Note { kind: NoteKind::Help, text: text.into() });
        self
    }

    /// Adds an edit that mends it.
    #[must_use]
    pub fn fix(
        mut self,
        applicability: Applicability,
        title: impl Into<String>,
        span: Span,
        text: impl Into<String>,
    ) -> Self {
        self.fixes.push(Fix {
            title: title.into(),
            edits: vec![Edit { span, text: text.into() }],
            applicability,
        });
        self
    }

    /// Adds a step of the path that leads there.
    #[must_use]
    pub fn trace(mut self, span: Span, text: impl Into<String>) -> Self {
        self.trace.push(Label { span, text: text.into() });
        self
    }
}
