//! Scripts are read, not trusted: what can be told of one without running it.
//!
//! In: a script's text, where it stands in its file, its shell, and what is given to it by name. Out: the programs
//! that it runs, each at its place, and what is wrong with it.
//!
//! `parse` reads the text, within bounds; `translate` makes a `tree` of it; `programs` tells what it runs,
//! `unset` what it reads and nothing sets, `exits` which failures nobody sees, `quotes` which values are split,
//! `habits` what waits for a person; `say` says it.
//!
//! Must hold: whatever the text, this ends soon and does not panic; what cannot be known is said, not guessed.
//!
//! Deliberately absent: whether `allow` grants the programs. That is asked with all other rights, in `lowering`.

mod exits;
mod habits;
mod parse;
mod position;
mod programs;
mod quotes;
mod say;
mod shell;
mod translate;
mod tree;
mod unset;
mod values;
mod walk;

use std::collections::BTreeMap;

use surefoot_syntax::{Diagnostic, Span};

pub(crate) use shell::Shell;
pub(crate) use values::Given;

use habits::Habits;
use parse::Parsed;
use position::Positions;
use programs::{How, Run, Why, runs};
use quotes::Quotes;
use say::Say;
use tree::{Block, PieceKind, Place, Simple, Word};
use values::Values;
use walk::{Visitor, walk};

/// Texts within a script that are read as scripts: `trap '…' EXIT`, `sh -c '…'`.
const TEXTS_MAX: usize = 20;

/// What was read of a script.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// The programs that it runs, each with its place, in the order of the text.
    pub(crate) programs: Vec<(String, Span)>,
    /// Whether these are all that it names: nothing is computed.
    pub(crate) is_complete: bool,
    /// What is wrong with it.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// Reads a script. `span` is all between its fences, which reads `written`; `text` is that without its indentation.
pub(crate) fn read(
    text: &str,
    (span, written): (Span, &str),
    shell: Shell,
    given: &BTreeMap<String, Given>,
) -> Reading {
    let positions = Positions::new(span, written, text);
    let mut say = Say::new(&positions, text, shell);
    let mut reader =
        Reader { text, shell, given, programs: Vec::new(), is_complete: true, parts: Vec::new() };
    reader.part(text, shell, Part::Script, &mut say);
    let mut next = 0;
    while let Some(found) = reader.runs_of(next) {
        next += 1;
        found.into_iter().for_each(|found| reader.found(found, &mut say));
    }
    reader.check(&mut say);
    reader.programs.sort_by_key(|(_, place)| *place);
    Reading {
        programs: reader.programs.into_iter().map(|(name, place)| (name, positions.span(place))).collect(),
        is_complete: reader.is_complete,
        diagnostics: say.done(),
    }
}

/// What a part of a script is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Part {
    Script,
    /// A text that runs as a part of it, at once or later.
    Text {
        is_late: bool,
    },
    /// A text that another shell runs.
    Apart,
}

struct Reader<'a> {
    text: &'a str,
    shell: Shell,
    given: &'a BTreeMap<String, Given>,
    programs: Vec<(String, Place)>,
    is_complete: bool,
    parts: Vec<(Block, Part)>,
}

/// What a command was found to run.
enum Found {
    Program(String, Place),
    /// A text that is a script, and where it starts if it stands there as it is.
    Text(Place, Option<Place>, How),
    Unknown(Place, Why),
    AsUser(String, Place),
    OnlyBash(String, Place),
}

impl Reader<'_> {
    /// Reads a part of the script, whose text has its own places.
    fn part(&mut self, text: &str, shell: Shell, part: Part, say: &mut Say<'_>) {
        match parse::parse(text, shell) {
            Parsed::Good(block, remarks) => {
                self.parts.push((block, part));
                if shell == Shell::Sh {
                    remarks.only_bash.iter().for_each(|(place, what)| say.only_bash(*place, what));
                }
            }
            Parsed::Broken(place, why) => {
                say.broken(place, &why, shell);
                self.is_complete = false;
            }
            Parsed::TooBig(place, why) => {
                say.too_big(place, &why);
                self.is_complete = false;
            }
        }
    }

    /// Returns what a part runs; none when there is no such part.
    fn runs_of(&self, index: usize) -> Option<Vec<Found>> {
        let (block, part) = self.parts.get(index)?;
        let values = match part {
            Part::Apart => Values::of(&[block], &BTreeMap::new()),
            Part::Script | Part::Text { .. } => Values::of(&self.shared(), self.given),
        };
        let mut commands = Commands { values: &values, text: self.text, found: Vec::new() };
        walk(block, &mut commands);
        Some(commands.found)
    }

    fn found(&mut self, found: Found, say: &mut Say<'_>) {
        match found {
            Found::Program(name, place) => self.programs.push((name, place)),
            Found::AsUser(name, place) => {
                say.as_user(place, &name);
                self.is_complete = false;
            }
            Found::OnlyBash(name, place) => {
                if self.shell == Shell::Sh {
                    say.only_bash(place, &format!("`{name}`"));
                }
            }
            Found::Unknown(place, why) => {
                say.unknown(place, why);
                self.is_complete = false;
            }
            Found::Text(_, Some(inner), how) if self.parts.len() <= TEXTS_MAX => {
                // Blanks before it give it the places that it has in the script.
                let mut text = " ".repeat(inner.start);
                text.push_str(self.text.get(inner.start..inner.end).unwrap_or_default());
                let (shell, part) = match how {
                    How::Here => (self.shell, Part::Text { is_late: false }),
                    How::Later => (self.shell, Part::Text { is_late: true }),
                    How::Apart(shell) => (shell, Part::Apart),
                };
                self.part(&text, shell, part, say);
            }
            Found::Text(place, _, _) => {
                say.unknown(place, Why::Text);
                self.is_complete = false;
            }
        }
    }

    /// Returns the parts that share their variables.
    fn shared(&self) -> Vec<&Block> {
        self.parts.iter().filter(|(_, part)| *part != Part::Apart).map(|(block, _)| block).collect()
    }

    fn check(&self, say: &mut Say<'_>) {
        let shared = self.shared();
        let values = Values::of(&shared, self.given);
        let mut quotes = Quotes { values: &values, given: self.given, found: Vec::new() };
        let mut habits = Habits::new(&values, self.given, self.text);
        let mut lost = exits::background(&shared, self.text);
        for (block, part) in &self.parts {
            let is_late = match part {
                Part::Script => false,
                Part::Text { is_late } => *is_late,
                Part::Apart => continue,
            };
            for unset in unset::unset(block, is_late, &values, self.given, self.shell) {
                say.unset(&unset);
            }
            lost.extend(exits::lost(block, &values, self.shell, self.text));
            walk(block, &mut quotes);
            walk(block, &mut habits);
        }
        habits.found.iter().for_each(|(place, habit)| say.habit(*place, habit));
        lost.sort_by_key(|lost| (lost.place, lost.what.clone()));
        lost.iter().for_each(|lost| say.lost(lost));
        // Where an exit is lost, quotes follow from how it is mended.
        let is_lost = |place: Place| lost.iter().any(|lost| lost.place == place);
        quotes.found.iter().filter(|split| !is_lost(split.place)).for_each(|split| say.split(split));
    }
}

/// Gathers what commands run.
struct Commands<'a> {
    values: &'a Values<'a>,
    text: &'a str,
    found: Vec<Found>,
}

impl<'a> Visitor<'a> for Commands<'_> {
    fn simple(&mut self, simple: &'a Simple) {
        for run in runs(&simple.words, self.values) {
            self.found.push(match run {
                Run::Program(name, place) => Found::Program(name, place),
                Run::Text(word, how) => Found::Text(word.place, standing(word, self.text), how),
                Run::Unknown(place, why) => Found::Unknown(place, why),
                Run::AsUser(name, place) => Found::AsUser(name, place),
                Run::OnlyBash(name, place) => Found::OnlyBash(name, place),
            });
        }
    }
}

/// Returns where the text of a word stands in the script, letter by letter.
fn standing(word: &Word, text: &str) -> Option<Place> {
    let [piece] = word.pieces.as_slice() else { return None };
    let PieceKind::Text(value) = &piece.kind else { return None };
    [0, 1].into_iter().find_map(|quote| {
        let start = piece.place.start + quote;
        let place = Place { start, end: start + value.len() };
        (text.get(place.start..place.end) == Some(value)).then_some(place)
    })
}

#[cfg(test)]
mod tests;
