//! Stopping what runs: a world whose acts end only when they are told to.

use std::cell::Cell as Shared;

use surefoot_executor::simulated::Simulated;
use surefoot_executor::{Control, EffectRequest, Signal, Timestamp, World, drive, record};
use surefoot_journal::{Answer, HeldWhy, Outcome, Record, RunState, Standing};
use surefoot_plan::Cell;
use tokio::sync::{Notify, mpsc};

use crate::harness::{Mortal, operator, program, started};
use crate::plans::*;

/// A world in which the operator presses Ctrl-C twice as soon as something is to run, and which is slow to
/// begin it.
struct Slow<'a> {
    inner: Simulated<'a>,
    hand: mpsc::UnboundedSender<Signal>,
    /// How often what runs was told to stop, before it had begun and after.
    told: Shared<u32>,
    end: Notify,
}

impl World for Slow<'_> {
    async fn perform(&self, request: EffectRequest) -> Outcome {
        match &request {
            EffectRequest::Act { .. } => {
                for level in [1, 2] {
                    self.hand
                        .send(Signal::Cancel { level, by: Some(operator()), why: String::new() })
                        .expect("the run listens");
                }
                self.end.notified().await;
            }
            EffectRequest::Interrupt { .. } => {
                self.told.set(self.told.get() + 1);
                if self.told.get() < 3 {
                    return Outcome::NotPerformed { why: "nothing runs under this claim".into() };
                }
                self.end.notify_one();
            }
            EffectRequest::Examine { .. }
            | EffectRequest::Read { .. }
            | EffectRequest::Ask(_)
            | EffectRequest::Notify { .. }
            | EffectRequest::Approval { .. } => {}
        }
        self.inner.perform(request).await
    }

    fn now(&self) -> Timestamp {
        self.inner.now()
    }

    fn answer(&self, cell: &Cell) -> Option<Answer> {
        self.inner.answer(cell)
    }

    async fn sleep(&self, ms: u64) {
        self.inner.sleep(ms).await;
    }
}

#[test]
fn what_has_not_begun_when_it_is_to_stop_is_told_again() {
    let mut plan = linear(2);
    plan.on_failure = surefoot_plan::OnFailure::Ask;
    let program = program(plan);
    let (hand, signals) = mpsc::unbounded_channel();
    let inner = Simulated::new(&program);
    for fact in ["f0", "f1"] {
        inner.set(cell(fact), surefoot_plan::Value::Bool(false));
    }
    let world = Slow { inner, hand, told: Shared::new(0), end: Notify::new() };
    let (mut state, mut journal) = (RunState::new(), Mortal::default());
    record(&mut state, &mut journal, world.now(), started(program.plan())).expect("recorded");
    let (decisions, rejected) = Default::default();
    let mut control =
        Control { operator: operator(), terminal: false, gone: false, signals, decisions, rejected };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let mut unseen = |_: &Record, _: &RunState| {};
    let driven = drive(&program, &mut state, &mut journal, &world, &mut control, &mut unseen);
    runtime.block_on(driven).expect("driven");
    assert_eq!(world.told.get(), 3);
    assert_eq!(*state.standing(), Standing::Held(HeldWhy::Cancelled));
}
