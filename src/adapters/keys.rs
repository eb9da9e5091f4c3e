//! Key files, Ed25519 and ECDSA P-256: private keys as PKCS#8 PEM, public keys as SPKI PEM, both as
//! OpenSSL reads and writes them.
//!
//! This module does not decide where keys are kept, and does not decrypt them.
#![allow(clippy::disallowed_methods)] // this is where key files are touched

use std::{
    fs::OpenOptions,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use ed25519_dalek::{
    SecretKey, VerifyingKey,
    pkcs8::{
        EncodePrivateKey as _, KeypairBytes, ObjectIdentifier, PrivateKeyInfoRef, SecretDocument,
        spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef, der::pem::LineEnding},
    },
};
use zeroize::{Zeroize as _, Zeroizing};

use crate::{
    adapters::files::{self, FileError, KeyFile},
    core::{
        archive::key::{PublicKey, SigningKey},
        limits,
    },
};

/// A key file that could not be read, written or used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file itself.
    #[error(transparent)]
    File(#[from] FileError),
    /// The system has no randomness to give.
    #[error("cannot get random bytes from the system: {0}")]
    Random(String),
    /// It is not PEM, or its content does not fit its label.
    #[error("{} holds no key in PEM form", .0.display())]
    Malformed(PathBuf),
    /// A private key where a public one is due.
    #[error("{} holds a private key, and a public key is needed", .0.display())]
    PrivateGiven(PathBuf),
    /// A public key where a private one is due.
    #[error("{} holds a public key, and a private key is needed", .0.display())]
    PublicGiven(PathBuf),
    /// A private key that a passphrase protects.
    #[error("the private key in {} is encrypted", .0.display())]
    Encrypted(PathBuf),
    /// A key of another algorithm, or something that is not a key.
    #[error("{} holds {found}, and only Ed25519 and P-256 keys are supported", path.display())]
    OtherType {
        /// The file.
        path: PathBuf,
        /// What it holds.
        found: String,
    },
    /// A weak public key: signatures can be made without the private key.
    #[error("the public key in {} is weak", .0.display())]
    Weak(PathBuf),
}

impl KeyError {
    /// A stable code, for programs: of a file that holds no key that can be used.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::File(_) | Self::Random(_) => None,
            _ => Some("key-file"),
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::PrivateGiven(path) => {
                format!("the public key of a generated key is in {}.pub", path.display())
            }
            Self::Encrypted(path) => format!(
                "sealift does not decrypt keys; `openssl pkey -in {}` writes it in the clear",
                path.display()
            ),
            Self::OtherType { .. } => {
                "`sealift key generate` makes an Ed25519 key, or with `--algorithm ecdsa-p256` \
                 a P-256 key"
                    .to_owned()
            }
            Self::File(FileError::Exists(_)) => {
                "keys are never overwritten; choose another file".to_owned()
            }
            Self::File(error) => return error.hint(),
            _ => return None,
        };
        Some(hint)
    }
}

/// A private key, and how well its file keeps it.
#[derive(Debug)]
pub struct PrivateKey {
    /// The key. Its memory is overwritten when it is dropped.
    pub key: SigningKey,
    /// Whether the file's mode lets others than its owner read it (never on Windows, where access
    /// lists decide).
    pub readable_by_others: bool,
}

/// What kind of key to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyAlgorithm {
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// ECDSA on the curve P-256, over SHA-256.
    EcdsaP256,
}

/// Makes a key: the private one in `path` with mode 0600, the public one in `path` with `.pub`
/// added. Overwrites neither.
///
/// # Errors
/// When one of the files exists or cannot be written; then neither is left behind.
pub fn generate(path: &Path, algorithm: KeyAlgorithm) -> Result<PublicKey, KeyError> {
    let (key, pem) = match algorithm {
        KeyAlgorithm::Ed25519 => ed25519()?,
        KeyAlgorithm::EcdsaP256 => p256()?,
    };
    let pem = pem.ok_or_else(|| KeyError::Malformed(path.to_owned()))?;
    let public = key.public();
    create(path, pem.as_bytes(), 0o600)?;
    if let Err(error) = create(&public_path(path), public.to_pem().as_bytes(), 0o644) {
        remove(path)?;
        return Err(error.into());
    }
    Ok(public)
}

/// A new key, and its PKCS#8 in PEM.
type NewKey = (SigningKey, Option<Zeroizing<String>>);

fn ed25519() -> Result<NewKey, KeyError> {
    let mut secret: Zeroizing<SecretKey> = Zeroizing::new([0; 32]);
    getrandom::fill(secret.as_mut_slice()).map_err(|error| KeyError::Random(error.to_string()))?;
    Ok((SigningKey::ed25519(&secret), private_pem(&secret)))
}

fn p256() -> Result<NewKey, KeyError> {
    let failed = || KeyError::Random("the library made no P-256 key".to_owned());
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(|_| failed())?;
    let der = pair.to_pkcs8v1().map_err(|_| failed())?;
    let key = SigningKey::p256(der.as_ref()).ok_or_else(failed)?;
    let document = SecretDocument::try_from(der.as_ref()).ok();
    let pem = document.and_then(|der| der.to_pem("PRIVATE KEY", LineEnding::LF).ok());
    Ok((key, pem))
}

/// Where [`generate`] puts the public key: the private key's path with `.pub` added.
pub fn public_path(private: &Path) -> PathBuf {
    let mut path = private.as_os_str().to_owned();
    path.push(".pub");
    path.into()
}

/// Reads a private key.
///
/// # Errors
/// When the file cannot be read, or holds anything but one unencrypted private key of a supported kind.
pub fn load_private(path: &Path) -> Result<PrivateKey, KeyError> {
    private(&Pem::read(path)?)
}

/// Reads a public key.
///
/// # Errors
/// When the file cannot be read, or holds anything but one public key of a supported kind.
pub fn load_public(path: &Path) -> Result<PublicKey, KeyError> {
    public(&Pem::read(path)?)
}

/// Reads a public key, or the public half of a private one. The file is read once: it may be a pipe.
///
/// # Errors
/// As [`load_public`] and `load_private`.
pub fn load_public_half(path: &Path) -> Result<PublicKey, KeyError> {
    let pem = Pem::read(path)?;
    match public(&pem) {
        Err(KeyError::PrivateGiven(_)) => Ok(PublicKey::from(&private(&pem)?.key)),
        found => found,
    }
}

fn private(pem: &Pem) -> Result<PrivateKey, KeyError> {
    let path = pem.path.as_path();
    pem.file.require_own()?;
    match pem.label()? {
        "PRIVATE KEY" => {}
        "PUBLIC KEY" => return Err(KeyError::PublicGiven(path.to_owned())),
        "ENCRYPTED PRIVATE KEY" => return Err(KeyError::Encrypted(path.to_owned())),
        label => return Err(other_type(path, label_name(label))),
    }
    let der = pem.decode()?;
    let info: PrivateKeyInfoRef<'_> = der.decode_msg().map_err(|_| pem.malformed())?;
    let key = match algorithm(path, &info.algorithm)? {
        KeyAlgorithm::Ed25519 => ed25519_private(info),
        KeyAlgorithm::EcdsaP256 => SigningKey::p256(der.as_bytes()),
    };
    let key = key.ok_or_else(|| pem.malformed())?;
    Ok(PrivateKey { key, readable_by_others: pem.file.is_readable_by_others() })
}

fn ed25519_private(info: PrivateKeyInfoRef<'_>) -> Option<SigningKey> {
    let mut pair = KeypairBytes::try_from(info).ok()?;
    // If the file has a public key as well, it must fit the private one.
    let fits = ed25519_dalek::SigningKey::try_from(&pair).is_ok();
    let key = fits.then(|| SigningKey::ed25519(&pair.secret_key));
    pair.secret_key.zeroize();
    key
}

fn public(pem: &Pem) -> Result<PublicKey, KeyError> {
    let path = pem.path.as_path();
    pem.file.require_not_everybodys()?;
    match pem.label()? {
        "PUBLIC KEY" => {}
        "PRIVATE KEY" | "ENCRYPTED PRIVATE KEY" => {
            return Err(KeyError::PrivateGiven(path.to_owned()));
        }
        label => return Err(other_type(path, label_name(label))),
    }
    let der = pem.decode()?;
    let info: SubjectPublicKeyInfoRef<'_> = der.decode_msg().map_err(|_| pem.malformed())?;
    if algorithm(path, &info.algorithm)? == KeyAlgorithm::EcdsaP256 {
        let point = info.subject_public_key.as_bytes().unwrap_or_default();
        if let [2 | 3, ..] = point {
            return Err(other_type(path, "a P-256 key with a compressed point".to_owned()));
        }
        return PublicKey::p256(point).ok_or_else(|| pem.malformed());
    }
    let key = VerifyingKey::try_from(info).map_err(|_| pem.malformed())?;
    if key.is_weak() {
        return Err(KeyError::Weak(path.to_owned()));
    }
    Ok(key.into())
}

/// A file with PEM in it. Encapsulation boundaries are those of RFC 7468, section 2.
struct Pem {
    path: PathBuf,
    text: Zeroizing<String>,
    file: KeyFile,
}

impl Pem {
    fn read(path: &Path) -> Result<Self, KeyError> {
        let (bytes, file) = files::read_key(path, limits::KEY_BYTES)?;
        let bytes = Zeroizing::new(bytes);
        let text = std::str::from_utf8(&bytes).map_err(|_| KeyError::Malformed(path.to_owned()))?;
        let text = Zeroizing::new(text.to_owned());
        Ok(Self { path: path.to_owned(), text, file })
    }

    /// What the first block says that it is.
    fn label(&self) -> Result<&str, KeyError> {
        let label =
            self.text.split_once("-----BEGIN ").and_then(|(_, rest)| rest.split_once("-----"));
        Ok(label.ok_or_else(|| self.malformed())?.0)
    }

    /// The one block's content.
    fn decode(&self) -> Result<SecretDocument, KeyError> {
        if self.text.matches("-----BEGIN ").count() != 1 {
            return Err(self.malformed());
        }
        // A key out of a variable may have an empty line at its end.
        let text = self.text.trim_end();
        let (_, der) = SecretDocument::from_pem(text).map_err(|_| self.malformed())?;
        Ok(der)
    }

    fn malformed(&self) -> KeyError {
        KeyError::Malformed(self.path.clone())
    }
}

fn private_pem(secret: &SecretKey) -> Option<Zeroizing<String>> {
    // Without the public key it is PKCS#8 version 1 (RFC 5208); OpenSSL before 3.0 reads no other.
    let mut pair = KeypairBytes { secret_key: *secret, public_key: None };
    let pem = pair.to_pkcs8_pem(LineEnding::LF).ok();
    pair.secret_key.zeroize();
    pem
}

fn algorithm(
    path: &Path,
    algorithm: &AlgorithmIdentifierRef<'_>,
) -> Result<KeyAlgorithm, KeyError> {
    let oid = algorithm.oid.to_string();
    let name = match oid.as_str() {
        "1.3.101.112" => return Ok(KeyAlgorithm::Ed25519),
        "1.2.840.113549.1.1.1" | "1.2.840.113549.1.1.10" => "an RSA key".to_owned(),
        "1.3.101.113" => "an Ed448 key".to_owned(),
        "1.3.101.110" => "an X25519 key".to_owned(),
        "1.2.840.10045.2.1" => {
            let curve =
                algorithm.parameters.and_then(|any| any.decode_as::<ObjectIdentifier>().ok());
            match curve.map(|oid| oid.to_string()).as_deref() {
                Some("1.2.840.10045.3.1.7") => return Ok(KeyAlgorithm::EcdsaP256),
                Some("1.3.132.0.34") => "a P-384 key".to_owned(),
                Some("1.3.132.0.35") => "a P-521 key".to_owned(),
                Some("1.3.132.0.10") => "a secp256k1 key".to_owned(),
                _ => "an elliptic curve key".to_owned(),
            }
        }
        _ => format!("a key of the algorithm {oid}"),
    };
    Err(other_type(path, name))
}

fn label_name(label: &str) -> String {
    match label {
        "RSA PRIVATE KEY" | "RSA PUBLIC KEY" => "an RSA key".to_owned(),
        "EC PRIVATE KEY" | "EC PARAMETERS" => "an elliptic curve key".to_owned(),
        "OPENSSH PRIVATE KEY" => "a key in OpenSSH's own form".to_owned(),
        "CERTIFICATE" => "a certificate".to_owned(),
        label => format!("a {:?}", label.to_lowercase()),
    }
}

fn other_type(path: &Path, found: String) -> KeyError {
    KeyError::OtherType { path: path.to_owned(), found }
}

/// Writes a new file of that mode; one that cannot be written in full is removed again.
fn create(path: &Path, bytes: &[u8], mode: u32) -> Result<(), FileError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let mut file = options.open(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => FileError::Exists(path.to_owned()),
        _ => FileError::io("write", path, error),
    })?;
    if let Err(error) = file.write_all(bytes).and_then(|()| file.sync_all()) {
        remove(path)?;
        return Err(FileError::io("write", path, error));
    }
    Ok(())
}

fn remove(path: &Path) -> Result<(), FileError> {
    std::fs::remove_file(path).map_err(|error| FileError::io("remove", path, error))
}

#[cfg(test)]
mod tests;
