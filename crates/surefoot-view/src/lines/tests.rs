use surefoot_journal::{Event, HeldWhy, RunState};
use surefoot_plan::{Node, StepId, Tri};

use super::{Lines, json_line};
use crate::testing::{Story, approval_asked, bert, plan};

/// Everything that is told of a story.
fn told(story: &Story) -> String {
    let (plan, mut lines, mut state, mut text) = (plan(), Lines::new(), RunState::new(), Vec::new());
    for record in story.records() {
        state.apply(record).unwrap();
        text.extend(lines.tell(&plan, record, &state));
    }
    text.join("\n")
}

#[test]
fn a_run_that_was_rolled_back() {
    let mut story = Story::begin();
    story.done("fence").fail("stop").all_back(&["stop", "fence"]);
    insta::assert_snapshot!(told(&story));
}

#[test]
fn a_run_past_the_point_of_no_return() {
    let mut story = Story::begin();
    story.done("fence").done("stop");
    story.add(Event::Waited { wait: StepId("wait[1]".into()), reached: true });
    let step = StepId("promote".into());
    story.add(approval_asked(&step.0, 1));
    story.add(Event::ApprovalAnswered {
        step: step.clone(),
        by: bert(),
        approved: true,
        comment: "go\u{7}".into(),
    });
    story.done("promote");
    let debts = ["stop", "fence"].map(|step| surefoot_journal::Debt::Rollback(StepId(step.into())));
    story.add(Event::Sealed { step, debts: debts.into() });
    insta::assert_snapshot!(told(&story));
}

#[test]
fn a_program_reads_json() {
    let mut story = Story::begin();
    story.done("fence").fail("stop");
    let (plan, mut state, mut lines) = (plan(), RunState::new(), Vec::new());
    for record in story.records() {
        state.apply(record).unwrap();
        lines.push(json_line(&plan, record, &state));
    }
    assert!(lines.iter().all(|line| !line.contains('\n')));
    let last: serde_json::Value = serde_json::from_str(lines.last().unwrap()).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&last).unwrap());
}

#[test]
fn what_is_left_to_do_has_no_steps_of_branches_that_were_not_taken() {
    let mut plan = plan();
    let step = |name: &str| {
        let mut node = plan.body[0].clone();
        if let Node::Step(step) = &mut node {
            step.id = StepId(name.into());
        }
        node
    };
    let choice = Node::If {
        id: StepId("if[1]".into()),
        text: String::new(),
        condition: plan.facts[0].formula.clone(),
        then: vec![step("taken")],
        otherwise: vec![step("other")],
        unknown: None,
        hypothesis: None,
    };
    plan.body.push(choice);
    let mut story = Story::begin();
    story.add(Event::Chose { node: StepId("if[1]".into()), arm: Tri::True });
    story.add(Event::Held { why: HeldWhy::Cancelled });
    let (mut lines, mut state, mut text) = (Lines::new(), RunState::new(), Vec::new());
    // What happened in an earlier life is taken in, and not told.
    let (held, before) = story.records().split_last().unwrap();
    for record in before {
        state.apply(record).unwrap();
        lines.observe(record);
    }
    state.apply(held).unwrap();
    text.extend(lines.tell(&plan, held, &state));
    let text = text.join("\n");
    assert!(text.contains("left to do: ") && text.contains("taken") && !text.contains("other"), "{text}");
}
