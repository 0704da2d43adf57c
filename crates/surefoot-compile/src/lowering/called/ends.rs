//! The two steps at which a called runbook begins and ends, and its invariants between them.

use surefoot_plan::{
    CallEnd, Cell, Class, Formula, Invariant, Node, Require, Rights, Step, StepId, Way, half_done,
};
use surefoot_syntax::Span;
use surefoot_syntax::ast::{Member, Runbook};

use super::{Called, Placed};
use crate::lowering::member::{every, within};
use crate::lowering::quantifier::parts;
use crate::lowering::{DEADLINE_MS, Lowering};
use crate::origins::StepOrigin;
use crate::report::error;

impl<'a> Lowering<'a> {
    /// The step with which it begins; what it requires stands in a second one, if that may ask what the first reads.
    pub(super) fn begin(&mut self, called: &Called<'a>, requires: Placed<Require>) -> Vec<Node> {
        let Some(begin) = self.beginning.take() else { return Vec::new() };
        let file = &called.call.path.text;
        let mut first = bare(called.id.clone(), called_title(file, called.runbook));
        first.call = Some(CallEnd::Begins {
            runbook: called.runbook.name.text.clone(),
            file: called.call.path.text.clone(),
            end: end_id(&called.id),
        });
        let head = called.call.head;
        let mut origin = StepOrigin { head, whole: called.call.span, ..StepOrigin::default() };
        let reads_first = !begin.reads.is_empty();
        if reads_first {
            first.rights = self.granted_to_read(&begin.needs);
            first.before = begin.reads;
            origin.before = begin.spans;
        }
        let (requires, spans): (Vec<Require>, Vec<Span>) = requires.into_iter().unzip();
        if !reads_first {
            first.requires = requires;
            origin.requires = spans;
            self.origins.steps.insert(first.id.clone(), origin);
            return vec![Node::Step(Box::new(first))];
        }
        self.origins.steps.insert(first.id.clone(), origin.clone());
        let mut nodes = vec![Node::Step(Box::new(first))];
        if !requires.is_empty() {
            let id = StepId(format!("{}.requires", called.id));
            let mut second = bare(id, format!("what {file} requires"));
            second.requires = requires;
            let origin = StepOrigin { requires: spans, before: Vec::new(), ..origin };
            self.origins.steps.insert(second.id.clone(), origin);
            nodes.push(Node::Step(Box::new(second)));
        }
        nodes
    }

    /// What the called runbook ensures; and what it gathers on failure, which is gathered with the caller's.
    pub(super) fn at_its_end(&mut self, members: &'a [Member]) -> Placed<Require> {
        let mut found = Vec::new();
        for member in members {
            if let Member::Collect(collect) = member {
                self.collect(collect);
            }
            let Member::Ensures(ensures) = member else { continue };
            self.once_or_for_a_time(&ensures.patience);
            for condition in &ensures.conditions {
                for formula in parts(self.condition(condition)) {
                    let patience = &ensures.patience;
                    let (every_ms, within_ms) = (every(patience), within(patience));
                    found.push((
                        Require { formula, every_ms, within_ms, message: String::new() },
                        condition.span,
                    ));
                }
            }
        }
        found
    }

    /// The step with which it ends.
    pub(super) fn end_of(&mut self, called: &Called<'a>, requires: Placed<Require>) -> Node {
        let mut last = bare(end_id(&called.id), format!("{} is over", called.call.path.text));
        last.call = Some(CallEnd::Ends { begin: called.id.clone() });
        let (requires, spans) = requires.into_iter().unzip();
        last.requires = requires;
        let (head, whole) = (called.call.head, called.call.span);
        self.origins
            .steps
            .insert(last.id.clone(), StepOrigin { head, whole, requires: spans, ..StepOrigin::default() });
        Node::Step(Box::new(last))
    }

    /// Makes the invariants conditions of each step that could break one half way, and of its rollback.
    pub(super) fn keep(&mut self, nodes: &mut [Node], invariants: &Placed<Invariant>, called: &Called<'a>) {
        if invariants.is_empty() {
            return;
        }
        for node in nodes {
            match node {
                Node::Step(step) => self.keep_in(step, invariants, called),
                Node::Wait(wait) => self.keep(&mut wait.otherwise, invariants, called),
                Node::If { then, otherwise, unknown, .. } => {
                    self.keep(then, invariants, called);
                    self.keep(otherwise, invariants, called);
                    self.keep(unknown.as_deref_mut().unwrap_or_default(), invariants, called);
                }
                Node::Each(each) => self.keep(&mut each.body, invariants, called),
                Node::Parallel(parallel) => {
                    parallel.branches.iter_mut().for_each(|branch| self.keep(branch, invariants, called));
                }
                Node::Stop { .. } | Node::Assume { .. } => {}
            }
        }
    }

    fn keep_in(&mut self, step: &mut Step, invariants: &Placed<Invariant>, called: &Called<'a>) {
        let changes: Vec<Cell> = step.changes().into_iter().cloned().collect();
        let back: Vec<Cell> = step.rollback_changes().into_iter().cloned().collect();
        for (invariant, span) in invariants {
            let message = kept_message(&invariant.message, called);
            let condition = |cells: &[Cell]| {
                let formula = half_done(&invariant.formula, cells)?.simplified();
                Some(Require { formula, every_ms: 0, within_ms: 0, message: message.clone() })
            };
            let says_something = |require: &Require| require.formula != Formula::All(Vec::new());
            if let Some(require) = condition(&changes).filter(says_something) {
                if require.formula == Formula::Any(Vec::new()) {
                    self.breaks_half_way(step, *span);
                    continue;
                }
                step.requires.push(require);
                if let Some(origin) = self.origins.steps.get_mut(&step.id) {
                    origin.requires.push(*span);
                }
            }
            let Way::Rollback(rollback) = &mut step.way else { continue };
            if let Some(require) = condition(&back).filter(says_something) {
                rollback.requires.push(require);
                if let Some(origin) = self.origins.steps.get_mut(&step.id) {
                    origin.rollback_requires.push(*span);
                }
            }
        }
    }

    /// Says that a step breaks an invariant of its runbook while it is half done, whatever is so before it.
    fn breaks_half_way(&mut self, step: &Step, invariant: Span) {
        let head = self.origins.steps.get(&step.id).map_or(invariant, |origin| origin.head);
        self.report(
            error("SF0502", head, format!("half done, `{}` may break an invariant of its runbook", step.id))
                .label(invariant, "this must hold at every moment")
                .help("do it in two steps, with the invariant kept by what stands between them"),
        );
    }
}

/// The name of the step with which a called runbook ends.
fn end_id(begin: &StepId) -> StepId {
    StepId(format!("{begin}.ensures"))
}

/// Why an invariant of a called runbook is asked.
pub(super) fn kept_message(message: &str, called: &Called<'_>) -> String {
    let name = &called.runbook.name.text;
    if message.is_empty() {
        format!("an invariant of {name}")
    } else {
        format!("an invariant of {name}: {message}")
    }
}

/// What the step is called with which a runbook begins: the first paragraph of what its author says.
fn called_title(file: &str, runbook: &Runbook) -> String {
    let first = runbook.doc.lines().take_while(|line| !line.trim().is_empty());
    let first = first.map(str::trim).collect::<Vec<_>>().join(" ");
    if first.is_empty() { format!("calls {file}") } else { format!("calls {file}: {first}") }
}

/// A step that does nothing.
fn bare(id: StepId, title: String) -> Step {
    Step {
        id,
        title,
        doc: String::new(),
        target: None,
        deadline_ms: DEADLINE_MS,
        approval: None,
        requires: Vec::new(),
        before: Vec::new(),
        body: Vec::new(),
        ensures: Vec::new(),
        leaves: Vec::new(),
        class: Class::Read,
        retry: None,
        way: Way::Nothing,
        on_failure: None,
        rights: Rights::default(),
        rollback_rights: Rights::default(),
        scope: None,
        call: None,
        after: Vec::new(),
    }
}
