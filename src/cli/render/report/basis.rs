//! What every rendering for machines carries: what was judged, by what rules, when and by which program.

use std::io;

use serde::Serialize;
use serde_json::ser::Formatter;

use crate::{
    app::stored::{Source, StoredEntry, StoredReport},
    core::{
        percent,
        text::{Message, Untrusted, misleads},
    },
};

/// Names and values.
pub(super) fn basis(report: &StoredReport, source: &Source) -> Vec<(&'static str, String)> {
    let archive = &report.archive;
    let basis = [
        ("sealift:verdict", report.verdict.name()),
        ("sealift:report", vouched(source)),
        ("sealift:at", &report.at),
        ("sealift:program", &format!("{} {}", report.tool.name, report.tool.version)),
        ("sealift:archive:file", &archive.file),
        ("sealift:archive:sha256", &archive.sha256),
        ("sealift:archive:sealedAt", &archive.sealed_at),
        ("sealift:policy:sha256", &report.policy.digest.sha256),
    ];
    basis.map(|(name, value)| (name, Untrusted(value).to_string())).into()
}

/// Who vouches for the report.
pub(super) fn vouched(source: &Source) -> &'static str {
    match source {
        Source::Verification | Source::Serving => "made by this verification",
        Source::Unsigned => "not signed",
        Source::Unchecked { .. } => "signed, and the signature was not verified",
        Source::Signed { .. } => "signed by a given key",
    }
}

/// A lockfile, with the entries that a reader is pointed at.
pub(super) struct Shown<'a> {
    /// The file of this build, or the entry of the archive.
    pub(super) file: &'a str,
    /// SHA-256 of its bytes, in hexadecimal.
    pub(super) sha256: &'a str,
    /// Its entries.
    entries: &'a [StoredEntry],
    /// Their lines, where they are not those of the entries.
    lines: &'a [usize],
}

impl<'a> Shown<'a> {
    /// The entries, each with its line.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'a StoredEntry, usize)> {
        let lines = self.lines.iter().copied().map(Some).chain(std::iter::repeat(None));
        self.entries.iter().zip(lines).map(|(entry, line)| (entry, line.unwrap_or(entry.line)))
    }
}

/// This build's lockfiles, then those of the archive that none of them equals: every entry once.
pub(super) fn lockfiles(report: &StoredReport) -> Vec<Shown<'_>> {
    let held = |name: &str| report.inputs.iter().find(|input| input.entry == name);
    let given = report.lockfiles.iter().map(|given| {
        let equal = given.input.as_deref().and_then(held);
        let entries = given.entries.as_ref().or(equal.map(|input| &input.entries));
        Shown {
            file: &given.file,
            sha256: &given.sha256,
            entries: entries.map_or(&[], Vec::as_slice),
            lines: given.lines.as_deref().unwrap_or_default(),
        }
    });
    let is_given = |name: &str| {
        report.lockfiles.iter().any(|given| given.input.as_deref().is_some_and(|of| of == name))
    };
    let rest = report.inputs.iter().filter(|input| !is_given(&input.entry)).map(|input| Shown {
        file: &input.entry,
        sha256: &input.sha256,
        entries: &input.entries,
        lines: &[],
    });
    given.chain(rest).collect()
}

/// What to call an entry.
pub(super) fn name_of(entry: &StoredEntry) -> &str {
    if entry.path.is_empty() { "the project itself" } else { &entry.path }
}

/// The reference to a file (RFC 3986), as relative as it was given.
pub(super) fn uri(file: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    match file.strip_prefix("./").unwrap_or(file) {
        path if path.starts_with('/') => {
            format!("file:///{}", percent::encode(path.trim_start_matches('/'), plain))
        }
        path => percent::encode(path, plain),
    }
}

/// The exception of that number: its reason and its last day.
pub(super) fn excuse(report: &StoredReport, number: Option<usize>) -> String {
    let Some(number) = number else { return "excused".to_owned() };
    let exception = report.policy.exceptions().nth(number.saturating_sub(1));
    let text = |key| exception.and_then(|of| of.get(key)).and_then(|value| value.as_str());
    let (reason, expires) = (text("reason").unwrap_or_default(), text("expires").unwrap_or("?"));
    Message(&format!("exception {number}, until {expires}: {reason}")).to_string()
}

/// JSON as text, in which nothing steers a terminal or misleads a reader.
pub(super) fn text_of(json: &impl Serialize) -> String {
    let mut text = Vec::new();
    let mut writer = serde_json::Serializer::with_formatter(&mut text, Escaping);
    // What is written here has texts as keys, and memory takes every byte: there is no error.
    match json.serialize(&mut writer) {
        Ok(()) => String::from_utf8(text).unwrap_or_default(),
        Err(_) => String::new(),
    }
}

/// Writes what misleads as escapes of JSON, which stand for the same texts.
struct Escaping;

impl Formatter for Escaping {
    fn write_string_fragment<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((before, found)) =
            rest.find(misleads).and_then(|at| rest.split_at_checked(at))
        {
            writer.write_all(before.as_bytes())?;
            let mut after = found.chars();
            let mut units = [0_u16; 2];
            for unit in after.next().unwrap_or_default().encode_utf16(&mut units) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = after.as_str();
        }
        writer.write_all(rest.as_bytes())
    }
}
