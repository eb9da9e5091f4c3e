//! `dist` of a version's record: the tarball's address, its hashes, and the evidence for it.

use serde::Deserialize;

use crate::core::{
    json::{few, objects_only},
    limits,
    package::digest::{Algorithm, Digest, Integrity},
};

objects_only!(Manifest, Dist, Signature, Announced, AnnouncedProvenance);

/// `dist` of a version's record, as the registry gives it.
#[derive(Debug, Deserialize)]
#[serde(remote = "Self")]
pub struct Dist {
    /// The hashes of the tarball, to the letter: this is what the registry signs. Records from
    /// before it, and those of some private registries, have `shasum` alone.
    pub(super) integrity: Option<String>,
    shasum: Option<String>,
    /// The address of the tarball.
    pub tarball: Option<String>,
    /// The registry's signatures.
    #[serde(default, deserialize_with = "few::<_, _, { limits::RECORD_SIGNATURES }>")]
    pub(super) signatures: Vec<Signature>,
    /// The attestations that the record announces.
    pub(super) attestations: Option<Announced>,
}

/// One signature of the registry.
#[derive(Debug, Deserialize)]
#[serde(remote = "Self")]
pub(super) struct Signature {
    pub keyid: String,
    pub sig: String,
}

/// Attestations that a record announces.
#[derive(Debug, Deserialize)]
#[serde(remote = "Self")]
pub(super) struct Announced {
    pub provenance: Option<AnnouncedProvenance>,
}

/// Provenance that the record announces.
#[derive(Debug, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
pub(super) struct AnnouncedProvenance {
    pub predicate_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
struct Manifest {
    dist: Dist,
}

impl Dist {
    /// Reads `dist` of a version's manifest.
    ///
    /// # Errors
    /// Says what is missing, or not as it must be.
    pub fn read(manifest: &str) -> Result<Self, String> {
        let Manifest { dist } =
            serde_json::from_str(manifest).map_err(|error| error.to_string())?;
        Ok(dist)
    }

    /// The hashes that the tarball must have: `integrity`, or without it `shasum`. Beside `integrity`,
    /// SHA-1 says nothing more and would cost another pass over the bytes. `None` if the record has
    /// neither.
    ///
    /// # Errors
    /// Says what is malformed.
    pub fn expected(&self) -> Result<Option<Integrity>, String> {
        match (&self.integrity, &self.shasum) {
            (Some(text), _) => Integrity::parse(text).map(Some).map_err(|error| error.to_string()),
            (None, Some(hex)) => Digest::from_hex(Algorithm::Sha1, hex)
                .map(|digest| Some(Integrity::of(digest)))
                .ok_or_else(|| "shasum is not a SHA-1 digest in hex".to_owned()),
            (None, None) => Ok(None),
        }
    }

    /// Whether the record announces attestations.
    pub fn announces_attestations(&self) -> bool {
        self.attestations.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dist_says_what_to_expect() {
        let sri = Algorithm::Sha512.digest(b"x").to_sri();
        let dist = Dist::read(&format!(
            r#"{{"dist":{{"integrity":"{sri}","shasum":"junk","tarball":"t","attestations":{{"url":"u"}}}}}}"#
        ))
        .unwrap();
        assert_eq!(dist.expected().unwrap().unwrap().to_string(), sri);
        assert_eq!((dist.tarball.as_deref(), dist.announces_attestations()), (Some("t"), true));
        let hex = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
        let dist = Dist::read(&format!(r#"{{"dist":{{"shasum":"{hex}"}}}}"#)).unwrap();
        assert_eq!(dist.expected().unwrap().unwrap().strongest().next().unwrap().to_hex(), hex);
        assert!(!dist.announces_attestations());
        assert_eq!(Dist::read(r#"{"dist":{}}"#).unwrap().expected(), Ok(None));
    }

    #[test]
    fn refuses_a_malformed_dist() {
        for (manifest, why) in [
            ("{}", "missing field `dist`"),
            (r#"{"dist":[]}"#, "expected an object"),
            (r#"{"dist":{"tarball":1}}"#, "expected a string"),
            (r#"{"dist":{"signatures":[1]}}"#, "expected an object"),
            (r#"{"dist":{"integrity":"","integrity":""}}"#, "duplicate field"),
        ] {
            let found = Dist::read(manifest).unwrap_err();
            assert!(found.contains(why), "{manifest}: {found}");
        }
        for (dist, why) in [
            (r#"{"shasum":"x"}"#, "shasum is not a SHA-1 digest"),
            (r#"{"integrity":"sha512-x"}"#, "malformed hash"),
        ] {
            let dist = Dist::read(&format!(r#"{{"dist":{dist}}}"#)).unwrap();
            assert!(dist.expected().unwrap_err().contains(why), "{dist:?}");
        }
    }
}
