//! A build on a forge: what its certificate and its provenance tell of.

/// Which forge ran the build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forge {
    /// A workflow of GitHub Actions.
    GitHub,
    /// A job of GitLab CI.
    GitLab,
}

/// One run of a workflow. Every field may be changed before something is made of it.
#[derive(Clone, Debug)]
pub struct Build {
    /// Where it ran.
    pub forge: Forge,
    /// The forge's address, without a slash at the end.
    pub server: String,
    /// The OIDC issuer that Fulcio believed.
    pub issuer: String,
    /// Owner and name: `acme/widgets`.
    pub repository: String,
    /// The forge's number for the repository, which outlives a change of name.
    pub repository_id: String,
    /// The forge's number for the owner.
    pub owner_id: String,
    /// The full ref: `refs/heads/main`.
    pub ref_: String,
    /// The commit that was built, in hex.
    pub commit: String,
    /// The workflow's file in the repository.
    pub workflow: String,
    /// The workflow's name, which only the legacy claims carry.
    pub workflow_name: String,
    /// What triggered the run.
    pub event: String,
    /// The run's id; on GitLab, the job's.
    pub run_id: String,
    /// Which attempt of the run, from 1; GitHub only.
    pub attempt: u32,
    /// The runner environment, such as `github-hosted`.
    pub runner: String,
    /// Of the repository: `public`, `internal` or `private`.
    pub visibility: String,
}

impl Build {
    /// A push to the main branch of a public repository of GitHub, given as `owner/name`.
    pub fn github(repository: &str) -> Self {
        Self {
            forge: Forge::GitHub,
            server: "https://github.com".into(),
            issuer: "https://token.actions.githubusercontent.com".into(),
            repository: repository.into(),
            repository_id: "495574555".into(),
            owner_id: "71096353".into(),
            ref_: "refs/heads/main".into(),
            commit: "46e7056ff9912ebfee5298d94024895a9fea76c0".into(),
            workflow: ".github/workflows/release.yml".into(),
            workflow_name: "Release".into(),
            event: "push".into(),
            run_id: "9116405766".into(),
            attempt: 1,
            runner: "github-hosted".into(),
            visibility: "public".into(),
        }
    }

    /// A push to the main branch of a public project of GitLab, given as `group/project`.
    pub fn gitlab(repository: &str) -> Self {
        Self {
            forge: Forge::GitLab,
            server: "https://gitlab.com".into(),
            issuer: "https://gitlab.com".into(),
            workflow: ".gitlab-ci.yml".into(),
            workflow_name: "publish".into(),
            run_id: "4316132595".into(),
            runner: "gitlab-hosted".into(),
            ..Self::github(repository)
        }
    }

    /// The repository's address.
    pub fn repository_uri(&self) -> String {
        format!("{}/{}", self.server, self.repository)
    }

    /// The owner's address: all of the repository's but its last part.
    pub fn owner_uri(&self) -> String {
        let owner = self.repository.rsplit_once('/').map_or("", |(owner, _)| owner);
        format!("{}/{owner}", self.server)
    }

    /// The workflow at its ref: the identity that the certificate names.
    pub fn workflow_uri(&self) -> String {
        let slash = match self.forge {
            Forge::GitHub => "/",
            Forge::GitLab => "//",
        };
        format!("{}{slash}{}@{}", self.repository_uri(), self.workflow, self.ref_)
    }

    /// The run's address.
    pub fn invocation_uri(&self) -> String {
        let (uri, run, attempt) = (self.repository_uri(), &self.run_id, self.attempt);
        match self.forge {
            Forge::GitHub => format!("{uri}/actions/runs/{run}/attempts/{attempt}"),
            Forge::GitLab => format!("{uri}/-/jobs/{run}"),
        }
    }
}
