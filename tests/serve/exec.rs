//! `bundle serve --exec`.

use crate::*;

fn exec(world: &World, script: &str) -> Run {
    exec_of(world, &["sh", "-c", script])
}

fn exec_of(world: &World, run: &[&str]) -> Run {
    let line = format!("bundle serve app.sealift {} --exec --", demands());
    let mut command = world.command(env!("CARGO_BIN_EXE_sealift"));
    command.env("NPM_CONFIG_REGISTRY", "https://evil.example/");
    command.env("npm_config_@env:registry", "https://evil.example/");
    Run::of(command.args(line.split_whitespace()).args(run))
}

#[test]
fn exec_returns_the_exit_code_and_leaves_nothing() {
    let Sealed { world, .. } = Sealed::new();
    for code in [0, 1, 7] {
        assert_eq!(exec(&world, &format!("exit {code}")).code, code);
    }
    assert_eq!(exec(&world, "kill -KILL $$").code, 128 + 9);
    let line = format!("bundle serve app.sealift {} --exec -- /nowhere/to-be-found", demands());
    world.sealift(&line).failed().says("cannot run");

    world.write(".npmrc", "@project:registry=https://evil.example/\n");
    let kept = exec(&world, "mkdir -p \"$npm_config_cache\"; echo \"$npm_config_cache\"").done();
    let kept = kept.says("sh may drop the variables");
    // Not by a shell: some drop variables whose names they could not write.
    let run = exec_of(&world, &["env"]).done();
    let value = |name: &str| {
        let mut lines = run.stdout.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default()
    };
    let url = value("npm_config_registry");
    assert!(url.starts_with("http://127.0.0.1:"), "{run}");
    for name in
        ["npm_config_@acme:registry", "npm_config_@project:registry", "npm_config_@env:registry"]
    {
        assert_eq!(value(name), url, "{name}");
    }
    assert_eq!(value("BUN_CONFIG_REGISTRY"), url);
    assert!(!run.stdout.contains("evil.example"), "{run}");
    assert!(value("YARN_GLOBAL_FOLDER").ends_with("/yarn"), "{run}");
    let cache = kept.stdout.trim();
    assert!(cache.ends_with("/npm") && !std::path::Path::new(cache).exists(), "{cache}");
}

#[test]
fn exec_fails_where_an_archive_changed_and_the_command_passed_over_it() {
    let Sealed { world, scoped, .. } = Sealed::new();
    let at = position(&world.read("app.sealift"), &scoped.tarball) + 30;
    let script = format!(
        "printf X | dd of=app.sealift bs=1 seek={at} conv=notrunc 2>/dev/null; \
         curl -s \"$npm_config_registry@acme/a/-/a-1.0.0.tgz\" || true"
    );
    let run = exec(&world, &script).refused();
    assert!(run.stderr.contains("are not those that the manifest lists"), "{run}");
}

#[test]
fn exec_warns_where_pnpm_12_would_ask_another_registry() {
    let Sealed { world, .. } = Sealed::new();
    world.write("pnpm", "#!/bin/sh\n");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(world.path("pnpm"), mode).unwrap();
    let quiet = exec_of(&world, &["./pnpm", "install"]).done();
    assert!(!quiet.stderr.contains("of its own"), "{quiet}");
    world.write(".npmrc", "@project:registry=https://evil.example/\n");
    let run = exec_of(&world, &["./pnpm", "install"]).done();
    let run = run.says(".npmrc gives @project a registry of its own, and pnpm 12 asks that one");
    run.says("--config.@project:registry");
}
