//! `--fix` and `--diff`: what can be mended unseen is written, or shown.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use surefoot_compile::{Mending, PASSES_MAX};
use surefoot_syntax::{Applicability, unified_diff};

use super::{Checked, judge};
use crate::error::{CommandError, at_path};
use crate::sources::{self, Disk};
use crate::{output, terminal};

/// Mends what was found in these files. Only files that were named, or are in a folder that was, are edited.
pub(super) fn mend<'d>(disk: &'d Disk, checked: &[(PathBuf, &Checked)]) -> Result<Mending<'d>, CommandError> {
    let named: BTreeSet<String> = checked.iter().map(|(path, _)| path.display().to_string()).collect();
    let mut mending = Mending::new(disk);
    for (path, checked) in checked {
        let mut fixes = checked.found.iter().flat_map(|found| &found.fixes);
        if fixes.any(|fix| fix.applicability == Applicability::Safe) {
            let found = |analysis: &surefoot_compile::Analysis| judge(analysis);
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
        let diff = unified_diff(path, &changed.before, &changed.after);
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
        replace(path, &changed.after).map_err(|error| CommandError::usage(at_path(path, &error)))?;
    }
    Ok(mending.changed().len())
}

/// Replaces a file at once: whoever reads it sees the old text or the new one, and never a part.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    // What a link points to is replaced, and not the link.
    let path = path.canonicalize()?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let new = path.with_file_name(format!(".{name}.{}.new", std::process::id()));
    let written = || -> std::io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        file.write_all(text.as_bytes())?;
        file.set_permissions(path.metadata()?.permissions())?;
        file.sync_all()?;
        std::fs::rename(&new, &path)?;
        path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    };
    written().inspect_err(|_| {
        let _ = std::fs::remove_file(&new);
    })
}
