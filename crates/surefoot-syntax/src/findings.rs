//! What was found in several compilations, as one list over one set of files.
//!
//! Each compilation numbers its files from 0. Here a file has one number however many runbooks use it, and what is
//! wrong in a shared module is said once.

use std::collections::{HashMap, HashSet};

use crate::{Diagnostic, FileId, Label, Source, Span};

/// Findings of several compilations.
#[derive(Debug, Default)]
pub struct Findings {
    sources: Vec<Source>,
    diagnostics: Vec<Diagnostic>,
    numbers: HashMap<String, FileId>,
    said: HashSet<(&'static str, Span, String)>,
}

impl Findings {
    /// Adds what one compilation found in its files.
    pub fn add(&mut self, sources: Vec<Source>, diagnostics: Vec<Diagnostic>) {
        let mut renumbered: HashMap<FileId, FileId> = HashMap::new();
        for source in sources {
            renumbered.insert(source.id, self.number(source));
        }
        let at = |span: Span| Span { file: renumbered.get(&span.file).copied().unwrap_or(span.file), ..span };
        for diagnostic in diagnostics {
            let moved = moved(diagnostic, &at);
            if self.said.insert((moved.code, moved.primary.span, moved.message.clone())) {
                self.diagnostics.push(moved);
            }
        }
    }

    /// The files, each at the index that its number says.
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The findings, in the order in which they were added.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Keeps what `keep` says of each finding and the path of its file.
    pub fn retain(&mut self, mut keep: impl FnMut(&Diagnostic, &str) -> bool) {
        let sources = &self.sources;
        let path = |span: Span| sources.get(span.file.0 as usize).map_or("", |source| source.path.as_str());
        self.diagnostics.retain(|diagnostic| keep(diagnostic, path(diagnostic.primary.span)));
    }

    fn number(&mut self, source: Source) -> FileId {
        if let Some(known) = self.numbers.get(&source.path) {
            return *known;
        }
        let id = FileId(u32::try_from(self.sources.len()).unwrap_or(u32::MAX));
        self.numbers.insert(source.path.clone(), id);
        self.sources.push(Source { id, ..source });
        id
    }
}

/// A diagnostic with its places renumbered.
fn moved(mut diagnostic: Diagnostic, at: &impl Fn(Span) -> Span) -> Diagnostic {
    let labels = diagnostic.secondary.iter_mut().chain(&mut diagnostic.trace);
    for Label { span, .. } in labels.chain([&mut diagnostic.primary]) {
        *span = at(*span);
    }
    for edit in diagnostic.fixes.iter_mut().flat_map(|fix| &mut fix.edits) {
        edit.span = at(edit.span);
    }
    diagnostic
}

#[cfg(test)]
mod tests {
    use super::Findings;
    use crate::{Diagnostic, FileId, Format, RenderOptions, Source, Span, render};

    fn source(id: u32, path: &str) -> Source {
        Source { id: FileId(id), path: path.to_owned(), text: "one\ntwo\n".to_owned() }
    }

    fn found(file: u32, message: &str) -> Diagnostic {
        Diagnostic::error("SF0002", Span { file: FileId(file), start: 4, end: 7 }, message)
    }

    #[test]
    fn a_shared_file_has_one_number_and_its_mistake_is_said_once() {
        let mut findings = Findings::default();
        findings.add(
            vec![source(0, "a.runbook"), source(1, "shared.runbook")],
            vec![found(0, "of a"), found(1, "shared")],
        );
        findings.add(
            vec![source(0, "b.runbook"), source(1, "shared.runbook")],
            vec![found(0, "of b"), found(1, "shared")],
        );
        findings.add(vec![source(0, "shared.runbook")], vec![found(0, "shared")]);
        assert_eq!(findings.sources().len(), 3);
        let short = RenderOptions { format: Format::Short, ..RenderOptions::default() };
        assert_eq!(
            render(findings.diagnostics(), findings.sources(), &short),
            "a.runbook:2:1: error[SF0002]: of a\nshared.runbook:2:1: error[SF0002]: shared\nb.runbook:2:1: error[SF0002]: of b\n"
        );
    }
}
