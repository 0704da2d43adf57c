//! Does the same to many things at once, on all cores, and gives the results in their order.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// The stack of a worker, in bytes: that of a first thread, so that no runbook is read here that would not be read alone.
const STACK_BYTES: usize = 8 << 20;

/// Does `work` for each number below `count`. `done` is told how many are done, as they are.
pub(crate) fn each<T: Send>(
    count: usize,
    work: impl Fn(usize) -> T + Sync,
    mut done: impl FnMut(usize),
) -> Vec<T> {
    let workers = thread::available_parallelism().map_or(1, usize::from).min(count);
    let mut results: BTreeMap<usize, T> = BTreeMap::new();
    if workers > 1 {
        let next = AtomicUsize::new(0);
        let (send, receive) = mpsc::channel();
        thread::scope(|scope| {
            for _ in 0..workers {
                let (next, work, send) = (&next, &work, send.clone());
                let worker = move || {
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        if index >= count || send.send((index, work(index))).is_err() {
                            return;
                        }
                    }
                };
                // A machine that gives no more threads is slower, and no reason to give up.
                let _ = thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, worker);
            }
            drop(send);
            for (index, result) in receive {
                results.insert(index, result);
                done(results.len());
            }
        });
    }
    let missing: Vec<usize> = (0..count).filter(|index| !results.contains_key(index)).collect();
    for index in missing {
        results.insert(index, work(index));
        done(results.len());
    }
    results.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::each;

    #[test]
    fn results_come_in_order_and_each_is_counted() {
        for count in [0, 1, 2, 500] {
            let mut counted = Vec::new();
            let results = each(count, |index| index * 2, |done| counted.push(done));
            assert_eq!(results, (0..count).map(|index| index * 2).collect::<Vec<_>>());
            assert_eq!(counted, (1..=count).collect::<Vec<_>>());
        }
    }
}
