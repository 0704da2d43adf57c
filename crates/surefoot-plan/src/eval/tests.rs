use super::*;
use crate::{Comparison, Function, Real, StepId};

fn text(text: &str) -> Expr {
    Expr::Literal(Value::Text(text.into()))
}

fn binary(operator: BinaryOperator, left: Value, right: Value) -> Result<Value, EvalError> {
    let expr = Expr::Binary(operator, Box::new(Expr::Literal(left)), Box::new(Expr::Literal(right)));
    eval(&expr, &Values::default())
}

fn cell(question: &str) -> Cell {
    Cell { question: question.into(), arguments: Vec::new() }
}

#[test]
fn units_are_checked() {
    use BinaryOperator::{Divide, Less, Minus, Plus, Times};
    let second = Value::Duration(1_000);
    for (operator, left, right, expect) in [
        (Plus, Value::Int(1), Value::Int(2), Value::Int(3)),
        (Times, second.clone(), Value::Float(Real(2.5)), Value::Duration(2_500)),
        (Divide, Value::Size(10), Value::Size(4), Value::Float(Real(2.5))),
        (Times, Value::Percent(Real(10.0)), Value::Size(50), Value::Size(5)),
        (Less, Value::Int(1), Value::Float(Real(1.5)), Value::Bool(true)),
        (
            Plus,
            Value::Time("2026-01-01".into()),
            Value::Duration(500),
            Value::Time("2026-01-01T00:00:00.500Z".into()),
        ),
        (
            Minus,
            Value::Time("2026-01-02".into()),
            Value::Time("2026-01-01T12:00:00Z".into()),
            Value::Duration(43_200_000),
        ),
    ] {
        assert_eq!(binary(operator, left, right), Ok(expect));
    }
    assert!(matches!(binary(Plus, second.clone(), Value::Size(1)), Err(EvalError::Mismatch(_))));
    assert!(matches!(binary(Less, second, Value::Int(1)), Err(EvalError::Mismatch(_))));
    assert!(matches!(binary(Minus, Value::Size(1), Value::Size(2)), Err(EvalError::Mismatch(_))));
    assert_eq!(binary(Plus, Value::Int(i64::MAX), Value::Int(1)), Err(EvalError::TooLarge));
    assert_eq!(binary(Divide, Value::Int(1), Value::Int(0)), Err(EvalError::DivisionByZero));
    assert_eq!(binary(Divide, Value::Float(Real(1.0)), Value::Int(0)), Err(EvalError::DivisionByZero));
}

#[test]
fn and_and_or_are_three_valued() {
    let unknown = Expr::Fact(cell("f"));
    let literal = |value| Box::new(Expr::Literal(Value::Bool(value)));
    let env = Values::default();
    let and = |value| Expr::Binary(BinaryOperator::And, Box::new(unknown.clone()), literal(value));
    let or = |value| Expr::Binary(BinaryOperator::Or, Box::new(unknown.clone()), literal(value));
    assert_eq!(eval(&and(false), &env), Ok(Value::Bool(false)));
    assert_eq!(eval(&and(true), &env), Err(EvalError::Unknown(cell("f"))));
    assert_eq!(eval(&or(true), &env), Ok(Value::Bool(true)));
    assert_eq!(eval(&or(false), &env), Err(EvalError::Unknown(cell("f"))));
}

#[test]
fn unknown_never_becomes_true_or_false() {
    let atom = |name| Formula::Atom(Atom { cell: cell(name), test: Test::Holds });
    let mut env = Values::default();
    env.facts.insert(cell("yes"), Value::Bool(true));
    env.facts.insert(cell("number"), Value::Int(3));
    let not = |inner| Formula::Not(Box::new(inner));
    for (formula, expect) in [
        (atom("yes"), Tri::True),
        (not(atom("yes")), Tri::False),
        (atom("gone"), Tri::Unknown),
        (not(atom("gone")), Tri::Unknown),
        (Formula::All(vec![atom("gone"), not(atom("yes"))]), Tri::False),
        (Formula::Any(vec![atom("gone"), atom("yes")]), Tri::True),
        (Formula::All(vec![atom("gone"), atom("yes")]), Tri::Unknown),
        (Formula::All(Vec::new()), Tri::True),
        (Formula::Any(Vec::new()), Tri::False),
        // An answer of another type than its question's is no answer.
        (atom("number"), Tri::Unknown),
    ] {
        assert_eq!(decide_formula(&formula, &env), expect, "{formula}");
    }
    assert_eq!(why_unknown(&atom("gone"), &env), ["gone cannot be told"]);
    let more = Formula::Atom(Atom {
        cell: cell("number"),
        test: Test::Compares(Comparison::Greater, Expr::Literal(Value::Int(2))),
    });
    assert_eq!(decide_formula(&more, &env), Tri::True);
}

#[test]
fn a_secret_is_a_piece_and_never_computed_with() {
    let mut env = Values::default();
    env.inputs.insert("password".into(), Value::Secret("password".into()));
    let secret = Expr::Input("password".into());
    let joined = Expr::Join(vec![text("user:"), secret.clone(), text("@"), text("db")]);
    assert_eq!(
        eval_text(&joined, &env).unwrap(),
        [
            TextPiece::Plain("user:".into()),
            TextPiece::Secret("password".into()),
            TextPiece::Plain("@db".into()),
        ]
    );
    assert_eq!(eval(&secret, &env), Ok(Value::Secret("password".into())));
    let secret_error = Err(EvalError::Secret("password".into()));
    assert_eq!(eval(&joined, &env), secret_error);
    assert_eq!(eval(&Expr::Call(Function::Upper, vec![secret.clone()]), &env), secret_error);
    let equal = Expr::Binary(BinaryOperator::Equal, Box::new(secret.clone()), Box::new(text("x")));
    assert_eq!(eval(&equal, &env), secret_error);
    let hidden = Expr::Join(vec![Expr::List(vec![secret])]);
    assert!(eval_text(&hidden, &env).is_err());
}

#[test]
fn functions_do_what_the_page_says() {
    let call = |function, arguments: Vec<Value>| {
        eval(&Expr::Call(function, arguments.into_iter().map(Expr::Literal).collect()), &Values::default())
    };
    let t = |text: &str| Value::Text(text.into());
    let list = |items: &[&str]| Value::List(items.iter().map(|item| t(item)).collect());
    for (function, arguments, expect) in [
        (Function::Count, vec![list(&["a", "b"])], Value::Int(2)),
        (Function::Join, vec![list(&["a", "b"]), t(",")], t("a,b")),
        (Function::Split, vec![t("a,b"), t(",")], list(&["a", "b"])),
        (Function::Lines, vec![t("a\nb\n")], list(&["a", "b"])),
        (Function::Columns, vec![t(" a  b ")], list(&["a", "b"])),
        (Function::First, vec![list(&["a", "b"])], t("a")),
        (Function::First, vec![list(&[])], Value::None),
        (Function::Last, vec![list(&["a", "b"])], t("b")),
        (Function::Trim, vec![t(" a ")], t("a")),
        (Function::Contains, vec![t("abc"), t("b")], Value::Bool(true)),
        (Function::Contains, vec![list(&["a"]), t("b")], Value::Bool(false)),
        (Function::StartsWith, vec![t("abc"), t("ab")], Value::Bool(true)),
        (Function::EndsWith, vec![t("abc"), t("ab")], Value::Bool(false)),
        (Function::Replace, vec![t("aba"), t("a"), t("c")], t("cbc")),
        (Function::Lower, vec![t("AB")], t("ab")),
        (Function::Upper, vec![t("ab")], t("AB")),
        (Function::Json, vec![list(&["a\"b"])], t(r#"["a\"b"]"#)),
        (Function::Base64, vec![t("M")], t("TQ==")),
        (Function::Base64, vec![t("Ma")], t("TWE=")),
        (Function::Base64, vec![t("Man!")], t("TWFuIQ==")),
        (Function::InUnit, vec![Value::Duration(90_000), t("m")], Value::Float(Real(1.5))),
        (Function::InUnit, vec![Value::Size(1 << 20), t("MiB")], Value::Float(Real(1.0))),
        (Function::Round, vec![Value::Float(Real(2.6))], Value::Int(3)),
        (Function::Min, vec![Value::Int(2), Value::Int(1)], Value::Int(1)),
        (Function::Max, vec![Value::List(vec![Value::Int(2), Value::Int(1)])], Value::Int(2)),
    ] {
        assert_eq!(call(function, arguments), Ok(expect), "{}", function.name());
    }
    assert!(call(Function::Count, vec![Value::Int(1)]).is_err());
    assert!(call(Function::Min, vec![]).is_err());
    assert!(call(Function::Replace, vec![t("a"), t(""), t("b")]).is_err());
}

#[test]
fn a_comprehension_binds_its_item() {
    let list = Expr::Literal(Value::List(vec![Value::Int(1), Value::Int(2), Value::Int(3)]));
    let item = || Box::new(Expr::Argument("x".into()));
    let expr = Expr::Comprehension {
        item: Box::new(Expr::Binary(BinaryOperator::Times, item(), Box::new(Expr::Literal(Value::Int(10))))),
        name: "x".into(),
        list: Box::new(list),
        condition: Some(Box::new(Expr::Binary(
            BinaryOperator::Greater,
            item(),
            Box::new(Expr::Literal(Value::Int(1))),
        ))),
    };
    assert_eq!(eval(&expr, &Values::default()), Ok(Value::List(vec![Value::Int(20), Value::Int(30)])));
    // Its item hides an argument of the same name.
    let outside = BTreeMap::from([("x".to_owned(), Expr::Literal(Value::Int(9)))]);
    assert_eq!(substitute(&expr, &outside), expr);
}

#[test]
fn what_has_no_value_says_its_name() {
    let env = Values::default();
    let local = Expr::Local(ValueId { step: Some(StepId("fence".into())), name: "old".into() });
    assert_eq!(eval(&local, &env).unwrap_err().to_string(), "`fence.old` has no value here");
    assert_eq!(eval(&Expr::Input("host".into()), &env).unwrap_err().to_string(), "`host` has no value here");
    let field = Expr::Field(Box::new(Expr::Literal(Value::Record(BTreeMap::new()))), "x".into());
    assert_eq!(eval(&field, &env), Ok(Value::None));
}
