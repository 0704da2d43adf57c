//! The verifier against the machine: what is accepted never goes wrong, and without any one rule it does.

use super::super::{Policy, Rules, verify_by};
use super::{generate, machine};

/// How many seeds a test run tries, unless `SUREFOOT_SEEDS` says otherwise when the test is compiled.
const SEEDS: u64 = 2_000;

fn seeds() -> u64 {
    option_env!("SUREFOOT_SEEDS").and_then(|seeds| seeds.parse().ok()).unwrap_or(SEEDS)
}

/// What came of many seeds.
#[derive(Debug, Default)]
struct Total {
    accepted: u64,
    tally: machine::Tally,
    first_seed: Option<u64>,
}

fn run(rules: &Rules, seeds: std::ops::Range<u64>) -> Total {
    let mut total = Total::default();
    for seed in seeds {
        let Ok(verified) = verify_by(generate::plan(seed), &Policy::default(), rules) else { continue };
        total.accepted += 1;
        let tally = machine::perform(verified.plan(), verified.proof(), rules);
        if tally.violations() > 0 {
            total.first_seed.get_or_insert(seed);
        }
        total.tally.add(tally);
    }
    total
}

#[test]
fn nothing_that_is_accepted_goes_wrong() {
    let total = run(&Rules::default(), 0..seeds());
    println!("{} of {} plans accepted, {} stops", total.accepted, seeds(), total.tally.stops);
    assert_eq!(total.tally.violations(), 0, "seed {:?}: {:?}", total.first_seed, total.tally);
    assert!(total.accepted > seeds() / 20, "only {} accepted: the test shows nothing", total.accepted);
}

#[test]
fn nothing_that_is_accepted_goes_wrong_at_the_same_time() {
    let total = run(&Rules::default(), generate::BRANCHING..generate::BRANCHING + seeds());
    println!("{} of {} plans accepted, {} stops", total.accepted, seeds(), total.tally.stops);
    assert_eq!(total.tally.violations(), 0, "seed {:?}: {:?}", total.first_seed, total.tally);
    assert!(total.accepted > seeds() / 20, "only {} accepted: the test shows nothing", total.accepted);
}

#[test]
fn each_rule_of_branches_is_needed() {
    let all = Rules::default();
    needed(
        generate::BRANCHING,
        &[
            ("branches", Rules { branches: false, ..all }),
            ("interference", Rules { interference: false, ..all }),
        ],
    );
}

#[test]
fn each_rule_is_needed() {
    let all = Rules::default();
    needed(
        0,
        &[
            ("half done", Rules { half_done: false, ..all }),
            ("invariants of rollbacks", Rules { rollback_invariants: false, ..all }),
            ("definite before", Rules { definite: false, ..all }),
            ("seals", Rules { seals: false, ..all }),
            ("residuals", Rules { residuals: false, ..all }),
            ("aliases", Rules { aliases: false, ..all }),
            ("joins", Rules { joins: false, ..all }),
            ("stops", Rules { stops: false, ..all }),
            ("doubts", Rules { doubts: false, ..all }),
            ("scopes", Rules { scopes: false, ..all }),
            ("turns", Rules { turns: false, ..all }),
            ("failed turns", Rules { failed_turns: false, ..all }),
            ("assumptions", Rules { assumptions: false, ..all }),
            ("restored", Rules { restored: false, ..all }),
        ],
    );
}

/// Asserts that something goes wrong without each of these rules, for plans from a seed on.
fn needed(first: u64, rules: &[(&str, Rules)]) {
    for (name, rules) in rules {
        // Most rules show within a hundred plans; the rarest needs ten thousand seeds or more.
        let mut total = Total::default();
        for chunk in 0..60 {
            let from = first + chunk * seeds() / 3;
            let more = run(rules, from..from + seeds() / 3);
            total.accepted += more.accepted;
            total.tally.add(more.tally);
            if total.tally.violations() > 0 {
                break;
            }
        }
        println!("without {name}: {} accepted, {:?}", total.accepted, total.tally);
        assert!(total.tally.violations() > 0, "nothing went wrong without {name}");
    }
}

#[test]
fn the_local_rule_agrees_with_the_walk() {
    let (mut proved_with, mut proved_without, mut differ) = (0, 0, 0);
    for seed in 0..seeds() / 3 {
        let with = verify_by(generate::plan(seed), &Policy::default(), &Rules::default());
        let without =
            verify_by(generate::plan(seed), &Policy::default(), &Rules { local: false, ..Rules::default() });
        differ += u64::from(with.is_ok() != without.is_ok());
        assert!(with.is_ok() || without.is_err(), "seed {seed}");
        if let (Ok(with), Ok(without)) = (with, without) {
            proved_with += with.proof().summary.proved;
            proved_without += without.proof().summary.proved;
        }
    }
    println!("proved with the local rule {proved_with}, without {proved_without}; {differ} plans differ");
    assert!(proved_with >= proved_without);
}
