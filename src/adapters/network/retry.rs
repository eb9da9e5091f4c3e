//! When to try again. Delays have no jitter: [`limits::IN_FLIGHT`](crate::core::limits::IN_FLIGHT)
//! bounds the requests to one host.

use std::time::Duration;

use chrono::DateTime;

use super::Settings;

/// The wait after `tried` tries: the backoff, doubled each time, or what the server asked for
/// where that is longer.
pub(super) fn delay(settings: &Settings, tried: u32, asked: Option<Duration>) -> Duration {
    let doubled = settings.backoff * 2_u32.saturating_pow(tried.saturating_sub(1).min(16));
    let asked = asked.unwrap_or_default();
    doubled.max(asked).min(settings.longest_wait)
}

/// The wait that `Retry-After` asks for: seconds, or a date (RFC 9110, 10.2.3). The date is compared with the
/// server's own `Date`, so that neither clock needs to be right. Without `Date` it is ignored.
pub(super) fn after(retry_after: Option<&str>, date: Option<&str>) -> Option<Duration> {
    let text = retry_after?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let until = DateTime::parse_from_rfc2822(text).ok()?;
    let sent = DateTime::parse_from_rfc2822(date?.trim()).ok()?;
    (until - sent).to_std().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_longest() {
        let settings = Settings {
            backoff: Duration::from_secs(1),
            longest_wait: Duration::from_secs(5),
            ..Settings::default()
        };
        let seconds = |tried, asked| delay(&settings, tried, asked).as_secs();
        assert_eq!([seconds(1, None), seconds(2, None), seconds(3, None)], [1, 2, 4]);
        assert_eq!(seconds(4, None), 5);
        assert_eq!(seconds(u32::MAX, None), 5);
        assert_eq!(seconds(1, Some(Duration::from_secs(3))), 3);
        assert_eq!(seconds(1, Some(Duration::from_secs(86_400))), 5);
        assert_eq!(seconds(2, Some(Duration::ZERO)), 2);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(after(Some("120"), None), Some(Duration::from_secs(120)));
        let (date, sent) = ("Mon, 23 Nov 2026 04:00:30 GMT", "Mon, 23 Nov 2026 04:00:00 GMT");
        assert_eq!(after(Some(date), Some(sent)), Some(Duration::from_secs(30)));
        assert_eq!(after(Some(sent), Some(date)), None, "in the past");
        assert_eq!(after(Some(date), None), None);
        assert_eq!(after(Some("-1"), None), None);
        assert_eq!(after(Some("soon"), Some(sent)), None);
        assert_eq!(after(None, Some(sent)), None);
    }
}
