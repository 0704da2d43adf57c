use super::*;
use crate::testing::{atom, formula, plan_of, require, step};
use crate::{
    Approval, Class, Formula, Invariant, Irreversible, Leaves, Node, Plan, Require, Restores, ScopeEnd, Step,
    StepId, Tri, Wait, Way,
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
    step.approval = Some(Approval {
        role: "lead".into(),
        people: 1,
        values: Vec::new(),
        showing: Vec::new(),
        expires_ms: 600_000,
    });
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
    let wait = Wait { id: StepId("wait".into()), until, times: 1, after: Vec::new(), otherwise: Vec::new() };
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

#[test]
fn a_rollback_brings_nothing_back_that_is_only_perhaps_the_same() {
    // `two` changes `p(u)`; `last` leaves `p(v)` changed, and if the two differ it stays so when `two` is taken back.
    let mut plan = sample(517_863);
    let cell =
        |of: &str| crate::Cell { question: "p".into(), arguments: vec![crate::Expr::Input(of.into())] };
    let of = |of: &str| crate::Atom { cell: cell(of), test: crate::Test::Holds };
    let p = |name: &str| Formula::Atom(of(name));
    let ensure = |name: &str| crate::Ensure {
        literal: crate::Literal { atom: of(name), holds: true },
        ..crate::testing::ensure("a")
    };
    let mut one = step("one", &["a"]);
    one.requires = vec![require("!a")];
    rollback(&mut one).requires = vec![Require { formula: Formula::Not(Box::new(p("v"))), ..require("a") }];
    let (mut two, mut last) = (step("two", &[]), step("last", &[]));
    for step in [&mut two, &mut last] {
        step.class = Class::Idempotent;
        rollback(step).restores = Restores::Captured;
    }
    two.ensures = vec![ensure("u")];
    last.ensures = vec![ensure("v")];
    last.way = Way::Nothing;
    last.leaves = vec![Leaves { atoms: vec![of("v")], why: "it stays".into() }];
    (plan.constraints, plan.invariants, plan.ensures) = (Vec::new(), Vec::new(), Vec::new());
    plan.requires = vec![Require { formula: Formula::Not(Box::new(p("v"))), ..require("a") }];
    plan.body = [one, two, last].map(|step| Node::Step(Box::new(step))).to_vec();
    assert!(!proof(&plan).is_proved(&Place::Rollback(StepId("one".into()))));
}

#[test]
fn the_probe_of_an_invariant_over_facts_that_may_be_one_tells_nothing_of_a_third() {
    // `s` changes `p(u)`. If `u` and `v` differ, its guard asks that `a` holds; if they are the same, the first
    // invariant holds by itself, and the second breaks half way unless `b` is false.
    let mut plan = sample(164_542);
    let p = |of: &str| crate::Cell { question: "p".into(), arguments: vec![crate::Expr::Input(of.into())] };
    let atom_of = |cell| Formula::Atom(crate::Atom { cell, test: crate::Test::Holds });
    let not = |formula| Formula::Not(Box::new(formula));
    let invariant = |formula| Invariant { formula, message: String::new() };
    plan.constraints.clear();
    plan.requires = vec![Require { formula: not(atom_of(p("v"))), ..require("a") }];
    plan.invariants = vec![
        invariant(Formula::Any(vec![not(atom_of(p("u"))), atom_of(p("v")), formula("a")])),
        invariant(not(Formula::All(vec![atom_of(p("v")), not(formula("a"))]))),
    ];
    let mut only = step("s", &[]);
    let literal =
        crate::Literal { atom: crate::Atom { cell: p("u"), test: crate::Test::Holds }, holds: true };
    only.ensures = vec![crate::Ensure { literal, ..crate::testing::ensure("a") }];
    only.class = Class::Verified;
    rollback(&mut only).restores = Restores::Captured;
    plan.body = vec![Node::Step(Box::new(only))];
    plan.ensures.clear();
    let place = Place::Step(StepId("s".into()));
    assert_eq!(proof(&plan).verdict(&place, What::Invariant(1)), Some(Verdict::Probe));
    // The same if it changes both.
    let Some(Node::Step(only)) = plan.body.first_mut() else { panic!("no step") };
    let mut other = only.ensures.clone();
    other.iter_mut().for_each(|ensure| ensure.literal.atom.cell = p("v"));
    only.ensures.extend(other);
    assert_eq!(proof(&plan).verdict(&place, What::Invariant(1)), Some(Verdict::Probe));
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

/// The two ends of a scope that is entered by setting a fact, and left by its opposite.
fn scope(fact: &str) -> [Step; 2] {
    let (mut enter, mut leave) = (step("enter", &[fact]), step("leave", &[&format!("!{fact}")]));
    enter.requires = vec![require(&format!("!{fact}"))];
    rollback(&mut leave).ensures.clone_from(&enter.ensures);
    let title = "alerts are silenced".into();
    enter.scope = Some(ScopeEnd::Enters { title, leave: leave.id.clone(), max_ms: 60_000 });
    leave.scope = Some(ScopeEnd::Leaves { enter: enter.id.clone() });
    [enter, leave]
}

#[test]
fn leaving_a_scope_is_owed_past_a_point_of_no_return() {
    let [enter, leave] = scope("c");
    let mut last = step("last", &["a"]);
    last.requires = vec![require("!a")];
    let plan = plan_of(vec![enter, seal(step("promote", &["b"])), last, leave]);
    let found = proof(&plan);
    let owed = |id: &str| -> Vec<String> {
        found.way_back(&StepId(id.into())).into_iter().map(|owed| owed.step.0).collect()
    };
    assert_eq!(owed("promote"), ["enter"]);
    assert_eq!(owed("last"), ["last", "enter"]);
    // What was done inside is taken back inside: the scope is entered again, and left again.
    assert_eq!(owed("leave"), ["leave", "last", "enter"]);
}

#[test]
fn what_a_rollback_needs_of_its_scope_is_there_again_when_it_was_left() {
    let [enter, leave] = scope("c");
    let mut inner = step("inner", &["a"]);
    inner.requires = vec![require("!a"), require("c")];
    rollback(&mut inner).requires = vec![require("c")];
    let mut last = step("last", &["b"]);
    last.requires = vec![require("!b")];
    let proof = proof(&plan_of(vec![enter, inner, leave, last]));
    assert!(proof.is_proved(&Place::Rollback(StepId("inner".into()))));
}

#[test]
fn a_step_inside_a_scope_leaves_alone_what_entering_changed() {
    let [enter, leave] = scope("c");
    let text = refused(&plan_of(vec![enter, step("inner", &["!c"]), leave]), Condition::ScopeShared);
    assert!(text.contains("`inner` changes `c`, and so does entering the scope"), "{text}");
}

#[test]
fn both_ends_of_a_scope_may_be_repeated_and_change_the_same() {
    let [mut enter, leave] = scope("c");
    enter.class = Class::Once;
    refused(&plan_of(vec![enter, leave]), Condition::ScopeOnce);
    let [enter, mut leave] = scope("c");
    (leave.class, leave.ensures) = (Class::Idempotent, Vec::new());
    refused(&plan_of(vec![enter, leave]), Condition::ScopeFacts);
}

#[test]
fn a_scope_is_left_where_it_was_entered() {
    let [enter, leave] = scope("c");
    let text = refused(&plan_of(vec![enter.clone()]), Condition::Malformed);
    assert!(text.contains("the scope that `enter` enters is never left"), "{text}");
    refused(&plan_of(vec![leave.clone()]), Condition::Malformed);
    let mut plan = plan_of(vec![enter, leave]);
    plan.body.insert(1, Node::Stop { id: StepId("stop".into()), why: "enough".into() });
    refused(&plan, Condition::Malformed);
}

/// A random plan.
pub(super) fn sample(seed: u64) -> Plan {
    generate::plan(seed)
}

mod branches;
mod checks;
mod generate;
mod machine;
mod property;
mod turns;

pub(super) use generate::Random;
