//! What is proved of a runbook whose inputs are not known yet stays proved when they are, whatever they are.

use surefoot_compile::{Inputs, NoSources, analyze, lower};
use surefoot_plan::{Condition, Place, Policy, Proof, StepId, Verdict, Violation, verify};
use surefoot_syntax::{FileId, Severity, Source};

use crate::generate::{THINGS, book};
use crate::runs::runbooks;

/// Every this many of the runbooks of the other test: each is compiled as often as there are inputs.
const EACH: usize = 3;

/// How much was compared.
#[derive(Debug, Default)]
struct Tally {
    plans: u64,
    refused: u64,
    proved: u64,
    more: u64,
}

/// Where a violation was found, for those that may show only when the inputs are known: then it was a probe.
fn was_probe(proof: &Proof, violation: &Violation) -> bool {
    let probed = |place: Place| proof.at(&place).iter().any(|one| one.verdict == Verdict::Probe);
    let mut at = violation.steps.iter();
    match violation.condition {
        Condition::RequiresFalse | Condition::InvariantBroken => {
            let any = |id: &StepId| probed(Place::Step(id.clone())) || probed(Place::Wait(id.clone()));
            violation.steps.is_empty() && probed(Place::Start) || at.any(any)
        }
        Condition::RollbackNeedsFalse | Condition::RollbackBreaksInvariant => {
            at.any(|id| probed(Place::Rollback(id.clone())))
        }
        Condition::EndFalse => probed(Place::End),
        // What is assumed, and what one step sets, is no obligation; what is never reached is known late, and so is
        // that a step sets what is so already, which then tells nothing of it.
        Condition::AssumedFalse | Condition::EnsuresContradict | Condition::NeverReached => true,
        Condition::OnceAfterSeal | Condition::OnceSeal | Condition::ScopeOnce => true,
        Condition::Malformed
        | Condition::InputUnbound
        | Condition::ConstraintBroken
        | Condition::TooLarge
        | Condition::Unbounded
        | Condition::ValueMayNotExist
        | Condition::NoWayBack
        | Condition::RollbackReadsMissing
        | Condition::NotDefiniteBefore
        | Condition::NotRestored
        | Condition::SealNotApproved
        | Condition::SealInWave
        | Condition::UndoneWhenChanged
        | Condition::EmptyRollback
        | Condition::RollbackAsks
        | Condition::ScopeShared
        | Condition::ScopeFacts
        | Condition::ClassWrong
        | Condition::OutsideAllow
        | Condition::BranchesInterfere
        | Condition::InBranch
        | Condition::SecretExposed => false,
    }
}

/// Compares one runbook with itself under every meaning of its inputs.
fn compare(text: &str, tally: &mut Tally) -> Result<(), String> {
    let source = Source { id: FileId(0), path: "case.runbook".to_owned(), text: text.to_owned() };
    let analysis = analyze(&NoSources, source);
    let symbolic = analysis.symbolic("generated").filter(|_| !analysis.has_errors());
    let Some(symbolic) = symbolic else { return Ok(()) };
    let Ok(symbolic) = verify(symbolic.plan.clone(), &Policy { bound: false }) else { return Ok(()) };
    tally.plans += 1;
    for u in THINGS {
        for v in THINGS {
            let inputs = Inputs::from_texts([("u", u), ("v", v)]);
            let plan = match lower(&analysis, "generated", &inputs) {
                Ok(lowered) => lowered.plan,
                Err(errors) => {
                    let mut codes = errors.iter().filter(|found| found.severity == Severity::Error);
                    if codes.all(|found| found.code == "SF0205") {
                        continue;
                    }
                    return Err(format!("{text}\nwith {u} and {v} it is no plan: {errors:#?}"));
                }
            };
            match verify(plan, &Policy { bound: true }) {
                Ok(bound) => {
                    for one in &symbolic.proof().obligations {
                        let now = bound.proof().verdict(&one.place, one.what);
                        if one.verdict == Verdict::Proved && now == Some(Verdict::Probe) {
                            return Err(format!("{text}\nwith {u} and {v} this is proved no more: {one:?}"));
                        }
                        tally.proved += u64::from(one.verdict == Verdict::Proved);
                        tally.more +=
                            u64::from(one.verdict == Verdict::Probe && now == Some(Verdict::Proved));
                    }
                }
                Err(violations) => {
                    tally.refused += 1;
                    // What follows from something that is false is noise.
                    if !violations.iter().any(|violation| was_probe(symbolic.proof(), violation)) {
                        return Err(format!("{text}\nwith {u} and {v} it is refused: {violations:#?}"));
                    }
                }
            }
        }
    }
    Ok(())
}

#[test]
fn what_is_proved_stays_proved_when_the_inputs_are_known() {
    let mut tally = Tally::default();
    let wrong: Vec<String> = runbooks()
        .step_by(EACH)
        .filter_map(|seed| {
            compare(&book(seed).text(), &mut tally).err().map(|why| format!("seed {seed}\n{why}"))
        })
        .collect();
    println!("{tally:?}");
    assert!(wrong.is_empty(), "{}\n{} runbooks are wrong", wrong.join("\n=====\n"), wrong.len());
    assert!(tally.proved > 100 && tally.more > 0, "{tally:?}: the test shows little");
}
