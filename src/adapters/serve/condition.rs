//! What a request asks for beside the address: a part, or only what has changed (RFC 9110, sections 13
//! and 14).

use std::ops::Range;

use hyper::{
    HeaderMap,
    header::{HeaderName, IF_NONE_MATCH, IF_RANGE, RANGE},
};

/// What to send of a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Selection {
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
pub(super) fn wanted(headers: &HeaderMap, tag: &str, size: u64) -> Selection {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(known) = text(&IF_NONE_MATCH)
        && known
            .split(',')
            .map(str::trim)
            .any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
    {
        return Selection::Unchanged;
    }
    if text(&IF_RANGE).is_some_and(|known| known != tag) {
        return Selection::All;
    }
    text(&RANGE).map_or(Selection::All, |range| part(range, size))
}

/// One range. Several, another unit or what cannot be read is answered with the whole, as is allowed.
fn part(text: &str, size: u64) -> Selection {
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse::<u64>().unwrap_or(u64::MAX))
    };
    let Some((first, last)) = text.strip_prefix("bytes=").and_then(|rest| rest.split_once('-'))
    else {
        return Selection::All;
    };
    let range = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Some(first), None) if last.is_empty() => first..size,
        (None, Some(count)) if first.is_empty() => size.saturating_sub(count)..size,
        _ => return Selection::All,
    };
    match range.start < range.end {
        true => Selection::Part(range),
        false => Selection::Unsatisfiable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_understood() {
        for (text, wanted) in [
            ("bytes=0-0", Selection::Part(0..1)),
            ("bytes=2-", Selection::Part(2..10)),
            ("bytes=2-99", Selection::Part(2..10)),
            ("bytes=0-18446744073709551615", Selection::Part(0..10)),
            ("bytes=-3", Selection::Part(7..10)),
            ("bytes=-99", Selection::Part(0..10)),
            ("bytes=10-", Selection::Unsatisfiable),
            ("bytes=99999999999999999999-", Selection::Unsatisfiable),
            ("bytes=-0", Selection::Unsatisfiable),
            ("bytes=3-2", Selection::All),
            ("bytes=0-1,3-4", Selection::All),
            ("bytes=-", Selection::All),
            ("bytes=+1-2", Selection::All),
            ("items=0-1", Selection::All),
            ("", Selection::All),
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
            (vec![(IF_NONE_MATCH, "\"a\"")], Selection::Unchanged),
            (vec![(IF_NONE_MATCH, "\"b\", W/\"a\""), range.clone()], Selection::Unchanged),
            (vec![(IF_NONE_MATCH, "*")], Selection::Unchanged),
            (vec![(IF_NONE_MATCH, "\"b\"")], Selection::All),
            (vec![(IF_RANGE, "\"a\""), range.clone()], Selection::Part(0..2)),
            (vec![(IF_RANGE, "\"b\""), range.clone()], Selection::All),
            (vec![range], Selection::Part(0..2)),
        ] {
            assert_eq!(wanted(&headers(&pairs), "\"a\"", 10), expected, "{pairs:?}");
        }
    }
}
