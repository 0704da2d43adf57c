//! What happens where a run waits for a person.

use surefoot_journal::{
    Choice, Debt, Effect, Event, Facing, HeldWhy, Journal, Outcome, ResolvedBy, RunState, Standing,
};
use surefoot_plan::{OnFailure, StepId, Type, Value};

use super::{Driver, HUNG_UP, Halt, Signal};
use crate::world::{EffectRequest, Question, World};

/// What an operator may answer, and what it means.
#[derive(Clone, Debug)]
enum Answer {
    /// How the run goes on.
    Choice(Choice),
    /// What became of a step in doubt.
    Resolve(StepId, Effect),
    /// A debt is let go.
    Forgive(Debt),
}

/// Returns what "go on" means for a run that waits for a person; nothing if it does not wait.
///
/// A run that turned back goes on back: it never goes forward again.
pub fn going_on(state: &RunState) -> Option<Choice> {
    match state.standing() {
        Standing::Held(_) if state.facing() == Facing::Back && state.turning().is_none() => {
            Some(Choice::RollBack)
        }
        Standing::Held(_) => Some(Choice::GoOn),
        Standing::Stuck { .. } => Some(Choice::RetryRollback),
        Standing::New | Standing::Going | Standing::Ended(_) => None,
    }
}

/// Returns what "roll back" means for a run: where a rollback is stuck, that it is tried again.
pub fn turning_back(state: &RunState) -> Choice {
    match state.standing() {
        Standing::Stuck { .. } => Choice::RetryRollback,
        Standing::New | Standing::Going | Standing::Held(_) | Standing::Ended(_) => Choice::RollBack,
    }
}

impl<W: World, J: Journal> Driver<'_, '_, '_, W, J> {
    /// Heeds what was decided before the run was taken up, where it does not wait by itself: after a
    /// crash, or at its end.
    pub(super) fn heed_decisions(&self) -> Result<(), Halt> {
        if self.shared.control.borrow().decisions.is_empty() {
            return Ok(());
        }
        let standing = self.state().standing().clone();
        match standing {
            Standing::Going => {
                self.append(Event::Held { why: HeldWhy::Crash })?;
                self.heed_next_decision()?;
            }
            Standing::Ended(_) => {
                self.heed_next_decision()?;
            }
            Standing::New | Standing::Held(_) | Standing::Stuck { .. } => {}
        }
        Ok(())
    }

    /// Records the first of the decisions that fits. False if none does.
    fn heed_next_decision(&self) -> Result<bool, Halt> {
        loop {
            let next = self.shared.control.borrow_mut().decisions.pop_front();
            let Some(signal) = next else { return Ok(false) };
            match self.append(event_of(&signal)) {
                Ok(()) => return Ok(true),
                // What a person says may not fit; that is theirs to know and no mistake of ours.
                Err(Halt::Illegal(error)) => {
                    self.shared.control.borrow_mut().rejected.push((signal, error.why))
                }
                Err(halt) => return Err(halt),
            }
        }
    }

    /// Asks how the run goes on. False if nobody answers: it stays as it is.
    pub(super) async fn ask_person(&self) -> Result<bool, Halt> {
        if self.heed_next_decision()? {
            return Ok(true);
        }
        // A closed terminal decides nothing, and neither does the runbook: nobody asked to stop.
        if self.shared.control.borrow().gone {
            return Ok(false);
        }
        if self.shared.control.borrow().terminal {
            self.ask_operator().await
        } else {
            self.without_terminal()
        }
    }

    /// Nobody can be asked. Only an interrupt has an answer then: what the runbook says of a failure.
    fn without_terminal(&self) -> Result<bool, Halt> {
        let interrupted = *self.state().standing() == Standing::Held(HeldWhy::Cancelled);
        let open = self.state().seals().is_empty() && self.state().pending_seal().is_none();
        if !interrupted || !open || self.state().facing() == Facing::Back {
            return Ok(false);
        }
        let (choice, says) = match self.program().plan().on_failure {
            OnFailure::Rollback => (Choice::RollBack, "rollback"),
            OnFailure::Stop => (Choice::Stop, "stop"),
            OnFailure::Ask => return Ok(false),
        };
        let reason = format!("nobody could be asked, and it says `on failure {says}`");
        self.append(Event::Decided { choice, by: None, reason })?;
        Ok(true)
    }

    /// Asks the operator at the terminal.
    async fn ask_operator(&self) -> Result<bool, Halt> {
        let (text, step, answers) = self.offer();
        // What must not stay as it is by accident comes first.
        let open: Vec<String> = self
            .state()
            .open_scopes()
            .map(|scope| {
                format!("\"{}\" still holds, for {} at most. ", scope.title, Value::Duration(scope.max_ms))
            })
            .collect();
        let text = format!("{}{text}", open.concat());
        let words = answers.iter().map(|(word, _)| (*word).to_owned()).collect();
        let Some(Value::Text(said)) = self.answer(text, step, Type::OneOf(words)).await else {
            return Ok(false);
        };
        let Some((_, answer)) = answers.into_iter().find(|(word, _)| *word == said) else { return Ok(false) };
        // What only a person can know, and what gives something up, needs their reason.
        let reason = match &answer {
            Answer::Choice(_) => String::new(),
            Answer::Resolve(..) | Answer::Forgive(_) => {
                let text = "What do you rely on? It is recorded.".to_owned();
                match self.answer(text, None, Type::Text).await {
                    Some(Value::Text(reason)) if !reason.trim().is_empty() => reason,
                    Some(_) | None => return Ok(false),
                }
            }
        };
        let by = self.shared.control.borrow().operator.clone();
        self.append(event_of(&match answer {
            Answer::Choice(choice) => Signal::Decide { choice, by, reason },
            Answer::Resolve(step, effect) => Signal::Resolve { step, effect, by, evidence: reason },
            Answer::Forgive(debt) => Signal::Forgive { debt, by, reason },
        }))?;
        Ok(true)
    }

    /// Asks the operator one question. None if there is no answer.
    async fn answer(&self, text: String, step: Option<StepId>, answer: Type) -> Option<Value> {
        let run = self.state().header()?.run.clone();
        let (see, by, within_ms, default) = (Vec::new(), None, None, None);
        let question = Question { run, step, text, answer, is_fact: false, see, by, within_ms, default };
        match self.world().perform(EffectRequest::Ask(question)).await {
            Outcome::Performed(report) if report.ok => report.value,
            Outcome::Performed(_) | Outcome::NotPerformed { .. } | Outcome::Unknown { .. } => None,
        }
    }

    /// What the operator is asked, and what may be answered.
    fn offer(&self) -> (String, Option<StepId>, Vec<(&'static str, Answer)>) {
        let state = &*self.state();
        let owed: Vec<String> = state.owed().map(|Debt::Rollback(step)| step.to_string()).collect();
        let owed = match owed.as_slice() {
            [] => "Nothing is owed.".to_owned(),
            steps => format!("Owed, in this order: the rollbacks of {}.", steps.join(", ")),
        };
        let stop = ("stop here", Answer::Choice(Choice::Stop));
        let go_on = ("go on", Answer::Choice(Choice::GoOn));
        let back = ("roll back", Answer::Choice(Choice::RollBack));
        let look = |choice| ("look again", Answer::Choice(choice));
        let facing_back = state.facing() == Facing::Back;
        match state.standing() {
            Standing::Stuck { debt, why } => {
                let Debt::Rollback(step) = debt;
                let text = format!("The rollback of {step} failed: {why}. {owed} How does it go on?");
                let retry = ("try again", Answer::Choice(Choice::RetryRollback));
                (text, Some(step.clone()), vec![retry, ("let it go", Answer::Forgive(debt.clone())), stop])
            }
            Standing::Held(HeldWhy::Doubt(step)) if facing_back => {
                let text = format!("It cannot be told whether {step} is over. {owed} Is it over?");
                let over = ("it is over", Answer::Resolve(step.clone(), Effect::Unknown));
                (text, Some(step.clone()), vec![look(Choice::RollBack), over, stop])
            }
            Standing::Held(HeldWhy::Doubt(step)) => {
                let text = format!("It cannot be told what {step} did. {owed} What did it do?");
                let answers = vec![
                    look(Choice::GoOn),
                    ("it is done", Answer::Resolve(step.clone(), Effect::Full)),
                    ("nothing happened", Answer::Resolve(step.clone(), Effect::None)),
                    ("it is partly done", Answer::Resolve(step.clone(), Effect::Part)),
                    back,
                    stop,
                ];
                (text, Some(step.clone()), answers)
            }
            Standing::Held(_) if facing_back && state.turning().is_some() => {
                let text =
                    format!("Taking back what failed in a loop was interrupted. {owed} How does it go on?");
                (text, None, vec![go_on, back, stop])
            }
            Standing::Held(_) if facing_back => {
                (format!("The way back was interrupted. {owed} How does it go on?"), None, vec![back, stop])
            }
            Standing::Held(HeldWhy::UnknownFact(why)) => {
                let text = format!("The run waits, because {why}. {owed} How does it go on?");
                (text, None, vec![look(Choice::GoOn), back, stop])
            }
            Standing::Held(HeldWhy::Assumption { assume, why }) => {
                let text = format!(
                    "{assume} is wrong: the plan assumes `{}`, which is known false{}. {owed} How does it go on?",
                    why.condition,
                    if why.message.is_empty() { String::new() } else { format!(" ({})", why.message) }
                );
                (text, None, vec![look(Choice::GoOn), back, stop])
            }
            Standing::Held(HeldWhy::Failed(step)) => {
                let why = state.failure().map(|failure| failure.why.as_str()).unwrap_or_default();
                let what = step.as_ref().map_or_else(|| "The runbook".to_owned(), ToString::to_string);
                let sealed = match state.seals().last() {
                    Some(seal) => format!(" What came before {seal} cannot be taken back."),
                    None => String::new(),
                };
                let text = format!("{what} failed: {why}.{sealed} {owed} How does it go on?");
                (text, step.clone(), vec![go_on, back, stop])
            }
            Standing::Held(HeldWhy::Cancelled | HeldWhy::Crash)
            | Standing::New
            | Standing::Going
            | Standing::Ended(_) => {
                (format!("The run was interrupted. {owed} How does it go on?"), None, vec![go_on, back, stop])
            }
        }
    }
}

/// The event that a person's word becomes.
fn event_of(signal: &Signal) -> Event {
    match signal.clone() {
        Signal::Cancel { level, by, why } => Event::CancelAsked { level, by, why },
        Signal::HungUp => Event::CancelAsked { level: 1, by: None, why: HUNG_UP.into() },
        Signal::Decide { choice, by, reason } => Event::Decided { choice, by: Some(by), reason },
        Signal::Resolve { step, effect, by, evidence } => {
            Event::Resolved { step, effect, by: ResolvedBy::Person(by), evidence }
        }
        Signal::Forgive { debt, by, reason } => Event::Forgiven { debt, by, reason },
        Signal::Note(text) => Event::Noted { at: None, text },
    }
}
