//! Walks a whole plan without changing anything, and says what would happen and what cannot be told.
//!
//! In: a plan, and perhaps a real world to read through. Out: a [`DryRun`]: every step with its verdict,
//! every command fully rendered, and what was not exercised, and why.
//!
//! Must hold:
//! - nothing is performed but reads, and those only where a world to read through is given;
//! - a fact that an assumed step changed is answered from what that step ensures, never by a probe: the
//!   real world still is as before;
//! - where a condition cannot be told, every arm is walked.
//!
//! A dry run has no journal, so that none can be mistaken for a run's.

mod each;
mod render;
mod show;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde::Serialize;
use surefoot_journal::{Answer, Outcome, Reading, RunState, Timestamp};
use surefoot_plan::{
    Cell, Formula, Hypothesis, Name, Names, Node, Parallel, QuestionId, Read, Step, StepId, Tri, Value,
    ValueId, Wait, Way, ground,
};

use crate::ask::Asker;
use crate::decide::judge;
use crate::known::Known;
use crate::program::{Condition, Program, StepPart};
use crate::simulated::satisfying;
use crate::world::{EffectRequest, World};

/// What a dry run found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DryRun {
    /// The runbook.
    pub runbook: Name,
    /// Every part of the plan that was walked, in order.
    pub entries: Vec<Entry>,
    /// What was not exercised, and why.
    pub not_exercised: Vec<NotExercised>,
}

/// One part of a plan, as it was walked.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// How deep it stands.
    pub depth: u32,
    /// What it is.
    pub what: What,
    /// Its name in the plan; empty for the start and the end.
    pub name: String,
    /// What it is called for people; may be empty.
    pub title: String,
    /// What would become of it.
    pub verdict: Verdict,
    /// What must hold, and what was found.
    pub conditions: Vec<Checked>,
    /// What it would do, rendered.
    pub does: Vec<String>,
    /// What is assumed to be true after it.
    pub assumes: Vec<String>,
    /// What would take it back, rendered.
    pub way_back: Vec<String>,
    /// What else is to be said.
    pub notes: Vec<String>,
}

/// What a part of a plan is.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// What must hold at the start.
    Start,
    /// A step.
    Step,
    /// A wait.
    Wait,
    /// A choice.
    If,
    /// A cause that is tried.
    Cause,
    /// The run ends early.
    Stop,
    /// Something is taken for true.
    Assume,
    /// A loop whose list the run finds.
    For,
    /// Branches that are done at the same time.
    Parallel,
    /// One of them.
    Branch,
    /// An arm of a choice, or of a wait that gives up.
    Arm(Tri),
    /// What holds at the end.
    End,
    /// What is read when something fails.
    Failure,
}

/// What would become of a part of a plan.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// What it needs holds.
    WouldRun,
    /// Something that it needs cannot be told.
    CannotTell,
    /// Something that it needs does not hold.
    WouldBeRefused,
}

/// A condition, and what was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Checked {
    /// The condition.
    pub text: String,
    /// What was found.
    pub found: Tri,
    /// Where that comes from, or why it cannot be told.
    pub why: String,
}

/// Something that was not exercised.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct NotExercised {
    /// What.
    pub what: String,
    /// Why.
    pub why: String,
}

impl DryRun {
    /// Returns the worst verdict of all parts.
    pub fn verdict(&self) -> Verdict {
        self.entries.iter().map(|entry| entry.verdict).max().unwrap_or(Verdict::WouldRun)
    }
}

/// Walks a plan. Facts are probed through a real world where one is given; else they cannot be told.
pub async fn dry_run<W: World>(program: &Program, through: Option<&W>, now: Timestamp) -> DryRun {
    let mut walker = Walker {
        program,
        state: RunState::new(),
        world: Overlay { through, assumed: RefCell::default(), blurred: RefCell::default(), now },
        entered: BTreeMap::new(),
        found: BTreeMap::new(),
        entries: Vec::new(),
        left_out: BTreeSet::new(),
        rollbacks: 0,
        acts: 0,
        depth: 0,
        stopped: false,
    };
    walker.start().await;
    walker.nodes(&program.plan().body).await;
    if !walker.stopped {
        walker.end().await;
    }
    walker.failure().await;
    walker.finish()
}

/// The real world, seen through what is assumed.
#[derive(Debug)]
struct Overlay<'w, W> {
    /// What is read through; nothing is read if none.
    through: Option<&'w W>,
    /// What an assumed step changed: its answer, and by which step.
    assumed: RefCell<Assumed>,
    /// Questions that some turn of a loop may change, whatever it is asked about, and which loop.
    blurred: RefCell<BTreeMap<QuestionId, StepId>>,
    /// The moment.
    now: Timestamp,
}

/// What is assumed of facts, and since which step.
type Assumed = BTreeMap<Cell, (Answer, StepId)>;

impl<W: World> World for Overlay<'_, W> {
    async fn perform(&self, request: EffectRequest) -> Outcome {
        match (request, self.through) {
            (request @ EffectRequest::Read { .. }, Some(through)) => through.perform(request).await,
            (EffectRequest::Read { .. }, None) => Outcome::NotPerformed { why: NOT_PROBED.into() },
            (EffectRequest::Notify { .. }, _) => {
                Outcome::NotPerformed { why: "a dry run tells nobody".into() }
            }
            (EffectRequest::Ask(_), _) => Outcome::NotPerformed { why: "a person would be asked".into() },
            (
                EffectRequest::Act { .. }
                | EffectRequest::Examine { .. }
                | EffectRequest::Interrupt { .. }
                | EffectRequest::Approval { .. },
                _,
            ) => Outcome::NotPerformed { why: "a dry run changes nothing".into() },
        }
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn answer(&self, cell: &Cell) -> Option<Answer> {
        if let Some((answer, _)) = self.assumed.borrow().get(cell) {
            return Some(answer.clone());
        }
        if let Some(by) = self.blurred.borrow().get(&cell.question) {
            return Some(Answer::Unknown(format!("a turn of {by} may change it")));
        }
        match self.through {
            Some(through) => through.answer(cell),
            None => Some(Answer::Unknown(NOT_PROBED.into())),
        }
    }

    async fn sleep(&self, _ms: u64) {}
}

/// Why a fact is unknown where nothing is read.
const NOT_PROBED: &str = "it was not probed";

/// Goes through a plan.
struct Walker<'a, 'w, W> {
    /// The plan.
    program: &'a Program,
    /// An empty state: nothing has happened.
    state: RunState,
    /// The world.
    world: Overlay<'w, W>,
    /// The values that were found.
    found: BTreeMap<ValueId, Value>,
    /// The loops whose list was found, and what it holds.
    entered: BTreeMap<StepId, Arc<[Value]>>,
    /// What was walked.
    entries: Vec<Entry>,
    /// What was not exercised.
    left_out: BTreeSet<NotExercised>,
    /// How many rollbacks the plan has.
    rollbacks: usize,
    /// How many statements would act.
    acts: usize,
    /// How deep the walk stands.
    depth: u32,
    /// Whether the walk came to a `stop`: nothing follows.
    stopped: bool,
}

impl<W: World> Walker<'_, '_, W> {
    /// Asks the world as it is assumed to be.
    fn asker(&self) -> Asker<'_, Overlay<'_, W>> {
        Asker { found: self.found.clone(), ..Asker::new(self.program, &self.state, &self.world) }
    }

    /// How facts are called, as far as the values about which they ask were found.
    fn names(&self) -> Names<'_> {
        Names::found(self.program.plan(), &self.found)
    }

    /// The beginning: the runbook's `let`s, then what must hold.
    async fn start(&mut self) {
        let mut does = Vec::new();
        for read in &self.program.plan().lets {
            self.read_let(read, &mut does).await;
        }
        let conditions = self.check(&self.program.entry).await;
        if conditions.is_empty() && does.is_empty() {
            return;
        }
        let mut entry = self.entry(What::Start, "", "", conditions);
        entry.does = does;
        self.entries.push(entry);
    }

    /// Reads a `let` of the runbook, where that is possible.
    async fn read_let(&mut self, read: &Read, does: &mut Vec<String>) {
        let value = self.asker().read(read, None, 0).await;
        match value {
            Ok(value) => {
                does.push(format!("let {} = {value}", read.name));
                self.found.insert(ValueId { step: None, name: read.name.clone() }, value);
            }
            Err(why) => {
                does.push(format!("let {} = ‹unknown›", read.name));
                self.leave_out(format!("let {}", read.name), why);
            }
        }
    }

    /// The end: what the runbook ensures.
    async fn end(&mut self) {
        let conditions = self.check(&self.program.end).await;
        if !conditions.is_empty() {
            let entry = self.entry(What::End, "", "", conditions);
            self.entries.push(entry);
        }
    }

    /// What would be read if something failed.
    async fn failure(&mut self) {
        let collect = &self.program.plan().collect;
        if collect.is_empty() {
            return;
        }
        let mut entry = self.entry(What::Failure, "", "", Vec::new());
        for collect in collect {
            entry.does.push(self.render_statement(&collect.statement).await);
        }
        self.entries.push(entry);
        self.leave_out("what is gathered on failure", "nothing fails in a dry run");
    }

    /// Goes through nodes. Boxed, because they nest.
    fn nodes<'b>(&'b mut self, nodes: &'b [Node]) -> Pin<Box<dyn Future<Output = ()> + 'b>> {
        Box::pin(async move {
            for node in nodes {
                if self.stopped {
                    return;
                }
                match node {
                    Node::Step(step) => self.step(step).await,
                    Node::Wait(wait) => self.wait(wait).await,
                    Node::If { id, condition, text, then, otherwise, unknown, hypothesis } => {
                        let arms = (then.as_slice(), otherwise.as_slice(), unknown.as_deref());
                        self.choice(id, condition, (text, hypothesis.as_ref()), arms).await;
                    }
                    Node::Each(each) => self.each(each).await,
                    Node::Parallel(parallel) => self.parallel(parallel).await,
                    Node::Assume { id, literal, why } => self.assumption(id, literal, why).await,
                    Node::Stop { id, why } => {
                        let entry = self.entry(What::Stop, &id.0, why, Vec::new());
                        self.entries.push(entry);
                        self.stopped = true;
                    }
                }
            }
        })
    }

    /// A step: what it needs, what it would do; then its effect is assumed.
    async fn step(&mut self, step: &Step) {
        let Some(part) = self.program.step(&step.id) else { return };
        let conditions = self.check(&part.guard).await;
        let mut entry = self.entry(What::Step, &step.id.0, &step.title, conditions);
        if let Some((_, approval)) = &part.approval
            && step.approval.is_some()
        {
            let whose = match approval.people {
                1 => approval.role.clone(),
                people => format!("{people} of {}", approval.role),
            };
            entry.notes.push(format!("waits for the approval of {whose}"));
            self.leave_out(format!("the approval of {whose} for {}", step.id), "nobody is asked");
        }
        for read in &step.before {
            entry.does.push(format!("before {} = {}", read.name, self.render_source(&read.source).await));
            self.leave_out(
                format!("`before {}` of {}", read.name, step.id),
                "it is read when the step starts",
            );
        }
        for statement in &step.body {
            self.acts += usize::from(statement.acts());
            entry.does.push(self.render_statement(statement).await);
        }
        match &step.way {
            Way::Rollback(rollback) => {
                self.rollbacks += 1;
                for statement in &rollback.body {
                    entry.way_back.push(self.render_statement(statement).await);
                }
            }
            Way::Irreversible(way) => entry.notes.push(format!("point of no return: {}", way.why)),
            Way::Nothing => {}
        }
        self.assume_effect(&part, &mut entry);
        self.entries.push(entry);
    }

    /// Assumes what a step ensures, and that what it leaves cannot be told.
    fn assume_effect(&mut self, part: &StepPart, entry: &mut Entry) {
        let known = Known { found: Some(&self.found), ..Known::with(self.program, &self.state, &[]) };
        let names = self.names();
        let mut assumed = self.world.assumed.borrow_mut();
        for cell in &part.changes {
            let Ok(cell) = ground(cell, &known) else { continue };
            let why = format!("{} may change it", part.step.id);
            assumed.insert(cell, (Answer::Unknown(why), part.step.id.clone()));
        }
        for ensure in &part.step.ensures {
            entry.assumes.push(names.literal(&ensure.literal));
            let Ok(cell) = ground(&ensure.literal.atom.cell, &known) else { continue };
            if let Some(value) = satisfying(&ensure.literal, &known) {
                assumed.insert(cell, (Answer::Known(value), part.step.id.clone()));
            }
        }
    }

    /// A wait: nobody waits; it is assumed to come true, and what follows if it does not is walked too.
    async fn wait(&mut self, wait: &Wait) {
        let conditions = self.check(&[Condition::of(&wait.until, &self.names())]).await;
        let holds = conditions.iter().all(|checked| checked.found == Tri::True);
        let mut entry = self.entry(What::Wait, &wait.id.0, "", conditions);
        if !holds {
            let limit = Value::Duration(wait.until.within_ms);
            entry.verdict = Verdict::CannotTell;
            entry.notes.push(format!("would wait for at most {limit}; it is assumed to come true"));
            self.leave_out(format!("the wait {}", wait.id), "a dry run does not wait");
        }
        self.entries.push(entry);
        if holds {
            return;
        }
        if !wait.otherwise.is_empty() {
            let before = (self.world.assumed.borrow().clone(), self.found.clone());
            self.arm(&wait.id, "", Tri::False, &wait.otherwise).await;
            *self.world.assumed.borrow_mut() = before.0;
            self.found = before.1;
            self.stopped = false;
        }
        self.assume_formula(&wait.until.formula, true, &wait.id);
    }

    /// Something that is taken for true: what cannot be told is; what is known false would hold the run.
    async fn assumption(&mut self, id: &StepId, literal: &surefoot_plan::Literal, why: &str) {
        let formula = literal.formula();
        let assumed = Condition::at_once(formula.clone(), &self.names());
        let conditions = self.check(&[assumed]).await;
        let mut entry = self.entry(What::Assume, &id.0, why, conditions);
        if entry.verdict == Verdict::CannotTell {
            entry.notes.push("cannot be told, and is taken for true".into());
        }
        entry.assumes.push(literal.to_string());
        self.entries.push(entry);
        self.assume_formula(&formula, true, id);
    }

    /// Branches that are done at the same time: one after the other, because none changes what another asks.
    async fn parallel(&mut self, parallel: &Parallel) {
        let count = parallel.branches.len();
        let title = format!("{count} branches, at the same time");
        let entry = self.entry(What::Parallel, &parallel.id.0, &title, Vec::new());
        self.entries.push(entry);
        self.depth += 1;
        for (at, branch) in parallel.branches.iter().enumerate() {
            let entry = self.entry(What::Branch, &format!("branch {}", at + 1), "", Vec::new());
            self.entries.push(entry);
            self.depth += 1;
            self.nodes(branch).await;
            self.depth -= 1;
        }
        self.depth -= 1;
    }

    /// A choice: the arm that is known, or each of them.
    async fn choice(
        &mut self,
        id: &StepId,
        condition: &Formula,
        (text, hypothesis): (&str, Option<&Hypothesis>),
        (then, otherwise, unknown): (&[Node], &[Node], Option<&[Node]>),
    ) {
        let conditions = self.check(&[Condition::at_once(condition.clone(), &self.names())]).await;
        let found = conditions.iter().fold(Tri::True, |all, checked| all.and(checked.found));
        let mut entry = match hypothesis {
            Some(cause) => self.entry(What::Cause, &id.0, &cause.text, conditions),
            None => self.entry(What::If, &id.0, text, conditions),
        };
        // A choice refuses nothing.
        entry.verdict = if found == Tri::Unknown { Verdict::CannotTell } else { Verdict::WouldRun };
        if found == Tri::Unknown {
            let stops = match (hypothesis, unknown) {
                (Some(_), _) => "; if it cannot be told then, that is recorded and the run goes on",
                (None, Some(_)) => "",
                (None, None) => "; if it cannot be told then, the run stops for a person",
            };
            entry.notes.push(format!("every arm is walked{stops}"));
        }
        self.entries.push(entry);
        let arms = [(Tri::True, Some(then)), (Tri::False, Some(otherwise)), (Tri::Unknown, unknown)];
        let before = (self.world.assumed.borrow().clone(), self.found.clone());
        let mut after: Option<Assumed> = None;
        let (mut walked, mut stopped) = (0, 0);
        for (arm, nodes) in arms {
            let Some(nodes) = nodes.filter(|nodes| !nodes.is_empty() || found != arm) else { continue };
            if found != Tri::Unknown && found != arm {
                if !nodes.is_empty() {
                    let what = format!("the arm of {id} for {}", render::word(arm));
                    let condition = match text.is_empty() {
                        true => self.names().formula(condition),
                        false => text.to_owned(),
                    };
                    self.leave_out(what, format!("`{condition}` is {}", render::word(found)));
                }
                continue;
            }
            *self.world.assumed.borrow_mut() = before.0.clone();
            self.found = before.1.clone();
            // What cannot be told goes on with what is false where a cause is tried: nothing is known there.
            let doubted = hypothesis.is_some() && arm == Tri::False;
            if found == Tri::Unknown && arm != Tri::Unknown && !doubted {
                self.assume_formula(condition, arm == Tri::True, id);
            }
            if !nodes.is_empty() {
                self.arm(id, text, arm, nodes).await;
            }
            let end = self.world.assumed.borrow().clone();
            // What comes next follows only the arms in which the run goes on.
            walked += 1;
            if std::mem::take(&mut self.stopped) {
                stopped += 1;
                continue;
            }
            after = Some(match after {
                None => end,
                Some(other) => join(other, end, id),
            });
        }
        self.stopped = walked > 0 && walked == stopped;
        if let Some(after) = after {
            *self.world.assumed.borrow_mut() = after;
        }
        self.found = before.1;
    }

    /// Walks an arm.
    async fn arm(&mut self, id: &StepId, text: &str, arm: Tri, nodes: &[Node]) {
        let entry = self.entry(What::Arm(arm), &id.0, text, Vec::new());
        self.entries.push(entry);
        self.depth += 1;
        self.nodes(nodes).await;
        self.depth -= 1;
    }

    /// Assumes that a formula holds, or not: as far as that fixes single facts.
    fn assume_formula(&self, formula: &Formula, holds: bool, by: &StepId) {
        match formula {
            Formula::Atom(atom) => {
                let known = Known { found: Some(&self.found), ..Known::with(self.program, &self.state, &[]) };
                let literal = surefoot_plan::Literal { atom: atom.clone(), holds };
                if let (Ok(cell), Some(value)) = (ground(&atom.cell, &known), satisfying(&literal, &known)) {
                    self.world.assumed.borrow_mut().insert(cell, (Answer::Known(value), by.clone()));
                }
            }
            Formula::Not(inner) => self.assume_formula(inner, !holds, by),
            Formula::All(parts) if holds => parts.iter().for_each(|part| self.assume_formula(part, true, by)),
            Formula::Any(parts) if !holds => {
                parts.iter().for_each(|part| self.assume_formula(part, false, by))
            }
            Formula::All(_) | Formula::Any(_) | Formula::Value(_) => {}
        }
    }

    /// Looks at conditions in the world as it is assumed to be.
    async fn check(&mut self, conditions: &[Condition]) -> Vec<Checked> {
        let asker = self.asker();
        let formulas = conditions.iter().map(|condition| &condition.formula);
        let readings = asker.probe(formulas, &[]).await;
        let known = Known { found: Some(&self.found), ..Known::with(self.program, &self.state, &readings) };
        let mut checked = Vec::with_capacity(conditions.len());
        let mut unknown = Vec::new();
        for condition in conditions {
            let found = judge::holds(condition, &known);
            let why = self.reason(condition, found, &readings, &known, &mut unknown);
            checked.push(Checked { text: condition.text.clone(), found, why });
        }
        for (what, why) in unknown {
            self.leave_out(what, why);
        }
        checked
    }

    /// Where an answer comes from, or why there is none.
    fn reason(
        &self,
        condition: &Condition,
        found: Tri,
        readings: &[Reading],
        known: &Known<'_>,
        unknown: &mut Vec<(String, String)>,
    ) -> String {
        let names = self.names();
        let assumed = self.world.assumed.borrow();
        let mut reasons: BTreeSet<String> = BTreeSet::new();
        for atom in condition.formula.atoms() {
            let Ok(cell) = ground(&atom.cell, known) else { continue };
            let shown = names.cell(&cell);
            let by = assumed.get(&cell).map(|(_, by)| by);
            let reading = readings.iter().find(|reading| reading.cell == cell);
            match (reading.map(|reading| &reading.answer), by) {
                (Some(Answer::Known(_)), Some(by)) => {
                    reasons.insert(format!("assumed since {by}"));
                }
                (Some(Answer::Known(value)), None) => {
                    reasons.insert(format!("probed: {shown} is {value}"));
                }
                (Some(Answer::Unknown(why)), _) if found == Tri::Unknown => {
                    reasons.insert(format!("{shown}: {why}"));
                    unknown.push((format!("the fact {shown}"), why.clone()));
                }
                (Some(Answer::Unknown(_)) | None, _) => {}
            }
        }
        reasons.into_iter().collect::<Vec<_>>().join("; ")
    }

    /// An entry with the verdict of its conditions.
    fn entry(&self, what: What, name: &str, title: &str, conditions: Vec<Checked>) -> Entry {
        let worst = conditions.iter().map(|checked| match checked.found {
            Tri::True => Verdict::WouldRun,
            Tri::Unknown => Verdict::CannotTell,
            Tri::False => Verdict::WouldBeRefused,
        });
        Entry {
            depth: self.depth,
            what,
            name: name.into(),
            title: title.into(),
            verdict: worst.max().unwrap_or(Verdict::WouldRun),
            conditions,
            does: Vec::new(),
            assumes: Vec::new(),
            way_back: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Notes what is not exercised.
    fn leave_out(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.left_out.insert(NotExercised { what: what.into(), why: why.into() });
    }

    /// The report.
    fn finish(mut self) -> DryRun {
        let many = |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
        if self.acts > 0 {
            let what = many(self.acts, "statement");
            self.leave_out(what, "they would change something");
        }
        if self.rollbacks > 0 {
            let what = many(self.rollbacks, "rollback");
            self.leave_out(what, "nothing fails in a dry run");
        }
        DryRun {
            runbook: self.program.plan().runbook.clone(),
            entries: self.entries,
            not_exercised: self.left_out.into_iter().collect(),
        }
    }
}

/// What is known after either of two arms: where they agree.
fn join(one: Assumed, mut other: Assumed, id: &StepId) -> Assumed {
    let why = || Answer::Unknown(format!("it depends on the arm that {id} takes"));
    let mut joined = Assumed::new();
    for (cell, (answer, by)) in one {
        let same = other.remove(&cell).is_some_and(|(in_other, _)| in_other == answer);
        joined.insert(cell, if same { (answer, by) } else { (why(), id.clone()) });
    }
    joined.extend(other.into_keys().map(|cell| (cell, (why(), id.clone()))));
    joined
}
