//! Loops whose list the run finds, in a dry run: turn by turn where the list can be found now, else their body
//! once, in general form.

use std::collections::BTreeSet;

use surefoot_plan::{Each, QuestionId};

use super::{Verdict, Walker, What};
use crate::world::World;

impl<W: World> Walker<'_, '_, W> {
    /// Walks a loop.
    pub(super) async fn each(&mut self, each: &Each) {
        let title = format!("{} in {}", each.item, each.text);
        let mut entry = self.entry(What::For, &each.id.0, &title, Vec::new());
        let found = match self.asker().value(&each.list, None, 0).await {
            Ok(list) => each.items(list).map_err(|why| (Verdict::WouldBeRefused, why.to_string())),
            Err(why) => Err((Verdict::CannotTell, format!("its list cannot be found now: {why}"))),
        };
        match found {
            Ok(items) => {
                let keys: Vec<String> = items.iter().map(ToString::to_string).collect();
                entry.notes.push(match keys.as_slice() {
                    [] => "the list is empty now: nothing would be done".into(),
                    keys => format!("now for {}; it is found again when the run comes here", keys.join(", ")),
                });
                self.entries.push(entry);
                self.entered.insert(each.id.clone(), items.as_slice().into());
                self.program.enter(&self.entered);
                self.depth += 1;
                for item in &items {
                    self.nodes(&each.turn(item)).await;
                }
                self.depth -= 1;
            }
            Err((verdict, why)) => {
                entry.verdict = verdict;
                entry.notes.push(why.clone());
                entry.notes.push(format!("its body is walked once, for any {}", each.item));
                self.entries.push(entry);
                self.leave_out(format!("the turns of {}", each.id), why);
                self.in_general(each).await;
            }
        }
    }

    /// Walks the body for an item that is not known. Others come before it and after it: whatever their turns
    /// may change cannot be told.
    async fn in_general(&mut self, each: &Each) {
        self.blur(each);
        let (before, found) = (self.world.assumed.borrow().clone(), self.found.clone());
        self.depth += 1;
        self.nodes(&each.body).await;
        self.depth -= 1;
        self.found = found;
        // Nor is it known whether there is any turn at all.
        self.stopped = false;
        *self.world.assumed.borrow_mut() = before;
        self.blur(each);
    }

    /// Forgets what the turns of a loop may change.
    fn blur(&self, each: &Each) {
        let changes = surefoot_plan::steps_of(&each.body).flat_map(|step| step.rollback_changes());
        let questions: BTreeSet<QuestionId> = changes.map(|cell| cell.question.clone()).collect();
        let mut assumed = self.world.assumed.borrow_mut();
        // With arguments that are not known it may be any fact of its question.
        assumed.retain(|cell, _| !questions.contains(&cell.question));
        let by = questions.into_iter().map(|question| (question, each.id.clone()));
        self.world.blurred.borrow_mut().extend(by);
    }
}
