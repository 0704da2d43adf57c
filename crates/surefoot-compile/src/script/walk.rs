//! Walks a script once, in the order of its text.

use super::tree::{
    Assignment, Block, Command, Form, Piece, PieceKind, Redirect, Simple, Statement, Value, Word,
};

/// What a check wants to see. What it does not care for, it leaves out.
pub(super) trait Visitor<'a> {
    /// A statement, before what is in it.
    fn statement(&mut self, _statement: &'a Statement) {}
    /// A command with its words; those are seen after it.
    fn simple(&mut self, _simple: &'a Simple) {}
    /// `for` over words, before its body; its words were seen.
    fn each(&mut self, _name: Option<&'a str>, _words: Option<&'a [Word]>, _statement: &'a Statement) {}
    /// An assignment; its value was seen.
    fn assignment(&mut self, _assignment: &'a Assignment) {}
    /// A redirection; its word was seen.
    fn redirect(&mut self, _redirect: &'a Redirect) {}
    /// A word, and what the shell does to it.
    fn word(&mut self, _word: &'a Word, _use: Use) {}
    /// A piece of a word, or a piece in it.
    fn piece(&mut self, _piece: &'a Piece) {}
    /// The body of a loop or function begins. Functions also say their name.
    fn enter(&mut self, _scope: Scope<'a>) {}
    /// It ends.
    fn leave(&mut self, _scope: Scope<'a>) {}
}

/// What a word is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Use {
    /// It is split into words, and names of files are looked up for it.
    Splits,
    /// As that, and that is what it is for: the words of `for`.
    Lists,
    /// It is taken as one.
    Whole,
}

/// What is entered.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scope<'a> {
    Loop(&'a Statement),
    Function(Option<&'a str>, &'a Statement),
}

/// Walks a block.
pub(super) fn walk<'a>(block: &'a Block, visitor: &mut impl Visitor<'a>) {
    for statement in &block.statements {
        walk_statement(statement, visitor);
    }
}

fn walk_statement<'a>(statement: &'a Statement, visitor: &mut impl Visitor<'a>) {
    visitor.statement(statement);
    match &statement.command {
        Command::Simple(simple) => walk_simple(simple, visitor),
        Command::Chain(first, rest) => {
            walk_statement(first, visitor);
            rest.iter().for_each(|(_, statement)| walk_statement(statement, visitor));
        }
        Command::Pipe(members) => members.iter().for_each(|member| walk_statement(member, visitor)),
        Command::If(branches, otherwise) => {
            for (condition, then) in branches {
                walk(condition, visitor);
                walk(then, visitor);
            }
            otherwise.iter().for_each(|block| walk(block, visitor));
        }
        Command::Loop(condition, body) => {
            visitor.enter(Scope::Loop(statement));
            walk(condition, visitor);
            walk(body, visitor);
            visitor.leave(Scope::Loop(statement));
        }
        Command::Each(name, words, body) => {
            words.iter().flatten().for_each(|word| walk_word(word, Use::Lists, visitor));
            visitor.each(name.as_deref(), words.as_deref(), statement);
            visitor.enter(Scope::Loop(statement));
            walk(body, visitor);
            visitor.leave(Scope::Loop(statement));
        }
        Command::Count(pieces, body) => {
            visitor.enter(Scope::Loop(statement));
            pieces.iter().for_each(|piece| walk_piece(piece, visitor));
            walk(body, visitor);
            visitor.leave(Scope::Loop(statement));
        }
        Command::Case(word, arms) => {
            walk_word(word, Use::Whole, visitor);
            for (patterns, body) in arms {
                patterns.iter().for_each(|pattern| walk_word(pattern, Use::Whole, visitor));
                walk(body, visitor);
            }
        }
        Command::Group(body) | Command::Subshell(body) => walk(body, visitor),
        Command::Test(words) => words.iter().for_each(|word| walk_word(word, Use::Whole, visitor)),
        Command::Arithmetic(pieces) => pieces.iter().for_each(|piece| walk_piece(piece, visitor)),
        Command::Function(name, body) => {
            visitor.enter(Scope::Function(name.as_deref(), body));
            walk_statement(body, visitor);
            visitor.leave(Scope::Function(name.as_deref(), body));
        }
        Command::Timed(inner) => inner.iter().for_each(|inner| walk_statement(inner, visitor)),
        Command::Coprocess(_, inner) => walk_statement(inner, visitor),
    }
    for redirect in &statement.redirects {
        walk_word(&redirect.word, if redirect.is_text { Use::Whole } else { Use::Splits }, visitor);
        visitor.redirect(redirect);
    }
}

fn walk_simple<'a>(simple: &'a Simple, visitor: &mut impl Visitor<'a>) {
    visitor.simple(simple);
    simple.assignments.iter().for_each(|assignment| walk_assignment(assignment, visitor));
    simple.words.iter().for_each(|word| walk_word(word, Use::Splits, visitor));
    simple.declared.iter().for_each(|assignment| walk_assignment(assignment, visitor));
}

fn walk_assignment<'a>(assignment: &'a Assignment, visitor: &mut impl Visitor<'a>) {
    match &assignment.value {
        Value::None => {}
        Value::One(word) => walk_word(word, Use::Whole, visitor),
        Value::Many(words) => words.iter().for_each(|word| walk_word(word, Use::Splits, visitor)),
    }
    visitor.assignment(assignment);
}

fn walk_word<'a>(word: &'a Word, r#use: Use, visitor: &mut impl Visitor<'a>) {
    visitor.word(word, r#use);
    word.pieces.iter().for_each(|piece| walk_piece(piece, visitor));
}

fn walk_piece<'a>(piece: &'a Piece, visitor: &mut impl Visitor<'a>) {
    visitor.piece(piece);
    match &piece.kind {
        PieceKind::Text(_) => {}
        PieceKind::Variable(variable) => variable.inner.iter().for_each(|piece| walk_piece(piece, visitor)),
        PieceKind::Output(block, Form::Substitution | Form::Process) => walk(block, visitor),
        PieceKind::Arithmetic(pieces) => pieces.iter().for_each(|piece| walk_piece(piece, visitor)),
    }
}
