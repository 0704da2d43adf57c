//! Reads what the operator gives a runbook's parameters, by their types.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use surefoot_plan::{Input, InputValue, Name, Type, Value, parse_text};

use crate::error::CommandError;

/// Most items a list may have on the command line. A longer one is data, and belongs in a file.
const ITEMS_MAX: usize = 1_000;

/// Reads each `NAME=VALUE` as the type of its parameter.
///
/// A relative path is taken from `folder`, the one the operator is in: a plan must not depend on where
/// it is resumed.
pub(crate) fn read(
    given: &[String],
    inputs: &[Input],
    folder: &Path,
) -> Result<BTreeMap<Name, Value>, CommandError> {
    let mut values = BTreeMap::new();
    for pair in given {
        let (name, text) = pair.split_once('=').ok_or_else(|| {
            CommandError::usage(format!("`-p {pair}` has no `=`.")).hint("write `-p NAME=VALUE`")
        })?;
        let input = inputs.iter().find(|input| input.name == name).ok_or_else(|| {
            CommandError::usage(format!("the runbook has no parameter `{name}`.")).hint(names(inputs))
        })?;
        if let InputValue::SecretFromEnv(variable) = &input.value {
            // A secret on a command line is read by everybody who lists processes.
            return Err(CommandError::usage(format!(
                "`{name}` is secret and is never given on the command line."
            ))
            .hint(format!("set the environment variable {variable} instead")));
        }
        let value = value(text, &input.r#type, folder)
            .map_err(|why| CommandError::usage(format!("the parameter `{name}`: {why}.")))?;
        if values.insert(name.to_owned(), value).is_some() {
            return Err(CommandError::usage(format!("`{name}` is given twice.")));
        }
    }
    Ok(values)
}

/// The names of a runbook's parameters, as a hint.
fn names(inputs: &[Input]) -> String {
    if inputs.is_empty() {
        return "it takes none".to_owned();
    }
    let names: Vec<&str> = inputs.iter().map(|input| input.name.as_str()).collect();
    format!("it has {}", names.join(", "))
}

/// Reads a text as a type.
fn value(text: &str, r#type: &Type, folder: &Path) -> Result<Value, String> {
    match r#type {
        // On a command line a list of simple things is written with commas.
        Type::List(item) if !text.trim_start().starts_with('[') => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            items.map(|text| value(text, item, folder)).collect::<Result<_, _>>().and_then(list)
        }
        Type::List(_) => match located(parse_text(r#type, text)?, r#type, folder)? {
            Value::List(items) => list(items),
            other => Err(format!("`{other}` is not a list")),
        },
        Type::Optional(_) if text == "none" => Ok(Value::None),
        Type::Optional(inner) => value(text, inner, folder),
        r#type => located(parse_text(r#type, text)?, r#type, folder),
    }
}

/// Checks a list: its items differ, and are not too many.
fn list(items: Vec<Value>) -> Result<Value, String> {
    if items.len() > ITEMS_MAX {
        return Err(format!("it has {} items, and at most {ITEMS_MAX} are taken", items.len()));
    }
    // Lists are sets to the proofs: two items are two things.
    let mut seen = BTreeSet::new();
    match items.iter().find(|item| !seen.insert(*item)) {
        Some(twice) => Err(format!("`{twice}` is in it twice")),
        None => Ok(Value::List(items)),
    }
}

/// Makes every path in a value absolute.
fn located(value: Value, r#type: &Type, folder: &Path) -> Result<Value, String> {
    match (r#type, value) {
        (Type::Path, Value::Text(text)) => path(&text, folder),
        (Type::Optional(inner), value) => located(value, inner, folder),
        (Type::List(inner), Value::List(items)) => items
            .into_iter()
            .map(|item| located(item, inner, folder))
            .collect::<Result<_, _>>()
            .map(Value::List),
        (Type::Record(fields), Value::Record(values)) => {
            let field = |(name, value): (Name, Value)| match fields.get(&name) {
                Some(inner) => Ok((name, located(value, inner, folder)?)),
                None => Ok((name, value)),
            };
            values.into_iter().map(field).collect::<Result<_, _>>().map(Value::Record)
        }
        (_, value) => Ok(value),
    }
}

/// Makes a path absolute, without looking at the disk: `..` goes up by name.
fn path(text: &str, folder: &Path) -> Result<Value, String> {
    let mut whole = PathBuf::new();
    for component in folder.join(text).components() {
        match component {
            Component::ParentDir => {
                whole.pop();
            }
            Component::CurDir => {}
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => whole.push(component),
        }
    }
    let text = whole.into_os_string().into_string();
    text.map(Value::Text).map_err(|_| "the folder you are in is not UTF-8".to_owned())
}

#[cfg(test)]
mod tests;
