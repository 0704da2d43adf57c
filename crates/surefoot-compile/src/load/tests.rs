//! Where a `use` leads.

use super::joined;

#[track_caller]
fn check(from: &str, path: &str, expect: &str) {
    assert_eq!(joined(from, path), expect);
}

#[test]
fn a_path_starts_at_the_folder_of_the_file_it_stands_in() {
    check("main.runbook", "./facts.runbook", "facts.runbook");
    check("ops/db/main.runbook", "./facts.runbook", "ops/db/facts.runbook");
    check("ops/db/main.runbook", "../facts.runbook", "ops/facts.runbook");
    check("ops/main.runbook", "../../facts.runbook", "../facts.runbook");
    check("/etc/ops/main.runbook", "../facts.runbook", "/etc/facts.runbook");
    check("ops/main.runbook", "/etc/facts.runbook", "/etc/facts.runbook");
}
