//! Where compile results are kept: layers and the cache mount, and what may happen to the mount and to the steps that use it.

use std::time::Duration;

use crate::engine::{Build, Engine};
use crate::mounts;
use crate::repository::{Repository, files};

/// A shop whose worker is like none that the engine has seen, with results kept there.
fn shop(cache: &str) -> Repository {
    let shop = Repository::example("shop");
    shop.write("Dockerfile", &format!("# syntax=docker.io/gowork/gowork:1\ncache = {cache:?}\n"));
    edit(&shop);
    shop
}

/// A word that nobody has used before.
fn unique() -> String {
    format!("u{}", std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos())
}

/// An edit of two packages that the worker is made of.
fn edit(shop: &Repository) {
    let unique = unique();
    for (file, variable) in [("lib/events/events.go", "Edited"), ("services/worker/store/store.go", "Edited")] {
        let text = shop.read(file);
        let text = text.split("\n// Edited").next().unwrap();
        shop.write(file, &format!("{text}\n// Edited is new.\nvar {variable} = \"{unique}\"\n"));
    }
    let main = "services/worker/cmd/worker/main.go";
    let text = shop.read(main);
    let text = text.split("\nfunc init()").next().unwrap();
    shop.write(main, &format!("{text}\nfunc init() {{ version += \"{unique}\" }}\n"));
}

fn worker(shop: &Repository) -> Build {
    Engine::main().frontend(&shop.root()).target("worker")
}

fn binary(build: Build) -> Vec<u8> {
    let out = tempfile::tempdir().unwrap();
    build.files_to(out.path()).succeeds();
    files(out.path()).remove("usr/local/bin/worker").expect("the binary")
}

fn local(shop: &Repository) -> Vec<u8> {
    shop.go_build("services/worker", "./cmd/worker")
}

/// Arguments that let every step run again, and do not empty the cache mounts as `--no-cache` does.
fn anew() -> [String; 2] {
    ["--add-host".to_owned(), format!("{}:127.0.0.1", unique())]
}

/// How many results the cache mount has.
fn results_in_mount() -> usize {
    let count = mounts::look("gowork-results", "find /mount -type f -path '*/a/*' | wc -l >/out/count", b"");
    String::from_utf8_lossy(&count["count"]).trim().parse().expect("a number")
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_damaged_mount_makes_no_wrong_binary() {
    for cache in ["both", "mount"] {
        let shop = shop(cache);
        let right = local(&shop);
        assert!(binary(worker(&shop)) == right, "{cache}");
        for damage in [
            "for f in $(find /mount/1/o -type f | awk 'NR % 3 == 0'); do : > $f; done",
            "for f in $(find /mount/1/o -type f | awk 'NR % 3 == 1'); do printf X | dd of=$f bs=1 seek=100 conv=notrunc 2>/dev/null; done",
            "for f in $(find /mount/1/a -type f | awk 'NR % 2 == 0'); do cp $(find /mount/1/a -type f | head -n 1) $f; done",
            "for f in $(find /mount/1/o -type f | awk 'NR % 5 == 0'); do rm $f && mkdir $f; done",
            "rm -rf /mount/1",
        ] {
            assert!(results_in_mount() > 100, "the mount is used");
            mounts::look("gowork-results", damage, b"");
            assert!(binary(worker(&shop).args(anew())) == right, "{cache}, after {damage}");
        }
    }
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_build_that_is_stopped_leaves_nothing_wrong() {
    for cache in ["both", "mount"] {
        let shop = shop(cache);
        for tenths in [3, 7, 11, 16, 22] {
            edit(&shop);
            worker(&shop).args(["--output", "type=cacheonly"]).stopped_after(Duration::from_millis(100 * tenths));
            assert!(binary(worker(&shop)) == local(&shop), "{cache}, stopped after {tenths} tenths of a second");
        }
    }
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn two_builds_use_one_mount_at_once() {
    for cache in ["both", "mount"] {
        let shops = [shop(cache), shop(cache)];
        let binaries = std::thread::scope(|scope| {
            let builds = [&shops[0], &shops[1]].map(|shop| scope.spawn(|| binary(worker(shop).args(anew()))));
            builds.map(|build| build.join().unwrap())
        });
        for (shop, binary) in shops.iter().zip(binaries) {
            assert!(binary == local(shop), "{cache}");
        }
    }
}
