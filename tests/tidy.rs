//! Properties of the code itself: what a reviewer would otherwise have to look for every time.
//!
//! The tables of `ARCHITECTURE.md` and `README.md` are parsed and compared with the tree, so that a
//! page that no longer tells the truth fails like a wrong program.

#![expect(
    clippy::disallowed_methods,
    reason = "looks at the files of the repository and asks cargo about it"
)]
#![expect(clippy::unwrap_used, reason = "a helper of a test fails like a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use toml::Value as Toml;

/// Most lines a source file may have; tests apart. A longer one is two things.
const LINES_MAX: usize = 800;

/// One text file of the repository.
struct File {
    /// Its path from the root, with `/`.
    path: String,
    /// Its text.
    text: String,
}

impl File {
    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether it holds only tests, which may be long and may unwrap.
    fn is_test(&self) -> bool {
        self.path.starts_with("tests/")
            || self.path.contains("/tests/")
            || self.path.ends_with("/tests.rs")
            || self.path.contains("/benches/")
    }

    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ stands in the repository").to_owned()
}

/// Every text file of the repository, build products apart.
fn files() -> Vec<File> {
    fn walk(folder: &Path, root: &Path, found: &mut Vec<File>) {
        let mut entries: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_symlink() || name == "target" || name == ".git" {
                continue;
            }
            if path.is_dir() {
                walk(&path, root, found);
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                let path = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
                found.push(File { path, text });
            }
        }
    }
    let root = root();
    let mut found = Vec::new();
    walk(&root, &root, &mut found);
    assert!(found.len() > 50, "only {} files found: the walk is broken", found.len());
    found
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The rows of the table under a header row that starts with these cells.
fn table(page: &str, header: &[&str]) -> Vec<Vec<String>> {
    let cells = |line: &str| -> Vec<String> {
        line.trim().trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let text = read(page);
    let mut lines =
        text.lines().skip_while(|line| !(line.starts_with('|') && cells(line).starts_with(&owned(header))));
    assert!(lines.next().is_some(), "{page} has no table with the header {header:?}");
    lines.skip(1).take_while(|line| line.starts_with('|')).map(cells).collect()
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Fails with one finding a line.
fn report(findings: &[String], rule: &str) {
    let mut text = String::new();
    for finding in findings {
        writeln!(text, "  {finding}").unwrap();
    }
    assert!(findings.is_empty(), "{rule}:\n{text}");
}

/// Whether a word stands in a line by itself: `undo` does not stand in `undone`, nor in `catch_undo`.
fn has_word(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(start, _)| {
        !line[..start].chars().next_back().is_some_and(is_part)
            && !line[start + word.len()..].chars().next().is_some_and(is_part)
    })
}

fn manifest(path: &str) -> Toml {
    toml::from_str(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn the_crates_depend_on_each_other_as_drawn() {
    let mut built: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for entry in std::fs::read_dir(root().join("crates")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let manifest = manifest(&format!("crates/{name}/Cargo.toml"));
        let mut arrows = BTreeSet::new();
        // Dev-dependencies are not arrows: a test may use any room.
        for section in ["dependencies", "build-dependencies"] {
            let table = manifest.get(section).and_then(Toml::as_table);
            let ours = table
                .into_iter()
                .flat_map(|table| table.keys())
                .filter_map(|key| key.strip_prefix("surefoot-"));
            arrows.extend(ours.map(str::to_owned));
        }
        built.insert(name.strip_prefix("surefoot-").expect("crates are named surefoot-…").to_owned(), arrows);
    }
    let all: BTreeSet<String> = built.keys().cloned().collect();
    let drawn: BTreeMap<String, BTreeSet<String>> = table("ARCHITECTURE.md", &["crate", "depends on"])
        .into_iter()
        .map(|row| {
            let arrows = match row[1].as_str() {
                "nothing of ours" => BTreeSet::new(),
                "all" => all.iter().filter(|name| **name != row[0]).cloned().collect(),
                list => list.split(',').map(|name| name.trim().to_owned()).collect(),
            };
            (row[0].clone(), arrows)
        })
        .collect();
    assert_eq!(built, drawn, "left: the manifests; right: the table of ARCHITECTURE.md");

    let described: BTreeSet<String> = table("ARCHITECTURE.md", &["crate", "in one line"])
        .into_iter()
        .map(|row| row[0].trim_matches('`').trim_start_matches("surefoot-").to_owned())
        .collect();
    assert_eq!(all, described, "left: crates/; right: the rooms of ARCHITECTURE.md");
}

#[test]
fn every_package_inherits_version_edition_licence_and_lints() {
    let mut findings = Vec::new();
    for file in
        files().iter().filter(|file| file.path.ends_with("/Cargo.toml") && !file.path.contains("/fuzz/"))
    {
        for wanted in [
            "version.workspace = true",
            "edition.workspace = true",
            "license.workspace = true",
            "[lints]\nworkspace = true",
        ] {
            if !file.text.contains(wanted) {
                findings.push(format!("{}: {wanted:?} is missing", file.path));
            }
        }
    }
    report(&findings, "a package does not inherit from the workspace");
}

#[test]
fn files_are_short() {
    let findings: Vec<String> = files()
        .iter()
        .filter(|file| file.is_rust() && !file.is_test())
        .filter(|file| file.text.lines().count() > LINES_MAX)
        .map(|file| format!("{}: {} lines", file.path, file.text.lines().count()))
        .collect();
    report(&findings, "a file of more than 800 lines is two things; split it by its first sentence");
}

#[test]
fn files_say_what_they_are() {
    let findings: Vec<String> = files()
        .iter()
        .filter(|file| file.is_rust() && !file.path.ends_with("/tests.rs"))
        .filter(|file| !file.text.lines().take(4).any(|line| line.starts_with("//!")))
        .map(|file| file.path.clone())
        .collect();
    report(&findings, "a file starts with `//!` and one sentence that says what it is");
}

#[test]
fn nothing_is_left_half_done() {
    // Put together here so that this file does not find itself.
    let needles = [
        concat!("FIX", "ME"),
        concat!("XX", "X:"),
        concat!("dbg", "!("),
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("#[ign", "ore"),
        concat!("#[should", "_panic"),
        concat!("#[all", "ow("),
        concat!("#![all", "ow("),
    ];
    let kinds = ["design", "limit", "robust", "speed"];
    let mut findings = Vec::new();
    for file in files().iter().filter(|file| file.is_rust()) {
        for (number, line) in file.lines() {
            for needle in needles.iter().filter(|needle| line.contains(**needle)) {
                findings.push(format!("{}:{number}: {needle}", file.path));
            }
            let debt = concat!("TO", "DO");
            if let Some((_, rest)) = line.split_once(debt)
                && line.trim_start().starts_with("//")
                && !kinds.iter().any(|kind| rest.starts_with(&format!("({kind}): ")))
            {
                findings
                    .push(format!("{}:{number}: {debt} without one of {kinds:?} and a sentence", file.path));
            }
        }
    }
    report(&findings, "something is left half done, or a lint is silenced without `expect` and a reason");
}

#[test]
fn unsafe_stands_in_one_file() {
    let word = concat!("uns", "afe");
    let mut findings = Vec::new();
    for file in
        files().iter().filter(|file| file.is_rust() && file.path != "crates/surefoot-sandbox/src/sys.rs")
    {
        for (number, line) in file.lines() {
            let code = line.split("//").next().unwrap_or_default();
            let is_block = [" {", " fn", " impl", " extern", " trait"]
                .iter()
                .any(|tail| code.contains(&format!("{word}{tail}")));
            if is_block || code.contains(&format!("(uns{}_code", "afe")) {
                findings.push(format!("{}:{number}: {}", file.path, line.trim()));
            }
        }
    }
    report(&findings, "system calls stand in crates/surefoot-sandbox/src/sys.rs and nowhere else");
}

#[test]
fn one_word_for_one_thing() {
    let never: Vec<(String, String)> = table("ARCHITECTURE.md", &["say", "for", "never"])
        .into_iter()
        .flat_map(|row| {
            let say = row[0].clone();
            let words: Vec<String> = row[2].split(',').map(|word| word.trim().to_owned()).collect();
            words
                .into_iter()
                .filter(|word| !word.is_empty())
                .map(move |word| (say.clone(), word))
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(never.len() >= 4, "the glossary's right column is empty: {never:?}");
    let mut findings = Vec::new();
    for file in files() {
        let is_ours = file.is_rust() || file.path.ends_with(".md") || file.path.ends_with(".runbook");
        // The glossary itself must name them.
        if !is_ours || file.path == "ARCHITECTURE.md" || file.path == "tests/tidy.rs" {
            continue;
        }
        for (number, line) in file.lines() {
            let lower = line.to_lowercase();
            for (say, word) in never.iter().filter(|(_, word)| has_word(&lower, word)) {
                findings.push(format!("{}:{number}: `{word}`; say `{say}`", file.path));
            }
        }
    }
    report(&findings, "a word that the glossary refuses");
}

/// Whether this text starts with a code as `SF0401`.
fn code_at(text: &str) -> Option<String> {
    let code: String = text.chars().take(6).collect();
    (code.len() == 6 && code.starts_with("SF") && code[2..].chars().all(|c| c.is_ascii_digit()))
        .then_some(code)
}

#[test]
fn every_code_has_a_page() {
    let mut used: BTreeMap<String, String> = BTreeMap::new();
    for file in
        files().iter().filter(|file| file.is_rust() && file.path.starts_with("crates/") && !file.is_test())
    {
        for (number, line) in file.lines().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            for (start, _) in line.match_indices("\"SF") {
                if let Some(code) = code_at(&line[start + 1..]) {
                    used.entry(code).or_insert_with(|| format!("{}:{number}", file.path));
                }
            }
        }
    }
    let mut findings = Vec::new();
    for (code, place) in &used {
        let page = format!("crates/surefoot-syntax/codes/{code}.md");
        match std::fs::read_to_string(root().join(&page)) {
            Err(_) => findings.push(format!("{place}: {code} has no page {page}")),
            Ok(text) => {
                for section in ["## What", "## Why it matters", "## Refused", "## Accepted", "## How to mend"]
                {
                    if !text.contains(section) {
                        findings.push(format!("{page}: no section `{section}`"));
                    }
                }
            }
        }
    }
    if let Ok(pages) = std::fs::read_dir(root().join("crates/surefoot-syntax/codes")) {
        for page in pages {
            let name = page.unwrap().file_name().into_string().unwrap();
            if let Some(code) = code_at(&name)
                && !used.contains_key(&code)
            {
                findings.push(format!("crates/surefoot-syntax/codes/{name}: nothing gives this code"));
            }
        }
    }
    findings.sort();
    report(&findings, "codes and pages differ");
}

#[test]
fn the_exit_codes_are_those_of_the_readme() {
    let source = read("crates/surefoot-cli/src/exit.rs");
    let body = source.split_once("enum Exit {").expect("exit.rs has the enum Exit").1;
    let body = body.split_once('}').expect("the enum ends").0;
    let mut built = Vec::new();
    let mut doc = String::new();
    for line in body.lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("/// ") {
            doc = text.to_owned();
        } else if let Some((_, number)) = line.trim_end_matches(',').split_once(" = ") {
            built.push(vec![number.to_owned(), doc.clone()]);
        }
    }
    assert!(built.len() > 10, "exit.rs reads as {built:?}");
    assert_eq!(built, table("README.md", &["exit", "means"]), "left: exit.rs; right: the README");
}

#[test]
fn the_tests_that_the_architecture_names_exist() {
    let all = files();
    let mut findings = Vec::new();
    for row in table("ARCHITECTURE.md", &["what must hold", "test"]) {
        for name in row[1]
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|name| name.contains("_") && *name != "disallowed_methods")
        {
            let wanted = format!("fn {name}(");
            if !all.iter().any(|file| file.is_rust() && file.text.contains(&wanted)) {
                findings.push(format!("`{name}`, for: {}", row[0]));
            }
        }
    }
    report(&findings, "ARCHITECTURE.md names a test that does not exist");
}

#[test]
fn no_path_of_one_machine_is_written_down() {
    // Where this tree is checked out, and where its builder's tools are.
    let needles = [root().display().to_string(), concat!("/root/", ".cargo").to_owned()];
    let mut findings = Vec::new();
    for file in files() {
        for (number, line) in file.lines() {
            if needles.iter().any(|needle| line.contains(needle.as_str())) {
                findings.push(format!("{}:{number}: {}", file.path, line.trim()));
            }
        }
    }
    report(&findings, "a path that exists on one machine only");
}

#[test]
fn every_kind_of_case_is_run() {
    let Ok(kinds) = std::fs::read_dir(root().join("tests/cases")) else { return };
    let harness: String = files()
        .into_iter()
        .filter(|file| file.is_rust() && file.path.starts_with("tests/") && file.path != "tests/tidy.rs")
        .map(|file| file.text)
        .collect();
    let findings: Vec<String> = kinds
        .map(|kind| kind.unwrap())
        .filter(|kind| kind.path().is_dir())
        .map(|kind| kind.file_name().into_string().unwrap())
        .filter(|kind| {
            !harness.contains(&format!("cases/{kind}")) && !harness.contains(&format!("\"{kind}\""))
        })
        .collect();
    report(&findings, "a folder of cases that no harness names");
}

/// The licences of everything that is linked, as deny.toml would see them: cargo-deny is not on every machine.
#[test]
fn every_dependency_has_an_allowed_licence() {
    let deny = manifest("deny.toml");
    let allowed: BTreeSet<String> = deny["licenses"]["allow"]
        .as_array()
        .expect("licenses.allow is a list")
        .iter()
        .map(|licence| licence.as_str().expect("a licence is text").to_owned())
        .collect();
    // Only what is linked on this platform: the rest may not even be downloaded.
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let output = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", &platform])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    let banned: BTreeSet<&str> = deny["bans"]["deny"]
        .as_array()
        .expect("bans.deny is a list")
        .iter()
        .map(|ban| ban["crate"].as_str().expect("a ban names a crate"))
        .collect();
    let mut findings = Vec::new();
    let packages = metadata["packages"].as_array().expect("packages");
    assert!(packages.len() > 40, "cargo metadata names only {} packages", packages.len());
    for package in packages {
        let name = package["name"].as_str().expect("a name");
        let licence = package["license"].as_str().unwrap_or("none stated");
        if !is_allowed(licence, &allowed) {
            findings.push(format!("{name}: {licence}"));
        }
        if banned.contains(name) {
            findings.push(format!("{name}: deny.toml bans it"));
        }
    }
    report(&findings, "a dependency that deny.toml does not allow");
}

/// Whether a licence expression can be met by these licences: one of its choices, all parts of it.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let parts = expression.replace('/', " OR ").replace(['(', ')'], " ");
    // `(A OR B) AND C` without its brackets is met if every AND part has an allowed choice.
    parts.split(" AND ").all(|part| part.split(" OR ").any(|licence| allowed.contains(licence.trim())))
}
