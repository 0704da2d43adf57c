//! The values that flow through a plan and a journal.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A name from a runbook: a parameter, a `let`, a record's field.
pub type Name = String;

/// A value. Never a secret one: [`Value::Secret`] only names where a secret comes from.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// The absence of a value of an optional type.
    None,
    /// A yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction.
    Float(Real),
    /// Text; also a host, path, URL, or one of a fixed set of words.
    Text(String),
    /// A duration, in milliseconds.
    Duration(u64),
    /// A size, in bytes.
    Size(u64),
    /// A share, in percent.
    Percent(Real),
    /// A moment or a day, as RFC 3339 text.
    Time(String),
    /// A list.
    List(Vec<Value>),
    /// A record, or a JSON object.
    Record(BTreeMap<Name, Value>),
    /// The secret input of this name. Its value is known to the sandbox alone.
    Secret(Name),
}

/// A finite `f64` with a total order, so that values can be compared and hashed.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Real(pub f64);

impl PartialEq for Real {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Real {}
impl PartialOrd for Real {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Real {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}
impl std::hash::Hash for Real {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

/// The type of a value.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    /// Any text.
    Text,
    /// A whole number.
    Int,
    /// A number with a fraction.
    Float,
    /// A yes or no.
    Bool,
    /// A length of time.
    Duration,
    /// A number of bytes.
    Size,
    /// A share of a hundred.
    Percent,
    /// A moment.
    Time,
    /// The name or address of a host.
    Host,
    /// A TCP port, 1 to 65535.
    Port,
    /// A path of a file or folder.
    Path,
    /// A URL.
    Url,
    /// Any JSON.
    Json,
    /// A list of one type.
    List(Box<Type>),
    /// A record with these fields.
    Record(BTreeMap<Name, Type>),
    /// One of these words.
    OneOf(Vec<String>),
    /// This type, or nothing.
    Optional(Box<Type>),
}

impl fmt::Display for Value {
    /// Writes the value as an argument of a program would show it; a secret as `***`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::None => f.write_str("none"),
            Value::Bool(value) => write!(f, "{value}"),
            Value::Int(value) => write!(f, "{value}"),
            Value::Float(Real(value)) => write!(f, "{value}"),
            Value::Text(value) | Value::Time(value) => f.write_str(value),
            Value::Duration(ms) => write_in_units(
                f,
                *ms,
                &[("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)],
            ),
            Value::Size(bytes) => write_in_units(
                f,
                *bytes,
                // From large to small, so that an amount is shown as it was most likely written.
                &[
                    ("TiB", 1 << 40),
                    ("TB", 1_000_000_000_000),
                    ("GiB", 1 << 30),
                    ("GB", 1_000_000_000),
                    ("MiB", 1 << 20),
                    ("MB", 1_000_000),
                    ("KiB", 1 << 10),
                    ("KB", 1_000),
                    ("B", 1),
                ],
            ),
            Value::Percent(Real(value)) => write!(f, "{value}%"),
            Value::List(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{item}")?;
                }
                f.write_str("]")
            }
            Value::Record(fields) => {
                f.write_str("{")?;
                // What the library kept of a file: its mode is read in octal by everybody.
                let is_kept = fields.contains_key("sha256") && fields.contains_key("uid");
                for (index, (name, value)) in fields.iter().enumerate() {
                    f.write_str(if index > 0 { ", " } else { " " })?;
                    if let (true, "mode", Value::Int(mode)) = (is_kept, name.as_str(), value) {
                        write!(f, "mode: 0o{mode:o}")?;
                    } else {
                        write!(f, "{name}: {value}")?;
                    }
                }
                f.write_str(" }")
            }
            Value::Secret(_) => f.write_str("***"),
        }
    }
}

/// Writes an amount in the largest unit that divides it.
fn write_in_units(f: &mut fmt::Formatter<'_>, amount: u64, units: &[(&str, u64)]) -> fmt::Result {
    let unit = units.iter().find(|(_, size)| amount != 0 && amount.is_multiple_of(*size));
    let (name, size) = unit.copied().unwrap_or_else(|| units.last().copied().unwrap_or(("", 1)));
    write!(f, "{}{name}", amount / size)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::Value;

    #[test]
    fn an_amount_is_shown_in_the_largest_unit_that_divides_it() {
        for (bytes, text) in [
            (250_000_000_000, "250GB"),
            (1 << 30, "1GiB"),
            (512 << 20, "512MiB"),
            (1_500_000, "1500KB"),
            (1_536, "1536B"),
            (0, "0B"),
        ] {
            assert_eq!(Value::Size(bytes).to_string(), text);
        }
    }

    #[test]
    fn the_mode_of_a_file_is_shown_in_octal() {
        let kept = |sha256: &str| {
            let fields =
                [("mode", Value::Int(0o644)), (sha256, Value::Text("c0".into())), ("uid", Value::Int(0))];
            Value::Record(BTreeMap::from(fields.map(|(name, value)| (name.to_owned(), value)))).to_string()
        };
        assert_eq!(kept("sha256"), "{ mode: 0o644, sha256: c0, uid: 0 }");
        assert_eq!(kept("text"), "{ mode: 420, text: c0, uid: 0 }", "a record of somebody else's");
    }
}
