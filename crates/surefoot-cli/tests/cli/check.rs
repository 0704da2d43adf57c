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
        .says("1 could not be read")
        .complains("missing.runbook: there is no such file");
    let alone = place.run(&["check", "missing.runbook"]);
    alone.exits(2).says("missing.runbook: not checked").complains("missing.runbook: there is no such file");
    assert!(!alone.out.contains("nothing is wrong"), "{}", alone.out);
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

/// One with two names that are surely others, and a right that is missing.
const MENDABLE: &str = "runbook mendable {\n    paramm folder: path\n    step one {\n        $ app start ${foldre}\n        idempotent\n        leaves \"nothing\"\n    }\n}\n";

#[test]
fn a_fix_is_written_at_once_with_the_mode_of_the_file_and_a_diff_writes_nothing() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    std::fs::create_dir(place.path().join("a")).unwrap();
    place.write("a/one.runbook", MENDABLE);
    place.write("good.runbook", GOOD);
    let path = place.path().join("a/one.runbook");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink("a/one.runbook", place.path().join("link.runbook")).unwrap();
    place.run(&["check", "a"]).exits(1).says("(2 can be mended: --fix)");

    let shown = place.run(&["check", ".", "--diff"]);
    shown
        .exits(1)
        .says("--- a/a/one.runbook\n+++ b/a/one.runbook\n")
        .says("+    param folder: path")
        .complains("3 files checked");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), MENDABLE);
    assert_eq!(place.run(&["check", ".", "--fix", "--diff"]).out, shown.out);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), MENDABLE);

    let fixed = place.run(&["check", "a", "--fix"]);
    fixed.exits(0).says("3 edits written in 1 file; then nothing is wrong");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(
        text.contains("param folder") && text.contains("${folder}") && text.contains("run app"),
        "{text}"
    );
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    let left: Vec<String> = std::fs::read_dir(place.path().join("a"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(left, ["one.runbook"], "something is left beside it");
    place.run(&["check", ".", "--fix"]).exits(0).says("nothing is wrong");
}

#[test]
fn what_a_link_points_to_is_mended_and_the_link_stays() {
    let place = Place::new();
    place.write("real.txt", MENDABLE);
    std::os::unix::fs::symlink("real.txt", place.path().join("link.runbook")).unwrap();
    place.run(&["check", "link.runbook", "--fix"]).exits(0);
    assert!(place.path().join("link.runbook").is_symlink());
    assert!(std::fs::read_to_string(place.path().join("real.txt")).unwrap().contains("param folder"));
}

#[test]
fn a_shared_file_is_mended_only_if_it_was_named_and_what_only_a_person_knows_is_left() {
    let place = Place::new();
    place.write("shared.runbook", "fact base(name: text) = nmae == \"x\"\n");
    let main = "use \"./shared.runbook\" as shared\nrunbook main {\n    requires shared.base(\"x\")\n    step one { note \"x\" }\n}\n";
    place.write("main.runbook", main);
    place.run(&["check", "main.runbook", "--fix"]).exits(1);
    assert!(std::fs::read_to_string(place.path().join("shared.runbook")).unwrap().contains("nmae"));
    place.run(&["check", ".", "--fix"]).exits(0).says("1 edit written in 1 file");
    assert!(std::fs::read_to_string(place.path().join("shared.runbook")).unwrap().contains("= name =="));
    place.write(
        "wait.runbook",
        "runbook w {\n    fact up = ask \"Is it up?\"\n    wait until up\n    step one { note \"x\" }\n}\n",
    );
    let before = std::fs::read_to_string(place.path().join("wait.runbook")).unwrap();
    place.run(&["check", "wait.runbook", "--fix"]).exits(1).says("SF0301");
    assert_eq!(std::fs::read_to_string(place.path().join("wait.runbook")).unwrap(), before);
}

/// One with two warnings: a parameter that is never read, and a module.
const WARNED: &str =
    "use std.net\nrunbook warned {\n    param unused: text\n    step one { note \"x\" }\n}\n";

#[test]
fn levels_raise_and_turn_off_warnings_and_no_error_of_soundness() {
    let place = Place::new();
    place.write("warned.runbook", WARNED);
    place.run(&["check", "warned.runbook"]).exits(0).says("2 warnings");
    place.write("surefoot.toml", "[check]\nSF0106 = \"off\"\n");
    place.run(&["check", "warned.runbook"]).exits(0).says("nothing is wrong");
    place.run(&["check", "warned.runbook", "--fix"]).exits(0).says("nothing is wrong");
    place.write("surefoot.toml", "[check]\nunused = \"error\"\n");
    place.run(&["check", "warned.runbook"]).exits(1).says("error[SF0106]").says("2 errors");
    for (line, said) in [
        ("SF0502 = \"off\"", "SF0502 cannot be turned off or down: it is about soundness"),
        ("SF0502 = \"warning\"", "SF0502 cannot be turned off or down"),
        ("SF0160 = \"off\"", "there is no code `SF0160`; did you mean `SF0106`?"),
        ("SF0106 = \"of\"", "says no level"),
        ("SF0106 = 1", "does not read"),
    ] {
        place.write("surefoot.toml", &format!("[check]\n{line}\n"));
        place.run(&["check", "warned.runbook"]).exits(2).complains(said).complains("surefoot.toml");
    }
    place.write("surefoot.toml", "[check]\nSF0502 = \"error\"\n");
    place.run(&["check", "warned.runbook"]).exits(0);
}

#[test]
fn a_level_holds_for_the_files_below_its_configuration() {
    let place = Place::new();
    std::fs::create_dir(place.path().join("quiet")).unwrap();
    place.write("quiet/surefoot.toml", "[check]\nSF0106 = \"off\"\n");
    place.write("quiet/warned.runbook", WARNED);
    place.write("warned.runbook", WARNED);
    let ran = place.run(&["check", ".", "--format", "short"]);
    assert_eq!(ran.out.matches("quiet/").count(), 0, "{}", ran.out);
    ran.exits(0).complains("2 warnings in 1 file");
}

#[test]
fn what_is_known_is_counted_and_fails_nothing_wherever_its_line_is() {
    let place = Place::new();
    std::fs::create_dir(place.path().join("ops")).unwrap();
    place.write("ops/bad.runbook", BAD);
    place.write("ops/warned.runbook", WARNED);
    place.run(&["check", ".", "--write-baseline", "known.json"]).exits(0).says("3 findings written");
    place.run(&["check", "."]).exits(1).says("1 error");
    place.write("surefoot.toml", "[check]\nbaseline = \"known.json\"\n");
    place.run(&["check", "."]).exits(0).says("nothing is wrong").says("3 known before");

    // The same findings on other lines, asked from another folder.
    place.write("ops/bad.runbook", &format!("# more\n\n{BAD}"));
    let mut elsewhere = place.command(&["check", ".", "--format", "short"]);
    let output = elsewhere.current_dir(place.path().join("ops")).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stdout.is_empty());

    // A second of the same kind in the same item is new, and what is mended is said.
    place.write("ops/bad.runbook", &BAD.replace("requires nowhere", "requires nowhere, elsewhere"));
    place.run(&["check", "."]).exits(1).says("`elsewhere`").says("3 known before");
    place.write("ops/bad.runbook", GOOD);
    place.run(&["check", "."]).exits(0).says("1 of the baseline gone, so write it again");
    place.run(&["check", "ops/warned.runbook"]).exits(0).says("2 known before");

    place.write("known.json", "[]");
    place.run(&["check", "."]).exits(2).complains("it is no baseline").complains("--write-baseline");
    place.write("surefoot.toml", "[check]\nbaseline = \"none.json\"\n");
    place.run(&["check", "."]).exits(2).complains("none.json").complains("--write-baseline");
    place.run(&["check", "ops", "--write-baseline", "none.json"]).exits(0);
    place.run(&["check", "."]).exits(0);
}

/// One whose warning is waived, reviewed on a day.
const WAIVED: &str = "runbook waived {\n    about { reviewed 2026-10-01 every 90d }\n    allow { run sync }\n    waive SF0312 until 2026-12-31 by \"team-mail\" \"duplicates are told apart\"\n    step send {\n        $ sync\n        leaves \"a message\"\n    }\n}\n";

#[test]
fn a_waiver_silences_until_its_day_and_stands_in_the_plan() {
    let place = Place::new();
    place.write("waived.runbook", WAIVED);
    let on = |day: &'static str| place.run(&["check", "waived.runbook", "--today", day, "--format", "short"]);
    assert_eq!(on("2026-12-30").exits(0).out, "");
    on("2026-12-31").exits(0).says("warning[SF0035]: the review of this runbook was due on 2026-12-30");
    let ended = on("2027-01-01");
    ended.exits(1).says("error[SF0030]: this waiver of SF0312 ended on 2026-12-31");
    assert!(!ended.out.contains("SF0312]"), "one cause, one message: {}", ended.out);
    place
        .run(&["check", "waived.runbook", "--today", "2026-02-30"])
        .exits(2)
        .complains("`2026-02-30` is no day");

    let plan = place.run(&["plan", "waived.runbook", "-o", "plan.json"]);
    plan.exits(0)
        .says("EXCEPTIONS, AND WHY")
        .says("SF0312 in step send, until 2026-12-31, by team-mail: \"duplicates are told");
    place.run(&["verify", "plan.json"]).exits(0).says("SF0312 in step send");
    place.write("waived.runbook", &WAIVED.replace("2026-12-31", "2027-12-31"));
    let other = place.run(&["plan", "waived.runbook", "--format", "json"]);
    let written = std::fs::read_to_string(place.path().join("plan.json")).unwrap();
    assert_ne!(other.out.lines().nth(1), written.lines().nth(1), "another day is another plan");

    place.write("surefoot.toml", "[check]\nSF0030 = \"warning\"\nSF0035 = \"error\"\n");
    on("2027-01-01").exits(1).says("error[SF0035]");
    place.write("surefoot.toml", "[check]\nSF0030 = \"off\"\nSF0035 = \"off\"\n");
    on("2028-01-01").exits(0);
}

#[test]
fn what_has_come_to_its_day_is_said_when_it_is_run_and_refuses_nothing() {
    let place = Place::new();
    let text = WAIVED.replace("2026-10-01", "2020-10-01").replace("2026-12-31", "2020-12-31");
    place.write("waived.runbook", &text);
    place.run(&["check", "waived.runbook"]).exits(1).says("SF0030").says("SF0035");
    place.run(&["run", "waived.runbook"]).exits(0).complains("SF0030").complains("SF0035");
}

#[test]
fn what_was_meant_is_offered_wherever_something_is_named() {
    let place = Place::new();
    place.write(
        "two.runbook",
        "runbook restart {\n    param service: text\n    step one { note \"${service}\" }\n}\nrunbook remove {\n    step one { note \"x\" }\n}\n",
    );
    place.run(&["plan", "two.runbook", "restrat"]).exits(2).complains("did you mean `restart`?");
    place
        .run(&["plan", "two.runbook", "restart", "-p", "servce=a"])
        .exits(2)
        .complains("did you mean `service`?");
    place.run(&["explain", "SF0410"]).exits(0);
    place.run(&["explain", "sf401"]).exits(2).complains("there is no code `sf401`; did you mean `SF0401`?");
    place.run(&["explain", "no-way-bakc"]).exits(2).complains("did you mean `no-way-back`?");
    place.run(&["explain", "no-way-back"]).exits(0).says("SF0401");
    place.run(&["explain", "hello"]).exits(2).complains("there is no code `hello`.");
}
