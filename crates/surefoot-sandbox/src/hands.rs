//! The hands of the library: what its functions do is done here, within the rights of their step.
//!
//! A program that a function runs gets a supervisor and a confinement of its own, like any other command.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use surefoot_executor::{Command, Exit, Granted, Piece};
use surefoot_journal::Stream;
use surefoot_plan::{Decoder, Name, Value};

use crate::ending::Ending;
use crate::launch::{Launched, Launcher};
use crate::library::{Dial, Failure, Hands, Program, Ran, perform};
use crate::policy::{Job, PROBE_KEPT_MAX, Policy, Waived};
use crate::prepare::prepare;
use crate::resolve::Resolver;
use crate::supervise::{Handed, now_ms};

/// A call of the library, under a claim.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Call {
    pub(crate) function: Name,
    pub(crate) arguments: BTreeMap<Name, Value>,
    pub(crate) reach: Reach,
}

/// How far the hands reach.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Reach {
    pub(crate) rights: Granted,
    /// The operator's `PATH`.
    pub(crate) path: String,
    /// Where before-images are kept.
    pub(crate) kept: PathBuf,
    /// Whether anything may be changed.
    pub(crate) change: bool,
    pub(crate) waived: Waived,
    pub(crate) grace_ms: u64,
}

impl Call {
    /// Performs the call for a supervisor, which hands on to it what it hears.
    pub(crate) fn perform(&self, handed: Handed, deadline_ms: u64, signals: Option<&OwnedFd>) -> Ending {
        let mut hands = Reaching {
            reach: &self.reach,
            handed,
            until_ms: now_ms().saturating_add(deadline_ms),
            launcher: Launcher::default(),
            signals,
            timed_out: false,
        };
        match perform(&self.function, &self.arguments, &mut hands) {
            Ok(_) => Ending::default(),
            Err(Failure::NotPerformed(why)) => Ending::refused(why),
            Err(Failure::Failed(why)) => {
                Ending { failure: Some(why), timed_out: hands.timed_out, ..Ending::default() }
            }
        }
    }
}

/// Asks a question of the library, from the executor.
pub(crate) fn ask(
    function: &str,
    arguments: &BTreeMap<Name, Value>,
    reach: &Reach,
    handed: Handed,
    deadline_ms: u64,
    launcher: Launcher,
) -> Result<Value, Failure> {
    let until_ms = now_ms().saturating_add(deadline_ms);
    let mut hands = Reaching { reach, handed, until_ms, launcher, signals: None, timed_out: false };
    perform(function, arguments, &mut hands)
}

/// The names of the secrets among some arguments.
pub(crate) fn secrets_of(arguments: &BTreeMap<Name, Value>) -> BTreeSet<Name> {
    arguments
        .values()
        .filter_map(|value| if let Value::Secret(name) = value { Some(name.clone()) } else { None })
        .collect()
}

struct Reaching<'a> {
    reach: &'a Reach,
    handed: Handed,
    until_ms: u64,
    launcher: Launcher,
    signals: Option<&'a OwnedFd>,
    timed_out: bool,
}

impl Reaching<'_> {
    fn left_ms(&self) -> u64 {
        self.until_ms.saturating_sub(now_ms())
    }

    /// The secrets that these texts name; the others are only hidden.
    fn hand(&self, program: &Program) -> Handed {
        let used: BTreeSet<&Name> = program
            .env
            .values()
            .flatten()
            .filter_map(|piece| match piece {
                Piece::Secret(name) => Some(name),
                Piece::Plain(_) => None,
            })
            .collect();
        let all = self.handed.secrets.iter().chain(&self.handed.hidden);
        let mut handed = Handed::default();
        for (name, value) in all {
            let to = if used.contains(name) { &mut handed.secrets } else { &mut handed.hidden };
            to.insert(name.clone(), value.clone());
        }
        handed
    }
}

impl Hands for Reaching<'_> {
    fn dial(&mut self, host: &str, port: u16, within: Duration) -> Dial {
        let rights = &self.reach.rights;
        let granted =
            rights.connect_any || rights.connect.iter().any(|peer| peer.host == host && peer.port == port);
        if !granted {
            return Dial::NoAnswer(format!(
                "it may not connect to {host}:{port}; write `connect {host}:{port}` in `allow`"
            ));
        }
        let within = within.min(Duration::from_millis(self.left_ms().max(1)));
        dial(host, port, within)
    }

    fn run(&mut self, program: Program) -> Result<Ran, String> {
        let handed = self.hand(&program);
        let words = program.arguments.iter().map(|word| vec![Piece::Plain(word.clone())]).collect();
        let command = Command {
            pipeline: vec![words],
            revealed: BTreeMap::new(),
            script: None,
            folder: None,
            env: program.env,
            stdin: Some(vec![Piece::Plain(program.stdin)])
                .filter(|text| *text != [Piece::Plain(String::new())]),
            user: None,
            exits: BTreeSet::from([0]),
            decoder: Decoder::Nothing,
            r#type: None,
        };
        let resolver = Resolver::new(&self.reach.path);
        let payload = prepare(&command, &self.reach.rights, &resolver, self.reach.change, self.reach.waived)?;
        let left_ms = self.left_ms();
        if left_ms == 0 {
            return Err("its time was over".into());
        }
        let policy = Policy {
            title: program.arguments.first().cloned().unwrap_or_default(),
            claim: None,
            job: Job::Programs(Box::new(payload)),
            deadline_ms: left_ms,
            grace_ms: self.reach.grace_ms,
            kept_max: PROBE_KEPT_MAX,
        };
        let launched = self
            .launcher
            .run_here(&policy, &handed, self.signals)
            .map_err(|error| format!("no process could be started for it: {error}"))?;
        let (ending, stdout) = match launched {
            Launched::Ended(ending, stdout) => (ending, stdout),
            // It may have acted before: that is no proof that nothing did.
            Launched::Silent => {
                return Ok(Ran {
                    exit: Exit::Signal(libc::SIGKILL),
                    stdout: Vec::new(),
                    stderr: "the process that supervised it was killed".into(),
                });
            }
        };
        if let Some(why) = ending.refused {
            return Err(why);
        }
        self.timed_out |= ending.timed_out;
        let exit = match ending.timed_out {
            true => Exit::TimedOut,
            false => ending.members.last().and_then(|member| member.exit).unwrap_or(Exit::Signal(0)),
        };
        let complaint = ending.output.iter().find(|output| output.stream == Stream::Err);
        let mut stderr = complaint.map(|output| output.tail.clone()).unwrap_or_default();
        if stderr.trim().is_empty() && ending.timed_out {
            stderr = "its time was over".into();
        }
        Ok(Ran { exit, stdout, stderr })
    }

    fn rights(&self) -> &Granted {
        &self.reach.rights
    }

    fn kept(&self) -> &Path {
        &self.reach.kept
    }
}

/// Tries to open a connection, at each address of a host.
fn dial(host: &str, port: u16, within: Duration) -> Dial {
    let addresses = match (host.trim_start_matches('[').trim_end_matches(']'), port).to_socket_addrs() {
        Ok(addresses) => addresses,
        Err(error) => return Dial::NoAnswer(format!("the host {host} cannot be found: {error}")),
    };
    let mut silence = None;
    let mut refused = false;
    for address in addresses {
        match TcpStream::connect_timeout(&address, within) {
            Ok(_) => return Dial::Accepted,
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => refused = true,
            Err(error) => silence = Some(format!("{host}:{port} gives no answer: {error}")),
        }
    }
    match (silence, refused) {
        // One address that is silent may be the one that would have accepted.
        (Some(why), _) => Dial::NoAnswer(why),
        (None, true) => Dial::Refused,
        (None, false) => Dial::NoAnswer(format!("the host {host} has no address")),
    }
}
