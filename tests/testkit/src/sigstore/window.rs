//! The time in which a key or an authority is trusted: `validFor` of the trusted root.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

/// From start to end, both included; without an end, until further notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first instant.
    pub start: DateTime<Utc>,
    /// The last instant.
    pub end: Option<DateTime<Utc>>,
}

impl Window {
    /// Without an end.
    pub fn since(start: DateTime<Utc>) -> Self {
        Self { start, end: None }
    }

    /// With an end.
    pub fn new(start: DateTime<Utc>, end: DateTime<Utc>) -> Self {
        Self { start, end: Some(end) }
    }

    /// Protobuf's `TimeRange` in JSON.
    pub fn json(&self) -> Value {
        let text = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Millis, true);
        match self.end {
            None => json!({"start": text(self.start)}),
            Some(end) => json!({"start": text(self.start), "end": text(end)}),
        }
    }
}
