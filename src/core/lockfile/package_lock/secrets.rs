//! Credentials in the addresses of a lockfile, which must not cross the gap in an archive.
//!
//! This module works on the bytes, so that everything else stays as it is. It looks at every string with an
//! address in it, because the address in `resolved` is also in `version`, in `from` and in the
//! dependencies of a package. If a package is fetched from an address (`resolved`, and `version` in
//! lockfiles of version 1), its query is taken out as well, wherever that address is repeated: queries hold
//! tokens. This module does not judge whether the file is a lockfile.

use std::{collections::HashSet, ops::Range};

use crate::core::addresses;

/// An address with something in it that must not be carried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretAddress {
    /// The line that it is on, from 1.
    pub line: usize,
    /// The key that the string belongs to, if it belongs to one.
    pub key: Option<String>,
    /// The address without it.
    pub address: String,
    /// What it is.
    pub kind: SecretKind,
    string: Range<usize>,
}

/// What must not be carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretKind {
    /// `https://NAME:PASSWORD@…`.
    Credentials,
    /// `https://…?…`.
    Query,
    /// Both.
    CredentialsAndQuery,
}

/// The strings in the bytes are not strings of JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a string does not end, or is malformed")]
pub struct MalformedStrings;

/// Every address with credentials or a query, in the order of the file.
///
/// # Errors
/// [`MalformedStrings`] when it is not clear where strings begin and end.
pub fn find(lockfile: &[u8]) -> Result<Vec<SecretAddress>, MalformedStrings> {
    let mut addresses = Vec::new();
    let mut strings = Strings { bytes: lockfile, at: 0, key: None };
    while let Some((string, key)) = strings.next()? {
        let raw = lockfile.get(string.clone()).unwrap_or_default();
        // Every such address has two slashes, escaped or not.
        if !raw.windows(2).any(|pair| pair == b"//" || pair == b"/\\" || pair == b"\\u") {
            continue;
        }
        let text: String = serde_json::from_slice(raw).map_err(|_| MalformedStrings)?;
        if without(&text, true).is_some() {
            addresses.push((string, key, text));
        }
    }
    let fetched: HashSet<&str> = addresses
        .iter()
        .filter(|(_, key, _)| is_fetched(key.as_deref()))
        .map(|(_, _, text)| text.as_str())
        .collect();
    let mut secrets = Vec::new();
    let (mut line, mut counted) = (1, 0);
    for (string, key, text) in &addresses {
        let Some((address, kind)) = without(text, fetched.contains(text.as_str())) else {
            continue;
        };
        let between = lockfile.get(counted..string.start).unwrap_or_default();
        line += between.iter().filter(|byte| **byte == b'\n').count();
        counted = string.start;
        secrets.push(SecretAddress {
            line,
            key: key.clone(),
            address,
            kind,
            string: string.clone(),
        });
    }
    Ok(secrets)
}

/// The lockfile without them; every other byte stays as it is.
pub fn strip(lockfile: &[u8], secrets: &[SecretAddress]) -> Vec<u8> {
    let mut out = Vec::with_capacity(lockfile.len());
    let mut at = 0;
    for secret in secrets {
        out.extend_from_slice(lockfile.get(at..secret.string.start).unwrap_or_default());
        // A string always has a rendering.
        out.extend(serde_json::to_vec(&secret.address).unwrap_or_default());
        at = secret.string.end;
    }
    out.extend_from_slice(lockfile.get(at..).unwrap_or_default());
    out
}

/// Whether a package is fetched from the address that a key has.
fn is_fetched(key: Option<&str>) -> bool {
    matches!(key, Some("resolved" | "version"))
}

/// An address without its credentials and, if it is one to fetch from, its query. `None` if there
/// is nothing to take away.
fn without(text: &str, is_fetched: bool) -> Option<(String, SecretKind)> {
    let (scheme, authority, tail) = addresses::split(text)?;
    let host = addresses::without_credentials(scheme, authority);
    let (before, fragment) = match tail.split_once('#') {
        Some((before, fragment)) => (before, format!("#{fragment}")),
        None => (tail, String::new()),
    };
    let (path, query) = match before.split_once('?') {
        Some((path, _)) if is_fetched => (path, true),
        _ => (before, false),
    };
    let kind = match (host != authority, query) {
        (true, true) => SecretKind::CredentialsAndQuery,
        (true, false) => SecretKind::Credentials,
        (false, true) => SecretKind::Query,
        (false, false) => return None,
    };
    Some((format!("{scheme}://{host}{path}{fragment}"), kind))
}

/// The strings of a JSON text. Each comes with the key whose value it is. A key is a string too.
struct Strings<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The string before, with a colon after it.
    key: Option<String>,
}

/// A string's place, and the key that it is the value of.
type Located = (Range<usize>, Option<String>);

impl Strings<'_> {
    fn next(&mut self) -> Result<Option<Located>, MalformedStrings> {
        while let Some(byte) = self.bytes.get(self.at) {
            match byte {
                b'"' => {
                    let string = self.string()?;
                    let key = self.key.take();
                    if self.is_followed_by_colon() {
                        let raw = self.bytes.get(string.clone()).unwrap_or_default();
                        self.key = serde_json::from_slice(raw).ok();
                    }
                    return Ok(Some((string, key)));
                }
                // The key of an object or a list is not the key of the strings in it.
                b'{' | b'[' => self.key = None,
                _ => {}
            }
            self.at += 1;
        }
        Ok(None)
    }

    /// The string that begins here, with its quotes.
    fn string(&mut self) -> Result<Range<usize>, MalformedStrings> {
        let start = self.at;
        let mut at = start + 1;
        loop {
            match self.bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => at += 2,
                Some(_) => at += 1,
                None => return Err(MalformedStrings),
            }
        }
        self.at = at + 1;
        Ok(start..at + 1)
    }

    fn is_followed_by_colon(&self) -> bool {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        rest.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(lockfile: &str) -> String {
        let secrets = find(lockfile.as_bytes()).unwrap();
        String::from_utf8(strip(lockfile.as_bytes(), &secrets)).unwrap()
    }

    #[test]
    fn credentials_and_queries_go_and_every_other_byte_stays() {
        let lockfile = "{ \"packages\":\t{\"node_modules/a\": {\n  \"version\": \"1.0.0\",\r\n  \
                        \"resolved\": \"https://me:hush@r.example/a/-/a-1.0.0.tgz?t=hush#x\",\n  \
                        \"integrity\": \"sha512-AA//BB==\", \"funding\": \"https://a.example/?b=c\",\n  \
                        \"n\": 1e999 }\n}}\n";
        let clean = lockfile.replace("me:hush@", "").replace("?t=hush", "");
        assert_eq!(stripped(lockfile), clean);
        assert_eq!(stripped(&clean), clean);
        let secrets = find(lockfile.as_bytes()).unwrap();
        assert_eq!(secrets.len(), 1);
        assert_eq!((secrets[0].line, secrets[0].key.as_deref()), (3, Some("resolved")));
        assert_eq!(secrets[0].kind, SecretKind::CredentialsAndQuery);
        assert_eq!(secrets[0].address, "https://r.example/a/-/a-1.0.0.tgz#x");
    }

    #[test]
    fn a_query_goes_wherever_its_address_is_repeated() {
        let text = r#"{"packages": {"": {"dependencies": {"a": "https://files.example/a.tgz?token=1",
            "b": "https://other.example/b?c"}},
            "node_modules/a": {"resolved": "https://files.example/a.tgz?token=1"}}}"#;
        assert_eq!(stripped(text), text.replace("?token=1", ""));
    }

    #[test]
    fn every_place_of_an_address_is_looked_at() {
        for (with, without) in [
            (r#"{"resolved":"https://t@r.example/a"}"#, r#"{"resolved":"https://r.example/a"}"#),
            (r#"{"version":"https://r.example/a?t"}"#, r#"{"version":"https://r.example/a"}"#),
            (
                r#"{"dependencies":{"a":"git+https://t:x@g.example/a.git#c"}}"#,
                r#"{"dependencies":{"a":"git+https://g.example/a.git#c"}}"#,
            ),
            (r#"{"from":"a@https://t@g.example/a"}"#, r#"{"from":"a@https://g.example/a"}"#),
            (r#"["http://u:p@h"]"#, r#"["http://h"]"#),
            (r#"{"https://t@h/a":{}}"#, r#"{"https://h/a":{}}"#),
            (
                r#"{"resolved":"git+ssh://git:hush@g.example/a.git"}"#,
                r#"{"resolved":"git+ssh://git@g.example/a.git"}"#,
            ),
            (r#"{"resolved":"https://a@b@r.example/x"}"#, r#"{"resolved":"https://r.example/x"}"#),
            // Escapes, in the value and in the key.
            (
                r#"{"resolved":"https:\/\/t\u0040r.example\/a"}"#,
                r#"{"resolved":"https://r.example/a"}"#,
            ),
            (
                r#"{"resolved":"https:\u002f\u002ft@r.example"}"#,
                r#"{"resolved":"https://r.example"}"#,
            ),
            (
                r#"{"res\u006flved":"https://r.example/?t"}"#,
                r#"{"res\u006flved":"https://r.example/"}"#,
            ),
        ] {
            assert_eq!(stripped(with), without);
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        for clean in [
            r#"{"resolved":"https://r.example/@s/a/-/a-1.0.0.tgz"}"#,
            r#"{"resolved":"git+ssh://git@g.example/a.git#0123"}"#,
            r#"{"resolved":"file:../a?b"}"#,
            r#"{"homepage":"https://a.example/?b"}"#,
            r#"{"a":{"resolved":{"b":"https://a.example/?b"}}}"#,
            r#"{"version":"1.0.0","dependencies":{"a":"npm:@s/b@^1 || //x@y"}}"#,
            r#"{"integrity":"sha1-//@=="}"#,
            "",
        ] {
            assert_eq!(stripped(clean), clean);
        }
    }

    #[test]
    fn a_string_without_an_end_is_malformed() {
        for bytes in [&br#"{"a"#[..], br#"{"a":"b\"#, b"\"", b"\"//\xff\"", br#""//\x""#] {
            assert_eq!(find(bytes), Err(MalformedStrings), "{bytes:?}");
        }
    }
}
