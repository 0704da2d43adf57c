//! Where the variables of a script are set, and what is known of their values without running it.

use std::collections::{BTreeMap, BTreeSet};

use super::shell;
use super::tree::{
    Assignment, Block, Command, Piece, PieceKind, Redirect, Shape, Simple, Statement, Value, Word,
};
use super::walk::{Scope, Visitor, walk};

/// Rounds in which values that depend on each other are looked at. What is still open then is not known.
const ROUNDS_MAX: usize = 8;

/// What is given to a script by name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Given {
    /// A number or the like: one word, whatever it is.
    OneWord,
    /// A text that may be empty.
    Text,
    /// A text that is not.
    Filled,
}

/// What is known of the variables and functions of a script.
#[derive(Default)]
pub(super) struct Values<'a> {
    /// Where each is set, in the order of the text.
    pub(super) sets: BTreeMap<&'a str, Vec<Set<'a>>>,
    /// The functions with their bodies.
    pub(super) functions: BTreeMap<&'a str, &'a Statement>,
    /// Whether it may set what cannot be seen: it reads other files, or assigns to a computed name.
    pub(super) is_opaque: bool,
    /// Variables that are one word, or words that the script itself spells out.
    plain: BTreeSet<&'a str>,
}

/// One place where a variable is set.
#[derive(Clone, Copy)]
pub(super) struct Set<'a> {
    /// From here on it is set.
    pub(super) from: usize,
    to: To<'a>,
}

/// What it is set to.
#[derive(Clone, Copy)]
enum To<'a> {
    /// One word.
    Word(&'a Word),
    /// One word after its value so far, or as a part of it.
    More(&'a Word),
    /// Each of these.
    Words(&'a [Word]),
    Number,
    /// Nothing yet: it is only declared.
    Nothing,
    /// What cannot be seen.
    Unknown,
}

impl<'a> Values<'a> {
    /// Gathers what is known of all parts of a script.
    pub(super) fn of(blocks: &[&'a Block], given: &BTreeMap<String, Given>) -> Values<'a> {
        let mut values = Values::default();
        for block in blocks {
            walk(block, &mut values);
        }
        values.sets.values_mut().for_each(|sets| sets.sort_by_key(|set| set.from));
        values.find_plain(given);
        values
    }

    /// Finds the variables that are plain: first all are taken to be, then those that prove not to be fall.
    fn find_plain(&mut self, given: &BTreeMap<String, Given>) {
        let is_text = |name: &str| matches!(given.get(name), Some(Given::Text | Given::Filled));
        self.plain = self.sets.keys().copied().filter(|name| !is_text(name)).collect();
        for _ in 0..ROUNDS_MAX {
            let before = self.plain.len();
            let kept: BTreeSet<&str> = self
                .plain
                .iter()
                .copied()
                .filter(|name| {
                    self.sets
                        .get(name)
                        .is_some_and(|sets| sets.iter().all(|set| self.keeps_plain(set, given)))
                })
                .collect();
            self.plain = kept;
            if self.plain.len() == before {
                return;
            }
        }
        self.plain.clear();
    }

    fn keeps_plain(&self, set: &Set<'a>, given: &BTreeMap<String, Given>) -> bool {
        match set.to {
            To::Word(word) | To::More(word) => self.is_plain_word(word, given),
            To::Words(words) => words.iter().all(|word| self.is_plain_word(word, given)),
            To::Number | To::Nothing => true,
            To::Unknown => false,
        }
    }

    fn is_plain_word(&self, word: &Word, given: &BTreeMap<String, Given>) -> bool {
        word.pieces.iter().all(|piece| match &piece.kind {
            // Blanks are fine: whoever writes `options="-a -b"` means two words.
            PieceKind::Text(text) => !text.contains(['*', '?', '[']),
            PieceKind::Variable(variable) => match variable.shape {
                Shape::Number => true,
                Shape::Value => self.is_plain(&variable.name, given) && variable.inner.iter().all(is_fixed),
                Shape::Inner => variable.inner.iter().all(is_fixed),
                Shape::All => false,
            },
            PieceKind::Arithmetic(_) => true,
            PieceKind::Output(block, _) => is_counted(block),
        })
    }

    /// Whether a variable is one word, or words that the script itself spells out.
    pub(super) fn is_plain(&self, name: &str, given: &BTreeMap<String, Given>) -> bool {
        self.plain.contains(name)
            || !self.sets.contains_key(name)
                && (given.get(name) == Some(&Given::OneWord) || shell::ONE_WORD.contains(&name))
    }

    /// Returns the value of a variable that is set once, to a text.
    pub(super) fn constant(&self, name: &str) -> Option<String> {
        match self.sets.get(name)?.as_slice() {
            [Set { to: To::Word(word), .. }] => word.text(),
            _ => None,
        }
    }

    /// Returns the first word of a list that is set once.
    pub(super) fn first_of(&self, name: &str) -> Option<String> {
        match self.sets.get(name)?.as_slice() {
            [Set { to: To::Words(words), .. }] => words.first()?.text(),
            _ => None,
        }
    }

    fn set(&mut self, name: &'a str, from: usize, to: To<'a>) {
        self.sets.entry(name).or_default().push(Set { from, to });
    }

    /// Notes what builtins set, which take names as words.
    fn set_by_builtin(&mut self, simple: &'a Simple) {
        let Some(name) = simple.words.first().and_then(plain_text) else { return };
        let operands = simple.words.get(1..).unwrap_or_default();
        let from = simple.place.end;
        match name {
            "read" => self.set_names(operands, &["-d", "-i", "-n", "-N", "-p", "-t", "-u"], from),
            "mapfile" | "readarray" => {
                self.set_names(operands, &["-d", "-n", "-O", "-s", "-u", "-C", "-c"], from);
            }
            "getopts" => self.set_names(operands.get(1..2).unwrap_or_default(), &[], from),
            "printf" | "wait" => {
                let flag = if name == "printf" { "-v" } else { "-p" };
                let at = operands.iter().position(|word| plain_text(word) == Some(flag));
                let named = at.and_then(|at| operands.get(at + 1..at + 2)).unwrap_or_default();
                self.set_names(named, &[], from);
            }
            "let" => {
                for word in operands {
                    let text = plain_text(word).unwrap_or_default();
                    let end =
                        text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
                    match text.get(..end).filter(|name| !name.is_empty()) {
                        Some(name) => self.set(name, from, To::Number),
                        None => self.is_opaque = true,
                    }
                }
            }
            // A name that is computed, or a second name for another.
            "declare" | "typeset" | "local" | "export" | "readonly" => {
                let flags = |word: &Word| {
                    word.text().is_some_and(|text| text.starts_with('-') && !text.contains('n'))
                };
                self.is_opaque |= !operands.iter().all(flags);
            }
            "." | "source" | "eval" => self.is_opaque = true,
            _ => {}
        }
    }

    fn set_names(&mut self, words: &'a [Word], with_value: &[&str], from: usize) {
        let mut skip = false;
        for word in words {
            let Some(text) = plain_text(word) else {
                // A value may be computed; a name that is makes anything possible.
                self.is_opaque |= !skip;
                skip = false;
                continue;
            };
            if std::mem::take(&mut skip) {
                continue;
            }
            match text.strip_prefix('-') {
                Some(_) => skip = with_value.iter().any(|flag| text.ends_with(flag.trim_start_matches('-'))),
                None => self.set(text, from, To::Unknown),
            }
        }
    }
}

impl<'a> Visitor<'a> for Values<'a> {
    fn simple(&mut self, simple: &'a Simple) {
        self.set_by_builtin(simple);
    }

    fn assignment(&mut self, assignment: &'a Assignment) {
        let to = match (&assignment.value, assignment.append) {
            (Value::None, _) => To::Nothing,
            (Value::One(word), false) => To::Word(word),
            (Value::One(word), true) => To::More(word),
            (Value::Many(words), _) => To::Words(words),
        };
        self.set(&assignment.name, assignment.place.end, to);
    }

    fn each(&mut self, name: Option<&'a str>, words: Option<&'a [Word]>, statement: &'a Statement) {
        let from = words.and_then(<[Word]>::last).map_or(statement.place.start, |word| word.place.end);
        match name {
            Some(name) => self.set(name, from, words.map_or(To::Unknown, To::Words)),
            None => self.is_opaque = true,
        }
    }

    fn redirect(&mut self, redirect: &'a Redirect) {
        if let Some(name) = &redirect.sets {
            self.set(name, redirect.word.place.end, To::Number);
        }
    }

    fn piece(&mut self, piece: &'a Piece) {
        if let PieceKind::Variable(variable) = &piece.kind
            && variable.sets
        {
            let to = if variable.shape == Shape::Number { To::Number } else { To::Unknown };
            self.set(&variable.name, piece.place.end, to);
        }
    }

    fn enter(&mut self, scope: Scope<'a>) {
        if let Scope::Function(Some(name), body) = scope {
            self.functions.insert(name, body);
        }
    }

    fn statement(&mut self, statement: &'a Statement) {
        if let Command::Coprocess(name, _) = &statement.command {
            self.set(name, statement.place.start, To::Number);
        }
    }
}

/// Returns the text of a word that is one piece of text, as builtins take names.
fn plain_text(word: &Word) -> Option<&str> {
    match word.pieces.as_slice() {
        [Piece { kind: PieceKind::Text(text), .. }] => Some(text),
        _ => None,
    }
}

/// Whether a pattern or default is written out.
fn is_fixed(piece: &Piece) -> bool {
    matches!(&piece.kind, PieceKind::Text(_) | PieceKind::Arithmetic(_))
}

/// Whether a block prints numbers only: `seq 1 5`.
pub(super) fn is_counted(block: &Block) -> bool {
    match block.statements.as_slice() {
        [Statement { command: Command::Simple(simple), .. }] => {
            matches!(simple.words.first().and_then(plain_text), Some("seq" | "nproc"))
        }
        _ => false,
    }
}
