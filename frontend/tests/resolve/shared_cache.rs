//! The shared module cache, which other builds write to.

use std::fs;

use crate::case::{is_mod_file, request, single, snapshot};

/// The module cache is a cache mount, which other builds write to. The go command itself builds
/// with what it finds unpacked.
#[test]
fn what_others_did_to_the_module_cache_reaches_no_layer() {
    let case = single(true);
    let cache = case.dir.path().join("tampered");
    let asked = request(false, &["github.com/google/uuid"], &cache);
    let layer = |name: &str| {
        case.resolve(name, &asked, false, is_mod_file)
            .map(|out| snapshot(&out.join("modcache")))
    };
    let clean = layer("tampered-0").unwrap();
    let unpacked = cache.join("github.com/google/uuid@v1.6.0");
    let archive = cache.join("cache/download/github.com/google/uuid/@v/v1.6.0.zip");
    let edit = |file: &str| {
        let path = unpacked.join(file);
        fs::write(
            &path,
            fs::read_to_string(&path).unwrap() + "\nfunc init() { println(\"mine\") }\n",
        )
        .unwrap();
    };
    let tampered: [&dyn Fn(); 4] = [
        &|| edit("uuid.go"),
        &|| {
            fs::write(
                unpacked.join("more.go"),
                "package uuid\n\nfunc init() { println(\"mine\") }\n",
            )
            .unwrap()
        },
        &|| fs::remove_file(unpacked.join("README.md")).unwrap(),
        &|| {
            edit("uuid.go");
            fs::write(&archive, "no archive").unwrap();
        },
    ];
    for (number, tamper) in (1..).zip(tampered) {
        tamper();
        assert!(
            layer(&format!("tampered-{number}")).unwrap() == clean,
            "{number}"
        );
    }
    edit("uuid.go");
    let mut offline = asked.clone();
    offline.env.insert("GOPROXY".into(), "off".into());
    let failure = case
        .resolve("tampered-off", &offline, false, is_mod_file)
        .unwrap_err()
        .to_string();
    assert!(failure.contains("github.com/google/uuid"), "{failure}");
}
