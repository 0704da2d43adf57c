//! What a `during` entered is left, and said to be open while it is.

use crate::place::Place;

/// A point of no return inside a scope, then a step that fails until the folder `no` is there.
const QUIETLY: &str = r#"
runbook quietly {
    param dir: path
    allow {
        run touch, rm, test
        write dir
    }
    fact silenced { $ test -e ${dir}/silenced  false on 1 }
    fact promoted { $ test -e ${dir}/promoted  false on 1 }
    during "alerts are silenced" max 2h {
        enter {
            requires not silenced
            $ touch ${dir}/silenced
            ensures silenced
        }
        leave { $ rm -f ${dir}/silenced }
        step promote {
            requires not promoted
            $ touch ${dir}/promoted
            ensures promoted
            irreversible "a new timeline" without approval "a test"
        }
        step after {
            $ touch ${dir}/no/x
            idempotent
            rollback { $ rm -f ${dir}/no/x }
        }
    }
}
"#;

fn begin() -> Place {
    let place = Place::new();
    std::fs::create_dir(place.path().join("dir")).unwrap();
    place.write("quietly.runbook", QUIETLY);
    place
        .run(&["run", "quietly.runbook", "-p", "dir=dir"])
        .says("enter[1]: alerts are silenced")
        .says("still open: alerts are silenced: for ")
        .says("at most 2h");
    place
}

fn is_silenced(place: &Place) -> bool {
    place.path().join("dir/silenced").exists()
}

#[test]
fn a_run_that_waits_in_a_scope_says_so_everywhere_and_leaves_it_when_it_goes_on() {
    let place = begin();
    assert!(is_silenced(&place));
    place.run(&["status", "0"]).says("still open alerts are silenced: for ");
    place.run(&["runs"]).says("STILL OPEN: alerts are silenced; HELD");
    std::fs::create_dir(place.path().join("dir/no")).unwrap();
    place.run(&["resume", "0"]).exits(0).says("leave[1]: no longer: alerts are silenced");
    assert!(!is_silenced(&place) && place.path().join("dir/no/x").exists());
    assert!(!place.run(&["status", "0"]).out.contains("still open"));
}

#[test]
fn what_is_taken_back_past_a_point_of_no_return_leaves_the_scope() {
    let place = begin();
    place.run(&["rollback", "0"]).says("rollback of enter[1]: no longer: alerts are silenced");
    assert!(!is_silenced(&place) && place.path().join("dir/promoted").exists());
    assert!(!place.run(&["status", "0"]).out.contains("still open"));
}
