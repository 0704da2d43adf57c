//! Commands and expressions.

use super::{Duration, Ident, Text, Type};
use crate::Span;

/// A command: options, decoder, body.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Command {
    /// `on HOST`
    pub on: Option<Expr>,
    /// `in FOLDER`
    pub folder: Option<Expr>,
    /// `env { NAME: value }`
    pub env: Vec<(Ident, Expr)>,
    /// `stdin EXPR`
    pub stdin: Option<Expr>,
    /// `as USER`
    pub user: Option<Ident>,
    /// `exit 0, 2`
    pub exits: Vec<(i32, Span)>,
    /// `json`, `lines`, …
    pub decoder: Option<Ident>,
    /// What is run.
    pub body: CommandBody,
    /// All of it.
    pub span: Span,
}

/// What a command runs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum CommandBody {
    /// `$ a | b`: programs, each its words.
    Pipeline(Vec<Vec<Word>>),
    /// A fenced script.
    Script {
        /// `sh`, `bash`, …
        language: Ident,
        /// `(dir: folder, keep: 7)`
        arguments: Vec<(Ident, Expr)>,
        /// Its text as written, without the fence and its common indentation.
        text: Text,
    },
    /// Damaged.
    Error,
}

/// One word of a `$` line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Word {
    /// Its parts, joined to one argument.
    pub parts: Vec<WordPart>,
    /// All of it.
    pub span: Span,
}

/// A part of a word.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum WordPart {
    /// As it stands, quotes and escapes resolved.
    Text(String),
    /// `${x}`
    Value(Expr),
    /// `${xs...}`, alone in its word: zero or more words.
    Splice(Expr),
}

/// An expression.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// All of it.
    pub span: Span,
}

/// What an expression is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ExprKind {
    /// `"a ${b} c"`, `'raw'`, `"""…"""`: texts and values in turn.
    Text(Vec<WordPart>),
    /// `7`
    Int(i64),
    /// `0.5`
    Float(Bits),
    /// `true`, `false`
    Bool(bool),
    /// `none`
    None,
    /// `5m`, in milliseconds
    Duration(u64),
    /// `512MiB`, in bytes
    Size(u64),
    /// `5%`
    Percent(Bits),
    /// `2026-10-01`
    Time(String),
    /// A name, dotted or not: `x`, `run.id`, `step.value`, `postgres.lag`
    Name(Vec<Ident>),
    /// A call: of a function, a fact, or the library.
    Call(Call),
    /// `[a, b]`
    List(Vec<Expr>),
    /// `{ a: 1 }`
    Record(Vec<(Ident, Expr)>),
    /// `x.name` where `x` is not a plain name
    Field(Box<Expr>, Ident),
    /// `not x`, `-x`
    Unary(UnaryOperator, Box<Expr>),
    /// `a + b`
    Binary(BinaryOperator, Box<Expr>, Box<Expr>),
    /// `if c then a else b`
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `[item for name in list if condition]`
    Comprehension {
        /// What each turn gives.
        item: Box<Expr>,
        /// The name bound in turn.
        name: Ident,
        /// The list.
        list: Box<Expr>,
        /// Which turns count.
        condition: Option<Box<Expr>>,
    },
    /// `all f(x) for x in xs`, `any f(x) for x in xs`
    Quantifier {
        /// Whether it must hold for every item, and not for one.
        every: bool,
        /// What must hold.
        condition: Box<Expr>,
        /// The name bound in turn.
        name: Ident,
        /// The list.
        list: Box<Expr>,
    },
    /// A command as an expression: `text $ …`
    Command(Box<Command>),
    /// `ask "…" : TYPE by ROLE see URL "normal" within D default V`
    Ask(Box<Ask>),
    /// `reveal(x, "why")`
    Reveal(Box<Expr>, Text),
    /// Damaged.
    Error,
}

/// The bits of a finite `f64`, so that the syntax can be compared.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Bits(pub u64);

impl Bits {
    /// The number.
    #[must_use]
    pub fn get(self) -> f64 {
        f64::from_bits(self.0)
    }
}

/// A call.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Call {
    /// What is called, dotted or not.
    pub callee: Vec<Ident>,
    /// Its arguments, each with its name if one is written.
    pub arguments: Vec<(Option<Ident>, Expr)>,
    /// All of it.
    pub span: Span,
}

/// A question to a person.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ask {
    /// What is asked.
    pub text: Expr,
    /// The type of the answer; in a fact yes, no or cannot tell; else text.
    pub r#type: Option<Type>,
    /// Who may answer.
    pub by: Option<Ident>,
    /// Where to look, and what is normal.
    pub see: Vec<(Expr, Option<Expr>)>,
    /// How long to wait.
    pub within: Option<Duration>,
    /// The answer when time is over.
    pub default: Option<Expr>,
    /// All of it.
    pub span: Span,
}

/// An operator on one value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "named as in the language")]
pub enum UnaryOperator {
    Not,
    Minus,
}

/// An operator on two values.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "named as in the language")]
pub enum BinaryOperator {
    And,
    Or,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Plus,
    Minus,
    Times,
    Divide,
    Matches,
    In,
    OrElse,
}
