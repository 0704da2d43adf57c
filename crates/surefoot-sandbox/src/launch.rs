//! Starts supervisors and listens to them, from the executor's side.

#![expect(clippy::disallowed_methods, reason = "starts the supervisor")]

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::event::{PollFd, PollFlags};
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType};
use rustix::process::{Pid, PidfdFlags, Signal};
use surefoot_journal::{Claim, Stream};
use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc::UnboundedSender;

use crate::claim::{self, Standing};
use crate::ending::Ending;
use crate::policy::Policy;
use crate::supervise::{Handed, SUPERVISE, packet, sealed_memory};
use crate::sys;

/// Something that a running command printed, redacted: for a terminal.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Printed {
    /// Which statement; none for a probe.
    pub claim: Option<Claim>,
    /// To which stream.
    pub stream: Stream,
    /// What.
    pub bytes: Vec<u8>,
}

/// How supervisors are started: which program, and with which first arguments.
#[derive(Clone, Debug)]
pub struct Launcher {
    /// The program.
    pub program: PathBuf,
}

impl Default for Launcher {
    /// The program that is running, also if its file was replaced since.
    fn default() -> Launcher {
        Launcher { program: PathBuf::from("/proc/self/exe") }
    }
}

/// How a supervised job went.
pub(crate) enum Launched {
    /// It ended, and printed this (a probe only).
    Ended(Ending, Vec<u8>),
    /// The supervisor said nothing more.
    Silent,
}

impl Launcher {
    /// Runs a job under a supervisor of its own. An error says why none could be started.
    pub(crate) async fn run(
        &self,
        policy: &Policy,
        handed: &Handed,
        claim: Option<&Claim>,
        live: Option<&UnboundedSender<Printed>>,
    ) -> io::Result<Launched> {
        let (mut child, line) = self.spawn(policy, handed)?;
        let mut heard = Heard::default();
        let line = sys::watched(line)?;
        while let Some(packet) = receive(&line).await {
            let Some((stream, bytes)) = heard.take(&packet) else { continue };
            if let Some(live) = live {
                // Nobody looks any more: then nobody is shown it.
                let _ = live.send(Printed { claim: claim.cloned(), stream, bytes });
            }
        }
        // Its end of the line is closed by its end, so this does not wait.
        let _ = tokio::task::spawn_blocking(move || child.wait()).await;
        Ok(heard.conclude())
    }

    /// The same, for who has nothing else to do. Hands the signals on that are read from `signals`.
    pub(crate) fn run_here(
        &self,
        policy: &Policy,
        handed: &Handed,
        signals: Option<&OwnedFd>,
    ) -> io::Result<Launched> {
        let (mut child, line) = self.spawn(policy, handed)?;
        let mut heard = Heard::default();
        let mut packet = vec![0; packet::CONTENT_MAX + 1];
        loop {
            let watched = signals.unwrap_or(&line);
            let mut polled = [PollFd::new(&line, PollFlags::IN), PollFd::new(watched, PollFlags::IN)];
            while let Err(rustix::io::Errno::INTR) = rustix::event::poll(&mut polled, None) {}
            let [line_event, signal_event] = polled.map(|event| !event.revents().is_empty());
            if let (true, Some(signals)) = (signal_event, signals) {
                for number in sys::read_signals(signals) {
                    let signal = if number == libc::SIGUSR1 { Signal::USR1 } else { Signal::TERM };
                    if number == libc::SIGUSR1 || number == libc::SIGTERM {
                        let _ = rustix::process::kill_process(Pid::from_child(&child), signal);
                    }
                }
            }
            if line_event {
                match rustix::net::recv(&line, &mut packet, RecvFlags::DONTWAIT) {
                    Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
                    Ok((0, _)) | Err(_) => break,
                    Ok((length, _)) => drop(heard.take(packet.get(..length).unwrap_or_default())),
                }
            }
        }
        let _ = child.wait();
        Ok(heard.conclude())
    }

    fn spawn(&self, policy: &Policy, handed: &Handed) -> io::Result<(Child, OwnedFd)> {
        let (ours, theirs) =
            rustix::net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        let child = Command::new(&self.program)
            .arg(SUPERVISE)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::from(sealed_memory("policy", &serde_json::to_vec(policy)?)?))
            .stdout(Stdio::from(theirs))
            .stderr(Stdio::from(sealed_memory("handed", &serde_json::to_vec(handed)?)?))
            // A Ctrl-C goes to everybody in the terminal's group. It must not end what is only beginning.
            .process_group(0)
            .spawn()?;
        Ok((child, ours))
    }
}

/// What was heard of a supervisor.
#[derive(Default)]
struct Heard {
    ending: Vec<u8>,
    kept: Vec<u8>,
}

impl Heard {
    /// Takes a packet. Gives what is to be shown of it.
    fn take(&mut self, packet: &[u8]) -> Option<(Stream, Vec<u8>)> {
        let (kind, content) = packet.split_first()?;
        match *kind {
            packet::ENDING => self.ending.extend_from_slice(content),
            packet::KEPT => self.kept.extend_from_slice(content),
            packet::OUT => return Some((Stream::Out, content.to_vec())),
            packet::ERR => return Some((Stream::Err, content.to_vec())),
            _ => {}
        }
        None
    }

    fn conclude(self) -> Launched {
        match serde_json::from_slice(&self.ending) {
            Ok(ending) => Launched::Ended(ending, self.kept),
            Err(_) => Launched::Silent,
        }
    }
}

/// The next packet; none when the supervisor is gone.
async fn receive(line: &AsyncFd<OwnedFd>) -> Option<Vec<u8>> {
    let mut packet = vec![0; packet::CONTENT_MAX + 1];
    loop {
        let mut ready = line.readable().await.ok()?;
        match rustix::net::recv(line.get_ref(), &mut packet, RecvFlags::DONTWAIT) {
            Ok((0, _)) => return None,
            Ok((length, _)) => {
                packet.truncate(length);
                return Some(packet);
            }
            Err(rustix::io::Errno::AGAIN) => ready.clear_ready(),
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return None,
        }
    }
}

/// Finds out how a claim stands, and waits while it runs.
pub(crate) async fn attach(folder: &Path) -> io::Result<Standing> {
    loop {
        let Standing::Running(pid) = claim::examine(folder)? else {
            return claim::examine(folder);
        };
        let Some(process) = open_process(pid) else { continue };
        // The number may have been given to another process before it was opened.
        if claim::examine(folder)? == Standing::Running(pid) {
            let process = sys::watched(process)?;
            let _ready = process.readable().await?;
        }
    }
}

/// Asks what runs under a claim to end: 2, or kills it: 3. False if nothing runs.
pub(crate) fn interrupt(folder: &Path, level: u8) -> io::Result<bool> {
    if !folder.exists() {
        return Ok(false);
    }
    let Standing::Running(pid) = claim::examine(folder)? else { return Ok(false) };
    let Some(process) = open_process(pid) else { return Ok(false) };
    if claim::examine(folder)? != Standing::Running(pid) {
        return Ok(false);
    }
    let signal = if level >= 3 { Signal::USR1 } else { Signal::TERM };
    match rustix::process::pidfd_send_signal(&process, signal) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::SRCH) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn open_process(pid: u32) -> Option<OwnedFd> {
    let pid = Pid::from_raw(i32::try_from(pid).ok()?)?;
    rustix::process::pidfd_open(pid, PidfdFlags::empty()).ok()
}
