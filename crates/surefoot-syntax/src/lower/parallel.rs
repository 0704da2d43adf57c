//! Branches that are done at the same time.

use super::{Lower, block};
use crate::Span;
use crate::ast::{Member, Parallel};
use crate::kind::{SyntaxKind, SyntaxNode};

impl Lower {
    /// Each part directly in the block is a branch; several parts that follow each other stand in `{ … }`.
    pub(super) fn parallel(&mut self, node: &SyntaxNode) -> Parallel {
        let span = self.span(node);
        let children: Vec<SyntaxNode> =
            block(node).map(|block| block.children().collect()).unwrap_or_default();
        let branches = children.iter().filter_map(|child| self.branch(child)).collect();
        let head = Span { end: span.start + u32::try_from("parallel".len()).unwrap_or_default(), ..span };
        Parallel { branches, span, head }
    }

    fn branch(&mut self, node: &SyntaxNode) -> Option<Vec<Member>> {
        if node.kind() == SyntaxKind::Lane {
            return Some(self.members(block(node)));
        }
        self.member(node).map(|member| vec![member])
    }
}
