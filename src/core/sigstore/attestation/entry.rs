//! Checks what a log entry says of itself and `sigstore-verify` does not compare.
//!
//! `sigstore-verify` parses the entry as the kind that the bundle names, even if the entry names another.
//! In an entry of kind `intoto` it compares only the signer's key; in all other kinds it compares the
//! whole certificate.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;
use sigstore_types::{DerCertificate, KindVersion, TransparencyLogEntry};
use sigstore_verify::TransparencyLogError;

/// Requires the entry to be of the kind that the bundle says, and to be about this certificate.
///
/// # Errors
/// [`TransparencyLogError::EntryMismatch`], or `MalformedEntry` where it cannot be read.
pub(super) fn require_agreement(
    entry: &TransparencyLogEntry,
    certificate: Option<&DerCertificate>,
) -> Result<(), TransparencyLogError> {
    let body: Value = serde_json::from_slice(entry.canonicalized_body.as_bytes())
        .map_err(|error| TransparencyLogError::MalformedEntry(error.to_string()))?;
    let kind = entry.kind_version;
    for (field, expected) in [("kind", kind.kind()), ("apiVersion", kind.version())] {
        if body.get(field).and_then(Value::as_str) != Some(expected) {
            let other = format!("its {field} is not {expected}");
            return Err(TransparencyLogError::EntryMismatch(other));
        }
    }
    let Some(certificate) = certificate else { return Ok(()) };
    if kind == KindVersion::IntotoV002 && logged_certificate(&body).as_ref() != Some(certificate) {
        let other = "it is about another certificate".to_owned();
        return Err(TransparencyLogError::EntryMismatch(other));
    }
    Ok(())
}

fn logged_certificate(intoto: &Value) -> Option<DerCertificate> {
    let logged = intoto.pointer("/spec/content/envelope/signatures/0/publicKey")?.as_str()?;
    let pem = String::from_utf8(STANDARD.decode(logged).ok()?).ok()?;
    DerCertificate::from_pem(&pem).ok()
}

#[cfg(test)]
mod tests;
