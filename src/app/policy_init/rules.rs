//! The rules that all packages of an archive meet, as a policy has them.

use std::collections::{BTreeMap, BTreeSet};

use crate::core::{
    package::{Origin, Purl},
    policy::{From, Glob, quoted, written},
    verdict::{Claim, PackageVerdict},
};

type Packages<'a> = [(&'a Purl, &'a PackageVerdict)];

/// Rules that these packages meet: what all have in common, where they are from, which of the public
/// ones the registry has signed, and who built them.
///
/// # Errors
/// A name or an address that no rule can name, for it has a `*`.
pub fn met_by(packages: &Packages<'_>) -> Result<String, String> {
    let mut text = String::new();
    let common = common(packages.iter().map(|(_, verdict)| *verdict));
    let names: Vec<_> = common.iter().map(|claim| claim.name()).collect();
    text.push_str("# All packages have these claims.\n[[rule]]\n");
    line(&mut text, "claims", &names);
    let places = Places::of(packages)?;
    places.private(&mut text, packages, &common);
    places.public(&mut text, packages, &common)?;
    owners(&mut text, packages)?;
    Ok(text)
}

/// The claims that all have.
fn common<'a>(verdicts: impl Iterator<Item = &'a PackageVerdict>) -> BTreeSet<Claim> {
    let mut claims = BTreeSet::from(Claim::ALL);
    for verdict in verdicts {
        claims.retain(|claim| *claim == Claim::Integrity || verdict.is_verified(*claim));
    }
    claims
}

/// A key with texts for values: on one line where they fit, else one a line.
fn line(text: &mut String, key: &str, values: &[impl AsRef<str>]) {
    let values: Vec<_> = values.iter().map(|value| quoted(value.as_ref())).collect();
    list(text, key, &values);
}

fn list(text: &mut String, key: &str, values: &[String]) {
    let short = format!("{key} = [{}]\n", values.join(", "));
    match values {
        [] => {}
        [_] => text.push_str(&short),
        _ if short.len() <= 80 => text.push_str(&short),
        _ => text.push_str(&format!("{key} = [\n  {},\n]\n", values.join(",\n  "))),
    }
}

/// A text that a rule can name. Every text with a `*` stands for others too.
fn exact(text: &str) -> Result<&str, String> {
    if text.contains('*') { Err(text.to_owned()) } else { Ok(text) }
}

/// Where the packages are from, by their names: rules select by name.
struct Places {
    /// The patterns of packages that are from these places, and not all from the public registry.
    private: BTreeMap<BTreeSet<String>, Vec<String>>,
    /// The names of all others.
    public: BTreeSet<String>,
}

impl Places {
    fn of(packages: &Packages<'_>) -> Result<Self, String> {
        let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (purl, _) in packages {
            let from = match purl.origin() {
                _ if purl.is_public() => From::Public,
                Origin::Registry(address) | Origin::Url(address) => {
                    From::Address(Glob::new(exact(address)?))
                }
                Origin::File(_) => From::File,
                Origin::Supplied(_) => continue, // rules are not asked
            };
            names.entry(name(purl)?).or_default().insert(from.to_string());
        }
        let only_public = BTreeSet::from([From::Public.to_string()]);
        let mut scopes: BTreeMap<String, BTreeSet<&BTreeSet<String>>> = BTreeMap::new();
        for (name, from) in &names {
            scopes.entry(scope(name)).or_default().insert(from);
        }
        let mut places = Self { private: BTreeMap::new(), public: BTreeSet::new() };
        for (name, from) in &names {
            if *from == only_public {
                places.public.insert(name.clone());
                continue;
            }
            // A scope that is at one place is named as a whole, so that new packages of it are too.
            let scope = scope(name);
            let whole = scope != *name && scopes.get(&scope).is_some_and(|from| from.len() == 1);
            let pattern = if whole { scope } else { name.clone() };
            let patterns = places.private.entry(from.clone()).or_default();
            if !patterns.contains(&pattern) {
                patterns.push(pattern);
            }
        }
        Ok(places)
    }

    /// A rule for the packages of each place that is not the public registry.
    fn private(&self, text: &mut String, packages: &Packages<'_>, common_of_all: &BTreeSet<Claim>) {
        for (from, patterns) in &self.private {
            text.push_str("\n# These are from here, and from nowhere else.\n[[rule]]\n");
            line(text, "packages", patterns);
            line(text, "registry", &from.iter().collect::<Vec<_>>());
            let own = packages.iter().filter(|(purl, _)| {
                name(purl)
                    .is_ok_and(|name| patterns.contains(&name) || patterns.contains(&scope(&name)))
            });
            let claims = common(own.map(|(_, verdict)| *verdict));
            let more: Vec<_> = claims.difference(common_of_all).map(|claim| claim.name()).collect();
            line(text, "claims", &more);
        }
    }

    /// The rules for the packages of the public registry: where they are from, and that it has signed
    /// them.
    fn public(
        &self,
        text: &mut String,
        packages: &Packages<'_>,
        common_of_all: &BTreeSet<Claim>,
    ) -> Result<(), String> {
        if self.public.is_empty() {
            return Ok(());
        }
        let except: Vec<_> = self.private.values().flatten().cloned().collect();
        text.push_str("\n# All others are from the public registry.\n[[rule]]\n");
        line(text, "except", &except);
        line(text, "registry", &[From::Public.to_string()]);
        let signature = Claim::RegistrySignature;
        let public = packages
            .iter()
            .filter(|(purl, _)| name(purl).is_ok_and(|name| self.public.contains(&name)));
        let (signed, unsigned): (Vec<_>, Vec<_>) =
            public.partition(|(_, verdict)| verdict.is_verified(signature));
        if signed.is_empty() || common_of_all.contains(&signature) {
            return Ok(());
        }
        if !unsigned.is_empty() {
            text.push_str(
                "\n# The registry has signed all of them but the last ones here.\n[[rule]]\n",
            );
            let unsigned = unsigned.iter().map(|(purl, _)| written(purl.id()));
            line(text, "except", &except.into_iter().chain(unsigned).collect::<Vec<_>>());
        }
        line(text, "claims", &[signature.name()]);
        Ok(())
    }
}

/// A name with its ecosystem, as rules have it.
fn name(purl: &Purl) -> Result<String, String> {
    Ok(format!("{}:{}", purl.id().ecosystem(), exact(purl.id().name())?))
}

/// The pattern of a name's whole scope; the name itself where it has no scope.
fn scope(name: &str) -> String {
    match name.split_once('/') {
        Some((scope, _)) => format!("{scope}/*"),
        None => name.to_owned(),
    }
}

/// Who owns the repository that a package was built from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Owner {
    /// `owner`, or `repository` where the certificate says nothing of an owner.
    key: &'static str,
    address: String,
    id: Option<u64>,
}

impl Owner {
    fn of(verdict: &PackageVerdict) -> Result<Option<Self>, String> {
        let Some(facts) = verdict.provenance() else { return Ok(None) };
        let (key, address) = match &facts.owner {
            Some(owner) => ("owner", owner),
            None => ("repository", &facts.source_repository),
        };
        let id = facts.owner_id.as_deref().and_then(|id| id.parse().ok());
        let id = id.filter(|id| i64::try_from(*id).is_ok() && key == "owner");
        Ok(Some(Self { key, address: exact(address)?.to_owned(), id }))
    }
}

/// A rule for each owner, with the packages that were built from its repositories.
fn owners(text: &mut String, packages: &Packages<'_>) -> Result<(), String> {
    let mut names: BTreeMap<String, BTreeSet<Option<Owner>>> = BTreeMap::new();
    for (purl, verdict) in packages {
        names.entry(name(purl)?).or_default().insert(Owner::of(verdict)?);
    }
    let mut owners: BTreeMap<Owner, BTreeSet<String>> = BTreeMap::new();
    for (purl, verdict) in packages {
        let Some(owner) = Owner::of(verdict)? else { continue };
        let name = name(purl)?;
        // Where versions of one name differ, the rule is for this version alone.
        let alone = names.get(&name).is_some_and(|owners| owners.len() > 1);
        let pattern = if alone { written(purl.id()) } else { name };
        owners.entry(owner).or_default().insert(pattern);
    }
    for (owner, patterns) in owners {
        text.push_str("\n# These were built by this owner.\n[[rule]]\n");
        line(text, "packages", &patterns.into_iter().collect::<Vec<_>>());
        line(text, "claims", &[Claim::Provenance.name()]);
        line(text, owner.key, &[owner.address]);
        list(text, "owner-id", &owner.id.map(|id| id.to_string()).into_iter().collect::<Vec<_>>());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
