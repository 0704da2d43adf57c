//! What a dry run says, and that it changes nothing.

use surefoot_executor::dry::{Verdict, dry_run};
use surefoot_executor::simulated::{Simulated, run_now};
use surefoot_executor::{Program, Timestamp};
use surefoot_plan::{Collect, Expr, Node, Rights, Statement, Tri, Value};

use crate::harness::program;
use crate::plans::*;

fn world(program: &Program) -> Simulated<'_> {
    let world = Simulated::new(program);
    for (name, value) in SWITCHOVER_START {
        world.set(cell(name), Value::Bool(value));
    }
    world
}

#[test]
fn with_probes_what_is_true_now_is_read_and_the_rest_assumed() {
    let program = program(switchover());
    let world = world(&program);
    let before = world.facts();
    let dry = run_now(dry_run(&program, Some(&world), Timestamp(0)));
    assert_eq!(world.facts(), before);
    assert!(world.performed().is_empty());
    assert_eq!(dry.verdict(), Verdict::WouldRun, "{dry}");
    assert_eq!(
        dry.to_string(),
        "Dry run of demo: nothing was changed.

start: would run
  needs   primary: holds (probed: primary is true)
  needs   not standby: holds (probed: standby is false)
  needs   not (primary and standby): holds (probed: primary is true; probed: standby is false)
step fence: would run
  needs   primary: holds (probed: primary is true)
  needs   not (primary and standby): holds (probed: standby is false)
  does    $ do
  assumes not primary
  back    $ start
wait wait[1]: would run
  needs   replayed: holds (probed: replayed is true)
step promote: would run
  needs   not primary: holds (assumed since fence)
  needs   not (primary and standby): holds (assumed since fence)
  note    waits for the approval of lead
  note    point of no return: a new timeline
  does    $ do
  assumes standby
step repoint: would run
  needs   standby: holds (assumed since promote)
  does    $ do
  assumes clients
  back    $ back
step rejoin: would run
  does    $ do
  assumes follows
end: would run
  needs   standby: holds (assumed since promote)

As far as can be told, it would run to its end.
Not exercised: 2 rollbacks (nothing fails in a dry run); 4 statements (they would change something); \
the approval of lead for promote (nobody is asked).
"
    );
}

#[test]
fn what_is_gathered_on_failure_is_shown_and_said_not_to_be_tried() {
    let mut plan = switchover();
    let statement = Statement::Note(Expr::Literal(Value::Text("look at the log".into())));
    plan.collect.push(Collect { statement, rights: Rights::default() });
    let program = program(plan);
    let dry = run_now(dry_run(&program, None::<&Simulated<'_>>, Timestamp(0)));
    let shown = dry.to_string();
    assert!(
        shown.contains("if something fails: would be gathered\n  does    note look at the log"),
        "{shown}"
    );
    assert!(shown.contains("what is gathered on failure (nothing fails in a dry run)"), "{shown}");
}

#[test]
fn without_probes_nothing_of_the_world_is_known() {
    let program = program(switchover());
    let dry = run_now(dry_run(&program, None::<&Simulated<'_>>, Timestamp(0)));
    assert_eq!(dry.verdict(), Verdict::CannotTell);
    assert!(dry.not_exercised.iter().any(|left| left.what == "the fact primary"), "{dry}");
}

#[test]
fn what_is_false_now_is_a_refusal_and_the_walk_goes_on() {
    let program = program(switchover());
    let world = world(&program);
    world.set(cell("standby"), Value::Bool(true));
    let dry = run_now(dry_run(&program, Some(&world), Timestamp(0)));
    assert_eq!(dry.verdict(), Verdict::WouldBeRefused);
    assert!(dry.to_string().contains("It would stop at the start"), "{dry}");
    assert!(dry.entries.iter().any(|entry| entry.name == "rejoin"));
}

#[test]
fn every_cause_is_walked_that_a_dry_run_cannot_rule_out() {
    let program = program(diagnosing());
    let dry = run_now(dry_run(&program, None::<&Simulated<'_>>, Timestamp(0)));
    let text = dry.to_string();
    assert!(text.contains("is it that it is full: cannot tell"), "{text}");
    assert!(text.contains("if it cannot be told then, that is recorded and the run goes on"), "{text}");
    let steps = dry.entries.iter().filter(|entry| entry.what == surefoot_executor::dry::What::Step);
    let steps: Vec<&str> = steps.map(|entry| entry.name.as_str()).collect();
    assert_eq!(steps, ["first", "second", "last"], "{text}");
}

#[test]
fn every_arm_of_what_cannot_be_told_is_walked() {
    let mut plan = linear(3);
    let [first, second, third]: [Node; 3] = plan.body.try_into().unwrap();
    plan.body = vec![
        Node::If {
            id: id("if[1]"),
            text: String::new(),
            condition: formula("f2"),
            then: vec![first],
            otherwise: vec![second],
            unknown: None,
            hypothesis: None,
        },
        third,
    ];
    let program = program(plan);
    let dry = run_now(dry_run(&program, None::<&Simulated<'_>>, Timestamp(0)));
    let names: Vec<&str> = dry.entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["if[1]", "if[1]", "s0", "if[1]", "s1", "s2"], "{dry}");
    // In both arms f2 was assumed, differently: after them it is not known.
    let last = dry.entries.last().unwrap();
    assert_eq!(last.conditions[0].found, Tri::Unknown, "{dry}");

    let world = Simulated::new(&program);
    world.set(cell("f2"), Value::Bool(false));
    let dry = run_now(dry_run(&program, Some(&world), Timestamp(0)));
    let names: Vec<&str> = dry.entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["if[1]", "if[1]", "s1", "s2"], "{dry}");
    let left = dry.not_exercised.iter().find(|left| left.what.starts_with("the arm")).unwrap();
    assert_eq!(left.why, "`f2` is false");
}
