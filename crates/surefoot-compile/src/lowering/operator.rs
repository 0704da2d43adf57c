//! Operators: which types they take, and what they give.

use surefoot_plan::{Atom, BinaryOperator, Expr, Formula, Test, Type, UnaryOperator, Value};
use surefoot_syntax::Span;
use surefoot_syntax::ast::{
    BinaryOperator as Operator, Expr as Syntax, ExprKind, UnaryOperator as Sign, WordPart,
};

use super::fold::{all, any, not};
use super::value::{comparison_of, flipped};
use super::{Asking, Lowering};
use crate::report::error;
use crate::term::{Term, What, depends};
use crate::types::{self, shown};

impl<'a> Lowering<'a> {
    /// Understands `not x` and `-x`.
    pub(super) fn unary(&mut self, operator: Sign, inner: &'a Syntax, span: Span) -> Term {
        match operator {
            Sign::Not if self.cx.asking == Asking::Questions => {
                let formula = self.formula_of(inner);
                collapsed(not(formula), span)
            }
            Sign::Not => {
                let term = self.value_of(inner);
                let term = self.coerce(term, &Type::Bool, "what `not` turns round");
                self.applied(UnaryOperator::Not, term, Type::Bool, span)
            }
            Sign::Minus => {
                let term = self.value_of(inner);
                let Some(r#type) = term.ty.clone() else { return Term::poison(span) };
                if !matches!(r#type, Type::Int | Type::Float | Type::Percent | Type::Json) {
                    self.report(error(
                        "SF0202",
                        span,
                        format!("`-` is for numbers, and this is {}", types::with_article(&r#type)),
                    ));
                    return Term::poison(span);
                }
                self.applied(UnaryOperator::Minus, term, r#type, span)
            }
        }
    }

    fn applied(&mut self, operator: UnaryOperator, term: Term, r#type: Type, span: Span) -> Term {
        if term.ty.is_none() {
            return Term::poison(span);
        }
        if self.refuse_secret_computation(&term) {
            return Term::poison(span);
        }
        let What::Value(expr) = &term.what else { return Term::poison(span) };
        let expr = self.fold(Expr::Unary(operator, Box::new(expr.clone())), span);
        Term::value(expr, Some(r#type), span).with_labels_of(&term)
    }

    /// Understands an operator on two values.
    pub(super) fn binary(
        &mut self,
        operator: Operator,
        left: &'a Syntax,
        right: &'a Syntax,
        syntax: &'a Syntax,
    ) -> Term {
        let span = syntax.span;
        let operator = plan_operator(operator);
        if matches!(operator, BinaryOperator::And | BinaryOperator::Or) {
            return self.connective(operator, left, right, span);
        }
        let (left_term, right_term) = (self.expr(left), self.expr(right));
        let comparison = comparison_of(operator).filter(|_| self.cx.asking == Asking::Questions);
        match (comparison, &left_term.what, &right_term.what) {
            (Some(comparison), What::Cell(cell), What::Value(value)) if !depends(value).fact => {
                let atom = (cell.clone(), comparison);
                return self.comparison_atom(atom, &left_term, right_term, span);
            }
            (Some(comparison), What::Value(value), What::Cell(cell)) if !depends(value).fact => {
                let atom = (cell.clone(), flipped(comparison));
                return self.comparison_atom(atom, &right_term, left_term, span);
            }
            (_, _, _) => {}
        }
        let (left_term, right_term) = (self.valued(left_term), self.valued(right_term));
        if self.refuse_secret_computation(&left_term) || self.refuse_secret_computation(&right_term) {
            return Term::poison(span);
        }
        let (Some(a), Some(b)) = (left_term.ty.clone(), right_term.ty.clone()) else {
            return Term::poison(span);
        };
        let (left_term, right_term) = self.alike(operator, left_term, right_term);
        let Some(r#type) = self.result_type(operator, &a, &b, &left_term, &right_term, span) else {
            return Term::poison(span);
        };
        if operator == BinaryOperator::Matches {
            self.check_pattern(right);
        }
        let (What::Value(a), What::Value(b)) = (&left_term.what, &right_term.what) else {
            return Term::poison(span);
        };
        let expr = self.fold(Expr::Binary(operator, Box::new(a.clone()), Box::new(b.clone())), span);
        let mut term =
            Term::value(expr, Some(r#type), span).with_labels_of(&left_term).with_labels_of(&right_term);
        // A yes or no, or a number, is no text any more that could be taken for a program.
        term.untrusted &= term.ty == Some(Type::Text) || term.ty == Some(Type::Json);
        term
    }

    /// Understands `a and b`, `a or b`.
    fn connective(
        &mut self,
        operator: BinaryOperator,
        left: &'a Syntax,
        right: &'a Syntax,
        span: Span,
    ) -> Term {
        if self.cx.asking == Asking::Questions {
            let parts = [self.formula_of(left), self.formula_of(right)];
            let formula = if operator == BinaryOperator::And { all(parts) } else { any(parts) };
            return collapsed(formula, span);
        }
        let word = if operator == BinaryOperator::And { "`and`" } else { "`or`" };
        let place = format!("each side of {word}");
        let left = self.value_of(left);
        let left = self.coerce(left, &Type::Bool, &place);
        let right = self.value_of(right);
        let right = self.coerce(right, &Type::Bool, &place);
        if self.refuse_secret_computation(&left) || self.refuse_secret_computation(&right) {
            return Term::poison(span);
        }
        if left.ty.is_none() || right.ty.is_none() {
            return Term::poison(span);
        }
        let (What::Value(a), What::Value(b)) = (&left.what, &right.what) else { return Term::poison(span) };
        let expr = self.fold(Expr::Binary(operator, Box::new(a.clone()), Box::new(b.clone())), span);
        Term::value(expr, Some(Type::Bool), span).with_labels_of(&left).with_labels_of(&right)
    }

    /// Makes an atom: the answer of a question compared with a value.
    fn comparison_atom(
        &mut self,
        (cell, comparison): (surefoot_plan::Cell, surefoot_plan::Comparison),
        asked: &Term,
        value: Term,
        span: Span,
    ) -> Term {
        if self.refuse_secret_computation(&value) {
            return Term::poison(span);
        }
        let Some(r#type) = asked.ty.clone() else { return Term::poison(span) };
        if value.ty.is_none() {
            return Term::poison(span);
        }
        let in_order =
            !matches!(comparison, surefoot_plan::Comparison::Equal | surefoot_plan::Comparison::NotEqual);
        if in_order && !types::ordered(&r#type) {
            self.report(error("SF0202", span, format!("values of type {} have no order", shown(&r#type))));
            return Term::poison(span);
        }
        let place = "what this fact is compared with";
        let known =
            value.known().is_some() || !value.ty.as_ref().is_some_and(|ty| types::comparable(ty, &r#type));
        let value = if known { self.coerce(value, &r#type, place) } else { value };
        let What::Value(expr) = value.what else { return Term::poison(span) };
        if value.ty.is_none() {
            return Term::poison(span);
        }
        // A yes or no needs no comparison.
        if let (Type::Bool, Expr::Literal(Value::Bool(value))) = (&r#type, &expr) {
            let holds = Formula::Atom(Atom { cell, test: Test::Holds });
            let equal = comparison == surefoot_plan::Comparison::Equal;
            return Term::formula(if *value == equal { holds } else { not(holds) }, span);
        }
        Term::formula(Formula::Atom(Atom { cell, test: Test::Compares(comparison, expr) }), span)
    }

    /// Makes the known one of two values one of the other's type: `protocol == "tcp"`, `ratio < 1`.
    fn alike(&mut self, operator: BinaryOperator, left: Term, right: Term) -> (Term, Term) {
        let compares = comparison_of(operator).is_some();
        let arithmetic = matches!(operator, BinaryOperator::Plus | BinaryOperator::Minus);
        if !compares && !arithmetic {
            return (left, right);
        }
        let made = |known: &Term, other: &Term| -> Option<Term> {
            let value = types::convert(known.known()?.clone(), other.ty.as_ref()?).ok()?;
            Some(Term { what: What::Value(Expr::Literal(value)), ty: other.ty.clone(), ..known.clone() })
        };
        match (made(&left, &right), made(&right, &left)) {
            (_, Some(made)) => (left, made),
            (Some(made), None) => (made, right),
            (None, None) => (left, right),
        }
    }

    fn result_type(
        &mut self,
        operator: BinaryOperator,
        a: &Type,
        b: &Type,
        left: &Term,
        right: &Term,
        span: Span,
    ) -> Option<Type> {
        use BinaryOperator as Op;
        let (left_type, right_type) = (left.ty.as_ref().unwrap_or(a), right.ty.as_ref().unwrap_or(b));
        let result = match operator {
            Op::Equal | Op::NotEqual => types::comparable(left_type, right_type).then_some(Type::Bool),
            Op::Less | Op::LessOrEqual | Op::Greater | Op::GreaterOrEqual => {
                let fit = types::fits(left_type, right_type) || types::fits(right_type, left_type);
                (fit && types::ordered(left_type) && types::ordered(right_type)).then_some(Type::Bool)
            }
            Op::Plus | Op::Minus => sum_type(left_type, right_type, operator == Op::Plus),
            Op::Times => product_type(left_type, right_type),
            Op::Divide => quotient_type(left_type, right_type),
            Op::Matches => (types::fits(left_type, &Type::Text) && types::fits(right_type, &Type::Text))
                .then_some(Type::Bool),
            Op::In => {
                let fit = if let Type::List(item) = right_type {
                    types::comparable(left_type, item)
                } else {
                    *right_type == Type::Json
                };
                fit.then_some(Type::Bool)
            }
            Op::OrElse => {
                // Not optional: a value of a step that may not have run. The verifier tells where it is absent.
                let given = if let Type::Optional(inner) = left_type { inner } else { left_type };
                if *given == Type::Json {
                    Some(right_type.clone())
                } else {
                    types::fits(right_type, given).then(|| given.clone())
                }
            }
            Op::And | Op::Or => Some(Type::Bool),
        };
        if result.is_none() {
            self.report(misfit(operator, a, b, left, right, span));
        }
        result
    }

    /// Checks a pattern that is known.
    fn check_pattern(&mut self, pattern: &Syntax) {
        let ExprKind::Text(parts) = &pattern.kind else { return };
        let [WordPart::Text(text)] = parts.as_slice() else { return };
        if let Err(why) = regex::Regex::new(text) {
            let why = why.to_string();
            let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            self.report(
                error("SF0209", pattern.span, format!("this is no pattern: {why}")).help(
                    "patterns are regular expressions; write them in single quotes, where `\\` is itself",
                ),
            );
        }
    }
}

/// Says that an operator does not fit its sides.
fn misfit(
    operator: BinaryOperator,
    a: &Type,
    b: &Type,
    left: &Term,
    right: &Term,
    span: Span,
) -> surefoot_syntax::Diagnostic {
    let found = error(
        "SF0202",
        span,
        format!("`{operator}` does not fit {} and {}", types::with_article(a), types::with_article(b)),
    )
    .label(left.span, shown(a))
    .label(right.span, shown(b));
    let unit = |number: &Type, amount: &Type| {
        matches!(number, Type::Int) && matches!(amount, Type::Duration | Type::Size | Type::Percent)
    };
    let counts = !matches!(operator, BinaryOperator::In | BinaryOperator::Matches | BinaryOperator::OrElse);
    if counts && (unit(a, b) || unit(b, a)) {
        return found.help("write the number with its unit: `30s`, `512MiB`, `5%`");
    }
    if operator == BinaryOperator::Plus && (types::fits(a, &Type::Text) || types::fits(b, &Type::Text)) {
        return found.help("texts are joined by writing them together: `\"${a}${b}\"`");
    }
    found
}

/// A formula that asks no fact is a value.
pub(super) fn collapsed(formula: Formula, span: Span) -> Term {
    fn value(formula: &Formula) -> Option<Expr> {
        match formula {
            Formula::Atom(_) => None,
            Formula::Value(expr) => Some(expr.clone()),
            Formula::Not(inner) => Some(Expr::Unary(UnaryOperator::Not, Box::new(value(inner)?))),
            Formula::All(parts) => connected(BinaryOperator::And, parts),
            Formula::Any(parts) => connected(BinaryOperator::Or, parts),
        }
    }
    fn connected(operator: BinaryOperator, parts: &[Formula]) -> Option<Expr> {
        let parts: Option<Vec<Expr>> = parts.iter().map(value).collect();
        parts?.into_iter().reduce(|a, b| Expr::Binary(operator, Box::new(a), Box::new(b)))
    }
    match value(&formula) {
        Some(expr) => Term::value(expr, Some(Type::Bool), span),
        None => Term::formula(formula, span),
    }
}

fn sum_type(a: &Type, b: &Type, plus: bool) -> Option<Type> {
    match (a, b) {
        (Type::Json, other) | (other, Type::Json) => Some(other.clone()),
        (Type::Int | Type::Port, Type::Int | Type::Port) => Some(Type::Int),
        (Type::Int | Type::Float, Type::Int | Type::Float) => Some(Type::Float),
        (Type::Duration, Type::Duration) => Some(Type::Duration),
        (Type::Size, Type::Size) => Some(Type::Size),
        (Type::Percent, Type::Percent) => Some(Type::Percent),
        (Type::Time, Type::Duration) => Some(Type::Time),
        (Type::Time, Type::Time) if !plus => Some(Type::Duration),
        (Type::List(a), Type::List(b)) if plus && types::fits(b, a) => Some(Type::List(a.clone())),
        _ => None,
    }
}

fn product_type(a: &Type, b: &Type) -> Option<Type> {
    match (a, b) {
        (Type::Json, other) | (other, Type::Json) => Some(other.clone()),
        (Type::Int, Type::Int) => Some(Type::Int),
        (Type::Int | Type::Float, Type::Int | Type::Float) => Some(Type::Float),
        (amount @ (Type::Duration | Type::Size | Type::Percent), Type::Int | Type::Float)
        | (Type::Int | Type::Float, amount @ (Type::Duration | Type::Size | Type::Percent)) => {
            Some(amount.clone())
        }
        (amount @ (Type::Duration | Type::Size), Type::Percent)
        | (Type::Percent, amount @ (Type::Duration | Type::Size)) => Some(amount.clone()),
        _ => None,
    }
}

fn quotient_type(a: &Type, b: &Type) -> Option<Type> {
    match (a, b) {
        (Type::Json, other) | (other, Type::Json) => Some(other.clone()),
        (Type::Int, Type::Int) => Some(Type::Int),
        (Type::Int | Type::Float, Type::Int | Type::Float) => Some(Type::Float),
        (amount @ (Type::Duration | Type::Size | Type::Percent), Type::Int | Type::Float) => {
            Some(amount.clone())
        }
        (Type::Duration, Type::Duration) | (Type::Size, Type::Size) => Some(Type::Float),
        _ => None,
    }
}

fn plan_operator(operator: Operator) -> BinaryOperator {
    match operator {
        Operator::And => BinaryOperator::And,
        Operator::Or => BinaryOperator::Or,
        Operator::Equal => BinaryOperator::Equal,
        Operator::NotEqual => BinaryOperator::NotEqual,
        Operator::Less => BinaryOperator::Less,
        Operator::LessOrEqual => BinaryOperator::LessOrEqual,
        Operator::Greater => BinaryOperator::Greater,
        Operator::GreaterOrEqual => BinaryOperator::GreaterOrEqual,
        Operator::Plus => BinaryOperator::Plus,
        Operator::Minus => BinaryOperator::Minus,
        Operator::Times => BinaryOperator::Times,
        Operator::Divide => BinaryOperator::Divide,
        Operator::Matches => BinaryOperator::Matches,
        Operator::In => BinaryOperator::In,
        Operator::OrElse => BinaryOperator::OrElse,
    }
}
