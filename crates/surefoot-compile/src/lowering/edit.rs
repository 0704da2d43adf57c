//! Where edits go: a right that is granted, one that is taken out, a module that is brought in.

use std::collections::BTreeMap;

use surefoot_plan::{Expr, Value};
use surefoot_syntax::ast::{Allow, Item, Member, Right, Text};
use surefoot_syntax::{Applicability, Diagnostic, Fix, Span};

use super::Lowering;
use crate::report::{Report, after};

/// An edit: where, and the text that stands there then.
type Edit = (Span, String);

/// What stands before a line of the `allow` of a runbook.
const LINE: &str = "        ";

impl<'a> Lowering<'a> {
    /// Adds the edit that widens `allow`. Whoever runs it sees the right in the plan, as every other; but as whom a
    /// program runs is never written unseen.
    pub(super) fn with_right(&self, found: Diagnostic, word: &str, object: &str) -> Diagnostic {
        let line = format!("{word} {object}");
        let title = format!("grant it: `{line}`");
        let applicability = if word == "as" { Applicability::Unsafe } else { Applicability::Safe };
        let Some(allow) = self.written_allow() else {
            let (at, text) = self.new_allow(&line);
            return found.fix(applicability, title, at, text);
        };
        let found = found.label(allow.span, "what it grants");
        let last = allow.rights.iter().rev().find_map(|right| last_of(right, word));
        let (at, text) = match last {
            Some(span) => (after(span), format!(", {object}")),
            None => self.line_at_end(allow.span, &line),
        };
        found.fix(applicability, title, at, text)
    }

    /// The same for several rights at once, each a word with its object: one edit grants them all.
    pub(super) fn with_rights(&self, found: Diagnostic, rights: &[(&'static str, String)]) -> Diagnostic {
        let applicability = if rights.iter().any(|(word, _)| *word == "as") {
            Applicability::Unsafe
        } else {
            Applicability::Safe
        };
        let title = "grant what it needs".to_owned();
        let mut objects: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (word, object) in rights {
            objects.entry(word).or_default().push(object);
        }
        let written = self.written_allow();
        let mut lines = Vec::new();
        let mut edits = Vec::new();
        for (word, objects) in objects {
            let last =
                written.and_then(|allow| allow.rights.iter().rev().find_map(|right| last_of(right, word)));
            let objects = objects.join(", ");
            match last {
                Some(span) => {
                    edits.push(surefoot_syntax::Edit { span: after(span), text: format!(", {objects}") })
                }
                None => lines.push(format!("{word} {objects}")),
            }
        }
        let found = match written {
            Some(allow) => found.label(allow.span, "what it grants"),
            None => found,
        };
        if !lines.is_empty() {
            let lines = lines.join(&format!("\n{LINE}"));
            let (span, text) = match written {
                Some(allow) => self.line_at_end(allow.span, &lines),
                None => self.new_allow(&lines),
            };
            edits.push(surefoot_syntax::Edit { span, text });
        }
        let mut found = found;
        if !edits.is_empty() {
            found.fixes.push(Fix { title, edits, applicability });
        }
        found
    }

    /// The edit that gives the runbook an `allow` with one line: after its parameters, or at its start.
    fn new_allow(&self, line: &str) -> Edit {
        let block = format!("\n    allow {{\n        {line}\n    }}");
        let head = self.runbook.members.iter().rev().find_map(|member| match member {
            Member::Param(param) => Some(param.span),
            Member::About(about) => Some(about.span),
            Member::Let(_)
            | Member::Allow(_)
            | Member::Fact(_)
            | Member::Requires(_)
            | Member::Invariant(_)
            | Member::Ensures(_)
            | Member::OnFailure(_)
            | Member::Collect(_)
            | Member::Stop(_)
            | Member::Assume(_)
            | Member::Lock(_)
            | Member::During(_)
            | Member::Parallel(_)
            | Member::Call(_)
            | Member::Step(_)
            | Member::Wait(_)
            | Member::If(_)
            | Member::Match(_)
            | Member::Diagnose(_)
            | Member::For(_)
            | Member::Todo(_)
            | Member::NotBuilt(_) => None,
        });
        if let Some(span) = head {
            return (after(span), format!("\n{block}"));
        }
        let name = self.runbook.name.span;
        let rest = Span { start: name.end, ..self.runbook.span };
        let brace = self.modules.text(rest).find('{').map_or(0, |at| at + 1);
        let at = name.end.saturating_add(u32::try_from(brace).unwrap_or(0));
        (Span { start: at, end: at, ..rest }, format!("{block}\n"))
    }

    /// The runbook's `allow`, as it is written.
    pub(super) fn written_allow(&self) -> Option<&'a Allow> {
        let mut members = self.runbook.members.iter();
        members.find_map(|member| if let Member::Allow(allow) = member { Some(allow) } else { None })
    }

    /// The edit that takes one object out of a right; the whole right if it was its only one.
    pub(super) fn without(&self, word: &str, objects: &[Span], index: usize) -> Option<Span> {
        let object = *objects.get(index)?;
        if let Some(next) = objects.get(index + 1)
            && index == 0
        {
            return Some(Span { end: next.start, ..object });
        }
        if let Some(before) = index.checked_sub(1).and_then(|index| objects.get(index)) {
            return Some(Span { start: before.end, ..object });
        }
        let text = self.modules.text(Span { start: 0, ..object });
        let head = text.get(..object.start as usize).unwrap_or_default();
        let at = head.trim_end().strip_suffix(word)?.len();
        let span = Span { start: u32::try_from(at).ok()?, ..object };
        let line = self.modules.whole_line(span);
        let rest = self.modules.text(Span { start: span.end, end: u32::MAX, ..span });
        // A comment that stands behind it moves into its place.
        let blanks = rest.len() - rest.trim_start_matches(' ').len();
        let comment = rest.get(blanks..).is_some_and(|rest| rest.starts_with('#'));
        let end = span.end.saturating_add(u32::try_from(blanks).unwrap_or(0));
        Some(if line == span && comment { Span { end, ..span } } else { line })
    }

    /// Adds the edit that brings a module of the library into the file where its name is read.
    pub(super) fn with_use(&self, found: Diagnostic, module: &str) -> Diagnostic {
        let line = format!("use std.{module}");
        let title = format!("write `{line}` at the top of the file");
        let Some(loaded) = self.modules.loaded.get(self.module) else { return found };
        let last = loaded.file.items.iter().rev().find_map(|item| match item {
            Item::Use(used) => Some(used.span),
            Item::Runbook(_)
            | Item::Fact(_)
            | Item::Function(_)
            | Item::Type(_)
            | Item::Action(_)
            | Item::Scenario(_)
            | Item::NotBuilt(_) => None,
        });
        if let Some(span) = last {
            return found.fixed_by(title, after(span), format!("\n{line}"));
        }
        let first = loaded.file.items.first().map_or(found.primary.span, |item| match item {
            Item::Use(item) => item.span,
            Item::Runbook(item) => item.span,
            Item::Fact(item) => item.span,
            Item::Function(item) => item.span,
            Item::Type(item) => item.span,
            Item::Action(item) => item.step.span,
            Item::Scenario(item) => item.span,
            Item::NotBuilt(item) => item.span,
        });
        // Before the comment that documents it, or what it documents would be the `use`.
        let head = loaded.source.text.get(..first.start as usize).unwrap_or_default();
        let mut at = head.rfind('\n').map_or(0, |newline| newline + 1);
        while let Some(above) = head.get(..at).and_then(|head| head.strip_suffix('\n')) {
            let line = above.rfind('\n').map_or(0, |newline| newline + 1);
            if !above.get(line..).is_some_and(|above| above.trim_start().starts_with("##")) {
                break;
            }
            at = line;
        }
        let at = u32::try_from(at).unwrap_or(0);
        found.fixed_by(title, Span { start: at, end: at, ..first }, format!("{line}\n\n"))
    }
}

/// The place of the last object of a right that begins with a word.
fn last_of(right: &Right, word: &str) -> Option<Span> {
    match (right, word) {
        (Right::Run(names), "run") | (Right::Detach(names), "detach") => names.last().map(|name| name.span),
        (Right::Connect(endpoints), "connect") => endpoints.last().map(|(_, port)| port.span),
        (Right::Listen(exprs), "listen") | (Right::Read(exprs), "read") | (Right::Write(exprs), "write") => {
            exprs.last().map(|expr| expr.span)
        }
        (Right::As(users), "as") => users.last().map(|user| user.span),
        (_, _) => None,
    }
}

/// How a value is written in `allow`, where it can be: over inputs and what is known. An item of a list is granted
/// with its whole list.
pub(super) fn written(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Literal(Value::Text(text)) => Some(format!("\"{}\"", escaped(text))),
        Expr::Literal(value) => Some(value.to_string()),
        Expr::Item { list, .. } => Some(list.clone()),
        Expr::Input(_) | Expr::Field(..) => name(expr),
        Expr::Join(parts) => {
            let mut text = String::from("\"");
            for part in parts {
                if let Expr::Literal(known) = part {
                    text.push_str(&escaped(&known.to_string()));
                } else {
                    text.push_str(&format!("${{{}}}", name(part)?));
                }
            }
            text.push('"');
            Some(text)
        }
        Expr::Local(_)
        | Expr::Argument(_)
        | Expr::Fact(_)
        | Expr::Now
        | Expr::RunId
        | Expr::List(_)
        | Expr::Record(_)
        | Expr::Unary(..)
        | Expr::Binary(..)
        | Expr::Call(..)
        | Expr::If(..)
        | Expr::Comprehension { .. } => None,
    }
}

/// An input, or a field of one.
fn name(expr: &Expr) -> Option<String> {
    if let Expr::Input(input) = expr {
        return Some(input.clone());
    }
    let Expr::Field(inner, field) = expr else { return None };
    Some(format!("{}.{field}", name(inner)?))
}

/// A text as it stands between quotes.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '\n' => escaped.push_str("\\n"),
            '\t' => escaped.push_str("\\t"),
            '"' | '\\' | '$' => escaped.extend(['\\', character]),
            other if other.is_control() => escaped.extend(other.escape_unicode()),
            other => escaped.push(other),
        }
    }
    escaped
}

/// How a program is written in `allow`.
pub(super) fn program_written(program: &str) -> String {
    let plain =
        program.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'+'));
    if plain && !program.is_empty() { program.to_owned() } else { format!("\"{}\"", escaped(program)) }
}

/// The places of names.
pub(super) fn places(names: &[Text]) -> Vec<Span> {
    names.iter().map(|name| name.span).collect()
}
