//! Which paths a granted path covers.

use surefoot_plan::{Expr, Value};

use super::covers;

fn known(path: &str) -> Expr {
    Expr::Literal(Value::Text(path.to_owned()))
}

fn open(name: &str, rest: &str) -> Expr {
    Expr::Join(vec![Expr::Input(name.to_owned()), known(rest)])
}

#[test]
fn a_path_covers_itself_and_what_lies_below() {
    assert!(covers(&known("/etc/app"), &known("/etc/app")));
    assert!(covers(&known("/etc/app"), &known("/etc/app/conf.d/a")));
    assert!(covers(&known("/etc/app/"), &known("/etc/app/a")));
    assert!(covers(&known("/"), &known("/etc")));
    assert!(!covers(&known("/etc/app"), &known("/etc/application")));
    assert!(!covers(&known("/etc/app"), &known("/etc")));
}

#[test]
fn an_open_path_covers_only_what_begins_with_it_whatever_it_is() {
    let home = Expr::Input("home".to_owned());
    assert!(covers(&home, &home));
    assert!(covers(&home, &open("home", "/data")));
    assert!(covers(&open("home", "/data"), &open("home", "/data/base")));
    assert!(!covers(&open("home", "/data"), &open("home", "/database")));
    assert!(!covers(&home, &open("home", "-old/data")));
    assert!(!covers(&home, &open("other", "/data")));
    assert!(!covers(&home, &known("/home")));
    assert!(!covers(&known("/home"), &home));
}
