//! Branches that are done at the same time, as processes: each waits for the other, so that one alone never ends.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::place::Place;

/// How long anything here may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Two branches that wait for each other, and then for a word to go on.
const MEET: &str = r#"
runbook meet {
    param dir: path
    allow {
        run bash, rm, sleep, touch
        write dir
    }
    parallel {
        step left within 1m "Wait for the right" {
            bash(dir: dir) ```
                touch "$dir/left"
                until [ -e "$dir/right" ] && [ -e "$dir/go" ]; do sleep 0.05; done
            ```
            idempotent
            rollback { $ rm -f ${dir}/left }
        }
        step right within 1m "Wait for the left" {
            bash(dir: dir) ```
                touch "$dir/right"
                until [ -e "$dir/left" ] && [ -e "$dir/go" ]; do sleep 0.05; done
            ```
            idempotent
            rollback { $ rm -f ${dir}/right }
        }
    }
}
"#;

fn place() -> Place {
    let place = Place::new();
    std::fs::create_dir(place.path().join("dir")).unwrap();
    place.write("meet.runbook", MEET);
    place
}

fn journal(place: &Place) -> String {
    let run = std::fs::read_dir(place.state().join("runs")).unwrap().next().unwrap().unwrap();
    std::fs::read_to_string(run.path().join("journal.jsonl")).unwrap()
}

#[test]
fn two_branches_run_as_processes_at_the_same_time() {
    let place = place();
    place.write("dir/go", "");
    place.run(&["run", "meet.runbook", "-p", "dir=dir"]).exits(0).says("all its branches are over");
    place.run(&["rollback", "0"]).exits(15);
    assert!(!place.path().join("dir/left").exists() && !place.path().join("dir/right").exists());
}

#[test]
fn a_run_that_is_killed_while_two_branches_are_at_work_finds_both_again() {
    let place = place();
    let mut run = place.command(&["run", "meet.runbook", "-p", "dir=dir"]);
    let mut child = run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    while !(place.path().join("dir/left").exists() && place.path().join("dir/right").exists()) {
        assert!(began.elapsed() < PATIENCE, "the branches never met");
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    place.run(&["status", "0"]).exits(0).says("CUT OFF").says("left").says("right");
    place.write("dir/go", "");
    place.run(&["resume", "0"]).exits(0).says("all its branches are over");
    let told = journal(&place);
    for step in ["left", "right"] {
        let intent = format!(r#""intent":{{"claim":{{"step":"{step}""#);
        assert_eq!(told.matches(&intent).count(), 1, "its claim was read: {told}");
    }
}
