//! Grammars that the go command has too, held against it.

use std::process::Command;

use super::complaints;

/// Whether the go command takes these arguments and this environment. It must be there: without it
/// nothing is tested.
fn go_takes(arguments: &[&str], environment: &[(&str, &str)]) -> bool {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("p.go"), "package p\n").unwrap();
    let output = Command::new("go")
        .args(arguments)
        .envs([
            ("GOENV", "off"),
            ("GOFLAGS", ""),
            ("GOTOOLCHAIN", "local"),
            ("GOWORK", "off"),
            ("CGO_ENABLED", "0"),
        ])
        .envs(environment.iter().copied())
        .current_dir(dir.path())
        .output()
        .expect("the go command is needed for this test: install Go and put it on PATH");
    output.status.success()
}

#[test]
fn flags_are_taken_as_go_build_takes_them() {
    let all = [
        "",
        "-s -w",
        "  -s",
        "-X main.a=b",
        "-X 'main.a=b c'",
        "-X \"main.a=b\"",
        "'-s'",
        "\"-s\" -w",
        "-s 'open",
        "-s \"open",
        "-X main.a=it's",
        "s",
        "all=-s -w",
        "all='-s'",
        "net/...=",
        "all=-s 'x",
        "-X main.a=\"b",
        "-s 'a'b 'c'",
        "-s 'a''",
    ];
    for flags in all {
        // `go list` parses the flag and compiles nothing.
        let go = go_takes(&["list", &format!("-ldflags={flags}"), "unsafe"], &[]);
        let ours = complaints(&format!("[go]\nldflags = '''{flags}'''\n"), &[]);
        assert_eq!(
            go,
            ours.is_empty(),
            "{flags:?}: go takes it: {go}; we say: {ours}"
        );
    }
}

/// What Go takes for a level and what it does not. Go 1.26 itself lets wrong ones of GOAMD64 and
/// GOARM pass in silence, and compiles for its default (the later check of GOARM64 resets the
/// error); so what it takes here is asked of the right ones only.
#[test]
fn levels_are_taken_as_go_takes_them() {
    type Values = &'static [&'static str];
    let all: [(&str, &str, Values, Values); 8] = [
        (
            "amd64",
            "GOAMD64",
            &["v1", "v2", "v3", "v4"],
            &["v0", "v5", "V1", "1"],
        ),
        (
            "arm64",
            "GOARM64",
            &[
                "v8.0",
                "v8.9",
                "v9.0",
                "v9.5",
                "v8.0,lse",
                "v8.1,crypto,lse",
            ],
            &["v9.6", "v8", "v8.10", "v8.0,neon", "v10.0"],
        ),
        (
            "arm",
            "GOARM",
            &["5", "6", "7", "7,softfloat", "5,hardfloat"],
            &["8", "4", "7,hard", "v7"],
        ),
        ("386", "GO386", &["sse2", "softfloat"], &["387", "sse"]),
        ("mips", "GOMIPS", &["hardfloat", "softfloat"], &["soft"]),
        ("mips64", "GOMIPS64", &["hardfloat", "softfloat"], &["soft"]),
        (
            "ppc64le",
            "GOPPC64",
            &["power8", "power9", "power10"],
            &["power7", "8"],
        ),
        (
            "riscv64",
            "GORISCV64",
            &["rva20u64", "rva22u64", "rva23u64"],
            &["rva24u64", "rva20"],
        ),
    ];
    for (goarch, variable, right, wrong) in all {
        let go = |value: &str| {
            go_takes(
                &["tool", "compile", "p.go"],
                &[("GOOS", "linux"), ("GOARCH", goarch), (variable, value)],
            )
        };
        let ours = |value: &str| {
            complaints(
                &format!("[go]\n{} = \"{value}\"\n", variable.to_lowercase()),
                &[],
            )
        };
        for value in right {
            assert!(go(value), "{variable}={value}: Go does not take it");
            assert_eq!(ours(value), "");
        }
        for value in wrong {
            assert!(
                ["GOAMD64", "GOARM"].contains(&variable) || !go(value),
                "{variable}={value}: Go takes it"
            );
            assert!(ours(value).contains("go.go"), "{variable}={value}");
        }
    }
}

#[test]
fn durations_are_taken_as_go_takes_them() {
    let all = [
        "30s",
        "1m30s",
        "1.5h",
        ".5s",
        "1.s",
        "0",
        "0s",
        "500ms",
        "1h2m3s4ms",
        "2562047h",
        "2562048h",
        "",
        "30",
        "s",
        "1x",
        "1 s",
        "1s2",
        ".s",
        "1..5s",
        "1d",
    ];
    let list = all
        .iter()
        .map(|text| format!("{text:?}"))
        .collect::<Vec<_>>()
        .join(", ");
    let program = format!(
        "package main\nimport (\"fmt\"; \"time\")\nfunc main() {{ for _, s := range []string{{{list}}} {{ d, err := time.ParseDuration(s); fmt.Println(err == nil, int64(d)) }} }}\n"
    );
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("main.go"), program).unwrap();
    let output = Command::new("go")
        .args(["run", "main.go"])
        .env("GOENV", "off")
        .env("GOFLAGS", "")
        .env("GOWORK", "off")
        .current_dir(dir.path())
        .output();
    let output = String::from_utf8(
        output
            .expect("the go command is needed for this test: install Go and put it on PATH")
            .stdout,
    )
    .unwrap();
    assert_eq!(output.lines().count(), all.len());
    for (text, line) in all.iter().zip(output.lines()) {
        let (fine, nanos) = line.split_once(' ').unwrap();
        let said = complaints(
            &format!("[runtime.healthcheck]\ncmd = [\"x\"]\ninterval = \"{text}\"\n"),
            &[],
        );
        assert_eq!(
            fine == "true",
            said.is_empty(),
            "{text:?}: go says {line}; we say: {said}"
        );
        if said.is_empty() {
            let config = super::good(
                &format!("[runtime.healthcheck]\ncmd = [\"x\"]\ninterval = \"{text}\"\n"),
                &[],
            );
            let Some(super::HealthcheckConfig::Run { interval, .. }) =
                config.image("x").runtime.healthcheck
            else {
                panic!()
            };
            assert_eq!(interval.unwrap().as_nanos().to_string(), nanos, "{text}");
        }
    }
}

/// What a program says that is linked with these flags; or what the go command says.
fn linked_with(ldflags: &str) -> Result<String, String> {
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("program");
    let main = "package main\n\nimport \"os\"\n\nvar version string\n\nfunc main() { os.Stdout.WriteString(version) }\n";
    std::fs::write(dir.path().join("main.go"), main).unwrap();
    let built = Command::new("go")
        .args(["build", &format!("-ldflags={ldflags}"), "-o"])
        .args([program.as_os_str(), "main.go".as_ref()])
        .envs([
            ("GOENV", "off"),
            ("GOFLAGS", ""),
            ("GOTOOLCHAIN", "local"),
            ("GOWORK", "off"),
            ("CGO_ENABLED", "0"),
        ])
        .current_dir(dir.path())
        .output()
        .unwrap();
    if !built.status.success() {
        return Err(String::from_utf8_lossy(&built.stderr).into_owned());
    }
    Ok(String::from_utf8(Command::new(&program).output().unwrap().stdout).unwrap())
}

/// A build-arg in `-X` arrives whole, whatever it holds.
#[test]
fn a_program_says_the_build_arg_that_it_was_linked_with() {
    let forms = [
        "-s -w -X main.version=${V}",
        "-X 'main.version=${V}' -w",
        "-s -X=main.version=${V}",
    ];
    let values = [
        "",
        "a b",
        "it's",
        "a \"b\"",
        "'",
        "-w",
        "-s -w",
        "$HOME `x`",
        "a\nb\\n",
        " ü\u{a0}",
        "\t",
        "a=b,c;d#e",
        "x' -w '-s",
    ];
    for (written, value) in forms
        .iter()
        .flat_map(|written| values.iter().map(move |value| (written, value)))
    {
        let config = super::good(&format!("[go]\nldflags = \"{written}\"\n"), &[("V", value)]);
        let ldflags = config.image("").ldflags;
        assert_eq!(
            linked_with(&ldflags).as_deref(),
            Ok(*value),
            "{written}: {ldflags}"
        );
    }
}
