//! `surefoot check`: says what is wrong with runbooks.

mod fix;
mod known;
mod many;
mod progress;
mod settings;
mod walk;

use std::collections::BTreeSet;
use std::io::{IsTerminal as _, stderr, stdout};
use std::path::{Path, PathBuf};

use surefoot_compile::Day;
use surefoot_syntax::{
    Applicability, Diagnostic, FileId, Findings, Format, RenderOptions, Severity, Source, render,
};

use crate::args::{self, CheckFormat};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::sources::{self, Disk};
use crate::{load, output, runs};
use known::Known;
use progress::Progress;
use settings::Settings;

/// What became of one file.
struct Checked {
    /// It and what it uses.
    sources: Vec<Source>,
    /// What is wrong.
    found: Vec<Diagnostic>,
    /// Its runbooks, each with its steps.
    runbooks: Vec<(String, usize)>,
}

/// Checks each file. Findings go to standard output: they are what was asked for.
pub(crate) fn check(arguments: &args::Check) -> Result<Exit, CommandError> {
    let walked = walk::runbooks(&arguments.paths)?;
    let settings = Settings::default();
    for file in &walked.files {
        settings.of(file)?;
    }
    let today = match &arguments.today {
        None => runs::today()?,
        Some(day) => Day::parse(day).ok_or_else(|| {
            CommandError::usage(format!("`{day}` is no day.")).hint("a day is written as 2026-12-31")
        })?,
    };
    let disk = Disk::here()?;
    let mut results = check_all(&disk, &walked.files, &today);
    let mut counts = Counts::default();
    if arguments.fix || arguments.diff {
        let mending = fix::mend(&disk, &walked.files, &results, &settings, &today)?;
        if arguments.diff {
            fix::show(&mending);
        } else if !mending.changed().is_empty() {
            let files = counted(fix::write(&mending)?, "file");
            counts.mended = format!("{} written in {files}; then ", counted(mending.applied, "edit"));
            results = check_all(&disk, &walked.files, &today);
        }
    }
    let mut unread = walked.unread;
    let mut findings = Findings::default();
    for result in results {
        match result {
            Ok(checked) => {
                counts.runbooks.extend(checked.runbooks);
                let found = minded(checked.found, &checked.sources, &settings)?;
                findings.add(checked.sources, found);
            }
            Err(error) => unread.push(error),
        }
    }
    if let Some(path) = &arguments.write_baseline {
        known::write(&findings, path)?;
    } else {
        counts.known = known::without_known(&mut findings, &settings)?;
        counts.unread = unread.len();
        show(arguments, &walked.files, &findings, &counts);
    }
    if unread.is_empty() {
        let refused = arguments.write_baseline.is_none() && load::has_errors(findings.diagnostics());
        return Ok(if refused { Exit::Refused } else { Exit::Done });
    }
    let last = unread.pop();
    unread.iter().for_each(CommandError::print);
    last.map_or(Ok(Exit::Usage), Err)
}

/// Checks files on all cores.
fn check_all(disk: &Disk, files: &[PathBuf], today: &Day) -> Vec<Result<Checked, CommandError>> {
    let is_terminal = stderr().is_terminal() && !output::is_dumb();
    let mut progress = Progress::new(stderr(), files.len(), is_terminal);
    let work = |index: usize| files.get(index).map(|file| check_file(disk, file, today));
    let results = many::each(files.len(), work, |count| progress.done(count));
    progress.over();
    results.into_iter().flatten().collect()
}

/// Checks one file with all that it uses.
fn check_file(disk: &Disk, path: &Path, today: &Day) -> Result<Checked, CommandError> {
    let bytes = sources::read_bytes(path, sources::SOURCE_BYTES_MAX)?;
    let (source, damage) = Source::decode(FileId(0), path.display().to_string(), bytes);
    if let Some(damage) = damage {
        // Nothing else can be said about text that nobody can read.
        return Ok(Checked { sources: vec![source], found: vec![damage], runbooks: Vec::new() });
    }
    let analysis = surefoot_compile::analyze(disk, source);
    let steps = |name: &str| analysis.symbolic(name).map_or(0, |lowered| lowered.plan.steps().count());
    Ok(Checked {
        found: surefoot_compile::check_on(&analysis, today),
        runbooks: analysis.runbooks().into_iter().map(|name| (name.to_owned(), steps(name))).collect(),
        sources: analysis.sources().cloned().collect(),
    })
}

/// What was found, as much as it is minded where it stands.
fn minded(
    found: Vec<Diagnostic>,
    sources: &[Source],
    settings: &Settings,
) -> Result<Vec<Diagnostic>, CommandError> {
    let mut kept = Vec::new();
    for diagnostic in found {
        let source = sources.get(diagnostic.primary.span.file.0 as usize);
        kept.extend(settings.judge(source.map_or("", |source| source.path.as_str()), diagnostic)?);
    }
    Ok(kept)
}

/// Shows what was found, and how much that is.
fn show(arguments: &args::Check, files: &[PathBuf], findings: &Findings, counts: &Counts) {
    let summary = counts.summary(files, findings.diagnostics());
    if arguments.diff {
        return output::complain(&summary);
    }
    let format = match arguments.format {
        CheckFormat::Human => Format::Human,
        CheckFormat::Short => Format::Short,
        CheckFormat::Json => Format::Json,
        CheckFormat::Sarif => Format::Sarif,
        CheckFormat::Github => Format::Github,
        CheckFormat::Gitlab => Format::Gitlab,
        CheckFormat::Junit => Format::Junit,
    };
    let options = RenderOptions { whole: counts.unread == 0, ..load::options(format, &stdout()) };
    output::print(&render(findings.diagnostics(), findings.sources(), &options));
    if format == Format::Human {
        output::line(&summary);
    } else {
        // Programs read standard output.
        output::complain(&summary);
    }
}

/// How much was checked.
#[derive(Default)]
struct Counts {
    runbooks: Vec<(String, usize)>,
    /// What was mended before, as the beginning of a sentence.
    mended: String,
    /// What was known before.
    known: Known,
    /// How many files and folders could not be read.
    unread: usize,
}

impl Counts {
    /// One line: what was checked, and how much is wrong with it.
    fn summary(&self, files: &[PathBuf], findings: &[Diagnostic]) -> String {
        let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        let found = match (errors, warnings) {
            // Of what was not read, nothing is known.
            (0, 0) if self.unread > 0 => "nothing is wrong with what was read".to_owned(),
            (0, 0) => "nothing is wrong".to_owned(),
            (0, warnings) => counted(warnings, "warning"),
            (errors, 0) => counted(errors, "error"),
            (errors, warnings) => format!("{}, {}", counted(errors, "error"), counted(warnings, "warning")),
        };
        let safe = |found: &&Diagnostic| {
            found.fixes.len() == 1 && found.fixes.iter().all(|fix| fix.applicability == Applicability::Safe)
        };
        let mut more = match findings.iter().filter(safe).count() {
            0 => String::new(),
            mendable => format!(" ({mendable} can be mended: --fix)"),
        };
        let mended = &self.mended;
        if self.known.met > 0 {
            more.push_str(&format!("; {} known before", self.known.met));
        }
        if self.known.gone > 0 {
            more.push_str(&format!("; {} of the baseline gone, so write it again", self.known.gone));
        }
        if self.unread > 0 {
            more.push_str(&format!("; {} could not be read", self.unread));
        }
        let verified = if errors == 0 { ", every way back verified" } else { "" };
        if let [file] = files {
            if self.unread > 0 {
                return format!("{}: not checked", file.display());
            }
            let each = self.runbooks.iter().map(|(name, steps)| {
                if errors == 0 {
                    format!("; {name}: {}{verified}", counted(*steps, "step"))
                } else {
                    String::new()
                }
            });
            return format!("{}: {mended}{found}{more}{}", file.display(), each.collect::<String>());
        }
        let steps = self.runbooks.iter().map(|(_, steps)| steps).sum();
        let touched: BTreeSet<FileId> = findings.iter().map(|found| found.primary.span.file).collect();
        let places = if errors + warnings > 0 {
            format!(" in {}", counted(touched.len(), "file"))
        } else {
            String::new()
        };
        format!(
            "{} checked, {} with {}: {mended}{found}{places}{more}{verified}",
            counted(files.len(), "file"),
            counted(self.runbooks.len(), "runbook"),
            counted(steps, "step"),
        )
    }
}

/// A number of things, in words.
fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
