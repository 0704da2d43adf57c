//! Steps with their clauses, and the control around them.

use rowan::Checkpoint;

use super::statement::Place;
use super::{Parsed, Parser};
use crate::kind::SyntaxKind;
use crate::{Applicability, Diagnostic};

impl Parser<'_> {
    /// `step NAME on TARGET within D "Title" { … }`
    pub(super) fn step(&mut self) -> Parsed {
        let head = self.current();
        self.bump();
        if self.step_head().is_err() {
            self.skip_to_block();
        }
        self.block("a step", head, Place::Step)
    }

    /// `action NAME(a: T) on TARGET within D "Title" { … }`
    pub(super) fn action(&mut self) -> Parsed {
        let head = self.current();
        self.bump();
        if self.action_head().is_err() {
            self.skip_to_block();
        }
        self.block("an action", head, Place::Step)
    }

    fn action_head(&mut self) -> Parsed {
        self.name("the action's name")?;
        self.parameters()?;
        self.step_options()
    }

    fn step_head(&mut self) -> Parsed {
        self.name("the step's name")?;
        self.step_options()
    }

    /// What may stand between the name of a step and its block.
    fn step_options(&mut self) -> Parsed {
        if self.at_word("on") {
            self.node(SyntaxKind::Clause, |p| {
                p.bump();
                p.operand()
            })?;
        }
        if self.at_word("within") {
            self.duration_clause()?;
        }
        if self.at_text() {
            self.text_literal()?;
        }
        if self.at_any(&["on", "within"]) {
            let here = self.here();
            return self.halt(
                Diagnostic::error("SF0002", here, format!("`{}` stands too late or twice", self.word()))
                    .help("the order is: `step name on TARGET within 10m \"Title\" {`"),
            );
        }
        if self.at(SyntaxKind::BraceOpen) { Ok(()) } else { self.expected("`on`, `within`, a title or `{`") }
    }

    /// `every D`, `within D`, `expires D`, …: a word and a duration.
    pub(super) fn duration_clause(&mut self) -> Parsed {
        self.node(SyntaxKind::Clause, |p| {
            p.bump();
            p.literal(SyntaxKind::Duration, "a duration such as `30s`, `5m` or `2h`")
        })
    }

    /// `every D within D`, either, both or none.
    fn patience(&mut self) -> Parsed {
        if self.at_word("every") {
            self.duration_clause()?;
        }
        if self.at_word("within") {
            self.duration_clause()?;
        }
        if self.at_any(&["every", "within"]) {
            let here = self.here();
            return self.halt(
                Diagnostic::error("SF0002", here, format!("`{}` stands too late or twice", self.word()))
                    .help("the order is: `every 5s within 30s`"),
            );
        }
        Ok(())
    }

    /// `requires F, F every D within D else "why"`
    pub(super) fn requires(&mut self) -> Parsed {
        self.bump();
        self.comma_separated(Self::expr)?;
        self.patience()?;
        if self.at_word("else") {
            self.node(SyntaxKind::Clause, |p| {
                p.bump();
                p.text_literal()
            })?;
        }
        Ok(())
    }

    /// `invariant F "why"`
    pub(super) fn invariant(&mut self) -> Parsed {
        self.bump();
        self.expr()?;
        if self.at_text() { self.text_literal() } else { Ok(()) }
    }

    /// `ensures F, F every D within D`
    pub(super) fn ensures(&mut self) -> Parsed {
        self.bump();
        self.comma_separated(Self::expr)?;
        self.patience()?;
        if self.at_word("else") {
            let here = self.here();
            return self.not_built("ensures … else rollback", here);
        }
        Ok(())
    }

    /// `approved by N of ROLE showing F, F expires D`
    pub(super) fn approved(&mut self) -> Parsed {
        self.bump();
        self.expect_word("by")?;
        if self.at(SyntaxKind::Int) {
            self.literal(SyntaxKind::Int, "how many people must agree")?;
            self.expect_word("of")?;
        }
        self.name("a role, or how many of one: `2 of dba`")?;
        if self.at_word("showing") {
            self.node(SyntaxKind::Clause, |p| {
                p.bump();
                p.comma_separated(Self::expr)
            })?;
        }
        if self.at_word("expires") { self.duration_clause() } else { Ok(()) }
    }

    /// `retry N every D`. Without a number it is complete for the parser: the compiler says that it has no limit.
    pub(super) fn retry(&mut self) -> Parsed {
        self.bump();
        if self.at(SyntaxKind::Int) {
            self.literal(SyntaxKind::Int, "how often")?;
        }
        if self.at_word("every") { self.duration_clause() } else { Ok(()) }
    }

    /// `rollback { … }`
    pub(super) fn rollback(&mut self) -> Parsed {
        let head = self.current();
        self.bump();
        self.block("a rollback", head, Place::Step)
    }

    /// `irreversible "why" without approval "why" undone when F recover with "x.runbook"`
    pub(super) fn irreversible(&mut self) -> Parsed {
        self.bump();
        if self.at_text() {
            self.text_literal()?;
        }
        if self.at_word("without") {
            self.node(SyntaxKind::Clause, |p| {
                p.bump();
                p.expect_word("approval")?;
                p.text_literal()
            })?;
        }
        if self.at_word("undone") {
            self.node(SyntaxKind::Clause, |p| {
                p.bump();
                p.expect_word("when")?;
                p.expr()
            })?;
        }
        if self.at_word("recover") {
            self.node(SyntaxKind::Clause, |p| {
                p.bump();
                p.expect_word("with")?;
                p.text_literal()
            })?;
        }
        if self.at_any(&["without", "undone", "recover"]) {
            let here = self.here();
            return self.halt(
                Diagnostic::error("SF0002", here, format!("`{}` stands too late or twice", self.word())).help(
                    "the order is: `irreversible \"why\" without approval \"why\" undone when FACT recover with \"file\"`",
                ),
            );
        }
        Ok(())
    }

    /// `leaves F, F "why"`
    pub(super) fn leaves(&mut self) -> Parsed {
        self.bump();
        if self.at_text() {
            return self.text_literal();
        }
        self.comma_separated(Self::expr)?;
        if self.at_text() { self.text_literal() } else { self.expected("a text that says why it is left") }
    }

    /// `manual "…" within D { see "…" "…" }`
    pub(super) fn manual(&mut self) -> Parsed {
        let head = self.current();
        self.bump();
        self.operand()?;
        if self.at_word("within") {
            self.duration_clause()?;
        }
        if self.at(SyntaxKind::BraceOpen) { self.block("`manual`", head, Place::Manual) } else { Ok(()) }
    }

    pub(super) fn see_line(&mut self) -> Parsed {
        if self.at_word("see") { self.see() } else { self.expected("`see` and where to look") }
    }

    /// `see URL "what is normal"`
    pub(super) fn see(&mut self) -> Parsed {
        self.node(SyntaxKind::Clause, |p| {
            p.bump();
            p.operand()?;
            if p.at_text() { p.operand() } else { Ok(()) }
        })
    }

    /// `on failure rollback|stop|ask`, `on failure collect { … }`
    pub(super) fn on_failure(&mut self, checkpoint: Checkpoint, place: Place) -> Parsed {
        let head = self.current();
        let policy = self.text_of(self.ahead(2));
        if policy == "collect" {
            if place == Place::Step {
                let here = self.here();
                self.report(
                    Diagnostic::error(
                        "SF0013",
                        here,
                        "`on failure collect` cannot stand in a step or a rollback",
                    )
                    .help("it stands directly in a runbook"),
                );
            }
            return self.wrap(checkpoint, SyntaxKind::Collect, |p| {
                p.bump();
                p.bump();
                p.bump();
                p.block("`collect`", head, Place::Collect)
            });
        }
        self.wrap(checkpoint, SyntaxKind::OnFailure, |p| {
            p.bump();
            p.bump();
            if p.at_any(&["rollback", "stop", "ask"]) {
                p.node(SyntaxKind::Name, Self::bump);
                Ok(())
            } else {
                p.expected("`rollback`, `stop`, `ask` or `collect`")
            }
        })
    }

    /// `wait until F every D within D 3 times after D notify CHANNEL "…" else { … }`
    pub(super) fn wait(&mut self) -> Parsed {
        let head = self.current();
        self.bump();
        let read = self.wait_head();
        if read.is_err() {
            self.skip_to_block();
            if !self.at(SyntaxKind::BraceOpen) {
                return Ok(());
            }
            return self.block("`wait`", head, Place::Branch);
        }
        if self.eat_word("else") { self.block("`else`", head, Place::Branch) } else { Ok(()) }
    }

    fn wait_head(&mut self) -> Parsed {
        self.expect_word("until")?;
        self.expr()?;
        self.patience()?;
        if self.at(SyntaxKind::Int) {
            self.node(SyntaxKind::Clause, |p| {
                p.literal(SyntaxKind::Int, "a number")?;
                p.expect_word("times")
            })?;
        }
        while self.at_word("after") {
            self.node(SyntaxKind::After, Self::after)?;
        }
        if self.at_end() || self.at_word("else") {
            Ok(())
        } else {
            self.expected("`every`, `within`, `3 times`, `after` or `else`")
        }
    }

    /// `notify ops "it is done"`
    pub(super) fn notify(&mut self) -> Parsed {
        self.bump();
        self.name("the name of a channel: `notify ops \"it is done\"`")?;
        self.expr()
    }

    /// `after 15m notify lead "it still waits"`
    pub(super) fn after(&mut self) -> Parsed {
        self.bump();
        self.literal(SyntaxKind::Duration, "how long something waits, such as `15m`")?;
        self.expect_word("notify")?;
        self.name("the name of a channel: `after 15m notify ops \"it still waits\"`")?;
        self.expr()
    }

    /// `if F { … } else { … } unknown { … }`
    pub(super) fn if_statement(&mut self) -> Parsed {
        self.nested(|p| {
            let head = p.current();
            p.bump();
            p.condition("a condition");
            p.block("`if`", head, Place::Branch)?;
            if p.at_word("else") {
                p.node(SyntaxKind::Clause, |p| {
                    p.bump();
                    if p.at_word("if") {
                        return p.node(SyntaxKind::If, Self::if_statement);
                    }
                    p.block("`else`", head, Place::Branch)
                })?;
            }
            if p.at_word("unknown") {
                p.node(SyntaxKind::Clause, |p| {
                    p.bump();
                    p.block("`unknown`", head, Place::Branch)
                })?;
            }
            Ok(())
        })
    }

    /// The condition of an `if`, up to its `{`.
    fn condition(&mut self, what: &str) {
        if self.before_block(what).is_err() {
            self.skip_to_block();
        }
    }

    /// An expression before a block. No record begins it: its `{` is that of the block.
    fn before_block(&mut self, what: &str) -> Parsed {
        if self.at(SyntaxKind::BraceOpen) { self.expected(what) } else { self.expr() }
    }

    /// `match v { "a" { … } "b", "c" { … } otherwise { … } }`
    pub(super) fn match_statement(&mut self) -> Parsed {
        self.nested(|p| {
            let head = p.current();
            p.bump();
            p.condition("what decides");
            p.block("`match`", head, Place::Match)
        })
    }

    /// `"a", "b" { … }`, `otherwise { … }`
    pub(super) fn arm(&mut self) -> Parsed {
        let head = self.current();
        self.node(SyntaxKind::Arm, |p| {
            if p.at_word("otherwise") {
                return p.otherwise();
            }
            if p.comma_separated(Self::arm_value).is_err() {
                // A step that lost its arm is read as one, for what stands in it.
                if p.at_any(&["step", "wait", "if", "match", "for"]) {
                    return p.keyword_statement(Place::Branch);
                }
                p.skip_to_block();
            }
            p.block("an arm of `match`", head, Place::Branch)
        })
    }

    /// `otherwise { … }`, the last arm.
    fn otherwise(&mut self) -> Parsed {
        let head = self.current();
        self.bump();
        self.block("`otherwise`", head, Place::Branch)?;
        if self.kind() == SyntaxKind::Newline {
            self.blanks(true);
        }
        if self.at(SyntaxKind::BraceClose) {
            return Ok(());
        }
        let diagnostic = Diagnostic::error("SF0002", self.here(), "nothing stands after `otherwise`")
            .help("it is the last arm: it is taken where no other is");
        self.halt(diagnostic)
    }

    /// `diagnose "Why is it slow?" { disk_full "the disk is full" { … } otherwise { … } }`
    pub(super) fn diagnose(&mut self) -> Parsed {
        self.nested(|p| {
            let head = p.current();
            p.bump();
            if p.text_literal().is_err() {
                p.skip_to_block();
            }
            p.block("`diagnose`", head, Place::Diagnose)
        })
    }

    /// `disk_full "the disk is full" { … }`, `otherwise { … }`
    pub(super) fn cause(&mut self) -> Parsed {
        let head = self.current();
        self.node(SyntaxKind::Arm, |p| {
            if p.at_word("otherwise") && p.ahead(1).kind == SyntaxKind::BraceOpen {
                return p.otherwise();
            }
            // A step that lost its cause is read as one, for what stands in it.
            if p.at_any(&["step", "wait", "match", "diagnose"]) && p.ahead(1).kind == SyntaxKind::Ident {
                let found = Diagnostic::error("SF0002", p.here(), "a step stands in the block of a cause")
                    .help("`disk_full \"the disk is full\" { step … }`, or `otherwise { step … }`");
                p.report(found);
                return p.keyword_statement(Place::Branch);
            }
            let what = "a fact, what it would mean in quotes, and what is done then";
            let read = p.before_block(what).and_then(|()| match p.at_text() {
                true => p.text_literal(),
                false => {
                    p.expected("a text that says what it would mean: `disk_full \"the disk is full\" { … }`")
                }
            });
            if read.is_err() {
                p.skip_to_block();
            }
            p.block("a cause", head, Place::Branch)
        })
    }

    fn arm_value(&mut self) -> Parsed {
        if self.at_text() {
            return self.text_literal();
        }
        let is_value = matches!(
            self.kind(),
            SyntaxKind::Int
                | SyntaxKind::Float
                | SyntaxKind::Percent
                | SyntaxKind::Duration
                | SyntaxKind::Size
                | SyntaxKind::Date
        );
        if is_value || self.at_any(&["true", "false", "none"]) {
            self.node(SyntaxKind::Literal, Self::bump);
            return Ok(());
        }
        self.expected("a value such as `\"fast\"` and what is done then, or `otherwise`")
    }

    /// `call "./drain.runbook" as drain with { node = standby }`
    pub(super) fn call_runbook(&mut self) -> Parsed {
        self.bump();
        if !self.at_text() {
            return self.expected("the file of a runbook, as a text: `call \"./drain.runbook\"`");
        }
        self.text_literal()?;
        if self.at_word("as") {
            self.node(SyntaxKind::Clause, |p| {
                p.bump();
                p.name("what the call is named")
            })?;
        }
        if !self.at_word("with") {
            return Ok(());
        }
        self.node(SyntaxKind::Clause, |p| {
            p.bump();
            let open = p.here();
            p.joined(|p| {
                p.expect(
                    SyntaxKind::BraceOpen,
                    "`{` and what the parameters are given: `{ node = standby }`",
                )?;
                while !p.at(SyntaxKind::BraceClose) {
                    p.node(SyntaxKind::Entry, |p| {
                        p.name("the name of a parameter")?;
                        p.given()?;
                        p.expr()
                    })?;
                    if !p.eat(SyntaxKind::Comma) {
                        break;
                    }
                }
                p.close(SyntaxKind::BraceClose, "`}` or a comma", open)
            })
        })
    }

    /// The `=` between a parameter and what it is given.
    fn given(&mut self) -> Parsed {
        if self.at(SyntaxKind::Colon) {
            let here = self.here();
            let found = Diagnostic::error("SF0002", here, "a parameter is given its value with `=`");
            self.report(found.fix(Applicability::Safe, "write `=`", here, " ="));
            self.bump();
            return Ok(());
        }
        self.expect(SyntaxKind::Equal, "`=` and a value")
    }

    /// `during "title" max D { enter { … } leave { … } … }`
    pub(super) fn during(&mut self) -> Parsed {
        self.nested(|p| {
            let head = p.current();
            p.bump();
            if p.during_head().is_err() {
                p.skip_to_block();
            }
            p.block("`during`", head, Place::During)
        })
    }

    fn during_head(&mut self) -> Parsed {
        if self.at(SyntaxKind::Ident) {
            let here = self.here();
            return self.not_built("during … of the library", here);
        }
        if !self.at_text() {
            return self
                .expected("what holds meanwhile, as a text: `during \"alerts are silenced\" max 1h {`");
        }
        self.text_literal()?;
        if !self.at_word("max") {
            return self.expected("`max` and how long it may last: `max 1h`");
        }
        self.duration_clause()?;
        if self.at(SyntaxKind::BraceOpen) { Ok(()) } else { self.expected("`{`") }
    }

    /// `parallel { … }`
    pub(super) fn parallel(&mut self) -> Parsed {
        self.nested(|p| {
            let head = p.current();
            p.bump();
            if !p.at(SyntaxKind::BraceOpen) {
                let _: Parsed = p.expected("`{`, and what is done at the same time");
                p.skip_to_block();
            }
            p.block("`parallel`", head, Place::Parallel)
        })
    }

    /// `{ … }`: a branch of several parts.
    pub(super) fn lane(&mut self) -> Parsed {
        let head = self.current();
        self.block("a branch", head, Place::Branch)
    }

    /// `enter on TARGET within D { … }`
    pub(super) fn enter(&mut self) -> Parsed {
        let head = self.current();
        self.bump();
        if self.step_options().is_err() {
            self.skip_to_block();
        }
        self.block("`enter`", head, Place::Step)
    }

    /// `leave { … }`
    pub(super) fn leave(&mut self) -> Parsed {
        let head = self.current();
        self.bump();
        self.block("`leave`", head, Place::Step)
    }

    /// `for x in xs { … }`
    pub(super) fn for_statement(&mut self) -> Parsed {
        let head = self.current();
        self.bump();
        if self.for_head().is_err() {
            self.skip_to_block();
        }
        self.block("`for`", head, Place::Branch)
    }

    /// `10%`, `3`
    fn wave(&mut self) -> Parsed {
        if self.at(SyntaxKind::Percent) || self.at(SyntaxKind::Int) {
            self.node(SyntaxKind::Literal, Self::bump);
            return Ok(());
        }
        self.expected("how many items belong to a wave, `3` or `10%`")
    }

    fn for_head(&mut self) -> Parsed {
        self.name("a name for the element")?;
        self.expect_word("in")?;
        self.before_block("a list")?;
        while !self.at(SyntaxKind::BraceOpen) {
            match self.word() {
                "max" | "tolerate" => self.node(SyntaxKind::Clause, |p| {
                    p.bump();
                    p.literal(SyntaxKind::Int, "a number")
                })?,
                "waves" => self.node(SyntaxKind::Clause, |p| {
                    p.bump();
                    p.comma_separated(Self::wave)
                })?,
                "pause" => self.node(SyntaxKind::Clause, |p| {
                    p.bump();
                    p.literal(SyntaxKind::Duration, "a duration such as `2m`")
                })?,
                "on" => self.node(SyntaxKind::Clause, |p| {
                    p.bump();
                    p.expect_word("failure")?;
                    p.expect_word("rollback")?;
                    if !p.at_any(&["wave", "all"]) {
                        return p.expected("`wave` or `all`");
                    }
                    p.bump();
                    Ok(())
                })?,
                _ => return self.expected(
                    "`max 50`, `waves 1, 10%`, `pause 2m`, `tolerate 1`, `on failure rollback wave` or `{`",
                ),
            }
        }
        Ok(())
    }
}
