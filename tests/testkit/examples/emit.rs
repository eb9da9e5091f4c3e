//! Writes the cases of the synthetic Sigstore, a folder each, for other implementations to judge:
//! `emit OUTDIR`. As in Sigstore's conformance suite, a name that ends in `_fail` must be refused; the
//! file `about` then says what is wrong.
#![allow(clippy::disallowed_methods)] // a program for tests, not a part of the product

use chrono::{Duration, Utc};
use std::{env, fs, io, path::Path};
use testkit::sigstore::cases::cases;

fn main() -> io::Result<()> {
    let folder = env::args().nth(1).ok_or_else(|| io::Error::other("usage: emit OUTDIR"))?;
    for case in cases(Utc::now() - Duration::days(2)) {
        let suffix = if case.refused.is_some() { "_fail" } else { "" };
        let folder = Path::new(&folder).join(format!("{}{suffix}", case.name));
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("bundle.sigstore.json"), case.bundle.to_string())?;
        fs::write(folder.join("trusted_root.json"), case.trusted_root)?;
        fs::write(folder.join("keys.json"), case.npm_keys)?;
        if let Some(about) = case.refused {
            fs::write(folder.join("about"), format!("{about:?}"))?;
        }
        if let Some((identity, issuer)) = case.identity {
            fs::write(folder.join("identity"), identity)?;
            fs::write(folder.join("issuer"), issuer)?;
        }
    }
    Ok(())
}
