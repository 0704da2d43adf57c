//! Branches that are done at the same time, as they are shown.

use surefoot_journal::{Event, Phase, RunState, Timestamp};
use surefoot_plan::{Node, Parallel, Plan, Restores, Rollback, StepId, Way};

use crate::screen::{Screen, Size};
use crate::status::{Around, status};
use crate::style::Style;
use crate::testing::{Story, command, plan, report, step};
use crate::transcript::{Beside, Transcript};

/// Two branches, `left` and then `more`, and `right`; and `last` behind them.
fn branching() -> Plan {
    let part = |id: &str| {
        let way = Way::Rollback(Rollback {
            requires: Vec::new(),
            body: vec![command(&["psql", "back"])],
            ensures: Vec::new(),
            restores: Restores::Captured,
            derived: false,
        });
        step(id, "", vec![command(&["psql", id])], Vec::new(), way)
    };
    let branches = vec![vec![part("left"), part("more")], vec![part("right")]];
    let block = Parallel { id: StepId("parallel[1]".into()), branches };
    Plan { body: vec![Node::Parallel(Box::new(block)), part("last")], ..plan() }
}

fn block() -> StepId {
    StepId("parallel[1]".into())
}

/// Both branches are at work.
fn both() -> Story {
    let mut story = Story::of(branching());
    story.add(Event::Branched { node: block() }).start("left").start("right");
    story
}

/// What the screen shows, and what each of these steps printed.
fn drawn(story: &Story, printed: &[(&str, &str)], lines: usize) -> String {
    let plan = branching();
    let mut screen = Screen::new(&plan, "01M80", &Style::default());
    let mut state = RunState::new();
    for record in story.records() {
        state.apply(record).unwrap();
        screen.observe(record);
    }
    for (step, text) in printed {
        screen.print(&StepId((*step).into()), text.as_bytes());
    }
    let now = Timestamp(story.now().0 + 1_000);
    screen.draw(&state, now, Size { columns: 80, lines }, true).join("\n")
}

/// The same with single blanks.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_screen_shows_the_step_of_each_branch_what_it_prints_and_what_is_owed() {
    insta::assert_snapshot!("both", drawn(&both(), &[("left", "one\n"), ("right", "two\nthree\n")], 20));
    let mut story = both();
    story.outcome("right", Phase::Forward, 0, report(true, "", Some(0), ""));
    story.add(Event::Done { step: StepId("right".into()) });
    // The branch that is over has no next part, and the other goes on.
    let text = squeezed(&drawn(&story, &[("left", "one\n")], 20));
    assert!(text.contains("done right") && text.contains("running left"), "{text}");
    assert!(text.contains("owed if you stop now: 1. left, 2. right"), "{text}");
    story.outcome("left", Phase::Forward, 0, report(true, "", Some(0), ""));
    story.add(Event::Done { step: StepId("left".into()) });
    let text = squeezed(&drawn(&story, &[], 20));
    assert!(text.contains("next more"), "{text}");
    // What comes behind the block is not next before all branches are over.
    assert!(text.contains("to do last"), "{text}");
}

#[test]
fn the_status_and_the_transcript_tell_each_step_in_one_place() {
    let mut story = both();
    for step in ["left", "right"] {
        story.outcome(step, Phase::Forward, 0, report(true, "", Some(0), ""));
    }
    for step in ["right", "left"] {
        story.add(Event::Done { step: StepId(step.into()) });
    }
    story.start("more");
    let around = Around { now: story.now(), ..Around::default() };
    let text = status(story.records(), &around, &Style::default()).unwrap();
    assert!(text.contains("1. more") && text.contains("2. left") && text.contains("3. right"), "{text}");
    let transcript = Transcript::of(story.records(), &Beside::default()).unwrap();
    let titles: Vec<&str> = transcript.sections.iter().map(|section| section.title.as_str()).collect();
    assert_eq!(titles, ["The start", "parallel[1]", "left", "right", "more"]);
    let entries: Vec<usize> = transcript.sections.iter().map(|section| section.entries.len()).collect();
    assert!(entries[2] > 3 && entries[3] > 3, "{entries:?}");
}
