//! Where secrets may not go, and where text from outside may not go.

use surefoot_syntax::{Diagnostic, Span};

use super::Lowering;
use crate::report::{Report, error};
use crate::term::Term;

impl Lowering<'_> {
    /// Refuses a secret in the arguments of a program.
    pub(super) fn refuse_secret_word(&mut self, term: &Term) {
        self.refuse(term, |name| {
            error(
                "SF0701",
                term.span,
                format!("`{name}` is secret, and every user of the machine can read a program's arguments"),
            )
            .here("this argument would show it")
            .help(format!("give it by the environment: `env {{ NAME: {name} }} $ …`, or by standard input: `stdin {name} $ …`"))
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

    fn refuse(&mut self, term: &Term, say: impl FnOnce(&str) -> Diagnostic) {
        let Some(path) = &term.secret else { return };
        let mut hops = path.hops.clone();
        hops.dedup_by(|a, b| a.span == b.span);
        let found = say(&path.name).along(hops);
        self.report(found);
    }
}
