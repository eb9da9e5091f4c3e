//! Verification of one Sigstore bundle: who signed, when, and what.
//!
//! The cryptography is `sigstore-verify`'s: times, certificate chain, SCT, log entry, signature
//! (Sigstore client specification, section 4). This module checks what it leaves to its caller: the
//! shape ([`mod@super::bundle`]), the key id, extra certificates, which log it was and when that log
//! was valid, the rest of what the entry says (`entry`), and the reference time. The rules of an
//! ecosystem and [`slsa`](crate::core::slsa) judge what the statement says.

mod entry;
mod refusal;
mod timestamps;

use sigstore_types::{Artifact as Input, ArtifactDigest, DerPublicKey, HashAlgorithm};
use sigstore_verify::{
    CertificateError, Error, PublicKeyVerificationPolicy, TransparencyLogError, VerificationPolicy,
    VerificationResult,
};
use x509_cert::Certificate;

pub use self::refusal::BundleRefusal;
use super::{
    bundle::{Bundle, BundleVersion},
    certificate::{self, Claims},
};
use crate::core::{
    package::digest::{Algorithm, Digest},
    sigstore::statement::AttestedStatement,
    time::{self, Time},
    trust::{AnchorKind, Log, Trust, Window, known_key},
    verdict::{Logged, TimeSource, TimestampSetAside},
};

/// What was signed, as the caller knows it.
#[derive(Debug, Clone, Copy)]
pub enum Artifact<'a> {
    /// Its bytes.
    Bytes(&'a [u8]),
    /// Its digest, of the algorithm that the signature or the statement's subject has.
    Digest(&'a Digest),
}

/// Who must have signed.
#[derive(Debug, Clone, Copy)]
pub enum ExpectedSigner<'a> {
    /// A certificate for this identity (its subject alternative name), from this OIDC issuer.
    Identity {
        /// The identity.
        san: &'a str,
        /// The issuer.
        issuer: &'a str,
    },
    /// A certificate of the instance for any identity: the caller must judge the claims.
    AnyIdentityUnsafe,
    /// This key.
    Key {
        /// Its `SubjectPublicKeyInfo`.
        spki: &'a DerPublicKey,
        /// Its id. The hint must equal it, and so must the DSSE `keyid` if it is given. `None` where keys
        /// have no ids.
        keyid: Option<&'a str>,
    },
}

/// What a verified bundle says.
#[derive(Debug, Clone)]
pub struct BundleFacts {
    /// The version of its format.
    pub version: BundleVersion,
    /// The claims of the certificate; `None` where a key signed.
    pub claims: Option<Claims>,
    /// When it was signed, at the latest.
    pub signed_at: Time,
    /// Who vouches for that time.
    pub time_source: TimeSource,
    /// What the log gave.
    pub logged: Logged,
    /// Timestamps that could not be verified, beside a time that was.
    pub timestamps_set_aside: Vec<TimestampSetAside>,
    /// The statement; `None` where the content is a plain signature.
    pub statement: Option<AttestedStatement>,
}

/// Verifies a bundle from its bytes.
///
/// # Errors
/// [`BundleRefusal`] says what did not hold.
pub fn bundle(
    trust: &Trust,
    bytes: &[u8],
    artifact: Artifact<'_>,
    signer: ExpectedSigner<'_>,
    at: Time,
) -> Result<BundleFacts, BundleRefusal> {
    parsed(trust, &Bundle::parse(bytes)?, artifact, signer, at)
}

/// Verifies a bundle that was parsed before.
///
/// # Errors
/// [`BundleRefusal`] says what did not hold.
pub(crate) fn parsed(
    trust: &Trust,
    bundle: &Bundle,
    artifact: Artifact<'_>,
    signer: ExpectedSigner<'_>,
    at: Time,
) -> Result<BundleFacts, BundleRefusal> {
    // 1. the material that the instance can vouch for, and no other
    let log = log(trust, bundle)?;
    require_known_certificates(trust, bundle)?;
    require_key(bundle, signer)?;
    // 2. the claimed time: sigstore-verify compares it with the system's clock, so it is checked first
    let certificate = bundle.inner.signing_certificate();
    let certificate = certificate.map(|der| certificate::decode(der.as_bytes())).transpose()?;
    require_plausible_time(bundle, certificate.as_ref(), at)?;
    // 3. what sigstore-verify would refuse with a less exact error
    if let Some(certificate) = &certificate {
        known_key(certificate)
            .map_err(|why| BundleRefusal::Unsupported(format!("the certificate's key: {why}")))?;
    }
    let statement = statement(bundle)?;
    // 4. times, chain, SCT, log entry, signature, binding of the artifact
    let verifier = Verification { trust, log, artifact, signer };
    let (result, timestamps_set_aside) = timestamps::verify(&verifier, bundle)
        .map_err(|error| refusal::of(error, promised_time(bundle)))?;
    let entry = bundle.entry();
    if let Some(entry) = entry {
        entry::require_agreement(entry, bundle.inner.signing_certificate())
            .map_err(BundleRefusal::Log)?;
    }
    // 5. the facts, all of them verified
    let (signed_at, time_source) = signing_time(&result, at)?;
    if log.is_some_and(|log| !log.window.contains(signed_at)) {
        return Err(BundleRefusal::LogNotValidThen { signed_at, time_source });
    }
    let claims = certificate.as_ref().map(Claims::of).transpose()?;
    require_identity(claims.as_ref(), signer)?;
    Ok(BundleFacts {
        version: bundle.version,
        claims,
        signed_at,
        time_source,
        logged: Logged {
            promise: entry.is_some_and(|entry| entry.inclusion_promise.is_some()),
            proof: entry.is_some_and(|entry| entry.inclusion_proof.is_some()),
        },
        timestamps_set_aside,
        statement,
    })
}

fn statement(bundle: &Bundle) -> Result<Option<AttestedStatement>, BundleRefusal> {
    let Some(signed) = bundle.envelope() else { return Ok(None) };
    let statement = AttestedStatement::parse(&signed.payload_type, signed.payload.as_bytes())?;
    statement.require_file()?;
    Ok(Some(statement))
}

/// The verifier of the Sigstore crates reads fewer kinds of names than Fulcio gives.
fn require_identity(
    claims: Option<&Claims>,
    signer: ExpectedSigner<'_>,
) -> Result<(), BundleRefusal> {
    let (Some(claims), ExpectedSigner::Identity { san, issuer }) = (claims, signer) else {
        return Ok(());
    };
    if claims.san != san {
        let (expected, found) = (san.to_owned(), claims.san.clone());
        return Err(BundleRefusal::OtherIdentity { expected, found });
    }
    if claims.issuer.as_deref() != Some(issuer) {
        let found = claims.issuer.clone().unwrap_or_else(|| "nowhere".to_owned());
        return Err(BundleRefusal::OtherIssuer { expected: issuer.to_owned(), found });
    }
    Ok(())
}

/// The log that the entry names. An instance with logs demands an entry. An instance without logs
/// (GitHub's) cannot check an entry.
fn log<'t>(trust: &'t Trust, bundle: &Bundle) -> Result<Option<&'t Log>, BundleRefusal> {
    match bundle.entry() {
        None if trust.has(AnchorKind::TransparencyLog) => Err(BundleRefusal::NotLogged),
        None => Ok(None),
        Some(entry) => {
            let id = entry.log_id.key_id.as_bytes();
            let unknown = || match trust.unusable_log(id) {
                Some(log) => {
                    BundleRefusal::UnusableLog { id: hex::encode(id), why: log.why.clone() }
                }
                None => {
                    let log_id = hex::encode(id);
                    BundleRefusal::Log(TransparencyLogError::UnknownLog { log_id })
                }
            };
            trust.log(id).ok_or_else(unknown).map(Some)
        }
    }
}

/// Embedded authority certificates are not trusted (client specification, section 4).
/// Bundles of 2023 carry the whole chain; that is accepted as long as it adds nothing.
fn require_known_certificates(trust: &Trust, bundle: &Bundle) -> Result<(), BundleRefusal> {
    let unknown = bundle
        .extra_certificates()
        .iter()
        .position(|extra| !trust.holds_authority(extra.raw_bytes.as_bytes()));
    match unknown {
        Some(index) => Err(BundleRefusal::ExtraCertificate { position: index + 2 }),
        None => Ok(()),
    }
}

fn require_key(bundle: &Bundle, signer: ExpectedSigner<'_>) -> Result<(), BundleRefusal> {
    let (key, certificate) = ("key", "certificate");
    let (hint, keyid) = match (bundle.key_hint(), signer) {
        (Some(hint), ExpectedSigner::Key { keyid, .. }) => (hint, keyid),
        (None, ExpectedSigner::Key { .. }) => {
            return Err(BundleRefusal::OtherKeyMaterial { found: certificate, expected: key });
        }
        (Some(_), _) => {
            return Err(BundleRefusal::OtherKeyMaterial { found: key, expected: certificate });
        }
        (None, _) => return Ok(()),
    };
    let Some(expected) = keyid else { return Ok(()) };
    let differs = |field, found: &str| BundleRefusal::OtherKeyId {
        field,
        found: found.to_owned(),
        expected: expected.to_owned(),
    };
    if hint != expected {
        return Err(differs("hint", hint));
    }
    if let Some(envelope) = bundle.envelope() {
        let keyid = envelope.signature.keyid.as_str();
        // In DSSE the signer may leave out the key id. The hint names the key.
        if !keyid.is_empty() && keyid != expected {
            return Err(differs("keyid", keyid));
        }
    }
    Ok(())
}

/// `sigstore-verify` compares integrated times with the system's clock. The reference time may be
/// another, and if the clock is wrong the refusal should say so. Nothing is accepted here: the claimed
/// time is verified later.
fn require_plausible_time(
    bundle: &Bundle,
    certificate: Option<&Certificate>,
    at: Time,
) -> Result<(), BundleRefusal> {
    let Some(signed_at) = promised_time(bundle) else { return Ok(()) };
    if signed_at > at {
        return Err(BundleRefusal::AfterReferenceTime { signed_at, at });
    }
    let Some(window) = certificate.and_then(certificate::window) else { return Ok(()) };
    let time = time::to_jiff(signed_at);
    match window {
        Window { start: Some(start), .. } if signed_at < start => {
            let not_before = time::to_jiff(start);
            Err(BundleRefusal::Certificate(CertificateError::NotYetValid { time, not_before }))
        }
        Window { end: Some(end), .. } if signed_at > end => {
            let not_after = time::to_jiff(end);
            Err(BundleRefusal::Certificate(CertificateError::Expired { time, not_after }))
        }
        _ => Ok(()),
    }
}

/// The integrated time, if the bundle has a promise, which can verify it.
fn promised_time(bundle: &Bundle) -> Option<Time> {
    let entry = bundle.entry().filter(|entry| entry.inclusion_promise.is_some())?;
    entry.integrated_time.map(time::from_jiff)
}

/// What a bundle is verified by.
struct Verification<'a> {
    trust: &'a Trust,
    log: Option<&'a Log>,
    artifact: Artifact<'a>,
    signer: ExpectedSigner<'a>,
}

impl Verification<'_> {
    fn verify(&self, bundle: &sigstore_types::Bundle) -> Result<VerificationResult, Error> {
        let input = match self.artifact {
            Artifact::Bytes(bytes) => Input::from_blob(bytes),
            Artifact::Digest(digest) => Input::from_digest(typed(digest)?),
        };
        // Without a log nothing can be checked, and `log` has refused every entry.
        let verifier = self.log.map_or(self.trust.verifier(), |log| &log.verifier);
        if let ExpectedSigner::Key { spki, .. } = self.signer {
            let policy = PublicKeyVerificationPolicy::new(spki.clone());
            let policy = if self.log.is_some() { policy } else { policy.skip_tlog_unsafe() };
            return verifier.verify(input, bundle, &policy);
        }
        // The certificate's identity is compared afterwards.
        let mut policy = VerificationPolicy::any_identity();
        if self.log.is_none() {
            policy = policy.skip_tlog_unsafe();
        }
        if !self.trust.has(AnchorKind::CertificateLog) {
            policy = policy.skip_sct();
        }
        verifier.verify(input, bundle, &policy)
    }
}

fn typed(digest: &Digest) -> Result<ArtifactDigest, Error> {
    let algorithm = match digest.algorithm() {
        Algorithm::Sha256 => HashAlgorithm::Sha2256,
        Algorithm::Sha384 => HashAlgorithm::Sha2384,
        Algorithm::Sha512 => HashAlgorithm::Sha2512,
        Algorithm::Sha1 => {
            return Err(Error::UnsupportedArtifact("SHA-1 identifies no artifact".to_owned()));
        }
    };
    Ok(ArtifactDigest::new(algorithm, digest.bytes())?)
}

fn signing_time(
    result: &VerificationResult,
    at: Time,
) -> Result<(Time, TimeSource), BundleRefusal> {
    let verified = result.verified_timestamps();
    if let Some(latest) = verified.iter().max().map(|latest| time::from_jiff(*latest))
        && latest > at
    {
        return Err(BundleRefusal::AfterReferenceTime { signed_at: latest, at });
    }
    if let Some(integrated) = result.integrated_time() {
        return Ok((time::from_jiff(integrated), TimeSource::TransparencyLog));
    }
    let earliest = verified.iter().min().ok_or(BundleRefusal::NoSigningTime)?;
    Ok((time::from_jiff(*earliest), TimeSource::TimestampAuthority))
}

#[cfg(test)]
mod tests;
