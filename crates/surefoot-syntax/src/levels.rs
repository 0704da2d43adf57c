//! How much a project minds each finding: what its configuration says about codes.

use std::collections::BTreeMap;

use crate::{Diagnostic, Page, Severity, codes, explain, nearest};

/// How much a finding is minded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Level {
    /// The check fails.
    Error,
    /// It is said.
    Warning,
    /// It is not said.
    Off,
}

/// The levels of codes that differ from what their pages say.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Levels(BTreeMap<&'static str, Level>);

impl Levels {
    /// Sets the level of a code, as `SF0106`, or of its name, to `error`, `warning` or `off`.
    ///
    /// # Errors
    /// Why that cannot be, as a sentence without its stop.
    pub fn set(&mut self, code: &str, level: &str) -> Result<(), String> {
        let Some(page) = explain(code) else { return Err(unknown_code(code)) };
        let level = match level {
            "error" => Level::Error,
            "warning" => Level::Warning,
            "off" => Level::Off,
            other => {
                return Err(format!(
                    "`{code} = \"{other}\"` says no level: it is \"error\", \"warning\" or \"off\""
                ));
            }
        };
        if level != Level::Error && !page.is_free() {
            return Err(format!(
                "{} cannot be turned off or down: it is about soundness, and no plan is made of a runbook that has it; \
                 mend it, or keep it in a baseline until it is",
                page.code
            ));
        }
        self.0.insert(page.code, level);
        Ok(())
    }

    /// The diagnostic at its level; none if it is off.
    #[must_use]
    pub fn apply(&self, diagnostic: Diagnostic) -> Option<Diagnostic> {
        let severity = match self.0.get(diagnostic.code) {
            None => diagnostic.severity,
            Some(Level::Error) => Severity::Error,
            Some(Level::Warning) => Severity::Warning,
            Some(Level::Off) => return None,
        };
        Some(Diagnostic { severity, ..diagnostic })
    }
}

impl Page {
    /// Whether a project decides how much it minds this: a warning, or an error that no plan depends on.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.severity == Severity::Warning || self.policy
    }
}

/// What is said of a code that does not exist.
#[must_use]
pub fn unknown_code(code: &str) -> String {
    // A zero is what is most often left out.
    let upper = match code.to_uppercase().strip_prefix("SF") {
        Some(digits) => format!("SF{digits:0>4}"),
        None => code.to_uppercase(),
    };
    if codes().iter().any(|page| page.code == upper) {
        return format!("there is no code `{code}`; did you mean `{upper}`?");
    }
    let all = codes().iter().flat_map(|page| [page.code, page.name]);
    match nearest(&upper, codes().iter().map(|page| page.code)).or_else(|| nearest(code, all)) {
        Some((meant, _)) => format!("there is no code `{code}`; did you mean `{meant}`?"),
        None => format!("there is no code `{code}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Levels, unknown_code};
    use crate::{Diagnostic, Severity, Span, codes};

    #[test]
    fn a_warning_can_be_raised_and_turned_off() {
        let found = Diagnostic::warning("SF0106", Span::default(), "unused");
        let mut levels = Levels::default();
        assert_eq!(levels.apply(found.clone()), Some(found.clone()));
        levels.set("SF0106", "error").unwrap();
        assert_eq!(levels.apply(found.clone()).unwrap().severity, Severity::Error);
        levels.set("unused", "off").unwrap();
        assert_eq!(levels.apply(found), None);
    }

    #[test]
    fn no_error_that_stands_before_a_plan_can_be_turned_off_or_down() {
        for page in codes().iter().filter(|page| page.severity == Severity::Error && !page.policy) {
            for level in ["off", "warning"] {
                let why = Levels::default().set(page.code, level).unwrap_err();
                assert!(why.contains("cannot be turned off or down"), "{why}");
            }
            Levels::default().set(page.code, "error").unwrap();
        }
    }

    #[test]
    fn a_code_or_level_that_does_not_exist_is_said_with_what_was_meant() {
        assert_eq!(unknown_code("sf0160"), "there is no code `sf0160`; did you mean `SF0106`?");
        assert_eq!(unknown_code("sf401"), "there is no code `sf401`; did you mean `SF0401`?");
        assert_eq!(unknown_code("no-limt"), "there is no code `no-limt`; did you mean `no-limit`?");
        assert_eq!(unknown_code("hello"), "there is no code `hello`");
        let why = Levels::default().set("SF0106", "on").unwrap_err();
        assert!(why.contains("\"off\""), "{why}");
    }
}
