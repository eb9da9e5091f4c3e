//! Archives to be refused: made, offered to the reader, and the code of its answer.

use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use sealift::{
    adapters::archive::{Archive, ArchiveError},
    core::archive::{dsse::Envelope, key::PublicKey, manifest::Manifest},
};

use super::{
    contents, key, manifest, public,
    raw_zip::{Entry, Zip},
};

/// The archive in the one form, over these contents and this manifest.
pub fn archive(contents: &BTreeMap<String, Vec<u8>>, manifest: &[u8]) -> Zip {
    let envelope = Envelope::sign(manifest, &[key(1)]).unwrap().to_json();
    with_envelope(contents, &envelope)
}

/// As [`archive`], with any bytes as the envelope.
pub fn with_envelope(contents: &BTreeMap<String, Vec<u8>>, envelope: &[u8]) -> Zip {
    let mut entries: Vec<_> = contents.iter().map(|(name, data)| Entry::new(name, data)).collect();
    entries.push(Entry::new("sealift.dsse.json", envelope));
    Zip { entries, ..Zip::default() }
}

/// A good one.
pub fn good() -> Zip {
    archive(&contents(), &manifest().to_json())
}

/// Everything that a verifying side does with an archive, up to judging the evidence.
pub fn check(path: &Path, keys: &[PublicKey], threshold: usize) -> Result<(), ArchiveError> {
    Archive::open(path)?.verify_signatures::<Manifest>(keys, threshold)?.check_rest()
}

/// The code that these bytes are refused with, or `accepted`.
pub fn code(bytes: &[u8]) -> &'static str {
    refusal(bytes).0
}

/// That code, and what is said.
pub fn refusal(bytes: &[u8]) -> (&'static str, String) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let started = at_work();
    let (code, said) = match check(file.path(), &[public(1)], 1) {
        Ok(()) => ("accepted", String::new()),
        Err(error) => {
            assert!(!error.to_string().is_empty());
            (error.code(), error.to_string())
        }
    };
    // What is refused here claims gigabytes; the test itself holds some megabytes.
    let spent = at_work().saturating_sub(started);
    assert!(spent < Duration::from_secs(1), "{code} took {spent:?}");
    assert!(peak_memory().is_none_or(|peak| peak < 64), "{code} took {:?} MiB", peak_memory());
    (code, said)
}

/// How long this thread was at work, whoever else wants the processor; where the system does not
/// say, the time of day.
fn at_work() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = stat.split(' ').next().and_then(|text| text.parse().ok());
    nanoseconds
        .map_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap(), Duration::from_nanos)
}

/// The most memory that this process ever had, in MiB, where the system says.
pub fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(peak.trim().trim_end_matches(" kB").parse::<u64>().ok()? / 1024)
}
