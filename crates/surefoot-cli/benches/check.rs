//! How checking grows: 1,000, 3,000 and 10,000 steps, each with a condition, a fact and a rollback.
//!
//! `cargo bench -p surefoot-cli --bench check`. Linear means: ten times the steps, ten times the time.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run is no benchmark")]

use std::fmt::Write as _;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use surefoot_compile::{NoSources, analyze};
use surefoot_plan::{Policy, verify};
use surefoot_syntax::{FileId, Source, parse};

const STEPS: [usize; 3] = [1_000, 3_000, 10_000];

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

/// A runbook of so many steps: each moves one thing and needs the one before it.
fn runbook(steps: usize) -> Source {
    let mut text = String::from(
        "runbook generated {\n    allow { run true, false }\n    fact moved(name: text) { $ true ${name}  false on 1 }\n",
    );
    for step in 0..steps {
        let requires = match step.checked_sub(1) {
            Some(before) => format!("        requires moved(\"t{before}\"), not moved(\"t{step}\")\n"),
            None => format!("        requires not moved(\"t{step}\")\n"),
        };
        write!(
            text,
            "    step s{step} \"Move t{step}\" {{\n{requires}        $ true t{step}\n        ensures moved(\"t{step}\")\n        \
             rollback {{ $ false t{step} }}\n    }}\n"
        )
        .unwrap();
    }
    text.push_str("}\n");
    Source { id: FileId(0), path: "generated.runbook".to_owned(), text }
}
