//! Numbers and times, as people read them.

use std::fmt::Display;

use chrono::TimeDelta;

use crate::core::time::Time;

/// A day, in UTC.
pub fn day(time: Time) -> impl Display {
    time.format("%Y-%m-%d %H:%M UTC")
}

/// How long ago, in the largest unit that fits.
pub fn ago(age: TimeDelta) -> String {
    let (past, seconds) = (age.num_seconds() >= 0, age.num_seconds().unsigned_abs());
    let (number, unit) = match seconds {
        0..60 => return "just now".into(),
        60..3600 => (seconds / 60, "minute"),
        3600..172_800 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    let text = count(usize::try_from(number).unwrap_or(usize::MAX), unit);
    if past { format!("{text} ago") } else { format!("in {text}") }
}

/// `1 package`, `2 packages`, `2 entries`.
pub fn count(number: usize, noun: &str) -> String {
    match (number, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        _ if noun.ends_with('s') => format!("{number} {noun}es"),
        (_, Some(stem)) if !stem.ends_with(['a', 'e', 'o']) => format!("{number} {stem}ies"),
        _ => format!("{number} {noun}s"),
    }
}

/// Bytes, in the largest binary unit that fits.
pub fn size(bytes: u64) -> String {
    indicatif::HumanBytes(bytes).to_string()
}
