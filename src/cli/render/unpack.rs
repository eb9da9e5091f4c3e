//! What was written out of an archive, and what to run.

use std::fmt;

use serde::Serialize;
use serde_json::json;

use super::{Human, Rendered, human::count};
use crate::{
    app::{
        stored::StoredReport,
        unpack::{Layout, Unpacked},
    },
    core::text::Message,
};

/// A folder that was written.
pub struct Written<'a> {
    /// What was written.
    pub unpacked: &'a Unpacked,
    /// Whether to say only that.
    pub quiet: bool,
}

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { unpacked, quiet } = self;
        let folder = unpacked.folder.display().to_string();
        let packages = count(unpacked.packages, "package");
        let line = Human::new(&unpacked.report).first_line();
        write!(f, "{line}; unpacked {packages} into {}", Message(&folder))?;
        if *quiet {
            return Ok(());
        }
        left_out(unpacked, f)?;
        if let Some(words) = unpacked.run() {
            let words: Vec<_> = words.iter().map(|word| quoted(word)).collect();
            write!(f, "\n  run:   {}", Message(&words.join(" ")))?;
        }
        Ok(())
    }
}

/// Says which packages are not found in the folder.
fn left_out(unpacked: &Unpacked, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let number = unpacked.unreachable.len();
    let (verb, them) = if number == 1 { ("was", "it") } else { ("were", "them") };
    let packages = count(number, "package");
    match unpacked.layout {
        _ if number == 0 => Ok(()),
        Layout::Yarn4 => {
            write!(f, "\n  {packages} {verb} not given by a registry: take {them} from --for files")
        }
        layout => write!(
            f,
            "\n  {packages} {verb} supplied for git dependencies, which {} clones: take {them} from \
             --for files",
            layout.name()
        ),
    }
}

/// A word as a shell takes it for one.
fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./=@:+,%".contains(&byte);
    match !word.is_empty() && word.bytes().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

impl Rendered for Written<'_> {
    fn json(&self) -> impl Serialize + '_ {
        let unpacked = self.unpacked;
        let unreachable: Vec<_> = unpacked.unreachable.iter().map(ToString::to_string).collect();
        json!({
            "schema": "sealift-unpack/1",
            "folder": unpacked.folder.display().to_string(),
            "for": unpacked.layout.name(),
            "packages": unpacked.packages,
            "files": unpacked.files,
            "unreachable": unreachable,
            "run": unpacked.run(),
            "report": StoredReport::of(&unpacked.report),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_what_a_shell_would_split_or_run() {
        for (word, expected) in [
            ("a/b", "a/b"),
            ("a b", "'a b'"),
            ("$(x)", "'$(x)'"),
            ("it's", r"'it'\''s'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(word), expected);
        }
    }
}
