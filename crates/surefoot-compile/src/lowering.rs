//! Makes a plan of a runbook: names, types, labels, facts, rights, and the plan's parts, in one walk.
//!
//! In: the opened files, a runbook of the root, and what its parameters are bound to.
//! Out: a plan, where each part of it was written, and everything that is wrong.
//!
//! Must hold:
//! - it goes on after every mistake; what could not be understood is poison, and is not reported twice;
//! - the same sources and inputs give the same plan;
//! - a symbolic plan is made by the same walk as a bound one, so what is checked is what is run.
//!
//! One walk and no second tree between: a loop's body is read again for each item, with the item in
//! its place, and so everything that depends on it is simply known.

mod action;
mod alias;
mod approval;
mod argument;
mod ask;
mod call;
mod called;
mod command;
mod diagnose;
mod during;
mod edit;
mod empty;
mod expr;
mod fact;
mod file;
mod fold;
mod formula;
mod function;
mod known;
mod label;
mod lock;
mod matching;
mod member;
mod name;
mod operator;
mod parallel;
mod param;
mod prune;
mod quantifier;
mod rights;
mod scenario;
mod script;
mod sql;
mod step;
mod turns;
mod value;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use surefoot_plan::{About, Expr, FORMAT, Name, OnFailure, Plan, QuestionId, Read, Rights, StepId, Type};
use surefoot_syntax::ast::{Fact, Runbook};
use surefoot_syntax::{Diagnostic, FileId, Severity, Span};

use crate::inputs::Inputs;
use crate::load::Modules;
use crate::origins::Origins;
use crate::scope::Scopes;
use crate::script::Reading;
use crate::term::Term;
use crate::types;

pub(crate) use call::functions;
pub(crate) use file::check_files;
pub(crate) use param::type_names;
use rights::Needs;

/// Most steps of a plan, waits and choices included: the verifier's own limit.
const STEPS_MAX: usize = 20_000;

/// How long an attempt of a step may take when it does not say, in milliseconds.
///
/// Ten minutes: long enough for a restart or a copy, short enough that an operator who looks away comes
/// back to an answer. The plan shows it.
const DEADLINE_MS: u64 = 600_000;

/// Between two probes when nothing is said, in milliseconds.
const EVERY_MS: u64 = 1_000;

/// Between two attempts when nothing is said, in milliseconds.
const RETRY_EVERY_MS: u64 = 5_000;

/// How long an approval is good for when nothing is said, in milliseconds.
///
/// An hour: long enough to fetch a colleague, short enough that what they were shown still means something.
const APPROVAL_EXPIRES_MS: u64 = 3_600_000;

/// What the parameters are bound to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Binding<'i> {
    /// Nothing, not even their defaults: what holds then, holds for every input.
    Symbolic,
    /// What is given, and defaults.
    Given(&'i Inputs),
}

/// What a walk gives.
pub(crate) struct Output {
    pub(crate) plan: Plan,
    pub(crate) origins: Origins,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// Makes the plan of a runbook. `damage`: what the parser found; where something is missing from the tree,
/// nothing is called unused, and no right is called missing.
pub(crate) fn lower<'a>(
    modules: &'a Modules,
    runbook: &'a Runbook,
    binding: Binding<'a>,
    damage: &[Diagnostic],
) -> Output {
    let mut lowering = Lowering::new(modules, runbook, binding);
    lowering.damaged = damage.iter().map(|found| found.primary.span.file).collect();
    lowering.rights_damaged = damage.iter().any(|found| lowering.in_allow(found.primary.span));
    lowering.runbook(!damage.is_empty());
    prune::prune(&mut lowering.plan);
    Output { plan: lowering.plan, origins: lowering.origins, diagnostics: lowering.diagnostics }
}

/// The state of a walk.
pub(crate) struct Lowering<'a> {
    modules: &'a Modules,
    runbook: &'a Runbook,
    binding: Binding<'a>,
    /// Whose names are seen: an index in the modules.
    module: usize,
    /// The file of the runbook that is read: the root, or one that is called.
    home: usize,
    /// What stands before the names of the parts of a called runbook: `drain.`.
    called_as: String,
    /// What a called runbook finds when it begins; none in the root's.
    beginning: Option<called::Beginning>,
    /// The calls that are being put in place, outermost first: the file of the caller, and where it calls.
    calls: Vec<(usize, Span)>,
    /// The files in which something does not read.
    damaged: BTreeSet<FileId>,
    scopes: Scopes<'a>,
    cx: Context,
    /// Parameters that were read; one that is being read is none.
    params: BTreeMap<Name, Option<Term>>,
    /// The runbook's `let`s that were read; one that is being read is none.
    lets: BTreeMap<Name, Option<Term>>,
    /// The facts that can be named, by file and name.
    declared: HashMap<(usize, &'a str), &'a Fact>,
    /// Facts that were read, by file and name; one that is being read is none.
    facts: BTreeMap<(usize, Name), Option<fact::Meaning>>,
    /// Names of facts whose question is not known, because something in it is wrong.
    wrong_facts: BTreeSet<Name>,
    /// Types that files name, by file and name; one that is being read is none.
    aliases: BTreeMap<(usize, Name), Option<types::Ty>>,
    /// Functions of files that were checked; one that is being read is none.
    functions: BTreeMap<(usize, Name), Option<bool>>,
    /// How many calls of such functions were put in place.
    inlined: usize,
    /// Whether a clause of an action is read, and not one of the step that calls it.
    in_action: bool,
    /// The root's scopes, while the names of another place are seen.
    root: Option<Scopes<'a>>,
    /// Questions by their normal form, which is their JSON.
    question_ids: BTreeMap<String, QuestionId>,
    /// What a question needs, over its own arguments.
    question_needs: BTreeMap<QuestionId, Needs>,
    /// What is added to the names of steps in a loop: `[db2]`.
    turn: String,
    /// The list of the loop over what the run finds that is read now.
    in_each: Option<Span>,
    /// Whether what is read now was recorded before the step.
    reads_before: bool,
    /// How many scopes are open here.
    scopes_open: usize,
    /// What entering the scope that is left here found; leaving cannot read it.
    found_by_entering: BTreeMap<Name, Span>,
    /// What the next step ensures besides, where it says nothing of it.
    also_ensures: Vec<surefoot_plan::Ensure>,
    /// How many waits, choices and steps there are.
    waits: usize,
    choices: usize,
    loops: usize,
    stops: usize,
    /// How many blocks of branches that are done at the same time it has.
    parallels: usize,
    /// The steps of the branches before this one, which are done at the same time.
    beside: Vec<&'a str>,
    assumptions: usize,
    nodes: usize,
    /// Whether a `$` runs anywhere: then no right can be called unneeded.
    commands: bool,
    /// Whether a part of `allow` could not be read: then no right can be called missing.
    rights_damaged: bool,
    /// Rights that were found missing, as they would be written.
    missing: BTreeSet<String>,
    /// Scripts that were read, by where they stand.
    scripts: BTreeMap<Span, Rc<Reading>>,
    /// The needs of everything, to tell which rights are not needed.
    all_needs: Needs,
    plan: Plan,
    origins: Origins,
    diagnostics: Vec<Diagnostic>,
}

/// Where an expression stands: what may be asked there, and what becomes of the answers.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    asking: Asking,
    /// Reads that were met, in order.
    reads: Vec<Read>,
    /// What unnamed reads are called, with a number.
    base: Name,
    /// How many unnamed reads there were.
    unnamed: usize,
    /// The step it is in.
    step: Option<StepId>,
    /// The host that commands run on, if none is said.
    target: Option<Expr>,
    /// What a question takes from around it.
    captures: Vec<Capture>,
    /// What is needed.
    needs: Needs,
    /// The name of the fact whose question this is, and the place of what answers it.
    question: Option<(Name, Span)>,
    /// In which part of a step.
    part: Part,
}

/// What may be asked where an expression stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Asking {
    /// Nothing: the plan must know it. The words say where this is: "an input's condition".
    Nothing(&'static str),
    /// Each question is a cell of the plan.
    Questions,
    /// Questions are reads of the probe that is being made.
    Probe,
    /// Questions are reads of the run, each a value of it.
    Reads,
}

/// In which part of a step an expression stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Part {
    /// In none: outside of steps.
    Outside,
    /// In one.
    Forward,
    /// In its rollback.
    Rollback,
}

/// A value from around a question that it takes as an argument.
#[derive(Clone, Debug)]
pub(crate) struct Capture {
    name: Name,
    r#type: Type,
    expr: Expr,
}

impl Context {
    /// Where nothing may be asked.
    fn nothing(place: &'static str) -> Context {
        Context {
            asking: Asking::Nothing(place),
            reads: Vec::new(),
            base: Name::new(),
            unnamed: 0,
            step: None,
            target: None,
            captures: Vec::new(),
            needs: Needs::default(),
            question: None,
            part: Part::Outside,
        }
    }

    /// Where facts are asked.
    fn questions() -> Context {
        Context { asking: Asking::Questions, ..Context::nothing("") }
    }

    /// Where the run reads values.
    fn reads(base: &str) -> Context {
        Context { asking: Asking::Reads, base: base.to_owned(), ..Context::nothing("") }
    }
}

impl<'a> Lowering<'a> {
    fn new(modules: &'a Modules, runbook: &'a Runbook, binding: Binding<'a>) -> Lowering<'a> {
        let plan = Plan {
            format: FORMAT,
            runbook: runbook.name.text.clone(),
            doc: runbook.doc.clone(),
            about: About::default(),
            sources: modules.pinned(),
            inputs: Vec::new(),
            constraints: Vec::new(),
            locks: Vec::new(),
            allow: Rights::default(),
            questions: BTreeMap::new(),
            facts: Vec::new(),
            lets: Vec::new(),
            requires: Vec::new(),
            invariants: Vec::new(),
            body: Vec::new(),
            ensures: Vec::new(),
            on_failure: OnFailure::default(),
            collect: Vec::new(),
            waived: crate::waive::waived(modules, runbook),
        };
        let head = Span { end: runbook.name.span.end, ..runbook.span };
        let mut lowering = Lowering {
            modules,
            runbook,
            binding,
            module: 0,
            home: 0,
            called_as: String::new(),
            beginning: None,
            calls: Vec::new(),
            damaged: BTreeSet::new(),
            scopes: Scopes::default(),
            cx: Context::nothing("a runbook"),
            params: BTreeMap::new(),
            lets: BTreeMap::new(),
            declared: HashMap::new(),
            facts: BTreeMap::new(),
            wrong_facts: BTreeSet::new(),
            aliases: BTreeMap::new(),
            functions: BTreeMap::new(),
            inlined: 0,
            in_action: false,
            root: None,
            question_ids: BTreeMap::new(),
            question_needs: BTreeMap::new(),
            turn: String::new(),
            reads_before: false,
            scopes_open: 0,
            found_by_entering: BTreeMap::new(),
            also_ensures: Vec::new(),
            waits: 0,
            choices: 0,
            loops: 0,
            in_each: None,
            stops: 0,
            parallels: 0,
            beside: Vec::new(),
            assumptions: 0,
            nodes: 0,
            commands: false,
            rights_damaged: false,
            missing: BTreeSet::new(),
            scripts: BTreeMap::new(),
            all_needs: Needs::default(),
            plan,
            origins: Origins { runbook: head, ..Origins::default() },
            diagnostics: Vec::new(),
        };
        lowering.declare_facts();
        lowering
    }

    /// Adds a finding.
    fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Whether an error was found in a place.
    fn wrong_inside(&self, place: Span) -> bool {
        self.diagnostics.iter().any(|found| {
            let at = found.primary.span;
            found.severity == Severity::Error
                && at.file == place.file
                && place.start <= at.start
                && at.end <= place.end
        })
    }

    /// Whether a place is wrong, or reads what was wrong where it was given: what is said of it would be an echo.
    fn is_poisoned(&self, place: Span) -> bool {
        let is_poison = |name: &str| {
            let unknown = |term: &Option<Term>| term.as_ref().is_some_and(|term| term.ty.is_none());
            self.wrong_facts.contains(name)
                || self.params.get(name).is_some_and(unknown)
                || self.lets.get(name).is_some_and(unknown)
                || self.modules.loaded.iter().any(|loaded| loaded.broken.contains(name))
        };
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        self.wrong_inside(place) || self.modules.text(place).split(|c| !is_part(c)).any(is_poison)
    }

    /// Returns the edit that adds a line at the end of a block.
    fn line_at_end(&self, block: Span, line: &str) -> (Span, String) {
        let written = self.modules.text(block);
        let brace = written.rfind('}').unwrap_or(written.len());
        let place = |from: usize, to: usize| {
            let at = |offset: usize| block.start.saturating_add(u32::try_from(offset).unwrap_or(0));
            Span { start: at(from), end: at(to), ..block }
        };
        let before = written.get(..brace).unwrap_or_default();
        let line_start = before.rfind('\n').map(|newline| newline + 1);
        match line_start.filter(|start| before.get(*start..).is_some_and(|line| line.trim().is_empty())) {
            // The brace stands on a line of its own: the new line goes before that.
            Some(start) => {
                let blanks = before.get(start..).unwrap_or_default();
                (place(start, start), format!("{blanks}    {line}\n"))
            }
            None => {
                let head = self.modules.text(Span { start: 0, end: block.start, ..block });
                let head = head.rsplit('\n').next().unwrap_or_default();
                let blanks: String = head.chars().take_while(|c| c.is_whitespace()).collect();
                let from = before.trim_end().len();
                (place(from, brace), format!("\n{blanks}    {line}\n{blanks}"))
            }
        }
    }

    /// Does something elsewhere, and comes back. Returns also what that place gathered.
    fn within<T>(&mut self, cx: Context, f: impl FnOnce(&mut Self) -> T) -> (T, Context) {
        let outer = std::mem::replace(&mut self.cx, cx);
        let result = f(self);
        (result, std::mem::replace(&mut self.cx, outer))
    }

    /// Adds a read of the run or of a probe, and returns how it is read.
    fn add_read(&mut self, r#type: Type, source: surefoot_plan::Source) -> Expr {
        self.cx.unnamed += 1;
        let name = format!("{}.{}", self.cx.base, self.cx.unnamed);
        self.cx.reads.push(Read { name: name.clone(), r#type, source });
        match self.cx.asking {
            Asking::Reads => Expr::Local(surefoot_plan::ValueId { step: self.cx.step.clone(), name }),
            Asking::Probe | Asking::Questions | Asking::Nothing(_) => Expr::Argument(name),
        }
    }
}

/// Wraps what terms carry.
fn shared(expr: Expr) -> Option<Rc<Expr>> {
    Some(Rc::new(expr))
}
