//! From terms to values: facts that are read, and types that are meant.

use surefoot_plan::{
    Atom, BinaryOperator, Cell, Comparison, Expr, Formula, Source, Test, Type, UnaryOperator, Value,
};
use surefoot_syntax::Diagnostic;

use super::{Asking, Lowering};
use crate::report::{Report, after, error};
use crate::term::{Term, What};
use crate::types::{self, shown};

impl Lowering<'_> {
    /// Makes a term a value: what it asks is read here.
    pub(super) fn valued(&mut self, term: Term) -> Term {
        let what = match term.what {
            What::Value(expr) => What::Value(expr),
            What::Cell(cell) => {
                let r#type = term.ty.clone().unwrap_or(Type::Bool);
                What::Value(self.read_cell(cell, r#type))
            }
            What::Formula(formula) => What::Value(self.formula_value(formula)),
        };
        Term { what, ..term }
    }

    /// Reads the answer of a question.
    fn read_cell(&mut self, cell: Cell, r#type: Type) -> Expr {
        match self.cx.asking {
            // Kept as it is: whoever makes a condition of it makes it a question of its own.
            Asking::Questions | Asking::Nothing(_) => Expr::Fact(cell),
            Asking::Probe | Asking::Reads => self.add_read(r#type, Source::Fact(cell)),
        }
    }

    /// Makes a formula an expression over read answers.
    fn formula_value(&mut self, formula: Formula) -> Expr {
        let truth = |value| Expr::Literal(Value::Bool(value));
        match formula {
            Formula::Value(expr) => expr,
            Formula::Atom(Atom { cell, test }) => {
                let r#type = self.plan.questions.get(&cell.question).map_or(Type::Bool, |q| q.answer.clone());
                let answer = self.read_cell(cell, r#type);
                match test {
                    Test::Holds => answer,
                    Test::Compares(comparison, value) => {
                        Expr::Binary(operator_of(comparison), Box::new(answer), Box::new(value))
                    }
                }
            }
            Formula::Not(inner) => Expr::Unary(UnaryOperator::Not, Box::new(self.formula_value(*inner))),
            Formula::All(parts) => {
                let parts = parts.into_iter().map(|part| self.formula_value(part)).collect::<Vec<_>>();
                connected(BinaryOperator::And, parts).unwrap_or_else(|| truth(true))
            }
            Formula::Any(parts) => {
                let parts = parts.into_iter().map(|part| self.formula_value(part)).collect::<Vec<_>>();
                connected(BinaryOperator::Or, parts).unwrap_or_else(|| truth(false))
            }
        }
    }

    /// Makes a value one of the type that is meant, or says why it cannot be: `for the port of net.accepts`.
    pub(super) fn coerce(&mut self, term: Term, wanted: &Type, place: &str) -> Term {
        let Some(given) = term.ty.clone() else { return term };
        if term.known() == Some(&Value::None) && !matches!(given, Type::Optional(_) | Type::Json) {
            // It has no value: that was reported.
            return Term::poison(term.span);
        }
        if let Some(value) = term.known() {
            return match types::convert(value.clone(), wanted) {
                Ok(value) => {
                    Term { what: What::Value(Expr::Literal(value)), ty: Some(wanted.clone()), ..term }
                }
                Err(why) => {
                    let unit = matches!(wanted, Type::Duration | Type::Size | Type::Percent);
                    let found = if types::fits(&given, wanted) || text_like(wanted) && given == Type::Text {
                        error("SF0201", term.span, why)
                    } else {
                        let found = self.mismatch(&term, &given, wanted, place);
                        if unit { found } else { Diagnostic { notes: Vec::new(), ..found } }
                    };
                    self.report(found);
                    Term::poison(term.span)
                }
            };
        }
        let composed = matches!(term.what, What::Value(Expr::Join(_) | Expr::If(..) | Expr::Call(..)));
        if types::fits(&given, wanted) || composed && given == Type::Text && text_like(wanted) {
            return Term { ty: Some(wanted.clone()), ..term };
        }
        let found = self.mismatch(&term, &given, wanted, place);
        self.report(found);
        Term::poison(term.span)
    }

    fn mismatch(&self, term: &Term, given: &Type, wanted: &Type, place: &str) -> Diagnostic {
        let found = error(
            "SF0201",
            term.span,
            format!("{place} is {}, and this is {}", types::with_article(wanted), types::with_article(given)),
        )
        .here(format!("of type {}", shown(given)));
        match (given, wanted) {
            (Type::Int, Type::Duration | Type::Size | Type::Percent) => {
                let (unit, example) = if *wanted == Type::Duration {
                    ("s", "`30s`, `5m`, `2h`")
                } else if *wanted == Type::Size {
                    ("MiB", "`512MiB`, `10GB`")
                } else {
                    ("%", "`5%`")
                };
                Diagnostic { code: "SF0203", message: format!("{place} needs a unit"), ..found }
                    .help(format!("write it with its unit: {example}"))
                    .maybe_fixed_by(format!("add `{unit}`"), after(term.span), unit)
            }
            (Type::Optional(inner), wanted) if types::fits(inner, wanted) => {
                found.help("it may be absent: say what counts then, as `x ?? \"…\"`")
            }
            (Type::Text, wanted) if text_like(wanted) => {
                found.help(format!("give what it comes from this type: `: {}`", shown(wanted)))
            }
            _ => found,
        }
    }
}

/// Whether values of a type are written as texts.
fn text_like(r#type: &Type) -> bool {
    matches!(r#type, Type::Text | Type::Host | Type::Path | Type::Url | Type::Time | Type::OneOf(_))
}

fn connected(operator: BinaryOperator, parts: Vec<Expr>) -> Option<Expr> {
    parts.into_iter().reduce(|left, right| Expr::Binary(operator, Box::new(left), Box::new(right)))
}

/// Returns a comparison as an operator on values.
pub(super) fn operator_of(comparison: Comparison) -> BinaryOperator {
    match comparison {
        Comparison::Equal => BinaryOperator::Equal,
        Comparison::NotEqual => BinaryOperator::NotEqual,
        Comparison::Less => BinaryOperator::Less,
        Comparison::LessOrEqual => BinaryOperator::LessOrEqual,
        Comparison::Greater => BinaryOperator::Greater,
        Comparison::GreaterOrEqual => BinaryOperator::GreaterOrEqual,
    }
}

/// Returns an operator as a comparison, if it is one.
pub(super) fn comparison_of(operator: BinaryOperator) -> Option<Comparison> {
    match operator {
        BinaryOperator::Equal => Some(Comparison::Equal),
        BinaryOperator::NotEqual => Some(Comparison::NotEqual),
        BinaryOperator::Less => Some(Comparison::Less),
        BinaryOperator::LessOrEqual => Some(Comparison::LessOrEqual),
        BinaryOperator::Greater => Some(Comparison::Greater),
        BinaryOperator::GreaterOrEqual => Some(Comparison::GreaterOrEqual),
        BinaryOperator::And
        | BinaryOperator::Or
        | BinaryOperator::Plus
        | BinaryOperator::Minus
        | BinaryOperator::Times
        | BinaryOperator::Divide
        | BinaryOperator::Matches
        | BinaryOperator::In
        | BinaryOperator::OrElse => None,
    }
}

/// Returns a comparison seen from its other side.
pub(super) fn flipped(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Equal => Comparison::Equal,
        Comparison::NotEqual => Comparison::NotEqual,
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
    }
}
