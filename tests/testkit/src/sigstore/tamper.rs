//! Changes to a bundle after it was signed.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

/// The bundle's log entry.
pub fn entry(bundle: &mut Value) -> &mut Value {
    &mut bundle["verificationMaterial"]["tlogEntries"][0]
}

/// The statement in the envelope.
pub fn statement(bundle: &Value) -> Value {
    let payload = bundle["dsseEnvelope"]["payload"].as_str().expect("a payload");
    let payload = STANDARD.decode(payload).expect("base64");
    serde_json::from_slice(&payload).expect("a statement")
}

/// Puts another statement into the envelope, and leaves the signature as it is.
pub fn set_statement(bundle: &mut Value, statement: &Value) {
    bundle["dsseEnvelope"]["payload"] = STANDARD.encode(statement.to_string()).into();
}

/// Flips a bit in the last byte of a value in base64.
pub fn flip(value: &mut Value) {
    let mut bytes = STANDARD.decode(value.as_str().expect("a text")).expect("base64");
    *bytes.last_mut().expect("a byte") ^= 1;
    *value = STANDARD.encode(bytes).into();
}
