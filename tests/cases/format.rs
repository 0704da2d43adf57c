//! A file, formatted, and what was left as it is.

use surefoot_syntax::{FileId, Source, format};

use crate::Case;

/// Shows what formatting makes of a file.
pub(crate) fn show(case: &Case) -> String {
    let source = Source { id: FileId(0), path: case.name.clone(), text: case.text.clone() };
    let formatted = format(&source);
    let mut shown = formatted.text;
    for place in formatted.left {
        let text = case.text.get(place.start as usize..place.end as usize).unwrap_or_default();
        let first = text.lines().next().unwrap_or_default();
        shown.push_str(&format!("-- left as it is: {} lines from `{first}`\n", text.lines().count()));
    }
    shown
}
