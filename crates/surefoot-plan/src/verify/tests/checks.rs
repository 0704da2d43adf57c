//! What is wrong with a plan wherever it stands: values, rights, labels, limits, form.

use std::collections::BTreeMap;

use super::{refused, rollback, steps};
use crate::testing::{atom, command, literal, plan_of, question, require, step};
use crate::verify::{Condition, Policy, verify};
use crate::{
    Cell, Comparison, Exec, Expr, Formula, Input, InputValue, Node, Parameter, Plan, Read, Restores, Script,
    Source, Statement, Step, StepId, Test, Type, Value, ValueId, Way, Word,
};

/// A step that is fine by itself.
fn fine(id: &str) -> Step {
    let mut step = step(id, &["a"]);
    rollback(&mut step).restores = Restores::Captured;
    step
}

fn value(step: &str, name: &str) -> Expr {
    Expr::Local(ValueId { step: Some(StepId(step.into())), name: name.into() })
}

/// A command that is given one argument.
fn with_argument(argument: Expr) -> Statement {
    let mut statement = command("true");
    exec(&mut statement).pipeline[0].push(Word::One(argument));
    statement
}

fn exec(statement: &mut Statement) -> &mut Exec {
    let Statement::Command { exec, .. } = statement else { panic!("a command") };
    exec
}

fn names(name: &str) -> Statement {
    let mut statement = command("true");
    if let Statement::Command { name: place, .. } = &mut statement {
        *place = Some(name.into());
    }
    statement
}

fn captures(name: &str) -> Read {
    let mut statement = command("true");
    Read { name: name.into(), r#type: Type::Text, source: Source::Command(exec(&mut statement).clone()) }
}

fn password(plan: &mut Plan) -> Expr {
    plan.inputs.push(Input {
        name: "password".into(),
        r#type: Type::Text,
        value: InputValue::SecretFromEnv("PGPASSWORD".into()),
        doc: String::new(),
    });
    Expr::Input("password".into())
}

#[test]
fn a_rollback_reads_only_what_exists_when_it_runs() {
    let mut one = fine("one");
    one.body = vec![names("id")];
    one.before = vec![captures("old")];
    rollback(&mut one).body = vec![with_argument(value("one", "old"))];
    assert!(steps(&plan_of(vec![one.clone()])).is_empty());
    // Its own `let` may not be there: the step may have failed before.
    rollback(&mut one).body = vec![with_argument(value("one", "id"))];
    let text = refused(&plan_of(vec![one.clone()]), Condition::RollbackReadsMissing);
    assert!(text.contains("the step may fail before it is found"), "{text}");
    // Unless it says what else is meant.
    let or_else = Expr::Binary(
        crate::BinaryOperator::OrElse,
        Box::new(value("one", "id")),
        Box::new(Expr::Literal(Value::Text("none".into()))),
    );
    rollback(&mut one).body = vec![with_argument(or_else)];
    assert!(steps(&plan_of(vec![one.clone()])).is_empty());
    // A later step's value is never there.
    let mut two = fine("two");
    two.body = vec![names("late")];
    rollback(&mut one).body = vec![with_argument(value("two", "late"))];
    refused(&plan_of(vec![one, two]), Condition::RollbackReadsMissing);
}

#[test]
fn a_value_of_an_arm_exists_perhaps() {
    let mut inner = fine("inner");
    inner.body = vec![names("id")];
    let mut last = fine("last");
    last.body = vec![with_argument(value("inner", "id"))];
    let choice = Node::If {
        id: StepId("if".into()),
        text: String::new(),
        condition: Formula::Atom(atom("b")),
        then: vec![Node::Step(Box::new(inner.clone()))],
        otherwise: Vec::new(),
        unknown: None,
        hypothesis: None,
    };
    let mut plan = plan_of(vec![last.clone()]);
    plan.body.insert(0, choice);
    let text = refused(&plan, Condition::ValueMayNotExist);
    assert!(text.contains("stands in an arm that may not be taken"), "{text}");
    assert!(steps(&plan_of(vec![inner, last])).is_empty());
}

#[test]
fn so_many_people_agree_as_can_and_see_what_is_there_and_no_secret() {
    let with = |people: u32, value: Expr| {
        let mut plan = plan_of(Vec::new());
        password(&mut plan);
        let mut one = fine("one");
        one.body = vec![names("id")];
        let shown = crate::ShownValue { text: "what".into(), value };
        let role = "lead".into();
        let approval =
            crate::Approval { role, people, showing: Vec::new(), values: vec![shown], expires_ms: 1_000 };
        one.approval = Some(approval);
        plan.body = vec![Node::Step(Box::new(one))];
        plan
    };
    let number = || Expr::Literal(Value::Int(3));
    assert!(steps(&with(2, number())).is_empty());
    for people in [0, crate::APPROVERS_MAX + 1] {
        let text = refused(&with(people, number()), Condition::Unbounded);
        assert!(text.contains(&format!("the yes of {people} people")), "{text}");
    }
    // Its own value is not there when its yes is asked.
    refused(&with(1, value("one", "id")), Condition::ValueMayNotExist);
    refused(&with(1, Expr::Input("password".into())), Condition::SecretExposed);
    let fact = Expr::Fact(Cell { question: "up".into(), arguments: Vec::new() });
    refused(&with(1, fact), Condition::Malformed);
}

#[test]
fn what_a_step_changes_is_known_before_it_starts() {
    let mut plan = plan_of(Vec::new());
    let mut of = question();
    of.parameters = vec![Parameter { name: "of".into(), r#type: Type::Text, secret: false }];
    plan.questions.insert("up".into(), of);
    let mut one = fine("one");
    one.body = vec![names("id")];
    one.ensures[0].literal.atom.cell = Cell { question: "up".into(), arguments: vec![value("one", "id")] };
    plan.body = vec![Node::Step(Box::new(one))];
    refused(&plan, Condition::ValueMayNotExist);
}

#[test]
fn a_secret_goes_nowhere_where_others_can_read_it() {
    let with = |change: &dyn Fn(&mut Step, Expr)| {
        let mut plan = plan_of(Vec::new());
        let secret = password(&mut plan);
        let mut one = fine("one");
        change(&mut one, secret);
        plan.body = vec![Node::Step(Box::new(one))];
        plan
    };
    let text =
        refused(&with(&|step, secret| step.body = vec![with_argument(secret)]), Condition::SecretExposed);
    assert!(text.contains("the arguments of a program, which every user of the machine can read"), "{text}");
    let part = |secret| Expr::Join(vec![Expr::Literal(Value::Text("--password=".into())), secret]);
    refused(&with(&|step, secret| step.body = vec![with_argument(part(secret))]), Condition::SecretExposed);
    refused(&with(&|step, secret| step.body.push(Statement::Note(part(secret)))), Condition::SecretExposed);
    let kept = |secret| Read { name: "x".into(), r#type: Type::Text, source: Source::Value(secret) };
    refused(&with(&|step, secret| step.before = vec![kept(secret)]), Condition::SecretExposed);
    let library = |name: &str, secret| {
        Statement::Library(crate::LibraryCall {
            function: "files.write".into(),
            arguments: BTreeMap::from([(name.to_owned(), secret)]),
        })
    };
    refused(&with(&|step, secret| step.body = vec![library("text", secret)]), Condition::SecretExposed);
    assert!(steps(&with(&|step, secret| step.body = vec![library("password", secret)])).is_empty());
    // Revealed, it may stand there; and then it is an exception of the plan. Another secret may not, nor may
    // anything be computed with it.
    let revealing = |step: &mut Step, text: Expr, secret: Expr| {
        let secrets = vec![crate::Reveal { secret, why: "it takes no other".into() }];
        exec(&mut step.body[0]).pipeline[0].push(Word::Revealing { text, secrets });
    };
    let plan = with(&|step, secret| revealing(step, part(secret.clone()), secret));
    assert!(steps(&plan).is_empty());
    let proof = crate::verify(plan, &crate::Policy { bound: false }).unwrap().proof().clone();
    let reveals: Vec<_> =
        proof.exceptions.iter().filter(|one| one.kind == crate::ExceptionKind::Reveal).collect();
    assert_eq!(
        (reveals.len(), reveals[0].step.0.as_str(), reveals[0].why.as_str()),
        (1, "one", "it takes no other")
    );
    let other = Expr::Literal(Value::Secret("token".into()));
    refused(&with(&|step, secret| revealing(step, secret, other.clone())), Condition::SecretExposed);
    let lower = |secret| Expr::Call(crate::Function::Lower, vec![secret]);
    refused(&with(&|step, secret| revealing(step, lower(secret.clone()), secret)), Condition::SecretExposed);
    // Its environment is the place for it; but nothing is computed with it there.
    let env = |step: &mut Step, secret| {
        exec(&mut step.body[0]).env = BTreeMap::from([("PGPASSWORD".to_owned(), secret)]);
    };
    assert!(steps(&with(&|step, secret| env(step, part(secret)))).is_empty());
    let upper = |secret| Expr::Call(crate::Function::Upper, vec![secret]);
    refused(&with(&|step, secret| env(step, upper(secret))), Condition::SecretExposed);
}

#[test]
fn a_secret_argument_of_a_fact_stays_secret_in_its_probe() {
    let mut plan = plan_of(Vec::new());
    password(&mut plan);
    let mut of = question();
    of.parameters = vec![Parameter { name: "with".into(), r#type: Type::Text, secret: true }];
    let argument = Expr::Argument("with".into());
    let mut probe = with_argument(argument);
    of.probe.reads = vec![Read {
        name: "answer".into(),
        r#type: Type::Bool,
        source: Source::Command(exec(&mut probe).clone()),
    }];
    plan.questions.insert("up".into(), of);
    refused(&plan, Condition::SecretExposed);
}

#[test]
fn nothing_is_done_outside_allow() {
    let mut one = fine("one");
    one.body = vec![command("rm")];
    let text = refused(&plan_of(vec![one.clone()]), Condition::OutsideAllow);
    assert!(text.contains("`one` runs `rm`, which is outside `allow`"), "{text}");
    // The step's own rights are within `allow` too: a plan cannot grant itself more.
    one.rights.run.insert("rm".into());
    refused(&plan_of(vec![one]), Condition::OutsideAllow);
    // A script runs the program that its language needs.
    for (language, program) in [("sql", "psql"), ("python", "python3"), ("bash", "bash"), ("perl", "perl")] {
        let mut one = fine("one");
        one.body = vec![command("rm")];
        let Statement::Command { exec, .. } = &mut one.body[0] else { panic!("a command") };
        exec.pipeline.clear();
        exec.script =
            Some(Script { language: language.into(), text: String::new(), arguments: BTreeMap::new() });
        let text = refused(&plan_of(vec![one]), Condition::OutsideAllow);
        assert!(text.contains(&format!("`one` runs `{program}`")), "{text}");
    }
    let path = |path: &str| Expr::Literal(Value::Text(path.into()));
    for (granted, wanted, is_fine) in [
        ("/srv", "/srv/app/x", true),
        ("/srv", "/srv", true),
        ("/srv/", "/srv/app", true),
        ("/srv", "/srvx", false),
        ("/srv", "/srv/../etc", false),
        ("/srv/app", "/srv", false),
        ("/", "/etc", true),
    ] {
        let mut one = fine("one");
        one.rights.write = vec![path(wanted)];
        let mut plan = plan_of(vec![one]);
        plan.allow.write = vec![path(granted)];
        assert_eq!(steps(&plan).is_empty(), is_fine, "{granted} {wanted}");
    }
    let mut one = fine("one");
    one.rights.connect = vec![crate::Endpoint { host: path("db1"), port: Expr::Literal(Value::Int(5432)) }];
    let text = refused(&plan_of(vec![one]), Condition::OutsideAllow);
    assert!(text.contains("connects to"), "{text}");
    // Anywhere, only where `allow` says so, and then it is an exception of the plan.
    let mut one = fine("one");
    one.rights.connect_any = Some("its addresses change".into());
    let mut plan = plan_of(vec![one]);
    let text = refused(&plan, Condition::OutsideAllow);
    assert!(text.contains("connects to `any`"), "{text}");
    plan.allow.connect_any = Some("its addresses change".into());
    let proof = crate::verify(plan, &crate::Policy { bound: false }).unwrap().proof().clone();
    assert!(proof.exceptions.iter().any(|one| one.kind == crate::ExceptionKind::ConnectAny));
    // A program is a constant: what comes from outside never becomes one.
    let mut one = fine("one");
    exec(&mut one.body[0]).pipeline[0][0] = Word::One(Expr::Input("tool".into()));
    let mut plan = plan_of(vec![one]);
    let value = InputValue::Unbound;
    plan.inputs.push(Input { name: "tool".into(), r#type: Type::Text, value, doc: String::new() });
    refused(&plan, Condition::OutsideAllow);
}

#[test]
fn everything_has_a_limit() {
    let mut one = fine("one");
    one.deadline_ms = 0;
    refused(&plan_of(vec![one]), Condition::Unbounded);
    let mut one = fine("one");
    one.retry = Some(crate::Retry { times: 1_000_000, every_ms: 1_000 });
    refused(&plan_of(vec![one]), Condition::Unbounded);
    let until = require("b");
    let wait =
        crate::Wait { id: StepId("wait".into()), until, times: 1, after: Vec::new(), otherwise: Vec::new() };
    let mut plan = plan_of(Vec::new());
    plan.body.push(Node::Wait(Box::new(wait)));
    let text = refused(&plan, Condition::Unbounded);
    assert!(text.contains("the wait has no limit"), "{text}");
    let mut one = fine("one");
    one.requires = vec![crate::Require { within_ms: 60_000, every_ms: 0, ..require("b") }];
    refused(&plan_of(vec![one]), Condition::Unbounded);
    let mut one = fine("one");
    let ask = crate::PersonQuestion {
        text: Expr::Literal(Value::Text("Go on?".into())),
        answer: Type::Bool,
        see: Vec::new(),
        by: None,
        within_ms: None,
        default: None,
    };
    let read = Read { name: "go".into(), r#type: Type::Bool, source: Source::Person(ask) };
    rollback(&mut one).body.push(Statement::Read(read));
    refused(&plan_of(vec![one]), Condition::RollbackAsks);
}

#[test]
fn parts_fit_each_other() {
    let twice = plan_of(vec![fine("one"), fine("one")]);
    refused(&twice, Condition::Malformed);
    let mut unknown = plan_of(vec![fine("one")]);
    unknown.questions.clear();
    assert!(steps(&unknown).iter().all(|one| one.condition == Condition::Malformed));
    assert!(!steps(&unknown).is_empty());
    let mut number = plan_of(vec![fine("one")]);
    number.questions.insert("b".into(), crate::Question { answer: Type::Int, ..question() });
    number.requires = vec![require("b")];
    refused(&number, Condition::Malformed);
    let mut text = number.clone();
    let mut atom = atom("b");
    atom.test = Test::Compares(Comparison::Equal, Expr::Literal(Value::Text("3".into())));
    text.requires = vec![crate::Require { formula: Formula::Atom(atom), ..require("b") }];
    refused(&text, Condition::Malformed);
    let mut itself = plan_of(vec![fine("one")]);
    let own = Cell { question: "c".into(), arguments: Vec::new() };
    itself.questions.get_mut("c").unwrap().probe.answer = Expr::Fact(own);
    refused(&itself, Condition::Malformed);
    let mut deep = plan_of(vec![fine("one")]);
    let mut formula = crate::testing::formula("b");
    for _ in 0..150 {
        formula = Formula::Not(Box::new(formula));
    }
    deep.requires = vec![crate::Require { formula, ..require("b") }];
    refused(&deep, Condition::TooLarge);
    let mut wide = plan_of(vec![fine("one")]);
    let facts: Vec<String> = (0..13).map(|index| format!("f{index}")).collect();
    facts.iter().for_each(|fact| {
        wide.questions.insert(fact.clone(), question());
    });
    let formula = Formula::Any(facts.iter().map(|fact| crate::testing::formula(fact)).collect());
    wide.requires = vec![crate::Require { formula, ..require("b") }];
    refused(&wide, Condition::TooLarge);
}

#[test]
fn a_plan_that_is_run_has_all_inputs_and_keeps_their_conditions() {
    let mut plan = plan_of(vec![fine("one")]);
    let input =
        |name: &str, value| Input { name: name.into(), r#type: Type::Host, value, doc: String::new() };
    plan.inputs = vec![input("standby", InputValue::Unbound)];
    assert!(steps(&plan).is_empty());
    let refused = verify(plan.clone(), &Policy { bound: true }).unwrap_err();
    assert_eq!(refused[0].condition, Condition::InputUnbound);
    plan.inputs = vec![input("standby", InputValue::Bound(Value::Int(1)))];
    assert_eq!(steps(&plan)[0].condition, Condition::Malformed);
    plan.inputs = vec![input("standby", InputValue::Bound(Value::Text("db1".into())))];
    let same = |left: &str, right: &str| {
        let text = |text: &str| Box::new(Expr::Literal(Value::Text(text.into())));
        (Expr::Binary(crate::BinaryOperator::NotEqual, text(left), text(right)), "standby != primary".into())
    };
    plan.constraints = vec![same("db1", "db1")];
    assert_eq!(steps(&plan)[0].condition, Condition::ConstraintBroken);
    plan.constraints = vec![same("db1", "db2")];
    assert!(steps(&plan).is_empty());
}

#[test]
fn a_number_is_ended_by_another_and_brought_back_by_its_before() {
    let mut plan = plan_of(Vec::new());
    plan.questions.insert("replicas".into(), crate::Question { answer: Type::Int, ..question() });
    let is = |count: i64| crate::Literal {
        atom: crate::Atom {
            cell: Cell { question: "replicas".into(), arguments: Vec::new() },
            test: Test::Compares(Comparison::Equal, Expr::Literal(Value::Int(count))),
        },
        holds: true,
    };
    let requires = |count| crate::Require { formula: Formula::Atom(is(count).atom), ..require("a") };
    let mut up = fine("up");
    up.ensures[0].literal = is(5);
    let mut check = fine("check");
    check.requires = vec![requires(3)];
    plan.body = vec![Node::Step(Box::new(up.clone())), Node::Step(Box::new(check))];
    let text = refused(&plan, Condition::RequiresFalse);
    assert!(text.contains("`up` sets `replicas == 5`"), "{text}");
    // Always the same, and not said what: refused; said, and required before: fine.
    rollback(&mut up).restores = Restores::Fixed;
    plan.body = vec![Node::Step(Box::new(up.clone()))];
    let text = refused(&plan, Condition::NotDefiniteBefore);
    assert!(text.contains("does not say to what value it sets `replicas`"), "{text}");
    rollback(&mut up).ensures = vec![crate::Ensure { literal: is(3), every_ms: 1_000, within_ms: 0 }];
    plan.body = vec![Node::Step(Box::new(up.clone()))];
    refused(&plan, Condition::NotRestored);
    up.requires = vec![requires(3)];
    plan.body = vec![Node::Step(Box::new(up))];
    assert!(steps(&plan).is_empty());
}

#[test]
fn facts_that_may_be_one_are_changed_together() {
    let host = |name: &str| Cell { question: "up".into(), arguments: vec![Expr::Input(name.into())] };
    let mut plan = plan_of(Vec::new());
    let mut up = question();
    up.parameters = vec![Parameter { name: "of".into(), r#type: Type::Host, secret: false }];
    plan.questions.insert("up".into(), up);
    for name in ["x", "y"] {
        let value = InputValue::Unbound;
        plan.inputs.push(Input { name: name.into(), r#type: Type::Host, value, doc: String::new() });
    }
    let formula = |name: &str| Formula::Atom(crate::Atom { cell: host(name), test: Test::Holds });
    plan.requires =
        ["x", "y"].iter().map(|name| crate::Require { formula: formula(name), ..require("a") }).collect();
    let mut down = step("down", &["!a"]);
    down.ensures[0].literal.atom.cell = host("x");
    let mut other = fine("other");
    other.requires = vec![crate::Require { formula: formula("y"), ..require("a") }];
    plan.body = vec![Node::Step(Box::new(down)), Node::Step(Box::new(other))];
    let is_proved = |plan: &Plan| {
        let place = crate::verify::Place::Step(StepId("other".into()));
        super::proof(plan).is_proved(&place)
    };
    assert!(!is_proved(&plan));
    let different = Expr::Binary(
        crate::BinaryOperator::NotEqual,
        Box::new(Expr::Input("x".into())),
        Box::new(Expr::Input("y".into())),
    );
    plan.constraints = vec![(different, "x != y".into())];
    assert!(is_proved(&plan));
}

#[test]
fn ensures_that_contradict_each_other_are_refused() {
    let mut one = fine("one");
    one.ensures.push(crate::testing::ensure("!a"));
    refused(&plan_of(vec![one]), Condition::EnsuresContradict);
    let mut class = fine("one");
    class.class = crate::Class::Read;
    refused(&plan_of(vec![class]), Condition::ClassWrong);
    // What only looks may be done again and needs no way back; so it has nothing to write to.
    let mut looks = step("looks", &[]);
    exec(&mut looks.body[0]).only_looks = true;
    looks.class = crate::Class::Read;
    looks.way = Way::Nothing;
    assert!(steps(&plan_of(vec![looks.clone()])).is_empty());
    looks.rights.write = vec![Expr::Literal(Value::Text("/srv".into()))];
    let mut plan = plan_of(vec![looks.clone()]);
    plan.allow.write.clone_from(&looks.rights.write);
    refused(&plan, Condition::Malformed);
    assert_eq!(literal("!a").to_string(), "not a");
    assert!(matches!(fine("x").way, Way::Rollback(_)));
}

#[test]
fn every_condition_has_a_code_of_its_own() {
    let codes: std::collections::BTreeSet<&str> =
        Condition::ALL.iter().map(|condition| condition.code()).collect();
    assert_eq!(codes.len(), Condition::ALL.len());
}

#[test]
fn a_fact_that_asks_another_is_changed_with_it() {
    let mut plan = plan_of(Vec::new());
    let mut derived = question();
    derived.probe.answer = Expr::Fact(Cell { question: "a".into(), arguments: Vec::new() });
    plan.questions.insert("d".into(), derived.clone());
    plan.questions.insert("e".into(), derived);
    plan.requires = vec![require("!a"), require("d"), require("e")];
    let mut other = step("other", &["!b"]);
    rollback(&mut other).restores = Restores::Captured;
    other.requires = vec![require("d"), require("e")];
    plan.body = vec![Node::Step(Box::new(step("one", &["a"]))), Node::Step(Box::new(other.clone()))];
    let place = crate::verify::Place::Step(StepId("other".into()));
    assert!(super::proof(&plan).at(&place).iter().all(|one| one.verdict == crate::Verdict::Probe));
    let mut direct = step("one", &["!d"]);
    rollback(&mut direct).restores = Restores::Captured;
    other.requires = vec![require("!a"), require("e")];
    plan.body = vec![Node::Step(Box::new(direct)), Node::Step(Box::new(other))];
    assert!(super::proof(&plan).at(&place).iter().all(|one| one.verdict == crate::Verdict::Probe));
}
