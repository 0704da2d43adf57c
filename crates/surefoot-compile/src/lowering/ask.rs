//! Questions to a person.

use surefoot_plan::{Expr, PersonQuestion, Source, Type};
use surefoot_syntax::ast::{Ask, Expr as Syntax, Manual};

use super::{Asking, Lowering, Part};
use crate::report::error;
use crate::term::{Term, What, text};

impl<'a> Lowering<'a> {
    /// Understands `ask "…"` in an expression.
    pub(super) fn ask_value(&mut self, ask: &'a Ask, syntax: &'a Syntax) -> Term {
        if !self.may_ask(ask.span) {
            return Term::poison(ask.span);
        }
        if self.cx.part == Part::Rollback {
            self.report(
                error("SF0309", ask.span, "a rollback asks nobody: it may run when nobody is there")
                    .help("ask before the step starts (`before answer = ask …`), or let hands do it: `manual \"…\"`"),
            );
            return Term::poison(ask.span);
        }
        if self.cx.asking == Asking::Questions {
            return match self.question_in_place(syntax) {
                Some((cell, answer)) => Term::cell(cell, answer, ask.span),
                None => Term::poison(ask.span),
            };
        }
        let answer = match &ask.r#type {
            Some(written) => match self.r#type(written) {
                Some(r#type) => r#type,
                None => return Term::poison(ask.span),
            },
            // A person is a probe: yes, no, cannot tell. In a `let` an answer is what they write.
            None if self.cx.asking == Asking::Probe => Type::Bool,
            None => Type::Text,
        };
        let question = self.shown_text(&ask.text, "a question");
        let see = self.see(&ask.see);
        let default = ask.default.as_ref().and_then(|default| {
            let term = self.value_of(default);
            let term = self.coerce(term, &answer, "the default answer");
            self.refuse_secret_shown(&term, "a default answer");
            value_expr(term)
        });
        if default.is_some() && ask.within.is_none() {
            self.report(
                error("SF0308", ask.span, "a default answer counts when time is over, and no time is said")
                    .help("say how long to wait for a person: `within 10m default …`"),
            );
        }
        let source = Source::Person(PersonQuestion {
            text: question,
            answer: answer.clone(),
            see,
            by: ask.by.as_ref().map(|by| by.text.clone()),
            within_ms: ask.within.map(|within| within.ms),
            default,
        });
        let expr = self.add_read(answer.clone(), source);
        let mut term = Term::value(expr, Some(answer), ask.span);
        term.untrusted = matches!(term.ty, Some(Type::Text | Type::Json));
        term
    }

    /// Understands `manual "…"`: asked when it is done.
    pub(super) fn manual(&mut self, manual: &'a Manual) -> PersonQuestion {
        PersonQuestion {
            text: self.shown_text(&manual.text, "what is to be done"),
            answer: Type::Bool,
            see: self.see(&manual.see),
            by: None,
            within_ms: manual.within.map(|within| within.ms),
            default: None,
        }
    }

    fn see(&mut self, see: &'a [(Syntax, Option<Syntax>)]) -> Vec<(Expr, Expr)> {
        let mut places = Vec::new();
        for (place, normal) in see {
            let place = self.shown_text(place, "where to look");
            let normal =
                normal.as_ref().map_or_else(|| text(""), |normal| self.shown_text(normal, "what is normal"));
            places.push((place, normal));
        }
        places
    }

    /// Understands a text that people read.
    pub(super) fn shown_text(&mut self, syntax: &'a Syntax, place: &str) -> Expr {
        let term = self.printed(syntax, place);
        self.refuse_secret_shown(&term, place);
        value_expr(term).unwrap_or_else(|| text(""))
    }
}

/// Returns the value of a term, if it is one.
pub(super) fn value_expr(term: Term) -> Option<Expr> {
    match term.what {
        What::Value(expr) if term.ty.is_some() => Some(expr),
        What::Value(_) | What::Cell(_) | What::Formula(_) => None,
    }
}
