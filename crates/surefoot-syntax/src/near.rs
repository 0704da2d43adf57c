//! Finds the name that was meant.

use crate::{Applicability, Diagnostic, Span};

/// Names that are offered for a wrong one are at least this alike, from 0 to 1.
///
/// Jaro-Winkler over 0.8 is a slip of the finger; under it, an offer confuses more than it helps.
const SIMILARITY_MIN: f64 = 0.8;

/// Returns the name most like `wrong`, if one is like it, and whether it is surely the one that was meant. Of equals
/// the first in the alphabet.
pub fn nearest<'a>(
    wrong: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<(&'a str, Applicability)> {
    let names: Vec<&str> = names.into_iter().filter(|name| *name != wrong && !name.is_empty()).collect();
    let likeness = |name: &&str| strsim::jaro_winkler(wrong, name);
    let alike = names.iter().filter(|name| likeness(name) >= SIMILARITY_MIN);
    let found = alike.max_by(|a, b| likeness(a).total_cmp(&likeness(b)).then_with(|| b.cmp(a)))?;
    let sure = is_sure(wrong, found, &names);
    Some((found, if sure { Applicability::Safe } else { Applicability::Unsafe }))
}

/// Whether a name is surely the one that was meant: one slip away, or two in a long word, and no other is nearly as
/// close. `db1` is no slip for `db2`: a wrong digit is most often another thing.
fn is_sure(wrong: &str, found: &str, names: &[&str]) -> bool {
    let slips = match wrong.chars().count() {
        0..=3 => return false,
        4..=7 => 1,
        _ => 2,
    };
    let digits = |name: &str| name.chars().filter(char::is_ascii_digit).collect::<String>();
    let distance = |name: &str| strsim::damerau_levenshtein(wrong, name);
    let alone = !names.iter().any(|name| *name != found && distance(name) <= distance(found) + 1);
    distance(found) <= slips && digits(wrong) == digits(found) && alone
}

impl Diagnostic {
    /// Offers the most alike of some names, with its edit.
    #[must_use]
    pub fn did_you_mean<'a>(self, wrong: &str, span: Span, names: impl IntoIterator<Item = &'a str>) -> Self {
        match nearest(wrong, names) {
            Some((name, applicability)) => self.fix(applicability, format!("write `{name}`"), span, name),
            None => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::nearest;
    use crate::Applicability::{Safe, Unsafe};

    #[test]
    fn a_slip_is_surely_a_name_if_no_other_is_as_close() {
        assert_eq!(nearest("servng", ["serving", "fenced"]), Some(("serving", Safe)));
        assert_eq!(nearest("primray_sreving", ["primary_serving"]), Some(("primary_serving", Safe)));
        assert_eq!(nearest("servng", ["serving", "serving_b"]), Some(("serving", Safe)));
        assert_eq!(nearest("servng", ["serving", "served"]), Some(("serving", Unsafe)));
    }

    #[test]
    fn another_number_is_another_thing_and_a_short_name_may_be_anything() {
        assert_eq!(nearest("replica_3", ["replica_1"]), Some(("replica_1", Unsafe)));
        assert_eq!(nearest("db", ["db1"]), Some(("db1", Unsafe)));
        assert_eq!(nearest("password", ["primary"]), None);
        assert_eq!(nearest("same", ["same"]), None);
    }
}
