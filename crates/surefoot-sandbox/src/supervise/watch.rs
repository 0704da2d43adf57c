//! Watches over the programs of one job: their output, their time, and whoever asks them to stop.

use std::io::IoSliceMut;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::OFlags;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags};
use rustix::process::{Pid, Signal};
use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags};
use surefoot_journal::Exit;

use super::{Supervisor, now_ms, packet};
use crate::broker::{self, Counts};
use crate::capture::Capture;
use crate::ending::{Ending, MemberEnding};
use crate::inside::{self, MESSAGE_MAX, Told, order};
use crate::network::PEERS_MAX;
use crate::policy::{Payload, View};
use crate::sys;

/// Bytes read at a time.
const READ_MAX: usize = 64 << 10;

/// How long output is still read when all programs are over and something still holds it.
const DRAIN_MS: u64 = 1000;

/// How long nothing may come before that ends.
const SILENCE: Duration = Duration::from_millis(50);

pub(super) struct Watch<'a> {
    supervisor: &'a Supervisor,
    payload: &'a Payload,
    first: Pid,
    line: OwnedFd,
    counts: &'a Counts,
    ending: Ending,
    started: bool,
    over: bool,
    stopping: bool,
}

impl<'a> Watch<'a> {
    pub(super) fn new(
        supervisor: &'a Supervisor,
        payload: &'a Payload,
        first: Pid,
        line: OwnedFd,
        counts: &'a Counts,
    ) -> Watch<'a> {
        let members = payload
            .members
            .iter()
            .map(|member| MemberEnding {
                program: member.program.file_name().unwrap_or_default().to_string_lossy().into_owned(),
                exit: None,
                failure: None,
            })
            .collect();
        let ending = Ending { members, ..Ending::default() };
        Watch {
            supervisor,
            payload,
            first,
            line,
            counts,
            ending,
            started: false,
            over: false,
            stopping: false,
        }
    }

    /// Watches until everything is over. An error says why nothing ran.
    pub(super) fn run(
        mut self,
        out: &mut Capture,
        out_read: OwnedFd,
        err: &mut Capture,
        err_read: OwnedFd,
    ) -> Result<Ending, String> {
        let timer = rustix::time::timerfd_create(TimerfdClockId::Boottime, TimerfdFlags::CLOEXEC)
            .map_err(|error| format!("its deadline could not be set: {error}"))?;
        set_timer(&timer, self.supervisor.policy.deadline_ms);
        for pipe in [&out_read, &err_read] {
            let _ = rustix::fs::fcntl_setfl(pipe, OFlags::NONBLOCK);
        }
        let (mut out_read, mut err_read) = (Some(out_read), Some(err_read));
        let mut line_open = true;
        while line_open {
            let ready = self.poll(&timer, out_read.as_ref(), err_read.as_ref());
            if ready.out && !self.read(&mut out_read, packet::OUT, out) {
                out_read = None;
            }
            if ready.err && !self.read(&mut err_read, packet::ERR, err) {
                err_read = None;
            }
            if ready.line {
                line_open = self.listen();
            }
            if ready.timer {
                self.time_is_over(&timer);
            }
            if ready.signal {
                self.take_signals(&timer);
            }
            if ready.executor_gone && self.supervisor.policy.claim.is_none() && !self.stopping {
                self.kill();
            }
        }
        inside::reap(self.first);
        // What lives on may hold the pipes for ever, and may print for ever.
        let until = now_ms() + DRAIN_MS;
        for (pipe, kind, capture) in [(&mut out_read, packet::OUT, out), (&mut err_read, packet::ERR, err)] {
            while now_ms() < until && readable(pipe.as_ref()) && self.read(pipe, kind, capture) {}
        }
        self.conclude()
    }

    fn conclude(mut self) -> Result<Ending, String> {
        if let Some(why) = self.ending.refused.take() {
            return Err(why);
        }
        let killed = if self.ending.timed_out { Exit::TimedOut } else { Exit::Signal(libc::SIGKILL) };
        for member in &mut self.ending.members {
            if member.exit.is_none() && member.failure.is_none() && (self.started || self.over) {
                member.exit = Some(killed);
            }
        }
        if !self.started {
            let failures: Vec<String> =
                self.ending.members.iter().filter_map(|member| member.failure.clone()).collect();
            if !failures.is_empty() {
                return Err(failures.join("; "));
            }
            // Nobody said that a program started, and nobody that none did: that is no proof.
            let why = match self.ending.timed_out {
                true => "its time was over while its confinement was built",
                false => "the process that builds its confinement ended without a word",
            };
            self.ending.failure = Some(why.to_owned());
            return Ok(self.ending);
        }
        if !self.over && !self.ending.timed_out && !self.ending.interrupted {
            self.ending.failure = Some("the first process of its confinement was killed".to_owned());
        }
        Ok(self.ending)
    }

    fn poll(&self, timer: &OwnedFd, out: Option<&OwnedFd>, err: Option<&OwnedFd>) -> Ready {
        let none = PollFlags::empty();
        let line = &self.line;
        // What is not watched, or is over, is replaced by one that is watched anyway, for nothing. A job under
        // a claim does not end with its executor.
        let executor = if self.supervisor.policy.claim.is_none() { &self.supervisor.line } else { line };
        let mut polled = [
            PollFd::new(&self.line, PollFlags::IN),
            PollFd::new(timer, PollFlags::IN),
            PollFd::new(&self.supervisor.signals, PollFlags::IN),
            PollFd::new(executor, none),
            PollFd::new(out.unwrap_or(line), if out.is_some() { PollFlags::IN } else { none }),
            PollFd::new(err.unwrap_or(line), if err.is_some() { PollFlags::IN } else { none }),
        ];
        while let Err(rustix::io::Errno::INTR) = rustix::event::poll(&mut polled, None) {}
        let [line, timer, signals, executor, out_event, err_event] =
            polled.map(|event| !event.revents().is_empty());
        Ready {
            line,
            timer,
            signal: signals,
            executor_gone: executor,
            out: out_event && out.is_some(),
            err: err_event && err.is_some(),
        }
    }

    /// Reads what is there. False when the stream is over.
    fn read(&self, pipe: &mut Option<OwnedFd>, kind: u8, capture: &mut Capture) -> bool {
        let Some(pipe) = pipe else { return false };
        let mut buffer = vec![0; READ_MAX];
        match rustix::io::read(&*pipe, &mut buffer) {
            Ok(0) => false,
            Ok(length) => {
                let clean = capture.push(buffer.get(..length).unwrap_or_default());
                self.supervisor.show(kind, &clean);
                true
            }
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => true,
            Err(_) => false,
        }
    }

    /// Hears what the first process says. False when it is gone.
    fn listen(&mut self) -> bool {
        let mut text = vec![0; MESSAGE_MAX];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(PEERS_MAX))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
        let received =
            rustix::net::recvmsg(&self.line, &mut [IoSliceMut::new(&mut text)], &mut ancillary, flags);
        let length = match received {
            Ok(message) if message.bytes > 0 => message.bytes,
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => return true,
            Ok(_) | Err(_) => return false,
        };
        let descriptors: Vec<OwnedFd> = ancillary
            .drain()
            .filter_map(|message| {
                if let RecvAncillaryMessage::ScmRights(descriptors) = message {
                    Some(descriptors)
                } else {
                    None
                }
            })
            .flatten()
            .collect();
        // What does not read as a message is from a first process that was taken over; it ends the job.
        let Ok(told) = serde_json::from_slice::<Told>(text.get(..length).unwrap_or_default()) else {
            return false;
        };
        match told {
            Told::Failed(why) => self.ending.refused = Some(why),
            Told::Listeners => broker::serve(descriptors, &self.payload.connect, self.counts),
            Told::NotStarted { member, why } => {
                if let Some(member) = self.ending.members.get_mut(member) {
                    member.failure = Some(why);
                }
            }
            Told::Started { .. } => self.started = true,
            Told::Ended { member, exit } => {
                if let Some(member) = self.ending.members.get_mut(member) {
                    member.exit = member.failure.is_none().then_some(exit);
                }
            }
            Told::Over { left } => {
                self.over = true;
                self.ending.left_running = left;
            }
        }
        true
    }

    fn time_is_over(&mut self, timer: &OwnedFd) {
        let mut count = [0; 8];
        let _ = rustix::io::read(timer, &mut count);
        if self.stopping {
            self.kill();
            return;
        }
        self.ending.timed_out = true;
        self.terminate(timer);
    }

    fn take_signals(&mut self, timer: &OwnedFd) {
        for number in sys::read_signals(&self.supervisor.signals) {
            // The terminal's own signals do not reach this session; if somebody sends one, it means nothing.
            if number == libc::SIGTERM {
                self.ending.interrupted = true;
                self.terminate(timer);
            } else if number == libc::SIGUSR1 {
                self.ending.interrupted = true;
                self.kill();
            }
        }
    }

    fn terminate(&mut self, timer: &OwnedFd) {
        if !self.stopping {
            self.stopping = true;
            inside::send_order(&self.line, order::TERM);
            set_timer(timer, self.supervisor.policy.grace_ms);
        }
    }

    fn kill(&mut self) {
        self.stopping = true;
        if self.payload.view == View::Private && !self.payload.waived.namespaces {
            let _ = rustix::process::kill_process(self.first, Signal::KILL);
        } else if self.started {
            inside::send_order(&self.line, order::KILL);
        } else {
            // It hears no orders while it builds.
            let _ = rustix::process::kill_process(self.first, Signal::KILL);
        }
    }
}

struct Ready {
    line: bool,
    timer: bool,
    signal: bool,
    executor_gone: bool,
    out: bool,
    err: bool,
}

fn set_timer(timer: &OwnedFd, ms: u64) {
    // Zero would switch the timer off.
    let ms = ms.max(1);
    let value = Timespec {
        tv_sec: i64::try_from(ms / 1000).unwrap_or(i64::MAX),
        tv_nsec: i64::try_from(ms % 1000).unwrap_or_default() * 1_000_000,
    };
    let interval = Timespec { tv_sec: 0, tv_nsec: 0 };
    let _ = rustix::time::timerfd_settime(
        timer,
        TimerfdTimerFlags::empty(),
        &Itimerspec { it_interval: interval, it_value: value },
    );
}

/// Whether more comes within a moment.
fn readable(pipe: Option<&OwnedFd>) -> bool {
    let Some(pipe) = pipe else { return false };
    let mut polled = [PollFd::from_borrowed_fd(pipe.as_fd(), PollFlags::IN)];
    let timeout = Timespec { tv_sec: 0, tv_nsec: i64::from(SILENCE.subsec_nanos()) };
    rustix::event::poll(&mut polled, Some(&timeout)).is_ok_and(|ready| ready > 0)
}
