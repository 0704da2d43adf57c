//! Facts are called as their author calls them, wherever people read of them.

use surefoot_executor::Timestamp;
use surefoot_executor::dry::dry_run;
use surefoot_executor::simulated::{Fault, Injected, run_now};
use surefoot_journal::{Answer, Event, Phase, Record, Shown, Standing};
use surefoot_plan::{
    Atom, Cell, Expr, Formula, NamedFact, Node, Parameter, Plan, Read, Source, Test, Type, Value, ValueId,
};

use crate::harness::{Run, program};
use crate::plans::*;

/// The switchover, waiting for a fact that asks a server which the run finds, with a password.
fn named() -> Plan {
    let mut plan = switchover();
    let replayed = asked(Expr::Local(ValueId { step: None, name: "server".into() }));
    let formula_of = |cell: &Cell| Formula::Atom(Atom { cell: cell.clone(), test: Test::Holds });
    let parameter = |name: &str, secret| Parameter { name: name.into(), r#type: Type::Text, secret };
    if let Some(mut question) = plan.questions.remove("replayed") {
        question.parameters = vec![parameter("server", false), parameter("password", true)];
        plan.questions.insert(replayed.question.clone(), question);
    }
    for node in &mut plan.body {
        match node {
            Node::Wait(wait) => wait.until.formula = formula_of(&replayed),
            Node::Step(step) => {
                step.approval.iter_mut().for_each(|approval| approval.showing = vec![replayed.clone()]);
            }
            Node::Each(_) | Node::If { .. } | Node::Parallel(_) | Node::Stop { .. } | Node::Assume { .. } => {
            }
        }
    }
    plan.lets = wide().lets;
    plan.lets.iter_mut().for_each(|read| read.name = "server".into());
    let fact = |name: &str, cell: &Cell| NamedFact {
        name: name.into(),
        formula: formula_of(cell),
        doc: String::new(),
    };
    plan.facts = vec![fact("all_replayed", &replayed), fact("old_serving", &cell("primary"))];
    plan
}

fn asked(server: Expr) -> Cell {
    let password = Expr::Literal(Value::Secret("password".into()));
    Cell { question: "postgres.replayed_all".into(), arguments: vec![server, password] }
}

/// A run of it, with all that it asks.
fn run(program: &surefoot_executor::Program) -> Run<'_> {
    let run = Run::new(program, &SWITCHOVER_START);
    run.world.reply("server", Value::Text("db2".into()));
    run.world.set(asked(Expr::Literal(Value::Text("db2".into()))), Value::Bool(true));
    run
}

#[test]
fn who_approves_is_shown_a_fact_by_its_name() {
    let program = program(named());
    let mut run = run(&program);
    assert!(run.live(None));
    let shown = Shown { fact: "all_replayed".into(), answer: Answer::Known(Value::Bool(true)) };
    assert_eq!(run.world.shown(), [shown], "{}", run.story());
}

#[test]
fn a_refusal_and_a_rollback_that_failed_call_facts_by_their_names() {
    let program = program(named());
    let mut refused = run(&program);
    refused.world.set(cell("primary"), Value::Bool(false));
    assert!(refused.live(None));
    let condition = |record: &Record| {
        if let Event::Refused { why, .. } = &record.event { Some(why.condition.clone()) } else { None }
    };
    let condition = refused.journal.records.iter().find_map(condition);
    assert_eq!(condition.as_deref(), Some("old_serving"), "{}", refused.story());

    let mut stuck = run(&program);
    let (step, phase) = (id("fence"), Phase::Forward);
    stuck.world.inject(Injected { step: step.clone(), phase, fault: Fault::After, times: 1 });
    stuck.world.inject(Injected { step, phase: Phase::Rollback, fault: Fault::Lie, times: 9 });
    assert!(stuck.live(None));
    let Standing::Stuck { why, .. } = stuck.state.standing() else { panic!("{}", stuck.story()) };
    assert!(why.contains("`old_serving` is false"), "{why}");
}

#[test]
fn a_dry_run_calls_facts_by_their_names() {
    let mut plan = named();
    if let Some(Node::Step(step)) = plan.body.first_mut() {
        step.before =
            vec![Read { name: "was".into(), r#type: Type::Bool, source: Source::Fact(cell("primary")) }];
    }
    let program = program(plan);
    let run = run(&program);
    let dry = run_now(dry_run(&program, Some(&run.world), Timestamp(0))).to_string();
    for line in [
        "needs   old_serving: holds (probed: old_serving is true)",
        "needs   not (old_serving and standby)",
        "does    before was = old_serving",
        "assumes not old_serving",
        "needs   all_replayed: holds (probed: all_replayed is true)",
    ] {
        assert!(dry.contains(line), "no `{line}` in\n{dry}");
    }
    assert!(!dry.contains("postgres.replayed_all"), "{dry}");
}
