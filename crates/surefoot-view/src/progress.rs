//! Where each part of a plan stands in a run: what `status` and the live display list.

use std::collections::BTreeMap;

use surefoot_journal::{
    BackStage, Event, Facing, Record, RunState, Stage, Standing, StepState, Timestamp, Turn,
};
use surefoot_plan::{Class, Names, Node, Plan, Step, StepId, Tri, Way};

use crate::ledger::{causes, verdict};
use crate::say;
use crate::tell::{About, about};

/// What only the records tell: choices, and times.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    /// When the run began.
    pub(crate) began: Timestamp,
    /// When each part was first and last heard of, on the way forward.
    forward: BTreeMap<StepId, (Timestamp, Timestamp)>,
    /// The same for rollbacks.
    back: BTreeMap<StepId, (Timestamp, Timestamp)>,
    /// Whether each wait that is over came true.
    waits: BTreeMap<StepId, bool>,
    /// What each `if` chose.
    chose: BTreeMap<StepId, Tri>,
    /// What was found of each assumption.
    assumed: BTreeMap<StepId, Tri>,
    /// The blocks whose branches began, and whether all are over.
    blocks: BTreeMap<StepId, bool>,
}

/// How a part of a plan stands, as a sign.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Mark {
    /// It is done.
    Done,
    /// It is at work, or next.
    Current,
    /// It comes later.
    Later,
    /// It failed, or was refused.
    Failed,
    /// Nobody can tell.
    Unknown,
    /// It was taken back, or let go.
    Back,
    /// Its branch was not taken.
    Skipped,
}

/// A part of a plan in a run.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Its number, as `4` or `4.1`.
    pub(crate) number: String,
    /// Its name.
    pub(crate) id: StepId,
    /// What it is called, or asks.
    pub(crate) title: String,
    /// Whether it is a point of no return.
    pub(crate) seals: bool,
    /// Whether it is a step.
    pub(crate) is_step: bool,
    /// How long it may take, in milliseconds.
    pub(crate) limit_ms: u64,
    /// How it stands.
    pub(crate) mark: Mark,
    /// The same in a word.
    pub(crate) word: &'static str,
}

impl Progress {
    /// What these records tell.
    pub(crate) fn of(records: &[Record]) -> Progress {
        let mut progress = Progress::default();
        records.iter().for_each(|record| progress.observe(record));
        progress
    }

    /// Takes one more record in.
    pub(crate) fn observe(&mut self, record: &Record) {
        if record.seq == 1 {
            self.began = record.time;
        }
        let (spans, id) = match about(&record.event) {
            About::Node(id) => (&mut self.forward, id),
            About::Back(id) => (&mut self.back, id),
            About::Run => return,
        };
        spans.entry(id.clone()).or_insert((record.time, record.time)).1 = record.time;
        if let Event::Waited { wait, reached } = &record.event {
            self.waits.insert(wait.clone(), *reached);
        }
        if let Event::Branched { node } = &record.event {
            self.blocks.insert(node.clone(), false);
        }
        if let Event::Joined { node } = &record.event {
            self.blocks.insert(node.clone(), true);
        }
        if let Event::Assumed { assume, found } = &record.event {
            self.assumed.insert(assume.clone(), *found);
        }
        if let Event::Chose { node, arm } = &record.event {
            self.chose.insert(node.clone(), *arm);
        }
    }

    /// When a part began and was last heard of; its rollback, if that has begun.
    pub(crate) fn span(&self, id: &StepId) -> Option<(Timestamp, Timestamp)> {
        self.back.get(id).or_else(|| self.forward.get(id)).copied()
    }

    /// When a part began and was last heard of, on the way forward.
    pub(crate) fn forward_span(&self, id: &StepId) -> Option<(Timestamp, Timestamp)> {
        self.forward.get(id).copied()
    }

    /// Every part of a plan, in order, as it stands. `alive`: a process works on the run.
    pub(crate) fn rows(&self, plan: &Plan, state: &RunState, alive: bool) -> Vec<Row> {
        let names = Names::found(plan, state.bound());
        let mut rows = Vec::new();
        self.add_rows(&names, state, &plan.body, "", false, &mut rows);
        if state.facing() == Facing::Back && state.turning().is_none() || state.ended().is_some() {
            for row in rows.iter_mut().filter(|row| row.mark == Mark::Later) {
                row.word = "not reached";
            }
            return rows;
        }
        if !alive {
            for row in rows.iter_mut().filter(|row| row.mark == Mark::Current) {
                (row.mark, row.word) = (Mark::Unknown, "CUT OFF");
            }
        }
        if !matches!(state.standing(), Standing::Going) {
            return rows;
        }
        let Some((block, lines)) = state.branches() else {
            if state.active().is_none() {
                self.mark_next(rows.iter_mut().find(|row| row.mark == Mark::Later), state, alive);
            }
            return rows;
        };
        // Each branch has a part that is next.
        for (line, branch) in lines.iter().zip(0..) {
            let own =
                |row: &&mut Row| row.mark == Mark::Later && state.branch(&row.id) == Some((block, branch));
            if line.active.is_none() {
                self.mark_next(rows.iter_mut().find(own), state, alive);
            }
        }
        rows
    }

    /// Marks the part that is next, if there is one.
    fn mark_next(&self, next: Option<&mut Row>, state: &RunState, alive: bool) {
        if let Some(next) = next {
            let asked = state.approval(&next.id).is_some_and(|asked| !asked.is_answered());
            let waits = !next.is_step && self.forward.contains_key(&next.id);
            (next.mark, next.word) = match (asked, waits) {
                _ if !alive => (Mark::Later, "next"),
                (true, _) => (Mark::Current, "needs a yes"),
                (false, true) => (Mark::Current, "waiting"),
                (false, false) => (Mark::Current, "next"),
            };
        }
    }

    /// Adds the parts in these nodes.
    fn add_rows(
        &self,
        names: &Names<'_>,
        state: &RunState,
        nodes: &[Node],
        above: &str,
        skipped: bool,
        rows: &mut Vec<Row>,
    ) {
        for (at, node) in nodes.iter().enumerate() {
            let number = format!("{above}{}", at + 1);
            let inside = format!("{number}.");
            let later = if skipped { (Mark::Skipped, "not taken") } else { (Mark::Later, "to do") };
            match node {
                Node::Step(step) => {
                    let (mark, word) = match state.step(&step.id) {
                        Some(found) => standing(state, &step.id, found),
                        None => later,
                    };
                    rows.push(Row {
                        number,
                        id: step.id.clone(),
                        title: step.title.clone(),
                        seals: seals(step),
                        is_step: true,
                        limit_ms: step.deadline_ms,
                        mark,
                        word,
                    });
                }
                Node::Wait(wait) => {
                    let again = state.is_again(&wait.id);
                    let reached = self.waits.get(&wait.id).filter(|_| !again);
                    let (mark, word) = match reached {
                        Some(true) => (Mark::Done, "came true"),
                        Some(false) => (Mark::Failed, "gave up"),
                        None => later,
                    };
                    rows.push(Row {
                        number,
                        id: wait.id.clone(),
                        title: format!("wait until {}", names.formula(&wait.until.formula)),
                        seals: false,
                        is_step: false,
                        limit_ms: wait.until.within_ms,
                        mark,
                        word,
                    });
                    let skipped = skipped || reached == Some(&true);
                    self.add_rows(names, state, &wait.otherwise, &inside, skipped, rows);
                }
                Node::Each(each) => {
                    let items = state.entered().get(&each.id);
                    let (mark, word) = match items.map(|items| items.len()) {
                        Some(0) => (Mark::Done, "no item"),
                        Some(_) => (Mark::Done, "list found"),
                        None => later,
                    };
                    rows.push(Row {
                        number,
                        id: each.id.clone(),
                        title: say::turns(each),
                        seals: false,
                        is_step: false,
                        limit_ms: 0,
                        mark,
                        word,
                    });
                    // What is done for any item, until it is known for which.
                    let Some(items) = items else {
                        self.add_rows(names, state, &each.body, &inside, skipped, rows);
                        continue;
                    };
                    for (at, item) in items.iter().enumerate() {
                        let turn = format!("{inside}{}.", at + 1);
                        let index = u32::try_from(at).unwrap_or(u32::MAX);
                        let failed = Turn { node: each.id.clone(), index };
                        let skipped = skipped || state.failed_turns().contains(&failed);
                        self.add_rows(names, state, &each.turn(item), &turn, skipped, rows);
                    }
                }
                Node::Parallel(parallel) => {
                    let turned = state.facing() == Facing::Back || state.ended().is_some();
                    let (mark, word) = match self.blocks.get(&parallel.id) {
                        Some(true) => (Mark::Done, "all over"),
                        Some(false) if turned => (Mark::Failed, "given up"),
                        Some(false) if !matches!(state.standing(), Standing::Going) => {
                            (Mark::Later, "not over")
                        }
                        Some(false) => (Mark::Current, "at work"),
                        None => later,
                    };
                    rows.push(Row {
                        number,
                        id: parallel.id.clone(),
                        title: format!("{} at the same time", say::branches(parallel)),
                        seals: false,
                        is_step: false,
                        limit_ms: 0,
                        mark,
                        word,
                    });
                    for (at, branch) in parallel.branches.iter().enumerate() {
                        let above = format!("{inside}{}", say::branch_letter(at));
                        self.add_rows(names, state, branch, &above, skipped, rows);
                    }
                }
                Node::Assume { id, literal, .. } => {
                    let (mark, word) = match self.assumed.get(id) {
                        Some(Tri::True) => (Mark::Done, "holds"),
                        Some(Tri::False | Tri::Unknown) => (Mark::Unknown, "not told"),
                        None => later,
                    };
                    rows.push(Row {
                        number,
                        id: id.clone(),
                        title: format!("assume {}", names.literal(literal)),
                        seals: false,
                        is_step: false,
                        limit_ms: 0,
                        mark,
                        word,
                    });
                }
                Node::Stop { id, why } => {
                    let reached = state.finished().is_some_and(|last| last.node == *id);
                    let (mark, word) = if reached { (Mark::Done, "ended here") } else { later };
                    rows.push(Row {
                        number,
                        id: id.clone(),
                        title: format!("stop: {why}"),
                        seals: false,
                        is_step: false,
                        limit_ms: 0,
                        mark,
                        word,
                    });
                }
                Node::If { hypothesis: Some(_), .. } => {
                    self.add_causes(names, state, node, &number, skipped, rows);
                }
                Node::If { id, condition, text, then, otherwise, unknown, hypothesis: None } => {
                    let chose = self.chose.get(id);
                    let (mark, word) = match chose {
                        Some(Tri::True) => (Mark::Done, "true"),
                        Some(Tri::False) => (Mark::Done, "false"),
                        Some(Tri::Unknown) => (Mark::Done, "unknown"),
                        None => later,
                    };
                    rows.push(Row {
                        number,
                        id: id.clone(),
                        title: format!("if {}", say::condition(names, condition, text)),
                        seals: false,
                        is_step: false,
                        limit_ms: 0,
                        mark,
                        word,
                    });
                    let empty: &[Node] = &[];
                    let arms = [
                        (Tri::True, then.as_slice()),
                        (Tri::False, otherwise.as_slice()),
                        (Tri::Unknown, unknown.as_deref().unwrap_or(empty)),
                    ];
                    for (arm, nodes) in arms {
                        let letter = match arm {
                            Tri::True => "a",
                            Tri::False => "b",
                            Tri::Unknown => "c",
                        };
                        let skipped = skipped || chose.is_some_and(|chose| *chose != arm);
                        self.add_rows(names, state, nodes, &format!("{inside}{letter}"), skipped, rows);
                    }
                }
            }
        }
    }
}

impl Progress {
    /// Adds the causes of a question, and what is done when none is found.
    fn add_causes(
        &self,
        names: &Names<'_>,
        state: &RunState,
        first: &Node,
        number: &str,
        mut skipped: bool,
        rows: &mut Vec<Row>,
    ) {
        let (causes, last) = causes(first);
        for (at, tried) in causes.iter().enumerate() {
            let number = format!("{number}.{}", at + 1);
            let chose = self.chose.get(tried.id).copied();
            let (mark, word) = match chose {
                Some(Tri::Unknown) => (Mark::Unknown, verdict(Tri::Unknown)),
                Some(arm) => (Mark::Done, verdict(arm)),
                None if skipped => (Mark::Skipped, "not tried"),
                None => (Mark::Later, "to do"),
            };
            let inside = format!("{number}.");
            rows.push(Row {
                number,
                id: tried.id.clone(),
                title: format!("is it that {}? {}", tried.hypothesis.text, tried.asked(names)),
                seals: false,
                is_step: false,
                limit_ms: 0,
                mark,
                word,
            });
            let not_found = skipped || chose.is_some_and(|arm| arm != Tri::True);
            self.add_rows(names, state, tried.then, &inside, not_found, rows);
            skipped |= chose == Some(Tri::True);
        }
        self.add_rows(names, state, last, &format!("{number}.{}.", causes.len() + 1), skipped, rows);
    }
}

/// Whether a step is a point of no return.
pub(crate) fn seals(step: &Step) -> bool {
    step.class != Class::Read && matches!(step.way, Way::Irreversible(_))
}

/// How a step stands in a run that may have stopped in the middle of it.
fn standing(state: &RunState, id: &StepId, step: &StepState) -> (Mark, &'static str) {
    let moves = matches!(state.standing(), Standing::Going);
    match step.back {
        BackStage::Untouched => {}
        BackStage::Guarded | BackStage::Acting | BackStage::Between | BackStage::Observed => {
            return match moves {
                true => (Mark::Current, "being taken back"),
                false => (Mark::Unknown, "taking back was cut off"),
            };
        }
        BackStage::Refused | BackStage::Stuck => return (Mark::Failed, "STUCK, still owed"),
        BackStage::Paid => return (Mark::Back, "taken back"),
        BackStage::Forgiven => return (Mark::Back, "let go"),
        BackStage::Sealed => {}
    }
    match step.stage {
        Stage::New => (Mark::Later, "to do"),
        Stage::Guarded | Stage::Prepared if step.attempt == 0 => (Mark::Current, "starting"),
        Stage::Guarded | Stage::Prepared | Stage::Acting | Stage::Between | Stage::Observed => {
            let back = state.facing() == Facing::Back;
            match (back, state.under_way().any(|step| step == id)) {
                (false, true) => (Mark::Current, "running"),
                (true, _) | (false, false) => (Mark::Unknown, "cut off"),
            }
        }
        Stage::Refused => (Mark::Failed, "refused, not begun"),
        Stage::NotDone => (Mark::Failed, "did not act"),
        Stage::Partial => (Mark::Failed, "may be half done"),
        Stage::Doubt => (Mark::Unknown, "UNKNOWN"),
        Stage::Done => (Mark::Done, "done"),
        Stage::Failed => (Mark::Failed, "FAILED"),
    }
}

impl Mark {
    /// The sign, and its ASCII form. The word beside it says the same.
    pub(crate) fn sign(self) -> (&'static str, &'static str) {
        match self {
            Mark::Done => ("✓", "+"),
            Mark::Current => ("▸", ">"),
            Mark::Later => ("·", "."),
            Mark::Failed => ("✗", "x"),
            Mark::Unknown => ("?", "?"),
            Mark::Back => ("↩", "<"),
            Mark::Skipped => (" ", " "),
        }
    }
}

#[cfg(test)]
mod tests;
