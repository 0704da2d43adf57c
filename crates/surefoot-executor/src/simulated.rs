//! A world that is a model: a step that runs makes true what it ensures, and faults are injected.
//!
//! Facts are a map from cells to values; what is not in it cannot be told. Claims outlive a crash of the
//! executor, as a supervisor's do. Time passes only when somebody waits, so a run of hours takes
//! microseconds and is the same every time.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use surefoot_journal::{
    Answer, Answered, AnsweredBy, Claim, Exit, Identity, Outcome, Phase, Report, RunState, Shown, Timestamp,
};
use surefoot_plan::{
    BinaryOperator, Cell, Comparison, Ensure, Expr, Literal, Name, Real, Restores, Statement, Step, StepId,
    Test, Type, Value, Way, eval, ground,
};

use crate::known::Known;
use crate::program::Program;
use crate::world::{Act, Command, EffectRequest, Piece, ReadFrom, Text, World};

/// When the model's clock starts: 2026-01-01, in milliseconds since 1970.
const START_MS: u64 = 1_767_225_600_000;

/// How long each act takes in the model, in milliseconds.
const ACT_MS: u64 = 100;

/// What goes wrong with an act.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Fault {
    /// It cannot be started: it is proved that nothing acted.
    NotStarted,
    /// It fails, and has changed nothing.
    Before,
    /// It fails half way: what it changes cannot be told until it is taken back or done again.
    During,
    /// It has its full effect, and says that it failed.
    After,
    /// It says that it did it, and has changed nothing.
    Lie,
    /// It hangs until its deadline and is killed, having changed nothing.
    Hang,
    /// Nobody can tell what became of it. It is over, and has changed nothing.
    LostBefore,
    /// Nobody can tell what became of it. It is over, and had its full effect.
    LostAfter,
    /// Nobody can tell what became of it, and it may still run.
    Running,
}

impl Fault {
    /// Every fault, for matrices.
    pub const ALL: [Fault; 9] = [
        Fault::NotStarted,
        Fault::Before,
        Fault::During,
        Fault::After,
        Fault::Lie,
        Fault::Hang,
        Fault::LostBefore,
        Fault::LostAfter,
        Fault::Running,
    ];
}

/// A fault that is injected.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Injected {
    /// Into which step.
    pub step: StepId,
    /// Forward, or into its rollback.
    pub phase: Phase,
    /// What goes wrong.
    pub fault: Fault,
    /// How many attempts it spoils; after them it works.
    pub times: u32,
}

/// One performance in the model.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Performed {
    /// Which statement.
    pub claim: Claim,
    /// Whether it may have changed anything.
    pub acted: bool,
}

/// A model of the world.
#[derive(Debug)]
pub struct Simulated<'a> {
    /// The plan whose contracts it believes.
    program: &'a Program,
    /// What changes.
    inner: RefCell<Inner>,
}

/// What changes in a model.
#[derive(Clone, Debug, Default)]
struct Inner {
    /// Milliseconds since the start.
    clock_ms: u64,
    /// The facts. What is not in it cannot be told.
    facts: BTreeMap<Cell, Value>,
    /// Facts that cannot be told, although they are something.
    hidden: BTreeSet<Cell>,
    /// What was true before a step changed it, for rollbacks that bring it back.
    kept: BTreeMap<StepId, BTreeMap<Cell, Option<Value>>>,
    /// What supervisors recorded.
    claims: BTreeMap<Claim, Outcome>,
    /// Claims that were taken so that nobody else can.
    taken: BTreeSet<Claim>,
    /// Faults that are still to come.
    faults: Vec<Injected>,
    /// What reads and questions give, by their label or text.
    replies: BTreeMap<String, Value>,
    /// Reads that are impossible, and how often they still are.
    unreadable: BTreeMap<String, u32>,
    /// How often what could be read was not.
    unread: u32,
    /// Reads that are impossible once a step was begun.
    unreadable_after: Vec<(StepId, String)>,
    /// What becomes true by itself, and when.
    later: Vec<(u64, Cell, Value)>,
    /// What can be told again by itself, and when.
    shown_later: Vec<(u64, Cell)>,
    /// What becomes true by itself after a step.
    after: BTreeMap<StepId, Vec<(Cell, Value)>>,
    /// What cannot be told any more after a step.
    hides: BTreeMap<StepId, Vec<Cell>>,
    /// Who approves; nobody does if none.
    approver: Option<Identity>,
    /// Whether they say no.
    denies: bool,
    /// What was performed, in order.
    performed: Vec<Performed>,
    /// How often a second person was asked.
    approvals: u32,
    /// What channels were told, and when.
    told: Vec<(u64, Name, String)>,
    /// Channels to which nothing can be delivered.
    deaf: BTreeSet<Name>,
    /// What they were shown last.
    shown: Vec<Shown>,
}

impl<'a> Simulated<'a> {
    /// A model in which nothing is known and a second person approves what they are asked.
    pub fn new(program: &'a Program) -> Simulated<'a> {
        let approver = Identity { user: "second".into(), uid: 2_000, verified: false };
        let inner = Inner { approver: Some(approver), ..Inner::default() };
        Simulated { program, inner: RefCell::new(inner) }
    }

    /// Makes a fact known.
    pub fn set(&self, cell: Cell, value: Value) {
        self.inner.borrow_mut().facts.insert(cell, value);
    }

    /// Makes a fact impossible to tell, or possible again.
    pub fn hide(&self, cell: Cell, hidden: bool) {
        let mut inner = self.inner.borrow_mut();
        if hidden {
            inner.hidden.insert(cell);
        } else {
            inner.hidden.remove(&cell);
        }
    }

    /// Injects a fault.
    pub fn inject(&self, fault: Injected) {
        self.inner.borrow_mut().faults.push(fault);
    }

    /// Gives what a read, by its name, or a question, by its text, is answered with.
    pub fn reply(&self, to: impl Into<String>, value: Value) {
        self.inner.borrow_mut().replies.insert(to.into(), value);
    }

    /// Makes a read, by its name, impossible from now on.
    pub fn unreadable(&self, label: impl Into<String>) {
        self.unreadable_for(label, u32::MAX);
    }

    /// Makes a read, by its name, impossible so many times.
    pub fn unreadable_for(&self, label: impl Into<String>, times: u32) {
        self.inner.borrow_mut().unreadable.insert(label.into(), times);
    }

    /// Makes a read, by its name, impossible once a step was begun.
    pub fn unreadable_after(&self, step: StepId, label: impl Into<String>) {
        self.inner.borrow_mut().unreadable_after.push((step, label.into()));
    }

    /// Makes a fact known at a moment, in milliseconds from the start.
    pub fn set_at(&self, ms: u64, cell: Cell, value: Value) {
        self.inner.borrow_mut().later.push((ms, cell, value));
    }

    /// Makes a fact possible to tell again at a moment, in milliseconds from the start.
    pub fn show_at(&self, ms: u64, cell: Cell) {
        self.inner.borrow_mut().shown_later.push((ms, cell));
    }

    /// Makes a fact known once a step has had its effect.
    pub fn set_after(&self, step: StepId, cell: Cell, value: Value) {
        self.inner.borrow_mut().after.entry(step).or_default().push((cell, value));
    }

    /// Makes a fact impossible to tell once a step has had its effect.
    pub fn hide_after(&self, step: StepId, cell: Cell) {
        self.inner.borrow_mut().hides.entry(step).or_default().push(cell);
    }

    /// Lets a second person say no, or nobody say anything.
    pub fn approval(&self, approver: Option<Identity>, denies: bool) {
        let mut inner = self.inner.borrow_mut();
        inner.approver = approver;
        inner.denies = denies;
    }

    /// Forgets what supervisors recorded, as a power cut does: what began is over, and nobody can tell how.
    pub fn lose_claims(&self) {
        for outcome in self.inner.borrow_mut().claims.values_mut() {
            *outcome = Outcome::Unknown { why: "the machine was restarted".into(), over: true };
        }
    }

    /// Forgets every claim: a broken supervisor, that takes none.
    pub fn forget_claims(&self) {
        self.inner.borrow_mut().claims.clear();
    }

    /// Lets what may still run be over.
    pub fn finish_running(&self) {
        for outcome in self.inner.borrow_mut().claims.values_mut() {
            if let Outcome::Unknown { over, .. } = outcome {
                *over = true;
            }
        }
    }

    /// Lets the clock jump, as an operator who sets it does.
    pub fn jump(&self, ms: u64) {
        self.inner.borrow_mut().clock_ms += ms;
    }

    /// Returns the facts.
    pub fn facts(&self) -> BTreeMap<Cell, Value> {
        self.inner.borrow().facts.clone()
    }

    /// Returns what was performed.
    pub fn performed(&self) -> Vec<Performed> {
        self.inner.borrow().performed.clone()
    }

    /// Returns how often a read was impossible.
    pub fn unread(&self) -> u32 {
        self.inner.borrow().unread
    }

    /// Returns what channels were told, each with when, in milliseconds since the start, and the channel.
    pub fn told(&self) -> Vec<(u64, Name, String)> {
        self.inner.borrow().told.clone()
    }

    /// Nothing can be delivered to a channel.
    pub fn deafen(&self, channel: impl Into<Name>) {
        self.inner.borrow_mut().deaf.insert(channel.into());
    }

    /// Returns how often a second person was asked.
    pub fn approvals(&self) -> u32 {
        self.inner.borrow().approvals
    }

    /// Returns what a second person was shown last.
    pub fn shown(&self) -> Vec<Shown> {
        self.inner.borrow().shown.clone()
    }

    /// Lets other branches begin before an act is over, where the plan has any.
    async fn meanwhile(&self) {
        let mut is_waiting = self.program.plan().parallels().next().is_some();
        poll_fn(|context| {
            if std::mem::take(&mut is_waiting) {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(())
        })
        .await;
    }

    /// Performs a statement, or what a fault makes of it.
    fn act(&self, claim: Claim, act: &Act) -> Outcome {
        let printed = if let Act::Command(command) = act { self.printed(command) } else { None };
        let mut inner = self.inner.borrow_mut();
        inner.pass(ACT_MS);
        if inner.taken.contains(&claim) || inner.claims.contains_key(&claim) {
            return Outcome::NotPerformed { why: "its claim is taken".into() };
        }
        let Some(part) = self.program.step(&claim.step) else {
            return Outcome::NotPerformed { why: "the plan has no such step".into() };
        };
        let unreadable = inner.unreadable_after.iter().filter(|(step, _)| *step == claim.step);
        let unreadable: Vec<(String, u32)> = unreadable.map(|(_, label)| (label.clone(), u32::MAX)).collect();
        inner.unreadable.extend(unreadable);
        // The effect is that of the last statement that acts: those before it prepare it.
        let statements = part.statements(claim.phase);
        let last = statements.iter().rposition(Statement::acts) == Some(claim.statement as usize);
        let fault = if last { inner.fault(&claim) } else { None };
        let (acted, mut outcome) = match fault {
            None => {
                if last {
                    self.take_effect(&mut inner, &part.step, claim.phase);
                }
                (true, report(true, ""))
            }
            Some(Fault::NotStarted) => {
                (false, Outcome::NotPerformed { why: "its program cannot be started".into() })
            }
            Some(Fault::Before) => (false, report(false, "it failed")),
            Some(Fault::During) => {
                self.keep(&mut inner, &part.step, claim.phase);
                for cell in self.changed(&part.step) {
                    inner.facts.remove(&cell);
                }
                (true, report(false, "it failed half way"))
            }
            Some(Fault::After) => {
                self.take_effect(&mut inner, &part.step, claim.phase);
                (true, report(false, "it failed"))
            }
            Some(Fault::Lie) => (false, report(true, "")),
            Some(Fault::Hang) => {
                let mut outcome = report(false, "its deadline passed");
                if let Outcome::Performed(report) = &mut outcome {
                    report.exit = Some(Exit::TimedOut);
                }
                (false, outcome)
            }
            Some(Fault::LostBefore) => {
                (false, Outcome::Unknown { why: "its supervisor is gone".into(), over: true })
            }
            Some(Fault::LostAfter) => {
                self.take_effect(&mut inner, &part.step, claim.phase);
                (true, Outcome::Unknown { why: "its supervisor is gone".into(), over: true })
            }
            Some(Fault::Running) => {
                self.take_effect(&mut inner, &part.step, claim.phase);
                (true, Outcome::Unknown { why: "its host does not answer".into(), over: false })
            }
        };
        if let Outcome::Performed(report) = &mut outcome
            && report.ok
        {
            report.value = printed;
        }
        inner.performed.push(Performed { claim: claim.clone(), acted });
        if matches!(outcome, Outcome::NotPerformed { .. }) {
            inner.taken.insert(claim);
        } else {
            inner.claims.insert(claim, outcome.clone());
        }
        outcome
    }

    /// What a supervisor says of a claim. One that nobody took is taken now.
    fn examine(&self, claim: Claim) -> Outcome {
        let mut inner = self.inner.borrow_mut();
        if let Some(outcome) = inner.claims.get(&claim) {
            return outcome.clone();
        }
        inner.taken.insert(claim);
        Outcome::NotPerformed { why: "it was never started".into() }
    }

    /// The cells that a step changes, with their arguments computed.
    fn changed(&self, step: &Step) -> Vec<Cell> {
        step.changes().into_iter().map(|cell| self.ground(cell)).collect()
    }

    /// Computes the arguments of a cell, where that takes no value of the run.
    fn ground(&self, cell: &Cell) -> Cell {
        let state = RunState::new();
        ground(cell, &Known::with(self.program, &state, &[])).unwrap_or_else(|_| cell.clone())
    }

    /// Keeps what a step is about to change, once.
    fn keep(&self, inner: &mut Inner, step: &Step, phase: Phase) {
        if phase == Phase::Rollback || inner.kept.contains_key(&step.id) {
            return;
        }
        let kept = self.changed(step).into_iter().map(|cell| (cell.clone(), inner.facts.get(&cell).cloned()));
        let kept = kept.collect();
        inner.kept.insert(step.id.clone(), kept);
    }

    /// The full effect of a step or of its rollback.
    fn take_effect(&self, inner: &mut Inner, step: &Step, phase: Phase) {
        match phase {
            Phase::Forward => {
                self.keep(inner, step, phase);
                for leaves in &step.leaves {
                    for atom in &leaves.atoms {
                        inner.facts.insert(self.ground(&atom.cell), Value::Text("left".into()));
                    }
                }
                self.make_true(inner, &step.ensures);
                let hides = inner.hides.get(&step.id).cloned().unwrap_or_default();
                inner.hidden.extend(hides);
                for (cell, value) in inner.after.get(&step.id).cloned().unwrap_or_default() {
                    inner.facts.insert(cell, value);
                }
            }
            Phase::Rollback => {
                let Way::Rollback(rollback) = &step.way else { return };
                let left: Vec<Cell> = step.residuals().into_iter().map(|cell| self.ground(cell)).collect();
                match rollback.restores {
                    Restores::Captured => {
                        for (cell, value) in inner.kept.get(&step.id).cloned().unwrap_or_default() {
                            match value {
                                _ if left.contains(&cell) => {}
                                Some(value) => {
                                    inner.facts.insert(cell, value);
                                }
                                None => {
                                    inner.facts.remove(&cell);
                                }
                            }
                        }
                    }
                    Restores::Fixed => {
                        let opposite = step.ensures.iter().filter_map(|ensure| {
                            let cell = self.ground(&ensure.literal.atom.cell);
                            let value = match ensure.literal.atom.test {
                                Test::Holds => Some(Value::Bool(!ensure.literal.holds)),
                                Test::Compares(..) => None,
                            };
                            value.filter(|_| !left.contains(&cell)).map(|value| (cell, value))
                        });
                        inner.facts.extend(opposite);
                    }
                }
                self.make_true(inner, &rollback.ensures);
            }
        }
    }

    /// Makes true what is ensured.
    fn make_true(&self, inner: &mut Inner, ensures: &[Ensure]) {
        for ensure in ensures {
            let cell = self.ground(&ensure.literal.atom.cell);
            let state = RunState::new();
            if let Some(value) = satisfying(&ensure.literal, &Known::with(self.program, &state, &[])) {
                inner.facts.insert(cell, value);
            }
        }
    }

    /// What a command that acts prints: a reply to its words, or a stand-in of its kind.
    fn printed(&self, command: &Command) -> Option<Value> {
        let kind = command.r#type.as_ref()?;
        let words = words(command);
        let reply = self.inner.borrow().replies.get(&words).cloned();
        Some(reply.unwrap_or_else(|| stand_in(Some(kind), &words)))
    }

    /// What a read gives: a reply that was set, or a stand-in of its type.
    fn read(&self, label: &str, from: &ReadFrom) -> Outcome {
        let mut inner = self.inner.borrow_mut();
        if let Some(times) = inner.unreadable.get_mut(label).filter(|times| **times > 0) {
            *times = times.saturating_sub(1);
            inner.unread += 1;
            return report(false, "it cannot be read");
        }
        let (wanted, words) = match from {
            ReadFrom::Command(command) => (command.r#type.clone(), words(command)),
            ReadFrom::Library { function, .. } => (None, function.clone()),
        };
        let reply = inner.replies.get(label).or_else(|| inner.replies.get(&words));
        let value = reply.cloned().unwrap_or_else(|| stand_in(wanted.as_ref(), label));
        with_value(value)
    }
}

impl Inner {
    /// Lets time pass, and what becomes true by itself become so.
    fn pass(&mut self, ms: u64) {
        self.clock_ms = self.clock_ms.saturating_add(ms);
        let now = self.clock_ms;
        let (due, rest) = std::mem::take(&mut self.later).into_iter().partition(|(at, ..)| *at <= now);
        self.later = rest;
        let due: Vec<(u64, Cell, Value)> = due;
        self.facts.extend(due.into_iter().map(|(_, cell, value)| (cell, value)));
        for (_, cell) in self.shown_later.extract_if(.., |(at, _)| *at <= now) {
            self.hidden.remove(&cell);
        }
    }

    /// The fault that this performance meets, if any.
    fn fault(&mut self, claim: &Claim) -> Option<Fault> {
        let fault = self
            .faults
            .iter_mut()
            .find(|fault| fault.step == claim.step && fault.phase == claim.phase && fault.times > 0)?;
        fault.times -= 1;
        Some(fault.fault)
    }
}

impl World for Simulated<'_> {
    async fn perform(&self, request: EffectRequest) -> Outcome {
        match request {
            EffectRequest::Act { claim, act, .. } => {
                self.meanwhile().await;
                self.act(claim, &act)
            }
            EffectRequest::Examine { claim, .. } => self.examine(claim),
            EffectRequest::Read { label, from, .. } => self.read(&label, &from),
            EffectRequest::Interrupt { .. } => report(true, ""),
            EffectRequest::Notify { channel, text } => {
                let mut inner = self.inner.borrow_mut();
                if inner.deaf.contains(&channel) {
                    return Outcome::NotPerformed { why: "nobody listens to it".into() };
                }
                let at = inner.clock_ms;
                inner.told.push((at, channel, text));
                report(true, "")
            }
            EffectRequest::Ask(question) => {
                let inner = self.inner.borrow();
                let within_ms = question.within_ms.unwrap_or(0);
                let nobody = || Some((question.default?, AnsweredBy::Default { within_ms }));
                let reply = inner.replies.get(&question.text).cloned();
                match reply.map(|value| (value, AnsweredBy::Person(person()))).or_else(nobody) {
                    Some((value, by)) => answered(value, question.text, by),
                    None => Outcome::NotPerformed { why: "nobody answered".into() },
                }
            }
            EffectRequest::Approval { shown, given, .. } => {
                let mut inner = self.inner.borrow_mut();
                inner.approvals += 1;
                inner.shown = shown;
                let Some(mut approver) = inner.approver.clone() else {
                    return Outcome::NotPerformed { why: "nobody approved it".into() };
                };
                // Each is somebody else: as many as are asked agree.
                while given.iter().any(|given| given.by.uid == approver.uid) {
                    approver = Identity {
                        user: format!(
                            "{}-{}",
                            approver.user.split('-').next().unwrap_or_default(),
                            approver.uid + 1
                        ),
                        uid: approver.uid + 1,
                        verified: false,
                    };
                }
                let fields: BTreeMap<Name, Value> = BTreeMap::from([
                    ("approved".into(), Value::Bool(!inner.denies)),
                    ("user".into(), Value::Text(approver.user)),
                    ("uid".into(), Value::Int(i64::from(approver.uid))),
                    ("comment".into(), Value::Text(String::new())),
                ]);
                with_value(Value::Record(fields))
            }
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp(START_MS.saturating_add(self.inner.borrow().clock_ms))
    }

    fn answer(&self, cell: &Cell) -> Option<Answer> {
        let inner = self.inner.borrow();
        Some(match inner.facts.get(cell) {
            Some(value) if !inner.hidden.contains(cell) => Answer::Known(value.clone()),
            Some(_) | None => Answer::Unknown("the model does not know it".into()),
        })
    }

    async fn sleep(&self, ms: u64) {
        self.inner.borrow_mut().pass(ms);
    }
}

/// Most turns that a run in a model takes: an act of a branch takes two.
const TURNS_MAX: u32 = 1_000_000;

/// Runs what never waits for anything outside to its end.
///
/// # Panics
///
/// If it waits: then it does not belong to a model.
pub fn run_now<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    for _ in 0..TURNS_MAX {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return value;
        }
    }
    unreachable!("nothing in a model waits for anything outside of it")
}

/// The words of a command, as a reply to it names them. A secret is `***`.
fn words(command: &Command) -> String {
    let word = |word: &Text| {
        let piece = |piece: &Piece| match piece {
            Piece::Plain(text) => text.clone(),
            Piece::Secret(_) => "***".to_owned(),
        };
        word.iter().map(piece).collect::<String>()
    };
    let member = |words: &Vec<Text>| words.iter().map(word).collect::<Vec<_>>().join(" ");
    command.pipeline.iter().map(member).collect::<Vec<_>>().join(" | ")
}

/// How an act ended.
fn report(ok: bool, why: &str) -> Outcome {
    Outcome::Performed(Report {
        ok,
        why: why.into(),
        exit: Some(Exit::Code(i32::from(!ok))),
        value: None,
        output: Vec::new(),
        elapsed_ms: ACT_MS,
        left_running: Vec::new(),
        answered: None,
    })
}

/// Whoever answers in a model.
fn person() -> Identity {
    Identity { user: "somebody".into(), uid: 1, verified: false }
}

/// What a question gives.
fn answered(value: Value, question: String, by: AnsweredBy) -> Outcome {
    let mut outcome = with_value(value);
    if let Outcome::Performed(report) = &mut outcome {
        report.answered = Some(Answered { question, by, comment: String::new() });
    }
    outcome
}

/// What a read gives.
fn with_value(value: Value) -> Outcome {
    let mut outcome = report(true, "");
    if let Outcome::Performed(report) = &mut outcome {
        report.value = Some(value);
    }
    outcome
}

/// A value that makes a literal true.
pub(crate) fn satisfying(literal: &Literal, known: &Known<'_>) -> Option<Value> {
    let (comparison, expr) = match &literal.atom.test {
        Test::Holds => return Some(Value::Bool(literal.holds)),
        Test::Compares(comparison, expr) => (*comparison, expr),
    };
    let value = eval(expr, known).ok()?;
    let by = match (comparison, literal.holds) {
        (Comparison::Equal | Comparison::LessOrEqual | Comparison::GreaterOrEqual, true)
        | (Comparison::NotEqual | Comparison::Less | Comparison::Greater, false) => return Some(value),
        (Comparison::Less, true) | (Comparison::GreaterOrEqual, false) => -1,
        (Comparison::NotEqual | Comparison::Greater, true)
        | (Comparison::Equal | Comparison::LessOrEqual, false) => 1,
    };
    Some(shifted(value, by))
}

/// A value next to another: one more, or one less. What has no neighbour stays.
fn shifted(value: Value, by: i64) -> Value {
    if let Value::Bool(yes) = value {
        return Value::Bool(!yes);
    }
    if let Value::Text(text) = &value {
        return Value::Text(format!("not {text}"));
    }
    let one = match &value {
        Value::Float(_) => Value::Float(Real(1.0)),
        Value::Duration(_) => Value::Duration(1),
        Value::Size(_) => Value::Size(1),
        Value::Percent(_) => Value::Percent(Real(1.0)),
        Value::None | Value::Bool(_) | Value::Int(_) | Value::Text(_) | Value::Time(_) => Value::Int(1),
        Value::List(_) | Value::Record(_) | Value::Secret(_) => Value::Int(1),
    };
    let operator = if by > 0 { BinaryOperator::Plus } else { BinaryOperator::Minus };
    let (left, right) = (Box::new(Expr::Literal(value.clone())), Box::new(Expr::Literal(one)));
    eval(&Expr::Binary(operator, left, right), &surefoot_plan::Values::default()).unwrap_or(value)
}

/// A value of a type, for what nobody gave.
fn stand_in(wanted: Option<&Type>, label: &str) -> Value {
    match wanted {
        Some(Type::Int | Type::Port) => Value::Int(1),
        Some(Type::Float) => Value::Float(Real(1.0)),
        Some(Type::Bool) => Value::Bool(true),
        Some(Type::Duration) => Value::Duration(1_000),
        Some(Type::Size) => Value::Size(1),
        Some(Type::Percent) => Value::Percent(Real(1.0)),
        Some(Type::Time) => Value::Time("2026-01-01T00:00:00Z".into()),
        Some(Type::List(_)) => Value::List(Vec::new()),
        Some(Type::Record(fields)) => {
            Value::Record(fields.iter().map(|(name, of)| (name.clone(), stand_in(Some(of), name))).collect())
        }
        Some(Type::OneOf(words)) => Value::Text(words.first().cloned().unwrap_or_default()),
        Some(Type::Optional(_)) => Value::None,
        Some(Type::Json) => Value::Record(BTreeMap::new()),
        Some(Type::Text | Type::Host | Type::Path | Type::Url) | None => Value::Text(format!("a {label}")),
    }
}
