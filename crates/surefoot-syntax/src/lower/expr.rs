//! Expressions.

use super::{Lower, block, child, children, clause, has_token, tokens};
use crate::ast::{Ask, BinaryOperator, Call, Expr, ExprKind, Ident, Text, UnaryOperator, WordPart};
use crate::kind::{SyntaxKind, SyntaxNode};

/// The expressions directly in a node.
pub(super) fn expressions(node: &SyntaxNode) -> impl Iterator<Item = SyntaxNode> + use<> {
    node.children().filter(|child| is_expression(child.kind()))
}

fn is_expression(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        SyntaxKind::Literal
            | SyntaxKind::Text
            | SyntaxKind::NameExpr
            | SyntaxKind::CallExpr
            | SyntaxKind::ListExpr
            | SyntaxKind::RecordExpr
            | SyntaxKind::FieldExpr
            | SyntaxKind::UnaryExpr
            | SyntaxKind::BinaryExpr
            | SyntaxKind::ParenExpr
            | SyntaxKind::IfExpr
            | SyntaxKind::Comprehension
            | SyntaxKind::QuantifierExpr
            | SyntaxKind::AskExpr
            | SyntaxKind::RevealExpr
            | SyntaxKind::CommandExpr
    )
}

impl Lower {
    /// An expression that could not be read.
    pub(super) fn damaged(&self, around: &SyntaxNode) -> Expr {
        Expr { kind: ExprKind::Error, span: self.span(around) }
    }

    /// The expressions directly in a node, read.
    pub(super) fn exprs(&mut self, node: &SyntaxNode) -> Vec<Expr> {
        expressions(node).map(|expr| self.expr(&expr)).collect()
    }

    /// The first expression directly in a node.
    pub(super) fn expr_of(&mut self, node: &SyntaxNode) -> Expr {
        match expressions(node).next() {
            Some(expr) => self.expr(&expr),
            None => self.damaged(node),
        }
    }

    /// The fixed text directly in a node.
    pub(super) fn text_of(&mut self, node: &SyntaxNode) -> Option<Text> {
        let text = child(node, SyntaxKind::Text)?;
        self.fixed_text(&text)
    }

    pub(super) fn expr(&mut self, node: &SyntaxNode) -> Expr {
        if node.kind() == SyntaxKind::ParenExpr {
            return self.expr_of(node);
        }
        let span = self.span(node);
        let kind = self.expr_kind(node).unwrap_or(ExprKind::Error);
        Expr { kind, span }
    }

    fn expr_kind(&mut self, node: &SyntaxNode) -> Option<ExprKind> {
        Some(match node.kind() {
            SyntaxKind::Literal => return self.literal(node),
            SyntaxKind::Text => ExprKind::Text(self.text_parts(node)?),
            SyntaxKind::NameExpr => ExprKind::Name(self.names(node)),
            SyntaxKind::CallExpr => ExprKind::Call(self.call(node)?),
            SyntaxKind::ListExpr => ExprKind::List(self.exprs(node)),
            SyntaxKind::RecordExpr => ExprKind::Record(self.entries(node)),
            SyntaxKind::FieldExpr => ExprKind::Field(Box::new(self.expr_of(node)), self.name(node)?),
            SyntaxKind::UnaryExpr => {
                let operator = if has_token(node, SyntaxKind::Minus) {
                    UnaryOperator::Minus
                } else {
                    UnaryOperator::Not
                };
                ExprKind::Unary(operator, Box::new(self.expr_of(node)))
            }
            SyntaxKind::BinaryExpr => self.binary(node)?,
            SyntaxKind::IfExpr => {
                let mut parts = self.exprs(node).into_iter().map(Box::new);
                ExprKind::If(parts.next()?, parts.next()?, parts.next()?)
            }
            SyntaxKind::Comprehension => {
                let mut parts = self.exprs(node).into_iter().map(Box::new);
                ExprKind::Comprehension {
                    item: parts.next()?,
                    name: self.name(node)?,
                    list: parts.next()?,
                    condition: parts.next(),
                }
            }
            SyntaxKind::QuantifierExpr => {
                let mut parts = self.exprs(node).into_iter().map(Box::new);
                ExprKind::Quantifier {
                    every: super::has_word(node, "all"),
                    condition: parts.next()?,
                    name: self.name(node)?,
                    list: parts.next()?,
                }
            }
            SyntaxKind::AskExpr => ExprKind::Ask(Box::new(self.ask(node))),
            SyntaxKind::RevealExpr => {
                let mut parts = expressions(node);
                let (secret, why) = (parts.next()?, parts.last()?);
                ExprKind::Reveal(Box::new(self.expr(&secret)), self.fixed_text(&why)?)
            }
            SyntaxKind::CommandExpr => {
                self.check_words(node);
                ExprKind::Command(Box::new(self.command(node)))
            }
            _ => return None,
        })
    }

    fn binary(&mut self, node: &SyntaxNode) -> Option<ExprKind> {
        let operator = tokens(node).find(|token| !super::is_blank(token.kind()))?;
        let operator = operator_of(operator.kind(), operator.text())?;
        let mut sides = self.exprs(node).into_iter();
        let left = Box::new(sides.next()?);
        let right = Box::new(sides.next().unwrap_or_else(|| self.damaged(node)));
        Some(ExprKind::Binary(operator, left, right))
    }

    pub(super) fn entries(&mut self, node: &SyntaxNode) -> Vec<(Ident, Expr)> {
        let entries: Vec<SyntaxNode> = children(node, SyntaxKind::Entry).collect();
        entries.iter().filter_map(|entry| Some((self.name(entry)?, self.expr_of(entry)))).collect()
    }

    pub(super) fn call(&mut self, node: &SyntaxNode) -> Option<Call> {
        let callee = self.names(&child(node, SyntaxKind::NameExpr)?);
        let arguments: Vec<SyntaxNode> = children(node, SyntaxKind::Argument).collect();
        let arguments = arguments.iter().map(|node| (self.name(node), self.expr_of(node))).collect();
        Some(Call { callee, arguments, span: self.span(node) })
    }

    fn ask(&mut self, node: &SyntaxNode) -> Ask {
        debug_assert!(block(node).is_none(), "a question has no block");
        Ask {
            text: self.expr_of(node),
            r#type: self.type_of(node),
            by: clause(node, "by").and_then(|clause| self.name(&clause)),
            see: self.see(node),
            within: self.duration(node, "within"),
            default: self.expr_of_clause(node, "default"),
            span: self.span(node),
        }
    }

    /// `${x}` or `${xs...}`
    pub(super) fn interpolated(&mut self, node: &SyntaxNode) -> WordPart {
        let value = self.expr_of(node);
        if has_token(node, SyntaxKind::Splice) { WordPart::Splice(value) } else { WordPart::Value(value) }
    }
}

fn operator_of(kind: SyntaxKind, word: &str) -> Option<BinaryOperator> {
    Some(match kind {
        SyntaxKind::Ident => match word {
            "and" => BinaryOperator::And,
            "or" => BinaryOperator::Or,
            "matches" => BinaryOperator::Matches,
            "in" => BinaryOperator::In,
            _ => return None,
        },
        SyntaxKind::EqualEqual => BinaryOperator::Equal,
        SyntaxKind::NotEqual => BinaryOperator::NotEqual,
        SyntaxKind::Less => BinaryOperator::Less,
        SyntaxKind::LessEqual => BinaryOperator::LessOrEqual,
        SyntaxKind::Greater => BinaryOperator::Greater,
        SyntaxKind::GreaterEqual => BinaryOperator::GreaterOrEqual,
        SyntaxKind::Plus => BinaryOperator::Plus,
        SyntaxKind::Minus => BinaryOperator::Minus,
        SyntaxKind::Star => BinaryOperator::Times,
        SyntaxKind::Slash => BinaryOperator::Divide,
        SyntaxKind::OrElse => BinaryOperator::OrElse,
        _ => return None,
    })
}
