//! Conditions: a formula over atoms, and what may be ensured.

use surefoot_plan::{Atom, Expr, Formula, Literal, Test, Type, Value};
use surefoot_syntax::ast::Expr as Syntax;

use super::{Asking, Lowering};
use crate::report::error;
use crate::term::{Term, What, depends};
use crate::types;

impl<'a> Lowering<'a> {
    /// Understands a yes-or-no over facts and values.
    pub(super) fn formula_of(&mut self, syntax: &'a Syntax) -> Formula {
        let term = self.expr(syntax);
        self.conditional(term, syntax)
    }

    fn conditional(&mut self, term: Term, syntax: &'a Syntax) -> Formula {
        match term.what {
            What::Formula(formula) => formula,
            What::Cell(cell) => {
                if !self.is_bool(term.ty.as_ref(), syntax) {
                    return truth();
                }
                Formula::Atom(Atom { cell, test: Test::Holds })
            }
            What::Value(expr) => {
                if !self.is_bool(term.ty.as_ref(), syntax) {
                    return truth();
                }
                // It computes with answers: that is a question of its own.
                if self.cx.asking == Asking::Questions && depends(&expr).fact {
                    let cell = self.question_in_place(syntax);
                    return cell
                        .map_or_else(truth, |(cell, _)| Formula::Atom(Atom { cell, test: Test::Holds }));
                }
                let value = Term::value(expr.clone(), Some(Type::Bool), syntax.span);
                let value = Term { secret: term.secret, ..value };
                self.refuse_secret_decision(&value);
                Formula::Value(expr)
            }
        }
    }

    fn is_bool(&mut self, ty: Option<&Type>, syntax: &Syntax) -> bool {
        let Some(r#type) = ty else { return false };
        if types::fits(r#type, &Type::Bool) {
            return true;
        }
        let found = error(
            "SF0201",
            syntax.span,
            format!("a condition is true or false, and this is {}", types::with_article(r#type)),
        );
        self.report(found.help("compare it with something: `… == …`, `… <= …`"));
        false
    }

    /// Understands what a step sets: a conjunction of facts, `not` facts, and comparisons with a value.
    pub(super) fn literals(&mut self, syntax: &'a Syntax, what: &str) -> Vec<Literal> {
        let formula = self.condition(syntax);
        let mut literals = Vec::new();
        if !collect(&formula, &mut literals) && !self.is_poisoned(syntax.span) {
            let found = error(
                "SF0510",
                syntax.span,
                format!("{what} names what is true afterwards, and this leaves it open"),
            );
            self.report(
                found
                    .note("it is what the step sets: facts, `not` facts, and facts compared with a value, all of them")
                    .help("say which one the step makes true; what may be either way stands in `requires` or `invariant`"),
            );
        }
        literals
    }

    /// Understands what is assumed: facts, `not` facts and comparisons, all of them.
    pub(super) fn assumed(&mut self, syntax: &'a Syntax) -> Vec<Literal> {
        let formula = self.condition(syntax);
        let mut literals = Vec::new();
        if !collect(&formula, &mut literals) {
            self.report(
                error("SF0331", syntax.span, "`assume` names what is true, and this leaves it open")
                    .note("it takes facts, `not` facts, and facts compared with a value, all of them")
                    .help("say which one is assumed; what is to be asked stands in `requires` or `if`"),
            );
        }
        literals
    }

    /// Understands the atoms that something names: facts, of whatever type, or comparisons of them.
    pub(super) fn atoms(&mut self, syntax: &'a Syntax) -> Vec<Atom> {
        let cx = super::Context {
            step: self.cx.step.clone(),
            target: self.cx.target.clone(),
            part: self.cx.part,
            ..super::Context::questions()
        };
        let (term, _) = self.within(cx, |this| this.expr(syntax));
        let atoms: Vec<Atom> = match &term.what {
            // Which answer it has does not matter: the cell is what stays changed.
            What::Cell(cell) => vec![Atom { cell: cell.clone(), test: Test::Holds }],
            What::Formula(formula) => formula.atoms().into_iter().cloned().collect(),
            What::Value(expr) if depends(expr).fact => {
                let cell = self.question_in_place(syntax);
                cell.map(|(cell, _)| Atom { cell, test: Test::Holds }).into_iter().collect()
            }
            What::Value(_) => Vec::new(),
        };
        if atoms.is_empty() && term.ty.is_some() && !self.is_poisoned(syntax.span) {
            self.report(
                error("SF0512", syntax.span, "this names no fact").help(
                    "name the facts that stay changed; with none, `leaves \"why\"` says it is harmless",
                ),
            );
        }
        atoms
    }
}

/// Stands for a condition that could not be understood.
fn truth() -> Formula {
    Formula::Value(Expr::Literal(Value::Bool(true)))
}

/// Adds the literals of a conjunction; false if it is none.
fn collect(formula: &Formula, literals: &mut Vec<Literal>) -> bool {
    match formula {
        Formula::Atom(atom) => literals.push(Literal { atom: atom.clone(), holds: true }),
        Formula::Not(inner) => match &**inner {
            Formula::Atom(atom) => literals.push(Literal { atom: atom.clone(), holds: false }),
            Formula::Any(parts) => {
                // `not (a or b)` is `not a and not b`.
                return parts.iter().all(|part| collect(&super::fold::not(part.clone()), literals));
            }
            Formula::Value(_) | Formula::Not(_) | Formula::All(_) => return false,
        },
        Formula::All(parts) => return parts.iter().all(|part| collect(part, literals)),
        // What the plan knows to be true needs no step to set it.
        Formula::Value(expr) => return *expr == Expr::Literal(Value::Bool(true)),
        Formula::Any(_) => return false,
    }
    true
}
