//! Shows diagnostics: to a person, in one line each, or to a program.
//!
//! Lines and columns are computed here and nowhere else. Colour never carries meaning.

mod github;
mod gitlab;
mod json;
mod junit;
mod sarif;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Patch, Renderer, Snippet};
use line_index::{LineIndex, TextSize};

use crate::key::Keys;
use crate::{Diagnostic, Fix, Label, Note, NoteKind, Severity, Source, Span, visible};

/// Most diagnostics shown to a person; what remains is counted. Nobody reads the hundredth, and the first is the cause.
const SHOWN_MAX: usize = 50;

/// How diagnostics are shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RenderOptions {
    /// The form.
    pub format: Format,
    /// Whether escape sequences for colour may be written.
    pub colour: bool,
    /// Whether lines may be drawn with more than ASCII.
    pub unicode: bool,
    /// The columns of the terminal.
    pub width: usize,
    /// Whether every file that was to be checked could be read.
    pub whole: bool,
}

impl Default for RenderOptions {
    fn default() -> Self {
        Self { format: Format::Human, colour: false, unicode: true, width: 120, whole: true }
    }
}

/// The form of what is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// With the source, labels, help and edits.
    Human,
    /// `path:line:column: error[SF0002]: message`, one line each.
    Short,
    /// One JSON document, `surefoot.diagnostics/1`.
    Json,
    /// SARIF 2.1.0, for code hosts.
    Sarif,
    /// Commands of a GitHub workflow.
    Github,
    /// A Code Quality report of GitLab.
    Gitlab,
    /// A JUnit report, over all files.
    Junit,
}

/// Shows diagnostics. `sources` holds the files that were looked at; all places are in them.
#[must_use]
pub fn render(diagnostics: &[Diagnostic], sources: &[Source], options: &RenderOptions) -> String {
    let files: Vec<File<'_>> = sources.iter().map(File::new).collect();
    let printable = || diagnostics.iter().map(printable).collect::<Vec<_>>();
    match options.format {
        Format::Human => human(&printable(), &files, options),
        Format::Short => printable().iter().map(|diagnostic| short(diagnostic, &files)).collect(),
        Format::Json => json::render(diagnostics, &files),
        Format::Sarif => sarif::render(diagnostics, &files, &mut Keys::new(sources), options.whole),
        Format::Github => github::render(&printable(), &files),
        Format::Gitlab => gitlab::render(diagnostics, &files, &mut Keys::new(sources)),
        Format::Junit => junit::render(&printable(), &files),
    }
}

/// The diagnostic without characters that would steer a terminal. Messages quote what stands in a file.
fn printable(diagnostic: &Diagnostic) -> Diagnostic {
    let mut diagnostic = diagnostic.clone();
    diagnostic.message = visible::escaped(&diagnostic.message);
    let labels = diagnostic.secondary.iter_mut().chain(&mut diagnostic.trace);
    for label in labels.chain([&mut diagnostic.primary]) {
        label.text = visible::escaped(&label.text);
    }
    for note in &mut diagnostic.notes {
        note.text = visible::escaped(&note.text);
    }
    for fix in &mut diagnostic.fixes {
        fix.title = visible::escaped(&fix.title);
    }
    diagnostic
}

/// A source with its lines.
struct File<'s> {
    /// Its path, as it can be shown.
    path: String,
    source: &'s Source,
    lines: LineIndex,
}

impl<'s> File<'s> {
    fn new(source: &'s Source) -> Self {
        Self { path: visible::escaped(&source.path), source, lines: LineIndex::new(&source.text) }
    }

    /// The line and the column in characters, both counted from 1.
    fn position(&self, offset: u32) -> (usize, usize) {
        let offset = clamp(&self.source.text, offset);
        let before = self.source.text.get(..offset).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = self
            .lines
            .try_line_col(TextSize::from(u32::try_from(offset).unwrap_or(u32::MAX)))
            .map_or(1, |at| at.line as usize + 1);
        (line, before.get(start..).unwrap_or_default().chars().count() + 1)
    }
}

/// The offset within the text, at the edge of a character.
fn clamp(text: &str, offset: u32) -> usize {
    let mut offset = (offset as usize).min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

fn find<'f, 's>(files: &'f [File<'s>], span: Span) -> Option<&'f File<'s>> {
    // Files mostly stand at the index that their number says.
    let there = files.get(span.file.0 as usize).filter(|file| file.source.id == span.file);
    there.or_else(|| files.iter().find(|file| file.source.id == span.file))
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// A note in one line.
fn note(note: &Note) -> String {
    match note.kind {
        NoteKind::Note => format!("note: {}", note.text),
        NoteKind::Help => format!("help: {}", note.text),
    }
}

// For a person.

fn human(diagnostics: &[Diagnostic], files: &[File<'_>], options: &RenderOptions) -> String {
    let decor = if options.unicode { DecorStyle::Unicode } else { DecorStyle::Ascii };
    let renderer = if options.colour { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(decor).term_width(options.width);
    let mut out = String::new();
    for diagnostic in diagnostics.iter().take(SHOWN_MAX) {
        out.push_str(&renderer.render(&report(diagnostic, files)));
        out.push_str("\n\n");
    }
    let rest = diagnostics.len().saturating_sub(SHOWN_MAX);
    if rest > 0 {
        out.push_str(&format!("… and {rest} more. Mend the first ones: others may be gone then.\n"));
    }
    out
}

fn report<'a>(diagnostic: &'a Diagnostic, files: &'a [File<'a>]) -> Vec<Group<'a>> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(diagnostic.message.as_str()).id(diagnostic.code));
    for snippet in snippets(diagnostic, files) {
        group = group.element(snippet);
    }
    if !diagnostic.trace.is_empty() {
        group = group.element(Level::NOTE.with_name("path").message(trace(&diagnostic.trace, files)));
    }
    for note in &diagnostic.notes {
        let level = match note.kind {
            NoteKind::Note => Level::NOTE,
            NoteKind::Help => Level::HELP,
        };
        group = group.element(level.message(note.text.as_str()));
    }
    let mut groups = vec![group];
    groups.extend(diagnostic.fixes.iter().filter_map(|fix| proposal(fix, files)));
    groups
}

/// One snippet per file, the primary label's file first.
fn snippets<'a>(
    diagnostic: &'a Diagnostic,
    files: &'a [File<'a>],
) -> Vec<Snippet<'a, annotate_snippets::Annotation<'a>>> {
    let mut labels: Vec<(&Label, AnnotationKind)> = vec![(&diagnostic.primary, AnnotationKind::Primary)];
    labels.extend(diagnostic.secondary.iter().map(|label| (label, AnnotationKind::Context)));
    let mut order = Vec::new();
    for (label, _) in &labels {
        if !order.contains(&label.span.file) {
            order.push(label.span.file);
        }
    }
    let mut made = Vec::new();
    for id in order {
        let of_file = || labels.iter().filter(|(label, _)| label.span.file == id);
        let Some(file) = find(files, Span { file: id, ..Span::default() }) else { continue };
        let text = &file.source.text;
        let start = of_file().map(|(label, _)| clamp(text, label.span.start)).min().unwrap_or(0);
        let end = of_file().map(|(label, _)| clamp(text, label.span.end)).max().unwrap_or(0);
        let window = Window::new(file, start, end.max(start));
        let mut snippet = Snippet::source(window.text).line_start(window.line).path(file.path.as_str());
        for (label, kind) in of_file() {
            let mut annotation = kind.span(window.range(text, label.span));
            if !label.text.is_empty() {
                annotation = annotation.label(label.text.as_str());
            }
            snippet = snippet.annotation(annotation);
        }
        made.push(snippet);
    }
    made
}

/// The whole lines around a range: what is not shown need not be searched.
struct Window<'a> {
    text: &'a str,
    start: usize,
    line: usize,
}

impl<'a> Window<'a> {
    fn new(file: &'a File<'a>, start: usize, end: usize) -> Self {
        let text = file.source.text.as_str();
        let from = text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
        let to =
            text.get(end..).and_then(|after| after.find('\n')).map_or(text.len(), |newline| end + newline);
        let line = file.position(u32::try_from(from).unwrap_or(u32::MAX)).0;
        Self { text: text.get(from..to).unwrap_or_default(), start: from, line }
    }

    fn range(&self, text: &str, span: Span) -> std::ops::Range<usize> {
        let start = clamp(text, span.start).saturating_sub(self.start);
        let end = clamp(text, span.end).saturating_sub(self.start);
        start..end.max(start)
    }
}

fn trace(steps: &[Label], files: &[File<'_>]) -> String {
    let mut text = String::new();
    for (index, step) in steps.iter().enumerate() {
        let place = match find(files, step.span) {
            Some(file) => {
                let (line, _) = file.position(step.span.start);
                format!("{}:{line}", file.path)
            }
            None => String::new(),
        };
        let separator = if index == 0 { "" } else { "\n" };
        text.push_str(&format!("{separator}{}. {} ({place})", index + 1, step.text));
    }
    text
}

fn proposal<'a>(fix: &'a Fix, files: &'a [File<'a>]) -> Option<Group<'a>> {
    let first = fix.edits.first()?;
    let file = find(files, first.span)?;
    let text = &file.source.text;
    let of_file = || fix.edits.iter().filter(|edit| edit.span.file == first.span.file);
    let start = of_file().map(|edit| clamp(text, edit.span.start)).min()?;
    let end = of_file().map(|edit| clamp(text, edit.span.end)).max()?;
    let window = Window::new(file, start, end.max(start));
    let mut snippet = Snippet::source(window.text).line_start(window.line).path(file.path.as_str());
    for edit in of_file() {
        snippet = snippet.patch(Patch::new(window.range(text, edit.span), edit.text.as_str()));
    }
    Some(Group::with_title(Level::HELP.secondary_title(fix.title.as_str())).element(snippet))
}

// In one line.

fn short(diagnostic: &Diagnostic, files: &[File<'_>]) -> String {
    let place = match find(files, diagnostic.primary.span) {
        Some(file) => {
            let (line, column) = file.position(diagnostic.primary.span.start);
            format!("{}:{line}:{column}: ", file.path)
        }
        None => String::new(),
    };
    format!("{place}{}[{}]: {}\n", severity(diagnostic.severity), diagnostic.code, diagnostic.message)
}

#[cfg(test)]
mod tests;
