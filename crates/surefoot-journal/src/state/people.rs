//! What a person says to a run: what a step did, how the run goes on, and which debt is let go.

use surefoot_plan::StepId;

use super::apply::Refused;
use super::step::{BackStage, StepState};
use super::table::{Back, Forward};
use super::{ApprovalAnswer, Facing, RunState, Standing};
use crate::{Choice, Debt, Effect, Identity, NotifiedFor, Phase, ResolvedBy};

impl RunState {
    /// Somebody said yes or no.
    pub(super) fn approval_answered(&mut self, step: &StepId, answer: ApprovalAnswer) -> Result<(), Refused> {
        self.forward_going()?;
        // The one who runs it is not a second person, whatever an inbox says.
        if answer.approved && self.operators.iter().any(|operator| operator.uid == answer.by.uid) {
            return Err(format!("{} runs this and cannot approve it", answer.by.user));
        }
        let Some(asked) = self.approvals.get_mut(step).filter(|asked| !asked.is_answered()) else {
            return Err(format!("nobody was asked to approve {step}"));
        };
        // Two yeses of one person are the yes of one; a no they may still say.
        let had = asked.answers.iter().position(|given| given.by.uid == answer.by.uid);
        match had {
            Some(_) if answer.approved => {
                return Err(format!("{} has approved {step} already", answer.by.user));
            }
            Some(at) => drop(asked.answers.remove(at)),
            None => {}
        }
        asked.answers.push(answer);
        Ok(())
    }

    /// A yes counts no more, or none of them does.
    pub(super) fn approval_voided(&mut self, step: &StepId, by: Option<&Identity>) -> Result<(), Refused> {
        self.forward_going()?;
        let Some(asked) = self.approvals.get_mut(step) else {
            return Err(format!("nobody was asked to approve {step}"));
        };
        match by {
            None => drop(self.approvals.remove(step)),
            Some(by) => {
                let Some(at) = asked.answers.iter().position(|given| given.by.uid == by.uid) else {
                    return Err(format!("{} has not approved {step}", by.user));
                };
                asked.answers.remove(at);
            }
        }
        Ok(())
    }

    /// T7: a doubt is over.
    pub(super) fn resolved(&mut self, step: &StepId, effect: Effect, by: &ResolvedBy) -> Result<(), Refused> {
        let by_person = matches!(by, ResolvedBy::Person(_));
        match self.standing {
            Standing::Going => {}
            Standing::Held(_) | Standing::Stuck { .. } if by_person => {}
            Standing::New | Standing::Held(_) | Standing::Stuck { .. } | Standing::Ended(_) => {
                return Err("the run does not move".into());
            }
        }
        if self.facing == Facing::Back {
            return self.resolved_going_back(step, effect, by_person);
        }
        match effect {
            Effect::Full => {
                self.forward_held(step, Forward::ResolvedFull)?;
                self.full(step);
                // What failed in another branch is still to be answered.
                if self.failure.as_ref().is_some_and(|failure| failure.step.as_ref() == Some(step)) {
                    self.failure = None;
                }
            }
            Effect::Part => {
                self.forward_held(step, Forward::ResolvedPart)?;
                let state = self.steps.entry(step.clone()).or_default();
                // What a crash cut off uses up no attempt; what a person calls half done does.
                state.free &= !by_person;
                let why = state.why.clone();
                self.part(step, &why);
            }
            Effect::None => {
                self.forward_held(step, Forward::ResolvedNone)?;
                let why = self.steps.get(step).map(|state| state.why.clone()).unwrap_or_default();
                // A person who says that nothing happened wants it done: no attempt is used up.
                self.steps.entry(step.clone()).or_default().free |= by_person;
                self.none(step, &why);
            }
            Effect::Unknown => {
                if !by_person {
                    return Err("only a person can say that it is over".into());
                }
                self.forward_held(step, Forward::ResolvedOver)?;
            }
        }
        self.settle_claim(step);
        self.standing = Standing::Going;
        Ok(())
    }

    /// On the way back only one thing matters: that a step is over.
    fn resolved_going_back(&mut self, step: &StepId, effect: Effect, by_person: bool) -> Result<(), Refused> {
        if !by_person {
            return Err("on the way back only a person resolves".into());
        }
        if self.steps.get(step).and_then(StepState::running).is_none() {
            return Err(format!("step {step} is over already"));
        }
        self.settle_claim(step);
        let state = self.steps.entry(step.clone()).or_default();
        let forward = state.claim.as_ref().is_some_and(|claim| claim.claim.phase == Phase::Forward);
        if forward {
            state.effect = effect;
            if effect == Effect::None {
                self.none(step, "a person says that nothing happened");
            }
        } else if state.back == BackStage::Acting {
            state.back = BackStage::Between;
        }
        self.standing = Standing::Going;
        Ok(())
    }

    /// A statement is over because somebody says so.
    fn settle_claim(&mut self, step: &StepId) {
        let state = self.steps.entry(step.clone()).or_default();
        state.doubts = 0;
        if let Some(claim) = &mut state.claim {
            claim.over = true;
        }
    }

    /// A person lets a debt go.
    pub(super) fn forgiven(&mut self, debt: &Debt) -> Result<(), Refused> {
        self.began()?;
        if !self.debts.contains(debt) {
            return Err("that is not owed".into());
        }
        let Debt::Rollback(step) = debt;
        self.set_back(step, Back::Forgiven)?;
        self.debts.retain(|owed| owed != debt);
        match &mut self.standing {
            Standing::Stuck { debt: stuck, .. } if stuck == debt => self.standing = Standing::Going,
            Standing::Ended(ended) => ended.owed.retain(|owed| owed != debt),
            Standing::New | Standing::Going | Standing::Held(_) | Standing::Stuck { .. } => {}
        }
        Ok(())
    }

    /// A person decides how the run goes on.
    pub(super) fn decided(&mut self, choice: Choice) -> Result<(), Refused> {
        let held = match &self.standing {
            Standing::Held(why) => Some(why.clone()),
            Standing::Stuck { .. } | Standing::Ended(_) => None,
            Standing::New | Standing::Going => return Err("nothing is to be decided".into()),
        };
        match choice {
            Choice::GoOn => {
                if held.is_none() || (self.facing == Facing::Back && self.turning.is_none()) {
                    return Err("the run cannot go forward again".into());
                }
                match self.turning {
                    // The turns are taken back first, as they would have been.
                    Some(_) => self.try_again(),
                    None => self.go_on(),
                }
            }
            Choice::RollBack => {
                if let Standing::Ended(ended) = &self.standing {
                    if ended.forward.is_good() {
                        self.debts = std::mem::take(&mut self.closed);
                    }
                    if self.debts.is_empty() {
                        return Err("nothing is owed".into());
                    }
                } else if held.is_none() {
                    return Err("its rollback is stuck: try that again, or let it go".into());
                }
                self.cancelled |= self.failure.is_none() && self.facing == Facing::Forward;
                self.back_wanted = self.facing == Facing::Forward;
                self.stop_wanted = false;
                // Everything, and not only the turns that failed.
                self.turning = None;
                self.try_again();
            }
            Choice::RetryRollback => match self.standing {
                Standing::Stuck { .. } => self.try_again(),
                Standing::New | Standing::Going | Standing::Held(_) | Standing::Ended(_) => {
                    return Err("no rollback is stuck".into());
                }
            },
            Choice::Stop => {
                if matches!(self.standing, Standing::Ended(_)) {
                    return Err("the run is over".into());
                }
                self.stop_wanted = true;
                self.cancelled |= self.failure.is_none() && self.facing == Facing::Forward;
            }
        }
        self.cancel = None;
        self.each_line(|state| state.last_probe = None);
        self.standing = Standing::Going;
        Ok(())
    }

    /// Forward again: what failed is done once more, what is unknown is looked at once more.
    fn go_on(&mut self) {
        if let Some(failure) = self.failure.take()
            && let Some(step) = failure.step
            && !self.duties.contains_key(&step)
        {
            // It is another wait, of which a channel may be told again.
            self.notified.retain(|why| !matches!(why, NotifiedFor::Wait { node, .. } if node == &step));
            let branch = self.places.get(&step).map(|(_, branch)| *branch as usize);
            branch.into_iter().for_each(|branch| self.swap(branch));
            self.again = Some(step);
            branch.into_iter().for_each(|branch| self.swap(branch));
        }
        self.refused = None;
        self.each_line(RunState::line_goes_on);
    }

    /// The same, for one line.
    fn line_goes_on(&mut self) {
        if let Some(done) = &self.finished
            && let Some(state) = self.steps.get_mut(&done.node)
        {
            state.checked = false;
        }
        if let Some(step) = self.active.clone() {
            let state = self.steps.entry(step).or_default();
            state.free = true;
            state.failures = 0;
            state.doubts = 0;
            state.refusal = None;
            state.guarded_in = None;
            if let Some(claim) = &mut state.claim {
                claim.examined = 0;
            }
        }
    }

    /// The rollback that is next gets its tries again.
    fn try_again(&mut self) {
        let Some(Debt::Rollback(step)) = self.debts.last().cloned() else { return };
        let state = self.steps.entry(step).or_default();
        state.back_free = state.back_attempt;
        state.refusal = None;
        if let Some(claim) = &mut state.claim {
            claim.examined = 0;
        }
    }
}
