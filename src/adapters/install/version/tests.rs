use super::*;
use crate::core::npm::tarball::Own;

fn version(number: usize, manifest: usize) -> ServedVersion {
    ServedVersion {
        id: PackageId::npm("a", &format!("{number}.0.0")).unwrap(),
        own: Own {
            manifest: " ".repeat(manifest),
            has_install_script: false,
            has_shrinkwrap: false,
        },
        sha512: Algorithm::Sha512.digest(b""),
        sha1: Algorithm::Sha1.digest(b""),
        recorded: RecordExtract::default(),
        attested: None,
    }
}

#[test]
fn versions_that_one_document_cannot_describe_are_refused() {
    let quarter = limits::DOCUMENT_BYTES / 4;
    let of = |count: usize| (0..count).map(|number| Ok(version(number, quarter - 4096)));
    assert_eq!(versions_within(of(4)).unwrap().len(), 4);
    // No more is read than what is needed to see it.
    let endless = (0..).map(|number| Ok(version(number, quarter)));
    let error = versions_within(endless).unwrap_err();
    assert_eq!((error.code(), error.is_refusal()), (Some("packument-too-large"), false));
}
