//! A script as it was read: what runs, in which order, on what condition.
//!
//! It has only what the checks ask for. Quotes are no level of their own: each piece of a word says whether it
//! stands in quotes. The shell's parser and its own tree are known to `translate` alone.

/// A place in a script: a range of its bytes.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Place {
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Place {
    /// Returns the place that spans two.
    pub(super) fn to(self, other: Place) -> Place {
        Place { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// Statements, one after the other.
#[derive(Debug, Default)]
pub(super) struct Block {
    pub(super) statements: Vec<Statement>,
}

/// One statement.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) command: Command,
    /// Words that its redirections read, here-documents among them.
    pub(super) redirects: Vec<Redirect>,
    /// Whether a `!` stands before it.
    pub(super) negated: bool,
    /// Whether a `&` stands behind it.
    pub(super) background: bool,
    pub(super) place: Place,
}

/// Where output goes or input comes from.
#[derive(Debug)]
pub(super) struct Redirect {
    pub(super) word: Word,
    /// Whether it is a text and not the name of a file: a here-document or here-string.
    pub(super) is_text: bool,
    /// The variable that gets the descriptor: `{fd}>file`.
    pub(super) sets: Option<String>,
}

/// What a statement does.
#[derive(Debug)]
pub(super) enum Command {
    /// Assignments, a program or builtin with its words, or both.
    Simple(Simple),
    /// `a && b || c`: the first, then each with what stands before it.
    Chain(Box<Statement>, Vec<(Link, Statement)>),
    /// `a | b`
    Pipe(Vec<Statement>),
    /// Conditions with what is done when they hold, and what is done when none does.
    If(Vec<(Block, Block)>, Option<Block>),
    /// `while` and `until`.
    Loop(Block, Block),
    /// `for` and `select` over words; without words, over the arguments.
    Each(Option<String>, Option<Vec<Word>>, Block),
    /// `for ((…))`
    Count(Vec<Piece>, Block),
    /// `case`: its word, and each arm with its patterns.
    Case(Word, Vec<(Vec<Word>, Block)>),
    /// `{ … }`
    Group(Block),
    /// `( … )`
    Subshell(Block),
    /// `[[ … ]]`
    Test(Vec<Word>),
    /// `(( … ))`
    Arithmetic(Vec<Piece>),
    /// A function with its name, if that is written out.
    Function(Option<String>, Box<Statement>),
    /// `time …`
    Timed(Option<Box<Statement>>),
    /// `coproc …`, with the variable that gets its descriptors.
    Coprocess(String, Box<Statement>),
}

/// What stands between two commands of a chain.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Link {
    And,
    Or,
}

/// Assignments, then words; a declaration has assignments behind its word, too.
#[derive(Debug)]
pub(super) struct Simple {
    pub(super) assignments: Vec<Assignment>,
    pub(super) words: Vec<Word>,
    /// What `local`, `export` and their like assign or name.
    pub(super) declared: Vec<Assignment>,
    pub(super) place: Place,
}

/// `name=value`, or a name alone where it is declared.
#[derive(Debug)]
pub(super) struct Assignment {
    pub(super) name: String,
    pub(super) value: Value,
    /// Whether it is `+=`.
    pub(super) append: bool,
    pub(super) place: Place,
}

/// What is assigned.
#[derive(Debug)]
pub(super) enum Value {
    None,
    One(Word),
    Many(Vec<Word>),
}

/// A word.
#[derive(Debug)]
pub(super) struct Word {
    pub(super) pieces: Vec<Piece>,
    pub(super) place: Place,
}

/// A part of a word.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) kind: PieceKind,
    /// Whether it stands in quotes, so that it stays one word.
    pub(super) quoted: bool,
    pub(super) place: Place,
}

/// What a part of a word is.
#[derive(Debug)]
pub(super) enum PieceKind {
    /// Text, without quotes and escapes.
    Text(String),
    /// The value of a variable.
    Variable(Variable),
    /// What commands print.
    Output(Block, Form),
    /// `$((…))`: the variables in it.
    Arithmetic(Vec<Piece>),
}

/// How commands stand in a word.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    /// `$(…)` and its old form.
    Substitution,
    /// `<(…)` and `>(…)`.
    Process,
}

/// A variable that is read or set in a word.
#[derive(Debug)]
pub(super) struct Variable {
    pub(super) name: String,
    /// Whether the script stops when it is not set.
    pub(super) must_be_set: bool,
    /// Whether it is set there: `${x:=…}`, `$((x = 1))`.
    pub(super) sets: bool,
    /// What stands for it.
    pub(super) shape: Shape,
    /// What is read inside of it: defaults, patterns, indices.
    pub(super) inner: Vec<Piece>,
}

/// What stands in the place of a variable.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Shape {
    /// Its value, or a part of it.
    Value,
    /// All elements: `$@`, `${x[*]}`.
    All,
    /// A number: `${#x}`, `$?`.
    Number,
    /// Not its value, but what is written inside: `${x:+…}`.
    Inner,
}

impl Word {
    /// Returns its text, if nothing in it depends on the run.
    pub(super) fn text(&self) -> Option<String> {
        let mut text = String::new();
        for piece in &self.pieces {
            match &piece.kind {
                PieceKind::Text(part) => text.push_str(part),
                PieceKind::Variable(_) | PieceKind::Output(..) | PieceKind::Arithmetic(_) => return None,
            }
        }
        Some(text)
    }

    /// Whether it is this text.
    pub(super) fn is(&self, text: &str) -> bool {
        self.text().is_some_and(|own| own == text)
    }

    /// Returns what commands print into it, with the place of each.
    pub(super) fn outputs(&self) -> impl Iterator<Item = (&Block, Form, &Piece)> {
        self.pieces.iter().filter_map(|piece| match &piece.kind {
            PieceKind::Output(block, form) => Some((block, *form, piece)),
            PieceKind::Text(_) | PieceKind::Variable(_) | PieceKind::Arithmetic(_) => None,
        })
    }
}

impl Statement {
    /// Returns its command with words, if it is one.
    pub(super) fn simple(&self) -> Option<&Simple> {
        if let Command::Simple(simple) = &self.command { Some(simple) } else { None }
    }
}

impl Simple {
    /// Returns the word that says what is run, if it is written out.
    pub(super) fn name(&self) -> Option<String> {
        self.words.first().and_then(Word::text)
    }
}
