//! Inputs that something is wrong with: bytes that flip, parts that are cut, doubled or mixed, and far too much of
//! one thing.

use serde_json::Value;
use surefoot_tests::{Random, damaged};

/// Most bytes of a text: a longer one shows nothing more.
const BYTES_MAX: usize = 64 << 10;

/// What is written far too often.
const MANY: [&str; 20] = [
    "(",
    "[",
    "{",
    "not ",
    "-",
    "1 + ",
    "a and ",
    "if a { ",
    "for x in [1] { ",
    "\"${",
    "f(",
    "list of ",
    "a.",
    "a[0]",
    "\"",
    "x == ",
    "\\\n",
    "| ",
    "## a\n",
    "\u{e4}",
];

/// Numbers that are too large or too small for something.
const NUMBERS: [&str; 8] =
    ["0", "-1", "65536", "2147483648", "9223372036854775807", "99999999999999999999", "1e400", "1000000h"];

/// A text made of those of the repository.
pub(crate) fn text(corpus: &[String], random: &mut Random) -> Vec<u8> {
    let mut text = random.one_of(corpus).clone();
    for _ in 0..1 + random.below(3) {
        text = match random.below(9) {
            0 | 1 => damaged(&text, random),
            2 => splice(&text, random.one_of::<String>(corpus), random),
            3 => shuffle(&text, random),
            4 => repeat_lines(&text, random),
            5 => insert(&text, &random.one_of(&MANY).repeat(1 << random.below(13)), random),
            6 => number(&text, random),
            7 => insert(&text, &token_of(random.one_of::<String>(corpus), random), random),
            _ => return bytes(text.into_bytes(), random),
        };
        let end = (0..=text.len().min(BYTES_MAX)).rev().find(|at| text.is_char_boundary(*at));
        text.truncate(end.unwrap_or(0));
    }
    text.into_bytes()
}

/// Bytes with some changed, cut or doubled.
pub(crate) fn bytes(mut bytes: Vec<u8>, random: &mut Random) -> Vec<u8> {
    for _ in 0..1 + random.below(4) {
        let at = random.below(bytes.len());
        match random.below(6) {
            0 => bytes.truncate(at),
            1 => {
                let end = (at + random.below(64)).min(bytes.len());
                bytes.drain(at.min(end)..end);
            }
            2 => {
                let part: Vec<u8> = bytes.iter().skip(at).take(random.below(64)).copied().collect();
                bytes.splice(at..at, part);
            }
            _ => {
                let flip = 1u8 << random.below(8);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= flip;
                }
            }
        }
    }
    bytes
}

/// Words, numbers and signs, each alone; blanks between them are tokens too.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut start = 0;
    let mut last: Option<bool> = None;
    for (at, sign) in text.char_indices() {
        let is_word = sign.is_alphanumeric() || sign == '_';
        if at > start && (last != Some(true) || !is_word) {
            tokens.extend(text.get(start..at));
            start = at;
        }
        last = Some(is_word);
    }
    tokens.extend(text.get(start..));
    tokens
}

fn token_of(text: &str, random: &mut Random) -> String {
    let tokens = tokens(text);
    format!(" {} ", tokens.get(random.below(tokens.len())).unwrap_or(&""))
}

fn splice(one: &str, other: &str, random: &mut Random) -> String {
    let (lines, others): (Vec<&str>, Vec<&str>) = (one.lines().collect(), other.lines().collect());
    let (at, from) = (random.below(lines.len()), random.below(others.len()));
    let count = random.below(others.len());
    let (before, after) = lines.split_at(at.min(lines.len()));
    let middle: Vec<&str> = others.into_iter().skip(from).take(count).collect();
    [before, &middle, after].concat().join("\n")
}

fn shuffle(text: &str, random: &mut Random) -> String {
    let mut tokens = tokens(text);
    for _ in 0..1 + random.below(6) {
        let (one, other) = (random.below(tokens.len()), random.below(tokens.len()));
        if !tokens.is_empty() {
            tokens.swap(one, other);
        }
    }
    tokens.concat()
}

fn repeat_lines(text: &str, random: &mut Random) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let (at, count) = (random.below(lines.len()), 1 + random.below(6));
    let part: Vec<&str> = lines.iter().skip(at).take(count).copied().collect();
    let (before, after) = lines.split_at(at.min(lines.len()));
    [before, &part.repeat(1 << random.below(9)), after].concat().join("\n")
}

fn insert(text: &str, part: &str, random: &mut Random) -> String {
    let from = random.below(text.len() + 1);
    let at = (from..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    let (before, after) = text.split_at(at);
    format!("{before}{part}{after}")
}

/// Another number in the place of one.
fn number(text: &str, random: &mut Random) -> String {
    let mut tokens = tokens(text);
    let numbers: Vec<usize> = tokens
        .iter()
        .enumerate()
        .filter(|(_, token)| token.starts_with(|sign: char| sign.is_ascii_digit()))
        .map(|(at, _)| at)
        .collect();
    if !numbers.is_empty()
        && let Some(token) = tokens.get_mut(*random.one_of(&numbers))
    {
        *token = random.one_of::<&str>(&NUMBERS);
    }
    tokens.concat()
}

/// A plan in which parts are taken from others, doubled, nested or left out.
pub(crate) fn json(plans: &[Value], random: &mut Random) -> Value {
    let mut plan = random.one_of(plans).clone();
    for _ in 0..1 + random.below(3) {
        let (into, other) = (places(&plan), random.one_of(plans));
        let place: &String = random.one_of(&into);
        // A part is put where there was one of its kind: what is no plan at all shows little.
        let from = places(other);
        let alike: Vec<&String> = from.iter().filter(|other| end(other) == end(place)).collect();
        let twin = match alike.is_empty() {
            true => None,
            false => other.pointer(random.one_of::<&String>(&alike)).cloned(),
        };
        let kind = random.below(9);
        let Some(there) = plan.pointer_mut(place) else { continue };
        match (kind, there) {
            (0, Value::Array(items)) if !items.is_empty() => {
                items.remove(random.below(items.len()));
            }
            (1, Value::Array(items)) if !items.is_empty() => {
                let item = items.get(random.below(items.len())).cloned().unwrap_or(Value::Null);
                items.extend(vec![item; 1 << random.below(8)]);
            }
            (2, Value::Array(items)) => items.reverse(),
            (3, Value::Number(number)) => *number = (*random.one_of(&[0i64, -1, i64::MAX, 1 << 40])).into(),
            (4, Value::String(text)) => text.push_str(&random.one_of(&MANY).repeat(1 << random.below(8))),
            (5, Value::String(text)) => text.clear(),
            (6, Value::Bool(yes)) => *yes = !*yes,
            (_, there) => *there = twin.unwrap_or(Value::Null),
        }
    }
    plan
}

/// The last name of a place, the numbers of lists left out.
fn end(place: &str) -> &str {
    place.rsplit('/').find(|part| !part.bytes().all(|byte| byte.is_ascii_digit())).unwrap_or("")
}

/// Every place of a JSON value, as a pointer.
fn places(value: &Value) -> Vec<String> {
    fn walk(value: &Value, at: &str, found: &mut Vec<String>) {
        found.push(at.to_owned());
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    walk(item, &format!("{at}/{index}"), found);
                }
            }
            Value::Object(fields) => {
                for (name, field) in fields {
                    let name = name.replace('~', "~0").replace('/', "~1");
                    walk(field, &format!("{at}/{name}"), found);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut found = Vec::new();
    walk(value, "", &mut found);
    found
}
