//! Steps with their clauses, and the control around them.

use super::{Lower, block, child, children, clause, clauses};
use crate::Span;
use crate::ast::{
    Action, After, Approved, Arm, Assume, Cause, Clause, Collect, Diagnose, Duration, Expr, For, Ident, If,
    Irreversible, Leaves, Lock, Manual, Match, Notify, OnFailure, Retry, Rollback, Statement, Step, Text,
    Todo, Wait, WaveSize,
};
use crate::kind::{SyntaxKind, SyntaxNode};

impl Lower {
    pub(super) fn step(&mut self, node: &SyntaxNode) -> Option<Step> {
        let span = self.span(node);
        let block = block(node);
        let head_end = node
            .children_with_tokens()
            .take_while(|part| part.kind() != SyntaxKind::Block)
            .filter(|part| !super::is_blank(part.kind()))
            .last()
            .map_or(span.end, |part| part.text_range().end().into());
        Some(Step {
            doc: self.doc(node),
            name: self.name(node)?,
            on: self.expr_of_clause(node, "on"),
            within: self.duration(node, "within"),
            title: self.text_of(node),
            body: self.clauses(block),
            span,
            head: Span { end: head_end, ..span },
        })
    }

    pub(super) fn action(&mut self, node: &SyntaxNode) -> Option<Action> {
        Some(Action { parameters: self.parameters(node), step: self.step(node)? })
    }

    pub(super) fn clauses(&mut self, block: Option<SyntaxNode>) -> Vec<Clause> {
        let Some(block) = block else { return Vec::new() };
        block.children().filter_map(|node| self.clause(&node)).collect()
    }

    fn clause(&mut self, node: &SyntaxNode) -> Option<Clause> {
        Some(match node.kind() {
            SyntaxKind::Approved => Clause::Approved(self.approved(node)?),
            SyntaxKind::Requires => Clause::Requires(self.requires(node)),
            SyntaxKind::Before => Clause::Before(self.binding(node)?),
            SyntaxKind::Ensures => Clause::Ensures(self.ensures(node)),
            SyntaxKind::Retry => Clause::Retry(self.retry(node)),
            SyntaxKind::Lock => Clause::Lock(self.lock(node)),
            SyntaxKind::Idempotent => Clause::Idempotent(self.span(node)),
            SyntaxKind::OnFailure => Clause::OnFailure(self.on_failure(node)?),
            SyntaxKind::Rollback => {
                Clause::Rollback(Rollback { body: self.clauses(block(node)), span: self.span(node) })
            }
            SyntaxKind::Irreversible => Clause::Irreversible(self.irreversible(node)),
            SyntaxKind::Leaves => Clause::Leaves(self.leaves(node)),
            SyntaxKind::After => Clause::After(self.after(node)?),
            SyntaxKind::NotBuilt => Clause::NotBuilt(self.not_built(node)),
            _ => Clause::Statement(self.statement(node)?),
        })
    }

    fn statement(&mut self, node: &SyntaxNode) -> Option<Statement> {
        Some(match node.kind() {
            SyntaxKind::CommandStatement => {
                let command = child(node, SyntaxKind::CommandExpr)?;
                Statement::Command(self.command(&command))
            }
            SyntaxKind::Let => Statement::Let(self.binding(node)?),
            SyntaxKind::CallStatement => {
                let call = child(node, SyntaxKind::CallExpr)?;
                Statement::Call(self.call(&call)?)
            }
            SyntaxKind::Manual => Statement::Manual(self.manual(node)),
            SyntaxKind::Note => {
                let text = self.expr_of(node);
                Statement::Note(text, self.span(node))
            }
            SyntaxKind::Notify => Statement::Notify(Notify {
                channel: self.name(node)?,
                text: self.expr_of(node),
                span: self.span(node),
            }),
            SyntaxKind::Todo => Statement::Todo(self.todo(node)),
            SyntaxKind::NotBuilt => Statement::NotBuilt(self.not_built(node)),
            _ => return None,
        })
    }

    fn after(&mut self, node: &SyntaxNode) -> Option<After> {
        let literal = child(node, SyntaxKind::Literal)?;
        let span = self.span(&literal);
        let after = self.milliseconds(&literal).map(|ms| Duration { ms, span });
        // The last expression is the text: the duration stands before it.
        let text = super::expr::expressions(node).last()?;
        Some(After { after, channel: self.name(node)?, text: self.expr(&text), span: self.span(node) })
    }

    fn afters(&mut self, node: &SyntaxNode) -> Vec<After> {
        let afters: Vec<SyntaxNode> = children(node, SyntaxKind::After).collect();
        afters.iter().filter_map(|after| self.after(after)).collect()
    }

    pub(super) fn todo(&mut self, node: &SyntaxNode) -> Todo {
        Todo { what: self.text_of(node), span: self.span(node) }
    }

    fn manual(&mut self, node: &SyntaxNode) -> Manual {
        let see = match block(node) {
            Some(block) => self.see(&block),
            None => Vec::new(),
        };
        Manual { text: self.expr_of(node), see, within: self.duration(node, "within"), span: self.span(node) }
    }

    /// The `see` clauses of a node: where to look, and what is normal.
    pub(super) fn see(&mut self, node: &SyntaxNode) -> Vec<(crate::ast::Expr, Option<crate::ast::Expr>)> {
        let lines: Vec<SyntaxNode> = clauses(node, "see").collect();
        lines
            .iter()
            .filter_map(|line| {
                let mut parts = self.exprs(line).into_iter();
                Some((parts.next()?, parts.next()))
            })
            .collect()
    }

    fn approved(&mut self, node: &SyntaxNode) -> Option<Approved> {
        let people = child(node, SyntaxKind::Literal);
        Some(Approved {
            people: people.and_then(|literal| self.times(&literal)),
            role: self.name(node)?,
            showing: clause(node, "showing").map(|clause| self.exprs(&clause)).unwrap_or_default(),
            expires: self.duration(node, "expires"),
            span: self.span(node),
        })
    }

    fn retry(&mut self, node: &SyntaxNode) -> Retry {
        let times = child(node, SyntaxKind::Literal).and_then(|literal| self.times(&literal));
        Retry { times, every: self.duration(node, "every"), span: self.span(node) }
    }

    fn times(&mut self, literal: &SyntaxNode) -> Option<(u32, Span)> {
        let span = self.span(literal);
        self.number::<u32>(literal, "this number is too large").map(|times| (times, span))
    }

    fn irreversible(&mut self, node: &SyntaxNode) -> Irreversible {
        Irreversible {
            why: self.text_of(node),
            without_approval: self.text_of_clause(node, "without"),
            undone_when: self.expr_of_clause(node, "undone"),
            recover_with: self.text_of_clause(node, "recover"),
            span: self.span(node),
        }
    }

    fn leaves(&mut self, node: &SyntaxNode) -> Leaves {
        let mut parts: Vec<SyntaxNode> = super::expr::expressions(node).collect();
        let why = match parts.last() {
            Some(last) if last.kind() == SyntaxKind::Text => parts.pop(),
            _ => None,
        };
        Leaves {
            facts: parts.iter().map(|fact| self.expr(fact)).collect(),
            why: why.and_then(|why| self.fixed_text(&why)),
            span: self.span(node),
        }
    }

    pub(super) fn lock(&mut self, node: &SyntaxNode) -> Lock {
        Lock { name: self.expr_of(node), span: self.span(node) }
    }

    /// `assume F "why"`: the last text is the reason.
    pub(super) fn assume(&mut self, node: &SyntaxNode) -> Assume {
        let (condition, why) = self.condition_and_text(node);
        Assume { condition, why, span: self.span(node) }
    }

    /// `F "text"`
    fn condition_and_text(&mut self, node: &SyntaxNode) -> (Expr, Option<Text>) {
        let mut parts: Vec<SyntaxNode> = super::expr::expressions(node).collect();
        let why = match parts.last() {
            Some(last) if last.kind() == SyntaxKind::Text && parts.len() > 1 => parts.pop(),
            _ => None,
        };
        let condition = match parts.first() {
            Some(part) => self.expr(part),
            None => self.expr_of(node),
        };
        (condition, why.and_then(|why| self.fixed_text(&why)))
    }

    pub(super) fn on_failure(&mut self, node: &SyntaxNode) -> Option<OnFailure> {
        Some(OnFailure { policy: self.name(node)?, span: self.span(node) })
    }

    pub(super) fn collect(&mut self, node: &SyntaxNode) -> Collect {
        let body = block(node)
            .map(|block| block.children().filter_map(|node| self.statement(&node)).collect())
            .unwrap_or_default();
        Collect { body, span: self.span(node) }
    }

    pub(super) fn wait(&mut self, node: &SyntaxNode) -> Wait {
        let times = children(node, SyntaxKind::Clause)
            .filter(|clause| super::has_word(clause, "times"))
            .find_map(|clause| child(&clause, SyntaxKind::Literal));
        Wait {
            condition: self.expr_of(node),
            patience: self.patience(node),
            times: times.and_then(|literal| self.times(&literal)),
            after: self.afters(node),
            otherwise: block(node).map(|block| self.members(Some(block))),
            span: self.span(node),
        }
    }

    pub(super) fn if_statement(&mut self, node: &SyntaxNode) -> If {
        let otherwise = clause(node, "else").map(|arm| match child(&arm, SyntaxKind::If) {
            Some(next) => vec![crate::ast::Member::If(self.if_statement(&next))],
            None => self.members(block(&arm)),
        });
        let unknown = clause(node, "unknown").map(|arm| self.members(block(&arm)));
        If {
            condition: self.expr_of(node),
            then: self.members(block(node)),
            otherwise,
            unknown,
            span: self.span(node),
        }
    }

    pub(super) fn match_statement(&mut self, node: &SyntaxNode) -> Match {
        let arms: Vec<SyntaxNode> =
            block(node).map(|block| children(&block, SyntaxKind::Arm).collect()).unwrap_or_default();
        let (otherwise, arms): (Vec<_>, Vec<_>) =
            arms.into_iter().partition(|arm| super::has_word(arm, "otherwise"));
        Match {
            value: self.expr_of(node),
            arms: arms.iter().map(|arm| self.arm(arm)).collect(),
            otherwise: otherwise.first().map(|arm| self.arm(arm)),
            span: self.span(node),
        }
    }

    pub(super) fn diagnose(&mut self, node: &SyntaxNode) -> Diagnose {
        let arms: Vec<SyntaxNode> =
            block(node).map(|block| children(&block, SyntaxKind::Arm).collect()).unwrap_or_default();
        let (otherwise, causes): (Vec<_>, Vec<_>) =
            arms.into_iter().partition(|arm| super::has_word(arm, "otherwise"));
        Diagnose {
            question: self.text_of(node),
            causes: causes.iter().map(|cause| self.cause(cause)).collect(),
            otherwise: otherwise.first().map(|arm| self.arm(arm)),
            span: self.span(node),
        }
    }

    fn cause(&mut self, node: &SyntaxNode) -> Cause {
        let (condition, text) = self.condition_and_text(node);
        Cause { condition, text, body: self.members(block(node)), span: self.span(node) }
    }

    fn arm(&mut self, node: &SyntaxNode) -> Arm {
        Arm { values: self.exprs(node), body: self.members(block(node)), span: self.span(node) }
    }

    /// The sizes of the waves of a loop.
    fn waves(&mut self, node: &SyntaxNode) -> Vec<(WaveSize, Span)> {
        let Some(clause) = super::clause(node, "waves") else { return Vec::new() };
        let sizes: Vec<SyntaxNode> = children(&clause, SyntaxKind::Literal).collect();
        let mut waves = Vec::new();
        for literal in sizes {
            let span = self.span(&literal);
            let text = literal.text().to_string();
            let size = match text.trim().strip_suffix('%') {
                Some(percent) => percent.parse().ok().map(WaveSize::Percent),
                None => self.number(&literal, "this number is too large").map(WaveSize::Count),
            };
            // A part of a percent is no size of a wave: the compiler says so.
            waves.push((size.unwrap_or(WaveSize::Percent(0)), span));
        }
        waves
    }

    pub(super) fn for_statement(&mut self, node: &SyntaxNode) -> Option<For> {
        for word in ["max", "tolerate", "waves", "pause", "on"] {
            self.once(super::clauses(node, word), word);
        }
        let number =
            |word: &str| super::clause(node, word).and_then(|clause| child(&clause, SyntaxKind::Literal));
        let (max, tolerate) = (number("max"), number("tolerate"));
        Some(For {
            name: self.name(node)?,
            list: self.expr_of(node),
            max: max.and_then(|literal| self.times(&literal)),
            tolerate: tolerate.and_then(|literal| self.times(&literal)),
            waves: self.waves(node),
            pause: self.duration(node, "pause"),
            on_failure: super::clause(node, "on").and_then(|clause| {
                let last = super::tokens(&clause).filter(|token| token.kind() == SyntaxKind::Ident).last()?;
                Some(Ident { text: last.text().to_owned(), span: self.span(&clause) })
            }),
            body: self.members(block(node)),
            span: self.span(node),
        })
    }
}
