use super::{FINDINGS_MAX, SqlWhat, sql_findings};

/// What is wrong with a script to which `who` and `n` are given.
fn check(script: &str, expected: &[(&str, &str)]) {
    let found = sql_findings(script, |name| name == "who" || name == "n");
    let found: Vec<(&str, &str)> = found
        .iter()
        .map(|found| {
            let what = match &found.what {
                SqlWhat::Command => "command",
                SqlWhat::Spliced(_) => "spliced",
                SqlWhat::Unset(_) => "unset",
            };
            (what, found.text.as_str())
        })
        .collect();
    assert_eq!(found, expected, "{script}");
}

#[test]
fn values_are_read_in_quotes_alone() {
    check("select :'who', :\"who\", :'n'::int;", &[]);
    check("select :who;", &[("spliced", ":who")]);
    check("select :'whom', :n;", &[("unset", ":'whom'"), ("spliced", ":n")]);
    check("select :DBNAME", &[("spliced", ":DBNAME")]);
    check("select x::int, a[1:2], a[1: n], y := 3, :{?who}", &[]);
    check("select a[1:n]", &[("spliced", ":n")]);
}

#[test]
fn nothing_speaks_to_the_client() {
    check("select 1 \\gexec", &[("command", "\\gexec")]);
    check("\\! rm -rf x", &[("command", "\\!")]);
    check("\\set n 1\nselect 1;", &[("command", "\\set")]);
    check("\\", &[("command", "\\")]);
}

#[test]
fn what_stands_in_quotes_and_comments_is_no_command() {
    check(r"select ':who \! it''s \g' from x -- :who \!", &[]);
    check(r#"select ":who \!" /* :who /* \! */ :n */"#, &[]);
    check(r"do $$ begin raise ':who \!'; end $$; do $a$ $$ \! $a$", &[]);
    check(r"select E'it\'s :who \\', :who", &[("spliced", ":who")]);
    check(r"select date'x\' :who", &[("spliced", ":who")]);
    check(r"select 'unclosed :who \!", &[]);
    check("select $1, a$b$c, :who", &[("spliced", ":who")]);
    check("ä :who ü \\g", &[("spliced", ":who"), ("command", "\\g")]);
}

#[test]
fn the_same_letters_are_told_apart() {
    let found = sql_findings("select ':who', :who, :who", |_| true);
    assert_eq!(found.iter().map(|found| found.nth).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn a_long_script_is_read_once() {
    // Were each letter compared with all that follows it, nobody would wait for the end of these.
    let long = "select 1;\n".repeat(200_000);
    assert_eq!(sql_findings(&long, |_| true), []);
    let wrong = "\\x\n".repeat(500_000);
    assert_eq!(sql_findings(&wrong, |_| true).len(), FINDINGS_MAX);
}
