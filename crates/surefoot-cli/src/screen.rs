//! What the operator sees while a run is at work.
//!
//! Three ways: a live screen on a terminal, plain lines where nothing can be painted over, and one JSON
//! object a line for programs. What a record says to a person is written in `surefoot-view`; here it is
//! put on the screen.

use std::cell::{Cell, RefCell};
use std::io::{self, IsTerminal as _, Write as _};

use surefoot_journal::{Record, RunFolder, RunState, StateRoot, Timestamp};
use surefoot_plan::Plan;
use surefoot_sandbox::Printed;
use surefoot_view::{Lines, Screen, Size, json_line, plain, redraw, what_to_type};

use crate::command::status::around;
use crate::output;
use crate::terminal::{self, Echo};

/// Least time between two paintings that records ask for, in milliseconds; the clock asks for more.
const PAINT_MS_MIN: u64 = 50;

/// What the operator sees.
pub(crate) struct Display<'p> {
    plan: &'p Plan,
    way: Way<'p>,
    /// The run, folded from what was shown.
    state: RefCell<RunState>,
    /// How many lines of the live part are on the screen, to be painted over.
    painted: Cell<usize>,
    /// When it was painted last.
    painted_at: Cell<Timestamp>,
    /// Whether a person types just now.
    prompting: Cell<bool>,
}

/// How it is shown.
enum Way<'p> {
    /// Repainted in place.
    Live {
        screen: Box<RefCell<Screen<'p>>>,
        /// What is typed while nothing is asked would tear the screen.
        echo: Echo,
    },
    /// One line after the other.
    Plain(RefCell<Lines>),
    /// One JSON object a line on standard output; questions go to standard error.
    Json,
}

impl<'p> Display<'p> {
    /// For this command, on this terminal. The last of the records is new and is shown.
    pub(crate) fn new(json: bool, plan: &'p Plan, short: &str, records: &[Record]) -> Self {
        let is_terminal = io::stdout().is_terminal() && io::stderr().is_terminal();
        let way = match (json, is_terminal && !output::is_dumb()) {
            (true, _) => Way::Json,
            (false, true) => Way::Live {
                screen: Box::new(RefCell::new(Screen::new(plan, short, &terminal::style()))),
                echo: Echo::off(),
            },
            (false, false) => Way::Plain(RefCell::new(Lines::new())),
        };
        let display = Display {
            plan,
            way,
            state: RefCell::new(RunState::new()),
            painted: Cell::new(0),
            painted_at: Cell::default(),
            prompting: Cell::new(false),
        };
        if let Some((new, old)) = records.split_last() {
            old.iter().for_each(|record| display.take_in(record));
            display.record(new);
        }
        display
    }

    /// Shows a record.
    pub(crate) fn record(&self, record: &Record) {
        self.take_in(record);
        let state = self.state.borrow();
        match &self.way {
            Way::Live { .. } => {
                drop(state);
                // A plan may have thousands of steps, each with several records in a millisecond.
                if crate::runs::now().since(self.painted_at.get()) >= PAINT_MS_MIN {
                    self.paint();
                }
            }
            Way::Plain(lines) => {
                lines.borrow_mut().tell(self.plan, record, &state).iter().for_each(|line| output::line(line));
            }
            Way::Json => output::line(&json_line(self.plan, record, &state)),
        }
    }

    /// Takes in a record without showing it.
    fn take_in(&self, record: &Record) {
        // The loop has folded it already and would have stopped.
        let _ = self.state.borrow_mut().apply(record);
        match &self.way {
            Way::Live { screen, .. } => screen.borrow_mut().observe(record),
            Way::Plain(lines) => lines.borrow_mut().observe(record),
            Way::Json => {}
        }
    }

    /// Shows what the step at hand prints. Without a live screen it is told when the step is over.
    pub(crate) fn printed(&self, printed: &Printed) {
        if let (Way::Live { screen, .. }, Some(claim)) = (&self.way, &printed.claim) {
            screen.borrow_mut().print(&claim.step, &printed.bytes);
        }
    }

    /// Shows lines that stay, above the live part.
    pub(crate) fn say(&self, lines: &[String]) {
        self.clear();
        for line in lines {
            // Questions and comments come from outside, and a terminal obeys what it is sent.
            let line = plain(line);
            match self.way {
                Way::Json => output::complain(&line),
                Way::Live { .. } | Way::Plain(_) => output::line(&line),
            }
        }
        self.paint();
    }

    /// Shows a question that is answered here, below the live part: what is owed stays in view above it.
    pub(crate) fn question(&self, lines: &[String]) {
        self.paint();
        // It stays where it is, and the next painting begins below the answer.
        self.painted.set(0);
        self.prompting.set(true);
        self.say(lines);
    }

    /// Shows the beginning of a line that a person ends.
    pub(crate) fn prompt(&self, text: &str) {
        if let Way::Live { echo, .. } = &self.way {
            echo.back();
        }
        let mut err = io::stderr().lock();
        let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    }

    /// The person ended the line, or need not any more.
    pub(crate) fn prompted(&self) {
        if self.prompting.replace(false)
            && let Way::Live { echo, .. } = &self.way
        {
            echo.again_off();
        }
    }

    /// Whether a person is asked just now.
    pub(crate) fn is_asking(&self) -> bool {
        self.prompting.get()
    }

    /// Says what Ctrl-C does. The terminal shows `^C` where a person types, and nowhere else.
    pub(crate) fn interrupt(&self, text: &str) {
        let line = if self.is_asking() { format!(" {text}") } else { format!("^C {text}") };
        self.say(&[line]);
    }

    /// Takes the live part off the screen.
    fn clear(&self) {
        let painted = self.painted.take();
        if painted > 0 {
            output::print(&redraw(painted, &[]));
        }
    }

    /// Paints the live part anew, below all that was said. Not while a person types.
    pub(crate) fn paint(&self) {
        self.draw(true);
    }

    fn draw(&self, alive: bool) {
        let Way::Live { screen, .. } = &self.way else { return };
        if self.prompting.get() {
            return;
        }
        let (columns, lines) = terminal::size();
        // The cursor stands in the line below.
        let size = Size { columns: columns.into(), lines: usize::from(lines).saturating_sub(1) };
        let now = crate::runs::now();
        self.painted_at.set(now);
        let lines = screen.borrow().draw(&self.state.borrow(), now, size, alive);
        let before = self.painted.replace(lines.len());
        output::print(&redraw(before, &lines));
    }

    /// Says how the run stands, and what to type next.
    pub(crate) fn conclude(&self, root: &StateRoot, folder: &RunFolder) {
        self.prompted();
        if let Way::Json = self.way {
            return;
        }
        self.draw(false);
        self.painted.set(0);
        let mut around = around(root, folder);
        // It is this process, and it is about to end.
        around.at_work = None;
        for (command, what) in what_to_type(self.plan, &self.state.borrow(), &around) {
            output::line(&format!("  {command}   {what}"));
        }
    }
}
