//! A name that two runbooks lock belongs to one run at a time, until that owes nothing.

use crate::place::Place;

/// It fails, and keeps what it owes.
const FIRST: &str = r#"
runbook first {
    param dir: path
    param cluster: text
    lock "app/${cluster}"
    allow {
        run touch, rm
        write dir
    }
    on failure stop
    step mark {
        $ touch ${dir}/mark
        idempotent
        rollback { $ rm -f ${dir}/mark }
    }
    step fail {
        $ touch ${dir}/no/x
        idempotent
        rollback { $ rm -f ${dir}/no/x }
    }
}
"#;

/// Another runbook that locks the same name.
const SECOND: &str = r#"
runbook second {
    param cluster: text
    step note {
        lock "app/${cluster}"
        note "it is ours"
    }
}
"#;

#[test]
fn a_lock_is_kept_until_nothing_is_owed() {
    let place = Place::new();
    std::fs::create_dir(place.path().join("dir")).unwrap();
    place.write("first.runbook", FIRST);
    place.write("second.runbook", SECOND);
    let second = |cluster: &str| place.run(&["run", "second.runbook", "-p", &format!("cluster={cluster}")]);
    place.run(&["plan", "second.runbook", "-p", "cluster=main"]).says("locks      app/main");
    place.run(&["run", "first.runbook", "-p", "cluster=main", "-p", "dir=dir"]).says("STILL OWED");
    second("main").exits(20).complains("`app/main` is locked: run ").complains("is unfinished since");
    // Another name is free, and the same one is when nothing is owed.
    second("other").exits(0);
    let runs = place.run(&["runs"]).out;
    let id = runs.lines().find(|line| line.contains("OWES 2")).and_then(|line| line.get(..10)).unwrap();
    place.run(&["rollback", id]).says("complete");
    second("main").exits(0);
}
