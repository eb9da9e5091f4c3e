//! What the verdict does not say, and who vouches for what.

use std::{
    collections::BTreeSet,
    fmt::{self, Write as _},
};

use super::{Page, summary::codes, text::Text};
use crate::{
    app::stored::{ClaimCounts, ReportOrigin},
    cli::render::report::tally::{are, count, grouped},
};

/// How many registries are named.
const NAMED: usize = 3;

/// Each claim: what it says, and how that was checked.
const CLAIMS: [(&str, &str, &str); 4] = [
    ("integrity", "which files the project asks for", "the digest of each file"),
    (
        "registry-signature",
        "that a package comes from the registry",
        "the registry's signature, by its keys in the trust material",
    ),
    (
        "publish-attestation",
        "that the registry published it",
        "the registry's signature, and the public log",
    ),
    (
        "provenance",
        "where and how it was built",
        "its certificate, its signature and the public log",
    ),
];

impl Page<'_> {
    /// What the verdict does not say.
    pub(super) fn unsaid(&self, out: &mut String) -> fmt::Result {
        out.push_str(
            "<section id=\"unsaid\">\n<h2>What this verdict does not say</h2>\n<ul>\n\
             <li><strong>It does not say that the software is safe.</strong> Nobody has read its code here. \
             Evidence shows where a package comes from and that it is unchanged, not that it is free of \
             faults or bad intent.\n",
        );
        self.unstated(out)?;
        if self.report.lockfiles.is_empty() {
            out.push_str(
                "<li>This build's lockfile was <strong>not given</strong>: nobody compared the archive with \
                 what this build installs.\n",
            );
        }
        if !self.report.policy.deep() {
            out.push_str("<li>Packages were compared as whole files, and not looked into.\n");
        }
        self.uncovered(out)?;
        out.push_str(
            "<li>It knows what the trust material knew. A key that was stolen or withdrawn after that was \
             checked, and a flaw that was found since, are not in it. A sealing key counts until the policy \
             says that it has ended.\n\
             <li>It is about the archive. Whether the build used the archive, and nothing else, it does \
             not say.\n\
             <li>It is not a claim of compliance. The manual page <code>sealift-evidence(7)</code> says which \
             requirements of S2C2F, SLSA, NIST SSDF, CRA, DORA and NIS2 a report supports, and which not.\n</ul>\n</section>\n",
        );
        Ok(())
    }

    /// What there is no evidence for, or none that was examined.
    fn unstated(&self, out: &mut String) -> fmt::Result {
        let report = self.report;
        for (claim, has_no) in [
            ("provenance", "statement from which source they were built"),
            ("publish-attestation", "statement of their registry that it published them"),
            ("registry-signature", "signature of their registry"),
        ] {
            let counts = report.summary.claims.get(claim);
            let Some(ClaimCounts { absent: absent @ 1.., .. }) = counts else { continue };
            let packages = count(report.summary.packages, "package");
            writeln!(
                out,
                "<li>For {} of {packages} the archive has <strong>no {has_no}</strong> ({claim} is absent). \
                 Whether there was one to collect, only the sealer knows.",
                grouped(*absent)
            )?;
        }
        let unexamined = report.packages.iter().filter(|one| !one.unexamined.is_empty()).count();
        if unexamined > 0 {
            let packages = count(unexamined, "package");
            writeln!(
                out,
                "<li>{packages} came with statements of other kinds, which were not examined."
            )?;
        }
        Ok(())
    }

    /// What the archive does not have, or has only by an exception.
    fn uncovered(&self, out: &mut String) -> fmt::Result {
        let tally = &self.tally;
        if tally.not_carried > 0 {
            writeln!(
                out,
                "<li>{} {} <strong>not in the archive</strong>: <a href=\"#entries\">excused</a> by the \
                 policy. Nothing that gets installed for that was verified.",
                count(tally.not_carried, "lockfile entry"),
                are(tally.not_carried)
            )?;
        }
        if tally.local > 0 {
            writeln!(
                out,
                "<li>The project's own code is not in the archive, and nobody examined it ({} for its \
                 folders).",
                count(tally.local, "lockfile entry"),
            )?;
        }
        if tally.excused > 0 {
            writeln!(
                out,
                "<li><strong>{} excused</strong>: a rule demands more than there is, and the policy lets it \
                 pass, for the <a href=\"#exceptions\">reasons</a> that it gives.",
                grouped(tally.excused)
            )?;
        }
        Ok(())
    }

    /// Who vouches for what.
    pub(super) fn vouchers(&self, out: &mut String) -> fmt::Result {
        let report = self.report;
        out.push_str(
            "<section id=\"vouchers\">\n<h2>Who vouches for what</h2>\n<table class=\"vouch\"><thead><tr>\
             <th>what<th>who<th>how that was checked</thead><tbody>\n<tr><th scope=\"row\">that the archive \
             is what was collected<td>",
        );
        let signers = report.archive.signers.iter().map(|signer| signer.name.as_str());
        names(out, signers, "nobody whom the policy knows")?;
        out.push_str(
            "<td>the signature on the list of its contents; then every file in it against that list\n\
             <tr><th scope=\"row\">the keys and certificates that evidence is judged by<td>",
        );
        let trust = report.trust.iter().map(|trust| trust.instance.as_str());
        names(out, trust, "nobody")?;
        let is_from = |source: &str| self.report.trust.iter().any(|trust| trust.source == source);
        out.push_str(match () {
            () if is_from("files") => "<td>not at all: the verifier chose these files",
            () if is_from("embedded") => "<td>not at all: the verifier's sealift has it built in",
            () => "<td>a chain of signatures from a root that the verifier pinned",
        });
        for (claim, says, how) in CLAIMS {
            self.voucher(out, claim, says, how)?;
        }
        out.push_str(
            "\n<tr><th scope=\"row\">that these keys are theirs, and that this is enough<td>who wrote the \
             policy<td>not at all: its digest is above\n<tr><th scope=\"row\">when the archive was sealed\
             <td>who sealed it<td>not at all: that it was before the reference time\
             \n<tr><th scope=\"row\">this verdict<td>",
        );
        self.verdict_voucher(out)?;
        out.push_str("\n</tbody></table>\n</section>\n");
        Ok(())
    }

    /// Who vouches for one claim, and for how many packages.
    fn voucher(&self, out: &mut String, claim: &str, says: &str, how: &str) -> fmt::Result {
        let summary = &self.report.summary;
        write!(out, "\n<tr><th scope=\"row\">{claim}: {says}<td>")?;
        let verified = summary.claims.get(claim).map_or(0, |counts| counts.verified);
        let packages = count(summary.packages, "package");
        if verified == 0 {
            return write!(
                out,
                "<strong>nobody</strong><td>no such evidence was verified, for any of {packages}"
            );
        }
        match claim {
            "integrity" => out.push_str("the project's lockfile"),
            "provenance" => out.push_str("the build service, for the workflow that it names"),
            _ => self.registries(out)?,
        }
        write!(out, ", for {} of {packages}<td>{how}", grouped(verified))
    }

    /// Who vouches for the verdict, and how that was checked.
    fn verdict_voucher(&self, out: &mut String) -> fmt::Result {
        match self.source {
            ReportOrigin::Signed { keys } => codes(out, keys)?,
            ReportOrigin::Unchecked { claimed } => {
                out.push_str("the report names these keys: ");
                codes(out, claimed)?;
            }
            ReportOrigin::Verification | ReportOrigin::Serving => {
                out.push_str("the person or program that ran the verification");
            }
            ReportOrigin::Unsigned => out.push_str("nobody"),
        }
        out.push_str("<td>");
        out.push_str(match self.source {
            ReportOrigin::Signed { .. } => "the signature on the report",
            ReportOrigin::Unchecked { .. } => "not checked: no key was given",
            ReportOrigin::Serving => "nobody has signed: only this server states the verdict",
            ReportOrigin::Verification => {
                "nobody has signed: keep the file where others cannot change it"
            }
            ReportOrigin::Unsigned => "nobody has signed: verify the archive again",
        });
        Ok(())
    }

    /// The registries of the packages.
    fn registries(&self, out: &mut String) -> fmt::Result {
        let registries = self.report.packages.iter().filter_map(|one| one.registry.as_deref());
        let registries: BTreeSet<_> = registries.collect();
        names(out, registries.iter().take(NAMED).copied(), "the registry")?;
        match registries.len().saturating_sub(NAMED) {
            0 => Ok(()),
            more => write!(out, " and {more} more"),
        }
    }
}

/// Names, or what to say where there are none.
fn names<'a>(out: &mut String, names: impl Iterator<Item = &'a str>, nobody: &str) -> fmt::Result {
    let mut named = false;
    for name in names {
        write!(out, "{}<bdi>{}</bdi>", if named { ", " } else { "" }, Text(name))?;
        named = true;
    }
    if named { Ok(()) } else { write!(out, "{nobody}") }
}
