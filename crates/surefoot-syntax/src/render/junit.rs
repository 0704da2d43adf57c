//! Diagnostics as a JUnit report: a suite a file, a case a finding; a file in which nothing is wrong is a case that passed.

use super::{File, short};
use crate::{Diagnostic, Severity};

/// One report over all files that were checked.
pub(super) fn render(diagnostics: &[Diagnostic], files: &[File<'_>]) -> String {
    let count = |severity| diagnostics.iter().filter(|found| found.severity == severity).count();
    let mut suites = String::new();
    let mut cases = 0;
    for file in files {
        let of_file = || diagnostics.iter().filter(|found| found.primary.span.file == file.source.id);
        let errors = of_file().filter(|found| found.severity == Severity::Error).count();
        let tests = of_file().count().max(1);
        cases += tests;
        let name = attribute(&file.path);
        suites.push_str(&format!("  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{errors}\">\n"));
        if of_file().next().is_none() {
            suites.push_str(&format!("    <testcase classname=\"{name}\" name=\"nothing is wrong\"/>\n"));
        }
        for found in of_file() {
            suites.push_str(&case(found, file, files, &name));
        }
        suites.push_str("  </testsuite>\n");
    }
    let errors = count(Severity::Error);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"surefoot check\" tests=\"{cases}\" \
         failures=\"{errors}\">\n{suites}</testsuites>\n"
    )
}

/// A finding. A warning fails nothing: what it says stands in the output of its case.
fn case(found: &Diagnostic, file: &File<'_>, files: &[File<'_>], name: &str) -> String {
    let (line, _) = file.position(found.primary.span.start);
    let mut text = short(found, files);
    for note in &found.notes {
        text.push_str(&format!("{}\n", super::note(note)));
    }
    let body = match found.severity {
        Severity::Error => format!(
            "<failure type=\"{}\" message=\"{}\">{}</failure>",
            attribute(found.code),
            attribute(&found.message),
            content(&text)
        ),
        Severity::Warning => format!("<system-out>{}</system-out>", content(&text)),
    };
    format!(
        "    <testcase classname=\"{name}\" name=\"{} at line {line}\">\n      {body}\n    </testcase>\n",
        attribute(found.code)
    )
}

/// Text between tags. What steers a terminal was made visible before; two more are no characters of XML.
fn content(text: &str) -> String {
    let text = text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}");
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Text in quotes.
fn attribute(text: &str) -> String {
    content(text).replace('"', "&quot;").replace('\n', "&#10;")
}
