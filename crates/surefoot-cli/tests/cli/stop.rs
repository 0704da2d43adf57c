//! Runs that are stopped, killed, locked and taken up again, by the command alone.

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::place::Place;

/// How long anything here may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A mark is made, then something slow runs; both are taken back.
const SLOW: &str = r#"
runbook slow {
    param dir: path
    param token: secret text from env SLOW_TOKEN
    allow {
        run rm, sleep, touch
        write dir
    }
    step mark "Make a mark" {
        $ touch ${dir}/mark
        idempotent
        rollback { $ rm -f ${dir}/mark }
    }
    step nap "Take some time" {
        env { TOKEN: token } $ sleep 4
        idempotent
        rollback { $ rm -f ${dir}/mark }
    }
}
"#;

const RUN: [&str; 4] = ["run", "slow.runbook", "-p", "dir=dir"];

/// A run that is in the middle of its slow step.
struct Slow {
    place: Place,
    child: Child,
}

impl Slow {
    fn begin() -> Slow {
        let place = Place::new();
        std::fs::create_dir(place.path().join("dir")).unwrap();
        place.write("slow.runbook", SLOW);
        let child = place
            .command(&RUN)
            .env("SLOW_TOKEN", "tok-71b3-canary")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let slow = Slow { place, child };
        slow.wait_until("the slow step runs", || slow.file("claims/nap.forward.1.0/started").exists());
        slow
    }

    /// A file of the run.
    fn file(&self, name: &str) -> PathBuf {
        let run = std::fs::read_dir(self.place.state().join("runs")).ok().and_then(|mut runs| runs.next());
        run.map_or_else(PathBuf::new, |run| run.unwrap().path().join(name))
    }

    fn journal(&self) -> String {
        std::fs::read_to_string(self.file("journal.jsonl")).unwrap_or_default()
    }

    #[track_caller]
    fn wait_until(&self, what: &str, holds: impl Fn() -> bool) {
        let began = Instant::now();
        while !holds() {
            assert!(
                began.elapsed() < PATIENCE,
                "waited in vain until {what}; the journal:\n{}",
                self.journal()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    fn mark(&self) -> bool {
        Path::exists(&self.place.path().join("dir/mark"))
    }
}

#[test]
fn without_a_terminal_a_stop_does_what_the_runbook_says_of_a_failure() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut slow = Slow::begin();
        assert!(slow.mark());
        slow.signal(signal);
        assert_eq!(slow.child.wait().unwrap().code(), Some(15), "{signal:?}");
        assert!(!slow.mark(), "{signal:?}: what was owed was paid");
        assert!(
            slow.journal().contains(r#""decided":{"choice":"roll_back","by":null"#),
            "{}",
            slow.journal()
        );
        let told = slow.place.run(&["transcript"]);
        told.exits(0).says("the runbook decided: roll back \"nobody could be asked, and it says `on failure");
    }
}

#[test]
fn a_closed_terminal_keeps_the_run_for_its_operator() {
    let mut slow = Slow::begin();
    slow.signal(Signal::HUP);
    assert_eq!(slow.child.wait().unwrap().code(), Some(13), "it waits");
    assert!(slow.mark(), "nobody asked to take anything back");
    slow.place.run(&["transcript"]).exits(0).says("the terminal was closed: stop when what runs is over");
    assert!(!slow.journal().contains("decided"), "nobody decided anything: {}", slow.journal());
    let resumed = slow.place.command(&["resume", "0"]).env("SLOW_TOKEN", "tok-71b3-canary").output().unwrap();
    assert_eq!(resumed.status.code(), Some(0), "{}", String::from_utf8_lossy(&resumed.stdout));
    assert!(slow.mark());
}

#[test]
fn a_run_is_asked_to_stop_from_another_terminal() {
    let mut slow = Slow::begin();
    slow.place.run(&["cancel", "0", "--reason", "lunch"]).exits(0).says("is asked to stop");
    assert_eq!(slow.child.wait().unwrap().code(), Some(15));
    assert!(!slow.mark());
}

#[test]
fn a_second_run_on_the_same_place_is_told_who_is_there() {
    let mut slow = Slow::begin();
    let refused = slow.place.command(&RUN).env("SLOW_TOKEN", "x-canary").output().unwrap();
    assert_eq!(refused.status.code(), Some(20));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("is at work"), "{said}");
    assert_eq!(slow.child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_killed_run_goes_on_where_it_was_and_only_with_its_secret() {
    let mut slow = Slow::begin();
    slow.signal(Signal::KILL);
    slow.child.wait().unwrap();
    slow.place.run(&["status"]).exits(0).says("CUT OFF").says("surefoot resume");
    // Another run on the same place must not begin while this one is unfinished.
    let refused = slow.place.command(&RUN).env("SLOW_TOKEN", "x-canary").output().unwrap();
    assert_eq!(refused.status.code(), Some(20), "{}", String::from_utf8_lossy(&refused.stderr));
    let before = slow.journal();
    slow.place.run(&["resume", "0"]).exits(2).complains("SLOW_TOKEN, which is not set. Nothing was done");
    assert_eq!(slow.journal(), before, "nothing was done");
    let resumed = slow.place.command(&["resume", "0"]).env("SLOW_TOKEN", "tok-71b3-canary").output().unwrap();
    assert_eq!(resumed.status.code(), Some(0), "{}", String::from_utf8_lossy(&resumed.stdout));
    assert_eq!(slow.journal().matches(r#""intent":{"claim":{"step":"nap""#).count(), 1, "its claim was read");
    assert!(slow.mark());
    assert!(!slow.journal().contains("tok-71b3-canary"), "the secret is in the journal");
    slow.place.run(&["rollback", "0"]).exits(2).complains("SLOW_TOKEN");
    let back = slow.place.command(&["rollback", "0"]).env("SLOW_TOKEN", "tok-71b3-canary").output().unwrap();
    assert_eq!(back.status.code(), Some(15), "{}", String::from_utf8_lossy(&back.stdout));
    assert!(!slow.mark(), "a run that is done can be taken back");
}

#[test]
fn a_resumed_run_says_at_once_what_it_waits_for() {
    let mut slow = Slow::begin();
    slow.signal(Signal::KILL);
    slow.child.wait().unwrap();
    let resumed = slow.place.command(&["resume", "0"]).env("SLOW_TOKEN", "tok-71b3-canary").output().unwrap();
    let said = String::from_utf8_lossy(&resumed.stdout);
    assert_eq!(resumed.status.code(), Some(0), "{said}");
    assert!(said.contains("statement 1 of `nap` still runs") && said.contains("at the latest"), "{said}");
}

#[test]
fn a_waiver_has_a_reason_and_is_told() {
    let place = Place::new();
    std::fs::create_dir(place.path().join("dir")).unwrap();
    place.write("slow.runbook", &SLOW.replace("sleep 4", "sleep 0"));
    let with = |more: &[&str]| {
        place.command(&[&RUN[..], more].concat()).env("SLOW_TOKEN", "tok-71b3-canary").output().unwrap()
    };
    assert_eq!(with(&["--waive", "landlock"]).status.code(), Some(2), "a reason is needed");
    let unknown = with(&["--waive", "everything", "--reason", "why not"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("these can: namespaces"));
    assert_eq!(with(&["--waive", "landlock", "--reason", "an old kernel"]).status.code(), Some(0));
    place.run(&["transcript"]).exits(0).says("landlock").says("an old kernel");
}

#[test]
fn a_run_that_cannot_be_kept_is_not_begun() {
    let place = Place::new();
    std::fs::create_dir(place.path().join("dir")).unwrap();
    place.write("slow.runbook", SLOW);
    place.write("state", "a file where a folder is meant");
    let ran = place.command(&RUN).env("SLOW_TOKEN", "tok-71b3-canary").output().unwrap();
    assert_eq!(ran.status.code(), Some(2), "{}", String::from_utf8_lossy(&ran.stderr));
    assert!(!place.path().join("dir/mark").exists());
}

#[test]
fn what_a_run_has_no_use_for_is_refused_and_leaves_no_trace() {
    let place = Place::new();
    std::fs::create_dir(place.path().join("dir")).unwrap();
    place.write("slow.runbook", &SLOW.replace("sleep 4", "false").replace("run rm, sleep", "run false, rm"));
    let with =
        |arguments: &[&str]| place.command(arguments).env("SLOW_TOKEN", "tok-71b3-canary").output().unwrap();
    assert_eq!(with(&RUN).status.code(), Some(10));
    let run = std::fs::read_dir(place.state().join("runs")).unwrap().next().unwrap().unwrap().path();
    let journal = || std::fs::read_to_string(run.join("journal.jsonl")).unwrap();
    let before = journal();
    for (arguments, code, said) in [
        // Its executor may have died before it could tell: it is told how the run ended.
        (&["resume", "0"][..], 10, "is over, and owes nothing"),
        (&["rollback", "0"], 2, "nothing of it is left to take back"),
        (&["forgive", "0", "mark", "--reason", "why not"], 2, "does not owe the rollback of `mark`"),
        (&["cancel", "0"], 2, "nobody is at work"),
    ] {
        let output = with(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(said), "{arguments:?}: {said}");
    }
    assert_eq!(journal(), before);
}

#[test]
fn a_run_whose_journal_is_gone_or_damaged_keeps_its_place_until_a_person_lets_it_go() {
    for gone in [true, false] {
        let mut slow = Slow::begin();
        slow.signal(Signal::KILL);
        slow.child.wait().unwrap();
        // Only its journal can say what it owes; its supervisor may still be at work for a moment.
        let journal = slow.file("journal.jsonl");
        let what = if gone {
            std::fs::remove_file(&journal).unwrap();
            "the journal is missing"
        } else {
            std::fs::write(&journal, slow.journal().replace("\"seq\":2", "\"seq\":7")).unwrap();
            "line 2 of the journal is damaged"
        };
        slow.place.run(&["runs"]).exits(0).says(&format!("DAMAGED: {what}"));
        slow.place.run(&["resume", "0"]).exits(21).complains(what).complains("--journal-damaged --reason");
        let again = || slow.place.command(&RUN).env("SLOW_TOKEN", "tok-71b3-canary").output().unwrap();
        let refused = again();
        assert_eq!(refused.status.code(), Some(20), "{}", String::from_utf8_lossy(&refused.stderr));
        assert!(String::from_utf8_lossy(&refused.stderr).contains("--journal-damaged --reason"));
        slow.place.run(&["forgive", "0", "--journal-damaged"]).exits(2);
        let let_go = ["forgive", "0", "--journal-damaged", "--reason", "looked: the mark may stay"];
        slow.place.run(&let_go).exits(0).says("its place is free");
        slow.place.run(&["runs"]).exits(0).says("let go by").says("looked: the mark may stay");
        assert_eq!(again().status.code(), Some(0));
    }
}

#[test]
fn a_run_whose_journal_is_whole_is_not_let_go_as_a_whole() {
    let mut slow = Slow::begin();
    let let_go = ["forgive", "0", "--journal-damaged", "--reason", "in a hurry"];
    slow.place.run(&let_go).exits(20).complains("is at work");
    slow.signal(Signal::KILL);
    slow.child.wait().unwrap();
    slow.place.run(&let_go).exits(2).complains("is whole").complains("surefoot status");
}

#[test]
fn a_secret_that_is_too_short_to_be_hidden_is_refused_before_anything_is_done() {
    let place = Place::new();
    std::fs::create_dir(place.path().join("dir")).unwrap();
    place.write("slow.runbook", SLOW);
    let ran = place.command(&RUN).env("SLOW_TOKEN", "short").output().unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(2), "{said}");
    assert!(
        said.contains("`token`") && said.contains("5 bytes") && said.contains("Nothing was done"),
        "{said}"
    );
    assert!(!place.path().join("dir/mark").exists() && !place.state().exists());
    let mut slow = Slow::begin();
    slow.signal(Signal::KILL);
    slow.child.wait().unwrap();
    let before = slow.journal();
    let ran = slow.place.command(&["resume", "0"]).env("SLOW_TOKEN", "short").output().unwrap();
    assert_eq!(ran.status.code(), Some(2), "{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(slow.journal(), before, "nothing was done");
}

#[test]
fn a_run_that_stopped_owing_pays_or_is_let_go_later() {
    let place = Place::new();
    std::fs::create_dir(place.path().join("dir")).unwrap();
    let text = SLOW.replace("sleep 4", "false").replace("run rm, sleep", "run false, rm");
    place.write("slow.runbook", &text.replace("    step mark", "    on failure stop\n    step mark"));
    let with = |arguments: &[&str]| {
        let output = place.command(arguments).env("SLOW_TOKEN", "tok-71b3-canary").output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert_eq!(with(&RUN).0, Some(11), "it stops and owes");
    assert!(place.path().join("dir/mark").exists());
    place.run(&["status"]).exits(0).says("surefoot rollback");
    assert_eq!(with(&RUN).0, Some(20), "what is owed keeps the place locked");
    let (code, said) = with(&["resume", "0"]);
    assert_eq!(code, Some(11), "{said}");
    assert!(said.contains("cannot go forward again, and it owes nap, mark"), "{said}");
    assert!(said.contains("surefoot rollback") && said.contains("takes that back"), "{said}");
    assert_eq!(with(&["forgive", "0", "nap", "--reason", "it did nothing"]).0, Some(11));
    assert!(place.path().join("dir/mark").exists(), "only that one was let go");
    let (code, said) = with(&["rollback", "0"]);
    assert_eq!(code, Some(10), "{said}");
    assert!(!place.path().join("dir/mark").exists());
    // Not all of it was taken back, and nobody is told that it was.
    place.run(&["runs"]).exits(0).says("failed, what it owed was let go");
    place.run(&["transcript"]).exits(0).says("way back   not all of it was gone: a person let go");
    assert_eq!(with(&RUN).0, Some(11), "the place is free again");
}
