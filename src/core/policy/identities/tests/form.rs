//! The file of identities.

use super::*;
use crate::core::text::misleads;

#[test]
fn what_is_written_is_read_back_whatever_it_says() {
    let hostile = [
        "\"",
        "\\",
        "\\u0041",
        "'''",
        "\"\"\"",
        "\n[[identity]]\n",
        "# no comment",
        "]\u{0}\u{7f}\u{9b}",
        "\u{202e}\u{200b}\u{feff}",
        "\u{10ffff}é日",
        "",
    ];
    for text in hostile {
        let facts = with(build(), |facts| {
            for field in [
                &mut facts.issuer,
                &mut facts.source_repository,
                &mut facts.workflow,
                &mut facts.stated_builder,
            ] {
                field.push_str(text);
            }
            facts.owner = Some(text.to_owned());
            facts.owner_id = Some(u64::MAX.to_string());
            facts.repository_id = Some(i64::MAX.to_string());
        });
        let origins = [
            Origin::Registry(NPM_REGISTRY.into()),
            Origin::Registry(text.to_owned()),
            Origin::Url("https://files.test/a'\"*.tgz".into()),
            Origin::File(text.to_owned()),
        ];
        let names = ["widgets", "@acme/~'!()*", "constructor"];
        let all: Vec<_> = names
            .iter()
            .flat_map(|name| origins.iter().map(move |origin| (name, origin)))
            .flat_map(|(name, origin)| {
                ["1.10.0", "1.9.0+build", "1.9.0-rc.1"]
                    .map(|version| named(name, version, Some(facts.clone()), origin.clone()))
            })
            .chain([version("0.0.1", None)])
            .collect();
        let identities = of(&all);
        let written = identities.to_string();
        assert_eq!(Identities::parse(written.as_bytes()).as_ref(), Ok(&identities), "{text:?}");
        let plain = |c: char| c == '\n' || !misleads(c);
        assert!(written.chars().all(plain), "{text:?} stands in the file as it is");
        // The order in which packages come decides nothing.
        assert_eq!(of(all.iter().rev()).to_string(), written);
    }
}

#[test]
fn refuses_files_that_say_two_things() {
    let known = of([&version("1.0.0", Some(build()))]).to_string();
    let table = known.split_once("\n\n").unwrap().1;
    let other = table.replace("repository-id = 1001", "repository-id = 1002");
    for (what, text) in [
        ("\"npm:widgets@1.0.0\" is there twice", format!("{known}\n{other}")),
        ("format 2 is not known, only 1", known.replace("format = 1", "format = 2")),
        ("is not of the release line", known.replace("line = \"1\"", "line = \"2\"")),
        (
            "and not all",
            known
                .replace("workflow = ", "owner = ")
                .replace("owner = \"https://git.test/acme\"\n", ""),
        ),
        (
            "and not all",
            known
                .lines()
                .filter(|line| {
                    !["iss", "work", "buil", "repository ="].iter().any(|key| line.starts_with(key))
                })
                .collect::<Vec<_>>()
                .join("\n"),
        ),
        ("one digest in hex", known.replace("sha512 = \"", "sha512 = \"00")),
        ("is not a package with a version", known.replace("npm:widgets", "pypi:widgets")),
        (
            "the list is empty",
            format!("{}versions = []\n", known.split_once("versions").unwrap().0),
        ),
    ] {
        let error = Identities::parse(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(what), "{what}: {error}");
    }
}
