//! Answers that break, and what the client makes of them.

use super::*;

#[test]
fn other_bytes_than_expected_are_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = tarball_path("a", "1.0.0");
    let registry = a().fault(&path, Fault::Body(tarball("evil", "1.0.0"))).start();
    let outcomes = collect_into(folder.path(), &registry, "", &[item("a", "1.0.0")]);
    let Err(CollectError::Mismatch { mismatch, .. }) = &outcomes[0].1 else {
        panic!("{outcomes:?}")
    };
    assert_eq!(mismatch.by, ExpectedBy::Lockfile);
    assert_eq!(registry.count(&path), 1, "another try would bring the same");
    assert_eq!(std::fs::read_dir(folder.path().join("tarballs")).unwrap().count(), 0);
}

#[test]
fn the_record_must_agree_with_the_lockfile() {
    let (result, _registry) = one(a().edit("a", "1.0.0", |record| {
        record["dist"]["integrity"] = integrity(b"other").into();
    }));
    let by_record = |error: &CollectError| matches!(error, CollectError::Mismatch { mismatch, .. } if mismatch.by == ExpectedBy::Record);
    assert!(result.as_ref().is_err_and(by_record), "{result:?}");
}

#[test]
fn every_hash_of_the_lockfile_must_match() {
    let registry = a().start();
    let both = format!("{} {}", integrity(&tarball("a", "1.0.0")), integrity(b"other"));
    let weak = Algorithm::Sha1.digest(b"other").to_sri();
    for second in [both, weak] {
        let mut item = item("a", "1.0.0");
        item.integrity.push(Integrity::parse(&second).unwrap());
        let outcomes = collect_from(&registry, &[item]);
        assert!(matches!(outcomes[0].1, Err(CollectError::Mismatch { .. })), "{outcomes:?}");
    }
}

#[test]
fn what_passes_is_tried_again_and_what_does_not_is_not() {
    let path = tarball_path("a", "1.0.0");
    for fault in
        [Fault::Status(500), Fault::Status(502), Fault::Status(429), Fault::Close, Fault::CutOff(3)]
    {
        let text = format!("{fault:?}");
        let (result, registry) = one(a().faults(&path, [fault.clone(), fault.clone()]));
        assert!(result.is_ok(), "{text}: {result:?}");
        assert_eq!(registry.count(&path), 3, "{text}");
        let (result, registry) = one(a().fault(&path, fault));
        assert!(result.is_err(), "{text}");
        let tries = if text.contains("429") { limits::BUSY_TRIES } else { limits::TRIES };
        assert_eq!(registry.count(&path), tries as usize, "{text}");
    }
    for status in [400, 401, 418] {
        let (result, registry) = one(a().fault(&path, Fault::Status(status)));
        assert_eq!(failure(result), RequestFailure::Status(status));
        assert_eq!(registry.count(&path), 1);
    }
}

#[test]
fn retry_after_is_honoured_up_to_the_longest_wait() {
    let path = tarball_path("a", "1.0.0");
    // The registry's own `Date` is 04:00:00.
    for after in ["1", "Mon, 23 Nov 2026 04:00:01 GMT", "86400"] {
        for status in [429, 503] {
            let began = Instant::now();
            let (result, _) = one(a().faults(&path, [Fault::RetryAfter(status, after.into())]));
            assert!(result.is_ok(), "{result:?}");
            let took = began.elapsed();
            assert!(took >= Duration::from_millis(300), "{after}: {took:?}");
            assert!(took < Duration::from_secs(5), "{after}: {took:?}");
        }
    }
}

#[test]
fn what_takes_too_long_is_given_up() {
    let hasty = Settings {
        stall: Duration::from_millis(300),
        grace: Duration::from_millis(600),
        ..settings()
    };
    let hasty = Network::acquire(hasty).unwrap();
    let after_a_try = [Fault::Silence(Duration::from_secs(2))];
    let registry = ["/silent", "/stalling", "/dripping", "/recovering"]
        .iter()
        .fold(Registry::new(), |registry, path| registry.file(path, "text/plain", vec![b'x'; 99]))
        .fault("/silent", Fault::Silence(Duration::from_secs(2)))
        .fault("/stalling", Fault::Drip(Duration::from_secs(2)))
        .fault("/dripping", Fault::Drip(Duration::from_millis(30)))
        .faults("/recovering", after_a_try)
        .start();
    let get = |path: &str| {
        let url = Url::parse(&format!("{}{path}", registry.url())).unwrap();
        hasty.get(&url, 99).map_err(|error| match error {
            NetworkError::Request { failure, .. } => failure,
            other => panic!("{other}"),
        })
    };
    assert_eq!(get("/silent"), Err(RequestFailure::Stalled(Duration::from_millis(300))));
    assert_eq!(registry.count("/silent"), 3);
    assert_eq!(get("/stalling"), Err(RequestFailure::Stalled(Duration::from_millis(300))));
    assert!(matches!(get("/dripping"), Err(RequestFailure::TooSlow { .. })));
    assert_eq!(registry.count("/dripping"), 1, "who drips once will drip again");
    assert_eq!(get("/recovering").unwrap().body.len(), 99);
}

#[test]
fn broken_bodies_are_named() {
    let path = tarball_path("a", "1.0.0");
    let expected = Some(tarball("a", "1.0.0").len() as u64);
    let (result, _registry) = one(a().fault(&path, Fault::CutOff(7)));
    assert_eq!(failure(result), RequestFailure::ClosedEarly { got: 7, expected });
    // Told to be shorter than it is, a tarball arrives short, and its digest says so.
    let (result, _registry) = one(a().fault(&path, Fault::Length(10)));
    assert!(matches!(result, Err(CollectError::Mismatch { .. })), "{result:?}");
}

#[test]
fn no_more_is_downloaded_than_the_limits() {
    let attestations = attestations_path("a", "1.0.0");
    for (path, max) in [
        (packument_path("a"), limits::PACKUMENT_BYTES),
        (tarball_path("a", "1.0.0"), limits::TARBALL_BYTES),
        (attestations.clone(), limits::ATTESTATIONS_BYTES),
    ] {
        // What is said to be that large is waited for, and does not come; what is said to be
        // larger is not.
        let (result, registry) = one(a().fault(&path, Fault::Length(max)));
        let failure_at = failure(result);
        let closed = |expected| matches!(failure_at, RequestFailure::ClosedEarly { expected: Some(e), .. } if e == expected);
        assert!(closed(max), "{path}: {failure_at:?}");
        assert_eq!(registry.count(&path), 3, "a connection may break");
        let (result, registry) = one(a().fault(&path, Fault::Length(max + 1)));
        assert_eq!(failure(result), RequestFailure::TooLarge(max), "{path}");
        assert_eq!(registry.count(&path), 1, "it will be as large again");
    }
    // Compressed, nothing is said, and what counts is what comes out.
    let max = usize::try_from(limits::ATTESTATIONS_BYTES).unwrap();
    let compressed = |size: usize| {
        let mut response = RESPONSE.to_vec();
        response.resize(size, b' ');
        one(published(&[("a", "1.0.0")]).attestations("a", "1.0.0", response).gzip()).0
    };
    assert_eq!(compressed(max).unwrap().attestations.unwrap().len(), max);
    let too_large = RequestFailure::TooLarge(limits::ATTESTATIONS_BYTES);
    assert_eq!(failure(compressed(max + 1)), too_large);
}

#[test]
fn a_broken_compression_is_not_taken_for_a_closed_connection() {
    let (result, _registry) = one(a().gzip().fault(&packument_path("a"), Fault::Body(vec![7; 99])));
    assert!(matches!(failure(result), RequestFailure::Exchange(_)));
}

#[test]
fn a_captive_portal_is_named() {
    for path in [packument_path("a"), tarball_path("a", "1.0.0"), attestations_path("a", "1.0.0")] {
        let (result, registry) = one(a().fault(&path, Fault::Html));
        let error = result.unwrap_err();
        assert!(error.hint().unwrap().contains("captive portal"), "{error}");
        let expected = format!("{}{path}: answered with a web page (HTML)", registry.url());
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn bounded_gets_answer_403_and_404() {
    let registry = Registry::new()
        .file("/file", "application/json", b"12345".to_vec())
        .file("/endless", "application/json", Vec::new())
        .fault("/endless", Fault::Endless)
        .fault("/forbidden", Fault::Status(403))
        .fault("/broken", Fault::Status(500))
        .fault("/gone", Fault::Status(410))
        .start();
    let get = |path: &str, max| {
        NETWORK.get(&Url::parse(&format!("{}{path}", registry.url())).unwrap(), max)
    };
    let response = get("/file", 5).unwrap();
    assert_eq!((response.status, response.body), (200, b"12345".to_vec()));
    let failure = |path, max| match get(path, max) {
        Err(NetworkError::Request { failure, .. }) => failure,
        other => panic!("{other:?}"),
    };
    assert_eq!(failure("/file", 4), RequestFailure::TooLarge(4));
    assert_eq!(failure("/endless", 1 << 20), RequestFailure::TooLarge(1 << 20));
    assert_eq!(failure("/broken", 5), RequestFailure::Status(500));
    assert_eq!(failure("/gone", 5), RequestFailure::Status(410), "no TUF repository says so");
    for (path, status) in [("/forbidden", 403), ("/missing", 404)] {
        let response = get(path, 5).unwrap();
        assert_eq!((response.status, response.body), (status, Vec::new()));
    }
}

#[test]
fn redirects_are_followed_but_not_forever_and_not_to_other_schemes() {
    let elsewhere = Registry::new().file("/b", "application/json", b"b".to_vec()).start();
    // From `/0` on, as many redirects as may be, and then a file.
    let hops = (0..limits::REDIRECTS).fold(Registry::new(), |registry, at| {
        registry.fault(&format!("/{at}"), Fault::Redirect(format!("/{}", at + 1)))
    });
    let registry = hops
        .file(&format!("/{}", limits::REDIRECTS), "application/json", b"there".to_vec())
        .fault("/one-more", Fault::Redirect("/0".into()))
        .fault("/a", Fault::Redirect(format!("{}/b", elsewhere.url())))
        .fault("/loop", Fault::Redirect("/loop".into()))
        .fault("/file", Fault::Redirect("file:///etc/passwd".into()))
        .start();
    let get =
        |path: &str| NETWORK.get(&Url::parse(&format!("{}{path}", registry.url())).unwrap(), 9);
    assert_eq!(get("/a").unwrap().body, b"b");
    let failure = |path| match get(path) {
        Err(NetworkError::Request { failure, .. }) => failure,
        other => panic!("{other:?}"),
    };
    assert_eq!(get("/0").unwrap().body, b"there");
    for endless in ["/one-more", "/loop"] {
        assert_eq!(failure(endless), RequestFailure::Redirects(limits::REDIRECTS), "{endless}");
    }
    assert_eq!(registry.count("/loop"), 1 + limits::REDIRECTS);
    assert_eq!(failure("/file"), RequestFailure::Scheme("file".into()));
}
