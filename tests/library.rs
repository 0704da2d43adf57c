//! The library is one thing in three places: its signatures, its implementations, and the page for authors.

use std::collections::BTreeMap;

use surefoot_compile::{Signature, signatures};

/// The page for authors.
const PAGE: &str = include_str!("../stdlib/README.md");

#[test]
fn the_page_says_what_each_function_takes_answers_and_is() {
    let rows: Vec<String> = signatures().map(row).collect();
    let missing: Vec<&String> = rows.iter().filter(|row| !PAGE.lines().any(|line| line == *row)).collect();
    assert!(missing.is_empty(), "stdlib/README.md lacks these lines:\n{}", text(&missing));
    let more: Vec<&str> =
        PAGE.lines().filter(|line| line.starts_with("| `") && !rows.iter().any(|row| row == line)).collect();
    assert!(more.is_empty(), "stdlib/README.md has lines for what does not exist:\n{}", more.join("\n"));
}

#[test]
fn every_signature_has_an_implementation_that_takes_the_same_and_no_other() {
    let signed: BTreeMap<String, (BTreeMap<String, String>, bool)> = signatures()
        .map(|signature| {
            let parameters = signature.parameters.iter().map(|parameter| {
                let secret = if parameter.secret { "secret " } else { "" };
                (parameter.name.to_owned(), format!("{secret}{}", parameter.kind))
            });
            (signature.full_name(), (parameters.collect(), signature.acts()))
        })
        .collect();
    let implemented: BTreeMap<String, (BTreeMap<String, String>, bool)> =
        surefoot_sandbox::library::IMPLEMENTATIONS
            .iter()
            .map(|found| {
                let parameters =
                    found.parameters.iter().map(|(name, kind)| ((*name).to_owned(), (*kind).to_owned()));
                (found.name.to_owned(), (parameters.collect(), found.acts))
            })
            .collect();
    assert_eq!(signed, implemented);
}

fn row(signature: &Signature) -> String {
    format!("| `{signature}` | {} |", signature.doc)
}

fn text(rows: &[&String]) -> String {
    rows.iter().map(|row| format!("{row}\n")).collect()
}
