//! Kinds that other clients know or knew: of certificates, of names, of log entries, of subjects.

use testkit::sigstore::{Key, Signer as By};

use super::*;

#[test]
fn a_key_on_p521_is_unsupported_and_not_malformed() {
    let world = World::new();
    let sigstore = &world.sigstore;
    let certified = sigstore.fulcio.certify(Key::p521(), &world.leaf(), &sigstore.ct);
    let statement = statement::provenance(&world.build, &World::subject());
    let bundle =
        sigstore.attest(&statement, &By::Certificate(certified), World::at(), &Options::default());
    let why = check(&world, &bundle, ExpectedSigner::AnyIdentityUnsafe, World::now()).unwrap_err();
    assert_eq!(why.code(), "unsupported-bundle");
    assert!(why.to_string().contains("the certificate's key"), "{why}");
}

#[test]
fn a_user_name_is_an_identity() {
    let world = World::new();
    let leaf = Leaf { san: "foo!oidc.local".into(), user_name: true, ..world.leaf() };
    let bundle = world.signed(&statement::provenance(&world.build, &World::subject()), &leaf);
    let issuer = certificate::GITHUB;
    let by = |san| check(&world, &bundle, ExpectedSigner::Identity { san, issuer }, World::now());
    assert_eq!(by("foo!oidc.local").unwrap().claims.unwrap().san, "foo!oidc.local");
    assert_eq!(by("bar!oidc.local").unwrap_err().code(), "identity-mismatch");
}

#[test]
fn a_log_entry_of_a_withdrawn_kind_is_called_that() {
    let world = World::new();
    let mut bundle = world.provenance(&Options::rekor_v2());
    tamper::entry(&mut bundle)["kindVersion"] = json!({"kind": "dsse", "version": "0.0.2"});
    let why = check(&world, &bundle, ExpectedSigner::AnyIdentityUnsafe, World::now()).unwrap_err();
    assert_eq!(why.code(), "withdrawn-log-entry");
    tamper::entry(&mut bundle)["kindVersion"] = json!({"kind": "dsse", "version": "0.0.3"});
    let why = check(&world, &bundle, ExpectedSigner::AnyIdentityUnsafe, World::now()).unwrap_err();
    assert_eq!(why.code(), "unsupported-log-entry");
}

#[test]
fn a_statement_about_a_commit_is_about_no_file() {
    let world = World::new();
    let mut said = statement::provenance(&world.build, &World::subject());
    said["subject"] = json!([{"digest": {"gitCommit": world.build.commit}}]);
    let bundle = world.signed(&said, &world.leaf());
    let why = check(&world, &bundle, ExpectedSigner::AnyIdentityUnsafe, World::now()).unwrap_err();
    assert_eq!(why.code(), "subject-is-commit");
    let words = format!("about commit {}, not about a file", world.build.commit);
    assert!(why.to_string().contains(&words), "{why}");
}
