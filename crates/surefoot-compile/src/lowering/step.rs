//! Steps: what each requires, does, sets, needs, and how it is taken back.

use std::collections::BTreeMap;

use surefoot_plan::{
    After, Class, Ensure, Expr, Irreversible, Leaves, LibraryCall, Literal, Name, Node, Read, Restores,
    Retry, Rollback, Source, Statement, Step, StepId, Type, ValueId, Way,
};
use surefoot_syntax::Span;
use surefoot_syntax::ast::{self, Call, Clause, Ensures, Let};

use super::action::{Called, Names};
use super::argument::head;
use super::call::library_call;
use super::member::{every, message, within};
use super::{Context, DEADLINE_MS, Lowering, Part, RETRY_EVERY_MS};
use crate::library::{self, Effect, Signature};
use crate::load::Target;
use crate::origins::StepOrigin;
use crate::report::{Report, error, warning};
use crate::scope::{Bound, Named, Outputs};
use crate::term::{Term, What, depends};
use crate::types;

/// Where what a channel is told of a wait stands.
pub(super) const TOLD_LATER: &str = "what is told when it lasts";

/// A step while it is read.
pub(super) struct Draft<'a> {
    step: Step,
    pub(super) origin: StepOrigin,
    rollback: Option<&'a ast::Rollback>,
    /// The action that its rollback comes from, with the values that the action's own part found.
    pub(super) action: Option<(Called<'a>, Names<'a>)>,
    /// Whether its rollback comes from an action.
    rollback_of_action: bool,
    idempotent: Option<Span>,
    retry: Option<Span>,
    on_failure: Option<Span>,
    /// What each acting statement does, none for what only a person or a program knows.
    effects: Vec<Option<Effect>>,
    /// The inverses of its statements, none if one has none.
    inverses: Option<Vec<Taking>>,
    /// What its library actions settle.
    settled: Vec<(Literal, Span)>,
}

/// How one action is taken back: what is kept of what, and who restores it.
struct Taking {
    keep: LibraryCall,
    restore: &'static Signature,
}

impl<'a> Lowering<'a> {
    /// Understands a step.
    pub(super) fn step(&mut self, written: &'a ast::Step) -> Node {
        let called = self.called_action(written);
        self.step_calling(written, called.as_ref())
    }

    /// Understands an action by itself: what is wrong with it whoever calls it.
    pub(super) fn check_action(&mut self, called: &Called<'a>) {
        let written = &called.action.step;
        let id = self.step_id(written);
        let origin = self.origins.steps.get(&id).cloned();
        let outputs = self.scopes.outputs.get(&written.name.text).cloned();
        self.step_calling(written, Some(called));
        self.origins.steps.remove(&id);
        self.origins.steps.extend(origin.map(|origin| (id, origin)));
        self.scopes.outputs.remove(&written.name.text);
        self.scopes.outputs.extend(outputs.map(|outputs| (written.name.text.clone(), outputs)));
    }

    fn step_calling(&mut self, written: &'a ast::Step, called: Option<&Called<'a>>) -> Node {
        let id = self.step_id(written);
        let (target, _) =
            self.within(Context::nothing("the host of a step"), |this| match (&written.on, called) {
                (Some(on), Some(called)) if !called.is_by_itself() => this.target(on),
                (Some(on), None) => this.target(on),
                (_, Some(called)) => this.target_of_action(called),
                (None, None) => None,
            });
        let action = called.map(|called| &called.action.step);
        let within = written.within.or(action.and_then(|action| action.within));
        let title = written.title.as_ref().or(action.and_then(|action| action.title.as_ref()));
        let doc = if written.doc.is_empty() { action.map(|action| &action.doc) } else { None };
        let mut draft = Draft {
            step: Step {
                id: id.clone(),
                title: message(title),
                doc: doc.unwrap_or(&written.doc).clone(),
                target: target.clone(),
                deadline_ms: within.map_or(DEADLINE_MS, |within| within.ms),
                approval: None,
                requires: Vec::new(),
                before: Vec::new(),
                body: Vec::new(),
                ensures: Vec::new(),
                leaves: Vec::new(),
                class: Class::Once,
                retry: None,
                way: Way::Nothing,
                on_failure: None,
                rights: surefoot_plan::Rights::default(),
                rollback_rights: surefoot_plan::Rights::default(),
                scope: None,
                call: None,
                after: Vec::new(),
            },
            origin: StepOrigin { head: written.head, whole: written.span, ..StepOrigin::default() },
            rollback: None,
            action: None,
            rollback_of_action: false,
            idempotent: None,
            retry: None,
            on_failure: None,
            effects: Vec::new(),
            inverses: Some(Vec::new()),
            settled: Vec::new(),
        };
        self.scopes.open();
        let cx = Self::step_context(&id, target.clone(), Part::Forward);
        let (_, cx) = self.within(cx, |this| {
            if let Some(called) = called.filter(|called| called.is_by_itself()) {
                this.take_over(called, &mut draft);
                return;
            }
            for clause in &written.body {
                this.clause_beside(clause, called, &mut draft);
            }
        });
        self.settle(&mut draft);
        self.ensure_besides(&mut draft);
        draft.step.class = class(&draft);
        let mut needs = cx.needs;
        self.way_back(&mut draft, target, &mut needs);
        self.check_needs(&needs, &format!("the step `{}`", written.name.text));
        draft.step.rights = match draft.step.class {
            Class::Read => self.granted_to_read(&needs),
            Class::Idempotent | Class::Verified | Class::Once => self.granted(&needs),
        };
        let mut names = self.scopes.close();
        names.extend(draft.action.take().into_iter().flat_map(|(_, names)| names));
        self.publish(&written.name.text, &id, names);
        self.warn_of_once(&draft, written);
        self.warn_of_stale(&draft);
        self.origins.steps.insert(id, draft.origin);
        Node::Step(Box::new(draft.step))
    }

    /// Warns of a point of no return that waits for a yes, and asks nothing after it.
    fn warn_of_stale(&mut self, draft: &Draft<'a>) {
        let (Some(approval), Some(_)) = (draft.origin.approval, draft.origin.irreversible) else { return };
        let asked_at_start = self.runbook.members.iter().find_map(|member| {
            if let ast::Member::Requires(requires) = member { Some(requires.span) } else { None }
        });
        let Some(asked) = asked_at_start.filter(|_| draft.step.requires.is_empty()) else { return };
        self.report(
            warning("SF0506", approval, "this waits for a yes, and what is so after it nobody asks")
                .label(asked, "asked at the start")
                .note("a yes may take hours, and the step cannot be taken back")
                .help("require in the step what must still be so: `requires …` is asked after the yes"),
        );
    }

    /// What a step sets though it does not say so: the opposite of what entering the scope set that it leaves.
    fn ensure_besides(&mut self, draft: &mut Draft<'a>) {
        for ensure in std::mem::take(&mut self.also_ensures) {
            let cell = &ensure.literal.atom.cell;
            if !draft.step.ensures.iter().any(|said| said.literal.atom.cell == *cell) {
                draft.step.ensures.push(ensure);
                draft.origin.ensures.push(draft.origin.head);
            }
        }
    }

    /// Gives the values of a step to those after it.
    fn publish(&mut self, name: &str, id: &StepId, names: BTreeMap<Name, crate::scope::Entry<'a>>) {
        let values = names.into_iter().filter_map(|(name, entry)| match entry.named {
            Named::Value(bound) => Some((name, bound.term)),
            Named::Param(_)
            | Named::Let(_)
            | Named::Fact
            | Named::Function
            | Named::Action
            | Named::Module(_)
            | Named::Step
            | Named::Call => None,
        });
        let outputs = Outputs { step: id.clone(), values: values.collect() };
        self.scopes.outputs.insert(name.to_owned(), outputs);
    }

    pub(super) fn clause(&mut self, clause: &'a Clause, draft: &mut Draft<'a>) {
        match clause {
            Clause::Approved(approved) => {
                if self.once("`approved by`", draft.origin.approval, approved.span) {
                    draft.origin.approval = Some(approved.span);
                    draft.step.approval = Some(self.approval(approved));
                }
            }
            Clause::Requires(requires) => {
                let found = self.requires(requires);
                draft.origin.requires.extend(found.iter().map(|_| requires.span));
                draft.step.requires.extend(found);
            }
            Clause::Before(before) => self.before(before, draft),
            Clause::Statement(statement) => self.step_statement(statement, draft),
            Clause::Ensures(ensures) => {
                let found = self.ensures(ensures, "`ensures`");
                draft.origin.ensures.extend(found.iter().map(|_| ensures.span));
                draft.step.ensures.extend(found);
            }
            Clause::Retry(retry) => {
                if self.once("`retry`", draft.retry.replace(retry.span), retry.span) {
                    draft.origin.retry = Some(retry.span);
                    draft.step.retry = self.retry(retry);
                }
            }
            Clause::Lock(lock) => self.lock(lock),
            Clause::Idempotent(span) => {
                if self.once("`idempotent`", draft.idempotent, *span) {
                    draft.idempotent = Some(*span);
                }
            }
            Clause::OnFailure(policy) => {
                if self.once("`on failure`", draft.on_failure.replace(policy.span), policy.span) {
                    draft.step.on_failure = self.on_failure(policy);
                }
            }
            Clause::Rollback(rollback) => {
                if self.once("`rollback`", draft.origin.rollback, rollback.span) {
                    draft.origin.rollback = Some(rollback.span);
                    draft.rollback = Some(rollback);
                    draft.rollback_of_action = self.in_action;
                    self.not_both(draft);
                }
            }
            Clause::Irreversible(irreversible) => {
                if self.once("`irreversible`", draft.origin.irreversible, irreversible.span) {
                    draft.origin.irreversible = Some(irreversible.span);
                    draft.step.way = Way::Irreversible(self.irreversible(irreversible, draft));
                    self.not_both(draft);
                }
            }
            Clause::Leaves(leaves) => {
                let atoms = leaves.facts.iter().flat_map(|fact| self.atoms(fact)).collect();
                draft.step.leaves.push(Leaves { atoms, why: message(leaves.why.as_ref()) });
                draft.origin.leaves.push(leaves.span);
            }
            Clause::After(after) => draft.step.after.extend(self.after(after)),
            Clause::NotBuilt(_) => {}
        }
    }

    /// Understands `after 15m notify lead "…"`: what is told is known before the wait begins.
    pub(super) fn after(&mut self, written: &'a ast::After) -> Option<After> {
        let (text, _) =
            self.within(Context::nothing(TOLD_LATER), |this| this.shown_text(&written.text, "a message"));
        let after_ms = written.after?.ms;
        Some(After { after_ms, channel: written.channel.text.clone(), text })
    }

    fn not_both(&mut self, draft: &Draft<'a>) {
        if let (Some(rollback), Some(irreversible)) = (draft.origin.rollback, draft.origin.irreversible) {
            self.report(
                error("SF0308", irreversible, "a step that has a rollback is not irreversible")
                    .label(rollback, "its rollback")
                    .help("keep the rollback if it brings everything back; else say what stays changed: `leaves FACTS \"why\"`"),
            );
        }
    }

    fn retry(&mut self, retry: &ast::Retry) -> Option<Retry> {
        let Some((times, _)) = retry.times else {
            self.report(
                error("SF0301", retry.span, "this retry has no limit")
                    .here("it would try for ever")
                    .help("say how often at most: `retry 3 every 5s`"),
            );
            return None;
        };
        if times == 0 {
            self.report(
                error("SF0314", retry.span, "it is never tried again: 0 times")
                    .help("say how often, `retry 3 every 5s`, or take it away"),
            );
        }
        Some(Retry { times, every_ms: retry.every.map_or(RETRY_EVERY_MS, |every| every.ms) })
    }

    fn irreversible(&mut self, written: &'a ast::Irreversible, draft: &Draft<'a>) -> Irreversible {
        let undone_when = written.undone_when.as_ref().map(|condition| self.condition(condition));
        let _ = draft;
        Irreversible {
            why: message(written.why.as_ref()),
            undone_when,
            without_approval: written.without_approval.as_ref().map(|why| why.text.clone()),
            recover_with: written.recover_with.as_ref().map(|file| file.text.clone()),
        }
    }

    /// Understands `ensures F, not G every D within D`.
    fn ensures(&mut self, ensures: &'a Ensures, what: &str) -> Vec<Ensure> {
        let mut found = Vec::new();
        self.once_or_for_a_time(&ensures.patience);
        for condition in &ensures.conditions {
            for literal in self.literals(condition, what) {
                found.push(Ensure {
                    literal,
                    every_ms: every(&ensures.patience),
                    within_ms: within(&ensures.patience),
                });
            }
        }
        found
    }

    /// Understands `before name = …`: read and recorded before anything changes.
    fn before(&mut self, before: &'a Let, draft: &mut Draft<'a>) {
        let term = self.let_term(before);
        for read in std::mem::take(&mut self.cx.reads) {
            draft.step.before.push(read);
            draft.origin.before.push(before.span);
        }
        let bound = Bound { term, lifted: true, before: true };
        self.declare(&before.name, Named::Value(Box::new(bound)));
    }

    fn step_statement(&mut self, statement: &'a ast::Statement, draft: &mut Draft<'a>) {
        let first = draft.step.body.len();
        self.statement(statement, &mut draft.step.body, &mut draft.origin.body, true);
        let done: Vec<Statement> = draft.step.body.iter().skip(first).cloned().collect();
        for statement in done {
            match statement {
                Statement::Command { exec, .. } if exec.only_looks => draft.effects.push(Some(Effect::Read)),
                Statement::Command { .. } | Statement::Manual(_) => {
                    draft.effects.push(None);
                    draft.inverses = None;
                }
                Statement::Library(call) => self.library_effect(call, draft),
                Statement::Read(_) | Statement::Note(_) | Statement::Notify { .. } => {}
            }
        }
    }

    /// Notes what an action of the library does, settles, and how it is taken back.
    fn library_effect(&mut self, call: LibraryCall, draft: &mut Draft<'a>) {
        let Some((module, name)) = call.function.split_once('.') else { return };
        let Some(signature) = library::signature(module, name) else { return };
        draft.effects.push(Some(signature.effect));
        let exprs: Vec<Expr> = signature
            .parameters
            .iter()
            .filter_map(|parameter| call.arguments.get(parameter.name).cloned())
            .collect();
        let span = draft.origin.body.last().copied().unwrap_or_default();
        if let Some(literal) = self.settled(signature, &exprs, span) {
            draft.settled.push((literal, span));
        }
        let taking = signature.inverse.and_then(|inverse| {
            let keep = library::signature(module, inverse.keep)?;
            let restore = library::signature(module, inverse.restore)?;
            let of = call.arguments.get(inverse.of)?;
            // What a statement finds is not there yet when the file is kept.
            let own = depends(of).run;
            (!own).then(|| Taking { keep: library_call(keep, vec![of.clone()]), restore })
        });
        match (taking, &mut draft.inverses) {
            (Some(taking), Some(inverses)) => inverses.push(taking),
            (_, inverses) => *inverses = None,
        }
    }

    /// Adds what the library knows an action to settle, where the author does not say it.
    fn settle(&mut self, draft: &mut Draft<'a>) {
        for (literal, span) in std::mem::take(&mut draft.settled) {
            let said = draft.step.ensures.iter().any(|ensure| ensure.literal.atom.cell == literal.atom.cell);
            let left = draft.step.leaves.iter().flat_map(|leaves| &leaves.atoms);
            let left = left.into_iter().any(|atom| atom.cell == literal.atom.cell);
            if !said && !left {
                draft.step.ensures.push(Ensure { literal, every_ms: super::EVERY_MS, within_ms: 0 });
                draft.origin.ensures.push(span);
            }
        }
    }

    /// Understands something that is done, or read.
    pub(super) fn statement(
        &mut self,
        statement: &'a ast::Statement,
        body: &mut Vec<Statement>,
        spans: &mut Vec<Span>,
        changes: bool,
    ) {
        let span = match statement {
            ast::Statement::Command(command) => {
                let exec = self.command_statement(command);
                self.take_reads(body, spans, command.span);
                body.push(Statement::Command { exec, name: None });
                command.span
            }
            ast::Statement::Let(written) => {
                let term = self.let_term(written);
                self.take_reads(body, spans, written.span);
                let bound = Bound { term, lifted: true, before: false };
                self.declare(&written.name, Named::Value(Box::new(bound)));
                return;
            }
            ast::Statement::Call(call) => {
                let Some(action) = self.action(call, changes) else { return };
                self.take_reads(body, spans, call.span);
                body.push(Statement::Library(action));
                call.span
            }
            ast::Statement::Manual(manual) => {
                let question = self.manual(manual);
                self.take_reads(body, spans, manual.span);
                body.push(Statement::Manual(question));
                manual.span
            }
            ast::Statement::Note(text, span) => {
                let expr = self.shown_text(text, "a note");
                self.take_reads(body, spans, *span);
                body.push(Statement::Note(expr));
                *span
            }
            ast::Statement::Notify(notify) => {
                let text = self.shown_text(&notify.text, "a message");
                self.take_reads(body, spans, notify.span);
                body.push(Statement::Notify { channel: notify.channel.text.clone(), text });
                notify.span
            }
            ast::Statement::Todo(todo) => {
                self.todo(todo);
                return;
            }
            ast::Statement::NotBuilt(_) => return,
        };
        spans.push(span);
    }

    /// Makes statements of what was read on the way.
    fn take_reads(&mut self, body: &mut Vec<Statement>, spans: &mut Vec<Span>, span: Span) {
        for read in std::mem::take(&mut self.cx.reads) {
            let before = body.len();
            push_read(read, self.cx.step.clone(), body);
            spans.extend((before..body.len()).map(|_| span));
        }
    }

    /// Understands an action of the library.
    fn action(&mut self, call: &'a Call, changes: bool) -> Option<LibraryCall> {
        let signature = match call.callee.as_slice() {
            [module, name] => match self.scopes.find(&module.text).map(|entry| entry.named.clone()) {
                Some(Named::Module(Target::Library(library))) => {
                    self.scopes.used.insert(module.text.clone());
                    let found = library::signature(library, &name.text);
                    if found.is_none() {
                        self.unknown_library_function(library, name);
                        return None;
                    }
                    found
                }
                Some(Named::Module(Target::File(index))) if self.refuse_action(index, name, call) => {
                    return None;
                }
                Some(_) => None,
                None => {
                    self.unknown_name(module);
                    return None;
                }
            },
            [name] if self.refuse_own_action(name, call) => return None,
            _ => None,
        };
        let Some(signature) = signature.filter(|signature| signature.acts()) else {
            self.report(
                error("SF0311", head(call), "the answer of this is not used, and it changes nothing")
                    .help("name the answer, `let x = …`, or require it: `requires …`; a statement is a command or an action of the library"),
            );
            return None;
        };
        if !changes {
            self.report(
                error(
                    "SF0310",
                    head(call),
                    format!("`{}` changes something, and here things are only read", signature.full_name()),
                )
                .help("an action is a statement of a step or a rollback"),
            );
            return None;
        }
        let (arguments, needs) = self.library_arguments(signature, call)?;
        self.cx.needs.add(needs);
        Some(library_call(signature, arguments.exprs))
    }

    /// Understands the value of a `let` or `before`. What it reads is in the context.
    pub(super) fn let_term(&mut self, written: &'a Let) -> Term {
        let name = &written.name.text;
        self.cx.base.clone_from(name);
        self.cx.unnamed = 0;
        let first = self.cx.reads.len();
        let term = self.value_of(&written.value);
        let term = self.annotated(written, term);
        let (Some(r#type), What::Value(expr)) = (term.ty.clone(), term.what.clone()) else {
            self.cx.reads.truncate(first);
            return Term::poison(written.name.span);
        };
        let id = ValueId { step: self.cx.step.clone(), name: name.clone() };
        if self.cx.reads.len() > first
            && let Some(read) = self.cx.reads.last_mut()
            && matches!(&expr, Expr::Local(found) if found.name == read.name && found.step == id.step)
        {
            // It is this read: the read takes its name.
            read.name.clone_from(name);
            read.r#type = r#type;
            return Term { what: What::Value(Expr::Local(id)), ..term };
        }
        let found = depends(&expr);
        if !found.run && !found.fact {
            let hop = || format!("`{name}` takes it up");
            return term.at(written.name.span, hop);
        }
        self.refuse_secret_record(&term, written.span);
        self.cx.reads.push(Read { name: name.clone(), r#type, source: Source::Value(expr) });
        Term { what: What::Value(Expr::Local(id)), ..term }
    }

    /// Holds a `let` to the type that is written.
    fn annotated(&mut self, written: &'a Let, term: Term) -> Term {
        let Some(annotation) = &written.r#type else { return term };
        if annotation.secret {
            self.report(
                error(
                    "SF0706",
                    annotation.span,
                    "a secret that is found during a run is designed and not built yet",
                )
                .help("a secret comes from a parameter: `param name: secret text from env NAME`"),
            );
            return Term::poison(term.span);
        }
        let Some(r#type) = self.r#type(annotation) else { return Term::poison(term.span) };
        let Some(given) = &term.ty else { return term };
        // What a run reads is held to its type when it is read: there a text may turn out to be a host.
        let read = matches!(&term.what, What::Value(expr) if depends(expr).run);
        let from_text = read && *given == Type::Text && types::fits(&r#type, &Type::Text);
        let mut term = if from_text {
            Term { ty: Some(r#type.clone()), ..term }
        } else {
            self.coerce(term, &r#type, &format!("`{}`", written.name.text))
        };
        term.untrusted = annotation.untrusted || term.untrusted && matches!(r#type, Type::Text | Type::Json);
        term
    }

    /// Finds how a step is taken back: its rollback, or one that the library derives.
    fn way_back(&mut self, draft: &mut Draft<'a>, target: Option<Expr>, needs: &mut super::rights::Needs) {
        if let Some(rollback) = draft.rollback {
            let of_action = if draft.rollback_of_action { draft.action.take() } else { None };
            let (rollback, back) = match of_action {
                Some((called, own)) => {
                    let (found, own) =
                        self.inside(&called, own, |this| this.rollback(rollback, draft, target));
                    draft.action = Some((called, own));
                    found
                }
                None => self.rollback(rollback, draft, target),
            };
            self.check_needs(&back, &format!("the rollback of `{}`", draft.step.id));
            draft.step.rollback_rights = self.granted(&back);
            draft.step.way = Way::Rollback(rollback);
            return;
        }
        let harmless = draft.step.leaves.iter().any(|leaves| leaves.atoms.is_empty());
        let sealed = draft.origin.irreversible.is_some();
        let Some(inverses) = draft.inverses.take().filter(|inverses| !inverses.is_empty()) else { return };
        if harmless || sealed {
            return;
        }
        let mut back = super::rights::Needs::default();
        let mut body = Vec::new();
        for (index, taking) in inverses.into_iter().enumerate() {
            let name = format!("kept.{}", index + 1);
            let path = taking.keep.arguments.values().next().cloned();
            let kept = Expr::Local(ValueId { step: Some(draft.step.id.clone()), name: name.clone() });
            let r#type = library::Kind::Kept.to_type();
            draft.step.before.push(Read { name, r#type, source: Source::Library(taking.keep) });
            draft.origin.before.push(draft.origin.head);
            body.push(Statement::Library(library_call(taking.restore, vec![kept])));
            if let Some(path) = path {
                needs.read_path(path.clone(), draft.origin.head);
                back.write_path(path, draft.origin.head);
            }
        }
        body.reverse();
        draft.step.rollback_rights = self.granted(&back);
        draft.step.way = Way::Rollback(Rollback {
            requires: Vec::new(),
            body,
            ensures: Vec::new(),
            restores: Restores::Captured,
            derived: true,
        });
    }

    fn rollback(
        &mut self,
        written: &'a ast::Rollback,
        draft: &mut Draft<'a>,
        target: Option<Expr>,
    ) -> (Rollback, super::rights::Needs) {
        let mut rollback = Rollback {
            requires: Vec::new(),
            body: Vec::new(),
            ensures: Vec::new(),
            restores: Restores::Fixed,
            derived: false,
        };
        self.reads_before = false;
        self.scopes.open();
        let cx = Self::step_context(&draft.step.id.clone(), target, Part::Rollback);
        let (_, cx) = self.within(cx, |this| {
            for clause in &written.body {
                this.rollback_clause(clause, &mut rollback, draft);
            }
        });
        self.scopes.close();
        if self.reads_before {
            rollback.restores = Restores::Captured;
        }
        (rollback, cx.needs)
    }

    fn rollback_clause(&mut self, clause: &'a Clause, rollback: &mut Rollback, draft: &mut Draft<'a>) {
        let (what, span) = match clause {
            Clause::Requires(requires) => {
                let found = self.requires(requires);
                draft.origin.rollback_requires.extend(found.iter().map(|_| requires.span));
                rollback.requires.extend(found);
                return;
            }
            Clause::Statement(statement) => {
                self.statement(statement, &mut rollback.body, &mut draft.origin.rollback_body, true);
                return;
            }
            Clause::Ensures(ensures) => {
                let found = self.ensures(ensures, "the `ensures` of a rollback");
                draft.origin.rollback_ensures.extend(found.iter().map(|_| ensures.span));
                rollback.ensures.extend(found);
                return;
            }
            Clause::NotBuilt(_) => return,
            Clause::Approved(approved) => ("an approval", approved.span),
            Clause::Before(before) => ("`before`", before.span),
            Clause::Retry(retry) => ("`retry`", retry.span),
            Clause::Idempotent(span) => ("`idempotent`", *span),
            Clause::Lock(lock) => ("`lock`", lock.span),
            Clause::OnFailure(policy) => ("`on failure`", policy.span),
            Clause::After(after) => ("`after`", after.span),
            Clause::Rollback(inner) => ("a rollback", inner.span),
            Clause::Irreversible(irreversible) => ("`irreversible`", irreversible.span),
            Clause::Leaves(leaves) => ("`leaves`", leaves.span),
        };
        self.report(
            error("SF0309", span, format!("{what} cannot stand in a rollback"))
                .note("a rollback is right for a step that had no effect, half of it, or all, may be repeated, and must run when nobody is there")
                .help("a rollback holds `requires`, statements and `ensures`"),
        );
    }

    fn warn_of_once(&mut self, draft: &Draft<'a>, written: &'a ast::Step) {
        if draft.step.class != Class::Once || self.wrong_inside(written.span) {
            return;
        }
        let (at, text) = self.line_at_end(written.span, "idempotent");
        let found = match draft.retry {
            Some(retry) => error(
                "SF0314",
                retry,
                format!("`{}` is not tried again: nothing tells whether it took effect", written.name.text),
            )
            .here("done twice, it could act twice"),
            None => warning(
                "SF0312",
                written.head,
                format!("nothing tells whether `{}` took effect", written.name.text),
            )
            .here("after a crash in the middle of it, only a person can decide"),
        };
        self.report(
            found
                .help("say what it sets, `ensures FACT`; or that twice is the same as once, `idempotent`")
                .maybe_fixed_by("say that twice is the same as once", at, text),
        );
    }
}

/// Finds how safe a step is to repeat.
fn class(draft: &Draft<'_>) -> Class {
    let all = |of: &[Effect]| {
        draft.effects.iter().flatten().all(|effect| of.contains(effect)) && !draft.effects.contains(&None)
    };
    let says_nothing = draft.step.ensures.is_empty() && draft.step.leaves.is_empty();
    let goes_on = draft.rollback.is_none() && draft.origin.irreversible.is_none();
    if draft.effects.is_empty() || all(&[Effect::Read]) && says_nothing && goes_on {
        return Class::Read;
    }
    let idempotent = all(&[Effect::Read, Effect::Idempotent]);
    if draft.idempotent.is_some() || idempotent {
        return Class::Idempotent;
    }
    if draft.step.ensures.is_empty() { Class::Once } else { Class::Verified }
}

/// Makes a statement of a read. A command in a step may change something, so it is one itself.
fn push_read(read: Read, step: Option<StepId>, body: &mut Vec<Statement>) {
    let Source::Command(exec) = read.source else {
        body.push(Statement::Read(read));
        return;
    };
    if step.is_none() || exec.decoder.answer().as_ref() == Some(&read.r#type) {
        body.push(Statement::Command { exec, name: Some(read.name) });
        return;
    }
    // The type that is written is not the one that its output reads as: a second statement holds it to it.
    let raw = format!("{}.read", read.name);
    body.push(Statement::Command { exec, name: Some(raw.clone()) });
    let source = Source::Value(Expr::Local(ValueId { step, name: raw }));
    body.push(Statement::Read(Read { source, ..read }));
}
