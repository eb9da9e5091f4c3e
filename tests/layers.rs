//! The layers of the crate: core knows only core, adapters know core, app knows both, and the command
//! line knows app and core. And no circles between the modules of a layer.
//!
//! Clippy keeps clocks, files and the environment out of core; this keeps out the other layers.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::indexing_slicing)] // a test reads files

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// From the lowest to the highest.
const LAYERS: [&str; 4] = ["core", "adapters", "app", "cli"];

/// Modules that are there for tests only.
const OF_TESTS: [&str; 3] = ["tests", "fixture", "toy"];

#[test]
fn no_layer_names_a_higher_one() {
    let mut wrong = Vec::new();
    for file in sources() {
        let own = LAYERS.iter().position(|layer| file.path[0] == *layer);
        for named in &file.names {
            let other = LAYERS.iter().position(|layer| named[0] == *layer);
            if other > own {
                wrong.push(format!("{} names {}", file.at.display(), named.join("::")));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// What the command line needs of the adapters, app hands out.
#[test]
fn the_command_line_names_no_adapter() {
    let mut wrong = Vec::new();
    for file in sources().iter().filter(|file| file.path[0] == "cli") {
        let adapters = file.names.iter().filter(|named| named[0] == "adapters");
        wrong.extend(adapters.map(|named| format!("{} names {named:?}", file.at.display())));
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// Clippy's lists say what core may not touch; this says what no list can: that core has no
/// exception from them.
#[test]
fn core_forbids_what_touches_the_outside() {
    let root = fs::read_to_string(source().join("core/mod.rs")).unwrap();
    assert!(root.contains("#![forbid(clippy::disallowed_methods, clippy::disallowed_types)]"));
    let outside =
        ["std::fs", "std::net", "std::env", "std::process", "println!", "tokio", "reqwest"];
    for file in files(&source().join("core")) {
        let text = fs::read_to_string(&file).unwrap();
        for name in outside {
            assert!(!text.contains(name), "{} names {name}", file.display());
        }
    }
}

#[test]
fn only_the_command_line_prints_parses_and_exits() {
    let of_cli = [
        "print!",
        "println!",
        "stdout()",
        "stderr()",
        "anstream",
        "anstyle",
        "indicatif",
        "clap",
        "ExitCode",
        "process::exit",
    ];
    let mut wrong = Vec::new();
    for file in sources().iter().filter(|file| file.path[0] != "cli") {
        let named = of_cli.iter().filter(|name| file.code.contains(**name));
        wrong.extend(named.map(|name| format!("{} names {name}", file.at.display())));
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// What two commands share is in app, or in a module beside `commands`.
#[test]
fn no_command_names_another() {
    let mut wrong = Vec::new();
    for file in sources() {
        if !file.path.starts_with(&["cli".into(), "commands".into()]) || file.path.len() < 3 {
            continue;
        }
        for named in &file.names {
            if named.starts_with(&["cli".into(), "commands".into()]) {
                wrong.push(format!("{} names {}", file.at.display(), named.join("::")));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// What the root of a layer hands out is for the layers above: within, it would hide a circle.
#[test]
fn modules_name_each_other_and_not_what_the_root_hands_out() {
    let sources = sources();
    let modules = modules(&sources);
    let mut wrong = Vec::new();
    for file in sources.iter().filter(|file| file.path.len() > 1) {
        for named in &file.names {
            let is_within = named[0] == file.path[0];
            let module: Vec<_> = named.iter().take(2).cloned().collect();
            if is_within && !modules.contains(&module.join("::")) {
                wrong.push(format!("{} names {}", file.at.display(), named.join("::")));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn modules_of_a_layer_make_no_circle() {
    let sources = sources();
    let modules = modules(&sources);
    let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in sources.iter().filter(|file| file.path.len() > 1) {
        let own = file.path[..2].join("::");
        for named in file.names.iter().filter(|named| named[0] == file.path[0]) {
            let module = named.iter().take(2).cloned().collect::<Vec<_>>().join("::");
            if module != own && modules.contains(&module) {
                graph.entry(own.clone()).or_default().insert(module);
            }
        }
    }
    let circles: BTreeSet<Vec<String>> =
        modules.iter().map(|module| circle(&graph, module)).filter(|one| one.len() > 1).collect();
    assert_eq!(circles, BTreeSet::new(), "{graph:#?}");
}

#[test]
fn finds_paths_in_nested_uses() {
    let code = "use crate::{\n    app::{self, trust::{Basis, carried as c}},\n    core::time,\n};\n\
                fn f() { super::g::<crate::cli::env::Env>(super::super::h::I { x: 1 }) }";
    let path = |text: &str| text.split("::").map(str::to_owned).collect::<Vec<_>>();
    let expected = [
        "app",
        "app::trust::Basis",
        "app::trust::carried",
        "core::time",
        "app::a::g",
        "cli::env::Env",
        "app::h::I",
    ];
    assert_eq!(names(code, &path("app::a::b")), BTreeSet::from(expected.map(path)));
}

/// All modules that a module reaches and that reach it, itself among them.
fn circle(graph: &BTreeMap<String, BTreeSet<String>>, module: &str) -> Vec<String> {
    let from = reached(graph, module);
    let both = from.into_iter().filter(|other| reached(graph, other).contains(module));
    both.collect()
}

fn reached(graph: &BTreeMap<String, BTreeSet<String>>, module: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::from([module.to_owned()]);
    let mut left = vec![module.to_owned()];
    while let Some(next) = left.pop() {
        for other in graph.get(&next).into_iter().flatten() {
            if found.insert(other.clone()) {
                left.push(other.clone());
            }
        }
    }
    found
}

/// The modules right below the layers, such as `app::trust`.
fn modules(sources: &[Source]) -> BTreeSet<String> {
    let deep = sources.iter().filter(|file| file.path.len() > 1);
    deep.map(|file| file.path[..2].join("::")).collect()
}

/// A file of the product.
struct Source {
    at: PathBuf,
    /// Its module.
    path: Vec<String>,
    /// Its text without comments and tests.
    code: String,
    /// What it names by `crate::` or `super::`.
    names: BTreeSet<Vec<String>>,
}

fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    for at in LAYERS.iter().flat_map(|layer| files(&source().join(layer))) {
        let below = at.strip_prefix(source()).unwrap().with_extension("");
        let parts = below.iter().map(|part| part.to_str().unwrap().to_owned());
        let path: Vec<_> = parts.filter(|part| part != "mod").collect();
        if path.iter().any(|part| OF_TESTS.contains(&part.as_str())) {
            continue;
        }
        let code = code(&at);
        let names = names(&code, &path);
        found.push(Source { at, path, code, names });
    }
    found
}

/// A file without its tests, and without comments: links in documentation may point anywhere.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let mut lines = text.lines();
    let mut code = String::new();
    while let Some(line) = lines.next() {
        if line.trim_start() == "#[cfg(test)]" {
            lines.next();
        } else if !line.trim_start().starts_with("//") {
            code.extend([line.split("// ").next().unwrap(), "\n"]);
        }
    }
    code
}

/// Every path that starts at `crate` or `super`, from the root of the crate on.
fn names(code: &str, module: &[String]) -> BTreeSet<Vec<String>> {
    let mut found = BTreeSet::new();
    let mut rest = code;
    while let Some(at) = rest.find("crate::").into_iter().chain(rest.find("super::")).min() {
        let is_crate = rest[at..].starts_with("crate");
        // Part of a longer name, or who may see something.
        let is_other = rest[..at].ends_with(|last: char| last == '_' || last.is_alphanumeric())
            || rest[..at].ends_with("pub(in ");
        rest = &rest[at + "crate::".len()..];
        let mut start = if is_crate { Vec::new() } else { parent(module) };
        while let Some(above) = rest.strip_prefix("super::") {
            start = parent(&start);
            rest = above;
        }
        if !is_other {
            tree(rest, start, &mut found);
        }
    }
    found
}

fn parent(module: &[String]) -> Vec<String> {
    module[..module.len().saturating_sub(1)].to_vec()
}

/// One tree of a `use`, or a plain path. Returns what follows it.
fn tree<'a>(text: &'a str, mut path: Vec<String>, found: &mut BTreeSet<Vec<String>>) -> &'a str {
    let text = text.trim_start();
    if let Some(mut inner) = text.strip_prefix('{') {
        loop {
            inner = inner.trim_start_matches([',', ' ', '\n']);
            if let Some(after) = inner.strip_prefix('}') {
                return after;
            }
            inner = tree(inner, path.clone(), found);
        }
    }
    let end = text.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(text.len());
    let (name, mut after) = text.split_at(end);
    if name != "self" && !name.is_empty() {
        path.push(name.to_owned());
    }
    if let Some(below) = after.strip_prefix("::")
        && below.starts_with(|c: char| c == '{' || c == '_' || c.is_alphabetic())
    {
        return tree(below, path, found);
    }
    if let Some(renamed) = after.strip_prefix(" as ") {
        after = renamed.trim_start_matches(|c: char| c == '_' || c.is_alphanumeric());
    }
    if !path.is_empty() {
        found.insert(path);
    }
    // A star, or whatever ends a plain path.
    if name.is_empty() { after.get(1..).unwrap_or_default() } else { after }
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    assert!(!found.is_empty());
    found
}

/// Where core says npm outside of its own folder, and why.
const SAYS_NPM: &[(&str, &str)] = &[
    ("npm/", "npm's own rules"),
    ("lockfile/package_lock/", "npm's own lockfile"),
    ("ecosystems.rs", "the list of ecosystems"),
    ("mod.rs", "the list of modules"),
    ("addresses.rs", "the one file of public addresses, npm's registry among them"),
    ("limits.rs", "the reasons of limits say what was measured"),
    ("policy/", "messages give examples of packages"),
    ("slsa", "build types and builders are named after npm's repository"),
    ("trust", "TUF delivers the keys of npm's registry"),
    ("verdict.rs", "the table of codes says which type each code is of"),
];

#[test]
fn core_does_not_say_npm_but_where_it_must() {
    let core = source().join("core");
    let mut wrong = BTreeSet::new();
    let mut used = BTreeSet::new();
    for file in files(&core) {
        let path = file.strip_prefix(&core).unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&file).unwrap().to_lowercase();
        let text = text.split("#[cfg(test)]").next().unwrap();
        let says_npm = text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == "npm");
        if !says_npm || OF_TESTS.iter().any(|name| path.contains(name)) {
            continue;
        }
        match SAYS_NPM.iter().find(|(place, _)| path.starts_with(place)) {
            Some((place, _)) => drop(used.insert(*place)),
            None => drop(wrong.insert(path)),
        }
    }
    assert_eq!(wrong, BTreeSet::new());
    let unused: Vec<_> = SAYS_NPM.iter().filter(|(place, _)| !used.contains(place)).collect();
    assert!(unused.is_empty(), "no longer needed: {unused:?}");
}

/// The noun that names several types: each use case has its own, and other modules write it with its module,
/// as `verify::Options`.
const SHARED_NOUN: &str = "Options";

/// Types that no other module sees may have any name. So may the arguments of a command, which are named
/// after it.
#[test]
fn one_noun_names_one_type() {
    let mut types: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in sources().iter().filter(|file| !file.path.join("/").starts_with("cli/declare")) {
        for name in file.code.lines().filter_map(shared_type) {
            types.entry(name.to_owned()).or_default().insert(file.path.join("::"));
        }
    }
    types.retain(|name, modules| name != SHARED_NOUN && modules.len() > 1);
    assert!(types.is_empty(), "one noun, several types: {types:#?}");
}

/// The name of the struct, enum or trait that a line declares, if other modules may see it.
fn shared_type(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix("pub")?;
    let rest = rest.strip_prefix('(').map_or(Some(rest), |who| Some(who.split_once(')')?.1))?;
    let (kind, rest) = rest.trim_start().split_once(' ')?;
    let is_type = ["struct", "enum", "trait"].contains(&kind);
    let end = rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(rest.len());
    is_type.then(|| &rest[..end])
}

#[test]
fn finds_the_types_that_other_modules_see() {
    let names = [
        ("pub struct Report {", Some("Report")),
        ("    pub(in super::super) enum Held<'a> {", Some("Held")),
        ("pub trait Site: Send {", Some("Site")),
        ("struct Own;", None),
        ("pub fn verify(", None),
        ("pub type Outcome = Result<Exit, Failure>;", None),
    ];
    for (line, name) in names {
        assert_eq!(shared_type(line), name, "{line}");
    }
}

#[test]
fn options_of_another_module_are_written_with_it() {
    let is_bare = |file: &Source| {
        let uses = file.code.split("use ").skip(1).filter_map(|rest| rest.split(';').next());
        let named = uses.flat_map(|tree| names(&format!("use {tree};"), &file.path));
        let mut others = named.filter(|one| !file.path.starts_with(&one[..one.len() - 1]));
        others.any(|one| one.last().is_some_and(|last| last == "Options"))
    };
    let bare = sources().into_iter().filter(is_bare).map(|file| file.path.join("::"));
    assert_eq!(bare.collect::<Vec<_>>(), Vec::<String>::new());
}
