//! What `surefoot rollback` and `surefoot resume` do with a run that is stuck, or that passed a point of no return.

use crate::place::Place;

/// The second step fails; the rollback of the first waits for somebody to mend something.
const STUCK: &str = r#"
runbook stuck {
    param dir: path
    allow {
        run touch, rm, test, false
        write dir
    }
    fact there { $ test -e ${dir}/mark  false on 1 }
    requires not there
    step mark {
        $ touch ${dir}/mark
        ensures there
        rollback {
            $ test -e ${dir}/mended
            $ rm ${dir}/mark
        }
    }
    step fail {
        $ false
        idempotent
        leaves "nothing"
    }
}
"#;

/// The last step fails until somebody helps it.
const SEALED: &str = r#"
runbook sealed {
    param dir: path
    allow {
        run touch, rm, test
        write dir
    }
    fact there { $ test -e ${dir}/mark  false on 1 }
    fact gone { $ test -e ${dir}/gone  false on 1 }
    requires not there, not gone
    step mark {
        $ touch ${dir}/mark
        ensures there
        rollback { $ rm ${dir}/mark }
    }
    step go {
        $ touch ${dir}/gone
        ensures gone
        irreversible "it is gone" without approval "a test"
    }
    step last {
        $ test -e ${dir}/helped
        idempotent
        leaves "nothing"
    }
}
"#;

fn place(runbook: &str) -> Place {
    let place = Place::new();
    std::fs::create_dir(place.path().join("dir")).unwrap();
    place.write("it.runbook", runbook);
    place
}

/// The beginning of the only run's id.
fn run_of(place: &Place) -> String {
    let mut runs = std::fs::read_dir(place.state().join("runs")).unwrap();
    runs.next().unwrap().unwrap().file_name().into_string().unwrap()
}

#[test]
fn a_stuck_rollback_is_tried_again_by_rollback_once_its_cause_is_mended() {
    let place = place(STUCK);
    place.run(&["run", "it.runbook", "-p", "dir=dir"]).exits(12);
    let run = run_of(&place);
    place.run(&["rollback", &run]).exits(12);
    place.write("dir/mended", "");
    place.run(&["rollback", &run]).exits(10);
    assert!(!place.path().join("dir/mark").exists());
}

#[test]
fn what_stays_done_is_not_given_up_by_rollback_and_resume_finishes_it() {
    let place = place(SEALED);
    place.run(&["run", "it.runbook", "-p", "dir=dir"]).exits(14);
    let run = run_of(&place);
    place.run(&["rollback", &run]).exits(2).complains("go was a point of no return").complains("resume");
    place.write("dir/helped", "");
    place.run(&["resume", &run]).exits(0);
}

#[test]
fn after_a_point_of_no_return_the_facts_are_told_from_there() {
    // Another step after the seal is taken back: what is told is how things were at the seal, not before the run.
    let place = place(&SEALED.replace(
        "    step last {",
        "    fact more { $ test -e ${dir}/more  false on 1 }\n    step add {\n        requires not more\n        $ touch ${dir}/more\n        ensures more\n        rollback { $ rm ${dir}/more }\n    }\n    step last {",
    ));
    place.run(&["run", "it.runbook", "-p", "dir=dir"]).exits(14);
    let run = run_of(&place);
    place.run(&["rollback", &run]).exits(14).says("as they were right after the point of no return");
    assert!(place.path().join("dir/mark").exists() && !place.path().join("dir/more").exists());
}
