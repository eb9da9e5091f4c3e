//! What each code of a denial means, for a person. `man/sealift-report.5` says more.

use crate::app::stored::StoredDenial;

/// Codes of packages and of entries, of what is denied, excused or weak.
pub(super) const CODES: &[(&str, &str)] = &[
    (
        "foreign",
        "it comes from git, from outside the project or from a person, and no registry vouches for it",
    ),
    ("not-in-archive", "the archive has no such package"),
    ("hash-differs", "the archive has other bytes than the lockfile's hash says"),
    ("ambiguous", "several packages of the archive fit the entry"),
    ("unpinned", "neither a strong hash nor a signature of the registry binds its bytes"),
    ("address-differs", "the entry has another address than the package, and no strong hash"),
    ("unavailable-required", "the registry does not have a package that the lockfile needs"),
    ("parent-denied", "the package that bundles it is not in the archive, or cannot be listed"),
    ("shrinkwrap-differs", "the shrinkwrap in a tarball asks for what the lockfile lacks"),
    ("sha1", "the lockfile binds it by SHA-1 alone, which can be forged"),
    (
        "pinned-by-signature",
        "the lockfile has no strong hash of it; the registry's signature binds it",
    ),
    ("unavailable", "the registry does not have the package, and the entry is optional"),
    ("refused", "evidence is there and does not verify"),
    ("no-rule", "no rule of the policy selects the package"),
    ("missing-registry-signature", "a registry signature is demanded, and is absent"),
    ("missing-publish-attestation", "a publish attestation is demanded, and is absent"),
    ("missing-provenance", "provenance is demanded, and is absent"),
    ("unrecognized", "its evidence is of a kind that sealift does not understand"),
    ("unexpected-registry", "the registry is not as a rule says"),
    ("unexpected-issuer", "the issuer of the identity is not as a rule says"),
    ("unexpected-repository", "the source repository is not as a rule says"),
    ("unexpected-repository-id", "the number of the source repository is not as a rule says"),
    ("unexpected-owner", "the owner of the source repository is not as a rule says"),
    ("unexpected-owner-id", "the number of the owner is not as a rule says"),
    ("unexpected-workflow", "the workflow that signed is not as a rule says"),
    ("unexpected-ref", "the branch or tag is not as a rule says"),
    ("unexpected-trigger", "the event that started the build is not as a rule says"),
    ("unexpected-runner", "the kind of machine that built it is not as a rule says"),
    ("unexpected-builder", "the builder is not as a rule says"),
    ("unexpected-build-type", "the type of the build is not as a rule says"),
    ("minimum-age", "it was collected too soon after it was published"),
    ("identity-changed", "another identity built it than the one that is known"),
    ("evidence-lost", "an earlier version had evidence that this one lacks"),
    ("bytes-changed", "a known version has other bytes"),
    ("identity-unknown", "nobody has written down who built it before"),
    (
        "retired-key",
        "the key that signed it has been retired, and nothing proves that it signed before",
    ),
    (
        "promise-only",
        "the transparency log promised to list the signature, and no proof came with it",
    ),
    ("self-hosted", "it was built on a machine of its own makers, and not on the build service's"),
    ("unneeded", "no entry of the archive's lockfiles needs it"),
    (NO_PACKAGE, "the archive has no package, so that no demand was met"),
    (PAST_LIMIT, "the archive or the trust material is older than the policy allows"),
    (MORE, "there are more findings than are listed"),
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
    known.map_or("the report has a code that this version of sealift does not know", |it| it.1)
}

/// Why something is denied: as the report says, or else as the code does.
pub(super) fn why(denial: &StoredDenial) -> &str {
    denial.detail.as_deref().unwrap_or_else(|| says(&denial.code))
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
