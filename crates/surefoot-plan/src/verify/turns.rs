//! Loops over lists that a run finds: the body once, in general form.
//!
//! The turn of one item is walked in a world in which the turns of others came before it, and others come
//! after it: all that those may change is unknown. What they owe is judged there too, because each of them is
//! the item of some walk like this one. Afterwards the loop had no turn, or ends with one.

use std::collections::{BTreeMap, BTreeSet};

use super::Condition;
use super::back::{Debt, Stop};
use super::facts::{ArmEnd, Knowledge, Name, Origin};
use super::flow::{Flow, Verifier};
use super::items::left_by;
use super::proof::WayEntry;
use crate::{Each, Tri, TurnsBack, Way};

/// Which turns of other items.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Others {
    /// Those before the turn of one.
    Before,
    /// Those after it, up to the last.
    After,
}

impl<'a> Verifier<'a> {
    /// Walks a loop.
    pub(super) fn each(&mut self, at: usize, each: &'a Each, flow: Flow) -> Flow {
        self.ways.tops.insert(each.id.clone(), flow.top);
        // It has no list, or one that cannot be gone through: nothing is done.
        self.stop(flow.top, Stop::Before(at), false);
        let mark = self.facts.mark();
        let left = self.left.clone();
        let none = self.facts.end_arm(mark);
        let refusals = self.report.active_refusals();
        let seal = self.first_seal(each);
        if let (Some(seal), TurnsBack::Wave) = (seal, each.on_failure) {
            let seal = self.program.nodes.get(seal).map(|node| node.node.id().to_string());
            self.report.at_step(Condition::SealInWave, at, seal.into_iter().collect());
        }
        let mut turn = self.others(at, each, flow, Others::Before);
        let failed = self.failed_turn(at, each, turn);
        if each.may_go_on() {
            turn.top = self.base(turn.top);
        }
        // An irreversible step of the turn before has used up a yes, and has sealed.
        turn.sealed = seal.or(turn.sealed);
        turn.is_approved &= seal.is_none();
        let mut end = self.nodes(&each.body, turn);
        if end.over.is_none() {
            end = self.others(at, each, end, Others::After);
            self.stop(end.top, Stop::After(at), true);
        }
        self.report.forget_refusals(refusals);
        let turns = self.facts.end_arm(mark);
        self.is_dirty = true;
        // Without a turn nothing is left; and what holds of every item holds of none.
        self.left = left;
        let arms = match failed {
            Some((after, failed)) => {
                vec![(Tri::False, flow, none), (Tri::True, end, turns), (Tri::Unknown, after, failed)]
            }
            None => {
                let none = none.with(&turns, &self.about_every(at, each));
                vec![(Tri::False, flow, none), (Tri::True, end, turns)]
            }
        };
        self.join(at, &each.id, flow, arms)
    }

    /// A turn that failed and was taken back, after which the loop goes on: all is as at its beginning, but for
    /// what it leaves. None if the loop tolerates none.
    fn failed_turn(&mut self, at: usize, each: &Each, turn: Flow) -> Option<(Flow, ArmEnd)> {
        if !each.may_go_on() || !self.rules.failed_turns {
            return None;
        }
        let mark = self.facts.mark();
        let left = left_by(&each.body);
        let left = left.iter().filter_map(|cell| self.cells.of(self.plan, cell)).collect();
        for cell in self.cells.with_aliases(&left) {
            self.facts.havoc(self.cells, cell, Origin::Changed(at));
        }
        let flow = self.others(at, each, turn, Others::After);
        Some((flow, self.facts.end_arm(mark)))
    }

    /// What is owed above ends here: the run may go on from this base.
    fn base(&mut self, below: usize) -> usize {
        let is_open = self.is_open(below);
        let (base, left) = (self.facts.names(), std::mem::take(&mut self.left));
        self.push(Debt::Base { below, base, left, is_open }, WayEntry::Others { below })
    }

    /// The turns of other items: what they change is not known, and what they owe is taken back before what
    /// is below. When the last of them is over, what does not concern an item is as at the end of any turn.
    fn others(&mut self, at: usize, each: &Each, mut flow: Flow, others: Others) -> Flow {
        let Some(node) = self.program.nodes.get(at) else { return flow };
        let before: Vec<(usize, Name)> =
            node.changes_wide.iter().map(|cell| (*cell, self.facts.name(*cell))).collect();
        let about_item = self.cells.about_item(each);
        for cell in &node.changes_wide {
            // A turn that failed ends otherwise.
            let is_end = others == Others::After && !each.may_go_on() && !about_item.contains(cell);
            let known = self.facts.of(*cell).filter(|_| is_end);
            match known.cloned() {
                // A test may compare with the item, and so hold of this turn alone.
                Some(known) => {
                    self.facts.set(*cell, Knowledge { tests: BTreeMap::new(), ..known });
                }
                None => self.facts.havoc(self.cells, *cell, Origin::Changed(at)),
            }
        }
        self.is_dirty = true;
        let below = flow.top;
        let is_open = self.is_open(below);
        let debt = Debt::Rollback { node: at, below, before, sets: Vec::new(), is_proved: true, is_open };
        flow.top = self.push(debt, WayEntry::Others { below });
        if self.rules.seals && self.first_seal(each).is_some() {
            // They may have sealed: then nothing before that is taken back.
            self.left.clear();
            let bottom = self.push(Debt::Bottom { base: self.facts.names() }, WayEntry::Bottom);
            let arms = vec![(flow.top, Vec::new()), (bottom, Vec::new())];
            let debt = Debt::Choice { node: at, arms, below: None, lost: Vec::new(), is_open };
            let arms = vec![(Tri::False, below), (Tri::True, bottom)];
            flow.top = self.push(debt, WayEntry::Choice { node: each.id.clone(), arms, below: None });
        }
        flow
    }

    /// The cells about the item that no other turn changes: what is known of them at the end of its turn holds
    /// of every item when the loop is over.
    fn about_every(&self, at: usize, each: &Each) -> BTreeSet<usize> {
        let mut cells = self.cells.about_item(each);
        if let Some(node) = self.program.nodes.get(at) {
            cells.retain(|cell| !node.changes_wide.contains(cell));
        }
        cells
    }

    /// The first irreversible step of a loop's body.
    fn first_seal(&self, each: &Each) -> Option<usize> {
        let seal = crate::steps_of(&each.body).find(|step| matches!(step.way, Way::Irreversible(_)))?;
        self.program.index.get(seal.id.0.as_str()).copied()
    }
}
