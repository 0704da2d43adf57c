//! Carrying out orders that reach the world.

use std::collections::BTreeMap;

use surefoot_journal::{
    Answer, Answered, ApprovalAnswer, Claim, Debt, Event, Given, HeldWhy, Identity, Journal, NotifiedFor,
    Outcome, Phase, Refusal, Report, Shown, Timestamp, Waited,
};
use surefoot_plan::{Names, Read, Rights, Source, Statement, Step, StepId, Value, ValueId};

use super::tell::Lasting;
use super::{Driver, Halt};
use crate::ask::{Asker, READ_DEADLINE_MS, exprs_of, push_cells};
use crate::decide::rollback::{ROLLBACK_PAUSE_MS, ROLLBACK_TRIES};
use crate::known::Known;
use crate::program::StepPart;
use crate::request;
use crate::shown;
use crate::world::{Act, EffectRequest, ReadFrom, World};

/// What is reserved in the journal before a step acts, in bytes: its own records. A record is a few
/// hundred bytes; an outcome holds up to two tails of 2 KiB, escaped.
const RESERVE_STEP_BYTES: u64 = 64 << 10;

/// What is reserved for the rollback of one debt, tries included, in bytes.
const RESERVE_DEBT_BYTES: u64 = 32 << 10;

/// Between two tries to tell what has not begun yet that it is to stop, in milliseconds.
const TELL_EVERY_MS: u64 = 50;

impl<W: World, J: Journal> Driver<'_, '_, '_, W, J> {
    /// Reads a `let` of the runbook.
    pub(super) async fn read_let(&self, index: usize) -> Result<(), Halt> {
        let Some(read) = self.program().plan().lets.get(index) else {
            unreachable!("`decide` orders only what the plan has")
        };
        let found = {
            let state = self.state();
            Asker::new(self.program(), &state, self.world()).read_or_ask(read).await
        };
        match found {
            Ok((value, answered)) => {
                let id = ValueId { step: None, name: read.name.clone() };
                self.append(Event::Bound { id, value, at: None, answered })
            }
            Err(why) => {
                let why = Refusal {
                    condition: format!("let {}", read.name),
                    readings: Vec::new(),
                    known_false: false,
                    message: why,
                    drift: false,
                };
                self.append(Event::Held { why: HeldWhy::UnknownFact(why) })
            }
        }
    }

    /// Records what is true before a step, and what its `before` reads.
    pub(super) async fn prepare(&self, id: StepId) -> Result<(), Halt> {
        let part = self.part(&id);
        let found = {
            let state = self.state();
            let mut asker = Asker::new(self.program(), &state, self.world());
            asker.step = Some(&id);
            let base = asker.probe(std::iter::empty(), &part.changes).await;
            asker.rights = Some(&part.step.rights);
            let mut captures = BTreeMap::new();
            let mut failed = None;
            for read in &part.step.before {
                match asker.read(read, None, 0).await {
                    Ok(value) => {
                        let found = ValueId { step: Some(id.clone()), name: read.name.clone() };
                        asker.found.insert(found, value.clone());
                        captures.insert(read.name.clone(), value);
                    }
                    Err(why) => {
                        let name = &read.name;
                        failed =
                            Some(format!("nothing was started, because `before {name}` has no value: {why}"));
                        break;
                    }
                }
            }
            failed.map_or(Ok((base, captures, asker.answered.take())), Err)
        };
        match found {
            Ok((base, captures, answered)) => {
                self.append(Event::Before { step: id, base, captures, answered })
            }
            Err(why) => self.append(Event::NotDone { step: id, why }),
        }
    }

    /// Performs a statement.
    pub(super) async fn perform(&self, claim: Claim) -> Result<(), Halt> {
        let part = self.part(&claim.step);
        let Some(statement) = part.statements(claim.phase).get(claim.statement as usize) else {
            unreachable!("`decide` orders only what the plan has")
        };
        let mut tries = 0;
        loop {
            let why = match statement {
                Statement::Read(read) => match self.found_in_time(&claim, &part, read).await? {
                    Ok((value, answered)) => {
                        let id = ValueId { step: Some(claim.step.clone()), name: read.name.clone() };
                        return self.append(Event::Bound { id, value, at: Some(claim), answered });
                    }
                    Err(why) => format!("`{}` has no value: {why}", read.name),
                },
                Statement::Note(expr) => {
                    let found = {
                        let state = self.state();
                        Asker::new(self.program(), &state, self.world()).value(expr, None, 0).await
                    };
                    // A line for the transcript never fails a step.
                    let text = match found {
                        Ok(value) => value.to_string(),
                        Err(why) => format!("(this note has no text: {why})"),
                    };
                    return self.append(Event::Noted { at: Some(claim), text });
                }
                Statement::Notify { channel, text } => {
                    let event = self.told(NotifiedFor::Statement(claim), channel, text).await;
                    return self.append(event);
                }
                Statement::Command { .. } | Statement::Library(_) | Statement::Manual(_) => {
                    match self.request_of(&claim, &part, statement).await {
                        Ok(request) => return self.act(claim, statement, request).await,
                        Err(why) => why,
                    }
                }
            };
            tries += 1;
            if !self.asks_again(&claim, tries, &why).await? {
                return self.cannot(&claim, why);
            }
        }
    }

    /// What a `let` reads; if a person is asked, a channel may be told that it lasts.
    async fn found_in_time(
        &self,
        claim: &Claim,
        part: &StepPart,
        read: &Read,
    ) -> Result<Result<(Value, Option<Answered>), String>, Halt> {
        let asks = matches!(read.source, Source::Person(_));
        let after = if asks { part.step.after.as_slice() } else { &[] };
        let mut lasting = self.lasting(&claim.step, person_of(claim), after, 0);
        let mut found = std::pin::pin!(self.found(claim, part, read));
        loop {
            tokio::select! {
                biased;
                found = &mut found => return Ok(found),
                () = lasting.due(self.world()) => self.tell_of(&mut lasting).await?,
            }
        }
    }

    /// What a `let` of a step, or of its rollback, reads.
    async fn found(
        &self,
        claim: &Claim,
        part: &StepPart,
        read: &Read,
    ) -> Result<(Value, Option<Answered>), String> {
        let state = self.state();
        let mut asker = Asker::new(self.program(), &state, self.world());
        asker.step = Some(&claim.step);
        asker.rights = Some(rights(&part.step, claim.phase));
        asker.read_or_ask(read).await
    }

    /// Whether what has no value is asked again, once some time has passed. Only on the way back: forward, a
    /// step says itself how often it is tried.
    async fn asks_again(&self, claim: &Claim, tries: u32, why: &str) -> Result<bool, Halt> {
        if claim.phase == Phase::Forward || tries >= ROLLBACK_TRIES {
            return Ok(false);
        }
        let text = format!("the rollback of {} asks again, because {why}", claim.step);
        self.append(Event::Noted { at: None, text })?;
        self.pause(ROLLBACK_PAUSE_MS, 2).await
    }

    /// Announces an act, and only then asks the world for it.
    async fn act(&self, claim: Claim, statement: &Statement, request: EffectRequest) -> Result<(), Halt> {
        // For a rollback space was reserved when it became owed; nothing may stop a way back now.
        if claim.phase == Phase::Forward {
            let debts = self.state().owed().len() as u64 + 1;
            let bytes = RESERVE_STEP_BYTES + RESERVE_DEBT_BYTES * debts;
            let reserved = self.shared.journal.borrow_mut().reserve(bytes);
            if let Err(error) = reserved {
                return self.cannot(&claim, error.to_string());
            }
        }
        // Something went wrong in another branch while this was prepared: it does not begin.
        if claim.phase == Phase::Forward && self.is_unwanted() {
            return Ok(());
        }
        let shown = shown::lines(statement, &request);
        self.append(Event::Intent { claim: claim.clone(), shown })?;
        let part = self.part(&claim.step);
        let after = if let Statement::Manual(_) = statement { part.step.after.as_slice() } else { &[] };
        let lasting = self.lasting(&claim.step, person_of(&claim), after, 0);
        let outcome = self.wait_for(request, &claim, lasting).await?;
        self.append(Event::Outcome { claim, outcome })
    }

    /// What the world is asked for a statement.
    async fn request_of(
        &self,
        claim: &Claim,
        part: &StepPart,
        statement: &Statement,
    ) -> Result<EffectRequest, String> {
        let act = self.act_of(claim, statement).await?;
        let state = self.state();
        let known = Known::with(self.program(), &state, &[]);
        let spent = state.step(&claim.step).map_or(0, |state| match claim.phase {
            Phase::Forward if claim.attempt == state.attempt => state.spent_ms,
            Phase::Rollback if claim.attempt == state.back_attempt => state.spent_ms,
            Phase::Forward | Phase::Rollback => 0,
        });
        let title = if part.step.title.is_empty() { &claim.step.0 } else { &part.step.title };
        Ok(EffectRequest::Act {
            claim: claim.clone(),
            act,
            rights: request::granted(rights(&part.step, claim.phase), &known)?,
            deadline_ms: part.step.deadline_ms.saturating_sub(spent).max(1),
            title: title.clone(),
        })
    }

    /// What a statement does to the world, with every expression computed.
    async fn act_of(&self, claim: &Claim, statement: &Statement) -> Result<Act, String> {
        let mut cells = Vec::new();
        match statement {
            Statement::Command { exec, .. } => exprs_of(exec, &mut |expr| push_cells(expr, &mut cells)),
            Statement::Library(call) => {
                call.arguments.values().for_each(|expr| push_cells(expr, &mut cells));
            }
            Statement::Manual(_) | Statement::Read(_) | Statement::Note(_) | Statement::Notify { .. } => {}
        }
        let cells: Vec<_> = cells.into_iter().cloned().collect();
        let state = self.state();
        let readings =
            Asker::new(self.program(), &state, self.world()).probe(std::iter::empty(), &cells).await;
        let known = Known { now: Some(self.world().now()), ..Known::with(self.program(), &state, &readings) };
        match statement {
            Statement::Command { exec, .. } => {
                Ok(Act::Command(request::command(exec, exec.decoder.answer().as_ref(), &known)?))
            }
            Statement::Library(call) => {
                let arguments = request::arguments(call, &known)?;
                Ok(Act::Library { function: call.function.clone(), arguments })
            }
            Statement::Manual(asked) => {
                let Some(header) = state.header() else {
                    return Err("the run has not started".into());
                };
                let step = Some(claim.step.clone());
                Ok(Act::Manual(request::question(asked, header.run.clone(), step, false, &known)?))
            }
            Statement::Read(_) | Statement::Note(_) | Statement::Notify { .. } => {
                Err("it does not act".into())
            }
        }
    }

    /// A statement that could not even be begun.
    fn cannot(&self, claim: &Claim, why: String) -> Result<(), Halt> {
        let step = claim.step.clone();
        let acted = self.state().step(&step).is_some_and(|state| state.acted);
        self.append(match claim.phase {
            Phase::Forward if acted => Event::Partial { step, why },
            Phase::Forward => Event::NotDone { step, why },
            Phase::Rollback => Event::Stuck { debt: Debt::Rollback(step), why },
        })
    }

    /// Waits for an effect, and passes on how hard it is to be stopped.
    async fn wait_for(
        &self,
        request: EffectRequest,
        claim: &Claim,
        mut lasting: Lasting<'_>,
    ) -> Result<Outcome, Halt> {
        let world = self.world();
        let mut effect = std::pin::pin!(world.perform(request));
        let mut told = 1;
        loop {
            let level = self.state().cancel().unwrap_or(0);
            let wants_to_be_told = level > told;
            tokio::select! {
                biased;
                outcome = &mut effect => return Ok(outcome),
                news = self.news() => self.hear(news)?,
                heard = tell(world, claim, level), if wants_to_be_told => if heard { told = level },
                () = lasting.due(world) => self.tell_of(&mut lasting).await?,
            }
        }
    }

    /// Asks what became of a statement.
    pub(super) async fn examine(&self, claim: Claim) -> Result<(), Halt> {
        let part = self.part(&claim.step);
        let act = match part.statements(claim.phase).get(claim.statement as usize) {
            Some(statement) => self.act_of(&claim, statement).await,
            None => Err("the plan has no such statement".into()),
        };
        let outcome = match act {
            Ok(act) => {
                let nobody = self.lasting(&claim.step, person_of(&claim), &[], 0);
                self.wait_for(EffectRequest::Examine { claim: claim.clone(), act }, &claim, nobody).await?
            }
            Err(why) => Outcome::Unknown { why, over: false },
        };
        self.append(Event::Outcome { claim, outcome })
    }

    /// Waits for one more person.
    pub(super) async fn approve(&self, step: StepId) -> Result<(), Halt> {
        let state = self.state();
        let Some(asked) = state.approval(&step) else { unreachable!("`decide` asks before it waits") };
        let expires_ms = self.part(&step).approval.as_ref().map_or(0, |(_, approval)| approval.expires_ms);
        let names = Names::found(self.program().plan(), state.bound());
        let readings = asked
            .shown
            .iter()
            .map(|reading| Shown { fact: names.cell(&reading.cell), answer: reading.answer.clone() });
        let values = asked
            .values
            .iter()
            .map(|(text, value)| Shown { fact: text.clone(), answer: Answer::Known(value.clone()) });
        let given = |answer: &ApprovalAnswer| Given {
            by: answer.by.clone(),
            until: Timestamp(answer.at.0.saturating_add(expires_ms)),
        };
        let given: Vec<Given> = asked.answers.iter().map(given).collect();
        let world = self.world();
        // A yes that is too old while others are waited for is asked for again at once, and not at the end.
        let first_until = given.iter().map(|given| given.until).min();
        let is_too_old = async {
            match first_until {
                Some(until) => world.sleep(until.since(world.now()) + 1).await,
                None => std::future::pending().await,
            }
        };
        let request = EffectRequest::Approval {
            step: step.clone(),
            role: asked.role.clone(),
            people: asked.people,
            given,
            expires_ms,
            shown: readings.chain(values).collect(),
            operators: state.operators().to_vec(),
        };
        let since = world.now().since(asked.asked);
        let part = self.part(&step);
        let mut lasting = self.lasting(&step, Waited::Approval, &part.step.after, since);
        drop(state);
        let mut answer = std::pin::pin!(world.perform(request));
        let mut is_too_old = std::pin::pin!(is_too_old);
        let outcome = loop {
            tokio::select! {
                biased;
                outcome = &mut answer => break outcome,
                news = self.news() => self.hear(news)?,
                () = &mut is_too_old => return Ok(()),
                () = lasting.due(world) => self.tell_of(&mut lasting).await?,
            }
            if self.cancel().is_some() {
                return Ok(());
            }
        };
        let (by, approved, comment) = match outcome {
            Outcome::Performed(report) if report.ok => approver(report.value.as_ref()),
            Outcome::Performed(Report { why, .. })
            | Outcome::NotPerformed { why }
            | Outcome::Unknown { why, .. } => (nobody(), false, why),
        };
        // A second wall: no world may let an operator approve.
        let own = self.state().operators().iter().any(|operator| operator.uid == by.uid);
        let (approved, comment) = if approved && own {
            (false, "whoever runs this cannot approve it".into())
        } else {
            (approved, comment)
        };
        self.append(Event::ApprovalAnswered { step, by, approved, comment })
    }

    /// Gathers something for people. Its failure changes nothing.
    pub(super) async fn collect(&self, index: u32) -> Result<(), Halt> {
        let Some(collect) = self.program().plan().collect.get(index as usize) else {
            unreachable!("`decide` orders only what the plan has")
        };
        let state = self.state();
        let mut asker = Asker::new(self.program(), &state, self.world());
        asker.rights = Some(&collect.rights);
        let known = Known { now: Some(self.world().now()), ..Known::with(self.program(), &state, &[]) };
        let outcome = match &collect.statement {
            Statement::Command { exec, .. } => {
                let request = request::command(exec, None, &known).and_then(|command| {
                    Ok(EffectRequest::Read {
                        label: format!("collect {}", index + 1),
                        from: ReadFrom::Command(command),
                        rights: request::read_only(request::granted(&collect.rights, &known)?),
                        deadline_ms: READ_DEADLINE_MS,
                    })
                });
                match request {
                    Ok(request) => self.world().perform(request).await,
                    Err(why) => Outcome::NotPerformed { why },
                }
            }
            Statement::Read(read) => said(asker.read(read, None, 0).await),
            Statement::Note(expr) => said(asker.value(expr, None, 0).await),
            Statement::Library(_) | Statement::Manual(_) | Statement::Notify { .. } => {
                Outcome::NotPerformed { why: "only what reads can be gathered".into() }
            }
        };
        self.append(Event::Collected { index, outcome })
    }

    /// A step of the plan.
    fn part(&self, id: &StepId) -> std::sync::Arc<StepPart> {
        match self.program().step(id) {
            Some(part) => part.clone(),
            None => unreachable!("`decide` orders only what the plan has"),
        }
    }
}

/// Tells what runs how hard it is to be stopped. False, after a moment, if it has not begun: it is told again.
async fn tell<W: World>(world: &W, claim: &Claim, level: u8) -> bool {
    let request = EffectRequest::Interrupt { claim: claim.clone(), level };
    let heard = !matches!(world.perform(request).await, Outcome::NotPerformed { .. });
    if !heard {
        world.sleep(TELL_EVERY_MS).await;
    }
    heard
}

/// The rights of one direction of a step.
fn rights(step: &Step, phase: Phase) -> &Rights {
    match phase {
        Phase::Forward => &step.rights,
        Phase::Rollback => &step.rollback_rights,
    }
}

/// What was found, as an outcome.
fn said(found: Result<Value, String>) -> Outcome {
    match found {
        Ok(value) => Outcome::Performed(Report {
            ok: true,
            why: String::new(),
            exit: None,
            value: Some(value),
            output: Vec::new(),
            elapsed_ms: 0,
            left_running: Vec::new(),
            answered: None,
        }),
        Err(why) => Outcome::NotPerformed { why },
    }
}

/// Reads a second person's answer. What does not read as one is a no.
fn approver(value: Option<&Value>) -> (Identity, bool, String) {
    let Some(Value::Record(fields)) = value else {
        return (nobody(), false, "the answer could not be read".into());
    };
    let text = |name: &str| match fields.get(name) {
        Some(Value::Text(text)) => text.clone(),
        Some(_) | None => String::new(),
    };
    let uid = match fields.get("uid") {
        Some(Value::Int(uid)) => u32::try_from(*uid).ok(),
        Some(_) | None => None,
    };
    let approved = fields.get("approved") == Some(&Value::Bool(true));
    match uid {
        Some(uid) => (Identity { user: text("user"), uid, verified: false }, approved, text("comment")),
        None => (nobody(), false, "the answer does not say whose it is".into()),
    }
}

/// A person who is waited for at a statement.
fn person_of(claim: &Claim) -> Waited {
    Waited::Person { attempt: claim.attempt, statement: claim.statement }
}

/// Nobody: the answer is a no, and came from no one.
fn nobody() -> Identity {
    Identity { user: "nobody".into(), uid: u32::MAX, verified: false }
}
