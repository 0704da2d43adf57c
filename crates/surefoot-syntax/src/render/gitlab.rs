//! Diagnostics as a Code Quality report of GitLab.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{File, find};
use crate::key::Keys;
use crate::{Diagnostic, Severity};

/// One list. Each finding has a fingerprint of its own: of two that share one, the second is not shown there.
pub(super) fn render(diagnostics: &[Diagnostic], files: &[File<'_>], keys: &mut Keys<'_>) -> String {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let found: Vec<Value> = diagnostics
        .iter()
        .filter_map(|diagnostic| {
            let file = find(files, diagnostic.primary.span)?;
            let print = keys.of(diagnostic).fingerprint();
            let count = seen.entry(print.clone()).or_default();
            *count += 1;
            let (begin, _) = file.position(diagnostic.primary.span.start);
            let (end, _) = file.position(diagnostic.primary.span.end);
            Some(json!({
                "description": diagnostic.message,
                "check_name": diagnostic.code,
                "fingerprint": if *count == 1 { print } else { format!("{print}:{count}") },
                "severity": match diagnostic.severity {
                    Severity::Error => "major",
                    Severity::Warning => "minor",
                },
                "location": { "path": file.source.path, "lines": { "begin": begin, "end": end } },
            }))
        })
        .collect();
    format!("{:#}\n", Value::Array(found))
}
