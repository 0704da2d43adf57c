//! `surefoot runs`: lists the runs.

use surefoot_journal::{Event, FactsVerdict, ForwardVerdict, Record, RunFolder, WayBackVerdict};

use crate::args;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::{output, runs as find};

/// Lists the runs, latest first.
pub(crate) fn runs(arguments: &args::Runs) -> Result<Exit, CommandError> {
    let root = find::root(&arguments.state)?;
    let runs = root.runs().map_err(|error| find::find_error(&root, &error))?;
    if runs.is_empty() {
        output::line(&format!("There is no run in {} yet.", root.path().display()));
        return Ok(Exit::Done);
    }
    output::line(&format!(
        "{:<26}  {:<24}  {:<12}  {:<20}  {}",
        "run", "started", "by", "runbook", "how it stands"
    ));
    for run in runs.iter().rev() {
        output::line(&row(&root.folder(run)));
    }
    Ok(Exit::Done)
}

/// One run in one line. A damaged journal is a line too: the others are still listed.
fn row(folder: &RunFolder) -> String {
    let run = &folder.run().0;
    let (records, _) = match folder.read() {
        Ok(read) => read,
        Err(error) => return format!("{run}  {error}"),
    };
    let Some(Record { time, event: Event::Started(started), .. }) = records.first() else {
        return format!("{run}  its journal does not begin with a start");
    };
    let stands = match records.iter().rev().find(|record| !matches!(record.event, Event::Forgiven { .. })) {
        Some(Record { event: Event::Ended(ended), .. }) => {
            let forward = match ended.forward {
                ForwardVerdict::Done => "done",
                ForwardVerdict::Failed => "failed",
                ForwardVerdict::Cancelled => "cancelled",
                ForwardVerdict::Refused => "not begun: a condition was false",
            };
            let back = match ended.way_back {
                WayBackVerdict::NoneNeeded => "",
                WayBackVerdict::Complete => ", rolled back",
                WayBackVerdict::ToTheSeal => ", rolled back to the point of no return",
                WayBackVerdict::Stuck => ", STUCK",
                WayBackVerdict::Owing => ", OWING",
            };
            let facts = match ended.facts {
                FactsVerdict::NotAsBefore => ", not all is as before",
                FactsVerdict::Unknown => ", not all is known",
                FactsVerdict::AsEnsured
                | FactsVerdict::AsBefore
                | FactsVerdict::AsBeforeExcept
                | FactsVerdict::Untouched => "",
            };
            format!("{forward}{back}{facts}")
        }
        Some(_) | None => match folder.holder() {
            Ok(Some(holder)) => format!("at work (process {})", holder.pid),
            Ok(None) | Err(_) => format!("waits: surefoot status {run}"),
        },
    };
    format!("{run:<26}  {time:<24}  {:<12}  {:<20}  {stands}", started.operator.user, started.plan.runbook)
}
