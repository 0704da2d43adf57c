//! `surefoot check`: says what is wrong with runbooks.

use surefoot_compile::{Analysis, explain_violation};
use surefoot_plan::{Policy, verify};
use surefoot_syntax::{Diagnostic, Severity, Source, render};

use crate::args::{self, CheckFormat};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::{load, output};

/// Checks each file. Findings go to standard output: they are what was asked for.
pub(crate) fn check(arguments: &args::Check) -> Result<Exit, CommandError> {
    let mut exit = Exit::Done;
    for file in &arguments.files {
        let analysis = load::analyze(file)?;
        let findings = findings(&analysis);
        let sources: Vec<&Source> = analysis.sources().collect();
        for finding in &findings {
            match arguments.format {
                CheckFormat::Human => output::line(&render(finding, &sources, output::use_colour(&std::io::stdout()))),
                CheckFormat::Short => output::line(&short(finding, &sources)),
                CheckFormat::Json => output::line(&json(finding, &sources)),
            }
        }
        if load::has_errors(&findings) {
            exit = Exit::Refused;
        }
        if arguments.format == CheckFormat::Human {
            output::line(&format!("{}: {}", file.display(), summary(&analysis, &findings)));
        }
    }
    Ok(exit)
}

/// What the compiler finds, and what the verifier finds in each runbook with its inputs left open.
fn findings(analysis: &Analysis) -> Vec<Diagnostic> {
    let mut findings = analysis.diagnostics().to_vec();
    if analysis.has_errors() {
        // A plan of a damaged runbook says nothing: its violations would be echoes.
        return findings;
    }
    for name in analysis.runbooks() {
        if let Some(lowered) = analysis.symbolic(name)
            && let Err(violations) = verify(lowered.plan.clone(), &Policy::default())
        {
            findings.extend(violations.iter().map(|violation| explain_violation(violation, &lowered.origins)));
        }
    }
    findings
}

/// How many findings of each kind there are.
fn summary(analysis: &Analysis, findings: &[Diagnostic]) -> String {
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let counted = |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let mut text = match (errors, warnings) {
        (0, 0) => "nothing is wrong".to_owned(),
        (0, warnings) => counted(warnings, "warning"),
        (errors, 0) => counted(errors, "error"),
        (errors, warnings) => format!("{}, {}", counted(errors, "error"), counted(warnings, "warning")),
    };
    if errors == 0 {
        for name in analysis.runbooks() {
            if let Some(lowered) = analysis.symbolic(name) {
                let steps = counted(lowered.plan.steps().count(), "step");
                text.push_str(&format!("; {name}: {steps}, every way back verified"));
            }
        }
    }
    text
}

/// One line, as compilers write it.
fn short(finding: &Diagnostic, sources: &[&Source]) -> String {
    let (path, line, column) = place(finding, sources);
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    format!("{path}:{line}:{column}: {severity}[{}]: {}", finding.code, finding.message)
}

/// One JSON object, on one line: the diagnostic, and where it is for people.
fn json(finding: &Diagnostic, sources: &[&Source]) -> String {
    let (path, line, column) = place(finding, sources);
    serde_json::json!({ "path": path, "line": line, "column": column, "diagnostic": finding }).to_string()
}

/// The file, line and column of a finding, from 1; columns count characters.
fn place<'a>(finding: &Diagnostic, sources: &[&'a Source]) -> (&'a str, usize, usize) {
    let span = finding.primary.span;
    let Some(source) = sources.get(span.file.0 as usize) else { return ("", 1, 1) };
    let before = source.text.get(..span.start as usize).unwrap_or(&source.text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.matches('\n').count() + 1;
    let column = before.get(line_start..).map_or(0, |text| text.chars().count()) + 1;
    (&source.path, line, column)
}
