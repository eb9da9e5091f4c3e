//! The vectors of `man/sealift-coverage.7`: what a lockfile asks for and what an archive has, and what
//! becomes of each entry. They are data (`tests/data/coverage`), for readers of another make too.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::disallowed_methods)]

use std::collections::BTreeMap;

use sealift::core::{
    ecosystems::parse_purl,
    lockfile::{
        self,
        coverage::{ArchivedArtifact, ArchivedPackage, Binding, Coverage, EntryOutcome},
    },
    package::{
        Purl,
        contents::{Contents, NameAndVersion},
        digest::{Algorithm, Digest},
    },
};
use serde_json::{Value, json};

fn vectors() -> Vec<Value> {
    serde_json::from_str(include_str!("data/coverage/vectors.json")).unwrap()
}

/// The bytes of a vector's lockfile, which is a text where JSON values cannot express it.
fn lockfile_of(vector: &Value) -> Vec<u8> {
    let lockfile = &vector["lockfile"];
    lockfile.as_str().map_or_else(|| lockfile.to_string(), str::to_owned).into_bytes()
}

/// A package of the archive.
struct Package {
    purl: Purl,
    digests: Option<Vec<Digest>>,
    url: Option<String>,
    signed: bool,
    contents: Option<Contents>,
}

impl Package {
    fn of(vector: &Value) -> Self {
        let text = |name: &str| vector[name].as_str();
        let algorithms = [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512];
        let digests = text("content").map(|content| {
            algorithms.map(|algorithm| algorithm.digest(content.as_bytes())).to_vec()
        });
        let bundled = vector.get("bundled").and_then(Value::as_object).into_iter().flatten();
        let bundled: BTreeMap<_, _> = bundled
            .map(|(path, named)| {
                let (name, version) = named.as_str().unwrap().rsplit_once('@').unwrap();
                let named =
                    NameAndVersion { name: Some(name.into()), version: Some(version.into()) };
                (path.clone(), named)
            })
            .collect();
        let shrinkwrap = vector.get("shrinkwrap").map(|json| json.to_string().into_bytes());
        let listed = !bundled.is_empty() || shrinkwrap.is_some();
        Self {
            purl: parse_purl(text("purl").unwrap()).unwrap(),
            digests,
            url: text("url").map(str::to_owned),
            signed: vector["signed"] == true,
            contents: listed.then(|| Contents { bundled, shrinkwrap, ..Contents::default() }),
        }
    }

    fn held(&self) -> ArchivedPackage<'_> {
        let artifact = self.digests.as_ref().map(|digests| ArchivedArtifact {
            digests,
            url: self.url.as_deref(),
            signed: self.signed,
            contents: self.contents.as_ref(),
        });
        ArchivedPackage { purl: &self.purl, artifact }
    }
}

/// As a report has it.
fn told(outcome: &EntryOutcome, packages: &[Package]) -> Value {
    let mut told = json!({"disposition": outcome.disposition.name()});
    if let Some(package) = outcome.package {
        told["package"] = packages[package].purl.to_string().into();
    }
    match outcome.pin {
        Some(Binding::Hash(algorithm)) => told["pinnedBy"] = algorithm.to_string().into(),
        Some(Binding::Signature { weak }) => {
            told["pinnedBy"] = "signature".into();
            if weak {
                told["hash"] = "sha1".into();
            }
        }
        None => {}
    }
    if outcome.other_address {
        told["otherAddress"] = true.into();
    }
    if let Some(denial) = &outcome.denial {
        told["denied"] = denial.code().into();
    }
    told
}

#[test]
fn each_entry_becomes_what_its_vector_says() {
    let mut wrong = Vec::new();
    for vector in vectors().iter().filter(|vector| vector["refused"].is_null()) {
        let lockfile = lockfile::parse(&lockfile_of(vector)).unwrap();
        let packages = vector["archive"].as_array().unwrap();
        let packages: Vec<_> = packages.iter().map(Package::of).collect();
        let held: Vec<_> = packages.iter().map(Package::held).collect();
        let outcomes = Coverage::new(&held).judge(&lockfile);
        let entries = lockfile.entries.iter().zip(&outcomes);
        let found: serde_json::Map<_, _> = entries
            .map(|(entry, outcome)| (entry.path.clone(), told(outcome, &packages)))
            .collect();
        if Value::from(found.clone()) != vector["entries"] {
            wrong.push(format!("{}\n  {}\n  {}", vector["case"], vector["entries"], json!(found)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn lockfiles_that_a_vector_says_are_refused_are() {
    let refused: Vec<_> =
        vectors().into_iter().filter(|vector| vector["refused"] == true).collect();
    assert!(refused.len() > 5);
    for vector in refused {
        let parsed = lockfile::parse(&lockfile_of(&vector));
        assert!(parsed.is_err(), "{}", vector["case"]);
    }
}

/// So that a disposition, a pin or a code which comes to be has a vector too.
#[test]
fn every_disposition_pin_and_code_has_a_vector() {
    let text = include_str!("data/coverage/vectors.json");
    for disposition in lockfile::coverage::Disposition::ALL {
        assert!(text.contains(&format!("\"disposition\": \"{}\"", disposition.name())));
    }
    let denials = include_str!("../src/core/lockfile/coverage/denial.rs");
    let codes = denials.lines().filter_map(|line| line.split_once("=> \"")?.1.strip_suffix("\","));
    // What the policy denies is denied after that.
    let codes: Vec<_> = codes.filter(|code| *code != "denied-by-policy").collect();
    assert!(codes.len() >= 9, "{codes:?}");
    for code in codes {
        assert!(text.contains(&format!("\"denied\": \"{code}\"")), "{code}");
    }
    for pin in ["sha512", "sha256", "signature"] {
        assert!(text.contains(&format!("\"pinnedBy\": \"{pin}\"")), "{pin}");
    }
}
