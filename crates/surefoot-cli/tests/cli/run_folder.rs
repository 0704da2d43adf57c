//! A run's folder, as a run that did nothing leaves it.

use std::collections::BTreeMap;
use std::path::Path;

use surefoot_journal::{
    Event, Holder, Journal as _, Started, StateRoot, Timestamp, WorldKind, Writer, person,
};
use surefoot_plan::{About, FormatVersion, OnFailure, Plan, Rights};

/// Makes a run that was started and then did these; returns its id.
pub(crate) fn make_run(state: &Path, events: &[Event]) -> String {
    let root = StateRoot::new(state);
    let time = Timestamp(1_795_000_000_000);
    let run = root.new_run(time).unwrap();
    let folder = root.create(&run).unwrap();
    let lock = folder.lock(&Holder::here(&run, "greet", time)).unwrap();
    let plan = plan();
    let started = Started {
        run: run.clone(),
        digest: plan.digest().0,
        plan,
        world: WorldKind::Real,
        operator: person::operator(),
        host: person::host(),
        boot_id: person::boot_id(),
        version: "0.0.0".to_owned(),
        waivers: Vec::new(),
        roles: BTreeMap::new(),
        channels: BTreeMap::new(),
    };
    let (mut writer, _) = Writer::create(&folder, lock, time, started).unwrap();
    for event in events {
        writer.append(time, event.clone()).unwrap();
    }
    run.0
}

/// A plan that does nothing.
fn plan() -> Plan {
    Plan {
        format: FormatVersion { major: 1, minor: 0 },
        runbook: "greet".to_owned(),
        doc: String::new(),
        about: About::default(),
        sources: Vec::new(),
        inputs: Vec::new(),
        constraints: Vec::new(),
        locks: Vec::new(),
        allow: Rights::default(),
        questions: BTreeMap::new(),
        facts: Vec::new(),
        lets: Vec::new(),
        requires: Vec::new(),
        invariants: Vec::new(),
        body: Vec::new(),
        ensures: Vec::new(),
        on_failure: OnFailure::Rollback,
        collect: Vec::new(),
        waived: Vec::new(),
    }
}
