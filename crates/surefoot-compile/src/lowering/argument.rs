//! Arguments: which is given for what.

use surefoot_plan::{Expr, Type};
use surefoot_syntax::Span;
use surefoot_syntax::ast::Call;

use super::Lowering;
use crate::report::error;
use crate::term::{Term, What};

/// Something that takes an argument.
pub(super) struct Slot {
    pub(super) name: String,
    pub(super) r#type: Option<Type>,
    pub(super) secret: bool,
    pub(super) default: Option<Expr>,
}

/// The arguments of a call, in the order of the slots.
pub(super) struct Arguments {
    pub(super) exprs: Vec<Expr>,
    /// The terms that were given, none where a default stands.
    pub(super) terms: Vec<Option<Term>>,
}

impl<'a> Lowering<'a> {
    /// Understands the arguments of a call. None if one is wrong; it was reported.
    pub(super) fn arguments(
        &mut self,
        what: &str,
        shown: &str,
        slots: &[Slot],
        call: &'a Call,
    ) -> Option<Arguments> {
        let mut given: Vec<Option<Term>> = slots.iter().map(|_| None).collect();
        let mut good = true;
        let mut position = 0;
        for (name, argument) in &call.arguments {
            let index = match name {
                Some(name) => match slots.iter().position(|slot| slot.name == name.text) {
                    Some(index) => index,
                    None => {
                        self.report(
                            error("SF0103", name.span, format!("`{what}` has no argument `{}`", name.text))
                                .help(format!("it is `{shown}`"))
                                .did_you_mean(
                                    &name.text,
                                    name.span,
                                    slots.iter().map(|slot| slot.name.as_str()),
                                ),
                        );
                        good = false;
                        continue;
                    }
                },
                None => {
                    position += 1;
                    position - 1
                }
            };
            let Some(slot) = slots.get(index) else {
                let count = match slots.len() {
                    0 => "no argument".to_owned(),
                    1 => "one argument".to_owned(),
                    count => format!("{count} arguments"),
                };
                self.report(
                    error("SF0103", argument.span, format!("`{what}` takes {count}, and this is one more"))
                        .help(format!("it is `{shown}`")),
                );
                good = false;
                break;
            };
            let term = self.value_of(argument);
            let term = match &slot.r#type {
                Some(r#type) => self.coerce(term, r#type, &format!("`{}` of `{what}`", slot.name)),
                None => term,
            };
            good &= term.ty.is_some();
            if !slot.secret {
                self.refuse_secret_argument(&term, what, &slot.name);
            }
            match given.get_mut(index) {
                Some(place @ None) => *place = Some(term),
                Some(Some(first)) => {
                    let first = first.span;
                    self.report(
                        error("SF0103", argument.span, format!("`{}` of `{what}` is given twice", slot.name))
                            .label(first, "first here"),
                    );
                    good = false;
                }
                None => {}
            }
        }
        let missing: Vec<&str> = slots
            .iter()
            .zip(&given)
            .filter(|(slot, given)| given.is_none() && slot.default.is_none())
            .map(|(slot, _)| slot.name.as_str())
            .collect();
        if !missing.is_empty() && good {
            let names: Vec<String> = missing.iter().map(|name| format!("`{name}`")).collect();
            self.report(
                error("SF0103", head(call), format!("`{what}` needs {}", crate::report::listed(&names)))
                    .help(format!("it is `{shown}`")),
            );
            good = false;
        }
        if !good {
            return None;
        }
        let mut exprs = Vec::new();
        for (slot, term) in slots.iter().zip(&given) {
            exprs.push(match term.as_ref().map(|term| &term.what) {
                Some(What::Value(expr)) => expr.clone(),
                Some(What::Cell(_) | What::Formula(_)) => return None,
                None => slot.default.clone()?,
            });
        }
        Some(Arguments { exprs, terms: given })
    }
}

/// Returns the place of what is called.
pub(super) fn head(call: &Call) -> Span {
    match (call.callee.first(), call.callee.last()) {
        (Some(first), Some(last)) => Span { end: last.span.end, ..first.span },
        (_, _) => call.span,
    }
}
