//! A called runbook is a part of the run: shown under its name, owed with the rest, taken up again in its middle.

use crate::place::Place;

/// Puts a file into a folder, and requires that nobody has locked that.
const PUT: &str = r#"
## Put one file.
runbook put {
    param dir: path
    param name: text where name matches '^[a-z]+$'
    allow {
        run touch, rm, test, cat
        write dir
    }
    fact locked { $ test -e ${dir}/locked  false on 1 }
    fact is_there { $ test -e "${dir}/${name}"  false on 1 }
    let word = text $ cat ${dir}/word
    requires not locked else "somebody works there"
    step file "Put it" {
        requires not is_there
        $ touch "${dir}/${name}"
        ensures is_there
        rollback { $ rm -f "${dir}/${name}" }
    }
    ensures is_there
}
"#;

/// Calls it twice; the second is given what the first found. The last step fails until the folder `ok` is there.
const BOTH: &str = r#"
runbook both {
    param dir: path
    allow {
        run touch, rm, test, cat
        write dir
    }
    call "./lib/put.runbook" as first with { dir = dir, name = "one" }
    call "./lib/put.runbook" as second with { dir = dir, name = first.word }
    step last {
        $ touch ${dir}/ok/x
        idempotent
        on failure ask
        rollback { $ rm -f ${dir}/ok/x }
    }
}
"#;

fn begin() -> Place {
    let place = Place::new();
    for folder in ["dir", "lib"] {
        std::fs::create_dir(place.path().join(folder)).unwrap();
    }
    place.write("dir/word", "two");
    place.write("lib/put.runbook", PUT);
    place.write("both.runbook", BOTH);
    place
}

fn there(place: &Place) -> Vec<&'static str> {
    ["one", "two"].into_iter().filter(|name| place.path().join("dir").join(name).exists()).collect()
}

#[test]
fn what_a_called_runbook_did_is_owed_by_the_run_in_one_order() {
    let place = begin();
    place
        .run(&["run", "both.runbook", "-p", "dir=dir"])
        .says("first: calls ./lib/put.runbook: Put one file.")
        .says("second.file: DONE")
        .says("second.ensures: ./lib/put.runbook is over")
        .says("owed if you stop now: 1. last, 2. second.file, 3. first.file");
    assert_eq!(there(&place), ["one", "two"]);
    place.run(&["rollback", "0"]).exits(10);
    assert!(there(&place).is_empty());
    place
        .run(&["transcript", "0"])
        .says("first: calls ./lib/put.runbook: Put one file.")
        .says("word = two")
        .says("taking back second.file: Put it");
}

#[test]
fn a_run_is_taken_up_behind_what_was_called() {
    let place = begin();
    place.run(&["run", "both.runbook", "-p", "dir=dir"]).says("last: FAILED");
    std::fs::create_dir(place.path().join("dir/ok")).unwrap();
    place.run(&["resume", "0"]).exits(0);
    assert_eq!(there(&place), ["one", "two"]);
    place.run(&["status", "0"]).says("calls ./lib/put.runbook: Put one file.").says("done");
}

#[test]
fn what_a_called_runbook_requires_is_asked_when_it_begins() {
    let place = begin();
    place.write("dir/locked", "");
    place
        .run(&["run", "both.runbook", "-p", "dir=dir"])
        .exits(3)
        .says("first.requires")
        .says("somebody works there");
    assert!(there(&place).is_empty());
}

#[test]
fn what_the_run_finds_is_held_to_the_condition_of_the_parameter() {
    let place = begin();
    place.write("dir/word", "Two");
    place
        .run(&["run", "both.runbook", "-p", "dir=dir"])
        .exits(10)
        .says("`name` of `second` is given what it allows")
        .says("rollback of first.file: TAKEN BACK");
    assert!(there(&place).is_empty());
}

#[test]
fn a_plan_shows_what_is_called_under_its_heading_and_pins_its_file() {
    let place = begin();
    place
        .run(&["plan", "both.runbook", "-p", "dir=dir"])
        .exits(0)
        .says("1  first: calls ./lib/put.runbook: Put one file.\n   records   word = ")
        .says("\n   3  first.file: Put it\n")
        .says("4  first.ensures: ./lib/put.runbook is over\n   holds ")
        .says("lib/put.runbook");
    place.run(&["plan", "both.runbook", "-p", "dir=dir", "-o", "plan.json"]).exits(0);
    let before = place.run(&["plan", "both.runbook", "-p", "dir=dir"]).out;
    place.write("lib/put.runbook", &PUT.replace("Put it", "Put it there"));
    let after = place.run(&["plan", "both.runbook", "-p", "dir=dir"]).out;
    assert_ne!(before.lines().nth(2), after.lines().nth(2), "another digest");
    // A plan needs no source.
    std::fs::remove_dir_all(place.path().join("lib")).unwrap();
    place.run(&["verify", "plan.json"]).exits(0);
    place.run(&["dry-run", "plan.json"]).says("second.file");
}
