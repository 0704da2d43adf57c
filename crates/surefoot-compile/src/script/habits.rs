//! Commands of a script that wait for a person or for a time, that would remove more if a value were empty, and words
//! that nobody filled in.

use std::collections::{BTreeMap, BTreeSet};

use super::tree::{Command, Piece, PieceKind, Place, Redirect, Shape, Simple, Statement, Word};
use super::values::{Given, Values};
use super::walk::{Scope, Visitor};
use crate::known::{self, Known, Waits};

/// What was found at a place.
pub(super) enum Habit {
    /// It waits for a person.
    Waits(String, Waits),
    /// This word makes it act on whatever matches.
    Matches(String),
    /// It does nothing but wait for a time.
    Sleeps,
    /// It goes down into another folder if this variable is empty, into this one.
    Empty(String, String),
    /// Nobody filled this in.
    Placeholder(String),
}

/// Looks for them.
pub(super) struct Habits<'a> {
    values: &'a Values<'a>,
    given: &'a BTreeMap<String, Given>,
    text: &'a str,
    pub(super) found: Vec<(Place, Habit)>,
    /// How many loops are around. A `sleep` in one is the pause between two questions.
    loops: usize,
    /// Where statements start that read what another one prints.
    piped: BTreeSet<usize>,
}

impl<'a> Visitor<'a> for Habits<'a> {
    fn statement(&mut self, statement: &'a Statement) {
        if let Command::Pipe(members) = &statement.command {
            self.piped.extend(members.iter().skip(1).map(|member| member.place.start));
        }
        if let Some(simple) = statement.simple() {
            let has_input = self.piped.contains(&statement.place.start) || !statement.redirects.is_empty();
            self.simple_with(simple, has_input);
        }
    }

    fn redirect(&mut self, redirect: &'a Redirect) {
        // `<name>` reads a file and writes to another: nobody means that.
        let place = redirect.word.place;
        let around = place.start.checked_sub(1).and_then(|start| self.text.get(start..=place.end));
        let name = around.and_then(|around| around.strip_prefix('<')?.strip_suffix('>'));
        let is_name = |name: &str| {
            name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        };
        if let Some(name) = name.filter(|name| is_name(name)) {
            let whole = Place { start: place.start - 1, end: place.end + 1 };
            self.found.push((whole, Habit::Placeholder(format!("<{name}>"))));
        }
    }

    fn enter(&mut self, scope: Scope<'a>) {
        if matches!(scope, Scope::Loop(_)) {
            self.loops += 1;
        }
    }

    fn leave(&mut self, scope: Scope<'a>) {
        if matches!(scope, Scope::Loop(_)) {
            self.loops = self.loops.saturating_sub(1);
        }
    }
}

impl<'a> Habits<'a> {
    pub(super) fn new(
        values: &'a Values<'a>,
        given: &'a BTreeMap<String, Given>,
        text: &'a str,
    ) -> Habits<'a> {
        Habits { values, given, text, found: Vec::new(), loops: 0, piped: BTreeSet::new() }
    }

    fn simple_with(&mut self, simple: &Simple, has_input: bool) {
        let known: Vec<Known> = simple.words.iter().map(Word::text).collect();
        let is_open = simple.words.iter().any(|word| word.pieces.iter().any(is_list));
        if let Some(waits) = known::waits_for_a_person(&known, has_input).filter(|_| !is_open) {
            let program = known.first().cloned().flatten().unwrap_or_default();
            self.found.push((simple.place, Habit::Waits(program, waits)));
        }
        if let Some(word) = known::acts_on_what_matches(&known) {
            self.found.push((simple.place, Habit::Matches(word.to_owned())));
        }
        if self.loops == 0 && known::only_sleeps(&known) {
            self.found.push((simple.place, Habit::Sleeps));
        }
        for word in known::goes_down_into(&known).into_iter().filter_map(|index| simple.words.get(index)) {
            self.folder(word);
        }
        if known::reads_patterns(&known) {
            return;
        }
        for word in &simple.words {
            let texts = word.pieces.iter().filter_map(|piece| match &piece.kind {
                PieceKind::Text(text) => Some(text.as_str()),
                PieceKind::Variable(_) | PieceKind::Output(..) | PieceKind::Arithmetic(_) => None,
            });
            if let Some(found) = texts.filter_map(known::capitals).next() {
                self.found.push((word.place, Habit::Placeholder(found.to_owned())));
            }
        }
    }

    /// A folder to remove that is another one when a variable in it is empty.
    fn folder(&mut self, word: &Word) {
        let text = |piece: &Piece| match &piece.kind {
            PieceKind::Text(text) => Some(text.clone()),
            PieceKind::Variable(_) | PieceKind::Output(..) | PieceKind::Arithmetic(_) => None,
        };
        for (index, piece) in word.pieces.iter().enumerate() {
            let PieceKind::Variable(variable) = &piece.kind else { continue };
            let before = index.checked_sub(1).and_then(|before| word.pieces.get(before));
            let behind = word.pieces.get(index + 1);
            let ends = |piece: &Piece| text(piece).is_some_and(|text| text.ends_with('/'));
            let starts = |piece: &Piece| text(piece).is_some_and(|text| text.starts_with('/'));
            let is_whole_name = before.is_none_or(ends) && behind.is_none_or(starts);
            let value = self.text.get(piece.place.start..piece.place.end).unwrap_or_default();
            // `${x:?}` stops the script, and `${x:-y}` is something else then.
            let is_plain = !value.contains([':', '?', '-', '=']);
            let may_be_empty = variable.shape == Shape::Value
                && is_plain
                && !self.values.sets.contains_key(variable.name.as_str())
                && self.given.get(&variable.name) == Some(&Given::Text);
            if word.pieces.len() == 1 || !is_whole_name || !may_be_empty {
                continue;
            }
            let written = self.text.get(word.place.start..word.place.end).unwrap_or_default();
            let left = written.replacen(value, "", 1).replace('"', "");
            self.found.push((word.place, Habit::Empty(variable.name.clone(), left)));
        }
    }
}

fn is_list(piece: &Piece) -> bool {
    matches!(&piece.kind, PieceKind::Variable(variable) if variable.shape == Shape::All)
}
