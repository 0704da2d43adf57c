//! Writes down what was found: every condition with its verdict, the exceptions, and the summary.

use super::cells::Cells;
use super::program::{Conjunct, Program};
use super::proof::{Exception, ExceptionKind, Obligation, Place, Proof, Summary, Verdict, What};
use super::table::Known;
use crate::{Formula, Leaves, Node, Plan, Require, Statement, Step, Way};

/// What the walk found.
pub(super) struct Parts<'a> {
    pub(super) plan: &'a Plan,
    pub(super) cells: &'a Cells,
    pub(super) program: &'a Program<'a>,
    pub(super) start: &'a [Known],
    pub(super) end: &'a [Known],
    pub(super) forward: &'a [Vec<Known>],
    pub(super) backward: &'a [Vec<Known>],
}

impl Parts<'_> {
    /// Fills in a proof.
    pub(super) fn write(&self, proof: &mut Proof) {
        self.list(proof, Place::Start, &self.plan.requires, self.start);
        for (index, node) in self.program.nodes.iter().enumerate() {
            let verdicts = |of: &[Vec<Known>]| of.get(index).cloned().unwrap_or_default();
            let (forward, backward) = (verdicts(self.forward), verdicts(self.backward));
            match node.node {
                Node::Step(step) => {
                    self.guard(proof, Place::Step(step.id.clone()), &step.requires, &node.guard, &forward);
                    if let (Way::Rollback(rollback), Some(facts)) = (&step.way, &node.rollback) {
                        let place = Place::Rollback(step.id.clone());
                        self.guard(proof, place, &rollback.requires, &facts.guard, &backward);
                    }
                    exceptions(proof, self.plan, step);
                }
                Node::Wait(wait) => {
                    self.one(proof, Place::Wait(wait.id.clone()), &wait.until.formula, &forward)
                }
                Node::If { id, condition, .. } => self.one(proof, Place::If(id.clone()), condition, &forward),
                Node::Each(_) | Node::Parallel(_) | Node::Stop { .. } => {}
                Node::Assume { id, literal, why } => proof.exceptions.push(Exception {
                    step: id.clone(),
                    kind: ExceptionKind::Assume,
                    facts: vec![self.program.names.literal(literal)],
                    why: why.clone(),
                }),
            }
        }
        proof.exceptions.extend(self.plan.reveals().into_iter().map(|(part, reveal)| Exception {
            step: crate::StepId(part),
            kind: ExceptionKind::Reveal,
            facts: vec![reveal.secret.to_string()],
            why: reveal.why.clone(),
        }));
        proof.exceptions.extend(self.plan.allow.connect_any.iter().map(|why| Exception {
            step: crate::StepId("allow".into()),
            kind: ExceptionKind::ConnectAny,
            facts: Vec::new(),
            why: why.clone(),
        }));
        self.list(proof, Place::End, &self.plan.ensures, self.end);
        proof.summary = self.summary(proof);
    }

    fn list(&self, proof: &mut Proof, place: Place, requires: &[Require], verdicts: &[Known]) {
        let begin = proof.obligations.len();
        for (index, (require, known)) in requires.iter().zip(verdicts).enumerate() {
            self.push(proof, &place, What::Requires(index), &require.formula, *known);
        }
        proof.places.insert(place, begin..proof.obligations.len());
    }

    fn one(&self, proof: &mut Proof, place: Place, formula: &Formula, verdicts: &[Known]) {
        let begin = proof.obligations.len();
        for known in verdicts {
            self.push(proof, &place, What::Requires(0), formula, *known);
        }
        proof.places.insert(place, begin..proof.obligations.len());
    }

    fn guard(
        &self,
        proof: &mut Proof,
        place: Place,
        requires: &[Require],
        guard: &[Conjunct],
        verdicts: &[Known],
    ) {
        let begin = proof.obligations.len();
        for (conjunct, known) in guard.iter().zip(verdicts) {
            let formula = match conjunct.what {
                What::Requires(index) => requires.get(index).map(|require| &require.formula),
                What::Invariant(index) => self.plan.invariants.get(index).map(|invariant| &invariant.formula),
            };
            if let Some(formula) = formula {
                self.push(proof, &place, conjunct.what, formula, *known);
            }
        }
        proof.places.insert(place, begin..proof.obligations.len());
    }

    fn push(&self, proof: &mut Proof, place: &Place, what: What, formula: &Formula, known: Known) {
        let verdict = match known {
            Known::Always => Verdict::Proved,
            // A condition known false is reported; what is left of it here is asked.
            Known::Sometimes | Known::Never => Verdict::Probe,
        };
        let text = self.program.names.formula(formula);
        proof.obligations.push(Obligation { place: place.clone(), what, text, verdict });
    }

    fn summary(&self, proof: &Proof) -> Summary {
        let changing = || self.plan.steps().filter(|step| step.acts());
        let proved = proof.obligations.iter().filter(|one| one.verdict == Verdict::Proved).count();
        let by_hand = |step: &&Step| match &step.way {
            Way::Rollback(rollback) => rollback.body.iter().any(|one| matches!(one, Statement::Manual(_))),
            Way::Irreversible(_) | Way::Nothing => false,
        };
        Summary {
            facts: self.cells.table.iter().take(self.cells.named).filter(|cell| !cell.is_value).count(),
            changing_steps: changing().count(),
            stating_steps: changing().filter(|step| !step.ensures.is_empty()).count(),
            proved,
            probes: proof.obligations.len() - proved,
            rollbacks_by_hand: self.plan.steps().filter(by_hand).count(),
        }
    }
}

fn exceptions(proof: &mut Proof, plan: &Plan, step: &Step) {
    let exception =
        |kind, facts, why: &str| Exception { step: step.id.clone(), kind, facts, why: why.to_owned() };
    if let Way::Irreversible(seal) = &step.way {
        proof.seals.push(step.id.clone());
        proof.exceptions.push(exception(ExceptionKind::Irreversible, Vec::new(), &seal.why));
        if let Some(why) = &seal.without_approval {
            proof.exceptions.push(exception(ExceptionKind::WithoutApproval, Vec::new(), why));
        }
    }
    for Leaves { atoms, why } in &step.leaves {
        let facts = atoms.iter().map(|atom| plan.show_cell(&atom.cell)).collect();
        proof.exceptions.push(exception(ExceptionKind::Leaves, facts, why));
    }
}
