//! What is refused, and why. The part is missing where nothing is refused.

use std::fmt::{self, Write as _};

use super::{
    Page,
    packages::name,
    text::{Code, Html},
};
use crate::{
    app::{
        report::Verdict,
        stored::{ClaimCounts, StoredDenial, StoredEntry},
    },
    cli::render::report::{
        codes::why,
        reasons::{Cause, Grouped, of_entries, of_packages},
        tally::{capital, count, grouped, past},
    },
};

/// How many reasons are listed here; the whole list is below.
const LISTED: usize = 100;

/// How many names are listed for each.
const NAMED: usize = 20;

impl Page<'_> {
    /// What is refused, and why.
    pub(super) fn refused(&self, out: &mut String) -> fmt::Result {
        let report = self.report;
        if report.verdict == Verdict::Verified {
            return Ok(());
        }
        let title = match report.verdict {
            Verdict::Refused => "What is refused, and why",
            _ => "What is past its limit",
        };
        writeln!(
            out,
            "<section id=\"refused\" class=\"refused\">\n<h2>{title}</h2>\n<ul class=\"denials\">"
        )?;
        for one in &report.past_limits {
            writeln!(out, "<li>{}", capital(&past(one)))?;
        }
        write(out, "package", &of_packages(report), |out, (at, package)| {
            write!(out, "<a href=\"#p{at}\">{}</a>", Html(&name(&package.purl)))
        })?;
        let entry = |out: &mut String, entry: &&StoredEntry| write!(out, "{}", Code(&entry.path));
        write(out, "lockfile entry", &of_entries(report), entry)?;
        out.push_str("</ul>\n");
        if report.verdict == Verdict::Refused {
            out.push_str(
                "<p><strong>What can be done:</strong> who sealed the archive collects it again, with other \
                 versions if need be; or who wrote the policy changes a rule, or grants an exception where the \
                 policy allows one. ",
            );
            let refuses = |(_, counts): (&str, &ClaimCounts)| counts.refused > 0;
            out.push_str(match report.summary.claims.iter().any(refuses) {
                true => {
                    "Some evidence does not verify, which may be an attack: show this to the people who \
                     answer for security first.</p>\n"
                }
                false => "All evidence that is there verifies.</p>\n",
            });
        }
        out.push_str("</section>\n");
        Ok(())
    }
}

fn write<T>(
    out: &mut String,
    noun: &str,
    groups: &Grouped<'_, T>,
    named: impl Fn(&mut String, &T) -> fmt::Result,
) -> fmt::Result {
    for (Cause { says, code }, all) in groups.iter().take(LISTED) {
        let number = count(all.len(), noun);
        write!(out, "<li>{} <small>{}</small><p>{number}: ", Html(says), Code(code))?;
        for (at, one) in all.iter().take(NAMED).enumerate() {
            out.push_str(if at > 0 { ", " } else { "" });
            named(out, one)?;
        }
        if all.len() > NAMED {
            write!(out, " and {} more, below", grouped(all.len() - NAMED))?;
        }
        out.push_str("</p>\n");
    }
    if groups.len() > LISTED {
        writeln!(out, "<li>and {} more reasons, below", grouped(groups.len() - LISTED))?;
    }
    Ok(())
}

/// Why something is refused: for a person, and the code.
pub(super) fn reason(out: &mut String, denial: &StoredDenial) -> fmt::Result {
    write!(out, "{} <small>{}</small>", Html(why(denial)), Code(&denial.code))
}
