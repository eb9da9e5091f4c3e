//! The lines of the page that verify the carried trust material with python-tuf, which shares no code with
//! sealift. `SEALIFT_PYTHON` names a Python that has the package `tuf`; `.ci/run` makes one.
#![cfg(all(feature = "network", unix))]
// A test fails by panicking; and it looks at files that the program may not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::disallowed_methods)]

mod disk;
mod sides;
mod world;

use sides::Sides;
use world::Run;

const LINES: &str = include_str!("../src/cli/render/report/page/lines/trust.sh");
const AT: &str = "2026-02-01T00:00:00Z";

#[test]
fn python_tuf_accepts_the_carried_trust_material_and_refuses_another_root() {
    let Some(python) = std::env::var_os("SEALIFT_PYTHON") else { return };
    let sides = Sides::new().pinned();
    sides.sealed(AT, "app.sealift").done();
    let world = &sides.world;
    let page = sides.on(
        "gap",
        &format!(
            "bundle verify app.sealift --key release.key.pub --instance acme --at {AT} \
             --require integrity --report html=page.html"
        ),
    );
    page.done();
    let page = String::from_utf8(world.read("page.html")).unwrap();
    assert!(page.contains("updater.refresh()"), "the page has the lines");
    let lines = format!(
        "set -e; unzip -qo app.sealift -d x; jq -r .payload x/sealift.dsse.json | base64 -d > manifest\n\
         python3() {{ {} \"$@\"; }}\n{LINES}",
        python.to_string_lossy()
    );
    let run = || Run::of(world.command("bash").args(["-c", &lines]));
    world.write("acme.json", sides.repository.root_bytes(1));
    let found = run().done();
    for target in ["trusted_root.json", sides::NPM_KEYS] {
        assert!(found.stdout.contains(&format!("acme {target} verified")), "{found}");
    }
    let other = testkit::tuf::Repository::new("2026-01-30T00:00:00Z".parse().unwrap());
    world.write("acme.json", other.root_bytes(1));
    run().refused();
    world.write("acme.json", sides.repository.root_bytes(1));
    run().done();
}
