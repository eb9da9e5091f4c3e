//! Names of entries in the archive: one form, the same file on every file system.
//!
//! A name is made of segments with `/` between them, of the characters `[a-z0-9._@+%-]`. All other
//! characters of a package's name are percent-encoded. So is what a file system would change or read as
//! something else: upper case, a device of Windows, a dot at the end.

use crate::core::{
    limits,
    package::{Purl, digest::Algorithm},
    percent,
};

/// The last entry: the signed manifest.
pub const ENVELOPE: &str = "sealift.dsse.json";

/// Names that Windows opens as devices in any folder, with or without an extension.
const DEVICES: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8",
    "com9", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// Why a name is not an entry's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// No name, or longer than [`limits::ENTRY_NAME_BYTES`].
    #[error("an entry's name has {0} bytes, not 1 to {max}", max = limits::ENTRY_NAME_BYTES)]
    Length(usize),
    /// A byte outside the alphabet: upper case, `\`, `:`, control characters, anything not ASCII.
    #[error("the entry name {0:?} has a character that is not allowed")]
    Character(String),
    /// `/` at the start.
    #[error("the entry name {0:?} is absolute")]
    Absolute(String),
    /// An empty segment, `.` or `..`.
    #[error("the entry name {0:?} is not normalised")]
    Segment(String),
    /// A `%` without two lower-case hexadecimal digits after it.
    #[error("the entry name {0:?} has a malformed escape")]
    Escape(String),
    /// A segment that Windows takes for a device.
    #[error("the entry name {0:?} is a device on some systems")]
    Device(String),
    /// A segment with a dot at its end, which Windows drops.
    #[error("the entry name {0:?} has a segment that ends in a dot")]
    Dot(String),
}

impl NameError {
    /// A stable code, for reports and tests.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Length(_) => "name-length",
            Self::Character(_) => "name-character",
            Self::Absolute(_) => "name-absolute",
            Self::Segment(_) => "name-segment",
            Self::Escape(_) => "name-escape",
            Self::Device(_) => "name-device",
            Self::Dot(_) => "name-dot",
        }
    }
}

/// The folder of a package: `TYPE/NAME/VERSION`, and below that one named by the first 16 hexadecimal
/// digits of the purl's SHA-256 where it is not from the public registry. The encoding lets no file
/// system confuse packages.
pub fn package_folder(purl: &Purl) -> String {
    let id = purl.id();
    let folder = format!("{}/{}/{}", id.ecosystem(), encode(id.name()), encode(id.version()));
    if purl.is_public() {
        return folder;
    }
    let digest = Algorithm::Sha256.digest(purl.to_string().as_bytes()).to_hex();
    format!("{folder}/{}", digest.get(..16).unwrap_or(&digest))
}

/// Checks the name of an entry as received.
///
/// # Errors
/// [`NameError`] says what is wrong with it, for the first of its rules that it breaks.
pub fn parse(bytes: &[u8]) -> Result<&str, NameError> {
    if bytes.is_empty() || bytes.len() > limits::ENTRY_NAME_BYTES {
        return Err(NameError::Length(bytes.len()));
    }
    let shown = || String::from_utf8_lossy(bytes).into_owned();
    let name = std::str::from_utf8(bytes).map_err(|_| NameError::Character(shown()))?;
    if !name.bytes().all(|byte| plain(byte) || byte == b'%') {
        return Err(NameError::Character(shown()));
    }
    if name.starts_with('/') {
        return Err(NameError::Absolute(shown()));
    }
    for segment in name.split('/') {
        if matches!(segment, "" | "." | "..") {
            return Err(NameError::Segment(shown()));
        }
        if segment.ends_with('.') {
            return Err(NameError::Dot(shown()));
        }
        if is_device(segment) {
            return Err(NameError::Device(shown()));
        }
        if !escapes_are_well_formed(segment) {
            return Err(NameError::Escape(shown()));
        }
    }
    Ok(name)
}

/// `text` as (part of) an entry's name; `/` stays what it is.
///
/// Empty segments stay too, and make a name that [`parse`] refuses.
pub fn encode(text: &str) -> String {
    text.split('/').map(encode_segment).collect::<Vec<_>>().join("/")
}

fn encode_segment(segment: &str) -> String {
    let (mut left, device) = (segment.len(), is_device(segment));
    let encoded = percent::encode(segment, |byte| {
        left -= 1;
        let is_first = left + 1 == segment.len();
        plain(byte) && !(device && is_first) && !(byte == b'.' && left == 0)
    });
    // The escapes alone: an entry's name has no upper case.
    encoded.to_ascii_lowercase()
}

/// The text from which [`encode`] made `name`; `None` if no text gives it.
pub fn decode(name: &str) -> Option<String> {
    percent::decode(name).filter(|text| encode(text) == name)
}

fn plain(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._@+-/".contains(&byte)
}

fn is_device(segment: &str) -> bool {
    let stem = segment.split('.').next().unwrap_or(segment);
    matches!(stem.len(), 3 | 4) && DEVICES.contains(&stem)
}

fn escapes_are_well_formed(segment: &str) -> bool {
    segment.split('%').skip(1).all(|rest| {
        rest.as_bytes()
            .get(..2)
            .is_some_and(|hex| hex.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_the_one_form_are_accepted() {
        for name in [
            "npm/@scope/name/1.0.0+x/package.tgz",
            "npm/%4a%53%4f%4e%53tream/1.3.5/record.json",
            "trust/public-good/metadata/root_history/1.root.json",
            "npm/%63on/1.0.0/record.json",
            "npm/console/1.0.0/record.json",
            ENVELOPE,
        ] {
            assert_eq!(parse(name.as_bytes()), Ok(name));
        }
    }

    #[test]
    fn other_forms_are_refused() {
        let code = |name: &[u8]| parse(name).unwrap_err().code();
        for (name, expected) in [
            ("", "name-length"),
            ("/etc/passwd", "name-absolute"),
            ("a//b", "name-segment"),
            ("a/", "name-segment"),
            ("./a", "name-segment"),
            ("a/../b", "name-segment"),
            ("..", "name-segment"),
            ("a/b.", "name-dot"),
            ("a/...", "name-dot"),
            ("a\\b", "name-character"),
            ("c:/a", "name-character"),
            ("A", "name-character"),
            ("a b", "name-character"),
            ("ä", "name-character"),
            ("a\0", "name-character"),
            ("a\n", "name-character"),
            ("con", "name-device"),
            ("a/nul.txt/b", "name-device"),
            ("lpt9.tar.gz", "name-device"),
            ("a%", "name-escape"),
            ("a%4", "name-escape"),
            ("a%4/a", "name-escape"),
            ("%4A", "name-character"),
            ("%zz", "name-escape"),
        ] {
            assert_eq!(code(name.as_bytes()), expected, "{name:?}");
        }
        assert_eq!(code(b"a\xff"), "name-character");
        let most = limits::ENTRY_NAME_BYTES;
        assert!(parse("a".repeat(most).as_bytes()).is_ok());
        assert_eq!(parse("a".repeat(most + 1).as_bytes()), Err(NameError::Length(most + 1)));
    }

    #[test]
    fn what_a_file_system_would_misread_is_encoded() {
        assert_eq!(encode("JSONStream"), "%4a%53%4f%4e%53tream");
        assert_eq!(encode("con"), "%63on");
        assert_eq!(encode("@nul/aux.js"), "@nul/%61ux.js");
        assert_eq!(encode("dots."), "dots%2e");
        assert_eq!(encode("a/../b"), "a/.%2e/b");
        assert_eq!(encode("50%"), "50%25");
        for text in ["con", "Ünï", "..", ".", "a.b.", "com1.tar", "a b\\c:d"] {
            let name = encode(text);
            assert_eq!(parse(name.as_bytes()), Ok(name.as_str()));
            assert_eq!(decode(&name).as_deref(), Some(text));
        }
    }

    #[test]
    fn a_text_has_one_name() {
        for (name, text) in [("%4a%53", "JS"), ("%63on", "con"), ("a/b", "a/b"), ("50%25", "50%")] {
            assert_eq!(decode(name).as_deref(), Some(text));
        }
        // A needless escape, a missing one, a malformed one, and one that is not UTF-8.
        for other in ["%61", "JS", "con", "%4A", "%4", "%", "%zz", "%ff", "%+4"] {
            assert_eq!(decode(other), None, "{other}");
        }
    }
}
