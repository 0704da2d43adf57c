//! What the operator sees while a run is at work.
//!
//! Three ways: a live screen on a terminal, plain lines without one, and one JSON record a line for
//! programs. What a record says to a person is written in `surefoot-view`; here it is put on the screen.

use std::cell::RefCell;
use std::io::{self, IsTerminal as _, Write as _};

use surefoot_journal::Record;

use crate::output;

/// Clears from the cursor to the end of the screen.
const CLEAR_BELOW: &str = "\x1b[J";

/// What the operator sees.
pub(crate) struct Display {
    way: Way,
    inner: RefCell<Inner>,
}

/// How it is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Way {
    /// Repainted in place.
    Live,
    /// One line after the other.
    Plain,
    /// One JSON record a line on standard output; questions go to standard error.
    Json,
}

#[derive(Default)]
struct Inner {
    /// How many lines of the live part are on the screen, to be painted over.
    painted: usize,
    /// Whether the last line was left open by a prompt.
    prompting: bool,
}

impl Display {
    /// For this command, on this terminal.
    pub(crate) fn new(json: bool) -> Self {
        let way = match (json, io::stdout().is_terminal() && io::stderr().is_terminal()) {
            (true, _) => Way::Json,
            (false, true) => Way::Live,
            (false, false) => Way::Plain,
        };
        Display { way, inner: RefCell::new(Inner::default()) }
    }

    /// Shows a record.
    pub(crate) fn record(&self, record: &Record) {
        if self.way == Way::Json {
            output::line(&json(record));
        }
    }

    /// Shows lines that stay, above the live part.
    pub(crate) fn say(&self, lines: &[String]) {
        self.clear();
        for line in lines {
            match self.way {
                Way::Json => output::complain(line),
                Way::Live | Way::Plain => output::line(line),
            }
        }
    }

    /// Shows the beginning of a line that a person ends.
    pub(crate) fn prompt(&self, text: &str) {
        self.clear();
        self.inner.borrow_mut().prompting = true;
        let mut err = io::stderr().lock();
        let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    }

    /// The person ended the line.
    pub(crate) fn prompted(&self) {
        self.inner.borrow_mut().prompting = false;
    }

    /// Takes the live part off the screen.
    pub(crate) fn clear(&self) {
        let mut inner = self.inner.borrow_mut();
        if self.way == Way::Live && inner.painted > 0 {
            output::print(&format!("\x1b[{}A\r{CLEAR_BELOW}", inner.painted));
            inner.painted = 0;
        }
    }

    /// Paints the live part anew, below all that was said. Not while a person types.
    pub(crate) fn paint(&self, lines: &[String]) {
        if self.way != Way::Live || self.inner.borrow().prompting {
            return;
        }
        let mut text = String::new();
        let mut inner = self.inner.borrow_mut();
        if inner.painted > 0 {
            text.push_str(&format!("\x1b[{}A\r", inner.painted));
        }
        for line in lines {
            text.push_str(line);
            // What a longer line left behind on this row.
            text.push_str("\x1b[K\n");
        }
        text.push_str(CLEAR_BELOW);
        inner.painted = lines.len();
        output::print(&text);
    }
}

/// A record as a program reads it, on one line.
pub(crate) fn json(record: &Record) -> String {
    let Record { seq, time, event, prev: _, hash } = record;
    serde_json::json!({ "seq": seq, "time": time, "event": event, "hash": hash.to_string() }).to_string()
}
