//! Which archives hold what was asked for.

use std::{
    collections::HashMap,
    fmt::{self, Formatter},
};

use serde::Serialize;

use super::json;
use crate::{
    app::store::{Answer, Change, Hit},
    cli::{
        render::{Rendered, human::count},
        terminal::{BAD, DIM, GOOD, STRONG, WARN},
    },
    core::{store::PackageRow, text::Untrusted},
};

/// Packages of an archive before the list is cut, without `--verbose`.
const LISTED: usize = 5;

/// What an index answers.
pub struct FoundInStore<'a> {
    /// The answer.
    pub answer: &'a Answer,
    /// Whether to list every package.
    pub verbose: bool,
    /// Whether the first line is enough.
    pub quiet: bool,
}

impl Rendered for FoundInStore<'_> {
    fn json(&self) -> impl Serialize + '_ {
        json::answer(self.answer)
    }
}

impl fmt::Display for FoundInStore<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.first_line(f)?;
        if self.quiet {
            return Ok(());
        }
        let Answer { head, packages, hits, .. } = self.answer;
        write!(
            f,
            "\n\n  index     of {}, policy {}",
            Untrusted(&head.at),
            Untrusted(&head.policy)
        )?;
        self.outdated(f)?;
        self.unexamined(f)?;
        if !hits.is_empty() {
            f.write_str("\n")?;
        }
        let rows: HashMap<u32, (&PackageRow, &[&str])> = packages
            .iter()
            .map(|(number, row, columns)| (*number, (row, columns.as_slice())))
            .collect();
        hits.iter().try_for_each(|hit| self.hit(f, hit, &rows))
    }
}

impl FoundInStore<'_> {
    fn first_line(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Answer { head, text, query, hits, outdated, unexamined, .. } = self.answer;
        let of = count(head.archives, "archive");
        let (kind, text) = (query.kind(), Untrusted(text));
        match hits.len() {
            0 => write!(f, "{GOOD}not found{GOOD:#}: {kind} {text} in {of}")?,
            number => {
                write!(f, "{STRONG}found{STRONG:#}: {kind} {text} in {number} of {of}")?;
            }
        }
        if !unexamined.is_empty() {
            write!(f, ", {} not examined", unexamined.len())?;
        }
        match outdated.len() {
            0 => Ok(()),
            number => write!(f, "; {BAD}the index is old{BAD:#}: {number} changed since"),
        }
    }

    fn outdated(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let outdated = &self.answer.outdated;
        if outdated.is_empty() {
            return Ok(());
        }
        write!(
            f,
            "\n\n{BAD}not answered for{BAD:#}: the index does not have these as they are now"
        )?;
        let shown = if self.verbose { outdated.len() } else { 20 };
        for one in outdated.iter().take(shown) {
            let what = match one.change {
                Change::New => "new, not in the index",
                Change::Changed => "changed since it was indexed",
                Change::Gone => "in the index, no longer there",
                Change::Unread => "cannot be read",
            };
            write!(f, "\n  {}: {what}", Untrusted(&one.name))?;
        }
        if outdated.len() > shown {
            let more = outdated.len().saturating_sub(shown);
            write!(f, "\n  {DIM}and {more} more; --verbose lists all{DIM:#}")?;
        }
        let folder = self.answer.file.parent().unwrap_or(&self.answer.file);
        let folder = folder.display().to_string();
        write!(f, "\n  write the index anew: sealift bundle index {}", Untrusted(&folder))
    }

    fn unexamined(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let unexamined = &self.answer.unexamined;
        if unexamined.is_empty() {
            return Ok(());
        }
        write!(f, "\n\n{WARN}not examined{WARN:#}: what these hold is not known")?;
        for row in unexamined {
            let why = row.message.as_deref().unwrap_or_default();
            write!(f, "\n  {}: {}", Untrusted(&row.archive), Untrusted(why))?;
        }
        Ok(())
    }

    fn hit(
        &self,
        f: &mut Formatter<'_>,
        hit: &Hit,
        rows: &HashMap<u32, (&PackageRow, &[&str])>,
    ) -> fmt::Result {
        let row = &hit.archive;
        let style = style(&row.verdict);
        write!(f, "\n{STRONG}{}{STRONG:#}", Untrusted(&row.archive))?;
        write!(f, ": {style}{}{style:#}", Untrusted(&row.verdict))?;
        if let Some(sealed) = &row.sealed_at {
            write!(f, ", sealed {}", Untrusted(sealed))?;
        }
        if hit.columns.contains(&"keys") {
            write!(f, " with this key")?;
        }
        if hit.columns.contains(&"claimedKeys") {
            write!(f, ", says that this key sealed it")?;
        }
        let shown = if self.verbose { row.packages.len() } else { LISTED };
        for number in row.packages.iter().take(shown) {
            let Some((package, columns)) = rows.get(number) else { continue };
            let style = self::style(&package.verdict);
            let verdict = Untrusted(&package.verdict);
            write!(f, "\n  {style}{verdict}{style:#} {}", Untrusted(&package.purl))?;
            if columns != &["purl"] {
                write!(f, " {DIM}({}){DIM:#}", columns.join(", "))?;
            }
        }
        match row.packages.len().saturating_sub(shown) {
            0 => Ok(()),
            more => write!(f, "\n  {DIM}and {more} more; --verbose lists all{DIM:#}"),
        }
    }
}

fn style(verdict: &str) -> anstyle::Style {
    match verdict {
        "verified" => GOOD,
        "stale" => WARN,
        _ => BAD,
    }
}
