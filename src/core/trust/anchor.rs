//! The anchors of trust material: every key, log and authority in it, each with its window.
//!
//! Says what the material lists. Whether an anchor can be used is for the parsers to say that hold
//! its key.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, value::RawValue};

use super::Window;
use crate::core::{package::digest::Algorithm, text::bounded, time};

/// What an anchor is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AnchorKind {
    /// A certificate authority that issues signing certificates (Fulcio).
    CertificateAuthority,
    /// A log of certificates.
    CertificateLog,
    /// A log of signatures (Rekor).
    TransparencyLog,
    /// An RFC 3161 timestamp authority.
    TimestampAuthority,
    /// A signing key of the npm registry.
    NpmKey,
}

impl AnchorKind {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::CertificateAuthority => "certificate authority",
            Self::CertificateLog => "certificate log",
            Self::TransparencyLog => "transparency log",
            Self::TimestampAuthority => "timestamp authority",
            Self::NpmKey => "npm key",
        }
    }
}

/// One key, log or authority.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Anchor {
    /// What it is for.
    pub kind: AnchorKind,
    /// Its address; for an npm key, its usage.
    pub name: String,
    /// A log's or key's id; of an authority, the SHA-256 of its first certificate.
    pub id: String,
    /// When it could sign.
    pub window: Window,
}

impl Anchor {
    /// Reads what an anchor is called, as far as that can be read: one that cannot be used is listed
    /// as well.
    pub(in crate::core) fn read(kind: AnchorKind, raw: &RawValue) -> Self {
        let value: Value = serde_json::from_str(raw.get()).unwrap_or_default();
        let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
        let moment = |pointer: &str| text(pointer).and_then(time::parse);
        let key_window = || Window {
            start: moment("/publicKey/validFor/start"),
            end: moment("/publicKey/validFor/end"),
        };
        let (name, id, window) = match kind {
            AnchorKind::CertificateAuthority | AnchorKind::TimestampAuthority => {
                let first = text("/certChain/certificates/0/rawBytes").unwrap_or_default();
                let der = STANDARD.decode(first).unwrap_or_default();
                let id = format!("sha256:{}", Algorithm::Sha256.digest(&der).to_hex());
                let window =
                    Window { start: moment("/validFor/start"), end: moment("/validFor/end") };
                (text("/uri"), id, window)
            }
            AnchorKind::CertificateLog | AnchorKind::TransparencyLog => {
                let id = text("/logId/keyId").unwrap_or_default().to_owned();
                (text("/baseUrl"), id, key_window())
            }
            AnchorKind::NpmKey => {
                let id = text("/keyId").unwrap_or_default().to_owned();
                (text("/keyUsage"), id, key_window())
            }
        };
        Self { kind, name: name.unwrap_or_default().to_owned(), id, window }
    }
}

/// An anchor that cannot be used. Only evidence that rests on it is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// What it is for.
    pub kind: AnchorKind,
    /// Its place in the list of its kind, from 1.
    pub position: usize,
    /// Its address, where that can be read; for an npm key, its registry.
    pub name: Option<String>,
    /// The id of a log, in hex, or of a key, where that can be read.
    pub id: Option<String>,
    /// Why it cannot be used.
    pub why: String,
}

impl SetAside {
    /// The anchor at this place of the list of its kind, from 0.
    pub(in crate::core) fn new(anchor: &Anchor, index: usize, why: &str) -> Self {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let id = match anchor.kind {
            AnchorKind::CertificateAuthority | AnchorKind::TimestampAuthority => None,
            AnchorKind::CertificateLog | AnchorKind::TransparencyLog => {
                some(&anchor.id).and_then(|id| STANDARD.decode(id).ok()).map(hex::encode)
            }
            AnchorKind::NpmKey => some(&anchor.id),
        };
        let (kind, position, why) = (anchor.kind, index + 1, bounded(why));
        Self { kind, position, name: some(&anchor.name), id, why }
    }
}

/// Which one, without the reason.
impl fmt::Display for SetAside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.name(), self.position)?;
        let named = [&self.name, &self.id].into_iter().flatten();
        named.into_iter().try_for_each(|name| write!(f, ", {}", bounded(name)))
    }
}
