//! Loops whose list the run finds: the fold puts their turns in their place.

use surefoot_plan::{StepId, Value};

use super::apply::Refused;
use super::lines::blocks_of;
use super::scope::scopes_of;
use super::{Facing, Finished, FinishedHow, RunState, Turn, Turning, duties_of};
use crate::{Debt, Timestamp};

impl RunState {
    /// A loop found its list: from now on its turns are parts of the run.
    pub(super) fn enter(&mut self, node: &StepId, items: &[Value]) -> Result<(), Refused> {
        self.idle_forward(node)?;
        let Some(each) = self.loops.get(node).cloned() else {
            return Err(format!("{node} is no loop, or has found its list already"));
        };
        let found = each.items(Value::List(items.to_vec())).map_err(|why| why.to_string())?;
        let turns = each.turns(&found);
        let (duties, loops) = duties_of(&turns);
        if let Some(twice) = duties.keys().find(|step| self.duties.contains_key(*step)) {
            return Err(format!("there is a step {twice} already"));
        }
        self.loops.remove(node);
        self.duties.extend(duties);
        self.loops.extend(loops);
        self.scopes.extend(scopes_of(&turns));
        let (blocks, places) = blocks_of(&turns);
        self.blocks.extend(blocks);
        self.places.extend(places);
        for (index, item) in found.iter().enumerate() {
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            let turn = Turn { node: node.clone(), index };
            self.turns.extend(each.names(item).into_iter().map(|(own, _)| (own, turn.clone())));
        }
        self.entered.insert(node.clone(), found.into());
        self.again = None;
        self.finished = Some(Finished { node: node.clone(), how: FinishedHow::Entered });
        Ok(())
    }
    /// A wave of a loop is next.
    pub(super) fn wave_next(
        &mut self,
        node: &StepId,
        items: &[Value],
        not_before: Timestamp,
    ) -> Result<(), Refused> {
        self.idle_forward(node)?;
        let wave = self.turns_of(node, items)?;
        if self.waves.get(node).is_some_and(|(last, _)| last.last >= wave.first) {
            return Err("this wave was next before".into());
        }
        self.waves.insert(node.clone(), (wave, not_before));
        Ok(())
    }

    /// Turns of a loop are taken back, and nothing else.
    pub(super) fn turns_failed(&mut self, node: &StepId, items: &[Value], asks: bool) -> Result<(), Refused> {
        self.forward_going()?;
        if let Some(step) = &self.pending {
            return Err(format!("it is not known whether the irreversible step {step} happened"));
        }
        let turning = Turning { asks, ..self.turns_of(node, items)? };
        let failed = self.failure.as_ref().and_then(|failure| failure.step.as_ref());
        if !failed.and_then(|step| self.turns.get(step)).is_some_and(|turn| turning.has(turn)) {
            return Err("nothing failed in these turns".into());
        }
        if self.seals.iter().filter_map(|seal| self.turns.get(seal)).any(|turn| turning.has(turn)) {
            return Err("a point of no return was passed in these turns".into());
        }
        let node = || node.clone();
        self.failed_turns.extend((turning.first..=turning.last).map(|index| Turn { node: node(), index }));
        self.turning = Some(turning);
        self.facing = Facing::Back;
        self.one_line();
        Ok(())
    }

    /// Turns of a loop are taken back: forward again, behind them.
    pub(super) fn turns_taken_back(&mut self, node: &StepId, items: &[Value]) -> Result<(), Refused> {
        self.going()?;
        let turning = self.turns_of(node, items)?;
        let asks = self.turning.as_ref().is_some_and(|now| now.asks);
        let turning = Turning { asks, ..turning };
        if self.turning.as_ref() != Some(&turning) {
            return Err("these turns are not taken back".into());
        }
        if let Some(Debt::Rollback(step)) = self.debts.last()
            && self.turns.get(step).is_some_and(|turn| turning.has(turn))
        {
            return Err(format!("the rollback of {step} is still owed"));
        }
        // What they recorded is there again: it counts as what was before no more.
        let turns = &self.turns;
        self.base.retain(|_, base| !turns.get(&base.step).is_some_and(|turn| turning.has(turn)));
        self.finished = Some(Finished { node: node.clone(), how: FinishedHow::TakenBack(turning.last) });
        self.turning = None;
        // What a person is to decide about stays.
        if !asks {
            self.failure = None;
        }
        self.facing = Facing::Forward;
        Ok(())
    }

    /// These items of a loop, which follow each other in its list.
    fn turns_of(&self, node: &StepId, items: &[Value]) -> Result<Turning, Refused> {
        let all = self.entered.get(node).map_or(&[][..], |all| all);
        let first = items.first().and_then(|item| all.iter().position(|one| one == item));
        match first {
            Some(at) if all.get(at..).is_some_and(|rest| rest.starts_with(items)) => {
                let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
                Ok(Turning {
                    node: node.clone(),
                    first: number(at),
                    last: number(at + items.len() - 1),
                    asks: false,
                })
            }
            Some(_) | None => Err(format!("these are no turns of {node}")),
        }
    }
}

impl Turning {
    /// Whether a turn is one of them.
    pub fn has(&self, turn: &Turn) -> bool {
        turn.node == self.node && (self.first..=self.last).contains(&turn.index)
    }
}
