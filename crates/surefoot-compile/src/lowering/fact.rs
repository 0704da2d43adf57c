//! Facts: which are questions to the world, and which are names for formulas.
//!
//! A fact with arguments, or one that asks the world by a command or a person, is one question. A fact
//! without arguments that only combines others, or names a question of the library, is a name.

use std::collections::BTreeMap;

use surefoot_plan::{
    Atom, Cell, Decoder, Expr, Formula, Name, Parameter, Probe, Question, QuestionId, Source, Test, Type,
};
use surefoot_syntax::ast::{Expr as Syntax, ExprKind, Fact, FactBody, Item, Member, WordPart};
use surefoot_syntax::{Span, on_one_line};

use super::rights::Needs;
use super::{Asking, Context, Lowering};
use crate::report::error;
use crate::scope::{Bound, Named, Scopes};
use crate::term::{Term, What, depends};
use crate::types::shown;

/// Most characters of the name of a question that is asked in place.
const NAME_MAX: usize = 72;

/// What a fact means.
#[derive(Clone, Debug)]
pub(crate) enum Meaning {
    /// A name for this.
    Name(Term),
    /// A question with these parameters.
    Question {
        /// The question.
        id: QuestionId,
        /// The type of its answer.
        answer: Type,
        /// What it takes behind its own arguments: what a called runbook found when it began.
        found: Vec<Expr>,
    },
    /// It could not be understood.
    Poison,
}

impl<'a> Lowering<'a> {
    /// Returns the fact of a file, or of the runbook if it is the root, by name.
    pub(super) fn fact_of(&self, module: usize, name: &str) -> Option<&'a Fact> {
        self.declared.get(&(module, name)).copied()
    }

    /// Takes down the facts of every file, then those of the runbook: of two of one name the first counts.
    pub(super) fn declare_facts(&mut self) {
        for module in 0..self.modules.loaded.len() {
            for fact in self.facts_of_file(module) {
                self.declared.entry((module, fact.name.text.as_str())).or_insert(fact);
            }
        }
        for member in &self.runbook.members {
            if let Member::Fact(fact) = member {
                self.declared.entry((self.home, fact.name.text.as_str())).or_insert(fact);
            }
        }
    }

    /// Returns the facts that stand in a file itself.
    pub(super) fn facts_of_file(&self, module: usize) -> impl Iterator<Item = &'a Fact> + use<'a> {
        let items: &'a [Item] = self.modules.loaded.get(module).map_or(&[], |loaded| &loaded.file.items);
        items.iter().filter_map(|item| match item {
            Item::Fact(fact) => Some(fact),
            Item::Use(_)
            | Item::Runbook(_)
            | Item::Scenario(_)
            | Item::Function(_)
            | Item::Type(_)
            | Item::Action(_)
            | Item::NotBuilt(_) => None,
        })
    }

    /// Reads a fact without arguments.
    pub(super) fn fact_value(&mut self, module: usize, name: &str, span: Span) -> Term {
        let Some(fact) = self.fact_of(module, name) else { return Term::poison(span) };
        if !self.may_ask(span) {
            return Term::poison(span);
        }
        if !fact.parameters.is_empty() {
            let names: Vec<&str> = fact.parameters.iter().map(|(name, _)| name.text.as_str()).collect();
            self.report(
                error("SF0103", span, format!("`{name}` needs its arguments"))
                    .label(fact.name.span, "declared here")
                    .help(format!("`{name}({})`", names.join(", "))),
            );
            return Term::poison(span);
        }
        match self.meaning(module, fact, span) {
            Meaning::Name(term) => {
                self.check_cells(&term, span);
                Term { span, ..term }
            }
            Meaning::Question { id, answer, found } => self.cell(id, found, answer, span),
            Meaning::Poison => Term::poison(span),
        }
    }

    /// Makes the answer of a question with these arguments, and checks what asking it needs.
    pub(super) fn cell(&mut self, id: QuestionId, arguments: Vec<Expr>, answer: Type, span: Span) -> Term {
        let needs = self.question_needs.get(&id).cloned().unwrap_or_default();
        let names = self.plan.questions.get(&id).map(|question| &question.parameters);
        let bound: BTreeMap<Name, Expr> = names
            .into_iter()
            .flatten()
            .map(|parameter| parameter.name.clone())
            .zip(arguments.iter().cloned())
            .collect();
        let needs = needs.bound(&bound, span);
        if self.cx.asking == Asking::Probe {
            // It may stand on arguments of the question around it, which are known where that is asked.
            self.cx.needs.add(needs);
        } else {
            self.check_needs(&needs, &format!("asking `{id}`"));
        }
        Term::cell(Cell { question: id, arguments }, answer, span)
    }

    /// Checks what asking the cells of a name needs. They were checked where the name was given.
    fn check_cells(&mut self, term: &Term, _span: Span) {
        if self.cx.asking == Asking::Probe
            && let What::Cell(cell) = &term.what
            && let Some(needs) = self.question_needs.get(&cell.question)
        {
            let names = self.plan.questions.get(&cell.question).map(|question| &question.parameters);
            let bound: BTreeMap<Name, Expr> = names
                .into_iter()
                .flatten()
                .map(|parameter| parameter.name.clone())
                .zip(cell.arguments.iter().cloned())
                .collect();
            let needs = needs.bound(&bound, term.span);
            self.cx.needs.add(needs);
        }
    }

    /// Returns what a fact means; finds it out when it is asked first.
    pub(super) fn meaning(&mut self, module: usize, fact: &'a Fact, span: Span) -> Meaning {
        let key = (module, fact.name.text.clone());
        match self.facts.get(&key) {
            Some(Some(meaning)) => return meaning.clone(),
            Some(None) => {
                self.report(
                    error("SF0104", span, format!("the fact `{}` is defined by itself", fact.name.text))
                        .label(fact.name.span, "declared here")
                        .help("a fact is asked of the world, or made of other facts"),
                );
                return Meaning::Poison;
            }
            None => {}
        }
        self.facts.insert(key.clone(), None);
        let meaning = self.elsewhere(module, |this| this.understand(module, fact));
        // What stands in for a part that is wrong is not what it was to ask.
        let meaning = if self.is_poisoned(fact.span) { Meaning::Poison } else { meaning };
        if matches!(meaning, Meaning::Poison) {
            self.wrong_facts.insert(fact.name.text.clone());
        }
        self.facts.insert(key, Some(meaning.clone()));
        meaning
    }

    /// Does something with the names that a file's facts see.
    fn elsewhere<T>(&mut self, module: usize, f: impl FnOnce(&mut Self) -> T) -> T {
        if module == self.home {
            // From the place of an action or a function the root's own names are those of its runbook.
            let away = self.root.take().map(|root| std::mem::replace(&mut self.scopes, root));
            let inner = self.scopes.outside();
            let result = f(self);
            self.scopes.inside(inner);
            if let Some(away) = away {
                self.root = Some(std::mem::replace(&mut self.scopes, away));
            }
            return result;
        }
        self.among(module, f)
    }

    /// Does something with the names of a file's items, and no others.
    pub(super) fn among<T>(&mut self, module: usize, f: impl FnOnce(&mut Self) -> T) -> T {
        let names = self.names_of_file(module);
        let outer = std::mem::replace(&mut self.scopes, Scopes::of(names));
        let module_before = std::mem::replace(&mut self.module, module);
        let at_root = self.root.is_none();
        let mut outer = Some(outer);
        if at_root {
            self.root = outer.take();
        }
        let result = f(self);
        let used = std::mem::take(&mut self.scopes.used);
        self.module = module_before;
        if let Some(outer) = if at_root { self.root.take() } else { outer } {
            self.scopes = outer;
        }
        if module == self.home {
            // What the file's own items use of its modules is used.
            for name in used {
                if matches!(self.scopes.find(&name).map(|entry| &entry.named), Some(Named::Module(_))) {
                    self.scopes.used.insert(name);
                }
            }
        }
        result
    }

    fn understand(&mut self, module: usize, fact: &'a Fact) -> Meaning {
        let answer = match &fact.r#type {
            Some(written) => match self.r#type(written) {
                Some(r#type) => r#type,
                None => return Meaning::Poison,
            },
            None => Type::Bool,
        };
        let name = self.full_name(module, &fact.name.text);
        if let FactBody::Expr(body) = &fact.body {
            self.look_for_empty_answers(body);
        }
        if fact.parameters.is_empty() && fact.on.is_none() && !asks(&fact.body) {
            let FactBody::Expr(body) = &fact.body else { return Meaning::Poison };
            return self.name_of(body, fact, &name, &answer);
        }
        self.question_of(fact, name, answer)
    }

    /// Returns the name of a fact in the plan: with its module's, if it is not of the runbook's own file.
    fn full_name(&self, module: usize, name: &str) -> Name {
        if module == self.home {
            return format!("{}{name}", self.called_as);
        }
        let path = self.modules.loaded.get(module).map_or("", |loaded| loaded.source.path.as_str());
        let file = path.rsplit('/').next().unwrap_or_default();
        format!("{}.{name}", file.strip_suffix(".runbook").unwrap_or(file))
    }

    /// A fact that is a name for a formula, or for the answer of a question.
    fn name_of(&mut self, body: &'a Syntax, fact: &'a Fact, name: &str, answer: &Type) -> Meaning {
        let cx = Context { question: Some((name.to_owned(), body.span)), ..Context::questions() };
        let (term, _) = self.within(cx, |this| {
            if *answer == Type::Bool {
                let formula = this.formula_of(body);
                if let Formula::Atom(Atom { cell, test: Test::Holds }) = formula {
                    return Term::cell(cell, Type::Bool, body.span);
                }
                return Term::formula(formula, body.span);
            }
            let term = this.expr(body);
            match &term.what {
                What::Cell(_) => this.coerce(term, answer, "the answer of this fact"),
                What::Value(_) | What::Formula(_) => match this.question_in_place(body) {
                    Some((cell, found)) => {
                        let term = Term::cell(cell, found, body.span);
                        this.coerce(term, answer, "the answer of this fact")
                    }
                    None => Term::poison(body.span),
                },
            }
        });
        if term.ty.is_none() {
            return Meaning::Poison;
        }
        self.remember_name(name, fact, &term);
        Meaning::Name(term)
    }

    /// Puts a name into the plan, for people, unless a question has it already.
    fn remember_name(&mut self, name: &str, fact: &Fact, term: &Term) {
        let formula = match &term.what {
            What::Cell(cell) if cell.question == name => return,
            What::Cell(cell) if term.ty == Some(Type::Bool) => {
                Formula::Atom(Atom { cell: cell.clone(), test: Test::Holds })
            }
            What::Formula(formula) => formula.clone(),
            What::Cell(_) | What::Value(_) => return,
        };
        self.plan.facts.push(surefoot_plan::NamedFact {
            name: name.to_owned(),
            formula,
            doc: fact.doc.clone(),
        });
    }

    /// A fact that is a question.
    fn question_of(&mut self, fact: &'a Fact, name: Name, answer: Type) -> Meaning {
        let mut parameters = Vec::new();
        let own = self.runbook.span;
        let in_runbook = self.module == 0 && own.start <= fact.span.start && fact.span.end <= own.end;
        self.scopes.open();
        for (parameter, written) in &fact.parameters {
            let r#type = self.r#type(written);
            let mut term =
                Term::value(Expr::Argument(parameter.text.clone()), r#type.clone(), parameter.span);
            term.untrusted = matches!(r#type, Some(Type::Text | Type::Json));
            if written.secret {
                term.secret = Some(std::rc::Rc::new(crate::term::SecretPath {
                    name: parameter.text.clone(),
                    hops: vec![surefoot_syntax::Label {
                        span: parameter.span,
                        text: format!("`{}` is secret", parameter.text),
                    }],
                }));
            }
            let bound = Bound { term, lifted: false, before: false };
            let named = Named::Value(Box::new(bound));
            if in_runbook {
                self.scopes.declare(parameter, named, &mut self.diagnostics);
            } else {
                self.scopes.declare_argument(parameter, named, &mut self.diagnostics);
            }
            parameters.push(Parameter {
                name: parameter.text.clone(),
                r#type: r#type.unwrap_or(Type::Json),
                secret: written.secret,
            });
        }
        let target = fact.on.as_ref().and_then(|on| self.target(on));
        let cx = Context {
            asking: Asking::Probe,
            base: "read".to_owned(),
            question: Some((name.clone(), fact.span)),
            target,
            ..Context::questions()
        };
        let ((term, answer), cx) = self.within(cx, |this| this.body_of(fact, &answer));
        self.scopes.close();
        let (Some(_), What::Value(expr)) = (&term.ty, term.what) else { return Meaning::Poison };
        let mut probe = Probe { reads: cx.reads, answer: expr };
        let found = self.take_found(&mut probe, &mut parameters);
        let question = Question { parameters, answer: answer.clone(), probe, doc: fact.doc.clone() };
        let id = self.intern(&name, question, cx.needs, fact.name.span);
        Meaning::Question { id, answer, found }
    }

    fn body_of(&mut self, fact: &'a Fact, answer: &Type) -> (Term, Type) {
        match &fact.body {
            FactBody::Error => (Term::poison(fact.span), answer.clone()),
            FactBody::Command(command, false_on) => {
                let false_on = false_on.iter().map(|(exit, _)| *exit).collect();
                if *answer != Type::Bool {
                    self.report(
                        error(
                            "SF0210",
                            command.span,
                            format!(
                                "this fact is of type {}, and nothing is read from the output",
                                shown(answer)
                            ),
                        )
                        .help(format!(
                            "say how to read it: `fact {}: {} = int $ …`",
                            fact.name.text,
                            shown(answer)
                        )),
                    );
                }
                let exec = self.exec(command, Decoder::Exit { false_on });
                let expr = self.add_read(Type::Bool, Source::Command(exec));
                (Term::value(expr, Some(Type::Bool), command.span), Type::Bool)
            }
            FactBody::Expr(body) => {
                let term = self.value_of(body);
                // What the world says is held to its words when it is read: another one makes it unknown.
                let said = matches!(&term.what, What::Value(expr) if depends(expr).argument);
                let word = said && term.ty == Some(Type::Text) && matches!(answer, Type::OneOf(_));
                let term = if word { Term { ty: Some(answer.clone()), ..term } } else { term };
                (self.coerce(term, answer, "the answer of this fact"), answer.clone())
            }
        }
    }

    /// Makes an expression that is asked where it stands a question. Returns it with its type.
    pub(super) fn question_in_place(&mut self, syntax: &'a Syntax) -> Option<(Cell, Type)> {
        let cx = Context {
            asking: Asking::Probe,
            base: "read".to_owned(),
            reads: Vec::new(),
            captures: Vec::new(),
            needs: Needs::default(),
            question: None,
            ..self.cx.clone()
        };
        let (term, cx) = self.within(cx, |this| this.value_of(syntax));
        let (Some(answer), What::Value(expr)) = (term.ty, term.what) else { return None };
        let mut parameters: Vec<Parameter> = cx
            .captures
            .iter()
            .map(|capture| Parameter {
                name: capture.name.clone(),
                r#type: capture.r#type.clone(),
                secret: false,
            })
            .collect();
        let name = match &self.cx.question {
            // A part of a fact has words of its own: the fact may be true where the part is false.
            Some((name, whole)) if *whole == syntax.span => name.clone(),
            Some(_) | None => name_in_place(&on_one_line(self.modules.text(syntax.span))),
        };
        let mut probe = Probe { reads: cx.reads, answer: expr };
        let found = self.take_found(&mut probe, &mut parameters);
        let question = Question { parameters, answer: answer.clone(), probe, doc: String::new() };
        let id = self.intern(&name, question, cx.needs, syntax.span);
        let arguments: Vec<Expr> = cx.captures.into_iter().map(|capture| capture.expr).chain(found).collect();
        let term = self.cell(id, arguments, answer.clone(), syntax.span);
        match term.what {
            What::Cell(cell) => Some((cell, answer)),
            What::Value(_) | What::Formula(_) => None,
        }
    }

    /// Puts a question into the plan. One that asks the same is the same question.
    pub(super) fn intern(&mut self, name: &str, question: Question, needs: Needs, span: Span) -> QuestionId {
        let normal = (&question.parameters, &question.answer, &question.probe);
        let key = serde_json::to_string(&normal).unwrap_or_else(|_| name.to_owned());
        if let Some(id) = self.question_ids.get(&key) {
            return id.clone();
        }
        let mut id = name.to_owned();
        let mut number = 1;
        while self.plan.questions.contains_key(&id) {
            number += 1;
            id = format!("{name} ({number})");
        }
        self.question_ids.insert(key, id.clone());
        self.question_needs.insert(id.clone(), needs);
        self.origins.questions.insert(id.clone(), span);
        self.plan.questions.insert(id.clone(), question);
        id
    }

    /// Whether the world may be asked here; reports it if not.
    pub(super) fn may_ask(&mut self, span: Span) -> bool {
        match self.cx.asking {
            Asking::Nothing("a function") => {
                self.report(
                    error("SF0108", span, "a function only computes: it cannot ask the world")
                        .help("ask where it is called, and give it the answer as an argument"),
                );
                false
            }
            Asking::Nothing("an argument of an action") => {
                self.report(
                    error("SF0108", span, "an argument of an action is known before its step starts, so it cannot ask the world")
                        .help("ask in a step before this one, `let x = …`, and give `step.x`; or let the action ask"),
                );
                false
            }
            Asking::Nothing(super::step::TOLD_LATER) => {
                self.report(
                    error("SF0108", span, "what a channel is told of a wait is known before it begins, so it cannot ask the world")
                        .help("name what is waited for; or ask in a step before this one, `let x = …`, and tell `step.x`"),
                );
                false
            }
            Asking::Nothing(place) => {
                self.report(
                    error(
                        "SF0108",
                        span,
                        format!("{place} is known when the plan is made, so it cannot ask the world"),
                    )
                    .help("use parameters, and values that are computed from them"),
                );
                false
            }
            Asking::Questions | Asking::Probe | Asking::Reads => true,
        }
    }
}

/// Returns how a person would call what is asked in place: as it is laid out, on one line.
fn name_in_place(text: &str) -> Name {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    if line.chars().count() <= NAME_MAX {
        return line;
    }
    let cut: String = line.chars().take(NAME_MAX - 1).collect();
    format!("{cut}…")
}

/// Whether a fact asks the world itself, by a command or a person.
fn asks(body: &FactBody) -> bool {
    match body {
        FactBody::Command(..) => true,
        FactBody::Expr(expr) => asks_in(expr),
        FactBody::Error => false,
    }
}

fn asks_in(expr: &Syntax) -> bool {
    match &expr.kind {
        ExprKind::Command(_) | ExprKind::Ask(_) => true,
        ExprKind::Text(parts) => parts.iter().any(|part| match part {
            WordPart::Text(_) => false,
            WordPart::Value(value) | WordPart::Splice(value) => asks_in(value),
        }),
        ExprKind::Call(call) => call.arguments.iter().any(|(_, argument)| asks_in(argument)),
        ExprKind::List(items) => items.iter().any(asks_in),
        ExprKind::Record(fields) => fields.iter().any(|(_, field)| asks_in(field)),
        ExprKind::Field(inner, _) | ExprKind::Unary(_, inner) | ExprKind::Reveal(inner, _) => asks_in(inner),
        ExprKind::Binary(_, left, right) => asks_in(left) || asks_in(right),
        ExprKind::If(condition, then, otherwise) => asks_in(condition) || asks_in(then) || asks_in(otherwise),
        ExprKind::Comprehension { item, list, condition, .. } => {
            asks_in(item) || asks_in(list) || condition.as_deref().is_some_and(asks_in)
        }
        ExprKind::Quantifier { condition, list, .. } => asks_in(condition) || asks_in(list),
        ExprKind::Int(_)
        | ExprKind::Float(_)
        | ExprKind::Bool(_)
        | ExprKind::None
        | ExprKind::Duration(_)
        | ExprKind::Size(_)
        | ExprKind::Percent(_)
        | ExprKind::Time(_)
        | ExprKind::Name(_)
        | ExprKind::Error => false,
    }
}
