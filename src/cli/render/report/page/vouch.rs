//! What the verdict does not say, and who vouches for what.

use std::{
    collections::BTreeSet,
    fmt::{self, Write as _},
};

use serde_json::{Map, Value};

use super::{
    Page,
    summary::codes,
    text::{Html, When},
};
use crate::{
    app::stored::{ClaimCounts, ReportOrigin, StoredPackage},
    cli::render::report::tally::{are, count, entries, grouped},
    core::verdict::Status,
};

/// How many registries are named.
const NAMED: usize = 3;

/// What a rule says of the source that a package is built from.
const SOURCE_KEYS: [&str; 5] = ["repository", "repository-id", "owner", "owner-id", "workflow"];

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
        let report = self.report;
        out.push_str(
            "<section id=\"unsaid\">\n<h2>What this verdict does not say</h2>\n<ul>\n\
             <li><strong>It does not say that the software is safe.</strong> Nobody has read its code here. \
             Evidence, where it is there, shows where a package comes from and that it is unchanged. It \
             does not show that the package is free of faults or bad intent.\n",
        );
        self.unstated(out)?;
        if report.lockfiles.is_empty() {
            out.push_str(
                "<li>This build's lockfile was <strong>not given</strong>: nobody compared the archive with \
                 what this build installs.\n",
            );
        }
        if !report.policy.deep() {
            out.push_str(
                "<li>Each package was compared as one file. The files in it were listed only where it bundles other \
                 packages or has a lockfile of its own.\n",
            );
        }
        self.uncovered(out)?;
        if report.at_given {
            writeln!(
                out,
                "<li>Everything was judged as of {}, a time that a person chose. When that was done, the \
                 report does not say.",
                When(&report.at)
            )?;
        }
        out.push_str(if self.trust_is_from("files") {
            "<li>The trust material is from files that the verifier chose. A key that was stolen or withdrawn \
             after the files were made, and a flaw that was found since, are not in it."
        } else {
            "<li>The verdict uses the trust material as it was when it was last compared with its source. A \
             key that was stolen or withdrawn after that, and a flaw that was found since, are not in it."
        });
        out.push_str(
            " A sealing key counts until the policy says that it has ended.\n\
             <li>The verdict is about the archive. It does not say whether the build used the archive and \
             nothing else.\n\
             <li>It is not a claim of compliance. The manual page <code>sealift-evidence(7)</code> says which \
             requirements of S2C2F, SLSA, NIST SSDF, CRA, DORA and NIS2 a report supports, and which not.\n</ul>\n</section>\n",
        );
        Ok(())
    }

    /// What there is no evidence for, or none that was examined.
    fn unstated(&self, out: &mut String) -> fmt::Result {
        let report = self.report;
        let mut any_absent = false;
        for (claim, has_no) in [
            ("provenance", "statement from which source they were built"),
            ("publish-attestation", "statement of their registry that it published them"),
            ("registry-signature", "signature of their registry"),
        ] {
            let counts = report.summary.claims.get(claim);
            let Some(ClaimCounts { absent: absent @ 1.., .. }) = counts else { continue };
            any_absent = true;
            let packages = count(report.summary.packages, "package");
            writeln!(
                out,
                "<li>For {} of {packages} the archive has <strong>no {has_no}</strong> ({claim} is absent).",
                grouped(*absent)
            )?;
        }
        if any_absent {
            out.push_str(
                "<li>Absent means: the records in the archive announce no such evidence. Only who sealed the \
                 archive knows whether these records are all that the registry had.\n",
            );
        }
        let built = report.summary.claims.get("provenance").map_or(0, |counts| counts.verified);
        if built > 0 && !self.names_sources() {
            writeln!(
                out,
                "<li>{} named with a source. The policy does not say which source is expected, so nobody \
                 compared it.",
                format_args!("{} {}", count(built, "package"), are(built))
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
        if let by_signature @ 1.. = self.by_signature() {
            writeln!(
                out,
                "<li>{} {} no strong digest in the lockfile: the registry's signature says which bytes are \
                 meant.",
                count(by_signature, "lockfile entry"),
                if by_signature == 1 { "has" } else { "have" }
            )?;
        }
        if let weak @ 1.. =
            self.report.packages.iter().filter(|one| has_undenied_weakness(one)).count()
        {
            writeln!(
                out,
                "<li>{} {} <strong>weak</strong>: the evidence verifies, and no rule denies the weakness that \
                 the list below names.",
                count(weak, "package"),
                are(weak)
            )?;
        }
        if tally.excused > 0 {
            writeln!(
                out,
                "<li><strong>{} excused</strong>: without an exception this would be refused. The policy \
                 gives the <a href=\"#exceptions\">reasons</a>.",
                grouped(tally.excused)
            )?;
        }
        Ok(())
    }

    /// How many lockfile entries a registry's signature binds to their bytes.
    fn by_signature(&self) -> usize {
        let entries = entries(self.report);
        entries.filter(|entry| entry.pinned_by.as_deref() == Some("signature")).count()
    }

    fn trust_is_from(&self, source: &str) -> bool {
        self.report.trust.iter().any(|trust| trust.source == source)
    }

    /// Whether anything in the policy says where packages are built.
    fn names_sources(&self) -> bool {
        let policy = &self.report.policy;
        let names =
            |rule: &Map<String, Value>| SOURCE_KEYS.iter().any(|key| rule.contains_key(*key));
        policy.rules().any(names) || policy.demands.get("identities").is_some_and(Value::is_object)
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
        if self.trust_is_from("files") {
            out.push_str("who verified, by files for ");
        }
        let trust = report.trust.iter().map(|trust| trust.instance.as_str());
        names(out, trust, "nobody")?;
        out.push_str(match () {
            () if self.trust_is_from("files") => "<td>not at all: the verifier chose these files",
            () if report.trust.is_empty() => "<td>not at all: there are none",
            () if self.trust_is_from("embedded") => {
                "<td>not at all: the verifier's sealift has it built in"
            }
            () => "<td>a chain of signatures from a root that sealift has built in or the verifier pinned",
        });
        for (claim, says, how) in CLAIMS {
            self.voucher(out, claim, says, how)?;
        }
        self.unsigned(out)?;
        out.push_str(
            "\n<tr><th scope=\"row\">that the keys belong to those named, and that the demands are enough<td>who wrote \
             the policy, whom this page does not name<td>not at all: ask them for its digest, and compare it with the one above\n<tr><th scope=\"row\">when the archive was sealed\
             <td>who sealed it<td>only that it is not after the reference time\
             \n<tr><th scope=\"row\">this verdict<td>",
        );
        self.verdict_voucher(out)?;
        out.push_str("\n</tbody></table>\n</section>\n");
        Ok(())
    }

    /// Who vouches for where packages are from that no registry has signed.
    fn unsigned(&self, out: &mut String) -> fmt::Result {
        let report = self.report;
        let is_unsigned = |package: &&StoredPackage| {
            let signed = |claim| {
                let claim = package.claims.get(claim);
                claim.is_some_and(|claim| claim.status == Status::Verified)
            };
            !signed("registry-signature") && !signed("publish-attestation")
        };
        let unsigned = report.packages.iter().filter(is_unsigned).count();
        if unsigned > 0 {
            let packages = count(report.summary.packages, "package");
            write!(
                out,
                "\n<tr><th scope=\"row\">where a package is from, if no registry has signed it\
                 <td>who sealed the archive, for {} of {packages}<td>not at all",
                grouped(unsigned)
            )?;
        }
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
            "integrity" => {
                out.push_str("the project's lockfile");
                if self.by_signature() > 0 {
                    out.push_str(
                        ", or the registry's signed record where that has no strong digest",
                    );
                }
            }
            "provenance" => out.push_str("the build service, for the workflow that it names"),
            _ => self.registries(out, claim)?,
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

    /// The registries of the packages for which a claim is verified.
    fn registries(&self, out: &mut String, claim: &str) -> fmt::Result {
        let verified = |one: &&StoredPackage| {
            one.claims.get(claim).is_some_and(|claim| claim.status == Status::Verified)
        };
        let packages = self.report.packages.iter().filter(verified);
        let registries: BTreeSet<_> = packages.filter_map(|one| one.registry.as_deref()).collect();
        names(out, registries.iter().take(NAMED).copied(), "the registry")?;
        match registries.len().saturating_sub(NAMED) {
            0 => Ok(()),
            more => write!(out, " and {more} more"),
        }
    }
}

/// Whether it has a weakness that no rule denies.
fn has_undenied_weakness(package: &StoredPackage) -> bool {
    let judged = package.denied.iter().chain(&package.excused).map(|denial| &denial.code);
    package.weak.iter().any(|weakness| judged.clone().all(|code| code != weakness))
}

/// Names, or what to say where there are none.
fn names<'a>(out: &mut String, names: impl Iterator<Item = &'a str>, nobody: &str) -> fmt::Result {
    let mut named = false;
    for name in names {
        write!(out, "{}<bdi>{}</bdi>", if named { ", " } else { "" }, Html(name))?;
        named = true;
    }
    if named { Ok(()) } else { write!(out, "{nobody}") }
}
