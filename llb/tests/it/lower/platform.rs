//! Docker's platforms and Go's.

use std::collections::BTreeSet;
use std::path::Path;

use expect_test::expect;
use gowork_llb::gosrc::ports::PORTS;
use gowork_llb::lower::{docker_platform, parse_target};

use crate::gosrc::go::{go, output};

#[test]
fn ports_are_those_of_the_go_command() {
    let listed = output(
        go(Path::new("/")).args(["tool", "dist", "list", "-broken"]),
        "",
    );
    let listed: BTreeSet<&str> = listed.lines().collect();
    let ours: Vec<String> = PORTS
        .iter()
        .map(|(os, arch)| format!("{os}/{arch}"))
        .collect();
    let mut ours: BTreeSet<&str> = ours.iter().map(String::as_str).collect();
    // Go 1.26 took it away; a builder may be older.
    ours.remove("windows/arm");
    let mut listed = listed;
    listed.remove("windows/arm");
    assert_eq!(ours, listed);
    assert!(PORTS.is_sorted());
}

#[test]
fn names_that_docker_and_go_have_for_platforms() {
    for (written, of_go, of_docker) in [
        ("linux/amd64", "linux/amd64", "linux/amd64"),
        ("linux/x86_64", "linux/amd64", "linux/amd64"),
        ("linux/i386", "linux/386", "linux/386"),
        ("linux/aarch64", "linux/arm64", "linux/arm64"),
        ("linux/arm64/v8", "linux/arm64", "linux/arm64"),
        ("linux/armhf", "linux/arm/v7", "linux/arm/v7"),
        ("linux/armel", "linux/arm/v6", "linux/arm/v6"),
        ("linux/arm", "linux/arm/v7", "linux/arm/v7"),
        ("linux/amd64/v3", "linux/amd64/v3", "linux/amd64/v3"),
        ("macos/arm64", "darwin/arm64", "darwin/arm64"),
        ("Windows/AMD64", "windows/amd64", "windows/amd64"),
        ("wasi/wasm", "wasip1/wasm", "wasi/wasm"),
        ("wasi/wasm32", "wasip1/wasm", "wasi/wasm"),
        ("wasip1/wasm", "wasip1/wasm", "wasi/wasm"),
    ] {
        let target = parse_target(written).unwrap();
        assert_eq!(
            (
                target.to_string().as_str(),
                docker_platform(&target).to_string().as_str()
            ),
            (of_go, of_docker),
            "{written}"
        );
    }
}

#[test]
fn unknown_platforms_are_errors_with_the_known_ones() {
    let said: Vec<String> = [
        "linux/foo",
        "linix/amd64",
        "wasi/amd64",
        "linux/amd64/v9",
        "linux/s390x/v1",
        "foo/amd64",
        "linux",
        "a/b/c/d",
    ]
    .map(|written| parse_target(written).unwrap_err().to_string())
    .into();
    expect![[r#"
        Go does not compile for linux/foo (platforms of linux are linux/386, linux/amd64, linux/arm, linux/arm64, linux/loong64, linux/mips, linux/mips64, linux/mips64le, linux/mipsle, linux/ppc64, linux/ppc64le, linux/riscv64, linux/s390x, linux/sparc64)
        Go does not compile for linix/amd64 (did you mean linux/amd64?)
        Go does not compile for wasi/amd64 (platforms of wasi are wasi/wasm)
        Go knows no variant v9 of linux/amd64 (amd64 has v2, v3, v4)
        Go knows no variant v1 of linux/s390x (s390x has no variants)
        Go does not compile for foo/amd64 (platforms are aix/ppc64, android/386, android/amd64, android/arm, android/arm64, darwin/amd64, darwin/arm64, dragonfly/amd64, freebsd/386, freebsd/amd64, freebsd/arm, freebsd/arm64, freebsd/riscv64, illumos/amd64, ios/amd64, ios/arm64, js/wasm, linux/386, linux/amd64, linux/arm, linux/arm64, linux/loong64, linux/mips, linux/mips64, linux/mips64le, linux/mipsle, linux/ppc64, linux/ppc64le, linux/riscv64, linux/s390x, linux/sparc64, netbsd/386, netbsd/amd64, netbsd/arm, netbsd/arm64, openbsd/386, openbsd/amd64, openbsd/arm, openbsd/arm64, openbsd/mips64, openbsd/ppc64, openbsd/riscv64, plan9/386, plan9/amd64, plan9/arm, solaris/amd64, wasi/wasm, windows/386, windows/amd64, windows/arm, windows/arm64)
        "linux" is not a platform: it has one part only; write os/architecture[/variant], such as linux/amd64
        "a/b/c/d" is not a platform: it has more than three parts; write os/architecture[/variant], such as linux/amd64"#]]
    .assert_eq(&said.join("\n"));
}
