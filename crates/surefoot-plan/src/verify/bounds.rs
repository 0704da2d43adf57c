//! Everything ends: deadlines, waits, retries and approvals have limits.

use super::violation::{Condition, Violation};
use crate::{
    APPROVERS_MAX, EACH_MAX, Ensure, Node, PersonQuestion, Plan, Require, Source, Statement, Step, StepId,
    Wave, Way,
};

/// Longest time that anything may take or wait: a month. Longer is a new run, not a patient one.
pub const WAIT_MS_MAX: u64 = 31 * 24 * 3_600_000;

/// Shortest time between two probes or tries. Less is a load on what is asked, and tells nothing more.
pub const EVERY_MS_MIN: u64 = 10;

/// Most times that a step is tried again, and that a wait asks for in a row.
pub const TIMES_MAX: u32 = 1_000;

struct Limits<'a> {
    node: Option<&'a StepId>,
    violations: Vec<Violation>,
}

/// Finds everything that may have no end, or not soon enough.
pub(super) fn check(plan: &Plan) -> Vec<Violation> {
    let mut limits: Limits<'_> = Limits { node: None, violations: Vec::new() };
    limits.requires(&plan.requires);
    limits.requires(&plan.ensures);
    for read in &plan.lets {
        limits.source(&read.source);
    }
    for node in plan.nodes() {
        limits.node = Some(node.id());
        match node {
            Node::Step(step) => limits.step(step),
            Node::Wait(wait) => {
                limits.time("the wait", wait.until.within_ms);
                limits.every(wait.until.every_ms, wait.until.within_ms);
                limits.times("a wait", wait.times);
                if wait.times == 0 {
                    limits.report("asks for its condition 0 times in a row", "ask at least once");
                }
            }
            Node::Each(each) => {
                let is_wave = |wave: &Wave| match wave {
                    Wave::Count(count) => (1..=EACH_MAX).contains(count),
                    Wave::Percent(percent) => (1..=100).contains(percent),
                };
                if !each.waves.iter().all(is_wave) {
                    limits.report("has a wave of no size", "say how many items belong to it: `waves 1, 10%`");
                }
                if each.pause_ms > WAIT_MS_MAX {
                    limits.report("may pause longer than 31 days", "give it a shorter pause");
                }
                if each.tolerate > each.max {
                    limits.report("tolerates more failures than it has turns", "lower the number");
                }
                if each.max == 0 || each.max > EACH_MAX {
                    let max = each.max;
                    limits.report(
                        &format!("may have {max} turns; between 1 and {EACH_MAX} are allowed"),
                        "say how many items there are at most: `max 50`",
                    );
                }
            }
            Node::If { .. } | Node::Parallel(_) | Node::Stop { .. } | Node::Assume { .. } => {}
        }
    }
    limits.violations
}

impl Limits<'_> {
    fn step(&mut self, step: &Step) {
        self.time("its deadline", step.deadline_ms);
        self.requires(&step.requires);
        self.ensures(&step.ensures);
        if let Some(retry) = &step.retry {
            self.times("its retry", retry.times);
            self.every(retry.every_ms, WAIT_MS_MAX);
        }
        if let Some(approval) = &step.approval {
            self.time("its approval", approval.expires_ms);
            if !(1..=APPROVERS_MAX).contains(&approval.people) {
                let people = approval.people;
                self.report(
                    &format!("needs the yes of {people} people; between 1 and {APPROVERS_MAX} are allowed"),
                    "say how many must agree: `approved by 2 of ROLE`",
                );
            }
        }
        step.after.iter().for_each(|after| self.time("who is told when it waits", after.after_ms));
        step.before.iter().for_each(|read| self.source(&read.source));
        step.body.iter().for_each(|statement| self.statement(statement));
        if let Way::Rollback(rollback) = &step.way {
            self.requires(&rollback.requires);
            self.ensures(&rollback.ensures);
            rollback.body.iter().for_each(|statement| self.statement(statement));
            let asks = |statement: &&Statement| matches!(statement, Statement::Read(read) if matches!(read.source, Source::Person(_)));
            if rollback.body.iter().any(|statement| asks(&statement)) {
                self.violations.push(Violation {
                    condition: Condition::RollbackAsks,
                    steps: vec![step.id.clone()],
                    names: Vec::new(),
                    message: format!("the rollback of `{}` asks a person a question", step.id),
                    trace: Vec::new(),
                    help: "ask before the step starts, in `before` or in a step of its own; what a person does with \
                           hands may stand in a rollback: `manual \"…\"`"
                        .into(),
                    more: 0,
                });
            }
        }
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Read(read) => self.source(&read.source),
            Statement::Manual(question) => self.person(question),
            Statement::Command { .. }
            | Statement::Library(_)
            | Statement::Note(_)
            | Statement::Notify { .. } => {}
        }
    }

    fn source(&mut self, source: &Source) {
        match source {
            Source::Person(question) => self.person(question),
            Source::Command(_) | Source::Library(_) | Source::Fact(_) | Source::Value(_) => {}
        }
    }

    /// Without a limit of its own a question waits as long as the run, which a person can end.
    fn person(&mut self, question: &PersonQuestion) {
        if let Some(within) = question.within_ms {
            self.time("its question", within);
        }
    }

    fn requires(&mut self, requires: &[Require]) {
        for require in requires {
            self.patience(require.every_ms, require.within_ms);
        }
    }

    fn ensures(&mut self, ensures: &[Ensure]) {
        for ensure in ensures {
            self.patience(ensure.every_ms, ensure.within_ms);
        }
    }

    fn patience(&mut self, every_ms: u64, within_ms: u64) {
        if within_ms > 0 {
            self.time("a condition", within_ms);
            self.every(every_ms, within_ms);
        }
    }

    fn time(&mut self, what: &str, ms: u64) {
        if ms == 0 {
            self.report(&format!("{what} has no limit"), "say how long it may take: `within 10m`");
        } else if ms > WAIT_MS_MAX {
            self.report(&format!("{what} may take longer than 31 days"), "give it a shorter limit");
        }
    }

    fn every(&mut self, every_ms: u64, within_ms: u64) {
        if every_ms < EVERY_MS_MIN && within_ms > 0 {
            self.report("asks again without a pause", "say how long to wait between two tries: `every 1s`");
        }
    }

    fn times(&mut self, what: &str, times: u32) {
        if times > TIMES_MAX {
            self.report(
                &format!("{what} has {times} turns; at most {TIMES_MAX} are allowed"),
                "lower the number",
            );
        }
    }

    fn report(&mut self, what: &str, help: &str) {
        let who = self.node.map_or_else(|| "the runbook".to_owned(), |node| format!("`{node}`"));
        let message = if what.starts_with("asks") || what.starts_with("may have") {
            format!("{who} {what}")
        } else {
            format!("{who}: {what}")
        };
        self.violations.push(Violation {
            condition: Condition::Unbounded,
            steps: self.node.cloned().into_iter().collect(),
            names: Vec::new(),
            message,
            trace: Vec::new(),
            help: help.to_owned(),
            more: 0,
        });
    }
}
