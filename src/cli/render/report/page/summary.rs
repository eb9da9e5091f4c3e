//! The top of the page: the verdict, and the answers to the first questions.

use std::{
    collections::BTreeSet,
    fmt::{self, Write as _},
};

use super::{
    Page,
    text::{Code, Html, When},
};
use crate::{
    app::{
        report::Verdict,
        stored::{ClaimCounts, ReportOrigin, StoredPackage, StoredTrust},
    },
    cli::render::{
        human::size,
        report::{
            tally::{before, count, grouped, lead},
            words,
        },
    },
};

impl Page<'_> {
    /// The verdict, in one sentence, and who vouches for the page.
    pub(super) fn verdict(&self, out: &mut String) -> fmt::Result {
        let report = self.report;
        let word = report.verdict.name();
        writeln!(
            out,
            "<header class=\"{word}\"><div>\n<p class=\"kicker\">Sealift verification report</p>"
        )?;
        let (mark, title) = match report.verdict {
            Verdict::Verified => ("✓", "Verified"),
            Verdict::Stale => ("!", "Stale"),
            Verdict::Refused => ("✕", "Refused"),
        };
        writeln!(
            out,
            "<h1><span class=\"badge\"><span aria-hidden=\"true\">{mark}</span> {title}</span> <bdi>{}</bdi></h1>",
            Html(&report.archive.file)
        )?;
        writeln!(out, "<p class=\"lead\">{}</p>", lead(report, &self.tally))?;
        self.vouched(out)?;
        out.push_str("</div></header>\n");
        Ok(())
    }

    /// Who vouches for the page itself.
    fn vouched(&self, out: &mut String) -> fmt::Result {
        match self.source {
            ReportOrigin::Verification => out.push_str(
                "<p class=\"source\">Sealift wrote this page when it verified the archive. Nobody has signed the page: \
                 anyone who has had it since could have changed it.</p>\n",
            ),
            ReportOrigin::Serving => out.push_str(
                "<p class=\"source\">The packages of this archive are served here. The verification with which \
                 the server began wrote this page, and nobody has signed it.</p>\n",
            ),
            ReportOrigin::Unsigned => out.push_str(
                "<p class=\"source warn\"><strong>Nobody has signed the report that this page shows.</strong> \
                 Anyone who had it could have changed it.</p>\n",
            ),
            ReportOrigin::Unchecked { claimed } => {
                out.push_str(
                    "<p class=\"source warn\"><strong>The signature on the report that this page shows was \
                     not verified,</strong> since no key was given to verify it by. It names the signer ",
                );
                codes(out, claimed)?;
                out.push_str(".</p>\n");
            }
            ReportOrigin::Signed { keys } => {
                out.push_str(
                    "<p class=\"source\">The report that this page shows is <strong>signed</strong>, and \
                     unchanged since, by the key ",
                );
                codes(out, keys)?;
                out.push_str(". The page itself is not signed.</p>\n");
            }
        }
        Ok(())
    }

    /// The first questions, answered.
    pub(super) fn glance(&self, out: &mut String) -> fmt::Result {
        out.push_str("<section id=\"glance\">\n<h2>At a glance</h2>\n<dl class=\"glance\">\n");
        out.push_str("<dt>What was asked?<dd><ul>\n");
        self.asked(out)?;
        out.push_str("</ul>\n<dt>What was found?<dd>");
        self.found(out)?;
        self.passed(out)?;
        out.push_str("<dt>Who sealed the archive?<dd>");
        self.sealed(out)?;
        out.push_str("<dt>How old is the trust?<dd>");
        self.report.trust.iter().try_for_each(|trust| trust_age(out, trust))?;
        if self.report.trust.is_empty() {
            out.push_str("The report names no trust material.");
        }
        self.judged(out)?;
        out.push_str("</dl>\n</section>\n");
        Ok(())
    }

    fn found(&self, out: &mut String) -> fmt::Result {
        let summary = &self.report.summary;
        let packages = count(summary.packages, "package");
        let excused =
            self.report.packages.iter().filter(|package| {
                package.verdict != Verdict::Refused && !package.excused.is_empty()
            });
        let excused = excused.count();
        let meet = grouped(summary.verified.saturating_sub(excused));
        write!(out, "{meet} of {packages} meet every demand")?;
        if excused > 0 {
            let excused = grouped(excused);
            write!(out, ", {excused} only by <a href=\"#exceptions\">an exception</a>")?;
        }
        writeln!(out, "; {} refused.", grouped(summary.refused))?;
        let has_unrecognized = summary.claims.iter().any(|(_, counts)| counts.unrecognized > 0);
        out.push_str(
            "<table class=\"counts\"><thead><tr><th>claim<th>verified<th>absent<small>not there</small>\
             <th>refused<small>does not hold</small>",
        );
        out.push_str(if has_unrecognized { "<th>not understood<th>" } else { "<th>" });
        out.push_str("</thead><tbody>\n");
        for (claim, counts) in summary.claims.iter() {
            let meaning = words::CLAIMS.iter().find(|(name, ..)| *name == claim);
            write!(out, "<tr><th scope=\"row\">{}", Html(claim))?;
            if let Some((_, meaning, _)) = meaning {
                write!(out, "<small>{meaning}</small>")?;
            }
            let ClaimCounts { verified, absent, refused, unrecognized } = *counts;
            write!(out, "<td>{}<td>{}", grouped(verified), grouped(absent))?;
            let missing = self.missing(claim);
            if missing > 0 {
                let of = if missing == absent { String::new() } else { grouped(missing) + " " };
                write!(out, "<small class=\"refused\">{of}demanded</small>")?;
            }
            write!(out, "<td>{}", grouped(refused))?;
            if has_unrecognized {
                write!(out, "<td>{}", grouped(unrecognized))?;
            }
            bar(out, counts)?;
        }
        out.push_str("</tbody></table>\n");
        Ok(())
    }

    /// How many packages are refused because a claim is absent that the policy demands.
    fn missing(&self, claim: &str) -> usize {
        let code = format!("missing-{claim}");
        let lacks = |package: &&StoredPackage| package.denied.iter().any(|it| it.code == code);
        self.report.packages.iter().filter(lacks).count()
    }

    fn sealed(&self, out: &mut String) -> fmt::Result {
        let (archive, policy) = (&self.report.archive, &self.report.policy);
        if archive.signers.is_empty() {
            out.push_str("No signer whom the policy knows.\n");
        }
        for signer in &archive.signers {
            let keys: Vec<&str> = signer.keys.iter().map(String::as_str).collect();
            if keys != [signer.name.as_str()] {
                write!(out, "<strong><bdi>{}</bdi></strong>, by the key ", Html(&signer.name))?;
            } else {
                out.push_str("The holder of the key ");
            }
            codes(out, &signer.keys)?;
            out.push_str("<br>\n");
        }
        let names: BTreeSet<_> =
            policy.signers().filter_map(|signer| signer.get("name")?.as_str()).collect();
        let needed = usize::try_from(policy.threshold()).unwrap_or(usize::MAX);
        writeln!(
            out,
            "By the clock of who sealed it, sealed on {}, {}, with {} {}. The policy demands {} of {}, and the \
             {} of {} verified.",
            When(&archive.sealed_at),
            before(archive.age_seconds),
            Html(&archive.tool.name),
            Html(&archive.tool.version),
            grouped(needed),
            count(names.len().max(needed), "signer"),
            if archive.signers.len() == 1 { "seal" } else { "seals" },
            grouped(archive.signers.len()),
        )
    }

    fn judged(&self, out: &mut String) -> fmt::Result {
        let (report, archive) = (self.report, &self.report.archive);
        let given = if report.at_given {
            ", which a person gave with --at in place of the clock"
        } else {
            ", by the clock of the machine that verified"
        };
        writeln!(out, "<dt>As of when?<dd>{}: the reference time{given}.", When(&report.at))?;
        out.push_str("<dt>By which policy?<dd>");
        match report.policy.files.as_slice() {
            [] => out.push_str("Options on the command line"),
            files => {
                for (at, file) in files.iter().enumerate() {
                    let comma = if at > 0 { ", " } else { "" };
                    write!(out, "{comma}<bdi>{}</bdi>", Html(&file.file))?;
                }
            }
        }
        writeln!(
            out,
            ", with the digest SHA-256 {}. Another policy can judge the same file otherwise. \
             <a href=\"#rules\">More</a>",
            Code(&report.policy.digest.sha256)
        )?;
        writeln!(
            out,
            "<dt>Which file?<dd><bdi>{}</bdi>, {}, with {} in it<br>SHA-256 {}<br>\
             The verdict is about the file with this digest, and about no other.",
            Html(&archive.file),
            size(archive.bytes),
            count(archive.entries, "file"),
            Code(&archive.sha256)
        )
    }
}

/// A bar of the numbers of one claim.
fn bar(out: &mut String, counts: &ClaimCounts) -> fmt::Result {
    let all = [counts.verified, counts.unrecognized, counts.absent, counts.refused];
    let total = all.iter().fold(0_usize, |sum, number| sum.saturating_add(*number));
    out.push_str("<td aria-hidden=\"true\"><svg width=\"120\" height=\"8\" viewBox=\"0 0 1000 8\" preserveAspectRatio=\"none\">");
    let mut from = 0;
    for (class, number) in ["verified", "unrecognized", "absent", "refused"].iter().zip(all) {
        let Some(width) = number.saturating_mul(1000).checked_div(total).filter(|_| number > 0)
        else {
            continue;
        };
        // What is there can be seen.
        let width = width.max(8);
        write!(out, "<rect class=\"{class}\" x=\"{from}\" width=\"{width}\" height=\"8\"/>")?;
        from += width;
    }
    out.push_str("</svg>\n");
    Ok(())
}

fn trust_age(out: &mut String, trust: &StoredTrust) -> fmt::Result {
    write!(out, "The trust material of <bdi>{}</bdi>", Html(&trust.instance))?;
    match (&trust.published_at, &trust.checked_at, trust.age_seconds) {
        (Some(published), _, _) => {
            write!(out, " is built into sealift. It was published on {}", When(published))?;
        }
        (_, Some(checked), _) => {
            write!(out, " was last compared with its source on {}", When(checked))?
        }
        (None, None, _) => out.push_str(" has no known age"),
    }
    if let Some(age) = trust.age_seconds {
        write!(out, ", {}", before(age))?;
    }
    if trust.published_at.is_some() {
        out.push_str("; nobody has checked since whether there is newer");
    }
    if let Some(expires) = &trust.expires {
        write!(out, ". It runs out on {}", When(expires))?;
    }
    out.push_str(". <a href=\"#trust\">More</a><br>\n");
    Ok(())
}

/// Several names or fingerprints.
pub(super) fn codes(out: &mut String, texts: &[String]) -> fmt::Result {
    for (at, text) in texts.iter().enumerate() {
        write!(out, "{}{}", if at > 0 { ", " } else { "" }, Code(text))?;
    }
    Ok(())
}
