//! The fuzz targets on a stable compiler, for a bounded time: every stored input, and mutants of
//! it that are the same in every run. `tests/fuzz/README.md` says how to go on from here.
//!
//! Fails where a target panics, and where one input takes more than a second.
#![cfg(feature = "network")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::disallowed_methods)]

#[path = "fuzz/src/lib.rs"]
mod fuzz;

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rayon::prelude::*;
use sealift::app::stored as reports;
use sealift::core::{
    archive::manifest::Listing as _,
    policy::{Identities, PolicyFile},
    recall::{Advisory, Recall},
    store::{IndexRow, Query},
    verdict::Claim,
};

/// Mutants of all stored inputs of one target together.
const MUTANTS: usize = 2000;

/// What any one input may take; the stored ones have some ten thousand bytes.
const SLOW: Duration = Duration::from_secs(1);

#[test]
fn stored_inputs_and_their_mutants() {
    let failures: Vec<String> = fuzz::ALL
        .into_par_iter()
        .flat_map(|(target, run)| {
            let seeds = seeds(target);
            assert!(!seeds.is_empty(), "no inputs for {target}");
            let mutants = MUTANTS / seeds.len();
            let all: Vec<usize> = (0..seeds.len()).collect();
            all.into_par_iter()
                .filter_map(move |at| {
                    let mut random = Random::of(target, at);
                    let good = &seeds[at].1;
                    std::iter::once(good.clone())
                        .chain((0..mutants).map(|_| {
                            let other = &seeds[random.below(seeds.len())].1;
                            mutant(good, other, &mut random)
                        }))
                        .find_map(|input| failure(run, &input).map(|why| (why, input)))
                        .map(|(why, input)| report(target, &seeds[at].0, why, &input))
                })
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(failures.is_empty(), "{failures:#?}");
}

/// The targets would pass if nothing ever got past the first check.
#[test]
fn good_inputs_are_accepted() {
    let stored = |target: &str, name: &str| {
        seeds(target).into_iter().find(|(path, _)| path.ends_with(name)).unwrap().1
    };
    let verdict = fuzz::judge(&stored("package", "sigstore"));
    for claim in Claim::ALL {
        assert_eq!(verdict.status(claim).unwrap().name(), "verified", "{claim}");
    }
    assert_eq!(stored("archive", "good"), fuzz::good_archive());
    for name in ["template", "all"] {
        PolicyFile::parse(&stored("policy", name)).unwrap();
    }
    Identities::parse(&stored("policy", "identities")).unwrap();
    for name in ["verified", "refused", "signed"] {
        reports::parse(&stored("report", name), name.as_ref(), &[]).unwrap();
    }
    for name in ["package", "key", "address"] {
        let index = stored("store", name);
        let mut lines = index.trim_ascii_end().split(|byte| *byte == b'\n');
        Query::parse(str::from_utf8(lines.next().unwrap()).unwrap()).unwrap();
        lines.for_each(|line| drop(IndexRow::parse(line).unwrap()));
    }
    assert!(Advisory::parse(&stored("advisory", "ranges")).unwrap().counts());
    Recall::parse(&stored("manifest", "recall")).unwrap();
}

/// Why an input fails, if it does.
fn failure(run: fn(&[u8]), input: &[u8]) -> Option<&'static str> {
    // On a busy machine an input may wait; it is slow if it is slow three times.
    for _ in 0..3 {
        let started = Instant::now();
        if catch_unwind(AssertUnwindSafe(|| run(input))).is_err() {
            return Some("panics");
        }
        if started.elapsed() < SLOW {
            return None;
        }
    }
    Some("takes too long")
}

/// Keeps the input that failed, for `cargo fuzz run`.
fn report(target: &str, seed: &Path, why: &str, input: &[u8]) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{target}"));
    fs::write(&path, input).unwrap();
    format!("{target} {why} on {}, made from {}", path.display(), seed.display())
}

fn seeds(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target);
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

/// Numbers that stand at the edges of something.
const NUMBERS: [&[u8]; 9] = [
    b"0",
    b"-1",
    b"1e9",
    b"255",
    b"65536",
    b"4294967295",
    b"9223372036854775807",
    b"18446744073709551615",
    b"99999999999999999999999999",
];

/// One to four changes.
fn mutant(good: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = good.to_vec();
    for _ in 0..=random.below(4) {
        let start = random.below(bytes.len() + 1);
        let end = bytes.len().min(start + 1 + random.below(32));
        match random.below(8) {
            0 => bytes.iter_mut().skip(start).take(1).for_each(|b| *b ^= 1 << random.below(8)),
            1 => bytes.iter_mut().skip(start).take(1).for_each(|b| *b = random.below(256) as u8),
            2 => drop(bytes.drain(start..end)),
            3 => {
                let copy = bytes[start..end].to_vec();
                bytes.splice(start..start, copy);
            }
            4 => {
                let from = random.below(other.len() + 1);
                let to = other.len().min(from + 1 + random.below(256));
                drop(bytes.splice(start..end, other[from..to].iter().copied()));
            }
            5 => bytes.truncate(start),
            6 => {
                // The next run of digits becomes another number.
                let digits = |byte: &u8| byte.is_ascii_digit();
                let Some(at) = bytes.iter().skip(start).position(digits) else { continue };
                let at = start + at;
                let end = at + bytes[at..].iter().take_while(|byte| digits(byte)).count();
                bytes.splice(at..end, NUMBERS[random.below(NUMBERS.len())].iter().copied());
            }
            _ => {
                // So does a number in binary.
                let edge = [0, 1, 0x7f, 0x80, 0xff][random.below(5)];
                let width = 1 << random.below(4);
                bytes.iter_mut().skip(start).take(width).for_each(|byte| *byte = edge);
            }
        }
    }
    bytes
}

/// Xorshift: the same numbers in every run.
struct Random(u64);

impl Random {
    fn of(target: &str, seed: usize) -> Self {
        let name = target.bytes().fold(seed as u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(name | 1)
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}
