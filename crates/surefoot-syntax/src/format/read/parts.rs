//! The tokens of a statement become parts, which know where blanks and line breaks stand.

use rowan::TextSize;

use super::{Block, Line, List, Part, What, Wrap, count};
use crate::kind::{SyntaxKind, SyntaxNode};

/// A statement that is being read.
#[derive(Default)]
pub(super) struct Reading<'t> {
    /// The statement itself, which has no brackets.
    statement: Frame<'t>,
    /// The brackets that are open, the innermost last.
    open: Vec<Frame<'t>>,
    /// What was read last, and the node it stands in: they decide, with what comes next, whether a blank stands
    /// between the two.
    last: Option<(SyntaxKind, SyntaxKind)>,
    /// The line breaks since then.
    breaks: u32,
    /// Blanks stand since then.
    spaced: bool,
    /// How many `\` join this line with those before.
    continued: u32,
    /// The comments behind the statement.
    comments: Vec<Line<'t>>,
    /// It holds what cannot be laid out.
    is_odd: bool,
}

/// A pair of brackets that is open.
#[derive(Default)]
struct Frame<'t> {
    open: &'t str,
    blank: bool,
    /// The line breaks before it.
    opened_after: u32,
    broken: bool,
    must_break: bool,
    joins: bool,
    is_operand: bool,
    has_commas: bool,
    /// Where it may be broken besides commas: the places of the words that then begin a line.
    cuts: Vec<TextSize>,
    /// Its lines, the one that is being read apart.
    lines: Vec<Line<'t>>,
    /// The line breaks before the line that is being read.
    breaks: u32,
    parts: Vec<Part<'t>>,
}

impl<'t> Frame<'t> {
    fn push(&mut self, part: Part<'t>, breaks: u32) {
        if self.parts.is_empty() {
            self.breaks = breaks;
        }
        self.parts.push(part);
    }

    fn end_line(&mut self) {
        if !self.parts.is_empty() {
            let parts = std::mem::take(&mut self.parts);
            let breaks = count(self.breaks);
            self.lines.push(Line { breaks, what: What::Own, margin: None, may_break: true, parts });
        }
    }
}

/// The parts of a statement, whether a list at its end may be broken, and the comments behind it.
type Read<'t> = (Vec<Part<'t>>, bool, Vec<Line<'t>>);

impl<'t> Reading<'t> {
    /// What was read; none if it cannot be laid out.
    pub(super) fn end(self) -> Option<Read<'t>> {
        let is_whole = !self.is_odd && self.open.is_empty();
        // To break the last item of a list without brackets would tear it apart.
        is_whole.then_some((self.statement.parts, !self.statement.has_commas, self.comments))
    }

    /// The statement cannot be laid out.
    pub(super) fn give_up(&mut self) {
        self.is_odd = true;
    }

    pub(super) fn blank(&mut self) {
        self.spaced = true;
    }

    pub(super) fn newline(&mut self) {
        self.breaks += 1;
    }

    pub(super) fn continuation(&mut self) {
        self.continued += 1;
    }

    /// A comment; it is given the line breaks before it.
    pub(super) fn comment(&mut self, line: impl FnOnce(u32) -> Line<'t>) {
        let line = line(self.breaks);
        self.breaks = 0;
        match self.open.last_mut() {
            Some(frame) => {
                frame.end_line();
                frame.lines.push(line);
                frame.must_break = true;
            }
            None => self.comments.push(line),
        }
    }

    /// A word, a sign, or a text of several tokens.
    pub(super) fn text(&mut self, text: &'t str, kind: SyntaxKind, parent: SyntaxKind) {
        let wrap = self.arrive();
        let blank = self.has_blank(text, kind, parent);
        let breaks = self.breaks;
        self.top().push(Part::Text { text, blank, wrap }, breaks);
        self.passed(kind, parent);
    }

    /// A word or a sign at `place`, before which the brackets around it may be broken.
    pub(super) fn cut_at(&mut self, place: TextSize) {
        if let Some(frame) = self.open.last_mut()
            && frame.cuts.contains(&place)
        {
            frame.end_line();
        }
    }

    pub(super) fn comma(&mut self, text: &'t str, parent: SyntaxKind) {
        let Some(frame) = self.open.last() else {
            self.statement.has_commas = true;
            return self.text(text, SyntaxKind::Comma, parent);
        };
        // Behind a comment, or a command, which ends where its line ends, a comma begins the next line.
        let is_behind = !frame.parts.is_empty() && self.arrive() != Wrap::Command;
        let breaks = self.breaks;
        if !is_behind {
            self.top().end_line();
        }
        self.top().push(Part::Text { text, blank: false, wrap: Wrap::No }, breaks);
        if is_behind {
            self.top().end_line();
        }
        self.passed(SyntaxKind::Comma, parent);
    }

    pub(super) fn block(&mut self, block: Block<'t>) {
        if self.arrive() != Wrap::No {
            self.give_up();
        }
        let breaks = self.breaks;
        self.top().push(Part::Block(block), breaks);
        self.passed(SyntaxKind::Block, SyntaxKind::Block);
    }

    /// A bracket opens.
    pub(super) fn open(&mut self, text: &'t str, kind: SyntaxKind, parent: &SyntaxNode) {
        if self.arrive() != Wrap::No {
            self.give_up();
        }
        self.open.push(Frame {
            open: text,
            blank: self.has_blank(text, kind, parent.kind()),
            opened_after: self.breaks,
            joins: parent.kind() == SyntaxKind::ParenExpr,
            is_operand: is_operand(parent),
            cuts: cuts(parent),
            ..Frame::default()
        });
        self.passed(kind, parent.kind());
    }

    /// A bracket closes.
    pub(super) fn close(&mut self, text: &'t str, kind: SyntaxKind, parent: SyntaxKind) {
        self.arrive();
        let Some(mut frame) = self.open.pop() else { return self.give_up() };
        frame.end_line();
        let list = List {
            open: frame.open,
            close: text,
            blank: frame.blank,
            broken: frame.broken,
            must_break: frame.must_break,
            joins: frame.joins,
            is_operand: frame.is_operand,
            lines: frame.lines,
        };
        self.top().push(Part::List(list), frame.opened_after);
        self.passed(kind, parent);
    }

    fn top(&mut self) -> &mut Frame<'t> {
        self.open.last_mut().unwrap_or(&mut self.statement)
    }

    /// Something comes after the blanks that were read. Says whether it must begin a line.
    fn arrive(&mut self) -> Wrap {
        let after_command = self.last.is_some_and(|(kind, _)| kind == SyntaxKind::Word);
        let Some(frame) = self.open.last_mut() else {
            // Outside of brackets a statement ends with its line.
            self.is_odd |= self.breaks > 0 || !self.comments.is_empty();
            return if self.continued > 0 { Wrap::Continued(self.continued) } else { Wrap::No };
        };
        frame.broken |= self.breaks > 0;
        if self.continued > 0 {
            return Wrap::Continued(self.continued);
        }
        if self.breaks == 0 || !after_command {
            return Wrap::No;
        }
        frame.must_break = true;
        if frame.joins {
            frame.end_line();
        }
        if frame.parts.is_empty() { Wrap::No } else { Wrap::Command }
    }

    fn passed(&mut self, kind: SyntaxKind, parent: SyntaxKind) {
        self.last = Some((kind, parent));
        self.breaks = 0;
        self.spaced = false;
        self.continued = 0;
    }

    /// Whether a blank stands between what was read last and what comes next: if nothing is known of the two, one does.
    fn has_blank(&self, text: &str, kind: SyntaxKind, parent: SyntaxKind) -> bool {
        let Some((last, its_parent)) = self.last else { return false };
        let holds_to_next = match last {
            SyntaxKind::Dot => true,
            SyntaxKind::Colon => its_parent == SyntaxKind::Endpoint,
            SyntaxKind::Minus => its_parent == SyntaxKind::UnaryExpr,
            // With a blank before it, the word would be a comment, or end the command.
            SyntaxKind::Bar => !self.spaced && is_risky(text),
            _ => false,
        };
        let holds_to_last = match kind {
            SyntaxKind::Comma | SyntaxKind::Colon | SyntaxKind::Dot | SyntaxKind::Question => true,
            SyntaxKind::ParenOpen => parent != SyntaxKind::ParenExpr,
            _ => false,
        };
        !holds_to_next && !holds_to_last
    }
}

/// Whether a word of a command means something else where a blank stands before it.
fn is_risky(word: &str) -> bool {
    word.starts_with('#') || matches!(word, "==" | "!=" | "<=" | ">=" | "=>" | "false")
}

/// Whether an operator stands beside the value whose brackets `node` holds.
fn is_operand(node: &SyntaxNode) -> bool {
    let holds_on = |node: &SyntaxNode| matches!(node.kind(), SyntaxKind::CallExpr | SyntaxKind::FieldExpr);
    let mut around = node.parent();
    while let Some(parent) = around.take_if(|parent| holds_on(parent)) {
        around = parent.parent();
    }
    around.is_some_and(|node| matches!(node.kind(), SyntaxKind::BinaryExpr | SyntaxKind::UnaryExpr))
}

/// Where an expression between brackets may be broken besides commas.
fn cuts(node: &SyntaxNode) -> Vec<TextSize> {
    if node.kind() == SyntaxKind::Comprehension {
        return words(node, &["for", "if"]).map(|(_, place)| place).collect();
    }
    // The operators that bind most loosely: a chain of one of them leans to the left.
    let mut cuts = Vec::new();
    let mut operator = None;
    let mut inner = (node.kind() == SyntaxKind::ParenExpr).then(|| node.first_child()).flatten();
    while let Some(node) = inner.take_if(|node| node.kind() == SyntaxKind::BinaryExpr) {
        let Some((word, place)) = words(&node, &["and", "or"]).next() else { break };
        if operator.get_or_insert_with(|| word.clone()) != &word {
            break;
        }
        cuts.push(place);
        inner = node.first_child();
    }
    cuts
}

/// Those of these words that stand directly in a node, each with its place.
fn words(node: &SyntaxNode, wanted: &[&str]) -> impl Iterator<Item = (String, TextSize)> {
    node.children_with_tokens()
        .filter_map(rowan::NodeOrToken::into_token)
        .filter(|token| wanted.contains(&token.text()))
        .map(|token| (token.text().to_owned(), token.text_range().start()))
}
