//! Items and declarations.

use super::{Lower, block, child, children, clause, first_word, has_word, tokens};
use crate::Span;
use crate::ast::{
    About, Allow, Duration, Ensures, Expr, Fact, FactBody, Function, Ident, Invariant, Let, Module, Param,
    Patience, Requires, Right, Runbook, Text, Type, TypeItem, TypeKind, Use,
};
use crate::kind::{SyntaxKind, SyntaxNode};

impl Lower {
    pub(super) fn use_item(&mut self, node: &SyntaxNode) -> Option<Use> {
        let module = match child(node, SyntaxKind::Text) {
            Some(text) => Module::File(self.fixed_text(&text)?),
            None => {
                let names = self.names(node);
                if names.is_empty() {
                    return None;
                }
                Module::Library(names)
            }
        };
        let alias = clause(node, "as").and_then(|clause| self.name(&clause));
        Some(Use { module, alias, span: self.span(node) })
    }

    pub(super) fn runbook(&mut self, node: &SyntaxNode) -> Option<Runbook> {
        self.scopes = 0;
        let doc = self.doc(node);
        let name = self.name(node)?;
        let members = self.members(block(node));
        Some(Runbook { doc, name, members, span: self.span(node) })
    }

    pub(super) fn about(&mut self, node: &SyntaxNode) -> About {
        let mut about = About { span: self.span(node), ..About::default() };
        let Some(block) = block(node) else { return about };
        for entry in ["owner", "reviewed", "severity"] {
            self.once(super::clauses(&block, entry), entry);
        }
        about.owner = self.text_of_clause(&block, "owner");
        if let Some(reviewed) = clause(&block, "reviewed") {
            about.reviewed = child(&reviewed, SyntaxKind::Literal)
                .map(|date| Text { text: date.text().to_string(), span: self.span(&date) });
            about.review_every = self.duration(&reviewed, "every");
        }
        if let Some(severity) = clause(&block, "severity") {
            about.severity = self.names(&severity);
        }
        about
    }

    pub(super) fn param(&mut self, node: &SyntaxNode) -> Option<Param> {
        let default = children(node, SyntaxKind::Clause)
            .find(|clause| super::has_token(clause, SyntaxKind::Equal))
            .map(|clause| self.expr_of(&clause));
        Some(Param {
            doc: self.doc(node),
            name: self.name(node)?,
            r#type: self.type_of(node),
            default,
            condition: self.expr_of_clause(node, "where"),
            from_env: clause(node, "from").and_then(|clause| self.name(&clause)),
            span: self.span(node),
        })
    }

    /// `let` and `before`.
    pub(super) fn binding(&mut self, node: &SyntaxNode) -> Option<Let> {
        Some(Let {
            name: self.name(node)?,
            r#type: self.type_of(node),
            value: self.expr_of(node),
            span: self.span(node),
        })
    }

    /// The type that a node holds.
    pub(super) fn type_of(&mut self, node: &SyntaxNode) -> Option<Type> {
        let node = child(node, SyntaxKind::Type)?;
        self.type_expr(&node)
    }

    fn type_expr(&mut self, node: &SyntaxNode) -> Option<Type> {
        let kind = if has_word(node, "list") {
            TypeKind::List(Box::new(self.type_of(node)?))
        } else if has_word(node, "one") {
            TypeKind::OneOf(self.texts(node))
        } else if super::has_token(node, SyntaxKind::BraceOpen) {
            let fields: Vec<SyntaxNode> = children(node, SyntaxKind::RecordField).collect();
            self.distinct(fields.iter());
            TypeKind::Record(
                fields.iter().filter_map(|field| Some((self.name(field)?, self.type_of(field)?))).collect(),
            )
        } else {
            let mut names = self.names(node).into_iter();
            match (names.next()?, names.next()) {
                (module, Some(name)) => TypeKind::Of(module, name),
                (_, None) if super::has_token(node, SyntaxKind::Dot) => return None,
                (name, None) => TypeKind::Name(name),
            }
        };
        Some(Type {
            kind,
            secret: has_word(node, "secret"),
            untrusted: has_word(node, "untrusted"),
            optional: super::has_token(node, SyntaxKind::Question),
            span: self.span(node),
        })
    }

    fn texts(&mut self, node: &SyntaxNode) -> Vec<Text> {
        let texts: Vec<SyntaxNode> = children(node, SyntaxKind::Text).collect();
        texts.iter().filter_map(|text| self.fixed_text(text)).collect()
    }

    pub(super) fn allow(&mut self, node: &SyntaxNode) -> Allow {
        let rights = block(node)
            .map(|block| children(&block, SyntaxKind::Right).filter_map(|right| self.right(&right)).collect())
            .unwrap_or_default();
        Allow { rights, span: self.span(node) }
    }

    fn right(&mut self, node: &SyntaxNode) -> Option<Right> {
        Some(match first_word(node)?.as_str() {
            "run" => Right::Run(self.programs(node)),
            "detach" => Right::Detach(self.programs(node)),
            "connect" if super::has_word(node, "any") => {
                Right::ConnectAny(child(node, SyntaxKind::Text).and_then(|text| self.fixed_text(&text))?)
            }
            "connect" => {
                let endpoints: Vec<SyntaxNode> = children(node, SyntaxKind::Endpoint).collect();
                Right::Connect(endpoints.iter().filter_map(|endpoint| self.endpoint(endpoint)).collect())
            }
            "listen" => Right::Listen(self.exprs(node)),
            "read" => Right::Read(self.exprs(node)),
            "write" => Right::Write(self.exprs(node)),
            "as" => Right::As(self.names(node)),
            _ => return None,
        })
    }

    fn programs(&mut self, node: &SyntaxNode) -> Vec<Text> {
        let programs: Vec<SyntaxNode> = children(node, SyntaxKind::Program).collect();
        programs
            .iter()
            .filter_map(|program| match child(program, SyntaxKind::Text) {
                Some(text) => self.fixed_text(&text),
                None => Some(Text { text: program.text().to_string(), span: self.span(program) }),
            })
            .collect()
    }

    fn endpoint(&mut self, node: &SyntaxNode) -> Option<(Expr, Expr)> {
        let mut sides = self.exprs(node).into_iter();
        Some((sides.next()?, sides.next()?))
    }

    pub(super) fn parameters(&mut self, node: &SyntaxNode) -> Vec<(Ident, Type)> {
        let parameters: Vec<SyntaxNode> = children(node, SyntaxKind::Parameter).collect();
        self.distinct(parameters.iter());
        parameters.iter().filter_map(|node| Some((self.name(node)?, self.type_of(node)?))).collect()
    }

    pub(super) fn function(&mut self, node: &SyntaxNode) -> Option<Function> {
        Some(Function {
            doc: self.doc(node),
            name: self.name(node)?,
            parameters: self.parameters(node),
            result: self.type_of(node),
            body: self.expr_of(node),
            span: self.span(node),
        })
    }

    pub(super) fn type_item(&mut self, node: &SyntaxNode) -> Option<TypeItem> {
        Some(TypeItem {
            doc: self.doc(node),
            name: self.name(node)?,
            r#type: self.type_of(node),
            span: self.span(node),
        })
    }

    pub(super) fn fact(&mut self, node: &SyntaxNode) -> Option<Fact> {
        let parameters = self.parameters(node);
        Some(Fact {
            doc: self.doc(node),
            name: self.name(node)?,
            parameters,
            r#type: self.type_of(node),
            on: self.expr_of_clause(node, "on"),
            body: self.fact_body(node),
            span: self.span(node),
        })
    }

    fn fact_body(&mut self, node: &SyntaxNode) -> FactBody {
        let Some(block) = block(node) else {
            return match self.exprs(node).pop() {
                Some(expr) => FactBody::Expr(expr),
                None => FactBody::Error,
            };
        };
        self.once(children(&block, SyntaxKind::CommandStatement), "the command");
        self.once(children(&block, SyntaxKind::FalseOn), "false on");
        let command = child(&block, SyntaxKind::CommandStatement)
            .and_then(|statement| child(&statement, SyntaxKind::CommandExpr));
        let Some(command) = command else { return FactBody::Error };
        let command = self.command(&command);
        let exits = child(&block, SyntaxKind::FalseOn).map(|node| self.exit_codes(&node)).unwrap_or_default();
        FactBody::Command(Box::new(command), exits)
    }

    /// The integers directly in a node, as exit codes.
    pub(super) fn exit_codes(&mut self, node: &SyntaxNode) -> Vec<(i32, Span)> {
        let literals: Vec<SyntaxNode> = children(node, SyntaxKind::Literal).collect();
        literals
            .iter()
            .filter_map(|literal| {
                let span = self.span(literal);
                let code = self.number::<u8>(literal, "an exit code is a number from 0 to 255")?;
                Some((i32::from(code), span))
            })
            .collect()
    }

    pub(super) fn requires(&mut self, node: &SyntaxNode) -> Requires {
        Requires {
            conditions: self.exprs(node),
            patience: self.patience(node),
            message: self.text_of_clause(node, "else"),
            span: self.span(node),
        }
    }

    pub(super) fn patience(&mut self, node: &SyntaxNode) -> Patience {
        let every: Option<Duration> = self.duration(node, "every");
        Patience { every, within: self.duration(node, "within") }
    }

    pub(super) fn invariant(&mut self, node: &SyntaxNode) -> Invariant {
        let mut exprs = super::expr::expressions(node);
        let condition = exprs.next();
        let message = exprs.next();
        Invariant {
            condition: match condition {
                Some(condition) => self.expr(&condition),
                None => self.damaged(node),
            },
            message: message.and_then(|text| self.fixed_text(&text)),
            span: self.span(node),
        }
    }

    pub(super) fn ensures(&mut self, node: &SyntaxNode) -> Ensures {
        Ensures { conditions: self.exprs(node), patience: self.patience(node), span: self.span(node) }
    }

    /// Where the first word of a node stands.
    pub(super) fn word_span(&self, node: &SyntaxNode) -> Span {
        tokens(node)
            .find(|token| token.kind() == SyntaxKind::Ident)
            .map_or_else(|| self.span(node), |token| self.token_span(&token))
    }
}
