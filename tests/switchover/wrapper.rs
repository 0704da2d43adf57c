//! Programs that stand in for PostgreSQL's own in the lab's `PATH`: they keep a ledger of what was
//! really done to the servers, and fail where a test says so. The product has no switch for that.
//!
//! A stand-in starts the next program of its name on the `PATH`: the right to run `psql` is a right to
//! that one too, so the runbook is the example's own, to the letter.

use std::fs;

use crate::site::{Site, copy};

/// When a program fails, seen from its effect.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum When {
    /// It has no effect.
    Before,
    /// It has half of it: the first of its SQL statements, or a stop that is not waited for.
    During,
    /// It has all of it, and says that it failed.
    After,
}

/// A program that fails.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    /// What it does, as in the ledger.
    pub(crate) act: &'static str,
    pub(crate) when: When,
}

/// The stand-in. `@…@` are filled in by [`install`].
const STAND_IN: &str = r#"#!/bin/bash
real='@REAL@' ledger='@LEDGER@' fail_act='@ACT@' fail_when='@WHEN@'
arguments=("$@")
input=''
if [ '@NAME@' = psql ]; then IFS= read -rd '' input || true; fi
case "@NAME@ $* $input" in
    'pg_ctl '*' stop'*) act=stop ;;
    'pg_ctl '*' restart'*) act=restart ;;
    'pg_ctl '*' start'*) act=start ;;
    'pg_rewind '*) act=rewind ;;
    'psql '*'pg_promote'*) act=promote ;;
    'psql '*'limit 0'*) act=fence ;;
    'psql '*'port=@ALPHA@'*'limit :limit'*) act=unfence ;;
    'psql '*'limit :limit'*) act=open ;;
    'psql '*'port=@ALPHA@'*'command=checkpoint'*) act=checkpoint ;;
    'psql '*'command=checkpoint'*) act=checkpoint-new ;;
    'psql '*'insert'*) act=verify ;;
    *) act='' ;;
esac
run() { if [ '@NAME@' = psql ]; then printf '%s' "$input" | "$real" "${arguments[@]}"; else "$real" "${arguments[@]}"; fi; }
if [ -z "$act" ]; then run; exit; fi
# A probe has no writable path, and an action of the library may have none.
note() { { printf '%s %s\n' "$act" "$1" >>"$ledger"; } 2>/dev/null || true; }
if [ "$act" = "$fail_act" ]; then
    case "$fail_when" in
        Before) note 'failed before'; echo 'stand-in: failed before' >&2; exit 1 ;;
        During)
            if [ -n "$input" ]; then input="${input%%;*};"; else arguments+=(--no-wait); fi
            note half
            run
            echo 'stand-in: failed half way' >&2
            exit 1
            ;;
        After) note done; run; echo 'stand-in: failed after' >&2; exit 1 ;;
    esac
fi
note 'done'
run
"#;

/// Puts stand-ins before the lab's programs on the `PATH`, one of which may fail.
pub(crate) fn install(site: &Site, fault: Option<Fault>) {
    for name in ["pg_ctl", "pg_rewind", "psql"] {
        let (act, when) = fault.map_or(("", String::new()), |fault| (fault.act, format!("{:?}", fault.when)));
        let text = STAND_IN
            .replace("@REAL@", &site.lab_path(&format!("bin/{name}")).display().to_string())
            .replace("@NAME@", name)
            .replace("@LEDGER@", &site.lab_path("alpha/ledger").display().to_string())
            .replace("@ALPHA@", &site.alpha_port.to_string())
            .replace("@ACT@", act)
            .replace("@WHEN@", &when);
        // Beside it and renamed: somebody may be starting it.
        let (written, new) = (site.path("wrap/written"), site.path("wrap/new"));
        fs::write(&written, text).expect("write a stand-in");
        copy(&written, &new, 0o755);
        fs::rename(&new, site.path("wrap").join(name)).expect("put it in its place");
    }
}

/// What was done to the servers, in order: `stop done`, `fence half`, …
pub(crate) fn ledger(site: &Site) -> Vec<String> {
    let text = fs::read_to_string(site.lab_path("alpha/ledger")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// How often something was really begun. Promotions are counted by the server itself: the library's
/// action may write no ledger.
pub(crate) fn times(site: &Site, act: &str) -> usize {
    if act == "promote" {
        let log = fs::read_to_string(site.lab_path("beta/server.log")).unwrap_or_default();
        return log.lines().filter(|line| line.contains("received promote request")).count();
    }
    ledger(site)
        .iter()
        .filter(|line| line.split(' ').next() == Some(act) && !line.ends_with("before"))
        .count()
}
