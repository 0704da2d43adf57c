//! Loops: `for x in xs { … }`.
//!
//! Over a list that the plan knows, the body is read once for each item, with the item in its place. Over one
//! that only the run finds it is read once, with an item that the run will put there; and so is a loop whose
//! turns are more than the steps in them, because they may fail.

use std::collections::BTreeMap;

use surefoot_plan::{EACH_MAX, Each, Expr, Name, Node, TurnsBack, Type, Value, ValueId, Wave, Way};
use surefoot_syntax::ast::WaveSize;
use surefoot_syntax::{Span, ast, on_one_line};

use super::member::step_names;
use super::{Asking, Context, Lowering, STEPS_MAX};
use crate::report::{Report, after, error, warning};
use crate::scope::{Bound, Named, Outputs};
use crate::term::{Term, What, depends};
use crate::types;

impl<'a> Lowering<'a> {
    /// Understands a loop.
    pub(super) fn loop_over(&mut self, turns: &'a ast::For) -> Vec<Node> {
        let (list, cx) = self.within(Context::nothing("the list of a `for`"), |this| {
            // A fact may answer with a list.
            this.cx.asking = Asking::Questions;
            this.value_of(&turns.list)
        });
        self.check_needs(&cx.needs, "the list of a `for`");
        let What::Value(expr) = &list.what else { return Vec::new() };
        let found = depends(expr);
        let is_found = found.run || found.fact || found.argument;
        let name = &turns.name.text;
        // Another loop may have an item of that name.
        let was_used = self.scopes.used.remove(name);
        let in_waves = !turns.waves.is_empty() || turns.pause.is_some() || turns.on_failure.is_some();
        let nodes = if is_found || turns.tolerate.is_some() || in_waves {
            self.each(turns, &list, is_found).into_iter().collect()
        } else {
            self.turns(turns, &list)
        };
        let is_used = self.scopes.used.contains(name);
        if was_used {
            self.scopes.used.insert(name.clone());
        }
        if !is_used && !nodes.is_empty() && !self.wrong_inside(turns.span) {
            self.report(
                warning(
                    "SF0106",
                    turns.name.span,
                    format!("each turn does the same: `{name}` is never read"),
                )
                .help("name it where it is meant, as a word `${…}` or behind `on`"),
            );
        }
        nodes
    }

    /// A loop over a list that the plan knows: its body once for each item.
    fn turns(&mut self, turns: &'a ast::For, list: &Term) -> Vec<Node> {
        let Some(items) = self.known_items(list, turns.list.span) else { return Vec::new() };
        if !self.is_within(items.len(), list, turns) {
            return Vec::new();
        }
        let inside = step_names(&turns.body);
        let mut found: BTreeMap<Name, Vec<Outputs>> = BTreeMap::new();
        let mut nodes = Vec::new();
        for (index, bound) in items.into_iter().enumerate() {
            if self.nodes > STEPS_MAX {
                break;
            }
            let suffix = turn_name(&bound.term);
            let outer = self.turn.clone();
            self.turn.push_str(&suffix);
            self.scopes.open();
            let named = Named::Value(Box::new(bound));
            if index == 0 {
                self.declare(&turns.name, named);
            } else {
                self.scopes.put(&turns.name.text, turns.name.span, named);
            }
            nodes.extend(self.nodes(&turns.body, false));
            self.scopes.close();
            self.turn = outer;
            for name in &inside {
                for (name, outputs) in self.scopes.take_outputs(name) {
                    found.entry(name).or_default().push(outputs);
                }
            }
        }
        for (name, outputs) in found {
            if let Some(outputs) = together(outputs) {
                self.scopes.outputs.insert(name, outputs);
            }
        }
        nodes
    }

    /// Whether a list that the plan knows has no more items than the loop allows.
    fn is_within(&mut self, items: usize, list: &Term, turns: &ast::For) -> bool {
        let Some((max, place)) = turns.max else { return true };
        let is_known = list.known().is_some();
        if is_known && items > max as usize {
            self.report(
                error(
                    "SF0305",
                    turns.list.span,
                    format!("the list has {items} items, and at most {max} are allowed"),
                )
                .label(place, "said here")
                .help("do it for a part of the list at a time; or allow more, if that is meant"),
            );
            return false;
        }
        true
    }

    /// A loop whose turns the run knows: its body once, in general form.
    fn each(&mut self, turns: &'a ast::For, list: &Term, is_found: bool) -> Option<Node> {
        // An item that is nothing names no turn: where there is a turn, there is one.
        let item = self.item_type(list)?;
        let item = if let Type::Optional(inner) = item { *inner } else { item };
        self.refuse_secret_record(list, turns.list.span);
        self.loops += 1;
        let id = self.node_id(format!("for[{}]", self.loops));
        self.origins.nodes.insert(id.clone(), turns.list.span);
        let max = if is_found { self.most(turns) } else { self.most_known(turns, list) };
        let tolerate = self.tolerated(turns, max);
        let waves = self.waves(turns);
        let is_name = self.is_name(&item, turns);
        let inner = self.inner_loop(turns);
        if !self.count(turns.list.span) || !is_name || inner {
            return None;
        }
        let value = Expr::Local(ValueId { step: Some(id.clone()), name: turns.name.text.clone() });
        let term = Term::value(value, Some(item), turns.name.span).with_labels_of(list);
        let outer = self.in_each.replace(turns.list.span);
        self.scopes.open();
        self.declare(&turns.name, Named::Value(Box::new(Bound { term, lifted: true, before: false })));
        let body = self.nodes(&turns.body, false);
        self.scopes.close();
        self.in_each = outer;
        // In each turn another value: which one would be meant?
        for name in step_names(&turns.body) {
            self.scopes.take_outputs(name);
            self.scopes.in_loops.insert(name.to_owned());
        }
        let What::Value(expr) = &list.what else { return None };
        let text = on_one_line(self.modules.text(turns.list.span));
        let each = Each {
            id,
            item: turns.name.text.clone(),
            list: expr.clone(),
            text,
            max: max?,
            tolerate: tolerate?,
            waves: waves?,
            pause_ms: turns.pause.map_or(0, |pause| pause.ms),
            on_failure: self.turns_back(turns, &body),
            body,
        };
        Some(Node::Each(Box::new(each)))
    }

    /// How many items a list that the plan knows may have: as many as it has.
    fn most_known(&mut self, turns: &ast::For, list: &Term) -> Option<u32> {
        let items = self.known_items(list, turns.list.span)?.len();
        if !self.is_within(items, list, turns) {
            return None;
        }
        let Some(Value::List(items)) = list.known() else {
            // Not bound yet: the limit that is said, or any.
            return Some(turns.max.map_or(EACH_MAX, |(max, _)| max.clamp(1, EACH_MAX)));
        };
        let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
        if count > EACH_MAX {
            self.report(
                error(
                    "SF0305",
                    turns.list.span,
                    format!("the list has {count} items, and at most {EACH_MAX} are allowed"),
                )
                .help("do it for a part of the list at a time"),
            );
            return None;
        }
        Some(count.max(1))
    }

    /// The sizes of the waves. A pause, and what a wave takes back, need them.
    fn waves(&mut self, turns: &ast::For) -> Option<Vec<Wave>> {
        let mut waves = Vec::new();
        let wave = turns.on_failure.as_ref().filter(|back| back.text == "wave").map(|back| back.span);
        if let (true, Some(place)) = (turns.waves.is_empty(), wave.or(turns.pause.map(|pause| pause.span))) {
            self.report(
                error("SF0342", place, "this is said of waves, and the loop has none")
                    .help("say how many items belong to each: `waves 1, 10%`; the last size repeats"),
            );
            return None;
        }
        for (size, place) in &turns.waves {
            let (wave, is_size) = match size {
                WaveSize::Count(count) => (Wave::Count(*count), (1..=EACH_MAX).contains(count)),
                WaveSize::Percent(percent) => (Wave::Percent(*percent), (1..=100).contains(percent)),
            };
            if !is_size {
                self.report(
                    error("SF0342", *place, "this is no size of a wave")
                        .help("a wave is a number of items, `3`, or a share of all in whole percent, `10%`"),
                );
                return None;
            }
            waves.push(wave);
        }
        Some(waves)
    }

    /// What is taken back when a turn fails. Nothing is, where a turn cannot be taken back.
    fn turns_back(&mut self, turns: &ast::For, body: &[Node]) -> TurnsBack {
        let Some(back) = &turns.on_failure else { return TurnsBack::All };
        let seal = surefoot_plan::steps_of(body).find(|step| matches!(step.way, Way::Irreversible(_)));
        if let Some(seal) = seal {
            self.report(
                error(
                    "SF0418",
                    back.span,
                    format!(
                        "`{}` in this loop is irreversible: what its turns did cannot be taken back",
                        seal.id
                    ),
                )
                .note("a turn that fails before it is taken back to its beginning by a person's word")
                .help("take `on failure rollback` away: a failure waits for a person"),
            );
        }
        if back.text == "wave" { TurnsBack::Wave } else { TurnsBack::All }
    }

    /// How many turns may fail.
    fn tolerated(&mut self, turns: &ast::For, max: Option<u32>) -> Option<u32> {
        let Some((tolerate, place)) = turns.tolerate else { return Some(0) };
        if tolerate == 0 || max.is_some_and(|max| turns.max.is_some() && tolerate >= max) {
            let what = match tolerate {
                0 => "no turn may fail if nothing is said".to_owned(),
                _ => "this allows every turn to fail".to_owned(),
            };
            self.report(
                error("SF0341", place, what)
                    .help("say how many turns may fail and be taken back, fewer than there are: `tolerate 1`; or take it away"),
            );
            return None;
        }
        Some(max.map_or(tolerate, |max| tolerate.min(max)))
    }

    /// How many items there may be at most.
    fn most(&mut self, turns: &ast::For) -> Option<u32> {
        let Some((max, place)) = turns.max else {
            self.report(
                error("SF0303", turns.list.span, "this list is known only during the run, and has no limit")
                    .here("nobody who reads the plan can say for how many items")
                    .note("with more items the loop fails before its first turn, and nothing of it is done")
                    .maybe_fixed_by("allow at most fifty items", after(turns.list.span), " max 50"),
            );
            return None;
        };
        if max == 0 || max > EACH_MAX {
            self.report(
                error("SF0303", place, format!("between 1 and {EACH_MAX} items are allowed"))
                    .help("say how many there are at most where everything is as it should be: `max 50`"),
            );
            return None;
        }
        Some(max)
    }

    /// Whether items of a type can be the names of turns.
    fn is_name(&mut self, item: &Type, turns: &ast::For) -> bool {
        // The name of a turn is the item as a text shows it.
        if types::printable(item) {
            return true;
        }
        let what = types::with_article(item);
        self.report(
            error(
                "SF0340",
                turns.list.span,
                format!("each item of this list is {what}, which cannot name a turn"),
            )
            .note("the journal, the debts and every message call a turn by its item: `drain[db2]`")
            .help("go through the names: `for name in [x.name for x in xs] max 50 { … }`"),
        );
        false
    }

    /// Refuses a loop over what the run finds inside another.
    fn inner_loop(&mut self, turns: &ast::For) -> bool {
        let Some(outer) = self.in_each else { return false };
        self.report(
            error("SF0010", turns.list.span, "a loop over what the run finds inside another is designed but not built in this version")
                .label(outer, "the run finds this list too")
                .help("find the pairs in one list, `for pair in pairs max 50 { … }`; or give one of the lists as a parameter"),
        );
        true
    }

    /// Says that a step stands in a loop whose turns only the run knows.
    pub(super) fn in_a_loop(&mut self, step: &str, place: Span, declared: Span) -> bool {
        let is = self.scopes.in_loops.contains(step);
        if is {
            self.report(
                error("SF0306", place, format!("`{step}` stands in a loop over what the run finds: it gives a value in each turn"))
                    .label(declared, "this step")
                    .note("reading the values of all turns is designed and not built yet")
                    .help("use the value in the same turn; or find the whole behind the loop with a command of its own"),
            );
        }
        is
    }
}

/// Returns what is added to a step's name for an item.
fn turn_name(term: &Term) -> String {
    match &term.what {
        What::Value(Expr::Literal(value)) => format!("[{value}]"),
        What::Value(Expr::Item { list, index }) => format!("[{list}#{}]", index + 1),
        What::Value(expr) => format!("[{expr}]"),
        What::Cell(_) | What::Formula(_) => String::new(),
    }
}

/// Makes the values of a step's turns lists.
fn together(outputs: Vec<Outputs>) -> Option<Outputs> {
    let step = outputs.first()?.step.clone();
    let mut values: BTreeMap<Name, Vec<Term>> = BTreeMap::new();
    for output in outputs {
        for (name, term) in output.values {
            values.entry(name).or_default().push(term);
        }
    }
    let lists = values.into_iter().filter_map(|(name, terms)| {
        let first = terms.first()?.clone();
        let items = terms.into_iter().filter_map(super::ask::value_expr).collect();
        let r#type = surefoot_plan::Type::List(Box::new(first.ty.clone()?));
        let term = Term::value(Expr::List(items), Some(r#type), first.span).with_labels_of(&first);
        Some((name, term))
    });
    Some(Outputs { step, values: lists.collect() })
}
