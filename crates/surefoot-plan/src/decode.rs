//! Output, and text that people give, become values: strictly.
//!
//! In: how the output is read, the type that is wanted, and the bytes.
//! Out: a value of that type, or why there is none, as a fragment a person can read.
//!
//! An empty answer, or two rows where one is meant, is no answer: a fact read from it is unknown.

use std::collections::{BTreeMap, BTreeSet};

use crate::eval::{finite, moment, size_unit};
use crate::{Decoder, Name, Type, Value};

/// Most bytes of output that are read as a value. More is kept as output, but is no answer.
pub const DECODED_BYTES_MAX: usize = 4 << 20;

/// Most bytes of an answer that a message repeats.
const QUOTED_MAX: usize = 60;

/// Reads what a program printed as a value of a type.
///
/// [`Decoder::Exit`] reads no output: see [`decode_exit`].
pub fn decode(decoder: &Decoder, wanted: &Type, output: &[u8]) -> Result<Value, String> {
    if output.len() > DECODED_BYTES_MAX {
        return Err(format!("it printed {} bytes; at most {DECODED_BYTES_MAX} are read", output.len()));
    }
    if let Decoder::Nothing = decoder {
        return Ok(Value::None);
    }
    let text = std::str::from_utf8(output).map_err(|error| {
        format!("it printed something that is not UTF-8 text (at byte {})", error.valid_up_to())
    })?;
    match decoder {
        Decoder::Nothing => Ok(Value::None),
        Decoder::Exit { .. } => Err("its exit is read, not what it prints".into()),
        Decoder::Text => whole_text(wanted, without_last_break(text)),
        Decoder::Lines => lines(wanted, text),
        Decoder::Int => one_line(wanted, &Type::Int, text),
        Decoder::Float => one_line(wanted, &Type::Float, text),
        Decoder::Bool => one_line(wanted, &Type::Bool, text),
        Decoder::Size => one_line(wanted, &Type::Size, text),
        Decoder::Json => {
            let json = serde_json::from_str(text).map_err(|error| match text.trim() {
                "" => "it printed nothing where JSON is meant".to_owned(),
                _ => format!("it printed no JSON: {error}"),
            })?;
            from_json(wanted, json, "it")
        }
        Decoder::Table => table(wanted, text),
    }
}

/// Reads a program's exit as yes or no: 0 yes, these no, any other no answer.
pub fn decode_exit(exit: i32, false_on: &BTreeSet<i32>) -> Result<Value, String> {
    match exit {
        0 => Ok(Value::Bool(true)),
        exit if false_on.contains(&exit) => Ok(Value::Bool(false)),
        exit => Err(format!("it ended with exit {exit}, which says neither yes nor no")),
    }
}

/// Reads one value of a type from text, as a person writes it: an input, an answer.
pub fn parse_text(wanted: &Type, text: &str) -> Result<Value, String> {
    let word = text.trim();
    let no = |what: &str| format!("{} is not {what}", quoted(text));
    match wanted {
        Type::Text => Ok(Value::Text(text.to_owned())),
        Type::Int => word.parse().map(Value::Int).map_err(|_| no("a whole number")),
        Type::Float => {
            number(word).and_then(|n| finite(n).ok()).map(Value::Float).ok_or_else(|| no("a number"))
        }
        Type::Bool => match word.to_ascii_lowercase().as_str() {
            "true" | "t" | "yes" | "on" | "1" => Ok(Value::Bool(true)),
            "false" | "f" | "no" | "off" | "0" => Ok(Value::Bool(false)),
            _ => Err(no("a yes or no")),
        },
        Type::Duration => {
            amount(word, duration_unit).map(Value::Duration).ok_or_else(|| no("a duration, such as 30s"))
        }
        Type::Size => match word.parse() {
            Ok(bytes) => Ok(Value::Size(bytes)),
            Err(_) => amount(word, size_unit).map(Value::Size).ok_or_else(|| no("a size, such as 16MiB")),
        },
        Type::Percent => {
            let share = number(word.strip_suffix('%').unwrap_or(word)).and_then(|share| finite(share).ok());
            share.map(Value::Percent).ok_or_else(|| no("a share, such as 5%"))
        }
        Type::Time => {
            moment(word).map(|_| Value::Time(word.to_owned())).map_err(|_| no("a moment (RFC 3339)"))
        }
        Type::Port => match word.parse::<u16>() {
            Ok(port) if port > 0 => Ok(Value::Int(i64::from(port))),
            Ok(_) | Err(_) => Err(no("a port, 1 to 65535")),
        },
        Type::Host => {
            let allowed = |c: char| c.is_ascii_alphanumeric() || ".-_:[]%".contains(c);
            let host =
                !word.is_empty() && word.len() <= 255 && !word.starts_with('-') && word.chars().all(allowed);
            if host { Ok(Value::Text(word.to_owned())) } else { Err(no("a host's name or address")) }
        }
        Type::Path | Type::Url => {
            let line = !text.is_empty() && !text.contains(['\0', '\n']);
            if line { Ok(Value::Text(text.to_owned())) } else { Err(no("a path or URL")) }
        }
        Type::OneOf(words) => {
            if words.iter().any(|allowed| allowed == word) {
                return Ok(Value::Text(word.to_owned()));
            }
            Err(no(&format!("one of {}", words.join(", "))))
        }
        Type::Json => {
            let json = serde_json::from_str(word).map_err(|error| no(&format!("JSON: {error}")))?;
            from_json(wanted, json, "it")
        }
        Type::List(_) | Type::Record(_) => {
            let json = serde_json::from_str(word).map_err(|_| no("a list or record in JSON"))?;
            from_json(wanted, json, "it")
        }
        Type::Optional(inner) => {
            if word.is_empty() || word == "none" {
                return Ok(Value::None);
            }
            parse_text(inner, text)
        }
    }
}

/// Returns whether a value is one of a type.
pub fn is_of_type(value: &Value, wanted: &Type) -> bool {
    match (wanted, value) {
        (Type::Optional(_), Value::None) => true,
        (Type::Optional(inner), value) => is_of_type(value, inner),
        (Type::Json, value) => !matches!(value, Value::Secret(_)),
        // What a secret input holds is checked where it is read.
        (Type::Text | Type::Host | Type::Path | Type::Url, Value::Text(_) | Value::Secret(_)) => true,
        (Type::OneOf(words), Value::Text(text)) => words.contains(text),
        (Type::Port, Value::Int(port)) => (1..=65_535).contains(port),
        (Type::Int, Value::Int(_))
        | (Type::Float, Value::Float(_) | Value::Int(_))
        | (Type::Bool, Value::Bool(_))
        | (Type::Duration, Value::Duration(_))
        | (Type::Size, Value::Size(_))
        | (Type::Percent, Value::Percent(_))
        | (Type::Time, Value::Time(_)) => true,
        (Type::List(inner), Value::List(items)) => items.iter().all(|item| is_of_type(item, inner)),
        (Type::Record(fields), Value::Record(found)) => {
            fields.iter().all(|(name, inner)| match found.get(name) {
                Some(value) => is_of_type(value, inner),
                None => matches!(inner, Type::Optional(_)),
            })
        }
        (_, _) => false,
    }
}

/// Turns JSON into a value of a type. Fields of a record that its type does not name are left out.
pub fn from_json(wanted: &Type, json: serde_json::Value, place: &str) -> Result<Value, String> {
    use serde_json::Value as Json;
    match (wanted, json) {
        (Type::Optional(_), Json::Null) => Ok(Value::None),
        (Type::Optional(inner), json) => from_json(inner, json, place),
        (Type::Json, json) => any_json(json),
        (Type::Bool, Json::Bool(value)) => Ok(Value::Bool(value)),
        (Type::Int, Json::Number(number)) => number
            .as_i64()
            .map(Value::Int)
            .ok_or_else(|| format!("{place} is {number}, where a whole number is meant")),
        (Type::Port | Type::Size, Json::Number(number)) => parse_text(wanted, &number.to_string()),
        (Type::Float, Json::Number(number)) => float(&number).map(Value::Float),
        (Type::Percent, Json::Number(number)) => float(&number).map(Value::Percent),
        (
            Type::Text
            | Type::Host
            | Type::Path
            | Type::Url
            | Type::OneOf(_)
            | Type::Duration
            | Type::Size
            | Type::Percent
            | Type::Time,
            Json::String(text),
        ) => parse_text(wanted, &text).map_err(|why| format!("{place}: {why}")),
        (Type::List(inner), Json::Array(items)) => {
            let item = |(index, item)| from_json(inner, item, &format!("{place}[{index}]"));
            items.into_iter().enumerate().map(item).collect::<Result<_, _>>().map(Value::List)
        }
        (Type::Record(fields), Json::Object(mut found)) => {
            let mut record = BTreeMap::new();
            for (name, inner) in fields {
                let field = found.remove(name).unwrap_or(Json::Null);
                record.insert(name.clone(), from_json(inner, field, &format!("{place}.{name}"))?);
            }
            Ok(Value::Record(record))
        }
        (wanted, Json::Null) => {
            Err(format!("{place} is absent or null, where {} is meant", describe(wanted)))
        }
        (wanted, json) => {
            Err(format!("{place} is {}, where {} is meant", quoted(&json.to_string()), describe(wanted)))
        }
    }
}

/// Says what a type is, for a message.
pub fn describe(wanted: &Type) -> String {
    match wanted {
        Type::Text => "a text".into(),
        Type::Int => "a whole number".into(),
        Type::Float => "a number".into(),
        Type::Bool => "a yes or no".into(),
        Type::Duration => "a duration".into(),
        Type::Size => "a size".into(),
        Type::Percent => "a share".into(),
        Type::Time => "a moment".into(),
        Type::Host => "a host".into(),
        Type::Port => "a port".into(),
        Type::Path => "a path".into(),
        Type::Url => "a URL".into(),
        Type::Json => "JSON".into(),
        Type::List(_) => "a list".into(),
        Type::Record(_) => "a record".into(),
        Type::OneOf(words) => format!("one of {}", words.join(", ")),
        Type::Optional(inner) => format!("{} or nothing", describe(inner)),
    }
}

fn whole_text(wanted: &Type, text: &str) -> Result<Value, String> {
    match wanted {
        Type::Text | Type::Json => Ok(Value::Text(text.to_owned())),
        Type::Optional(inner) if text.is_empty() => match **inner {
            Type::Text => Ok(Value::Text(String::new())),
            _ => Ok(Value::None),
        },
        Type::Optional(inner) => whole_text(inner, text),
        wanted => parse_text(wanted, single(text, wanted)?),
    }
}

/// Reads the one line there is. `natural` is what the decoder names; the type may be narrower.
fn one_line(wanted: &Type, natural: &Type, text: &str) -> Result<Value, String> {
    match wanted {
        Type::Optional(_) if text.trim().is_empty() => Ok(Value::None),
        Type::Optional(inner) => one_line(inner, natural, text),
        Type::Port | Type::Percent | Type::Float | Type::Int | Type::Bool | Type::Size | Type::Duration => {
            let line = single(text, wanted)?;
            // Read as the decoder says first, so that `int` never accepts what only the type would.
            let value = parse_text(natural, line)?;
            match (wanted, value) {
                (Type::Duration, _) => Err("a number has no unit; multiply it by one, as in `1s * …`".into()),
                (Type::Float, Value::Int(value)) => {
                    finite(value as f64).map(Value::Float).map_err(|e| e.to_string())
                }
                (Type::Size, Value::Int(_)) | (Type::Port, Value::Int(_)) | (Type::Percent, _) => {
                    parse_text(wanted, line)
                }
                (wanted, value) if is_of_type(&value, wanted) => Ok(value),
                (wanted, value) => Err(format!("`{value}` is not {}", describe(wanted))),
            }
        }
        Type::Text
        | Type::Time
        | Type::Host
        | Type::Path
        | Type::Url
        | Type::Json
        | Type::List(_)
        | Type::Record(_)
        | Type::OneOf(_) => parse_text(natural, single(text, natural)?),
    }
}

fn lines(wanted: &Type, text: &str) -> Result<Value, String> {
    let inner = match wanted {
        Type::List(inner) => inner,
        _ => &Type::Text,
    };
    let line = |(index, line)| parse_text(inner, line).map_err(|why| format!("line {}: {why}", index + 1));
    text.lines().enumerate().map(line).collect::<Result<_, _>>().map(Value::List)
}

/// Reads a table: tabs or bars separate columns if the first line has them, else blanks do, and the last
/// column takes what is left of its line.
fn table(wanted: &Type, text: &str) -> Result<Value, String> {
    let any = BTreeMap::new();
    let fields = match wanted {
        Type::List(inner) => match &**inner {
            Type::Record(fields) => fields,
            _ => &any,
        },
        _ => &any,
    };
    let mut rows = text.lines().filter(|line| !line.trim().is_empty());
    let head = rows.next().ok_or("it printed nothing where a table is meant")?;
    let separator = ['\t', '|'].into_iter().find(|separator| head.contains(*separator));
    let names = cells(head, separator, usize::MAX);
    let mut records = Vec::new();
    for (index, row) in rows.enumerate() {
        let found = cells(row, separator, names.len());
        if found.len() != names.len() {
            let (has, wants) = (found.len(), names.len());
            return Err(format!(
                "row {} of the table has {has} columns, where its head has {wants}",
                index + 1
            ));
        }
        records.push(record(fields, &names, &found, index + 1)?);
    }
    Ok(Value::List(records))
}

fn record(
    fields: &BTreeMap<Name, Type>,
    names: &[&str],
    found: &[&str],
    row: usize,
) -> Result<Value, String> {
    let pairs = names.iter().zip(found);
    if fields.is_empty() {
        return Ok(Value::Record(
            pairs.map(|(name, cell)| ((*name).into(), Value::Text((*cell).into()))).collect(),
        ));
    }
    let field = |(name, wanted): (&Name, &Type)| {
        let cell = pairs.clone().find(|(head, _)| *head == name).map(|(_, cell)| *cell);
        let cell = cell.ok_or_else(|| format!("the table has no column `{name}`"))?;
        let value = parse_text(wanted, cell).map_err(|why| format!("row {row}, column `{name}`: {why}"))?;
        Ok((name.clone(), value))
    };
    fields.iter().map(field).collect::<Result<_, String>>().map(Value::Record)
}

fn cells(line: &str, separator: Option<char>, most: usize) -> Vec<&str> {
    if let Some(separator) = separator {
        return line.split(separator).map(str::trim).collect();
    }
    let mut cells = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() {
        let end = if cells.len() + 1 == most { None } else { rest.find(char::is_whitespace) };
        let (cell, after) = rest.split_at(end.unwrap_or(rest.len()));
        cells.push(cell);
        rest = after.trim_start();
    }
    cells
}

fn any_json(json: serde_json::Value) -> Result<Value, String> {
    use serde_json::Value as Json;
    Ok(match json {
        Json::Null => Value::None,
        Json::Bool(value) => Value::Bool(value),
        Json::Number(number) => match number.as_i64() {
            Some(value) => Value::Int(value),
            None => Value::Float(float(&number)?),
        },
        Json::String(text) => Value::Text(text),
        Json::Array(items) => Value::List(items.into_iter().map(any_json).collect::<Result<_, _>>()?),
        Json::Object(fields) => {
            let field = |(name, value)| any_json(value).map(|value| (name, value));
            Value::Record(fields.into_iter().map(field).collect::<Result<_, _>>()?)
        }
    })
}

fn float(number: &serde_json::Number) -> Result<crate::Real, String> {
    let value = number.as_f64().ok_or_else(|| format!("{number} is too large"))?;
    finite(value).map_err(|_| format!("{number} is too large"))
}

/// A number in digits: `nan`, `inf` and the like are not.
fn number(text: &str) -> Option<f64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    if digits { text.parse().ok() } else { None }
}

/// A number with a unit.
fn amount(text: &str, unit: fn(&str) -> Option<u64>) -> Option<u64> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (digits, name) = text.split_at(split);
    let one = unit(name.trim_start())?;
    if let Ok(whole) = digits.parse::<u64>() {
        return whole.checked_mul(one);
    }
    let scaled = number(digits)? * one as f64;
    if scaled < u64::MAX as f64 { Some(scaled.round() as u64) } else { None }
}

fn duration_unit(unit: &str) -> Option<u64> {
    Some(match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    })
}

/// The one line of a text that should have one.
fn single<'a>(text: &'a str, wanted: &Type) -> Result<&'a str, String> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let what = describe(wanted);
    let line = lines.next().ok_or_else(|| format!("it printed nothing where {what} is meant"))?;
    match lines.count() {
        0 => Ok(line),
        more => Err(format!("it printed {} lines where one with {what} is meant", more + 1)),
    }
}

fn without_last_break(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

fn quoted(text: &str) -> String {
    let end = text.char_indices().map(|(at, _)| at).take_while(|at| *at <= QUOTED_MAX).last().unwrap_or(0);
    match text.get(..end) {
        Some(start) if text.len() > QUOTED_MAX => format!("`{}…`", start.escape_debug()),
        Some(_) | None => format!("`{}`", text.escape_debug()),
    }
}

#[cfg(test)]
mod tests;
