//! Branches at work at the same time: one task polls them, and decides anew after each record.
//!
//! Must hold:
//! - a branch has one piece of work at a time, and every record is decided about before anything else goes on;
//! - what concerns the whole run waits until no branch is at work.
//!
//! Not here: which branch does what, and when all halt (`decide`).

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::ops::Bound;
use std::pin::Pin;
use std::task::Poll;

use surefoot_journal::Journal;

use super::{Driver, Halt};
use crate::decide::{Order, decide};
use crate::world::World;

/// What a branch is at.
type Work<'w> = Pin<Box<dyn Future<Output = Result<bool, Halt>> + 'w>>;

impl<W: World, J: Journal> Driver<'_, '_, '_, W, J> {
    /// Drives the branches that are under way, until something concerns the whole run.
    pub(super) async fn branches(&self) -> Result<(), Halt> {
        let shared = self.shared;
        let mut works: BTreeMap<u32, Work<'_>> = BTreeMap::new();
        let mut last = u32::MAX;
        loop {
            self.heed_all()?;
            let given = decide(self.program(), &self.state(), self.world().now());
            let of_branches: BTreeMap<u32, Order> =
                given.into_iter().filter_map(|given| Some((given.branch?, given.order))).collect();
            if of_branches.is_empty() && works.is_empty() {
                return Ok(());
            }
            let unwanted = works.keys().filter(|branch| !of_branches.contains_key(branch));
            *shared.unwanted.borrow_mut() = unwanted.copied().collect();
            let idle = of_branches.into_iter().filter(|(branch, _)| !works.contains_key(branch));
            let mut idle: Vec<(u32, Order)> = idle.collect();
            // A conclusion may change what the others do: it comes first, and alone.
            if let Some(at) = idle.iter().position(|(_, order)| matches!(order, Order::Record(_))) {
                let (_, order) = idle.swap_remove(at);
                self.carry_out(order).await?;
                continue;
            }
            for (branch, order) in idle {
                let line = Driver { shared, branch: Some(branch) };
                works.insert(branch, Box::pin(async move { line.carry_out(order).await }));
            }
            let (branch, is_over) = self.work(&mut works, last).await?;
            last = branch;
            if is_over {
                works.remove(&branch);
            }
        }
    }

    /// Lets the branches work until one of them is over with what it was at, or recorded something. Says which, and
    /// whether it is over. The one after the last comes first, so that none waits for another that is busy.
    async fn work(&self, works: &mut BTreeMap<u32, Work<'_>>, last: u32) -> Result<(u32, bool), Halt> {
        let before = self.state().count();
        poll_fn(|context| {
            let order: Vec<u32> = works
                .range((Bound::Excluded(last), Bound::Unbounded))
                .chain(works.range(..=last))
                .map(|(at, _)| *at)
                .collect();
            for branch in order {
                let Some(work) = works.get_mut(&branch) else { continue };
                match work.as_mut().poll(context) {
                    Poll::Ready(Ok(_)) => return Poll::Ready(Ok((branch, true))),
                    Poll::Ready(Err(halt)) => return Poll::Ready(Err(halt)),
                    Poll::Pending if self.state().count() != before => {
                        return Poll::Ready(Ok((branch, false)));
                    }
                    Poll::Pending => {}
                }
            }
            Poll::Pending
        })
        .await
    }
}
