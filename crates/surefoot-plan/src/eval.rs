//! What expressions and formulas mean.
//!
//! In: an expression or a formula, and an [`Environment`] that knows inputs, values and facts.
//! Out: a value; text in pieces, where secrets are only named; or one of true, false and unknown.
//!
//! Must hold:
//! - the same environment gives the same result, for ever: a resumed run depends on it;
//! - what is unknown never becomes true or false;
//! - a secret is never computed with: it stands by itself, or is a piece of a text.

mod function;
mod operator;
mod time;

use std::collections::BTreeMap;

use crate::{Atom, BinaryOperator, Cell, Expr, Formula, Name, Test, Tri, UnaryOperator, Value, ValueId};

pub(crate) use function::size_unit;
pub(crate) use operator::{compare, finite};
pub(crate) use time::parse as moment;

/// Most bytes a computed text, and most items a computed list, may have: an argument vector and an
/// environment are limited by the kernel to about two mebibytes.
pub const COMPUTED_MAX: usize = 4 << 20;

/// Why an expression has no value.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EvalError {
    /// It reads something that has no value here.
    #[error("`{0}` has no value here")]
    NoValue(String),
    /// It asks a fact that cannot be told.
    #[error("{0} cannot be told")]
    Unknown(Cell),
    /// It computes with a secret.
    #[error("`{0}` is secret: it can be passed on, but not computed with")]
    Secret(Name),
    /// A value is of the wrong kind.
    #[error("{0}")]
    Mismatch(String),
    /// A number is too large, or a text or list too long.
    #[error("the result is too large")]
    TooLarge,
    /// It divides by zero.
    #[error("division by zero")]
    DivisionByZero,
}

/// What an expression can read. Each answers none where there is no value.
pub trait Environment {
    /// An input. A secret one is [`Value::Secret`].
    fn input(&self, name: &Name) -> Option<Value>;
    /// A value that the run found.
    fn local(&self, id: &ValueId) -> Option<Value>;
    /// An argument of the question that is being answered, a read of its probe, or a comprehension's item.
    fn argument(&self, name: &Name) -> Option<Value>;
    /// A fact's answer, none if it cannot be told. The cell's arguments are all [`Expr::Literal`].
    fn fact(&self, cell: &Cell) -> Option<Value>;
    /// The present moment, as RFC 3339 text.
    fn now(&self) -> Option<String> {
        None
    }
    /// The id of the run.
    fn run_id(&self) -> Option<String> {
        None
    }
}

/// An environment of tables.
#[derive(Clone, Debug, Default)]
pub struct Values {
    /// Inputs.
    pub inputs: BTreeMap<Name, Value>,
    /// Values that the run found.
    pub locals: BTreeMap<ValueId, Value>,
    /// Arguments of the question that is being answered, and reads of its probe.
    pub arguments: BTreeMap<Name, Value>,
    /// Facts' answers, by cells whose arguments are literals.
    pub facts: BTreeMap<Cell, Value>,
    /// The present moment, as RFC 3339 text.
    pub now: Option<String>,
    /// The id of the run.
    pub run_id: Option<String>,
}

impl Environment for Values {
    fn input(&self, name: &Name) -> Option<Value> {
        self.inputs.get(name).cloned()
    }
    fn local(&self, id: &ValueId) -> Option<Value> {
        self.locals.get(id).cloned()
    }
    fn argument(&self, name: &Name) -> Option<Value> {
        self.arguments.get(name).cloned()
    }
    fn fact(&self, cell: &Cell) -> Option<Value> {
        self.facts.get(cell).cloned()
    }
    fn now(&self) -> Option<String> {
        self.now.clone()
    }
    fn run_id(&self) -> Option<String> {
        self.run_id.clone()
    }
}

/// A part of a text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TextPiece {
    /// As it stands.
    Plain(String),
    /// The value of the secret input of this name.
    Secret(Name),
}

/// Computes an expression. A secret comes out as [`Value::Secret`], and only where it stands alone.
pub fn eval(expr: &Expr, env: &dyn Environment) -> Result<Value, EvalError> {
    match expr {
        Expr::Literal(value) => Ok(value.clone()),
        Expr::Input(name) => env.input(name).ok_or_else(|| EvalError::NoValue(name.clone())),
        Expr::Item { list, index } => item_of_input(list, *index, env),
        Expr::Local(id) => env.local(id).ok_or_else(|| EvalError::NoValue(expr.to_string())),
        Expr::Argument(name) => env.argument(name).ok_or_else(|| EvalError::NoValue(name.clone())),
        Expr::Fact(cell) => {
            let cell = ground(cell, env)?;
            env.fact(&cell).ok_or(EvalError::Unknown(cell))
        }
        Expr::Now => env.now().map(Value::Time).ok_or_else(|| EvalError::NoValue("now".into())),
        Expr::RunId => env.run_id().map(Value::Text).ok_or_else(|| EvalError::NoValue("run.id".into())),
        Expr::Join(parts) => {
            let mut text = String::new();
            for part in parts {
                text.push_str(&plain(eval(part, env)?)?.to_string());
                within_limit(text.len())?;
            }
            Ok(Value::Text(text))
        }
        Expr::List(items) => {
            items.iter().map(|item| eval(item, env)).collect::<Result<_, _>>().map(Value::List)
        }
        Expr::Record(fields) => {
            let field = |(name, field): (&Name, &Expr)| Ok((name.clone(), eval(field, env)?));
            fields.iter().map(field).collect::<Result<_, _>>().map(Value::Record)
        }
        Expr::Field(inner, name) => match plain(eval(inner, env)?)? {
            Value::Record(mut fields) => Ok(fields.remove(name).unwrap_or(Value::None)),
            Value::None => Ok(Value::None),
            other => Err(mismatch(format!("`{other}` has no field `{name}`"))),
        },
        Expr::Unary(UnaryOperator::Not, inner) => Ok(Value::Bool(!truth(eval(inner, env)?)?)),
        Expr::Unary(UnaryOperator::Minus, inner) => operator::negate(plain(eval(inner, env)?)?),
        Expr::Binary(operator, left, right) => binary(*operator, left, right, env),
        Expr::Call(function, arguments) => {
            let values = arguments.iter().map(|argument| plain(eval(argument, env)?));
            function::call(*function, values.collect::<Result<_, _>>()?)
        }
        Expr::If(condition, then, otherwise) => {
            if truth(eval(condition, env)?)? {
                eval(then, env)
            } else {
                eval(otherwise, env)
            }
        }
        Expr::Comprehension { item, name, list, condition } => {
            let Value::List(items) = plain(eval(list, env)?)? else {
                return Err(mismatch(format!("`{list}` is not a list")));
            };
            let mut results = Vec::new();
            for value in items {
                let env = Turn { name, value, outer: env };
                let counts = match condition {
                    Some(condition) => truth(eval(condition, &env)?)?,
                    None => true,
                };
                if counts {
                    results.push(eval(item, &env)?);
                }
            }
            Ok(Value::List(results))
        }
    }
}

/// Computes an expression as text, in which secrets are only named.
pub fn eval_text(expr: &Expr, env: &dyn Environment) -> Result<Vec<TextPiece>, EvalError> {
    let mut pieces = Vec::new();
    push_text(expr, env, &mut pieces)?;
    Ok(pieces)
}

/// Decides a formula. What cannot be computed is unknown; [`why_unknown`] says why.
pub fn decide_formula(formula: &Formula, env: &dyn Environment) -> Tri {
    match formula {
        Formula::Atom(atom) => decide_atom(atom, env).unwrap_or(Tri::Unknown),
        Formula::Value(expr) => match eval(expr, env).and_then(truth) {
            Ok(value) => Tri::from(value),
            Err(_) => Tri::Unknown,
        },
        Formula::Not(inner) => decide_formula(inner, env).not(),
        Formula::All(parts) => parts.iter().fold(Tri::True, |all, part| all.and(decide_formula(part, env))),
        Formula::Any(parts) => parts.iter().fold(Tri::False, |any, part| any.or(decide_formula(part, env))),
    }
}

/// Decides an atom, or says why it cannot be told.
pub fn decide_atom(atom: &Atom, env: &dyn Environment) -> Result<Tri, EvalError> {
    let cell = ground(&atom.cell, env)?;
    let answer = env.fact(&cell).ok_or(EvalError::Unknown(cell))?;
    test_answer(&atom.test, &answer, env).map(Tri::from)
}

/// Returns whether an answer passes a test.
pub fn test_answer(test: &Test, answer: &Value, env: &dyn Environment) -> Result<bool, EvalError> {
    match test {
        Test::Holds => truth(answer.clone()),
        Test::Compares(comparison, expr) => compare(*comparison, answer, &plain(eval(expr, env)?)?),
    }
}

/// Says, for each part of a formula that is unknown, why. Empty if it can be decided.
pub fn why_unknown(formula: &Formula, env: &dyn Environment) -> Vec<String> {
    let mut reasons = Vec::new();
    if decide_formula(formula, env) == Tri::Unknown {
        push_reasons(formula, env, &mut reasons);
        reasons.dedup();
    }
    reasons
}

/// Computes the arguments of a cell, so that it can be asked. Each becomes a literal.
pub fn ground(cell: &Cell, env: &dyn Environment) -> Result<Cell, EvalError> {
    let arguments = cell.arguments.iter().map(|argument| eval(argument, env).map(Expr::Literal));
    Ok(Cell { question: cell.question.clone(), arguments: arguments.collect::<Result<_, _>>()? })
}

/// Puts expressions in the place of arguments: what turns a question's probe into that of one cell.
pub fn substitute(expr: &Expr, arguments: &BTreeMap<Name, Expr>) -> Expr {
    let all = |parts: &[Expr]| parts.iter().map(|part| substitute(part, arguments)).collect();
    let boxed = |inner: &Expr| Box::new(substitute(inner, arguments));
    match expr {
        Expr::Argument(name) => arguments.get(name).cloned().unwrap_or_else(|| expr.clone()),
        Expr::Literal(_) | Expr::Input(_) | Expr::Item { .. } | Expr::Local(_) | Expr::Now | Expr::RunId => {
            expr.clone()
        }
        Expr::Fact(cell) => {
            Expr::Fact(Cell { question: cell.question.clone(), arguments: all(&cell.arguments) })
        }
        Expr::Join(parts) => Expr::Join(all(parts)),
        Expr::List(parts) => Expr::List(all(parts)),
        Expr::Call(function, parts) => Expr::Call(*function, all(parts)),
        Expr::Record(fields) => {
            let field = |(name, field): (&Name, &Expr)| (name.clone(), substitute(field, arguments));
            Expr::Record(fields.iter().map(field).collect())
        }
        Expr::Field(inner, name) => Expr::Field(boxed(inner), name.clone()),
        Expr::Unary(operator, inner) => Expr::Unary(*operator, boxed(inner)),
        Expr::Binary(operator, left, right) => Expr::Binary(*operator, boxed(left), boxed(right)),
        Expr::If(condition, then, otherwise) => Expr::If(boxed(condition), boxed(then), boxed(otherwise)),
        Expr::Comprehension { item, name, list, condition } => {
            let list = boxed(list);
            // The item's own name hides an argument of the same name.
            let mut inner = arguments.clone();
            inner.remove(name);
            Expr::Comprehension {
                item: Box::new(substitute(item, &inner)),
                name: name.clone(),
                list,
                condition: condition.as_deref().map(|condition| Box::new(substitute(condition, &inner))),
            }
        }
    }
}

impl From<bool> for Tri {
    fn from(value: bool) -> Tri {
        if value { Tri::True } else { Tri::False }
    }
}

impl Tri {
    /// The opposite; unknown stays unknown.
    #[expect(clippy::should_implement_trait, reason = "named as in the language, beside `and` and `or`")]
    pub fn not(self) -> Tri {
        match self {
            Tri::True => Tri::False,
            Tri::False => Tri::True,
            Tri::Unknown => Tri::Unknown,
        }
    }

    /// Both: false as soon as one is false.
    pub fn and(self, other: Tri) -> Tri {
        match (self, other) {
            (Tri::False, _) | (_, Tri::False) => Tri::False,
            (Tri::True, Tri::True) => Tri::True,
            (Tri::Unknown, _) | (_, Tri::Unknown) => Tri::Unknown,
        }
    }

    /// One at least: true as soon as one is true.
    pub fn or(self, other: Tri) -> Tri {
        self.not().and(other.not()).not()
    }
}

/// One turn of a comprehension.
struct Turn<'a> {
    name: &'a Name,
    value: Value,
    outer: &'a dyn Environment,
}

impl Environment for Turn<'_> {
    fn input(&self, name: &Name) -> Option<Value> {
        self.outer.input(name)
    }
    fn local(&self, id: &ValueId) -> Option<Value> {
        self.outer.local(id)
    }
    fn argument(&self, name: &Name) -> Option<Value> {
        if name == self.name { Some(self.value.clone()) } else { self.outer.argument(name) }
    }
    fn fact(&self, cell: &Cell) -> Option<Value> {
        self.outer.fact(cell)
    }
    fn now(&self) -> Option<String> {
        self.outer.now()
    }
    fn run_id(&self) -> Option<String> {
        self.outer.run_id()
    }
}

fn item_of_input(list: &Name, index: u32, env: &dyn Environment) -> Result<Value, EvalError> {
    let missing = || EvalError::NoValue(format!("{list}[{index}]"));
    match env.input(list).ok_or_else(missing)? {
        Value::List(items) => items.get(index as usize).cloned().ok_or_else(missing),
        other => Err(mismatch(format!("`{list}` is `{other}`, not a list"))),
    }
}

fn binary(
    operator: BinaryOperator,
    left: &Expr,
    right: &Expr,
    env: &dyn Environment,
) -> Result<Value, EvalError> {
    match operator {
        // These three do not always need their right side.
        BinaryOperator::And => connect(false, left, right, env),
        BinaryOperator::Or => connect(true, left, right, env),
        BinaryOperator::OrElse => match eval(left, env)? {
            Value::None => eval(right, env),
            value => Ok(value),
        },
        BinaryOperator::Equal
        | BinaryOperator::NotEqual
        | BinaryOperator::Less
        | BinaryOperator::LessOrEqual
        | BinaryOperator::Greater
        | BinaryOperator::GreaterOrEqual
        | BinaryOperator::Plus
        | BinaryOperator::Minus
        | BinaryOperator::Times
        | BinaryOperator::Divide
        | BinaryOperator::Matches
        | BinaryOperator::In => {
            operator::apply(operator, plain(eval(left, env)?)?, plain(eval(right, env)?)?)
        }
    }
}

/// `and` (decided by false) or `or` (decided by true), three-valued: a side that cannot be told does not
/// matter when the other decides.
fn connect(decisive: bool, left: &Expr, right: &Expr, env: &dyn Environment) -> Result<Value, EvalError> {
    let left = eval(left, env).and_then(truth);
    if left == Ok(decisive) {
        return Ok(Value::Bool(decisive));
    }
    let right = eval(right, env).and_then(truth)?;
    if right == decisive || left.is_ok() {
        return Ok(Value::Bool(right));
    }
    left.map(Value::Bool)
}

fn push_text(expr: &Expr, env: &dyn Environment, pieces: &mut Vec<TextPiece>) -> Result<(), EvalError> {
    if let Expr::Join(parts) = expr {
        return parts.iter().try_for_each(|part| push_text(part, env, pieces));
    }
    if let Expr::If(condition, then, otherwise) = expr {
        let arm = if truth(eval(condition, env)?)? { then } else { otherwise };
        return push_text(arm, env, pieces);
    }
    match eval(expr, env)? {
        Value::Secret(name) => pieces.push(TextPiece::Secret(name)),
        value => {
            let text = plain(value)?.to_string();
            within_limit(text.len())?;
            match pieces.last_mut() {
                Some(TextPiece::Plain(last)) => last.push_str(&text),
                Some(TextPiece::Secret(_)) | None => pieces.push(TextPiece::Plain(text)),
            }
        }
    }
    Ok(())
}

fn push_reasons(formula: &Formula, env: &dyn Environment, reasons: &mut Vec<String>) {
    match formula {
        Formula::Atom(atom) => reasons.extend(decide_atom(atom, env).err().map(|error| error.to_string())),
        Formula::Value(expr) => {
            reasons.extend(eval(expr, env).and_then(truth).err().map(|error| error.to_string()));
        }
        Formula::Not(inner) => push_reasons(inner, env, reasons),
        Formula::All(parts) | Formula::Any(parts) => {
            for part in parts {
                push_reasons(part, env, reasons);
            }
        }
    }
}

/// Refuses a value that is secret, or holds a secret.
fn plain(value: Value) -> Result<Value, EvalError> {
    match first_secret(&value) {
        Some(name) => Err(EvalError::Secret(name.clone())),
        None => Ok(value),
    }
}

fn first_secret(value: &Value) -> Option<&Name> {
    match value {
        Value::Secret(name) => Some(name),
        Value::List(items) => items.iter().find_map(first_secret),
        Value::Record(fields) => fields.values().find_map(first_secret),
        Value::None
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Text(_)
        | Value::Duration(_)
        | Value::Size(_)
        | Value::Percent(_)
        | Value::Time(_) => None,
    }
}

fn truth(value: Value) -> Result<bool, EvalError> {
    match plain(value)? {
        Value::Bool(value) => Ok(value),
        other => Err(mismatch(format!("`{other}` is neither true nor false"))),
    }
}

fn within_limit(size: usize) -> Result<(), EvalError> {
    if size > COMPUTED_MAX { Err(EvalError::TooLarge) } else { Ok(()) }
}

fn mismatch(message: String) -> EvalError {
    EvalError::Mismatch(message)
}

#[cfg(test)]
mod tests;
