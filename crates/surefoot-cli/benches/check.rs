//! How checking grows: 1,000, 3,000 and 10,000 steps, each with a condition, a fact and a rollback; and folders of
//! up to 1,000 runbooks of 10 KB, checked by the command as it is typed.
//!
//! `cargo bench -p surefoot-cli --bench check`. Linear means: ten times the steps, ten times the time. The goal for
//! 1,000 runbooks is 3 s on two cores.

#![expect(clippy::disallowed_methods, reason = "writes runbooks and starts the command to measure it")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run is no benchmark")]

use std::fmt::Write as _;
use std::process::{Command, Stdio};

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use surefoot_compile::{NoSources, analyze};
use surefoot_plan::{Policy, verify};
use surefoot_syntax::{FileId, Source, parse};

const STEPS: [usize; 3] = [1_000, 3_000, 10_000];

/// Runbooks of one folder.
const RUNBOOKS: [usize; 3] = [1, 100, 1_000];

/// Steps of a runbook of about 10 KB.
const STEPS_OF_ONE: usize = 45;

fn main() {
    divan::main();
}

/// Text becomes a tree.
#[divan::bench(args = STEPS, sample_count = 10)]
fn parsing(bencher: Bencher, steps: usize) {
    let source = runbook(steps);
    bencher.counter(ItemsCount::new(steps)).bench_local(|| black_box(parse(&source)));
}

/// Text becomes a plan with every finding.
#[divan::bench(args = STEPS, sample_count = 10)]
fn compiling(bencher: Bencher, steps: usize) {
    let source = runbook(steps);
    bencher.counter(ItemsCount::new(steps)).bench_local(|| {
        let analysis = analyze(&NoSources, source.clone());
        assert!(!analysis.has_errors());
        analysis
    });
}

/// Every way forward and back is proved.
#[divan::bench(args = STEPS, sample_count = 10)]
fn verifying(bencher: Bencher, steps: usize) {
    let analysis = analyze(&NoSources, runbook(steps));
    let plan = &analysis.symbolic("generated").unwrap().plan;
    bencher
        .counter(ItemsCount::new(steps))
        .with_inputs(|| plan.clone())
        .bench_local_values(|plan| verify(plan, &Policy::default()).unwrap());
}

/// The whole command on a folder: found, read, checked on all cores, and told. One runbook is what starting costs.
#[divan::bench(args = RUNBOOKS, sample_count = 5)]
fn repository(bencher: Bencher, runbooks: usize) {
    let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let text = runbook(STEPS_OF_ONE).text;
    for number in 0..runbooks {
        std::fs::write(place.path().join(format!("r{number}.runbook")), &text).unwrap();
    }
    bencher.counter(ItemsCount::new(runbooks)).bench_local(|| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_surefoot"));
        let status = command.arg("check").arg(place.path()).stdout(Stdio::null()).status().unwrap();
        assert!(status.success());
    });
}

/// A runbook of so many steps: each moves one thing and needs the one before it.
fn runbook(steps: usize) -> Source {
    let mut text = String::from(
        "runbook generated {\n    allow { run app, true }\n    fact moved(name: text) { $ true ${name}  false on 1 }\n",
    );
    for step in 0..steps {
        let requires = match step.checked_sub(1) {
            Some(before) => format!("        requires moved(\"t{before}\"), not moved(\"t{step}\")\n"),
            None => format!("        requires not moved(\"t{step}\")\n"),
        };
        write!(
            text,
            "    step s{step} \"Move t{step}\" {{\n{requires}        $ app move t{step}\n        ensures moved(\"t{step}\")\n        \
             rollback {{ $ app back t{step} }}\n    }}\n"
        )
        .unwrap();
    }
    text.push_str("}\n");
    Source { id: FileId(0), path: "generated.runbook".to_owned(), text }
}
