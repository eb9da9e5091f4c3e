//! One time type, and its conversions to what the Sigstore crates use.

use chrono::{DateTime, SecondsFormat, Utc};

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

/// The second that a time is in, as [`format()`] renders it.
pub fn to_second(time: Time) -> Time {
    DateTime::from_timestamp(time.timestamp(), 0).unwrap_or(time)
}

/// To the time type of the Sigstore crates. Times outside its range are clamped to it: the
/// range (years -9999 to 9999) is wider than any certificate or metadata can express.
pub fn to_jiff(time: Time) -> jiff::Timestamp {
    jiff::Timestamp::new(time.timestamp(), 0).unwrap_or(jiff::Timestamp::MAX)
}

/// From the time type of the Sigstore crates, to the second.
pub fn from_jiff(time: jiff::Timestamp) -> Time {
    DateTime::from_timestamp(time.as_second(), 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

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
