//! The lines of `man/sealift-statement.5`, run as they stand there.

use std::process::{Command, Stdio};

use crate::*;

/// Programs that the lines need.
pub const TOOLS: [&str; 4] = ["jq", "openssl", "base64", "sha256sum"];

/// The lines that the page gives as its example of that number, without the escapes of roff.
pub fn lines(number: usize) -> String {
    let page = include_str!("../../man/sealift-statement.5");
    let examples = page.split(".SH EXAMPLES").nth(1).unwrap();
    let lines = examples.split(".nf\n").nth(number + 1).unwrap().split("\n.fi").next().unwrap();
    lines.replace("\\(aq", "'").replace("\\-", "-").replace("\\e", "\\")
}

/// Runs lines in a folder with these files. What they print, where they succeed.
pub fn run(lines: &str, files: &[(&str, Vec<u8>)]) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let mut shell = Command::new("sh");
    shell.args(["-c", lines]).current_dir(folder.path()).stdin(Stdio::null());
    let output = shell.output().unwrap();
    let text = [output.stdout, output.stderr].concat().escape_ascii().to_string();
    if output.status.success() { Ok(text) } else { Err(text) }
}

/// Keeps files for the client that `tests/crosscheck/run` tries on them, where it asks for that.
fn keep(name: &str, files: &[(&str, &[u8])]) {
    let Some(folder) = std::env::var_os("SEALIFT_STATEMENTS") else { return };
    let folder = std::path::Path::new(&folder).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.join(name), bytes).unwrap();
    }
}

#[test]
fn the_lines_accept_what_each_key_signed_and_refuse_what_was_changed() {
    if !testkit::tools::are_here(&TOOLS) {
        return;
    }
    let sealed = Sealed::new();
    sealed.world.sealift("key generate -o p256.key --algorithm ecdsa-p256").done();
    let archive = sealed.world.read("app.sealift");
    for key in ["second.key", "p256.key"] {
        let to = format!("--attest {key}.json --attest-key {key}");
        sealed.verify(&format!("--require integrity {to}")).done();
        let statement = sealed.world.read(&format!("{key}.json"));
        let public = sealed.world.read(&format!("{key}.pub"));
        let other = sealed.world.read("release.key.pub");
        let accepts = |statement: &[u8], public: &[u8], archive: &[u8]| {
            let files = [("vsa.json", statement), ("key.pub", public), ("app.sealift", archive)];
            run(&lines(0), &files.map(|(name, bytes)| (name, bytes.to_vec()))).is_ok()
        };
        assert!(accepts(&statement, &public, &archive), "{key}");
        keep(key, &[("vsa.json", &statement), ("key.pub", &public)]);
        assert!(!accepts(&statement, &other, &archive), "{key}: another key");
        assert!(!accepts(&statement, &public, b"another archive"), "{key}");
        let mut envelope: Value = serde_json::from_slice(&statement).unwrap();
        let payload = envelope["payload"].as_str().unwrap().replacen('e', "f", 1);
        envelope["payload"] = payload.into();
        assert!(!accepts(envelope.to_string().as_bytes(), &public, &archive), "{key}: changed");
    }
    sealed.verify("--require provenance --attest no.json --attest-key second.key").refused();
    let files = ["app.sealift", "no.json", "second.key.pub"].map(|name| sealed.world.read(name));
    let [archive, no, public] = files;
    let failed = [("app.sealift", archive), ("vsa.json", no), ("key.pub", public)];
    assert!(run(&lines(0), &failed).unwrap_err().contains("Signature Verified Successfully"));
}

/// cosign, where `SEALIFT_COSIGN` names it.
#[test]
fn cosign_accepts_a_statement_of_each_key_and_refuses_what_was_changed() {
    let Some(cosign) = testkit::tools::cosign() else { return };
    let cosign = cosign.into_string().unwrap();
    let lines = lines(2);
    let verified = |lines: &str, files: [&[u8]; 3]| {
        let names = ["vsa.json", "key.pub", "app.sealift"].into_iter().zip(files);
        let files: Vec<_> = names.map(|(name, bytes)| (name, bytes.to_vec())).collect();
        // Without a network: every request goes to a port that nothing listens on.
        let offline = "export HTTPS_PROXY=http://127.0.0.1:9 HTTP_PROXY=http://127.0.0.1:9";
        run(&format!("{offline}\ncosign() {{ {cosign} \"$@\"; }}\n{lines}"), &files)
    };
    let sealed = Sealed::new();
    sealed.world.sealift("key generate -o p256.key --algorithm ecdsa-p256").done();
    let archive = sealed.world.read("app.sealift");
    let other = sealed.world.read("release.key.pub");
    for key in ["second.key", "p256.key"] {
        let to = format!("--attest {key}.json --attest-key {key}");
        sealed.verify(&format!("--require integrity {to}")).done();
        let statement = sealed.world.read(&format!("{key}.json"));
        let public = sealed.world.read(&format!("{key}.pub"));
        let said = verified(&lines, [&statement, &public, &archive]).unwrap();
        assert!(said.contains("Verified OK"), "{key}: {said}");
        let refused = |lines: &str, files, says: &str| {
            let said = verified(lines, files).unwrap_err();
            assert!(said.contains(says), "{key}: {said}");
        };
        let unsigned = "accepted signatures do not match threshold, Found: 0, Expected 1";
        refused(&lines, [&statement, &other, &archive], unsigned);
        refused(&lines, [&statement, &public, b"another"], "no matching subject digest found");
        let summary = lines.replace("verification_summary/v1", "provenance/v1");
        refused(&summary, [&statement, &public, &archive], "invalid predicate type");
        let mut envelope: Value = serde_json::from_slice(&statement).unwrap();
        let payload = envelope["payload"].as_str().unwrap().replacen('e', "f", 1);
        envelope["payload"] = payload.into();
        refused(&lines, [envelope.to_string().as_bytes(), &public, &archive], unsigned);
    }
}

#[test]
fn the_lines_list_the_packages_that_failed() {
    if !testkit::tools::are_here(&TOOLS) {
        return;
    }
    let sealed = Sealed::new();
    sealed.verify("--require provenance --attest-packages packages.ndjson").refused();
    let files = [("packages.ndjson", sealed.world.read("packages.ndjson"))];
    assert_eq!(run(&lines(3), &files).unwrap(), "pkg:npm/bare@2.0.0\\n");
}

/// What `man/sealift-evidence.7` names is specified by another page, or is a command.
#[test]
fn the_page_of_requirements_names_what_other_pages_specify() {
    let page = include_str!("../../man/sealift-evidence.7").replace("\\-", "-");
    let specified = [
        include_str!("../../man/sealift-report.5"),
        include_str!("../../man/sealift-policy.5"),
        include_str!("../../man/sealift-statement.5"),
    ]
    .concat()
    .replace("\\-", "-");
    let bold = specified.lines().filter(|line| line.starts_with(".B") || line.starts_with(".RB"));
    let words = bold.flat_map(|line| line.split(|c: char| c != '-' && !c.is_alphanumeric()));
    let words: std::collections::BTreeSet<_> = words.collect();
    let mut names = 0;
    for part in page.split("\\fB").skip(1) {
        let name = part.split("\\fR").next().unwrap();
        let is_heading = ["requirement", "what shows something of it", "what is not shown"];
        let is_page = name.starts_with("sealift-");
        if is_heading.contains(&name) || is_page || name.starts_with("bundle ") {
            continue;
        }
        assert!(words.contains(name), "{name} is in no other page");
        names += 1;
    }
    assert!(names > 40, "{names}");
    for page in page.lines().filter_map(|line| line.strip_prefix(".BR sealift")) {
        let file = page.trim_end_matches(',').replace(" (", ".").replace(')', "");
        let file = format!("{}/man/sealift{file}", env!("CARGO_MANIFEST_DIR"));
        assert!(std::path::Path::new(&file).exists(), "{file}");
    }
}
