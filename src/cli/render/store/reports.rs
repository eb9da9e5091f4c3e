//! Stored reports: what an index has of them, and which of them name what was asked for.

use std::fmt::{self, Formatter};

use super::answer::AskedPackages;
use crate::{
    app::store::{IndexAnswer, ReportHit},
    cli::{
        render::human::count,
        terminal::{STRONG, WARN},
    },
    core::{
        store::{ReportRow, RowSource},
        text::Untrusted,
    },
};

/// How many reports can be used, as a part of a line.
pub(super) fn counted(reports: &[ReportRow]) -> String {
    match reports.iter().filter(|report| report.message.is_none()).count() {
        0 => String::new(),
        number => format!(", and {},", count(number, "stored report")),
    }
}

/// The reports that cannot be used; with `verbose`, the others too.
pub(super) fn indexed(f: &mut Formatter<'_>, reports: &[ReportRow], verbose: bool) -> fmt::Result {
    let unusable = reports.iter().filter(|report| report.message.is_some());
    if reports.iter().any(|report| verbose || report.message.is_some()) {
        f.write_str("\n")?;
    }
    unusable.into_iter().try_for_each(|report| not_used(f, report))?;
    for report in reports.iter().filter(|report| verbose && report.message.is_none()) {
        write!(f, "\nreport    {}: {}", Untrusted(&report.report), Said(report))?;
        match &report.archive {
            Some(archive) => write!(f, "; the archive is here, as {}", Untrusted(archive))?,
            None => f.write_str("; the archive is not here")?,
        }
    }
    Ok(())
}

/// A report that cannot be used, and why.
pub(super) fn not_used(f: &mut Formatter<'_>, report: &ReportRow) -> fmt::Result {
    let why = report.message.as_deref().unwrap_or_default();
    write!(f, "\n{WARN}not used{WARN:#}  {}: {}", Untrusted(&report.report), Untrusted(why))
}

/// The reports that name what was asked for.
pub(super) fn hits(
    f: &mut Formatter<'_>,
    answer: &IndexAnswer,
    asked: &AskedPackages<'_>,
) -> fmt::Result {
    for ReportHit { report, columns } in &answer.report_hits {
        write!(f, "\n{STRONG}{}{STRONG:#}: {}", Untrusted(&report.report), Said(report))?;
        if columns.contains(&"keys") {
            f.write_str(", which says that this key sealed it")?;
        }
        if columns.contains(&"reportKeys") {
            f.write_str(", with this key")?;
        }
        asked.list(f, &report.packages)?;
    }
    Ok(())
}

/// How many of them are signed, and how many are not, as a part of a line.
pub(super) fn vouched(hits: &[ReportHit]) -> String {
    let number = |source| hits.iter().filter(|hit| hit.report.source == Some(source)).count();
    let parts = [
        (number(RowSource::SignedReport), "signed"),
        (number(RowSource::UnverifiedReport), "not verified"),
        (number(RowSource::UnsignedReport), "unsigned"),
    ];
    let parts: Vec<_> = parts.into_iter().filter(|(number, _)| *number > 0).collect();
    match parts.as_slice() {
        [(_, word)] => (*word).to_owned(),
        _ => parts
            .iter()
            .map(|(number, word)| format!("{number} {word}"))
            .collect::<Vec<_>>()
            .join(", "),
    }
}

/// What a report says of its archive, and how good its word is.
struct Said<'a>(&'a ReportRow);

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(row) = self;
        let text =
            |text: &Option<String>| Untrusted(text.as_deref().unwrap_or_default()).to_string();
        let verdict = row.verdict.as_deref().unwrap_or_default();
        write!(
            f,
            "{} was {} at {} by a stored report, ",
            text(&row.file),
            Untrusted(verdict),
            text(&row.at)
        )?;
        match row.source {
            Some(RowSource::SignedReport) => {
                write!(f, "signed by {}", Untrusted(&row.report_keys.join(", ")))
            }
            Some(RowSource::UnverifiedReport) => f.write_str("whose signature was not verified"),
            Some(RowSource::UnsignedReport | RowSource::Archive) | None => f.write_str("unsigned"),
        }
    }
}
