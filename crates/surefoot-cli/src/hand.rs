//! What happens beside the loop: the operator's hand on it, the screen, and letters that say stop.

use std::cell::Cell;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use surefoot_executor::{Halt, Signal};
use surefoot_journal::{Identity, RunFolder, Says};
use surefoot_sandbox::Printed;
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, interval};

use crate::screen::Display;

/// Between two paintings of the live screen.
const PAINT_EVERY_MS: u64 = 200;

/// Between two looks for somebody who asks the run to stop.
const INBOX_EVERY_MS: u64 = 500;

/// The hardest stop: kill what runs.
const LEVEL_MAX: u8 = 3;

/// How often, and how hard, a run was asked to stop. Questions that are open are given up by it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Stop {
    /// How often.
    pub(crate) times: u32,
    /// How hard: 1 finish what runs, 2 ask it to end, 3 kill it.
    pub(crate) level: u8,
}

/// What the operator said by signals.
pub(crate) struct Said {
    signals: mpsc::UnboundedSender<Signal>,
    stop: watch::Sender<Stop>,
    operator: Identity,
    /// Whether the process was told to end by somebody else than the person at the terminal.
    alone: Cell<bool>,
}

impl Said {
    /// After a decision, the next Ctrl-C is a first one again.
    pub(crate) fn begin_anew(&self) {
        self.stop.send_modify(|stop| stop.level = 0);
    }

    /// Whether nobody is there to be asked any more.
    pub(crate) fn is_alone(&self) -> bool {
        self.alone.get()
    }

    /// Asks the run to stop, at least this hard.
    fn stop(&self, level: u8, by: Option<&Identity>, why: &str) {
        let level = self.harder(level);
        // The loop is over if nobody hears it.
        let _ = self.signals.send(Signal::Cancel { level, by: by.cloned(), why: why.to_owned() });
    }

    /// Ends the questions that are open, and says how hard the run is asked to stop by now.
    fn harder(&self, level: u8) -> u8 {
        self.stop.send_modify(|stop| {
            stop.times += 1;
            stop.level = stop.level.max(level).min(LEVEL_MAX);
        });
        self.stop.borrow().level
    }
}

/// The hand on a run.
pub(crate) struct Hand {
    said: Rc<Said>,
    interrupt: Stream,
    terminate: Stream,
    hangup: Stream,
}

impl Hand {
    /// From now on signals ask, and do not end the process.
    pub(crate) fn new(signals: mpsc::UnboundedSender<Signal>, operator: Identity) -> io::Result<Hand> {
        let (stop, _) = watch::channel(Stop::default());
        Ok(Hand {
            said: Rc::new(Said { signals, stop, operator, alone: Cell::new(false) }),
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// What was said so far.
    pub(crate) fn said(&self) -> Rc<Said> {
        self.said.clone()
    }

    /// Tells when the run is asked to stop.
    pub(crate) fn stopping(&self) -> watch::Receiver<Stop> {
        self.said.stop.subscribe()
    }

    /// Lets the loop run, and sees to everything else until it is over.
    pub(crate) async fn attend(
        &mut self,
        driving: impl Future<Output = Result<(), Halt>>,
        folder: &RunFolder,
        display: &Display<'_>,
        printed: &mut mpsc::UnboundedReceiver<Printed>,
    ) -> Result<(), Halt> {
        let mut driving = pin!(driving);
        let mut paint = interval(Duration::from_millis(PAINT_EVERY_MS));
        paint.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut look = interval(Duration::from_millis(INBOX_EVERY_MS));
        look.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                over = &mut driving => return over,
                Some(()) = self.interrupt.recv() => self.interrupted(display),
                Some(()) = self.terminate.recv() => self.told_to_end(),
                Some(()) = self.hangup.recv() => self.hung_up(),
                Some(printed) = printed.recv() => display.printed(&printed),
                _ = paint.tick() => display.paint(),
                _ = look.tick() => self.look_for_cancels(folder, display),
            }
        }
    }

    /// Ctrl-C: each time harder.
    fn interrupted(&self, display: &Display<'_>) {
        let level = self.said.stop.borrow().level + 1;
        let text = match level {
            _ if display.is_asking() => "The question stays open.",
            1 => "Stopping once what runs is over. Ctrl-C again asks it to end.",
            2 => "What runs is asked to end. Ctrl-C again kills it.",
            _ => "What runs is killed.",
        };
        display.interrupt(text);
        self.said.stop(level, Some(&self.said.operator), "");
    }

    /// The machine shuts down, or somebody ends the process: perhaps nobody can be asked.
    fn told_to_end(&self) {
        self.said.alone.set(true);
        self.said.stop(1, None, "a signal to end came (SIGTERM)");
    }

    /// The terminal was closed: nobody asked to stop, and the run waits until its operator is back.
    fn hung_up(&self) {
        self.said.harder(1);
        // The loop is over if nobody hears it.
        let _ = self.said.signals.send(Signal::HungUp);
    }

    /// Takes letters that ask the run to stop.
    fn look_for_cancels(&self, folder: &RunFolder, display: &Display<'_>) {
        let Ok((letters, rejected)) = folder.inbox().letters() else { return };
        for why in rejected {
            display.say(&[format!("  note: {why}")]);
        }
        for received in letters {
            let Says::Cancel { level, reason } = received.letter.says.clone() else { continue };
            let from = received.from.clone();
            let _ = received.discard();
            // Whoever could stop the process may stop the run: its operator, and root.
            if from.uid != self.said.operator.uid && from.uid != 0 {
                display.say(&[format!(
                    "  note: not counted: {} asked to stop, and does not run this.",
                    from.user
                )]);
                continue;
            }
            let why = if reason.is_empty() { String::new() } else { format!(": {reason}") };
            display.say(&[format!("  {} asks to stop{why}", from.user)]);
            self.said.stop(level, Some(&from), &reason);
        }
    }
}
