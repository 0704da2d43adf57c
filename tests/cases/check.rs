//! What is wrong with a runbook, as `surefoot check` says it: compiler and verifier.

use std::path::PathBuf;

use surefoot_compile::{Sources, analyze, check};
use surefoot_syntax::{FileId, RenderOptions, Source, render};

use crate::Case;

/// Files beside the case.
pub(crate) struct Beside(pub(crate) PathBuf);

impl Sources for Beside {
    fn read(&self, path: &str) -> Result<String, String> {
        std::fs::read_to_string(self.0.join(path)).map_err(|_| "there is no such file".to_owned())
    }
}

/// Shows what is wrong with a file.
pub(crate) fn show(case: &Case) -> String {
    let folder = case.path.parent().map(PathBuf::from).unwrap_or_default();
    let name = case.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let source = Source { id: FileId(0), path: name, text: case.text.clone() };
    let analysis = analyze(&Beside(folder), source);
    let sources: Vec<Source> = analysis.sources().cloned().collect();
    let found = check(&analysis);
    if found.is_empty() {
        return "nothing is wrong\n".to_owned();
    }
    render(&found, &sources, &RenderOptions::default())
}
