//! What a whole step of a run costs over its floor: one confined process, and the durable writes that let it
//! be taken up after a crash.
//!
//! `cargo bench -p surefoot-cli --bench overhead`. Floor and step are measured in turns, so that a machine
//! that is busy is as busy for both; the medians of many turns are shown.

#![expect(clippy::disallowed_methods, reason = "starts programs and writes files to measure them")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run is no benchmark")]
#![expect(clippy::print_stdout, reason = "its result is what it prints")]

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use surefoot_executor::{Program, World as _};
use surefoot_journal::{Claim, Outcome, Phase};
use surefoot_plan::StepId;

mod scene;

/// Steps of one run: one turn.
const STEPS: u64 = 20;

/// How many turns; one if it is only tried whether it runs.
const TURNS: usize = 25;

/// A process that is confined as ours are, by a common tool: with every namespace, and as nobody special.
const CONFINED: [&str; 8] =
    ["unshare", "--user", "--map-root-user", "--mount", "--uts", "--ipc", "--net", "--pid"];

fn main() {
    let turns = if std::env::args().any(|argument| argument == "--test") { 1 } else { TURNS };
    let plan = scene::steps(STEPS);
    let program = Program::new(plan.clone());
    let place = scene::here();
    let runtime = scene::runtime();
    let [mut bare, mut confined, mut ours, mut claims, mut synced, mut steps] = [const { Vec::new() }; 6];
    let mut records = 0;
    for turn in 0..turns {
        let folder = scene::folder(place.path());
        let began = Instant::now();
        records = scene::drive_run(&folder, &plan, &program, &runtime);
        steps.push(began.elapsed() / u32::try_from(STEPS).unwrap());
        let journal = std::fs::read(folder.journal()).unwrap();
        let line = vec![b'x'; journal.len() / usize::try_from(records).unwrap()];
        bare.push(each(|_| run(&mut Command::new("/bin/true"))));
        confined.push(each(|_| {
            run(Command::new(CONFINED[0]).args(&CONFINED[1..]).args(["--fork", "--kill-child", "/bin/true"]));
        }));
        let world = scene::world(&folder);
        ours.push(each(|attempt| {
            let step = StepId(format!("turn{turn}"));
            let claim = Claim { step, phase: Phase::Forward, attempt: attempt + 1, statement: 0 };
            let outcome = runtime.block_on(world.perform(scene::do_nothing(claim)));
            assert!(matches!(outcome, Outcome::Performed(report) if report.ok));
        }));
        let floor = place.path().join(format!("floor{turn}"));
        std::fs::create_dir(&floor).unwrap();
        claims.push(each(|number| claim(&floor, number)));
        let mut file = scene::append(&floor.join("records"));
        synced.push(each(|_| append(&mut file, &line)));
    }
    let of_a_step = records / STEPS;
    let [bare, confined, ours, claims, synced, step] =
        [bare, confined, ours, claims, synced, steps].map(median);
    let journal = synced * u32::try_from(of_a_step).unwrap();
    let floor = confined + claims + journal;
    let row = |what: &str, took: Duration| println!("{:>9.3} ms  {what}", took.as_secs_f64() * 1e3);
    row("a process that does nothing", bare);
    row("the same, confined by `unshare`", confined);
    row("a claim, its start and its end, synced", claims);
    row("one record, written and synced", synced);
    row("a process that does nothing, confined by us, with its claim", ours);
    row("STEP: one whole step of a run", step);
    row(&format!("FLOOR: `unshare`, a claim and {of_a_step} records"), floor);
    let over = |floor: Duration| (step.as_secs_f64() - floor.as_secs_f64()) * 1e3;
    println!("{:>9.3} ms  the step over that floor", over(floor));
    println!(
        "{:>9.3} ms  the step over our own confined process and {of_a_step} records",
        over(ours + journal)
    );
}

/// What a supervisor writes of a claim, as short as it can be: a folder, who started, how it ended.
fn claim(folder: &Path, number: u32) {
    let claim = folder.join(number.to_string());
    std::fs::create_dir(&claim).unwrap();
    for name in ["started", "exit"] {
        let mut file = File::create(claim.join("draft")).unwrap();
        file.write_all(&[b'x'; 300]).unwrap();
        std::fs::rename(claim.join("draft"), claim.join(name)).unwrap();
        file.sync_data().unwrap();
        File::open(&claim).unwrap().sync_all().unwrap();
    }
    File::open(folder).unwrap().sync_all().unwrap();
}

/// Does something as often as a run has steps, and returns how long one took.
fn each(mut act: impl FnMut(u32)) -> Duration {
    let count = u32::try_from(STEPS).unwrap();
    let began = Instant::now();
    (0..count).for_each(&mut act);
    began.elapsed() / count
}

fn run(command: &mut Command) {
    assert!(command.stdin(Stdio::null()).status().unwrap().success());
}

fn append(file: &mut File, line: &[u8]) {
    file.write_all(line).unwrap();
    file.sync_data().unwrap();
}

fn median(mut took: Vec<Duration>) -> Duration {
    took.sort();
    took.get(took.len() / 2).copied().unwrap_or_default()
}
