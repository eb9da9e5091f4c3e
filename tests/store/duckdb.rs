//! The queries of the page of the index, by DuckDB. `SEALIFT_DUCKDB` names a Python that has the package
//! `duckdb`; `.ci/run` makes one.

use super::*;
use reports::{report, scene};

const PAGE: &str = include_str!("../../man/sealift-index.5");

/// Runs a query in the folder of the index, and prints its rows.
const RUN: &str = "import duckdb, json, sys
print(json.dumps(duckdb.sql(sys.argv[1]).fetchall(), default=str))";

/// The queries of the page, about `plain@2.0.0`.
fn queries() -> Vec<String> {
    let (_, section) = PAGE.split_once(".SH DUCKDB\n").unwrap();
    let (section, _) = section.split_once(".SH").unwrap();
    let blocks = section.split(".nf\n").skip(1).map(|block| block.split("\n.fi").next().unwrap());
    let asked = |query: &str| query.replace("left-pad", "plain").replace("1.3.0", "2.0.0");
    blocks.map(|block| asked(&block.replace("\\-", "-"))).collect()
}

#[test]
fn duckdb_answers_the_queries_of_the_page() {
    let Some(python) = testkit::tools::duckdb() else { return };
    let store = scene();
    report(&store, "b", "of-b.json", "");
    store.seal("c", [&Package::new("plain", "2.0.0")]);
    report(&store, "c", "of-c.json", "");
    fs::remove_file(store.path("c")).unwrap();
    store.index("").refused();
    let ask = |query: &String| -> Value {
        let mut command = store.world.command(&python);
        command.current_dir(store.world.path("archives")).args(["-c", RUN, query]);
        Run::of(&mut command).done().json()
    };
    let [held, repositories, said] = &queries()[..] else { panic!("{:?}", queries()) };
    let held = ask(held);
    assert_eq!(held.as_array().unwrap().len(), 1, "{held}");
    assert_eq!(held[0][0], "a.sealift");
    let repositories = ask(repositories);
    let of = |repository| serde_json::json!([format!("https://github.com/{repository}"), 1]);
    let found = repositories.as_array().unwrap();
    assert!(
        found.len() == 2 && [of("acme/a"), of("acme/b")].iter().all(|it| found.contains(it)),
        "{found:?}"
    );
    let said = ask(said);
    assert_eq!(said.as_array().unwrap().len(), 1, "{said}");
    assert_eq!(said[0][0], "of-c.json");
    assert_eq!(said[0][4], "unsigned-report");
}
