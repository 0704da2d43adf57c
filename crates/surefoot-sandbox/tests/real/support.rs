//! A run folder, rights, and a world, for one test.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

use surefoot_executor::{
    Act, Command, EffectRequest, Granted, Piece, Question, ReadFrom, ScriptCall, Text, World,
};
use surefoot_journal::{Claim, Outcome, Phase, Report, RunFolder, RunId, StateRoot};
use surefoot_plan::{Decoder, StepId};
use surefoot_sandbox::{ApprovalWanted, Launcher, People, RealWorld};

/// The user as whom the tests run again: `daemon`, whom every Linux has. PostgreSQL wants one with a name.
const ORDINARY_UID: u32 = 1;

/// Says which tests are running again.
const AGAIN: &str = "SUREFOOT_TESTS_AGAIN";

/// Where programs are found; PostgreSQL's too, which Debian puts apart.
pub(crate) fn path() -> String {
    let mut path = "/usr/local/bin:/usr/bin:/bin".to_owned();
    for version in std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten() {
        path.push_str(&format!(":{}", version.path().join("bin").display()));
    }
    path
}

/// People who are never asked.
#[derive(Debug)]
pub(crate) struct Nobody;

impl People for Nobody {
    async fn ask(&self, _: Question) -> Outcome {
        Outcome::Unknown { why: "nobody is there".into(), over: true }
    }
    async fn manual(&self, _: Claim, _: Question) -> Outcome {
        Outcome::Unknown { why: "nobody is there".into(), over: true }
    }
    async fn notify(&self, _: String, _: String) -> Outcome {
        Outcome::NotPerformed { why: "nobody is there".into() }
    }
    async fn approval(&self, _: ApprovalWanted) -> Outcome {
        Outcome::Unknown { why: "nobody is there".into(), over: true }
    }
}

/// The scene of a test.
pub(crate) struct Room {
    /// Where files are made. Not below `/tmp`, so that the private one cannot hide them by chance.
    base: PathBuf,
    _keep: Option<tempfile::TempDir>,
    /// The run.
    pub(crate) folder: RunFolder,
    /// What may be done.
    pub(crate) rights: Granted,
    /// How long.
    pub(crate) deadline_ms: u64,
    /// How long after.
    pub(crate) grace_ms: u64,
    secrets: RefCell<BTreeMap<String, String>>,
    attempt: Cell<u32>,
}

impl Room {
    pub(crate) fn new() -> Room {
        let base = tempfile::Builder::new().prefix("surefoot-").tempdir_in("/var/tmp").expect("a folder");
        let path = base.path().to_owned();
        Room { _keep: Some(base), ..Room::at(&path, true) }
    }

    /// The scene that another process set.
    pub(crate) fn open(base: &Path) -> Room {
        Room::at(base, false)
    }

    fn at(base: &Path, new: bool) -> Room {
        let run_id = RunId("01ARZ3NDEKTSV4RRFFQ69G5FAV".into());
        let root = StateRoot::new(base.join("state"));
        let folder = if new { root.create(&run_id).expect("a run folder") } else { root.folder(&run_id) };
        let run = ["sh", "cat", "echo", "sleep", "base64", "setsid", "wc"].map(String::from);
        Room {
            base: base.to_owned(),
            _keep: None,
            folder,
            rights: Granted { run: BTreeSet::from(run), ..Granted::default() },
            deadline_ms: 20_000,
            grace_ms: 500,
            secrets: RefCell::default(),
            attempt: Cell::new(1),
        }
    }

    pub(crate) fn base(&self) -> &Path {
        &self.base
    }

    pub(crate) fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.base.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(&path, content).expect("written");
        path
    }

    pub(crate) fn program(&self, name: &str, content: &str) -> PathBuf {
        let written = self.file(&format!("{name}.written"), content);
        let path = written.with_extension("");
        // Not written here: a child that another test starts would hold it open, and it could not be started.
        let copied = std::process::Command::new("install")
            .arg(&written)
            .arg(&path)
            .status()
            .expect("install is there");
        assert!(copied.success(), "copy {}", written.display());
        path
    }

    pub(crate) fn secret(&self, name: &str, value: &str) {
        self.secrets.borrow_mut().insert(name.into(), value.into());
    }

    /// A number that marks this test's processes.
    pub(crate) fn mark(&self) -> String {
        let letters = self.base.display().to_string();
        let sum = letters.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
        format!("{}{}", std::process::id(), sum % 10_000)
    }

    pub(crate) fn world(&self) -> RealWorld<Nobody> {
        RealWorld::new(self.folder.clone(), &path(), self.secrets.borrow().clone(), Nobody)
            .with_grace_ms(self.grace_ms)
            .with_launcher(Launcher { program: env!("CARGO_BIN_EXE_surefoot-supervise-test").into() })
    }

    /// The claim of the last act.
    pub(crate) fn claim(&self) -> Claim {
        Claim {
            step: StepId("step".into()),
            phase: Phase::Forward,
            attempt: self.attempt.get(),
            statement: 0,
        }
    }

    /// The claim of the next act.
    pub(crate) fn peek_claim(&self) -> Claim {
        Claim { attempt: self.attempt.get() + 1, ..self.claim() }
    }

    /// A claim that nobody took.
    pub(crate) fn next_claim(&self) -> Claim {
        self.attempt.set(self.attempt.get() + 1);
        self.claim()
    }

    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime")
            .block_on(future)
    }

    pub(crate) fn request(&self, command: Command) -> EffectRequest {
        EffectRequest::Act {
            claim: self.claim(),
            act: Act::Command(command),
            rights: self.rights.clone(),
            deadline_ms: self.deadline_ms,
            title: "a step".into(),
        }
    }

    pub(crate) fn perform(&self, command: Command) -> Outcome {
        self.block_on(self.world().perform(self.request(command)))
    }

    /// Performs a command under a new claim.
    pub(crate) fn act(&self, command: Command) -> Report {
        self.attempt.set(self.attempt.get() + 1);
        match self.perform(command) {
            Outcome::Performed(report) => report,
            other @ (Outcome::NotPerformed { .. } | Outcome::Unknown { .. }) => {
                panic!("not performed: {other:?}")
            }
        }
    }

    pub(crate) fn not_performed(&self, command: Command) -> String {
        self.attempt.set(self.attempt.get() + 1);
        match self.perform(command) {
            Outcome::NotPerformed { why } => why,
            other @ (Outcome::Performed(_) | Outcome::Unknown { .. }) => panic!("performed: {other:?}"),
        }
    }

    pub(crate) fn probe(&self, command: Command) -> Report {
        let request = EffectRequest::Read {
            label: "a fact".into(),
            from: ReadFrom::Command(command),
            rights: self.rights.clone(),
            deadline_ms: self.deadline_ms,
        };
        match self.block_on(self.world().perform(request)) {
            Outcome::Performed(report) => report,
            other @ (Outcome::NotPerformed { .. } | Outcome::Unknown { .. }) => {
                panic!("not answered: {other:?}")
            }
        }
    }
}

/// A command.
pub(crate) fn cmd(line: &[&str]) -> Command {
    Command {
        pipeline: vec![words(line)],
        revealed: BTreeMap::new(),
        script: None,
        folder: None,
        env: BTreeMap::new(),
        stdin: None,
        user: None,
        exits: BTreeSet::from([0]),
        decoder: Decoder::Nothing,
        r#type: None,
    }
}

pub(crate) fn words(line: &[&str]) -> Vec<Text> {
    line.iter().map(|word| vec![Piece::Plain((*word).to_owned())]).collect()
}

pub(crate) fn secret(name: &str) -> Text {
    vec![Piece::Secret(name.into())]
}

/// A script.
pub(crate) fn sh(text: &str) -> Command {
    script("sh", text)
}

/// A script in some language.
pub(crate) fn script(language: &str, text: &str) -> Command {
    let script = ScriptCall { language: language.into(), text: text.into(), arguments: Vec::new() };
    Command { pipeline: Vec::new(), script: Some(script), ..cmd(&["sh"]) }
}

/// Asserts that an attempt was in vain.
pub(crate) fn failed(report: &Report, what: &str) {
    assert!(!report.ok, "this should not have been possible: {what}: {report:?}");
}

/// A port on which nobody listens.
pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
    listener.local_addr().expect("bound").port()
}

/// Whether a process runs with this in its arguments.
pub(crate) fn is_running(argument: &str) -> bool {
    std::fs::read_dir("/proc").expect("processes").filter_map(Result::ok).any(|entry| {
        let arguments = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        entry.file_name() != *std::process::id().to_string()
            && arguments.split(|byte| *byte == 0).any(|word| word == argument.as_bytes())
    })
}

/// Runs this test binary again as an ordinary user, if this is root. Programs lie where everyone may run them.
pub(crate) fn again_as_an_ordinary_user() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    assert!(std::env::var_os(AGAIN).is_none(), "an ordinary user is no root");
    let program = std::env::current_exe().expect("a program");
    let output = std::process::Command::new(program)
        .env(AGAIN, "1")
        .env("HOME", "/nonexistent")
        .uid(ORDINARY_UID)
        .gid(ORDINARY_UID)
        .current_dir("/")
        .output()
        .expect("started");
    assert!(
        output.status.success(),
        "as an ordinary user:\n{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
