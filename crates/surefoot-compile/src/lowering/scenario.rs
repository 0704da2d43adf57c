//! Scenarios: what they name exists, and fits. They are run by `surefoot test`.

use surefoot_plan::{Read, Source, Statement};
use surefoot_syntax::ast::{Expr as Syntax, ExprKind, Ident, Item, Member, Param, Scenario, ScenarioLine};

use super::{Context, Lowering};
use crate::report::{Report, error};
use crate::scope::Named;

/// What a run can be expected to end as.
const VERDICTS: &[&str] = &["done", "rolled back", "stopped", "stuck", "failed", "cancelled"];

/// When a step can be made to fail.
const MOMENTS: &[&str] = &["before", "during", "after"];

impl<'a> Lowering<'a> {
    /// Checks the scenarios for this runbook. They add nothing to its plan.
    pub(super) fn scenarios(&mut self) {
        let modules = self.modules;
        let items: &'a [Item] = modules.loaded.first().map_or(&[], |root| &root.file.items);
        let scenarios: Vec<&'a Scenario> = items
            .iter()
            .filter_map(|item| if let Item::Scenario(scenario) = item { Some(scenario) } else { None })
            .filter(|scenario| {
                scenario.runbook.as_ref().is_some_and(|name| name.text == self.runbook.name.text)
            })
            .collect();
        if scenarios.is_empty() {
            return;
        }
        let (plan, origins) = (self.plan.clone(), self.origins.clone());
        for scenario in scenarios {
            for line in &scenario.lines {
                self.scenario_line(line);
            }
        }
        self.plan = plan;
        self.origins = origins;
    }

    fn scenario_line(&mut self, line: &'a ScenarioLine) {
        match line {
            ScenarioLine::Given(values, _) => {
                for (name, value) in values {
                    self.given(name, value);
                }
            }
            ScenarioLine::Start(facts, _) => self.facts(facts),
            ScenarioLine::Answer(name, value, _) => {
                self.answered(name);
                self.within(Context::nothing("an answer"), |this| this.value_of(value));
            }
            ScenarioLine::Reply(command, value, _) => {
                let (_, _) = self.within(Context::nothing("a reply"), |this| this.value_of(value));
                let cx = Context { asking: super::Asking::Probe, ..Context::questions() };
                self.within(cx, |this| this.exec(command, surefoot_plan::Decoder::Text));
            }
            ScenarioLine::After(step, facts, _) => {
                self.scenario_step(step);
                self.facts(facts);
            }
            ScenarioLine::Fail(step, turn, when, _) => {
                self.scenario_step(step);
                if let Some(turn) = turn {
                    self.within(Context::nothing("the item of a turn"), |this| this.value_of(turn));
                }
                if !MOMENTS.contains(&when.text.as_str()) {
                    self.report(
                        error(
                            "SF0101",
                            when.span,
                            format!(
                                "a step fails `before`, `during` or `after` its effect, not `{}`",
                                when.text
                            ),
                        )
                        .did_you_mean(&when.text, when.span, MOMENTS.iter().copied()),
                    );
                }
            }
            ScenarioLine::Fault(_, step, _)
            | ScenarioLine::Crash(step, _)
            | ScenarioLine::ExpectStopped(step, _) => {
                self.scenario_step(step);
            }
            ScenarioLine::Lose(host, _) => {
                self.within(Context::nothing("a host"), |this| this.target(host));
            }
            ScenarioLine::ExpectVerdict(text) => {
                if !VERDICTS.contains(&text.text.as_str()) {
                    self.report(
                        error("SF0101", text.span, format!("no run ends as `{}`", text.text))
                            .note(format!("it ends as {}", crate::report::listed(VERDICTS)))
                            .did_you_mean(&text.text, text.span, VERDICTS.iter().copied()),
                    );
                }
            }
            ScenarioLine::ExpectFact(fact, _) => {
                self.condition(fact);
            }
            ScenarioLine::ExpectRan(name, _) => self.ran(name),
            ScenarioLine::DenyApproval(_) | ScenarioLine::ExploreAll(_) => {}
        }
    }

    fn given(&mut self, name: &'a Ident, value: &'a Syntax) {
        let params = || {
            let members = self.runbook.members.iter();
            members.filter_map(|member| if let Member::Param(param) = member { Some(param) } else { None })
        };
        let param: Option<&'a Param> = params().find(|param| param.name.text == name.text);
        let Some(param) = param else {
            let names = params().map(|param| param.name.text.as_str());
            let found = error(
                "SF0101",
                name.span,
                format!("`{}` has no parameter `{}`", self.runbook.name.text, name.text),
            )
            .did_you_mean(&name.text, name.span, names);
            self.report(found);
            return;
        };
        let wanted = param.r#type.as_ref().and_then(|written| self.r#type(written));
        self.within(Context::nothing("what a scenario gives"), |this| {
            let term = this.value_of(value);
            match wanted {
                Some(wanted) => this.coerce(term, &wanted, &format!("`{}`", name.text)),
                None => term,
            }
        });
    }

    /// An answer is to a question that a person is asked.
    fn answered(&mut self, name: &Ident) {
        let person = |read: &&Read| matches!(read.source, Source::Person(_));
        let lets = self.plan.lets.iter().filter(person).map(|read| read.name.clone());
        let facts = self.plan.questions.iter();
        let facts = facts.filter(|(_, question)| question.probe.reads.iter().any(|read| person(&read)));
        let mut asked: Vec<String> = lets.chain(facts.map(|(name, _)| name.clone())).collect();
        for step in self.plan.steps() {
            asked.extend(step.before.iter().filter(person).map(|read| read.name.clone()));
            for statement in &step.body {
                match statement {
                    Statement::Read(read) if person(&read) => asked.push(read.name.clone()),
                    Statement::Manual(_) => asked.push(step.id.0.clone()),
                    Statement::Read(_)
                    | Statement::Command { .. }
                    | Statement::Library(_)
                    | Statement::Note(_)
                    | Statement::Notify { .. } => {}
                }
            }
        }
        if asked.contains(&name.text) {
            return;
        }
        let what = format!("nobody is asked for `{}` in `{}`", name.text, self.runbook.name.text);
        let found = error("SF0101", name.span, what);
        self.report(found.did_you_mean(&name.text, name.span, asked.iter().map(String::as_str)));
    }

    fn facts(&mut self, facts: &'a [Syntax]) {
        for fact in facts {
            self.literals(fact, "a scenario's line of facts");
        }
    }

    fn scenario_step(&mut self, name: &Ident) {
        if matches!(self.scopes.find(&name.text).map(|entry| &entry.named), Some(Named::Step)) {
            return;
        }
        let names: Vec<String> = self
            .scopes
            .names()
            .filter(|name| matches!(self.scopes.find(name).map(|entry| &entry.named), Some(Named::Step)))
            .map(str::to_owned)
            .collect();
        self.report(
            error("SF0101", name.span, format!("`{}` has no step `{}`", self.runbook.name.text, name.text))
                .did_you_mean(&name.text, name.span, names.iter().map(String::as_str)),
        );
    }

    fn ran(&mut self, name: &Syntax) {
        let ExprKind::Name(parts) = &name.kind else { return };
        if let Some(step) = parts.first() {
            self.scenario_step(step);
        }
        if let Some(part) = parts.get(1)
            && part.text != "rollback"
        {
            self.report(
                error("SF0101", part.span, format!("a step has a `rollback`, and no `{}`", part.text))
                    .maybe_fixed_by("write `rollback`", part.span, "rollback"),
            );
        }
    }
}
