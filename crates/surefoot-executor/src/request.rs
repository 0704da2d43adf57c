//! Turns what a plan says into what a world is asked: every expression is computed, and secrets stay names.

use std::collections::BTreeMap;

use surefoot_journal::RunId;
use surefoot_plan::{
    Environment, Exec, Expr, LibraryCall, Name, PersonQuestion, Reveal, Rights, StepId, TextPiece, Type,
    Value, Word, eval, eval_text,
};

use crate::world::{Address, Command, Granted, Piece, Question, ScriptCall, Text};

/// Computes a command.
pub(crate) fn command(exec: &Exec, wanted: Option<&Type>, env: &dyn Environment) -> Result<Command, String> {
    let mut pipeline = Vec::with_capacity(exec.pipeline.len());
    let mut revealed = BTreeMap::new();
    for words in &exec.pipeline {
        let mut arguments = Vec::with_capacity(words.len());
        for word in words {
            match word {
                Word::One(expr) => arguments.push(public(text(expr, env)?)?),
                Word::Revealing { text: expr, secrets } => {
                    let named = self::revealed(secrets, env)?;
                    arguments.push(public_but(text(expr, env)?, &named)?);
                    revealed.extend(named);
                }
                Word::Each(expr) => {
                    let value = eval(expr, env).map_err(|error| error.to_string())?;
                    let Value::List(items) = value else {
                        return Err(format!("`{expr}` is `{value}`, not a list of words"));
                    };
                    for item in items {
                        arguments.push(public(piece(item))?);
                    }
                }
            }
        }
        pipeline.push(arguments);
    }
    let mut variables = BTreeMap::new();
    for (name, expr) in &exec.env {
        variables.insert(name.clone(), text(expr, env)?);
    }
    let script = match &exec.script {
        None => None,
        Some(script) => {
            for (name, expr) in &script.arguments {
                variables.insert(name.clone(), text(expr, env)?);
            }
            Some(ScriptCall {
                language: script.language.clone(),
                text: script.text.clone(),
                arguments: script.arguments.keys().cloned().collect(),
            })
        }
    };
    Ok(Command {
        pipeline,
        revealed,
        script,
        folder: exec.folder.as_ref().map(|folder| plain(folder, env)).transpose()?,
        env: variables,
        stdin: exec.stdin.as_ref().map(|stdin| text(stdin, env)).transpose()?,
        user: exec.user.clone(),
        exits: exec.exits.clone(),
        decoder: exec.decoder.clone(),
        r#type: wanted.cloned(),
    })
}

/// Computes the arguments of a library call. A secret one stays a name.
pub(crate) fn arguments(call: &LibraryCall, env: &dyn Environment) -> Result<BTreeMap<Name, Value>, String> {
    let value =
        |(name, expr): (&Name, &Expr)| Ok((name.clone(), eval(expr, env).map_err(|e| e.to_string())?));
    call.arguments.iter().map(value).collect()
}

/// Computes a question to a person.
pub(crate) fn question(
    asked: &PersonQuestion,
    run: RunId,
    step: Option<StepId>,
    is_fact: bool,
    env: &dyn Environment,
) -> Result<Question, String> {
    let see = asked.see.iter().map(|(at, normal)| Ok((plain(at, env)?, plain(normal, env)?)));
    let default = asked.default.as_ref().map(|expr| eval(expr, env).map_err(|error| error.to_string()));
    Ok(Question {
        run,
        step,
        text: plain(&asked.text, env)?,
        answer: asked.answer.clone(),
        is_fact,
        see: see.collect::<Result<_, String>>()?,
        by: asked.by.clone(),
        within_ms: asked.within_ms,
        default: default.transpose()?,
    })
}

/// Computes rights.
pub(crate) fn granted(rights: &Rights, env: &dyn Environment) -> Result<Granted, String> {
    let paths = |paths: &[Expr]| paths.iter().map(|path| plain(path, env)).collect::<Result<Vec<_>, _>>();
    let mut connect = Vec::with_capacity(rights.connect.len());
    for endpoint in &rights.connect {
        connect.push(Address { host: plain(&endpoint.host, env)?, port: port(&endpoint.port, env)? });
    }
    Ok(Granted {
        run: rights.run.clone(),
        detach: rights.detach.clone(),
        connect,
        connect_any: rights.connect_any.is_some(),
        listen: rights.listen.iter().map(|expr| port(expr, env)).collect::<Result<_, _>>()?,
        read: paths(&rights.read)?,
        write: paths(&rights.write)?,
        users: rights.users.clone(),
    })
}

/// The same rights without any to change: what may be written may still be read.
pub(crate) fn read_only(mut granted: Granted) -> Granted {
    granted.read.append(&mut granted.write);
    granted.listen.clear();
    granted
}

/// Computes text that may hold secrets.
fn text(expr: &Expr, env: &dyn Environment) -> Result<Text, String> {
    let pieces = eval_text(expr, env).map_err(|error| error.to_string())?;
    Ok(pieces
        .into_iter()
        .map(|piece| match piece {
            TextPiece::Plain(text) => Piece::Plain(text),
            TextPiece::Secret(name) => Piece::Secret(name),
        })
        .collect())
}

/// One value as text.
fn piece(value: Value) -> Text {
    if let Value::Secret(name) = value {
        return vec![Piece::Secret(name)];
    }
    vec![Piece::Plain(value.to_string())]
}

/// Refuses a secret where every process of the machine can read it. The verifier refuses such a plan;
/// this is the second wall.
fn public(text: Text) -> Result<Text, String> {
    public_but(text, &BTreeMap::new())
}

/// The same, where some secrets are revealed knowingly.
fn public_but(text: Text, revealed: &BTreeMap<Name, String>) -> Result<Text, String> {
    let secret = |piece: &Piece| match piece {
        Piece::Secret(name) if !revealed.contains_key(name) => Some(name.clone()),
        Piece::Secret(_) | Piece::Plain(_) => None,
    };
    match text.iter().find_map(secret) {
        Some(name) => Err(format!("the secret `{name}` would stand in an argument vector")),
        None => Ok(text),
    }
}

/// The secrets that a plan reveals, by the names that the world knows them by.
fn revealed(secrets: &[Reveal], env: &dyn Environment) -> Result<BTreeMap<Name, String>, String> {
    let mut named = BTreeMap::new();
    for reveal in secrets {
        // What is given to a question as its secret argument may be none.
        if let Value::Secret(name) = eval(&reveal.secret, env).map_err(|error| error.to_string())? {
            named.insert(name, reveal.why.clone());
        }
    }
    Ok(named)
}

/// Computes text that holds no secret.
pub(crate) fn plain(expr: &Expr, env: &dyn Environment) -> Result<String, String> {
    let value = eval(expr, env).map_err(|error| error.to_string())?;
    if let Value::Secret(name) = value {
        return Err(format!("the secret `{name}` cannot stand here"));
    }
    Ok(value.to_string())
}

/// Computes a port.
fn port(expr: &Expr, env: &dyn Environment) -> Result<u16, String> {
    let value = eval(expr, env).map_err(|error| error.to_string())?;
    let port = if let Value::Int(number) = value { u16::try_from(number).ok() } else { None };
    port.ok_or_else(|| format!("`{value}` is no TCP port"))
}
