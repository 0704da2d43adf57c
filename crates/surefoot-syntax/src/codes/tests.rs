//! Every page is whole, and its examples do what it says.

use std::collections::BTreeSet;

use super::{FILES, SECTIONS, codes, explain};
use crate::{FileId, Severity, Source, parse};

#[test]
fn every_page_has_its_front_and_its_sections_in_order() {
    assert_eq!(codes().len(), FILES.len(), "a page's first lines are `---`, `name:`, `severity:`, `---`");
    for page in codes() {
        let headings: Vec<&str> = page.text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(headings, SECTIONS, "{}", page.code);
        for section in SECTIONS {
            assert!(!page.section(section).is_empty(), "{}: `{section}` is empty", page.code);
        }
        assert!(!page.examples("Refused").is_empty(), "{}: no example that is refused", page.code);
        assert!(!page.examples("Accepted").is_empty(), "{}: no example that is accepted", page.code);
    }
}

#[test]
fn names_are_given_once_and_lead_to_the_page_as_codes_do() {
    let names: BTreeSet<&str> = codes().iter().map(|page| page.name).collect();
    assert_eq!(names.len(), codes().len());
    for page in codes() {
        assert_eq!(explain(page.name), Some(page));
        assert_eq!(explain(&page.code.to_lowercase()), Some(page));
    }
    assert_eq!(explain("SF9999"), None);
}

/// Codes whose examples need more than a text: bytes, a large file, a mistake of our own.
const NOT_SHOWN: &[&str] = &["SF0001", "SF0008", "SF0009", "SF0018"];

#[test]
fn the_examples_of_syntax_pages_are_refused_with_their_code_and_accepted() {
    // Of waivers the compiler speaks: tests/codes.rs looks at those pages.
    for page in codes().iter().filter(|page| page.code < "SF0030") {
        if !NOT_SHOWN.contains(&page.code) {
            for example in page.examples("Refused") {
                let said: Vec<&str> = read(example).iter().map(|found| found.0).collect();
                assert_eq!(said, [page.code], "{}: its refused example\n{example}", page.code);
            }
        }
        for example in page.examples("Accepted") {
            assert_eq!(read(example), [], "{}: its accepted example\n{example}", page.code);
        }
    }
}

#[test]
fn every_code_that_this_room_says_has_a_page() {
    for (file, text) in crate::tests::sources() {
        for part in text.split("\"SF").skip(1) {
            let Some((digits, _)) = part.split_once('"') else { continue };
            if digits.len() == 4 && digits.chars().all(|c| c.is_ascii_digit()) && digits != "9999" {
                assert!(explain(&format!("SF{digits}")).is_some(), "{file}: SF{digits} has no page");
            }
        }
    }
}

fn read(text: &str) -> Vec<(&'static str, Severity)> {
    let source = Source { id: FileId(0), path: "example.runbook".to_owned(), text: text.to_owned() };
    parse(&source).diagnostics.iter().map(|found| (found.code, found.severity)).collect()
}
