//! Commands: options, a decoder, then words after `$` or a script between fences.

use super::{Parsed, Parser};
use crate::kind::SyntaxKind;
use crate::{Applicability, Diagnostic, Span};

/// What turns the output of a command into a value.
const DECODERS: &[&str] = &["text", "lines", "int", "float", "bool", "size", "json", "table"];

/// What says how a command is run.
pub(super) const OPTIONS: &[&str] = &["on", "in", "env", "stdin", "as", "exit"];

/// Languages a script may be written in.
const LANGUAGES: &[&str] = &["sh", "bash", "sql", "python"];

impl Parser<'_> {
    /// Whether a command begins here: an option, a decoder, `$` or a script.
    pub(super) fn at_command(&self) -> bool {
        self.command_at(self.skip_trivia(self.position))
    }

    fn command_at(&self, index: usize) -> bool {
        let token = self.token(index);
        if matches!(token.kind, SyntaxKind::Dollar | SyntaxKind::FenceOpen) {
            return true;
        }
        if token.kind != SyntaxKind::Ident {
            return false;
        }
        let next = self.skip_trivia(index + 1);
        let follows = self.token(next).kind;
        let word = self.text_of(token);
        match word {
            "on" | "in" => true,
            "as" => follows == SyntaxKind::Ident,
            "exit" => follows == SyntaxKind::Int,
            "stdin" => {
                matches!(
                    follows,
                    SyntaxKind::StringOpen
                        | SyntaxKind::BlockOpen
                        | SyntaxKind::RawText
                        | SyntaxKind::BracketOpen
                ) || follows == SyntaxKind::Ident && !is_operator(self.text_of(self.token(next)))
            }
            "env" => {
                follows == SyntaxKind::BraceOpen
                    && self.after_braces(next).is_some_and(|i| self.command_at(i))
            }
            _ if is_language(word) => matches!(follows, SyntaxKind::FenceOpen | SyntaxKind::ParenOpen),
            _ if DECODERS.contains(&word) => {
                // `size in sizes` is a comparison: a folder stands before the decoder.
                let after = self.text_of(self.token(next));
                let goes_on = is_language(after) || after != "in" && OPTIONS.contains(&after);
                matches!(follows, SyntaxKind::Dollar | SyntaxKind::FenceOpen)
                    || goes_on && self.command_at(next)
            }
            _ => false,
        }
    }

    /// Where the token after the braces that open at `index` stands.
    fn after_braces(&self, index: usize) -> Option<usize> {
        self.after_pair(index, SyntaxKind::BraceOpen, SyntaxKind::BraceClose)
    }

    fn after_pair(&self, mut index: usize, open: SyntaxKind, close: SyntaxKind) -> Option<usize> {
        let mut depth = 0u32;
        loop {
            let kind = self.token(index).kind;
            if kind == SyntaxKind::EndOfFile {
                return None;
            } else if kind == open {
                depth += 1;
            } else if kind == close {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(self.skip_trivia(index + 1));
                }
            }
            index += 1;
        }
    }

    /// Reads a command. One that is a value may have a decoder.
    pub(super) fn command(&mut self, is_value: bool) -> Parsed {
        self.node(SyntaxKind::CommandExpr, |p| {
            p.options()?;
            if DECODERS.contains(&p.word()) {
                p.decoder(is_value)?;
                p.options()?;
            }
            p.height = 2;
            if p.at(SyntaxKind::Dollar) {
                return p.pipeline();
            }
            if p.at(SyntaxKind::FenceOpen) || is_language(p.word()) {
                return p.node(SyntaxKind::Script, Self::script);
            }
            if p.at(SyntaxKind::Ident) && p.ahead(1).kind == SyntaxKind::Dollar {
                let here = p.here();
                let diagnostic =
                    Diagnostic::error("SF0002", here, format!("`{}` reads no output", p.word())).help(
                        "what may stand before `$`: an option (`on in env stdin as exit`) or one of `text lines int float bool size json table`",
                    );
                return p.halt(diagnostic);
            }
            p.expected("`$` and a command, or a script")
        })
    }

    fn decoder(&mut self, is_value: bool) -> Parsed {
        let here = self.here();
        let word = self.word();
        if !is_value {
            return self.halt(
                Diagnostic::error("SF0002", here, format!("nothing takes the value that `{word}` reads"))
                    .help(format!("write `let name = {word} $ …`, or remove `{word}`")),
            );
        }
        self.node(SyntaxKind::Name, Self::bump);
        Ok(())
    }

    fn options(&mut self) -> Parsed {
        loop {
            match self.word() {
                "on" | "in" | "stdin" => self.node(SyntaxKind::Clause, |p| {
                    p.bump();
                    p.operand()
                })?,
                "env" => self.node(SyntaxKind::Clause, |p| {
                    p.bump();
                    if !p.at(SyntaxKind::BraceOpen) {
                        return p.expected("`{` and variables: `env { NAME: value }`");
                    }
                    p.joined(Self::record)
                })?,
                "as" => self.node(SyntaxKind::Clause, |p| {
                    p.bump();
                    p.user()
                })?,
                "exit" => self.node(SyntaxKind::Clause, |p| {
                    p.bump();
                    p.comma_separated(|p| p.literal(SyntaxKind::Int, "an exit code such as `0`"))
                })?,
                _ => return Ok(()),
            }
        }
    }

    /// `$ a ${b} | c`
    fn pipeline(&mut self) -> Parsed {
        let dollar = self.here();
        self.node(SyntaxKind::Pipeline, |p| {
            p.bump();
            if is_word_part(p.raw().kind) {
                return p.halt(dollar_too_close(dollar, p.raw().kind));
            }
            loop {
                p.node(SyntaxKind::ProgramWords, Self::program_words)?;
                if p.at(SyntaxKind::ParenClose) && p.joined == 0 {
                    return p.halt(refused(")", p.here(), ""));
                }
                if p.raw().kind != SyntaxKind::Bar {
                    return Ok(());
                }
                p.bump_raw();
            }
        })
    }

    fn program_words(&mut self) -> Parsed {
        let mut words = 0u32;
        loop {
            let continued = self.command_gap();
            if !is_word_part(self.raw().kind) {
                if let Some(place) = continued
                    && self.raw().kind != SyntaxKind::Bar
                {
                    return self.halt(
                        Diagnostic::error("SF0002", place, "the command does not go on after this `\\`")
                            .here("joins this line with the next"),
                    );
                }
                break;
            }
            let first = words == 0;
            self.node(SyntaxKind::Word, |p| p.command_word(first))?;
            words += 1;
        }
        if words == 0 { self.expected("a program to run") } else { Ok(()) }
    }

    /// Takes the blanks between words. Gives the place of a `\` that joins two lines, if there was one.
    fn command_gap(&mut self) -> Option<Span> {
        let mut continued = None;
        loop {
            let token = self.raw();
            match token.kind {
                SyntaxKind::Whitespace => {}
                SyntaxKind::Continuation => {
                    continued = Some(Span { end: token.start + 1, ..self.span_of(token) })
                }
                _ => return continued,
            }
            self.bump_raw();
        }
    }

    fn command_word(&mut self, first: bool) -> Parsed {
        let start = self.raw().start;
        let mut parts = 0u32;
        let mut splice = None;
        loop {
            let token = self.raw();
            match token.kind {
                SyntaxKind::WordText => {
                    let text = self.text_of(token);
                    if first && parts == 0 && is_assignment(text) {
                        return self.halt(assignment(self.span_of(token), text));
                    }
                    self.bump_raw();
                }
                SyntaxKind::WordEscape => self.bump_raw(),
                SyntaxKind::StringOpen | SyntaxKind::RawText | SyntaxKind::RawUnclosed => self.text()?,
                SyntaxKind::InterpOpen => {
                    let from = self.position;
                    self.interpolation(true)?;
                    let spread =
                        (from..self.position).any(|index| self.token(index).kind == SyntaxKind::Splice);
                    if spread {
                        splice = Some(Span { end: self.after_last().end, ..self.span_of(token) });
                    }
                }
                SyntaxKind::WordBad => {
                    let rest = self.line_from(token.end);
                    let diagnostic = refused(self.text_of(token), self.span_of(token), rest);
                    let is_pattern = matches!(self.text_of(token), "*" | "?" | "~" | "&" | "(");
                    return self.halt(if is_pattern {
                        self.quoted_word(diagnostic, start)
                    } else {
                        diagnostic
                    });
                }
                _ => break,
            }
            parts += 1;
        }
        if let Some(place) = splice
            && parts > 1
        {
            let word = self.text.get(start as usize..place.end as usize).unwrap_or_default();
            return self.halt(
                Diagnostic::error("SF0002", place, "`${…...}` gives whole words and must stand alone")
                    .here(format!("part of the word `{word}`"))
                    .help("put blanks around it, or build the list of words with `let`"),
            );
        }
        Ok(())
    }

    /// What stands on the line from `start` on.
    fn line_from(&self, start: u32) -> &str {
        self.text.get(start as usize..).and_then(|rest| rest.lines().next()).unwrap_or_default()
    }

    /// A script between fences, with its language before the fence or after it.
    fn script(&mut self) -> Parsed {
        let mut language = self.word();
        let said_before = !language.is_empty();
        if language.is_empty() {
            let fence = self.skip_trivia(self.position);
            let tag = self.token(fence + 1);
            if tag.kind == SyntaxKind::FenceTag {
                language = self.text_of(tag);
            }
        } else {
            self.node(SyntaxKind::Name, Self::bump);
        }
        if self.at(SyntaxKind::ParenOpen) {
            self.arguments()?;
        }
        let open = self.here();
        self.expect(SyntaxKind::FenceOpen, "three backquotes and the script")?;
        let mut tag = None;
        loop {
            match self.raw().kind {
                SyntaxKind::FenceTag => {
                    tag = Some(self.span_of(self.raw()));
                    self.bump_raw();
                }
                SyntaxKind::Whitespace | SyntaxKind::Comment | SyntaxKind::ScriptText => self.bump_raw(),
                SyntaxKind::FenceClose => {
                    self.bump_raw();
                    break;
                }
                _ => {
                    return self.halt(
                        Diagnostic::error("SF0005", open, "this script is not closed")
                            .here("opened here")
                            .help("end it with three backquotes on a line of their own"),
                    );
                }
            }
        }
        self.script_language(language, said_before, open, tag)
    }

    fn script_language(
        &mut self,
        language: &str,
        said_before: bool,
        open: Span,
        tag: Option<Span>,
    ) -> Parsed {
        if let Some(tag) = tag.filter(|_| said_before) {
            return self.halt(
                Diagnostic::error("SF0002", tag, "the script's language is said twice")
                    .help(format!("`{language}` stands before the fence")),
            );
        }
        if language.is_empty() {
            return self.halt(
                Diagnostic::error("SF0002", open, "this script does not say its language")
                    .help("write `sh`, `bash`, `python` or `sql` before the fence"),
            );
        }
        if LANGUAGES.contains(&language) {
            return Ok(());
        }
        self.halt(
            Diagnostic::error(
                "SF0002",
                tag.unwrap_or(open),
                format!("`{language}` is not a script's language"),
            )
            .help("a script is written in `sh`, `bash`, `python` or `sql`"),
        )
    }
}

fn is_operator(word: &str) -> bool {
    matches!(
        word,
        "and" | "or" | "in" | "matches" | "every" | "within" | "else" | "then" | "for" | "if" | "where"
    )
}

fn is_language(word: &str) -> bool {
    LANGUAGES.contains(&word)
}

pub(super) fn is_word_part(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        SyntaxKind::WordText
            | SyntaxKind::WordEscape
            | SyntaxKind::WordBad
            | SyntaxKind::StringOpen
            | SyntaxKind::RawText
            | SyntaxKind::RawUnclosed
            | SyntaxKind::InterpOpen
    )
}

/// `NAME=value` before a command: a shell's way to set a variable.
fn is_assignment(text: &str) -> bool {
    text.split_once('=').is_some_and(|(name, _)| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

fn assignment(place: Span, text: &str) -> Diagnostic {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    Diagnostic::error("SF0012", place, "a `$` line does not set variables")
        .help(format!("write `env {{ {name}: \"{value}\" }}` before the `$`"))
}

fn dollar_too_close(dollar: Span, kind: SyntaxKind) -> Diagnostic {
    let diagnostic = Diagnostic::error("SF0012", dollar, "a blank is missing after `$`");
    if kind == SyntaxKind::InterpOpen {
        return diagnostic;
    }
    diagnostic.help("`$ ls` runs a program; a value is written `${name}` in a text or a command, and `name` elsewhere").fix(
        Applicability::Unsafe,
        "to run a program, write",
        dollar,
        "$ ",
    )
}

/// That `<name>` stands for something nobody filled in.
fn placeholder(sign: Span, name: &str) -> Diagnostic {
    let length = u32::try_from(name.len()).unwrap_or(0);
    let place = Span { end: sign.end + length + 1, ..sign };
    let mut parameter = name.to_ascii_lowercase().replace(['-', ' '], "_");
    parameter.truncate(parameter.trim_end_matches('_').len());
    Diagnostic::error("SF0024", place, format!("nobody filled in `<{name}>`"))
        .help(format!("declare a parameter, `param {parameter}: text`, or with a type that says more"))
        .fix(Applicability::Unsafe, "then write", place, format!("${{{parameter}}}"))
}

/// Why a character has no meaning in a `$` line, and what to write instead.
fn refused(sign: &str, place: Span, rest: &str) -> Diagnostic {
    let (why, instead) = match sign {
        ";" | ";;" => {
            ("a `$` line is one command", "write the next command on its own line with its own `$`")
        }
        "&&" => (
            "a `$` line is one command",
            "write the next command on its own line with its own `$`: it runs only if this one succeeds",
        ),
        "||" => (
            "a `$` line has no alternatives",
            "accept the exit codes you mean with `exit 0, 1 $ …`, or use a script",
        ),
        "&" => (
            "a command does not run in the background",
            "a program that outlives its step needs the right `detach`; quote the `&` if it is meant as it stands",
        ),
        "`" | "$(" => (
            "a command is not run inside another",
            "bind its output first: `let name = text $ …`, then write `${name}`",
        ),
        "<" | "<<" | "<<<" => {
            ("a `$` line does not redirect", "give the input with `stdin`: `stdin files.content(path) $ …`")
        }
        ">" | ">>" => (
            "a `$` line does not redirect",
            "bind the output with `let name = text $ …`, and write it with `files.write`",
        ),
        "*" | "?" => (
            "a `$` line does not expand patterns",
            "quote it if the program takes the pattern itself; else list the files in a script",
        ),
        "~" => ("a `$` line does not expand `~`", "write the whole path, or quote it"),
        "{" => {
            ("a `$` line does not expand braces", "write each word, quote it, or write `${name}` for a value")
        }
        "(" | ")" => (
            "a `$` line does not group",
            "quote it if the program takes it; the brackets around a whole command stand before its decoder: `(text $ …)`",
        ),
        _ => ("a `$` line does not expand variables", "write `${name}` for a value, or quote the `$`"),
    };
    if let ("<", Some((name, _))) = (sign, rest.split_once('>'))
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_ ".contains(c))
    {
        return placeholder(place, name);
    }
    let diagnostic =
        Diagnostic::error("SF0012", place, format!("{why}: `{sign}` has no meaning here")).help(instead);
    let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    if sign == "$" && name.starts_with(|c: char| !c.is_ascii_digit()) {
        let length = u32::try_from(name.len()).unwrap_or(0);
        return diagnostic.fix(
            Applicability::Unsafe,
            "for a parameter or a value of that name, write",
            Span { end: place.end + length, ..place },
            format!("${{{name}}}"),
        );
    }
    diagnostic
}
