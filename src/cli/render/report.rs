//! A stored report, rendered in other formats: from nothing but the report, so that the same report gives
//! the same bytes.
//!
//! Every text in it is untrusted. A format escapes what its readers would take for something else.

mod basis;
mod codes;
mod cyclonedx;
mod findings;
mod junit;
mod markdown;
mod page;
mod reasons;
mod sarif;
#[cfg(feature = "serve")]
mod served;
mod tally;
#[cfg(test)]
mod tests;
mod words;

use std::{fmt, path::Path};

use serde::Serialize;
use serde_json::json;

#[cfg(feature = "serve")]
pub use self::served::pages;

use super::Rendered;
use crate::{
    app::stored::{ReportOrigin, StoredReport},
    cli::terminal::GOOD,
    core::text::{Untrusted, named},
};

/// A format that reports are rendered in.
#[derive(Debug)]
pub struct Rendering {
    /// As the command line names it.
    name: &'static str,
    render: fn(&StoredReport, &ReportOrigin) -> String,
}

/// All formats. A new one is a line here.
const ALL: &[Rendering] = &[
    Rendering { name: "html", render: page::html },
    Rendering { name: "markdown", render: markdown::markdown },
    Rendering { name: "sarif", render: sarif::sarif },
    Rendering { name: "junit", render: junit::junit },
    Rendering { name: "cyclonedx", render: cyclonedx::cyclonedx },
];

impl Rendering {
    /// The format of that name.
    ///
    /// # Errors
    /// What to say where none has it.
    pub fn named(name: &str) -> Result<&'static Self, String> {
        let all: Vec<&Self> = ALL.iter().collect();
        named("format", name, &all, |rendering| rendering.name)
    }

    /// Renders a report. `source` says who vouches for it.
    pub fn render(&self, report: &StoredReport, source: &ReportOrigin) -> String {
        (self.render)(report, source)
    }
}

/// A report that was rendered. Without a file, the text is the result.
pub struct RenderedReport<'a> {
    /// In which format.
    pub rendering: &'static Rendering,
    /// The text.
    pub text: &'a str,
    /// Where it was written.
    pub file: Option<&'a Path>,
}

impl fmt::Display for RenderedReport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.file {
            Some(file) => {
                write!(f, "{GOOD}written{GOOD:#}: {}", Untrusted(&file.display().to_string()))
            }
            None => f.write_str(self.text.trim_end()),
        }
    }
}

impl Rendered for RenderedReport<'_> {
    fn json(&self) -> impl Serialize + '_ {
        json!({
            "schema": "sealift-rendered/1",
            "to": self.rendering.name,
            "file": self.file.map(|file| file.display().to_string()),
            "text": self.file.is_none().then_some(self.text),
        })
    }
}
