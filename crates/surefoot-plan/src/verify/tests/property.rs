//! The verifier against the machine: what is accepted never goes wrong, and without any one rule it does.

use super::super::{Policy, Rules, verify_by};
use super::{generate, machine};
use crate::{Node, Plan};

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
            ("branches", 14_871, Rules { branches: false, ..all }),
            ("interference", 1_295, Rules { interference: false, ..all }),
        ],
    );
}

#[test]
fn each_rule_is_needed() {
    let all = Rules::default();
    needed(
        0,
        &[
            ("half done", 57, Rules { half_done: false, ..all }),
            ("invariants of rollbacks", 3_286, Rules { rollback_invariants: false, ..all }),
            ("definite before", 31, Rules { definite: false, ..all }),
            ("seals", 195, Rules { seals: false, ..all }),
            ("residuals", 5_018, Rules { residuals: false, ..all }),
            ("aliases", 57, Rules { aliases: false, ..all }),
            ("joins", 514, Rules { joins: false, ..all }),
            ("stops", 307, Rules { stops: false, ..all }),
            ("doubts", 467, Rules { doubts: false, ..all }),
            ("scopes", 4_090, Rules { scopes: false, ..all }),
            ("turns", 173, Rules { turns: false, ..all }),
            ("failed turns", 24_728, Rules { failed_turns: false, ..all }),
            ("assumptions", 394, Rules { assumptions: false, ..all }),
            ("restored", 40, Rules { restored: false, ..all }),
        ],
    );
}

/// Asserts that something goes wrong without each of these rules, for plans from a seed on. With each rule stands
/// how far behind that a plan was found which shows it: a hint, and no more, for the generator may change.
fn needed(first: u64, rules: &[(&str, u64, Rules)]) {
    for (name, hint, rules) in rules {
        // Most rules show within some plans; the rarest needs ten thousand seeds or more. So it begins with the seed
        // that last showed it, and looks at the plans that the rule speaks of.
        let speaks = |plan: &Plan| match *name {
            "turns" | "failed turns" => plan.nodes().any(|node| matches!(node, Node::Each(_))),
            "scopes" => plan.steps().any(|step| step.scope.is_some()),
            _ => true,
        };
        let mut tried = 0;
        let seeds = (first + hint..first + hint + 20 * seeds()).chain(first..first + hint);
        let shows = seeds.into_iter().find(|seed| {
            let plan = generate::plan(*seed);
            if !speaks(&plan) {
                return false;
            }
            tried += 1;
            let Ok(verified) = verify_by(plan, &Policy::default(), rules) else { return false };
            machine::perform(verified.plan(), verified.proof(), rules).violations() > 0
        });
        println!("without {name}: seed {shows:?}, after {tried} plans");
        assert!(shows.is_some(), "nothing went wrong without {name}");
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
