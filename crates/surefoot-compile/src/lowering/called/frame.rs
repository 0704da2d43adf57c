//! What belongs to one runbook while it is read, and the way from one into another.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use surefoot_plan::{Expr, Name, Parameter, Probe, Read, Rights, Source, StepId, Type, ValueId};
use surefoot_syntax::Span;
use surefoot_syntax::ast::{Fact, Runbook};

use super::Called;
use crate::lowering::fact::Meaning;
use crate::lowering::rights::Needs;
use crate::lowering::{Context, Lowering};
use crate::scope::Scopes;
use crate::term::Term;

/// What a called runbook finds when it begins.
#[derive(Debug)]
pub(in crate::lowering) struct Beginning {
    /// The step with which it begins.
    pub(in crate::lowering) id: StepId,
    /// What is read and recorded.
    pub(super) reads: Vec<Read>,
    /// Where each is written.
    pub(super) spans: Vec<Span>,
    /// Values of the caller's run that parameters are given as they are, each with the parameter and its type.
    pub(super) given: Vec<(ValueId, Name, Type)>,
    /// What reading needs.
    pub(super) needs: Needs,
}

impl Beginning {
    /// Adds what a `let` reads.
    pub(in crate::lowering) fn reads(&mut self, reads: Vec<Read>, needs: Needs, span: Span) {
        self.spans.extend(reads.iter().map(|_| span));
        self.reads.extend(reads);
        self.needs.add(needs);
    }

    /// Takes in a value that is found by the run for a parameter, and returns how it is read. A plain one is what it
    /// is: of an item of a loop the proof knows that it is no other. What is computed is recorded at the beginning.
    pub(super) fn value(&mut self, name: &str, r#type: Type, expr: Expr, span: Span) -> Expr {
        if let Expr::Local(value) = &expr {
            self.given.push((value.clone(), name.to_owned(), r#type));
            return expr;
        }
        self.reads.push(Read { name: name.to_owned(), r#type, source: Source::Value(expr) });
        self.spans.push(span);
        Expr::Local(ValueId { step: Some(self.id.clone()), name: name.to_owned() })
    }
}

/// What belongs to one runbook while it is read. Put aside while one that it calls is.
pub(super) struct Frame<'a> {
    runbook: &'a Runbook,
    module: usize,
    home: usize,
    called_as: String,
    beginning: Option<Beginning>,
    scopes: Scopes<'a>,
    root: Option<Scopes<'a>>,
    cx: Context,
    params: BTreeMap<Name, Option<Term>>,
    pub(super) lets: BTreeMap<Name, Option<Term>>,
    declared: HashMap<(usize, &'a str), &'a Fact>,
    facts: BTreeMap<(usize, Name), Option<Meaning>>,
    wrong_facts: BTreeSet<Name>,
    turn: String,
    numbers: [usize; 5],
    rights_damaged: bool,
    missing: BTreeSet<String>,
    allow: Rights,
    allow_at: Option<Span>,
}

impl<'a> Lowering<'a> {
    /// What the called runbook begins with: nothing of the caller's.
    pub(super) fn frame(&self, called: &Called<'a>) -> Frame<'a> {
        let id = called.id.clone();
        let file = self.modules.loaded.get(called.file).map(|loaded| loaded.source.id);
        Frame {
            runbook: called.runbook,
            module: called.file,
            home: called.file,
            called_as: format!("{id}."),
            beginning: Some(Beginning {
                id,
                reads: Vec::new(),
                spans: Vec::new(),
                given: Vec::new(),
                needs: Needs::default(),
            }),
            scopes: Scopes::default(),
            root: None,
            cx: Context::nothing("a runbook"),
            params: BTreeMap::new(),
            lets: BTreeMap::new(),
            declared: HashMap::new(),
            facts: BTreeMap::new(),
            wrong_facts: BTreeSet::new(),
            turn: String::new(),
            numbers: [0; 5],
            rights_damaged: file.is_some_and(|file| self.damaged.contains(&file)),
            missing: BTreeSet::new(),
            allow: Rights::default(),
            allow_at: None,
        }
    }

    /// Goes from one runbook into another, or back.
    pub(super) fn swap(&mut self, frame: &mut Frame<'a>) {
        use std::mem::swap;
        swap(&mut self.runbook, &mut frame.runbook);
        swap(&mut self.module, &mut frame.module);
        swap(&mut self.home, &mut frame.home);
        swap(&mut self.called_as, &mut frame.called_as);
        swap(&mut self.beginning, &mut frame.beginning);
        swap(&mut self.scopes, &mut frame.scopes);
        swap(&mut self.root, &mut frame.root);
        swap(&mut self.cx, &mut frame.cx);
        swap(&mut self.params, &mut frame.params);
        swap(&mut self.lets, &mut frame.lets);
        swap(&mut self.declared, &mut frame.declared);
        swap(&mut self.facts, &mut frame.facts);
        swap(&mut self.wrong_facts, &mut frame.wrong_facts);
        swap(&mut self.turn, &mut frame.turn);
        swap(&mut self.rights_damaged, &mut frame.rights_damaged);
        swap(&mut self.missing, &mut frame.missing);
        swap(&mut self.plan.allow, &mut frame.allow);
        swap(&mut self.origins.allow, &mut frame.allow_at);
        let [waits, choices, loops, stops, assumptions] = &mut frame.numbers;
        swap(&mut self.waits, waits);
        swap(&mut self.choices, choices);
        swap(&mut self.loops, loops);
        swap(&mut self.stops, stops);
        swap(&mut self.assumptions, assumptions);
    }

    /// Makes arguments of what a question takes from the beginning of a called runbook, and returns what they are given.
    pub(in crate::lowering) fn take_found(
        &self,
        probe: &mut Probe,
        parameters: &mut Vec<Parameter>,
    ) -> Vec<Expr> {
        let Some(begin) = &self.beginning else { return Vec::new() };
        let own = |read: &Read| {
            let value = ValueId { step: Some(begin.id.clone()), name: read.name.clone() };
            (value, read.name.clone(), read.r#type.clone())
        };
        let mut found = Vec::new();
        for (value, name, r#type) in begin.given.iter().cloned().chain(begin.reads.iter().map(own)) {
            let name = format!("{}.{name}", begin.id);
            let with = probe.with(&value, &Expr::Argument(name.clone()));
            if with != *probe {
                *probe = with;
                parameters.push(Parameter { name, r#type, secret: false });
                found.push(Expr::Local(value));
            }
        }
        found
    }
}
