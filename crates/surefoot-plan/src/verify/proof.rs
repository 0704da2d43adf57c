//! What the verifier found out about a plan that it accepted.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{StepId, Tri};

/// The proof that comes with a verified plan.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Proof {
    /// Every condition that must hold, in the order of the plan, with what is known of it.
    pub obligations: Vec<Obligation>,
    /// The points of no return, in the order of the plan.
    pub seals: Vec<StepId>,
    /// Everything that goes around a check, with its reason.
    pub exceptions: Vec<Exception>,
    /// Arms that are never taken if the assumptions hold. A run that would take one must stop: the proof
    /// does not speak about what is in it.
    pub unreachable: Vec<(StepId, Tri)>,
    /// What the proof speaks about.
    pub summary: Summary,
    /// Where each place of `obligations` begins and ends.
    pub(super) places: BTreeMap<Place, std::ops::Range<usize>>,
    /// The owed rollbacks, as stacks that share what is below.
    pub(super) ways: Ways,
}

/// A condition that must hold at a place.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Obligation {
    /// Where.
    pub place: Place,
    /// Which condition.
    pub what: What,
    /// The condition, as it reads in the plan.
    pub text: String,
    /// What is known of it.
    pub verdict: Verdict,
}

/// Where a condition must hold.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// At the start of the run.
    Start,
    /// Before a step.
    Step(StepId),
    /// Before a step's rollback, wherever it is owed.
    Rollback(StepId),
    /// Where a run waits.
    Wait(StepId),
    /// Where a run chooses. Proved says true; it is a probe unless one arm is unreachable.
    If(StepId),
    /// At the end of the run.
    End,
}

/// Which condition must hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The n-th `requires` of the place (its only condition, at a wait or an `if`; an `ensures`, at the end).
    Requires(usize),
    /// The n-th invariant of the plan, whatever the facts that the step may change are.
    Invariant(usize),
}

/// What is known of a condition.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It holds if the assumptions do.
    Proved,
    /// It is asked when the run comes there.
    Probe,
}

/// A word in the source that goes around a check.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Exception {
    /// The step that has it, or the part of the plan that is it.
    pub step: StepId,
    /// Which word.
    pub kind: ExceptionKind,
    /// The facts it is about; empty if none, or for a harmless change.
    pub facts: Vec<String>,
    /// The author's reason.
    pub why: String,
}

/// A word that goes around a check.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ExceptionKind {
    /// `irreversible`
    Irreversible,
    /// `without approval`
    WithoutApproval,
    /// `leaves`
    Leaves,
    /// `assume`
    Assume,
    /// `reveal`
    Reveal,
    /// `connect any`
    ConnectAny,
}

/// What a proof speaks about.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Summary {
    /// How many different facts the plan asks.
    pub facts: usize,
    /// How many steps can change something.
    pub changing_steps: usize,
    /// How many of those state facts.
    pub stating_steps: usize,
    /// How many conditions are proved.
    pub proved: usize,
    /// How many conditions become probes.
    pub probes: usize,
    /// How many rollbacks need a person's hands.
    pub rollbacks_by_hand: usize,
}

/// A rollback that is owed.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Owed {
    /// The step that it takes back.
    pub step: StepId,
    /// The choices under which it is owed: the `if` (or wait), and the arm that was taken.
    pub only_if: Vec<(StepId, Tri)>,
    /// The block in another branch of which it stands: it is owed if it was begun, in the order in which the steps
    /// of the branches were done.
    pub among: Option<StepId>,
}

/// Stacks of owed rollbacks that share what is below: one entry for each step, not for each pair.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Ways {
    /// Every step's name.
    pub(super) steps: Vec<StepId>,
    /// The entries; an entry's `below` is always smaller than its own position.
    pub(super) entries: Vec<WayEntry>,
    /// For each step, the entry on top if it fails.
    pub(super) tops: BTreeMap<StepId, usize>,
    /// For each block whose branches are done at the same time, by its place, where each branch begins and ends.
    pub(super) branches: BTreeMap<usize, Vec<(usize, usize)>>,
    /// The entry on top at the end.
    pub(super) end: usize,
}

/// An entry of a stack.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum WayEntry {
    /// Nothing is owed below.
    Bottom,
    /// This step's rollback, then what is below.
    Rollback { step: usize, below: usize },
    /// What the turns of other items owe, which is not listed one by one; then what is below.
    Others { below: usize },
    /// What the other branches of a block owe, as far as they have come; then what is below.
    Beside { node: usize, branch: usize, below: usize },
    /// What the branches of a block owe; then what is below.
    Branches { node: usize, below: usize },
    /// What an arm owes, by the arm that was taken; each down to `below`, then what is below. If `below`
    /// is none, some arm sealed, and each goes down to its own bottom.
    Choice { node: StepId, arms: Vec<(Tri, usize)>, below: Option<usize> },
}

impl Proof {
    /// Returns what is known of a condition.
    pub fn verdict(&self, place: &Place, what: What) -> Option<Verdict> {
        let found = self.at(place).iter().find(|obligation| obligation.what == what);
        found.map(|obligation| obligation.verdict)
    }

    /// Returns whether every condition of a place is proved. True where there is none.
    pub fn is_proved(&self, place: &Place) -> bool {
        self.at(place).iter().all(|obligation| obligation.verdict == Verdict::Proved)
    }

    /// Returns the conditions of a place.
    pub fn at(&self, place: &Place) -> &[Obligation] {
        let range = self.places.get(place).cloned().unwrap_or_default();
        self.obligations.get(range).unwrap_or_default()
    }

    /// Returns what is owed if this step (or wait) fails, in the order in which it is paid.
    pub fn way_back(&self, step: &StepId) -> Vec<Owed> {
        self.ways.tops.get(step).map(|top| self.ways.list(*top)).unwrap_or_default()
    }

    /// Returns the first `most` rollbacks that are owed if this step (or wait) fails, the last one if it is
    /// not among them, and how many there are. A long plan's ways back are together too long to list.
    pub fn way_back_ends(&self, step: &StepId, most: usize) -> (Vec<Owed>, Option<Owed>, usize) {
        let (mut first, mut last, mut count) = (Vec::new(), None, 0);
        if let Some(top) = self.ways.tops.get(step) {
            let mut end: Option<(&StepId, Under)> = None;
            self.ways.visit(*top, None, &mut Under::default(), &mut |step, under| {
                count += 1;
                if first.len() < most {
                    first.push(under.owed(step));
                } else {
                    end = Some((step, under.clone()));
                }
            });
            last = end.map(|(step, under)| under.owed(step));
        }
        (first, last, count)
    }

    /// Returns what is owed at the end of the plan: what a failure of the runbook's `ensures` takes back.
    pub fn way_back_from_end(&self) -> Vec<Owed> {
        self.ways.list(self.ways.end)
    }
}

/// Under which circumstances a rollback is owed.
#[derive(Clone, Debug, Default)]
struct Under {
    /// The choices, and the arm that was taken.
    only_if: Vec<(StepId, Tri)>,
    /// The block in another branch of which it stands.
    among: Option<StepId>,
}

impl Under {
    fn owed(&self, step: &StepId) -> Owed {
        Owed { step: step.clone(), only_if: self.only_if.clone(), among: self.among.clone() }
    }
}

/// Sees a rollback, and under which circumstances it is owed.
type See<'s, 'a> = dyn FnMut(&'a StepId, &Under) + 's;

impl Ways {
    /// Lists a stack from its top.
    fn list(&self, top: usize) -> Vec<Owed> {
        let mut owed = Vec::new();
        self.visit(top, None, &mut Under::default(), &mut |step, under| owed.push(under.owed(step)));
        owed
    }

    /// Shows each rollback of a stack, from its top, with the circumstances under which it is owed.
    fn visit<'a>(&'a self, top: usize, stop: Option<usize>, under: &mut Under, see: &mut See<'_, 'a>) {
        let mut next = Some(top);
        while let Some(at) = next {
            if Some(at) == stop {
                return;
            }
            next = match self.entries.get(at) {
                Some(WayEntry::Rollback { step, below }) => {
                    if let Some(step) = self.steps.get(*step) {
                        see(step, under);
                    }
                    Some(*below)
                }
                Some(WayEntry::Choice { node, arms, below }) => {
                    for (arm, top) in arms {
                        under.only_if.push((node.clone(), *arm));
                        self.visit(*top, below.or(stop), under, see);
                        under.only_if.pop();
                    }
                    *below
                }
                Some(WayEntry::Beside { node, branch, below }) => {
                    self.visit_branches(*node, Some(*branch), under, see);
                    Some(*below)
                }
                Some(WayEntry::Branches { node, below }) => {
                    self.visit_branches(*node, None, under, see);
                    Some(*below)
                }
                Some(WayEntry::Others { below }) => Some(*below),
                Some(WayEntry::Bottom) | None => None,
            };
        }
    }

    /// Shows what the branches of a block owe, but for one of them, the last branch first.
    fn visit_branches<'a>(
        &'a self,
        node: usize,
        except: Option<usize>,
        under: &mut Under,
        see: &mut See<'_, 'a>,
    ) {
        let arms = self.branches.get(&node).map_or(&[][..], |arms| arms);
        let outer = std::mem::replace(&mut under.among, self.steps.get(node).cloned());
        for (_, (base, top)) in arms.iter().enumerate().rev().filter(|(at, _)| Some(*at) != except) {
            self.visit(*top, Some(*base), under, see);
        }
        under.among = outer;
    }
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let facts = if self.facts == 1 { "fact" } else { "facts" };
        let conditions = if self.proved == 1 { "condition is" } else { "conditions are" };
        let probes = if self.probes == 1 { "becomes a probe" } else { "become probes" };
        write!(
            f,
            "proved over {} {facts}; {} of {} changing steps state facts; {} {conditions} proved, {} {probes}",
            self.facts, self.stating_steps, self.changing_steps, self.proved, self.probes
        )?;
        match self.rollbacks_by_hand {
            0 => Ok(()),
            1 => f.write_str("; 1 rollback needs a person"),
            more => write!(f, "; {more} rollbacks need a person"),
        }
    }
}
