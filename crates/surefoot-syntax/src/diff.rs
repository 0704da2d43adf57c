//! Shows what an edit of a file changes, as people and `patch` read it.

use similar::TextDiff;

/// Lines around a change.
const CONTEXT: usize = 3;

/// The difference between two texts of a file, as a unified diff; empty if there is none.
#[must_use]
pub fn unified_diff(path: &str, before: &str, after: &str) -> String {
    if before == after {
        return String::new();
    }
    let diff = TextDiff::from_lines(before, after);
    diff.unified_diff().context_radius(CONTEXT).header(&format!("a/{path}"), &format!("b/{path}")).to_string()
}

#[cfg(test)]
mod tests {
    use super::unified_diff;

    #[test]
    fn a_change_is_shown_with_the_lines_around_it() {
        let before = "one\ntwo\nthree\nfour\nfive\nsix\n";
        let shown = unified_diff("x.runbook", before, &before.replace("five", "FIVE"));
        assert_eq!(
            shown,
            "--- a/x.runbook\n+++ b/x.runbook\n@@ -2,5 +2,5 @@\n two\n three\n four\n-five\n+FIVE\n six\n"
        );
        assert_eq!(unified_diff("x.runbook", before, before), "");
    }
}
