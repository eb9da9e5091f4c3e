//! Who built a package, and where it is from: what of that is different.

use super::ComparedPackage;
use crate::core::{
    builder::{Builder, IdentityChange, Who},
    package::Origin,
};

/// What is different of two packages. Who built them is compared where both have verified provenance.
pub(super) fn changes(
    before: &ComparedPackage<'_>,
    after: &ComparedPackage<'_>,
) -> Vec<IdentityChange> {
    let (from, to) = (place(before.purl.origin()), place(after.purl.origin()));
    let registry = IdentityChange::of(Who::Registry, from, to);
    let builders = before.verdict.provenance().zip(after.verdict.provenance());
    let builders = builders.map(|(one, two)| Builder::of(one).changes(&Builder::of(two)));
    registry.into_iter().chain(builders.into_iter().flatten()).collect()
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
