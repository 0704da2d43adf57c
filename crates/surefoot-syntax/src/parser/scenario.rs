//! Scenarios: a title, a runbook, lines.

use super::statement::Place;
use super::{Parsed, Parser};
use crate::Diagnostic;
use crate::kind::SyntaxKind;

/// The words a line begins with.
const LINES: &str = "`given`, `start`, `answer`, `reply`, `after`, `fail`, `lie`, `hang`, `crash`, `deny`, `lose`, `expect` or `explore`";

impl Parser<'_> {
    /// `scenario "title" for runbook { … }`
    pub(super) fn scenario(&mut self) -> Parsed {
        let head = self.current();
        self.bump();
        if self.scenario_head().is_err() {
            self.skip_to_block();
        }
        self.block("a scenario", head, Place::Scenario)
    }

    fn scenario_head(&mut self) -> Parsed {
        self.text_literal()?;
        self.expect_word("for")?;
        self.name("the runbook's name")
    }

    pub(super) fn scenario_line(&mut self) -> Parsed {
        self.node(SyntaxKind::ScenarioLine, |p| match p.word() {
            "given" => {
                p.bump();
                p.comma_separated(|p| p.node(SyntaxKind::Entry, Self::assignment))
            }
            "answer" => {
                p.bump();
                p.node(SyntaxKind::Entry, Self::assignment)
            }
            "start" => {
                p.bump();
                p.comma_separated(Self::expr)
            }
            "reply" => {
                p.bump();
                p.command(true)?;
                p.expect(SyntaxKind::Arrow, "`=>` and what it prints")?;
                p.expr()
            }
            "after" => {
                p.bump();
                p.name("a step's name")?;
                p.expect(SyntaxKind::Colon, "`:` and facts")?;
                p.comma_separated(Self::expr)
            }
            "fail" => p.fail(),
            "lie" | "hang" => {
                p.bump();
                p.name("a step's name")
            }
            "crash" => {
                p.bump();
                p.expect_word("at")?;
                p.name("a step's name")
            }
            "deny" => {
                p.bump();
                p.expect_word("approval")
            }
            "lose" => {
                p.bump();
                p.expr()
            }
            "expect" => {
                p.bump();
                p.comma_separated(|p| p.node(SyntaxKind::Expectation, Self::expectation))
            }
            "explore" => {
                p.bump();
                p.expect_word("all")?;
                p.expect_word("faults")
            }
            word => {
                let word = word.to_owned();
                let diagnostic = Diagnostic::error(
                    "SF0014",
                    p.here(),
                    format!("a line of a scenario cannot begin with {}", p.found()),
                );
                let _ = word;
                p.halt(diagnostic.help(format!("it begins with {LINES}")))
            }
        })
    }

    fn assignment(&mut self) -> Parsed {
        self.name("a name")?;
        self.expect(SyntaxKind::Equal, "`=` and a value")?;
        self.expr()
    }

    /// `fail STEP before|during|after`, `fail STEP("item") during`
    fn fail(&mut self) -> Parsed {
        self.bump();
        self.name("a step's name")?;
        if self.at(SyntaxKind::ParenOpen) {
            self.node(SyntaxKind::Clause, |p| {
                p.joined(|p| {
                    p.bump();
                    p.expr()?;
                    p.expect(SyntaxKind::ParenClose, "`)`")
                })
            })?;
        }
        if !self.at_any(&["before", "during", "after"]) {
            return self.expected("`before`, `during` or `after`");
        }
        self.node(SyntaxKind::Name, Self::bump);
        Ok(())
    }

    fn expectation(&mut self) -> Parsed {
        let next = self.text_of(self.ahead(1));
        match self.word() {
            "done" | "stuck" => {
                self.bump();
                Ok(())
            }
            "rolled" if next == "back" => {
                self.bump();
                self.bump();
                Ok(())
            }
            "stopped" if next == "at" => {
                self.bump();
                self.bump();
                self.name("a step's name")
            }
            "ran" if next != "." && next != "(" => {
                self.bump();
                self.operand()
            }
            _ => self.expr(),
        }
    }
}
