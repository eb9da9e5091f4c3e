//! Every variant of an error is in a test: by its name, by its code, or by the words of its message.
//!
//! It reads source text. So it finds what no test speaks of; it cannot say whether a test is good.

// A test fails by panicking; and it looks at files that the program may not.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::indexing_slicing)]

use std::{
    collections::{BTreeSet, HashMap},
    fs,
    path::{Path, PathBuf},
};

/// So many bytes of a message at least are its words, and at least the half of it.
const WORDS: usize = 20;

/// What no test can bring about, and why.
const UNTESTED: [(&str, &str); 8] = [
    ("BasisError::NoTrustedRoot", "an update without that file is refused before"),
    ("CollectError::Address", "every name and version that is allowed makes an address"),
    ("CollectionError::NoRegistry", "every version is collected from a registry"),
    ("KeyError::Random", "the system must have no randomness"),
    ("RequestFailure::ConnectTimeout", "a host must take no connection and refuse none"),
    ("RunError::System", "the system must refuse threads or signals"),
    ("SignError::Changed", "another program must write between two reads"),
    ("TrustStoreError::Unreadable", "another program must change what was just written"),
];

#[test]
fn every_variant_of_an_error_is_in_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut variants, mut tests) = (Vec::new(), String::new());
    for path in files(&root.join("src")).into_iter().chain(files(&root.join("tests"))) {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let within = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
        if within.ends_with("every_error.rs") || !within.ends_with(".rs") {
            continue;
        }
        if within.contains("tests") {
            tests += &text;
            continue;
        }
        let mut halves = text.splitn(2, "#[cfg(test)]\nmod tests {");
        variants.extend(variants_of(halves.next().unwrap()));
        tests += halves.next().unwrap_or_default();
    }
    for path in files(&root.join("snapshots")) {
        tests += &fs::read_to_string(path).unwrap();
    }
    let tests = joined(&tests);
    let quoted = quoted(&variants, &tests);
    let untested = variants.iter().map(|variant| (variant.name.as_str(), variant));
    let untested =
        untested.filter(|(name, variant)| !quoted.contains(name) && !variant.is_in(&tests));
    let untested: BTreeSet<_> = untested.map(|(name, _)| name).collect();
    assert!(variants.len() > 350, "{}", variants.len());
    let known: BTreeSet<_> = UNTESTED.iter().map(|(name, _)| *name).collect();
    assert_eq!(untested, known, "no test speaks of the left ones, or tests do of the right ones");
}

/// A variant that says something of its own.
struct Variant {
    /// `Error::Variant`.
    name: String,
    /// The words of its message, without what is filled in: the longest part.
    message: String,
    codes: Vec<String>,
}

impl Variant {
    fn is_in(&self, tests: &str) -> bool {
        let quoted = |code: &String| {
            let forms = ["\"CODE\"", "\"CODE: ", "[CODE]"].map(|form| form.replace("CODE", code));
            forms.iter().any(|form| tests.contains(form))
        };
        tests.contains(&self.name) || self.codes.iter().any(quoted)
    }

    /// How much of its message a test must quote.
    fn enough(&self) -> usize {
        (self.message.len() / 2).max(WORDS).min(self.message.len())
    }
}

/// The variants of whose messages tests quote enough.
fn quoted<'a>(variants: &'a [Variant], tests: &str) -> BTreeSet<&'a str> {
    let mut parts: HashMap<&[u8], Vec<(&Variant, &[u8])>> = HashMap::new();
    let mut found = BTreeSet::new();
    for variant in variants {
        let message = variant.message.as_bytes();
        if message.len() < WORDS {
            found.extend(tests.contains(&variant.message).then_some(variant.name.as_str()));
            continue;
        }
        let starts = (0..=message.len() - variant.enough()).map(|at| &message[at..]);
        for rest in starts {
            parts.entry(&rest[..WORDS]).or_default().push((variant, rest));
        }
    }
    for (at, part) in tests.as_bytes().windows(WORDS).enumerate() {
        for (variant, rest) in parts.get(part).into_iter().flatten() {
            if tests.as_bytes()[at..].starts_with(&rest[..variant.enough()]) {
                found.insert(variant.name.as_str());
            }
        }
    }
    found
}

/// The variants of the errors in a file. Those that pass on another error are left out.
fn variants_of(source: &str) -> Vec<Variant> {
    let source = joined(source);
    let mut found = Vec::new();
    for part in source.split("thiserror::Error)]").skip(1) {
        let Some((head, rest)) = part.split_once("enum ") else { continue };
        if head.contains("struct ") {
            continue;
        }
        let error = name_at(rest);
        let body = rest.split("\n}").next().unwrap();
        for part in body.split("#[error(").skip(1) {
            let (attribute, after) = part.split_once(")]\n").unwrap();
            let Some((_, message)) = attribute.split_once('"') else { continue };
            let after = after.lines().find(|line| !line.trim_start().starts_with("#[")).unwrap();
            let variant = name_at(after.trim_start());
            let message = message.replace("\\\"", "\u{0}");
            let message = longest(message.split('"').next().unwrap()).replace('\u{0}', "\\\"");
            if message.chars().filter(|c| c.is_alphabetic()).count() < 4 {
                continue;
            }
            let arm = format!("Self::{variant}");
            let codes =
                source.lines().filter(|line| line.contains(&arm) && name_follows(line, &arm));
            let codes = codes.filter_map(code_of).collect();
            found.push(Variant { name: format!("{error}::{variant}"), message, codes });
        }
    }
    found
}

/// The longest part of a message between what is filled in.
fn longest(message: &str) -> String {
    let parts =
        message.split('{').map(|part| part.split_once('}').map_or(part, |(_, after)| after));
    parts.map(str::trim).max_by_key(|part| part.len()).unwrap_or_default().to_owned()
}

fn name_at(text: &str) -> &str {
    text.split(|c: char| !c.is_alphanumeric()).next().unwrap()
}

fn name_follows(line: &str, arm: &str) -> bool {
    line.split(arm).skip(1).any(|after| !after.starts_with(char::is_alphanumeric))
}

/// The code that an arm gives.
fn code_of(line: &str) -> Option<String> {
    let code = line.split_once("=> ")?.1.trim_start_matches("Some(").strip_prefix('"')?;
    let code = code.split('"').next()?;
    let is_code = |c: char| c == '-' || c.is_ascii_lowercase() || c.is_ascii_digit();
    code.chars().all(is_code).then(|| code.to_owned())
}

/// Without comments, and with the texts that go on in another line as one.
fn joined(source: &str) -> String {
    let mut text = String::new();
    let mut goes_on = false;
    for line in source.lines() {
        let trimmed = line.trim_start();
        if !goes_on && trimmed.starts_with("//") {
            continue;
        }
        let line = if goes_on { trimmed } else { line };
        goes_on = line.ends_with('\\');
        text += line.strip_suffix('\\').unwrap_or(line);
        if !goes_on {
            text.push('\n');
        }
    }
    text
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found
}
