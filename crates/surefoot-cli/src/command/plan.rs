//! `surefoot plan` and `surefoot verify`.

use surefoot_plan::{Policy, VerifiedPlan, verify as verify_plan};

use crate::args::{self, Format};
use crate::error::{CommandError, at_path};
use crate::exit::Exit;
use crate::{bind, load, output, terminal};

/// Makes a plan, verifies it, and shows it or writes it to a file.
pub(crate) fn plan(arguments: &args::PlanArguments) -> Result<Exit, CommandError> {
    let verified = load::verified(&arguments.file, arguments.which.name(), &arguments.inputs, false)?;
    bind::hosts(verified.plan())?;
    if let Some(path) = &arguments.output {
        write(path, &verified)?;
    }
    match arguments.format {
        Format::Json => output::print(&String::from_utf8_lossy(&verified.plan().to_json())),
        Format::Human => output::print(&surefoot_view::plan(&verified, &terminal::style())),
    }
    if let Some(path) = &arguments.output {
        output::complain(&format!("Written to {}. Run it: surefoot run {0}", path.display()));
    }
    Ok(Exit::Done)
}

/// Checks a plan file without its source.
pub(crate) fn verify(arguments: &args::Verify) -> Result<Exit, CommandError> {
    let plan = load::read_plan(&arguments.plan)?;
    let verified = verify_plan(plan, &Policy::default()).map_err(|violations| load::refuse(&violations))?;
    output::print(&surefoot_view::plan(&verified, &terminal::style()));
    Ok(Exit::Done)
}

#[expect(clippy::disallowed_methods, reason = "the operator names the file to write")]
fn write(path: &std::path::Path, verified: &VerifiedPlan) -> Result<(), CommandError> {
    std::fs::write(path, verified.plan().to_json())
        .map_err(|error| CommandError::usage(at_path(path, &error)))
}
