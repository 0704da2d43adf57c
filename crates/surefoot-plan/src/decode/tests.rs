use super::*;

#[track_caller]
fn check(decoder: Decoder, wanted: Type, output: &str, expect: Result<Value, &str>) {
    match (decode(&decoder, &wanted, output.as_bytes()), expect) {
        (Ok(found), Ok(expect)) => assert_eq!(found, expect),
        (Err(found), Err(part)) => assert!(found.contains(part), "{found}"),
        (found, expect) => panic!("{found:?}, expected {expect:?}"),
    }
}

#[test]
fn one_answer_is_meant() {
    check(Decoder::Int, Type::Int, " 42 \n", Ok(Value::Int(42)));
    check(Decoder::Int, Type::Int, "", Err("nothing where a whole number"));
    check(Decoder::Int, Type::Int, "\n", Err("nothing"));
    check(Decoder::Int, Type::Int, "1\n2\n", Err("2 lines"));
    check(Decoder::Int, Type::Int, "4.5", Err("not a whole number"));
    check(Decoder::Int, Type::Port, "0", Err("port"));
    check(Decoder::Int, Type::Size, "1024", Ok(Value::Size(1024)));
    check(Decoder::Int, Type::Optional(Box::new(Type::Int)), "", Ok(Value::None));
    check(Decoder::Float, Type::Float, "inf", Err("not a number"));
    check(Decoder::Float, Type::Float, "1.5", Ok(Value::Float(crate::Real(1.5))));
    check(Decoder::Bool, Type::Bool, "t\n", Ok(Value::Bool(true)));
    check(Decoder::Bool, Type::Bool, "f", Ok(Value::Bool(false)));
    check(Decoder::Bool, Type::Bool, "", Err("nothing"));
    check(Decoder::Bool, Type::Bool, "t\nt\n", Err("2 lines"));
    check(Decoder::Bool, Type::Bool, "maybe", Err("not a yes or no"));
    check(Decoder::Size, Type::Size, "16MiB", Ok(Value::Size(16 << 20)));
    check(Decoder::Size, Type::Size, "-1", Err("not a size"));
}

#[test]
fn text_is_all_of_it() {
    check(Decoder::Text, Type::Text, "a\nb\n", Ok(Value::Text("a\nb".into())));
    check(Decoder::Text, Type::Text, "", Ok(Value::Text(String::new())));
    check(Decoder::Text, Type::Host, "", Err("nothing where a host"));
    check(Decoder::Text, Type::OneOf(vec!["up".into()]), "down\n", Err("not one of up"));
    check(
        Decoder::Lines,
        Type::List(Box::new(Type::Int)),
        "1\n2\n",
        Ok(Value::List(vec![Value::Int(1), Value::Int(2)])),
    );
    check(Decoder::Lines, Type::List(Box::new(Type::Int)), "1\nx\n", Err("line 2"));
    assert!(decode(&Decoder::Text, &Type::Text, b"\xff").is_err());
    assert!(decode(&Decoder::Text, &Type::Text, &vec![b'a'; DECODED_BYTES_MAX + 1]).is_err());
}

#[test]
fn json_has_the_type_it_should() {
    let pod =
        Type::Record(BTreeMap::from([("name".to_owned(), Type::Text), ("ready".to_owned(), Type::Bool)]));
    let pods = Type::List(Box::new(pod));
    let one = Value::Record(BTreeMap::from([
        ("name".to_owned(), Value::Text("a".into())),
        ("ready".to_owned(), Value::Bool(true)),
    ]));
    check(Decoder::Json, pods.clone(), r#"[{"name":"a","ready":true,"more":1}]"#, Ok(Value::List(vec![one])));
    check(Decoder::Json, pods.clone(), r#"[{"name":"a"}]"#, Err("it[0].ready is absent"));
    check(Decoder::Json, pods, r#"{"name":"a"}"#, Err("where a list is meant"));
    check(Decoder::Json, Type::Json, "", Err("nothing where JSON"));
    check(Decoder::Json, Type::Int, "1.5", Err("whole number"));
    check(
        Decoder::Json,
        Type::Json,
        "[1, null, \"x\"]",
        Ok(Value::List(vec![Value::Int(1), Value::None, Value::Text("x".into())])),
    );
}

#[test]
fn a_table_has_its_head_in_every_row() {
    let wanted = Type::List(Box::new(Type::Record(BTreeMap::from([("PID".to_owned(), Type::Int)]))));
    let row = |pid| Value::Record(BTreeMap::from([("PID".to_owned(), Value::Int(pid))]));
    check(
        Decoder::Table,
        wanted.clone(),
        "PID CMD\n1 init it\n2 sh\n",
        Ok(Value::List(vec![row(1), row(2)])),
    );
    check(Decoder::Table, wanted.clone(), "PID|CMD\n7|x y\n", Ok(Value::List(vec![row(7)])));
    check(Decoder::Table, wanted.clone(), "PID CMD\n", Ok(Value::List(Vec::new())));
    check(Decoder::Table, wanted.clone(), "PID CMD\n1\n", Err("row 1 of the table has 1 columns"));
    check(Decoder::Table, wanted.clone(), "CMD\nx\n", Err("no column `PID`"));
    check(Decoder::Table, wanted, "", Err("nothing where a table"));
}

#[test]
fn an_exit_answers_only_what_is_said() {
    let false_on = BTreeSet::from([1]);
    assert_eq!(decode_exit(0, &false_on), Ok(Value::Bool(true)));
    assert_eq!(decode_exit(1, &false_on), Ok(Value::Bool(false)));
    assert!(decode_exit(2, &false_on).is_err());
    assert!(decode_exit(1, &BTreeSet::new()).is_err());
}

#[test]
fn what_people_give_is_read() {
    assert_eq!(parse_text(&Type::Duration, "1.5h"), Ok(Value::Duration(5_400_000)));
    assert_eq!(parse_text(&Type::Percent, "5%"), Ok(Value::Percent(crate::Real(5.0))));
    assert_eq!(parse_text(&Type::List(Box::new(Type::Host)), r#"["a","b"]"#).unwrap().to_string(), "[a, b]");
    for (wanted, text) in [
        (Type::Host, "a b"),
        (Type::Host, "-rf"),
        (Type::Host, ""),
        (Type::Path, ""),
        (Type::Port, "70000"),
        (Type::Time, "yesterday"),
        (Type::Duration, "5"),
        (Type::Duration, "99999999999999999999d"),
    ] {
        assert!(parse_text(&wanted, text).is_err(), "{text}");
    }
}
