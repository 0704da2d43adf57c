//! `--fix` and `--diff`: what can be mended unseen is written, or shown.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use surefoot_compile::{Analysis, Day, Mending, PASSES_MAX};
use surefoot_syntax::{Applicability, Source, unified_diff};

use super::settings::Settings;
use super::{Checked, minded};
use crate::error::{CommandError, at_path};
use crate::sources::{self, Disk};
use crate::{output, replace, terminal};

/// Mends what was found in these files. Only files that were named, or are in a folder that was, are edited.
pub(super) fn mend<'d>(
    disk: &'d Disk,
    files: &[PathBuf],
    results: &[Result<Checked, CommandError>],
    settings: &Settings,
    today: &Day,
) -> Result<Mending<'d>, CommandError> {
    let named: BTreeSet<String> = files.iter().map(|path| path.display().to_string()).collect();
    let mut mending = Mending::new(disk);
    for (path, result) in files.iter().zip(results) {
        let mut fixes = result.iter().flat_map(|checked| &checked.found).flat_map(|found| &found.fixes);
        if fixes.any(|fix| fix.applicability == Applicability::Safe) {
            let found = |analysis: &Analysis| {
                let sources: Vec<Source> = analysis.sources().cloned().collect();
                // What a configuration says was read before; one that changed meanwhile mends nothing.
                minded(surefoot_compile::check_on(analysis, today), &sources, settings).unwrap_or_default()
            };
            mending
                .mend(&path.display().to_string(), &|path| named.contains(path), &found)
                .map_err(|why| CommandError::usage(at_path(path, &why)))?;
        }
    }
    if mending.unfinished {
        output::complain(&format!(
            "surefoot: after {PASSES_MAX} times there is still more to mend; mend it again."
        ));
    }
    Ok(mending)
}

/// Shows what would change.
pub(super) fn show(mending: &Mending<'_>) {
    for (path, changed) in mending.changed() {
        let names = [&*format!("a/{path}"), &*format!("b/{path}")];
        let diff = unified_diff(names, &changed.before, &changed.after);
        // A file for `patch` is as it is; a terminal is not steered by what stands in a runbook.
        output::print(&if terminal::is_shown() { surefoot_view::plain_text(&diff) } else { diff });
    }
}

/// Writes what was mended. Returns in how many files.
pub(super) fn write(mending: &Mending<'_>) -> Result<usize, CommandError> {
    for (path, changed) in mending.changed() {
        let path = Path::new(path);
        if sources::read_file(path, sources::SOURCE_BYTES_MAX)? != changed.before {
            return Err(CommandError::usage(at_path(path, &"it was changed meanwhile, and is left alone")));
        }
        replace::replace(path, &changed.after).map_err(|error| CommandError::usage(at_path(path, &error)))?;
    }
    Ok(mending.changed().len())
}
