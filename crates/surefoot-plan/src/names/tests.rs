//! How facts and formulas read, with a secret among their arguments and a value that the run finds.

use std::collections::BTreeMap;

use super::Names;
use crate::testing::plan_of;
use crate::{
    Atom, Cell, Comparison, Expr, Formula, NamedFact, Parameter, Plan, Probe, Question, Test, Type, Value,
    ValueId,
};

fn local() -> ValueId {
    ValueId { step: None, name: "host".into() }
}

fn serving(host: Expr, password: Expr) -> Cell {
    Cell { question: "postgres.is_primary".into(), arguments: vec![host, password] }
}

fn atom(cell: Cell) -> Formula {
    Formula::Atom(Atom { cell, test: Test::Holds })
}

/// A plan that calls a server `old_serving`, one that the run finds `new_serving`, and both `split`.
fn named() -> Plan {
    let mut plan = plan_of(Vec::new());
    let parameter = |name: &str, secret| Parameter { name: name.into(), r#type: Type::Text, secret };
    let question = Question {
        parameters: vec![parameter("host", false), parameter("password", true)],
        answer: Type::Bool,
        probe: Probe { reads: Vec::new(), answer: Expr::Literal(Value::Bool(true)) },
        doc: String::new(),
    };
    plan.questions.insert("postgres.is_primary".into(), question);
    let password = || Expr::Input("password".into());
    let old = atom(serving(Expr::Literal(Value::Text("db1".into())), password()));
    let new = atom(serving(Expr::Local(local()), password()));
    let mut name = |name: &str, formula: &Formula| {
        let (name, formula) = (name.to_owned(), formula.clone());
        plan.facts.push(NamedFact { name, formula, doc: String::new() });
    };
    name("old_serving", &old);
    name("new_serving", &new);
    name("split", &Formula::All(vec![old, new]));
    plan
}

/// A cell as a probe of a run is recorded: its arguments are values, and a secret one only names itself.
fn recorded(host: &str) -> Cell {
    let password = Expr::Literal(Value::Secret("password".into()));
    serving(Expr::Literal(Value::Text(host.into())), password)
}

#[test]
fn what_a_probe_recorded_has_the_name_that_its_author_gave() {
    let plan = named();
    let names = Names::of(&plan);
    assert_eq!(names.cell(&recorded("db1")), "old_serving");
    assert_eq!(names.cell(&recorded("db2")), r#"postgres.is_primary("db2")"#);
    let found = BTreeMap::from([(local(), Value::Text("db2".into()))]);
    assert_eq!(Names::found(&plan, &found).cell(&recorded("db2")), "new_serving");
}

#[test]
fn formulas_read_by_their_names_and_in_brackets_where_they_need_them() {
    let plan = named();
    let names = Names::of(&plan);
    let not = |formula| Formula::Not(Box::new(formula));
    let [old, new, split] = plan.facts.as_slice() else { panic!("three names") };
    assert_eq!(names.formula(&not(split.formula.clone())), "not split");
    let either = Formula::Any(vec![not(old.formula.clone()), new.formula.clone()]);
    assert_eq!(names.formula(&not(either.clone())), "not (not old_serving or new_serving)");
    assert_eq!(names.formula(&Formula::All(vec![either.clone()])), "not old_serving or new_serving");
    let both = Formula::All(vec![either, split.formula.clone()]);
    assert_eq!(names.formula(&both), "(not old_serving or new_serving) and split");
    let test = Test::Compares(Comparison::Less, Expr::Literal(Value::Int(3)));
    let lag = Formula::Atom(Atom { cell: Cell { question: "lag".into(), arguments: Vec::new() }, test });
    assert_eq!(names.formula(&not(lag)), "not (lag < 3)");
    assert_eq!(names.formula(&Formula::All(Vec::new())), "true");
}
