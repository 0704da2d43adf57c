//! The blast radius: everything that a plan may touch, and what only its way back needs.

use std::collections::BTreeSet;

use surefoot_plan::{InputValue, Plan, Rights, Way};

/// What a plan may touch, each item as it is shown.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Blast {
    /// Kinds of rights, in the order in which they are shown, with what is needed of each.
    pub(crate) kinds: Vec<Kind>,
    /// Secrets, each with where it comes from.
    pub(crate) secrets: Vec<String>,
}

/// One kind of right.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Kind {
    /// As `programs`.
    pub(crate) name: &'static str,
    /// What the way forward, or a probe, may need.
    pub(crate) forward: BTreeSet<String>,
    /// What only a rollback needs.
    pub(crate) back_only: BTreeSet<String>,
}

/// The blast radius of a plan.
pub(crate) fn blast(plan: &Plan) -> Blast {
    let mut back = [const { BTreeSet::new() }; KINDS.len()];
    let mut forward = [const { BTreeSet::new() }; KINDS.len()];
    for step in plan.steps() {
        add(&mut forward, &step.rights);
        if matches!(step.way, Way::Rollback(_)) {
            add(&mut back, &step.rollback_rights);
        }
    }
    for collect in &plan.collect {
        add(&mut forward, &collect.rights);
    }
    // Probes and the runbook's own reads may use everything that is allowed.
    let mut allowed = [const { BTreeSet::new() }; KINDS.len()];
    add(&mut allowed, &plan.allow);
    let mut kinds = Vec::new();
    for (((name, mut forward), mut back), allowed) in KINDS.into_iter().zip(forward).zip(back).zip(allowed) {
        drop_covered(&mut back);
        let back_only: BTreeSet<String> = back.difference(&forward).cloned().collect();
        forward.extend(allowed.difference(&back_only).cloned());
        drop_covered(&mut forward);
        kinds.push(Kind { name, forward, back_only });
    }
    let mut secrets = Vec::new();
    for input in &plan.inputs {
        if let InputValue::SecretFromEnv(variable) = &input.value {
            secrets.push(format!("{} (from the environment variable {variable})", input.name));
        }
    }
    Blast { kinds, secrets }
}

/// The kinds of rights, as they are shown.
const KINDS: [&str; 7] =
    ["runs", "may leave running", "connects to", "listens on", "reads", "writes", "becomes user"];

/// Adds rights to the kinds, in their order.
fn add(kinds: &mut [BTreeSet<String>; KINDS.len()], rights: &Rights) {
    let [run, detach, connect, listen, read, write, users] = kinds;
    run.extend(rights.run.iter().cloned());
    detach.extend(rights.detach.iter().cloned());
    connect.extend(rights.connect.iter().map(|end| format!("{}:{}", shown(&end.host), shown(&end.port))));
    connect.extend(rights.connect_any.iter().map(|why| format!("ANYWHERE{}", crate::say::reason(why))));
    listen.extend(rights.listen.iter().map(shown));
    read.extend(rights.read.iter().map(shown));
    write.extend(rights.write.iter().map(shown));
    users.extend(rights.users.iter().cloned());
}

/// Leaves out a path that lies below another one: a right to a folder is one to all in it.
fn drop_covered(places: &mut BTreeSet<String>) {
    let all = places.clone();
    places.retain(|place| {
        let below = |folder: &String| {
            let rest = place.strip_prefix(folder.as_str());
            folder.starts_with('/') && rest.is_some_and(|rest| rest.starts_with('/'))
        };
        !all.iter().any(below)
    });
}

/// A place, without the quotes that it has in a runbook.
pub(crate) fn shown(expr: &surefoot_plan::Expr) -> String {
    let text = expr.to_string();
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).map(str::to_owned).unwrap_or(text)
}
