//! TOML, read into types, with the line and column of what is wrong.

use serde::de::DeserializeOwned;

use crate::core::text::{instead, misleads};

/// Why a file is not what it must be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", .place.map(|(line, column)| format!("line {line}, column {column}: ")).unwrap_or_default())]
pub struct TextError {
    /// The line and the column, from 1, where they are known.
    pub place: Option<(usize, usize)>,
    /// What is wrong. May quote untrusted text: escape before printing.
    pub message: String,
}

impl TextError {
    /// Wrong as a whole.
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { place: None, message: message.into() }
    }
}

/// Reads TOML.
///
/// # Errors
/// [`TextError`]: not UTF-8, not TOML, a key that is not known or there twice, a value of another type.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, TextError> {
    let text = std::str::from_utf8(bytes).map_err(|error| TextError {
        place: Some(place(bytes.get(..error.valid_up_to()).unwrap_or_default())),
        message: "not UTF-8".to_owned(),
    })?;
    toml::from_str(text).map_err(|error| TextError {
        place: error.span().map(|span| place(bytes.get(..span.start).unwrap_or_default())),
        message: plain(error.message()),
    })
}

/// A text as TOML writes it. What could steer a terminal or mislead a reader is escaped too.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            hidden if misleads(hidden) => {
                quoted.push_str(&format!("\\U{:08X}", u32::from(hidden)));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// The line and the column that follow these bytes, from 1.
fn place(before: &[u8]) -> (usize, usize) {
    let line_starts =
        before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at.saturating_add(1));
    let line = before.iter().filter(|byte| **byte == b'\n').count();
    let column = String::from_utf8_lossy(before.get(line_starts..).unwrap_or_default());
    (line.saturating_add(1), column.chars().count().saturating_add(1))
}

/// A message of the parser, in the words of a policy.
fn plain(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    if message.starts_with("unknown field") {
        let key = quoted.next().unwrap_or_default();
        let known: Vec<_> = quoted.collect();
        return format!("{key:?} is not a key here{}", instead(key, &known));
    }
    if let Some(key) = message.strip_prefix("missing field") {
        return format!("the key {} is missing", key.trim().replace('`', "\""));
    }
    if message == "duplicate key" {
        return "the key or table is there twice".to_owned();
    }
    let number = message.strip_suffix("u64").or(message.strip_suffix("usize"));
    match number {
        Some(start) => format!("{start}a whole number").replace('`', "\""),
        None => message.replace('`', "\""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_text_cannot_leave_its_string() {
        let text = "a\"\nreason = \"b\\\u{202e}\u{1b}";
        let written = quoted(text);
        assert_eq!(written, r#""a\"\U0000000Areason = \"b\\\U0000202E\U0000001B""#);
        let read: toml::Table = toml::from_str(&format!("a = {written}")).unwrap();
        assert_eq!(read["a"].as_str(), Some(text));
    }
}
