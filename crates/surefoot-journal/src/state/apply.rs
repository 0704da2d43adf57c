//! Folds one event into the state, or refuses it and changes nothing.

use surefoot_plan::StepId;

use super::step::{BackStage, ClaimState, Stage, StepState};
use super::table::{self, Back, Forward};
use super::{
    ApprovalAnswer, ApprovalState, Base, Duty, Facing, Failure, Finished, FinishedHow, Header,
    IllegalTransition, LastProbe, RunState, Standing, duties_of,
};
use crate::{
    Claim, Debt, Effect, Ended, Event, ForwardVerdict, NotifiedFor, Outcome, Phase, Point, Record, Started,
    Timestamp,
};

/// Why an event is refused.
pub(super) type Refused = String;

impl RunState {
    /// Folds one record.
    pub fn apply(&mut self, record: &Record) -> Result<(), IllegalTransition> {
        self.apply_event(&record.event, record.time)
    }

    /// Folds one event that was recorded at this moment.
    pub fn apply_event(&mut self, event: &Event, at: Timestamp) -> Result<(), IllegalTransition> {
        let line = self.line_of(event);
        line.into_iter().for_each(|branch| self.swap(branch));
        let folded = self.fold(event, at);
        line.into_iter().for_each(|branch| self.swap(branch));
        folded.map_err(|why| IllegalTransition {
            number: self.count,
            event: event.kind(),
            state: self.to_string(),
            why,
        })?;
        self.count += 1;
        self.at = at;
        Ok(())
    }

    /// The table of the run itself; what concerns one step is in `table`.
    fn fold(&mut self, event: &Event, at: Timestamp) -> Result<(), Refused> {
        match event {
            Event::Started(started) => self.started(started),
            Event::Resumed { operator, boot_id, .. } => {
                if self.standing == Standing::New {
                    return Err("nothing was started".into());
                }
                self.life += 1;
                self.cancel = None;
                if !self.operators.contains(operator) {
                    self.operators.push(operator.clone());
                }
                if let Some(header) = &mut self.header {
                    header.boot_id.clone_from(boot_id);
                }
                Ok(())
            }
            Event::Recovered { .. } => self.began(),
            Event::Probed { point, readings, settled, .. } => {
                self.probed(point, *settled)?;
                self.last_probe = Some(LastProbe {
                    point: point.clone(),
                    readings: readings.clone(),
                    settled: *settled,
                    life: self.life,
                });
                Ok(())
            }
            Event::Bound { id, value, at, .. } => {
                self.going()?;
                self.passed(at.as_ref())?;
                self.bound.insert(id.clone(), value.clone());
                Ok(())
            }
            Event::Noted { at, .. } => match at {
                Some(_) => {
                    self.going()?;
                    self.passed(at.as_ref())
                }
                None => self.began(),
            },
            Event::Notified { why: NotifiedFor::Statement(claim), .. } => {
                self.going()?;
                self.passed(Some(claim))
            }
            Event::Notified { why, .. } => {
                self.began()?;
                self.notified.insert(why.clone());
                Ok(())
            }
            Event::Waited { wait, reached } => {
                self.idle_forward(wait)?;
                self.again = None;
                self.finished = Some(Finished { node: wait.clone(), how: FinishedHow::Waited(*reached) });
                Ok(())
            }
            Event::Chose { node, arm } => {
                self.idle_forward(node)?;
                self.finished = Some(Finished { node: node.clone(), how: FinishedHow::Chose(*arm) });
                Ok(())
            }
            Event::Entered { node, items } => self.enter(node, items),
            Event::WaveNext { node, items, not_before } => self.wave_next(node, items, *not_before),
            Event::TurnsFailed { node, items, asks, .. } => self.turns_failed(node, items, *asks),
            Event::TurnsTakenBack { node, items } => self.turns_taken_back(node, items),
            Event::Branched { node } => self.branched(node),
            Event::Joined { node } => self.joined(node),
            Event::Assumed { assume, found } => {
                self.idle_forward(assume)?;
                if *found == surefoot_plan::Tri::False {
                    return Err("what is known false is not assumed".into());
                }
                self.finished = Some(Finished { node: assume.clone(), how: FinishedHow::Assumed });
                Ok(())
            }
            Event::Stopped { stop, why } => {
                self.idle_forward(stop)?;
                self.finished = Some(Finished { node: stop.clone(), how: FinishedHow::Stopped });
                self.stopped = Some(why.clone());
                Ok(())
            }
            Event::ApprovalAsked { step, role, people, shown, values, expires_ms } => {
                self.forward_going()?;
                let state = ApprovalState {
                    role: role.clone(),
                    people: *people,
                    shown: shown.clone(),
                    values: values.clone(),
                    expires_ms: *expires_ms,
                    asked: at,
                    answers: Vec::new(),
                };
                self.approvals.insert(step.clone(), state);
                Ok(())
            }
            Event::ApprovalAnswered { step, by, approved, comment } => {
                let answer =
                    ApprovalAnswer { by: by.clone(), approved: *approved, at, comment: comment.clone() };
                self.approval_answered(step, answer)
            }
            Event::ApprovalVoided { step, by, .. } => self.approval_voided(step, by.as_ref()),
            Event::Refused { step: None, why, .. } => {
                self.forward_going()?;
                self.refused = Some(why.clone());
                Ok(())
            }
            Event::Refused { step: Some(step), phase: Phase::Forward, why } => {
                self.forward(step, Forward::Refused)?;
                let state = self.steps.entry(step.clone()).or_default();
                state.why = why.to_string();
                state.refusal = Some(why.clone());
                Ok(())
            }
            Event::Refused { step: Some(step), phase: Phase::Rollback, why } => {
                self.backward(step, Back::Refused)?;
                self.steps.entry(step.clone()).or_default().refusal = Some(why.clone());
                Ok(())
            }
            Event::Before { step, base, captures, .. } => self.before(step, base, captures),
            Event::Intent { claim, .. } => self.intent(claim, at),
            Event::Outcome { claim, outcome } => self.outcome(claim, outcome),
            Event::Done { step } => {
                self.forward(step, Forward::Done)?;
                self.full(step);
                Ok(())
            }
            Event::Partial { step, why } => {
                if !self.steps.get(step).is_some_and(|state| state.acted) {
                    return Err("no statement of the step acted".into());
                }
                self.forward(step, Forward::Partial)?;
                self.part(step, why);
                Ok(())
            }
            Event::NotDone { step, why } => {
                let acted = self.steps.get(step).is_some_and(|state| state.acted);
                if acted && self.pending.as_ref() != Some(step) {
                    return Err("a statement of the step acted".into());
                }
                self.forward(step, Forward::NotDone)?;
                self.none(step, why);
                Ok(())
            }
            Event::InDoubt { step, why } => {
                self.forward(step, Forward::InDoubt)?;
                let state = self.steps.entry(step.clone()).or_default();
                state.effect = Effect::Unknown;
                state.why.clone_from(why);
                state.doubts = 0;
                Ok(())
            }
            Event::Resolved { step, effect, by, .. } => self.resolved(step, *effect, by),
            Event::Sealed { step, debts } => self.sealed(step, debts),
            Event::Failed { step, why } => self.failed(step.as_ref(), why),
            Event::Collected { index, .. } => {
                self.going()?;
                if self.failure.is_none() || *index != self.collected {
                    return Err("this is not what is gathered next".into());
                }
                self.collected += 1;
                Ok(())
            }
            Event::TurnedBack { .. } => self.turned_back(),
            Event::Paid { debt, skipped } => self.paid(debt, skipped.is_some()),
            Event::Stuck { debt, why } => {
                let Debt::Rollback(step) = debt;
                self.backward(step, Back::Stuck)?;
                self.standing = Standing::Stuck { debt: debt.clone(), why: why.clone() };
                Ok(())
            }
            Event::Forgiven { debt, .. } => self.forgiven(debt),
            Event::Held { why } => {
                self.going()?;
                self.standing = Standing::Held(why.clone());
                Ok(())
            }
            Event::Decided { choice, .. } => self.decided(*choice),
            Event::CancelAsked { level, .. } => {
                self.going()?;
                self.cancel = Some(self.cancel.unwrap_or(0).max(*level));
                Ok(())
            }
            Event::Ended(ended) => self.end(ended),
        }
    }

    // What may be at all.

    /// Refuses if nothing was started.
    pub(super) fn began(&self) -> Result<(), Refused> {
        match self.standing {
            Standing::New => Err("nothing was started".into()),
            Standing::Going | Standing::Held(_) | Standing::Stuck { .. } | Standing::Ended(_) => Ok(()),
        }
    }

    /// Refuses if the run does not move.
    pub(super) fn going(&self) -> Result<(), Refused> {
        match self.standing {
            Standing::Going => Ok(()),
            Standing::New | Standing::Held(_) | Standing::Stuck { .. } | Standing::Ended(_) => {
                Err("the run does not move".into())
            }
        }
    }

    /// Refuses if the run does not move forward.
    pub(super) fn forward_going(&self) -> Result<(), Refused> {
        self.going()?;
        match self.facing {
            Facing::Forward => Ok(()),
            Facing::Back => Err("the run turned back".into()),
        }
    }

    /// Refuses if the run is not between two parts of its plan.
    pub(super) fn idle_forward(&self, node: &StepId) -> Result<(), Refused> {
        self.forward_going()?;
        if let Some(block) = self.is_beside_branches(node) {
            return Err(format!("the branches of {block} are under way"));
        }
        match &self.active {
            Some(step) => Err(format!("step {step} is under way")),
            None if self.duties.contains_key(node) => Err(format!("{node} is a step")),
            None => Ok(()),
        }
    }

    // The tables of a step.

    /// Moves a step forward.
    fn forward(&mut self, step: &StepId, event: Forward) -> Result<(), Refused> {
        self.forward_going()?;
        self.forward_held(step, event)
    }

    /// Moves a step forward, by a person's word even in a run that is held.
    pub(super) fn forward_held(&mut self, step: &StepId, event: Forward) -> Result<(), Refused> {
        if !self.duties.contains_key(step) {
            return Err(format!("the plan has no step {step}"));
        }
        if let Some(block) = self.is_beside_branches(step) {
            return Err(format!("the branches of {block} are under way"));
        }
        let last_done =
            event == Forward::Failed && self.finished.as_ref().is_some_and(|done| done.node == *step);
        match &self.active {
            Some(active) if active != step => return Err(format!("step {active} is under way")),
            None if last_done => {}
            Some(_) | None => {}
        }
        let stage = self.steps.get(step).map_or(Stage::New, |state| state.stage);
        let Some(next) = table::forward(stage, event) else {
            return Err(format!("step {step} is {}", stage.name()));
        };
        if let Some(met) = &mut self.met {
            met.insert((stage.name(), event.name()));
        }
        self.active = Some(step.clone());
        self.steps.entry(step.clone()).or_default().stage = next;
        Ok(())
    }

    /// Moves a step's rollback: only that of the debt which is next.
    fn backward(&mut self, step: &StepId, event: Back) -> Result<(), Refused> {
        self.going()?;
        if self.facing != Facing::Back {
            return Err("the run has not turned back".into());
        }
        match self.debts.last() {
            Some(Debt::Rollback(next))
                if next == step
                    && self.turning.as_ref().is_some_and(|turning| {
                        !self.turns.get(step).is_some_and(|turn| turning.has(turn))
                    }) =>
            {
                return Err(format!("{step} is in none of the turns that are taken back"));
            }
            Some(Debt::Rollback(next)) if next == step => {}
            Some(Debt::Rollback(next)) => return Err(format!("the rollback of {next} is owed first")),
            None => return Err("nothing is owed".into()),
        }
        self.set_back(step, event)
    }

    /// Moves a step's rollback, whatever else is owed.
    pub(super) fn set_back(&mut self, step: &StepId, event: Back) -> Result<(), Refused> {
        let stage = self.steps.get(step).map_or(BackStage::Untouched, |state| state.back);
        let Some(next) = table::back(stage, event) else {
            return Err(format!("step {step} is {}", stage.name()));
        };
        if let Some(met) = &mut self.met {
            met.insert((stage.name(), event.name()));
        }
        self.steps.entry(step.clone()).or_default().back = next;
        Ok(())
    }

    // What each event does.

    /// The first record.
    fn started(&mut self, started: &Started) -> Result<(), Refused> {
        if self.standing != Standing::New {
            return Err("the run was started already".into());
        }
        (self.duties, self.loops) = duties_of(&started.plan.body);
        self.scopes = super::scope::scopes_of(&started.plan.body);
        (self.blocks, self.places) = super::lines::blocks_of(&started.plan.body);
        self.header = Some(Header::of(started));
        self.operators.push(started.operator.clone());
        self.standing = Standing::Going;
        Ok(())
    }

    /// Facts were probed.
    fn probed(&mut self, point: &Point, settled: bool) -> Result<(), Refused> {
        self.going()?;
        match point {
            Point::Entry | Point::End | Point::Condition(_) | Point::Shown(_) => self.forward_going(),
            Point::Restored | Point::Resume | Point::Base(_) => Ok(()),
            Point::Invariants(step) => {
                self.forward_going()?;
                match self.steps.get_mut(step) {
                    Some(state) if matches!(state.stage, Stage::Done | Stage::Failed) => {
                        state.checked |= settled;
                        Ok(())
                    }
                    Some(_) | None => Err(format!("step {step} is not done")),
                }
            }
            // An answer that does not count yet moves nothing: it is asked again.
            Point::Guard(..) | Point::Ensures(..) | Point::Doubt(_) if !settled => Ok(()),
            Point::Guard(step, Phase::Forward) => {
                self.forward(step, Forward::Guard)?;
                let life = self.life;
                self.steps.entry(step.clone()).or_default().guarded_in = Some(life);
                Ok(())
            }
            Point::Guard(step, Phase::Rollback) => self.backward(step, Back::Guard),
            Point::Ensures(step, Phase::Forward) => self.forward(step, Forward::Ensures),
            Point::Ensures(step, Phase::Rollback) => self.backward(step, Back::Ensures),
            Point::Doubt(step) => {
                self.forward(step, Forward::Look)?;
                self.steps.entry(step.clone()).or_default().doubts += 1;
                Ok(())
            }
        }
    }

    /// A statement that does not act is over, or a value that an act printed got its name.
    fn passed(&mut self, at: Option<&Claim>) -> Result<(), Refused> {
        let Some(claim) = at else { return Ok(()) };
        match claim.phase {
            Phase::Forward => {
                self.check_forward_claim(claim)?;
                self.forward(&claim.step, Forward::Passed)?;
                let state = self.steps.entry(claim.step.clone()).or_default();
                state.attempt = claim.attempt;
                state.statements = claim.statement + 1;
                state.named = claim.statement + 1;
            }
            Phase::Rollback => {
                self.backward(&claim.step, Back::Passed)?;
                let state = self.steps.entry(claim.step.clone()).or_default();
                state.back_attempt = claim.attempt;
                state.back_statements = claim.statement + 1;
                state.named = claim.statement + 1;
            }
        }
        Ok(())
    }

    /// T1: what is true before a step.
    fn before(
        &mut self,
        step: &StepId,
        base: &[crate::Reading],
        captures: &std::collections::BTreeMap<surefoot_plan::Name, surefoot_plan::Value>,
    ) -> Result<(), Refused> {
        if self.steps.get(step).is_some_and(|state| state.acted) {
            // Taken again after it acted, "as it was" would be what the step made.
            return Err("the step has acted: what was before it is gone".into());
        }
        self.forward(step, Forward::Before)?;
        // Taken once more, because nothing of it acted: what it recorded before counts no more. Only its own
        // cells are looked at, so that a plan of many steps stays linear.
        let taken = self.steps.get(step).map(|state| state.base.clone()).unwrap_or_default();
        for reading in &taken {
            if self.base.get(&reading.cell).is_some_and(|recorded| recorded.step == *step) {
                self.base.remove(&reading.cell);
            }
        }
        for reading in base {
            let entry = self.base.entry(reading.cell.clone());
            entry.or_insert_with(|| Base { step: step.clone(), answer: reading.answer.clone() });
        }
        for (name, value) in captures {
            let id = surefoot_plan::ValueId { step: Some(step.clone()), name: name.clone() };
            self.bound.insert(id, value.clone());
        }
        let state = self.steps.entry(step.clone()).or_default();
        state.prepared = true;
        state.base = base.to_vec();
        state.captures.clone_from(captures);
        Ok(())
    }

    /// Refuses a claim that is not the next one of its step.
    fn check_forward_claim(&self, claim: &Claim) -> Result<(), Refused> {
        let Some(state) = self.steps.get(&claim.step) else {
            return Err(format!("nothing was probed before step {}", claim.step));
        };
        if !state.prepared {
            return Err(format!("what is true before step {} is not recorded", claim.step));
        }
        let begins = state.stage != Stage::Between;
        if begins && state.stage == Stage::Guarded && !state.acted {
            return Err(format!("what is true before step {} is not recorded again", claim.step));
        }
        let again = state.claim.as_ref().is_some_and(|last| {
            last.claim.phase == Phase::Forward
                && last.claim.attempt == state.attempt
                && matches!(last.outcome, Some(Outcome::NotPerformed { .. }))
        });
        let fits = if begins || again {
            claim.attempt == state.attempt + 1
        } else {
            claim.attempt == state.attempt && claim.statement + 1 >= state.statements
        };
        if fits {
            Ok(())
        } else {
            Err(format!("attempt {} is not the next of {}", claim.attempt, claim.step))
        }
    }

    /// T1, T10: a statement is about to act.
    fn intent(&mut self, claim: &Claim, at: Timestamp) -> Result<(), Refused> {
        let life = self.life;
        match claim.phase {
            Phase::Forward => {
                self.check_forward_claim(claim)?;
                self.forward(&claim.step, Forward::Intent)?;
                self.owe(&claim.step);
                self.began_scope(&claim.step, at);
            }
            Phase::Rollback => {
                let last = self.steps.get(&claim.step);
                if last.and_then(StepState::running).is_some() {
                    return Err(format!("a statement of {} may still be running", claim.step));
                }
                self.backward(&claim.step, Back::Intent)?;
            }
        }
        let state = self.steps.entry(claim.step.clone()).or_default();
        match claim.phase {
            Phase::Forward => {
                if claim.attempt != state.attempt {
                    state.attempt = claim.attempt;
                    state.named = claim.statement;
                    state.spent_ms = 0;
                }
                state.statements = claim.statement;
                state.effect = Effect::Unknown;
                state.free = false;
            }
            Phase::Rollback => {
                if claim.attempt != state.back_attempt {
                    state.back_attempt = claim.attempt;
                    state.named = claim.statement;
                    state.spent_ms = 0;
                }
                state.back_statements = claim.statement;
            }
        }
        state.claim =
            Some(ClaimState { claim: claim.clone(), outcome: None, life, over: false, examined: 0 });
        Ok(())
    }

    /// The first intent of a step makes its rollback owed, or makes the seal pending.
    fn owe(&mut self, step: &StepId) {
        match self.duties.get(step) {
            Some(Duty::Rollback) => {
                let debt = Debt::Rollback(step.clone());
                // Beside it, steps of other branches may have begun since.
                let is_owed =
                    self.debts.last() == Some(&debt) || self.branches.is_some() && self.debts.contains(&debt);
                if !is_owed {
                    self.debts.push(debt);
                }
            }
            // An irreversible step that is done again after it sealed has nothing left to seal.
            Some(Duty::Seal) if !self.seals.contains(step) => self.pending = Some(step.clone()),
            Some(Duty::Seal | Duty::Nothing) | None => {}
        }
    }

    /// A statement is over, or nobody can tell.
    fn outcome(&mut self, claim: &Claim, outcome: &Outcome) -> Result<(), Refused> {
        let known = self.steps.get(&claim.step).and_then(|state| state.claim.as_ref());
        let Some(known) = known.filter(|known| known.claim == *claim) else {
            return Err("no such statement was announced".into());
        };
        if !matches!(known.outcome, None | Some(Outcome::Unknown { .. })) {
            return Err("its outcome is known already".into());
        }
        let crashed = known.life < self.life;
        let back_now = self.facing == Facing::Back;
        match claim.phase {
            // On the way back a forward statement is only asked after: whether it is over.
            Phase::Forward if back_now => self.going()?,
            Phase::Forward => self.forward(&claim.step, Forward::Outcome)?,
            Phase::Rollback => self.backward(&claim.step, Back::Outcome)?,
        }
        let state = self.steps.entry(claim.step.clone()).or_default();
        let over = match outcome {
            Outcome::Performed(report) => {
                state.spent_ms += report.elapsed_ms;
                match claim.phase {
                    Phase::Forward => {
                        state.acted = true;
                        state.statements = claim.statement + u32::from(report.ok);
                    }
                    Phase::Rollback => state.back_statements = claim.statement + u32::from(report.ok),
                }
                true
            }
            Outcome::NotPerformed { .. } => {
                state.free = crashed;
                if claim.phase == Phase::Rollback && crashed {
                    state.back_free += 1;
                }
                true
            }
            Outcome::Unknown { over, .. } => {
                match claim.phase {
                    Phase::Forward => state.acted = true,
                    Phase::Rollback if crashed => state.back_free += 1,
                    Phase::Rollback => {}
                }
                state.free = crashed;
                *over
            }
        };
        if let Some(claim) = &mut state.claim {
            claim.examined += u32::from(crashed || claim.outcome.is_some());
            claim.outcome = Some(outcome.clone());
            claim.over = over;
        }
        Ok(())
    }

    /// T3: a step had its full effect.
    pub(super) fn full(&mut self, step: &StepId) {
        let state = self.steps.entry(step.clone()).or_default();
        state.effect = Effect::Full;
        state.free = false;
        state.why.clear();
        self.active = None;
        self.finished = Some(Finished { node: step.clone(), how: FinishedHow::Done });
        self.done_in_branch(step);
    }

    /// T4: a step is over and not done.
    pub(super) fn part(&mut self, step: &StepId, why: &str) {
        let state = self.steps.entry(step.clone()).or_default();
        state.effect = Effect::Part;
        state.failures += u32::from(!state.free);
        state.why = why.to_owned();
    }

    /// T5: a step did not act: its debt, or its pending seal, is as if it had never been.
    pub(super) fn none(&mut self, step: &StepId, why: &str) {
        let state = self.steps.entry(step.clone()).or_default();
        state.effect = Effect::None;
        state.acted = false;
        state.prepared = false;
        state.failures += u32::from(!state.free);
        state.why = why.to_owned();
        self.debts.retain(|debt| *debt != Debt::Rollback(step.clone()));
        if self.pending.as_ref() == Some(step) {
            self.pending = None;
        }
    }

    /// T6: a point of no return was passed. What stays owed is to leave the scopes that are open.
    fn sealed(&mut self, step: &StepId, debts: &[Debt]) -> Result<(), Refused> {
        self.going()?;
        if self.pending.as_ref() != Some(step) {
            return Err(format!("step {step} has not started, or sealed already"));
        }
        if self.to_be_sealed() != debts {
            return Err("that is not what was owed".into());
        }
        for debt in debts {
            let Debt::Rollback(owed) = debt;
            self.set_back(owed, Back::Sealed)?;
        }
        let kept = self.debts.iter().filter(|debt| self.open_scope(debt).is_some()).cloned().collect();
        self.debts = kept;
        let open: Vec<StepId> = self.open_scopes().map(|scope| scope.enter.clone()).collect();
        self.base.retain(|_, base| open.contains(&base.step));
        self.pending = None;
        self.seals.push(step.clone());
        Ok(())
    }

    /// T8, T9: something failed for good.
    fn failed(&mut self, step: Option<&StepId>, why: &str) -> Result<(), Refused> {
        self.forward_going()?;
        if let Some(step) = step {
            if self.duties.contains_key(step) {
                self.forward(step, Forward::Failed)?;
            } else if self.loops.contains_key(step) {
                // Its list cannot be gone through.
                self.idle_forward(step)?;
            } else if !self
                .finished
                .as_ref()
                .is_some_and(|done| done.node == *step && matches!(done.how, FinishedHow::Waited(false)))
            {
                return Err(format!("{step} did not give up"));
            }
        } else if let Some(active) = self.under_way().next() {
            return Err(format!("step {active} is under way"));
        }
        self.failure = Some(Failure { step: step.cloned(), why: why.to_owned() });
        self.collected = 0;
        Ok(())
    }

    /// The run turns back, once.
    fn turned_back(&mut self) -> Result<(), Refused> {
        self.forward_going()?;
        if let Some(step) = &self.pending {
            return Err(format!("it is not known whether the irreversible step {step} happened"));
        }
        self.facing = Facing::Back;
        self.one_line();
        self.back_wanted = false;
        Ok(())
    }

    /// T10: a debt is paid.
    fn paid(&mut self, debt: &Debt, skipped: bool) -> Result<(), Refused> {
        let Debt::Rollback(step) = debt;
        if self.steps.get(step).and_then(StepState::running).is_some() {
            return Err(format!("a statement of {step} may still be running"));
        }
        self.backward(step, if skipped { Back::Skipped } else { Back::Paid })?;
        self.debts.pop();
        Ok(())
    }

    /// The run is over.
    fn end(&mut self, ended: &Ended) -> Result<(), Refused> {
        self.going()?;
        match ended.forward {
            ForwardVerdict::Done | ForwardVerdict::DoneWithFailures | ForwardVerdict::Stopped => {
                let with_failures = !self.failed_turns.is_empty();
                if (ended.forward == ForwardVerdict::DoneWithFailures) != with_failures {
                    return Err("a run is done with failures exactly where turns were taken back".into());
                }
                if (ended.forward == ForwardVerdict::Stopped) != (self.stopped.is_some() && !with_failures) {
                    return Err("a run ends early exactly where it came to a `stop`".into());
                }
                if self.facing == Facing::Back
                    || self.active.is_some()
                    || self.pending.is_some()
                    || self.branches.is_some()
                {
                    return Err("the run is not at its end".into());
                }
                if !ended.owed.is_empty() {
                    return Err("what was owed is closed by a good end".into());
                }
                self.closed = std::mem::take(&mut self.debts);
            }
            ForwardVerdict::Refused if self.steps.values().any(|step| step.acted) => {
                return Err("something was done".into());
            }
            ForwardVerdict::Failed | ForwardVerdict::Cancelled | ForwardVerdict::Refused => {
                if !self.debts.iter().rev().eq(&ended.owed) {
                    return Err("that is not what is owed".into());
                }
            }
        }
        self.stop_wanted = false;
        self.standing = Standing::Ended(ended.clone());
        Ok(())
    }
}
