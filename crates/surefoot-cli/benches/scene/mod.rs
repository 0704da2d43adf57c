//! A run on a disk, of steps that do nothing, for benchmarks.

use std::fs::{File, OpenOptions};
use std::sync::Arc;

use surefoot_compile::{NoSources, analyze};
use surefoot_executor::{
    Act, Command as Argv, Control, EffectRequest, Granted, Piece, Program, Question, drive,
};
use surefoot_journal::{
    Claim, Holder, Journal as _, Outcome, Record, RunFolder, RunState, Started, StateRoot, Timestamp,
    WorldKind, Writer, person,
};
use surefoot_plan::{Decoder, Policy, VerifiedPlan, verify};
use surefoot_sandbox::{ApprovalWanted, Launcher, People, RealWorld};
use surefoot_syntax::{FileId, Source};

/// A plan of so many steps, each of which runs `true`.
pub(crate) fn steps(count: u64) -> Arc<VerifiedPlan> {
    let mut text = String::from("runbook steps {\n    allow { run true }\n");
    for step in 0..count {
        text.push_str(&format!(
            "    step s{step} {{\n        $ true\n        idempotent\n        leaves \"nothing\"\n    }}\n"
        ));
    }
    text.push_str("}\n");
    let source = Source { id: FileId(0), path: "steps.runbook".to_owned(), text };
    let plan = analyze(&NoSources, source).symbolic("steps").unwrap().plan.clone();
    Arc::new(verify(plan, &Policy::default()).unwrap())
}

/// Drives a run to its end, and returns how many records its journal has.
pub(crate) fn drive_run(
    folder: &RunFolder,
    plan: &VerifiedPlan,
    program: &Program,
    runtime: &tokio::runtime::Runtime,
) -> u64 {
    let (mut writer, mut state) = begin(folder, plan);
    let world = world(folder);
    let (_signals, heard) = tokio::sync::mpsc::unbounded_channel();
    let mut control = Control {
        operator: person::operator(),
        terminal: false,
        gone: false,
        signals: heard,
        decisions: Default::default(),
        rejected: Vec::new(),
    };
    let mut unwatched = |_: &Record, _: &RunState| {};
    let driven = drive(program, &mut state, &mut writer, &world, &mut control, &mut unwatched);
    runtime.block_on(driven).unwrap();
    assert!(state.ended().is_some());
    writer.chain().length()
}

/// A folder on a disk: the one for temporary files is often in memory, where a sync costs nothing.
pub(crate) fn here() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

pub(crate) fn append(path: &std::path::Path) -> File {
    OpenOptions::new().create(true).append(true).open(path).unwrap()
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// The folder of a new run.
pub(crate) fn folder(state: &std::path::Path) -> RunFolder {
    let root = StateRoot::new(state);
    let run = root.new_run(Timestamp(1_795_000_000_000)).unwrap();
    root.create(&run).unwrap()
}

/// The journal of a new run.
pub(crate) fn begin(folder: &RunFolder, plan: &VerifiedPlan) -> (Writer, RunState) {
    let time = Timestamp(1_795_000_000_000);
    let lock = folder.lock(&Holder::here(folder.run(), "steps", time)).unwrap();
    let started = Started {
        run: folder.run().clone(),
        plan: plan.plan().clone(),
        digest: plan.digest().0.clone(),
        world: WorldKind::Real,
        operator: person::operator(),
        host: person::host(),
        boot_id: person::boot_id(),
        version: String::new(),
        waivers: Vec::new(),
        roles: Default::default(),
        channels: Default::default(),
    };
    let (writer, first) = Writer::create(folder, lock, time, started).unwrap();
    let mut state = RunState::new();
    state.apply(&first).unwrap();
    (writer, state)
}

/// A world whose supervisor is the command itself.
pub(crate) fn world(folder: &RunFolder) -> RealWorld<Nobody> {
    let program = env!("CARGO_BIN_EXE_surefoot").into();
    RealWorld::new(folder.clone(), "/usr/bin:/bin", Default::default(), Nobody)
        .with_launcher(Launcher { program })
}

pub(crate) fn do_nothing(claim: Claim) -> EffectRequest {
    EffectRequest::Act {
        claim,
        act: Act::Command(Argv {
            pipeline: vec![vec![vec![Piece::Plain("true".to_owned())]]],
            revealed: std::collections::BTreeMap::new(),
            script: None,
            folder: None,
            env: Default::default(),
            stdin: None,
            user: None,
            exits: [0].into(),
            decoder: Decoder::Nothing,
            r#type: None,
        }),
        rights: Granted { run: ["true".to_owned()].into(), ..Granted::default() },
        deadline_ms: 60_000,
        title: "nothing".to_owned(),
    }
}

/// Nobody is asked.
pub(crate) struct Nobody;

impl People for Nobody {
    async fn ask(&self, _question: Question) -> Outcome {
        unreachable!("no step asks")
    }

    async fn manual(&self, _claim: Claim, _question: Question) -> Outcome {
        unreachable!("no step is done by hand")
    }

    async fn notify(&self, _channel: String, _text: String) -> Outcome {
        unreachable!("no step tells a channel")
    }

    async fn approval(&self, _wanted: ApprovalWanted) -> Outcome {
        unreachable!("no step is approved")
    }
}
