//! Scripts: their values by name, and what is read in their text.

use std::collections::BTreeMap;
use std::rc::Rc;

use surefoot_plan::{Expr, Script, Type, interpreter, is_sql_name};
use surefoot_syntax::Span;
use surefoot_syntax::ast::{Expr as Syntax, Ident, Text};

use super::Lowering;
use super::ask::value_expr;
use super::sql::{SqlFound, SqlWhat, sql_findings};
use crate::report::error;
use crate::script::{self, Given, Shell};
use crate::types;

impl<'a> Lowering<'a> {
    /// Understands a script.
    pub(super) fn script(
        &mut self,
        language: &'a Ident,
        arguments: &'a [(Ident, Syntax)],
        body: &Text,
        env: &BTreeMap<String, Expr>,
    ) -> Option<Script> {
        let program = interpreter(&language.text)?;
        self.cx.needs.run.push((program.to_owned(), language.span));
        let mut named = BTreeMap::new();
        let mut given: BTreeMap<String, Given> =
            env.keys().map(|name| (name.clone(), Given::Filled)).collect();
        for (name, value) in arguments {
            let term = self.value_of(value);
            let kind = given_as(term.ty.as_ref());
            let is_filled = kind == Given::Text && self.may_be_empty(value).is_none();
            given.insert(name.text.clone(), if is_filled { Given::Filled } else { kind });
            if let Some(Type::List(_)) = &term.ty {
                self.report(
                    error(
                        "SF0707",
                        term.span,
                        "a script takes texts and numbers by name; a list goes by standard input",
                    )
                    .help(match language.text.as_str() {
                        "sql" => "give it as JSON, `items: json(list)`, and read it with `json_array_elements_text(:'items')`",
                        "python" => "write `stdin json(list)` before the script, and read it with `json.load(sys.stdin)`",
                        _ => "write `stdin list` before the script, and read its lines: `while read -r item`",
                    }),
                );
                continue;
            }
            if let Some(path) = &term.secret {
                let secret = path.name.clone();
                self.report(
                    error(
                        "SF0707",
                        term.span,
                        format!("`{secret}` is secret, and a script's arguments are not made for secrets"),
                    )
                    .help(format!(
                        "give it by `env {{ NAME: {secret} }}` or by `stdin {secret}` before the script"
                    )),
                );
                continue;
            }
            if let Some(r#type) = &term.ty
                && !types::printable(r#type)
            {
                self.report(error(
                    "SF0201",
                    term.span,
                    format!("{} cannot be given to a script", types::with_article(r#type)),
                ));
                continue;
            }
            if let Some(expr) = value_expr(term)
                && named.insert(name.text.clone(), expr).is_some()
            {
                self.report(error(
                    "SF0102",
                    name.span,
                    format!("the argument `{}` is given twice", name.text),
                ));
            }
        }
        match language.text.as_str() {
            "sql" => self.check_sql(body, arguments),
            // What a program in Python reads and does only it can tell.
            "python" => self.cx.needs.script = true,
            _ => self.read_script(language, body, &given),
        }
        Some(Script { language: language.text.clone(), text: body.text.clone(), arguments: named })
    }

    /// Reads the text of a script. What stands in a loop is read once and needed at each turn.
    fn read_script(&mut self, language: &Ident, body: &Text, given: &BTreeMap<String, Given>) {
        let shell = if language.text == "bash" { Shell::Bash } else { Shell::Sh };
        let reading = match self.scripts.get(&body.span) {
            Some(reading) => Rc::clone(reading),
            None => {
                let written = self.modules.text(body.span);
                let reading = Rc::new(script::read(&body.text, (body.span, written), shell, given));
                reading.diagnostics.iter().cloned().for_each(|found| self.report(found));
                self.scripts.insert(body.span, Rc::clone(&reading));
                reading
            }
        };
        self.cx.needs.script |= !reading.is_complete;
        self.cx.needs.run.extend(reading.programs.iter().cloned());
    }

    /// Reports what would make a value a part of an sql script's text, and values that are not given.
    fn check_sql(&mut self, body: &Text, arguments: &[(Ident, Syntax)]) {
        for (name, _) in arguments {
            if !is_sql_name(&name.text) {
                self.report(
                    error("SF0246", name.span, format!("`psql` keeps the name `{}` for itself", name.text))
                        .here("names in capitals are its own settings")
                        .help("begin the name with a small letter"),
                );
            }
        }
        let given = |name: &str| arguments.iter().any(|(given, _)| given.text == name);
        for found in sql_findings(&body.text, given) {
            let (code, message, help) = match &found.what {
                SqlWhat::Command => (
                    "SF0246",
                    format!("`{}` speaks to `psql` itself, and not to the database", found.text),
                    "write SQL alone; what only `psql` can do stands in a `$` line".to_owned(),
                ),
                SqlWhat::Spliced(name) => (
                    "SF0246",
                    format!("`{}` would put a value into the program text", found.text),
                    format!(
                        "write `:'{name}'`, which is a text, and `:'{name}'::int` for a number; in a slice put a blank after the colon"
                    ),
                ),
                SqlWhat::Unset(name) => (
                    "SF0313",
                    format!("nothing sets the variable `{name}`"),
                    format!("give it: `sql({name}: …)`"),
                ),
            };
            self.report(error(code, self.place_in_text(body, &found), message).help(help));
        }
    }

    /// Returns where a piece of a text stands in the file: the text lacks the indent of the script.
    fn place_in_text(&self, body: &Text, found: &SqlFound) -> Span {
        let written = self.modules.text(body.span);
        let Some((at, _)) = written.match_indices(&found.text).nth(found.nth) else { return body.span };
        let start = body.span.start.saturating_add(u32::try_from(at).unwrap_or(0));
        let end = start.saturating_add(u32::try_from(found.text.len()).unwrap_or(0));
        Span { start, end, ..body.span }
    }
}

/// How a value of this type stands in a script.
fn given_as(r#type: Option<&Type>) -> Given {
    match r#type {
        Some(
            Type::Int
            | Type::Float
            | Type::Bool
            | Type::Duration
            | Type::Size
            | Type::Percent
            | Type::Time
            | Type::Host
            | Type::Port,
        ) => Given::OneWord,
        Some(Type::OneOf(words)) if words.iter().all(|word| is_one_word(word)) => Given::OneWord,
        Some(Type::Optional(inner)) => given_as(Some(inner)),
        Some(
            Type::Text
            | Type::Path
            | Type::Url
            | Type::Json
            | Type::List(_)
            | Type::Record(_)
            | Type::OneOf(_),
        )
        | None => Given::Text,
    }
}

fn is_one_word(word: &str) -> bool {
    !word.is_empty() && !word.contains(|c: char| c.is_whitespace() || matches!(c, '*' | '?' | '['))
}
