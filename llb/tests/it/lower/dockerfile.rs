//! Printed Dockerfiles.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use expect_test::{expect, expect_file};
use gowork_llb::Repository;
use gowork_llb::lower::{self, BakeOptions, CacheForm, DockerfileOptions, open_arg};
use gowork_llb::plan::Target;
use gowork_llb::tree::MemTree;

use super::{Made, make};

pub(super) fn text(
    made: &Made,
    archs: &[&str],
    options: &DockerfileOptions,
) -> Result<String, String> {
    let plans: Vec<_> = archs.iter().map(|arch| made.plan(arch)).collect();
    lower::dockerfile(&plans, options).map_err(|error| error.to_string())
}

/// The printed text was built on a real engine, and its binaries are those of `go build`.
#[test]
fn what_is_hard_to_say() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/dockerfile");
    let archive = std::fs::read_to_string(dir.join("odd.txtar")).unwrap();
    let config = archive
        .split("-- gowork.toml --\n")
        .nth(1)
        .unwrap()
        .split("\n-- ")
        .next()
        .unwrap();
    let open = BTreeMap::from([
        ("VERSION".to_owned(), None),
        ("REF".to_owned(), Some("main".to_owned())),
    ]);
    let args = open
        .iter()
        .map(|(name, default)| (name.clone(), open_arg(name, default.is_none())));
    let made = make(&archive, config, &args.collect());
    for (cache, name) in [
        (CacheForm::Layer, "odd.Dockerfile"),
        (CacheForm::Mount, "odd.mount.Dockerfile"),
    ] {
        let options = DockerfileOptions {
            cache,
            args: open.clone(),
            ..DockerfileOptions::default()
        };
        expect_file![dir.join(name)]
            .assert_eq(&text(&made, &["amd64", "arm64"], &options).unwrap());
    }
    let options = BakeOptions {
        args: open,
        ..BakeOptions::default()
    };
    expect_file![dir.join("odd.docker-bake.hcl")]
        .assert_eq(&lower::bake(&made.plan("amd64"), &options));
}

/// The go command would take an old result from the mount after an edit of a header, which its keys
/// do not hold.
#[test]
fn what_includes_files_has_no_cache_mount() {
    let asm = "-- go.mod --\nmodule example.com/m\n\ngo 1.26\n-- main.go --\npackage main\n\nfunc main()\n-- m_amd64.s --\n#include \"inc/m.h\"\n-- inc/m.h --\n// m\n";
    let plain = asm.replace("#include", "// include");
    let mount = DockerfileOptions {
        cache: CacheForm::Mount,
        ..DockerfileOptions::default()
    };
    for (archive, config, mounted) in [
        (asm, "", false),
        (&plain, "", true),
        (&plain, "[go]\ncgo = true\n", false),
    ] {
        let text = text(&make(archive, config, &BTreeMap::new()), &["amd64"], &mount).unwrap();
        assert_eq!(
            text.contains("--mount=type=cache,target=/go/cache"),
            mounted,
            "{text}"
        );
    }
}

pub(super) const SPLIT: &str = "
-- go.mod --
module example.com/split

go 1.26
-- main.go --
package main

import \"example.com/split/cpu\"

func main() { cpu.Name() }
-- cpu/cpu.go --
package cpu
-- cpu/cpu_amd64.go --
package cpu

func Name() {}
-- cpu/cpu_amd64.s --
-- cpu/cpu_arm64.go --
package cpu

import \"example.com/split/cpu/arm\"

func Name() { arm.Name() }
-- cpu/cpu_riscv64.go --
package cpu

func Name() {}
-- cpu/arm/arm.go --
package arm

import _ \"unique\"

func Name() {}
";

fn copies(text: &str) -> String {
    let stage = text.split("AS build-split\n").nth(1).unwrap_or_default();
    stage.split("RUN").next().unwrap_or_default().to_owned()
}

/// Files of all platforms that the Dockerfile serves, and of no others.
#[test]
fn several_platforms_take_the_files_of_each() {
    let made = make(SPLIT, "", &BTreeMap::new());
    expect![[r#"
        COPY --parents \
            --exclude=**/*_test.go \
            --exclude=cpu/cpu_riscv64.go \
            *.go \
            cpu/*.go \
            cpu/arm/*.go \
            cpu/cpu_amd64.s \
            /src/
    "#]]
    .assert_eq(&copies(
        &text(&made, &["amd64", "arm64"], &DockerfileOptions::default()).unwrap(),
    ));
    expect![[r#"
        COPY --parents \
            --exclude=**/*_test.go \
            --exclude=cpu/cpu_arm64.go \
            --exclude=cpu/cpu_riscv64.go \
            *.go \
            cpu/*.go \
            cpu/cpu_amd64.s \
            /src/
    "#]]
    .assert_eq(&copies(
        &text(&made, &["amd64"], &DockerfileOptions::default()).unwrap(),
    ));
}

/// Only what every platform imports can be compiled for every platform.
#[test]
fn std_of_one_platform_is_left_to_the_link() {
    let made = make(SPLIT, "", &BTreeMap::new());
    assert!(
        text(&made, &["arm64"], &DockerfileOptions::default())
            .unwrap()
            .contains("go build runtime unique \\")
    );
    assert!(
        text(&made, &["amd64", "arm64"], &DockerfileOptions::default())
            .unwrap()
            .contains("go build runtime \\")
    );
}

/// Images that are called as a stage of ours keep their names.
#[test]
fn stages_step_aside_for_images() {
    let archive = "
-- go.mod --
module example.com/m

go 1.26
-- deps/main.go --
package main
func main() {}
-- go/main.go --
package main
func main() {}
-- build-deps/main.go --
package main
func main() {}
-- rootfs/main.go --
package main
func main() {}
";
    let printed = text(
        &make(archive, "", &BTreeMap::new()),
        &["amd64"],
        &DockerfileOptions::default(),
    )
    .unwrap();
    let stages: Vec<&str> = printed
        .lines()
        .filter(|line| line.starts_with("FROM"))
        .collect();
    expect![[r#"
        FROM --platform=$BUILDPLATFORM golang:1.26 AS go-stage
        FROM go-stage AS deps-stage
        FROM deps-stage AS build-build-deps
        FROM deps-stage AS build-deps-stage
        FROM deps-stage AS build-go
        FROM deps-stage AS build-rootfs
        FROM go-stage AS rootfs-stage
        FROM scratch AS build-deps
        FROM scratch AS deps
        FROM scratch AS go
        FROM scratch AS rootfs
        FROM scratch AS binaries
    "#]]
    .assert_eq(&(stages.join("\n") + "\n"));
}

/// Text that a shell, or the Dockerfile's own expansion, would read as something else.
#[test]
fn quoting() {
    let config = "[go]\nldflags = '-X main.a=$$HOME -X \"main.b=c `d`\" -X main.e=\\f'\n\
                  [runtime]\nlabels = { a = '\"$$x\\', \"b c\" = \"\" }\n";
    let archive =
        "\n-- go.mod --\nmodule example.com/m\n-- main.go --\npackage main\nfunc main() {}\n";
    let printed = text(
        &make(archive, config, &BTreeMap::new()),
        &["amd64"],
        &DockerfileOptions::default(),
    )
    .unwrap();
    let lines: Vec<&str> = printed
        .lines()
        .filter(|line| line.contains("ldflags") || line.contains("LABEL") || line.contains("b c"))
        .collect();
    expect![[r#"
        RUN --network=none go build -ldflags="-X main.a=\$HOME -X \"main.b=c \`d\`\" -X main.e=\\f" -o /out/m .
        LABEL a="\"\$x\\" \
            "b c"=""
    "#]]
    .assert_eq(&(lines.join("\n") + "\n"));
}

#[test]
fn a_label_with_a_line_break_is_refused() {
    let archive =
        "\n-- go.mod --\nmodule example.com/m\n-- main.go --\npackage main\nfunc main() {}\n";
    let made = make(
        archive,
        "[runtime]\nlabels = { a = \"b\\nc\" }\n",
        &BTreeMap::new(),
    );
    expect!["a Dockerfile cannot hold a line break in LABEL a (write the value on one line, or build with the gowork frontend)"]
        .assert_eq(&text(&made, &["amd64"], &DockerfileOptions::default()).unwrap_err());
}

/// Nasty texts for a build-arg.
const TEXTS: [&str; 16] = [
    "1.2.3",
    "a b",
    " a ",
    "a'b",
    "a\"b",
    "'a'",
    "\"",
    "$HOME",
    "`id`",
    "$(id)",
    "-w",
    "\\",
    "a\\nb",
    "ü\u{a0}",
    "a\nb",
    "x; rm -rf /tmp/x # && y",
];

/// The arguments that the printed `go build` is run with, for these build-args, as shown by a
/// shell.
fn go_build_arguments(printed: &str, args: &[(&str, &str)]) -> Result<Vec<String>, String> {
    let dir = tempfile::tempdir().unwrap();
    let program = printed
        .split("<<'EOF' /usr/local/bin/quote-flag\n")
        .nth(1)
        .unwrap()
        .split("\nEOF")
        .next()
        .unwrap();
    std::fs::write(dir.path().join("quote-flag"), program).unwrap();
    let run = printed
        .split("RUN --network=none ")
        .find(|run| run.contains("-ldflags="))
        .unwrap();
    let command = run.split("\n\n").next().unwrap();
    let quote = dir.path().join("quote-flag");
    let script = format!(
        "quote-flag() {{ sh {quote:?} \"$@\"; }}; go() {{ printf '%s\\0' \"$@\"; }}; {command}"
    );
    let mut shell = std::process::Command::new("bash");
    let output = shell
        .arg("-c")
        .arg(&script)
        .envs(args.iter().copied())
        .output()
        .unwrap();
    if !output.status.success() {
        return Err(String::from_utf8(output.stderr).unwrap());
    }
    let words = String::from_utf8(output.stdout).unwrap();
    Ok(words
        .trim_end_matches('\0')
        .split('\0')
        .map(str::to_owned)
        .collect())
}

pub(super) const ONE_MAIN: &str =
    "\n-- go.mod --\nmodule example.com/m\n-- main.go --\npackage main\nfunc main() {}\n";

/// A build-arg that stays open is part of one flag, whatever is passed to the build later.
#[test]
fn open_build_args_are_one_word() {
    let config = "[go]\nldflags = \"-s -X main.a=${A} -X 'main.b=${B:-none}.${A} x' -w\"\n";
    let open = BTreeMap::from([
        ("A".to_owned(), None),
        ("B".to_owned(), Some("none".to_owned())),
    ]);
    let args = open
        .iter()
        .map(|(name, default)| (name.clone(), open_arg(name, default.is_none())))
        .collect();
    let options = DockerfileOptions {
        args: open,
        ..DockerfileOptions::default()
    };
    let printed = text(&make(ONE_MAIN, config, &args), &["amd64"], &options).unwrap();
    for value in TEXTS {
        let arguments = go_build_arguments(&printed, &[("A", value), ("B", "-v")]).unwrap();
        let flags = arguments
            .iter()
            .find_map(|argument| argument.strip_prefix("-ldflags="))
            .unwrap();
        let words: Vec<&str> = gowork_llb::config::split_flags(flags)
            .unwrap()
            .iter()
            .map(|word| word.text)
            .collect();
        let (a, b) = (format!("main.a={value}"), format!("main.b=-v.{value} x"));
        assert_eq!(words, ["-s", "-X", &a, "-X", &b, "-w"], "{flags}");
    }
    let said = go_build_arguments(&printed, &[("A", "a'b\"c"), ("B", "")]).unwrap_err();
    assert_eq!(
        said,
        "no quotes fit around this flag, it holds both kinds: main.a=a'b\"c\n"
    );
    assert!(
        go_build_arguments(&printed, &[("B", "")])
            .unwrap_err()
            .contains("A: parameter null or not set")
    );
}

/// Flags that are one build-arg and nothing else are all that it says.
#[test]
fn flags_may_be_a_build_arg() {
    let open = BTreeMap::from([("LDFLAGS".to_owned(), None)]);
    let args = BTreeMap::from([("LDFLAGS".to_owned(), open_arg("LDFLAGS", true))]);
    let options = DockerfileOptions {
        args: open,
        ..DockerfileOptions::default()
    };
    let printed = text(
        &make(ONE_MAIN, "[go]\nldflags = \"${LDFLAGS}\"\n", &args),
        &["amd64"],
        &options,
    )
    .unwrap();
    assert!(
        printed.contains("go build -ldflags=\"${LDFLAGS:?}\" -o"),
        "{printed}"
    );
    assert!(!printed.contains("quote-flag"), "{printed}");
}

#[test]
fn a_flag_with_a_line_break_is_refused() {
    for key in ["ldflags", "gcflags", "asmflags"] {
        let broken = make(
            ONE_MAIN,
            &format!("[go]\n{key} = \"-s '-X a=b\\nc'\"\n"),
            &BTreeMap::new(),
        );
        let said = text(&broken, &["amd64"], &DockerfileOptions::default()).unwrap_err();
        assert!(
            said.starts_with("a Dockerfile cannot hold the line break in the flag \"-X a=b\\nc\""),
            "{said}"
        );
        // Between two flags it says nothing.
        let plain = make(
            ONE_MAIN,
            &format!("[go]\n{key} = \"\"\"-s\n-w\"\"\"\n"),
            &BTreeMap::new(),
        );
        text(&plain, &["amd64"], &DockerfileOptions::default()).unwrap();
    }
}

/// A base image that is called as a stage is still an image.
#[test]
fn a_base_is_no_stage() {
    let archive = "\n-- go.mod --\nmodule example.com/m\n-- alpine/main.go --\npackage main\nfunc main() {}\n-- web/main.go --\npackage main\nfunc main() {}\n";
    let made = make(archive, "[runtime]\nbase = \"alpine\"\n", &BTreeMap::new());
    let printed = text(&made, &["amd64"], &DockerfileOptions::default()).unwrap();
    assert!(printed.contains("FROM alpine:latest AS web\n"), "{printed}");
}

#[test]
fn strings_of_a_bake_file_hold_no_expressions() {
    let archive = "\n-- go.mod --\nmodule example.com/m\n-- a.b/main.go --\npackage main\nfunc main() {}\n-- a-b/main.go --\npackage main\nfunc main() {}\n";
    let made = make(archive, "", &BTreeMap::new());
    let open = BTreeMap::from([("V".to_owned(), Some("$${x} %{if} \"\\ \n\t$x".to_owned()))]);
    let printed = lower::bake(
        &made.plan("amd64"),
        &BakeOptions {
            args: open,
            ..BakeOptions::default()
        },
    );
    assert!(
        printed.contains(r#"default = "$\u0024{x} \u0025{if} \"\\ \n\u0009$x""#),
        "{printed}"
    );
    assert!(
        printed.contains("targets = [\"a-b\", \"a-b-image\"]"),
        "{printed}"
    );
}

/// What is laid over the repository comes from the stage or context that has it, whether or not its
/// files lie in the work tree. COPY then does not insist on them.
#[test]
fn overlays_are_copied_from_their_stage_or_context() {
    let made = "-- ui/dist/app.js --\njs\n";
    let archive = "-- go.mod --\nmodule example.com/m\n\ngo 1.26\n-- main.go --\npackage main\n\nimport \"example.com/m/ui\"\n\nfunc main() { println(ui.App) }\n-- ui/ui.go --\npackage ui\n\nimport _ \"embed\"\n\n//go:embed dist/app.js\nvar App string\n";
    let config = "[[overlay]]\nfrom = \"ui\"\nsource = \"/src/dist\"\nto = \"ui/dist\"\n";
    let with_files = format!("{archive}{made}");
    for archive in [archive, &with_files] {
        let tree = MemTree::from_txtar(archive);
        let repository = Repository::read(&tree, PathBuf::new(), config);
        let target = Target::linux("amd64");
        let plan = repository.plan_without_go(&target).unwrap();
        let options = DockerfileOptions {
            overlays: repository.config().overlays(),
            ..DockerfileOptions::default()
        };
        let text = lower::dockerfile(&[plan], &options).unwrap();
        assert!(text.contains("    ui/dist/app.j[s] \\\n"), "{text}");
        assert!(
            text.contains("# What ui makes.\nCOPY --from=ui /src/dist /src/ui/dist/\n"),
            "{text}"
        );
    }
}
