//! What a step costs against the floor: the process it must start, and the records it must sync.
//!
//! `cargo bench -p surefoot-cli --bench step`. Everything is measured in one run, on one machine.

#![expect(clippy::disallowed_methods, reason = "starts programs and writes files to measure them")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run is no benchmark")]

use std::io::Write as _;
use std::process::{Command, Stdio};

use divan::Bencher;
use divan::counter::ItemsCount;
use surefoot_executor::{Program, World as _};
use surefoot_journal::{Claim, Event, Holder, Journal as _, Outcome, Phase, StateRoot, Timestamp, Writer};
use surefoot_plan::StepId;

#[path = "../tests/cli/run_folder.rs"]
mod run_folder;
mod scene;

/// Steps of one run.
const STEPS: u64 = 20;

/// Records of a step that does one thing: its conditions, what was true before, the intent, the outcome, and
/// that it is done.
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
    let folder = scene::here();
    let mut file = scene::append(&folder.path().join("file"));
    bencher.bench_local(|| {
        file.write_all(&[b'x'; RECORD_BYTES]).unwrap();
        file.sync_data().unwrap();
    });
}

/// A record of ours: encoded, chained, written, synced.
#[divan::bench(sample_count = 100)]
fn ours_record(bencher: Bencher) {
    let place = scene::here();
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
    let place = scene::here();
    let world = scene::world(&scene::folder(place.path()));
    let runtime = scene::runtime();
    let mut attempt = 0;
    bencher.bench_local(|| {
        attempt += 1;
        let claim = Claim { step: StepId("s".to_owned()), phase: Phase::Forward, attempt, statement: 0 };
        let outcome = runtime.block_on(world.perform(scene::do_nothing(claim)));
        assert!(matches!(outcome, Outcome::Performed(report) if report.ok));
    });
}

/// A step of ours: what it needs, its intent, `true`, its outcome, and what came of it. Compare it with one
/// confined process and `RECORDS_OF_A_STEP` records.
#[divan::bench(sample_count = 10)]
fn ours_step(bencher: Bencher) {
    let plan = scene::steps(STEPS);
    let program = Program::new(plan.clone());
    let place = scene::here();
    let runtime = scene::runtime();
    bencher.counter(ItemsCount::new(STEPS)).bench_local(|| {
        let folder = scene::folder(place.path());
        let records = scene::drive_run(&folder, &plan, &program, &runtime);
        // What a reader divides by: a step has so many records.
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
