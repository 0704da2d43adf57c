//! The example of the README's first command, run as it says there, against the service itself.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::place::{Place, Ran};

/// A copy of the example, in a place of its own.
struct Demo {
    place: Place,
}

impl Demo {
    fn new() -> Demo {
        let place = Place::new();
        let example = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/config-change"));
        std::fs::create_dir(place.path().join("service")).unwrap();
        for name in [
            "change-workers.runbook",
            "service/greeter",
            "service/greeter.conf",
            "service/loaded.conf",
            "service/rotation",
        ] {
            std::fs::copy(example.join(name), place.path().join(name)).unwrap();
        }
        Demo { place }
    }

    fn run(&self, workers: &str) -> Ran {
        let workers = format!("workers={workers}");
        self.place.run(&["run", "change-workers.runbook", "-p", "service=service", "-p", &workers])
    }

    /// Every file of the service, with its content.
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        std::fs::read_dir(self.place.path().join("service"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| (path.display().to_string(), std::fs::read(&path).unwrap()))
            .collect()
    }

    /// What the service answers.
    fn greets(&self) -> String {
        let output = std::process::Command::new("sh")
            .arg("service/greeter")
            .args(["greet", "Ann"])
            .current_dir(self.place.path())
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    }
}

#[test]
fn a_bad_value_fails_and_rolls_back_to_the_byte() {
    let demo = Demo::new();
    let before = demo.files();
    demo.run("0").exits(10).says("healthy").says("rollback");
    assert_eq!(demo.files(), before, "the service is not as it was");
    assert_eq!(demo.greets(), "Hello, Ann. I am one of 4.\n");
    demo.place.run(&["transcript"]).exits(0).says("drain").says("change").says("healthy");
    demo.place.run(&["status"]).exits(0).says("over").says("taken back");
    demo.place.run(&["journal", "--verify"]).exits(0).complains("the chain is whole");
}

#[test]
fn a_good_value_goes_through() {
    let demo = Demo::new();
    demo.run("8").exits(0).says("done");
    assert_eq!(demo.greets(), "Hello, Ann. I am one of 8.\n");
    demo.place.run(&["runs"]).exits(0).says("change_workers").says("done");
}

#[test]
fn a_precondition_that_is_false_changes_nothing() {
    let demo = Demo::new();
    demo.place.write("service/rotation", "out\n");
    let before = demo.files();
    demo.run("8").exits(3).says("in_rotation");
    assert_eq!(demo.files(), before);
}

#[test]
fn a_dry_run_changes_nothing_and_says_what_it_did_not_try() {
    let demo = Demo::new();
    let before = demo.files();
    let arguments = ["dry-run", "change-workers.runbook", "-p", "service=service", "-p", "workers=8"];
    demo.place.run(&arguments).exits(0).says("greeter reload").says("Not exercised");
    demo.place.run(&[&arguments[..], &["--probe"]].concat()).exits(0).says("healthy");
    assert_eq!(demo.files(), before);
    assert!(!demo.place.state().join("runs").exists(), "a dry run leaves no run behind");
}

#[test]
fn the_plan_is_checked_shown_written_and_run_without_its_source() {
    let demo = Demo::new();
    let place = &demo.place;
    place.run(&["check", "change-workers.runbook"]).exits(0).says("every way back verified");
    let open = ["plan", "change-workers.runbook"];
    place.run(&open).exits(0).says("drain").says("if this fails");
    let closed =
        ["plan", "change-workers.runbook", "-p", "service=service", "-p", "workers=8", "-o", "plan.json"];
    place.run(&closed).exits(0).complains("surefoot run plan.json");
    std::fs::remove_file(place.path().join("change-workers.runbook")).unwrap();
    place.run(&["verify", "plan.json"]).exits(0);
    let plan = std::fs::read_to_string(place.path().join("plan.json")).unwrap();
    place.write("tampered.json", &plan.replace("workers = ", "workers=  "));
    place.run(&["verify", "tampered.json"]).exits(1).complains("was changed after it was made");
    place.run(&["run", "tampered.json"]).exits(1).complains("was changed after it was made");
    place.run(&["run", "plan.json", "-p", "workers=9"]).exits(2).complains("closed");
    place.run(&["run", "plan.json"]).exits(0);
    assert_eq!(demo.greets(), "Hello, Ann. I am one of 8.\n");
}

#[test]
fn an_open_plan_and_a_wrong_input_are_refused_before_anything_is_done() {
    let demo = Demo::new();
    let place = &demo.place;
    place.run(&["run", "change-workers.runbook"]).exits(2).complains("needs a value for service");
    demo.run("many").exits(2).complains("workers");
    place.run(&["run", "nothing.runbook"]).exits(2).complains("there is no such file");
    assert!(!place.state().join("runs").exists(), "nothing was begun");
}

#[test]
fn a_program_that_reads_json_gets_one_record_a_line() {
    let demo = Demo::new();
    let arguments =
        ["run", "change-workers.runbook", "-p", "service=service", "-p", "workers=0", "--format", "json"];
    let ran = demo.place.run(&arguments);
    ran.exits(10);
    let records: Vec<serde_json::Value> =
        ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(records.first().is_some_and(|record| record["event"] == "started"));
    assert!(records.last().is_some_and(|record| record["event"] == "ended"));
}

#[test]
fn without_its_first_step_the_runbook_is_refused_with_the_path_that_leads_there() {
    let demo = Demo::new();
    let path = demo.place.path().join("change-workers.runbook");
    let text = std::fs::read_to_string(&path).unwrap();
    let (head, rest) = text.split_once("    step drain").unwrap();
    let (_, tail) = rest.split_once("    step change").unwrap();
    std::fs::write(&path, format!("{head}    step change{tail}")).unwrap();
    let check = ["check", "change-workers.runbook"];
    demo.place
        .run(&check)
        .exits(1)
        .says("SF0502")
        .says("while `change` is half done")
        .says("`in_rotation` is true");
    demo.run("8").exits(1).complains("SF0502");
    assert!(!demo.place.state().join("runs").exists(), "nothing was begun");
}
