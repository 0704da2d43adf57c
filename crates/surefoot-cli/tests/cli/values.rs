//! What a command of a step prints becomes a value, with every decoder.

use crate::place::Place;

/// Each line is read by a command that runs confined, and told by a note.
const READS: &str = r#"
runbook reads {
    allow { run printf }
    step read {
        let words = text $ printf 'two words\n'
        let rows = lines $ printf 'a\nb\n'
        let whole = int $ printf ' 4\n'
        let part = float $ printf 0.5
        let yes = bool $ printf on
        let room = size $ printf 1GiB
        let tree = json $ printf '{"n": 7}'
        let grid = table $ printf 'name  size\nx     12\n'
        note "${words}; ${count(rows)} rows; ${whole + 1}; ${part}; ${room}; ${tree.n}; ${first(grid).size ?? "none"}; ${if yes then "on" else "off"}"
        idempotent
        leaves "it only reads"
    }
}
"#;

#[test]
fn every_decoder_reads_what_a_step_prints() {
    let place = Place::new();
    place.write("reads.runbook", READS);
    place.run(&["run", "reads.runbook"]).exits(0).says("two words; 2 rows; 5; 0.5; 1GiB; 7; 12; on");
}

#[test]
fn what_does_not_read_as_its_type_fails_the_step_with_what_it_printed() {
    let place = Place::new();
    place.write("reads.runbook", &READS.replace("printf ' 4\\n'", "printf four"));
    place.run(&["run", "reads.runbook"]).exits(10).says("four");
}

#[test]
fn a_step_that_only_says_what_a_fact_is_can_ask_it() {
    let place = Place::new();
    std::fs::create_dir(place.path().join("dir")).unwrap();
    place.write(
        "looks.runbook",
        "runbook looks {\n    param dir: path\n    allow {\n        run stat\n        read dir\n    }\n    fact kind: text = text $ stat -c %F ${dir}\n    \
         step look { note \"it is a ${kind}\" }\n    step keep {\n        let found = kind\n        note \"kept: ${found}\"\n    }\n}\n",
    );
    let ran = place.run(&["run", "looks.runbook", "-p", "dir=dir"]);
    ran.exits(0).says("it is a directory").says("kept: directory");
}
