//! What must be so on this machine before a plan may start here: its hosts, secrets, roles and programs.
//!
//! Everything is looked at before anything is done, and again when a run is resumed.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::Value as Json;
use surefoot_journal::{Identity, person};
use surefoot_plan::{Cell, Expr, InputValue, Name, Plan, Question, Value, Way};

use surefoot_sandbox::SECRET_MIN;

use crate::error::CommandError;
use crate::people::TERMINAL;

/// Names that mean this machine wherever it is.
const THIS_MACHINE: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Refuses a plan that acts on another machine. What an open plan acts on is not known yet, and is not refused.
pub(crate) fn hosts(plan: &Plan) -> Result<(), CommandError> {
    let here = person::host();
    let internal = |error: serde_json::Error| {
        CommandError::new(crate::exit::Exit::Internal, format!("the plan cannot be looked at: {error}."))
    };
    let json = as_json(plan)?;
    let mut targets = BTreeSet::new();
    let mut cells: Vec<Cell> = Vec::new();
    find(&json, &mut |fields| {
        if let Some(target) = fields.get("target").filter(|target| !target.is_null())
            && (fields.contains_key("pipeline") || fields.contains_key("deadline_ms"))
        {
            targets.insert(target.to_string());
        }
        if fields.len() == 2
            && fields.contains_key("question")
            && let Ok(cell) = serde_json::from_value(Json::Object(fields.clone()))
        {
            cells.push(cell);
        }
    });
    for target in targets {
        let target: Expr = serde_json::from_str(&target).map_err(internal)?;
        let hosts = match possible_hosts(&target, plan, &cells) {
            Err(_) if plan.inputs.iter().any(|input| input.value == InputValue::Unbound) => continue,
            found => found?,
        };
        for host in hosts {
            let short = here.split('.').next().unwrap_or(&here);
            if !THIS_MACHINE.contains(&host.as_str()) && host != here && host != short {
                return Err(CommandError::usage(format!(
                    "the plan acts on {host}, and this machine is {here}: remote execution is not built yet."
                ))
                .hint(format!("run it on {host}")));
            }
        }
    }
    Ok(())
}

/// The secrets that a plan needs, and where programs are found; both must be here before anything is done.
#[expect(clippy::disallowed_methods, reason = "programs are found where the operator finds them")]
pub(crate) fn look_around(plan: &Plan) -> Result<(BTreeMap<Name, String>, String), CommandError> {
    let path = std::env::var("PATH").unwrap_or_default();
    programs(plan, &path)?;
    Ok((secrets(plan)?, path))
}

/// What a target can be: a value, or each value that an argument of a fact has somewhere.
fn possible_hosts(target: &Expr, plan: &Plan, cells: &[Cell]) -> Result<Vec<String>, CommandError> {
    if let Expr::Literal(Value::Text(host)) = target {
        return Ok(vec![host.clone()]);
    }
    if let Expr::Argument(name) = target {
        let position =
            |question: &Question| question.parameters.iter().position(|parameter| parameter.name == *name);
        let mut hosts = Vec::new();
        for cell in cells {
            let argument =
                plan.questions.get(&cell.question).and_then(position).and_then(|at| cell.arguments.get(at));
            match argument {
                Some(Expr::Literal(Value::Text(host))) => hosts.push(host.clone()),
                // A fact that hands its own argument on: it is looked at where that fact is asked.
                Some(Expr::Argument(_)) | None => {}
                Some(_) => return Err(unknown_host()),
            }
        }
        return Ok(hosts);
    }
    Err(unknown_host())
}

fn unknown_host() -> CommandError {
    CommandError::usage(
        "the plan acts on a host that is only found while it runs: remote execution is not built yet.",
    )
    .hint("give the host as a parameter")
}

/// Reads every secret of a plan from the environment.
#[expect(clippy::disallowed_methods, reason = "a secret comes from the environment, as its input says")]
pub(crate) fn secrets(plan: &Plan) -> Result<BTreeMap<Name, String>, CommandError> {
    let mut secrets = BTreeMap::new();
    for input in &plan.inputs {
        let InputValue::SecretFromEnv(variable) = &input.value else { continue };
        match std::env::var(variable) {
            Ok(value) if !value.is_empty() && value.len() < SECRET_MIN => {
                return Err(CommandError::usage(format!(
                    "the secret `{}` from {variable} has only {} bytes, and one of fewer than {SECRET_MIN} cannot \
                     be hidden in what programs print. Nothing was done.",
                    input.name,
                    value.len()
                ))
                .hint("use a longer secret"));
            }
            Ok(value) if !value.is_empty() => {
                secrets.insert(input.name.clone(), value);
            }
            Ok(_) | Err(std::env::VarError::NotPresent) => {
                return Err(CommandError::usage(format!(
                    "the secret `{}` comes from the environment variable {variable}, which is not set. Nothing was done.",
                    input.name
                ))
                .hint(format!("set {variable} and type the same again")));
            }
            Err(std::env::VarError::NotUnicode(_)) => {
                return Err(CommandError::usage(format!("{variable} is not UTF-8 text. Nothing was done.")));
            }
        }
    }
    Ok(secrets)
}

/// Refuses a plan that needs somebody who is not there: a role that nobody has, or only its operator.
pub(crate) fn roles(
    plan: &Plan,
    roles: &BTreeMap<Name, Vec<String>>,
    me: &Identity,
) -> Result<(), CommandError> {
    asked_roles(plan, roles)?;
    for step in plan.steps() {
        let Some(approval) = &step.approval else { continue };
        let role = &approval.role;
        let people = roles.get(role).map(Vec::as_slice).unwrap_or_default();
        let hint = format!(
            "in surefoot.toml, beside the runbook or above it: [roles] with the line {role} = [\"USER\"]"
        );
        if people.is_empty() {
            return Err(CommandError::usage(format!(
                "`{}` is approved by `{role}`, and nobody has that role.",
                step.id
            ))
            .did_you_mean(role, roles.keys().map(String::as_str))
            .hint(hint));
        }
        let others: Vec<&String> = people.iter().filter(|name| **name != me.user).collect();
        if others.is_empty() {
            return Err(CommandError::usage(format!(
                "`{}` is approved by `{role}`, and only {} has that role: the one who runs cannot approve.",
                step.id, me.user
            ))
            .hint(hint));
        }
        let wanted = approval.people as usize;
        let uids: BTreeSet<u32> = others.iter().filter_map(|name| person::uid_of(name)).collect();
        let there = uids.len();
        if there > 0 && there < wanted {
            return Err(CommandError::usage(format!(
                "`{}` is approved by {wanted} different people of `{role}`, and without {}, who runs it, this machine \
                 knows {there}.",
                step.id, me.user
            ))
            .hint(hint));
        }
        if there == 0 {
            let named: Vec<&str> = others.iter().map(|name| name.as_str()).collect();
            return Err(CommandError::usage(format!(
                "`{}` is approved by `{role}`, and this machine has no user {}.",
                step.id,
                named.join(" or ")
            )));
        }
    }
    Ok(())
}

/// Refuses a plan that tells a channel which the configuration does not bind, or binds to what there is not.
pub(crate) fn channels(plan: &Plan, channels: &BTreeMap<Name, String>) -> Result<(), CommandError> {
    let json = as_json(plan)?;
    let mut told = BTreeSet::new();
    find(&json, &mut |fields| {
        if let (Some(Json::String(channel)), true) = (fields.get("channel"), fields.contains_key("text")) {
            told.insert(channel.clone());
        }
    });
    for channel in &told {
        let hint = format!(
            "in surefoot.toml, beside the runbook or above it: [channels] with the line {channel} = \"{TERMINAL}\", which is \
             the terminal of who runs; others are not served yet"
        );
        let why = match channels.get(channel) {
            Some(bound) if bound == TERMINAL => continue,
            Some(bound) => {
                format!("`{channel}` is told something, and it is bound to `{bound}`, which there is not.")
            }
            None => format!("`{channel}` is told something, and no such channel is bound."),
        };
        return Err(CommandError::usage(why)
            .did_you_mean(channel, channels.keys().map(String::as_str))
            .hint(hint));
    }
    Ok(())
}

/// Refuses a plan that asks a role that nobody has.
fn asked_roles(plan: &Plan, roles: &BTreeMap<Name, Vec<String>>) -> Result<(), CommandError> {
    let json = as_json(plan)?;
    let mut asked = BTreeSet::new();
    find(&json, &mut |fields| {
        if let (Some(Json::String(role)), true) = (fields.get("by"), fields.contains_key("see")) {
            asked.insert(role.clone());
        }
    });
    match asked.iter().find(|role| roles.get(*role).is_none_or(Vec::is_empty)) {
        Some(role) => {
            let hint = format!(
                "in surefoot.toml, beside the runbook or above it: [roles] with the line {role} = [\"USER\"]"
            );
            Err(CommandError::usage(format!("`{role}` is asked, and nobody has that role."))
                .did_you_mean(role, roles.keys().map(String::as_str))
                .hint(hint))
        }
        None => Ok(()),
    }
}

/// The plan as JSON: what is looked for may stand in any step, probe or collect, and what were
/// overlooked would be done as if it were not there.
fn as_json(plan: &Plan) -> Result<Json, CommandError> {
    serde_json::to_value(plan).map_err(|error| {
        CommandError::new(crate::exit::Exit::Internal, format!("the plan cannot be looked at: {error}."))
    })
}

/// Looks at every object.
fn find(json: &Json, look: &mut impl FnMut(&serde_json::Map<String, Json>)) {
    match json {
        Json::Object(fields) => {
            look(fields);
            fields.values().for_each(|field| find(field, look));
        }
        Json::Array(items) => items.iter().for_each(|item| find(item, look)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

/// Refuses a plan that needs a program that is not here: in its steps, and on its way back.
pub(crate) fn programs(plan: &Plan, path: &str) -> Result<(), CommandError> {
    match missing_programs(plan, path).into_iter().next() {
        Some(name) if name.contains('/') => {
            Err(CommandError::usage(format!("{name} is needed and is no program here. Nothing was done.")))
        }
        Some(name) => {
            Err(CommandError::usage(format!("`{name}` is needed and is not installed. Nothing was done."))
                .hint(format!("it is looked for in PATH: {path}")))
        }
        None => Ok(()),
    }
}

/// The programs of a plan that are not here, in its steps and on its way back.
pub(crate) fn missing_programs<'p>(plan: &'p Plan, path: &str) -> BTreeSet<&'p String> {
    let mut wanted: BTreeSet<&String> = BTreeSet::new();
    for step in plan.steps() {
        wanted.extend(&step.rights.run);
        if let Way::Rollback(_) = step.way {
            wanted.extend(&step.rollback_rights.run);
        }
    }
    let is_program = |path: &Path| {
        path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    };
    wanted.retain(|name| match name.contains('/') {
        true => !is_program(Path::new(name)),
        false => {
            !path.split(':').any(|folder| !folder.is_empty() && is_program(&Path::new(folder).join(name)))
        }
    });
    wanted
}

#[cfg(test)]
mod tests;
