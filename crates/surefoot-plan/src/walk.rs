//! Going through a plan.

use std::collections::BTreeSet;

use crate::{Atom, Cell, Ensure, Expr, Formula, Node, Plan, Statement, Step, StepId, Test, Way};

impl Plan {
    /// Returns every step, in the order of the source, those of all arms included.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        steps_of(&self.body)
    }

    /// Returns the step of this name; of a step in a turn of a loop, what it is in any turn.
    pub fn step(&self, id: &StepId) -> Option<&Step> {
        let named = |id: &StepId| self.steps().find(|step| step.id == *id);
        named(id).or_else(|| named(self.general(id)))
    }

    /// Returns every node, each before those inside it.
    pub fn nodes(&self) -> Nodes<'_> {
        Nodes::of(&self.body)
    }

    /// Returns how many nodes the plan has.
    pub fn node_count(&self) -> usize {
        self.nodes().count()
    }

    /// Returns every atom that the plan asks, sets or leaves, with repetitions.
    pub fn atoms(&self) -> Vec<&Atom> {
        let conditions = self.requires.iter().chain(&self.ensures).map(|require| &require.formula);
        let invariants = self.invariants.iter().map(|invariant| &invariant.formula);
        let mut atoms: Vec<&Atom> = conditions.chain(invariants).flat_map(Formula::atoms).collect();
        atoms.extend(atoms_of(&self.body));
        atoms
    }
}

/// Returns every step among these nodes and inside them, in the order of the source.
pub fn steps_of(nodes: &[Node]) -> impl Iterator<Item = &Step> {
    Nodes::of(nodes).filter_map(|node| match node {
        Node::Step(step) => Some(step.as_ref()),
        Node::Wait(_)
        | Node::If { .. }
        | Node::Each(_)
        | Node::Parallel(_)
        | Node::Stop { .. }
        | Node::Assume { .. } => None,
    })
}

/// Returns every atom that these nodes ask, set or leave, with repetitions.
pub fn atoms_of(nodes: &[Node]) -> Vec<&Atom> {
    let mut atoms = Vec::new();
    for node in Nodes::of(nodes) {
        match node {
            Node::Step(step) => step.collect_atoms(&mut atoms),
            Node::Wait(wait) => wait.until.formula.collect_atoms(&mut atoms),
            Node::If { condition, .. } => condition.collect_atoms(&mut atoms),
            Node::Each(_) | Node::Parallel(_) | Node::Stop { .. } => {}
            Node::Assume { literal, .. } => atoms.push(&literal.atom),
        }
    }
    atoms
}

/// The nodes of a plan, each before those inside it.
pub struct Nodes<'a> {
    /// What is still to be gone through, the next on top.
    rest: Vec<std::slice::Iter<'a, Node>>,
}

impl<'a> Nodes<'a> {
    /// Goes through these nodes.
    pub fn of(nodes: &'a [Node]) -> Nodes<'a> {
        Nodes { rest: vec![nodes.iter()] }
    }
}

impl<'a> Iterator for Nodes<'a> {
    type Item = &'a Node;

    fn next(&mut self) -> Option<&'a Node> {
        loop {
            let top = self.rest.last_mut()?;
            let Some(node) = top.next() else {
                self.rest.pop();
                continue;
            };
            // Pushed in reverse: the arm for true comes first.
            match node {
                Node::Step(_) | Node::Stop { .. } | Node::Assume { .. } => {}
                Node::Wait(wait) => self.rest.push(wait.otherwise.iter()),
                Node::Each(each) => self.rest.push(each.body.iter()),
                Node::Parallel(parallel) => {
                    self.rest.extend(parallel.branches.iter().rev().map(|branch| branch.iter()));
                }
                Node::If { then, otherwise, unknown, .. } => {
                    self.rest.extend(unknown.as_deref().map(<[Node]>::iter));
                    self.rest.push(otherwise.iter());
                    self.rest.push(then.iter());
                }
            }
            return Some(node);
        }
    }
}

impl Node {
    /// Returns the node's name in the plan.
    pub fn id(&self) -> &StepId {
        match self {
            Node::Step(step) => &step.id,
            Node::Wait(wait) => &wait.id,
            Node::Each(each) => &each.id,
            Node::Parallel(parallel) => &parallel.id,
            Node::If { id, .. } | Node::Stop { id, .. } | Node::Assume { id, .. } => id,
        }
    }

    /// Whether the run is over after it, whatever it chooses: nothing can follow.
    pub fn ends(&self) -> bool {
        let ends = |nodes: &[Node]| nodes.last().is_some_and(Node::ends);
        match self {
            // A loop may have no turn at all, and a branch ends no run.
            Node::Step(_) | Node::Wait(_) | Node::Each(_) | Node::Parallel(_) | Node::Assume { .. } => false,
            Node::Stop { .. } => true,
            // Without an arm of its own what cannot be told stops for a person.
            Node::If { then, otherwise, unknown, .. } => {
                ends(then) && ends(otherwise) && unknown.as_deref().is_none_or(ends)
            }
        }
    }
}

impl Step {
    /// Returns the cells that the step may change: those of its `ensures` and its `leaves`.
    pub fn changes(&self) -> BTreeSet<&Cell> {
        let ensured = self.ensures.iter().map(|ensure| &ensure.literal.atom.cell);
        let left = self.leaves.iter().flat_map(|leaves| &leaves.atoms).map(|atom| &atom.cell);
        ensured.chain(left).collect()
    }

    /// Returns the cells that the step leaves changed, knowingly.
    pub fn residuals(&self) -> BTreeSet<&Cell> {
        if self.leaves.iter().any(|leaves| leaves.atoms.is_empty()) {
            return self.changes();
        }
        self.leaves.iter().flat_map(|leaves| &leaves.atoms).map(|atom| &atom.cell).collect()
    }

    /// Returns the cells that its rollback may change: the step's own, and what the rollback sets.
    pub fn rollback_changes(&self) -> BTreeSet<&Cell> {
        let mut cells = self.changes();
        if let Way::Rollback(rollback) = &self.way {
            cells.extend(rollback.ensures.iter().map(|ensure| &ensure.literal.atom.cell));
        }
        cells
    }

    /// Whether it can change anything: it has a statement that acts.
    pub fn acts(&self) -> bool {
        self.body.iter().any(Statement::acts) || !self.ensures.is_empty() || !self.leaves.is_empty()
    }

    fn collect_atoms<'a>(&'a self, atoms: &mut Vec<&'a Atom>) {
        let mut required: Vec<&Formula> = self.requires.iter().map(|require| &require.formula).collect();
        let mut set: Vec<&Ensure> = self.ensures.iter().collect();
        match &self.way {
            Way::Rollback(rollback) => {
                required.extend(rollback.requires.iter().map(|require| &require.formula));
                set.extend(&rollback.ensures);
            }
            Way::Irreversible(seal) => required.extend(&seal.undone_when),
            Way::Nothing => {}
        }
        atoms.extend(required.into_iter().flat_map(Formula::atoms));
        atoms.extend(set.into_iter().map(|ensure| &ensure.literal.atom));
        atoms.extend(self.leaves.iter().flat_map(|leaves| &leaves.atoms));
    }
}

impl Statement {
    /// Whether it can change anything outside the run. A command can, unless its words say that it only looks.
    pub fn acts(&self) -> bool {
        match self {
            Statement::Command { exec, .. } => !exec.only_looks,
            Statement::Library(_) | Statement::Manual(_) => true,
            Statement::Read(_) | Statement::Note(_) | Statement::Notify { .. } => false,
        }
    }
}

impl crate::Literal {
    /// Returns it as a formula.
    pub fn formula(&self) -> Formula {
        let atom = Formula::Atom(self.atom.clone());
        if self.holds { atom } else { Formula::Not(Box::new(atom)) }
    }
}

impl Formula {
    /// Returns every atom it asks, in order, with repetitions.
    pub fn atoms(&self) -> Vec<&Atom> {
        let mut atoms = Vec::new();
        self.collect_atoms(&mut atoms);
        atoms
    }

    /// Returns every cell it asks.
    pub fn cells(&self) -> BTreeSet<&Cell> {
        self.atoms().into_iter().map(|atom| &atom.cell).collect()
    }

    fn collect_atoms<'a>(&'a self, atoms: &mut Vec<&'a Atom>) {
        match self {
            Formula::Atom(atom) => atoms.push(atom),
            Formula::Value(_) => {}
            Formula::Not(inner) => inner.collect_atoms(atoms),
            Formula::All(parts) | Formula::Any(parts) => {
                for part in parts {
                    part.collect_atoms(atoms);
                }
            }
        }
    }

    /// Calls `visit` with every expression in it.
    pub fn visit_exprs<'a>(&'a self, visit: &mut impl FnMut(&'a Expr)) {
        match self {
            Formula::Atom(atom) => atom.visit_exprs(visit),
            Formula::Value(expr) => visit(expr),
            Formula::Not(inner) => inner.visit_exprs(visit),
            Formula::All(parts) | Formula::Any(parts) => {
                for part in parts {
                    part.visit_exprs(visit);
                }
            }
        }
    }
}

impl Atom {
    /// Calls `visit` with every expression in it.
    pub fn visit_exprs<'a>(&'a self, visit: &mut impl FnMut(&'a Expr)) {
        self.cell.arguments.iter().for_each(&mut *visit);
        match &self.test {
            Test::Holds => {}
            Test::Compares(_, value) => visit(value),
        }
    }
}

impl Expr {
    /// Returns the expressions directly inside it.
    pub fn children(&self) -> Vec<&Expr> {
        match self {
            Expr::Literal(_)
            | Expr::Input(_)
            | Expr::Item { .. }
            | Expr::Local(_)
            | Expr::Argument(_)
            | Expr::Now
            | Expr::RunId => Vec::new(),
            Expr::Fact(cell) => cell.arguments.iter().collect(),
            Expr::Join(parts) | Expr::List(parts) | Expr::Call(_, parts) => parts.iter().collect(),
            Expr::Record(fields) => fields.values().collect(),
            Expr::Field(inner, _) | Expr::Unary(_, inner) => vec![inner],
            Expr::Binary(_, left, right) => vec![left, right],
            Expr::If(condition, then, otherwise) => vec![condition, then, otherwise],
            Expr::Comprehension { item, name: _, list, condition } => {
                let mut children: Vec<&Expr> = vec![item, list];
                children.extend(condition.as_deref());
                children
            }
        }
    }

    /// Calls `visit` with it and every expression inside it.
    pub fn visit<'a>(&'a self, visit: &mut impl FnMut(&'a Expr)) {
        visit(self);
        for child in self.children() {
            child.visit(visit);
        }
    }
}

impl Plan {
    /// Returns every secret that is revealed, with the part of the plan that does it: a step, or "fact up".
    pub fn reveals(&self) -> Vec<(String, &crate::Reveal)> {
        let mut execs: Vec<(String, Option<&crate::Exec>)> = Vec::new();
        for (id, question) in &self.questions {
            let reads = &question.probe.reads;
            execs.extend(reads.iter().map(|read| (format!("fact {id}"), read.source.exec())));
        }
        execs.extend(self.lets.iter().map(|read| (format!("let {}", read.name), read.source.exec())));
        for step in self.steps() {
            let back = match &step.way {
                Way::Rollback(rollback) => rollback.body.as_slice(),
                Way::Irreversible(_) | Way::Nothing => &[],
            };
            let before = step.before.iter().map(|read| read.source.exec());
            let done = step.body.iter().chain(back).map(Statement::exec);
            execs.extend(before.chain(done).map(|exec| (step.id.0.clone(), exec)));
        }
        let collected = self.collect.iter().map(|collect| collect.statement.exec());
        execs.extend(collected.map(|exec| ("on failure collect".to_owned(), exec)));
        let mut found = Vec::new();
        for (part, exec) in execs {
            for reveal in exec.into_iter().flat_map(crate::Exec::reveals) {
                if !found.contains(&(part.clone(), reveal)) {
                    found.push((part.clone(), reveal));
                }
            }
        }
        found
    }
}

impl crate::Exec {
    /// Returns the secrets that its arguments reveal.
    pub fn reveals(&self) -> impl Iterator<Item = &crate::Reveal> {
        self.pipeline.iter().flatten().flat_map(|word| match word {
            crate::Word::One(_) | crate::Word::Each(_) => &[],
            crate::Word::Revealing { secrets, .. } => secrets.as_slice(),
        })
    }

    /// Calls `visit` with every expression in it.
    pub fn visit_exprs<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        for word in self.pipeline.iter().flatten() {
            match word {
                crate::Word::One(expr)
                | crate::Word::Each(expr)
                | crate::Word::Revealing { text: expr, .. } => visit(expr),
            }
        }
        self.script.iter().flat_map(|script| script.arguments.values()).for_each(&mut *visit);
        let rest = self.target.iter().chain(&self.folder).chain(self.env.values()).chain(&self.stdin);
        rest.for_each(visit);
    }
}

impl crate::PersonQuestion {
    /// Calls `visit` with every expression in it.
    pub fn visit_exprs<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        visit(&self.text);
        for (place, normal) in &self.see {
            visit(place);
            visit(normal);
        }
        self.default.iter().for_each(visit);
    }
}

impl crate::Source {
    /// Returns the command that it runs, if it runs one.
    pub fn exec(&self) -> Option<&crate::Exec> {
        match self {
            crate::Source::Command(exec) => Some(exec),
            crate::Source::Library(_)
            | crate::Source::Person(_)
            | crate::Source::Fact(_)
            | crate::Source::Value(_) => None,
        }
    }

    /// Calls `visit` with every expression in it.
    pub fn visit_exprs<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        match self {
            crate::Source::Command(exec) => exec.visit_exprs(visit),
            crate::Source::Library(call) => call.arguments.values().for_each(visit),
            crate::Source::Person(question) => question.visit_exprs(visit),
            crate::Source::Fact(cell) => cell.arguments.iter().for_each(visit),
            crate::Source::Value(expr) => visit(expr),
        }
    }
}

impl Statement {
    /// Returns the command that it runs, if it runs one.
    pub fn exec(&self) -> Option<&crate::Exec> {
        match self {
            Statement::Command { exec, .. } => Some(exec),
            Statement::Read(read) => read.source.exec(),
            Statement::Library(_) | Statement::Manual(_) | Statement::Note(_) | Statement::Notify { .. } => {
                None
            }
        }
    }

    /// Calls `visit` with every expression in it.
    pub fn visit_exprs<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        match self {
            Statement::Command { exec, .. } => exec.visit_exprs(visit),
            Statement::Library(call) => call.arguments.values().for_each(visit),
            Statement::Read(read) => read.source.visit_exprs(visit),
            Statement::Manual(question) => question.visit_exprs(visit),
            Statement::Note(line) | Statement::Notify { text: line, .. } => visit(line),
        }
    }

    /// The name that it gives to a value, if it does.
    pub fn names(&self) -> Option<&crate::Name> {
        match self {
            Statement::Command { name, .. } => name.as_ref(),
            Statement::Read(read) => Some(&read.name),
            Statement::Library(_) | Statement::Manual(_) | Statement::Note(_) | Statement::Notify { .. } => {
                None
            }
        }
    }
}

impl crate::Rights {
    /// Calls `visit` with every expression in it.
    pub fn visit_exprs<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        self.connect.iter().flat_map(|to| [&to.host, &to.port]).for_each(&mut *visit);
        self.listen.iter().chain(&self.read).chain(&self.write).for_each(visit);
    }
}

impl crate::Question {
    /// Returns the questions that its probe asks.
    pub fn asks(&self) -> BTreeSet<&str> {
        let mut asked = BTreeSet::new();
        self.probe.answer.visit(&mut |part| {
            if let Expr::Fact(cell) = part {
                asked.insert(cell.question.as_str());
            }
        });
        for read in &self.probe.reads {
            if let crate::Source::Fact(cell) = &read.source {
                asked.insert(cell.question.as_str());
            }
            read.source.visit_exprs(&mut |expr| {
                expr.visit(&mut |part| {
                    if let Expr::Fact(cell) = part {
                        asked.insert(cell.question.as_str());
                    }
                });
            });
        }
        asked
    }
}
