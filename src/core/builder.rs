//! Who built a package, as far as its certificate says: what of two builders differs.
//!
//! Numeric ids outlive a rename, and a name that somebody else registers again gets another id. So ids
//! decide where both certificates have them from one issuer; else names do. Certificates of early 2023
//! have no ids.

use crate::core::verdict::ProvenanceFacts;

/// Who built a package.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Builder<'a> {
    /// The OIDC issuer.
    pub issuer: &'a str,
    /// The repository, as a URL.
    pub repository: &'a str,
    /// Its numeric id.
    pub repository_id: Option<u64>,
    /// The repository's owner, as a URL.
    pub owner: Option<&'a str>,
    /// The owner's numeric id.
    pub owner_id: Option<u64>,
    /// The workflow that signed, with or without its ref.
    pub workflow: &'a str,
    /// The workflow that was started, with or without its ref.
    pub workflow_file: Option<&'a str>,
    /// The kind of machine that it ran on.
    pub runner: Option<&'a str>,
}

/// A part of what a package is known by.
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
    /// The owner of the repository, by its address.
    Owner,
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
            Self::Owner => "owner",
            Self::OwnerId => "owner-id",
            Self::Workflow => "workflow",
            Self::WorkflowFile => "workflow-file",
            Self::Runner => "runner",
        }
    }
}

/// A part that differs. Both texts may be untrusted: escape before printing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityChange {
    /// What.
    pub who: Who,
    /// What it was.
    pub from: String,
    /// What it is.
    pub to: String,
}

impl IdentityChange {
    /// A part, if it differs.
    pub fn of(who: Who, from: impl ToString, to: impl ToString) -> Option<Self> {
        let (from, to) = (from.to_string(), to.to_string());
        (from != to).then_some(Self { who, from, to })
    }
}

impl<'a> Builder<'a> {
    /// Who built what verified provenance is about.
    pub fn of(facts: &'a ProvenanceFacts) -> Self {
        Self {
            issuer: &facts.issuer,
            repository: &facts.source_repository,
            repository_id: number(facts.repository_id.as_deref()),
            owner: facts.owner.as_deref(),
            owner_id: number(facts.owner_id.as_deref()),
            workflow: &facts.workflow,
            workflow_file: facts.build_config.as_deref(),
            runner: facts.runner.as_deref(),
        }
    }

    /// What differs, the part that says most first.
    pub fn changes(&self, other: &Self) -> Vec<IdentityChange> {
        let of_one_issuer = self.issuer == other.issuer;
        let ids = |one: Option<u64>, two: Option<u64>| one.zip(two).filter(|_| of_one_issuer);
        let repositories = ids(self.repository_id, other.repository_id);
        let is_same = match repositories {
            Some((one, two)) => one == two,
            None => self.repository == other.repository,
        };
        let owner = match ids(self.owner_id, other.owner_id) {
            Some((one, two)) => IdentityChange::of(Who::OwnerId, one, two),
            None if of_one_issuer => {
                IdentityChange::of(Who::Owner, self.owner_name(), other.owner_name())
            }
            // Owners of two issuers are never the same.
            None => None,
        };
        let workflow = |who, one, two| {
            let [one, two] = [(one, self), (two, other)].map(|(address, builder)| Workflow {
                address: without_ref(address),
                repository: builder.repository,
            });
            let change = IdentityChange::of(who, one.compared(is_same), two.compared(is_same))?;
            // The whole addresses say more. They are the same where the repository has another name, and
            // still the workflow of its old one.
            Some(IdentityChange::of(who, one.address, two.address).unwrap_or(change))
        };
        let files = self.workflow_file.zip(other.workflow_file);
        let runners = self.runner.zip(other.runner);
        let parts = [
            IdentityChange::of(Who::Issuer, self.issuer, other.issuer),
            repositories.and_then(|(one, two)| IdentityChange::of(Who::RepositoryId, one, two)),
            IdentityChange::of(Who::Repository, self.repository, other.repository)
                .filter(|_| !is_same),
            owner,
            workflow(Who::Workflow, self.workflow, other.workflow),
            files.and_then(|(one, two)| workflow(Who::WorkflowFile, one, two)),
            runners.and_then(|(one, two)| IdentityChange::of(Who::Runner, one, two)),
        ];
        parts.into_iter().flatten().collect()
    }

    /// The owner's address. Where a certificate has none, it is the repository's without its last part.
    fn owner_name(&self) -> &str {
        let of_repository = || self.repository.rsplit_once('/').map(|(owner, _)| owner);
        self.owner.or_else(of_repository).unwrap_or_default()
    }
}

/// An id as a number that TOML can hold. Of any other id, the name is compared.
pub(crate) fn number(id: Option<&str>) -> Option<u64> {
    id?.parse().ok().filter(|id| i64::try_from(*id).is_ok())
}

/// A workflow without the ref that it is from. Other identities have an `@` of another meaning.
pub(crate) fn without_ref(workflow: &str) -> &str {
    workflow.split_once("@refs/").map_or(workflow, |(workflow, _)| workflow)
}

/// A workflow, beside the repository that it built.
struct Workflow<'a> {
    address: &'a str,
    repository: &'a str,
}

impl Workflow<'_> {
    /// What of it must be the same: within the same repository its path alone, since that repository may
    /// have another name now.
    fn compared(&self, is_same_repository: bool) -> &str {
        let path = self.address.strip_prefix(self.repository.trim_end_matches('/'));
        let own = path.filter(|path| is_same_repository && path.starts_with('/'));
        own.unwrap_or(self.address)
    }
}
