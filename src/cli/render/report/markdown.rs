//! A comment for a merge request, in the Markdown of GitHub and GitLab: the verdict, the claims, what is
//! refused and excused, and the digests.
//!
//! Every text of the report stands in a code span, in which nothing is a link, a mention or markup. What
//! would end the span or a cell of a table is escaped.

use std::fmt::Write as _;

use serde_json::Value;

use super::{
    reasons::{Cause, of_entries, of_packages},
    tally::{Tally, before, count, entries, grouped, is_not_carried, lead, past, used},
};
use crate::{
    app::{
        report::Verdict,
        stored::{ReportOrigin, StoredReport},
    },
    core::text::Message,
};

/// Characters of a comment. GitHub takes 65,536, GitLab a million; some are left for the last line.
const LONGEST: usize = 65_000;

/// Characters up to the end of the lists, so that the digests fit in any case.
const LISTS: usize = 40_000;

/// Characters of one text: the page has all of it.
const TEXT: usize = 160;

/// How many packages or entries are named for each reason.
const REFUSED: usize = 20;

/// How many signers, and how much trust material, are named.
const NAMED: usize = 5;

/// The comment of a report.
pub(super) fn markdown(report: &StoredReport, source: &ReportOrigin) -> String {
    let mut comment = Comment { longest: LISTS, ..Comment::default() };
    let title = match report.verdict {
        Verdict::Verified => "✅ Verified",
        Verdict::Stale => "⚠️ Stale",
        Verdict::Refused => "❌ Refused",
    };
    let tally = Tally::of(report);
    comment.line(&format!("### {title}: {}", code(&report.archive.file)));
    comment.line(&format!("\n{}\n\n{}\n", lead(report, &tally), vouched(source)));
    claims(&mut comment, report);
    denials(&mut comment, report);
    excuses(&mut comment, report);
    comment.longest = LONGEST;
    basis(&mut comment, report);
    comment.end()
}

/// Lines that fit into a comment.
#[derive(Default)]
struct Comment {
    text: String,
    length: usize,
    longest: usize,
    left_out: usize,
}

impl Comment {
    fn line(&mut self, line: &str) {
        let length = line.chars().count().saturating_add(1);
        if self.length.saturating_add(length) > self.longest {
            self.left_out = self.left_out.saturating_add(1);
            return;
        }
        self.length = self.length.saturating_add(length);
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn end(mut self) -> String {
        if self.left_out > 0 {
            let lines = count(self.left_out, "line");
            let _ = writeln!(
                self.text,
                "\n{lines} did not fit; `sealift report --to html` has all of it."
            );
        }
        self.text
    }
}

fn vouched(source: &ReportOrigin) -> String {
    match source {
        ReportOrigin::Verification | ReportOrigin::Serving => {
            "Sealift wrote this when it verified the archive. Nobody has signed it.".to_owned()
        }
        ReportOrigin::Unsigned => "**Nobody has signed the report that this shows.**".to_owned(),
        ReportOrigin::Unchecked { claimed } => format!(
            "**The signature on the report that this shows was not verified**, since no key was given. It \
             names the signer {}.",
            codes(claimed)
        ),
        ReportOrigin::Signed { keys } => {
            format!(
                "The report that this shows is signed, and unchanged since, by {}.",
                codes(keys)
            )
        }
    }
}

fn claims(comment: &mut Comment, report: &StoredReport) {
    comment.line("| claim | verified | absent | refused | not understood |");
    comment.line("| --- | ---: | ---: | ---: | ---: |");
    for (claim, counts) in report.summary.claims.iter() {
        let numbers = [counts.verified, counts.absent, counts.refused, counts.unrecognized];
        let [verified, absent, refused, unrecognized] = numbers.map(grouped);
        comment.line(&format!(
            "| {} | {verified} | {absent} | {refused} | {unrecognized} |",
            code(claim)
        ));
    }
}

fn denials(comment: &mut Comment, report: &StoredReport) {
    let (packages, entries) = (of_packages(report), of_entries(report));
    if !packages.is_empty() || !entries.is_empty() || !report.past_limits.is_empty() {
        let title = if report.verdict == Verdict::Refused { "Refused" } else { "Past its limit" };
        comment.line(&format!("\n#### {title}\n"));
    }
    for one in &report.past_limits {
        comment.line(&format!("- {}", past(one)));
    }
    for (reason, packages) in &packages {
        let purls: Vec<_> = packages.iter().map(|(_, package)| package.purl.as_str()).collect();
        refusal(comment, reason, "package", &purls);
    }
    for (reason, entries) in &entries {
        let paths: Vec<_> = entries.iter().map(|entry| entry.path.as_str()).collect();
        refusal(comment, reason, "lockfile entry", &paths);
    }
}

/// A reason, with what is refused for it.
fn refusal(
    comment: &mut Comment,
    Cause { says, code: name }: &Cause<'_>,
    noun: &str,
    all: &[&str],
) {
    let number = count(all.len(), noun);
    comment.line(&format!("- {number}: {} ({})", code(says), code(name)));
    for one in all.iter().take(REFUSED) {
        comment.line(&format!("  - {}", code(one)));
    }
    if all.len() > REFUSED {
        comment.line(&format!("  - and {} more", grouped(all.len() - REFUSED)));
    }
}

fn excuses(comment: &mut Comment, report: &StoredReport) {
    for (at, (uses, exception)) in used(report).into_iter().enumerate() {
        if at == 0 {
            comment.line("\n#### Excused\n\n| what | code | reason | until | used |");
            comment.line("| --- | --- | --- | --- | ---: |");
        }
        let text = |key: &str| code(exception.get(key).and_then(Value::as_str).unwrap_or_default());
        let what = match exception.get("packages").and_then(Value::as_array) {
            Some(packages) => {
                let names = packages.iter().filter_map(Value::as_str).take(NAMED).map(code);
                let more = packages.len().saturating_sub(NAMED);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                names.collect::<Vec<_>>().join(" ") + &more
            }
            None => text("entry"),
        };
        let (why, reason, until) = (text("code"), text("reason"), text("expires"));
        comment.line(&format!("| {what} | {why} | {reason} | {until} | {} |", grouped(uses.uses)));
    }
    for entry in entries(report).filter(|entry| is_not_carried(entry)) {
        comment.line(&format!("\nNot in the archive: lockfile entry {}", code(&entry.path)));
    }
}

fn basis(comment: &mut Comment, report: &StoredReport) {
    let archive = &report.archive;
    comment.line("\n| | |\n| --- | --- |");
    comment.line(&format!("| archive | SHA-256 {} |", code(&archive.sha256)));
    let age = before(archive.age_seconds);
    comment.line(&format!("| sealed | {}, {age} |", code(&archive.sealed_at)));
    for signer in archive.signers.iter().take(NAMED) {
        comment.line(&format!("| sealed by | {}, {} |", code(&signer.name), codes(&signer.keys)));
    }
    for trust in report.trust.iter().take(NAMED) {
        let age = trust.age_seconds.map_or_else(|| "of unknown age".to_owned(), before);
        comment.line(&format!("| trust material | {}, {age} |", code(&trust.instance)));
    }
    for lockfile in report.lockfiles.iter().take(NAMED) {
        let (file, sha256) = (code(&lockfile.file), code(&lockfile.sha256));
        comment.line(&format!("| this build's lockfile | {file}, SHA-256 {sha256} |"));
    }
    comment.line(&format!("| policy | SHA-256 {} |", code(&report.policy.digest.sha256)));
    let given = if report.at_given { ", which a person gave" } else { "" };
    comment.line(&format!("| reference time | {}{given} |", code(&report.at)));
    let tool = &report.tool;
    comment.line(&format!("| verified with | {} {} |", code(&tool.name), code(&tool.version)));
}

fn codes(texts: &[String]) -> String {
    texts.iter().take(NAMED).map(|text| code(text)).collect::<Vec<_>>().join(", ")
}

/// Untrusted text as a code span.
fn code(text: &str) -> String {
    let cut: String = text.chars().take(TEXT).collect();
    let cut = if cut.len() < text.len() { cut + "…" } else { cut };
    let mut span = String::from("`");
    for character in Message(&cut).to_string().chars() {
        match character {
            // Would end the span, or the cell.
            '`' | '|' => {
                let _ = write!(span, "{}", character.escape_unicode());
            }
            character => span.push(character),
        }
    }
    if cut.is_empty() {
        span.push('-');
    }
    span.push('`');
    span
}
