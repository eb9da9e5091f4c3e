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
    ("nobody knows", "it is not known"),
    ("such as it is", "as it is"),
    ("there is none", "say what is missing"),
    ("what there is", "say what it is"),
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
            for (number, line) in text.lines().enumerate() {
                let line = line.to_lowercase();
                let is_comment = is_code && line.trim_start().starts_with("//");
                let of_messages = if is_comment { &[][..] } else { IN_MESSAGES };
                for (pattern, instead) in EVERYWHERE.iter().chain(of_messages) {
                    // Names of functions and tests have no spaces.
                    if line.contains(pattern) && !(is_code && line.contains("fn ")) {
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

/// All files at or below a path.
fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| files(&path)).collect()
}
