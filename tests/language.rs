//! Plain language, in whatever a person reads. The patterns below were hard to understand at first
//! reading; each line says what to write.

#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // a test reads files

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Not in code comments, messages, pages or guides.
const EVERYWHERE: &[(&str, &str)] = &[
    ("and yet", "but"),
    ("all the same", "still, as well, but"),
    ("as good as none", "absent"),
    ("be they", "of one or of several"),
    ("for lack of", "without"),
    ("in its place", "instead"),
    ("is no ", "is not a"),
    ("nobody knows", "it is not known"),
    ("such as it is", "as it is"),
    ("there is none", "say what is missing"),
    ("what there is", "say what it is"),
    ("for whoever", "name the person or the program"),
    ("that is none", "say what it is not"),
    ("whatever it is", "leave it out"),
    ("whose own", "name the owner"),
    ("yet to come", "in the future"),
];

/// Not in messages, pages or guides.
const IN_MESSAGES: &[(&str, &str)] = &[("whoever", "name the person or the program")];

#[test]
fn comments_messages_and_pages_are_plain() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut wrong = Vec::new();
    for file in ["src", "man", ".github", "README.md", "CHANGELOG.md"] {
        for file in files(&root.join(file)) {
            let is_code = file.extension().is_some_and(|extension| extension == "rs");
            let text = fs::read_to_string(&file).unwrap();
            let lines: Vec<_> = text.lines().map(str::to_lowercase).collect();
            for (number, line) in lines.iter().enumerate() {
                let next = lines.get(number + 1).map_or("", |next| words(next));
                let line = format!("{} {next}", line.trim_end_matches('\\').trim_end());
                // "There is no X" and "is no longer" are plain.
                let line = line.replace("there is no ", "").replace("is no longer", "");
                let is_comment = is_code && line.trim_start().starts_with("//");
                let of_messages = if is_comment { &[][..] } else { IN_MESSAGES };
                for (pattern, instead) in EVERYWHERE.iter().chain(of_messages) {
                    // What the next line has alone is its own fault.
                    let found = line.contains(pattern) && !next.contains(pattern);
                    // Names of functions and tests have no spaces.
                    if found && !(is_code && line.contains("fn ")) {
                        let place = file.strip_prefix(root).unwrap().display();
                        let number = number + 1;
                        wrong.push(format!("{place}:{number}: {pattern:?}, write: {instead}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A line without what marks it as a comment or as the rest of a text: a sentence may be broken anywhere.
fn words(line: &str) -> &str {
    line.trim_start().trim_start_matches(['/', '!', '>', '*']).trim_start()
}

#[test]
fn finds_a_pattern_across_two_lines() {
    assert_eq!(words("    /// same: every"), "same: every");
    assert_eq!(words("//! same"), "same");
}

/// All files at or below a path.
fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| files(&path)).collect()
}
