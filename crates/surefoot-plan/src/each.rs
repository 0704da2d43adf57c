//! A loop over a list that a run finds: its body once, in general form, and each turn of it.
//!
//! In the body the item is [`Expr::Local`] of the loop's id and the item's name. When a run comes to the loop,
//! the list is found and recorded; from then on the loop is its turns, each with its item in its place and
//! its key behind every name: `drain[db2]`.

mod turn;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{Expr, Name, Node, Plan, Probe, StepId, Value, ValueId};
use turn::Turn;

/// Most items that a loop may go through. Each is a turn that a person must be able to follow, and what is done
/// for more is done in several runs.
pub const EACH_MAX: u32 = 1_000;

/// Most bytes of an item's key: it stands in the name of every step of its turn.
const KEY_BYTES_MAX: usize = 200;

/// Names of nodes that the compiler makes, which have a number in brackets: `wait[2]`.
const NUMBERED: [&str; 8] = ["wait", "if", "for", "parallel", "stop", "assume", "enter", "leave"];

/// Does its body once for each item of a list.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Each {
    /// Its name in the plan.
    pub id: StepId,
    /// What its body calls the item.
    pub item: Name,
    /// The list. It is found when the run comes here, and recorded before the first turn.
    pub list: Expr,
    /// What its author wrote there, for people.
    pub text: String,
    /// Most items that the list may have; with more the loop fails before its first turn.
    pub max: u32,
    /// How many turns may fail: each of them is taken back by itself, and the loop goes on.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tolerate: u32,
    /// How many items belong to each wave, in order; the last size repeats. Empty: all are one wave.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waves: Vec<Wave>,
    /// How long the run waits between two waves, in milliseconds.
    #[serde(default, skip_serializing_if = "is_none")]
    pub pause_ms: u64,
    /// What is taken back when a turn fails that is not tolerated.
    #[serde(default, skip_serializing_if = "is_all")]
    pub on_failure: TurnsBack,
    /// What is done for each item.
    pub body: Vec<Node>,
}

/// How many items belong to a wave.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Wave {
    /// So many.
    Count(u32),
    /// This share of all, in whole percent; one at least.
    Percent(u32),
}

/// What is taken back when a turn fails that is not tolerated.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TurnsBack {
    /// Everything that is owed: the failure is the run's.
    #[default]
    All,
    /// The turns of its wave; then a person decides.
    Wave,
}

/// What is left out of a plan file: the default.
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// The same for a pause.
fn is_none(pause_ms: &u64) -> bool {
    *pause_ms == 0
}

/// The same for what is taken back.
fn is_all(on_failure: &TurnsBack) -> bool {
    *on_failure == TurnsBack::All
}

/// Why a list cannot be gone through.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ItemsError {
    /// It is no list.
    #[error("`{0}` is no list")]
    NoList(Value),
    /// It has too many items.
    #[error("the list has {found} items, and at most {max} are allowed")]
    TooMany {
        /// How many it has.
        found: usize,
        /// How many are allowed.
        max: u32,
    },
    /// An item stands there twice.
    #[error("the list holds `{0}` twice")]
    Twice(Value),
    /// An item is not one word or number that can stand in the name of a step.
    #[error("the list holds `{0}`, which cannot be the name of a turn")]
    NoKey(String),
}

impl Each {
    /// Whether the run may go on after a turn that failed and was taken back.
    pub fn may_go_on(&self) -> bool {
        self.tolerate > 0 || self.on_failure == TurnsBack::Wave
    }

    /// Returns the wave in which a turn is, of so many: its first turn and its last, from 0.
    pub fn wave(&self, turn: u32, turns: u32) -> (u32, u32) {
        let mut first: u32 = 0;
        let mut sizes = self.waves.iter();
        let mut size = turns.max(1);
        loop {
            if let Some(next) = sizes.next() {
                size = match *next {
                    Wave::Count(count) => count,
                    Wave::Percent(percent) => {
                        u32::try_from((u64::from(turns) * u64::from(percent)).div_ceil(100))
                            .unwrap_or(u32::MAX)
                    }
                };
                size = size.max(1);
            }
            let last = first.saturating_add(size - 1).min(turns.saturating_sub(1));
            if turn <= last || last + 1 >= turns {
                return (first, last);
            }
            first = last + 1;
        }
    }

    /// Returns what its body knows the item by.
    pub fn item_id(&self) -> ValueId {
        ValueId { step: Some(self.id.clone()), name: self.item.clone() }
    }

    /// Returns the items of a list that was found, or why it cannot be gone through.
    pub fn items(&self, list: Value) -> Result<Vec<Value>, ItemsError> {
        let items = match list {
            Value::List(items) => items,
            Value::None
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Text(_)
            | Value::Duration(_)
            | Value::Size(_)
            | Value::Percent(_)
            | Value::Time(_)
            | Value::Record(_)
            | Value::Secret(_) => return Err(ItemsError::NoList(list)),
        };
        if items.len() > self.max as usize {
            return Err(ItemsError::TooMany { found: items.len(), max: self.max });
        }
        let mut keys = BTreeSet::new();
        for item in &items {
            let key = key_of(item).ok_or_else(|| ItemsError::NoKey(item.to_string()))?;
            if !keys.insert(key) {
                return Err(ItemsError::Twice(item.clone()));
            }
        }
        Ok(items)
    }

    /// Returns what is done for one item that was found.
    pub fn turn(&self, item: &Value) -> Vec<Node> {
        self.turn_with(&Expr::Literal(item.clone()), &item.to_string())
    }

    /// Returns what is done for these items, one after the other.
    pub fn turns(&self, items: &[Value]) -> Vec<Node> {
        items.iter().flat_map(|item| self.turn(item)).collect()
    }

    /// Returns what is done for an item that is this expression, under a key.
    pub(crate) fn turn_with(&self, value: &Expr, key: &str) -> Vec<Node> {
        let item = self.item_id();
        let inside = nodes_of(&self.body).map(|node| node.id()).collect();
        let turn = Turn { item: &item, value, inside, key };
        self.body.iter().map(|node| turn.node(node)).collect()
    }

    /// Returns the body with another expression in the place of the item, under the same names.
    pub(crate) fn body_with(&self, value: &Expr) -> Vec<Node> {
        let item = self.item_id();
        let turn = Turn { item: &item, value, inside: BTreeSet::new(), key: "" };
        self.body.iter().map(|node| turn.node(node)).collect()
    }

    /// Returns the names that the nodes of its body have in the turn of an item, each with its general name.
    pub fn names(&self, item: &Value) -> Vec<(StepId, StepId)> {
        let key = item.to_string();
        nodes_of(&self.body).map(|node| (node.id().turn(&key), node.id().clone())).collect()
    }
}

impl Plan {
    /// Returns the loop of this name.
    pub fn each(&self, id: &StepId) -> Option<&Each> {
        self.nodes().find_map(|node| match node {
            Node::Each(each) if each.id == *id => Some(each.as_ref()),
            Node::Each(_)
            | Node::Step(_)
            | Node::Wait(_)
            | Node::If { .. }
            | Node::Parallel(_)
            | Node::Stop { .. }
            | Node::Assume { .. } => None,
        })
    }

    /// Puts the turns of a loop into the place of its body, so that each can be found by its name. What comes
    /// of it is for looking things up: it has another digest, and is never performed.
    pub fn enter(&mut self, id: &StepId, items: &[Value]) {
        let mut rest: Vec<&mut Node> = self.body.iter_mut().collect();
        while let Some(node) = rest.pop() {
            match node {
                Node::Each(each) if each.id == *id => {
                    each.body = each.turns(items);
                    return;
                }
                Node::Each(each) => rest.extend(each.body.iter_mut()),
                Node::Parallel(parallel) => rest.extend(parallel.branches.iter_mut().flatten()),
                Node::Wait(wait) => rest.extend(wait.otherwise.iter_mut()),
                Node::If { then, otherwise, unknown, .. } => {
                    rest.extend(then.iter_mut().chain(otherwise).chain(unknown.iter_mut().flatten()));
                }
                Node::Step(_) | Node::Stop { .. } | Node::Assume { .. } => {}
            }
        }
    }
}

impl Plan {
    /// Returns the node that this is, or in the turn of which it is: `drain` of `drain[db2]`.
    pub fn general<'a>(&'a self, id: &'a StepId) -> &'a StepId {
        if !id.0.contains('[') {
            return id;
        }
        let mut inside = self.nodes().filter_map(|node| match node {
            Node::Each(each) => Some(&each.body),
            Node::Step(_)
            | Node::Wait(_)
            | Node::If { .. }
            | Node::Parallel(_)
            | Node::Stop { .. }
            | Node::Assume { .. } => None,
        });
        let found =
            inside.find_map(|body| nodes_of(body).map(Node::id).find(|general| general.is_in_turn(id)));
        found.unwrap_or(id)
    }
}

impl Probe {
    /// Returns the same with another expression in the place of a value.
    pub fn with(&self, value: &ValueId, expr: &Expr) -> Probe {
        let turn = Turn { item: value, value: expr, inside: BTreeSet::new(), key: "" };
        turn.probe(self)
    }
}

impl StepId {
    /// Returns the name that a node of a loop has in the turn of a key: `drain` becomes `drain[db2]`.
    pub fn turn(&self, key: &str) -> StepId {
        let (name, rest) = self.parts();
        StepId(format!("{name}[{key}]{rest}"))
    }

    /// Whether another name is this one in some turn.
    fn is_in_turn(&self, other: &StepId) -> bool {
        let (name, rest) = self.parts();
        let between = other.0.strip_prefix(name).and_then(|other| other.strip_suffix(rest));
        let key = between.and_then(|other| other.strip_prefix('[')).and_then(|other| other.strip_suffix(']'));
        key.is_some_and(|key| !key.contains(['[', ']']))
    }

    /// What stands before the key of a turn, and what behind it.
    fn parts(&self) -> (&str, &str) {
        // Behind the name of the call that it is in.
        let (mut depth, mut begin) = (0_usize, 0);
        for (at, letter) in self.0.char_indices() {
            match letter {
                '[' => depth += 1,
                ']' => depth = depth.saturating_sub(1),
                '.' if depth == 0 => begin = at + 1,
                _ => {}
            }
        }
        let (_, name) = self.0.split_at(begin);
        let numbered =
            NUMBERED.iter().any(|word| name.strip_prefix(word).is_some_and(|rest| rest.starts_with('[')));
        let at = match (name.find('['), numbered) {
            // Behind the number that is a part of the name; before the key of a turn inside this one.
            (Some(_), true) => name.find(']').map_or(name.len(), |end| end + 1),
            (Some(open), false) => open,
            (None, _) => name.len(),
        };
        self.0.split_at(begin + at)
    }
}

/// How an item is called in the names of its turn; none if it has no such name.
fn key_of(item: &Value) -> Option<String> {
    match item {
        Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Text(_)
        | Value::Duration(_)
        | Value::Size(_)
        | Value::Percent(_)
        | Value::Time(_) => {}
        Value::None | Value::List(_) | Value::Record(_) | Value::Secret(_) => return None,
    }
    let key = item.to_string();
    // Brackets would make one name of two: `a[b][c]`.
    let is_plain = key.chars().all(|letter| !letter.is_control() && !matches!(letter, '[' | ']'));
    (is_plain && !key.trim().is_empty() && key.len() <= KEY_BYTES_MAX).then_some(key)
}

/// These nodes and all inside them, each before those inside it.
fn nodes_of(nodes: &[Node]) -> crate::Nodes<'_> {
    crate::Nodes::of(nodes)
}

#[cfg(test)]
mod tests;
