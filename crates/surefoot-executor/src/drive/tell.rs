//! Telling channels: what a statement says, and that something is waited for and lasts.
//!
//! Must hold: nothing here fails a run; what was told of a wait, the journal says, and it is not told again.

use std::future::pending;

use surefoot_journal::{Event, Journal, NotifiedFor, Outcome, Report, Waited};
use surefoot_plan::{After, Expr, Name, StepId};

use super::{Driver, Halt};
use crate::ask::Asker;
use crate::world::{EffectRequest, World};

/// Something that is waited for, and who is still to be told that it lasts, the next first.
pub(super) struct Lasting<'a> {
    /// The step or wait.
    node: StepId,
    /// What is waited for.
    of: Waited,
    /// Who is told, each with when, by the clock that never jumps, and its place in the plan.
    rest: Vec<(u64, u32, &'a After)>,
}

impl Lasting<'_> {
    /// How long until the next is told, in milliseconds; none if nobody is.
    pub(super) fn left(&self, uptime_ms: u64) -> Option<u64> {
        self.rest.first().map(|(at, ..)| at.saturating_sub(uptime_ms))
    }

    /// Waits until the next is to be told; for ever if nobody is.
    pub(super) async fn due<W: World>(&self, world: &W) {
        match self.left(world.uptime_ms()) {
            Some(left) => world.sleep(left).await,
            None => pending().await,
        }
    }
}

impl<W: World, J: Journal> Driver<'_, '_, '_, W, J> {
    /// Begins to wait for something that has been waited for so long already. Who was told of it is left out.
    pub(super) fn lasting<'a>(
        &self,
        node: &StepId,
        of: Waited,
        after: &'a [After],
        since_ms: u64,
    ) -> Lasting<'a> {
        let (now, state) = (self.world().uptime_ms(), self.state());
        let mut rest: Vec<(u64, u32, &'a After)> = (0..)
            .zip(after)
            .filter(|(index, _)| {
                !state.is_notified(&NotifiedFor::Wait { node: node.clone(), of, index: *index })
            })
            .map(|(index, after)| (now.saturating_add(after.after_ms.saturating_sub(since_ms)), index, after))
            .collect();
        rest.sort_by_key(|(at, ..)| *at);
        Lasting { node: node.clone(), of, rest }
    }

    /// Tells all who are due, and records it.
    pub(super) async fn tell_of(&self, lasting: &mut Lasting<'_>) -> Result<(), Halt> {
        while lasting.left(self.world().uptime_ms()) == Some(0) {
            let (_, index, after) = lasting.rest.remove(0);
            let why = NotifiedFor::Wait { node: lasting.node.clone(), of: lasting.of, index };
            let event = self.told(why, &after.channel, &after.text).await;
            self.append(event)?;
        }
        Ok(())
    }

    /// Tells a channel, and returns what is to be recorded.
    pub(super) async fn told(&self, why: NotifiedFor, channel: &Name, text: &Expr) -> Event {
        let channel = channel.clone();
        let found = {
            let state = self.state();
            Asker::new(self.program(), &state, self.world()).value(text, None, 0).await
        };
        let text = match found {
            Ok(value) => value.to_string(),
            Err(failed) => {
                let failed = Some(format!("the message has no text: {failed}"));
                return Event::Notified { why, channel, text: String::new(), failed };
            }
        };
        let request = EffectRequest::Notify { channel: channel.clone(), text: text.clone() };
        let failed = match self.world().perform(request).await {
            Outcome::Performed(Report { ok: true, .. }) => None,
            Outcome::Performed(Report { why, .. })
            | Outcome::NotPerformed { why }
            | Outcome::Unknown { why, .. } => Some(why),
        };
        Event::Notified { why, channel, text, failed }
    }
}
