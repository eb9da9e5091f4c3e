//! Percent coding (RFC 3986, section 2.1), for purls, addresses and the names of entries.

/// `text` with every byte that is not `plain` as `%` and two hexadecimal digits in upper case.
pub fn encode(text: &str, mut plain: impl FnMut(u8) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if plain(byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Whether each `%` is followed by two hexadecimal digits.
pub fn is_well_formed(text: &str) -> bool {
    let digits =
        |rest: &str| rest.as_bytes().get(..2).map(|two| two.iter().all(u8::is_ascii_hexdigit));
    text.split('%').skip(1).all(|rest| digits(rest) == Some(true))
}

/// The text that was encoded. `None` where a `%` is not followed by two hexadecimal digits, or where
/// the bytes are not UTF-8.
pub fn decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        out.push(if byte == b'%' {
            let digit = |byte: u8| char::from(byte).to_digit(16);
            let (high, low) = (digit(rest.next()?)?, digit(rest.next()?)?);
            u8::try_from(high * 16 + low).ok()?
        } else {
            byte
        });
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_what_was_encoded() {
        let encoded = encode("@a/b ü%", |byte| byte.is_ascii_alphanumeric() || byte == b'/');
        assert_eq!(encoded, "%40a/b%20%C3%BC%25");
        assert_eq!(decode(&encoded).as_deref(), Some("@a/b ü%"));
    }

    #[test]
    fn rejects_malformed_escapes() {
        for text in ["%", "%4", "%zz", "%+4", "%ff"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
