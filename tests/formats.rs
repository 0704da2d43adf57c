//! What programs read of findings is as its readers expect it: SARIF by its published schema, JUnit as XML.

#![expect(clippy::disallowed_methods, reason = "cases are files of the repository")]
#![expect(clippy::unwrap_used, reason = "a helper of a test fails like a test")]

use std::path::Path;
use std::sync::OnceLock;

use serde_json::Value;
use surefoot_compile::{NoSources, analyze, check};
use surefoot_syntax::{
    Diagnostic, FileId, Findings, Format, RenderOptions, Source, Span, codes, parse, render,
};
use surefoot_tests::runbooks;

/// Every runbook of the cases and examples, and every example of a code's page: all that is found anywhere in them.
fn everything() -> &'static Findings {
    static EVERYTHING: OnceLock<Findings> = OnceLock::new();
    EVERYTHING.get_or_init(found_anywhere)
}

fn found_anywhere() -> Findings {
    let mut findings = Findings::default();
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in [tests.join("cases"), tests.parent().unwrap().join("examples")] {
        runbooks(&folder, &mut files);
    }
    assert!(files.len() > 100, "only {} runbooks", files.len());
    let texts = files.iter().map(|path| {
        let path = path.strip_prefix(tests).unwrap_or(path);
        (path.display().to_string(), std::fs::read_to_string(tests.join(path)).unwrap())
    });
    let pages = codes().iter().flat_map(|page| {
        let examples = page.examples("Refused").into_iter().enumerate();
        examples.map(|(number, text)| (format!("{} {number}.runbook", page.code), text.to_owned()))
    });
    for (path, text) in texts.chain(pages) {
        let source = Source { id: FileId(0), path, text };
        let analysis = analyze(&NoSources, source);
        findings.add(analysis.sources().cloned().collect(), check(&analysis));
    }
    findings
}

fn shown(findings: &Findings, format: Format) -> String {
    let options = RenderOptions { format, ..RenderOptions::default() };
    render(findings.diagnostics(), findings.sources(), &options)
}

/// What differs from the published schema.
fn differs(document: &Value) -> Vec<String> {
    // As it is published, the pattern of a language has a `]` that its own dialect wants escaped.
    let text = include_str!("schemas/sarif-2.1.0.json").replace("{2}]?$", "{2}\\\\]?$");
    let schema: Value = serde_json::from_str(&text).unwrap();
    let validator = jsonschema::draft7::options().should_validate_formats(true).build(&schema).unwrap();
    validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn sarif_is_as_its_schema_says() {
    let findings = everything();
    let document: Value = serde_json::from_str(&shown(findings, Format::Sarif)).unwrap();
    assert_eq!(differs(&document), Vec::<String>::new());
    let run = &document["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), findings.diagnostics().len());
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for result in results {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
    }
    for part in ["relatedLocations", "codeFlows", "fixes"] {
        assert!(results.iter().any(|result| result.get(part).is_some()), "no finding shows its `{part}`");
    }
    let prints = results.iter().map(|result| result["partialFingerprints"]["surefoot/v1"].as_str().unwrap());
    let distinct: std::collections::BTreeSet<&str> = prints.clone().collect();
    assert_eq!(distinct.len(), prints.count(), "two findings have one fingerprint");
}

#[test]
fn the_schema_refuses_what_is_no_sarif() {
    let findings = everything();
    let text = shown(findings, Format::Sarif);
    for (old, new) in [
        ("\"executionSuccessful\": true", "\"executionSuccessful\": \"yes\""),
        ("\"level\": \"error\"", "\"level\": \"bad\""),
        ("\"columnKind\": \"unicodeCodePoints\"", "\"columnKind\": \"bytes\""),
        ("\"startLine\": 1\n", "\"startLine\": 0\n"),
        ("\"deletedRegion\"", "\"removedRegion\""),
        ("SF0002%200.runbook", "SF0002 0.runbook"),
    ] {
        let changed = text.replacen(old, new, 1);
        assert_ne!(changed, text, "{old} is not in it");
        let document: Value = serde_json::from_str(&changed).unwrap();
        assert!(!differs(&document).is_empty(), "{new} is accepted");
    }
}

#[test]
fn sarif_says_when_not_everything_was_read_or_told() {
    let source = Source { id: FileId(0), path: "a.runbook".to_owned(), text: "x\n".to_owned() };
    let found: Vec<Diagnostic> = (0..25_003)
        .map(|number| Diagnostic::error("SF0002", Span::default(), format!("number {number}")))
        .collect();
    let options = RenderOptions { format: Format::Sarif, whole: false, ..RenderOptions::default() };
    let document: Value = serde_json::from_str(&render(&found, &[source], &options)).unwrap();
    let run = &document["runs"][0];
    assert_eq!(run["results"].as_array().unwrap().len(), 25_000);
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    let notice = &run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"];
    assert!(notice.as_str().unwrap().starts_with("3 more findings"), "{notice}");
    assert_eq!(differs(&document), Vec::<String>::new());
}

#[test]
fn every_format_is_read_back_by_its_kind_of_reader() {
    let findings = everything();
    let count = findings.diagnostics().len();
    assert_eq!(shown(findings, Format::Short).lines().count(), count);
    let gitlab: Value = serde_json::from_str(&shown(findings, Format::Gitlab)).unwrap();
    let prints: std::collections::BTreeSet<&str> =
        gitlab.as_array().unwrap().iter().map(|found| found["fingerprint"].as_str().unwrap()).collect();
    assert_eq!(prints.len(), count, "two findings have one fingerprint");
    let github = shown(findings, Format::Github);
    assert!(github.lines().count() <= 21, "more than is shown there");
    assert!(github.lines().last().unwrap().starts_with("::notice::"));
    balanced(&shown(findings, Format::Junit));
}

/// Fails if tags do not match, or a sign stands where XML has none.
fn balanced(xml: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = xml.split_once("?>").unwrap().1;
    while let Some((text, after)) = rest.split_once('<') {
        references(text);
        let (tag, behind) = after.split_once('>').unwrap();
        references(tag);
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(tag.split(' ').next().unwrap());
        }
        rest = behind;
    }
    assert_eq!(rest.trim(), "");
    assert!(open.is_empty());
}

fn references(text: &str) {
    for part in text.split('&').skip(1) {
        let known = ["amp;", "lt;", "gt;", "quot;", "#10;"];
        assert!(known.iter().any(|name| part.starts_with(name)), "&{part}");
    }
}

#[test]
fn what_a_source_says_cannot_become_a_command_or_a_tag() {
    let text = "runbook demo {\n    step a {\n        $ A=\"]]></failure>::error::%0A,x:y\" b\n    }\n}\n";
    let source = Source { id: FileId(0), path: "a,b:c %.runbook".to_owned(), text: text.to_owned() };
    let found = parse(&source).diagnostics;
    let mut findings = Findings::default();
    findings.add(vec![source], found);
    let findings = &findings;
    let github = shown(findings, Format::Github);
    assert!(github.starts_with("::error file=a%2Cb%3Ac %25.runbook,line=3,"), "{github}");
    assert_eq!(github.lines().count(), findings.diagnostics().len());
    balanced(&shown(findings, Format::Junit));
    let document: Value = serde_json::from_str(&shown(findings, Format::Sarif)).unwrap();
    assert_eq!(differs(&document), Vec::<String>::new());
}
