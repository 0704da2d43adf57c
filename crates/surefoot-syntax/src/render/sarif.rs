//! Diagnostics as SARIF 2.1.0, the form that code hosts take findings in.
//!
//! A test holds it against the published schema.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{File, find, severity};
use crate::key::Keys;
use crate::{Diagnostic, Edit, FileId, Fix, Label, Page, Span, explain};

/// Most results of one document. The largest code host takes no more, and refuses a document that has more.
const RESULTS_MAX: usize = 25_000;

/// One document with one run. `whole`: whether every file could be read.
pub(super) fn render(
    diagnostics: &[Diagnostic],
    files: &[File<'_>],
    keys: &mut Keys<'_>,
    whole: bool,
) -> String {
    let shown = diagnostics.get(..RESULTS_MAX).unwrap_or(diagnostics);
    let codes: BTreeSet<&str> = shown.iter().map(|diagnostic| diagnostic.code).collect();
    let codes: Vec<&str> = codes.into_iter().collect();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let results: Vec<Value> = shown
        .iter()
        .map(|diagnostic| {
            let print = keys.of(diagnostic).fingerprint();
            let count = seen.entry(print.clone()).or_default();
            *count += 1;
            result(diagnostic, files, &codes, &format!("{print}:{count}"))
        })
        .collect();
    let mut invocation = json!({ "executionSuccessful": whole });
    let left = diagnostics.len() - shown.len();
    if left > 0 {
        let text = format!("{left} more findings are left out: at most {RESULTS_MAX} are told.");
        let notices = json!([{ "level": "warning", "message": { "text": text } }]);
        set(&mut invocation, "toolExecutionNotifications", notices);
    }
    let rules: Vec<Value> = codes.iter().filter_map(|code| explain(code)).map(rule).collect();
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "Surefoot",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [invocation],
            "results": results,
        }],
    });
    format!("{document:#}\n")
}

/// A code, with its page.
fn rule(page: &Page) -> Value {
    json!({
        "id": page.code,
        "name": page.name,
        "shortDescription": { "text": page.name.replace('-', " ") },
        "fullDescription": { "text": page.section("What") },
        "help": { "text": page.section("How to mend"), "markdown": page.text },
        "defaultConfiguration": { "level": severity(page.severity) },
    })
}

fn result(diagnostic: &Diagnostic, files: &[File<'_>], codes: &[&str], print: &str) -> Value {
    let mut result = json!({
        "ruleId": diagnostic.code,
        "level": severity(diagnostic.severity),
        "message": { "text": text(diagnostic) },
        "partialFingerprints": { "surefoot/v1": print },
    });
    if let Ok(index) = codes.binary_search(&diagnostic.code) {
        set(&mut result, "ruleIndex", json!(index));
    }
    if let Some(place) = location(&diagnostic.primary, files) {
        set(&mut result, "locations", json!([place]));
    }
    let related: Vec<Value> =
        diagnostic.secondary.iter().filter_map(|label| location(label, files)).collect();
    if !related.is_empty() {
        set(&mut result, "relatedLocations", json!(related));
    }
    let path: Vec<Value> = diagnostic
        .trace
        .iter()
        .filter_map(|label| location(label, files))
        .map(|location| json!({ "location": location }))
        .collect();
    if !path.is_empty() {
        set(&mut result, "codeFlows", json!([{ "threadFlows": [{ "locations": path }] }]));
    }
    let fixes: Vec<Value> = diagnostic.fixes.iter().filter_map(|fix| proposal(fix, files)).collect();
    if !fixes.is_empty() {
        set(&mut result, "fixes", json!(fixes));
    }
    result
}

/// Adds a field to an object.
fn set(object: &mut Value, name: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
}

/// The message with all that helps: most viewers show nothing else.
fn text(diagnostic: &Diagnostic) -> String {
    let mut text = diagnostic.message.clone();
    if !diagnostic.primary.text.is_empty() {
        text.push_str(&format!(": {}", diagnostic.primary.text));
    }
    for note in &diagnostic.notes {
        text.push_str(&format!("\n{}", super::note(note)));
    }
    text
}

fn location(label: &Label, files: &[File<'_>]) -> Option<Value> {
    let file = find(files, label.span)?;
    let mut location = json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(&file.source.path) },
        "region": region(file, label.span),
    }});
    if !label.text.is_empty() {
        set(&mut location, "message", json!({ "text": label.text }));
    }
    Some(location)
}

/// Lines and columns from 1; the end is the column after the last.
fn region(file: &File<'_>, span: Span) -> Value {
    let (line, column) = file.position(span.start);
    let (end_line, end_column) = file.position(span.end);
    json!({ "startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column })
}

fn proposal(fix: &Fix, files: &[File<'_>]) -> Option<Value> {
    let mut changes: BTreeMap<FileId, Vec<&Edit>> = BTreeMap::new();
    for edit in &fix.edits {
        changes.entry(edit.span.file).or_default().push(edit);
    }
    let changes: Vec<Value> = changes
        .into_values()
        .filter_map(|edits| {
            let file = find(files, edits.first()?.span)?;
            let replacements: Vec<Value> = edits
                .iter()
                .map(|edit| {
                    json!({
                        "deletedRegion": region(file, edit.span),
                        "insertedContent": { "text": edit.text },
                    })
                })
                .collect();
            Some(json!({
                "artifactLocation": { "uri": uri(&file.source.path) },
                "replacements": replacements,
            }))
        })
        .collect();
    let mut fix = Map::from_iter([("description".to_owned(), json!({ "text": fix.title }))]);
    fix.insert("artifactChanges".to_owned(), json!(changes));
    (!changes.is_empty()).then_some(Value::Object(fix))
}

/// A path as a reference: relative, or `file://`; what a reference cannot hold is written in percents.
fn uri(path: &str) -> String {
    let mut uri = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}
