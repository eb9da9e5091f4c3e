//! `sealift recall fetch`: what was sealed.

use std::fmt;

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
    /// Whether to say only the first line.
    pub quiet: bool,
}

impl Rendered for FetchedRecall<'_> {
    fn json(&self) -> impl Serialize + '_ {
        let Fetched { output, names, advisories, records, unreadable } = self.fetched;
        json!({
            "schema": "sealift-recall-fetch/1",
            "file": bounded(&output.display().to_string()),
            "names": names,
            "advisories": advisories.iter().map(|id| bounded(id)).collect::<Vec<_>>(),
            "records": records,
            "unreadable": unreadable,
        })
    }
}

impl fmt::Display for FetchedRecall<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fetched { output, names, advisories, records, unreadable } = self.fetched;
        write!(
            f,
            "{GOOD}sealed{GOOD:#}: {} for {}, out of {records} read, in {}",
            count(advisories.len(), "advisory"),
            count(*names, "name"),
            Untrusted(&output.display().to_string()),
        )?;
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
