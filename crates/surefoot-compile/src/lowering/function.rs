//! Functions that a file declares: `function name(a: T): T = EXPR`.
//!
//! A plan holds no such function: each call is put in place, with its arguments where the parameters stand.
//!
//! Must hold: a function only computes, and calls no function that calls it.

use surefoot_plan::{Expr, Type};
use surefoot_syntax::ast::{Call, Function, Ident, Item};

use super::call::is_function;
use super::{Context, Lowering};
use crate::report::error;
use crate::scope::{Bound, Entry, Named};
use crate::term::{SecretPath, Term, What};

/// Most parts an expression may have after its calls were put in place.
///
/// Each call may double its argument; a person who checks a plan reads none of a thousand parts.
const PARTS_MAX: usize = 2_000;

/// Most calls that are put in place for one plan: functions that call functions can multiply.
const INLINED_MAX: usize = 200_000;

impl<'a> Lowering<'a> {
    /// Returns the functions that a file declares.
    pub(super) fn functions_of_file(&self, module: usize) -> impl Iterator<Item = &'a Function> + use<'a> {
        let items: &'a [Item] = self.modules.loaded.get(module).map_or(&[], |loaded| &loaded.file.items);
        items.iter().filter_map(|item| if let Item::Function(found) = item { Some(found) } else { None })
    }

    /// Returns a function of a file, by name.
    pub(super) fn function_of(&self, module: usize, name: &str) -> Option<&'a Function> {
        self.functions_of_file(module).find(|function| function.name.text == name)
    }

    /// Returns the names that a file's items give. That none is given twice is checked where they are declared.
    pub(super) fn names_of_file(&self, module: usize) -> Vec<(String, Entry<'a>)> {
        let Some(loaded) = self.modules.loaded.get(module) else { return Vec::new() };
        let uses = loaded
            .uses
            .iter()
            .map(|(name, used)| (name.clone(), Entry { named: Named::Module(used.module), span: used.span }));
        let items = loaded.file.items.iter().filter_map(|item| {
            let (name, named): (&Ident, Named<'a>) = match item {
                Item::Fact(fact) => (&fact.name, Named::Fact),
                Item::Function(function) => (&function.name, Named::Function),
                Item::Action(action) => (&action.step.name, Named::Action),
                Item::Use(_) | Item::Runbook(_) | Item::Scenario(_) | Item::Type(_) | Item::NotBuilt(_) => {
                    return None;
                }
            };
            Some((name.text.clone(), Entry { named, span: name.span }))
        });
        uses.chain(items).collect()
    }

    /// Checks what the root declares beside its runbooks, read or not.
    pub(super) fn check_items(&mut self) {
        self.check_types();
        let functions: Vec<&'a Function> = self.functions_of_file(0).collect();
        for function in functions {
            if is_function(&function.name.text) {
                let name = &function.name;
                self.report(
                    error("SF0102", name.span, format!("`{}` is a function of the language", name.text))
                        .help("give yours another name"),
                );
            }
            let _: bool = self.is_sound(0, function, function.name.span);
        }
    }

    /// Calls a function: puts what it gives in place.
    pub(super) fn function_call(&mut self, module: usize, name: &str, call: &'a Call) -> Term {
        let Some(function) = self.function_of(module, name) else { return Term::poison(call.span) };
        if !self.is_sound(module, function, call.span) {
            return Term::poison(call.span);
        }
        let slots = self.slots(module, &function.parameters);
        let Some(arguments) = self.arguments(name, &function_shown(function), &slots, call) else {
            return Term::poison(call.span);
        };
        self.inlined += 1;
        if self.inlined > INLINED_MAX {
            self.report(
                error(
                    "SF0140",
                    call.span,
                    format!("more than {INLINED_MAX} calls of functions are put in place"),
                )
                .help("give the result a name with `let`, and use the name"),
            );
            return Term::poison(call.span);
        }
        let known = self.diagnostics.len();
        let term = self.put_in_place(module, function, arguments.terms);
        // What is wrong with these arguments alone is said where they are given.
        for found in self.diagnostics.iter_mut().skip(known) {
            if found.primary.span.file != call.span.file || found.primary.span != call.span {
                let label = surefoot_syntax::Label { span: call.span, text: "called here".to_owned() };
                found.secondary.push(label);
            }
        }
        let mut parts = 0;
        if let What::Value(expr) = &term.what {
            expr.visit(&mut |_| parts += 1);
        }
        if parts > PARTS_MAX {
            self.report(
                error("SF0140", call.span, format!("what `{name}` gives here has more than {PARTS_MAX} parts"))
                    .note("a function is put in place where it is called, with its arguments wherever its parameters stand")
                    .help("give an inner result a name with `let`, and use the name"),
            );
            return Term::poison(call.span);
        }
        Term { span: call.span, ..term }
    }

    /// Returns what a function gives for these arguments.
    fn put_in_place(&mut self, module: usize, function: &'a Function, arguments: Vec<Option<Term>>) -> Term {
        let result = self.result_of(module, function);
        self.among(module, |this| {
            this.scopes.open();
            for ((name, written), term) in function.parameters.iter().zip(arguments) {
                let Some(mut term) = term else { continue };
                term.untrusted |= written.untrusted;
                let bound = Bound { term, lifted: false, before: false };
                this.scopes.put(&name.text, name.span, Named::Value(Box::new(bound)));
            }
            let (term, _) = this.within(Context::nothing("a function"), |this| {
                let term = this.value_of(&function.body);
                match &result {
                    Some(result) => {
                        this.coerce(term, result, &format!("what `{}` gives", function.name.text))
                    }
                    None => Term::poison(function.body.span),
                }
            });
            this.scopes.close();
            term
        })
    }

    fn result_of(&mut self, module: usize, function: &'a Function) -> Option<Type> {
        let outer = std::mem::replace(&mut self.module, module);
        let result = function.result.as_ref().and_then(|written| {
            if written.secret || written.untrusted {
                self.report(
                    error(
                        "SF0206",
                        written.span,
                        "what a function gives has the labels of what it is made of",
                    )
                    .help("leave the label out: what is made of a secret stays secret"),
                );
                return None;
            }
            self.r#type(written)
        });
        self.module = outer;
        result
    }

    /// Whether nothing is wrong with a function by itself: for arguments of which only the types are known.
    fn is_sound(&mut self, module: usize, function: &'a Function, at: surefoot_syntax::Span) -> bool {
        let key = (module, function.name.text.clone());
        match self.functions.get(&key) {
            Some(Some(sound)) => return *sound,
            Some(None) => {
                self.report(
                    error("SF0104", at, format!("the function `{}` calls itself", function.name.text))
                        .label(function.name.span, "declared here")
                        .help("nothing calls itself in this language, so that everything ends: go through a list with `[… for x in list]`"),
                );
                return false;
            }
            None => {}
        }
        self.functions.insert(key.clone(), None);
        let before = self.diagnostics.len();
        let outer = std::mem::replace(&mut self.module, module);
        let mut arguments = Vec::new();
        for (name, written) in &function.parameters {
            let r#type = self.r#type(written);
            let mut term = Term::value(Expr::Argument(name.text.clone()), r#type, name.span);
            if written.secret {
                let label =
                    surefoot_syntax::Label { span: name.span, text: format!("`{}` is secret", name.text) };
                let path = SecretPath { name: name.text.clone(), hops: vec![label] };
                term.secret = Some(std::rc::Rc::new(path));
            }
            arguments.push(Some(term));
        }
        self.module = outer;
        let _: Term = self.put_in_place(module, function, arguments);
        let sound = !self
            .diagnostics
            .iter()
            .skip(before)
            .any(|found| found.severity == surefoot_syntax::Severity::Error);
        self.functions.insert(key, Some(sound));
        sound
    }
}

/// Returns a function as its declaration begins.
fn function_shown(function: &Function) -> String {
    let names: Vec<&str> = function.parameters.iter().map(|(name, _)| name.text.as_str()).collect();
    format!("{}({})", function.name.text, names.join(", "))
}
