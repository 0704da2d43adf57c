//! Lines become a text.
//!
//! What stands on one line in the source and fits stays on one line. What does not is broken: a block has one
//! statement a line, a list one item a line.

use super::layout::{Block, Line, List, Part, What, Wrap};
use super::read::Reader;
use super::{Grain, Tree, WIDTH_MAX};
use crate::Span;

/// Blanks of one level.
const INDENT: &str = "    ";

/// The text of a file, laid out, and what was left as it is.
pub(super) fn print(text: &str, tree: &Tree, grain: Grain) -> (String, Vec<Span>) {
    let mut reader = Reader::new(text, tree, grain);
    let lines = reader.lines(&tree.root);
    let newline = if tree.carriage_returns { "\r\n" } else { "\n" };
    let mut printer = Printer { out: String::with_capacity(text.len()), newline, depth: 0 };
    printer.lines(&lines, false);
    if !lines.is_empty() {
        printer.out.push_str(newline);
    }
    (printer.out, reader.left)
}

/// The text of a file on one line, without its comments, and however long it is. None if a part is damaged.
pub(super) fn print_on_one_line(text: &str, tree: &Tree) -> Option<String> {
    fn parts(parts: &[Part], out: &mut String) {
        for (index, part) in parts.iter().enumerate() {
            let blank = match part {
                Part::Text { blank, wrap, .. } => *blank || *wrap != Wrap::No,
                Part::Block(_) => true,
                Part::List(list) => list.blank,
            };
            out.push_str(if blank && index > 0 { " " } else { "" });
            match part {
                Part::Text { text, .. } => out.push_str(text),
                Part::Block(block) => brackets("{", &block.lines, "}", true, out),
                Part::List(list) => brackets(list.open, &list.lines, list.close, list.is_padded(), out),
            }
        }
    }
    fn brackets(open: &str, inside: &[Line], close: &str, is_padded: bool, out: &mut String) {
        out.push_str(open);
        out.push_str(if is_padded { " " } else { "" });
        lines(inside, out);
        out.push_str(if is_padded { " " } else { "" });
        out.push_str(close);
    }
    fn lines(lines: &[Line], out: &mut String) {
        for (index, line) in lines.iter().filter(|line| line.what != What::Comment).enumerate() {
            out.push_str(if index > 0 { " " } else { "" });
            parts(&line.parts, out);
        }
    }
    let mut reader = Reader::new(text, tree, Grain::Statement);
    let mut out = String::new();
    lines(&reader.lines(&tree.root), &mut out);
    reader.left.is_empty().then_some(out)
}

struct Printer {
    out: String,
    newline: &'static str,
    depth: usize,
}

impl Printer {
    /// Lines, each on its own. `opened` says that they follow an opening bracket.
    fn lines(&mut self, lines: &[Line], opened: bool) {
        for (index, line) in lines.iter().enumerate() {
            let is_first = index == 0 && !opened;
            if line.what != What::Own && line.breaks == 0 && !is_first {
                self.out.push_str("  ");
            } else {
                if !is_first {
                    self.out.push_str(self.newline);
                }
                if line.breaks > 1 && index > 0 {
                    self.out.push_str(self.newline);
                }
                match line.margin {
                    Some(margin) => self.out.push_str(margin),
                    None => self.indent(),
                }
            }
            self.parts(&line.parts, line.may_break);
        }
    }

    fn indent(&mut self) {
        for _ in 0..self.depth {
            self.out.push_str(INDENT);
        }
    }

    /// Parts, one after the other. `may_break` says whether a list at their end may be broken.
    fn parts(&mut self, parts: &[Part], may_break: bool) {
        let mut rest = parts;
        // Where one block of a statement is broken because it is too long, those after it are broken with it.
        let mut is_crowded = false;
        while let Some((part, after)) = rest.split_first() {
            let is_first = rest.len() == parts.len();
            rest = after;
            match part {
                Part::Text { text, blank, wrap } => self.text(text, *blank && !is_first, *wrap),
                Part::Block(block) => {
                    if !is_first {
                        self.out.push(' ');
                    }
                    is_crowded |=
                        block.on_one_line && !self.fits(|room| room.block(block) && room.parts(rest, false));
                    self.block(block, is_crowded);
                }
                Part::List(list) => {
                    if list.blank && !is_first {
                        self.out.push(' ');
                    }
                    self.list(list, rest, may_break && ends(rest));
                }
            }
        }
    }

    fn text(&mut self, text: &str, blank: bool, wrap: Wrap) {
        let (ends, end) = match wrap {
            Wrap::No => (0, ""),
            Wrap::Command => (1, ""),
            Wrap::Continued(ends) => (ends, "\\"),
        };
        let blank = if wrap == Wrap::No { blank } else { end == "\\" };
        self.out.push_str(if blank { " " } else { "" });
        for _ in 0..ends {
            self.out.push_str(end);
            self.out.push_str(self.newline);
            self.indent();
            self.out.push_str(INDENT);
        }
        self.out.push_str(text);
    }

    fn block(&mut self, block: &Block, is_crowded: bool) {
        if block.lines.is_empty() {
            self.out.push_str("{ }");
        } else if block.on_one_line && !is_crowded {
            self.out.push_str("{ ");
            for (index, line) in block.lines.iter().enumerate() {
                self.out.push_str(if index > 0 { "  " } else { "" });
                self.parts(&line.parts, false);
            }
            self.out.push_str(" }");
        } else {
            self.out.push('{');
            self.inside(&block.lines);
            self.out.push('}');
        }
    }

    fn list(&mut self, list: &List, rest: &[Part], may_break: bool) {
        let glued = rest.iter().take_while(|part| matches!(part, Part::Text { blank: false, .. })).count();
        let glued = rest.get(..glued).unwrap_or_default();
        let may_break = may_break && !list.is_operand;
        let breaks = list.is_broken()
            || (list.broken || may_break && list.lines.len() > 1)
                && !self.fits(|room| room.list(list) && room.parts(glued, false));
        self.out.push_str(list.open);
        if breaks {
            self.inside(&list.lines);
        } else {
            let padding = if list.is_padded() { " " } else { "" };
            self.out.push_str(padding);
            for (index, line) in list.lines.iter().enumerate() {
                self.out.push_str(if index > 0 { " " } else { "" });
                self.parts(&line.parts, may_break && index + 1 == list.lines.len());
            }
            self.out.push_str(padding);
        }
        self.out.push_str(list.close);
    }

    /// Lines between brackets that stand on other lines.
    fn inside(&mut self, lines: &[Line]) {
        self.depth += 1;
        self.lines(lines, true);
        self.depth -= 1;
        self.out.push_str(self.newline);
        self.indent();
    }

    /// Whether what comes next fits into the line, up to its first line break.
    fn fits(&self, next: impl FnOnce(&mut Room) -> bool) -> bool {
        let line = self.out.rsplit('\n').next().unwrap_or_default();
        let mut room = Room { left: WIDTH_MAX.checked_sub(line.chars().count()) };
        next(&mut room);
        room.left.is_some()
    }
}

/// Whether nothing follows that a broken list would hang in front of: a comma or a block may.
fn ends(rest: &[Part]) -> bool {
    match rest {
        [] | [Part::Block(_)] => true,
        [Part::Text { text, .. }] => *text == ",",
        _ => false,
    }
}

/// What is left of a line. Each function says whether the line goes on: it ends at a line break, and where it is full.
struct Room {
    /// The columns that are left; none if it is too long.
    left: Option<usize>,
}

impl Room {
    fn take(&mut self, columns: usize) -> bool {
        self.left = self.left.and_then(|left| left.checked_sub(columns));
        self.left.is_some()
    }

    fn parts(&mut self, parts: &[Part], is_first: bool) -> bool {
        parts.iter().enumerate().all(|(index, part)| match part {
            Part::Text { text, blank, wrap: Wrap::No } => {
                let blank = *blank && !(is_first && index == 0);
                let line = text.split('\n').next().unwrap_or_default();
                self.take(usize::from(blank) + line.trim_end_matches('\r').chars().count())
                    && line.len() == text.len()
            }
            Part::Text { wrap: Wrap::Continued(_), .. } => {
                self.take(2);
                false
            }
            Part::Text { wrap: Wrap::Command, .. } => false,
            Part::Block(block) => self.take(1) && self.block(block),
            Part::List(list) => {
                self.take(usize::from(list.blank && !(is_first && index == 0))) && self.list(list)
            }
        })
    }

    fn block(&mut self, block: &Block) -> bool {
        if !block.on_one_line && !block.lines.is_empty() {
            self.take(1);
            return false;
        }
        let lines = block.lines.iter().all(|line| self.take(2) && self.parts(&line.parts, true));
        lines && self.take(if block.lines.is_empty() { 3 } else { 2 })
    }

    fn list(&mut self, list: &List) -> bool {
        if list.is_broken() {
            self.take(1);
            return false;
        }
        let padding = if list.is_padded() { 2 } else { 0 };
        self.take(list.open.len() + padding)
            && list
                .lines
                .iter()
                .enumerate()
                .all(|(index, line)| self.take(usize::from(index > 0)) && self.parts(&line.parts, true))
            && self.take(list.close.len())
    }
}
