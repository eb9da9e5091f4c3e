//! Where credentials go, and that nothing shows them.

use super::*;

#[test]
fn a_closed_port_refuses() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = Url::parse(&format!("http://me:{TOKEN}@127.0.0.1:{port}/x?t={TOKEN}#{TOKEN}"));
    let error = NETWORK.get(&url.unwrap(), 5).unwrap_err();
    assert_eq!(error.to_string(), format!("http://127.0.0.1:{port}/x: connection refused"));
    assert!(!format!("{error:?}").contains(TOKEN));
}

#[test]
fn a_token_goes_to_its_registry_and_nowhere_else() {
    let elsewhere = a().start();
    let registry = a()
        .token(TOKEN)
        .fault(
            &tarball_path("a", "1.0.0"),
            Fault::Redirect(format!("{}{}", elsewhere.url(), tarball_path("a", "1.0.0"))),
        )
        .start();
    let folder = tempfile::tempdir().unwrap();
    let npmrc = format!("//{}/:_authToken={TOKEN}\n", registry.host());
    let other = Collectable {
        resolved: vec![Url::parse(&format!("{}/b/-/b-1.0.0.tgz", elsewhere.url())).unwrap()],
        ..item("b", "1.0.0")
    };
    let outcomes = collect_into(folder.path(), &registry, &npmrc, &[item("a", "1.0.0"), other]);
    assert!(outcomes[0].1.is_ok(), "{outcomes:?}");
    assert!(outcomes[1].1.is_err());
    assert!(registry.requests().iter().all(|seen| seen.authorization.is_some()));
    assert!(elsewhere.requests().len() >= 2);
    assert!(elsewhere.requests().iter().all(|seen| seen.authorization.is_none()));

    let npmrc = Npmrc::parse(&npmrc, &|_| None);
    let config = RegistryConfig::new(&npmrc, Some(&registry.url())).unwrap();
    assert!(!format!("{outcomes:?} {npmrc:?} {config:?}").contains(TOKEN));
    for (_, result) in &outcomes {
        let Err(error) = result else { continue };
        assert!(!format!("{error} {:?}", error.hint()).contains(TOKEN));
    }
    assert!(!contains(folder.path(), TOKEN), "the cache holds the token");
}

#[test]
fn a_token_that_no_header_can_carry_is_not_sent() {
    let registry = a().start();
    let folder = tempfile::tempdir().unwrap();
    let npmrc = format!("//{}/:_authToken={TOKEN}\u{1}\n", registry.host());
    let mut outcomes = collect_into(folder.path(), &registry, &npmrc, &[item("a", "1.0.0")]);
    assert_eq!(failure(outcomes.remove(0).1), RequestFailure::Credentials);
    assert!(registry.requests().is_empty());
}

#[test]
fn without_the_token_the_error_says_what_is_wanted() {
    let (result, _registry) = one(a().token(TOKEN));
    let error = result.unwrap_err();
    assert!(error.to_string().ends_with("/a: status 401"), "{error}");
    assert!(error.hint().unwrap().contains(".npmrc"));
}

#[test]
fn userinfo_of_the_registry_is_a_credential_and_is_never_shown() {
    let registry = a().start();
    let folder = tempfile::tempdir().unwrap();
    let address = format!("http://me:{TOKEN}@{}", registry.host());
    let config = RegistryConfig::new(&Npmrc::default(), Some(&address)).unwrap();
    let cache = Cache::open(folder.path()).unwrap();
    let items = [item("a", "1.0.0"), item("missing", "1.0.0")];
    let outcomes = collect(&NETWORK, &config, &cache, &items, &options(), &Quiet).unwrap().outcomes;
    assert!(outcomes[0].1.is_ok());
    let sent = registry.requests();
    assert!(sent.iter().all(|seen| {
        seen.authorization.as_ref().is_some_and(|value| value.starts_with("Basic "))
    }));
    assert!(!format!("{outcomes:?} {config:?}").contains(TOKEN));
    assert!(!contains(folder.path(), TOKEN));
}

#[test]
fn a_proxy_of_npmrc_is_used_and_its_password_is_never_shown() {
    let proxy = Registry::new().start();
    let npmrc = format!("proxy=http://me:{TOKEN}@{}", proxy.host());
    let npmrc = Npmrc::parse(&npmrc, &|_| None);
    let mut settings = settings();
    npmrc.configure(&mut settings).unwrap();
    let shown = format!("{npmrc:?} {settings:?}");
    let network = Network::acquire(settings).unwrap();
    let url = Url::parse("http://registry.example/a").unwrap();
    assert_eq!(network.get(&url, 9).unwrap().status, 404);
    let seen = proxy.requests().remove(0);
    assert_eq!(seen.path, "http://registry.example/a");
    assert!(seen.headers.iter().any(|(name, _)| name == "proxy-authorization"));
    assert!(!format!("{shown} {network:?}").contains(TOKEN));

    // What is for this machine does not leave it, whatever the proxy's exceptions say.
    let direct = a().start();
    for (count, host) in ["127.0.0.1", "localhost"].iter().enumerate() {
        let local = direct.url().replace("127.0.0.1", host);
        let response = network.get(&Url::parse(&format!("{local}/a")).unwrap(), 9999).unwrap();
        assert_eq!((response.status, direct.count("/a")), (200, count + 1));
    }
    assert_eq!(proxy.requests().len(), 1);
}

#[test]
fn a_proxy_or_certificate_that_is_none_is_refused_without_repeating_it() {
    let npmrc = Npmrc::parse(&format!("proxy=\"http://{TOKEN}:x@[\""), &|_| None);
    let mut bad_proxy = settings();
    npmrc.configure(&mut bad_proxy).unwrap();
    let bad_certificate = Settings { certificates: Some(b"none".to_vec()), ..settings() };
    for settings in [bad_proxy, bad_certificate] {
        let error = Network::acquire(settings).unwrap_err();
        assert!(matches!(error, NetworkError::Setup(_)), "{error:?}");
        assert!(!error.to_string().contains(TOKEN), "{error}");
    }
}

/// Whether any file below a folder contains a text.
fn contains(folder: &Path, text: &str) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return contains(&path, text);
        }
        let bytes = std::fs::read(&path).unwrap();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}
