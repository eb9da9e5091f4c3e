//! Whose seal a recall needs.

use serde_json::json;

use crate::{APPLIED, fetch, of, seal, sides, sides::Sides, world::Package};

/// An archive and a recall, both sealed by the first key.
fn prepared() -> Sides {
    let sides = sides(&[]);
    let package = Package::new("pad", "1.0.0").signed(&sides.world.sigstore);
    seal(&sides, "app.sealift", &[&package]);
    fetch(&sides, "monday.recall", "app.sealift").done();
    sides
}

fn apply(sides: &Sides, more: &str) -> crate::world::Run {
    let line = format!(
        "recall apply monday.recall app.sealift --require integrity --instance acme \
         --format json --at {APPLIED} {more}"
    );
    sides.on("gap", &line)
}

#[test]
fn rejects_a_recall_of_one_key_where_archives_need_two() {
    let sides = prepared();
    let both = "--key release.key.pub --key second.key.pub";
    let refused = apply(&sides, &format!("{both} --threshold 2")).refused();
    assert_eq!(refused.json()["code"], "too-few-signers");
    refused.says("--recall-key");
    assert!(!sides.world.path("gap/data/trust/acme/recall").exists());
    // By a policy too, whatever the command line says.
    let policy = "[archive]\nthreshold = 2\n[[signer]]\nname = \"first\"\nkeys = [\"release.key.pub\"]\n\
                  [[signer]]\nname = \"second\"\nkeys = [\"second.key.pub\"]\n\
                  [[rule]]\nclaims = [\"integrity\"]\n";
    sides.world.write("sealift.toml", policy);
    let refused = apply(&sides, "--policy sealift.toml").refused();
    assert_eq!(refused.json()["code"], "too-few-signers");
    // Keys that are named for recalls count for one each. The archive still needs its two seals.
    let applied = apply(&sides, &format!("{both} --threshold 2 --recall-key release.key.pub"))
        .refused()
        .json();
    assert_eq!(of(&applied, "app.sealift")["code"], "too-few-signers");
    assert_eq!(applied["recall"]["signers"].as_array().unwrap().len(), 1);
}

#[test]
fn rejects_a_recall_of_a_signer_that_has_ended_even_where_the_key_is_named() {
    let sides = prepared();
    let policy = |until: &str| {
        format!(
            "[[signer]]\nname = \"first\"\nkeys = [\"release.key.pub\"]\n{until}\
             [[signer]]\nname = \"second\"\nkeys = [\"second.key.pub\"]\n\
             [[rule]]\nclaims = [\"integrity\"]\n"
        )
    };
    sides.world.write("ended.toml", policy("until = 2026-02-01\n"));
    sides.world.write("open.toml", policy(""));
    for more in ["", "--key release.key.pub"] {
        let refused = apply(&sides, &format!("--policy ended.toml {more}")).refused();
        assert_eq!(refused.json()["code"], "too-few-signers", "{more}");
        let applied = apply(&sides, &format!("--policy open.toml {more}")).done().json();
        assert_eq!(applied["state"], json!("clear"));
    }
}
