//! The real world: what the executor asks for is done.
//!
//! Must hold: an act is done by a supervisor under its claim, never by this process; what is not enforced is
//! refused, or was waived.

#![expect(clippy::disallowed_methods, reason = "the real world has a clock and files")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use surefoot_executor::{Act, Command, EffectRequest, Granted, ReadFrom, World};
use surefoot_journal::{Claim, Outcome, Report, RunFolder, Timestamp};
use surefoot_plan::{Decoder, GRACE_MS, Name, Value};
use tokio::sync::mpsc::UnboundedSender;

use crate::claim::Standing;
use crate::ending::Ending;
use crate::hands::{Call, Reach};
use crate::launch::{self, Launched, Launcher, Printed};
use crate::library::Failure;
use crate::people::{ApprovalWanted, People};
use crate::policy::{Job, KEPT_MAX, PROBE_KEPT_MAX, Policy, Secrets, Waived};
use crate::resolve::Resolver;
use crate::supervise::{Handed, now_ms};
use crate::{hands, judge, prepare};

/// What the real world is made of.
#[derive(Debug)]
pub struct RealWorld<P> {
    folder: RunFolder,
    people: P,
    secrets: Secrets,
    resolver: Resolver,
    waived: Waived,
    launcher: Launcher,
    live: Option<UnboundedSender<Printed>>,
    grace_ms: u64,
}

/// What the operator waives. Recorded in the journal by whoever starts the run.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Waivers {
    /// A payload sees the machine's own files, network and processes.
    pub namespaces: bool,
    /// Landlock does not limit which of the files that it sees it may read, write and execute.
    pub landlock: bool,
}

impl<P: People> RealWorld<P> {
    /// A world for this run. `path` is the operator's `PATH`, on which programs are found.
    pub fn new(folder: RunFolder, path: &str, secrets: BTreeMap<Name, String>, people: P) -> RealWorld<P> {
        RealWorld {
            folder,
            people,
            secrets,
            resolver: Resolver::new(path),
            waived: Waived::default(),
            launcher: Launcher::default(),
            live: None,
            grace_ms: GRACE_MS,
        }
    }

    /// Does without what the operator waived.
    #[must_use]
    pub fn with_waivers(mut self, waivers: &Waivers) -> RealWorld<P> {
        self.waived = Waived { namespaces: waivers.namespaces, landlock: waivers.landlock };
        self
    }

    /// Sends what is printed to a terminal, as it comes.
    #[must_use]
    pub fn with_live(mut self, live: UnboundedSender<Printed>) -> RealWorld<P> {
        self.live = Some(live);
        self
    }

    /// Starts supervisors by another program than the one that is running.
    #[must_use]
    pub fn with_launcher(mut self, launcher: Launcher) -> RealWorld<P> {
        self.launcher = launcher;
        self
    }

    /// Gives commands another time to end after they were asked to.
    #[must_use]
    pub fn with_grace_ms(mut self, grace_ms: u64) -> RealWorld<P> {
        self.grace_ms = grace_ms;
        self
    }

    async fn act(
        &self,
        claim: Claim,
        act: Act,
        rights: &Granted,
        deadline_ms: u64,
        title: String,
    ) -> Outcome {
        let job = match &act {
            Act::Command(command) => prepare::prepare(command, rights, &self.resolver, true, self.waived)
                .map(|payload| Job::Programs(Box::new(payload))),
            Act::Library { function, arguments } => {
                let call = Call {
                    function: function.clone(),
                    arguments: arguments.clone(),
                    reach: self.reach(rights, true),
                };
                Ok(Job::Library(Box::new(call)))
            }
            Act::Manual(question) => return self.people.manual(claim, question.clone()).await,
        };
        let job = match job {
            Ok(job) => job,
            Err(why) => return Outcome::NotPerformed { why },
        };
        let folder = self.folder.claim(&claim);
        let policy = Policy {
            title,
            claim: Some(folder.clone()),
            job,
            deadline_ms,
            grace_ms: self.grace_ms,
            kept_max: KEPT_MAX,
        };
        let handed = match self.hand(secrets_of_act(&act)) {
            Ok(handed) => handed,
            Err(why) => return Outcome::NotPerformed { why },
        };
        match self.launcher.run(&policy, &handed, Some(&claim), self.live.as_ref()).await {
            // Somebody had it before: what became of that is what became of it.
            Ok(Launched::Ended(ending, _)) if ending.taken_before => self.examine(claim, &act).await,
            Ok(Launched::Ended(ending, _)) => self.outcome(&act, ending, &folder),
            // It was killed, or the claim says more than it could.
            Ok(Launched::Silent) => self.examine(claim, &act).await,
            Err(error) => self.not_started(claim, &error).await,
        }
    }

    /// No supervisor could be started. Closing the claim makes that certain.
    async fn not_started(&self, claim: Claim, error: &std::io::Error) -> Outcome {
        let _ = launch::attach(&self.folder.claim(&claim)).await;
        Outcome::NotPerformed { why: format!("no process could be started for it: {error}") }
    }

    async fn read(&self, label: &str, from: ReadFrom, rights: &Granted, deadline_ms: u64) -> Outcome {
        match from {
            ReadFrom::Command(command) => self.probe(label, &command, rights, deadline_ms).await,
            ReadFrom::Library { function, arguments } => {
                self.ask(function, arguments, rights, deadline_ms).await
            }
        }
    }

    async fn ask(
        &self,
        function: Name,
        arguments: BTreeMap<Name, Value>,
        rights: &Granted,
        deadline_ms: u64,
    ) -> Outcome {
        let handed = match self.hand(hands::secrets_of(&arguments)) {
            Ok(handed) => handed,
            Err(why) => return Outcome::NotPerformed { why },
        };
        let began = now_ms();
        let (reach, launcher) = (self.reach(rights, false), self.launcher.clone());
        // The library waits for servers and programs; the loop must not.
        let asked = tokio::task::spawn_blocking(move || {
            hands::ask(&function, &arguments, &reach, handed, deadline_ms, launcher)
        });
        let (value, why) = match asked.await {
            Ok(Ok(value)) => (Some(value), String::new()),
            Ok(Err(Failure::NotPerformed(why) | Failure::Failed(why))) => (None, why),
            Err(error) => (None, format!("the question could not be asked: {error}")),
        };
        Outcome::Performed(Report {
            ok: value.is_some(),
            why,
            exit: None,
            value,
            output: Vec::new(),
            elapsed_ms: now_ms().saturating_sub(began),
            left_running: Vec::new(),
            answered: None,
        })
    }

    fn reach(&self, rights: &Granted, change: bool) -> Reach {
        Reach {
            rights: rights.clone(),
            path: self.resolver.path().to_owned(),
            kept: self.folder.kept(),
            change,
            waived: self.waived,
            grace_ms: self.grace_ms,
        }
    }

    /// Runs a command that may change nothing.
    async fn probe(&self, label: &str, command: &Command, rights: &Granted, deadline_ms: u64) -> Outcome {
        let payload = match prepare::prepare(command, rights, &self.resolver, false, self.waived) {
            Ok(payload) => payload,
            Err(why) => return Outcome::NotPerformed { why },
        };
        let policy = Policy {
            title: label.to_owned(),
            claim: None,
            job: Job::Programs(Box::new(payload)),
            deadline_ms,
            grace_ms: self.grace_ms,
            kept_max: PROBE_KEPT_MAX,
        };
        let handed = match self.hand(prepare::secrets_of(command)) {
            Ok(handed) => handed,
            Err(why) => return Outcome::NotPerformed { why },
        };
        match self.launcher.run(&policy, &handed, None, self.live.as_ref()).await {
            Ok(Launched::Ended(ending, printed)) => judge::judge(command, ending, &printed),
            Ok(Launched::Silent) => Outcome::Unknown {
                why: "the process that supervised it was killed before it could answer".into(),
                over: true,
            },
            Err(error) => {
                Outcome::NotPerformed { why: format!("no process could be started for it: {error}") }
            }
        }
    }

    /// What a supervisor is given: the secrets that are used, and the others, so that it can hide them too.
    fn hand(&self, used: BTreeSet<Name>) -> Result<Handed, String> {
        let mut handed = Handed::default();
        for name in used {
            let value = self.secrets.get(&name).ok_or_else(|| {
                format!("the secret `{name}` is not known to this process; give it again, as its input says")
            })?;
            handed.secrets.insert(name, value.clone());
        }
        for (name, value) in &self.secrets {
            // One that is too short to be hidden refuses the steps that use it, not the others.
            if value.len() >= crate::redact::SECRET_MIN && !handed.secrets.contains_key(name) {
                handed.hidden.insert(name.clone(), value.clone());
            }
        }
        Ok(handed)
    }

    fn outcome(&self, act: &Act, ending: Ending, folder: &Path) -> Outcome {
        let command = match act {
            Act::Command(command) => command,
            Act::Library { .. } | Act::Manual(_) => {
                return match ending.refused {
                    Some(why) => Outcome::NotPerformed { why },
                    None => Outcome::Performed(judge::report(&ending)),
                };
            }
        };
        // What nobody reads need not be there: a full disk loses output, and not the outcome.
        if matches!(command.decoder, Decoder::Nothing | Decoder::Exit { .. }) {
            return judge::judge(command, ending, b"");
        }
        let printed = match std::fs::read(folder.join("stdout")) {
            Ok(printed) => printed,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => {
                let mut report = judge::report(&ending);
                report.ok = false;
                report.why = format!("what it printed cannot be read: {error}");
                return Outcome::Performed(report);
            }
        };
        judge::judge(command, ending, &printed)
    }

    async fn examine(&self, claim: Claim, act: &Act) -> Outcome {
        if let Act::Manual(_) = act {
            return Outcome::Unknown {
                why: "only the person who was asked knows whether it was done".into(),
                over: true,
            };
        }
        let folder = self.folder.claim(&claim);
        match launch::attach(&folder).await {
            Ok(Standing::Closed) => Outcome::NotPerformed { why: "it was never started".into() },
            Ok(Standing::Ended(ending)) => self.outcome(act, ending, &folder),
            Ok(Standing::Lost(why)) => Outcome::Unknown { why, over: true },
            Ok(Standing::Running(pid)) => {
                Outcome::Unknown { why: format!("its supervisor (pid {pid}) still runs"), over: false }
            }
            Err(error) => Outcome::Unknown { why: format!("its claim cannot be read: {error}"), over: false },
        }
    }

    fn interrupt(&self, claim: &Claim, level: u8) -> Outcome {
        match launch::interrupt(&self.folder.claim(claim), level) {
            Ok(true) => Outcome::Performed(Report {
                ok: true,
                why: String::new(),
                exit: None,
                value: None,
                output: Vec::new(),
                elapsed_ms: 0,
                left_running: Vec::new(),
                answered: None,
            }),
            Ok(false) => Outcome::NotPerformed { why: "nothing runs under this claim".into() },
            Err(error) => Outcome::Unknown { why: format!("it could not be reached: {error}"), over: false },
        }
    }
}

fn secrets_of_act(act: &Act) -> BTreeSet<Name> {
    match act {
        Act::Command(command) => prepare::secrets_of(command),
        Act::Library { arguments, .. } => hands::secrets_of(arguments),
        Act::Manual(_) => BTreeSet::new(),
    }
}

impl<P: People> World for RealWorld<P> {
    async fn perform(&self, request: EffectRequest) -> Outcome {
        match request {
            EffectRequest::Act { claim, act, rights, deadline_ms, title } => {
                self.act(claim, act, &rights, deadline_ms, title).await
            }
            EffectRequest::Read { label, from, rights, deadline_ms } => {
                self.read(&label, from, &rights, deadline_ms).await
            }
            EffectRequest::Examine { claim, act } => self.examine(claim, &act).await,
            EffectRequest::Interrupt { claim, level } => self.interrupt(&claim, level),
            EffectRequest::Ask(question) => self.people.ask(question).await,
            EffectRequest::Notify { channel, text } => self.people.notify(channel, text).await,
            EffectRequest::Approval { step, role, people, given, expires_ms, shown, operators } => {
                let wanted = ApprovalWanted { step, role, people, given, expires_ms, shown, operators };
                self.people.approval(wanted).await
            }
        }
    }

    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    fn uptime_ms(&self) -> u64 {
        now_ms()
    }

    async fn sleep(&self, ms: u64) {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
}
