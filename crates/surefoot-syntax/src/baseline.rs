//! Findings that are known: a repository is checked from today on, without mending all of yesterday first.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::Key;

/// The name and version of the form.
const SCHEMA: &str = "surefoot.baseline/1";

/// Findings that are known, and how often each.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Baseline(BTreeMap<Key, usize>);

/// A baseline as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    schema: String,
    findings: Vec<Finding>,
}

/// A finding as it is written. It has no line: that changes with every edit above it.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Finding {
    code: String,
    file: String,
    item: String,
    message: String,
    count: usize,
}

impl Baseline {
    /// Of these findings.
    #[must_use]
    pub fn of(keys: impl IntoIterator<Item = Key>) -> Self {
        let mut baseline = Self::default();
        for key in keys {
            *baseline.0.entry(key).or_default() += 1;
        }
        baseline
    }

    /// Reads a baseline.
    ///
    /// # Errors
    /// Why it does not read, without a final stop.
    pub fn parse(text: &str) -> Result<Self, String> {
        let document: Document = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if document.schema != SCHEMA {
            return Err(format!("it is `{}`, and this version reads `{SCHEMA}`", document.schema));
        }
        let known = document
            .findings
            .into_iter()
            .map(|Finding { code, file, item, message, count }| (Key { file, item, code, message }, count));
        Ok(Self(known.collect()))
    }

    /// Writes it: a finding a line, in order, so that two can be compared by line.
    #[must_use]
    pub fn write(&self) -> String {
        let lines: Vec<String> = self
            .0
            .iter()
            .map(|(key, count)| {
                let Key { file, item, code, message } = key.clone();
                let finding = Finding { code, file, item, message, count: *count };
                // Texts and a number always serialize.
                serde_json::to_string(&finding).unwrap_or_default()
            })
            .collect();
        let findings =
            if lines.is_empty() { String::new() } else { format!("\n  {}\n", lines.join(",\n  ")) };
        format!("{{\"schema\": \"{SCHEMA}\", \"findings\": [{findings}]}}\n")
    }

    /// How many findings it holds.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.values().sum()
    }

    /// Whether a finding is known. Each that it holds is known once: of two that are alike, the second is new.
    pub fn take(&mut self, key: &Key) -> bool {
        let Some(count) = self.0.get_mut(key).filter(|count| **count > 0) else { return false };
        *count -= 1;
        true
    }

    /// How many findings in these files were not met: they are mended, and need not be known any more.
    #[must_use]
    pub fn gone(&self, files: &BTreeSet<String>) -> usize {
        self.0.iter().filter(|(key, _)| files.contains(&key.file)).map(|(_, count)| count).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Baseline;
    use crate::Key;

    fn key(item: &str) -> Key {
        Key {
            file: "a.runbook".to_owned(),
            item: item.to_owned(),
            code: "SF0106".to_owned(),
            message: "the parameter `x` is \"never\" read".to_owned(),
        }
    }

    #[test]
    fn it_is_read_as_it_was_written_a_finding_a_line() {
        let baseline = Baseline::of([key("one"), key("two"), key("one")]);
        assert_eq!(baseline.write().lines().count(), 4);
        assert_eq!(Baseline::parse(&baseline.write()), Ok(baseline));
        assert_eq!(Baseline::parse(&Baseline::default().write()), Ok(Baseline::default()));
    }

    #[test]
    fn each_is_known_as_often_as_it_was_and_what_is_gone_is_counted() {
        let mut baseline = Baseline::of([key("one"), key("one"), key("two")]);
        assert!(baseline.take(&key("one")) && baseline.take(&key("one")));
        assert!(!baseline.take(&key("one")), "a third one is new");
        assert!(!baseline.take(&key("three")));
        assert_eq!(baseline.gone(&BTreeSet::from(["a.runbook".to_owned()])), 1);
        assert_eq!(
            baseline.gone(&BTreeSet::from(["b.runbook".to_owned()])),
            0,
            "that file was not looked at"
        );
    }

    #[test]
    fn another_form_is_refused() {
        for text in
            ["", "[]", "{\"schema\": \"surefoot.baseline/2\", \"findings\": []}", "{\"findings\": []}"]
        {
            assert!(Baseline::parse(text).is_err(), "{text}");
        }
    }
}
