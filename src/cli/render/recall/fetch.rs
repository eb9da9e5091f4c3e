//! `sealift recall fetch`: what was sealed.

use std::{fmt, path::Path};

use serde::Serialize;
use serde_json::json;

use crate::{
    app::recall::Fetched,
    cli::{
        render::{Rendered, human::count},
        terminal::{GOOD, WARN},
    },
    core::text::{Untrusted, bounded},
};

/// A recall that was sealed.
pub struct FetchedRecall<'a> {
    /// What was sealed.
    pub fetched: &'a Fetched,
    /// The file, as it was named.
    pub file: &'a Path,
    /// Whether to say only the first line.
    pub quiet: bool,
}

impl Rendered for FetchedRecall<'_> {
    fn json(&self) -> impl Serialize + '_ {
        let Fetched { names, advisories, records, unreadable } = self.fetched;
        json!({
            "schema": "sealift-recall-fetch/1",
            "file": bounded(&self.file.display().to_string()),
            "names": names,
            "advisories": advisories.iter().map(|id| bounded(id)).collect::<Vec<_>>(),
            "records": records,
            "unreadable": unreadable,
        })
    }
}

impl FetchedRecall<'_> {
    /// How much was sealed, and where.
    pub fn summary(&self) -> String {
        let Fetched { names, advisories, records, .. } = self.fetched;
        let (advisories, names) = (count(advisories.len(), "advisory"), count(*names, "name"));
        let file = self.file.display().to_string();
        let file = Untrusted(if file == "-" { "standard output" } else { &file });
        format!("{advisories} for {names}, out of {records} read, in {file}")
    }
}

impl fmt::Display for FetchedRecall<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fetched { advisories, unreadable, .. } = self.fetched;
        write!(f, "{GOOD}sealed{GOOD:#}: {}", self.summary())?;
        if self.quiet {
            return Ok(());
        }
        for id in advisories {
            write!(f, "\n  {}", Untrusted(id))?;
        }
        if *unreadable > 0 {
            let files = count(usize::try_from(*unreadable).unwrap_or(usize::MAX), "file");
            write!(
                f,
                "\n  {WARN}{files} of the source could not be read{WARN:#}; the recall says so"
            )?;
        }
        Ok(())
    }
}
