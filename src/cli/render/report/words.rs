//! The words of a report, explained to a reader without technical knowledge. A word that the lists lack
//! is shown as it is, without an explanation.

/// The claims, in the order of verification: what a verified one means, and what an absent one means.
pub(super) const CLAIMS: [(&str, &str, &str); 4] = [
    (
        "integrity",
        "the file is byte for byte the one that the lockfile and the registry's record name",
        "nothing binds the file to what the lockfile asked for",
    ),
    (
        "registry-signature",
        "the package registry signed the name, the version and the digest of the file",
        "the archive has no signature of the registry: only the sealer says that the file is from the registry",
    ),
    (
        "publish-attestation",
        "the registry stated, in a public log, that it published this file",
        "the archive has no statement, in a public log, that the registry published this file",
    ),
    (
        "provenance",
        "a build service stated, under its own identity, from which source and by which workflow the file \
         was built",
        "the archive has no statement from which source the file was built",
    ),
];

/// What becomes of a lockfile entry.
pub(super) const DISPOSITIONS: [(&str, &str); 6] = [
    ("collected", "the archive has the package, with the bytes that the entry asks for"),
    ("bundled", "the package is inside another package of the archive"),
    (
        "local",
        "a folder of the project itself; the archive does not have it, and nobody examined it",
    ),
    ("foreign", "it comes from git or from outside the project; no registry vouches for it"),
    ("unavailable", "an optional package that its registry said it does not have"),
    ("placeholder", "nothing is installed for it"),
];

/// What a verdict means.
pub(super) const VERDICTS: [(&str, &str); 3] = [
    (
        "verified",
        "every package and every lockfile entry is accounted for, and every demand is met or excused",
    ),
    ("stale", "as verified, but the archive or the trust material is older than its limit"),
    (
        "refused",
        "something does not verify, or a demand is not met: do not build from this archive",
    ),
];

/// What became of a claim.
pub(super) const STATUSES: [(&str, &str); 4] = [
    ("verified", "the evidence is there, and it holds"),
    (
        "absent",
        "the archive has no such evidence; a package is refused for that only where the policy demands it",
    ),
    ("refused", "the evidence is there, and it does not hold; no policy excuses that"),
    ("unrecognized", "the evidence holds, and is of a kind that sealift does not understand"),
];

/// Where trust material came from.
pub(super) const TRUST_SOURCES: [(&str, &str); 4] = [
    (
        "archive",
        "carried in the archive, and verified from a root that sealift has built in or was given",
    ),
    ("store", "from the verifying machine's own store"),
    ("embedded", "built into sealift; nobody has checked since whether there is newer"),
    ("files", "from files that the verifier chose; no update service vouches for them"),
];

/// Words of the page that are nowhere else explained.
pub(super) const GLOSSARY: [(&str, &str); 22] = [
    (
        "archive",
        "one file with all packages of a project and the evidence for them, made to cross an air gap",
    ),
    (
        "seal",
        "a signature over the list of everything in the archive; the signer vouches for the whole list",
    ),
    ("package", "one file that gets installed, such as a library in one version"),
    ("lockfile", "the project's list of exactly which packages it installs, with their digests"),
    (
        "lockfile entry",
        "one line of that list; each has a disposition, which says what becomes of it",
    ),
    (
        "registry",
        "the public or private service that packages are published on and downloaded from",
    ),
    ("evidence", "files that speak for a package: records, signatures, attestations"),
    (
        "attestation",
        "a signed statement about a file, such as who published it or how it was built",
    ),
    ("claim", "one thing that evidence says of a package; there are four"),
    ("digest", "a fingerprint of a file, such as SHA-256: another file has another digest"),
    (
        "key",
        "what signs. Only the private half can sign, and the public half shows who did; a key is named by its fingerprint",
    ),
    (
        "certificate",
        "names the identity behind a key, such as a build workflow, for the few minutes in which it signs",
    ),
    (
        "transparency log",
        "a public list of signatures to which anyone can look back, and nobody can add unseen",
    ),
    ("Sigstore", "the public service that issues such certificates and keeps such a log"),
    (
        "trust material",
        "the keys and certificates that evidence is judged by; a protocol named TUF can keep them current",
    ),
    ("policy", "what the verifying side demands: rules, limits, whose seals count, and exceptions"),
    (
        "exception",
        "what the policy lets pass although it would be refused otherwise, with a reason and an end",
    ),
    ("reference time", "the time that everything was judged by"),
    ("public-good", "the public Sigstore service that anybody may use, and its trust material"),
    ("workflow", "a file in the source repository that says how a build runs"),
    ("commit", "one state of the source, named by its digest"),
    ("tarball", "the file that a package is"),
];

/// The explanation of a word in a list.
pub(super) fn meaning(list: &[(&'static str, &'static str)], word: &str) -> Option<&'static str> {
    list.iter().find(|(one, _)| *one == word).map(|(_, meaning)| *meaning)
}
