//! Replaces a file, all or nothing: whoever reads it meanwhile sees the old text or the new one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::Path;

/// Replaces the text of a file that exists. It keeps its mode and, where we may give it away, its owner.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    // A link goes on pointing where it points.
    let path = fs::canonicalize(path)?;
    // A rename asks only the folder; a file that we may not write is not ours to replace.
    let old = OpenOptions::new().write(true).open(&path)?.metadata()?;
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.new", std::process::id()));
    let draft = path.with_file_name(name);
    let new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let written = fill(new, text, &old).and_then(|()| fs::rename(&draft, &path));
    if written.is_err() {
        let _ = fs::remove_file(&draft);
    }
    written
}

fn fill(mut file: File, text: &str, old: &fs::Metadata) -> io::Result<()> {
    file.write_all(text.as_bytes())?;
    let new = file.metadata()?;
    if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
        // Who may not give it away keeps it, as with an editor.
        let _ = fchown(&file, Some(old.uid()), Some(old.gid()));
    }
    file.set_permissions(old.permissions())?;
    file.sync_all()
}
