//! Which variables nothing sets.

use super::unset_variables;

#[track_caller]
fn check(script: &str, expect: &[&str]) {
    assert_eq!(unset_variables(script, |name| name == "given"), expect, "{script}");
}

#[test]
fn a_variable_that_is_only_read_is_unset() {
    check("echo \"$folder\" ${given} $folder", &["folder"]);
    check("rm -rf \"${folder}/old\" \"${other%/}\"", &["folder", "other"]);
    check("cat <<END\n$folder\nEND", &["folder"]);
}

#[test]
fn what_the_script_may_set_itself_is_not_told() {
    check("folder=/srv\necho $folder", &[]);
    check("for node in a b; do echo \"$node\"; done", &[]);
    check("while read -r line; do echo \"$line\"; done", &[]);
    check("mapfile -t lines\necho \"${lines[0]}\"", &[]);
    check("printf -v text x; echo $text", &[]);
}

#[test]
fn what_is_for_others_or_says_its_default_is_not_told() {
    check("awk '{ print $name }' file", &[]);
    check("echo \"it's $folder\"", &["folder"]);
    check("# $folder\necho \\$folder ${folder:-none} $1 $? $HOME", &[]);
}
