//! An image with no configuration at all: small, static, not root, with what programs need; and it
//! runs.

use serde_json::json;

use crate::engine::Engine;
use crate::layout::{self, Elf};
use crate::repository::{Repository, files};

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn the_shop_s_api_is_small_static_and_runs_as_nobody_in_particular() {
    let shop = Repository::example("shop");
    let layout = layout::build(Engine::main().frontend(&shop.root()).target("api"));
    let image = layout.image();
    let config = &image.config["config"];
    assert_eq!(config["User"], "65532:65532");
    assert_eq!(config["Entrypoint"], json!(["/usr/local/bin/api"]));
    assert!(
        config["Env"]
            .as_array()
            .unwrap()
            .contains(&json!("ZONEINFO=/usr/share/zoneinfo.zip")),
        "{config}"
    );
    assert!(
        image.size() <= 15_000_000,
        "{} bytes uncompressed",
        image.size()
    );
    let inside = image.files();
    let elf = Elf::parse(&inside["usr/local/bin/api"]);
    assert_eq!(
        elf,
        Elf {
            machine: if cfg!(target_arch = "aarch64") {
                183
            } else {
                62
            },
            dynamic: false
        }
    );
    let names: Vec<&str> = inside.keys().map(String::as_str).collect();
    let expected = [
        "etc/group",
        "etc/passwd",
        "etc/ssl/certs/ca-certificates.crt",
        "usr/local/bin/api",
        "usr/share/zoneinfo.zip",
    ];
    assert_eq!(names, expected);
    let passwd = String::from_utf8_lossy(&inside["etc/passwd"]);
    assert!(passwd.contains("nonroot:x:65532:65532:"), "{passwd}");
    // The user must be able to read all and write none but /tmp.
    let listing = image.listing();
    assert!(
        listing.lines().all(|line| line.contains(" 0/0 ")),
        "{listing}"
    );
    assert!(
        listing
            .lines()
            .any(|line| line.starts_with("drwxrwxrwt") && line.ends_with(" tmp/")),
        "{listing}"
    );
    let answers = ask(
        &layout,
        &[
            "/healthz",
            "/time?zone=Europe/Berlin&at=0",
            "/certs",
            "/price/EUR/1.25/3",
        ],
    );
    assert_eq!(answers["0"], b"ok\n");
    assert_eq!(answers["1"], b"1970-01-01T01:00:00+01:00\n");
    let roots = String::from_utf8_lossy(&answers["2"]).into_owned();
    let count = roots
        .trim_end()
        .strip_suffix(" roots")
        .and_then(|count| count.parse().ok())
        .unwrap_or(0);
    assert!(count > 50, "{roots}");
    assert!(
        String::from_utf8_lossy(&answers["3"]).contains("3.75"),
        "{answers:?}"
    );
}

/// Runs an image's service as its config says, on the engine, and asks it. A busybox from outside
/// is what asks.
fn ask(layout: &layout::Layout, paths: &[&str]) -> std::collections::BTreeMap<String, Vec<u8>> {
    let port = 20_000 + std::process::id() % 20_000;
    let mut script =
        format!("export PORT={port}; /usr/local/bin/api & b=/bin/busybox; $b mkdir /tmp/answers; ");
    script += &format!(
        "for i in 1 2 3 4 5 6 7 8 9; do $b wget -qO- 127.0.0.1:{port}/healthz && break; $b sleep 1; done; "
    );
    for (number, path) in paths.iter().enumerate() {
        script +=
            &format!("$b wget -qO /tmp/answers/{number} '127.0.0.1:{port}{path}' || exit 1; ");
    }
    let shop = Repository::new(&[]);
    let words = serde_json::to_string(&["/bin/busybox", "sh", "-c", &script]).unwrap();
    let busybox = "--mount=from=busybox:latest,source=/bin/busybox,target=/bin/busybox";
    shop.write("asking", &format!("FROM service AS run\nRUN {busybox} {words}\nFROM scratch\nCOPY --from=run /tmp/answers /\n"));
    let out = tempfile::tempdir().unwrap();
    let service = format!("service=oci-layout://{}", layout.path().display());
    let build = Engine::main()
        .stock(&shop.root(), &shop.root().join("asking"))
        .args(["--build-context", &service]);
    // What it answers must not come from the cache.
    build.args(["--no-cache"]).files_to(out.path()).succeeds();
    files(out.path())
}
