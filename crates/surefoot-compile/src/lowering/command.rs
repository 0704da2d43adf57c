//! Commands: words without a shell, scripts without interpolation, and how their output is read.

use std::collections::{BTreeMap, BTreeSet};

use surefoot_plan::{Decoder, Exec, Expr, Reveal, Source, Type, Value, Word};
use surefoot_syntax::Span;
use surefoot_syntax::ast::{
    Command, CommandBody, Expr as Syntax, ExprKind, Ident, Word as Written, WordPart,
};

use super::ask::value_expr;
use super::{Asking, Lowering};
use crate::report::{Report, before, error};
use crate::term::{Term, What, text};
use crate::types;

/// Programs for which exit 1 says "nothing found", and not that they failed.
const FILTERS: &[&str] = &["grep", "egrep", "fgrep", "pgrep", "diff", "cmp"];

/// Programs that read a program from their arguments, and the argument before it.
const INTERPRETERS: &[(&str, &[&str])] = &[
    ("sh", &["-c"]),
    ("bash", &["-c"]),
    ("dash", &["-c"]),
    ("zsh", &["-c"]),
    ("ssh", &[]),
    ("eval", &[]),
    ("python", &["-c"]),
    ("python3", &["-c"]),
    ("perl", &["-e", "-E"]),
    ("ruby", &["-e"]),
    ("node", &["-e"]),
    ("psql", &["-c", "--command", "-Atc", "-Atqc", "-tAc", "-qAtc"]),
    ("mysql", &["-e"]),
    ("awk", &[]),
];

impl<'a> Lowering<'a> {
    /// Understands a command in an expression: what it prints, or whether it says yes.
    pub(super) fn command_value(&mut self, command: &'a Command, syntax: &'a Syntax) -> Term {
        let span = command.span;
        if !self.may_ask(span) {
            return Term::poison(span);
        }
        if self.cx.asking == Asking::Questions {
            return match self.question_in_place(syntax) {
                Some((cell, answer)) => Term::cell(cell, answer, span),
                None => Term::poison(span),
            };
        }
        let (decoder, r#type) = match &command.decoder {
            Some(word) => match self.decoder(word) {
                Some(found) => found,
                None => return Term::poison(span),
            },
            // In a fact a bare command answers by its exit.
            None if self.cx.asking == Asking::Probe => {
                (Decoder::Exit { false_on: BTreeSet::new() }, Type::Bool)
            }
            None => {
                self.report(
                    error("SF0210", span, "nothing says how to read what this prints")
                        .help("write the type before the `$`: `text $ …`, `int $ …`, `lines $ …`, `json $ …`")
                        .maybe_fixed_by("read it as text", before(self.dollar(span)), "text "),
                );
                return Term::poison(span);
            }
        };
        let exec = self.exec(command, decoder);
        let expr = self.add_read(r#type.clone(), Source::Command(exec));
        let mut term = Term::value(expr, Some(r#type), span);
        term.untrusted = true;
        term
    }

    /// Returns the place of the `$` of a command.
    fn dollar(&self, span: Span) -> Span {
        let written = self.modules.text(span);
        let offset = written.find("$ ").or_else(|| written.find('$')).unwrap_or(0);
        Span { start: span.start + u32::try_from(offset).unwrap_or(0), ..span }
    }

    /// Returns a decoder with the type it gives.
    fn decoder(&mut self, word: &Ident) -> Option<(Decoder, Type)> {
        let texts = Type::List(Box::new(Type::Text));
        let table = Type::List(Box::new(Type::Json));
        Some(match word.text.as_str() {
            "text" => (Decoder::Text, Type::Text),
            "lines" => (Decoder::Lines, texts),
            "int" => (Decoder::Int, Type::Int),
            "float" => (Decoder::Float, Type::Float),
            "bool" => (Decoder::Bool, Type::Bool),
            "size" => (Decoder::Size, Type::Size),
            "json" => (Decoder::Json, Type::Json),
            "table" => (Decoder::Table, table),
            other => {
                let names = ["text", "lines", "int", "float", "bool", "size", "json", "table"];
                self.report(
                    error("SF0210", word.span, format!("there is no way to read output as `{other}`"))
                        .note(format!("it is read as {}", crate::report::listed(names)))
                        .did_you_mean(other, word.span, names),
                );
                return None;
            }
        })
    }

    /// Understands a command.
    pub(super) fn exec(&mut self, command: &'a Command, decoder: Decoder) -> Exec {
        self.commands = true;
        self.cx.needs.commands = true;
        let own = command.on.as_ref().and_then(|on| self.target(on));
        let target = own.or_else(|| self.cx.target.clone());
        let folder = command.folder.as_ref().and_then(|folder| {
            let term = self.value_of(folder);
            let term = self.coerce(term, &Type::Path, "the folder of a command");
            self.refuse_secret_shown(&term, "the folder of a command");
            value_expr(term)
        });
        let env = self.env(&command.env);
        let stdin = command.stdin.as_ref().and_then(|stdin| value_expr(self.printed_or_list(stdin)));
        if let Some(user) = &command.user {
            self.cx.needs.users.push((user.text.clone(), user.span));
        }
        let mut only_looks = false;
        let (pipeline, script) = match &command.body {
            CommandBody::Pipeline(members) => {
                let pipeline: Vec<Vec<Word>> = members.iter().map(|words| self.words(words)).collect();
                only_looks = self.look_at_words(command, members);
                (pipeline, None)
            }
            CommandBody::Script { language, arguments, text } => {
                if let (Some(stdin), "sql") = (&command.stdin, language.text.as_str()) {
                    self.report(
                        error(
                            "SF0246",
                            stdin.span,
                            "an sql script goes by standard input itself, so nothing else can",
                        )
                        .help("give it by name: `sql(name: …)`; a list as JSON, `items: json(list)`"),
                    );
                }
                (Vec::new(), self.script(language, arguments, text, &env))
            }
            CommandBody::Error => (Vec::new(), None),
        };
        let exits = match command.exits.as_slice() {
            [] => known_exits(&pipeline, &decoder),
            exits => exits.iter().map(|(exit, _)| *exit).collect(),
        };
        Exec {
            pipeline,
            script,
            target,
            folder,
            env,
            stdin,
            user: command.user.as_ref().map(|user| user.text.clone()),
            exits,
            decoder,
            only_looks,
        }
    }

    fn env(&mut self, env: &'a [(Ident, Syntax)]) -> BTreeMap<String, Expr> {
        let mut named = BTreeMap::new();
        for (name, value) in env {
            let term = self.printed(value, "the environment of a program");
            let Some(expr) = value_expr(term) else { continue };
            if named.insert(name.text.clone(), expr).is_some() {
                self.report(error(
                    "SF0102",
                    name.span,
                    format!("the variable `{}` is given twice", name.text),
                ));
            }
        }
        named
    }

    /// Understands what goes to standard input: a text, or the lines of a list.
    fn printed_or_list(&mut self, syntax: &'a Syntax) -> Term {
        let term = self.value_of(syntax);
        match &term.ty {
            Some(Type::List(_)) => {
                if self.refuse_secret_computation(&term) {
                    return Term::poison(term.span);
                }
                let What::Value(expr) = term.what else { return Term::poison(term.span) };
                let joined = Expr::Call(surefoot_plan::Function::Join, vec![expr, text("\n")]);
                let joined = self.fold(joined, term.span);
                Term::value(joined, Some(Type::Text), term.span)
            }
            Some(r#type) if !types::printable(r#type) => {
                self.report(
                    error(
                        "SF0201",
                        term.span,
                        format!("{} cannot be read from standard input", types::with_article(r#type)),
                    )
                    .help("write it as JSON: `stdin json(x)`"),
                );
                Term::poison(term.span)
            }
            Some(_) | None => term,
        }
    }

    /// Understands the words of one program.
    fn words(&mut self, words: &'a [Written]) -> Vec<Word> {
        let program = words.first().and_then(|word| self.program(word));
        let mut result = Vec::new();
        for (index, word) in words.iter().enumerate() {
            if let [WordPart::Splice(list)] = word.parts.as_slice() {
                if let Some(list) = self.spliced(list) {
                    result.push(Word::Each(list));
                }
                continue;
            }
            if let (0, Some(program)) = (index, &program) {
                result.push(Word::One(text(program.clone())));
                continue;
            }
            let (term, secrets) = self.word(word);
            self.refuse_secret_word(&term);
            if let Some(program) = &program {
                let before = index.checked_sub(1).and_then(|at| words.get(at));
                self.refuse_program_text(program, before, &term);
            }
            match value_expr(term) {
                Some(text) if !secrets.is_empty() => result.push(Word::Revealing { text, secrets }),
                Some(expr) => result.push(Word::One(expr)),
                None => {}
            }
        }
        result
    }

    /// Returns the program of a command: written out, so that `allow` can name it.
    fn program(&mut self, word: &'a Written) -> Option<String> {
        let mut name = String::new();
        for part in &word.parts {
            match part {
                WordPart::Text(part) => name.push_str(part),
                WordPart::Value(_) | WordPart::Splice(_) => {
                    self.report(
                        error("SF0604", word.span, "the program is written out, so that `allow` can name it")
                            .here("this is known only when it runs")
                            .help("write the program's name; choose between programs with `if`"),
                    );
                    return None;
                }
            }
        }
        if name == "sudo" || name == "doas" {
            self.report(
                error(
                    "SF0605",
                    word.span,
                    format!("who a program runs as stands before the `$`, not in `{name}`"),
                )
                .help("write `as root $ …`, and `as root` in `allow`"),
            );
            return None;
        }
        self.cx.needs.run.push((name.clone(), word.span));
        Some(name)
    }

    /// Understands a word: what it is, and the secrets that it reveals.
    fn word(&mut self, word: &'a Written) -> (Term, Vec<Reveal>) {
        let mut term = Term::value(text(""), Some(Type::Text), word.span);
        let mut secrets = Vec::new();
        let mut exprs = Vec::new();
        for part in &word.parts {
            match part {
                WordPart::Text(part) => exprs.push(text(part.clone())),
                WordPart::Value(Syntax { kind: ExprKind::Reveal(inner, why), span }) => {
                    if let Some((expr, reveal)) = self.revealed(inner, why, *span) {
                        exprs.push(expr);
                        secrets.push(reveal);
                    }
                }
                WordPart::Value(value) => {
                    let value = self.printed(value, "a word of a command");
                    term = term.with_labels_of(&value);
                    if let Some(expr) = value_expr(value) {
                        exprs.push(expr);
                    }
                }
                WordPart::Splice(value) => {
                    let value = self.value_of(value);
                    self.report(
                        error(
                            "SF0202",
                            value.span,
                            "`${…...}` gives several words, so it stands alone in its place",
                        )
                        .help("put blanks around it"),
                    );
                }
            }
        }
        let expr = match exprs.len() {
            0 => text(""),
            1 => exprs.pop().unwrap_or_else(|| text("")),
            _ => self.fold(Expr::Join(exprs), word.span),
        };
        // A list or record is poison here: it was reported.
        term.what = What::Value(if let Expr::Literal(value) = expr { text(value.to_string()) } else { expr });
        (term, secrets)
    }

    fn spliced(&mut self, list: &'a Syntax) -> Option<Expr> {
        let term = self.value_of(list);
        let item = self.item_type(&term)?;
        if !types::printable(&item) {
            self.report(error(
                "SF0201",
                term.span,
                format!("{} cannot be a word", types::with_article(&item)),
            ));
            return None;
        }
        self.refuse_secret_word(&term);
        value_expr(term)
    }

    /// Refuses text from outside where an interpreter reads a program.
    fn refuse_program_text(&mut self, program: &str, before: Option<&Written>, term: &Term) {
        if !term.untrusted {
            return;
        }
        let name = program.rsplit('/').next().unwrap_or(program);
        let Some((_, options)) = INTERPRETERS.iter().find(|(known, _)| *known == name) else { return };
        let option = before.and_then(|word| match word.parts.as_slice() {
            [WordPart::Text(text)] => Some(text.as_str()),
            _ => None,
        });
        if !option.is_some_and(|option| options.contains(&option)) {
            return;
        }
        let found = error(
            "SF0705",
            term.span,
            format!("`{name}` would read this as a program, and it comes from outside"),
        )
        .here("whoever writes this text writes a part of the program");
        self.report(
            match name {
                "psql" => found.help(
                    "write a script: it takes values by name, and quotes them: `sql(x: x) ```select … :'x' …```",
                ),
                "python" | "python3" => found.help(
                    "write a script: it takes values by name, as `os.environ[\"x\"]`: `python(x: x) ```…```",
                ),
                "sh" | "bash" | "dash" | "zsh" => found.help(
                    "write a script: it takes values by name, as environment variables: `bash(x: x) ```…```",
                ),
                _ => found.help("pass it as an argument of its own, or by `env`"),
            }
            .note("a parameter whose `where … matches '^…$'` bounds it is no text from outside any more"),
        );
    }

    /// Understands the host that something acts on.
    pub(super) fn target(&mut self, on: &'a Syntax) -> Option<Expr> {
        let term = self.value_of(on);
        let term = self.coerce(term, &Type::Host, "what stands after `on`");
        self.refuse_secret_shown(&term, "the name of a host");
        value_expr(term)
    }

    /// Understands a command that is a statement: its output is kept, or has a name.
    pub(super) fn command_statement(&mut self, command: &'a Command) -> Exec {
        if let Some(word) = &command.decoder {
            self.report(
                error("SF0210", word.span, "what this prints is read, and nothing names it")
                    .help("name it, `let x = text $ …`, or leave the decoder out"),
            );
        }
        self.exec(command, Decoder::Nothing)
    }
}

/// Returns the exits that count as success when none are written.
fn known_exits(pipeline: &[Vec<Word>], decoder: &Decoder) -> BTreeSet<i32> {
    let last = pipeline.last().and_then(|words| words.first());
    let filter = match last {
        Some(Word::One(Expr::Literal(Value::Text(program)))) => {
            FILTERS.contains(&program.rsplit('/').next().unwrap_or(program))
        }
        Some(Word::One(_) | Word::Each(_) | Word::Revealing { .. }) | None => false,
    };
    // A bare command that answers by its exit says itself what 1 means.
    let reads = !matches!(decoder, Decoder::Exit { .. } | Decoder::Nothing);
    if filter && reads { BTreeSet::from([0, 1]) } else { BTreeSet::from([0]) }
}
