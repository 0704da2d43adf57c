//! What the shells know by themselves: their builtins, and the variables that are set when a script starts.
//!
//! And what is known of programs: which fail for no reason that matters, and which only turn one text into another.

/// The shell that reads a script.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Shell {
    /// The `sh` of the machine. On Debian it is dash.
    Sh,
    Bash,
}

impl Shell {
    /// Returns the shell of this name.
    pub(crate) fn of(name: &str) -> Option<Shell> {
        match name.rsplit('/').next() {
            Some("sh" | "dash") => Some(Shell::Sh),
            Some("bash") => Some(Shell::Bash),
            Some(_) | None => None,
        }
    }

    /// Returns its name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Shell::Sh => "sh",
            Shell::Bash => "bash",
        }
    }
}

/// What every shell does by itself.
const BUILTINS: &[&str] = &[
    ".", ":", "[", "alias", "bg", "break", "cd", "command", "continue", "echo", "eval", "exec", "exit",
    "export", "false", "fg", "getopts", "hash", "jobs", "kill", "local", "printf", "pwd", "read", "readonly",
    "return", "set", "shift", "test", "times", "trap", "true", "type", "ulimit", "umask", "unalias", "unset",
    "wait",
];

/// What bash does by itself, and other shells not.
const BASH_BUILTINS: &[&str] = &[
    "bind",
    "builtin",
    "caller",
    "compgen",
    "complete",
    "compopt",
    "declare",
    "dirs",
    "disown",
    "enable",
    "help",
    "history",
    "let",
    "logout",
    "mapfile",
    "popd",
    "pushd",
    "readarray",
    "shopt",
    "source",
    "suspend",
    "typeset",
];

/// Whether a shell does this by itself.
pub(super) fn is_builtin(name: &str) -> bool {
    BUILTINS.contains(&name) || is_bash_builtin(name)
}

/// Whether bash does this by itself, and other shells do not.
pub(super) fn is_bash_builtin(name: &str) -> bool {
    BASH_BUILTINS.contains(&name)
}

/// What the sandbox gives every program.
const ENVIRONMENT: &[&str] = &["PATH", "HOME", "LANG", "TZ"];

/// What every shell sets.
const SET_BY_SHELLS: &[&str] = &["IFS", "OPTIND", "PPID", "PS4", "PWD", "LINENO"];

/// What shells set that are no bash; bash does so only where a person types.
const SET_BY_SH: &[&str] = &["PS1", "PS2"];

/// What bash sets at its start, and what it sets as it goes.
const SET_BY_BASH: &[&str] = &[
    "BASH",
    "BASHOPTS",
    "BASHPID",
    "BASH_ARGC",
    "BASH_ARGV",
    "BASH_ALIASES",
    "BASH_CMDS",
    "BASH_COMMAND",
    "BASH_EXECUTION_STRING",
    "BASH_LINENO",
    "BASH_REMATCH",
    "BASH_SOURCE",
    "BASH_SUBSHELL",
    "BASH_VERSINFO",
    "BASH_VERSION",
    "DIRSTACK",
    "EPOCHREALTIME",
    "EPOCHSECONDS",
    "EUID",
    "FUNCNAME",
    "GROUPS",
    "HOSTNAME",
    "HOSTTYPE",
    "MACHTYPE",
    "OPTERR",
    "OSTYPE",
    "PIPESTATUS",
    "RANDOM",
    "SECONDS",
    "SHELL",
    "SHELLOPTS",
    "SHLVL",
    "SRANDOM",
    "TERM",
    "UID",
];

/// What builtins set when no other name is given.
const SET_BY_BUILTINS: &[&str] = &["REPLY", "MAPFILE", "OPTARG"];

/// Whether a variable is set when a script starts, or by what it does without naming it.
pub(super) fn is_set(name: &str, shell: Shell) -> bool {
    let common = [ENVIRONMENT, SET_BY_SHELLS, SET_BY_BUILTINS];
    let own = match shell {
        Shell::Sh => SET_BY_SH,
        Shell::Bash => SET_BY_BASH,
    };
    common.iter().any(|names| names.contains(&name)) || own.contains(&name)
}

/// Variables of the shell whose value is one word, always.
pub(super) const ONE_WORD: &[&str] = &[
    "0",
    "BASHPID",
    "EPOCHSECONDS",
    "EUID",
    "HOME",
    "HOSTNAME",
    "LINENO",
    "OPTIND",
    "PPID",
    "RANDOM",
    "SECONDS",
    "SHLVL",
    "SRANDOM",
    "UID",
];

/// What does not fail, or whose failure is its answer, or says nothing new.
const HARMLESS: &[&str] = &[
    ":", "[", "alias", "break", "continue", "declare", "echo", "exit", "export", "false", "getopts", "hash",
    "jobs", "kill", "let", "local", "printf", "pwd", "read", "readonly", "return", "set", "shift", "shopt",
    "sleep", "test", "times", "trap", "true", "type", "typeset", "ulimit", "umask", "unalias", "unset",
    "wait", "tput", "clear",
];

/// What prints something that is always there.
const PRINTERS: &[&str] = &[
    "arch", "basename", "date", "dirname", "hostname", "id", "logname", "nproc", "seq", "uname", "uptime",
    "whoami",
];

/// What turns its input into its output; it fails when it is called wrongly, and that shows at once.
const FILTERS: &[&str] = &[
    "base64",
    "cut",
    "fold",
    "head",
    "md5sum",
    "nl",
    "paste",
    "rev",
    "sed",
    "sha1sum",
    "sha256sum",
    "sha512sum",
    "sort",
    "tac",
    "tail",
    "tee",
    "tr",
    "uniq",
    "wc",
    "xxd",
    "awk",
    "column",
    "fmt",
    "od",
];

/// Whether the failure of a program is no news.
pub(super) fn is_harmless(name: &str) -> bool {
    HARMLESS.contains(&name)
}

/// Whether a program prints something that is always there.
pub(super) fn is_printer(name: &str) -> bool {
    PRINTERS.contains(&name)
}

/// Whether a program turns its input into its output.
pub(super) fn is_filter(name: &str) -> bool {
    FILTERS.contains(&name)
}

/// What answers by its exit: 1 says no, and more says that it could not tell.
pub(super) fn is_question(name: &str) -> bool {
    ["grep", "egrep", "fgrep", "pgrep", "cmp", "diff"].contains(&name)
}

/// What is done for its effect: nobody asks `mkdir` whether something is so.
pub(super) fn is_done_for_effect(name: &str) -> bool {
    const DOERS: &[&str] = &[
        "cd", "chmod", "chown", "cp", "dd", "install", "ln", "make", "mkdir", "mount", "mv", "pushd", "rm",
        "rsync", "sync", "tar", "touch", "umount",
    ];
    DOERS.contains(&name)
}
