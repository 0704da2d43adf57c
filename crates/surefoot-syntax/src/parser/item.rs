//! Items and the members of a runbook that are not steps: declarations.

use super::statement::Place;
use super::{Parsed, Parser};
use crate::kind::SyntaxKind;
use crate::{Applicability, Diagnostic, Span};

/// Words that cannot be names, because an expression or a clause uses them.
pub(super) const RESERVED: &[&str] = &[
    "and",
    "or",
    "not",
    "in",
    "matches",
    "if",
    "then",
    "else",
    "for",
    "true",
    "false",
    "none",
    "ask",
    "on",
    "as",
    "step",
    "runbook",
    "fact",
    "param",
    "let",
    "requires",
    "ensures",
    "rollback",
    "invariant",
    "every",
    "within",
    "where",
    "wait",
    "unknown",
    "all",
    "any",
];

impl Parser<'_> {
    /// A name that is given here: of a parameter, a step, a fact.
    pub(super) fn name(&mut self, what: &str) -> Parsed {
        let word = self.word();
        if word.is_empty() {
            return self.expected(what);
        }
        let here = self.here();
        if RESERVED.contains(&word) {
            return self.halt(
                Diagnostic::error("SF0020", here, format!("`{word}` cannot be a name"))
                    .here(format!("expected {what}"))
                    .help("it is a word of the language"),
            );
        }
        let token = self.current();
        self.node(SyntaxKind::Name, Self::bump);
        if let Some(end) = self.hyphenated(token.end) {
            let span = Span { end, ..here };
            let written = self.text.get(token.start as usize..end as usize).unwrap_or_default();
            return self.halt(
                Diagnostic::error("SF0020", span, format!("`{written}` cannot be a name"))
                    .here("a name is made of letters, digits and `_`")
                    .fix(Applicability::Unsafe, "write `_` for `-`", span, written.replace('-', "_")),
            );
        }
        Ok(())
    }

    /// Where a word with hyphens that goes on at `end` ends.
    fn hyphenated(&self, mut end: u32) -> Option<u32> {
        let start = end;
        let mut index = self.position;
        loop {
            let (minus, part) = (self.token(index), self.token(index + 1));
            let goes_on = minus.kind == SyntaxKind::Minus
                && minus.start == end
                && self.text_of(part).starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
                && part.start == minus.end;
            if !goes_on {
                return (end > start).then_some(end);
            }
            end = part.end;
            index += 2;
        }
    }

    /// A user of the operating system: `root`, `www-data`.
    pub(super) fn user(&mut self) -> Parsed {
        let word = self.word();
        if word.is_empty() || RESERVED.contains(&word) {
            return self.expected("a user's name");
        }
        self.node(SyntaxKind::Name, |p| {
            p.bump();
            let start = p.token(p.position.saturating_sub(1)).end;
            let end = p.hyphenated(start).unwrap_or(start);
            while p.raw().start < end {
                p.bump_raw();
            }
        });
        Ok(())
    }

    /// A list with commas, at least one. A comma at the end is an error.
    pub(super) fn comma_separated(&mut self, mut one: impl FnMut(&mut Self) -> Parsed) -> Parsed {
        one(self)?;
        while self.eat(SyntaxKind::Comma) {
            one(self)?;
        }
        Ok(())
    }

    /// `use std.postgres`, `use "./cluster.runbook" as cluster`
    pub(super) fn use_item(&mut self) -> Parsed {
        self.bump();
        if self.at_text() {
            self.text_literal()?;
        } else if self.at_bare_path() {
            return self.unquoted("a module such as `std.postgres`, or a file in quotes");
        } else {
            self.name("a module such as `std.postgres`, or a file in quotes")?;
            while self.eat(SyntaxKind::Dot) {
                self.name("a name")?;
            }
        }
        if self.at_word("as") {
            self.node(SyntaxKind::Clause, |p| {
                p.bump();
                p.name("a name")
            })?;
        }
        Ok(())
    }

    /// `waive SF0312 until 2026-12-31 by "owner" "why"`
    pub(super) fn waive(&mut self) -> Parsed {
        self.bump();
        self.name("a code such as `SF0312`")?;
        self.node(SyntaxKind::Clause, |p| {
            p.expect_word("until")?;
            p.literal(SyntaxKind::Date, "the last day, such as `2026-12-31`")
        })?;
        self.node(SyntaxKind::Clause, |p| {
            p.expect_word("by")?;
            p.text_literal()
        })?;
        if self.at_text() {
            return self.text_literal();
        }
        self.unquoted("a text that says why")
    }

    /// `runbook name { … }`
    pub(super) fn runbook(&mut self) -> Parsed {
        let head = self.current();
        self.bump();
        if self.name("the runbook's name").is_err() {
            self.skip_to_block();
        }
        self.block("a runbook", head, Place::Runbook)
    }

    /// `about { owner "…"  reviewed 2026-10-01 every 90d  severity P1, P2 }`
    pub(super) fn about(&mut self) -> Parsed {
        let head = self.current();
        self.bump();
        self.block("`about`", head, Place::About)
    }

    pub(super) fn about_entry(&mut self) -> Parsed {
        match self.word() {
            "owner" => self.node(SyntaxKind::Clause, |p| {
                p.bump();
                p.text_literal()
            }),
            "reviewed" => self.node(SyntaxKind::Clause, |p| {
                p.bump();
                p.literal(SyntaxKind::Date, "a date such as `2026-10-01`")?;
                if p.at_word("every") { p.duration_clause() } else { Ok(()) }
            }),
            "severity" => self.node(SyntaxKind::Clause, |p| {
                p.bump();
                p.comma_separated(|p| p.name("a severity such as `P1`"))
            }),
            _ => self.expected("`owner`, `reviewed` or `severity`"),
        }
    }

    /// `param name: TYPE = DEFAULT where CONDITION`, or with `from env NAME`
    pub(super) fn param(&mut self) -> Parsed {
        self.bump();
        self.name("the parameter's name")?;
        if !self.eat(SyntaxKind::Colon) {
            return self.expected("`:` and a type");
        }
        self.type_expr()?;
        if self.at_word("from") {
            self.node(SyntaxKind::Clause, |p| {
                p.bump();
                p.expect_word("env")?;
                p.name("the environment variable's name")
            })?;
        }
        if self.at(SyntaxKind::Equal) {
            self.node(SyntaxKind::Clause, |p| {
                p.bump();
                p.expr()
            })?;
        }
        if self.at_word("where") {
            self.node(SyntaxKind::Clause, |p| {
                p.bump();
                p.expr()
            })?;
        }
        if self.at_any(&["from"]) || self.at(SyntaxKind::Equal) {
            let here = self.here();
            return self.halt(
                Diagnostic::error("SF0002", here, format!("{} stands too late", self.found()))
                    .help("the order is: type, `from env NAME` or `= default`, `where`"),
            );
        }
        Ok(())
    }

    /// `let name: TYPE = EXPR`; `before` reads the same.
    pub(super) fn binding(&mut self) -> Parsed {
        self.bump();
        self.name("a name")?;
        if self.eat(SyntaxKind::Colon) {
            self.type_expr()?;
        }
        self.expect(SyntaxKind::Equal, "`=` and a value")?;
        self.expr()
    }

    /// A type.
    pub(super) fn type_expr(&mut self) -> Parsed {
        self.nested(|p| {
            p.node(SyntaxKind::Type, |p| {
                while p.at_any(&["secret", "untrusted"]) {
                    p.bump();
                }
                if p.at_word("list") && p.text_of(p.ahead(1)) == "of" {
                    p.bump();
                    p.bump();
                    p.type_expr()?;
                } else if p.at_word("one") && p.text_of(p.ahead(1)) == "of" {
                    p.bump();
                    p.bump();
                    p.comma_separated(Self::text_literal)?;
                } else if p.at(SyntaxKind::BraceOpen) {
                    p.joined(|p| p.record_type())?;
                } else {
                    p.name("a type such as `text`, `int`, `host`, `duration` or `list of text`")?;
                    if p.eat(SyntaxKind::Dot) {
                        p.name("a type of that module")?;
                    }
                }
                p.eat(SyntaxKind::Question);
                Ok(())
            })
        })
    }

    fn record_type(&mut self) -> Parsed {
        self.bump();
        self.values += 1;
        while !self.at(SyntaxKind::BraceClose) {
            self.node(SyntaxKind::RecordField, |p| {
                p.any_name("a field's name")?;
                p.expect(SyntaxKind::Colon, "`:` and a type")?;
                p.type_expr()
            })?;
            if !self.eat(SyntaxKind::Comma) {
                break;
            }
        }
        self.expect(SyntaxKind::BraceClose, "`,` or `}`")?;
        self.values = self.values.saturating_sub(1);
        Ok(())
    }

    /// `allow { … }`
    pub(super) fn allow(&mut self) -> Parsed {
        let head = self.current();
        self.bump();
        self.block("`allow`", head, Place::Allow)
    }

    pub(super) fn right(&mut self) -> Parsed {
        self.node(SyntaxKind::Right, |p| match p.word() {
            "run" | "detach" => {
                p.bump();
                p.comma_separated(Self::program)
            }
            "connect" => {
                p.bump();
                if p.at_word("any") {
                    p.bump();
                    return p.text_literal();
                }
                p.comma_separated(Self::endpoint)
            }
            "listen" | "read" | "write" => {
                p.bump();
                p.comma_separated(Self::expr)
            }
            "as" => {
                p.bump();
                p.comma_separated(Self::user)
            }
            _ => p.expected("a right: `run`, `detach`, `connect`, `listen`, `read`, `write` or `as`"),
        })
    }

    /// A program: `redis-cli`, `python3.11`, `"/opt/x/bin/tool"`.
    fn program(&mut self) -> Parsed {
        if self.at_text() {
            return self.node(SyntaxKind::Program, Self::text_literal);
        }
        let first = self.current();
        if !is_program_part(first.kind) {
            return self.unquoted("a program's name, or its path in quotes");
        }
        self.node(SyntaxKind::Program, |p| {
            p.bump();
            while is_program_part(p.raw().kind) {
                p.bump_raw();
            }
        });
        Ok(())
    }

    /// `HOST:PORT`
    fn endpoint(&mut self) -> Parsed {
        self.node(SyntaxKind::Endpoint, |p| {
            p.operand()?;
            p.expect(SyntaxKind::Colon, "`:` and a port")?;
            p.operand()
        })
    }

    /// `fact name(args): TYPE on HOST = EXPR`, `fact name { $ … false on 1 }`
    pub(super) fn fact(&mut self) -> Parsed {
        let head = self.current();
        self.bump();
        if self.fact_head().is_err() {
            self.recover();
            return Ok(());
        }
        if self.eat(SyntaxKind::Equal) {
            return self.expr();
        }
        if !self.at(SyntaxKind::BraceOpen) {
            return self.expected("`=` and what answers the fact, or `{` and a command");
        }
        let mut inside = self.skip_trivia(self.position) + 1;
        while self.token(inside).kind.is_trivia() || self.token(inside).kind == SyntaxKind::Newline {
            inside += 1;
        }
        if self.token(inside).kind == SyntaxKind::BraceClose {
            let place = self.span_of(self.token(inside));
            self.report(Diagnostic::error(
                "SF0002",
                place,
                "expected a command such as `$ nginx -t`, found `}`",
            ));
        }
        self.block("a fact", head, Place::FactBody)
    }

    /// `(a: T, b: T)`
    pub(super) fn parameters(&mut self) -> Parsed {
        self.joined(|p| {
            p.expect(SyntaxKind::ParenOpen, "`(` and its parameters")?;
            while !p.at(SyntaxKind::ParenClose) {
                p.node(SyntaxKind::Parameter, |p| {
                    p.name("an argument's name")?;
                    p.expect(SyntaxKind::Colon, "`:` and a type")?;
                    p.type_expr()
                })?;
                if !p.eat(SyntaxKind::Comma) {
                    break;
                }
            }
            p.expect(SyntaxKind::ParenClose, "`,` or `)`")
        })
    }

    /// `function name(a: T): T = EXPR`
    pub(super) fn function(&mut self) -> Parsed {
        self.bump();
        self.name("the function's name")?;
        self.parameters()?;
        self.expect(SyntaxKind::Colon, "`:` and the type of what it gives")?;
        self.type_expr()?;
        self.expect(SyntaxKind::Equal, "`=` and what it gives")?;
        self.expr()
    }

    /// `type NAME = TYPE`
    pub(super) fn type_item(&mut self) -> Parsed {
        self.bump();
        self.name("the type's name")?;
        self.expect(SyntaxKind::Equal, "`=` and a type")?;
        self.type_expr()
    }

    fn fact_head(&mut self) -> Parsed {
        self.name("the fact's name")?;
        if self.at(SyntaxKind::ParenOpen) {
            self.parameters()?;
        }
        if self.eat(SyntaxKind::Colon) {
            self.type_expr()?;
        }
        if self.at_word("on") {
            self.node(SyntaxKind::Clause, |p| {
                p.bump();
                p.operand()
            })?;
        }
        Ok(())
    }

    /// In a fact's braces: a command, and `false on 1` after it or on the next line.
    pub(super) fn fact_line(&mut self) -> Parsed {
        if self.at_word("false") {
            return self.false_on();
        }
        if !self.at_command() {
            return self.expected("a command such as `$ nginx -t`, or `false on 1`");
        }
        self.node(SyntaxKind::CommandStatement, |p| p.command(false))?;
        if self.at_word("false") { self.false_on() } else { Ok(()) }
    }

    fn false_on(&mut self) -> Parsed {
        self.node(SyntaxKind::FalseOn, |p| {
            p.bump();
            p.expect_word("on")?;
            p.comma_separated(|p| p.literal(SyntaxKind::Int, "an exit code such as `1`"))
        })
    }
}

/// Whether a token may be part of a program's name.
fn is_program_part(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        SyntaxKind::Ident
            | SyntaxKind::Int
            | SyntaxKind::Float
            | SyntaxKind::BadNumber
            | SyntaxKind::Duration
            | SyntaxKind::Size
            | SyntaxKind::Minus
            | SyntaxKind::Dot
            | SyntaxKind::Plus
    )
}
