//! What is told of scripts, each finding by its code and the very bytes that it points at.

use std::collections::BTreeMap;

use surefoot_syntax::Span;

use super::{Given, Reading, Shell, read};

/// A script as it stands in a file: indented, behind letters of several bytes.
struct Written {
    file: String,
    reading: Reading,
}

fn written(shell: Shell, script: &str) -> Written {
    let given = BTreeMap::from([("text".to_owned(), Given::Text), ("number".to_owned(), Given::OneWord)]);
    let raw: String = script
        .split_inclusive('\n')
        .map(|line| if line.trim().is_empty() { line.to_owned() } else { format!(" \t  {line}") })
        .collect();
    let before = "# Überschrift\n```\n";
    let file = format!("{before}{raw}\n```\n");
    let offset = |at: usize| u32::try_from(at).unwrap();
    let span = Span { start: offset(before.len()), end: offset(before.len() + raw.len()), ..Span::default() };
    let reading = read(script, (span, &raw), shell, &given);
    Written { file, reading }
}

impl Written {
    fn slice(&self, span: Span) -> &str {
        &self.file[span.start as usize..span.end as usize]
    }

    fn found(&self) -> Vec<String> {
        let mut diagnostics: Vec<_> = self.reading.diagnostics.iter().collect();
        diagnostics.sort_by_key(|found| (found.primary.span, found.code));
        diagnostics.iter().map(|found| format!("{} {}", found.code, self.slice(found.primary.span))).collect()
    }

    fn programs(&self) -> Vec<&str> {
        self.reading.programs.iter().map(|(name, _)| name.as_str()).collect()
    }
}

/// What is found in a bash script.
#[track_caller]
fn check(script: &str, expect: &[&str]) {
    assert_eq!(written(Shell::Bash, script).found(), expect, "{script}");
}

/// The programs of a bash script in which nothing is wrong.
#[track_caller]
fn runs(script: &str, expect: &[&str]) {
    let written = written(Shell::Bash, script);
    assert_eq!(written.programs(), expect, "{script}");
    assert!(written.reading.is_complete, "{script}");
    for (name, span) in &written.reading.programs {
        let slice = written.slice(*span);
        assert!(slice.contains(name) || slice.contains(['\\', '"', '\'', '$']), "{name} at `{slice}`");
    }
}

/// That it cannot be known what a bash script runs.
#[track_caller]
fn hides(script: &str, programs: &[&str], at: &str) {
    let written = written(Shell::Bash, script);
    assert_eq!(written.programs(), programs, "{script}");
    assert!(!written.reading.is_complete, "{script}");
    assert!(written.found().contains(&format!("SF0620 {at}")), "{script}: {:?}", written.found());
}

#[test]
fn what_runs_is_a_program_unless_the_shell_does_it() {
    runs("app start\n/usr/sbin/nginx -t\n'my app'", &["app", "/usr/sbin/nginx", "my app"]);
    runs("cd /srv; echo x; [ -f a ]; [[ -f a ]]; ((number > 1)); local_file=1; export A=1; set -e", &[]);
    runs("f() { app; }; f; f x", &["app"]);
    runs(
        "if a; then b; elif c; then d; else e; fi; while f; do g; done; for x in 1; do h; done",
        &["a", "b", "c", "d", "e", "f", "g", "h"],
    );
    runs(
        "case $number in 1) a ;; *) b ;; esac; { c; }; (d); e | f; g && h || i; ! j; time k",
        &["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"],
    );
    runs(
        "x=$(a \"$(b)\" `c`)\ncat <<END\n$(d) ${x:-$(e)}\nEND\nf <(g) > >(h) <<< \"$(i)\"; a[1]=$(j)",
        &["a", "b", "c", "cat", "d", "e", "f", "g", "h", "i", "j"],
    );
    runs("\\ls; \"ls\"; l's'; A=1 ls; > file; A=1", &["ls", "ls", "ls", "ls"]);
    runs("command -v app; type app; exec 3> file; hash app", &[]);
    runs("# app\necho 'app' \"app\"; cat <<'END'\n$(app)\nEND", &["cat"]);
}

#[test]
fn programs_that_run_others_are_looked_through() {
    runs("command app; exec app; builtin cd /", &["app", "app"]);
    runs(
        "env -i A=b LANG=C app; env; nohup app; setsid -f app; nice app; nice -n 5 app; nice -5 app",
        &["env", "app", "env", "nohup", "app", "setsid", "app", "nice", "app", "nice", "app", "nice", "app"],
    );
    runs(
        "timeout 5 app; timeout -k 5 --signal=TERM 30 app; stdbuf -oL app; ionice -c 3 app",
        &["timeout", "app", "timeout", "app", "stdbuf", "app", "ionice", "app"],
    );
    runs(
        "ls | xargs; ls | xargs -0rn1 app; ls | xargs -I {} app {}; flock -n /run/lock app; flock 9",
        &["ls", "xargs", "ls", "xargs", "app", "ls", "xargs", "app", "flock", "app", "flock"],
    );
    runs("find . -name x -exec rm {} + -o -execdir mv {} y \\;", &["find", "rm", "mv"]);
    runs("timeout 5 env A=1 nice app", &["timeout", "env", "nice", "app"]);
    runs("f() { :; }; command f", &[]);
    hides("xargs --unheard-of 5 app", &["xargs"], "xargs");
    hides("ls | xargs \"$text\"", &["ls", "xargs"], "\"$text\"");
    hides(&format!("{}app", "nohup ".repeat(9)), &["nohup"; 8], "nohup");
}

#[test]
fn texts_that_are_scripts_are_read_too() {
    runs("trap 'rm -f x' EXIT", &["rm"]);
    runs("trap clean EXIT; clean() { rm x; }; trap - INT; trap '' HUP; trap", &["rm"]);
    runs("sh -c 'app \"$1\"' _ x; bash -euo pipefail -c \"app\"", &["sh", "app", "bash", "app"]);
    runs("find . -exec sh -c 'app \"$1\"' _ {} \\;", &["find", "sh", "app"]);
    runs("bash script.sh; sh < file", &["bash", "sh"]);
    runs("sh -c 'sh -c app'", &["sh", "sh", "app"]);
    check("trap 'rm $text' EXIT", &["SF0328 $text"]);
    check("trap 'if' EXIT", &["SF0320 i"]);
    hides("eval \"$text\"", &[], "\"$text\"");
    hides("eval app \"$text\"", &[], "eval");
    hides("sh -c \"app $text\"", &["sh"], "\"app $text\"");
    hides("trap \"rm $text\" EXIT", &[], "\"rm $text\"");
    hides(". ./lib.sh", &[], ".");
    // Twenty of them are read.
    let expect: Vec<&str> =
        (0..30).flat_map(|at| if at < 20 { vec!["sh", "app"] } else { vec!["sh"] }).collect();
    hides(&"sh -c app\n".repeat(30), &expect, "app");
}

#[test]
fn a_computed_program_is_known_when_the_script_says_it_once() {
    runs("bin=/opt/bin\n\"$bin/app\" x", &["/opt/bin/app"]);
    runs("tool='docker exec app'\n$tool ls", &["docker"]);
    runs("tool=(docker exec app)\n\"${tool[@]}\" ls", &["docker"]);
    hides("\"$text\" x", &[], "\"$text\"");
    hides("tool=a; if b; then tool=c; fi; $tool", &["b"], "$tool");
    hides("$(which app) x", &["which"], "$(which app)");
    hides("app-$number", &[], "app-$number");
}

#[test]
fn a_variable_that_nothing_sets_is_told_at_its_place() {
    check("echo \"é$folder\" \"${text}\" \"$folder\"", &["SF0313 $folder"]);
    check(
        "rm -rf \"${folder}/old\" \"${other%/}\" \"${#third}\" \"${fourth[0]}\" \"${!fifth}\"",
        &[
            "SF0313 ${folder}",
            "SF0313 ${other%/}",
            "SF0313 ${#third}",
            "SF0313 ${fourth[0]}",
            "SF0313 ${!fifth}",
        ],
    );
    check(
        "cat <<END\n$folder\n$((n + 1)) $(echo \"$deep\")\nEND",
        &["SF0313 $folder", "SF0313 n", "SF0313 $deep"],
    );
    check("echo \"$1\" \"$USER\" \"$COLUMNS\"", &["SF0313 $1", "SF0313 $USER", "SF0313 $COLUMNS"]);
    check("echo \"$later\"; later=1; n=$((n + 1))", &["SF0313 $later", "SF0313 n"]);
    check("((count++)); [[ -n $word ]]; x=$y", &["SF0313 count", "SF0313 $word", "SF0313 $y"]);
    check(
        "f() { echo \"$inside\"; }; trap 'echo \"$trapped\"' EXIT; f",
        &["SF0313 $inside", "SF0313 $trapped"],
    );
}

#[test]
fn what_the_script_may_set_itself_is_not_told() {
    check(
        "folder=/srv; echo \"$folder\"; read -rp \"? \" a b; echo \"$a$b\"; mapfile -t lines; echo \"${lines[0]}\"",
        &[],
    );
    check(
        "for node in a b; do echo \"$node\"; done; select x in a; do echo \"$x\"; done; echo \"$REPLY\"",
        &[],
    );
    check(
        "printf -v out x; echo \"$out\"; getopts ab: letter; echo \"$letter $OPTIND\"; let total=1; echo \"$total\"",
        &[],
    );
    check(
        "f() { local own=1 other; other=2; echo \"$own$other$1\" \"$#\" \"$@\"; set_there=1; }; f; echo \"$set_there\"",
        &[],
    );
    check(
        "f() { echo \"$set_below\"; }; set_below=1; f; : \"${x:=1}\"; echo \"$x\"; exec {fd}> file; echo \"$fd\"",
        &[],
    );
    check("while [ \"$number\" -gt 0 ]; do if [ -f x ]; then echo \"$last\"; fi; last=1; done", &[]);
    check(
        "declare -A map=([a]=1); echo \"${map[a]}\" \"${map[$text]}\" \"${!map[@]}\"; readonly C=1; echo \"$C\"",
        &[],
    );
    check("set -- a b; echo \"$1\"; trap 'echo \"$count\"' EXIT; count=0", &[]);
}

#[test]
fn what_is_for_others_or_says_its_default_is_not_told() {
    check("awk '{ print $name }' file; # $folder\necho \\$folder '$folder' \"\\$folder\"", &[]);
    check(
        "echo \"${folder:-none}\" \"${a:+$text}\" \"${b-}\" \"${c:?say it}\" \"$?\" \"$#\" \"$$\" \"$!\" \"$-\" \"$0\"",
        &[],
    );
    check("echo \"$HOME\" \"$PATH\" \"$PWD\" \"$RANDOM\" \"$UID\" \"${PIPESTATUS[0]}\" \"$LINENO\"", &[]);
    check("cat <<'END'\n$folder\nEND\n[[ -v folder ]] && echo x; echo \"${list[@]}\" \"$*\"", &[]);
    check("sh -c 'echo \"$inner $1\"' _ x; set +u  # no\necho \"$open\"", &["SF0324 set +u"]);
    let opaque = written(Shell::Bash, ". ./lib.sh\necho \"$from_there\"");
    assert_eq!(opaque.found(), ["SF0620 ."]);
    assert_eq!(written(Shell::Sh, "echo \"$RANDOM\"").found(), ["SF0313 $RANDOM"]);
}

#[test]
fn a_folder_that_is_another_one_without_a_value_is_told() {
    check("rm -rf \"/srv/$text\" \"$text\"/data", &["SF0251 \"/srv/$text\"", "SF0251 \"$text\"/data"]);
    check("rm -rf \"$text\" \"/srv/${text:?}\" \"/srv/x$text\" \"/srv/$number\"; rm -f \"/srv/$text\"", &[]);
}

#[test]
fn what_waits_for_a_person_or_for_a_time_is_told() {
    check("psql\nsleep 5\nvi x", &["SF0350 psql", "SF0351 sleep 5", "SF0350 vi x"]);
    check("psql < x\nuntil app; do sleep 5; done", &[]);
}

#[test]
fn a_word_that_nobody_filled_in_is_told() {
    check("app <node-name> --force; app CHANGE_ME", &["SF0024 <node-name>", "SF0024 CHANGE_ME"]);
    check("app < node-name > there; grep '<a-b>' x; grep -q CHANGE_ME x", &[]);
}

#[test]
fn a_value_that_is_split_is_told() {
    check("ls -l $text/old; app a$text'b' ${text%/}", &["SF0328 $text", "SF0328 $text", "SF0328 ${text%/}"]);
    check("f() { app $1 $@ $*; }; f", &["SF0328 $1", "SF0328 $@", "SF0328 $*"]);
    check(
        "echo $(date) > $text; list=($text); [ -n $text ]",
        &["SF0328 $(date)", "SF0328 $text", "SF0328 $text", "SF0328 $text"],
    );
    check(
        "for x in *.gz; do app $x; done; for x in ${list[@]}; do :; done",
        &["SF0328 $x", "SF0328 ${list[@]}"],
    );
    check("read -r line; app $line; line='*'; other=$line; app $other", &["SF0328 $line", "SF0328 $other"]);
}

#[test]
fn what_is_not_split_is_not_told() {
    check(
        "x=$text y=\"$text\"; [[ $text == a ]]; case $text in a) ;; esac; for x in $text; do :; done; app <<< $text",
        &[],
    );
    check("app $number +$number ${#text} $? $# $$ $((number + 1)) $UID $HOME", &[]);
    check(
        "options=\"-a -b\"; options+=\" -c\"; app $options; n=$number; app $n; code=0; app $code; pid=$!; app $pid",
        &[],
    );
    check("for i in 1 2 {3..5} $(seq 1 3); do app $i; done; for ((j = 0; j < 2; j++)); do app $j; done", &[]);
    check(
        "app ${text:+--name} ${text:+\"$text\"} \"$@\" \"${x[@]}\"; export y=$text; cat <<END\n$text\nEND",
        &[],
    );
}

#[test]
fn an_exit_that_a_declaration_takes_is_told() {
    check(
        "f() { local x=$(app); }; f; export y=$(app); readonly z=$(app | sort); declare -i n=$(app)",
        &["SF0321 $(app)", "SF0321 $(app)", "SF0321 $(app | sort)", "SF0321 $(app)"],
    );
    check("f() { local x; x=$(app); local now=$(date); local n=$1; }; f; export y=\"$text\"", &[]);
}

#[test]
fn an_exit_that_is_thrown_away_is_told() {
    check("app || true; app || :; a && b || true", &["SF0322 || true", "SF0322 || :", "SF0322 || true"]);
    check("grep x file || true; x=$(app || true); (app) || true", &["SF0322 || true"; 3]);
    check(
        "app || true  # it may be gone\n[ -f x ] || true; kill 5 || true; app || echo failed; app || [ $? -eq 3 ]",
        &[],
    );
    check(
        "set +e\nset +o pipefail\nset -e; set -euo pipefail; set -o errexit",
        &["SF0324 set +e", "SF0324 set +o pipefail"],
    );
}

#[test]
fn a_failure_that_does_not_stop_is_told() {
    check("if a; b; then c; fi; while a; b; do c; done", &["SF0323 a", "SF0323 a"]);
    check("{ a; b; } && c; (a; b) || c; ! { a; b; }; if ! { a; b; }; then c; fi", &["SF0323 a"; 4]);
    check("x=$(a; b); y=$(a && b); z=$(set -e; a; b)", &["SF0323 a"]);
    check("cd /srv && app; mkdir x && cp a x; app", &["SF0323 cd /srv", "SF0323 mkdir x"]);
    check("! grep -q x file; app", &["SF0323 ! grep -q x file"]);
    check("f() { a; b; }; f; if f; then c; fi; f || d; f && e; x=$(f); shopt -s x", &["SF0323 f"; 4]);
}

#[test]
fn what_stops_or_is_asked_for_is_not_told() {
    check(
        "if a && b; then c; fi; if ! a; then b; fi; while read -r x; do a; done; until a; do sleep 1; done",
        &[],
    );
    check("[ -f x ] && rm x; grep -q x file && app; command -v app && app; a && b", &[]);
    check("cd /srv && app || exit 1; (cd /srv && app); f() { cd /srv && app; }; f; cd /srv && app", &[]);
    check(
        "f() { a || return 1; b; }; if f; then c; fi; g() { for i in 1 2; do if a; then return 0; fi; sleep 1; done; return 1; }; g || exit 1",
        &[],
    );
    check(
        "f() { echo \"$1\" >&2; }; a || { f x; exit 1; }; log() { printf '%s\\n' \"$*\"; }; log x && app",
        &[],
    );
    check("shopt -s inherit_errexit; x=$(a; b)", &[]);
    check("if x=$(a); then b; fi; code=0; app || code=$?; ((number > 1)) && app", &[]);
}

#[test]
fn what_runs_in_the_background_is_asked_after() {
    check("app &\nother", &["SF0325 app"]);
    check("app &\nother &\nwait", &["SF0325 app", "SF0325 other"]);
    check("app &\npid=$!\nwait \"$pid\"", &[]);
    check("app &\npid=$!\ntrap 'kill \"$pid\"' EXIT", &[]);
    check("app &  # it ends with the step\nother", &[]);
}

#[test]
fn an_exit_that_is_lost_in_a_word_is_told() {
    check("app \"$(other)\" $(other) `other`", &["SF0326 $(other)", "SF0326 $(other)", "SF0326 `other`"]);
    check(
        "for x in $(app); do :; done; [ \"$(app)\" = y ]; case \"$(app)\" in *) ;; esac; cat <<< \"$(app)\"",
        &["SF0326 $(app)"; 4],
    );
    check(
        "x=\"$(a) $(b)\"; y=$(a) app; cat <<END\n$(app)\nEND\nz=(\"$(a)\" \"$(b)\")",
        &["SF0326 $(a)", "SF0326 $(a)", "SF0326 $(app)", "SF0326 $(a)"],
    );
    check("mapfile -t x < <(app)", &["SF0326 <(app)"]);
    check(
        "x=$(app); y=$(app | sort); z=\"${text:-$(app)}\"; echo \"at $(date) on $(hostname)\" \"$(basename \"$text\")\"",
        &[],
    );
    check(
        "app \"$(printf '%s' \"$text\" | tr a b)\" \"$(other || echo none)\" \"$(echo x)\"; f() { echo x; }; app \"$(f)\"",
        &[],
    );
}

#[test]
fn sh_is_not_bash() {
    let check =
        |script: &str, expect: &[&str]| assert_eq!(written(Shell::Sh, script).found(), expect, "{script}");
    check("app | sort > file; printf x | app; [ -f x ] && app | sort", &["SF0327 app", "SF0327 app"]);
    check("if app | grep -q x; then app; fi; echo x | tr a b | app", &[]);
    check(
        "[[ -f x ]]; list=(a b); cat <<< x; app <(other); ((number++)); source x",
        &[
            "SF0120 [[",
            "SF0120 list=(a b)",
            "SF0120 <<< x",
            "SF0120 <(other)",
            "SF0326 <(other)",
            "SF0120 ((",
            "SF0120 source",
            "SF0620 source",
        ],
    );
    check(
        "echo ${text//a/b} {a,b}; app &> file; function f { :; }",
        &["SF0120 ${text//a/b}", "SF0328 ${text//a/b}", "SF0120 {a,b}", "SF0120 &> file", "SF0120 function"],
    );
    check("x=$(a; b); f() { local y=1; echo \"$y\"; }; f; echo \"${text%/}\" \"${text:-x}\"", &[]);
}

#[test]
fn what_the_shell_would_not_read_is_told_at_its_first_place() {
    check("if true; then\n    app\n", &["SF0320 p"]);
    check("app)", &["SF0320 )"]);
    check("echo a (b)", &["SF0320 ("]);
    check("echo \"é", &["SF0320 \""]);
    check("echo ${text", &["SF0320 ${"]);
    check("for x in a; done", &["SF0320 d"]);
    check("echo $text} \\{} a}b; find . -exec rm \\{} \\;", &["SF0328 $text"]);
    check("", &[]);
    check("\n# nothing\n", &[]);
}

mod bounds;
