use proptest::prelude::*;

use super::{BASE64, Forms, Redactor, base64};
use crate::policy::Secrets;

fn forms(secrets: &[&str]) -> Forms {
    let secrets: Secrets =
        secrets.iter().enumerate().map(|(index, value)| (format!("s{index}"), (*value).into())).collect();
    Forms::new(&secrets).expect("long enough")
}

fn in_pieces(forms: &Forms, bytes: &[u8], cuts: &[usize]) -> Vec<u8> {
    let mut redactor = Redactor::new(forms.clone());
    let mut clean = Vec::new();
    let mut rest = bytes;
    for cut in cuts {
        let (piece, after) = rest.split_at((*cut).min(rest.len()));
        redactor.push(piece, &mut clean);
        rest = after;
    }
    redactor.push(rest, &mut clean);
    redactor.finish(&mut clean);
    clean
}

#[test]
fn a_secret_is_hidden_in_each_of_its_forms() {
    let secret = "p4ss/wo\"rd+ é";
    let forms = forms(&[secret]);
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let url = "p4ss%2Fwo%22rd%2B%20%C3%A9";
    for text in [secret, &hex, &hex.to_uppercase(), url, &url.to_lowercase(), r#"p4ss/wo\"rd+ é"#] {
        let clean = forms.redact(format!("<{text}>").as_bytes());
        assert_eq!(String::from_utf8_lossy(&clean), "<***>", "of {text}");
    }
}

#[test]
fn base64_is_hidden_wherever_the_secret_stands_in_it() {
    let secret = "correct horse battery";
    let forms = forms(&[secret]);
    for before in ["", "u", "us", "usr", "user:"] {
        for after in ["", "\n", " x", ":end"] {
            let whole = base64(format!("{before}{secret}{after}").as_bytes(), 0, BASE64);
            let clean = String::from_utf8(forms.redact(&whole)).expect("text");
            assert!(clean.contains("***"), "{clean}");
            // What stays are the edges that it shares with its neighbours: fewer characters than hide it.
            assert!(clean.len() < 3 + 2 * before.len() + 2 * after.len() + 6, "{clean}");
        }
    }
}

#[test]
fn overlapping_secrets_are_hidden_as_one() {
    assert_eq!(forms(&["abcdefgh", "ghijklmn"]).redact(b"-abcdefghijklmn-"), b"-***-");
}

#[test]
fn each_line_of_a_key_is_hidden() {
    let forms = forms(&["-----BEGIN-----\nAAAABBBBCCCC\nDDDDEEEEFFFF\n"]);
    assert_eq!(forms.redact(b"key: AAAABBBBCCCC."), b"key: ***.");
}

#[test]
fn a_secret_too_short_to_hide_is_refused_by_name() {
    let secrets = Secrets::from([("pin".to_owned(), "12345".to_owned())]);
    assert_eq!(Forms::new(&secrets).expect_err("too short"), "pin");
}

#[test]
fn nothing_is_held_back_that_cannot_become_a_secret() {
    let mut redactor = Redactor::new(forms(&["topsecret"]));
    let mut clean = Vec::new();
    redactor.push(b"password? to", &mut clean);
    assert_eq!(clean, b"password? ");
    redactor.push(b"morrow", &mut clean);
    assert_eq!(clean, b"password? tomorrow");
}

proptest! {
    #[test]
    fn cutting_changes_nothing_and_nothing_leaks(
        parts in prop::collection::vec(prop_oneof!["[a-f]{0,6}", Just("abcabcd".to_owned()), Just("cdefab".to_owned())], 0..12),
        cuts in prop::collection::vec(0_usize..7, 0..20),
    ) {
        let forms = forms(&["abcabcd", "cdefab"]);
        let text = parts.concat();
        let whole = in_pieces(&forms, text.as_bytes(), &[]);
        prop_assert_eq!(&in_pieces(&forms, text.as_bytes(), &cuts), &whole);
        let clean = String::from_utf8(whole).expect("text");
        prop_assert!(!clean.contains("abcabcd") && !clean.contains("cdefab"));
    }
}
