//! C in Go packages: compiled in the builder image, run on a base image with the same C library,
//! and rebuilt for every file that the C compiler reads, though Go's own cache keys hold only those
//! of the package's directory.

use std::collections::BTreeMap;

use crate::engine::Engine;
use crate::layout::{self, Elf};
use crate::repository::{Repository, files};

/// A program that asks a package in C, which includes headers of two other directories, and the C
/// library by way of os/user.
fn answer() -> Repository {
    Repository::new(&[
        (
            "Dockerfile",
            "# syntax=docker.io/gowork/gowork:1\n[go]\ncgo = true\n[runtime]\nbase = \"debian:bookworm-slim\"\n",
        ),
        ("go.mod", "module example.com/answer\n\ngo 1.26\n"),
        (
            "main.go",
            "package main\n\nimport (\n\t\"os/user\"\n\n\t\"example.com/answer/lib\"\n)\n\n\
             func main() {\n\troot, err := user.LookupId(\"0\")\n\tprintln(lib.Answer(), root.Username, err == nil)\n}\n",
        ),
        (
            "job/main.go",
            "package main\n\nimport \"example.com/answer/lib\"\n\nfunc main() { println(lib.Answer()) }\n",
        ),
        (
            "lib/lib.go",
            "package lib\n\n/*\n#cgo CFLAGS: -I${SRCDIR}/../include\n#include <stdlib.h>\n#include \"answer/answer.h\"\n*/\n\
             import \"C\"\n\nfunc Answer() int { return int(C.answer()) }\n",
        ),
        (
            "lib/lib.c",
            "#include \"answer/answer.h\"\nint answer(void) { return ANSWER; }\n",
        ),
        (
            "include/answer/answer.h",
            "#include \"../../config/value.inc\"\nint answer(void);\n",
        ),
        ("config/value.inc", "#define ANSWER 42\n"),
        ("config/other.inc", "#define OTHER 1\n"),
    ])
}

/// The binary that the go command makes of the same files in the builder image. Paths are part of
/// what cgo makes, so they lie as in steps.
fn go_build(repository: &Repository) -> Vec<u8> {
    repository.write(
        "stock",
        "FROM golang:1.26 AS build\nWORKDIR /src\nCOPY . .\n\
         RUN CGO_ENABLED=1 GOFLAGS=-mod=readonly go build -trimpath -buildvcs=false -ldflags='-s -w' -o /out/answer .\n\
         FROM scratch\nCOPY --from=build /out /\n",
    );
    let out = tempfile::tempdir().unwrap();
    Engine::main()
        .stock(&repository.root(), &repository.root().join("stock"))
        .files_to(out.path())
        .succeeds();
    files(out.path()).remove("answer").unwrap()
}

/// What the binary in the image `service` prints there, and the binary. `context` says what that
/// image is.
fn run(context: &str) -> (String, Vec<u8>) {
    let script = "RUN [\"/bin/sh\", \"-c\", \"mkdir /tmp/out; cp /usr/local/bin/answer /tmp/out/; answer 2>/tmp/out/said\"]";
    let run = Repository::new(&[(
        "running",
        &format!("FROM service AS run\n{script}\nFROM scratch\nCOPY --from=run /tmp/out /\n"),
    )]);
    let out = tempfile::tempdir().unwrap();
    let build = Engine::main().stock(&run.root(), &run.root().join("running"));
    build
        .args(["--build-context", context, "--no-cache"])
        .files_to(out.path())
        .succeeds();
    let mut files = files(out.path());
    (
        String::from_utf8(files.remove("said").unwrap()).unwrap(),
        files.remove("answer").unwrap(),
    )
}

/// The same for the binary alone, on its builder's distribution: exporting a whole image takes
/// longer.
fn run_binary(repository: &Repository) -> (String, Vec<u8>) {
    let binaries = tempfile::tempdir().unwrap();
    Engine::main()
        .frontend(&repository.root())
        .target("binaries")
        .files_to(binaries.path())
        .succeeds();
    let binary = std::fs::read(binaries.path().join("answer")).unwrap();
    let run = Repository::new(&[(
        "running",
        "FROM debian:bookworm-slim AS run\nCOPY answer /\nRUN /answer 2>/said\nFROM scratch\nCOPY --from=run /said /\n",
    )]);
    std::fs::copy(binaries.path().join("answer"), run.root().join("answer")).unwrap();
    let out = tempfile::tempdir().unwrap();
    Engine::main()
        .stock(&run.root(), &run.root().join("running"))
        .files_to(out.path())
        .succeeds();
    (
        String::from_utf8(files(out.path()).remove("said").unwrap()).unwrap(),
        binary,
    )
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_binary_with_c_runs_on_its_builder_s_distribution() {
    let answer = answer();
    let layout = layout::build(Engine::main().frontend(&answer.root()).target("answer"));
    let (said, binary) = run(&format!("service=oci-layout://{}", layout.path().display()));
    assert_eq!(said, "42 root true\n");
    assert!(Elf::parse(&binary).dynamic);
    assert!(
        binary == go_build(&answer),
        "the binary differs from that of go build in the builder image"
    );
}

/// The go command's cache key of the package is the same before and after: only a step that starts
/// without old results sees the edit.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_header_outside_the_package_is_an_input() {
    let answer = answer();
    let (before, _) = run_binary(&answer);
    answer.write("config/value.inc", "#define ANSWER 43\n");
    let (after, binary) = run_binary(&answer);
    assert_eq!(
        (before.as_str(), after.as_str()),
        ("42 root true\n", "43 root true\n")
    );
    assert!(
        binary == go_build(&answer),
        "the binary differs from that of go build in the builder image"
    );

    // A later step reads the results of now, not those of before.
    answer.append("main.go", "\nfunc init() { println(lib.Answer()) }\n");
    let outcome = Engine::main()
        .frontend(&answer.root())
        .target("binaries")
        .args(["--output", "type=cacheonly"])
        .succeeds();
    let ran = outcome.records.programs_ran();
    assert!(!ran.contains("compile ./lib"), "{}", outcome.everything());
    assert_eq!(run_binary(&answer).0, "43\n43 root true\n");

    // No compiler reads this one.
    answer.write("config/other.inc", "#define OTHER 2\n");
    let outcome = Engine::main()
        .frontend(&answer.root())
        .target("binaries")
        .args(["--output", "type=cacheonly"])
        .succeeds();
    let ran = outcome.records.programs_ran();
    assert!(
        !ran.iter()
            .any(|name| name.starts_with("compile") || name.starts_with("link")),
        "{}",
        outcome.everything()
    );
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn an_image_without_the_c_library_is_an_error_unless_the_binary_is_static() {
    let answer = answer();
    let dockerfile = answer.read("Dockerfile");
    for (base, named) in [
        ("scratch", "base scratch"),
        ("alpine:3.22", "base image alpine:3.22"),
    ] {
        answer.write(
            "Dockerfile",
            &dockerfile.replace("debian:bookworm-slim", base),
        );
        let text = Engine::main()
            .frontend(&answer.root())
            .target("answer")
            .args(["--output", "type=cacheonly"])
            .fails()
            .text;
        let linker = if cfg!(target_arch = "aarch64") {
            "/lib/ld-linux-aarch64.so.1"
        } else {
            "/lib64/ld-linux-x86-64.so.2"
        };
        let words = format!(
            "Dockerfile:5:8: image answer cannot run: cgo links its binary with the C library of golang:1.26, which needs {linker}, and {named} does not have that"
        );
        assert!(
            text.contains(&words) && text.contains("build without C: `cgo = false`"),
            "{text}"
        );
    }
    let linked = "[go]\nldflags = \"-s -w -linkmode external -extldflags -static\"";
    answer.write(
        "Dockerfile",
        &dockerfile
            .replace("[go]", linked)
            .replace("debian:bookworm-slim", "scratch"),
    );
    let image = layout::build(Engine::main().frontend(&answer.root()).target("answer")).image();
    assert!(!Elf::parse(&image.files()["usr/local/bin/answer"]).dynamic);
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_builder_image_without_a_c_compiler_is_an_error() {
    let answer = answer();
    let builder = Repository::new(&[("stripped", "FROM golang:1.26\nRUN rm /usr/bin/gcc*\n")]);
    let stripped =
        layout::build(Engine::main().stock(&builder.root(), &builder.root().join("stripped")));
    let context = format!("golang:1.26=oci-layout://{}", stripped.path().display());
    let text = Engine::main()
        .frontend(&answer.root())
        .target("answer")
        .args(["--build-context", &context, "--output", "type=cacheonly"])
        .fails()
        .text;
    assert!(
        text.contains("cgo needs a C compiler, and the builder image has no gcc"),
        "{text}"
    );
    // Code for another machine takes another compiler.
    let (other, compiler) = if cfg!(target_arch = "aarch64") {
        ("amd64", "x86_64-linux-gnu-gcc")
    } else {
        ("arm64", "aarch64-linux-gnu-gcc")
    };
    let platform = format!("linux/{other}");
    let text = Engine::main()
        .frontend(&answer.root())
        .target("answer")
        .args(["--platform", &platform, "--output", "type=cacheonly"])
        .fails()
        .text;
    assert!(
        text.contains(&format!("the builder image has no {compiler}")),
        "{text}"
    );
}

/// A profile that the go command made of running a program for a moment.
fn profile(repository: &Repository, function: &str) {
    repository.write(
        "profile/profile.go",
        &format!(
            "package main\n\nimport (\n\t\"os\"\n\t\"runtime/pprof\"\n\t\"time\"\n)\n\n//go:noinline\nfunc {function}(n int) (sum int) {{\n\
             \tfor i := range n {{\n\t\tsum += i * n\n\t}}\n\treturn\n}}\n\nfunc main() {{\n\tpprof.StartCPUProfile(os.Stdout)\n\
             \tfor start := time.Now(); time.Since(start) < time.Second; {{\n\t\t{function}(1000000)\n\t}}\n\tpprof.StopCPUProfile()\n}}\n"
        ),
    );
    let mut go = std::process::Command::new("go");
    go.args(["run", "./profile"])
        .current_dir(repository.root())
        .env("GOENV", "off")
        .env_remove("GOFLAGS");
    let output = go.output().expect("the go command must be on PATH");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    std::fs::remove_dir_all(repository.root().join("profile")).unwrap();
    std::fs::write(repository.root().join("default.pgo"), output.stdout).unwrap();
}

/// With a profile, the main and all below it are compiled under other keys: results without it must
/// not be taken.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_profile_is_an_input_of_its_binary() {
    let files = [
        ("go.mod", "module example.com/hot\n\ngo 1.26\n"),
        (
            "main.go",
            "package main\n\nimport (\n\t\"fmt\"\n\n\t\"example.com/hot/lib\"\n)\n\nfunc main() { fmt.Println(lib.Sum(9)) }\n",
        ),
        (
            "lib/lib.go",
            "package lib\n\nfunc Sum(n int) (sum int) {\n\tfor i := range n {\n\t\tsum += i\n\t}\n\treturn\n}\n",
        ),
    ];
    let repository = Repository::new(&files);
    let built = |repository: &Repository| {
        let out = tempfile::tempdir().unwrap();
        let outcome = Engine::main()
            .frontend(&repository.root())
            .target("binaries")
            .files_to(out.path())
            .succeeds();
        (crate::repository::files(out.path()), outcome)
    };
    let expected = |repository: &Repository| {
        BTreeMap::from([("hot".to_owned(), repository.go_build("", "."))])
    };
    let (without, _) = built(&repository);
    let mut seen = vec![without];
    for function in ["slow", "slower"] {
        profile(&repository, function);
        let (with, outcome) = built(&repository);
        assert!(
            with == expected(&repository),
            "the binary differs from that of a local go build"
        );
        assert!(
            outcome.records.programs_ran().contains("link hot"),
            "{}",
            outcome.everything()
        );
        assert_eq!(
            outcome.records.log_of("link hot"),
            "example.com/hot/lib\nexample.com/hot\n",
            "the link finds std's compile results of this profile"
        );
        seen.push(with);
    }
    assert!(
        seen[0] != seen[1] && seen[1] != seen[2],
        "profiles make no difference"
    );
}
