//! The same sources give the same bytes: compile results, binaries, images.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::engine::Engine;
use crate::layout::{self, Image};
use crate::repository::Repository;

const EPOCH: &str = "1700000000";

struct Made {
    image: Image,
    layers: BTreeSet<String>,
}

/// The image, and every layer that building it makes.
fn make(shop: &Repository, arguments: &[&str]) -> Made {
    let cache = tempfile::tempdir().unwrap();
    let to = format!("type=local,mode=max,dest={}", cache.path().display());
    let build = Engine::main()
        .frontend(&shop.root())
        .target("api")
        .env("SOURCE_DATE_EPOCH", EPOCH)
        .args(["--cache-to", &to]);
    Made {
        image: layout::build(build.args(arguments)).image(),
        layers: cached_layers(cache.path()),
    }
}

/// Digests of the layers of a cache export. That of the link step alone has the time at which it
/// ran; the image's own has not.
fn cached_layers(cache: &Path) -> BTreeSet<String> {
    let path = |digest: &str| cache.join("blobs").join(digest.replace(':', "/"));
    let read =
        |path: &Path| -> Value { serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap() };
    let index = read(&cache.join("index.json"));
    let manifest = read(&path(index["manifests"][0]["digest"].as_str().unwrap()));
    let entries = manifest["layers"]
        .as_array()
        .or(manifest["manifests"].as_array())
        .expect("layers");
    let digests = entries
        .iter()
        .map(|entry| entry["digest"].as_str().unwrap().to_owned());
    digests
        .filter(|digest| !listing(&path(digest)).contains("usr/local/bin/api"))
        .collect()
}

fn listing(layer: &Path) -> String {
    let output = Command::new("tar")
        .arg("-tf")
        .arg(layer)
        .output()
        .expect("tar must be on PATH");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn two_cold_builds_make_the_same_layers_and_the_same_image() {
    let shop = Repository::example("shop");
    // All is compiled, and then again.
    shop.write(
        "Dockerfile",
        "# syntax=docker.io/gowork/gowork:1\ncache = \"layer\"\n",
    );
    let first = make(&shop, &[]);
    let second = make(&shop, &["--no-cache"]);
    assert_eq!(
        first.image.digest, second.image.digest,
        "{:#}\n{:#}",
        first.image.config, second.image.config
    );
    assert_eq!(first.layers, second.layers);
    assert!(first.layers.len() > 5, "{:?}", first.layers);
    let created = first.image.config["created"].as_str().unwrap();
    assert_eq!(created, "2023-11-14T22:13:20Z");
    // With an empty cache mount, and with one that has everything: another host lets all steps run
    // again and leaves the mounts.
    shop.write(
        "Dockerfile",
        "# syntax=docker.io/gowork/gowork:1\ncache = \"both\"\n",
    );
    assert_eq!(
        make(&shop, &["--no-cache"]).layers,
        first.layers,
        "compiled beside a mount"
    );
    assert_eq!(
        make(&shop, &["--add-host", "taken:127.0.0.1"]).layers,
        first.layers,
        "taken from the mount"
    );
}
