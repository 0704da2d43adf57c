//! What is read from the command line, and what is refused.

use super::*;

fn input(name: &str, r#type: Type, value: InputValue) -> Input {
    Input { name: name.to_owned(), r#type, value, doc: String::new() }
}

#[test]
fn relative_paths_start_where_the_operator_is() {
    let check = |text: &str, r#type: Type, expect: &str| {
        assert_eq!(located(text, &r#type, Path::new("/home/ann")), expect, "{text:?} as {type:?}");
    };
    check("../bob/./x", Type::Path, "/home/bob/x");
    check("/srv", Type::Path, "/srv");
    check("x", Type::Text, "x");
    check("none", Type::Optional(Box::new(Type::Path)), "none");
    check("a, ../b", Type::List(Box::new(Type::Path)), "/home/ann/a,/home/b");
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
}
