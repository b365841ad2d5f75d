//! What platforms change in a printed Dockerfile, and what the environment of an image becomes.

use std::collections::BTreeMap;

use expect_test::expect;
use gowork_llb::lower::{self, DockerfileOptions};
use gowork_llb::plan::Plan;

use super::dockerfile::{ONE_MAIN, SPLIT, text};
use super::make;

/// Windows' programs end in .exe, as `go build` has it.
#[test]
fn programs_of_windows() {
    let archive = "\n-- go.mod --\nmodule example.com/m\n-- api/main.go --\npackage main\nfunc main() {}\n-- web/main.go --\npackage main\nfunc main() {}\n";
    let made = make(
        archive,
        "[images.web]\nbinary = \"Web.EXE\"\n",
        &BTreeMap::new(),
    );
    let plan = made.plan_for("windows", "amd64");
    let printed =
        lower::dockerfile(std::slice::from_ref(&plan), &DockerfileOptions::default()).unwrap();
    let shows = |line: &&str| {
        ["-o /out", "COPY --from", "ENTRYPOINT"]
            .iter()
            .any(|part| line.contains(part))
    };
    let lines: Vec<&str> = printed.lines().filter(shows).collect();
    expect![[r#"
        RUN --network=none go build -ldflags="-s -w" -o /out/api.exe ./api
        RUN --network=none go build -ldflags="-s -w" -o /out/Web.EXE ./web
        COPY --from=rootfs /rootfs /
        COPY --from=build-api /out/api.exe /usr/local/bin/api.exe
        ENTRYPOINT ["/usr/local/bin/api.exe"]
        COPY --from=rootfs /rootfs /
        COPY --from=build-web /out/Web.EXE /usr/local/bin/Web.EXE
        ENTRYPOINT ["/usr/local/bin/Web.EXE"]
        COPY --from=build-api /out/api.exe /api.exe
        COPY --from=build-web /out/Web.EXE /web.exe
    "#]]
    .assert_eq(&(lines.join("\n") + "\n"));
    let error =
        lower::dockerfile(&[made.plan("amd64"), plan], &DockerfileOptions::default()).unwrap_err();
    expect!["one Dockerfile cannot serve these platforms together: the binary of the image api is not called api.exe on all of them (print one Dockerfile for each, with --platform)"].assert_eq(&error.to_string());
}

/// Docker calls WASI what Go calls wasip1.
#[test]
fn wasi_in_a_dockerfile() {
    let made = make(ONE_MAIN, "", &BTreeMap::new());
    let wasi = made.plan_for("wasip1", "wasm");
    let lines = |plans: &[Plan]| {
        let printed = lower::dockerfile(plans, &DockerfileOptions::default()).unwrap();
        let lines = printed
            .lines()
            .filter(|line| line.contains("GOOS=") || line.starts_with("RUN case"));
        lines.map(|line| format!("{line}\n")).collect::<String>()
    };
    expect![[r#"
        ENV GOOS=wasip1 \
        RUN case $TARGETOS/$TARGETARCH in wasi/wasm | wasip1/wasm) ;; *) \
    "#]]
    .assert_eq(&lines(std::slice::from_ref(&wasi)));
    expect![[r#"
        ENV GOOS=${TARGETOS/wasi/wasip1} \
        RUN case $TARGETOS/$TARGETARCH in linux/amd64 | wasi/wasm) ;; *) \
        RUN case $TARGETARCH/$TARGETVARIANT in \
    "#]]
    .assert_eq(&lines(&[made.plan("amd64"), wasi]));
}

/// The shell of a build and the planner say the same of every variant.
#[test]
fn variants_are_levels_in_the_shell_too() {
    let made = make(SPLIT, "", &BTreeMap::new());
    for (platform, level) in [
        ("linux/amd64", ""),
        ("linux/amd64/v3", "GOAMD64=v3"),
        ("linux/amd64/v4", "GOAMD64=v4"),
        ("linux/arm/v6", "GOARM=6"),
        ("linux/arm/v7", "GOARM=7"),
        ("linux/arm/v8", "GOARM=7"),
        ("linux/arm64", ""),
        ("linux/arm64/v8.2", "GOARM64=v8.2"),
        ("linux/arm64/v9", "GOARM64=v9.0"),
        ("linux/arm64/v9.5", "GOARM64=v9.5"),
        ("linux/ppc64le/power9", "GOPPC64=power9"),
        ("linux/riscv64/rva22u64", "GORISCV64=rva22u64"),
    ] {
        let target = lower::parse_target(platform).unwrap();
        let planned = target
            .level()
            .map(|(name, value)| format!("{name}={value}"))
            .unwrap_or_default();
        assert_eq!(planned, level, "{platform}");
        let text = text(
            &made,
            &["amd64", "arm", "arm64", "ppc64le", "riscv64"],
            &DockerfileOptions::default(),
        )
        .unwrap();
        let script = text
            .split("RUN ")
            .find(|run| run.starts_with("case $TARGETARCH/$TARGETVARIANT"))
            .unwrap();
        let script = format!(
            "go() {{ echo \"$3\"; }}\n{}",
            script.split("\n\n").next().unwrap()
        );
        let mut shell = std::process::Command::new("sh");
        let output = shell
            .args(["-ec", &script])
            .env("TARGETARCH", &target.arch)
            .env("TARGETVARIANT", &target.variant)
            .output()
            .unwrap();
        assert!(output.status.success(), "{platform}: {output:?}");
        assert_eq!(
            String::from_utf8_lossy(&output.stdout).trim(),
            level,
            "{platform}"
        );
    }
    for unknown in [
        "linux/amd64/v5",
        "linux/arm/v9",
        "linux/arm64/v10",
        "linux/386/v1",
    ] {
        assert!(lower::parse_target(unknown).is_err(), "{unknown}");
    }
}

/// Variables of the base image, in an ENV that BuildKit's own frontend was seen to read alike
/// (`bases` of the engine's tests).
#[test]
fn values_of_env_see_the_base_image() {
    let config = "[runtime]\nbase = \"x\"\nports = [\"8000-8010/udp\", 80]\n[runtime.env]\nPATH = \"/opt/bin:$$PATH\"\nLIB = \"/l$${LIB:+:$${LIB}'}\"\n\
                  A = \"$$$$5 \\\\ ${X:-d}\"\nB = \"${Y}\"\nC = \"a b $$C\"\n";
    let made = make(
        SPLIT,
        config,
        &BTreeMap::from([("Y".to_owned(), "$HOME".to_owned())]),
    );
    let text = text(&made, &["amd64"], &DockerfileOptions::default()).unwrap();
    let stage = text.split("AS split\n").nth(1).unwrap();
    let shown: Vec<&str> = stage
        .lines()
        .filter(|line| !line.starts_with("COPY") && !line.starts_with("ENTRY"))
        .take(7)
        .collect();
    expect![[r#"
        ENV A="\$5 \\ d" \
            B="\$HOME" \
            C="a b ${C}" \
            LIB="/l${LIB:+:${LIB}\'}" \
            PATH="/opt/bin:${PATH}"
        USER 65532:65532
        EXPOSE 80/tcp 8000-8010/udp"#]]
    .assert_eq(&shown.join("\n"));
}
