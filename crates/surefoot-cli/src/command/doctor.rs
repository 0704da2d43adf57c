//! `surefoot doctor`: says what this machine's kernel lets Surefoot enforce.

use surefoot_journal::person;
use surefoot_sandbox::{Launcher, probe_machine};

use crate::error::CommandError;
use crate::exit::Exit;
use crate::output;

/// Tries each layer of the confinement.
pub(crate) fn doctor() -> Result<Exit, CommandError> {
    let kernel = rustix::system::uname();
    output::line(&format!("{}, Linux {}", person::host(), kernel.release().to_string_lossy()));
    let mut missing = Vec::new();
    for layer in probe_machine(&Launcher::default()) {
        match layer.missing {
            None => {
                output::line(&format!("  {:<14} works      keeps a command from {}", layer.name, layer.keeps))
            }
            Some(why) => {
                output::line(&format!("  {:<14} MISSING    {why}", layer.name));
                output::line(&format!(
                    "  {:<14}            without it nothing keeps a command from {}",
                    "", layer.keeps
                ));
                missing.push(layer.name);
            }
        }
    }
    if missing.is_empty() {
        output::line("Commands run here with exactly the rights of their step.");
        return Ok(Exit::Done);
    }
    output::line(&format!(
        "Surefoot refuses to run here, unless you accept that: --waive {} --reason WHY",
        missing.join(" --waive ")
    ));
    Ok(Exit::Usage)
}
