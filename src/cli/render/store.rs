//! What became of a folder of archives: the whole answer in the first line, then a line for each archive, those
//! that are not verified first.

mod answer;
mod json;
mod reports;

use std::fmt::{self, Formatter};

use serde::Serialize;

pub use self::answer::FoundInStore;
use super::{
    Rendered,
    human::{count, day},
};
use crate::{
    app::{
        report::Verdict,
        store::{ArchiveSummary, Indexed, JudgedArchive, StoreJudgment},
    },
    cli::terminal::{BAD, DIM, GOOD, WARN},
    core::text::{Message, Untrusted},
};

/// All archives of a folder, judged anew.
pub struct JudgedStore<'a> {
    /// What became of them.
    pub judgment: &'a StoreJudgment,
    /// Whether to list what is wrong with each.
    pub verbose: bool,
    /// Whether the first line is enough.
    pub quiet: bool,
}

/// An index that was written.
pub struct IndexedStore<'a> {
    /// The index.
    pub indexed: &'a Indexed,
    /// Whether to list what is wrong with each archive.
    pub verbose: bool,
    /// Whether the first line is enough.
    pub quiet: bool,
}

impl Rendered for JudgedStore<'_> {
    fn json(&self) -> impl Serialize + '_ {
        json::judged(self.judgment)
    }
}

impl Rendered for IndexedStore<'_> {
    fn json(&self) -> impl Serialize + '_ {
        json::indexed(self.indexed)
    }
}

impl fmt::Display for JudgedStore<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { judgment, verbose, quiet } = *self;
        f.write_str(&first_line(judgment))?;
        if quiet {
            return Ok(());
        }
        f.write_str("\n")?;
        archives(f, judgment, verbose, true)
    }
}

impl fmt::Display for IndexedStore<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { indexed: Indexed { file, rows, judgment, reports: found }, verbose, quiet } =
            *self;
        let packages = judgment.archives.iter().filter_map(|one| one.outcome.as_ref().ok());
        let packages: usize = packages.map(|summary| summary.packages).sum();
        write!(
            f,
            "{GOOD}indexed{GOOD:#}: {} with {}{} in {}",
            count(judgment.archives.len(), "archive"),
            count(packages, "package"),
            reports::counted(found),
            count(*rows, "row"),
        )?;
        match self.indexed.unusable() {
            0 => {}
            number => write!(f, ", {BAD}{} not used{BAD:#}", count(number, "stored report"))?,
        }
        match first_line(judgment) {
            line if line.is_empty() => {}
            line => write!(f, "; {line}")?,
        }
        if quiet {
            return Ok(());
        }
        write!(f, "\n\n  index     {}", Untrusted(&file.display().to_string()))?;
        archives(f, judgment, verbose, false)?;
        reports::indexed(f, found, verbose)
    }
}

/// The whole answer: the worst verdict, and how many archives have it.
fn first_line(judgment: &StoreJudgment) -> String {
    let [verified, stale, refused] =
        [Verdict::Verified, Verdict::Stale, Verdict::Refused].map(|one| judgment.count(one));
    let unchecked = judgment.unchecked();
    let all = judgment.archives.len().saturating_add(judgment.unread.len());
    let parts = [
        (refused, "refused", BAD),
        (unchecked, "unchecked", BAD),
        (stale, "stale", WARN),
        (verified, "verified", GOOD),
    ];
    let mut parts = parts.into_iter().filter(|(number, ..)| *number > 0);
    let passed_over = passed_over(judgment.recalls.len());
    let Some((number, word, style)) = parts.next() else {
        return passed_over.trim_start_matches(", ").to_owned();
    };
    let rest: Vec<_> = parts.map(|(number, word, _)| format!(", {number} {word}")).collect();
    let of = count(all, "archive");
    format!("{style}{word}{style:#}: {number} of {of}{}{passed_over}", rest.concat())
}

/// How many recalls were passed over, as the end of a line.
pub(super) fn passed_over(recalls: usize) -> String {
    match recalls {
        0 => String::new(),
        number => format!(", {} passed over", count(number, "recall")),
    }
}

/// The archives by verdict, the worst first; those that are verified where all are listed.
fn archives(
    f: &mut Formatter<'_>,
    judgment: &StoreJudgment,
    verbose: bool,
    all: bool,
) -> fmt::Result {
    let given = if judgment.clock.at_given { ", as --at says" } else { "" };
    write!(f, "\n  judged    as of {}{given}", day(judgment.clock.at))?;
    let of = |verdict: Option<Verdict>| {
        judgment.archives.iter().filter(move |archive| archive.verdict() == verdict)
    };
    let bad = [Some(Verdict::Refused), None, Some(Verdict::Stale)];
    let good = (all || verbose).then_some(Some(Verdict::Verified));
    let listed: Vec<_> = bad.into_iter().chain(good).flat_map(of).collect();
    if !listed.is_empty() || !judgment.unread.is_empty() {
        f.write_str("\n")?;
    }
    for (name, why) in &judgment.unread {
        write!(f, "\n{BAD}unchecked{BAD:#} {}: {}", Untrusted(name), Message(why))?;
    }
    listed.into_iter().try_for_each(|archive| line(f, archive, verbose))?;
    for recall in &judgment.recalls {
        write!(
            f,
            "\n\n{WARN}passed over{WARN:#}: {} is a recall, not an archive",
            Untrusted(recall)
        )?;
    }
    let links = judgment.links.len();
    if links > 0 {
        write!(f, "\n\n{WARN}not followed{WARN:#}: {}", count(links, "symbolic link"))?;
    }
    for link in judgment.links.iter().filter(|_| verbose) {
        write!(f, "\n  {}", Untrusted(link))?;
    }
    Ok(())
}

/// One line for an archive, and with `verbose` what is wrong with it.
fn line(f: &mut Formatter<'_>, archive: &JudgedArchive, verbose: bool) -> fmt::Result {
    let (word, style) = match archive.verdict() {
        Some(Verdict::Verified) => ("verified", GOOD),
        Some(Verdict::Stale) => ("stale", WARN),
        Some(Verdict::Refused) => ("refused", BAD),
        None => ("unchecked", BAD),
    };
    write!(f, "\n{style}{word:<9}{style:#} {}", Untrusted(&archive.name))?;
    match &archive.outcome {
        Ok(summary) => {
            write!(f, ": {}", in_short(summary))?;
            if verbose { denied(f, summary) } else { Ok(()) }
        }
        Err(error) => {
            let code = error.code.map(|code| format!(" {DIM}[{code}]{DIM:#}"));
            write!(f, ": {}{}", Message(&error.message), code.unwrap_or_default())
        }
    }
}

fn in_short(summary: &ArchiveSummary) -> String {
    let mut parts = vec![match summary.packages_refused {
        0 => count(summary.packages, "package"),
        refused => format!("{refused} of {} refused", count(summary.packages, "package")),
    }];
    if summary.entries_denied > 0 {
        parts.push(format!("{} denied", count(summary.entries_denied, "entry")));
    }
    parts.extend(summary.past_limits.iter().map(|past| format!("{} too old", past.what)));
    parts.push(format!("sealed {}", day(summary.sealed_at)));
    parts.join(", ")
}

fn denied(f: &mut Formatter<'_>, summary: &ArchiveSummary) -> fmt::Result {
    for denied in &summary.denied {
        let code = denied.code;
        write!(f, "\n    {} {DIM}[{code}]{DIM:#}", Untrusted(&denied.what))?;
        write!(f, "\n      {}", Untrusted(&denied.detail))?;
    }
    match summary.more_denied {
        0 => Ok(()),
        more => write!(f, "\n    {DIM}and {more} more; the archive's own report has all{DIM:#}"),
    }
}
