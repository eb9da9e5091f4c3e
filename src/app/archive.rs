//! Opens archives: with the keys that may have sealed them, or to look at what nobody vouches for.

use std::{
    collections::BTreeSet,
    fmt,
    path::{Path, PathBuf},
};

use crate::{
    adapters::{
        archive::Archive,
        keys::{self, KeyError},
    },
    core::{
        archive::{dsse::Envelope, key::PublicKey, manifest::Listing},
        policy::{Policy, Signer},
        recall::Recall,
        time::{self, Time},
    },
};

pub use crate::adapters::archive::{
    ArchiveError, Field, SignedArchive, Unverified, WriteError, ZipError,
};

/// Why an archive was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It was refused, or could not be read.
    #[error("{}", About { path, error })]
    Archive {
        /// The archive.
        path: PathBuf,
        /// Why.
        error: ArchiveError,
    },
    /// No key says whose seal counts.
    #[error("no public key says whose seal counts")]
    NoKey,
    /// The keys of all signers counted until a day before the reference time.
    #[error("the keys of all signers have ended: {}", .0.join(", "))]
    EndedKeys(Vec<String>),
    /// More signers are demanded than there are.
    #[error("{threshold} signers must have sealed, but {signers} can")]
    Threshold {
        /// How many must have.
        threshold: usize,
        /// How many there are.
        signers: usize,
    },
    /// Two keys are one, which would look like two signers.
    #[error("{} is a key that was named already", .0.display())]
    SameKey(PathBuf),
    /// A key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The reference time is before the seal: a clock is wrong, here or where the archive was sealed,
    /// and no expiry can be judged.
    #[error(
        "{} was sealed at {}, after the reference time {}",
        path.display(),
        time::format(*sealed_at),
        time::format(*at)
    )]
    SealedLater {
        /// The archive.
        path: PathBuf,
        /// When it was sealed.
        sealed_at: Time,
        /// The reference time.
        at: Time,
    },
}

impl OpenError {
    /// About one archive.
    pub(super) fn of(path: &Path) -> impl Fn(ArchiveError) -> Self {
        move |error| Self::Archive { path: path.to_owned(), error }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Archive { error, .. } => return error.hint(),
            Self::Key(error) => return error.hint(),
            Self::NoKey => {
                "use --key with the public key of who sealed the archive, carried by another way, or \
                 --policy with a [[signer]]; on the sealing machine it is beside the private key, in \
                 FILE.pub"
            }
            Self::EndedKeys(_) => {
                "a policy says until when the keys of a signer count; a new key needs a table of its own"
            }
            Self::Threshold { .. } => {
                "a threshold counts signers, not keys: add --key or a [[signer]], or lower it"
            }
            Self::SameKey(_) => "each --key must be another signer's",
            Self::SealedLater { .. } => {
                "see which of the two machines has the wrong clock; --at says which time to judge by"
            }
        };
        Some(hint.to_owned())
    }

    /// A stable code, for programs.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Archive { error, .. } => Some(error.code()),
            Self::Key(error) => error.code(),
            Self::SealedLater { .. } => Some("sealed-later"),
            Self::Threshold { .. } => Some("threshold-impossible"),
            Self::NoKey | Self::EndedKeys(_) | Self::SameKey(_) => None,
        }
    }

    /// Whether the archive was examined and refused, or could not be examined at all.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Archive { error, .. } if error.is_refusal())
    }
}

/// An archive's error, which names the file itself where it could not be read.
struct About<'a> {
    path: &'a Path,
    error: &'a ArchiveError,
}

impl fmt::Display for About<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, error } = self;
        match error {
            ArchiveError::UnverifiedManifestSize(_) => write!(f, "{}: {error}", path.display()),
            _ if error.is_refusal() => write!(f, "{}: {error}", path.display()),
            _ => error.fmt(f),
        }
    }
}

/// Whether a file is a recall that these signers sealed. A recall of anybody else is judged as the archive that its
/// name says. Otherwise a stranger could replace an archive with a recall, and nobody would notice.
pub(super) fn is_recall(path: &Path, signers: &[Signer], threshold: usize) -> bool {
    open_as::<Recall>(path, signers, threshold).is_ok()
}

/// Reads the public keys of who may seal, each a signer of its own.
///
/// # Errors
/// When one cannot be read, or two are the same.
pub fn pinned_keys(paths: &[PathBuf]) -> Result<Vec<Signer>, OpenError> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for path in paths {
        let key = keys::load_public(path)?;
        if !seen.insert(key.fingerprint()) {
            return Err(OpenError::SameKey(path.clone()));
        }
        found.push(Signer::of(key));
    }
    Ok(found)
}

/// The signers of a policy whose keys count at a time.
///
/// # Errors
/// When there are none, or fewer than must have sealed.
pub fn signers(policy: &Policy, at: Time) -> Result<Vec<Signer>, OpenError> {
    let signers = policy.signers_at(at);
    match (signers.is_empty(), policy.signers.is_empty()) {
        (true, true) => Err(OpenError::NoKey),
        (true, false) => {
            let names = policy.signers.iter().map(|signer| signer.name.clone());
            Err(OpenError::EndedKeys(names.collect()))
        }
        _ if policy.seals() > signers.len() => {
            Err(OpenError::Threshold { threshold: policy.seals(), signers: signers.len() })
        }
        (false, _) => Ok(signers),
    }
}

/// Opens an archive and verifies its seal: signatures, manifest, and that the entries are those
/// that the manifest lists. At least `threshold` of the signers must have sealed it.
///
/// # Errors
/// When it is refused or cannot be read.
pub fn open(path: &Path, signers: &[Signer], threshold: usize) -> Result<SignedArchive, OpenError> {
    open_as(path, signers, threshold)
}

/// As [`open`], a signed file of any kind.
///
/// # Errors
/// When it is refused or cannot be read.
pub(super) fn open_as<M: Listing>(
    path: &Path,
    signers: &[Signer],
    threshold: usize,
) -> Result<SignedArchive<M>, OpenError> {
    let opened = Archive::open(path).and_then(|archive| {
        // One key for each signer: two keys of one person are one.
        let keys: Vec<_> =
            signers.iter().filter_map(|signer| key_of(signer, archive.envelope())).collect();
        archive.verify_signatures(&keys, threshold)
    });
    opened.map_err(OpenError::of(path))
}

/// The key of a signer that has sealed an archive, or else the first one.
fn key_of(signer: &Signer, envelope: &Envelope) -> Option<PublicKey> {
    match signer.keys.as_slice() {
        [only] => Some(only.clone()),
        keys => keys.iter().find(|key| envelope.is_signed_by(key)).or(keys.first()).cloned(),
    }
}

/// Refuses to judge an archive at a time before it was sealed.
///
/// # Errors
/// [`OpenError::SealedLater`].
pub fn require_sealed_before<M: Listing>(
    archive: &SignedArchive<M>,
    at: Time,
) -> Result<(), OpenError> {
    let sealed_at = archive.manifest().sealed_at();
    if sealed_at <= at {
        return Ok(());
    }
    Err(OpenError::SealedLater { path: archive.path().to_owned(), sealed_at, at })
}

/// What an archive says of itself. Nothing in it was verified.
#[derive(Debug)]
pub struct Inspection {
    /// The archive.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its manifest, and who it says has signed that.
    pub unverified: Unverified,
}

/// Reads what an archive says of itself.
///
/// # Errors
/// When it is malformed or cannot be read.
pub fn inspect(path: &Path) -> Result<Inspection, OpenError> {
    let archive = Archive::open(path).map_err(OpenError::of(path))?;
    let unverified = archive.manifest_unverified().map_err(OpenError::of(path))?;
    Ok(Inspection { path: path.to_owned(), bytes: archive.size(), unverified })
}
