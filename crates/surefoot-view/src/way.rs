//! The way back at every point of a plan: what would be owed if the run failed there.

use std::collections::BTreeMap;

use surefoot_plan::{Class, Node, Plan, Step, StepId, Way};

/// What is owed at a point of a plan, the next to be paid first.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct WayBack {
    /// The debts, in the order of payment.
    pub(crate) debts: Vec<Owed>,
    /// The point of no return that lies behind, if one does.
    pub(crate) sealed: Option<StepId>,
    /// This is a point of no return itself: the debts are owed only if it is proved not to have acted.
    pub(crate) seals: bool,
}

/// A debt that a plan may come to owe.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Owed {
    /// Whose rollback.
    pub(crate) step: StepId,
    /// Only if its branch was taken.
    pub(crate) maybe: bool,
}

/// The way back if each step or wait of a plan fails, by its name.
pub(crate) fn ways_back(plan: &Plan) -> BTreeMap<&StepId, WayBack> {
    let mut ways = BTreeMap::new();
    let mut here = Here::default();
    walk(&plan.body, &mut here, &mut ways);
    ways
}

/// Whether a step leaves a debt when it starts.
pub(crate) fn owes(step: &Step) -> bool {
    step.class != Class::Read && matches!(step.way, Way::Rollback(_))
}

/// Whether a step is a point of no return.
pub(crate) fn seals(step: &Step) -> bool {
    step.class != Class::Read && matches!(step.way, Way::Irreversible(_))
}

/// A place in a plan.
#[derive(Clone, Debug, Default)]
struct Here {
    /// What is owed; the latest last.
    stack: Vec<Owed>,
    /// The last point of no return.
    sealed: Option<StepId>,
}

impl Here {
    /// The way back from here.
    fn way(&self) -> WayBack {
        WayBack {
            debts: self.stack.iter().rev().cloned().collect(),
            sealed: self.sealed.clone(),
            seals: false,
        }
    }
}

/// Goes through nodes in order.
fn walk<'a>(nodes: &'a [Node], here: &mut Here, ways: &mut BTreeMap<&'a StepId, WayBack>) {
    for node in nodes {
        match node {
            Node::Step(step) => {
                let before = here.way();
                if owes(step) {
                    here.stack.push(Owed { step: step.id.clone(), maybe: false });
                    ways.insert(&step.id, here.way());
                } else if seals(step) {
                    here.stack.clear();
                    here.sealed = Some(step.id.clone());
                    ways.insert(&step.id, WayBack { seals: true, ..before });
                } else {
                    ways.insert(&step.id, before);
                }
            }
            Node::Wait(wait) => {
                ways.insert(&wait.id, here.way());
                branch(&[&wait.otherwise, &[]], here, ways);
            }
            Node::If { id, then, otherwise, unknown, .. } => {
                ways.insert(id, here.way());
                let mut arms: Vec<&[Node]> = vec![then, otherwise];
                arms.extend(unknown.as_deref());
                branch(&arms, here, ways);
            }
        }
    }
}

/// Goes through arms of which one is taken; what only some of them owe is owed perhaps.
fn branch<'a>(arms: &[&'a [Node]], here: &mut Here, ways: &mut BTreeMap<&'a StepId, WayBack>) {
    let mut after = Vec::new();
    for arm in arms {
        let mut inside = here.clone();
        walk(arm, &mut inside, ways);
        after.push(inside);
    }
    let mut stack: Vec<Owed> = Vec::new();
    for owed in here.stack.iter().chain(after.iter().flat_map(|arm| &arm.stack)) {
        if stack.iter().any(|known| known.step == owed.step) {
            continue;
        }
        let always = after.iter().all(|arm| arm.stack.contains(owed));
        stack.push(Owed { step: owed.step.clone(), maybe: owed.maybe || !always });
    }
    // What every arm sealed is owed no more.
    stack.retain(|owed| after.iter().any(|arm| arm.stack.iter().any(|inside| inside.step == owed.step)));
    here.stack = stack;
    here.sealed = after.into_iter().find_map(|arm| arm.sealed);
}
