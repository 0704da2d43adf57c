//! The published schema says what plan files look like: files are held against it, and changed ones.

use serde_json::Value;

use crate::testing::plan;

/// A plan file of format 1.0, as it was first written: it is read for ever.
const GOLDEN: &str = include_str!("golden-1.0.json");

/// Says where a value differs from a schema. Knows the words that the schema uses, and no others.
fn differs(root: &Value, schema: &Value, value: &Value, at: &str) -> Option<String> {
    for (word, rule) in schema.as_object().unwrap() {
        let failed = match word.as_str() {
            "$schema" | "$defs" | "title" | "description" => None,
            "$ref" => {
                let place = rule.as_str().unwrap().trim_start_matches('#');
                differs(root, root.pointer(place).unwrap(), value, at)
            }
            "type" => {
                let is = match rule.as_str().unwrap() {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "boolean" => value.is_boolean(),
                    "integer" => value.is_i64() || value.is_u64(),
                    "number" => value.is_number(),
                    "null" => value.is_null(),
                    other => panic!("the type {other}"),
                };
                (!is).then(|| format!("{at}: not {rule}"))
            }
            "enum" => (!rule.as_array().unwrap().contains(value)).then(|| format!("{at}: not of {rule}")),
            "minimum" => (value.as_i64().is_some_and(|found| found < rule.as_i64().unwrap()))
                .then(|| format!("{at}: below {rule}")),
            "pattern" => {
                let pattern = regex::Regex::new(rule.as_str().unwrap()).unwrap();
                (!value.as_str().is_some_and(|text| pattern.is_match(text)))
                    .then(|| format!("{at}: not like {rule}"))
            }
            "minItems" | "maxItems" => {
                let (count, limit) = (value.as_array().map_or(0, Vec::len) as u64, rule.as_u64().unwrap());
                let is = if word == "minItems" { count >= limit } else { count <= limit };
                (!is).then(|| format!("{at}: {count} items"))
            }
            "items" => value.as_array().and_then(|items| {
                items
                    .iter()
                    .enumerate()
                    .find_map(|(index, item)| differs(root, rule, item, &format!("{at}/{index}")))
            }),
            "prefixItems" => value.as_array().and_then(|items| {
                let pairs = items.iter().zip(rule.as_array().unwrap()).enumerate();
                pairs
                    .into_iter()
                    .find_map(|(index, (item, rule))| differs(root, rule, item, &format!("{at}/{index}")))
            }),
            "required" => value.as_object().and_then(|fields| {
                let missing =
                    rule.as_array().unwrap().iter().find(|name| !fields.contains_key(name.as_str().unwrap()));
                missing.map(|name| format!("{at}: no {name}"))
            }),
            "properties" => value.as_object().and_then(|fields| {
                fields.iter().find_map(|(name, field)| {
                    rule.get(name).and_then(|rule| differs(root, rule, field, &format!("{at}/{name}")))
                })
            }),
            "additionalProperties" => value.as_object().and_then(|fields| {
                fields.iter().find_map(|(name, field)| {
                    match (schema.get("properties").and_then(|all| all.get(name)), rule) {
                        (Some(_), _) => None,
                        (None, Value::Bool(false)) => Some(format!("{at}: unknown {name}")),
                        (None, rule) => differs(root, rule, field, &format!("{at}/{name}")),
                    }
                })
            }),
            "oneOf" => {
                let tried: Vec<String> =
                    rule.as_array().unwrap().iter().filter_map(|one| differs(root, one, value, at)).collect();
                let fitting = rule.as_array().unwrap().len() - tried.len();
                // The deepest difference is the most telling one.
                let told = tried.into_iter().max_by_key(String::len).unwrap_or_default();
                (fitting != 1).then(|| format!("{fitting} forms fit; {told}"))
            }
            other => panic!("the schema uses `{other}`, which this test does not know"),
        };
        if failed.is_some() {
            return failed;
        }
    }
    None
}

#[track_caller]
fn check(bytes: &[u8]) -> Option<String> {
    let schema: Value = serde_json::from_str(include_str!("../../../plan.schema.json")).unwrap();
    let value: Value = serde_json::from_slice(bytes).unwrap();
    differs(&schema, &schema, &value, "")
}

#[test]
fn plan_files_are_as_the_schema_says() {
    assert_eq!(check(&plan().to_json()), None);
    assert_eq!(check(GOLDEN.as_bytes()), None);
    for seed in (0..200).chain(1 << 32..(1 << 32) + 100) {
        assert_eq!(check(&crate::verify::sample(seed).to_json()), None, "seed {seed}");
    }
}

#[test]
fn the_schema_refuses_what_is_no_plan() {
    let text = String::from_utf8(plan().to_json()).unwrap();
    for (old, new) in [
        ("\"deadline_ms\": 600000", "\"deadline_ms\": \"soon\""),
        ("\"deadline_ms\": 600000", "\"deadline_ms\": -1"),
        ("\"runbook\":", "\"sudo\": true, \"runbook\":"),
        ("\"class\": \"verified\"", "\"class\": \"sure\""),
        ("\"holds\": true", "\"held\": true"),
        ("sha256:", "md5:"),
    ] {
        let changed = text.replacen(old, new, 1);
        assert_ne!(text, changed, "{old}");
        assert!(check(changed.as_bytes()).is_some(), "{new}");
    }
}

#[test]
fn a_plan_of_format_1_0_is_read_for_ever() {
    let golden = crate::Plan::from_json(GOLDEN.as_bytes()).unwrap();
    assert_eq!(golden.digest().0.len(), 71);
    // Writing it again gives the same bytes: what was added since is left out while it has its default.
    assert_eq!(String::from_utf8(golden.to_json()).unwrap(), GOLDEN);
}
