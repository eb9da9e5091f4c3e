//! Adds a signature to an archive, which is examined first.

use std::path::{Path, PathBuf};

use super::{
    archive::{self as opened, OpenError},
    clock::Clock,
    inputs::InputError,
    keys::{self, KeyError},
    news::Listener,
    policy::Loaded,
    report::Report,
    trust::{self, BasisError},
    verify::{self, Bar, Demands, VerifiedArchive, VerifyError},
};
use crate::{
    adapters::{
        archive::{self, Archive, WriteError},
        files::{self, FileError},
    },
    core::{
        archive::{
            dsse::EnvelopeError,
            key::{PublicKey, SigningKey},
        },
        package::digest::Digest,
        policy::Signer,
    },
};

/// What to sign, and under which demands.
#[derive(Debug, Clone)]
pub struct Options {
    /// The archive; it is replaced by the one with the signature.
    pub archive: PathBuf,
    /// The private key that signs.
    pub key: PathBuf,
    /// The public key of who sealed it.
    pub signed_by: PathBuf,
    /// The SHA-256 that the archive must have.
    pub digest: Option<Digest>,
    /// What is demanded. Every tarball is listed, whether this demands it or not.
    pub demands: Demands,
    /// Where trust comes from.
    pub trust: trust::Options,
}

/// An archive that was signed.
#[derive(Debug)]
pub struct Signed {
    /// What was found.
    pub report: Report,
    /// The fingerprint of the key that signed.
    pub fingerprint: String,
}

/// Why an archive was not signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The archive was refused, as the report says.
    #[error("the archive was not signed")]
    Refused(Box<Report>),
    /// It could not be examined to the end.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// A key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// It is not the archive that was asked for.
    #[error("the SHA-256 of {} differs from --digest", archive.display())]
    AnotherArchive {
        /// The archive.
        archive: PathBuf,
        /// Its SHA-256.
        sha256: Digest,
    },
    /// The key has signed it already.
    #[error(transparent)]
    Envelope(EnvelopeError),
    /// The archive with the signature could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Somebody else changed it during the command.
    #[error("{} was changed while it was being signed", .0.display())]
    Changed(PathBuf),
}

impl SignError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Refused(_) | Self::Envelope(_) => None,
            Self::Verify(error) => error.hint(),
            Self::Key(error) => error.hint(),
            Self::File(error) => error.hint(),
            Self::AnotherArchive { sha256, .. } => {
                Some(format!("its SHA-256 is {}", sha256.to_hex()))
            }
            Self::Write(error) => error.hint(),
            Self::Changed(_) => Some("sign it again".to_owned()),
        }
    }

    /// A stable code, for programs.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Verify(error) => error.code(),
            Self::Key(error) => error.code(),
            Self::AnotherArchive { .. } => Some("archive-digest"),
            Self::Envelope(error) => Some(error.code()),
            _ => None,
        }
    }

    /// Whether the archive was examined and refused, or could not be signed at all.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Refused(_) | Self::AnotherArchive { .. } | Self::Envelope(_) => true,
            Self::Verify(error) => error.is_refusal(),
            _ => false,
        }
    }
}

impl From<OpenError> for SignError {
    fn from(error: OpenError) -> Self {
        Self::Verify(error.into())
    }
}

impl From<InputError> for SignError {
    fn from(error: InputError) -> Self {
        Self::Verify(error.into())
    }
}

impl From<BasisError> for SignError {
    fn from(error: BasisError) -> Self {
        Self::Verify(error.into())
    }
}

/// Adds a signature to an archive, which is replaced by the one that has it. The archive is examined
/// first as [`verify`](mod@verify) does.
///
/// # Errors
/// When the archive is refused, is another one than `digest` says, or is signed by this key already;
/// when a file cannot be read or written, or the archive was replaced meanwhile.
pub fn sign(
    options: &Options,
    clock: &Clock,
    listener: &mut dyn Listener,
) -> Result<Signed, SignError> {
    let Loaded { mut policy, sources, .. } = options.demands.load()?;
    let lockfiles = options.demands.locks()?;
    let key = keys::signing(&options.key, listener)?;
    let sealer = Signer::of(keys::load_public(&options.signed_by)?);
    // Whoever signs now is not asked for yet: the seal that is there must be the sealer's.
    policy.signers = vec![sealer.clone()];
    policy.threshold = 1;
    policy.deep = true;
    let target = files::writable(&options.archive)?;
    let archive = opened::open(&options.archive, &policy.signers, 1)?;
    let basis = trust::for_archive(&options.trust, &archive, clock.at)?;
    let bar = Bar { clock, policy, sources, basis: &basis, lockfiles, shared: None };
    let examined = verify::examine(archive, &options.archive, bar)?;
    let verified = examined.admit().map_err(SignError::Refused)?;
    let sha256 = &verified.report().archive.sha256;
    if options.digest.as_ref().is_some_and(|expected| expected != sha256) {
        let (archive, sha256) = (options.archive.clone(), sha256.clone());
        return Err(SignError::AnotherArchive { archive, sha256 });
    }
    add_signature(&verified, &key, sealer, &target, &options.archive)?;
    let fingerprint = PublicKey::from(&key).fingerprint();
    Ok(Signed { report: verified.into_report(), fingerprint })
}

/// Replaces the archive by one with another signature. `named` is what it was called, `target` the file
/// itself.
fn add_signature(
    verified: &VerifiedArchive,
    key: &SigningKey,
    sealer: Signer,
    target: &Path,
    named: &Path,
) -> Result<(), SignError> {
    let archive = verified.archive();
    let mut envelope = archive.envelope().clone();
    envelope.add_signature(key).map_err(SignError::Envelope)?;
    let file = archive::reseal(target, archive, &envelope)?;
    let both = [sealer, Signer::of(PublicKey::from(key))];
    let signed = opened::open(file.path(), &both, 2)?;
    signed.check_rest().map_err(OpenError::of(named))?;
    // Somebody else may have signed during this command.
    let now = Archive::open(target).map_err(OpenError::of(named))?;
    if now.envelope() != archive.envelope() {
        return Err(SignError::Changed(named.to_owned()));
    }
    files::persist(file, target)?;
    Ok(())
}
