//! What people decide: approvals, doubts, interrupts, debts that are let go, a rollback later.

use surefoot_executor::Signal;
use surefoot_executor::simulated::{Fault, Injected};
use surefoot_journal::{
    Choice, Debt, Effect, Event, Facing, FactsVerdict, ForwardVerdict, HeldWhy, Identity, Phase, Standing,
    WayBackVerdict,
};
use surefoot_plan::{OnFailure, Value};

use crate::harness::{Death, Run, operator, program};
use crate::plans::*;

fn fail(step: &str, phase: Phase, fault: Fault, times: u32) -> Injected {
    Injected { step: id(step), phase, fault, times }
}

fn linear_run(program: &surefoot_executor::Program) -> Run<'_> {
    Run::new(program, &[("f0", false), ("f1", false), ("f2", false)])
}

fn second() -> Identity {
    Identity { user: "second".into(), uid: 2_000, verified: false }
}

fn owed(run: &Run<'_>) -> Vec<String> {
    run.state.owed().map(|Debt::Rollback(step)| step.to_string()).collect()
}

#[test]
fn a_denied_approval_is_a_failure_without_effect() {
    let program = program(switchover());
    let mut run = Run::new(&program, &SWITCHOVER_START);
    run.world.approval(Some(second()), true);
    assert!(run.live(None));
    let ended = run.ended();
    assert_eq!(ended.forward, ForwardVerdict::Failed, "{}", run.story());
    assert_eq!(ended.way_back, WayBackVerdict::Complete);
    assert!(run.is("primary") && !run.is("standby"));
}

#[test]
fn the_first_step_of_all_may_need_an_approval() {
    let mut plan = linear(1);
    plan.requires = vec![require("!f0")];
    for node in &mut plan.body {
        let surefoot_plan::Node::Step(step) = node else { continue };
        step.approval = Some(surefoot_plan::Approval {
            role: "lead".into(),
            people: 1,
            showing: Vec::new(),
            values: Vec::new(),
            expires_ms: 600_000,
        });
    }
    let program = program(plan);
    let mut run = Run::new(&program, &[("f0", false)]);
    assert!(run.live(None));
    assert_eq!(run.ended().forward, ForwardVerdict::Done, "{}", run.story());
    assert_eq!(run.world.approvals(), 1);
}

#[test]
fn whoever_runs_it_cannot_approve_it() {
    let program = program(switchover());
    let mut run = Run::new(&program, &SWITCHOVER_START);
    run.world.approval(Some(operator()), false);
    assert!(run.live(None));
    assert_eq!(run.ended().forward, ForwardVerdict::Failed, "{}", run.story());
    assert!(run.is("primary") && !run.is("standby"));
}

/// The number of the first record of this kind, in a run of which nothing goes wrong.
fn record_of(program: &surefoot_executor::Program, kind: &str) -> u64 {
    let mut probe = Run::new(program, &SWITCHOVER_START);
    probe.live(None);
    let at = probe.journal.records.iter().find(|record| record.event.kind() == kind).map(|record| record.seq);
    at.unwrap_or_else(|| panic!("no {kind}\n{}", probe.story()))
}

/// Kills the run right after a record of this kind, changes something, and lets it go on.
fn after(run: &mut Run<'_>, kind: &str, mut change: impl FnMut(&Run<'_>)) {
    let at = record_of(run.program, kind);
    assert!(!run.live(Some(Death::After(at))));
    change(run);
    assert!(run.live(None), "{}", run.story());
}

fn kinds(run: &Run<'_>) -> Vec<&'static str> {
    run.journal.records.iter().map(|record| record.event.kind()).collect()
}

#[test]
fn an_approval_expires_and_is_asked_again() {
    let program = program(switchover());
    let mut run = Run::new(&program, &SWITCHOVER_START);
    after(&mut run, "approval answered", |run| run.world.jump(3_600_000));
    // The resumed run is driven with an earlier clock for its first record; the world's own clock counts.
    assert_eq!(run.ended().forward, ForwardVerdict::Done, "{}", run.story());
    assert!(kinds(&run).contains(&"approval voided"), "{}", run.story());
    assert_eq!(run.world.approvals(), 2);
}

#[test]
fn a_changed_verdict_voids_an_approval() {
    let program = program(switchover());
    let mut run = Run::new(&program, &SWITCHOVER_START);
    after(&mut run, "approval answered", |run| run.world.set(cell("replayed"), Value::Bool(false)));
    assert!(kinds(&run).contains(&"approval voided"), "{}", run.story());
    assert_eq!(run.world.approvals(), 2);
}

/// A switchover whose point of no return needs the yes of so many people.
fn with_people(people: u32) -> surefoot_plan::Plan {
    let mut plan = switchover();
    for node in &mut plan.body {
        if let surefoot_plan::Node::Step(step) = node
            && let Some(approval) = &mut step.approval
        {
            approval.people = people;
            approval.values = vec![surefoot_plan::ShownValue {
                text: "ticket".into(),
                value: surefoot_plan::Expr::Literal(Value::Text("OPS-7".into())),
            }];
        }
    }
    plan
}

/// Everybody who said yes, in order.
fn approvers(run: &Run<'_>) -> Vec<u32> {
    let said = |event: &Event| {
        if let Event::ApprovalAnswered { by, approved: true, .. } = event { Some(by.uid) } else { None }
    };
    run.journal.records.iter().filter_map(|record| said(&record.event)).collect()
}

#[test]
fn as_many_different_people_approve_as_are_asked() {
    let program = program(with_people(3));
    let mut run = Run::new(&program, &SWITCHOVER_START);
    assert!(run.live(None));
    assert_eq!(run.ended().forward, ForwardVerdict::Done, "{}", run.story());
    assert_eq!(approvers(&run), [2_000, 2_001, 2_002]);
    let shown = run.world.shown();
    assert!(shown.iter().any(|shown| shown.fact == "ticket"), "{shown:?}");
}

#[test]
fn one_no_of_several_is_a_no() {
    let program = program(with_people(3));
    let mut run = Run::new(&program, &SWITCHOVER_START);
    let at = record_of(&program, "approval answered");
    assert!(!run.live(Some(Death::After(at))));
    run.world.approval(Some(second()), true);
    assert!(run.live(None));
    assert_eq!(run.ended().forward, ForwardVerdict::Failed, "{}", run.story());
    assert_eq!(approvers(&run), [2_000], "the third is not asked any more");
    assert!(run.is("primary") && !run.is("standby"));
}

#[test]
fn a_resumed_run_keeps_the_yeses_it_has() {
    let program = program(with_people(2));
    let mut run = Run::new(&program, &SWITCHOVER_START);
    let at = record_of(&program, "approval answered");
    assert!(!run.live(Some(Death::After(at))));
    let twice =
        Event::ApprovalAnswered { step: id("promote"), by: second(), approved: true, comment: String::new() };
    let refused = run.state.clone().apply_event(&twice, run.state.at());
    assert!(refused.is_err_and(|why| why.why.contains("already")), "the yes of one is not that of two");
    assert!(run.live(None));
    assert_eq!(run.ended().forward, ForwardVerdict::Done, "{}", run.story());
    assert_eq!((approvers(&run), run.world.approvals()), (vec![2_000, 2_001], 2));
}

#[test]
fn of_several_only_the_yes_that_is_too_old_is_asked_for_again() {
    let program = program(with_people(2));
    let mut run = Run::new(&program, &SWITCHOVER_START);
    let at = record_of(&program, "approval answered");
    assert!(!run.live(Some(Death::After(at))));
    run.world.jump(500_000);
    // The second says yes; before the step starts the first is too old.
    assert!(!run.live(Some(Death::After(run.state.count() + 2))), "{}", run.story());
    assert_eq!(approvers(&run).len(), 2, "{}", run.story());
    run.world.jump(200_000);
    assert!(run.live(None));
    assert_eq!(run.ended().forward, ForwardVerdict::Done, "{}", run.story());
    let voided = run.journal.records.iter().filter_map(|record| {
        let Event::ApprovalVoided { by, .. } = &record.event else { return None };
        Some(by.as_ref().map(|by| by.uid))
    });
    assert_eq!(voided.collect::<Vec<_>>(), [Some(2_000)], "{}", run.story());
    assert_eq!(approvers(&run), [2_000, 2_001, 2_000], "{}", run.story());
}

#[test]
fn an_operator_of_several_lives_does_not_count_among_them() {
    let program = program(with_people(2));
    let mut run = Run::new(&program, &SWITCHOVER_START);
    let at = record_of(&program, "approval answered");
    assert!(!run.live(Some(Death::After(at))));
    // The next asked is the one who runs it: a world that lets them is not believed.
    run.world.approval(Some(operator()), false);
    assert!(run.live(None));
    assert_eq!(run.ended().forward, ForwardVerdict::Failed, "{}", run.story());
    assert!(run.is("primary") && !run.is("standby"));
}

#[test]
fn an_entry_that_is_false_refuses_and_one_that_is_unknown_waits() {
    let program = program(switchover());
    let mut run = Run::new(&program, &SWITCHOVER_START);
    run.world.set(cell("standby"), Value::Bool(true));
    assert!(run.live(None));
    let ended = run.ended();
    assert_eq!((ended.forward, ended.facts), (ForwardVerdict::Refused, FactsVerdict::Untouched));
    assert!(run.world.performed().is_empty());

    let mut run = Run::new(&program, &SWITCHOVER_START);
    run.world.hide(cell("standby"), true);
    assert!(run.live(None));
    assert!(
        matches!(run.state.standing(), Standing::Held(HeldWhy::UnknownFact(why)) if !why.known_false),
        "{}",
        run.story()
    );
    assert!(run.world.performed().is_empty());
    run.world.hide(cell("standby"), false);
    run.decide(Choice::GoOn);
    assert!(run.live(None));
    assert_eq!(run.ended().forward, ForwardVerdict::Done, "{}", run.story());
}

#[test]
fn a_failed_promotion_seals_and_a_person_finishes_it() {
    let program = program(switchover());
    let mut run = Run::new(&program, &SWITCHOVER_START);
    run.world.inject(fail("promote", Phase::Forward, Fault::After, 1));
    assert!(run.live(None));
    assert_eq!(*run.state.standing(), Standing::Held(HeldWhy::Failed(Some(id("promote")))));
    assert!(!run.is("primary"), "what came before the seal is not rolled back");
    run.decide(Choice::GoOn);
    assert!(run.live(None));
    assert_eq!(run.ended().forward, ForwardVerdict::Done, "{}", run.story());
    let promoted = run.world.performed().iter().filter(|act| act.claim.step == id("promote")).count();
    assert_eq!(promoted, 1, "it had happened: it is not done again\n{}", run.story());
}

#[test]
fn what_proves_that_it_never_happened_opens_the_seal() {
    let program = program(switchover());
    for fault in [Fault::Before, Fault::Lie, Fault::LostBefore] {
        let mut run = Run::new(&program, &SWITCHOVER_START);
        run.world.set(cell("shut_down"), Value::Bool(true));
        run.world.inject(fail("promote", Phase::Forward, fault, 1));
        assert!(run.live(None));
        let ended = run.ended();
        assert_eq!(ended.way_back, WayBackVerdict::Complete, "{fault:?}\n{}", run.story());
        assert!(run.is("primary"));
        assert!(run.state.seals().is_empty());
    }
}

#[test]
fn a_person_who_says_that_nothing_happened_opens_the_seal() {
    let program = program(switchover());
    let mut run = Run::new(&program, &SWITCHOVER_START);
    run.world.inject(fail("promote", Phase::Forward, Fault::Running, 1));
    assert!(run.live(None));
    assert_eq!(*run.state.standing(), Standing::Held(HeldWhy::Doubt(id("promote"))));
    // Rolling back while it may still run is refused, and the seal stays pending.
    run.decide(Choice::RollBack);
    assert!(run.live(None));
    assert_eq!(*run.state.standing(), Standing::Held(HeldWhy::Doubt(id("promote"))), "{}", run.story());
    assert_eq!(run.state.pending_seal(), Some(&id("promote")));
    run.resolve("promote", Effect::None);
    // The person is wrong, and the guard of the rollback finds out: the old primary stays down.
    assert!(run.is("standby"));
    assert!(run.live(None));
    let Standing::Stuck { why, .. } = run.state.standing() else { panic!("{}", run.story()) };
    assert!(why.contains("not (primary and standby)"), "{why}");
    assert!(!run.is("primary") && run.state.seals().is_empty());
    // It was right after all a moment later.
    run.world.set(cell("standby"), Value::Bool(false));
    run.decide(Choice::RetryRollback);
    assert!(run.live(None));
    assert_eq!(run.ended().way_back, WayBackVerdict::Complete, "{}", run.story());
    assert!(run.is("primary"));
}

#[test]
fn a_rollback_that_fails_is_tried_again_then_stuck() {
    let program = program(linear(3));
    let mut run = linear_run(&program);
    run.world.inject(fail("s2", Phase::Forward, Fault::After, 1));
    run.world.inject(fail("s1", Phase::Rollback, Fault::Before, 2));
    assert!(run.live(None));
    assert_eq!(run.ended().way_back, WayBackVerdict::Complete, "{}", run.story());

    for fault in [Fault::Before, Fault::Lie, Fault::NotStarted, Fault::LostBefore, Fault::Hang] {
        let mut run = linear_run(&program);
        run.world.inject(fail("s2", Phase::Forward, Fault::After, 1));
        run.world.inject(fail("s1", Phase::Rollback, fault, 3));
        assert!(run.live(None));
        assert!(matches!(run.state.standing(), Standing::Stuck { .. }), "{fault:?}\n{}", run.story());
        assert_eq!(owed(&run), ["s1", "s0"], "{fault:?}");
        assert!(run.is("f0"), "below a stuck debt nothing moves");
        run.decide(Choice::RetryRollback);
        assert!(run.live(None));
        assert_eq!(run.ended().way_back, WayBackVerdict::Complete, "{fault:?}\n{}", run.story());
        assert!(!run.is("f0") && !run.is("f1"));
    }
}

#[test]
fn a_debt_that_is_let_go_is_named_in_the_verdict() {
    let program = program(linear(3));
    let mut run = linear_run(&program);
    run.world.inject(fail("s2", Phase::Forward, Fault::After, 1));
    run.world.inject(fail("s1", Phase::Rollback, Fault::Before, 9));
    assert!(run.live(None));
    let debt = Debt::Rollback(id("s1"));
    run.decisions.push_back(Signal::Forgive { debt, by: operator(), reason: "a test".into() });
    assert!(run.live(None));
    let ended = run.ended();
    assert_eq!(
        (ended.way_back, ended.facts),
        (WayBackVerdict::LetGo, FactsVerdict::NotAsBefore),
        "{}",
        run.story()
    );
    assert!(run.is("f1") && !run.is("f0"));
}

#[test]
fn a_run_that_is_ended_while_it_is_stuck_ends_so() {
    let program = program(linear(3));
    let mut run = linear_run(&program);
    run.world.inject(fail("s2", Phase::Forward, Fault::After, 1));
    run.world.inject(fail("s1", Phase::Rollback, Fault::Before, 9));
    assert!(run.live(None));
    run.decide(Choice::Stop);
    assert!(run.live(None));
    let ended = run.ended();
    assert_eq!(ended.way_back, WayBackVerdict::Stuck, "{}", run.story());
    assert_eq!(owed(&run), ["s1", "s0"]);
}

#[test]
fn a_rollback_whose_guard_is_false_or_unknown_does_not_start() {
    let program = program(switchover());
    for hidden in [false, true] {
        let mut run = Run::new(&program, &SWITCHOVER_START);
        run.world.inject(fail("fence", Phase::Forward, Fault::After, 1));
        // Somebody else promotes the standby just then.
        run.world.set_after(id("fence"), cell("standby"), Value::Bool(true));
        if hidden {
            run.world.set_after(id("fence"), cell("standby"), Value::Text("?".into()));
        }
        assert!(run.live(None));
        assert!(matches!(run.state.standing(), Standing::Stuck { .. }), "{}", run.story());
        assert!(!run.is("primary"), "two primaries\n{}", run.story());
        assert_eq!(owed(&run), ["fence"]);
        assert!(run.world.performed().iter().all(|act| act.claim.phase == Phase::Forward));
    }
}

#[test]
fn on_failure_stop_keeps_what_is_owed_and_it_is_paid_later() {
    let mut plan = linear(3);
    plan.on_failure = OnFailure::Stop;
    let program = program(plan);
    let mut run = linear_run(&program);
    run.world.inject(fail("s2", Phase::Forward, Fault::During, 1));
    assert!(run.live(None));
    let ended = run.ended();
    assert_eq!((ended.forward, ended.way_back), (ForwardVerdict::Failed, WayBackVerdict::Owing));
    assert_eq!(ended.owed.len(), 3);
    run.decide(Choice::RollBack);
    assert!(run.live(None));
    let ended = run.ended();
    assert_eq!((ended.way_back, ended.facts), (WayBackVerdict::Complete, FactsVerdict::AsBefore));
    assert!(!run.is("f0") && !run.is("f1") && !run.is("f2"));
}

#[test]
fn a_run_that_is_done_can_be_taken_back_as_far_as_its_last_seal() {
    let program_ = program(linear(3));
    let mut run = linear_run(&program_);
    assert!(run.live(None));
    run.decide(Choice::RollBack);
    assert!(run.live(None));
    let ended = run.ended();
    assert_eq!((ended.forward, ended.way_back), (ForwardVerdict::Cancelled, WayBackVerdict::Complete));
    assert!(!run.is("f0") && !run.is("f2"));

    let program_ = program(switchover());
    let mut run = Run::new(&program_, &SWITCHOVER_START);
    assert!(run.live(None));
    run.decide(Choice::RollBack);
    assert!(run.live(None));
    assert_eq!(run.ended().way_back, WayBackVerdict::ToTheSeal, "{}", run.story());
    assert!(!run.is("clients") && run.is("standby") && !run.is("primary"));
}

#[test]
fn on_failure_ask_waits_for_a_person() {
    let mut plan = linear(3);
    plan.on_failure = OnFailure::Ask;
    let program = program(plan);
    for (choice, done) in [(Choice::GoOn, true), (Choice::RollBack, false)] {
        let mut run = linear_run(&program);
        run.world.inject(fail("s2", Phase::Forward, Fault::Before, 1));
        assert!(run.live(None));
        assert_eq!(*run.state.standing(), Standing::Held(HeldWhy::Failed(Some(id("s2")))));
        run.decide(choice);
        assert!(run.live(None));
        assert_eq!(run.ended().forward == ForwardVerdict::Done, done, "{}", run.story());
        assert_eq!(run.is("f2"), done);
    }
}

/// Interrupts a run when a record of this kind appears for the n-th time.
fn interrupt(run: &mut Run<'_>, kind: &'static str, nth: usize, level: u8) {
    let cancel = Signal::Cancel { level, by: Some(operator()), why: String::new() };
    signal(run, kind, nth, &cancel);
}

/// Sends a signal when a record of this kind appears for the n-th time.
fn signal(run: &mut Run<'_>, kind: &'static str, nth: usize, signal: &Signal) {
    let (send, receive) = tokio::sync::mpsc::unbounded_channel();
    let mut seen = 0;
    run.signals = Some(receive);
    let finished = run.live_with(None, |record, _| {
        if record.event.kind() == kind {
            seen += 1;
            if seen == nth {
                send.send(signal.clone()).expect("the run listens");
            }
        }
    });
    assert!(finished, "{}", run.story());
}

#[test]
fn an_interrupt_lets_the_step_end_and_without_a_terminal_the_runbook_decides() {
    let mut plan = linear(3);
    let program_ = program(plan.clone());
    let mut run = linear_run(&program_);
    interrupt(&mut run, "intent", 1, 1);
    let ended = run.ended();
    assert_eq!((ended.forward, ended.way_back), (ForwardVerdict::Cancelled, WayBackVerdict::Complete));
    assert!(kinds(&run).contains(&"done"), "the step that ran came to its end\n{}", run.story());
    assert!(!run.is("f0"));

    plan.on_failure = OnFailure::Ask;
    let program_ = program(plan.clone());
    let mut run = linear_run(&program_);
    interrupt(&mut run, "intent", 1, 1);
    assert_eq!(*run.state.standing(), Standing::Held(HeldWhy::Cancelled), "{}", run.story());
    run.signals = None;
    run.decide(Choice::GoOn);
    assert!(run.live(None));
    assert_eq!(run.ended().forward, ForwardVerdict::Done, "{}", run.story());

    plan.on_failure = OnFailure::Stop;
    let program_ = program(plan);
    let mut run = linear_run(&program_);
    interrupt(&mut run, "intent", 1, 1);
    let ended = run.ended();
    assert_eq!((ended.forward, ended.way_back), (ForwardVerdict::Cancelled, WayBackVerdict::Owing));
}

#[test]
fn what_the_runbook_decides_is_not_said_to_be_a_person() {
    let program = program(linear(3));
    let mut run = linear_run(&program);
    interrupt(&mut run, "intent", 1, 1);
    let decided = run.journal.records.iter().find_map(|record| {
        let Event::Decided { choice, by, reason } = &record.event else { return None };
        Some((*choice, by.clone(), reason.clone()))
    });
    let (choice, by, reason) = decided.expect("it was decided");
    assert_eq!((choice, by), (Choice::RollBack, None));
    assert!(reason.contains("nobody could be asked") && reason.contains("on failure rollback"), "{reason}");
}

#[test]
fn a_closed_terminal_holds_the_run_and_resume_goes_on() {
    let program = program(linear(3));
    let mut run = linear_run(&program);
    signal(&mut run, "intent", 1, &Signal::HungUp);
    assert_eq!(*run.state.standing(), Standing::Held(HeldWhy::Cancelled), "{}", run.story());
    assert!(!kinds(&run).contains(&"decided"), "nobody decided anything\n{}", run.story());
    assert_eq!(owed(&run).len(), 1, "{}", run.story());
    run.signals = None;
    run.decide(Choice::GoOn);
    assert!(run.live(None));
    assert_eq!(run.ended().forward, ForwardVerdict::Done, "{}", run.story());
}

#[test]
fn an_interrupt_on_the_way_back_ends_that_rollback_and_resume_goes_on_back() {
    let program = program(linear(3));
    let mut run = linear_run(&program);
    run.world.inject(fail("s2", Phase::Forward, Fault::After, 1));
    interrupt(&mut run, "turned back", 1, 1);
    assert_eq!(*run.state.standing(), Standing::Held(HeldWhy::Cancelled), "{}", run.story());
    assert_eq!(run.state.facing(), Facing::Back);
    run.signals = None;
    run.decide(Choice::GoOn);
    run.decide(Choice::RollBack);
    assert!(run.live(None));
    assert_eq!(run.rejected.len(), 1, "back never turns forward");
    assert_eq!(run.ended().way_back, WayBackVerdict::Complete, "{}", run.story());
}

#[test]
fn after_a_crash_a_person_may_want_back_at_once() {
    let program_ = program(linear(3));
    let mut whole = linear_run(&program_);
    whole.live(None);
    for k in 2..whole.journal.records.len() as u64 {
        for death in [Death::After(k), Death::Before(k)] {
            let mut run = linear_run(&program_);
            assert!(!run.live(Some(death)));
            run.decide(Choice::RollBack);
            assert!(run.live(None));
            let ended = run.ended();
            assert_eq!(ended.forward, ForwardVerdict::Cancelled, "{death:?}\n{}", run.story());
            assert!(!run.is("f0") && !run.is("f1") && !run.is("f2"), "{death:?}\n{}", run.story());
        }
    }
}

#[test]
fn a_doubt_that_nobody_can_end_waits_for_a_person() {
    let mut plan = linear(3);
    if let surefoot_plan::Node::Step(step) = &mut plan.body[2] {
        step.class = surefoot_plan::Class::Once;
        step.ensures.clear();
        step.requires.clear();
    }
    let program = program(plan);
    let answers = [
        (Effect::Full, ForwardVerdict::Done),
        (Effect::Part, ForwardVerdict::Failed),
        (Effect::None, ForwardVerdict::Done),
    ];
    for (effect, verdict) in answers {
        let mut run = linear_run(&program);
        run.world.inject(fail("s2", Phase::Forward, Fault::LostAfter, 1));
        assert!(run.live(None));
        assert_eq!(*run.state.standing(), Standing::Held(HeldWhy::Doubt(id("s2"))), "{}", run.story());
        run.resolve("s2", effect);
        assert!(run.live(None));
        assert_eq!(run.ended().forward, verdict, "{effect:?}\n{}", run.story());
    }
}

#[test]
fn a_step_that_ended_well_and_whose_facts_cannot_be_told_is_in_doubt() {
    let program = program(linear(3));
    let mut run = linear_run(&program);
    run.world.hide_after(id("s2"), cell("f2"));
    assert!(run.live(None));
    assert_eq!(*run.state.standing(), Standing::Held(HeldWhy::Doubt(id("s2"))), "{}", run.story());
    run.world.hide(cell("f2"), false);
    run.decide(Choice::GoOn);
    assert!(run.live(None));
    assert_eq!(run.ended().forward, ForwardVerdict::Done, "{}", run.story());
}

#[test]
fn a_note_does_not_disturb_a_run() {
    let program = program(linear(2));
    let (send, receive) = tokio::sync::mpsc::unbounded_channel();
    send.send(Signal::Note("look at this".into())).unwrap();
    let mut run = linear_run(&program);
    run.signals = Some(receive);
    assert!(run.live(None));
    let noted = |event: &Event| matches!(event, Event::Noted { at: None, .. });
    assert!(run.journal.records.iter().any(|record| noted(&record.event)), "{}", run.story());
}
