//! Texts with wildcards, as policies name packages, repositories and addresses.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::core::limits;

/// A text that stands for others: `*` for any characters but `/`, `**` for any characters at all. A
/// text without a wildcard stands for itself alone, never for what starts with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob {
    text: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    /// `*`
    Segment,
    /// `**`
    Any,
}

impl Glob {
    /// Reads a text with wildcards. Every text is one.
    pub fn new(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (part, length) = if rest.starts_with("**") {
                (Part::Any, 2)
            } else if rest.starts_with('*') {
                (Part::Segment, 1)
            } else {
                let length = rest.find('*').unwrap_or(rest.len());
                (Part::Text(rest.chars().take_while(|c| *c != '*').collect()), length)
            };
            parts.push(part);
            rest = rest.get(length..).unwrap_or_default();
        }
        Self { text: text.to_owned(), parts }
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it stands for itself alone.
    pub fn is_exact(&self) -> bool {
        !self.text.contains('*')
    }

    /// Whether it stands for a text. Takes time in proportion to both lengths, whatever the wildcards.
    pub fn matches(&self, text: &str) -> bool {
        match self.parts.first() {
            Some(Part::Text(start)) if !text.starts_with(start.as_str()) => return false,
            Some(Part::Text(all)) if self.parts.len() == 1 => return all == text,
            _ => {}
        }
        // Most texts differ at the end already.
        if let Some(Part::Text(end)) = self.parts.last()
            && !text.ends_with(end.as_str())
        {
            return false;
        }
        let bytes = text.as_bytes();
        // Where in the text the parts so far can end.
        let mut ends = vec![false; bytes.len().saturating_add(1)];
        if let Some(start) = ends.first_mut() {
            *start = true;
        }
        for part in &self.parts {
            ends = match part {
                Part::Text(part) => after(bytes, &ends, part.as_bytes()),
                Part::Segment => spread(bytes, &ends, |byte| byte != b'/'),
                Part::Any => spread(bytes, &ends, |_| true),
            };
        }
        ends.last().copied().unwrap_or(false)
    }
}

/// The ends of a text that starts at one of these places.
fn after(bytes: &[u8], starts: &[bool], part: &[u8]) -> Vec<bool> {
    let starts_here = |at: usize| {
        starts.get(at).copied().unwrap_or(false)
            && bytes.get(at..).is_some_and(|rest| rest.starts_with(part))
    };
    (0..starts.len()).map(|end| end.checked_sub(part.len()).is_some_and(starts_here)).collect()
}

/// The ends of any number of bytes of a kind that start at one of these places.
fn spread(bytes: &[u8], starts: &[bool], passes: impl Fn(u8) -> bool) -> Vec<bool> {
    let mut reached = false;
    let mut ends = Vec::with_capacity(starts.len());
    for (at, starts) in starts.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before).copied());
        reached = *starts || (reached && before.is_some_and(&passes));
        ends.push(reached);
    }
    ends
}

impl<'de> Deserialize<'de> for Glob {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        let text = String::deserialize(value)?;
        if text.len() > limits::GLOB_BYTES {
            let max = limits::GLOB_BYTES;
            return Err(D::Error::custom(format!("a text of more than {max} bytes")));
        }
        Ok(Self::new(&text))
    }
}

impl Serialize for Glob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stands_for_equal_texts_and_never_for_longer_ones() {
        for (glob, fits, others) in [
            (
                "https://g.example/a/b",
                vec!["https://g.example/a/b"],
                vec!["https://g.example/a/b2"],
            ),
            (
                "@acme/*",
                vec!["@acme/a", "@acme/"],
                vec!["@acme", "@acme/a/b", "@acme2/a", "x@acme/a"],
            ),
            ("*", vec!["a", ""], vec!["a/b", "/"]),
            ("**", vec!["a", "a/b", "", "/"], vec![]),
            ("refs/tags/v*", vec!["refs/tags/v1.0.0"], vec!["refs/tags/v1/2", "refs/heads/v1"]),
            (
                "https://g.example/**@refs/tags/*",
                vec!["https://g.example/a/b.yml@refs/tags/1"],
                vec!["https://g.example/a/b.yml@refs/heads/1", "https://g.example/@refs/tags/1/2"],
            ),
            ("a*b*c", vec!["abc", "axbxc", "abbcbc"], vec!["abcd", "ab/c/", "ac"]),
            ("**a", vec!["a", "b/a", "aa"], vec!["ab", ""]),
            ("", vec![""], vec!["a"]),
            ("ü*", vec!["ü", "üü"], vec!["u"]),
        ] {
            let glob = Glob::new(glob);
            for text in fits {
                assert!(glob.matches(text), "{} {text}", glob.as_str());
            }
            for text in others {
                assert!(!glob.matches(text), "{} {text}", glob.as_str());
            }
        }
    }

    #[test]
    fn many_wildcards_cost_no_more_than_the_lengths() {
        let glob = Glob::new(&"*a".repeat(500));
        assert!(!glob.matches(&"a".repeat(400)) && glob.matches(&"a".repeat(600)));
    }
}
