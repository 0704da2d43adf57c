//! Reads the text of a script with a parser of shells, within bounds.
//!
//! Must hold: no text makes it panic, overflow the stack or take long. The parser has bounds of its own; what
//! it does not bound is bounded here before it starts.

use shuck_parser::ShellProfile;
use shuck_parser::parser::{ParseResult, Parser, ShellDialect};

use super::shell::Shell;
use super::translate::{Remarks, translate};
use super::tree::{Block, Place};

/// Bytes of a script: what the sandbox can hand to a shell as one argument.
pub(super) const BYTES_MAX: usize = (128 << 10) - 4096;

/// How deep a script may nest. Of three thousand scripts that were looked at, the deepest had nine levels.
pub(super) const DEPTH_MAX: usize = 16;

/// Brackets that may be open at once, of all kinds. The parser takes time with the square of it.
const OPEN_MAX: usize = 40;

/// Words like `time` in one line: the parser recurses at each, without a bound.
const PREFIXES_MAX: usize = 20;

/// Here-documents of a script. The parser takes time with the square of it.
const DOCUMENTS_MAX: usize = 200;

/// Braces that the parser takes for the end of a block though they stand within a word: each is another reading.
const BRACES_MAX: usize = 10;

/// Bytes that are read again for them, all in all.
const READ_AGAIN_MAX: usize = 200_000;

/// What the parser may do for a byte before it gives up; real scripts need less than one.
const WORK_PER_BYTE: usize = 8;

/// What was read.
pub(super) enum Parsed {
    Good(Block, Remarks),
    /// The shell would not read it: where, and what is wrong there.
    Broken(Place, String),
    /// It is beyond a bound: where, and which.
    TooBig(Place, String),
}

/// Reads a script.
pub(super) fn parse(text: &str, shell: Shell) -> Parsed {
    if let Some((place, bound)) = beyond(text) {
        return Parsed::TooBig(place, bound);
    }
    let native = match shell {
        Shell::Bash => ShellDialect::Bash,
        Shell::Sh => ShellDialect::Posix,
    };
    let mut result = read(text, native);
    // What only bash has is said as that, and not as a mistake of grammar.
    if shell == Shell::Sh && !result.is_ok() {
        let as_bash = read(text, ShellDialect::Bash);
        if as_bash.is_ok() {
            result = as_bash;
        }
    }
    if result.is_ok() {
        let (block, mut remarks) = translate(&result.file, text);
        remarks.broken.sort();
        return match remarks.broken.first() {
            Some((place, why)) => Parsed::Broken(*place, why.clone()),
            None => Parsed::Good(block, remarks),
        };
    }
    let said = result.terminal_error.as_ref().map(ToString::to_string).unwrap_or_default();
    let first = result.diagnostics.first();
    let start = first.map_or(0, |found| found.span.start.offset());
    if let Some(bound) = own_bound(&said) {
        return Parsed::TooBig(visible(text, start), bound);
    }
    let message = first.map_or(said.as_str(), |found| found.message.as_str());
    let message = message.strip_prefix("syntax error: ").unwrap_or(message).replace('\'', "`");
    Parsed::Broken(visible(text, start), message)
}

/// Returns the bound of the parser's own that made it stop, if one did. It tells them by their words alone.
fn own_bound(said: &str) -> Option<String> {
    if said.contains("too deep") {
        return Some(format!("what stands here nests deeper than {DEPTH_MAX} levels"));
    }
    if said.contains("too long") {
        return Some("what stands here is joined of more than 1000 parts".to_owned());
    }
    (said.contains("exhausted") || said.contains("too large")).then(|| "it takes too long to read".to_owned())
}

fn read(text: &str, dialect: ShellDialect) -> ParseResult {
    let profile = ShellProfile::native(dialect);
    let work = text.len().saturating_mul(WORK_PER_BYTE).saturating_add(100_000);
    let parse = |text: &str| Parser::with_limits_and_profile(text, DEPTH_MAX, work, profile.clone()).parse();
    let mut result = parse(text);
    if result.is_ok() || !text.contains('}') {
        return result;
    }
    // To a shell the brace of `$x}` is a letter like any other; the parser ends a block there. Another takes
    // its place that ends a name like it; all others stay where they are, and the text that is checked is the
    // written one.
    let mut patched = text.to_owned();
    for _ in 0..BRACES_MAX.min(READ_AGAIN_MAX / text.len().max(1)) {
        let Some(at) = result.diagnostics.first().map(|found| found.span.start.offset()) else { break };
        let before = patched.get(..at).and_then(|before| before.chars().next_back());
        let within_word =
            before.is_some_and(|c| !c.is_whitespace() && !matches!(c, ';' | '&' | '|' | '(' | ')'));
        if !within_word || !patched.get(at..).is_some_and(|rest| rest.starts_with('}')) {
            break;
        }
        patched.replace_range(at..=at, "%");
        result = parse(&patched);
        if result.is_ok() {
            break;
        }
    }
    result
}

/// Returns the first bound that a text goes beyond, and where.
fn beyond(text: &str) -> Option<(Place, String)> {
    if text.len() > BYTES_MAX {
        let why = format!(
            "it has {} bytes, and {BYTES_MAX} are the most that can be handed to a shell",
            text.len()
        );
        return Some((visible(text, 0), why));
    }
    let (mut open, mut documents) = (0_usize, 0_usize);
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        match c {
            '(' | '{' => open += 1,
            ')' | '}' => open = open.saturating_sub(1),
            '<' if before == '<' => documents += 1,
            _ => {}
        }
        before = c;
        if open > OPEN_MAX {
            return Some((visible(text, at), format!("more than {OPEN_MAX} brackets are open here")));
        }
        if documents > DOCUMENTS_MAX {
            let why = format!("it has more than {DOCUMENTS_MAX} here-documents");
            return Some((visible(text, at), why));
        }
    }
    let mut prefixes = 0;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        prefixes +=
            line.split_ascii_whitespace().filter(|word| matches!(*word, "time" | "coproc" | "!")).count();
        if prefixes > PREFIXES_MAX {
            let why = format!("a line of it has `time`, `!` or `coproc` more than {PREFIXES_MAX} times");
            return Some((visible(text, at), why));
        }
        // A line goes on in the next one behind a backslash.
        if !line.trim_end_matches(['\n', '\r']).ends_with('\\') {
            prefixes = 0;
        }
        at += line.len();
    }
    None
}

/// Returns the place of the character at an offset; at the end of the text, of the last that can be seen.
fn visible(text: &str, at: usize) -> Place {
    let seen = text.trim_end().len();
    let start = if at < seen {
        at
    } else {
        text.get(..seen).and_then(|seen| seen.char_indices().next_back()).map_or(0, |(start, _)| start)
    };
    let width = text.get(start..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    Place { start, end: start + width }
}
