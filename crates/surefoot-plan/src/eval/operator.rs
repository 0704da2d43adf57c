//! Operators on values. Units are checked: a size is never added to a duration.

use std::cmp::Ordering;

use super::{COMPUTED_MAX, EvalError, mismatch, time};
use crate::value::Real;
use crate::{BinaryOperator, Comparison, Value};

/// Most bytes a compiled pattern may take.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// Applies an operator that needs both sides.
pub(super) fn apply(operator: BinaryOperator, left: Value, right: Value) -> Result<Value, EvalError> {
    match operator {
        BinaryOperator::Equal => compare(Comparison::Equal, &left, &right).map(Value::Bool),
        BinaryOperator::NotEqual => compare(Comparison::NotEqual, &left, &right).map(Value::Bool),
        BinaryOperator::Less => compare(Comparison::Less, &left, &right).map(Value::Bool),
        BinaryOperator::LessOrEqual => compare(Comparison::LessOrEqual, &left, &right).map(Value::Bool),
        BinaryOperator::Greater => compare(Comparison::Greater, &left, &right).map(Value::Bool),
        BinaryOperator::GreaterOrEqual => compare(Comparison::GreaterOrEqual, &left, &right).map(Value::Bool),
        BinaryOperator::Plus => plus(left, right),
        BinaryOperator::Minus => minus(left, right),
        BinaryOperator::Times => times(left, right),
        BinaryOperator::Divide => divide(left, right),
        BinaryOperator::Matches => matches(left, right),
        BinaryOperator::In => match right {
            Value::List(items) => Ok(Value::Bool(items.iter().any(|item| equal(item, &left)))),
            other => Err(mismatch(format!("`in` needs a list on its right, not `{other}`"))),
        },
        BinaryOperator::And | BinaryOperator::Or | BinaryOperator::OrElse => {
            Err(mismatch("this operator is applied before both sides are computed".into()))
        }
    }
}

/// Compares two values of one kind. Whole numbers and fractions compare as numbers, moments by time.
pub(crate) fn compare(comparison: Comparison, left: &Value, right: &Value) -> Result<bool, EvalError> {
    if let Comparison::Equal | Comparison::NotEqual = comparison {
        return Ok(equal(left, right) == (comparison == Comparison::Equal));
    }
    let order = match (left, right) {
        (Value::Int(left), Value::Int(right)) => left.cmp(right),
        (Value::Duration(left), Value::Duration(right)) | (Value::Size(left), Value::Size(right)) => {
            left.cmp(right)
        }
        (Value::Percent(left), Value::Percent(right)) => left.cmp(right),
        (Value::Text(left), Value::Text(right)) => left.cmp(right),
        (Value::Time(left), Value::Time(right)) => time::parse(left)?.cmp(&time::parse(right)?),
        (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) => {
            real(left)?.total_cmp(&real(right)?)
        }
        _ => return Err(no_operation("compared with", left, right)),
    };
    Ok(match comparison {
        Comparison::Less => order == Ordering::Less,
        Comparison::LessOrEqual => order != Ordering::Greater,
        Comparison::Greater => order == Ordering::Greater,
        Comparison::GreaterOrEqual => order != Ordering::Less,
        Comparison::Equal | Comparison::NotEqual => false,
    })
}

/// Negates a number.
pub(super) fn negate(value: Value) -> Result<Value, EvalError> {
    match value {
        Value::Int(value) => value.checked_neg().map(Value::Int).ok_or(EvalError::TooLarge),
        Value::Float(Real(value)) => Ok(Value::Float(Real(-value))),
        Value::Percent(Real(value)) => Ok(Value::Percent(Real(-value))),
        other => Err(mismatch(format!("`{other}` cannot be negated"))),
    }
}

/// Reads a number that must be finite.
pub(crate) fn finite(value: f64) -> Result<Real, EvalError> {
    // Zero has one sign, so that equal numbers are equal values.
    if value.is_finite() { Ok(Real(value + 0.0)) } else { Err(EvalError::TooLarge) }
}

/// A whole number or a fraction, as a fraction.
pub(super) fn real(value: &Value) -> Result<f64, EvalError> {
    match value {
        Value::Int(value) => Ok(*value as f64),
        Value::Float(Real(value)) => Ok(*value),
        other => Err(mismatch(format!("`{other}` is not a number"))),
    }
}

fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Int(whole), Value::Float(Real(fraction)))
        | (Value::Float(Real(fraction)), Value::Int(whole)) => *whole as f64 == *fraction,
        (Value::Float(Real(left)), Value::Float(Real(right))) => left == right,
        (Value::Time(left), Value::Time(right)) => match (time::parse(left), time::parse(right)) {
            (Ok(left), Ok(right)) => left == right,
            (Err(_), _) | (_, Err(_)) => left == right,
        },
        _ => left == right,
    }
}

fn plus(left: Value, right: Value) -> Result<Value, EvalError> {
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => {
            left.checked_add(right).map(Value::Int).ok_or(EvalError::TooLarge)
        }
        (Value::Duration(left), Value::Duration(right)) => {
            left.checked_add(right).map(Value::Duration).ok_or(EvalError::TooLarge)
        }
        (Value::Size(left), Value::Size(right)) => {
            left.checked_add(right).map(Value::Size).ok_or(EvalError::TooLarge)
        }
        (Value::Percent(Real(left)), Value::Percent(Real(right))) => finite(left + right).map(Value::Percent),
        (Value::Time(moment), Value::Duration(ms)) | (Value::Duration(ms), Value::Time(moment)) => {
            shift(&moment, i64::try_from(ms).map_err(|_| EvalError::TooLarge)?)
        }
        (Value::Text(left), Value::Text(right)) => bounded_text(left + &right),
        (Value::List(mut left), Value::List(right)) => {
            left.extend(right);
            if left.len() > COMPUTED_MAX { Err(EvalError::TooLarge) } else { Ok(Value::List(left)) }
        }
        (left @ (Value::Int(_) | Value::Float(_)), right @ (Value::Int(_) | Value::Float(_))) => {
            finite(real(&left)? + real(&right)?).map(Value::Float)
        }
        (left, right) => Err(no_operation("added to", &left, &right)),
    }
}

fn minus(left: Value, right: Value) -> Result<Value, EvalError> {
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => {
            left.checked_sub(right).map(Value::Int).ok_or(EvalError::TooLarge)
        }
        (Value::Duration(left), Value::Duration(right)) => left
            .checked_sub(right)
            .map(Value::Duration)
            .ok_or_else(|| mismatch("a duration cannot be less than none".into())),
        (Value::Size(left), Value::Size(right)) => left
            .checked_sub(right)
            .map(Value::Size)
            .ok_or_else(|| mismatch("a size cannot be less than none".into())),
        (Value::Percent(Real(left)), Value::Percent(Real(right))) => finite(left - right).map(Value::Percent),
        (Value::Time(left), Value::Time(right)) => {
            let ms = time::parse(&left)?.checked_sub(time::parse(&right)?).ok_or(EvalError::TooLarge)?;
            u64::try_from(ms).map(Value::Duration).map_err(|_| {
                mismatch(format!("`{left}` is before `{right}`: the distance would be less than none"))
            })
        }
        (Value::Time(moment), Value::Duration(ms)) => {
            shift(&moment, -i64::try_from(ms).map_err(|_| EvalError::TooLarge)?)
        }
        (left @ (Value::Int(_) | Value::Float(_)), right @ (Value::Int(_) | Value::Float(_))) => {
            finite(real(&left)? - real(&right)?).map(Value::Float)
        }
        (left, right) => Err(no_operation("reduced by", &left, &right)),
    }
}

fn times(left: Value, right: Value) -> Result<Value, EvalError> {
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => {
            left.checked_mul(right).map(Value::Int).ok_or(EvalError::TooLarge)
        }
        (Value::Percent(Real(share)), Value::Size(of)) | (Value::Size(of), Value::Percent(Real(share))) => {
            scale(of, share / 100.0).map(Value::Size)
        }
        (Value::Percent(Real(share)), Value::Duration(of))
        | (Value::Duration(of), Value::Percent(Real(share))) => scale(of, share / 100.0).map(Value::Duration),
        (Value::Percent(Real(share)), number @ (Value::Int(_) | Value::Float(_)))
        | (number @ (Value::Int(_) | Value::Float(_)), Value::Percent(Real(share))) => {
            finite(real(&number)? * share / 100.0).map(Value::Float)
        }
        (Value::Duration(amount), factor @ (Value::Int(_) | Value::Float(_)))
        | (factor @ (Value::Int(_) | Value::Float(_)), Value::Duration(amount)) => {
            scale(amount, real(&factor)?).map(Value::Duration)
        }
        (Value::Size(amount), factor @ (Value::Int(_) | Value::Float(_)))
        | (factor @ (Value::Int(_) | Value::Float(_)), Value::Size(amount)) => {
            scale(amount, real(&factor)?).map(Value::Size)
        }
        (left @ (Value::Int(_) | Value::Float(_)), right @ (Value::Int(_) | Value::Float(_))) => {
            finite(real(&left)? * real(&right)?).map(Value::Float)
        }
        (left, right) => Err(no_operation("multiplied by", &left, &right)),
    }
}

fn divide(left: Value, right: Value) -> Result<Value, EvalError> {
    let over = |left: f64, right: f64| {
        if right == 0.0 { Err(EvalError::DivisionByZero) } else { finite(left / right) }
    };
    match (left, right) {
        // Whole numbers give a whole number, rounded toward zero, as most readers expect of counts.
        (Value::Int(_), Value::Int(0)) => Err(EvalError::DivisionByZero),
        (Value::Int(left), Value::Int(right)) => {
            left.checked_div(right).map(Value::Int).ok_or(EvalError::TooLarge)
        }
        (Value::Duration(left), Value::Duration(right)) | (Value::Size(left), Value::Size(right)) => {
            over(left as f64, right as f64).map(Value::Float)
        }
        (Value::Percent(Real(left)), Value::Percent(Real(right))) => over(left, right).map(Value::Float),
        (Value::Duration(amount), by @ (Value::Int(_) | Value::Float(_))) => {
            over(1.0, real(&by)?).and_then(|Real(factor)| scale(amount, factor)).map(Value::Duration)
        }
        (Value::Size(amount), by @ (Value::Int(_) | Value::Float(_))) => {
            over(1.0, real(&by)?).and_then(|Real(factor)| scale(amount, factor)).map(Value::Size)
        }
        (left @ (Value::Int(_) | Value::Float(_)), right @ (Value::Int(_) | Value::Float(_))) => {
            over(real(&left)?, real(&right)?).map(Value::Float)
        }
        (left, right) => Err(no_operation("divided by", &left, &right)),
    }
}

fn matches(left: Value, right: Value) -> Result<Value, EvalError> {
    match (left, right) {
        (Value::Text(text), Value::Text(pattern)) => {
            let pattern = regex::RegexBuilder::new(&pattern)
                .size_limit(PATTERN_BYTES_MAX)
                .build()
                .map_err(|error| mismatch(format!("`{pattern}` is not a pattern: {error}")))?;
            Ok(Value::Bool(pattern.is_match(&text)))
        }
        (left, right) => Err(no_operation("matched with", &left, &right)),
    }
}

fn shift(moment: &str, ms: i64) -> Result<Value, EvalError> {
    let shifted = time::parse(moment)?.checked_add(ms).ok_or(EvalError::TooLarge)?;
    // Year 9999 is the last that RFC 3339 can write.
    if !(-62_167_219_200_000..253_402_300_800_000).contains(&shifted) {
        return Err(EvalError::TooLarge);
    }
    Ok(Value::Time(time::write(shifted)))
}

fn scale(amount: u64, factor: f64) -> Result<u64, EvalError> {
    let scaled = (amount as f64 * factor).round();
    if (0.0..u64::MAX as f64).contains(&scaled) {
        return Ok(scaled as u64);
    }
    if scaled < 0.0 {
        Err(mismatch("the result would be less than none".into()))
    } else {
        Err(EvalError::TooLarge)
    }
}

fn bounded_text(text: String) -> Result<Value, EvalError> {
    if text.len() > COMPUTED_MAX { Err(EvalError::TooLarge) } else { Ok(Value::Text(text)) }
}

fn no_operation(done: &str, left: &Value, right: &Value) -> EvalError {
    mismatch(format!("`{left}` cannot be {done} `{right}`"))
}
