//! One turn of a loop: its body with an item in its place, and a key behind every name.

use std::collections::BTreeSet;

use crate::{
    After, Approval, Atom, CallEnd, Cell, Each, Ensure, Exec, Expr, Formula, Leaves, LibraryCall, Literal,
    Node, Parallel, PersonQuestion, Probe, Read, Require, Rights, ScopeEnd, Script, ShownValue, Source,
    Statement, Step, StepId, Test, ValueId, Wait, Way, Word,
};

/// Puts an item into its place.
pub(super) struct Turn<'a> {
    /// What stands for the item.
    pub(super) item: &'a ValueId,
    /// What it is.
    pub(super) value: &'a Expr,
    /// The nodes that get the key.
    pub(super) inside: BTreeSet<&'a StepId>,
    /// The key.
    pub(super) key: &'a str,
}

impl Turn<'_> {
    fn id(&self, id: &StepId) -> StepId {
        if self.inside.contains(id) { id.turn(self.key) } else { id.clone() }
    }

    fn expr(&self, expr: &Expr) -> Expr {
        let all = |parts: &[Expr]| parts.iter().map(|part| self.expr(part)).collect();
        let boxed = |inner: &Expr| Box::new(self.expr(inner));
        match expr {
            Expr::Local(id) if id == self.item => self.value.clone(),
            Expr::Local(id) => Expr::Local(ValueId {
                step: id.step.as_ref().map(|step| self.id(step)),
                name: id.name.clone(),
            }),
            Expr::Literal(_)
            | Expr::Input(_)
            | Expr::Item { .. }
            | Expr::Argument(_)
            | Expr::Now
            | Expr::RunId => expr.clone(),
            Expr::Fact(cell) => Expr::Fact(self.cell(cell)),
            Expr::Join(parts) => Expr::Join(all(parts)),
            Expr::List(parts) => Expr::List(all(parts)),
            Expr::Call(function, parts) => Expr::Call(*function, all(parts)),
            Expr::Record(fields) => {
                Expr::Record(fields.iter().map(|(name, field)| (name.clone(), self.expr(field))).collect())
            }
            Expr::Field(inner, name) => Expr::Field(boxed(inner), name.clone()),
            Expr::Unary(operator, inner) => Expr::Unary(*operator, boxed(inner)),
            Expr::Binary(operator, left, right) => Expr::Binary(*operator, boxed(left), boxed(right)),
            Expr::If(condition, then, otherwise) => Expr::If(boxed(condition), boxed(then), boxed(otherwise)),
            Expr::Comprehension { item, name, list, condition } => Expr::Comprehension {
                item: boxed(item),
                name: name.clone(),
                list: boxed(list),
                condition: condition.as_deref().map(boxed),
            },
        }
    }

    fn some(&self, expr: &Option<Expr>) -> Option<Expr> {
        expr.as_ref().map(|expr| self.expr(expr))
    }

    fn cell(&self, cell: &Cell) -> Cell {
        let arguments = cell.arguments.iter().map(|argument| self.expr(argument)).collect();
        Cell { question: cell.question.clone(), arguments }
    }

    fn atom(&self, atom: &Atom) -> Atom {
        let test = match &atom.test {
            Test::Holds => Test::Holds,
            Test::Compares(comparison, expr) => Test::Compares(*comparison, self.expr(expr)),
        };
        Atom { cell: self.cell(&atom.cell), test }
    }

    fn literal(&self, literal: &Literal) -> Literal {
        Literal { atom: self.atom(&literal.atom), holds: literal.holds }
    }

    fn formula(&self, formula: &Formula) -> Formula {
        let all = |parts: &[Formula]| parts.iter().map(|part| self.formula(part)).collect();
        match formula {
            Formula::Atom(atom) => Formula::Atom(self.atom(atom)),
            Formula::Value(expr) => Formula::Value(self.expr(expr)),
            Formula::Not(inner) => Formula::Not(Box::new(self.formula(inner))),
            Formula::All(parts) => Formula::All(all(parts)),
            Formula::Any(parts) => Formula::Any(all(parts)),
        }
    }

    fn require(&self, require: &Require) -> Require {
        Require { formula: self.formula(&require.formula), ..require.clone() }
    }

    fn requires(&self, requires: &[Require]) -> Vec<Require> {
        requires.iter().map(|require| self.require(require)).collect()
    }

    fn ensures(&self, ensures: &[Ensure]) -> Vec<Ensure> {
        let ensure = |ensure: &Ensure| Ensure { literal: self.literal(&ensure.literal), ..ensure.clone() };
        ensures.iter().map(ensure).collect()
    }

    fn exec(&self, exec: &Exec) -> Exec {
        let word = |word: &Word| match word {
            Word::One(expr) => Word::One(self.expr(expr)),
            Word::Each(expr) => Word::Each(self.expr(expr)),
            // A secret is no item of a list.
            Word::Revealing { text, secrets } => {
                Word::Revealing { text: self.expr(text), secrets: secrets.clone() }
            }
        };
        let script = |script: &Script| Script {
            arguments: script.arguments.iter().map(|(name, expr)| (name.clone(), self.expr(expr))).collect(),
            ..script.clone()
        };
        Exec {
            pipeline: exec.pipeline.iter().map(|words| words.iter().map(word).collect()).collect(),
            script: exec.script.as_ref().map(script),
            target: self.some(&exec.target),
            folder: self.some(&exec.folder),
            env: exec.env.iter().map(|(name, expr)| (name.clone(), self.expr(expr))).collect(),
            stdin: self.some(&exec.stdin),
            ..exec.clone()
        }
    }

    fn call(&self, call: &LibraryCall) -> LibraryCall {
        let arguments = call.arguments.iter().map(|(name, expr)| (name.clone(), self.expr(expr))).collect();
        LibraryCall { function: call.function.clone(), arguments }
    }

    fn question(&self, question: &PersonQuestion) -> PersonQuestion {
        PersonQuestion {
            text: self.expr(&question.text),
            see: question.see.iter().map(|(at, normal)| (self.expr(at), self.expr(normal))).collect(),
            default: self.some(&question.default),
            ..question.clone()
        }
    }

    fn read(&self, read: &Read) -> Read {
        let source = match &read.source {
            Source::Command(exec) => Source::Command(self.exec(exec)),
            Source::Library(call) => Source::Library(self.call(call)),
            Source::Person(question) => Source::Person(self.question(question)),
            Source::Fact(cell) => Source::Fact(self.cell(cell)),
            Source::Value(expr) => Source::Value(self.expr(expr)),
        };
        Read { source, ..read.clone() }
    }

    fn after(&self, after: &[After]) -> Vec<After> {
        let text = |after: &After| After { text: self.expr(&after.text), ..after.clone() };
        after.iter().map(text).collect()
    }

    pub(super) fn probe(&self, probe: &Probe) -> Probe {
        Probe {
            reads: probe.reads.iter().map(|read| self.read(read)).collect(),
            answer: self.expr(&probe.answer),
        }
    }

    fn statements(&self, statements: &[Statement]) -> Vec<Statement> {
        let statement = |statement: &Statement| match statement {
            Statement::Command { exec, name } => {
                Statement::Command { exec: self.exec(exec), name: name.clone() }
            }
            Statement::Library(call) => Statement::Library(self.call(call)),
            Statement::Read(read) => Statement::Read(self.read(read)),
            Statement::Manual(question) => Statement::Manual(self.question(question)),
            Statement::Note(expr) => Statement::Note(self.expr(expr)),
            Statement::Notify { channel, text } => {
                Statement::Notify { channel: channel.clone(), text: self.expr(text) }
            }
        };
        statements.iter().map(statement).collect()
    }

    fn rights(&self, rights: &Rights) -> Rights {
        let exprs = |exprs: &[Expr]| exprs.iter().map(|expr| self.expr(expr)).collect();
        let endpoint =
            |to: &crate::Endpoint| crate::Endpoint { host: self.expr(&to.host), port: self.expr(&to.port) };
        Rights {
            connect: rights.connect.iter().map(endpoint).collect(),
            listen: exprs(&rights.listen),
            read: exprs(&rights.read),
            write: exprs(&rights.write),
            ..rights.clone()
        }
    }

    fn step(&self, step: &Step) -> Step {
        let approval = |approval: &Approval| Approval {
            showing: approval.showing.iter().map(|cell| self.cell(cell)).collect(),
            values: approval
                .values
                .iter()
                .map(|shown| ShownValue { text: shown.text.clone(), value: self.expr(&shown.value) })
                .collect(),
            ..approval.clone()
        };
        let leaves = |leaves: &Leaves| Leaves {
            atoms: leaves.atoms.iter().map(|atom| self.atom(atom)).collect(),
            why: leaves.why.clone(),
        };
        let way = match &step.way {
            Way::Rollback(rollback) => Way::Rollback(crate::Rollback {
                requires: self.requires(&rollback.requires),
                body: self.statements(&rollback.body),
                ensures: self.ensures(&rollback.ensures),
                ..rollback.clone()
            }),
            Way::Irreversible(seal) => Way::Irreversible(crate::Irreversible {
                undone_when: seal.undone_when.as_ref().map(|formula| self.formula(formula)),
                ..seal.clone()
            }),
            Way::Nothing => Way::Nothing,
        };
        let scope = |end: &ScopeEnd| match end {
            ScopeEnd::Enters { title, leave, max_ms } => {
                ScopeEnd::Enters { title: title.clone(), leave: self.id(leave), max_ms: *max_ms }
            }
            ScopeEnd::Leaves { enter } => ScopeEnd::Leaves { enter: self.id(enter) },
        };
        let call = |end: &CallEnd| match end {
            CallEnd::Begins { runbook, file, end } => {
                CallEnd::Begins { runbook: runbook.clone(), file: file.clone(), end: self.id(end) }
            }
            CallEnd::Ends { begin } => CallEnd::Ends { begin: self.id(begin) },
        };
        Step {
            id: self.id(&step.id),
            call: step.call.as_ref().map(call),
            after: self.after(&step.after),
            scope: step.scope.as_ref().map(scope),
            target: self.some(&step.target),
            approval: step.approval.as_ref().map(approval),
            requires: self.requires(&step.requires),
            before: step.before.iter().map(|read| self.read(read)).collect(),
            body: self.statements(&step.body),
            ensures: self.ensures(&step.ensures),
            leaves: step.leaves.iter().map(leaves).collect(),
            way,
            rights: self.rights(&step.rights),
            rollback_rights: self.rights(&step.rollback_rights),
            ..step.clone()
        }
    }

    fn nodes(&self, nodes: &[Node]) -> Vec<Node> {
        nodes.iter().map(|node| self.node(node)).collect()
    }

    pub(super) fn node(&self, node: &Node) -> Node {
        match node {
            Node::Step(step) => Node::Step(Box::new(self.step(step))),
            Node::Wait(wait) => Node::Wait(Box::new(Wait {
                id: self.id(&wait.id),
                until: self.require(&wait.until),
                times: wait.times,
                after: self.after(&wait.after),
                otherwise: self.nodes(&wait.otherwise),
            })),
            Node::If { id, condition, text, then, otherwise, unknown, hypothesis } => Node::If {
                hypothesis: hypothesis.clone(),
                id: self.id(id),
                condition: self.formula(condition),
                text: text.clone(),
                then: self.nodes(then),
                otherwise: self.nodes(otherwise),
                unknown: unknown.as_deref().map(|nodes| self.nodes(nodes)),
            },
            Node::Each(each) => Node::Each(Box::new(Each {
                id: self.id(&each.id),
                list: self.expr(&each.list),
                body: self.nodes(&each.body),
                ..each.as_ref().clone()
            })),
            Node::Parallel(parallel) => Node::Parallel(Box::new(Parallel {
                id: self.id(&parallel.id),
                branches: parallel.branches.iter().map(|branch| self.nodes(branch)).collect(),
            })),
            Node::Stop { id, why } => Node::Stop { id: self.id(id), why: why.clone() },
            Node::Assume { id, literal, why } => {
                Node::Assume { id: self.id(id), literal: self.literal(literal), why: why.clone() }
            }
        }
    }
}
