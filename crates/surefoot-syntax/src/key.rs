//! Tells findings apart by what they are about: the code, the file, the item and the message, never the line.
//!
//! A line that is added above must make no old finding a new one: not in a baseline, and not where findings of two
//! runs are compared.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};

use crate::ast::{File, Item, Member};
use crate::{Diagnostic, FileId, Source, Span, parse};

/// What a finding is about.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Key {
    /// The path of its file.
    pub file: String,
    /// The item it is in, as `switchover/promote`; empty outside of items.
    pub item: String,
    /// Its code.
    pub code: String,
    /// Its message.
    pub message: String,
}

impl Key {
    /// A short text that differs where keys differ.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for part in [&self.code, &self.file, &self.item, &self.message] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Makes the keys of findings. A file is read again when the first of its findings is met.
#[derive(Debug)]
pub struct Keys<'s> {
    sources: &'s [Source],
    parsed: HashMap<FileId, File>,
}

impl<'s> Keys<'s> {
    /// For findings in these files.
    #[must_use]
    pub fn new(sources: &'s [Source]) -> Self {
        Self { sources, parsed: HashMap::new() }
    }

    /// What a finding is about.
    pub fn of(&mut self, diagnostic: &Diagnostic) -> Key {
        let at = diagnostic.primary.span;
        let source = self.sources.iter().find(|source| source.id == at.file);
        let item = source.map_or_else(String::new, |source| {
            item_at(self.parsed.entry(source.id).or_insert_with(|| parse(source).file), at)
        });
        Key {
            file: source.map_or_else(String::new, |source| source.path.clone()),
            item,
            code: diagnostic.code.to_owned(),
            message: diagnostic.message.clone(),
        }
    }
}

/// The item that a place is in, as `switchover/promote`; empty outside of items.
#[must_use]
pub fn item_at(file: &File, at: Span) -> String {
    let inside = |span: Span| span.start <= at.start && at.start <= span.end;
    for item in &file.items {
        match item {
            Item::Runbook(runbook) if inside(runbook.span) => {
                let part = member_at(&runbook.members, at).map(|name| format!("/{name}"));
                return format!("{}{}", runbook.name.text, part.unwrap_or_default());
            }
            Item::Fact(fact) if inside(fact.span) => return fact.name.text.clone(),
            Item::Function(function) if inside(function.span) => return function.name.text.clone(),
            Item::Type(named) if inside(named.span) => return named.name.text.clone(),
            Item::Action(action) if inside(action.step.span) => return action.step.name.text.clone(),
            Item::Scenario(scenario) if inside(scenario.span) => {
                return scenario.title.as_ref().map_or_else(String::new, |title| format!("{:?}", title.text));
            }
            Item::Use(_)
            | Item::Runbook(_)
            | Item::Fact(_)
            | Item::Function(_)
            | Item::Type(_)
            | Item::Action(_)
            | Item::Scenario(_)
            | Item::NotBuilt(_) => {}
        }
    }
    String::new()
}

/// The named part of a runbook that a place is in.
fn member_at(members: &[Member], at: Span) -> Option<&str> {
    let inside = |span: Span| span.start <= at.start && at.start <= span.end;
    members.iter().find_map(|member| match member {
        Member::Param(param) => inside(param.span).then_some(param.name.text.as_str()),
        Member::Let(binding) => inside(binding.span).then_some(binding.name.text.as_str()),
        Member::Fact(fact) => inside(fact.span).then_some(fact.name.text.as_str()),
        Member::Step(step) => inside(step.span).then_some(step.name.text.as_str()),
        Member::Wait(wait) => member_at(wait.otherwise.as_deref().unwrap_or_default(), at),
        Member::If(choice) => {
            let arms = [Some(choice.then.as_slice()), choice.otherwise.as_deref(), choice.unknown.as_deref()];
            arms.into_iter().flatten().find_map(|arm| member_at(arm, at))
        }
        Member::Match(choice) => {
            choice.arms.iter().chain(&choice.otherwise).find_map(|arm| member_at(&arm.body, at))
        }
        Member::Diagnose(diagnose) => {
            let bodies = diagnose.causes.iter().map(|cause| &cause.body);
            let mut bodies = bodies.chain(diagnose.otherwise.iter().map(|arm| &arm.body));
            bodies.find_map(|body| member_at(body, at))
        }
        Member::For(turns) => member_at(&turns.body, at),
        Member::During(scope) => member_at(&scope.body, at),
        Member::Parallel(block) => block.branches.iter().find_map(|branch| member_at(branch, at)),
        Member::Call(call) => inside(call.span).then_some(call.name.text.as_str()),
        Member::About(_)
        | Member::Allow(_)
        | Member::Requires(_)
        | Member::Invariant(_)
        | Member::Ensures(_)
        | Member::OnFailure(_)
        | Member::Collect(_)
        | Member::Todo(_)
        | Member::Stop(_)
        | Member::Assume(_)
        | Member::Lock(_)
        | Member::NotBuilt(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::Keys;
    use crate::{Diagnostic, FileId, Source, Span};

    fn key(text: &str) -> super::Key {
        let start = u32::try_from(text.find("HERE").unwrap()).unwrap();
        let sources = [Source { id: FileId(0), path: "a.runbook".to_owned(), text: text.to_owned() }];
        let span = Span { file: FileId(0), start, end: start };
        Keys::new(&sources).of(&Diagnostic::error("SF0101", span, "no"))
    }

    #[test]
    fn a_finding_is_known_by_its_item_and_not_by_its_line() {
        let text = "runbook demo {\n    if up {\n        step inner { note \"HERE\" }\n    }\n}\n";
        assert_eq!(key(text).item, "demo/inner");
        assert_eq!(key(&format!("# above\n\n{text}")), key(text));
        assert_eq!(key(&format!("# above\n\n{text}")).fingerprint(), key(text).fingerprint());
        assert_ne!(key(&text.replace("inner", "other")).fingerprint(), key(text).fingerprint());
        assert_eq!(key("fact up = HERE\n").item, "up");
        assert_eq!(key("runbook demo {\n    requires HERE\n}\n").item, "demo");
        assert_eq!(key("# HERE\n").item, "");
    }
}
