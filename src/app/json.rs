//! JSON that is safe to look at.
//!
//! `serde_json` escapes the control characters of ASCII and no others, and a report may be read on
//! a terminal as well. What [`misleads`] is escaped as JSON allows: to a program it is the same text.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};

use crate::core::text::misleads;

/// Writes a value, indented.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    let formatter = Escaping(PrettyFormatter::new());
    value.serialize(&mut Serializer::with_formatter(&mut *out, formatter))?;
    out.write_all(b"\n")
}

/// A value in one line. Empty, if it is a map whose keys are not texts.
pub fn compact(value: &impl Serialize) -> String {
    let mut text = Vec::new();
    let mut writer = Serializer::with_formatter(&mut text, Escaping(CompactFormatter));
    // Memory takes every byte, and what the writer writes is UTF-8.
    match value.serialize(&mut writer) {
        Ok(()) => String::from_utf8(text).unwrap_or_default(),
        Err(_) => String::new(),
    }
}

struct Escaping<F>(F);

/// What is passed on as it is.
macro_rules! as_pretty {
    ($($method:ident($($argument:ident: $kind:ty)?)),+) => {$(
        fn $method<W: Write + ?Sized>(&mut self, out: &mut W $(, $argument: $kind)?) -> io::Result<()> {
            self.0.$method(out $(, $argument)?)
        }
    )+};
}

impl<F: Formatter> Formatter for Escaping<F> {
    as_pretty!(
        begin_array(),
        end_array(),
        begin_array_value(first: bool),
        end_array_value(),
        begin_object(),
        end_object(),
        begin_object_key(first: bool),
        begin_object_value(),
        end_object_value()
    );

    fn write_string_fragment<W: Write + ?Sized>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        if fragment.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return out.write_all(fragment.as_bytes()); // which is nearly all there is
        }
        for part in fragment.split_inclusive(misleads) {
            let bad = part.chars().next_back().filter(|last| misleads(*last));
            let plain = part.len() - bad.map_or(0, char::len_utf8);
            out.write_all(part.get(..plain).unwrap_or_default().as_bytes())?;
            for unit in bad.iter().flat_map(|bad| bad.encode_utf16(&mut [0; 2]).to_vec()) {
                write!(out, "\\u{unit:04x}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn written(value: &Value) -> String {
        let mut out = Vec::new();
        write(&mut out, value).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_steers_a_terminal_is_escaped_and_means_the_same() {
        let value = json!({"k\u{202e}": ["\u{1b}[2J \u{9b}31m\u{7f}é日\u{e0041}", "", "\u{200b}"]});
        let text = written(&value);
        let expected = r#""\u001b[2J \u009b31m\u007fé日\udb40\udc41""#;
        assert!(text.contains(expected) && text.contains(r#""k\u202e""#), "{text}");
        assert!(text.contains(r#""\u200b""#), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }

    #[test]
    fn all_else_is_pretty_as_ever() {
        for value in [json!({}), json!([]), json!({"a": [1, {"b": null}], "c": {"d": "é\n"}})] {
            assert_eq!(written(&value), format!("{value:#}\n"));
        }
    }
}
