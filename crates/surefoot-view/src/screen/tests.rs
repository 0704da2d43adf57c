use surefoot_journal::{Event, HeldWhy, RunState, Timestamp};
use surefoot_plan::StepId;

use super::{Screen, Size, redraw, window};
use crate::Style;
use crate::style::width;
use crate::testing::{Story, approval_asked, bert, plan};

const TERMINAL: Size = Size { columns: 80, lines: 24 };

/// The step whose statement began last.
fn last_begun(story: &Story) -> Option<surefoot_plan::StepId> {
    let mut intents = story.records().iter().rev();
    intents.find_map(|record| {
        let surefoot_journal::Event::Intent { claim, .. } = &record.event else { return None };
        Some(claim.step.clone())
    })
}

/// What a story looks like in the end, `after` ms after its last record.
fn draw(story: &Story, printed: &str, after: u64, size: Size, style: &Style) -> String {
    let plan = plan();
    let mut screen = Screen::new(&plan, "01M80", style);
    let mut state = RunState::new();
    for record in story.records() {
        state.apply(record).unwrap();
        screen.observe(record);
    }
    if let Some(step) = last_begun(story) {
        screen.print(&step, printed.as_bytes());
    }
    let alive = matches!(state.standing(), surefoot_journal::Standing::Going);
    let lines = screen.draw(&state, Timestamp(story.now().0 + after), size, alive);
    assert!(lines.len() <= size.lines, "{lines:#?}");
    for line in &lines {
        if !style.colour {
            assert!(width(line) <= size.columns, "{} columns: {line}", width(line));
            assert!(!line.chars().any(char::is_control), "{line:?}");
        }
    }
    let last = lines.last().unwrap();
    let wanted = "owed if you stop now:";
    assert!(last.contains(&wanted[..wanted.len().min(size.columns.saturating_sub(2))]), "{last}");
    lines.join("\n")
}

fn stopping() -> Story {
    let mut story = Story::begin();
    story.done("fence").start("stop");
    story
}

#[test]
fn a_step_at_work() {
    let printed = "waiting for server to shut down...\n... still\u{1b}[2J waiting\nalmost";
    insta::assert_snapshot!(draw(&stopping(), printed, 12_000, TERMINAL, &Style::default()));
}

#[test]
fn in_ascii_and_without_colour_it_says_the_same() {
    let style = Style { ascii: true, ..Style::default() };
    let text = draw(&stopping(), "", 12_000, TERMINAL, &style);
    assert!(text.is_ascii(), "{text}");
    insta::assert_snapshot!(text);
    let coloured = draw(&stopping(), "", 12_000, TERMINAL, &Style { colour: true, ..style });
    let mut bare = coloured.clone();
    for code in ["0", "1", "2", "31", "32", "33"] {
        bare = bare.replace(&format!("\u{1b}[{code}m"), "");
    }
    assert_ne!(coloured, text);
    assert_eq!(bare, text, "colour never carries meaning");
}

#[test]
fn a_run_that_waits_for_an_approval() {
    let mut story = Story::begin();
    story.done("fence").done("stop");
    story.add(Event::Waited { wait: StepId("wait[1]".into()), reached: true });
    story.add(approval_asked("promote", 1));
    insta::assert_snapshot!(draw(&story, "", 95_000, TERMINAL, &Style::default()));
}

#[test]
fn a_run_of_which_one_of_two_has_approved() {
    let mut story = Story::begin();
    story.done("fence").done("stop");
    story.add(Event::Waited { wait: StepId("wait[1]".into()), reached: true });
    story.add(approval_asked("promote", 2)).add(Event::ApprovalAnswered {
        step: StepId("promote".into()),
        by: bert(),
        approved: true,
        comment: String::new(),
    });
    insta::assert_snapshot!(draw(&story, "", 95_000, TERMINAL, &Style::default()));
}

#[test]
fn a_point_of_no_return_that_has_started() {
    let mut story = Story::begin();
    story.done("fence").done("stop");
    story.add(Event::Waited { wait: StepId("wait[1]".into()), reached: true }).start("promote");
    let text = draw(&story, "", 3_000, TERMINAL, &Style::default());
    assert!(
        text.ends_with("owed if you stop now: nothing can be taken back: `promote` has started, and is …"),
        "{text}"
    );
}

#[test]
fn a_run_that_waits_for_a_person() {
    let mut story = Story::begin();
    story.done("fence").fail("stop");
    story.add(Event::Held { why: HeldWhy::Failed(Some(StepId("stop".into()))) });
    insta::assert_snapshot!(draw(&story, "", 3_000, TERMINAL, &Style::default()));
}

#[test]
fn a_run_that_was_rolled_back() {
    let mut story = Story::begin();
    story.done("fence").fail("stop").all_back(&["stop", "fence"]);
    insta::assert_snapshot!(draw(&story, "limit is 20 again\n", 0, TERMINAL, &Style::default()));
}

#[test]
fn it_fits_every_terminal() {
    let printed = "a long line that a narrow terminal cannot show at once, 東京 included\n".repeat(9);
    for columns in [1, 2, 10, 39, 40, 41, 80, 200] {
        for lines in 1..14 {
            draw(&stopping(), &printed, 0, Size { columns, lines }, &Style::default());
        }
    }
    insta::assert_snapshot!(draw(
        &stopping(),
        &printed,
        0,
        Size { columns: 60, lines: 8 },
        &Style::default()
    ));
}

#[test]
fn a_gigabyte_on_one_line_is_not_kept() {
    let plan = plan();
    let mut screen = Screen::new(&plan, "01M80", &Style::default());
    let step = surefoot_plan::StepId("fence".into());
    for _ in 0..1000 {
        screen.print(&step, &[b'x'; 10_000]);
    }
    assert!(screen.tails[&step].lines.iter().map(String::len).sum::<usize>() <= 3 * super::TAIL_BYTES_MAX);
    screen.print(&step, b"\nnext");
    screen.print(&step, b" line\xff\n");
    assert_eq!(screen.tails[&step].lines.back().unwrap(), "next line\u{fffd}");
}

#[test]
fn the_step_at_hand_is_always_in_sight() {
    for rows in 1..30 {
        for at_hand in 0..rows {
            for room in 1..12 {
                let (first, last) = window(rows, at_hand, room);
                assert!(first <= at_hand && at_hand < last && last <= rows, "{rows} {at_hand} {room}");
                let more = usize::from(first > 0) + usize::from(last < rows);
                let lines = last - first + if room > 2 { more } else { 0 };
                assert!(lines <= room, "{rows} {at_hand} {room}: {first} to {last}");
            }
        }
    }
}

#[test]
fn drawing_again_goes_back_to_the_first_line() {
    let lines = ["one".to_owned(), "two".to_owned()];
    assert_eq!(redraw(0, &lines), "one\u{1b}[K\ntwo\u{1b}[K\n\u{1b}[J");
    assert_eq!(redraw(3, &lines), "\r\u{1b}[3Aone\u{1b}[K\ntwo\u{1b}[K\n\u{1b}[J");
}
