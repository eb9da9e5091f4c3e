//! Every public address that the product itself must know.

/// The public npm registry.
pub const NPM_REGISTRY: &str = "https://registry.npmjs.org";

/// The public npm registry's host. `resolved` addresses on it mean "whatever registry is
/// configured", and Sigstore's TUF repository names the delegation for npm's keys after it.
pub const NPM_REGISTRY_HOST: &str = "registry.npmjs.org";

/// The TUF target that holds the public npm registry's keys.
pub const NPM_KEYS_TARGET: &str = "registry.npmjs.org/keys.json";

/// The TUF target that holds a Sigstore instance's trust root.
pub const TRUSTED_ROOT_TARGET: &str = "trusted_root.json";

/// The TUF repository of Sigstore's public-good instance.
pub const TUF_PUBLIC_GOOD: &str = "https://tuf-repo-cdn.sigstore.dev";

/// The TUF repository of Sigstore's staging instance.
pub const TUF_STAGING: &str = "https://tuf-repo-cdn.sigstage.dev";

/// The TUF repository of GitHub's instance.
pub const TUF_GITHUB: &str = "https://tuf-repo.github.com";
