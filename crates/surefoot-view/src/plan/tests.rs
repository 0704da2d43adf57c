use surefoot_plan::{Formula, Node, Policy, StepId, verify};

use super::plan as shown;
use crate::Style;
use crate::testing::{self, command, step};

#[test]
fn the_switchover() {
    let verified = verify(testing::plan(), &Policy::default()).unwrap();
    let text = shown(&verified, &Style::default());
    insta::assert_snapshot!(text.replace(verified.digest().short(), "DIGEST"));
}

#[test]
fn a_long_way_back_is_shortened_in_the_middle() {
    let mut plan = testing::plan();
    let Some(Node::Step(fence)) = plan.body.first().cloned() else { panic!() };
    plan.body.truncate(1);
    plan.ensures.clear();
    for number in 2..=40 {
        let mut next = fence.clone();
        next.id = StepId(format!("step_{number}"));
        plan.body.push(Node::Step(next));
    }
    let verified = verify(plan, &Policy::default()).unwrap();
    let text = shown(&verified, &Style::default());
    let last = text.lines().rfind(|line| line.contains("if this fails:")).unwrap();
    insta::assert_snapshot!(last.trim(), @"if this fails: 1. step_40, 2. step_39, 3. step_38, 4. step_37, ... 35 more, 40. fence");
}

#[test]
fn branches_and_hosts_are_told() {
    let mut plan = testing::plan();
    let condition = plan.facts[0].formula.clone();
    let mut inner =
        step("tidy", "Tidy up", vec![command(&["psql"])], Vec::new(), surefoot_plan::Way::Nothing);
    if let Node::Step(step) = &mut inner {
        step.class = surefoot_plan::Class::Idempotent;
        step.leaves.push(surefoot_plan::Leaves { atoms: Vec::new(), why: "it is only tidying".into() });
    }
    plan.body.truncate(1);
    plan.ensures.clear();
    plan.body.push(Node::If {
        id: StepId("if[1]".into()),
        text: String::new(),
        condition: Formula::Not(Box::new(condition)),
        then: Vec::new(),
        otherwise: vec![inner],
        unknown: None,
        hypothesis: None,
    });
    let verified = verify(plan, &Policy::default()).unwrap();
    let text = shown(&verified, &Style::default());
    let from = text.find("2  if").unwrap();
    insta::assert_snapshot!(&text[from..text.find("AT THE END").unwrap()]);
}

#[test]
fn an_assumption_is_told_where_it_stands_and_among_the_exceptions() {
    let mut plan = testing::plan();
    let Formula::Atom(atom) = plan.facts[0].formula.clone() else { panic!() };
    let literal = surefoot_plan::Literal { atom, holds: true };
    let assume = Node::Assume { id: StepId("assume[1]".into()), literal, why: "the lead says so".into() };
    plan.body.truncate(1);
    plan.body.push(assume);
    plan.ensures.clear();
    let verified = verify(plan, &Policy::default()).unwrap();
    let text = shown(&verified, &Style::default());
    let end = (text.find("AT THE END").unwrap(), text.find("WHAT IT MAY TOUCH").unwrap());
    let exceptions = text.split("EXCEPTIONS").nth(1).unwrap_or_default();
    insta::assert_snapshot!(format!("{}\n…\n{exceptions}", &text[text.find("2  ").unwrap()..end.0]));
}
