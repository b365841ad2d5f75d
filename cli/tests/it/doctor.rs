//! `gowork doctor`: recorded hosts, written after documentation and reports, each with its faults.

use std::collections::BTreeSet;

use expect_test::{expect, expect_file};
use serde_json::Value;

use crate::support::{Repository, root};

/// Each host, what is wrong with it, and the exit code.
const HOSTS: [(&str, i32, &[&str]); 20] = [
    ("alpine-3.22", 1, &["BuildxMissing", "DiskAlmostFull"]),
    (
        "centos-7",
        1,
        &[
            "BuildKitTooOld",
            "CgroupV1",
            "EndOfLife",
            "NoBridgeNetfilter",
            "NoCacheExport",
            "NoDType",
            "NoUserNamespaces",
        ],
    ),
    ("debian-12", 1, &["BuildKitTooOld", "BuildxMissing"]),
    (
        "debian-13-builder",
        1,
        &["BuildKitTooOld", "NoUserNamespaces"],
    ),
    ("debian-13-closed-network", 1, &["BuilderStepFailed"]),
    ("debian-13-company-proxy", 1, &["ProxyUnreachable"]),
    ("debian-13-go", 0, &["IgnoredGoProxy", "NoChecksumDatabase"]),
    ("debian-13-moby", 0, &[]),
    (
        "debian-13-proxy-chain",
        0,
        &["ClockDiffers", "DeadProxy", "SumDatabaseUnreachable"],
    ),
    (
        "debian-13-stopped",
        1,
        &["BuilderBroken", "EngineUnreachable", "InvalidDaemonJson"],
    ),
    ("docker-desktop", 0, &["ClockDiffers", "LittleMemory"]),
    (
        "docker-in-docker",
        0,
        &[
            "NoCacheExport",
            "NoGarbageCollection",
            "NoSeccomp",
            "SlowStorage",
        ],
    ),
    ("fedora-42", 0, &["SmallBuildCache"]),
    ("healthy", 0, &[]),
    ("rhel-8", 0, &["CgroupV1", "NoCacheExport"]),
    ("rhel-9-podman", 1, &["NotDocker"]),
    (
        "ubuntu-20.04-wsl",
        0,
        &[
            "BuildKitUnreliable",
            "ClockDiffers",
            "EndOfLife",
            "TwoFirewalls",
        ],
    ),
    ("ubuntu-22.04-snap", 0, &["NoCacheExport", "SnapDocker"]),
    ("ubuntu-24.04-26.1", 0, &["OldCacheManifest"]),
    (
        "ubuntu-24.04-rootless",
        0,
        &["NoCacheExport", "NoLimits", "NoUserNamespaces"],
    ),
];

#[test]
fn known_faults_are_found_and_no_others() {
    let dir = root().join("testdata/doctor");
    let empty = Repository::new("");
    let recorded = std::fs::read_dir(&dir).unwrap();
    let recorded: BTreeSet<String> = recorded
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let expected = HOSTS.iter().map(|(host, ..)| (*host).to_owned());
    assert_eq!(recorded, expected.collect());
    for (host, code, faults) in HOSTS {
        let host = dir.join(host);
        let command = format!("doctor --recorded {}", host.display());
        let said = empty.run(&command);
        expect_file![host.join("expected.txt")].assert_eq(&said.out);
        assert_eq!((said.code, said.err.as_str()), (code, ""), "{said}");
        let report: Value =
            serde_json::from_str(&empty.run(&format!("{command} --format json")).out).unwrap();
        let found = report["findings"].as_array().unwrap().iter();
        let found: BTreeSet<&str> = found
            .map(|finding| finding["rule"].as_str().unwrap())
            .collect();
        assert_eq!(
            found,
            faults.iter().copied().collect(),
            "{}",
            host.display()
        );
    }
}

/// The rules that no recorded host shows are tested here, or ask for the repository.
#[test]
fn every_rule_has_a_host() {
    let docs = std::fs::read_to_string(root().join("docs/doctor.md")).unwrap();
    let rules = docs.lines().filter_map(|line| line.strip_prefix("### "));
    let rules: BTreeSet<&str> = rules
        .map(|line| line.split(' ').next().unwrap())
        .filter(|rule| !["LargeContext", "GoSettingsNotInBuild"].contains(rule))
        .collect();
    let found: BTreeSet<&str> = HOSTS
        .iter()
        .flat_map(|(.., faults)| *faults)
        .copied()
        .collect();
    assert_eq!(rules, found);
}

#[cfg(unix)]
mod here {
    use super::*;
    use crate::support::SMALL;
    use std::os::unix::fs::PermissionsExt as _;

    /// On a host where `docker` is this script.
    fn doctor(repository: &Repository, docker: &str, args: &str) -> Value {
        let bin = tempfile::tempdir().unwrap();
        let path = bin.path().join("docker");
        std::fs::write(&path, format!("#!/bin/sh\n{docker}")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut paths = vec![bin.path().to_path_buf()];
        paths.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap()));
        let paths = std::env::join_paths(paths).unwrap();
        let env = [("PATH", paths.into_string().unwrap())];
        let said = repository.run_with(&format!("doctor --format json {args}"), &env);
        serde_json::from_str(&said.out).unwrap()
    }

    fn finding<'a>(report: &'a Value, rule: &str) -> Option<&'a Value> {
        let mut found = report["findings"].as_array().unwrap().iter();
        found.find(|finding| finding["rule"] == rule)
    }

    #[test]
    fn what_a_build_may_send_is_measured() {
        let repository = Repository::new(SMALL);
        std::fs::create_dir(repository.path().join("data")).unwrap();
        let large = std::fs::File::create(repository.path().join("data/large")).unwrap();
        large.set_len(300_000_000).unwrap();
        repository.write("assets/small", "words");
        let report = doctor(&repository, "exit 1\n", "");
        let message = finding(&report, "LargeContext").unwrap()["message"].as_str();
        expect!["a build may send 300 MB of this repository; most of it is in data (300 MB), api (98 B), job (98 B)"]
        .assert_eq(message.unwrap());
        repository.write(".dockerignore", "data\n");
        let report = doctor(&repository, "exit 1\n", "");
        assert_eq!(finding(&report, "LargeContext"), None);
        let host = &report["host"];
        assert!(host["repository"].as_u64() > Some(300_000_000), "{host}");
        assert!(host["context"].as_u64() < Some(10_000), "{host}");
    }

    #[test]
    fn settings_of_the_go_command_are_compared_with_those_of_a_build() {
        let repository = Repository::new(SMALL);
        let bin = tempfile::tempdir().unwrap();
        let go = bin.path().join("go");
        let settings = r#"{"GOPROXY":"https://goproxy.example","GOPRIVATE":"","GONOPROXY":"","GONOSUMDB":"","GOSUMDB":"sum.golang.org","GOINSECURE":"","GOVCS":""}"#;
        std::fs::write(&go, format!("#!/bin/sh\necho '{settings}'\n")).unwrap();
        std::fs::set_permissions(&go, std::fs::Permissions::from_mode(0o755)).unwrap();
        let found = || {
            let path = format!("{}:/usr/bin:/bin", bin.path().display());
            let said = repository.run_with("doctor --format json", &[("PATH", path)]);
            let report: Value = serde_json::from_str(&said.out).unwrap();
            finding(&report, "GoSettingsNotInBuild").cloned()
        };
        let finding = found().unwrap();
        expect!["the go command here has GOPROXY=https://goproxy.example; a build does not see that, and has settings of its own"]
            .assert_eq(finding["message"].as_str().unwrap());
        repository.write(
            "gowork.toml",
            "[modules]\nproxy = \"https://goproxy.example\"\n",
        );
        assert_eq!(found(), None);
    }

    /// Nothing is built unless someone asks.
    #[test]
    fn a_step_that_cannot_run() {
        let repository = Repository::new(SMALL);
        let docker = "[ \"$2\" != build ] || printf 'one\\n\\nERROR: no builder\\n' >&2\nexit 1\n";
        let report = doctor(&repository, docker, "");
        assert_eq!(report["host"]["reach"], Value::Null);
        assert_eq!(finding(&report, "BuilderStepFailed"), None);
        let report = doctor(&repository, docker, "--reach");
        let finding = finding(&report, "BuilderStepFailed").unwrap();
        assert_eq!(finding["message"], "no step of golang:1.26 ran: no builder");
    }

    #[test]
    fn the_engine_of_this_host_is_asked() {
        let repository = Repository::new("");
        let docker = "case $1 in
info) echo '{\"ServerVersion\":\"20.10.7\",\"DockerRootDir\":\"/\"}' ;;
buildx) echo 'Name: mine'; echo 'Driver: docker' ;;
esac
";
        let report = doctor(&repository, docker, "");
        let finding = finding(&report, "BuildKitTooOld");
        assert!(finding.is_some(), "{report:#}");
        assert_eq!(report["host"]["builder"], "mine");
        assert!(report["host"]["free_disk"].as_u64() > Some(0), "{report:#}");
    }
}

/// Anything may stand in a recording: no fact is supposed, and nothing panics.
#[test]
fn damaged_recordings() {
    let repository = Repository::new("");
    repository.write("host/docker-info.json", "{\"ServerVersion\": 7");
    repository.write(
        "host/buildx-inspect.txt",
        "Name\nDriver:::\nBuildKit version: v\n",
    );
    repository.write("host/df.txt", "one\n");
    repository.write("host/date.txt", "today\n");
    repository.write("host/os-release", "ID\n=\n");
    let said = repository.run("doctor --recorded host");
    expect![[r#"
        --- stdout
        builder   driver ::

        error[EngineUnreachable]: the engine cannot be reached: no answer
          = help: start it (`sudo systemctl start docker`, or Docker Desktop); if it runs elsewhere, `docker context ls` and the variable DOCKER_HOST say where the client looks

        1 error
        exit 1
    "#]]
    .assert_eq(&said.to_string());
    repository.write("none/words.txt", "");
    expect![[r#"
        --- stderr
        error: none: no recording of a host: docker-info.json and others are missing
        exit 3
    "#]]
    .assert_eq(&repository.run("doctor --recorded none").to_string());
}
