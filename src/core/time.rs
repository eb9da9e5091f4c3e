//! One time type, and its conversions to what the Sigstore crates use.

use std::{fmt, str::FromStr};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A point in time, in UTC.
pub type Time = DateTime<Utc>;

/// Parses RFC 3339, with any offset. A space in place of the `T` is refused.
pub fn parse(text: &str) -> Option<Time> {
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    (text.as_bytes().get(10) == Some(&b'T')).then(|| time.to_utc())
}

/// Renders RFC 3339 in UTC, to the second.
pub fn format(time: Time) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Renders RFC 3339 in UTC, to the nanosecond.
pub(crate) fn exact(time: Time) -> String {
    time.to_rfc3339_opts(SecondsFormat::Nanos, true)
}

/// The second that a time is in, as [`format()`] renders it.
pub(crate) fn to_second(time: Time) -> Time {
    DateTime::from_timestamp(time.timestamp(), 0).unwrap_or(time)
}

/// To the time type of the Sigstore crates. Times outside its range are clamped to it: the
/// range (years -9999 to 9999) is wider than any certificate or metadata can express.
pub(crate) fn to_jiff(time: Time) -> jiff::Timestamp {
    jiff::Timestamp::new(time.timestamp(), 0).unwrap_or(jiff::Timestamp::MAX)
}

/// From the time type of the Sigstore crates, to the second.
pub(crate) fn from_jiff(time: jiff::Timestamp) -> Time {
    DateTime::from_timestamp(time.as_second(), 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// A span of time, as people write it: `30d`, `12h` or `45m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Age(pub TimeDelta);

/// Not a span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an age such as 30d, 12h or 45m")]
pub struct NotAnAge;

impl FromStr for Age {
    type Err = NotAnAge;

    fn from_str(text: &str) -> Result<Self, NotAnAge> {
        let unit = text.chars().next_back().ok_or(NotAnAge)?;
        let digits = text.strip_suffix(unit).ok_or(NotAnAge)?;
        if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(NotAnAge);
        }
        let number: u32 = digits.parse().map_err(|_| NotAnAge)?;
        match unit {
            'd' => Ok(Self(TimeDelta::days(number.into()))),
            'h' => Ok(Self(TimeDelta::hours(number.into()))),
            'm' => Ok(Self(TimeDelta::minutes(number.into()))),
            _ => Err(NotAnAge),
        }
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = self.0.num_minutes();
        match minutes {
            _ if minutes % (24 * 60) == 0 => write!(f, "{}d", minutes / (24 * 60)),
            _ if minutes % 60 == 0 => write!(f, "{}h", minutes / 60),
            _ => write!(f, "{minutes}m"),
        }
    }
}

impl Serialize for Age {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Age {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        String::deserialize(value)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_written_as_they_are_read() {
        for text in ["30d", "12h", "45m", "0d", "36h"] {
            assert_eq!(text.parse::<Age>().unwrap().to_string(), text);
        }
        assert_eq!("24h".parse::<Age>().unwrap().to_string(), "1d");
        for text in ["", "d", "30", "3.5d", "-1d", "+1d", "1w", "99999999999d", "1 d"] {
            assert_eq!(text.parse::<Age>(), Err(NotAnAge), "{text}");
        }
    }

    #[test]
    fn offsets_become_utc() {
        let time = parse("2026-11-23T05:00:00+01:00").unwrap();
        assert_eq!(format(time), "2026-11-23T04:00:00Z");
        assert_eq!(from_jiff(to_jiff(time)), time);
        for other in ["2026-11-23", "2026-11-23 04:00:00Z", "2026-11-23t04:00:00Z"] {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}
