//! An exception of a policy, ready to paste.

use std::fmt::Write as _;

use crate::core::{
    text,
    time::{self, Time},
};

/// The text of an exception for an entry, by its address and the SHA-512 of its bytes. Who pastes it
/// says why.
pub fn exception(entry: &str, sha512: &str, code: &str, added: Time, expires: Time) -> String {
    let day = |time: Time| time::format(time).chars().take(10).collect::<String>();
    format!(
        "[[exception]]\nentry = {}\nsha512 = {}\ncode = {}\nreason = \"\"\nadded = {}\nexpires = {}",
        quoted(entry),
        quoted(sha512),
        quoted(code),
        day(added),
        day(expires)
    )
}

/// A basic string of TOML. What could steer a terminal or mislead a reader is escaped too.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        let _ = match character {
            '"' | '\\' => write!(out, "\\{character}"),
            character if text::misleads(character) => {
                write!(out, "\\U{:08X}", u32::from(character))
            }
            character => write!(out, "{character}"),
        };
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_has_one_form() {
        let added = time::parse("2026-11-28T04:00:00Z").unwrap();
        let expires = added + chrono::TimeDelta::days(90);
        let entry = "git+ssh://git@github.com/acme/tool.git#0123";
        assert_eq!(
            exception(entry, "ab12", "foreign", added, expires),
            "[[exception]]\n\
             entry = \"git+ssh://git@github.com/acme/tool.git#0123\"\n\
             sha512 = \"ab12\"\n\
             code = \"foreign\"\n\
             reason = \"\"\n\
             added = 2026-11-28\n\
             expires = 2027-02-26"
        );
    }

    #[test]
    fn text_cannot_leave_its_string() {
        let text = "a\"\nreason = \"b\\\u{202e}\u{1b}";
        assert_eq!(quoted(text), r#""a\"\U0000000Areason = \"b\\\U0000202E\U0000001B""#);
    }
}
