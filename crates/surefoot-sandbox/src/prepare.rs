//! Turns a command and its rights into what a supervisor is told.
//!
//! Everything that can be refused before a process is started is refused here: a program that is missing or
//! was not granted, a secret among the arguments, a user that is not known.

#![expect(clippy::disallowed_methods, reason = "looks at programs and users of the machine")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use surefoot_executor::{Command, Granted, Piece, ScriptCall, Text};
use surefoot_plan::{Name, interpreter, is_sql_name};

use crate::policy::{Member, Part, Payload, Peer, User, View, Waived, parts};
use crate::resolve::Resolver;

/// Bytes of a script: what the kernel takes as one argument, less a page for what stands before it.
const SCRIPT_MAX: usize = (128 << 10) - 4096;

/// Prepares a command. An error says why it cannot be run.
pub(crate) fn prepare(
    command: &Command,
    rights: &Granted,
    resolver: &Resolver,
    change: bool,
    waived: Waived,
) -> Result<Payload, String> {
    let names: BTreeSet<&str> = rights.run.iter().chain(&rights.detach).map(String::as_str).collect();
    let mut members = Vec::new();
    let mut view = View::Private;
    let mut stdin = command.stdin.as_ref().map(parts);
    if let Some(script) = &command.script {
        members.push(script_member(script, &names, resolver)?);
        if script.language == "sql" {
            if stdin.is_some() {
                return Err("an sql script goes by standard input itself, so nothing else can".into());
            }
            stdin = Some(vec![Part::Plain(sql_text(script)?)]);
        }
        if !rights.detach.is_empty() {
            view = View::Host;
        }
    }
    for words in &command.pipeline {
        let (name, member) = member(words, &command.revealed, &names, rights, resolver)?;
        if is_named(&rights.detach, &name, &member.program, resolver) {
            view = View::Host;
        }
        members.push(member);
    }
    if members.is_empty() {
        return Err("the command has no program".into());
    }
    let user = command.user.as_ref().map(|name| find_user(name, &rights.users)).transpose()?;
    let (read, write) = match change {
        true => (paths(&rights.read)?, paths(&rights.write)?),
        // A probe reads what the step may write, and writes nothing.
        false => (paths(rights.read.iter().chain(&rights.write))?, Vec::new()),
    };
    Ok(Payload {
        members,
        path: resolver.path().to_owned(),
        environment: environment(&command.env)?,
        stdin,
        folder: command.folder.as_ref().map(|folder| absolute(folder)).transpose()?,
        user,
        execute: resolver.closure(names),
        read,
        write,
        connect: rights.connect.iter().map(Peer::from).collect(),
        connect_any: rights.connect_any,
        listen: if change { rights.listen.clone() } else { Vec::new() },
        view,
        change,
        waived,
    })
}

/// The names of the secrets that a command is given.
pub(crate) fn secrets_of(command: &Command) -> BTreeSet<Name> {
    let texts = command.env.values().chain(&command.stdin).chain(command.pipeline.iter().flatten());
    texts
        .flatten()
        .filter_map(|piece| match piece {
            Piece::Secret(name) => Some(name.clone()),
            Piece::Plain(_) => None,
        })
        .collect()
}

fn member(
    words: &[Text],
    revealed: &BTreeMap<Name, String>,
    names: &BTreeSet<&str>,
    rights: &Granted,
    resolver: &Resolver,
) -> Result<(String, Member), String> {
    let mut arguments = Vec::new();
    for word in words {
        if word.iter().any(|piece| matches!(piece, Piece::Secret(name) if !revealed.contains_key(name))) {
            return Err(
                "a secret is among the arguments, where every process of the machine could read it; hand it over by \
                 `env` or by `stdin`"
                    .into(),
            );
        }
        arguments.push(parts(word));
    }
    let name =
        words.first().map(plain).filter(|name| !name.is_empty()).ok_or("the command has no program")?;
    let program = resolver.find(&name)?;
    let all: BTreeSet<String> = rights.run.iter().chain(&rights.detach).cloned().collect();
    if !is_named(&all, &name, &program, resolver) {
        return Err(not_granted(&name, names));
    }
    Ok((name, Member { program, arguments }))
}

/// Whether a program is among these, by the name it was called or by what that name means.
fn is_named(names: &BTreeSet<String>, name: &str, program: &PathBuf, resolver: &Resolver) -> bool {
    names.contains(name) || names.iter().any(|granted| resolver.find_all(granted).contains(program))
}

fn not_granted(name: &str, names: &BTreeSet<&str>) -> String {
    let granted: Vec<&str> = names.iter().copied().collect();
    match granted.is_empty() {
        true => {
            format!("`{name}` may not be run here: this step may run nothing; write `run {name}` in `allow`")
        }
        false => format!(
            "`{name}` may not be run here; this step may run {}; write `run {name}` in `allow`",
            granted.join(", ")
        ),
    }
}

fn script_member(script: &ScriptCall, names: &BTreeSet<&str>, resolver: &Resolver) -> Result<Member, String> {
    let program = interpreter(&script.language)
        .ok_or_else(|| format!("`{}` is no language that scripts can be run in", script.language))?;
    if !names.contains(program) {
        return Err(not_granted(program, names));
    }
    if script.text.len() > SCRIPT_MAX {
        return Err(format!("the script has {} bytes, and {SCRIPT_MAX} are the most", script.text.len()));
    }
    let text = ["-c", script.text.as_str(), "script"];
    let words: Vec<&str> = match program {
        "psql" => {
            ["psql", "-X", "-q", "-A", "-t", "-w", "-v", "ON_ERROR_STOP=1", "-f", "-"].into_iter().collect()
        }
        // Isolated: neither its folder nor the environment changes what `import` finds.
        "python3" => ["python3", "-I", "-B"].into_iter().chain(text).collect(),
        "bash" => ["bash", "-eu", "-o", "pipefail"].into_iter().chain(text).collect(),
        shell => [shell, "-eu"].into_iter().chain(text).collect(),
    };
    let words = words.into_iter().map(|word| vec![Part::Plain(word.to_owned())]);
    Ok(Member { program: resolver.find(program)?, arguments: words.collect() })
}

/// An sql script as `psql` reads it: its values come from the environment as variables, which `psql` quotes where
/// the script reads them (`:'name'`). None of them is ever a part of this text.
fn sql_text(script: &ScriptCall) -> Result<String, String> {
    let mut text = String::new();
    for name in &script.arguments {
        if !is_sql_name(name) {
            return Err(format!("{name:?} is no name for a value of an sql script"));
        }
        text.push_str(&format!("\\getenv {name} {name} "));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(&script.text);
    Ok(text)
}

/// The text of something that holds no secret.
fn plain(text: &Text) -> String {
    text.iter()
        .map(|piece| match piece {
            Piece::Plain(text) => text.as_str(),
            Piece::Secret(_) => "",
        })
        .collect()
}

fn environment(given: &BTreeMap<Name, Text>) -> Result<BTreeMap<Name, Vec<Part>>, String> {
    given
        .iter()
        .map(|(name, text)| {
            // These decide which code a program loads; that is the rights' matter.
            if name.starts_with("LD_") || name.is_empty() || name.contains(['=', '\0']) {
                return Err(format!("the variable `{name}` cannot be set for a program"));
            }
            Ok((name.clone(), parts(text)))
        })
        .collect()
}

fn paths<'a>(given: impl IntoIterator<Item = &'a String>) -> Result<Vec<PathBuf>, String> {
    given.into_iter().map(|path| absolute(path)).collect()
}

fn absolute(path: &str) -> Result<PathBuf, String> {
    match path.starts_with('/') {
        true => Ok(PathBuf::from(path)),
        false => Err(format!(
            "the path `{path}` does not begin at the root, so it would mean something else elsewhere"
        )),
    }
}

/// Finds a user of the machine.
fn find_user(name: &str, granted: &BTreeSet<String>) -> Result<User, String> {
    if !granted.contains(name) {
        return Err(format!("it may not run as `{name}`; write `as {name}` in `allow`"));
    }
    let users = std::fs::read_to_string("/etc/passwd")
        .map_err(|error| format!("/etc/passwd cannot be read: {error}"))?;
    let groups = std::fs::read_to_string("/etc/group").unwrap_or_default();
    let user = user_in(name, &users, &groups).ok_or_else(|| {
        format!("there is no user `{name}` in /etc/passwd, the only place that is looked at")
    })?;
    let own = rustix::process::geteuid();
    if own.as_raw() != user.uid && !own.is_root() {
        return Err(format!(
            "to run something as `{name}`, Surefoot itself has to be run by root or by `{name}`"
        ));
    }
    Ok(user)
}

fn user_in(name: &str, users: &str, groups: &str) -> Option<User> {
    let mut fields = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let line = fields.find(|fields| fields.first() == Some(&name))?;
    let (uid, gid) = (line.get(2)?.parse().ok()?, line.get(3)?.parse().ok()?);
    let mut member_of = vec![gid];
    for line in groups.lines() {
        let fields: Vec<&str> = line.split(':').collect();
        let (Some(group), Some(members)) =
            (fields.get(2).and_then(|group| group.parse().ok()), fields.get(3))
        else {
            continue;
        };
        if members.split(',').any(|member| member == name) && group != gid {
            member_of.push(group);
        }
    }
    Some(User { name: name.to_owned(), uid, gid, groups: member_of })
}

#[cfg(test)]
mod tests {
    use surefoot_executor::ScriptCall;

    use super::{sql_text, user_in};

    #[test]
    fn an_sql_script_gets_its_values_by_name_and_never_as_text() {
        let script = |arguments: &[&str]| ScriptCall {
            language: "sql".into(),
            text: "select :'who';\n".into(),
            arguments: arguments.iter().map(|name| (*name).to_owned()).collect(),
        };
        let text = sql_text(&script(&["limit", "who"]));
        assert_eq!(text.as_deref(), Ok("\\getenv limit limit \\getenv who who \nselect :'who';\n"));
        assert_eq!(sql_text(&script(&[])).as_deref(), Ok("select :'who';\n"));
        for name in ["a b", "ON_ERROR_STOP", ""] {
            assert!(sql_text(&script(&[name])).is_err(), "{name}");
        }
    }

    #[test]
    fn a_user_comes_with_all_groups() {
        let users = "root:x:0:0::/root:/bin/sh\npg:x:101:104::/:/bin/sh\n";
        let groups = "pg:x:104:\nssl:x:105:www,pg\nother:x:106:pgx\n";
        let user = user_in("pg", users, groups).expect("there");
        assert_eq!((user.uid, user.gid, user.groups), (101, 104, vec![104, 105]));
        assert_eq!(user_in("nobody", users, groups), None);
    }
}
