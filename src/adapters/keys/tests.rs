use std::process::Command;

use ed25519_dalek::pkcs8::EncodePublicKey as _;

use super::*;

/// Runs `openssl`; `None` where it is not installed.
fn openssl(folder: &Path, args: &[&str]) -> Option<Vec<u8>> {
    let output = Command::new("openssl").args(args).current_dir(folder).output().ok()?;
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    Some(output.stdout)
}

fn private_error(path: &Path) -> KeyError {
    load_private(path).err().unwrap()
}

const BOTH: [KeyAlgorithm; 2] = [KeyAlgorithm::Ed25519, KeyAlgorithm::EcdsaP256];

#[test]
fn a_generated_key_is_read_back() {
    for algorithm in BOTH {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let public = generate(&path, algorithm).unwrap();
        let private = load_private(&path).unwrap();
        assert_eq!(PublicKey::from(&private.key), public);
        assert!(!private.readable_by_others);
        assert_eq!(load_public(&public_path(&path)).unwrap(), public);
        assert_eq!(load_public_half(&path).unwrap(), public);
        assert_ne!(generate(&folder.path().join("other"), algorithm).unwrap(), public);
    }
}

#[test]
#[cfg(unix)]
fn a_private_key_is_for_its_owner() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    generate(&path, KeyAlgorithm::Ed25519).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    for (mode, expected) in [(0o640, true), (0o604, true), (0o600, false), (0o400, false)] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(load_private(&path).unwrap().readable_by_others, expected, "{mode:o}");
    }
}

#[test]
#[cfg(unix)]
fn a_key_that_others_can_change_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    generate(&path, KeyAlgorithm::Ed25519).unwrap();
    let public = public_path(&path);
    let mode = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    for bad in [0o620, 0o602] {
        mode(&path, bad);
        let error = private_error(&path);
        assert!(matches!(error, KeyError::File(FileError::NotOurs { .. })), "{bad:o}: {error}");
        assert_eq!(error.hint().unwrap(), format!("chmod go-w {}", path.display()));
    }
    mode(&public, 0o664);
    assert!(load_public(&public).is_ok(), "a group's checkout");
    mode(&public, 0o666);
    let error = load_public(&public).unwrap_err();
    assert!(matches!(error, KeyError::File(FileError::NotOurs { .. })), "{error}");
}

#[test]
#[cfg(unix)]
fn no_key_is_written_through_a_link() {
    let folder = tempfile::tempdir().unwrap();
    for link in ["key", "key.pub"] {
        let place = folder.path().join(link);
        std::os::unix::fs::symlink("elsewhere", &place).unwrap();
        let error = generate(&folder.path().join("key"), KeyAlgorithm::Ed25519).unwrap_err();
        assert!(matches!(error, KeyError::File(FileError::Exists(_))), "{error}");
        assert!(!folder.path().join("elsewhere").exists());
        std::fs::remove_file(place).unwrap();
    }
}

#[test]
fn neither_file_is_overwritten_and_a_failure_leaves_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    std::fs::write(public_path(&path), "mine").unwrap();
    assert!(matches!(
        generate(&path, KeyAlgorithm::Ed25519),
        Err(KeyError::File(FileError::Exists(_)))
    ));
    assert!(!path.exists());
    assert_eq!(std::fs::read(public_path(&path)).unwrap(), b"mine");

    std::fs::remove_file(public_path(&path)).unwrap();
    std::fs::write(&path, "mine").unwrap();
    let error = generate(&path, KeyAlgorithm::Ed25519).unwrap_err();
    assert!(matches!(error, KeyError::File(FileError::Exists(_))));
    assert!(error.hint().unwrap().contains("never overwritten"));
    assert_eq!(std::fs::read(&path).unwrap(), b"mine");
    assert!(!public_path(&path).exists());

    assert!(matches!(
        generate(&folder.path().join("no/key"), KeyAlgorithm::Ed25519),
        Err(KeyError::File(_))
    ));
}

#[test]
fn the_wrong_half_of_a_key_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    generate(&path, KeyAlgorithm::Ed25519).unwrap();
    assert!(matches!(load_public(&path), Err(KeyError::PrivateGiven(_))));
    assert!(matches!(private_error(&public_path(&path)), KeyError::PublicGiven(_)));
}

#[test]
fn what_is_no_key_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let pem = |label: &str, body: &str| {
        format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
    };
    for text in [
        String::new(),
        "hello".to_owned(),
        pem("PRIVATE KEY", "AAAA"),
        pem("PRIVATE KEY", "not base64!"),
        "-----BEGIN PRIVATE KEY-----\n".to_owned(),
    ] {
        std::fs::write(&path, &text).unwrap();
        assert!(matches!(private_error(&path), KeyError::Malformed(_)), "{text}");
        let error = load_public(&path).unwrap_err();
        assert!(matches!(error, KeyError::Malformed(_) | KeyError::PrivateGiven(_)), "{text}");
    }
    std::fs::write(&path, pem("CERTIFICATE", "AAAA")).unwrap();
    assert!(load_public(&path).unwrap_err().to_string().contains("a certificate"));
    std::fs::write(&path, pem("ENCRYPTED PRIVATE KEY", "AAAA")).unwrap();
    assert!(matches!(private_error(&path), KeyError::Encrypted(_)));
    std::fs::write(&path, pem("OPENSSH PRIVATE KEY", "AAAA")).unwrap();
    assert!(private_error(&path).to_string().contains("OpenSSH"));
    std::fs::write(&path, [0xff; 8]).unwrap();
    assert!(matches!(private_error(&path), KeyError::Malformed(_)));
}

#[test]
fn a_key_file_is_as_large_as_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    generate(&path, KeyAlgorithm::Ed25519).unwrap();
    for path in [path.clone(), public_path(&path)] {
        // RFC 7468 lets text precede the key.
        let pem = std::fs::read(&path).unwrap();
        let padding = usize::try_from(limits::KEY_BYTES).unwrap() - pem.len();
        let sized = |more: usize| {
            let text = [b"\n".repeat(padding + more), pem.clone()].concat();
            std::fs::write(&path, text).unwrap();
            match path.extension() {
                Some(_) => load_public(&path).map(drop),
                None => load_private(&path).map(drop),
            }
        };
        sized(0).unwrap();
        let too_large = sized(1).unwrap_err();
        assert!(matches!(
            too_large,
            KeyError::File(FileError::TooLarge { max: limits::KEY_BYTES, .. })
        ));
    }
}

#[test]
fn a_file_holds_one_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    generate(&path, KeyAlgorithm::Ed25519).unwrap();
    let public = std::fs::read_to_string(public_path(&path)).unwrap();
    std::fs::write(&path, public.repeat(2)).unwrap();
    assert!(matches!(load_public(&path), Err(KeyError::Malformed(_))));
}

#[test]
fn a_weak_public_key_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.pub");
    let mut identity = [0; 32];
    identity[0] = 1;
    let key = VerifyingKey::from_bytes(&identity).unwrap();
    std::fs::write(&path, key.to_public_key_pem(LineEnding::LF).unwrap()).unwrap();
    assert!(matches!(load_public(&path), Err(KeyError::Weak(_))));
}

#[test]
fn openssl_reads_what_is_written_here() {
    for algorithm in BOTH {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let key = generate(&path, algorithm).unwrap();
        let at = folder.path();
        let Some(public) = openssl(at, &["pkey", "-in", "key", "-pubout"]) else { return };
        assert_eq!(public, std::fs::read(public_path(&path)).unwrap());
        // Byte for byte what OpenSSL itself would have written.
        let again = openssl(at, &["pkey", "-in", "key"]).unwrap();
        assert_eq!(again, std::fs::read(&path).unwrap());
        let der = openssl(at, &["pkey", "-pubin", "-in", "key.pub", "-outform", "der"]).unwrap();
        assert_eq!(der, key.spki());
    }
}

#[test]
fn what_openssl_writes_is_read_here() {
    let kinds: [&[&str]; 2] =
        [&["-algorithm", "ed25519"], &["-algorithm", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]];
    for kind in kinds {
        let folder = tempfile::tempdir().unwrap();
        let (at, path) = (folder.path(), folder.path().join("key"));
        if openssl(at, &[&["genpkey", "-out", "key"], kind].concat()).is_none() {
            return;
        }
        openssl(at, &["pkey", "-in", "key", "-pubout", "-out", "key.pub"]);
        let private = load_private(&path).unwrap();
        assert_eq!(PublicKey::from(&private.key), load_public(&public_path(&path)).unwrap());
    }
}

/// What OpenSSL made (`tests/data/README.md`), in a file that only its owner may change.
fn made_by_openssl(name: &str) -> tempfile::NamedTempFile {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/keys").join(name);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), std::fs::read(data).unwrap()).unwrap();
    file
}

/// The DER of a PEM file, changed, as PEM again.
fn changed(name: &str, change: impl Fn(&mut Vec<u8>)) -> tempfile::NamedTempFile {
    let pem = std::fs::read_to_string(made_by_openssl(name).path()).unwrap();
    let (_, der) = SecretDocument::from_pem(&pem).unwrap();
    let label = if name.ends_with(".pub") { "PUBLIC KEY" } else { "PRIVATE KEY" };
    let mut der = der.as_bytes().to_vec();
    change(&mut der);
    let file = tempfile::NamedTempFile::new().unwrap();
    let document = SecretDocument::try_from(der.as_slice()).unwrap();
    std::fs::write(file.path(), document.to_pem(label, LineEnding::LF).unwrap()).unwrap();
    file
}

#[test]
fn openssls_p256_key_pair_is_read() {
    let private = load_private(made_by_openssl("p256.key").path()).unwrap().key;
    let public = load_public(made_by_openssl("p256.pub").path()).unwrap();
    assert_eq!(private.public(), public);
    let message = b"DSSEv1 28 application/vnd.in-toto+json 11 hello world";
    for name in ["high-s.sig", "low-s.sig"] {
        assert!(
            public.verifies(message, &std::fs::read(made_by_openssl(name).path()).unwrap()),
            "{name}"
        );
    }
}

#[test]
fn rejects_a_key_of_another_kind() {
    let error_of = |name: &str| {
        let file = made_by_openssl(name);
        match name.ends_with(".key") {
            true => private_error(file.path()),
            false => load_public(file.path()).unwrap_err(),
        }
    };
    for (name, kind) in [
        ("p384.pub", "a P-384 key"),
        ("p384.key", "a P-384 key"),
        ("secp256k1.pub", "a secp256k1 key"),
        ("secp256k1.key", "a secp256k1 key"),
        ("rsa.pub", "an RSA key"),
        ("rsa.key", "an RSA key"),
        ("p256-explicit.pub", "an elliptic curve key"),
        ("p256-compressed.pub", "a P-256 key with a compressed point"),
    ] {
        let error = error_of(name);
        assert!(matches!(&error, KeyError::OtherType { found, .. } if found == kind), "{error}");
        assert_eq!(error.code(), Some("key-file"));
        assert!(error.hint().unwrap().contains("key generate"));
    }
}

#[test]
fn rejects_a_p256_key_whose_numbers_do_not_fit() {
    let flip_last = |der: &mut Vec<u8>| *der.last_mut().unwrap() ^= 1;
    let public = changed("p256.pub", flip_last);
    let error = load_public(public.path()).unwrap_err();
    assert!(matches!(error, KeyError::Malformed(_)), "not on the curve: {error}");
    assert_eq!(error.code(), Some("key-file"));
    // The private key's public half: at its end, and 65 bytes from there.
    let error = private_error(changed("p256.key", flip_last).path());
    assert!(matches!(error, KeyError::Malformed(_)), "not on the curve: {error}");
    let scalar = |byte: u8| {
        move |der: &mut Vec<u8>| {
            let at = der.windows(2).position(|two| two == [0x04, 0x20]).unwrap() + 2;
            der[at..at + 32].fill(byte);
        }
    };
    for byte in [0, 1, 0xff] {
        let error = private_error(changed("p256.key", scalar(byte)).path());
        assert!(matches!(error, KeyError::Malformed(_)), "of another key: {error}");
    }
}

#[test]
fn keys_of_other_types_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let (at, path) = (folder.path(), folder.path().join("key"));
    let others: [(&[&str], &str); 2] = [
        (&["genpkey", "-algorithm", "ed448"], "an Ed448 key"),
        (&["genpkey", "-algorithm", "x25519"], "an X25519 key"),
    ];
    for (args, name) in others {
        if openssl(at, &[args, &["-out", "key"]].concat()).is_none() {
            return;
        }
        openssl(at, &["pkey", "-in", "key", "-pubout", "-out", "key.pub"]);
        assert!(matches!(load_public(&path), Err(KeyError::PrivateGiven(_))));
        for error in [private_error(&path), load_public(&public_path(&path)).unwrap_err()] {
            assert!(
                matches!(&error, KeyError::OtherType { found, .. } if found == name),
                "{error}"
            );
        }
        std::fs::remove_file(&path).unwrap();
        std::fs::remove_file(public_path(&path)).unwrap();
    }
    openssl(at, &["ecparam", "-name", "prime256v1", "-genkey", "-out", "key"]);
    assert!(private_error(&path).to_string().contains("elliptic curve"));
    openssl(at, &["genpkey", "-algorithm", "ed25519", "-aes256", "-pass", "pass:x", "-out", "key"]);
    let error = private_error(&path);
    assert!(matches!(error, KeyError::Encrypted(_)));
    assert!(error.hint().unwrap().contains("openssl pkey"));
}

#[test]
fn a_key_may_have_empty_lines_at_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.key");
    generate(&path, KeyAlgorithm::Ed25519).unwrap();
    for file in [path.clone(), public_path(&path)] {
        let text = std::fs::read_to_string(&file).unwrap();
        for end in ["", "\n\n", "\r\n \n"] {
            std::fs::write(&file, format!("{}{end}", text.trim_end())).unwrap();
            assert!(load_public_half(&file).is_ok(), "{}: {end:?}", file.display());
        }
    }
}
