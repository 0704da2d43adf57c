//! What a step costs against the floor: the process it must start, and the records it must sync.
//!
//! `cargo bench -p surefoot-cli --bench step`. Everything is measured in one run, on one machine.

#![expect(clippy::disallowed_methods, reason = "starts programs and writes files to measure them")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run is no benchmark")]

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::process::{Command, Stdio};

use divan::Bencher;
use surefoot_journal::{Event, Holder, Journal as _, StateRoot, Timestamp, Writer};

#[path = "../tests/cli/run_folder.rs"]
mod run_folder;

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
