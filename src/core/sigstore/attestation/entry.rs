//! Checks what a log entry says of itself and `sigstore-verify` does not compare.
//!
//! `sigstore-verify` parses the entry as the kind that the bundle names, even if the entry names another.
//! In an entry of kind `intoto` it compares only the signer's key; in all other kinds it compares the
//! whole certificate.

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use sigstore_types::{DerCertificate, KindVersion, TransparencyLogEntry};
use sigstore_verify::TransparencyLogError;

use crate::core::json::objects_only;

objects_only!(Body<'a>, Spec<'a>, Content<'a>, LoggedEnvelope<'a>, LoggedSignature<'a>);

/// What is read of an entry: its kind, and the signer's key where the kind is `intoto`.
#[derive(Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
struct Body<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    api_version: Cow<'a, str>,
    #[serde(borrow)]
    spec: Spec<'a>,
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
struct Spec<'a> {
    #[serde(borrow)]
    content: Option<Content<'a>>,
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
struct Content<'a> {
    #[serde(borrow)]
    envelope: LoggedEnvelope<'a>,
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
struct LoggedEnvelope<'a> {
    #[serde(borrow)]
    signatures: Vec<LoggedSignature<'a>>,
}

#[derive(Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
struct LoggedSignature<'a> {
    #[serde(borrow)]
    public_key: Cow<'a, str>,
}

/// Requires the entry to be of the kind that the bundle says, and to be about this certificate.
///
/// # Errors
/// [`TransparencyLogError::EntryMismatch`], or `MalformedEntry` where it cannot be read.
pub(super) fn require_agreement(
    entry: &TransparencyLogEntry,
    certificate: Option<&DerCertificate>,
) -> Result<(), TransparencyLogError> {
    let body: Body<'_> = serde_json::from_slice(entry.canonicalized_body.as_bytes())
        .map_err(|error| TransparencyLogError::MalformedEntry(error.to_string()))?;
    let kind = entry.kind_version;
    let fields =
        [("kind", &body.kind, kind.kind()), ("apiVersion", &body.api_version, kind.version())];
    for (field, found, expected) in fields {
        if found != expected {
            let other = format!("its {field} is not {expected}");
            return Err(TransparencyLogError::EntryMismatch(other));
        }
    }
    let Some(certificate) = certificate else { return Ok(()) };
    if kind == KindVersion::IntotoV002 && !is_about(&body, certificate).unwrap_or_default() {
        let other = "it is about another certificate".to_owned();
        return Err(TransparencyLogError::EntryMismatch(other));
    }
    Ok(())
}

/// Whether an entry of kind `intoto` is about this certificate; `None` where it has none.
fn is_about(intoto: &Body<'_>, certificate: &DerCertificate) -> Option<bool> {
    let logged = intoto.spec.content.as_ref()?.envelope.signatures.first()?;
    let pem = STANDARD.decode(&*logged.public_key).ok()?;
    // To compare two texts takes a fraction of the time that it takes to read one.
    let base64 = STANDARD.encode(certificate.as_bytes());
    let usual = ["-----BEGIN CERTIFICATE-----", &base64, "-----END CERTIFICATE-----"].concat();
    let lines = pem.split(|byte| *byte == b'\n').flatten();
    let same = lines.eq(usual.as_bytes());
    Some(same || DerCertificate::from_pem(str::from_utf8(&pem).ok()?).ok()? == *certificate)
}

#[cfg(test)]
mod tests;
