//! The terminal of the operator: what is typed, and how large it is.

use std::io::{self, BufRead as _, IsTerminal as _};
use std::thread;

use rustix::termios::{self, LocalModes, OptionalActions, Termios};
use surefoot_view::Style;
use tokio::sync::{Mutex, mpsc};

/// Columns and rows when the terminal does not say.
const SIZE_DEFAULT: (u16, u16) = (80, 24);

/// Longest line that is read from a person, in bytes. A longer one is a file that was pasted by mistake.
const LINE_BYTES_MAX: usize = 64 << 10;

/// Lines typed by the operator.
///
/// One thread reads for as long as the process lives: a read of a terminal cannot be given up, and a
/// second reader would take lines that belong to another question.
pub(crate) struct Keyboard {
    lines: Mutex<Option<mpsc::UnboundedReceiver<String>>>,
    is_terminal: bool,
}

impl Keyboard {
    /// Nothing is read before something is asked.
    pub(crate) fn new() -> Self {
        Keyboard {
            lines: Mutex::new(None),
            is_terminal: io::stdin().is_terminal() && io::stderr().is_terminal(),
        }
    }

    /// Whether a person sits there.
    pub(crate) fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Forgets what was typed before the question was shown: it answers another one, or none.
    pub(crate) fn forget_typed(&self) {
        if self.is_terminal {
            let _ = termios::tcflush(io::stdin(), termios::QueueSelector::IFlush);
        }
        if let Ok(mut lines) = self.lines.try_lock()
            && let Some(lines) = lines.as_mut()
        {
            while lines.try_recv().is_ok() {}
        }
    }

    /// The next line; none when the terminal is gone. May be given up while it waits.
    pub(crate) async fn line(&self) -> Option<String> {
        let mut lines = self.lines.lock().await;
        lines.get_or_insert_with(start_reading).recv().await
    }
}

fn start_reading() -> mpsc::UnboundedReceiver<String> {
    let (sender, lines) = mpsc::unbounded_channel();
    thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            let Ok(mut line) = line else { break };
            if line.len() > LINE_BYTES_MAX {
                line.clear();
            }
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    lines
}

/// Columns and rows of the terminal on standard error.
pub(crate) fn size() -> (u16, u16) {
    match termios::tcgetwinsize(io::stderr()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => (size.ws_col, size.ws_row),
        Ok(_) | Err(_) => SIZE_DEFAULT,
    }
}

/// How text is laid out on standard output: as wide as the terminal, or for a file.
pub(crate) fn style() -> Style {
    let out = io::stdout();
    if !out.is_terminal() {
        return Style::default();
    }
    let (columns, _) = size();
    Style { width: columns.into(), ascii: !is_utf8(), colour: crate::output::use_colour(&out) }
}

/// Whether a person looks at standard output.
pub(crate) fn is_shown() -> bool {
    io::stdout().is_terminal()
}

/// Whether the terminal shows more than ASCII, as far as the locale says.
#[expect(clippy::disallowed_methods, reason = "the locale is said in the environment")]
pub(crate) fn is_utf8() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    locale.is_some_and(|locale| locale.to_ascii_lowercase().replace('-', "").contains("utf8"))
}

/// Whether the terminal shows what is typed. Given back when dropped.
pub(crate) struct Echo {
    before: Option<Termios>,
}

impl Echo {
    /// Shows it no longer, until it is given back.
    pub(crate) fn off() -> Self {
        let echo = Echo { before: termios::tcgetattr(io::stdin()).ok() };
        echo.again_off();
        echo
    }

    /// Shows what is typed, for an answer.
    pub(crate) fn back(&self) {
        if let Some(before) = &self.before {
            let _ = termios::tcsetattr(io::stdin(), OptionalActions::Now, before);
        }
    }

    /// The answer is given.
    pub(crate) fn again_off(&self) {
        if let Some(before) = &self.before {
            let mut quiet = before.clone();
            quiet.local_modes.remove(LocalModes::ECHO);
            let _ = termios::tcsetattr(io::stdin(), OptionalActions::Now, &quiet);
        }
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.back();
    }
}
