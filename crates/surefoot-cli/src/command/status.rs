//! `surefoot status`: where a run stands.

use surefoot_journal::{RunFolder, StateRoot};
use surefoot_view::Around;

use crate::args;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::{output, runs, terminal};

/// Fewest characters that name a run: fewer would soon be another's too.
const SHORT_MIN: usize = 10;

/// Shows where a run stands.
pub(crate) fn status(arguments: &args::OneRun) -> Result<Exit, CommandError> {
    let root = runs::root(&arguments.state)?;
    let folder = runs::find(&root, arguments.run.as_deref())?;
    match runs::read(&folder) {
        Ok((records, _)) => {
            let shown = surefoot_view::status(&records, &around(&root, &folder), &terminal::style());
            output::print(&shown.map_err(|error| runs::illegal(&folder, &error))?);
            Ok(Exit::Done)
        }
        // Who approves may not read the journal, and need not: what is asked is open to everyone.
        Err(error) if error.kind == Exit::Usage => asked(&folder, error),
        Err(error) => Err(error),
    }
}

/// What a run asks, for who may not read its journal.
fn asked(folder: &RunFolder, error: CommandError) -> Result<Exit, CommandError> {
    let notices = folder.inbox().notices().unwrap_or_default();
    if notices.is_empty() {
        return Err(error);
    }
    let short = &folder.run().0;
    for notice in &notices {
        output::print(&surefoot_view::notice(notice, short, runs::now(), &terminal::style()));
    }
    Ok(Exit::Done)
}

/// What is known of a run beside its journal.
pub(crate) fn around(root: &StateRoot, folder: &RunFolder) -> Around {
    Around {
        short: short(root, folder),
        at_work: folder.holder().ok().flatten(),
        asked: folder.inbox().notices().unwrap_or_default(),
        now: runs::now(),
    }
}

/// The shortest beginning of a run's id that is its own.
fn short(root: &StateRoot, folder: &RunFolder) -> String {
    let run = &folder.run().0;
    let others = root.runs().unwrap_or_default();
    let is_own = |length: &usize| {
        let start = run.get(..*length).unwrap_or(run);
        others.iter().filter(|other| other.0.starts_with(start)).count() <= 1
    };
    let length = (SHORT_MIN..run.len()).find(is_own).unwrap_or(run.len());
    run.get(..length).unwrap_or(run).to_owned()
}
