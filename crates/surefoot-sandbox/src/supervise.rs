//! The supervisor: a process of its own that does one job and writes down how it ended.
//!
//! In: a policy on descriptor 0, secrets on descriptor 2, and on descriptor 1 a line to the executor, which
//! may break: the job goes on. Out: the claim's `started` and `exit`, the output, and live copies of both
//! over the line.
//!
//! Must hold: it acts only under a claim it took, or, without one, only while its executor lives; no byte
//! leaves it that was not redacted; its own session keeps the terminal's signals away.

#![expect(clippy::disallowed_methods, reason = "the process that does things")]

mod watch;

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Seek};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags};
use rustix::process::{DumpableBehavior, Pid};
use serde::{Deserialize, Serialize};
use surefoot_journal::Stream;

use crate::broker::Counts;
use crate::capture::Capture;
use crate::claim::{self, Taken};
use crate::ending::Ending;
use crate::inside::{self, Inside, Streams, order};
use crate::network::Places;
use crate::policy::{Job, Payload, Policy, Secrets, View, fill};
use crate::redact::Forms;
use crate::sys;

/// The argument that makes a program the supervisor.
pub const SUPERVISE: &str = "__supervise";

/// Bytes of standard input that go through a pipe without anyone waiting; more goes through memory.
const PIPE_BYTES: usize = 32 << 10;

/// How a person goes on where the machine cannot give a payload a view of its own.
pub(crate) const WAIVE_NAMESPACES: &str = "mend that, or do without it by `--waive namespaces --reason …`: the command then sees the machine's own files, \
     network and processes";

/// The same for Landlock.
pub(crate) const WAIVE_LANDLOCK: &str = "mend that, or do without it by `--waive landlock --reason …`: the command may then use every file that it sees";

/// The first packet of the line says which kind of packet it is.
pub(crate) mod packet {
    /// What was printed to standard output.
    pub(crate) const OUT: u8 = b'o';
    /// What was printed to standard error.
    pub(crate) const ERR: u8 = b'e';
    /// A piece of what a probe printed, to be decoded.
    pub(crate) const KEPT: u8 = b'k';
    /// How it ended.
    pub(crate) const ENDING: u8 = b'x';
    /// Bytes of content in one packet.
    pub(crate) const CONTENT_MAX: usize = 32 << 10;
}

/// What is handed over beside the policy.
#[derive(Clone, Default, Deserialize, Serialize)]
pub(crate) struct Handed {
    /// The secrets that the job is given.
    pub(crate) secrets: Secrets,
    /// Other secrets of the run. They are hidden if they turn up all the same.
    pub(crate) hidden: Secrets,
}

/// Becomes the supervisor if this process was started as one; else returns.
///
/// Call it in the first lines of `main`, before any thread is started.
pub fn maybe_supervise() {
    if std::env::args_os().nth(1).as_deref() == Some(OsStr::new(SUPERVISE)) {
        supervise()
    }
}

/// Does one job and ends this process.
pub fn supervise() -> ! {
    let code = match Supervisor::take_over() {
        Ok(supervisor) => supervisor.run(),
        // Nobody can be told: there is no line.
        Err(_) => 70,
    };
    std::process::exit(code)
}

/// Begins a session of its own. Who leads a group cannot, so it goes back to its parent's for that moment: the
/// terminal's signals are held back by now.
fn leave_session() {
    let parents = rustix::process::getppid().and_then(|parent| rustix::process::getpgid(Some(parent)).ok());
    // Where the parent is gone already, its own group is enough to be left alone by the terminal.
    let _ = rustix::process::setpgid(None, parents).and_then(|()| rustix::process::setsid());
}

struct Supervisor {
    policy: Policy,
    secrets: Secrets,
    hidden: Secrets,
    line: OwnedFd,
    signals: OwnedFd,
}

impl Supervisor {
    fn take_over() -> std::io::Result<Supervisor> {
        // Before anything else: what the executor was given by its parent is not ours.
        sys::close_from(3)?;
        let line = rustix::stdio::stdout().try_clone_to_owned()?;
        let policy = read_sealed(rustix::stdio::stdin().try_clone_to_owned()?)?;
        let handed: Handed = read_sealed(rustix::stdio::stderr().try_clone_to_owned()?)?;
        let null = rustix::fs::openat(CWD, "/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
        rustix::stdio::dup2_stdin(&null)?;
        rustix::stdio::dup2_stdout(&null)?;
        rustix::stdio::dup2_stderr(&null)?;
        let signals =
            sys::signals(&[libc::SIGTERM, libc::SIGUSR1, libc::SIGINT, libc::SIGHUP, libc::SIGQUIT])?;
        leave_session();
        rustix::process::umask(Mode::from_raw_mode(0o077));
        Ok(Supervisor { policy, secrets: handed.secrets, hidden: handed.hidden, line, signals })
    }

    fn run(self) -> i32 {
        let all = self
            .secrets
            .iter()
            .chain(&self.hidden)
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let forms = match Forms::new(&all) {
            Ok(forms) => forms,
            Err(name) => {
                return self.refuse(&Ending::refused(format!(
                    "the secret `{name}` has fewer than {} bytes, too few to be hidden in what programs print; \
                     use a longer one",
                    crate::redact::SECRET_MIN
                )));
            }
        };
        let claim = match &self.policy.claim {
            None => None,
            Some(folder) => match claim::take(folder) {
                Ok(taken) => Some(taken),
                Err(ending) => return self.refuse(&ending),
            },
        };
        let began = now_ms();
        let file = |name: &str| claim.as_ref().map(|taken| taken.folder().join(name));
        let mut out = Capture::new(Stream::Out, forms.clone(), file("stdout"), self.policy.kept_max);
        let mut err = Capture::new(Stream::Err, forms.clone(), file("stderr"), self.policy.kept_max);
        let mut ending = match &self.policy.job {
            Job::Programs(payload) => {
                self.perform(payload, &mut out, &mut err).unwrap_or_else(Ending::refused)
            }
            Job::Library(call) => {
                let handed = Handed { secrets: self.secrets.clone(), hidden: self.hidden.clone() };
                call.perform(handed, self.policy.deadline_ms, Some(&self.signals))
            }
        };
        ending.elapsed_ms = now_ms().saturating_sub(began);
        self.finish(ending, claim, out, err, &forms)
    }

    fn finish(
        &self,
        mut ending: Ending,
        claim: Option<Taken>,
        out: Capture,
        err: Capture,
        forms: &Forms,
    ) -> i32 {
        let mut kept = Vec::new();
        for (capture, name) in [(out, "stdout"), (err, "stderr")] {
            let (output, rest, memory) = capture.finish(&self.name_in_run(name));
            let (kind, stream) = match output.stream {
                Stream::Out => (packet::OUT, true),
                Stream::Err => (packet::ERR, false),
            };
            self.show(kind, &rest);
            if stream {
                kept = memory;
            }
            if output.bytes > 0 {
                ending.output.push(output);
            }
        }
        let clean = |text: &mut String| {
            *text = String::from_utf8_lossy(&forms.redact(text.as_bytes())).into_owned();
        };
        ending.refused.iter_mut().chain(&mut ending.failure).for_each(clean);
        ending.members.iter_mut().filter_map(|member| member.failure.as_mut()).for_each(clean);
        let is_probe = claim.is_none();
        let written = claim.map_or(Ok(()), |taken| taken.end(&ending));
        if let Err(error) = &written {
            // Not durable, but still told to an executor that listens.
            ending.failure.get_or_insert(format!("its outcome could not be written down: {error}"));
        }
        if is_probe {
            for piece in kept.chunks(packet::CONTENT_MAX) {
                self.say(packet::KEPT, piece);
            }
        }
        let text = serde_json::to_vec(&ending).unwrap_or_default();
        for piece in text.chunks(packet::CONTENT_MAX) {
            self.say(packet::ENDING, piece);
        }
        i32::from(written.is_err())
    }

    fn refuse(&self, ending: &Ending) -> i32 {
        let text = serde_json::to_vec(ending).unwrap_or_default();
        self.say(packet::ENDING, &text);
        0
    }

    /// The name of a file of the claim, from the run's folder.
    fn name_in_run(&self, file: &str) -> PathBuf {
        let claim = self.policy.claim.as_deref().and_then(Path::file_name).unwrap_or_default();
        Path::new("claims").join(claim).join(file)
    }

    /// Sends something the executor must have. Waits for it, if it is slow.
    fn say(&self, kind: u8, content: &[u8]) {
        let mut packet = vec![kind];
        packet.extend_from_slice(content);
        while let Err(rustix::io::Errno::INTR) =
            rustix::net::send(&self.line, &packet, rustix::net::SendFlags::NOSIGNAL)
        {}
    }

    /// Shows something, if the executor is there and quick enough; all of it is kept anyway.
    fn show(&self, kind: u8, content: &[u8]) {
        for piece in content.chunks(packet::CONTENT_MAX) {
            let mut packet = vec![kind];
            packet.extend_from_slice(piece);
            let flags = rustix::net::SendFlags::NOSIGNAL | rustix::net::SendFlags::DONTWAIT;
            let _ = rustix::net::send(&self.line, &packet, flags);
        }
    }

    /// Runs the programs. An error says why nothing ran.
    fn perform(&self, payload: &Payload, out: &mut Capture, err: &mut Capture) -> Result<Ending, String> {
        let failed =
            |what: &'static str| move |error: rustix::io::Errno| format!("{what} could not be made: {error}");
        let places = match payload.view {
            View::Private if !payload.connect_any => Places::new(&payload.connect)?,
            View::Private | View::Host => Places::default(),
        };
        let (line, their_line) = inside::line().map_err(failed("the line to its first process"))?;
        let cloexec = rustix::pipe::PipeFlags::CLOEXEC;
        let (out_read, out_write) = rustix::pipe::pipe_with(cloexec).map_err(failed("its output"))?;
        let (err_read, err_write) = rustix::pipe::pipe_with(cloexec).map_err(failed("its output"))?;
        let stdin = self.stdin(payload)?;
        let namespaces = match (payload.waived.namespaces, payload.view) {
            (true, _) => sys::Namespaces::NONE,
            (false, View::Private) if payload.connect_any => sys::Namespaces::ALL_BUT_NETWORK,
            (false, View::Private) => sys::Namespaces::ALL,
            (false, View::Host) => sys::Namespaces::FILES,
        };
        let forked = sys::fork(namespaces).map_err(|error| {
            format!(
                "this machine does not let it have namespaces of its own: {error} ({}); {WAIVE_NAMESPACES}",
                namespace_hint(&error)
            )
        })?;
        let Some(first) = forked else {
            drop((line, out_read, err_read));
            let inside = Inside {
                payload,
                secrets: &self.secrets,
                places,
                streams: Streams { stdin, stdout: out_write, stderr: err_write },
                line: their_line,
                pid_max: pid_max_is_private(),
                full_map: false,
            };
            inside.run()
        };
        drop((their_line, out_write, err_write, stdin));
        let go = match payload.waived.namespaces {
            true if rustix::process::geteuid().is_root() => Ok(order::GO_AS_ROOT),
            true => Ok(order::GO),
            false => map_users(first),
        };
        // Only now: the kernel lets nobody but root write the maps of a process that hides its memory.
        let _ = rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable);
        match go {
            Ok(order) => inside::send_order(&line, order),
            Err(why) => {
                drop(line);
                inside::reap(first);
                return Err(why);
            }
        }
        let counts = Counts::default();
        let watch = watch::Watch::new(self, payload, first, line, &counts);
        let mut ending = watch.run(out, out_read, err, err_read)?;
        ending.connections = counts.lines();
        Ok(ending)
    }

    fn stdin(&self, payload: &Payload) -> Result<OwnedFd, String> {
        let failed = |error: rustix::io::Errno| format!("its standard input could not be made: {error}");
        let Some(parts) = &payload.stdin else {
            return rustix::fs::openat(CWD, "/dev/null", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
                .map_err(failed);
        };
        let text = fill(parts, &self.secrets).ok_or("a secret for its standard input was not handed over")?;
        if text.len() <= PIPE_BYTES {
            let (read, write) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).map_err(failed)?;
            write_all(&write, text.as_bytes()).map_err(failed)?;
            return Ok(read);
        }
        sealed_memory("stdin", text.as_bytes())
            .map_err(|error| format!("its standard input could not be made: {error}"))
    }
}

/// Writes the maps of a new user namespace: every user if this is root, else the one that it is.
fn map_users(first: Pid) -> Result<u8, String> {
    let process = PathBuf::from(format!("/proc/{}", first.as_raw_nonzero()));
    let write = |file: &str, text: &str| std::fs::write(process.join(file), text);
    let (uid, gid) = (rustix::process::geteuid(), rustix::process::getegid());
    if uid.is_root() {
        let all = |file: &str| -> std::io::Result<()> {
            // What this process may itself see, each as itself: less than everything in a container.
            let own = std::fs::read_to_string(Path::new("/proc/self").join(file))?;
            let same: Vec<String> = own
                .lines()
                .filter_map(|line| {
                    let mut fields = line.split_whitespace();
                    let (inner, _, count) = (fields.next()?, fields.next()?, fields.next()?);
                    Some(format!("{inner} {inner} {count}"))
                })
                .collect();
            write(file, &same.join("\n"))
        };
        if all("gid_map").is_ok() && all("uid_map").is_ok() {
            return Ok(order::GO_AS_ROOT);
        }
    }
    let single = || {
        write("setgroups", "deny")?;
        write("gid_map", &format!("{} {} 1", gid.as_raw(), gid.as_raw()))?;
        write("uid_map", &format!("{} {} 1", uid.as_raw(), uid.as_raw()))
    };
    single().map(|()| order::GO).map_err(|error| {
        format!("this machine does not let it have a user namespace of its own: its users could not be mapped: {error}; {WAIVE_NAMESPACES}")
    })
}

/// Before Linux 6.14 the limit belonged to the whole machine and must not be touched.
fn pid_max_is_private() -> bool {
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    let mut numbers = release
        .split(|character: char| !character.is_ascii_digit())
        .map_while(|part| part.parse::<u32>().ok());
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (6, 14)
}

fn namespace_hint(error: &std::io::Error) -> &'static str {
    match error.raw_os_error() {
        Some(libc::ENOSPC) => "the sysctl user.max_user_namespaces is used up, or 0",
        Some(libc::EPERM) => {
            "the sysctl kernel.unprivileged_userns_clone, or the policy of a container, forbids it"
        }
        Some(libc::ENOSYS) => {
            "the policy of a container hides the system call, or the kernel has no namespaces"
        }
        _ => "the kernel says no",
    }
}

/// Milliseconds since the boot, the time that the machine slept included.
pub(crate) fn now_ms() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    u64::try_from(now.tv_sec).unwrap_or_default() * 1000
        + u64::try_from(now.tv_nsec).unwrap_or_default() / 1_000_000
}

/// A descriptor with this content that lives in memory only.
pub(crate) fn sealed_memory(name: &str, content: &[u8]) -> std::io::Result<OwnedFd> {
    use rustix::fs::MemfdFlags;
    let memory = match rustix::fs::memfd_create(name, MemfdFlags::CLOEXEC | MemfdFlags::NOEXEC_SEAL) {
        // Before Linux 6.3 the flag is unknown.
        Err(rustix::io::Errno::INVAL) => rustix::fs::memfd_create(name, MemfdFlags::CLOEXEC)?,
        made => made?,
    };
    write_all(&memory, content)?;
    rustix::fs::seek(&memory, rustix::fs::SeekFrom::Start(0))?;
    Ok(memory)
}

fn read_sealed<T: serde::de::DeserializeOwned>(memory: OwnedFd) -> std::io::Result<T> {
    let mut file = File::from(memory);
    file.rewind()?;
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    Ok(serde_json::from_slice(&text)?)
}

fn write_all(to: impl AsFd, mut bytes: &[u8]) -> rustix::io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(&to, bytes) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
