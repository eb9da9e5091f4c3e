//! Which install scripts are there that were not before.

use crate::core::package::contents::InstallScript;

/// A script that runs at installation, and did not, or ran another command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptChange {
    /// The script as it is.
    pub script: InstallScript,
    /// The command that it had; `None` if there was no such script.
    pub before: Option<String>,
}

/// The scripts that were not there before, and those with another command.
pub(crate) fn changed_scripts(old: &[InstallScript], new: &[InstallScript]) -> Vec<ScriptChange> {
    let changed = new.iter().filter_map(|script| {
        let mut same =
            old.iter().filter(|it| (&it.folder, it.name) == (&script.folder, script.name));
        let before = same.next();
        if before.is_some_and(|before| before.sha256 == script.sha256) {
            return None;
        }
        let before = before.map(|before| before.command.clone());
        Some(ScriptChange { script: script.clone(), before })
    });
    changed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::package::digest::Algorithm;

    fn script(folder: &str, name: &'static str, command: &str) -> InstallScript {
        let sha256 = Algorithm::Sha256.digest(command.as_bytes());
        InstallScript { folder: folder.into(), name, command: command.into(), sha256 }
    }

    #[test]
    fn finds_scripts_that_are_new_or_have_another_command() {
        let old = [script("", "install", "a"), script("", "postinstall", "b")];
        let new = [
            script("", "install", "a"),
            script("", "postinstall", "c"),
            script("node_modules/x", "install", "a"),
        ];
        let found = changed_scripts(&old, &new);
        let before: Vec<_> = found.iter().map(|change| change.before.as_deref()).collect();
        assert_eq!(before, [Some("b"), None]);
        assert_eq!((&found[0].script, &found[1].script), (&new[1], &new[2]));
        assert_eq!(changed_scripts(&new, &old[..1]), []);
    }

    #[test]
    fn commands_that_are_cut_are_compared_as_a_whole() {
        let cut =
            |whole: &str| InstallScript { command: "x…".into(), ..script("", "install", whole) };
        assert_eq!(changed_scripts(&[cut("xa")], &[cut("xb")]).len(), 1);
    }
}
