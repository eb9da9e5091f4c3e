//! The few DER productions that certificates and timestamps are made of.
//!
//! Writes only, and checks nothing: a test may want what a strict encoder refuses to write.

use chrono::{DateTime, Datelike, Utc};

/// One element: tag, length, content.
pub fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match content.len() {
        short @ 0..=127 => out.push(short as u8),
        long => {
            let bytes = long.to_be_bytes();
            let bytes = &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..];
            out.push(0x80 | bytes.len() as u8);
            out.extend(bytes);
        }
    }
    out.extend(content);
    out
}

pub fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

/// `SET OF`, whose elements DER orders by their encoding.
pub fn set(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x31, &sorted(parts))
}

/// The content of a `SET OF`, for one that is tagged otherwise.
pub fn sorted(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut parts = parts.to_vec();
    parts.sort();
    parts.concat()
}

/// `[number]`, constructed.
pub fn context(number: u8, content: &[u8]) -> Vec<u8> {
    tlv(0xa0 | number, content)
}

pub fn null() -> Vec<u8> {
    tlv(0x05, &[])
}

pub fn boolean(value: bool) -> Vec<u8> {
    tlv(0x01, &[if value { 0xff } else { 0 }])
}

/// A non-negative integer from its big-endian bytes.
pub fn integer(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let mut content = bytes[zeros..].to_vec();
    if content.first().is_none_or(|byte| byte & 0x80 != 0) {
        content.insert(0, 0);
    }
    tlv(0x02, &content)
}

pub fn small(value: u8) -> Vec<u8> {
    integer(&[value])
}

pub fn bits(content: &[u8]) -> Vec<u8> {
    named_bits(0, content)
}

/// A `BIT STRING` whose last `unused` bits do not count.
pub fn named_bits(unused: u8, content: &[u8]) -> Vec<u8> {
    tlv(0x03, &[&[unused], content].concat())
}

pub fn octets(content: &[u8]) -> Vec<u8> {
    tlv(0x04, content)
}

pub fn utf8(text: &str) -> Vec<u8> {
    tlv(0x0c, text.as_bytes())
}

pub fn printable(text: &str) -> Vec<u8> {
    tlv(0x13, text.as_bytes())
}

/// An object identifier in dotted form.
pub fn oid(dotted: &str) -> Vec<u8> {
    let arcs: Vec<u32> = dotted.split('.').map(|arc| arc.parse().expect("an arc")).collect();
    let mut content = Vec::new();
    base128(arcs[0] * 40 + arcs[1], &mut content);
    arcs[2..].iter().for_each(|arc| base128(*arc, &mut content));
    tlv(0x06, &content)
}

fn base128(value: u32, out: &mut Vec<u8>) {
    let groups = (32 - value.leading_zeros()).div_ceil(7).max(1);
    for group in (0..groups).rev() {
        let more = if group > 0 { 0x80 } else { 0 };
        out.push((value >> (7 * group)) as u8 & 0x7f | more);
    }
}

/// `Time` of RFC 5280 §4.1.2.5: UTCTime through 2049, GeneralizedTime after.
pub fn time(at: DateTime<Utc>) -> Vec<u8> {
    match at.year() {
        1950..=2049 => tlv(0x17, at.format("%y%m%d%H%M%SZ").to_string().as_bytes()),
        _ => generalized_time(at),
    }
}

/// GeneralizedTime in whole seconds.
pub fn generalized_time(at: DateTime<Utc>) -> Vec<u8> {
    tlv(0x18, at.format("%Y%m%d%H%M%SZ").to_string().as_bytes())
}
