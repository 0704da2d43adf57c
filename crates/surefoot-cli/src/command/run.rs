//! `surefoot run`, `resume`, `rollback` and `forgive`.

use surefoot_executor::Signal;
use surefoot_journal::{Debt, Holder, LetGo, Needs, person};
use surefoot_plan::StepId;

use crate::args::{self, Format};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::session::{self, Beginning, Wish};
use crate::{config, load, output, runs, waive};

/// Runs a runbook or a plan.
pub(crate) fn run(arguments: &args::Run) -> Result<Exit, CommandError> {
    let plan = load::verified(&arguments.file, arguments.which.name(), &arguments.inputs, true)?;
    let config = config::near(&arguments.file)?;
    let root = runs::root_with(&arguments.state, &config)?;
    let (waivers, waived) = waive::given(&arguments.waivers)?;
    let json = arguments.format == Format::Json;
    session::begin(Beginning {
        plan,
        root,
        roles: config.roles,
        channels: config.channels,
        waivers,
        waived,
        json,
    })
}

/// Goes on with a run.
pub(crate) fn resume(arguments: &args::Resume) -> Result<Exit, CommandError> {
    take_up(&arguments.state, &arguments.run, Wish::GoOn, arguments.format)
}

/// Pays what a run still owes.
pub(crate) fn rollback(arguments: &args::Resume) -> Result<Exit, CommandError> {
    take_up(&arguments.state, &arguments.run, Wish::RollBack, arguments.format)
}

/// Lets one debt go, or a whole run whose journal cannot be read.
pub(crate) fn forgive(arguments: &args::Forgive) -> Result<Exit, CommandError> {
    let reason = arguments.reason.trim().to_owned();
    if reason.is_empty() {
        return Err(
            CommandError::usage("a debt is let go with a reason.").hint("--reason \"why it is accepted\"")
        );
    }
    let Some(step) = &arguments.step else {
        return let_go(&arguments.state, &arguments.run, reason);
    };
    let debt = Debt::Rollback(StepId(step.clone()));
    let signal = Signal::Forgive { debt, by: person::operator(), reason };
    take_up(&arguments.state, &arguments.run, Wish::Forgive(signal), Format::Human)
}

/// Lets a run go whose journal cannot be read, so that its place can be used again.
fn let_go(state: &args::State, run: &str, reason: String) -> Result<Exit, CommandError> {
    let root = runs::root(state)?;
    let folder = runs::find(&root, Some(run))?;
    let run = &folder.run().0;
    // Its last executor may still be at work, and know better than the file.
    let holder = Holder::here(folder.run(), "", runs::now());
    let _lock = folder.lock(&holder).map_err(|error| runs::lock_error(&error))?;
    let damage = match (folder.needs(), folder.read()) {
        (Needs::Unreadable, Err(error)) => error.to_string(),
        (Needs::Unreadable, Ok(_)) => "its records cannot follow each other".to_owned(),
        (Needs::Nothing, _) => {
            return Err(CommandError::usage(format!("run {run} keeps no place from other runs.")));
        }
        (Needs::More, _) => {
            return Err(CommandError::usage(format!("the journal of run {run} is whole."))
                .hint(format!("surefoot status {run} says what it owes, and how that is paid or let go")));
        }
    };
    let by = person::operator();
    let said = LetGo { by: by.clone(), at: runs::now(), reason, damage };
    folder.let_go(&said).map_err(|error| {
        CommandError::new(Exit::JournalUnwritable, format!("{}: {error}.", folder.path().display()))
    })?;
    output::line(&format!(
        "Run {run} is let go by {}, and its place is free. What it left there stays as it is.",
        by.user
    ));
    Ok(Exit::Done)
}

fn take_up(state: &args::State, run: &str, wish: Wish, format: Format) -> Result<Exit, CommandError> {
    let root = runs::root(state)?;
    let folder = runs::find(&root, Some(run))?;
    session::take_up(root, folder, wish, format == Format::Json)
}
