//! Text becomes a tree.
//!
//! In: the bytes of a file. Out: a [`Parse`]: a lossless tree, the [`ast`] read from it, and diagnostics.
//! Parsing is total: it never fails and never panics, and damage stays where it is.
//!
//! May never: fail on bad source; know what a name means; do I/O.

pub mod ast;
mod baseline;
mod codes;
mod diagnostic;
mod diff;
mod findings;
mod fix;
mod format;
mod gate;
mod grammar;
mod key;
mod kind;
mod levels;
mod lexer;
mod lower;
mod near;
mod parser;
mod render;
mod source;
mod visible;

pub use baseline::Baseline;
pub use codes::{Page, SECTIONS, codes, explain};
pub use diagnostic::{Applicability, Diagnostic, Edit, Fix, Label, Note, NoteKind, Severity};
pub use diff::unified_diff;
pub use findings::Findings;
pub use fix::apply_fixes;
pub use format::{Formatted, format, on_one_line};
pub use key::{Key, Keys, item_at};
pub use kind::{Language, SyntaxKind, SyntaxNode, SyntaxToken};
pub use levels::{Level, Levels, unknown_code};
pub use near::nearest;
pub use render::{Format, RenderOptions, render};
pub use source::{FileId, Source, Span};

/// Largest file that is read, in bytes. A runbook for people has some thousand lines; one of 4 MiB was generated
/// by mistake, and its tree would take half a gigabyte.
pub const FILE_BYTES_MAX: usize = 4 << 20;

/// Returns what a file is called where another names it: without its folders and its ending, and `_` for `-`. None if
/// nothing is left.
#[must_use]
pub fn file_name(path: &str) -> Option<String> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let name = name.split('.').next().unwrap_or_default();
    (!name.is_empty()).then(|| name.replace('-', "_"))
}

/// What became of a file.
#[derive(Clone, Debug)]
pub struct Parse {
    /// The lossless tree: its text is the file's.
    pub green: rowan::GreenNode,
    /// What the author wrote, without trivia.
    pub file: ast::File,
    /// What is wrong with it, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

impl Parse {
    /// The root of the lossless tree.
    #[must_use]
    pub fn syntax(&self) -> SyntaxNode {
        SyntaxNode::new_root(self.green.clone())
    }

    /// What the author wrote without blanks, line breaks and comments, each token after a NUL: what formatting
    /// a file does not change.
    #[must_use]
    pub fn without_blanks(&self) -> String {
        let mut text = String::new();
        for token in self.syntax().descendants_with_tokens().filter_map(rowan::NodeOrToken::into_token) {
            let kind = token.kind();
            if !kind.is_trivia() && !matches!(kind, SyntaxKind::Newline | SyntaxKind::Doc) {
                text.push('\0');
                text.push_str(token.text());
            }
        }
        text
    }

    /// Whether an error was found.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

/// Reads a file. Never fails: what is wrong with the text is among the diagnostics.
#[must_use]
pub fn parse(source: &Source) -> Parse {
    if source.text.len() > FILE_BYTES_MAX {
        return too_large(source);
    }
    let mut tokens = lexer::tokens(&source.text);
    let invisible = visible::check(source.id, &source.text, &mut tokens);
    let built = parser::build(source.id, &source.text, &tokens);
    // What the gate would say about a file that is refused already is less than what was said.
    let read_well = built.diagnostics.is_empty() && invisible.is_empty();
    let root = SyntaxNode::new_root(built.green.clone());
    let (file, said) = lower::file(source.id, &root);
    let mut diagnostics = built.diagnostics;
    diagnostics.extend(said);
    diagnostics.extend(invisible);
    if read_well {
        diagnostics.extend(gate::refusal(source.id, &source.text));
    }
    diagnostics.sort_by_key(|diagnostic| diagnostic.primary.span.start);
    Parse { green: built.green, file, diagnostics }
}

/// A file that is not read: its tree is one token.
/// The keywords that are designed and not built, and begin a statement: each is refused by name.
#[must_use]
pub fn words_not_built() -> &'static [&'static str] {
    parser::words_not_built()
}

fn too_large(source: &Source) -> Parse {
    let mut builder = rowan::GreenNodeBuilder::new();
    builder.start_node(kind::raw(SyntaxKind::File));
    builder.token(kind::raw(SyntaxKind::Error), &source.text);
    builder.finish_node();
    let place = Span { file: source.id, start: 0, end: 0 };
    let diagnostic = Diagnostic::error("SF0018", place, "the file is too large")
        .here(format!("it has {} bytes; a file may have {FILE_BYTES_MAX}", source.text.len()))
        .help("divide it into modules, or look at what generated it");
    Parse { green: builder.finish(), file: ast::File::default(), diagnostics: vec![diagnostic] }
}

#[cfg(test)]
mod tests;
