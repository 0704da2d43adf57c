//! What is told of a script is what its shell does: asked of the shells of this machine.

#![expect(clippy::disallowed_methods, reason = "runs the shells, to compare with them")]

use std::process::Command;

use surefoot_compile::{NoSources, analyze};
use surefoot_syntax::{FileId, Source};

/// The codes that are found in a script.
fn told(shell: &str, script: &str) -> Vec<&'static str> {
    let text = format!(
        "runbook r {{\n allow {{ run sh, bash, ls, cat, sort, grep, date }}\n step s {{\n {shell} ```\n{script}\n ```\n idempotent\n leaves \"x\"\n }}\n}}\n"
    );
    let analysis = analyze(&NoSources, Source { id: FileId(0), path: "r.runbook".to_owned(), text });
    analysis.diagnostics().iter().map(|found| found.code).collect()
}

/// Whether a script goes on to its end, run as the sandbox runs it.
fn goes_on(shell: &str, script: &str) -> bool {
    let options: &[&str] = if shell == "bash" { &["-eu", "-o", "pipefail"] } else { &["-eu"] };
    let output = Command::new(shell)
        .args(options)
        .args(["-c", script, "script"])
        .env_clear()
        .envs([("PATH", "/usr/bin:/bin"), ("HOME", "/nowhere"), ("LANG", "C.UTF-8"), ("TZ", "UTC")])
        .output()
        .unwrap_or_else(|error| panic!("{shell} is not installed: {error}"));
    String::from_utf8_lossy(&output.stdout).ends_with("at the end\n")
}

/// A script with a last line, which it reaches or not.
fn to_the_end(script: &str) -> String {
    format!("{script}\necho at the end")
}

/// In each of these, `ls` fails and the script goes on.
const LOST: &[(&str, &str, &str)] = &[
    ("bash", "SF0321", "f() { local x=$(ls /nowhere); echo \"$x\"; }; f"),
    ("bash", "SF0321", "export x=$(ls /nowhere)"),
    ("bash", "SF0321", "readonly x=$(ls /nowhere | sort)"),
    ("sh", "SF0321", "export x=$(ls /nowhere)"),
    ("bash", "SF0322", "ls /nowhere || true"),
    ("bash", "SF0322", "grep -q x /nowhere || :"),
    ("bash", "SF0323", "if ls /nowhere; true; then :; fi"),
    ("bash", "SF0323", "while ls /nowhere; true; do break; done"),
    ("bash", "SF0323", "{ ls /nowhere; true; } && echo x"),
    ("bash", "SF0323", "(ls /nowhere; true) || echo x"),
    ("bash", "SF0323", "if ! { ls /nowhere; true; }; then :; fi"),
    ("bash", "SF0323", "! ls /nowhere"),
    ("bash", "SF0323", "! ls /"),
    ("bash", "SF0323", "cd /nowhere && echo x"),
    ("bash", "SF0323", "if true; then cd /nowhere && echo x; fi"),
    ("bash", "SF0323", "for x in 1; do cd /nowhere && echo \"$x\"; done"),
    ("bash", "SF0323", "{ cd /nowhere && echo x; }"),
    ("bash", "SF0323", "x=$(ls /nowhere; true)"),
    ("bash", "SF0323", "f() { ls /nowhere; true; }; if f; then :; fi"),
    ("bash", "SF0323", "f() { ls /nowhere; true; }; f || echo x"),
    ("bash", "SF0323", "f() { ls /nowhere; true; }; x=$(f)"),
    ("bash", "SF0324", "set +e\nls /nowhere"),
    ("bash", "SF0324", "set +o pipefail\nls /nowhere | sort"),
    ("bash", "SF0325", "ls /nowhere &"),
    ("bash", "SF0325", "ls /nowhere &\nwait"),
    ("bash", "SF0326", "echo \"$(ls /nowhere)\""),
    ("bash", "SF0326", "for x in $(ls /nowhere); do echo \"$x\"; done"),
    ("bash", "SF0326", "case \"$(ls /nowhere)\" in *) ;; esac"),
    ("bash", "SF0326", "[[ -z \"$(ls /nowhere)\" ]]"),
    ("bash", "SF0326", "cat <<< \"$(ls /nowhere)\""),
    ("bash", "SF0326", "cat <<END\n$(ls /nowhere)\nEND"),
    ("bash", "SF0326", "x=\"$(ls /nowhere) $(ls /)\""),
    ("bash", "SF0326", "x=$(ls /nowhere) ls /"),
    ("bash", "SF0326", "x=(\"$(ls /nowhere)\" \"$(ls /)\")"),
    ("bash", "SF0326", "cat < <(ls /nowhere)"),
    ("sh", "SF0327", "ls /nowhere | sort"),
];

/// In each of these, `ls` fails and the script stops.
const STOPS: &[(&str, &str)] = &[
    ("bash", "ls /nowhere"),
    ("bash", "f() { local x; x=$(ls /nowhere); }; f"),
    ("bash", "x=$(ls /nowhere | sort)"),
    ("bash", "x=\"${y:-$(ls /nowhere)}\""),
    ("bash", "x=$(date)$(ls /nowhere)"),
    ("bash", "x=(\"$(date)\" \"$(ls /nowhere)\")"),
    ("bash", "ls /nowhere | sort"),
    ("bash", "ls / && ls /nowhere"),
    ("bash", "(cd /nowhere && echo x)"),
    ("bash", "f() { cd /nowhere && echo x; }; f"),
    ("bash", "f() { ls /nowhere || return 1; true; }; if ! f; then exit 1; fi"),
    ("bash", "x=$(ls / && ls /nowhere)"),
    ("bash", "x=$(set -e; ls /nowhere; true)"),
    ("bash", "shopt -s inherit_errexit\nx=$(ls /nowhere; true)"),
    ("bash", "ls /nowhere &\npid=$!\nwait \"$pid\""),
    ("bash", "grep -q x /nowhere || [ $? -eq 1 ]"),
    ("sh", "x=$(ls /nowhere; true)"),
    ("sh", "x=$(ls /nowhere)"),
];

#[test]
fn where_a_failure_is_told_to_be_lost_the_shell_goes_on() {
    let mut wrong = Vec::new();
    for (shell, code, script) in LOST {
        let script = &to_the_end(script);
        if !goes_on(shell, script) || !told(shell, script).contains(code) {
            wrong.push(format!("{shell} {code} {script}: {:?}", told(shell, script)));
        }
    }
    for (shell, script) in STOPS {
        let script = &to_the_end(script);
        if goes_on(shell, script) || !told(shell, script).is_empty() {
            wrong.push(format!("{shell} {script}: {:?}", told(shell, script)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Scripts that read variables. Each is right, or stops because one is not set.
const READS: &[(&str, &str)] = &[
    ("bash", "echo \"$x\""),
    ("bash", "echo \"${#x}\""),
    ("bash", "echo \"${x%a}\" "),
    ("bash", "echo \"${x[0]}\""),
    ("bash", "echo \"$((x + 1))\""),
    ("bash", "((x++)) || echo x"),
    ("bash", "[[ -n $x ]] || echo x"),
    ("bash", "cat <<END\n$x\nEND"),
    ("bash", "echo \"$1\""),
    ("bash", "echo \"$OLDPWD\""),
    ("bash", "echo \"$USER\""),
    ("bash", "echo \"$x\"; x=1"),
    ("bash", "x=$x"),
    ("sh", "echo \"$RANDOM\""),
    ("sh", "echo \"$HOSTNAME\""),
    ("bash", "echo \"${x[@]}\" \"$@\" \"$*\" \"$#\" \"$?\" \"$$\" \"$-\" \"$0\" \"$_\""),
    ("bash", "echo \"${x:-a}\" \"${x-a}\" \"${x:+a}\" \"${x+a}\""),
    (
        "bash",
        "echo \"$PATH$HOME$LANG$TZ$IFS$PWD$PPID$RANDOM$SECONDS$LINENO$UID$EUID$HOSTNAME$OSTYPE$SHLVL$TERM$BASHPID\"",
    ),
    (
        "bash",
        "echo \"$BASH$BASH_VERSION$BASH_SUBSHELL$BASH_COMMAND$DIRSTACK$EPOCHSECONDS$SRANDOM$OPTIND$OPTERR$SHELL\"",
    ),
    ("bash", "echo \"${BASH_VERSINFO[0]}$PS4$MACHTYPE$HOSTTYPE$SHELLOPTS$BASHOPTS\""),
    ("sh", "echo \"$PATH$HOME$LANG$TZ$IFS$PWD$PPID$OPTIND$PS1$PS2$PS4\""),
    ("bash", "f() { echo \"$x\"; }; x=1; f"),
    ("bash", "for x in 1; do :; done; echo \"$x\"; ((y = 1)); echo \"$y\"; : \"${z:=1}\"; echo \"$z\""),
    (
        "bash",
        "printf -v x a; echo \"$x\"; x+=b; read -r y z <<< \"1 2\"; echo \"$y$z\"; let w=1; echo \"$w\"",
    ),
    (
        "bash",
        "[[ -v x ]] || echo none; declare -A m=([a]=1); echo \"${m[a]}\"; mapfile -t l <<< a; echo \"${l[0]}\"",
    ),
];

#[test]
fn a_variable_is_told_to_be_unset_where_the_shell_stops() {
    let mut wrong = Vec::new();
    for (shell, script) in READS {
        let script = &to_the_end(script);
        let told = told(shell, script);
        if goes_on(shell, script) == told.contains(&"SF0313") {
            wrong.push(format!("{shell} {script}: {told:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Scripts of which some are damaged.
const TEXTS: &[&str] = &[
    "if true; then :",
    "for x in a; done",
    "echo a (b)",
    "echo \"a",
    "echo 'a",
    "echo ${a",
    "echo $(a",
    "a)",
    "}",
    "fi",
    "case a in b",
    "while :; do",
    "a && ",
    "a | | b",
    "a;; b",
    "<<",
    "f() {",
    "[[ a",
    "echo $((1",
    "do",
    "a & & b",
    "x=(a",
    "then",
    "select x in a; do",
    "esac",
    "(a",
    "{ a",
    "if; then a; fi",
    "else",
    "((",
    "`a",
    "echo a}b {} \\{} ${x:-}}",
    "case a in (a|b) ;; *) ;; esac",
    "a() { :; }; a",
    "x=$((1 + (2)))",
    "echo \\( \\) # (",
    "if ! true; then :; elif :; then :; else :; fi",
    "cat <<'A' <<B\n$(\nA\nb\nB",
    "[[ a =~ ^(b|c)$ || ! -f d ]] || :",
    "for ((i = 0; i < 1; i++)); do :; done",
    "x=\"$(echo \"a\" 'b)')\"",
    "echo ${x:-'a}'} ${y:+\"}\"}",
    "echo {a,b} $'a\\'b'",
    "time ! { :; } 2>&1 | cat",
    "{ :; } > /dev/null 2>&1 < /dev/null",
    "while :; do break; done",
    "echo a \\\n  b",
];

#[test]
fn a_script_is_told_not_to_parse_when_bash_cannot_read_it() {
    let mut wrong = Vec::new();
    for script in TEXTS {
        let checked = Command::new("bash").args(["-n", "-c", script]).output().expect("bash is installed");
        let errors = String::from_utf8_lossy(&checked.stderr).contains("syntax error")
            || String::from_utf8_lossy(&checked.stderr).contains("unexpected");
        if errors != told("bash", script).contains(&"SF0320") {
            wrong.push(format!(
                "{script}: {:?}, {}",
                told("bash", script),
                String::from_utf8_lossy(&checked.stderr)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
