//! Every value that is read exists there, on every path, failure paths first of all.

use std::collections::{BTreeSet, HashMap};

use super::violation::{Condition, Violation};
use crate::{
    BinaryOperator, Ensure, Expr, Formula, InputValue, Name, Node, Plan, Read, Require, Statement, Step,
    StepId, Value, ValueId, Way,
};

/// Whether a value exists.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Exists {
    /// On every path that leads here.
    Surely,
    /// On some; on the others it is `none`.
    Perhaps,
}

/// Where something is read.
#[derive(Clone, Copy)]
struct Place<'a> {
    /// The node, if any.
    node: Option<&'a StepId>,
    /// Whether it is read by a rollback.
    is_rollback: bool,
    /// What reads it, for the message.
    what: &'a str,
}

/// Goes through a plan in the order in which it is performed.
struct Values<'a> {
    exists: HashMap<ValueId, Exists>,
    /// What came to be since the present arm began.
    arm: Vec<ValueId>,
    inputs: BTreeSet<&'a Name>,
    /// Whether an input has no value.
    is_symbolic: bool,
    violations: Vec<Violation>,
}

/// Finds every read of a value that may not exist there.
pub(super) fn check(plan: &Plan) -> Vec<Violation> {
    let mut values = Values {
        exists: HashMap::new(),
        arm: Vec::new(),
        inputs: plan.inputs.iter().map(|input| &input.name).collect(),
        is_symbolic: plan.inputs.iter().any(|input| input.value == InputValue::Unbound),
        violations: Vec::new(),
    };
    fn outside(what: &str) -> Place<'_> {
        Place { node: None, is_rollback: false, what }
    }
    for read in &plan.lets {
        read.source.visit_exprs(&mut |expr| values.read(expr, outside("a `let` of the runbook"), &[]));
        values.add(ValueId { step: None, name: read.name.clone() });
    }
    for (id, question) in &plan.questions {
        let what = format!("the fact `{id}`");
        let mut known: Vec<&Name> = question.parameters.iter().map(|parameter| &parameter.name).collect();
        for read in &question.probe.reads {
            read.source.visit_exprs(&mut |expr| values.read(expr, outside(&what), &known));
            known.push(&read.name);
        }
        values.read(&question.probe.answer, outside(&what), &known);
    }
    plan.allow.visit_exprs(&mut |expr| values.read(expr, outside("`allow`"), &[]));
    values.requires(&plan.requires, outside("the runbook's `requires`"));
    for invariant in &plan.invariants {
        values.formula(&invariant.formula, outside("an invariant"));
    }
    for collect in &plan.collect {
        // It is gathered wherever a step fails: only what is there from the start is there for sure.
        collect.statement.visit_exprs(&mut |expr| values.read(expr, outside("`on failure collect`"), &[]));
    }
    values.nodes(&plan.body);
    values.requires(&plan.ensures, outside("the runbook's `ensures`"));
    values.violations
}

impl<'a> Values<'a> {
    fn nodes(&mut self, nodes: &[Node]) {
        for node in nodes {
            match node {
                Node::Step(step) => self.step(step),
                Node::Wait(wait) => {
                    let place = Place { node: Some(&wait.id), is_rollback: false, what: "the wait" };
                    self.formula(&wait.until.formula, place);
                    let place = Place { what: "what is told when it lasts", ..place };
                    wait.after.iter().for_each(|after| self.read(&after.text, place, &[]));
                    self.arms([wait.otherwise.as_slice()].into_iter());
                }
                Node::If { id, condition, then, otherwise, unknown, .. } => {
                    self.formula(
                        condition,
                        Place { node: Some(id), is_rollback: false, what: "the condition" },
                    );
                    let arms = [then.as_slice(), otherwise].into_iter().chain(unknown.as_deref());
                    self.arms(arms);
                }
                Node::Each(each) => self.each(each),
                Node::Parallel(parallel) => self.branches(&parallel.branches),
                Node::Stop { .. } => {}
                Node::Assume { id, literal, .. } => {
                    let place = Place { node: Some(id), is_rollback: false, what: "what is assumed" };
                    self.formula(&literal.formula(), place);
                }
            }
        }
    }

    /// Whatever comes to be in one of several arms exists perhaps, seen from outside.
    fn arms<'b>(&mut self, arms: impl Iterator<Item = &'b [Node]>) {
        let outer = std::mem::take(&mut self.arm);
        let mut made = Vec::new();
        for arm in arms {
            self.nodes(arm);
            for id in std::mem::take(&mut self.arm) {
                self.exists.insert(id.clone(), Exists::Perhaps);
                made.push(id);
            }
        }
        self.arm = outer;
        self.arm.extend(made);
    }

    /// The item exists in the body alone; and so does what the body finds, which has another value in each turn.
    fn each(&mut self, each: &crate::Each) {
        let place = Place { node: Some(&each.id), is_rollback: false, what: "its list" };
        self.read(&each.list, place, &[]);
        let outer = std::mem::take(&mut self.arm);
        self.add(each.item_id());
        self.nodes(&each.body);
        for id in std::mem::replace(&mut self.arm, outer) {
            self.exists.remove(&id);
        }
    }

    /// What a branch finds exists in that branch, and behind the block; not in the others.
    fn branches(&mut self, branches: &[Vec<Node>]) {
        let outer = std::mem::take(&mut self.arm);
        let mut found = Vec::new();
        for branch in branches {
            self.nodes(branch);
            for id in std::mem::take(&mut self.arm) {
                found.extend(self.exists.remove(&id).map(|exists| (id, exists)));
            }
        }
        self.arm = outer;
        for (id, exists) in found {
            self.arm.push(id.clone());
            self.mark(id, exists);
        }
    }

    fn step(&mut self, step: &Step) {
        let at = |what| Place { node: Some(&step.id), is_rollback: false, what };
        let back = |what| Place { node: Some(&step.id), is_rollback: true, what };
        let own = |name: &Name| ValueId { step: Some(step.id.clone()), name: name.clone() };
        // Before the step starts: its own values do not exist yet.
        step.target.iter().for_each(|target| self.read(target, at("its target"), &[]));
        for cell in step.approval.iter().flat_map(|approval| &approval.showing) {
            cell.arguments.iter().for_each(|argument| self.read(argument, at("its approval"), &[]));
        }
        for shown in step.approval.iter().flat_map(|approval| &approval.values) {
            self.read(&shown.value, at("its approval"), &[]);
        }
        self.requires(&step.requires, at("its `requires`"));
        step.after.iter().for_each(|after| self.read(&after.text, at("what is told when it waits"), &[]));
        for cell in step.changes() {
            // What a step changes is asked before it starts, so it cannot depend on what the step finds.
            cell.arguments.iter().for_each(|argument| self.read(argument, at("a fact that it changes"), &[]));
        }
        if let Way::Irreversible(seal) = &step.way {
            seal.undone_when.iter().for_each(|formula| self.formula(formula, at("`undone when`")));
        }
        for read in &step.before {
            self.source(read, at("its `before`"));
            self.add(own(&read.name));
        }
        step.rights.visit_exprs(&mut |expr| self.read(expr, at("its rights"), &[]));
        if let Way::Rollback(rollback) = &step.way {
            // The step may have failed before its own values came to be.
            let lets: Vec<&Name> = step.body.iter().filter_map(Statement::names).collect();
            lets.iter().for_each(|name| self.mark(own(name), Exists::Perhaps));
            self.requires(&rollback.requires, back("its rollback's `requires`"));
            step.rollback_rights.visit_exprs(&mut |expr| self.read(expr, back("its rollback's rights"), &[]));
            let mut found = Vec::new();
            for statement in &rollback.body {
                statement.visit_exprs(&mut |expr| self.read(expr, back("its rollback"), &[]));
                if let Some(name) = statement.names() {
                    self.mark(own(name), Exists::Surely);
                    found.push(name);
                }
            }
            self.ensures(&rollback.ensures, back("its rollback's `ensures`"));
            lets.iter().chain(&found).for_each(|name| {
                self.exists.remove(&own(name));
            });
        }
        for statement in &step.body {
            statement.visit_exprs(&mut |expr| self.read(expr, at("it"), &[]));
            if let Some(name) = statement.names() {
                self.add(own(name));
            }
        }
        self.ensures(&step.ensures, at("its `ensures`"));
    }

    fn source(&mut self, read: &Read, place: Place<'_>) {
        read.source.visit_exprs(&mut |expr| self.read(expr, place, &[]));
    }

    fn ensures(&mut self, ensures: &[Ensure], place: Place<'_>) {
        for ensure in ensures {
            ensure.literal.atom.visit_exprs(&mut |expr| self.read(expr, place, &[]));
        }
    }

    fn requires(&mut self, requires: &[Require], place: Place<'_>) {
        requires.iter().for_each(|require| self.formula(&require.formula, place));
    }

    fn formula(&mut self, formula: &Formula, place: Place<'_>) {
        formula.visit_exprs(&mut |expr| self.read(expr, place, &[]));
    }

    fn add(&mut self, id: ValueId) {
        self.arm.push(id.clone());
        self.mark(id, Exists::Surely);
    }

    fn mark(&mut self, id: ValueId, exists: Exists) {
        self.exists.insert(id, exists);
    }

    /// Checks an expression that is computed at a place. `known`: the arguments that are bound there.
    fn read(&mut self, expr: &Expr, place: Place<'_>, known: &[&Name]) {
        match expr {
            Expr::Local(id) => match self.exists.get(id) {
                Some(Exists::Surely) => {}
                Some(Exists::Perhaps) => self.perhaps(id, place),
                None if id.step.as_ref() == place.node && !place.is_rollback => {
                    self.missing(&id.to_string(), place, "is found only later, by the step itself");
                }
                None => self.missing(&id.to_string(), place, "has no value there"),
            },
            Expr::Input(name) if !self.inputs.contains(name) => {
                self.missing(name, place, "is no input of this plan");
            }
            // As long as an input has no value, an item may be of a list that is computed from it.
            Expr::Item { list, .. } if !self.is_symbolic && !self.inputs.contains(list) => {
                self.missing(list, place, "is no input of this plan");
            }
            Expr::Argument(name) if !known.contains(&name) => {
                self.missing(name, place, "is no argument that is known there");
            }
            // These ask whether there is a value, or say what else is meant.
            Expr::Binary(BinaryOperator::OrElse, left, right) => {
                self.read_optional(left, place, known);
                self.read(right, place, known);
            }
            Expr::Binary(BinaryOperator::Equal | BinaryOperator::NotEqual, left, right)
                if [left, right].iter().any(|side| ***side == Expr::Literal(Value::None)) =>
            {
                self.read_optional(left, place, known);
                self.read_optional(right, place, known);
            }
            Expr::If(condition, then, otherwise) => {
                self.read(condition, place, known);
                let mut asked = BTreeSet::new();
                condition.visit(&mut |part| {
                    if let Expr::Local(id) = part {
                        asked.insert(id);
                    }
                });
                // A condition that asks about a value decides which arm reads it.
                for arm in [then, otherwise] {
                    match &**arm {
                        Expr::Local(id) if asked.contains(id) => self.read_optional(arm, place, known),
                        arm => self.read(arm, place, known),
                    }
                }
            }
            Expr::Comprehension { item, name, list, condition } => {
                self.read(list, place, known);
                let known: Vec<&Name> = known.iter().copied().chain([name]).collect();
                self.read(item, place, &known);
                condition.iter().for_each(|condition| self.read(condition, place, &known));
            }
            expr => expr.children().into_iter().for_each(|child| self.read(child, place, known)),
        }
    }

    /// The same, where `none` is expected.
    fn read_optional(&mut self, expr: &Expr, place: Place<'_>, known: &[&Name]) {
        match expr {
            Expr::Local(id) if self.exists.contains_key(id) => {}
            Expr::Field(inner, _) => self.read_optional(inner, place, known),
            expr => self.read(expr, place, known),
        }
    }

    fn perhaps(&mut self, id: &ValueId, place: Place<'_>) {
        let is_own = place.is_rollback && id.step.as_ref() == place.node;
        if is_own {
            let step = id.step.as_ref().map_or("", |step| &step.0);
            let violation = Violation {
                condition: Condition::RollbackReadsMissing,
                steps: place.node.cloned().into_iter().collect(),
                names: vec![id.to_string()],
                message: format!(
                    "the rollback of `{step}` reads `{}`, which may not exist: the step may fail before it is found",
                    id.name
                ),
                trace: vec![
                    format!("`{step}` starts, and its rollback is owed"),
                    format!("it fails before `{}` has a value", id.name),
                    format!("its rollback reads `{}`", id.name),
                ],
                help: format!(
                    "read it in `before`, which is done before anything changes; or say what else is meant: \
                     `{} ?? …`",
                    id.name
                ),
                more: 0,
            };
            self.violations.push(violation);
            return;
        }
        self.missing(
            &id.to_string(),
            place,
            "may have no value there: the step that finds it stands in an arm that may not be taken",
        );
    }

    fn missing(&mut self, name: &str, place: Place<'_>, why: &str) {
        let condition =
            if place.is_rollback { Condition::RollbackReadsMissing } else { Condition::ValueMayNotExist };
        let reader = match place.node {
            Some(node) => format!("`{node}`: {}", place.what),
            None => place.what.to_owned(),
        };
        let violation = Violation {
            condition,
            steps: place.node.cloned().into_iter().collect(),
            names: vec![name.to_owned()],
            message: format!("{reader} reads `{name}`, which {why}"),
            trace: Vec::new(),
            help: format!(
                "read only what a step before it surely found, or say what else is meant: `{name} ?? …`"
            ),
            more: 0,
        };
        let is_known = self.violations.iter().any(|known| {
            known.condition == violation.condition
                && known.names == violation.names
                && known.steps == violation.steps
        });
        if !is_known {
            self.violations.push(violation);
        }
    }
}
