//! Branches that are done at the same time.

use surefoot_plan::{Node, Parallel, StepId};
use surefoot_syntax::ast::{self, Member};

use super::Lowering;
use super::member::step_names;
use crate::report::error;

impl<'a> Lowering<'a> {
    /// Understands `parallel { … }`. What may not stand in a branch, and what branches may not do to each other, the
    /// verifier says.
    pub(super) fn parallel(&mut self, written: &'a ast::Parallel) -> Option<Node> {
        self.parallels += 1;
        let id = StepId(format!("parallel[{}]", self.parallels));
        self.origins.nodes.insert(id.clone(), written.head);
        let mut branches = Vec::with_capacity(written.branches.len());
        let mut found = Vec::new();
        let outer = std::mem::take(&mut self.beside);
        for branch in &written.branches {
            branches.push(self.branch(branch));
            // What a branch finds the others do not know: nobody can tell which is first.
            for name in step_names(branch) {
                // What a call gives has the name of the call before it.
                let of_call = format!("{name}.");
                let own = |key: &String| key == name || key.starts_with(&of_call);
                found.extend(self.scopes.outputs.extract_if(.., |key, _| own(key)));
                self.beside.push(name);
            }
        }
        self.scopes.outputs.extend(found);
        self.beside = outer;
        branches.retain(|branch| !branch.is_empty());
        if written.branches.len() < 2 {
            self.report(
                error("SF0343", written.head, "nothing is done at the same time here: `parallel` needs two branches")
                    .help("each step, choice, loop or `{ … }` directly in the block is a branch; write what follows each other without `parallel`"),
            );
            return None;
        }
        if branches.len() < 2 {
            return None;
        }
        Some(Node::Parallel(Box::new(Parallel { id, branches })))
    }

    fn branch(&mut self, members: &'a [Member]) -> Vec<Node> {
        self.scopes.open();
        let nodes = self.nodes(members, false);
        self.scopes.close();
        nodes
    }
}
