use super::*;
use crate::testing::step;

fn each(max: u32) -> Each {
    let mut drain = step("drain", &[]);
    let item = ValueId { step: Some(StepId("for[1]".into())), name: "node".into() };
    let of = |name: &str| ValueId { step: Some(StepId(name.into())), name: "pods".into() };
    drain.ensures = vec![crate::testing::ensure("a")];
    drain.ensures[0].literal.atom.cell.arguments = vec![Expr::Local(item)];
    let mut join = step("join", &["b"]);
    join.target = Some(Expr::List(vec![Expr::Local(of("drain")), Expr::Local(of("before"))]));
    Each {
        id: StepId("for[1]".into()),
        item: "node".into(),
        list: Expr::Local(ValueId { step: None, name: "nodes".into() }),
        text: "nodes".into(),
        max,
        tolerate: 0,
        waves: Vec::new(),
        pause_ms: 0,
        on_failure: TurnsBack::All,
        body: vec![Node::Step(Box::new(drain)), Node::Step(Box::new(join))],
    }
}

fn texts(items: &[&str]) -> Value {
    Value::List(items.iter().map(|item| Value::Text((*item).into())).collect())
}

#[test]
fn a_turn_has_the_item_in_its_place_and_its_key_behind_every_name() {
    let turn = each(5).turn(&Value::Text("db2".into()));
    let [Node::Step(drain), Node::Step(join)] = turn.as_slice() else { panic!("two steps") };
    assert_eq!(drain.id.0, "drain[db2]");
    assert_eq!(drain.ensures[0].literal.to_string(), "a(\"db2\")");
    // What a step of the turn finds is that of this turn; what stands before the loop is the same for all.
    assert_eq!(join.target.as_ref().unwrap().to_string(), "[drain[db2].pods, before.pods]");
    let names = each(5).names(&Value::Text("db2".into()));
    assert_eq!(names[1], (StepId("join[db2]".into()), StepId("join".into())));
}

#[test]
fn names_of_turns_read_from_the_outside_in() {
    for (name, turn) in [
        ("drain", "drain[k3]"),
        ("drain[a]", "drain[k3][a]"),
        ("wait[2]", "wait[2][k3]"),
        ("wait[2][a]", "wait[2][k3][a]"),
        ("waiting", "waiting[k3]"),
        ("app.drain", "app.drain[k3]"),
        ("app.wait[2]", "app.wait[2][k3]"),
        ("app[a.b].drain", "app[a.b].drain[k3]"),
    ] {
        assert_eq!(StepId(name.into()).turn("k3").0, turn);
        assert!(StepId(name.into()).is_in_turn(&StepId(turn.into())), "{turn}");
        assert!(!StepId(name.into()).is_in_turn(&StepId(name.into())), "{name}");
    }
}

#[test]
fn waves_have_their_sizes_and_the_last_repeats() {
    let waves = |waves: &[Wave], turns: u32| {
        let each = Each { waves: waves.to_vec(), ..each(50) };
        let mut found: Vec<(u32, u32)> = (0..turns).map(|turn| each.wave(turn, turns)).collect();
        found.dedup();
        found
    };
    assert_eq!(waves(&[], 5), [(0, 4)]);
    assert_eq!(waves(&[Wave::Count(1), Wave::Count(2)], 6), [(0, 0), (1, 2), (3, 4), (5, 5)]);
    assert_eq!(waves(&[Wave::Count(1), Wave::Percent(25), Wave::Percent(100)], 10), [(0, 0), (1, 3), (4, 9)]);
    // A share of a few is one at least.
    assert_eq!(waves(&[Wave::Percent(1)], 3), [(0, 0), (1, 1), (2, 2)]);
    assert_eq!(waves(&[Wave::Count(7)], 3), [(0, 2)]);
    assert_eq!(waves(&[Wave::Count(1)], 0), []);
}

#[test]
fn a_list_is_a_set_of_names_and_not_too_long() {
    let each = each(2);
    assert_eq!(each.items(texts(&[])), Ok(Vec::new()));
    assert_eq!(each.items(texts(&["a", "b"])).unwrap().len(), 2);
    assert_eq!(each.items(texts(&["a", "b", "c"])), Err(ItemsError::TooMany { found: 3, max: 2 }));
    assert_eq!(each.items(texts(&["a", "a"])), Err(ItemsError::Twice(Value::Text("a".into()))));
    // Two values that are written the same would be one name.
    let same = Value::List(vec![Value::Int(1), Value::Text("1".into())]);
    assert_eq!(each.items(same), Err(ItemsError::Twice(Value::Text("1".into()))));
    for bad in ["", " ", "a\nb", "a][b", &"x".repeat(201)] {
        assert_eq!(each.items(texts(&[bad])), Err(ItemsError::NoKey(bad.into())));
    }
    assert!(matches!(each.items(Value::None), Err(ItemsError::NoList(_))));
    assert!(matches!(each.items(Value::List(vec![Value::List(Vec::new())])), Err(ItemsError::NoKey(_))));
}

#[test]
fn an_entered_loop_has_its_turns_in_the_place_of_its_body() {
    let mut plan = crate::testing::plan();
    plan.body.push(Node::Each(Box::new(each(5))));
    // Before, a step of a turn is found as what it is in any turn.
    assert_eq!(plan.general(&StepId("drain[k9]".into())).0, "drain");
    assert_eq!(plan.step(&StepId("drain[k9]".into())).unwrap().id.0, "drain");
    plan.enter(&StepId("for[1]".into()), &[Value::Text("k1".into()), Value::Text("k2".into())]);
    assert!(plan.step(&StepId("drain[k2]".into())).is_some());
    assert!(plan.step(&StepId("drain".into())).is_none());
}
