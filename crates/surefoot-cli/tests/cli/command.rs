//! The command as its users meet it: what it prints, and how it exits.

use crate::place::Place;
use surefoot_journal::Event;

#[test]
fn version_and_help_are_no_errors() {
    let place = Place::new();
    place.run(&["--version"]).exits(0).says("surefoot ");
    place.run(&["--help"]).exits(0).says("approve").says("transcript").says("rollback");
    place.run(&[]).exits(2).complains("Usage:");
    place.run(&["chekc"]).exits(2).complains("check");
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_its_reason() {
    let place = Place::new();
    place.run(&["runs", "--state", "nowhere"]).exits(0).says("There is no run");
    place.write("surefoot.toml", "[roles]\nlead = \"ann\"\n");
    place.run(&["runs"]).exits(2).complains("surefoot.toml does not read").complains("lead = [\"ann\"]");
    place.write("surefoot.toml", "rolls = 1\n");
    place.run(&["runs"]).exits(2).complains("unknown field `rolls`");
}

#[test]
fn a_run_is_found_by_the_beginning_of_its_id() {
    let place = Place::new();
    let run = place.make_run(&[]);
    place.run(&["journal", run.get(..12).unwrap()]).exits(0).says("started").complains("the chain is whole");
    place.run(&["journal", "ZZZ"]).exits(2).complains("surefoot runs");
    place.run(&["journal"]).exits(0).says("started");
    place.run(&["runs"]).exits(0).says(run.get(..10).unwrap()).says("greet").says("CUT OFF");
}

#[test]
fn a_damaged_journal_is_refused_with_its_line() {
    let place = Place::new();
    let run = place.make_run(&[Event::Noted { at: None, text: "hello".to_owned() }]);
    let path = place.state().join("runs").join(&run).join("journal.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("hello", "hullo")).unwrap();
    place.run(&["journal", &run]).exits(21).complains("line 2 of the journal is damaged");
    place.run(&["runs"]).exits(0).says("line 2 of the journal is damaged");
}

#[test]
fn a_torn_last_line_is_no_damage() {
    let place = Place::new();
    let run = place.make_run(&[]);
    let path = place.state().join("runs").join(&run).join("journal.jsonl");
    let mut text = std::fs::read_to_string(&path).unwrap();
    text.push_str("{\"seq\":2,\"ti");
    std::fs::write(&path, text).unwrap();
    place
        .run(&["journal", &run, "--verify"])
        .exits(0)
        .complains("1 record, the chain is whole")
        .complains("12 bytes of a torn last line");
}

#[test]
fn what_nobody_asks_cannot_be_approved_answered_or_stopped() {
    let place = Place::new();
    let run = place.make_run(&[]);
    place
        .run(&["approve", &run, "promote"])
        .exits(2)
        .complains("asks for no approval")
        .complains("asks nothing");
    place.run(&["answer", &run, "yes"]).exits(2).complains("asks no such question");
    place.run(&["cancel", &run]).exits(2).complains("nobody is at work");
}

#[test]
fn the_runbook_of_the_readme_is_right() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md")).unwrap();
    let text = readme.split("```runbook\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let place = Place::new();
    place.write("greet.runbook", text);
    std::fs::create_dir(place.path().join("demo")).unwrap();
    place.run(&["check", "greet.runbook"]).exits(0).says("nothing is wrong");
    place.run(&["explain", "SF0401"]).exits(0).says("## How to mend");
    place.run(&["run", "greet.runbook", "-p", "folder=demo"]).exits(0);
    assert_eq!(std::fs::read_to_string(place.path().join("demo/hello")).unwrap(), "hello\n");
}

#[test]
fn which_of_a_files_runbooks_is_said_in_the_same_way_to_every_command() {
    let place = Place::new();
    let one = |name: &str| format!("runbook {name} {{\n    step s {{ note \"{name}\" }}\n}}\n");
    place.write("two.runbook", &format!("{}{}", one("first"), one("second")));
    for command in ["plan", "dry-run", "run"] {
        place.run(&[command, "two.runbook", "second"]).exits(0).says("second");
        place.run(&[command, "two.runbook", "--runbook", "second"]).exits(0).says("second");
        place.run(&[command, "two.runbook", "first", "--runbook", "second"]).exits(2);
    }
}

/// A step on another machine, with a program that is nowhere.
const AWAY: &str = r#"
runbook away {
    param place: host
    allow { run no-such-program-here }
    step s on place {
        $ no-such-program-here
        leaves "nothing"
    }
}
"#;

#[test]
fn another_machine_is_refused_when_the_plan_is_bound_and_not_only_when_it_runs() {
    let place = Place::new();
    place.write("away.runbook", AWAY);
    for command in ["plan", "dry-run", "run"] {
        place
            .run(&[command, "away.runbook", "-p", "place=db9"])
            .exits(2)
            .complains("acts on db9")
            .complains("remote execution is not built yet");
    }
    place.run(&["plan", "away.runbook"]).exits(0);
}

#[test]
fn a_dry_run_names_a_program_that_is_not_here() {
    let place = Place::new();
    place.write("away.runbook", AWAY);
    let arguments = ["dry-run", "away.runbook", "-p", "place=localhost"];
    place.run(&arguments).exits(0).says("`no-such-program-here` (it is not found here");
    place
        .run(&[&arguments[..], &["--probe"]].concat())
        .exits(2)
        .complains("`no-such-program-here` is needed");
}

#[test]
fn an_explanation_ends_its_last_line() {
    let place = Place::new();
    assert!(place.run(&["explain", "SF0401"]).exits(0).out.ends_with('\n'));
}

#[test]
fn an_if_over_inputs_is_shown_in_its_authors_words() {
    let place = Place::new();
    let text = "runbook choose {\n    param n: int\n    allow { run true }\n    if n > 3 {\n        step many { $ true\n            \
                leaves \"nothing\" }\n    }\n}\n";
    place.write("choose.runbook", text);
    place.run(&["plan", "choose.runbook", "-p", "n=5"]).exits(0).says("if n > 3 (the inputs say: true)");
    let dry = place.run(&["dry-run", "choose.runbook", "-p", "n=1"]);
    dry.exits(0).says("if n > 3: no\n");
    assert!(!dry.out.contains("if if["), "{}", dry.out);
}

#[test]
fn where_no_fact_is_stated_nothing_is_said_to_be_as_before() {
    let place = Place::new();
    let text =
        "runbook bare {\n    allow { run false }\n    step s { $ false\n        leaves \"nothing\" }\n}\n";
    place.write("bare.runbook", text);
    let ran = place.run(&["run", "bare.runbook"]);
    ran.exits(10)
        .says("not needed, nothing was owed")
        .says("the runbook states none, so nothing was compared");
    assert!(!ran.out.contains("as they were"), "{}", ran.out);
}

#[test]
fn what_did_not_end_in_its_time_is_told_with_the_time_it_had() {
    let place = Place::new();
    let text = "runbook late {\n    allow { run sleep }\n    step s within 1s { $ sleep 20\n        leaves \"nothing\" }\n}\n";
    place.write("late.runbook", text);
    place.run(&["plan", "late.runbook"]).exits(0).says("1s, then 10s to end");
    let ran = place.run(&["run", "late.runbook"]);
    ran.exits(10).says("its time was over (1s, then 10s to end; it was gone after 1.");
}
