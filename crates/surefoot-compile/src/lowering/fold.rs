//! Computes what is known already.

use surefoot_plan::{BinaryOperator, EvalError, Expr, Formula, Value, Values, eval};
use surefoot_syntax::Span;

use super::Lowering;
use crate::report::error;

impl Lowering<'_> {
    /// Computes an expression as far as its parts are known. What cannot be computed is reported.
    pub(super) fn fold(&mut self, expr: Expr, span: Span) -> Expr {
        if !expr.children().iter().all(|child| matches!(child, Expr::Literal(_))) {
            return shortened(expr);
        }
        match expr {
            Expr::Literal(_)
            | Expr::Input(_)
            | Expr::Item { .. }
            | Expr::Local(_)
            | Expr::Argument(_)
            | Expr::Fact(_)
            | Expr::Now
            | Expr::RunId => return expr,
            Expr::Join(_)
            | Expr::List(_)
            | Expr::Record(_)
            | Expr::Field(..)
            | Expr::Unary(..)
            | Expr::Binary(..)
            | Expr::Call(..)
            | Expr::If(..)
            | Expr::Comprehension { .. } => {}
        }
        match eval(&expr, &Values::default()) {
            Ok(value) => Expr::Literal(value),
            // A part reads what only a run knows.
            Err(EvalError::NoValue(_) | EvalError::Unknown(_) | EvalError::Secret(_)) => expr,
            Err(why @ (EvalError::Mismatch(_) | EvalError::TooLarge | EvalError::DivisionByZero)) => {
                self.report(
                    error("SF0211", span, format!("this has no value: {why}"))
                        .help("correct the expression: it is computed when the plan is made"),
                );
                Expr::Literal(Value::None)
            }
        }
    }
}

/// Leaves out what a known side decides.
fn shortened(expr: Expr) -> Expr {
    match expr {
        Expr::Binary(BinaryOperator::And, left, right) => match (*left, *right) {
            (Expr::Literal(Value::Bool(true)), other) | (other, Expr::Literal(Value::Bool(true))) => other,
            (left @ Expr::Literal(Value::Bool(false)), _) => left,
            (left, right) => Expr::Binary(BinaryOperator::And, Box::new(left), Box::new(right)),
        },
        Expr::Binary(BinaryOperator::Or, left, right) => match (*left, *right) {
            (Expr::Literal(Value::Bool(false)), other) | (other, Expr::Literal(Value::Bool(false))) => other,
            (left @ Expr::Literal(Value::Bool(true)), _) => left,
            (left, right) => Expr::Binary(BinaryOperator::Or, Box::new(left), Box::new(right)),
        },
        Expr::If(condition, then, otherwise) => match *condition {
            Expr::Literal(Value::Bool(true)) => *then,
            Expr::Literal(Value::Bool(false)) => *otherwise,
            condition => Expr::If(Box::new(condition), then, otherwise),
        },
        Expr::Join(parts) => Expr::Join(joined(parts)),
        expr => expr,
    }
}

/// Joins known parts that stand beside each other.
fn joined(parts: Vec<Expr>) -> Vec<Expr> {
    let mut joined: Vec<Expr> = Vec::with_capacity(parts.len());
    for part in parts {
        let part = match part {
            Expr::Literal(value @ (Value::List(_) | Value::Record(_) | Value::None | Value::Secret(_))) => {
                Expr::Literal(value)
            }
            Expr::Literal(value) => Expr::Literal(Value::Text(value.to_string())),
            Expr::Join(inner) => {
                for part in inner {
                    push(&mut joined, part);
                }
                continue;
            }
            part => part,
        };
        push(&mut joined, part);
    }
    joined
}

fn push(joined: &mut Vec<Expr>, part: Expr) {
    if let (Some(Expr::Literal(Value::Text(last))), Expr::Literal(Value::Text(text))) =
        (joined.last_mut(), &part)
    {
        last.push_str(text);
        return;
    }
    joined.push(part);
}

/// Makes `not` of a formula.
pub(super) fn not(formula: Formula) -> Formula {
    match formula {
        Formula::Not(inner) => *inner,
        Formula::Value(Expr::Literal(Value::Bool(value))) => {
            Formula::Value(Expr::Literal(Value::Bool(!value)))
        }
        formula => Formula::Not(Box::new(formula)),
    }
}

/// Makes `all of` formulas: nested ones are one, and what is known decides or is left out.
pub(super) fn all(parts: impl IntoIterator<Item = Formula>) -> Formula {
    let mut flat = Vec::new();
    for part in parts {
        match part {
            Formula::Value(Expr::Literal(Value::Bool(true))) => {}
            Formula::Value(Expr::Literal(Value::Bool(false))) => return part,
            Formula::All(inner) => flat.extend(inner),
            part => flat.push(part),
        }
    }
    match (flat.pop(), flat.is_empty()) {
        (None, _) => Formula::Value(Expr::Literal(Value::Bool(true))),
        (Some(only), true) => only,
        (Some(last), false) => {
            flat.push(last);
            Formula::All(flat)
        }
    }
}

/// Makes `any of` formulas, in the same way.
pub(super) fn any(parts: impl IntoIterator<Item = Formula>) -> Formula {
    let mut flat = Vec::new();
    for part in parts {
        match part {
            Formula::Value(Expr::Literal(Value::Bool(false))) => {}
            Formula::Value(Expr::Literal(Value::Bool(true))) => return part,
            Formula::Any(inner) => flat.extend(inner),
            part => flat.push(part),
        }
    }
    match (flat.pop(), flat.is_empty()) {
        (None, _) => Formula::Value(Expr::Literal(Value::Bool(false))),
        (Some(only), true) => only,
        (Some(last), false) => {
            flat.push(last);
            Formula::Any(flat)
        }
    }
}
