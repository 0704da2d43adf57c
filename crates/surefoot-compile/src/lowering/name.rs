//! Names in expressions: what each stands for where it is read.

use surefoot_plan::{Expr, Formula, Type};
use surefoot_syntax::Span;
use surefoot_syntax::ast::{Ident, Param};

use super::{Asking, Capture, Context, Lowering, Part};
use crate::load::Target;
use crate::report::{Report, error};
use crate::scope::{Bound, Named};
use crate::term::{Term, What};

impl<'a> Lowering<'a> {
    /// Understands a name: `x`, `x.field`, `step.value`, `module.fact`, `now`, `run.id`.
    pub(super) fn name(&mut self, parts: &'a [Ident], span: Span) -> Term {
        let Some((first, rest)) = parts.split_first() else { return Term::poison(span) };
        if first.text == "now" && rest.is_empty() || first.text == "run" && self.scopes.find("run").is_none()
        {
            return self.moment(first, rest, span);
        }
        let Some(entry) = self.scopes.find(&first.text).cloned() else {
            return self.unknown_name(first);
        };
        self.scopes.used.insert(first.text.clone());
        match entry.named {
            Named::Param(param) => {
                let term = self.param_value(param, first.span);
                self.fields(term, rest, span)
            }
            Named::Let(_) => {
                let term = self.runbook_let(&first.text, first.span);
                self.fields(term, rest, span)
            }
            Named::Value(bound) => {
                let term = self.bound_value(&first.text, *bound, first.span);
                self.fields(term, rest, span)
            }
            Named::Fact => {
                let module = self.module;
                let term = self.fact_value(module, &first.text, first.span);
                self.fields(term, rest, span)
            }
            Named::Function => {
                self.report(
                    error(
                        "SF0105",
                        first.span,
                        format!("`{}` is a function, and a value is meant", first.text),
                    )
                    .label(entry.span, "declared here")
                    .help(format!("call it with its arguments: `{}(…)`", first.text)),
                );
                Term::poison(span)
            }
            Named::Action => self.action_as_value(first, entry.span, span),
            Named::Step => self.step_value(first, rest, span),
            Named::Call => self.value_of_called(first, rest, span),
            Named::Module(target) => self.module_name(first, target, rest, span),
        }
    }

    /// Reads the fields of a value.
    fn fields(&mut self, term: Term, fields: &'a [Ident], span: Span) -> Term {
        if fields.is_empty() {
            return term;
        }
        let term = self.valued(term);
        fields.iter().fold(term, |term, field| self.field(term, field, span))
    }

    /// Reads something that is bound inside. A question takes it as an argument.
    fn bound_value(&mut self, name: &str, bound: Bound, span: Span) -> Term {
        self.reads_before |= bound.before;
        let term = Term { span, ..bound.term };
        if !bound.lifted || self.cx.asking != Asking::Probe || term.secret.is_some() {
            return term;
        }
        let (Some(r#type), What::Value(expr)) = (term.ty.clone(), term.what.clone()) else { return term };
        if !self.cx.captures.iter().any(|capture| capture.name == name) {
            self.cx.captures.push(Capture { name: name.to_owned(), r#type, expr });
        }
        Term { what: What::Value(Expr::Argument(name.to_owned())), ..term }
    }

    /// Reads what a step gave: `step.value`.
    fn step_value(&mut self, step: &Ident, rest: &'a [Ident], span: Span) -> Term {
        let Some((name, fields)) = rest.split_first() else {
            self.report(
                error("SF0105", span, format!("`{}` is a step, and a value is meant", step.text))
                    .help(format!("name one of its values: `{}.value`", step.text)),
            );
            return Term::poison(span);
        };
        if self.fact_place() {
            self.report(
                error(
                    "SF0511",
                    span,
                    format!("a fact cannot read `{}.{}`, a value of a step", step.text, name.text),
                )
                .note("a fact is asked before and after its step, and after a crash")
                .help("pass the value: give the fact an argument, and name the value where it is asked"),
            );
            return Term::poison(span);
        }
        let Some(outputs) = self.scopes.outputs.get(&step.text) else {
            let entry = self.scopes.find(&step.text).map_or(span, |entry| entry.span);
            if self.in_a_loop(&step.text, span, entry) {
                return Term::poison(span);
            }
            if self.beside.contains(&step.text.as_str()) {
                self.report(
                    error("SF0306", span, format!("`{}` is done at the same time as this, in another branch: it may have no value yet", step.text))
                        .label(entry, "this step")
                        .help("put both into one branch, `{ … }`, or read the value behind the `parallel` block"),
                );
                return Term::poison(span);
            }
            self.report(
                error("SF0306", span, format!("`{}` has not run when this is read", step.text))
                    .label(entry, "this step stands later")
                    .help("move what reads the value behind the step that finds it"),
            );
            return Term::poison(span);
        };
        let Some(term) = outputs.values.get(&name.text).cloned() else {
            let names: Vec<String> =
                outputs.values.keys().filter(|name| !name.contains('.')).cloned().collect();
            let named = self.scopes.find(&step.text).map(|entry| &entry.named);
            let what = if let Some(Named::Call) = named { "the runbook " } else { "the step " };
            self.report(
                error("SF0101", name.span, format!("{what}`{}` gives no value `{}`", step.text, name.text))
                    .note(if names.is_empty() {
                        "it gives none: a `let` or `before` in it would".to_owned()
                    } else {
                        format!("it gives {}", crate::report::listed(&names))
                    })
                    .did_you_mean(&name.text, name.span, names.iter().map(String::as_str)),
            );
            return Term::poison(span);
        };
        let full = format!("{}.{}", step.text, name.text);
        let term = self.bound_value(&full, Bound { term, lifted: true, before: false }, span);
        self.fields(term, fields, span)
    }

    /// Reads what a called runbook gave: `drain.stop_writes.position`, or a `let` of it, `drain.lag`.
    fn value_of_called(&mut self, call: &Ident, rest: &'a [Ident], span: Span) -> Term {
        let mut name = call.clone();
        let mut rest = rest;
        while let Some((next, after)) = rest.split_first() {
            let longer = format!("{}.{}", name.text, next.text);
            if !self.scopes.outputs.contains_key(&longer) {
                break;
            }
            name = Ident { text: longer, span: Span { end: next.span.end, ..name.span } };
            rest = after;
        }
        self.step_value(&name, rest, span)
    }

    /// Reads a fact of a module: `cluster.healthy`.
    fn module_name(&mut self, module: &Ident, target: Target, rest: &'a [Ident], span: Span) -> Term {
        match (target, rest.split_first()) {
            (Target::File(index), Some((name, fields))) if self.fact_of(index, &name.text).is_some() => {
                let term = self.fact_value(index, &name.text, span);
                self.fields(term, fields, span)
            }
            (Target::File(index), Some((name, _))) => {
                self.unknown_fact(index, module, name);
                Term::poison(span)
            }
            (Target::Library(library), Some((name, []))) => {
                match crate::library::signature(library, &name.text) {
                    Some(signature) => self.report(
                        error(
                            "SF0103",
                            span,
                            format!("`{}` is called with arguments", signature.full_name()),
                        )
                        .help(format!("`{signature}`")),
                    ),
                    None => self.unknown_library_function(library, name),
                }
                Term::poison(span)
            }
            (_, _) => {
                self.report(
                    error("SF0105", span, format!("`{}` is a module, and a value is meant", module.text))
                        .help(format!("name something in it: `{}.name`", module.text)),
                );
                Term::poison(span)
            }
        }
    }

    /// Reads the clock or the run's id: only in steps.
    fn moment(&mut self, first: &Ident, rest: &'a [Ident], span: Span) -> Term {
        let now = first.text == "now";
        if !now && !matches!(rest, [id] if id.text == "id") {
            self.report(
                error("SF0101", span, "a run has an `id`, and nothing else that can be read").maybe_fixed_by(
                    "write `run.id`",
                    span,
                    "run.id",
                ),
            );
            return Term::poison(span);
        }
        let word = if now { "now" } else { "run.id" };
        if self.cx.part == Part::Outside || self.cx.asking != Asking::Reads {
            self.report(
                error("SF0107", span, format!("`{word}` is known only in the statements of a step"))
                    .note("a plan and its facts are the same whenever and however often they are read")
                    .help(format!("in the step: `let at = {word}`")),
            );
            return Term::poison(span);
        }
        let (expr, r#type) = if now { (Expr::Now, Type::Time) } else { (Expr::RunId, Type::Text) };
        Term::value(expr, Some(r#type), span)
    }

    /// Whether this is a fact's own probe, and not a condition written in place.
    fn fact_place(&self) -> bool {
        self.cx.asking == Asking::Probe && self.cx.question.is_some()
    }

    /// Reads a parameter.
    pub(super) fn param_value(&mut self, param: &'a Param, span: Span) -> Term {
        Term { span, ..self.param_term(param) }
    }

    /// Says that a name stands for nothing.
    pub(super) fn unknown_name(&mut self, name: &Ident) -> Term {
        let here = self.modules.loaded.get(self.module);
        if here.is_some_and(|loaded| loaded.broken.contains(&name.text)) {
            return Term::poison(name.span);
        }
        if let Some(module) = crate::library::modules().find(|module| *module == name.text) {
            let message = format!("`{module}` is a module of the library that is not used here");
            self.report(self.with_use(error("SF0101", name.span, message), module));
            return Term::poison(name.span);
        }
        if let Some(found) = self.found_by_entering.get(&name.text).copied() {
            self.report(
                error("SF0335", name.span, format!("`leave` cannot read `{}`, which entering finds", name.text))
                    .label(found, "found here")
                    .note("on the way back a scope that was left may be entered again, and then finds something else")
                    .help("read it once before entering, `before name = …`; or give what is entered a name of your own"),
            );
            return Term::poison(name.span);
        }
        if let "text" | "lines" | "int" | "float" | "bool" | "size" | "json" | "table" = name.text.as_str() {
            self.report(
                error("SF0101", name.span, format!("`{}` is a type, and a value is meant", name.text)).help(
                    format!("to read what a command prints, it stands before the `$`: `{} $ …`", name.text),
                ),
            );
            return Term::poison(name.span);
        }
        let mut names: Vec<String> = self.scopes.names().map(str::to_owned).collect();
        let behind = Span { start: name.span.end, end: name.span.end.saturating_add(1), ..name.span };
        if self.modules.text(behind) == "." {
            names.extend(crate::library::modules().map(str::to_owned));
        }
        let found = error("SF0101", name.span, format!("there is nothing named `{}` here", name.text))
            .did_you_mean(&name.text, name.span, names.iter().map(String::as_str));
        let found = if found.fixes.is_empty() {
            found.help(format!(
                "declare it: `param {0}: text` if it is given, `let {0} = …` if it is computed, `fact {0} = …` if it is asked",
                name.text
            ))
        } else {
            found
        };
        self.report(found);
        Term::poison(name.span)
    }

    /// Reads a `let` of the runbook.
    pub(super) fn runbook_let(&mut self, name: &str, span: Span) -> Term {
        match self.lets.get(name) {
            Some(Some(term)) => {
                return Term { span, ..term.clone() };
            }
            Some(None) => {
                self.report(
                    error("SF0104", span, format!("`{name}` is defined by itself"))
                        .help("a value can be read only where it is known already"),
                );
                return Term::poison(span);
            }
            None => {}
        }
        let Some(Named::Let(statement)) = self.scopes.find(name).map(|entry| entry.named.clone()) else {
            return Term::poison(span);
        };
        self.lets.insert(name.to_owned(), None);
        let inner = self.scopes.outside();
        let cx =
            Context { step: self.beginning.as_ref().map(|begin| begin.id.clone()), ..Context::reads(name) };
        let (term, cx) = self.within(cx, |this| this.let_term(statement));
        self.scopes.inside(inner);
        self.finish_reads("this `let`", &cx);
        match &mut self.beginning {
            // A called runbook reads when it begins.
            Some(begin) => begin.reads(cx.reads, cx.needs, statement.span),
            None => {
                self.origins.lets.extend(cx.reads.iter().map(|_| statement.span));
                self.plan.lets.extend(cx.reads);
            }
        }
        self.lets.insert(name.to_owned(), Some(term.clone()));
        Term { span, ..term }
    }

    /// Understands a condition: facts in it are asked.
    pub(super) fn condition(&mut self, syntax: &'a surefoot_syntax::ast::Expr) -> Formula {
        let cx = Context {
            step: self.cx.step.clone(),
            target: self.cx.target.clone(),
            part: self.cx.part,
            ..Context::questions()
        };
        self.look_for_empty_answers(syntax);
        self.within(cx, |this| this.formula_of(syntax)).0
    }
}
