//! Moments, as RFC 3339 text, and their distance.

use super::EvalError;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// Reads `2026-10-01` or `2026-10-01T03:04:05.678Z` as milliseconds since 1970 in UTC.
pub(crate) fn parse(text: &str) -> Result<i64, EvalError> {
    parse_option(text).ok_or_else(|| EvalError::Mismatch(format!("`{text}` is not a moment (RFC 3339)")))
}

/// Writes a moment in UTC, with as much of a second as it has.
pub(super) fn write(ms: i64) -> String {
    let (year, month, day) = date_of(ms.div_euclid(DAY_MS));
    let of_day = ms.rem_euclid(DAY_MS);
    let (hour, minute, second) = (of_day / 3_600_000, of_day / 60_000 % 60, of_day / 1_000 % 60);
    let fraction = match of_day % 1_000 {
        0 => String::new(),
        fraction => format!(".{fraction:03}"),
    };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

fn parse_option(text: &str) -> Option<i64> {
    let number = |range: std::ops::Range<usize>| -> Option<i64> {
        let digits = text.get(range)?;
        if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
    };
    let separator = |at: usize, allowed: &str| text.get(at..=at).is_some_and(|found| allowed.contains(found));
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let last_day = match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    };
    if !separator(4, "-")
        || !separator(7, "-")
        || !(1..=12).contains(&month)
        || !(1..=last_day).contains(&day)
    {
        return None;
    }
    let midnight = days_of(year, month, day) * DAY_MS;
    if text.len() == 10 {
        return Some(midnight);
    }
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    if !separator(10, "Tt ")
        || !separator(13, ":")
        || !separator(16, ":")
        || hour > 23
        || minute > 59
        || second > 60
    {
        return None;
    }
    let rest = text.get(19..)?;
    let (fraction_ms, zone) = match rest.strip_prefix('.') {
        Some(rest) => {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let fraction: f64 = format!("0.{}", rest.get(..digits)?).parse().ok()?;
            ((fraction * 1_000.0) as i64, rest.get(digits..)?)
        }
        None => (0, rest),
    };
    let local = midnight + ((hour * 60 + minute) * 60 + second) * 1_000 + fraction_ms;
    Some(local - offset_ms(zone)?)
}

/// Reads `Z`, `+02:00` or `-0530`.
fn offset_ms(zone: &str) -> Option<i64> {
    if zone == "Z" || zone == "z" {
        return Some(0);
    }
    let sign = match zone.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let digits: String = zone.get(1..)?.chars().filter(|character| *character != ':').collect();
    if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes): (i64, i64) = (digits.get(..2)?.parse().ok()?, digits.get(2..)?.parse().ok()?);
    Some(sign * (hours * 60 + minutes) * 60_000)
}

/// Days since 1970 of a day of the Gregorian calendar.
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March here, so that a leap day is a year's last.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The inverse of [`days_of`].
fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_and_written() {
        for (text, ms) in [
            ("1970-01-01", 0),
            ("1970-01-01T00:00:01Z", 1_000),
            ("2000-02-29", 951_782_400_000),
            ("2026-11-22T07:35:59.250Z", 1_795_332_959_250),
            ("2026-11-22T09:35:59.250+02:00", 1_795_332_959_250),
        ] {
            assert_eq!(parse(text).unwrap(), ms, "{text}");
        }
        assert_eq!(write(1_795_332_959_250), "2026-11-22T07:35:59.250Z");
        assert_eq!(write(951_782_400_000), "2000-02-29T00:00:00Z");
        for text in [
            "",
            "2026-13-01",
            "2026-02-29",
            "2026-10-01T",
            "2026-10-01T25:00:00Z",
            "2026-10-01T10:00:00",
            "a",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_day_of_four_centuries_survives() {
        for day in (-30_000..120_000_i64).step_by(11) {
            assert_eq!(parse(&write(day * DAY_MS)).unwrap(), day * DAY_MS);
        }
    }
}
