//! However small the pieces are in which a text is read, its tokens are the same.

use super::in_pieces;
use crate::tests::runbooks;

/// A piece is a line, a few, many, or all.
const PIECES: [usize; 4] = [0, 40, 700, usize::MAX];

fn check(what: &str, text: &str) {
    let whole = in_pieces(text, usize::MAX);
    let mut at = 0;
    for token in &whole {
        assert_eq!(token.start, at, "{what}: a byte is in no token or in two");
        at = token.end;
    }
    for bytes in PIECES {
        assert!(in_pieces(text, bytes) == whole, "{what}: in pieces of {bytes} bytes");
    }
}

#[test]
fn a_runbook_is_cut_into_the_same_tokens_in_any_pieces() {
    let mut runbooks = runbooks();
    assert!(runbooks.len() > 100, "only {} runbooks", runbooks.len());
    for (path, text) in &mut runbooks {
        check(&path.display().to_string(), text);
        // Cut off anywhere, much of it stays open.
        for share in [3, 5, 7] {
            let end = (0..text.len() * share / 8).rev().find(|at| text.is_char_boundary(*at));
            check(&path.display().to_string(), text.get(..end.unwrap_or(0)).unwrap());
        }
    }
}

#[test]
fn what_goes_over_the_ends_of_lines_is_kept_together() {
    let opens = [
        "\"\"\"",
        "```",
        "``` sh\n",
        "\"\"\"${",
        "$ a \\\n",
        "$ a \\\r\n",
        "'",
        "\"${\"",
        "\\\n",
        "#",
        "\"\\",
    ];
    let betweens = ["", "\n", "a\n\nb\n", "\n  \"\"\"\n", "\n```\n", "\"\"\"\n${\n}\n", "\u{e4}\n\r\n\\\n"];
    for open in opens {
        for one in betweens {
            for between in betweens {
                for close in opens {
                    let text = format!("a\n{open}{one}{close}{between}{open}\n{one}");
                    check(&format!("{text:?}"), &text);
                }
            }
        }
    }
}

#[test]
fn what_is_opened_everywhere_is_read_in_no_time() {
    for open in ["```", "`", "\"\"\"", "\"\"\"${", "```\n", "\"\"\"\n"] {
        let text = open.repeat((200 << 10) / open.len());
        let tokens = in_pieces(&text, super::PIECE_BYTES);
        assert_eq!(tokens.last().map(|token| token.end as usize), Some(text.len()));
    }
}
