//! Shows what a statement would do, as its author wrote it, with every value put in that is known.
//!
//! A secret is `***`; what only the run finds is its name in `‹›`.

use std::future::Future;
use std::pin::Pin;

use surefoot_plan::{Exec, Expr, LibraryCall, PersonQuestion, Source, Statement, Tri, Value, Word};

use super::Walker;
use crate::world::World;

impl<W: World> Walker<'_, '_, W> {
    /// Shows a statement.
    pub(super) async fn render_statement(&self, statement: &Statement) -> String {
        match statement {
            Statement::Command { exec, name: Some(name) } => {
                format!("let {name} = {}", self.render_command(exec).await)
            }
            Statement::Command { exec, name: None } => self.render_command(exec).await,
            Statement::Library(call) => self.render_call(call).await,
            Statement::Read(read) => {
                format!("let {} = {}", read.name, self.render_source(&read.source).await)
            }
            Statement::Manual(question) => format!("by hand: {}", self.render_question(question).await),
            Statement::Note(expr) => format!("note {}", self.text(expr).await),
            Statement::Notify { channel, text } => format!("notify {channel} {}", self.text(text).await),
        }
    }

    /// Shows where a value comes from.
    pub(super) async fn render_source(&self, source: &Source) -> String {
        match source {
            Source::Command(exec) => self.render_command(exec).await,
            Source::Library(call) => self.render_call(call).await,
            Source::Person(question) => format!("ask {}", self.render_question(question).await),
            Source::Fact(cell) => self.names().cell(cell),
            Source::Value(expr) => self.text(expr).await,
        }
    }

    /// Shows a command.
    async fn render_command(&self, exec: &Exec) -> String {
        let mut shown = String::new();
        if let Some(target) = &exec.target {
            shown.push_str(&format!("on {} ", self.text(target).await));
        }
        if let Some(folder) = &exec.folder {
            shown.push_str(&format!("in {} ", quoted(&self.text(folder).await)));
        }
        if !exec.env.is_empty() {
            let mut variables = Vec::with_capacity(exec.env.len());
            for (name, value) in &exec.env {
                variables.push(format!("{name}: {}", quoted(&self.text(value).await)));
            }
            shown.push_str(&format!("env {{ {} }} ", variables.join(", ")));
        }
        if let Some(stdin) = &exec.stdin {
            shown.push_str(&format!("stdin {} ", quoted(&self.text(stdin).await)));
        }
        if let Some(user) = &exec.user {
            shown.push_str(&format!("as {user} "));
        }
        if let Some(script) = &exec.script {
            let mut arguments = Vec::with_capacity(script.arguments.len());
            for (name, value) in &script.arguments {
                arguments.push(format!("{name}: {}", quoted(&self.text(value).await)));
            }
            shown.push_str(&format!(
                "{}({})\n{}",
                script.language,
                arguments.join(", "),
                script.text.trim_end()
            ));
            return shown;
        }
        let mut members = Vec::with_capacity(exec.pipeline.len());
        for words in &exec.pipeline {
            let mut shown = Vec::with_capacity(words.len());
            for word in words {
                match word {
                    Word::One(expr) | Word::Revealing { text: expr, .. } => {
                        shown.push(quoted(&self.text(expr).await))
                    }
                    Word::Each(expr) => match self.asker().value(expr, None, 0).await {
                        Ok(Value::List(items)) => {
                            shown.extend(items.iter().map(|item| quoted(&item.to_string())));
                        }
                        Ok(_) | Err(_) => shown.push(format!("‹{expr}›...")),
                    },
                }
            }
            members.push(shown.join(" "));
        }
        shown.push_str(&format!("$ {}", members.join(" | ")));
        shown
    }

    /// Shows a call of the library.
    async fn render_call(&self, call: &LibraryCall) -> String {
        let mut arguments = Vec::with_capacity(call.arguments.len());
        for (name, value) in &call.arguments {
            arguments.push(format!("{name}: {}", quoted(&self.text(value).await)));
        }
        format!("{}({})", call.function, arguments.join(", "))
    }

    /// Shows what a person is asked.
    async fn render_question(&self, question: &PersonQuestion) -> String {
        let text = self.text(&question.text).await;
        let by = question.by.as_ref().map(|role| format!(" by {role}")).unwrap_or_default();
        let within = question.within_ms.map(|ms| format!(" within {}", Value::Duration(ms)));
        let default = match &question.default {
            Some(default) => format!(" default {}", self.text(default).await),
            None => String::new(),
        };
        format!("{text:?}{by}{}{default}", within.unwrap_or_default())
    }

    /// Shows an expression: its value, or what it is called. Boxed, because texts nest.
    fn text<'b>(&'b self, expr: &'b Expr) -> Pin<Box<dyn Future<Output = String> + 'b>> {
        Box::pin(async move {
            match self.asker().value(expr, None, 0).await {
                Ok(value) => value.to_string(),
                Err(_) => {
                    let Expr::Join(parts) = expr else { return format!("‹{expr}›") };
                    let mut text = String::new();
                    for part in parts {
                        text.push_str(&self.text(part).await);
                    }
                    text
                }
            }
        })
    }
}

/// A word as a person would have to write it: quoted where it is more than plain letters and marks.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,+@%‹›*{}".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("{word:?}") }
}

/// What is known, in a word.
pub(super) fn word(tri: Tri) -> &'static str {
    match tri {
        Tri::True => "true",
        Tri::False => "false",
        Tri::Unknown => "unknown",
    }
}
