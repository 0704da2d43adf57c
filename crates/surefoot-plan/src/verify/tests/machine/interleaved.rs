//! Branches that are done at the same time: every order in which their steps begin and end, stopped everywhere.

use super::*;
use crate::Parallel;

/// A run inside a block.
#[derive(Clone)]
struct Beside<'a> {
    run: Run<'a>,
    /// How many parts of each branch are over.
    over: Vec<usize>,
    /// The steps that have begun and not ended, each with its branch, in the order in which they began. What they
    /// change may be anything at any moment.
    half: Vec<(usize, Done<'a>)>,
}

impl<'a> Machine<'a> {
    /// Performs the branches of a block in every order.
    pub(super) fn parallel(&mut self, parallel: &'a Parallel, run: Run<'a>) -> Vec<Run<'a>> {
        let changed: Vec<BTreeSet<usize>> = (parallel.branches.iter())
            .map(|branch| {
                crate::steps_of(branch).flat_map(|step| self.variables(step.rollback_changes())).collect()
            })
            .collect();
        let mut rest = vec![Beside { run, over: vec![0; parallel.branches.len()], half: Vec::new() }];
        let (mut seen, mut ends) = (BTreeSet::new(), Vec::new());
        while let Some(now) = rest.pop() {
            let book = |done: &Done<'a>| (done.step.id.clone(), done.before);
            let done: Vec<_> = now.run.done.iter().map(book).collect();
            let half: Vec<_> = now.half.iter().map(|(at, done)| (*at, book(done))).collect();
            if !seen.insert((now.run.world, now.run.left.clone(), now.over.clone(), done, half)) {
                continue;
            }
            let floating: BTreeSet<usize> =
                now.half.iter().flat_map(|(_, done)| self.variables(done.step.changes())).collect();
            let worlds = assignments(&floating, now.run.world);
            for world in &worlds {
                self.check_invariants(world, || format!("{} half done", parallel.id));
                self.stop_beside(&now, *world, parallel);
            }
            if parallel.branches.iter().zip(&now.over).all(|(branch, over)| *over == branch.len()) {
                ends.push(now.run);
                continue;
            }
            for (at, branch) in parallel.branches.iter().enumerate() {
                if let Some(index) = now.half.iter().position(|(half, _)| *half == at) {
                    rest.extend(self.ends(&now, index));
                    continue;
                }
                let Some(node) = branch.get(now.over[at]) else { continue };
                let others =
                    (0..changed.len()).filter(|other| *other != at).flat_map(|other| &changed[other]);
                let others: BTreeSet<usize> = others.copied().collect();
                for world in &worlds {
                    rest.extend(self.begins(&now, at, node, *world, &others));
                }
            }
        }
        ends
    }

    /// A part of a branch begins, if it may: a step is half done then, and anything else is over.
    fn begins(
        &mut self,
        now: &Beside<'a>,
        at: usize,
        node: &'a Node,
        world: World,
        others: &BTreeSet<usize>,
    ) -> Option<Beside<'a>> {
        let mut next = now.clone();
        next.run.world = world;
        match node {
            Node::Step(step) => {
                let changes = self.variables(step.changes());
                let others = others.iter().filter(|_| self.rules.branches);
                let all = changes.iter().chain(others).copied().collect();
                if !self.guard(&Place::Step(step.id.clone()), &world, Some(&all)) {
                    return None;
                }
                // Only what it changes is brought back.
                let mut before = [0; 6];
                changes.iter().for_each(|variable| before[*variable] = world[*variable]);
                next.half.push((at, Done { step, before }));
            }
            Node::Wait(wait) => {
                if !self.guard(&Place::Wait(wait.id.clone()), &world, None) {
                    return None;
                }
                next.over[at] += 1;
            }
            Node::If { .. } | Node::Each(_) | Node::Parallel(_) | Node::Stop { .. } | Node::Assume { .. } => {
                panic!("not generated")
            }
        }
        Some(next)
    }

    /// A step ends well.
    fn ends(&mut self, now: &Beside<'a>, index: usize) -> Vec<Beside<'a>> {
        let (at, done) = &now.half[index];
        let fits =
            |world: &World| done.step.ensures.iter().all(|ensure| self.literal(&ensure.literal, world));
        let worlds = assignments(&self.variables(done.step.changes()), now.run.world);
        let after = worlds.into_iter().filter(fits).map(|world| {
            let mut next = now.clone();
            next.run.world = world;
            next.half.remove(index);
            next.over[*at] += 1;
            match done.step.way {
                Way::Rollback(_) => next.run.done.push(done.clone()),
                Way::Irreversible(_) => panic!("not generated"),
                Way::Nothing => next.run.leave(self.variables(done.step.residuals())),
            }
            next
        });
        after.collect()
    }

    /// The run stops here, with what is half done, and goes back: what began last first, or the other way round.
    fn stop_beside(&mut self, now: &Beside<'a>, world: World, parallel: &Parallel) {
        let mut orders = vec![now.half.clone()];
        if now.half.len() > 1 {
            orders.push(now.half.iter().rev().cloned().collect());
        }
        for half in orders {
            let mut run = now.run.clone();
            for (_, done) in half {
                match done.step.way {
                    Way::Rollback(_) => run.done.push(done),
                    Way::Irreversible(_) | Way::Nothing => run.leave(self.variables(done.step.residuals())),
                }
            }
            let owed = self.owed_now(&run);
            self.back(&run, &owed, None, world, &parallel.id.0);
        }
    }
}
