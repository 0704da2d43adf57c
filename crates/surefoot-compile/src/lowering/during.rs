//! Scopes: what is entered, what is done meanwhile, and how it is left.

use std::collections::BTreeSet;

use surefoot_plan::{
    Cell, Ensure, Literal, Node, OnFailure, Require, Restores, ScopeEnd, Step, StepId, Test, Way,
};
use surefoot_syntax::Span;
use surefoot_syntax::ast::{self, Clause, During, Statement};

use super::Lowering;
use super::member::message;
use crate::report::error;
use crate::scope::{Bound, Named};

impl<'a> Lowering<'a> {
    /// Understands `during "title" max D { enter { … } leave { … } … }`: a step that enters, what is done, and a
    /// step that leaves. Each of the two ends is the rollback of the other.
    pub(super) fn during(&mut self, written: &'a During) -> Vec<Node> {
        let ends = self.ends(written);
        let mut nodes = Vec::new();
        let Some((enter, leave)) = ends else {
            self.scopes_open += 1;
            nodes.extend(self.nodes(&written.body, false));
            self.scopes_open -= 1;
            return nodes;
        };
        let entered = self.end(enter);
        self.scopes_open += 1;
        nodes.extend(self.nodes(&written.body, false));
        self.scopes_open -= 1;
        let left = self.leaving(enter, leave, entered.as_ref());
        if let (Some(entered), Some(mut left)) = (entered, left) {
            self.enter_again(&entered, &mut left);
            let title = message(written.title.as_ref());
            let [first, last] = joined(entered, left, &title, written.max.map_or(0, |max| max.ms));
            nodes.insert(0, first);
            nodes.push(last);
        }
        nodes
    }

    /// Its two ends, if both are there once and nothing stands in them that cannot.
    fn ends(&mut self, written: &'a During) -> Option<(&'a ast::Step, &'a ast::Step)> {
        for (word, found) in [("enter", &written.enter), ("leave", &written.leave)] {
            let problem = match found.as_slice() {
                [_] => continue,
                [] => error("SF0333", written.head, format!("nothing says how this scope is {}", past(word))),
                [first, again, ..] => error("SF0333", again.head, format!("`{word}` stands here twice"))
                    .label(first.head, "first here"),
            };
            self.report(problem.help(
                "a `during` has one `enter { … }` and one `leave { … }`, and steps that are done meanwhile",
            ));
        }
        let (Some(enter), Some(leave)) = (written.enter.first(), written.leave.first()) else { return None };
        // The last rollback is `leave` itself.
        let own = enter.body.iter().take(enter.body.len().saturating_sub(1));
        let wrong = own.filter_map(|clause| match clause {
            Clause::Rollback(rollback) => Some(("a `rollback`", rollback.span)),
            Clause::Irreversible(irreversible) => Some(("`irreversible`", irreversible.span)),
            Clause::Leaves(leaves) => Some(("`leaves`", leaves.span)),
            Clause::Approved(_)
            | Clause::Requires(_)
            | Clause::Before(_)
            | Clause::Statement(_)
            | Clause::Ensures(_)
            | Clause::Retry(_)
            | Clause::Idempotent(_)
            | Clause::Lock(_)
            | Clause::OnFailure(_)
            | Clause::After(_)
            | Clause::NotBuilt(_) => None,
        });
        let wrong: Vec<(&str, Span)> = wrong.collect();
        for (what, span) in &wrong {
            let found = error("SF0309", *span, format!("{what} cannot stand in `enter`"));
            self.report(found.help("`leave` says how entering is taken back"));
        }
        let is_right = wrong.is_empty() && written.enter.len() == 1 && written.leave.len() == 1;
        is_right.then_some((enter, leave))
    }

    fn end(&mut self, written: &'a ast::Step) -> Option<Step> {
        match self.step(written) {
            Node::Step(step) => Some(*step),
            Node::Wait(_)
            | Node::If { .. }
            | Node::Each(_)
            | Node::Parallel(_)
            | Node::Stop { .. }
            | Node::Assume { .. } => None,
        }
    }

    /// The step that leaves. It reads what was recorded before entering, and nothing that entering found: on the
    /// way back a scope may be entered again, and finds something else.
    fn leaving(
        &mut self,
        enter: &'a ast::Step,
        leave: &'a ast::Step,
        entered: Option<&Step>,
    ) -> Option<Step> {
        self.scopes.open();
        let outputs = self.scopes.outputs.get(&enter.name.text).cloned();
        let mut found = Vec::new();
        for clause in &enter.body {
            if let Clause::Before(before) = clause {
                let value = outputs.as_ref().and_then(|outputs| outputs.values.get(&before.name.text));
                if let Some(term) = value.cloned() {
                    let bound = Bound { term, lifted: true, before: false };
                    self.scopes.put(&before.name.text, before.name.span, Named::Value(Box::new(bound)));
                }
            }
            if let Clause::Statement(Statement::Let(binding)) = clause {
                found.push(&binding.name);
            }
        }
        self.found_by_entering = found.into_iter().map(|name| (name.text.clone(), name.span)).collect();
        self.also_ensures = entered.map(opposites).unwrap_or_default();
        let left = self.end(leave);
        self.found_by_entering.clear();
        self.also_ensures.clear();
        self.scopes.close();
        left
    }

    /// How leaving is taken back: by entering again. It sets what entering sets, and requires what that requires but
    /// for what it sets itself: leaving may have had no effect when it is taken back.
    fn enter_again(&mut self, entered: &Step, left: &mut Step) {
        let Way::Rollback(again) = &mut left.way else { return };
        again.ensures.clone_from(&entered.ensures);
        let set: BTreeSet<&Cell> = entered.ensures.iter().map(|ensure| &ensure.literal.atom.cell).collect();
        let is_own = |require: &Require| !require.formula.cells().is_disjoint(&set);
        let own: Vec<bool> = again.requires.iter().map(is_own).collect();
        again.requires.retain(|require| !is_own(require));
        let ensures = self.origins.steps.get(&entered.id).map(|origin| origin.ensures.clone());
        if let Some(origin) = self.origins.steps.get_mut(&left.id) {
            let mut own = own.into_iter();
            origin.rollback_requires.retain(|_| !own.next().unwrap_or_default());
            origin.rollback_ensures = ensures.unwrap_or_default();
        }
    }

    /// A run ends nowhere inside a scope.
    pub(super) fn not_inside_a_scope(&mut self, stop: &ast::Stop) {
        if self.scopes_open > 0 {
            self.report(
                error("SF0334", stop.span, "the run would end here inside a `during`, which has to be left first")
                    .help("put the `stop` before or after the `during`, and what is not always done meanwhile into an `if`"),
            );
        }
    }
}

/// What is true after leaving where nothing is said: the opposite of what entering set, if there is one and the
/// rollback always sets the same.
fn opposites(entered: &Step) -> Vec<Ensure> {
    let is_fixed = matches!(&entered.way, Way::Rollback(rollback) if rollback.restores == Restores::Fixed);
    let set = entered.ensures.iter().filter(|ensure| is_fixed && ensure.literal.atom.test == Test::Holds);
    let opposite = |ensure: &Ensure| Ensure {
        literal: Literal { holds: !ensure.literal.holds, ..ensure.literal.clone() },
        ..ensure.clone()
    };
    set.map(opposite).collect()
}

/// Makes two steps the ends of a scope.
fn joined(mut enter: Step, mut leave: Step, title: &str, max_ms: u64) -> [Node; 2] {
    let ids: [StepId; 2] = [enter.id.clone(), leave.id.clone()];
    let [enter_id, leave_id] = ids;
    title.clone_into(&mut enter.title);
    leave.title = format!("no longer: {title}");
    // What was entered is not left by accident: if leaving fails, a person decides.
    leave.on_failure = Some(OnFailure::Ask);
    enter.scope = Some(ScopeEnd::Enters { title: title.to_owned(), leave: leave_id, max_ms });
    leave.scope = Some(ScopeEnd::Leaves { enter: enter_id });
    [Node::Step(Box::new(enter)), Node::Step(Box::new(leave))]
}

fn past(word: &str) -> &str {
    if word == "enter" { "entered" } else { "left" }
}
