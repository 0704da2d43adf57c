//! The walk forward: what is known at each node, what must hold there, and what is owed from then on.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::back::{Debt, Stop};
use super::branches::Around;
use super::cells::{CellIx, Cells, Form, Regions, Says};
use super::facts::{ArmEnd, Facts, Knowledge, Name, Origin};
use super::program::{Conjunct, Program};
use super::proof::{Proof, WayEntry, Ways};
use super::report::Report;
use super::table::{Judge, Judgement, Known};
use super::{Condition, Rules};
use crate::{Class, Irreversible, Node, Plan, Restores, ScopeEnd, Statement, Step, StepId, Tri, Wait, Way};

/// Walks a plan forward, and back from wherever it can stop.
pub(super) struct Verifier<'a> {
    pub(super) plan: &'a Plan,
    pub(super) rules: &'a Rules,
    pub(super) cells: &'a Cells,
    pub(super) program: &'a Program<'a>,
    pub(super) facts: Facts,
    pub(super) report: Report<'a>,
    /// What is owed, as stacks that share what is below. Parallel to `ways.entries`.
    pub(super) debts: Vec<Debt>,
    pub(super) ways: Ways,
    /// For each node, what is known of each part of its guard; empty while it was not reached.
    pub(super) forward: Vec<Vec<Known>>,
    /// The same for its rollback.
    pub(super) backward: Vec<Vec<Known>>,
    /// What is known of the runbook's `requires` and `ensures`.
    pub(super) start: Vec<Known>,
    pub(super) end: Vec<Known>,
    /// Cells on which the judgement of an open debt depends.
    pub(super) watched: BTreeSet<CellIx>,
    /// Whether something about a watched cell changed since the last walk back.
    pub(super) is_dirty: bool,
    /// What the other branches of the block around may change.
    pub(super) around: Rc<Around>,
    /// Cells that steps without a rollback left changed since the last point of no return.
    pub(super) left: BTreeSet<CellIx>,
    /// The scopes that are open, innermost last: the step that entered, and its debt.
    open: Vec<(usize, usize)>,
    /// The steps that enter a scope of which leaving does not say enough: reported by that.
    left_open: BTreeSet<usize>,
    unreachable: Vec<(StepId, Tri)>,
}

/// What holds of the run itself at a point.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow {
    /// The debt on top.
    pub(super) top: usize,
    /// The node that sealed last, on some path.
    pub(super) sealed: Option<usize>,
    /// Whether a second person's yes covers the next irreversible step, on every path.
    pub(super) is_approved: bool,
    /// The node at which the run has ended, on every path: nothing follows.
    pub(super) over: Option<usize>,
}

/// Walks a plan that is well formed.
pub(super) fn walk<'a>(
    plan: &'a Plan,
    cells: &'a Cells,
    program: &'a Program<'a>,
    rules: &'a Rules,
) -> (Proof, Report<'a>) {
    let facts = Facts::new(cells);
    let base = facts.names();
    let mut verifier = Verifier {
        plan,
        rules,
        cells,
        program,
        facts,
        report: Report::new(plan, cells, program),
        debts: vec![Debt::Bottom { base }],
        ways: Ways { entries: vec![WayEntry::Bottom], ..Ways::default() },
        forward: vec![Vec::new(); program.nodes.len()],
        backward: vec![Vec::new(); program.nodes.len()],
        start: Vec::new(),
        end: Vec::new(),
        watched: BTreeSet::new(),
        is_dirty: false,
        around: Rc::default(),
        left: BTreeSet::new(),
        open: Vec::new(),
        left_open: BTreeSet::new(),
        unreachable: Vec::new(),
    };
    verifier.run();
    verifier.finish()
}

impl<'a> Verifier<'a> {
    fn run(&mut self) {
        for (at, node) in self.program.nodes.iter().enumerate() {
            if let Node::Step(step) = node.node {
                self.contract(at, step);
                self.scope(at, step);
            }
        }
        // The invariants are asked at the entry; if one is false there, nothing is done.
        for invariant in &self.program.invariants {
            let judgement = self.judge(invariant, &BTreeSet::new());
            judgement.assume(&mut self.facts, Origin::Entry);
        }
        if !self.rules.assumptions {
            for (at, node) in self.program.nodes.iter().enumerate() {
                if let (Node::Assume { .. }, Some(assumed)) = (node.node, node.guard.first()) {
                    self.judge(&assumed.form, &BTreeSet::new()).assume(&mut self.facts, Origin::Assumed(at));
                }
            }
        }
        for (index, form) in self.program.requires.iter().enumerate() {
            let judgement = self.judge(form, &BTreeSet::new());
            if judgement.known == Known::Never {
                self.report.start_false(&self.facts, index);
            }
            self.start.push(judgement.known);
            judgement.assume(&mut self.facts, Origin::Entry);
        }
        let flow = self.nodes(&self.plan.body, Flow { top: 0, sealed: None, is_approved: false, over: None });
        if flow.over.is_some() {
            // Every path ends at a `stop`: the runbook's end is never asked.
            return;
        }
        for (index, form) in self.program.ensures.iter().enumerate() {
            let judgement = self.judge(form, &BTreeSet::new());
            if judgement.known == Known::Never {
                self.report.end_false(&self.facts, index);
            }
            self.end.push(judgement.known);
            judgement.assume(&mut self.facts, Origin::Start);
        }
        self.stop(flow.top, Stop::End, true);
        self.ways.end = flow.top;
    }

    pub(super) fn nodes(&mut self, nodes: &'a [Node], flow: Flow) -> Flow {
        nodes.iter().fold(flow, |flow, node| {
            let Some(at) = self.program.index.get(node.id().0.as_str()).copied() else { return flow };
            if let Some(over) = flow.over {
                if self.rules.stops {
                    self.report.never_reached(at, over);
                }
                return flow;
            }
            match node {
                Node::Step(step) => self.step(at, step, flow),
                Node::Wait(wait) => self.wait(at, wait, flow),
                Node::If { id, then, otherwise, unknown, hypothesis, .. } => {
                    let doubted = hypothesis.is_some() && self.rules.doubts;
                    self.choice(at, id, ([then, otherwise], unknown.as_deref()), doubted, flow)
                }
                Node::Each(each) => self.each(at, each, flow),
                Node::Parallel(parallel) => self.parallel(at, parallel, flow),
                Node::Assume { id, .. } => self.assumption(at, id, flow),
                Node::Stop { id, .. } => {
                    self.ways.tops.insert(id.clone(), flow.top);
                    self.stop(flow.top, Stop::After(at), true);
                    Flow { over: Some(at), ..flow }
                }
            }
        })
    }

    /// Takes something for true. Known false at run time, it stops the run before it counts for anything.
    fn assumption(&mut self, at: usize, id: &StepId, flow: Flow) -> Flow {
        self.ways.tops.insert(id.clone(), flow.top);
        self.stop(flow.top, Stop::Before(at), false);
        let Some(assumed) = self.program.nodes.get(at).and_then(|node| node.guard.first()) else {
            return flow;
        };
        let judgement = self.judge(&assumed.form, &BTreeSet::new());
        if judgement.known == Known::Never {
            self.report.assumed_false(&self.facts, at, assumed);
        }
        self.assume(&judgement, Origin::Assumed(at));
        self.stop(flow.top, Stop::After(at), true);
        flow
    }

    fn step(&mut self, at: usize, step: &'a Step, mut flow: Flow) -> Flow {
        self.guard(at);
        flow.is_approved |= step.approval.is_some();
        self.after_seal(at, step, &flow);
        let Some(node) = self.program.nodes.get(at) else { return flow };
        let touches_watched = node.changes_wide.iter().any(|cell| self.watched.contains(cell));
        self.is_dirty |= touches_watched;
        if let Some(ScopeEnd::Leaves { .. }) = step.scope {
            self.open.pop();
        }
        self.inside_scopes(at);
        // It is refused, or known to have had no effect.
        self.stop(flow.top, Stop::Before(at), false);
        if let Way::Irreversible(seal) = &step.way
            && self.rules.seals
        {
            self.seal(at, step, seal, flow.is_approved);
            self.report.forget_refusals(0);
            self.left.clear();
            let top = self.sealed(at);
            self.ways.tops.insert(step.id.clone(), top);
            return Flow { top, sealed: Some(at), is_approved: false, over: None };
        }
        if let Way::Irreversible(_) = &step.way {
            flow.sealed = Some(at);
        }
        let mut is_new = false;
        match &step.way {
            Way::Rollback(_) => {
                flow.top = self.owe(at, flow.top);
                is_new = true;
                if let Some(ScopeEnd::Enters { .. }) = step.scope {
                    self.open.push((at, flow.top));
                }
            }
            Way::Irreversible(_) | Way::Nothing => self.left.extend(&node.leaves),
        }
        self.ways.tops.insert(step.id.clone(), flow.top);
        let (mark, names) = (self.facts.mark(), self.facts.name_count());
        self.half_done(at);
        self.stop_new(flow.top, Stop::During(at), is_new, false);
        self.facts.forget_since(mark, names);
        self.effect(at);
        self.stop_new(flow.top, Stop::After(at), is_new, true);
        flow
    }

    /// A point of no return: what is owed from then on is to leave the scopes that are open. Returns the debt on
    /// top.
    fn sealed(&mut self, at: usize) -> usize {
        if self.open.is_empty() || !self.rules.scopes {
            self.effect(at);
            self.is_dirty = false;
            return self.push(Debt::Bottom { base: self.facts.names() }, WayEntry::Bottom);
        }
        self.is_dirty = true;
        // Half done, it may turn out to have sealed.
        let (mark, names) = (self.facts.mark(), self.facts.name_count());
        self.half_done(at);
        let top = self.owe_leaving();
        self.stop(top, Stop::During(at), false);
        self.facts.forget_since(mark, names);
        self.effect(at);
        let top = self.owe_leaving();
        self.stop(top, Stop::After(at), true);
        top
    }

    /// In the middle of a step each fact that it changes may be anything.
    fn half_done(&mut self, at: usize) {
        for cell in self.program.nodes.get(at).into_iter().flat_map(|node| &node.changes_wide) {
            self.facts.havoc(self.cells, *cell, Origin::Changed(at));
        }
    }

    /// A stack that owes nothing but to leave the open scopes: what they changed goes back to what it was before
    /// they were entered, everything else stays as it is now.
    fn owe_leaving(&mut self) -> usize {
        let mut base = self.facts.names();
        let mut owed = Vec::new();
        for (_, debt) in &self.open {
            let Some(Debt::Rollback { node, before, sets, .. }) = self.debts.get(*debt) else { continue };
            for (cell, name) in before {
                if let Some(place) = base.get_mut(*cell) {
                    *place = *name;
                }
            }
            owed.push((*node, before.clone(), sets.clone()));
        }
        let mut top = self.push(Debt::Bottom { base }, WayEntry::Bottom);
        for (node, before, sets) in owed {
            let (below, is_proved, is_open) = (top, false, true);
            let debt = Debt::Rollback { node, below, before, sets, is_proved, is_open };
            top = self.push(debt, WayEntry::Rollback { step: node, below });
        }
        top
    }

    /// What is done in a scope leaves alone what entering it changed: leaving would take it back.
    fn inside_scopes(&mut self, at: usize) {
        let Some(node) = self.program.nodes.get(at) else { return };
        for (enter, _) in self.open.clone() {
            let entered = self.program.nodes.get(enter).and_then(|node| node.rollback.as_ref());
            let own = node.changes_wide.iter().chain(node.rollback.iter().flat_map(|own| &own.changes_wide));
            let shared: BTreeSet<CellIx> = own
                .filter(|cell| entered.is_some_and(|enter| enter.changes_wide.contains(cell)))
                .copied()
                .collect();
            if !shared.is_empty() {
                self.report.scope_shared(at, enter, &Vec::from_iter(shared));
            }
        }
    }

    /// Both ends of a scope may be repeated, and change the same facts.
    fn scope(&mut self, at: usize, step: &Step) {
        if step.scope.is_none() {
            return;
        }
        if let (Some(ScopeEnd::Leaves { enter }), Some(node)) = (&step.scope, self.program.nodes.get(at)) {
            let again: BTreeSet<CellIx> =
                node.rollback.iter().flat_map(|rollback| &rollback.sets).map(|(cell, _)| *cell).collect();
            let differ: Vec<String> =
                node.changes.symmetric_difference(&again).map(|cell| self.report.cell(*cell)).collect();
            if !differ.is_empty() {
                self.left_open.extend(self.program.index.get(enter.0.as_str()));
                return self.report.at_step(Condition::ScopeFacts, at, differ);
            }
        }
        if step.class == Class::Once {
            self.report.at_step(Condition::ScopeOnce, at, Vec::new());
        }
    }

    fn wait(&mut self, at: usize, wait: &'a Wait, flow: Flow) -> Flow {
        self.ways.tops.insert(wait.id.clone(), flow.top);
        if wait.otherwise.is_empty() {
            self.guard(at);
            self.stop(flow.top, Stop::After(at), true);
            return flow;
        }
        // Reached, or given up and something else done: then nothing is known of what was waited for.
        let mark = self.facts.mark();
        self.guard(at);
        let left = self.left.clone();
        let reached = (Tri::True, flow, self.facts.end_arm(mark));
        let refusals = self.report.active_refusals();
        let given_up = self.nodes(&wait.otherwise, flow);
        self.report.forget_refusals(refusals);
        let is_over = given_up.over.is_some();
        let given_up = (Tri::False, given_up, self.facts.end_arm(mark));
        self.is_dirty = true;
        if is_over {
            self.left = left;
        } else {
            self.left.retain(|cell| left.contains(cell));
        }
        self.join(at, &wait.id, flow, vec![reached, given_up])
    }

    fn choice(
        &mut self,
        at: usize,
        id: &'a StepId,
        (arms, unknown): ([&'a [Node]; 2], Option<&'a [Node]>),
        doubted: bool,
        flow: Flow,
    ) -> Flow {
        self.ways.tops.insert(id.clone(), flow.top);
        let Some(form) =
            self.program.nodes.get(at).and_then(|node| node.guard.first()).map(|part| &part.form)
        else {
            return flow;
        };
        let opposite = Form::Not(Box::new(form.clone()));
        let nothing = BTreeSet::new();
        let judgements = [self.judge(form, &nothing), self.judge(&opposite, &nothing)];
        if let Some(place) = self.forward.get_mut(at) {
            *place = judgements.first().map(|judgement| judgement.known).into_iter().collect();
        }
        let before = self.left.clone();
        let mut left: Option<BTreeSet<CellIx>> = None;
        let mut ends = Vec::new();
        let choices = [Tri::True, Tri::False].into_iter().zip(arms).zip(judgements);
        // A condition over values only, all known, can always be told.
        let is_told = matches!(form, Form::Constant(_));
        for ((arm, nodes), judgement) in choices {
            // Where what cannot be told goes on with what is false, nothing is known there.
            let nothing_known = doubted && arm == Tri::False && !is_told;
            if judgement.known == Known::Never && !nothing_known {
                self.unreachable.push((id.clone(), arm));
                continue;
            }
            let judgement = Some(judgement).filter(|_| !nothing_known);
            ends.push(self.arm(at, arm, nodes, judgement, flow));
            left = self.left_in_all(left, &before, ends.last());
        }
        if let Some(nodes) = unknown.filter(|_| !is_told) {
            ends.push(self.arm(at, Tri::Unknown, nodes, None, flow));
            left = self.left_in_all(left, &before, ends.last());
        }
        self.left = left.unwrap_or(before);
        self.join(at, id, flow, ends)
    }

    /// Goes back to what was left before an arm, and returns what this arm and those before it all left. An
    /// arm that ended the run counts for nothing.
    fn left_in_all(
        &mut self,
        others: Option<BTreeSet<CellIx>>,
        before: &BTreeSet<CellIx>,
        end: Option<&(Tri, Flow, ArmEnd)>,
    ) -> Option<BTreeSet<CellIx>> {
        let own = std::mem::replace(&mut self.left, before.clone());
        if end.is_some_and(|(_, flow, _)| flow.over.is_some()) {
            return others;
        }
        Some(match others {
            Some(others) => own.intersection(&others).copied().collect(),
            None => own,
        })
    }

    fn arm(
        &mut self,
        at: usize,
        arm: Tri,
        nodes: &'a [Node],
        judgement: Option<Judgement>,
        flow: Flow,
    ) -> (Tri, Flow, ArmEnd) {
        let mark = self.facts.mark();
        let refusals = self.report.active_refusals();
        if let Some(judgement) = judgement {
            self.assume(&judgement, Origin::Probed(at));
        }
        let flow = self.nodes(nodes, flow);
        self.report.forget_refusals(refusals);
        // What was learnt in the arm is not known outside.
        self.is_dirty = true;
        (arm, flow, self.facts.end_arm(mark))
    }

    pub(super) fn join(
        &mut self,
        at: usize,
        id: &StepId,
        before: Flow,
        mut ends: Vec<(Tri, Flow, ArmEnd)>,
    ) -> Flow {
        let mut flow = before;
        // What comes next follows only the arms in which the run goes on.
        let arms = ends.len();
        ends.retain(|(_, end, _)| end.over.is_none());
        if ends.len() < arms && (ends.is_empty() || !self.rules.stops) {
            return Flow { over: Some(at), ..before };
        }
        let mut arms = Vec::new();
        let mut learnt = Vec::new();
        let mut arm_ends = Vec::new();
        flow.is_approved = !ends.is_empty();
        for (arm, end, facts) in ends {
            flow.sealed = end.sealed.or(flow.sealed);
            flow.is_approved &= end.is_approved;
            arms.push((arm, end.top));
            learnt.push((end.top, facts.learnt()));
            arm_ends.push(facts);
        }
        let lost =
            if self.rules.joins { self.facts.join(arm_ends, at) } else { self.facts.join_first(arm_ends) };
        if arms.iter().all(|(_, top)| *top == before.top) {
            return flow;
        }
        flow.top = match &*arms {
            [(_, top)] => *top,
            _ => {
                let is_sealed = arms.iter().any(|(_, top)| !self.is_above(*top, before.top));
                let below = if is_sealed { None } else { Some(before.top) };
                let is_open = arms.iter().any(|(_, top)| self.is_open(*top));
                let debt = Debt::Choice {
                    node: at,
                    arms: learnt,
                    below,
                    lost,
                    is_open: is_open || below.is_some_and(|below| self.is_open(below)),
                };
                self.push(debt, WayEntry::Choice { node: id.clone(), arms, below })
            }
        };
        self.is_dirty = true;
        self.stop(flow.top, Stop::After(at), true);
        flow
    }

    /// Judges what must hold before a node, reports what is known false, and assumes the rest.
    fn guard(&mut self, at: usize) {
        let Some(node) = self.program.nodes.get(at) else { return };
        let mut verdicts = Vec::with_capacity(node.guard.len());
        for conjunct in &node.guard {
            let judgement = self.judge(&conjunct.form, &conjunct.for_all);
            if judgement.known == Known::Never {
                self.report.refused(&self.facts, at, conjunct);
            }
            verdicts.push(judgement.known);
            self.assume_part(conjunct, &judgement, Origin::Probed(at));
        }
        if let Some(place) = self.forward.get_mut(at) {
            *place = verdicts;
        }
    }

    /// What a step that had its full effect makes of the facts.
    fn effect(&mut self, at: usize) {
        let Some(node) = self.program.nodes.get(at) else { return };
        for (cell, set) in self.settings(at, &node.sets) {
            match set {
                Some(knowledge) => {
                    self.facts.set(cell, knowledge);
                }
                None => self.facts.havoc(self.cells, cell, Origin::Changed(at)),
            }
        }
        if self.rules.aliases {
            for alias in node.changes_wide.difference(&node.changes) {
                self.facts.havoc(self.cells, *alias, Origin::Changed(at));
            }
        }
    }

    /// For each cell that a step changes, what it sets it to; none if it only leaves it changed.
    fn settings(&mut self, at: usize, sets: &[(CellIx, Says)]) -> Vec<(CellIx, Option<Knowledge>)> {
        let Some(node) = self.program.nodes.get(at) else { return Vec::new() };
        let mut settings: Vec<(CellIx, Option<Knowledge>)> = Vec::new();
        for cell in &node.changes {
            let knowledge = knowledge_of(self.cells, *cell, sets, Origin::Set(at));
            if knowledge.as_ref().is_some_and(|known| known.regions == 0) {
                self.report.contradiction(at, *cell);
            }
            settings.push((*cell, knowledge.filter(|known| known.regions != 0)));
        }
        settings
    }

    /// Puts a step's rollback on the stack, judges it at its own stop, and checks that it brings back what was.
    fn owe(&mut self, at: usize, below: usize) -> usize {
        let Some((node, rollback)) =
            self.program.nodes.get(at).and_then(|node| Some((node, node.rollback.as_ref()?)))
        else {
            return below;
        };
        let wide = node.changes_wide.union(&rollback.changes_wide).copied().collect::<BTreeSet<_>>();
        let before: Vec<(CellIx, Name)> = wide.iter().map(|cell| (*cell, self.facts.name(*cell))).collect();
        let mut sets = Vec::new();
        for (cell, name) in &before {
            let Some(knowledge) = knowledge_of(self.cells, *cell, &rollback.sets, Origin::RolledBack(at))
            else {
                continue;
            };
            if knowledge.regions == 0 {
                self.report.contradiction(at, *cell);
                continue;
            }
            // It brings back what was there: an ordinary rollback, as far as the proof is concerned.
            let is_same = self.facts.known(*name).is_some_and(|known| same(self.cells, known, &knowledge));
            if !is_same {
                sets.push((*cell, knowledge));
            }
        }
        self.definite(at);
        // The local rule: nothing is known of what the step changes, nor of what later steps leave changed.
        let free = |cell: CellIx| {
            wide.contains(&cell) || self.program.left_last.get(cell).is_some_and(|last| *last > at + 1)
        };
        let judge = Judge {
            cells: self.cells,
            facts: &self.facts,
            invariants: &self.program.invariants,
            free: &free,
        };
        let judged: Vec<Known> =
            rollback.guard.iter().map(|part| judge.judge(&part.form, &part.for_all).known).collect();
        // Only "proved" counts here: what is false with so little knowledge may be true on the way back.
        let is_proved = self.rules.local && judged.iter().all(|known| *known == Known::Always);
        if let Some(place) = self.backward.get_mut(at) {
            // Each part begins as proved; the walks back make it worse.
            *place = vec![Known::Always; rollback.guard.len()];
        }
        let is_open = !is_proved || !sets.is_empty() || self.is_open(below);
        let debt = Debt::Rollback { node: at, below, before, sets, is_proved, is_open };
        self.push(debt, WayEntry::Rollback { step: at, below })
    }

    /// A rollback that always sets the same must set what was there.
    fn definite(&mut self, at: usize) {
        let Some((node, rollback)) =
            self.program.nodes.get(at).and_then(|node| Some((node, node.rollback.as_ref()?)))
        else {
            return;
        };
        let is_said = self.left_open.contains(&at);
        if rollback.restores == Restores::Captured || !self.rules.definite || is_said {
            return;
        }
        for cell in node.changes.difference(&node.leaves) {
            if rollback.sets.iter().any(|(set, _)| set == cell) {
                continue;
            }
            let set = knowledge_of(self.cells, *cell, &node.sets, Origin::Set(at));
            let (Some(facts), Some(set), Some(known)) = (self.cells.get(*cell), set, self.facts.of(*cell))
            else {
                continue;
            };
            // A yes or no has one opposite; any other value has none that the rollback could be known to set.
            let opposite: Regions = facts.all & !set.regions;
            let is_definite = facts.yes_no && known.is_single() && known.regions == opposite;
            if !is_definite {
                self.report.not_definite(&self.facts, at, *cell, &set);
            }
        }
    }

    /// What an irreversible step needs.
    fn seal(&mut self, at: usize, step: &'a Step, seal: &'a Irreversible, is_approved: bool) {
        if !is_approved && seal.without_approval.is_none() {
            self.report.at_step(Condition::SealNotApproved, at, Vec::new());
        }
        let is_repeatable = !self.is_once(at, step);
        if !is_repeatable && seal.recover_with.is_none() {
            self.report.at_step(Condition::OnceSeal, at, Vec::new());
        }
        if let Some(node) = self.program.nodes.get(at) {
            let mut asked = node.undone_when.iter();
            let changed =
                asked.find(|cell| node.changes.iter().any(|change| self.cells.may_equal(**cell, *change)));
            if let Some(cell) = changed {
                let shown = self.report.cell(*cell);
                self.report.at_step(Condition::UndoneWhenChanged, at, vec![shown]);
            }
        }
    }

    /// Whether only a person could tell, after a crash, if it took effect.
    fn is_once(&self, at: usize, step: &Step) -> bool {
        match step.class {
            Class::Read | Class::Idempotent => false,
            Class::Once => true,
            Class::Verified => {
                // Every `ensures` is known to hold already: none of them is a witness.
                let sets = self.program.nodes.get(at).map(|node| &node.sets);
                sets.into_iter().flatten().all(|(cell, says)| {
                    self.facts.of(*cell).is_some_and(|known| match says {
                        Says::In(regions) => known.regions & !regions == 0,
                        Says::Passes(test, holds) => known.tests.get(test) == Some(holds),
                    })
                })
            }
        }
    }

    /// A step is of the class that it says, and what it changes has a way back or is left knowingly.
    fn contract(&mut self, at: usize, step: &Step) {
        let is_wrong = match step.class {
            Class::Read => step.acts(),
            Class::Verified => step.ensures.is_empty(),
            Class::Idempotent | Class::Once => false,
        };
        if is_wrong {
            let names = if step.class == Class::Read { Vec::new() } else { vec![step.id.to_string()] };
            self.report.at_step(Condition::ClassWrong, at, names);
        }
        // Nothing can pay such a debt: at the step's own stop no later rollback covers it.
        if let Way::Rollback(rollback) = &step.way
            && step.acts()
            && !rollback.body.iter().any(Statement::acts)
        {
            self.report.at_step(Condition::EmptyRollback, at, Vec::new());
        }
        if !step.acts() || !matches!(step.way, Way::Nothing) {
            return;
        }
        let Some(node) = self.program.nodes.get(at) else { return };
        let rest = node.changes.difference(&node.leaves);
        let rest: Vec<String> = rest.map(|cell| self.report.cell(*cell)).collect();
        if step.leaves.is_empty() || !rest.is_empty() {
            self.report.at_step(Condition::NoWayBack, at, rest);
        }
    }

    /// After a point of no return a step must be safe to repeat.
    fn after_seal(&mut self, at: usize, step: &Step, flow: &Flow) {
        if let Some(sealed) = flow.sealed
            && step.acts()
            && !matches!(step.way, Way::Irreversible(_))
            && self.is_once(at, step)
        {
            self.report.once_after_seal(at, sealed);
        }
    }

    /// Judges a formula by what is known.
    pub(super) fn judge(&self, form: &Form, for_all: &BTreeSet<CellIx>) -> Judgement {
        let free = |_: CellIx| false;
        let judge = Judge {
            cells: self.cells,
            facts: &self.facts,
            invariants: &self.program.invariants,
            free: &free,
        };
        judge.judge(form, for_all)
    }

    /// Adds what a probe tells.
    pub(super) fn assume(&mut self, judgement: &Judgement, origin: Origin) {
        for name in judgement.assume(&mut self.facts, origin) {
            let Some(cell) = self.facts.known(name).map(|known| known.cell) else { continue };
            self.is_dirty |= self.watched.contains(&cell);
            // Another branch may change it at once.
            if self.rules.branches && self.around.wide.contains(&cell) {
                self.facts.havoc(self.cells, cell, origin);
            }
        }
    }

    /// Adds what the probe of a part of a guard tells, whatever the inputs are.
    pub(super) fn assume_part(&mut self, conjunct: &Conjunct, judgement: &Judgement, origin: Origin) {
        if conjunct.for_all.is_empty() {
            return self.assume(judgement, origin);
        }
        let mut asked = Vec::new();
        super::table::for_each_cell(&conjunct.form, &mut |cell| {
            if conjunct.for_all.contains(&cell) && !asked.contains(&cell) {
                asked.push(cell);
            }
        });
        // Where two that may be one are asked, what holds for every value of each and what holds for every value of
        // the one that they may be tell different things.
        let is_doubtful = asked.iter().enumerate().any(|(index, cell)| {
            asked.iter().skip(index + 1).any(|other| self.cells.may_equal(*cell, *other))
        });
        if !is_doubtful && asked.iter().any(|cell| conjunct.for_sure.contains(cell)) {
            let weaker = self.judge(&conjunct.form, &conjunct.for_sure);
            self.assume(&weaker, origin);
        }
    }

    pub(super) fn push(&mut self, debt: Debt, way: WayEntry) -> usize {
        self.debts.push(debt);
        self.ways.entries.push(way);
        self.debts.len() - 1
    }

    /// Whether a stack still has all of another below it. Positions only grow upwards.
    fn is_above(&self, mut top: usize, below: usize) -> bool {
        while top > below {
            top = match self.debts.get(top) {
                Some(
                    Debt::Rollback { below, .. }
                    | Debt::Base { below, .. }
                    | Debt::Beside { below, .. }
                    | Debt::Branches { below, .. }
                    | Debt::Choice { below: Some(below), .. },
                ) => *below,
                Some(Debt::Choice { below: None, .. } | Debt::Bottom { .. }) | None => return false,
            };
        }
        top == below
    }

    fn finish(mut self) -> (Proof, Report<'a>) {
        self.ways.steps = self.program.nodes.iter().map(|node| node.node.id().clone()).collect();
        let mut proof = Proof { unreachable: self.unreachable, ..Proof::default() };
        let parts = super::obligations::Parts {
            plan: self.plan,
            cells: self.cells,
            program: self.program,
            start: &self.start,
            end: &self.end,
            forward: &self.forward,
            backward: &self.backward,
        };
        parts.write(&mut proof);
        proof.ways = self.ways;
        (proof, self.report)
    }
}

/// What some `ensures` say of a cell; none if they say nothing.
fn knowledge_of(cells: &Cells, cell: CellIx, sets: &[(CellIx, Says)], origin: Origin) -> Option<Knowledge> {
    let mut knowledge = None;
    for (set, says) in sets {
        if *set == cell {
            let all = cells.get(cell).map_or(Regions::MAX, |facts| facts.all);
            knowledge.get_or_insert_with(|| Knowledge::nothing(cell, all, origin)).add(*says);
        }
    }
    knowledge
}

/// Whether both know the same single value.
pub(super) fn same(cells: &Cells, left: &Knowledge, right: &Knowledge) -> bool {
    let shared = |(test, holds): (&u32, &bool)| {
        *holds && cells.is_equality(*test) && right.tests.get(test) == Some(&true)
    };
    // Between two constants there are many values: that both are there tells nothing.
    let is_exact =
        cells.get(left.cell).is_some_and(|facts| facts.yes_no || left.regions.trailing_zeros() % 2 == 1);
    (is_exact && left.is_single() && left.regions == right.regions) || left.tests.iter().any(shared)
}
