//! Channels: bound before a run begins, told at the terminal, and recorded either way.

use crate::place::Place;
use crate::pty::Terminal;

/// Tells two channels.
const TELLS: &str = r#"
runbook tells {
    step say {
        notify ops "it begins"
        notify lead "it goes on"
    }
}
"#;

fn place(channels: &str) -> Place {
    let place = Place::new();
    place.write("tells.runbook", TELLS);
    place.write("surefoot.toml", channels);
    place
}

#[test]
fn a_channel_that_is_not_bound_lets_no_run_begin() {
    for (channels, says) in [
        ("", "`lead` is told something, and no such channel is bound."),
        ("[channels]\nlead = \"terminal\"\nopps = \"terminal\"\n", "did you mean `opps`?"),
        ("[channels]\nlead = \"slack\"\nops = \"terminal\"\n", "bound to `slack`, which there is not"),
    ] {
        let place = place(channels);
        place.run(&["run", "tells.runbook"]).exits(2).complains(says).complains("[channels] with the line");
        assert!(!place.state().exists(), "{says}");
    }
}

#[test]
fn without_a_terminal_it_is_recorded_that_nobody_was_told_and_the_run_is_done() {
    let place = place("[channels]\nlead = \"terminal\"\nops = \"terminal\"\n");
    place
        .run(&["run", "tells.runbook"])
        .exits(0)
        .says("say: ops was NOT told, because no terminal is there: it begins");
    place.run(&["transcript", "0"]).says("lead was NOT told, because no terminal is there: it goes on");
    place.run(&["dry-run", "tells.runbook"]).exits(0).says("notify ops it begins");
}

#[test]
fn at_a_terminal_it_is_told_there() {
    let place = place("[channels]\nlead = \"terminal\"\nops = \"terminal\"\n");
    let mut terminal = Terminal::start(&place, &["run", "tells.runbook"], &[]);
    terminal.sees("ops: it begins");
    terminal.sees("lead: it goes on");
    terminal.ends(0);
    place.run(&["transcript", "0"]).says("ops was told: it begins").says("lead was told: it goes on");
}
