//! The exit codes of the command: scripts branch on exactly these.
//!
//! The first line of each is its row in the README's table; a test compares them.

use surefoot_journal::{Ended, FactsVerdict, ForwardVerdict, WayBackVerdict};

/// How the command ended. Numbers are never reused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Done: the plan is valid, or the run came to its end and every fact is as ensured.
    Done = 0,
    /// The runbook has errors or is not formatted (`fmt --check`), or the plan is refused.
    Refused = 1,
    /// The command line, a file, an input or the configuration is wrong; nothing was done.
    Usage = 2,
    /// A condition at the start of the run was false; nothing was done.
    Precondition = 3,
    /// The run failed and was rolled back completely, or had changed nothing; or a person let go what it owed.
    RolledBack = 10,
    /// The run stopped and something is still owed.
    Owing = 11,
    /// A rollback failed: the run is stuck and a person must help.
    Stuck = 12,
    /// The run waits for a person: an answer, a decision, or a doubt.
    Held = 13,
    /// The run failed after a point of no return: what came before it stays done.
    Sealed = 14,
    /// A person cancelled the run, and nothing is owed.
    Cancelled = 15,
    /// The run came to its end, but turns of a loop failed and were taken back.
    DoneWithFailures = 16,
    /// Another run holds the lock.
    Locked = 20,
    /// The journal is damaged, or was written by a newer version.
    JournalDamaged = 21,
    /// The journal cannot be written; nothing more was done.
    JournalUnwritable = 22,
    /// A mistake in Surefoot itself; please report it.
    Internal = 70,
}

impl Exit {
    /// The code of a run that is over.
    pub(crate) fn of(ended: &Ended) -> Exit {
        // What is still to be done by somebody weighs more than why it came to that.
        match ended.way_back {
            WayBackVerdict::Stuck => return Exit::Stuck,
            WayBackVerdict::Owing => return Exit::Owing,
            WayBackVerdict::ToTheSeal => return Exit::Sealed,
            WayBackVerdict::NoneNeeded | WayBackVerdict::Complete | WayBackVerdict::LetGo => {}
        }
        match ended.forward {
            ForwardVerdict::Refused => Exit::Precondition,
            ForwardVerdict::Cancelled => Exit::Cancelled,
            ForwardVerdict::Failed => Exit::RolledBack,
            ForwardVerdict::DoneWithFailures => Exit::DoneWithFailures,
            ForwardVerdict::Done | ForwardVerdict::Stopped => match ended.facts {
                FactsVerdict::AsEnsured
                | FactsVerdict::NotAsked
                | FactsVerdict::AsBefore
                | FactsVerdict::AsBeforeExcept
                | FactsVerdict::Untouched => Exit::Done,
                FactsVerdict::Unknown | FactsVerdict::NotAsBefore => Exit::Held,
            },
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        std::process::ExitCode::from(exit as u8)
    }
}
