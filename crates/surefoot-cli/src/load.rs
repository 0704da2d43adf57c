//! From a file that the operator names to a plan.

use std::path::Path;

use surefoot_compile::{Analysis, Lowered, explain_violation};
use surefoot_plan::{InputValue, PLAN_BYTES_MAX, Plan, Policy, VerifiedPlan, Violation, verify};
use surefoot_syntax::{Diagnostic, FileId, Format, RenderOptions, Severity, Source, render};

use crate::args::Inputs;
use crate::error::{CommandError, at_path};
use crate::exit::Exit;
use crate::sources::{self, Disk};
use crate::{inputs, output, runs, terminal};

/// Reads a runbook and all it uses.
pub(crate) fn analyze(path: &Path) -> Result<Analysis, CommandError> {
    let text = sources::read_file(path, sources::SOURCE_BYTES_MAX)?;
    let source = Source { id: FileId(0), path: path.display().to_string(), text };
    Ok(surefoot_compile::analyze(&Disk::here()?, source))
}

/// The plan of a runbook, with the inputs that are given, not verified yet.
pub(crate) fn plan(
    path: &Path,
    runbook: Option<&str>,
    given: &Inputs,
) -> Result<(Analysis, Lowered), CommandError> {
    let analysis = analyze(path)?;
    if analysis.has_errors() {
        show(&analysis, analysis.diagnostics());
        return Err(CommandError::shown(Exit::Refused));
    }
    let name = choose(&analysis, path, runbook)?;
    let symbolic = analysis
        .symbolic(&name)
        .ok_or_else(|| CommandError::new(Exit::Internal, format!("the runbook `{name}` was not read.")))?;
    let inputs = inputs::read(&given.params, &symbolic.plan.inputs, &sources::current_folder()?)?;
    match surefoot_compile::lower(&analysis, &name, &inputs) {
        Ok(lowered) => {
            // Somebody may need it now: what has come to its day is said, and refuses nothing.
            let due = analysis.due(&runs::today()?);
            show_as(&analysis, &due, Format::Short);
            Ok((analysis, lowered))
        }
        Err(diagnostics) => {
            show(&analysis, &diagnostics);
            // The source is right, or it would have been refused above: an input is wrong.
            Err(CommandError::shown(Exit::Usage))
        }
    }
}

/// The verified plan of a runbook or of a plan file. To be run, it must be closed.
pub(crate) fn verified(
    path: &Path,
    runbook: Option<&str>,
    given: &Inputs,
    closed: bool,
) -> Result<VerifiedPlan, CommandError> {
    let judge = |plan: Plan| {
        if closed {
            refuse_open(&plan)?;
        }
        Ok(verify(plan, &Policy { bound: closed }))
    };
    if is_plan_file(path) {
        if runbook.is_some() || !given.params.is_empty() {
            return Err(CommandError::usage("a plan file is closed: its runbook and inputs are in it.")
                .hint(
                    "give them when the plan is made: surefoot plan FILE RUNBOOK -p NAME=VALUE -o plan.json",
                ));
        }
        return judge(read_plan(path)?)?.map_err(|violations| refuse(&violations));
    }
    let (analysis, lowered) = plan(path, runbook, given)?;
    judge(lowered.plan.clone())?.map_err(|violations| {
        show(&analysis, &found(&violations, &lowered));
        CommandError::shown(Exit::Refused)
    })
}

/// A verifier's findings at the author's lines.
pub(crate) fn found(violations: &[Violation], lowered: &Lowered) -> Vec<Diagnostic> {
    violations.iter().map(|violation| explain_violation(violation, lowered)).collect()
}

/// Whether a file is meant to be a plan: its name says so.
fn is_plan_file(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
}

/// Reads a plan file.
pub(crate) fn read_plan(path: &Path) -> Result<Plan, CommandError> {
    let bytes = sources::read_bytes(path, PLAN_BYTES_MAX as u64)?;
    Plan::from_json(&bytes).map_err(|error| {
        let kind = match error {
            surefoot_plan::ReadError::Tampered { .. } | surefoot_plan::ReadError::TooManyNodes { .. } => {
                Exit::Refused
            }
            surefoot_plan::ReadError::TooBig { .. }
            | surefoot_plan::ReadError::Malformed(_)
            | surefoot_plan::ReadError::Newer(_) => Exit::Usage,
        };
        CommandError::new(kind, at_path(path, &runs::sentence(&error).trim_end_matches('.')))
    })
}

/// Shows why a plan without its source is refused.
pub(crate) fn refuse(violations: &[Violation]) -> CommandError {
    for violation in violations {
        output::complain(&format!("error[{}]: {}", violation.condition.code(), violation.message));
        for (number, what) in violation.trace.iter().enumerate() {
            output::complain(&format!("  {}. {what}", number + 1));
        }
        if !violation.help.is_empty() {
            output::complain(&format!("  help: {}", violation.help));
        }
        if violation.more > 0 {
            output::complain(&format!("  the same cause shows at {} more places", violation.more));
        }
    }
    CommandError::new(Exit::Refused, "the plan is refused.")
        .hint("surefoot explain CODE tells more about each finding")
}

/// Which runbook of a file is meant.
fn choose(analysis: &Analysis, path: &Path, runbook: Option<&str>) -> Result<String, CommandError> {
    let names = analysis.runbooks();
    match (runbook, names.as_slice()) {
        (Some(name), names) if names.contains(&name) => Ok(name.to_owned()),
        (None, [name]) => Ok((*name).to_owned()),
        (_, []) => Err(CommandError::usage(format!("{} holds no runbook.", path.display()))),
        (Some(name), names) => {
            Err(CommandError::usage(format!("{} holds no runbook `{name}`.", path.display()))
                .did_you_mean(name, names.iter().copied())
                .hint(format!("it holds {}", names.join(", "))))
        }
        (None, names) => Err(CommandError::usage(format!("{} holds several runbooks.", path.display()))
            .hint(format!("name one: {}", names.join(", ")))),
    }
}

/// Shows findings with their source, on standard error.
pub(crate) fn show(analysis: &Analysis, diagnostics: &[Diagnostic]) {
    show_as(analysis, diagnostics, Format::Human);
}

fn show_as(analysis: &Analysis, diagnostics: &[Diagnostic], format: Format) {
    if !diagnostics.is_empty() {
        let sources: Vec<Source> = analysis.sources().cloned().collect();
        let options = options(format, &std::io::stderr());
        output::complain(render(diagnostics, &sources, &options).trim_end());
    }
}

/// How findings are shown on a stream.
pub(crate) fn options(format: Format, stream: &impl std::io::IsTerminal) -> RenderOptions {
    let (columns, _) = terminal::size();
    RenderOptions {
        format,
        colour: output::use_colour(stream),
        unicode: terminal::is_utf8(),
        width: if stream.is_terminal() { columns.into() } else { RenderOptions::default().width },
        whole: true,
    }
}

/// Refuses a plan that is not closed: an input without a value.
pub(crate) fn refuse_open(plan: &Plan) -> Result<(), CommandError> {
    let open: Vec<&str> = plan
        .inputs
        .iter()
        .filter(|input| input.value == InputValue::Unbound)
        .map(|input| input.name.as_str())
        .collect();
    if open.is_empty() {
        return Ok(());
    }
    let given: Vec<String> = open.iter().map(|name| format!("-p {name}=…")).collect();
    Err(CommandError::usage(format!("{} needs a value for {}.", plan.runbook, open.join(", ")))
        .hint(format!("add {}", given.join(" "))))
}

/// Whether any finding is an error.
pub(crate) fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
}

/// Waits for work that has no hand on it.
pub(crate) fn wait_for<T>(work: impl Future<Output = T>) -> Result<T, CommandError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CommandError::new(Exit::Internal, format!("no runtime can be started: {error}.")))?;
    Ok(runtime.block_on(work))
}
