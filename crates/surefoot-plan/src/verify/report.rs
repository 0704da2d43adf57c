//! Says what is wrong, in the words of the plan: the message, the path that leads there, and what to do.

use std::collections::{BTreeMap, BTreeSet};

use super::back::Stop;
use super::cells::{CellIx, Cells, NO, YES};
use super::facts::{Facts, Knowledge, Origin};
use super::program::{Conjunct, Program};
use super::proof::What;
use super::table::for_each_cell;
use super::violation::{Condition, Violation};
use crate::{Atom, Formula, Plan, Require, StepId, Test, Way};

/// Most rollbacks that a trace names one by one.
const NAMED_MAX: usize = 5;

/// The violations found so far.
pub(super) struct Report<'a> {
    plan: &'a Plan,
    cells: &'a Cells,
    program: &'a Program<'a>,
    /// What is wrong.
    pub(super) violations: Vec<Violation>,
    /// How cells read: by the name that the author gave to a fact, if there is one.
    names: BTreeMap<String, &'a str>,
    /// Rollbacks that were reported, by node and part of the guard.
    refused: BTreeSet<(usize, String)>,
    /// The reports about rollbacks that are still owed on the present path.
    active: Vec<usize>,
}

impl<'a> Report<'a> {
    /// Nothing is wrong yet.
    pub(super) fn new(plan: &'a Plan, cells: &'a Cells, program: &'a Program<'a>) -> Report<'a> {
        let mut names = BTreeMap::new();
        for fact in &plan.facts {
            if let Formula::Atom(Atom { cell, test: Test::Holds }) = &fact.formula {
                names.insert(plan.show_cell(cell), fact.name.as_str());
            }
        }
        let (refused, active) = (BTreeSet::new(), Vec::new());
        Report { plan, cells, program, violations: Vec::new(), names, refused, active }
    }

    /// Returns how a cell reads.
    pub(super) fn cell(&self, cell: CellIx) -> String {
        let shown = self.cells.get(cell).map_or("", |facts| &facts.shown);
        self.names.get(shown).copied().unwrap_or(shown).to_owned()
    }

    /// The runbook requires what cannot be.
    pub(super) fn start_false(&mut self, facts: &Facts, index: usize) {
        let Some(require) = self.plan.requires.get(index) else { return };
        let text = self.program.names.formula(&require.formula);
        let form = self.program.requires.get(index);
        let cells = form.map(cells_of).unwrap_or_default();
        self.push(Violation {
            condition: Condition::RequiresFalse,
            steps: Vec::new(),
            names: self.shown(&cells),
            message: format!(
                "the runbook requires `{text}`, which contradicts what it requires before, or an invariant"
            ),
            trace: self.because(facts, &cells, &BTreeSet::new()),
            help: "a run could never start: drop one of the conditions that contradict each other".into(),
            more: 0,
        });
    }

    /// The runbook ensures what is known false at its end.
    pub(super) fn end_false(&mut self, facts: &Facts, index: usize) {
        let Some(require) = self.plan.ensures.get(index) else { return };
        let text = self.program.names.formula(&require.formula);
        let cells = self.program.ensures.get(index).map(cells_of).unwrap_or_default();
        let mut trace = self.because(facts, &cells, &BTreeSet::new());
        trace.push(format!("at the end `{text}` is false"));
        self.push(Violation {
            condition: Condition::EndFalse,
            steps: self.setters(facts, &cells),
            names: self.shown(&cells),
            message: format!("the runbook ensures `{text}`, which is known false at its end"),
            trace,
            help: "no run could end well: change the `ensures`, or the step that makes it false".into(),
            more: 0,
        });
    }

    /// What is assumed is known false.
    pub(super) fn assumed_false(&mut self, facts: &Facts, at: usize, conjunct: &Conjunct) {
        let id = self.id(at);
        let cells = cells_of(&conjunct.form);
        let why = self.facts_in_words(facts, &cells, &conjunct.for_all);
        let mut steps = vec![id.clone()];
        steps.extend(self.setters(facts, &cells));
        self.push(Violation {
            condition: Condition::AssumedFalse,
            steps,
            names: self.shown(&cells),
            message: format!("`{id}` assumes what is known false there: {why}"),
            trace: self.because(facts, &cells, &conjunct.for_all),
            help: "an assumption says what cannot be told, not what should be otherwise: take it out, or let a step \
                   before it make it true"
                .into(),
            more: 0,
        });
    }

    /// A part stands after one that ends the run on every path.
    pub(super) fn never_reached(&mut self, at: usize, after: usize) {
        let (id, end) = (self.id(at), self.id(after));
        self.push(Violation {
            condition: Condition::NeverReached,
            message: format!("`{id}` is never reached: the run ends at `{end}` before it, whatever happens"),
            steps: vec![id, end],
            names: Vec::new(),
            trace: Vec::new(),
            help: "take out what follows, or put the `stop` into an `if`".into(),
            more: 0,
        });
    }

    /// A step, a wait or an `if` needs what is known false.
    pub(super) fn refused(&mut self, facts: &Facts, at: usize, conjunct: &Conjunct) {
        let id = self.id(at);
        let cells = cells_of(&conjunct.form);
        let why = self.facts_in_words(facts, &cells, &conjunct.for_all);
        let mut trace = self.because(facts, &cells, &conjunct.for_all);
        let mut steps = vec![id.clone()];
        steps.extend(self.setters(facts, &cells).into_iter().filter(|step| *step != id));
        let (condition, message, help) = match conjunct.what {
            What::Requires(index) => {
                let (text, message) = self.required(at, index);
                let message = match message.as_str() {
                    "" => format!("`{id}` requires `{text}`, which is known false there: {why}"),
                    reason => {
                        format!("`{id}` requires `{text}` ({reason}), which is known false there: {why}")
                    }
                };
                trace.push(format!("`{id}` requires `{text}`"));
                let help = "change the order of the steps, or let a step before it make this true. If the world \
                            changes it by itself, say so where it begins: `leaves FACT \"why\"`";
                (Condition::RequiresFalse, message, help.to_owned())
            }
            What::Invariant(index) => {
                let text = self.invariant(index);
                let asked: BTreeSet<CellIx> = cells.intersection(&conjunct.for_all).copied().collect();
                let beside = self.changed_beside(at, &asked);
                let changed = self
                    .shown(if !self.program.around.contains_key(id.0.as_str()) {
                        &conjunct.for_all
                    } else {
                        &asked
                    })
                    .join("`, `");
                let because = if why.is_empty() { String::new() } else { format!(", and {why}") };
                trace.extend(beside.iter().map(|(other, name)| {
                    format!("`{other}` changes `{name}` at the same time, in another branch")
                }));
                steps.extend(beside.iter().map(|(other, _)| other.clone()));
                trace.push(format!("while `{id}` is half done, `{changed}` may be anything{because}"));
                let meanwhile = match beside.first() {
                    Some((other, _)) => format!(", and `{other}` in another branch"),
                    None => String::new(),
                };
                let help = if beside.is_empty() {
                    "an invariant holds at every moment. Make the other part of it safe in a step before \
                     this one, take the change apart into two steps, or state at the runbook's end what \
                     need not hold before"
                } else {
                    "what together breaks an invariant is not done at the same time: put these steps after each other, \
                     each checked by what it ensures"
                };
                (
                    Condition::InvariantBroken,
                    format!("{text} may not hold while `{id}` is half done{meanwhile}"),
                    help.to_owned(),
                )
            }
        };
        self.refused.insert((at, format!("{:?}", conjunct.what)));
        self.push(Violation { condition, steps, names: self.shown(&cells), message, trace, help, more: 0 });
    }

    /// A rollback would run where it must not.
    pub(super) fn rollback_refused(
        &mut self,
        facts: &Facts,
        node: usize,
        conjunct: &Conjunct,
        stop: Stop,
        paid: &[usize],
    ) {
        // The same invariant, broken by the step itself, is one cause; and each rollback is reported once.
        if !self.refused.insert((node, format!("{:?}", conjunct.what))) {
            return;
        }
        let id = self.id(node);
        let cells = cells_of(&conjunct.form);
        let why = self.facts_in_words(facts, &cells, &conjunct.for_all);
        let mut trace = self.because(facts, &cells, &conjunct.for_all);
        trace.push(self.stop_sentence(stop));
        trace.extend(self.paid_sentence(paid));
        let mut steps = vec![id.clone()];
        steps.extend(self.setters(facts, &cells).into_iter().filter(|step| *step != id));
        if let Stop::During(at) | Stop::Before(at) | Stop::After(at) = stop {
            let stopped = self.id(at);
            if !steps.contains(&stopped) {
                steps.push(stopped);
            }
        }
        let stop = self.stop_clause(stop);
        let (condition, message, help) = match conjunct.what {
            What::Requires(index) => {
                let text = self.rollback_required(node, index);
                trace.push(format!("the rollback of `{id}` requires `{text}`, and {why}"));
                (
                    Condition::RollbackNeedsFalse,
                    format!("if {stop}, the rollback of `{id}` cannot run: it requires `{text}`, and {why}"),
                    "give the later step a rollback that brings this back, put the steps in another order, or \
                     make the later step a point of no return: `irreversible \"why\"`"
                        .to_owned(),
                )
            }
            What::Invariant(index) => {
                let text = self.invariant(index);
                let changed = self.shown(&conjunct.for_all).join("`, `");
                trace.push(format!("the rollback of `{id}` would change `{changed}` while {why}"));
                (
                    Condition::RollbackBreaksInvariant,
                    format!("if {stop}, the rollback of `{id}` would change `{changed}` while {why}: {text} may break"),
                    "give the later step a rollback that brings this back first, or make it a point of no return: \
                     `irreversible \"why\"`; then nothing before it is rolled back"
                        .to_owned(),
                )
            }
        };
        self.active.push(self.violations.len());
        self.push(Violation { condition, steps, names: self.shown(&cells), message, trace, help, more: 0 });
    }

    /// A rollback always sets the same, and that may not be what was there.
    pub(super) fn not_definite(&mut self, facts: &Facts, at: usize, cell: CellIx, set: &Knowledge) {
        let (id, name) = (self.id(at), self.cell(cell));
        let is_yes_no = self.cells.get(cell).is_some_and(|facts| facts.yes_no);
        let known = facts.of(cell);
        let is_same = known.is_some_and(|known| known.is_single() && known.regions == set.regions);
        let opposite = if set.regions == YES { format!("not {name}") } else { name.clone() };
        let (message, help) = if !is_yes_no {
            (
                format!(
                    "the rollback of `{id}` always does the same, and does not say to what value it sets `{name}`"
                ),
                format!(
                    "let `before` read the present value and the rollback bring it back; or say `requires {name} == …` \
                     in the step and `ensures {name} == …` in its rollback"
                ),
            )
        } else if is_same {
            (
                format!(
                    "`{id}` sets `{name}` to what it is already, and its rollback would set it to `{opposite}`, \
                     which it never was"
                ),
                format!("drop `{name}` from what `{id}` ensures, or let the step run only if `{opposite}`"),
            )
        } else {
            (
                format!(
                    "the rollback of `{id}` always sets `{opposite}`, but it is not known that this was so before the \
                     step"
                ),
                format!(
                    "say `requires {opposite}` in `{id}`; or put it into `if {opposite} {{ … }}`; or let its rollback \
                     bring back what a `before` reads"
                ),
            )
        };
        let trace = self.because(facts, &BTreeSet::from([cell]), &BTreeSet::new());
        let condition = Condition::NotDefiniteBefore;
        self.push(Violation { condition, steps: vec![id], names: vec![name], message, trace, help, more: 0 });
    }

    /// The way back ends elsewhere than it began.
    pub(super) fn not_restored(&mut self, cell: CellIx, node: usize, stop: Stop) {
        if !self.refused.insert((node, format!("restored {cell}"))) {
            return;
        }
        let (id, name) = (self.id(node), self.cell(cell));
        let clause = self.stop_clause(stop);
        let trace = vec![
            self.stop_sentence(stop),
            format!("the rollback of `{id}` sets `{name}` by its own `ensures`"),
            format!("no rollback after it brings `{name}` back to what it was"),
        ];
        self.active.push(self.violations.len());
        self.push(Violation {
            condition: Condition::NotRestored,
            steps: vec![id.clone()],
            names: vec![name.clone()],
            message: format!("if {clause}, the way back ends with `{name}` as the rollback of `{id}` sets it, which is not known to be what it was"),
            trace,
            help: format!(
                "let the rollback of `{id}` bring back what was there, require it before the step, or name what stays \
                 changed: `leaves {name} \"why\"`"
            ),
            more: 0,
        });
    }

    /// Two `ensures` of one step, or rollback, contradict each other.
    pub(super) fn contradiction(&mut self, at: usize, cell: CellIx) {
        let (id, name) = (self.id(at), self.cell(cell));
        self.push(Violation {
            condition: Condition::EnsuresContradict,
            steps: vec![id.clone()],
            names: vec![name.clone()],
            message: format!("what `{id}` ensures of `{name}` cannot all be true"),
            trace: Vec::new(),
            help: "drop one of the two".into(),
            more: 0,
        });
    }

    /// A step of one branch changes what a part of another asks, or changes.
    pub(super) fn interferes(
        &mut self,
        block: &StepId,
        changer: &StepId,
        changed: CellIx,
        other: &StepId,
        asked: Option<CellIx>,
        changes: bool,
    ) {
        let name = self.cell(changed);
        let other_name = asked.map_or_else(|| name.clone(), |asked| self.cell(asked));
        let does = if changes { "changes" } else { "asks" };
        let same = if other_name == name {
            String::new()
        } else {
            format!(", which may be the same as `{name}` or rest on it")
        };
        let message = if changes && other_name == name {
            format!(
                "`{changer}` and `{other}` are done at the same time, in two branches of `{block}`, and both change `{name}`"
            )
        } else {
            format!(
                "`{changer}` changes `{name}` at the same time as `{other}`, in another branch of `{block}`, {does} `{other_name}`{same}"
            )
        };
        let trace = vec![
            format!("`{block}` does its branches at the same time"),
            format!("`{changer}` begins, and changes `{name}`"),
            format!("`{other}` {does} `{other_name}` before, while or after that: nobody can tell"),
        ];
        self.push(Violation {
            condition: Condition::BranchesInterfere,
            steps: vec![changer.clone(), other.clone(), block.clone()],
            names: vec![name],
            message,
            trace,
            help: format!("put `{changer}` and `{other}` into one branch, in the order in which they are meant: `{{ … }}`; or take one of them out of the block"),
            more: 0,
        });
    }

    /// A step that is not safe to repeat stands after a point of no return.
    pub(super) fn once_after_seal(&mut self, at: usize, sealed: usize) {
        let (id, seal) = (self.id(at), self.id(sealed));
        self.push(Violation {
            condition: Condition::OnceAfterSeal,
            steps: vec![id.clone(), seal.clone()],
            names: Vec::new(),
            message: format!("`{id}` stands after `{seal}`, the point of no return, and is not safe to repeat"),
            trace: vec![
                format!("`{seal}` starts: from then on the only way is forward"),
                format!("`{id}` is interrupted, and nothing tells whether it took effect"),
                format!("it can neither be repeated nor taken back past `{seal}`"),
            ],
            help: format!(
                "say what `{id}` sets with `ensures FACT`, where the fact is not true already; or say `idempotent` if \
                 doing it twice is the same as once; or put it before `{seal}`"
            ),
            more: 0,
        });
    }

    /// A step changes what the scope around it was entered to change.
    pub(super) fn scope_shared(&mut self, at: usize, enter: usize, cells: &[CellIx]) {
        let (id, enter) = (self.id(at), self.id(enter));
        let names: Vec<String> = cells.iter().map(|cell| self.cell(*cell)).collect();
        let listed = names.join("`, `");
        self.push(Violation {
            condition: Condition::ScopeShared,
            message: format!("`{id}` changes `{listed}`, and so does entering the scope it stands in: leaving would take the step's work back"),
            steps: vec![id, enter],
            names,
            trace: Vec::new(),
            help: "put the step before or after the `during`, or let `enter` change something else".into(),
            more: 0,
        });
    }

    /// Something is wrong with a step by itself.
    pub(super) fn at_step(&mut self, condition: Condition, at: usize, names: Vec<String>) {
        let id = self.id(at);
        let listed = names.join("`, `");
        let (message, help) = match condition {
            Condition::NoWayBack if names.is_empty() => (
                format!("`{id}` changes something and has no way back"),
                "add `rollback { … }`; or say that there is none: `irreversible \"why\"`; or that it need not be taken \
                 back: `leaves \"why\"`",
            ),
            Condition::NoWayBack => (
                format!("`{id}` changes `{listed}`, which no rollback brings back and no `leaves` names"),
                "add `rollback { … }`, or name it in `leaves`",
            ),
            Condition::SealNotApproved => (
                format!(
                    "`{id}` is irreversible, and no second person approves it on every path that leads there"
                ),
                "add `approved by ROLE expires 10m` to the step, or say why it needs none: `irreversible \"why\" without \
                 approval \"why\"`",
            ),
            Condition::OnceSeal => (
                format!(
                    "`{id}` is irreversible and not safe to repeat: after a crash nobody could tell what to do"
                ),
                "say what it sets with `ensures FACT`; or say `idempotent` if doing it twice is the same as once; or name \
                 a runbook that helps: `recover with \"…\"`",
            ),
            Condition::SealInWave => (
                format!("`{id}` takes back the turns of a wave, and `{listed}` in it is irreversible"),
                "take `on failure rollback wave` away: a turn in which something cannot be taken back waits for a person",
            ),
            Condition::UndoneWhenChanged => (
                format!("`undone when` of `{id}` asks `{listed}`, which `{id}` itself changes"),
                "that the change has not shown yet is no evidence that it never will: ask a fact that only holds when the \
                 step can no longer take effect",
            ),
            Condition::EmptyRollback => (
                format!(
                    "the rollback of `{id}` has no statement that changes anything: it takes nothing back"
                ),
                "write what takes the step back; or say that it need not be taken back, instead of a rollback: `leaves \
                 \"why\"`",
            ),
            Condition::ScopeOnce => (
                format!(
                    "`{id}` is not safe to repeat: on the way back a scope that was left is entered and left again"
                ),
                "say what it sets with `ensures FACT`, where the fact is not true already; or say `idempotent` if doing it \
                 twice is the same as once",
            ),
            Condition::ScopeFacts => (
                format!("leaving by `{id}` and entering do not change the same facts: `{listed}`"),
                "say in the `ensures` of `leave` what is true of each fact that `enter` ensures, and of no other",
            ),
            Condition::ClassWrong if names.is_empty() => (
                format!("`{id}` has no statement that changes anything, but says what it ensures or leaves"),
                "add the statement that does it; or take `ensures` and `leaves` away: what only has to be so stands in \
                 `requires`, or in `wait until`",
            ),
            Condition::ClassWrong => (
                format!("`{id}` is not of the class that it is said to be of"),
                "a step that only reads does nothing else, and one that tells whether it took effect says so with \
                 `ensures`; make the plan again from its runbook",
            ),
            Condition::Malformed
            | Condition::BranchesInterfere
            | Condition::InBranch
            | Condition::NeverReached
            | Condition::AssumedFalse
            | Condition::InputUnbound
            | Condition::ConstraintBroken
            | Condition::TooLarge
            | Condition::Unbounded
            | Condition::ValueMayNotExist
            | Condition::RollbackNeedsFalse
            | Condition::RollbackBreaksInvariant
            | Condition::RollbackReadsMissing
            | Condition::NotDefiniteBefore
            | Condition::NotRestored
            | Condition::OnceAfterSeal
            | Condition::RollbackAsks
            | Condition::ScopeShared
            | Condition::RequiresFalse
            | Condition::InvariantBroken
            | Condition::EnsuresContradict
            | Condition::EndFalse
            | Condition::OutsideAllow
            | Condition::SecretExposed => (format!("`{id}` breaks a rule: {condition:?}"), ""),
        };
        let help = help.to_owned();
        self.push(Violation { condition, steps: vec![id], names, message, trace: Vec::new(), help, more: 0 });
    }

    /// How many reports are about rollbacks that are owed on this path.
    pub(super) fn active_refusals(&self) -> usize {
        self.active.len()
    }

    /// Back to a path on which only so many were owed.
    pub(super) fn forget_refusals(&mut self, kept: usize) {
        self.active.truncate(kept);
    }

    /// One more place where the run can stop, and where what was reported shows again.
    pub(super) fn count_stop(&mut self) {
        for index in &self.active {
            if let Some(violation) = self.violations.get_mut(*index) {
                violation.more += 1;
            }
        }
    }

    fn push(&mut self, violation: Violation) {
        if self.violations.len() < super::VIOLATIONS_MAX {
            self.violations.push(violation);
        }
    }

    fn id(&self, at: usize) -> StepId {
        self.program.nodes.get(at).map_or_else(|| StepId(String::new()), |node| node.node.id().clone())
    }

    fn shown(&self, cells: &BTreeSet<CellIx>) -> Vec<String> {
        cells.iter().map(|cell| self.cell(*cell)).collect()
    }

    fn required(&self, at: usize, index: usize) -> (String, String) {
        let require: Option<&Require> = self.program.nodes.get(at).and_then(|node| match node.node {
            crate::Node::Step(step) => step.requires.get(index),
            crate::Node::Wait(wait) => Some(&wait.until),
            crate::Node::If { .. }
            | crate::Node::Each(_)
            | crate::Node::Parallel(_)
            | crate::Node::Stop { .. }
            | crate::Node::Assume { .. } => None,
        });
        require.map_or_else(Default::default, |require| {
            (self.program.names.formula(&require.formula), require.message.clone())
        })
    }

    fn rollback_required(&self, at: usize, index: usize) -> String {
        let require = self.program.nodes.get(at).and_then(|node| match node.node {
            crate::Node::Step(step) => match &step.way {
                Way::Rollback(rollback) => rollback.requires.get(index),
                Way::Irreversible(_) | Way::Nothing => None,
            },
            crate::Node::Wait(_)
            | crate::Node::If { .. }
            | crate::Node::Each(_)
            | crate::Node::Parallel(_)
            | crate::Node::Stop { .. }
            | crate::Node::Assume { .. } => None,
        });
        require.map_or_else(String::new, |require| self.program.names.formula(&require.formula))
    }

    fn invariant(&self, index: usize) -> String {
        let Some(invariant) = self.plan.invariants.get(index) else { return String::new() };
        let text = self.program.names.formula(&invariant.formula);
        match invariant.message.as_str() {
            "" => format!("the invariant `{text}`"),
            message => format!("the invariant `{text}` ({message})"),
        }
    }

    /// The steps of other branches that change one of these cells, with it.
    fn changed_beside(&self, at: usize, asked: &BTreeSet<CellIx>) -> Vec<(StepId, String)> {
        let id = self.id(at);
        let Some(block) = self.plan.parallels().find(|block| block.places().any(|(part, _)| *part == id))
        else {
            return Vec::new();
        };
        let own = block.places().find(|(part, _)| **part == id).map(|(_, branch)| branch);
        let mut found = Vec::new();
        for (part, _) in block.places().filter(|(_, branch)| Some(*branch) != own) {
            let Some(facts) =
                self.program.index.get(part.0.as_str()).and_then(|at| self.program.nodes.get(*at))
            else {
                continue;
            };
            let back = facts.rollback.iter().flat_map(|back| &back.changes_wide);
            if let Some(cell) = facts.changes_wide.iter().chain(back).find(|cell| asked.contains(cell)) {
                found.push((part.clone(), self.cell(*cell)));
            }
        }
        found
    }

    /// What is known of these cells: "`a` is true and `b` is false".
    fn facts_in_words(&self, facts: &Facts, cells: &BTreeSet<CellIx>, except: &BTreeSet<CellIx>) -> String {
        let known = cells.difference(except).filter_map(|cell| {
            let known = facts.of(*cell)?;
            let name = self.cell(*cell);
            self.value_in_words(*cell, known).map(|value| format!("`{name}` {value}"))
        });
        let known: Vec<String> = known.collect();
        if known.is_empty() { "nothing else is known to prevent it".into() } else { known.join(" and ") }
    }

    fn value_in_words(&self, cell: CellIx, known: &Knowledge) -> Option<String> {
        let facts = self.cells.get(cell)?;
        if facts.yes_no {
            return match known.regions {
                YES => Some("is true".into()),
                NO => Some("is false".into()),
                _ => None,
            };
        }
        if known.regions == facts.all && known.tests.is_empty() {
            return None;
        }
        Some(match known.origin {
            Origin::Set(node) => format!("is what `{}` sets", self.id(node)),
            Origin::RolledBack(node) => format!("is what the rollback of `{}` sets", self.id(node)),
            Origin::Start | Origin::Changed(_) | Origin::Probed(_) | Origin::Assumed(_) | Origin::Entry => {
                "is what was asked before".into()
            }
        })
    }

    /// Where what is known of these cells comes from, in the order of the run.
    fn because(&self, facts: &Facts, cells: &BTreeSet<CellIx>, except: &BTreeSet<CellIx>) -> Vec<String> {
        let mut sentences = BTreeMap::new();
        for cell in cells.difference(except) {
            let Some(known) = facts.of(*cell) else { continue };
            let name = self.cell(*cell);
            let value = self.value_in_words(*cell, known);
            let value = value.as_deref();
            let (order, sentence) = match (known.origin, value) {
                (Origin::Start, _) | (_, None) => continue,
                (Origin::Entry, Some(value)) => (0, format!("the run starts only if `{name}` {value}")),
                (Origin::Assumed(node), Some(value)) => {
                    (node + 1, format!("`{}` takes it for true that `{name}` {value}", self.id(node)))
                }
                (Origin::Probed(node), Some(value)) => {
                    (node + 1, format!("the run passes `{}` only if `{name}` {value}", self.id(node)))
                }
                (Origin::Set(node), Some(_)) => (node + 1, self.set_sentence(node, *cell, &name)),
                (Origin::RolledBack(node), Some(value)) => {
                    (usize::MAX, format!("after the rollback of `{}`, `{name}` {value}", self.id(node)))
                }
                (Origin::Changed(node), Some(_)) => {
                    (node + 1, format!("`{}` may change `{name}`", self.id(node)))
                }
            };
            sentences.entry((order, name)).or_insert(sentence);
        }
        sentences.into_values().collect()
    }

    fn set_sentence(&self, node: usize, cell: CellIx, name: &str) -> String {
        let id = self.id(node);
        let facts = self.program.nodes.get(node).map(|node| node.node);
        let Some(crate::Node::Step(step)) = facts else { return format!("`{id}` sets `{name}`") };
        let of_cell =
            |ensure: &&crate::Ensure| self.cells.of(self.plan, &ensure.literal.atom.cell) == Some(cell);
        let set: Vec<String> = step
            .ensures
            .iter()
            .filter(of_cell)
            .map(|ensure| self.program.names.literal(&ensure.literal))
            .collect();
        format!("`{id}` sets `{}`", set.join("`, `"))
    }

    /// The nodes that made these cells what they are, the latest first.
    fn setters(&self, facts: &Facts, cells: &BTreeSet<CellIx>) -> Vec<StepId> {
        let origin = |cell: &CellIx| match facts.of(*cell)?.origin {
            Origin::Set(node)
            | Origin::Changed(node)
            | Origin::RolledBack(node)
            | Origin::Assumed(node)
            | Origin::Probed(node) => Some(node),
            Origin::Start | Origin::Entry => None,
        };
        let nodes: BTreeSet<usize> = cells.iter().filter_map(origin).collect();
        nodes.into_iter().rev().map(|node| self.id(node)).collect()
    }

    fn stop_clause(&self, stop: Stop) -> String {
        match stop {
            Stop::Before(at) => format!("`{}` cannot start", self.id(at)),
            Stop::During(at) => format!("`{}` fails half done", self.id(at)),
            Stop::After(at) => format!("the run stops after `{}`", self.id(at)),
            Stop::End => "the run fails at its end".into(),
        }
    }

    fn stop_sentence(&self, stop: Stop) -> String {
        match stop {
            Stop::Before(at) => format!("`{}` is refused, or is known to have had no effect", self.id(at)),
            Stop::During(at) => format!("`{}` fails half done", self.id(at)),
            Stop::After(at) => {
                format!("the run stops after `{}`: a later step fails, or a person stops it", self.id(at))
            }
            Stop::End => "the run fails at its end".into(),
        }
    }

    fn paid_sentence(&self, paid: &[usize]) -> Option<String> {
        let named: Vec<String> =
            paid.iter().take(NAMED_MAX).map(|at| format!("`{}`", self.id(*at))).collect();
        match paid.len() {
            0 => None,
            count if count > NAMED_MAX => {
                Some(format!("rolled back first: {} and {} more", named.join(", "), count - NAMED_MAX))
            }
            _ => Some(format!("rolled back first: {}", named.join(", "))),
        }
    }
}

fn cells_of(form: &super::cells::Form) -> BTreeSet<CellIx> {
    let mut cells = BTreeSet::new();
    for_each_cell(form, &mut |cell| {
        cells.insert(cell);
    });
    cells
}
