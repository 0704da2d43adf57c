//! The pages of the compiler's and the verifier's codes: their examples do what they say.

#![expect(clippy::disallowed_methods, reason = "examples are files of the repository")]

mod checks;

use std::collections::BTreeMap;
use std::path::Path;

use surefoot_compile::{Day, Inputs, Sources, analyze, check, check_on, lower};
use surefoot_plan::Condition;
use surefoot_syntax::{Diagnostic, FileId, Source, codes, explain};
use surefoot_tests::Beside;

/// What an example says about itself.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    #[serde(default)]
    inputs: BTreeMap<String, String>,
    today: Option<String>,
}

/// Codes whose refused example needs more than one text: a second file, a plan file that was changed, a plan
/// of many thousand steps, or a run.
const NOT_SHOWN: &[&str] = &[
    "SF0112", "SF0114", "SF0117", "SF0245", "SF0305", "SF0337", "SF0390", "SF0391", "SF0392", "SF0393",
    "SF0411", "SF0505",
];

#[test]
fn the_examples_of_the_pages_are_refused_with_their_code_and_accepted() {
    let mut wrong = Vec::new();
    for page in codes().iter().filter(|page| page.code >= "SF0030") {
        for example in page.examples("Refused") {
            let said: Vec<&str> = found(example).iter().map(|found| found.code).collect();
            if !NOT_SHOWN.contains(&page.code) && said != [page.code] {
                wrong.push(format!("{}: its refused example gives {said:?}\n{example}", page.code));
            }
        }
        for example in page.examples("Accepted") {
            let said: Vec<String> =
                found(example).iter().map(|found| format!("{}: {}", found.code, found.message)).collect();
            if !said.is_empty() {
                wrong.push(format!("{}: its accepted example gives {said:?}\n{example}", page.code));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_condition_of_the_verifier_has_a_page() {
    for condition in Condition::ALL {
        assert!(explain(condition.code()).is_some(), "{condition:?}: {} has no page", condition.code());
    }
}

/// What is wrong with an example. Beside it stand the files of the language reference.
fn found(example: &str) -> Vec<Diagnostic> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../grammar/reference");
    found_in(&Beside(folder), "example.runbook", example)
}

/// The same with files beside it. A first line `#! inputs = { name = "text" }` gives inputs,
/// `#! today = "2027-01-01"` the day.
fn found_in(sources: &dyn Sources, path: &str, example: &str) -> Vec<Diagnostic> {
    let source = Source { id: FileId(0), path: path.to_owned(), text: example.to_owned() };
    let analysis = analyze(sources, source);
    let Some(settings) = example.lines().next().and_then(|line| line.strip_prefix("#!")) else {
        return check(&analysis);
    };
    let settings: Settings = toml::from_str(settings).unwrap_or_else(|error| panic!("{error}\n{example}"));
    let mut found = match settings.today {
        Some(today) => check_on(&analysis, &Day::parse(&today).expect("the day of an example")),
        None => check(&analysis),
    };
    let given = settings.inputs.iter();
    let inputs = Inputs::from_texts(given.map(|(name, text)| (name.as_str(), text.as_str())));
    let runbook = analysis.runbooks().first().map_or(String::new(), |name| (*name).to_owned());
    found.extend(lower(&analysis, &runbook, &inputs).err().unwrap_or_default());
    found
}
