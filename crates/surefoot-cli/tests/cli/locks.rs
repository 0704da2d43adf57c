//! A name that two runbooks lock belongs to one run at a time, until that owes nothing.

use crate::place::Place;

/// Two runbooks that share a name; the first fails, and keeps what it owes, until the folder `no` is there.
const SHARED: &str = r#"
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
    place.write("shared.runbook", SHARED);
    let second =
        |cluster: &str| place.run(&["run", "shared.runbook", "second", "-p", &format!("cluster={cluster}")]);
    place.run(&["plan", "shared.runbook", "second", "-p", "cluster=main"]).says("locks      app/main");
    place.run(&["run", "shared.runbook", "first", "-p", "cluster=main", "-p", "dir=dir"]).says("STILL OWED");
    let refused = second("main");
    refused.exits(20).complains("`app/main` is locked: run ").complains("is unfinished since");
    // Another name is free, and the same one is when nothing is owed.
    second("other").exits(0);
    place.run(&["runs"]).says("OWES 2");
    let id = place.run(&["runs"]).out.lines().find(|line| line.contains("OWES")).unwrap()[..10].to_owned();
    place.run(&["rollback", &id]).says("complete");
    second("main").exits(0);
}
