//! What this machine can enforce, found out by trying: versions and settings say less than one attempt.

use std::path::PathBuf;

use crate::launch::{Launched, Launcher};
use crate::policy::{Job, Member, Part, Payload, Policy, View, Waived};
use crate::resolve::Resolver;
use crate::supervise::Handed;

/// Where the program is that is tried; every machine has it.
const PATH: &str = "/usr/bin:/bin";

/// How long one attempt may take.
const TRY_MS: u64 = 10_000;

/// One layer of the confinement, and whether it works here.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Enforcement {
    /// Its name, as it can be waived; or one that cannot.
    pub name: &'static str,
    /// What it keeps a command from.
    pub keeps: &'static str,
    /// Why it does not work here; none if it does.
    pub missing: Option<String>,
}

/// Tries each layer. `launcher` starts the supervisor, which does the trying.
pub fn probe_machine(launcher: &Launcher) -> Vec<Enforcement> {
    let attempt = |view, namespaces, landlock| try_out(launcher, view, Waived { namespaces, landlock });
    vec![
        Enforcement {
            name: "namespaces",
            keeps: "files that were not granted, the network, and processes of others; and what it leaves behind",
            missing: attempt(View::Private, false, true),
        },
        Enforcement {
            name: "landlock",
            keeps: "reading, writing and executing what was not granted, also where a mount would let it",
            missing: attempt(View::Private, true, false),
        },
        Enforcement {
            name: "detach",
            keeps: "what a `detach` right does not give: files that were not granted, and other ports",
            missing: attempt(View::Host, false, false),
        },
        Enforcement {
            name: "system calls",
            keeps: "parts of the kernel that no command needs",
            missing: attempt(View::Private, true, true),
        },
    ]
}

/// Tries to run a program that does nothing. Says why it could not be run.
fn try_out(launcher: &Launcher, view: View, waived: Waived) -> Option<String> {
    let resolver = Resolver::new(PATH);
    let program = match resolver.find("true") {
        Ok(program) => program,
        Err(why) => return Some(why),
    };
    let payload = Payload {
        members: vec![Member { program, arguments: vec![vec![Part::Plain("true".into())]] }],
        path: PATH.into(),
        environment: Default::default(),
        stdin: None,
        folder: waived.namespaces.then(|| PathBuf::from("/")),
        user: None,
        execute: resolver.closure(["true"]),
        read: Vec::new(),
        write: Vec::new(),
        connect: Vec::new(),
        connect_any: false,
        listen: Vec::new(),
        view,
        change: false,
        waived,
    };
    let policy = Policy {
        title: "a trial".into(),
        claim: None,
        job: Job::Programs(Box::new(payload)),
        deadline_ms: TRY_MS,
        grace_ms: 0,
        kept_max: 0,
    };
    match launcher.run_here(&policy, &Handed::default(), None) {
        Ok(Launched::Ended(ending, _)) => ending.refused.or(ending.failure),
        Ok(Launched::Silent) => Some("the process that tried it was killed".into()),
        Err(error) => Some(format!("no process could be started to try it: {error}")),
    }
}
