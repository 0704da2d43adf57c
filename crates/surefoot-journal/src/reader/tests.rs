//! Every cut, every flipped bit, and every record dropped, doubled or swapped.

use std::io::BufReader;

use crate::testing::{NOW, bound, small, started};
use crate::{Chain, Damage, Event, ReadError, Reader, Record};

/// Reads a journal, and how many bytes of a torn line it has.
fn read(text: &[u8]) -> Result<(Vec<Record>, u64), ReadError> {
    let mut reader = Reader::new(text);
    let mut records = Vec::new();
    while let Some(record) = reader.next_record()? {
        records.push(record);
    }
    let whole: u64 = text.len() as u64 - reader.torn();
    assert_eq!(reader.end(), whole, "the records and the torn line are the whole text");
    Ok((records, reader.torn()))
}

/// Where each line of a text ends, its line break included.
fn ends(text: &[u8]) -> Vec<usize> {
    text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect()
}

#[test]
fn what_is_written_is_read() {
    let (text, records) = small();
    assert_eq!(read(&text).unwrap(), (records.clone(), 0));
    assert_eq!(ends(&text).len(), records.len(), "one record is one line");
    let heads: Vec<_> = records.iter().map(|record| record.hash).collect();
    for (at, record) in records.iter().enumerate() {
        assert_eq!(record.seq, at as u64 + 1);
        assert_eq!(record.prev, at.checked_sub(1).map(|before| heads[before]).unwrap_or_default());
    }
}

#[test]
fn the_lines_look_as_documented() {
    let (text, _) = small();
    let text = String::from_utf8(text).unwrap();
    let [first, second, ..] = text.lines().collect::<Vec<_>>()[..] else { panic!("{text}") };
    assert!(first.starts_with(&format!(
        r#"{{"v":"1.4","seq":1,"time":"2026-11-22T03:14:07.250Z","prev":"{}","event":{{"started":{{"run":"#,
        "0".repeat(64)
    )));
    let (_, hash) = first.rsplit_once(r#","hash":""#).unwrap();
    let hash = hash.strip_suffix("\"}").unwrap();
    assert!(second.starts_with(&format!(
        r#"{{"seq":2,"time":"2026-11-22T03:14:07.250Z","prev":"{hash}","event":{{"intent":{{"claim":{{"step":"promote","phase":"forward","attempt":1,"statement":0}}}}}},"hash":""#
    )));
}

#[test]
fn a_cut_anywhere_leaves_the_whole_records_before_it() {
    let (text, records) = small();
    let ends = ends(&text);
    for cut in 0..text.len() {
        let kept = ends.iter().filter(|end| **end <= cut).count();
        match read(&text[..cut]) {
            Ok((read, torn)) => {
                assert_eq!(read, records[..kept], "cut at {cut}");
                assert_eq!(torn as usize, cut - ends[kept - 1], "cut at {cut}");
            }
            Err(ReadError::Empty) => assert_eq!(kept, 0, "cut at {cut}"),
            Err(error) => panic!("cut at {cut}: {error}"),
        }
    }
}

#[test]
fn no_flipped_bit_is_accepted() {
    let (text, _) = small();
    for at in 0..text.len() {
        let line = 1 + ends(&text).iter().filter(|end| **end <= at).count() as u64;
        for bit in 0..8 {
            let mut flipped = text.clone();
            flipped[at] ^= 1 << bit;
            match read(&flipped) {
                Ok(_) => panic!("bit {bit} of byte {at} was not noticed"),
                Err(ReadError::Damaged { line: found, .. }) => {
                    assert_eq!(found, line, "byte {at}, bit {bit}")
                }
                // The version itself, in the first line.
                Err(ReadError::Newer { .. } | ReadError::Empty) => assert_eq!(line, 1),
                Err(error @ (ReadError::Io(_) | ReadError::Missing)) => panic!("{error}"),
            }
        }
    }
}

#[test]
fn records_dropped_doubled_or_swapped_are_refused() {
    let (text, records) = small();
    let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    let refused = |lines: &[&[u8]], what: &str| {
        assert!(matches!(read(&lines.concat()), Err(ReadError::Damaged { .. })), "{what}");
    };
    for at in 0..lines.len() {
        let mut doubled = lines.clone();
        doubled.insert(at, lines[at]);
        refused(&doubled, &format!("record {at} doubled"));
        let mut dropped = lines.clone();
        dropped.remove(at);
        if at + 1 < lines.len() {
            refused(&dropped, &format!("record {at} dropped"));
        } else {
            // What the chain cannot show: only the head, kept elsewhere, tells that the last is gone.
            assert_eq!(read(&dropped.concat()).unwrap().0, records[..at]);
        }
        for other in 0..at {
            let mut swapped = lines.clone();
            swapped.swap(at, other);
            refused(&swapped, &format!("records {at} and {other} swapped"));
        }
    }
}

#[test]
fn a_record_of_another_journal_does_not_fit() {
    let (text, records) = small();
    let mut other = Chain::default();
    let mut line = Vec::new();
    other.write(NOW, Event::Started(Box::new(started())), &mut line).unwrap();
    for name in ["a", "b", "c", "d"] {
        line.clear();
        other.write(NOW, bound(name), &mut line).unwrap();
    }
    assert_eq!(other.length(), records.len() as u64 + 1);
    let error = read(&[text, line].concat()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 5 of the journal is damaged: it does not follow the record before it"
    );
}

#[test]
fn a_journal_starts_once() {
    let mut text = Vec::new();
    let error = Chain::default().write(NOW, bound("x"), &mut text).unwrap_err();
    assert!(error.to_string().contains("begins with `started`"), "{error}");
    assert!(text.is_empty());
    let (mut text, _) = small();
    let mut reader = Reader::new(&text[..]);
    while reader.next_record().unwrap().is_some() {}
    let mut chain = reader.position();
    assert!(chain.write(NOW, Event::Started(Box::new(started())), &mut text).is_err());
}

#[test]
fn a_number_that_is_none_is_not_written() {
    let (mut text, _) = small();
    let mut reader = Reader::new(&text[..]);
    while reader.next_record().unwrap().is_some() {}
    let mut chain = reader.position();
    let before = (chain, text.clone());
    let id = surefoot_plan::ValueId { step: None, name: "x".into() };
    let value = surefoot_plan::Value::Float(surefoot_plan::Real(f64::NAN));
    let error =
        chain.write(NOW, Event::Bound { id, value, at: None, answered: None }, &mut text).unwrap_err();
    assert!(error.to_string().starts_with("this event could not be read back"), "{error}");
    assert_eq!((chain, text), before, "nothing has changed");
}

/// Changes a journal's version, and mends its first hash: a journal as another version would write it.
fn with_version(version: &str, event: Option<&str>) -> Vec<u8> {
    use sha2::{Digest as _, Sha256};

    let (text, _) = small();
    let first = text.split_inclusive(|byte| *byte == b'\n').next().unwrap();
    let line =
        String::from_utf8(first.to_vec()).unwrap().replace("\"v\":\"1.4\"", &format!("\"v\":{version:?}"));
    let (line, _) = line.rsplit_once(",\"hash\"").unwrap();
    let hash = |text: &str| -> String {
        Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let mut text = format!("{line},\"hash\":\"{}\"}}\n", hash(line));
    if let Some(event) = event {
        let prev = hash(line);
        let line = format!(r#"{{"seq":2,"time":"2026-11-22T03:14:07.250Z","prev":"{prev}","event":{event}"#);
        text.push_str(&format!("{line},\"hash\":\"{}\"}}\n", hash(&line)));
    }
    text.into_bytes()
}

#[test]
fn a_newer_format_is_refused_by_its_version() {
    assert_eq!(read(&with_version("1.0", None)).unwrap().0.len(), 1);
    let error = read(&with_version("2.0", None)).unwrap_err().to_string();
    insta::assert_snapshot!(error, @"the journal has format 2.0, and this Surefoot reads up to 1.4: use the version that wrote it");
    assert_eq!(
        read(&with_version("1.7", None)).unwrap().0.len(),
        1,
        "additions that are not used are no matter"
    );
    let error = read(&with_version("1.7", Some(r#"{"levitated":{"step":"x"}}"#))).unwrap_err();
    assert!(matches!(error, ReadError::Newer { .. }), "{error}");
    let error = read(&with_version("1.4", Some(r#"{"levitated":{"step":"x"}}"#))).unwrap_err();
    assert!(
        matches!(error, ReadError::Damaged { line: 2, damage: Damage::Unreadable(_) }),
        "of our own version, it is damage: {error}"
    );
    assert!(read(&with_version("one", None)).is_err());
}

#[test]
fn a_field_that_is_not_known_is_ignored() {
    let event = r#"{"recovered":{"bytes":7,"colour":"red"}}"#;
    assert_eq!(read(&with_version("1.7", Some(event))).unwrap().0[1].event, Event::Recovered { bytes: 7 });
}

#[test]
fn a_line_without_end_is_refused_before_it_fills_the_memory() {
    use std::io::Read as _;

    let (text, _) = small();
    let endless = BufReader::new(text.chain(std::io::repeat(b'x')));
    let error = Reader::new(endless).find_map(Result::err).unwrap();
    assert_eq!(error.to_string(), "line 5 of the journal is damaged: it is longer than a record can be");
}

#[test]
fn anything_else_is_no_journal() {
    for text in ["", "{", "\n", "{}\n", "hello\n", "\0\0\0\0", "{\"v\":\"1.0\"}\n"] {
        assert!(read(text.as_bytes()).is_err(), "{text:?}");
    }
    let (text, records) = small();
    assert_eq!(read(&[text, vec![0; 4096]].concat()).unwrap(), (records, 4096), "a tear may leave zeros");
}
