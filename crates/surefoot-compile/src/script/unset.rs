//! Variables that are read and that nothing sets: the script would stop there (`nounset`).
//!
//! Deliberately narrow: what one branch sets counts as set in all, and what functions set counts as set
//! from their text on. Only a read before every place that sets is told, and one of a name that none does.

use std::collections::{BTreeMap, BTreeSet};

use super::shell::{self, Shell};
use super::tree::{Block, Piece, PieceKind, Place, Simple, Statement};
use super::values::{Given, Values};
use super::walk::{Scope, Visitor, walk};

/// A variable that is not set where it is read.
pub(super) struct Unset<'a> {
    pub(super) name: &'a str,
    pub(super) place: Place,
    /// Whether it is set further down.
    pub(super) is_set_later: bool,
}

/// Returns the variables that are not set where they are read, each once.
pub(super) fn unset<'a>(
    block: &'a Block,
    is_late: bool,
    values: &Values<'a>,
    given: &BTreeMap<String, Given>,
    shell: Shell,
) -> Vec<Unset<'a>> {
    if values.is_opaque {
        return Vec::new();
    }
    let mut reads = Reads { depth: usize::from(is_late), ..Reads::default() };
    walk(block, &mut reads);
    if reads.is_off {
        return Vec::new();
    }
    let mut told = BTreeSet::new();
    let mut found = Vec::new();
    for read in reads.found {
        let is_argument = read.name.starts_with(|c: char| c.is_ascii_digit());
        if is_argument && (read.in_function || reads.sets_arguments) {
            continue;
        }
        if given.contains_key(read.name) || shell::is_set(read.name, shell) {
            continue;
        }
        let first = values.sets.get(read.name).and_then(|sets| sets.first());
        // In a loop, what is set below was set by the turn before; a function is called later.
        let known_at = read.place.start.max(read.loop_end);
        let is_set = first.is_some_and(|set| read.in_function || set.from <= known_at);
        if !is_set && told.insert(read.name) {
            found.push(Unset { name: read.name, place: read.place, is_set_later: first.is_some() });
        }
    }
    found
}

/// One read of a variable.
struct Read<'a> {
    name: &'a str,
    place: Place,
    in_function: bool,
    /// Where the outermost loop around it ends.
    loop_end: usize,
}

#[derive(Default)]
struct Reads<'a> {
    found: Vec<Read<'a>>,
    /// How many functions are around.
    depth: usize,
    loops: Vec<usize>,
    /// Whether `set -- …` gives the script arguments.
    sets_arguments: bool,
    /// Whether `set +u` lets unset variables pass.
    is_off: bool,
}

impl<'a> Visitor<'a> for Reads<'a> {
    fn simple(&mut self, simple: &'a Simple) {
        if simple.name().as_deref() != Some("set") {
            return;
        }
        let words: Vec<Option<String>> = simple.words.iter().skip(1).map(|word| word.text()).collect();
        let has = |text: &str| words.iter().any(|word| word.as_deref() == Some(text));
        self.is_off |= has("+u") || has("+o") && has("nounset");
        let is_flag = |word: &Option<String>| word.as_ref().is_some_and(|word| word.starts_with(['-', '+']));
        self.sets_arguments |= has("--") || words.first().is_some_and(|word| !is_flag(word));
    }

    fn piece(&mut self, piece: &'a Piece) {
        if let PieceKind::Variable(variable) = &piece.kind
            && variable.must_be_set
        {
            self.found.push(Read {
                name: &variable.name,
                place: piece.place,
                in_function: self.depth > 0,
                loop_end: self.loops.first().copied().unwrap_or(0),
            });
        }
    }

    fn enter(&mut self, scope: Scope<'a>) {
        match scope {
            Scope::Loop(Statement { place, .. }) => self.loops.push(place.end),
            Scope::Function(..) => self.depth += 1,
        }
    }

    fn leave(&mut self, scope: Scope<'a>) {
        match scope {
            Scope::Loop(_) => {
                self.loops.pop();
            }
            Scope::Function(..) => self.depth -= 1,
        }
    }
}
