//! The pages for people.

use super::{Package, Sealed, Serving, demands};

#[test]
fn the_first_page_shows_what_is_served_and_how_it_verified() {
    let Sealed { world, .. } = Sealed::new();
    let serving = Serving::start(&world, "app.sealift");
    let answer = serving.get("/");
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("text/html; charset=utf-8"))
    );
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    let page = String::from_utf8(answer.body.clone()).unwrap();
    assert!(page.contains("The packages of this archive are served here."));
    assert!(page.contains("github.com/acme/a") && page.contains("default-src 'none'"));
    // It is the page that a report has, but for what it is.
    world
        .sealift(&format!("bundle verify app.sealift {} --deep --report html=own.html", demands()))
        .done();
    let own = String::from_utf8(world.read("own.html")).unwrap();
    let packages = |page: &str| page.split("<section id=\"packages\">").nth(1).unwrap().to_owned();
    assert_eq!(packages(&page), packages(&own));
    // Asked again with its tag, it is not sent again; nor with a HEAD.
    let tag = answer.header("etag").unwrap();
    assert_eq!(serving.ask("GET", "/", &format!("if-none-match: {tag}\r\n")).status, 304);
    let head = serving.ask("HEAD", "/", "");
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(serving.ask("POST", "/", "").status, 405);
    assert_eq!(serving.get("/-/sealift/1").status, 404);
}

#[test]
fn of_several_archives_the_first_page_lists_all() {
    let Sealed { world, .. } = Sealed::new();
    std::fs::rename(world.path("app.sealift"), world.path("one.sealift")).unwrap();
    world.fetched([&Package::new("c", "1.0.0").signed(&world.sigstore)]).done();
    let serving = Serving::start(&world, "one.sealift app.sealift");
    let text = |path: &str| String::from_utf8(serving.get(path).body).unwrap();
    let first = text("/");
    for (path, file, name) in
        [("/-/sealift/1", "one.sealift", "@acme/a"), ("/-/sealift/2", "app.sealift", "c")]
    {
        assert!(first.contains(&format!("<a href=\"{path}\"><bdi>{file}</bdi></a>")), "{first}");
        let page = text(path);
        assert!(page.contains(&format!("<bdi>{file}</bdi>")));
        assert!(page.contains(&format!("<b>{name}</b>")));
    }
    assert_eq!(serving.get("/-/sealift/3").status, 404);
}
