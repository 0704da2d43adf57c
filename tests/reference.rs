//! The language reference in `grammar/reference/` tells the truth: its examples are compiled, its lists are those of
//! the grammar and the compiler, its links lead somewhere.
//!
//! An example is fenced as `runbook`: a whole file, without an error or a warning. `runbook SF0401` is refused with
//! this code and no other. `runbook member` is a part of a runbook, `runbook step` one of a step: each is wrapped.

#![expect(clippy::disallowed_methods, reason = "the pages are files of the repository")]
#![expect(clippy::unwrap_used, reason = "a helper of a test fails like a test")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use surefoot_compile::{analyze, check, functions, type_names};
use surefoot_syntax::{FileId, Source, words_not_built};
use surefoot_tests::Beside;

/// The grammar, whose words are those of the language.
const GRAMMAR: &str = include_str!("../grammar/runbook.pest");

/// What an example that is a part may run, where it names it. The first page tells it to its readers.
const PROGRAMS: &[&str] = &[
    "curl",
    "df",
    "kubectl",
    "lvextend",
    "lvs",
    "mount",
    "nginx",
    "pg_ctl",
    "psql",
    "resize2fs",
    "sh",
    "systemctl",
    "umount",
];

/// One page.
struct Page {
    name: String,
    text: String,
}

/// One example of a page.
struct Example {
    /// Page and line, for people.
    place: String,
    /// What stands behind `runbook`.
    marks: Vec<String>,
    text: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("grammar/reference")
}

fn pages() -> Vec<Page> {
    let mut pages: Vec<Page> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .map(|path| Page {
            name: path.file_name().unwrap().to_string_lossy().into_owned(),
            text: std::fs::read_to_string(&path).unwrap(),
        })
        .collect();
    pages.sort_by(|a, b| a.name.cmp(&b.name));
    pages
}

/// The fenced examples of a page. A fence of four backquotes holds one of three.
fn examples(page: &Page) -> Vec<Example> {
    let mut found = Vec::new();
    let mut lines = page.text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let info = line.trim_start_matches('`');
        let fence = &line[..line.len() - info.len()];
        if fence.len() < 3 {
            continue;
        }
        let body: Vec<&str> =
            lines.by_ref().map(|(_, line)| line).take_while(|line| *line != fence).collect();
        let mut words = info.split(' ').map(str::to_owned);
        if words.next().as_deref() == Some("runbook") {
            found.push(Example {
                place: format!("{}:{}", page.name, index + 1),
                marks: words.collect(),
                text: body.join("\n") + "\n",
            });
        }
    }
    found
}

impl Example {
    /// The example as a file.
    fn file(&self) -> String {
        let named = |program: &&&str| self.text.contains(&format!("{program} "));
        let programs: Vec<&str> = PROGRAMS.iter().filter(named).copied().collect();
        let run = if programs.is_empty() { String::new() } else { format!("run {}", programs.join(", ")) };
        let member = |text: &str| format!("runbook example {{\nallow {{\n{run}\n}}\n{text}\n}}\n");
        let is = |mark: &str| self.marks.iter().any(|found| found == mark);
        match (is("step"), is("member")) {
            (true, _) => member(&format!("step example {{\n{}\n}}", self.text)),
            (false, true) => member(&self.text),
            (false, false) => self.text.clone(),
        }
    }

    /// The code it is refused with.
    fn code(&self) -> Option<&str> {
        self.marks.iter().map(String::as_str).find(|mark| mark.starts_with("SF"))
    }
}

#[test]
fn every_example_does_what_its_page_says() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for example in pages().iter().flat_map(examples) {
        count += 1;
        for mark in &example.marks {
            assert!(
                mark == "step" || mark == "member" || mark.starts_with("SF"),
                "{}: what is `{mark}`?",
                example.place
            );
        }
        let text = example.file();
        let source = Source { id: FileId(0), path: "example.runbook".to_owned(), text: text.clone() };
        let found = check(&analyze(&Beside(folder()), source));
        let codes: Vec<&str> = found.iter().map(|found| found.code).collect();
        let wanted: Vec<&str> = example.code().into_iter().collect();
        if codes != wanted {
            let said: Vec<String> =
                found.iter().map(|found| format!("  {}: {}\n", found.code, found.message)).collect();
            wrong.push(format!("{} gives {codes:?}\n{}", example.place, said.concat()));
        }
    }
    assert!(count > 50, "only {count} examples were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The words of the grammar: every text of letters in the rules of the gate. The units of numbers stand before it.
fn words() -> BTreeSet<&'static str> {
    let gate = GRAMMAR.split_once("\nfile  =").unwrap().1;
    let lines = gate.lines().filter(|line| !line.starts_with("//"));
    let words = lines.flat_map(|line| line.split('"').skip(1).step_by(2));
    words.filter(|word| word.chars().all(|c| c.is_ascii_lowercase()) && word.len() > 1).collect()
}

/// The first cells of the rows of tables, without their backquotes.
fn rows(text: &str) -> BTreeSet<&str> {
    text.lines().filter_map(|line| Some(line.strip_prefix("| `")?.split_once('`')?.0)).collect()
}

fn page(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap()
}

/// What is designed and not built, and is no word that begins a statement.
const NOT_BUILT_PARTS: &[&str] = &["ensures … else rollback"];

#[test]
fn the_last_page_has_every_word_of_the_language_and_no_other() {
    let text = page("words.md");
    let (built, not_built) = text.split_once("\n## Designed and not built").unwrap();
    let refused: BTreeSet<&str> = words_not_built().iter().chain(NOT_BUILT_PARTS).copied().collect();
    // Some that are not built as a statement are built as something else: `after` in a scenario.
    let listed = rows(built);
    let wanted: BTreeSet<&str> =
        words().into_iter().filter(|word| !refused.contains(word) || listed.contains(word)).collect();
    let missing: Vec<&&str> = wanted.difference(&listed).collect();
    let more: Vec<&&str> = listed.difference(&wanted).collect();
    assert!(missing.is_empty() && more.is_empty(), "words.md lacks {missing:?}, and has {more:?} more");
    assert_eq!(rows(not_built), refused, "left: words.md; right: what is refused by name");
}

#[test]
fn the_last_page_says_which_words_cannot_be_names() {
    let rule = GRAMMAR.split_once("\nreserved   = _{").unwrap().1.split_once('}').unwrap().0;
    let reserved: BTreeSet<&str> = rule.split('"').skip(1).step_by(2).collect();
    let text = page("words.md");
    let marked: String =
        text.lines().filter(|line| line.ends_with("| no name |")).map(|line| format!("{line}\n")).collect();
    assert_eq!(rows(&marked), reserved, "left: words.md; right: the grammar");
}

#[test]
fn every_function_has_its_row() {
    let text = page("expressions.md");
    let missing: Vec<&str> =
        functions().filter(|shown| !text.contains(&format!("\n| `{shown}` | "))).collect();
    assert!(missing.is_empty(), "expressions.md lacks rows for {missing:?}");
}

#[test]
fn every_type_has_its_row() {
    let text = page("values.md");
    let listed = rows(&text);
    let missing: Vec<&str> = type_names().filter(|name| !listed.contains(*name)).collect();
    assert!(missing.is_empty(), "values.md lacks {missing:?}");
}

/// What a heading is called in a link.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
    text.chars().filter(|c| c.is_alphanumeric() || *c == '-' || *c == '_').collect()
}

#[test]
fn every_link_leads_somewhere_and_every_page_is_in_the_index() {
    let pages = pages();
    let mut wrong = Vec::new();
    for page in &pages {
        for link in page.text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0)) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let there = std::fs::read_to_string(folder().join(file)).unwrap_or_default();
            let headings = there.lines().filter(|line| line.starts_with('#')).map(anchor);
            let leads = !there.is_empty()
                && (heading.is_empty() || headings.into_iter().any(|found| found == heading));
            if !leads {
                wrong.push(format!("{}: {link}", page.name));
            }
        }
    }
    let index = pages.iter().find(|page| page.name == "README.md").unwrap();
    for page in pages.iter().filter(|page| page.name != "README.md") {
        if !index.text.contains(&format!("]({})", page.name)) {
            wrong.push(format!("README.md does not link {}", page.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
