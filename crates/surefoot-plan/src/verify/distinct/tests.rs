use super::Distinct;
use crate::testing::plan_of;
use crate::verify::tests::Random;
use crate::{Cell, Expr, Value};

fn text(text: &str) -> Expr {
    Expr::Literal(Value::Text(text.to_owned()))
}

fn join(parts: &[&str]) -> Expr {
    // A capital letter is an input of that name.
    let part = |part: &&str| match part.chars().next() {
        Some(first) if first.is_ascii_uppercase() => Expr::Input((*part).to_owned()),
        _ => text(part),
    };
    match parts {
        [one] => part(one),
        parts => Expr::Join(parts.iter().map(part).collect()),
    }
}

fn pairs(arguments: &[Expr]) -> Vec<(usize, usize)> {
    let cells: Vec<Cell> = arguments
        .iter()
        .map(|argument| Cell { question: "there".into(), arguments: vec![argument.clone()] })
        .collect();
    let cells: Vec<(&Cell, usize)> = cells.iter().enumerate().map(|(at, cell)| (cell, at)).collect();
    let mut pairs = Vec::new();
    Distinct::new(&plan_of(Vec::new()), &super::Items::default())
        .may_be_equal(&cells, &mut |left, right| pairs.push((left.min(right), left.max(right))));
    pairs.sort_unstable();
    pairs
}

#[test]
fn what_differs_around_the_same_is_distinct() {
    assert_eq!(pairs(&[join(&["F", "/f1"]), join(&["F", "/f2"])]), []);
    assert_eq!(pairs(&[join(&["/a/", "F"]), join(&["/b/", "F"])]), []);
    assert_eq!(pairs(&[join(&["F", "/x/", "G"]), join(&["F", "/y/", "G"])]), []);
    assert_eq!(pairs(&[text("/a/f1"), join(&["F", "/f2"])]), []);
    assert_eq!(pairs(&[join(&["F"]), join(&["F", "/f1"])]), [], "a text is not its own beginning");
}

#[test]
fn what_may_come_out_the_same_is_not_distinct() {
    assert_eq!(pairs(&[join(&["F", "/f1"]), join(&["G", "/f1"])]), [(0, 1)]);
    assert_eq!(pairs(&[join(&["F", "/f1"]), join(&["G"])]), [(0, 1)]);
    assert_eq!(pairs(&[text("/a/f1"), join(&["F", "/f1"])]), [(0, 1)]);
    // F may be "1", and G "1" too: "x1" + "1" and "x" + "11" are one text.
    assert_eq!(pairs(&[join(&["x1", "F"]), join(&["x", "G"])]), [(0, 1)]);
    assert_eq!(pairs(&[join(&["F", "a", "G"]), join(&["F", "b", "G"])]), []);
    assert_eq!(pairs(&[join(&["a", "F", "a"]), join(&["a", "F", "b"]), join(&["b", "F", "a"])]), []);
    assert_eq!(pairs(&[join(&["F", "a", "G"]), join(&["G", "b", "F"])]), [(0, 1)]);
}

#[test]
fn items_of_one_list_are_distinct() {
    let item = |index| Expr::Item { list: "hosts".into(), index };
    let config = |index| Expr::Join(vec![item(index), text("/app.conf")]);
    assert_eq!(pairs(&[item(0), item(1), item(2)]), []);
    assert_eq!(pairs(&[config(0), config(1), item(0)]), [(1, 2)], "an item may be another with an ending");
}

/// Whatever the inputs are, two arguments that are said to be distinct never come out the same.
#[test]
fn no_two_that_are_distinct_ever_come_out_equal() {
    let mut random = Random::new(11);
    let words = ["", "a", "b", "ab", "ba", "F", "G"];
    let values = ["", "a", "b", "ab", "aab"];
    let mut distinct = 0;
    for _ in 0..20_000 {
        let mut argument = || -> Vec<&str> {
            (0..1 + random.below(4)).map(|_| words[random.below(words.len() as u64) as usize]).collect()
        };
        let arguments = [argument(), argument(), argument()];
        let exprs: Vec<Expr> = arguments.iter().map(|parts| join(parts)).collect();
        let may = pairs(&exprs);
        for (left, right) in [(0, 1), (0, 2), (1, 2)] {
            if exprs[left] == exprs[right] || may.contains(&(left, right)) {
                continue;
            }
            distinct += 1;
            for f in values {
                for g in values {
                    let text = |parts: &[&str]| -> String {
                        parts
                            .iter()
                            .map(|part| {
                                if *part == "F" {
                                    f
                                } else if *part == "G" {
                                    g
                                } else {
                                    part
                                }
                            })
                            .collect()
                    };
                    let (one, other) = (text(&arguments[left]), text(&arguments[right]));
                    assert_ne!(one, other, "{:?} and {:?}", arguments[left], arguments[right]);
                }
            }
        }
    }
    assert!(distinct > 10_000, "only {distinct}: the test shows nothing");
}
