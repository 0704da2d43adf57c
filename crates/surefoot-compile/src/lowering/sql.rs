//! What can be told of an sql script without running it: how it reads its values.
//!
//! `psql` puts a value where `:'name'` stands, quoted as a text, and where `:name` stands as it is: the second would
//! be program text from outside. A `\\` outside of quotes speaks to `psql` itself, which can run programs and put the
//! answer of one query into the next. Both are refused.
//!
//! Deliberately absent: whether the rest is SQL. The server says that.

#[cfg(test)]
mod tests;

/// What is wrong with a piece of a script.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum SqlWhat {
    /// It is a command of `psql`.
    Command,
    /// It puts the value of this name into the text.
    Spliced(String),
    /// It reads this name, which is not given.
    Unset(String),
}

/// A piece of a script with which something is wrong.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct SqlFound {
    pub(super) what: SqlWhat,
    /// The piece, as it is written.
    pub(super) text: String,
    /// How often the same letters stand before it.
    pub(super) nth: usize,
}

/// Most findings of one script that are told: nobody reads more, and each is looked for in all that stands before it.
const FINDINGS_MAX: usize = 50;

/// Finds what may not stand in a script. `given`: whether a value of this name is given.
pub(super) fn sql_findings(script: &str, given: impl Fn(&str) -> bool) -> Vec<SqlFound> {
    let mut found = Vec::new();
    let mut rest = script;
    while let Some(c) = rest.chars().next() {
        let passed = script.get(..script.len() - rest.len()).unwrap_or_default();
        let wrong = match (skipped(rest, passed), c) {
            (Some(length), _) => Ok(length),
            (None, '\\') => Err((SqlWhat::Command, word(rest))),
            (None, ':') => variable(rest, &given),
            (None, _) => Ok(c.len_utf8()),
        };
        let length = match wrong {
            Ok(length) => length,
            Err((what, text)) => {
                let length = text.len();
                found.push(SqlFound { what, nth: passed.matches(&text).count(), text });
                if found.len() == FINDINGS_MAX {
                    return found;
                }
                length
            }
        };
        rest = rest.get(length.max(c.len_utf8())..).unwrap_or_default();
    }
    found
}

/// Returns the length of a text in quotes or a comment that begins here.
fn skipped(rest: &str, passed: &str) -> Option<usize> {
    let until = |from: usize, end: &str| {
        rest.get(from..).and_then(|inner| inner.find(end)).map_or(rest.len(), |at| from + at + end.len())
    };
    if rest.starts_with("--") {
        return Some(until(2, "\n"));
    }
    if rest.starts_with("/*") {
        return Some(comment(rest));
    }
    if rest.starts_with('"') {
        return Some(until(1, "\""));
    }
    if rest.starts_with('\'') {
        // `E'…'`: there a backslash hides the quote after it.
        let mut before = passed.chars().rev();
        let is_escaped = matches!(before.next(), Some('e' | 'E')) && !before.next().is_some_and(is_letter);
        return Some(if is_escaped { escaped(rest) } else { until(1, "'") });
    }
    let tag = rest.strip_prefix('$')?;
    let end = tag.find('$')?;
    let name = tag.get(..end)?;
    let is_tag = name.chars().all(is_letter)
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && !passed.ends_with(is_letter);
    let mark = rest.get(..end + 2).filter(|_| is_tag)?;
    Some(until(mark.len(), mark))
}

/// Returns the length of a comment, in which others may stand.
fn comment(rest: &str) -> usize {
    let mut depth = 0u32;
    let mut at = 0;
    while let Some(here) = rest.get(at..).filter(|here| !here.is_empty()) {
        if here.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with("*/") {
            depth = depth.saturating_sub(1);
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += here.chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

fn escaped(rest: &str) -> usize {
    let mut hidden = false;
    for (at, c) in rest.char_indices().skip(1) {
        if c == '\'' && !hidden {
            return at + 1;
        }
        hidden = c == '\\' && !hidden;
    }
    rest.len()
}

/// Returns the length of a variable that is read as it should be, or what is wrong with it.
fn variable(rest: &str, given: impl Fn(&str) -> bool) -> Result<usize, (SqlWhat, String)> {
    let after = rest.get(1..).unwrap_or_default();
    if after.starts_with([':', '=']) {
        return Ok(2);
    }
    if let Some(inner) = after.strip_prefix("{?") {
        return Ok(3 + inner.find('}').map_or(0, |at| at + 1));
    }
    let quote = after.chars().next().filter(|c| matches!(c, '\'' | '"'));
    let name: String =
        after.chars().skip(usize::from(quote.is_some())).take_while(|c| is_letter(*c)).collect();
    if name.is_empty() || quote.is_none() && name.starts_with(|c: char| c.is_ascii_digit()) {
        return Ok(1);
    }
    let length = 1 + name.len() + 2 * usize::from(quote.is_some());
    let text = rest.get(..length).unwrap_or(rest).to_owned();
    match quote {
        None => Err((SqlWhat::Spliced(name), text)),
        Some(_) if given(&name) => Ok(length),
        Some(_) => Err((SqlWhat::Unset(name), text)),
    }
}

/// Returns the command that begins here: its `\\`, and letters or one sign.
fn word(rest: &str) -> String {
    let sign = rest.chars().nth(1).filter(|c| !c.is_whitespace());
    let letters = rest.chars().skip(2).take_while(|c| is_letter(*c) && sign.is_some_and(is_letter));
    std::iter::once('\\').chain(sign).chain(letters).collect()
}

fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
