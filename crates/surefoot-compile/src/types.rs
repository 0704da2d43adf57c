//! Types where the compiler meets them: how they are called, and what fits where.

use surefoot_plan::{Real, Type, Value};

/// A type, or nothing that could be told: an error was reported, and no second one follows from it.
pub(crate) type Ty = Option<Type>;

/// Returns how an author writes a type.
pub(crate) fn shown(r#type: &Type) -> String {
    match r#type {
        Type::Text => "text".to_owned(),
        Type::Int => "int".to_owned(),
        Type::Float => "float".to_owned(),
        Type::Bool => "bool".to_owned(),
        Type::Duration => "duration".to_owned(),
        Type::Size => "size".to_owned(),
        Type::Percent => "percent".to_owned(),
        Type::Time => "time".to_owned(),
        Type::Host => "host".to_owned(),
        Type::Port => "port".to_owned(),
        Type::Path => "path".to_owned(),
        Type::Url => "url".to_owned(),
        Type::Json => "json".to_owned(),
        Type::List(item) => format!("list of {}", shown(item)),
        Type::Record(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(name, field)| format!("{name}: {}", shown(field))).collect();
            format!("{{ {} }}", fields.join(", "))
        }
        Type::OneOf(words) => {
            let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
            format!("one of {}", words.join(", "))
        }
        Type::Optional(inner) => format!("{}?", shown(inner)),
    }
}

/// Whether a value of one type may stand where another is meant.
///
/// JSON fits everywhere and takes everything: what it really is shows when it is read, and is
/// checked there.
pub(crate) fn fits(given: &Type, wanted: &Type) -> bool {
    match (given, wanted) {
        (Type::Json, _) | (_, Type::Json) => true,
        (Type::Optional(given), Type::Optional(wanted)) => fits(given, wanted),
        (given, Type::Optional(wanted)) => fits(given, wanted),
        (Type::Int | Type::Port, Type::Int | Type::Port | Type::Float) => true,
        (Type::Host | Type::Path | Type::Url | Type::OneOf(_) | Type::Time, Type::Text) => true,
        (Type::OneOf(given), Type::OneOf(wanted)) => given.iter().all(|word| wanted.contains(word)),
        (Type::List(given), Type::List(wanted)) => fits(given, wanted),
        (Type::Record(given), Type::Record(wanted)) => wanted.iter().all(|(name, field)| {
            given.get(name).map_or(matches!(field, Type::Optional(_)), |given| fits(given, field))
        }),
        (given, wanted) => given == wanted,
    }
}

/// Whether two values can be compared with `==`.
pub(crate) fn comparable(a: &Type, b: &Type) -> bool {
    let textual = |r#type: &Type| fits(r#type, &Type::Text);
    fits(a, b) || fits(b, a) || (textual(a) && textual(b))
}

/// Whether values of a type have an order.
pub(crate) fn ordered(r#type: &Type) -> bool {
    match r#type {
        Type::Int | Type::Float | Type::Duration | Type::Size | Type::Percent | Type::Time | Type::Port => {
            true
        }
        Type::Text | Type::Json => true,
        Type::Bool
        | Type::Host
        | Type::Path
        | Type::Url
        | Type::List(_)
        | Type::Record(_)
        | Type::OneOf(_)
        | Type::Optional(_) => false,
    }
}

/// Whether a value of a type can stand in a text: `"… ${x} …"`, or a word of a command.
pub(crate) fn printable(r#type: &Type) -> bool {
    match r#type {
        Type::List(_) | Type::Record(_) | Type::Optional(_) => false,
        Type::Text
        | Type::Int
        | Type::Float
        | Type::Bool
        | Type::Duration
        | Type::Size
        | Type::Percent
        | Type::Time
        | Type::Host
        | Type::Port
        | Type::Path
        | Type::Url
        | Type::Json
        | Type::OneOf(_) => true,
    }
}

/// Returns the type of a value.
pub(crate) fn type_of(value: &Value) -> Type {
    match value {
        Value::None => Type::Optional(Box::new(Type::Json)),
        Value::Bool(_) => Type::Bool,
        Value::Int(_) => Type::Int,
        Value::Float(_) => Type::Float,
        Value::Text(_) | Value::Secret(_) => Type::Text,
        Value::Duration(_) => Type::Duration,
        Value::Size(_) => Type::Size,
        Value::Percent(_) => Type::Percent,
        Value::Time(_) => Type::Time,
        Value::List(items) => Type::List(Box::new(items.first().map_or(Type::Json, type_of))),
        Value::Record(fields) => {
            Type::Record(fields.iter().map(|(name, value)| (name.clone(), type_of(value))).collect())
        }
    }
}

/// Makes a known value one of a type, or says why it is not one.
pub(crate) fn convert(value: Value, wanted: &Type) -> Result<Value, String> {
    match (value, wanted) {
        (value, Type::Json) => Ok(value),
        (Value::None, Type::Optional(_)) => Ok(Value::None),
        (value, Type::Optional(inner)) => convert(value, inner),
        (Value::Int(number), Type::Port) => match u16::try_from(number) {
            Ok(1..) => Ok(Value::Int(number)),
            Ok(0) | Err(_) => Err(format!("a port is a number from 1 to 65535, and not {number}")),
        },
        // Exact up to 2^53; a float of the language is no place for more.
        #[expect(clippy::cast_precision_loss, reason = "numbers that large are not meant as floats")]
        (Value::Int(number), Type::Float) => Ok(Value::Float(Real(number as f64))),
        (Value::Text(text), wanted) => convert_text(text, wanted),
        (Value::List(items), Type::List(inner)) => {
            let items: Result<Vec<Value>, String> =
                items.into_iter().map(|item| convert(item, inner)).collect();
            items.map(Value::List)
        }
        (Value::Record(fields), Type::Record(types)) => {
            let mut converted = std::collections::BTreeMap::new();
            for (name, value) in fields {
                let value = match types.get(&name) {
                    Some(field) => convert(value, field).map_err(|why| format!("in `{name}`: {why}"))?,
                    None => value,
                };
                converted.insert(name, value);
            }
            for (name, field) in types {
                if !converted.contains_key(name) && !matches!(field, Type::Optional(_)) {
                    return Err(format!("it has no `{name}`"));
                }
            }
            Ok(Value::Record(converted))
        }
        (value, wanted) if fits(&type_of(&value), wanted) => Ok(value),
        (value, wanted) => {
            Err(format!("this is {}, and {} is meant", with_article(&type_of(&value)), shown(wanted)))
        }
    }
}

/// Makes a known text a value of a textual type.
fn convert_text(text: String, wanted: &Type) -> Result<Value, String> {
    match wanted {
        Type::Text => Ok(Value::Text(text)),
        Type::Host => {
            let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
            if text.is_empty() || text.starts_with('-') || !text.chars().all(legal) {
                return Err(format!("{text:?} is no name or address of a host"));
            }
            Ok(Value::Text(text))
        }
        Type::Path => {
            if !text.starts_with('/') {
                return Err(format!("a path starts with `/`, and {text:?} does not"));
            }
            if text.split('/').any(|part| part == "..") || text.contains('\0') {
                return Err(format!("a path holds no `..`, so that it names one place; {text:?} does"));
            }
            Ok(Value::Text(text))
        }
        Type::Url => {
            if !text.contains("://") {
                return Err(format!("a URL starts as `https://`, and {text:?} does not"));
            }
            Ok(Value::Text(text))
        }
        Type::Time => {
            let day = text.get(..10).unwrap_or_default();
            let digits = |range: std::ops::Range<usize>| {
                day.get(range).is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
            };
            if !(digits(0..4) && digits(5..7) && digits(8..10) && day.get(4..5) == Some("-")) {
                return Err(format!("a time is written as `2026-10-01`, and not {text:?}"));
            }
            Ok(Value::Time(text))
        }
        Type::OneOf(words) => {
            if !words.contains(&text) {
                return Err(format!("{text:?} is none of {}", words.join(", ")));
            }
            Ok(Value::Text(text))
        }
        Type::Int
        | Type::Float
        | Type::Bool
        | Type::Duration
        | Type::Size
        | Type::Percent
        | Type::Port
        | Type::Json
        | Type::List(_)
        | Type::Record(_)
        | Type::Optional(_) => Err(format!("this is a text, and {} is meant", shown(wanted))),
    }
}

/// Returns a type with its article, for a sentence.
pub(crate) fn with_article(r#type: &Type) -> String {
    match r#type {
        Type::Int | Type::OneOf(_) => format!("an {}", shown(r#type)).replace("an one", "one"),
        Type::Json => "JSON".to_owned(),
        Type::Record(_) => format!("the record {}", shown(r#type)),
        Type::Optional(inner) if **inner == Type::Json => "none".to_owned(),
        Type::Text
        | Type::Float
        | Type::Bool
        | Type::Duration
        | Type::Size
        | Type::Percent
        | Type::Time
        | Type::Host
        | Type::Port
        | Type::Path
        | Type::Url
        | Type::List(_)
        | Type::Optional(_) => format!("a {}", shown(r#type)),
    }
}
