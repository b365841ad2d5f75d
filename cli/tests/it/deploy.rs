//! `gowork compose` and `gowork systemd`. What they print for one repository is kept in
//! testdata/deploy, where `cargo xtask workflows` has compose's schema and systemd look at it.

use expect_test::{expect, expect_file};

use crate::support::{Repository, SMALL, root};

/// Two services that listen on one port, with everything that these files say.
fn repository() -> Repository {
    let repository = Repository::new(SMALL);
    repository.write(
        "gowork.toml",
        r#"# syntax=docker.io/gowork/gowork:1
[go]
ldflags = "-X main.version=${VERSION:-dev}"

[images.api]
ports = [8080, "53/udp", "9000-9002"]
volumes = ["/data", "/var/lib/my files"]
stop_signal = "SIGINT"
cmd = ["-addr", ":8080", "100% of $$HOME"]
env = { GREETING = "say \"hello\" for 5%" }
healthcheck = { cmd = ["/usr/local/bin/api", "-health"], interval = "30s", timeout = "1500ms", start_period = "10s", retries = 3 }

[images.job]
ports = [8080]
healthcheck = { disable = true }
"#,
    );
    repository
}

#[test]
fn files_of_an_image_with_everything() {
    let repository = repository();
    for (name, args) in [
        ("compose.yaml", "compose"),
        ("compose-watch.yaml", "compose --watch"),
        ("api.container", "systemd api"),
        ("api.service", "systemd api --form service"),
        (
            "job.container",
            "systemd job --reference registry.example.com/job@sha256:abc",
        ),
        ("job.service", "systemd job --form service"),
    ] {
        let said = repository.run(args);
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{said}");
        expect_file![root().join("testdata/deploy").join(name)].assert_eq(&said.out);
    }
}

/// Keys that podman-systemd.unit(5) of Podman 4.4 has.
#[test]
fn containers_use_keys_that_podman_knows() {
    let known = [
        "AddCapability",
        "ContainerName",
        "DropCapability",
        "HealthCmd",
        "HealthInterval",
        "HealthRetries",
        "HealthStartPeriod",
        "HealthTimeout",
        "Image",
        "LogDriver",
        "NoNewPrivileges",
        "PidsLimit",
        "PublishPort",
        "Volume",
    ];
    let text = repository().run("systemd api").out;
    let section = text.split_once("\n[Container]\n").unwrap().1;
    let section = section.split_once("\n[").unwrap().0;
    let is_key = |line: &&str| !line.is_empty() && !line.starts_with('#');
    let keys = section.lines().filter(is_key);
    let keys: Vec<&str> = keys.map(|line| line.split('=').next().unwrap()).collect();
    assert!(keys.len() > known.len(), "{keys:?}");
    assert!(keys.iter().all(|key| known.contains(key)), "{keys:?}");
    assert!(known.iter().all(|key| keys.contains(key)), "{keys:?}");
}

#[test]
fn what_cannot_be_printed() {
    let repository = repository();
    expect![[r#"
        --- stderr
        error: there is no image apx; images are api, job
         |
         = help: did you mean api?

        1 error
        exit 1
    "#]]
    .assert_eq(&repository.run("systemd apx").to_string());
    expect![[r#"
        --- stderr
        error: --reference: a service runs the program and no image; leave it out
        exit 2
    "#]]
    .assert_eq(
        &repository
            .run("systemd api --form service --reference x")
            .to_string(),
    );
    assert_eq!(repository.run("compose --output compose.yaml").code, 0);
    assert_eq!(
        repository.run("compose --output compose.yaml --check").code,
        0
    );
    repository.write("compose.yaml", "services: {}\n");
    assert_eq!(
        repository.run("compose --output compose.yaml --check").code,
        1
    );
    assert_eq!(repository.run("compose --output compose.yaml").code, 3);
}
