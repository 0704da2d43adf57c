use surefoot_journal::{
    Debt, Ended, Event, FactsVerdict, ForwardVerdict, HeldWhy, Holder, Phase, Point, RunId, Timestamp,
    WayBackVerdict,
};
use surefoot_plan::StepId;

use super::{Around, RunRow, runs, status};
use crate::Style;
use crate::testing::{START, Story, anna, approval_asked, bert, claim};

fn holder() -> Holder {
    Holder {
        run: RunId("01M80KYB8J0123456789ABCDEF".into()),
        runbook: "switchover".into(),
        by: anna(),
        since: START,
        pid: 4711,
        host: "db1".into(),
        boot_id: "b".into(),
    }
}

fn around(story: &Story, alive: bool) -> Around {
    Around {
        short: "01M80".into(),
        at_work: alive.then(holder),
        asked: Vec::new(),
        now: Timestamp(story.now().0 + 42_000),
    }
}

fn shown(story: &Story, alive: bool) -> String {
    status(story.records(), &around(story, alive), &Style::default()).unwrap()
}

#[test]
fn a_run_at_work() {
    let mut story = Story::begin();
    story.done("fence").start("stop");
    insta::assert_snapshot!(shown(&story, true));
}

#[test]
fn a_run_whose_executor_was_killed() {
    let mut story = Story::begin();
    story.done("fence").start("stop");
    insta::assert_snapshot!(shown(&story, false));
}

#[test]
fn a_run_that_ended_early() {
    let mut story = Story::begin();
    story.done("fence");
    story.add(Event::Stopped { stop: StepId("stop[1]".into()), why: "the standby serves already".into() });
    story.add(Event::Ended(Ended {
        forward: ForwardVerdict::Stopped,
        way_back: WayBackVerdict::NoneNeeded,
        facts: FactsVerdict::NotAsked,
        owed: Vec::new(),
    }));
    insta::assert_snapshot!(shown(&story, false));
}

#[test]
fn a_run_that_waits_for_an_approval() {
    let mut story = Story::begin();
    story.done("fence").done("stop");
    story.add(Event::Waited { wait: StepId("wait[1]".into()), reached: true });
    story.add(approval_asked("promote", 1));
    insta::assert_snapshot!(shown(&story, true));
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
    insta::assert_snapshot!(shown(&story, true));
}

#[test]
fn a_run_that_failed_after_the_point_of_no_return() {
    let mut story = Story::begin();
    story.done("fence").done("stop").add(Event::Waited { wait: StepId("wait[1]".into()), reached: true });
    story.done("promote");
    let sealed = ["stop", "fence"].map(|step| Debt::Rollback(StepId(step.into())));
    story.add(Event::Sealed { step: StepId("promote".into()), debts: sealed.into() });
    story.done("tell").fail("rejoin");
    story.add(Event::Held { why: HeldWhy::Failed(Some(StepId("rejoin".into()))) });
    insta::assert_snapshot!(shown(&story, false));
}

#[test]
fn a_run_that_is_stuck() {
    let mut story = Story::begin();
    story.done("fence").fail("stop");
    story.add(Event::TurnedBack { why: "a step failed".into() });
    let stop = StepId("stop".into());
    story.probe(Point::Guard(stop.clone(), Phase::Rollback), &[]);
    story.add(Event::Intent { claim: claim("stop", Phase::Rollback, 0), shown: Vec::new() });
    story.outcome("stop", Phase::Rollback, 0, crate::testing::report(false, "exit 1", Some(1), "no space\n"));
    story.add(Event::Stuck { debt: Debt::Rollback(stop), why: "its rollback ended with exit 1".into() });
    insta::assert_snapshot!(shown(&story, false));
}

#[test]
fn a_run_that_was_rolled_back() {
    let mut story = Story::begin();
    story.done("fence").fail("stop").all_back(&["stop", "fence"]);
    insta::assert_snapshot!(shown(&story, false));
}

#[test]
fn a_run_that_ended_owing() {
    let mut story = Story::begin();
    story.done("fence").fail("stop").add(Event::Ended(Ended {
        forward: ForwardVerdict::Failed,
        way_back: WayBackVerdict::Owing,
        facts: FactsVerdict::Unknown,
        owed: ["stop", "fence"].map(|step| Debt::Rollback(StepId(step.into()))).into(),
    }));
    insta::assert_snapshot!(shown(&story, false));
}

fn end(story: &mut Story) {
    story.add(Event::Ended(Ended {
        forward: ForwardVerdict::Done,
        way_back: WayBackVerdict::NoneNeeded,
        facts: FactsVerdict::AsEnsured,
        owed: Vec::new(),
    }));
}

/// What is said of a rollback of this run; none if it is not offered.
fn offered(story: &Story) -> Option<String> {
    let shown = shown(story, false);
    shown.lines().find_map(|line| Some(line.split_once("surefoot rollback 01M80")?.1.trim().to_owned()))
}

#[test]
fn a_run_that_is_done_says_how_much_of_it_can_be_taken_back() {
    let mut whole = Story::begin();
    end(whole.done("fence").done("stop"));
    assert_eq!(offered(&whole).as_deref(), Some("takes all of it back"));

    let mut rest = Story::begin();
    end(rest.done("fence").done("tell"));
    assert_eq!(offered(&rest).as_deref(), Some("takes back only what has a rollback: fence"));

    let sealed = |then: &[&str]| {
        let mut story = Story::begin();
        story.done("fence").done("stop");
        story.add(Event::Waited { wait: StepId("wait[1]".into()), reached: true }).done("promote");
        let debts = ["stop", "fence"].map(|step| Debt::Rollback(StepId(step.into())));
        story.add(Event::Sealed { step: StepId("promote".into()), debts: debts.into() });
        then.iter().for_each(|step| {
            story.done(step);
        });
        end(&mut story);
        story
    };
    let said = Some("takes back what came after promote, no more: rejoin");
    assert_eq!(offered(&sealed(&["rejoin"])).as_deref(), said);
    // What can be taken back came before the point of no return: nothing is offered.
    assert_eq!(offered(&sealed(&["tell"])), None);
}

#[test]
fn nothing_from_outside_reaches_the_terminal_as_it_is() {
    let mut story = Story::begin();
    story.start("fence");
    story.add(Event::Outcome {
        claim: claim("fence", Phase::Forward, 0),
        outcome: surefoot_journal::Outcome::Unknown { why: "\u{1b}[2J\u{7}".into(), over: true },
    });
    story.add(Event::InDoubt { step: StepId("fence".into()), why: "\u{1b}[2J\u{202e}".into() });
    story.add(Event::Held { why: HeldWhy::Doubt(StepId("fence".into())) });
    let text = shown(&story, true);
    assert!(!text.chars().any(|letter| letter.is_control() && letter != '\n'), "{text:?}");
    assert!(text.contains("\\u{1b}[2J"), "{text}");
}

#[test]
fn runs_are_listed() {
    let mut done = Story::begin();
    done.done("fence").fail("stop").all_back(&["stop", "fence"]);
    let mut cut_off = Story::begin();
    cut_off.done("fence").start("stop");
    let mut going = Story::begin();
    going.done("fence");
    going.add(Event::CancelAsked { level: 1, by: Some(bert()), why: String::new() });
    let row = |short: &str, story: &Story, alive: bool| RunRow {
        short: short.into(),
        records: Ok(story.records().to_vec()),
        at_work: alive.then(holder),
    };
    let rows = [
        row("01M80KYB", &done, false),
        row("01M80KYC", &cut_off, false),
        row("01M80KYD", &going, true),
        RunRow {
            short: "01M80KYE".into(),
            records: Err("DAMAGED: line 7 of the journal is damaged".into()),
            at_work: None,
        },
    ];
    insta::assert_snapshot!(runs(&rows, Timestamp(START.0 + 4_000_000), &Style::default()));
    assert_eq!(runs(&[], START, &Style::default()), "There are no runs here.\n");
}
