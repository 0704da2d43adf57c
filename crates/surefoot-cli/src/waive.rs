//! What an operator can do without, knowingly: `--waive WHAT --reason WHY`.

use surefoot_sandbox::Waivers;

use crate::args;
use crate::error::CommandError;

/// What can be waived, and what is lost by it.
const KINDS: [(&str, &str); 2] = [
    ("namespaces", "a command sees the machine's own files, network and processes"),
    ("landlock", "a command may read and write every file that it sees and that the user may"),
];

/// Reads what is waived on the command line. What is recorded comes second.
pub(crate) fn given(arguments: &args::Waivers) -> Result<(Waivers, Vec<String>), CommandError> {
    let reason = arguments.reason.as_deref().unwrap_or_default().trim();
    if !arguments.waive.is_empty() && reason.is_empty() {
        return Err(CommandError::usage("a waiver needs a reason.").hint("--reason \"why it is accepted\""));
    }
    let mut recorded = Vec::new();
    for what in &arguments.waive {
        let Some((kind, lost)) = KINDS.iter().find(|(kind, _)| kind == what) else {
            let known: Vec<String> = KINDS.iter().map(|(kind, lost)| format!("{kind} ({lost})")).collect();
            return Err(CommandError::usage(format!("`{what}` cannot be waived."))
                .hint(format!("these can: {}", known.join("; "))));
        };
        recorded.push(format!("{kind} ({lost}): {reason}"));
    }
    Ok((read(&recorded)?, recorded))
}

/// Reads what a run recorded as waived: resumed, it does without the same.
pub(crate) fn read(recorded: &[String]) -> Result<Waivers, CommandError> {
    let mut waivers = Waivers::default();
    for waived in recorded {
        match waived.split_once(' ').map_or(waived.as_str(), |(kind, _)| kind) {
            "namespaces" => waivers.namespaces = true,
            "landlock" => waivers.landlock = true,
            other => {
                return Err(CommandError::usage(format!(
                    "the run waived `{other}`, which this version does not know."
                )));
            }
        }
    }
    Ok(waivers)
}
