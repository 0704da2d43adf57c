//! Why a command could not do what it was asked to, and what to do next.

use std::fmt::Display;

use crate::exit::Exit;

/// The end of a command that did not do what it was asked to.
#[derive(Debug)]
pub(crate) struct CommandError {
    /// Which exit code it gives.
    pub(crate) kind: Exit,
    /// What went wrong, as a sentence. Empty if it was already shown.
    pub(crate) error: String,
    /// What to do next, each as a sentence or a command to type.
    pub(crate) hints: Vec<String>,
}

impl CommandError {
    /// An error of this kind.
    pub(crate) fn new(kind: Exit, error: impl Into<String>) -> Self {
        CommandError { kind, error: error.into(), hints: Vec::new() }
    }

    /// The command line, a file, an input or the configuration is wrong.
    pub(crate) fn usage(error: impl Into<String>) -> Self {
        CommandError::new(Exit::Usage, error)
    }

    /// What is wrong was already shown; only the exit code is left to give.
    pub(crate) fn shown(kind: Exit) -> Self {
        CommandError::new(kind, "")
    }

    /// Adds what to do next.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds the name that was meant, if one is like the wrong one.
    pub(crate) fn did_you_mean<'n>(self, wrong: &str, names: impl IntoIterator<Item = &'n str>) -> Self {
        match surefoot_syntax::nearest(wrong, names) {
            Some((meant, _)) => self.hint(format!("did you mean `{meant}`?")),
            None => self,
        }
    }

    /// Writes it to standard error.
    pub(crate) fn print(&self) {
        if !self.error.is_empty() {
            crate::output::complain(&format!("surefoot: {}", self.error));
        }
        for hint in &self.hints {
            crate::output::complain(&format!("  help: {hint}"));
        }
    }
}

/// Says which file an error of the system is about.
pub(crate) fn at_path(path: &std::path::Path, error: &impl Display) -> String {
    format!("{}: {error}.", path.display())
}
