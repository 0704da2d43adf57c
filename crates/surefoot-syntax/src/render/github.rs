//! Diagnostics as commands of a GitHub workflow: they are shown at the lines of a change.

use super::{File, find};
use crate::{Diagnostic, Severity};

/// Most errors, and most warnings, of one step that are shown there. More would be dropped without a word.
const SHOWN_MAX: usize = 10;

/// A line a finding, and how many are left out.
pub(super) fn render(diagnostics: &[Diagnostic], files: &[File<'_>]) -> String {
    let mut out = String::new();
    let mut left = 0;
    for severity in [Severity::Error, Severity::Warning] {
        let of_kind = || diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity);
        of_kind().take(SHOWN_MAX).for_each(|diagnostic| out.push_str(&line(diagnostic, files)));
        left += of_kind().count().saturating_sub(SHOWN_MAX);
    }
    if left > 0 {
        let text = "are not shown here; `surefoot check` says them all, and so does its SARIF";
        out.push_str(&format!("::notice::{left} more findings {text}\n"));
    }
    out
}

fn line(diagnostic: &Diagnostic, files: &[File<'_>]) -> String {
    let mut place = String::new();
    if let Some(file) = find(files, diagnostic.primary.span) {
        let (line, column) = file.position(diagnostic.primary.span.start);
        let (end_line, end_column) = file.position(diagnostic.primary.span.end);
        place = format!("file={},line={line},endLine={end_line},", property(&file.path));
        // Columns over several lines are refused there.
        if line == end_line {
            place.push_str(&format!("col={column},endColumn={end_column},"));
        }
    }
    let mut text = diagnostic.message.clone();
    for note in &diagnostic.notes {
        text.push_str(&format!("\n{}", super::note(note)));
    }
    let level = super::severity(diagnostic.severity);
    format!("::{level} {place}title={}::{}\n", property(diagnostic.code), data(&text))
}

/// A message as it may stand in a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property as it may stand in a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
