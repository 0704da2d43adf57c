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
                if !self.is_poisoned(span) {
                    self.report(
                        error("SF0211", span, format!("this has no value: {why}"))
                            .help("correct the expression: it is computed when the plan is made"),
                    );
                }
                Expr::Literal(Value::None)
            }
        }
    }
}

/// Leaves out what a known side decides.
fn shortened(expr: Expr) -> Expr {
    const TRUE: Expr = Expr::Literal(Value::Bool(true));
    const FALSE: Expr = Expr::Literal(Value::Bool(false));
    if let Expr::Binary(operator @ (BinaryOperator::And | BinaryOperator::Or), left, right) = expr {
        let (decisive, neutral) = if operator == BinaryOperator::And { (FALSE, TRUE) } else { (TRUE, FALSE) };
        return if *left == neutral || *right == decisive {
            *right
        } else if *right == neutral || *left == decisive {
            *left
        } else {
            Expr::Binary(operator, left, right)
        };
    }
    if let Expr::If(condition, then, otherwise) = expr {
        return if *condition == TRUE {
            *then
        } else if *condition == FALSE {
            *otherwise
        } else {
            Expr::If(condition, then, otherwise)
        };
    }
    if let Expr::Field(inner, name) = expr {
        let known = if let Expr::Record(fields) = inner.as_ref() { fields.get(&name).cloned() } else { None };
        return known.unwrap_or(Expr::Field(inner, name));
    }
    if let Expr::Join(parts) = expr { Expr::Join(joined(parts)) } else { expr }
}

/// Joins known parts that stand beside each other.
fn joined(parts: Vec<Expr>) -> Vec<Expr> {
    let mut joined: Vec<Expr> = Vec::with_capacity(parts.len());
    for part in parts {
        if let Expr::Join(inner) = part {
            inner.into_iter().for_each(|part| push(&mut joined, part));
        } else if let Expr::Literal(value) = &part {
            push(&mut joined, Expr::Literal(Value::Text(value.to_string())));
        } else {
            push(&mut joined, part);
        }
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
    if let Formula::Not(inner) = formula {
        return *inner;
    }
    match known(&formula) {
        Some(value) => truth(!value),
        None => Formula::Not(Box::new(formula)),
    }
}

/// Makes `all of` formulas: nested ones are one, and what is known decides or is left out.
pub(super) fn all(parts: impl IntoIterator<Item = Formula>) -> Formula {
    let mut flat = Vec::new();
    for part in parts {
        match known(&part) {
            Some(true) => {}
            Some(false) => return part,
            None => {
                if let Formula::All(inner) = part {
                    flat.extend(inner);
                } else {
                    flat.push(part);
                }
            }
        }
    }
    alone(flat, true).unwrap_or_else(Formula::All)
}

/// Makes `any of` formulas, in the same way.
pub(super) fn any(parts: impl IntoIterator<Item = Formula>) -> Formula {
    let mut flat = Vec::new();
    for part in parts {
        match known(&part) {
            Some(false) => {}
            Some(true) => return part,
            None => {
                if let Formula::Any(inner) = part {
                    flat.extend(inner);
                } else {
                    flat.push(part);
                }
            }
        }
    }
    alone(flat, false).unwrap_or_else(Formula::Any)
}

/// Returns what no or one part means by itself; several parts come back.
fn alone(mut parts: Vec<Formula>, empty: bool) -> Result<Formula, Vec<Formula>> {
    match (parts.pop(), parts.is_empty()) {
        (None, _) => Ok(truth(empty)),
        (Some(only), true) => Ok(only),
        (Some(last), false) => {
            parts.push(last);
            Err(parts)
        }
    }
}

/// Returns the value of a formula that needs no asking.
fn known(formula: &Formula) -> Option<bool> {
    if let Formula::Value(Expr::Literal(Value::Bool(value))) = formula { Some(*value) } else { None }
}

fn truth(value: bool) -> Formula {
    Formula::Value(Expr::Literal(Value::Bool(value)))
}
