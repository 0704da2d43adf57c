//! What people answer, and how the journal and the transcript tell it.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::place::Place;

/// How long anything here may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks twice, and lets a person do something.
const ASKS: &str = r#"
runbook asks {
    param dir: path
    allow {
        run touch
        write dir
    }
    let ticket = ask "Which ticket?" within 1s default "none"
    let name = ask "Which name?" within 5m
    fact calm = ask "Is it calm?" within 5m
    step press {
        requires calm
        manual "Press the button of ${name}"
        leaves "harmless"
    }
    step make {
        $ touch ${dir}/${name}
        idempotent
        leaves "harmless"
    }
}
"#;

fn begin() -> (Place, Child) {
    let place = Place::new();
    std::fs::create_dir(place.path().join("dir")).unwrap();
    place.write("asks.runbook", ASKS);
    let mut command = place.command(&["run", "asks.runbook", "-p", "dir=dir"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    // The first question is left to its default.
    let began = Instant::now();
    while !place.run(&["journal", "0"]).out.contains(r#""bound":{"id":{"step":null,"name":"ticket"}"#) {
        assert!(began.elapsed() < PATIENCE, "no ticket");
        std::thread::sleep(Duration::from_millis(50));
    }
    (place, child)
}

/// Answers as soon as it is asked.
#[track_caller]
fn answer(place: &Place, arguments: &[&str]) {
    let began = Instant::now();
    let all = [&["answer", "0"], arguments].concat();
    while place.command(&all).output().unwrap().status.code() != Some(0) {
        assert!(began.elapsed() < PATIENCE, "never asked for {arguments:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn who_answered_and_what_was_taken_by_default_is_told() {
    let (place, child) = begin();
    answer(&place, &["left", "--comment", "it blinks"]);
    answer(&place, &["yes"]);
    answer(&place, &["done", "--step", "press"]);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("the default was taken: nobody answered within 1s"), "{said}");
    let me = surefoot_journal::person::operator();
    let who = format!("answered by {} (uid {}, unverified)", me.user, me.uid);
    let told = place.run(&["transcript"]);
    told.exits(0)
        .says("asked: Which ticket?")
        .says("the default was taken: nobody answered within 1s")
        .says("asked: Which name?")
        .says(&format!("{who} \"it blinks\""))
        .says("asked: Press the button of left");
    told.says("asked: Is it calm?");
    assert_eq!(told.out.matches(&who).count(), 3, "{}", told.out);
    // What was done is told as it was done.
    let folder = place.path().join("dir/left");
    told.says(&format!("$ touch {}", folder.display()));
    assert!(!told.out.contains("${"), "{}", told.out);
}

#[test]
fn who_says_that_it_is_not_done_is_told() {
    let (place, mut child) = begin();
    answer(&place, &["left"]);
    answer(&place, &["yes"]);
    answer(&place, &["not done", "--step", "press"]);
    assert_eq!(child.wait().unwrap().code(), Some(10));
    let me = surefoot_journal::person::operator();
    let why = format!("{} (uid {}) says that it is not done", me.user, me.uid);
    place.run(&["transcript"]).exits(0).says(&why);
}

/// Asks whether it is safe, and has something to say if nobody can tell.
const TELLS: &str = r#"
runbook tells {
    fact safe = ask "Is it safe?" see "the lamp" "it is green" within 5m
    if safe {
        step go { note "it is safe" }
    } else {
        step stay { note "it is not" }
    } unknown {
        step call { note "nobody can tell" }
    }
}
"#;

#[test]
fn who_cannot_tell_says_so_and_the_fact_is_unknown() {
    let place = Place::new();
    place.write("tells.runbook", TELLS);
    let mut child = place.command(&["run", "tells.runbook"]).stdout(Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    while !place.run(&["status"]).out.contains("Is it safe?") {
        assert!(began.elapsed() < PATIENCE, "never asked");
        std::thread::sleep(Duration::from_millis(50));
    }
    // Whoever looks from another terminal reads the question, and how to answer it.
    let status = place.run(&["status"]);
    status
        .says("waits for  the answer of the operator: Is it safe?")
        .says("see the lamp (normal: it is green)");
    status.says("within 5m; then nobody has answered");
    status.says("surefoot answer ").says("ANSWER: yes / no / cannot tell");
    place.run(&["answer", "0", "perhaps"]).exits(2).complains("it asks: Is it safe?");
    // And whoever would take the run up is told who has it.
    place.run(&["rollback", "0"]).exits(20);
    answer(&place, &["cannot tell", "--comment", "the lamp is broken"]);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let me = surefoot_journal::person::operator();
    place
        .run(&["transcript"])
        .exits(0)
        .says("note: nobody can tell")
        .says(&format!("safe is unknown: {} cannot tell", me.user))
        .says(&format!("answered by {} (uid {}, unverified) \"the lamp is broken\"", me.user, me.uid));
}
