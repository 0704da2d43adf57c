//! What is known about the facts at a point of a plan.
//!
//! Each cell has a *name*: an unknown that is fixed. A name has knowledge: the regions in which it may be,
//! and the outcomes of tests that are known. A step that sets a cell gives it a fresh name; a probe adds to
//! the knowledge of a name, wherever it occurs. A rollback gives a cell back the name that it had.
//!
//! Every change is on a trail, so that a way back or an arm of a choice can be walked and forgotten.

use std::collections::BTreeMap;

use super::cells::{CellFacts, CellIx, Cells, Regions, Says};

/// A name of a value.
pub(super) type Name = usize;

/// Where a value, or what is known of it, comes from. For messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Origin {
    /// It is as it was at the start.
    Start,
    /// This node sets it.
    Set(usize),
    /// This node may have changed it.
    Changed(usize),
    /// The rollback of this node sets it.
    RolledBack(usize),
    /// It was probed at this node.
    Probed(usize),
    /// This node takes it for true.
    Assumed(usize),
    /// It was probed at the start of the run.
    Entry,
}

/// What is known of a name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Knowledge {
    /// The one cell that has, or had, this name.
    pub(super) cell: CellIx,
    /// Where it may be.
    pub(super) regions: Regions,
    /// Tests whose outcome is known.
    pub(super) tests: BTreeMap<u32, bool>,
    /// Where this comes from.
    pub(super) origin: Origin,
}

/// A point of the trail.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark(usize);

/// What one arm of a choice changed.
#[derive(Debug, Default)]
pub(super) struct ArmEnd {
    cells: BTreeMap<CellIx, Name>,
    knowledge: BTreeMap<Name, Knowledge>,
}

/// What was learnt of some names.
pub(super) type Learnt = Vec<(Name, Knowledge)>;

/// What is known at a point of a plan.
#[derive(Debug, Default)]
pub(super) struct Facts {
    names: Vec<Name>,
    knowledge: Vec<Knowledge>,
    trail: Vec<Change>,
}

/// A change that can be taken back.
#[derive(Debug)]
enum Change {
    Cell(CellIx, Name),
    Knowledge(Name, Knowledge),
}

impl Knowledge {
    /// Nothing is known.
    pub(super) fn nothing(cell: CellIx, all: Regions, origin: Origin) -> Knowledge {
        Knowledge { cell, regions: all, tests: BTreeMap::new(), origin }
    }

    /// Whether only one region is left.
    pub(super) fn is_single(&self) -> bool {
        self.regions.count_ones() == 1
    }

    /// Adds what a literal says.
    pub(super) fn add(&mut self, says: Says) {
        match says {
            Says::In(regions) => self.regions &= regions,
            Says::Passes(test, holds) => {
                self.tests.insert(test, holds);
            }
        }
    }

    /// What is known if it is one of the two.
    fn either(&self, other: &Knowledge, origin: Origin) -> Knowledge {
        let agreed = self.tests.iter().filter(|(test, holds)| other.tests.get(test) == Some(holds));
        Knowledge {
            cell: self.cell,
            regions: self.regions | other.regions,
            tests: agreed.map(|(test, holds)| (*test, *holds)).collect(),
            origin,
        }
    }
}

impl ArmEnd {
    /// Takes these cells as they are at the end of another arm.
    pub(super) fn with(mut self, other: &ArmEnd, cells: &std::collections::BTreeSet<CellIx>) -> ArmEnd {
        let taken = other.cells.iter().filter(|(cell, _)| cells.contains(cell));
        for (cell, name) in taken {
            self.cells.insert(*cell, *name);
        }
        self
    }

    /// What was learnt in the arm.
    pub(super) fn learnt(&self) -> Learnt {
        self.knowledge.iter().map(|(name, known)| (*name, known.clone())).collect()
    }
}

impl Facts {
    /// Nothing is known of any cell; each has a name of its own.
    pub(super) fn new(cells: &Cells) -> Facts {
        let start = |(cell, facts): (CellIx, &CellFacts)| Knowledge::nothing(cell, facts.all, Origin::Start);
        let knowledge = cells.table.iter().enumerate().map(start).collect();
        Facts { names: (0..cells.len()).collect(), knowledge, trail: Vec::new() }
    }

    /// Returns the name of a cell's value.
    pub(super) fn name(&self, cell: CellIx) -> Name {
        self.names.get(cell).copied().unwrap_or(usize::MAX)
    }

    /// Returns what is known of a name.
    pub(super) fn known(&self, name: Name) -> Option<&Knowledge> {
        self.knowledge.get(name)
    }

    /// Returns what is known of a cell.
    pub(super) fn of(&self, cell: CellIx) -> Option<&Knowledge> {
        self.known(self.name(cell))
    }

    /// Returns every cell's name.
    pub(super) fn names(&self) -> Vec<Name> {
        self.names.clone()
    }

    /// Gives a cell a name that exists.
    pub(super) fn rename(&mut self, cell: CellIx, name: Name) {
        if let Some(old) = self.names.get_mut(cell)
            && *old != name
        {
            self.trail.push(Change::Cell(cell, *old));
            *old = name;
        }
    }

    /// Gives a cell a fresh name.
    pub(super) fn set(&mut self, cell: CellIx, knowledge: Knowledge) -> Name {
        let name = self.knowledge.len();
        self.knowledge.push(knowledge);
        self.rename(cell, name);
        name
    }

    /// Forgets what a cell's value is.
    pub(super) fn havoc(&mut self, cells: &Cells, cell: CellIx, origin: Origin) {
        if let Some(facts) = cells.get(cell) {
            self.set(cell, Knowledge::nothing(cell, facts.all, origin));
        }
    }

    /// Lets a cell be what it was, or what another cell of these regions and tests is now: it may be the
    /// same one.
    pub(super) fn blur(&mut self, cell: CellIx, other: &Knowledge, origin: Origin) {
        if let Some(own) = self.of(cell) {
            let either = own.either(other, origin);
            self.set(cell, either);
        }
    }

    /// Adds to what is known of a name. Returns whether that was news.
    pub(super) fn learn(
        &mut self,
        name: Name,
        regions: Regions,
        test: Option<(u32, bool)>,
        origin: Origin,
    ) -> bool {
        let Some(known) = self.knowledge.get_mut(name) else { return false };
        let news = known.regions & regions != known.regions
            || test.is_some_and(|(test, holds)| known.tests.get(&test) != Some(&holds));
        if news {
            self.trail.push(Change::Knowledge(name, known.clone()));
            known.regions &= regions;
            known.tests.extend(test);
            known.origin = match known.origin {
                // What set a value is the better reason, even if a probe confirmed more of it.
                Origin::Set(_) | Origin::RolledBack(_) => known.origin,
                Origin::Start
                | Origin::Changed(_)
                | Origin::Probed(_)
                | Origin::Assumed(_)
                | Origin::Entry => origin,
            };
        }
        news
    }

    /// Adds what was learnt elsewhere. Returns whether it fits what is known.
    pub(super) fn learn_all(&mut self, learnt: &Learnt, origin: Origin) -> bool {
        learnt.iter().all(|(name, more)| {
            for (test, holds) in &more.tests {
                self.learn(*name, more.regions, Some((*test, *holds)), origin);
            }
            self.learn(*name, more.regions, None, origin);
            self.known(*name).is_some_and(|known| known.regions != 0)
        })
    }

    /// Remembers this point.
    pub(super) fn mark(&self) -> Mark {
        Mark(self.trail.len())
    }

    /// Returns to a point. Names that were made since stay, but nothing has them.
    pub(super) fn return_to(&mut self, mark: Mark) {
        while self.trail.len() > mark.0 {
            match self.trail.pop() {
                Some(Change::Cell(cell, name)) => {
                    if let Some(place) = self.names.get_mut(cell) {
                        *place = name;
                    }
                }
                Some(Change::Knowledge(name, knowledge)) => {
                    if let Some(place) = self.knowledge.get_mut(name) {
                        *place = knowledge;
                    }
                }
                None => return,
            }
        }
    }

    /// Returns to a point, and drops every name that was made since `names` were there. Only for a walk
    /// whose names nobody keeps.
    pub(super) fn forget_since(&mut self, mark: Mark, names: usize) {
        self.return_to(mark);
        self.knowledge.truncate(names);
    }

    /// How many names there are.
    pub(super) fn name_count(&self) -> usize {
        self.knowledge.len()
    }

    /// Takes down what changed since a point, and returns to it.
    pub(super) fn end_arm(&mut self, mark: Mark) -> ArmEnd {
        let mut end = ArmEnd::default();
        for change in self.trail.iter().skip(mark.0) {
            match change {
                Change::Cell(cell, _) => {
                    end.cells.insert(*cell, self.names.get(*cell).copied().unwrap_or(usize::MAX));
                }
                Change::Knowledge(name, _) => {
                    end.knowledge.extend(self.knowledge.get(*name).map(|known| (*name, known.clone())));
                }
            }
        }
        self.return_to(mark);
        end
    }

    /// Goes on from the ends of some arms: what they agree on is kept. Returns the cells that they do not
    /// agree on, each with the name it had before.
    pub(super) fn join(&mut self, ends: Vec<ArmEnd>, node: usize) -> Vec<(CellIx, Name)> {
        let origin = Origin::Changed(node);
        let changed: std::collections::BTreeSet<CellIx> =
            ends.iter().flat_map(|end| end.cells.keys().copied()).collect();
        let learnt: std::collections::BTreeSet<Name> =
            ends.iter().flat_map(|end| end.knowledge.keys().copied()).collect();
        // What each arm knows of the name that a cell has at its end, before the arms' knowledge is merged.
        let mut joined = Vec::new();
        let mut lost = Vec::new();
        for cell in changed {
            let before = self.name(cell);
            let names: Vec<Name> =
                ends.iter().map(|end| end.cells.get(&cell).copied().unwrap_or(before)).collect();
            if names.windows(2).all(|pair| pair.first() == pair.last()) {
                joined.extend(names.first().map(|name| (cell, Err(*name))));
                continue;
            }
            let known = ends
                .iter()
                .zip(&names)
                .filter_map(|(end, name)| end.knowledge.get(name).or(self.known(*name)));
            if let Some(either) = known.cloned().reduce(|all, one| all.either(&one, origin)) {
                joined.push((cell, Ok(either)));
                lost.push((cell, before));
            }
        }
        for name in learnt {
            let known = ends.iter().filter_map(|end| end.knowledge.get(&name).or(self.known(name)));
            let either = known.cloned().reduce(|all, one| {
                let origin = if all.origin == one.origin { all.origin } else { origin };
                all.either(&one, origin)
            });
            if let Some(either) = either
                && let Some(place) = self.knowledge.get_mut(name)
                && *place != either
            {
                self.trail.push(Change::Knowledge(name, std::mem::replace(place, either)));
            }
        }
        for (cell, value) in joined {
            match value {
                Ok(knowledge) => {
                    self.set(cell, knowledge);
                }
                Err(name) => self.rename(cell, name),
            }
        }
        lost
    }

    /// Goes on from the end of a branch: what it learnt is so, and these cells are what it made of them.
    pub(super) fn take(&mut self, end: ArmEnd, own: &std::collections::BTreeSet<CellIx>, origin: Origin) {
        self.learn_all(&end.learnt(), origin);
        for (cell, name) in end.cells.into_iter().filter(|(cell, _)| own.contains(cell)) {
            self.rename(cell, name);
        }
    }

    /// Goes on from the end of the first arm alone: what joining is tested against.
    pub(super) fn join_first(&mut self, ends: Vec<ArmEnd>) -> Vec<(CellIx, Name)> {
        let Some(end) = ends.into_iter().next() else { return Vec::new() };
        for (name, knowledge) in end.knowledge {
            self.learn(name, knowledge.regions, None, knowledge.origin);
        }
        end.cells.into_iter().for_each(|(cell, name)| self.rename(cell, name));
        Vec::new()
    }
}
