//! Whatever somebody writes into a runbook or a plan file: it is read without a panic, without hanging, and within
//! memory and work that grow with it and not faster.
//!
//! `SUREFOOT_TEXTS=100000 cargo test -p surefoot-tests --test hostile` tries more of them.

#![expect(
    clippy::disallowed_methods,
    reason = "reads the files of the repository, and how much is to be tried"
)]
#![expect(clippy::print_stdout, reason = "says how much was tried, and what it took")]

mod measure;
mod mutate;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::thread;
use std::time::Duration;

use surefoot_compile::{NoSources, analyze, check};
use surefoot_plan::{Plan, Policy, verify};
use surefoot_syntax::{FileId, Format, RenderOptions, Source, format, parse, render};
use surefoot_tests::{Random, runbooks};

use measure::{Limits, Measured, measured};

/// How many texts are tried, and plans, unless `SUREFOOT_TEXTS` says otherwise when the test is run.
const TEXTS: u64 = 150;

/// What parsing, formatting, checking and verifying may hold for each byte that they are given.
const HELD_EACH: usize = 100;

/// What they may hold whatever they are given: a line is cut into tokens at once, which takes two hundred bytes for
/// each of a line that is nothing but signs, and the first mistakes of a file are said.
const HELD_BYTES: usize = 8 << 20;

/// What parsing and formatting may take. An unoptimized parser is slow, and the limit is there to find what grows
/// faster than its input.
const READING: Limits = Limits {
    held_each: HELD_EACH,
    held_bytes: HELD_BYTES,
    worked_each: Duration::from_micros(200),
    worked: Duration::from_secs(2),
};

/// What checking may take: it makes a plan, and walks it.
const CHECKING: Limits = Limits {
    held_each: HELD_EACH,
    held_bytes: HELD_BYTES,
    worked_each: Duration::from_micros(500),
    worked: Duration::from_secs(5),
};

/// What reading and verifying a plan may take.
const VERIFYING: Limits = CHECKING;

fn texts() -> u64 {
    std::env::var("SUREFOOT_TEXTS").ok().and_then(|number| number.parse().ok()).unwrap_or(TEXTS)
}

/// Every runbook of the repository that stands alone.
fn corpus() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["cases", "checks", "../examples", "../grammar"] {
        runbooks(&root.join(folder), &mut files);
    }
    files.sort();
    let texts: Vec<String> = files
        .iter()
        .map(|path| std::fs::read_to_string(path).expect("a runbook of the repository"))
        .collect();
    assert!(texts.len() > 200, "only {} runbooks", texts.len());
    texts
}

fn source(bytes: &[u8]) -> Source {
    Source::decode(FileId(0), "case.runbook".to_owned(), bytes.to_vec()).0
}

/// The stack that the command has, in bytes. That of a test's thread is smaller, and what is not optimized needs more.
const STACK_BYTES: usize = 8 << 20;

/// Does something with each of many inputs, and fails with all that went wrong.
fn each(what: &str, limits: &Limits, input: impl Fn(u64) -> Vec<u8> + Send, act: impl FnMut(&[u8]) + Send) {
    thread::scope(|scope| {
        let work = || one_after_the_other(what, limits, input, act);
        let thread = thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, work);
        if let Err(panic) = thread.expect("a thread").join() {
            resume_unwind(panic);
        }
    });
}

fn one_after_the_other(
    what: &str,
    limits: &Limits,
    input: impl Fn(u64) -> Vec<u8>,
    mut act: impl FnMut(&[u8]),
) {
    let mut wrong = Vec::new();
    let mut most = Measured::default();
    for seed in 0..texts() {
        let bytes = input(seed);
        let text = || String::from_utf8_lossy(&bytes);
        match catch_unwind(AssertUnwindSafe(|| measured(what, seed, bytes.len(), || act(&bytes)))) {
            Ok(took) => {
                let why = limits.broken(&took);
                wrong.extend(why.map(|why| format!("{}\n{what}, seed {seed}: {why}", text())));
                most.worst(&took);
            }
            Err(_) => wrong.push(format!("{}\n{what}, seed {seed}: it panics", text())),
        }
    }
    println!("{what}: {} inputs, at most {most}", texts());
    let ends: Vec<&str> = wrong.iter().filter_map(|wrong| wrong.lines().last()).collect();
    let first = wrong.first().map_or("", String::as_str);
    assert!(wrong.is_empty(), "{first}\n\n{}", ends.join("\n"));
}

#[test]
fn a_hostile_text_is_parsed_and_formatted() {
    let corpus = corpus();
    let text = |seed| mutate::text(&corpus, &mut Random::new(seed));
    each("parse and format", &READING, text, |bytes| {
        let source = source(bytes);
        let parsed = parse(&source);
        assert_eq!(parsed.syntax().text().to_string(), source.text, "not every byte is accounted for");
        let formatted = format(&source);
        let again = Source { text: formatted.text.clone(), ..source };
        assert_eq!(format(&again).text, formatted.text, "formatting is not the same the second time");
    });
}

#[test]
fn a_hostile_text_is_checked() {
    let corpus = corpus();
    let text = |seed| mutate::text(&corpus, &mut Random::new(seed ^ 0xc0de));
    each("check", &CHECKING, text, |bytes| {
        let analysis = analyze(&NoSources, source(bytes));
        let found = check(&analysis);
        let sources: Vec<Source> = analysis.sources().cloned().collect();
        let options = RenderOptions { format: Format::Short, ..RenderOptions::default() };
        let _ = render(&found, &sources, &options);
    });
}

/// The plans of runbooks that are right.
fn plans() -> Vec<serde_json::Value> {
    let mut plans = Vec::new();
    for text in corpus() {
        let analysis = analyze(&NoSources, source(text.as_bytes()));
        for name in analysis.runbooks() {
            if let Some(lowered) = analysis.symbolic(name).filter(|_| !analysis.has_errors()) {
                plans.push(serde_json::to_value(&lowered.plan).expect("a plan is JSON"));
            }
        }
    }
    assert!(plans.len() > 100, "only {} plans", plans.len());
    plans
}

#[test]
fn a_hostile_plan_is_verified_or_refused() {
    let plans = plans();
    let mut read = 0;
    let plan = |seed| {
        let mut random = Random::new(seed ^ 0xfeed);
        serde_json::to_vec(&mutate::json(&plans, &mut random)).expect("it is JSON")
    };
    each("verify", &VERIFYING, plan, |bytes| {
        let Ok(plan) = serde_json::from_slice::<Plan>(bytes) else { return };
        read += 1;
        let file = plan.to_json();
        assert_eq!(
            Plan::from_json(&file).ok().as_ref(),
            Some(&plan),
            "a plan file is not read as it was written"
        );
        let _ = verify(plan, &Policy { bound: false });
    });
    assert!(read > texts() / 10, "only {read} are plans at all: the test shows little");
}

#[test]
fn a_damaged_plan_file_is_refused() {
    let plans = plans();
    let file = |seed| {
        let mut random = Random::new(seed ^ 0xf11e);
        let plan: Plan = serde_json::from_value(random.one_of(&plans).clone()).expect("a plan");
        mutate::bytes(plan.to_json(), &mut random)
    };
    each("read a plan file", &VERIFYING, file, |bytes| {
        let _ = Plan::from_json(bytes).map(|plan| verify(plan, &Policy { bound: false }).is_ok());
    });
}
