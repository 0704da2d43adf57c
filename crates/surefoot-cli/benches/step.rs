//! What a step costs against the floor: the process it must start, and the records it must sync.
//!
//! `cargo bench -p surefoot-cli --bench step`. Everything is measured in one run, on one machine.

#![expect(clippy::disallowed_methods, reason = "starts programs and writes files to measure them")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run is no benchmark")]

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::process::{Command, Stdio};

use std::sync::Arc;

use divan::Bencher;
use divan::counter::ItemsCount;
use surefoot_compile::{NoSources, analyze};
use surefoot_executor::{
    Act, Command as Argv, Control, EffectRequest, Granted, Piece, Program, Question, World as _, drive,
};
use surefoot_journal::{
    Claim, Event, Holder, Journal as _, Outcome, Phase, Record, RunFolder, RunState, Started, StateRoot,
    Timestamp, WorldKind, Writer, person,
};
use surefoot_plan::{Decoder, Policy, StepId, verify};
use surefoot_sandbox::{ApprovalWanted, Launcher, People, RealWorld};
use surefoot_syntax::{FileId, Source};

#[path = "../tests/cli/run_folder.rs"]
mod run_folder;

/// Steps of one run.
const STEPS: u64 = 20;

/// Records of a step that does one thing: its conditions, what was true before, the intent, the outcome, and that it is done.
const RECORDS_OF_A_STEP: u64 = 5;

/// As long as a common record.
const RECORD_BYTES: usize = 300;

fn main() {
    divan::main();
}

/// The floor of a command: fork and exec of a program that does nothing.
#[divan::bench(sample_count = 100)]
fn floor_fork_and_exec() {
    let status = Command::new("/bin/true").stdin(Stdio::null()).status().unwrap();
    assert!(status.success());
}

/// The floor of a record: one write and one sync of its data.
#[divan::bench(sample_count = 100)]
fn floor_write_and_sync(bencher: Bencher) {
    let folder = here();
    let mut file = append(&folder.path().join("file"));
    bencher.bench_local(|| {
        file.write_all(&[b'x'; RECORD_BYTES]).unwrap();
        file.sync_data().unwrap();
    });
}

/// A record of ours: encoded, chained, written, synced.
#[divan::bench(sample_count = 100)]
fn ours_record(bencher: Bencher) {
    let place = here();
    let run = run_folder::make_run(place.path(), &[]);
    let folder = StateRoot::new(place.path()).find(&run).unwrap();
    let time = Timestamp(1_795_000_000_000);
    let lock = folder.lock(&Holder::here(folder.run(), "greet", time)).unwrap();
    let mut writer = Writer::open(&folder, lock, time).unwrap().writer;
    let text = "x".repeat(RECORD_BYTES / 2);
    bencher.bench_local(|| writer.append(time, Event::Noted { at: None, text: text.clone() }).unwrap());
}

/// The floor of a step: `true`, confined, under its supervisor, with its claim and its outcome durable.
#[divan::bench(sample_count = 50)]
fn floor_confined_process(bencher: Bencher) {
    let place = here();
    let world = world(&folder(place.path()));
    let runtime = runtime();
    let mut attempt = 0;
    bencher.bench_local(|| {
        attempt += 1;
        let claim = Claim { step: StepId("s".to_owned()), phase: Phase::Forward, attempt, statement: 0 };
        let outcome = runtime.block_on(world.perform(do_nothing(claim)));
        assert!(matches!(outcome, Outcome::Performed(report) if report.ok));
    });
}

/// A step of ours: what it needs, its intent, `true`, its outcome, and what came of it. Compare it with one
/// confined process and `RECORDS_OF_A_STEP` records.
#[divan::bench(sample_count = 10)]
fn ours_step(bencher: Bencher) {
    let mut text = String::from("runbook steps {\n    allow { run true }\n");
    for step in 0..STEPS {
        text.push_str(&format!(
            "    step s{step} {{\n        $ true\n        idempotent\n        leaves \"nothing\"\n    }}\n"
        ));
    }
    text.push_str("}\n");
    let source = Source { id: FileId(0), path: "steps.runbook".to_owned(), text };
    let plan = analyze(&NoSources, source).symbolic("steps").unwrap().plan.clone();
    let plan = Arc::new(verify(plan, &Policy::default()).unwrap());
    let program = Program::new(plan.clone());
    let place = here();
    let runtime = runtime();
    bencher.counter(ItemsCount::new(STEPS)).bench_local(|| {
        let folder = folder(place.path());
        let (mut writer, mut state) = begin(&folder, &plan);
        let world = world(&folder);
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
        let driven = drive(&program, &mut state, &mut writer, &world, &mut control, &mut unwatched);
        runtime.block_on(driven).unwrap();
        assert!(state.ended().is_some());
        // What a reader divides by: a step has so many records.
        let records = writer.chain().length();
        let of_the_steps = STEPS * RECORDS_OF_A_STEP..STEPS * (RECORDS_OF_A_STEP + 1);
        assert!(of_the_steps.contains(&records), "{records}");
    });
}

/// The start of the command.
#[divan::bench(sample_count = 100)]
fn ours_version() {
    let output = Command::new(env!("CARGO_BIN_EXE_surefoot")).arg("--version").output().unwrap();
    assert!(output.status.success());
}

/// A folder on a disk: the one for temporary files is often in memory, where a sync costs nothing.
fn here() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

fn append(path: &std::path::Path) -> File {
    OpenOptions::new().create(true).append(true).open(path).unwrap()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// The folder of a new run.
fn folder(state: &std::path::Path) -> RunFolder {
    let root = StateRoot::new(state);
    let run = root.new_run(Timestamp(1_795_000_000_000)).unwrap();
    root.create(&run).unwrap()
}

/// The journal of a new run.
fn begin(folder: &RunFolder, plan: &surefoot_plan::VerifiedPlan) -> (Writer, RunState) {
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
    };
    let (writer, first) = Writer::create(folder, lock, time, started).unwrap();
    let mut state = RunState::new();
    state.apply(&first).unwrap();
    (writer, state)
}

/// A world whose supervisor is the command itself.
fn world(folder: &RunFolder) -> RealWorld<Nobody> {
    let program = env!("CARGO_BIN_EXE_surefoot").into();
    RealWorld::new(folder.clone(), "/usr/bin:/bin", Default::default(), Nobody)
        .with_launcher(Launcher { program })
}

fn do_nothing(claim: Claim) -> EffectRequest {
    EffectRequest::Act {
        claim,
        act: Act::Command(Argv {
            pipeline: vec![vec![vec![Piece::Plain("true".to_owned())]]],
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
struct Nobody;

impl People for Nobody {
    async fn ask(&self, _question: Question) -> Outcome {
        unreachable!("no step asks")
    }

    async fn manual(&self, _claim: Claim, _question: Question) -> Outcome {
        unreachable!("no step is done by hand")
    }

    async fn approval(&self, _wanted: ApprovalWanted) -> Outcome {
        unreachable!("no step is approved")
    }
}
