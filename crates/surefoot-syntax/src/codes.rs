//! The pages of the diagnostic codes: what `surefoot explain SF0401` shows.
//!
//! A page is a file `codes/SFxxxx.md`. Adding one is adding the file: the build collects them.

use std::sync::OnceLock;

use crate::Severity;

/// The sections a page has, in order.
pub const SECTIONS: [&str; 5] = ["What", "Why it matters", "Refused", "Accepted", "How to mend"];

/// The files, by code.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// The page of one code.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Page {
    /// The code, as `SF0401`.
    pub code: &'static str,
    /// Its short name, as `step-without-way-back`.
    pub name: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Whether it is an error of a check only: a plan is made all the same.
    pub policy: bool,
    /// Its text: Markdown, without what stands before the first heading.
    pub text: &'static str,
}

impl Page {
    /// The text of a section, without its heading; nothing if the page lacks it.
    #[must_use]
    pub fn section(&self, title: &str) -> &'static str {
        let mut found = None;
        let mut start = 0;
        for line in self.text.split_inclusive('\n') {
            let end = start + line.len();
            if let Some(heading) = line.strip_prefix("## ") {
                if let Some(from) = found {
                    return self.text.get(from..start).unwrap_or_default().trim();
                }
                if heading.trim() == title {
                    found = Some(end);
                }
            }
            start = end;
        }
        found.and_then(|from| self.text.get(from..)).unwrap_or_default().trim()
    }

    /// The fenced examples of a section: runbooks whole or in part.
    #[must_use]
    pub fn examples(&self, section: &str) -> Vec<&'static str> {
        let text = self.section(section);
        let mut examples = Vec::new();
        let mut rest = text;
        // A page about scripts cannot use the fence of scripts for its own examples.
        while let Some((fence, start)) = ["~~~", "```"]
            .iter()
            .filter_map(|fence| Some((*fence, rest.find(&format!("{fence}runbook\n"))?)))
            .min_by_key(|(_, start)| *start)
        {
            let from = start + fence.len() + "runbook\n".len();
            let after = rest.get(from..).unwrap_or_default();
            let Some((example, next)) = after.split_once(&format!("\n{fence}")) else { break };
            examples.push(example);
            rest = next;
        }
        examples
    }
}

/// The page of a code; none if there is no such code.
#[must_use]
pub fn explain(code: &str) -> Option<&'static Page> {
    codes().iter().find(|page| page.code.eq_ignore_ascii_case(code) || page.name == code)
}

/// All pages, by code.
#[must_use]
pub fn codes() -> &'static [Page] {
    static PAGES: OnceLock<Vec<Page>> = OnceLock::new();
    PAGES.get_or_init(|| FILES.iter().filter_map(|(code, file)| page(code, file)).collect())
}

/// Reads a file: `---`, lines `key: value`, `---`, text. None if it is not of that form, which a test refuses.
fn page(code: &'static str, file: &'static str) -> Option<Page> {
    let (front, text) = file.strip_prefix("---\n")?.split_once("\n---\n")?;
    let value =
        |key: &str| front.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':')).map(str::trim);
    let severity = match value("severity")? {
        "error" => Severity::Error,
        "warning" => Severity::Warning,
        _ => return None,
    };
    let policy = match value("kind") {
        None => false,
        Some("policy") => true,
        Some(_) => return None,
    };
    Some(Page { code, name: value("name")?, severity, policy, text: text.trim() })
}

#[cfg(test)]
mod tests;
