//! Calls of other runbooks.

use super::{Lower, children, clause};
use crate::ast::{CallRunbook, Ident};
use crate::file_name;
use crate::kind::{SyntaxKind, SyntaxNode};

impl Lower {
    pub(super) fn call_runbook(&mut self, node: &SyntaxNode) -> Option<CallRunbook> {
        let path = self.text_of(node)?;
        let said = clause(node, "as").and_then(|clause| self.name(&clause));
        let span = self.span(node);
        let end = said.as_ref().map_or(path.span.end, |name| name.span.end);
        let name = said.or_else(|| Some(Ident { text: file_name(&path.text)?, span: path.span }))?;
        let given = clause(node, "with");
        if let Some(given) = &given {
            let entries: Vec<SyntaxNode> = children(given, SyntaxKind::Entry).collect();
            self.distinct(entries.iter());
        }
        let given = given.map(|clause| self.entries(&clause)).unwrap_or_default();
        Some(CallRunbook { path, name, given, span, head: crate::Span { end, ..span } })
    }
}
