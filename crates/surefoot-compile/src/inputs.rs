//! Inputs as they are given, and as values of their types.

use std::collections::BTreeMap;

use surefoot_plan::{Name, Real, Type, Value};

use crate::types;

/// What is given for the parameters of a runbook.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// By the parameter's name.
    pub values: BTreeMap<Name, Given>,
}

/// One given value.
#[derive(Clone, Debug)]
pub enum Given {
    /// As typed by a person, who writes neither quotes nor brackets: `primary=db1`, `nodes=a,b`.
    Text(String),
    /// As read from a file of inputs.
    Json(serde_json::Value),
}

impl Inputs {
    /// Makes inputs of texts as typed.
    pub fn from_texts<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Inputs {
        let values = texts.into_iter().map(|(name, text)| (name.to_owned(), Given::Text(text.to_owned())));
        Inputs { values: values.collect() }
    }
}

impl Given {
    /// Returns the value of the type that it is for, or why it is none.
    pub(crate) fn to_value(&self, wanted: &Type) -> Result<Value, String> {
        match self {
            Given::Text(text) => from_text(text, wanted),
            Given::Json(json) => from_json(json, wanted),
        }
    }

    /// Returns what was given, for a message.
    pub(crate) fn shown(&self) -> String {
        match self {
            Given::Text(text) => format!("{text:?}"),
            Given::Json(json) => json.to_string(),
        }
    }
}

/// Reads what a person typed.
fn from_text(text: &str, wanted: &Type) -> Result<Value, String> {
    let text = if textual(wanted) { text } else { text.trim() };
    match wanted {
        Type::Text | Type::Host | Type::Path | Type::Url | Type::Time | Type::OneOf(_) => {
            types::convert(Value::Text(text.to_owned()), wanted)
        }
        Type::Int | Type::Port => {
            let number: i64 = text.parse().map_err(|_| format!("{text:?} is no whole number"))?;
            types::convert(Value::Int(number), wanted)
        }
        Type::Float => float(text).map(Value::Float),
        Type::Percent => {
            let number = text.strip_suffix('%').ok_or_else(|| "a percentage is written as 5%".to_owned())?;
            float(number.trim()).map(Value::Percent)
        }
        Type::Bool => match text {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err("it is either true or false".to_owned()),
        },
        Type::Duration => amount(text, DURATION_UNITS)
            .map(Value::Duration)
            .ok_or_else(|| "a duration has a unit: 500ms, 10s, 5m, 2h, 90d".to_owned()),
        Type::Size => amount(text, SIZE_UNITS)
            .map(Value::Size)
            .ok_or_else(|| "a size has a unit: 512B, 64KiB, 512MiB, 10GB".to_owned()),
        Type::Json => serde_json::from_str(text)
            .map_err(|error| format!("it is no JSON: {error}"))
            .and_then(|json| from_json(&json, wanted)),
        Type::List(_) | Type::Record(_) if text.starts_with(['[', '{']) => serde_json::from_str(text)
            .map_err(|error| format!("it is no JSON: {error}"))
            .and_then(|json| from_json(&json, wanted)),
        Type::List(_) if text.is_empty() => Ok(Value::List(Vec::new())),
        Type::List(item) => {
            let items: Result<Vec<Value>, String> =
                text.split(',').map(|part| from_text(part.trim(), item)).collect();
            items.map(Value::List)
        }
        Type::Record(_) => Err("a record is given as JSON: {\"name\": \"value\"}".to_owned()),
        Type::Optional(_) if text == "none" => Ok(Value::None),
        Type::Optional(inner) => from_text(text, inner),
    }
}

fn textual(wanted: &Type) -> bool {
    matches!(wanted, Type::Text)
}

fn float(text: &str) -> Result<Real, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Real(number)),
        Ok(_) | Err(_) => Err(format!("{text:?} is no number")),
    }
}

const DURATION_UNITS: &[(&str, u64)] =
    &[("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

const SIZE_UNITS: &[(&str, u64)] = &[
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("B", 1),
];

/// Reads a whole number with its unit.
fn amount(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim())?;
    number.checked_mul(*factor)
}

/// Reads a value of a file of inputs.
fn from_json(json: &serde_json::Value, wanted: &Type) -> Result<Value, String> {
    use serde_json::Value as Json;
    match (json, wanted) {
        (Json::Null, Type::Optional(_) | Type::Json) => Ok(Value::None),
        (Json::Null, _) => Err("nothing is given".to_owned()),
        (json, Type::Optional(inner)) => from_json(json, inner),
        (Json::Bool(value), Type::Bool | Type::Json) => Ok(Value::Bool(*value)),
        (Json::Number(number), Type::Float | Type::Json) if number.as_i64().is_none() => number
            .as_f64()
            .map(|number| Value::Float(Real(number)))
            .ok_or_else(|| "it is no number".to_owned()),
        (Json::Number(number), Type::Int | Type::Port | Type::Float | Type::Json) => number
            .as_i64()
            .ok_or_else(|| "it is too large".to_owned())
            .and_then(|number| types::convert(Value::Int(number), wanted)),
        // JSON has no durations, sizes or times: they are texts, written as a person types them.
        (Json::String(text), Type::Json) => Ok(Value::Text(text.clone())),
        (
            Json::String(text),
            Type::Text
            | Type::Host
            | Type::Path
            | Type::Url
            | Type::Time
            | Type::OneOf(_)
            | Type::Duration
            | Type::Size
            | Type::Percent,
        ) => from_text(text, wanted),
        (Json::Array(items), Type::List(inner)) => {
            let items: Result<Vec<Value>, String> = items.iter().map(|item| from_json(item, inner)).collect();
            items.map(Value::List)
        }
        (Json::Array(items), Type::Json) => {
            let items: Result<Vec<Value>, String> =
                items.iter().map(|item| from_json(item, wanted)).collect();
            items.map(Value::List)
        }
        (Json::Object(fields), Type::Json) => {
            let fields: Result<BTreeMap<Name, Value>, String> = fields
                .iter()
                .map(|(name, field)| from_json(field, wanted).map(|field| (name.clone(), field)))
                .collect();
            fields.map(Value::Record)
        }
        (Json::Object(fields), Type::Record(types)) => {
            let mut record = BTreeMap::new();
            for (name, field) in fields {
                let Some(wanted) = types.get(name) else {
                    return Err(format!("it has a field `{name}` that is not known"));
                };
                record.insert(
                    name.clone(),
                    from_json(field, wanted).map_err(|why| format!("in `{name}`: {why}"))?,
                );
            }
            types::convert(Value::Record(record), wanted)
        }
        (Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) | Json::Object(_), wanted) => {
            Err(format!("{} is meant", types::with_article(wanted)))
        }
    }
}

#[cfg(test)]
mod tests;
