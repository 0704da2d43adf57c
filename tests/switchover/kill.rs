//! The executor is killed after every record of its journal, forward and on the way back, resumed,
//! killed once more, and resumed: the servers end the same, and nothing was done twice that may not be.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Instant;

use crate::approver::{Approver, Says};
use crate::shim;
use crate::site::{Ran, Site, finish};
use crate::wrapper::{self, Fault, When};

/// Labs that are tried on at a time. A run mostly waits for servers.
const LABS: usize = 3;
/// A run has fewer records than this; more would mean that it never ends.
const RECORDS_MAX: u32 = 400;
/// The second kill comes within so many records of the resume.
const SECOND_KILL_WITHIN: u32 = 12;

#[test]
fn killed_after_every_record_it_still_switches_over() {
    every_record("forward", None, 0, |site, context| {
        site.assert_switched(context);
        for (act, most) in [("fence", 1), ("checkpoint", 1), ("promote", 1), ("restart", 0), ("unfence", 0)] {
            let times = wrapper::times(site, act);
            assert!(times <= most, "{context}: {act} was done {times} times: {:?}", wrapper::ledger(site));
        }
        // `rejoin` stops the server too, and may do so again: it is idempotent.
        let ledger = wrapper::ledger(site);
        let stops =
            ledger.iter().take_while(|line| !line.starts_with("open")).filter(|line| *line == "stop done");
        assert_eq!(stops.count(), 1, "{context}: the old primary was stopped once: {ledger:?}");
    });
}

#[test]
fn killed_after_every_record_it_still_rolls_back() {
    every_record("back", Some(Fault { act: "stop", when: When::After }), 10, |site, context| {
        site.assert_as_before(context);
        for (act, most) in [("fence", 1), ("checkpoint", 1), ("stop", 1), ("promote", 0)] {
            let times = wrapper::times(site, act);
            assert!(times <= most, "{context}: {act} was done {times} times: {:?}", wrapper::ledger(site));
        }
    });
}

/// Kills a run after its first record, its second, … until one comes to its end alive.
fn every_record(name: &str, fault: Option<Fault>, code: i32, holds: impl Fn(&Site, &str) + Sync) {
    let started = Instant::now();
    let (next, over) = (AtomicU32::new(1), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..LABS)
            .map(|_| {
                scope.spawn(|| {
                    let site = Site::new("the operator's");
                    wrapper::install(&site, fault);
                    let shim = shim::build(&site);
                    while !over.load(Ordering::Relaxed) {
                        let record = next.fetch_add(1, Ordering::Relaxed);
                        assert!(record <= RECORDS_MAX, "the run never ended");
                        if !one(&site, &shim, name, record, code, &holds) {
                            over.store(true, Ordering::Relaxed);
                        }
                    }
                })
            })
            .collect();
        let failures = workers.into_iter().filter_map(|worker| worker.join().err()).count();
        assert_eq!(failures, 0, "{failures} of {LABS} labs saw a failure; see above");
    });
    let records = next.load(Ordering::Relaxed);
    assert!(records > 20, "only {records} records: the run did not do its job");
    report(&format!("{name}: killed after each of about {records} records, in {:.0?}", started.elapsed()));
}

/// One kill, one seeded second kill, and the end. False if the run was over before it could be killed.
fn one(site: &Site, shim: &Path, name: &str, record: u32, code: i32, holds: impl Fn(&Site, &str)) -> bool {
    let context = format!("{name}, killed after record {record}");
    let state = format!("{name}-{record}");
    site.restore();
    let approver = Approver::of(site, &state, site.approver, Says::Yes);

    let mut run = site.on_lab(&state, &["run"]);
    run.env("LD_PRELOAD", shim).env(shim::KILL_AFTER, record.to_string());
    let ran = finish(run);
    if ran.signal != Some(9) {
        assert_eq!(ran.code, Some(code), "{context}: it ended alive; it printed:\n{}", ran.output);
        approver.finish();
        let records = site.journal(&state).lines().count();
        assert!(records < record as usize, "{context}: it was not killed, and has {records} records");
        holds(site, &context);
        return false;
    }
    let first = acknowledged(site, &state, record as usize, &context);

    // Any number will do that is not the same for every record.
    let second = 1 + record.wrapping_mul(2_654_435_761) % SECOND_KILL_WITHIN;
    let mut resume = site.surefoot(&state, &["resume", &site.run_id(&state)]);
    resume.env("LD_PRELOAD", shim).env(shim::KILL_AFTER, second.to_string());
    let mut last = finish(resume);
    if last.signal == Some(9) {
        kept(site, &state, &first, &context);
        let again = acknowledged(site, &state, first.lines().count() + second as usize, &context);
        last = finish(site.surefoot(&state, &["resume", &site.run_id(&state)]));
        kept(site, &state, &again, &context);
    }
    approver.finish();
    kept(site, &state, &first, &context);
    assert_ended(site, &state, &last, code, &context);
    holds(site, &context);
    true
}

/// The journal after a kill: all the records that were acknowledged are there.
fn acknowledged(site: &Site, state: &str, records: usize, context: &str) -> String {
    let journal = site.journal(state);
    let found = journal.matches('\n').count();
    assert!(found >= records, "{context}: {records} records were acknowledged, {found} are there");
    let whole = journal.rfind('\n').map_or(0, |end| end + 1);
    journal.get(..whole).unwrap_or_default().to_owned()
}

/// No acknowledged record is lost or altered.
fn kept(site: &Site, state: &str, before: &str, context: &str) {
    assert!(
        site.journal(state).starts_with(before),
        "{context}: a record that was acknowledged is lost or altered"
    );
}

/// The run came to its end by itself: nobody was asked what the supervisor knows.
fn assert_ended(site: &Site, state: &str, last: &Ran, code: i32, context: &str) {
    let journal = site.journal(state);
    assert_eq!(last.code, Some(code), "{context}; resume printed:\n{}\n{journal}", last.output);
    assert!(!journal.contains("\"held\""), "{context}: a person was asked:\n{journal}");
}

fn report(line: &str) {
    use std::io::Write as _;
    // Past the harness, which would swallow it: how long it took is worth a line.
    let _ = writeln!(std::io::stderr(), "{line}");
}
