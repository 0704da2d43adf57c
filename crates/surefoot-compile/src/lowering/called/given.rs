//! What a called runbook is given: whether it may be called at all, and which parameter gets which value.

use surefoot_plan::{Expr, Formula, Require, Type, Value};
use surefoot_syntax::ast::{self, CallRunbook, Item, Member, Param, Runbook};
use surefoot_syntax::{Label, Span, on_one_line};

use super::{Called, Placed};
use crate::lowering::ask::value_expr;
use crate::lowering::param::{bounds_text, secret_path};
use crate::lowering::{Context, Lowering};
use crate::report::{Report, error, listed};
use crate::scope::{Bound, Named};
use crate::term::{Term, What, depends};

/// How deep runbooks may call each other. Who reads a plan at night must see what belongs to what.
pub(super) const CALLS_DEEP_MAX: usize = 8;

/// Where what a called runbook is given stands.
const GIVEN: &str = "what a called runbook is given";

impl<'a> Lowering<'a> {
    /// Whether a runbook may be called here: it does not call itself, and not too many call each other.
    pub(super) fn may_call(&mut self, call: &CallRunbook, file: usize) -> bool {
        let callers = self.calls.iter().copied().chain([(self.home, call.path.span)]);
        let circle: Vec<(usize, Span)> = callers.skip_while(|(caller, _)| *caller != file).collect();
        if !circle.is_empty() {
            let path = |module: usize| {
                self.modules.loaded.get(module).map_or("", |loaded| loaded.source.path.as_str()).to_owned()
            };
            let chain = circle
                .iter()
                .map(|(caller, span)| Label { span: *span, text: format!("`{}` calls this", path(*caller)) });
            let chain = chain.collect();
            let names: Vec<String> =
                circle.iter().map(|(caller, _)| path(*caller)).chain([path(file)]).collect();
            self.report(
                error("SF0116", call.path.span, format!("`{}` calls itself", path(file)))
                    .here("this closes the circle")
                    .along(chain)
                    .note(format!("the circle is {}", names.join(" -> ")))
                    .help("a call is put in place when the plan is made, so it must have an end; to repeat steps use `for`"),
            );
            return false;
        }
        if self.calls.len() >= CALLS_DEEP_MAX {
            self.report(
                error(
                    "SF0117",
                    call.head,
                    format!("runbooks call each other more than {CALLS_DEEP_MAX} deep here"),
                )
                .note("nobody who reads the plan at night would see what belongs to what")
                .help("call some of them one after the other, from the same runbook"),
            );
            return false;
        }
        let first = call.name.text.chars().next();
        if !first.is_some_and(|letter| letter.is_ascii_alphabetic() || letter == '_') {
            self.report(
                error("SF0115", call.path.span, "the name of this file cannot be the name of a call")
                    .help(format!("give the call one: `call \"{}\" as name`", call.path.text)),
            );
            return false;
        }
        true
    }

    /// Returns the one runbook of a file.
    pub(super) fn runbook_of(&mut self, file: usize, call: &CallRunbook) -> Option<&'a Runbook> {
        let loaded = self.modules.loaded.get(file)?;
        let items = loaded.file.items.iter();
        let runbooks: Vec<&'a Runbook> = items
            .filter_map(|item| if let Item::Runbook(found) = item { Some(found) } else { None })
            .collect();
        let path = &loaded.source.path;
        match runbooks.as_slice() {
            [runbook] => return Some(runbook),
            [] if self.damaged.contains(&loaded.source.id) => {}
            [] => {
                let found = error(
                    "SF0115",
                    call.path.span,
                    format!("`{path}` holds no runbook that could be called"),
                );
                self.report(found.help("its facts, types, functions and actions are brought in by `use`"));
            }
            [..] => {
                let names: Vec<&str> = runbooks.iter().map(|runbook| runbook.name.text.as_str()).collect();
                let message = format!("`{path}` holds {} runbooks: which is called?", runbooks.len());
                let found =
                    error("SF0115", call.path.span, message).note(format!("it has {}", listed(&names)));
                self.report(found.help("put the one that is called into a file of its own"));
            }
        }
        None
    }

    /// Understands what the parameters are given, with the names of the caller. None if one is missing.
    pub(super) fn given_to(
        &mut self,
        call: &'a CallRunbook,
        runbook: &'a Runbook,
        file: usize,
    ) -> Option<Vec<(&'a Param, Option<Term>)>> {
        let params: Vec<&'a Param> = params_of(runbook).collect();
        let name = &call.name.text;
        for (given, value) in &call.given {
            if !params.iter().any(|param| param.name.text == given.text) {
                let names: Vec<&str> = params.iter().map(|param| param.name.text.as_str()).collect();
                let it_has = if names.is_empty() { "none".to_owned() } else { listed(&names) };
                self.report(
                    error(
                        "SF0143",
                        given.span,
                        format!("`{}` has no parameter `{}`", runbook.name.text, given.text),
                    )
                    .label(runbook.name.span, format!("this runbook is called; its parameters: {it_has}"))
                    .did_you_mean(&given.text, given.span, names.iter().copied()),
                );
                let _: (Term, Context) = self.within(Context::nothing(GIVEN), |this| this.value_of(value));
            }
        }
        let is_given = |param: &Param| call.given.iter().any(|(given, _)| given.text == param.name.text);
        let missing: Vec<&&Param> =
            params.iter().filter(|param| param.default.is_none() && !is_given(param)).collect();
        if !missing.is_empty() {
            let names: Vec<String> = missing.iter().map(|param| format!("`{}`", param.name.text)).collect();
            let mut found =
                error("SF0143", call.head, format!("`{}` needs {}", runbook.name.text, listed(&names)));
            for param in &missing {
                found = found.label(param.span, "declared here, without a default");
            }
            let shown: Vec<String> = missing.iter().map(|param| format!("{} = …", param.name.text)).collect();
            self.report(found.help(format!("give it: `with {{ {} }}`", shown.join(", "))));
            return None;
        }
        let terms = params.into_iter().map(|param| {
            let given = call.given.iter().find(|(given, _)| given.text == param.name.text);
            (param, given.map(|(_, value)| self.argument(param, value, name, file)))
        });
        Some(terms.collect())
    }

    /// Understands what one parameter is given.
    fn argument(&mut self, param: &'a Param, value: &'a ast::Expr, call: &str, file: usize) -> Term {
        let before = self.diagnostics.len();
        let outer = std::mem::replace(&mut self.module, file);
        let r#type = param.r#type.as_ref().and_then(|written| self.r#type(written));
        self.module = outer;
        // A wrong type is reported where the runbook is read.
        self.diagnostics.truncate(before);
        let Some(r#type) = r#type else { return Term::poison(value.span) };
        let (term, _) = self.within(Context::nothing(GIVEN), |this| {
            let term = this.value_of(value);
            let term = this.coerce(term, &r#type, &format!("`{}` of `{call}`", param.name.text));
            if !param.r#type.as_ref().is_some_and(|written| written.secret) {
                this.refuse_secret_argument(&term, call, &param.name.text);
            }
            term
        });
        for found in self.diagnostics.iter_mut().skip(before) {
            let text = format!("the parameter `{}`", param.name.text);
            found.secondary.push(Label { span: param.name.span, text });
        }
        term
    }

    /// Gives a parameter its value in the called runbook.
    pub(super) fn take(&mut self, param: &'a Param, given: Option<Term>, called: &Called<'a>) {
        let written = param.r#type.as_ref();
        let r#type = written.and_then(|written| self.r#type(written));
        let span = param.name.span;
        let mut term = match (given, &param.default, r#type) {
            (Some(given), _, _) => given.at(span, || format!("given to `{}`", called.call.name.text)),
            (None, Some(default), Some(r#type)) => {
                let place = format!("the default of `{}`", param.name.text);
                let (term, _) = self.within(Context::nothing("a parameter's default"), |this| {
                    let term = this.value_of(default);
                    this.coerce(term, &r#type, &place)
                });
                Term { span, ..term }
            }
            (None, _, _) => Term::poison(span),
        };
        if written.is_some_and(|written| written.secret) && term.secret.is_none() && term.ty.is_some() {
            term.secret = Some(secret_path(&param.name));
        }
        term.untrusted = written.is_some_and(|written| written.untrusted)
            || term.untrusted && !param.condition.as_ref().is_some_and(bounds_text);
        if let (What::Value(expr), Some(r#type)) = (&term.what, &term.ty)
            && depends(expr).run
            && let Some(begin) = &mut self.beginning
        {
            let place = called.call.span;
            term.what = What::Value(begin.value(&param.name.text, r#type.clone(), expr.clone(), place));
        }
        let bound = Bound { term, lifted: false, before: false };
        self.scopes.put(&param.name.text, span, Named::Value(Box::new(bound)));
    }

    /// What must be true of what the parameters are given: known now, when the plan is bound, or when it begins.
    pub(super) fn conditions_of_params(&mut self, called: &Called<'a>) -> Placed<Require> {
        let mut requires = Vec::new();
        for (param, given) in &called.given {
            let Some(condition) = &param.condition else { continue };
            let (term, _) = self.within(Context::nothing("a parameter's condition"), |this| {
                let term = this.value_of(condition);
                this.coerce(term, &Type::Bool, "what stands after `where`")
            });
            let text = on_one_line(self.modules.text(condition.span));
            let Some(expr) = value_expr(term) else { continue };
            let name = &param.name.text;
            if let Expr::Literal(value) = &expr {
                if *value == Value::Bool(true) {
                    continue;
                }
                let place = given_at(called.call, name).filter(|_| given.is_some());
                let place = place.unwrap_or(called.call.head);
                let message = format!("what `{name}` is given does not fulfil its condition");
                let found = error("SF0205", place, message).label(condition.span, "this is false then");
                self.report(found.help("give another value"));
            } else if depends(&expr).run {
                let formula = Formula::Value(expr);
                let message = format!("`{name}` of `{}` is given what it allows", called.call.name.text);
                let require = Require { formula, every_ms: 0, within_ms: 0, message };
                requires.push((require, condition.span));
            } else {
                self.plan.constraints.push((expr, text));
            }
        }
        requires
    }
}

fn params_of(runbook: &Runbook) -> impl Iterator<Item = &Param> {
    runbook
        .members
        .iter()
        .filter_map(|member| if let Member::Param(param) = member { Some(param) } else { None })
}

/// Where a parameter is given its value.
fn given_at(call: &CallRunbook, name: &str) -> Option<Span> {
    call.given.iter().find(|(given, _)| given.text == *name).map(|(_, value)| value.span)
}
