//! Loops over a list that the run finds.

use surefoot_executor::dry::{Verdict, dry_run};
use surefoot_executor::simulated::{Fault, Injected, run_now};
use surefoot_executor::{Program, Timestamp};
use surefoot_journal::{
    Choice, Debt, Event, FactsVerdict, ForwardVerdict, HeldWhy, Phase, Standing, WayBackVerdict,
};
use surefoot_plan::{Node, OnFailure, TurnsBack, Value, Wave};

use crate::harness::{Death, Run, program};
use crate::plans::*;

fn run(program: &Program) -> Run<'_> {
    Run::new(program, &ROLLING_START)
}

fn list(items: &[&str]) -> Value {
    Value::List(items.iter().map(|item| Value::Text((*item).into())).collect())
}

/// The names of the steps that began, in their order.
fn begun(run: &Run<'_>, phase: Phase) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for record in &run.journal.records {
        if let Event::Intent { claim, .. } = &record.event
            && claim.phase == phase
        {
            names.push(claim.step.0.clone());
        }
    }
    names.dedup();
    names
}

#[test]
fn its_turns_run_one_after_the_other_and_the_list_is_recorded_before_the_first() {
    let program = program(rolling());
    let mut run = run(&program);
    run.live(None);
    assert_eq!(run.ended().forward, ForwardVerdict::Done, "{}", run.story());
    assert_eq!(
        begun(&run, Phase::Forward),
        ["silence", "drain[k1]", "restart[k1]", "drain[k2]", "restart[k2]", "speak"]
    );
    assert!(run.is("fresh(\"k2\")"));
    let at =
        |wanted: &dyn Fn(&Event) -> bool| run.journal.records.iter().position(|record| wanted(&record.event));
    let entered = at(&|event| matches!(event, Event::Entered { items, .. } if *items == brokers()));
    let first = at(&|event| matches!(event, Event::Intent { claim, .. } if claim.step.0 == "drain[k1]"));
    assert!(entered.unwrap() < first.unwrap());
}

#[test]
fn an_empty_list_has_no_turn() {
    let program = program(rolling());
    let mut run = run(&program);
    run.world.reply("brokers", list(&[]));
    run.live(None);
    assert_eq!(begun(&run, Phase::Forward), ["silence", "speak"], "{}", run.story());
}

#[test]
fn what_fails_in_a_turn_takes_back_that_turn_those_before_and_what_came_before_them() {
    let program = program(rolling());
    let mut run = run(&program);
    let fault = Injected { step: id("restart[k2]"), phase: Phase::Forward, fault: Fault::After, times: 9 };
    run.world.inject(fault);
    run.live(None);
    let ended = run.ended();
    assert_eq!(
        (ended.forward, ended.way_back),
        (ForwardVerdict::Failed, WayBackVerdict::Complete),
        "{}",
        run.story()
    );
    assert_eq!(ended.facts, FactsVerdict::AsBefore);
    assert_eq!(
        begun(&run, Phase::Rollback),
        ["restart[k2]", "drain[k2]", "restart[k1]", "drain[k1]", "silence"]
    );
}

#[test]
fn a_list_with_too_many_items_or_one_twice_does_nothing() {
    for (items, why) in [
        (
            list(&["k1", "k2", "k3", "k4"]),
            "the list `brokers` has 4 items, and at most 3 are allowed, so nothing of the loop was done",
        ),
        (list(&["k1", "k1"]), "the list `brokers` holds k1 twice, so nothing of the loop was done"),
        (
            list(&["k1", "a\nb"]),
            "the list `brokers` holds \"a\\nb\", which cannot name a turn, so nothing of the loop was done",
        ),
        (Value::Text("k1".into()), "the list `brokers` is no list, so nothing of the loop was done"),
    ] {
        let program = program(rolling());
        let mut run = run(&program);
        run.world.reply("brokers", items);
        run.live(None);
        assert_eq!(run.state.failure().map(|failure| failure.why.as_str()), Some(why), "{}", run.story());
        assert_eq!(begun(&run, Phase::Forward), ["silence"]);
        assert_eq!(run.ended().way_back, WayBackVerdict::Complete);
    }
}

#[test]
fn a_resumed_run_goes_by_the_record_and_never_finds_the_list_again() {
    // The list is a fact here: it could be asked again.
    let mut plan = rolling();
    let members = cell("members");
    for node in &mut plan.body {
        if let Node::Each(each) = node {
            each.list = surefoot_plan::Expr::Fact(members.clone());
        }
    }
    let of = surefoot_plan::Type::List(Box::new(surefoot_plan::Type::Text));
    let question =
        surefoot_plan::Question { parameters: Vec::new(), answer: of, ..plan.questions["quiet"].clone() };
    plan.questions.insert("members".into(), question);
    let program = program(plan);
    let length = {
        let mut run = run(&program);
        run.world.set(members.clone(), list(&["k1", "k2"]));
        run.live(None);
        assert_eq!(run.ended().forward, ForwardVerdict::Done, "{}", run.story());
        run.journal.records.len() as u64
    };
    for k in 2..length {
        let mut run = run(&program);
        run.world.set(members.clone(), list(&["k1", "k2"]));
        run.live(Some(Death::After(k)));
        let entered = !run.state.entered().is_empty();
        run.world.set(members.clone(), list(&["k2", "k1", "k3"]));
        run.world.set(cell("drained(k3)"), Value::Bool(false));
        run.live(None);
        assert_eq!(run.ended().forward, ForwardVerdict::Done, "after {k}\n{}", run.story());
        assert_eq!(
            begun(&run, Phase::Forward).contains(&"drain[k3]".to_owned()),
            !entered,
            "{}",
            run.story()
        );
        let found = run.journal.records.iter().filter(|one| matches!(one.event, Event::Entered { .. }));
        assert_eq!(found.count(), 1);
    }
}

#[test]
fn a_list_that_cannot_be_told_waits_for_a_person() {
    let mut plan = rolling();
    for node in &mut plan.body {
        if let Node::Each(each) = node {
            each.list = surefoot_plan::Expr::Fact(cell("members"));
        }
    }
    let of = surefoot_plan::Type::List(Box::new(surefoot_plan::Type::Text));
    let question =
        surefoot_plan::Question { parameters: Vec::new(), answer: of, ..plan.questions["quiet"].clone() };
    plan.questions.insert("members".into(), question);
    let program = program(plan);
    let mut run = run(&program);
    run.live(None);
    let Standing::Held(HeldWhy::UnknownFact(why)) = run.state.standing() else { panic!("{}", run.story()) };
    assert!(
        why.to_string().starts_with("`for broker in brokers` cannot be told: its list has no value"),
        "{why}"
    );
    // Once it can be told, the run goes on from there.
    run.world.set(cell("members"), list(&["k1"]));
    run.decide(Choice::GoOn);
    run.live(None);
    assert_eq!(run.ended().forward, ForwardVerdict::Done, "{}", run.story());
}

#[test]
fn a_person_may_let_a_failed_loop_look_again() {
    let mut plan = rolling();
    plan.on_failure = OnFailure::Ask;
    let program = program(plan);
    let mut run = run(&program);
    run.world.reply("brokers", list(&["k1", "k1"]));
    run.live(None);
    assert!(matches!(run.state.standing(), Standing::Held(HeldWhy::Failed(Some(_)))), "{}", run.story());
    // What a `let` found stays what it is: the loop fails again, and the run can still go back.
    run.decide(Choice::GoOn);
    run.live(None);
    assert!(matches!(run.state.standing(), Standing::Held(HeldWhy::Failed(Some(_)))), "{}", run.story());
    run.decide(Choice::RollBack);
    run.live(None);
    assert_eq!(run.ended().way_back, WayBackVerdict::Complete);
}

#[test]
fn what_is_owed_carries_the_key_of_its_turn() {
    let mut plan = rolling();
    plan.on_failure = OnFailure::Stop;
    let program = program(plan);
    let mut run = run(&program);
    run.world.inject(Injected {
        step: id("drain[k2]"),
        phase: Phase::Forward,
        fault: Fault::After,
        times: 9,
    });
    run.live(None);
    let owed: Vec<String> = run.ended().owed.iter().map(|Debt::Rollback(step)| step.to_string()).collect();
    assert_eq!(owed, ["drain[k2]", "restart[k1]", "drain[k1]", "silence"], "{}", run.story());
}

#[test]
fn a_dry_run_walks_each_turn_of_a_list_that_can_be_found() {
    let program = program(rolling());
    let run = run(&program);
    let dry = run_now(dry_run(&program, Some(&run.world), Timestamp(0))).to_string();
    assert!(dry.contains("for broker in brokers: would run\n  note    now for k1, k2; it is found again when the run comes here\n  step drain[k1]: would run\n"), "{dry}");
    assert!(dry.contains("    needs   drained(\"k2\"): holds (assumed since drain[k2])\n"), "{dry}");
    assert!(dry.contains("    does    $ do k2\n"), "{dry}");
}

#[test]
fn a_dry_run_walks_the_body_once_where_the_list_is_not_found() {
    let program = program(rolling());
    let dry = run_now(dry_run::<surefoot_executor::simulated::Simulated<'_>>(&program, None, Timestamp(0)));
    assert_eq!(dry.verdict(), Verdict::CannotTell);
    let text = dry.to_string();
    assert!(text.contains("for broker in brokers: cannot tell\n"), "{text}");
    assert!(text.contains("  note    its body is walked once, for any broker\n  step drain: "), "{text}");
    assert!(text.contains("the turns of for[1] ("), "{text}");
    assert!(text.contains("    does    $ do ‹broker›\n"), "{text}");
}

fn fail(step: &str, fault: Fault) -> Injected {
    Injected { step: id(step), phase: Phase::Forward, fault, times: 9 }
}

#[test]
fn a_turn_that_fails_within_what_is_tolerated_is_taken_back_by_itself_and_the_loop_goes_on() {
    let program = program(tolerant());
    let mut run = run(&program);
    run.world.inject(fail("restart[k1]", Fault::After));
    run.live(None);
    let ended = run.ended();
    assert_eq!(ended.forward, ForwardVerdict::DoneWithFailures, "{}", run.story());
    assert_eq!((ended.way_back, ended.facts), (WayBackVerdict::NoneNeeded, FactsVerdict::AsEnsured));
    assert_eq!(begun(&run, Phase::Rollback), ["restart[k1]", "drain[k1]"]);
    assert_eq!(
        begun(&run, Phase::Forward),
        ["silence", "drain[k1]", "restart[k1]", "drain[k2]", "restart[k2]", "speak"]
    );
    assert!(run.is("fresh(\"k2\")") && !run.is("fresh(\"k1\")") && !run.is("drained(\"k1\")"));
    // What is left can still be taken back, without the turn that was.
    let closed: Vec<String> = run.state.closed().map(|Debt::Rollback(step)| step.to_string()).collect();
    assert_eq!(closed, ["speak", "restart[k2]", "drain[k2]", "silence"]);
}

#[test]
fn one_failure_more_than_is_tolerated_takes_everything_back() {
    let program = program(tolerant());
    let mut run = run(&program);
    run.world.inject(fail("restart[k1]", Fault::After));
    run.world.inject(fail("drain[k2]", Fault::During));
    run.live(None);
    let ended = run.ended();
    assert_eq!(
        (ended.forward, ended.way_back),
        (ForwardVerdict::Failed, WayBackVerdict::Complete),
        "{}",
        run.story()
    );
    assert_eq!(begun(&run, Phase::Rollback), ["restart[k1]", "drain[k1]", "drain[k2]", "silence"]);
    assert_eq!(ended.facts, FactsVerdict::AsBefore);
}

#[test]
fn a_turn_that_is_refused_is_a_turn_that_failed() {
    let program = program(tolerant());
    let mut run = run(&program);
    run.world.set(cell("drained(k1)"), Value::Bool(true));
    run.live(None);
    assert_eq!(run.ended().forward, ForwardVerdict::DoneWithFailures, "{}", run.story());
    assert!(begun(&run, Phase::Rollback).is_empty());
}

#[test]
fn a_turn_that_cannot_be_taken_back_is_stuck_like_any_other() {
    let program = program(tolerant());
    let mut run = run(&program);
    run.world.inject(fail("restart[k1]", Fault::After));
    run.world.inject(Injected { phase: Phase::Rollback, ..fail("drain[k1]", Fault::Before) });
    run.live(None);
    assert!(matches!(run.state.standing(), Standing::Stuck { .. }), "{}", run.story());
    // Let go, the loop goes on.
    run.forgive(Debt::Rollback(id("drain[k1]")));
    run.live(None);
    assert_eq!(run.ended().forward, ForwardVerdict::DoneWithFailures, "{}", run.story());
}

#[test]
fn a_step_that_says_itself_what_follows_its_failure_is_not_tolerated() {
    let mut plan = tolerant();
    for node in &mut plan.body {
        if let Node::Each(each) = node {
            each.body.iter_mut().for_each(|node| {
                if let Node::Step(step) = node {
                    step.on_failure = Some(OnFailure::Stop);
                }
            });
        }
    }
    let program = program(plan);
    let mut run = run(&program);
    run.world.inject(fail("restart[k1]", Fault::After));
    run.live(None);
    assert_eq!(run.ended().way_back, WayBackVerdict::Owing, "{}", run.story());
}

#[test]
fn whoever_interrupts_while_a_turn_is_taken_back_may_take_back_everything() {
    let program = program(tolerant());
    for (choice, verdict) in [
        (Choice::GoOn, ForwardVerdict::DoneWithFailures),
        (Choice::RollBack, ForwardVerdict::Failed),
        (Choice::Stop, ForwardVerdict::Failed),
    ] {
        let mut run = run(&program);
        run.world.inject(fail("restart[k1]", Fault::After));
        run.world.inject(Injected { phase: Phase::Rollback, times: 1, ..fail("drain[k1]", Fault::Running) });
        run.live(None);
        assert!(matches!(run.state.standing(), Standing::Held(HeldWhy::Doubt(_))), "{}", run.story());
        run.world.finish_running();
        run.decide(choice);
        run.live(None);
        assert_eq!(run.ended().forward, verdict, "{choice:?}\n{}", run.story());
    }
}

#[test]
fn a_crash_at_every_record_of_a_run_with_a_failed_turn_changes_nothing() {
    let program = program(tolerant());
    let begin = || {
        let run = run(&program);
        run.world.inject(fail("restart[k1]", Fault::After));
        run
    };
    let mut whole = begin();
    whole.live(None);
    let wanted = whole.facts();
    for k in 1..whole.journal.records.len() as u64 {
        for death in [Death::After(k), Death::Before(k)] {
            let mut run = begin();
            run.live(Some(death));
            while !run.live(None) {}
            assert_eq!(run.ended().forward, ForwardVerdict::DoneWithFailures, "{death:?}\n{}", run.story());
            assert_eq!(run.facts(), wanted, "{death:?}\n{}", run.story());
        }
    }
}

#[test]
fn an_irreversible_step_in_a_turn_ends_what_is_tolerated_of_it() {
    let mut plan = tolerant();
    for node in &mut plan.body {
        let Node::Each(each) = node else { continue };
        let Some(Node::Step(drain)) = each.body.first_mut() else { panic!("a step") };
        drain.way = surefoot_plan::Way::Irreversible(surefoot_plan::Irreversible {
            why: "it is wiped".into(),
            undone_when: None,
            without_approval: Some("a test".into()),
            recover_with: None,
        });
        drain.class = surefoot_plan::Class::Idempotent;
    }
    let program = program(plan);
    // Before it in its turn: the turn is taken back, though the turn before has sealed.
    let mut run = Run::new(&program, &ROLLING_START);
    run.world.inject(fail("drain[k2]", Fault::NotStarted));
    run.live(None);
    assert_eq!(run.ended().forward, ForwardVerdict::DoneWithFailures, "{}", run.story());
    // Behind it: a person decides.
    let mut run = Run::new(&program, &ROLLING_START);
    run.world.inject(fail("restart[k2]", Fault::After));
    run.live(None);
    assert!(matches!(run.state.standing(), Standing::Held(HeldWhy::Failed(Some(_)))), "{}", run.story());
}

/// The rolling restart in waves of one, with a pause; what fails is taken back with its wave.
fn in_waves(waves: &[Wave], on_failure: TurnsBack) -> surefoot_plan::Plan {
    let mut plan = rolling();
    for node in &mut plan.body {
        if let Node::Each(each) = node {
            each.waves = waves.to_vec();
            each.pause_ms = 120_000;
            each.on_failure = on_failure;
        }
    }
    plan
}

#[test]
fn between_waves_the_run_waits_and_a_resumed_one_does_not_wait_again_from_the_start() {
    let program = program(in_waves(&[Wave::Count(1)], TurnsBack::All));
    let mut run = run(&program);
    run.live(None);
    assert_eq!(run.ended().forward, ForwardVerdict::Done, "{}", run.story());
    let waves = |run: &Run<'_>| {
        let wave = |record: &surefoot_journal::Record| {
            let Event::WaveNext { items, not_before, .. } = &record.event else { return None };
            Some((record.seq, items.clone(), not_before.since(record.time)))
        };
        run.journal.records.iter().filter_map(wave).collect::<Vec<_>>()
    };
    let [first, second] = waves(&run).try_into().unwrap();
    assert_eq!((first.1.len(), first.2), (1, 0));
    assert_eq!((second.1.len(), second.2), (1, 120_000));
    let after =
        |run: &Run<'_>, seq: u64| run.journal.records.iter().find(|one| one.seq == seq + 1).unwrap().time;
    let began = run.journal.records.iter().find(|one| one.seq == second.0).unwrap().time;
    assert!(after(&run, second.0).since(began) >= 120_000);
    // Killed in the pause, a minute and a half later: only the rest is waited for.
    let mut cut = Run::new(&program, &ROLLING_START);
    assert!(!cut.live(Some(Death::After(second.0))));
    cut.world.jump(90_000);
    cut.live(None);
    assert_eq!(cut.ended().forward, ForwardVerdict::Done, "{}", cut.story());
    assert_eq!(waves(&cut).len(), 2);
    let probed = cut.journal.records.iter().find(|one| one.seq == second.0 + 2).unwrap().time;
    let waited = probed.since(cut.journal.records.iter().find(|one| one.seq == second.0).unwrap().time);
    assert!((120_000..150_000).contains(&waited), "{waited}\n{}", cut.story());
}

#[test]
fn a_wave_that_fails_is_taken_back_and_then_a_person_decides() {
    for (waves, back) in [
        (vec![Wave::Count(1)], vec!["restart[k2]", "drain[k2]"]),
        (vec![Wave::Percent(100)], vec!["restart[k2]", "drain[k2]", "restart[k1]", "drain[k1]"]),
    ] {
        let program = program(in_waves(&waves, TurnsBack::Wave));
        let begin = || {
            let mut run = Run::new(&program, &ROLLING_START);
            run.world.inject(fail("restart[k2]", Fault::After));
            run.live(None);
            assert!(
                matches!(run.state.standing(), Standing::Held(HeldWhy::Failed(Some(_)))),
                "{}",
                run.story()
            );
            assert_eq!(begun(&run, Phase::Rollback), back);
            run
        };
        let mut run = begin();
        run.decide(Choice::GoOn);
        run.live(None);
        assert_eq!(run.ended().forward, ForwardVerdict::DoneWithFailures, "{}", run.story());
        let mut run = begin();
        run.decide(Choice::RollBack);
        run.live(None);
        let ended = run.ended();
        assert_eq!(
            (ended.way_back, ended.facts),
            (WayBackVerdict::Complete, FactsVerdict::AsBefore),
            "{}",
            run.story()
        );
        let mut run = begin();
        run.decide(Choice::Stop);
        run.live(None);
        assert_eq!(run.ended().way_back, WayBackVerdict::Owing, "{}", run.story());
    }
}

#[test]
fn a_crash_at_every_record_of_a_run_in_waves_changes_nothing() {
    let program = program(in_waves(&[Wave::Count(1)], TurnsBack::Wave));
    for faulty in [false, true] {
        let begin = || {
            let run = Run::new(&program, &ROLLING_START);
            if faulty {
                run.world.inject(fail("restart[k1]", Fault::After));
            }
            run
        };
        let mut whole = begin();
        whole.live(None);
        let (wanted, length) = (whole.facts(), whole.journal.records.len() as u64);
        for k in 1..length {
            for death in [Death::After(k), Death::Before(k)] {
                let mut run = begin();
                run.live(Some(death));
                while !run.live(None) {}
                assert_eq!(run.facts(), wanted, "{death:?}\n{}", run.story());
                assert_eq!(run.state.ended().is_some(), !faulty, "{death:?}\n{}", run.story());
            }
        }
    }
}
