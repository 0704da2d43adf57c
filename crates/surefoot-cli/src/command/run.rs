//! `surefoot run`, `resume`, `rollback` and `forgive`.

use surefoot_executor::Signal;
use surefoot_journal::{Debt, person};
use surefoot_plan::StepId;

use crate::args::{self, Format};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::session::{self, Beginning, Wish};
use crate::{config, load, runs, waive};

/// Runs a runbook or a plan.
pub(crate) fn run(arguments: &args::Run) -> Result<Exit, CommandError> {
    let plan = load::verified(&arguments.file, arguments.runbook.as_deref(), &arguments.inputs, true)?;
    let config = config::near(&arguments.file)?;
    let root = runs::root_with(&arguments.state, &config)?;
    let (waivers, waived) = waive::given(&arguments.waivers)?;
    let json = arguments.format == Format::Json;
    session::begin(Beginning { plan, root, roles: config.roles, waivers, waived, json })
}

/// Goes on with a run.
pub(crate) fn resume(arguments: &args::Resume) -> Result<Exit, CommandError> {
    take_up(&arguments.state, &arguments.run, Wish::GoOn, arguments.format)
}

/// Pays what a run still owes.
pub(crate) fn rollback(arguments: &args::Resume) -> Result<Exit, CommandError> {
    take_up(&arguments.state, &arguments.run, Wish::RollBack, arguments.format)
}

/// Lets one debt go.
pub(crate) fn forgive(arguments: &args::Forgive) -> Result<Exit, CommandError> {
    let reason = arguments.reason.trim().to_owned();
    if reason.is_empty() {
        return Err(
            CommandError::usage("a debt is let go with a reason.").hint("--reason \"why it is accepted\"")
        );
    }
    let debt = Debt::Rollback(StepId(arguments.step.clone()));
    let signal = Signal::Forgive { debt, by: person::operator(), reason };
    take_up(&arguments.state, &arguments.run, Wish::Forgive(signal), Format::Human)
}

fn take_up(state: &args::State, run: &str, wish: Wish, format: Format) -> Result<Exit, CommandError> {
    let root = runs::root(state)?;
    let folder = runs::find(&root, Some(run))?;
    session::take_up(root, folder, wish, format == Format::Json)
}
