//! `surefoot check`: says what is wrong with runbooks.

use surefoot_compile::Analysis;
use surefoot_plan::{Policy, verify};
use surefoot_syntax::{Diagnostic, Format, Severity, Source, render};

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
        let sources: Vec<Source> = analysis.sources().cloned().collect();
        let format = match arguments.format {
            CheckFormat::Human => Format::Human,
            CheckFormat::Short => Format::Short,
            CheckFormat::Json => Format::Json,
        };
        output::print(&render(&findings, &sources, &load::options(format, &std::io::stdout())));
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
            findings.extend(load::found(&violations, lowered));
        }
    }
    findings
}

/// How many findings of each kind there are.
fn summary(analysis: &Analysis, findings: &[Diagnostic]) -> String {
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let counted =
        |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
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
