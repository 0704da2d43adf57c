//! A concrete machine: performs a small plan in every world that it may meet, stops it everywhere, and
//! walks back. It knows nothing of names, knowledge or truth tables; a world is five numbers.

mod interleaved;

use std::collections::{BTreeMap, BTreeSet};

use super::super::Rules;
use super::super::proof::{Obligation, Owed, Place, Proof, Verdict, What};
use super::generate::cells;
use crate::{
    Cell, Comparison, Ensure, Expr, Formula, Literal, Node, Plan, Restores, ScopeEnd, Step, StepId, Test,
    Tri, Value, Way,
};

/// How many different worlds there are of each variable: `a`, `b`, `p` of the first thing, `p` of the second,
/// the number, and `p` of the third.
const SIZES: [u8; 6] = [2, 2, 2, 2, 5, 2];

/// What the list of a plan's loops may be: none of its items stands there twice.
const LISTS: [&[&str]; 5] = [&[], &["u"], &["w", "u"], &["u", "v"], &["v", "w", "u"]];

/// The smallest number: below every constant of the generator, as the largest is above.
const LEAST: i64 = -1;

/// The value of each variable.
type World = [u8; 6];

/// What went wrong, and how much was tried.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    /// Places where a run stopped and went back.
    pub(super) stops: u64,
    /// A condition that was proved, and false.
    pub(super) proved_false: u64,
    /// An invariant that was broken, half way or not.
    pub(super) broken: u64,
    /// A way back that ended elsewhere.
    pub(super) not_restored: u64,
    /// What is owed differs from what the proof says.
    pub(super) owed_wrong: u64,
    /// The first thing that went wrong, for the message.
    pub(super) first: Option<String>,
}

impl Tally {
    /// How much went wrong.
    pub(super) fn violations(&self) -> u64 {
        self.proved_false + self.broken + self.not_restored + self.owed_wrong
    }

    /// Adds another.
    pub(super) fn add(&mut self, other: Tally) {
        self.stops += other.stops;
        self.proved_false += other.proved_false;
        self.broken += other.broken;
        self.not_restored += other.not_restored;
        self.owed_wrong += other.owed_wrong;
        self.first = self.first.take().or(other.first);
    }
}

/// A step that was performed, with what was recorded before it.
#[derive(Clone)]
struct Done<'a> {
    step: &'a Step,
    before: World,
}

/// A run at a point.
#[derive(Clone)]
struct Run<'a> {
    world: World,
    /// Where the way back must end.
    base: World,
    /// Variables that may differ from it.
    left: BTreeSet<usize>,
    /// What is owed, latest last.
    done: Vec<Done<'a>>,
    /// How many points of no return were passed.
    seals: usize,
    arms: Vec<(StepId, Tri)>,
    /// The turn to whose base the run may be taken back, and go on; or the wave.
    turn: Option<Turn>,
    /// The wave, where that may be taken back.
    wave: Option<Turn>,
}

/// Where a turn began that may fail.
#[derive(Clone)]
struct Turn {
    world: World,
    /// How many steps were done, and how many points of no return passed.
    done: usize,
    seals: usize,
    /// Variables that may differ since.
    left: BTreeSet<usize>,
}

impl Run<'_> {
    /// These variables may differ from now on.
    fn leave(&mut self, variables: BTreeSet<usize>) {
        for turn in self.turn.iter_mut().chain(&mut self.wave) {
            turn.left.extend(&variables);
        }
        self.left.extend(variables);
    }
}

/// Performs a plan under one meaning of its inputs.
pub(super) struct Machine<'a> {
    plan: &'a Plan,
    proof: &'a Proof,
    /// Whether `u` and `v` are the same thing.
    same: bool,
    /// What is owed where, as the proof says. None for a plan with loops or branches: there the proof lists the turn
    /// of one item, and no order of the branches, and the machine's own book counts.
    ways: Option<BTreeMap<StepId, Vec<Owed>>>,
    /// For each part of a turn, the part of the loop's body that it is.
    general: BTreeMap<StepId, StepId>,
    /// The rules of the executor: it asks an invariant for every value of what other branches change.
    rules: &'a Rules,
    /// Whether the third thing is asked.
    has_loops: bool,
    /// The turns of each loop.
    turns: &'a BTreeMap<StepId, Vec<Vec<Node>>>,
    /// The runs that go on after a turn that failed.
    failed: Vec<Run<'a>>,
    tally: Tally,
}

/// Performs a plan in every world, and counts what goes wrong.
pub(super) fn perform(plan: &Plan, proof: &Proof, rules: &Rules) -> Tally {
    let mut tally = Tally::default();
    for same in [false, true] {
        if same && !plan.constraints.is_empty() {
            continue;
        }
        let has_loops = plan.nodes().any(|node| matches!(node, Node::Each(_)));
        let has_branches = plan.parallels().next().is_some();
        let ways = || plan.nodes().map(|node| (node.id().clone(), proof.way_back(node.id()))).collect();
        for list in LISTS.iter().take(if has_loops { LISTS.len() } else { 1 }) {
            // What is the same stands there once.
            if same && list.contains(&"u") && list.contains(&"v") {
                continue;
            }
            let (plan, general, turns) = expanded(plan, list);
            let ways = (!has_loops && !has_branches).then(ways);
            let mut machine = Machine {
                plan: &plan,
                proof,
                same,
                ways,
                general,
                has_loops,
                rules,
                turns: &turns,
                failed: Vec::new(),
                tally: Tally::default(),
            };
            machine.run();
            tally.add(machine.tally);
        }
    }
    tally
}

/// The turns of each loop of a plan.
type Turns = BTreeMap<StepId, Vec<Vec<Node>>>;

/// The plan with its turns in the place of the bodies of its loops.
fn expanded(plan: &Plan, list: &[&str]) -> (Plan, BTreeMap<StepId, StepId>, Turns) {
    let mut general = BTreeMap::new();
    let mut turns = Turns::new();
    let mut plan = plan.clone();
    for node in &mut plan.body {
        let Node::Each(each) = node else { continue };
        for item in list {
            let inside = crate::Nodes::of(&each.body).map(|node| node.id());
            general.extend(inside.map(|id| (id.turn(item), id.clone())));
        }
        let own: Vec<Vec<Node>> =
            list.iter().map(|item| each.turn_with(&Expr::Input((*item).into()), item)).collect();
        each.body = own.concat();
        turns.insert(each.id.clone(), own);
    }
    (plan, general, turns)
}

impl<'a> Machine<'a> {
    fn run(&mut self) {
        let mut starts = Vec::new();
        // The third thing is asked of items alone.
        let asked: &[usize] = if self.has_loops { &[0, 1, 2, 3, 4, 5] } else { &[0, 1, 2, 3, 4] };
        for world in assignments(&asked.iter().copied().collect(), [0; 6]) {
            let is_first = !self.same || world[3] == 0;
            if is_first && self.invariants_hold(&world) && self.guard(&Place::Start, &world, None) {
                starts.push(Run {
                    world,
                    base: world,
                    left: BTreeSet::new(),
                    done: Vec::new(),
                    seals: 0,
                    arms: Vec::new(),
                    turn: None,
                    wave: None,
                });
            }
        }
        let ends = self.nodes(&self.plan.body, starts);
        for run in ends {
            self.guard(&Place::End, &run.world, None);
            let owed = match self.ways {
                Some(_) => self.proof.way_back_from_end(),
                None => self.owed_now(&run),
            };
            self.back(&run, &owed, None, run.world, "the end");
        }
    }

    fn nodes(&mut self, nodes: &'a [Node], runs: Vec<Run<'a>>) -> Vec<Run<'a>> {
        nodes.iter().fold(runs, |runs, node| {
            let mut after = Vec::new();
            for run in runs {
                match node {
                    Node::Step(step) => after.extend(self.step(step, run)),
                    Node::Wait(wait) => {
                        let reached = self.guard(&Place::Wait(wait.id.clone()), &run.world, None);
                        if reached {
                            after.push(self.chosen(&wait.id, Tri::True, run));
                        } else if wait.otherwise.is_empty() {
                            let owed = self.owed_at(&wait.id, &run);
                            self.back(&run, &owed, None, run.world, &wait.id.0);
                        } else {
                            let run = self.chosen(&wait.id, Tri::False, run);
                            after.extend(self.nodes(&wait.otherwise, vec![run]));
                        }
                    }
                    // Known false it holds the run, which a person may take back; else it holds.
                    Node::Assume { id, literal, .. } if !self.literal(literal, &run.world) => {
                        let owed = self.owed_at(id, &run);
                        self.back(&run, &owed, None, run.world, &id.0);
                    }
                    Node::Assume { .. } => after.push(run),
                    // The run is over, and well; a person may have it taken back later.
                    Node::Stop { id, .. } => {
                        let owed = self.owed_at(id, &run);
                        self.back(&run, &owed, None, run.world, &id.0);
                    }
                    Node::Each(each) => after.extend(self.each(each, run)),
                    Node::Parallel(parallel) => after.extend(self.parallel(parallel, run)),
                    Node::If { id, condition, then, otherwise, unknown, hypothesis, .. } => {
                        if let Some(unknown) = unknown {
                            let run = self.chosen(id, Tri::Unknown, run.clone());
                            after.extend(self.nodes(unknown, vec![run]));
                        }
                        let is_true = self.holds(condition, &run.world);
                        // What is true and cannot be told goes on as if it were false.
                        if hypothesis.is_some() && is_true {
                            let run = self.chosen(id, Tri::False, run.clone());
                            after.extend(self.nodes(otherwise, vec![run]));
                        }
                        let (arm, nodes) = if is_true { (Tri::True, then) } else { (Tri::False, otherwise) };
                        if self.proof.unreachable.contains(&(self.general(id), arm)) {
                            self.wrong(|tally| &mut tally.proved_false, || format!("{id} takes a dead arm"));
                            continue;
                        }
                        let run = self.chosen(id, arm, run);
                        after.extend(self.nodes(nodes, vec![run]));
                    }
                }
            }
            after
        })
    }

    /// Performs the turns of a loop; one that fails is taken back, and the loop goes on.
    fn each(&mut self, each: &'a crate::Each, run: Run<'a>) -> Vec<Run<'a>> {
        let turns = self.turns;
        let mut runs = vec![(run, 0)];
        let all = turns[&each.id].len() as u32;
        for (at, turn) in turns[&each.id].iter().enumerate() {
            let mut seen = BTreeSet::new();
            let mut next = Vec::new();
            for (mut run, failures) in runs {
                let (world, done, seals, left) = (run.world, run.done.len(), run.seals, BTreeSet::new());
                let begin = Turn { world, done, seals, left };
                let waves = each.on_failure == crate::TurnsBack::Wave;
                if waves && each.wave(at as u32, all).0 == at as u32 {
                    run.wave = Some(begin.clone());
                }
                run.turn = if failures < each.tolerate { Some(begin) } else { run.wave.clone() };
                let outer = std::mem::take(&mut self.failed);
                let ends = self.nodes(turn, vec![run]);
                let failed = std::mem::replace(&mut self.failed, outer);
                let all = ends.into_iter().map(|run| (run, failures));
                for (run, failures) in all.chain(failed.into_iter().map(|run| (run, failures + 1))) {
                    let run = Run { turn: None, ..run };
                    let book: Vec<_> =
                        run.done.iter().map(|done| (done.step.id.clone(), done.before)).collect();
                    let wave = run.wave.as_ref().map(|wave| (wave.world, wave.left.clone()));
                    let key = (run.world, run.base, run.left.clone(), book, run.seals, failures, wave);
                    if seen.insert(key) {
                        next.push((run, failures));
                    }
                }
            }
            runs = next;
        }
        runs.into_iter().map(|(run, _)| Run { wave: None, ..run }).collect()
    }

    fn chosen(&self, id: &StepId, arm: Tri, mut run: Run<'a>) -> Run<'a> {
        run.arms.push((id.clone(), arm));
        run
    }

    fn step(&mut self, step: &'a Step, run: Run<'a>) -> Vec<Run<'a>> {
        let changes = self.variables(step.changes());
        let world = run.world;
        let before_owed = self.owed_now(&run);
        let allowed = self.guard(&Place::Step(step.id.clone()), &world, Some(&changes));
        // Refused, or without effect: what was owed before is paid.
        self.back(&run, &before_owed, None, world, &step.id.0);
        if !allowed {
            return Vec::new();
        }
        let is_seal = matches!(step.way, Way::Irreversible(_));
        let owed = self.ways.as_ref().map(|ways| ways[&step.id].clone());
        for half in assignments(&changes, world) {
            self.check_invariants(&half, || format!("{} half done", step.id));
            if is_seal {
                // It may turn out to have acted.
                let run = self.sealed(run.clone(), half);
                let owed = owed.clone().unwrap_or_else(|| self.owed_now(&run));
                self.back(&run, &owed, None, half, &step.id.0);
            } else {
                let done = Done { step, before: world };
                let own = || {
                    let mut run = run.clone();
                    let has_rollback = matches!(step.way, Way::Rollback(_));
                    run.done.extend(has_rollback.then(|| done.clone()));
                    self.owed_now(&run)
                };
                let owed = owed.clone().unwrap_or_else(own);
                self.back(&run, &owed, Some(done), half, &step.id.0);
            }
        }
        let mut after = Vec::new();
        for full in assignments(&changes, world) {
            if !step.ensures.iter().all(|ensure| self.literal(&ensure.literal, &full)) {
                continue;
            }
            let mut next = run.clone();
            next.world = full;
            match &step.way {
                Way::Rollback(_) => next.done.push(Done { step, before: world }),
                Way::Irreversible(_) => next = self.sealed(next, full),
                Way::Nothing => next.leave(self.variables(step.residuals())),
            }
            after.push(next);
        }
        after
    }

    /// A point of no return was passed: nothing is owed any more but to leave the open scopes.
    fn sealed(&self, mut run: Run<'a>, world: World) -> Run<'a> {
        let left: Vec<&StepId> = run.done.iter().map(|done| &done.step.id).collect();
        let is_open = |done: &Done<'a>| match &done.step.scope {
            Some(ScopeEnd::Enters { leave, .. }) => !left.contains(&leave),
            Some(ScopeEnd::Leaves { .. }) | None => false,
        };
        let open: Vec<Done<'a>> = run.done.iter().filter(|done| is_open(done)).cloned().collect();
        run.base = world;
        for enter in open.iter().rev() {
            for variable in self.variables(enter.step.rollback_changes()) {
                run.base[variable] = enter.before[variable];
            }
        }
        run.left.clear();
        run.done = open;
        run.seals += 1;
        run
    }

    /// What is owed at a part of the plan, as the proof says.
    fn owed_at(&self, id: &StepId, run: &Run<'a>) -> Vec<Owed> {
        self.ways.as_ref().map_or_else(|| self.owed_now(run), |ways| ways[id].clone())
    }

    /// The part of the plan that the proof speaks about.
    fn general(&self, id: &StepId) -> StepId {
        self.general.get(id).unwrap_or(id).clone()
    }

    /// What is owed at a point where the next step was not begun, by the machine's own book.
    fn owed_now(&self, run: &Run<'a>) -> Vec<Owed> {
        let own = run.done.iter().rev();
        own.map(|done| Owed { step: done.step.id.clone(), only_if: Vec::new(), among: None }).collect()
    }

    /// Walks back by a list, from a world.
    fn back(&mut self, run: &Run<'a>, owed: &[Owed], half: Option<Done<'a>>, world: World, at: &str) {
        self.tally.stops += 1;
        let mut book = run.done.clone();
        if let Some(half) = half {
            if matches!(half.step.way, Way::Rollback(_)) {
                book.push(half);
            } else {
                let mut run = run.clone();
                run.leave(self.variables(half.step.residuals()));
                return self.back(&run, owed, None, world, at);
            }
        }
        let taken = |owed: &&Owed| owed.only_if.iter().all(|arm| run.arms.contains(arm));
        let listed: Vec<&StepId> = owed.iter().filter(taken).map(|owed| &owed.step).collect();
        let own: Vec<&StepId> = book.iter().rev().map(|done| &done.step.id).collect();
        if listed != own {
            self.wrong(|tally| &mut tally.owed_wrong, || format!("at {at}: listed {listed:?}, owed {own:?}"));
        }
        let debts: Vec<Done<'a>> =
            listed.iter().filter_map(|id| book.iter().find(|done| done.step.id == **id).cloned()).collect();
        self.turn_back(run, &book, world, at);
        let (worlds, left) = self.pay(&debts, world, at);
        let left: BTreeSet<usize> = left.union(&run.left).copied().collect();
        for world in worlds {
            let is_back =
                (0..6).all(|variable| left.contains(&variable) || world[variable] == run.base[variable]);
            if !is_back {
                let base = run.base;
                self.wrong(
                    |tally| &mut tally.not_restored,
                    || format!("from {at}: ends at {world:?}, began at {base:?}, listed {listed:?}"),
                );
            }
        }
    }

    /// Pays debts, from a world. Returns where that may end, and what it leaves.
    fn pay(&mut self, debts: &[Done<'a>], world: World, at: &str) -> (BTreeSet<World>, BTreeSet<usize>) {
        let mut worlds = BTreeSet::from([world]);
        let mut left = BTreeSet::new();
        let mut kept = BTreeSet::new();
        for (index, debt) in debts.iter().enumerate() {
            let Way::Rollback(rollback) = &debt.step.way else { continue };
            if let Some(enter) = debts.get(index + 1)
                && debt.step.scope == Some(ScopeEnd::Leaves { enter: enter.step.id.clone() })
            {
                // Nothing is owed inside: where all is as it was before, the scope is not entered again.
                let changed = self.variables(enter.step.changes());
                let as_before = |world: &World| {
                    changed.iter().all(|variable| world[*variable] == enter.before[*variable])
                };
                (kept, worlds) = worlds.into_iter().partition(as_before);
            }
            let changes = self.variables(debt.step.rollback_changes());
            let residual = self.variables(debt.step.residuals());
            let mut next = BTreeSet::new();
            for world in worlds {
                let place = Place::Rollback(debt.step.id.clone());
                if !self.guard(&place, &world, Some(&changes)) {
                    // Stuck, before it acted.
                    continue;
                }
                for half in assignments(&changes, world) {
                    self.check_invariants(&half, || {
                        format!("rollback of {} half done, from {at}", debt.step.id)
                    });
                }
                for result in self.rolled_back(debt, &rollback.ensures, rollback.restores, &residual, world) {
                    next.insert(result);
                }
            }
            worlds = next;
            left.extend(residual);
            if let Some(ScopeEnd::Enters { .. }) = debt.step.scope {
                worlds.append(&mut kept);
            }
        }
        (worlds, left)
    }

    /// Takes back only the turn that failed: it ends where the turn began, and the run goes on from there.
    fn turn_back(&mut self, run: &Run<'a>, book: &[Done<'a>], world: World, at: &str) {
        // What has sealed goes on by no one but a person.
        let Some(turn) = run.turn.as_ref().filter(|turn| turn.seals == run.seals) else { return };
        let debts: Vec<Done<'a>> = book.iter().skip(turn.done).rev().cloned().collect();
        let (worlds, left) = self.pay(&debts, world, at);
        for world in worlds {
            let is_left = |variable: &usize| left.contains(variable) || turn.left.contains(variable);
            if !(0..6).all(|variable| is_left(&variable) || world[variable] == turn.world[variable]) {
                let base = turn.world;
                let what = || format!("from {at}: the turn ends at {world:?}, began at {base:?}");
                self.wrong(|tally| &mut tally.not_restored, what);
            }
            let mut run = run.clone();
            run.world = world;
            run.done.truncate(turn.done);
            run.leave(left.clone());
            self.failed.push(run);
        }
    }

    /// The worlds that a rollback may bring about.
    fn rolled_back(
        &self,
        debt: &Done<'a>,
        ensures: &[Ensure],
        restores: Restores,
        residual: &BTreeSet<usize>,
        world: World,
    ) -> Vec<World> {
        let own: BTreeSet<usize> =
            ensures.iter().map(|ensure| self.variable(&ensure.literal.atom.cell)).collect();
        let mut result = world;
        for variable in self.variables(debt.step.changes()) {
            result[variable] = match restores {
                Restores::Captured => debt.before[variable],
                Restores::Fixed => {
                    let of = |ensure: &&Ensure| self.variable(&ensure.literal.atom.cell) == variable;
                    match debt.step.ensures.iter().find(of) {
                        Some(ensure) if variable != 4 => u8::from(!ensure.literal.holds),
                        Some(_) => 1,
                        None => debt.before[variable],
                    }
                }
            };
        }
        // What it leaves may be anything; what it ensures is anything that it ensures.
        let open: BTreeSet<usize> = residual.union(&own).copied().collect();
        let all = assignments(&open, result);
        all.into_iter()
            .filter(|world| ensures.iter().all(|ensure| self.literal(&ensure.literal, world)))
            .collect()
    }

    /// Asks a guard as the executor does, and notes what was proved and is false.
    fn guard(&mut self, place: &Place, world: &World, changes: Option<&BTreeSet<usize>>) -> bool {
        let proof = self.proof;
        let mut all = true;
        let general = match place {
            Place::Step(id) => Place::Step(self.general(id)),
            Place::Rollback(id) => Place::Rollback(self.general(id)),
            Place::Wait(id) => Place::Wait(self.general(id)),
            Place::If(id) => Place::If(self.general(id)),
            Place::Start | Place::End => place.clone(),
        };
        for Obligation { what, verdict, text, .. } in proof.at(&general) {
            let holds = match what {
                What::Requires(index) => self.holds(self.formula(place, *index), world),
                What::Invariant(index) => {
                    let invariant = &self.plan.invariants[*index].formula;
                    let empty = BTreeSet::new();
                    let changes = changes.unwrap_or(&empty);
                    assignments(changes, *world).iter().all(|half| self.holds(invariant, half))
                }
            };
            // What is judged later may rest on what was asked before it.
            if !holds && all && *verdict == Verdict::Proved {
                self.wrong(|tally| &mut tally.proved_false, || format!("{place:?} {text} in {world:?}"));
            }
            all &= holds;
        }
        all
    }

    fn formula(&self, place: &Place, index: usize) -> &'a Formula {
        let plan = self.plan;
        let step = |id: &StepId| plan.step(id).expect("a step");
        match place {
            Place::Start => &plan.requires[index].formula,
            Place::End => &plan.ensures[index].formula,
            Place::Step(id) => &step(id).requires[index].formula,
            Place::Rollback(id) => match &step(id).way {
                Way::Rollback(rollback) => &rollback.requires[index].formula,
                Way::Irreversible(_) | Way::Nothing => panic!("no rollback"),
            },
            Place::Wait(id) | Place::If(id) => match plan.nodes().find(|node| node.id() == id) {
                Some(Node::Wait(wait)) => &wait.until.formula,
                Some(Node::If { condition, .. }) => condition,
                Some(
                    Node::Step(_)
                    | Node::Each(_)
                    | Node::Parallel(_)
                    | Node::Stop { .. }
                    | Node::Assume { .. },
                )
                | None => panic!("no condition"),
            },
        }
    }

    fn check_invariants(&mut self, world: &World, at: impl Fn() -> String) {
        if !self.invariants_hold(world) {
            self.wrong(|tally| &mut tally.broken, || format!("an invariant breaks in {world:?}: {}", at()));
        }
    }

    fn invariants_hold(&self, world: &World) -> bool {
        self.plan.invariants.iter().all(|invariant| self.holds(&invariant.formula, world))
    }

    fn holds(&self, formula: &Formula, world: &World) -> bool {
        match formula {
            Formula::Atom(atom) => self.test(&atom.cell, &atom.test, world),
            Formula::Value(_) => panic!("not generated"),
            Formula::Not(inner) => !self.holds(inner, world),
            Formula::All(parts) => parts.iter().all(|part| self.holds(part, world)),
            Formula::Any(parts) => parts.iter().any(|part| self.holds(part, world)),
        }
    }

    fn literal(&self, literal: &Literal, world: &World) -> bool {
        self.test(&literal.atom.cell, &literal.atom.test, world) == literal.holds
    }

    fn test(&self, cell: &Cell, test: &Test, world: &World) -> bool {
        let value = i64::from(world[self.variable(cell)]);
        let value = if cell.question == "n" { value + LEAST } else { value };
        match test {
            Test::Holds => value == 1,
            Test::Compares(comparison, Expr::Literal(Value::Int(with))) => match comparison {
                Comparison::Equal => value == *with,
                Comparison::NotEqual => value != *with,
                Comparison::Less => value < *with,
                Comparison::LessOrEqual => value <= *with,
                Comparison::Greater => value > *with,
                Comparison::GreaterOrEqual => value >= *with,
            },
            Test::Compares(..) => panic!("not generated"),
        }
    }

    fn variable(&self, cell: &Cell) -> usize {
        let at = cells().iter().position(|one| one == cell).expect("a cell of the generator");
        if at == 3 && self.same { 2 } else { at }
    }

    fn variables(&self, cells: BTreeSet<&Cell>) -> BTreeSet<usize> {
        cells.into_iter().map(|cell| self.variable(cell)).collect()
    }

    fn wrong(&mut self, count: impl Fn(&mut Tally) -> &mut u64, what: impl Fn() -> String) {
        *count(&mut self.tally) += 1;
        self.tally.first.get_or_insert_with(what);
    }
}

/// Every world that differs from one at most in these variables.
fn assignments(variables: &BTreeSet<usize>, world: World) -> Vec<World> {
    variables.iter().fold(vec![world], |worlds, variable| {
        let one = |world: World| {
            (0..SIZES[*variable]).map(move |value| {
                let mut world = world;
                world[*variable] = value;
                world
            })
        };
        worlds.into_iter().flat_map(one).collect()
    })
}
