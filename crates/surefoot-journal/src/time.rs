//! A moment, as a journal writes it.
//!
//! Written as `2026-11-22T03:14:07.250Z`, because a journal is read with `less` during an outage.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The last moment that can be written: the end of the year 9999, in milliseconds since 1970.
///
/// A clock that claims to be later is wrong; it must not keep a record from being written.
const LAST_MS: u64 = 253_402_207_199_999;

/// A moment, in milliseconds since 1970 in UTC. Never used for correctness but for approvals' expiry and for how long a scope
/// may be open.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// How long after `earlier` this is, in milliseconds; 0 if the clock went back between them.
    pub fn since(self, earlier: Timestamp) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The moment as it can be written.
    fn moment(self) -> jiff::Timestamp {
        // Within the bounds by `min`, so the conversion cannot fail; 1970 keeps this free of a panic.
        i64::try_from(self.0.min(LAST_MS))
            .ok()
            .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
            .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.moment())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'_, str>::deserialize(deserializer)?;
        let moment: jiff::Timestamp = text.parse().map_err(de::Error::custom)?;
        u64::try_from(moment.as_millisecond())
            .map(Timestamp)
            .map_err(|_| de::Error::custom("a time before 1970"))
    }
}

#[cfg(test)]
mod tests {
    use super::{LAST_MS, Timestamp};

    #[test]
    fn is_written_for_people_and_read_back() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_795_317_247_250, "2026-11-22T03:14:07.250Z"),
            (LAST_MS, "9999-12-30T21:59:59.999Z"),
        ] {
            let json = serde_json::to_string(&Timestamp(ms)).unwrap();
            assert_eq!(json, format!("\"{text}\""));
            assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), Timestamp(ms));
        }
    }

    #[test]
    fn a_clock_gone_mad_can_still_be_written() {
        let json = serde_json::to_string(&Timestamp(u64::MAX)).unwrap();
        assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), Timestamp(LAST_MS));
        assert!(serde_json::from_str::<Timestamp>("\"yesterday\"").is_err());
        assert!(serde_json::from_str::<Timestamp>("\"1969-12-31T23:59:59Z\"").is_err());
    }
}
