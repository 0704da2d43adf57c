//! What belongs to a file and to no runbook of it.

use surefoot_syntax::Diagnostic;
use surefoot_syntax::ast::{Item, Runbook};

use crate::load::Modules;
use crate::report::error;

/// Checks the scenarios that belong to no runbook of the root file.
pub(crate) fn check_files(modules: &Modules) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let Some(root) = modules.loaded.first() else { return found };
    let runbooks: Vec<&Runbook> = root
        .file
        .items
        .iter()
        .filter_map(|item| if let Item::Runbook(runbook) = item { Some(runbook) } else { None })
        .collect();
    for item in &root.file.items {
        let Item::Scenario(scenario) = item else { continue };
        let Some(name) = &scenario.runbook else { continue };
        if !runbooks.iter().any(|runbook| runbook.name.text == name.text) {
            let names = runbooks.iter().map(|runbook| runbook.name.text.as_str());
            found.push(
                error("SF0101", name.span, format!("there is no runbook `{}` in this file", name.text))
                    .did_you_mean(&name.text, name.span, names),
            );
        }
    }
    found
}
