//! `surefoot check`: many files and folders, and how it ends.

use crate::place::Place;

/// A runbook in which nothing is wrong.
const GOOD: &str = "runbook good {\n    step look \"Look\" {\n        note \"all is well\"\n    }\n}\n";

/// One that names what does not exist.
const BAD: &str =
    "runbook bad {\n    requires nowhere\n    step look \"Look\" {\n        note \"x\"\n    }\n}\n";

#[test]
fn a_folder_is_checked_in_order_with_one_summary() {
    let place = Place::new();
    for (name, text) in [
        ("b.runbook", BAD),
        ("a/two.runbook", BAD),
        ("a/one.runbook", GOOD),
        ("target/x.runbook", BAD),
        (".git/x.runbook", BAD),
    ] {
        std::fs::create_dir_all(place.path().join(name).parent().unwrap()).unwrap();
        place.write(name, text);
    }
    let ran = place.run(&["check", ".", "--format", "short"]);
    ran.exits(1).complains("3 files checked, 3 runbooks with 3 steps: 2 errors in 2 files");
    let places: Vec<&str> = ran.out.lines().filter_map(|line| line.split(':').next()).collect();
    assert_eq!(places, ["a/two.runbook", "b.runbook"]);
    place
        .run(&["check", "a/one.runbook", "./a/one.runbook"])
        .exits(0)
        .says("a/one.runbook: nothing is wrong");
    place.run(&["check", "a"]).exits(1).says("2 files checked, 2 runbooks with 2 steps: 1 error in 1 file");
}

#[test]
fn the_same_is_said_however_many_files_there_are_and_no_progress_where_nobody_looks() {
    let place = Place::new();
    for number in 0..60 {
        place.write(&format!("r{number:02}.runbook"), if number % 3 == 0 { BAD } else { GOOD });
    }
    let first = place.run(&["check", ".", "--format", "short"]);
    first.exits(1).complains("60 files checked").complains("20 errors in 20 files");
    assert!(!first.err.contains('\r'), "{}", first.err);
    for _ in 0..3 {
        assert_eq!(place.run(&["check", ".", "--format", "short"]).out, first.out);
    }
}

#[test]
fn what_cannot_be_read_is_said_and_the_rest_is_checked() {
    let place = Place::new();
    place.write("good.runbook", GOOD);
    place
        .run(&["check", "good.runbook", "missing.runbook"])
        .exits(2)
        .says("nothing is wrong")
        .complains("missing.runbook: there is no such file");
    std::fs::create_dir(place.path().join("empty")).unwrap();
    place.run(&["check", "empty"]).exits(2).complains("no runbook is in this folder");
    std::fs::write(place.path().join("latin.runbook"), b"# Schl\xf6sser\n").unwrap();
    place
        .run(&["check", "latin.runbook", "--format", "short"])
        .exits(1)
        .says("latin.runbook:1:7: error[SF0008]");
}

#[test]
fn what_is_wrong_in_a_shared_file_is_said_once() {
    let place = Place::new();
    place.write("shared.runbook", "fact up = nowhere\n");
    for name in ["a", "b"] {
        let text = format!(
            "use \"./shared.runbook\" as shared\nrunbook {name} {{\n    requires shared.up\n    step look {{ note \"x\" }}\n}}\n"
        );
        place.write(&format!("{name}.runbook"), &text);
    }
    let ran = place.run(&["check", ".", "--format", "short"]);
    ran.exits(1).complains("3 files checked");
    assert_eq!(ran.out.matches("there is nothing named `nowhere` here").count(), 1, "{}", ran.out);
}

#[test]
fn each_format_goes_to_standard_output_and_the_summary_beside_it() {
    let place = Place::new();
    place.write("bad.runbook", BAD);
    for (format, begins) in [
        ("human", "error[SF0101]"),
        ("short", "bad.runbook:2:14: error[SF0101]"),
        ("json", "{"),
        ("sarif", "{"),
        ("github", "::error file=bad.runbook,line=2"),
        ("gitlab", "["),
        ("junit", "<?xml"),
    ] {
        let ran = place.run(&["check", "bad.runbook", "--format", format]);
        ran.exits(1);
        assert!(ran.out.starts_with(begins), "{format}: {}", ran.out);
        let summary = "bad.runbook: 1 error";
        if format == "human" {
            ran.says(summary)
        } else {
            ran.complains(summary)
        };
    }
    let ran = place.run(&["check", "bad.runbook", "missing.runbook", "--format", "sarif"]);
    ran.exits(2).says("\"executionSuccessful\": false");
}
