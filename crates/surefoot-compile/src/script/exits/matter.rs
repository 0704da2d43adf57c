//! Whether it matters that something fails.

use std::collections::BTreeSet;

use crate::script::shell::{self, Shell};
use crate::script::tree::{Assignment, Block, Command, Link, Place, Simple, Statement, Value};
use crate::script::values::Values;
use crate::script::walk::Visitor;

/// Rounds in which functions that call each other are looked at; one that is open then may fail.
const ROUNDS_MAX: usize = 4;

/// Tells whether it matters that something fails.
pub(super) struct Matter<'a> {
    pub(super) values: &'a Values<'a>,
    pub(super) shell: Shell,
    /// Functions in which nothing fails so that it matters.
    harmless: BTreeSet<&'a str>,
}

impl<'a> Matter<'a> {
    pub(super) fn new(values: &'a Values<'a>, shell: Shell) -> Matter<'a> {
        let mut matter = Matter { values, shell, harmless: BTreeSet::new() };
        for _ in 0..ROUNDS_MAX {
            let functions = values.functions.iter();
            let harmless =
                functions.filter(|(_, body)| !matter.anything_fails(body)).map(|(name, _)| *name).collect();
            if matter.harmless == harmless {
                break;
            }
            matter.harmless = harmless;
        }
        matter
    }

    /// Whether a statement can fail by itself, and that matters. What stands in blocks is asked there.
    pub(super) fn fails(&self, statement: &Statement) -> bool {
        if statement.background {
            return false;
        }
        match &statement.command {
            Command::Simple(simple) => self.simple_fails(simple),
            Command::Pipe(members) => match self.shell {
                Shell::Bash => members.iter().any(|member| self.fails(member)),
                Shell::Sh => members.last().is_some_and(|member| self.fails(member)),
            },
            Command::Timed(inner) => inner.as_ref().is_some_and(|inner| self.fails(inner)),
            // Its author said what happens.
            Command::Chain(..) => false,
            Command::If(..)
            | Command::Loop(..)
            | Command::Each(..)
            | Command::Count(..)
            | Command::Case(..)
            | Command::Group(_)
            | Command::Subshell(_)
            | Command::Test(_)
            | Command::Arithmetic(_)
            | Command::Function(..)
            | Command::Coprocess(..) => false,
        }
    }

    fn simple_fails(&self, simple: &Simple) -> bool {
        let Some(first) = simple.words.first() else {
            return simple.assignments.iter().filter_map(assigned_output).any(|block| self.any_fails(block));
        };
        let Some(name) = first.text() else { return true };
        let name = name.rsplit('/').next().unwrap_or(&name);
        if self.values.functions.contains_key(name) {
            return !self.harmless.contains(name);
        }
        if name == "command" {
            return !simple.words.get(1).is_some_and(|word| word.is("-v") || word.is("-V"));
        }
        !shell::is_harmless(name)
    }

    /// Whether anything in a block can fail so that it matters.
    pub(super) fn any_fails(&self, block: &Block) -> bool {
        block.statements.iter().any(|statement| self.anything_fails(statement))
    }

    /// Of a statement and of what is in its blocks. What prints something that is always there does not.
    pub(super) fn anything_fails(&self, statement: &Statement) -> bool {
        let any = |block: &Block| self.any_fails(block);
        match &statement.command {
            Command::Simple(simple) => !is_simple_text(simple) && self.simple_fails(simple),
            Command::Pipe(members) => members
                .iter()
                .any(|member| !member.simple().is_some_and(is_simple_filter) && self.anything_fails(member)),
            // `a || b` says what then; `a && b` does not.
            Command::Chain(first, rest) => {
                rest.iter().all(|(link, _)| *link == Link::And)
                    && std::iter::once(first.as_ref())
                        .chain(rest.iter().map(|(_, operand)| operand))
                        .any(|operand| self.anything_fails(operand))
            }
            Command::If(branches, otherwise) => {
                branches.iter().any(|(_, then)| any(then)) || otherwise.as_ref().is_some_and(any)
            }
            Command::Loop(_, body) | Command::Each(_, _, body) | Command::Count(_, body) => any(body),
            Command::Case(_, arms) => arms.iter().any(|(_, body)| any(body)),
            Command::Group(body) | Command::Subshell(body) => any(body),
            Command::Test(_) | Command::Arithmetic(_) | Command::Function(..) | Command::Coprocess(..) => {
                false
            }
            Command::Timed(inner) => inner.as_ref().is_some_and(|inner| self.anything_fails(inner)),
        }
    }

    /// Whether it matters that a member of a pipeline fails.
    pub(super) fn fails_in_pipe(&self, member: &Statement) -> bool {
        match member.simple() {
            Some(simple) => !is_simple_filter(simple) && !is_simple_text(simple) && self.fails(member),
            None => self.anything_fails(member),
        }
    }

    /// Returns the name of what runs first in a statement.
    pub(super) fn name(&self, statement: &Statement) -> Option<String> {
        match &statement.command {
            Command::Simple(simple) if simple.words.is_empty() => simple
                .assignments
                .iter()
                .rev()
                .find_map(assigned_output)
                .and_then(|block| self.first_name(block)),
            Command::Simple(simple) => simple.name(),
            Command::Pipe(members) => {
                let failing = members.iter().find(|member| self.fails_in_pipe(member));
                failing.or(members.last()).and_then(|member| self.name(member))
            }
            Command::Timed(inner) => inner.as_ref().and_then(|inner| self.name(inner)),
            Command::Chain(first, _) => self.name(first),
            Command::Group(block) | Command::Subshell(block) => self.first_name(block),
            Command::If(..)
            | Command::Loop(..)
            | Command::Each(..)
            | Command::Count(..)
            | Command::Case(..)
            | Command::Test(_)
            | Command::Arithmetic(_)
            | Command::Function(..)
            | Command::Coprocess(..) => None,
        }
    }

    /// Returns the name of what can fail first in a block.
    pub(super) fn first_name(&self, block: &Block) -> Option<String> {
        let failing = block.statements.iter().find(|statement| self.anything_fails(statement));
        failing.or(block.statements.first()).and_then(|statement| self.name(statement))
    }
}

/// Returns the block whose output an assignment takes last: its exit is that of the assignment.
fn assigned_output(assignment: &Assignment) -> Option<&Block> {
    match &assignment.value {
        Value::One(word) => word.outputs().last().map(|(block, _, _)| block),
        Value::None | Value::Many(_) => None,
    }
}

/// Whether a command prints something that is always there.
fn is_simple_text(simple: &Simple) -> bool {
    simple.name().is_some_and(|name| shell::is_printer(name.rsplit('/').next().unwrap_or(&name)))
}

/// Whether a command turns its input into its output.
fn is_simple_filter(simple: &Simple) -> bool {
    simple.name().is_some_and(|name| shell::is_filter(name.rsplit('/').next().unwrap_or(&name)))
}

/// What is started in the background, and what is done about it.
#[derive(Default)]
pub(super) struct Background {
    pub(super) started: Vec<(Place, Option<String>)>,
    /// Whether `wait` stands there.
    pub(super) is_waited: bool,
    /// Whether the exit of one is asked for.
    pub(super) is_asked: bool,
    /// Whether `kill` stands there: then its end is no news.
    pub(super) is_ended: bool,
}

impl<'a> Visitor<'a> for Background {
    fn statement(&mut self, statement: &'a Statement) {
        if statement.background {
            let name = statement.simple().and_then(Simple::name);
            self.started.push((statement.place, name));
        }
    }

    fn simple(&mut self, simple: &'a Simple) {
        match simple.name().as_deref() {
            Some("wait") => {
                self.is_waited = true;
                self.is_asked |= simple.words.len() > 1;
            }
            Some("kill" | "pkill") => self.is_ended = true,
            Some(_) | None => {}
        }
    }
}
