//! Reads `-p NAME=VALUE`: which parameter is meant, and where a relative path starts.
//!
//! What a value means is said by its type, and read in `surefoot-compile`.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use surefoot_compile::Inputs;
use surefoot_plan::{Input, InputValue, Type};

use crate::error::CommandError;

/// Splits each `NAME=VALUE` and finds its parameter.
///
/// A relative path is taken from `folder`, the one the operator is in: a plan must not depend on where
/// it is resumed.
pub(crate) fn read(given: &[String], inputs: &[Input], folder: &Path) -> Result<Inputs, CommandError> {
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for pair in given {
        let (name, text) = pair.split_once('=').ok_or_else(|| {
            CommandError::usage(format!("`-p {pair}` has no `=`.")).hint("write `-p NAME=VALUE`")
        })?;
        let input = inputs.iter().find(|input| input.name == name).ok_or_else(|| {
            CommandError::usage(format!("the runbook has no parameter `{name}`."))
                .did_you_mean(name, inputs.iter().map(|input| input.name.as_str()))
                .hint(names(inputs))
        })?;
        if let InputValue::SecretFromEnv(variable) = &input.value {
            // A secret on a command line is read by everybody who lists processes.
            return Err(CommandError::usage(format!(
                "`{name}` is secret and is never given on the command line."
            ))
            .hint(format!("set the environment variable {variable} instead")));
        }
        if texts.insert(name.to_owned(), located(text, &input.r#type, folder)).is_some() {
            return Err(CommandError::usage(format!("`{name}` is given twice.")));
        }
    }
    Ok(Inputs::from_texts(texts.iter().map(|(name, text)| (name.as_str(), text.as_str()))))
}

/// The names of a runbook's parameters, as a hint.
fn names(inputs: &[Input]) -> String {
    if inputs.is_empty() {
        return "it takes none".to_owned();
    }
    let names: Vec<&str> = inputs.iter().map(|input| input.name.as_str()).collect();
    format!("it has {}", names.join(", "))
}

/// Makes the paths in a text absolute.
fn located(text: &str, r#type: &Type, folder: &Path) -> String {
    match r#type {
        Type::Path if text.is_empty() => String::new(),
        Type::Path => absolute(text, folder),
        Type::Optional(_) if text == "none" => text.to_owned(),
        Type::Optional(inner) => located(text, inner, folder),
        Type::List(item) if !text.trim_start().starts_with('[') && !text.is_empty() => {
            let items = text.split(',').map(|part| located(part.trim(), item, folder));
            items.collect::<Vec<_>>().join(",")
        }
        Type::List(_)
        | Type::Text
        | Type::Int
        | Type::Float
        | Type::Bool
        | Type::Duration
        | Type::Size
        | Type::Percent
        | Type::Time
        | Type::Host
        | Type::Port
        | Type::Url
        | Type::Json
        | Type::Record(_)
        | Type::OneOf(_) => text.to_owned(),
    }
}

/// Makes a path absolute, without looking at the disk: `..` goes up by name.
fn absolute(text: &str, folder: &Path) -> String {
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
    whole.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests;
