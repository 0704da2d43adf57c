//! What a confined process costs against the floor: a bare one, and the durable writes of a claim.
//!
//! `cargo bench -p surefoot-sandbox`. All in one run, on one machine.

#![expect(clippy::disallowed_methods, reason = "starts programs and writes files to measure them")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run is no benchmark")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use divan::Bencher;
use surefoot_executor::{Act, Command, EffectRequest, Granted, Piece, Question, ReadFrom, World};
use surefoot_journal::{Claim, Outcome, Phase, RunId, StateRoot};
use surefoot_plan::{Decoder, StepId};
use surefoot_sandbox::{ApprovalWanted, Launcher, People, RealWorld};

fn main() {
    divan::main();
}

/// Fork and exec of a program that does nothing.
#[divan::bench(sample_count = 200)]
fn floor_process() {
    assert!(std::process::Command::new("/bin/true").stdin(Stdio::null()).status().unwrap().success());
}

/// The supervisor's start alone: it finds no policy and ends.
#[divan::bench(sample_count = 200)]
fn floor_supervisor() {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_surefoot-supervise-test"));
    let status =
        command.arg("__supervise").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(!status.unwrap().success());
}

/// The durable writes of a claim: a folder, who started, how it ended.
#[divan::bench(sample_count = 200)]
fn floor_claim(bencher: Bencher) {
    let base = here();
    let mut number = 0;
    bencher.bench_local(|| {
        number += 1;
        let claim = base.path().join(number.to_string());
        std::fs::create_dir(&claim).unwrap();
        sync(base.path());
        for name in ["started", "exit"] {
            let draft = claim.join("draft");
            let mut file = File::create(&draft).unwrap();
            file.write_all(&[b'x'; 300]).unwrap();
            file.sync_data().unwrap();
            std::fs::rename(&draft, claim.join(name)).unwrap();
            sync(&claim);
        }
    });
}

/// A probe: a confined process without a claim.
#[divan::bench(sample_count = 200)]
fn ours_probe(bencher: Bencher) {
    let scene = Scene::new();
    bencher.bench_local(|| {
        let from = ReadFrom::Command(nothing());
        scene.perform(EffectRequest::Read {
            label: "fact".into(),
            from,
            rights: rights(),
            deadline_ms: 10_000,
        });
    });
}

/// A step's statement: a confined process under a claim.
#[divan::bench(sample_count = 200)]
fn ours_statement(bencher: Bencher) {
    let scene = Scene::new();
    let mut attempt = 0;
    bencher.bench_local(|| {
        attempt += 1;
        scene.perform(EffectRequest::Act {
            claim: Claim { step: StepId("step".into()), phase: Phase::Forward, attempt, statement: 0 },
            act: Act::Command(nothing()),
            rights: rights(),
            deadline_ms: 10_000,
            title: "a step".into(),
        });
    });
}

struct Scene {
    _base: tempfile::TempDir,
    world: RealWorld<Nobody>,
    runtime: tokio::runtime::Runtime,
}

impl Scene {
    fn new() -> Scene {
        let base = here();
        let folder = StateRoot::new(base.path()).create(&RunId("01ARZ3NDEKTSV4RRFFQ69G5FAV".into())).unwrap();
        let world = RealWorld::new(folder, "/usr/bin:/bin", BTreeMap::new(), Nobody)
            .with_launcher(Launcher { program: env!("CARGO_BIN_EXE_surefoot-supervise-test").into() });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Scene { _base: base, world, runtime }
    }

    fn perform(&self, request: EffectRequest) {
        let outcome = self.runtime.block_on(self.world.perform(request));
        assert!(matches!(outcome, Outcome::Performed(ref report) if report.ok), "{outcome:?}");
    }
}

struct Nobody;

impl People for Nobody {
    async fn ask(&self, _: Question) -> Outcome {
        nobody()
    }
    async fn manual(&self, _: Claim, _: Question) -> Outcome {
        nobody()
    }
    async fn notify(&self, _: String, _: String) -> Outcome {
        unreachable!("no step tells a channel")
    }

    async fn approval(&self, _: ApprovalWanted) -> Outcome {
        nobody()
    }
}

fn nobody() -> Outcome {
    Outcome::Unknown { why: "nobody is there".into(), over: true }
}

fn nothing() -> Command {
    Command {
        pipeline: vec![vec![vec![Piece::Plain("true".into())]]],
        revealed: BTreeMap::new(),
        script: None,
        folder: None,
        env: BTreeMap::new(),
        stdin: None,
        user: None,
        exits: BTreeSet::from([0]),
        decoder: Decoder::Nothing,
        r#type: None,
    }
}

fn rights() -> Granted {
    Granted { run: BTreeSet::from(["true".into()]), ..Granted::default() }
}

/// A folder on a disk: the one for temporary files is often in memory, where a sync costs nothing.
fn here() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

fn sync(folder: &Path) {
    File::open(folder).unwrap().sync_all().unwrap();
}
