use surefoot_journal::{Event, Output, Phase, Stream};

use super::{Beside, Transcript};
use crate::testing::{Story, bert, claim, report};

/// A run that fails at its second step and is rolled back.
fn rolled_back() -> Story {
    let mut story = Story::begin();
    story.done("fence").fail("stop");
    let outcome = surefoot_journal::Outcome::Performed(report(true, "", Some(0), "LOG:  shutting down\n"));
    story.add(Event::Collected { index: 0, outcome });
    story.all_back(&["stop", "fence"]);
    story
}

fn transcript(story: &Story) -> Transcript {
    Transcript::of(story.records(), &Beside::default()).unwrap()
}

#[test]
fn a_run_that_was_rolled_back() {
    let story = transcript(&rolled_back());
    let known = |text: String| text.replace(&story.plan, "sha256:PLAN").replace(&story.journal.head, "HEAD");
    insta::assert_snapshot!("rolled_back_text", known(story.text().unwrap()));
    insta::assert_snapshot!("rolled_back_markdown", known(story.markdown().unwrap()));
}

#[test]
fn the_json_form_has_its_version_and_its_fields() {
    let json: serde_json::Value = serde_json::from_str(&transcript(&rolled_back()).json()).unwrap();
    assert_eq!(json["format"], "1.0");
    assert_eq!(json["verdicts"]["way_back"], "complete");
    let mut keys: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    insta::assert_snapshot!(keys.join(" "), @"began diagnoses format host inputs journal last missing operators owed parts plan proof reveals run runbook sealed sections standing title verdicts version waivers world");
    let rejected =
        &json["sections"].as_array().unwrap().iter().find(|section| section["step"] == "stop").unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&rejected["entries"][3]).unwrap());
}

#[test]
fn what_is_missing_is_told() {
    let mut story = Story::begin();
    story.start("fence");
    let mut kept = report(true, "", Some(0), "much\n");
    kept.output[0].file = Some("outputs/c0c0".into());
    kept.output[0].cut = true;
    story.outcome("fence", Phase::Forward, 0, kept);
    story
        .probe(surefoot_journal::Point::Ensures(claim("fence", Phase::Forward, 0).step, Phase::Forward), &[]);
    story.add(Event::Done { step: claim("fence", Phase::Forward, 0).step });
    story.start("stop");
    let beside = Beside { torn_bytes: 17, missing_files: Transcript::files(story.records()), at_work: false };
    let story = Transcript::of(story.records(), &beside).unwrap();
    insta::assert_snapshot!(story.missing.join("\n"), @r"
    The last record is torn (17 bytes) and left out; it announced nothing that was done.
    `stop`: what became of statement 1 is not recorded.
    The run is not over, so it has no verdicts.
    The output kept in outputs/c0c0 is not in the run's folder any more.
    ");
    let text = story.text().unwrap();
    assert!(text.contains("CUT OFF") && text.contains("kept in outputs/c0c0, which is MISSING"), "{text}");
}

#[test]
fn records_that_make_no_sense_are_told_and_shown() {
    let mut story = Story::begin();
    story.add(Event::Done { step: claim("fence", Phase::Forward, 0).step });
    let story = transcript(&story);
    assert!(
        story.missing[0].starts_with("From record 3 on, the records make no sense"),
        "{:?}",
        story.missing
    );
    assert_eq!(story.sections.iter().map(|section| section.entries.len()).sum::<usize>(), 3);
}

#[test]
fn output_cannot_leave_its_place() {
    let evil = "ok\n```\n# Done, all is well\n````\n\u{1b}]0;title\u{7}<script>alert(1)</script>\u{202e}\n| a | b |\n";
    let mut story = Story::begin();
    story.start("fence");
    let mut printed = report(true, "", Some(0), evil);
    printed.output.push(Output { stream: Stream::Err, ..printed.output[0].clone() });
    story.outcome("fence", Phase::Forward, 0, printed);
    story.add(Event::Noted { at: None, text: "# a heading\n<img src=x> [link](http://x) `code` |".into() });
    story.add(Event::CancelAsked { level: 1, by: Some(bert()), why: String::new() });
    let story = transcript(&story);
    for text in [story.text().unwrap(), story.markdown().unwrap()] {
        assert!(
            !text.chars().any(|letter| (letter.is_control() && letter != '\n') || letter == '\u{202e}'),
            "{text:?}"
        );
    }
    let markdown = story.markdown().unwrap();
    assert!(markdown.contains("\n  `````text\n"), "the fence is longer than any within:\n{markdown}");
    assert!(
        markdown.contains(r"note: \# a heading \<img src=x\> \[link\]\(http://x\) \`code\` \|"),
        "{markdown}"
    );
    let outside: String = markdown.split("`````").step_by(2).collect();
    assert!(!outside.contains("<script>") && !outside.contains("all is well"), "{outside}");
}
