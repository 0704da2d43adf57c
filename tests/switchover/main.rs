//! The main job on real servers: a PostgreSQL primary moves to its standby, or comes back.
//!
//! Every test has two servers of its own and asks them what became of them, not us. What it takes:
//! PostgreSQL's programs, a C compiler, root, and two ordinary users; `tests/run` installs and makes
//! what is missing. A test that lacks something says what and fails; none is skipped.

#![expect(clippy::disallowed_methods, reason = "these tests start real programs and read what they left")]

mod approver;
mod kill;
mod secret;
mod shim;
mod site;
mod wrapper;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use approver::{Approver, Says};
use site::{Role, Server, Site, finish};
use wrapper::{Fault, When};

const PASSWORD: &str = "the operator's";

#[test]
fn the_roles_are_swapped_and_no_committed_row_is_lost() {
    let site = Site::new(PASSWORD);
    let approver = Approver::of(&site, "runs", site.approver, Says::Yes);
    let ran = finish(site.on_lab("runs", &["run"]));
    approver.finish();
    ran.expect_code(0);
    site.assert_switched("after the run");
    assert!(!site.committed().is_empty(), "the writer wrote nothing, so nothing was shown");
}

#[test]
fn a_dry_run_changes_nothing() {
    let site = Site::new(PASSWORD);
    site.stop_writer();
    let before = still_picture(&site);
    for verb in [&["dry-run"][..], &["dry-run", "--probe"]] {
        finish(site.on_lab("runs", verb)).expect_code(0);
        assert_eq!(still_picture(&site), before, "{verb:?} changed something");
    }
    site.assert_as_before("after two dry runs");
}

#[test]
fn whatever_fails_before_the_promotion_the_old_primary_serves_again() {
    let site = Site::new(PASSWORD);
    let faults = ["fence", "checkpoint", "stop"]
        .into_iter()
        .flat_map(|act| [When::Before, When::During, When::After].map(|when| Fault { act, when }));
    for fault in faults {
        let context = format!("{fault:?}");
        site.restore();
        wrapper::install(&site, Some(fault));
        let state = format!("{}-{:?}", fault.act, fault.when);
        let ran = finish(site.on_lab(&state, &["run"]));
        assert_eq!(ran.code, Some(10), "{context}; it printed:\n{}", ran.output);
        site.assert_as_before(&context);
        assert_eq!(wrapper::times(&site, "promote"), 0, "{context}: nothing was promoted");
        let begun = usize::from(fault.when != When::Before);
        assert_eq!(
            wrapper::times(&site, fault.act),
            begun,
            "{context}: the fault was met: {:?}",
            wrapper::ledger(&site)
        );
    }
}

#[test]
fn a_refused_approval_brings_the_old_primary_back() {
    let site = Site::new(PASSWORD);
    wrapper::install(&site, None);
    let approver = Approver::of(&site, "runs", site.approver, Says::No);
    let ran = finish(site.on_lab("runs", &["run"]));
    let asked = approver.finish();
    ran.expect_code(10);
    assert!(
        asked.iter().any(|ran| ran.output.contains("old_serving is false")),
        "who approves is shown the facts as the runbook calls them: {asked:?}"
    );
    assert!(
        asked.iter().any(|ran| ran.output.find("old_serving is false") < ran.output.find("Refused:")),
        "who answers has seen the facts before the answer is given: {asked:?}"
    );
    site.assert_as_before("after the refusal");
    assert_eq!(wrapper::times(&site, "promote"), 0);
    assert_eq!(wrapper::times(&site, "stop"), 1, "it had come as far as that: {:?}", wrapper::ledger(&site));
}

#[test]
fn a_standby_that_dies_while_the_old_primary_is_down_brings_it_back() {
    let site = Site::new(PASSWORD);
    wrapper::install(&site, None);
    let text = fs::read_to_string(site.runbook()).expect("read the runbook");
    let hasty = text.replacen(
        "wait until all_replayed every 200ms within 60s",
        "wait until all_replayed every 200ms within 3s",
        1,
    );
    assert_ne!(text, hasty, "the runbook no longer waits where this test thinks");
    fs::write(site.runbook(), hasty).expect("write the runbook");
    let ran = std::thread::scope(|scope| {
        let run = scope.spawn(|| finish(site.on_lab("runs", &["run"])));
        site.settle("the run", "the checkpoint before the stop", || wrapper::times(&site, "checkpoint") == 1);
        site.stop_server(Server::Beta);
        run.join().expect("the run")
    });
    ran.expect_code(10);
    assert_eq!(site.role(Server::Alpha), Role::Primary);
    site.start_server(Server::Beta);
    site.assert_as_before("after the standby came back");
}

#[test]
fn whoever_runs_cannot_approve() {
    let site = Site::new(PASSWORD);
    let own = Approver::of(&site, "runs", site.operator, Says::Yes);
    let other = std::thread::scope(|scope| {
        let run = scope.spawn(|| finish(site.on_lab("runs", &["run"])));
        // The operator's own answer must have been turned down before the other one gives theirs.
        site.settle("an answer of the operator", "the run asks", || {
            site.run_folder("runs").is_some() && site.journal("runs").contains("\"approval_asked\"")
        });
        std::thread::sleep(std::time::Duration::from_secs(1));
        assert_eq!(site.role(Server::Beta), Role::Standby, "the operator's own yes promoted the standby");
        let other = Approver::of(&site, "runs", site.approver, Says::Yes);
        run.join().expect("the run").expect_code(0);
        other
    });
    let refused = own.finish();
    assert!(refused.iter().any(|ran| ran.code != Some(0)), "the operator was not told: {refused:?}");
    other.finish();
    site.assert_switched("after the other one's yes");
}

#[test]
fn after_the_promotion_nothing_is_taken_back_and_resume_finishes() {
    let site = Site::new(PASSWORD);
    for (act, left) in [
        ("open", "open, verify, rejoin"),
        ("verify", "verify, rejoin"),
        ("rewind", "rejoin"),
        ("start", "rejoin"),
    ] {
        for when in [When::Before, When::After] {
            let context = format!("{act} {when:?}");
            let state = format!("{act}-{when:?}");
            site.restore();
            wrapper::install(&site, Some(Fault { act, when }));
            let approver = Approver::of(&site, &state, site.approver, Says::Yes);
            let ran = finish(site.on_lab(&state, &["run"]));
            assert_eq!(ran.code, Some(14), "{context}; it printed:\n{}", ran.output);
            let left = format!("left to do: {left}");
            assert!(ran.output.contains(&left), "{context}: it says what is left to do:\n{}", ran.output);
            assert_eq!(site.role(Server::Beta), Role::Primary, "{context}: the new primary stays");
            assert_ne!(
                site.role(Server::Alpha),
                Role::Primary,
                "{context}: the old one is not started as a primary"
            );
            assert_eq!(wrapper::times(&site, "restart"), 0, "{context}: {:?}", wrapper::ledger(&site));
            wrapper::install(&site, None);
            let resumed = finish(site.surefoot(&state, &["resume", &site.run_id(&state)]));
            approver.finish();
            assert_eq!(resumed.code, Some(0), "{context}; resume printed:\n{}", resumed.output);
            site.assert_switched(&context);
            assert_eq!(wrapper::times(&site, "promote"), 1, "{context}: promoted once");
        }
    }
}

#[test]
fn a_lag_that_nobody_can_tell_stops_the_run_before_it_changes_anything() {
    let site = Site::new(PASSWORD);
    site.stop_writer();
    // The standby is there and does not stream yet: the query of the lag finds no row.
    site.stop_server(Server::Beta);
    let before = still_picture(&site);
    finish(site.on_lab("one", &["run"])).expect_code(3);
    assert_eq!(still_picture(&site), before, "something was changed");

    // The same when the runbook asks only for the lag: an empty answer must not pass for a small one.
    let text = fs::read_to_string(site.runbook()).expect("read the runbook");
    let only_lag: String =
        text.split_inclusive('\n').filter(|line| !line.contains("requires replicas(primary_port)")).collect();
    assert_ne!(
        text, only_lag,
        "the runbook no longer asks for the number of replicas where this test thinks"
    );
    fs::write(site.runbook(), only_lag).expect("write the runbook");
    let ran = finish(site.on_lab("two", &["run"]));
    assert!(matches!(ran.code, Some(3 | 13)), "exit {:?}; it printed:\n{}", ran.code, ran.output);
    assert_eq!(still_picture(&site), before, "something was changed");
    assert_eq!(site.role(Server::Alpha), Role::Primary);
}

/// What must stay as it is when nothing is changed: configuration, tables, transactions, processes.
fn still_picture(site: &Site) -> BTreeMap<String, String> {
    let mut picture = BTreeMap::new();
    for (name, server) in [("alpha", Server::Alpha), ("beta", Server::Beta)] {
        for file in [
            "postgresql.conf",
            "postgresql.auto.conf",
            "pg_hba.conf",
            "standby.signal",
            "PG_VERSION",
            "../server.conf",
        ] {
            picture.insert(format!("{name}/{file}"), digest(&site.lab_path(&format!("{name}/data/{file}"))));
        }
        for (what, sql) in [
            ("role", "select pg_is_in_recovery()"),
            // Positions in the log move by themselves; this moves with every transaction that writes.
            ("next transaction", "select pg_snapshot_xmax(pg_current_snapshot())"),
            ("orders", "select count(*), sum(hashtext(o::text)) from orders o"),
            ("handovers", "select count(*) from handovers"),
            ("roles", "select string_agg(rolname || rolconnlimit, ',' order by rolname) from pg_roles"),
            ("started", "select pg_postmaster_start_time()"),
        ] {
            picture.insert(
                format!("{name} {what}"),
                format!("{:?}", site.ask(server, sql).map_err(|_| "no answer")),
            );
        }
    }
    picture
}

/// Something that differs when the file does.
fn digest(path: &Path) -> String {
    fs::read(path).map_or_else(
        |error| error.kind().to_string(),
        |bytes| {
            let mut hash = std::hash::DefaultHasher::new();
            std::hash::Hash::hash(&bytes, &mut hash);
            format!("{} bytes, {:016x}", bytes.len(), std::hash::Hasher::finish(&hash))
        },
    )
}
