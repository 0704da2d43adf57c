//! What is refused before anything is done.

use surefoot_compile::{Inputs, NoSources, analyze, lower};
use surefoot_syntax::{FileId, Source};

use super::*;

/// The plan of a runbook with this body.
fn plan(body: &str) -> Plan {
    let text = format!("runbook r {{\n{body}\n}}\n");
    let source = Source { id: FileId(0), path: "r.runbook".to_owned(), text };
    let analysis = analyze(&NoSources, source);
    match lower(&analysis, "r", &Inputs::default()) {
        Ok(lowered) => lowered.plan,
        Err(diagnostics) => panic!("{diagnostics:#?}"),
    }
}

fn refused(result: Result<(), CommandError>) -> String {
    result.expect_err("it is refused").error
}

#[test]
fn a_step_on_this_machine_is_accepted_and_one_elsewhere_is_not() {
    let step = |host: &str| {
        plan(&format!("allow {{ run true }}\nstep s on \"{host}\" {{ $ true\n leaves \"nothing\" }}"))
    };
    for host in ["localhost", "127.0.0.1", &person::host()] {
        assert!(hosts(&step(host)).is_ok(), "{host} is this machine");
    }
    assert!(refused(hosts(&step("db1.example.com"))).contains("remote execution is not built yet"));
}

#[test]
fn a_fact_is_not_asked_here_about_another_machine() {
    let fact = |host: &str| {
        plan(&format!(
            "allow {{ run true }}\nfact up(h: host) on h {{ $ true  false on 1 }}\nrequires up(\"{host}\")\n\
             step s {{ $ true\n leaves \"nothing\" }}"
        ))
    };
    assert!(hosts(&fact("localhost")).is_ok());
    assert!(refused(hosts(&fact("db1"))).contains("acts on db1"));
}

#[test]
fn a_role_needs_somebody_who_does_not_run() {
    let plan = plan("allow { run true }\nstep s { approved by lead\n $ true\n leaves \"nothing\" }");
    let me = Identity { user: "ann".to_owned(), uid: 1000, verified: false };
    let with = |people: &[&str]| {
        let people = people.iter().map(|name| (*name).to_owned()).collect();
        roles(&plan, &BTreeMap::from([("lead".to_owned(), people)]), &me)
    };
    assert!(refused(roles(&plan, &BTreeMap::new(), &me)).contains("nobody has that role"));
    assert!(refused(with(&["ann"])).contains("the one who runs cannot approve"));
    assert!(refused(with(&["ann", "nobody-of-that-name"])).contains("no user nobody-of-that-name"));
    assert!(with(&["ann", "root"]).is_ok());
}

#[test]
fn a_role_needs_as_many_who_do_not_run_as_must_agree() {
    let plan = plan("allow { run true }\nstep s { approved by 2 of lead\n $ true\n leaves \"nothing\" }");
    let me = Identity { user: "ann".to_owned(), uid: 1000, verified: false };
    let with = |people: &[&str]| {
        let people = people.iter().map(|name| (*name).to_owned()).collect();
        roles(&plan, &BTreeMap::from([("lead".to_owned(), people)]), &me)
    };
    assert!(refused(with(&["ann", "root"])).contains("2 different people of `lead`"));
    assert!(refused(with(&["root", "root", "nobody-of-that-name"])).contains("this machine knows 1"));
    assert!(with(&["ann", "root", "daemon"]).is_ok());
}

#[test]
fn a_program_that_is_missing_is_named_before_anything_is_done() {
    let plan = plan("allow { run frobnicate-3000 }\nstep s { $ frobnicate-3000\n leaves \"nothing\" }");
    assert!(
        refused(programs(&plan, "/usr/bin:/bin"))
            .contains("`frobnicate-3000` is needed and is not installed")
    );
    let rollback = super::tests::plan(
        "allow { run true, frobnicate-3000 }\nstep s { $ true\n rollback { $ frobnicate-3000 } }",
    );
    assert!(refused(programs(&rollback, "/usr/bin:/bin")).contains("frobnicate-3000"), "the way back counts");
}

#[test]
fn a_role_that_is_asked_needs_somebody() {
    let plan = plan("step s { let ok = ask \"Is it?\": bool by lead\n leaves \"nothing\" }");
    let me = Identity { user: "ann".to_owned(), uid: 1000, verified: false };
    assert!(
        refused(roles(&plan, &BTreeMap::new(), &me)).contains("`lead` is asked, and nobody has that role")
    );
    // An answer is no approval: who runs may give it.
    assert!(roles(&plan, &BTreeMap::from([("lead".to_owned(), vec!["ann".to_owned()])]), &me).is_ok());
}
