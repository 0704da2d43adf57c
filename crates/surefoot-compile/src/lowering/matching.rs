//! `match v { "a" { … } otherwise { … } }`: choices inside one another, an arm a choice.
//!
//! Must hold: every value that can be there has an arm; each arm can be taken; no value has two.

use surefoot_plan::{BinaryOperator, Comparison, Expr, Formula, Node, Type, Value};
use surefoot_syntax::ast::{Arm, Match};
use surefoot_syntax::on_one_line;

use super::fold::{any, not};
use super::{Context, Lowering};
use crate::report::{Report, error, listed, warning};
use crate::term::{Term, What, depends};
use crate::types;

/// An arm, understood.
struct Case<'a> {
    /// The values it is for, with the condition that it is one of them.
    values: Vec<Value>,
    condition: Formula,
    arm: &'a Arm,
}

impl<'a> Lowering<'a> {
    /// Understands a `match`.
    pub(super) fn arms(&mut self, choice: &'a Match) -> Vec<Node> {
        self.choices += 1;
        let name = format!("match[{}]", self.choices);
        let decides = self.deciding(choice);
        let mut cases: Vec<Case<'a>> = Vec::new();
        for arm in &choice.arms {
            let case = self.case(&decides, arm, &cases);
            cases.push(case);
        }
        let complete = self.check_complete(&decides, &cases, choice);
        // The last arm needs no condition where its value is the only one that is left. An answer of the world
        // is asked again: if it is another by then, no arm is right, and the proof says that this cannot be.
        // Where the value is given, the plan shows which arm it is for.
        let asked = matches!(decides.what, What::Cell(_) | What::Formula(_)) || decides.known().is_some();
        let mut bodies: Vec<Vec<Node>> = Vec::new();
        for arm in choice.arms.iter().chain(&choice.otherwise) {
            bodies.push(if self.count(arm.span) { self.arm(arm) } else { Vec::new() });
        }
        if complete && !asked && choice.otherwise.is_none() {
            cases.pop();
        }
        let mut nodes = if bodies.len() > cases.len() { bodies.pop() } else { None };
        for (case, then) in cases.into_iter().zip(bodies).rev() {
            let values: Vec<String> = case.values.iter().map(ToString::to_string).collect();
            let id = self.node_id(format!("{name}[{}]", values.join(", ")));
            self.origins.nodes.insert(id.clone(), case.arm.span);
            let otherwise = nodes.take().unwrap_or_default();
            let value = on_one_line(self.modules.text(choice.value.span));
            let text = format!("{value} is {}", values.join(" or "));
            nodes = Some(vec![Node::If {
                id,
                condition: case.condition,
                text,
                then,
                otherwise,
                unknown: None,
                hypothesis: None,
            }]);
        }
        nodes.unwrap_or_default()
    }

    pub(super) fn arm(&mut self, arm: &'a Arm) -> Vec<Node> {
        self.scopes.open();
        let nodes = self.nodes(&arm.body, false);
        self.scopes.close();
        nodes
    }

    /// Understands what decides: the answer of a fact, or a value.
    fn deciding(&mut self, choice: &'a Match) -> Term {
        let cx = Context {
            step: self.cx.step.clone(),
            target: self.cx.target.clone(),
            part: self.cx.part,
            ..Context::questions()
        };
        let (term, _) = self.within(cx, |this| {
            let term = this.expr(&choice.value);
            match &term.what {
                // It computes with answers: that is a question of its own.
                What::Value(expr) if depends(expr).fact => match this.question_in_place(&choice.value) {
                    Some((cell, answer)) => Term::cell(cell, answer, choice.value.span),
                    None => Term::poison(choice.value.span),
                },
                What::Value(_) | What::Cell(_) | What::Formula(_) => term,
            }
        });
        if self.refuse_secret_computation(&term) {
            return Term::poison(term.span);
        }
        if let Some(r#type @ (Type::List(_) | Type::Record(_))) = &term.ty {
            self.report(
                error(
                    "SF0201",
                    term.span,
                    format!(
                        "`match` compares with single values, and this is {}",
                        types::with_article(r#type)
                    ),
                )
                .help("name the field or the item that decides"),
            );
            return Term::poison(term.span);
        }
        term
    }

    /// Understands an arm, and compares it with those before it.
    fn case(&mut self, decides: &Term, arm: &'a Arm, before: &[Case<'a>]) -> Case<'a> {
        let mut values = Vec::new();
        let mut conditions = Vec::new();
        for written in &arm.values {
            let (term, _) = self.within(Context::nothing("the value of an arm"), |this| this.expr(written));
            let (Some(r#type), Some(_)) = (&decides.ty, &term.ty) else { continue };
            let wanted = if let Type::Optional(inner) = r#type { inner } else { r#type };
            if let (Type::OneOf(words), Some(Value::Text(word))) = (wanted, term.known())
                && !words.contains(word)
            {
                let quoted: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
                let found =
                    error("SF0242", term.span, "this arm is never taken: the value is never this word");
                self.report(found.note(format!("it is one of {}", quoted.join(", "))).did_you_mean(
                    &format!("{word:?}"),
                    term.span,
                    quoted.iter().map(String::as_str),
                ));
                continue;
            }
            let none = term.known() == Some(&Value::None) && wanted != r#type;
            let term = if none { term } else { self.coerce(term, wanted, "the value of this arm") };
            let Some(value) = term.known().cloned() else { continue };
            let first = before.iter().find(|case| case.values.contains(&value)).map(|case| case.arm.span);
            if first.is_some() || values.contains(&value) {
                let found = error("SF0241", term.span, format!("there are two arms for `{value}`"));
                let found = match first {
                    Some(first) => found.label(first, "the first one is taken"),
                    None => found,
                };
                self.report(found.help("take one of them out"));
                continue;
            }
            conditions.push(equal(decides, value.clone()));
            values.push(value);
        }
        Case { values, condition: any(conditions), arm }
    }

    /// Checks that every value has an arm. True if the last arm is for all that the others leave.
    fn check_complete(&mut self, decides: &Term, cases: &[Case<'a>], choice: &'a Match) -> bool {
        let Some(r#type) = &decides.ty else { return false };
        let all: Vec<Value> = match r#type {
            Type::OneOf(words) => words.iter().cloned().map(Value::Text).collect(),
            Type::Bool => vec![Value::Bool(true), Value::Bool(false)],
            Type::Text
            | Type::Int
            | Type::Float
            | Type::Duration
            | Type::Size
            | Type::Percent
            | Type::Time
            | Type::Host
            | Type::Port
            | Type::Path
            | Type::Url
            | Type::Json
            | Type::List(_)
            | Type::Record(_)
            | Type::Optional(_) => Vec::new(),
        };
        let missing: Vec<String> = all
            .iter()
            .filter(|value| !cases.iter().any(|case| case.values.contains(value)))
            .map(|value| format!("`{value}`"))
            .collect();
        let complete = !all.is_empty() && missing.is_empty();
        match &choice.otherwise {
            Some(otherwise) if complete => {
                self.report(
                    warning("SF0243", otherwise.span, "`otherwise` is never taken: every value has an arm")
                        .help("take it out; then a value that is added later is not forgotten"),
                );
            }
            None if !complete && !self.wrong_inside(choice.span) => {
                let found = error(
                    "SF0240",
                    choice.value.span,
                    if all.is_empty() {
                        format!("this {} can have other values than those of the arms", types::shown(r#type))
                    } else {
                        format!("there is no arm for {}", listed(&missing))
                    },
                );
                let (at, text) = self.line_at_end(choice.span, "otherwise { }");
                self.report(
                    found
                        .help("say what is done then: an arm of its own, or `otherwise { … }`")
                        .maybe_fixed_by("do nothing then", at, text),
                );
            }
            Some(_) | None => {}
        }
        complete
    }
}

/// Makes the condition that a value is this one.
fn equal(decides: &Term, value: Value) -> Formula {
    use surefoot_plan::{Atom, Test};
    let is_true = value == Value::Bool(true);
    match (&decides.what, &value) {
        (What::Cell(cell), Value::Bool(_)) if decides.ty == Some(Type::Bool) => {
            let holds = Formula::Atom(Atom { cell: cell.clone(), test: Test::Holds });
            if is_true { holds } else { not(holds) }
        }
        (What::Formula(formula), _) => {
            if is_true {
                formula.clone()
            } else {
                not(formula.clone())
            }
        }
        (What::Cell(cell), _) => {
            let test = Test::Compares(Comparison::Equal, Expr::Literal(value));
            Formula::Atom(Atom { cell: cell.clone(), test })
        }
        // Not computed: people read in the plan which value was given, and which arm it is for.
        (What::Value(expr), _) => Formula::Value(Expr::Binary(
            BinaryOperator::Equal,
            Box::new(expr.clone()),
            Box::new(Expr::Literal(value)),
        )),
    }
}
