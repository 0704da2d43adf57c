//! Calls of other runbooks, `call "./drain.runbook" as drain with { node = standby }`: their parts are put in place.
//!
//! A called runbook becomes a step at which it begins, its parts under names that begin with the call's,
//! `drain.stop_writes`, and a step with which it ends. At the first what it requires is asked and what its `let`s read
//! is recorded, at the last what it ensures is asked. Its invariants become conditions of each step that could break
//! one half way, and of the rollback of that step.
//!
//! Must hold: it sees the names of its own file and what it is given, and nothing of who calls it.

mod ends;
mod frame;
mod given;

use surefoot_plan::{Invariant, Node, Require, Rights, StepId};
use surefoot_syntax::ast::{self, CallRunbook, Member, Param, Runbook};
use surefoot_syntax::{Severity, Span};

use super::Lowering;
use super::edit::{program_written, written};
use super::fact::Meaning;
use super::member::message;
use super::quantifier::parts;
use super::rights::covers_any;
use crate::report::{error, listed};
use crate::scope::Outputs;
use crate::term::Term;
use ends::kept_message;
pub(super) use frame::Beginning;

/// The code of what is left to do, which is told in a called runbook too.
const TODO: &str = "SF0244";

/// A called runbook while it is put in place.
struct Called<'a> {
    call: &'a CallRunbook,
    runbook: &'a Runbook,
    /// Its file.
    file: usize,
    /// The step with which it begins.
    id: StepId,
    /// Its parameters, each with what it is given.
    given: Vec<(&'a Param, Option<Term>)>,
}

/// Conditions, each with its place.
type Placed<T> = Vec<(T, Span)>;

impl<'a> Lowering<'a> {
    /// Puts a called runbook in place.
    pub(super) fn called(&mut self, call: &'a CallRunbook) -> Vec<Node> {
        let home = self.home;
        let file =
            self.modules.loaded.get(home).and_then(|loaded| loaded.calls.get(&call.path.span)).copied();
        // One that could not be opened was reported.
        let Some(file) = file else { return Vec::new() };
        if !self.may_call(call, file) || !self.count(call.head) || !self.count(call.span) {
            return Vec::new();
        }
        let Some(runbook) = self.runbook_of(file, call) else { return Vec::new() };
        let id = self.node_id(format!("{}{}", call.name.text, self.turn));
        let Some(given) = self.given_to(call, runbook, file) else { return Vec::new() };
        let called = Called { call, runbook, file, id, given };
        let known = self.diagnostics.len();
        self.calls.push((home, call.path.span));
        let mut frame = self.frame(&called);
        self.swap(&mut frame);
        let nodes = self.in_place(&called);
        let outputs = std::mem::take(&mut self.scopes.outputs);
        let allow = self.plan.allow.clone();
        self.swap(&mut frame);
        self.calls.pop();
        self.no_warnings_of(file, known);
        self.within_own_rights(&called, &allow);
        let found = frame.lets.into_iter().filter_map(|(name, term)| Some((name, term?))).collect();
        let whole = Outputs { step: called.id.clone(), values: found };
        self.scopes.outputs.insert(call.name.text.clone(), whole);
        for (name, outputs) in outputs {
            self.scopes.outputs.insert(format!("{}.{name}", call.name.text), outputs);
        }
        nodes
    }

    /// Understands the called runbook, inside it.
    fn in_place(&mut self, called: &Called<'a>) -> Vec<Node> {
        let members: &'a [Member] = &called.runbook.members;
        self.declare_facts();
        self.declare_file(self.home);
        self.declare_members(members);
        for (param, given) in &called.given {
            self.take(param, given.clone(), called);
        }
        let mut requires = self.conditions_of_params(called);
        self.head_of_called(members);
        let mut invariants: Placed<Invariant> = Vec::new();
        for member in members {
            match member {
                Member::Let(statement) => {
                    self.runbook_let(&statement.name.text, statement.name.span);
                }
                Member::Fact(fact) => {
                    let _: Meaning = self.meaning(self.home, fact, fact.name.span);
                }
                Member::Requires(written) => {
                    requires.extend(self.requires(written).into_iter().map(|found| (found, written.span)));
                }
                Member::Invariant(written) => {
                    let text = message(written.message.as_ref());
                    for formula in parts(self.condition(&written.condition)) {
                        invariants.push((Invariant { formula, message: text.clone() }, written.span));
                    }
                }
                Member::About(_)
                | Member::Param(_)
                | Member::Allow(_)
                | Member::Ensures(_)
                | Member::OnFailure(_)
                | Member::Collect(_)
                | Member::Step(_)
                | Member::Wait(_)
                | Member::If(_)
                | Member::Match(_)
                | Member::Diagnose(_)
                | Member::For(_)
                | Member::Stop(_)
                | Member::Todo(_)
                | Member::Assume(_)
                | Member::Lock(_)
                | Member::During(_)
                | Member::Parallel(_)
                | Member::Call(_)
                | Member::NotBuilt(_) => {}
            }
        }
        let mut body = self.nodes(members, true);
        let ensures = self.at_its_end(members);
        self.keep(&mut body, &invariants, called);
        let kept = || {
            let require = |(invariant, span): &(Invariant, Span)| {
                let message = kept_message(&invariant.message, called);
                let require =
                    Require { formula: invariant.formula.clone(), every_ms: 0, within_ms: 0, message };
                (require, *span)
            };
            invariants.iter().map(require).collect::<Placed<Require>>()
        };
        requires.extend(kept());
        let mut nodes = self.begin(called, requires);
        nodes.extend(body);
        nodes.push(self.end_of(called, ensures.into_iter().chain(kept()).collect()));
        nodes
    }

    /// What stands once in the called runbook. Who answers for it, and what happens on failure, is said by the caller.
    fn head_of_called(&mut self, members: &'a [Member]) {
        let mut allowed: Option<Span> = None;
        for member in members {
            if let Member::Allow(allow) = member
                && self.once("`allow`", allowed.replace(allow.span), allow.span)
            {
                self.allow(allow);
            }
        }
    }

    /// Leaves out the warnings of a called file: they are given where that is checked.
    fn no_warnings_of(&mut self, file: usize, known: usize) {
        let Some(id) = self.modules.loaded.get(file).map(|loaded| loaded.source.id) else { return };
        let mut index = 0;
        self.diagnostics.retain(|found| {
            index += 1;
            let is_own = index > known && found.primary.span.file == id;
            !is_own || found.severity == Severity::Error || found.code == TODO
        });
    }

    /// What the called runbook allows itself, its caller allows too.
    fn within_own_rights(&mut self, called: &Called<'a>, allow: &Rights) {
        // Whatever of it is used: the caller has to grant it.
        let span = called.call.head;
        self.all_needs.run.extend(allow.run.iter().map(|program| (program.clone(), span)));
        self.all_needs.script |= !allow.detach.is_empty();
        self.commands |= !allow.run.is_empty() || !allow.listen.is_empty();
        if self.rights_damaged {
            return;
        }
        let name = &called.runbook.name.text;
        let beyond: Vec<(&'static str, Option<String>)> = self.beyond(allow);
        let shown = beyond.iter().map(|(word, object)| match object {
            Some(object) => format!("`{word} {object}`"),
            None => format!("a `{word}` that only the run can name"),
        });
        let shown: Vec<String> = shown.collect();
        if shown.is_empty() || !self.missing.insert(shown.join(", ")) {
            return;
        }
        let message = format!("`allow` does not grant what `{name}` allows itself: {}", listed(&shown));
        let its = called
            .runbook
            .members
            .iter()
            .find_map(|member| if let Member::Allow(allow) = member { Some(allow.span) } else { None });
        let mut found = error("SF0609", span, message);
        if let Some(its) = its {
            found = found.label(its, format!("the `allow` of `{name}`"));
        }
        let written: Vec<(&'static str, String)> =
            beyond.iter().filter_map(|(word, object)| Some((*word, object.clone()?))).collect();
        if written.len() < beyond.len() {
            found = found.help("name it by parameters, so that one `allow` can be held against the other");
        }
        let found = self.with_rights(found, &written);
        self.report(found);
    }

    /// The rights that are not among those of this runbook, as they would be written here; none where they cannot be.
    fn beyond(&self, allow: &Rights) -> Vec<(&'static str, Option<String>)> {
        let own = &self.plan.allow;
        let mut beyond: Vec<(&'static str, Option<String>)> = Vec::new();
        beyond.extend(allow.run.difference(&own.run).map(|program| ("run", Some(program_written(program)))));
        beyond.extend(
            allow.detach.difference(&own.detach).map(|program| ("detach", Some(program_written(program)))),
        );
        if let (Some(why), None) = (&allow.connect_any, &own.connect_any) {
            beyond.push(("connect any", Some(format!("{why:?}"))));
        }
        let anywhere = own.connect_any.is_some();
        for to in allow.connect.iter().filter(|to| !anywhere && !own.connect.contains(to)) {
            let both = written(&to.host).zip(written(&to.port));
            beyond.push(("connect", both.map(|(host, port)| format!("{host}:{port}"))));
        }
        for port in allow.listen.iter().filter(|port| !own.listen.contains(port)) {
            beyond.push(("listen", written(port)));
        }
        for path in allow.read.iter().filter(|path| !covers_any(own.read.iter().chain(&own.write), path)) {
            beyond.push(("read", written(path)));
        }
        for path in allow.write.iter().filter(|path| !covers_any(own.write.iter(), path)) {
            beyond.push(("write", written(path)));
        }
        beyond.extend(allow.users.difference(&own.users).map(|user| ("as", Some(user.clone()))));
        beyond
    }

    /// Refuses a `stop` in a called runbook: it would end the whole run.
    pub(super) fn not_in_a_called_runbook(&mut self, stop: &ast::Stop) {
        let Some((_, call)) = self.calls.last().copied() else { return };
        self.report(
            error("SF0337", stop.span, "in a called runbook `stop` would end the run of its caller too")
                .label(call, "called here")
                .help("put what is done otherwise into an `if`; or let the caller decide whether it calls"),
        );
    }
}

#[cfg(test)]
mod tests;
