//! The form of a plan: its parts fit each other, it is not too large, and its inputs have values where they
//! must.

use std::collections::{BTreeMap, BTreeSet};

use super::Policy;
use super::table::ATOMS_MAX;
use super::violation::{Condition, Violation};
use crate::decode::{describe, is_of_type};
use crate::eval::{Values, eval};
use crate::{
    Atom, CallEnd, Cell, Expr, FORMAT, Formula, InputValue, NODES_MAX, Node, Plan, Question, ScopeEnd,
    Source, StepId, Test, Type, Value,
};

/// Deepest nesting of a plan as JSON. Readers of JSON stop at 128, and a journal wraps the plan.
pub const NESTING_MAX: usize = 110;

struct Shape<'a> {
    plan: &'a Plan,
    node: Option<&'a StepId>,
    violations: Vec<Violation>,
}

/// Finds everything that does not fit.
pub(super) fn check(plan: &Plan, policy: &Policy, nesting: usize) -> Vec<Violation> {
    let mut shape = Shape { plan, node: None, violations: Vec::new() };
    shape.size(nesting);
    shape.inputs(policy);
    shape.locks();
    shape.questions();
    for require in plan.requires.iter().chain(&plan.ensures) {
        shape.formula(&require.formula);
    }
    plan.invariants.iter().for_each(|invariant| shape.formula(&invariant.formula));
    let mut seen = BTreeSet::new();
    for node in plan.nodes() {
        shape.node = Some(node.id());
        if !seen.insert(node.id()) {
            shape.malformed(format!("the name `{}` is given twice", node.id()));
        }
        match node {
            Node::Step(step) => {
                step.requires.iter().for_each(|require| shape.formula(&require.formula));
                step.ensures.iter().for_each(|ensure| shape.atom(&ensure.literal.atom));
                step.leaves.iter().flat_map(|leaves| &leaves.atoms).for_each(|atom| shape.cell(&atom.cell));
                step.approval.iter().for_each(|approval| shape.approval(approval));
                match &step.way {
                    crate::Way::Rollback(rollback) => {
                        rollback.requires.iter().for_each(|require| shape.formula(&require.formula));
                        rollback.ensures.iter().for_each(|ensure| shape.atom(&ensure.literal.atom));
                    }
                    crate::Way::Irreversible(seal) => {
                        seal.undone_when.iter().for_each(|formula| shape.formula(formula));
                    }
                    crate::Way::Nothing => {}
                }
            }
            Node::Wait(wait) => shape.formula(&wait.until.formula),
            Node::If { id, condition, unknown, hypothesis, .. } => {
                shape.formula(condition);
                if hypothesis.is_some() && unknown.is_some() {
                    shape.malformed(format!(
                        "`{id}` tries a cause, and has an arm of its own for what cannot be told"
                    ));
                }
            }
            Node::Each(each) => shape.each(each),
            Node::Parallel(_) => {}
            Node::Stop { .. } => {}
            Node::Assume { literal, .. } => shape.atom(&literal.atom),
        }
    }
    shape.node = None;
    shape.scopes(&plan.body, false);
    shape.calls(&plan.body);
    shape.looks();
    shape.violations
}

impl Shape<'_> {
    fn size(&mut self, nesting: usize) {
        if self.plan.format > FORMAT {
            let found = self.plan.format;
            self.malformed(format!(
                "the plan has format {}.{}, which is newer than this Surefoot",
                found.major, found.minor
            ));
        }
        let nodes = self.plan.node_count();
        if nodes > NODES_MAX {
            self.too_large(format!(
                "the plan has {nodes} steps, waits and choices; at most {NODES_MAX} are allowed"
            ));
        }
        if nesting > NESTING_MAX {
            self.too_large("the plan is nested too deep: give names to parts of its expressions, or use fewer `if`s in each other".into());
        }
    }

    /// What an approver is shown: facts that there are, and values that ask nothing.
    fn approval(&mut self, approval: &crate::Approval) {
        approval.showing.iter().for_each(|cell| self.cell(cell));
        for shown in &approval.values {
            shown.value.visit(&mut |part| {
                if let Expr::Fact(_) = part {
                    self.malformed(format!("`{}`, which an approver is shown, asks a fact", shown.text));
                }
            });
        }
    }

    /// A loop over what the run finds: its list asks facts that there are, and its turns are not too many.
    fn each(&mut self, each: &'_ crate::Each) {
        each.list.visit(&mut |part| {
            if let Expr::Fact(cell) = part {
                self.cell(cell);
            }
        });
        let inside = crate::Nodes::of(&each.body).count();
        if crate::Nodes::of(&each.body).any(|node| matches!(node, Node::Each(_))) {
            self.malformed(format!("`{}` has another loop over what the run finds inside it", each.id));
        }
        let nodes = inside.saturating_mul(each.max as usize);
        if nodes > NODES_MAX {
            let id = &each.id;
            self.too_large(format!(
                "`{id}` may come to {nodes} steps, waits and choices; at most {NODES_MAX} are allowed"
            ));
        }
    }

    fn inputs(&mut self, policy: &Policy) {
        for input in &self.plan.inputs {
            match &input.value {
                InputValue::Unbound if policy.bound => self.push(
                    Condition::InputUnbound,
                    vec![input.name.clone()],
                    format!("the input `{}` has no value", input.name),
                    format!("give it {}", describe(&input.r#type)),
                ),
                InputValue::Unbound | InputValue::SecretFromEnv(_) => {}
                InputValue::Bound(value) => {
                    if matches!(value, Value::Secret(_)) || !is_of_type(value, &input.r#type) {
                        self.malformed(format!(
                            "the input `{}` is not {}",
                            input.name,
                            describe(&input.r#type)
                        ));
                    }
                }
            }
        }
        for (constraint, text) in &self.plan.constraints {
            if eval(constraint, &Values::default()) == Ok(Value::Bool(false)) {
                let mut names = Vec::new();
                constraint.visit(&mut |part| {
                    if let Expr::Input(name) = part {
                        names.push(name.clone());
                    }
                });
                self.push(
                    Condition::ConstraintBroken,
                    names,
                    format!("an input is not allowed: `where {text}` is false"),
                    "give it another value".into(),
                );
            }
        }
    }

    /// A probe may ask other questions, but never itself, however far away.
    fn questions(&mut self) {
        let mut asks: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (id, question) in &self.plan.questions {
            let mut cells = Vec::new();
            cells_of_probe(question, &mut |cell| cells.push(cell));
            for cell in cells {
                self.cell(cell);
                asks.entry(id).or_default().insert(&cell.question);
            }
        }
        // Questions that ask only settled ones are settled; what is left asks in a circle.
        let mut open: BTreeSet<&str> = asks.keys().copied().collect();
        loop {
            let settled: Vec<&str> = open
                .iter()
                .filter(|id| asks.get(*id).is_none_or(|asked| asked.iter().all(|one| !open.contains(one))))
                .copied()
                .collect();
            if settled.is_empty() {
                break;
            }
            settled.iter().for_each(|id| {
                open.remove(id);
            });
        }
        if let Some(id) = open.first() {
            self.malformed(format!("the fact `{id}` asks itself"));
        }
    }

    /// The name of a lock is known before the run begins.
    fn locks(&mut self) {
        for name in &self.plan.locks {
            let mut is_found = false;
            name.visit(&mut |part| {
                is_found |= matches!(part, Expr::Local(_) | Expr::Fact(_) | Expr::Argument(_) | Expr::Now);
            });
            if is_found || matches!(name, Expr::Literal(value) if !matches!(value, Value::Text(_))) {
                self.malformed(format!(
                    "the name of a lock, `{name}`, is no text that is known before the run"
                ));
            }
        }
    }

    /// Scopes are left where they were entered, innermost first, and nothing ends the run inside one.
    fn scopes(&mut self, nodes: &[Node], inside: bool) {
        let mut open: Vec<(&StepId, &StepId)> = Vec::new();
        for node in nodes {
            let is_inside = inside || !open.is_empty();
            match node {
                Node::Step(step) => {
                    match &step.scope {
                        None => continue,
                        Some(ScopeEnd::Enters { leave, .. }) => open.push((&step.id, leave)),
                        Some(ScopeEnd::Leaves { enter }) => {
                            if open.pop() != Some((enter, &step.id)) {
                                self.malformed(format!("`{}` leaves a scope that is not open", step.id));
                            }
                        }
                    }
                    if !matches!(step.way, crate::Way::Rollback(_)) {
                        self.malformed(format!("`{}` has no way back, and is an end of a scope", step.id));
                    }
                }
                Node::Wait(wait) => self.scopes(&wait.otherwise, is_inside),
                Node::Each(each) => self.scopes(&each.body, is_inside),
                Node::Parallel(parallel) => {
                    parallel.branches.iter().for_each(|branch| self.scopes(branch, is_inside));
                }
                Node::If { then, otherwise, unknown, .. } => {
                    let arms =
                        [then.as_slice(), otherwise.as_slice(), unknown.as_deref().unwrap_or_default()];
                    arms.into_iter().for_each(|arm| self.scopes(arm, is_inside));
                }
                Node::Stop { id, .. } if is_inside => {
                    self.malformed(format!(
                        "`{id}` would end the run inside a scope, which has to be left first"
                    ));
                }
                Node::Stop { .. } | Node::Assume { .. } => {}
            }
        }
        for (enter, _) in open {
            self.malformed(format!("the scope that `{enter}` enters is never left"));
        }
    }

    /// What only looks has nothing to write to: the sandbox holds it to that.
    fn looks(&mut self) {
        for step in self.plan.steps().filter(|step| step.class == crate::Class::Read) {
            if !step.rights.write.is_empty() || !step.rights.listen.is_empty() {
                self.malformed(format!("`{}` only looks, and has something to write to", step.id));
            }
        }
    }

    /// A called runbook ends where it began, the innermost first.
    fn calls(&mut self, nodes: &[Node]) {
        let mut open: Vec<(&StepId, &StepId)> = Vec::new();
        for node in nodes {
            match node {
                Node::Step(step) => {
                    let is_bare = !step.acts() && matches!(step.way, crate::Way::Nothing);
                    match &step.call {
                        None => continue,
                        Some(CallEnd::Begins { end, .. }) => open.push((&step.id, end)),
                        Some(CallEnd::Ends { begin }) => {
                            if open.pop() != Some((begin, &step.id)) {
                                self.malformed(format!(
                                    "`{}` ends a called runbook that did not begin",
                                    step.id
                                ));
                            }
                        }
                    }
                    if !is_bare {
                        self.malformed(format!(
                            "`{}` is an end of a called runbook, and does something",
                            step.id
                        ));
                    }
                }
                Node::Wait(wait) => self.calls(&wait.otherwise),
                Node::Each(each) => self.calls(&each.body),
                Node::Parallel(parallel) => parallel.branches.iter().for_each(|branch| self.calls(branch)),
                Node::If { then, otherwise, unknown, .. } => {
                    self.calls(then);
                    self.calls(otherwise);
                    self.calls(unknown.as_deref().unwrap_or_default());
                }
                Node::Stop { .. } | Node::Assume { .. } => {}
            }
        }
        for (begin, _) in open {
            self.malformed(format!("the called runbook that begins with `{begin}` never ends"));
        }
    }

    fn formula(&mut self, formula: &Formula) {
        let atoms: BTreeSet<&Atom> = formula.atoms().into_iter().collect();
        if atoms.len() > ATOMS_MAX {
            let count = atoms.len();
            self.too_large(format!("one condition asks {count} facts; at most {ATOMS_MAX} are allowed: split it into several `requires`"));
        }
        atoms.into_iter().for_each(|atom| self.atom(atom));
    }

    fn atom(&mut self, atom: &Atom) {
        self.cell(&atom.cell);
        let Some(question) = self.plan.questions.get(&atom.cell.question) else { return };
        let answer = &question.answer;
        match &atom.test {
            Test::Holds if *answer != Type::Bool => {
                self.malformed(format!("`{}` is {}, not a yes or no", atom.cell, describe(answer)));
            }
            Test::Holds => {}
            Test::Compares(_, expr) => {
                if let Ok(value) = eval(expr, &Values::default())
                    && !fits(&value, answer)
                {
                    let cell = &atom.cell;
                    self.malformed(format!(
                        "`{cell}` is {}, and is compared with `{value}`",
                        describe(answer)
                    ));
                }
            }
        }
    }

    fn cell(&mut self, cell: &Cell) {
        let Some(question) = self.plan.questions.get(&cell.question) else {
            return self.malformed(format!("nothing says how `{}` is asked", cell.question));
        };
        let (takes, given) = (question.parameters.len(), cell.arguments.len());
        if takes != given {
            self.malformed(format!("`{}` takes {takes} arguments and is given {given}", cell.question));
        }
        for (argument, parameter) in cell.arguments.iter().zip(&question.parameters) {
            let mut is_clock = false;
            argument.visit(&mut |part| is_clock |= matches!(part, Expr::Now));
            if is_clock {
                self.malformed(format!(
                    "`{}` is asked of the present moment, which is another each time",
                    cell.question
                ));
            }
            if let Expr::Literal(value) = argument
                && !fits(value, &parameter.r#type)
            {
                let wanted = describe(&parameter.r#type);
                self.malformed(format!("`{}` is given `{value}` where {wanted} is meant", cell.question));
            }
        }
    }

    fn malformed(&mut self, message: String) {
        let help =
            "make the plan again from its runbook; if that does not help, it is a mistake of Surefoot".into();
        self.push(Condition::Malformed, Vec::new(), message, help);
    }

    fn too_large(&mut self, message: String) {
        self.push(Condition::TooLarge, Vec::new(), message, "make it smaller".into());
    }

    fn push(&mut self, condition: Condition, names: Vec<String>, message: String, help: String) {
        let steps = self.node.cloned().into_iter().collect();
        self.violations.push(Violation {
            condition,
            steps,
            names,
            message,
            trace: Vec::new(),
            help,
            more: 0,
        });
    }
}

/// Whether a value can be one of a type, or be compared with one.
fn fits(value: &Value, wanted: &Type) -> bool {
    matches!(value, Value::None) || is_of_type(value, wanted)
}

fn cells_of_probe<'a>(question: &'a Question, visit: &mut dyn FnMut(&'a Cell)) {
    let mut of_expr = |expr: &'a Expr| {
        expr.visit(&mut |part| {
            if let Expr::Fact(cell) = part {
                visit(cell);
            }
        });
    };
    of_expr(&question.probe.answer);
    for read in &question.probe.reads {
        read.source.visit_exprs(&mut of_expr);
    }
    for read in &question.probe.reads {
        if let Source::Fact(cell) = &read.source {
            visit(cell);
        }
    }
}
