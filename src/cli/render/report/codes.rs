//! What each code of a denial means, in one sentence. `man/sealift-report.5` says more.

/// Codes of packages and of entries, with what they say.
pub(super) const CODES: &[(&str, &str)] = &[
    ("foreign", "Nothing vouches for an entry of this kind."),
    ("not-in-archive", "The archive has no such package."),
    ("hash-differs", "The archive has other bytes than the lockfile's hash says."),
    ("ambiguous", "Several packages of the archive fit the entry."),
    ("unpinned", "Neither a strong hash nor a signature of the registry binds the bytes."),
    ("address-differs", "The entry has another address than the package, and no strong hash."),
    ("unavailable-required", "The registry does not have a package that the lockfile needs."),
    ("parent-denied", "The package that bundles it is not in the archive, or cannot be listed."),
    ("shrinkwrap-differs", "The shrinkwrap in a tarball asks for what the lockfile lacks."),
    ("sha1", "The only hash is of SHA-1."),
    ("pinned-by-signature", "The registry's signature alone binds the bytes."),
    ("unavailable", "The registry does not have the package, and the entry is optional."),
    ("refused", "Evidence is there and does not verify."),
    ("no-rule", "No rule of the policy selects the package."),
    ("missing-registry-signature", "A registry signature is demanded, and is absent."),
    ("missing-publish-attestation", "A publish attestation is demanded, and is absent."),
    ("missing-provenance", "Provenance is demanded, and is absent."),
    ("unrecognized", "Demanded evidence is of a kind that is not understood."),
    ("unexpected-registry", "The registry is not as a rule says."),
    ("unexpected-issuer", "The issuer of the identity is not as a rule says."),
    ("unexpected-repository", "The source repository is not as a rule says."),
    ("unexpected-repository-id", "The number of the source repository is not as a rule says."),
    ("unexpected-owner", "The owner of the source repository is not as a rule says."),
    ("unexpected-owner-id", "The number of the owner is not as a rule says."),
    ("unexpected-workflow", "The workflow that signed is not as a rule says."),
    ("unexpected-ref", "The branch or tag is not as a rule says."),
    ("unexpected-trigger", "The event that started the build is not as a rule says."),
    ("unexpected-runner", "The kind of machine that built it is not as a rule says."),
    ("unexpected-builder", "The builder is not as a rule says."),
    ("unexpected-build-type", "The type of the build is not as a rule says."),
    ("minimum-age", "It was collected too soon after it was published."),
    ("identity-changed", "Another identity built it than the one that is known."),
    ("evidence-lost", "Evidence that an earlier version had is absent."),
    ("bytes-changed", "A known version has other bytes."),
    ("identity-unknown", "It is not known who built it before."),
    ("retired-key", "The window of the key that signed has ended."),
    ("promise-only", "The transparency log gave a promise, and no proof."),
    ("self-hosted", "The machine that built it was not the platform's own."),
    ("unneeded", "No entry of the archive's lockfiles needs the package."),
    (NO_PACKAGE, "The archive has no package, so that no demand was met."),
    (PAST_LIMIT, "The archive or the trust material is older than the policy allows."),
    (MORE, "There are more findings than are listed."),
];

/// An archive without a package.
pub(super) const NO_PACKAGE: &str = "no-package";
/// A limit of age that is passed.
pub(super) const PAST_LIMIT: &str = "past-limit";
/// The findings that are not listed.
pub(super) const MORE: &str = "more-findings";

/// What a code says.
pub(super) fn says(code: &str) -> &'static str {
    let known = CODES.iter().find(|(known, _)| *known == code);
    known.map_or("The report has a code that this version of sealift does not know.", |it| it.1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The codes in a part of the manual: in italics, at the start of a line.
    fn codes(page: &str) -> BTreeSet<String> {
        let lines = page
            .lines()
            .filter_map(|line| line.strip_prefix(".IR ").or_else(|| line.strip_prefix(".I ")));
        let text = lines.collect::<Vec<_>>().join(" ").replace("\\-", "-");
        let words = text.split([' ', ',', '"', '\\']).map(str::to_owned);
        words.filter(|word| !word.is_empty()).collect()
    }

    #[test]
    fn the_manual_and_the_sentences_have_the_same_codes() {
        let page = include_str!("../../../../man/sealift-report.5").replace("\\\n", "");
        let part = page.split(".SH CODES OF ENTRIES").nth(1).unwrap();
        let part = part.split(".SH REASONS").next().unwrap();
        let mut expected = codes(part);
        expected.extend([NO_PACKAGE, PAST_LIMIT, MORE].map(str::to_owned));
        let known: BTreeSet<_> = CODES.iter().map(|(code, _)| (*code).to_owned()).collect();
        assert_eq!(known, expected);
        assert_eq!(known.len(), CODES.len(), "each code once");
    }

    #[test]
    fn an_unknown_code_is_said_to_be_unknown() {
        assert!(says("of-tomorrow").contains("does not know"));
    }
}
