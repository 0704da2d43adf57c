//! Where secrets may not go, and where text from outside may not go.

use surefoot_plan::{Expr, Reveal, Value};
use surefoot_syntax::ast::{Expr as Syntax, Text};
use surefoot_syntax::{Diagnostic, Span};

use super::Lowering;
use super::ask::value_expr;
use crate::report::{Report, error};
use crate::term::Term;

impl<'a> Lowering<'a> {
    /// Refuses a secret in the arguments of a program.
    pub(super) fn refuse_secret_word(&mut self, term: &Term) {
        self.refuse(term, |name| {
            error(
                "SF0701",
                term.span,
                format!("`{name}` is secret, and every user of the machine can read a program's arguments"),
            )
            .here("this argument would show it")
            .help(format!("give it by the environment: `env {{ NAME: {name} }} $ …`, or by standard input: `stdin {name} $ …`; if the program takes it no other way: `${{reveal({name}, \"why\")}}`"))
        });
    }

    /// Refuses a secret in something that people read.
    pub(super) fn refuse_secret_shown(&mut self, term: &Term, place: &str) {
        self.refuse(term, |name| {
            error("SF0702", term.span, format!("`{name}` is secret, and {place} is read by people and kept"))
                .here("this would show it")
                .help("leave it out; say where it is kept instead")
        });
    }

    /// Refuses a secret as an argument that is not made for one.
    pub(super) fn refuse_secret_argument(&mut self, term: &Term, what: &str, parameter: &str) {
        self.refuse(term, |name| {
            error(
                "SF0703",
                term.span,
                format!("`{name}` is secret, and `{parameter}` of `{what}` is not made for secrets"),
            )
            .here("it would be written down from there")
            .help(if what.starts_with("files.") {
                "a file can be read by others; let the program take the secret from its environment"
            } else {
                "declare that parameter `secret`, if what it is used for allows it"
            })
        });
    }

    /// Refuses a secret that decides something: the plan, or what is recorded, would tell it.
    pub(super) fn refuse_secret_decision(&mut self, term: &Term) {
        let _: bool = self.refuse_secret_computation(term);
    }

    /// Refuses to compute with a secret: its value is known to the sandbox alone.
    pub(super) fn refuse_secret_computation(&mut self, term: &Term) -> bool {
        self.refuse(term, |name| {
            error("SF0704", term.span, format!("`{name}` is secret: it can be passed on, but not computed with"))
                .help("compare or change something that is not secret; a secret stands alone or as a part of a text")
        });
        term.secret.is_some()
    }

    /// Refuses a secret that would have to be recorded as a value of the run.
    pub(super) fn refuse_secret_record(&mut self, term: &Term, span: Span) {
        self.refuse(term, |name| {
            error("SF0706", span, format!("`{name}` is secret, and this value is recorded in the journal"))
                .help("pass the secret where it is needed, without a `let` that the run must record")
        });
    }

    /// Refuses `reveal` where it cannot let anything through.
    pub(super) fn revealed_elsewhere(&mut self, span: Span) -> Term {
        self.report(
            error("SF0708", span, "a secret is revealed in an argument of a program, and nowhere else")
                .here("this is no argument of a program")
                .note("to the environment and the input of a program it goes without; Surefoot itself writes none down")
                .help("write it where the argument is: `$ program --password=${reveal(password, \"why\")}`"),
        );
        Term::poison(span)
    }

    /// Understands `${reveal(x, "why")}` in an argument of a program: what stands there, and what is revealed.
    pub(super) fn revealed(&mut self, inner: &'a Syntax, why: &Text, span: Span) -> Option<(Expr, Reveal)> {
        let term = self.value_of(inner);
        let expr = value_expr(term.clone())?;
        if term.secret.is_none() {
            self.report(
                error("SF0708", span, "this is no secret, so there is nothing to reveal").help(
                    "write the value without `reveal`: a word that does nothing hides the ones that do",
                ),
            );
            return None;
        }
        if !matches!(expr, Expr::Input(_) | Expr::Argument(_) | Expr::Literal(Value::Secret(_))) {
            self.report(
                error("SF0708", span, "one secret is revealed, and this is a text with a secret in it").help(
                    "put the secret alone into the brackets: `--user=app:${reveal(password, \"why\")}`",
                ),
            );
            return None;
        }
        if why.text.trim().is_empty() {
            self.report(
                error("SF0708", why.span, "a secret is revealed for a reason, and none is said")
                    .help("say why others may read it: whoever approves the plan sees the reason"),
            );
        }
        Some((expr.clone(), Reveal { secret: expr, why: why.text.clone() }))
    }

    fn refuse(&mut self, term: &Term, say: impl FnOnce(&str) -> Diagnostic) {
        let Some(path) = &term.secret else { return };
        let mut hops = path.hops.clone();
        hops.dedup_by(|a, b| a.span == b.span);
        let found = say(&path.name).along(hops);
        self.report(found);
    }
}
