//! What the operator sees and types at a terminal.

use std::fs::{File, OpenOptions};
use std::io::Write as _;

use crate::place::Place;
use crate::pty::Terminal;

/// A mark is made; then a step runs until the test opens its gate; then a second mark is made.
const GATED: &str = r#"
runbook gated {
    param dir: path
    allow {
        run head, rm, touch
        write dir
    }
    step mark "Make a mark" {
        $ touch ${dir}/mark
        idempotent
        rollback { $ rm -f ${dir}/mark }
    }
    step nap within 7m "Wait at the gate" {
        $ head -n 1 ${dir}/gate
        idempotent
        rollback { $ rm -f ${dir}/nothing }
    }
    step after "Make another mark" {
        $ touch ${dir}/after
        idempotent
        rollback { $ rm -f ${dir}/after }
    }
}
"#;

/// How the operator's three answers begin.
const GO_ON: &str = "go on";
const STOP: &str = "stop here";
const BACK: &str = "roll back";

/// A run at a terminal whose second step waits at the gate.
struct Gated {
    place: Place,
    /// Open for both: it waits for nobody, and keeps its line until the step reads it.
    gate: File,
    terminal: Terminal,
}

impl Gated {
    fn begin(settings: &[(&str, &str)]) -> Gated {
        let place = Place::new();
        std::fs::create_dir(place.path().join("dir")).unwrap();
        place.write("gated.runbook", GATED);
        let gate = place.path().join("dir/gate");
        let made = std::process::Command::new("mkfifo").arg(&gate).status().unwrap();
        assert!(made.success());
        let arguments = ["run", "gated.runbook", "-p", "dir=dir"];
        let gate = OpenOptions::new().read(true).write(true).open(gate).unwrap();
        let terminal = Terminal::start(&place, &arguments, settings);
        Gated { place, gate, terminal }
    }

    /// Lets the second step end.
    fn open_the_gate(&self) {
        (&self.gate).write_all(b"go\n").unwrap();
    }

    fn has(&self, name: &str) -> bool {
        self.place.path().join("dir").join(name).exists()
    }

    /// Interrupts the second step and lets it end: the run asks how it goes on.
    fn interrupted() -> Gated {
        let mut gated = Gated::begin(&[]);
        gated.terminal.sees_line(&["nap", " of 7m"]);
        gated.terminal.interrupts();
        gated.terminal.sees("Stopping once what runs is over. Ctrl-C again asks it to end.");
        gated.open_the_gate();
        gated.terminal.sees("How does it go on?");
        gated.terminal.sees_line(&[GO_ON, STOP, BACK]);
        gated.terminal.sees("Owed, in this order: the rollbacks of nap, mark.");
        assert!(gated.has("mark") && !gated.has("after"), "it stopped between two steps");
        gated
    }
}

#[test]
fn after_ctrl_c_it_goes_on_to_its_end() {
    let mut gated = Gated::interrupted();
    gated.terminal.types(GO_ON);
    gated.terminal.ends(0);
    assert!(gated.has("mark") && gated.has("after"));
}

#[test]
fn after_ctrl_c_it_stops_and_keeps_what_is_owed() {
    let mut gated = Gated::interrupted();
    gated.terminal.types(STOP);
    gated.terminal.sees("owed if you stop now: 1. nap, 2. mark");
    gated.terminal.sees_line(&["surefoot rollback", "takes back what is owed"]);
    gated.terminal.ends(11);
    assert!(gated.has("mark") && !gated.has("after"));
    let mut later = Terminal::start(&gated.place, &["rollback", "0"], &[]);
    later.ends(15);
    assert!(!gated.has("mark"));
}

#[test]
fn after_ctrl_c_it_rolls_back() {
    let mut gated = Gated::interrupted();
    gated.terminal.types(BACK);
    gated.terminal.ends(15);
    assert!(!gated.has("mark") && !gated.has("after"));
}

#[test]
fn ctrl_c_twice_asks_what_runs_to_end() {
    let mut gated = Gated::begin(&[]);
    gated.terminal.sees_line(&["nap", " of 7m"]);
    gated.terminal.interrupts();
    gated.terminal.sees("Stopping once what runs is over");
    gated.terminal.interrupts();
    gated.terminal.sees("What runs is asked to end. Ctrl-C again kills it.");
    // The gate stays shut: only being asked to ends it.
    gated.terminal.sees_line(&[GO_ON, STOP, BACK]);
    gated.terminal.types(BACK);
    gated.terminal.ends(15);
    assert!(!gated.has("mark"));
}

#[test]
fn the_live_screen_shows_every_step_its_time_and_what_is_owed() {
    let mut gated = Gated::begin(&[]);
    let first = gated.terminal.sees_line(&["nap", "Wait at the gate", " of 7m"]);
    let second = gated.terminal.sees_other_line(&["nap", "Wait at the gate", " of 7m"], &first);
    assert_ne!(first, second, "its time goes on");
    gated.terminal.sees_line(&["mark", "done", "Make a mark"]);
    gated.terminal.sees_line(&["after", "to do", "Make another mark"]);
    gated.terminal.sees_line(&["gated", "going forward"]);
    let last = gated.terminal.shown().trim_end().lines().last().map(str::to_owned);
    assert_eq!(last.as_deref(), Some("owed if you stop now: 1. nap, 2. mark"));
    gated.open_the_gate();
    gated.terminal.ends(0);
    let shown = gated.terminal.shown();
    assert_eq!(shown.matches("owed if you stop now").count(), 1, "it is painted in place:\n{shown}");
    assert!(shown.contains("owed if you stop now: nothing"), "{shown}");
}

/// A runbook that asks which ticket it is for, and how many.
const ASKS: &str = r#"
runbook asks {
    let ticket = ask "Which ticket?"
    let count = ask "How many?": int
    step say "Say it" { note "for ${ticket}, ${count} times" }
}
"#;

#[test]
fn a_question_is_answered_by_typing() {
    let place = Place::new();
    place.write("asks.runbook", ASKS);
    let mut terminal = Terminal::start(&place, &["run", "asks.runbook"], &[]);
    terminal.sees("? Which ticket?");
    terminal.sees("  answer:");
    terminal.types("OPS-71");
    terminal.sees("? How many?");
    terminal.sees("  a whole number:");
    terminal.types("many");
    // What does not read as its type is asked again.
    terminal.sees("`many`");
    terminal.types("3");
    terminal.ends(0);
    place.run(&["transcript"]).exits(0).says("for OPS-71, 3 times");
}

/// Whether something would colour the screen, or make it bold or faint.
fn has_colour(raw: &str) -> bool {
    raw.split("\u{1b}[").skip(1).any(|rest| {
        rest.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == ';').starts_with('m')
    })
}

#[test]
fn colour_is_used_only_where_it_is_wanted_and_understood() {
    let raw = |settings: &[(&str, &str)]| {
        let mut gated = Gated::begin(settings);
        gated.open_the_gate();
        gated.terminal.ends(0);
        gated.terminal.raw()
    };
    assert!(has_colour(&raw(&[])), "a terminal that can is shown colours");
    let without = raw(&[("NO_COLOR", "1")]);
    assert!(!has_colour(&without), "{without:?}");
    assert!(without.contains("owed if you stop now"), "{without:?}");
    let dumb = raw(&[("TERM", "dumb")]);
    assert!(!dumb.contains('\u{1b}'), "it would be shown as garbage: {dumb:?}");
    assert!(dumb.contains("owed if you stop now: 1. mark"), "{dumb:?}");
}

#[test]
fn a_dumb_terminal_asks_too() {
    let place = Place::new();
    place.write("asks.runbook", ASKS);
    let mut terminal = Terminal::start(&place, &["run", "asks.runbook"], &[("TERM", "dumb")]);
    terminal.sees("  answer:");
    terminal.types("OPS-71");
    terminal.sees("  a whole number:");
    terminal.types("3");
    terminal.ends(0);
    assert!(!terminal.raw().contains('\u{1b}'));
}
