//! Expressions.
//!
//! From loose to tight: `or`, `and`, `not`, comparisons (which do not chain), `??`, `+ -`, `* /`, `-x`, calls and fields.

use super::item::RESERVED;
use super::{HEIGHT_MAX, Parsed, Parser};
use crate::kind::SyntaxKind;
use crate::{Applicability, Diagnostic, Span};

/// How tight an operator binds; larger is tighter.
const COMPARISON: u8 = 4;
const NOT: u8 = 3;
const NEGATION: u8 = 8;

impl Parser<'_> {
    /// An expression.
    pub(super) fn expr(&mut self) -> Parsed {
        self.nested(|p| p.binary(0))
    }

    fn binary(&mut self, minimum: u8) -> Parsed {
        let checkpoint = self.checkpoint();
        if self.at_word("not") {
            self.nested(|p| {
                p.node(SyntaxKind::UnaryExpr, |p| {
                    p.bump();
                    p.binary(NOT)
                })
            })?;
            self.grow(1);
        } else if self.at(SyntaxKind::Minus) {
            self.nested(|p| {
                p.node(SyntaxKind::UnaryExpr, |p| {
                    p.bump();
                    p.binary(NEGATION)
                })
            })?;
            self.grow(1);
        } else if self.at_command() {
            self.command(true)?;
        } else {
            self.postfix()?;
        }
        let mut compared = false;
        while let Some(power) = self.operator() {
            if power < minimum {
                break;
            }
            if power == COMPARISON && compared {
                let here = self.here();
                return self.halt(
                    Diagnostic::error("SF0002", here, "a comparison cannot be compared again")
                        .help("write `a < b and b < c`"),
                );
            }
            compared |= power == COMPARISON;
            let left = self.height;
            self.wrap(checkpoint, SyntaxKind::BinaryExpr, |p| {
                p.bump();
                p.nested(|p| p.binary(power + 1))
            })?;
            self.height = self.height.max(left);
            self.grow(1);
            if self.height > HEIGHT_MAX {
                let here = self.here();
                return self.halt(super::too_deep(here));
            }
        }
        Ok(())
    }

    fn grow(&mut self, levels: u32) {
        self.height = self.height.saturating_add(levels);
    }

    /// How tight the operator here binds, if one stands here.
    fn operator(&self) -> Option<u8> {
        let kind = self.kind();
        Some(match kind {
            SyntaxKind::Ident => match self.word() {
                "or" => 1,
                "and" => 2,
                "matches" | "in" => COMPARISON,
                _ => return None,
            },
            SyntaxKind::EqualEqual
            | SyntaxKind::NotEqual
            | SyntaxKind::Less
            | SyntaxKind::LessEqual
            | SyntaxKind::Greater
            | SyntaxKind::GreaterEqual => COMPARISON,
            SyntaxKind::OrElse => 5,
            SyntaxKind::Plus | SyntaxKind::Minus => 6,
            SyntaxKind::Star | SyntaxKind::Slash => 7,
            _ => return None,
        })
    }

    /// A value without operators around it: a literal, a name, a call, with fields. It is no command.
    pub(super) fn operand(&mut self) -> Parsed {
        self.nested(Self::postfix)
    }

    fn postfix(&mut self) -> Parsed {
        let checkpoint = self.checkpoint();
        self.height = 1;
        self.primary()?;
        while self.at(SyntaxKind::Dot) {
            self.wrap(checkpoint, SyntaxKind::FieldExpr, |p| {
                p.bump();
                p.any_name("a field's name")
            })?;
            self.grow(1);
            if self.height > HEIGHT_MAX {
                let here = self.here();
                return self.halt(super::too_deep(here));
            }
        }
        Ok(())
    }

    fn primary(&mut self) -> Parsed {
        if self.at_text() {
            return self.text();
        }
        match self.kind() {
            SyntaxKind::Int
            | SyntaxKind::Float
            | SyntaxKind::Percent
            | SyntaxKind::Duration
            | SyntaxKind::Size
            | SyntaxKind::Date => {
                self.node(SyntaxKind::Literal, Self::bump);
                Ok(())
            }
            SyntaxKind::BadNumber => self.bad_number(),
            SyntaxKind::BracketOpen => self.joined(Self::list),
            SyntaxKind::BraceOpen => self.joined(Self::record),
            SyntaxKind::ParenOpen => {
                let open = self.here();
                self.joined(|p| {
                    p.node(SyntaxKind::ParenExpr, |p| {
                        p.bump();
                        p.expr()?;
                        p.close(SyntaxKind::ParenClose, "`)`", open)
                    })
                })
            }
            SyntaxKind::Dollar | SyntaxKind::FenceOpen => {
                let diagnostic = Diagnostic::error("SF0002", self.here(), "a command cannot stand here")
                    .help("give its output a name first: `let name = text $ …`");
                self.halt(diagnostic)
            }
            SyntaxKind::Ident => self.word_expr(),
            _ if self.at_bare_path() => self.unquoted("a value"),
            _ => self.expected("a value"),
        }
    }

    fn word_expr(&mut self) -> Parsed {
        match self.word() {
            "true" | "false" | "none" => {
                self.node(SyntaxKind::Literal, Self::bump);
                Ok(())
            }
            "ask" => self.node(SyntaxKind::AskExpr, Self::ask),
            "if" => self.node(SyntaxKind::IfExpr, |p| {
                p.bump();
                p.expr()?;
                p.expect_word("then")?;
                p.expr()?;
                p.expect_word("else")?;
                p.expr()
            }),
            "all" | "any" => self.node(SyntaxKind::QuantifierExpr, Self::quantifier),
            "reveal" if self.ahead(1).kind == SyntaxKind::ParenOpen => {
                self.node(SyntaxKind::RevealExpr, Self::reveal)
            }
            word if RESERVED.contains(&word) => self.expected("a value"),
            _ => self.name_or_call(),
        }
    }

    /// `reveal(x, "why")`
    fn reveal(&mut self) -> Parsed {
        self.bump();
        self.bump();
        self.expr()?;
        if !self.at(SyntaxKind::Comma) {
            return self.expected("`,` and why it may be read: `reveal(password, \"why\")`");
        }
        self.bump();
        self.text_literal()?;
        self.expect(SyntaxKind::ParenClose, "`)`")
    }

    /// `all f(x) for x in xs`: the condition may be any, the list stands without operators.
    fn quantifier(&mut self) -> Parsed {
        let word = self.word();
        self.bump();
        self.expr()?;
        let height = self.height;
        if !self.at_word("for") {
            let here = self.here();
            return self.halt(
                Diagnostic::error("SF0002", here, format!("expected `for`, found {}", self.found()))
                    .help(format!("`{word}` goes through a list: `{word} f(x) for x in xs`; a command in it goes on to the end of its line, so give it a name with `fact`")),
            );
        }
        self.bump();
        self.name("a name for the element")?;
        self.expect_word("in")?;
        self.operand()?;
        self.height = self.height.max(height);
        self.grow(1);
        Ok(())
    }

    fn name_or_call(&mut self) -> Parsed {
        let checkpoint = self.checkpoint();
        self.node(SyntaxKind::NameExpr, |p| p.dotted())?;
        if self.at(SyntaxKind::ParenOpen) {
            return self.wrap(checkpoint, SyntaxKind::CallExpr, Self::arguments);
        }
        Ok(())
    }

    /// `a.b.c`
    fn dotted(&mut self) -> Parsed {
        self.node(SyntaxKind::Name, Self::bump);
        while self.at(SyntaxKind::Dot) {
            self.bump();
            self.any_name("a name after the dot")?;
        }
        Ok(())
    }

    /// A call as a statement.
    pub(super) fn call(&mut self) -> Parsed {
        self.nested(|p| {
            let here = p.here();
            if RESERVED.contains(&p.word()) {
                return p.expected("a statement");
            }
            p.word_expr()?;
            if p.at(SyntaxKind::Dot) {
                return p.expected("the end of the line");
            }
            let last = p.after_last();
            let called = p.text.get(..last.start as usize).is_some_and(|text| text.ends_with(')'));
            if called {
                return Ok(());
            }
            let span = Span { end: last.end, ..here };
            p.halt(
                Diagnostic::error("SF0014", span, "a name alone does nothing")
                    .help("to call an action, write its arguments: `files.remove(path)`"),
            )
        })
    }

    /// A name that may be any word: a field, an argument, a key.
    pub(super) fn any_name(&mut self, what: &str) -> Parsed {
        if !self.at(SyntaxKind::Ident) {
            return self.expected(what);
        }
        self.node(SyntaxKind::Name, Self::bump);
        Ok(())
    }

    /// `(a, name: b)`
    pub(super) fn arguments(&mut self) -> Parsed {
        let open = self.here();
        self.joined(|p| {
            p.bump();
            let mut height = 0;
            while !p.at(SyntaxKind::ParenClose) {
                p.node(SyntaxKind::Argument, |p| {
                    if p.at(SyntaxKind::Ident) && p.ahead(1).kind == SyntaxKind::Colon {
                        p.any_name("a name")?;
                        p.bump();
                    }
                    p.expr()
                })?;
                height = height.max(p.height);
                if !p.eat(SyntaxKind::Comma) {
                    break;
                }
            }
            p.height = height + 1;
            p.close(SyntaxKind::ParenClose, "`,` or `)`", open)
        })
    }

    fn list(&mut self) -> Parsed {
        let open = self.here();
        let checkpoint = self.checkpoint();
        self.bump();
        let mut height = 0;
        let mut first = true;
        while !self.at(SyntaxKind::BracketClose) {
            self.expr()?;
            height = height.max(self.height);
            if first && self.at_word("for") {
                return self.wrap(checkpoint, SyntaxKind::Comprehension, |p| {
                    p.comprehension()?;
                    p.height = p.height.max(height) + 1;
                    p.close(SyntaxKind::BracketClose, "`if` or `]`", open)
                });
            }
            first = false;
            if !self.eat(SyntaxKind::Comma) {
                break;
            }
        }
        self.height = height + 1;
        self.wrap(checkpoint, SyntaxKind::ListExpr, |p| p.close(SyntaxKind::BracketClose, "`,` or `]`", open))
    }

    fn comprehension(&mut self) -> Parsed {
        self.bump();
        self.name("a name for the element")?;
        self.expect_word("in")?;
        self.expr()?;
        if self.eat_word("if") { self.expr() } else { Ok(()) }
    }

    /// `{ a: 1, b: 2 }`
    pub(super) fn record(&mut self) -> Parsed {
        let open = self.here();
        self.node(SyntaxKind::RecordExpr, |p| {
            p.bump();
            p.values += 1;
            let mut height = 0;
            while !p.at(SyntaxKind::BraceClose) {
                p.node(SyntaxKind::Entry, |p| {
                    p.any_name("a field's name")?;
                    p.expect(SyntaxKind::Colon, "`:` and a value")?;
                    p.expr()
                })?;
                height = height.max(p.height);
                if !p.eat(SyntaxKind::Comma) {
                    break;
                }
            }
            p.height = height + 1;
            p.close(SyntaxKind::BraceClose, "`,` or `}`", open)?;
            p.values = p.values.saturating_sub(1);
            Ok(())
        })
    }

    pub(super) fn close(&mut self, kind: SyntaxKind, what: &str, open: Span) -> Parsed {
        if self.eat(kind) {
            return Ok(());
        }
        let mut diagnostic =
            Diagnostic::error("SF0006", self.here(), format!("expected {what}, found {}", self.found()))
                .label(open, "opened here");
        let last = self.token(self.position.saturating_sub(1));
        let sign = self.text_of(last).chars().last().filter(|sign| matches!(sign, ')' | ']'));
        if let Some(sign) = sign.filter(|_| last.kind == SyntaxKind::WordText) {
            diagnostic = diagnostic.help(format!(
                "the `{sign}` before this is a word of the command: write it on the next line"
            ));
        }
        self.halt(diagnostic)
    }

    /// `ask "…" : TYPE by ROLE see URL "what is normal" within D default V`
    fn ask(&mut self) -> Parsed {
        self.bump();
        self.operand()?;
        if self.eat(SyntaxKind::Colon) {
            self.type_expr()?;
        }
        let has_role = self.at_word("by");
        if has_role {
            self.node(SyntaxKind::Clause, |p| {
                p.bump();
                p.name("a role")
            })?;
        }
        while self.at_word("see") {
            self.see()?;
        }
        let has_limit = self.at_word("within");
        if has_limit {
            self.duration_clause()?;
        }
        let has_default = self.at_word("default");
        if has_default {
            self.node(SyntaxKind::Clause, |p| {
                p.bump();
                p.operand()
            })?;
        }
        let is_late = match self.word() {
            "by" => !has_role,
            "see" => true,
            "within" => has_default && !has_limit,
            _ => false,
        };
        if is_late {
            let (here, word) = (self.here(), self.word().to_owned());
            return self.halt(
                Diagnostic::error("SF0002", here, format!("`{word}` stands too late in this question")).help(
                    "its parts stand in this order: `ask \"…\": TYPE by ROLE see PLACE within D default V`",
                ),
            );
        }
        self.height = 2;
        Ok(())
    }

    /// A literal of one kind.
    pub(super) fn literal(&mut self, kind: SyntaxKind, what: &str) -> Parsed {
        if self.at(SyntaxKind::BadNumber) {
            return self.bad_number();
        }
        if !self.at(kind) {
            let here = self.here();
            if kind == SyntaxKind::Duration && self.at(SyntaxKind::Int) {
                let number = self.text_of(self.current());
                return self.halt(
                    Diagnostic::error("SF0015", here, "a duration needs a unit")
                        .here(format!("{number} of what?"))
                        .fix(
                            Applicability::Unsafe,
                            "if seconds are meant, write",
                            here,
                            format!("{number}s"),
                        ),
                );
            }
            return self.expected(what);
        }
        self.node(SyntaxKind::Literal, Self::bump);
        Ok(())
    }

    fn bad_number(&mut self) -> Parsed {
        let here = self.here();
        let written = self.text_of(self.current());
        self.halt(
            Diagnostic::error("SF0015", here, format!("`{written}` is not a number")).help(
                "units are `ms s m h d` for durations, `B KB MB GB TB KiB MiB GiB TiB` for sizes, and `%`",
            ),
        )
    }

    // Texts.

    pub(super) fn at_text(&self) -> bool {
        matches!(
            self.kind(),
            SyntaxKind::StringOpen | SyntaxKind::BlockOpen | SyntaxKind::RawText | SyntaxKind::RawUnclosed
        )
    }

    /// A text that is fixed when it is compiled.
    pub(super) fn text_literal(&mut self) -> Parsed {
        if !self.at_text() {
            return self.unquoted("a text in quotes");
        }
        let first = self.skip_trivia(self.position);
        self.text()?;
        let mut index = first;
        while index < self.position {
            if self.token(index).kind == SyntaxKind::InterpOpen {
                let place = self.span_of(self.token(index));
                return self.halt(
                    Diagnostic::error("SF0019", place, "this text is fixed and cannot hold a value")
                        .help("write it without `${…}`; for the two characters themselves write `\\${`"),
                );
            }
            index += 1;
        }
        Ok(())
    }

    /// `"a ${b} c"`, `'raw'`, `"""…"""`
    pub(super) fn text(&mut self) -> Parsed {
        let open = self.here();
        self.node(SyntaxKind::Text, |p| match p.kind() {
            SyntaxKind::RawText => {
                p.bump();
                Ok(())
            }
            SyntaxKind::StringOpen => {
                p.bump();
                p.text_parts(SyntaxKind::StringClose, open)
            }
            SyntaxKind::BlockOpen => {
                p.bump();
                p.text_parts(SyntaxKind::BlockClose, open)
            }
            _ => {
                p.bump();
                p.unclosed_text(open)
            }
        })
    }

    fn text_parts(&mut self, close: SyntaxKind, open: Span) -> Parsed {
        loop {
            let kind = self.raw().kind;
            match kind {
                SyntaxKind::StringText | SyntaxKind::StringEscape => self.bump_raw(),
                SyntaxKind::InterpOpen => self.interpolation(false)?,
                _ if kind == close => {
                    self.bump_raw();
                    return Ok(());
                }
                _ => return self.unclosed_text(open),
            }
        }
    }

    fn unclosed_text(&mut self, open: Span) -> Parsed {
        let quote = self.text.get(open.start as usize..open.end as usize).unwrap_or_default();
        let quote = if quote.starts_with('\'') { "'" } else { quote };
        let open = Span { end: open.start + u32::try_from(quote.len()).unwrap_or(1), ..open };
        let diagnostic = Diagnostic::error("SF0004", open, "this text is not closed").here("opened here");
        self.halt(if quote.len() == 3 {
            diagnostic.help("end it with `\"\"\"`")
        } else {
            diagnostic.help(format!(
                "end it with `{quote}` on the same line; a text of several lines stands between `\"\"\"`"
            ))
        })
    }

    /// `${x}`, and `${xs...}` where it may stand.
    pub(super) fn interpolation(&mut self, may_splice: bool) -> Parsed {
        let open = self.here();
        self.node(SyntaxKind::Interpolation, |p| {
            p.bump();
            p.expr()?;
            if may_splice {
                p.eat(SyntaxKind::Splice);
            } else if p.at(SyntaxKind::Splice) {
                let diagnostic =
                    Diagnostic::error("SF0002", p.here(), "`...` gives whole words of a command").help(
                        "in a text write `${join(xs, \" \")}`; in a command write `${xs...}` without quotes",
                    );
                return p.halt(diagnostic);
            }
            if p.at(SyntaxKind::InterpClose) {
                p.bump();
                return Ok(());
            }
            let diagnostic =
                Diagnostic::error("SF0006", p.here(), format!("expected `}}`, found {}", p.found()))
                    .label(open, "opened here");
            p.halt(diagnostic)
        })
    }
}
