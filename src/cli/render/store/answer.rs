//! Which archives hold what was asked for.

use std::{
    collections::HashMap,
    fmt::{self, Formatter},
};

use serde::Serialize;

use super::{json, reports};
use crate::{
    app::store::{FileChange, Hit, IndexAnswer},
    cli::{
        render::{Rendered, human::count},
        terminal::{BAD, DIM, GOOD, STRONG, WARN},
    },
    core::{
        store::{PackageRow, RowSource},
        text::Untrusted,
    },
};

/// Packages of an archive before the list is cut, without `--verbose`.
const LISTED: usize = 5;

/// What an index answers.
pub struct FoundInStore<'a> {
    /// The answer.
    pub answer: &'a IndexAnswer,
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
        let IndexAnswer { head, hits, report_hits, .. } = self.answer;
        write!(
            f,
            "\n\n  index     of {}, policy {}",
            Untrusted(&head.at),
            Untrusted(&head.policy)
        )?;
        self.outdated(f)?;
        self.unexamined(f)?;
        if !hits.is_empty() || !report_hits.is_empty() {
            f.write_str("\n")?;
        }
        let asked = AskedPackages::new(self.answer, self.verbose);
        hits.iter().try_for_each(|hit| archive(f, hit, &asked))?;
        reports::hits(f, self.answer, &asked)
    }
}

impl FoundInStore<'_> {
    fn first_line(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let IndexAnswer { text, query, hits, report_hits, outdated, .. } = self.answer;
        let IndexAnswer { archives, reports, unexamined, unusable, .. } = self.answer;
        let of = count(*archives, "archive");
        let (kind, text) = (query.kind(), Untrusted(text));
        match (hits.len(), report_hits.len()) {
            (0, 0) => write!(f, "{GOOD}not found{GOOD:#}: {kind} {text} in {of}")?,
            (number, _) => {
                write!(f, "{STRONG}found{STRONG:#}: {kind} {text} in {number} of {of}")?;
            }
        }
        if *reports > 0 {
            let of = count(*reports, "stored report");
            match report_hits.len() {
                0 => write!(f, ", and in none of {of}")?,
                number => {
                    let by = reports::vouched(report_hits);
                    write!(f, ", and in {number} of {of} ({by})")?;
                }
            }
        }
        match unexamined.len().saturating_add(unusable.len()) {
            0 => {}
            number => write!(f, ", {number} not examined")?,
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
                FileChange::New => "new, not in the index",
                FileChange::Changed => "changed since it was indexed",
                FileChange::Gone => "in the index, no longer there",
                FileChange::Unread => "cannot be read",
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
        let IndexAnswer { unexamined, unusable, .. } = self.answer;
        if unexamined.is_empty() && unusable.is_empty() {
            return Ok(());
        }
        write!(f, "\n\n{WARN}not examined{WARN:#}: what these hold is not known")?;
        for row in unexamined {
            let why = row.message.as_deref().unwrap_or_default();
            write!(f, "\n  {}: {}", Untrusted(&row.archive), Untrusted(why))?;
        }
        unusable.iter().try_for_each(|report| reports::not_used(f, report))
    }
}

/// An archive that holds what was asked for.
fn archive(f: &mut Formatter<'_>, hit: &Hit, asked: &AskedPackages<'_>) -> fmt::Result {
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
    asked.list(f, &row.packages)
}

/// The packages that were asked for.
pub(super) struct AskedPackages<'a> {
    /// Row and columns of each, by its number.
    rows: HashMap<u32, (&'a PackageRow, &'a [&'static str])>,
    verbose: bool,
}

impl<'a> AskedPackages<'a> {
    fn new(answer: &'a IndexAnswer, verbose: bool) -> Self {
        let rows = answer.packages.iter();
        let rows = rows.map(|(number, row, columns)| (*number, (row, columns.as_slice())));
        Self { rows: rows.collect(), verbose }
    }

    /// Lists those that something holds.
    pub fn list(&self, f: &mut Formatter<'_>, packages: &[u32]) -> fmt::Result {
        let shown = if self.verbose { packages.len() } else { LISTED };
        for number in packages.iter().take(shown) {
            let Some((package, columns)) = self.rows.get(number) else { continue };
            let (style, verdict) = (style(&package.verdict), Untrusted(&package.verdict));
            match package.source {
                RowSource::Archive => write!(f, "\n  {style}{verdict}{style:#}")?,
                // Nothing of it was verified here: it must not look like a verdict of this program.
                _ => write!(f, "\n  the report says {verdict}:")?,
            }
            write!(f, " {}", Untrusted(&package.purl))?;
            if columns != &["purl"] {
                write!(f, " {DIM}({}){DIM:#}", columns.join(", "))?;
            }
        }
        match packages.len().saturating_sub(shown) {
            0 => Ok(()),
            more => write!(f, "\n  {DIM}and {more} more; --verbose lists all{DIM:#}"),
        }
    }
}

/// How a verdict is shown.
fn style(verdict: &str) -> anstyle::Style {
    match verdict {
        "verified" => GOOD,
        "stale" => WARN,
        _ => BAD,
    }
}
