//! `surefoot approve`, `answer` and `cancel`: what is said to a run from another terminal.
//!
//! Each leaves a letter in the run's inbox. Who left it is who owns the file; whether they may say what
//! they say is decided by the run.

use std::path::Path;
use std::thread;
use std::time::Duration;

use surefoot_journal::{Asks, Inbox, Letter, Notice, RunFolder, RunId, Says, StateRoot, person};
use surefoot_plan::{StepId, parse_text};

use crate::args;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::{output, people, runs, terminal};

/// How long to look whether the run takes the letter: it looks several times a second.
const TAKEN_WAIT_MS: u64 = 3_000;

/// Between two looks.
const TAKEN_EVERY_MS: u64 = 100;

/// Gives, or refuses, a second person's yes.
pub(crate) fn approve(arguments: &args::Approve) -> Result<Exit, CommandError> {
    let folder = find(&arguments.state, &arguments.run)?;
    let inbox = folder.inbox();
    let step = StepId(arguments.step.clone());
    let notices = inbox.notices().map_err(|error| runs::inbox_error(&error))?;
    let asked = notices.iter().find_map(|notice| match &notice.asks {
        Asks::Approval { role, people, given, wanted, .. } if notice.step.as_ref() == Some(&step) => {
            Some((notice, role, people, given, *wanted))
        }
        Asks::Approval { .. } | Asks::Answer { .. } | Asks::Choice { .. } => None,
    });
    let Some((notice, role, people, given, wanted)) = asked else {
        return Err(CommandError::usage(format!("run {} asks for no approval of `{step}`.", folder.run().0))
            .hint(what_is_asked(&notices)));
    };
    let me = person::operator();
    // The run refuses these too; here it is said at once, to the one who can do something about it.
    if notice.operators.iter().any(|operator| operator.uid == me.uid) {
        return Err(CommandError::usage(format!("{} runs this, and so cannot approve it.", me.user))
            .hint(format!("ask {}", people.join(" or "))));
    }
    if !people.contains(&me.user) {
        return Err(CommandError::usage(format!("{} is not `{role}`.", me.user))
            .hint(format!("that is {}, by the surefoot.toml of the run", people.join(" or "))));
    }
    if !arguments.no && given.iter().any(|given| given.by.uid == me.uid) {
        return Err(CommandError::usage(format!(
            "you have said yes to `{step}` already, and {wanted} different people must."
        ))
        .hint(format!("ask one of {}", surefoot_view::others(people, given))));
    }
    // What they rely on comes first: who gives a yes has seen it.
    output::print(&surefoot_view::notice(notice, &folder.run().0, runs::now(), &terminal::style()));
    let says =
        Says::Approval { step: step.clone(), approved: !arguments.no, comment: arguments.comment.clone() };
    send(&inbox, folder.run(), notice.digest(), says)?;
    let answer = if arguments.no { "Refused" } else { "Approved" };
    output::line(&surefoot_view::plain(&format!("{answer}: {} of {}.", title(notice), notice.runbook)));
    output::line(&taken(&inbox, folder.run(), notice));
    if let Some(more) = still_asked(&inbox, &step).filter(|_| !arguments.no) {
        output::line(&more);
    }
    Ok(Exit::Done)
}

/// Who is still asked after a yes, if anybody is.
fn still_asked(inbox: &Inbox, step: &StepId) -> Option<String> {
    inbox.notices().ok()?.iter().find_map(|notice| match &notice.asks {
        Asks::Approval { role, wanted, given, .. }
            if notice.step.as_ref() == Some(step) && !given.is_empty() =>
        {
            Some(format!("It waits for the yes of {}.", surefoot_view::whose_yes(role, *wanted, given)))
        }
        Asks::Approval { .. } | Asks::Answer { .. } | Asks::Choice { .. } => None,
    })
}

/// Answers a question of a run.
pub(crate) fn answer(arguments: &args::Answer) -> Result<Exit, CommandError> {
    let folder = find(&arguments.state, &arguments.run)?;
    let inbox = folder.inbox();
    let notices = inbox.notices().map_err(|error| runs::inbox_error(&error))?;
    let wanted = arguments.step.as_ref().map(|step| StepId(step.clone()));
    let mut asked = notices.iter().filter(|notice| {
        matches!(notice.asks, Asks::Answer { .. }) && (wanted.is_none() || notice.step == wanted)
    });
    let (Some(notice), None) = (asked.next(), asked.next()) else {
        return Err(CommandError::usage(format!("run {} asks no such question.", folder.run().0))
            .hint(what_is_asked(&notices)));
    };
    let Asks::Answer { answer, text, is_fact, .. } = &notice.asks else {
        return Err(CommandError::new(Exit::Internal, "a notice changed while it was looked at."));
    };
    let (step, comment) = (notice.step.clone(), arguments.comment.clone());
    let says = if *is_fact && people::is_unsure(&arguments.value, answer) {
        Says::Unsure { step, comment }
    } else {
        let value = parse_text(answer, &arguments.value)
            .map_err(|why| CommandError::usage(format!("{why}.")).hint(format!("it asks: {text}")))?;
        Says::Answer { step, value, comment }
    };
    send(&inbox, folder.run(), notice.digest(), says)?;
    output::line(&taken(&inbox, folder.run(), notice));
    Ok(Exit::Done)
}

/// Asks a run to stop.
pub(crate) fn cancel(arguments: &args::Cancel) -> Result<Exit, CommandError> {
    let folder = find(&arguments.state, &arguments.run)?;
    let run = &folder.run().0;
    let holder = folder.holder().map_err(|error| CommandError::usage(runs::sentence(&error)))?;
    let Some(holder) = holder else {
        return Err(CommandError::usage(format!(
            "nobody is at work on run {run}, so there is nothing to stop."
        ))
        .hint(format!("surefoot status {run}")));
    };
    // The run does not count it either; here it is said at once, to the one who waits for the stop.
    let me = person::operator();
    if me.uid != holder.by.uid && me.uid != 0 {
        let runs_it = &holder.by.user;
        return Err(CommandError::usage(format!(
            "{} does not run this, and cannot stop it; {runs_it} and root can.",
            me.user
        ))
        .hint(format!("ask {runs_it}")));
    }
    let level = if arguments.now { 2 } else { 1 };
    let says = Says::Cancel { level, reason: arguments.reason.clone() };
    send(&folder.inbox(), folder.run(), String::new(), says)?;
    output::line(&format!("Run {run} is asked to stop. Watch it: surefoot status {run}"));
    Ok(Exit::Done)
}

/// Finds a run by its id or by its folder: who approves may not know where the operator keeps runs.
fn find(state: &args::State, run: &str) -> Result<RunFolder, CommandError> {
    let path = Path::new(run);
    if let (true, Some(name), Some(root)) =
        (run.contains('/'), path.file_name(), path.parent().and_then(Path::parent))
    {
        return Ok(StateRoot::new(root).folder(&RunId(name.to_string_lossy().into_owned())));
    }
    runs::find(&runs::root(state)?, Some(run))
}

fn send(inbox: &Inbox, run: &RunId, notice: String, says: Says) -> Result<(), CommandError> {
    let letter = Letter { run: run.clone(), notice, at: runs::now(), says };
    inbox.send(&letter).map_err(|error| runs::inbox_error(&error))
}

/// Waits a moment for the run to take a letter, and says whether it did.
fn taken(inbox: &Inbox, run: &RunId, notice: &Notice) -> String {
    for _ in 0..TAKEN_WAIT_MS / TAKEN_EVERY_MS {
        let still = inbox.notices().is_ok_and(|notices| notices.contains(notice));
        if !still {
            return format!("Run {} has taken it.", run.0);
        }
        thread::sleep(Duration::from_millis(TAKEN_EVERY_MS));
    }
    format!("It is left in the run's inbox. If nobody is at work on run {0}: surefoot resume {0}", run.0)
}

fn title(notice: &Notice) -> String {
    match &notice.step {
        Some(step) if notice.title.is_empty() => format!("`{step}`"),
        Some(step) => format!("`{step}` ({})", notice.title),
        None => "a question about the run".to_owned(),
    }
}

/// What a run asks, as a hint.
fn what_is_asked(notices: &[Notice]) -> String {
    if notices.is_empty() {
        return "it asks nothing at the moment; `surefoot status` says where it stands".to_owned();
    }
    let asked: Vec<String> = notices.iter().map(in_words).collect();
    format!("it asks for {}", asked.join("; "))
}

/// What a notice asks for.
pub(crate) fn in_words(notice: &Notice) -> String {
    match &notice.asks {
        Asks::Approval { role, people, wanted, given, .. } => {
            let whose = surefoot_view::whose_yes(role, *wanted, given);
            format!("the approval of {} by {whose} ({})", title(notice), surefoot_view::others(people, given))
        }
        Asks::Answer { text, .. } => format!("an answer at {}: {text}", title(notice)),
        Asks::Choice { why, .. } => format!("how it goes on: {why}"),
    }
}
