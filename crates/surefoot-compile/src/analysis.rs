//! From text to everything that is known about it, and from that to a plan.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use surefoot_plan::{Name, Plan};
use surefoot_syntax::ast::{Ident, Item, Runbook};
use surefoot_syntax::{Diagnostic, FileId, Severity, Source, Span};

use crate::day::Day;
use crate::inputs::Inputs;
use crate::load::{Modules, Sources, load};
use crate::lowering::{self, Binding};
use crate::origins::Origins;
use crate::report::{error, listed};
use crate::waive;

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
    in_order(&mut diagnostics);
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
    in_order(&mut errors);
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

/// Takes out what is said of a line that does not read: its names and types are those of a part of it.
fn without_echoes(diagnostics: &mut Vec<Diagnostic>, damage: &[Diagnostic], modules: &Modules) {
    let line = |span: Span| {
        let text = modules.loaded.get(span.file.0 as usize).map_or("", |loaded| loaded.source.text.as_str());
        let (before, after) = (text.get(..span.start as usize), text.get(span.start as usize..));
        let start = before.and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
        let end = after.and_then(|after| after.find('\n')).map_or(text.len(), |at| span.start as usize + at);
        (span.file, start, end)
    };
    let damaged: BTreeSet<(FileId, usize, usize)> =
        damage.iter().filter(|found| is_of_syntax(found)).map(|found| line(found.primary.span)).collect();
    if !damaged.is_empty() {
        diagnostics.retain(|found| is_of_syntax(found) || !damaged.contains(&line(found.primary.span)));
    }
}

/// Whether it is about how a file reads, and not about what it means.
fn is_of_syntax(diagnostic: &Diagnostic) -> bool {
    diagnostic.code.starts_with("SF00")
}

/// Sorts by place, and keeps one of those that say the same: a loop's body is read once for each item.
fn in_order(diagnostics: &mut Vec<Diagnostic>) {
    diagnostics
        .sort_by(|a, b| (a.primary.span, a.code, &a.message).cmp(&(b.primary.span, b.code, &b.message)));
    diagnostics.dedup_by(|a, b| a.code == b.code && a.primary.span == b.primary.span);
}
