//! `surefoot explain`: the page of a diagnostic code.

use crate::args;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output;

/// Shows the page of a code.
pub(crate) fn explain(arguments: &args::Explain) -> Result<Exit, CommandError> {
    let code = arguments.code.to_ascii_uppercase();
    match surefoot_syntax::explain(&code) {
        Some(page) => {
            output::line(page.text.trim_end());
            Ok(Exit::Done)
        }
        None => Err(CommandError::usage(format!("there is no code `{}`.", arguments.code))
            .hint("codes look like SF0401; `surefoot check` prints the code of each finding")),
    }
}
