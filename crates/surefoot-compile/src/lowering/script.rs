//! Scripts: their values by name, and what is read in their text.

use std::collections::BTreeMap;
use std::rc::Rc;

use surefoot_plan::{Expr, Script, Type};
use surefoot_syntax::ast::{Expr as Syntax, Ident, Text};

use super::Lowering;
use super::ask::value_expr;
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
        if !matches!(language.text.as_str(), "sh" | "bash") {
            self.report(
                error(
                    "SF0010",
                    language.span,
                    format!("scripts in `{}` are designed and not built yet", language.text),
                )
                .help("write it in `sh` or `bash`, or keep it in a file and run that: `$ python3 file.py`"),
            );
            return None;
        }
        self.cx.needs.run.push((language.text.clone(), language.span));
        let mut named = BTreeMap::new();
        let mut given: BTreeMap<String, Given> = env.keys().map(|name| (name.clone(), Given::Text)).collect();
        for (name, value) in arguments {
            let term = self.value_of(value);
            given.insert(name.text.clone(), given_as(term.ty.as_ref()));
            if let Some(Type::List(_)) = &term.ty {
                self.report(
                    error(
                        "SF0707",
                        term.span,
                        "a script takes texts and numbers by name; a list goes by standard input",
                    )
                    .help("write `stdin list` before the script, and read its lines: `while read -r item`"),
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
        self.read_script(language, body, &given);
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
