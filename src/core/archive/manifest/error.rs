//! Why a manifest is refused: each rule that it can break, by name.

use crate::core::{
    archive::entry_name::NameError,
    limits,
    package::digest::Algorithm,
    time::{self, Time},
};

/// Why a manifest was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Not the JSON of a manifest: other, missing or repeated fields among the reasons.
    #[error("the manifest is malformed: {0}")]
    Json(String),
    /// A text longer than [`limits::MANIFEST_TEXT_BYTES`].
    #[error("the manifest has a text of {0} bytes, more than {max}", max = limits::MANIFEST_TEXT_BYTES)]
    Text(usize),
    /// Not an in-toto statement of version 1.
    #[error("the manifest is a statement of type {0:?}")]
    StatementType(String),
    /// Something else than an archive of version 1.
    #[error("the manifest's predicate type is {0:?}")]
    PredicateType(String),
    /// A version of the format that this code does not know.
    #[error("the file has format version {0}, this program reads version 1")]
    FormatVersion(u32),
    /// More than [`limits::ARCHIVE_ENTRIES`].
    #[error("the manifest lists {0} entries, more than {max}", max = limits::ARCHIVE_ENTRIES)]
    TooManyEntries(usize),
    /// A recall of more than [`limits::RECALL_NAMES`].
    #[error("the manifest has {0} names, more than {max}", max = limits::RECALL_NAMES)]
    TooManyNames(usize),
    /// A recall of more than [`limits::RECALL_ADVISORIES`].
    #[error("the manifest lists {0} advisories, more than {max}", max = limits::RECALL_ADVISORIES)]
    TooManyAdvisories(usize),
    /// A list that is not in its order, at this item.
    #[error("the manifest's {list} are not sorted at {item:?}")]
    Unsorted {
        /// Which list.
        list: &'static str,
        /// The first item out of order.
        item: String,
    },
    /// An item that is there twice.
    #[error("the manifest's {list} have {item:?} twice")]
    Duplicate {
        /// Which list.
        list: &'static str,
        /// The item.
        item: String,
    },
    /// Not an entry's name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The envelope's own name among the entries that it signs.
    #[error("the manifest lists the envelope itself")]
    ListsEnvelope,
    /// Not exactly one digest, SHA-256 or SHA-512, in lower-case hex.
    #[error("{0:?} does not have exactly one digest, sha256 or sha512, in lower-case hex")]
    Digest(String),
    /// A digest of another algorithm than entries of its kind have.
    #[error("{name:?} has a digest of {found} instead of {expected}")]
    DigestAlgorithm {
        /// The entry.
        name: String,
        /// The algorithm of its kind.
        expected: Algorithm,
        /// The algorithm found.
        found: Algorithm,
    },
    /// The predicate names an entry that is not listed.
    #[error("{item:?} names the entry {entry:?}, which is not listed")]
    NoSuchEntry {
        /// What names it.
        item: String,
        /// The entry.
        entry: String,
    },
    /// An entry that the predicate has no use for.
    #[error("{0:?} is listed, and nothing uses it")]
    Unused(String),
    /// An entry that two things claim.
    #[error("{0:?} is used twice")]
    UsedTwice(String),
    /// An entry that is not where entries of its kind are.
    #[error("{entry:?} is not in {folder:?}")]
    Folder {
        /// The entry.
        entry: String,
        /// The folder that it belongs in.
        folder: String,
    },
    /// Not a package URL in its one form.
    #[error("{0:?} is not a package URL in the form that this format has")]
    Purl(String),
    /// Another registry than the package URL says.
    #[error("the registry of {0:?} is not the one that the package URL says")]
    Registry(String),
    /// One of a package's three parts is there where it cannot be, is missing where it must be, or
    /// has neither an entry nor an answer that shows that the registry has none.
    #[error("{purl:?}: {part} is missing, and no answer of the registry shows that it has none")]
    Part {
        /// The package.
        purl: String,
        /// `artifact`, `record` or `attestations`.
        part: &'static str,
    },
    /// A part without the request that brought it, or with half of one.
    #[error("a part of {0:?} has no complete request, or is a file of the project and has one")]
    Request(String),
    /// A name of an instance that cannot be a folder's.
    #[error("{0:?} is not a name of a Sigstore instance")]
    Instance(String),
    /// An instance said to be carried, of which nothing is there.
    #[error("no file of the instance {0:?} is there")]
    TrustNotCarried(String),
    /// Carried without the time of its last check, or such a time of what is not carried.
    #[error("the instance {0:?} must have refreshedAt if its trust is carried, and only then")]
    TrustSource(String),
    /// A time after that of the seal.
    #[error("{field} is {}, after the seal", time::format(*.time))]
    AfterSeal {
        /// Which field.
        field: &'static str,
        /// The time.
        time: Time,
    },
    /// A status that no answer can have which an archive carries.
    #[error("an archive carries no answer of status {0}")]
    Status(u16),
    /// A lockfile that is not `inputs/N/FILE`.
    #[error("{0:?} is not of the form inputs/N/FILE")]
    Input(String),
    /// Not a time, or not in the form that the field demands.
    #[error("{field} is {text:?}, and not a time as 2026-11-23T04:00:00Z, of June 2021 or later")]
    Time {
        /// Which field.
        field: &'static str,
        /// What it says.
        text: String,
    },
    /// An address with credentials, a query or a fragment, or no HTTP address at all.
    #[error("{0:?} is not a plain HTTP address")]
    Address(String),
}

impl ManifestError {
    /// A stable code, for reports and tests.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Json(_) => "manifest-json",
            Self::Text(_) => "manifest-text-size",
            Self::StatementType(_) => "manifest-statement-type",
            Self::PredicateType(_) => "manifest-predicate-type",
            Self::FormatVersion(_) => "manifest-format-version",
            Self::TooManyEntries(_) => "manifest-too-many-entries",
            Self::TooManyNames(_) => "manifest-too-many-names",
            Self::TooManyAdvisories(_) => "manifest-too-many-advisories",
            Self::Unsorted { .. } => "manifest-unsorted",
            Self::Duplicate { .. } => "manifest-duplicate",
            Self::Name(error) => error.code(),
            Self::ListsEnvelope => "manifest-lists-envelope",
            Self::Digest(_) => "manifest-digest",
            Self::DigestAlgorithm { .. } => "manifest-digest-algorithm",
            Self::NoSuchEntry { .. } => "manifest-no-such-entry",
            Self::Unused(_) => "manifest-unused-entry",
            Self::UsedTwice(_) => "manifest-used-twice",
            Self::Folder { .. } => "manifest-folder",
            Self::Purl(_) => "manifest-purl",
            Self::Registry(_) => "manifest-registry",
            Self::Part { .. } => "manifest-part",
            Self::Request(_) => "manifest-request",
            Self::Instance(_) => "manifest-instance",
            Self::TrustNotCarried(_) => "manifest-trust-not-carried",
            Self::TrustSource(_) => "manifest-trust-source",
            Self::AfterSeal { .. } => "manifest-after-seal",
            Self::Status(_) => "manifest-status",
            Self::Input(_) => "manifest-input",
            Self::Time { .. } => "manifest-time",
            Self::Address(_) => "manifest-address",
        }
    }
}
