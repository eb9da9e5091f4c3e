//! A second ecosystem, for tests only. It shows what a new ecosystem needs.
//!
//! A package has a name and a number. A lockfile has a first line `toy 1`, then a line for each
//! package: name, number, SHA-256, address. The one claim is integrity.

use std::io::Read;

use url::Url;

use crate::core::{
    lockfile::{Ask, Entry, Format, LockfileError, Requirement, Source},
    package::{
        PackageId,
        contents::{Contents, NameAndVersion},
        digest::{Algorithm, Integrity},
        ecosystem::{Ecosystem, Naming},
        evidence::Evidence,
    },
    rules::Rules,
    time::Time,
    trust::Trust,
    verdict::{Claim, IntegrityFacts, Outcome, PackageVerdict, Refusal},
};

/// The ecosystem.
pub const TOY: Ecosystem = Ecosystem::new(&Naming {
    purl_type: "toy",
    public_registry: "https://toys.test",
    is_name: |name| !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase()),
    is_version: |version| !version.is_empty() && version.bytes().all(|b| b.is_ascii_digit()),
    is_same_version: |one, other| one == other,
    is_ordered: |version| version.bytes().all(|b| b.is_ascii_digit()),
    order: |one, other| (one.len(), one).cmp(&(other.len(), other)),
    release_line: |_| String::new(),
});

/// Its rules.
pub static RULES: Rules = Rules {
    ecosystem: TOY,
    artifact: "toy.txt",
    signed: Algorithm::Sha256,
    algorithms: |_, _| vec![Algorithm::Sha256],
    list,
    judge,
    is_own_address: |address, registry, id| {
        address.as_str() == format!("{registry}/{}/{}", id.name(), id.version())
    },
};

/// Its lockfile.
pub static LOCKFILE: Format = Format {
    name: "toy.lock",
    ecosystem: TOY,
    file_names: &["toy.lock"],
    note: |_| "",
    addresses_from: None,
    is_format: |bytes| bytes.starts_with(b"toy "),
    parse: lockfile,
    parse_inner: |_| Err(LockfileError::Empty),
    strip: |_| Ok(None),
};

/// The first line of a toy is its name and number.
fn list(toy: &mut dyn Read) -> Result<Contents, Refusal> {
    let refused = || Refusal { code: "not-a-toy", detail: "it does not say its name".into() };
    let mut text = String::new();
    toy.read_to_string(&mut text).map_err(|_| refused())?;
    let (name, number) =
        text.lines().next().and_then(|line| line.split_once(' ')).ok_or_else(refused)?;
    let own = NameAndVersion { name: Some(name.into()), version: Some(number.into()) };
    Ok(Contents { own, ..Contents::default() })
}

fn judge(_: &Trust, evidence: &Evidence<'_>, _: Time) -> PackageVerdict {
    let is_expected = |integrity: &Integrity| {
        integrity.strongest().all(|digest| evidence.artifact.contains(digest))
    };
    let integrity = match evidence.expected.iter().all(is_expected) {
        true => Outcome::Verified(IntegrityFacts { lockfile: Some(Algorithm::Sha256) }.into()),
        false => Outcome::Refused(Refusal {
            code: "other-toy",
            detail: "another toy is expected".into(),
        }),
    };
    PackageVerdict {
        package: evidence.package.clone(),
        claims: [(Claim::Integrity, integrity)].into(),
        published: None,
        unexamined: Vec::new(),
        unrecognized_beside: Vec::new(),
    }
}

fn lockfile(bytes: &[u8]) -> Result<(String, Vec<Entry>), LockfileError> {
    let text = std::str::from_utf8(bytes).map_err(|_| LockfileError::NotUtf8)?;
    let mut lines = text.lines();
    let version = lines.next().and_then(|line| line.strip_prefix("toy ")).unwrap_or_default();
    let entries = (2..).zip(lines).map(entry).collect::<Option<Vec<_>>>();
    Ok((version.to_owned(), entries.ok_or(LockfileError::UnknownFormat(None))?))
}

fn entry((line, text): (usize, &str)) -> Option<Entry> {
    let mut fields = text.split(' ');
    let id = PackageId::new(TOY, fields.next()?, fields.next()?).ok()?;
    let integrity = Integrity::parse(fields.next()?).ok()?;
    let address = Url::parse(fields.next()?).ok()?;
    Some(Entry {
        path: id.name().to_owned(),
        line,
        optional: false,
        shrinkwrap: false,
        dev: false,
        asks: Ask::Package(Requirement {
            source: Source::Version { id, address: Some(address) },
            integrity: Some(integrity),
        }),
    })
}
