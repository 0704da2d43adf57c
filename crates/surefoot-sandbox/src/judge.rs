//! Reads how a job ended as an outcome: did it act, did it end well, and what did it say.

use surefoot_executor::Command;
use surefoot_journal::{Exit, Outcome, Report};
use surefoot_plan::{Decoder, decode, decode_exit};

use crate::ending::{Ending, MemberEnding};

/// Programs whose exit 1 in the middle of a pipeline means "nothing found", not "failed".
const FILTERS: [&str; 6] = ["grep", "egrep", "fgrep", "zgrep", "rg", "pgrep"];

/// The outcome of a command that ended like this and printed this.
///
/// `probe` says that only an answer counts: an accepted exit without one is not well.
pub(crate) fn judge(command: &Command, ending: Ending, printed: &[u8]) -> Outcome {
    if let Some(why) = ending.refused {
        return Outcome::NotPerformed { why };
    }
    let mut report = report(&ending);
    let last = ending.members.len().saturating_sub(1);
    let answers_by_exit = match &command.decoder {
        Decoder::Exit { false_on } => Some(false_on),
        Decoder::Nothing
        | Decoder::Text
        | Decoder::Lines
        | Decoder::Int
        | Decoder::Float
        | Decoder::Bool
        | Decoder::Size
        | Decoder::Json
        | Decoder::Table => None,
    };
    let mut complaints: Vec<String> = ending.failure.iter().cloned().collect();
    if ending.timed_out {
        complaints.push("it was stopped because its time was over".to_owned());
    } else if ending.interrupted {
        complaints.push("it was stopped because somebody asked for it".to_owned());
    } else {
        for (index, member) in ending.members.iter().enumerate() {
            let accepted = match (index == last, answers_by_exit) {
                // Its exit is the answer; which exits answer is decided below.
                (true, Some(_)) => matches!(member.exit, Some(Exit::Code(_))),
                (true, None) => {
                    matches!(member.exit, Some(Exit::Code(code)) if command.exits.contains(&code))
                }
                (false, _) => is_well_in_the_middle(member),
            };
            if !accepted {
                complaints.push(describe(member, ending.members.len() > 1));
            }
        }
    }
    if complaints.is_empty() {
        let value = match (&command.decoder, answers_by_exit) {
            (_, Some(false_on)) => match report.exit {
                Some(Exit::Code(code)) => decode_exit(code, false_on).map(Some),
                Some(Exit::Signal(_) | Exit::TimedOut) | None => Err("it did not end by itself".to_owned()),
            },
            (Decoder::Nothing, None) => Ok(None),
            (decoder, None) => read(decoder, command, &ending, printed).map(Some),
        };
        match value {
            Ok(value) => report.value = value,
            Err(why) => complaints.push(why),
        }
    }
    report.ok = complaints.is_empty();
    report.why = complaints.join("; ");
    Outcome::Performed(report)
}

fn read(
    decoder: &Decoder,
    command: &Command,
    ending: &Ending,
    printed: &[u8],
) -> Result<surefoot_plan::Value, String> {
    if ending.output.iter().any(|output| output.stream == surefoot_journal::Stream::Out && output.cut) {
        return Err("it printed more than can be read as a value".to_owned());
    }
    let wanted = command.r#type.as_ref().ok_or("the plan does not say what type its output has")?;
    decode(decoder, wanted, printed)
}

/// The report of a job, before it is judged.
pub(crate) fn report(ending: &Ending) -> Report {
    Report {
        ok: ending.failure.is_none(),
        why: ending.failure.clone().unwrap_or_default(),
        exit: if ending.timed_out {
            Some(Exit::TimedOut)
        } else {
            ending.members.last().and_then(|member| member.exit)
        },
        value: None,
        output: ending.output.clone(),
        elapsed_ms: ending.elapsed_ms,
        left_running: ending.left_running.clone(),
        answered: None,
    }
}

/// A reader that closes early ends its writer by SIGPIPE: that is how `head` works.
fn is_well_in_the_middle(member: &MemberEnding) -> bool {
    match member.exit {
        Some(Exit::Code(0)) => true,
        Some(Exit::Code(1)) => FILTERS.contains(&member.program.as_str()),
        Some(Exit::Code(code)) => code == 128 + libc::SIGPIPE,
        Some(Exit::Signal(signal)) => signal == libc::SIGPIPE,
        Some(Exit::TimedOut) | None => false,
    }
}

fn describe(member: &MemberEnding, named: bool) -> String {
    let who = if named { format!("`{}`", member.program) } else { "it".to_owned() };
    match (&member.failure, member.exit) {
        (Some(why), _) => why.clone(),
        (None, Some(Exit::Code(127))) if member.program.ends_with("sh") => {
            format!("{who} ended with exit 127: a program that it calls was not found")
        }
        (None, Some(Exit::Code(126))) if member.program.ends_with("sh") => format!(
            "{who} ended with exit 126: a program that it calls may not be executed; name it in `allow {{ run … }}`"
        ),
        (None, Some(Exit::Code(code))) => format!("{who} ended with exit {code}"),
        (None, Some(Exit::Signal(signal))) => {
            format!("{who} was ended by signal {signal}{}", signal_name(signal))
        }
        (None, Some(Exit::TimedOut)) => format!("{who} was stopped because its time was over"),
        (None, None) => format!("{who} did not say how it ended"),
    }
}

fn signal_name(signal: i32) -> &'static str {
    match signal {
        libc::SIGKILL => " (SIGKILL: killed, perhaps for want of memory)",
        libc::SIGSEGV => " (SIGSEGV: a fault in the program)",
        libc::SIGABRT => " (SIGABRT: the program gave up)",
        libc::SIGTERM => " (SIGTERM: asked to end)",
        libc::SIGINT => " (SIGINT: interrupted)",
        libc::SIGSYS => " (SIGSYS: it made a system call that it may not make)",
        libc::SIGXFSZ => " (SIGXFSZ: it wrote a file longer than it may)",
        libc::SIGPIPE => " (SIGPIPE: nobody read what it wrote)",
        _ => "",
    }
}

#[cfg(test)]
mod tests;
