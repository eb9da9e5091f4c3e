//! What a report says of one package.

use serde_json::Value;

use super::Package;

/// A claim of a package, in a report.
pub fn claim<'a>(report: &'a Value, package: &Package, claim: &str) -> &'a Value {
    let purl = package.subject().purl;
    let packages = report["packages"].as_array().unwrap();
    let found = packages.iter().find(|package| package["purl"] == purl);
    &found.unwrap_or_else(|| panic!("no {purl} in {report:#}"))["claims"][claim]
}

/// The status of a claim.
pub fn status<'a>(report: &'a Value, package: &Package, name: &str) -> &'a str {
    claim(report, package, name)["status"].as_str().unwrap()
}

/// The code of a refusal.
#[track_caller]
pub fn reason<'a>(report: &'a Value, package: &Package, name: &str) -> &'a str {
    let claim = claim(report, package, name);
    assert_eq!(claim["status"], "refused", "{}: {claim:#}", package.name);
    claim["reason"].as_str().unwrap()
}
