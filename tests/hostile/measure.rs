//! How much memory something held at most, and how long it worked: the time of its own thread, which no load of the
//! machine makes longer.

#![expect(clippy::print_stderr, reason = "what hangs is named before the test is stopped")]

use std::fmt;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use peak_alloc::PeakAlloc;
use rustix::time::{ClockId, clock_gettime};

/// Counts what the process holds.
#[global_allocator]
static HELD: PeakAlloc = PeakAlloc;

/// One at a time: the counters are those of the process.
static ONE: Mutex<()> = Mutex::new(());

/// What never ends is stopped, and named.
const HANG_MAX: Duration = Duration::from_secs(120);

/// What something took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Measured {
    /// Most bytes that it held at once, and the length of the input for which that is so.
    held: (usize, usize),
    /// How long it worked, and the same.
    worked: (Duration, usize),
}

/// What something may take: so much for each byte of its input, and so much whatever it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Bytes held for each byte.
    pub(crate) held_each: usize,
    /// Bytes held for none.
    pub(crate) held_bytes: usize,
    /// Work for each byte.
    pub(crate) worked_each: Duration,
    /// Work for none.
    pub(crate) worked: Duration,
}

impl Limits {
    /// Why what was taken is too much; none if it is not.
    pub(crate) fn broken(&self, took: &Measured) -> Option<String> {
        let ((held, length), (worked, _)) = (took.held, took.worked);
        let held_max = length * self.held_each + self.held_bytes;
        if held > held_max {
            return Some(format!("it held {held} bytes, and may hold {held_max} for {length}"));
        }
        let worked_max = self.worked_each * u32::try_from(length).unwrap_or(u32::MAX) + self.worked;
        (worked > worked_max)
            .then(|| format!("it worked for {worked:?}, and may work for {worked_max:?} for {length} bytes"))
    }
}

impl Measured {
    /// Keeps the worst of both.
    pub(crate) fn worst(&mut self, other: &Measured) {
        self.held = self.held.max(other.held);
        self.worked = self.worked.max(other.worked);
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((held, of), (worked, long)) = (self.held, self.worked);
        write!(f, "{held} bytes held (for {of}) and {worked:?} worked (for {long})")
    }
}

/// How long this thread worked until now.
fn worked() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(now.tv_sec).unwrap_or(0), u32::try_from(now.tv_nsec).unwrap_or(0))
}

/// Does something and measures it. What does not end stops the test, with its name.
pub(crate) fn measured(what: &str, seed: u64, length: usize, act: impl FnOnce()) -> Measured {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (done, waits) = mpsc::channel::<()>();
    let name = format!("{what}, seed {seed}: it hangs");
    let watch = thread::spawn(move || {
        if waits.recv_timeout(HANG_MAX) == Err(RecvTimeoutError::Timeout) {
            eprintln!("{name}");
            std::process::abort();
        }
    });
    HELD.reset_peak_usage();
    let (before, began) = (HELD.current_usage(), worked());
    act();
    let took = worked().saturating_sub(began);
    let held = HELD.peak_usage().saturating_sub(before);
    drop(done);
    let _ = watch.join();
    Measured { held: (held, length), worked: (took, length) }
}
