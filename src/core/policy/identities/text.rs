//! The file of identities, as it is read and written: one table a builder, sorted, so that a review
//! sees what changed.

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
};

use serde::Deserialize;

use super::{Build, Identities, Identity, Known, Line};
use crate::core::{
    ecosystems,
    package::{
        PackageId,
        digest::{Algorithm, Digest},
    },
    policy::{
        list::List,
        text::{self, TextError},
    },
    verdict::Claim,
};

/// The form of the file.
const FORMAT: u32 = 1;

const HEAD: &str = "\
# Who built each package, and which claims it had: written by `sealift policy lock`.
# A policy names this file under [identities]. sealift-policy(5) explains it.
";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    #[serde(default)]
    identity: Vec<Table>,
}

/// One builder of a release line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Table {
    package: String,
    registry: Option<String>,
    line: String,
    issuer: Option<String>,
    repository: Option<String>,
    repository_id: Option<u64>,
    owner: Option<String>,
    owner_id: Option<u64>,
    workflow: Option<String>,
    builder: Option<String>,
    versions: List<Version>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Version {
    version: String,
    #[serde(default)]
    claims: Vec<Claim>,
    sha256: Option<String>,
    sha512: Option<String>,
}

impl Version {
    fn digest(&self) -> Option<Digest> {
        match (&self.sha256, &self.sha512) {
            (Some(hex), None) => Digest::from_hex(Algorithm::Sha256, hex),
            (None, Some(hex)) => Digest::from_hex(Algorithm::Sha512, hex),
            _ => None,
        }
    }
}

impl Table {
    /// Who built the versions, where the table says.
    fn build(&self) -> Result<Option<Build>, String> {
        match (&self.issuer, &self.repository, &self.workflow, &self.builder) {
            (None, None, None, None)
                if (self.owner.is_none(), self.owner_id, self.repository_id)
                    == (true, None, None) =>
            {
                Ok(None)
            }
            (Some(issuer), Some(repository), Some(workflow), Some(builder)) => Ok(Some(Build {
                issuer: issuer.clone(),
                repository: repository.clone(),
                repository_id: self.repository_id,
                owner: self.owner.clone(),
                owner_id: self.owner_id,
                workflow: workflow.clone(),
                builder: builder.clone(),
            })),
            _ => Err(format!(
                "{:?} has some of issuer, repository, workflow and builder, and not all",
                self.package
            )),
        }
    }

    fn read(self) -> Result<(Line, Identity), String> {
        let build = self.build()?;
        let mut versions = BTreeMap::new();
        let mut line = None;
        for one in self.versions.iter() {
            let version = &one.version;
            let package = format!("{}@{version}", self.package);
            let digest = one.digest().ok_or_else(|| {
                format!("{package:?} must have one digest in hex, sha512 or sha256")
            })?;
            let id = named(&self.package, version)
                .ok_or_else(|| format!("{package:?} is not a package with a version"))?;
            let own = (id.ecosystem().naming().release_line)(version);
            if own != self.line {
                return Err(format!("{package:?} is not of the release line {:?}", self.line));
            }
            line = Some(id);
            let known = Known { claims: one.claims.clone(), digest };
            if versions.insert(version.clone(), known).is_some() {
                return Err(format!("{package:?} is there twice"));
            }
        }
        let id: PackageId = line.ok_or("no version")?;
        let line = Line {
            ecosystem: id.ecosystem(),
            name: id.name().to_owned(),
            from: self.registry,
            line: self.line,
        };
        Ok((line, Identity { build, versions }))
    }
}

/// A package by its name with the ecosystem, and its version. Names are not patterns here: one that a
/// registry has kept from its early years may have a `*`.
fn named(package: &str, version: &str) -> Option<PackageId> {
    let (ecosystem, name) = package.split_once(':')?;
    PackageId::new(ecosystems::named(ecosystem)?, name, version).ok()
}

impl Identities {
    /// Reads a file of identities.
    ///
    /// # Errors
    /// [`TextError`], with the place of what is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, TextError> {
        let File { format, identity } = text::parse(bytes)?;
        if format != FORMAT {
            return Err(TextError::new(format!("format {format} is not known, only {FORMAT}")));
        }
        let mut lines: BTreeMap<Line, Vec<Identity>> = BTreeMap::new();
        let mut seen = HashSet::new();
        for table in identity {
            let package = table.package.clone();
            let (line, identity) = table.read().map_err(TextError::new)?;
            // Two builders of one version: such a file was merged wrongly.
            for version in identity.versions.keys() {
                if !seen.insert((line.clone(), version.clone())) {
                    let twice = format!("{package}@{version}");
                    return Err(TextError::new(format!("{twice:?} is there twice")));
                }
            }
            lines.entry(line).or_default().push(identity);
        }
        Ok(Self::sorted(lines))
    }
}

/// The file, as [`Identities::parse`] reads it.
impl fmt::Display for Identities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEAD}format = {FORMAT}")?;
        for (line, identities) in &self.lines {
            for identity in identities {
                write_table(f, line, identity)?;
            }
        }
        Ok(())
    }
}

fn write_table(f: &mut fmt::Formatter<'_>, line: &Line, identity: &Identity) -> fmt::Result {
    let package = format!("{}:{}", line.ecosystem, line.name);
    writeln!(f, "\n[[identity]]\npackage = {}", text::quoted(&package))?;
    if let Some(from) = &line.from {
        writeln!(f, "registry = {}", text::quoted(from))?;
    }
    writeln!(f, "line = {}", text::quoted(&line.line))?;
    if let Some(build) = &identity.build {
        writeln!(f, "issuer = {}", text::quoted(&build.issuer))?;
        writeln!(f, "repository = {}", text::quoted(&build.repository))?;
        if let Some(id) = build.repository_id {
            writeln!(f, "repository-id = {id}")?;
        }
        if let Some(owner) = &build.owner {
            writeln!(f, "owner = {}", text::quoted(owner))?;
        }
        if let Some(id) = build.owner_id {
            writeln!(f, "owner-id = {id}")?;
        }
        writeln!(f, "workflow = {}", text::quoted(&build.workflow))?;
        writeln!(f, "builder = {}", text::quoted(&build.builder))?;
    }
    writeln!(f, "versions = [")?;
    for (version, known) in &identity.versions {
        let claims: Vec<_> = known.claims.iter().map(|claim| format!("\"{claim}\"")).collect();
        writeln!(
            f,
            "  {{ version = {}, claims = [{}], {} = \"{}\" }},",
            text::quoted(version),
            claims.join(", "),
            known.digest.algorithm().name(),
            known.digest.to_hex()
        )?;
    }
    writeln!(f, "]")
}
