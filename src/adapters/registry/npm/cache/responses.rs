//! Answers by their address: packuments (of which the wanted versions are kept), attestation
//! responses, and absences.
//!
//! None of them is used before the registry has confirmed it: with 304, or with the same answer
//! again. Then it keeps the time of its first answer.

use std::path::PathBuf;

use super::{Cache, files, name};
use crate::{
    adapters::files::FileError,
    core::{
        package::digest::Algorithm,
        time::{self, Time},
    },
};

/// An answer in the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Document {
    /// 200, 404 or 410.
    pub status: u16,
    /// When it was first given.
    pub answered_at: Time,
    /// With which it can be confirmed.
    pub etag: Option<String>,
    /// Empty unless the status is 200.
    pub body: Vec<u8>,
}

impl Cache {
    /// The answer of an address, if it is here and undamaged. Oversized ones, of which the registry
    /// may not send the like, are fetched again.
    pub(in super::super) fn response(&self, address: &str, max: u64) -> Option<Document> {
        let bytes = files::read_own(&self.document(address), max).ok()?;
        let (digest, rest) = bytes.split_at_checked(64)?;
        if Algorithm::Sha256.digest(rest).to_hex().as_bytes() != digest {
            return None;
        }
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let (head, body) = rest.split_at_checked(end)?;
        let mut head = std::str::from_utf8(head).ok()?.splitn(3, ' ');
        Some(Document {
            status: head.next()?.parse().ok()?,
            answered_at: time::parse(head.next()?)?,
            etag: head.next().filter(|etag| !etag.is_empty()).map(str::to_owned),
            body: body.get(1..)?.to_vec(),
        })
    }

    /// Keeps the answer of an address.
    pub(in super::super) fn keep_response(
        &self,
        address: &str,
        document: &Document,
    ) -> Result<(), FileError> {
        let Document { status, answered_at, etag, body } = document;
        // A tag with a line break in it cannot come over HTTP.
        let etag = etag.as_deref().filter(|etag| !etag.contains('\n')).unwrap_or_default();
        let head = format!("{status} {} {etag}\n", time::format(*answered_at));
        let rest = [head.as_bytes(), body].concat();
        let digest = Algorithm::Sha256.digest(&rest).to_hex();
        self.write(&self.document(address), &[digest.as_bytes(), &rest])
    }

    pub(super) fn document(&self, address: &str) -> PathBuf {
        self.folder.join("responses").join(name(address))
    }
}
