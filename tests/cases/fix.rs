//! What is mended by itself, what is only proposed, and what is wrong then.

use std::path::PathBuf;

use surefoot_compile::{Analysis, Mending, Sources, analyze, check};
use surefoot_syntax::{
    Applicability, Diagnostic, FileId, Format, RenderOptions, Source, parse, render, unified_diff,
};

use crate::Case;
use crate::check::Beside;

/// Shows the edits that `--fix` makes, then those that remain proposals. With all of them, nothing may be wrong.
pub(crate) fn show(case: &Case) -> String {
    let folder = case.path.parent().map(PathBuf::from).unwrap_or_default();
    let beside = Beside(folder);
    let mut mending = Mending::new(&beside);
    mending.mend(&case.name, &|_| true, &check).expect("a case can be read");
    assert!(!mending.unfinished, "{}: it is mended for ever", case.name);
    let safe = mending.read(&case.name).expect("a case can be read");
    let mut shown = format!("==== --fix\n{}", diff(&case.name, &case.text, &safe));
    let left = found(&beside, &case.name, &safe);
    shown.push_str(&format!("==== then\n{}", short(&beside, &case.name, &safe)));
    // As if a person took every proposal.
    let proposed = |analysis: &Analysis| {
        let taken = check(analysis).into_iter().map(|mut diagnostic| {
            diagnostic.fixes.truncate(1);
            diagnostic.fixes.iter_mut().for_each(|fix| fix.applicability = Applicability::Safe);
            diagnostic
        });
        taken.collect()
    };
    if !left.is_empty() {
        mending.mend(&case.name, &|_| true, &proposed).expect("a case can be read");
        let all = mending.read(&case.name).expect("a case can be read");
        shown.push_str(&format!("==== with what is proposed\n{}", diff(&case.name, &safe, &all)));
        shown.push_str(&format!("==== then\n{}", short(&beside, &case.name, &all)));
    }
    let last = mending.read(&case.name).expect("a case can be read");
    assert!(found(&beside, &case.name, &last).is_empty(), "{}: something is left\n{shown}", case.name);
    let is_proposal = case.name.starts_with("maybe_");
    assert_eq!(!left.is_empty(), is_proposal, "{}: what is left to a person\n{shown}", case.name);
    let read = |text: &str| parse(&source(&case.name, text)).syntax().text().to_string();
    assert_eq!(read(&last), last);
    shown
}

/// The difference as `--diff` shows it.
fn diff(name: &str, before: &str, after: &str) -> String {
    unified_diff([&format!("a/{name}"), &format!("b/{name}")], before, after)
}

fn source(name: &str, text: &str) -> Source {
    Source { id: FileId(0), path: name.to_owned(), text: text.to_owned() }
}

fn found(beside: &Beside, name: &str, text: &str) -> Vec<Diagnostic> {
    check(&analyze(beside, source(name, text)))
}

fn short(beside: &Beside, name: &str, text: &str) -> String {
    let options = RenderOptions { format: Format::Short, ..RenderOptions::default() };
    let shown = render(&found(beside, name, text), &[source(name, text)], &options);
    if shown.is_empty() { "nothing is wrong\n".to_owned() } else { shown }
}
