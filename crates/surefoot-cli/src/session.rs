//! One executor at work on one run: the wiring of journal, world, people and screen around the loop.
//!
//! A fresh run enters with one record, a resumed one with many; from there both take the same path.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use surefoot_executor::{Control, Halt, Program, Signal, drive, going_on, record, turning_back};
use surefoot_journal::{
    Debt, Event, HeldWhy, Holder, Identity, Record, RunFolder, RunState, Standing, Started, StateRoot,
    Target, TargetLock, Timestamp, WorldKind, Writer, person,
};
use surefoot_plan::{GRACE_MS, Name, Plan, Policy, VerifiedPlan, verify};
use surefoot_sandbox::{RealWorld, Waivers};
use tokio::sync::mpsc;

use crate::command::status::around;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::hand::Hand;
use crate::people::{About, Desk, Seat};
use crate::screen::Display;
use crate::terminal::Keyboard;
use crate::{bind, load, runs};

/// What is kept free on the disk for the way back, in bytes: claims and outputs of rollbacks. The journal
/// keeps its own reserve.
const SET_ASIDE_BYTES: u64 = 8 << 20;

/// What a run is started with.
pub(crate) struct Beginning {
    pub(crate) plan: VerifiedPlan,
    pub(crate) root: StateRoot,
    pub(crate) roles: BTreeMap<Name, Vec<String>>,
    /// What each channel is bound to.
    pub(crate) channels: BTreeMap<Name, String>,
    pub(crate) waivers: Waivers,
    /// The waivers with their reason, as they are recorded.
    pub(crate) waived: Vec<String>,
    pub(crate) json: bool,
}

/// Starts a run, and drives it.
pub(crate) fn begin(beginning: Beginning) -> Result<Exit, CommandError> {
    let Beginning { plan, root, roles, channels, waivers, waived, json } = beginning;
    let operator = person::operator();
    bind::hosts(plan.plan())?;
    bind::roles(plan.plan(), &roles, &operator)?;
    bind::channels(plan.plan(), &channels)?;
    let (secrets, path) = bind::look_around(plan.plan())?;
    crate::confine::check(&waivers)?;
    let time = runs::now();
    let run = root
        .new_run(time)
        .map_err(|error| CommandError::usage(format!("no id can be made for the run: {error}.")))?;
    let holder = Holder::here(&run, &plan.plan().runbook, time);
    let locks = lock_all(&root, plan.plan(), &holder)?;
    let folder = root.create(&run).map_err(|error| runs::create_error(&error))?;
    let lock = folder.lock(&holder).map_err(|error| runs::lock_error(&error))?;
    folder.set_aside(SET_ASIDE_BYTES).map_err(|error| {
        CommandError::new(
            Exit::JournalUnwritable,
            format!("no space can be kept for the way back: {error}. Nothing was done."),
        )
        .hint("make room, or name another folder with `--state DIR`")
    })?;
    let started = Started {
        run,
        plan: plan.plan().clone(),
        digest: plan.plan().digest().0,
        world: WorldKind::Real,
        operator: operator.clone(),
        host: person::host(),
        boot_id: person::boot_id(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        waivers: waived,
        roles: roles.clone(),
        channels: channels.clone(),
    };
    let (writer, first) =
        Writer::create(&folder, lock, time, started).map_err(|error| runs::open_error(&folder, &error))?;
    let mut state = RunState::new();
    state.apply(&first).map_err(|error| internal(&error))?;
    Session {
        plan: Arc::new(plan.plan().clone()),
        verified: Arc::new(plan),
        root,
        folder,
        writer,
        locks,
        state,
        records: vec![first],
        operator,
        roles,
        channels,
        secrets,
        path,
        waivers,
        json,
        decisions: VecDeque::new(),
        waits: false,
    }
    .work()
}

/// What an operator wants of a run that they take up.
#[derive(Debug)]
pub(crate) enum Wish {
    /// Go on.
    GoOn,
    /// Pay what is owed.
    RollBack,
    /// Only let this debt go.
    Forgive(Signal),
}

/// Takes all that a run keeps others from, or nothing.
fn lock_all(root: &StateRoot, plan: &Plan, holder: &Holder) -> Result<Vec<TargetLock>, CommandError> {
    let lock = |target: &Target| root.lock_target(target, holder).map_err(|error| runs::lock_error(&error));
    Target::all_of(plan).iter().map(lock).collect()
}

/// Takes up a run that was left, and drives it.
pub(crate) fn take_up(
    root: StateRoot,
    folder: RunFolder,
    wish: Wish,
    json: bool,
) -> Result<Exit, CommandError> {
    let operator = person::operator();
    // Read before anything is written: what is missing must change nothing.
    let (records, _) = runs::read(&folder)?;
    let Some(Record { event: Event::Started(started), .. }) = records.first() else {
        return Err(CommandError::new(Exit::JournalDamaged, "the journal does not begin with a start."));
    };
    if started.world != WorldKind::Real {
        return Err(CommandError::usage("this run was not real, and cannot be taken up."));
    }
    // Before its secrets and programs are looked for: a run that is over needs none. While somebody is at
    // work on it, what it has a use for may change: its lock says who that is.
    if !matches!(folder.holder(), Ok(Some(_))) {
        refuse_idle(&folded(&records, &folder)?, &wish, &folder)?;
    }
    let plan =
        verify(started.plan.clone(), &Policy::default()).map_err(|violations| load::refuse(&violations))?;
    bind::hosts(plan.plan())?;
    let (secrets, path) = bind::look_around(plan.plan())?;
    let (roles, waived) = (started.roles.clone(), started.waivers.clone());
    let channels = started.channels.clone();
    let time = runs::now();
    let holder = Holder::here(folder.run(), &plan.plan().runbook, time);
    let lock = folder.lock(&holder).map_err(|error| runs::lock_error(&error))?;
    let locks = lock_all(&root, plan.plan(), &holder)?;
    let opened = Writer::open(&folder, lock, time).map_err(|error| runs::open_error(&folder, &error))?;
    let state = folded(&opened.records, &folder)?;
    // And again now that nobody else can write: its last executor may have ended it meanwhile.
    refuse_idle(&state, &wish, &folder)?;
    let mut session = Session {
        plan: Arc::new(plan.plan().clone()),
        verified: Arc::new(plan),
        root,
        folder,
        writer: opened.writer,
        locks,
        state,
        records: opened.records,
        operator,
        roles,
        channels,
        secrets,
        path,
        waivers: crate::waive::read(&waived)?,
        json,
        decisions: VecDeque::new(),
        waits: false,
    };
    session.resume(wish)?;
    session.work()
}

/// The state that records lead to.
fn folded(records: &[Record], folder: &RunFolder) -> Result<RunState, CommandError> {
    let mut state = RunState::new();
    for record in records {
        state.apply(record).map_err(|error| {
            CommandError::new(Exit::JournalDamaged, format!("{}: {error}.", folder.journal().display()))
        })?;
    }
    Ok(state)
}

/// Refuses what a run has no use for, before its journal says that it was taken up.
///
/// Who resumes a run that is over learns how it ended, by its exit too: its executor may have died
/// before it could tell.
fn refuse_idle(state: &RunState, wish: &Wish, folder: &RunFolder) -> Result<(), CommandError> {
    let run = &folder.run().0;
    let ended = if let Standing::Ended(ended) = state.standing() { Some(ended) } else { None };
    let is_over = ended.is_some();
    let verdict = ended.map_or(Exit::Usage, Exit::of);
    let owed: Vec<&str> = state.owed().map(|Debt::Rollback(step)| step.0.as_str()).collect();
    let story = format!("surefoot transcript {run}");
    match wish {
        Wish::GoOn if is_over && !owed.is_empty() => Err(CommandError::new(
            verdict,
            format!("run {run} was ended and cannot go forward again, and it owes {}.", owed.join(", ")),
        )
        .hint(format!(
            "surefoot rollback {run} takes that back, latest first; then the runbook can be run anew"
        ))),
        Wish::GoOn if is_over => {
            Err(CommandError::new(verdict, format!("run {run} is over, and owes nothing.")).hint(story))
        }
        Wish::RollBack if is_over && owed.is_empty() && state.closed().len() == 0 => {
            Err(CommandError::usage(format!("run {run} is over, and nothing of it is left to take back."))
                .hint(story))
        }
        // It would only be given up: what is left to do could never be done.
        Wish::RollBack if !is_over && owed.is_empty() && !state.seals().is_empty() => {
            let sealed: Vec<&str> = state.seals().iter().map(|step| step.0.as_str()).collect();
            let sealed = sealed.join(", ");
            Err(CommandError::usage(format!(
                "run {run} owes nothing: {sealed} was a point of no return, and what came before it stays done."
            ))
            .hint(format!("surefoot resume {run} goes on with what is left to do")))
        }
        Wish::Forgive(Signal::Forgive { debt: Debt::Rollback(step), .. })
            if !owed.contains(&step.0.as_str()) =>
        {
            let owes = if owed.is_empty() { "nothing".to_owned() } else { owed.join(", ") };
            Err(CommandError::usage(format!("run {run} does not owe the rollback of `{step}`."))
                .hint(format!("it owes {owes}")))
        }
        Wish::GoOn | Wish::RollBack | Wish::Forgive(_) => Ok(()),
    }
}

/// An executor at work on a run.
struct Session {
    plan: Arc<Plan>,
    verified: Arc<VerifiedPlan>,
    root: StateRoot,
    folder: RunFolder,
    writer: Writer,
    /// What it works on, and the names that its runbook locks.
    locks: Vec<TargetLock>,
    state: RunState,
    records: Vec<Record>,
    operator: Identity,
    channels: BTreeMap<Name, String>,
    roles: BTreeMap<Name, Vec<String>>,
    secrets: BTreeMap<Name, String>,
    path: String,
    waivers: Waivers,
    json: bool,
    decisions: VecDeque<Signal>,
    /// Nothing is to be driven.
    waits: bool,
}

impl Session {
    /// Records that the run is taken up, and what the operator wants of it.
    fn resume(&mut self, wish: Wish) -> Result<(), CommandError> {
        let event = Event::Resumed {
            operator: self.operator.clone(),
            host: person::host(),
            boot_id: person::boot_id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let resumed = record(&mut self.state, &mut self.writer, runs::now(), event);
        self.records.push(resumed.map_err(|halt| self.failed(&Failed::Halt(halt)))?);
        let by = self.operator.clone();
        match wish {
            // Who types `resume` has decided that it goes on.
            Wish::GoOn => self.decisions.extend(going_on(&self.state).map(|choice| Signal::Decide {
                choice,
                by,
                reason: "surefoot resume".to_owned(),
            })),
            Wish::RollBack => self.decisions.push_back(Signal::Decide {
                choice: turning_back(&self.state),
                by,
                reason: "surefoot rollback".to_owned(),
            }),
            // A run that waits goes on waiting: only its debt was spoken of.
            Wish::Forgive(Signal::Forgive { debt, by, reason })
                if matches!(self.state.standing(), Standing::Held(_)) =>
            {
                let event = Event::Forgiven { debt, by, reason };
                let forgiven = record(&mut self.state, &mut self.writer, runs::now(), event);
                self.records.push(forgiven.map_err(|halt| self.failed(&Failed::Halt(halt)))?);
                self.waits = true;
            }
            Wish::Forgive(signal) => self.decisions.push_back(signal),
        }
        Ok(())
    }

    /// Drives the run until it is over or waits for somebody who is not there.
    fn work(mut self) -> Result<Exit, CommandError> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
                CommandError::new(Exit::Internal, format!("no runtime can be started: {error}."))
            })?;
        let keyboard = Rc::new(Keyboard::new());
        let plan = self.plan.clone();
        let short = around(&self.root, &self.folder).short;
        let display = Rc::new(Display::new(self.json, &plan, &short, &self.records));
        let driven = if self.waits { Ok(()) } else { runtime.block_on(self.drive(&keyboard, &display)) };
        // A thread may still wait for the keyboard; it must not keep the command from ending.
        runtime.shutdown_background();
        let exit = self.let_go();
        display.conclude(&self.root, &self.folder);
        driven.map_err(|failed| self.failed(&failed))?;
        Ok(exit)
    }

    async fn drive(&mut self, keyboard: &Rc<Keyboard>, display: &Rc<Display<'_>>) -> Result<(), Failed> {
        let (signals, heard) = mpsc::unbounded_channel();
        let mut hand = Hand::new(signals, self.operator.clone()).map_err(Failed::Signals)?;
        let about = About {
            run: self.folder.run().clone(),
            inbox: self.folder.inbox(),
            digest: self.plan.digest().0,
            plan: self.plan.clone(),
            roles: self.roles.clone(),
            channels: self.channels.clone(),
            state: self.root.path().display().to_string(),
        };
        let desk = Rc::new(Desk::new(about, keyboard.clone(), display.clone(), hand.stopping()));
        let (printing, mut printed) = mpsc::unbounded_channel();
        let world = RealWorld::new(self.folder.clone(), &self.path, self.secrets.clone(), Seat(desk.clone()))
            .with_waivers(&self.waivers)
            .with_live(printing);
        self.say_what_still_runs(display);
        let mut control = Control {
            operator: self.operator.clone(),
            terminal: keyboard.is_terminal(),
            gone: false,
            signals: heard,
            decisions: std::mem::take(&mut self.decisions),
            rejected: Vec::new(),
        };
        let program = Program::new(self.verified.clone());
        let said = hand.said();
        let folder = &self.folder;
        let mut observe = |record: &Record, _: &RunState| {
            desk.recorded();
            display.record(record);
            if let Event::Decided { .. } = &record.event {
                said.begin_anew();
            }
            if let Event::TurnedBack { .. } = &record.event {
                // From here on the way back may use the space that was kept for it.
                let _ = folder.give_back();
            }
        };
        loop {
            let driving =
                drive(&program, &mut self.state, &mut self.writer, &world, &mut control, &mut observe);
            hand.attend(driving, folder, display, &mut printed).await.map_err(Failed::Halt)?;
            // Nobody is left to ask, as when the machine shuts down: what the runbook says decides.
            let interrupted = *self.state.standing() == Standing::Held(HeldWhy::Cancelled);
            if !(control.terminal && interrupted && said.is_alone()) {
                break;
            }
            control.terminal = false;
        }
        for (signal, why) in &control.rejected {
            display.say(&[format!("  note: this was not done, because {why}: {}", wish_of(signal))]);
        }
        Ok(())
    }

    /// Says what the run waits for first, if a statement outlived its last executor: its supervisor ends it in
    /// time, but that may be long.
    fn say_what_still_runs(&self, display: &Display<'_>) {
        for (id, step) in self.state.steps() {
            let Some(claim) = step.running().map(|running| &running.claim) else { continue };
            let Some(pid) = surefoot_sandbox::at_work(&self.folder.claim(claim)) else { continue };
            let begun = |record: &&Record| matches!(&record.event, Event::Intent { claim: begun, .. } if begun == claim);
            let begun = self.records.iter().rev().find(begun).map_or_else(runs::now, |record| record.time);
            let limit = self.plan.step(id).map_or(0, |step| step.deadline_ms) + GRACE_MS;
            let until = Timestamp(begun.0.saturating_add(limit));
            display.say(&[format!(
                "  statement {} of `{id}` still runs (process {pid}): waiting for its end, until {until} at the \
                 latest. To end it now: surefoot cancel {} --now",
                claim.statement + 1,
                self.folder.run().0
            )]);
        }
    }

    /// Lets go of what the run no longer needs, and gives the exit code.
    fn let_go(&mut self) -> Exit {
        match self.state.standing() {
            Standing::Ended(ended) => {
                if ended.owed.is_empty() {
                    // Both are conveniences now: the run is over, and its journal says so.
                    let _ = self.folder.give_back();
                    for lock in self.locks.drain(..) {
                        let _ = lock.release();
                    }
                }
                Exit::of(ended)
            }
            Standing::Stuck { .. } => Exit::Stuck,
            // It waits too, but who reads the code must know that the way back is closed.
            Standing::Held(HeldWhy::Failed(_)) if !self.state.seals().is_empty() => Exit::Sealed,
            Standing::Held(_) | Standing::Going | Standing::New => Exit::Held,
        }
    }

    /// Why the run could not go on.
    fn failed(&self, failed: &Failed) -> CommandError {
        match failed {
            Failed::Halt(Halt::Append(error)) => runs::append_error(&self.folder, error),
            Failed::Halt(Halt::Illegal(error)) => internal(error),
            Failed::Signals(error) => {
                CommandError::new(Exit::Internal, format!("signals cannot be received: {error}."))
            }
        }
    }
}

/// Why a run could not be driven.
#[derive(Debug)]
enum Failed {
    Halt(Halt),
    Signals(std::io::Error),
}

fn internal(error: &surefoot_journal::IllegalTransition) -> CommandError {
    CommandError::new(Exit::Internal, format!("this is a mistake in Surefoot: {error}."))
        .hint("nothing more was done; the journal is whole; please report this with the journal")
}

/// What was wished, in words.
fn wish_of(signal: &Signal) -> String {
    match signal {
        Signal::Cancel { .. } | Signal::HungUp => "to stop".to_owned(),
        Signal::Decide { choice: surefoot_journal::Choice::RollBack, .. } => "to roll back".to_owned(),
        Signal::Decide { .. } => "to go on".to_owned(),
        Signal::Resolve { step, .. } => format!("to say what {step} did"),
        Signal::Forgive { debt: Debt::Rollback(step), .. } => {
            format!("to let the rollback of {step} go")
        }
        Signal::Note(text) => format!("to note {text}"),
    }
}
