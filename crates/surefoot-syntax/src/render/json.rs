//! Diagnostics for a program: one document, `surefoot.diagnostics/1`.

use serde_json::{Value, json};

use super::{File, find};
use crate::{Diagnostic, Label, Span};

/// Everything that is known of each finding.
pub(super) fn render(diagnostics: &[Diagnostic], files: &[File<'_>]) -> String {
    let found: Vec<Value> = diagnostics
        .iter()
        .map(|diagnostic| {
            let labels = |labels: &[Label]| -> Vec<Value> {
                labels.iter().map(|label| json!({ "place": place(label.span, files), "text": label.text })).collect()
            };
            json!({
                "code": diagnostic.code,
                "severity": diagnostic.severity,
                "message": diagnostic.message,
                "primary": { "place": place(diagnostic.primary.span, files), "text": diagnostic.primary.text },
                "secondary": labels(&diagnostic.secondary),
                "trace": labels(&diagnostic.trace),
                "notes": diagnostic.notes,
                "fixes": diagnostic.fixes.iter().map(|fix| json!({
                    "title": fix.title,
                    "applicability": fix.applicability,
                    "edits": fix.edits.iter().map(|edit| json!({
                        "place": place(edit.span, files),
                        "text": edit.text,
                    })).collect::<Vec<_>>(),
                })).collect::<Vec<_>>(),
            })
        })
        .collect();
    let document = json!({ "schema": "surefoot.diagnostics/1", "diagnostics": found });
    format!("{document:#}\n")
}

/// A place: bytes for programs that edit, lines and columns for people.
fn place(span: Span, files: &[File<'_>]) -> Value {
    let Some(file) = find(files, span) else { return Value::Null };
    let (line, column) = file.position(span.start);
    let (end_line, end_column) = file.position(span.end);
    json!({
        "path": file.source.path,
        "start": span.start,
        "end": span.end,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
    })
}
