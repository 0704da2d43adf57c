//! Findings that are known: the baselines of the projects, read and written.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use surefoot_syntax::{Baseline, Findings, Key, Keys};

use super::settings::Settings;
use crate::error::{CommandError, at_path};
use crate::{output, replace, sources};

/// Most bytes of a baseline that are read: some hundred thousand findings.
const BASELINE_BYTES_MAX: u64 = 64 << 20;

/// How many findings are known, and how many of the known are gone.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) met: usize,
    pub(super) gone: usize,
}

/// Takes out what is known.
pub(super) fn without_known(findings: &mut Findings, settings: &Settings) -> Result<Known, CommandError> {
    let mut baselines: BTreeMap<PathBuf, Baseline> = BTreeMap::new();
    let mut files: BTreeMap<PathBuf, BTreeSet<String>> = BTreeMap::new();
    for source in findings.sources() {
        let file = Path::new(&source.path);
        let Some(path) = settings.of(file)?.baseline.clone() else { continue };
        files.entry(path.clone()).or_default().insert(relative(file, &path)?);
        if let Entry::Vacant(entry) = baselines.entry(path) {
            let baseline = read(entry.key())?;
            entry.insert(baseline);
        }
    }
    let mut known = Known::default();
    if baselines.is_empty() {
        return Ok(known);
    }
    let mut is_known = Vec::new();
    for key in keys(findings) {
        let path = settings.of(Path::new(&key.file))?.baseline.clone();
        is_known.push(match path.as_ref().and_then(|path| Some((path, baselines.get_mut(path)?))) {
            Some((path, baseline)) => baseline.take(&moved(key, path)?),
            None => false,
        });
    }
    known.met = is_known.iter().filter(|known| **known).count();
    let mut is_known = is_known.into_iter();
    findings.retain(|_, _| !is_known.next().unwrap_or(false));
    let gone = baselines.iter().filter_map(|(path, baseline)| Some(baseline.gone(files.get(path)?)));
    known.gone = gone.sum();
    Ok(known)
}

fn read(path: &Path) -> Result<Baseline, CommandError> {
    let hint = "write it: surefoot check PATH --write-baseline FILE";
    let text = sources::read_file(path, BASELINE_BYTES_MAX).map_err(|error| error.hint(hint))?;
    Baseline::parse(&text).map_err(|why| {
        CommandError::usage(format!("{}: it is no baseline: {why}.", path.display())).hint(hint)
    })
}

/// Writes what was found as known.
#[expect(clippy::disallowed_methods, reason = "the operator names the file to write")]
pub(super) fn write(findings: &Findings, path: &Path) -> Result<(), CommandError> {
    let path = std::path::absolute(path).map_err(|error| CommandError::usage(at_path(path, &error)))?;
    let keys: Result<Vec<Key>, CommandError> =
        keys(findings).into_iter().map(|key| moved(key, &path)).collect();
    let baseline = Baseline::of(keys?);
    let written = if path.exists() {
        replace::replace(&path, &baseline.write())
    } else {
        std::fs::write(&path, baseline.write())
    };
    written.map_err(|error| CommandError::usage(at_path(&path, &error)))?;
    let (count, plural) = (baseline.count(), if baseline.count() == 1 { "" } else { "s" });
    output::line(&format!("{count} finding{plural} written to {} as known.", path.display()));
    Ok(())
}

fn keys(findings: &Findings) -> Vec<Key> {
    let mut keys = Keys::new(findings.sources());
    findings.diagnostics().iter().map(|found| keys.of(found)).collect()
}

/// The key with the path as it stands in a baseline.
fn moved(key: Key, baseline: &Path) -> Result<Key, CommandError> {
    let file = relative(Path::new(&key.file), baseline)?;
    Ok(Key { file, ..key })
}

/// A path from the folder of a baseline on, so that it is the same wherever the project lies and the check is
/// started; whole if it lies elsewhere.
fn relative(file: &Path, baseline: &Path) -> Result<String, CommandError> {
    let whole =
        |path: &Path| std::path::absolute(path).map_err(|error| CommandError::usage(at_path(path, &error)));
    let (file, baseline) = (whole(file)?, whole(baseline)?);
    let folder = baseline.parent().unwrap_or(Path::new("/"));
    Ok(file.strip_prefix(folder).unwrap_or(&file).display().to_string())
}
