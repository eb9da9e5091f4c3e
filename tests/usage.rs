//! Mistaken options, as programs read them: with `--format json` they are an object on standard output.
// A test fails by panicking.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::process::{Command, Output};

use serde_json::{Value, json};

fn sealift(arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_sealift")).args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
    assert!(!output.stderr.is_empty(), "{arguments:?}: people are told as ever");
    output
}

#[test]
fn a_mistaken_option_is_a_failure_for_programs() {
    for (arguments, message, hint) in [
        (
            "bundle verify app.sealift --require attestation --format json",
            "invalid value 'attestation' for '--require <CLAIM>' [possible values: integrity, \
             registry-signature, publish-attestation, provenance]",
            json!("a similar value exists: 'publish-attestation'"),
        ),
        (
            "key show --format=json",
            "the following required arguments were not provided: <FILE>",
            Value::Null,
        ),
        ("--format json bundle open app.sealift", "unrecognized subcommand 'open'", Value::Null),
        (
            "key --format json",
            "'sealift key' requires a subcommand but one was not provided [subcommands: generate, show, help]",
            Value::Null,
        ),
    ] {
        let output = sealift(&arguments.split(' ').collect::<Vec<_>>());
        let object: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(object["schema"], "sealift-failure/1", "{object}");
        assert_eq!(object["verdict"], "unchecked", "{object}");
        assert_eq!((&object["message"], &object["hint"]), (&json!(message), &hint), "{object}");
    }
}

#[test]
fn nothing_that_misleads_reaches_the_object() {
    let output = sealift(&["--format", "json", "key", "show", "a", "\u{202e}b\u{1b}[2J"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains(['\u{202e}', '\u{1b}']), "{text}");
    let object: Value = serde_json::from_str(&text).unwrap();
    assert!(object["message"].as_str().unwrap().contains("unexpected argument"), "{object}");
}

#[test]
fn without_json_nothing_is_on_standard_output() {
    for arguments in ["key show", "key show a b -- --format json", "--format human bundle open"] {
        let output = sealift(&arguments.split(' ').collect::<Vec<_>>());
        assert!(output.stdout.is_empty(), "{arguments}: {output:?}");
    }
}
