//! Hostile reports: their texts do not become markup, and do not change what a rendering says.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{markdown::markdown, page::html};
use crate::{
    app::stored::{ReportOrigin, StoredReport},
    cli::render::tests::{refused_report, verified_report},
};

/// Markup, what would end an attribute, a code span or a cell, a mention, and what misleads a reader.
const HOSTILE: &str = "</pre></style><script>alert(1)</script><img src=x onerror=alert(1)>\" autofocus onfocus='x' \
     `@octocat` | [a](javascript:x) ![](https://evil.example/x) #12 &amp; https://evil.example/ \u{202e}\u{1b}[2J\n# a";

fn stored() -> StoredReport {
    StoredReport::of(&refused_report())
}

fn page(report: &StoredReport) -> String {
    html(report, &ReportOrigin::Unsigned)
}

/// A report with every list filled, of which every text and name is hostile.
fn hostile() -> StoredReport {
    let mut report = json!(StoredReport::of(&refused_report()));
    let built = json!(StoredReport::of(&verified_report()));
    let packages = report["packages"].as_array_mut().unwrap();
    packages.extend(built["packages"].as_array().unwrap().iter().cloned());
    let denial = json!({"code": "x", "claim": "x", "detail": "x", "exception": 1});
    for list in ["excused", "warned"] {
        packages[0][list] = json!([denial]);
    }
    packages[0]["weak"] = json!(["x"]);
    packages[0]["unexamined"] = json!(["x"]);
    packages[0]["unrecognized"] = json!([{"claim": "x", "found": {"x": {"y": ["x"]}}}]);
    let entry = &mut report["inputs"][0]["entries"][0];
    entry["excused"] = denial;
    entry["hash"] = json!("x");
    report["exceptionUses"] = json!([{"number": 1, "state": "used", "uses": 1, "daysLeft": 3}]);
    let exception = json!({"packages": ["x"], "sha512": "x", "code": "x", "reason": "x", "added": "x",
        "expires": "x", "entry": "x"});
    report["policy"]["exceptions"] = json!([exception]);
    report["policy"]["rules"] = json!([{"packages": ["x"], "except": ["x"], "claims": ["x"],
        "deny": ["x"], "repository": ["x"], "minimum-age": "x", "x": "x"}]);
    report["policy"]["identities"] = json!({"sha256": "x", "unknown": "x"});
    report["policy"]["ours"] = json!(["x"]);
    report["policy"]["files"] = json!([{"file": "x", "sha256": "x"}]);
    report["trust"][0]["setAside"] = json!(["x"]);
    report["trust"][0]["publishers"] = json!([{"registry": "x", "issuer": "x", "identity": "x"}]);
    report["pastLimits"] = json!([{"what": "x", "ageSeconds": 1, "limitSeconds": 1}]);
    report["summary"]["claims"][HOSTILE] = report["summary"]["claims"]["integrity"].clone();
    spoil(&mut report);
    serde_json::from_value(report).unwrap()
}

/// Replaces every text, but for those that say what a report is. A fact that is an address gets another.
fn spoil(value: &mut Value) {
    match value {
        Value::String(text) => *text = HOSTILE.to_owned(),
        Value::Array(items) => items.iter_mut().for_each(spoil),
        Value::Object(members) => {
            for (name, value) in members {
                match name.as_str() {
                    "schema" | "verdict" | "status" => {}
                    "run" => *value = json!("javascript:alert(1)"),
                    _ => spoil(value),
                }
            }
        }
        _ => {}
    }
}

/// The tags of a page, each with its attributes.
fn tags(page: &str) -> Vec<&str> {
    page.split('<').skip(1).map(|rest| rest.split('>').next().unwrap()).collect()
}

/// The page without its style and its script, which are ours.
fn body(page: &str) -> String {
    page.replace(super::page::STYLE, "").replace(super::page::SCRIPT, "")
}

#[test]
fn no_text_becomes_markup_or_a_link_in_the_page() {
    let report = hostile();
    for source in [
        ReportOrigin::Unsigned,
        ReportOrigin::Unchecked { claimed: vec![HOSTILE.into()] },
        ReportOrigin::Signed { keys: vec![HOSTILE.into()] },
    ] {
        let page = body(&html(&report, &source));
        assert_eq!(page.matches("<script").count(), 1, "the one script is ours");
        for tag in tags(&page) {
            for bad in
                ["img", "iframe", "object", "onerror", "onfocus", "javascript", "evil", "http:"]
            {
                assert!(!tag.contains(bad), "<{tag}>");
            }
        }
        assert!(!page.contains(['\u{202e}', '\u{1b}']) && page.contains(r"\u{202e}\u{1b}"));
        assert!(page.contains("&lt;script&gt;alert(1)"));
    }
}

/// Where nothing is hostile, every tag is one that the page has; a new one is looked at here.
#[test]
fn the_page_has_no_tag_that_loads_runs_or_sends_anything() {
    let allowed = "!DOCTYPE a b bdi body button code dd details div dl dt em footer form h1 h2 h3 h4 head header \
        html i input label li main meta nav ol option output p pre q rect script section select small span \
        strong style summary svg table tbody td th thead time title tr ul br";
    let allowed: Vec<_> = allowed.split_whitespace().collect();
    for report in [stored(), hostile()] {
        let page = body(&page(&report));
        for tag in tags(&page) {
            let name = tag.trim_start_matches('/').split([' ', '\n', '>']).next().unwrap();
            assert!(allowed.contains(&name), "<{tag}>");
            for attribute in [" src=", " style=", " on", " action=", " formaction=", " background="]
            {
                assert!(!tag.contains(attribute), "<{tag}>");
            }
        }
    }
}

#[test]
fn only_plain_http_addresses_become_links() {
    let mut report = json!(StoredReport::of(&verified_report()));
    let linked = |report: &mut Value, address: &str| {
        report["packages"][1]["claims"]["provenance"]["run"] = json!(address);
        let report: StoredReport = serde_json::from_value(report.clone()).unwrap();
        page(&report).contains("href=\"") && page(&report).matches("nofollow").count() == 3
    };
    for plain in ["https://a.example/b", "http://a.example", "https://a.example/b?c=d#e"] {
        assert!(linked(&mut report, plain), "{plain}");
    }
    for other in [
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://a.example/",
        "//a.example/",
        "https://good.example@evil.example/",
        "https://a.example/\"onclick=alert(1)",
        "https:\\\\a.example/",
        "https://a.example/ b",
        "https://a.example/\u{202e}",
        "https://аррӏе.example/",
        "HTTPS://a.example/",
        "https://a.example/../b",
    ] {
        assert!(!linked(&mut report, other), "{other}");
    }
}

#[test]
fn the_policy_of_the_page_allows_its_own_style_and_script_alone() {
    let page = page(&stored());
    let hash = |tag: &str| {
        let text = page.split(&format!("<{tag}>")).nth(1).unwrap();
        let text = text.split(&format!("</{tag}>")).next().unwrap();
        STANDARD.encode(Sha256::digest(text))
    };
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash("style"),
        hash("script")
    );
    assert!(page.contains(&format!("\"Content-Security-Policy\" content=\"{policy}\"")));
    let before = page.split("Content-Security-Policy").next().unwrap();
    assert!(!before.contains("<style") && !before.contains("<script"));
    for ours in [super::page::STYLE, super::page::SCRIPT] {
        for outside in ["http", "url(", "@import", "import ", "fetch(", "innerHTML", "eval", "</"] {
            assert!(!ours.contains(outside), "{outside}");
        }
    }
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    let report = stored();
    let again: StoredReport =
        serde_json::from_str(&serde_json::to_string(&report).unwrap()).unwrap();
    for source in [ReportOrigin::Unsigned, ReportOrigin::Verification] {
        assert_eq!(html(&report, &source), html(&again, &source));
        assert_eq!(markdown(&report, &source), markdown(&again, &source));
    }
}

#[test]
fn the_top_says_who_vouches_for_the_report() {
    let keys = || vec!["SHA256:abc".to_owned()];
    for (source, in_page, in_markdown) in [
        (
            ReportOrigin::Verification,
            "Sealift wrote this page when it verified the archive. Nobody has signed the page",
            "Sealift wrote this when it verified the archive. Nobody has signed it.",
        ),
        (ReportOrigin::Unsigned, "Nobody has signed the report", "**Nobody has signed the report"),
        (
            ReportOrigin::Unchecked { claimed: keys() },
            "was not verified,</strong> since no key was given to verify it by. It names the signer <code>SHA256:abc",
            "was not verified**, since no key was given. It names the signer `SHA256:abc`",
        ),
        (
            ReportOrigin::Signed { keys: keys() },
            "is <strong>signed</strong>, and unchanged since, by the key <code>SHA256:abc",
            "is signed, and unchanged since, by `SHA256:abc`",
        ),
    ] {
        let page = html(&stored(), &source);
        let top = page.split("</header>").next().unwrap();
        assert!(top.contains(in_page), "{source:?}: {top}");
        let comment = markdown(&stored(), &source);
        let top = comment.split("| claim |").next().unwrap();
        assert!(top.contains(in_markdown), "{source:?}: {top}");
    }
}

/// A report whose packages were changed as JSON.
fn with_packages(change: impl Fn(&mut Vec<Value>)) -> StoredReport {
    let mut report = serde_json::to_value(stored()).unwrap();
    change(report["packages"].as_array_mut().unwrap());
    serde_json::from_value(report).unwrap()
}

#[test]
fn the_page_counts_as_weak_only_what_no_rule_denies() {
    let says_weak = |denied: &[&str]| {
        let denied: Vec<_> = denied.iter().map(|code| json!({ "code": code })).collect();
        let report = with_packages(|packages| {
            packages[0]["weak"] = json!(["retired-key", "promise-only"]);
            packages[0]["denied"] = json!(denied);
        });
        page(&report).contains("<strong>weak</strong>")
    };
    assert!(says_weak(&[]));
    assert!(says_weak(&["promise-only"]));
    assert!(!says_weak(&["promise-only", "retired-key"]));
}

#[test]
fn the_page_names_as_vouching_only_registries_that_have_signed() {
    let mut report = with_packages(|packages| {
        for (at, (registry, status)) in
            [("https://signs.example", "verified"), ("https://silent.example", "absent")]
                .into_iter()
                .enumerate()
        {
            packages[at]["registry"] = json!(registry);
            packages[at]["claims"]["registry-signature"] = json!({ "status": status });
        }
    });
    let mut summary = serde_json::to_value(&report.summary).unwrap();
    summary["claims"]["registry-signature"]["verified"] = json!(1);
    report.summary = serde_json::from_value(summary).unwrap();
    let page = page(&report);
    let (_, row) = page.split_once("registry-signature: that a package comes").unwrap();
    let row = row.split("<tr>").next().unwrap();
    assert!(row.contains("signs.example") && !row.contains("silent.example"), "{row}");
}

#[test]
fn no_text_leaves_its_code_span_in_markdown() {
    let comment = markdown(&hostile(), &ReportOrigin::Unchecked { claimed: vec![HOSTILE.into()] });
    assert!(comment.contains("script"));
    let mut columns = 0;
    for line in comment.lines() {
        let parts: Vec<_> = line.split('`').collect();
        assert_eq!(parts.len() % 2, 1, "a code span without an end: {line}");
        let outside: String = parts.iter().step_by(2).copied().collect();
        assert!(!outside.contains(['<', '[', '@', '&', '\\', '\u{202e}']), "{line}");
        assert!(!outside.contains("http"), "{line}");
        let cells = line.matches('|').count();
        assert!(cells == 0 || columns == 0 || cells == columns, "{line}");
        columns = cells;
    }
}

#[test]
fn a_comment_fits_and_keeps_the_digests() {
    let mut report = json!(StoredReport::of(&refused_report()));
    let one = report["packages"][0].clone();
    let others = (0..2000).map(|number| {
        let mut one = one.clone();
        one["denied"][1]["detail"] = json!(format!("{number}{}", "\u{202e}".repeat(500)));
        one
    });
    report["packages"] = others.collect();
    report["archive"]["file"] = json!("\u{202e}".repeat(500));
    let report: StoredReport = serde_json::from_value(report).unwrap();
    let comment = markdown(&report, &ReportOrigin::Unsigned);
    assert!(comment.chars().count() <= 65_536, "{}", comment.chars().count());
    assert!(
        comment.contains(&report.archive.sha256) && comment.contains(&report.policy.digest.sha256)
    );
    assert!(comment.contains("lines did not fit"));
}

#[test]
fn the_page_and_the_comment_of_a_refused_archive() {
    let page = html(&stored(), &ReportOrigin::Verification);
    let page =
        page.replace(super::page::STYLE, "(page.css)").replace(super::page::SCRIPT, "(page.js)");
    let comment = markdown(&stored(), &ReportOrigin::Verification);
    insta::with_settings!({
        snapshot_path => "../../../../snapshots", prepend_module_to_snapshot => false,
        filters => [(r"sha256-[A-Za-z0-9+/]+=*", "sha256-(hash)")],
    }, {
        insta::assert_snapshot!("page-refused", page);
        insta::assert_snapshot!("comment-refused", comment);
    });
}

/// The lines are those of the page of archives, which `tests/auditor.rs` runs.
#[test]
fn the_lines_for_a_third_party_are_those_of_the_page_of_archives() {
    let archives = include_str!("../../../../man/sealift-archive.5");
    let examples = archives.split(".SH EXAMPLES").nth(1).unwrap();
    let example = |number| {
        let lines = examples.split(".nf\n").nth(number).unwrap().split(".fi").next().unwrap();
        lines.replace("\\(aq", "'").replace("\\-", "-").replace("\\e", "\\")
    };
    let lines = example(1);
    assert_eq!(super::page::check::SEAL, lines);
    let listed = example(3);
    let (_, attestations) = listed.split_once("\nEND\n").unwrap();
    assert_eq!(super::page::check::ATTESTATIONS, attestations);
    let source = ReportOrigin::Signed { keys: vec!["SHA256:x".to_owned()] };
    let page = html(&stored(), &source);
    for line in lines
        .lines()
        .chain(super::page::check::REPORT.lines())
        .chain(super::page::check::TRUST.lines())
    {
        let shown = line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let shown = shown.replace('"', "&quot;").replace('\'', "&#39;");
        assert!(page.contains(&shown), "{line}");
    }
}

/// Whatever a file holds, it is refused or rendered.
#[test]
fn a_damaged_report_is_refused_or_rendered() {
    let whole = serde_json::to_vec(&hostile()).unwrap();
    let mut state = 1_u64;
    let mut next = |below: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    let mut rendered = 0;
    for _ in 0..200 {
        let mut bytes = whole.clone();
        for _ in 0..=next(3) {
            let at = next(bytes.len());
            bytes[at] = b"0123456789-\"{}[],:ex"[next(20)];
        }
        if let Ok(report) = serde_json::from_slice::<StoredReport>(&bytes) {
            rendered += 1;
            assert!(page(&report).ends_with("</html>\n"));
            assert!(!markdown(&report, &ReportOrigin::Unsigned).is_empty());
        }
    }
    assert!(rendered > 20, "{rendered}");
}
