//! npm: names, addresses in lockfiles, tarballs, records, and the evidence for packages.
//!
//! [`package()`] judges all evidence for one npm package. It is pure: the reference time is
//! a parameter, and nothing is fetched. The codes of its refusals are in
//! [`verdict`](crate::core::verdict).

pub(crate) mod address;
mod dist;
pub mod integrity;
mod name;
#[cfg(any(feature = "network", feature = "serve"))]
pub(crate) mod npmrc;
pub mod package;
pub mod packument;
pub mod publish;
pub mod registry_signature;
pub mod route;
pub mod tarball;

use std::io::Read;

use url::Url;

pub(crate) use self::name::NPM;
pub use self::{dist::Dist, package::package};
use crate::core::{
    addresses::{self, NPM_REGISTRY},
    package::{PackageId, contents::Contents, digest::Algorithm},
    rules::Rules,
    text::bounded,
    verdict::Refusal,
};

/// The rules of npm.
pub(crate) static RULES: Rules = Rules {
    ecosystem: NPM,
    artifact: "package.tgz",
    signed: Algorithm::Sha512,
    algorithms: integrity::algorithms,
    list,
    judge: package,
    is_own_address,
};

fn list(tarball: &mut dyn Read) -> Result<Contents, Refusal> {
    tarball::list(tarball)
        .map_err(|error| Refusal { code: error.code(), detail: bounded(&error.to_string()) })
}

/// Whether an address is where a registry has the tarball of a version.
fn is_own_address(address: &Url, registry: &str, id: &PackageId) -> bool {
    let name = id.name();
    let file = name::file(id);
    let paths = address::forms(name);
    let mut paths = paths.iter().map(|name| format!("/{name}/-/{file}"));
    if addresses::is_public(address) {
        return registry == NPM_REGISTRY
            && address.scheme() == "https"
            && address.port().is_none()
            && paths.any(|path| address.path() == path);
    }
    paths.any(|path| address.as_str().strip_prefix(registry) == Some(path.as_str()))
}
