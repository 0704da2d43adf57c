//! `diagnose "why" { F "what it would mean" { … } otherwise { … } }`: choices inside one another, a cause a choice.
//!
//! Must hold: something is tried, and something is said of what is done when nothing is found.

use surefoot_plan::{Hypothesis, Node, StepId};
use surefoot_syntax::ast::{Cause, Diagnose};
use surefoot_syntax::on_one_line;

use super::Lowering;
use super::member::message;
use crate::report::{Report, error};

impl<'a> Lowering<'a> {
    /// Understands a `diagnose`.
    pub(super) fn diagnose(&mut self, diagnose: &'a Diagnose) -> Vec<Node> {
        self.choices += 1;
        let name = format!("diagnose[{}]", self.choices);
        self.check_diagnose(diagnose);
        let question = message(diagnose.question.as_ref());
        let mut tried = Vec::new();
        for (index, cause) in diagnose.causes.iter().enumerate() {
            if self.count(cause.span) {
                tried.push(self.cause(cause, self.node_id(format!("{name}[{}]", index + 1)), &question));
            }
        }
        let last = diagnose.otherwise.iter().flat_map(|arm| self.arm(arm)).collect();
        // The last cause first: what follows a cause is what the run does when it is not that.
        tried.into_iter().rev().fold(last, |rest, mut node| {
            if let Node::If { otherwise, .. } = &mut node {
                *otherwise = rest;
            }
            vec![node]
        })
    }

    fn cause(&mut self, cause: &'a Cause, id: StepId, question: &str) -> Node {
        self.origins.nodes.insert(id.clone(), cause.condition.span);
        let condition = self.condition(&cause.condition);
        self.scopes.open();
        let then = self.nodes(&cause.body, false);
        self.scopes.close();
        Node::If {
            id,
            condition,
            text: on_one_line(self.modules.text(cause.condition.span)),
            then,
            otherwise: Vec::new(),
            unknown: None,
            hypothesis: Some(Hypothesis {
                question: question.to_owned(),
                text: message(cause.text.as_ref()),
            }),
        }
    }

    fn check_diagnose(&mut self, diagnose: &Diagnose) {
        if self.wrong_inside(diagnose.span) {
            return;
        }
        let at = diagnose.question.as_ref().map_or(diagnose.span, |question| question.span);
        if diagnose.causes.is_empty() {
            self.report(
                error("SF0247", at, "this `diagnose` tries nothing")
                    .help("write what may be the cause: `disk_full \"the disk is full\" { … }`, the cheapest to ask first"),
            );
        } else if diagnose.otherwise.is_none() {
            let (end, text) = self.line_at_end(diagnose.span, "otherwise { }");
            self.report(
                error("SF0247", at, "nothing says what is done when no cause is found")
                    .help("say it: `otherwise { … }`, with `manual`, `stop` or what goes on")
                    .maybe_fixed_by("go on then", end, text),
            );
        }
    }
}
