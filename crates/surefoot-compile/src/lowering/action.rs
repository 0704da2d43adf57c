//! Actions that a file declares, `action restart(node: host) { … }`: steps that others give their values.
//!
//! A step that calls one holds nothing else that is done; what the action requires, does, sets, and how it is
//! taken back becomes the step's. A plan holds no action.
//!
//! Must hold: an action sees the names of its own file and its parameters, and nothing of who calls it.

use std::collections::BTreeMap;

use surefoot_plan::{Expr, Name};
use surefoot_syntax::ast::{Action, Call, Clause, Fact, Ident, Item, Statement, Step};
use surefoot_syntax::{Severity, Span};

use super::argument::head;
use super::param::secret_path;
use super::step::Draft;
use super::{Context, Lowering};
use crate::load::Target;
use crate::report::error;
use crate::scope::{Bound, Entry, Named};
use crate::term::Term;

/// Names with what they stand for.
pub(super) type Names<'a> = BTreeMap<Name, Entry<'a>>;

/// A call of an action, with its arguments.
pub(super) struct Called<'a> {
    module: usize,
    pub(super) action: &'a Action,
    call: Option<&'a Call>,
    /// Its parameters, each with what is given.
    arguments: Vec<(&'a Ident, Term)>,
}

impl Called<'_> {
    /// Whether no step calls it: it is only checked.
    pub(super) fn is_by_itself(&self) -> bool {
        self.call.is_none()
    }
}

impl<'a> Lowering<'a> {
    fn actions_of_file(&self, module: usize) -> impl Iterator<Item = &'a Action> + use<'a> {
        let items: &'a [Item] = self.modules.loaded.get(module).map_or(&[], |loaded| &loaded.file.items);
        items.iter().filter_map(|item| if let Item::Action(found) = item { Some(&**found) } else { None })
    }

    fn action_of(&self, module: usize, name: &str) -> Option<&'a Action> {
        self.actions_of_file(module).find(|action| action.step.name.text == name)
    }

    /// Returns the action that a step calls, if it calls one.
    pub(super) fn called_action(&mut self, written: &'a Step) -> Option<Called<'a>> {
        let calls = written.body.iter().filter_map(|clause| match clause {
            Clause::Statement(Statement::Call(call)) => Some(call),
            Clause::Statement(_)
            | Clause::Approved(_)
            | Clause::Requires(_)
            | Clause::Before(_)
            | Clause::Ensures(_)
            | Clause::Retry(_)
            | Clause::Idempotent(_)
            | Clause::Lock(_)
            | Clause::OnFailure(_)
            | Clause::Rollback(_)
            | Clause::Irreversible(_)
            | Clause::Leaves(_)
            | Clause::After(_)
            | Clause::NotBuilt(_) => None,
        });
        let mut found = None;
        for call in calls {
            found = self.resolved(call).map(|(module, action)| (module, action, call));
            if found.is_some() {
                break;
            }
        }
        let (module, action, call) = found?;
        if let (Some(own), Some(of_action)) = (&written.on, &action.step.on) {
            self.once("`on`", Some(of_action.span), own.span);
        }
        let slots = self.slots(module, &action.parameters);
        let name = &action.step.name.text;
        let (given, _) = self.within(Context::nothing("an argument of an action"), |this| {
            this.arguments(name, &action_shown(action), &slots, call)
        });
        let terms = given.map(|given| given.terms).unwrap_or_default();
        let terms = terms.into_iter().chain(std::iter::repeat(None));
        let arguments =
            action.parameters.iter().zip(slots).zip(terms).map(|(((name, written), slot), term)| {
                let mut term = term.unwrap_or_else(|| Term::poison(call.span));
                term.untrusted |= written.untrusted;
                if slot.secret && term.secret.is_none() {
                    term.secret = Some(secret_path(name));
                }
                (name, term)
            });
        let arguments = arguments.collect();
        Some(Called { module, action, call: Some(call), arguments })
    }

    /// Returns the action that a call names.
    fn resolved(&mut self, call: &'a Call) -> Option<(usize, &'a Action)> {
        match call.callee.as_slice() {
            [name] => match self.scopes.find(&name.text).map(|entry| &entry.named) {
                Some(Named::Action) => Some((self.module, self.action_of(self.module, &name.text)?)),
                Some(_) | None => None,
            },
            [module, name] => match self.scopes.find(&module.text).map(|entry| &entry.named) {
                Some(Named::Module(Target::File(index))) => {
                    let index = *index;
                    let action = self.action_of(index, &name.text)?;
                    self.scopes.used.insert(module.text.clone());
                    Some((index, action))
                }
                Some(_) | None => None,
            },
            _ => None,
        }
    }

    /// Understands a clause of a step that may call an action.
    pub(super) fn clause_beside(
        &mut self,
        clause: &'a Clause,
        called: Option<&Called<'a>>,
        draft: &mut Draft<'a>,
    ) {
        let (Some(called), Clause::Statement(statement)) = (called, clause) else {
            self.clause(clause, draft);
            return;
        };
        let span = match statement {
            Statement::Call(call) if called.call.is_some_and(|its| std::ptr::eq(its, call)) => {
                self.take_over(called, draft);
                return;
            }
            Statement::Todo(_) | Statement::NotBuilt(_) => {
                self.clause(clause, draft);
                return;
            }
            Statement::Command(command) => command.span,
            Statement::Let(found) => found.span,
            Statement::Call(call) => call.span,
            Statement::Manual(manual) => manual.span,
            Statement::Note(_, span) => *span,
            Statement::Notify(notify) => notify.span,
        };
        let name = &called.action.step.name.text;
        self.report(
            error("SF0141", span, format!("a step that calls `{name}` does nothing else"))
                .label(called.call.map_or(span, head), "the action is all that this step does")
                .note("what the action sets, and how it is taken back, is said of all that the step does")
                .help("put it into a step of its own; beside the call stand conditions, an approval, `ensures` and `leaves`"),
        );
    }

    /// Makes the clauses of an action those of a step.
    pub(super) fn take_over(&mut self, called: &Called<'a>, draft: &mut Draft<'a>) {
        let outer = std::mem::replace(&mut self.in_action, true);
        let ((), own) = self.inside(called, Names::new(), |this| {
            for clause in &called.action.step.body {
                this.clause(clause, draft);
            }
        });
        self.in_action = outer;
        let Called { module, action, call, ref arguments } = *called;
        draft.action = Some((Called { module, action, call, arguments: arguments.clone() }, own));
    }

    /// Does something with the names of an action: its file's, its parameters, and its own so far, which come back.
    pub(super) fn inside<T>(
        &mut self,
        called: &Called<'a>,
        own: Names<'a>,
        f: impl FnOnce(&mut Self) -> T,
    ) -> (T, Names<'a>) {
        self.among(called.module, |this| {
            this.scopes.open();
            for (name, term) in &called.arguments {
                let bound = Bound { term: term.clone(), lifted: true, before: false };
                this.scopes.put(&name.text, name.span, Named::Value(Box::new(bound)));
            }
            this.scopes.open();
            for (name, entry) in own {
                this.scopes.put(&name, entry.span, entry.named);
            }
            let result = f(this);
            let own = this.scopes.close();
            this.scopes.close();
            (result, own)
        })
    }

    /// Returns the host that an action acts on.
    pub(super) fn target_of_action(&mut self, called: &Called<'a>) -> Option<Expr> {
        let on = called.action.step.on.as_ref()?;
        self.inside(called, Names::new(), |this| this.target(on)).0
    }

    /// Refuses an action of another file where it cannot be called, or a name that the file does not have.
    pub(super) fn refuse_action(&mut self, module: usize, name: &Ident, call: &Call) -> bool {
        if self.fact_of(module, &name.text).is_some() || self.function_of(module, &name.text).is_some() {
            return false;
        }
        if self.action_of(module, &name.text).is_some() {
            self.report(misplaced(&name.text, head(call)));
            return true;
        }
        let names: Vec<&'a str> =
            self.actions_of_file(module).map(|action| action.step.name.text.as_str()).collect();
        self.report(
            error("SF0101", name.span, format!("that file has no action `{}`", name.text))
                .did_you_mean(&name.text, name.span, names),
        );
        true
    }

    /// Refuses an action of this file where it cannot be called, or a name that stands for nothing.
    pub(super) fn refuse_own_action(&mut self, name: &Ident, call: &Call) -> bool {
        match self.scopes.find(&name.text).map(|entry| &entry.named) {
            Some(Named::Action) => self.report(misplaced(&name.text, head(call))),
            Some(_) => return false,
            None if super::call::is_function(&name.text) => return false,
            None => {
                let names: Vec<&'a str> =
                    self.actions_of_file(self.module).map(|action| action.step.name.text.as_str()).collect();
                self.report(
                    error("SF0101", name.span, format!("there is no action `{}`", name.text))
                        .did_you_mean(&name.text, name.span, names),
                );
            }
        }
        true
    }

    /// Says that an action is no value.
    pub(super) fn action_as_value(&mut self, name: &Ident, declared: Span, span: Span) -> Term {
        self.report(
            error("SF0105", name.span, format!("`{}` is an action, and a value is meant", name.text))
                .label(declared, "declared here")
                .help(format!("a step calls it: `step name {{ {}(…) }}`", name.text)),
        );
        Term::poison(span)
    }

    /// Checks what the root declares for others: actions and facts, used here or not. What they need is checked
    /// where they are used.
    pub(super) fn check_actions(&mut self) {
        let damaged = std::mem::replace(&mut self.rights_damaged, true);
        let commands = self.commands;
        let known = self.diagnostics.len();
        let facts: Vec<&'a Fact> = self.facts_of_file(0).collect();
        for fact in facts {
            self.meaning(0, fact, fact.name.span);
        }
        let actions: Vec<&'a Action> = self.actions_of_file(0).collect();
        for action in actions {
            let slots = self.slots(0, &action.parameters);
            let arguments = action.parameters.iter().zip(slots).map(|((name, written), slot)| {
                let mut term = Term::value(Expr::Input(name.text.clone()), slot.r#type, name.span);
                term.untrusted = written.untrusted;
                term.secret = slot.secret.then(|| secret_path(name));
                (name, term)
            });
            let arguments = arguments.collect();
            let called = Called { module: 0, action, call: None, arguments };
            self.check_action(&called);
        }
        // A warning is given where a step calls it.
        let mut index = 0;
        self.diagnostics.retain(|found| {
            index += 1;
            index <= known || found.severity == Severity::Error
        });
        self.rights_damaged = damaged;
        self.commands = commands;
    }
}

/// Says that only a step calls an action.
fn misplaced(name: &str, span: Span) -> surefoot_syntax::Diagnostic {
    error("SF0142", span, format!("`{name}` is an action: only a step calls it"))
        .note("it has its own way back, which a rollback, another action and what only reads cannot have")
        .help(format!("give it a step of its own: `step name {{ {name}(…) }}`"))
}

/// Returns an action as its declaration begins.
fn action_shown(action: &Action) -> String {
    let names: Vec<&str> = action.parameters.iter().map(|(name, _)| name.text.as_str()).collect();
    format!("{}({})", action.step.name.text, names.join(", "))
}
