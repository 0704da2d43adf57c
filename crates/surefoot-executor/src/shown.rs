//! Shows what is about to be done, with every value put in: what the journal keeps beside an intent.
//!
//! Must hold: a secret is named and never shown; what is shown is short, however long the values are.

use surefoot_journal::Phase;
use surefoot_plan::{Statement, Value};

use crate::world::{Act, Command, EffectRequest, Piece, Question, Text};

/// Most lines that are shown of a script or of standard input; the plan has the rest.
const LINES_MAX: usize = 12;

/// Most bytes that are shown of a statement. A longer argument is data, and is in the journal with the fact or
/// input it came from.
const BYTES_MAX: usize = 4 << 10;

/// The same on the way back, where the journal has only the space that was reserved for it.
const BYTES_MAX_BACK: usize = 1 << 10;

/// The lines of a statement that is asked of a world.
pub(crate) fn lines(statement: &Statement, request: &EffectRequest) -> Vec<String> {
    let EffectRequest::Act { claim, act, .. } = request else { return Vec::new() };
    let mut lines = match act {
        Act::Command(command) => self::command(command),
        Act::Library { function, arguments } => {
            let arguments: Vec<String> =
                arguments.iter().map(|(name, value)| format!("{name}: {}", self::value(value))).collect();
            vec![format!("{function}({})", arguments.join(", "))]
        }
        Act::Manual(question) => vec![by_hand(question)],
    };
    if let (Statement::Command { name: Some(name), .. }, Some(first)) = (statement, lines.first_mut()) {
        *first = format!("let {name} = {first}");
    }
    match claim.phase {
        Phase::Forward => cut(lines, BYTES_MAX),
        Phase::Rollback => cut(lines, BYTES_MAX_BACK),
    }
}

/// Leaves out what is too much.
fn cut(mut lines: Vec<String>, most: usize) -> Vec<String> {
    let mut left = most;
    for at in 0..lines.len() {
        let Some(line) = lines.get_mut(at) else { break };
        if line.len() > left {
            let end = (0..=left).rev().find(|end| line.is_char_boundary(*end)).unwrap_or(0);
            line.truncate(end);
            line.push_str("...");
            lines.truncate(at + 1);
            break;
        }
        left -= line.len();
    }
    lines
}

/// A command, as it would stand in a runbook.
fn command(command: &Command) -> Vec<String> {
    let mut start = String::new();
    if let Some(folder) = &command.folder {
        start.push_str(&format!("in {} ", quoted(folder)));
    }
    if !command.env.is_empty() {
        let variables: Vec<String> =
            command.env.iter().map(|(name, text)| format!("{name}: {}", quoted(&self::text(text)))).collect();
        start.push_str(&format!("env {{ {} }} ", variables.join(", ")));
    }
    if let Some(user) = &command.user {
        start.push_str(&format!("as {user} "));
    }
    if !command.exits.iter().eq(&[0]) {
        let exits: Vec<String> = command.exits.iter().map(ToString::to_string).collect();
        start.push_str(&format!("exit {} ", exits.join(", ")));
    }
    start.push_str(command.decoder.before_command());
    let mut lines = match &command.script {
        Some(script) => {
            let mut lines = vec![format!("{start}{}", script.language)];
            lines.extend(some("    ", &script.text));
            lines
        }
        None => {
            let word = |word: &Text| quoted(&self::text(word));
            let program = |words: &Vec<Text>| words.iter().map(word).collect::<Vec<_>>().join(" ");
            let programs: Vec<String> = command.pipeline.iter().map(program).collect();
            vec![format!("{start}$ {}", programs.join(" | "))]
        }
    };
    for (name, why) in &command.revealed {
        lines.push(format!("    reveals the secret {name}: \"{why}\""));
    }
    if let Some(stdin) = &command.stdin {
        lines.extend(some("    stdin| ", &self::text(stdin)));
    }
    lines
}

/// The first lines of a text.
fn some(before: &str, text: &str) -> Vec<String> {
    let count = text.lines().count();
    let mut lines: Vec<String> = text.lines().take(LINES_MAX).map(|line| format!("{before}{line}")).collect();
    if count > LINES_MAX {
        lines.push(format!("    ... {} more lines", count - LINES_MAX));
    }
    lines
}

/// What a person is to do.
fn by_hand(question: &Question) -> String {
    let who = question.by.as_deref().map(|role| format!(" {role}")).unwrap_or_default();
    format!("by hand{who}: {}", question.text)
}

/// A text; a secret in it is named.
fn text(text: &Text) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Plain(text) => text.clone(),
        Piece::Secret(name) => format!("<secret {name}>"),
    };
    text.iter().map(piece).collect()
}

/// An argument of the library.
fn value(value: &Value) -> String {
    match value {
        Value::Secret(secret) => format!("<secret {secret}>"),
        Value::None
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Text(_)
        | Value::Time(_)
        | Value::Duration(_)
        | Value::Size(_)
        | Value::Percent(_)
        | Value::List(_)
        | Value::Record(_) => quoted(&value.to_string()),
    }
}

/// Puts quotes around a word that would not read as one.
fn quoted(word: &str) -> String {
    let simple = |letter: char| letter.is_alphanumeric() || "-_./:=@%+,<>".contains(letter);
    match !word.is_empty() && word.chars().all(simple) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::world::ScriptCall;

    fn plain(text: &str) -> Text {
        vec![Piece::Plain(text.into())]
    }

    fn psql() -> Command {
        Command {
            pipeline: vec![vec![plain("psql"), plain("-c"), plain("SELECT 1")], vec![plain("head")]],
            revealed: BTreeMap::new(),
            script: None,
            folder: None,
            env: BTreeMap::from([("PGPASSWORD".into(), vec![Piece::Secret("password".into())])]),
            stdin: Some(vec![Piece::Plain("x=".into()), Piece::Secret("password".into())]),
            user: None,
            exits: BTreeSet::from([0]),
            decoder: surefoot_plan::Decoder::Nothing,
            r#type: None,
        }
    }

    #[test]
    fn a_command_is_shown_with_its_values_and_its_secrets_by_name() {
        assert_eq!(
            command(&psql()),
            [
                "env { PGPASSWORD: '<secret password>' } $ psql -c 'SELECT 1' | head",
                "    stdin| x=<secret password>"
            ]
        );
    }

    #[test]
    fn what_is_shown_stays_short() {
        let lines = vec!["a".repeat(10), "é".repeat(10), "c".into()];
        assert_eq!(cut(lines.clone(), 100), lines);
        assert_eq!(cut(lines, 15), ["aaaaaaaaaa".to_owned(), "éé...".to_owned()]);
    }

    #[test]
    fn a_long_script_is_cut() {
        let script = ScriptCall { language: "sh".into(), text: "true\n".repeat(20), arguments: Vec::new() };
        let shown = command(&Command { script: Some(script), stdin: None, ..psql() });
        assert_eq!((shown.len(), shown[13].as_str()), (14, "    ... 8 more lines"));
    }
}
