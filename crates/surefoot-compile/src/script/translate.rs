//! Makes our tree of the parser's: the only file, with those below it, that knows the parser's types.
//!
//! In: what the parser gave for a text, and that text. Out: a [`Block`]; on the way, what only bash knows, and
//! what the parser lets pass though the shell would not.
//!
//! The parser bounds how deep its tree is, so recursion here is bounded; its long chains are walked in loops.

mod arithmetic;
mod word;

use shuck_ast as parsed;

use super::tree::{Assignment, Block, Command, Link, Place, Redirect, Simple, Statement, Value, Word};

/// What a translation gives beside the tree.
#[derive(Debug, Default)]
pub(super) struct Remarks {
    /// What stands here is known to bash, and not to every `sh`: in words.
    pub(super) only_bash: Vec<(Place, &'static str)>,
    /// What the shell will refuse: in words.
    pub(super) broken: Vec<(Place, String)>,
}

/// Makes a tree of a parsed file.
pub(super) fn translate(file: &parsed::File, text: &str) -> (Block, Remarks) {
    let mut translator = Translator { text, remarks: Remarks::default() };
    let block = translator.block(&file.body);
    (block, translator.remarks)
}

struct Translator<'s> {
    text: &'s str,
    remarks: Remarks,
}

impl Translator<'_> {
    /// Returns a place without the blanks at its end, which the parser often counts.
    fn place(&self, span: parsed::Span) -> Place {
        let (start, end) = (span.start.offset(), span.end.offset().max(span.start.offset()));
        let trimmed = self.text.get(start..end).map(|text| start + text.trim_end().len());
        Place { start, end: trimmed.unwrap_or(end) }
    }

    fn slice(&self, place: Place) -> &str {
        self.text.get(place.start..place.end).unwrap_or_default()
    }

    fn only_bash(&mut self, span: parsed::Span, what: &'static str) {
        let place = self.place(span);
        self.remarks.only_bash.push((place, what));
    }

    fn block(&mut self, sequence: &parsed::StmtSeq) -> Block {
        let mut statements: Vec<Statement> = Vec::with_capacity(sequence.stmts.len());
        let mut ended = true;
        for stmt in &sequence.stmts {
            let statement = self.statement(stmt);
            if let Some(before) = statements.last() {
                // The parser takes `a (b)` for two statements.
                let between = Place { start: before.place.end, end: statement.place.start };
                if !ended && between.start <= between.end && !self.slice(between).contains('\n') {
                    let broken = self.cannot_stand(between.start);
                    self.remarks.broken.push(broken);
                }
            }
            ended = stmt.terminator.is_some();
            statements.push(statement);
        }
        Block { statements }
    }

    /// Says that what comes next cannot stand there.
    fn cannot_stand(&self, from: usize) -> (Place, String) {
        let rest = self.text.get(from..).unwrap_or_default();
        let start = from + (rest.len() - rest.trim_start().len());
        let first = rest.trim_start().chars().next().map_or_else(String::new, String::from);
        (Place { start, end: start + first.len() }, format!("`{first}` cannot stand here"))
    }

    fn statement(&mut self, stmt: &parsed::Stmt) -> Statement {
        let redirects = stmt.redirects.iter().map(|redirect| self.redirect(redirect)).collect();
        let mut place = self.place(stmt.span);
        if let Some(end) =
            stmt.terminator_span.map(|span| span.start.offset()).filter(|end| *end > place.start)
        {
            let written = self.slice(Place { start: place.start, end: end.min(place.end) });
            place.end = place.start + written.trim_end().len();
        }
        let background = matches!(stmt.terminator, Some(parsed::StmtTerminator::Background(_)));
        let command = self.command(&stmt.command);
        if let Command::Simple(simple) = &command
            && !stmt.negated
            && stmt.redirects.is_empty()
        {
            place = simple.place;
        }
        Statement { command, redirects, negated: stmt.negated, background, place }
    }

    fn boxed(&mut self, stmt: &parsed::Stmt) -> Box<Statement> {
        Box::new(self.statement(stmt))
    }

    fn command(&mut self, command: &parsed::Command) -> Command {
        match command {
            parsed::Command::Simple(simple) => Command::Simple(self.simple(simple)),
            parsed::Command::Builtin(builtin) => Command::Simple(self.builtin(builtin)),
            parsed::Command::Decl(declaration) => Command::Simple(self.declaration(declaration)),
            parsed::Command::Binary(binary) => self.binary(binary),
            parsed::Command::Compound(compound) => self.compound(compound),
            parsed::Command::Function(function) => {
                if let Some(span) = function.header.function_keyword_span {
                    self.only_bash(span, "the word `function`");
                }
                let name = function.static_names().next().map(ToString::to_string);
                Command::Function(name, self.boxed(&function.body))
            }
            parsed::Command::AnonymousFunction(function) => {
                Command::Function(None, self.boxed(&function.body))
            }
        }
    }

    fn simple(&mut self, simple: &parsed::SimpleCommand) -> Simple {
        let assignments = self.assignments(&simple.assignments);
        let mut words = Vec::with_capacity(simple.args.len() + 1);
        // A command that only assigns has an empty name of no place.
        if !simple.name.parts.is_empty() && simple.name.span.start != simple.name.span.end {
            words.push(self.word(&simple.name));
        }
        words.extend(simple.args.iter().map(|word| self.word(word)));
        self.together(assignments, words, Vec::new(), simple.span)
    }

    /// `break`, `exit` and their like, as words like any other.
    fn builtin(&mut self, builtin: &parsed::BuiltinCommand) -> Simple {
        let (name, first, more, assignments, span) = match builtin {
            parsed::BuiltinCommand::Break(c) => ("break", &c.depth, &c.extra_args, &c.assignments, c.span),
            parsed::BuiltinCommand::Continue(c) => {
                ("continue", &c.depth, &c.extra_args, &c.assignments, c.span)
            }
            parsed::BuiltinCommand::Return(c) => ("return", &c.code, &c.extra_args, &c.assignments, c.span),
            parsed::BuiltinCommand::Exit(c) => ("exit", &c.code, &c.extra_args, &c.assignments, c.span),
        };
        let assignments = self.assignments(assignments);
        let start = self.place(span).start;
        let mut words = vec![Word::plain(name, Place { start, end: start + name.len() })];
        words.extend(first.iter().chain(more).map(|word| self.word(word)));
        self.together(assignments, words, Vec::new(), span)
    }

    fn declaration(&mut self, declaration: &parsed::DeclClause) -> Simple {
        let assignments = self.assignments(&declaration.assignments);
        let name = self.place(declaration.variant_span);
        let mut words = vec![Word::plain(declaration.variant.as_str(), name)];
        let mut declared = Vec::new();
        for operand in &declaration.operands {
            match operand {
                parsed::DeclOperand::Flag(word) | parsed::DeclOperand::Dynamic(word) => {
                    words.push(self.word(word));
                }
                parsed::DeclOperand::Name(name) => declared.push(Assignment {
                    name: name.name.to_string(),
                    value: Value::None,
                    append: false,
                    place: self.place(name.span),
                }),
                parsed::DeclOperand::Assignment(assignment) => declared.push(self.assignment(assignment)),
            }
        }
        self.together(assignments, words, declared, declaration.span)
    }

    /// Puts a simple command together. Its place is that of its parts: the parser's goes beyond them.
    fn together(
        &self,
        assignments: Vec<Assignment>,
        words: Vec<Word>,
        declared: Vec<Assignment>,
        span: parsed::Span,
    ) -> Simple {
        let parts = assignments.iter().map(|assignment| assignment.place);
        let parts = parts.chain(words.iter().map(|word| word.place));
        let parts = parts.chain(declared.iter().map(|assignment| assignment.place));
        let place = parts.reduce(Place::to).unwrap_or_else(|| self.place(span));
        Simple { assignments, words, declared, place }
    }

    fn assignments(&mut self, assignments: &[parsed::Assignment]) -> Vec<Assignment> {
        assignments.iter().map(|assignment| self.assignment(assignment)).collect()
    }

    fn assignment(&mut self, assignment: &parsed::Assignment) -> Assignment {
        if assignment.append {
            self.only_bash(assignment.span, "`+=`");
        }
        let value = match &assignment.value {
            parsed::AssignmentValue::Scalar(word) => Value::One(self.word(word)),
            parsed::AssignmentValue::Compound(array) => {
                self.only_bash(assignment.span, "a list of values");
                let place = self.place(assignment.span);
                if !self.slice(place).ends_with(')') {
                    self.remarks.broken.push((place, "nothing closes this `(`".to_owned()));
                }
                let elements = array.elements.iter();
                Value::Many(elements.map(|element| self.word(&element.value().word)).collect())
            }
        };
        // `x[1]=a` sets a part of it, like `+=`.
        let append = assignment.append || assignment.target.subscript.is_some();
        let name = assignment.target.name.to_string();
        Assignment { name, value, append, place: self.place(assignment.span) }
    }

    fn redirect(&mut self, redirect: &parsed::Redirect) -> Redirect {
        match redirect.kind {
            parsed::RedirectKind::HereString => self.only_bash(redirect.span, "`<<<`"),
            parsed::RedirectKind::OutputBoth => self.only_bash(redirect.span, "`&>`"),
            parsed::RedirectKind::Output
            | parsed::RedirectKind::Clobber
            | parsed::RedirectKind::Append
            | parsed::RedirectKind::Input
            | parsed::RedirectKind::ReadWrite
            | parsed::RedirectKind::HereDoc
            | parsed::RedirectKind::HereDocStrip
            | parsed::RedirectKind::DupOutput
            | parsed::RedirectKind::DupInput => {}
        }
        let is_text = redirect.kind == parsed::RedirectKind::HereString
            || matches!(redirect.target, parsed::RedirectTarget::Heredoc(_));
        let word = match &redirect.target {
            parsed::RedirectTarget::Word(word) => self.word(word),
            parsed::RedirectTarget::Heredoc(document) => self.document(&document.body),
        };
        Redirect { word, is_text, sets: redirect.fd_var.as_ref().map(ToString::to_string) }
    }

    /// Chains lean to the left, as long as they are.
    fn binary(&mut self, binary: &parsed::BinaryCommand) -> Command {
        let is_pipe = |op| matches!(op, parsed::BinaryOp::Pipe | parsed::BinaryOp::PipeAll);
        let mut rest = Vec::new();
        let mut at = binary;
        let first = loop {
            rest.push((at.op, at.op_span, at.right.as_ref()));
            let leans = !at.left.negated && at.left.redirects.is_empty();
            let parsed::Command::Binary(left) = &at.left.command else { break at.left.as_ref() };
            if !leans || is_pipe(left.op) != is_pipe(at.op) {
                break at.left.as_ref();
            }
            at = left;
        };
        rest.reverse();
        for (op, span, _) in &rest {
            if *op == parsed::BinaryOp::PipeAll {
                self.only_bash(*span, "`|&`");
            }
        }
        if is_pipe(binary.op) {
            let mut members = vec![self.statement(first)];
            members.extend(rest.into_iter().map(|(_, _, stmt)| self.statement(stmt)));
            return Command::Pipe(members);
        }
        let first = self.boxed(first);
        let link = |op| if op == parsed::BinaryOp::And { Link::And } else { Link::Or };
        Command::Chain(
            first,
            rest.into_iter().map(|(op, _, stmt)| (link(op), self.statement(stmt))).collect(),
        )
    }

    fn compound(&mut self, compound: &parsed::CompoundCommand) -> Command {
        match compound {
            parsed::CompoundCommand::If(c) => {
                let mut branches = vec![(self.asked(&c.condition, c.span), self.block(&c.then_branch))];
                let more = c.elif_branches.iter();
                branches
                    .extend(more.map(|(condition, then)| (self.asked(condition, c.span), self.block(then))));
                Command::If(branches, c.else_branch.as_ref().map(|block| self.block(block)))
            }
            parsed::CompoundCommand::For(c) => {
                let name = c.targets.first().and_then(|target| target.name.as_ref());
                let words = c.words.as_ref().map(|words| self.words(words));
                Command::Each(name.map(ToString::to_string), words, self.block(&c.body))
            }
            parsed::CompoundCommand::Select(c) => {
                self.only_bash(c.variable_span, "`select`");
                let words = self.words(&c.words);
                Command::Each(Some(c.variable.to_string()), Some(words), self.block(&c.body))
            }
            parsed::CompoundCommand::ArithmeticFor(c) => {
                self.only_bash(c.left_paren_span, "`for ((…))`");
                let heads = [&c.init_ast, &c.condition_ast, &c.step_ast];
                let pieces = heads.into_iter().flatten().flat_map(|head| self.arithmetic(head)).collect();
                Command::Count(pieces, self.block(&c.body))
            }
            parsed::CompoundCommand::While(c) => {
                Command::Loop(self.asked(&c.condition, c.span), self.block(&c.body))
            }
            parsed::CompoundCommand::Until(c) => {
                Command::Loop(self.asked(&c.condition, c.span), self.block(&c.body))
            }
            parsed::CompoundCommand::Case(c) => {
                let word = self.word(&c.word);
                let arms = c.cases.iter().map(|arm| {
                    if arm.terminator != parsed::CaseTerminator::Break
                        && let Some(span) = arm.terminator_span
                    {
                        self.only_bash(span, "`;&`");
                    }
                    let patterns = arm.patterns.iter().map(|pattern| self.pattern(pattern)).collect();
                    (patterns, self.block(&arm.body))
                });
                let arms = arms.collect();
                Command::Case(word, arms)
            }
            parsed::CompoundCommand::Subshell(block) => Command::Subshell(self.block(block)),
            parsed::CompoundCommand::BraceGroup(block) => Command::Group(self.block(block)),
            parsed::CompoundCommand::Arithmetic(c) => {
                self.only_bash(c.left_paren_span, "`((…))`");
                Command::Arithmetic(c.expr_ast.as_ref().map(|expr| self.arithmetic(expr)).unwrap_or_default())
            }
            parsed::CompoundCommand::Time(c) => {
                Command::Timed(c.command.as_ref().map(|command| self.boxed(command)))
            }
            parsed::CompoundCommand::Conditional(c) => {
                self.only_bash(c.left_bracket_span, "`[[`");
                let mut words = Vec::new();
                self.condition(&c.expression, &mut words);
                Command::Test(words)
            }
            parsed::CompoundCommand::Coproc(c) => {
                self.only_bash(c.span, "`coproc`");
                Command::Coprocess(c.name.to_string(), self.boxed(&c.body))
            }
            // What only zsh knows: no script here is read as zsh.
            parsed::CompoundCommand::Repeat(c) => Command::Group(self.block(&c.body)),
            parsed::CompoundCommand::Foreach(c) => Command::Group(self.block(&c.body)),
            parsed::CompoundCommand::Always(c) => Command::Group(self.block(&c.body)),
        }
    }

    /// A condition, which the parser lets be empty and the shell does not.
    fn asked(&mut self, condition: &parsed::StmtSeq, span: parsed::Span) -> Block {
        if condition.stmts.is_empty() {
            let place = self.place(span);
            let word = self.slice(place).split_whitespace().next().map_or(0, str::len);
            let place = Place { start: place.start, end: place.start + word };
            self.remarks.broken.push((place, "the condition is missing".to_owned()));
        }
        self.block(condition)
    }

    fn words(&mut self, words: &[parsed::Word]) -> Vec<Word> {
        words.iter().map(|word| self.word(word)).collect()
    }
}
