//! Whatever the text, reading it ends and does not panic, on the stack that a thread of a test has.

use std::collections::BTreeMap;

use surefoot_syntax::Span;

use super::super::parse::BYTES_MAX;
use super::super::{Shell, read};

/// Reads a text, and checks that what is found lies in it.
fn codes(text: &str) -> Vec<&'static str> {
    let mut codes = Vec::new();
    for shell in [Shell::Bash, Shell::Sh] {
        let end = u32::try_from(text.len()).unwrap();
        let reading = read(text, (Span { start: 0, end, ..Span::default() }, text), shell, &BTreeMap::new());
        let spans = reading.diagnostics.iter().map(|found| found.primary.span);
        for span in spans.chain(reading.programs.iter().map(|(_, span)| *span)) {
            assert!(text.get(span.start as usize..span.end as usize).is_some(), "{span:?} in {text:?}");
        }
        codes = reading.diagnostics.iter().map(|found| found.code).collect();
    }
    codes
}

#[test]
fn what_nests_deep_is_refused() {
    let nested: [(&str, &str, &str); 22] = [
        ("$(", "", ")"),
        ("\"$(echo ", "x", ")\""),
        ("`", "", "`"),
        ("(", "a", ")"),
        ("( ", "a", " )"),
        ("{ ", "a", ";}"),
        ("if a; then ", "b", "; fi"),
        ("if ", "", ""),
        ("while a; do ", "b", "; done"),
        ("f() { ", "a", ";}"),
        ("case a in a) ", "a", ";; esac"),
        ("${a:-", "x", "}"),
        ("\"${a:-", "x", "}\""),
        ("a <(", "b", ")"),
        ("@(", "a", ")"),
        ("{a,", "b", "}"),
        ("a=(", "1", ")"),
        ("${a[", "1", "]}"),
        ("time ", "a", ""),
        ("coproc ", "a", ""),
        ("time \\\n", "a", ""),
        ("cat <<E\n$(", "", ")\nE\n"),
    ];
    for (open, middle, close) in nested {
        for depth in [5, 15, 17, 39, 100, 3000] {
            let text = format!("{}{middle}{}", open.repeat(depth), close.repeat(depth));
            let found = codes(&text);
            let refused = found.iter().any(|code| matches!(*code, "SF0320" | "SF0329"));
            // Backquotes do not nest: they close each other.
            assert!(depth < 3000 || refused || open == "`", "{open} {depth}: {found:?}");
        }
    }
}

#[test]
fn what_is_long_ends_soon() {
    let long: [(&str, &str); 16] = [
        ("a && ", "a"),
        ("a | ", "a"),
        ("! ", "a"),
        ("a\n", ""),
        ("a <<E\nE\n", ""),
        ("<<a ", ""),
        ("elif", ""),
        ("if a; then b; fi\n", ""),
        ("$", ""),
        ("\"", ""),
        ("f() { a; b; }; f || c\n", ""),
        ("trap 'a' EXIT\n", ""),
        ("x=$x\n", ""),
        ("echo $x} \n", ""),
        ("echo $((1+", "1"),
        ("[[ a && ", "]]"),
    ];
    for (part, end) in long {
        for bytes in [2_000, 10_000] {
            codes(&format!("{}{end}", part.repeat(bytes / part.len())));
        }
    }
    codes(&"a\n".repeat(BYTES_MAX / 2));
    assert_eq!(codes(&"a".repeat(BYTES_MAX + 1)), ["SF0329"]);
}

/// A script with most of what scripts have.
const SAMPLE: &str = r#"
set -euo pipefail
name() { local x=${1:-"a b"} y; y=$(cut -d' ' -f2 <<< "$x"); echo "${y%%.*}" é; }
for f in "$@" *.{gz,old} $(seq 1 3); do
    [[ -f $f && ! $f =~ ^a(b|c)+$ ]] || continue
    case ${f##*/} in a*|b?) name "$f" & ;; [0-9]) ((n += 2, m = n ? 1 : 0)) ;; *) break ;; esac
done > /tmp/out 2>&1
cat <<-'END' | while IFS= read -r line; do printf '%s\n' "${line//a/b}"; done
	text $not
END
cat <<END
${x:+$((1 << 2))} $(trap 'rm -f "$x"' EXIT) `date`
END
until { find . -name \*.x -exec sh -c 'echo "$1"' _ {} \; && true; } || sleep 1; do wait; done
a=([1]=x "y z"); export A="${a[@]:0:1}" B; diff <(sort a) <(sort b) || [ $? -eq 1 ]
"#;

#[test]
fn a_script_that_is_cut_off_or_damaged_is_read_without_panic() {
    let at: Vec<usize> = SAMPLE.char_indices().map(|(at, _)| at).collect();
    for cut in at.iter().step_by(2) {
        codes(&SAMPLE[..*cut]);
    }
    // Letters left out, doubled, and exchanged with one that opens or closes something.
    for (index, start) in at.iter().enumerate().step_by(4) {
        let end = at.get(index + 1).copied().unwrap_or(SAMPLE.len());
        let other = ["\"", "'", "(", ")", "{", "}", "$", "`", "\\", "\n", ";", "<", "é"][index % 13];
        codes(&format!("{}{}", &SAMPLE[..*start], &SAMPLE[end..]));
        codes(&format!("{}{other}{}", &SAMPLE[..*start], &SAMPLE[end..]));
        codes(&format!("{}{other}{}", &SAMPLE[..end], &SAMPLE[end..]));
    }
}
