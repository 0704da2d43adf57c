//! Reads the abstract syntax from the tree.
//!
//! In: a lossless tree, damaged or not. Out: an [`ast::File`], and diagnostics about the text of literals:
//! escapes, numbers that are too large.
//!
//! Must hold: a part that is damaged has its diagnostic already; it is left out here, or becomes an `Error`.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the kinds of the tree are over a hundred; each place knows a few and leaves the rest alone"
)]

mod call;
mod command;
mod during;
mod expr;
mod item;
mod literal;
mod parallel;
mod scenario;
mod step;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::ast::{Duration, File, Ident, Item, Member, NotBuilt, Stop};
use crate::kind::{SyntaxKind, SyntaxNode, SyntaxToken};
use crate::{Diagnostic, FileId, Span, ast};

/// Reads the file whose tree has this root.
pub(crate) fn file(file: FileId, root: &SyntaxNode) -> (File, Vec<Diagnostic>) {
    let mut lower = Lower { file, scopes: 0, diagnostics: Vec::new(), waivers: Vec::new() };
    let items = root.children().filter_map(|node| lower.item(&node)).collect();
    (File { items, waivers: lower.waivers }, lower.diagnostics)
}

/// What is carried along.
struct Lower {
    file: FileId,
    /// How many scopes the runbook at hand has so far.
    scopes: u32,
    diagnostics: Vec<Diagnostic>,
    waivers: Vec<ast::Waiver>,
}

impl Lower {
    fn span(&self, node: &SyntaxNode) -> Span {
        let start = parts(node)
            .find(|part| part.kind() != SyntaxKind::DocLines && !is_blank(part.kind()))
            .map_or(node.text_range().start(), |part| part.text_range().start());
        Span { file: self.file, start: start.into(), end: node.text_range().end().into() }
    }

    fn token_span(&self, token: &SyntaxToken) -> Span {
        Span {
            file: self.file,
            start: token.text_range().start().into(),
            end: token.text_range().end().into(),
        }
    }

    fn item(&mut self, node: &SyntaxNode) -> Option<Item> {
        Some(match node.kind() {
            SyntaxKind::Use => Item::Use(self.use_item(node)?),
            SyntaxKind::Runbook => Item::Runbook(self.runbook(node)?),
            SyntaxKind::Fact => Item::Fact(self.fact(node)?),
            SyntaxKind::Function => Item::Function(self.function(node)?),
            SyntaxKind::TypeItem => Item::Type(self.type_item(node)?),
            SyntaxKind::Action => Item::Action(Box::new(self.action(node)?)),
            SyntaxKind::Scenario => Item::Scenario(self.scenario(node)),
            SyntaxKind::NotBuilt => Item::NotBuilt(self.not_built(node)),
            SyntaxKind::Waive => return self.waiver(node),
            _ => return None,
        })
    }

    fn members(&mut self, block: Option<SyntaxNode>) -> Vec<Member> {
        let Some(block) = block else { return Vec::new() };
        block.children().filter_map(|node| self.member(&node)).collect()
    }

    fn member(&mut self, node: &SyntaxNode) -> Option<Member> {
        Some(match node.kind() {
            SyntaxKind::About => Member::About(self.about(node)),
            SyntaxKind::Param => Member::Param(self.param(node)?),
            SyntaxKind::Let => Member::Let(self.binding(node)?),
            SyntaxKind::Allow => Member::Allow(self.allow(node)),
            SyntaxKind::Fact => Member::Fact(self.fact(node)?),
            SyntaxKind::Requires => Member::Requires(self.requires(node)),
            SyntaxKind::Invariant => Member::Invariant(self.invariant(node)),
            SyntaxKind::Ensures => Member::Ensures(self.ensures(node)),
            SyntaxKind::OnFailure => Member::OnFailure(self.on_failure(node)?),
            SyntaxKind::Collect => Member::Collect(self.collect(node)),
            SyntaxKind::Step => Member::Step(Box::new(self.step(node)?)),
            SyntaxKind::Wait => Member::Wait(self.wait(node)),
            SyntaxKind::If => Member::If(self.if_statement(node)),
            SyntaxKind::Match => Member::Match(self.match_statement(node)),
            SyntaxKind::Diagnose => Member::Diagnose(self.diagnose(node)),
            SyntaxKind::Todo => Member::Todo(self.todo(node)),
            SyntaxKind::For => Member::For(self.for_statement(node)?),
            SyntaxKind::Stop => Member::Stop(Stop { why: self.text_of(node), span: self.span(node) }),
            SyntaxKind::Assume => Member::Assume(self.assume(node)),
            SyntaxKind::Lock => Member::Lock(self.lock(node)),
            SyntaxKind::During => Member::During(Box::new(self.during(node))),
            SyntaxKind::Parallel => Member::Parallel(self.parallel(node)),
            SyntaxKind::CallRunbook => Member::Call(Box::new(self.call_runbook(node)?)),
            SyntaxKind::NotBuilt => Member::NotBuilt(self.not_built(node)),
            SyntaxKind::Waive => return self.waiver(node),
            _ => return None,
        })
    }

    /// Notes a waiver. It is no item or member itself: it says something of the one after it.
    fn waiver<T>(&mut self, node: &SyntaxNode) -> Option<T> {
        let mut next = node.next_sibling();
        while next.as_ref().is_some_and(|next| next.kind() == SyntaxKind::Waive) {
            next = next.and_then(|next| next.next_sibling());
        }
        let covers = next.map(|next| self.span(&next));
        let day = clause(node, "until").and_then(|clause| child(&clause, SyntaxKind::Literal))?;
        let waiver = ast::Waiver {
            code: self.name(node)?,
            until: ast::Text { text: day.text().to_string(), span: self.span(&day) },
            by: self.text_of_clause(node, "by")?,
            why: child(node, SyntaxKind::Text).and_then(|why| self.fixed_text(&why))?,
            covers,
            span: self.span(node),
        };
        self.waivers.push(waiver);
        None
    }

    fn not_built(&self, node: &SyntaxNode) -> NotBuilt {
        let keyword = first_word(node).unwrap_or_default();
        NotBuilt { keyword, span: self.span(node) }
    }

    /// The `##` lines of a node, joined, each without its mark and one blank.
    fn doc(&self, node: &SyntaxNode) -> String {
        let Some(lines) = child(node, SyntaxKind::DocLines) else { return String::new() };
        let lines: Vec<String> = tokens(&lines)
            .filter(|token| token.kind() == SyntaxKind::Doc)
            .map(|token| {
                let text = token.text().trim_start_matches("##");
                text.strip_prefix(' ').unwrap_or(text).trim_end().to_owned()
            })
            .collect();
        lines.join("\n")
    }

    /// The name that a node gives, or that it consists of.
    fn name(&self, node: &SyntaxNode) -> Option<Ident> {
        self.ident(&child(node, SyntaxKind::Name)?)
    }

    fn names(&self, node: &SyntaxNode) -> Vec<Ident> {
        children(node, SyntaxKind::Name).filter_map(|name| self.ident(&name)).collect()
    }

    /// The name that a `Name` holds.
    fn ident(&self, name: &SyntaxNode) -> Option<Ident> {
        let text = name.text().to_string();
        (!text.is_empty()).then(|| Ident { text, span: self.span(name) })
    }

    /// Refuses a second part where one may stand.
    fn once(&mut self, parts: impl Iterator<Item = SyntaxNode>, what: &str) {
        let mut parts = parts.map(|part| self.span(&part)).collect::<Vec<_>>().into_iter();
        let Some(first) = parts.next() else { return };
        for again in parts {
            self.diagnostics.push(
                Diagnostic::error("SF0022", again, format!("`{what}` is said twice"))
                    .here("said again")
                    .label(first, "said here"),
            );
        }
    }

    /// Refuses parts with the same name.
    fn distinct<'n>(&mut self, parts: impl Iterator<Item = &'n SyntaxNode>) {
        let mut names: BTreeMap<String, Span> = BTreeMap::new();
        for part in parts {
            let Some(name) = self.name(part) else { continue };
            match names.entry(name.text) {
                Entry::Vacant(entry) => {
                    entry.insert(name.span);
                }
                Entry::Occupied(entry) => self.diagnostics.push(
                    Diagnostic::error("SF0022", name.span, format!("`{}` is said twice", entry.key()))
                        .here("said again")
                        .label(*entry.get(), "said here"),
                ),
            }
        }
    }

    /// The duration of the clause that begins with `word`.
    fn duration(&mut self, node: &SyntaxNode, word: &str) -> Option<Duration> {
        let clause = clause(node, word)?;
        let literal = child(&clause, SyntaxKind::Literal)?;
        let span = self.span(&literal);
        self.milliseconds(&literal).map(|ms| Duration { ms, span })
    }

    fn expr_of_clause(&mut self, node: &SyntaxNode, word: &str) -> Option<ast::Expr> {
        let clause = clause(node, word)?;
        Some(self.expr_of(&clause))
    }

    fn text_of_clause(&mut self, node: &SyntaxNode, word: &str) -> Option<ast::Text> {
        let clause = clause(node, word)?;
        self.text_of(&clause)
    }
}

fn is_blank(kind: SyntaxKind) -> bool {
    kind.is_trivia() || kind == SyntaxKind::Newline
}

fn parts(node: &SyntaxNode) -> impl Iterator<Item = rowan::SyntaxElement<crate::kind::Language>> {
    node.children_with_tokens()
}

fn child(node: &SyntaxNode, kind: SyntaxKind) -> Option<SyntaxNode> {
    node.children().find(|child| child.kind() == kind)
}

fn children(node: &SyntaxNode, kind: SyntaxKind) -> impl Iterator<Item = SyntaxNode> {
    node.children().filter(move |child| child.kind() == kind)
}

fn tokens(node: &SyntaxNode) -> impl Iterator<Item = SyntaxToken> {
    node.children_with_tokens().filter_map(rowan::NodeOrToken::into_token)
}

fn has_token(node: &SyntaxNode, kind: SyntaxKind) -> bool {
    tokens(node).any(|token| token.kind() == kind)
}

/// Whether a word stands directly in a node.
fn has_word(node: &SyntaxNode, word: &str) -> bool {
    tokens(node).any(|token| token.kind() == SyntaxKind::Ident && token.text() == word)
}

/// The first word directly in a node.
fn first_word(node: &SyntaxNode) -> Option<String> {
    tokens(node).find(|token| token.kind() == SyntaxKind::Ident).map(|token| token.text().to_owned())
}

/// The clause that begins with `word`.
fn clause(node: &SyntaxNode, word: &str) -> Option<SyntaxNode> {
    clauses(node, word).next()
}

fn clauses(node: &SyntaxNode, word: &str) -> impl Iterator<Item = SyntaxNode> {
    children(node, SyntaxKind::Clause).filter(move |clause| {
        tokens(clause)
            .find(|token| !is_blank(token.kind()))
            .is_some_and(|token| token.kind() == SyntaxKind::Ident && token.text() == word)
    })
}

/// The block of a node.
fn block(node: &SyntaxNode) -> Option<SyntaxNode> {
    child(node, SyntaxKind::Block)
}
