//! What is read from `.npmrc`, and what a stranger's cannot get.

use url::Url;

use super::*;
use crate::adapters::registry::RegistryConfig;

fn env(name: &str) -> Option<String> {
    (name == "NPM_TOKEN").then(|| "from-env".to_owned())
}

fn authorization(npmrc: &Npmrc, url: &str) -> Option<String> {
    let url = Url::parse(url).unwrap();
    npmrc.credentials.authorization(&url).map(|secret| secret.reveal().to_owned())
}

#[test]
fn settings_are_read_as_npm_reads_them() {
    let text = "; comment\n# comment\nregistry = https://mirror.example/npm/ # mine\r\n\
                @acme:registry=\"https://npm.acme.example\"\nsave-exact\nproxy=null\n";
    let npmrc = Npmrc::parse(text, &env);
    assert_eq!(npmrc.registry.unwrap().reveal(), "https://mirror.example/npm/");
    assert_eq!(npmrc.scopes["@acme"].reveal(), "https://npm.acme.example");
    assert!(npmrc.proxy.is_none());
    assert_eq!(npmrc.warnings, Vec::<String>::new());
}

#[test]
fn the_longest_place_wins_and_no_other_gets_anything() {
    let text = "//npm.acme.example/:_authToken=root\n\
                //npm.acme.example/team/:_authToken=${NPM_TOKEN}\n\
                //npm.acme.example:8443/:_authToken=port\n\
                //basic.example/:_auth=bWU6cGFzcw==\n\
                //old.example/:username=me\n//old.example/:_password=cGFzcw==\n";
    let npmrc = Npmrc::parse(text, &env);
    let is = |url, expected: Option<&str>| {
        assert_eq!(authorization(&npmrc, url).as_deref(), expected, "{url}");
    };
    is("https://npm.acme.example/team/a/-/a-1.tgz", Some("Bearer from-env"));
    is("https://npm.acme.example/teammate/a", Some("Bearer root"));
    is("https://npm.acme.example/@acme%2fa", Some("Bearer root"));
    is("https://npm.acme.example:8443/a", Some("Bearer port"));
    is("https://npm.acme.example:9/a", None);
    is("https://npm.acme.example.evil.example/a", None);
    is("https://evil.example/npm.acme.example/a", None);
    is("https://basic.example/a", Some("Basic bWU6cGFzcw=="));
    is("https://old.example/a", Some("Basic bWU6cGFzcw=="));
}

#[test]
fn a_variable_that_is_not_set_disables_the_line() {
    let npmrc = Npmrc::parse("//a.example/:_authToken=${MISSING}\nregistry=${NO?}x", &env);
    assert_eq!(authorization(&npmrc, "https://a.example/b"), None);
    assert_eq!(npmrc.registry.unwrap().reveal(), "x");
    assert_eq!(npmrc.warnings.len(), 1);
}

#[test]
fn certificates_stay_verified() {
    let npmrc = Npmrc::parse("strict-ssl=false", &env);
    assert!(npmrc.warnings[0].starts_with("strict-ssl=false in .npmrc is ignored"));
}

#[test]
fn proxies_reach_the_settings() {
    let npmrc = Npmrc::parse("proxy=http://me:pass@proxy.example:3128\nnoproxy=a.example", &env);
    let mut settings = Settings::default();
    npmrc.configure(&mut settings).unwrap();
    let proxy = settings.proxy.unwrap();
    assert_eq!(proxy.https.as_ref().unwrap().reveal(), "http://me:pass@proxy.example:3128");
    assert_eq!(proxy.except.as_deref(), Some("a.example"));
}

#[test]
#[allow(clippy::disallowed_methods)] // writes the files to be read
fn the_project_goes_before_the_user_and_files_may_be_missing() {
    let folder = tempfile::tempdir().unwrap();
    let (user, project) = (folder.path().join("user"), folder.path().join("project"));
    std::fs::write(&user, "registry=https://user.example\n//u.example/:_authToken=t").unwrap();
    std::fs::write(&project, "registry=https://project.example").unwrap();
    let npmrc = Npmrc::load(Some(&user), Some(&project), false, &env).unwrap();
    assert_eq!(npmrc.registry.as_ref().unwrap().reveal(), "https://project.example");
    assert_eq!(authorization(&npmrc, "https://u.example/a").as_deref(), Some("Bearer t"));
    let missing = folder.path().join("missing");
    assert!(Npmrc::load(Some(&missing), None, false, &env).unwrap().registry.is_none());
    let size = usize::try_from(limits::NPMRC_BYTES).unwrap();
    std::fs::write(&user, vec![b'\n'; size]).unwrap();
    assert!(Npmrc::load(Some(&user), None, false, &env).is_ok());
    std::fs::write(&user, vec![b'\n'; size + 1]).unwrap();
    assert!(matches!(
        Npmrc::load(Some(&user), None, false, &env),
        Err(FileError::TooLarge { max: limits::NPMRC_BYTES, .. })
    ));
    assert!(matches!(
        Npmrc::load(Some(folder.path()), None, false, &env),
        Err(FileError::Io { .. })
    ));
}

#[test]
#[allow(clippy::disallowed_methods)] // writes the file to be read
fn a_cafile_is_as_large_as_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    let npmrc = Npmrc::parse(&format!("cafile={}", path.display()), &env);
    let size = usize::try_from(limits::NPMRC_BYTES).unwrap();
    std::fs::write(&path, vec![b'\n'; size]).unwrap();
    let mut settings = Settings::default();
    npmrc.configure(&mut settings).unwrap();
    // A line break goes between `ca` and what is in the file.
    assert_eq!(settings.certificates.unwrap().len(), size + 1);
    std::fs::write(&path, vec![b'\n'; size + 1]).unwrap();
    assert!(matches!(
        npmrc.configure(&mut Settings::default()),
        Err(FileError::TooLarge { max: limits::NPMRC_BYTES, .. })
    ));
}

#[test]
fn nothing_shows_a_secret() {
    let npmrc = Npmrc::parse(
        "//a.example/:_authToken=hush\n//a.example/:_auth=hush\n\
         //a.example/:username=hush\n//a.example/:_password=hush\n\
         registry=https://hush:hush@a.example\n@b:registry=https://hush@b.example\n\
         https-proxy=http://hush@proxy.example\n",
        &env,
    );
    assert!(!format!("{npmrc:?} {npmrc:#?}").contains("hush"));
}

/// What a project's `.npmrc` brings about, beside a user's of this text.
fn beside(user: &str, project: &str) -> Npmrc {
    let mut lines = Lines::default();
    lines.read(user, Author::User, &env);
    lines.read(project, Author::Stranger, &env);
    Npmrc::of(lines)
}

const USER: &str = "//npm.acme.example/:_authToken=hush\nproxy=http://proxy.acme.example:3128\n\
                    cafile=/etc/acme.pem\n@acme:registry=https://npm.acme.example/\n";

#[test]
fn a_strangers_file_says_where_registries_are() {
    let project = "registry=https://mirror.example/npm\n@b:registry=https://b.example\n\
                   replace-registry-host=never\nsave-exact=true\n";
    let npmrc = beside(USER, project);
    assert_eq!(npmrc.registry.unwrap().reveal(), "https://mirror.example/npm");
    assert_eq!(npmrc.scopes["@b"].reveal(), "https://b.example");
    assert_eq!(npmrc.scopes["@acme"].reveal(), "https://npm.acme.example/");
    assert_eq!(npmrc.replaced, Replaced::Never);
    assert_eq!(npmrc.warnings, Vec::<String>::new());
}

/// Each line is tried beside a user's file with a token, a proxy and a certificate, in an
/// environment with a token.
#[test]
fn a_strangers_file_gets_no_credential_proxy_or_certificate() {
    for attempt in [
        // Variables into a credential for a host of the stranger's.
        "//evil.example/:_authToken=${NPM_TOKEN}",
        "//evil.example/:_auth=${NPM_TOKEN}",
        "//evil.example/:username=me\n//evil.example/:_password=${NPM_TOKEN}",
        "${NPM_TOKEN}=x",
        // Credentials of the stranger's in place of the user's.
        "//npm.acme.example/:_authToken=theirs",
        "//npm.acme.example/:_authToken=",
        "@acme:registry=https://me:theirs@npm.acme.example/",
        "registry=https://theirs@registry.npmjs.org/",
        // Everything through a machine of the stranger's, or past the user's proxy.
        "proxy=http://evil.example:3128",
        "https-proxy=http://evil.example:3128",
        "proxy=null",
        "noproxy=npm.acme.example",
        "no-proxy=*",
        // An authority of the stranger's, or a file of the user's for one.
        "ca=-----BEGIN CERTIFICATE-----",
        "cafile=/home/me/.ssh/id_ed25519",
        "strict-ssl=false",
    ] {
        let (with, without) = (beside(USER, attempt), beside(USER, ""));
        let shown = format!("{attempt}: {with:?}");
        assert_eq!(with.warnings.len(), 1, "{shown}");
        assert!(with.warnings[0].contains("in the project's .npmrc: ignored"), "{shown}");
        assert!(!with.warnings[0].contains("from-env"), "{shown}");
        assert_eq!(format!("{:?}", with.proxy), format!("{:?}", without.proxy), "{shown}");
        let config = RegistryConfig::new(&with, None).unwrap();
        assert_eq!((with.ca, with.cafile), (without.ca, without.cafile), "{shown}");
        for url in
            ["https://evil.example/a", "https://npm.acme.example/a", "https://registry.npmjs.org/a"]
        {
            let url = Url::parse(url).unwrap();
            let sent = config.authorization(&url);
            assert_eq!(sent, without.credentials.authorization(&url), "{shown}");
        }
    }
}

/// To pass the line over would be to ask the public registry for a private package.
#[test]
fn a_registry_that_cannot_be_used_is_refused_and_not_passed_over() {
    let refused = |npmrc: &Npmrc| RegistryConfig::new(npmrc, None).unwrap_err();
    for attempt in [
        "registry=https://evil.example/${NPM_TOKEN}/",
        "@acme:registry=https://${NPM_TOKEN}.evil.example/",
        "@b:registry=https://me:${NPM_TOKEN}@evil.example/",
        "registry=\"https://evil.example/${NPM_TOKEN?}\"",
        "@${NPM_TOKEN}:registry=https://evil.example",
        "@b:registry=https://evil.example/${UNSET}",
    ] {
        let error = refused(&beside(USER, attempt));
        assert!(matches!(error, ConfigError::ProjectVariable { .. }), "{attempt}: {error}");
        assert!(error.hint().unwrap().contains("--trust-project-npmrc"));
        assert!(!error.to_string().contains("from-env"));
    }
    for attempt in ["registry=file:///etc/passwd", "@acme:registry=hush", "registry="] {
        let error = refused(&beside(USER, attempt));
        assert!(matches!(error, ConfigError::Address { .. }), "{attempt}: {error}");
    }
    let error = refused(&Npmrc::parse("@a:registry=https://${UNSET}.example", &env));
    assert_eq!(error, ConfigError::Variable { of: "@a:registry= in .npmrc".into() });
}

#[test]
fn what_a_stranger_may_not_say_is_one_warning() {
    let many = "//evil.example/:_authToken=x\n".repeat(1000) + "proxy=http://evil.example";
    let warnings = beside("", &many).warnings;
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].starts_with("//evil.example/:_authToken and 1000 more"), "{warnings:?}");
}

#[test]
#[allow(clippy::disallowed_methods)] // writes the files to be read
fn a_projects_file_that_is_trusted_is_as_good_as_the_users() {
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path().join(".npmrc");
    std::fs::write(&project, "//a.example/:_authToken=${NPM_TOKEN}\nproxy=http://p.example")
        .unwrap();
    let npmrc = Npmrc::load(None, Some(&project), true, &env).unwrap();
    assert_eq!(authorization(&npmrc, "https://a.example/a").as_deref(), Some("Bearer from-env"));
    assert!(npmrc.proxy.is_some() && npmrc.warnings.is_empty());
    let npmrc = Npmrc::load(None, Some(&project), false, &env).unwrap();
    assert_eq!(authorization(&npmrc, "https://a.example/a"), None);
    assert!(npmrc.proxy.is_none() && npmrc.warnings.len() == 1);
}

#[cfg(unix)]
#[test]
fn a_projects_file_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join(".npmrc");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let error = Npmrc::load(None, Some(&pipe), false, &env).unwrap_err();
    assert!(error.to_string().ends_with("it is not a regular file"), "{error}");
}
