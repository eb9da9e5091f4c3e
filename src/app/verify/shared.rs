//! Verdicts that several archives share: the same evidence for the same package is judged once.

use std::{
    collections::HashMap,
    fmt::{self, Write as _},
    sync::{Arc, Mutex, PoisonError},
};

use crate::core::{
    archive::manifest::{Manifest, Part},
    limits,
    package::{
        Purl,
        contents::Contents,
        digest::{Algorithm, Digest, Hasher, Integrity},
    },
    time::Time,
    trust::Trust,
    verdict::{PackageVerdict, Refusal},
};

/// What the evidence for a package adds up to, before any policy.
#[derive(Debug, Clone)]
pub(super) struct Evident {
    pub verdict: PackageVerdict,
    /// The digests of its bytes.
    pub digests: Vec<Digest>,
    /// What its tarball holds, or why it cannot be listed, where it was listed.
    pub contents: Option<Result<Contents, Refusal>>,
}

impl Evident {
    /// Whether it takes so little memory that it can be kept.
    fn is_small(&self) -> bool {
        write!(Room(limits::SHARED_VERDICT_BYTES), "{self:?}").is_ok()
    }
}

/// Counts the bytes that are written, and has no room for more.
struct Room(usize);

impl fmt::Write for Room {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.checked_sub(text.len()).ok_or(fmt::Error)?;
        Ok(())
    }
}

/// All that decides what the evidence for a package adds up to. Bytes stand here by the digests that the
/// signed manifest gives: each archive's own bytes are still compared with its manifest.
pub(super) struct Question<'a> {
    pub trust: &'a Trust,
    pub at: Time,
    pub purl: &'a Purl,
    /// The hashes that the archive's lockfiles give.
    pub expected: &'a [Integrity],
    /// The algorithms that lockfiles compare by.
    pub algorithms: &'a [Algorithm],
    /// Whether the tarball is listed.
    pub listed: bool,
    pub artifact: &'a str,
    pub record: Option<&'a Part>,
    pub attestations: Option<&'a Part>,
}

impl Question<'_> {
    /// A digest over all of it, each part with its length in front. `None` where the manifest does not have
    /// an entry that is named.
    fn key(&self, manifest: &Manifest) -> Option<Digest> {
        let mut key = Hasher::new(Algorithm::Sha256);
        key.part(self.trust.fingerprint());
        key.part(&self.at.timestamp().to_le_bytes());
        key.part(&self.at.timestamp_subsec_nanos().to_le_bytes());
        key.part(self.purl.to_string().as_bytes());
        let list = |key: &mut Hasher, items: &mut dyn ExactSizeIterator<Item = String>| {
            key.part(&items.len().to_le_bytes());
            items.for_each(|item| key.part(item.as_bytes()));
        };
        list(&mut key, &mut self.expected.iter().map(ToString::to_string));
        list(&mut key, &mut self.algorithms.iter().map(ToString::to_string));
        key.part(&[u8::from(self.listed)]);
        let entry = |key: &mut Hasher, name: &str| {
            let digest = &manifest.subject(name)?.digest;
            key.part(digest.algorithm().name().as_bytes());
            key.part(digest.bytes());
            Some(())
        };
        entry(&mut key, self.artifact)?;
        for part in [self.record, self.attestations] {
            match part {
                None => key.part(b"not asked"),
                Some(Part { entry: Some(name), .. }) => entry(&mut key, name)?,
                Some(Part { status: Some(200), .. }) => key.part(b"not listed"),
                Some(_) => key.part(b"not found"),
            }
        }
        Some(key.finish())
    }
}

/// The verdicts that were found so far, up to a limit.
pub struct Shared {
    verdicts: Mutex<HashMap<Digest, Arc<Evident>>>,
    /// How many are kept.
    most: usize,
}

impl Default for Shared {
    fn default() -> Self {
        Self { verdicts: Mutex::default(), most: limits::SHARED_VERDICTS }
    }
}

impl Shared {
    /// What was found for the same question, or what `compare` makes sure of and `judge` finds now.
    ///
    /// # Errors
    /// Those of `compare` and `judge`.
    pub(super) fn answer<E>(
        &self,
        question: &Question<'_>,
        manifest: &Manifest,
        compare: impl FnOnce() -> Result<(), E>,
        judge: impl FnOnce() -> Result<Evident, E>,
    ) -> Result<Arc<Evident>, E> {
        let Some(key) = question.key(manifest) else { return judge().map(Arc::new) };
        let known = self.lock().get(&key).cloned();
        if let Some(known) = known {
            return compare().map(|()| known);
        }
        let found = Arc::new(judge()?);
        if found.is_small() {
            let mut verdicts = self.lock();
            // To start over costs one judgment of each that is still asked for.
            if verdicts.len() >= self.most {
                verdicts.clear();
            }
            verdicts.insert(key, Arc::clone(&found));
        }
        Ok(found)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Digest, Arc<Evident>>> {
        self.verdicts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
