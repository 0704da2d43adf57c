//! Exits that nobody looks at: where a failure does not stop the script though it is meant to.
//!
//! Scripts run with `errexit` and `pipefail`. The shell itself switches `errexit` off in conditions, before `&&`
//! and `||`, behind `!`, and (bash) in `$(…)`; and it drops the exit of what stands in a word.

mod matter;

use std::collections::BTreeMap;

use matter::Matter;

use super::shell::{self, Shell};
use super::tree::{
    Assignment, Block, Command, Form, Link, Piece, PieceKind, Place, Simple, Statement, Value, Word,
};
use super::values::Values;

/// An exit that is lost.
pub(super) struct Lost {
    pub(super) place: Place,
    pub(super) how: How,
    /// What fails unseen, if it has a name.
    pub(super) what: Option<String>,
    /// Where that stands, if that is elsewhere.
    pub(super) there: Option<Place>,
}

/// How an exit is lost.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum How {
    /// `local x=$(…)`: the exit is that of `local`.
    Declared,
    /// `… || true`
    Dropped,
    /// The same, of a program that answers by its exit.
    AnswerDropped,
    /// In a condition, or before `&&`, only the last exit counts.
    NotLast,
    /// A function is called where `errexit` is off.
    Called,
    /// In `$(…)`, only the last exit counts.
    NotLastInOutput,
    /// A function is called in `$(…)`.
    CalledInOutput,
    /// Before `&&`, a failure ends the line and not the script.
    BeforeAnd,
    /// Behind `!`, nothing stops the script.
    Negated,
    /// `set +e`
    SwitchedOff(&'static str),
    /// `&`, and no `wait`.
    Background,
    /// `&`, and a `wait` that asks after nothing.
    WaitedBlindly,
    /// `$(…)` in a word of another command.
    InWord,
    /// `<(…)`
    InProcess,
    /// In `sh`, only the last program of a pipeline counts.
    InPipe,
}

/// Returns the exits that are lost in a part of a script.
pub(super) fn lost(block: &Block, values: &Values<'_>, shell: Shell, text: &str) -> Vec<Lost> {
    let matter = Matter::new(values, shell);
    let inherits = shell == Shell::Sh || text.contains("inherit_errexit");
    let mut exits = Exits {
        matter,
        shell,
        text,
        inherits,
        quiet: 0,
        outputs: 0,
        functions: BTreeMap::new(),
        is_called: false,
        found: Vec::new(),
    };
    exits.block(block, Around { stops: true, used: true });
    exits.found
}

/// What becomes of an exit.
#[derive(Clone, Copy)]
struct Around {
    /// Whether a failure stops the script.
    stops: bool,
    /// Whether somebody looks at it.
    used: bool,
}

/// Where only somebody looks at it: a condition.
const ASKED: Around = Around { stops: false, used: true };

struct Exits<'a> {
    matter: Matter<'a>,
    shell: Shell,
    text: &'a str,
    /// Whether `$(…)` stops at a failure inside.
    inherits: bool,
    /// How many places around it throw away what is found inside.
    quiet: usize,
    /// How many `$(…)` are around it.
    outputs: usize,
    /// Functions that were looked at as called in a condition: where a failure inside is lost.
    functions: BTreeMap<String, Option<Place>>,
    /// Whether one is being looked at.
    is_called: bool,
    found: Vec<Lost>,
}

impl<'a> Exits<'a> {
    fn add(&mut self, place: Place, how: How, what: Option<String>) {
        if self.quiet == 0 {
            self.found.push(Lost { place, how, what, there: None });
        }
    }

    /// Looks at statements of which the last gives the exit of all.
    fn block(&mut self, block: &'a Block, around: Around) {
        self.statements(block, around, How::NotLast);
    }

    fn statements(&mut self, block: &'a Block, around: Around, how: How) {
        let last = block.statements.len().saturating_sub(1);
        for (index, statement) in block.statements.iter().enumerate() {
            let own = Around { used: around.used && index == last, ..around };
            if !own.stops && !own.used && self.matter.fails(statement) {
                self.add(statement.place, how, self.matter.name(statement));
            }
            self.statement(statement, own);
        }
    }

    fn statement(&mut self, statement: &'a Statement, around: Around) {
        for redirect in &statement.redirects {
            self.word(&redirect.word, How::InWord);
        }
        // What runs in the background is a shell of its own; what becomes of its exit is asked elsewhere.
        let around = if statement.background { Around { stops: true, used: true } } else { around };
        let around = if statement.negated {
            if around.stops && !around.used && self.matter.fails(statement) {
                self.add(statement.place, How::Negated, self.matter.name(statement));
            }
            ASKED
        } else {
            around
        };
        match &statement.command {
            Command::Simple(simple) => self.simple(simple, around),
            Command::Pipe(members) => self.pipe(members, around),
            Command::Chain(first, rest) => self.chain(first, rest, around),
            Command::If(branches, otherwise) => {
                for (condition, then) in branches {
                    self.block(condition, ASKED);
                    self.block(then, around);
                }
                otherwise.iter().for_each(|block| self.block(block, around));
            }
            Command::Loop(condition, body) => {
                self.block(condition, ASKED);
                self.block(body, Around { used: false, ..around });
            }
            Command::Each(_, words, body) => {
                words.iter().flatten().for_each(|word| self.word(word, How::InWord));
                self.block(body, Around { used: false, ..around });
            }
            Command::Count(pieces, body) => {
                self.pieces(pieces, How::InWord);
                self.block(body, Around { used: false, ..around });
            }
            Command::Case(word, arms) => {
                self.word(word, How::InWord);
                arms.iter().for_each(|(_, body)| self.block(body, around));
            }
            Command::Group(body) => self.block(body, around),
            // A shell of its own: that it failed is seen.
            Command::Subshell(body) => {
                self.block(body, Around { used: around.used || around.stops, ..around });
            }
            Command::Test(words) => words.iter().for_each(|word| self.word(word, How::InWord)),
            Command::Arithmetic(pieces) => self.pieces(pieces, How::InWord),
            Command::Function(_, body) => self.statement(body, Around { stops: true, used: true }),
            Command::Timed(inner) => inner.iter().for_each(|inner| self.statement(inner, around)),
            Command::Coprocess(_, inner) => self.statement(inner, Around { stops: true, used: true }),
        }
    }

    fn simple(&mut self, simple: &'a Simple, around: Around) {
        let last = simple.assignments.len().saturating_sub(1);
        for (index, assignment) in simple.assignments.iter().enumerate() {
            self.assigned(assignment, simple.words.is_empty() && index == last, How::InWord);
        }
        for assignment in &simple.declared {
            self.assigned(assignment, false, How::Declared);
        }
        simple.words.iter().for_each(|word| self.word(word, How::InWord));
        let Some(name) = simple.name() else { return };
        if name == "set" {
            self.set(simple);
        }
        if !around.stops {
            self.call(simple, &name);
        }
    }

    /// `set +e` and its like.
    fn set(&mut self, simple: &'a Simple) {
        let words: Vec<String> = simple.words.iter().skip(1).filter_map(Word::text).collect();
        let mut long = false;
        for word in &words {
            let off = match word.as_str() {
                "errexit" | "nounset" | "pipefail" if long => word.as_str(),
                word if word.starts_with('+') && word.contains('e') => "errexit",
                word if word.starts_with('+') && word.contains('u') => "nounset",
                _ => "",
            };
            long = word.starts_with('+') && word.ends_with('o');
            let option = ["errexit", "nounset", "pipefail"].into_iter().find(|option| *option == off);
            if let Some(option) = option {
                self.add(simple.place, How::SwitchedOff(option), None);
            }
        }
    }

    /// A function that is called where `errexit` is off, and with it in its body.
    fn call(&mut self, simple: &Simple, name: &str) {
        let Some(body) = self.matter.values.functions.get(name).copied() else { return };
        if self.quiet > 0 || self.is_called {
            return;
        }
        let there = match self.functions.get(name) {
            Some(there) => *there,
            None => {
                let before = std::mem::take(&mut self.found);
                self.is_called = true;
                self.statement(body, ASKED);
                self.is_called = false;
                let inside = std::mem::replace(&mut self.found, before);
                let first = inside.into_iter().find(|lost| lost.how == How::NotLast);
                let there = first.map(|lost| lost.place);
                self.functions.insert(name.to_owned(), there);
                there
            }
        };
        if there.is_some() {
            let place = simple.words.first().map_or(simple.place, |word| word.place);
            let how = if self.outputs > 0 { How::CalledInOutput } else { How::Called };
            self.found.push(Lost { place, how, what: Some(name.to_owned()), there });
        }
    }

    fn pipe(&mut self, members: &'a [Statement], around: Around) {
        // In a condition it comes to the same: what fails says nothing, and the last program finds nothing.
        if self.shell == Shell::Sh
            && around.stops
            && let Some((_, before)) = members.split_last()
            && let Some(member) = before.iter().find(|member| self.matter.fails_in_pipe(member))
        {
            self.add(member.place, How::InPipe, self.matter.name(member));
        }
        for member in members {
            self.statement(member, Around { used: true, ..around });
        }
    }

    fn chain(&mut self, first: &'a Statement, rest: &'a [(Link, Statement)], around: Around) {
        let dropped = rest.last().filter(|(link, last)| *link == Link::Or && is_nothing(last));
        let before = rest.len().saturating_sub(1);
        if let Some((_, last)) = dropped {
            let mut operands =
                std::iter::once(first).chain(rest.iter().take(before).map(|(_, operand)| operand));
            let failing = operands.find(|operand| self.matter.anything_fails(operand));
            if let Some(failing) = failing
                && !is_explained(self.text, last.place.end)
            {
                let name = self.matter.name(failing);
                let answers = name.as_deref().is_some_and(shell::is_question);
                let how = if answers { How::AnswerDropped } else { How::Dropped };
                let start = self.text.get(..last.place.start).and_then(|text| text.rfind("||"));
                let place = Place { start: start.unwrap_or(last.place.start), end: last.place.end };
                self.add(place, how, name);
            }
        } else if around.stops && !around.used && rest.iter().all(|(link, _)| *link == Link::And) {
            let operands = std::iter::once(first).chain(rest.iter().take(before).map(|(_, operand)| operand));
            for operand in operands {
                let name = self.matter.name(operand);
                if name.as_deref().is_some_and(shell::is_done_for_effect) && !operand.negated {
                    self.add(operand.place, How::BeforeAnd, name);
                }
            }
        }
        // Of what is dropped as a whole it is not said again that its parts are.
        self.quiet += usize::from(dropped.is_some());
        self.statement(first, ASKED);
        for (index, (_, operand)) in rest.iter().enumerate() {
            self.statement(operand, if index == before { around } else { ASKED });
        }
        self.quiet -= usize::from(dropped.is_some());
    }

    /// An assignment: the exit of the last output in it is its own, if nothing else is done with it.
    fn assigned(&mut self, assignment: &'a Assignment, counts: bool, how: How) {
        match &assignment.value {
            Value::None => {}
            Value::One(word) => self.outputs(&word.pieces, how, counts),
            Value::Many(words) => {
                let last = words.len().saturating_sub(1);
                for (index, word) in words.iter().enumerate() {
                    self.outputs(&word.pieces, how, counts && index == last);
                }
            }
        }
    }

    fn word(&mut self, word: &'a Word, how: How) {
        self.outputs(&word.pieces, how, false);
    }

    fn pieces(&mut self, pieces: &'a [Piece], how: How) {
        self.outputs(pieces, how, false);
    }

    /// Looks at what commands print into words. `counts`: whether the exit of the last one is looked at.
    fn outputs(&mut self, pieces: &'a [Piece], how: How, counts: bool) {
        let last = pieces.iter().rposition(has_output);
        for (index, piece) in pieces.iter().enumerate() {
            match &piece.kind {
                PieceKind::Text(_) => {}
                PieceKind::Variable(variable) => {
                    self.outputs(&variable.inner, how, counts && last == Some(index));
                }
                PieceKind::Arithmetic(inner) => self.outputs(inner, how, counts && last == Some(index)),
                PieceKind::Output(block, form) => {
                    let seen = counts && last == Some(index) && *form == Form::Substitution;
                    if !seen && self.matter.any_fails(block) {
                        let how = if *form == Form::Process { How::InProcess } else { how };
                        self.add(piece.place, how, self.matter.first_name(block));
                    }
                    let inside = Around { stops: self.inherits || stops_itself(block), used: true };
                    // What is lost as a whole is not said again of its parts.
                    self.quiet += usize::from(!seen);
                    self.outputs += 1;
                    self.statements(block, inside, How::NotLastInOutput);
                    self.outputs -= 1;
                    self.quiet -= usize::from(!seen);
                }
            }
        }
    }
}

/// Whether what commands print stands in a piece, or in one inside of it.
fn has_output(piece: &Piece) -> bool {
    match &piece.kind {
        PieceKind::Text(_) => false,
        PieceKind::Variable(variable) => variable.inner.iter().any(has_output),
        PieceKind::Arithmetic(inner) => inner.iter().any(has_output),
        PieceKind::Output(..) => true,
    }
}

/// Whether a statement does nothing, and that well.
fn is_nothing(statement: &Statement) -> bool {
    let nothing = |simple: &Simple| {
        simple.words.len() == 1 && matches!(simple.name().as_deref(), Some("true" | ":" | "/bin/true"))
    };
    statement.simple().is_some_and(nothing)
}

/// Whether a comment stands behind a place on its line: then its author says why.
fn is_explained(text: &str, at: usize) -> bool {
    let line = text.get(at..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let rest = line.trim_start_matches([' ', '\t', ';', ')', '}', '"']);
    rest.strip_prefix('#').is_some_and(|comment| comment.trim().len() > 2)
}

/// Whether a block begins with `set -e`.
fn stops_itself(block: &Block) -> bool {
    let Some(simple) = block.statements.first().and_then(Statement::simple) else { return false };
    let flag = |word: &Word| word.text().is_some_and(|text| text.starts_with('-') && text.contains('e'));
    simple.name().as_deref() == Some("set") && simple.words.iter().skip(1).any(flag)
}

/// Returns what becomes of what runs in the background of a script: each place that nothing waits for.
pub(super) fn background(blocks: &[&Block], text: &str) -> Vec<Lost> {
    let mut seen = matter::Background::default();
    blocks.iter().for_each(|block| super::walk::walk(block, &mut seen));
    if seen.is_ended || seen.is_asked {
        return Vec::new();
    }
    let how = if seen.is_waited { How::WaitedBlindly } else { How::Background };
    let lost = seen.started.into_iter().filter(|(place, _)| !is_explained(text, place.end + 2));
    lost.map(|(place, what)| Lost { place, how, what, there: None }).collect()
}
