//! Shows what an edit of a file changes, as people and `patch` read it.

use std::time::Duration;

use similar::TextDiff;

/// Lines around a change.
const CONTEXT: usize = 3;

/// How long a shortest difference is looked for. A file that changes in every line has none worth the time.
const TIME_MAX: Duration = Duration::from_secs(1);

/// The difference between two texts of a file, as a unified diff; empty if there is none. `names`: what the file is
/// called before and after.
#[must_use]
pub fn unified_diff(names: [&str; 2], before: &str, after: &str) -> String {
    if before == after {
        return String::new();
    }
    let [old, new] = names;
    let diff = TextDiff::configure().timeout(TIME_MAX).diff_lines(before, after);
    diff.unified_diff().context_radius(CONTEXT).header(old, new).to_string()
}

#[cfg(test)]
mod tests {
    use super::unified_diff;

    #[test]
    fn a_change_is_shown_with_the_lines_around_it() {
        let before = "one\ntwo\nthree\nfour\nfive\nsix\n";
        let shown = unified_diff(["a/x.runbook", "b/x.runbook"], before, &before.replace("five", "FIVE"));
        assert_eq!(
            shown,
            "--- a/x.runbook\n+++ b/x.runbook\n@@ -2,5 +2,5 @@\n two\n three\n four\n-five\n+FIVE\n six\n"
        );
        assert_eq!(unified_diff(["a/x.runbook", "b/x.runbook"], before, before), "");
    }
}
