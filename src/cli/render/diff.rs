//! What changes from one archive to another: the whole answer in the first line, what was compared,
//! then the changes, worst first.

mod json;
mod sections;

use std::fmt::{self, Formatter};

use serde::Serialize;

use super::{
    Rendered,
    human::{TrustLine, ago, count, day, signed_by, size},
};
use crate::{
    app::{
        compare::{Comparison, ComparisonCounts},
        report::Report,
    },
    cli::terminal::{BAD, STRONG, WARN},
    core::text::Untrusted,
};

/// What changes from one archive to another.
pub struct Compared<'a> {
    /// What changes.
    pub comparison: &'a Comparison,
    /// Whether every change is listed.
    pub verbose: bool,
    /// Whether the first line is enough.
    pub quiet: bool,
}

impl Rendered for Compared<'_> {
    fn json(&self) -> impl Serialize + '_ {
        json::document(self.comparison)
    }
}

impl fmt::Display for Compared<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.quiet {
            true => f.write_str(&self.first_line()),
            // What prints a result ends its last line.
            false => f.write_str(Whole(self).to_string().trim_end()),
        }
    }
}

/// All lines, each with its end.
struct Whole<'a>(&'a Compared<'a>);

impl fmt::Display for Whole<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Comparison { old, new, .. } = self.0.comparison;
        writeln!(f, "{}", self.0.first_line())?;
        side(f, "old", old)?;
        side(f, "new", new)?;
        let given = if new.at_given { ", as --at says" } else { "" };
        writeln!(f, "\n  judged    as of {}{given}", day(new.at))?;
        if old.archive.sealed_at > new.archive.sealed_at {
            writeln!(f, "\n{WARN}OLD was sealed after NEW{WARN:#}: are the two swapped?")?;
        }
        self.0.sections(f)
    }
}

impl Compared<'_> {
    /// The whole answer: how many packages changed, and how many in a way that deserves a look.
    fn first_line(&self) -> String {
        let ComparisonCounts {
            added,
            removed,
            updated,
            replaced,
            lost,
            gained,
            built,
            moved,
            scripts,
            refused,
            kept: _,
        } = self.comparison.counts();
        let listed = |parts: &[(usize, &str)]| -> Vec<String> {
            let there = parts.iter().filter(|(number, _)| *number > 0);
            there.map(|(number, what)| format!("{number} {what}")).collect()
        };
        let packages = listed(&[(added, "added"), (removed, "removed"), (updated, "updated")]);
        let bad = listed(&[
            (refused, "refused"),
            (replaced, "with other bytes"),
            (lost, "lost evidence"),
            (built, "built by another"),
            (moved, "from another registry"),
        ]);
        let what = if scripts == 1 { "new install script" } else { "new install scripts" };
        let look = listed(&[(scripts, what), (gained, "gained evidence")]);
        let trust = self.comparison.trust_differs().then(|| "other trust".to_owned());
        let mut line = match packages.is_empty() {
            false => packages.join(", "),
            true if self.comparison.differs() => "the same versions".to_owned(),
            true => "no package differs".to_owned(),
        };
        let styled = bad.iter().map(|part| format!("{BAD}{part}{BAD:#}"));
        let styled =
            styled.chain(look.iter().chain(&trust).map(|part| format!("{WARN}{part}{WARN:#}")));
        let styled: Vec<_> = styled.collect();
        if !styled.is_empty() {
            line = format!("{line}; {}", styled.join(", "));
        }
        line
    }
}

/// One of the two archives, and what it was judged by.
fn side(f: &mut Formatter<'_>, name: &str, report: &Report) -> fmt::Result {
    let archive = &report.archive;
    writeln!(
        f,
        "\n  {STRONG}{name:<10}{STRONG:#}{}, {}, {}",
        Untrusted(&archive.file),
        count(report.packages.len(), "package"),
        size(archive.bytes)
    )?;
    writeln!(f, "  sha256    {}", archive.sha256.to_hex())?;
    let age = ago(report.at - archive.sealed_at);
    writeln!(f, "  sealed    {}, {age}", day(archive.sealed_at))?;
    signed_by(f, &archive.signers)?;
    report.trust.iter().try_for_each(|it| writeln!(f, "  trust     {}", TrustLine(it, report.at)))
}
