//! A folder to run the command in, and what came of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use surefoot_journal::{
    Event, Holder, Journal as _, Started, StateRoot, Timestamp, WorldKind, Writer, person,
};
use surefoot_plan::{About, FormatVersion, OnFailure, Plan, Rights};

/// A folder of its own, which goes away with it.
pub(crate) struct Place {
    folder: tempfile::TempDir,
}

/// How a command ended.
pub(crate) struct Ran {
    code: Option<i32>,
    pub(crate) out: String,
    err: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        // On a disk: the folder for temporary files is often in memory, where a sync costs nothing.
        Place { folder: tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Where its runs are kept.
    pub(crate) fn state(&self) -> PathBuf {
        self.path().join("state")
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    /// The command, to be started in this place.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_surefoot"));
        command
            .args(arguments)
            .current_dir(self.path())
            .stdin(Stdio::null())
            .env_remove("XDG_STATE_HOME")
            .env("SUREFOOT_STATE", self.state());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let output = self.command(arguments).output().unwrap();
        Ran {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Makes a run that was started and then did these; returns its id.
    pub(crate) fn make_run(&self, events: &[Event]) -> String {
        let root = StateRoot::new(self.state());
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
        };
        let (mut writer, _) = Writer::create(&folder, lock, time, started).unwrap();
        for event in events {
            writer.append(time, event.clone()).unwrap();
        }
        run.0
    }
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
    }
}

impl Ran {
    #[track_caller]
    pub(crate) fn exits(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "exit code; it said:\n{}\nand complained:\n{}", self.out, self.err);
        self
    }

    #[track_caller]
    pub(crate) fn says(&self, text: &str) -> &Self {
        assert!(
            self.out.contains(text),
            "{text:?} is not in what it said:\n{}\nand complained:\n{}",
            self.out,
            self.err
        );
        self
    }

    #[track_caller]
    pub(crate) fn complains(&self, text: &str) -> &Self {
        assert!(
            self.err.contains(text),
            "{text:?} is not in what it complained:\n{}\nand said:\n{}",
            self.err,
            self.out
        );
        self
    }
}
