//! `sealift policy check`.

use serde_json::{Value, json};

use crate::{
    policy,
    world::{Package, TRUST, World},
};

#[test]
fn check_says_where_a_policy_is_wrong() {
    let world = World::new();
    for (file, text, said) in [
        (
            "key.toml",
            "[[rule]]\nclaim = [\"integrity\"]\n",
            "line 2, column 1: \"claim\" is not a key here: did you mean \"claims\"?",
        ),
        (
            "value.toml",
            "[[rule]]\nclaims = [\"provenence\"]\n",
            "line 2, column 10: \"provenence\" is not a claim: did you mean \"provenance\"?",
        ),
        ("list.toml", "[[rule]]\nclaims = \"integrity\"\n", "line 2, column 10: "),
        ("twice.toml", "[archive]\n[archive]\n", "line 2, column "),
        (
            "day.toml",
            "[[signer]]\nname = \"a\"\nkeys = [\"release.key.pub\"]\nuntil = 2026-02-30\n",
            "line 4, column ",
        ),
    ] {
        world.write(file, text);
        let run = policy(&world, &format!("check {file}")).failed();
        assert_eq!(run.stdout, "");
        run.says(&format!("{file}: {said}"));
        let json = policy(&world, &format!("check {file} --format json")).failed().json();
        assert_eq!(json["code"], "policy", "{json:#}");
    }
    policy(&world, "check nowhere.toml").failed().says("nowhere.toml");
}

const CHECKED: &str = r#"
[[signer]]
name = "release"
keys = ["release.key.pub"]
[[signer]]
name = "second"
keys = ["second.key.pub"]
until = 2026-01-31
[[rule]]
packages = ["npm:widgets"]
claims = ["registry-signature"]
owner = ["https://git.test/*"]
[[rule]]
packages = ["npm:nothing", "npm:@nobody/*"]
deny = ["sha1"]
[[exception]]
packages = ["npm:widgets@1.0.0"]
code = "missing-registry-signature"
reason = "old"
added = 2026-02-01
expires = 2026-03-15
[[exception]]
packages = ["npm:other@1.0.0"]
code = "missing-provenance"
reason = "old"
added = 2026-02-01
expires = 2026-12-01
[[exception]]
entry = "git+ssh://git.test/a.git"
code = "foreign"
reason = "old"
added = 2026-02-01
expires = 2026-02-02
[[exception]]
packages = ["npm:widgets@1.0.0"]
code = "sha1"
reason = "soon"
added = 2026-04-01
expires = 2026-05-01
"#;

#[test]
fn check_says_what_a_policy_has_and_what_it_does() {
    let world = World::new();
    let packages = [Package::new("widgets", "1.0.0"), Package::new("stray", "1.0.0")];
    world.fetched(&packages).done();
    world.write("sealift.toml", CHECKED);
    let alone = policy(&world, "check sealift.toml").done();
    let tried = policy(&world, &format!("check sealift.toml app.sealift {TRUST}")).refused();
    assert_eq!((&*alone.stderr, &*tried.stderr), ("", ""));
    insta::with_settings!({
        snapshot_path => "../../snapshots",
        prepend_module_to_snapshot => false,
    }, {
        insta::assert_snapshot!("policy-check", format!("{alone}\n\n{tried}"));
    });
    let json = policy(&world, &format!("check sealift.toml app.sealift {TRUST} --format json"));
    let json = json.refused().json();
    assert_eq!(json["schema"], "sealift-policy-check/1");
    let states: Vec<_> =
        json["exceptions"].as_array().unwrap().iter().map(|one| &one["state"]).collect();
    assert_eq!(states, ["ends-soon", "holds", "expired", "not-yet"]);
    let used: Vec<&Value> =
        json["exceptions"].as_array().unwrap().iter().map(|one| &one["used"]).collect();
    assert_eq!(used, [&json!(1), &json!(0), &json!(0), &json!(0)]);
    assert_eq!(json["archive"]["verdict"], "refused");
    assert_eq!(json["archive"]["unselected"], json!(["pkg:npm/stray@1.0.0"]));
    let quiet = policy(&world, "check sealift.toml -q").done();
    assert_eq!(quiet.stdout, "valid: 2 signers, 2 rules, 4 exceptions\n");
}
