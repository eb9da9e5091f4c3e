//! What a request asks for beside the address: a part, or only what has changed (RFC 9110, sections 13
//! and 14).

use std::ops::Range;

use hyper::{
    HeaderMap,
    header::{HeaderName, IF_NONE_MATCH, IF_RANGE, RANGE},
};

/// What to send of a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Nothing: the client has it.
    Unchanged,
    /// All of it.
    All,
    /// One part.
    Part(Range<u64>),
    /// A part that is not there.
    Unsatisfiable,
}

/// What to send of a whole of `size` bytes with this entity tag.
pub(super) fn wanted(headers: &HeaderMap, tag: &str, size: u64) -> Wanted {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(known) = text(&IF_NONE_MATCH)
        && known
            .split(',')
            .map(str::trim)
            .any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
    {
        return Wanted::Unchanged;
    }
    if text(&IF_RANGE).is_some_and(|known| known != tag) {
        return Wanted::All;
    }
    text(&RANGE).map_or(Wanted::All, |range| part(range, size))
}

/// One range. Several, another unit or what cannot be read is answered with the whole, as is allowed.
fn part(text: &str, size: u64) -> Wanted {
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse::<u64>().unwrap_or(u64::MAX))
    };
    let Some((first, last)) = text.strip_prefix("bytes=").and_then(|rest| rest.split_once('-'))
    else {
        return Wanted::All;
    };
    let range = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Some(first), None) if last.is_empty() => first..size,
        (None, Some(count)) if first.is_empty() => size.saturating_sub(count)..size,
        _ => return Wanted::All,
    };
    match range.start < range.end {
        true => Wanted::Part(range),
        false => Wanted::Unsatisfiable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_understood() {
        for (text, wanted) in [
            ("bytes=0-0", Wanted::Part(0..1)),
            ("bytes=2-", Wanted::Part(2..10)),
            ("bytes=2-99", Wanted::Part(2..10)),
            ("bytes=0-18446744073709551615", Wanted::Part(0..10)),
            ("bytes=-3", Wanted::Part(7..10)),
            ("bytes=-99", Wanted::Part(0..10)),
            ("bytes=10-", Wanted::Unsatisfiable),
            ("bytes=99999999999999999999-", Wanted::Unsatisfiable),
            ("bytes=-0", Wanted::Unsatisfiable),
            ("bytes=3-2", Wanted::All),
            ("bytes=0-1,3-4", Wanted::All),
            ("bytes=-", Wanted::All),
            ("bytes=+1-2", Wanted::All),
            ("items=0-1", Wanted::All),
            ("", Wanted::All),
        ] {
            assert_eq!(part(text, 10), wanted, "{text}");
        }
    }

    #[test]
    fn a_known_tag_is_not_sent_again_and_a_changed_one_whole() {
        let headers = |pairs: &[(HeaderName, &str)]| {
            pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
        };
        let range = (RANGE, "bytes=0-1");
        for (pairs, expected) in [
            (vec![(IF_NONE_MATCH, "\"a\"")], Wanted::Unchanged),
            (vec![(IF_NONE_MATCH, "\"b\", W/\"a\""), range.clone()], Wanted::Unchanged),
            (vec![(IF_NONE_MATCH, "*")], Wanted::Unchanged),
            (vec![(IF_NONE_MATCH, "\"b\"")], Wanted::All),
            (vec![(IF_RANGE, "\"a\""), range.clone()], Wanted::Part(0..2)),
            (vec![(IF_RANGE, "\"b\""), range.clone()], Wanted::All),
            (vec![range], Wanted::Part(0..2)),
        ] {
            assert_eq!(wanted(&headers(&pairs), "\"a\"", 10), expected, "{pairs:?}");
        }
    }
}
