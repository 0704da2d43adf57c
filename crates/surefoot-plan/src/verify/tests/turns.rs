//! Loops over lists that the run finds.

use super::{proof, refused, rollback, seal, steps};
use crate::testing::{atom, ensure, plan_of, question, require, step};
use crate::verify::{Condition, Place, Verdict, What};
use crate::{
    Each, Expr, Formula, Literal, Node, Parameter, Plan, Read, Require, Restores, Source, Step, StepId,
    TurnsBack, Type, Value, ValueId,
};

fn item(each: &str) -> Expr {
    Expr::Local(ValueId { step: Some(StepId(each.into())), name: "x".into() })
}

/// The fact `up` of something.
fn up(of: Expr, holds: bool) -> Literal {
    let mut atom = atom("up");
    atom.cell.arguments = vec![of];
    Literal { atom, holds }
}

fn requires(literal: Literal) -> Require {
    let formula = Formula::Atom(literal.atom);
    let formula = if literal.holds { formula } else { Formula::Not(Box::new(formula)) };
    Require { formula, ..require("a") }
}

/// A step that is fine by itself, and sets this.
fn sets(id: &str, literal: Literal) -> Step {
    let mut step = step(id, &[]);
    step.ensures = vec![crate::Ensure { literal, ..ensure("a") }];
    rollback(&mut step).restores = Restores::Captured;
    step
}

fn each(id: &str, body: Vec<Step>) -> Node {
    Node::Each(Box::new(Each {
        id: StepId(id.into()),
        item: "x".into(),
        list: Expr::Local(ValueId { step: None, name: "xs".into() }),
        text: "xs".into(),
        max: 5,
        tolerate: 0,
        waves: Vec::new(),
        pause_ms: 0,
        on_failure: TurnsBack::All,
        body: body.into_iter().map(|step| Node::Step(Box::new(step))).collect(),
    }))
}

fn plan(body: Vec<Node>) -> Plan {
    let mut plan = plan_of(Vec::new());
    let mut of = question();
    of.parameters = vec![Parameter { name: "of".into(), r#type: Type::Text, secret: false }];
    plan.questions.insert("up".into(), of);
    let source = Source::Value(Expr::List(Vec::new()));
    plan.lets = vec![Read { name: "xs".into(), r#type: Type::List(Box::new(Type::Text)), source }];
    plan.body = body;
    plan
}

fn verdict(plan: &Plan, step: &str) -> Option<Verdict> {
    proof(plan).verdict(&Place::Step(StepId(step.into())), What::Requires(0))
}

#[test]
fn what_every_turn_ensures_of_its_item_is_proved_in_a_later_loop_over_the_same_list() {
    let first = each("for[1]", vec![sets("start", up(item("for[1]"), true))]);
    let mut then = sets("use", crate::testing::literal("b"));
    then.requires = vec![requires(up(item("for[2]"), true))];
    let second = each("for[2]", vec![then]);
    assert_eq!(verdict(&plan(vec![first.clone(), second.clone()]), "use"), Some(Verdict::Proved));
    // A change of any one of them in between, and nothing is known of any.
    let text = Expr::Literal(Value::Text("k1".into()));
    let between = Node::Step(Box::new(sets("stop", up(text, false))));
    let broken = plan(vec![first.clone(), between, second.clone()]);
    assert_eq!(verdict(&broken, "use"), Some(Verdict::Probe));
    // Another list has other items.
    let Node::Each(mut other) = second else { panic!("a loop") };
    other.list = Expr::List(vec![Expr::Literal(Value::Text("k2".into()))]);
    assert_eq!(verdict(&plan(vec![first, Node::Each(other)]), "use"), Some(Verdict::Probe));
}

#[test]
fn a_turn_knows_of_its_own_item_and_not_of_what_all_turns_change() {
    let mut first = sets("first", crate::testing::literal("a"));
    first.requires = vec![require("!a")];
    let mut second = sets("second", up(item("for[1]"), true));
    second.requires = vec![require("a")];
    let mut plan = plan(vec![each("for[1]", vec![first, second])]);
    plan.requires = vec![require("!a")];
    // The turn before may have set it.
    assert_eq!(verdict(&plan, "first"), Some(Verdict::Probe));
    assert_eq!(verdict(&plan, "second"), Some(Verdict::Proved));
}

#[test]
fn behind_a_loop_that_may_have_no_turn_only_that_is_known_which_both_leave() {
    let first = sets("first", crate::testing::literal("a"));
    let mut last = sets("last", crate::testing::literal("b"));
    last.requires = vec![require("a")];
    let body = vec![each("for[1]", vec![first]), Node::Step(Box::new(last))];
    let mut before = plan(body.clone());
    assert_eq!(verdict(&before, "last"), Some(Verdict::Probe));
    before.requires = vec![require("a")];
    assert_eq!(verdict(&before, "last"), Some(Verdict::Proved));
}

#[test]
fn a_yes_before_a_loop_does_not_cover_the_irreversible_steps_of_its_turns() {
    let mut before = sets("before", crate::testing::literal("b"));
    before.approval = seal(step("x", &[])).approval;
    let mut wipe = seal(sets("wipe", up(item("for[1]"), false)));
    let own = wipe.approval.take();
    let turns = each("for[1]", vec![wipe.clone()]);
    refused(&plan(vec![Node::Step(Box::new(before)), turns]), Condition::SealNotApproved);
    wipe.approval = own;
    assert!(steps(&plan(vec![each("for[1]", vec![wipe.clone()])])).is_empty());
    // Before it in the body stands a step that comes after the irreversible one of the turn before.
    let mut once = sets("drain", crate::testing::literal("b"));
    once.class = crate::Class::Once;
    refused(&plan(vec![each("for[1]", vec![once, wipe])]), Condition::OnceAfterSeal);
}

#[test]
fn what_the_turns_of_others_leave_is_not_there_for_a_rollback() {
    // `tidy` of a later turn leaves `a`, and `start` of an earlier one needs it to be taken back.
    let mut start = sets("start", up(item("for[1]"), true));
    rollback(&mut start).requires = vec![require("a")];
    let mut tidy = sets("tidy", crate::testing::literal("a"));
    tidy.leaves = vec![crate::Leaves { atoms: vec![atom("a")], why: "it fills by itself".into() }];
    let mut plan = plan(vec![each("for[1]", vec![tidy, start])]);
    plan.requires = vec![require("a")];
    let place = Place::Rollback(StepId("start".into()));
    assert_eq!(proof(&plan).verdict(&place, What::Requires(0)), Some(Verdict::Probe));
    // By itself it would be proved.
    let Some(Node::Each(each)) = plan.body.pop() else { panic!("a loop") };
    plan.body = each.body_with(&Expr::Literal(Value::Text("k1".into())));
    assert_eq!(proof(&plan).verdict(&place, What::Requires(0)), Some(Verdict::Proved));
}

#[test]
fn a_turn_that_fails_brings_back_what_was_left_before_the_loop() {
    let leaves = vec![crate::Leaves { atoms: vec![atom("a")], why: "it fills by itself".into() }];
    let fills = Step { leaves, way: crate::Way::Nothing, ..sets("fill", crate::testing::literal("a")) };
    // All the way back may end with `a` as it is by then. The run goes on from where the turn began, with `a`.
    let mut start = sets("start", up(item("for[1]"), true));
    rollback(&mut start).ensures = vec![ensure("!a")];
    let Node::Each(mut turns) = each("for[1]", vec![start]) else { panic!("a loop") };
    let with =
        |turns: &Each| plan(vec![Node::Step(Box::new(fills.clone())), Node::Each(Box::new(turns.clone()))]);
    assert!(steps(&with(&turns)).is_empty());
    turns.tolerate = 1;
    refused(&with(&turns), Condition::NotRestored);
}

#[test]
fn a_loop_has_a_limit_and_stands_in_no_other() {
    let with = |max| {
        let Node::Each(mut each) = each("for[1]", vec![sets("start", up(item("for[1]"), true))]) else {
            panic!()
        };
        each.max = max;
        plan(vec![Node::Each(each)])
    };
    assert!(steps(&with(1_000)).is_empty());
    refused(&with(0), Condition::Unbounded);
    refused(&with(1_001), Condition::Unbounded);
    let inner = each("for[2]", vec![sets("start", up(item("for[2]"), true))]);
    let Node::Each(mut outer) = each("for[1]", Vec::new()) else { panic!() };
    outer.body = vec![inner];
    refused(&plan(vec![Node::Each(outer)]), Condition::Malformed);
    let many = (0..21).map(|at| sets(&format!("s{at}"), up(item("for[1]"), true))).collect();
    let Node::Each(mut wide) = each("for[1]", many) else { panic!() };
    wide.max = 1_000;
    refused(&plan(vec![Node::Each(wide)]), Condition::TooLarge);
}

#[test]
fn an_item_and_what_a_turn_finds_are_read_in_that_turn_alone() {
    let after = sets("after", up(item("for[1]"), true));
    let turns = each("for[1]", vec![sets("start", up(item("for[1]"), true))]);
    refused(&plan(vec![turns, Node::Step(Box::new(after))]), Condition::ValueMayNotExist);
}
