//! The search for a target through the delegations (specification §5.6.7), and its file (§5.7).

use std::collections::BTreeSet;

use sigstore_tuf::{TargetFile, Targets};

use super::{MetadataError, Repository, Session, UpdateError, metadata, names, session::absent};
use crate::core::limits::{DELEGATIONS, TARGET_BYTES};

impl<R: Repository> Session<'_, R> {
    /// The bytes of a target, by its path. They are searched through the delegations, fetched unless they
    /// are at hand, and compared with the announced length and hashes.
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
        // A stack: the last item is visited next. Each is a role, and who delegates to it.
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
            if role != "targets" {
                self.delegated(&role, &delegator)?;
            }
            visited.insert(role.clone());
            let Some(targets) = self.chain.trusted.targets_role(&role) else { continue };
            if let Some(target) = targets.target(path) {
                return Ok(Some(target.clone()));
            }
            check_delegations(&role, targets)?;
            // §5.6.7.2: children in scope; a terminating one ends the search after itself.
            let mut children = Vec::new();
            for child in targets.delegations.iter().flat_map(|delegations| &delegations.roles) {
                let in_scope =
                    child.matches_path(path).map_err(|error| metadata::convert(&role, &error))?;
                if !in_scope {
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

    /// Accepts a delegated role by the authority of `delegator`. One that the snapshot does not list
    /// is an error: to pass over it would let a role further down answer instead.
    fn delegated(&mut self, role: &str, delegator: &str) -> Result<(), UpdateError<R::Error>> {
        let (file, bytes) = match self.accepted.get(role) {
            // Another role's authority accepted it: this delegator must vouch for it as well.
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
        Ok(())
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

/// Requires that the delegations of a role follow the specification (§4.5): each name is there once and is
/// not that of a top-level role, and each scope has one of its two forms.
fn check_delegations(by: &str, targets: &Targets) -> Result<(), MetadataError> {
    let Some(delegations) = &targets.delegations else { return Ok(()) };
    let refused = |role: &str, detail| {
        let (by, role) = (by.to_owned(), role.to_owned());
        Err(MetadataError::Delegation { by, role, detail })
    };
    if delegations.extra.contains_key("succinct_roles") {
        return refused("succinct_roles", "which this client does not know");
    }
    let mut names = BTreeSet::new();
    for role in &delegations.roles {
        let name = role.name.as_str();
        if matches!(name, "" | "root" | "timestamp" | "snapshot" | "targets") {
            return refused(name, "which is not a name for a delegated role");
        }
        if !names.insert(name) {
            return refused(name, "twice");
        }
        match (&role.paths, &role.path_hash_prefixes) {
            (Some(_), Some(_)) => return refused(name, "by paths and by hashes of paths"),
            (None, None) => return refused(name, "without saying which paths"),
            _ => {}
        }
    }
    Ok(())
}
