//! How expressions, facts and formulas read: as in a runbook.

use std::fmt::{self, Display, Formatter};

use crate::{
    Atom, BinaryOperator, Cell, Comparison, Expr, Formula, Literal, Plan, Test, UnaryOperator, Value, ValueId,
};

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Expr::Literal(Value::Text(text)) => write!(f, "{text:?}"),
            Expr::Literal(value) => write!(f, "{value}"),
            Expr::Input(name) | Expr::Argument(name) => f.write_str(name),
            Expr::Item { list, index } => write!(f, "{list}[{index}]"),
            Expr::Local(id) => write!(f, "{id}"),
            Expr::Fact(cell) => write!(f, "{cell}"),
            Expr::Now => f.write_str("now"),
            Expr::RunId => f.write_str("run.id"),
            Expr::Join(parts) => {
                f.write_str("\"")?;
                for part in parts {
                    match part {
                        Expr::Literal(Value::Text(text)) => write!(f, "{}", text.escape_debug())?,
                        part => write!(f, "${{{part}}}")?,
                    }
                }
                f.write_str("\"")
            }
            Expr::List(items) => {
                f.write_str("[")?;
                list(f, items)?;
                f.write_str("]")
            }
            Expr::Record(fields) => {
                f.write_str("{")?;
                for (index, (name, value)) in fields.iter().enumerate() {
                    write!(f, "{} {name}: {value}", if index > 0 { "," } else { "" })?;
                }
                f.write_str(" }")
            }
            Expr::Field(inner, name) => write!(f, "{inner}.{name}"),
            Expr::Unary(UnaryOperator::Not, inner) => write!(f, "not {}", Inner(inner)),
            Expr::Unary(UnaryOperator::Minus, inner) => write!(f, "-{}", Inner(inner)),
            Expr::Binary(operator, left, right) => write!(f, "{} {operator} {}", Inner(left), Inner(right)),
            Expr::Call(function, arguments) => {
                write!(f, "{}(", function.name())?;
                list(f, arguments)?;
                f.write_str(")")
            }
            Expr::If(condition, then, otherwise) => write!(f, "if {condition} then {then} else {otherwise}"),
            Expr::Comprehension { item, name, list, condition } => {
                write!(f, "[{item} for {name} in {list}")?;
                if let Some(condition) = condition {
                    write!(f, " if {condition}")?;
                }
                f.write_str("]")
            }
        }
    }
}

/// An expression inside another: in brackets where they are needed to read it right.
struct Inner<'a>(&'a Expr);

impl Display for Inner<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Expr::Binary(..) | Expr::If(..) | Expr::Unary(UnaryOperator::Not, _) => write!(f, "({})", self.0),
            expr => write!(f, "{expr}"),
        }
    }
}

impl Display for ValueId {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.step {
            // The item of a loop is known by its own name.
            Some(step) if step.0.starts_with("for[") => f.write_str(&self.name),
            Some(step) => write!(f, "{step}.{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

impl Display for BinaryOperator {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BinaryOperator::And => "and",
            BinaryOperator::Or => "or",
            BinaryOperator::Equal => "==",
            BinaryOperator::NotEqual => "!=",
            BinaryOperator::Less => "<",
            BinaryOperator::LessOrEqual => "<=",
            BinaryOperator::Greater => ">",
            BinaryOperator::GreaterOrEqual => ">=",
            BinaryOperator::Plus => "+",
            BinaryOperator::Minus => "-",
            BinaryOperator::Times => "*",
            BinaryOperator::Divide => "/",
            BinaryOperator::Matches => "matches",
            BinaryOperator::In => "in",
            BinaryOperator::OrElse => "??",
        })
    }
}

impl Display for Comparison {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Comparison::Equal => "==",
            Comparison::NotEqual => "!=",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
        })
    }
}

impl Display for Cell {
    /// Writes a question with its arguments, leaving out secret inputs that are known as such.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.question)?;
        let shown: Vec<&Expr> = self
            .arguments
            .iter()
            .filter(|argument| !matches!(argument, Expr::Literal(Value::Secret(_))))
            .collect();
        if shown.is_empty() {
            return Ok(());
        }
        f.write_str("(")?;
        for (index, argument) in shown.into_iter().enumerate() {
            write!(f, "{}{argument}", if index > 0 { ", " } else { "" })?;
        }
        f.write_str(")")
    }
}

impl Display for Atom {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.test {
            Test::Holds => write!(f, "{}", self.cell),
            Test::Compares(comparison, value) => write!(f, "{} {comparison} {}", self.cell, Inner(value)),
        }
    }
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match (&self.atom.test, self.holds) {
            (_, true) => write!(f, "{}", self.atom),
            (Test::Holds, false) => write!(f, "not {}", self.atom),
            (Test::Compares(..), false) => write!(f, "not ({})", self.atom),
        }
    }
}

impl Display for Formula {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Formula::Atom(atom) => write!(f, "{atom}"),
            Formula::Value(expr) => write!(f, "{expr}"),
            Formula::Not(inner) => match &**inner {
                Formula::Atom(Atom { test: Test::Holds, .. }) => write!(f, "not {inner}"),
                Formula::Atom(_)
                | Formula::Value(_)
                | Formula::Not(_)
                | Formula::All(_)
                | Formula::Any(_) => {
                    write!(f, "not ({inner})")
                }
            },
            Formula::All(parts) => connected(f, parts, "and", "true"),
            Formula::Any(parts) => connected(f, parts, "or", "false"),
        }
    }
}

impl Plan {
    /// Returns how a cell reads in this plan: without its secret arguments.
    pub fn show_cell(&self, cell: &Cell) -> String {
        self.public_cell(cell).to_string()
    }

    /// Returns the cell without its secret arguments: what tells two cells apart.
    pub fn public_cell(&self, cell: &Cell) -> Cell {
        let Some(question) = self.questions.get(&cell.question) else {
            return cell.clone();
        };
        let arguments = cell.arguments.iter().enumerate();
        let public =
            arguments.filter(|(index, _)| !question.parameters.get(*index).is_some_and(|p| p.secret));
        Cell {
            question: cell.question.clone(),
            arguments: public.map(|(_, argument)| argument.clone()).collect(),
        }
    }
}

fn list(f: &mut Formatter<'_>, items: &[Expr]) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        write!(f, "{}{item}", if index > 0 { ", " } else { "" })?;
    }
    Ok(())
}

fn connected(f: &mut Formatter<'_>, parts: &[Formula], word: &str, empty: &str) -> fmt::Result {
    if parts.is_empty() {
        return f.write_str(empty);
    }
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            write!(f, " {word} ")?;
        }
        match part {
            Formula::All(inner) | Formula::Any(inner) if inner.len() > 1 && parts.len() > 1 => {
                write!(f, "({part})")?
            }
            Formula::Atom(_) | Formula::Value(_) | Formula::Not(_) | Formula::All(_) | Formula::Any(_) => {
                write!(f, "{part}")?;
            }
        }
    }
    Ok(())
}
