//! A run of a plan in a watched model, that can be killed anywhere, with a person who tells the truth.

#![expect(clippy::wildcard_enum_match_arm, reason = "each check looks at the few events that concern it")]

use std::collections::{BTreeMap, VecDeque};

use surefoot_executor::simulated::run_now;
use surefoot_executor::{Control, Halt, Program, Signal, Timestamp, drive, record};
use surefoot_journal::{
    Choice, Debt, Effect, Event, Facing, HeldWhy, Phase, Record, RunState, Standing, WayBackVerdict,
};
use surefoot_plan::{Literal, Plan, StepId, Tri, Value, Way};
use surefoot_tests::{Death, Memory, operator, started};

use crate::audit::audit;
use crate::world::{Facts, Watched, decided};

/// How often a person is asked before the run counts as one that never ends.
const QUESTIONS_MAX: usize = 40;

/// What the person at the terminal is like.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Person {
    /// Takes back whatever waits.
    Back,
    /// Goes on, as long as that may help; then takes back.
    On,
    /// Lets a run that ended well be taken back too.
    Regrets,
}

/// A run.
pub(crate) struct Run<'a> {
    pub(crate) program: &'a Program,
    pub(crate) world: Watched<'a>,
    pub(crate) journal: Memory,
    pub(crate) state: RunState,
    person: Person,
    decisions: VecDeque<Signal>,
    /// What was so when each record was written; the first before anything.
    snapshots: Vec<Facts>,
    /// Whether a person let a debt go: what follows may meet what nobody proved.
    forgave: bool,
}

impl<'a> Run<'a> {
    /// A run that begins where this is so.
    pub(crate) fn new(
        program: &'a Program,
        start: &Facts,
        list: &[&str],
        person: Person,
        seed: u64,
    ) -> Run<'a> {
        let world = Watched::new(program, seed);
        for (cell, value) in start {
            world.inner.set(cell.clone(), value.clone());
        }
        let items = list.iter().map(|item| Value::Text((*item).to_owned())).collect();
        world.inner.reply("hosts", Value::List(items));
        Run {
            program,
            world,
            journal: Memory::default(),
            state: RunState::new(),
            person,
            decisions: VecDeque::new(),
            snapshots: Vec::new(),
            forgave: false,
        }
    }

    /// Goes on, over as many deaths and questions as it takes, and returns all that was wrong.
    pub(crate) fn out(&mut self, death: Option<Death>) -> Vec<String> {
        let mut death = death;
        let mut tries: BTreeMap<String, u32> = BTreeMap::new();
        for _ in 0..QUESTIONS_MAX {
            while !self.live(death) {
                death = None;
            }
            death = None;
            self.check_rest();
            if !self.decide(&mut tries) {
                return self.all_wrong();
            }
        }
        let mut wrong = self.all_wrong();
        wrong.push(format!("it never ends: {:?}", self.state.standing()));
        wrong
    }

    /// One life of the executor. True if it was not killed.
    fn live(&mut self, death: Option<Death>) -> bool {
        self.journal.death = death;
        let first = if self.journal.records.is_empty() {
            self.snapshots.push(self.world.inner.facts());
            started(self.program.plan())
        } else {
            // Whatever the last life thought is gone: only the journal is left.
            let mut state = RunState::new();
            for record in &self.journal.records {
                if let Err(error) = state.apply(record) {
                    self.world.note(format!("the journal cannot be folded again: {error}"));
                }
            }
            self.state = state;
            Event::Resumed {
                operator: operator(),
                host: "here".into(),
                boot_id: "boot".into(),
                version: "0".into(),
            }
        };
        let result = (|| {
            record(&mut self.state, &mut self.journal, Timestamp(1_767_225_600_000), first)?;
            let (_sender, signals) = tokio::sync::mpsc::unbounded_channel();
            let mut control = Control {
                operator: operator(),
                terminal: false,
                gone: false,
                signals,
                decisions: std::mem::take(&mut self.decisions),
                rejected: Vec::new(),
            };
            let (world, snapshots) = (&self.world, &mut self.snapshots);
            let mut see = |record: &Record, _: &RunState| {
                let at = usize::try_from(record.seq).unwrap_or(usize::MAX);
                let facts = world.inner.facts();
                snapshots.resize(at.max(snapshots.len() + 1), facts);
            };
            let result = run_now(drive(
                self.program,
                &mut self.state,
                &mut self.journal,
                world,
                &mut control,
                &mut see,
            ));
            if let Some((signal, why)) = control.rejected.pop() {
                world.note(format!("it does not heed {signal:?}: {why}"));
            }
            self.decisions = control.decisions;
            result
        })();
        match result {
            Ok(()) => true,
            Err(Halt::Append(_)) => false,
            Err(Halt::Illegal(error)) => {
                self.world.note(error.to_string());
                true
            }
        }
    }

    /// What the person says where it waits. False if there is nothing to say.
    fn decide(&mut self, tries: &mut BTreeMap<String, u32>) -> bool {
        let standing = self.state.standing().clone();
        let tried = tries.entry(format!("{standing:?}")).or_insert(0);
        *tried += 1;
        let forward = self.state.facing() == Facing::Forward;
        let patient = self.person == Person::On && *tried < 3;
        let choice = match &standing {
            Standing::New | Standing::Going => {
                self.world.note("it just stopped".into());
                return false;
            }
            Standing::Ended(ended) => {
                let may = ended.forward.is_good() && self.person == Person::Regrets && *tried == 1;
                if !may || self.state.closed().len() == 0 {
                    return false;
                }
                Choice::RollBack
            }
            Standing::Held(HeldWhy::Doubt(step)) => {
                self.world.inner.finish_running();
                if forward || self.state.turning().is_some() || *tried < 3 {
                    let effect = if forward { self.truth(step) } else { Effect::Unknown };
                    let (step, evidence) = (step.clone(), "looked".into());
                    self.decisions.push_back(Signal::Resolve { step, effect, by: operator(), evidence });
                    return true;
                }
                Choice::RollBack
            }
            Standing::Held(_) if forward || self.state.turning().is_some() => {
                if patient || self.state.turning().is_some() && *tried < 3 {
                    Choice::GoOn
                } else if *tried < 6 {
                    Choice::RollBack
                } else {
                    Choice::Stop
                }
            }
            Standing::Held(_) => Choice::RollBack,
            Standing::Stuck { .. } if *tried < 4 => Choice::RetryRollback,
            Standing::Stuck { debt, .. } => {
                self.forgave = true;
                let debt = debt.clone();
                self.decisions.push_back(Signal::Forgive { debt, by: operator(), reason: "a test".into() });
                return true;
            }
        };
        self.decisions.push_back(Signal::Decide { choice, by: operator(), reason: "a test".into() });
        true
    }

    /// What a step did, as somebody finds it who looks.
    fn truth(&self, step: &StepId) -> Effect {
        let facts = self.world.inner.facts();
        let plan = self.entered();
        let Some(part) = plan.steps().find(|one| one.id == *step) else { return Effect::Unknown };
        let first = self.journal.records.iter().position(
            |record| matches!(&record.event, Event::Intent { claim, .. } if claim.step == *step && claim.phase == Phase::Forward),
        );
        let before = first.and_then(|at| self.snapshots.get(at));
        let same =
            |before: &Facts| part.changes().into_iter().all(|cell| before.get(cell) == facts.get(cell));
        let full = part.ensures.iter().all(|ensure| holds(&ensure.literal, &facts));
        let acted = self
            .world
            .inner
            .performed()
            .iter()
            .any(|act| act.acted && act.claim.step == *step && act.claim.phase == Phase::Forward);
        match (acted, full, before.is_some_and(same)) {
            (false, _, _) => Effect::None,
            (true, true, _) => Effect::Full,
            (true, false, true) => Effect::None,
            (true, false, false) => Effect::Part,
        }
    }

    /// The plan, its loops as the turns that the journal says.
    fn entered(&self) -> Plan {
        let mut plan = self.program.plan().clone();
        self.state.entered().iter().for_each(|(id, items)| plan.enter(id, items));
        plan
    }

    /// Checks what must hold wherever a run rests.
    fn check_rest(&self) {
        let plan = self.entered();
        self.check_owed(&plan);
        let facts = self.world.inner.facts();
        let Standing::Ended(ended) = self.state.standing() else { return };
        if ended.forward.is_good() && ended.way_back == WayBackVerdict::NoneNeeded {
            let is_done = self.state.stopped().is_none();
            for ensure in plan.ensures.iter().filter(|_| is_done) {
                if decided(&ensure.formula, &facts) != Tri::True {
                    self.world.note(format!("it is done, and {:?} is not so", ensure.formula));
                }
            }
        }
        if ended.way_back == WayBackVerdict::Complete && !self.forgave {
            let before = self.snapshots.first().cloned().unwrap_or_default();
            self.check_same(&plan, &before, &facts, |_| true, "after the whole way back");
        }
    }

    /// Facts are as they were, but for what steps that acted leave.
    fn check_same(&self, plan: &Plan, before: &Facts, now: &Facts, of: impl Fn(&StepId) -> bool, when: &str) {
        let mut left: Vec<&surefoot_plan::Cell> = Vec::new();
        for step in plan.steps().filter(|step| of(&step.id) && self.acted(&step.id)) {
            left.extend(step.residuals());
        }
        for (cell, value) in before {
            if now.get(cell) != Some(value) && !left.contains(&cell) {
                let now = now.get(cell);
                self.world.note(format!("{when} {cell} is {now:?} and was {value}"));
            }
        }
    }

    fn acted(&self, step: &StepId) -> bool {
        self.world.inner.performed().iter().any(|act| act.claim.step == *step && act.acted)
    }

    /// Whatever acted and was not taken back is listed, unless it is sealed or was let go.
    fn check_owed(&self, plan: &Plan) {
        let owed: Vec<&StepId> = self.state.owed().map(|Debt::Rollback(step)| step).collect();
        let closed: Vec<&StepId> = self.state.closed().map(|Debt::Rollback(step)| step).collect();
        for step in plan.steps().filter(|step| matches!(step.way, Way::Rollback(_)) && self.acted(&step.id)) {
            let mut open = false;
            for record in &self.journal.records {
                match &record.event {
                    Event::Intent { claim, .. } if claim.step == step.id && claim.phase == Phase::Forward => {
                        open = true;
                    }
                    Event::Paid { debt: Debt::Rollback(id), .. }
                    | Event::Forgiven { debt: Debt::Rollback(id), .. }
                        if *id == step.id =>
                    {
                        open = false;
                    }
                    Event::NotDone { step: id, .. }
                    | Event::Resolved { step: id, effect: Effect::None, .. }
                        if *id == step.id && self.is_as_before(plan, &step.id, record.seq) =>
                    {
                        open = false;
                    }
                    Event::Sealed { debts, .. } if debts.contains(&Debt::Rollback(step.id.clone())) => {
                        open = false;
                    }
                    _ => {}
                }
            }
            if open && !owed.contains(&&step.id) && !closed.contains(&&step.id) {
                self.world
                    .note(format!("{} acted, was not taken back, and is not listed in {owed:?}", step.id));
            }
        }
    }

    /// Whether what a step changes was at this record as it was before the step first began.
    fn is_as_before(&self, plan: &Plan, step: &StepId, seq: u64) -> bool {
        let began =
            self.journal.records.iter().position(
                |record| matches!(&record.event, Event::Intent { claim, .. } if claim.step == *step),
            );
        let at = usize::try_from(seq).unwrap_or(0).saturating_sub(1);
        let (Some(before), Some(now)) = (began.and_then(|at| self.snapshots.get(at)), self.snapshots.get(at))
        else {
            return false;
        };
        let step = plan.steps().find(|one| one.id == *step);
        step.is_some_and(|step| step.changes().into_iter().all(|cell| before.get(cell) == now.get(cell)))
    }

    /// All that was wrong, as far as the records tell it too.
    fn all_wrong(&self) -> Vec<String> {
        let mut wrong = self.world.wrong();
        let performed = self.world.inner.performed();
        wrong.extend(audit(self.program.plan(), &self.journal.records, &performed));
        for record in &self.journal.records {
            if let Event::Refused { why, .. } = &record.event
                && why.drift
                && why.known_false
                && !self.forgave
            {
                wrong.push(format!("record {}: {} was proved, and is false", record.seq, why.condition));
            }
        }
        wrong.extend(self.wrong_turns());
        wrong
    }

    /// Turns that were taken back alone left the world as it was when the first of them began.
    fn wrong_turns(&self) -> Vec<String> {
        let plan = self.entered();
        let mut wrong = Vec::new();
        for record in &self.journal.records {
            let Event::TurnsTakenBack { node, items } = &record.event else { continue };
            let Some(each) = self.program.plan().each(node) else { continue };
            let names: Vec<StepId> =
                items.iter().flat_map(|item| each.names(item)).map(|(turn, _)| turn).collect();
            let began = self.journal.records.iter().position(
                |one| matches!(&one.event, Event::Intent { claim, .. } if names.contains(&claim.step)),
            );
            let (Some(began), Some(now)) = (
                began.and_then(|at| self.snapshots.get(at)),
                usize::try_from(record.seq).ok().and_then(|seq| self.snapshots.get(seq - 1)),
            ) else {
                continue;
            };
            if !self.forgave {
                let known = self.world.wrong().len();
                self.check_same(
                    &plan,
                    began,
                    now,
                    |id| names.contains(id),
                    "after its turns were taken back",
                );
                wrong.extend(self.world.wrong().into_iter().skip(known));
            }
        }
        wrong
    }

    /// How it came to rest: the verdicts, what is owed, and what is so. In which order branches were done is no
    /// part of it.
    pub(crate) fn end(&self) -> (String, Vec<StepId>, Facts) {
        let mut owed: Vec<StepId> = self.state.owed().map(|Debt::Rollback(step)| step.clone()).collect();
        let branches = self.program.plan().parallels().next().is_some();
        let standing = match self.state.standing() {
            Standing::Ended(ended) if branches => {
                format!("{:?}, {:?}, {:?}", ended.forward, ended.way_back, ended.facts)
            }
            standing => format!("{standing:?}"),
        };
        if branches {
            owed.sort();
        }
        (standing, owed, self.world.inner.facts())
    }

    /// The journal, a line a record.
    pub(crate) fn story(&self) -> String {
        let mut text = String::new();
        for record in self.journal.records.iter().take(200) {
            let mut line = format!("{:?}", record.event);
            if let Event::Started(_) = record.event {
                line = "Started".into();
            }
            let end = line.char_indices().nth(300).map_or(line.len(), |(at, _)| at);
            line.truncate(end);
            text.push_str(&format!("{:3} {line}\n", record.seq));
        }
        text
    }
}

/// Whether a literal is so.
fn holds(literal: &Literal, facts: &Facts) -> bool {
    let atom = surefoot_plan::Formula::Atom(literal.atom.clone());
    decided(&atom, facts) == if literal.holds { Tri::True } else { Tri::False }
}
