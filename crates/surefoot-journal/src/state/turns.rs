//! Loops whose list the run finds: the fold puts their turns in their place.

use surefoot_plan::{StepId, Value};

use super::apply::Refused;
use super::scope::scopes_of;
use super::{Finished, FinishedHow, RunState, duties_of};

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
        self.entered.insert(node.clone(), found.into());
        self.again = None;
        self.finished = Some(Finished { node: node.clone(), how: FinishedHow::Entered });
        Ok(())
    }
}
