//! Archives that change while they are served.

use sealift::adapters::archive::PIECE;

use crate::*;

/// Flips a byte of a file in place, there and back.
fn flip(file: &std::fs::File, at: u64) {
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 1], at).unwrap();
}

#[test]
fn an_archive_that_changes_is_never_served_as_good() {
    let Sealed { world, scoped, large } = Sealed::new();
    let serving = Serving::start(&world, "app.sealift");
    let archive = world.read("app.sealift");
    let file = std::fs::OpenOptions::new().read(true).write(true).open(world.path("app.sealift"));
    let file = file.unwrap();
    let parts = [(&scoped, "/@acme/a/-/a-1.0.0.tgz"), (&large, "/large/-/large-1.0.0.tgz")];
    for (package, path) in parts {
        let at = position(&archive, &package.tarball) + package.tarball.len() as u64 / 2;
        flip(&file, at);
        for (method, headers) in [("GET", ""), ("HEAD", ""), ("GET", "range: bytes=0-3\r\n")] {
            let answer = serving.ask(method, path, headers);
            assert_eq!(answer.status, 500, "{path} {method} {headers}");
            let start = &package.tarball[..20.min(package.tarball.len())];
            assert!(!answer.body.windows(start.len()).any(|window| window == start));
        }
        flip(&file, at);
        assert_eq!(serving.get(path).body, package.tarball);
    }
    // Two pieces of one entry change places: each is good, where it was.
    let at = position(&archive, &large.tarball) as usize;
    let pieces = [1, 2].map(|number| &archive[at + number * PIECE..][..PIECE]);
    for order in [[1, 2], [2, 1]] {
        for (number, piece) in order.into_iter().zip(pieces.into_iter().rev()) {
            file.write_all_at(piece, (at + number * PIECE) as u64).unwrap();
        }
        let answer = serving.get("/large/-/large-1.0.0.tgz");
        assert_eq!(answer.status, if order == [1, 2] { 500 } else { 200 });
    }
    let at = position(&archive, &scoped.tarball) + 40;
    flip(&file, at);
    assert_eq!(serving.get("/@acme%2fa").status, 500);
    flip(&file, at);
    let (code, errors) = serving.end("-INT");
    assert_eq!(code, Some(1), "{errors}");
    assert!(errors.contains("are not those that the manifest lists"), "{errors}");
}

#[test]
fn bytes_that_flip_under_load_are_never_served_as_good() {
    let Sealed { world, scoped, large } = Sealed::new();
    let serving = Serving::start(&world, "app.sealift");
    let archive = world.read("app.sealift");
    let file = std::fs::OpenOptions::new().read(true).write(true).open(world.path("app.sealift"));
    let file = file.unwrap();
    let places = [&scoped, &large]
        .map(|package| position(&archive, &package.tarball) + package.tarball.len() as u64 / 2);
    let parts = [(&scoped, "/@acme/a/-/a-1.0.0.tgz"), (&large, "/large/-/large-1.0.0.tgz")];
    let ended = std::sync::atomic::AtomicBool::new(false);
    let counts = std::thread::scope(|scope| {
        let (file, ended) = (&file, &ended);
        let serving = &serving;
        let clients: Vec<_> = (0..4)
            .map(|client: usize| {
                scope.spawn(move || {
                    let (mut good, mut bad) = (0, 0);
                    for number in 0..150 {
                        let (package, path) = parts[(client + number) % 2];
                        let answer = serving.get(path);
                        if answer.status == 200 && answer.is_complete() {
                            assert!(answer.body == package.tarball, "wrong bytes of {path}");
                            good += 1;
                        } else {
                            bad += 1;
                        }
                    }
                    (good, bad)
                })
            })
            .collect();
        let flipping = scope.spawn(move || {
            while !ended.load(std::sync::atomic::Ordering::Relaxed) {
                for at in places {
                    flip(file, at);
                    std::thread::sleep(Duration::from_micros(500));
                    flip(file, at);
                }
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        let counts: Vec<(i32, i32)> =
            clients.into_iter().map(|client| client.join().unwrap()).collect();
        ended.store(true, std::sync::atomic::Ordering::Relaxed);
        flipping.join().unwrap();
        counts
    });
    let good: i32 = counts.iter().map(|(good, _)| good).sum();
    let bad: i32 = counts.iter().map(|(_, bad)| bad).sum();
    assert!(good > 0 && bad > 0, "{good} good, {bad} bad: the test saw only one side");
}
