//! What is wrong with a runbook, in every form that a program reads.

use std::path::PathBuf;

use serde_json::Value;
use surefoot_compile::{analyze, check};
use surefoot_syntax::{FileId, Format, RenderOptions, Source, render};

use crate::Case;
use crate::check::Beside;

/// Shows each form under its name. Of SARIF only the results: the rest is held against its schema.
pub(crate) fn show(case: &Case) -> String {
    let folder = case.path.parent().map(PathBuf::from).unwrap_or_default();
    let source = Source { id: FileId(0), path: format!("ops/{}", case.name), text: case.text.clone() };
    let analysis = analyze(&Beside(folder), source);
    let sources: Vec<Source> = analysis.sources().cloned().collect();
    let found = check(&analysis);
    let mut shown = String::new();
    for (name, format) in [
        ("short", Format::Short),
        ("github", Format::Github),
        ("gitlab", Format::Gitlab),
        ("junit", Format::Junit),
        ("json", Format::Json),
        ("sarif", Format::Sarif),
    ] {
        let options = RenderOptions { format, ..RenderOptions::default() };
        let mut text = render(&found, &sources, &options);
        if format == Format::Sarif {
            let document: Value = serde_json::from_str(&text).unwrap_or_default();
            text = format!("{:#}\n", document.pointer("/runs/0/results").unwrap_or(&Value::Null));
        }
        shown.push_str(&format!("==== {name}\n{text}"));
    }
    shown
}
