//! The search for a target through the delegations (specification §5.6.7), and its file (§5.7).

use std::collections::BTreeSet;

use sigstore_tuf::{TargetFile, Targets};

use super::{MetadataError, Repository, Session, UpdateError, metadata, names, session::absent};
use crate::core::limits::{DELEGATIONS, TARGET_BYTES};

impl<R: Repository> Session<'_, R> {
    /// The bytes of a target, by its path: searched through the delegations, fetched unless they
    /// are at hand, and held against the announced length and hashes.
    ///
    /// # Errors
    /// When no role lists it, a role on the way is refused, or its file is not the announced one.
    pub fn target(&mut self, path: &str) -> Result<Vec<u8>, UpdateError<R::Error>> {
        let Some(target) = self.search(path)? else {
            return Err(MetadataError::TargetNotFound { path: path.to_owned() }.into());
        };
        self.download(path, &target)
    }

    /// As [`target`](Self::target), but `None` where no role lists it.
    ///
    /// # Errors
    /// As [`target`](Self::target).
    pub fn optional_target(
        &mut self,
        path: &str,
    ) -> Result<Option<Vec<u8>>, UpdateError<R::Error>> {
        let found = self.search(path)?;
        found.map(|target| self.download(path, &target)).transpose()
    }

    /// §5.6.7: depth first, in the order of the delegations, only where the path is in scope.
    /// Roles off that way are neither fetched nor judged.
    fn search(&mut self, path: &str) -> Result<Option<TargetFile>, UpdateError<R::Error>> {
        let mut visited = BTreeSet::new();
        // The next to visit is the last: a role, and who delegates to it.
        let mut pending = vec![("targets".to_owned(), String::new())];
        while let Some((role, delegator)) = pending.pop() {
            // §5.6.7.1: each role once, and not more than the bound.
            if visited.contains(&role) {
                continue;
            }
            if visited.len() >= DELEGATIONS {
                let path = path.to_owned();
                return Err(MetadataError::TooManyDelegations { path, bound: DELEGATIONS }.into());
            }
            if role != "targets" && !self.delegated(&role, &delegator)? {
                continue;
            }
            visited.insert(role.clone());
            let Some(targets) = self.chain.trusted.targets_role(&role) else { continue };
            if let Some(target) = targets.target(path) {
                return Ok(Some(target.clone()));
            }
            // §5.6.7.2: children in scope; a terminating one ends the search after itself.
            let mut children = Vec::new();
            for child in targets.delegations.iter().flat_map(|delegations| &delegations.roles) {
                let in_scope =
                    child.matches_path(path).map_err(|error| metadata::convert(&role, &error))?;
                if is_top_level(&child.name) || !in_scope {
                    continue;
                }
                children.push((child.name.clone(), role.clone()));
                if child.terminating {
                    pending.clear();
                    break;
                }
            }
            pending.extend(children.into_iter().rev());
        }
        Ok(None)
    }

    /// Accepts a delegated role by the authority of `delegator`. `false` if the snapshot does not
    /// list it: it is then no part of the repository.
    fn delegated(&mut self, role: &str, delegator: &str) -> Result<bool, UpdateError<R::Error>> {
        let listed = format!("{role}.json");
        if !self.chain.trusted.snapshot().is_some_and(|s| s.meta.contains_key(&listed)) {
            return Ok(false);
        }
        let (file, bytes) = match self.accepted.get(role) {
            // Accepted by the authority of another role: this one must vouch for it as well.
            Some(accepted) => (accepted.info.file.clone(), accepted.bytes.clone()),
            None => self.announced(role)?,
        };
        // §5.6.3: signed to the threshold that the delegator sets.
        let parsed = metadata::parse::<Targets>(role, &bytes)?;
        let unknown =
            || MetadataError::UnknownRole { role: role.to_owned(), by: delegator.to_owned() };
        let delegations = self
            .chain
            .trusted
            .targets_role(delegator)
            .and_then(|targets| targets.delegations.as_ref())
            .ok_or_else(unknown)?;
        let named = delegations.roles.iter().find(|it| it.name == role).ok_or_else(unknown)?;
        let keys = named.role_keys();
        metadata::check_signed(role, &parsed, &delegations.keys, &keys)?;
        self.chain
            .trusted
            .update_delegated_targets(&bytes, role, delegator, jiff::Timestamp::MIN)
            .map_err(|error| metadata::convert(role, &error))?;
        // §5.6.5.
        let signed = parsed.signed();
        metadata::check_fresh(role, signed, self.at)?;
        self.accept(role, signed.version, signed.expires, file, bytes);
        if let Some(accepted) = self.accepted.get_mut(role) {
            accepted.info.threshold = keys.threshold;
            accepted.info.keys = keys.keyids.len();
        }
        Ok(true)
    }

    /// §5.7.
    fn download(
        &mut self,
        path: &str,
        target: &TargetFile,
    ) -> Result<Vec<u8>, UpdateError<R::Error>> {
        let length = target.length;
        if length > TARGET_BYTES {
            let path = path.to_owned();
            return Err(MetadataError::TargetTooLarge { path, length, max: TARGET_BYTES }.into());
        }
        let consistent = self.chain.trusted.root().consistent_snapshot;
        let hash = metadata::published_hash(&target.hashes);
        let file = names::target(path, hash.filter(|_| consistent));
        if !names::is_relative(&file) {
            let detail = "its path leads out of the repository".to_owned();
            return Err(MetadataError::Mismatch { file: path.to_owned(), detail }.into());
        }
        let check = |bytes: &[u8]| {
            metadata::check_integrity(path, bytes, Some(length), Some(&target.hashes))
        };
        let local = self.local.and_then(|state| state.target(path));
        let bytes = match local.filter(|bytes| check(bytes).is_ok()) {
            Some(bytes) => bytes.to_vec(),
            None => {
                let fetched = self.repository.target(&file, length);
                let unavailable = |source| UpdateError::Unavailable { file: file.clone(), source };
                let bytes = fetched.map_err(unavailable)?.ok_or_else(|| absent(&file))?;
                check(&bytes)?;
                bytes
            }
        };
        self.files.insert(path.to_owned(), (file, bytes.clone()));
        Ok(bytes)
    }
}

/// A delegated role of such a name would stand in for the top-level one; it is passed over.
fn is_top_level(role: &str) -> bool {
    matches!(role, "root" | "timestamp" | "snapshot" | "targets")
}
