//! The strict parse of a Sigstore bundle (protobuf-specs, `sigstore_bundle.proto`).
//!
//! This module checks the shape only: that all fields are known, that each one-of has one member, and
//! that fields that say the same thing agree. Nothing is verified here.
//!
//! The parser of `sigstore-types` is too lenient: it ignores unknown fields, accepts a list as an object,
//! takes the first member of a one-of, and reads a bundle without a media type as version 0.1. So this
//! module builds the types of that crate itself, from fields that are all known. The bytes are parsed
//! once.
//!
//! Stricter than protobuf's JSON in one point: base64 must be of the standard alphabet, padded,
//! as every known producer writes it.

mod malformed;
mod wire;

use std::{collections::BTreeSet, str::FromStr};

use sigstore_types::{self as types, KindVersion, Sha256Hash, VerificationMaterialContent};

pub use malformed::MalformedBundle;

use crate::core::{json, limits};
use wire::{
    Base64, WireBundle, WireChain, WireEntry, WireEnvelope, WireKey, WireKind, WireMaterial,
    WireMessage, WireProof, WireRaw, WireSignature, WireTimestamp, WireTimestamps,
};

/// The version of the bundle format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BundleVersion {
    /// 0.1: rests on an inclusion promise.
    V0_1,
    /// 0.2: rests on an inclusion proof.
    V0_2,
    /// 0.3: as 0.2, with a single certificate.
    V0_3,
}

impl std::fmt::Display for BundleVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::V0_1 => "0.1",
            Self::V0_2 => "0.2",
            Self::V0_3 => "0.3",
        })
    }
}

/// A bundle whose shape the specification allows. Nothing in it is verified.
#[derive(Debug, Clone)]
pub struct Bundle {
    pub(super) version: BundleVersion,
    pub(super) inner: types::Bundle,
}

impl Bundle {
    /// Parses a bundle.
    ///
    /// # Errors
    /// [`MalformedBundle`] says what the specification does not allow.
    pub fn parse(bytes: &[u8]) -> Result<Self, MalformedBundle> {
        bounded_json("bundle", bytes)?;
        let wire: WireBundle<'_> = serde_json::from_slice(bytes)
            .map_err(|error| MalformedBundle::Json(error.to_string()))?;
        let media_type = wire.media_type.ok_or(MalformedBundle::NoMediaType)?;
        let unsupported = |_| MalformedBundle::MediaType(media_type.to_string());
        let media_type = types::MediaType::from_str(&media_type).map_err(unsupported)?;
        let version = match media_type {
            types::MediaType::Bundle0_1 => BundleVersion::V0_1,
            types::MediaType::Bundle0_2 => BundleVersion::V0_2,
            types::MediaType::Bundle0_3 => BundleVersion::V0_3,
            other => return Err(MalformedBundle::MediaType(other.to_string())),
        };
        let material = material(wire.verification_material, version)?;
        let content = content(wire.message_signature, wire.dsse_envelope)?;
        Ok(Self { version, inner: types::Bundle::new(media_type, material, content) })
    }

    /// The hint that names the public key, if the bundle is signed by a key of its own.
    pub fn key_hint(&self) -> Option<&str> {
        match &self.inner.verification_material.content {
            VerificationMaterialContent::PublicKey(key) => Some(&key.hint),
            _ => None,
        }
    }

    /// The log entry, if there is one.
    pub(super) fn entry(&self) -> Option<&types::TransparencyLogEntry> {
        self.inner.verification_material.tlog_entries.first()
    }

    /// Certificates that come after the leaf.
    pub(super) fn extra_certificates(&self) -> &[types::X509Certificate] {
        match &self.inner.verification_material.content {
            VerificationMaterialContent::X509CertificateChain { certificates } => {
                certificates.get(1..).unwrap_or_default()
            }
            _ => &[],
        }
    }

    /// The DSSE envelope, if that is the content.
    pub(in crate::core) fn envelope(&self) -> Option<&types::DsseEnvelope> {
        match &self.inner.content {
            types::SignatureContent::DsseEnvelope(envelope) => Some(envelope),
            _ => None,
        }
    }
}

fn material(
    wire: WireMaterial<'_>,
    version: BundleVersion,
) -> Result<types::VerificationMaterial, MalformedBundle> {
    let content =
        key_material((wire.certificate, wire.x509_certificate_chain, wire.public_key), version)?;
    let entries = wire.tlog_entries.unwrap_or_default();
    if entries.len() > 1 {
        return Err(MalformedBundle::SeveralEntries(entries.len()));
    }
    let entries = entries
        .into_iter()
        .map(|wire| entry(wire, version))
        .collect::<Result<Vec<_>, MalformedBundle>>()?;
    Ok(types::VerificationMaterial::new(content)
        .with_tlog_entries(entries)
        .with_timestamp_verification_data(timestamps(wire.timestamp_verification_data)?))
}

/// What the signature is verified by: exactly one of the three.
fn key_material(
    wire: (Option<WireRaw>, Option<WireChain>, Option<WireKey<'_>>),
    version: BundleVersion,
) -> Result<VerificationMaterialContent, MalformedBundle> {
    let form = |found| MalformedBundle::CertificateForm { version, found };
    Ok(match wire {
        (Some(certificate), None, None) => {
            if version < BundleVersion::V0_3 {
                return Err(form("single certificate"));
            }
            let der = bounded_der("certificate", certificate.raw_bytes)?;
            VerificationMaterialContent::Certificate(types::CertificateContent::new(
                types::DerCertificate::new(der),
            ))
        }
        (None, Some(chain), None) => {
            if version >= BundleVersion::V0_3 {
                return Err(form("certificate chain"));
            }
            if chain.certificates.is_empty() {
                return Err(MalformedBundle::EmptyChain);
            }
            let certificate = |wire: WireRaw| {
                let der = bounded_der("certificate", wire.raw_bytes)?;
                Ok(types::X509Certificate::new(types::DerCertificate::new(der)))
            };
            let certificates =
                chain.certificates.into_iter().map(certificate).collect::<Result<_, _>>()?;
            VerificationMaterialContent::X509CertificateChain { certificates }
        }
        (None, None, Some(key)) => VerificationMaterialContent::PublicKey(
            types::PublicKeyIdentifier::new(key.hint.unwrap_or_default()),
        ),
        (certificate, chain, key) => {
            return Err(MalformedBundle::KeyMaterial(
                usize::from(certificate.is_some())
                    + usize::from(chain.is_some())
                    + usize::from(key.is_some()),
            ));
        }
    })
}

fn entry_kind(wire: &WireKind<'_>) -> Result<KindVersion, MalformedBundle> {
    match (&*wire.kind, &*wire.version) {
        ("hashedrekord", "0.0.1") => Ok(KindVersion::HashedRekordV001),
        ("hashedrekord", "0.0.2") => Ok(KindVersion::HashedRekordV002),
        ("dsse", "0.0.1") => Ok(KindVersion::DsseV001),
        ("intoto", "0.0.2") => Ok(KindVersion::IntotoV002),
        // Rekor v2 gave this kind before its first release. Now it gives only `hashedrekord`.
        (kind @ "dsse", version @ "0.0.2") => {
            Err(MalformedBundle::WithdrawnEntryKind(format!("{kind} {version}")))
        }
        (kind, version) => Err(MalformedBundle::EntryKind(format!("{kind} {version}"))),
    }
}

fn entry(
    wire: WireEntry<'_>,
    version: BundleVersion,
) -> Result<types::TransparencyLogEntry, MalformedBundle> {
    let kind = entry_kind(&wire.kind_version)?;
    let is_v2 = kind == KindVersion::HashedRekordV002;
    bounded_json("log entry", &wire.canonicalized_body.0)?;
    let log_index = wire.log_index.unwrap_or_default();
    let mut entry = types::TransparencyLogEntry::new(
        log_index.index()?,
        types::LogId::new(types::LogKeyId::new(wire.log_id.key_id.0)),
        kind,
        types::CanonicalizedBody::new(wire.canonicalized_body.0),
    );
    // Protobuf cannot tell 0 from absent.
    let seconds = wire.integrated_time.unwrap_or_default().0;
    if seconds != 0 {
        if is_v2 {
            return Err(MalformedBundle::RekorV2("integrated time"));
        }
        let time = jiff::Timestamp::from_second(seconds)
            .map_err(|error| MalformedBundle::Json(format!("integratedTime: {error}")))?;
        entry = entry.with_integrated_time(time);
    }
    if let Some(promise) = wire.inclusion_promise {
        if is_v2 {
            return Err(MalformedBundle::RekorV2("inclusion promise"));
        }
        entry = entry.with_inclusion_promise(types::InclusionPromise::new(
            types::SignedTimestamp::new(promise.signed_entry_timestamp.0),
        ));
    } else if version == BundleVersion::V0_1 {
        return Err(MalformedBundle::NoPromise);
    }
    match wire.inclusion_proof {
        // Some bundles of 2023 carry a proof without checkpoint. It proves nothing, and version 0.1
        // rests on the promise: the proof is set aside.
        Some(proof) if version == BundleVersion::V0_1 && proof.checkpoint.is_none() => {}
        Some(proof) => {
            let proof = inclusion_proof(proof)?;
            if is_v2 && proof.log_index != entry.log_index {
                return Err(disagreement("log index", proof.log_index, entry.log_index));
            }
            entry = entry.with_inclusion_proof(proof);
        }
        None if version == BundleVersion::V0_1 => {}
        None => return Err(MalformedBundle::NoProof(version)),
    }
    Ok(entry)
}

fn inclusion_proof(wire: WireProof<'_>) -> Result<types::InclusionProof, MalformedBundle> {
    let root_hash = hash(&wire.root_hash)?;
    let hashes = wire.hashes.unwrap_or_default();
    let hashes = hashes.iter().map(hash).collect::<Result<Vec<_>, _>>()?;
    let checkpoint = wire.checkpoint.ok_or(MalformedBundle::NoCheckpoint)?;
    let envelope = checkpoint.envelope;
    let (bytes, max) = (envelope.len(), limits::CHECKPOINT_BYTES);
    if bytes > max {
        return Err(MalformedBundle::TooLarge { part: "checkpoint", bytes, max });
    }
    if !is_signed_note(&envelope) {
        return Err(MalformedBundle::Checkpoint("not in the form of a signed note".to_owned()));
    }
    let data = types::CheckpointData::new(envelope)
        .map_err(|error| MalformedBundle::Checkpoint(error.to_string()))?;
    let checkpoint = data.checkpoint().ok_or(MalformedBundle::NoCheckpoint)?;
    if root_hash != *checkpoint.root_hash() {
        let found = checkpoint.root_hash().to_hex();
        return Err(disagreement("root hash", root_hash.to_hex(), found));
    }
    let size = wire.tree_size.index()?.get();
    if size != checkpoint.tree_size() {
        return Err(disagreement("tree size", size, checkpoint.tree_size()));
    }
    let index = wire.log_index.unwrap_or_default().index()?;
    Ok(types::InclusionProof::new(index, root_hash, size, hashes, data))
}

/// Requires a text, an empty line, and lines of a dash, a name and a signature (C2SP `signed-note`).
/// Parsers read further empty lines differently, and ignore further words.
fn is_signed_note(note: &str) -> bool {
    let signatures = |signatures: &str| {
        signatures.strip_suffix('\n').is_some_and(|lines| lines.split('\n').all(is_signature))
    };
    note.split_once("\n\n").is_some_and(|(_, lines)| signatures(lines))
}

fn is_signature(line: &str) -> bool {
    let words = line.strip_prefix("\u{2014} ").and_then(|words| words.split_once(' '));
    let is_word = |word: &str| !word.is_empty() && !word.contains(char::is_whitespace);
    words.is_some_and(|(name, signature)| is_word(name) && is_word(signature))
}

fn disagreement(
    field: &'static str,
    proof: impl ToString,
    other: impl ToString,
) -> MalformedBundle {
    MalformedBundle::ProofDisagrees { field, proof: proof.to_string(), other: other.to_string() }
}

fn bounded_json(part: &'static str, json: &[u8]) -> Result<(), MalformedBundle> {
    match json::values(json) {
        values if values > limits::EVIDENCE_VALUES => {
            Err(MalformedBundle::TooManyValues { part, values })
        }
        _ => Ok(()),
    }
}

fn bounded_der(part: &'static str, der: Base64) -> Result<Vec<u8>, MalformedBundle> {
    let (bytes, max) = (der.0.len(), limits::BUNDLE_DER_BYTES);
    if bytes > max {
        return Err(MalformedBundle::TooLarge { part, bytes, max });
    }
    Ok(der.0)
}

fn hash(bytes: &Base64) -> Result<Sha256Hash, MalformedBundle> {
    Sha256Hash::try_from(bytes.0.as_slice())
        .map_err(|error| MalformedBundle::Json(error.to_string()))
}

fn timestamps(
    wire: Option<WireTimestamps>,
) -> Result<types::TimestampVerificationData, MalformedBundle> {
    let tokens = wire.and_then(|wire| wire.rfc3161_timestamps).unwrap_or_default();
    if tokens.len() > limits::BUNDLE_TIMESTAMPS {
        return Err(MalformedBundle::TooManyTimestamps(tokens.len()));
    }
    let mut seen = BTreeSet::new();
    if !tokens.iter().all(|token| seen.insert(&token.signed_timestamp.0)) {
        return Err(MalformedBundle::RepeatedTimestamp);
    }
    let token = |wire: WireTimestamp| {
        let der = bounded_der("timestamp", wire.signed_timestamp)?;
        Ok(types::Rfc3161Timestamp::new(types::TimestampToken::new(der)))
    };
    let tokens = tokens.into_iter().map(token).collect::<Result<_, _>>()?;
    Ok(types::TimestampVerificationData::new(tokens))
}

fn content(
    message: Option<WireMessage<'_>>,
    envelope: Option<WireEnvelope<'_>>,
) -> Result<types::SignatureContent, MalformedBundle> {
    match (message, envelope) {
        (Some(message), None) => message_signature(message),
        (None, Some(envelope)) => dsse_envelope(envelope),
        (None, None) => Err(MalformedBundle::Content(0)),
        (Some(_), Some(_)) => Err(MalformedBundle::Content(2)),
    }
}

fn message_signature(wire: WireMessage<'_>) -> Result<types::SignatureContent, MalformedBundle> {
    let mut message = types::MessageSignature::new(types::SignatureBytes::new(wire.signature.0));
    if let Some(digest) = wire.message_digest {
        let algorithm = match &*digest.algorithm {
            "SHA2_256" => types::HashAlgorithm::Sha2256,
            "SHA2_384" => types::HashAlgorithm::Sha2384,
            "SHA2_512" => types::HashAlgorithm::Sha2512,
            other => return Err(MalformedBundle::Json(format!("unsupported digest {other:?}"))),
        };
        message = message.with_message_digest(types::MessageDigest::new(
            algorithm,
            types::DigestBytes::new(digest.digest.0),
        ));
    }
    Ok(types::SignatureContent::MessageSignature(message))
}

fn dsse_envelope(wire: WireEnvelope<'_>) -> Result<types::SignatureContent, MalformedBundle> {
    let count = wire.signatures.len();
    let Ok([signature]) = <[WireSignature<'_>; 1]>::try_from(wire.signatures) else {
        return Err(MalformedBundle::Signatures(count));
    };
    bounded_json("statement", &wire.payload.0)?;
    let signature = types::DsseSignature::new(
        types::SignatureBytes::new(signature.sig.0),
        types::KeyId::new(signature.keyid.unwrap_or_default()),
    );
    Ok(types::SignatureContent::DsseEnvelope(types::DsseEnvelope::new(
        wire.payload_type,
        types::PayloadBytes::new(wire.payload.0),
        signature,
    )))
}

#[cfg(test)]
mod tests;
