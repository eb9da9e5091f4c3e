//! Help texts and man pages: each is a snapshot, and fits into 80 columns.

#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // a test reads files and the environment

use std::{fs, path::Path};

use clap::CommandFactory as _;
use sealift::cli::declare::Cli;

/// Every command with its full name, `sealift bundle verify`.
fn commands() -> Vec<(String, clap::Command)> {
    fn walk(command: &clap::Command, found: &mut Vec<(String, clap::Command)>) {
        let name = command.get_bin_name().unwrap_or(command.get_name()).to_owned();
        found.push((name, command.clone()));
        for child in command.get_subcommands().filter(|child| child.get_name() != "help") {
            walk(child, found);
        }
    }
    let mut root = Cli::command();
    root.build();
    let mut found = Vec::new();
    walk(&root, &mut found);
    found
}

#[test]
fn help_texts() {
    for (name, mut command) in commands() {
        let help = command.render_long_help().to_string();
        for line in help.lines() {
            assert!(line.chars().count() <= 80, "{name}: over 80 columns: {line}");
        }
        insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
            insta::assert_snapshot!(format!("help-{}", name.replace(' ', "-")), help);
        });
    }
}

/// `SEALIFT_BLESS=1 cargo test --test help` writes the pages anew.
#[test]
fn man_pages_are_generated_from_the_command_line() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("man");
    let bless = std::env::var_os("SEALIFT_BLESS").is_some();
    let mut expected = Vec::new();
    for (name, command) in commands() {
        let file = format!("{}.1", name.replace(' ', "-"));
        let page = page(&name, command);
        if bless {
            fs::write(folder.join(&file), &page).unwrap();
        }
        let kept = fs::read(folder.join(&file)).unwrap_or_default();
        assert!(
            kept == page,
            "man/{file} is not what the command line says; SEALIFT_BLESS=1 writes it"
        );
        expected.push(file);
    }
    for entry in fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(!name.ends_with(".1") || expected.contains(&name), "man/{name} has no command");
    }
}

const ENVIRONMENT: &[(&str, &str)] = &[
    ("SEALIFT_HOME", "a folder that holds all of the folders below; nobody else may write to it"),
    ("SOURCE_DATE_EPOCH", "the time that goes into an archive, in seconds since 1970"),
    ("HTTPS_PROXY, HTTP_PROXY, NO_PROXY", "the proxies that bundle fetch and trust refresh use"),
    ("NPM_CONFIG_USERCONFIG", "the user's .npmrc, in place of the one in the home folder"),
    ("NO_COLOR", "no colours"),
];

const FILES: &[(&str, &str)] = &[
    ("~/.config/sealift", "the signing key that bundle fetch makes on first use"),
    ("~/.local/share/sealift/trust", "the trust store"),
    ("~/.cache/sealift", "what bundle fetch has downloaded; it can be removed at any time"),
    ("~/.npmrc", "registries, scopes, tokens, proxies and certificates"),
    (".npmrc beside the lockfile", "where registries are, and nothing else"),
];

fn page(name: &str, command: clap::Command) -> Vec<u8> {
    let title = name.replace(' ', "-").to_uppercase();
    let examples = command.get_after_help().map(ToString::to_string);
    let man = clap_mangen::Man::new(command.clone().display_name(name).after_help(""))
        .title(title)
        .section("1")
        .source(concat!("sealift ", env!("CARGO_PKG_VERSION")))
        .manual("Sealift manual")
        .date("");
    let mut page = Vec::new();
    man.render_title(&mut page).unwrap();
    man.render_name_section(&mut page).unwrap();
    man.render_synopsis_section(&mut page).unwrap();
    man.render_description_section(&mut page).unwrap();
    man.render_options_section(&mut page).unwrap();
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page).unwrap();
    }
    let mut rest = clap_mangen::roff::Roff::new();
    if let Some(text) = examples.filter(|text| text.starts_with("Examples:")) {
        rest.control("SH", ["EXAMPLES"]).control("nf", []);
        for line in text.lines().skip(1) {
            rest.text([clap_mangen::roff::roman(line)]);
        }
        rest.control("fi", []);
    }
    rest.control("SH", ["EXIT STATUS"]);
    for (status, meaning) in [
        ("0", "verified, or done"),
        ("1", "evidence was examined and refused"),
        ("2", "could not check: usage, files, network, no trust material"),
    ] {
        rest.control("TP", [])
            .text([clap_mangen::roff::bold(status)])
            .text([clap_mangen::roff::roman(meaning)]);
    }
    for (title, items) in [("ENVIRONMENT", ENVIRONMENT), ("FILES", FILES)] {
        rest.control("SH", [title]);
        for (name, meaning) in items {
            rest.control("TP", [])
                .text([clap_mangen::roff::bold(*name)])
                .text([clap_mangen::roff::roman(*meaning)]);
        }
    }
    rest.control("SH", ["SEE ALSO"]).text([clap_mangen::roff::roman(
        "sealift(1), sealift-archive(5), sealift-report(5), sealift-coverage(7)",
    )]);
    page.extend(rest.to_roff().into_bytes());
    page
}

/// The code that a line of a `fn code` gives.
fn code_of(line: &str) -> Option<&str> {
    let code = line.split_once("=> \"")?.1.strip_suffix("\",")?;
    let in_code = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    (code.contains('-') && code.bytes().all(in_code)).then_some(code)
}

#[test]
fn every_code_of_a_refused_archive_is_in_its_page_and_in_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap();
    let page = read("man/sealift-archive.5") + &read("man/sealift-recall.5");
    let page = page.replace('\\', "");
    let tests = [
        "tests/archive.rs",
        "tests/hostile_archives.rs",
        "tests/hostile_costs.rs",
        "tests/hostile_manifests.rs",
        "src/core/archive/manifest/tests/form.rs",
        "src/core/recall/manifest/tests.rs",
    ];
    let tests = tests.map(read).concat();
    let mut codes = 0;
    for source in [
        "src/adapters/archive/mod.rs",
        "src/adapters/archive/zip_index.rs",
        "src/core/archive/dsse.rs",
        "src/core/archive/entry_name.rs",
        "src/core/archive/manifest/error.rs",
    ] {
        for code in read(source).lines().filter_map(code_of) {
            // Of the file, and of signing: nothing that is wrong with an archive.
            if ["not-a-file", "no-such-entry", "no-randomness", "envelope-signed-already"]
                .contains(&code)
            {
                continue;
            }
            assert!(page.contains(code), "{code} is not in man/sealift-archive.5");
            let quoted = [format!("\"{code}\""), format!("\"{code}: ")];
            assert!(quoted.iter().any(|code| tests.contains(code)), "{code} is in no test");
            codes += 1;
        }
    }
    assert!(codes > 50, "{codes}");
}

/// The codes are documented beside the checks; the report's page repeats all of them.
#[test]
fn every_code_of_a_refusal_is_in_the_page_of_the_report_and_in_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap();
    let page = read("man/sealift-report.5").replace('\\', "");
    let table = read("src/core/verdict.rs");
    let folders = ["npm", "sigstore", "slsa"].map(|folder| root.join("src/core").join(folder));
    let files: Vec<_> = folders.iter().flat_map(|folder| files(folder)).collect();
    let mut tests = read("tests/conformance.rs") + &read("src/core/trust/root/tests.rs");
    let mut sources = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let path = file.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        if path.contains("/tests") {
            tests += &text;
            continue;
        }
        let mut halves = text.splitn(2, "#[cfg(test)]");
        sources.push(halves.next().unwrap().to_owned());
        tests += halves.next().unwrap_or_default();
    }
    let mut codes = 0;
    for source in sources {
        for code in source.lines().filter_map(code_of) {
            assert!(page.contains(code), "{code} is not in man/sealift-report.5");
            assert!(
                table.contains(&format!("`{code}`")),
                "{code} is not in the table of src/core/verdict.rs"
            );
            assert!(tests.contains(&format!("\"{code}\"")), "{code} is in no test");
            codes += 1;
        }
    }
    assert!(codes > 60, "{codes}");
}

/// Of what was refused, or could not be checked, before there was a report.
#[test]
fn every_code_of_a_failure_is_in_the_page_of_the_report_and_in_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("man/sealift-report.5")).unwrap().replace('\\', "");
    let failures = page.split(".SH FAILURES").nth(1).unwrap().split(".SH ").next().unwrap();
    let rust = |at: &str| -> Vec<_> {
        let found = files(&root.join(at)).into_iter();
        found.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
    };
    let (tests, sources): (Vec<_>, Vec<_>) = (rust("src").into_iter().chain(rust("tests")))
        .partition(|path| path.strip_prefix(root).unwrap().to_string_lossy().contains("tests"));
    let text = |paths: &[std::path::PathBuf]| -> String {
        paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
    };
    let in_app: Vec<_> = sources
        .iter()
        .filter(|path| {
            ["src/app", "src/cli", "src/adapters/install"]
                .iter()
                .any(|at| path.starts_with(root.join(at)))
        })
        .cloned()
        .collect();
    let (in_app, tests, sources) = (text(&in_app), text(&tests), text(&sources));
    let code_of =
        |line: &str| Some(line.split_once("=> Some(\"")?.1.split_once("\")")?.0.to_owned());
    let codes: Vec<String> = in_app.lines().filter_map(code_of).collect();
    for code in codes.iter().filter(|code| !code.starts_with("manifest-")) {
        assert!(failures.contains(&format!("\n.I {code}\n")), "{code} is not in sealift-report.5");
    }
    assert!(codes.len() >= 6, "{codes:?}");

    // And each that the page lists is one, and in a test.
    let list = failures.split(".B code\n").nth(1).unwrap().split(".RE").next().unwrap();
    let listed: Vec<_> =
        list.split(".TP\n.I ").skip(1).map(|item| item.lines().next().unwrap()).collect();
    for code in &listed {
        let quoted = format!("\"{code}\"");
        assert!(sources.contains(&quoted), "no failure has the code {code}");
        assert!(tests.contains(&quoted), "{code} is in no test");
    }
    assert!(listed.len() >= 11, "{listed:?}");
}

/// What follows from a policy is in both pages, and in a test.
#[test]
fn every_code_of_a_policy_is_in_the_pages_and_in_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap();
    let page = |name: &str| read(&format!("man/{name}")).replace('\\', "");
    let (report, policy) = (page("sealift-report.5"), page("sealift-policy.5"));
    let folder = files(&root.join("src/core/policy"));
    let tests = folder.iter().filter(|path| path.to_string_lossy().contains("tests"));
    let tests: String = tests.map(|path| fs::read_to_string(path).unwrap()).collect();
    let text = read("src/core/policy/denial.rs");
    let codes: Vec<_> = text.lines().filter_map(code_of).collect();
    for code in &codes {
        assert!(report.contains(code), "{code} is not in sealift-report.5");
        assert!(
            tests.contains(&format!("\"{code}\"")) || *code == "unneeded",
            "{code} is in no test"
        );
    }
    assert!(codes.len() >= 21, "{codes:?}");
    for code in sealift::core::policy::EXCUSABLE {
        assert!(policy.contains(code), "{code} is not in sealift-policy.5");
    }
}

/// Every object that a command prints has its name in the page.
#[test]
fn every_schema_is_in_the_page_of_the_report() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("man/sealift-report.5")).unwrap().replace('\\', "");
    let mut sources = vec![root.join("src/cli")];
    let mut schemas = Vec::new();
    while let Some(path) = sources.pop() {
        if path.is_dir() {
            sources.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let quoted = text.split('"').filter(|text| text.starts_with("sealift-"));
        schemas.extend(quoted.filter(|text| text.ends_with("/1")).map(str::to_owned));
    }
    for schema in &schemas {
        assert!(page.contains(schema.as_str()), "{schema} is not in man/sealift-report.5");
    }
    assert!(schemas.len() >= 9, "{schemas:?}");
}

/// All files in a folder, those in its folders too.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn every_row_of_the_threat_model_names_tests_that_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join(".github/SECURITY.md")).unwrap();
    let rows = page.split("### What each check stops").nth(1).unwrap();
    let rows = rows.split("\n### ").next().unwrap();
    let rows: Vec<_> = rows.lines().filter(|line| line.starts_with("| ")).skip(2).collect();
    assert!(rows.len() > 50, "{}", rows.len());
    for row in rows {
        let tests: Vec<_> = row.split('`').filter_map(|part| part.split_once("::")).collect();
        assert!(!tests.is_empty(), "{row}");
        for (file, name) in tests {
            let text = fs::read_to_string(root.join(file)).unwrap_or_default();
            assert!(text.contains(&format!("fn {name}(")), "{file} has no test {name}");
        }
    }
}
