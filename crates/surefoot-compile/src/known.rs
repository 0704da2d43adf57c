//! What is known of programs that everybody uses, from their words alone: which wait for a person, which only wait,
//! and which go down into folders; and words that nobody filled in.
//!
//! In: the words of a command, in order, the program first; a word is none if it depends on the run. `lowering` asks
//! for a `$` line, `script` for a script.

mod reads;

pub(crate) use reads::only_looks;
use surefoot_syntax::{Diagnostic, Span};

use crate::report::{error, warning};

/// Editors: they open a terminal, and nothing else.
const EDITORS: &[&str] = &["vi", "vim", "nvim", "nano", "pico", "emacs", "mcedit"];

/// Programs that show something until a person has seen enough.
const PAGERS: &[&str] = &["less", "more", "most"];

/// Programs that show something and go on showing it.
const SCREENS: &[&str] = &["top", "htop", "atop", "btop", "iotop", "iftop", "watch"];

/// Programs that edit a file of the system, or a password, with a person.
const HANDS: &[&str] = &["visudo", "vipw", "vigr", "passwd", "tmux", "screen", "dialog", "whiptail"];

/// Programs that do nothing but ask, unless they are told what.
const SHELLS: &[(&str, &[&str], &str)] = &[
    ("psql", &["-c", "-f", "-l", "-V", "--command", "--file", "--list", "--version"], "-c"),
    ("mysql", &["-e", "-V", "--execute", "--version"], "-e"),
    ("mariadb", &["-e", "-V", "--execute", "--version"], "-e"),
    ("su", &["-c", "--command", "--session-command"], "-c"),
    ("fdisk", &["-l", "-s", "-V", "--list", "--getsz", "--version"], "-l"),
    ("parted", &["-s", "-l", "-v", "--script", "--list", "--version"], "--script"),
];

/// Programs that ask "are you sure?" for these words, unless one of these options answers.
const ASK_FIRST: &[(&str, &[&str], &[&str], &str)] = &[
    ("apt", APT, APT_YES, "-y"),
    ("apt-get", APT, APT_YES, "-y"),
    ("yum", DNF, DNF_YES, "-y"),
    ("dnf", DNF, DNF_YES, "-y"),
    ("terraform", &["destroy"], &["-auto-approve", "--auto-approve"], "-auto-approve"),
    ("lvremove", &[], LVM_YES, "-y"),
    ("vgremove", &[], LVM_YES, "-y"),
    ("pvremove", &[], LVM_YES, "-y"),
];
const APT: &[&str] =
    &["install", "remove", "purge", "upgrade", "full-upgrade", "dist-upgrade", "autoremove", "reinstall"];
const APT_YES: &[&str] =
    &["-y", "-qq", "-s", "-d", "--yes", "--assume-yes", "--assume-no", "--dry-run", "--simulate"];
const DNF: &[&str] = &["install", "remove", "erase", "update", "upgrade", "downgrade", "autoremove"];
const DNF_YES: &[&str] = &["-y", "--assumeyes", "--assumeno"];
const LVM_YES: &[&str] = &["-y", "-f", "-t", "--yes", "--force", "--test"];

/// Programs whose words are patterns and documents.
const READ_PATTERNS: &[&str] =
    &["grep", "egrep", "fgrep", "rg", "sed", "awk", "perl", "jq", "xmllint", "xmlstarlet"];

/// The options that give a program in a container a terminal.
const TERMINAL: &[&str] = &["-t", "--tty"];

/// What `kubectl` changes with, and takes away.
const CHANGES: &[&str] =
    &["annotate", "cordon", "delete", "drain", "label", "patch", "scale", "set", "taint", "uncordon"];

/// The options that choose for it.
const SELECTORS: &[&str] = &["--all", "-A", "--all-namespaces", "-l", "--selector", "--field-selector"];

/// Programs that act in a place which a configuration names.
#[derive(Debug)]
pub(crate) struct Elsewhere {
    programs: &'static [&'static str],
    verbs: &'static [&'static str],
    /// What the place is.
    place: &'static str,
    /// What says the place, or asks for it, wherever it stands in a file.
    pub(crate) said_by: &'static [&'static str],
    /// A command that asks for it.
    asks: &'static str,
}

const ELSEWHERE: &[Elsewhere] = &[
    Elsewhere {
        programs: &["kubectl", "oc"],
        verbs: &["delete"],
        place: "cluster",
        said_by: &["current-context", "--context", "--kubeconfig", "KUBECONFIG", "--server"],
        asks: "kubectl config current-context",
    },
    Elsewhere {
        programs: &["helm"],
        verbs: &["uninstall", "delete"],
        place: "cluster",
        said_by: &["current-context", "--kube-context", "--kubeconfig", "KUBECONFIG"],
        asks: "kubectl config current-context",
    },
    Elsewhere {
        programs: &["terraform"],
        verbs: &["destroy"],
        place: "workspace",
        said_by: &["workspace show", "TF_WORKSPACE"],
        asks: "terraform workspace show",
    },
];

/// A word: none if it depends on the run.
pub(crate) type Known = Option<String>;

/// Why a command waits for a person, and what to write instead.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Waits {
    /// What it does: "opens an editor".
    pub(crate) what: &'static str,
    /// What to write instead.
    pub(crate) instead: String,
}

/// Whether a command waits for a person at a terminal. `has_input` if something is sent to it.
pub(crate) fn waits_for_a_person(words: &[Known], has_input: bool) -> Option<Waits> {
    let (program, rest) = program(words)?;
    let waits = |what, instead: &str| Some(Waits { what, instead: instead.to_owned() });
    if EDITORS.contains(&program) && !has(rest, &["-e", "-s", "--batch"]) {
        return waits(
            "opens an editor",
            "write the file with `files.write`, or let a person do it: `manual \"…\"`",
        );
    }
    if PAGERS.contains(&program) {
        return waits("shows one screen after the other", "leave it out: what a command prints is recorded");
    }
    if SCREENS.contains(&program) && !(program == "top" && has(rest, &["-b", "-n"])) {
        return waits("shows a screen until somebody ends it", "ask once for what is looked at");
    }
    // What runs apart from a terminal says so.
    if HANDS.contains(&program) && !has_input && !has(rest, &["-d", "-c"]) {
        return waits("works with a person at a terminal", "let a person do it: `manual \"…\"`");
    }
    if let Some((_, given, first)) = SHELLS.iter().find(|(name, ..)| *name == program) {
        return if has_input || has(rest, given) {
            None
        } else {
            Some(Waits { what: "asks what to do", instead: format!("say it: `{program} {first} …`") })
        };
    }
    if let Some((_, verbs, yes, first)) = ASK_FIRST.iter().find(|(name, ..)| *name == program) {
        let asks = verbs.is_empty() || verb(rest).is_some_and(|verb| verbs.contains(&verb));
        return if !asks || has_input || has(rest, yes) {
            None
        } else {
            Some(Waits {
                what: "asks whether it is really meant",
                instead: format!("answer it beforehand: `{first}`"),
            })
        };
    }
    of_one_program(program, rest)
}

/// What is special about some.
fn of_one_program(program: &str, rest: &[Known]) -> Option<Waits> {
    let waits = |what, instead: &str| Some(Waits { what, instead: instead.to_owned() });
    match (program, verb(rest)) {
        ("kubectl" | "oc", Some("edit")) => {
            waits("opens an editor", "change what is meant: `patch`, `set`, or `apply` with a file")
        }
        ("systemctl", Some("edit")) if !has(rest, &["--stdin"]) => {
            waits("opens an editor", "write the file with `files.write`, then `systemctl daemon-reload`")
        }
        ("crontab", _) if has(rest, &["-e"]) => {
            waits("opens an editor", "give it the whole table: `crontab FILE`, or `stdin text $ crontab -`")
        }
        ("git", Some("rebase" | "add")) if has(rest, &["-i", "--interactive", "-p", "--patch"]) => {
            waits("opens an editor", "leave the option out")
        }
        ("rm" | "cp" | "mv", _) if has(rest, &["-i", "-I", "--interactive"]) => {
            waits("asks for each file", "leave the option out")
        }
        ("kubectl" | "oc", Some("exec" | "run" | "debug")) if has(before_dashes(rest), TERMINAL) => {
            waits("is to open a terminal", "leave `-t` out")
        }
        ("docker" | "podman" | "nerdctl", Some("exec" | "run")) if has(before_image(rest), TERMINAL) => {
            waits("is to open a terminal", "leave `-t` out")
        }
        _ => None,
    }
}

/// Whether a command acts on whatever matches when it runs, and not on what it names. Gives the word that says so.
pub(crate) fn acts_on_what_matches(words: &[Known]) -> Option<&str> {
    let (program, rest) = program(words)?;
    match program {
        "kubectl" | "oc" if verb(rest).is_some_and(|verb| CHANGES.contains(&verb)) => {
            let named = |word: &&str| {
                let name = word.split_once('=').map_or(*word, |(name, _)| name);
                SELECTORS.contains(&name)
            };
            before_dashes(rest).iter().flatten().map(String::as_str).find(named)
        }
        "pkill" | "killall" => words.first()?.as_deref(),
        _ => None,
    }
}

/// Whether a command takes something away in a place that its words do not say, but a configuration of this machine.
pub(crate) fn takes_away_somewhere(words: &[Known]) -> Option<&'static Elsewhere> {
    let (program, rest) = program(words)?;
    let of_program = |elsewhere: &&Elsewhere| elsewhere.programs.contains(&program);
    ELSEWHERE.iter().find(of_program).filter(|elsewhere| {
        before_dashes(rest).iter().flatten().any(|word| elsewhere.verbs.contains(&word.as_str()))
    })
}

/// Whether a command adds something each time it is done, so that twice is not once. Gives the word that says so.
pub(crate) fn adds_each_time(words: &[Known]) -> Option<&str> {
    let (program, rest) = program(words)?;
    let texts = || rest.iter().flatten().map(String::as_str);
    let is_relative = |word: &&str| word.starts_with('+') && word.contains(|c: char| c.is_ascii_digit());
    match program {
        "iptables" | "ip6tables" => texts().find(|word| ["-A", "--append", "-I", "--insert"].contains(word)),
        "tee" => has(rest, &["-a", "--append"]).then_some("-a"),
        "lvextend" | "lvresize" | "truncate" | "qemu-img" => texts().find(is_relative),
        _ => None,
    }
}

/// What the library has for what a command does, if it has.
pub(crate) fn in_library(words: &[Known]) -> Option<&'static str> {
    let (program, rest) = program(words)?;
    match program {
        "pg_ctl" | "pg_ctlcluster" if has_word(rest, "promote") => Some("postgres.promote"),
        "nc" | "ncat" if has(rest, &["-z"]) => Some("net.accepts"),
        _ => None,
    }
}

/// Whether a command does nothing but wait for a time.
pub(crate) fn only_sleeps(words: &[Known]) -> bool {
    program(words).is_some_and(|(program, _)| program == "sleep")
}

/// The words that a command goes down into and removes or changes all below: their places. None if it does not.
pub(crate) fn goes_down_into(words: &[Known]) -> Vec<usize> {
    let Some((program, rest)) = program(words) else { return Vec::new() };
    let is_option = |word: &Known| word.as_deref().is_some_and(|word| word.starts_with('-'));
    let operands = rest.iter().enumerate().filter(|(_, word)| !is_option(word)).map(|(index, _)| index + 1);
    match program {
        "rm" if has(rest, &["-r", "-R", "--recursive"]) => operands.collect(),
        // Their first operand is the mode or the owner.
        "chmod" | "chown" | "chgrp" if has(rest, &["-R", "--recursive"]) => operands.skip(1).collect(),
        "find" if has_word(rest, "-delete") || has_word(rest, "-exec") && has_word(rest, "rm") => {
            let starts = rest
                .iter()
                .position(|word| word.as_deref().is_some_and(|word| word.starts_with(['-', '(', '!'])));
            (1..=starts.unwrap_or(rest.len())).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether the words of a command are patterns or documents, in which `<b>` and `CHANGE_ME` are looked for.
pub(crate) fn reads_patterns(words: &[Known]) -> bool {
    program(words).is_some_and(|(program, _)| READ_PATTERNS.contains(&program))
}

/// Finds a part of a word that stands for something nobody filled in: `<cluster-name>`, `CHANGE_ME`, `YOUR_TOKEN`.
pub(crate) fn placeholder(text: &str) -> Option<&str> {
    let angled = text.split_inclusive('>').find_map(|part| {
        let found = part.get(part.rfind('<')?..)?;
        let inner = found.strip_prefix('<')?.strip_suffix('>')?;
        let is_name = inner.starts_with(|c: char| c.is_ascii_alphabetic())
            && inner.chars().all(|c| is_part(c) || c == ' ');
        // `<b>` may be a tag of a document; these are none.
        let is_no_tag = inner.contains(['-', '_', ' ']) || inner.chars().all(|c| c.is_ascii_uppercase());
        (is_name && is_no_tag).then_some(found)
    });
    angled.or_else(|| capitals(text))
}

/// The same for those without brackets.
pub(crate) fn capitals(text: &str) -> Option<&str> {
    text.split(|c| !is_part(c)).find(|word| {
        let plain: String = word.chars().filter(char::is_ascii_alphanumeric).collect();
        let yours =
            word.strip_prefix("YOUR").is_some_and(|rest| rest.len() > 1 && rest.starts_with(['_', '-']));
        matches!(plain.as_str(), "CHANGEME" | "changeme" | "REPLACEME" | "replaceme" | "FILLMEIN")
            || yours && word.chars().all(|c| !c.is_ascii_lowercase())
    })
}

/// Whether a letter may be a part of a name.
fn is_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

/// Says that a command waits for a person.
pub(crate) fn say_waits(place: Span, program: &str, waits: &Waits) -> Diagnostic {
    let none = if waits.what.ends_with("terminal") { "none" } else { "no terminal" };
    warning("SF0350", place, format!("`{program}` {}, and a step has {none}", waits.what))
        .note("it would fail, or wait until its time is over")
        .help(waits.instead.clone())
}

/// Says that a command does nothing but wait.
pub(crate) fn say_sleeps(place: Span) -> Diagnostic {
    warning("SF0351", place, "this waits for a time, and not for what it is about")
        .note("one day the time is too short, and on all others it is too long")
        .help("ask for it: `ensures FACT within 5m` in the step, `wait until FACT every 5s within 5m` between steps")
}

/// Says that a command acts on whatever matches.
pub(crate) fn say_matches(place: Span, word: &str) -> Diagnostic {
    warning("SF0352", place, format!("`{word}` acts on whatever matches when it runs"))
        .note("how many that are, nobody has seen: one label too wide, and it is all of them")
        .help("find them first, `let pods = lines $ …`, and go through them with a limit: `for pod in pods max 20 { … }`; or name the one")
}

/// Says that a command takes something away in a place that nobody looked at.
pub(crate) fn say_elsewhere(place: Span, elsewhere: &Elsewhere) -> Diagnostic {
    let Elsewhere { place: what, asks, .. } = elsewhere;
    warning("SF0353", place, format!("this takes something away in whatever {what} this machine is set to"))
        .note(format!("nothing in this file says or asks for the {what}"))
        .help(format!(
            "require the right one first: `fact right_{what} = text $ {asks} == {what}`, with `param {what}: text`"
        ))
}

/// Says that a rollback adds something each time.
pub(crate) fn say_adds(place: Span, word: &str) -> Diagnostic {
    warning("SF0416", place, format!("`{word}` adds something each time, and a rollback may be done twice"))
        .note("it runs when its step had no effect, or half of it, and again after a crash")
        .help("set what is to be there, and not a difference: keep what was there with `before`, and bring that back")
}

/// Says that the library has something for this.
pub(crate) fn say_in_library(place: Span, function: &str) -> Diagnostic {
    let module = function.split('.').next().unwrap_or(function);
    warning("SF0354", place, format!("the library has `{function}` for this"))
        .note("of a function of the library it is known what it changes, what it needs, and how it is taken back")
        .help(format!("write `use std.{module}` at the top, and `{function}(…)` here"))
}

/// Says that a folder is another one if a value is empty.
pub(crate) fn say_empty(place: Span, name: &str, left: &str) -> Diagnostic {
    error("SF0251", place, format!("if `{name}` is empty, this goes down into `{left}`"))
}

/// Says that nobody filled in a word.
pub(crate) fn say_placeholder(place: Span, found: &str) -> Diagnostic {
    error("SF0024", place, format!("nobody filled in `{found}`"))
}

/// The program of a command, without its folder, and the words after it.
fn program(words: &[Known]) -> Option<(&str, &[Known])> {
    let (first, rest) = words.split_first()?;
    Some((first.as_deref()?.rsplit('/').next()?, rest))
}

/// The first word that is no option.
fn verb(words: &[Known]) -> Option<&str> {
    words.iter().flatten().map(String::as_str).find(|word| !word.starts_with('-'))
}

/// The words before `--`.
fn before_dashes(words: &[Known]) -> &[Known] {
    let end = words.iter().position(|word| word.as_deref() == Some("--")).unwrap_or(words.len());
    words.get(..end).unwrap_or(words)
}

/// The options right behind the first word: what comes later may belong to the program in the container.
fn before_image(words: &[Known]) -> &[Known] {
    let behind = words.get(1..).unwrap_or_default();
    let end = behind.iter().position(|word| !word.as_deref().is_some_and(|word| word.starts_with('-')));
    behind.get(..end.unwrap_or(behind.len())).unwrap_or(behind)
}

fn has_word(words: &[Known], wanted: &str) -> bool {
    words.iter().any(|word| word.as_deref() == Some(wanted))
}

/// Whether one of some options is there: by itself, with a value behind `=`, or, if it is one letter, among others.
fn has(words: &[Known], options: &[&str]) -> bool {
    words.iter().flatten().any(|word| {
        options.iter().any(|option| {
            let letter = option.strip_prefix('-').filter(|letter| letter.len() == 1);
            let among = word.strip_prefix('-').filter(|letters| !letters.starts_with('-'));
            let is_among = letter.zip(among).is_some_and(|(letter, letters)| letters.contains(letter));
            word == option || is_among || word.split_once('=').is_some_and(|(name, _)| name == *option)
        })
    })
}

#[cfg(test)]
mod tests;
