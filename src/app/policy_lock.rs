//! Writes who built each package of an archive, once the archive is verified.

use std::path::PathBuf;

use super::{
    archive::OpenError,
    clock::Clock,
    policy::{self, PolicyError},
    report::{Report, Verdict},
    verify::{self, VerifyError},
};
use crate::{
    adapters::files::{self, FileError},
    core::policy::{Denial, Identities, IdentityChanges},
};

/// What to lock.
#[derive(Debug, Clone)]
pub struct Options {
    /// The archive, and what is demanded of it.
    pub verify: verify::Options,
    /// The file of identities.
    pub output: PathBuf,
    /// Whether the file is there and takes over what is found newly.
    pub update: bool,
}

/// Identities that were written.
#[derive(Debug)]
pub struct WrittenIdentities {
    /// What the file holds now.
    pub identities: Identities,
    /// What differs from before.
    pub changes: IdentityChanges,
    /// What was found of the archive.
    pub report: Report,
}

/// Why no identities were written.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// The archive was refused, as the report says.
    #[error("no identities were written")]
    Refused(Box<Report>),
    /// The file is there, and nobody asked to update it.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    /// The file knows versions with other bytes than the archive has.
    #[error("the archive has other bytes than before of {}", .0.join(", "))]
    BytesChanged(Vec<String>),
    /// The archive could not be examined.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

impl LockError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Refused(_) => return None,
            Self::Exists(_) => "--update shows what changes, and writes it",
            Self::BytesChanged(_) => {
                "no honest release changes the bytes of a version; if you know why, remove the \
                 version from the file by hand"
            }
            Self::Verify(error) => return error.hint(),
            Self::File(error) if error.is_not_found() => {
                "--update changes a file that is there; without it, a new one is written"
            }
            Self::File(error) => return error.hint(),
        };
        Some(hint.to_owned())
    }

    /// A stable code, for programs.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::BytesChanged(_) => Some("bytes-changed"),
            Self::Verify(error) => error.code(),
            Self::Refused(_) | Self::Exists(_) | Self::File(_) => None,
        }
    }

    /// Whether the archive was examined and refused, or nothing could be locked at all.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Refused(_) | Self::BytesChanged(_) => true,
            Self::Verify(error) => error.is_refusal(),
            Self::Exists(_) | Self::File(_) => false,
        }
    }
}

impl From<PolicyError> for LockError {
    fn from(error: PolicyError) -> Self {
        match error {
            PolicyError::File(error) => Self::File(error),
            error => Self::Verify(error.into()),
        }
    }
}

impl From<OpenError> for LockError {
    fn from(error: OpenError) -> Self {
        Self::Verify(error.into())
    }
}

/// Verifies an archive as [`verify`](verify::verify) does, then writes who built each package of it.
///
/// Where the policy names this very file, the differences from it that an update is for do not stop the
/// update: another builder, lost evidence, an unknown release line. Other bytes of a known version do.
///
/// # Errors
/// When the archive is refused or cannot be examined, and when the file cannot be written.
pub fn lock(options: &Options, clock: &Clock) -> Result<WrittenIdentities, LockError> {
    let output = files::writable(&options.output)?;
    let before = match options.update {
        true => policy::load_identities(&output)?,
        false if files::is_there(&output) => return Err(LockError::Exists(output)),
        false => Identities::default(),
    };
    let demands = &options.verify.terms.demands;
    let loaded = policy::load_before(&demands.policies, Some(&output));
    let loaded = demands.complete(loaded.map_err(VerifyError::from)?)?;
    let is_own = loaded.identities.iter().all(|path| files::is_same_place(path, &output));
    let mut report = verify::verify_by(&options.verify, loaded, clock)?.into_report();
    if is_own {
        for package in &mut report.packages {
            package.judgment.denials.retain(|denial| !is_updated(denial));
        }
    }
    if report.verdict() == Verdict::Refused {
        return Err(LockError::Refused(Box::new(report)));
    }
    let packages = report.packages.iter();
    let found = packages.map(|judged| (&judged.purl, &judged.verdict, &judged.digest));
    let identities = before.clone().updated(Identities::of(found));
    let changes = IdentityChanges::between(&before, &identities);
    let bytes = changes.bytes_changed();
    if !bytes.is_empty() {
        return Err(LockError::BytesChanged(bytes));
    }
    files::write(&output, identities.to_string().as_bytes(), options.update)?;
    Ok(WrittenIdentities { identities, changes, report })
}

/// Whether an update of the identities is what takes a denial away.
fn is_updated(denial: &Denial) -> bool {
    matches!(
        denial,
        Denial::IdentityChanged(_) | Denial::EvidenceLost { .. } | Denial::IdentityUnknown
    )
}
