//! Which programs a command runs: itself, or what it is told to run.

use super::shell::{self, Shell};
use super::tree::{Piece, PieceKind, Place, Shape, Word};
use super::values::Values;

/// What a command runs.
#[derive(Debug)]
pub(super) enum Run<'a> {
    /// This program.
    Program(String, Place),
    /// What this text says, in another shell or later.
    Text(&'a Word, How),
    /// What cannot be known, and why.
    Unknown(Place, Why),
    /// What this says, as another user.
    AsUser(String, Place),
    /// What only bash does by itself.
    OnlyBash(String, Place),
}

/// Why it cannot be known what a command runs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Why {
    /// The program is computed.
    Program,
    /// The text that it runs is computed.
    Text,
    /// It runs the lines of another file.
    File,
    /// The options of the program that runs it are not known.
    Options,
    /// Too many programs run each other.
    Deep,
}

/// How a text is run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum How {
    /// At once, as a part of the script.
    Here,
    /// Later, as a part of the script: on a signal.
    Later,
    /// By a shell of its own.
    Apart(Shell),
}

/// A program that runs another one.
struct Wrapper {
    name: &'static str,
    /// Options that stand alone.
    flags: &'static [&'static str],
    /// Options whose value is the next word, or follows at once.
    with_value: &'static [&'static str],
    /// Words before the other program that are no options.
    operands: usize,
    /// Whether `NAME=value` may stand before the other program.
    assigns: bool,
}

const WRAPPERS: &[Wrapper] = &[
    Wrapper { name: "command", flags: &["-p"], with_value: &[], operands: 0, assigns: false },
    Wrapper { name: "builtin", flags: &[], with_value: &[], operands: 0, assigns: false },
    Wrapper { name: "exec", flags: &["-c", "-l", "-cl"], with_value: &["-a"], operands: 0, assigns: false },
    Wrapper {
        name: "env",
        flags: &["-i", "-0", "-v", "--ignore-environment", "--null", "--debug"],
        with_value: &["-u", "-C", "--unset", "--chdir"],
        operands: 0,
        assigns: true,
    },
    Wrapper { name: "nohup", flags: &[], with_value: &[], operands: 0, assigns: false },
    Wrapper {
        name: "setsid",
        flags: &["-c", "-f", "-w", "--ctty", "--fork", "--wait"],
        with_value: &[],
        operands: 0,
        assigns: false,
    },
    Wrapper { name: "nice", flags: &[], with_value: &["-n", "--adjustment"], operands: 0, assigns: false },
    Wrapper {
        name: "ionice",
        flags: &["-t", "--ignore"],
        with_value: &["-c", "-n", "--class", "--classdata"],
        operands: 0,
        assigns: false,
    },
    Wrapper {
        name: "timeout",
        flags: &["-v", "-f", "-p", "--preserve-status", "--foreground", "--verbose"],
        with_value: &["-s", "-k", "--signal", "--kill-after"],
        operands: 1,
        assigns: false,
    },
    Wrapper {
        name: "stdbuf",
        flags: &[],
        with_value: &["-i", "-o", "-e", "--input", "--output", "--error"],
        operands: 0,
        assigns: false,
    },
    Wrapper {
        name: "xargs",
        flags: &["-0", "-r", "-t", "-x", "-o", "-p", "--null", "--no-run-if-empty", "--verbose", "--exit"],
        with_value: &[
            "-n",
            "-P",
            "-I",
            "-L",
            "-s",
            "-d",
            "-a",
            "-E",
            "--max-args",
            "--max-procs",
            "--replace",
            "--max-lines",
            "--max-chars",
            "--delimiter",
            "--arg-file",
        ],
        operands: 0,
        assigns: false,
    },
    Wrapper {
        name: "flock",
        flags: &[
            "-n",
            "-s",
            "-x",
            "-e",
            "-o",
            "-F",
            "--nonblock",
            "--nb",
            "--shared",
            "--exclusive",
            "--close",
        ],
        with_value: &["-w", "-E", "--wait", "--timeout", "--conflict-exit-code"],
        operands: 1,
        assigns: false,
    },
    Wrapper {
        name: "time",
        flags: &["-p", "-v", "-a"],
        with_value: &["-f", "-o"],
        operands: 0,
        assigns: false,
    },
    Wrapper { name: "chronic", flags: &["-e", "-v"], with_value: &[], operands: 0, assigns: false },
];

/// Programs within programs that are looked for: `nohup nice timeout 5 env … app`.
const WRAPPED_MAX: usize = 8;

/// Returns what the words of a command run.
pub(super) fn runs<'a>(words: &'a [Word], values: &Values<'_>) -> Vec<Run<'a>> {
    let mut runs = Vec::new();
    add(words, values, WRAPPED_MAX, &mut runs);
    runs
}

fn add<'a>(words: &'a [Word], values: &Values<'_>, deep: usize, runs: &mut Vec<Run<'a>>) {
    let Some((first, rest)) = words.split_first() else { return };
    let Some(deep) = deep.checked_sub(1) else {
        runs.push(Run::Unknown(first.place, Why::Deep));
        return;
    };
    let Some(name) = name_of(first, values) else {
        runs.push(Run::Unknown(first.place, Why::Program));
        return;
    };
    if values.functions.contains_key(name.as_str()) {
        return;
    }
    let base = name.rsplit('/').next().unwrap_or(&name).to_owned();
    if matches!(base.as_str(), "sudo" | "doas") {
        runs.push(Run::AsUser(name, first.place));
        return;
    }
    if shell::is_bash_builtin(&name) {
        runs.push(Run::OnlyBash(name, first.place));
    } else if !shell::is_builtin(&name) && !name.is_empty() {
        runs.push(Run::Program(name, first.place));
    }
    match base.as_str() {
        "eval" => match rest {
            [] => {}
            [only] => runs.push(Run::Text(only, How::Here)),
            _ => runs.push(Run::Unknown(first.place, Why::Text)),
        },
        "." | "source" => {
            runs.push(Run::Unknown(first.place, Why::File));
        }
        "trap" => {
            let action = rest.iter().find(|word| !word.is("--"));
            if let Some(action) =
                action.filter(|action| !action.is("-") && !action.is("") && !action.is("-l"))
            {
                runs.push(Run::Text(action, How::Later));
            }
        }
        "find" => {
            for (index, word) in rest.iter().enumerate() {
                if ["-exec", "-execdir", "-ok", "-okdir"].iter().any(|action| word.is(action)) {
                    let after = rest.get(index + 1..).unwrap_or_default();
                    let end = after.iter().position(|word| word.is(";") || word.is("+"));
                    add(after.get(..end.unwrap_or(after.len())).unwrap_or_default(), values, deep, runs);
                }
            }
        }
        shell_name => {
            if let Some(shell) = Shell::of(shell_name) {
                add_shell(shell, rest, runs);
            } else if let Some(wrapper) = WRAPPERS.iter().find(|wrapper| wrapper.name == base) {
                add_wrapped(wrapper, first, rest, values, deep, runs);
            }
        }
    }
}

/// `sh -c 'text'`
fn add_shell<'a>(shell: Shell, rest: &'a [Word], runs: &mut Vec<Run<'a>>) {
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        let Some(text) = word.text() else { return };
        if text.starts_with(['-', '+']) && !text.starts_with("--") && text.ends_with('o') {
            words.next();
        } else if text.starts_with('-') && !text.starts_with("--") && text.ends_with('c') {
            if let Some(script) = words.next() {
                runs.push(Run::Text(script, How::Apart(shell)));
            }
            return;
        } else if !text.starts_with(['-', '+']) {
            // A file, or nothing: a program like any other.
            return;
        }
    }
}

/// Looks behind the options of a program for the one that it runs.
fn add_wrapped<'a>(
    wrapper: &Wrapper,
    first: &Word,
    rest: &'a [Word],
    values: &Values<'_>,
    deep: usize,
    runs: &mut Vec<Run<'a>>,
) {
    let mut operands = wrapper.operands;
    let mut index = 0;
    while let Some(word) = rest.get(index) {
        let text = word.text();
        match &text {
            Some(text) if text == "--" => {}
            Some(text) if text.starts_with('-') && text.len() > 1 => match wrapper.option(text) {
                Taken::Alone => {}
                Taken::WithNext => index += 1,
                Taken::RunsNothing => return,
                Taken::Unknown => return runs.push(Run::Unknown(first.place, Why::Options)),
            },
            _ if wrapper.assigns && word_starts_with_assignment(word) => {}
            _ if operands > 0 => operands -= 1,
            _ => return add(rest.get(index..).unwrap_or_default(), values, deep, runs),
        }
        index += 1;
    }
}

/// What an option takes.
enum Taken {
    Alone,
    WithNext,
    /// With it, the program runs no other.
    RunsNothing,
    Unknown,
}

impl Wrapper {
    fn option(&self, written: &str) -> Taken {
        let takes = |option: &str| self.with_value.contains(&option);
        if let Some(long) = written.strip_prefix("--") {
            let (name, has_value) = match long.split_once('=') {
                Some((name, _)) => (format!("--{name}"), true),
                None => (written.to_owned(), false),
            };
            return match (takes(&name), self.flags.contains(&name.as_str())) {
                (true, true) | (true, false) if has_value => Taken::Alone,
                (_, true) => Taken::Alone,
                (true, false) => Taken::WithNext,
                (false, false) => Taken::Unknown,
            };
        }
        if self.flags.contains(&written) {
            return Taken::Alone;
        }
        let letters = written.strip_prefix('-').unwrap_or_default();
        if self.name == "command" && letters.contains(['v', 'V']) {
            return Taken::RunsNothing;
        }
        if self.name == "nice" && letters.bytes().all(|byte| byte.is_ascii_digit()) {
            return Taken::Alone;
        }
        // Several may share one dash, and the last may have its value behind it: `-0rn1`.
        for (at, letter) in letters.char_indices() {
            let option = format!("-{letter}");
            if takes(&option) {
                return if at + letter.len_utf8() == letters.len() { Taken::WithNext } else { Taken::Alone };
            }
            if !self.flags.contains(&option.as_str()) {
                return Taken::Unknown;
            }
        }
        Taken::Alone
    }
}

fn word_starts_with_assignment(word: &Word) -> bool {
    let Some(Piece { kind: PieceKind::Text(text), .. }) = word.pieces.first() else { return false };
    text.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

/// Returns the name of a program: written out, or in a variable that is set once, to a text.
fn name_of(word: &Word, values: &Values<'_>) -> Option<String> {
    let mut name = String::new();
    for piece in &word.pieces {
        match &piece.kind {
            PieceKind::Text(text) => name.push_str(text),
            PieceKind::Variable(variable) => {
                if !variable.inner.is_empty() {
                    return None;
                }
                let value = match variable.shape {
                    Shape::Value => values.constant(&variable.name)?,
                    Shape::All => values.first_of(&variable.name)?,
                    Shape::Number | Shape::Inner => return None,
                };
                if !piece.quoted && value.contains([' ', '\t', '\n']) {
                    // Only its first word is the program.
                    name.push_str(value.split_whitespace().next()?);
                    return Some(name);
                }
                name.push_str(&value);
            }
            PieceKind::Output(..) | PieceKind::Arithmetic(_) => return None,
        }
    }
    Some(name)
}
