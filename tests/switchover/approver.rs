//! The second person: waits until a run asks, and answers from a terminal of their own.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::site::{Ran, Site, User, finish};

/// Between two looks into the journal.
const POLL: Duration = Duration::from_millis(50);

/// What the second person says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Says {
    Yes,
    No,
}

/// A second person at work; stops when dropped.
pub(crate) struct Approver {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Vec<Ran>>>,
}

impl Approver {
    /// Answers every question of the runs kept there, until dropped.
    pub(crate) fn of(site: &Site, state: &str, who: User, says: Says) -> Approver {
        let stop = Arc::new(AtomicBool::new(false));
        let folder = site.state(state);
        let command = ApproveCommand { program: site.path("surefoot"), state: folder.clone(), who, says };
        let thread = thread::spawn({
            let stop = Arc::clone(&stop);
            move || {
                let mut ran = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    if let Some(run) = asking(&folder) {
                        ran.push(command.run(&run));
                    }
                    thread::sleep(POLL);
                }
                ran
            }
        });
        Approver { stop, thread: Some(thread) }
    }

    /// Stops, and says how each answer was taken.
    pub(crate) fn finish(mut self) -> Vec<Ran> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().map(|thread| thread.join().expect("the approver's thread")).unwrap_or_default()
    }
}

impl Drop for Approver {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

struct ApproveCommand {
    program: PathBuf,
    state: PathBuf,
    who: User,
    says: Says,
}

impl ApproveCommand {
    fn run(&self, run: &Path) -> Ran {
        use std::os::unix::process::CommandExt as _;
        let mut command = std::process::Command::new(&self.program);
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("SUREFOOT_STATE", &self.state)
            .uid(self.who.uid)
            .gid(self.who.gid);
        command.arg("approve").arg(run).arg("promote").stdin(std::process::Stdio::null());
        if self.says == Says::No {
            command.arg("--no");
        }
        finish(command)
    }
}

/// The run kept there, if it waits for a second person by its journal.
fn asking(state: &Path) -> Option<PathBuf> {
    let run = fs::read_dir(state.join("runs")).ok()?.find_map(|entry| Some(entry.ok()?.path()))?;
    let journal = fs::read_to_string(run.join("journal.jsonl")).ok()?;
    let asked = journal.rfind("\"approval_asked\"")?;
    let answered = journal.rfind("\"approval_answered\"");
    (answered < Some(asked) && !journal.contains("\"ended\"")).then_some(run)
}
