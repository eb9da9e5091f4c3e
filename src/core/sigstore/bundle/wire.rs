//! The JSON of a bundle, field by field. Every field that is not listed is refused, `serde` refuses
//! repeated ones; `null` is absent, as in protobuf's JSON.

use std::{borrow::Cow, fmt};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, de};
use sigstore_types as types;

use super::MalformedBundle;
use crate::core::json::objects_only;

objects_only!(
    WireBundle<'a>,
    WireMaterial<'a>,
    WireChain,
    WireRaw,
    WireKey<'a>,
    WireEntry<'a>,
    WireLogId,
    WireKind<'a>,
    WirePromise,
    WireProof<'a>,
    WireCheckpoint<'a>,
    WireTimestamps,
    WireTimestamp,
    WireMessage<'a>,
    WireDigest<'a>,
    WireEnvelope<'a>,
    WireSignature<'a>
);

#[derive(Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct WireBundle<'a> {
    #[serde(borrow)]
    pub media_type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub verification_material: WireMaterial<'a>,
    #[serde(borrow)]
    pub message_signature: Option<WireMessage<'a>>,
    #[serde(borrow)]
    pub dsse_envelope: Option<WireEnvelope<'a>>,
}

#[derive(Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct WireMaterial<'a> {
    pub certificate: Option<WireRaw>,
    pub x509_certificate_chain: Option<WireChain>,
    #[serde(borrow)]
    pub public_key: Option<WireKey<'a>>,
    #[serde(borrow)]
    pub tlog_entries: Option<Vec<WireEntry<'a>>>,
    pub timestamp_verification_data: Option<WireTimestamps>,
}

#[derive(Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub(super) struct WireChain {
    pub certificates: Vec<WireRaw>,
}

#[derive(Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct WireRaw {
    pub raw_bytes: Base64,
}

#[derive(Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub(super) struct WireKey<'a> {
    #[serde(borrow)]
    pub hint: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct WireEntry<'a> {
    pub log_index: Option<Int64>,
    pub log_id: WireLogId,
    #[serde(borrow)]
    pub kind_version: WireKind<'a>,
    pub integrated_time: Option<Int64>,
    pub inclusion_promise: Option<WirePromise>,
    #[serde(borrow)]
    pub inclusion_proof: Option<WireProof<'a>>,
    pub canonicalized_body: Base64,
}

#[derive(Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct WireLogId {
    pub key_id: Base64,
}

#[derive(Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub(super) struct WireKind<'a> {
    #[serde(borrow)]
    pub kind: Cow<'a, str>,
    #[serde(borrow)]
    pub version: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct WirePromise {
    pub signed_entry_timestamp: Base64,
}

#[derive(Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct WireProof<'a> {
    pub log_index: Option<Int64>,
    pub root_hash: Base64,
    pub tree_size: Int64,
    pub hashes: Option<Vec<Base64>>,
    #[serde(borrow)]
    pub checkpoint: Option<WireCheckpoint<'a>>,
}

#[derive(Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub(super) struct WireCheckpoint<'a> {
    #[serde(borrow)]
    pub envelope: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct WireTimestamps {
    pub rfc3161_timestamps: Option<Vec<WireTimestamp>>,
}

#[derive(Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct WireTimestamp {
    pub signed_timestamp: Base64,
}

#[derive(Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct WireMessage<'a> {
    #[serde(borrow)]
    pub message_digest: Option<WireDigest<'a>>,
    pub signature: Base64,
}

#[derive(Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub(super) struct WireDigest<'a> {
    #[serde(borrow)]
    pub algorithm: Cow<'a, str>,
    pub digest: Base64,
}

#[derive(Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct WireEnvelope<'a> {
    pub payload: Base64,
    #[serde(borrow)]
    pub payload_type: Cow<'a, str>,
    #[serde(borrow)]
    pub signatures: Vec<WireSignature<'a>>,
}

#[derive(Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub(super) struct WireSignature<'a> {
    pub sig: Base64,
    #[serde(borrow)]
    pub keyid: Option<Cow<'a, str>>,
}

/// A `bytes` field.
pub(super) struct Base64(pub Vec<u8>);

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        STANDARD.decode(&*text).map(Self).map_err(de::Error::custom)
    }
}

/// An `int64` field: a string of decimal digits, or an integer.
#[derive(Default)]
pub(super) struct Int64(pub i64);

impl Int64 {
    /// As a count or index, which cannot be negative.
    pub fn index(&self) -> Result<types::LogIndex, MalformedBundle> {
        types::LogIndex::try_from(self.0).map_err(|error| MalformedBundle::Json(error.to_string()))
    }
}

impl<'de> Deserialize<'de> for Int64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Int64Visitor).map(Self)
    }
}

struct Int64Visitor;

impl de::Visitor<'_> for Int64Visitor {
    type Value = i64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer, or one in a string")
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<i64, E> {
        Ok(number)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<i64, E> {
        i64::try_from(number).map_err(E::custom)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<i64, E> {
        let number: i64 = text.parse().map_err(E::custom)?;
        // One number, one spelling: no `+7`, no `007`.
        if number.to_string() != text {
            return Err(E::custom(format_args!("{text:?} is not an integer")));
        }
        Ok(number)
    }
}
