use super::*;
use crate::testing::plan;
use crate::{Formula, Node, StepId};

#[test]
fn a_plan_reads_back_as_written() {
    let plan = plan();
    assert_eq!(Plan::from_json(&plan.to_json()).unwrap(), plan);
}

#[test]
fn a_changed_plan_is_refused_with_both_digests() {
    let text = String::from_utf8(plan().to_json()).unwrap();
    let changed = text.replace("\"deadline_ms\": 600000", "\"deadline_ms\": 600001");
    assert_ne!(text, changed);
    let error = Plan::from_json(changed.as_bytes()).unwrap_err();
    assert!(matches!(error, ReadError::Tampered { .. }), "{error}");
    assert!(error.to_string().contains("changed after it was made"), "{error}");
}

#[test]
fn an_added_field_is_a_change() {
    let text = String::from_utf8(plan().to_json()).unwrap();
    let changed = text.replacen("\"runbook\":", "\"sudo\": true, \"runbook\":", 1);
    let error = Plan::from_json(changed.as_bytes()).unwrap_err();
    assert!(error.to_string().contains("unknown field") || matches!(error, ReadError::Tampered { .. }));
}

#[test]
fn a_newer_plan_is_refused_as_newer_even_if_it_cannot_be_understood() {
    for (major, minor) in [(2, 0), (1, FORMAT.minor + 1)] {
        let mut newer = plan();
        newer.format = FormatVersion { major, minor };
        let error = Plan::from_json(&newer.to_json()).unwrap_err();
        assert!(matches!(error, ReadError::Newer(_)), "{error}");
    }
    let unreadable = br#"{ "digest": "x", "plan": { "format": { "major": 9, "minor": 0 }, "new": [] } }"#;
    let error = Plan::from_json(unreadable).unwrap_err();
    assert!(error.to_string().contains("format 9.0"), "{error}");
}

#[test]
fn huge_deep_and_broken_files_are_refused() {
    let huge = vec![b' '; PLAN_BYTES_MAX + 1];
    assert!(matches!(Plan::from_json(&huge), Err(ReadError::TooBig { .. })));
    let deep = "[".repeat(100_000);
    assert!(matches!(Plan::from_json(deep.as_bytes()), Err(ReadError::Malformed(_))));
    assert!(matches!(Plan::from_json(b""), Err(ReadError::Malformed(_))));
    let text = plan().to_json();
    assert!(matches!(Plan::from_json(&text[..text.len() / 2]), Err(ReadError::Malformed(_))));
}

#[test]
fn too_many_nodes_are_refused() {
    let mut many = plan();
    let node = Node::If {
        id: StepId("if".into()),
        text: String::new(),
        condition: Formula::All(Vec::new()),
        then: Vec::new(),
        otherwise: Vec::new(),
        unknown: None,
        hypothesis: None,
    };
    many.body = vec![node; NODES_MAX + 1];
    let error = Plan::from_json(&many.to_json()).unwrap_err();
    assert!(matches!(error, ReadError::TooManyNodes { .. }), "{error}");
}

mod schema;
