//! What the commands print, for people and for programs.

use super::*;

macro_rules! assert_shown {
    ($name:expr, $text:expr) => {
        insta::with_settings!({
            snapshot_path => "../../snapshots",
            prepend_module_to_snapshot => false,
            // Keys and evidence are made anew in each run, files are written now.
            filters => vec![
                (r"SHA256:[A-Za-z0-9+/]{43}", "SHA256:…"),
                (r"[0-9a-f]{128}", "<sha512>"),
                (r"[0-9a-f]{64}", "<sha256>"),
                (r"sealift 0\.1\.0|\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{9}Z", "…"),
                (r#""bytes":\s?\d+"#, "\"bytes\": …"),
            ],
        }, { insta::assert_snapshot!($name, $text) })
    };
}

/// Three archives: a good one, one with a package without evidence, and one that is none; a link.
fn scene() -> Store {
    let store = Store::new();
    store.seal("good", [&store.package("a", "1.0.0", "acme/a")]);
    let plain = Package::new("plain", "2.0.0");
    store.seal("team/mixed", [&store.package("a", "1.0.0", "acme/a"), &plain]);
    fs::write(store.path("torn"), "PK").unwrap();
    std::os::unix::fs::symlink("good.sealift", store.world.path("archives/link.sealift")).unwrap();
    store
}

#[test]
fn a_folder_that_is_judged_indexed_and_searched() {
    let store = scene();
    let demand = "--require registry-signature";
    let mut shown = String::new();
    let mut show = |command: &str, run: Run| shown += &format!("$ sealift {command}\n{run}\n");
    show("bundle verify archives", store.judge("verify", demand));
    show("bundle verify archives -v", store.judge("verify", &format!("{demand} -v")));
    show("bundle index archives", store.judge("index", demand));
    show("bundle index archives -q", store.judge("index", &format!("{demand} -q")));
    let queries = ["a@1.0.0", "npm:plain", "https://github.com/acme", "b"];
    for query in queries {
        let command = format!("bundle where {query} archives");
        show(&command, store.world.sealift(&command));
    }
    store.seal("new", [&store.package("a", "1.0.0", "acme/a")]);
    fs::write(store.path("torn"), "").unwrap();
    let command = "bundle where a archives";
    show(command, store.world.sealift(command));
    assert_shown!("store", shown);
}

#[test]
fn the_same_for_programs() {
    let store = scene();
    let demand = "--require registry-signature --format json";
    let mut shown = store.judge("verify", demand).stdout;
    let indexed = store.judge("index", demand).json();
    assert_eq!(indexed["schema"], "sealift-index-store/1");
    assert_eq!(indexed["rows"], 2);
    shown += &String::from_utf8(store.world.read("archives/sealift-index.ndjson")).unwrap();
    store.seal("new", [&store.package("a", "1.0.0", "acme/a")]);
    shown += &store.find("https://github.com/acme/a").stdout;
    assert_shown!("store-json", shown);
}
