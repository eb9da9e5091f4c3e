//! What is refused, and why: nothing where nothing is.

use std::fmt::{self, Write as _};

use super::{
    Page,
    packages::name,
    text::{Code, Text},
};
use crate::{
    app::{
        report::Verdict,
        stored::{StoredDenial, StoredPackage},
    },
    cli::render::report::{
        tally::{entries, past, refused},
        words,
    },
};

/// How many packages and entries are listed here; the whole list is below.
const LISTED: usize = 100;

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
        for (at, package) in refused(report).take(LISTED) {
            package_denials(out, at, package)?;
        }
        let left = LISTED.saturating_sub(report.summary.refused);
        let denied = entries(report).filter_map(|entry| Some((entry, entry.denied.as_ref()?)));
        for (entry, denial) in denied.take(left) {
            write!(out, "<li>lockfile entry {}<ul><li>", Code(&entry.path))?;
            reason(out, denial)?;
            out.push_str("</ul>\n");
        }
        let all = report.summary.refused.saturating_add(self.tally.denied_entries);
        if all > LISTED {
            writeln!(out, "<li>and {} more, below", all - LISTED)?;
        }
        out.push_str("</ul>\n</section>\n");
        Ok(())
    }
}

/// Why a package is refused, each reason with what is wrong in the evidence.
fn package_denials(out: &mut String, at: usize, package: &StoredPackage) -> fmt::Result {
    write!(out, "<li><a href=\"#p{at}\">{}</a><ul>", Text(&name(&package.purl)))?;
    for denial in &package.denied {
        out.push_str("<li>");
        let claim = denial.claim.as_deref().and_then(|claim| package.claims.get(claim));
        match claim.and_then(|claim| Some((claim.text("reason")?, claim.text("detail")?))) {
            Some((code, detail)) => {
                let says = denial.detail.as_deref().unwrap_or("it does not verify");
                write!(out, "{}: {} <small>{}</small>", Text(says), Text(detail), Code(code))?;
            }
            None => reason(out, denial)?,
        }
    }
    out.push_str("</ul>\n");
    Ok(())
}

/// Why something is refused: for a person, and the code.
pub(super) fn reason(out: &mut String, denial: &StoredDenial) -> fmt::Result {
    let says = denial.detail.as_deref().or_else(|| words::meaning(&words::CODES, &denial.code));
    match says {
        Some(says) => write!(out, "{} <small>{}</small>", Text(says), Code(&denial.code)),
        None => write!(out, "{}", Code(&denial.code)),
    }
}

fn capital(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().into_iter().flat_map(char::to_uppercase).chain(rest).collect()
}
