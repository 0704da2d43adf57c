//! Shows a transcript through its templates.
//!
//! Every text that a template prints is made safe on its way out, by the kind of the template. A
//! template cannot forget it.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, Error, ErrorKind, Output, State, Value, context};

use super::Transcript;
use crate::say;
use crate::style::{plain, plain_lines};

/// The template for plain text.
const TEXT: (&str, &str) = ("transcript.txt", include_str!("../../templates/transcript.txt"));

/// The template for Markdown.
const MARKDOWN: (&str, &str) = ("transcript.md", include_str!("../../templates/transcript.md"));

impl Transcript {
    /// The story as plain text.
    pub fn text(&self) -> Result<String, RenderError> {
        self.render(TEXT)
    }

    /// The story as Markdown.
    pub fn markdown(&self) -> Result<String, RenderError> {
        self.render(MARKDOWN)
    }

    /// Fills in a template.
    fn render(&self, (name, source): (&'static str, &'static str)) -> Result<String, RenderError> {
        let mut environment = Environment::new();
        let syntax = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true)
            .build()?;
        environment.set_syntax(syntax);
        environment.set_formatter(safely);
        environment.add_filter("moment", |time: &str| safe(moment(time, say::moment)));
        environment.add_filter("clock", |time: &str| safe(moment(time, say::clock)));
        environment.add_filter("elapsed", |ms: u64| safe(say::elapsed(ms)));
        environment.add_filter("lines", |text: &str| plain_lines(text));
        environment.add_filter("bare", |text: &str| safe(plain(text)));
        environment.add_filter("fence", |shown: Value| safe(fence(&shown.to_string())));
        environment.add_template(name, source)?;
        let took_ms = self.last.since(self.began);
        Ok(environment.get_template(name)?.render(context! { t => Serde(self), took_ms })?)
    }
}

/// A template that cannot be filled in: our own mistake.
#[derive(Debug)]
pub struct RenderError(Error);

impl From<Error> for RenderError {
    fn from(error: Error) -> RenderError {
        RenderError(error)
    }
}

impl std::error::Error for RenderError {}

impl std::fmt::Display for RenderError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a template of Surefoot cannot be filled in: {}", self.0)
    }
}

/// Text that is safe already.
fn safe(text: String) -> Value {
    Value::from_safe_string(text)
}

/// A recorded moment, in other words.
fn moment(time: &str, shown: impl Fn(surefoot_journal::Timestamp) -> String) -> String {
    let time = serde_json::from_value(serde_json::Value::String(time.to_owned()));
    time.map(shown).unwrap_or_default()
}

/// Prints a value, so that it is seen and does nothing.
fn safely(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    if value.is_undefined() {
        let why = format!("{} prints something that does not exist", state.name());
        return Err(Error::new(ErrorKind::UndefinedError, why));
    }
    let text = value.to_string();
    let shown = match (value.is_safe(), state.name().ends_with(".md")) {
        (true, _) => text,
        (false, true) => escaped(&plain(&text)),
        (false, false) => plain(&text),
    };
    out.write_str(&shown).map_err(|_| Error::new(ErrorKind::WriteFailure, "no room"))
}

/// Takes from text what Markdown would obey.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        if "\\`*_{}[]<>()#!|~&".contains(letter) {
            safe.push('\\');
        }
        safe.push(letter);
    }
    safe
}

/// A fence that nothing within it can close.
fn fence(shown: &str) -> String {
    let longest = shown.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}
