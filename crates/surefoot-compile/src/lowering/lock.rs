//! Locks: what a run keeps for itself as long as it may have to go back.

use surefoot_plan::{Expr, Type};
use surefoot_syntax::ast;

use super::{Asking, Context, Lowering};
use crate::report::error;
use crate::term::{What, depends};

impl<'a> Lowering<'a> {
    /// Understands `lock "name"`. Every lock of a plan is taken before anything is done, wherever it is written.
    pub(super) fn lock(&mut self, written: &'a ast::Lock) {
        let (term, _) = self.within(Context::nothing("the name of a lock"), |this| {
            // What a run finds is refused with words of its own.
            this.cx.asking = Asking::Questions;
            this.value_of(&written.name)
        });
        let term = self.coerce(term, &Type::Text, "the name of a lock");
        let What::Value(name) = term.what else { return };
        if depends(&name).run {
            self.report(
                error(
                    "SF0336",
                    written.span,
                    "the name of this lock is found by the run, and every lock is taken before it begins",
                )
                .help("make it of parameters and texts: `lock \"pg/${cluster}\"`"),
            );
            return;
        }
        if name == Expr::Literal(surefoot_plan::Value::Text(String::new())) {
            self.report(
                error("SF0336", written.span, "a lock without a name locks nothing")
                    .help("say what is locked: `lock \"pg/main\"`"),
            );
            return;
        }
        if !self.plan.locks.contains(&name) {
            self.plan.locks.push(name);
        }
    }
}
