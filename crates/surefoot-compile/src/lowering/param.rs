//! Parameters: their types, what they are bound to, and what must be true of that.

use std::collections::BTreeMap;
use std::rc::Rc;

use surefoot_plan::{Expr, Input, InputValue, Type, Value, substitute};
use surefoot_syntax::ast::{Ident, Param, Type as Written, TypeKind};
use surefoot_syntax::{Diagnostic, Label, Span, on_one_line};

use super::ask::value_expr;
use super::{Binding, Context, Lowering};
use crate::report::{Report, after, error};
use crate::term::{SecretPath, Term, What};
use crate::types;

impl<'a> Lowering<'a> {
    /// Understands the parameters: the plan's inputs and their conditions.
    pub(super) fn params(&mut self, params: &[&'a Param]) {
        for param in params {
            self.check_param(param);
            let term = self.param_term(param);
            let r#type = term.ty.clone().unwrap_or(Type::Text);
            let value = match (&param.from_env, &term.what) {
                (Some(variable), _) if term.secret.is_some() => {
                    InputValue::SecretFromEnv(variable.text.clone())
                }
                (_, What::Value(Expr::Literal(value))) if term.ty.is_some() => {
                    InputValue::Bound(value.clone())
                }
                (_, _) => InputValue::Unbound,
            };
            self.plan.inputs.push(Input {
                name: param.name.text.clone(),
                r#type,
                value,
                doc: param.doc.clone(),
            });
            self.origins.inputs.insert(param.name.text.clone(), param.name.span);
        }
        for param in params {
            self.constraint(param);
        }
        self.check_given(params);
    }

    /// Checks what a parameter says of itself.
    fn check_param(&mut self, param: &'a Param) {
        let Some(written) = &param.r#type else { return };
        if written.secret {
            if param.from_env.is_none() {
                self.report(
                    error(
                        "SF0206",
                        param.name.span,
                        format!("the secret `{}` does not say where it comes from", param.name.text),
                    )
                    .here("a secret is never given on a command line or in a file of inputs")
                    .maybe_fixed_by(
                        "read it from the environment",
                        after(written.span),
                        format!(" from env {}", param.name.text.to_uppercase()),
                    ),
                );
            }
            if let Some(default) = &param.default {
                self.report(
                    error(
                        "SF0206",
                        default.span,
                        format!(
                            "the secret `{}` has no default: a source is no place for secrets",
                            param.name.text
                        ),
                    )
                    .help("take the default out"),
                );
            }
            if let Some(r#type) = self.r#type(written)
                && r#type != Type::Text
            {
                self.report(error(
                    "SF0206",
                    written.span,
                    format!("a secret is a text, and not {}", types::with_article(&r#type)),
                ));
            }
        } else if let Some(variable) = &param.from_env {
            self.report(
                error("SF0206", variable.span, "only a secret is read from the environment")
                    .note("what is not secret is given openly, so that the plan shows it")
                    .help(format!(
                        "write `param {}: secret text from env {}`, or leave `from env` out",
                        param.name.text, variable.text
                    )),
            );
        }
    }

    /// Returns what reading a parameter means.
    pub(super) fn param_term(&mut self, param: &'a Param) -> Term {
        match self.params.get(&param.name.text) {
            Some(Some(term)) => return term.clone(),
            Some(None) => {
                self.report(error(
                    "SF0104",
                    param.name.span,
                    format!("the default of `{}` is defined by itself", param.name.text),
                ));
                return Term::poison(param.name.span);
            }
            None => {}
        }
        self.params.insert(param.name.text.clone(), None);
        let term = self.bind(param);
        self.params.insert(param.name.text.clone(), Some(term.clone()));
        term
    }

    fn bind(&mut self, param: &'a Param) -> Term {
        let span = param.name.span;
        let Some(r#type) = param.r#type.as_ref().and_then(|written| self.r#type(written)) else {
            return Term::poison(span);
        };
        let written = param.r#type.as_ref();
        let mut term = Term::value(Expr::Input(param.name.text.clone()), Some(r#type.clone()), span);
        if written.is_some_and(|written| written.secret) {
            term.secret = Some(secret_path(&param.name));
            return term;
        }
        term.untrusted = written.is_some_and(|written| written.untrusted)
            || free_text(&r#type) && !param.condition.as_ref().is_some_and(bounds_text);
        let default = param.default.as_ref().map(|default| {
            let (term, _) = self.within(Context::nothing("a parameter's default"), |this| {
                let term = this.value_of(default);
                this.refuse_secret_shown(&term, "a default");
                this.coerce(term, &r#type, &format!("the default of `{}`", param.name.text))
            });
            term
        });
        let value = match self.binding {
            Binding::Symbolic => None,
            Binding::Given(inputs) => match inputs.values.get(&param.name.text) {
                Some(given) => match given.to_value(&r#type) {
                    Ok(value) => Some(Expr::Literal(value)),
                    Err(why) => {
                        self.report(
                            error(
                                "SF0204",
                                span,
                                format!(
                                    "`{}` is {}, and {} was given: {why}",
                                    param.name.text,
                                    types::with_article(&r#type),
                                    given.shown()
                                ),
                            )
                            .here("declared here"),
                        );
                        return Term::poison(span);
                    }
                },
                None => default.clone().and_then(value_expr),
            },
        };
        if let Some(value) = value {
            term.what = What::Value(value);
        }
        term
    }

    /// Understands a parameter's `where`.
    fn constraint(&mut self, param: &'a Param) {
        let Some(condition) = &param.condition else { return };
        let (term, _) = self.within(Context::nothing("a parameter's condition"), |this| {
            let term = this.value_of(condition);
            this.coerce(term, &Type::Bool, "what stands after `where`")
        });
        let text = on_one_line(self.modules.text(condition.span));
        let Some(expr) = value_expr(term) else { return };
        if let Expr::Literal(Value::Bool(false)) = expr {
            let given = match self.params.get(&param.name.text) {
                Some(Some(term)) => term.known().map(|value| format!("{value:#}")),
                Some(None) | None => None,
            };
            let given = given.map_or_else(String::new, |given| format!(": it is {given:?}"));
            self.report(
                error(
                    "SF0205",
                    condition.span,
                    format!("`{}` does not fulfil its condition{given}", param.name.text),
                )
                .here("this is false")
                .help("give another value"),
            );
        }
        self.check_default(param, &expr, condition.span);
        self.plan.constraints.push((expr, text));
    }

    /// Checks that a default fulfils the condition of its parameter.
    fn check_default(&mut self, param: &'a Param, condition: &Expr, span: Span) {
        let (Binding::Symbolic, Some(default)) = (self.binding, &param.default) else { return };
        let (term, _) = self.within(Context::nothing("a parameter's default"), |this| this.value_of(default));
        let Some(Expr::Literal(value)) = value_expr(term) else { return };
        let arguments = BTreeMap::from([(param.name.text.clone(), Expr::Literal(value))]);
        let bound = substitute(&as_argument(condition, &param.name.text), &arguments);
        let decided = surefoot_plan::eval(&bound, &surefoot_plan::Values::default());
        if decided == Ok(Value::Bool(false)) {
            self.report(
                error(
                    "SF0205",
                    default.span,
                    format!("the default of `{}` does not fulfil its condition", param.name.text),
                )
                .label(span, "this is false then"),
            );
        }
    }

    /// Checks that what is given has a parameter.
    fn check_given(&mut self, params: &[&'a Param]) {
        let Binding::Given(inputs) = self.binding else { return };
        for name in inputs.values.keys() {
            let param = params.iter().find(|param| param.name.text == *name);
            let span = self.runbook.name.span;
            match param {
                None => {
                    let names = params.iter().map(|param| param.name.text.as_str());
                    let found = error(
                        "SF0204",
                        span,
                        format!("`{name}` is given, and `{}` has no such parameter", self.runbook.name.text),
                    );
                    let shown: Vec<&str> = names.clone().collect();
                    let found = if shown.is_empty() {
                        found.note("it has none")
                    } else {
                        found.note(format!("it has {}", crate::report::listed(&shown)))
                    };
                    let found = match surefoot_syntax::nearest(name, shown) {
                        Some((meant, _)) => found.help(format!("did you mean `{meant}`?")),
                        None => found,
                    };
                    self.report(found);
                }
                Some(param) if param.r#type.as_ref().is_some_and(|written| written.secret) => {
                    let variable = param.from_env.as_ref().map_or("…", |variable| variable.text.as_str());
                    self.report(
                        error(
                            "SF0204",
                            param.name.span,
                            format!("`{name}` is secret, and is not given as an input"),
                        )
                        .help(format!("set the environment variable {variable}")),
                    );
                }
                Some(_) => {}
            }
        }
    }

    /// Understands a type.
    pub(super) fn r#type(&mut self, written: &'a Written) -> Option<Type> {
        let r#type = match &written.kind {
            TypeKind::Name(name) => match named_type(&name.text) {
                Some(r#type) => r#type,
                None => self.alias(self.module, name)?,
            },
            TypeKind::Of(module, name) => self.alias_of_module(module, name)?,
            TypeKind::List(item) => Type::List(Box::new(self.inner_type(item)?)),
            TypeKind::OneOf(words) => Type::OneOf(words.iter().map(|word| word.text.clone()).collect()),
            TypeKind::Record(fields) => {
                let mut types = BTreeMap::new();
                for (name, field) in fields {
                    types.insert(name.text.clone(), self.inner_type(field)?);
                }
                Type::Record(types)
            }
        };
        Some(if written.optional { Type::Optional(Box::new(r#type)) } else { r#type })
    }

    pub(super) fn inner_type(&mut self, written: &'a Written) -> Option<Type> {
        if written.secret || written.untrusted {
            let word = if written.secret { "secret" } else { "untrusted" };
            self.report(
                error(
                    "SF0206",
                    written.span,
                    format!("`{word}` stands before the whole type, not inside it"),
                )
                .help("a part of a value cannot be secret by itself; give the secret a parameter of its own"),
            );
        }
        self.r#type(written)
    }
}

const TYPES: &[(&str, Type)] = &[
    ("text", Type::Text),
    ("int", Type::Int),
    ("float", Type::Float),
    ("bool", Type::Bool),
    ("duration", Type::Duration),
    ("size", Type::Size),
    ("percent", Type::Percent),
    ("time", Type::Time),
    ("host", Type::Host),
    ("port", Type::Port),
    ("path", Type::Path),
    ("url", Type::Url),
    ("json", Type::Json),
];

/// The types that have a name of their own.
pub(crate) fn type_names() -> impl Iterator<Item = &'static str> {
    TYPES.iter().map(|(name, _)| *name)
}

pub(super) fn named_type(name: &str) -> Option<Type> {
    if name == "kept" {
        return Some(crate::library::Kind::Kept.to_type());
    }
    TYPES.iter().find(|(known, _)| *known == name).map(|(_, r#type)| r#type.clone())
}

/// Says that there is no such type. `own`: those that the file names itself.
pub(super) fn unknown_type(name: &str, span: Span, own: &[&str]) -> Diagnostic {
    let names: Vec<&str> = TYPES.iter().map(|(name, _)| *name).collect();
    let found = error("SF0101", span, format!("there is no type `{name}`")).note(format!(
        "the types are {}, `list of …`, `one of \"…\"` and records",
        crate::report::listed(&names)
    ));
    // What other languages call it.
    match name {
        "string" | "str" | "String" => found.fixed_by("write `text`", span, "text"),
        "integer" => found.fixed_by("write `int`", span, "int"),
        "boolean" => found.fixed_by("write `bool`", span, "bool"),
        _ => found.did_you_mean(name, span, names.into_iter().chain(own.iter().copied())),
    }
}

/// Whether values of a type are texts that anybody may have written.
fn free_text(r#type: &Type) -> bool {
    match r#type {
        Type::Text | Type::Json | Type::Url | Type::Path => true,
        Type::List(inner) | Type::Optional(inner) => free_text(inner),
        Type::Record(fields) => fields.values().any(free_text),
        Type::Int
        | Type::Float
        | Type::Bool
        | Type::Duration
        | Type::Size
        | Type::Percent
        | Type::Time
        | Type::Host
        | Type::Port
        | Type::OneOf(_) => false,
    }
}

/// The way of a secret that begins at a parameter.
pub(super) fn secret_path(name: &Ident) -> Rc<SecretPath> {
    let label = Label { span: name.span, text: format!("`{}` is secret", name.text) };
    Rc::new(SecretPath { name: name.text.clone(), hops: vec![label] })
}

/// Whether a condition bounds a text by a whole pattern.
pub(super) fn bounds_text(condition: &surefoot_syntax::ast::Expr) -> bool {
    use surefoot_syntax::ast::{BinaryOperator, ExprKind, WordPart};
    let ExprKind::Binary(operator, left, right) = &condition.kind else { return false };
    if *operator == BinaryOperator::Matches {
        let ExprKind::Text(parts) = &right.kind else { return false };
        return matches!(parts.as_slice(), [WordPart::Text(text)] if text.starts_with('^') && text.ends_with('$'));
    }
    *operator == BinaryOperator::In
        || *operator == BinaryOperator::And && (bounds_text(left) || bounds_text(right))
}

/// Makes an input an argument, so that a value can be put in its place.
fn as_argument(expr: &Expr, name: &str) -> Expr {
    let all = |parts: &[Expr]| parts.iter().map(|part| as_argument(part, name)).collect();
    let boxed = |inner: &Expr| Box::new(as_argument(inner, name));
    match expr {
        Expr::Input(input) if input == name => Expr::Argument(name.to_owned()),
        Expr::Join(parts) => Expr::Join(all(parts)),
        Expr::List(parts) => Expr::List(all(parts)),
        Expr::Call(function, parts) => Expr::Call(*function, all(parts)),
        Expr::Field(inner, field) => Expr::Field(boxed(inner), field.clone()),
        Expr::Unary(operator, inner) => Expr::Unary(*operator, boxed(inner)),
        Expr::Binary(operator, left, right) => Expr::Binary(*operator, boxed(left), boxed(right)),
        Expr::If(condition, then, otherwise) => Expr::If(boxed(condition), boxed(then), boxed(otherwise)),
        Expr::Literal(_)
        | Expr::Input(_)
        | Expr::Item { .. }
        | Expr::Local(_)
        | Expr::Argument(_)
        | Expr::Fact(_)
        | Expr::Now
        | Expr::RunId
        | Expr::Record(_)
        | Expr::Comprehension { .. } => expr.clone(),
    }
}
