//! Which commands only look, whatever the state of the world.
//!
//! A program stands here only if it changes nothing that a run without a writable path could change: no service, no
//! remote state, no setting of the kernel. What it could write into files needs no line: a step that only looks is
//! given no path to write. A word that depends on the run may be an option, so where an option acts, the words must
//! be known.

use super::{Known, program};

/// Programs that only look, whatever their words, but for those in `ACTS`.
const ALWAYS: &[&str] = &[
    "[",
    "arch",
    "basename",
    "cat",
    "cksum",
    "cmp",
    "comm",
    "cut",
    "df",
    "diff",
    "dig",
    "dirname",
    "du",
    "echo",
    "egrep",
    "expr",
    "false",
    "fgrep",
    "file",
    "findmnt",
    "free",
    "getent",
    "getfacl",
    "grep",
    "groups",
    "head",
    "host",
    "id",
    "iostat",
    "journalctl",
    "jq",
    "ls",
    "lsblk",
    "lscpu",
    "lsmod",
    "lsof",
    "lvs",
    "md5sum",
    "mpstat",
    "nproc",
    "nslookup",
    "paste",
    "pg_controldata",
    "pg_isready",
    "pgrep",
    "pidof",
    "printenv",
    "printf",
    "ps",
    "pvs",
    "pwd",
    "readlink",
    "realpath",
    "rg",
    "sha1sum",
    "sha256sum",
    "sha512sum",
    "sort",
    "ss",
    "stat",
    "tail",
    "test",
    "tr",
    "true",
    "uname",
    "uptime",
    "vgs",
    "vmstat",
    "wc",
    "whoami",
    "zcat",
    "zgrep",
];

/// Programs that only look when their first word which is no option is one of these.
const WITH: &[(&str, &[&str])] = &[
    ("docker", CONTAINERS),
    (
        "git",
        &["blame", "cat-file", "describe", "log", "ls-files", "ls-remote", "ls-tree", "rev-parse", "status"],
    ),
    ("helm", &["get", "history", "list", "ls", "show", "status", "version"]),
    ("kubectl", KUBECTL),
    ("oc", KUBECTL),
    ("podman", CONTAINERS),
    ("systemctl", SYSTEMCTL),
];
const CONTAINERS: &[&str] = &["images", "info", "inspect", "logs", "port", "ps", "top", "version"];
const KUBECTL: &[&str] = &[
    "api-resources",
    "api-versions",
    "auth can-i",
    "cluster-info",
    "config current-context",
    "config get-contexts",
    "config view",
    "describe",
    "explain",
    "get",
    "logs",
    "rollout history",
    "rollout status",
    "top",
    "version",
];
const SYSTEMCTL: &[&str] = &[
    "cat",
    "get-default",
    "is-active",
    "is-enabled",
    "is-failed",
    "is-system-running",
    "list-dependencies",
    "list-jobs",
    "list-sockets",
    "list-timers",
    "list-unit-files",
    "list-units",
    "show",
    "status",
];

/// Options that may stand before the word which says what a program does, and take a word of their own.
const BEFORE: &[&str] = &["-n", "--namespace", "--context", "--kubeconfig", "--cluster", "-C", "--git-dir"];

/// Options with which one of the programs acts after all, or writes into a file; of one letter also among others.
const ACTS: &[(&str, &[&str])] =
    &[("journalctl", JOURNALCTL), ("sort", &["-o", "--output"]), ("ss", &["-K", "--kill"])];
const JOURNALCTL: &[&str] = &[
    "--rotate",
    "--flush",
    "--sync",
    "--vacuum-size",
    "--vacuum-time",
    "--vacuum-files",
    "--update-catalog",
    "--setup-keys",
    "--relinquish-var",
    "--smart-relinquish-var",
    "--cursor-file",
];

/// Whether a command changes nothing outside of itself.
pub(crate) fn only_looks(words: &[Known]) -> bool {
    let Some((program, rest)) = program(words) else { return false };
    let acts = ACTS.iter().find(|(name, _)| *name == program).map_or(&[] as &[&str], |(_, acts)| acts);
    if rest.iter().flatten().any(|word| acts.iter().any(|option| has_option(word, option))) {
        return false;
    }
    if ALWAYS.contains(&program) {
        return true;
    }
    let Some((_, verbs)) = WITH.iter().find(|(name, _)| *name == program) else { return false };
    let Some((first, second)) = verb(rest) else { return false };
    // Some are of two words: `rollout status`.
    verbs.iter().any(|known| match known.split_once(' ') {
        Some((one, two)) => one == first && Some(two) == second,
        None => *known == first,
    })
}

/// Whether a word is this option, alone, with a value, or among others of one letter.
fn has_option(word: &str, option: &str) -> bool {
    if option.starts_with("--") {
        return word.split_once('=').map_or(word, |(name, _)| name) == option;
    }
    let letters = word.strip_prefix('-').filter(|letters| !letters.starts_with('-'));
    letters.is_some_and(|letters| letters.contains(option.trim_start_matches('-')))
}

/// The word that says what a program does, and the one behind it; none if one before it is not known.
fn verb(words: &[Known]) -> Option<(&str, Option<&str>)> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let word = word.as_deref()?;
        if !word.starts_with('-') {
            return Some((word, words.next().and_then(|word| word.as_deref())));
        }
        if BEFORE.contains(&word) {
            words.next();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Known, only_looks};

    fn words(line: &str) -> Vec<Known> {
        line.split(' ').map(|word| (!word.starts_with("${")).then(|| word.to_owned())).collect()
    }

    #[test]
    fn what_only_looks_is_known_by_its_words() {
        for line in [
            "cat /etc/hosts",
            "/usr/bin/df --portability ${folder}",
            "kubectl get pods",
            "kubectl -n ${space} get pods -o json",
            "kubectl --namespace=a rollout status deployment/a",
            "systemctl is-active --quiet ${unit}",
            "journalctl -u nginx -n 200",
            "git -C /srv log --oneline",
            "ss -tlnp",
            "sort -k2 -n",
        ] {
            assert!(only_looks(&words(line)), "{line}");
        }
    }

    #[test]
    fn what_acts_or_is_not_known_does_not_only_look() {
        for line in [
            "systemctl restart nginx",
            "kubectl delete pod a",
            "kubectl ${verb} pods",
            "kubectl ${option} get pods",
            "kubectl rollout restart deployment/a",
            "journalctl --vacuum-time=1d",
            "journalctl -u nginx --rotate",
            "git push",
            "hostname db1",
            "date -s 2026-01-01",
            "sysctl vm.swappiness=1",
            "psql -c select",
            "ss -tK dst 10.0.0.1",
            "sort -ro out in",
            "sort --output=out in",
            "nginx -t",
            "kubectl",
            "${program} get",
        ] {
            assert!(!only_looks(&words(line)), "{line}");
        }
    }
}
