//! Calls: of functions, facts, and the library.

use std::collections::BTreeMap;

use surefoot_plan::{Expr, Function, LibraryCall, Name, Parameter, Probe, Question, Read, Source, Type};
use surefoot_syntax::Span;
use surefoot_syntax::ast::{Call, Expr as Syntax, Fact, Ident};

use super::argument::{Slot, head};
use super::fact::Meaning;
use super::rights::Needs;
use super::{Asking, Lowering, shared};
use crate::library::{self, Signature};
use crate::load::Target;
use crate::report::error;
use crate::scope::Named;
use crate::term::{Term, What, text};
use crate::types;

/// A function of the language: its name, itself, what it takes, what it gives.
///
/// The types of some depend on what they are given; `pure_type` says which.
const FUNCTIONS: &[(Function, &str)] = &[
    (Function::Count, "count(of: list or text) -> int"),
    (Function::Join, "join(list, with: text = \"\") -> text"),
    (Function::Split, "split(text, at: text) -> list of text"),
    (Function::Lines, "lines(text) -> list of text"),
    (Function::Columns, "columns(line: text) -> list of text"),
    (Function::First, "first(list) -> item?"),
    (Function::Last, "last(list) -> item?"),
    (Function::Trim, "trim(text) -> text"),
    (Function::Contains, "contains(of: list or text, part) -> bool"),
    (Function::StartsWith, "starts_with(text, part: text) -> bool"),
    (Function::EndsWith, "ends_with(text, part: text) -> bool"),
    (Function::Replace, "replace(text, old: text, new: text) -> text"),
    (Function::Lower, "lower(text) -> text"),
    (Function::Upper, "upper(text) -> text"),
    (Function::Json, "json(value) -> text"),
    (Function::Base64, "base64(text) -> text"),
    (Function::InUnit, "in_unit(amount: duration or size, unit: text) -> float"),
    (Function::Round, "round(number) -> int"),
    (Function::Min, "min(a, b) or min(list)"),
    (Function::Max, "max(a, b) or max(list)"),
];

/// The functions of the language, as an author reads them: `trim(text) -> text`.
pub(crate) fn functions() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|(_, shown)| *shown)
}

impl<'a> Lowering<'a> {
    /// Understands a call in an expression.
    pub(super) fn call(&mut self, call: &'a Call, syntax: &'a Syntax) -> Term {
        let _ = syntax;
        match call.callee.as_slice() {
            [name] => self.plain_call(name, call),
            [module, name] => self.module_call(module, name, call),
            parts => {
                let name: Vec<&str> = parts.iter().map(|part| part.text.as_str()).collect();
                self.report(
                    error("SF0101", head(call), format!("there is no function `{}`", name.join(".")))
                        .help("a function of a module is called as `module.function(…)`"),
                );
                Term::poison(call.span)
            }
        }
    }

    fn plain_call(&mut self, name: &'a Ident, call: &'a Call) -> Term {
        if let Some(Named::Fact) = self.scopes.find(&name.text).map(|entry| entry.named.clone()) {
            self.scopes.used.insert(name.text.clone());
            let module = self.module;
            return self.fact_call(module, &name.text, call);
        }
        if let Some(Named::Function) = self.scopes.find(&name.text).map(|entry| entry.named.clone()) {
            self.scopes.used.insert(name.text.clone());
            let module = self.module;
            return self.function_call(module, &name.text, call);
        }
        if let Some(Named::Action) = self.scopes.find(&name.text).map(|entry| &entry.named) {
            let declared = self.scopes.find(&name.text).map_or(name.span, |entry| entry.span);
            return self.action_as_value(name, declared, call.span);
        }
        if let Some((function, shown)) = FUNCTIONS.iter().find(|(function, _)| function.name() == name.text) {
            return self.pure_call(*function, shown, call);
        }
        if let Some(entry) = self.scopes.find(&name.text) {
            let span = entry.span;
            self.report(
                error("SF0105", name.span, format!("`{}` is no function and no fact", name.text))
                    .label(span, "declared here")
                    .help("read it without brackets"),
            );
            return Term::poison(call.span);
        }
        let is_called = |name: &&str| {
            let named = self.scopes.find(name).map(|entry| &entry.named);
            matches!(named, Some(Named::Fact | Named::Function | Named::Action))
        };
        let called: Vec<String> = self.scopes.names().filter(is_called).map(str::to_owned).collect();
        let functions = FUNCTIONS.iter().map(|(function, _)| function.name());
        let names = called.iter().map(String::as_str).chain(functions);
        let found = error("SF0101", name.span, format!("there is no function or fact `{}`", name.text));
        self.report(found.did_you_mean(&name.text, name.span, names));
        Term::poison(call.span)
    }

    fn module_call(&mut self, module: &'a Ident, name: &'a Ident, call: &'a Call) -> Term {
        let named = self.scopes.find(&module.text).map(|entry| entry.named.clone());
        let target = match named {
            Some(Named::Module(target)) => target,
            Some(
                Named::Param(_)
                | Named::Let(_)
                | Named::Fact
                | Named::Function
                | Named::Action
                | Named::Step
                | Named::Call
                | Named::Value(_),
            ) => {
                self.report(error(
                    "SF0105",
                    module.span,
                    format!("`{}` is no module, so nothing in it can be called", module.text),
                ));
                return Term::poison(call.span);
            }
            None => {
                self.unknown_name(module);
                return Term::poison(call.span);
            }
        };
        self.scopes.used.insert(module.text.clone());
        match target {
            Target::File(index) if self.fact_of(index, &name.text).is_some() => {
                self.fact_call(index, &name.text, call)
            }
            Target::File(index) if self.function_of(index, &name.text).is_some() => {
                self.function_call(index, &name.text, call)
            }
            Target::File(index) => {
                self.unknown_fact(index, module, name);
                Term::poison(call.span)
            }
            Target::Library(library) => match library::signature(library, &name.text) {
                Some(signature) => self.library_value(signature, call),
                None => {
                    self.unknown_library_function(library, name);
                    Term::poison(call.span)
                }
            },
        }
    }

    /// Says that a file has no such fact.
    pub(super) fn unknown_fact(&mut self, module: usize, alias: &Ident, name: &Ident) {
        let facts = self.facts_of_file(module).map(|fact| fact.name.text.as_str());
        let functions = self.functions_of_file(module).map(|function| function.name.text.as_str());
        let names: Vec<&'a str> = facts.chain(functions).collect();
        self.report(
            error("SF0101", name.span, format!("`{}` has no fact or function `{}`", alias.text, name.text))
                .did_you_mean(&name.text, name.span, names),
        );
    }

    /// Says that a module of the library has no such function.
    pub(super) fn unknown_library_function(&mut self, module: &str, name: &Ident) {
        let names: Vec<&str> =
            library::signatures().filter(|found| found.module == module).map(|found| found.name).collect();
        self.report(
            error("SF0101", name.span, format!("`{module}` has no function `{}`", name.text))
                .note(format!("it has {}", crate::report::listed(&names)))
                .did_you_mean(&name.text, name.span, names),
        );
    }

    /// Calls a fact.
    fn fact_call(&mut self, module: usize, name: &str, call: &'a Call) -> Term {
        let Some(fact) = self.fact_of(module, name) else { return Term::poison(call.span) };
        if !self.may_ask(call.span) {
            return Term::poison(call.span);
        }
        if fact.parameters.is_empty() {
            self.report(
                error("SF0103", call.span, format!("the fact `{name}` takes no arguments"))
                    .label(fact.name.span, "declared here")
                    .help("read it without brackets"),
            );
            return Term::poison(call.span);
        }
        let slots = self.slots(module, &fact.parameters);
        let Some(arguments) = self.arguments(name, &fact_shown(fact), &slots, call) else {
            return Term::poison(call.span);
        };
        match self.meaning(module, fact, call.span) {
            Meaning::Question { id, answer, found } => {
                let arguments = arguments.exprs.into_iter().chain(found).collect();
                let term = self.cell(id, arguments, answer, call.span);
                self.asked(term)
            }
            Meaning::Name(_) | Meaning::Poison => Term::poison(call.span),
        }
    }

    /// Returns what takes the arguments of something that a file declares.
    pub(super) fn slots(
        &mut self,
        module: usize,
        parameters: &'a [(Ident, surefoot_syntax::ast::Type)],
    ) -> Vec<Slot> {
        let outer = std::mem::replace(&mut self.module, module);
        let slots = parameters.iter().map(|parameter| self.slot(parameter)).collect();
        self.module = outer;
        slots
    }

    fn slot(&mut self, (name, written): &'a (Ident, surefoot_syntax::ast::Type)) -> Slot {
        let before = self.diagnostics.len();
        let r#type = self.r#type(written);
        // A wrong type was reported where the fact is declared.
        self.diagnostics.truncate(before);
        Slot { name: name.text.clone(), r#type, secret: written.secret, default: None }
    }

    /// Keeps the answer of a question as it is, or reads it, as the place wants.
    fn asked(&mut self, term: Term) -> Term {
        match self.cx.asking {
            Asking::Questions | Asking::Nothing(_) => term,
            Asking::Probe | Asking::Reads => self.valued(term),
        }
    }

    /// Calls a function of the library for its answer.
    fn library_value(&mut self, signature: &'static Signature, call: &'a Call) -> Term {
        let Some(result) = signature.result else {
            self.report(
                error(
                    "SF0310",
                    head(call),
                    format!(
                        "`{}` changes something, and only an answer can stand here",
                        signature.full_name()
                    ),
                )
                .help("an action is a statement of its own in a step or a rollback"),
            );
            return Term::poison(call.span);
        };
        if !self.may_ask(call.span) {
            return Term::poison(call.span);
        }
        let Some((arguments, needs)) = self.library_arguments(signature, call) else {
            return Term::poison(call.span);
        };
        if self.cx.asking == Asking::Questions {
            let id = self.library_question(signature, call.span);
            return self.cell(id, arguments.exprs, result.to_type(), call.span);
        }
        self.cx.needs.add(needs);
        let kept = match (signature.name, arguments.exprs.first()) {
            ("keep", Some(path)) => shared(path.clone()),
            (_, _) => None,
        };
        let call_of = library_call(signature, arguments.exprs);
        let expr = self.add_read(result.to_type(), Source::Library(call_of));
        let mut term = Term::value(expr, Some(result.to_type()), call.span);
        term.untrusted = matches!(term.ty, Some(Type::Text | Type::Json));
        term.kept = kept;
        term
    }

    /// Understands the arguments of a function of the library, and what calling it with them needs.
    pub(super) fn library_arguments(
        &mut self,
        signature: &'static Signature,
        call: &'a Call,
    ) -> Option<(super::argument::Arguments, Needs)> {
        let slots: Vec<Slot> = signature
            .parameters
            .iter()
            .map(|parameter| Slot {
                name: parameter.name.to_owned(),
                r#type: Some(parameter.kind.to_type()),
                secret: parameter.secret,
                default: parameter.default.map(text),
            })
            .collect();
        let name = signature.full_name();
        let arguments = self.arguments(&name, &signature.to_string(), &slots, call)?;
        let needs = Needs::of_library(signature, &arguments, call.span);
        Some((arguments, needs))
    }

    /// Returns the question of a function of the library.
    fn library_question(&mut self, signature: &'static Signature, span: Span) -> String {
        let name = signature.full_name();
        let parameters: Vec<Parameter> = signature
            .parameters
            .iter()
            .map(|parameter| Parameter {
                name: parameter.name.to_owned(),
                r#type: parameter.kind.to_type(),
                secret: parameter.secret,
            })
            .collect();
        let exprs: Vec<Expr> =
            parameters.iter().map(|parameter| Expr::Argument(parameter.name.clone())).collect();
        let arguments = super::argument::Arguments {
            terms: parameters.iter().map(|_| None).collect(),
            exprs: exprs.clone(),
        };
        let needs = Needs::of_library(signature, &arguments, span);
        let answer = signature.result.map_or(Type::Bool, library::Kind::to_type);
        let read = Read {
            name: "read.1".to_owned(),
            r#type: answer.clone(),
            source: Source::Library(library_call(signature, exprs)),
        };
        let question = Question {
            parameters,
            answer,
            probe: Probe { reads: vec![read], answer: Expr::Argument("read.1".to_owned()) },
            doc: signature.doc.to_owned(),
        };
        self.intern(&name, question, needs, span)
    }

    /// Makes the literal that an action of the library settles.
    pub(super) fn settled(
        &mut self,
        signature: &'static Signature,
        exprs: &[Expr],
        span: Span,
    ) -> Option<surefoot_plan::Literal> {
        let (question, holds) = signature.settles?;
        let question = library::signature(signature.module, question)?;
        let by_name: BTreeMap<&str, &Expr> =
            signature.parameters.iter().map(|parameter| parameter.name).zip(exprs).collect();
        let arguments: Option<Vec<Expr>> = question
            .parameters
            .iter()
            .map(|parameter| by_name.get(parameter.name).map(|expr| (*expr).clone()))
            .collect();
        let id = self.library_question(question, span);
        let cell = surefoot_plan::Cell { question: id, arguments: arguments? };
        Some(surefoot_plan::Literal {
            atom: surefoot_plan::Atom { cell, test: surefoot_plan::Test::Holds },
            holds,
        })
    }

    /// Calls a pure function.
    fn pure_call(&mut self, function: Function, shown: &str, call: &'a Call) -> Term {
        let mut terms = Vec::new();
        for (name, argument) in &call.arguments {
            if let Some(name) = name {
                self.report(
                    error(
                        "SF0103",
                        name.span,
                        format!("the arguments of `{}` have no names", function.name()),
                    )
                    .help(format!("it is `{shown}`")),
                );
                return Term::poison(call.span);
            }
            let term = self.value_of(argument);
            if self.refuse_secret_computation(&term) {
                return Term::poison(call.span);
            }
            terms.push(term);
        }
        let given: Option<Vec<Type>> = terms.iter().map(|term| term.ty.clone()).collect();
        let Some(given) = given else { return Term::poison(call.span) };
        let Some(r#type) = pure_type(function, &given) else {
            let given: Vec<String> = given.iter().map(types::shown).collect();
            self.report(
                error(
                    "SF0103",
                    call.span,
                    format!("`{}` does not take ({})", function.name(), given.join(", ")),
                )
                .help(format!("it is `{shown}`")),
            );
            return Term::poison(call.span);
        };
        let mut result = Term::value(text(""), Some(r#type), call.span);
        let mut exprs = Vec::new();
        for term in terms {
            result = result.with_labels_of(&term);
            match term.what {
                What::Value(expr) => exprs.push(expr),
                What::Cell(_) | What::Formula(_) => return Term::poison(call.span),
            }
        }
        result.untrusted &=
            matches!(result.ty, Some(Type::Text | Type::Json | Type::List(_) | Type::Optional(_)));
        result.what = What::Value(self.fold(Expr::Call(function, exprs), call.span));
        result
    }
}

/// Makes a call of the library as it stands in a plan.
pub(super) fn library_call(signature: &Signature, exprs: Vec<Expr>) -> LibraryCall {
    let names = signature.parameters.iter().map(|parameter| Name::from(parameter.name));
    LibraryCall { function: signature.full_name(), arguments: names.zip(exprs).collect() }
}

/// Whether the language has a function of this name.
pub(super) fn is_function(name: &str) -> bool {
    FUNCTIONS.iter().any(|(function, _)| function.name() == name)
}

/// Returns a fact as its declaration begins.
fn fact_shown(fact: &Fact) -> String {
    let names: Vec<&str> = fact.parameters.iter().map(|(name, _)| name.text.as_str()).collect();
    format!("{}({})", fact.name.text, names.join(", "))
}

/// Returns what a function gives for arguments of these types, if it takes them.
fn pure_type(function: Function, given: &[Type]) -> Option<Type> {
    let is_text = |r#type: &Type| types::fits(r#type, &Type::Text);
    let texts = Type::List(Box::new(Type::Text));
    match (function, given) {
        (Function::Count, [Type::List(_) | Type::Record(_) | Type::Json]) => Some(Type::Int),
        (Function::Count, [of]) => is_text(of).then_some(Type::Int),
        (Function::Join, [Type::List(_) | Type::Json]) => Some(Type::Text),
        (Function::Join, [Type::List(_) | Type::Json, with]) => is_text(with).then_some(Type::Text),
        (Function::Split, [of, at]) => (is_text(of) && is_text(at)).then_some(texts),
        (Function::Lines | Function::Columns, [of]) => is_text(of).then_some(texts),
        (Function::First | Function::Last, [Type::List(item)]) => Some(Type::Optional(item.clone())),
        (Function::First | Function::Last, [Type::Json]) => Some(Type::Json),
        (Function::Trim | Function::Lower | Function::Upper | Function::Base64, [of]) => {
            is_text(of).then_some(Type::Text)
        }
        (Function::Contains, [Type::List(item), part]) => types::comparable(item, part).then_some(Type::Bool),
        (Function::Contains | Function::StartsWith | Function::EndsWith, [of, part]) => {
            (is_text(of) && is_text(part)).then_some(Type::Bool)
        }
        (Function::Replace, [of, old, new]) => {
            (is_text(of) && is_text(old) && is_text(new)).then_some(Type::Text)
        }
        (Function::Json, [_]) => Some(Type::Text),
        (Function::InUnit, [Type::Duration | Type::Size | Type::Percent | Type::Json, unit]) => {
            is_text(unit).then_some(Type::Float)
        }
        (Function::Round, [Type::Int | Type::Float | Type::Json]) => Some(Type::Int),
        (Function::Min | Function::Max, [Type::List(item)]) => types::ordered(item).then(|| (**item).clone()),
        (Function::Min | Function::Max, [a, b] | [a, b, _]) => {
            (types::ordered(a) && types::fits(b, a)).then(|| a.clone())
        }
        (_, _) => None,
    }
}
