//! Whatever is accepted keeps its promises, whatever goes wrong.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use surefoot_executor::Program;
use surefoot_executor::simulated::{Fault, Injected};
use surefoot_journal::Phase;
use surefoot_plan::{Cell, Expr, Formula, Plan, Policy, StepId, Test, Value, verify};
use surefoot_tests::{Death, Random, Settings};

use crate::generate::{NUMBERS, THINGS, WORDS, book};
use crate::run::{Person, Run};
use crate::world::Facts;

/// How many runbooks are tried, unless `SUREFOOT_RUNBOOKS` says otherwise when the test is run.
const RUNBOOKS: u64 = 180;

/// How many faults of all that could be are tried on a runbook.
const FAULTS: usize = 16;

/// How many places to die of all that could be are tried on a run.
const DEATHS: usize = 6;

#[expect(clippy::disallowed_methods, reason = "how much is tried is no part of what is tried")]
pub(crate) fn runbooks() -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|number| number.parse::<u64>().ok());
    let from = number("SUREFOOT_FROM").unwrap_or(0);
    from..from + number("SUREFOOT_RUNBOOKS").unwrap_or(RUNBOOKS)
}

/// The plan of a text, its two names bound to these.
pub(crate) fn bound(text: &str, u: &str, v: &str) -> Result<Plan, String> {
    let inputs = [("u", u), ("v", v)].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let settings = Settings { inputs: inputs.into(), ..Settings::default() };
    surefoot_tests::plan(text, Path::new("."), &settings)
}

/// Everything that a runbook can ask, as something; what the plan requires, as it is required.
fn start(plan: &Plan, random: &mut Random) -> Facts {
    let mut facts = Facts::new();
    for name in ["a", "b", "c", "d", "n", "role"] {
        let value = match name {
            "n" => Value::Int(i64::try_from(random.below(NUMBERS as usize)).unwrap_or(0)),
            "role" => Value::Text((*random.one_of(&WORDS)).to_owned()),
            _ => Value::Bool(random.percent(50)),
        };
        facts.insert(Cell { question: name.into(), arguments: Vec::new() }, value);
    }
    for thing in THINGS {
        let arguments = vec![Expr::Literal(Value::Text(thing.into()))];
        facts.insert(Cell { question: "up".into(), arguments }, Value::Bool(random.percent(50)));
    }
    for require in &plan.requires {
        make_true(&require.formula, true, &mut facts);
    }
    facts
}

/// Makes a formula true, or false, as far as one fact decides it.
fn make_true(formula: &Formula, wanted: bool, facts: &mut Facts) {
    match formula {
        Formula::Not(inner) => make_true(inner, !wanted, facts),
        Formula::All(parts) | Formula::Any(parts) => {
            parts.iter().for_each(|part| make_true(part, wanted, facts));
        }
        Formula::Atom(atom) => match &atom.test {
            Test::Holds => _ = facts.insert(atom.cell.clone(), Value::Bool(wanted)),
            Test::Compares(_, Expr::Literal(value)) if wanted => {
                facts.insert(atom.cell.clone(), value.clone());
            }
            Test::Compares(..) => {}
        },
        Formula::Value(_) => {}
    }
}

/// What the run may find where it looks for a list.
const LISTS: [&[&str]; 5] = [&[], &["k1"], &["k2", "k3"], &["k1", "k2", "k3"], &["k3", "k1"]];

/// What must happen somewhere, or the test shows little.
const HAPPENS: [&str; 22] = [
    "approval answered",
    "assumed",
    "chose",
    "decided",
    "done",
    "entered",
    "failed",
    "forgiven",
    "held",
    "in doubt",
    "not done",
    "paid",
    "partial",
    "refused",
    "resolved",
    "sealed",
    "stopped",
    "stuck",
    "turns failed",
    "turns taken back",
    "waited",
    "wave next",
];

/// Everything that one seed tries.
struct Trial<'a> {
    seed: u64,
    text: &'a str,
    program: &'a Program,
    start: &'a Facts,
    list: &'a [&'a str],
    person: Person,
    /// What happened, in words.
    met: RefCell<BTreeSet<&'static str>>,
}

impl Trial<'_> {
    /// Runs it with these faults and this death, or says what is wrong.
    fn run(&self, faults: &[Injected], death: Option<Death>) -> Result<Run<'_>, String> {
        let mut run = Run::new(self.program, self.start, self.list, self.person, self.seed);
        faults.iter().for_each(|fault| run.world.inner.inject(fault.clone()));
        let wrong = match catch_unwind(AssertUnwindSafe(|| run.out(death))) {
            Ok(wrong) => wrong,
            Err(panic) => {
                let said = panic.downcast_ref::<String>().cloned();
                vec![format!("it panics: {}", said.unwrap_or_default())]
            }
        };
        let kinds = run.journal.records.iter().map(|record| record.event.kind());
        self.met.borrow_mut().extend(kinds);
        if wrong.is_empty() { Ok(run) } else { Err(self.tell(&run, faults, death, &wrong.join("\n"))) }
    }

    fn tell(&self, run: &Run<'_>, faults: &[Injected], death: Option<Death>, wrong: &str) -> String {
        let start = self.start.iter().map(|(cell, value)| format!("{cell} {value}")).collect::<Vec<_>>();
        format!(
            "{}\n{}\nseed {}, {:?}, list {:?}, {death:?}, {faults:?}\nstart: {}\n{wrong}",
            self.text,
            run.story(),
            self.seed,
            self.person,
            self.list,
            start.join(", "),
        )
    }

    /// The same run, killed: it must come to the same end. How often it was.
    fn killed(&self, faults: &[Injected], random: &mut Random) -> Result<u64, String> {
        let whole = self.run(faults, None)?;
        let length = whole.journal.records.len();
        let mut deaths: Vec<Death> =
            (1..length as u64).flat_map(|k| [Death::After(k), Death::Before(k)]).collect();
        while deaths.len() > DEATHS {
            deaths.swap_remove(random.below(deaths.len()));
        }
        for death in &deaths {
            let run = self.run(faults, Some(*death))?;
            let (one, other) = (run.end(), whole.end());
            // Where branches are done at the same time, a crash changes how far the others are when one fails.
            let races = !faults.is_empty() && self.program.plan().parallels().next().is_some();
            if one != other && !races && !faults.iter().any(is_lost) {
                let wrong = format!("{}\nit ended\n{one:?}\nand without the crash\n{other:?}", whole.story());
                return Err(self.tell(&run, faults, Some(*death), &wrong));
            }
        }
        Ok(deaths.len() as u64)
    }
}

/// What did not start, or ended nobody can tell how, is a failure in a run that goes on; after a crash it is looked
/// at, and done again where that is safe. So such a run may come further when it was killed.
fn is_lost(fault: &Injected) -> bool {
    matches!(fault.fault, Fault::NotStarted | Fault::LostBefore | Fault::LostAfter | Fault::Running)
}

/// The steps of a plan; of a loop those of its turns.
fn steps(plan: &Plan, list: &[&str]) -> Vec<StepId> {
    let mut plan = plan.clone();
    let loops: Vec<StepId> = plan
        .nodes()
        .filter(|node| matches!(node, surefoot_plan::Node::Each(_)))
        .map(|node| node.id().clone())
        .collect();
    for each in loops {
        let items: Vec<Value> = list.iter().map(|item| Value::Text((*item).to_owned())).collect();
        plan.enter(&each, &items);
    }
    plan.steps().map(|step| step.id.clone()).collect()
}

/// How much was tried.
#[derive(Debug, Default)]
struct Tally {
    accepted: u64,
    faults: u64,
    deaths: u64,
    branching: u64,
    met: BTreeSet<&'static str>,
}

/// Tries all that one seed stands for.
fn attempt(seed: u64, tally: &mut Tally) -> Result<(), String> {
    let mut random = Random::new(seed ^ 0x5eed);
    let text = book(seed).text();
    let (u, v) = (*random.one_of(&THINGS), *random.one_of(&THINGS));
    let Ok(plan) = bound(&text, u, v) else { return Ok(()) };
    tally.accepted += 1;
    let verified = verify(plan, &Policy { bound: true })
        .map_err(|violations| format!("{text}\nit was accepted, and is refused now: {violations:?}"))?;
    let program = Program::new(Arc::new(verified));
    tally.branching += u64::from(program.plan().parallels().next().is_some());
    let start = start(program.plan(), &mut random);
    let list = *random.one_of(&LISTS);
    let person = *random.one_of(&[Person::Back, Person::On, Person::Regrets]);
    let met = RefCell::default();
    let trial = Trial { seed, text: &text, program: &program, start: &start, list, person, met };
    let result = faults(&trial, &mut random, tally);
    tally.met.extend(trial.met.take());
    result
}

/// Runs it undisturbed, and with faults here and there.
fn faults(trial: &Trial<'_>, random: &mut Random, tally: &mut Tally) -> Result<(), String> {
    tally.deaths += trial.killed(&[], random)?;
    let steps = steps(trial.program.plan(), trial.list);
    for _ in 0..FAULTS.min(steps.len() * Fault::ALL.len()) {
        let inject = |random: &mut Random, phase| Injected {
            step: random.one_of(&steps).clone(),
            phase,
            fault: *random.one_of(&Fault::ALL),
            times: *random.one_of(&[1, 2, 9]),
        };
        let mut faults = vec![inject(random, Phase::Forward)];
        if random.percent(50) {
            faults.push(inject(random, Phase::Rollback));
        }
        if random.percent(20) {
            faults.push(inject(random, Phase::Forward));
        }
        tally.faults += 1;
        if random.percent(25) {
            tally.deaths += trial.killed(&faults, random)?;
        } else {
            trial.run(&faults, None)?;
        }
    }
    Ok(())
}

#[test]
fn whatever_is_accepted_keeps_its_promises() {
    let seeds = runbooks();
    let all = seeds.end - seeds.start;
    let mut tally = Tally::default();
    let wrong: Vec<String> = seeds.filter_map(|seed| attempt(seed, &mut tally).err()).collect();
    let Tally { accepted, faults, deaths, branching, met } = tally;
    println!(
        "{accepted} of {all} runbooks accepted, {faults} runs with faults, {deaths} killed and taken up"
    );
    let others = wrong.iter().skip(1).map(|wrong| format!("{wrong}\n=====\n")).collect::<String>();
    assert!(wrong.is_empty(), "{others}{}\n{} seeds are wrong", wrong[0], wrong.len());
    assert!(branching > 0, "no branches: the test shows little");
    assert!(accepted * 3 > all, "only {accepted} of {all} accepted: the test shows little");
    let never: Vec<&str> = HAPPENS.into_iter().filter(|kind| !met.contains(kind)).collect();
    assert!(never.is_empty(), "never happens: {never:?}");
}
