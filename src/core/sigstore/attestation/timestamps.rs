//! Timestamps that cannot be verified are set aside where another time was verified.
//!
//! `sigstore-verify` refuses a bundle for one timestamp that it cannot verify. But a timestamp by an
//! authority that the trusted root does not have says nothing, and does no harm beside a promise or a
//! timestamp that verifies. So `sigstore-verify` gets such a bundle once more, without the timestamps
//! that it could not verify. It judges all times that are left. If the bundle does not verify then, it
//! is refused for the timestamp.

use sigstore_types::{Bundle as Inner, Rfc3161Timestamp};
use sigstore_verify::{Error, VerificationResult};

use super::{Verification, promised_time};
use crate::core::{sigstore::bundle::Bundle, text::bounded, verdict::TimestampSetAside};

/// Verifies a bundle. One whose timestamps verify is verified once.
pub(super) fn verify(
    verification: &Verification<'_>,
    bundle: &Bundle,
) -> Result<(VerificationResult, Vec<TimestampSetAside>), Error> {
    let refused = match verification.verify(&bundle.inner) {
        Ok(result) => return Ok((result, Vec::new())),
        Err(refused @ Error::Timestamp(_)) => refused,
        Err(other) => return Err(other),
    };
    let all = timestamps(&bundle.inner);
    let (mut kept, mut set_aside) = (Vec::new(), Vec::new());
    for (index, timestamp) in all.iter().enumerate() {
        // A timestamp that verifies is, alone, either accepted or refused for something else. If it is
        // the bundle's only timestamp, it was judged already.
        let found = match all {
            [_] => Err(refused.to_string()),
            _ => look(verification, &bundle.inner, timestamp),
        };
        match found {
            Ok(()) => kept.push(timestamp.clone()),
            Err(why) => {
                set_aside.push(TimestampSetAside { position: index + 1, why: bounded(&why) });
            }
        }
    }
    // Without another time, the bundle is refused for the timestamp.
    if kept.is_empty() && promised_time(bundle).is_none() || set_aside.is_empty() {
        return Err(refused);
    }
    let result = verification.verify(&with(&bundle.inner, kept))?;
    Ok((result, set_aside))
}

/// Why this timestamp cannot be verified.
fn look(
    verification: &Verification<'_>,
    bundle: &Inner,
    timestamp: &Rfc3161Timestamp,
) -> Result<(), String> {
    match verification.verify(&with(bundle, vec![timestamp.clone()])) {
        Err(Error::Timestamp(error)) => Err(error.to_string()),
        Ok(_) | Err(_) => Ok(()),
    }
}

fn timestamps(bundle: &Inner) -> &[Rfc3161Timestamp] {
    &bundle.verification_material.timestamp_verification_data.rfc3161_timestamps
}

/// The bundle with these timestamps and no others.
fn with(bundle: &Inner, timestamps: Vec<Rfc3161Timestamp>) -> Inner {
    let mut bundle = bundle.clone();
    bundle.verification_material.timestamp_verification_data.rfc3161_timestamps = timestamps;
    bundle
}

#[cfg(test)]
mod tests;
