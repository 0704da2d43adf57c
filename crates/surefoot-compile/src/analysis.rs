//! From text to everything that is known about it, and from that to a plan.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use surefoot_plan::{Name, Plan};
use surefoot_syntax::ast::{Ident, Item, Runbook};
use surefoot_syntax::{Diagnostic, FileId, Label, Note, NoteKind, Severity, Source, Span};

use crate::day::Day;
use crate::inputs::Inputs;
use crate::load::{Modules, Sources, load};
use crate::lowering::{self, Binding};
use crate::origins::Origins;
use crate::report::{error, listed};
use crate::waive;

/// The code of a name that stands for nothing.
const UNKNOWN_NAME: &str = "SF0101";

/// Most places of a name that are shown beside the first.
const PLACES_SHOWN: usize = 3;

/// Everything that is known about a file and what it uses. Made of good and bad source alike.
#[derive(Debug)]
pub struct Analysis {
    modules: Modules,
    diagnostics: Vec<Diagnostic>,
    symbolic: BTreeMap<Name, Lowered>,
}

/// A plan, and where each part of it was written.
#[derive(Clone, Debug)]
pub struct Lowered {
    /// The plan. The verifier has not seen it yet.
    pub plan: Plan,
    /// The places of its parts.
    pub origins: Origins,
}

/// Reads a file and all it uses, and finds what is wrong with it. Never fails.
pub fn analyze(sources: &dyn Sources, root: Source) -> Analysis {
    let mut diagnostics = Vec::new();
    let modules = load(sources, root, &mut diagnostics);
    let mut symbolic = BTreeMap::new();
    let damage: Vec<Diagnostic> =
        diagnostics.iter().filter(|found: &&Diagnostic| found.severity == Severity::Error).cloned().collect();
    let runbooks: Vec<&Runbook> = runbooks(&modules).collect();
    for (index, runbook) in runbooks.iter().enumerate() {
        if let Some(first) = runbooks.iter().take(index).find(|first| first.name.text == runbook.name.text) {
            diagnostics.push(
                error(
                    "SF0102",
                    runbook.name.span,
                    format!("the name `{}` is given twice", runbook.name.text),
                )
                .here("again here")
                .label(first.name.span, "first here")
                .help("give one of the runbooks another name"),
            );
            continue;
        }
        let lowered = lowering::lower(&modules, runbook, Binding::Symbolic, &damage);
        diagnostics.extend(lowered.diagnostics);
        symbolic.insert(runbook.name.text.clone(), Lowered { plan: lowered.plan, origins: lowered.origins });
    }
    if runbooks.is_empty() {
        diagnostics.extend(check_library(&modules, &damage));
    }
    diagnostics.extend(lowering::check_files(&modules));
    diagnostics.extend(scenarios_named_twice(&modules));
    diagnostics.extend(waive::check_written(&modules));
    without_echoes(&mut diagnostics, &damage, &modules);
    in_order(&mut diagnostics, &modules);
    Analysis { modules, diagnostics, symbolic }
}

/// Makes the plan of a runbook. What is not given stays open: the plan can then be checked, not run.
///
/// # Errors
///
/// What is wrong with the runbook or with an input. Warnings are no reason to fail.
pub fn lower(analysis: &Analysis, runbook: &str, inputs: &Inputs) -> Result<Lowered, Vec<Diagnostic>> {
    let Some(found) = runbooks(&analysis.modules).find(|found| found.name.text == runbook) else {
        return Err(vec![no_such_runbook(analysis, runbook)]);
    };
    let errors: Vec<Diagnostic> =
        analysis.diagnostics.iter().filter(|found| found.severity == Severity::Error).cloned().collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    let lowered = lowering::lower(&analysis.modules, found, Binding::Given(inputs), &[]);
    let mut errors = lowered.diagnostics;
    errors.retain(|diagnostic| diagnostic.severity == Severity::Error);
    in_order(&mut errors, &analysis.modules);
    if errors.is_empty() { Ok(Lowered { plan: lowered.plan, origins: lowered.origins }) } else { Err(errors) }
}

impl Analysis {
    /// Returns what was found, by place.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Whether something is wrong, so that no plan can be made.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Takes out what is waived, and says what is wrong with waivers and reviews on a day.
    pub(crate) fn without_waived(&self, found: Vec<Diagnostic>, today: Option<&Day>) -> Vec<Diagnostic> {
        waive::apply(&self.modules, found, today)
    }

    /// Says what has come to its day: waivers that ended, and reviews that are overdue. No plan depends on it.
    pub fn due(&self, today: &Day) -> Vec<Diagnostic> {
        waive::due(&self.modules, today)
    }

    /// Returns the opened files; a [`surefoot_syntax::FileId`] is an index in it.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.modules.loaded.iter().map(|loaded| &loaded.source)
    }

    /// Returns the names of the runbooks of the root file, in order.
    pub fn runbooks(&self) -> Vec<&str> {
        runbooks(&self.modules).map(|runbook| runbook.name.text.as_str()).collect()
    }

    /// Returns the plan of a runbook with every input open: what is proved of it holds for all inputs.
    pub fn symbolic(&self, runbook: &str) -> Option<&Lowered> {
        self.symbolic.get(runbook)
    }
}

/// Finds what is wrong with a file that holds no runbook: it is there for others.
fn check_library(modules: &Modules, damage: &[Diagnostic]) -> Vec<Diagnostic> {
    let nobody = Runbook {
        doc: String::new(),
        name: Ident { text: String::new(), span: Span::default() },
        members: Vec::new(),
        span: Span::default(),
    };
    lowering::lower(modules, &nobody, Binding::Symbolic, damage).diagnostics
}

/// Returns the runbooks of the root file.
fn runbooks(modules: &Modules) -> impl Iterator<Item = &Runbook> {
    modules.loaded.first().into_iter().flat_map(|root| &root.file.items).filter_map(|item| match item {
        Item::Runbook(runbook) => Some(runbook),
        Item::Use(_)
        | Item::Fact(_)
        | Item::Scenario(_)
        | Item::Function(_)
        | Item::Type(_)
        | Item::Action(_)
        | Item::NotBuilt(_) => None,
    })
}

/// Finds scenarios of the root file that have the same name: what is said of one would be read of the other.
fn scenarios_named_twice(modules: &Modules) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
    for item in modules.loaded.first().into_iter().flat_map(|root| &root.file.items) {
        let Item::Scenario(scenario) = item else { continue };
        let Some(title) = &scenario.title else { continue };
        match seen.entry(&title.text) {
            Entry::Vacant(free) => {
                free.insert(title.span);
            }
            Entry::Occupied(first) => found.push(
                error("SF0102", title.span, format!("the name \"{}\" is given twice", title.text))
                    .here("again here")
                    .label(*first.get(), "first here")
                    .help("give one of the scenarios another name"),
            ),
        }
    }
    found
}

fn no_such_runbook(analysis: &Analysis, runbook: &str) -> Diagnostic {
    let names = analysis.runbooks();
    let start = analysis.modules.loaded.first().map(|root| root.source.id).unwrap_or_default();
    let span = Span { file: start, start: 0, end: 0 };
    let found = error("SF0101", span, format!("there is no runbook `{runbook}` in this file"));
    if names.is_empty() {
        found.help("it holds no runbook at all: `runbook name { … }`")
    } else {
        found.note(format!("it has {}", listed(&names)))
    }
}

/// Takes out what is an echo of a line that does not read: what is said of the line, whose names and types are those
/// of a part of it; and that a name is not known, where the line may be what gives it.
fn without_echoes(diagnostics: &mut Vec<Diagnostic>, damage: &[Diagnostic], modules: &Modules) {
    let line = |span: Span| {
        let text = modules.loaded.get(span.file.0 as usize).map_or("", |loaded| loaded.source.text.as_str());
        let (before, after) = (text.get(..span.start as usize), text.get(span.start as usize..));
        let start = before.and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
        let end = after.and_then(|after| after.find('\n')).map_or(text.len(), |at| span.start as usize + at);
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span { start: offset(start), end: offset(end), ..span }
    };
    let found = damage.iter().filter(|found| is_of_syntax(found));
    let damaged: BTreeSet<Span> = found.map(|found| line(found.primary.span)).collect();
    if damaged.is_empty() {
        return;
    }
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let named: BTreeSet<&str> =
        damaged.iter().flat_map(|line| modules.text(*line).split(|c| !is_part(c))).collect();
    diagnostics.retain(|found| {
        let place = found.primary.span;
        let may_be_given = found.code == UNKNOWN_NAME && named.contains(modules.text(place));
        is_of_syntax(found) || !damaged.contains(&line(place)) && !may_be_given
    });
}

/// Whether it is about how a file reads, and not about what it means.
fn is_of_syntax(diagnostic: &Diagnostic) -> bool {
    diagnostic.code.starts_with("SF00")
}

/// Sorts by place, and keeps one of those that say the same: a loop's body is read once for each item.
fn in_order(diagnostics: &mut Vec<Diagnostic>, modules: &Modules) {
    diagnostics
        .sort_by(|a, b| (a.primary.span, a.code, &a.message).cmp(&(b.primary.span, b.code, &b.message)));
    diagnostics.dedup_by(|a, b| a.code == b.code && a.primary.span == b.primary.span);
    one_for_each_name(diagnostics, modules);
}

/// Keeps one message for a name that stands at several places, with all of them: they have one cause, most often
/// where the name should be given, and one edit.
fn one_for_each_name(diagnostics: &mut Vec<Diagnostic>, modules: &Modules) {
    let mut first: BTreeMap<(FileId, &str), usize> = BTreeMap::new();
    let mut kept: Vec<Diagnostic> = Vec::new();
    let mut more: BTreeMap<usize, usize> = BTreeMap::new();
    for diagnostic in diagnostics.drain(..) {
        if diagnostic.code != UNKNOWN_NAME {
            kept.push(diagnostic);
            continue;
        }
        let place = diagnostic.primary.span;
        let Some(index) = first.get(&(place.file, modules.text(place))).copied() else {
            first.insert((place.file, modules.text(place)), kept.len());
            kept.push(diagnostic);
            continue;
        };
        let Some(whole) = kept.get_mut(index) else { continue };
        if whole.secondary.len() < PLACES_SHOWN {
            whole.secondary.push(Label { span: place, text: "and here".to_owned() });
        } else {
            *more.entry(index).or_default() += 1;
        }
        if let ([all], [one]) = (whole.fixes.as_mut_slice(), diagnostic.fixes.as_slice())
            && all.title == one.title
        {
            all.edits.extend(one.edits.iter().cloned());
        }
    }
    for (index, count) in more {
        if let Some(whole) = kept.get_mut(index) {
            let places = if count == 1 { "place" } else { "places" };
            let text = format!("it stands at {count} more {places}");
            whole.notes.push(Note { kind: NoteKind::Note, text });
        }
    }
    *diagnostics = kept;
}
