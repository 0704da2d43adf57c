//! Names and what they stand for. Scopes are lexical, and nothing hides anything.

use std::collections::{BTreeMap, BTreeSet};

use surefoot_plan::{Name, StepId};
use surefoot_syntax::ast::{Ident, Let, Param};
use surefoot_syntax::{Diagnostic, Span};

use crate::load::Target;
use crate::report::error;
use crate::term::Term;

/// How many scopes lie outside of steps and loops: the file's and the runbook's.
const OUTER: usize = 2;

/// What a name stands for.
#[derive(Clone, Debug)]
pub(crate) enum Named<'a> {
    /// A parameter of the runbook.
    Param(&'a Param),
    /// A `let` of the runbook.
    Let(&'a Let),
    /// A fact of this file or runbook.
    Fact,
    /// A function of this file.
    Function,
    /// An action of this file.
    Action,
    /// A module.
    Module(Target),
    /// A step.
    Step,
    /// A call of another runbook.
    Call,
    /// Something bound inside: a loop's item, a step's value, an argument.
    Value(Box<Bound>),
}

/// A name that is bound inside the runbook.
#[derive(Clone, Debug)]
pub(crate) struct Bound {
    /// What it is.
    pub(crate) term: Term,
    /// Whether a question that reads it takes it as an argument.
    pub(crate) lifted: bool,
    /// Whether it was recorded before its step changed anything.
    pub(crate) before: bool,
}

/// A name with the place it was given.
#[derive(Clone, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) named: Named<'a>,
    pub(crate) span: Span,
}

/// The names of a runbook at some place in it.
#[derive(Debug, Default)]
pub(crate) struct Scopes<'a> {
    /// The innermost last.
    frames: Vec<BTreeMap<Name, Entry<'a>>>,
    /// Names that were read.
    pub(crate) used: BTreeSet<Name>,
    /// What steps and calls that stand before this place give; of a step of a called runbook, as `drain.stop`.
    pub(crate) outputs: BTreeMap<Name, Outputs>,
    /// Steps that stand in a loop over what the run finds, before this place.
    pub(crate) in_loops: BTreeSet<Name>,
}

/// What a step gives to those after it.
#[derive(Clone, Debug)]
pub(crate) struct Outputs {
    /// The step, in its plan.
    pub(crate) step: StepId,
    /// Its values by name.
    pub(crate) values: BTreeMap<Name, Term>,
}

impl<'a> Scopes<'a> {
    /// Opens a scope.
    pub(crate) fn open(&mut self) {
        self.frames.push(BTreeMap::new());
    }

    /// Closes the innermost scope, and returns its names.
    pub(crate) fn close(&mut self) -> BTreeMap<Name, Entry<'a>> {
        self.frames.pop().unwrap_or_default()
    }

    /// Gives a name in the innermost scope. One that is there already is reported and stays.
    pub(crate) fn declare(&mut self, name: &Ident, named: Named<'a>, diagnostics: &mut Vec<Diagnostic>) {
        let first = self.find(&name.text).cloned();
        self.declare_beside(first.as_ref(), name, named, diagnostics);
    }

    /// Gives an argument of an item of the file in the innermost scope. It may have the name of something in the
    /// runbook: whoever writes a file of facts knows none of the runbooks that use it.
    pub(crate) fn declare_argument(
        &mut self,
        name: &Ident,
        named: Named<'a>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let of_file = self.frames.first().and_then(|frame| frame.get(&name.text));
        let other =
            || self.frames.get(OUTER..).and_then(|own| own.iter().find_map(|frame| frame.get(&name.text)));
        let first = of_file.or_else(other).cloned();
        self.declare_beside(first.as_ref(), name, named, diagnostics);
    }

    fn declare_beside(
        &mut self,
        first: Option<&Entry<'a>>,
        name: &Ident,
        named: Named<'a>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        if let Some(first) = first {
            diagnostics.push(
                error("SF0102", name.span, format!("the name `{}` is given twice", name.text))
                    .here("again here")
                    .label(first.span, "first here")
                    .help("give one of them another name: inside a runbook no name hides another"),
            );
            return;
        }
        self.put(&name.text, name.span, named);
    }

    /// Gives a name in the innermost scope, whatever it was.
    pub(crate) fn put(&mut self, name: &str, span: Span, named: Named<'a>) {
        if let Some(frame) = self.frames.last_mut() {
            frame.insert(name.to_owned(), Entry { named, span });
        }
    }

    /// Returns scopes with names that were given elsewhere, and were checked there.
    pub(crate) fn of(names: impl IntoIterator<Item = (Name, Entry<'a>)>) -> Scopes<'a> {
        let frames = vec![names.into_iter().collect(), BTreeMap::new()];
        Scopes { frames, ..Scopes::default() }
    }

    /// Takes out what the steps and calls of a name gave, and all that is in them.
    pub(crate) fn take_outputs(&mut self, name: &str) -> BTreeMap<Name, Outputs> {
        let of =
            |key: &Name| key.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        let (taken, rest) = std::mem::take(&mut self.outputs).into_iter().partition(|(key, _)| of(key));
        self.outputs = rest;
        taken
    }

    /// Leaves the scopes inside the runbook, for what is declared outside of them.
    pub(crate) fn outside(&mut self) -> Vec<BTreeMap<Name, Entry<'a>>> {
        self.frames.split_off(OUTER.min(self.frames.len()))
    }

    /// Comes back into scopes that were left.
    pub(crate) fn inside(&mut self, frames: Vec<BTreeMap<Name, Entry<'a>>>) {
        self.frames.truncate(OUTER);
        self.frames.extend(frames);
    }

    /// Returns what a name stands for.
    pub(crate) fn find(&self, name: &str) -> Option<&Entry<'a>> {
        self.frames.iter().rev().find_map(|frame| frame.get(name))
    }

    /// Returns all names that can be read here.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.frames.iter().flat_map(|frame| frame.keys().map(String::as_str))
    }
}
