//! What is read from the command line, and what is refused.

use super::*;

fn check(text: &str, r#type: &Type, expect: &str) {
    let found = match value(text, r#type, Path::new("/home/ann")) {
        Ok(value) => value.to_string(),
        Err(why) => format!("refused: {why}"),
    };
    assert_eq!(found, expect, "{text:?} as {type:?}");
}

#[test]
fn values_read_as_their_type() {
    check("-5", &Type::Int, "-5");
    check("90s", &Type::Duration, "90s");
    check("120s", &Type::Duration, "2m");
    check("1MiB", &Type::Size, "1MiB");
    check("1MB", &Type::Size, "1000000B");
    check("5%", &Type::Percent, "5%");
    check("2026-10-01", &Type::Time, "2026-10-01");
    check("127.0.0.1", &Type::Host, "127.0.0.1");
    check("5432", &Type::Port, "5432");
    check("../bob/./x", &Type::Path, "/home/bob/x");
    check("/srv", &Type::Path, "/srv");
    check("none", &Type::Optional(Box::new(Type::Int)), "none");
    check("b", &Type::OneOf(vec!["a".to_owned(), "b".to_owned()]), "b");
    check("a, b", &Type::List(Box::new(Type::Host)), "[a, b]");
    check(r#"["x,y", "z"]"#, &Type::List(Box::new(Type::Text)), "[x,y, z]");
    check(r#"{"a": [1, null]}"#, &Type::Json, "{ a: [1, none] }");
}

#[test]
fn what_does_not_read_as_its_type_is_refused_in_words() {
    check("five", &Type::Int, "refused: `five` is not a whole number");
    check("10", &Type::Duration, "refused: `10` is not a duration, such as 30s");
    check("-h", &Type::Host, "refused: `-h` is not a host's name or address");
    check("0", &Type::Port, "refused: `0` is not a port, 1 to 65535");
    check("a,a", &Type::List(Box::new(Type::Host)), "refused: `a` is in it twice");
    check(r#"["/a", "/b/../a"]"#, &Type::List(Box::new(Type::Path)), "refused: `/a` is in it twice");
}

fn input(name: &str, r#type: Type, value: InputValue) -> Input {
    Input { name: name.to_owned(), r#type, value, doc: String::new() }
}

#[test]
fn a_secret_is_never_taken_from_the_command_line() {
    let inputs = [input("password", Type::Text, InputValue::SecretFromEnv("PGPASSWORD".to_owned()))];
    let error = read(&["password=hunter2".to_owned()], &inputs, Path::new("/")).unwrap_err();
    assert_eq!(error.error, "`password` is secret and is never given on the command line.");
    assert_eq!(error.hints, ["set the environment variable PGPASSWORD instead"]);
}

#[test]
fn an_unknown_a_repeated_and_a_malformed_parameter_are_refused() {
    let inputs = [input("port", Type::Port, InputValue::Unbound)];
    let refused = |given: &[&str]| {
        let given: Vec<String> = given.iter().map(|text| (*text).to_owned()).collect();
        read(&given, &inputs, Path::new("/")).unwrap_err().error
    };
    assert_eq!(refused(&["prot=1"]), "the runbook has no parameter `prot`.");
    assert_eq!(refused(&["port=1", "port=2"]), "`port` is given twice.");
    assert_eq!(refused(&["port"]), "`-p port` has no `=`.");
    assert_eq!(refused(&["port=x"]), "the parameter `port`: `x` is not a port, 1 to 65535.");
}
