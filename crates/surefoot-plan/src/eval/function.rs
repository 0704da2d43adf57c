//! The pure functions of the language.

use super::operator::{compare, finite, real};
use super::{COMPUTED_MAX, EvalError, mismatch};
use crate::value::Real;
use crate::{Comparison, Function, Value};

/// Calls a function.
pub(super) fn call(function: Function, arguments: Vec<Value>) -> Result<Value, EvalError> {
    let name = function.name();
    match (function, pad(arguments, name)?) {
        (Function::Count, [Value::List(items), Value::None, _]) => count(items.len()),
        (Function::Count, [Value::Record(fields), Value::None, _]) => count(fields.len()),
        (Function::Count, [Value::Text(text), Value::None, _]) => count(text.chars().count()),
        (Function::Join, [Value::List(items), separator, Value::None]) => {
            let separator = match separator {
                Value::None => String::new(),
                other => text(name, other)?,
            };
            bounded(items.iter().map(Value::to_string).collect::<Vec<_>>().join(&separator))
        }
        (Function::Split, [Value::Text(of), Value::Text(at), Value::None]) => {
            if at.is_empty() {
                return Err(mismatch("`split` needs something to split at".into()));
            }
            Ok(texts(of.split(at.as_str())))
        }
        (Function::Lines, [Value::Text(of), Value::None, _]) => Ok(texts(of.lines())),
        (Function::Columns, [Value::Text(of), Value::None, _]) => Ok(texts(of.split_whitespace())),
        (Function::First, [Value::List(items), Value::None, _]) => {
            Ok(items.into_iter().next().unwrap_or(Value::None))
        }
        (Function::Last, [Value::List(items), Value::None, _]) => {
            Ok(items.into_iter().next_back().unwrap_or(Value::None))
        }
        (Function::Trim, [Value::Text(of), Value::None, _]) => Ok(Value::Text(of.trim().to_owned())),
        (Function::Contains, [Value::Text(of), Value::Text(part), Value::None]) => {
            Ok(Value::Bool(of.contains(&part)))
        }
        (Function::Contains, [Value::List(items), item, Value::None]) => {
            let same = |found: &Value| compare(Comparison::Equal, found, &item) == Ok(true);
            Ok(Value::Bool(items.iter().any(same)))
        }
        (Function::StartsWith, [Value::Text(of), Value::Text(part), Value::None]) => {
            Ok(Value::Bool(of.starts_with(&part)))
        }
        (Function::EndsWith, [Value::Text(of), Value::Text(part), Value::None]) => {
            Ok(Value::Bool(of.ends_with(&part)))
        }
        (Function::Replace, [Value::Text(of), Value::Text(old), Value::Text(new)]) => {
            if old.is_empty() {
                return Err(mismatch("`replace` needs something to replace".into()));
            }
            let found = of.matches(&old).count();
            if of.len() + found.saturating_mul(new.len()) > COMPUTED_MAX {
                return Err(EvalError::TooLarge);
            }
            bounded(of.replace(&old, &new))
        }
        (Function::Lower, [Value::Text(of), Value::None, _]) => Ok(Value::Text(of.to_lowercase())),
        (Function::Upper, [Value::Text(of), Value::None, _]) => Ok(Value::Text(of.to_uppercase())),
        (Function::Json, [value, Value::None, _]) => bounded(json(&value)?.to_string()),
        (Function::Base64, [Value::Text(of), Value::None, _]) => bounded(base64(of.as_bytes())),
        (Function::InUnit, [amount, Value::Text(unit), Value::None]) => in_unit(&amount, &unit),
        (Function::Round, [Value::Int(value), Value::None, _]) => Ok(Value::Int(value)),
        (Function::Round, [Value::Float(Real(value)), Value::None, _]) => {
            let rounded = value.round();
            if rounded.abs() < 9.2e18 { Ok(Value::Int(rounded as i64)) } else { Err(EvalError::TooLarge) }
        }
        (Function::Min, arguments) => extreme(Comparison::Less, name, arguments),
        (Function::Max, arguments) => extreme(Comparison::Greater, name, arguments),
        (_, [first, second, third]) => {
            let given: Vec<String> = [first, second, third]
                .iter()
                .filter(|value| **value != Value::None)
                .map(|value| format!("`{value}`"))
                .collect();
            let given = if given.is_empty() { "nothing".to_owned() } else { given.join(", ") };
            Err(mismatch(format!("`{name}` cannot be applied to {given}")))
        }
    }
}

impl Function {
    /// Returns the function's name in the language.
    pub fn name(self) -> &'static str {
        match self {
            Function::Count => "count",
            Function::Join => "join",
            Function::Split => "split",
            Function::Lines => "lines",
            Function::Columns => "columns",
            Function::First => "first",
            Function::Last => "last",
            Function::Trim => "trim",
            Function::Contains => "contains",
            Function::StartsWith => "starts_with",
            Function::EndsWith => "ends_with",
            Function::Replace => "replace",
            Function::Lower => "lower",
            Function::Upper => "upper",
            Function::Json => "json",
            Function::Base64 => "base64",
            Function::InUnit => "in_unit",
            Function::Round => "round",
            Function::Min => "min",
            Function::Max => "max",
        }
    }
}

/// Fills up to three arguments with none. No function takes more.
fn pad(arguments: Vec<Value>, name: &str) -> Result<[Value; 3], EvalError> {
    let mut arguments = arguments.into_iter();
    let mut next = || arguments.next().unwrap_or(Value::None);
    let padded = [next(), next(), next()];
    match arguments.next() {
        Some(_) => Err(mismatch(format!("`{name}` takes at most three arguments; give it a list"))),
        None => Ok(padded),
    }
}

fn extreme(wanted: Comparison, name: &str, arguments: [Value; 3]) -> Result<Value, EvalError> {
    let items = match arguments {
        [Value::List(items), Value::None, Value::None] => items,
        arguments => arguments.into_iter().filter(|argument| *argument != Value::None).collect(),
    };
    let mut items = items.into_iter();
    let mut best = items.next().ok_or_else(|| mismatch(format!("`{name}` of nothing")))?;
    for item in items {
        if compare(wanted, &item, &best)? {
            best = item;
        }
    }
    Ok(best)
}

fn in_unit(amount: &Value, unit: &str) -> Result<Value, EvalError> {
    let (amount_of, one) = match (amount, unit) {
        (Value::Duration(ms), "ms") => (*ms, 1_u64),
        (Value::Duration(ms), "s") => (*ms, 1_000),
        (Value::Duration(ms), "m") => (*ms, 60_000),
        (Value::Duration(ms), "h") => (*ms, 3_600_000),
        (Value::Duration(ms), "d") => (*ms, 86_400_000),
        (Value::Size(bytes), unit) => (*bytes, size_unit(unit).ok_or_else(|| no_unit(amount, unit))?),
        (Value::Percent(share), "%") => return Ok(Value::Float(*share)),
        _ => return Err(no_unit(amount, unit)),
    };
    finite(real(&Value::Float(Real(amount_of as f64)))? / one as f64).map(Value::Float)
}

/// The bytes of a unit of size.
pub(crate) fn size_unit(unit: &str) -> Option<u64> {
    Some(match unit {
        "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        _ => return None,
    })
}

fn no_unit(amount: &Value, unit: &str) -> EvalError {
    mismatch(format!("`{amount}` cannot be given in `{unit}`"))
}

fn count(count: usize) -> Result<Value, EvalError> {
    i64::try_from(count).map(Value::Int).map_err(|_| EvalError::TooLarge)
}

fn texts<'a>(parts: impl Iterator<Item = &'a str>) -> Value {
    Value::List(parts.map(|part| Value::Text(part.to_owned())).collect())
}

fn text(name: &str, value: Value) -> Result<String, EvalError> {
    match value {
        Value::Text(text) => Ok(text),
        other => Err(mismatch(format!("`{name}` needs a text, not `{other}`"))),
    }
}

fn bounded(text: String) -> Result<Value, EvalError> {
    if text.len() > COMPUTED_MAX { Err(EvalError::TooLarge) } else { Ok(Value::Text(text)) }
}

/// Writes a value as JSON: a size in bytes, a share as its number, a duration as in a runbook.
fn json(value: &Value) -> Result<serde_json::Value, EvalError> {
    Ok(match value {
        Value::None => serde_json::Value::Null,
        Value::Bool(value) => (*value).into(),
        Value::Int(value) => (*value).into(),
        Value::Float(Real(value)) | Value::Percent(Real(value)) => (*value).into(),
        Value::Size(bytes) => (*bytes).into(),
        Value::Text(text) | Value::Time(text) => text.as_str().into(),
        Value::Duration(_) => value.to_string().into(),
        Value::List(items) => items.iter().map(json).collect::<Result<Vec<_>, _>>()?.into(),
        Value::Record(fields) => {
            let field = |(name, value)| Ok((String::clone(name), json(value)?));
            fields.iter().map(field).collect::<Result<serde_json::Map<_, _>, EvalError>>()?.into()
        }
        Value::Secret(name) => return Err(EvalError::Secret(name.clone())),
    })
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0_u32, |group, byte| group << 8 | u32::from(*byte));
        let group = group << (8 * (3 - chunk.len()));
        for position in 0..4 {
            let index = (group >> (18 - 6 * position)) as usize & 63;
            let letter = if position <= chunk.len() { LETTERS.get(index).copied() } else { None };
            text.push(letter.map_or('=', char::from));
        }
    }
    text
}
