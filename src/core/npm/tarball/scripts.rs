//! What npm runs when it installs a package: its scripts `preinstall`, `install` and `postinstall`,
//! and node-gyp for a package with a `binding.gyp` that has neither of the first two (npm's
//! `@npmcli/arborist`, `rebuild.js`).

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::Value;

use super::{TarballError, read};
use crate::core::{
    package::{contents::InstallScript, digest::Algorithm},
    text::bounded,
};

/// The file that makes npm run node-gyp.
pub(super) const GYP: &str = "binding.gyp";

/// What npm runs because of [`GYP`].
const NODE_GYP: &str = "node-gyp rebuild";

/// The scripts that npm runs, in that order.
const NAMES: [&str; 3] = ["preinstall", "install", "postinstall"];

/// The path of a [`GYP`] in lower case without its first component, if that is what a path may lead to.
/// The file decides nothing but what is reported, so a path in any form counts, and none is refused.
pub(super) fn gyp(path: &str) -> Option<String> {
    let path = path.to_lowercase().replace('\\', "/");
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let below = parts.get(1..)?;
    (below.last() == Some(&GYP)).then(|| below.join("/"))
}

/// What npm runs for the package with this `package.json`.
///
/// # Errors
/// When its scripts cannot be read: they must not be overlooked.
pub(super) fn of_install(
    path: &str,
    bytes: &[u8],
    has_gyp: bool,
) -> Result<Vec<InstallScript>, TarballError> {
    let Run { scripts, gypfile } = read(path, bytes)?;
    // npm takes a text that is not empty, and nothing else.
    let command = |name| scripts.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let builds = has_gyp
        && gypfile != Value::Bool(false)
        && command("preinstall").is_none()
        && command("install").is_none();
    let folder = path.strip_suffix("package.json").unwrap_or(path).trim_end_matches('/');
    let found = NAMES.into_iter().filter_map(|name| {
        let command = command(name).or((builds && name == "install").then_some(NODE_GYP))?;
        Some(InstallScript {
            folder: folder.to_owned(),
            name,
            command: bounded(command),
            sha256: Algorithm::Sha256.digest(command.as_bytes()),
        })
    });
    Ok(found.collect())
}

/// What of a `package.json` decides what is run. Of a field that is there twice the last counts, as
/// npm has it.
#[derive(Default)]
struct Run {
    scripts: Value,
    gypfile: Value,
}

impl<'de> Deserialize<'de> for Run {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Run;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Run, A::Error> {
                let mut run = Run::default();
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "scripts" => run.scripts = map.next_value()?,
                        "gypfile" => run.gypfile = map.next_value()?,
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(run)
            }
        }

        json.deserialize_map(Fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scripts(manifest: &str, has_gyp: bool) -> Vec<(&'static str, String)> {
        let found = of_install("package.json", manifest.as_bytes(), has_gyp).unwrap();
        found.into_iter().map(|script| (script.name, script.command)).collect()
    }

    #[test]
    fn finds_the_three_scripts_in_the_order_in_which_npm_runs_them() {
        let manifest = r#"{"scripts": {"postinstall": "c", "test": "t", "install": "b",
            "preinstall": "a", "prepare": "p"}}"#;
        let expected = [("preinstall", "a"), ("install", "b"), ("postinstall", "c")];
        assert_eq!(scripts(manifest, false), expected.map(|(name, run)| (name, run.to_owned())));
        assert_eq!(scripts(manifest, true), scripts(manifest, false));
    }

    #[test]
    fn takes_the_last_of_two_fields_and_of_two_scripts() {
        let manifest = r#"{"scripts": {"install": "a"},
            "scripts": {"install": "b", "\u0069nstall": "c"}}"#;
        assert_eq!(scripts(manifest, false), [("install", "c".to_owned())]);
    }

    #[test]
    fn passes_over_what_npm_does_not_run() {
        for manifest in [
            "{}",
            r#"{"scripts": null}"#,
            r#"{"scripts": "install"}"#,
            r#"{"scripts": ["install"]}"#,
            r#"{"scripts": {"install": "", "postinstall": 1, "Preinstall": "a"}}"#,
        ] {
            assert_eq!(scripts(manifest, false), [], "{manifest}");
        }
    }

    #[test]
    fn node_gyp_runs_where_no_script_of_its_own_does() {
        let built = [("install", NODE_GYP.to_owned())];
        assert_eq!(scripts("{}", true), built);
        assert_eq!(scripts(r#"{"gypfile": true}"#, true), built);
        assert_eq!(scripts(r#"{"gypfile": false}"#, true), []);
        assert_eq!(scripts(r#"{"scripts": {"install": "a"}}"#, true).len(), 1);
        let before = r#"{"scripts": {"preinstall": "a"}}"#;
        assert_eq!(scripts(before, true), [("preinstall", "a".to_owned())]);
        let after = r#"{"scripts": {"postinstall": "a"}}"#;
        assert_eq!(scripts(after, true).len(), 2);
    }

    #[test]
    fn long_commands_are_cut_and_told_apart_by_their_digest() {
        let of = |last| {
            let command = "x".repeat(1000) + last;
            let manifest = format!(r#"{{"scripts": {{"install": "{command}"}}}}"#);
            of_install("package.json", manifest.as_bytes(), false).unwrap().remove(0)
        };
        let (one, other) = (of("a"), of("b"));
        assert_eq!(one.command, other.command);
        assert_ne!(one.sha256, other.sha256);
    }

    #[test]
    fn scripts_that_nest_too_deep_are_refused_and_not_overlooked() {
        let deep = "[".repeat(200) + &"]".repeat(200);
        let manifest = format!(r#"{{"scripts": {{"install": "a", "x": {deep}}}}}"#);
        let error = of_install("package.json", manifest.as_bytes(), false).unwrap_err();
        assert_eq!(error.code(), "tarball-manifest");
    }

    #[test]
    fn paths_of_any_form_lead_to_a_gyp_file() {
        for (path, found) in [
            ("package/binding.gyp", Some("binding.gyp")),
            ("x/./Binding.GYP", Some("binding.gyp")),
            ("package\\binding.gyp", Some("binding.gyp")),
            ("package/node_modules/a/binding.gyp", Some("node_modules/a/binding.gyp")),
            ("binding.gyp", None),
            ("package/binding.gyp.txt", None),
        ] {
            assert_eq!(gyp(path).as_deref(), found, "{path}");
        }
    }
}
