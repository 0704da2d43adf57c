//! What the compiler knows of an expression: its meaning, its type, and the labels that travel with it.

use std::collections::BTreeSet;
use std::rc::Rc;

use surefoot_plan::{Cell, Expr, Formula, Type, Value};
use surefoot_syntax::{Label, Span};

use crate::types::Ty;

/// An expression, understood.
#[derive(Clone, Debug)]
pub(crate) struct Term {
    /// What it means.
    pub(crate) what: What,
    /// Its type.
    pub(crate) ty: Ty,
    /// Where it stands.
    pub(crate) span: Span,
    /// The way a secret took to come here, if it holds one.
    pub(crate) secret: Option<Rc<SecretPath>>,
    /// Whether it holds text from outside.
    pub(crate) untrusted: bool,
    /// For a kept file: the path that was kept.
    pub(crate) kept: Option<Rc<Expr>>,
}

/// What an expression means.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// A value.
    Value(Expr),
    /// The answer of one question.
    Cell(Cell),
    /// A yes-or-no over facts.
    Formula(Formula),
}

/// The way of a secret, from its parameter on.
#[derive(Clone, Debug)]
pub(crate) struct SecretPath {
    /// The parameter it comes from.
    pub(crate) name: String,
    /// The places it went through, in order.
    pub(crate) hops: Vec<Label>,
}

impl Term {
    /// Makes a value without labels.
    pub(crate) fn value(expr: Expr, ty: Ty, span: Span) -> Term {
        Term { what: What::Value(expr), ty, span, secret: None, untrusted: false, kept: None }
    }

    /// Makes a known value.
    pub(crate) fn literal(value: Value, r#type: Type, span: Span) -> Term {
        Term::value(Expr::Literal(value), Some(r#type), span)
    }

    /// Makes the answer of a question.
    pub(crate) fn cell(cell: Cell, r#type: Type, span: Span) -> Term {
        let untrusted = matches!(r#type, Type::Text | Type::Json);
        Term { what: What::Cell(cell), untrusted, ..Term::value(none(), Some(r#type), span) }
    }

    /// Makes a yes-or-no over facts.
    pub(crate) fn formula(formula: Formula, span: Span) -> Term {
        Term { what: What::Formula(formula), ..Term::value(none(), Some(Type::Bool), span) }
    }

    /// Stands for what could not be understood; it was reported.
    pub(crate) fn poison(span: Span) -> Term {
        Term::value(none(), None, span)
    }

    /// Returns the value, if it is known.
    pub(crate) fn known(&self) -> Option<&Value> {
        match &self.what {
            What::Value(Expr::Literal(value)) if self.ty.is_some() => Some(value),
            What::Value(_) | What::Cell(_) | What::Formula(_) => None,
        }
    }

    /// Returns it as it stands elsewhere, with its secret's way one place longer.
    pub(crate) fn at(mut self, span: Span, hop: impl FnOnce() -> String) -> Term {
        if let Some(path) = &self.secret {
            let mut path = (**path).clone();
            path.hops.push(Label { span, text: hop() });
            self.secret = Some(Rc::new(path));
        }
        self.span = span;
        self
    }

    /// Takes the labels of a part.
    pub(crate) fn with_labels_of(mut self, part: &Term) -> Term {
        self.untrusted |= part.untrusted;
        if self.secret.is_none() {
            self.secret.clone_from(&part.secret);
        }
        self
    }
}

/// The value of what has none.
pub(crate) fn none() -> Expr {
    Expr::Literal(Value::None)
}

/// Makes a text.
pub(crate) fn text(text: impl Into<String>) -> Expr {
    Expr::Literal(Value::Text(text.into()))
}

/// What an expression depends on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Depends {
    /// On an input that is not bound.
    pub(crate) input: bool,
    /// On what only a run finds.
    pub(crate) run: bool,
    /// On a fact.
    pub(crate) fact: bool,
    /// On an argument of the question it stands in.
    pub(crate) argument: bool,
}

/// Returns what an expression depends on.
pub(crate) fn depends(expr: &Expr) -> Depends {
    let mut found = Depends::default();
    // The item of a list that is gone through inside is no argument of anything around it.
    let mut bound = BTreeSet::new();
    expr.visit(&mut |inner| {
        if let Expr::Comprehension { name, .. } = inner {
            bound.insert(name.clone());
        }
    });
    expr.visit(&mut |inner| match inner {
        Expr::Input(_) | Expr::Item { .. } => found.input = true,
        Expr::Local(_) | Expr::Now | Expr::RunId => found.run = true,
        Expr::Fact(_) => found.fact = true,
        Expr::Argument(name) => found.argument |= !bound.contains(name),
        Expr::Literal(_)
        | Expr::Join(_)
        | Expr::List(_)
        | Expr::Record(_)
        | Expr::Field(..)
        | Expr::Unary(..)
        | Expr::Binary(..)
        | Expr::Call(..)
        | Expr::If(..)
        | Expr::Comprehension { .. } => {}
    });
    found
}
