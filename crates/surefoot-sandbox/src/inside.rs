//! The first process inside a confinement: builds it, starts the programs in it, and waits for them.
//!
//! It is a fork of the supervisor, with one thread, in new namespaces. In a private view it is process 1:
//! when it ends, the kernel ends everything in it. It ends when its programs have, when it is told to, or
//! when its supervisor is gone.
//!
//! Must hold: a failure before a program runs is told apart from a failure of the program.

#![expect(clippy::disallowed_methods, reason = "looks at processes")]

use std::collections::BTreeMap;
use std::ffi::CString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::event::{PollFd, PollFlags};
use rustix::fs::{CWD, Mode, OFlags};
use rustix::net::{
    AddressFamily, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType,
};
use rustix::process::{DumpableBehavior, Pid, Signal, WaitOptions};
use serde::{Deserialize, Serialize};
use surefoot_journal::Exit;

use crate::network::Places;
use crate::policy::{Member, Part, Payload, Secrets, View, fill};
use crate::{domain, filter, limits, root, sys, tree};

/// Bytes of one message between the two processes.
pub(crate) const MESSAGE_MAX: usize = 16 << 10;

/// Exit of the first process when it could not build the confinement; its message says why.
const SETUP_FAILED: i32 = 3;

/// What the first process tells the supervisor.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) enum Told {
    /// The confinement could not be built; nothing ran.
    Failed(String),
    /// The listeners of the network; their descriptors come with the message.
    Listeners,
    /// A program could not be started.
    NotStarted { member: usize, why: String },
    /// A program runs.
    Started { member: usize },
    /// A program ended.
    Ended { member: usize, exit: Exit },
    /// All have ended; these live on.
    Over { left: Vec<String> },
}

/// What the supervisor tells the first process.
pub(crate) mod order {
    /// Its user and group maps are written, with one user in them: go on.
    pub(crate) const GO: u8 = b'g';
    /// The same, with all users in them: the operator is root.
    pub(crate) const GO_AS_ROOT: u8 = b'r';
    /// Ask everything to end.
    pub(crate) const TERM: u8 = b't';
    /// End everything.
    pub(crate) const KILL: u8 = b'k';
}

/// The descriptors of the programs.
pub(crate) struct Streams {
    pub(crate) stdin: OwnedFd,
    pub(crate) stdout: OwnedFd,
    pub(crate) stderr: OwnedFd,
}

/// What the first process is given.
pub(crate) struct Inside<'a> {
    pub(crate) payload: &'a Payload,
    pub(crate) secrets: &'a Secrets,
    pub(crate) places: Places,
    pub(crate) streams: Streams,
    pub(crate) line: OwnedFd,
    pub(crate) pid_max: bool,
    /// Whether this process has power over all users: the operator is root. Told when it may go on.
    pub(crate) full_map: bool,
}

impl Inside<'_> {
    /// Does all of it and ends this process.
    pub(crate) fn run(mut self) -> ! {
        let code = match self.set_up() {
            Ok(started) => self.wait(started),
            Err(why) => {
                self.tell(&Told::Failed(why));
                SETUP_FAILED
            }
        };
        sys::exit_now(code)
    }

    fn tell(&self, told: &Told) {
        let text = serde_json::to_vec(told).unwrap_or_default();
        // If the supervisor is gone there is nobody to tell, and the next wait ends this process.
        let _ = rustix::net::send(&self.line, &text, SendFlags::NOSIGNAL);
    }

    fn set_up(&mut self) -> Result<BTreeMap<i32, usize>, String> {
        let mut go = [0; 1];
        match rustix::net::recv(&self.line, &mut go, RecvFlags::empty()) {
            Ok((1, _)) if go == [order::GO] => {}
            Ok((1, _)) if go == [order::GO_AS_ROOT] => self.full_map = true,
            Ok(_) | Err(_) => return Err("its supervisor is gone".into()),
        }
        if self.payload.view == View::Private && !self.payload.waived.namespaces {
            // Process 1 of a namespace that loses its supervisor ends, and everything with it.
            rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
                .map_err(|error| format!("its lifeline could not be tied: {error}"))?;
            if self.payload.has_own_network() {
                self.offer_network()?;
            }
        } else {
            rustix::process::set_child_subreaper(Some(rustix::process::getpid()))
                .map_err(|error| format!("what it leaves could not be followed: {error}"))?;
        }
        if !self.payload.waived.namespaces {
            let hosts = match self.payload.has_own_network() {
                true => self.places.hosts(),
                false => std::fs::read_to_string("/etc/hosts").unwrap_or_default(),
            };
            root::enter(self.payload, &hosts, self.pid_max)?;
        }
        // It holds the secrets of its supervisor. Programs become open to inspection again when they are executed.
        rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)
            .map_err(|error| format!("its memory could not be hidden: {error}"))?;
        let rules = match self.payload.waived.landlock {
            true => None,
            false => Some(domain::rules(self.payload)?),
        };
        let filter = filter::compile(filter::Shape {
            host_network: !self.payload.has_own_network(),
            anywhere: self.payload.connect_any,
            signals: self.payload.change || self.payload.view == View::Private,
        })?;
        self.start(rules, &filter)
    }

    fn offer_network(&self) -> Result<(), String> {
        let listeners = crate::network::listen(&self.payload.connect, &self.places)?;
        if listeners.is_empty() {
            return Ok(());
        }
        let text = serde_json::to_vec(&Told::Listeners).unwrap_or_default();
        let descriptors: Vec<BorrowedFd<'_>> = listeners.iter().map(AsFd::as_fd).collect();
        let mut space =
            vec![std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(crate::network::PEERS_MAX))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        ancillary.push(SendAncillaryMessage::ScmRights(&descriptors));
        rustix::net::sendmsg(
            &self.line,
            &[std::io::IoSlice::new(&text)],
            &mut ancillary,
            SendFlags::NOSIGNAL,
        )
        .map_err(|error| format!("its network could not be handed out: {error}"))?;
        Ok(())
    }

    /// Starts the programs, first to last, and returns which process is which.
    fn start(
        &mut self,
        mut rules: Option<landlock::RulesetCreated>,
        filter: &filter::Filter,
    ) -> Result<BTreeMap<i32, usize>, String> {
        let failed = |error: rustix::io::Errno| format!("its programs could not be joined: {error}");
        let environment = self.environment()?;
        let mut processes = BTreeMap::new();
        let mut input = self.streams.stdin.try_clone().map_err(|error| error.to_string())?;
        let last = self.payload.members.len().saturating_sub(1);
        for (index, member) in self.payload.members.iter().enumerate() {
            let arguments = self.arguments(member)?;
            let (next_input, output) = match index == last {
                true => (None, self.streams.stdout.try_clone().map_err(|error| error.to_string())?),
                false => {
                    let (read, write) =
                        rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).map_err(failed)?;
                    (Some(read), write)
                }
            };
            let (news, report) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).map_err(failed)?;
            match sys::fork(sys::Namespaces::NONE) {
                Ok(Some(pid)) => {
                    drop(report);
                    processes.insert(pid.as_raw_nonzero().get(), index);
                    let why = read_all(&news);
                    if why.is_empty() {
                        self.tell(&Told::Started { member: index });
                    } else {
                        self.tell(&Told::NotStarted { member: index, why });
                    }
                }
                Ok(None) => {
                    let streams = [input.as_fd(), output.as_fd(), self.streams.stderr.as_fd()];
                    let why =
                        self.become_program(member, &arguments, &environment, streams, rules.take(), filter);
                    let _ = rustix::io::write(&report, why.as_bytes());
                    sys::exit_now(127)
                }
                Err(error) => {
                    return Err(format!("`{}` could not be started: {error}", member.program.display()));
                }
            }
            if let Some(next_input) = next_input {
                input = next_input;
            }
        }
        // Ends of pipes that stay open here would keep the readers waiting.
        let null = rustix::fs::openat(CWD, "/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())
            .map_err(failed)?;
        self.streams.stdin = null.try_clone().map_err(|error| error.to_string())?;
        self.streams.stdout = null.try_clone().map_err(|error| error.to_string())?;
        self.streams.stderr = null;
        Ok(processes)
    }

    fn text(&self, parts: &[Part]) -> Result<CString, String> {
        let text = fill(parts, self.secrets).ok_or("a secret it needs was not handed over")?;
        CString::new(text)
            .map_err(|_| "an argument or variable holds a zero byte, which no program can be given".into())
    }

    fn arguments(&self, member: &Member) -> Result<Vec<CString>, String> {
        member.arguments.iter().map(|parts| self.text(parts)).collect()
    }

    fn environment(&self) -> Result<Vec<CString>, String> {
        let own = !self.payload.waived.namespaces;
        let mut variables: BTreeMap<&str, CString> = BTreeMap::new();
        for (name, value) in [
            ("PATH", self.payload.path.as_str()),
            ("LANG", "C.UTF-8"),
            ("TZ", "UTC"),
            ("HOME", if own { root::HOME } else { "/nonexistent" }),
            ("TMPDIR", if own { root::TEMPORARY } else { "/tmp" }),
        ] {
            variables
                .insert(name, CString::new(format!("{name}={value}")).map_err(|error| error.to_string())?);
        }
        for (name, parts) in &self.payload.environment {
            let mut whole = vec![Part::Plain(format!("{name}="))];
            whole.extend(parts.iter().cloned());
            variables.insert(name, self.text(&whole)?);
        }
        Ok(variables.into_values().collect())
    }

    /// In the child: gives everything up and becomes the program. Returns why it could not.
    fn become_program(
        &self,
        member: &Member,
        arguments: &[CString],
        environment: &[CString],
        [input, output, errors]: [BorrowedFd<'_>; 3],
        rules: Option<landlock::RulesetCreated>,
        filter: &filter::Filter,
    ) -> String {
        let steps = || -> Result<(), String> {
            let _ = rustix::process::setsid();
            if self.payload.view == View::Host || self.payload.waived.namespaces {
                // No namespace ends with its first process here. What a program starts does not inherit this.
                rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
                    .map_err(|error| format!("its lifeline could not be tied: {error}"))?;
            }
            let folder = match &self.payload.folder {
                Some(folder) => folder.clone(),
                None if self.payload.waived.namespaces => PathBuf::from("/"),
                None => PathBuf::from(root::WORK),
            };
            let joined = rustix::stdio::dup2_stdin(input)
                .and_then(|()| rustix::stdio::dup2_stdout(output))
                .and_then(|()| rustix::stdio::dup2_stderr(errors));
            joined.map_err(|error| format!("its streams could not be joined: {error}"))?;
            rustix::process::umask(Mode::from_raw_mode(0o022));
            limits::set(self.payload.change)?;
            limits::become_user(self.payload.user.as_ref(), self.full_map, self.payload.change)?;
            rustix::process::chdir(&folder).map_err(|error| {
                format!(
                    "the folder {} cannot be entered: {error}; it takes a right to read it",
                    folder.display()
                )
            })?;
            rustix::thread::set_no_new_privs(true)
                .map_err(|error| format!("privileges could not be sealed: {error}"))?;
            if let Some(rules) = rules {
                domain::enforce(rules)?;
            }
            sys::default_signals();
            filter::enforce(filter)
        };
        if let Err(why) = steps() {
            return why;
        }
        let Ok(program) = CString::new(member.program.as_os_str().as_bytes()) else {
            return "its name holds a zero byte".into();
        };
        // Everything from 3 on is closed by the exec: all of it was opened so.
        let error = sys::exec(&program, arguments, environment);
        why_not_executed(&member.program, &error)
    }

    /// Waits for the programs, and for orders. Returns the exit of this process.
    fn wait(&self, mut processes: BTreeMap<i32, usize>) -> i32 {
        let Ok(children) = sys::signals(&[libc::SIGCHLD]) else { return SETUP_FAILED };
        let private = self.payload.view == View::Private && !self.payload.waived.namespaces;
        loop {
            while let Ok(Some((pid, status))) = rustix::process::wait(WaitOptions::NOHANG) {
                if let Some(member) = processes.remove(&pid.as_raw_nonzero().get()) {
                    let exit = match (status.exit_status(), status.terminating_signal()) {
                        (Some(code), _) => Exit::Code(code),
                        (None, signal) => Exit::Signal(signal.unwrap_or_default()),
                    };
                    self.tell(&Told::Ended { member, exit });
                }
            }
            if processes.is_empty() {
                let left = if private { Vec::new() } else { self.settle() };
                self.tell(&Told::Over { left });
                return 0;
            }
            let mut polled = [PollFd::new(&self.line, PollFlags::IN), PollFd::new(&children, PollFlags::IN)];
            let _ = rustix::event::poll(&mut polled, None);
            let [line, children_event] = polled;
            if !children_event.revents().is_empty() {
                drop(sys::read_signals(&children));
            }
            if !line.revents().is_empty() {
                let mut said = [0; 1];
                match rustix::net::recv(&self.line, &mut said, RecvFlags::DONTWAIT) {
                    Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
                    Ok((1, _)) if said == [order::TERM] && private => sys::signal_all(libc::SIGTERM),
                    Ok((1, _)) if said == [order::TERM] => tree::signal(Signal::TERM),
                    // Told to kill, or the supervisor is gone.
                    Ok(_) | Err(_) => {
                        if !private {
                            tree::kill();
                        }
                        return 0;
                    }
                }
            }
        }
    }

    /// Outside a namespace: what is left lives on if it has the right to, and else ends now.
    fn settle(&self) -> Vec<String> {
        if self.payload.view == View::Host && self.payload.change {
            return tree::names();
        }
        tree::kill();
        Vec::new()
    }
}

fn why_not_executed(program: &Path, error: &std::io::Error) -> String {
    let program = program.display();
    match error.raw_os_error() {
        Some(libc::EACCES) => format!(
            "`{program}` could not be executed: {error}; it is not among the programs that this step may run, or \
             what it needs to start is not"
        ),
        Some(libc::ENOENT) => {
            format!(
                "`{program}` could not be executed: {error}; it, or the interpreter it names, is not there"
            )
        }
        Some(libc::ENOEXEC) => {
            format!("`{program}` could not be executed: it is neither a program nor begins with `#!`")
        }
        Some(libc::E2BIG) => {
            format!("`{program}` could not be executed: its arguments are too long; use standard input")
        }
        _ => format!("`{program}` could not be executed: {error}"),
    }
}

fn read_all(pipe: &OwnedFd) -> String {
    let mut text = Vec::new();
    let mut buffer = [0; 1024];
    loop {
        match rustix::io::read(pipe, &mut buffer) {
            Ok(0) => break,
            Ok(length) => text.extend_from_slice(buffer.get(..length).unwrap_or_default()),
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// Makes the line between the supervisor and the first process. Messages keep their borders.
pub(crate) fn line() -> rustix::io::Result<(OwnedFd, OwnedFd)> {
    rustix::net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
}

/// The first process, seen from the supervisor.
pub(crate) fn send_order(line: &OwnedFd, order: u8) {
    let _ = rustix::net::send(line, &[order], SendFlags::NOSIGNAL | SendFlags::DONTWAIT);
}

/// Waits until a child of this process is over.
pub(crate) fn reap(pid: Pid) {
    while let Err(rustix::io::Errno::INTR) = rustix::process::waitpid(Some(pid), WaitOptions::empty()) {}
}
