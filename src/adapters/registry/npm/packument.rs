//! Takes single versions out of a packument, byte for byte, without reading the others.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Serialize,
    de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::core::{limits, package::PackageId};

/// What a packument says of one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedVersion {
    /// `versions[version]`, as received.
    pub manifest: String,
    /// `time[version]`. Nobody signs it.
    pub time: Option<String>,
}

/// Why a packument cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Not JSON, or not a packument.
    #[error("the registry's answer is not a packument: {0}")]
    Malformed(String),
    /// One version's record is larger than any can be.
    #[error("the registry's record is larger than {0} bytes")]
    TooLarge(u64),
    /// `dist` is missing, or not as it must be.
    #[error("the registry's record is malformed: {0}")]
    Dist(String),
}

/// What of `wanted` a packument has.
///
/// # Errors
/// When it is not a packument, or says something wanted twice.
pub fn read(
    packument: &[u8],
    wanted: &[&str],
) -> Result<BTreeMap<String, ListedVersion>, RecordError> {
    let malformed = |error: serde_json::Error| RecordError::Malformed(error.to_string());
    let mut json = serde_json::Deserializer::from_slice(packument);
    let (versions, mut times) = Packument(wanted).deserialize(&mut json).map_err(malformed)?;
    json.end().map_err(malformed)?;
    let mut found = BTreeMap::new();
    for (version, manifest) in versions {
        if manifest.get().len() as u64 > limits::RECORD_BYTES {
            return Err(RecordError::TooLarge(limits::RECORD_BYTES));
        }
        // Unpublished versions leave times that are no text; only text is a time.
        let time = times.remove(&version).and_then(|time| serde_json::from_str(time.get()).ok());
        found.insert(version, ListedVersion { manifest: manifest.get().to_owned(), time });
    }
    Ok(found)
}

/// The archive's `registry.json`: the record as received, and what of the packument belongs to it.
///
/// # Errors
/// When it is larger than any can be, or the version's record is not JSON; [`read`] gives none
/// such.
pub fn record(id: &PackageId, version: &ListedVersion) -> Result<Vec<u8>, RecordError> {
    #[derive(Serialize)]
    struct Record<'a> {
        name: &'a str,
        version: &'a str,
        time: Option<&'a str>,
        manifest: &'a RawValue,
    }
    let malformed = |error: serde_json::Error| RecordError::Malformed(error.to_string());
    let manifest: &RawValue = serde_json::from_str(&version.manifest).map_err(malformed)?;
    let (name, number, time) = (id.name(), id.version(), version.time.as_deref());
    // Records stay in memory until everything is collected. The exact capacity saves a third.
    let mut record = Vec::with_capacity(version.manifest.len() + 256);
    serde_json::to_writer(&mut record, &Record { name, version: number, time, manifest })
        .map_err(malformed)?;
    // The received time has no limit of its own, so the whole record is checked.
    if record.len() as u64 > limits::RECORD_BYTES {
        return Err(RecordError::TooLarge(limits::RECORD_BYTES));
    }
    Ok(record)
}

type Raw<'de> = BTreeMap<String, &'de RawValue>;

/// Reads `versions` and `time`, and passes over the rest.
struct Packument<'a>(&'a [&'a str]);

impl<'de> DeserializeSeed<'de> for Packument<'_> {
    type Value = (Raw<'de>, Raw<'de>);

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Packument<'_> {
    type Value = (Raw<'de>, Raw<'de>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `versions`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut versions, mut times) = (None, None);
        while let Some(key) = map.next_key::<String>()? {
            let (slot, field) = match key.as_str() {
                "versions" => (&mut versions, "versions"),
                "time" => (&mut times, "time"),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            if slot.replace(map.next_value_seed(Members(self.0))?).is_some() {
                return Err(A::Error::duplicate_field(field));
            }
        }
        let versions = versions.ok_or_else(|| A::Error::missing_field("versions"))?;
        Ok((versions, times.unwrap_or_default()))
    }
}

/// Keeps the wanted members of an object, raw.
struct Members<'a>(&'a [&'a str]);

impl<'de> DeserializeSeed<'de> for Members<'_> {
    type Value = Raw<'de>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = Raw<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object by version")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = BTreeMap::new();
        while let Some(key) = map.next_key::<String>()? {
            if !self.0.contains(&key.as_str()) {
                map.next_value::<IgnoredAny>()?;
            } else if found.insert(key, map.next_value::<&RawValue>()?).is_some() {
                return Err(A::Error::custom("a version is listed twice"));
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKUMENT: &str = r#"{"name":"a","versions":{"0.9.0":{"x":[{}]},
        "1.0.0":{ "b":1 ,"a":"\u0041", "n":1e999 }},"time":{"created":"x","1.0.0":"2020-01-01T00:00:00.000Z",
        "2.0.0":{"unpublished":true}},"readme":"…"}"#;

    fn malformed(packument: &str) -> String {
        match read(packument.as_bytes(), &["1.0.0"]) {
            Err(RecordError::Malformed(text)) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_version_keeps_its_bytes() {
        let found = read(PACKUMENT.as_bytes(), &["1.0.0", "2.0.0"]).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found["1.0.0"].manifest, r#"{ "b":1 ,"a":"\u0041", "n":1e999 }"#);
        assert_eq!(found["1.0.0"].time.as_deref(), Some("2020-01-01T00:00:00.000Z"));
        let id = PackageId::npm("a", "1.0.0").unwrap();
        assert_eq!(
            String::from_utf8(record(&id, &found["1.0.0"]).unwrap()).unwrap(),
            r#"{"name":"a","version":"1.0.0","time":"2020-01-01T00:00:00.000Z","manifest":{ "b":1 ,"a":"\u0041", "n":1e999 }}"#
        );
    }

    #[test]
    fn a_missing_time_is_null() {
        let found = read(br#"{"versions":{"1.0.0":{}}}"#, &["1.0.0"]).unwrap();
        let id = PackageId::npm("a", "1.0.0").unwrap();
        assert_eq!(
            record(&id, &found["1.0.0"]).unwrap(),
            br#"{"name":"a","version":"1.0.0","time":null,"manifest":{}}"#
        );
    }

    #[test]
    fn what_is_no_packument_is_refused() {
        assert!(malformed("<html>").contains("expected value"));
        assert!(malformed("[]").contains("expected an object with `versions`"));
        assert!(malformed("{}").contains("missing field `versions`"));
        assert!(malformed(r#"{"versions":{"1.0.0":{}}} x"#).contains("trailing characters"));
        assert!(malformed(r#"{"versions":{"1.0.0":"#).contains("EOF"));
    }

    #[test]
    fn nothing_wanted_is_said_twice() {
        assert!(malformed(r#"{"versions":{},"versions":{}}"#).contains("duplicate field"));
        let twice = r#"{"versions":{"1.0.0":{"a":1},"1.0.0":{"a":2}}}"#;
        assert!(malformed(twice).contains("listed twice"));
        let escaped = r#"{"versions":{"1.0.0":{"a":1},"1.0\u002e0":{"a":2}}}"#;
        assert!(malformed(escaped).contains("listed twice"));
    }

    #[test]
    fn deep_nesting_elsewhere_does_no_harm() {
        let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
        let packument = format!(r#"{{"x":{deep},"versions":{{"1.0.0":{{}}}}}}"#);
        assert!(read(packument.as_bytes(), &["1.0.0"]).unwrap().contains_key("1.0.0"));
    }

    #[test]
    fn a_huge_record_is_refused() {
        let size = usize::try_from(limits::RECORD_BYTES).unwrap();
        let read = |size: usize| {
            let packument = format!(r#"{{"versions":{{"1.0.0":"{}"}}}}"#, "x".repeat(size - 2));
            read(packument.as_bytes(), &["1.0.0"])
        };
        assert_eq!(read(size + 1), Err(RecordError::TooLarge(limits::RECORD_BYTES)));
        assert_eq!(read(size).unwrap()["1.0.0"].manifest.len(), size);
    }

    #[test]
    fn a_record_is_as_large_as_whoever_verifies_it_reads() {
        let size = usize::try_from(limits::RECORD_BYTES).unwrap();
        let id = PackageId::npm("a", "1.0.0").unwrap();
        let around =
            record(&id, &ListedVersion { manifest: "{}".into(), time: None }).unwrap().len() - 2;
        let of = |manifest: usize, time: Option<usize>| {
            let manifest = format!("{{{}}}", " ".repeat(manifest - 2));
            record(&id, &ListedVersion { manifest, time: time.map(|size| "x".repeat(size)) })
        };
        assert_eq!(of(size - around, None).unwrap().len(), size);
        let too_large = Err(RecordError::TooLarge(limits::RECORD_BYTES));
        assert_eq!(of(size - around + 1, None), too_large);
        // `null` gives way to two quotes and the text.
        assert_eq!(of(2, Some(size - around)).unwrap().len(), size);
        assert_eq!(of(2, Some(size - around + 1)), too_large);
    }
}
