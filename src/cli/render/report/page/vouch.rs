//! What the verdict does not say, and who vouches for what.

use std::fmt::{self, Write as _};

use super::{Page, summary::codes, text::Text};
use crate::{
    app::stored::{ClaimCounts, Source},
    cli::render::report::tally::{count, grouped},
};

impl Page<'_> {
    /// What the verdict does not say.
    pub(super) fn unsaid(&self, out: &mut String) -> fmt::Result {
        let (report, tally) = (self.report, &self.tally);
        out.push_str(
            "<section id=\"unsaid\">\n<h2>What this verdict does not say</h2>\n<ul>\n\
             <li><strong>It does not say that the software is safe.</strong> Nobody has read its code here. \
             Evidence shows where a package comes from and that it is unchanged, not that it is free of \
             faults or bad intent.\n",
        );
        for (claim, says) in [
            ("provenance", "from which source they were built"),
            ("registry-signature", "by a registry's signature, that they are the registry's"),
        ] {
            let counts = report.summary.claims.get(claim);
            let Some(ClaimCounts { absent: absent @ 1.., .. }) = counts else { continue };
            let packages = count(report.summary.packages, "package");
            writeln!(
                out,
                "<li>Of {} of {packages} <strong>nobody states</strong> {says} ({claim} is absent). That \
                 there is no such evidence is what the sealer was told, and the sealer's word.",
                grouped(*absent)
            )?;
        }
        if tally.not_carried > 0 {
            let entries = count(tally.not_carried, "lockfile entry");
            writeln!(
                out,
                "<li>{entries} <strong>not in the archive</strong>: excused by the policy. Whatever gets \
                 installed for that was not verified."
            )?;
        }
        if tally.local > 0 {
            let entries = count(tally.local, "lockfile entry");
            writeln!(
                out,
                "<li>{entries} for the project's own folders. They are not in the archive, and nobody \
                 examined them."
            )?;
        }
        if tally.excused > 0 {
            writeln!(
                out,
                "<li>{} <strong>excused</strong>: a rule demands more than there is, and the policy lets \
                 it pass, for the <a href=\"#exceptions\">reasons</a> that it gives.",
                grouped(tally.excused)
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
        out.push_str(
            "<li>It holds as of the reference time. Keys that were withdrawn or flaws that became known \
             later are not in it.\n\
             <li>It is about the archive. Whether the build used the archive, and nothing else, it does \
             not say.\n</ul>\n</section>\n",
        );
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
        for (at, signer) in report.archive.signers.iter().enumerate() {
            write!(out, "{}<bdi>{}</bdi>", if at > 0 { ", " } else { "" }, Text(&signer.name))?;
        }
        if report.archive.signers.is_empty() {
            out.push_str("nobody whom the policy knows");
        }
        out.push_str(
            "<td>the signature on the list of its contents; then every file in it against that list\n\
             <tr><th scope=\"row\">integrity: which files the project asks for<td>the project's lockfile\
             <td>the digest of each file\n\
             <tr><th scope=\"row\">registry-signature: that a package is the registry's<td>",
        );
        self.registries(out)?;
        out.push_str(
            "<td>its signature, by the keys in the trust material\n\
             <tr><th scope=\"row\">publish-attestation: that the registry published it<td>the registry\
             <td>its signature and the public log\n\
             <tr><th scope=\"row\">provenance: where and how it was built<td>the build service, for the \
             workflow that it names<td>its certificate, its signature and the public log\n\
             <tr><th scope=\"row\">the keys and certificates themselves<td>",
        );
        for (at, trust) in report.trust.iter().enumerate() {
            write!(out, "{}<bdi>{}</bdi>", if at > 0 { ", " } else { "" }, Text(&trust.instance))?;
        }
        out.push_str(
            "<td>a chain of signatures from a root that the verifier pinned\n\
             <tr><th scope=\"row\">this verdict<td>",
        );
        match self.source {
            Source::Signed { keys } => codes(out, keys)?,
            Source::Unchecked { claimed } => {
                out.push_str("it is said: ");
                codes(out, claimed)?;
            }
            Source::Verification | Source::Serving => {
                out.push_str("the person or program that ran the verification");
            }
            Source::Unsigned => out.push_str("nobody"),
        }
        out.push_str("<td>");
        out.push_str(match self.source {
            Source::Signed { .. } => "the signature on the report",
            Source::Unchecked { .. } => "not checked: no key was given",
            Source::Serving => "nobody has signed: it is the word of this server",
            Source::Verification => {
                "nobody has signed: keep the file where others cannot change it"
            }
            Source::Unsigned => "nobody has signed: verify the archive again",
        });
        out.push_str("\n</tbody></table>\n</section>\n");
        Ok(())
    }

    /// The registries of the packages.
    fn registries(&self, out: &mut String) -> fmt::Result {
        let registries = self.report.packages.iter().filter_map(|one| one.registry.as_deref());
        let registries: std::collections::BTreeSet<_> = registries.collect();
        for (at, registry) in registries.iter().take(3).enumerate() {
            write!(out, "{}<bdi>{}</bdi>", if at > 0 { ", " } else { "" }, Text(registry))?;
        }
        match registries.len().saturating_sub(3) {
            0 => Ok(()),
            more => write!(out, " and {more} more"),
        }
    }
}
