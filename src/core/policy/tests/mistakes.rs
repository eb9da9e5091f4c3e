//! What a policy must not be, and where it says so.

use crate::core::policy::{PolicyFile, TextError};

#[test]
fn mistakes_are_named_with_their_place() {
    let exception = |keys: &str| {
        format!(
            "[[exception]]\npackages = [\"npm:a@1.0.0\"]\ncode = \"missing-provenance\"\n\
             reason = \"r\"\nadded = 2026-01-01\nexpires = 2026-12-31\n{keys}"
        )
    };
    let swapped = |from: &str, to: &str| exception("").replace(from, to);
    for (text, place, message) in [
        (
            "[[rule]]\npackges = [\"npm:a\"]".to_owned(),
            (2, 1),
            "\"packges\" is not a key here: did you mean \"packages\"?",
        ),
        ("[[rules]]\n".to_owned(), (1, 3), "\"rules\" is not a key here: did you mean \"rule\"?"),
        (
            "[[rule]]\npackages = \"npm:a\"".to_owned(),
            (2, 12),
            "invalid type: string \"npm:a\", expected a list, in square brackets",
        ),
        ("[[rule]]\npackages = []".to_owned(), (2, 12), "the list is empty: leave the key out"),
        (
            "[[rule]]\npackages = [\"left-pad\"]".to_owned(),
            (2, 12),
            "\"left-pad\" does not start with a known ecosystem, such as \"npm:left-pad\"",
        ),
        (
            "[[rule]]\nclaims = [\"provenence\"]".to_owned(),
            (2, 10),
            "\"provenence\" is not a claim: did you mean \"provenance\"?",
        ),
        (
            "[[rule]]\ndeny = [\"sha-1\"]".to_owned(),
            (2, 8),
            "\"sha-1\" is not a weakness: did you mean \"sha1\"?",
        ),
        (
            "[[rule]]\nowner-id = [\"77\"]".to_owned(),
            (2, 13),
            "invalid type: string \"77\", expected a whole number",
        ),
        (
            "[[rule]]\nminimum-age = 3".to_owned(),
            (2, 15),
            "invalid type: integer \"3\", expected a string",
        ),
        (
            "[[rule]]\nminimum-age = \"3w\"".to_owned(),
            (2, 15),
            "not an age such as 30d, 12h or 45m",
        ),
        (
            "[[rule]]\nregistry = [\"npm.example\"]".to_owned(),
            (2, 12),
            "\"npm.example\" is not \"public\", \"file\" or an address such as \"https://npm.example/\"",
        ),
        (
            "[archive]\nthreshold = 1\n\n[archive]\n".to_owned(),
            (4, 2),
            "the key or table is there twice",
        ),
        (
            "[archive]\nthreshold = 0".to_owned(),
            (2, 13),
            "a threshold of 0 would accept archives that nobody sealed",
        ),
        ("[archive]\nlockfile = \"yes\"".to_owned(), (2, 12), "\"yes\" is not \"required\""),
        (
            "[archive]\npast-limit = \"stale\"".to_owned(),
            (2, 14),
            "\"stale\" is not a reaction: it is one of deny, warn",
        ),
        ("[[signer]]\nname = \"a\"".to_owned(), (1, 1), "the key \"keys\" is missing"),
        ("[identities]\nfile = \"a\"".to_owned(), (1, 1), "the key \"unknown\" is missing"),
        (
            swapped("2026-12-31", "2026-02-30"),
            (6, 11),
            "invalid date, expected day between 01 and 28",
        ),
        (
            swapped("2026-12-31", "\"2026-12-31\""),
            (6, 11),
            "not a day, such as 2026-11-28 without quotes",
        ),
        (
            swapped("2026-12-31", "2026-12-31T00:00:00Z"),
            (6, 11),
            "not a day, such as 2026-11-28 without quotes",
        ),
        (
            swapped("2026-12-31", "2025-12-31"),
            (1, 1),
            "it expires on 2025-12-31, before it was added on 2026-01-01",
        ),
        (
            swapped("2026-12-31", "2027-01-03"),
            (1, 1),
            "it expires on 2027-01-03, more than 366 days after 2026-01-01",
        ),
        (swapped("\"r\"", "\" \""), (1, 1), "\"reason\" is empty: say why"),
        (
            swapped("npm:a@1.0.0", "npm:a"),
            (2, 12),
            "\"npm:a\" names no version: an exception is for exact versions, such as \"npm:left-pad@1.3.0\"",
        ),
        (
            swapped("npm:a@1.0.0", "npm:@acme/*@1.0.0"),
            (2, 12),
            "\"npm:@acme/*@1.0.0\" is not a package name; a whole scope is \"npm:@acme/*\", all packages are \"npm:**\"",
        ),
        (
            swapped("missing-provenance", "refused"),
            (3, 8),
            "\"refused\" is not a code that can be excused: it is one of ",
        ),
        (
            swapped("missing-provenance", "missing-provenence"),
            (3, 8),
            "\"missing-provenence\" is not a code that can be excused: did you mean \"missing-provenance\"?",
        ),
        (
            swapped("missing-provenance", "foreign"),
            (1, 1),
            "code \"foreign\" is about an \"entry\", by its full address",
        ),
        (
            swapped("missing-provenance", "unpinned"),
            (1, 1),
            "code \"unpinned\" needs the \"sha512\" of the bytes",
        ),
        (
            exception("entry = \"git+ssh://g.example/a\""),
            (1, 1),
            "an exception has either \"packages\" or \"entry\"",
        ),
        (exception("sha512 = \"00\""), (7, 10), "not a SHA-512 in hex (128 digits)"),
        ("a = \u{0}".to_owned(), (1, 5), ""),
    ] {
        let error = PolicyFile::parse(text.as_bytes()).unwrap_err();
        assert!(error.message.starts_with(message), "{text}\n{error}");
        assert_eq!(error.place, Some(place), "{text}\n{error}");
    }
    let whole = |text: &str| PolicyFile::parse(text.as_bytes()).unwrap_err().message;
    assert!(whole("[[rule]]\nowner-id = [77]").starts_with("rule 1 has numeric ids and no issuer"));
    assert_eq!(whole("[archive]\nours = [\"/\"]"), "\"/\" in \"ours\" would be every folder");
    let many = "[[rule]]\n".repeat(crate::core::limits::POLICY_RULES + 1);
    assert!(whole(&many).starts_with("10001 rules"));
    let long = "a".repeat(crate::core::limits::GLOB_BYTES + 1);
    assert_eq!(whole(&format!("[[rule]]\nref = [\"{long}\"]")), "a text of more than 4096 bytes");
    let not_text = PolicyFile::parse(b"[[rule]]\n# \xff").unwrap_err();
    assert_eq!(not_text, TextError { place: Some((2, 3)), message: "not UTF-8".into() });
    let deep = format!("x = {}", "[".repeat(100_000));
    assert!(PolicyFile::parse(deep.as_bytes()).is_err());
}
