use super::*;
use crate::testing::{atom, formula, plan_of, require, step};
use crate::{
    Approval, Class, Formula, Invariant, Irreversible, Leaves, Node, Plan, Restores, Step, StepId, Tri, Wait,
    Way,
};

fn steps(plan: &Plan) -> Vec<Violation> {
    verify(plan.clone(), &Policy::default()).err().unwrap_or_default()
}

fn proof(plan: &Plan) -> Proof {
    match verify(plan.clone(), &Policy::default()) {
        Ok(verified) => verified.proof().clone(),
        Err(violations) => panic!("{}", shown(&violations)),
    }
}

fn shown(violations: &[Violation]) -> String {
    violations.iter().map(Violation::to_string).collect::<Vec<_>>().join("\n\n")
}

/// Asserts that a plan is refused for exactly one reason, and returns how that reads.
#[track_caller]
fn refused(plan: &Plan, condition: Condition) -> String {
    let violations = steps(plan);
    let text = shown(&violations);
    assert_eq!(violations.iter().map(|one| one.condition).collect::<Vec<_>>(), [condition], "{text}");
    text
}

fn not_both(left: &str, right: &str) -> Invariant {
    let both = Formula::All(vec![formula(left), formula(right)]);
    Invariant { formula: Formula::Not(Box::new(both)), message: "two primaries: split brain".into() }
}

fn seal(mut step: Step) -> Step {
    step.way = Way::Irreversible(Irreversible {
        why: "new timeline".into(),
        undone_when: None,
        without_approval: None,
        recover_with: None,
    });
    step.approval = Some(Approval { role: "lead".into(), showing: Vec::new(), expires_ms: 600_000 });
    step
}

fn rollback(step: &mut Step) -> &mut crate::Rollback {
    match &mut step.way {
        Way::Rollback(rollback) => rollback,
        Way::Irreversible(_) | Way::Nothing => panic!("no rollback"),
    }
}

/// `a`: the old primary serves. `b`: the standby does.
fn switchover(promote: Step) -> Plan {
    let mut plan = plan_of(vec![step("fence", &["!a"]), promote, step("repoint", &["c"])]);
    plan.requires = vec![require("a"), require("!b"), require("!c")];
    plan.invariants = vec![not_both("a", "b")];
    plan
}

#[test]
fn a_switchover_with_a_point_of_no_return_is_proved() {
    let mut promote = seal(step("promote", &["b"]));
    promote.requires = vec![require("!a")];
    let proof = proof(&switchover(promote));
    assert_eq!(proof.seals, [StepId("promote".into())]);
    assert!(proof.obligations.iter().all(|one| one.verdict == Verdict::Proved || one.place == Place::Start));
    let names = |step: &str| -> Vec<String> {
        proof.way_back(&StepId(step.into())).into_iter().map(|owed| owed.step.0).collect()
    };
    assert_eq!(names("fence"), ["fence"]);
    assert_eq!(names("promote"), Vec::<String>::new());
    assert_eq!(names("repoint"), ["repoint"]);
}

#[test]
fn a_plain_reverse_order_rollback_that_restarts_the_old_primary_is_refused() {
    let mut promote = step("promote", &["b"]);
    promote.way = Way::Nothing;
    promote.leaves = vec![Leaves { atoms: vec![atom("b")], why: "a promotion cannot be taken back".into() }];
    let text = refused(&switchover(promote), Condition::RollbackBreaksInvariant);
    insta_like(
        &text,
        "SF0403: if the run stops after `promote`, the rollback of `fence` would change `a` while `b` is true: the \
         invariant `not (a and b)` (two primaries: split brain) may break\n  1. `promote` sets `b`\n  2. the run stops \
         after `promote`: a later step fails, or a person stops it\n  3. the rollback of `fence` would change `a` while \
         `b` is true\n  and at 1 later place\n  help: give the later step a rollback that brings this back first, or \
         make it a point of no return: `irreversible \"why\"`; then nothing before it is rolled back",
    );
}

#[track_caller]
fn insta_like(found: &str, expected: &str) {
    assert_eq!(found, expected);
}

#[test]
fn a_step_that_requires_what_an_earlier_one_made_false_is_refused() {
    let mut second = step("two", &["b"]);
    second.requires = vec![require("a")];
    let mut plan = plan_of(vec![step("one", &["!a"]), second]);
    plan.requires = vec![require("a"), require("!b")];
    let text = refused(&plan, Condition::RequiresFalse);
    assert!(text.contains("`two` requires `a`, which is known false there: `a` is false"), "{text}");
    assert!(text.contains("1. `one` sets `not a`"), "{text}");
}

#[test]
fn a_changing_step_without_a_way_back_is_refused() {
    let mut only = step("one", &["a"]);
    only.way = Way::Nothing;
    refused(&plan_of(vec![only.clone()]), Condition::NoWayBack);
    only.leaves = vec![Leaves { atoms: Vec::new(), why: "harmless".into() }];
    proof(&plan_of(vec![only]));
}

#[test]
fn a_step_after_the_seal_that_is_not_safe_to_repeat_is_refused() {
    let mut last = step("last", &["c"]);
    last.class = Class::Once;
    let mut plan = plan_of(vec![seal(step("promote", &["b"])), last]);
    plan.requires = vec![require("!b"), require("!c")];
    let text = refused(&plan, Condition::OnceAfterSeal);
    assert!(text.contains("`last` stands after `promote`"), "{text}");
    // One that ensures only what holds already tells nothing either.
    let mut again = step("again", &["b"]);
    rollback(&mut again).restores = Restores::Captured;
    let plan = plan_of(vec![seal(step("promote", &["b"])), again]);
    refused(&plan, Condition::OnceAfterSeal);
}

#[test]
fn an_irreversible_step_needs_a_second_person_on_every_path() {
    let mut promote = seal(step("promote", &["b"]));
    promote.approval = None;
    let with = |first: Vec<Node>| {
        let mut plan = plan_of(vec![promote.clone()]);
        plan.body.splice(0..0, first);
        plan
    };
    let mut approved = step("drain", &["c"]);
    approved.approval = seal(step("x", &["a"])).approval;
    rollback(&mut approved).restores = Restores::Captured;
    let approved = Node::Step(Box::new(approved));
    refused(&with(Vec::new()), Condition::SealNotApproved);
    proof(&with(vec![approved.clone()]));
    let choice = Node::If {
        id: StepId("if".into()),
        text: String::new(),
        condition: formula("a"),
        then: vec![approved],
        otherwise: Vec::new(),
        unknown: None,
        hypothesis: None,
    };
    refused(&with(vec![choice]), Condition::SealNotApproved);
}

#[test]
fn a_rollback_that_always_sets_the_same_must_know_what_was_there() {
    let text = refused(&plan_of(vec![step("one", &["a"])]), Condition::NotDefiniteBefore);
    assert!(text.contains("say `requires not a` in `one`"), "{text}");
    let mut captured = step("one", &["a"]);
    rollback(&mut captured).restores = Restores::Captured;
    proof(&plan_of(vec![captured]));
    let mut required = step("one", &["a"]);
    required.requires = vec![require("!a")];
    proof(&plan_of(vec![required]));
}

#[test]
fn an_invariant_holds_also_half_way() {
    let mut plan = plan_of(vec![step("swap", &["a", "!b"])]);
    plan.requires = vec![require("!a"), require("b")];
    plan.invariants = vec![not_both("a", "b")];
    let text = refused(&plan, Condition::InvariantBroken);
    assert!(text.contains("may not hold while `swap` is half done"), "{text}");
}

#[test]
fn an_unknown_choice_walks_its_arms_and_owes_what_was_done_in_one() {
    let mut inner = step("inner", &["b"]);
    inner.requires = vec![require("!b")];
    let choice = Node::If {
        id: StepId("if".into()),
        text: String::new(),
        condition: formula("a"),
        then: vec![Node::Step(Box::new(inner))],
        otherwise: Vec::new(),
        unknown: None,
        hypothesis: None,
    };
    let mut last = step("last", &["c"]);
    last.requires = vec![require("!c")];
    let mut plan = plan_of(vec![last]);
    plan.body.insert(0, choice.clone());
    let found = proof(&plan);
    let owed = found.way_back(&StepId("last".into()));
    assert_eq!(owed.len(), 2);
    assert_eq!(owed[1].step.0, "inner");
    assert_eq!(owed[1].only_if, [(StepId("if".into()), Tri::True)]);
    assert!(found.unreachable.is_empty());
    plan.requires = vec![require("!a")];
    let found = proof(&plan);
    assert_eq!(found.unreachable, [(StepId("if".into()), Tri::True)]);
    assert_eq!(found.way_back(&StepId("last".into())).len(), 1);
}

#[test]
fn a_wait_for_what_is_known_false_is_refused() {
    let until = crate::Require { within_ms: 60_000, ..require("a") };
    let wait = Wait { id: StepId("wait".into()), until, times: 1, otherwise: Vec::new() };
    let mut plan = plan_of(Vec::new());
    plan.requires = vec![require("!a")];
    plan.body.push(Node::Wait(Box::new(wait)));
    refused(&plan, Condition::RequiresFalse);
    plan.requires = Vec::new();
    plan.ensures = vec![require("a")];
    let found = proof(&plan);
    assert!(!found.is_proved(&Place::Wait(StepId("wait".into()))));
    assert!(found.is_proved(&Place::End));
    plan.ensures = vec![require("!a")];
    refused(&plan, Condition::EndFalse);
}

#[test]
fn undone_when_may_not_ask_what_the_step_changes() {
    let mut promote = seal(step("promote", &["b"]));
    if let Way::Irreversible(seal) = &mut promote.way {
        seal.undone_when = Some(formula("!b"));
    }
    refused(&plan_of(vec![promote.clone()]), Condition::UndoneWhenChanged);
    if let Way::Irreversible(seal) = &mut promote.way {
        seal.undone_when = Some(formula("c"));
    }
    proof(&plan_of(vec![promote]));
}

#[test]
fn a_rollback_may_cover_several_steps_if_the_whole_way_ends_where_it_began() {
    // `two` is taken back by what takes back both; the rollback of `one` says that it sets `a` again.
    let mut one = step("one", &["a"]);
    one.requires = vec![require("!a")];
    let mut two = step("two", &["b"]);
    two.requires = vec![require("!b")];
    rollback(&mut two).ensures = vec![crate::testing::ensure("!a"), crate::testing::ensure("!b")];
    proof(&plan_of(vec![one.clone(), two.clone()]));
    rollback(&mut two).ensures = vec![crate::testing::ensure("c"), crate::testing::ensure("!b")];
    let text = refused(&plan_of(vec![one, two]), Condition::NotRestored);
    assert!(text.contains("the way back ends with `c` as the rollback of `two` sets it"), "{text}");
}

#[test]
fn a_step_that_owes_nothing_may_have_changed_what_an_arm_brings_back() {
    // If `b` holds, `inner` ends `a` and owes to bring it back; `last` leaves `a` changed, whatever the arm.
    let mut first = step("first", &["c"]);
    first.requires = vec![require("!c")];
    rollback(&mut first).requires = vec![require("a")];
    let mut inner = step("inner", &["!a"]);
    rollback(&mut inner).restores = Restores::Captured;
    let mut last = step("last", &[]);
    last.class = Class::Idempotent;
    last.way = Way::Nothing;
    last.leaves = vec![Leaves { atoms: vec![atom("a")], why: "it moves by itself".into() }];
    let mut plan = plan_of(vec![first, last]);
    plan.requires = vec![require("a")];
    let choice = Node::If {
        id: StepId("if".into()),
        text: String::new(),
        condition: formula("b"),
        then: vec![Node::Step(Box::new(inner))],
        otherwise: Vec::new(),
        unknown: None,
        hypothesis: None,
    };
    plan.body.insert(1, choice);
    assert!(!proof(&plan).is_proved(&Place::Rollback(StepId("first".into()))));
    // Without it the arm alone is brought back.
    plan.body.pop();
    assert!(proof(&plan).is_proved(&Place::Rollback(StepId("first".into()))));
}

fn assume(name: &str) -> Node {
    let literal = crate::testing::ensure(name).literal;
    Node::Assume { id: StepId(format!("assume {name}")), literal, why: "nobody can tell".into() }
}

#[test]
fn what_is_assumed_is_proved_from_there_on_and_listed() {
    let mut last = step("last", &["c"]);
    last.requires = vec![require("a"), require("!c")];
    let mut plan = plan_of(vec![last]);
    let place = Place::Step(StepId("last".into()));
    assert_eq!(proof(&plan).verdict(&place, What::Requires(0)), Some(Verdict::Probe));
    plan.body.insert(0, assume("a"));
    let found = proof(&plan);
    assert_eq!(found.verdict(&place, What::Requires(0)), Some(Verdict::Proved));
    let listed: Vec<_> = found.exceptions.iter().map(|one| (one.kind, one.facts.join(","))).collect();
    assert_eq!(listed, [(ExceptionKind::Assume, "a".to_owned())]);
    plan.body.pop();
    plan.requires = vec![require("!a")];
    refused(&plan, Condition::AssumedFalse);
}

#[test]
fn what_stands_behind_the_end_of_every_path_is_refused() {
    let stop = |id: &str| Node::Stop { id: StepId(id.into()), why: "enough".into() };
    let mut last = step("last", &["c"]);
    last.requires = vec![require("!c")];
    let mut plan = plan_of(vec![last]);
    plan.body.insert(0, stop("stop"));
    refused(&plan, Condition::NeverReached);
    let choice = |otherwise: Vec<Node>| Node::If {
        id: StepId("if".into()),
        condition: formula("a"),
        text: String::new(),
        then: vec![stop("stop")],
        otherwise,
        unknown: None,
        hypothesis: None,
    };
    plan.body[0] = choice(vec![stop("other")]);
    refused(&plan, Condition::NeverReached);
    // What follows goes on from the arm that did not end the run, and knows what that one knows.
    plan.body[0] = choice(Vec::new());
    plan.ensures = vec![require("!a")];
    assert!(proof(&plan).is_proved(&Place::End));
}

/// A random plan.
pub(super) fn sample(seed: u64) -> Plan {
    generate::plan(seed)
}

mod checks;
mod generate;
mod machine;
mod property;
mod turns;

pub(super) use generate::Random;
