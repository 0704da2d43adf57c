//! Lists that a plan knows: `all f(x) for x in xs`, and the items of `for`.
//!
//! A quantifier is the conjunction or disjunction over the items: a plan holds no quantifier.

use std::collections::BTreeSet;

use surefoot_plan::{ATOMS_MAX, BinaryOperator, Expr, Formula, Type, Value};
use surefoot_syntax::ast::{Expr as Syntax, Ident};
use surefoot_syntax::{Span, on_one_line};

use super::fold::{all, any};
use super::operator::collapsed;
use super::{Asking, Lowering};
use crate::report::error;
use crate::scope::{Bound, Named};
use crate::term::{Term, What, depends};

/// `all f(x) for x in xs`
pub(super) struct Quantified<'a> {
    /// Whether it must hold for every item, and not for one.
    pub(super) every: bool,
    pub(super) condition: &'a Syntax,
    pub(super) name: &'a Ident,
    pub(super) list: &'a Syntax,
}

impl<'a> Lowering<'a> {
    /// Understands `all f(x) for x in xs`: its condition once for each item.
    pub(super) fn quantified(&mut self, of: Quantified<'a>, span: Span) -> Term {
        let list = self.value_of(of.list);
        let Some(items) = self.items_asked(&list, of.list.span) else { return Term::poison(span) };
        let used = self.scopes.used.contains(&of.name.text);
        let mut formulas = Vec::new();
        let mut values: Option<Term> = None;
        let mut damaged = false;
        for (index, item) in items.into_iter().enumerate() {
            self.scopes.open();
            // A question in place takes the item as an argument; inside a probe it stands as it is.
            let named = Named::Value(Box::new(Bound { lifted: self.cx.asking == Asking::Questions, ..item }));
            if index == 0 {
                self.declare(of.name, named.clone());
            }
            self.scopes.put(&of.name.text, of.name.span, named);
            if self.cx.asking == Asking::Questions {
                formulas.push(self.formula_of(of.condition));
            } else {
                let term = self.value_of(of.condition);
                let term = self.coerce(term, &Type::Bool, "what holds for each item");
                damaged |= term.ty.is_none() || self.refuse_secret_computation(&term);
                values = Some(match values {
                    Some(before) => self.joined_values(of.every, &before, &term, span),
                    None => term,
                });
            }
            self.scopes.close();
        }
        if !used {
            self.scopes.used.remove(&of.name.text);
        }
        if damaged {
            return Term::poison(span);
        }
        if self.cx.asking == Asking::Questions {
            return collapsed(if of.every { all(formulas) } else { any(formulas) }, span);
        }
        match values {
            Some(term) => Term { span, ..term },
            None => Term::literal(Value::Bool(of.every), Type::Bool, span),
        }
    }

    fn joined_values(&mut self, every: bool, before: &Term, term: &Term, span: Span) -> Term {
        let (What::Value(a), What::Value(b)) = (&before.what, &term.what) else { return Term::poison(span) };
        let operator = if every { BinaryOperator::And } else { BinaryOperator::Or };
        let expr = self.fold(Expr::Binary(operator, Box::new(a.clone()), Box::new(b.clone())), span);
        Term::value(expr, Some(Type::Bool), span).with_labels_of(before).with_labels_of(term)
    }

    /// Returns the items of a list that must be known, none of which stands there twice.
    pub(super) fn known_items(&mut self, list: &Term, span: Span) -> Option<Vec<Bound>> {
        if let What::Value(Expr::Literal(Value::List(items))) = &list.what {
            let mut seen: BTreeSet<&Value> = BTreeSet::new();
            if let Some(twice) = items.iter().find(|value| !seen.insert(value)) {
                self.report(
                    error("SF0304", span, format!("the list holds `{twice}` twice"))
                        .note("each item is done once; two equal ones are most likely a mistake")
                        .help("take one of them out"),
                );
                return None;
            }
        }
        let found = if let What::Value(expr) = &list.what { depends(expr) } else { return None };
        if found.run || found.fact || found.argument {
            self.item_type(list)?;
            self.report(
                error("SF0303", span, "this list is known only during the run, and the plan must know it")
                    .help("make it a parameter (`param nodes: list of host`), and give what was discovered as input"),
            );
            return None;
        }
        self.items(list, span)
    }

    /// Returns the items of a list that a condition goes through. One that stands there twice is asked once.
    fn items_asked(&mut self, list: &Term, span: Span) -> Option<Vec<Bound>> {
        let What::Value(expr) = &list.what else { return None };
        let found = depends(expr);
        let listed = matches!(expr, Expr::List(_));
        if !listed && (found.run || found.fact || found.argument) {
            self.item_type(list)?;
            self.report(
                error("SF0303", span, "this list is known only during the run, and the plan lists every condition")
                    .here("the plan cannot say for which items")
                    .note("`all` and `any` over what a run discovers are not built yet")
                    .help("make it a parameter (`param nodes: list of host`), or let one command answer for all of them"),
            );
            return None;
        }
        let mut seen: BTreeSet<Expr> = BTreeSet::new();
        let mut items = self.items(list, span)?;
        items.retain(|item| !matches!(&item.term.what, What::Value(expr) if !seen.insert(expr.clone())));
        Some(items)
    }

    /// Returns the items of a list; of one that is not bound yet, two that stand for any.
    pub(super) fn items(&mut self, list: &Term, span: Span) -> Option<Vec<Bound>> {
        let item = self.item_type(list)?;
        let What::Value(expr) = &list.what else { return None };
        let bound = |expr: Expr| Bound {
            term: Term::value(expr, Some(item.clone()), span).with_labels_of(list),
            lifted: true,
            before: false,
        };
        if let Expr::Literal(Value::List(items)) = expr {
            return Some(items.iter().cloned().map(Expr::Literal).map(bound).collect());
        }
        if let Expr::List(items) = expr {
            return Some(items.iter().cloned().map(bound).collect());
        }
        let name =
            if let Expr::Input(name) = expr { name.clone() } else { on_one_line(self.modules.text(span)) };
        // Two: what is proved of two distinct items holds between any two.
        Some((0..2).map(|index| bound(Expr::Item { list: name.clone(), index })).collect())
    }
}

/// Divides a conjunction that asks more facts than one condition may: each part is a condition of its own.
pub(super) fn parts(formula: Formula) -> Vec<Formula> {
    match formula {
        Formula::All(parts) if Formula::All(parts.clone()).atoms().len() > ATOMS_MAX => parts,
        Formula::All(_) | Formula::Atom(_) | Formula::Value(_) | Formula::Not(_) | Formula::Any(_) => {
            vec![formula]
        }
    }
}
