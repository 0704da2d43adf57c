//! How a supervised job ended, as its supervisor writes it down.

use serde::{Deserialize, Serialize};
use surefoot_journal::{Exit, Output};

/// How a job ended. Written to the claim's `exit`, and sent to the executor if one is there.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Ending {
    /// Why nothing acted; none if something did.
    pub(crate) refused: Option<String>,
    /// Nothing acted because the claim was not free: whoever took it knows more.
    pub(crate) taken_before: bool,
    /// How each program ended, in the order of the pipeline.
    pub(crate) members: Vec<MemberEnding>,
    /// Why what acted failed, beside its exits.
    pub(crate) failure: Option<String>,
    /// Whether it was stopped because its time was over.
    pub(crate) timed_out: bool,
    /// Whether it was stopped because somebody asked.
    pub(crate) interrupted: bool,
    /// How long it took.
    pub(crate) elapsed_ms: u64,
    /// What it printed.
    pub(crate) output: Vec<Output>,
    /// What lives on.
    pub(crate) left_running: Vec<String>,
    /// How many connections went to which peer, as "db.internal:5432: 2".
    pub(crate) connections: Vec<String>,
}

/// How one program ended.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct MemberEnding {
    /// Its name, as it was called.
    pub(crate) program: String,
    /// Its end; none if it could not be started.
    pub(crate) exit: Option<Exit>,
    /// Why it could not be started.
    pub(crate) failure: Option<String>,
}

impl Ending {
    /// Nothing acted, and why.
    pub(crate) fn refused(why: impl Into<String>) -> Ending {
        Ending { refused: Some(why.into()), ..Ending::default() }
    }
}
