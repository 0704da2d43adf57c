//! `surefoot explain`: the page of a diagnostic code.

use crate::args;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output;

/// Shows the page of a code.
pub(crate) fn explain(arguments: &args::Explain) -> Result<Exit, CommandError> {
    match surefoot_syntax::explain(&arguments.code) {
        Some(page) => {
            output::line(page.text.trim_end());
            Ok(Exit::Done)
        }
        None => {
            let said = surefoot_syntax::unknown_code(&arguments.code);
            let said = if said.ends_with('?') { said } else { format!("{said}.") };
            Err(CommandError::usage(said)
                .hint("codes look like SF0401; `surefoot check` prints the code of each finding"))
        }
    }
}
