//! Expressions: what each means, its type, and its labels.

use std::collections::BTreeMap;

use surefoot_plan::{Expr, Name, Real, Type, Value};
use surefoot_syntax::Span;
use surefoot_syntax::ast::{Expr as Syntax, ExprKind, Ident, WordPart};

use super::quantifier::Quantified;
use super::{Asking, Lowering};
use crate::report::error;
use crate::scope::{Bound, Named};
use crate::term::{Term, What, depends, text};
use crate::types::{self, shown};

impl<'a> Lowering<'a> {
    /// Understands an expression.
    pub(super) fn expr(&mut self, syntax: &'a Syntax) -> Term {
        let span = syntax.span;
        match &syntax.kind {
            ExprKind::Text(parts) => self.text(parts, span),
            ExprKind::Int(value) => Term::literal(Value::Int(*value), Type::Int, span),
            ExprKind::Float(bits) => Term::literal(Value::Float(Real(bits.get())), Type::Float, span),
            ExprKind::Bool(value) => Term::literal(Value::Bool(*value), Type::Bool, span),
            ExprKind::None => Term::literal(Value::None, Type::Optional(Box::new(Type::Json)), span),
            ExprKind::Duration(ms) => Term::literal(Value::Duration(*ms), Type::Duration, span),
            ExprKind::Size(bytes) => Term::literal(Value::Size(*bytes), Type::Size, span),
            ExprKind::Percent(bits) => Term::literal(Value::Percent(Real(bits.get())), Type::Percent, span),
            ExprKind::Time(day) => Term::literal(Value::Time(day.clone()), Type::Time, span),
            ExprKind::Name(parts) => self.name(parts, span),
            ExprKind::Call(call) => self.call(call, syntax),
            ExprKind::List(items) => self.list(items, span),
            ExprKind::Record(fields) => self.record(fields, span),
            ExprKind::Field(inner, field) => {
                let inner = self.value_of(inner);
                self.field(inner, field, span)
            }
            ExprKind::Unary(operator, inner) => self.unary(*operator, inner, span),
            ExprKind::Binary(operator, left, right) => self.binary(*operator, left, right, syntax),
            ExprKind::If(condition, then, otherwise) => self.if_then_else(condition, then, otherwise, span),
            ExprKind::Comprehension { item, name, list, condition } => {
                self.comprehension(item, name, list, condition.as_deref(), span)
            }
            ExprKind::Quantifier { every, condition, name, list } => {
                self.quantified(Quantified { every: *every, condition, name, list }, span)
            }
            ExprKind::Command(command) => self.command_value(command, syntax),
            ExprKind::Ask(ask) => self.ask_value(ask, syntax),
            ExprKind::Reveal(..) => self.revealed_elsewhere(span),
            ExprKind::Error => Term::poison(span),
        }
    }

    /// Understands an expression as a value: facts in it are read.
    pub(super) fn value_of(&mut self, syntax: &'a Syntax) -> Term {
        let term = self.expr(syntax);
        self.valued(term)
    }

    /// Understands a text.
    fn text(&mut self, parts: &'a [WordPart], span: Span) -> Term {
        let mut term = Term::value(text(""), Some(Type::Text), span);
        let mut exprs = Vec::new();
        // What a text with such a part says is not known: as a path it would be a wrong one.
        let mut damaged = false;
        for part in parts {
            match part {
                WordPart::Text(part) => exprs.push(text(part.clone())),
                WordPart::Value(value) => {
                    let value = self.printed(value, "a text");
                    damaged |= value.ty.is_none();
                    term = term.with_labels_of(&value);
                    if let What::Value(expr) = value.what {
                        exprs.push(expr);
                    }
                }
                WordPart::Splice(value) => {
                    let value = self.value_of(value);
                    self.report(
                        error("SF0202", value.span, "`...` gives several words, and a text is one")
                            .help("join the items: `${join(list, \" \")}`"),
                    );
                }
            }
        }
        if damaged {
            return Term::poison(span);
        }
        let joined = if let [only @ Expr::Literal(Value::Text(_))] = exprs.as_slice() {
            only.clone()
        } else if exprs.is_empty() {
            text("")
        } else {
            self.fold(Expr::Join(exprs), span)
        };
        term.what = What::Value(joined);
        term
    }

    /// Understands an expression that is to stand in a text or be a word.
    pub(super) fn printed(&mut self, syntax: &'a Syntax, place: &str) -> Term {
        let term = self.value_of(syntax);
        match &term.ty {
            Some(r#type) if !types::printable(r#type) => {
                let found = error(
                    "SF0201",
                    term.span,
                    format!("{} cannot stand in {place}", types::with_article(r#type)),
                );
                let help = if let Type::List(_) = r#type {
                    "as separate words of a command: `${list...}`; as one text: `${join(list, \" \")}`"
                } else if let Type::Optional(_) = r#type {
                    "say what stands there if it is absent: `${x ?? \"…\"}`"
                } else {
                    "name the field that is meant, or write it as JSON: `${json(x)}`"
                };
                self.report(found.help(help));
                Term::poison(term.span)
            }
            Some(_) | None => term,
        }
    }

    fn list(&mut self, items: &'a [Syntax], span: Span) -> Term {
        let mut list = Term::value(Expr::List(Vec::new()), None, span);
        let mut exprs = Vec::new();
        let mut item_type: Option<Type> = None;
        let mut poisoned = false;
        for item in items {
            let term = self.value_of(item);
            list = list.with_labels_of(&term);
            let (Some(r#type), What::Value(expr)) = (term.ty, term.what) else {
                poisoned = true;
                continue;
            };
            exprs.push(expr);
            match &item_type {
                None => item_type = Some(r#type),
                Some(first) if types::fits(&r#type, first) => {}
                Some(first) if types::fits(first, &r#type) => item_type = Some(r#type),
                Some(first) => {
                    self.report(
                        error(
                            "SF0201",
                            term.span,
                            format!(
                                "a list holds items of one type; this is {}",
                                types::with_article(&r#type)
                            ),
                        )
                        .note(format!("the items before it are of type {}", shown(first))),
                    );
                    poisoned = true;
                }
            }
        }
        if poisoned {
            return Term::poison(span);
        }
        list.ty = Some(Type::List(Box::new(item_type.unwrap_or(Type::Json))));
        list.what = What::Value(self.fold(Expr::List(exprs), span));
        list
    }

    fn record(&mut self, fields: &'a [(Ident, Syntax)], span: Span) -> Term {
        let mut record = Term::value(Expr::Record(BTreeMap::new()), None, span);
        let mut exprs = BTreeMap::new();
        let mut field_types: BTreeMap<Name, Type> = BTreeMap::new();
        let mut poisoned = false;
        for (name, field) in fields {
            let term = self.value_of(field);
            record = record.with_labels_of(&term);
            let (Some(r#type), What::Value(expr)) = (term.ty, term.what) else {
                poisoned = true;
                continue;
            };
            if exprs.insert(name.text.clone(), expr).is_some() {
                self.report(error("SF0102", name.span, format!("the field `{}` is given twice", name.text)));
            }
            field_types.insert(name.text.clone(), r#type);
        }
        if poisoned {
            return Term::poison(span);
        }
        record.ty = Some(Type::Record(field_types));
        record.what = What::Value(self.fold(Expr::Record(exprs), span));
        record
    }

    /// Understands a field of a value.
    pub(super) fn field(&mut self, inner: Term, field: &Ident, span: Span) -> Term {
        let (inner_type, optional) = match inner.ty.clone() {
            Some(Type::Optional(inner)) => (Some(*inner), true),
            other => (other, false),
        };
        let Some(inner_type) = inner_type else { return Term::poison(span) };
        let fields = if let Type::Record(fields) = &inner_type { Some(fields) } else { None };
        let found = match fields {
            Some(fields) => fields.get(&field.text).cloned(),
            None => (inner_type == Type::Json).then_some(Type::Json),
        };
        let Some(r#type) = found else {
            let found = error(
                "SF0207",
                field.span,
                format!("{} has no field `{}`", types::with_article(&inner_type), field.text),
            );
            let names = fields.into_iter().flat_map(|fields| fields.keys().map(String::as_str));
            self.report(found.did_you_mean(&field.text, field.span, names));
            return Term::poison(span);
        };
        let r#type = if optional { Type::Optional(Box::new(r#type)) } else { r#type };
        let mut term = Term::value(text(""), Some(r#type), span).with_labels_of(&inner);
        let What::Value(expr) = inner.what else { return Term::poison(span) };
        term.what = What::Value(self.fold(Expr::Field(Box::new(expr), field.text.clone()), span));
        term
    }

    fn if_then_else(
        &mut self,
        condition: &'a Syntax,
        then: &'a Syntax,
        otherwise: &'a Syntax,
        span: Span,
    ) -> Term {
        let condition = self.value_of(condition);
        let condition = self.coerce(condition, &Type::Bool, "a condition");
        let then = self.value_of(then);
        let otherwise = self.value_of(otherwise);
        self.refuse_secret_decision(&condition);
        let ty = match (&then.ty, &otherwise.ty) {
            (Some(a), Some(b)) if types::fits(b, a) => Some(a.clone()),
            (Some(a), Some(b)) if types::fits(a, b) => Some(b.clone()),
            (Some(a), Some(b)) => {
                self.report(
                    error("SF0201", otherwise.span, "both ends of an `if` are of one type")
                        .here(format!("this is {}", types::with_article(b)))
                        .label(then.span, format!("this is {}", types::with_article(a))),
                );
                None
            }
            (None, _) | (_, None) => None,
        };
        let mut term = Term::value(text(""), ty, span).with_labels_of(&then).with_labels_of(&otherwise);
        let (What::Value(condition), What::Value(then), What::Value(otherwise)) =
            (condition.what, then.what, otherwise.what)
        else {
            return Term::poison(span);
        };
        let chosen = Expr::If(Box::new(condition), Box::new(then), Box::new(otherwise));
        term.what = What::Value(self.fold(chosen, span));
        term
    }

    /// Understands `[item for name in list if condition]`.
    fn comprehension(
        &mut self,
        item: &'a Syntax,
        name: &'a Ident,
        list: &'a Syntax,
        condition: Option<&'a Syntax>,
        span: Span,
    ) -> Term {
        let list = self.value_of(list);
        let Some(item_type) = self.item_type(&list) else { return Term::poison(span) };
        let outer = self.cx.asking;
        self.cx.asking = Asking::Nothing("an item of a list");
        self.scopes.open();
        let bound = Bound {
            term: Term::value(Expr::Argument(name.text.clone()), Some(item_type), name.span)
                .with_labels_of(&list),
            lifted: false,
            before: false,
        };
        let used = self.scopes.used.contains(&name.text);
        self.scopes.declare(name, Named::Value(Box::new(bound)), &mut self.diagnostics);
        let item = self.value_of(item);
        let condition = condition.map(|condition| {
            let condition = self.value_of(condition);
            self.coerce(condition, &Type::Bool, "a condition")
        });
        self.scopes.close();
        if !used {
            self.scopes.used.remove(&name.text);
        }
        self.cx.asking = outer;
        let Some(r#type) = item.ty.clone() else { return Term::poison(span) };
        let mut term = Term::value(text(""), Some(Type::List(Box::new(r#type))), span)
            .with_labels_of(&list)
            .with_labels_of(&item);
        let (What::Value(list), What::Value(item)) = (list.what, item.what) else {
            return Term::poison(span);
        };
        let condition = match condition.map(|condition| condition.what) {
            None => None,
            Some(What::Value(condition)) => Some(Box::new(condition)),
            Some(What::Cell(_) | What::Formula(_)) => return Term::poison(span),
        };
        let known = matches!(list, Expr::Literal(_)) && {
            let inner = [Some(&item), condition.as_deref()].into_iter().flatten().map(depends);
            inner.fold(true, |known, of| known && !of.input && !of.run && !of.fact)
                && all_arguments_are(&item, condition.as_deref(), &name.text)
        };
        let comprehension = Expr::Comprehension {
            item: Box::new(item),
            name: name.text.clone(),
            list: Box::new(list),
            condition,
        };
        term.what = What::Value(if known { self.compute(comprehension, span) } else { comprehension });
        term
    }

    /// Returns the type of a list's items.
    pub(super) fn item_type(&mut self, list: &Term) -> Option<Type> {
        let r#type = list.ty.as_ref()?;
        if let Type::List(item) = r#type {
            return Some((**item).clone());
        }
        if *r#type == Type::Json {
            return Some(Type::Json);
        }
        self.report(
            error(
                "SF0201",
                list.span,
                format!("this is {}, and a list is meant", types::with_article(r#type)),
            )
            .help("a list is written `[a, b]`; a text becomes one by `lines(…)` or `split(…, \",\")`"),
        );
        None
    }

    /// Computes an expression that depends on nothing.
    fn compute(&mut self, expr: Expr, span: Span) -> Expr {
        match surefoot_plan::eval(&expr, &surefoot_plan::Values::default()) {
            Ok(value) => Expr::Literal(value),
            Err(why) => {
                if !self.is_poisoned(span) {
                    self.report(error("SF0211", span, format!("this has no value: {why}")));
                }
                Expr::Literal(Value::None)
            }
        }
    }
}

/// Whether the only argument that is read is the item itself.
fn all_arguments_are(item: &Expr, condition: Option<&Expr>, name: &str) -> bool {
    let mut only = true;
    for expr in [Some(item), condition].into_iter().flatten() {
        expr.visit(&mut |inner| {
            if let Expr::Argument(argument) = inner {
                only &= argument == name;
            }
        });
    }
    only
}
