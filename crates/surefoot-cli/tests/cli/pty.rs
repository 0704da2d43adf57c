//! A person at a terminal: the command on a pseudo-terminal, what is seen of it, and what is typed.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::num::NonZero;
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::place::Place;

/// How long anything on the screen may take to show. A machine that builds beside it is slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// Rows and columns: more than these tests print, so that nothing leaves the screen at its top.
const ROWS: NonZero<u16> = NonZero::new(80).unwrap();
const COLUMNS: NonZero<u16> = NonZero::new(110).unwrap();

/// A command on a terminal of its own; killed when dropped.
pub(crate) struct Terminal {
    child: Child,
    keyboard: File,
    printed: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    /// Every byte that was printed.
    raw: Vec<u8>,
}

impl Terminal {
    /// Starts the command in a place. These are set in its environment, beside what every terminal says.
    pub(crate) fn start(place: &Place, arguments: &[&str], settings: &[(&str, &str)]) -> Terminal {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let size = Winsize { ws_row: ROWS.get(), ws_col: COLUMNS.get(), ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&master, size).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let end = || {
            let flags = OFlags::NOCTTY.bits().try_into().unwrap();
            OpenOptions::new().read(true).write(true).custom_flags(flags).open(&name).unwrap()
        };
        // Ctrl-C reaches whom the terminal belongs to: `setsid` gives it to the command.
        let child = Command::new("setsid")
            .arg("--ctty")
            .arg(env!("CARGO_BIN_EXE_surefoot"))
            .args(arguments)
            .current_dir(place.path())
            .env_remove("XDG_STATE_HOME")
            .env_remove("NO_COLOR")
            .env("SUREFOOT_STATE", place.state())
            .env("TERM", "xterm-256color")
            .env("LC_ALL", "C.UTF-8")
            .envs(settings.iter().copied())
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .expect("`setsid` of util-linux starts the command");
        let keyboard = File::from(master);
        let printed = read(keyboard.try_clone().unwrap());
        Terminal { child, keyboard, printed, screen: vt100::Parser::new(ROWS, COLUMNS, 0), raw: Vec::new() }
    }

    /// What is on the screen now.
    pub(crate) fn shown(&self) -> String {
        self.screen.screen().contents()
    }

    /// Every byte that was printed so far.
    pub(crate) fn raw(&self) -> String {
        String::from_utf8_lossy(&self.raw).into_owned()
    }

    /// Waits until this is on the screen.
    #[track_caller]
    pub(crate) fn sees(&mut self, text: &str) {
        self.sees_line(&[text]);
    }

    /// Waits until one line of the screen has all of these, and returns it.
    #[track_caller]
    pub(crate) fn sees_line(&mut self, words: &[&str]) -> String {
        self.sees_other_line(words, "")
    }

    /// Waits until one line of the screen has all of these and is not this one, and returns it.
    #[track_caller]
    pub(crate) fn sees_other_line(&mut self, words: &[&str], than: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let shown = self.shown();
            let fits = |line: &&str| *line != than && words.iter().all(|word| line.contains(word));
            if let Some(line) = shown.lines().find(fits) {
                return line.to_owned();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(bytes) = self.printed.recv_timeout(left) else {
                panic!("waited in vain for a line with {words:?}; on the screen:\n{shown}");
            };
            self.take_in(&bytes);
        }
    }

    /// Types a line.
    pub(crate) fn types(&mut self, line: &str) {
        self.keyboard.write_all(format!("{line}\r").as_bytes()).unwrap();
    }

    /// Presses Ctrl-C.
    pub(crate) fn interrupts(&mut self) {
        self.keyboard.write_all(&[3]).unwrap();
    }

    /// Waits until the command has ended, with this code.
    #[track_caller]
    pub(crate) fn ends(&mut self, code: i32) {
        let deadline = Instant::now() + PATIENCE;
        while let Ok(bytes) = self.printed.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            self.take_in(&bytes);
        }
        assert!(Instant::now() < deadline, "it does not end; on the screen:\n{}", self.shown());
        assert_eq!(self.child.wait().unwrap().code(), Some(code), "on the screen:\n{}", self.shown());
    }

    fn take_in(&mut self, bytes: &[u8]) {
        self.raw.extend_from_slice(bytes);
        self.screen.process(bytes);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Hands on what is printed, until nobody has the terminal any more.
fn read(mut terminal: File) -> Receiver<Vec<u8>> {
    let (sender, printed) = channel();
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = terminal.read(&mut buffer) {
            if sender.send(buffer.get(..count).unwrap_or_default().to_vec()).is_err() {
                break;
            }
        }
    });
    printed
}
