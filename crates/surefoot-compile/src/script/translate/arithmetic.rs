//! Arithmetic and `[[ … ]]`: the variables and words in them.

use shuck_ast as parsed;

use super::Translator;
use crate::script::tree::{Piece, PieceKind, Shape, Variable, Word};

impl Translator<'_> {
    /// Returns the variables that are read and set in an expression, in the order of the text.
    pub(super) fn arithmetic(&mut self, expr: &parsed::ArithmeticExprNode) -> Vec<Piece> {
        let mut pieces = Vec::new();
        self.arithmetic_into(expr, &mut pieces);
        pieces.sort_by_key(|piece| piece.place.start);
        pieces
    }

    fn arithmetic_into(&mut self, expr: &parsed::ArithmeticExprNode, pieces: &mut Vec<Piece>) {
        match &expr.kind {
            parsed::ArithmeticExpr::Number(_) => {}
            parsed::ArithmeticExpr::Variable(name) => {
                pieces.push(self.bare(name, expr.span, true, false));
            }
            parsed::ArithmeticExpr::Indexed { name, index } => {
                pieces.push(self.bare(name, expr.span, true, false));
                self.arithmetic_into(index, pieces);
            }
            parsed::ArithmeticExpr::ShellWord(word) => pieces.extend(self.word(word).pieces),
            parsed::ArithmeticExpr::Parenthesized { expression } => self.arithmetic_into(expression, pieces),
            parsed::ArithmeticExpr::Unary { op, expr: operand } => {
                let sets = match op {
                    parsed::ArithmeticUnaryOp::PreIncrement | parsed::ArithmeticUnaryOp::PreDecrement => true,
                    parsed::ArithmeticUnaryOp::Plus
                    | parsed::ArithmeticUnaryOp::Minus
                    | parsed::ArithmeticUnaryOp::LogicalNot
                    | parsed::ArithmeticUnaryOp::BitwiseNot => false,
                };
                self.operand(operand, sets, pieces);
            }
            parsed::ArithmeticExpr::Postfix { expr: operand, .. } => self.operand(operand, true, pieces),
            parsed::ArithmeticExpr::Binary { left, right, .. } => {
                // Chains lean to the left, as long as they are.
                self.arithmetic_into(right, pieces);
                let mut at = left;
                while let parsed::ArithmeticExpr::Binary { left, right, .. } = &at.kind {
                    self.arithmetic_into(right, pieces);
                    at = left;
                }
                self.arithmetic_into(at, pieces);
            }
            parsed::ArithmeticExpr::Conditional { condition, then_expr, else_expr } => {
                self.arithmetic_into(condition, pieces);
                self.arithmetic_into(then_expr, pieces);
                self.arithmetic_into(else_expr, pieces);
            }
            parsed::ArithmeticExpr::Assignment { target, op, value } => {
                self.arithmetic_into(value, pieces);
                let reads = *op != parsed::ArithmeticAssignOp::Assign;
                let (parsed::ArithmeticLvalue::Variable(name)
                | parsed::ArithmeticLvalue::Indexed { name, .. }) = target;
                pieces.push(self.bare(name, expr.span, reads, true));
                if let parsed::ArithmeticLvalue::Indexed { index, .. } = target {
                    self.arithmetic_into(index, pieces);
                }
            }
        }
    }

    fn operand(&mut self, operand: &parsed::ArithmeticExprNode, sets: bool, pieces: &mut Vec<Piece>) {
        if let parsed::ArithmeticExpr::Variable(name) = &operand.kind {
            pieces.push(self.bare(name, operand.span, true, sets));
        } else {
            self.arithmetic_into(operand, pieces);
        }
    }

    /// A variable that stands there without `$`.
    fn bare(&self, name: &parsed::Name, span: parsed::Span, must_be_set: bool, sets: bool) -> Piece {
        let name = name.to_string();
        let variable = Variable { name, must_be_set, sets, shape: Shape::Number, inner: Vec::new() };
        Piece { kind: PieceKind::Variable(variable), quoted: true, place: self.place(span) }
    }

    /// Gathers the words of a `[[ … ]]`, in order.
    pub(super) fn condition(&mut self, condition: &parsed::ConditionalExpr, words: &mut Vec<Word>) {
        match condition {
            parsed::ConditionalExpr::Binary(binary) => {
                // Chains lean to the left, as long as they are.
                let mut rights = vec![binary.right.as_ref()];
                let mut at = binary.left.as_ref();
                while let parsed::ConditionalExpr::Binary(left) = at {
                    rights.push(left.right.as_ref());
                    at = left.left.as_ref();
                }
                self.condition(at, words);
                for right in rights.into_iter().rev() {
                    self.condition(right, words);
                }
            }
            parsed::ConditionalExpr::Unary(unary) => {
                // Whether it is set is what `-v` asks.
                if unary.op != parsed::ConditionalUnaryOp::VariableSet {
                    self.condition(&unary.expr, words);
                }
            }
            parsed::ConditionalExpr::Parenthesized(inner) => self.condition(&inner.expr, words),
            parsed::ConditionalExpr::Word(word) | parsed::ConditionalExpr::Regex(word) => {
                let word = self.word(word);
                words.push(word);
            }
            parsed::ConditionalExpr::Pattern(pattern) => {
                let word = self.pattern(pattern);
                words.push(word);
            }
            parsed::ConditionalExpr::VarRef(_) => {}
        }
    }
}
