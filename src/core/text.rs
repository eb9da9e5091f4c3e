//! Text from outside, on its way to a terminal or a report.

use std::fmt::{self, Write as _};

use crate::core::limits::{MESSAGE_TEXT, REPORTED_TEXT};

/// Untrusted text. Its `Display` escapes what could steer a terminal or mislead a reader (control
/// characters, escape sequences, bidirectional overrides, invisible characters), and cuts what is
/// too long.
#[derive(Debug, Clone, Copy)]
pub struct Untrusted<'a>(pub &'a str);

impl fmt::Display for Untrusted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, self.0, REPORTED_TEXT)
    }
}

/// A message that may quote untrusted text: escaped in the same way, and longer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Message<'a>(pub &'a str);

impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, self.0, MESSAGE_TEXT)
    }
}

fn write(f: &mut fmt::Formatter<'_>, text: &str, max: usize) -> fmt::Result {
    for (at, character) in text.chars().enumerate() {
        if at == max {
            return f.write_char('…');
        }
        if misleads(character) {
            write!(f, "{}", character.escape_unicode())?;
        } else {
            f.write_char(character)?;
        }
    }
    Ok(())
}

/// Cuts untrusted text to what a report repeats.
pub fn bounded(text: &str) -> String {
    match text.char_indices().nth(REPORTED_TEXT) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Whether a character could steer a terminal or mislead a reader: controls, and what Unicode has
/// as `Default_Ignorable_Code_Point`, line separators or interlinear annotation.
pub fn misleads(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// The one of a closed list that has this name.
///
/// # Errors
/// What to say where none has: the nearest name, or all of them.
pub(crate) fn named<T: Copy>(
    what: &str,
    text: &str,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> Result<T, String> {
    let found = all.iter().copied().find(|one| name(*one) == text);
    found.ok_or_else(|| {
        let names: Vec<_> = all.iter().map(|one| name(*one)).collect();
        format!("{text:?} is not a {what}{}", instead(text, &names))
    })
}

/// What somebody may have meant: the nearest name, or all of them.
pub(crate) fn instead(text: &str, names: &[&str]) -> String {
    let near = |name: &&&str| strsim::damerau_levenshtein(text, name) <= 3.min(name.len() / 2);
    let nearest = names.iter().filter(near);
    match nearest.min_by_key(|name| strsim::damerau_levenshtein(text, name)) {
        Some(nearest) => format!(": did you mean {nearest:?}?"),
        None => format!(": it is one of {}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_escaped() {
        assert_eq!(Untrusted("a\x1b[2Jb\r\n").to_string(), r"a\u{1b}[2Jb\u{d}\u{a}");
        assert_eq!(Untrusted("\u{202e}gpj.exe").to_string(), r"\u{202e}gpj.exe");
        assert_eq!(Untrusted("naïve 日本").to_string(), "naïve 日本");
    }

    #[test]
    fn messages_are_escaped_and_bounded_too() {
        assert_eq!(Message("a\x1b[2J").to_string(), r"a\u{1b}[2J");
        let (exact, long) = ("x".repeat(MESSAGE_TEXT), "x".repeat(MESSAGE_TEXT + 1));
        assert_eq!(Message(&exact).to_string(), exact);
        assert_eq!(Message(&long).to_string(), format!("{exact}…"));
    }

    #[test]
    fn a_name_that_is_not_in_a_list_gets_the_nearest_one() {
        let all = ["provenance", "integrity"];
        let found = |text| named("claim", text, &all, |name| name);
        assert_eq!(found("integrity"), Ok("integrity"));
        let near = "\"provenence\" is not a claim: did you mean \"provenance\"?";
        assert_eq!(found("provenence"), Err(near.to_owned()));
        let far = "\"x\" is not a claim: it is one of provenance, integrity";
        assert_eq!(found("x"), Err(far.to_owned()));
    }

    #[test]
    fn length_is_bounded() {
        let long = "x".repeat(REPORTED_TEXT + 1);
        assert_eq!(Untrusted(&long).to_string().chars().count(), REPORTED_TEXT + 1);
        assert!(Untrusted(&long).to_string().ends_with('…'));
        assert_eq!(bounded(&long), Untrusted(&long).to_string());
        assert_eq!(bounded("short"), "short");
        let full = "x".repeat(REPORTED_TEXT);
        assert_eq!((Untrusted(&full).to_string(), bounded(&full)), (full.clone(), full));
    }
}
