//! Statements: which one stands here, whether it may, and where it ends.

use rowan::Checkpoint;

use super::{Parsed, Parser};
use crate::kind::SyntaxKind;
use crate::{Applicability, Diagnostic, Edit, Fix, Span, nearest};

/// What kind of block the statements stand in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Place {
    File,
    Runbook,
    /// A block of `if`, `for` or `wait … else`.
    Branch,
    /// A step or a rollback.
    Step,
    Collect,
    About,
    Allow,
    Manual,
    FactBody,
    Scenario,
    /// The arms of a `match`.
    Match,
    /// The causes of a `diagnose`.
    Diagnose,
    /// A `during`: its two ends, and what is done in it.
    During,
    /// A `parallel`: its branches.
    Parallel,
    /// A block of a statement that cannot be read.
    Anywhere,
}

/// The words that begin an item, a member, a clause or a statement.
const FILE: &[&str] = &["use", "runbook", "fact", "function", "type", "action", "scenario", "waive"];
const RUNBOOK: &[&str] = &[
    "about",
    "param",
    "let",
    "allow",
    "fact",
    "requires",
    "invariant",
    "ensures",
    "on",
    "step",
    "wait",
    "if",
    "match",
    "diagnose",
    "for",
    "stop",
    "todo",
    "assume",
    "during",
    "parallel",
    "call",
    "waive",
    "lock",
];
const BRANCH: &[&str] = &[
    "let", "step", "wait", "if", "match", "diagnose", "for", "stop", "todo", "assume", "during", "parallel",
    "call", "waive",
];
const PARALLEL: &[&str] =
    &["step", "wait", "if", "match", "diagnose", "for", "todo", "assume", "during", "call", "waive"];
const DURING: &[&str] = &[
    "enter", "leave", "let", "step", "wait", "if", "match", "diagnose", "for", "stop", "todo", "assume",
    "during", "parallel", "call", "waive",
];
const STEP: &[&str] = &[
    "approved",
    "requires",
    "before",
    "ensures",
    "retry",
    "idempotent",
    "on",
    "rollback",
    "irreversible",
    "leaves",
    "let",
    "manual",
    "note",
    "notify",
    "after",
    "todo",
    "lock",
];
const COLLECT: &[&str] = &["let", "manual", "note", "todo"];

/// What may be documented with `##`.
const DOCUMENTED: &[&str] = &["runbook", "param", "fact", "function", "type", "action", "step"];

/// The words that begin a part of a statement.
const CLAUSES: &[&str] = &[
    "after", "as", "by", "default", "else", "every", "expires", "false", "from", "on", "recover", "see",
    "showing", "times", "undone", "unknown", "until", "where", "within", "without",
];

/// Keywords that are designed and not built, which begin a statement.
const NOT_BUILT: &[&str] = &["interactive"];

impl Place {
    fn words(self) -> &'static [&'static str] {
        match self {
            Self::File => FILE,
            Self::Runbook => RUNBOOK,
            Self::Branch => BRANCH,
            Self::During => DURING,
            Self::Parallel => PARALLEL,
            Self::Step => STEP,
            Self::Collect => COLLECT,
            Self::About
            | Self::Allow
            | Self::Manual
            | Self::FactBody
            | Self::Scenario
            | Self::Match
            | Self::Diagnose
            | Self::Anywhere => &[],
        }
    }

    fn takes_commands(self) -> bool {
        matches!(self, Self::Step | Self::Collect | Self::Anywhere)
    }

    /// How a person calls it.
    fn name(self) -> &'static str {
        match self {
            Self::File => "outside of a runbook",
            Self::Runbook => "directly in a runbook",
            Self::Branch => "in `if`, `match`, `diagnose`, `for` or `else`",
            Self::Step => "in a step or a rollback",
            Self::Collect => "in `collect`",
            Self::About => "in `about`",
            Self::Allow => "in `allow`",
            Self::Manual => "in `manual`",
            Self::FactBody => "in a fact",
            Self::Scenario => "in a scenario",
            Self::Match => "in `match`",
            Self::Diagnose => "in `diagnose`",
            Self::During => "in `during`",
            Self::Parallel => "in `parallel`",
            Self::Anywhere => "here",
        }
    }

    /// Whether a line that begins with `word` shows that a block of this kind has ended without its `}`.
    pub(super) fn ends_before(self, word: &str) -> bool {
        let outer: &[&[&str]] = match self {
            Self::File | Self::Anywhere => return false,
            Self::Runbook => &[&["use", "runbook", "scenario", "function", "type", "action"]],
            Self::Branch | Self::Match | Self::Diagnose | Self::During | Self::Parallel => &[&[
                "use",
                "runbook",
                "scenario",
                "function",
                "type",
                "action",
                "param",
                "about",
                "allow",
                "fact",
                "invariant",
            ]],
            Self::Step | Self::Collect => &[&[
                "use",
                "runbook",
                "scenario",
                "function",
                "type",
                "action",
                "param",
                "about",
                "allow",
                "fact",
                "invariant",
                "step",
                "wait",
                "if",
                "match",
                "diagnose",
                "for",
                "stop",
                "assume",
                "during",
                "parallel",
                "call",
            ]],
            Self::About | Self::Allow | Self::Manual | Self::FactBody => &[FILE, RUNBOOK, STEP],
            Self::Scenario => &[&["use", "runbook", "scenario", "function", "type", "action"], RUNBOOK],
        };
        outer.iter().any(|words| words.contains(&word)) && !(self == Self::FactBody && word == "on")
    }
}

impl Parser<'_> {
    /// Reads a file: items.
    pub(super) fn file(&mut self) {
        self.statements(Place::File, None);
    }

    /// Reads one statement and what ends it. Whatever stands here, it goes on after it.
    pub(super) fn statement(&mut self, place: Place) {
        let (mistakes, placed, start) = (self.mistakes, self.placed, self.current().start);
        let depth = self.depth;
        self.values = 0;
        // After a line that ended too early, one that begins with no word we know may be its rest. With a brace
        // too many or too few, even one that does may be damaged by the same mistake.
        if self.balanced && (!self.torn || self.at(SyntaxKind::Dollar) || self.begins_line(place)) {
            self.suppressed = false;
        }
        let result = match place {
            Place::About => self.about_entry(),
            Place::Allow => self.right(),
            Place::Manual => self.see_line(),
            Place::FactBody => self.fact_line(),
            Place::Scenario => self.scenario_line(),
            Place::Match => self.arm(),
            Place::Diagnose => self.cause(),
            Place::File
            | Place::Runbook
            | Place::Branch
            | Place::During
            | Place::Parallel
            | Place::Step
            | Place::Collect
            | Place::Anywhere => self.keyword_statement(place),
        };
        self.depth = depth;
        let read_well = result.and_then(|()| self.statement_end(place)).is_ok();
        self.torn = !read_well && self.at_end();
        if !read_well {
            self.recover();
        }
        if read_well && self.mistakes == mistakes {
            self.suppressed = false;
        }
        // Mistakes of the statements inside are placed already.
        if self.mistakes - mistakes > self.placed - placed {
            self.damaged.insert(start);
            self.placed = placed + (self.mistakes - mistakes);
        }
    }

    /// Whether the word here begins a line of such a block.
    fn begins_line(&self, place: Place) -> bool {
        let word = self.word();
        let lines: &[&str] = match place {
            Place::About => &["owner", "reviewed", "severity"],
            Place::Allow => &["run", "detach", "connect", "listen", "read", "write", "as"],
            Place::Manual => &["see"],
            Place::FactBody => &["false"],
            Place::Match | Place::Diagnose => &["otherwise"],
            Place::Scenario => &[
                "given", "start", "answer", "reply", "after", "fail", "lie", "hang", "crash", "deny", "lose",
                "expect", "explore",
            ],
            Place::File
            | Place::Runbook
            | Place::Branch
            | Place::During
            | Place::Parallel
            | Place::Step
            | Place::Collect
            | Place::Anywhere => NOT_BUILT,
        };
        self.is_keyword(word) || lines.contains(&word)
    }

    fn statement_end(&mut self, place: Place) -> Parsed {
        // A block that has lost its `}` ends before a line that can only stand outside of it.
        if self.at_end()
            || matches!(place, Place::About | Place::Match | Place::Diagnose)
            || self.begins_a_line()
        {
            return Ok(());
        }
        let here = self.here();
        if self.at(SyntaxKind::Semicolon) {
            let diagnostic =
                Diagnostic::error("SF0002", here, "a statement ends with its line, not with `;`");
            let next = self.ahead(1).kind;
            if matches!(next, SyntaxKind::Newline | SyntaxKind::BraceClose | SyntaxKind::EndOfFile) {
                let span = Span { start: self.after_last().start, ..here };
                return self.halt(diagnostic.fix(Applicability::Safe, "remove it", span, ""));
            }
            let blanks = " ".repeat(self.margin(self.current()).column as usize);
            let end = self.ahead(1).start;
            let title = "write the next statement on its own line";
            return self.halt(diagnostic.fix(
                Applicability::Safe,
                title,
                Span { start: self.after_last().start, end, ..here },
                format!("\n{blanks}"),
            ));
        }
        if self.text_of(self.current()) == "\\" {
            let message = "the command does not go on after this `\\`";
            return self
                .halt(Diagnostic::error("SF0002", here, message).here("joins this line with the next"));
        }
        if self.at_any(&["else", "unknown"]) {
            return self.halt(
                Diagnostic::error("SF0002", here, format!("`{}` belongs to nothing here", self.word()))
                    .help("it stands on the line of the `}` before it"),
            );
        }
        let diagnostic = Diagnostic::error(
            "SF0002",
            here,
            format!("expected the end of the line, found {}", self.found()),
        )
        .here("the statement is complete before this");
        let diagnostic = self.or_meant(diagnostic, CLAUSES.iter().copied());
        self.halt(diagnostic)
    }

    /// Whether the line breaks before what stands here were taken already.
    fn begins_a_line(&self) -> bool {
        let taken = self.tokens.get(..self.position).unwrap_or_default();
        taken
            .iter()
            .rev()
            .find(|token| !token.kind.is_trivia())
            .is_some_and(|token| token.kind == SyntaxKind::Newline)
    }

    pub(super) fn keyword_statement(&mut self, place: Place) -> Parsed {
        let checkpoint = self.checkpoint();
        let documented = self.doc_lines();
        let word = self.word();
        if let Some(docs) = documented
            && !DOCUMENTED.contains(&word)
        {
            let diagnostic = Diagnostic::error("SF0011", docs, "this `##` comment documents nothing")
                .help("`##` documents the runbook, parameter, fact, function, type, action or step after it; another comment is `#`");
            self.report(if word == "waive" {
                // What it documents stands further below.
                diagnostic.help("write `waive` before the `##` lines")
            } else {
                self.as_comment(diagnostic, docs)
            });
        }
        if NOT_BUILT.contains(&word) && !self.calls_ahead() {
            return self.not_built_statement();
        }
        let place_before = self.here();
        if self.is_keyword(word) && place != Place::Anywhere && !place.words().contains(&word) {
            self.report(misplaced(word, place, place_before));
        }
        match word {
            "use" => self.wrap(checkpoint, SyntaxKind::Use, Self::use_item),
            "runbook" => self.wrap(checkpoint, SyntaxKind::Runbook, Self::runbook),
            "scenario" => self.wrap(checkpoint, SyntaxKind::Scenario, Self::scenario),
            "fact" => self.wrap(checkpoint, SyntaxKind::Fact, Self::fact),
            "function" => self.wrap(checkpoint, SyntaxKind::Function, Self::function),
            "type" => self.wrap(checkpoint, SyntaxKind::TypeItem, Self::type_item),
            "waive" => self.wrap(checkpoint, SyntaxKind::Waive, Self::waive),
            "about" => self.wrap(checkpoint, SyntaxKind::About, Self::about),
            "param" => self.wrap(checkpoint, SyntaxKind::Param, Self::param),
            "let" => self.wrap(checkpoint, SyntaxKind::Let, Self::binding),
            "allow" => self.wrap(checkpoint, SyntaxKind::Allow, Self::allow),
            "requires" => self.wrap(checkpoint, SyntaxKind::Requires, Self::requires),
            "invariant" => self.wrap(checkpoint, SyntaxKind::Invariant, Self::invariant),
            "ensures" => self.wrap(checkpoint, SyntaxKind::Ensures, Self::ensures),
            "step" => self.wrap(checkpoint, SyntaxKind::Step, Self::step),
            "action" => self.wrap(checkpoint, SyntaxKind::Action, Self::action),
            "wait" => self.wrap(checkpoint, SyntaxKind::Wait, Self::wait),
            "if" => self.wrap(checkpoint, SyntaxKind::If, Self::if_statement),
            "match" => self.wrap(checkpoint, SyntaxKind::Match, Self::match_statement),
            "diagnose" => self.wrap(checkpoint, SyntaxKind::Diagnose, Self::diagnose),
            "for" => self.wrap(checkpoint, SyntaxKind::For, Self::for_statement),
            "lock" if !self.calls_ahead() => self.wrap(checkpoint, SyntaxKind::Lock, |p| {
                p.bump();
                p.expr()
            }),
            "during" => self.wrap(checkpoint, SyntaxKind::During, Self::during),
            "parallel" => self.wrap(checkpoint, SyntaxKind::Parallel, Self::parallel),
            "" if place == Place::Parallel && self.at(SyntaxKind::BraceOpen) => {
                self.wrap(checkpoint, SyntaxKind::Lane, Self::lane)
            }
            "call" if !self.calls_ahead() => {
                self.wrap(checkpoint, SyntaxKind::CallRunbook, Self::call_runbook)
            }
            "enter" if place == Place::During => self.wrap(checkpoint, SyntaxKind::Enter, Self::enter),
            "leave" if place == Place::During => self.wrap(checkpoint, SyntaxKind::Leave, Self::leave),
            "stop" => self.wrap(checkpoint, SyntaxKind::Stop, |p| {
                p.bump();
                p.text_literal()
            }),
            "assume" => self.wrap(checkpoint, SyntaxKind::Assume, |p| {
                p.bump();
                p.expr()?;
                if p.at_text() { p.text_literal() } else { p.expected("a text that says why it is assumed") }
            }),
            "approved" => self.wrap(checkpoint, SyntaxKind::Approved, Self::approved),
            "before" => self.wrap(checkpoint, SyntaxKind::Before, Self::binding),
            "retry" => self.wrap(checkpoint, SyntaxKind::Retry, Self::retry),
            "idempotent" => self.wrap(checkpoint, SyntaxKind::Idempotent, |p| {
                p.bump();
                Ok(())
            }),
            "rollback" => self.wrap(checkpoint, SyntaxKind::Rollback, Self::rollback),
            "irreversible" => self.wrap(checkpoint, SyntaxKind::Irreversible, Self::irreversible),
            "leaves" => self.wrap(checkpoint, SyntaxKind::Leaves, Self::leaves),
            "manual" => self.wrap(checkpoint, SyntaxKind::Manual, Self::manual),
            "notify" if !self.calls_ahead() => self.wrap(checkpoint, SyntaxKind::Notify, Self::notify),
            "after" if !self.calls_ahead() => self.wrap(checkpoint, SyntaxKind::After, Self::after),
            "note" => self.wrap(checkpoint, SyntaxKind::Note, |p| {
                p.bump();
                p.expr()
            }),
            "todo" => self.wrap(checkpoint, SyntaxKind::Todo, |p| {
                p.bump();
                p.text_literal()
            }),
            "on" if self.is_on_failure() => self.on_failure(checkpoint, place),
            _ => self.plain_statement(checkpoint, place),
        }
    }

    /// Whether `word` begins a statement, as it stands here.
    fn is_keyword(&self, word: &str) -> bool {
        match word {
            "on" => return self.is_on_failure(),
            // Something of that name is called or qualified.
            "call" | "notify" | "after" if self.calls_ahead() => return false,
            _ => {}
        }
        [FILE, RUNBOOK, STEP].iter().any(|words| words.contains(&word))
    }

    fn is_on_failure(&self) -> bool {
        self.at_word("on") && self.text_of(self.ahead(1)) == "failure"
    }

    /// Whether the word here is called or qualified: `lock.take(…)`.
    fn calls_ahead(&self) -> bool {
        matches!(self.ahead(1).kind, SyntaxKind::Dot | SyntaxKind::ParenOpen)
    }

    /// Reads `##` lines.
    fn doc_lines(&mut self) -> Option<Span> {
        if !self.at(SyntaxKind::Doc) {
            return None;
        }
        let mut place = self.here();
        self.node(SyntaxKind::DocLines, |p| {
            while p.at(SyntaxKind::Doc) {
                place.end = p.current().end;
                p.bump();
                p.blanks(true);
            }
        });
        Some(place)
    }

    /// Adds the edit that makes comments of `##` lines.
    fn as_comment(&self, mut diagnostic: Diagnostic, docs: Span) -> Diagnostic {
        let inside = self.tokens.iter().filter(|token| token.kind == SyntaxKind::Doc);
        let edits = inside
            .filter(|token| docs.start <= token.start && token.end <= docs.end)
            .map(|token| Edit {
                span: Span { start: token.start, end: token.start + 2, ..docs },
                text: "#".to_owned(),
            })
            .collect();
        let title = "make it a comment".to_owned();
        diagnostic.fixes.push(Fix { title, edits, applicability: Applicability::Safe });
        diagnostic
    }

    fn not_built_statement(&mut self) -> Parsed {
        let word = self.word();
        let diagnostic = not_built(word, self.here());
        self.report(diagnostic);
        self.node(SyntaxKind::NotBuilt, Self::skip_construct);
        Ok(())
    }

    /// Reports a keyword that is designed and not built, within a statement.
    pub(super) fn not_built<T>(&mut self, keyword: &str, at: Span) -> Parsed<T> {
        self.halt(not_built(keyword, at))
    }

    /// A command or a call.
    fn plain_statement(&mut self, checkpoint: Checkpoint, place: Place) -> Parsed {
        let here = self.here();
        let is_command = self.at_command();
        let is_call = self.at(SyntaxKind::Ident) && self.calls_ahead();
        if !is_command && !is_call {
            return self.unknown_statement(place);
        }
        if !place.takes_commands() {
            let what = if is_command { "a command" } else { "an action" };
            self.report(
                Diagnostic::error("SF0013", here, format!("{what} cannot stand {}", place.name()))
                    .help("put it into a step: `step name { … }`"),
            );
        }
        if is_command {
            return self.wrap(checkpoint, SyntaxKind::CommandStatement, |p| p.command(false));
        }
        self.wrap(checkpoint, SyntaxKind::CallStatement, |p| p.call())
    }

    fn unknown_statement(&mut self, place: Place) -> Parsed {
        let word = self.word();
        let here = self.here();
        if word.is_empty() {
            let diagnostic =
                Diagnostic::error("SF0014", here, format!("{} does not begin a statement", self.found()));
            return self.halt(match place {
                Place::File => diagnostic.help(
                    "a file holds `use`, `runbook`, `fact`, `function`, `type`, `action`, `scenario` and `waive`",
                ),
                _ => diagnostic,
            });
        }
        if self.ahead(1).kind == SyntaxKind::Dollar || super::command::OPTIONS.contains(&word) {
            return self.halt(
                Diagnostic::error("SF0014", here, format!("`{word}` cannot stand here like this"))
                    .help("before `$` stand options: `on HOST`, `in FOLDER`, `env { NAME: value }`, `stdin TEXT`, `as USER`, `exit 0, 1`"),
            );
        }
        let mut diagnostic = Diagnostic::error(
            "SF0014",
            here,
            format!("`{word}` does not begin a statement {}", place.name()),
        );
        let near = place
            .words()
            .iter()
            .map(|keyword| (strsim::damerau_levenshtein(word, keyword), *keyword))
            .filter(|(distance, keyword)| *distance <= keyword.len().div_ceil(3))
            .min();
        if let Some((_, keyword)) = near {
            // Where commands stand, a word may be a program that lacks its `$`.
            let sure = nearest(word, place.words().iter().copied())
                .filter(|(name, _)| *name == keyword && !place.takes_commands());
            let applicability = sure.map_or(Applicability::Unsafe, |(_, applicability)| applicability);
            diagnostic = diagnostic.fix(applicability, format!("did you mean `{keyword}`?"), here, keyword);
        } else if place.takes_commands() {
            diagnostic = diagnostic.fix(
                Applicability::Unsafe,
                "to run a program, write `$` before it",
                Span { end: here.start, ..here },
                "$ ",
            );
        } else if !place.words().is_empty() {
            let words: Vec<_> = place.words().iter().map(|word| format!("`{word}`")).collect();
            diagnostic = diagnostic.help(format!("what may stand here: {}", words.join(", ")));
        }
        self.halt(diagnostic)
    }
}

/// The one message for what is designed and not built.
fn not_built(keyword: &str, at: Span) -> Diagnostic {
    Diagnostic::error("SF0010", at, format!("`{keyword}` is designed but not built in this version"))
        .help("this version refuses it rather than ignoring it; write the runbook without it for now")
}

fn misplaced(word: &str, place: Place, at: Span) -> Diagnostic {
    let diagnostic = Diagnostic::error("SF0013", at, format!("`{word}` cannot stand {}", place.name()));
    let where_then = if BRANCH.contains(&word) && place == Place::Step {
        "it stands around steps: in a runbook, an `if`, a `match`, a `diagnose` or a `for`"
    } else if STEP.contains(&word) && !RUNBOOK.contains(&word) {
        "it stands in a step"
    } else if word == "waive" {
        "it stands before an item, or before a part of a runbook"
    } else if word == "on" {
        "`on failure …` stands in a runbook or a step, `on failure collect` in a runbook"
    } else if RUNBOOK.contains(&word) {
        "it stands directly in a runbook"
    } else {
        "it stands at the top of a file"
    };
    diagnostic.help(where_then)
}

/// The keywords that are designed and not built, which begin a statement.
pub(crate) fn words_not_built() -> &'static [&'static str] {
    NOT_BUILT
}
