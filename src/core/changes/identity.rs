//! Who built a package, and where it is from: what of that is different.
//!
//! Numeric ids outlive a rename, and a name that somebody else registers again gets another one. So
//! ids decide where both certificates have them from one issuer; else names do. Certificates of 2023
//! have no ids.

use super::Seen;
use crate::core::{package::Origin, verdict::ProvenanceFacts};

/// What is different.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// The registry whose keys and names count, or the host of a tarball that is from no registry.
    Registry,
    /// Who issued the identity that signed (OIDC).
    Issuer,
    /// The repository that was built, by its address.
    Repository,
    /// The repository that was built, by its number.
    RepositoryId,
    /// The owner of the repository, by its number.
    OwnerId,
    /// The workflow that signed, without its branch or tag.
    Workflow,
    /// The workflow that was started, without its branch or tag.
    WorkflowFile,
    /// The kind of machine that it ran on.
    Runner,
}

impl Who {
    /// As reports name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Registry => "registry",
            Self::Issuer => "issuer",
            Self::Repository => "repository",
            Self::RepositoryId => "repository-id",
            Self::OwnerId => "owner-id",
            Self::Workflow => "workflow",
            Self::WorkflowFile => "workflow-file",
            Self::Runner => "runner",
        }
    }
}

/// Something that is different. Both texts may be untrusted: escape before printing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityChange {
    /// What.
    pub who: Who,
    /// What it was.
    pub from: String,
    /// What it is.
    pub to: String,
}

/// What is different of two packages. Who built them is compared where both have verified provenance.
pub(super) fn changes(before: &Seen<'_>, after: &Seen<'_>) -> Vec<IdentityChange> {
    let mut found = Vec::new();
    let (from, to) = (place(before.purl.origin()), place(after.purl.origin()));
    push(&mut found, Who::Registry, &from, &to);
    if let (Some(before), Some(after)) = (before.verdict.provenance(), after.verdict.provenance()) {
        builders(&mut found, before, after);
    }
    found
}

fn builders(found: &mut Vec<IdentityChange>, before: &ProvenanceFacts, after: &ProvenanceFacts) {
    push(found, Who::Issuer, &before.issuer, &after.issuer);
    let of_one_issuer = before.issuer == after.issuer;
    let ids = before.repository_id.as_deref().zip(after.repository_id.as_deref());
    let is_same = match ids.filter(|_| of_one_issuer) {
        Some((from, to)) => {
            push(found, Who::RepositoryId, from, to);
            from == to
        }
        None => before.source_repository == after.source_repository,
    };
    if !is_same {
        push(found, Who::Repository, &before.source_repository, &after.source_repository);
    }
    if of_one_issuer {
        push_known(found, Who::OwnerId, &before.owner_id, &after.owner_id);
    }
    let (from, to) = (Workflows::of(before), Workflows::of(after));
    if from.signer.compared(is_same) != to.signer.compared(is_same) {
        push(found, Who::Workflow, from.signer.whole, to.signer.whole);
    }
    if let (Some(from), Some(to)) = (from.started, to.started)
        && from.compared(is_same) != to.compared(is_same)
    {
        push(found, Who::WorkflowFile, from.whole, to.whole);
    }
    push_known(found, Who::Runner, &before.runner, &after.runner);
}

fn push(found: &mut Vec<IdentityChange>, who: Who, from: &str, to: &str) {
    if from != to {
        found.push(IdentityChange { who, from: from.to_owned(), to: to.to_owned() });
    }
}

/// Compares what not every certificate has.
fn push_known(
    found: &mut Vec<IdentityChange>,
    who: Who,
    from: &Option<String>,
    to: &Option<String>,
) {
    if let (Some(from), Some(to)) = (from, to) {
        push(found, who, from, to);
    }
}

/// The workflows of a build.
struct Workflows<'a> {
    signer: Workflow<'a>,
    started: Option<Workflow<'a>>,
}

/// The address of a workflow without its branch or tag.
struct Workflow<'a> {
    whole: &'a str,
    /// Its path in the repository that was built; `None` for a workflow of another repository.
    own: Option<&'a str>,
}

impl<'a> Workflows<'a> {
    fn of(facts: &'a ProvenanceFacts) -> Self {
        let repository = &facts.source_repository;
        Self {
            signer: Workflow::of(&facts.workflow, repository),
            started: facts.build_config.as_deref().map(|it| Workflow::of(it, repository)),
        }
    }
}

impl<'a> Workflow<'a> {
    fn of(address: &'a str, repository: &str) -> Self {
        // A ref holds an `@` rarely, and a path of a workflow too: the ref starts with `refs/`.
        let end = address.find("@refs/").or_else(|| address.rfind('@'));
        let whole = end.and_then(|end| address.get(..end)).unwrap_or(address);
        let below = whole.strip_prefix(repository.trim_end_matches('/'));
        Self { whole, own: below.filter(|path| path.starts_with('/')) }
    }

    /// What of it must be the same: within the same repository its path alone, since that may have
    /// another name now.
    fn compared(&self, same_repository: bool) -> &'a str {
        self.own.filter(|_| same_repository).unwrap_or(self.whole)
    }
}

/// The registry; of a tarball from an address its host, since the rest differs with each version.
fn place(origin: &Origin) -> String {
    match origin {
        Origin::Registry(address) => address.clone(),
        Origin::File(_) => "a file of the project".to_owned(),
        // The address has the commit, which differs with each version.
        Origin::Supplied(address) => address.split('#').next().unwrap_or(address).to_owned(),
        Origin::Url(address) => match address.split_once("://") {
            Some((scheme, rest)) => {
                format!("{scheme}://{}", rest.split('/').next().unwrap_or(rest))
            }
            None => address.clone(),
        },
    }
}
