//! Text on its way into the page: escaped, since nothing in a report is trusted.

use std::fmt::{self, Display, Formatter, Write};

use url::Url;

use crate::{
    cli::render::human::day,
    core::{text::Message, time},
};

/// Untrusted text. What would be markup or mislead a reader is escaped, and what is too long is cut.
pub(super) struct Html<'a>(pub(super) &'a str);

impl Display for Html<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        // `Message` escapes what misleads.
        write!(Escaped(f), "{}", Message(self.0))
    }
}

/// Replaces what HTML reads as markup, in text and in quoted attributes.
struct Escaped<'a, 'b>(&'a mut Formatter<'b>);

impl Write for Escaped<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.split_inclusive(['&', '<', '>', '"', '\'']) {
            let last = part.chars().next_back();
            let escape = match last {
                Some('&') => "&amp;",
                Some('<') => "&lt;",
                Some('>') => "&gt;",
                Some('"') => "&quot;",
                Some('\'') => "&#39;",
                _ => {
                    self.0.write_str(part)?;
                    continue;
                }
            };
            self.0.write_str(part.get(..part.len().saturating_sub(1)).unwrap_or_default())?;
            self.0.write_str(escape)?;
        }
        Ok(())
    }
}

/// Untrusted text that is a name, a digest or a path.
pub(super) struct Code<'a>(pub(super) &'a str);

impl Display for Code<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "<code>{}</code>", Html(self.0))
    }
}

/// An address: a link where it is a plain one, which shows all of itself.
pub(super) struct Link<'a>(pub(super) &'a str);

impl Display for Link<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let text = Html(self.0);
        match is_plain(self.0) {
            true => write!(f, "<a rel=\"noopener noreferrer nofollow\" href=\"{text}\">{text}</a>"),
            false => write!(f, "<code>{text}</code>"),
        }
    }
}

/// Whether a browser would go to exactly this address, over HTTP and without credentials.
fn is_plain(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let is_same = url.as_str() == text || url.as_str().strip_suffix('/') == Some(text);
    matches!(url.scheme(), "http" | "https")
        && is_same
        && url.username().is_empty()
        && url.password().is_none()
        && text.len() <= 512
        && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A time, as people read it.
pub(super) struct When<'a>(pub(super) &'a str);

impl Display for When<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match time::parse(self.0) {
            Some(time) => {
                write!(f, "<time datetime=\"{}\">{}</time>", time::format(time), day(time))
            }
            None => write!(f, "{}", Html(self.0)),
        }
    }
}
