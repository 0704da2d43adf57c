//! Branches that are done at the same time.

use super::{proof, refused, rollback, seal, shown, steps};
use crate::testing::{ensure, formula, plan_of, require, step};
use crate::verify::{Condition, Place, Verdict, What};
use crate::{
    BRANCHES_MAX, Formula, Invariant, Node, Parallel, Plan, Read, Restores, Source, Statement, Step, StepId,
    Type, Value, ValueId,
};

fn parallel(branches: Vec<Vec<Step>>) -> Node {
    let nodes = |steps: Vec<Step>| steps.into_iter().map(|step| Node::Step(Box::new(step))).collect();
    let branches = branches.into_iter().map(nodes).collect();
    Node::Parallel(Box::new(Parallel { id: StepId("parallel[1]".into()), branches }))
}

/// A step that sets this, and is taken back to whatever was there.
fn sets(id: &str, what: &str) -> Step {
    let mut step = step(id, &[what]);
    rollback(&mut step).restores = Restores::Captured;
    step
}

fn plan(branches: Vec<Vec<Step>>) -> Plan {
    Plan { body: vec![parallel(branches)], ..plan_of(Vec::new()) }
}

#[test]
fn branches_over_different_facts_are_proved_and_what_each_sets_is_known_behind_them() {
    let mut plan = plan(vec![vec![sets("one", "a")], vec![sets("two", "b")]]);
    let mut last = sets("last", "c");
    last.requires = vec![require("a"), require("b")];
    plan.body.push(Node::Step(Box::new(last)));
    let proof = proof(&plan);
    for index in 0..2 {
        let place = Place::Step(StepId("last".into()));
        assert_eq!(proof.verdict(&place, What::Requires(index)), Some(Verdict::Proved));
    }
    let owed: Vec<_> = proof.way_back(&StepId("last".into())).into_iter().collect();
    let names: Vec<&str> = owed.iter().map(|owed| owed.step.0.as_str()).collect();
    assert_eq!(names, ["last", "two", "one"]);
    assert_eq!(owed.iter().map(|owed| owed.among.is_some()).collect::<Vec<_>>(), [false, true, true]);
    let owed = proof.way_back(&StepId("one".into()));
    assert_eq!(
        owed.iter().map(|owed| (owed.step.0.as_str(), owed.among.is_some())).collect::<Vec<_>>(),
        [("one", false), ("two", true)]
    );
}

#[test]
fn two_branches_that_change_the_same_or_one_that_asks_what_the_other_changes_are_refused() {
    let text =
        refused(&plan(vec![vec![sets("one", "a")], vec![sets("two", "a")]]), Condition::BranchesInterfere);
    assert!(text.contains("`one` and `two`") && text.contains("both change `a`"), "{text}");
    let mut asks = sets("two", "b");
    asks.requires = vec![require("a")];
    let text = refused(&plan(vec![vec![sets("one", "a")], vec![asks]]), Condition::BranchesInterfere);
    assert!(text.contains("`one` changes `a`") && text.contains("`two`"), "{text}");
    // A rollback asks too, and so does what is read.
    let mut asks = sets("two", "b");
    rollback(&mut asks).requires = vec![require("a")];
    refused(&plan(vec![vec![sets("one", "a")], vec![asks]]), Condition::BranchesInterfere);
    let mut asks = sets("two", "b");
    let cell = crate::testing::atom("a").cell;
    asks.before = vec![Read { name: "was".into(), r#type: Type::Bool, source: Source::Fact(cell) }];
    refused(&plan(vec![vec![sets("one", "a")], vec![asks]]), Condition::BranchesInterfere);
    // In one branch they follow each other.
    let mut second = sets("second", "b");
    second.requires = vec![require("a")];
    assert!(steps(&plan(vec![vec![sets("one", "a"), second], vec![sets("two", "c")]])).is_empty());
}

#[test]
fn an_invariant_over_two_branches_must_hold_whatever_both_are() {
    let either =
        Invariant { formula: Formula::Any(vec![formula("a"), formula("b")]), message: String::new() };
    let drain = |id: &str, what: &str| {
        let mut step = step(id, &[&format!("!{what}")]);
        step.requires = vec![require(what)];
        step
    };
    let mut both = plan(vec![vec![drain("one", "a")], vec![drain("two", "b")]]);
    both.requires = vec![require("a"), require("b")];
    both.invariants = vec![either];
    let violations = steps(&both);
    let text = shown(&violations);
    assert!(violations.iter().all(|one| one.condition == Condition::InvariantBroken), "{text}");
    assert!(text.contains("may not hold while `one` is half done, and `two` in another branch"), "{text}");
    assert!(text.contains("`two` changes `b` at the same time, in another branch"), "{text}");
    // A third that stays up keeps it.
    if let Some(Invariant { formula: Formula::Any(parts), .. }) = both.invariants.first_mut() {
        parts.push(formula("c"));
    }
    both.requires.push(require("c"));
    assert!(steps(&both).is_empty(), "{}", shown(&steps(&both)));
}

#[test]
fn what_cannot_be_done_beside_others_is_refused_in_a_branch() {
    let with = |step: Step| plan(vec![vec![step], vec![sets("two", "b")]]);
    let text = refused(&with(seal(sets("one", "a"))), Condition::InBranch);
    assert!(text.contains("put it after the block"), "{text}");
    let mut approved = sets("one", "a");
    approved.approval = seal(sets("x", "a")).approval;
    refused(&with(approved), Condition::InBranch);
    let mut by_hand = sets("one", "a");
    let question = crate::PersonQuestion {
        text: crate::Expr::Literal(Value::Text("Press it".into())),
        answer: Type::Bool,
        see: Vec::new(),
        by: None,
        within_ms: None,
        default: None,
    };
    by_hand.body.push(Statement::Manual(question.clone()));
    refused(&with(by_hand), Condition::InBranch);
    let mut asks = with(sets("one", "a"));
    if let Some(question_a) = asks.questions.get_mut("a") {
        let source = Source::Person(question);
        question_a.probe.reads = vec![Read { name: "said".into(), r#type: Type::Bool, source }];
    }
    refused(&asks, Condition::InBranch);
    let end = Node::Stop { id: StepId("stop".into()), why: "enough".into() };
    let inner = Node::Parallel(Box::new(Parallel { id: StepId("parallel[2]".into()), branches: Vec::new() }));
    for node in [end, inner] {
        let mut plan = with(sets("one", "a"));
        if let Some(Node::Parallel(parallel)) = plan.body.first_mut() {
            parallel.branches.push(vec![node]);
        }
        refused(&plan, Condition::InBranch);
    }
}

#[test]
fn a_branch_reads_nothing_that_another_finds_and_behind_the_block_all_is_there() {
    let found = |id: &str| crate::Expr::Local(ValueId { step: Some(StepId(id.into())), name: "was".into() });
    let mut one = sets("one", "a");
    let source = Source::Value(crate::Expr::Literal(Value::Int(1)));
    one.before = vec![Read { name: "was".into(), r#type: Type::Int, source }];
    let mut two = sets("two", "b");
    two.body.push(Statement::Note(found("one")));
    refused(&plan(vec![vec![one.clone()], vec![two.clone()]]), Condition::ValueMayNotExist);
    refused(&plan(vec![vec![two.clone()], vec![one.clone()]]), Condition::ValueMayNotExist);
    let mut behind = plan(vec![vec![one], vec![sets("three", "c")]]);
    behind.body.push(Node::Step(Box::new(two)));
    assert!(steps(&behind).is_empty());
}

#[test]
fn a_block_has_a_limit() {
    let wide = |width: usize| {
        let branch = |at: usize| {
            let mut step = sets(&format!("s{at}"), "a");
            step.ensures = Vec::new();
            step.class = crate::Class::Once;
            vec![step]
        };
        plan((0..width).map(branch).collect())
    };
    assert!(steps(&wide(BRANCHES_MAX)).is_empty(), "{}", shown(&steps(&wide(BRANCHES_MAX))));
    refused(&wide(BRANCHES_MAX + 1), Condition::TooLarge);
}

#[test]
fn what_a_branch_leaves_is_not_there_for_a_rollback_before_the_block() {
    let mut first = sets("first", "a");
    rollback(&mut first).requires = vec![require("b")];
    let mut tidy = sets("tidy", "b");
    tidy.ensures.push(ensure("b"));
    tidy.leaves =
        vec![crate::Leaves { atoms: vec![crate::testing::atom("b")], why: "it fills by itself".into() }];
    let mut plan = plan(vec![vec![tidy], vec![sets("two", "c")]]);
    plan.requires = vec![require("b")];
    plan.body.insert(0, Node::Step(Box::new(first)));
    let place = Place::Rollback(StepId("first".into()));
    assert_eq!(proof(&plan).verdict(&place, What::Requires(0)), Some(Verdict::Probe));
}
