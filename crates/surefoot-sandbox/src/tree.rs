//! The processes below this one, where no pid namespace holds them together.
//!
//! Works because this process is the subreaper of what it starts: whoever loses its parent becomes its child.

#![expect(clippy::disallowed_methods, reason = "looks at processes")]

use std::collections::{BTreeMap, BTreeSet};

use rustix::process::{Pid, Signal, WaitOptions};

/// Times all processes are killed before giving up: one that forks faster than it can be killed is bound by
/// its limits after a few.
const ROUNDS_MAX: usize = 200;

/// Processes named in a report.
const NAMES_MAX: usize = 20;

/// Sends a signal to all of them.
pub(crate) fn signal(signal: Signal) {
    for pid in below() {
        if let Some(pid) = Pid::from_raw(pid) {
            let _ = rustix::process::kill_process(pid, signal);
        }
    }
}

/// Kills all of them, and reaps them.
pub(crate) fn kill() {
    for _ in 0..ROUNDS_MAX {
        signal(Signal::KILL);
        while let Ok(Some(_)) = rustix::process::wait(WaitOptions::NOHANG) {}
        if below().is_empty() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}

/// The processes that would live on, as "postgres (pid 4711)"; a process whose parent is one of them is
/// its parent's matter.
pub(crate) fn names() -> Vec<String> {
    let own = i32::try_from(std::process::id()).unwrap_or_default();
    let all = all();
    let mut names: Vec<String> = all
        .iter()
        .filter(|(_, process)| process.parent == own && !process.over)
        .map(|(pid, process)| format!("{} (pid {pid})", process.name))
        .collect();
    if names.len() > NAMES_MAX {
        let more = names.len() - NAMES_MAX;
        names.truncate(NAMES_MAX);
        names.push(format!("and {more} more"));
    }
    names
}

struct Process {
    parent: i32,
    name: String,
    over: bool,
}

fn below() -> BTreeSet<i32> {
    let all = all();
    let mut found = BTreeSet::from([i32::try_from(std::process::id()).unwrap_or_default()]);
    loop {
        let before = found.len();
        found.extend(
            all.iter()
                .filter(|(_, process)| found.contains(&process.parent))
                .map(|(pid, _)| *pid)
                .collect::<Vec<_>>(),
        );
        if found.len() == before {
            break;
        }
    }
    found.remove(&i32::try_from(std::process::id()).unwrap_or_default());
    found.retain(|pid| all.get(pid).is_some_and(|process| !process.over));
    found
}

fn all() -> BTreeMap<i32, Process> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return BTreeMap::new() };
    entries
        .filter_map(|entry| {
            let pid: i32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            let (front, rest) = stat.rsplit_once(')')?;
            let (_, name) = front.split_once('(')?;
            let mut fields = rest.split_whitespace();
            let state = fields.next()?;
            let parent = fields.next()?.parse().ok()?;
            Some((pid, Process { parent, name: name.to_owned(), over: state == "Z" || state == "X" }))
        })
        .collect()
}
