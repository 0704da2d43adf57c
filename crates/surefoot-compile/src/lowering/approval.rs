//! Whose yes a step needs, and what they are shown.

use surefoot_plan::{APPROVERS_MAX, Approval, Cell, ShownValue};
use surefoot_syntax::ast::{Approved, Expr as Syntax, ExprKind};
use surefoot_syntax::on_one_line;

use super::{APPROVAL_EXPIRES_MS, Context, Lowering};
use crate::report::error;
use crate::term::{What, depends};

/// Something that an approver is shown.
enum Shown {
    /// Facts, asked at that moment.
    Facts(Vec<Cell>),
    /// A value.
    Value(ShownValue),
}

impl<'a> Lowering<'a> {
    /// Understands `approved by N of ROLE showing … expires D`.
    pub(super) fn approval(&mut self, approved: &'a Approved) -> Approval {
        let mut showing = Vec::new();
        let mut values = Vec::new();
        for syntax in &approved.showing {
            let cx = Context {
                step: self.cx.step.clone(),
                target: self.cx.target.clone(),
                part: self.cx.part,
                ..Context::questions()
            };
            match self.within(cx, |this| this.shown_to_approver(syntax)).0 {
                Shown::Facts(cells) => {
                    for cell in cells {
                        if !showing.contains(&cell) {
                            showing.push(cell);
                        }
                    }
                }
                Shown::Value(value) => values.push(value),
            }
        }
        Approval {
            role: approved.role.text.clone(),
            people: self.people(approved),
            showing,
            values,
            expires_ms: approved.expires.map_or(APPROVAL_EXPIRES_MS, |expires| expires.ms),
        }
    }

    /// How many people must agree.
    fn people(&mut self, approved: &Approved) -> u32 {
        let Some((people, span)) = approved.people else { return 1 };
        if !(1..=APPROVERS_MAX).contains(&people) {
            self.report(
                error("SF0301", span, format!("{people} people cannot be asked for their yes"))
                    .here(format!("between 1 and {APPROVERS_MAX} are allowed"))
                    .help("say how many different people must agree: `approved by 2 of dba`"),
            );
            return 1;
        }
        people
    }

    fn shown_to_approver(&mut self, syntax: &'a Syntax) -> Shown {
        let term = self.expr(syntax);
        match &term.what {
            What::Cell(cell) => Shown::Facts(vec![cell.clone()]),
            What::Formula(formula) => {
                Shown::Facts(formula.atoms().into_iter().map(|atom| atom.cell.clone()).collect())
            }
            What::Value(_) if term.ty.is_none() => Shown::Facts(Vec::new()),
            What::Value(expr) if depends(expr).fact => {
                Shown::Facts(self.question_in_place(syntax).map(|(cell, _)| cell).into_iter().collect())
            }
            What::Value(expr) => {
                self.refuse_secret_shown(&term, "what an approver is shown");
                // A text says what it is about by itself.
                let is_text = matches!(syntax.kind, ExprKind::Text(_));
                let text = if is_text { String::new() } else { on_one_line(self.modules.text(syntax.span)) };
                Shown::Value(ShownValue { text, value: expr.clone() })
            }
        }
    }
}
