//! Says what is wrong with a script, at its place in the runbook.

use surefoot_syntax::{Diagnostic, Span};

use super::exits::{How, Lost};
use super::habits::Habit;
use super::position::Positions;
use super::programs::Why;
use super::quotes::Split;
use super::shell::Shell;
use super::tree::Place;
use super::unset::Unset;
use crate::known;
use crate::report::{Report, error, warning};

/// Gathers what is wrong.
pub(super) struct Say<'a> {
    positions: &'a Positions,
    text: &'a str,
    shell: Shell,
    found: Vec<Diagnostic>,
}

impl<'a> Say<'a> {
    pub(super) fn new(positions: &'a Positions, text: &'a str, shell: Shell) -> Say<'a> {
        Say { positions, text, shell, found: Vec::new() }
    }

    /// Returns what was gathered.
    pub(super) fn done(self) -> Vec<Diagnostic> {
        self.found
    }

    fn span(&self, place: Place) -> Span {
        self.positions.span(place)
    }

    fn slice(&self, place: Place) -> &'a str {
        self.text.get(place.start..place.end).unwrap_or_default()
    }

    pub(super) fn broken(&mut self, place: Place, why: &str, shell: Shell) {
        let shell = shell.name();
        self.found.push(
            error("SF0320", self.span(place), format!("`{shell}` cannot read this script"))
                .here(why)
                .help(format!("mend it here or before: `{shell} -n` reads a file the same way")),
        );
    }

    pub(super) fn too_big(&mut self, place: Place, why: &str) {
        self.found.push(
            error("SF0329", self.span(place), "this script is too big to be read before it runs")
                .here(why)
                .help(
                    "keep it in a file, and run that: `$ /usr/local/bin/name`; or make several steps of it",
                ),
        );
    }

    pub(super) fn only_bash(&mut self, place: Place, what: &str) {
        self.found.push(
            warning("SF0120", self.span(place), format!("{what} is known to `bash`, and not to every `sh`"))
                .here("on Debian, `sh` is dash, which does not know it")
                .help("write `bash` before the fence, and `bash` in `allow`"),
        );
    }

    pub(super) fn unset(&mut self, unset: &Unset<'_>) {
        let name = unset.name;
        let span = self.span(unset.place);
        if unset.is_set_later {
            self.found.push(
                error("SF0313", span, format!("the variable `{name}` is read before it is set"))
                    .here("the script would stop here")
                    .help(format!("set it first; or say what counts until then: `${{{name}:-…}}`")),
            );
            return;
        }
        if name.starts_with(|c: char| c.is_ascii_digit()) {
            self.found.push(
                error(
                    "SF0313",
                    span,
                    format!("nothing sets `${name}`: a script has no arguments by position"),
                )
                .here("the script would stop here")
                .help("give values by name: `(folder: …)` after the language, read as `$folder`"),
            );
            return;
        }
        let found = error("SF0313", span, format!("nothing sets the variable `{name}`"))
            .here("the script would stop here");
        let found = if name.bytes().any(|byte| byte.is_ascii_lowercase()) {
            found.note("a script sees no name of the runbook by itself: values are given by name").help(format!(
                "give it: `({name}: …)` after the language; or say what counts without it: `${{{name}:-…}}`"
            ))
        } else {
            found.note("of the environment, a script sees PATH, HOME, LANG and TZ, and what it is given").help(
                format!("give it: `env {{ {name}: … }}` before the language; or say what counts without it: `${{{name}:-…}}`"),
            )
        };
        self.found.push(found);
    }

    pub(super) fn unknown(&mut self, place: Place, why: Why) {
        let (here, help) = match why {
            Why::Program => (
                "the program is known only when this runs",
                "write the program's name; choose between programs with `case`",
            ),
            Why::Text => {
                ("this text is put together when it runs", "write it out, in single quotes: `'rm \"$x\"'`")
            }
            Why::File => (
                "what stands in the other file is not looked at",
                "give the script its values by name; write the functions here, or make a program of the file",
            ),
            Why::Options => (
                "its options hide which program it runs",
                "write the options in full, with their values behind `=`; or run the program by itself",
            ),
            Why::Deep => ("too many programs run each other here", "make several commands of it"),
        };
        self.found.push(
            warning("SF0620", self.span(place), "what this runs cannot be known before it runs")
                .here(here)
                .note("the sandbox lets it run only what `allow` names")
                .help(help),
        );
    }

    pub(super) fn as_user(&mut self, place: Place, name: &str) {
        self.found.push(
            error("SF0605", self.span(place), format!("who a program runs as stands before the script, not in `{name}`"))
                .help("write `as root` before the language, and `as root` in `allow`; or make a step of its own of it"),
        );
    }

    pub(super) fn split(&mut self, split: &Split) {
        let written = self.slice(split.place);
        let found =
            warning("SF0328", self.span(split.place), format!("{} is split into words here", shown(written)));
        let found = if split.is_list {
            found.here("each element is split at its blanks, and names of files are looked up for it")
        } else {
            found.here("at its blanks; and names of files are looked up for `*`, `?` and `[`")
        };
        let quoted = format!("\"{written}\"");
        let lists = self.shell == Shell::Bash && !split.is_list;
        let help = format!("write {}", shown(&quoted));
        let help = if lists {
            format!("{help}; several words are a list: `words=(a b)`, `\"${{words[@]}}\"`")
        } else {
            help
        };
        self.found
            .push(found.maybe_fixed_by("put quotes around it", self.span(split.place), quoted).help(help));
    }

    pub(super) fn habit(&mut self, place: Place, habit: &Habit) {
        let span = self.span(place);
        self.found.push(match habit {
            Habit::Waits(program, waits) => known::say_waits(span, program, waits),
            Habit::Matches(word) => known::say_matches(span, word),
            Habit::Sleeps => known::say_sleeps(span),
            Habit::Empty(name, left) => known::say_empty(span, name, left).help(format!(
                "write `${{{name}:?}}`, which stops the script if it is empty; or say what it looks like where it is given"
            )),
            Habit::Placeholder(found) => known::say_placeholder(span, found)
                .help("give a value by name, `(name: …)` after the language, and write `\"$name\"` here"),
        });
    }

    pub(super) fn lost(&mut self, lost: &Lost) {
        let span = self.span(lost.place);
        let what = lost.what.as_deref().map_or_else(|| "it".to_owned(), |name| format!("`{name}`"));
        let found = match lost.how {
            How::Declared => {
                let written = self.slice(lost.place);
                warning("SF0321", span, format!("whether {what} failed is lost in the declaration"))
                    .here("the exit is that of the declaration, which succeeds")
                    .help(format!("declare it and set it on two lines: `x={}` stops when it fails", short(written)))
            }
            How::Dropped => warning("SF0322", span, format!("whether {what} failed is thrown away"))
                .here("this goes on whatever happened")
                .help("say which failure is fine: `|| [ $? -eq 3 ]`; or say why any is, in a comment behind it: `|| true # it may be gone`"),
            How::AnswerDropped => warning("SF0322", span, format!("that {what} failed is taken for a no"))
                .here("1 says no, 2 and more that it could not tell; this drops both")
                .help("write `|| [ $? -eq 1 ]`: a no is fine, and a failure stops the script"),
            How::NotLast => warning("SF0323", span, format!("when {what} fails, the script goes on"))
                .here("in a condition, only the exit of the last command counts")
                .help("join them with `&&`, or put this before the condition"),
            How::Called | How::CalledInOutput => {
                let found =
                    warning("SF0323", span, format!("{what} does not stop at a failure when it is called here"));
                let found = match lost.there {
                    Some(place) => found.label(self.span(place), "when this fails, it goes on"),
                    None => found,
                };
                if lost.how == How::CalledInOutput {
                    found
                        .here("in `$(…)`, bash goes on after a failure")
                        .help("begin the script with `shopt -s inherit_errexit`; or end each line of the function that may fail with `|| return 1`")
                } else {
                    found
                        .here("in a condition, or before `&&` and `||`, nothing in it stops")
                        .help("end each line of it that may fail with `|| return 1`; or call it alone, on a line of its own")
                }
            }
            How::NotLastInOutput => warning("SF0323", span, format!("when {what} fails, the script goes on"))
                .here("in `$(…)`, bash goes on after a failure")
                .help("join the commands with `&&`; or begin the script with `shopt -s inherit_errexit`"),
            How::BeforeAnd => warning("SF0323", span, format!("when {what} fails, the rest of this line is left out, and the script goes on"))
                .here("before `&&`, a failure does not stop the script")
                .help("write two lines: each stops the script when it fails"),
            How::Negated => warning("SF0323", span, format!("whatever {what} says, the script goes on"))
                .here("behind `!`, neither failure nor success stops it")
                .help("write `if …; then …; exit 1; fi`"),
            How::SwitchedOff(option) => {
                let what = match option {
                    "nounset" => "an unset variable",
                    "pipefail" => "a failure in a pipeline",
                    _ => "a failure",
                };
                warning("SF0324", span, format!("from here on, {what} does not stop the script"))
                    .help(match option {
                        "nounset" => "leave it out; say what counts for an unset variable: `${x:-…}`",
                        _ => "leave it out; keep an exit that is meant: `code=0; command || code=$?`",
                    })
            }
            How::Background => warning("SF0325", span, format!("nothing waits for {what}"))
                .here("whether it failed is never seen; and it ends with the script")
                .help("keep its number, `pid=$!`, and ask after it: `wait \"$pid\"`"),
            How::WaitedBlindly => warning("SF0325", span, format!("nothing asks how {what} ended"))
                .here("`wait` alone succeeds whatever happened")
                .help("keep its number, `pid=$!`, and ask after it: `wait \"$pid\"`"),
            How::InWord => {
                let written = self.slice(lost.place);
                warning("SF0326", span, format!("whether {what} failed is lost here"))
                    .here("the command goes on with what was printed so far")
                    .help(format!("set a variable first, on a line of its own: `x={}`, then `\"$x\"`", short(written)))
            }
            How::InProcess => warning("SF0326", span, format!("whether {what} failed is lost here"))
                .here("the exit of `<(…)` is never looked at")
                .help("set a variable first, `x=$(…)`, and read it: `<<< \"$x\"`; or write a pipeline"),
            How::InPipe => warning("SF0327", span, format!("whether {what} failed is lost in this pipeline"))
                .here("in `sh`, only the last program of a pipeline counts")
                .help("write `bash` before the fence: it runs with `pipefail`, and each program counts"),
        };
        self.found.push(found);
    }
}

/// Shows a piece of a script in a sentence.
fn shown(written: &str) -> String {
    format!("`{}`", short(written))
}

/// What of a piece fits in a sentence.
fn short(written: &str) -> String {
    const CHARS_MAX: usize = 40;
    let line = written.lines().next().unwrap_or_default();
    if line.len() == written.len() && line.chars().count() <= CHARS_MAX {
        line.to_owned()
    } else {
        "$(…)".to_owned()
    }
}
