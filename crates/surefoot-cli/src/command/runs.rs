//! `surefoot runs`: lists the runs.

use surefoot_journal::{ReadError, RunFolder};
use surefoot_view::RunRow;

use crate::args;
use crate::command::status;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::{output, runs as find, terminal};

/// Lists the runs, latest first.
pub(crate) fn runs(arguments: &args::Runs) -> Result<Exit, CommandError> {
    let root = find::root(&arguments.state)?;
    let runs = root.runs().map_err(|error| find::find_error(&root, &error))?;
    let rows: Vec<RunRow> = runs
        .iter()
        .rev()
        .map(|run| {
            let folder = root.folder(run);
            let around = status::around(&root, &folder);
            // A journal that cannot be read is a line too: the others are still listed.
            let records = folder.read().map(|(records, _)| records).map_err(|error| why(&folder, &error));
            RunRow { short: around.short, records, at_work: around.at_work }
        })
        .collect();
    if rows.is_empty() {
        output::line(&format!("There is no run in {} yet.", root.path().display()));
    } else {
        output::print(&surefoot_view::runs(&rows, find::now(), &terminal::style()));
    }
    Ok(Exit::Done)
}

/// Why a journal cannot be read, and what a person said of that.
fn why(folder: &RunFolder, error: &ReadError) -> String {
    let let_go = folder
        .was_let_go()
        .map(|said| format!("let go by {}: {}; ", said.by.user, said.reason))
        .unwrap_or_default();
    let damaged = match error {
        ReadError::Damaged { .. } | ReadError::Empty | ReadError::Missing => "DAMAGED: ",
        ReadError::Newer { .. } | ReadError::Io(_) => "UNREADABLE: ",
    };
    format!("{let_go}{damaged}{error}")
}
