//! Scenarios.

use super::{Lower, block, child, children, clause, first_word, tokens};
use crate::ast::{Expr, Ident, Scenario, ScenarioLine, Text};
use crate::kind::{SyntaxKind, SyntaxNode};

impl Lower {
    pub(super) fn scenario(&mut self, node: &SyntaxNode) -> Scenario {
        let mut lines = Vec::new();
        if let Some(block) = block(node) {
            for line in children(&block, SyntaxKind::ScenarioLine) {
                self.scenario_line(&line, &mut lines);
            }
        }
        Scenario { title: self.text_of(node), runbook: self.name(node), lines, span: self.span(node) }
    }

    fn scenario_line(&mut self, node: &SyntaxNode, lines: &mut Vec<ScenarioLine>) {
        if first_word(node).as_deref() == Some("expect") {
            for expectation in children(node, SyntaxKind::Expectation) {
                lines.extend(self.expectation(&expectation));
            }
            return;
        }
        lines.extend(self.plain_line(node));
    }

    fn plain_line(&mut self, node: &SyntaxNode) -> Option<ScenarioLine> {
        let span = self.span(node);
        let mut names = self.names(node).into_iter();
        Some(match first_word(node)?.as_str() {
            "given" => ScenarioLine::Given(self.entries(node), span),
            "start" => ScenarioLine::Start(self.exprs(node), span),
            "answer" => {
                let (name, value): (Ident, Expr) = self.entries(node).pop()?;
                ScenarioLine::Answer(name, value, span)
            }
            "reply" => {
                let command = self.command(&child(node, SyntaxKind::CommandExpr)?);
                let printed = self.exprs(node).into_iter().nth(1)?;
                ScenarioLine::Reply(command, printed, span)
            }
            "after" => ScenarioLine::After(names.next()?, self.exprs(node), span),
            "fail" => {
                let turn = clause_of_turn(node).map(|clause| self.expr_of(&clause));
                ScenarioLine::Fail(names.next()?, turn, names.next()?, span)
            }
            word @ ("lie" | "hang") => {
                let word = Ident { text: word.to_owned(), span: self.word_span(node) };
                ScenarioLine::Fault(word, names.next()?, span)
            }
            "crash" => ScenarioLine::Crash(names.next()?, span),
            "deny" => ScenarioLine::DenyApproval(span),
            "lose" => ScenarioLine::Lose(self.expr_of(node), span),
            "explore" => ScenarioLine::ExploreAll(span),
            _ => return None,
        })
    }

    fn expectation(&mut self, node: &SyntaxNode) -> Option<ScenarioLine> {
        let span = self.span(node);
        Some(match first_word(node).as_deref() {
            Some(word @ ("done" | "stuck")) => {
                ScenarioLine::ExpectVerdict(Text { text: word.to_owned(), span })
            }
            Some("rolled") => ScenarioLine::ExpectVerdict(Text { text: "rolled back".to_owned(), span }),
            Some("stopped") => ScenarioLine::ExpectStopped(self.name(node)?, span),
            Some("ran") => ScenarioLine::ExpectRan(self.expr_of(node), span),
            _ => ScenarioLine::ExpectFact(self.expr_of(node), span),
        })
    }
}

/// The turn of a loop that `fail step("k3") during` names.
fn clause_of_turn(node: &SyntaxNode) -> Option<SyntaxNode> {
    debug_assert!(clause(node, "fail").is_none(), "a turn stands in brackets");
    children(node, SyntaxKind::Clause)
        .find(|clause| tokens(clause).any(|token| token.kind() == SyntaxKind::ParenOpen))
}
