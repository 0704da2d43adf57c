//! Conditions that an empty answer fulfils: `text $ app role != "primary"`, `not (state matches 'error')`.

use surefoot_syntax::ast::{
    BinaryOperator, Expr as Syntax, ExprKind, FactBody, Member, UnaryOperator, WordPart,
};

use super::Lowering;
use crate::report::warning;

impl<'a> Lowering<'a> {
    /// Warns of parts of a condition that a command which prints nothing makes true.
    pub(super) fn look_for_empty_answers(&mut self, condition: &'a Syntax) {
        self.look(condition, false);
    }

    fn look(&mut self, condition: &'a Syntax, is_negated: bool) {
        if let ExprKind::Unary(UnaryOperator::Not, inner) = &condition.kind {
            return self.look(inner, !is_negated);
        }
        if let ExprKind::Binary(BinaryOperator::And | BinaryOperator::Or, left, right) = &condition.kind {
            self.look(left, is_negated);
            return self.look(right, is_negated);
        }
        let ExprKind::Binary(operator, left, right) = &condition.kind else { return };
        let passes = match (operator, is_negated) {
            (BinaryOperator::NotEqual, false) | (BinaryOperator::Equal, true) => {
                self.prints_text(left) && !is_empty(right) || self.prints_text(right) && !is_empty(left)
            }
            (BinaryOperator::Matches, true) => self.prints_text(left),
            _ => false,
        };
        if passes {
            self.report(
                warning("SF0513", condition.span, "an answer without a word fulfils this")
                    .note("a command that finds nothing, or is asked in the wrong place, prints nothing too")
                    .help("say what is expected, `text $ … == \"standby\"`: nothing else is a yes then"),
            );
        }
    }

    /// Whether an expression is what a command prints, read as a text: in place, or by the name of a `let` or a fact.
    fn prints_text(&self, syntax: &Syntax) -> bool {
        let ExprKind::Name(name) = &syntax.kind else { return is_text_of_command(syntax) };
        let [name] = name.as_slice() else { return false };
        let of_let = self.runbook.members.iter().any(|member| {
            matches!(member, Member::Let(found) if found.name.text == name.text && is_text_of_command(&found.value))
        });
        let fact = self.fact_of(self.module, &name.text).map(|fact| &fact.body);
        of_let || matches!(fact, Some(FactBody::Expr(body)) if is_text_of_command(body))
    }
}

fn is_text_of_command(syntax: &Syntax) -> bool {
    let ExprKind::Command(command) = &syntax.kind else { return false };
    command.decoder.as_ref().is_some_and(|decoder| decoder.text == "text")
}

/// Whether it is the empty text.
fn is_empty(syntax: &Syntax) -> bool {
    let ExprKind::Text(parts) = &syntax.kind else { return false };
    parts.iter().all(|part| matches!(part, WordPart::Text(text) if text.is_empty()))
}
