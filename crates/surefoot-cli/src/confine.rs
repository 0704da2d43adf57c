//! Whether this machine can confine a command, found out by confining one.

use std::collections::BTreeMap;
use std::path::Path;

use surefoot_executor::{Command, EffectRequest, Granted, Piece, ReadFrom, World as _};
use surefoot_journal::{Claim, Outcome, RunFolder, StateRoot};
use surefoot_plan::Decoder;
use surefoot_sandbox::{ApprovalWanted, People, RealWorld, Waivers};

use crate::error::CommandError;
use crate::{load, runs};

/// How long the command may take, in milliseconds. It takes ten.
const DEADLINE_MS: u64 = 10_000;

/// Where the command that does nothing is.
const TRUE: [&str; 2] = ["/bin/true", "/usr/bin/true"];

/// Nobody: for worlds that are only read.
pub(crate) struct Nobody;

impl People for Nobody {
    async fn ask(&self, _question: surefoot_executor::Question) -> Outcome {
        not_asked()
    }

    async fn manual(&self, _claim: Claim, _question: surefoot_executor::Question) -> Outcome {
        not_asked()
    }

    async fn notify(&self, _channel: String, _text: String) -> Outcome {
        not_asked()
    }

    async fn approval(&self, _wanted: ApprovalWanted) -> Outcome {
        not_asked()
    }
}

fn not_asked() -> Outcome {
    Outcome::NotPerformed { why: "nobody is asked here".to_owned() }
}

/// A run folder for a world that is only read. It goes when this is dropped.
pub(crate) struct Scratch {
    root: StateRoot,
}

impl Scratch {
    /// Makes one in the folder for temporary files.
    pub(crate) fn new() -> Result<(Scratch, RunFolder), CommandError> {
        let place = std::env::temp_dir().join(format!("surefoot-probe-{}", std::process::id()));
        let scratch = Scratch { root: StateRoot::new(place) };
        let run = scratch
            .root
            .new_run(runs::now())
            .map_err(|error| CommandError::usage(format!("no folder can be made to probe from: {error}.")))?;
        let folder = scratch.root.create(&run).map_err(|error| runs::create_error(&error))?;
        Ok((scratch, folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // It holds nothing but what probes printed; a rest among the temporary files does no harm.
        let _ = std::fs::remove_dir_all(self.root.path());
    }
}

/// Confines a command that does nothing, or says why that cannot be done.
pub(crate) fn attempt(waivers: &Waivers) -> Result<Result<(), String>, CommandError> {
    let Some(program) = TRUE.into_iter().find(|path| Path::new(path).exists()) else {
        return Ok(Err("there is no /bin/true to try it with".to_owned()));
    };
    let (_scratch, folder) = Scratch::new()?;
    let world = RealWorld::new(folder, "/usr/bin:/bin", Default::default(), Nobody).with_waivers(waivers);
    let command = Command {
        pipeline: vec![vec![vec![Piece::Plain(program.to_owned())]]],
        revealed: BTreeMap::new(),
        script: None,
        folder: None,
        env: Default::default(),
        stdin: None,
        user: None,
        exits: [0].into(),
        decoder: Decoder::Nothing,
        r#type: None,
    };
    let request = EffectRequest::Read {
        label: "whether a command can be confined".to_owned(),
        from: ReadFrom::Command(command),
        rights: Granted { run: [program.to_owned()].into(), ..Granted::default() },
        deadline_ms: DEADLINE_MS,
    };
    Ok(match load::wait_for(world.perform(request))? {
        Outcome::Performed(report) if report.ok => Ok(()),
        Outcome::Performed(report) => Err(report.why),
        Outcome::NotPerformed { why } | Outcome::Unknown { why, .. } => Err(why),
    })
}

/// Refuses to run where the kernel cannot enforce what the plan promises, unless that is waived.
pub(crate) fn check(waivers: &Waivers) -> Result<(), CommandError> {
    attempt(waivers)?.map_err(|why| {
        CommandError::usage(format!("commands cannot be confined on this machine: {why}. Nothing was done."))
            .hint("`surefoot doctor` says what the kernel lets Surefoot enforce")
            .hint("to run without: --waive WHAT --reason WHY, which is recorded in the transcript")
    })
}
