//! Scopes: each end is a step that has the other as its rollback.

use super::{Lower, block, children};
use crate::Span;
use crate::ast::{Clause, During, Ident, Rollback, Step};
use crate::kind::{SyntaxKind, SyntaxNode};

impl Lower {
    pub(super) fn during(&mut self, node: &SyntaxNode) -> During {
        let inner = block(node);
        let ends = |kind| inner.as_ref().map(|block| children(block, kind).collect()).unwrap_or_default();
        let (enters, leaves): (Vec<SyntaxNode>, Vec<SyntaxNode>) =
            (ends(SyntaxKind::Enter), ends(SyntaxKind::Leave));
        self.scopes += 1;
        let number = self.scopes;
        let enters: Vec<Step> = enters.iter().map(|node| self.end(node, number, "enter")).collect();
        let leaves: Vec<Step> = leaves.iter().map(|node| self.end(node, number, "leave")).collect();
        let span = self.span(node);
        During {
            title: self.text_of(node),
            max: self.duration(node, "max"),
            enter: enters
                .iter()
                .map(|enter| with_rollback(enter, leaves.first(), taken_back_by_leaving))
                .collect(),
            leave: leaves.iter().map(|leave| left(leave, enters.first())).collect(),
            body: self.members(inner),
            span,
            head: Span { end: span.start + u32::try_from("during".len()).unwrap_or_default(), ..span },
        }
    }

    /// An end of a scope, under a name that no author can give: it has brackets.
    fn end(&mut self, node: &SyntaxNode, number: u32, word: &str) -> Step {
        let span = self.span(node);
        let length = u32::try_from(word.len()).unwrap_or_default();
        let head = Span { end: span.start.saturating_add(length), ..span };
        Step {
            doc: String::new(),
            name: Ident { text: format!("{word}[{number}]"), span: head },
            on: self.expr_of_clause(node, "on"),
            within: self.duration(node, "within"),
            title: None,
            body: self.clauses(block(node)),
            span,
            head,
        }
    }
}

/// The clauses of `leave` that say how entering is taken back: all but how safe leaving is to repeat.
fn taken_back_by_leaving(clause: &Clause) -> bool {
    !matches!(clause, Clause::Idempotent(_))
}

/// The clauses of one end that say how the other is taken back.
fn is_of_rollback(clause: &Clause) -> bool {
    matches!(clause, Clause::Requires(_) | Clause::Statement(_) | Clause::Ensures(_))
}

fn with_rollback(end: &Step, other: Option<&Step>, keep: fn(&Clause) -> bool) -> Step {
    let mut step = end.clone();
    if let Some(other) = other {
        let body = other.body.iter().filter(|clause| keep(clause)).cloned().collect();
        step.body.push(Clause::Rollback(Rollback { body, span: other.span }));
    }
    step
}

/// Leaving is done where entering was, and what cannot stand in it is said of it as entering's rollback.
fn left(leave: &Step, enter: Option<&Step>) -> Step {
    let mut step = leave.clone();
    step.body.retain(|clause| is_of_rollback(clause) || matches!(clause, Clause::Idempotent(_)));
    let mut step = with_rollback(&step, enter, is_of_rollback);
    if let Some(enter) = enter {
        step.on.clone_from(&enter.on);
        step.within = enter.within;
    }
    step
}
