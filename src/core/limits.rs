//! Every limit on untrusted input, and how requests are paced: each number with its reason.
//!
//! A *packument* is the registry's document of all versions of one name.
//!
//! The nesting of JSON is bounded by `serde_json`, which reads 127 levels and refuses the next; what
//! is passed over may nest at will, without recursion.

use std::time::Duration;

use crate::core::time::Time;

/// Entries in an archive. npm's largest known lockfiles have some 10,000 packages, three entries
/// each; this is three times as many.
pub const ARCHIVE_ENTRIES: usize = 100_000;

/// Bytes of an archive's directory. An entry takes about 100 there; it is held in memory before
/// anybody's signature is known.
pub const DIRECTORY_BYTES: u64 = 16 << 20;

/// Bytes of the signed envelope (`sealift.dsse.json`). A package takes about 2 KiB of it in one
/// lockfile; 20,000 packages fit. Its payload is held in memory before anybody's signature on it
/// is known, and with the directory stays below 64 MiB.
pub const ENVELOPE_BYTES: u64 = 40 << 20;

/// Bytes that follow the payload in an envelope: [`ENVELOPE_SIGNATURES`] take 10 KiB.
pub const ENVELOPE_TAIL_BYTES: usize = 16 << 10;

/// Bytes of one text in a manifest, escapes as they are written. The longest is a purl that quotes an
/// address of [`URL_BYTES`]: percent-encoding can triple it.
pub const MANIFEST_TEXT_BYTES: usize = 32 << 10;

/// Bytes of a manifest that is shown although nobody's signature on it was verified. Parsed it
/// takes up to five times as much memory, beside the directory; 3,300 packages fit.
pub const UNVERIFIED_MANIFEST_BYTES: usize = 5 << 20;

/// Signatures on one archive: more signers than any real release process has.
pub const ENVELOPE_SIGNATURES: usize = 64;

/// Bytes of an entry's name. npm allows 214 for a package's name, a version has at most 256;
/// percent-encoding can triple both.
pub const ENTRY_NAME_BYTES: usize = 2048;

/// Bytes of one package's tarball. The largest on the public registry are some hundred megabytes.
pub const TARBALL_BYTES: u64 = 2 << 30;

/// Bytes of a tarball's content. The largest packages of the public registry hold some gigabytes;
/// gzip makes a thousand bytes of one.
pub const TARBALL_CONTENT_BYTES: u64 = 8 << 30;

/// Bytes of one file that is put into the cache of Yarn 4, and so is held in memory. The largest programs in
/// packages have some 200 MiB.
pub const YARN_FILE_BYTES: u64 = 512 << 20;

/// Files in a tarball. The largest packages have some ten thousand.
pub const TARBALL_FILES: usize = 1_000_000;

/// Bytes of one extension header in a tarball: it holds a path, and systems have no longer ones than
/// 4 KiB.
pub const TAR_EXTENSION_BYTES: u64 = 64 << 10;

/// Bytes of all `package.json` files in a tarball that decide what is installed, with its shrinkwrap.
/// npm itself bundles 200 packages, whose files have 400 KiB.
pub const TARBALL_MANIFESTS_BYTES: usize = 32 << 20;

/// Bytes of a packument as the registry serves it. The largest public ones are about 120 MB.
pub const PACKUMENT_BYTES: u64 = 256 << 20;

/// Bytes of a packument that are held in memory while the others come: of the public registry's, one
/// in fifteen is larger.
pub const PACKUMENT_IN_MEMORY_BYTES: usize = 256 << 10;

/// Bytes of one version's registry record. `package.json` is in it, with a few kilobytes of
/// registry fields; megabytes are abuse.
pub const RECORD_BYTES: u64 = 4 << 20;

/// Bytes of an attestation response. Two attestations take 15 KiB; monorepo provenance with many
/// subjects reaches a megabyte. A statement is held some five times while it is verified, in each
/// thread.
pub const ATTESTATIONS_BYTES: u64 = 4 << 20;

/// Values (objects, lists, texts, numbers) in an attestation response, in a statement and in the body
/// of a log entry, each. A value may be two bytes of JSON and takes up to some hundred in memory, in
/// the parsers of the Sigstore crates too, before any signature is known. A statement of 10,000
/// subjects has 40,000.
pub const EVIDENCE_VALUES: usize = 100_000;

/// Transparency logs in one trusted root. Sigstore has had three in five years; for each the rest of
/// the root is held once more.
pub const LOGS: usize = 64;

/// Attestations in one response. npm serves two; a handful more predicate types may come.
pub const ATTESTATIONS: usize = 32;

/// Bytes of a lockfile, and of all that one archive holds. 100,000 entries of 300 bytes are 30 MB.
pub const LOCKFILE_BYTES: u64 = 128 << 20;

/// Objects in a lockfile, and in all that one archive holds, counted by their braces (those in texts
/// too): an entry is one, with up to nine in it. 50,000 entries fit; each object takes a few bytes of
/// JSON and some hundred of memory.
pub const LOCKFILE_OBJECTS: usize = 500_000;

/// Bytes of all install paths in a lockfile of version 1, which are not in the file: nesting makes
/// them. 100,000 entries with paths of 160 bytes fit.
pub const LOCKFILE_PATHS_BYTES: u64 = 16 << 20;

/// Bytes of a policy. One with 1,000 rules has some 100 KiB.
pub const POLICY_BYTES: u64 = 1 << 20;

/// Rules in a policy. The report lists for each package those that select it.
pub const POLICY_RULES: usize = 10_000;

/// Bytes of a text with wildcards. The longest real one is the address of a workflow.
pub const GLOB_BYTES: usize = 4096;

/// Bytes of a file of identities. A version takes 250 bytes, who built it 400; 100,000 packages fit.
pub const IDENTITIES_BYTES: u64 = 64 << 20;

/// Bytes of a key file: a PEM block of a P-256 key has 241.
pub const KEY_BYTES: u64 = 64 << 10;

/// Bytes of a `trusted_root.json` or of npm's `keys.json`. The real ones have 7 KiB.
pub const TRUST_FILE_BYTES: u64 = 4 << 20;

/// Bytes of a stored report. A package takes about 3 KiB of it; 20,000 packages fit. It is held in memory
/// with what it says.
pub const REPORT_BYTES: u64 = 64 << 20;

/// Bytes of a signed report: base64 takes a third more.
pub const SIGNED_REPORT_BYTES: u64 = REPORT_BYTES / 3 * 4 + (64 << 10);

/// Values in a stored report, for the reason of [`EVIDENCE_VALUES`]. A package takes some 60: of [`REPORT_BYTES`], a
/// written report has one in 30.
pub const REPORT_VALUES: usize = 4_000_000;

/// Values in a stored report that was found in a folder, where anybody may have put it: a value takes up to some 700
/// bytes of memory, so that a report takes some 430 MB at most. A package has 30 to 60 of them: 10,000 packages fit.
pub const FOUND_REPORT_VALUES: usize = 600_000;

/// Packages in a stored report that was found in a folder: twice those of npm's largest known lockfiles. Each is a row
/// of the index.
pub const FOUND_REPORT_PACKAGES: usize = 20_000;

/// Bytes of a file in which a report shows that it is one: its first member, with white space around it.
pub const REPORT_START_BYTES: u64 = 256;

/// Characters of a message: a fact, which may quote untrusted text, with what was expected.
pub const MESSAGE_TEXT: usize = 2048;

/// Characters of untrusted text that a report repeats; more is cut with an ellipsis.
pub const REPORTED_TEXT: usize = 512;

/// Bytes of an `.npmrc`. Real ones have a few lines; a `ca` in one has some kilobytes.
pub const NPMRC_BYTES: u64 = 1 << 20;

/// Bytes of one entry of an archive: what the 32-bit fields of ZIP can say, and more than
/// [`TARBALL_BYTES`], so that entries need no zip64 sizes.
pub const ENTRY_BYTES: u64 = u32::MAX as u64 - 1;

/// Bytes of a TUF root. python-tuf's bound; the real ones have 7 KiB.
pub const ROOT_BYTES: u64 = 512_000;

/// New roots in one update. Sigstore publishes about three a year; a client that is 1024 behind
/// is offered an endless chain (TUF specification §5.3.3 asks for a bound).
pub const ROOT_VERSIONS: u64 = 1024;

/// Bytes of TUF timestamp metadata. python-tuf's bound; the real one has 1 KiB.
pub const TIMESTAMP_BYTES: u64 = 16_384;

/// Bytes of TUF snapshot and targets metadata. python-tuf's bound for snapshots is 2 MB, for
/// targets 5 MB; the real ones have 6 KiB.
pub const METADATA_BYTES: u64 = 5_000_000;

/// Bytes of one TUF target file: `trusted_root.json` and npm's keys have some kilobytes.
pub const TARGET_BYTES: u64 = TRUST_FILE_BYTES;

/// Values in one TUF metadata file; as many as in evidence ([`EVIDENCE_VALUES`]), for the same reason:
/// it is parsed before it is known who signed it. Sigstore's have some hundred.
pub const METADATA_VALUES: usize = EVIDENCE_VALUES;

/// Bytes of all files of one TUF repository that an archive carries. Sigstore's, with all roots, have
/// a third of a megabyte.
pub const REPOSITORY_BYTES: u64 = 64 << 20;

/// Delegated roles visited in the search for one target. python-tuf's bound; Sigstore has one.
pub const DELEGATIONS: usize = 32;

/// Timestamps in one bundle. Real ones have one; each costs a chain verification.
pub const BUNDLE_TIMESTAMPS: usize = 8;

/// Bytes of a certificate or timestamp in a bundle. Real ones have up to 6 KiB. The parser sorts
/// sets by insertion, so that its time is quadratic in their size: at this one, milliseconds.
pub const BUNDLE_DER_BYTES: usize = 16 << 10;

/// Bytes of the checkpoint in a bundle. Real ones have up to 1 KiB with all witnesses; each
/// signature that claims to be a known log's is verified over the whole.
pub const CHECKPOINT_BYTES: usize = 16 << 10;

/// Signatures on one registry record. Real ones have one, or two where keys rotate; each costs a
/// verification.
pub const RECORD_SIGNATURES: usize = 16;

/// Files in one instance's trust store: the roots of a thousand updates, and what they lead to.
pub const STORE_FILES: usize = 4096;

/// Bytes of a package's name: npm's own limit (`validate-npm-package-name`).
pub const PACKAGE_NAME_BYTES: usize = 214;

/// Bytes of a version: the limit of `semver`, npm's version parser.
pub const VERSION_BYTES: usize = 256;

/// Bytes of an install path in a lockfile. Linux has no longer paths, so that npm could not have
/// installed there. Nesting multiplies what version 1 of the format says once.
pub const INSTALL_PATH_BYTES: usize = 4096;

/// Redirects that one request follows. Registries need one, to where they keep their tarballs.
pub const REDIRECTS: usize = 5;

/// Bytes of an address; longer ones are refused by most servers.
pub const URL_BYTES: u64 = 8192;

/// Requests in flight for one host, at most: with answers after 50 ms, fewer take twice the time of
/// as many (1,214 packages in 3.8 s, with 16 in 8.2 s). pnpm allows itself up to 64.
pub const IN_FLIGHT: usize = 48;

/// Requests in flight for a host that has not answered yet: what pnpm always allowed itself.
pub const IN_FLIGHT_FIRST: usize = 16;

/// Requests in flight for a host that answers slowly, at least; one that answers 429 may get fewer.
pub const IN_FLIGHT_SLOW: usize = 8;

/// Requests in flight for all hosts together: each may hold a socket and a file, of which a process
/// may have 1,024, on some systems 256.
pub const IN_FLIGHT_TOTAL: usize = 96;

/// A host that usually answers this much later than four times its best has too much to do. A cache
/// miss can cost up to this much.
pub const SLOWER: Duration = Duration::from_millis(250);

/// How often one request is made of a host that says that it gets too many (429): as often as its
/// number in flight can be halved.
pub const BUSY_TRIES: u32 = 6;

/// How long a connection may take to be made.
pub const CONNECT: Duration = Duration::from_secs(10);

/// How long an answer may send nothing.
pub const STALL: Duration = Duration::from_secs(30);

/// How long an answer may be slower than [`SLOWEST`].
pub const GRACE: Duration = Duration::from_secs(60);

/// Bytes a second: whoever sends fewer keeps a request open for nothing. A modem is faster.
pub const SLOWEST: u32 = 4096;

/// How often one request is made: npm, too, repeats it twice.
pub const TRIES: u32 = 3;

/// The wait before a request is made once more, doubled each time.
pub const BACKOFF: Duration = Duration::from_secs(1);

/// The longest wait that a server's `Retry-After` can ask for; npm's own waits end there.
pub const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// How old a temporary file among the downloads must be to be nobody's: a day longer than the slowest
/// download of the largest tarball. Another run may be writing younger ones.
pub const ABANDONED: Duration = Duration::from_secs(TARBALL_BYTES / SLOWEST as u64 + 24 * 3600);

/// Bytes of an instance's name, which is that of a folder: as many as a label of a host name may
/// have, rounded up.
pub const INSTANCE_NAME_BYTES: usize = 64;

/// Bytes of a file that holds one number, time or digest: a SHA-512 in hex has 128.
pub const LINE_BYTES: u64 = 128;

/// Bytes of a file that holds a SHA-512 in hex and a time.
pub const INDEX_BYTES: u64 = 256;

/// No reference time can be earlier: Sigstore's first root was signed in June 2021. A clock that
/// lost its battery says 1970, and then nothing would ever be expired.
pub const EARLIEST: Time = match chrono::DateTime::from_timestamp(1_622_505_600, 0) {
    Some(time) => time,
    None => chrono::DateTime::UNIX_EPOCH,
};

/// Connections that are served at once. A package manager opens up to 64.
pub const SERVED_CONNECTIONS: usize = 256;

/// Bytes of an entry that is sent from memory, if there is room: nearly all tarballs are smaller. Others
/// are read twice, once before their first byte is sent and once while they are.
pub const SERVED_IN_MEMORY_BYTES: u64 = 1 << 20;

/// Bytes of all entries that are being sent from memory.
pub const SERVED_ENTRIES_BYTES: usize = 64 << 20;

/// Bytes that are sent at a time.
pub const SERVED_CHUNK_BYTES: usize = 64 << 10;

/// Bytes of a document that describes all versions of a name. One of a thousand versions has some
/// megabytes.
pub const DOCUMENT_BYTES: usize = 64 << 20;

/// Bytes of all documents that are being sent at once: the largest fits.
pub const SERVED_DOCUMENTS_BYTES: usize = DOCUMENT_BYTES;

/// Documents that are made at once. Each holds the files of one tarball that count
/// ([`TARBALL_MANIFESTS_BYTES`]).
pub const SERVED_DOCUMENTS: usize = 2;

/// Bytes of a request's head. Real ones have less than 2 KiB.
pub const SERVED_HEAD_BYTES: usize = 16 << 10;

/// Fields of a request's head. Real ones have some twenty.
pub const SERVED_HEAD_FIELDS: usize = 64;

/// How long a request's head may take, with the wait for it on a connection that is kept open.
pub const SERVED_HEAD: Duration = Duration::from_secs(10);

/// Bytes of a request's body, which is passed over. npm asks for advisories on 10,000 packages with
/// some hundred KiB.
pub const SERVED_BODY_BYTES: u64 = 16 << 20;

/// How long answers that are being sent may take when a server is asked to end.
pub const SERVED_END: Duration = Duration::from_secs(1);

/// Archives in one folder of archives. A company that seals a hundred builds a day fills it in three years.
pub const STORE_ARCHIVES: usize = 100_000;

/// Files and folders that are looked at in search of archives: a whole home folder has fewer.
pub const STORE_FILES_SEEN: usize = 1_000_000;

/// Archives of a folder that are judged before what was found of them is passed on. The packages of one
/// take a megabyte of an index.
pub const STORE_BATCH: usize = 32;

/// Refusals that are kept of one archive of a folder: more are counted. The archive's own report has all.
pub const STORE_REFUSALS: usize = 20;

/// Packages whose verdicts are kept to be shared between archives. A company with a thousand builds has some
/// ten thousand.
pub const SHARED_VERDICTS: usize = 20_000;

/// Bytes of one verdict that is kept, as text. One with all evidence has some 3 KiB; a hostile one may quote
/// megabytes.
pub const SHARED_VERDICT_BYTES: usize = 8 << 10;

/// Bytes of one line of an index of archives. An archive's line has up to eight bytes for each of its
/// packages, of which [`ARCHIVE_ENTRIES`] are more than it can have.
pub const STORE_LINE_BYTES: usize = 4 << 20;

/// Names of files and folders that could not be looked at, in an index: with [`REPORTED_TEXT`] of each they
/// fit into a line.
pub const STORE_UNREAD: usize = 1000;

/// Bytes of one advisory. The largest of the public database list some ten thousand versions in a
/// megabyte.
pub const ADVISORY_BYTES: u64 = 4 << 20;

/// Values in one advisory, for the reason of [`EVIDENCE_VALUES`].
pub const ADVISORY_VALUES: usize = EVIDENCE_VALUES;

/// Files of a source that are named where they cannot be read as advisories: more are counted. Of a source that is
/// something else, none can be read.
pub const UNREADABLE_NAMED: u64 = 20;

/// Bytes of an advisory's id. The longest real ones have some 60.
pub const ADVISORY_ID_BYTES: usize = 128;

/// Advisories in one source. npm's part of the public database has some hundred thousand.
pub const SOURCE_ADVISORIES: usize = 2_000_000;

/// Bytes of a ZIP file of advisories. That of npm's part of the public database has some 210 MB.
pub const SOURCE_BYTES: u64 = 2 << 30;

/// Bytes of the directory of a ZIP file of advisories. An entry takes about 70 there; it is held in
/// memory.
pub const SOURCE_DIRECTORY_BYTES: u64 = 256 << 20;

/// Bytes of all advisories in one source, inflated. Their text is packed to a tenth at best.
pub const SOURCE_CONTENT_BYTES: u64 = 8 << 30;

/// Files and folders that are looked at in search of advisories. The public repository of malicious
/// packages has two for each advisory.
pub const SOURCE_FILES_SEEN: usize = 4_000_000;

/// Names of packages that one recall asks about. An archive of npm's largest known lockfiles has some
/// 10,000; ten of these share most of them.
pub const RECALL_NAMES: usize = 100_000;

/// Advisories in one recall. A name has one or two, and few names have any.
pub const RECALL_ADVISORIES: usize = 10_000;

/// Bytes of all advisories in one recall. They have 2 KiB each, on average.
pub const RECALL_CONTENT_BYTES: u64 = 64 << 20;

/// Bytes of a file of package URLs, one a line.
pub const PURLS_BYTES: u64 = 64 << 20;
