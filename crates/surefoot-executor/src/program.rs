//! A plan made ready to be walked: what follows what, and what must hold where.
//!
//! Must hold: whatever `decide` asks is found without going through the plan.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use surefoot_journal::{Finished, FinishedHow, Phase};
use surefoot_plan::{
    Approval, Atom, Cell, Each, Ensure, Formula, InputValue, Name, Names, Node, Place, Plan, Proof, Require,
    Statement, Step, StepId, Tri, Value, Verdict, VerifiedPlan, Wait, Way, What, half_done_beside,
    may_be_among,
};

/// How long an invariant may take to settle after a step, in milliseconds: a probe that fails once is
/// tried again before a person is called.
pub(crate) const INVARIANT_PATIENCE_MS: u64 = 5_000;

/// Between two probes of an invariant, in milliseconds.
const INVARIANT_EVERY_MS: u64 = 1_000;

/// A plan made ready to be walked.
#[derive(Debug)]
pub struct Program {
    /// The plan.
    verified: Arc<VerifiedPlan>,
    /// What follows what, as the plan says it.
    base: Arc<Layout>,
    /// The same, with the turns of the loops that found their list. A function of the plan and of what the
    /// journal says of those: kept here so that it is made once.
    layout: RwLock<Arc<Layout>>,
    /// What its inputs are bound to.
    inputs: BTreeMap<Name, Value>,
    /// What must hold at the start.
    pub(crate) entry: Vec<Condition>,
    /// What must hold after each changing step.
    pub(crate) invariants: Vec<Condition>,
    /// What holds at the end.
    pub(crate) end: Vec<Condition>,
}

/// What follows what.
#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    /// The nodes.
    spots: Vec<Spot>,
    /// Where each node is.
    index: HashMap<StepId, usize>,
    /// Where it begins.
    first: Option<usize>,
    /// The loops that found their list, and what they go through.
    entered: BTreeMap<StepId, Arc<[Value]>>,
    /// For each part of a turn, the part of the loop's body that it is: what the proof speaks about.
    general: HashMap<StepId, StepId>,
    /// Where each turn of a loop begins, and what comes after the last.
    starts: HashMap<StepId, Vec<Option<usize>>>,
    /// What the turns ask, set or leave.
    atoms: Vec<Atom>,
}

/// A node of a plan, and what follows it.
#[derive(Clone, Debug)]
struct Spot {
    /// The node.
    part: Part,
    /// What comes after it; none at the end.
    next: Option<usize>,
    /// What comes after it when it chose true, false or unknown; or a wait that gave up.
    arms: [Option<usize>; 3],
}

/// A node of a plan.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    /// A step.
    Step(Arc<StepPart>),
    /// A wait.
    Wait(Arc<WaitPart>),
    /// An `if`.
    If(Arc<IfPart>),
    /// A loop whose list the run finds.
    Each(Arc<EachPart>),
    /// Branches that are done at the same time.
    Parallel(Arc<ParallelPart>),
    /// A `stop`: its name, and why.
    Stop(StepId, Arc<str>),
    /// Something that is taken for true.
    Assume(Arc<AssumePart>),
}

/// A step with what `decide` needs of it.
#[derive(Debug)]
pub(crate) struct StepPart {
    /// The step.
    pub(crate) step: Step,
    /// The cells it may change.
    pub(crate) changes: Vec<Cell>,
    /// The cells among them that it knowingly leaves changed.
    pub(crate) leaves: Vec<Cell>,
    /// What must hold before it starts.
    pub(crate) guard: Vec<Condition>,
    /// What must hold before it is done again: not what it changes itself.
    pub(crate) guard_again: Vec<Condition>,
    /// What it ensures.
    pub(crate) ensures: Vec<Condition>,
    /// What must hold before its rollback.
    pub(crate) rollback_guard: Vec<Condition>,
    /// What its rollback ensures itself.
    pub(crate) rollback_ensures: Vec<Condition>,
    /// What proves that it never happened, if it is irreversible.
    pub(crate) undone_when: Vec<Condition>,
    /// Whose yes it needs: its own approval, or the one before it that covers it.
    pub(crate) approval: Option<(StepId, Approval)>,
    /// Whether it needs a yes and nobody is asked for one. The verifier refuses that; it never starts.
    pub(crate) uncovered: bool,
    /// Whether it has a statement that acts.
    pub(crate) acts: bool,
}

/// A wait with its condition.
#[derive(Debug)]
pub(crate) struct WaitPart {
    /// The wait.
    pub(crate) wait: Wait,
    /// What it waits for.
    pub(crate) until: Vec<Condition>,
}

/// An `if` with its condition.
#[derive(Debug)]
pub(crate) struct IfPart {
    /// Its name.
    pub(crate) id: StepId,
    /// What decides.
    pub(crate) condition: Vec<Condition>,
    /// Whether it has an arm for what cannot be told, which may be that for what is false.
    pub(crate) has_unknown: bool,
    /// Whether what cannot be told takes the arm for what is false: it tries a cause.
    pub(crate) doubted: bool,
}

/// A loop whose list the run finds.
#[derive(Debug)]
pub(crate) struct EachPart {
    /// The loop.
    pub(crate) each: Each,
    /// The approval that covers what is in it.
    covering: Option<(StepId, Approval)>,
}

/// Branches that are done at the same time.
#[derive(Debug)]
pub(crate) struct ParallelPart {
    /// Its name.
    pub(crate) id: StepId,
    /// Where each branch begins; none if it is empty.
    firsts: Vec<Option<usize>>,
}

/// Something that is taken for true.
#[derive(Debug)]
pub(crate) struct AssumePart {
    /// Its name.
    pub(crate) id: StepId,
    /// What is taken for true.
    pub(crate) condition: Vec<Condition>,
}

/// A condition with patience.
#[derive(Clone, Debug)]
pub struct Condition {
    /// What must hold.
    pub(crate) formula: Formula,
    /// How it reads.
    pub(crate) text: String,
    /// Between two probes, in milliseconds.
    pub(crate) every_ms: u64,
    /// How long it may take, in milliseconds.
    pub(crate) within_ms: u64,
    /// Why it matters; may be empty.
    pub(crate) message: String,
    /// The verifier proved it: if it does not hold, an assumption broke.
    pub(crate) proved: bool,
}

impl Program {
    /// Makes a plan ready.
    pub fn new(verified: Arc<VerifiedPlan>) -> Program {
        let plan = verified.plan();
        let proof = verified.proof();
        let inputs = plan.inputs.iter().filter_map(|input| match &input.value {
            InputValue::Bound(value) => Some((input.name.clone(), value.clone())),
            InputValue::SecretFromEnv(_) => Some((input.name.clone(), Value::Secret(input.name.clone()))),
            InputValue::Unbound => None,
        });
        let names = Names::of(plan);
        let invariants: Vec<Condition> = plan
            .invariants
            .iter()
            .map(|invariant| Condition {
                formula: invariant.formula.clone(),
                text: names.formula(&invariant.formula),
                every_ms: INVARIANT_EVERY_MS,
                within_ms: INVARIANT_PATIENCE_MS,
                message: invariant.message.clone(),
                proved: true,
            })
            .collect();
        // At the start nothing is proved: the world is as it is found.
        let mut entry: Vec<Condition> =
            plan.requires.iter().map(|require| Condition::of(require, &names)).collect();
        entry.extend(invariants.iter().map(|invariant| Condition {
            within_ms: 0,
            proved: false,
            ..invariant.clone()
        }));
        let mut layout = Layout::default();
        layout.first =
            layout.lay(&plan.body, None, None, Around { verified: &verified, names: &names, beside: &[] });
        let base = Arc::new(layout);
        Program {
            inputs: inputs.collect(),
            layout: RwLock::new(Arc::clone(&base)),
            base,
            entry,
            end: requires(&plan.ensures, proof, &Place::End, &names),
            invariants,
            verified: Arc::clone(&verified),
        }
    }

    /// Puts the turns of the loops that found their list into their place.
    pub(crate) fn enter(&self, entered: &BTreeMap<StepId, Arc<[Value]>>) {
        if self.layout().entered == *entered {
            return;
        }
        let names = Names::of(self.plan());
        let mut layout = (*self.base).clone();
        // A loop in a turn of another is entered after that one.
        let mut rest: BTreeMap<&StepId, &Arc<[Value]>> = entered.iter().collect();
        while let Some(id) = rest.keys().find(|id| layout.index.contains_key(**id)).copied() {
            if let Some(items) = rest.remove(id) {
                let around = Around { verified: &self.verified, names: &names, beside: &[] };
                layout.enter(id, items, around);
            }
        }
        layout.entered.clone_from(entered);
        *self.layout.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(layout);
    }

    /// What follows what, as far as it is known.
    fn layout(&self) -> Arc<Layout> {
        Arc::clone(&self.layout.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns the plan.
    pub fn plan(&self) -> &Plan {
        self.verified.plan()
    }

    /// Returns what the inputs are bound to; a secret one is only named.
    pub fn inputs(&self) -> &BTreeMap<Name, Value> {
        &self.inputs
    }

    /// Returns every atom that the plan asks, sets or leaves, those of turns included.
    pub(crate) fn atoms(&self) -> Vec<Atom> {
        let own = self.plan().atoms().into_iter().cloned();
        own.chain(self.layout().atoms.iter().cloned()).collect()
    }

    /// Returns the first part, or none if there is none.
    pub(crate) fn first(&self) -> Option<Part> {
        let layout = self.layout();
        layout.first.and_then(|at| layout.spots.get(at)).map(|spot| spot.part.clone())
    }

    /// Returns the first part of a branch, or none if there is none.
    pub(crate) fn first_of(&self, block: &ParallelPart, branch: u32) -> Option<Part> {
        let layout = self.layout();
        let first = block.firsts.get(branch as usize).copied().flatten();
        first.and_then(|at| layout.spots.get(at)).map(|spot| spot.part.clone())
    }

    /// Returns the part that follows, or none at the end.
    pub(crate) fn after(&self, finished: &Finished) -> Option<Part> {
        let layout = self.layout();
        let spot = layout.index.get(&finished.node).and_then(|at| layout.spots.get(*at))?;
        let [on_true, on_false, on_unknown] = spot.arms;
        let next = match finished.how {
            FinishedHow::Done | FinishedHow::Waited(true) | FinishedHow::Assumed | FinishedHow::Joined => {
                spot.next
            }
            FinishedHow::Waited(false) | FinishedHow::Chose(Tri::False) => on_false,
            FinishedHow::Chose(Tri::True) => on_true,
            FinishedHow::Chose(Tri::Unknown) => on_unknown,
            FinishedHow::Entered => on_true.or(spot.next),
            FinishedHow::TakenBack(turn) => {
                layout.starts.get(&finished.node)?.get(turn as usize + 1).copied().flatten()
            }
            FinishedHow::Stopped => None,
        };
        next.and_then(|at| layout.spots.get(at)).map(|spot| spot.part.clone())
    }

    /// Whether the proof says that this arm is never taken, and so says nothing of what is in it.
    pub(crate) fn is_unreachable(&self, node: &StepId, arm: Tri) -> bool {
        let layout = self.layout();
        let node = layout.general(node);
        self.verified.proof().unreachable.iter().any(|(id, taken)| id == node && *taken == arm)
    }

    /// Returns the part of this name.
    pub(crate) fn part(&self, id: &StepId) -> Option<Part> {
        let layout = self.layout();
        layout.index.get(id).and_then(|at| layout.spots.get(*at)).map(|spot| spot.part.clone())
    }

    /// Returns the step of this name.
    pub(crate) fn step(&self, id: &StepId) -> Option<Arc<StepPart>> {
        match self.part(id)? {
            Part::Step(step) => Some(step),
            Part::Wait(_)
            | Part::If(_)
            | Part::Each(_)
            | Part::Parallel(_)
            | Part::Stop(..)
            | Part::Assume(_) => None,
        }
    }
}

/// What parts of a plan are laid out in.
#[derive(Clone, Copy)]
struct Around<'a> {
    /// The plan, with its proof.
    verified: &'a VerifiedPlan,
    /// How facts are called.
    names: &'a Names<'a>,
    /// What other branches may change meanwhile.
    beside: &'a [Cell],
}

impl Layout {
    /// The part of the plan that the proof speaks about: of a turn, that of the loop's body.
    fn general<'i>(&'i self, id: &'i StepId) -> &'i StepId {
        self.general.get(id).unwrap_or(id)
    }

    /// Puts the turns of a loop into its place.
    fn enter(&mut self, id: &StepId, items: &[Value], of: Around<'_>) {
        let Some(at) = self.index.get(id).copied() else { return };
        let Some((Part::Each(part), mut next)) =
            self.spots.get(at).map(|spot| (spot.part.clone(), spot.next))
        else {
            return;
        };
        let mut starts = vec![next];
        for item in items.iter().rev() {
            for (own, general) in part.each.names(item) {
                let general = self.general(&general).clone();
                self.general.insert(own, general);
            }
            let nodes = part.each.turn(item);
            self.atoms.extend(atoms_of(&nodes));
            next = self.lay(&nodes, next, part.covering.clone(), of);
            starts.push(next);
        }
        starts.reverse();
        self.starts.insert(id.clone(), starts);
        if let Some(spot) = self.spots.get_mut(at) {
            spot.arms = [next, None, None];
        }
    }

    /// Lays out nodes before what comes `after` them, and returns where they begin.
    fn lay(
        &mut self,
        nodes: &[Node],
        after: Option<usize>,
        mut covering: Option<(StepId, Approval)>,
        of: Around<'_>,
    ) -> Option<usize> {
        let names = of.names;
        // Forward first, because an approval covers the steps after it; the links follow backward.
        let mut parts = Vec::with_capacity(nodes.len());
        for node in nodes {
            let before = covering.clone();
            match node {
                Node::Step(step) => {
                    if let Some(own) = &step.approval {
                        covering = Some((step.id.clone(), own.clone()));
                    }
                    let general = self.general(&step.id).clone();
                    let part = StepPart::of(step, &general, covering.as_ref(), of);
                    if let Way::Irreversible(_) = step.way {
                        covering = None;
                    }
                    parts.push((before, Some(Part::Step(Arc::new(part)))));
                }
                Node::Stop { .. } | Node::Assume { .. } => parts.push((before, None)),
                // What was approved inside an arm does not cover what comes after it; what sealed there
                // has used the approval up.
                Node::Wait(_) | Node::If { .. } | Node::Parallel(_) => {
                    if seals_inside(node) {
                        covering = None;
                    }
                    parts.push((before, None));
                }
                // The turn before has used it up.
                Node::Each(_) if seals_inside(node) => {
                    covering = None;
                    parts.push((None, None));
                }
                Node::Each(_) => parts.push((before, None)),
            }
        }
        let mut next = after;
        for (node, (covering, part)) in nodes.iter().zip(parts).rev() {
            let (part, arms) = match (node, part) {
                (Node::Step(_), Some(part)) => (part, [None; 3]),
                (Node::Step(_), None) => continue,
                (Node::Assume { id, literal, why }, _) => {
                    let assumed = Condition::at_once(literal.formula(), names);
                    let condition = vec![Condition { message: why.clone(), proved: true, ..assumed }];
                    (Part::Assume(Arc::new(AssumePart { id: id.clone(), condition })), [None; 3])
                }
                (Node::Each(each), _) => {
                    // In general form, so that each part of it can be found by its name.
                    self.lay(&each.body, None, covering.clone(), of);
                    let part = EachPart { each: each.as_ref().clone(), covering };
                    (Part::Each(Arc::new(part)), [None; 3])
                }
                (Node::Parallel(parallel), _) => {
                    let mut firsts = Vec::with_capacity(parallel.branches.len());
                    for (at, branch) in parallel.branches.iter().enumerate() {
                        let others = parallel.branches.iter().enumerate().filter(|(other, _)| *other != at);
                        let steps = others.flat_map(|(_, branch)| surefoot_plan::steps_of(branch));
                        let beside: Vec<Cell> = steps.flat_map(Step::rollback_changes).cloned().collect();
                        let of = Around { beside: &beside, ..of };
                        firsts.push(self.lay(branch, None, covering.clone(), of));
                    }
                    let id = parallel.id.clone();
                    (Part::Parallel(Arc::new(ParallelPart { id, firsts })), [None; 3])
                }
                (Node::Stop { id, why }, _) => (Part::Stop(id.clone(), why.as_str().into()), [None; 3]),
                (Node::Wait(wait), _) => {
                    let otherwise = self.lay(&wait.otherwise, next, covering.clone(), of);
                    let part = WaitPart {
                        until: vec![Condition::of(&wait.until, names)],
                        wait: wait.as_ref().clone(),
                    };
                    let arm = if wait.otherwise.is_empty() { None } else { otherwise };
                    (Part::Wait(Arc::new(part)), [None, arm, None])
                }
                (Node::If { id, condition, then, otherwise, unknown, hypothesis, .. }, _) => {
                    let on_true = self.lay(then, next, covering.clone(), of);
                    let on_false = self.lay(otherwise, next, covering.clone(), of);
                    let doubted = hypothesis.is_some();
                    let on_unknown = match unknown {
                        Some(nodes) => self.lay(nodes, next, covering.clone(), of),
                        None if doubted => on_false,
                        None => None,
                    };
                    let arms = [on_true, on_false, on_unknown];
                    let condition = vec![Condition::at_once(condition.clone(), names)];
                    let has_unknown = doubted || unknown.is_some();
                    let part = IfPart { id: id.clone(), condition, has_unknown, doubted };
                    (Part::If(Arc::new(part)), arms)
                }
            };
            self.index.insert(node.id().clone(), self.spots.len());
            self.spots.push(Spot { part, next, arms });
            next = Some(self.spots.len() - 1);
        }
        next
    }
}

impl Part {
    /// Returns its name.
    pub(crate) fn id(&self) -> &StepId {
        match self {
            Part::Step(part) => &part.step.id,
            Part::Wait(part) => &part.wait.id,
            Part::If(part) => &part.id,
            Part::Each(part) => &part.each.id,
            Part::Parallel(part) => &part.id,
            Part::Assume(part) => &part.id,
            Part::Stop(id, _) => id,
        }
    }
}

impl StepPart {
    /// Gathers what `decide` needs of a step.
    fn of(step: &Step, general: &StepId, covering: Option<&(StepId, Approval)>, of: Around<'_>) -> StepPart {
        let Around { verified, names, beside } = of;
        let changes: Vec<Cell> = step.changes().into_iter().cloned().collect();
        let rollback_changes: Vec<Cell> = step.rollback_changes().into_iter().cloned().collect();
        let (plan, proof) = (verified.plan(), verified.proof());
        let place = Place::Step(general.clone());
        let mut guard = requires(&step.requires, proof, &place, names);
        let mut guard_again: Vec<Condition> =
            guard.iter().cloned().filter_map(|condition| condition.without(&changes)).collect();
        let half_done = half_done_invariants(plan, (&changes, beside), proof, &place, names);
        guard.extend(half_done.iter().cloned());
        guard_again.extend(half_done);
        let (rollback_guard, rollback_ensures) = match &step.way {
            Way::Rollback(rollback) => {
                let place = Place::Rollback(general.clone());
                let mut guard = requires(&rollback.requires, proof, &place, names);
                guard.extend(half_done_invariants(plan, (&rollback_changes, &[]), proof, &place, names));
                (guard, rollback.ensures.iter().map(|ensure| Condition::of_ensure(ensure, names)).collect())
            }
            Way::Irreversible(_) | Way::Nothing => (Vec::new(), Vec::new()),
        };
        let (undone_when, needs_cover) = match &step.way {
            Way::Irreversible(way) => (
                way.undone_when.iter().map(|formula| Condition::at_once(formula.clone(), names)).collect(),
                way.without_approval.is_none(),
            ),
            Way::Rollback(_) | Way::Nothing => (Vec::new(), false),
        };
        let uncovered = needs_cover && covering.is_none();
        let covering = covering.filter(|_| step.approval.is_some() || needs_cover);
        StepPart {
            leaves: step.residuals().into_iter().cloned().collect(),
            guard,
            guard_again,
            ensures: step.ensures.iter().map(|ensure| Condition::of_ensure(ensure, names)).collect(),
            rollback_guard,
            rollback_ensures,
            undone_when,
            uncovered,
            approval: covering.cloned(),
            acts: step.body.iter().any(Statement::acts),
            changes,
            step: step.clone(),
        }
    }

    /// Returns the statements of one direction.
    pub(crate) fn statements(&self, phase: Phase) -> &[Statement] {
        match (phase, &self.step.way) {
            (Phase::Forward, _) => &self.step.body,
            (Phase::Rollback, Way::Rollback(rollback)) => &rollback.body,
            (Phase::Rollback, Way::Irreversible(_) | Way::Nothing) => &[],
        }
    }
}

impl Condition {
    /// A `requires`.
    pub(crate) fn of(require: &Require, names: &Names<'_>) -> Condition {
        Condition {
            formula: require.formula.clone(),
            text: names.formula(&require.formula),
            every_ms: require.every_ms,
            within_ms: require.within_ms,
            message: require.message.clone(),
            proved: false,
        }
    }

    /// An `ensures` of a step.
    fn of_ensure(ensure: &Ensure, names: &Names<'_>) -> Condition {
        Condition {
            text: names.literal(&ensure.literal),
            formula: ensure.literal.formula(),
            every_ms: ensure.every_ms,
            within_ms: ensure.within_ms,
            message: String::new(),
            proved: false,
        }
    }

    /// A formula that is asked once.
    pub(crate) fn at_once(formula: Formula, names: &Names<'_>) -> Condition {
        let (text, message) = (names.formula(&formula), String::new());
        Condition { text, formula, every_ms: 0, within_ms: 0, message, proved: false }
    }

    /// Leaves out the parts that ask what a step changes itself; none if nothing is left.
    fn without(self, changes: &[Cell]) -> Option<Condition> {
        let own = |formula: &Formula| formula.atoms().iter().any(|atom| may_be_among(&atom.cell, changes));
        if !own(&self.formula) {
            return Some(self);
        }
        match self.formula {
            Formula::All(parts) => {
                let rest: Vec<Formula> = parts.into_iter().filter(|part| !own(part)).collect();
                if rest.is_empty() { None } else { Some(Condition { formula: Formula::All(rest), ..self }) }
            }
            Formula::Atom(_) | Formula::Value(_) | Formula::Not(_) | Formula::Any(_) => None,
        }
    }
}

/// Whether a part of a plan holds an irreversible step.
fn seals_inside(node: &Node) -> bool {
    match node {
        Node::Step(step) => matches!(step.way, Way::Irreversible(_)),
        Node::Stop { .. } | Node::Assume { .. } => false,
        Node::Wait(wait) => wait.otherwise.iter().any(seals_inside),
        Node::Each(each) => each.body.iter().any(seals_inside),
        Node::Parallel(parallel) => parallel.branches.iter().flatten().any(seals_inside),
        Node::If { then, otherwise, unknown, .. } => {
            then.iter().chain(otherwise).chain(unknown.iter().flatten()).any(seals_inside)
        }
    }
}

/// What these nodes ask, set or leave.
fn atoms_of(nodes: &[Node]) -> Vec<Atom> {
    surefoot_plan::atoms_of(nodes).into_iter().cloned().collect()
}

/// The `requires` of a place, each with whether it was proved.
fn requires(requires: &[Require], proof: &Proof, place: &Place, names: &Names<'_>) -> Vec<Condition> {
    let condition = |(index, require)| Condition {
        proved: proof.verdict(place, What::Requires(index)) == Some(Verdict::Proved),
        ..Condition::of(require, names)
    };
    requires.iter().enumerate().map(condition).collect()
}

/// Each invariant that a half-done change of these cells could break, for every value that they may have, and that what
/// is changed beside them may have.
fn half_done_invariants(
    plan: &Plan,
    (changes, beside): (&[Cell], &[Cell]),
    proof: &Proof,
    place: &Place,
    names: &Names<'_>,
) -> Vec<Condition> {
    let mut conditions = Vec::new();
    for (index, invariant) in plan.invariants.iter().enumerate() {
        let Some(formula) = half_done_beside(&invariant.formula, changes, beside) else { continue };
        conditions.push(Condition {
            formula,
            text: names.formula(&invariant.formula),
            every_ms: 0,
            within_ms: 0,
            message: invariant.message.clone(),
            proved: proof.verdict(place, What::Invariant(index)) == Some(Verdict::Proved),
        });
    }
    conditions
}
