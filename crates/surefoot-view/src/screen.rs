//! A run as it is seen live at a terminal: every step, what the one at hand prints, and what is owed.
//!
//! In: the records as they come, the state they led to, what is printed, the time and the size of the
//! terminal. Out: lines that fit. Nothing is drawn here; [`redraw`] says what to send to a terminal.
//!
//! Must hold: no line is wider than the terminal, there are no more lines than it has, and the last one
//! always says what is owed.

use std::collections::{BTreeMap, VecDeque};

use surefoot_journal::{Event, Record, RunState, Standing, Timestamp};
use surefoot_plan::{Names, Plan, StepId};

use crate::progress::{Mark, Progress, Row};
use crate::say;
use crate::status;
use crate::style::{Role, Style, cut, plain, width};
use crate::tell;

/// Most lines of output that are shown below a step; the transcript has more.
const TAIL_MAX: usize = 5;

/// Longest line of output that is kept, in bytes: a terminal shows less, and a program may print a
/// gigabyte without a line break.
const TAIL_BYTES_MAX: usize = 1000;

/// Fewest lines of a terminal in which anything but the last line is shown.
const LINES_MIN: usize = 3;

/// How large a terminal is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Size {
    /// Columns.
    pub columns: usize,
    /// Lines.
    pub lines: usize,
}

/// What is seen of a run.
#[derive(Debug)]
pub struct Screen<'a> {
    /// The plan.
    plan: &'a Plan,
    /// How the run is called in commands.
    short: String,
    /// How lines are laid out; its width follows the terminal.
    style: Style,
    /// Choices and times.
    progress: Progress,
    /// What each step that is under way printed: one, or one in each branch.
    tails: BTreeMap<StepId, Tail>,
    /// Whether branches are under way.
    branches: bool,
}

/// What a step printed.
#[derive(Debug, Default)]
struct Tail {
    /// The last lines; the last may still grow.
    lines: VecDeque<String>,
    /// Whether the last of them still grows.
    growing: bool,
}

impl<'a> Screen<'a> {
    /// Shows a run of a plan. `short`: how the run is called in commands.
    pub fn new(plan: &'a Plan, short: &str, style: &Style) -> Screen<'a> {
        Screen {
            plan,
            short: short.to_owned(),
            style: *style,
            progress: Progress::default(),
            tails: BTreeMap::new(),
            branches: false,
        }
    }

    /// Takes in a record.
    pub fn observe(&mut self, record: &Record) {
        self.progress.observe(record);
        let event = &record.event;
        if let Event::Branched { .. } = event {
            self.branches = true;
        }
        if matches!(event, Event::Joined { .. } | Event::TurnedBack { .. } | Event::TurnsFailed { .. }) {
            self.branches = false;
        }
        if let Event::Intent { claim, .. } = event
            && !self.tails.contains_key(&claim.step)
        {
            if !self.branches {
                self.tails.clear();
            }
            self.tails.insert(claim.step.clone(), Tail::default());
        }
    }

    /// Takes in what a step prints, in pieces as they come.
    pub fn print(&mut self, step: &StepId, piece: &[u8]) {
        self.tails.entry(step.clone()).or_default().print(piece);
    }

    /// The lines to show now. `alive`: this process works on the run.
    pub fn draw(&self, state: &RunState, now: Timestamp, size: Size, alive: bool) -> Vec<String> {
        let style = Style { width: size.columns, ..self.style };
        let fit = |text: &str| cut(&plain(text), size.columns, &style);
        let owed = style.paint(Role::Strong, &fit(&format!("owed if you stop now: {}", owed(state))));
        if size.lines < LINES_MIN {
            return vec![owed];
        }
        let run = &self.short;
        let since = say::elapsed(now.since(self.progress.began));
        let mut lines = vec![style.paint(
            Role::Strong,
            &fit(&format!("{}  run {run}  {}  {since}", self.plan.runbook, stands(state))),
        )];
        let message = self.message(state, now);
        let mut room = size.lines - lines.len() - 1;
        let message: Vec<String> = message.iter().take(room / 2).map(|line| fit(line)).collect();
        room -= message.len();
        let rows = self.progress.rows(self.plan, state, alive);
        let tails = self.tail_lines(state, room.saturating_sub(1).min(TAIL_MAX), &fit, &style);
        lines.extend(self.row_lines(&rows, &tails, room, (state, now), &style));
        lines.extend(message.iter().map(|line| style.paint(Role::Careful, line)));
        lines.push(owed);
        lines
    }

    /// What the steps that are under way printed, as far as there is room.
    fn tail_lines(
        &self,
        state: &RunState,
        room: usize,
        fit: &impl Fn(&str) -> String,
        style: &Style,
    ) -> BTreeMap<&StepId, Vec<String>> {
        let is_shown = |step: &StepId| {
            let moves = matches!(state.standing(), Standing::Going);
            state.step(step).is_some_and(|step| step.running().is_some() || !moves)
        };
        let shown: Vec<_> =
            self.tails.iter().filter(|(step, tail)| is_shown(step) && !tail.lines.is_empty()).collect();
        let room = room / shown.len().max(1);
        let bar = style.sign("│", "|");
        let lines = |tail: &Tail| {
            let skip = tail.lines.len().saturating_sub(room);
            let lines = tail.lines.iter().skip(skip);
            lines.map(|line| fit(&format!("      {bar} {}", line.replace('\t', "    ")))).collect()
        };
        shown.into_iter().map(|(step, tail)| (step, lines(tail))).collect()
    }

    /// As many rows as fit, with those around the one at hand, and what was printed last below its step.
    fn row_lines(
        &self,
        rows: &[Row],
        tails: &BTreeMap<&StepId, Vec<String>>,
        room: usize,
        (state, now): (&RunState, Timestamp),
        style: &Style,
    ) -> Vec<String> {
        let at_hand = rows
            .iter()
            .rposition(|row| row.mark == Mark::Current)
            .or_else(|| rows.iter().rposition(|row| matches!(row.mark, Mark::Failed | Mark::Unknown)))
            .unwrap_or(0);
        let room = room.saturating_sub(tails.values().map(Vec::len).sum()).max(1);
        let (first, last) = window(rows.len(), at_hand, room);
        let wide = |of: &dyn Fn(&Row) -> usize| rows.iter().map(of).max().unwrap_or(0);
        let number = wide(&|row| row.number.len());
        let word = wide(&|row| width(row.word));
        let name = wide(&|row| if row.is_step { width(&plain(&row.id.0)) } else { 0 }).min(24);
        let mut lines = Vec::new();
        let more = |count: usize, where_: &str| {
            style.paint(
                Role::Faint,
                &cut(&format!("{:number$} ... {count} more {where_}", ""), style.width, style),
            )
        };
        if first > 0 && room > 2 {
            lines.push(more(first, "above"));
        }
        for row in rows.iter().take(last).skip(first) {
            let (sign, ascii) = row.mark.sign();
            let id = cut(&plain(if row.is_step { &row.id.0 } else { "" }), name, style);
            let id = format!("{id}{}", " ".repeat(name.saturating_sub(width(&id))));
            let seal = if row.seals { " [point of no return]" } else { "" };
            let text = format!(
                "{:>number$} {} {:<word$}  {id}  {}{seal}",
                row.number,
                style.sign(sign, ascii),
                row.word,
                plain(&row.title),
            );
            let time = self.time(row, state, now);
            let text = cut(text.trim_end(), style.width.saturating_sub(width(&time) + 2), style);
            let gap = if time.is_empty() { "" } else { "  " };
            let line = cut(&format!("{text}{gap}{time}"), style.width, style);
            lines.push(match row.mark {
                Mark::Done | Mark::Back => line,
                Mark::Current => style.paint(Role::Good, &line),
                Mark::Later | Mark::Skipped => style.paint(Role::Faint, &line),
                Mark::Failed => style.paint(Role::Bad, &line),
                Mark::Unknown => style.paint(Role::Careful, &line),
            });
            lines.extend(tails.get(&row.id).into_iter().flatten().cloned());
        }
        if last < rows.len() && room > 2 {
            lines.push(more(rows.len() - last, "below"));
        }
        lines
    }

    /// How long a part took, or takes, of the time it has.
    fn time(&self, row: &Row, state: &RunState, now: Timestamp) -> String {
        let Some((from, to)) = self.progress.span(&row.id) else { return String::new() };
        // The limit of a step is that of its statements; what comes before them has its own.
        let acts = !row.is_step || state.step(&row.id).is_some_and(|step| step.attempt > 0);
        match (row.mark, if acts { row.limit_ms } else { 0 }) {
            (Mark::Current, 0) => say::elapsed(now.since(from)),
            (Mark::Current, limit) => {
                format!("{} of {}", say::elapsed(now.since(from)), say::duration(limit))
            }
            (Mark::Done | Mark::Failed | Mark::Back | Mark::Unknown, _) => say::elapsed(to.since(from)),
            (Mark::Later | Mark::Skipped, _) => String::new(),
        }
    }

    /// What a person should know or do now.
    fn message(&self, state: &RunState, now: Timestamp) -> Vec<String> {
        let mut lines = Vec::new();
        if *state.standing() != Standing::Going {
            lines.extend(say::open_scopes(state, now).iter().map(|open| format!("still open: {open}")));
        }
        if let Some(failure) = state.failure() {
            let step = failure.step.as_ref().map_or("the run", |step| step.0.as_str());
            lines.push(format!("{step} failed: {}", failure.why));
        }
        for (step, asked) in state.asked() {
            let (run, id) = (&self.short, say::word(&step.0));
            let whose = say::whose_yes(&asked.role, asked.people, asked.missing());
            lines.push(format!("{whose} must approve: surefoot approve {run} {id}"));
            lines.extend(say::given(status::yeses(asked)));
        }
        match state.standing() {
            Standing::Held(why) => {
                let told = tell::held(&Names::found(self.plan, state.bound()), why);
                lines.push(told.text);
                lines.extend(told.evidence);
            }
            Standing::Stuck { debt, why } => {
                lines.push(format!("STUCK: the rollback of {} failed: {why}", say::debt(debt)));
            }
            Standing::Ended(ended) => lines.extend([
                format!("forward:  {}", status::how_far(state, ended.forward)),
                format!("way back: {}", say::way_back(ended)),
                format!("facts:    {}", say::facts(self.plan, ended)),
            ]),
            Standing::New | Standing::Going => {}
        }
        lines
    }
}

impl Tail {
    /// Takes in what is printed.
    fn print(&mut self, piece: &[u8]) {
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            let text = String::from_utf8_lossy(part);
            let text = text.trim_end_matches(['\n', '\r']);
            if !self.growing {
                self.lines.push_back(String::new());
            }
            if let Some(last) = self.lines.back_mut().filter(|last| last.len() < TAIL_BYTES_MAX) {
                last.extend(text.chars().take(TAIL_BYTES_MAX));
            }
            self.growing = !part.ends_with(b"\n");
            if self.lines.len() > TAIL_MAX {
                self.lines.pop_front();
            }
        }
    }
}

/// What to send to a terminal to show lines where `before` lines were shown.
pub fn redraw(before: usize, lines: &[String]) -> String {
    let mut text = String::new();
    if before > 0 {
        // Up to the first of them, at the first column.
        text.push_str(&format!("\r\u{1b}[{before}A"));
    }
    for line in lines {
        text.push_str(line);
        // What was longer before is cleared after it is written over, so that nothing flickers.
        text.push_str("\u{1b}[K\n");
    }
    text.push_str("\u{1b}[J");
    text
}

/// The rows that are shown when only `room` lines fit: around the one at hand, and so that what is left
/// out has its own lines.
fn window(rows: usize, at_hand: usize, room: usize) -> (usize, usize) {
    if rows <= room {
        return (0, rows);
    }
    // One line tells what is left out on each side, where there is room for that.
    let shown = if room > 2 { room - 2 } else { room };
    let first = at_hand.saturating_sub(shown / 2).min(rows - shown);
    match (room > 2, first, rows - first - shown) {
        (true, 0 | 1, _) => (0, room - 1),
        (true, _, 0 | 1) => (rows + 1 - room, rows),
        _ => (first, first + shown),
    }
}

/// What a run does, in a word or two.
fn stands(state: &RunState) -> &'static str {
    match (state.standing(), state.facing()) {
        (Standing::New, _) => "not begun",
        (Standing::Going, surefoot_journal::Facing::Forward) => "going forward",
        (Standing::Going, surefoot_journal::Facing::Back) => "GOING BACK",
        (Standing::Held(_), _) => "HELD",
        (Standing::Stuck { .. }, _) => "STUCK",
        (Standing::Ended(_), _) => "over",
    }
}

/// What is owed, in a line.
pub(crate) fn owed(state: &RunState) -> String {
    if let Some(step) = state.pending_seal() {
        return format!("nothing can be taken back: `{step}` has started, and is a point of no return");
    }
    let debts: Vec<&str> = state.owed().map(say::debt).collect();
    status::numbered(&debts).unwrap_or_else(|| "nothing".to_owned())
}

#[cfg(test)]
mod tests;
