//! What people type, as values.

use surefoot_plan::{Real, Type, Value};

use super::Given;

#[track_caller]
fn typed(text: &str, wanted: &Type, expect: Value) {
    assert_eq!(Given::Text(text.to_owned()).to_value(wanted), Ok(expect));
}

#[track_caller]
fn refused(text: &str, wanted: &Type, why: &str) {
    assert_eq!(Given::Text(text.to_owned()).to_value(wanted), Err(why.to_owned()));
}

fn list(of: Type) -> Type {
    Type::List(Box::new(of))
}

#[test]
fn amounts_have_their_units() {
    typed("90s", &Type::Duration, Value::Duration(90_000));
    typed("512MiB", &Type::Size, Value::Size(512 << 20));
    typed("10 GB", &Type::Size, Value::Size(10_000_000_000));
    typed("5%", &Type::Percent, Value::Percent(Real(5.0)));
    refused("90", &Type::Duration, "a duration has a unit: 500ms, 10s, 5m, 2h, 90d");
    refused("99999999999999999999s", &Type::Duration, "a duration has a unit: 500ms, 10s, 5m, 2h, 90d");
}

#[test]
fn lists_are_written_with_commas_or_as_json() {
    let hosts = Value::List(vec![Value::Text("db1".to_owned()), Value::Text("db2".to_owned())]);
    typed("db1,db2", &list(Type::Host), hosts.clone());
    typed("db1, db2", &list(Type::Host), hosts.clone());
    typed(r#"["db1", "db2"]"#, &list(Type::Host), hosts);
    typed("", &list(Type::Host), Value::List(Vec::new()));
    typed("1,2", &list(Type::Int), Value::List(vec![Value::Int(1), Value::Int(2)]));
}

#[test]
fn a_value_is_of_its_type() {
    typed(" a ", &Type::Text, Value::Text(" a ".to_owned()));
    typed(" 3 ", &Type::Int, Value::Int(3));
    refused("0", &Type::Port, "a port is a number from 1 to 65535, and not 0");
    refused("../etc", &Type::Path, "a path starts with `/`, and \"../etc\" does not");
    refused(
        "/etc/../root",
        &Type::Path,
        "a path holds no `..`, so that it names one place; \"/etc/../root\" does",
    );
    refused("-oProxyCommand=x", &Type::Host, "\"-oProxyCommand=x\" is no name or address of a host");
    refused("yes", &Type::Bool, "it is either true or false");
    refused("nan", &Type::Float, "\"nan\" is no number");
}
