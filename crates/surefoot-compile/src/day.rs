//! Days: waivers end on one, and reviews are due on one. What day it is, is an input: the compiler knows no clock.

use surefoot_plan::{BinaryOperator, Expr, Type, Value, Values, eval, parse_text};

/// A day, as `2026-12-31`, in UTC.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Day(String);

impl Day {
    /// Reads a day. None if there is no such day, or if it is more than a day.
    pub fn parse(text: &str) -> Option<Day> {
        (text.len() == 10 && parse_text(&Type::Time, text).is_ok()).then(|| Day(text.to_owned()))
    }

    /// The day so much later.
    pub(crate) fn after(&self, ms: u64) -> Option<Day> {
        let day = Expr::Literal(Value::Time(self.0.clone()));
        let later = Expr::Literal(Value::Duration(ms));
        let sum = Expr::Binary(BinaryOperator::Plus, Box::new(day), Box::new(later));
        let Ok(Value::Time(text)) = eval(&sum, &Values::default()) else { return None };
        Day::parse(text.get(..10)?)
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Day;

    #[test]
    fn days_are_read_counted_and_compared() {
        let day = |text: &str| Day::parse(text).unwrap();
        assert_eq!(day("2026-10-01").after(90 * 86_400_000), Some(day("2026-12-30")));
        assert_eq!(day("2028-02-28").after(86_400_000), Some(day("2028-02-29")));
        assert!(day("2026-12-31") < day("2027-01-01"));
        for text in ["2026-02-29", "2026-13-01", "2026-10-01T10:00:00Z", "soon", ""] {
            assert_eq!(Day::parse(text), None, "{text}");
        }
    }
}
